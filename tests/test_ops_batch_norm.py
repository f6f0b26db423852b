"""Batch norm by hand: PyTorch's answers, running statistics and slopes, and its refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.nn import functional as F

from course_utils import ops

many = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def made_up(shape: tuple[int, ...], seed: int = 0) -> dict:
    """Activations far from mean 0 and spread 1, and four numbers for each channel."""
    generator = torch.Generator().manual_seed(seed)
    x, *numbers = (
        torch.randn(size, generator=generator, dtype=torch.float64)
        for size in (shape, *4 * [shape[1:2]])
    )
    mean, variance, weight, bias = numbers
    return {
        "input": (5 + 3 * x).requires_grad_(),
        "running_mean": mean,
        "running_var": variance.exp(),
        "weight": weight.requires_grad_(),
        "bias": bias.requires_grad_(),
    }


@some.composite
def normalisations(draw) -> tuple[tuple[int, ...], int, dict]:
    """Make up a shape with two values per channel or more, a seed, and settings."""
    sizes = some.lists(some.integers(1, 5), max_size=3)
    shape = draw(some.integers(1, 6)), draw(some.integers(1, 4)), *draw(sizes)
    if math.prod(shape) == shape[1]:
        shape = 2, *shape[1:]
    chosen = {
        "training": draw(some.booleans()),
        "momentum": draw(some.floats(0, 1)),
        "eps": draw(some.floats(1e-6, 1)),
    }
    return shape, draw(some.integers(0, 2**32)), chosen


@many
@given(normalisations())
def test_batch_norm_agrees_with_pytorch_forwards_and_backwards(case):
    shape, seed, chosen = case
    mine, theirs = made_up(shape, seed), made_up(shape, seed)
    out = ops.batch_norm(*mine.values(), **chosen)
    expected = F.batch_norm(**theirs, **chosen)
    torch.testing.assert_close(out, expected, rtol=1e-10, atol=1e-10)
    above = torch.linspace(-1, 1, out.numel(), dtype=torch.float64).view_as(out)
    out.backward(above)
    expected.backward(above)
    for name in theirs:
        torch.testing.assert_close(mine[name], theirs[name], rtol=0, atol=1e-10)
        if mine[name].requires_grad:
            torch.testing.assert_close(mine[name].grad, theirs[name].grad, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("training", [True, False])
def test_the_slopes_of_batch_norm_are_those_of_small_steps(training):
    x, mean, variance, weight, bias = made_up((3, 2, 2, 2)).values()
    assert torch.autograd.gradcheck(
        lambda *given: ops.batch_norm(
            given[0], mean.clone(), variance.clone(), *given[1:], training=training
        ),
        (x, weight, bias),
    )


@pytest.mark.parametrize("momentum", [0.0, 0.1, 0.5, 1.0])
def test_the_running_statistics_follow_a_layer_of_pytorch_over_many_batches(momentum):
    layer = torch.nn.BatchNorm2d(3, momentum=momentum, dtype=torch.float64)
    mean, variance = torch.zeros(3).double(), torch.ones(3).double()
    for seed in range(5):
        x = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(seed)).double()
        ops.batch_norm(x, mean, variance, training=True, momentum=momentum)
        layer(x)
    torch.testing.assert_close(mean, layer.running_mean)
    torch.testing.assert_close(variance, layer.running_var)


def test_in_evaluation_the_running_statistics_stay_as_they_are():
    numbers = made_up((4, 2, 3, 3))
    before = numbers["running_mean"].clone(), numbers["running_var"].clone()
    ops.batch_norm(*numbers.values())
    assert torch.equal(numbers["running_mean"], before[0])
    assert torch.equal(numbers["running_var"], before[1])


def test_training_needs_no_running_statistics_and_neither_weight_nor_bias():
    x = torch.randn(4, 2, 3, 3)
    expected = F.batch_norm(x, None, None, training=True)
    torch.testing.assert_close(ops.batch_norm(x, None, None, training=True), expected)


X, TWO = torch.randn(4, 2, 3, 3), torch.ones(2)
REFUSED = [
    (ValueError, r"needs two values per channel or more, got \(1, 2\)", {"x": X[:1, :, 0, 0]}),
    (ValueError, r"got \(1, 2, 1, 1\); take a larger batch", {"x": X[:1, :, :1, :1]}),
    (ValueError, r"axes \(N, C, ...\), none empty, got \(4,\)", {"x": X[:, 0, 0, 0]}),
    (ValueError, r"none empty, got \(0, 2, 3, 3\)", {"x": X[:0]}),
    (ValueError, r"weight must have one number for each of the 2 channels, got shape \(3,\)",
     {"weight": torch.ones(3)}),
    (ValueError, r"running_mean must have .* got shape \(1, 2\)", {"running_mean": TWO[None]}),
    (ValueError, "both be given", {"running_var": None}),
    (ValueError, "both be given", {"running_mean": None, "running_var": None, "training": False}),
    (ValueError, "momentum must be from 0 to 1, got 1.5", {"momentum": 1.5}),
    (ValueError, "momentum must be from 0 to 1, got -0.1", {"momentum": -0.1}),
    (ValueError, "momentum must be from 0 to 1, got nan", {"momentum": math.nan}),
    (TypeError, "momentum must be a number, got None", {"momentum": None}),
    (TypeError, "momentum must be a number, got '0.1'", {"momentum": "0.1"}),
    (ValueError, "eps must be at least 0 and finite, got -1e-05", {"eps": -1e-5}),
    (ValueError, "eps must be at least 0 and finite, got nan", {"eps": math.nan}),
    (ValueError, "eps must be at least 0 and finite, got inf", {"eps": math.inf}),
    (TypeError, "eps must be a number, got True", {"eps": True}),
    (TypeError, "training must be True or False, got 'yes'", {"training": "yes"}),
    (ValueError, "x and running_mean must have the same dtype, got torch.float64, torch.float32",
     {"x": X.double()}),
    (ValueError, "x and bias must have the same dtype, got torch.float32, torch.int64",
     {"bias": TWO.long()}),
    (TypeError, "running_var must be a tensor, got list", {"running_var": [1.0, 1.0]}),
    (TypeError, "weight must be a tensor, got float", {"weight": 1.0}),
    (TypeError, "x must be a tensor of fractions, got torch.int64", {"x": X.long()}),
    (TypeError, "x must be a tensor of fractions, got <class 'list'>", {"x": [[1.0]]}),
]  # fmt: skip


@pytest.mark.fault(
    "a batch norm with one value per channel, an eps below 0, a momentum of nan or above 1,"
    " statistics of another shape or dtype",
    "a ValueError or TypeError that names it, and the running statistics have not moved",
)
@pytest.mark.parametrize(("error", "words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_changes(error, words, changed):
    given = {"x": X, "running_mean": torch.zeros(2), "running_var": TWO.clone()} | changed
    with pytest.raises(error, match=words):
        ops.batch_norm(**{"training": True} | given)
    assert "running_mean" in changed or not given["running_mean"].any()
    assert "running_var" in changed or torch.equal(given["running_var"], TWO)
