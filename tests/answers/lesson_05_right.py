"""Right answers to the exercises of lesson 05, each written in its own way."""

import itertools

import torch
from torch.nn import functional as F

from tests.check_kit import random


def numbers_per_mean__product(batch_size, channels, height, width):
    return batch_size * (height * width)


def numbers_per_mean__one_by_one(batch_size, channels, height, width):
    count = 0
    for _ in range(batch_size):
        count += height * width
    return count


def numbers_per_mean__all_but_the_channels(batch_size, channels, height, width):
    return batch_size * channels * height * width // channels


def batch_norm_train__keepdim(x, gamma, beta, eps):
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = ((x - mean) ** 2).mean((0, 2, 3), keepdim=True)
    normal = (x - mean) / torch.sqrt(variance + eps)
    return gamma[None, :, None, None] * normal + beta[None, :, None, None]


def batch_norm_train__channel_by_channel(x, gamma, beta, eps):
    output = torch.zeros_like(x)
    for c in range(x.shape[1]):
        numbers = x[:, c]
        spread = (numbers.var(correction=0) + eps) ** 0.5
        output[:, c] = (numbers - numbers.mean()) / spread * gamma[c] + beta[c]
    return output


def batch_norm_train__channels_last(x, gamma, beta, eps):
    rows = x.permute(0, 2, 3, 1)
    mean = rows.mean((0, 1, 2))
    variance = rows.square().mean((0, 1, 2)) - mean.square()
    return ((rows - mean) / (variance + eps).sqrt() * gamma + beta).permute(0, 3, 1, 2)


def update_running__formula(running_mean, running_var, x, momentum):
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
    return (
        (1 - momentum) * running_mean + momentum * mean,
        (1 - momentum) * running_var + momentum * variance,
    )


def update_running__a_step_of_the_way(running_mean, running_var, x, momentum):
    numbers = x.transpose(0, 1).flatten(1)
    count = numbers.shape[1]
    mean = numbers.sum(1) / count
    variance = ((numbers - mean[:, None]) ** 2).sum(1) / (count - 1)
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (variance - running_var),
    )


def update_running__pytorch(running_mean, running_var, x, momentum):
    layer = torch.nn.BatchNorm2d(x.shape[1], momentum=momentum, dtype=x.dtype)
    layer.running_mean, layer.running_var = running_mean.clone(), running_var.clone()
    layer(x)
    return layer.running_mean, layer.running_var


def batch_norm_eval__scale_and_shift(x, running_mean, running_var, gamma, beta, eps):
    scale = gamma / (running_var + eps).sqrt()
    shift = beta - running_mean * scale
    return x * scale[:, None, None] + shift[:, None, None]


def batch_norm_eval__channel_by_channel(x, running_mean, running_var, gamma, beta, eps):
    output = x.clone()
    for c in range(x.shape[1]):
        normal = (x[:, c] - running_mean[c]) / (running_var[c] + eps) ** 0.5
        output[:, c] = normal * gamma[c] + beta[c]
    return output


def batch_norm_eval__pytorch(x, running_mean, running_var, gamma, beta, eps):
    return F.batch_norm(x, running_mean, running_var, gamma, beta, False, 0.1, eps)


def fold__view(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = gamma / torch.sqrt(running_var + eps)
    return weight * scale.view(-1, 1, 1, 1), (bias - running_mean) * scale + beta


def fold__kernel_by_kernel(weight, bias, running_mean, running_var, gamma, beta, eps):
    new_weight, new_bias = torch.zeros_like(weight), torch.zeros_like(bias)
    for o in range(len(weight)):
        spread = (running_var[o] + eps) ** 0.5
        new_weight[o] = weight[o] * gamma[o] / spread
        new_bias[o] = (bias[o] - running_mean[o]) * gamma[o] / spread + beta[o]
    return new_weight, new_bias


def fold__measured(weight, bias, running_mean, running_var, gamma, beta, eps):
    both = torch.stack([bias, bias + 1])
    zero, one = F.batch_norm(both, running_mean, running_var, gamma, beta, eps=eps)
    return torch.einsum("ocij,o->ocij", weight, one - zero), zero


def batches(*channels: int) -> list[tuple]:
    """Activations of many shapes; a mean, a variance above 0, gamma and beta for each channel."""
    made = []
    for n, c, h, w in itertools.product((1, 2, 3), channels, (1, 3), (2, 4)):
        x, mean, variance, gamma, beta = random((n, c, h, w), (c,), (c,), (c,), (c,))
        made.append((3 * x + 5, mean, variance.exp(), gamma, beta))
    return made


BATCHES = batches(1, 2, 4)
LAYERS = [
    random((o, c, k, 2), *5 * [(o,)]) for o, c, k in itertools.product((1, 3), (1, 3), (1, 2))
]
OTHER_INPUTS = {
    "numbers_per_mean": list(itertools.product((1, 2, 5), (1, 3), (1, 4), (2, 7))),
    "batch_norm_train": [(x, gamma, beta, 0.1) for x, _, _, gamma, beta in BATCHES],
    "update_running": [(mean, var, x, 0.3) for x, mean, var, _, _ in BATCHES],
    "batch_norm_eval": [(*given, 0.1) for given in BATCHES],
    "fold": [(w, b, m, v.exp(), g, t, 0.1) for w, b, m, v, g, t in LAYERS],
}
