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
from pathlib import Path

from tools import notebooks, repository
from tools.repository import GITHUB

PROJECT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[\w-]+/[\w.-]+", re.ASCII)
URLS = '[project.urls]\nRepository = "{}"\n\n'
TABLE = re.compile(r"^.*\| lesson \| minutes \|.*\n\|.*\n(?:\| \d\d \|.*\n)+", re.MULTILINE)


def set_repository(project: Path, name: str | None) -> None:
    """Write the name, or none, into pyproject.toml and the links into README.md."""
    changes = {project / "pyproject.toml": with_urls, project / "README.md": with_links}
    made = {path: change(path.read_text(encoding="utf-8"), name)
            for path, change in changes.items()}  # fmt: skip
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")


def with_urls(settings: str, name: str | None) -> str:
    bare = re.sub(re.escape(URLS).replace(r"\{\}", ".*"), "", settings)
    before, found, after = bare.partition("[tool.")
    return before + (URLS.format(GITHUB + name) if name else "") + found + after


def with_links(readme: str, name: str | None) -> str:
    """Give the table of lessons a last column with links, or take it away."""
    table = TABLE.search(readme)
    if not table:
        sys.exit('README.md needs a table of the lessons with the columns "lesson" and "minutes".')
    rows = table[0].splitlines()
    rows = [re.match(r"\|(?:[^|]*\|){3}", row)[0] for row in rows]
    if name:
        lessons = [re.search(r"notebooks/(\w+)\.ipynb", row)[1] for row in rows[2:]]
        cells = [f" {repository.links(name, lesson)} |" for lesson in lessons]
        ends = [" in the browser |", "---|", *cells]
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
    notebooks.refresh("")  # changes nothing, or stops while nothing has changed
    set_repository(PROJECT, named or None)
    notebooks.refresh("")
    if named:
        print(f"The lessons open from {named}. Commit what has changed; it holds once it is there.")
    else:
        print("The lessons have no links to Colab and Binder: make badges REPO=owner/name")


if __name__ == "__main__":
    main()
