"""Batch normalisation of real activations: a batch before and after, and what the layer keeps."""

import torch
import traitlets
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import handwriting
from course_utils.widgets import picture_html
from course_utils.widgets.arrays import encode, to_tensor
from course_utils.widgets.base import CourseWidget
from course_utils.widgets.conv_stepper import Whole

MOST_NUMBERS = 56_000  # as base64 of float32: 300 KB in the page
LARGEST = 1e6
IN, OUT = torch.tensor([[31, 111, 181], [21, 122, 79]]) / 255  # the colours of course.css


class Activations(traitlets.TraitType):
    """Activations of a layer as a float tensor. Shape: (N, C, H, W)."""

    def validate(self, obj, value) -> Tensor:
        values = to_tensor(self.name, value)
        count, channels, *plane = values.shape if values.ndim == 4 else (0, 0)
        fits = count >= 64 and 1 <= channels <= 8 and 1 <= values[0, 0].numel() <= 64
        if not fits or values.numel() > MOST_NUMBERS:
            raise traitlets.TraitError(
                f"{self.name} must be (N, C, H, W) with N at least 64, C 1 to 8, H x W 1 to 64, and"
                f" at most {MOST_NUMBERS:,} numbers, got shape {tuple(values.shape)}; cut them, as"
                f" with {self.name}[:256, :4, ::4, ::4]"
            )
        if values.abs().max() > LARGEST:
            raise traitlets.TraitError(
                f"{self.name} must lie between -{LARGEST:,.0f} and {LARGEST:,.0f}, got"
                f" {values.abs().max():g}; divide them all by the same number"
            )
        return values


class Numbers(traitlets.TraitType):
    """A number from `least` to `most`; with `each` one for each channel, as a list."""

    def __init__(self, default: float, least=-LARGEST, most=LARGEST, *, each=True):
        super().__init__(default)
        self.least, self.most, self.each = least, most, each

    def validate(self, obj, value) -> list[float] | float:
        numbers, channels = to_tensor(self.name, value, torch.float64), obj.activations.shape[1]
        if tuple(numbers.shape) not in [(), (channels,)][: 1 + self.each]:
            wanted = f"{channels} numbers, one for each channel, or one for all"
            raise traitlets.TraitError(
                f"{self.name} must be {wanted if self.each else 'one number'},"
                f" got shape {tuple(numbers.shape)}"
            )
        bad = numbers[(numbers < self.least) | (numbers > self.most)]
        if len(bad):
            raise traitlets.TraitError(
                f"{self.name} must lie between {self.least:,.0f} and {self.most:,.0f},"
                f" got {bad[0]:g}"
            )
        return numbers.expand(channels).tolist() if self.each else numbers.item()


class BatchNormExplorer(CourseWidget):
    """Batches of activations on their way through `nn.BatchNorm2d`, in train and in eval mode.

    activations: (N, C, H, W) with N at least 64, C 1 to 8, H x W 1 to 64, at most 56,000 numbers;
        without them an untrained convolution answers to drawn digits. They cannot be exchanged.
    channel: the one that is shown. batch_size: 1 to 64. training: train mode, else eval mode.
    momentum: 0 to 1, new = (1 - momentum) * old + momentum * batch, as in PyTorch.
    gamma, beta, running_mean, running_var: lists of C numbers; one number counts for all channels.
    step: how many batches have gone through; `batch` is the next one. To set it changes no
        running statistics.

    What the learner changes can be read from the same attributes.
    Raises traitlets.TraitError for values that do not fit; the old ones stay.
    """

    script = "batch_norm_explorer.mjs"
    styles = ("conv_stepper.css",)
    fixed = ("activations",)
    activations = Activations(read_only=True).tag(sync=True, to_json=lambda x, _: encode(x))
    channel = Whole(0, least=0, most=7).tag(sync=True)
    batch_size = Whole(16, least=1, most=64).tag(sync=True)
    training = traitlets.Bool(True).tag(sync=True)
    momentum = Numbers(0.1, least=0, most=1, each=False).tag(sync=True)
    gamma = Numbers(1.0).tag(sync=True)
    beta = Numbers(0.0).tag(sync=True)
    running_mean = Numbers(0.0).tag(sync=True)
    running_var = Numbers(1.0, least=0, most=LARGEST**2).tag(sync=True)
    step = Whole(0, least=0, most=10**6).tag(sync=True)
    _order = traitlets.List().tag(sync=True)

    def __init__(self, activations=None, **options):
        self.set_trait("activations", untrained() if activations is None else activations)
        chance = torch.Generator().manual_seed(0)
        order = torch.randperm(len(self.activations), generator=chance).tolist()
        super().__init__(_order=order, **options)

    @traitlets.validate("channel")
    def _check_channel(self, proposal):
        last = self.activations.shape[1] - 1
        if proposal["value"] > last:
            raise traitlets.TraitError(f"channel must be 0 to {last}, got {proposal['value']}")
        return proposal["value"]

    @property
    def batch(self) -> Tensor:
        """What goes in next. Shape: (batch_size, C, H, W)."""
        start = self.step * self.batch_size
        places = range(start, start + self.batch_size)
        return self.activations[[self._order[place % len(self._order)] for place in places]]

    @property
    def output(self) -> Tensor:
        """What comes out of `batch`; as PyTorch, raises ValueError for one value per channel."""
        mean, variance, gamma, beta = (
            torch.tensor(getattr(self, name))
            for name in ("running_mean", "running_var", "gamma", "beta")
        )
        return F.batch_norm(self.batch, mean, variance, gamma, beta, training=self.training)

    def still(self) -> str:
        """Both histograms as pictures, mean and spread below them."""
        shown = {"before": (self.batch[:, self.channel], IN)}
        if not self.training or self.batch[:, 0].numel() > 1:
            shown["after"] = self.output[:, self.channel], OUT
        every = torch.cat([values.flatten() for values, _ in shown.values()])
        limits = float(every.min()) - 0.01, float(every.max()) + 0.01
        cells = "".join(
            f"<td>{_bars(values, limits, colour, name)}<br>channel {self.channel} {name}: mean"
            f" {values.mean():.3f}, spread {values.std(correction=0):.3f}</td>"
            for name, (values, colour) in shown.items()
        )
        return f"<table><tr>{cells}</tr></table>"

    def __repr__(self):
        shape = "x".join(map(str, self.activations.shape))
        return (f"BatchNormExplorer(activations {shape}, channel={self.channel},"
                f" batch_size={self.batch_size}, training={self.training},"
                f" momentum={self.momentum:g}, step={self.step})")  # fmt: skip


def untrained() -> Tensor:
    """What an untrained convolution answers to drawn digits. Shape: (256, 4, 6, 6)."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(42)  # a seed whose channels differ much in mean and in spread
        layer = nn.Conv2d(1, 4, kernel_size=7)
        digits = handwriting.draw(256, style="mild").images[:, None] / 255
        return layer(digits)[:, :, 3:-3:3, 3:-3:3].clone()


def _bars(values: Tensor, limits: tuple[float, float], colour: Tensor, name: str) -> str:
    """A histogram as a small picture."""
    shares = torch.histc(values, bins=40, min=limits[0], max=limits[1])
    heights = (shares / shares.max() * 60).round().repeat_interleave(4)
    inked = torch.arange(60, 0, -1)[:, None] <= heights
    pixels = torch.where(inked, colour[:, None, None], torch.tensor(1.0))
    return picture_html.image(pixels, f"histogram of the batch {name}", width=320)
