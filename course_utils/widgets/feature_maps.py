"""Inside a trained network: what each layer makes of a digit, each of its numbers explained."""

import html
import math
import reprlib

import torch
import traitlets
from torch import Tensor, nn
from torch.nn.functional import pad

from course_utils.data import MEAN, STD, normalize
from course_utils.train.evaluate import in_mode
from course_utils.widgets import network, picture_html
from course_utils.widgets.base import CourseWidget
from course_utils.widgets.conv_stepper import Whole
from course_utils.widgets.draw_pad import AS_BYTES, DIGITS, pack_reader

MOST_IMAGES = 24
UNSEEN = ("Flatten", "Identity")  # layers that change no number
Shape = tuple[int, ...]


class Greys(traitlets.TraitType):
    """Digits, (N, 28, 28) uint8: 0 for paper and 255 for full ink. One digit may be (28, 28)."""

    def validate(self, owner, value):
        try:
            images = torch.as_tensor(value).detach().cpu().clone()
        except (TypeError, ValueError, RuntimeError):
            images = torch.empty(0)
        images = images[None] if images.ndim == 2 else images
        fits = images.ndim == 3 and images.shape[1:] == (28, 28) and images.dtype == torch.uint8
        if not fits or not 1 <= len(images) <= MOST_IMAGES:
            raise traitlets.TraitError(
                f"images must be 1 to {MOST_IMAGES} digits, (N, 28, 28) and uint8, as"
                f" digits.test_images[:8], got {tuple(images.shape)} of {images.dtype}"
            )
        return images


class FeatureMaps(CourseWidget):
    """What each layer of a network gives for a digit: `FeatureMaps(cnn, digits.test_images[:8])`.

    model: an nn.Sequential that takes (N, 1, 28, 28), normalised as `data.normalize` does, and
        gives 10 logits. After training it further, call `refresh()`, or set another one.
    images: (N, 28, 28) uint8, 24 at most. labels: their digits, (N,), or None. Both stay.
    image: which of the images is shown, counted from 0.
    layer: the layer that is looked into, by PyTorch's name for it: "3", or "0.2" in a nested one.
    unit: the number of that layer which is explained: [map, row, column], or [index] of a vector.

    The learner chooses image, layer and unit; all can be read here and set. `value` is the unit's
    number. Raises traitlets.TraitError for values that do not fit, and ValueError for a network
    that the page cannot compute; the old ones stay.
    """

    script = "feature_maps.mjs"
    styles = ("draw_pad.css", "conv_stepper.css")
    image = Whole(0, least=0).tag(sync=True)
    layer = traitlets.CUnicode().tag(sync=True)
    unit = traitlets.List(Whole(0, least=0)).tag(sync=True)
    _images = Greys().tag(sync=True, **AS_BYTES)
    _labels = traitlets.List(allow_none=True).tag(sync=True)
    _network = traitlets.Dict().tag(sync=True)
    _scale = traitlets.List([MEAN, STD]).tag(sync=True)

    def __init__(self, model, images, labels=None, *, image=0, layer=None, unit=None, **options):
        packed = self._look_into(model)
        layer = next(iter(self._shapes)) if layer is None else self._known(str(layer))
        unit = _middle(self._shapes[layer]) if unit is None else unit
        super().__init__(_network=packed, _images=images, _labels=_whole_labels(labels),
                         image=image, layer=layer, unit=unit, **options)  # fmt: skip

    @property
    def images(self) -> Tensor:
        """The images. Shape: (N, 28, 28) uint8."""
        return self._images.clone()

    @property
    def labels(self) -> list[int] | None:
        return self._labels

    @property
    def model(self) -> nn.Sequential:
        return self._model

    @model.setter
    def model(self, model: nn.Sequential) -> None:
        packed = self._look_into(model)
        with self.hold_sync():
            self._network = packed
            if self.layer not in self._shapes:
                self.layer = next(iter(self._shapes))
            self._stay_inside()

    def _look_into(self, model: nn.Sequential) -> dict:
        """Pack a network and keep it; raises ValueError, before anything changes."""
        packed = {"name": "the network"} | pack_reader("model", model)
        self._shapes, self._model = _shapes(model, packed), model
        return packed

    def refresh(self) -> None:
        """Show what the network gives now, after it was trained further."""
        self.model = self._model

    @property
    def value(self) -> float:
        """The number of the unit, computed by PyTorch."""
        return self._given()[self.layer][tuple(self.unit)].item()

    def _given(self) -> dict[str, Tensor]:
        """What each layer that is shown gives for the image, by its name."""
        given = _run(self._model, self._network, self._images[[self.image]])
        return {path: given[path][0] for path in self._shapes}

    @traitlets.validate("image")
    def _check_image(self, proposal):
        if proposal["value"] >= len(self._images):
            raise traitlets.TraitError(
                f"image must be at most {len(self._images) - 1}, because there are"
                f" {len(self._images)}, got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("_labels")
    def _check_labels(self, proposal):
        labels = proposal["value"]
        if labels is not None and len(labels) != len(self._images):
            raise traitlets.TraitError(
                f"labels must be one for each of {len(self._images)} images, got {len(labels)}"
            )
        return labels

    @traitlets.validate("layer")
    def _check_layer(self, proposal):
        return self._known(proposal["value"])

    def _known(self, layer: str) -> str:
        if layer not in self._shapes:
            names = ", ".join(map(repr, self._shapes))
            raise traitlets.TraitError(f"layer must be one of {names}, got {layer!r}")
        return layer

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        if not self._is_inside(proposal["value"]):
            raise traitlets.TraitError(
                f"unit must be a place in layer {self.layer}, which gives"
                f" {self._shapes[self.layer]} numbers, got {reprlib.repr(proposal['value'])}"
            )
        return proposal["value"]

    @traitlets.observe("layer")
    def _stay_inside(self, change=None) -> None:
        if not self._is_inside(self.unit):
            self.unit = _middle(self._shapes[self.layer])

    def _is_inside(self, unit: list[int]) -> bool:
        shape = self._shapes.get(self.layer, ())
        return len(unit) == len(shape) and all(map(int.__lt__, unit, shape))

    def saved_state(self) -> dict:
        """Leave the weights of a large network out of saved pages."""
        too_large = self._network["parameters"] > network.MOST_IN_A_PAGE
        left_out = {"layers": None} if too_large else {}
        return self.get_state() | {"_network": self._network | left_out}

    def still(self) -> str:
        """The image, the answer, and the maps of each layer."""
        given = self._given()
        answer = DIGITS[list(given.values())[-1].argmax()]
        image = picture_html.image(1 - self._images[[self.image]] / 255, "the image", width=112)
        kinds = {each["path"]: each["kind"] for each in self._network["layers"]}
        layers = "".join(
            f"<td>{picture_html.signed(_mosaic(maps), f'what layer {path} gives', width=112)}"
            f"<br>{html.escape(path)} {kinds[path]}</td>{'</tr><tr>' if place % 4 == 3 else ''}"
            for place, (path, maps) in enumerate(given.items())
        )
        return f"<p>{image} It says {html.escape(answer)}.</p><table><tr>{layers}</tr></table>"

    def __repr__(self):
        return (f"FeatureMaps({len(self._shapes)} layers, {len(self._images)} images; image"
                f" {self.image}, layer {self.layer}, unit {self.unit})")  # fmt: skip


def _whole_labels(labels) -> list[int] | None:
    listed = None if labels is None else torch.as_tensor(labels).tolist()
    if listed is None or (isinstance(listed, list) and set(listed) <= set(range(len(DIGITS)))):
        return listed
    raise traitlets.TraitError(
        f"labels must be digits from 0 to 9, as digits.test_labels[:8], got {reprlib.repr(listed)}"
    )


def _middle(shape: Shape) -> list[int]:
    return [0, shape[1] // 2, shape[2] // 2] if len(shape) == 3 else [0]


@torch.no_grad()
def _run(model: nn.Sequential, packed: dict, images: Tensor) -> dict[str, Tensor]:
    """What each layer gives, by its name."""
    x, given = normalize(images).to(next(model.parameters()).device), {}
    with in_mode(model, training=False):
        for layer in packed["layers"]:
            x = model.get_submodule(layer["path"])(x.clone())  # a ReLU may work in place
            given[layer["path"]] = x.cpu()
    return given


def _shapes(model: nn.Sequential, packed: dict) -> dict[str, Shape]:
    """The shape of what each layer gives for one image, of those that change a number."""
    given = _run(model, packed, torch.zeros(1, 28, 28, dtype=torch.uint8))
    return {layer["path"]: tuple(given[layer["path"]].shape[1:])
            for layer in packed["layers"] if layer["kind"] not in UNSEEN}  # fmt: skip


def _mosaic(maps: Tensor) -> Tensor:
    """All maps of a layer beside each other. Shape: (C, H, W) or (C,) -> (rows, columns)."""
    maps = maps if maps.ndim == 3 else maps[:, None, None]
    across = 10 if len(maps) <= 10 else 2 ** math.ceil(math.log2(math.sqrt(len(maps))))
    rows = pad(maps, (0, 0, 0, 0, 0, -len(maps) % across)).split(across)
    return torch.cat([torch.cat(list(row), dim=1) for row in rows])
