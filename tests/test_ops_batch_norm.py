"""Batch norm by hand: PyTorch's answers, running statistics and slopes, and its refusals."""

import pytest
import torch
from torch.nn import functional as F

from course_utils import ops

SHAPES = [(2, 1), (7, 3), (5, 2, 4), (1, 3, 2, 2), (4, 2, 3, 5), (2, 3, 2, 2, 2), (6, 4, 1, 1)]


def given(shape: tuple[int, ...]) -> dict:
    """Activations far from mean 0 and spread 1, and four numbers for each channel."""
    generator = torch.Generator().manual_seed(sum(shape))
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


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("settings", [{}, {"eps": 0.5}, {"momentum": 0.9}])
def test_batch_norm_agrees_with_pytorch_forwards_and_backwards(shape, training, settings):
    mine, theirs = given(shape), given(shape)
    out = ops.batch_norm(*mine.values(), training=training, **settings)
    expected = F.batch_norm(**theirs, training=training, **settings)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-10)
    (out**3).sum().backward()
    (expected**3).sum().backward()
    for name in theirs:
        torch.testing.assert_close(mine[name], theirs[name], rtol=0, atol=1e-10)
        if mine[name].requires_grad:
            torch.testing.assert_close(mine[name].grad, theirs[name].grad, rtol=1e-9, atol=1e-9)


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
    numbers = given((4, 2, 3, 3))
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
    (r"needs two values per channel or more, got \(1, 2\)", {"x": X[:1, :, 0, 0]}),
    (r"got \(1, 2, 1, 1\); take a larger batch", {"x": X[:1, :, :1, :1]}),
    (r"axes \(N, C, ...\), none empty, got \(4,\)", {"x": X[:, 0, 0, 0]}),
    (r"none empty, got \(0, 2, 3, 3\)", {"x": X[:0]}),
    (r"weight must have one number for each of the 2 channels, got shape \(3,\)",
     {"weight": torch.ones(3)}),
    (r"running_mean must have .* got shape \(1, 2\)", {"running_mean": TWO[None]}),
    ("both be given", {"running_var": None}),
    ("both be given", {"running_mean": None, "running_var": None, "training": False}),
]  # fmt: skip


@pytest.mark.parametrize(("words", "changed"), REFUSED)
def test_what_makes_no_sense_is_refused_before_anything_changes(words, changed):
    settings = {"x": X, "running_mean": torch.zeros(2), "running_var": TWO.clone()} | changed
    with pytest.raises(ValueError, match=words):
        ops.batch_norm(**{"training": True} | settings)
    if settings["running_mean"] is not None:
        assert not settings["running_mean"].any() or "running_mean" in changed
