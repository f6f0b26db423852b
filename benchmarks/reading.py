"""Does the pad read people's digits? Real test digits changed in many ways, drawings, other things.

Each is read twice by the shipped network: as it lies on the pad, and as MNIST (the pad's way).
Needs COURSE_DATA or a cached MNIST; it trains five networks and takes about five minutes.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import report
from course_utils import data, handwriting, models, strokes, train, weights
from course_utils.widgets.drawing import FRAME, see

COUNT = 1_000
FOLDS = 5
RECIPE = replace(train.RECIPES["course"], epochs=3)  # as of the shipped weights
FINE = 4  # dots along a pixel when a pen is made thinner or thicker
OTHER_THINGS = {
    "a dot": [[[0.5, 0.5]]],
    "a vertical line": [[[0.5, 0.1], [0.5, 0.9]]],
    "a horizontal line": [[[0.1, 0.5], [0.9, 0.5]]],
    "the letter A": [[[0.2, 0.9], [0.5, 0.1], [0.8, 0.9]], [[0.32, 0.6], [0.68, 0.6]]],
    "the letter E": [[[0.8, 0.1], [0.2, 0.1], [0.2, 0.9], [0.8, 0.9]], [[0.2, 0.5], [0.7, 0.5]]],
    "the letter X": [[[0.2, 0.1], [0.8, 0.9]], [[0.8, 0.1], [0.2, 0.9]]],
    "a square": [[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]],
}


def main() -> None:
    network = weights.shipped()
    rows = rows_about_pictures(network) + rows_about_strokes(network)
    header = ["1,000 digits each", "as it lies there, %", "as MNIST, %"]
    real = data.load("mnist")
    whole = 100 * train.evaluate(network, real.test_images, real.test_labels)
    text = f"""The shipped network, which reads {whole:.2f} % of MNIST's whole test set, reads what
the pad sees: without the pad's normaliser, and with it.

{report.table(header, rows)}

The first rows are pictures of real digits from MNIST's test set, chosen at random. "Smaller" and
"larger" change the whole digit, pen included; "thinner" and "thicker" take half a pixel away on
each side of the line, or add 0.75. "All at once" chooses each at random, the size from 0.6 to 1.3.
The pad resizes a picture's pixels; at half size too few of them are left.

The last rows are strokes, in the style of the test split, at a random place on the pad and from a
third of its side to all of it. The pad inks them anew. "Held out": of each digit's templates every
fifth was taken away, a network trained on 60,000 digits drawn from the others as the shipped one
was, and let read 200 drawings from those taken away; five times, so that each of the
{len(strokes.load_templates())} templates was away once.

What the shipped network says to things that are no digits:

{report.table(["on the pad", "it reads", "as sure as"], rows_about_other_things(network))}

An empty pad is not read at all: it asks for a digit."""
    report.write("reading", "The pad and people's digits", text)


# --------------------------------------------------------------------------------------- pictures


def rows_about_pictures(network) -> list[list[str]]:
    real, generator = data.load("mnist"), torch.Generator().manual_seed(0)
    chosen = torch.randperm(10_000, generator=generator)[:COUNT]
    images, labels = real.test_images[chosen], real.test_labels[chosen]
    corners = torch.randint(0, 4, (COUNT,), generator=generator).tolist()
    sizes = (0.6 + 0.7 * torch.rand(COUNT, generator=generator)).tolist()
    thick = torch.rand(COUNT, generator=generator) < 0.5
    pens = torch.where(thick[:, None, None], with_pen(images, 0.75), with_pen(images, -0.5))
    pictures = {
        "a real digit as it is": images,
        "moved into a corner": in_corners(images, corners),
        "larger, 1.3 times": resized(images, [1.3] * COUNT),
        "smaller, 0.8 times": resized(images, [0.8] * COUNT),
        "smaller, 0.6 times": resized(images, [0.6] * COUNT),
        "smaller, 0.5 times": resized(images, [0.5] * COUNT),
        "thinner": with_pen(images, -0.5),
        "thicker": with_pen(images, 0.75),
        "all at once": in_corners(resized(pens, sizes), corners),
    }
    return [[name, *shares_read(network, [([], image) for image in changed], labels)]
            for name, changed in pictures.items()]  # fmt: skip


def resized(images: Tensor, sizes: list[float]) -> Tensor:
    """Make each digit smaller or larger, in the middle of its frame."""
    return torch.cat([_resized(image, round(FRAME * size))
                      for image, size in zip(images, sizes, strict=True)])  # fmt: skip


def _resized(image: Tensor, side: int) -> Tensor:
    made = F.interpolate(image[None, None].float(), (side, side), mode="bilinear", antialias=True)
    before = (FRAME - side) // 2
    return F.pad(made[0], (before, FRAME - side - before) * 2).round().clamp(0, 255).byte()


def in_corners(images: Tensor, corners: list[int]) -> Tensor:
    """Move each digit's ink into one of the four corners."""
    moved = []
    for image, corner in zip(images, corners, strict=True):
        rows, columns = (image.any(axis).nonzero()[:, 0] for axis in (1, 0))
        down = FRAME - 1 - rows[-1] if corner & 1 else -rows[0]
        across = FRAME - 1 - columns[-1] if corner & 2 else -columns[0]
        moved.append(image.roll((int(down), int(across)), (0, 1)))
    return torch.stack(moved)


def with_pen(images: Tensor, wider: float) -> Tensor:
    """Add so many pixels on each side of all lines, or take them away."""
    fine = F.interpolate(images[:, None].float(), scale_factor=FINE, mode="bilinear")
    spread = fine if wider > 0 else 255 - fine  # the paper spreads where the line gets thinner
    reach = range(-math.ceil(abs(wider) * FINE), math.ceil(abs(wider) * FINE) + 1)
    disc = [(y, x) for y in reach for x in reach if y * y + x * x <= (wider * FINE) ** 2]
    most = spread
    for by in disc:
        most = torch.maximum(most, spread.roll(by, (2, 3)))
    return F.avg_pool2d(most if wider > 0 else 255 - most, FINE)[:, 0].round().byte()


# ---------------------------------------------------------------------------------------- strokes


def rows_about_strokes(network) -> list[list[str]]:
    known = handwriting.draw(COUNT, seed=11, style="mild", strokes=True)
    rows = [
        ["strokes, templates that it knows", *shares_read(network, on_pad(known), known.labels)]
    ]
    held_out = [read_held_out(fold) for fold in range(FOLDS)]
    means = [sum(float(share) for share in both) / FOLDS for both in zip(*held_out, strict=True)]
    return [*rows, ["strokes, templates held out", *(f"{mean:.1f}" for mean in means)]]


def read_held_out(fold: int) -> list[str]:
    """Train on all templates but a fifth, and read drawings from that fifth."""
    away, others = [], []
    for digit in range(10):
        names = [each.name for each in strokes.load_templates() if each.digit == digit]
        away += names[fold::FOLDS]
        others += [name for name in names if name not in names[fold::FOLDS]]
    drawn = handwriting.draw(60_000, seed=1, style="wide", templates=others)
    digits = data.Digits(drawn.images, drawn.labels, drawn.images, drawn.labels, source="drawn")
    torch.manual_seed(0)
    network = models.course_cnn()
    train.fit(network, digits, recipe=RECIPE, seed=0, device="cpu", progress=False)
    new = handwriting.draw(
        COUNT // FOLDS, seed=12 + fold, style="mild", templates=away, strokes=True
    )
    return shares_read(network, on_pad(new), new.labels)


def on_pad(drawing: handwriting.Drawing) -> list[tuple[list, None]]:
    """Put each drawing on a pad of its own: its strokes, at a random place in a random size."""
    generator, drawings = torch.Generator().manual_seed(0), []
    for path, pen_up in zip(drawing.strokes, drawing.pen_up, strict=True):
        low, longer = path.min(0).values, (path.max(0).values - path.min(0).values).max()
        size = 1 / 3 + 2 / 3 * torch.rand(1, generator=generator)
        path = (path - low) / longer * size
        path = path + (1 - path.max(0).values) * torch.rand(2, generator=generator)
        begins = [0, *pen_up.nonzero()[:, 0].tolist(), len(path)]
        pieces = [path[start:end] for start, end in zip(begins, begins[1:], strict=False)]
        drawings.append(([piece.clamp(0, 1).tolist() for piece in pieces if len(piece)], None))
    return drawings


# ---------------------------------------------------------------------------------------- reading


def shares_read(network, drawings: list[tuple], labels: Tensor) -> list[str]:
    """Read all drawings as they lie on the pad, then as MNIST; in percent."""
    seen = [torch.stack([see(lines, image, as_mnist, [0, 0]) for lines, image in drawings])
            for as_mnist in (False, True)]  # fmt: skip
    return [f"{100 * train.evaluate(network, images, labels):.1f}" for images in seen]


def rows_about_other_things(network) -> list[list[str]]:
    seen = torch.stack([see(lines, None, True, [0, 0]) for lines in OTHER_THINGS.values()])
    sure, digit = train.predict(network, seen).softmax(1).max(1)
    return [[name, digit[at].item(), f"{sure[at]:.0%}"] for at, name in enumerate(OTHER_THINGS)]


if __name__ == "__main__":
    main()
