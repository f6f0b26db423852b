"""Wrong answers to the exercises of lesson 04, and the diagnosis that each must get."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


def windows(image, kernel_size, stride):
    return image.unfold(0, kernel_size, stride).unfold(1, kernel_size, stride)


@gets("that is average pooling")
def max_pool__mean(image, kernel_size):
    return windows(image, kernel_size, kernel_size).mean((2, 3))


@gets("the size is right, and the windows are one pixel apart")
def max_pool__one_apart(image, kernel_size):
    rows, columns = image.shape[0] // kernel_size, image.shape[1] // kernel_size
    return windows(image, kernel_size, 1).amax((2, 3))[:rows, :columns]


@gets("the smallest number of each window")
def max_pool__min(image, kernel_size):
    return windows(image, kernel_size, kernel_size).amin((2, 3))


@gets("the windows are one pixel apart")
def max_pool__no_stride(image, kernel_size):
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros(H - k + 1, W - k + 1)
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            output[i, j] = image[i : i + k, j : j + k].max()
    return output


@gets("hangs over the edge counts, too")
def max_pool__rounded_up(image, kernel_size):
    rows = [part.amax(0) for part in image.split(kernel_size, 0)]
    return torch.stack([part.amax(1) for part in torch.stack(rows).split(kernel_size, 1)], 1)


@gets("Does your search for the largest begin with 0?")
def max_pool__from_zero(image, kernel_size):
    rows, columns = image.shape[0] // kernel_size, image.shape[1] // kernel_size
    output = image.new_zeros(rows, columns)
    for i in range(rows * kernel_size):
        for j in range(columns * kernel_size):
            at = (i // kernel_size, j // kernel_size)
            output[at] = max(output[at], image[i, j])
    return output


@gets("the largest absolute value. Of -7 and 2")
def max_pool__absolute(image, kernel_size):
    return windows(image, kernel_size, kernel_size).abs().amax((2, 3))


@gets("the first number of each window is kept")
def max_pool__first(image, kernel_size):
    return windows(image, kernel_size, kernel_size)[:, :, 0, 0]


@gets("the place of the largest number in its window, not the number")
def max_pool__place(image, kernel_size):
    return windows(image, kernel_size, kernel_size).flatten(2).argmax(2).double()


@gets("rows and columns are swapped")
def max_pool__swapped(image, kernel_size):
    return windows(image, kernel_size, kernel_size).amax((2, 3)).T


@gets("your windows are summed")
def avg_pool__sum(image, kernel_size, stride):
    return windows(image, kernel_size, stride).sum((2, 3))


@gets("the sum is divided by `kernel_size`")
def avg_pool__by_size(image, kernel_size, stride):
    return windows(image, kernel_size, stride).sum((2, 3)) / kernel_size


@gets("divided by the square of the stride")
def avg_pool__by_stride(image, kernel_size, stride):
    return windows(image, kernel_size, stride).sum((2, 3)) / (stride * stride)


@gets("that is max pooling")
def avg_pool__max(image, kernel_size, stride):
    return windows(image, kernel_size, stride).amax((2, 3))


@gets("side by side: the stride is ignored")
def avg_pool__side_by_side(image, kernel_size, stride):
    return windows(image, kernel_size, kernel_size).mean((2, 3))


@gets("one pixel apart: the stride is ignored")
def avg_pool__no_stride(image, kernel_size, stride):
    return windows(image, kernel_size, 1).mean((2, 3))


@gets("size and stride are swapped")
def avg_pool__sizes_swapped(image, kernel_size, stride):
    return F.avg_pool2d(image[None], stride, kernel_size)[0]


@gets("hangs over the edge. Here every window must lie within")
def avg_pool__rounded_up(image, kernel_size, stride):
    return F.avg_pool2d(image[None], kernel_size, stride, ceil_mode=True)[0]


@gets("one window is missing at the end")
def avg_pool__too_few(image, kernel_size, stride):
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros((H - k) // stride, (W - k) // stride)
    for i in range((H - k) // stride):
        for j in range((W - k) // stride):
            top, left = i * stride, j * stride
            output[i, j] = image[top : top + k, left : left + k].mean()
    return output


@gets("rows and columns are swapped")
def avg_pool__swapped(image, kernel_size, stride):
    return windows(image, kernel_size, stride).mean((2, 3)).T


@gets("that is average pooling")
def strided_max_pool__mean(image, kernel_size, stride):
    return windows(image, kernel_size, stride).mean((2, 3))


@gets("Does your search for the largest begin with 0?")
def strided_max_pool__from_zero(image, kernel_size, stride):
    return windows(image, kernel_size, stride).amax((2, 3)).clamp(min=0)


@gets("side by side: the stride is ignored")
def strided_max_pool__side_by_side(image, kernel_size, stride):
    return F.max_pool2d(image[None], kernel_size)[0]


@gets("one pixel apart: the stride is ignored")
def strided_max_pool__no_stride(image, kernel_size, stride):
    return windows(image, kernel_size, 1).amax((2, 3))


@gets("size and stride are swapped")
def strided_max_pool__sizes_swapped(image, kernel_size, stride):
    return windows(image, stride, kernel_size).amax((2, 3))


@gets("hangs over the edge")
def strided_max_pool__rounded_up(image, kernel_size, stride):
    return F.max_pool2d(image[None], kernel_size, stride, ceil_mode=True)[0]


@gets("one window is missing at the end")
def strided_max_pool__too_few(image, kernel_size, stride):
    return windows(image, kernel_size, stride).amax((2, 3))[:-1, :-1]


@gets("rows and columns are swapped")
def strided_max_pool__swapped(image, kernel_size, stride):
    return windows(image, kernel_size, stride).amax((2, 3)).T


@gets("each map is summed")
def global_average_pool__sum(maps):
    return maps.flatten(2).sum(2)


@gets("that is global max pooling")
def global_average_pool__max(maps):
    return maps.flatten(2).max(2).values


@gets("in the shape (N, C, 1, 1)")
def global_average_pool__four_axes(maps):
    return F.adaptive_avg_pool2d(maps, 1)


@gets("the channels are averaged, too")
def global_average_pool__channels_too(maps):
    return maps.flatten(1).mean(1)


@gets("the images of the batch are averaged, too")
def global_average_pool__batch_too(maps):
    return maps.mean(dim=(0, 2, 3))


@gets("the mean of everything is one number")
def global_average_pool__everything(maps):
    return maps.mean()


@gets("the mean went over the channels")
def global_average_pool__channels(maps):
    return maps.mean(dim=1)


@gets("only the columns are averaged")
def global_average_pool__columns(maps):
    return maps.mean(dim=-1)


@gets("only the rows are averaged")
def global_average_pool__rows(maps):
    return maps.mean(dim=-2)


@gets("images and channels have changed places")
def global_average_pool__turned(maps):
    return torch.stack([maps[:, c].mean((1, 2)) for c in range(maps.shape[1])])


def route(image, gradient, k, choose):
    """Loop over the windows; `choose` gives the new window from the old one and its slope."""
    output = torch.zeros_like(image)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            place = slice(i * k, i * k + k), slice(j * k, j * k + k)
            output[place] = choose(image[place], gradient[i, j])
    return output


def at(window, place, value):
    new = torch.zeros_like(window)
    new.view(-1)[place] = value
    return new


@gets("the way back through average pooling")
def route_gradient__shared(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: g / w.numel())


@gets("every number of a window gets the whole slope")
def route_gradient__everyone(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: g)


@gets("in a tie all the largest numbers get the slope")
def route_gradient__all_ties(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: (w == w.max()) * g)


@gets("in a tie the last of the largest")
def route_gradient__last(image, gradient, kernel_size):
    def choose(window, slope):
        best = 0
        for place, value in enumerate(window.flatten()):
            if value >= window.flatten()[best]:
                best = place
        return at(window, best, slope)

    return route(image, gradient, kernel_size, choose)


@gets("they keep their own value")
def route_gradient__values(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, w.argmax(), w.max()))


@gets("and each gets 1")
def route_gradient__ones(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, w.argmax(), 1.0))


@gets("multiplied by the largest number")
def route_gradient__multiplied(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, w.argmax(), g * w.max()))


@gets("the smallest number of each window gets the slope")
def route_gradient__smallest(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, w.argmin(), g))


@gets("the first number of each window gets the slope")
def route_gradient__first(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, 0, g))


@gets("the slope goes to the largest absolute value")
def route_gradient__absolute(image, gradient, kernel_size):
    return route(image, gradient, kernel_size, lambda w, g: at(w, w.abs().argmax(), g))


@gets("the output has shape (1, 1); expected: (2, 2)")
def route_gradient__of_the_windows(image, gradient, kernel_size):
    return gradient.clone()
