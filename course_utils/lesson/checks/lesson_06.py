"""The exercises of lesson 06: sizes, one training step, counting what is correct."""

import torch
from torch.nn import functional as F

from course_utils.lesson.exercise import exercise


def classified(*sizes: tuple[int, int], seed: int = 0) -> list[tuple]:
    """Make random logits (N, K) in float64, with labels of which some are right."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for count, classes in sizes:
        logits = torch.randn(count, classes, dtype=torch.float64, generator=generator)
        labels = torch.randint(0, classes, (count,), generator=generator)
        half = torch.rand(count, generator=generator) < 0.5
        made.append((logits, torch.where(half, logits.argmax(1), labels)))
    return made


def steps(*sizes: tuple[int, int, int], seed: int = 0) -> list[tuple]:
    """Make random weights (D, K), images (N, D), labels and a learning rate for one step."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for inputs, classes, count in sizes:
        weight, images = (torch.randn(shape, dtype=torch.float64, generator=generator)
                          for shape in [(inputs, classes), (count, inputs)])  # fmt: skip
        labels = torch.randint(0, classes, (count,), generator=generator)
        made.append((weight, images, labels, 0.1 + 0.3 * len(made)))
    return made


def slope(weight, images, labels, reduction="mean"):
    weight = weight.clone().requires_grad_()
    loss = F.cross_entropy(images @ weight, labels, reduction=reduction)
    return torch.autograd.grad(loss, weight)[0]


def slope_through_two_softmaxes(weight, images, labels):
    weight = weight.clone().requires_grad_()
    loss = F.cross_entropy((images @ weight).softmax(1), labels)
    return torch.autograd.grad(loss, weight)[0]


@exercise(
    inputs=[(2, 1, 1), (4, 1, 2), (7, 2, 1), (8, 5, 1), (10, 3, 2), (28, 32, 3), (15, 8, 3),
            (64, 16, 4), (33, 10, 0)],
    mistakes={
        "the channels are missing: each has its own map.":
            lambda size, channels, blocks: (size // 2**blocks) ** 2,
        "the maps have rows and columns: square the side.":
            lambda size, channels, blocks: channels * (size // 2**blocks),
        "the image is halved once. Each block halves it again.":
            lambda size, channels, blocks: channels * (size // 2) ** 2,
        "halves are kept: a pooling drops what does not fit, so round down, at each block.":
            lambda size, channels, blocks: int(channels * (size / 2**blocks) ** 2),
        "the side is divided by the number of blocks, or by twice that. Each block halves what the "
        "one before has left.":
            lambda size, channels, blocks: channels * (size // max(2 * blocks, 1)) ** 2,
        "the channels that are given are those of the last block: they need not be doubled.":
            lambda size, channels, blocks: channels * 2**blocks * (size // 2**blocks) ** 2,
        "the 3 x 3 convolution takes no border off here: its padding is 1.":
            lambda size, channels, blocks: channels * shrink(size, blocks) ** 2,
    },
)  # fmt: skip
def flattened_size(image_size, channels, blocks):
    return channels * (image_size // 2**blocks) ** 2


def shrink(size: int, blocks: int) -> int:
    for _ in range(blocks):
        size = max((size - 2) // 2, 0)
    return size


@exercise(
    inputs=steps((1, 2, 1), (2, 2, 2), (2, 3, 3), (4, 3, 5), (9, 4, 8), (16, 10, 20)),
    mistakes={
        "the weight moved uphill: subtract the slope.":
            lambda weight, images, labels, rate: weight + rate * slope(weight, images, labels),
        "that is the slope. The new weight is the old one, minus the learning rate times that.":
            lambda weight, images, labels, rate: slope(weight, images, labels),
        "that is the change alone. Subtract it from the old weight.":
            lambda weight, images, labels, rate: rate * slope(weight, images, labels),
        "the learning rate is missing.":
            lambda weight, images, labels, rate: weight - slope(weight, images, labels),
        "the slopes of the images are summed. The loss is the mean over the images.":
            lambda weight, images, labels, rate:
                weight - rate * slope(weight, images, labels, "sum"),
        "there is a softmax before the cross-entropy, which does it itself: now it happens twice.":
            lambda weight, images, labels, rate:
                weight - rate * slope_through_two_softmaxes(weight, images, labels),
        "the old weight came back: it has not moved. Does `weight.grad` belong to the tensor that "
        "went into the loss?":
            lambda weight, images, labels, rate: weight,
    },
)  # fmt: skip
def training_step(weight, images, labels, learning_rate):
    return weight - learning_rate * slope(weight, images, labels)


@exercise(
    inputs=classified((2, 2), (3, 2), (4, 3), (5, 4), (10, 10), (37, 10), (128, 5), (200, 10),
                      seed=4),
    mistakes={
        "that is the number of correct answers. Divide by how many there are.":
            lambda logits, labels: (logits.argmax(1) == labels).sum().item(),
        "that is in per cent. A number from 0 to 1 is asked for.":
            lambda logits, labels: 100 * (logits.argmax(1) == labels).double().mean().item(),
        "that is the share of wrong answers.":
            lambda logits, labels: (logits.argmax(1) != labels).double().mean().item(),
        "the smallest logit was taken for the answer. It is the largest.":
            lambda logits, labels: (logits.argmin(1) == labels).double().mean().item(),
        "that goes through the images. Seek the answer among the logits of one image: `dim=1`.":
            lambda logits, labels: (logits.argmax(0) == labels).sum().item() / len(labels),
        "that is the mean share that softmax gives to the truth. Count answers instead.":
            lambda logits, labels:
                logits.softmax(1).gather(1, labels[:, None]).mean().item(),
        "the correct answers are divided by all logits. Divide by the number of images.":
            lambda logits, labels: (logits.argmax(1) == labels).sum().item() / logits.numel(),
    },
)  # fmt: skip
def accuracy(logits, labels):
    return (logits.argmax(1) == labels).sum().item() / len(labels)


def pairs(*counts: int, seed: int = 0) -> list[tuple]:
    """Make answers and labels from 0 to 9; more than half of the answers are right."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for count in counts:
        answers, labels = torch.randint(0, 10, (2, count), generator=generator)
        right = torch.rand(count, generator=generator) < 0.6
        made.append((torch.where(right, labels, answers), labels))
    return made


def count_pairs(rows, columns):
    return (rows * 10 + columns).bincount(minlength=100).view(10, 10)


@exercise(
    inputs=[(torch.tensor([2]), torch.tensor([7])),
            (torch.tensor([7, 2]), torch.tensor([7, 7])), *pairs(5, 20, 60, 300)],
    mistakes={
        "rows and columns are swapped: a row belongs to a label, a column to an answer.":
            lambda answers, labels: count_pairs(answers, labels),
        "each pair is counted once at most. Add 1 to what is there: `matrix[...] += 1`.":
            lambda answers, labels: count_pairs(labels, answers).clamp(max=1),
        "only the errors are counted. The correct answers belong on the diagonal.":
            lambda answers, labels: count_pairs(labels, answers).fill_diagonal_(0),
        "only the correct answers are counted. The errors are what the rest is for.":
            lambda answers, labels: count_pairs(labels, answers).diag().diag(),
        "those are shares of each row. Counts are asked for.":
            lambda answers, labels: shares_of_rows(count_pairs(labels, answers)),
    },
)  # fmt: skip
def confusion_matrix(answers, labels):
    return count_pairs(labels, answers)


def shares_of_rows(matrix):
    return matrix / matrix.sum(1, keepdim=True).clamp(min=1)
