"""Right answers to the exercises of lesson 03, each written in its own way."""

import itertools

import torch
from torch.nn import functional as F

from tests.check_kit import random


def pad__in_the_middle(image, padding):
    H, W = image.shape
    output = image.new_zeros(H + 2 * padding, W + 2 * padding)
    output[padding : padding + H, padding : padding + W] = image
    return output


def pad__glued(image, padding):
    side = image.new_zeros(image.shape[0], padding)
    wide = torch.cat([side, image, side], dim=1)
    cover = image.new_zeros(padding, wide.shape[1])
    return torch.cat([cover, wide, cover])


def pad__pixel_by_pixel(image, padding):
    output = torch.zeros(image.shape[0] + 2 * padding, image.shape[1] + 2 * padding)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            output[i + padding, j + padding] = image[i, j]
    return output


def output_size__formula(size, kernel_size, stride, padding, dilation):
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1


def output_size__counted(size, kernel_size, stride, padding, dilation):
    last_cell = dilation * (kernel_size - 1)
    return len(range(0, size + 2 * padding - last_cell, stride))


def output_size__pytorch(size, kernel_size, stride, padding, dilation):
    line, kernel = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size)
    return F.conv1d(line, kernel, stride=stride, padding=padding, dilation=dilation).shape[2]


def cross_correlate_strided__loops(image, kernel, stride):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros((H - kh) // stride + 1, (W - kw) // stride + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            top, left = i * stride, j * stride
            output[i, j] = (image[top : top + kh, left : left + kw] * kernel).sum()
    return output


def cross_correlate_strided__every_so_many(image, kernel, stride):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0, ::stride, ::stride]


def cross_correlate_strided__unfold(image, kernel, stride):
    windows = image.unfold(0, kernel.shape[0], stride).unfold(1, kernel.shape[1], stride)
    return (windows * kernel).sum(dim=(2, 3))


def receptive_field__forwards(layers):
    seen, apart = 1, 1
    for kernel_size, stride in layers:
        seen = seen + (kernel_size - 1) * apart
        apart = apart * stride
    return seen


def receptive_field__backwards(layers):
    seen = 1
    for kernel_size, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel_size
    return seen


def receptive_field__first_and_last_pixel(layers):
    first, last = 0, 0
    for kernel_size, stride in layers[::-1]:
        first, last = first * stride, last * stride + kernel_size - 1
    return last - first + 1


def same_padding__half_of_the_gaps(kernel_size, dilation):
    return dilation * (kernel_size - 1) // 2


def same_padding__cells_beside_the_middle(kernel_size, dilation):
    return kernel_size // 2 * dilation


def same_padding__whole_border(kernel_size, dilation):
    reach = dilation * (kernel_size - 1) + 1
    return (reach - 1) // 2


SETTINGS = [
    (size, kernel_size, stride, padding, dilation)
    for size, kernel_size, stride, padding, dilation in itertools.product(
        (6, 9), (1, 2, 3), (1, 2, 4), (0, 1, 3), (1, 2)
    )
]
OTHER_INPUTS = {
    "pad": [(*random(shape), p) for shape in [(1, 3), (4, 2), (3, 3)] for p in (0, 1, 4)],
    "output_size": SETTINGS,
    "cross_correlate_strided": [
        (*random((h, w), (kh, kw)), stride)
        for h, w, kh, kw, stride in itertools.product((3, 6), (5, 4), (1, 2), (1, 3), (1, 2, 3))
    ],
    "receptive_field": [
        (layers,)
        for count in (1, 2, 3)
        for layers in itertools.product([(1, 1), (3, 1), (2, 2), (4, 3)], repeat=count)
    ],
    "same_padding": list(itertools.product((1, 3, 5, 9), (1, 2, 3))),
}
