"""What is the learner's own and travels through the lessons: a 7 and a kernel.

Lesson 00 keeps the 7 and lesson 02 the kernel. Every lesson asks for them, and gets those that the
course ships with where none was kept, or where what was kept cannot be read.
"""

import json
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import cache, handwriting

EDGES = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]


def seven() -> Tensor:
    """Give the learner's own 7, or else a drawn one.

    Shape: (28, 28) uint8, 0 for paper and 255 for full ink.
    """
    kept = _find("seven", _check_seven)
    return _drawn_seven() if kept is None else kept


def keep_seven(image: Tensor) -> None:
    """Keep a digit for all lessons.

    Shape: (28, 28) uint8. Raises ValueError for anything else, and for an empty sheet.
    """
    _keep("seven", _check_seven(image))


def kernel() -> Tensor:
    """Give the learner's own kernel, or else one that answers to vertical edges.

    Shape: (3, 3) float32.
    """
    kept = _find("kernel", _check_kernel)
    return torch.tensor(EDGES) if kept is None else kept


def keep_kernel(kernel: Tensor) -> None:
    """Keep a kernel for all lessons.

    Shape: (3, 3). Raises ValueError for anything else, and for numbers that are not finite.
    """
    _keep("kernel", _check_kernel(kernel))


def forget() -> None:
    """Throw away what was kept; the lessons then use what the course ships with."""
    for place in cache.places():
        for name in ("seven", "kernel"):
            (place / f"my_{name}.json").unlink(missing_ok=True)


def _keep(name: str, values: Tensor) -> None:
    content = json.dumps(values.tolist()).encode()
    cache.write_whole(cache.writable_place() / f"my_{name}.json", content)


def _find(name: str, check: Callable[[Tensor], Tensor]) -> Tensor | None:
    for path in (place / f"my_{name}.json" for place in cache.places()):
        try:
            return check(torch.tensor(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError, RuntimeError):  # not there, or damaged
            continue
    return None


def _check_seven(image: Tensor) -> Tensor:
    if image.shape != (28, 28) or image.is_floating_point() or not 0 < image.max() <= 255:
        raise ValueError(
            f"a digit must have shape (28, 28), whole numbers up to 255 and some ink, got shape"
            f" {tuple(image.shape)} of {image.dtype}"
        )
    if image.min() < 0:
        raise ValueError(f"a digit must have ink from 0 to 255, got {image.min()}")
    return image.to(torch.uint8)


def _check_kernel(kernel: Tensor) -> Tensor:
    if kernel.shape != (3, 3) or not kernel.isfinite().all():
        raise ValueError(
            f"a kernel must have shape (3, 3) and finite numbers, got shape {tuple(kernel.shape)}"
        )
    return kernel.to(torch.float32)


def _drawn_seven() -> Tensor:
    drawn = handwriting.draw(100, style="mild")
    return drawn.images[drawn.labels == 7][0]
