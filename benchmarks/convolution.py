"""The convolution ladder of lesson 02: from loops over pixels to the library's own code.

    python -m benchmarks.convolution [--rounds N]

All rungs compute the same layer one after the other, round after round; a figure is the median
over the rounds of a rung's time divided by the library's in the same round. One thread, so that
rungs and not threads are compared.
"""

import argparse
import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import report
from course_utils import ops

ROUNDS = 15


@dataclass(frozen=True)
class Layer:
    """A convolution of 3 x 3 without padding: what goes in, and how many maps come out."""

    images: int
    in_channels: int
    out_channels: int
    size: int

    def __str__(self):
        inside = f"{self.in_channels} to {self.out_channels} channels, {self.size} x {self.size}"
        return f"{self.images} x {inside}"

    @property
    def products(self) -> int:
        """Multiplications that the layer takes, in millions."""
        places = self.images * (self.size - 2) ** 2
        return places * self.out_channels * self.in_channels * 9 / 1e6

    def operands(self) -> tuple[Tensor, Tensor]:
        """Random images (N, C, H, W) and kernels (O, C, 3, 3)."""
        chance = torch.Generator().manual_seed(0)
        shapes = [(self.images, self.in_channels, self.size, self.size),
                  (self.out_channels, self.in_channels, 3, 3)]  # fmt: skip
        return tuple(torch.randn(shape, generator=chance) for shape in shapes)


LESSON = Layer(images=100, in_channels=16, out_channels=32, size=14)  # the second one of lesson 06
LAYERS = [
    Layer(1, 1, 1, 28), Layer(100, 1, 16, 28), LESSON,
    # one thing doubled, and once more: how cost grows with the side, and with the channels
    Layer(10, 16, 16, 16), Layer(10, 16, 16, 32), Layer(10, 16, 16, 64),
    Layer(10, 32, 32, 32), Layer(10, 64, 64, 32),
]  # fmt: skip


def over_pixels(x: Tensor, weight: Tensor) -> Tensor:
    """Loop over the places of the kernel: all images and channels at one place at a time."""
    rows, columns = x.shape[2] - 2, x.shape[3] - 2
    out = torch.zeros(len(x), len(weight), rows, columns)
    for row in range(rows):
        for column in range(columns):
            seen = x[:, :, row : row + 3, column : column + 3]
            out[:, :, row, column] = torch.einsum("ncij,ocij->no", seen, weight)
    return out


def as_columns(x: Tensor, weight: Tensor) -> Tensor:
    """Lay all windows side by side as columns, and take one product of matrices (im2col)."""
    columns = F.unfold(x, 3)  # (N, C * 9, places)
    return (weight.flatten(1) @ columns).view(len(x), len(weight), x.shape[2] - 2, -1)


def as_views(x: Tensor, weight: Tensor) -> Tensor:
    """List all windows without copying them, and let einsum multiply and add."""
    windows = x.unfold(2, 3, 1).unfold(3, 3, 1)  # (N, C, rows, columns, 3, 3)
    return torch.einsum("nchwij,ocij->nohw", windows, weight)


def along_a_line(x: Tensor, weight: Tensor) -> Tensor:
    """Put all pixels of all images in one line: a cell of the kernel is then a shift along it.

    Windows that reach over the end of a row are computed like all others, and cut off at the end.
    """
    images, channels, rows, columns = x.shape
    line = x.permute(0, 2, 3, 1).reshape(-1, channels)  # (pixels, C)
    out = torch.zeros(len(line), len(weight))
    for row in range(3):
        for column in range(3):
            shift = row * columns + column
            out[: len(line) - shift].addmm_(line[shift:], weight[:, :, row, column].T)
    return out.view(images, rows, columns, -1)[:, :-2, :-2].permute(0, 3, 1, 2)


RUNGS = {
    "two loops over pixels": over_pixels, "two loops over the kernel": ops.conv2d,
    "windows as views": as_views, "windows as columns": as_columns,
    "shifts along one line": along_a_line, "F.conv2d": F.conv2d,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the convolution ladder of lesson 02.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rows = [row(layer, rounds) for layer in LAYERS]
    header = ["layer, kernels of 3 x 3", "million products", "F.conv2d, ms", *list(RUNGS)[:-1]]
    report.write("convolution", "The convolution ladder", f"""
Times as long as `F.conv2d` takes for the same layer: median of {rounds} rounds, in each of which
every rung computes it once. The row in bold is the second convolution of lesson 06.

{report.table(header, rows)}""")  # fmt: skip


def row(layer: Layer, rounds: int) -> list[str]:
    x, weight = layer.operands()
    times = [{name: seconds(rung, x, weight) for name, rung in RUNGS.items()}
             for _ in range(rounds + 1)][1:]  # the first round warms up  # fmt: skip
    library = median(once["F.conv2d"] for once in times)
    ratios = [median(once[name] / once["F.conv2d"] for once in times) for name in list(RUNGS)[:-1]]
    name = f"**{layer}**" if layer is LESSON else str(layer)
    return [name, f"{layer.products:.3g}", f"{1000 * library:.2f}", *(f"{r:.3g}" for r in ratios)]


def seconds(rung, x: Tensor, weight: Tensor) -> float:
    started = time.perf_counter()
    rung(x, weight)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
