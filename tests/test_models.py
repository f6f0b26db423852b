"""The networks: shapes on the way, numbers to learn, and what they refuse."""

import pytest
import torch
from torch import nn

from course_utils import models, train


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


def test_the_average_head_takes_images_of_any_size_and_the_flatten_head_of_one():
    average = models.course_cnn(head="average")
    assert average(torch.zeros(2, 1, 28, 28)).shape == average(torch.zeros(2, 1, 45, 36)).shape
    assert models.count_parameters(average) == 17_018 - 288 * 10 + 32 * 10
    for size in (8, 28, 36, 45):
        assert models.course_cnn(image_size=size)(torch.zeros(2, 1, size, size)).shape == (2, 10)


def test_the_average_head_answers_the_same_wherever_the_maps_have_their_numbers():
    """Behind the convolutions alone: pooling and borders do notice a shift."""
    head = models.course_cnn(head="average")[-3:]
    maps = torch.randn(2, 32, 4, 4)
    assert torch.allclose(head(maps), head(maps.roll(1, dims=3)), atol=1e-6)


def test_another_head_is_refused():
    with pytest.raises(ValueError, match="'flatten' or 'average', got 'mean'"):
        models.course_cnn(head="mean")


def test_the_fast_cnn_has_the_shapes_that_its_comments_say():
    x, trail = torch.zeros(2, 1, 28, 28), []
    for layer in models.fast_cnn().eval():
        x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.ReLU | nn.Linear):
            trail.append(tuple(x.shape[1:]))
    assert trail == [(16, 12, 12), (16, 12, 12), (16, 10, 10), (16, 5, 5), (64, 3, 3),
                     (64, 3, 3), (10,)]  # fmt: skip


def test_the_fast_and_the_best_cnn_have_as_many_parameters_as_their_layers_say():
    assert models.count_parameters(models.fast_cnn()) == 17_882
    assert models.count_parameters(models.best_cnn()) == 104_938
    for first, second, third in [(16, 16, 64), (32, 64, 128)]:
        convolutions = 25 * first + 9 * first * second + 9 * second * third
        others = 2 * (first + second + third) + 9 * third * 10 + 10
        model = models.fast_cnn((first, second, third))
        assert models.count_parameters(model) == convolutions + others


def test_every_recipe_has_its_network():
    assert models.OF_RECIPE.keys() == train.RECIPES.keys()


def test_an_mlp_is_flatten_and_linear_layers_with_relu_between():
    kinds = [type(layer) for layer in models.mlp(784, 128, 64, 10)]
    assert kinds == [nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert [type(layer) for layer in models.mlp(784, 10)] == [nn.Flatten, nn.Linear]


@pytest.mark.parametrize(
    ("widths", "count"),
    [((784, 10), 7_850), ((784, 21, 10), 16_705), ((784, 128, 10), 101_770),
     ((1024, 512, 512, 5), 790_021)],
)  # fmt: skip
def test_an_mlp_has_as_many_parameters_as_its_widths_say(widths, count):
    model = models.mlp(*widths)
    assert models.count_parameters(model) == count
    assert model(torch.zeros(2, 1, widths[0])).shape == (2, widths[-1])


@pytest.mark.parametrize("widths", [(), (784,)])
def test_an_mlp_needs_inputs_and_outputs(widths):
    with pytest.raises(ValueError, match="two widths or more"):
        models.mlp(*widths)


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
