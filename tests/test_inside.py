"""Looking into a network: small networks whose answers are known beforehand."""

import copy
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, handwriting, inside, models

DIGIT = handwriting.draw(1, seed=3, style="mild").images[0]


def linear(weight: torch.Tensor) -> nn.Sequential:
    """One layer: weight is (10, 28, 28)."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        model[1].weight.copy_(weight.flatten(1))
        model[1].bias.zero_()
    return model


def course_cnn() -> nn.Sequential:
    torch.manual_seed(0)
    model = models.course_cnn()
    model[2].running_mean.uniform_(-1, 1)
    return model


def test_activations_are_what_each_layer_gives_in_evaluation_mode():
    model, images = course_cnn(), handwriting.draw(3, seed=1).images
    given = inside.activations(model, images)
    assert [name for name, _ in given][:4] == ["0 Conv2d", "1 MaxPool2d", "2 BatchNorm2d", "3 ReLU"]
    assert given[0][1].shape == (3, 16, 28, 28)
    model.eval()
    for place, (_, tensor) in enumerate(given):
        torch.testing.assert_close(tensor, model[: place + 1](data.normalize(images)))


def test_a_relu_that_works_in_place_spoils_no_activation():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True))
    (_, before), (_, after) = inside.activations(model, DIGIT[None])
    assert before.min() < 0
    assert torch.equal(after, before.relu())
    ended = nn.Sequential(*model, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
    assert inside.grad_cam(ended, DIGIT, layer=0).shape == (28, 28)


def test_covering_the_one_pixel_that_counts_costs_the_answer_and_covering_others_nothing():
    weight = torch.zeros(10, 28, 28)
    weight[4, 11, 20] = 3
    image = torch.zeros(28, 28, dtype=torch.uint8)
    image[11, 20] = 255
    drops = inside.occlusion(linear(weight), image, patch=5)
    ink, paper = ((torch.tensor([level]) - data.MEAN) / data.STD for level in (1, 0))
    shares = [F.pad(3 * level, (0, 9)).softmax(0)[0] for level in (ink, paper)]
    expected = torch.zeros(28, 28)
    expected[9:14, 18:23] = shares[0] - shares[1]
    torch.testing.assert_close(drops, expected, atol=1e-6, rtol=1e-5)


def test_the_share_of_another_digit_is_watched_where_one_is_named():
    model = course_cnn()
    shares = model.eval()(data.normalize(DIGIT[None])).softmax(1)[0]
    assert torch.equal(
        inside.occlusion(model, DIGIT), inside.occlusion(model, DIGIT, int(shares.argmax()))
    )
    drops = inside.occlusion(model, torch.zeros_like(DIGIT) + 9, digit=3, patch=55, fill=0)
    of_grey, of_paper = (
        model(data.normalize(torch.full((1, 28, 28), grey, dtype=torch.uint8))).softmax(1)[0, 3]
        for grey in (9, 0)
    )
    torch.testing.assert_close(drops, (of_grey - of_paper).expand(28, 28))


def test_the_patch_is_cut_off_at_the_edge_and_filled_with_the_grey_level_asked_for():
    weight = torch.zeros(10, 28, 28)
    weight[4, 0, 0] = 1
    image = torch.full((28, 28), 200, dtype=torch.uint8)
    drops = inside.occlusion(linear(weight), image, patch=3)
    assert (drops != 0).nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert inside.occlusion(linear(weight), image, patch=3, fill=200).abs().max() == 0
    assert inside.occlusion(linear(weight), image, patch=3, fill=255)[0, 0] < 0


def test_the_saliency_of_a_linear_network_is_the_size_of_its_weights():
    weight = torch.randn(10, 28, 28, generator=torch.Generator().manual_seed(2))
    model = linear(weight)
    answer = model(data.normalize(DIGIT[None])).argmax()
    torch.testing.assert_close(inside.saliency(model, DIGIT), weight[answer].abs())
    torch.testing.assert_close(inside.saliency(model, DIGIT, digit=3), weight[3].abs())


def two_maps() -> nn.Sequential:
    """Ink and its negative as two maps of 14 x 14; digit 6 rises with ink alone, 7 falls."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, stride=2, bias=False), nn.Flatten(), nn.Linear(392, 10)
    )
    with torch.no_grad():
        model[0].weight[0], model[0].weight[1] = 0.25, -0.25
        model[2].weight.zero_()
        model[2].weight[6, :196], model[2].weight[6, 196:] = 2, -1
        model[2].weight[7] = -model[2].weight[6]
    return model


@pytest.mark.parametrize(("digit", "weights"), [(6, (2, -1)), (7, (-2, 1))])
def test_grad_cam_is_the_sum_of_the_maps_with_the_mean_slopes_as_weights(digit, weights):
    ink = F.avg_pool2d(data.normalize(DIGIT[None]), 2)  # the first map; the second is its negative
    seen = (weights[0] * ink - weights[1] * ink).relu()
    expected = F.interpolate(seen, size=(28, 28), mode="bilinear")[0, 0]
    torch.testing.assert_close(inside.grad_cam(two_maps(), DIGIT, digit=digit), expected)


def test_grad_cam_looks_at_the_last_convolution_and_at_the_answer_by_default():
    model = course_cnn()
    answer = model.eval()(data.normalize(DIGIT[None])).argmax().item()
    (place,) = [place for place, layer in enumerate(model) if layer is model[8]]
    cam = inside.grad_cam(model, DIGIT)
    assert torch.equal(cam, inside.grad_cam(model, DIGIT, digit=answer, layer=place))
    assert dict(inside.activations(model, DIGIT[None]))["8 Conv2d"].shape == (1, 32, 7, 7)
    assert cam.min() >= 0
    assert not torch.equal(cam, inside.grad_cam(model, DIGIT, layer=7))


@pytest.mark.parametrize(("layer", "reached"), [(7, 49), (8, 36)])
def test_the_pool_cuts_places_of_the_last_convolution_off_from_the_answer(layer, reached):
    model = course_cnn().eval()
    maps = model[: layer + 1](data.normalize(handwriting.draw(20, seed=2).images))
    maps = maps.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(model[layer + 1 :](maps).square().sum(), maps)
    assert (slopes.abs().amax(dim=(0, 1)) > 0).sum() == reached


WAYS = {
    "activations": lambda model: inside.activations(model, DIGIT[None]),
    "occlusion": lambda model: inside.occlusion(model, DIGIT),
    "saliency": lambda model: inside.saliency(model, DIGIT),
    "grad_cam": lambda model: inside.grad_cam(model, DIGIT),
    "randomise": inside.randomise,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_network_is_left_as_it_was(way):
    model = course_cnn().train()
    model[3].eval()
    model[8].weight.requires_grad_(False)
    model[0].weight.grad = torch.ones_like(model[0].weight)
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():  # slopes are found even so
        WAYS[way](model)
    assert model.training
    assert not model[3].training
    assert (model[0].weight.grad == 1).all()
    assert all(weight.grad is None for weight in list(model.parameters())[1:])
    assert not model[8].weight.requires_grad
    for name, numbers in model.state_dict().items():
        assert torch.equal(numbers, before[name]), name


def test_a_randomised_copy_has_other_weights_and_no_memory_of_the_data():
    model = course_cnn()  # started from the seed that everybody takes
    state = torch.get_rng_state()
    fresh = inside.randomise(model)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(fresh[0].weight, model[0].weight)
    assert (fresh[2].running_mean == 0).all()
    assert torch.equal(inside.randomise(model)[0].weight, fresh[0].weight)
    assert not torch.equal(inside.randomise(model, seed=1)[0].weight, fresh[0].weight)


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))


REFUSED = {
    "a normalised image": (lambda m: inside.saliency(m, DIGIT / 255), "one digit, (28, 28) uint8"),
    "a batch": (lambda m: inside.occlusion(m, DIGIT[None]), "got (1, 28, 28) of torch.uint8"),
    "one image as a batch": (lambda m: inside.activations(m, DIGIT), "uint8 tensor of shape (N"),
    "an even patch": (lambda m: inside.occlusion(m, DIGIT, patch=4), "patch must be odd"),
    "no patch": (lambda m: inside.occlusion(m, DIGIT, patch=-1), "patch must be odd"),
    "no grey level": (lambda m: inside.occlusion(m, DIGIT, fill=256), "0 to 255, got 7 and 256"),
    "none to cover": (lambda m: inside.occlusion(m, DIGIT, 10), "from 0 to 9, got 10"),
    "no digit": (lambda m: inside.saliency(m, DIGIT, digit=10), "from 0 to 9, got 10"),
    "no digit either": (lambda m: inside.grad_cam(m, DIGIT, digit=-1), "from 0 to 9, got -1"),
    "a layer without maps": (lambda m: inside.grad_cam(m, DIGIT, layer=12), "layer 12 gives (1,"),
    "no maps at all": (lambda m: inside.grad_cam(m[12:], DIGIT), "no nn.Conv2d of its own"),
    "no Sequential": (lambda m: inside.activations(m[0], DIGIT[None]), "got Conv2d"),
    "weights that stay": (lambda m: inside.randomise(Scaled()), "a method reset_parameters()"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_with_the_remedy(what):
    ask, words = REFUSED[what]
    with pytest.raises(ValueError, match=re.escape(words)):
        ask(course_cnn())
