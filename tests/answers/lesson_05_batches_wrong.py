"""Wrong answers to normalising a batch, and the diagnosis that each must get."""

import torch

from tests.check_kit import gets


@gets("the channels are counted, too")
def numbers_per_mean__everything(batch_size, channels, height, width):
    return torch.zeros(batch_size, channels, height, width).numel()


@gets("those are the numbers of one image")
def numbers_per_mean__one_image(batch_size, channels, height, width):
    return height * width


@gets("one number an image")
def numbers_per_mean__images(batch_size, channels, height, width):
    return batch_size


@gets("that is how many means there are")
def numbers_per_mean__means(batch_size, channels, height, width):
    return channels


@gets("the images are left out, and the channels are in")
def numbers_per_mean__layer_norm(batch_size, channels, height, width):
    return width * height * channels


@gets("rows and columns are added")
def numbers_per_mean__added(batch_size, channels, height, width):
    return batch_size * height + batch_size * width


@gets("returns a float, not a whole number")
def numbers_per_mean__float(batch_size, channels, height, width):
    return batch_size * channels * height * width / channels


def statistics(x, over=(0, 2, 3)):
    mean = x.mean(over, keepdim=True)
    return mean, ((x - mean) ** 2).mean(over, keepdim=True)


def last_step(normal, gamma, beta):
    return normal * gamma[:, None, None] + beta[:, None, None]


def whatever_axes(x, gamma, beta, eps, over):
    mean, variance = statistics(x, over)
    return last_step((x - mean) / (variance + eps) ** 0.5, gamma, beta)


@gets("the variance is the unbiased one")
def batch_norm_train__unbiased(x, gamma, beta, eps):
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
    normal = (x - mean[:, None, None]) / (variance + eps).sqrt()[:, None, None]
    return last_step(normal, gamma, beta)


@gets("all channels share one mean")
def batch_norm_train__one_mean(x, gamma, beta, eps):
    normal = (x - x.mean()) / (x.var(correction=0) + eps).sqrt()
    return last_step(normal, gamma, beta)


@gets("each place of the map has a mean of its own")
def batch_norm_train__places(x, gamma, beta, eps):
    return whatever_axes(x, gamma, beta, eps, over=0)


@gets("each image has a mean of its own")
def batch_norm_train__instances(x, gamma, beta, eps):
    return whatever_axes(x, gamma, beta, eps, over=(2, 3))


@gets("normalised over its own channels")
def batch_norm_train__layers(x, gamma, beta, eps):
    return whatever_axes(x, gamma, beta, eps, over=(1, 2, 3))


@gets("eps stands outside of the root")
def batch_norm_train__eps_outside(x, gamma, beta, eps):
    mean, variance = statistics(x)
    return last_step((x - mean) / (variance**0.5 + eps), gamma, beta)


@gets("eps is missing")
def batch_norm_train__no_eps(x, gamma, beta, eps):
    mean, variance = statistics(x)
    return last_step((x - mean) / variance**0.5, gamma, beta)


@gets("you divided by the variance")
def batch_norm_train__no_root(x, gamma, beta, eps):
    mean, variance = statistics(x)
    return last_step((x - mean) / (variance + eps), gamma, beta)


@gets("the mean is not subtracted")
def batch_norm_train__no_mean(x, gamma, beta, eps):
    return last_step(x / (statistics(x)[1] + eps) ** 0.5, gamma, beta)


@gets("gamma and beta are missing")
def batch_norm_train__three_steps(x, gamma, beta, eps):
    mean, variance = statistics(x)
    return (x - mean) / (variance + eps) ** 0.5


@gets("beta is missing.")
def batch_norm_train__no_beta(x, gamma, beta, eps):
    return whatever_axes(x, gamma, 0 * beta, eps, (0, 2, 3))


@gets("gamma is missing.")
def batch_norm_train__no_gamma(x, gamma, beta, eps):
    return whatever_axes(x, gamma / gamma, beta, eps, (0, 2, 3))


@gets("gamma and beta are swapped")
def batch_norm_train__swapped(x, gamma, beta, eps):
    return whatever_axes(x, beta, gamma, eps, (0, 2, 3))


@gets("beta is added too early")
def batch_norm_train__beta_early(x, gamma, beta, eps):
    return whatever_axes(x, gamma, gamma * beta, eps, (0, 2, 3))


@gets("gamma and beta are laid along the columns")
def batch_norm_train__columns(x, gamma, beta, eps):
    mean, variance = statistics(x)
    return gamma * ((x - mean) / (variance + eps) ** 0.5) + beta


@gets("your function changed the `x`")
def batch_norm_train__in_place(x, gamma, beta, eps):
    mean, variance = statistics(x)
    x -= mean
    return last_step(x / (variance + eps) ** 0.5, gamma, beta)
