"""How the shape of an image changes on its way through the layers of a network."""

import math

import torch
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from course_utils.show.picture import BLUE, FAINT, GREEN, INK, ORANGE, Picture, new_figure
from course_utils.train.evaluate import in_mode

TALLEST, SHORTEST, SHEET = 0.95, 0.1, 0.05  # in inches: the largest map, a map of 1x1, an offset
BETWEEN = 1.75  # from one stack of maps to the next


def trail(model: nn.Sequential, image: Tensor) -> Picture:
    """Draw what goes in and what the layers make of it as stacks of maps, with their shapes.

    A stack is as high as its maps, and a sheet more stands for twice as many channels. Layers that
    leave the shape as it is are left out, unless they are convolutions.

    Shape: image (N, C, H, W), of which only the shape counts.
    """
    layers, shapes = _follow(model, image)
    names = [_name(layer) for layer in layers]
    figure, [[axis]] = new_figure(BETWEEN * len(shapes), TALLEST + 1.1)
    largest = max(max(shape[1:], default=1) for shape in shapes)
    for at, shape in enumerate(shapes):
        _stack(axis, BETWEEN * at, shape, largest, GREEN if at else BLUE)
    for at, (layer, name) in enumerate(zip(layers, names, strict=True)):
        middle, learns = BETWEEN * (at + 0.5), any(True for _ in layer.parameters())
        axis.annotate("", (middle + 0.18, 0), (middle - 0.14, 0),
                      arrowprops={"arrowstyle": "->", "color": FAINT})  # fmt: skip
        axis.text(middle, TALLEST / 2 + 0.22, name, ha="center", va="bottom", size=11,
                  color=ORANGE if learns else INK)  # fmt: skip
    axis.set(xlim=(-BETWEEN / 2, BETWEEN * (len(shapes) - 0.5)), aspect="equal",
             ylim=(-TALLEST / 2 - 0.45, TALLEST / 2 + 0.65))  # fmt: skip
    axis.set_axis_off()
    steps = [f"{name}: {_written(shape)}" for name, shape in zip(names, shapes[1:], strict=True)]
    words = f"Shapes from layer to layer. Image: {_written(shapes[0])}; {'; '.join(steps)}"
    return Picture(figure, words.replace("\n", ", "))


def _follow(model: nn.Sequential, image: Tensor) -> tuple[list[nn.Module], list[tuple]]:
    """Find the layers that are drawn, and the shapes of the image and behind each of them."""
    x, layers, shapes = image[:1], [], [tuple(image.shape[1:])]
    with torch.no_grad(), in_mode(model, training=False):
        for layer in model:
            x = layer(x)
            if isinstance(layer, nn.Conv2d) or tuple(x.shape[1:]) != shapes[-1]:
                layers.append(layer)
                shapes.append(tuple(x.shape[1:]))
    return layers, shapes


def _name(layer: nn.Module) -> str:
    """Say in two lines what a layer is, without the settings that are as usual."""
    if not isinstance(layer, nn.Conv2d):
        size = getattr(layer, "kernel_size", None)
        return type(layer).__name__ + (f"\n{size}x{size}" if isinstance(size, int) else "")
    usual = {"stride": 1, "padding": 0, "dilation": 1}
    settings = [(name, getattr(layer, name)) for name in usual]
    unusual = [
        f"{name} {value[0]}" for name, value in settings if value != (usual[name], usual[name])
    ]
    kernels = f"{_written(layer.kernel_size)}, {layer.out_channels} kernels".replace(" x ", "x")
    return f"{kernels}\n{', '.join(unusual)}"


def _stack(axis, middle: float, shape: tuple[int, ...], largest: int, colour: str) -> None:
    """Draw the maps one behind the other, the first in front, and the shape below them."""
    is_row = len(shape) == 1
    height, width = (
        SHORTEST + (TALLEST - SHORTEST) * size / largest
        for size in ((largest * min(1, math.log2(shape[0]) / 10), 0) if is_row else shape[1:])
    )
    sheets = 1 if is_row else 1 + math.ceil(math.log2(shape[0]))
    for behind in reversed(range(sheets)):
        offset = SHEET * (behind - (sheets - 1) / 2)
        corner = (middle - width / 2 + offset, -height / 2 + offset)
        axis.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=colour))
    axis.text(middle, -TALLEST / 2 - 0.2, _written(shape), ha="center", va="top", size=12,
              color=colour)  # fmt: skip


def _written(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
