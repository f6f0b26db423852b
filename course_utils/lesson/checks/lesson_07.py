"""The exercises of lesson 07: a hook, a covered patch, a step uphill, accuracy bin by bin."""

import torch
from torch import nn

from course_utils.lesson.exercise import exercise, tensors


def small_networks(seed: int = 0) -> list[tuple]:
    """Make networks in float64 of a few layers, a layer to watch, and a batch that fits."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for layers, layer, shape in [
        ([nn.ReLU(), nn.Flatten()], 0, (1, 2)),
        ([nn.Linear(2, 3), nn.ReLU(inplace=True), nn.Linear(3, 1)], 0, (2, 2)),
        ([nn.Linear(3, 4), nn.Sigmoid(), nn.Linear(4, 2)], 1, (3, 3)),
        ([nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)], 1, (2, 1, 4, 4)),
        ([nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4)], 3, (3, 2, 6, 6)),
    ]:  # fmt: skip
        model = nn.Sequential(*layers).double()
        for weight in model.parameters():
            weight.data = torch.randn(weight.shape, dtype=torch.float64, generator=generator)
        x = torch.randn(shape, dtype=torch.float64, generator=generator)
        made.append((model, layer, x))
    return made


@exercise(
    inputs=small_networks(),
    mistakes={
        "that is what went into the layer. The hook gets it as its second argument, and what came "
        "out as its third.":
            lambda model, layer, x: model[:layer](x),
        "that is the output of the whole network. The hook has to keep what the layer gave, and "
        "that is to be returned.":
            lambda model, layer, x: model(x),
        "that is what the next layer gave. Layers are counted from 0: `model[layer]`.":
            lambda model, layer, x: model[: layer + 2](x),
        "a later layer worked in place and changed what you kept. Keep a copy: `output.clone()`.":
            lambda model, layer, x: changed_in_place(model, layer, x),
        "only the first image of the batch came out. The layer gives all of them.":
            lambda model, layer, x: model[: layer + 1](x)[0],
    },
)  # fmt: skip
def keep_output(model, layer, x):
    kept = x
    for each in model[: layer + 1]:
        kept = each(kept.clone())
    return kept.detach()


def changed_in_place(model, layer, x):
    output = model[: layer + 1](x)
    model[layer + 1 :](output)
    return output


def places(*cases: tuple) -> list[tuple]:
    """Make images of whole numbers, with a place and the size of a patch."""
    images = tensors(*([shape] for shape, *_ in cases))
    return [(image, *rest) for (image,), (_, *rest) in zip(images, cases, strict=True)]


def covered(image, top, end, left, right):
    image = image.clone()
    image[top:end, left:right] = 0
    return image


def around(image, row, column, patch):
    half = patch // 2
    return covered(image, max(row - half, 0), row + half + 1,
                   max(column - half, 0), column + half + 1)  # fmt: skip


@exercise(
    inputs=places(((2, 3), 0, 0, 1), ((2, 3), 1, 1, 3), ((3, 4), 2, 0, 3), ((5, 4), 2, 2, 3),
                  ((6, 7), 0, 6, 5), ((7, 7), 3, 3, 5), ((9, 8), 7, 1, 7), ((12, 12), 5, 6, 1)),
    mistakes={
        "the patch begins at the place, and should have it in its middle: go `patch // 2` back.":
            lambda image, row, column, patch:
                covered(image, row, row + patch, column, column + patch),
        "a row and a column are missing: the end of a slice is left out, so it needs `+ 1`.":
            lambda image, row, column, patch:
                covered(image, max(row - patch // 2, 0), row + patch // 2,
                        max(column - patch // 2, 0), column + patch // 2),
        "near the upper or left edge a slice begins below 0, which counts from the end. Take "
        "`max(..., 0)`.":
            lambda image, row, column, patch:
                covered(image, row - patch // 2, row + patch // 2 + 1,
                        column - patch // 2, column + patch // 2 + 1),
        "row and column are swapped: `image[rows, columns]`.":
            lambda image, row, column, patch: around(image, column, row, patch),
        "the patch reaches `patch` pixels to each side. It should be that large as a whole: "
        "`patch // 2` to each side.":
            lambda image, row, column, patch: around(image, row, column, 2 * patch + 1),
        "everything but the patch is covered.":
            lambda image, row, column, patch: image - around(image, row, column, patch),
    },
)  # fmt: skip
def cover(image, row, column, patch):
    return around(image, row, column, patch)


def greys_with_slopes(*shapes: tuple[int, int], seed: int = 0) -> list[tuple]:
    """Make images of grey levels, many of them paper or full ink, with slopes and a size."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for shape in shapes:
        image = (torch.randint(-60, 316, shape, generator=generator).clamp(0, 255)).double()
        slopes = torch.randn(shape, dtype=torch.float64, generator=generator)
        slopes[torch.rand(shape, generator=generator) < 0.2] = 0
        made.append((image, slopes, 15 + 4 * len(made)))
    return made


@exercise(
    inputs=[(torch.tensor([[100.0, 250, 5]], dtype=torch.float64),
             torch.tensor([[0.3, 2, -1]], dtype=torch.float64), 10),
            *greys_with_slopes((2, 3), (3, 4), (5, 5), (9, 8), (28, 28))],
    mistakes={
        "grey levels beyond 0 or 255 came out. Cut them off: `.clamp(0, 255)`.":
            lambda image, slopes, size: image + size * slopes.sign(),
        "that goes downhill, and makes the network surer. Uphill is plus.":
            lambda image, slopes, size: (image - size * slopes.sign()).clamp(0, 255),
        "each pixel moves by its slope, the steep ones more. Only the sign counts here: "
        "`slopes.sign()`.":
            lambda image, slopes, size: (image + size * slopes).clamp(0, 255),
        "each pixel moves by its slope, and beyond 0 and 255. Only the sign of the slope counts, "
        "and grey levels end: `.clamp(0, 255)`.":
            lambda image, slopes, size: image + size * slopes,
        "the size is missing: each pixel moves by 1.":
            lambda image, slopes, size: (image + slopes.sign()).clamp(0, 255),
        "pixels move where the slope is 0, too. There neither way is uphill.":
            lambda image, slopes, size:
                (image + size * torch.where(slopes > 0, 1, -1)).clamp(0, 255),
        "it is clamped to 0 and 1. Grey levels go up to 255.":
            lambda image, slopes, size: (image + size * slopes.sign()).clamp(0, 1),
    },
)  # fmt: skip
def fool_step(image, slopes, size):
    return (image + size * slopes.sign()).clamp(0, 255)


def answered(*cases: tuple[int, int], seed: int = 0) -> list[tuple]:
    """Make whole factors from 0 to 9 with answers, and edges; each bin has an image or more."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for count, bins in cases:
        edges = torch.arange(bins + 1, dtype=torch.float64) * (9 // bins)
        some = torch.randint(0, 10, (count,), generator=generator).double()
        factor = torch.cat([edges, some - 0.5])  # on the edges, and beyond them
        made.append((factor, torch.rand(len(factor), generator=generator) < 0.6, edges))
    return made


def bins(factor, correct, edges, *, closed: bool = False) -> torch.Tensor:
    shares = []
    for low, high in zip(edges, edges[1:], strict=False):
        here = (factor > low) & (factor <= high) if closed else (factor >= low) & (factor < high)
        shares.append(correct[here].double().mean())
    return torch.stack(shares)


def counts(factor, edges) -> torch.Tensor:
    return torch.stack([((factor >= low) & (factor < high)).sum().double()
                        for low, high in zip(edges, edges[1:], strict=False)])  # fmt: skip


@exercise(
    inputs=[(torch.tensor([1.0, 2, 5], dtype=torch.float64), torch.tensor([True, False, True]),
             torch.tensor([0.0, 3, 6], dtype=torch.float64)),
            *answered((3, 3), (8, 2), (20, 3), (60, 9), (200, 4))],
    mistakes={
        "an image on an edge counts in the bin below. A bin goes from its lower edge up to, but "
        "without, the upper one: `>= low` and `< high`.":
            lambda factor, correct, edges: bins(factor, correct, edges, closed=True),
        "those are counts of correct answers. Divide by how many images lie in the bin.":
            lambda factor, correct, edges:
                bins(factor, correct, edges) * counts(factor, edges),
        "the correct answers of a bin are divided by all images. Divide by those in the bin.":
            lambda factor, correct, edges:
                bins(factor, correct, edges) * counts(factor, edges) / len(factor),
        "those are the shares of wrong answers.":
            lambda factor, correct, edges: bins(factor, ~correct, edges),
        "that is how many images lie in each bin. Which of them were read correctly?":
            lambda factor, correct, edges: counts(factor, edges),
        "only the upper edge counts: each bin holds all that lies below it.":
            lambda factor, correct, edges: torch.stack(
                [correct[factor < high].double().mean() for high in edges[1:]]),
    },
)  # fmt: skip
def accuracy_by_bin(factor, correct, edges):
    return bins(factor, correct, edges)
