"""The drawing pad: from the pen to the painted answers of two networks and all maps of the CNN.

300 moves of the pointer draw one long stroke, in a saved page and in JupyterLab, in a headless
Chromium. Two networks answer, and each layer of the first is painted. Takes about a minute.
"""

import math
import tempfile
from pathlib import Path

import torch
from playwright.sync_api import Page

from benchmarks import latency, report
from course_utils import models
from course_utils.widgets import DrawPad

MOVES = 300
CELL = "from benchmarks.draw_pad import pad\npad()"


def pad() -> DrawPad:
    """Two networks of lesson 01 with untrained weights, which take as long as trained ones."""
    torch.manual_seed(0)
    networks = {"CNN": models.course_cnn(), "MLP": models.mlp(784, 128, 10)}
    return DrawPad(networks, show_maps=True)


def draw(page: Page) -> list[float]:
    """Milliseconds from each move of the pointer to the painted answers and maps."""
    latency.watch(page, ".cbh-pad")
    paper = page.get_by_role("application").first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()

    def at(move: int) -> tuple[float, float]:  # on an eight, again and again
        across, down = 0.5 + 0.35 * math.sin(move / 12), 0.5 - 0.4 * math.cos(move / 24)
        return box["x"] + box["width"] * across, box["y"] + box["height"] * down

    page.mouse.move(*at(0))
    page.mouse.down()
    latency.wait_for(page, 1)
    page.evaluate("() => { window.delays.length = 0; }")
    for move in range(1, MOVES + 1):
        page.mouse.move(*at(move))
        latency.wait_for(page, move)
    page.mouse.up()
    return page.evaluate("window.delays")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with latency.new_page() as page:
            page.goto(pad().to_html(folder / "pad.html").as_uri())
            rows = [latency.row("in a saved page", draw(page))]
        with latency.notebook(folder, [CELL]) as page:
            rows.append(latency.row("in JupyterLab", draw(page)))
    report.write(
        "draw_pad",
        "The drawing pad, from the pen to the answers",
        "One stroke of 300 moves in headless Chromium. With each move the course's CNN and an MLP"
        " 784-128-10 read the digit, and all layers of the CNN are painted. That happens at the"
        " next frame, 60 times a second at most, so that up to 17 ms of each figure are the wait"
        f" for that frame.\n\n{report.table(latency.HEADER, rows)}",
    )


if __name__ == "__main__":
    main()
