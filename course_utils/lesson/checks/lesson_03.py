"""The exercises of lesson 03: padding and stride."""

import torch
from torch.nn import functional as F

from course_utils import ops
from course_utils.lesson.checks.lesson_02 import slide
from course_utils.lesson.exercise import exercise, tensors


def framed(image, padding, **options):
    return F.pad(image[None, None], padding, **options)[0, 0]


@exercise(
    inputs=[
        (*images, padding)
        for images, padding in zip(
            tensors([(1, 1)], [(1, 2)], [(2, 2)], [(2, 3)], [(3, 2)], [(4, 4)], [(5, 7)], [(6, 3)]),
            [1, 1, 1, 2, 0, 3, 2, 1], strict=True,
        )
    ],
    mistakes={
        "the image grew by `padding` in all. A border goes round it, so that each axis grows by "
        "2 x padding; the image begins at `[padding, padding]`.":
            lambda image, padding: framed(image, [padding, 0, padding, 0]),
        "the image grew by `padding` in all: the right and the lower side have a border, and the "
        "left and the upper one need it, too.":
            lambda image, padding: framed(image, [0, padding, 0, padding]),
        "the new tensor has the right shape, and the image stands in its corner. It begins at row "
        "`padding` and column `padding`.":
            lambda image, padding: framed(image, [0, 2 * padding, 0, 2 * padding]),
        "only the left and the right side got a border. The image grows up and down, too.":
            lambda image, padding: framed(image, [padding, padding, 0, 0]),
        "only the upper and the lower side got a border. The image grows left and right, too.":
            lambda image, padding: framed(image, [0, 0, padding, padding]),
        "the border is of ones. Zeros are asked for: `new_zeros`.":
            lambda image, padding: framed(image, [padding] * 4, value=1.0),
        "the border repeats the outermost pixels, and this exercise asks for zeros.":
            lambda image, padding: framed(image, [padding] * 4, mode="replicate"),
        "the border is always one pixel wide. `padding` says how wide it shall be.":
            lambda image, padding: framed(image, [1] * 4),
        "the border has come out twice as wide as asked: `padding` counts the pixels on each side.":
            lambda image, padding: framed(image, [2 * padding] * 4),
        "the shape is right, and nothing but zeros is in it. Write the image into the middle.":
            lambda image, padding: framed(torch.zeros_like(image), [padding] * 4),
    },
)  # fmt: skip
def pad(image, padding):
    return framed(image, [padding] * 4)


def reach(kernel_size, dilation):
    return dilation * (kernel_size - 1) + 1


@exercise(
    inputs=[
        (1, 1, 1, 0, 1), (3, 2, 1, 0, 1), (4, 2, 3, 0, 1), (5, 3, 1, 1, 1), (7, 2, 2, 0, 1),
        (7, 3, 2, 0, 2), (8, 3, 2, 1, 1), (9, 3, 1, 1, 2), (10, 3, 2, 2, 2),
        (28, 3, 1, 1, 1), (32, 5, 3, 2, 2), (224, 7, 2, 3, 1), (30, 4, 5, 0, 3), (9, 3, 3, 3, 4),
    ],
    mistakes={
        "padding is subtracted. A border makes the image larger: size + 2 x padding.":
            lambda size, kernel_size, stride, padding, dilation:
                (size - 2 * padding - reach(kernel_size, dilation)) // stride + 1,
        "padding counts once. There is a border on both sides: 2 x padding.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + padding - reach(kernel_size, dilation)) // stride + 1,
        "padding is left out. The kernel slides over the padded image.":
            lambda size, kernel_size, stride, padding, dilation:
                (size - reach(kernel_size, dilation)) // stride + 1,
        "it is one too small: the first place of the kernel counts, too. Steps between places, "
        "plus 1.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + 2 * padding - reach(kernel_size, dilation)) // stride,
        "it is rounded up. A last step that would leave the image is not taken: round down, `//`.":
            lambda size, kernel_size, stride, padding, dilation:
                -((reach(kernel_size, dilation) - size - 2 * padding) // stride) + 1,
        "it is rounded to the nearest whole number. Half a step is no step: round down, `//`.":
            lambda size, kernel_size, stride, padding, dilation:
                round((size + 2 * padding - reach(kernel_size, dilation)) / stride) + 1,
        "the 1 is added before the division. Divide the room to move by the stride, then count the "
        "first place.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + 2 * padding - reach(kernel_size, dilation) + 1) // stride,
        "dilation is left out. A kernel of 3 with dilation 2 reaches over 5 pixels.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + 2 * padding - kernel_size) // stride + 1,
        "the kernel's reach is not dilation x kernel_size: between k cells there are k - 1 steps, "
        "so it is dilation x (kernel_size - 1) + 1.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + 2 * padding - dilation * kernel_size) // stride + 1,
        "two things: padding is subtracted, and it makes the image larger; and dilation is left "
        "out.":
            lambda size, kernel_size, stride, padding, dilation:
                (size - 2 * padding - kernel_size) // stride + 1,
        "two things: padding counts once, and there are two sides; and dilation is left out.":
            lambda size, kernel_size, stride, padding, dilation:
                (size + padding - kernel_size) // stride + 1,
        "stride is left out. With stride 2 there are about half as many places.":
            lambda size, kernel_size, stride, padding, dilation:
                size + 2 * padding - reach(kernel_size, dilation) + 1,
    },
)  # fmt: skip
def output_size(size, kernel_size, stride, padding, dilation):
    return ops.output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)


@exercise(
    inputs=[
        (*images, stride)
        for images, stride in zip(
            tensors(
                [(1, 1), (1, 1)], [(1, 3), (1, 1)], [(3, 2), (2, 2)], [(3, 4), (2, 2)],
                [(4, 4), (2, 2)], [(5, 4), (2, 1)], [(6, 7), (3, 3)], [(8, 6), (2, 3)],
                [(9, 12), (3, 2)],
            ),
            [1, 2, 1, 2, 2, 3, 2, 3, 4], strict=True,
        )
    ],
    mistakes={
        "stride is left out: the kernel moves by one pixel at a time.":
            lambda image, kernel, stride: slide(image, kernel),
        "only the rows are skipped. The step to the right is `stride`, too.":
            lambda image, kernel, stride: slide(image, kernel, stride=(stride, 1)),
        "only the columns are skipped. The step down is `stride`, too.":
            lambda image, kernel, stride: slide(image, kernel, stride=(1, stride)),
        "the shape is right, and the window still moves by one pixel at a time: output `[i, j]` "
        "belongs to the window that begins at `[i * stride, j * stride]`.":
            lambda image, kernel, stride: slide(image, kernel)[
                : (image.shape[0] - kernel.shape[0]) // stride + 1,
                : (image.shape[1] - kernel.shape[1]) // stride + 1],
        "one row and one column are missing: the first place counts, too. "
        "`(H - kh) // stride + 1` rows.":
            lambda image, kernel, stride: slide(image, kernel, stride=stride)[:-1, :-1],
        "there are too many rows or columns: the last windows hang over the border and are cut "
        "short. Round down: `(H - kh) // stride + 1`.":
            lambda image, kernel, stride: slide(
                F.pad(image, [0, -(image.shape[1] - kernel.shape[1]) % stride,
                              0, -(image.shape[0] - kernel.shape[0]) % stride]),
                kernel, stride=stride),
        "your kernel is flipped: that is convolution. This exercise asks for cross-correlation.":
            lambda image, kernel, stride: slide(image, kernel.flip(0, 1), stride=stride),
        "that is dilation: the cells of the kernel are spread out. Here the windows are.":
            lambda image, kernel, stride: slide(image, kernel, dilation=stride),
    },
)  # fmt: skip
def cross_correlate_strided(image, kernel, stride):
    return slide(image, kernel, stride=stride)


def step_by_step(layers, begin=1, late=True):
    """The receptive field, and what comes of it with another beginning or strides too early."""
    size, apart = begin, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * (apart if late else apart * stride)
        apart *= stride
    return size


def from_the_end(layers):
    size = 1
    for kernel_size, stride in layers:
        size = (size - 1) * stride + kernel_size
    return size


@exercise(
    inputs=[
        (layers,)
        for layers in [
            ((2, 2),), ((3, 1),), ((5, 1),), ((3, 1), (3, 1)), ((3, 2), (3, 1)), ((3, 1), (3, 2)),
            ((5, 2), (3, 3)), ((3, 1), (2, 2), (3, 1)), ((2, 2), (3, 1), (2, 2), (4, 1)),
            ((7, 2), (3, 2), (3, 1), (3, 1)),
        ]
    ],
    mistakes={
        "the kernel sizes are added up. The pixel where a kernel begins was seen already: a layer "
        "adds kernel_size - 1.":
            lambda layers: sum(size for size, _ in layers),
        "the kernel sizes are multiplied. The windows of neighbours overlap: a layer adds to what "
        "was seen.":
            lambda layers: torch.tensor(layers)[:, 0].prod().item(),
        "the strides are left out. Behind a stride of 2 neighbours lie 2 pixels of the image "
        "apart.":
            lambda layers: 1 + sum(size - 1 for size, _ in layers),
        "it is one too small: without any layer a number sees 1 pixel. Begin with 1.":
            lambda layers: step_by_step(layers, begin=0),
        "a layer's own stride counts too early. It moves apart what the layers after it see.":
            lambda layers: step_by_step(layers, late=False),
        "each layer counts its own stride. It adds (kernel_size - 1) times the strides before it.":
            lambda layers: 1 + sum((size - 1) * stride for size, stride in layers),
        "only the stride of the layer before counts. All strides before a layer multiply.":
            lambda layers: 1 + sum(
                (size - 1) * before
                for (size, _), before in zip(
                    layers, [1, *(stride for _, stride in layers)], strict=False)
            ),
        "the strides are added up. Strides multiply: 2 and then 3 is 6 pixels of the image.":
            lambda layers: 1 + sum(
                (size - 1) * (sum(stride for _, stride in layers[:at]) or 1)
                for at, (size, _) in enumerate(layers)
            ),
        "the layers are taken in the wrong order. The formula `(seen - 1) * stride + kernel_size` "
        "begins with the last layer; `reversed(layers)` turns them round.":
            from_the_end,
    },
)  # fmt: skip
def receptive_field(layers):
    return ops.receptive_field(layers)


@exercise(
    inputs=[(1, 1), (3, 1), (3, 2), (5, 1), (7, 1), (3, 3), (5, 2), (1, 4), (7, 3), (11, 2)],
    mistakes={
        "that is the border on both sides together. `padding` counts the pixels on one side: half.":
            lambda kernel_size, dilation: dilation * (kernel_size - 1),
        "dilation is left out. What hangs over is half of the reach, without the middle cell.":
            lambda kernel_size, dilation: (kernel_size - 1) // 2,
        "the middle cell is counted, too. A kernel of 3 hangs over by 1, not by 2.":
            lambda kernel_size, dilation: dilation * (kernel_size + 1) // 2,
        "halve first: that is dilation x kernel_size / 2, and the cells to one side of the middle "
        "are only (kernel_size - 1) / 2.":
            lambda kernel_size, dilation: dilation * kernel_size // 2,
    },
)  # fmt: skip
def same_padding(kernel_size, dilation):
    return dilation * (kernel_size - 1) // 2
