"""Arrays as traits: checked when they are set, and sent to the page as base64 of float32."""

import base64
import reprlib

import numpy as np
import torch
import traitlets
from torch import Tensor

MOST_PIXELS = 1024  # along a side: what a page repaints without waiting
LARGEST_WEIGHT = 1000  # larger ones leave no room for their sums in the page


def encode(tensor: Tensor) -> dict:
    """Pack a tensor for the page; dom.mjs has the way back."""
    numbers = np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype="<f4")
    return {"shape": list(numbers.shape), "data": base64.b64encode(numbers.tobytes()).decode()}


def decode(packed: dict) -> Tensor:
    """Unpack what the page sent; raises TraitError for what is no packed tensor."""
    try:
        numbers = np.frombuffer(base64.b64decode(packed["data"]), dtype="<f4").copy()
        return torch.from_numpy(numbers.reshape(packed["shape"]))
    except (KeyError, TypeError, ValueError):
        raise traitlets.TraitError(
            "a tensor must be {shape, data: its float32 numbers as base64}, got"
            f" {reprlib.repr(packed)}"
        ) from None


def decode_bytes(packed: dict) -> Tensor:
    """Unpack grey levels, uint8; raises TraitError for what is none, as 256 and NaN."""
    numbers = decode(packed)
    if not torch.equal(numbers, numbers.clamp(0, 255).round()):
        raise traitlets.TraitError(
            "grey levels must be whole numbers from 0 to 255, got"
            f" {numbers.min():g} to {numbers.max():g}"
        )
    return numbers.byte()


def to_tensor(name: str, value, dtype=torch.float32) -> Tensor:
    """Return a new tensor; raises TraitError for what is no array of finite numbers."""
    try:
        given = value if isinstance(value, Tensor) else torch.as_tensor(np.array(value))
        numbers = given.detach().cpu().to(dtype, copy=True)
    except (TypeError, ValueError, RuntimeError):
        raise traitlets.TraitError(
            f"{name} must be an array of numbers, with rows of equal lengths,"
            f" got {reprlib.repr(value)}; give nested lists, an array or a tensor"
        ) from None
    bad = numbers[~numbers.isfinite()]
    if len(bad):
        raise traitlets.TraitError(
            f"{name} must have finite numbers, got {bad[0]}; replace it, as with torch.nan_to_num"
        )
    return numbers / 255 if given.dtype == torch.uint8 else numbers


class Kernel(traitlets.TraitType):
    """Weights as nested lists, 1x1 to 7x7; takes arrays, tensors and the names given to it too."""

    info_text = "a kernel"

    def __init__(self, names: dict[str, list]):
        self.names = names
        super().__init__()

    def validate(self, owner, value):
        if isinstance(value, str):
            if value not in self.names:
                names = ", ".join(self.names)
                raise traitlets.TraitError(f"kernel must be one of {names}, got {value!r}")
            value = self.names[value]
        weights = to_tensor("kernel", value, torch.float64)
        if weights.ndim != 2 or not all(1 <= side <= 7 for side in weights.shape):
            raise traitlets.TraitError(
                f"kernel must have 1 to 7 rows and columns, got shape {tuple(weights.shape)};"
                " write it as in [[1, 0, -1]]"
            )
        if weights.abs().max() > LARGEST_WEIGHT:
            raise traitlets.TraitError(
                f"kernel must have weights between -{LARGEST_WEIGHT} and {LARGEST_WEIGHT}, got"
                f" {weights.abs().max():g}; divide them all by the same number"
            )
        return weights.tolist()


class Image(traitlets.TraitType):
    """A grey (1,H,W) or colour (3,H,W) image as a float tensor from 0 to 1.

    Takes (H,W), (C,H,W) and (H,W,3) arrays, from 0 to 1 or as uint8.
    """

    info_text = "an image"

    def validate(self, owner, value):
        image = _channels_first(to_tensor("image", value))
        channels, *sides = image.shape
        if channels not in (1, 3) or not all(1 <= side <= MOST_PIXELS for side in sides):
            raise traitlets.TraitError(
                f"image must have 1 or 3 channels and 1 to {MOST_PIXELS} pixels a side, got"
                f" {tuple(image.shape)}; cut or shrink it, as with image[:, ::2, ::2]"
            )
        low, high = float(image.min()), float(image.max())
        if low < 0 or high > 1:
            raise traitlets.TraitError(
                f"image must lie between 0 and 1, got {low:g} to {high:g}; divide by 255,"
                " or give it as uint8"
            )
        return image


def _channels_first(image: Tensor) -> Tensor:
    if image.ndim == 2:
        return image[None]
    if image.ndim == 3 and image.shape[2] == 3 and image.shape[0] not in (1, 3):
        return image.permute(2, 0, 1).contiguous()
    if image.ndim != 3 or image.numel() == 0:
        raise traitlets.TraitError(
            f"image must have shape (H, W), (1, H, W), (3, H, W) or (H, W, 3), got"
            f" {tuple(image.shape)}; pick one image out of a batch, as with images[0]"
        )
    return image
