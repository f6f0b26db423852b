"""What a page may send to Python, and what not: the kernel lives, the state stays valid."""

import base64
import contextlib
import json
import math

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.lesson import guess, quiz
from course_utils.widgets import (
    BatchNormExplorer,
    ConvStepper,
    DrawPad,
    FeatureMaps,
    KernelExplorer,
    PoolingExplorer,
    Pulse,
)
from course_utils.widgets.arrays import encode
from course_utils.widgets.base import CourseWidget
from tests.test_widgets import all_kinds

NETWORK = nn.Sequential(nn.Conv2d(1, 2, 3, stride=9), nn.Flatten(), nn.Linear(18, 10))
IMAGES = torch.arange(3 * 784).reshape(3, 28, 28).remainder(251).byte()
STROKES = [[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]]
QUIZ = "## Yes?\n- [x] Yes\n  It is.\n- [ ] No\n  It is not."

# name -> how to make the widget, and something that its page does send
WIDGETS = {
    "KernelExplorer": (
        lambda: KernelExplorer(image=torch.eye(9)),
        {"kernel": [[1, 2]], "view": "abs"},
    ),
    "ConvStepper": (ConvStepper, {"stride": 2, "padding": 1, "step": 3}),
    "PoolingExplorer": (PoolingExplorer, {"mode": "average", "shift": [1, -2]}),
    "BatchNormExplorer": (
        lambda: BatchNormExplorer(torch.randn(64, 2, 2, 2)),
        {"gamma": [2.0, 3.0], "step": 7, "training": False},
    ),
    "FeatureMaps": (
        lambda: FeatureMaps(NETWORK, IMAGES, labels=[1, 2, 3]),
        {"image": 2, "layer": "2", "unit": [7]},
    ),
    "DrawPad": (
        lambda: DrawPad(NETWORK, image=IMAGES[0]),
        {"strokes": STROKES, "pixels": encode(IMAGES[1]), "shift": [3, -4]},
    ),
    "Guess": (lambda: guess("Yes?", ["yes", "no"]), {"chosen": 1}),
    "Quiz": (lambda: quiz(QUIZ), {"tried": [[1, 0]]}),
    "Pulse": (Pulse, {"called": 5}),
}
each_widget = pytest.mark.parametrize("name", WIDGETS)


def packed(shape, data: bytes) -> dict:
    return {"shape": shape, "data": base64.b64encode(data).decode()}


ZEROS = bytes(4 * 784)
NAN = np.full(784, np.nan, "<f4").tobytes()
NONSENSE = {
    "nothing": None,
    "a text": "<img src=x onerror=alert(1)>",
    "half a letter": "\ud800",
    "a number below zero": -1,
    "a number too large": 10**30,
    "a number that is not finite": math.inf,
    "no number": math.nan,
    "a half": 0.5,
    "yes": True,
    "an empty list": [],
    "an empty object": {},
    "a list of nothing": [None, None],
    "numbers that are not finite": [math.nan, math.inf],
    "numbers too large": [1e30, 1e30],
    "a row in a row": [[[[[1]]]]],
    "rows of unequal lengths": [[1], [1, 2]],
    "rows with no number": [[math.nan, 1.0]],
    "a grid too large": [[0] * 2000] * 2,
    "points off the pad": [[[5.0, 0.5]]],
    "half a point": [[[0.5]]],
    "lists of choices that are not there": [[7, -3]],
    "more lists than questions": [[0], [0], [0]],
    "another object": {"text": "<b>"},
    "a tensor without its data": {"shape": [28, 28]},
    "a tensor without its shape": {"data": ""},
    "a tensor cut off": packed([28, 28], ZEROS[:-1]),
    "a tensor that lacks a row": packed([28, 28], ZEROS[: -4 * 28]),
    "a tensor of another shape": packed([28, 27], ZEROS[: -4 * 28]),
    "a tensor of a shape below zero": packed([-1, 28], ZEROS),
    "a tensor whose shape is a text": packed("28", ZEROS),
    "a tensor that is no base64": {"shape": [28, 28], "data": "?é"},
    "a tensor without numbers": packed([28, 28], NAN),
    "a tensor of numbers too large": packed([28, 28], np.full(784, 256, "<f4").tobytes()),
    "a tensor of halves": packed([28, 28], np.full(784, 0.5, "<f4").tobytes()),
    "an empty tensor": packed([0, 0], b""),
}  # fmt: skip


def send(widget, state) -> None:
    receive(widget, {"method": "update", "state": state, "buffer_paths": []})


def receive(widget, data, buffers=()) -> None:
    """Let the widget receive a message, as the kernel does: from JSON, with buffers beside it."""
    data = json.loads(json.dumps(data))
    widget._handle_msg({"content": {"data": data}, "buffers": list(buffers)})


def state_of(widget) -> str:
    """The widget's state as the page would get it: every number is finite."""
    state = {name: value for name, value in widget.get_state().items() if name not in HOUSE}
    return json.dumps(state, sort_keys=True, allow_nan=False)


HOUSE = {"_esm", "_css", "layout"}


def read_all(widget) -> None:
    """Read all that a learner may read; one value in a batch has no output, and PyTorch says so."""
    repr(widget)
    widget.still()
    for name in ("digit", "probabilities", "value", "batch", "_answer"):
        getattr(widget, name, None)
    with contextlib.suppress(ValueError):
        getattr(widget, "output", None)


def assert_the_next_good_message_works(widget, good) -> None:
    send(widget, good)
    assert json.loads(json.dumps(widget.get_state(set(good)))) == good
    read_all(widget)


@each_widget
@pytest.mark.fault(
    "35 kinds of nonsense, NaN and cut-off tensors among them, in every value of a widget",
    "the state stays one that can be shown and saved, and the next change of the page works",
)
def test_nonsense_from_the_page_leaves_a_valid_state(name):
    make, good = WIDGETS[name]
    for trait in make().keys:
        widget = make()
        for nonsense in NONSENSE.values():
            before = state_of(widget)
            send(widget, {trait: nonsense})
            if state_of(widget) != before:
                read_all(widget)  # it happens to be a value that this one can have
        assert_the_next_good_message_works(widget, good)


@each_widget
@pytest.mark.fault(
    "one wrong value among good ones", "none of them is taken, and the log says which and why"
)
def test_a_message_is_taken_whole_or_not_at_all(name, caplog):
    make, good = WIDGETS[name]
    widget = make()
    for trait in good:
        before = state_of(widget)
        caplog.clear()
        send(widget, good | {trait: ["nonsense" * 1000]})
        assert state_of(widget) == before
        [line] = caplog.records
        assert f"{name} refused what the page sent" in line.message
        assert len(line.message) < 400
    assert_the_next_good_message_works(widget, good)


@each_widget
@pytest.mark.fault(
    "the page sets what is Python's: the network, the questions, the script", "nothing changes"
)
def test_what_is_pythons_cannot_be_set_from_the_page(name):
    make, good = WIDGETS[name]
    widget, other = make(), make()
    own = {trait for trait in widget.keys if trait.startswith("_")} | {*widget.fixed}
    before = state_of(widget), widget._esm, widget._css
    for trait in own:
        for value in (other.get_state(trait)[trait], [], {}, 7, [[[[1.0, 2.0]]]] * 64):
            send(widget, {trait: value})
    assert (state_of(widget), widget._esm, widget._css) == before
    assert_the_next_good_message_works(widget, good)


REFUSED = [
    ("KernelExplorer", {"goal_progress": math.nan}, "goal_progress must be between 0 and 1"),
    ("KernelExplorer", {"image": packed([28, 28], ZEROS[:-1])}, "a tensor must be {shape, data"),
    ("KernelExplorer", {"image": packed([28, 28], NAN)}, "image must have finite numbers"),
    ("KernelExplorer", {"kernel": [[1e30]]}, "kernel must have weights between -1000 and 1000"),
    ("ConvStepper", {"stride": 0}, "stride must be a whole number from 1 to 6"),
    ("PoolingExplorer", {"shift": [10**30, 0]}, "shift must be (right, down)"),
    ("BatchNormExplorer", {"gamma": [1, math.inf]}, "gamma must have finite numbers"),
    ("BatchNormExplorer", {"step": 10**30}, "step must be a whole number from 0 to 1000000"),
    ("FeatureMaps", {"unit": [99]}, "unit must be a place in layer 0"),
    ("FeatureMaps", {"layer": "17"}, "layer must be one of '0', '2'"),
    ("DrawPad", {"pixels": packed([28, 28], NAN)}, "grey levels must be whole numbers"),
    ("DrawPad", {"pixels": packed([784], ZEROS)}, "pixels must be (28, 28)"),
    ("DrawPad", {"image": encode(torch.full((28, 28), 256.0))}, "from 0 to 255, got 256 to 256"),
    ("DrawPad", {"strokes": [[[0.5, math.nan]]]}, "strokes must be lists of points"),
    ("Guess", {"chosen": 2}, "chosen must be -1 (none yet) to 1"),
    ("Quiz", {"tried": []}, "tried must be a list of choices for each of 1 questions"),
    ("Quiz", {"tried": [[0], [0]]}, "tried must be a list of choices for each of 1 questions"),
    ("Quiz", {"tried": [[2]]}, "tried must be a list of choices for each of 1 questions"),
    ("Pulse", {"called": "hello"}, "expected an int"),
]


@pytest.mark.fault(
    "a value of the right kind that does not fit: too large, NaN, cut off, not there",
    "the old value stays, and the log says in one line what would fit",
)
@pytest.mark.parametrize(("name", "wrong", "words"), REFUSED)
def test_what_does_not_fit_is_refused_in_words(name, wrong, words, caplog):
    make, good = WIDGETS[name]
    widget = make()
    before = state_of(widget)
    send(widget, wrong)
    assert state_of(widget) == before
    assert [words in record.message for record in caplog.records] == [True]
    assert_the_next_good_message_works(widget, good)


MESSAGES = {
    "no method": {"state": {}},
    "an unknown method": {"method": "destroy"},
    "no state": {"method": "update"},
    "a state that is no object": {"method": "update", "state": ["kernel"]},
    "a state of nothing": {"method": "update", "state": None},
    "a name that is not known": {"method": "update", "state": {"colour": "red"}},
    "fewer buffers than it says": {"method": "update", "state": {}, "buffer_paths": [["kernel"]]},
    "a buffer for what is not there":
        {"method": "update", "state": {}, "buffer_paths": [["kernel", "data"]]},
    "a buffer for all of it": {"method": "update", "state": {}, "buffer_paths": [[]]},
    "a custom message of nothing": {"method": "custom", "content": None},
    "a custom message of no known kind": {"method": "custom", "content": {"kind": "dance"}},
    "a custom message that is a text": {"method": "custom", "content": "dance"},
    "a command that is not there":
        {"method": "custom", "content": {"kind": "anywidget-command", "id": 1, "name": "dance"}},
}  # fmt: skip


@each_widget
@pytest.mark.fault("a message without its parts, of no known kind, or with a buffer cut off",
                   "the kernel lives, the state stays")  # fmt: skip
@pytest.mark.parametrize("what", MESSAGES)
def test_a_message_of_another_form_changes_nothing(name, what):
    make, good = WIDGETS[name]
    widget = make()
    before = state_of(widget)
    for buffers in ([], [b"\0\0\0"]):
        receive(widget, MESSAGES[what], buffers)
    assert state_of(widget) == before
    assert_the_next_good_message_works(widget, good)


@each_widget
@pytest.mark.fault("1,000 messages of the page in a burst", "the last one wins, none is answered")
def test_of_a_thousand_messages_the_last_one_wins(name, monkeypatch):
    make, good = WIDGETS[name]
    widget = make()
    first, sent = widget.get_state(set(good)), []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: sent.append(message))
    for _ in range(500):
        send(widget, first)
        send(widget, good)
    assert not [message for message in sent if {*good} & {*message["state"]}]
    assert_the_next_good_message_works(widget, good)


def test_every_widget_of_the_course_is_in_the_table():
    ours = {kind.__name__ for kind in all_kinds(CourseWidget) if "course_utils" in kind.__module__}
    assert ours == set(WIDGETS)


def test_an_image_from_the_page_is_checked_before_it_is_used():
    pad = DrawPad()
    send(pad, {"image": encode(IMAGES[0].float())})
    assert torch.equal(pad.image, IMAGES[0])
