"""The kernel explorer: from the pointer to the painted result, against `interact` and Matplotlib.

Both stand in one notebook, in JupyterLab in a headless Chromium: a colour image of 256x256 pixels
and a 3x3 kernel. 300 moves of the pointer drag a weight of the explorer; 60 key presses move the
slider of the same thing written with ipywidgets.interact. Takes about two minutes; with other
numbers, as in `python -m benchmarks.kernel_explorer 20 5`, nothing is written.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks import latency, report
from course_utils.widgets import KernelExplorer

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


def drag_a_weight(page, moves: int) -> list[float]:
    """Milliseconds from a move of the pointer to the painted output."""
    latency.watch(page, ".cbh-explorer")
    cell = page.get_by_label("Weight in row 0, column 0")
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    x, y = box["x"] + 5, box["y"] + 5
    page.mouse.move(x, y)
    page.mouse.down()
    for move in range(1, moves + 1):
        page.mouse.move(x + 8 * (move % 40), y)  # 8 pixels are a tenth of weight
        latency.wait_for(page, move)
    page.mouse.up()
    return page.evaluate("window.delays")


def drag_in_a_saved_page(folder: Path, moves: int) -> list[float]:
    """The same without Jupyter around it and without Python behind it."""
    image = torch.rand(3, 256, 256, generator=torch.Generator().manual_seed(0))
    path = KernelExplorer(image=image).to_html(folder / "explorer.html")
    with latency.new_page() as page:
        page.goto(path.as_uri())
        return drag_a_weight(page, moves)


def press_the_slider(page, presses: int) -> list[float]:
    """Milliseconds from a key to Matplotlib's new picture."""
    slider = page.locator(".widget-interact .noUi-handle, .widget-interact [role=slider]").first
    slider.scroll_into_view_if_needed()
    page.evaluate(WATCH_INTERACT)
    slider.focus()
    for press in range(1, presses + 1):
        page.keyboard.press("ArrowRight")
        latency.wait_for(page, press)
    return page.evaluate("window.delays")


def measure(moves: int = MOVES, presses: int = PRESSES) -> str:
    """Both in a table, and the sentences that go with it."""
    with tempfile.TemporaryDirectory() as folder:
        saved = drag_in_a_saved_page(Path(folder), moves)
        with latency.notebook(Path(folder), CELLS) as page:
            page.wait_for_selector(".widget-interact img")
            ours = drag_a_weight(page, moves)
            theirs = press_the_slider(page, presses)
    ratio = statistics.median(theirs) / statistics.median(ours)
    late = latency.late(theirs) / latency.late(ours)
    rows = [
        latency.row("KernelExplorer in a saved page", saved),
        latency.row("KernelExplorer in JupyterLab", ours),
        latency.row("interact and Matplotlib in JupyterLab", theirs),
    ]
    return (
        f"A colour image of 256x256 pixels, a 3x3 kernel, in headless Chromium. In JupyterLab the"
        f" explorer is {ratio:.0f} times as fast in the median and {late:.0f} times at the 95th"
        f" percentile. It paints at the next frame, 60 times a second at most, so that"
        " up to 17 ms of each figure are the wait for that frame."
        f"\n\n{report.table(latency.HEADER, rows)}"
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
