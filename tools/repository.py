"""Where the course and its lessons are on GitHub, and where from there they open in a browser.

pyproject.toml names the repository; `make badges` writes it there.
"""

import tomllib
from pathlib import Path, PurePath
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
GITHUB = "https://github.com/"
BRANCH = "main"


def named(project: Path = PROJECT) -> str | None:
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
    """Lead to a notebook at each place where it opens, in Markdown."""
    ways = targets(repository, lesson).items()
    return " · ".join(f"[{place}]({address})" for place, address in ways)
