"""How long a widget takes from an event of the pointer to the painted frame, in a real Chromium.

A part of the benchmarks of the widgets: a notebook in JupyterLab, and a watch on a widget.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
HEADER = ["from event to painted result, in ms", "events", "median", "95th percentile", "most"]
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
# The time of an event is the browser's own; a message posted while a frame is being made arrives
# when that frame has been painted.
WATCH = """selector => {
  window.delays = [];
  const root = document.querySelector(selector);
  let first = null;
  root.addEventListener("pointermove", (event) => { first ??= event.timeStamp; }, true);
  new MutationObserver(() => {
    const asked = first;
    first = null;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => asked && window.delays.push(performance.now() - asked);
    port2.postMessage("painted");
  }).observe(root, { attributeFilter: ["data-painted"] });
}"""


@contextmanager
def notebook(folder: Path, cells: list[str]) -> Iterator[Page]:
    """A notebook with these cells, run in JupyterLab; its kernel finds the benchmarks, too."""
    path = folder / "measured.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    written = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(metadata=kernel, cells=written), path)
    command = [sys.executable, "tools/lab.py", f"--folder={folder}", "--port=0", "--no-browser",
               "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    here = os.environ | {"PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, cwd=PROJECT, env=here, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as server:  # fmt: skip
        try:
            address, token = address_of(server)
            with new_page() as page:
                run(page, f"{address}/lab/workspaces/bench/tree/{path.name}?token={token}")
                yield page
        finally:
            server.terminate()


def address_of(server: subprocess.Popen) -> tuple[str, str]:
    printed = ""
    while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", printed)):
        line = server.stdout.readline()
        if not line:
            sys.exit(f"JupyterLab ended before it printed its address: {printed}")
        printed += line
    return found[1], found[2]


@contextmanager
def new_page() -> Iterator[Page]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser.new_page(viewport={"width": 1500, "height": 1400})
        browser.close()


def run(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    page.evaluate(RUN_ALL)


def watch(page: Page, selector: str) -> None:
    """From now on the page's `delays` grow by one for each painted move, in milliseconds."""
    page.wait_for_selector(f"{selector}[data-ready]")
    page.evaluate(WATCH, selector)


def wait_for(page: Page, count: int) -> None:
    page.wait_for_function("count => window.delays.length >= count", arg=count)


def late(delays: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(delays, n=20)[-1]


def row(name: str, delays: list[float]) -> list:
    figures = [statistics.median(delays), late(delays), max(delays)]
    return [name, len(delays), *(f"{figure:.0f}" for figure in figures)]
