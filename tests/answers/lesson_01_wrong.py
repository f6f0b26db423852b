"""Wrong answers to the exercises of lesson 01, and the diagnosis that each must get."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


@gets("rows and columns are swapped: this counts down each column first")
def flat_index__column_by_column(channel, row, column, height, width):
    return channel * height * width + column * height + row


@gets("counted as `height` numbers")
def flat_index__height(channel, row, column, height, width):
    return channel * width * height + height * row + column


@gets("the channel does not count yet")
def flat_index__no_channel(channel, row, column, height, width):
    return width * row + column


@gets("a whole channel comes before the next one")
def flat_index__one_row_a_channel(channel, row, column, height, width):
    return (channel + row) * width + column


@gets("the index is one too large")
def flat_index__from_one(channel, row, column, height, width):
    return 1 + column + width * (row + height * channel)


@gets("the three were added up")
def flat_index__sum(channel, row, column, height, width):
    return sum((channel, row, column))


@gets("not a whole number")
def flat_index__float(channel, row, column, height, width):
    return float((channel * height + row) * width + column)


def slope(weight, x, y):
    return (2 * (weight * x - y) * x).mean()


@gets("it goes uphill")
def gradient_step__uphill(weight, x, y, learning_rate):
    return weight + learning_rate * slope(weight, x, y)


@gets("the 2 is missing")
def gradient_step__no_two(weight, x, y, learning_rate):
    return weight - learning_rate * ((weight * x - y) * x).mean()


@gets("the factor x is missing")
def gradient_step__no_x(weight, x, y, learning_rate):
    return weight - learning_rate * 2 * (weight * x - y).mean()


@gets("the slopes of the points are summed")
def gradient_step__sum(weight, x, y, learning_rate):
    error = weight * x - y
    return weight - learning_rate * 2 * (error @ x)


@gets("that is the slope. Go on")
def gradient_step__slope_alone(weight, x, y, learning_rate):
    return slope(weight, x, y)


@gets("that is the step alone")
def gradient_step__step_alone(weight, x, y, learning_rate):
    return learning_rate * slope(weight, x, y)


@gets("the learning rate is missing")
def gradient_step__no_rate(weight, x, y, learning_rate):
    return weight - slope(weight, x, y)


@gets("the widths are multiplied with each other")
def count_mlp_parameters__product(widths):
    count = 1
    for width in widths:
        count *= width
    return count


@gets("the biases are missing")
def count_mlp_parameters__no_bias(widths):
    return sum(widths[i] * widths[i + 1] for i in range(len(widths) - 1))


@gets("there is one bias for each layer")
def count_mlp_parameters__one_bias(widths):
    return sum(widths[i] * widths[i + 1] + 1 for i in range(len(widths) - 1))


@gets("the inputs got biases, too")
def count_mlp_parameters__biases_of_inputs(widths):
    return count_mlp_parameters__no_bias(widths) + sum(widths)


@gets("as many biases as it has inputs")
def count_mlp_parameters__biases_by_inputs(widths):
    return sum(widths[i] * (widths[i + 1] + 1) for i in range(len(widths) - 1))


@gets("only the last layer got its biases")
def count_mlp_parameters__last_bias(widths):
    return count_mlp_parameters__no_bias(widths) + widths[-1]


@gets("only the first layer is counted")
def count_mlp_parameters__first_layer(widths):
    return (widths[0] + 1) * widths[1]


@gets("those are the biases alone")
def count_mlp_parameters__biases(widths):
    return sum(widths) - widths[0]


@gets("`roll` wraps around")
def shift__roll(images, dx, dy):
    return torch.roll(images, shifts=(dy, dx), dims=(-2, -1))


def moved(images, dx, dy):
    (_, H, W), output = images.shape, torch.zeros_like(images)
    for row in range(H):
        for column in range(W):
            if 0 <= row - dy < H and 0 <= column - dx < W:
                output[:, row, column] = images[:, row - dy, column - dx]
    return output


@gets("rows and columns are swapped: dx moves along the columns")
def shift__swapped(images, dx, dy):
    return moved(images, dy, dx)


@gets("it moves the wrong way")
def shift__backwards(images, dx, dy):
    return moved(images, -dx, -dy)


@gets("a positive dy must move the image down")
def shift__up(images, dx, dy):
    return moved(images, dx, -dy)


@gets("a positive dx must move the image to the right")
def shift__left(images, dx, dy):
    return moved(images, -dx, dy)


@gets("dy is not used")
def shift__sideways(images, dx, dy):
    return moved(images, dx, 0)


@gets("dx is not used")
def shift__up_and_down(images, dx, dy):
    return moved(images, 0, dy)


@gets("the border is repeated")
def shift__repeat(images, dx, dy):
    reach = max(abs(dx), abs(dy), 1)
    (_, H, W), wide = images.shape, F.pad(images, [reach] * 4, mode="replicate")
    return wide[:, reach - dy : reach - dy + H, reach - dx : reach - dx + W]


@gets("the image comes back as it was")
def shift__not_at_all(images, dx, dy):
    return images.clone()


@gets("your function changed the `images`")
def shift__in_place(images, dx, dy):
    images[:] = moved(images, dx, dy)
    return images


@gets("your function stopped with")
def shift__only_to_the_right(images, dx, dy):
    output = torch.zeros_like(images)
    output[:, dy:, dx:] = images[:, :-dy, :-dx]
    return output


@gets("the loss was subtracted")
def gradient_step__loss(weight, x, y, learning_rate):
    loss = ((weight * x - y) ** 2).mean()
    return weight - learning_rate * loss


@gets("one slope for each example")
def gradient_step__no_mean(weight, x, y, learning_rate):
    return weight - learning_rate * 2 * (weight * x - y) * x


@gets("the tensor itself is wanted")
def gradient_step__item(weight, x, y, learning_rate):
    return (weight - learning_rate * (2 * (weight * x - y) * x).mean()).item()


@gets("an index below 0 was used")
def shift__negative_index(images, dx, dy):
    N, H, W = images.shape
    output = torch.zeros_like(images)
    for i in range(H):
        for j in range(W):
            if -H <= i - dy < H and -W <= j - dx < W:
                output[:, i, j] = images[:, i - dy, j - dx]
    return output
