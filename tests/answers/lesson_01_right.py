"""Right answers to the exercises of lesson 01, each written in its own way."""

import itertools

import torch
from torch import nn

from tests.check_kit import random


def flat_index__formula(channel, row, column, height, width):
    return channel * height * width + row * width + column


def flat_index__nested(channel, row, column, height, width):
    return column + width * (row + height * channel)


def flat_index__pytorch(channel, row, column, height, width):
    numbers = torch.arange((channel + 1) * height * width).view(channel + 1, height, width)
    return numbers[channel, row, column].item()


def gradient_step__formula(weight, x, y, learning_rate):
    error = weight * x - y
    slope = (2 * error * x).mean()
    return weight - learning_rate * slope


def gradient_step__pytorch(weight, x, y, learning_rate):
    weight = weight.clone().requires_grad_()
    ((weight * x - y) ** 2).mean().backward()
    return weight - learning_rate * weight.grad


def gradient_step__loop(weight, x, y, learning_rate):
    slope = 0
    for i in range(len(x)):
        slope += 2 * (weight * x[i] - y[i]) * x[i] / len(x)
    return weight - learning_rate * slope


def count_mlp_parameters__loop(widths):
    count = 0
    for i in range(len(widths) - 1):
        count += widths[i] * widths[i + 1] + widths[i + 1]
    return count


def count_mlp_parameters__pairs(widths):
    return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(widths))


def count_mlp_parameters__pytorch(widths):
    layers = [nn.Linear(*pair, device="meta") for pair in zip(widths, widths[1:], strict=False)]
    return sum(parameter.numel() for layer in layers for parameter in layer.parameters())


def shift__loops(images, dx, dy):
    (_, H, W), output = images.shape, torch.zeros_like(images)
    for i in range(H):
        for j in range(W):
            if 0 <= i - dy < H and 0 <= j - dx < W:
                output[:, i, j] = images[:, i - dy, j - dx]
    return output


def shift__slices(images, dx, dy):
    (_, H, W), output = images.shape, torch.zeros_like(images)
    source = images[:, max(0, -dy) : H - max(0, dy), max(0, -dx) : W - max(0, dx)]
    output[:, max(0, dy) : H + min(0, dy), max(0, dx) : W + min(0, dx)] = source
    return output


def shift__negative_padding(images, dx, dy):
    return nn.functional.pad(images, (dx, -dx, dy, -dy))


def shift__roll_and_erase(images, dx, dy):
    output = images.roll((dy, dx), (1, 2))
    rows, columns = torch.arange(images.shape[1]) - dy, torch.arange(images.shape[2]) - dx
    inside = ((rows >= 0) & (rows < len(rows)))[:, None] & (columns >= 0) & (columns < len(columns))
    return output * inside


OTHER_INPUTS = {
    "flat_index": [
        (channel, row, column, height, width)
        for channel, height, width in itertools.product((0, 1, 3), (2, 5), (3, 4))
        for row, column in itertools.product(range(2), range(3))
    ],
    "gradient_step": [(*random((), (n,), (n,)), rate) for n in (1, 2, 7) for rate in (0.03, 0.5)],
    "count_mlp_parameters": [
        (widths,) for widths in [(2, 2), (3, 1), (1, 4, 2), (5, 3, 3, 2), (2, 1, 1, 1, 7)]
    ],
    "shift": [
        (*random((2, h, w)), dx, dy)
        for h, w in [(4, 6), (5, 4)]
        for dx, dy in itertools.product((-3, -1, 0, 2), (-2, 0, 1, 3))
    ],
}
