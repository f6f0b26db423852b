"""A digit on its way through a network as one page: every map of every layer, and the answer."""

from pathlib import Path

import matplotlib
import numpy as np
from torch import Tensor

from course_utils import cache
from course_utils.show import picture as look
from course_utils.show.grids import SIGNED
from course_utils.show.picture import BLUE, FAINT, GREEN, INK, Picture, as_array, new_figure

PAGE, LEFT, MARGIN = (8.27, 11.69), 1.55, 0.4  # inches: A4, where maps begin
ENDS, GAP = 1.0, 0.09  # inches: the height of the image, and of the answer; between layers
ACROSS = 16  # maps in a row of the page
SIDE = 28  # pixels of the page for one map: smaller maps are enlarged by whole numbers
PRINTED = 300  # pixels per inch on paper
ENDINGS = (".pdf", ".png", ".svg")


def tiles(*stacks: Tensor, titles: list[str], role: str = "kernel", columns: int = 8) -> Picture:
    """Show stacks of kernels or maps side by side, on one signed scale, white at zero.

    Shape: each (N, H, W).
    """
    sheets = [_sheet(as_array(stack).astype(float), columns) for stack in stacks]
    strength = max(float(np.nanmax(abs(sheet))) for sheet in sheets) or 1
    height = max(5 * sheet.shape[0] / sheet.shape[1] for sheet in sheets) + 0.4
    figure, [axes] = new_figure(5 * len(sheets), height, columns=len(sheets))
    for axis, sheet, title in zip(axes, sheets, titles, strict=True):
        _draw(axis, sheet, SIGNED[role], strength)
        axis.set_title(title, color=INK)
    return Picture(figure, f"{len(stacks)} sheets of small squares: {', '.join(titles)}")


def journey(
    image: Tensor, activations: list[tuple[str, Tensor]], title: str = "Through every layer"
) -> Picture:
    """Draw an image, what each layer makes of it, and the shares of the ten answers, on one page.

    On each layer's scale white is zero, green above and purple below, and the largest is darkest.

    Shape: image (28, 28); activations as `inside.activations` gives them for this one image: pairs
    of a name and a tensor (1, ...), the last one (1, 10), the logits. Raises ValueError for others.
    """
    if not activations or any(len(given) != 1 for _, given in activations):
        raise ValueError("journey draws one image: inside.activations(network, image[None])")
    *layers, (last, logits) = activations
    if logits.shape != (1, 10):
        raise ValueError(f"the last layer must give (1, 10) logits, got {tuple(logits.shape)}")
    rows = [(name, _sheet(as_array(given[0]), ACROSS), _words(given[0])) for name, given in layers]
    figure, axes = _page([len(sheet) / sheet.shape[1] for _, sheet, _ in rows])
    _draw_input(axes[0], image, title)
    for axis, (name, sheet, words) in zip(axes[1:], rows, strict=False):
        _draw(axis, sheet, SIGNED["out"], float(np.nanmax(abs(sheet))) or 1)
        _label(axis, f"{name}\n{words}")
    shares = as_array(logits[0].softmax(dim=0))
    _draw_answer(axes[-1], shares, f"{last}\n10 logits, as shares")
    way = "; ".join(f"{name}: {words}" for name, _, words in rows)
    answer = f"the answer is {shares.argmax()} with {100 * shares.max():.0f} %"
    return Picture(figure, f"{title}. {way}; {answer}.")


def save(picture: Picture, name: str = "my_seven.pdf") -> None:
    """Write a picture beside the notebook, ready to be printed, and say where it is.

    Where that folder cannot be written to, the folder of the course's cache is taken.
    Raises ValueError for a name that does not end in .pdf, .png or .svg.
    """
    if Path(name).suffix.lower() not in ENDINGS:
        raise ValueError(f"name must end in {', '.join(ENDINGS)}, got {name!r}")
    for folder in (Path.cwd, cache.writable_place):
        try:
            path = folder() / name
            with matplotlib.rc_context(look.STYLE):
                picture.figure.savefig(path, dpi=PRINTED)
            said = f"Saved as {path}"
            break
        except OSError as error:
            said = f"Not saved: no folder can be written to ({error.strerror})."
    print(said)


def _sheet(stack: np.ndarray, columns: int) -> np.ndarray:
    """Lay maps in rows, enlarged to about SIDE pixels, with a gap of nan around each."""
    if stack.ndim == 1:  # a row of numbers, as one strip
        return stack[None].repeat(max(1, len(stack) // 40), 0)
    count, height, width = stack.shape
    times = max(1, SIDE // max(height, width))
    rows, columns = -(-count // columns), min(columns, count)
    high, wide = height * times + 2, width * times + 2
    sheet = np.full((rows * high, columns * wide), np.nan)
    for at, one in enumerate(stack):
        top, left = at // columns * high + 1, at % columns * wide + 1
        sheet[top : top + high - 2, left : left + wide - 2] = one.repeat(times, 0).repeat(times, 1)
    return sheet


def _words(given: Tensor) -> str:
    if given.ndim == 1:
        return f"{len(given)} numbers"
    return f"{given.shape[0]} maps, {given.shape[1]} x {given.shape[2]}"


def _page(ratios: list[float]):
    """Make a page with axes for the image, for each layer (height / width), and for the answer."""
    room = PAGE[1] - 2 * MARGIN - 2 * ENDS - (len(ratios) + 4) * GAP
    width = min(PAGE[0] - LEFT - MARGIN, room / max(sum(ratios), 0.1))
    heights = [ENDS, *(width * ratio for ratio in ratios), ENDS]
    total = sum(heights) + (len(ratios) + 4) * GAP + 2 * MARGIN
    figure, axes = new_figure(PAGE[0], total, rows=len(heights))
    figure.set_layout_engine("none")
    top = total - MARGIN - 2 * GAP  # below the title
    for axis, height in zip(axes[:, 0], heights, strict=True):
        bottom, top = top - height, top - height - GAP
        box = (LEFT / PAGE[0], bottom / total, width / PAGE[0], height / total)
        axis.set_position(box)
    return figure, axes[:, 0]


def _draw(axis, sheet: np.ndarray, colours, strength: float) -> None:
    axis.set_facecolor("#dedede")  # seen through the gaps
    axis.imshow(sheet, cmap=colours, vmin=-strength, vmax=strength, interpolation="nearest")
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _label(axis, words: str) -> None:
    middle = axis.get_position().y0 + axis.get_position().height / 2
    axis.figure.text(MARGIN / PAGE[0], middle, words, va="center", size=8, color=GREEN)


def _draw_input(axis, image: Tensor, title: str) -> None:
    axis.imshow(as_array(image), cmap="gray_r", interpolation="nearest", vmin=0, vmax=255)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, size=13, color=INK, loc="center")
    axis.spines[:].set(visible=True, color=BLUE, linewidth=2)


def _draw_answer(axis, shares: np.ndarray, words: str) -> None:
    best = int(shares.argmax())
    axis.bar(range(10), shares, color=[(FAINT, GREEN)[at == best] for at in range(10)], width=0.6)
    axis.set(xticks=range(10), yticks=[], ylim=(0, 1.15), xlim=(-0.6, 9.6))
    axis.spines["left"].set_visible(False)
    axis.tick_params(length=0)
    axis.text(best, shares[best] + 0.02, f"{100 * shares[best]:.0f} %", ha="center", va="bottom",
              color=GREEN)  # fmt: skip
    _label(axis, words)
