"""Small tensors as grids of numbers, in HTML that needs no style sheet, and as text."""

import html
import itertools
from dataclasses import dataclass

import torch

LARGEST = 9  # rows or columns that are still easy to compare by eye
MOST = 4  # layers of a tensor with more than two dimensions
# what goes in is blue, the kernel orange, what comes out green; legible on white and on black
COLOURS = {"in": "#2f7fc4", "kernel": "#c75b12", "out": "#1a8a5a"}


@dataclass(frozen=True)
class Grid:
    """A tensor (or a number) with its label; `other` is what it should have been, if anything."""

    label: str
    role: str
    value: object
    other: object = None

    def __str__(self):
        if not isinstance(self.value, torch.Tensor):
            return f"{self.label}: {self.value}"
        layers = [f"{at}\n{as_text(rows)}".lstrip("\n") for at, rows, _ in self.layers()]
        return "\n".join([self.title, *layers])

    @property
    def title(self) -> str:
        return f"{self.label}, shape {tuple(self.value.shape)}"

    def to_html(self) -> str:
        if not isinstance(self.value, torch.Tensor):
            return self.frame(self.label, f"<b>{html.escape(str(self.value))}</b>")
        layers = [
            f'<div style="margin-right:.8em">{at}{as_table(rows, differs)}</div>'
            for at, rows, differs in self.layers()
        ]
        return self.frame(self.title, "".join(layers))

    def frame(self, title: str, inside: str) -> str:
        return (
            '<div style="margin:.3em 1.4em .3em 0">'
            f'<div style="border-bottom:2px solid {COLOURS[self.role]};margin-bottom:.25em">'
            f"{html.escape(title)}</div>"
            f'<div style="display:flex;flex-wrap:wrap">{inside}</div></div>'
        )

    def layers(self):
        """Yield for each layer its index, its numbers, and where those differ from `other`."""
        rows = self.value.reshape(1, -1) if self.value.dim() < 2 else self.value
        differs = torch.zeros_like(rows, dtype=torch.bool)
        if isinstance(self.other, torch.Tensor) and self.other.shape == self.value.shape:
            differs = ~torch.isclose(rows, self.other.reshape(rows.shape).to(rows), 1e-5, 1e-5)
        *outer, height, width = rows.shape
        indices = list(itertools.product(*map(range, outer)))
        if max(height, width) > LARGEST or len(indices) > MOST or not rows.numel():
            return  # the shape has to do
        for index in indices:
            yield str(list(index)) if index else "", rows[index], differs[index]


def as_text(rows: torch.Tensor) -> str:
    words = [[readable(number) for number in row] for row in rows.tolist()]
    width = max(len(word) for row in words for word in row)
    return "\n".join("  " + "  ".join(word.rjust(width) for word in row) for row in words)


def as_table(rows: torch.Tensor, differs: torch.Tensor) -> str:
    body = "".join(
        '<tr style="background:none">' + "".join(map(cell, row, marks)) + "</tr>"
        for row, marks in zip(rows.tolist(), differs.tolist(), strict=True)
    )
    return f'<table style="border-collapse:collapse;margin:0;font-size:.9em">{body}</table>'


def cell(number: float, differs: bool) -> str:
    mark = ";background:#b3151f33;font-weight:bold" if differs else ""
    return (
        '<td style="border:1px solid #8888;padding:.1em .45em;text-align:right;'
        f'font-variant-numeric:tabular-nums{mark}">{readable(number)}</td>'
    )


def readable(number: float) -> str:
    return f"{number:.3g}" if number else "0"  # zero has no sign
