"""Several curves in one picture, with the spread over repeated runs."""

import numpy as np

from course_utils.show.grids import PURPLE
from course_utils.show.picture import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    ORANGE,
    Picture,
    as_array,
    name_logs,
    new_figure,
)

# marks differ as well as colours: for print, and for eyes that see few colours
LOOKS = [(BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"), (INK, "v")]
LABEL_HEIGHT = 0.2  # inches from one name to the next


def lines(
    x, curves: dict[str, list], *, xlabel: str, ylabel: str, xscale: str = "linear",
    yscale: str = "linear", ylim: tuple[float, float] | None = None,
) -> Picture:  # fmt: skip
    """Show named curves over the numbers `x`, each with its name at its right end.

    A curve of several runs becomes its mean, in a band from the lowest run to the highest.

    Shape: x (N,); each curve (N,), or (runs, N). Scales are "linear" or "log".
    Raises ValueError for no curve, more than five, or one of another length than x.
    """
    x, runs = as_array(x), {name: _as_runs(name, ys, len(x)) for name, ys in curves.items()}
    if not 1 <= len(runs) <= len(LOOKS):
        raise ValueError(f"lines needs 1 to {len(LOOKS)} curves, got {len(runs)}")
    figure, [[axis]] = new_figure(6.5, 3)
    for values, (colour, mark) in zip(runs.values(), LOOKS, strict=False):
        axis.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.18, linewidth=0)
        axis.plot(x, values.mean(0), color=colour, marker=mark, markersize=5,
                  markevery=max(1, len(x) // 10))  # fmt: skip
    axis.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale, ylim=ylim)
    if yscale == "log":
        name_logs(axis)
    if len(x) <= 10:
        axis.set_xticks(x, [f"{number:,.6g}" for number in x.tolist()])
        axis.minorticks_off()
    axis.grid(axis="y", color=FAINT, alpha=0.2)
    _name_ends(axis, x[-1], {name: values.mean(0)[-1] for name, values in runs.items()})
    return Picture(figure, f"{ylabel} against {xlabel}. " + _describe(x, runs))


def _as_runs(name: str, values, length: int) -> np.ndarray:
    runs = np.atleast_2d(np.asarray([as_array(value) for value in values], dtype=float))
    if runs.shape[-1] != length or runs.ndim != 2:
        raise ValueError(
            f"the curve {name!r} must have {length} numbers like x, or runs of {length} numbers,"
            f" got shape {np.shape(values)}"
        )
    return runs


def _name_ends(axis, end: float, heights: dict[str, float]) -> None:
    """Write each name beside its curve's end, moved up or down where two would overlap."""
    inches = 0.75 * axis.figure.get_figheight()  # of the axis itself; the rest is for its label
    to_axis = axis.transScale + axis.transLimits
    wanted = {name: inches * to_axis.transform((end, y))[1] for name, y in heights.items()}
    placed = spread(list(wanted.values()), LABEL_HEIGHT)
    for at, (name, (colour, _)) in enumerate(zip(heights, LOOKS, strict=False)):
        up = 72 * (placed[at] - wanted[name])  # points
        axis.annotate(name, (end, heights[name]), xytext=(9, up), textcoords="offset points",
                      color=colour, va="center", annotation_clip=False)  # fmt: skip


def spread(heights: list[float], apart: float) -> list[float]:
    """Move heights as little as needed so that neighbours are `apart`, in the order they have."""
    order = sorted(range(len(heights)), key=lambda at: heights[at])
    stack = np.array([heights[at] for at in order]) - apart * np.arange(len(heights))
    groups = []  # of heights that touch: each stands as a block around its own middle
    for value in stack:
        groups.append([value])
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    blocks = np.concatenate([np.full(len(group), np.mean(group)) for group in groups])
    placed = dict(zip(order, blocks + apart * np.arange(len(heights)), strict=True))
    return [float(placed[at]) for at in range(len(heights))]


def _describe(x: np.ndarray, runs: dict[str, np.ndarray]) -> str:
    ends = (
        f"{name}: {values.mean(0)[0]:.3g} at {x[0]:g}, {values.mean(0)[-1]:.3g} at {x[-1]:g}"
        for name, values in runs.items()
    )
    return "; ".join(ends) + "."
