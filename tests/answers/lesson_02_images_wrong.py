"""Wrong answers to sliding a kernel over one map, and the diagnosis that each must get."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


def windows(image, kernel):
    return image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)


@gets("your kernel is flipped: that is convolution")
def cross_correlate_1d__flipped(signal, kernel):
    size = len(kernel)
    places = range(len(signal) - size + 1)
    return torch.stack(
        [sum(signal[i + k] * kernel[size - 1 - k] for k in range(size)) for i in places]
    )


@gets("one number too short. The last window begins at `N - K`")
def cross_correlate_1d__too_short(signal, kernel):
    output = signal.new_zeros(len(signal) - len(kernel))
    for i in range(len(output)):
        output[i] = signal[i : i + len(kernel)] @ kernel
    return output


@gets("hangs over both ends (the full size, N + K - 1)")
def cross_correlate_1d__full(signal, kernel):
    size = len(kernel)
    zeros = signal.new_zeros(size - 1)
    padded = torch.cat([zeros, signal, zeros])
    return torch.stack([padded[i : i + size] @ kernel for i in range(len(padded) - size + 1)])


@gets("products of the first window alone")
def cross_correlate_1d__one_place(signal, kernel):
    return torch.stack([signal[: len(kernel)] @ kernel])


@gets("divided by the number of entries")
def cross_correlate_1d__mean(signal, kernel):
    return (signal.unfold(0, len(kernel), 1) * kernel).mean(dim=1)


@gets("summed without the kernel")
def cross_correlate_1d__no_kernel(signal, kernel):
    return signal.unfold(0, len(kernel), 1).sum(dim=1)


@gets("your kernel is flipped: that is convolution. This exercise asks for cross-correlation")
def cross_correlate__flipped(image, kernel):
    return (windows(image, kernel) * kernel.flip(0, 1)).sum((2, 3))


@gets("one row and one column too small. The last window begins at `H - kh`")
def cross_correlate__too_small(image, kernel):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(H - kh, W - kw)
    for i in range(H - kh):
        for j in range(W - kw):
            output[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum()
    return output


@gets("rows and columns are swapped")
def cross_correlate__swapped(image, kernel):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(W - kw + 1, H - kh + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            output[j, i] = (image[i : i + kh, j : j + kw] * kernel).sum()
    return output


@gets("divided by the number of products")
def cross_correlate__mean(image, kernel):
    return (windows(image, kernel) * kernel).mean((2, 3))


@gets("got a border of zeros")
def cross_correlate__padded(image, kernel):
    up, left = kernel.shape[0] // 2, kernel.shape[1] // 2
    return slide(F.pad(image, (left, left, up, up)), kernel)


@gets("the kernel is transposed: its rows meet the image's columns")
def cross_correlate__transposed(image, kernel):
    return slide(image, kernel.T)


def slide(image, kernel):
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(max(H - kh + 1, 0), max(W - kw + 1, 0))
    for i in range(len(output)):
        for j in range(output.shape[1]):
            output[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum()
    return output


@gets("the output has shape (1, 1); expected: (1, 2)")
def cross_correlate__first_window(image, kernel):
    if kernel.numel() < 4:
        return F.conv2d(image[None, None], kernel[None, None])[0, 0]
    return windows(image, kernel)[:1, :1].mul(kernel).sum((2, 3))


@gets("numbers are not")
def cross_correlate__too_large_by_one(image, kernel):
    return (windows(image, kernel) * kernel).sum((2, 3)) + 1


@gets("the kernel is not flipped: that is cross-correlation")
def convolve__not_flipped(image, kernel):
    return (windows(image, kernel) * kernel).sum((2, 3))


@gets("only the rows of the kernel are flipped")
def convolve__rows(image, kernel):
    return (windows(image, kernel) * kernel.flip(0)).sum((2, 3))


@gets("only the columns of the kernel are flipped")
def convolve__columns(image, kernel):
    return (windows(image, kernel) * kernel.flip(1)).sum((2, 3))


@gets("the kernel is transposed: that mirrors it at its diagonal")
def convolve__transposed(image, kernel):
    return slide(image, kernel.T)


@gets("flipped along with the kernel")
def convolve__both(image, kernel):
    return (windows(image.flip(0, 1), kernel) * kernel.flip(0, 1)).sum((2, 3))


@gets("flipped in the place of the kernel")
def convolve__image(image, kernel):
    return (windows(image.flip(0, 1), kernel) * kernel).sum((2, 3))


@gets("the full size")
def convolve__full(image, kernel):
    (kh, kw) = kernel.shape
    padded = F.pad(image, (kw - 1, kw - 1, kh - 1, kh - 1))
    return (windows(padded, kernel) * kernel.flip(0, 1)).sum((2, 3))
