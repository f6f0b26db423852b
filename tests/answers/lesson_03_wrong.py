"""Wrong answers to the exercises of lesson 03, and the diagnosis that each must get."""

import math

import torch
from torch.nn import functional as F

from tests.check_kit import gets


def placed(image, rows, columns, top, left):
    output = image.new_zeros(rows, columns)
    output[top : top + image.shape[0], left : left + image.shape[1]] = image
    return output


@gets("the image begins at `[padding, padding]`")
def pad__upper_left(image, padding):
    return placed(image, image.shape[0] + padding, image.shape[1] + padding, padding, padding)


@gets("the left and the upper one need it, too")
def pad__lower_right(image, padding):
    return placed(image, image.shape[0] + padding, image.shape[1] + padding, 0, 0)


@gets("the image stands in its corner")
def pad__in_the_corner(image, padding):
    return placed(image, image.shape[0] + 2 * padding, image.shape[1] + 2 * padding, 0, 0)


@gets("only the left and the right side")
def pad__sides(image, padding):
    return placed(image, image.shape[0], image.shape[1] + 2 * padding, 0, padding)


@gets("only the upper and the lower side")
def pad__top_and_bottom(image, padding):
    return placed(image, image.shape[0] + 2 * padding, image.shape[1], padding, 0)


@gets("the border is of ones")
def pad__ones(image, padding):
    output = torch.ones(image.shape[0] + 2 * padding, image.shape[1] + 2 * padding).to(image)
    output[padding : len(output) - padding, padding : output.shape[1] - padding] = image
    return output


@gets("repeats the outermost pixels")
def pad__repeated(image, padding):
    rows = [min(max(row - padding, 0), len(image) - 1) for row in range(len(image) + 2 * padding)]
    width = image.shape[1]
    columns = [min(max(column - padding, 0), width - 1) for column in range(width + 2 * padding)]
    return image[rows][:, columns]


@gets("always one pixel wide")
def pad__one(image, padding):
    return placed(image, image.shape[0] + 2, image.shape[1] + 2, 1, 1)


@gets("twice as wide as asked")
def pad__twice(image, padding):
    wide = 2 * padding
    return placed(image, image.shape[0] + 2 * wide, image.shape[1] + 2 * wide, wide, wide)


@gets("nothing but zeros is in it")
def pad__empty(image, padding):
    return image.new_zeros(image.shape[0] + 2 * padding, image.shape[1] + 2 * padding)


@gets("the output has shape (2, 2); expected: (3, 3)")
def pad__forgotten(image, padding):
    return placed(image, image.shape[0] + 1, image.shape[1] + 1, 0, 0) if padding == 1 else image


@gets("your function changed the `image`")
def pad__in_place(image, padding):
    image += 1
    return F.pad(image - 1, [padding] * 4)


@gets("padding is subtracted")
def output_size__subtracted(size, kernel_size, stride, padding, dilation):
    return (size - 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


@gets("padding counts once")
def output_size__one_side(size, kernel_size, stride, padding, dilation):
    return (size + padding - dilation * (kernel_size - 1) - 1) // stride + 1


@gets("padding is left out")
def output_size__no_padding(size, kernel_size, stride, padding, dilation):
    return (size - dilation * (kernel_size - 1) - 1) // stride + 1


@gets("one too small: the first place")
def output_size__no_first_place(size, kernel_size, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride


@gets("rounded up")
def output_size__ceil(size, kernel_size, stride, padding, dilation):
    return math.ceil((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


@gets("rounded to the nearest")
def output_size__round(size, kernel_size, stride, padding, dilation):
    return round((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


@gets("the 1 is added before the division")
def output_size__one_too_early(size, kernel_size, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel_size - 1)) // stride


@gets("dilation is left out")
def output_size__no_dilation(size, kernel_size, stride, padding, dilation):
    return (size + 2 * padding - kernel_size) // stride + 1


@gets("reach is not dilation x kernel_size")
def output_size__wide_reach(size, kernel_size, stride, padding, dilation):
    return (size + 2 * padding - dilation * kernel_size) // stride + 1


@gets("padding is subtracted, and it makes the image larger; and dilation is left out")
def output_size__subtracted_no_dilation(size, kernel_size, stride, padding, dilation):
    return (size - 2 * padding - kernel_size) // stride + 1


@gets("padding counts once, and there are two sides; and dilation is left out")
def output_size__one_side_no_dilation(size, kernel_size, stride, padding, dilation):
    return (size + padding - kernel_size) // stride + 1


@gets("stride is left out")
def output_size__no_stride(size, kernel_size, stride, padding, dilation):
    return size + 2 * padding - dilation * (kernel_size - 1)


@gets("returns a float, not a whole number. Does it divide with `/`?")
def output_size__float(size, kernel_size, stride, padding, dilation):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1


@gets("stride is left out")
def cross_correlate_strided__no_stride(image, kernel, stride):
    return image.unfold(0, len(kernel), 1).unfold(1, kernel.shape[1], 1).mul(kernel).sum((2, 3))


@gets("only the rows are skipped")
def cross_correlate_strided__rows(image, kernel, stride):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0, ::stride]


@gets("only the columns are skipped")
def cross_correlate_strided__columns(image, kernel, stride):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0, :, ::stride]


def loops(image, kernel, rows, columns, step):
    output = image.new_zeros(rows, columns)
    kh, kw = kernel.shape
    for i in range(rows):
        for j in range(columns):
            window = image[i * step : i * step + kh, j * step : j * step + kw]
            output[i, j] = (window * kernel[: window.shape[0], : window.shape[1]]).sum()
    return output


def places(image, kernel, stride):
    return [
        (n - k) // stride + 1 for n, k in zip(image.shape, kernel.shape, strict=True)
    ]  # fmt: skip


@gets("the window still moves by one pixel at a time")
def cross_correlate_strided__one_pixel_steps(image, kernel, stride):
    return loops(image, kernel, *places(image, kernel, stride), 1)


@gets("one row and one column are missing")
def cross_correlate_strided__too_small(image, kernel, stride):
    rows, columns = places(image, kernel, stride)
    return loops(image, kernel, rows - 1, columns - 1, stride)


@gets("hang over the border and are cut short")
def cross_correlate_strided__too_large(image, kernel, stride):
    rows, columns = (
        math.ceil((n - k) / stride) + 1 for n, k in zip(image.shape, kernel.shape, strict=True)
    )
    return loops(image, kernel, rows, columns, stride)


@gets("your kernel is flipped")
def cross_correlate_strided__flipped(image, kernel, stride):
    return loops(image, kernel.flip(0, 1), *places(image, kernel, stride), stride)


@gets("that is dilation")
def cross_correlate_strided__dilated(image, kernel, stride):
    kh, kw = kernel.shape
    rows = image.shape[0] - stride * (kh - 1)
    columns = image.shape[1] - stride * (kw - 1)
    output = image.new_zeros(rows, columns)
    for a in range(kh):
        for b in range(kw):
            top, left = a * stride, b * stride
            output += kernel[a, b] * image[top : top + rows, left : left + columns]
    return output


@gets("the kernel sizes are added up")
def receptive_field__sum(layers):
    return sum(kernel_size for kernel_size, _ in layers)


@gets("each layer counts its own stride")
def receptive_field__own_stride(layers):
    return 1 + sum((kernel_size - 1) * stride for kernel_size, stride in layers)


@gets("the kernel sizes are multiplied")
def receptive_field__product(layers):
    return math.prod(kernel_size for kernel_size, _ in layers)


@gets("the strides are left out")
def receptive_field__no_strides(layers):
    seen = 1
    for kernel_size, _ in layers:
        seen += kernel_size - 1
    return seen


@gets("one too small: without any layer")
def receptive_field__from_nothing(layers):
    seen, apart = 0, 1
    for kernel_size, stride in layers:
        seen += (kernel_size - 1) * apart
        apart *= stride
    return seen


@gets("own stride counts too early")
def receptive_field__too_early(layers):
    seen, apart = 1, 1
    for kernel_size, stride in layers:
        apart *= stride
        seen += (kernel_size - 1) * apart
    return seen


@gets("only the stride of the layer before")
def receptive_field__last_stride(layers):
    seen, apart = 1, 1
    for kernel_size, stride in layers:
        seen += (kernel_size - 1) * apart
        apart = stride
    return seen


@gets("the strides are added up")
def receptive_field__added_strides(layers):
    seen, apart = 1, 0
    for kernel_size, stride in layers:
        seen += (kernel_size - 1) * max(apart, 1)
        apart += stride
    return seen


@gets("the layers are taken in the wrong order")
def receptive_field__wrong_order(layers):
    seen = 1
    for kernel_size, stride in layers:
        seen = (seen - 1) * stride + kernel_size
    return seen


@gets("both sides together")
def same_padding__both_sides(kernel_size, dilation):
    return dilation * (kernel_size - 1)


@gets("dilation is left out")
def same_padding__no_dilation(kernel_size, dilation):
    return kernel_size // 2


@gets("the middle cell is counted, too")
def same_padding__one_too_many(kernel_size, dilation):
    return (kernel_size + 1) * dilation // 2


@gets("halve first")
def same_padding__half_of_the_product(kernel_size, dilation):
    return kernel_size * dilation // 2


@gets("returns a float, not a whole number")
def same_padding__float(kernel_size, dilation):
    return dilation * (kernel_size - 1) / 2
