"""DrawPad in Python: what the network sees, what it answers, what is refused and what is saved."""

import json
import random
import re

import numpy as np
import pytest
import torch
import traitlets
from torch import nn

from course_utils import data, handwriting, mine, models
from course_utils.widgets import DrawPad, page
from course_utils.widgets.arrays import encode
from tests.node_kit import ask_node

SEVEN = [[[0.2, 0.2], [0.8, 0.25], [0.4, 0.9]]]
PICTURE = torch.zeros(28, 28, dtype=torch.uint8)
PICTURE[2:8, 3:5] = 200


def mlp(hidden: int = 8) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def random_strokes(chance: random.Random) -> list:
    """Nothing, a dot, lines along a side, and wild ones, some of them in a corner."""
    size, count = chance.choice([0.01, 0.3, 1]), chance.choice([0, 1, 1, 2, 3])
    at = [chance.random() * (1 - size) for _ in range(2)]
    steps = chance.choice([4, 28, 10_000])
    return [[[round(start + size * chance.randint(0, steps) / steps, 4) for start in at]
             for _ in range(chance.choice([1, 2, 9]))] for _ in range(count)]  # fmt: skip


def test_page_and_python_see_the_same_pixels_of_every_drawing():
    chance, drawings = random.Random(0), []
    for _ in range(300):
        noise = torch.randint(0, 256, (28, 28), dtype=torch.uint8)
        rows, columns, faint = chance.randint(1, 28), chance.randint(1, 28), chance.choice([1, 40])
        piece = noise.clone().div(faint).byte()
        piece[rows:] = piece[:, columns:] = 0
        picture = chance.choice([None, None, PICTURE, noise, piece, piece.flip(0, 1)])
        shift = [chance.randint(-27, 27) if chance.random() < 0.4 else 0 for _ in range(2)]
        drawings.append((random_strokes(chance), picture, chance.random() < 0.5, shift))
    asked = [{"strokes": strokes, "asMnist": as_mnist, "shift": shift,
              "image": None if picture is None else encode(picture)}
             for strokes, picture, as_mnist, shift in drawings]  # fmt: skip
    answers = ask_node("draw_pad_parity.mjs", {"drawings": asked})["seen"]
    for drawing, seen in zip(drawings, answers, strict=True):
        strokes, picture, as_mnist, shift = drawing
        pad = DrawPad(strokes=strokes, image=picture, as_mnist=as_mnist, shift=shift)
        assert pad.digit.flatten().tolist() == seen, drawing


def test_a_drawing_is_seen_as_mnist_shows_it_wherever_it_stands_on_the_pad():
    small = [[[x / 4, y / 4] for x, y in stroke] for stroke in SEVEN]
    pad, other = DrawPad(strokes=SEVEN), DrawPad(strokes=small)
    assert torch.equal(pad.digit, other.digit)
    other.as_mnist = False
    assert other.digit[:14, :14].sum() == other.digit.sum() > 0


@pytest.mark.fault("an empty pad, a dot, a single line", "seen without an error")
def test_an_empty_pad_a_dot_and_a_line_are_seen_without_fuss():
    pad = DrawPad({"MLP": mlp()})
    assert pad.digit.sum() == 0
    pad.strokes = [[[0.5, 0.5]]]
    assert 4 < (pad.digit / 255).sum() < 6  # a pen 2.5 pixels wide
    pad.strokes = [[[0.1, 0.9], [0.1, 0.1]]]
    assert (pad.digit.sum(1) > 0).sum() == 20


def test_a_shift_moves_what_is_seen_and_what_leaves_the_grid_is_gone():
    pad = DrawPad(image=PICTURE)
    pad.shift = [3, -1]
    assert torch.equal(pad.digit, PICTURE.roll((-1, 3), (0, 1)))
    pad.shift = (-4, 0)
    assert torch.equal(pad.digit[:, 0], PICTURE[:, 4])
    assert pad.digit[:, 1:].sum() == 0
    pad.shift = np.array([0, 0]).tolist()
    assert torch.equal(pad.digit, PICTURE)


def test_a_picture_is_seen_as_it_is_and_drawn_upon_and_as_mnist_in_the_middle():
    pad = DrawPad(image=PICTURE, strokes=[[[0.9, 0.9]]])
    assert not pad.as_mnist
    assert pad.digit[25, 25] == 255
    assert torch.equal(pad.digit[:20, :20], PICTURE[:20, :20])
    pad.strokes, pad.as_mnist = [], True
    assert torch.equal(pad.digit, PICTURE.roll((14 - 4, 14 - 3), (0, 1)))  # a blot: not enlarged


@pytest.mark.parametrize("side", [8, 14, 26])
def test_a_picture_of_any_size_and_place_is_seen_as_mnist_in_mnists_size(side):
    picture = torch.zeros(28, 28, dtype=torch.uint8)
    picture[-side:, : side // 2] = 120
    seen = DrawPad(image=picture, as_mnist=True).digit
    assert torch.equal(seen, DrawPad(image=picture.flip(0, 1), as_mnist=True).digit)
    assert (seen.any(1).sum(), seen.any(0).sum(), seen.max()) == (20, 10, 255)
    rows, columns = seen.nonzero().double().mean(0)
    assert abs(rows - 14) <= 0.5
    assert abs(columns - 14) <= 0.5


def test_a_digit_of_the_data_is_already_as_mnist_shows_it():
    digits = handwriting.draw(50, seed=1, style="mild").images
    same = [torch.equal(DrawPad(image=digit, as_mnist=True).digit, digit) for digit in digits]
    assert sum(same) >= 48  # rounding may move one


def test_probabilities_are_those_of_the_real_networks_in_evaluation_mode():
    networks = {"MLP": mlp(), "CNN": models.course_cnn()}
    networks["CNN"].train()
    pad = DrawPad(networks, strokes=SEVEN)
    answers = pad.probabilities
    assert list(answers) == ["MLP", "CNN"]
    assert networks["CNN"].training
    for name, network in networks.items():
        expected = network.eval()(data.normalize(pad.digit[None]))[0].softmax(0)
        torch.testing.assert_close(torch.tensor(answers[name]), expected)


def test_a_softmax_in_the_network_is_not_taken_twice():
    network = mlp()
    ended = nn.Sequential(network, nn.Sequential(nn.Softmax(dim=1)))
    answers = DrawPad({"logits": network, "shares": ended}, strokes=SEVEN).probabilities
    assert answers["shares"] == pytest.approx(answers["logits"])


def test_training_further_and_a_refresh_send_the_new_weights():
    network = mlp()
    pad = DrawPad(network, strokes=SEVEN)
    assert list(pad.models) == ["network"]
    sent = []
    pad.observe(lambda change: sent.append(change.new), "_networks")
    network[1].weight.data += 1
    pad.refresh()
    assert sent[0][0]["layers"][1]["arrays"]["weight"] == encode(network[1].weight)
    pad.models = {"other": mlp()}
    assert list(pad.probabilities) == ["other"]
    pad.models = None
    assert pad.probabilities == {}


REFUSED_MODELS = {
    "four": (dict.fromkeys("abcd", mlp()), "at most 3 networks by their names"),
    "a number for a name": ({7: mlp()}, "by their names, as in"),
    "a list": ([mlp()], "network: a network must be an nn.Sequential, got list"),
    "a layer that is not known": ({"A": nn.Sequential(nn.Tanh())}, "A: layer 0 (Tanh())"),
    "five classes": ({"A": nn.Sequential(nn.Flatten(), nn.Linear(784, 5))},
                     "A: a network must turn (1, 1, 28, 28) into (1, 10) logits, got (1, 5)"),
    "another input": ({"A": nn.Sequential(nn.Flatten(), nn.Linear(1024, 10))},
                      "A: a network must take (N, 1, 28, 28), but of a digit PyTorch says"),
    "no weights": ({"A": nn.Sequential(nn.Flatten())},
                   "must turn (1, 1, 28, 28) into (1, 10) logits, got (1, 784)"),
    "no flattening": ({"A": nn.Sequential(nn.Linear(28, 10))}, "got (1, 1, 28, 10)"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED_MODELS)
@pytest.mark.fault(
    "a pad for networks that do not read digits", "refused by name, the old ones stay"
)
def test_networks_that_do_not_fit_are_refused_and_the_old_ones_stay(what):
    wrong, words = REFUSED_MODELS[what]
    pad = DrawPad({"MLP": mlp()}, strokes=SEVEN)
    before = pad.probabilities
    with pytest.raises(ValueError, match=re.escape(words)):
        pad.models = wrong
    assert pad.probabilities == before
    assert list(pad.models) == ["MLP"]


REFUSED = [
    ("strokes", [[[0.1, 1.2]]], "points [x, y] from 0 to 1"),
    ("strokes", [[[0.1, float("nan")]]], "points [x, y] from 0 to 1"),
    ("strokes", [[]], "lists of points"),
    ("strokes", [[0.1, 0.2]], "as in [[[0.3, 0.2], [0.7, 0.2]]]"),
    ("strokes", "seven", "lists of points"),
    ("strokes", None, "lists of points"),
    ("strokes", [[[0.5, 0.5]] * 10_001], "at most 10,000 points, got 10,001"),
    ("image", torch.zeros(28, 28), "(255 * image).byte()"),
    ("image", torch.zeros(1, 28, 28, dtype=torch.uint8), "must be (28, 28) and uint8"),
    ("image", "seven.png", "must be (28, 28) and uint8"),
    ("pixels", torch.zeros(3, dtype=torch.uint8), "pixels must be (28, 28)"),
    ("shift", [0, 28], "[dx, dy] from -27 to 27, got [0, 28]"),
    ("shift", [0.5, 0], "two whole numbers"),
    ("shift", 3, "two whole numbers"),
    ("as_mnist", "yes", "as_mnist"),
    ("show_maps", "often", "show_maps"),
]


@pytest.mark.parametrize(("name", "value", "words"), REFUSED)
@pytest.mark.fault(
    "strokes off the pad, a picture of another size, a shift too far",
    "refused with a remedy, the old one stays",
)
def test_a_bad_value_is_refused_and_the_old_one_stays(name, value, words):
    pad = DrawPad(image=PICTURE, strokes=SEVEN)
    before = json.dumps(pad.get_state(), sort_keys=True, default=repr)
    with pytest.raises(traitlets.TraitError, match=re.escape(words)):
        setattr(pad, name, value)
    assert json.dumps(pad.get_state(), sort_keys=True, default=repr) == before


def test_images_may_be_arrays():
    pad = DrawPad(image=PICTURE.numpy())
    assert torch.equal(pad.digit, PICTURE)


def test_what_the_page_sends_is_taken_as_it_is():
    pad, heard = DrawPad(), []
    pad.observe(lambda change: heard.append(change.new), "pixels")
    pad.set_state({"strokes": SEVEN, "shift": [1, 0], "pixels": encode(PICTURE)})
    assert torch.equal(pad.digit, PICTURE)
    assert len(heard) == 1
    pad.set_state({"image": encode(PICTURE), "strokes": []})
    assert torch.equal(pad.image, PICTURE)
    pad.set_state({"image": None})
    assert pad.image is None


@pytest.mark.fault("an empty pad is kept as one's 7", "refused in words")
def test_the_digit_is_kept_for_all_lessons_and_an_empty_pad_is_not():
    with pytest.raises(ValueError, match="the pad is empty; draw a digit on it, then keep it"):
        DrawPad().keep()
    pad = DrawPad(strokes=SEVEN)
    pad.keep()
    assert torch.equal(mine.seven(), pad.digit)


def test_the_digit_handed_out_is_a_copy():
    pad = DrawPad(image=PICTURE)
    pad.digit.zero_()
    assert torch.equal(pad.digit, PICTURE)


def test_it_prints_the_same_each_time_and_its_still_picture_has_the_answers():
    torch.manual_seed(0)
    pad = DrawPad({"<MLP>": mlp()}, image=PICTURE)
    assert repr(pad) == "DrawPad(<MLP>; an image and 0 strokes, shift [0, 0])"
    assert repr(DrawPad()) == "DrawPad(no models; 0 strokes, shift [0, 0])"
    still = pad.still()
    assert still == pad.still()
    assert still.count("<img") == 1
    share = max(pad.probabilities["<MLP>"])
    assert re.search(rf"&lt;MLP&gt;: \w+, {share:.0%}", still)
    assert "draw a digit" in DrawPad(mlp()).still()


def test_a_saved_page_carries_small_networks_and_leaves_large_ones_out():
    pad = DrawPad({"small": mlp(), "large": mlp(200)})
    small, large = page.page_state(pad)["_networks"]
    assert small["layers"]
    assert (large["layers"], large["parameters"]) == (None, 159_010)
    assert all(each["layers"] for each in pad.get_state()["_networks"])
