"""Small grids with their numbers in the cells, and rows of images and maps."""

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from course_utils.show.picture import BLUE, GREEN, INK, ORANGE, Picture, as_array, new_figure

ROLES = {"in": BLUE, "kernel": ORANGE, "out": GREEN}
PURPLE = "#762a83"  # negative, against each of the three; colour-blind eyes tell them apart
SIGNED = {
    role: LinearSegmentedColormap.from_list(role, [PURPLE, "white", colour], N=257)
    for role, colour in ROLES.items()
}  # white at zero: an odd number of colours has a middle


def grids(*values: Tensor, titles: list[str], roles: list[str]) -> Picture:
    """Show grids of numbers side by side, each framed in the colour of its role.

    Shape: each (rows, columns). roles are "in", "kernel" and "out".
    Raises ValueError for another role, or where titles or roles are missing.
    """
    _check(values, titles, roles)
    widths = [grid.shape[1] for grid in values]
    height = max(grid.shape[0] for grid in values)
    figure, [axes] = new_figure(0.5 * sum(widths) + 0.5 * len(values), 0.5 * height + 0.5,
                                columns=len(values), width_ratios=widths)  # fmt: skip
    for axis, grid, title, role in zip(axes, values, titles, roles, strict=True):
        _draw_numbers(axis, grid, title, role)
    words = "; ".join(f"{title}: {_read(grid)}" for title, grid in zip(titles, values, strict=True))
    return Picture(figure, words)


def maps(
    *values: Tensor, titles: list[str], roles: list[str] | None = None, same_scale: bool = False
) -> Picture:
    """Show images and maps side by side: grey where nothing is negative, else signed colours.

    On the signed scale zero is white, and the strongest answer of either sign is darkest. With
    `same_scale` equal numbers are equally dark in all of them; else each has a scale of its own.

    Shape: each (H, W), or (H, W, 3) for colour images from 0 to 1.
    """
    roles = roles or ["out"] * len(values)
    _check(values, titles, roles)
    figure, [axes] = new_figure(min(1.75 * len(values), 10.5), 2.05, columns=len(values))
    arrays = [as_array(image).astype(float) for image in values]
    for axis, array, title, role in zip(axes, arrays, titles, roles, strict=True):
        measured = np.concatenate([each.ravel() for each in arrays]) if same_scale else array
        strength = abs(measured).max() or 1
        signed = {"cmap": SIGNED[role], "vmin": -strength, "vmax": strength}
        grey = {"cmap": "gray_r", "vmin": measured.min(), "vmax": measured.max()}
        axis.imshow(array, **(signed if measured.min() < 0 else grey))
        _frame(axis, title, role)
    return Picture(figure, f"{len(values)} images side by side: {', '.join(titles)}")


def _draw_numbers(axis, grid: Tensor, title: str, role: str) -> None:
    columns = grid.shape[1]
    strength = float(grid.abs().max()) or 1
    # the colours stop at a third, so that dark numbers can be read on them
    limits = {"vmin": -3 * strength, "vmax": 3 * strength}
    axis.imshow(as_array(grid).astype(float), cmap=SIGNED[role], **limits)
    words = _words(grid)
    size = min(13, 53 / max(map(len, words)))  # points: a cell has 36, and a letter is 0.6 wide
    for place, word in enumerate(words):
        row, column = divmod(place, columns)
        axis.text(column, row, word, ha="center", va="center", size=size, color=INK)
    _frame(axis, title, role)


def _words(grid: Tensor) -> list[str]:
    """Write each number as short as the cells need it: three digits, or two decimals."""
    values = grid.flatten().tolist()
    words = [f"{value:.3g}" for value in values]
    if max(map(len, words)) > 5:
        words = [f"{round(value, 2) + 0.0:.3g}" for value in values]  # and no "-0"
    return words


def _frame(axis, title: str, role: str) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=ROLES[role], linewidth=2)
    axis.set_title(title, color=ROLES[role], loc="center")


def _read(grid: Tensor) -> str:
    return " / ".join(" ".join(f"{value:.3g}" for value in row) for row in grid.tolist())


def _check(values: tuple, titles: list[str], roles: list[str]) -> None:
    if not len(values) == len(titles) == len(roles):
        raise ValueError(
            f"need a title and a role for each, got {len(values)} grids, {len(titles)} titles"
            f" and {len(roles)} roles"
        )
    for role in roles:
        if role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}, got {role!r}")
    for value in values:
        if not torch.as_tensor(value).ndim >= 2:
            raise ValueError(f"a grid needs rows and columns, got shape {tuple(value.shape)}")
