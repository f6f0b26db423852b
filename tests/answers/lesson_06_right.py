"""Right answers to the exercises of lesson 06, each written in its own way."""

import torch
from torch import nn
from torch.nn import functional as F


def flattened_size__halving(image_size, channels, blocks):
    for _ in range(blocks):
        image_size = image_size // 2
    return channels * image_size * image_size


def flattened_size__with_layers(image_size, channels, blocks):
    layers = [nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2)) for _ in range(blocks)]
    one_map = nn.Sequential(*layers, nn.Flatten())(torch.zeros(1, 1, image_size, image_size))
    return channels * one_map.shape[1]


def training_step__autograd(weight, images, labels, learning_rate):
    weight = weight.clone().requires_grad_()
    F.cross_entropy(images @ weight, labels).backward()
    return (weight - learning_rate * weight.grad).detach()


def training_step__by_hand(weight, images, labels, learning_rate):
    shares = (images @ weight).softmax(dim=1)
    error = shares - F.one_hot(labels, weight.shape[1])
    return weight - learning_rate * (images.T @ error) / len(images)


def training_step__optimizer(weight, images, labels, learning_rate):
    weight = nn.Parameter(weight.clone())
    optimizer = torch.optim.SGD([weight], lr=learning_rate)
    F.cross_entropy(images @ weight, labels).backward()
    optimizer.step()
    return weight.detach()


def accuracy__sum(logits, labels):
    correct = logits.argmax(dim=1) == labels
    return correct.sum().item() / len(labels)


def accuracy__loop(logits, labels):
    count = 0
    for row, label in zip(logits, labels, strict=True):
        if row.argmax() == label:
            count += 1
    return count / len(labels)


def confusion_matrix__loop(answers, labels):
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for answer, label in zip(answers, labels, strict=True):
        matrix[label, answer] += 1
    return matrix


def confusion_matrix__one_hot(answers, labels):
    return F.one_hot(labels, 10).T @ F.one_hot(answers, 10)


def classified(*sizes):
    generator = torch.Generator().manual_seed(5)
    return [
        (torch.randn(n, k, generator=generator, dtype=torch.float64),
         torch.randint(0, k, (n,), generator=generator))
        for n, k in sizes
    ]  # fmt: skip


def for_a_step(*sizes):
    return [
        (torch.linspace(-1, 2, d * k, dtype=torch.float64).view(d, k), images, labels, rate)
        for (images, labels), (d, k, rate) in zip(
            classified(*((n, d) for n, d, _, _ in sizes)),
            ((d, k, rate) for _, d, k, rate in sizes),
            strict=True,
        )
    ]


OTHER_INPUTS = {
    "flattened_size": [(2, 1, 1), (6, 3, 1), (9, 2, 3), (29, 7, 2), (5, 4, 0)],
    "training_step": for_a_step((1, 2, 2, 0.5), (3, 3, 4, 0.2), (6, 4, 5, 1.5)),
    "accuracy": classified((1, 2), (6, 2), (9, 4), (50, 3)),
    "confusion_matrix": [
        (torch.tensor([3]), torch.tensor([8])),
        (torch.tensor([1, 1, 4, 0]), torch.tensor([1, 1, 9, 0])),
        tuple(torch.randint(0, 10, (2, 80), generator=torch.Generator().manual_seed(9))),
    ],
}
