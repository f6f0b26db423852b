"""Open JupyterLab on the first lesson; without a display, print the address to open instead."""

import argparse
import os
import sys
from pathlib import Path

from jupyterlab.labapp import main

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SETTINGS = Path(__file__).resolve().parent / "lab_settings"


def arguments(lesson: str, folder: Path) -> list[str]:
    """The options for `jupyter lab`; it opens the first lesson whose name begins with `lesson`."""
    number = f"{lesson:0>2}" if lesson.isdigit() else lesson  # 6 is lesson 06
    fitting = sorted(folder.glob(f"{number}*.ipynb"))
    if not fitting:
        names = ", ".join(path.stem for path in sorted(folder.glob("*.ipynb")))
        sys.exit(f"There is no lesson {lesson!r}. These are there: {names}.")
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{fitting[0].name}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.log_level=WARN",  # the address is still printed
        f"--LabApp.app_settings_dir={SETTINGS}",  # no news, no build, no code cut off
        "--ContentsManager.hide_globs=['source', '__pycache__']",  # what the authors edit
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    if not has_display():
        options.append("--no-browser")
    return options


def has_display() -> bool:
    return sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Open the course. Other options go to jupyter lab."
    )
    parser.add_argument("lesson", nargs="?", default="", help="for instance 06")
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS)
    options, others = parser.parse_known_args()
    sys.exit(main(arguments(options.lesson, options.folder) + others))
