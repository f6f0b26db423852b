"""Wrong answers to the exercises of lesson 06, and the diagnosis that each must get."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


@gets("the channels are missing")
def flattened_size__one_map(image_size, channels, blocks):
    return (image_size // 2**blocks) ** 2


@gets("square the side")
def flattened_size__one_row(image_size, channels, blocks):
    for _ in range(blocks):
        image_size //= 2
    return channels * image_size


@gets("the image is halved once")
def flattened_size__halved_once(image_size, channels, blocks):
    return channels * (image_size // 2) * (image_size // 2)


@gets("halves are kept")
def flattened_size__no_floor(image_size, channels, blocks):
    for _ in range(blocks):
        image_size = image_size / 2
    return int(channels * image_size * image_size)


@gets("divided by the number of blocks")
def flattened_size__divided(image_size, channels, blocks):
    return channels * (image_size // max(2 * blocks, 1)) ** 2


@gets("need not be doubled")
def flattened_size__doubled(image_size, channels, blocks):
    for _ in range(blocks):
        image_size, channels = image_size // 2, channels * 2
    return channels * image_size**2


@gets("its padding is 1")
def flattened_size__no_padding(image_size, channels, blocks):
    for _ in range(blocks):
        image_size = max((image_size - 3 + 1) // 2, 0)
    return channels * image_size**2


@gets("returns a float, not a whole number")
def flattened_size__float(image_size, channels, blocks):
    return float(channels * (image_size // 2**blocks) ** 2)


def slopes(weight, images, labels):
    weight = weight.clone().requires_grad_()
    F.cross_entropy(images @ weight, labels).backward()
    return weight.grad


@gets("uphill")
def training_step__uphill(weight, images, labels, learning_rate):
    return weight + learning_rate * slopes(weight, images, labels)


@gets("that is the slope")
def training_step__slope(weight, images, labels, learning_rate):
    return slopes(weight, images, labels)


@gets("that is the change alone")
def training_step__change(weight, images, labels, learning_rate):
    return learning_rate * slopes(weight, images, labels)


@gets("the learning rate is missing")
def training_step__no_rate(weight, images, labels, learning_rate):
    return weight - slopes(weight, images, labels)


@gets("the loss is the mean over the images".capitalize())
def training_step__sum(weight, images, labels, learning_rate):
    return weight - learning_rate * len(images) * slopes(weight, images, labels)


@gets("it happens twice")
def training_step__two_softmaxes(weight, images, labels, learning_rate):
    weight = weight.clone().requires_grad_()
    F.cross_entropy(F.softmax(images @ weight, dim=1), labels).backward()
    return (weight - learning_rate * weight.grad).detach()


@gets("it has not moved")
def training_step__unmoved(weight, images, labels, learning_rate):
    copied = weight.clone().requires_grad_()
    F.cross_entropy(images @ copied, labels).backward()
    return weight


@gets("Divide by how many there are")
def accuracy__count(logits, labels):
    return (logits.argmax(1) == labels).sum().item()


@gets("in per cent")
def accuracy__percent(logits, labels):
    return 100 * (logits.argmax(1) == labels).sum().item() / len(labels)


@gets("wrong answers")
def accuracy__errors(logits, labels):
    return (logits.argmax(1) != labels).sum().item() / len(labels)


@gets("the smallest logit")
def accuracy__smallest(logits, labels):
    return (logits.argmin(1) == labels).sum().item() / len(labels)


@gets("goes through the images")
def accuracy__other_direction(logits, labels):
    return (logits.argmax(dim=0) == labels).sum().item() / len(labels)


@gets("Count answers instead")
def accuracy__shares(logits, labels):
    return F.softmax(logits, dim=1)[torch.arange(len(labels)), labels].mean().item()


@gets("divided by all logits")
def accuracy__all_logits(logits, labels):
    return (logits.argmax(1) == labels).sum().item() / logits.numel()


@gets("rows and columns are swapped")
def confusion_matrix__swapped(answers, labels):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for answer, label in zip(answers, labels, strict=True):
        matrix[answer, label] += 1
    return matrix


@gets("once at most")
def confusion_matrix__set(answers, labels):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    matrix[labels, answers] = 1
    return matrix


@gets("only the errors")
def confusion_matrix__errors(answers, labels):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for answer, label in zip(answers, labels, strict=True):
        matrix[label, answer] += answer != label
    return matrix


@gets("only the correct answers")
def confusion_matrix__diagonal(answers, labels):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for answer, label in zip(answers, labels, strict=True):
        matrix[label, answer] += answer == label
    return matrix


@gets("shares of each row")
def confusion_matrix__shares(answers, labels):
    matrix = torch.zeros(10, 10)
    for answer, label in zip(answers, labels, strict=True):
        matrix[label, answer] += 1
    return matrix / matrix.sum(1, keepdim=True).clamp(min=1)
