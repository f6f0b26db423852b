"""What a network sees of a drawing: the same sums as in `drawing.mjs`, bit by bit."""

import numpy as np
import torch
from torch import Tensor

BOX, FRAME, CENTRE = 20, 28, 14  # MNIST's sizes in pixels, and the index of its centre of mass
PEN, FINE = 2.5, 4  # the pen's width in pixels; dots along a pixel that are inked or not
SMALLEST = 7  # pixels: what is smaller is a blot, and does not become a larger one


def see(strokes: list, image: Tensor | None, as_mnist: bool, shift: list[int]) -> Tensor:
    """Ink a drawing as MNIST shows it, or where it is; then move it by whole pixels, (dx, dy).

    A picture, and what is drawn upon it, is fitted into MNIST's box as pixels.

    Shape: strokes of points [x, y] from 0 to 1, image (28, 28) uint8 -> (28, 28) uint8.
    """
    paths = [np.array(stroke, dtype=float) for stroke in strokes]
    if as_mnist and image is None:
        seen = _to_bytes(_centre(_ink(_fit(paths), BOX)))
    else:
        seen = _to_bytes(_ink([FRAME * path for path in paths], FRAME))
        seen = seen if image is None else np.maximum(seen, image.numpy())
        seen = _centre(_fit_picture(seen)) if as_mnist else seen
    return torch.from_numpy(_place(seen, shift[1], shift[0]).astype(np.uint8))


def _fit(paths: list[np.ndarray]) -> list[np.ndarray]:
    """Scale and move, so that the ink's longer side fills the box."""
    if not paths:
        return []
    points = np.concatenate(paths)
    low, high = points.min(0), points.max(0)
    longer = (high - low).max()
    scale = (BOX - PEN) / longer if longer > 0 else 0
    return [(path - (low + high) / 2) * scale + BOX / 2 for path in paths]


def _fit_picture(image: np.ndarray) -> np.ndarray:
    """Resize a picture so that the longer side of its ink fills the box, the darkest of it full.

    One that fits already, as each digit of MNIST, comes back as it was. All sums are of whole
    numbers: the page adds in another order, and comes to the same pixels.
    """
    rows, columns = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
    longer = max((np.ptp(inked) + 1 for inked in (rows, columns) if len(inked)), default=0)
    if longer == BOX or longer < SMALLEST:
        return image
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.int64)
    down, across = (_mix(side, (2 * side * BOX + longer) // (2 * longer)) for side in ink.shape)
    sums, whole = down @ ink @ across.T, down.sum(1)[:, None] * across.sum(1)
    resized = (2 * sums + whole) // (2 * whole)
    resized = 255 * resized // max(resized.max(), 1)
    room = np.zeros((BOX, BOX))
    room[: len(down), : len(across)] = resized
    return room


def _mix(before: int, after: int) -> np.ndarray:
    """How much each of `before` pixels in a row counts for each of `after`: less, the farther.

    Shape: (after, before). As when photographs are resized: straight lines between two pixels,
    and a mean over several where there were more of them before.
    """
    new, old = np.arange(after)[:, None], np.arange(before)
    far = np.abs((2 * new + 1) * before - (2 * old + 1) * after)
    return np.maximum(0, 2 * max(before, after) - far)


def _ink(paths: list[np.ndarray], size: int) -> np.ndarray:
    """The share of each pixel that lies within half a pen's width of a stroke."""
    inked = np.zeros((size * FINE, size * FINE), dtype=bool)
    for path in paths:
        for start, end in zip(path[[0, *range(len(path) - 1)]], path, strict=True):
            _ink_segment(inked, start, end)
    return inked.reshape(size, FINE, size, FINE).mean((1, 3))


def _ink_segment(inked: np.ndarray, start: np.ndarray, end: np.ndarray) -> None:
    low = np.floor((np.minimum(start, end) - PEN / 2) * FINE).clip(0).astype(int)
    high = np.ceil((np.maximum(start, end) + PEN / 2) * FINE).astype(int) + 1
    part = inked[low[1] : high[1], low[0] : high[0]]
    x, y = (np.arange(part.shape[1 - axis]) + low[axis] + 0.5 for axis in (0, 1))
    x, y = x / FINE - start[0], (y / FINE - start[1])[:, None]
    dx, dy = end - start
    squared = dx * dx + dy * dy
    t = ((x * dx + y * dy) / squared).clip(0, 1) if squared > 0 else 0
    part |= (x - t * dx) ** 2 + (y - t * dy) ** 2 <= (PEN / 2) ** 2


def _to_bytes(ink: np.ndarray) -> np.ndarray:
    return np.floor(255 * ink + 0.5)


def _centre(image: np.ndarray) -> np.ndarray:
    """Place it in the frame, its centre of mass at index 14; what leaves the frame is cut off."""
    mass, at = float(image.sum()), np.arange(len(image))
    if mass == 0:
        return np.zeros((FRAME, FRAME))
    moments = float((image.sum(1) * at).sum()), float((image.sum(0) * at).sum())
    return _place(image, *(int(np.floor(CENTRE - moment / mass + 0.5)) for moment in moments))


def _place(image: np.ndarray, top: int, left: int) -> np.ndarray:
    """Put pixel (0, 0) at (top, left) of an empty frame."""
    room = np.zeros((FRAME + 2 * FRAME, FRAME + 2 * FRAME))
    row, column = FRAME + top, FRAME + left
    room[row : row + len(image), column : column + len(image)] = image
    return room[FRAME : 2 * FRAME, FRAME : 2 * FRAME]
