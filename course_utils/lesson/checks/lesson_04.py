"""The exercises of lesson 04: pooling."""

import torch
from torch.nn import functional as F

from course_utils.lesson.exercise import exercise, tensors


def with_numbers(*cases: tuple) -> list[tuple]:
    """Make random tensors of the shapes of each case; its whole numbers stay as they are."""
    drawn = tensors(*([part for part in case if isinstance(part, tuple)] for case in cases))
    return [
        (*made, *(part for part in case if not isinstance(part, tuple)))
        for made, case in zip(drawn, cases, strict=True)
    ]


def largest(image, kernel_size, stride=None, **options):
    return F.max_pool2d(image[None], kernel_size, stride, **options)[0]


def mean(image, kernel_size, stride=None, **options):
    return F.avg_pool2d(image[None], kernel_size, stride, **options)[0]


def transposed(pool):
    return lambda image, *sizes: pool(image, *sizes).T


@exercise(
    inputs=with_numbers(
        ((1, 1), 1), ((1, 2), 1), ((2, 2), 2), ((3, 2), 2), ((4, 4), 2), ((5, 7), 2), ((6, 3), 3),
        ((8, 11), 3), ((13, 9), 4),
    ),
    mistakes={
        "that is average pooling. Keep the largest number of each window.": mean,
        "the smallest number of each window is kept. Keep the largest.":
            lambda image, size: -largest(-image, size),
        "the windows are one pixel apart. Side by side they are `kernel_size` apart: window "
        "`(i, j)` begins at `(i * kernel_size, j * kernel_size)`.":
            lambda image, size: largest(image, size, 1),
        "the size is right, and the windows are one pixel apart. Window `(i, j)` begins at "
        "`(i * kernel_size, j * kernel_size)`.":
            lambda image, size: largest(image, size, 1)[
                : len(image) // size, : image.shape[1] // size],
        "a window that hangs over the edge counts, too. Leave out rows and columns that do not "
        "fill a window: `H // kernel_size`.":
            lambda image, size: largest(image, size, ceil_mode=True),
        "windows of negative numbers give 0. Does your search for the largest begin with 0? Begin "
        "with a number of the window.":
            lambda image, size: largest(image, size).relu(),
        "that is the largest absolute value. Of -7 and 2 the larger one is 2.":
            lambda image, size: largest(image.abs(), size),
        "the first number of each window is kept. Keep the largest.":
            lambda image, size: -largest(-image, 1, size)[
                : len(image) // size, : image.shape[1] // size],
        "that is the place of the largest number in its window, not the number.":
            lambda image, size: image.unfold(0, size, size).unfold(1, size, size).flatten(2)
            .argmax(2),
        "rows and columns are swapped: the first axis of the output belongs to the rows.":
            transposed(largest),
    },
)  # fmt: skip
def max_pool(image, kernel_size):
    return largest(image, kernel_size)


STRIDED = with_numbers(
    ((1, 1), 1, 1), ((2, 2), 2, 1), ((2, 3), 2, 1), ((3, 3), 2, 1), ((3, 5), 3, 2), ((4, 4), 1, 2),
    ((5, 7), 2, 2), ((7, 5), 2, 3), ((8, 11), 3, 2), ((12, 9), 4, 3),
)  # fmt: skip


def shared_mistakes(pool) -> dict:
    """What goes wrong with the windows, whatever is done with them."""
    return {
        "your windows are side by side: the stride is ignored. Window `(i, j)` begins at "
        "`(i * stride, j * stride)`.":
            lambda image, size, stride: pool(image, size),
        "your windows are one pixel apart: the stride is ignored.":
            lambda image, size, stride: pool(image, size, 1),
        "size and stride are swapped: a window has `kernel_size` rows, and the next one begins "
        "`stride` rows farther on.":
            lambda image, size, stride: pool(image, stride, size),
        "a last window hangs over the edge. Here every window must lie within the image.":
            lambda image, size, stride: pool(image, size, stride, ceil_mode=True),
        "one window is missing at the end of the rows and of the columns. Count them: "
        "`(H - kernel_size) // stride + 1`.":
            lambda image, size, stride: pool(image, size, stride)[:-1, :-1],
        "rows and columns are swapped: the first axis of the output belongs to the rows.":
            transposed(pool),
    }  # fmt: skip


@exercise(
    inputs=STRIDED,
    mistakes={
        "your windows are summed. For the mean divide by the number of entries, "
        "`kernel_size * kernel_size`.":
            lambda image, size, stride: mean(image, size, stride) * size**2,
        "the sum is divided by `kernel_size`. A window has `kernel_size * kernel_size` numbers.":
            lambda image, size, stride: mean(image, size, stride) * size,
        "the sum is divided by the square of the stride. A window has `kernel_size * kernel_size` "
        "numbers, however far the next one is.":
            lambda image, size, stride: mean(image, size, stride) * size**2 / stride**2,
        "that is max pooling. Take the mean of each window.": largest,
        **shared_mistakes(mean),
    },
)  # fmt: skip
def avg_pool(image, kernel_size, stride):
    return mean(image, kernel_size, stride)


@exercise(
    inputs=STRIDED,
    mistakes={
        "that is average pooling. Keep the largest number of each window.": mean,
        "windows of negative numbers give 0. Does your search for the largest begin with 0? Begin "
        "with a number of the window.":
            lambda image, size, stride: largest(image, size, stride).relu(),
        **shared_mistakes(largest),
    },
)  # fmt: skip
def strided_max_pool(image, kernel_size, stride):
    return largest(image, kernel_size, stride)


@exercise(
    inputs=tensors(
        [(1, 1, 1, 1)], [(1, 1, 1, 2)], [(1, 2, 1, 2)], [(2, 2, 1, 1)], [(2, 1, 3, 2)],
        [(2, 3, 2, 4)], [(3, 2, 5, 4)], [(4, 8, 7, 7)], [(2, 5, 1, 9)],
    ),
    mistakes={
        "each map is summed. For the mean divide by the number of its pixels.":
            lambda maps: maps.sum((2, 3)),
        "that is global max pooling. Take the mean of each map.":
            lambda maps: maps.amax((2, 3)),
        "the numbers are right, in the shape (N, C, 1, 1). Asked is (N, C): `flatten(1)`, or no "
        "`keepdim=True`.":
            lambda maps: maps.mean((2, 3), keepdim=True),
        "the channels are averaged, too. Each map keeps a number of its own: (N, C).":
            lambda maps: maps.mean((1, 2, 3)),
        "the images of the batch are averaged, too. Each image keeps its own numbers: (N, C).":
            lambda maps: maps.mean((0, 2, 3)),
        "the mean of everything is one number. Each image keeps one for each of its maps: (N, C).":
            lambda maps: maps.mean(),
        "the mean went over the channels. Rows and columns are the last two axes, 2 and 3.":
            lambda maps: maps.mean(1),
        "only the columns are averaged; the rows, axis 2, are still there.":
            lambda maps: maps.mean(3),
        "only the rows are averaged; the columns, axis 3, are still there.":
            lambda maps: maps.mean(2),
        "images and channels have changed places: (N, C) is asked, and this is (C, N).":
            lambda maps: maps.mean((2, 3)).T,
    },
)  # fmt: skip
def global_average_pool(maps):
    return maps.mean((2, 3))


def winners(image, size):
    """Mark in each window the first of its largest numbers: (H, W) -> (H, W) of 0 and 1."""
    marks = image.clone().requires_grad_()
    with torch.enable_grad():
        largest(marks, size).sum().backward()
    return marks.grad


def spread(image, gradient, size):
    """Give each number the slope of its window; those outside all windows get 0."""
    wide = gradient.repeat_interleave(size, 0).repeat_interleave(size, 1)
    down, across = (a - b for a, b in zip(image.shape, wide.shape, strict=True))
    return F.pad(wide, (0, across, 0, down))


def ties(image, size):
    """Mark all the largest numbers of each window."""
    return (image == spread(image, largest(image, size), size)).double() * spread(
        image, torch.ones_like(largest(image, size)), size
    )


def last_winners(image, size):
    """As winners, with the last of equal numbers."""
    rows, columns = (length // size * size for length in image.shape)
    marks = winners(image[:rows, :columns].flip(0, 1), size).flip(0, 1)
    return F.pad(marks, (0, image.shape[1] - columns, 0, image.shape[0] - rows))


def with_ties(cases: list[tuple]) -> list[tuple]:
    """Round the images to few values, so that many windows have several largest numbers."""
    return [((image / 2).round(), gradient, size) for image, gradient, size in cases]


@exercise(
    inputs=[
        *with_numbers(
            ((1, 1), (1, 1), 1), ((1, 2), (1, 2), 1), ((2, 2), (1, 1), 2), ((3, 2), (1, 1), 2),
        ),
        *with_ties(with_numbers(
            ((2, 4), (1, 2), 2), ((4, 4), (2, 2), 2), ((5, 7), (2, 3), 2), ((6, 3), (2, 1), 3),
            ((9, 13), (3, 4), 3), ((8, 8), (2, 2), 4),
        )),
    ],
    mistakes={
        "every number of a window gets an equal share: that is the way back through average "
        "pooling. Here the largest gets it all.":
            lambda image, gradient, size: spread(image, gradient, size) / size**2,
        "every number of a window gets the whole slope. Only the largest gets it.":
            spread,
        "in a tie all the largest numbers get the slope. Only the first one gets it, counted row "
        "by row.":
            lambda image, gradient, size: ties(image, size) * spread(image, gradient, size),
        "in a tie the last of the largest numbers gets the slope. Asked is the first, row by row: "
        "compare with `>`, not with `>=`.":
            lambda image, gradient, size: (
                last_winners(image, size) * spread(image, gradient, size)),
        "the winners are right, and they keep their own value. Give them the slope of their "
        "window.":
            lambda image, gradient, size: winners(image, size) * image,
        "the winners are right, and each gets 1. Give them the slope of their window.":
            lambda image, gradient, size: winners(image, size),
        "the slope is multiplied by the largest number. Hand it on as it is.":
            lambda image, gradient, size: (
                winners(image, size) * image * spread(image, gradient, size)),
        "the smallest number of each window gets the slope. Asked is the largest.":
            lambda image, gradient, size: winners(-image, size) * spread(image, gradient, size),
        "the first number of each window gets the slope, whatever its size.":
            lambda image, gradient, size: (
                winners(torch.zeros_like(image), size) * spread(image, gradient, size)),
        "the slope goes to the largest absolute value. Of -7 and 2 the larger one is 2.":
            lambda image, gradient, size: (
                winners(image.abs(), size) * spread(image, gradient, size)),
    },
)  # fmt: skip
def route_gradient(image, gradient, kernel_size):
    return winners(image, kernel_size) * spread(image, gradient, kernel_size)
