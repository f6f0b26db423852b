"""The receptive field by its formula: equal to what a gradient reaches."""

import random

import pytest
import torch
from torch.nn import functional as F

from course_utils import ops


def rows_reached(layers) -> int:
    """Count the rows of an image that the middle number of the last map depends on."""
    image = torch.zeros(1, 1, 120, 1, requires_grad=True)
    x = image
    for kernel_size, stride in layers:
        x = F.conv2d(x, torch.ones(1, 1, kernel_size, 1), stride=(stride, 1))
    x[0, 0, x.shape[2] // 2, 0].backward()
    return image.grad.flatten().nonzero().diff(dim=0).sum().item() + 1  # from the first to the last


def some_layers(seed: int) -> list[tuple[int, int]]:
    dice = random.Random(seed)
    return [(dice.randint(1, 5), dice.randint(1, 2)) for _ in range(dice.randint(0, 5))]


@pytest.mark.parametrize("seed", range(40))
def test_it_counts_the_pixels_that_a_gradient_reaches(seed):
    layers = some_layers(seed)
    assert ops.receptive_field(layers) == rows_reached(layers)


def test_a_dilated_kernel_counts_with_its_reach():
    image = torch.zeros(1, 1, 30, 1, requires_grad=True)
    x = F.conv2d(image, torch.ones(1, 1, 3, 1), dilation=(3, 1))
    x = F.conv2d(x, torch.ones(1, 1, 2, 1))
    x[0, 0, 5, 0].backward()
    reached = image.grad.flatten().nonzero()
    assert ops.receptive_field([(7, 1), (2, 1)]) == reached[-1] - reached[0] + 1


@pytest.mark.parametrize(
    ("error", "words", "layers"),
    [
        (ValueError, r"pair \(kernel_size, stride\), got 3", [3, 1]),
        (ValueError, r"pair \(kernel_size, stride\), got \(3, 1, 1\)", [(3, 1, 1)]),
        (ValueError, "kernel_size must be at least 1, got 0", [(3, 1), (0, 1)]),
        (ValueError, "stride must be at least 1, got 0", [(3, 0)]),
        (TypeError, "kernel_size must be a whole number, got 3.0", [(3.0, 1)]),
    ],
)
def test_what_is_no_layer_is_refused_with_the_value(error, words, layers):
    with pytest.raises(error, match=words):
        ops.receptive_field(layers)
