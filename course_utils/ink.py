"""From the path of a pen to an image like MNIST's: fit into a box, ink, centre. No chance in here.

All functions work on N digits at once, and on pixel indices: x to the right, y downwards.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

BOX, FRAME, CENTRE = 20, 28, 14  # MNIST's sizes in pixels, and the index of its centre of mass
BLUR = 0.75  # pixels: how far each bit of path is spread to find the distance to it
EDGE = 1.1  # pixels from paper to full ink, as a scanner blurs them


def fit(path: Tensor, pen_width: Tensor, size: Tensor) -> Tensor:
    """Scale each path so that its ink fills the middle of the box; the longer side gets `size`.

    Shape: (N, S, 2), (N,), (N,) -> (N, S, 2), in pixels of the box.
    """
    low, high = path.amin(1, keepdim=True), path.amax(1, keepdim=True)
    longer = (high - low).amax(2, keepdim=True).clamp(min=1e-3)
    room = (size - pen_width).clamp(min=0)[:, None, None]
    return (path - (low + high) / 2) * room / longer + (BOX - 1) / 2


def ink(path: Tensor, pen_up: Tensor, half_width: Tensor, ragged: Tensor | float = 0.0) -> Tensor:
    """Ink each pixel that lies within half a pen's width of the path.

    Spread each bit of path as a Gaussian of BLUR pixels and add them all up. Beside a straight
    line the sum is exp(-distance^2 / (2 BLUR^2)), so the sum tells the distance. A Gaussian over
    the grid is one over x times one over y: the sum over a whole path is one matrix product.
    `ragged` pixels are added to the distances, to make edges uneven.

    Shape: (N, S, 2), (N, S), (N, S), (N, 20, 20) -> (N, 20, 20), from 0 to 1.
    """
    step = path.diff(dim=1).norm(dim=2) * ~pen_up[:, 1:]
    length = (pad(step, (0, 1)) + pad(step, (1, 0))) / 2  # (N, S): of the path around a sample
    # Where the pen is pressed harder, the path counts for more: by so much that the distance
    # at its own edge comes out as the typical half width.
    typical = half_width.mean(1, keepdim=True)
    length = length * torch.exp((half_width**2 - typical**2) / (2 * BLUR**2))
    pixel = torch.arange(BOX)
    over_x = _gaussian(pixel - path[:, :, :1])  # (N, S, 20)
    over_y = _gaussian(pixel - path[:, :, 1:]) * length[..., None]
    total = over_y.transpose(1, 2) @ over_x / (BLUR * math.sqrt(2 * math.pi))  # (N, 20, 20)
    distance = BLUR * (-2 * torch.log(total + 1e-9)).clamp(min=0).sqrt()
    return ((typical[..., None] - distance - ragged) / EDGE + 0.5).clamp(0, 1)


def _gaussian(offset: Tensor) -> Tensor:
    """exp(-offset^2 / (2 BLUR^2)), nowhere less than e^-30.

    Without that floor, products of two get too small for ordinary floats, and processors work
    with such numbers ten times more slowly.
    """
    return (offset.square() / (-2 * BLUR**2)).clamp(min=-30).exp()


def centre(box: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Place each box, by whole pixels, so that its centre of mass comes to index 14 plus `shift`.

    Returns the images; where the first pixel of each box went; and how far, after rounding to
    whole pixels, the centres of mass lie from index 14. What leaves the frame is cut off.

    Shape: (N, 20, 20) uint8, (N, 2) -> (N, 28, 28) uint8, (N, 2), (N, 2), both as x and y.
    """
    pixel = torch.arange(BOX)
    # Sums of integers are exact, so that a centre near the middle rounds alike everywhere.
    moment = torch.stack([(box.sum(1) * pixel).sum(1), (box.sum(2) * pixel).sum(1)], 1)
    mass = moment / box.sum((1, 2)).clamp(min=1)[:, None]
    corner = (CENTRE + shift - mass).round()
    # Pixel i of the frame is pixel i - corner of the box; a ring of zeros stands for all outside.
    source = (torch.arange(FRAME) - corner[..., None].long() + 1).clamp(0, BOX + 1)
    every = torch.arange(len(box))[:, None, None]
    images = pad(box, (1, 1, 1, 1))[every, source[:, 1, :, None], source[:, 0, None, :]]
    return images, corner, corner + mass - CENTRE
