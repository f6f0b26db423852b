"""A pad to draw a digit on, what a network sees of it, and what one to three networks answer."""

import html
import numbers
import reprlib

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from course_utils import mine
from course_utils.data import MEAN, STD
from course_utils.train.evaluate import predict
from course_utils.widgets import network, picture_html
from course_utils.widgets.arrays import decode_bytes, encode
from course_utils.widgets.base import CourseWidget
from course_utils.widgets.drawing import FRAME, see

MOST_POINTS = 10_000
MOST_MODELS = 3
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class Strokes(traitlets.TraitType):
    """What the pen drew: lists of points [x, y], from (0, 0) at the top left to (1, 1)."""

    def validate(self, owner, value):
        try:
            strokes = [np.array(stroke, dtype=float).reshape(len(stroke), 2) for stroke in value]
        except (TypeError, ValueError):
            strokes = [np.empty((0, 2))]
        points = np.concatenate([np.zeros((0, 2)), *strokes])
        if not all(map(len, strokes)) or not ((points >= 0) & (points <= 1)).all():
            raise traitlets.TraitError(
                "strokes must be lists of points [x, y] from 0 to 1, as in [[[0.3, 0.2],"
                f" [0.7, 0.2]]], got {reprlib.repr(value)}"
            )
        if len(points) > MOST_POINTS:
            raise traitlets.TraitError(
                f"strokes must have at most {MOST_POINTS:,} points, got {len(points):,};"
                " take every second one"
            )
        return [stroke.tolist() for stroke in strokes]


class Grey(traitlets.TraitType):
    """A digit, (28, 28) uint8: 0 for paper and 255 for full ink."""

    def validate(self, owner, value):
        try:
            image = torch.as_tensor(value).detach().cpu().clone()
        except (TypeError, ValueError, RuntimeError):
            image = torch.empty(0)
        if image.shape != (FRAME, FRAME) or image.dtype != torch.uint8:
            raise traitlets.TraitError(
                f"{self.name} must be (28, 28) and uint8, as digits.test_images[0], got"
                f" {tuple(image.shape)} of {image.dtype}; a float one from 0 to 1 becomes it by"
                " (255 * image).byte()"
            )
        return image


class Shift(traitlets.TraitType):
    """How far the drawing was moved, in pixels: [dx, dy], to the right and down."""

    def validate(self, owner, value):
        listed = list(value) if isinstance(value, list | tuple) else []
        if len(listed) == 2 and all(_is_whole(part) and abs(part) < FRAME for part in listed):
            return [int(part) for part in listed]
        raise traitlets.TraitError(
            f"shift must be two whole numbers [dx, dy] from -27 to 27, got {reprlib.repr(value)}"
        )


def _is_whole(value) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


AS_BYTES = {
    "to_json": lambda image, _: None if image is None else encode(image),
    "from_json": lambda packed, _: None if packed is None else decode_bytes(packed),
}


class DrawPad(CourseWidget):
    """Draw a digit and see what networks answer: `DrawPad({"MLP": mlp, "CNN": cnn})`.

    models: an nn.Sequential, or a dict of up to three: name -> nn.Sequential that takes
        (N, 1, 28, 28), normalised as `data.normalize` does, and gives 10 logits. After training
        one further, call `refresh()`. Without any it is a plain pad.
    image: (28, 28) uint8, a digit that is on the pad to begin with.
    strokes: what was drawn, lists of points [x, y] from 0 to 1.
    as_mnist: whether the network sees the drawing as MNIST shows digits (fitted into 20 pixels,
        drawn anew with one pen, brought to the middle) or as it was drawn. An image keeps its
        pen and, unless as_mnist is set, its size and place.
    shift: [dx, dy], pixels by which what it sees was then moved.
    pixels: what the networks see, (28, 28) uint8. It follows from all of these.
    show_maps: whether the page shows each layer of the first network.

    Raises traitlets.TraitError for values that do not fit, and ValueError for networks that the
    page cannot compute; the old ones stay.
    """

    script = "draw_pad.mjs"
    strokes = Strokes().tag(sync=True)
    image = Grey(None, allow_none=True).tag(sync=True, **AS_BYTES)
    as_mnist = traitlets.Bool(True).tag(sync=True)
    shift = Shift().tag(sync=True)
    pixels = Grey().tag(sync=True, **AS_BYTES)
    show_maps = traitlets.Bool(False).tag(sync=True)
    _networks = traitlets.List().tag(sync=True)
    _scale = traitlets.List([MEAN, STD]).tag(sync=True)

    def __init__(self, models=None, image=None, **options):
        options = {"strokes": [], "shift": [0, 0], "as_mnist": image is None} | options
        super().__init__(image=image, **options)
        self.models = models

    @property
    def models(self) -> dict[str, nn.Sequential]:
        """The networks by their names."""
        return dict(self._models)

    @models.setter
    def models(self, models: nn.Sequential | dict | None) -> None:
        named = _named(models)
        self._networks = [
            {"name": name} | pack_reader(name, model) for name, model in named.items()
        ]
        self._models = named

    def refresh(self) -> None:
        """Show what the networks answer now, after they were trained further."""
        self.models = self._models

    @property
    def digit(self) -> Tensor:
        """What the networks see. Shape: (28, 28) uint8, 0 for paper and 255 for full ink."""
        return self.pixels.clone()

    @property
    def probabilities(self) -> dict[str, list[float]]:
        """What each network answers to `digit`: ten numbers by its name, computed in Python."""
        answers = {name: predict(model, self.digit[None])[0] for name, model in self.models.items()}
        in_model = {each["name"] for each in self._networks
                    if each["layers"][-1]["kind"] == "Softmax"}  # fmt: skip
        return {name: (answer if name in in_model else answer.softmax(0)).tolist()
                for name, answer in answers.items()}  # fmt: skip

    def keep(self) -> None:
        """Keep the digit for all lessons, where `mine.seven()` gives it; an empty pad has none."""
        if not self.pixels.any():
            raise ValueError("the pad is empty; draw a digit on it, then keep it")
        mine.keep_seven(self.digit)

    @traitlets.default("pixels")
    def _see(self) -> Tensor:
        return see(self.strokes, self.image, self.as_mnist, self.shift)

    @traitlets.observe("strokes", "image", "as_mnist", "shift")
    def _look_again(self, change) -> None:
        if "pixels" not in self._property_lock:  # else the page, which sees the same, has sent them
            self.pixels = self._see()

    def saved_state(self) -> dict:
        """Leave the weights of large networks out of saved pages."""
        networks = [
            each if each["parameters"] <= network.MOST_IN_A_PAGE else each | {"layers": None}
            for each in self._networks
        ]
        return self.get_state() | {"_networks": networks}

    def still(self) -> str:
        if not self.pixels.any():
            return "<p>An empty pad: draw a digit.</p>"
        seen = picture_html.image(1 - self.pixels[None] / 255, "the digit on the pad")
        answers = [f"<p>{html.escape(name)}: {DIGITS[max(range(10), key=shares.__getitem__)]},"
                   f" {max(shares):.0%}</p>"
                   for name, shares in self.probabilities.items()]  # fmt: skip
        return f"<table><tr><td>{seen}</td><td>{''.join(answers)}</td></tr></table>"

    def __repr__(self):
        names = ", ".join(self._models) or "no models"
        image = "an image and " if self.image is not None else ""
        return f"DrawPad({names}; {image}{len(self.strokes)} strokes, shift {self.shift})"


def _named(models) -> dict[str, nn.Sequential]:
    if models is None:
        return {}
    named = dict(models) if isinstance(models, dict) else {"network": models}
    if len(named) > MOST_MODELS or not all(isinstance(name, str) and name for name in named):
        raise ValueError(
            f"models must be at most {MOST_MODELS} networks by their names, as in"
            f' {{"CNN": cnn}}, got {reprlib.repr(list(named))}'
        )
    return named


def pack_reader(name: str, model: nn.Sequential) -> dict:
    """Pack a network that reads digits; raises ValueError for one that does not."""
    try:
        packed = network.pack(model)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    try:
        shape = tuple(predict(model, torch.zeros(1, FRAME, FRAME, dtype=torch.uint8)).shape)
    except (ValueError, RuntimeError, StopIteration) as error:
        raise ValueError(
            f"{name}: a network must take (N, 1, 28, 28), but of a digit PyTorch says:"
            f" {str(error) or 'it has no weights'}"
        ) from None
    if shape != (1, len(DIGITS)):
        raise ValueError(
            f"{name}: a network must turn (1, 1, 28, 28) into (1, 10) logits, got {shape};"
            " end it with nn.Linear(..., 10)"
        )
    return packed
