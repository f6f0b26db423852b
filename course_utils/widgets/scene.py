"""A picture to try kernels on, drawn by a program: edges of all directions, coarse and fine."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from course_utils import handwriting

SIZE, FINE = 96, 4  # pixels a side; how many times finer it is drawn, for soft edges
GREY = torch.tensor([0.299, 0.587, 0.114])[:, None, None]  # how bright red, green and blue look

SKY, SUN, HILL = (0.66, 0.81, 0.93), (1.0, 0.93, 0.55), (0.38, 0.55, 0.38)
GRASS, FURROW = (0.34, 0.5, 0.3), (0.5, 0.66, 0.4)
WALL, ROOF, DARK, POST = (0.93, 0.9, 0.84), (0.66, 0.27, 0.2), (0.2, 0.19, 0.22), (0.85, 0.76, 0.6)


def house(*, colour: bool = False) -> Tensor:
    """Draw house number 7: a round sun, sloping roof and hill, upright posts, level furrows.

    Shape: (1, 96, 96), or (3, 96, 96) in colour, from 0 to 1.
    """
    place = (torch.arange(SIZE * FINE) + 0.5) / FINE
    y, x = torch.meshgrid(place, place, indexing="ij")
    picture = torch.tensor(SKY)[:, None, None] * (0.92 + 0.16 * y / SIZE)
    for mask, paint in _shapes(x, y):
        picture = torch.where(mask, torch.tensor(paint)[:, None, None], picture)
    picture = avg_pool2d(picture, FINE)
    _write_number(picture)
    return picture if colour else (picture * GREY).sum(0, keepdim=True)


def _shapes(x: Tensor, y: Tensor) -> list[tuple[Tensor, tuple]]:
    """What is painted, from back to front: where, and in which colour."""
    slope = (x - 59).abs() * 0.85
    return [
        ((x - 20) ** 2 + (y - 21) ** 2 < 11**2, SUN),
        (y > 52 - 0.55 * x + 6 * torch.sin(x / 9), HILL),
        (y > 72, GRASS),
        ((y > 74) & ((y - 74) % 5 < 2), FURROW),
        (_box(x, y, 36, 40, 82, 76), WALL),
        ((y > 14 + slope) & (y < 42) & (slope < 28), ROOF),
        (_box(x, y, 41, 50, 53, 62), DARK),
        (_box(x, y, 46.4, 50, 47.6, 62) | _box(x, y, 41, 55.4, 53, 56.6), WALL),
        (_box(x, y, 61, 46, 77, 76), DARK),
        ((y > 66) & (y < 88) & (x < 33) & ((x - 3) % 6 < 2.4), POST),
        (_box(x, y, 0, 71, 33, 73.4), POST),
    ]


def _box(x: Tensor, y: Tensor, left: float, top: float, right: float, bottom: float) -> Tensor:
    return (x > left) & (x < right) & (y > top) & (y < bottom)


def _write_number(picture: Tensor) -> None:
    """Write a 7 on the door, in white."""
    drawn = handwriting.draw(100, style="mild", pen_width=3.2)
    seven = drawn.images[drawn.labels == 7][:1] / 255
    ink = interpolate(seven[None], size=(18, 18), mode="bilinear", antialias=True)[0, 0]
    door = picture[:, 50:68, 60:78]
    door += (1 - door) * ink
