"""The receptive field by its formula: equal to what a gradient reaches."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional as F

from course_utils import ops

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def pixels_reached(layers) -> int:
    """Count the pixels of a line that the middle number of the last map depends on."""
    line = torch.zeros(1, 1, 300, requires_grad=True)
    x = line
    for kernel_size, stride in layers:
        x = F.conv1d(x, torch.ones(1, 1, kernel_size), stride=stride)
    x[0, 0, x.shape[2] // 2].backward()
    reached = line.grad.flatten().nonzero()
    return (reached[-1] - reached[0]).item() + 1


@many
@given(some.lists(some.tuples(some.integers(1, 6), some.integers(1, 3)), max_size=4))
def test_it_counts_the_pixels_that_a_gradient_reaches(layers):
    assert ops.receptive_field(layers) == pixels_reached(layers)


def test_a_dilated_kernel_counts_with_its_reach():
    image = torch.zeros(1, 1, 30, 1, requires_grad=True)
    x = F.conv2d(image, torch.ones(1, 1, 3, 1), dilation=(3, 1))
    x = F.conv2d(x, torch.ones(1, 1, 2, 1))
    x[0, 0, 5, 0].backward()
    reached = image.grad.flatten().nonzero()
    assert ops.receptive_field([(7, 1), (2, 1)]) == reached[-1] - reached[0] + 1


@pytest.mark.fault(
    "a layer without its stride, a stride of 0, text or nan for a size",
    "a ValueError or TypeError that names it",
)
@pytest.mark.parametrize(
    ("error", "words", "layers"),
    [
        (ValueError, r"pair \(kernel_size, stride\), got 3", [3, 1]),
        (ValueError, r"pair \(kernel_size, stride\), got \(3, 1, 1\)", [(3, 1, 1)]),
        (ValueError, "kernel_size must be at least 1, got 0", [(3, 1), (0, 1)]),
        (ValueError, "stride must be at least 1, got 0", [(3, 0)]),
        (TypeError, "kernel_size must be a whole number, got 3.0", [(3.0, 1)]),
        (TypeError, "kernel_size must be a whole number, got '3'", [("3", 1)]),
        (TypeError, "stride must be a whole number, got nan", [(3, math.nan)]),
    ],
)
def test_what_is_no_layer_is_refused_with_the_value(error, words, layers):
    with pytest.raises(error, match=words):
        ops.receptive_field(layers)
