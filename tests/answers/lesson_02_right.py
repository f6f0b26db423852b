"""Right answers to the exercises of lesson 02, each written in its own way."""

import itertools

import torch
from torch.nn import functional as F

from tests.check_kit import random


def cross_correlate_1d__loops(signal, kernel):
    output = signal.new_zeros(len(signal) - len(kernel) + 1)
    for i in range(len(output)):
        for k in range(len(kernel)):
            output[i] += signal[i + k] * kernel[k]
    return output


def cross_correlate_1d__list(signal, kernel):
    places = range(len(signal) - len(kernel) + 1)
    return torch.stack([signal[i : i + len(kernel)] @ kernel for i in places])


def cross_correlate_1d__unfold(signal, kernel):
    return (signal.unfold(0, len(kernel), 1) * kernel).sum(dim=1)


def cross_correlate__loops(image, kernel):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            output[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum()
    return output


def cross_correlate__shifted_images(image, kernel):
    (kh, kw) = kernel.shape
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    output = torch.zeros(rows, columns)
    for a in range(kh):
        for b in range(kw):
            output = output + kernel[a, b] * image[a : a + rows, b : b + columns]
    return output


def cross_correlate__unfold(image, kernel):
    (kh, kw) = kernel.shape
    return torch.einsum("ijab,ab->ij", image.unfold(0, kh, 1).unfold(1, kw, 1), kernel)


def cross_correlate__single_precision(image, kernel):
    output = torch.zeros(image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            window = image[i : i + kernel.shape[0], j : j + kernel.shape[1]]
            output[i, j] = (window * kernel).sum()
    return output


def convolve__loops(image, kernel):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            for a in range(kh):
                for b in range(kw):
                    output[i, j] += image[i + a, j + b] * kernel[kh - 1 - a, kw - 1 - b]
    return output


def convolve__pytorch(image, kernel):
    return F.conv2d(image[None, None], kernel.flip(0).flip(1)[None, None])[0, 0]


def convolve_channels__loops(image, weight, bias):
    (C, H, W), (O, _, kh, kw) = image.shape, weight.shape  # noqa: E741
    output = image.new_zeros(O, H - kh + 1, W - kw + 1)
    for o in range(O):
        output[o] = bias[o]
        for c in range(C):
            for i in range(H - kh + 1):
                for j in range(W - kw + 1):
                    output[o, i, j] += (image[c, i : i + kh, j : j + kw] * weight[o, c]).sum()
    return output


def convolve_channels__unfold(image, weight, bias):
    windows = image.unfold(1, weight.shape[2], 1).unfold(2, weight.shape[3], 1)
    return torch.einsum("cijab,ocab->oij", windows, weight) + bias[:, None, None]


def vertical_edge_kernel__simple():
    return torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])


def vertical_edge_kernel__the_other_way_round():
    return torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]).double()


def vertical_edge_kernel__one_row():
    kernel = torch.zeros(3, 3)
    kernel[1, 0], kernel[1, 1] = 1.0, -1.0
    return kernel


def vertical_edge_kernel__a_line_in_the_middle():
    return torch.tensor([[-0.5, 1.0, -0.5]]).expand(3, 3)


def count_parameters__formula(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size**2 + out_channels


def count_parameters__pytorch(in_channels, out_channels, kernel_size):
    layer = torch.nn.Conv2d(in_channels, out_channels, kernel_size)
    return sum(parameter.numel() for parameter in layer.parameters())


def count_parameters__one_by_one(in_channels, out_channels, kernel_size):
    count = 0
    for _ in range(out_channels):
        count += in_channels * kernel_size * kernel_size + 1
    return count


def is_vertical_edge_kernel(function) -> bool:
    """Without a convolution: at a step of height 1 the answer is the sum of some of the columns."""
    try:
        kernel = function()
        steps = [
            [abs(sums[at:].sum().item()) for at in (1, 2)]
            for sums in (kernel.sum(0), kernel.sum(1))
        ]
        vertical, horizontal = map(max, steps)
        plain = abs(kernel.sum().item()) < 1e-6
        return kernel.shape == (3, 3) and plain and vertical > 0 and vertical >= 5 * horizontal
    except Exception:
        return False


IS_RIGHT = {"vertical_edge_kernel": is_vertical_edge_kernel}

IMAGES = [
    random((h, w), (kh, kw))
    for h, w, kh, kw in itertools.product((2, 5), (3, 4), (1, 2), (1, 3))
]  # fmt: skip
OTHER_INPUTS = {
    "cross_correlate_1d": [random((n,), (k,)) for n, k in [(1, 1), (4, 2), (5, 5), (11, 3)]],
    "cross_correlate": IMAGES,
    "convolve": IMAGES,
    "convolve_channels": [
        random((c, 4, 5), (o, c, kh, kw), (o,))
        for c, o, kh, kw in itertools.product((1, 2), (1, 3), (1, 2), (1, 3))
    ],
    "count_parameters": list(itertools.product((1, 2, 5), repeat=3)),
}
