"""The exercise of lesson 05's further section: batch norm folded into a convolution."""

from course_utils.lesson.checks.lesson_05 import EPS, drawn
from course_utils.lesson.exercise import exercise

KERNELS = [(1, 1, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1), (2, 2, 2, 2), (3, 2, 1, 3), (3, 3, 3, 3),
           (4, 1, 5, 5), (6, 3, 3, 3)]  # fmt: skip


def layers() -> list[tuple]:
    """Make convolutions and batch norms behind them: weight and bias, and five for the latter."""
    made = []
    for seed, (shape, eps) in enumerate(zip(KERNELS, EPS, strict=True)):
        weight = drawn(shape, seed)[0]
        bias, mean, gamma, beta, variance = drawn((1, shape[0], 1, 1), 50 + seed)
        made.append((weight, bias.flatten(), mean, variance, gamma, beta, eps))
    return made


def fold_with(scale, bias=None):
    """Fold with another scale; `bias` takes all that is given, and the scale."""

    def folded(w, b, m, v, g, t, eps):
        s = scale(v, g, eps)
        shift = bias(b, m, g, t, s) if bias else t + (b - m) * s
        return w * s.view(-1, 1, 1, 1), shift

    return folded


def right_scale(variance, gamma, eps):
    return gamma / (variance + eps).sqrt()


right_fold = fold_with(right_scale)


@exercise(
    inputs=layers(),
    mistakes={
        "the weight is scaled along its input channels. Each *kernel* has a scale, the first axis: "
        "`scale.view(-1, 1, 1, 1)`.":
            lambda w, b, m, v, g, t, eps: (
                w * right_scale(v, g, eps)[:, None, None], right_fold(w, b, m, v, g, t, eps)[1]),
        "the weight is scaled along its columns. Each *kernel* has a scale, the first axis: "
        "`scale.view(-1, 1, 1, 1)`.":
            lambda w, b, m, v, g, t, eps: (
                w * right_scale(v, g, eps), right_fold(w, b, m, v, g, t, eps)[1]),
        "the weight is still the old one. Batch norm scales what the kernel answers, so it scales "
        "the kernel.":
            lambda w, b, m, v, g, t, eps: (w, right_fold(w, b, m, v, g, t, eps)[1]),
        "the convolution's own bias is lost. It goes through batch norm like everything else.":
            fold_with(right_scale, lambda b, m, g, t, s: t - m * s),
        "the convolution's own bias is not scaled. It goes through batch norm like the rest.":
            fold_with(right_scale, lambda b, m, g, t, s: b + t - m * s),
        "the running mean is not subtracted.":
            fold_with(right_scale, lambda b, m, g, t, s: t + b * s),
        "the running mean is subtracted without being scaled.":
            fold_with(right_scale, lambda b, m, g, t, s: t + b * s - m),
        "beta is missing in the bias.":
            fold_with(right_scale, lambda b, m, g, t, s: (b - m) * s),
        "beta is scaled, too. It is added after the scaling.":
            fold_with(right_scale, lambda b, m, g, t, s: (b - m + t) * s),
        "gamma is missing in the scale.":
            fold_with(lambda v, g, eps: (v + eps).rsqrt()),
        "the root is missing: the scale is gamma / sqrt(variance + eps).":
            fold_with(lambda v, g, eps: g / (v + eps)),
        "eps is missing: it is added to the variance, under the root.":
            fold_with(lambda v, g, eps: g / v.sqrt()),
        "eps stands outside of the root.":
            fold_with(lambda v, g, eps: g / (v.sqrt() + eps)),
        "it is multiplied by the root where it should be divided.":
            fold_with(lambda v, g, eps: g * (v + eps).sqrt()),
        "bias and weight come out in the wrong order.":
            lambda *given: right_fold(*given)[::-1],
    },
)  # fmt: skip
def fold(weight, bias, running_mean, running_var, gamma, beta, eps):
    scale = gamma / (running_var + eps).sqrt()
    return weight * scale.view(-1, 1, 1, 1), beta + (bias - running_mean) * scale
