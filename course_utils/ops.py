"""The operations that the lessons build by hand, written to be read.

Each gives what PyTorch's function of the same name gives (`torch.nn.functional` is the oracle of
its tests), forwards and backwards, and refuses what makes no sense before it computes anything.
"""

import torch
from torch import Tensor


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride=1, padding=0, dilation=1
) -> Tensor:
    """Slide every kernel over the image and sum the products, over all channels.

    There are two loops, over the cells of the kernel and not over the pixels of the image: cell
    (i, j) meets a shifted copy of the image, and all windows are served at once.

    Shape: x (N, C, H, W), weight (O, C, kh, kw), bias (O,) -> (N, O, rows, columns), with rows and
    columns from `output_size`. stride, padding and dilation are in pixels, one number or (down,
    across). Raises ValueError for sizes that do not fit, TypeError for what is not a tensor.
    """
    stride, padding, dilation = (
        pair(value, name, least)
        for value, name, least in [(stride, "stride", 1), (padding, "padding", 0),
                                   (dilation, "dilation", 1)]
    )  # fmt: skip
    _check_conv2d(x, weight, bias)
    rows, columns = (
        output_size(x.shape[2 + axis], weight.shape[2 + axis], stride=stride[axis],
                    padding=padding[axis], dilation=dilation[axis])
        for axis in (0, 1)
    )  # fmt: skip
    x = pad(x, padding)
    out = torch.zeros(len(x), len(weight), rows, columns, dtype=x.dtype, device=x.device)
    for i in range(weight.shape[2]):
        for j in range(weight.shape[3]):
            down = slice(i * dilation[0], i * dilation[0] + (rows - 1) * stride[0] + 1, stride[0])
            across = slice(
                j * dilation[1], j * dilation[1] + (columns - 1) * stride[1] + 1, stride[1]
            )
            seen = x[:, :, down, across]  # (N, C, rows, columns): what this cell meets
            out = out + torch.einsum("nchw,oc->nohw", seen, weight[:, :, i, j])
    return out if bias is None else out + bias[:, None, None]


def output_size(size: int, kernel_size: int, *, stride=1, padding=0, dilation=1) -> int:
    """Count the places where a kernel fits: floor((size + 2 padding - reach) / stride) + 1.

    The reach is dilation * (kernel_size - 1) + 1, the pixels from the kernel's first cell to its
    last. Raises ValueError where it does not fit even once.
    """
    for name, value, least in [("size", size, 0), ("kernel_size", kernel_size, 1),
                               ("stride", stride, 1), ("padding", padding, 0),
                               ("dilation", dilation, 1)]:  # fmt: skip
        whole_number(value, name, least)
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding
    if reach > room:
        raise ValueError(
            f"the kernel reaches over {reach} pixels, and the padded image has {room};"
            " take a smaller kernel or dilation, or more padding"
        )
    return (room - reach) // stride + 1


def pad(x: Tensor, padding) -> Tensor:
    """Put rows and columns of zeros around the image.

    Shape: (N, C, H, W) -> (N, C, H + 2 down, W + 2 across); padding is one number or a pair.
    """
    down, across = pair(padding, "padding", 0)
    wide = x.new_zeros(*x.shape[:2], x.shape[2] + 2 * down, x.shape[3] + 2 * across)
    wide[:, :, down : down + x.shape[2], across : across + x.shape[3]] = x
    return wide


def pair(value, name: str, least: int) -> tuple[int, int]:
    """Read one number as (down, across), and refuse what is not a pair of whole numbers."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(numbers) != 2:
        raise ValueError(f"{name} must be one number or a pair (down, across), got {value}")
    return tuple(whole_number(number, name, least) for number in numbers)


def whole_number(value, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return value


def _check_conv2d(x: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    for name, tensor, axes in [("x", x, "(N, C, H, W)"), ("weight", weight, "(O, C, kh, kw)")]:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a tensor, got {type(tensor).__name__}")
        if tensor.ndim != 4:
            raise ValueError(f"{name} must have four axes {axes}, got shape {tuple(tensor.shape)}")
    if x.shape[1] != weight.shape[1] or x.shape[1] == 0:
        raise ValueError(
            f"image and kernel must have the same number of channels, one at least; got"
            f" {x.shape[1]} and {weight.shape[1]}"
        )
    if x.dtype != weight.dtype:
        raise ValueError(f"x and weight must have the same dtype, got {x.dtype}, {weight.dtype}")
    if bias is not None and bias.shape != (len(weight),):
        raise ValueError(
            f"bias must have one number for each of the {len(weight)} kernels, got shape"
            f" {tuple(bias.shape)}"
        )
