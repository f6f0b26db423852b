"""The kernel explorer: from the pointer to the painted result, against `interact` and Matplotlib.

Both stand in one notebook, in JupyterLab in a headless Chromium: a colour image of 256x256 pixels
and a 3x3 kernel. 300 moves of the pointer drag a weight of the explorer; 60 key presses move the
slider of the same thing written with ipywidgets.interact. Takes about two minutes; with other
numbers, as in `python -m benchmarks.kernel_explorer 20 5`, nothing is written.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nbformat
import torch
from playwright.sync_api import sync_playwright

from benchmarks import report
from course_utils.widgets import KernelExplorer

PROJECT = Path(__file__).resolve().parent.parent
MOVES, PRESSES = 300, 60
CELLS = [
    """import torch
from course_utils.widgets import KernelExplorer
image = torch.rand(3, 256, 256, generator=torch.Generator().manual_seed(0))
KernelExplorer(image=image, kernel="vertical edges")""",
    """%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import interact
from torch.nn.functional import conv2d

@interact(weight=(-3.0, 3.0, 0.05))
def explore(weight=0.0):
    kernel = torch.tensor([[weight, 0, 1], [-1, 0, 1], [-1, 0, 1]])
    answer = conv2d(image, kernel.expand(1, 3, 3, 3), padding=1)[0]
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.5))
    left.imshow(image.permute(1, 2, 0))
    middle.imshow(kernel, cmap="PuOr_r", vmin=-3, vmax=3)
    limit = answer.abs().max()
    right.imshow(answer, cmap="PRGn", vmin=-limit, vmax=limit)
    plt.show()""",
]
RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
# The time of an event is the browser's own; a message posted while a frame is being made arrives
# when that frame has been painted.
WATCH_EXPLORER = """() => {
  window.delays = [];
  const root = document.querySelector(".cbh-explorer");
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
WATCH_INTERACT = """() => {
  window.delays = [];
  const output = document.querySelector(".widget-interact");
  output.addEventListener("keydown", (event) => { window.pressed = event.timeStamp; }, true);
  new MutationObserver(async () => {
    const image = output.querySelector("img");
    if (!image || image === window.shown || !window.pressed) return;
    window.shown = image;
    await image.decode();
    requestAnimationFrame(() => window.delays.push(performance.now() - window.pressed));
  }).observe(output, { childList: true, subtree: true });
}"""


@contextmanager
def open_notebook(folder: Path):
    """JupyterLab with the notebook of this measurement, in a headless browser."""
    path = folder / "explorer.ipynb"
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS],
    )
    nbformat.write(notebook, path)
    command = [sys.executable, "tools/lab.py", f"--folder={folder}", "--port=0", "--no-browser",
               "--LabApp.expose_app_in_browser=True"]  # fmt: skip
    with subprocess.Popen(command, cwd=PROJECT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as server:  # fmt: skip
        try:
            yield from show(address_of(server), path.name)
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


def show(server: tuple[str, str], name: str):
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": 1500, "height": 1400})
        page.goto(f"{server[0]}/lab/workspaces/bench/tree/{name}?token={server[1]}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext")
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.ready")
        page.evaluate(RUN_ALL)
        page.wait_for_selector(".cbh-explorer[data-ready]")
        page.wait_for_selector(".widget-interact img")
        yield page
        browser.close()


def drag_a_weight(page, moves: int) -> list[float]:
    """Milliseconds from a move of the pointer to the painted output."""
    cell = page.get_by_label("Weight in row 0, column 0")
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    x, y = box["x"] + 5, box["y"] + 5
    page.evaluate(WATCH_EXPLORER)
    page.mouse.move(x, y)
    page.mouse.down()
    for move in range(1, moves + 1):
        page.mouse.move(x + 8 * (move % 40), y)  # 8 pixels are a tenth of weight
        page.wait_for_function("count => window.delays.length >= count", arg=move)
    page.mouse.up()
    return page.evaluate("window.delays")


def drag_in_a_saved_page(browser, folder: Path, moves: int) -> list[float]:
    """The same without Jupyter around it and without Python behind it."""
    image = torch.rand(3, 256, 256, generator=torch.Generator().manual_seed(0))
    path = KernelExplorer(image=image).to_html(folder / "explorer.html")
    page = browser.new_page(viewport={"width": 1500, "height": 1400})
    page.goto(path.as_uri())
    page.wait_for_selector(".cbh-explorer[data-ready]")
    return drag_a_weight(page, moves)


def press_the_slider(page, presses: int) -> list[float]:
    """Milliseconds from a key to Matplotlib's new picture."""
    slider = page.locator(".widget-interact .noUi-handle, .widget-interact [role=slider]").first
    slider.scroll_into_view_if_needed()
    page.evaluate(WATCH_INTERACT)
    slider.focus()
    for press in range(1, presses + 1):
        page.keyboard.press("ArrowRight")
        page.wait_for_function("count => window.delays.length >= count", arg=press)
    return page.evaluate("window.delays")


def row(name: str, delays: list[float]) -> list:
    middle, late = statistics.median(delays), statistics.quantiles(delays, n=20)[-1]
    return [name, len(delays), f"{middle:.0f}", f"{late:.0f}", f"{max(delays):.0f}"]


def measure(moves: int = MOVES, presses: int = PRESSES) -> str:
    """Both in a table, and the sentences that go with it."""
    with tempfile.TemporaryDirectory() as folder, open_notebook(Path(folder)) as page:
        saved = drag_in_a_saved_page(page.context.browser, Path(folder), moves)
        ours = drag_a_weight(page, moves)
        theirs = press_the_slider(page, presses)
    ratio = statistics.median(theirs) / statistics.median(ours)
    late = statistics.quantiles(theirs, n=20)[-1] / statistics.quantiles(ours, n=20)[-1]
    header = ["from event to painted result, in ms", "events", "median", "95th percentile", "most"]
    rows = [
        row("KernelExplorer in a saved page", saved),
        row("KernelExplorer in JupyterLab", ours),
        row("interact and Matplotlib in JupyterLab", theirs),
    ]
    return (
        f"A colour image of 256x256 pixels, a 3x3 kernel, in headless Chromium. In JupyterLab the"
        f" explorer is {ratio:.0f} times as fast in the median and {late:.0f} times at the 95th"
        f" percentile. It paints at the next frame, 60 times a second at most, so that"
        f" up to 17 ms of each figure are the wait for that frame.\n\n{report.table(header, rows)}"
    )


def main() -> None:
    events = [int(word) for word in sys.argv[1:]]
    if events:
        print(measure(*events))
    else:
        title = "The kernel explorer, from the pointer to the picture"
        report.write("kernel_explorer", title, measure())


if __name__ == "__main__":
    main()
