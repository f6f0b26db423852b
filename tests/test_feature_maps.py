"""FeatureMaps: its numbers, its sums and its receptive fields are PyTorch's; what it refuses."""

import copy
import random
import re

import pytest
import torch
import traitlets
from torch import nn
from torch.nn import functional as F

from course_utils import data, handwriting, models
from course_utils.widgets import FeatureMaps, network, page
from course_utils.widgets.arrays import encode
from tests.node_kit import ask_node

DIGITS = handwriting.draw(5, seed=4, style="mild")


def odd() -> nn.Sequential:
    """Every layer that the page knows, with sizes that no two of them share."""
    return nn.Sequential(
        nn.Conv2d(1, 5, (3, 2), stride=(2, 1), padding=(1, 2), dilation=2),  # (5, 13, 30)
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),  # (5, 7, 16)
        nn.BatchNorm2d(5, affine=False),
        nn.Sequential(nn.Conv2d(5, 6, 7, padding=3), nn.ReLU(), nn.Dropout2d(0.5)),
        nn.AvgPool2d((2, 3), stride=(2, 2), padding=(1, 1), ceil_mode=True),  # (6, 4, 9)
        nn.Conv2d(6, 4, 5, padding="same", bias=False),
        nn.Linear(9, 3),  # over the columns: (4, 4, 3)
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Identity(), nn.Linear(4, 10), nn.Softmax(1),
    )  # fmt: skip


def classic() -> nn.Sequential:
    """Flattened before it is clipped, and looked at from outside of the image."""
    return nn.Sequential(nn.Conv2d(1, 2, 1, padding=(3, 2)), nn.Flatten(), nn.ReLU(), nn.Dropout(),
                         nn.Linear(2 * 34 * 32, 10))  # fmt: skip


NETWORKS = {"course": models.course_cnn, "mlp": lambda: models.mlp(784, 20, 10), "odd": odd,
            "classic": classic}  # fmt: skip


def trained(name: str) -> nn.Sequential:
    """A network with numbers of which none is 0 or 1, as after training."""
    torch.manual_seed(1)
    model = NETWORKS[name]()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
            if layer.affine:
                nn.init.uniform_(layer.weight, -2, 2)
                nn.init.uniform_(layer.bias, -1, 1)
    return model.eval()


@torch.no_grad()
def layer_by_layer(model: nn.Sequential, x: torch.Tensor) -> list[torch.Tensor]:
    """What each layer takes, and at the end what the last one gives."""
    given = [x]
    for layer in network.pack(model)["layers"]:
        given.append(model.get_submodule(layer["path"])(given[-1]))
    return given


def some_units(given: list[torch.Tensor], chance: random.Random) -> list:
    """Corners, and units in between, of every layer."""
    units = []
    for index, output in enumerate(given[1:]):
        sizes = output.shape[1:]
        units += [[index, [0] * len(sizes)], [index, [size - 1 for size in sizes]]]
        units += [[index, [chance.randrange(size) for size in sizes]] for _ in range(8)]
    return units


@pytest.fixture(scope="module")
def asked() -> dict:
    """For each network: the network, what its layers take, the units, and the page's answers."""
    chance, x = random.Random(0), data.normalize(DIGITS.images[:1])
    cases = {}
    for name in NETWORKS:
        model = trained(name)
        given = layer_by_layer(model, x)
        cases[name] = [model, given, some_units(given, chance)]
    question = [{"layers": network.pack(model)["layers"], "image": encode(x[0]), "units": units}
                for model, _, units in cases.values()]  # fmt: skip
    answers = ask_node("feature_maps_parity.mjs", {"networks": question})
    return {
        name: (*case, answer) for (name, case), answer in zip(cases.items(), answers, strict=True)
    }


def each_unit(case):
    """Pairs of what PyTorch has and what the page says, unit by unit."""
    model, given, units, answers = case
    layers = network.pack(model)["layers"]
    for (index, unit), answer in zip(units, answers, strict=True):
        layer = model.get_submodule(layers[index]["path"])
        yield layer, given[index][0], given[index + 1][0][tuple(unit)].item(), unit, answer


@pytest.mark.parametrize("name", NETWORKS)
def test_every_sum_gives_the_number_that_pytorch_gives(asked, name):
    seen = set()
    for layer, _, value, _, answer in each_unit(asked[name]):
        assert answer["value"] == pytest.approx(value, rel=1e-3, abs=1e-4), layer
        if total := answer.get("sum"):
            listed = sum(group["sum"] for group in total["groups"])
            parts = listed + total["rest"]["sum"] + (total["bias"] or 0)
            assert (total["bias"] is None) == (layer.bias is None)
            assert parts == pytest.approx(total["sum"])
            assert total["sum"] == pytest.approx(value, rel=1e-3, abs=1e-4), layer
        seen.add(type(layer).__name__)
    assert seen


@pytest.mark.parametrize("name", NETWORKS)
def test_the_products_are_those_of_window_and_kernel_and_the_largest_are_listed(asked, name):
    for layer, x, _, unit, answer in each_unit(asked[name]):
        if isinstance(layer, nn.Conv2d):
            products = window_of(layer, x, unit) * layer.weight[unit[0]].flatten()
            inside = (
                products.reshape(layer.in_channels, -1) if answer["sum"]["isGrid"] else products
            )
        elif isinstance(layer, nn.Linear):
            inside = x[tuple(unit[:-1])] * layer.weight[unit[-1]]
        else:
            continue
        sums = inside.sum(1) if inside.ndim == 2 else inside
        groups = answer["sum"]["groups"]
        largest = sums[sums.abs().argsort(descending=True, stable=True)][: len(groups)]
        assert [group["sum"] for group in groups] == pytest.approx(
            largest.tolist(), rel=1e-3, abs=1e-5
        )
        assert answer["sum"]["rest"]["count"] == len(sums) - len(groups)
        if inside.ndim == 2:
            own = inside[groups[0]["at"][0]].tolist()
            told = [term["product"] for term in groups[0]["terms"]]
            assert told == pytest.approx(own, rel=1e-3, abs=1e-5)


def window_of(layer: nn.Conv2d, x: torch.Tensor, unit: list[int]) -> torch.Tensor:
    """The numbers that a unit of a convolution reads, in the order of its weights."""
    pads = [(k // 2) for k in layer.kernel_size] if layer.padding == "same" else layer.padding
    columns = F.unfold(x[None], layer.kernel_size, layer.dilation, pads, layer.stride)[0]
    wide = x.shape[2] + 2 * pads[1] - layer.dilation[1] * (layer.kernel_size[1] - 1) - 1
    return columns[:, unit[1] * (wide // layer.stride[1] + 1) + unit[2]]


def test_a_term_names_the_place_that_it_reads(asked):
    _, given, units, answers = asked["course"]
    for (index, _), answer in zip(units, answers, strict=True):
        for term in [term for group in answer.get("sum", {"groups": []})["groups"]
                     for term in group["terms"]]:  # fmt: skip
            x = given[index][0]
            value = x[tuple(term["at"])].item() if term["isInside"] else 0
            assert term["value"] == pytest.approx(value, abs=1e-4)


def test_pooling_names_the_winner_and_batch_norm_is_one_affine_map(asked):
    for layer, x, value, unit, answer in each_unit(asked["odd"]):
        if isinstance(layer, nn.MaxPool2d):
            assert x[tuple(answer["pooled"]["winner"]["at"])].item() == pytest.approx(
                value, abs=1e-5
            )
            assert "max(" in answer["words"]
        if isinstance(layer, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            mean = answer["pooled"]["sum"] / len(answer["pooled"]["cells"])
            assert mean == pytest.approx(value, abs=1e-5)
        if isinstance(layer, nn.BatchNorm2d):
            through = answer["affine"]["scale"] * x[tuple(unit)].item() + answer["affine"]["shift"]
            assert through == pytest.approx(value, abs=1e-5)


def probe(model: nn.Sequential) -> nn.Sequential:
    """The same network with weights above zero, so that no slope can cancel or be clipped."""
    model = copy.deepcopy(model)
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data.fill_(0.01)
        elif isinstance(layer, nn.MaxPool2d):  # only the winner has a slope; of a mean, all have
            place = model.get_submodule(name.rpartition(".")[0])
            options = (layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
            place[int(name.rpartition(".")[2])] = nn.AvgPool2d(*options)
        elif isinstance(layer, nn.ReLU | nn.BatchNorm2d):
            place = model.get_submodule(name.rpartition(".")[0])
            place[int(name.rpartition(".")[2])] = nn.Identity()
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_a_unit_sees_the_pixels_that_have_a_slope(asked, name):
    model, given, units, answers = asked[name]
    if name == "odd":
        units, answers = units[:-10], answers[:-10]  # the softmax: of equal slopes it has none
    image = torch.rand(1, 1, 28, 28, dtype=torch.float64).requires_grad_()
    layers, probed = network.pack(model)["layers"], probe(model).double()
    through = [image]
    for layer in layers:
        through.append(probed.get_submodule(layer["path"])(through[-1]))
    for (index, unit), answer in zip(units, answers, strict=True):
        number = through[index + 1][0][tuple(unit)]
        slopes = torch.zeros_like(image)
        if number.requires_grad:
            (slopes,) = torch.autograd.grad(number, image, retain_graph=True)
        rows, columns = ((slopes[0, 0] != 0).any(axis).nonzero().flatten() for axis in (1, 0))
        field = answer["field"]
        if len(rows):
            assert (field["rows"], field["columns"]) == (rows.tolist(), columns.tolist()), (
                index,
                unit,
            )
        else:
            assert not field["rows"] or not field["columns"], (index, unit)
            assert "sees nothing" in answer["sees"]


def test_a_flattened_number_is_named_by_its_place_in_the_maps(asked):
    for name, shape in {"course": [32, 3, 3], "mlp": [1, 28, 28], "classic": [2, 34, 32]}.items():
        model, _, units, answers = asked[name]
        first = next(place for place, layer in enumerate(network.pack(model)["layers"])
                     if layer["kind"] == "Linear")  # fmt: skip
        behind = [answer["behind"] for (index, _), answer in zip(units, answers, strict=True)
                  if index == first]  # fmt: skip
        assert behind == [shape] * 10
    assert asked["mlp"][3][-1]["behind"] == [20]


# ---------------------------------------------------------------- the Python side


def maps(model=None, **options) -> FeatureMaps:
    return FeatureMaps(model or trained("course"), DIGITS.images, DIGITS.labels, **options)


def test_the_value_is_that_of_the_network_and_follows_what_is_chosen():
    model = trained("course")
    shown = maps(model, layer="4", unit=[3, 6, 7], image=2)
    expected = layer_by_layer(model, data.normalize(DIGITS.images[2:3]))
    assert shown.value == pytest.approx(expected[5][0, 3, 6, 7].item(), rel=1e-4)
    shown.layer = "13"
    assert shown.unit == [0]
    assert shown.value == pytest.approx(expected[-1][0, 0].item(), rel=1e-4)
    shown.unit, shown.image = [7], 0
    answers = layer_by_layer(model, data.normalize(DIGITS.images[:1]))[-1]
    assert shown.value == pytest.approx(answers[0, 7].item(), rel=1e-4)


def test_it_begins_in_the_middle_of_the_first_layer_that_changes_a_number():
    assert (maps().layer, maps().unit) == ("0", [0, 14, 14])
    assert (maps(trained("mlp")).layer, maps(trained("mlp")).unit) == ("1", [0])
    assert maps(trained("odd"), layer="3.0").unit == [0, 3, 8]
    assert maps(layer=4).layer == "4"


def test_training_further_and_a_refresh_send_the_new_weights():
    model = trained("course").train()
    shown, sent = maps(model, layer="7", unit=[1, 2, 3]), []
    shown.observe(lambda change: sent.append(change.new), "_network")
    model[0].weight.data += 1
    shown.refresh()
    assert sent[0]["layers"][0]["arrays"]["weight"] == encode(model[0].weight)
    assert (shown.layer, shown.unit) == ("7", [1, 2, 3])
    assert model.training


def test_another_network_keeps_layer_and_unit_where_it_has_them():
    shown = maps(layer="3", unit=[15, 13, 13])
    shown.model = trained("odd")  # its layer 3 is nested
    assert (shown.layer, shown.unit) == ("0", [0, 6, 15])
    shown.model = trained("course")
    assert (shown.layer, shown.unit) == ("0", [0, 6, 15])
    shown.unit = [15, 27, 27]
    shown.model = trained("odd")
    assert (shown.layer, shown.unit) == ("0", [0, 6, 15])


REFUSED = {
    "no such image": ({"image": 5}, "image must be at most 4, because there are 5"),
    "half an image": ({"image": 0.5}, "image must be a whole number"),
    "no such layer": ({"layer": "12"}, "layer must be one of '0', '1', '2', '3', '4'"),
    "no layer by its number": ({"layer": 12}, "got '12'"),
    "no such map": ({"unit": [16, 0, 0]}, "which gives (16, 28, 28) numbers, got [16, 0, 0]"),
    "a unit of a vector": ({"unit": [3]}, "unit must be a place in layer 0"),
    "a place below zero": ({"unit": [0, -1, 0]}, "whole number from 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.fault(
    "a layer, unit or image that is not there", "refused with those that are, the old one stays"
)
def test_what_does_not_fit_is_refused_and_the_old_one_stays(what):
    change, words = REFUSED[what]
    shown = maps()
    before = repr(shown)
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        shown.set_trait(*next(iter(change.items())))
    assert repr(shown) == before
    with pytest.raises(traitlets.TraitError):
        maps(**change)


IMAGES = {
    "normalised": (data.normalize(DIGITS.images)[:, 0], "got (5, 28, 28) of torch.float32"),
    "too many": (DIGITS.images.repeat(5, 1, 1), "1 to 24 digits, (N, 28, 28) and uint8"),
    "none": (DIGITS.images[:0], "got (0, 28, 28)"),
    "small": (DIGITS.images[:, :14], "got (5, 14, 28)"),
    "text": ("seven", "images must be"),
}


@pytest.mark.parametrize("what", IMAGES)
@pytest.mark.fault("pictures that are no digits", "refused with the remedy")
def test_what_are_no_digits_is_refused(what):
    images, words = IMAGES[what]
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        FeatureMaps(trained("mlp"), images)


@pytest.mark.parametrize(("labels", "words"), [([1, 2], "one for each of 5 images, got 2"),
                                               ([1, 2, 3, 4, 12], "digits from 0 to 9"),
                                               (7, "digits from 0 to 9, as")])  # fmt: skip
@pytest.mark.fault("labels of another number or kind", "refused")
def test_labels_that_do_not_fit_are_refused(labels, words):
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        FeatureMaps(trained("mlp"), DIGITS.images, labels)


def test_one_digit_alone_is_a_picture_too():
    assert FeatureMaps(trained("mlp"), DIGITS.images[0]).images.shape == (1, 28, 28)


def test_the_first_layer_that_the_page_cannot_compute_is_named_and_the_old_network_stays():
    shown = maps()
    old = shown.model
    with pytest.raises(ValueError, match=r"model: layer 1 \(Sigmoid\(\)\) cannot be computed"):
        shown.model = nn.Sequential(nn.Flatten(), nn.Sigmoid(), nn.Tanh(), nn.Linear(784, 10))
    with pytest.raises(ValueError, match=r"into \(1, 10\) logits, got \(1, 5\)"):
        maps(models.mlp(784, 5))
    assert shown.model is old
    assert shown.layer == "0"


def test_a_large_network_is_left_out_of_saved_pages_alone():
    large = maps(models.mlp(784, 200, 10))
    assert page.page_state(large)["_network"]["layers"] is None
    assert large.get_state()["_network"]["layers"]
    assert page.page_state(maps())["_network"]["layers"]


def test_the_still_picture_shows_the_digit_and_every_layer_and_needs_no_script():
    shown = maps()
    bundle, _ = shown._repr_mimebundle_()
    assert bundle["text/html"].count("<img") == 1 + 13
    assert "script" not in bundle["text/html"]
    assert "13 Linear" in bundle["text/html"]
    assert bundle["text/plain"] == repr(maps())
    assert repr(shown) == "FeatureMaps(13 layers, 5 images; image 0, layer 0, unit [0, 14, 14])"
