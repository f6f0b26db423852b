"""Tensors as still pictures in HTML, for pages that run no script."""

import base64
import html
import io

import PIL.Image
import torch
from torch import Tensor

# the colours of dom.mjs: what comes out is green above zero and purple below
ABOVE, BELOW = torch.tensor([21.0, 110, 64]), torch.tensor([118.0, 42, 131])


def image(pixels: Tensor, alt: str, width: int = 192) -> str:
    """Show a (1,H,W) or (3,H,W) image with values from 0 to 1."""
    channels_last = (255 * pixels).round().byte().expand(3, -1, -1).permute(1, 2, 0)
    return _tag(channels_last, alt, width)


def signed(values: Tensor, alt: str, width: int = 192) -> str:
    """Show an (H,W) map: white at zero, green above, purple below."""
    share = (values.abs() / values.abs().max().clamp(min=1e-12))[..., None]
    end = torch.where(values[..., None] < 0, BELOW, ABOVE)
    return _tag((255 + (end - 255) * share).round().byte(), alt, width)


def matrix(rows: list[list[float]]) -> str:
    """Show numbers as a table."""
    lines = ("".join(f"<td>{weight:.3g}</td>" for weight in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _tag(channels_last: Tensor, alt: str, width: int) -> str:
    file = io.BytesIO()
    PIL.Image.fromarray(channels_last.numpy()).save(file, format="png", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img width="{width}" alt="{html.escape(alt)}" src="data:image/png;base64,{data}">'
