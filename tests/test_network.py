"""Networks in the page: network.mjs answers as PyTorch does; what it cannot compute is named."""

import re

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.widgets import network
from tests.network_cases import answered, digits, evaluated, mlp, page_answers


def test_the_page_answers_as_pytorch_does_to_1000_digits():
    for expected, got in answered().values():
        assert got.shape == (1000, 10)
        assert (got - expected).abs().max() <= 1e-4 * expected.abs().max()
        best = expected.topk(2, dim=1).values
        clear = best[:, 0] - best[:, 1] > 1e-4
        assert torch.equal(got.argmax(1)[clear], expected.argmax(1)[clear])
        assert clear.sum() >= 990


def batch_norm(channels: int, **options) -> nn.BatchNorm2d:
    """One that was trained, so that none of its numbers is 0 or 1."""
    layer = nn.BatchNorm2d(channels, **options)
    with torch.no_grad():
        for numbers in [*layer.parameters(), layer.running_mean, layer.running_var]:
            numbers.uniform_(0.5, 2)
    return layer


KNOWN = {
    "strides": [nn.Conv2d(1, 3, (3, 2), stride=(2, 1), padding=(1, 2), dilation=2)],
    "no bias": [nn.Conv2d(1, 2, 5, bias=False)],
    "padding by name": [nn.Conv2d(1, 2, 5, padding="same"), nn.Conv2d(2, 2, 3, padding="valid")],
    "batch norm": [nn.Conv2d(1, 4, 3), batch_norm(4)],
    "batch norm without gamma": [batch_norm(1, affine=False, eps=0.1)],
    "max pooling": [nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)],
    "average pooling": [nn.AvgPool2d((2, 3), stride=(2, 2), padding=(1, 1))],
    "global average": [nn.Conv2d(1, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 3)],
    "dropout": [nn.Dropout2d(0.5), nn.Dropout(0.5), nn.Identity()],
    "softmax": [nn.Flatten(), nn.Linear(784, 10, bias=False), nn.Softmax(dim=1)],
    "one layer in two places": [nn.Conv2d(1, 2, 3), *2 * [nn.AvgPool2d(2), nn.ReLU()]],
    "nested": [nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.ReLU(), nn.AvgPool2d(2)))],
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_every_known_layer_is_computed_as_in_evaluation_mode(name):
    torch.manual_seed(1)
    model, images = nn.Sequential(*KNOWN[name]), digits(10)
    (got,) = page_answers(images, model)
    expected = evaluated(model, images)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_layers_keep_the_names_that_pytorch_gives_them():
    model = nn.Sequential(nn.Sequential(nn.Flatten(), nn.Dropout()), nn.Linear(784, 10))
    packed = network.pack(model)
    assert [(layer["path"], layer["kind"]) for layer in packed["layers"]] == [
        ("0.0", "Flatten"), ("0.1", "Identity"), ("1", "Linear"),
    ]  # fmt: skip
    assert packed["parameters"] == 7850


def test_packing_leaves_the_network_in_its_mode():
    model = models.course_cnn()
    network.pack(model.train())
    assert model.training


class Doubled(nn.Sequential):
    def forward(self, x):
        return 2 * super().forward(x)


REFUSED = {
    "another layer": ([nn.ReLU(), nn.Sigmoid(), nn.Tanh()], "layer 1 (Sigmoid()) cannot be"),
    "one of their kin": ([nn.LeakyReLU()], "it knows Conv2d, BatchNorm2d, ReLU"),
    "a nested one": ([nn.Sequential(nn.ReLU(), nn.GELU())], "layer 0.1 (GELU"),
    "one with a way of its own": ([Doubled(nn.ReLU())], "layer 0 (Doubled("),
    "groups": ([nn.Conv2d(2, 2, 3, groups=2)], "leave groups out"),
    "mirrored padding": ([nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")], "padding_mode"),
    "half a pixel": ([nn.Conv2d(1, 2, 4, padding="same")], "an even kernel"),
    "dilated pooling": ([nn.MaxPool2d(2, dilation=2)], "leave dilation out"),
    "an odd average": ([nn.AvgPool2d(2, count_include_pad=False)], "leave count_include_pad out"),
    "no statistics": ([nn.BatchNorm2d(1, track_running_stats=False)], "track_running_stats=False"),
    "adaptive pooling to 2": ([nn.AdaptiveAvgPool2d(2)], "an output size other than 1"),
    "flattening the batch too": ([nn.Flatten(0)], "start_dim and end_dim"),
    "an early softmax": ([nn.Softmax(1), nn.ReLU()], "layer 0 (Softmax) must be the last one"),
    "too many weights": ([nn.Linear(1000, 500)], "at most 500,000 parameters for the page, got"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.fault(
    "a network with a layer that the page cannot compute", "the layer is named with the remedy"
)
def test_what_the_page_cannot_compute_is_named_with_the_remedy(what):
    layers, words = REFUSED[what]
    with pytest.raises(ValueError, match=re.escape(words)):
        network.pack(nn.Sequential(*layers))


@pytest.mark.fault("a network whose weights are NaN", "refused by the name of the layer")
def test_weights_that_are_not_finite_are_refused():
    model = mlp()
    model[1].bias.data[3] = torch.nan
    with pytest.raises(ValueError, match=r"layer 1 \(Linear.* has a bias that is not finite"):
        network.pack(model)


@pytest.mark.parametrize("model", [nn.Linear(2, 2), None, [nn.ReLU()], Doubled(nn.ReLU())])
@pytest.mark.fault("something that is no nn.Sequential", "refused with the remedy")
def test_what_is_no_plain_sequential_is_refused(model):
    with pytest.raises(ValueError, match=r"must be an nn.Sequential, got \w+; put its layers"):
        network.pack(model)
