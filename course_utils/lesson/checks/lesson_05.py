"""The exercises of lesson 05: batch normalisation."""

import torch
from torch.nn import functional as F

from course_utils.lesson.exercise import exercise

# one channel as wide as there are channels, at first: a gamma laid along the columns then fits
SHAPES = [(2, 1, 1, 1), (1, 2, 1, 2), (3, 2, 1, 2), (2, 2, 2, 2), (2, 3, 2, 4), (4, 2, 3, 2),
          (3, 5, 4, 2), (8, 3, 5, 6)]  # fmt: skip
EPS = [0.5, 1.0, 0.25, 2.0, 0.1, 1e-2, 1e-3, 1e-5]  # large ones: to forget them must be seen
N_H_W = (0, 2, 3)


def drawn(shape: tuple[int, ...], seed: int) -> list[torch.Tensor]:
    """Make activations, and for each channel a mean, a variance, gamma, beta: not 0, not alike."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (shape, *4 * [shape[1:2]])
    x, mean, variance, gamma, beta = (
        torch.randn(size, dtype=torch.float64, generator=generator) for size in sizes
    )
    whole = x.numel() <= 16
    x = (3 * x + 5).round() if whole else 3 * x + 5
    return [x, *((each.sign() + 3 * each).round(decimals=1) for each in (mean, gamma, beta)),
            (1 + variance.abs()).round(decimals=1)]  # fmt: skip


ALL = [
    (*drawn(shape, seed), eps) for seed, (shape, eps) in enumerate(zip(SHAPES, EPS, strict=True))
]


def along(numbers, x):
    """One number for each channel, ready to meet (N, C, H, W)."""
    return numbers.view(1, -1, 1, 1).expand_as(x)


def normalised(x, eps, over=N_H_W, correction=0):
    return (x - x.mean(over, keepdim=True)) / (
        x.var(over, correction=correction, keepdim=True) + eps
    ).sqrt()


def finished(x, gamma, beta):
    return x * along(gamma, x) + along(beta, x)


def over_other_axes(*over):
    return lambda x, gamma, beta, eps: finished(normalised(x, eps, over), gamma, beta)


@exercise(
    inputs=[(1, 1, 1, 1), (2, 1, 1, 1), (1, 3, 1, 2), (2, 1, 2, 3), (3, 2, 5, 1), (4, 3, 2, 2),
            (32, 16, 14, 14), (100, 8, 28, 28)],
    mistakes={
        "the channels are counted, too. Each channel has a mean of its own, so that its numbers "
        "share it with no other channel.":
            lambda batch_size, channels, height, width: batch_size * channels * height * width,
        "those are the numbers of one image. The mean is taken over all images of the batch.":
            lambda batch_size, channels, height, width: height * width,
        "that is one number an image. All the places of a map count, height times width.":
            lambda batch_size, channels, height, width: batch_size,
        "that is how many means there are. How many numbers go into each of them?":
            lambda batch_size, channels, height, width: channels,
        "the images are left out, and the channels are in. It is the other way round.":
            lambda batch_size, channels, height, width: channels * height * width,
        "rows and columns are added. A map has height times width places.":
            lambda batch_size, channels, height, width: batch_size * (height + width),
    },
)  # fmt: skip
def numbers_per_mean(batch_size, channels, height, width):
    return batch_size * height * width


@exercise(
    inputs=[(x, gamma, beta, eps) for x, _, gamma, beta, _, eps in ALL],
    mistakes={
        "the variance is the unbiased one, divided by the count less one. Inside the batch, batch "
        "norm divides by the count: `x.var(..., correction=0)`.":
            lambda x, gamma, beta, eps: finished(normalised(x, eps, correction=1), gamma, beta),
        "all channels share one mean and one variance. Each channel has its own: average over the "
        "axes 0, 2 and 3 alone.":
            over_other_axes(0, 1, 2, 3),
        "each place of the map has a mean of its own. Average over rows and columns, too.":
            over_other_axes(0),
        "each image has a mean of its own. Average over the images of the batch, too: axis 0.":
            over_other_axes(2, 3),
        "each image is normalised over its own channels. Axis 1 is to be kept and axis 0 to be "
        "averaged over, not the other way round.":
            over_other_axes(1, 2, 3),
        "eps stands outside of the root. It is added to the variance, and the root is taken then.":
            lambda x, gamma, beta, eps: finished(
                normalised(x, 0) / (1 + eps / x.std(N_H_W, correction=0, keepdim=True)),
                gamma, beta),
        "eps is missing: it is added to the variance, under the root.":
            lambda x, gamma, beta, eps: finished(normalised(x, 0), gamma, beta),
        "you divided by the variance. Divide by its square root.":
            lambda x, gamma, beta, eps: finished(
                normalised(x, eps) / (x.var(N_H_W, correction=0, keepdim=True) + eps).sqrt(),
                gamma, beta),
        "the mean is not subtracted.":
            lambda x, gamma, beta, eps: finished(
                x / (x.var(N_H_W, correction=0, keepdim=True) + eps).sqrt(), gamma, beta),
        "gamma and beta are missing: the last of the four steps.":
            lambda x, gamma, beta, eps: normalised(x, eps),
        "beta is missing.":
            lambda x, gamma, beta, eps: normalised(x, eps) * along(gamma, x),
        "gamma is missing.":
            lambda x, gamma, beta, eps: normalised(x, eps) + along(beta, x),
        "gamma and beta are swapped: gamma multiplies, beta is added.":
            lambda x, gamma, beta, eps: finished(normalised(x, eps), beta, gamma),
        "beta is added too early. Multiply by gamma first.":
            lambda x, gamma, beta, eps: (normalised(x, eps) + along(beta, x)) * along(gamma, x),
        "gamma and beta are laid along the columns of the maps. They belong to the channels: "
        "`gamma.view(1, -1, 1, 1)`.":
            lambda x, gamma, beta, eps: normalised(x, eps) * gamma + beta,
    },
)  # fmt: skip
def batch_norm_train(x, gamma, beta, eps):
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def moved(old, new, momentum):
    return (1 - momentum) * old + momentum * new


def update_with(over=N_H_W, correction=1):
    return lambda mean, variance, x, momentum: (
        moved(mean, x.mean(over), momentum),
        moved(variance, x.var(over, correction=correction), momentum),
    )


def update(running_mean, running_var, x, momentum, correction=1):
    return update_with(correction=correction)(running_mean, running_var, x, momentum)


@exercise(
    inputs=[
        (mean, variance, x, momentum)
        for (x, mean, _, _, variance, _), momentum in zip(
            ALL, [0.1, 0.25, 0.4, 0.2, 0.1, 0.05, 0.9, 0.01], strict=True)
    ],
    mistakes={
        "the variance of the batch is the biased one, divided by the count. For the running "
        "variance it is divided by the count less one: `x.var(..., correction=1)`.":
            lambda mean, variance, x, momentum: update(mean, variance, x, momentum, 0),
        "momentum is used the other way round. In PyTorch it is the share of the *new* number; "
        "the old one keeps 1 - momentum.":
            lambda mean, variance, x, momentum: update(mean, variance, x, 1 - momentum),
        "momentum is the other way round, and the variance is the biased one. The new number has "
        "the share momentum, and `correction=1`.":
            lambda mean, variance, x, momentum: update(mean, variance, x, 1 - momentum, 0),
        "the old numbers are forgotten: those are the statistics of this batch. They move by the "
        "share momentum only.":
            lambda mean, variance, x, momentum: update(mean, variance, x, 1),
        "the old numbers keep all their weight. They keep the share 1 - momentum.":
            lambda mean, variance, x, momentum: (
                mean + momentum * x.mean(N_H_W), variance + momentum * x.var(N_H_W)),
        "the spread is kept in place of the variance: no root here.":
            lambda mean, variance, x, momentum: (
                moved(mean, x.mean(N_H_W), momentum),
                moved(variance, x.std(N_H_W), momentum)),
        "only the mean moves. The variance does, too.":
            lambda mean, variance, x, momentum: (update(mean, variance, x, momentum)[0], variance),
        "mean and variance come out in the wrong order.":
            lambda mean, variance, x, momentum: update(mean, variance, x, momentum)[::-1],
        "all channels get the same mean and variance. Average over the axes 0, 2 and 3 alone.":
            update_with(over=(0, 1, 2, 3)),
    },
)  # fmt: skip
def update_running(running_mean, running_var, x, momentum):
    mean, variance = running_mean.clone(), running_var.clone()
    F.batch_norm(x, mean, variance, training=True, momentum=momentum)
    return mean, variance


def evaluated(x, mean, variance, gamma, beta, eps):
    return F.batch_norm(x, mean, variance, gamma, beta, eps=eps)


@exercise(
    inputs=[(x, mean, variance, gamma, beta, eps) for x, mean, gamma, beta, variance, eps in ALL],
    mistakes={
        "that is what batch norm does in training: you used the mean and the variance of this "
        "batch. Use the running ones.":
            lambda x, mean, variance, gamma, beta, eps: batch_norm_train.answer(
                x, gamma, beta, eps),
        "the mean is that of this batch. Use `running_mean`.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, x.mean(N_H_W), variance, gamma, beta, eps),
        "the variance is that of this batch. Use `running_var`.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, mean, x.var(N_H_W, correction=0), gamma, beta, eps),
        "you divided by the variance. Divide by its square root.":
            lambda x, mean, variance, gamma, beta, eps: finished(
                (x - along(mean, x)) / along(variance + eps, x), gamma, beta),
        "eps stands outside of the root. It is added to the variance, and the root is taken then.":
            lambda x, mean, variance, gamma, beta, eps: finished(
                (x - along(mean, x)) / along(variance.sqrt() + eps, x), gamma, beta),
        "eps is missing: it is added to the variance, under the root.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, mean, variance, gamma, beta, 0),
        "the running mean is not subtracted.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, 0 * mean, variance, gamma, beta, eps),
        "gamma and beta are missing: they were learnt, and stay in use.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, mean, variance, None, None, eps),
        "gamma and beta are swapped: gamma multiplies, beta is added.":
            lambda x, mean, variance, gamma, beta, eps: evaluated(
                x, mean, variance, beta, gamma, eps),
        "the numbers are laid along the columns of the maps. They belong to the channels: "
        "`running_mean.view(1, -1, 1, 1)`.":
            lambda x, mean, variance, gamma, beta, eps:
                (x - mean) / (variance + eps).sqrt() * gamma + beta,
    },
)  # fmt: skip
def batch_norm_eval(x, running_mean, running_var, gamma, beta, eps):
    return evaluated(x, running_mean, running_var, gamma, beta, eps)
