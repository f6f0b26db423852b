"""The networks of the course, each readable in one screen."""

import itertools

from torch import nn


def mlp(*widths: int) -> nn.Sequential:
    """Build a multilayer perceptron: mlp(784, 128, 10) flattens, has 128 hidden units, 10 outputs.

    Shape: (N, ...) with widths[0] numbers for each image -> (N, widths[-1]) logits.
    Raises ValueError for fewer than two widths.
    """
    if len(widths) < 2:
        raise ValueError(f"an MLP needs two widths or more, inputs and outputs, got {widths}")
    layers = [nn.Flatten()]
    for inputs, outputs in itertools.pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])  # logits may be negative: no ReLU at the end


def course_cnn(
    in_channels: int = 1, classes: int = 10, *, image_size: int = 28, head: str = "flatten"
) -> nn.Sequential:
    """Build the network that lesson 06 arrives at: three convolutions, one linear layer.

    Pooling comes before batch norm and ReLU. Both then handle a quarter of the numbers, and for
    ReLU alone the order makes no difference at all (lesson 04 shows why). The `head` "flatten"
    gives each place of the last maps its own weights; "average" takes the mean of each map first.

    Shape: (N, in_channels, image_size, image_size) -> (N, classes) logits. With the defaults,
    17,018 parameters. Raises ValueError for another head.
    """
    if head not in ("flatten", "average"):
        raise ValueError(f"head must be 'flatten' or 'average', got {head!r}")
    side = 1 if head == "average" else image_size // 8
    return nn.Sequential(
        *conv_block(in_channels, 16),  # (N, 16, 14, 14) for images of 28 x 28
        *conv_block(16, 32),  # (N, 32, 7, 7)
        *conv_block(32, 32),  # (N, 32, 3, 3)
        *([nn.AdaptiveAvgPool2d(1)] if head == "average" else []),  # (N, 32, 1, 1)
        nn.Flatten(),  # (N, 288), or (N, 32) after the average
        nn.Linear(32 * side * side, classes),
    )


def conv_block(in_channels: int, out_channels: int) -> list[nn.Module]:
    """One step of the network: look with 3x3 kernels, keep the strongest answers, rescale, clip.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2).
    """
    return [
        # batch norm subtracts the mean, and a bias with it: the convolution needs none of its own
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.MaxPool2d(kernel_size=2),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    ]


def fast_cnn(widths: tuple[int, int, int] = (16, 16, 64)) -> nn.Sequential:
    """Build the network at the end of lesson 06's climb, for half the time of `course_cnn`.

    The first kernels have a stride of 2, so that no pooling need follow, and nothing is padded, as
    the edge of a digit's image is empty. So all later maps are smaller; and most channels are where
    there are fewest places. With its own recipe it reads about as many digits (docs/audit).

    Shape: (N, 1, 28, 28) -> (N, 10) logits. With the default widths, 17,882 parameters.
    """
    first, second, third = widths
    return nn.Sequential(
        nn.Conv2d(1, first, kernel_size=5, stride=2, bias=False),  # (N, 16, 12, 12)
        *(nn.BatchNorm2d(first), nn.ReLU()),
        nn.Conv2d(first, second, kernel_size=3, bias=False),  # (N, 16, 10, 10)
        *(nn.MaxPool2d(2), nn.BatchNorm2d(second), nn.ReLU()),  # (N, 16, 5, 5)
        nn.Conv2d(second, third, kernel_size=3, bias=False),  # (N, 64, 3, 3)
        *(nn.BatchNorm2d(third), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(9 * third, 10)),  # (N, 576) -> (N, 10)
    )


def best_cnn() -> nn.Sequential:
    """Build `fast_cnn` with two to four times the channels: slower, and better in the long run.

    Shape: (N, 1, 28, 28) -> (N, 10) logits; 104,938 parameters.
    """
    return fast_cnn(widths=(32, 64, 128))


# the network that each of `train.RECIPES` is made for
OF_RECIPE = {"plain": course_cnn, "course": course_cnn, "fast": fast_cnn, "best": best_cnn}


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
