"""Pooling by hand: equal to PyTorch's own, also where windows overlap, hang over or tie."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional as F

from course_utils import inputs, ops

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)
PAIRS = [(ops.max_pool2d, F.max_pool2d), (ops.avg_pool2d, F.avg_pool2d)]
each_pooling = pytest.mark.parametrize(("mine", "theirs"), PAIRS, ids=["max", "average"])


@some.composite
def poolings(draw) -> tuple[torch.Tensor, dict]:
    """Make up maps, of whole numbers with ties or of fractions, and windows that fit in them."""
    kernel = draw(some.integers(1, 5) | some.tuples(*2 * [some.integers(1, 5)]))
    kernels = inputs.pair(kernel, "kernel_size", 1)
    padding = tuple(draw(some.integers(0, k // 2)) for k in kernels)
    numbers = some.integers(1, 6)
    chosen = {
        "kernel_size": kernel,
        "stride": draw(some.none() | numbers | some.tuples(numbers, numbers)),
        "padding": padding if padding[0] != padding[1] else padding[0],
        "ceil_mode": draw(some.booleans()),
    }
    least = [max(1, k - 2 * wide) for k, wide in zip(kernels, padding, strict=True)]
    size = [draw(some.integers(number, number + 7)) for number in least]
    generator = torch.Generator().manual_seed(draw(some.integers(0, 2**32)))
    channels, batch = draw(some.integers(1, 3)), draw(some.integers(0, 3))
    x = torch.randn(batch, channels, *size, generator=generator, dtype=torch.float64)
    x = -x.abs().round() if draw(some.booleans()) else x  # none is above the padding's zeros
    return x.requires_grad_(), chosen


@each_pooling
@many
@given(case=poolings())
def test_pooling_agrees_with_pytorch_forwards_and_backwards(mine, theirs, case):
    x, chosen = case
    out, expected = mine(x, **chosen), theirs(x, **chosen)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-10)
    above = torch.arange(1.0, out.numel() + 1, dtype=torch.float64).view_as(out)
    slopes = [torch.autograd.grad(y, x, above)[0] for y in (out, expected)]
    torch.testing.assert_close(*slopes, rtol=0, atol=1e-10)


@each_pooling
@pytest.mark.parametrize(
    "chosen", [{"padding": 1}, {"stride": 1}, {"stride": 3, "ceil_mode": True}]
)
def test_the_slopes_of_a_pooling_are_those_of_small_steps(mine, theirs, chosen):
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0)).double()
    x = order.view(1, 2, 4, 5).requires_grad_()  # no ties, where a slope is a matter of convention
    assert torch.autograd.gradcheck(lambda x: mine(x, 2, **chosen), x)


@each_pooling
def test_ceil_mode_counts_windows_as_pytorch_does(mine, theirs):
    for size, kernel, stride, padding in itertools.product(
        range(3, 10), (2, 3), range(1, 6), (0, 1)
    ):
        x = torch.rand(1, 1, size, size)
        chosen = {"stride": stride, "padding": padding, "ceil_mode": True}
        torch.testing.assert_close(mine(x, kernel, **chosen), theirs(x, kernel, **chosen))


X = torch.zeros(1, 2, 5, 5)
REFUSED = [
    (ValueError, "kernel_size must be at least 1, got 0", {"kernel_size": 0}),
    (ValueError, "stride must be at least 1, got 0", {"stride": 0}),
    (ValueError, "padding must be at least 0, got -1", {"padding": -1}),
    (ValueError, "at most half of kernel_size 2, got 2", {"padding": 2}),
    (ValueError, "reaches over 6 pixels, and the padded image has 5", {"kernel_size": 6}),
    (ValueError, r"pair \(down, across\), got \(2, 2, 2\)", {"kernel_size": (2, 2, 2)}),
    (TypeError, "kernel_size must be a whole number, got 2.0", {"kernel_size": 2.0}),
    (TypeError, "stride must be a whole number, got True", {"stride": True}),
    (ValueError, r"four axes \(N, C, H, W\), got shape \(5, 5\)", {"x": X[0, 0]}),
    (TypeError, "kernel_size must be a whole number, got nan", {"kernel_size": math.nan}),
    (TypeError, "kernel_size must be a whole number, got '2'", {"kernel_size": "2"}),
    (TypeError, "padding must be a whole number, got None", {"padding": None}),
    (TypeError, "ceil_mode must be True or False, got 'no'", {"ceil_mode": "no"}),
    (TypeError, "ceil_mode must be True or False, got None", {"ceil_mode": None}),
    (TypeError, "x must be a tensor of fractions, got torch.bool", {"x": X > 0}),
    (TypeError, "x must be a tensor of fractions, got torch.int64", {"x": X.long()}),
    (TypeError, "x must be a tensor of fractions, got <class 'list'>", {"x": [[1.0]]}),
]  # fmt: skip


@pytest.mark.fault(
    "a pooling with a window of 0, larger than the map, or of text or nan; whole numbers;"
    " a padding of more than half the window",
    "a ValueError or TypeError that names the value and what is allowed",
)
@each_pooling
@pytest.mark.parametrize(("error", "words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_with_the_value(mine, theirs, error, words, changed):
    given = {"x": X, "kernel_size": 2} | changed
    with pytest.raises(error, match=words):
        mine(given.pop("x"), **given)


@pytest.mark.fault("nan or infinite pixels under a pooling", "the answer is PyTorch's")
@each_pooling
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_goes_through_a_pooling_as_in_pytorch(mine, theirs, value):
    x = torch.ones(1, 1, 4, 4)
    x[0, 0, 1, 2] = value
    torch.testing.assert_close(mine(x, 2), theirs(x, 2), equal_nan=True)


@each_pooling
def test_the_map_that_went_in_stays_as_it_was(mine, theirs):
    x = torch.rand(2, 3, 4, 4)
    before = x.clone()
    mine(x, 2, padding=1)
    assert torch.equal(x, before)
