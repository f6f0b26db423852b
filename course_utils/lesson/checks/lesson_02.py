"""The exercises of lesson 02: convolution by hand."""

import torch
from torch.nn import functional as F

from course_utils.lesson.exercise import exercise, tensors

IMAGES_AND_KERNELS = tensors(
    [(1, 2), (1, 1)], [(2, 2), (1, 2)], [(2, 2), (2, 1)], [(2, 3), (2, 2)], [(3, 2), (2, 2)],
    [(3, 3), (3, 3)], [(4, 5), (2, 3)], [(5, 4), (3, 2)], [(6, 6), (3, 3)], [(7, 12), (5, 3)],
    [(12, 7), (4, 4)],
)  # fmt: skip


def slide(image, kernel, **options):
    return F.conv2d(image[None, None], kernel[None, None], **options)[0, 0]


@exercise(
    inputs=tensors(
        [(1,), (1,)], [(3,), (1,)], [(3,), (2,)], [(3,), (3,)], [(5,), (2,)], [(6,), (3,)],
        [(9,), (4,)], [(20,), (5,)], [(33,), (8,)],
    ),
    mistakes={
        "your kernel is flipped: that is convolution. This exercise asks for cross-correlation, "
        "which takes the kernel as it is.":
            lambda signal, kernel: signal.unfold(0, len(kernel), 1) @ kernel.flip(0),
        "the output is one number too short. The last window begins at `N - K`, and `range(n)` "
        "stops before `n`.":
            lambda signal, kernel: (signal.unfold(0, len(kernel), 1) @ kernel)[:-1],
        "the kernel also hangs over both ends (the full size, N + K - 1). Here a window must lie "
        "within the signal: N - K + 1.":
            lambda signal, kernel: F.conv1d(
                signal[None, None], kernel[None, None], padding=len(kernel) - 1)[0, 0],
        "you added up the products of the first window alone. Slide on: one sum for each place.":
            lambda signal, kernel: (signal[:len(kernel)] @ kernel).reshape(1),
        "each sum was divided by the number of entries. Add the products up, no more.":
            lambda signal, kernel: signal.unfold(0, len(kernel), 1) @ kernel / len(kernel),
        "the windows are summed without the kernel. Multiply by it first, entry by entry.":
            lambda signal, kernel: signal.unfold(0, len(kernel), 1).sum(1),
    },
)  # fmt: skip
def cross_correlate_1d(signal, kernel):
    return signal.unfold(0, len(kernel), 1) @ kernel


@exercise(
    inputs=IMAGES_AND_KERNELS,
    mistakes={
        "your kernel is flipped: that is convolution. This exercise asks for cross-correlation, "
        "which takes the kernel as it is.":
            lambda image, kernel: slide(image, kernel.flip(0, 1)),
        "the output is one row and one column too small. The last window begins at `H - kh` and "
        "`W - kw`, and `range(n)` stops before `n`.":
            lambda image, kernel: slide(image, kernel)[:-1, :-1],
        "rows and columns are swapped. `i` walks down the rows, `j` along the columns, and the "
        "pixel is `image[i, j]`.":
            lambda image, kernel: slide(image, kernel).T,
        "the kernel is transposed: its rows meet the image's columns.":
            lambda image, kernel: slide(image, kernel.T),
        "each sum was divided by the number of products. Add them up, no more.":
            lambda image, kernel: slide(image, kernel) / kernel.numel(),
        "the image got a border of zeros. Here every window must lie within the image.":
            lambda image, kernel: slide(
                image, kernel, padding=[size // 2 for size in kernel.shape]),
    },
)  # fmt: skip
def cross_correlate(image, kernel):
    return slide(image, kernel)


@exercise(
    inputs=IMAGES_AND_KERNELS,
    mistakes={
        "the kernel is not flipped: that is cross-correlation, what `torch.nn.Conv2d` computes.":
            slide,
        "only the rows of the kernel are flipped. A turn by 180 degrees also reverses its columns.":
            lambda image, kernel: slide(image, kernel.flip(0)),
        "only the columns of the kernel are flipped. A turn by 180 degrees also reverses its rows.":
            lambda image, kernel: slide(image, kernel.flip(1)),
        "the kernel is transposed: that mirrors it at its diagonal, a turn by 180 degrees is "
        "something else. `kernel.flip(0, 1)` reverses rows and columns.":
            lambda image, kernel: slide(image, kernel.T),
        "the image is flipped along with the kernel, so that the answers come out in reverse. "
        "Flip the kernel alone.":
            lambda image, kernel: slide(image.flip(0, 1), kernel.flip(0, 1)),
        "the image is flipped in the place of the kernel, so that the answers come out in reverse.":
            lambda image, kernel: slide(image.flip(0, 1), kernel),
        "the kernel also hangs over the border (the full size). Here every window must lie within "
        "the image.":
            lambda image, kernel: slide(
                image, kernel.flip(0, 1), padding=[size - 1 for size in kernel.shape]),
    },
)  # fmt: skip
def convolve(image, kernel):
    return slide(image, kernel.flip(0, 1))


@exercise(
    inputs=tensors(
        [(1, 2, 2), (1, 1, 1, 2), (1,)], [(1, 2, 2), (2, 1, 2, 2), (2,)],
        [(2, 2, 3), (1, 2, 2, 2), (1,)], [(2, 3, 3), (2, 2, 2, 1), (2,)],
        [(3, 5, 4), (3, 3, 3, 2), (3,)], [(3, 6, 7), (4, 3, 3, 3), (4,)],
        [(4, 7, 5), (2, 4, 1, 1), (2,)], [(2, 8, 9), (5, 2, 5, 3), (5,)],
    ),
    mistakes={
        "the bias is missing. Each output channel `o` has one number, `bias[o]`, that is added "
        "everywhere.":
            lambda image, weight, bias: F.conv2d(image, weight),
        "the bias is subtracted. It is added.":
            lambda image, weight, bias: F.conv2d(image, weight, -bias),
        "the bias is added once for each input channel. Add it after the channels are summed.":
            lambda image, weight, bias: F.conv2d(image, weight, len(image) * bias),
        "the channels were averaged, not summed.":
            lambda image, weight, bias: F.conv2d(image, weight / len(image), bias),
        "channels and bias were averaged. Sum over the channels, then add the bias.":
            lambda image, weight, bias: F.conv2d(image, weight, bias) / len(image),
        "your kernels are flipped: that is convolution, and this exercise, like `torch.nn.Conv2d`, "
        "takes them as they are.":
            lambda image, weight, bias: F.conv2d(image, weight.flip(2, 3), bias),
        "only the first input channel counts. Sum over all of them.":
            lambda image, weight, bias: F.conv2d(image[:1], weight[:, :1], bias),
        "only the last input channel counts: is the sum begun anew, or overwritten, at each one?":
            lambda image, weight, bias: F.conv2d(image[-1:], weight[:, -1:], bias),
        "all output channels use the first kernel. Output channel `o` uses `weight[o]`.":
            lambda image, weight, bias: F.conv2d(image, weight[:1].expand_as(weight), bias),
        "all output channels got the first bias. Output channel `o` gets `bias[o]`.":
            lambda image, weight, bias: F.conv2d(image, weight, bias[:1].expand_as(bias)),
        "the output is one row and one column too small. The last window begins at `H - kh` and "
        "`W - kw`, and `range(n)` stops before `n`.":
            lambda image, weight, bias: F.conv2d(image, weight, bias)[:, :-1, :-1],
    },
)  # fmt: skip
def convolve_channels(image, weight, bias):
    return F.conv2d(image, weight, bias)


def judge_edge_kernel(kernel):
    """Let the kernel meet a plain area, a vertical edge and a horizontal one, all of height 1."""
    kernel = kernel.double()
    edge = torch.zeros(6, 6, dtype=torch.float64)
    edge[:, 3:] = 1
    plain = kernel.sum().abs().item()
    vertical, horizontal = (slide(image, kernel).abs().max().item() for image in (edge, edge.T))
    if plain > 1e-5 and vertical > 0:
        return (
            f"a plain area of ones is answered by {plain:.3g}, and should be by 0: "
            "the nine numbers of the kernel must sum to 0."
        )
    if max(vertical, horizontal) < 1e-5:
        return "it answers to neither edge. What should weigh more, the left side or the right?"
    if horizontal >= 5 * vertical:
        return (
            "rows and columns are swapped: this kernel answers to horizontal edges. "
            "A vertical edge separates left from right."
        )
    if vertical < 5 * horizontal:
        return (
            f"it answers a vertical edge by {vertical:.3g} and a horizontal one by "
            f"{horizontal:.3g}; the first must be at least 5 times as large. "
            "Are the three rows of the kernel alike?"
        )
    return None


@exercise(judge=judge_edge_kernel)
def vertical_edge_kernel():
    return torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])


@exercise(
    inputs=[(1, 1, 1), (1, 2, 1), (1, 2, 3), (3, 2, 2), (3, 8, 3), (16, 32, 5), (64, 10, 7)],
    mistakes={
        "the biases are missing: each output channel has one.":
            lambda inputs, outputs, size: outputs * inputs * size**2,
        "there is a single bias for the whole layer; each output channel has its own.":
            lambda inputs, outputs, size: outputs * inputs * size**2 + 1,
        "a kernel has one bias in all, not one for each input channel.":
            lambda inputs, outputs, size: outputs * inputs * (size**2 + 1),
        "the input channels are missing: a kernel reaches through all of them.":
            lambda inputs, outputs, size: outputs * (size**2 + 1),
        "input and output channels are swapped: there is one kernel for each output channel.":
            lambda inputs, outputs, size: inputs * (outputs * size**2 + 1),
        "a kernel has `kernel_size` rows and as many columns: square it.":
            lambda inputs, outputs, size: outputs * (inputs * size + 1),
        "in Python `^` is not a power. Write `kernel_size ** 2`, or `kernel_size * kernel_size`.":
            lambda inputs, outputs, size: outputs * (inputs * (size ^ 2) + 1),
        "that is one kernel. The layer has one for each output channel.":
            lambda inputs, outputs, size: inputs * size**2 + 1,
    },
)  # fmt: skip
def count_parameters(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size**2 + 1)
