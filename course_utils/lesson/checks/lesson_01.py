"""The exercises of lesson 01: why MLPs fail on images."""

import math
from itertools import pairwise

from torch.nn import functional as F

from course_utils.lesson.exercise import exercise, tensors


@exercise(
    inputs=[
        (0, 0, 0, 1, 1), (0, 0, 1, 1, 2), (0, 1, 0, 2, 1), (0, 1, 2, 3, 4), (0, 2, 1, 4, 3),
        (1, 0, 0, 3, 5), (2, 3, 1, 4, 6), (1, 4, 2, 6, 3), (0, 11, 12, 28, 28), (2, 31, 7, 40, 64),
    ],
    mistakes={
        "rows and columns are swapped: this counts down each column first. Reading goes along a "
        "row, so a step down passes `width` numbers.":
            lambda channel, row, column, height, width: (channel * width + column) * height + row,
        "a step down one row was counted as `height` numbers. A row is as long as the image is "
        "wide: `width` numbers.":
            lambda channel, row, column, height, width:
                channel * height * width + row * height + column,
        "the channel does not count yet: all numbers of the channels before this one come first.":
            lambda channel, row, column, height, width: row * width + column,
        "a whole channel comes before the next one: `height * width` numbers, not one row or "
        "column of them.":
            lambda channel, row, column, height, width: channel * width + row * width + column,
        "the index is one too large: counting begins at 0, so that the first number has index 0.":
            lambda channel, row, column, height, width:
                (channel * height + row) * width + column + 1,
        "the three were added up. How many numbers does one step down pass, and how many one "
        "step to the next channel?":
            lambda channel, row, column, height, width: channel + row + column,
    },
)  # fmt: skip
def flat_index(channel, row, column, height, width):
    return (channel * height + row) * width + column


def whole(weight, x, y):
    """The slope of the mean squared error."""
    return (2 * (weight * x - y) * x).mean()


ONE_POINT = tensors([(), (1,), (1,)], [(), (1,), (1,)], seed=1)
POINTS = tensors([(), (2,), (2,)], [(), (3,), (3,)], [(), (8,), (8,)], [(), (50,), (50,)])


@exercise(
    inputs=[
        (*inputs, rate)
        for inputs, rate in zip(ONE_POINT + POINTS, [0.1, 0.5, 0.1, 0.25, 0.01, 0.1], strict=True)
    ],
    mistakes={
        "it goes uphill: a positive slope says that the loss grows with the weight, so the weight "
        "must shrink. Subtract; and the error is the prediction minus y, not the other way round.":
            lambda w, x, y, rate: w + rate * whole(w, x, y),
        "the 2 is missing. The slope of a square is twice what was squared: e² has the slope 2e.":
            lambda w, x, y, rate: w - rate * whole(w, x, y) / 2,
        "the factor x is missing. Where x is large, a change of the weight moves the prediction "
        "much; so each error is multiplied by its x.":
            lambda w, x, y, rate: w - rate * (2 * (w * x - y)).mean(),
        "the slopes of the points are summed. The loss is a mean over the points, and so is its "
        "slope.":
            lambda w, x, y, rate: w - rate * (2 * (w * x - y) * x).sum(),
        "that is the slope. Go on: the new weight is the old one minus the learning rate times "
        "the slope.":
            lambda w, x, y, rate: whole(w, x, y),
        "that is the step alone. Take it away from the old weight, and return the new one.":
            lambda w, x, y, rate: rate * whole(w, x, y),
        "the learning rate is missing: the whole slope was subtracted.":
            lambda w, x, y, rate: w - whole(w, x, y),
        "the loss was subtracted. What you need is its slope.":
            lambda w, x, y, rate: w - rate * ((w * x - y) ** 2).mean(),
        "one slope for each example came out; take their mean.":
            lambda w, x, y, rate: w - rate * 2 * (w * x - y) * x,
    },
)  # fmt: skip
def gradient_step(weight, x, y, learning_rate):
    return weight - learning_rate * (2 * (weight * x - y) * x).mean()


def weights(widths) -> int:
    return sum(inputs * outputs for inputs, outputs in pairwise(widths))


@exercise(
    inputs=[
        ((1, 1),), ((2, 1),), ((1, 3),), ((2, 3),), ((2, 3, 4),), ((3, 2, 5, 2),), ((784, 10),),
        ((784, 128, 10),), ((3072, 64, 64, 64, 10),), ((1024, 512, 512, 5),),
    ],
    mistakes={
        "the widths are multiplied with each other. A layer of n inputs and m outputs has n * m "
        "weights, and those of several layers are added.":
            lambda widths: math.prod(widths),
        "the biases are missing: each output of each layer has one.":
            weights,
        "there is one bias for each layer; each of its outputs has its own.":
            lambda widths: weights(widths) + len(widths) - 1,
        "the inputs got biases, too. They are given; only what a layer computes has a bias.":
            lambda widths: weights(widths) + sum(widths),
        "each layer got as many biases as it has inputs. It has one for each output.":
            lambda widths: weights(widths) + sum(widths[:-1]),
        "only the last layer got its biases. The layers before it have some as well.":
            lambda widths: weights(widths) + widths[-1],
        "only the first layer is counted. Go on with the next pair of widths.":
            lambda widths: widths[0] * widths[1] + widths[1],
        "those are the biases alone. The weights are missing: inputs times outputs for each layer.":
            lambda widths: sum(widths[1:]),
    },
)  # fmt: skip
def count_mlp_parameters(widths):
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(widths))


def moved(images, dx, dy):
    return F.pad(images, (dx, -dx, dy, -dy))  # negative padding cuts off


@exercise(
    inputs=[
        (*images, dx, dy)
        for images, (dx, dy) in zip(
            tensors([(1, 1, 2)], [(1, 2, 1)], [(1, 2, 3)], [(1, 3, 3)], [(2, 3, 4)], [(1, 4, 5)],
                    [(2, 4, 3)], [(1, 6, 9)], [(3, 8, 6)]),
            [(1, 0), (0, 1), (1, 1), (-1, 0), (0, -2), (2, -1), (0, 0), (-3, 2), (-2, -5)],
            strict=True,
        )
    ],
    mistakes={
        "what leaves on one side comes back on the other: `roll` wraps around. Beyond the border "
        "there is paper, so zeros must fill in.":
            lambda images, dx, dy: images.roll((dy, dx), (1, 2)),
        "an index below 0 was used: Python then counts from the other end. Ask `0 <= i - dy` and "
        "`0 <= j - dx` as well.":
            lambda images, dx, dy: wrapped_at_the_start(images, dx, dy),
        "rows and columns are swapped: dx moves along the columns (the last axis), dy along the "
        "rows.":
            lambda images, dx, dy: moved(images, dy, dx),
        "it moves the wrong way. A positive dx goes to the right and a positive dy down.":
            lambda images, dx, dy: moved(images, -dx, -dy),
        "a positive dy must move the image down: row 0 is at the top.":
            lambda images, dx, dy: moved(images, dx, -dy),
        "a positive dx must move the image to the right: column 0 is on the left.":
            lambda images, dx, dy: moved(images, -dx, dy),
        "it moves sideways alone: dy is not used.":
            lambda images, dx, dy: moved(images, dx, 0),
        "it moves up and down alone: dx is not used.":
            lambda images, dx, dy: moved(images, 0, dy),
        "the border is repeated. Beyond it there is paper: zeros.":
            lambda images, dx, dy: repeated(images, dx, dy),
        "the image comes back as it was. A slice is a piece of the same tensor: write into a new "
        "one, `torch.zeros_like(images)`.":
            lambda images, dx, dy: images,
    },
)  # fmt: skip
def shift(images, dx, dy):
    return moved(images, dx, dy)


def wrapped_at_the_start(images, dx, dy):
    H, W = images.shape[1:]
    output = images.new_zeros(images.shape)
    for i in range(H):
        for j in range(W):
            if -H <= i - dy < H and -W <= j - dx < W:
                output[:, i, j] = images[:, i - dy, j - dx]
    return output


def repeated(images, dx, dy):
    rows = [min(max(row - dy, 0), images.shape[1] - 1) for row in range(images.shape[1])]
    columns = [min(max(column - dx, 0), images.shape[2] - 1) for column in range(images.shape[2])]
    return images[:, rows][:, :, columns]
