"""Open JupyterLab on the first lesson; without a display, print the address to open instead."""

import os
import sys
from pathlib import Path

from jupyterlab.labapp import main

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def arguments(lesson: str) -> list[str]:
    """The options for `jupyter lab`; the lesson that is opened is the first one that fits."""
    fitting = sorted(NOTEBOOKS.glob(f"{lesson}*.ipynb"))
    if not fitting:
        names = ", ".join(path.stem for path in sorted(NOTEBOOKS.glob("*.ipynb")))
        sys.exit(f"There is no lesson {lesson!r}. These are there: {names}.")
    options = [
        f"--ServerApp.root_dir={NOTEBOOKS}",
        f"--LabApp.default_url=/lab/tree/{fitting[0].name}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.log_level=WARN",  # the address is still printed
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    if not has_display():
        options.append("--no-browser")
    return options


def has_display() -> bool:
    return sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


if __name__ == "__main__":
    lesson, *extra = sys.argv[1:] or [""]
    sys.exit(main(arguments(lesson) + extra))
