"""The exercises of lesson 08: cutting out a digit, and a residual block."""

import torch
from torch.nn import functional as F

from course_utils.lesson.exercise import exercise, tensors


def sheets(*sizes: tuple[int, int], seed: int = 0) -> list[tuple]:
    """Make sheets with a little ink, the first ones of 1 to 9, and wide empty borders."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for rows, columns in sizes:
        ink = torch.zeros(rows, columns, dtype=torch.float64)
        count = max(1, min(rows, columns) // 2)
        ys = rows // 4 + torch.randint(0, (rows + 2) // 3, (count,), generator=generator)
        xs = columns // 3 + torch.randint(0, (columns + 1) // 2, (count,), generator=generator)
        ink[ys.clamp(max=rows - 1), xs.clamp(max=columns - 1)] = torch.randint(
            1, 10, (count,), generator=generator
        ).double()
        made.append((ink,))
    return made


def edges(ink):
    """Find the first and the last row with ink, and the first and the last column."""
    rows, columns = [(ink > 0).any(dim=side).nonzero().flatten().tolist() for side in (1, 0)]
    return rows[0], rows[-1], columns[0], columns[-1]


def part(ink, *moved: int):
    """Cut out from the first to before the last, each moved by so much."""
    top, bottom, left, right = (at + by for at, by in zip(edges(ink), moved, strict=True))
    return ink[top:bottom, left:right]


def square(ink):
    top, bottom, left, right = edges(ink)
    first, last = min(top, left), max(bottom, right)
    return ink[first : last + 1, first : last + 1]


def without_empty(ink):
    return ink[(ink > 0).any(1)][:, (ink > 0).any(0)]


@exercise(
    inputs=sheets((1, 1), (1, 3), (4, 3), (4, 5), (6, 6), (7, 9), (9, 7), (12, 20), (28, 28)),
    mistakes={
        "the last row and the last column with ink are missing. A slice ends before its second "
        "number: add 1.":
            lambda ink: part(ink, 0, 0, 0, 0),
        "the last row with ink is missing. A slice ends before its second number: add 1.":
            lambda ink: part(ink, 0, 0, 0, 1),
        "the last column with ink is missing. A slice ends before its second number: add 1.":
            lambda ink: part(ink, 0, 1, 0, 0),
        "empty rows and columns within the digit are gone, too. Cut from the first with ink to the "
        "last, and keep what is between.": without_empty,
        "only the rows are cut. Empty columns on the left and on the right must go, too.":
            lambda ink: ink[edges(ink)[0] : edges(ink)[1] + 1],
        "only the columns are cut. Empty rows above and below must go, too.":
            lambda ink: ink[:, edges(ink)[2] : edges(ink)[3] + 1],
        "the empty border is still there. Take a part of `ink`.": lambda ink: ink.clone(),
        "rows and columns are swapped: the first axis of the output belongs to the rows.":
            lambda ink: part(ink, 0, 1, 0, 1).T,
        "the part is square. Rows and columns have each their own first and last.": square,
    },
)  # fmt: skip
def crop(ink):
    return part(ink, 0, 1, 0, 1)


def convolve(x, weight):
    return F.conv2d(x, weight, padding=1)


def way(x, first, second):
    return convolve(F.relu(convolve(x, first)), second)


@exercise(
    inputs=tensors(
        [(1, 1, 1, 1), (1, 1, 3, 3), (1, 1, 3, 3)], [(1, 1, 2, 2), (1, 1, 3, 3), (1, 1, 3, 3)],
        [(1, 1, 3, 2), (2, 1, 3, 3), (1, 2, 3, 3)], [(2, 2, 3, 3), (1, 2, 3, 3), (2, 1, 3, 3)],
        [(2, 3, 5, 4), (4, 3, 3, 3), (3, 4, 3, 3)], [(3, 4, 7, 7), (4, 4, 3, 3), (4, 4, 3, 3)],
    ),
    mistakes={
        "the shortcut is missing: add `x` to what comes out of the second convolution.":
            lambda x, first, second: F.relu(way(x, first, second)),
        "the last ReLU is missing. It comes after the sum.":
            lambda x, first, second: x + way(x, first, second),
        "the last ReLU comes too early. Add first, then clip: `F.relu(x + way)`.":
            lambda x, first, second: x + F.relu(way(x, first, second)),
        "both ReLUs are missing: one stands between the convolutions, one after the sum.":
            lambda x, first, second: x + convolve(convolve(x, first), second),
        "the ReLU between the two convolutions is missing.":
            lambda x, first, second: F.relu(x + convolve(convolve(x, first), second)),
        "the input is multiplied with the output. A shortcut adds.":
            lambda x, first, second: F.relu(x * way(x, first, second)),
        "the input is taken off. A shortcut adds.":
            lambda x, first, second: F.relu(way(x, first, second) - x),
        "the input is clipped before it is added. Add it as it came.":
            lambda x, first, second: F.relu(F.relu(x) + way(x, first, second)),
        "the second convolution does not get what the first one gave.":
            lambda x, first, second: F.relu(x + convolve(x, second)),
        "one convolution is missing: `second` is not used.":
            lambda x, first, second: F.relu(x + F.relu(convolve(x, first))),
    },
)  # fmt: skip
def residual_block(x, first, second):
    return F.relu(x + way(x, first, second))
