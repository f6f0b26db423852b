"""Pooling by hand: equal to PyTorch's own, also where windows overlap, hang over or tie."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from course_utils import ops

PAIRS = [(ops.max_pool2d, F.max_pool2d), (ops.avg_pool2d, F.avg_pool2d)]
SETTINGS = [
    {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    for kernel, stride, padding, ceil_mode in itertools.product(
        (1, 2, 3, (3, 2)), (None, 1, 2, 5, (2, 3)), (0, 1, (1, 0)), (False, True)
    )
    if 2 * max(torch.tensor(padding).flatten()) <= min(torch.tensor(kernel).flatten())
]
each_pooling = pytest.mark.parametrize(("mine", "theirs"), PAIRS, ids=["max", "average"])


def maps(size: tuple[int, int], *, whole: bool) -> list[torch.Tensor]:
    """Two equal tensors that collect gradients; whole numbers have ties, and none is positive."""
    generator = torch.Generator().manual_seed(sum(size))
    made = torch.randn(2, 3, *size, generator=generator, dtype=torch.float64)
    made = -made.abs().round() if whole else made
    return [made.clone().requires_grad_(), made.clone().requires_grad_()]


@each_pooling
@pytest.mark.parametrize("whole", [False, True], ids=["fractions", "ties"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_pooling_agrees_with_pytorch_forwards_and_backwards(mine, theirs, settings, whole):
    for size in [(5, 5), (6, 7), (8, 3)]:
        x, other = maps(size, whole=whole)
        out, expected = mine(x, **settings), theirs(other, **settings)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-12)
        slopes = torch.arange(1.0, out.numel() + 1, dtype=torch.float64).view_as(out)
        out.backward(slopes)
        expected.backward(slopes)
        torch.testing.assert_close(x.grad, other.grad, rtol=0, atol=1e-10)


@each_pooling
def test_ceil_mode_counts_windows_as_pytorch_does(mine, theirs):
    for size, kernel, stride, padding in itertools.product(
        range(3, 10), (2, 3), range(1, 6), (0, 1)
    ):
        x = torch.rand(1, 1, size, size)
        settings = {"stride": stride, "padding": padding, "ceil_mode": True}
        torch.testing.assert_close(mine(x, kernel, **settings), theirs(x, kernel, **settings))


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
    (TypeError, "x must be a tensor of fractions, got torch.int64", {"x": X.long()}),
    (TypeError, "x must be a tensor of fractions, got <class 'list'>", {"x": [[1.0]]}),
]  # fmt: skip


@each_pooling
@pytest.mark.parametrize(("error", "words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_with_the_value(mine, theirs, error, words, changed):
    settings = {"x": X, "kernel_size": 2} | changed
    with pytest.raises(error, match=words):
        mine(settings.pop("x"), **settings)


@each_pooling
def test_the_map_that_went_in_stays_as_it_was(mine, theirs):
    x, before = maps((4, 4), whole=False)
    mine(x, 2, padding=1)
    assert torch.equal(x, before)
