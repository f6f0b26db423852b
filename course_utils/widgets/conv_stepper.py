"""A convolution one window at a time: every product, the running sum, and the size formula."""

import math
import numbers
import reprlib

import torch
import traitlets

from course_utils import ops
from course_utils.widgets.base import CourseWidget

LARGEST = 999  # longer numbers do not fit into a cell
MOST_CHANNELS = 4
SHAPING = ("image", "kernel", "stride", "padding", "dilation")  # what the output's size comes from

# a 7 in five by five pixels; small whole numbers, to be checked with a pencil
SEVEN = [[0, 0, 0, 0, 0], [0, 2, 2, 3, 0], [0, 0, 0, 3, 0], [0, 0, 2, 1, 0], [0, 0, 3, 0, 0]]
LEFT_MINUS_RIGHT = [[1, 0, -1], [1, 0, -1], [1, 0, -1]]


class Planes(traitlets.TraitType):
    """Numbers as (channels, height, width), or (height, width) for one channel: nested lists."""

    def __init__(self, largest: int, **options):
        super().__init__(**options)
        self.largest = largest

    def validate(self, obj, value) -> list:
        try:
            planes = torch.as_tensor(value).to(torch.float64)
        except (TypeError, ValueError, RuntimeError) as error:
            raise traitlets.TraitError(
                f"{self.name} must be rows of numbers, all of one length, got {reprlib.repr(value)}"
            ) from error
        self._check_shape(tuple(planes.shape))
        planes = planes[None] if planes.ndim == 2 else planes
        return [[[_plain(self.name, number) for number in row] for row in rows]
                for rows in planes.tolist()]  # fmt: skip

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if len(shape) not in (2, 3) or not 1 <= (1, *shape)[-3] <= MOST_CHANNELS:
            raise traitlets.TraitError(
                f"{self.name} must be (height, width), or (channels, height, width) with 1 to"
                f" {MOST_CHANNELS} channels, got shape {shape}"
            )
        if not all(1 <= size <= self.largest for size in shape[-2:]):
            raise traitlets.TraitError(
                f"{self.name} must be 1 to {self.largest} high and wide, so that its numbers can"
                f" be read, got shape {shape}; cut a piece out of it"
            )


class Whole(traitlets.TraitType):
    """A whole number from `least` to `most`."""

    def __init__(self, default: int, least: int, most: int | None = None):
        super().__init__(default)
        self.least, self.most = least, most

    def validate(self, obj, value) -> int:
        is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if is_whole and self.least <= value <= (value if self.most is None else self.most):
            return int(value)
        until = "on" if self.most is None else f"to {self.most}"
        raise traitlets.TraitError(
            f"{self.name} must be a whole number from {self.least} {until},"
            f" got {reprlib.repr(value)}"
        )


class Bias(traitlets.TraitType):
    """One number, or None for a convolution without a bias."""

    def validate(self, obj, value) -> float | int | None:
        if value is None:
            return None
        try:
            return _plain("bias", float(value))
        except (TypeError, ValueError, RuntimeError) as error:
            raise traitlets.TraitError(
                f"bias must be one number or None, got {reprlib.repr(value)}"
            ) from error


def _plain(name: str, value: float) -> float | int:
    """Return the number, a whole one as int; refuse what a cell cannot show."""
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise traitlets.TraitError(
            f"{name} must hold numbers from -{LARGEST} to {LARGEST}, got {value}; scale it first"
        )
    return int(value) if value == int(value) else value


class ConvStepper(CourseWidget):
    """The window of a convolution on its way over a small image.

    image: (height, width) or (channels, height, width), at most 12x12 and 4 channels. kernel: the
    same with at most 5x5, and as many channels as the image. bias: a number or None. `step` is the
    window that is shown, counted from 0 along the rows of the output, which is filled up to it.

    What the learner changes can be read from the same attributes, and "Start again" in the page
    brings back what was set from Python. A value that does not fit is refused with a TraitError,
    and the old one stays.
    """

    script = "conv_stepper.mjs"
    image = Planes(largest=12).tag(sync=True)
    kernel = Planes(largest=5).tag(sync=True)
    bias = Bias(None, allow_none=True).tag(sync=True)
    stride = Whole(1, least=1, most=6).tag(sync=True)
    padding = Whole(0, least=0, most=4).tag(sync=True)
    dilation = Whole(1, least=1, most=4).tag(sync=True)
    step = Whole(0, least=0).tag(sync=True)
    _given = traitlets.Dict().tag(sync=True)
    _from_page = False

    def __init__(self, image=SEVEN, kernel=LEFT_MINUS_RIGHT, bias=None, stride=1, padding=0,
                 dilation=1, **options):  # fmt: skip
        super().__init__(image=image, kernel=kernel, bias=bias, stride=stride, padding=padding,
                         dilation=dilation, **options)  # fmt: skip

    @traitlets.default("_given")
    def _all_values(self) -> dict:
        return {name: getattr(self, name) for name in (*SHAPING, "bias", "step")}

    def set_state(self, sync_data):
        """Take what the page sends; it is the learner's doing, and not what Python gave."""
        self._from_page = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_page = False

    @property
    def output(self) -> torch.Tensor:
        """What comes out, all of it. Shape: (rows, columns), float64."""
        image, kernel = (torch.tensor(planes, dtype=torch.float64)[None]
                         for planes in (self.image, self.kernel))  # fmt: skip
        bias = None if self.bias is None else torch.tensor([self.bias], dtype=torch.float64)
        return ops.conv2d(image, kernel, bias, stride=self.stride, padding=self.padding,
                          dilation=self.dilation)[0, 0]  # fmt: skip

    def _output_size(self, **changed) -> tuple[int, int]:
        """Rows and columns of the output, with some attributes other than they are."""
        image, kernel, stride, padding, dilation = (
            changed.get(name, getattr(self, name)) for name in SHAPING
        )
        if len(image) != len(kernel):
            raise traitlets.TraitError(
                f"image and kernel must have the same number of channels, got {len(image)} and"
                f" {len(kernel)}; to change both, set them inside"
                " `with stepper.hold_trait_notifications():`"
            )
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        try:
            return (ops.output_size(len(image[0]), len(kernel[0]), **options),
                    ops.output_size(len(image[0][0]), len(kernel[0][0]), **options))  # fmt: skip
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from error

    @traitlets.validate(*SHAPING)
    def _check_that_the_kernel_fits(self, proposal):
        self._output_size(**{proposal["trait"].name: proposal["value"]})
        return proposal["value"]

    @traitlets.validate("step")
    def _check_step(self, proposal):
        last = math.prod(self._output_size()) - 1
        if proposal["value"] > last:
            raise traitlets.TraitError(
                f"step must be at most {last}, because there are {last + 1} windows,"
                f" got {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.observe(*SHAPING)
    def _stay_inside(self, change):
        self.step = min(self.step, math.prod(self._output_size()) - 1)

    @traitlets.observe(*SHAPING, "bias", "step")
    def _remember(self, change):
        if not self._from_page:
            self._given = self._all_values()

    def still(self) -> str:
        """Image, kernel and output as tables."""
        several = len(self.image) > 1
        tables = [
            _table(f"{name}, channel {channel}" if several else name, plane, kind)
            for name, planes, kind in [("image", self.image, "in"),
                                         ("kernel", self.kernel, "kernel")]
            for channel, plane in enumerate(planes)
        ]  # fmt: skip
        tables.append(_table("output", self.output.tolist(), "out"))
        rows, columns = self._output_size()
        bias = "" if self.bias is None else f", bias {self.bias:g}"
        words = (f"A convolution, stride {self.stride}, padding {self.padding},"
                 f" dilation {self.dilation}{bias}: {rows}x{columns} outputs")  # fmt: skip
        return f'<div class="cbh"><p>{words}</p><table><tr>{"".join(tables)}</tr></table></div>'

    def __repr__(self):
        (rows, columns), channels = self._output_size(), len(self.image)
        image = f"{channels}x{len(self.image[0])}x{len(self.image[0][0])}"
        kernel = f"{len(self.kernel[0])}x{len(self.kernel[0][0])}"
        return (f"ConvStepper(image {image}, kernel {kernel}, bias={self.bias},"
                f" stride={self.stride}, padding={self.padding}, dilation={self.dilation},"
                f" output {rows}x{columns})")  # fmt: skip


def _table(title: str, plane: list[list[float]], kind: str) -> str:
    rows = "".join(
        "<tr>" + "".join(f"<td>{round(value, 2):.12g}</td>" for value in row) + "</tr>"
        for row in plane
    )
    return (f'<td valign="top"><b class="cbh-stepper-{kind}">{title}</b>'
            f'<table border="1">{rows}</table></td>')  # fmt: skip
