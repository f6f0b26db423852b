"""Right answers to the exercises of lesson 07, each written in its own way."""

import torch
from torch import nn


def keep_output__hook(model, layer, x):
    kept = []
    handle = model[layer].register_forward_hook(lambda _, i, o: kept.append(o.detach().clone()))
    model(x)
    handle.remove()
    return kept[0]


def keep_output__dictionary(model, layer, x):
    kept = {}

    def hook(module, inputs, output):
        kept["output"] = output.clone()

    handle = model[layer].register_forward_hook(hook)
    model(x)
    handle.remove()
    return kept["output"].detach()


def keep_output__cut(model, layer, x):
    return model[: layer + 1](x).detach()


def cover__slices(image, row, column, patch):
    covered = image.clone()
    top, left = max(row - patch // 2, 0), max(column - patch // 2, 0)
    covered[top : row + patch // 2 + 1, left : column + patch // 2 + 1] = 0
    return covered


def cover__mask(image, row, column, patch):
    rows = (torch.arange(image.shape[0]) - row).abs() <= patch // 2
    columns = (torch.arange(image.shape[1]) - column).abs() <= patch // 2
    return image.masked_fill(rows[:, None] & columns, 0)


def cover__loops(image, row, column, patch):
    covered = image.clone()
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            if abs(i - row) <= patch // 2 and abs(j - column) <= patch // 2:
                covered[i, j] = 0
    return covered


def fool_step__sign(image, slopes, size):
    return (image + size * slopes.sign()).clamp(0, 255)


def fool_step__where(image, slopes, size):
    up, down = (image + size).clamp(max=255), (image - size).clamp(min=0)
    return torch.where(slopes > 0, up, torch.where(slopes < 0, down, image))


def accuracy_by_bin__masks(factor, correct, edges):
    shares = []
    for low, high in zip(edges, edges[1:], strict=False):
        here = (factor >= low) & (factor < high)
        shares.append(correct[here].double().mean())
    return torch.stack(shares)


def accuracy_by_bin__bucketize(factor, correct, edges):
    number = torch.bucketize(factor, edges, right=True) - 1
    here = (number >= 0) & (number < len(edges) - 1)
    right = number[here].bincount(correct[here].double(), minlength=len(edges) - 1)
    return right / number[here].bincount(minlength=len(edges) - 1)


def network(*layers):
    torch.manual_seed(3)
    model = nn.Sequential(*layers)
    for weight in model.parameters():
        weight.data = torch.randn(weight.shape)
    return model.double()


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def greys(*shape):
    return torch.arange(0.0, 256, 255 / (shape[0] * shape[1] - 1), dtype=torch.float64).view(shape)


OTHER_INPUTS = {
    "cover": [
        (1 + drawn(*shape).abs(), row, column, patch)
        for shape, row, column, patch in [
            ((3, 2), 0, 1, 1), ((4, 6), 3, 0, 3), ((6, 5), 2, 3, 5), ((8, 8), 0, 0, 7),
            ((8, 8), 7, 6, 3), ((10, 9), 5, 4, 9),
        ]
    ],
    "fool_step": [(greys(*shape), drawn(*shape).round(), size)
                  for shape, size in [((2, 2), 3), ((3, 5), 40), ((6, 6), 12)]],
    "accuracy_by_bin": [
        (torch.arange(10.0).repeat(3), torch.arange(30) % 4 > 0, torch.tensor([0.0, 2, 3, 8])),
        (torch.tensor([4.0, 0, 1]), torch.tensor([True, True, False]), torch.tensor([0.0, 1, 2])),
        (drawn(90), drawn(90) > -0.4, torch.tensor([-1.0, 0, 0.5, 1], dtype=torch.float64)),
    ],
}  # fmt: skip


def keeps_the_output(keep) -> bool:
    """Try other networks than the check does; a hook must not stay on them."""
    for layers, layer, shape in [
        ([nn.ReLU(), nn.Flatten()], 0, (2, 3)),
        ([nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)], 1, (5, 4)),
        ([nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 2)], 0, (5, 4)),
        ([nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten()], 2, (2, 1, 5, 5)),
    ]:
        model, x = network(*layers), drawn(*shape)
        expected = model[: layer + 1](x)
        try:
            if not torch.equal(keep(model, layer, x.clone()), expected):
                return False
            if model[layer]._forward_hooks:
                return False
        except Exception:
            return False
    return True


IS_RIGHT = {"keep_output": keeps_the_output}
