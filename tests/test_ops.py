"""The operations by hand: equal to PyTorch's own, and clear about what they refuse."""

import random

import pytest
import torch
from torch.nn import functional as F

from course_utils import ops


def configuration(seed: int) -> dict:
    """Choose a convolution at random, of a kind that fits."""
    dice = random.Random(seed)
    settings = {
        "stride": dice.choice([1, 2, 3, (1, 2)]),
        "padding": dice.choice([0, 1, 2, (2, 0)]),
        "dilation": dice.choice([1, 1, 2, (2, 1)]),
    }
    kernel = (dice.randint(1, 4), dice.randint(1, 4))
    image = (dice.randint(7, 12), dice.randint(7, 12))
    channels, kernels = dice.randint(1, 4), dice.randint(1, 4)
    return {
        "x": (dice.randint(1, 3), channels, *image),
        "weight": (kernels, channels, *kernel),
        "bias": (kernels,) if dice.random() < 0.5 else None,
        "settings": settings,
    }


def tensors(shapes: dict, seed: int) -> list:
    generator = torch.Generator().manual_seed(seed)
    return [
        None if shape is None
        else torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in (shapes["x"], shapes["weight"], shapes["bias"])
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_conv2d_agrees_with_pytorch_forwards_and_backwards(seed):
    shapes = configuration(seed)
    mine, theirs = tensors(shapes, seed), tensors(shapes, seed)
    out = ops.conv2d(*mine, **shapes["settings"])
    expected = F.conv2d(*theirs, **shapes["settings"])
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-10)
    out.square().sum().backward()
    expected.square().sum().backward()
    for one, other in zip(mine, theirs, strict=True):
        if one is not None:
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-10)


X, W = torch.zeros(1, 2, 5, 5), torch.zeros(3, 2, 3, 3)
REFUSED = [
    (ValueError, "stride must be at least 1, got 0", {"stride": 0}),
    (ValueError, "stride must be at least 1, got -1", {"stride": (1, -1)}),
    (ValueError, "padding must be at least 0, got -1", {"padding": -1}),
    (ValueError, "dilation must be at least 1, got 0", {"dilation": 0}),
    (ValueError, r"pair \(down, across\), got \(1, 2, 3\)", {"stride": (1, 2, 3)}),
    (TypeError, "stride must be a whole number, got 1.5", {"stride": 1.5}),
    (TypeError, "padding must be a whole number, got 'same'", {"padding": "same"}),
    (TypeError, "stride must be a whole number, got True", {"stride": True}),
    (ValueError, "reaches over 5 pixels, and the padded image has 4", {"x": X[:, :, :4, :4],
                                                                        "dilation": 2}),
    (ValueError, r"four axes \(N, C, H, W\), got shape \(5, 5\)", {"x": X[0, 0]}),
    (ValueError, r"four axes \(O, C, kh, kw\), got shape \(3, 3\)", {"weight": W[0, 0]}),
    (ValueError, "same number of channels, one at least; got 1 and 2", {"x": X[:, :1]}),
    (ValueError, "got 0 and 0", {"x": X[:, :0], "weight": W[:, :0]}),
    (ValueError, "same dtype, got torch.float64, torch.float32", {"x": X.double()}),
    (ValueError, r"each of the 3 kernels, got shape \(2,\)", {"bias": X[0, 0, 0, :2]}),
    (TypeError, "x must be a tensor, got list", {"x": [[1.0]]}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_with_the_value(error, words, changed):
    settings = {"x": X, "weight": W} | changed
    with pytest.raises(error, match=words):
        ops.conv2d(settings.pop("x"), settings.pop("weight"), **settings)


@pytest.mark.parametrize("size", range(3, 12))
@pytest.mark.parametrize(
    "settings", [{}, {"stride": 2}, {"padding": 1, "stride": 3}, {"dilation": 1}]
)
def test_output_size_counts_what_pytorch_gives(size, settings):
    image = torch.zeros(1, 1, size, size)
    expected = F.conv2d(image, torch.zeros(1, 1, 3, 3), **settings).shape[2]
    assert ops.output_size(size, 3, **settings) == expected
