"""A real JupyterLab, started as `make lab` starts it, and a real Chromium that looks at it."""

import os
import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = dict(os.environ)  # with the learner's own data and cache, before any test cleans it
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

# What Notebook 7 itself says, with an empty notebook too.
NOT_OURS = ("reading 'schema'", "Command 'filebrowser:open-path' not registered")


@dataclass
class Lab:
    """A running JupyterLab: its address, its token, and the folder that it shows."""

    address: str
    token: str
    folder: Path
    printed: str


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start tools/lab.py on a copy of the notebooks, without a display; wait for its address."""
    folder = tmp_path_factory.mktemp("lab")
    for notebook in (PROJECT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, folder)
    without_display = {
        name: value for name, value in ENVIRONMENT.items() if "DISPLAY" not in name
    } | {"JUPYTER_CONFIG_DIR": str(tmp_path_factory.mktemp("config"))}
    command = [sys.executable, "tools/lab.py", f"--folder={folder}", "--port=0",
               "--LabApp.expose_app_in_browser=True",
               "--JupyterNotebookApp.expose_app_in_browser=True"]  # fmt: skip
    with subprocess.Popen(command, cwd=PROJECT, env=without_display, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:  # fmt: skip
        printed = ""
        while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", printed)):
            line = server.stdout.readline()
            assert line, f"JupyterLab ended before it printed its address: {printed}"
            printed += line
        yield Lab(found[1], found[2], folder, printed)
        server.terminate()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=ENVIRONMENT["CHROMIUM"], args=CHROMIUM_OPTIONS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A fresh page, which must not have written an error to its console when the test ends."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else 0
    )
    yield page
    page.close()
    assert not [error for error in errors if not any(words in error for words in NOT_OURS)]


@pytest.fixture
def open_notebook(lab, page):
    """Open a notebook of the lab: open_notebook("06_mnist_cnn.ipynb")."""

    def open_it(name: str) -> Page:
        address = f"{lab.address}/lab/workspaces/{uuid.uuid4().hex}/tree/{name}?token={lab.token}"
        return wait_for_kernel(page, address)

    return open_it


@pytest.fixture
def open_in_notebook_7(lab, page):
    """Open a notebook of the lab in Notebook 7: open_in_notebook_7("06_mnist_cnn.ipynb")."""
    return lambda name: wait_for_kernel(page, f"{lab.address}/notebooks/{name}?token={lab.token}")


def wait_for_kernel(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    return page
