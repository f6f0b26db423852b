"""Where the lessons open in a browser: links to Colab and Binder, from one place.

    make badges REPO=owner/name    name the repository on GitHub; without REPO it is git's "origin"
    make badges REPO=              name none: the links go

The name is kept in pyproject.toml. README.md and the notebooks get links, and the set-up cell of
each notebook the address that the course is installed from. Outputs stay, and nothing is run.
The links are words and no pictures: a picture would be fetched from another server by whoever
opens a lesson, and what a page of ours does not need is not fetched.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path, PurePath
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
GITHUB = "https://github.com/"
BRANCH = "main"
NAME = re.compile(r"[\w-]+/[\w.-]+", re.ASCII)
URLS = '[project.urls]\nRepository = "{}"\n\n'
TABLE = re.compile(r"^.*\| lesson \| minutes \|.*\n\|.*\n(?:\| \d\d \|.*\n)+", re.MULTILINE)


def repository(project: Path = PROJECT) -> str | None:
    """Read from pyproject.toml which repository it is, as "owner/name"; None if it names none."""
    settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    address = settings["project"].get("urls", {}).get("Repository")
    return address and address.removeprefix(GITHUB)


def targets(repository: str, lesson: str) -> dict[str, str]:
    """Say where a notebook, for instance "06_mnist_cnn", opens in a browser."""
    file = f"notebooks/{lesson}.ipynb"
    in_lab = quote(f"lab/tree/{file}", safe="")
    return {
        "Colab": f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}/{file}",
        "Binder": f"https://mybinder.org/v2/gh/{repository}/{BRANCH}?urlpath={in_lab}",
    }


def address(repository: str, file: PurePath) -> str:
    """Say where a file of the course can be read."""
    return f"{GITHUB}{repository}/blob/{BRANCH}/{file.as_posix()}"


def archive(repository: str) -> str:
    """Say where GitHub keeps the course in one file, which pip can install from."""
    return f"{GITHUB}{repository}/archive/refs/heads/{BRANCH}.zip"


def links(repository: str, lesson: str) -> str:
    ways = targets(repository, lesson).items()
    return "Open this lesson in " + " · ".join(f"[{name}]({address})" for name, address in ways)


def set_repository(project: Path, repository: str | None) -> None:
    """Write the name, or none, into pyproject.toml and the links into README.md."""
    changes = {project / "pyproject.toml": with_urls, project / "README.md": with_links}
    made = {path: change(path.read_text(encoding="utf-8"), repository)
            for path, change in changes.items()}  # fmt: skip
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")


def with_urls(settings: str, repository: str | None) -> str:
    bare = re.sub(re.escape(URLS).replace(r"\{\}", ".*"), "", settings)
    before, found, after = bare.partition("[tool.")
    return before + (URLS.format(GITHUB + repository) if repository else "") + found + after


def with_links(readme: str, repository: str | None) -> str:
    """Give the table of lessons a last column with links, or take it away."""
    table = TABLE.search(readme)
    if not table:
        sys.exit('README.md needs a table of the lessons with the columns "lesson" and "minutes".')
    rows = table[0].splitlines()
    rows = [re.match(r"\|(?:[^|]*\|){3}", row)[0] for row in rows]
    if repository:
        lessons = [re.search(r"notebooks/(\w+)\.ipynb", row)[1] for row in rows[2:]]
        ways = [targets(repository, lesson).items() for lesson in lessons]
        cells = [" · ".join(f"[{name}]({address})" for name, address in way) for way in ways]
        ends = [" in the browser |", "---|", *(f" {cell} |" for cell in cells)]
        rows = [row + end for row, end in zip(rows, ends, strict=True)]
    return TABLE.sub(lambda _: "\n".join(rows) + "\n", readme)


def origin() -> str | None:
    """Take the name from git's remote "origin", if it has one on GitHub.

    The address itself is not shown, because it may hold a token.
    """
    command = ["git", "remote", "get-url", "origin"]
    found = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True).stdout.strip()
    if not found:
        return None
    on_github = re.search(r"(?:@|//)github\.com[:/]([^/]+/[^/]+?)(?:\.git)?/?$", found)
    if not on_github:
        sys.exit('git\'s remote "origin" is not on GitHub, where Colab and Binder look.'
                 " Name a copy that is: make badges REPO=owner/name")  # fmt: skip
    return on_github[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Link the lessons to Colab and Binder.")
    parser.add_argument("repository", nargs="?", help="owner/name on GitHub; empty for no links")
    given = parser.parse_args().repository
    named = origin() if given is None else given
    if named and not NAME.fullmatch(named):
        sys.exit(f"REPO must be owner/name as on GitHub, got {named!r}."
                 " For instance: make badges REPO=owner/name")  # fmt: skip
    from tools import notebooks  # here, because it takes its links from this file

    notebooks.refresh("")  # changes nothing, or stops while nothing has changed
    set_repository(PROJECT, named or None)
    notebooks.refresh("")
    if named:
        print(f"The lessons open from {named}. Commit what has changed; it holds once it is there.")
    else:
        print("The lessons have no links to Colab and Binder: make badges REPO=owner/name")


if __name__ == "__main__":
    main()
