"""Pooling window by window: where each number comes from, where its gradient goes, and a shift."""

import torch
import traitlets
from torch.nn import functional as F

from course_utils.widgets import picture_html
from course_utils.widgets.base import CourseWidget
from course_utils.widgets.conv_stepper import Planes, Whole

LARGEST_IMAGE = 12
# a 7 with room around it, so that it may be shifted; small whole numbers for a pencil
SEVEN = [[0] * 8, [0] * 8,
         [0, 0, 5, 6, 7, 8, 0, 0],
         [0, 0, 0, 0, 1, 7, 0, 0],
         [0, 0, 0, 0, 8, 2, 0, 0],
         [0, 0, 0, 6, 3, 0, 0, 0],
         [0, 0, 0, 9, 0, 0, 0, 0],
         [0] * 8]  # fmt: skip


class Plane(Planes):
    """Numbers as (height, width): nested lists."""

    def validate(self, obj, value) -> list:
        return super().validate(obj, value)[0]

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise traitlets.TraitError(
                f"{self.name} must be (height, width), got shape {shape}; pooling does the same to"
                " each channel: take one, as with image[0]"
            )
        super()._check_shape(shape)


class PoolingExplorer(CourseWidget):
    """Max or average pooling of a small image, with all its numbers.

    image: (height, width), at most 12x12; an 8x8 example by default. mode: "max" or "average".
    kernel_size, stride, padding, ceil_mode: as in nn.MaxPool2d; padding is at most half of
    kernel_size. shift: pixels (right, down) by which the image is moved before it is pooled; zeros
    come in. show_gradient: whether the gradient's way back is shown.

    What the learner changes can be read from the same attributes. A value that does not fit is
    refused with a TraitError, and the old one stays.
    """

    script = "pooling_explorer.mjs"
    styles = ("conv_stepper.css",)
    image = Plane(largest=LARGEST_IMAGE).tag(sync=True)
    mode = traitlets.Enum(["max", "average"], "max").tag(sync=True)
    kernel_size = Whole(2, least=1, most=12).tag(sync=True)
    stride = Whole(2, least=1, most=12).tag(sync=True)
    padding = Whole(0, least=0, most=6).tag(sync=True)
    ceil_mode = traitlets.Bool(False).tag(sync=True)
    shift = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=(0, 0)).tag(sync=True)
    show_gradient = traitlets.Bool(False).tag(sync=True)

    def __init__(self, image=None, mode="max", kernel_size=2, stride=2, padding=0, ceil_mode=False,
                 **options):  # fmt: skip
        image = SEVEN if image is None else image
        super().__init__(image=image, mode=mode, kernel_size=kernel_size, stride=stride,
                         padding=padding, ceil_mode=ceil_mode, **options)  # fmt: skip

    @property
    def output(self) -> torch.Tensor:
        """What comes out of the shifted image. Shape: (rows, columns), float64."""
        pool = F.max_pool2d if self.mode == "max" else F.avg_pool2d
        options = (self.kernel_size, self.stride, self.padding)
        return pool(self._shifted()[None], *options, ceil_mode=self.ceil_mode)[0]

    def _shifted(self) -> torch.Tensor:
        """The image where it was moved to. Shape: (height, width), float64."""
        image = torch.tensor(self.image, dtype=torch.float64)
        right, down = (max(-size, min(size, by)) for by, size in
                       zip(self.shift, (image.shape[1], image.shape[0]), strict=True))  # fmt: skip
        return F.pad(image, (right, -right, down, -down))  # what leaves is cut off, zeros come in

    @traitlets.validate("image", "kernel_size", "padding")
    def _check_that_the_window_fits(self, proposal):
        new = {proposal["trait"].name: proposal["value"]}
        image, kernel_size, padding = (new.get(name, getattr(self, name))
                                       for name in ("image", "kernel_size", "padding"))  # fmt: skip
        if 2 * padding > kernel_size:
            raise traitlets.TraitError(
                f"padding must be at most half of kernel_size {kernel_size}, got {padding}; to"
                " change both, set them inside `with explorer.hold_trait_notifications():`"
            )
        room = min(len(image), len(image[0])) + 2 * padding
        if kernel_size > room:
            raise traitlets.TraitError(
                f"kernel_size must fit into the padded image, at most {room}, got {kernel_size};"
                " take a smaller one, or pad more"
            )
        return proposal["value"]

    @traitlets.validate("shift")
    def _check_shift(self, proposal):
        most = LARGEST_IMAGE
        if max(map(abs, proposal["value"])) > most:
            raise traitlets.TraitError(
                f"shift must be (right, down), each from -{most} to {most} pixels,"
                f" got {proposal['value']}"
            )
        return proposal["value"]

    def still(self) -> str:
        """Image and output as tables."""
        tables = "".join(f'<td valign="top">{picture_html.matrix(rows.tolist())}</td>'
                         for rows in (self._shifted(), self.output))  # fmt: skip
        head = "<tr><th>Image</th><th>Output</th></tr>"
        return f"<p>{self!r}</p><table>{head}<tr>{tables}</tr></table>"

    def __repr__(self):
        rows, columns = self.output.shape
        shift = f", shift={self.shift}" if any(self.shift) else ""
        return (f"PoolingExplorer(image {len(self.image)}x{len(self.image[0])}, mode={self.mode!r},"
                f" kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding},"
                f" ceil_mode={self.ceil_mode}{shift}, output {rows}x{columns})")  # fmt: skip
