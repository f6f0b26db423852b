"""The operations that the lessons build by hand, written to be read.

Each gives what PyTorch's function of the same name gives (`torch.nn.functional` is the oracle of
its tests), forwards and backwards, and refuses what makes no sense before it computes anything.
"""

import torch
from torch import Tensor

from course_utils import inputs


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
        inputs.pair(value, name, least)
        for value, name, least in [(stride, "stride", 1), (padding, "padding", 0),
                                   (dilation, "dilation", 1)]
    )  # fmt: skip
    _check_conv2d(x, weight, bias)
    rows, columns = (
        output_size(x.shape[2 + axis], weight.shape[2 + axis], stride=stride[axis],
                    padding=padding[axis], dilation=dilation[axis])
        for axis in (0, 1)
    )  # fmt: skip
    inputs.check_room((len(x), len(weight), rows, columns))
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
    for name, value, least in [("size", size, 1), ("kernel_size", kernel_size, 1),
                               ("stride", stride, 1), ("padding", padding, 0),
                               ("dilation", dilation, 1)]:  # fmt: skip
        inputs.whole_number(value, name, least)
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding
    if reach > room:
        raise ValueError(
            f"the kernel reaches over {reach} pixels, and the padded image has {room};"
            " take a smaller kernel or dilation, or more padding"
        )
    return (room - reach) // stride + 1


def max_pool2d(x: Tensor, kernel_size, *, stride=None, padding=0, ceil_mode=False) -> Tensor:
    """Keep the largest number of each window; padding never wins.

    Backwards the slope goes to that number alone, and to the first of several equal ones.

    Shape: (N, C, H, W) -> (N, C, rows, columns), both from `pooled_size`. kernel_size, stride (the
    kernel's size where none is given) and padding are one number or (down, across).
    Raises ValueError for sizes that do not fit, TypeError for what is not a tensor of fractions.
    """
    settings = kernel_size, stride, padding, ceil_mode
    windows = _windows(x, *settings, border=-torch.inf, beyond=-torch.inf)
    return windows.flatten(4).max(dim=4).values


def avg_pool2d(x: Tensor, kernel_size, *, stride=None, padding=0, ceil_mode=False) -> Tensor:
    """Replace each window by its mean: the padding's zeros count, what lies beyond it does not.

    Shape, settings and errors are those of `max_pool2d`.
    """
    settings = kernel_size, stride, padding, ceil_mode
    sums = _windows(x, *settings, border=0, beyond=0).sum((4, 5))
    counts = _windows(torch.ones_like(x), *settings, border=1, beyond=0).sum((4, 5))
    return sums / counts


def pooled_size(size: int, kernel_size: int, stride: int, padding: int, ceil_mode=False) -> int:
    """Count the windows of a pooling: `output_size`, and with ceil_mode one that hangs over.

    That window must begin within the map or the padding before it. Raises ValueError for a padding
    of more than half the kernel, which could fill whole windows.
    """
    if 2 * padding > kernel_size:
        raise ValueError(
            f"padding must be at most half of kernel_size {kernel_size}, got {padding}"
        )
    count = output_size(size, kernel_size, stride=stride, padding=padding)
    covered = (count - 1) * stride + kernel_size
    hangs_over = covered < size + 2 * padding and count * stride < size + padding
    return count + (ceil_mode and hangs_over)


def _windows(x, kernel_size, stride, padding, ceil_mode, *, border, beyond) -> Tensor:
    """Cut all windows out of the map, with numbers around it: in its padding, and beyond that.

    Shape: (N, C, H, W) -> (N, C, rows, columns, kh, kw).
    """
    inputs.check_fractions(x)
    inputs.check_four_axes(x, "x", "(N, C, H, W)")
    inputs.check_true_or_false(ceil_mode, "ceil_mode")
    size, padding = inputs.pair(kernel_size, "kernel_size", 1), inputs.pair(padding, "padding", 0)
    stride = size if stride is None else inputs.pair(stride, "stride", 1)
    counts = list(map(pooled_size, x.shape[2:], size, stride, padding, [ceil_mode] * 2))
    padded = [length + 2 * around for length, around in zip(x.shape[2:], padding, strict=True)]
    reach = [(count - 1) * step + k for count, step, k in zip(counts, stride, size, strict=True)]
    inputs.check_room((*x.shape[:2], *counts, *size))
    wide = x.new_full((*x.shape[:2], *map(max, padded, reach)), beyond)
    wide[:, :, : padded[0], : padded[1]] = border
    down, across = padding
    wide[:, :, down : down + x.shape[2], across : across + x.shape[3]] = x
    windows = wide.unfold(2, size[0], stride[0]).unfold(3, size[1], stride[1])
    return windows[:, :, : counts[0], : counts[1]]


def pad(x: Tensor, padding) -> Tensor:
    """Put rows and columns of zeros around the image.

    Shape: (N, C, H, W) -> (N, C, H + 2 down, W + 2 across); padding is one number or a pair.
    """
    inputs.check_four_axes(x, "x", "(N, C, H, W)")
    down, across = inputs.pair(padding, "padding", 0)
    shape = (*x.shape[:2], x.shape[2] + 2 * down, x.shape[3] + 2 * across)
    inputs.check_room(shape)
    wide = x.new_zeros(shape)
    wide[:, :, down : down + x.shape[2], across : across + x.shape[3]] = x
    return wide


def receptive_field(layers) -> int:
    """Count the pixels along an axis that one number behind all these layers can see.

    A layer adds kernel_size - 1 pixels of its own input, and there neighbours lie as many pixels of
    the image apart as all strides before it, multiplied.

    layers: pairs (kernel_size, stride), the first layer first. A dilated kernel counts with its
    reach, dilation * (kernel_size - 1) + 1. Raises ValueError for what is not a pair, or below 1.
    """
    size, apart = 1, 1
    for layer in layers:
        if not isinstance(layer, tuple | list) or len(layer) != 2:
            raise ValueError(f"a layer must be a pair (kernel_size, stride), got {layer!r}")
        size += (inputs.whole_number(layer[0], "kernel_size", 1) - 1) * apart
        apart *= inputs.whole_number(layer[1], "stride", 1)
    return size


def batch_norm(
    x: Tensor, running_mean: Tensor | None, running_var: Tensor | None,
    weight: Tensor | None = None, bias: Tensor | None = None, *,
    training=False, momentum=0.1, eps=1e-5,
) -> Tensor:  # fmt: skip
    """Bring each channel to mean 0 and spread 1, then scale it by `weight` and shift it by `bias`.

    In training the channel's own mean and variance over the batch are used, and the running ones,
    where given, move towards them in place: by the share `momentum`, and to the unbiased variance,
    although the batch itself is divided by the biased one. Otherwise the running ones are used.

    Shape: x (N, C, ...), all others (C,) -> (N, C, ...). Raises ValueError for other shapes, for a
    single value per channel in training, and where running statistics are needed and missing;
    TypeError for what is not a tensor of fractions.
    Source: Ioffe and Szegedy, "Batch Normalization" (2015); gamma is `weight`, beta is `bias`.
    """
    inputs.check_number(momentum, "momentum", most=1)
    inputs.check_number(eps, "eps")
    _check_batch_norm(x, running_mean, running_var, weight, bias, training)
    mean, variance = running_mean, running_var
    if training:
        over = [axis for axis in range(x.ndim) if axis != 1]  # N, H, W: all but the channels
        count = x.numel() // x.shape[1]
        mean, variance = x.mean(over), x.var(over, correction=0)
        if running_mean is not None:
            with torch.no_grad():
                running_mean.lerp_(mean, momentum)
                running_var.lerp_(variance * count / (count - 1), momentum)
    channels = (1, -1) + (1,) * (x.ndim - 2)  # one number for each channel, whatever comes after
    out = (x - mean.view(channels)) / (variance.view(channels) + eps).sqrt()
    out = out if weight is None else out * weight.view(channels)
    return out if bias is None else out + bias.view(channels)


def _check_conv2d(x: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    inputs.check_four_axes(x, "x", "(N, C, H, W)")
    inputs.check_four_axes(weight, "weight", "(O, C, kh, kw)")
    if x.shape[1] != weight.shape[1] or x.shape[1] == 0:
        raise ValueError(
            f"image and kernel must have the same number of channels, one at least; got"
            f" {x.shape[1]} and {weight.shape[1]}"
        )
    inputs.check_same_dtype(x, "weight", weight)
    inputs.check_one_each(bias, "bias", len(weight), "kernels", x)


def _check_batch_norm(x: Tensor, running_mean, running_var, weight, bias, training: bool) -> None:
    inputs.check_fractions(x)
    inputs.check_true_or_false(training, "training")
    if x.ndim < 2 or x.numel() == 0:
        raise ValueError(f"x must have the axes (N, C, ...), none empty, got {tuple(x.shape)}")
    for name, numbers in [("running_mean", running_mean), ("running_var", running_var),
                          ("weight", weight), ("bias", bias)]:  # fmt: skip
        inputs.check_one_each(numbers, name, x.shape[1], "channels", x)
    if (running_mean is None) != (running_var is None) or (running_mean is None and not training):
        raise ValueError(
            "running_mean and running_var must both be given; in training both may be None"
        )
    if training and x.numel() == x.shape[1]:
        raise ValueError(
            f"batch norm in training needs two values per channel or more, got {tuple(x.shape)};"
            " take a larger batch, or training=False"
        )
