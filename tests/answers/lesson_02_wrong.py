"""Wrong answers to the exercises of lesson 02, each with words of the diagnosis that it must get."""

import torch
from torch.nn import functional as F


def gets(diagnosis):
    """Note which diagnosis the answer must get."""

    def mark(function):
        function.diagnosis = diagnosis
        return function

    return mark


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


@gets("the output has shape (1, 1); expected was (2, 2)")
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


@gets("the bias is missing")
def convolve_channels__no_bias(image, weight, bias):
    return torch.stack([sum(map(one_map, image, kernels)) for kernels in weight])


@gets("the bias is subtracted")
def convolve_channels__minus(image, weight, bias):
    return F.conv2d(image, weight) - bias[:, None, None]


@gets("once for each input channel")
def convolve_channels__bias_in_the_loop(image, weight, bias):
    maps = [[one_map(x, w) + b for x, w in zip(image, k, strict=True)] for k, b in pairs(weight, bias)]
    return torch.stack([sum(of_one) for of_one in maps])


@gets("the channels were averaged, not summed")
def convolve_channels__averaged(image, weight, bias):
    maps = [torch.stack(list(map(one_map, image, k))).mean(0) + b for k, b in pairs(weight, bias)]
    return torch.stack(maps)


@gets("channels and bias were averaged")
def convolve_channels__all_averaged(image, weight, bias):
    return F.conv2d(image, weight, bias) / image.shape[0]


@gets("your kernels are flipped")
def convolve_channels__flipped(image, weight, bias):
    return F.conv2d(image, weight.flip(2).flip(3), bias)


@gets("only the first input channel counts")
def convolve_channels__first(image, weight, bias):
    return torch.stack([one_map(image[0], k[0]) + b for k, b in pairs(weight, bias)])


@gets("only the last input channel counts")
def convolve_channels__overwritten(image, weight, bias):
    output = []
    for kernels, number in pairs(weight, bias):
        for channel, kernel in zip(image, kernels, strict=True):
            answer = one_map(channel, kernel) + number
        output.append(answer)
    return torch.stack(output)


@gets("all output channels use the first kernel")
def convolve_channels__one_kernel(image, weight, bias):
    return F.conv2d(image, weight[:1]) + bias[:, None, None]


@gets("all output channels got the first bias")
def convolve_channels__one_bias(image, weight, bias):
    return F.conv2d(image, weight) + bias[0]


@gets("one row and one column too small")
def convolve_channels__too_small(image, weight, bias):
    return F.conv2d(image[:, :-1, :-1], weight, bias) if min(image.shape[1:]) > max(
        weight.shape[2:]) else image.new_zeros(len(weight), *(
            a - b for a, b in zip(image.shape[1:], weight.shape[2:], strict=True)))  # fmt: skip


def one_map(channel, kernel):
    return F.conv2d(channel[None, None], kernel[None, None])[0, 0]


def pairs(weight, bias):
    return list(zip(weight, bias, strict=True))


@gets("must sum to 0")
def vertical_edge_kernel__sum():
    return torch.tensor([[-1.0, 0.0, 2.0]] * 3)


@gets("rows and columns are swapped: this kernel answers to horizontal edges")
def vertical_edge_kernel__horizontal():
    return torch.tensor([[-1.0] * 3, [0.0] * 3, [1.0] * 3])


@gets("at least 5 times as large. Are the three rows of the kernel alike?")
def vertical_edge_kernel__diagonal():
    return torch.tensor([[0.0, 1.0, 2.0], [-1.0, 0.0, 1.0], [-2.0, -1.0, 0.0]])


@gets("it answers to neither edge")
def vertical_edge_kernel__zeros():
    return torch.zeros(3, 3)


@gets("came out as int64")
def vertical_edge_kernel__whole_numbers():
    return torch.tensor([[-1, 0, 1]] * 3)


@gets("the output has shape (1, 3); expected was (3, 3)")
def vertical_edge_kernel__one_row():
    return torch.tensor([[-1.0, 0.0, 1.0]])


@gets("the biases are missing")
def count_parameters__no_bias(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size * kernel_size


@gets("a single bias for the whole layer")
def count_parameters__one_bias(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size * kernel_size + 1


@gets("not one for each input channel")
def count_parameters__many_biases(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * (kernel_size * kernel_size + 1)


@gets("the input channels are missing")
def count_parameters__flat(in_channels, out_channels, kernel_size):
    return out_channels * (kernel_size * kernel_size + 1)


@gets("input and output channels are swapped")
def count_parameters__swapped(in_channels, out_channels, kernel_size):
    return in_channels * (out_channels * kernel_size * kernel_size + 1)


@gets("square it")
def count_parameters__a_line(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size + 1)


@gets("that is one kernel")
def count_parameters__one_kernel(in_channels, out_channels, kernel_size):
    return in_channels * kernel_size**2 + 1


@gets("returns a float, not a whole number")
def count_parameters__float(in_channels, out_channels, kernel_size):
    return float(out_channels * (in_channels * kernel_size**2 + 1))
