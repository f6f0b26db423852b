"""The networks: shapes on the way, numbers to learn, and what they refuse."""

import pytest
import torch
from torch import nn

from course_utils import models


def test_the_course_cnn_has_the_shapes_that_its_comments_say():
    x = torch.zeros(2, 1, 28, 28)
    trail = []
    for layer in models.course_cnn().eval():
        x = layer(x)
        if isinstance(layer, nn.ReLU | nn.Flatten | nn.Linear):
            trail.append(tuple(x.shape))
    assert trail == [(2, 16, 14, 14), (2, 32, 7, 7), (2, 32, 3, 3), (2, 288), (2, 10)]


def test_the_course_cnn_has_17018_parameters():
    convolutions = 1 * 16 * 9 + 16 * 32 * 9 + 32 * 32 * 9
    batch_norms = 2 * (16 + 32 + 32)
    assert models.count_parameters(models.course_cnn()) == 17_018
    assert convolutions + batch_norms + 288 * 10 + 10 == 17_018


def test_channels_and_classes_can_be_chosen():
    model = models.course_cnn(in_channels=3, classes=4)
    assert model(torch.zeros(2, 3, 28, 28)).shape == (2, 4)


def test_it_gives_logits_not_probabilities():
    torch.manual_seed(0)
    logits = models.course_cnn()(torch.randn(8, 1, 28, 28))
    assert logits.min() < 0
    assert not torch.allclose(logits.sum(1), torch.ones(8))


@pytest.mark.parametrize(
    ("shape", "named"),
    [((2, 3, 28, 28), "expected input.*to have 1 channels"), ((2, 1, 32, 32), "2x512 and 288x10")],
)
def test_another_input_is_refused_with_both_sizes(shape, named):
    with pytest.raises(RuntimeError, match=named):
        models.course_cnn()(torch.zeros(shape))


def test_frozen_numbers_are_not_counted():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    model[0].weight.requires_grad = False
    assert models.count_parameters(model) == 2 + 2 + 2
