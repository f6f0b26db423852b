"""Right answers to the exercises of lesson 04, each written in its own way."""

import itertools

import torch
from torch.nn import functional as F

from course_utils import ops
from tests.check_kit import random


def max_pool__loops(image, kernel_size):
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros(H // k, W // k)
    for i in range(H // k):
        for j in range(W // k):
            output[i, j] = image[i * k : (i + 1) * k, j * k : (j + 1) * k].max()
    return output


def max_pool__by_comparing(image, kernel_size):
    rows, columns = image.shape[0] // kernel_size, image.shape[1] // kernel_size
    output = torch.full((rows, columns), float("-inf"))
    for i in range(rows * kernel_size):
        for j in range(columns * kernel_size):
            at = (i // kernel_size, j // kernel_size)
            if image[i, j] > output[at]:
                output[at] = image[i, j]
    return output


def max_pool__unfold(image, kernel_size):
    return (
        image.unfold(0, kernel_size, kernel_size).unfold(1, kernel_size, kernel_size).amax((2, 3))
    )


def max_pool__pytorch(image, kernel_size):
    return F.max_pool2d(image[None], kernel_size)[0]


def avg_pool__loops(image, kernel_size, stride):
    H, W = image.shape
    output = image.new_zeros((H - kernel_size) // stride + 1, (W - kernel_size) // stride + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            for a in range(kernel_size):
                for b in range(kernel_size):
                    output[i, j] += image[i * stride + a, j * stride + b] / kernel_size**2
    return output


def avg_pool__unfold(image, kernel_size, stride):
    return image.unfold(0, kernel_size, stride).unfold(1, kernel_size, stride).mean(dim=(2, 3))


def avg_pool__course(image, kernel_size, stride):
    return ops.avg_pool2d(image[None, None], kernel_size, stride=stride)[0, 0]


def strided_max_pool__loops(image, kernel_size, stride):
    H, W = image.shape
    rows, columns = (H - kernel_size) // stride + 1, (W - kernel_size) // stride + 1
    output = image.new_zeros(rows, columns)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            output[i, j] = image[top : top + kernel_size, left : left + kernel_size].max()
    return output


def strided_max_pool__every_place_first(image, kernel_size, stride):
    return F.max_pool2d(image[None], kernel_size, 1)[0, ::stride, ::stride]


def global_average_pool__mean(maps):
    return maps.mean(dim=(2, 3))


def global_average_pool__loops(maps):
    output = maps.new_zeros(maps.shape[0], maps.shape[1])
    for n in range(maps.shape[0]):
        for c in range(maps.shape[1]):
            output[n, c] = maps[n, c].sum() / maps[n, c].numel()
    return output


def global_average_pool__adaptive(maps):
    return F.adaptive_avg_pool2d(maps, 1).flatten(1)


def route_gradient__loops(image, gradient, kernel_size):
    k, output = kernel_size, image.new_zeros(image.shape)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            window = image[i * k : i * k + k, j * k : j * k + k]
            row, column = divmod(window.argmax().item(), k)
            output[i * k + row, j * k + column] = gradient[i, j]
    return output


def route_gradient__by_comparing(image, gradient, kernel_size):
    output = torch.zeros_like(image)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            best = (i * kernel_size, j * kernel_size)
            for a in range(i * kernel_size, (i + 1) * kernel_size):
                for b in range(j * kernel_size, (j + 1) * kernel_size):
                    if image[a, b] > image[best]:
                        best = (a, b)
            output[best] = gradient[i, j]
    return output


def route_gradient__autograd(image, gradient, kernel_size):
    copy = image.clone().requires_grad_()
    F.max_pool2d(copy[None], kernel_size)[0].backward(gradient)
    return copy.grad


SIZES = [(1, 1), (2, 5), (5, 4), (6, 6), (9, 7)]
FITTING = [
    (size, k, stride)
    for size, k, stride in itertools.product(SIZES, (1, 2, 3), (1, 2, 3))
    if k <= min(size)
]
TIES = [
    (random((h, w))[0].round(), random((h // k, w // k))[0], k)
    for h, w, k in [(1, 1, 1), (2, 2, 2), (5, 4, 2), (3, 8, 2), (6, 9, 3), (7, 3, 3)]
]
OTHER_INPUTS = {
    "max_pool": [(*random(size), k) for size, k, stride in FITTING if stride == 1],
    "avg_pool": [(*random(size), k, stride) for size, k, stride in FITTING],
    "strided_max_pool": [(*random(size), k, stride) for size, k, stride in FITTING],
    "global_average_pool": [
        random(shape) for shape in [(1, 1, 1, 1), (2, 3, 4, 5), (3, 2, 5, 2), (4, 4, 3, 3)]
    ],
    "route_gradient": TIES,
}
