"""The networks of the course, each readable in one screen."""

from torch import nn


def course_cnn(in_channels: int = 1, classes: int = 10) -> nn.Sequential:
    """Build the network that lesson 06 arrives at: three convolutions, one linear layer.

    Pooling comes before batch norm and ReLU. Both then handle a quarter of the numbers, and for
    ReLU alone the order makes no difference at all (lesson 04 shows why).

    Shape: (N, in_channels, 28, 28) -> (N, classes) logits. With the defaults, 17,018 parameters.
    """
    return nn.Sequential(
        *conv_block(in_channels, 16),  # (N, 16, 14, 14)
        *conv_block(16, 32),  # (N, 32, 7, 7)
        *conv_block(32, 32),  # (N, 32, 3, 3)
        nn.Flatten(),  # (N, 288)
        nn.Linear(32 * 3 * 3, classes),
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


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
