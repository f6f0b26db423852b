"""Looking into a trained network: what each layer gives, and which pixels an answer rests on.

Each way is short enough to be read: lesson 07 builds them in cells. All of them ask the network in
evaluation mode, and leave its weights, its gradients and its mode as they were. Images are grey
levels (uint8), 0 for paper and 255 for full ink, and are normalised here.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from course_utils import data
from course_utils.train.evaluate import in_mode, predict


def activations(model: nn.Sequential, images: Tensor) -> list[tuple[str, Tensor]]:
    """Send images through the network, layer by layer, and keep what each layer gives.

    Shape: images (N, 28, 28) uint8 -> pairs of a name, as in "3 ReLU", and a tensor (N, ...).
    Raises ValueError for another shape, or for what is not an nn.Sequential.
    """
    _check_model(model)
    x, given = data.normalize(images).to(_device(model)), []
    with in_mode(model, training=False), torch.no_grad():
        for name, layer in model.named_children():
            x = layer(x.clone())  # a ReLU may work in place: what is kept must stay
            given.append((f"{name} {type(layer).__name__}", x.cpu()))
    return given


def occlusion(
    model: nn.Module, image: Tensor, digit: int | None = None, patch: int = 7, fill: int = 0
) -> Tensor:
    """Cover the pixels around each place, and see by how much the share of a digit drops.

    The patch is patch x patch pixels of the grey level `fill`, 0 for paper; at the edge it is cut
    off. A negative number: without these pixels the digit gets more. It is the answer where none
    is given.

    Shape: image (H, W) uint8 -> (H, W), from -1 to 1. Raises ValueError for an even patch, which
    has no middle, and for a grey level that there is not.
    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2014).
    """
    _check_image(image)
    if patch < 1 or patch % 2 == 0 or not 0 <= fill <= 255:
        raise ValueError(f"patch must be odd and fill from 0 to 255, got {patch} and {fill}")
    height, width = image.shape
    covered = image.repeat(height * width, 1, 1)  # one copy for each place
    for place, copied in enumerate(covered):
        row, column = divmod(place, width)
        top, left = max(row - patch // 2, 0), max(column - patch // 2, 0)
        copied[top : row + patch // 2 + 1, left : column + patch // 2 + 1] = fill
    shares = predict(model, torch.cat([image[None], covered])).softmax(dim=1)
    digit = _choose(digit, shares[0])
    return (shares[0, digit] - shares[1:, digit]).reshape(height, width)


def saliency(model: nn.Module, image: Tensor, digit: int | None = None) -> Tensor:
    """Ask the slope: by how much does the logit of a digit change with each pixel, up or down?

    The digit is the answer where none is given. Slopes are those of the normalised pixels.

    Shape: image (28, 28) uint8 -> (28, 28), none below 0. Raises ValueError for another digit.
    Source: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks" (2013).
    """
    _check_image(image)
    x = data.normalize(image[None]).to(_device(model)).requires_grad_()
    with in_mode(model, training=False), torch.enable_grad():
        logits = model(x)[0]  # (10,)
        (slopes,) = torch.autograd.grad(logits[_choose(digit, logits)], x)
    return slopes[0, 0].abs().cpu()


def grad_cam(
    model: nn.Sequential, image: Tensor, digit: int | None = None, layer: int | None = None
) -> Tensor:
    """Add up the maps of a layer, each weighted by how much the logit of a digit rises with it.

    A map's weight is the mean of the logit's slopes over its places; a sum below 0 counts as 0.
    `layer` is a place in the network, as in model[7]; by default the last convolution, whose maps
    are 7 x 7 in the course's network. A pool behind it drops the seventh row and column: a place
    may be coloured that the answer never gets to see. The digit is the answer where none is given.

    Shape: image (28, 28) uint8 -> (28, 28), enlarged from the maps; none below 0.
    Raises ValueError for a layer that gives no maps, or another digit.
    Source: Selvaraju et al., "Grad-CAM" (2017).
    """
    _check_model(model)
    _check_image(image)
    after = _last_convolution(model) + 1 if layer is None else layer + 1
    x = data.normalize(image[None]).to(_device(model))
    with in_mode(model, training=False), torch.enable_grad():
        maps = model[:after](x).detach().requires_grad_()  # (1, C, h, w)
        if maps.ndim != 4:
            raise ValueError(
                f"layer {layer} gives {tuple(maps.shape)}, no maps; take an earlier one"
            )
        logits = model[after:](maps.clone())[0]  # a clone, for a ReLU may work in place
        (slopes,) = torch.autograd.grad(logits[_choose(digit, logits)], maps)
    weights = slopes.mean(dim=(2, 3), keepdim=True)  # (1, C, 1, 1): one for each map
    seen = (weights * maps).sum(dim=1, keepdim=True).relu()  # (1, 1, h, w)
    return interpolate(seen, size=image.shape, mode="bilinear")[0, 0].detach().cpu()


def randomise(model: nn.Module, *, seed: int = 987_654_321) -> nn.Module:
    """Copy the network and start its weights anew: what looks the same then came from no learning.

    The seed is none that the network itself may have started from; the global one stays as it was.
    Raises ValueError where a layer cannot start anew.
    Source: Adebayo et al., "Sanity Checks for Saliency Maps" (2018).
    """
    fresh = copy.deepcopy(model)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, layer in fresh.named_modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
            elif any(True for _ in layer.parameters(recurse=False)):
                raise ValueError(f"layer {name} ({layer}) needs a method reset_parameters()")
    return fresh


def _device(model: nn.Module) -> torch.device:
    return next((weight.device for weight in model.parameters()), torch.device("cpu"))


def _last_convolution(model: nn.Sequential) -> int:
    places = [place for place, layer in enumerate(model) if isinstance(layer, nn.Conv2d)]
    if not places:
        raise ValueError("model has no nn.Conv2d of its own; name a layer that gives maps")
    return places[-1]


def _choose(digit: int | None, logits: Tensor) -> int:
    if digit is not None and not 0 <= digit < len(logits):
        raise ValueError(f"digit must be from 0 to {len(logits) - 1}, got {digit}")
    return int(logits.argmax()) if digit is None else digit


def _check_model(model) -> None:
    if not isinstance(model, nn.Sequential):
        raise ValueError(f"model must be an nn.Sequential, got {type(model).__name__}")


def _check_image(image: Tensor) -> None:
    if image.ndim != 2 or image.dtype != torch.uint8:
        raise ValueError(
            f"image must be one digit, (28, 28) uint8, as digits.test_images[0], got"
            f" {tuple(image.shape)} of {image.dtype}"
        )
