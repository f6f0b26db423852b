"""Augmentation: show the network each image a little differently every time."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

MOST_TURN = math.radians(10)  # to either side
MOST_STRETCH = 0.10  # of width and of height, each by itself, as the logarithm of a factor
MOST_SLANT = 0.10  # pixels sideways for each pixel up
MOST_SHIFT = 2 / 14  # of half the image: two pixels of 28


def distort(images: Tensor, strength: float = 1.0) -> Tensor:
    """Turn, stretch, slant and shift each image, by amounts drawn evenly up to the most there is.

    At strength 1 these are 10 degrees, 10 %, 0.1 and two pixels of 28, to both sides; smaller
    strengths scale all of them down. What comes in from outside repeats the edge. All the changes
    of an image are one affine map, so its pixels are looked up once, between their neighbours.

    Shape: (N, C, H, W) float -> the same. Raises ValueError for a strength below 0.
    """
    if not strength >= 0:  # nan is refused, too
        raise ValueError(f"strength must be 0 or more, got {strength}")
    turn, wide, high, slant, right, down = strength * (2 * torch.rand(6, len(images)) - 1)
    turn, wide, high = turn * MOST_TURN, (wide * MOST_STRETCH).exp(), (high * MOST_STRETCH).exp()
    slant, right, down = slant * MOST_SLANT, right * MOST_SHIFT, down * MOST_SHIFT
    # where in the old image each pixel of the new one is looked up: two rows for x and y
    rows = [
        [wide * turn.cos(), wide * (slant - turn.sin()), right],
        [high * turn.sin(), high * turn.cos(), down],
    ]
    maps = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1).to(images)  # (N, 2, 3)
    places = F.affine_grid(maps, images.shape, align_corners=False)  # (N, H, W, 2)
    return F.grid_sample(images, places, padding_mode="border", align_corners=False)
