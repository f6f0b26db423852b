"""The operations by hand: equal to PyTorch's own, and clear about what they refuse."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional as F

from course_utils import inputs, ops

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def one_or_two(least: int, most: int):
    """Make up one number, or a pair (down, across)."""
    return some.integers(least, most) | some.tuples(*2 * [some.integers(least, most)])


def random(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    made = torch.randn(shape, generator=generator, dtype=torch.float64)
    return made.requires_grad_()


@some.composite
def convolutions(draw) -> tuple[list, dict]:
    """Make up x, weight and bias, and settings with which the kernel fits."""
    batch, channels, kernels = (draw(some.integers(least, 4)) for least in (0, 1, 1))
    kernel = [draw(some.integers(1, 4)) for _ in range(2)]
    chosen = {
        "stride": draw(one_or_two(1, 4)),
        "padding": draw(one_or_two(0, 3)),
        "dilation": draw(one_or_two(1, 3)),
    }
    padding, dilation = (inputs.pair(chosen[name], name, 0) for name in ("padding", "dilation"))
    reach = [step * (k - 1) + 1 for step, k in zip(dilation, kernel, strict=True)]
    least = [max(1, long - 2 * wide) for long, wide in zip(reach, padding, strict=True)]
    image = [draw(some.integers(size, size + 7)) for size in least]
    generator = torch.Generator().manual_seed(draw(some.integers(0, 2**32)))
    x = random((batch, channels, *image), generator)
    weight = random((kernels, channels, *kernel), generator)
    bias = random((kernels,), generator) if draw(some.booleans()) else None
    return [x, weight, bias], chosen


@many
@given(convolutions())
def test_conv2d_agrees_with_pytorch_forwards_and_backwards(case):
    tensors, chosen = case
    out, expected = ops.conv2d(*tensors, **chosen), F.conv2d(*tensors, **chosen)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-10)
    with_slope = [tensor for tensor in tensors if tensor is not None]
    above = torch.linspace(-1, 1, out.numel(), dtype=torch.float64).view_as(out)
    mine, theirs = (torch.autograd.grad(y, with_slope, above) for y in (out, expected))
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


@many
@given(some.lists(some.integers(0, 5), min_size=4, max_size=4), one_or_two(0, 6))
def test_pad_agrees_with_pytorch_forwards_and_backwards(shape, padding):
    x = torch.arange(1.0, math.prod(shape) + 1, dtype=torch.float64).view(shape).requires_grad_()
    down, across = inputs.pair(padding, "padding", 0)
    out, expected = ops.pad(x, padding), F.pad(x, (across, across, down, down))
    torch.testing.assert_close(out, expected, rtol=0, atol=0)
    mine, theirs = (torch.autograd.grad(y.square().sum(), x)[0] for y in (out, expected))
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("chosen", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 2}])
def test_the_slopes_of_conv2d_are_those_of_small_steps(chosen):
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 2, 4, 5), (3, 2, 2, 3), (3,)]
    tensors = [random(shape, generator) for shape in shapes]
    assert torch.autograd.gradcheck(lambda *given: ops.conv2d(*given, **chosen), tensors)


X, W = torch.zeros(1, 2, 5, 5), torch.zeros(3, 2, 3, 3)
HUGE = 10**9
REFUSED = [
    (ValueError, "stride must be at least 1, got 0", {"stride": 0}),
    (ValueError, "stride must be at least 1, got -1", {"stride": (1, -1)}),
    (ValueError, "padding must be at least 0, got -1", {"padding": -1}),
    (ValueError, "dilation must be at least 1, got 0", {"dilation": 0}),
    (ValueError, r"pair \(down, across\), got \(1, 2, 3\)", {"stride": (1, 2, 3)}),
    (TypeError, "stride must be a whole number, got 1.5", {"stride": 1.5}),
    (TypeError, "stride must be a whole number, got nan", {"stride": math.nan}),
    (TypeError, "dilation must be a whole number, got None", {"dilation": None}),
    (TypeError, "padding must be a whole number, got 'same'", {"padding": "same"}),
    (TypeError, "stride must be a whole number, got True", {"stride": True}),
    (ValueError, "reaches over 5 pixels, and the padded image has 4", {"x": X[:, :, :4, :4],
                                                                        "dilation": 2}),
    (ValueError, "the padded image has 5; take a smaller kernel", {"dilation": HUGE}),
    (ValueError, "kernel_size must be at least 1, got 0", {"weight": W[:, :, :0]}),
    (ValueError, r"four axes \(N, C, H, W\), got shape \(5, 5\)", {"x": X[0, 0]}),
    (ValueError, r"four axes \(O, C, kh, kw\), got shape \(3, 3\)", {"weight": W[0, 0]}),
    (ValueError, "same number of channels, one at least; got 1 and 2", {"x": X[:, :1]}),
    (ValueError, "got 0 and 0", {"x": X[:, :0], "weight": W[:, :0]}),
    (ValueError, "same dtype, got torch.float64, torch.float32", {"x": X.double()}),
    (ValueError, "same dtype, got torch.int64, torch.float32", {"x": X.long()}),
    (TypeError, r"must hold numbers, got torch.bool; use x.float\(\)", {"x": X > 0,
                                                                       "weight": W > 0}),
    (ValueError, r"each of the 3 kernels, got shape \(2,\)", {"bias": X[0, 0, 0, :2]}),
    (ValueError, "x and bias must have the same dtype, got torch.float32, torch.float64",
     {"bias": torch.zeros(3).double()}),
    (TypeError, "bias must be a tensor, got float", {"bias": 1.0}),
    (TypeError, "x must be a tensor, got list", {"x": [[1.0]]}),
    (TypeError, "weight must be a tensor, got ndarray", {"weight": W.numpy()}),
]  # fmt: skip


@pytest.mark.fault(
    "a convolution with a stride of 0, text for a number, channels or dtypes that differ,"
    " a list for a tensor, a kernel that does not fit",
    "a ValueError or TypeError that names the value and what is allowed",
)
@pytest.mark.parametrize(("error", "words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_with_the_value(error, words, changed):
    given = {"x": X, "weight": W} | changed
    with pytest.raises(error, match=words):
        ops.conv2d(given.pop("x"), given.pop("weight"), **given)


TOO_LARGE = [
    lambda: ops.conv2d(X, W, padding=HUGE),
    lambda: ops.conv2d(X, W, padding=(0, 10**30)),
    lambda: ops.conv2d(X, W, padding=7_000),  # 1.5 GB: this one might still be granted
    lambda: ops.conv2d(X[:, :1], W[:1, :1, :1, :1].expand(2**28, 1, 1, 1)),
    lambda: ops.pad(X, HUGE),
    lambda: ops.max_pool2d(X, 2 * HUGE, padding=HUGE),
    lambda: ops.avg_pool2d(X, 2 * HUGE, padding=HUGE),
    lambda: ops.max_pool2d(torch.zeros(1, 1, 600, 600), 300, stride=1),
]


@pytest.mark.fault(
    "a padding of 10 to the power of 9, or anything else that needs more than a gigabyte",
    "a ValueError before any memory is taken, and the kernel lives on",
)
@pytest.mark.parametrize("ask", TOO_LARGE)
def test_what_has_no_room_is_refused_before_memory_is_taken(ask):
    with pytest.raises(ValueError, match=r"no room for numbers of shape \(.*take fewer or small"):
        ask()


@pytest.mark.fault("an image in a list, or without its four axes", "pad says what it needs")
@pytest.mark.parametrize(
    ("error", "words", "given"),
    [
        (TypeError, "x must be a tensor, got list", ([[1]], 1)),
        (ValueError, r"four axes \(N, C, H, W\), got shape \(5, 5\)", (X[0, 0], 1)),
        (ValueError, r"four axes .* got shape \(1, 1, 2, 5, 5\)", (X[None], 1)),
        (ValueError, "padding must be at least 0, got -2", (X, (0, -2))),
        (TypeError, "padding must be a whole number, got nan", (X, math.nan)),
    ],
)
def test_pad_refuses_what_is_no_image_and_no_padding(error, words, given):
    with pytest.raises(error, match=words):
        ops.pad(*given)


@pytest.mark.fault(
    "no images at all, whole numbers for pixels, or nan in them", "the answer is PyTorch's"
)
@pytest.mark.parametrize(
    "change", [lambda x: x[:0], torch.Tensor.long, torch.Tensor.byte, lambda x: x / 0]
)
def test_odd_but_meaningful_images_are_convolved_as_by_pytorch(change):
    x, weight = change(X + 3), change(W + 2) if change(W).numel() else W + 2
    torch.testing.assert_close(ops.conv2d(x, weight), F.conv2d(x, weight), equal_nan=True)


@many
@given(*[some.integers(1, 30)] * 3, some.integers(0, 5), some.integers(1, 4))
def test_output_size_counts_what_pytorch_gives(size, kernel_size, stride, padding, dilation):
    chosen = {"stride": stride, "padding": padding, "dilation": dilation}
    image, kernel = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size)
    if dilation * (kernel_size - 1) + 1 <= size + 2 * padding:
        expected = F.conv1d(image, kernel, **chosen).shape[2]
        assert ops.output_size(size, kernel_size, **chosen) == expected
    else:
        with pytest.raises(RuntimeError, match="[Kk]ernel size"):
            F.conv1d(image, kernel, **chosen)
        with pytest.raises(ValueError, match=f"the padded image has {size + 2 * padding};"):
            ops.output_size(size, kernel_size, **chosen)


@pytest.mark.fault(
    "text, nan, True, a fraction or a negative number for a size",
    "a ValueError or TypeError that names it",
)
@pytest.mark.parametrize("name", ["size", "kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", ["3", math.nan, True, 2.0, None, -1])
def test_output_size_refuses_what_is_no_size(name, value):
    error = ValueError if value == -1 else TypeError
    with pytest.raises(error, match=rf"{name} must be .* got {value!r}"):
        ops.output_size(**{"size": 5, "kernel_size": 3} | {name: value})


@pytest.mark.parametrize("name", ["size", "kernel_size", "stride", "dilation"])
def test_output_size_refuses_nothing_but_for_padding(name):
    assert ops.output_size(5, 3, padding=0) == ops.output_size(5, 3) == 3
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        ops.output_size(**{"size": 5, "kernel_size": 3, "padding": 9} | {name: 0})


def test_an_image_without_pixels_is_refused_as_by_pytorch_whatever_the_padding():
    x, weight = torch.zeros(1, 1, 0, 4), torch.zeros(1, 1, 1, 1)
    with pytest.raises(RuntimeError):
        F.conv2d(x, weight, padding=1)
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        ops.conv2d(x, weight, padding=1)
