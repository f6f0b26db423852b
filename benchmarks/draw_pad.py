"""The drawing pad: from the pen to the painted answers of two networks and all maps of the CNN.

300 moves of the pointer draw one long stroke, in a saved page and in JupyterLab, in a headless
Chromium. Two networks answer, and each layer of the first is painted. Takes about a minute.
"""

import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import torch
from playwright.sync_api import Page, sync_playwright
from torch import nn

from benchmarks import report
from benchmarks.kernel_explorer import RUN_ALL, address_of, row
from course_utils.models import course_cnn
from course_utils.widgets import DrawPad

PROJECT = Path(__file__).resolve().parent.parent
MOVES = 300
# The time of an event is the browser's own; a message posted while a frame is being made arrives
# when that frame has been painted.
WATCH = """() => {
  window.delays = [];
  const root = document.querySelector(".cbh-pad");
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


def pad() -> DrawPad:
    """The networks of lesson 01 with untrained weights, which take as long as trained ones."""
    torch.manual_seed(0)
    mlp = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return DrawPad({"CNN": course_cnn(), "MLP": mlp}, show_maps=True)


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """JupyterLab with the pad in a notebook; gives its address."""
    cells = [nbformat.v4.new_code_cell("from benchmarks.draw_pad import pad\npad()")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(metadata=kernel, cells=cells), folder / "pad.ipynb")
    command = [sys.executable, "tools/lab.py", f"--folder={folder}", "--port=0", "--no-browser",
               "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    here = os.environ | {"PYTHONPATH": str(PROJECT)}  # where its kernel finds `pad`
    with subprocess.Popen(command, cwd=PROJECT, env=here, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as server:  # fmt: skip
        try:
            address, token = address_of(server)
            yield f"{address}/lab/workspaces/bench/tree/pad.ipynb?token={token}"
        finally:
            server.terminate()


def run_notebook(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
    page.evaluate(RUN_ALL)


def draw(page: Page) -> list[float]:
    """Milliseconds from each move of the pointer to the painted answers and maps."""
    page.wait_for_selector(".cbh-pad[data-ready]")
    paper = page.get_by_role("application").first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()

    def at(move: int) -> tuple[float, float]:  # on an eight, again and again
        across, down = 0.5 + 0.35 * math.sin(move / 12), 0.5 - 0.4 * math.cos(move / 24)
        return box["x"] + box["width"] * across, box["y"] + box["height"] * down

    page.evaluate(WATCH)
    page.mouse.move(*at(0))
    page.mouse.down()
    page.wait_for_function("() => window.delays.length > 0")
    page.evaluate("() => { window.delays.length = 0; }")
    for move in range(1, MOVES + 1):
        page.mouse.move(*at(move))
        page.wait_for_function("count => window.delays.length >= count", arg=move)
    page.mouse.up()
    return page.evaluate("window.delays")


def measure(folder: Path) -> list[list]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright, jupyterlab(folder) as address:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        saved, lab = (browser.new_page(viewport={"width": 1500, "height": 1400}) for _ in range(2))
        saved.goto(pad().to_html(folder / "pad.html").as_uri())
        rows = [row("in a saved page", draw(saved))]
        run_notebook(lab, address)
        rows.append(row("in JupyterLab", draw(lab)))
        browser.close()
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    header = ["from event to painted answers, in ms", "events", "median", "95th percentile", "most"]
    report.write(
        "draw_pad",
        "The drawing pad, from the pen to the answers",
        "One stroke of 300 moves in headless Chromium. With each move the course's CNN and an MLP"
        " 784-128-10 read the digit, and all layers of the CNN are painted. That happens at the"
        " next frame, 60 times a second at most, so that up to 17 ms of each figure are the wait"
        f" for that frame.\n\n{report.table(header, rows)}",
    )


if __name__ == "__main__":
    main()
