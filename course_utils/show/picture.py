"""The one look of all figures, and how a figure gets into a notebook."""

import io

import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator
from PIL import Image

# What goes in is blue, the kernel is orange, what comes out is green: in figures as in widgets.
BLUE, ORANGE, GREEN = "#1f6fb5", "#c2560c", "#157a4f"
INK, FAINT = "#1b1b1b", "#6b6b6b"
SHOWN_PER_INCH = 96  # as CSS counts inches: 11 points are then as large as the text of the page
PIXELS_PER_INCH = 144  # more than is shown, so that it stays sharp on a beamer and a phone

STYLE = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=[BLUE, ORANGE, GREEN, INK]),
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "lines.linewidth": 2,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


def as_array(values) -> np.ndarray:
    """Give Matplotlib a plain array of a tensor, wherever that lives."""
    return torch.as_tensor(values).detach().cpu().numpy()


class Picture:
    """A finished figure with its description in words, `alt`.

    A notebook shows it as an image; a screen reader, or a page without images, gets the words.
    """

    def __init__(self, figure: Figure, alt: str):
        self.figure = figure
        self.alt = alt
        for text in figure.findobj(Text):
            if "$" in text.get_text():  # a name that somebody gave, no formula: ours have none
                text.set_parse_math(False)

    def png(self) -> bytes:
        """Return the figure as a PNG file with at most 256 colours, which keeps notebooks small."""
        drawn, small = io.BytesIO(), io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.figure.savefig(drawn, format="png", dpi=PIXELS_PER_INCH)
        image = Image.open(drawn).convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
        return small.getvalue()

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, **_):
        width = round(self.figure.get_figwidth() * SHOWN_PER_INCH)
        metadata = {"image/png": {"width": width, "alt": self.alt}}
        return {"image/png": self.png(), "text/plain": self.alt}, metadata


def new_figure(width: float, height: float, **grid):
    """Make a figure of `width` x `height` inches with a grid of axes: `rows`, `columns`."""
    rows, columns = grid.pop("rows", 1), grid.pop("columns", 1)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def name_logs(axis) -> None:
    """Mark a logarithmic height at 1, 2, 5, 10, ..., in plain numbers instead of powers.

    Where it goes far, some of the powers of ten must do.
    """
    low, high = axis.get_ylim()
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_locator(NullLocator())
