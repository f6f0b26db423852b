"""Wrong answers to layers, kernels and counting, and the diagnosis that each must get."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


@gets("the bias is missing")
def convolve_channels__no_bias(image, weight, bias):
    return torch.stack([sum(map(one_map, image, kernels)) for kernels in weight])


@gets("the bias is subtracted")
def convolve_channels__minus(image, weight, bias):
    return F.conv2d(image, weight) - bias[:, None, None]


@gets("once for each input channel")
def convolve_channels__bias_in_the_loop(image, weight, bias):
    maps = [
        [one_map(x, w) + b for x, w in zip(image, k, strict=True)] for k, b in pairs(weight, bias)
    ]
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


@gets("the output has shape (1, 3); expected: (3, 3)")
def vertical_edge_kernel__too_small():
    return torch.tensor([[-1.0, 0.0, 1.0]])


@gets("the biases are missing")
def count_parameters__no_bias(in_channels, out_channels, kernel_size):
    return out_channels * in_channels * kernel_size * kernel_size


@gets("`^` is not a power")
def count_parameters__hat(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * (kernel_size ^ 2) + 1)


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
