"""Wrong answers to running statistics, evaluation and folding, and what each must be told."""

import torch

from tests.check_kit import gets

AXES = (0, 2, 3)


def between(old, new, share_of_new):
    return old + share_of_new * (new - old)


@gets("the variance of the batch is the biased one, divided by the count")
def update_running__biased(running_mean, running_var, x, momentum):
    variance = x.var(AXES, unbiased=False)
    return between(running_mean, x.mean(AXES), momentum), between(running_var, variance, momentum)


@gets("momentum is used the other way round")
def update_running__kept(running_mean, running_var, x, momentum):
    return (
        between(x.mean(AXES), running_mean, momentum),
        between(x.var(AXES), running_var, momentum),
    )


@gets("momentum is the other way round, and the variance is the biased one")
def update_running__both(running_mean, running_var, x, momentum):
    variance = x.square().mean(AXES) - x.mean(AXES).square()
    return between(x.mean(AXES), running_mean, momentum), between(variance, running_var, momentum)


@gets("the old numbers are forgotten")
def update_running__forgets(running_mean, running_var, x, momentum):
    return x.mean(AXES), x.var(AXES)


@gets("the old numbers keep all their weight")
def update_running__adds(running_mean, running_var, x, momentum):
    return running_mean + momentum * x.mean(AXES), running_var + momentum * x.var(AXES)


@gets("the spread is kept in place of the variance")
def update_running__spread(running_mean, running_var, x, momentum):
    spread = x.var(AXES).sqrt()
    return between(running_mean, x.mean(AXES), momentum), between(running_var, spread, momentum)


@gets("only the mean moves")
def update_running__mean_only(running_mean, running_var, x, momentum):
    return between(running_mean, x.mean(AXES), momentum), running_var.clone()


@gets("in the wrong order")
def update_running__swapped(running_mean, running_var, x, momentum):
    variance = between(running_var, x.var(AXES), momentum)
    return variance, between(running_mean, x.mean(AXES), momentum)


@gets("all channels get the same mean and variance")
def update_running__one_mean(running_mean, running_var, x, momentum):
    return between(running_mean, x.mean(), momentum), between(running_var, x.var(), momentum)


@gets("your function changed the `running_mean`")
def update_running__in_place(running_mean, running_var, x, momentum):
    running_mean += momentum * (x.mean(AXES) - running_mean)
    return running_mean, between(running_var, x.var(AXES), momentum)


@gets("your function returns a Tensor; 2 tensors are wanted")
def update_running__one(running_mean, running_var, x, momentum):
    return between(running_mean, x.mean(AXES), momentum)


@gets("returns a tuple of 3; 2 tensors are wanted")
def update_running__three(running_mean, running_var, x, momentum):
    return running_mean, running_var, x


@gets("tensor 2 of the 2 that came out: the shape is right; 1 of 1 numbers are not.")
def update_running__off(running_mean, running_var, x, momentum):
    variance = between(running_var, x.var(AXES), momentum)
    return between(running_mean, x.mean(AXES), momentum), variance + 1


@gets("tensor 1 of the 2 that came out: the output has shape (1, 1, 1, 1); expected: (1,)")
def update_running__keepdim(running_mean, running_var, x, momentum):
    mean = x.mean(AXES, keepdim=True)
    return (
        between(running_mean.view(mean.shape), mean, momentum),
        between(running_var, x.var(AXES), momentum),
    )


def formula(x, mean, root, gamma, beta):
    normal = (x - mean[:, None, None]) / root[:, None, None]
    return normal * gamma[:, None, None] + beta[:, None, None]


@gets("that is what batch norm does in training")
def batch_norm_eval__train(x, running_mean, running_var, gamma, beta, eps):
    root = (x.var(AXES, correction=0) + eps).sqrt()
    return formula(x, x.mean(AXES), root, gamma, beta)


@gets("the mean is that of this batch")
def batch_norm_eval__batch_mean(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, x.mean(AXES), (running_var + eps).sqrt(), gamma, beta)


@gets("the variance is that of this batch")
def batch_norm_eval__batch_variance(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, running_mean, (x.var(AXES, correction=0) + eps).sqrt(), gamma, beta)


@gets("you divided by the variance")
def batch_norm_eval__no_root(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, running_mean, running_var + eps, gamma, beta)


@gets("eps stands outside of the root")
def batch_norm_eval__eps_outside(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, running_mean, running_var.sqrt() + eps, gamma, beta)


@gets("eps is missing")
def batch_norm_eval__no_eps(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, running_mean, running_var.sqrt(), gamma, beta)


@gets("the running mean is not subtracted")
def batch_norm_eval__no_mean(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, torch.zeros_like(beta), (running_var + eps).sqrt(), gamma, beta)


@gets("gamma and beta are missing")
def batch_norm_eval__three_steps(x, running_mean, running_var, gamma, beta, eps):
    return formula(
        x, running_mean, (running_var + eps).sqrt(), torch.ones_like(gamma), torch.zeros_like(beta)
    )


@gets("gamma and beta are swapped")
def batch_norm_eval__swapped(x, running_mean, running_var, gamma, beta, eps):
    return formula(x, running_mean, (running_var + eps).sqrt(), beta, gamma)


@gets("laid along the columns of the maps")
def batch_norm_eval__columns(x, running_mean, running_var, gamma, beta, eps):
    return gamma * (x - running_mean) / (running_var + eps) ** 0.5 + beta


def folded(weight, bias, running_mean, beta, scale):
    return scale[:, None, None, None] * weight, beta + scale * (bias - running_mean)


def scale_of(running_var, gamma, eps):
    return gamma / (running_var + eps) ** 0.5


@gets("the weight is scaled along its input channels")
def fold__input_channels(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = scale_of(running_var, gamma, eps)
    return weight * scale.view(1, -1, 1, 1), beta + scale * (bias - running_mean)


@gets("the weight is scaled along its columns")
def fold__columns(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = scale_of(running_var, gamma, eps)
    return scale * weight, beta + scale * (bias - running_mean)


@gets("the weight is still the old one")
def fold__old_weight(weight, bias, running_mean, running_var, gamma, beta, eps):
    return weight, beta + scale_of(running_var, gamma, eps) * (bias - running_mean)


@gets("own bias is lost")
def fold__no_bias(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, 0 * bias, running_mean, beta, scale_of(running_var, gamma, eps))


@gets("own bias is not scaled")
def fold__plain_bias(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, 0 * bias, running_mean, beta + bias, scale_of(running_var, gamma, eps))


@gets("the running mean is not subtracted")
def fold__no_mean(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, 0, beta, scale_of(running_var, gamma, eps))


@gets("the running mean is subtracted without being scaled")
def fold__plain_mean(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, 0, beta - running_mean, scale_of(running_var, gamma, eps))


@gets("beta is missing")
def fold__no_beta(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, 0, scale_of(running_var, gamma, eps))


@gets("beta is scaled, too")
def fold__scaled_beta(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias + beta, running_mean, 0, scale_of(running_var, gamma, eps))


@gets("gamma is missing")
def fold__no_gamma(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, 1 / (running_var + eps) ** 0.5)


@gets("the root is missing")
def fold__no_root(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, gamma / (running_var + eps))


@gets("eps is missing")
def fold__no_eps(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, gamma / running_var**0.5)


@gets("eps stands outside of the root")
def fold__eps_outside(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, gamma / (running_var**0.5 + eps))


@gets("multiplied by the root where it should be divided")
def fold__multiplied(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, gamma * (running_var + eps) ** 0.5)


@gets("in the wrong order")
def fold__swapped(weight, bias, running_mean, running_var, gamma, beta, eps):
    return folded(weight, bias, running_mean, beta, scale_of(running_var, gamma, eps))[::-1]


@gets("returns a list; 2 tensors are wanted")
def fold__list(weight, bias, running_mean, running_var, gamma, beta, eps):
    return list(folded(weight, bias, running_mean, beta, scale_of(running_var, gamma, eps)))
