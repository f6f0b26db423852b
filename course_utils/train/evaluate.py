"""Ask a network for its answers and count the correct ones."""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from course_utils import data, inputs
from course_utils.train import parallel
from course_utils.train.match import check_logits, check_pairs, check_tensor


@contextlib.contextmanager
def in_mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """Put the model in training or evaluation mode, and afterwards each layer back in its own."""
    before = [(layer, layer.training) for layer in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for layer, was_training in before:
            layer.training = was_training


@torch.no_grad()
def predict(model: nn.Module, images: Tensor, *, batch_size: int = 250) -> Tensor:
    """Ask the model for its logits, in evaluation mode; afterwards its mode is as it was.

    Shape: images (N, H, W) or (N, C, H, W) uint8 -> (N, classes), on the CPU.
    """
    check_tensor(images, "images")
    batches = images.split(inputs.whole_number(batch_size, "batch_size", 1))
    device = next(model.parameters(), images).device  # a model without weights goes anywhere
    with in_mode(model, training=False):
        return torch.cat([_logits(model, batch.to(device)).cpu() for batch in batches])


def _logits(model: nn.Module, images: Tensor) -> Tensor:
    logits = model(data.normalize(images))
    if not isinstance(logits, Tensor):
        raise TypeError(f"the model must return one tensor, got {type(logits).__name__}")
    return logits


def evaluate(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Count the images that the model reads correctly: correct / total, from 0 to 1.

    One count over all images is exact. A mean of batch means is not, as soon as the last batch
    is smaller than the others.

    Shape: images (N, H, W) or (N, C, H, W) uint8, labels (N,) int64. Raises ValueError where N is 0
    or differs, or the model has no output for some label.
    """
    check_pairs(images, labels, 1, "evaluate needs one label for each image")
    logits = predict(model, images)
    check_logits(logits, labels)
    correct = logits.argmax(dim=1) == labels.cpu()
    return correct.sum().item() / len(labels)


def choose_device(wanted: str | None = None) -> torch.device:
    """Take the device that was asked for ("cpu", "cuda", "cuda:1", "mps"), else the best one here.

    Apple's "mps" is taken only by name: it has no float64, which some lessons need. Of several
    processes that torchrun started, each takes a GPU of its own; where those are too few, none.
    Raises ValueError where this machine lacks it.
    """
    here = ["cpu"]
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpus:
        here += ["cuda", *(f"cuda:{index}" for index in range(gpus))]
    if torch.backends.mps.is_available():
        here += ["mps"]
    if wanted in (None, "auto"):
        wanted = "cuda" if gpus >= int(os.environ.get("LOCAL_WORLD_SIZE", 1)) else "cpu"
    if str(wanted) == "cuda" and parallel.count() > 1:
        wanted = f"cuda:{os.environ['LOCAL_RANK']}"
    if str(wanted) not in here:
        raise ValueError(f"device must be one of {', '.join(here)} on this machine, got {wanted!r}")
    return torch.device(wanted)
