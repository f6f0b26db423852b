"""Digits drawn by a program: what the course uses where MNIST is not at hand.

How a digit comes about, in the order of the code below:

1. A *template* (strokes.json) is one way to write a digit: the points that a pen passes, given
   a few times over as *keyframes*. A hand is a random mix of the keyframes.
2. Every point of the mix then moves a little: nobody hits the same spot twice.
3. A smooth curve runs through the points. It is linear in them, so that each template has one
   fixed matrix, and writing is one product: path = matrix @ points (`strokes.spline`).
4. The path is bent slowly, stretched, turned and slanted, as hands and sheets of paper do.
5. The pen inks each pixel that lies within half its width of the path; the edge is soft.
6. As in MNIST, the digit fills a box of 20x20 pixels, and the box is placed in 28x28 so that
   its centre of mass comes to index 14.

Scanned digits never tell how they came about. These do: see `Drawing.factors`.
Look at them: python -m course_utils.handwriting --sheet templates.png --digits digits.png
"""

import argparse
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course_utils.ink import BOX, centre, fit, ink
from course_utils.strokes import SAMPLES, choose, load_templates, save_sheet, stack

VERSION = 4  # changes whenever the same call draws other pixels: caches go by it
BLOCK = 500  # digits drawn at a time, from random numbers of their own: memory stays small


@dataclass(frozen=True)
class Style:
    """How far digits stray from their templates; lengths in heights of a digit, ink in pixels."""

    wobble: float = 0.052  # each point of a template moves by about this much
    loose_ends: float = 0.055  # and the ends of its strokes by this much more
    exaggerate: float = 1.1  # 0 stays between the keyframes; more goes beyond them
    bend: float = 0.055  # height of two slow waves across the digit
    stretch: float = 0.22  # spread of the logarithm of the width
    turn: float = 0.15  # spread, in radians
    slant: tuple[float, float] = (0.15, 0.3)  # mean and spread, pixels to the right per pixel up
    pen: tuple[float, float] = (2.5, 0.33)  # median width, and the spread of its logarithm
    pressure: float = 0.3  # spread; 0.3 makes a line up to 30 % thinner here and wider there
    ragged: float = 0.15  # spread of the unevenness of edges
    common: float = 1.0  # 1 takes templates by their weight; more prefers the usual ones


STYLES = {
    "wide": Style(),
    "mild": Style(wobble=0.025, loose_ends=0.025, exaggerate=0.4, bend=0.045, stretch=0.15,
                  turn=0.08, slant=(0.15, 0.2), pen=(2.5, 0.25), pressure=0.2, ragged=0.05,
                  common=1.8),
}  # fmt: skip
LIMITS = {  # of the factors that can be fixed
    "slant": (-2, 2), "turn": (-4, 4), "stretch": (0.2, 5), "pen_width": (0.5, 10),
    "pressure": (0, 0.9), "size": (4, BOX), "shift_x": (-14, 14), "shift_y": (-14, 14),
}  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """Drawn digits, and all that is known about them.

    Shape: images (N, 28, 28) uint8, 0 for paper and 255 for full ink; labels (N,) int64; each
    of the factors (N,). Where strokes were asked for: strokes (N, S, 2), the path of the pen as
    x and y in pixels of the image; pen_up (N, S) bool, True where the pen is lifted before.
    """

    images: Tensor
    labels: Tensor
    factors: dict[str, Tensor]
    strokes: Tensor | None = None
    pen_up: Tensor | None = None


def draw(count, *, seed=0, style="wide", templates=None, strokes=False, **fixed) -> Drawing:
    """Draw `count` digits, each class equally often.

    `style` is "wide" (to train on), "mild" (to test on) or a Style of your own. `templates` are
    names from strokes.json, or what load_templates read from a file of your own. Each factor
    but the template can be fixed, and all others stay as they were: draw(100, slant=0.4).

    Factors: template, its place in load_templates() or in `templates`; slant, in pixels to the
    right per pixel upwards; turn, in radians, clockwise; stretch, 1.2 for 20 % wider; pen_width
    in pixels; pressure, 0.2 for a line up to 20 % thinner and wider; size, the longer side of
    the box in pixels; shift_x and shift_y, how far the centre of mass lies right of and below
    index 14, in pixels. Centring moves by whole pixels, which leaves up to half a pixel.

    The same seed gives the same bytes, whatever the number of threads, and draw(100) begins
    draw(1000). Elsewhere (another processor, another PyTorch) rounding may move a grey level.
    Raises ValueError for a count below 1, or an unknown style, template or factor.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    if not isinstance(style, Style) and style not in STYLES:
        raise ValueError(f"style must be {' or '.join(map(repr, STYLES))}, got {style!r}")
    for name, value in fixed.items():
        if name not in LIMITS:
            raise ValueError(f"factor must be one of {', '.join(LIMITS)}, got {name!r}")
        low, high = LIMITS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} must be {low} to {high}, got {value}")
    style = STYLES.get(style, style)
    templates = stack(load_templates() if templates is None else choose(templates))
    blocks = []
    for start in range(0, count, BLOCK):
        rng = np.random.default_rng([seed, start // BLOCK])
        block = _draw_block(rng, style, templates, fixed, strokes)
        blocks.append({name: values[: count - start] for name, values in block.items()})
    whole = {name: torch.cat([block[name] for block in blocks]) for name in blocks[0]}
    parts = [whole.pop(name, None) for name in ("images", "labels", "strokes", "pen_up")]
    return Drawing(parts[0], parts[1], whole, parts[2], parts[3])


def digits() -> tuple[Drawing, Drawing]:
    """Draw the course's data set: 60,000 wide digits to train on, 10,000 mild ones to test on."""
    return draw(60_000, seed=1, style="wide"), draw(10_000, seed=2, style="mild")


# ----------------------------------------------------------------------------- one block of digits


def _draw_block(rng, style, templates, fixed, strokes) -> dict[str, Tensor]:
    labels, template = _choose_templates(rng, templates, style.common)
    factors = _choose_factors(rng, style, templates.slant[template], fixed)
    path = _write(rng, style, templates, template)
    path = _lean(_bend(rng, path, style.bend), factors)
    path = fit(path, factors["pen_width"], factors["size"])
    pen_up = templates.pen_up[template]
    ragged = style.ragged * _normal(rng, 1, 1).abs() * _normal(rng, BOX, BOX)
    box = ink(path, pen_up, _press(rng, factors), ragged)
    asked = torch.stack([factors["shift_x"], factors["shift_y"]], 1)
    images, corner, shift = centre((box * 255).round().to(torch.uint8), asked)
    factors["shift_x"], factors["shift_y"] = shift.unbind(1)  # as it came out, in whole pixels
    block = {"images": images, "labels": labels, "template": template} | factors
    return block | ({"strokes": path + corner[:, None], "pen_up": pen_up} if strokes else {})


def _normal(rng, *shape):
    """Draw from the bell curve, for each digit of a block."""
    return torch.from_numpy(rng.standard_normal((BLOCK, *shape), dtype=np.float32))


def _uniform(rng, *shape):
    """Draw evenly from 0 to 1, for each digit of a block."""
    return torch.from_numpy(rng.random((BLOCK, *shape), dtype=np.float32))


def _choose_templates(rng, templates, common):
    """Shuffle as many labels of each class, and choose a template for each, by weight."""
    classes = templates.digit.unique()
    labels = classes[torch.from_numpy(rng.permutation(BLOCK)) % len(classes)]
    weight = templates.weight.double() ** common * (templates.digit == labels[:, None])  # (N, T)
    upto = weight.cumsum(1)
    # in float64 a random share of the total stays below the total, so that none falls off the end
    share = _uniform(rng, 1) * upto[:, -1:]
    return labels, torch.searchsorted(upto, share, right=True)[:, 0]


def _choose_factors(rng, style, own_slant, fixed):
    """Choose one number per digit for each factor; a fixed one replaces what was chosen."""
    mean, spread = torch.where(own_slant.isnan(), torch.tensor(style.slant), own_slant).unbind(1)
    chosen = {
        "slant": mean + spread * _normal(rng),
        "turn": style.turn * _normal(rng),
        "stretch": torch.exp(style.stretch * _normal(rng)),
        "pen_width": (style.pen[0] * torch.exp(style.pen[1] * _normal(rng))).clamp(1.3, 6),
        "pressure": (style.pressure * _normal(rng).abs()).clamp(max=0.5),
        "size": torch.full((BLOCK,), float(BOX)),
        "shift_x": torch.zeros(BLOCK),
        "shift_y": torch.zeros(BLOCK),
    }
    return chosen | {name: torch.full((BLOCK,), float(value)) for name, value in fixed.items()}


def _write(rng, style, templates, template):
    """Mix keyframes, let every point wobble, and run the curve through them.

    Shape: (N,) -> (N, S, 2), in heights of a digit, y downwards.
    """
    keyframes, there = templates.keyframes[template], templates.has_keyframe[template]
    # Squared normal numbers divided by their sum: shares that add up to 1 (a Dirichlet mix).
    share = _normal(rng, there.shape[1]).square() * there
    share = share / share.sum(1, keepdim=True)
    share = share + style.exaggerate * (share - there / there.sum(1, keepdim=True))
    points = (share[:, :, None, None] * keyframes).sum(1)  # (N, K, 2)
    hand = templates.noise[template] * torch.exp(0.25 * _normal(rng))  # some hands wobble more
    reach = hand[:, None] * (style.wobble + style.loose_ends * templates.is_end[template])
    points = points + reach[..., None] * _normal(rng, *points.shape[1:])
    return templates.matrix[template] @ points


def _bend(rng, path, amount):
    """Push the path along two slow waves, so that no line stays quite straight."""
    path = path - path.mean(1, keepdim=True)
    for _ in range(2):
        wave = path @ (2.5 * _normal(rng, 2, 2)) + 2 * math.pi * _uniform(rng, 1, 2)
        path = path + amount * _normal(rng, 1, 2) * wave.sin()
    return path


def _lean(path, factors):
    """Stretch, turn and slant; slant comes last so that what is asked for is what is drawn."""
    x, y = path.unbind(-1)
    x = x * factors["stretch"][:, None]
    cos, sin = factors["turn"].cos()[:, None], factors["turn"].sin()[:, None]
    x, y = cos * x - sin * y, sin * x + cos * y
    return torch.stack([x - factors["slant"][:, None] * y, y], -1)


def _press(rng, factors):
    """Vary the pressure in a slow wave along the path. Shape: (N, S), half the pen's width."""
    along = torch.linspace(0, 1, SAMPLES)
    wave = (2 * math.pi * (along * (0.5 + 2 * _uniform(rng, 1)) + _uniform(rng, 1))).sin()
    return factors["pen_width"][:, None] / 2 * (1 + factors["pressure"][:, None] * wave)


# ---------------------------------------------------------------------------------------- pictures


def save_digits(path, drawing: Drawing, columns: int = 24) -> None:
    """Save a picture with a row of drawn digits for each class; dark is ink."""
    from matplotlib import pyplot

    rows = [drawing.images[drawing.labels == digit][:columns] for digit in range(10)]
    pyplot.imsave(path, torch.cat([torch.cat([*row], 1) for row in rows]), cmap="gray_r")


def main() -> None:
    """Save pictures of the templates and of drawn digits."""
    parser = argparse.ArgumentParser("python -m course_utils.handwriting", description=main.__doc__)
    parser.add_argument("--sheet", metavar="PATH", help="all templates with their keyframes")
    parser.add_argument("--digits", metavar="PATH", help="drawn digits, a row for each class")
    parser.add_argument("--style", choices=STYLES, default="wide")
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.sheet:
        save_sheet(wanted.sheet)
    if wanted.digits:
        save_digits(wanted.digits, draw(500, seed=wanted.seed, style=wanted.style))


if __name__ == "__main__":
    main()
