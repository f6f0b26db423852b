"""Digits as people see them: dark ink on light paper."""

import math

from torch import Tensor

from course_utils.show.picture import ORANGE, Picture, as_array, new_figure


def digits(
    images: Tensor, captions: list | Tensor | None = None, *, marked: list | None = None,
    columns: int = 10,
) -> Picture:  # fmt: skip
    """Show images side by side, each with a caption below; the `marked` captions are orange.

    Shape: images (N, H, W); captions and marked have N entries.
    Raises ValueError where the numbers differ.
    """
    captions = [""] * len(images) if captions is None else [str(_plain(word)) for word in captions]
    marked = marked or [False] * len(images)
    if not len(images) == len(captions) == len(marked):
        raise ValueError(
            f"need a caption and a mark for each image, got {len(images)} images,"
            f" {len(captions)} captions and {len(marked)} marks"
        )
    columns = min(columns, len(images))
    scale = min(1.8, 10 / columns)  # fewer images are larger, so that the last row sees them
    rows = math.ceil(len(images) / columns)
    lines = 1 + max((word.count("\n") for word in captions), default=0)
    height = scale * (0.78 + 0.2 * lines * any(captions))
    figure, axes = new_figure(0.85 * scale * columns, height * rows, rows=rows, columns=columns)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, caption, mark in zip(axes.flat, images, captions, marked, strict=False):
        axis.imshow(as_array(image), cmap="gray_r", interpolation="nearest")
        axis.text(0.5, -0.04, caption, transform=axis.transAxes, ha="center", va="top",
                  color=ORANGE if mark else "black", size=9 + 3 * scale)  # fmt: skip
    return Picture(
        figure, f"{len(images)} images of digits: {', '.join(captions)}".replace("\n", " ")
    )


def _plain(word):
    return word.item() if isinstance(word, Tensor) else word
