"""Find a Chromium for the browser tests, or install one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The shell paints the same pages without windows: one opens for a sixth of the processor's time.
PACKAGES = ("chromium-headless-shell", "chromium")  # of Debian
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find() -> str | None:
    """Look at CHROMIUM, then on the PATH, then where Playwright keeps its own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named) or sys.exit(f"CHROMIUM names {named}, and that cannot be run.")
    return next(filter(None, map(shutil.which, (*NAMES, MAC))), None) or playwrights_own()


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_or_install() -> str:
    """Return the path of a browser; the run ends here, with the remedy, where none can be had."""
    found = find()
    if found:
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests (apt-get, about 100 MB) ...", flush=True)
        run("apt-get", "update", "-qq")
        for package in PACKAGES:
            if not find():  # not every Debian has the first one
                run("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
    if not find():
        print("Installing Chromium for the browser tests (Playwright, 170 MB) ...", flush=True)
        run(sys.executable, "-m", "playwright", "install", "chromium")
    return find() or sys.exit(
        "\nNo browser for the browser tests. Install Chromium or Chrome, or name one with"
        " CHROMIUM=/path/to/it, or leave these tests out: make test BROWSER=0"
    )


def run(*command: str) -> None:
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(command, check=False, **quiet)  # whether it worked is seen by looking again
