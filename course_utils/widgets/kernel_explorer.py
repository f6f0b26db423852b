"""An image, a kernel to edit, and what comes out, repainted at every change."""

import torch
import traitlets
from torch.nn import functional as F

from course_utils.widgets import picture_html
from course_utils.widgets.arrays import Image, Kernel, decode, encode
from course_utils.widgets.base import CourseWidget
from course_utils.widgets.kernels import KERNELS
from course_utils.widgets.scene import GREY, house

GOALS = ["", "vertical edges", "less noise", "two to the right"]


class KernelExplorer(CourseWidget):
    """Try kernels on an image: `KernelExplorer(image=..., kernel="Sobel x")`.

    Weights may be set from Python and in the page; what the learner does is found in the same
    attributes. A kernel meets each channel of a colour image, and the answers are added up: that
    is a layer with one output channel whose kernels happen to be equal.

    image: (H, W), (1, H, W), (3, H, W) or (H, W, 3), from 0 to 1 or uint8, at most 1024 a side.
    kernel: 1x1 to 7x7, or the name of one in `kernels.KERNELS`; read as nested lists.
    grey: whether a colour image is made grey first.
    padding_mode: none, zeros, reflect or replicate; all but none pad (size - 1) // 2 on each side.
    view: raw, abs, relu, or image (grey, black at 0), how the answers are shown.
    goal: what the learner is asked to find; named kernels that would reach it are not offered
        then. The page sets goal_reached and goal_progress (0 to 1).

    Raises traitlets.TraitError for values that do not fit; the old ones stay.
    """

    script = "kernel_explorer.mjs"
    image = Image().tag(
        sync=True,
        to_json=lambda image, _: encode(image),
        from_json=lambda packed, _: decode(packed),
    )
    kernel = Kernel(names=KERNELS).tag(sync=True)
    grey = traitlets.Bool(False).tag(sync=True)
    padding_mode = traitlets.Enum(["none", "zeros", "reflect", "replicate"], "zeros").tag(sync=True)
    view = traitlets.Enum(["raw", "abs", "relu", "image"], "raw").tag(sync=True)
    goal = traitlets.Enum(GOALS, "").tag(sync=True)
    goal_reached = traitlets.Bool(False).tag(sync=True)
    goal_progress = traitlets.Float(0.0).tag(sync=True)
    _presets = traitlets.Dict(KERNELS).tag(sync=True)

    @traitlets.default("image")
    def _default_image(self):
        return house()

    @traitlets.default("kernel")
    def _default_kernel(self):
        return KERNELS["identity"]

    @traitlets.validate("goal_progress")
    def _check_progress(self, proposal):
        if not 0 <= proposal["value"] <= 1:
            raise traitlets.TraitError(
                f"goal_progress must be between 0 and 1, got {proposal['value']}"
            )
        return proposal["value"]

    def _seen(self) -> torch.Tensor:
        """The image, or its brightness where grey is asked for. Shape: (C, H, W)."""
        colour = self.grey and len(self.image) == 3
        return (self.image * GREY).sum(0, keepdim=True) if colour else self.image

    def _answer(self) -> torch.Tensor | None:
        """What comes out, as the page shows it; None where the kernel does not fit.

        Shape: (rows, columns).
        """
        image, weights = self._seen(), torch.tensor(self.kernel, dtype=torch.float32)
        (down, across), mode = ((side - 1) // 2 for side in weights.shape), self.padding_mode
        ways = {"none": None, "zeros": "constant"}
        try:
            if way := ways.get(mode, mode):
                image = F.pad(image[None], [across, across, down, down], way)[0]
            answer = F.conv2d(image, weights.expand(1, len(image), *weights.shape))[0]
        except RuntimeError:  # the page says why
            return None
        return {"abs": torch.abs, "relu": torch.relu}.get(self.view, lambda same: same)(answer)

    def still(self) -> str:
        answer, alt = self._answer(), "what comes out"
        if answer is None:
            output = "The kernel does not fit."
        elif self.view == "image":
            white = len(self._seen())
            output = picture_html.image((answer[None] / white).clamp(0, 1), alt)
        else:
            output = picture_html.signed(answer, f"{alt}: green above zero, purple below")
        cells = [
            picture_html.image(self._seen(), "the image"),
            picture_html.matrix(self.kernel),
            output,
        ]
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        return f"<table><tr><th>Image</th><th>Kernel</th><th>Output</th></tr><tr>{row}</tr></table>"

    def __repr__(self):
        channels, height, width = self.image.shape
        rows, columns = len(self.kernel), len(self.kernel[0])
        return f"KernelExplorer(image {channels}x{height}x{width}, kernel {rows}x{columns})"
