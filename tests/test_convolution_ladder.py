"""The convolution ladder: every rung computes what PyTorch computes, or its time says nothing."""

import pytest
import torch
from torch.nn import functional as F

from benchmarks import convolution
from benchmarks.convolution import RUNGS, Layer


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("layer", [Layer(1, 1, 1, 5), Layer(3, 4, 2, 7)], ids=str)
def test_every_rung_gives_what_pytorch_gives(rung, layer):
    x, weight = layer.operands()
    torch.testing.assert_close(RUNGS[rung](x, weight), F.conv2d(x, weight), atol=1e-5, rtol=1e-5)


def test_products_are_counted_for_each_place_kernel_and_channel():
    assert Layer(2, 3, 5, 6).products == pytest.approx(2 * 4 * 4 * 5 * 3 * 9 / 1e6)


def test_a_ratio_compares_within_a_round_so_that_a_slow_minute_does_not_count(monkeypatch):
    # every rung takes twice the library's time, and all take ten times as long in one round
    slow = iter([1] * 6 + [1] * 6 + [10] * 6 + [1] * 6)
    once = lambda rung, x, weight: next(slow) * (1 if rung is F.conv2d else 2)  # noqa: E731
    monkeypatch.setattr(convolution, "seconds", once)
    assert convolution.row(Layer(1, 1, 1, 5), rounds=3)[2:] == ["1000.00", *["2"] * 5]
