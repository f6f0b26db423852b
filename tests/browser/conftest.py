"""A real JupyterLab, started as `make lab` starts it, and a real Chromium that looks at it."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import uuid
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, sync_playwright

from course_utils.widgets import page as pages
from tests.browser.lab_kit import run_cell, stop_clock

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = dict(os.environ)  # with the learner's own data and cache, before any test cleans it
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

# What Notebook 7 itself says, with an empty notebook too; and JupyterLab, of every widget that was
# saved and whose kernel is gone.
NOT_OURS = ("reading 'schema'", "Command 'filebrowser:open-path' not registered",
            "Error: widget model not found")  # fmt: skip


@dataclass
class Lab:
    """A running JupyterLab: its address, its token, and the folders of notebooks and settings."""

    address: str
    token: str
    folder: Path
    settings: Path
    printed: str

    def asked(self, path: str, method: str = "GET") -> bytes:
        """Ask the server itself, past the page."""
        address = f"{self.address}/{path}?token={self.token}"
        with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
            return answer.read()

    def in_jupyterlab(self, name: str) -> str:
        """The address of a notebook in JupyterLab, in a workspace of its own."""
        return f"{self.address}/lab/workspaces/{uuid.uuid4().hex}/tree/{name}?token={self.token}"

    def in_notebook_7(self, name: str) -> str:
        return f"{self.address}/notebooks/{name}?token={self.token}"

    def write(self, name: str, cells: list[str]) -> str:
        """Write code cells as a notebook that no other test has; return its name."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = nbformat.v4.new_notebook(metadata=kernel)
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        own = f"{name}_{uuid.uuid4().hex[:8]}.ipynb"
        nbformat.write(notebook, self.folder / own)
        return own

    def end_kernels(self, notebooks: set[str]) -> None:
        """End the kernels of these notebooks: each holds 0.3 to 1 GB."""
        for session in json.loads(self.asked("api/sessions")):
            if session["path"] in notebooks:
                self.asked(f"api/sessions/{session['id']}", method="DELETE")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start tools/lab.py on a copy of the notebooks, without a display; wait for its address.

    Its lessons use the drawn digits: on MNIST they are run without a browser.
    """
    folder, config = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("config")
    for notebook in (PROJECT / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, folder)
    without_display = {
        name: value for name, value in ENVIRONMENT.items() if "DISPLAY" not in name
    } | {"JUPYTER_CONFIG_DIR": str(config), "JUPYTERLAB_SETTINGS_DIR": str(config / "settings"),
         "COURSE_DATA": "drawn"}  # fmt: skip
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
        yield Lab(found[1], found[2], folder, config / "settings", printed)
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
def opened():
    """What a test opens, (lab, notebook) each; the kernels end with the test, after its page."""
    notebooks = []
    yield notebooks
    for lab, name in notebooks:
        lab.end_kernels({name})


def new_page(browser) -> Page:
    """A page of its own, with what it writes to its console as an error in `errors`."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(90_000)  # a slow machine with two such tests at once takes over 30 s
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on(
        "console",
        lambda message: page.errors.append(message.text) if message.type == "error" else 0,
    )
    return page


def check_errors(page: Page) -> None:
    """Fail where the page has written an error since it was opened, or since the last call."""
    errors, page.errors = page.errors, []
    assert not [error for error in errors if not any(words in error for words in NOT_OURS)]


@pytest.fixture
def page(browser, opened):
    """A fresh page, which must not have written an error to its console when the test ends."""
    page = new_page(browser)
    yield page
    page.close()
    check_errors(page)


@pytest.fixture
def open_notebook(lab, page, opened):
    """Open a notebook in JupyterLab: open_notebook("06_mnist_cnn.ipynb")."""

    def open_it(name: str, address=lab.in_jupyterlab) -> Page:
        opened.append((lab, name))
        return wait_for_kernel(page, address(name))

    return open_it


@pytest.fixture(scope="module", params=["JupyterLab", "Notebook 7"])
def address_anywhere(request, lab):
    """Where a notebook is, once in JupyterLab and once in Notebook 7: address_anywhere(name)."""
    return {"JupyterLab": lab.in_jupyterlab, "Notebook 7": lab.in_notebook_7}[request.param]


@pytest.fixture
def open_anywhere(open_notebook, address_anywhere):
    """Open a notebook, once in JupyterLab and once in Notebook 7."""
    return partial(open_notebook, address=address_anywhere)


@pytest.fixture
def write_notebook(lab):
    """Write code cells as a notebook of the lab: open_notebook(write_notebook("guess", cells))."""
    return lab.write


@pytest.fixture(scope="module")
def page_of_cells(request, lab, browser, address_anywhere):
    """A notebook with the CELLS of a file of tests, once in JupyterLab and once in Notebook 7."""
    name = lab.write(request.path.stem, request.module.CELLS)
    page = wait_for_kernel(new_page(browser), address_anywhere(name))
    yield page
    page.close()
    lab.end_kernels({name})


@pytest.fixture
def first_cell_run(page_of_cells):
    """That page when its first cell has run anew: what it shows is as new.

    The tests of a file share the page, since opening one takes longer than they do.
    """
    page_of_cells.mouse.move(0, 0)
    run_cell(page_of_cells, 0)
    yield page_of_cells
    check_errors(page_of_cells)


@pytest.fixture(params=["light", "dark"])
def theme(request, lab):
    """JupyterLab in light and in dark colours, for pages that are opened after this."""
    file = lab.settings / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'{{"theme": "JupyterLab {request.param.capitalize()}"}}')
    yield request.param
    file.unlink()


@pytest.fixture
def open_page(page, tmp_path):
    """Save widgets and open the page: open_page(widget, colour_scheme="dark", width=320)."""

    def open_it(*widgets, colour_scheme: str = "light", width: int = 1280) -> Page:
        path = tmp_path / "page.html"
        path.write_text(pages.html(*widgets, title="A page"), encoding="utf-8")
        requests = []
        page.route(re.compile("^(?!file:)"), lambda route: route.abort())
        page.on("request", lambda request: requests.append(request.url))
        page.context.set_offline(True)
        page.emulate_media(color_scheme=colour_scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_selector("[data-ready]")
        page.asked_for = requests
        return page

    return open_it


# A widget's model with nobody behind it: it counts what is saved, and who listens.
MODEL_ALONE = """async ([script, state]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  Object.assign(window, { state, saved: 0, heard: new Set() });
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => { window.saved += 1; },
    on: (names, call) => window.heard.add(call),
    off: (names, call) => window.heard.delete(call),
  };
  window.stop = widget.render({ model, el: document.body });
}"""


@pytest.fixture
def open_alone(page):
    """Show a widget in an empty page, without Python: `state`, `saved`, `heard`, and `stop()`.

    The page's clock stands still: page.clock.run_for(100) lets 100 milliseconds pass.
    """

    def open_it(widget) -> Page:
        page.goto("about:blank")
        stop_clock(page)
        page.evaluate(MODEL_ALONE, [widget._esm, pages.page_state(widget)])
        return page

    return open_it


def wait_for_kernel(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    return page
