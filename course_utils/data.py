"""The digits of the course: find them, check them, hand them over as tensors in memory.

`load()` looks for real MNIST in the folder that COURSE_DATA names; where it names none, in the
cache, then on the network. Where MNIST is not to be had, the course draws its own (`handwriting`).
"""

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from filelock import FileLock
from torch import Tensor

from course_utils import cache, handwriting, mnist
from course_utils.mnist import DataError

MEAN, STD = 0.1307, 0.3081  # of all pixels of MNIST's training images, scaled to 0 to 1
RETRY_SECONDS = 3600
TENSORS = ("train_images", "train_labels", "test_images", "test_labels")
DRAWN_NAME = f"drawn-v{handwriting.VERSION}"

__all__ = ["MEAN", "STD", "DataError", "Digits", "load", "normalize"]


@dataclass(frozen=True)
class Digits:
    """Digits to train on and digits to test on.

    Shape: images (N, 28, 28) uint8, 0 for paper and 255 for full ink; labels (N,) int64. Other
    images of your own may be (N, H, W) or (N, C, H, W).
    `source` is "mnist" or "drawn". Drawn digits also carry what they were made of:
    `factors["train"]["slant"]` has one number for each training image.
    """

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    source: str
    factors: dict[str, dict[str, Tensor]] | None = None

    def __repr__(self):
        sizes = f"{len(self.train_images):,} for training, {len(self.test_images):,} for testing"
        return f"Digits({self.source}: {sizes})"


def load(source: str = "auto") -> Digits:
    """Load the digits, and say in one line which they are.

    `source` is "auto" (real MNIST where it can be had, else drawn digits), "mnist" or "drawn".
    COURSE_DATA names a folder with MNIST in torchvision's layout, or says "drawn".

    Raises ValueError for another source, and DataError where "mnist" was asked for in vain.
    """
    if source not in ("auto", "mnist", "drawn"):
        raise ValueError(f"source must be 'auto', 'mnist' or 'drawn', got {source!r}")
    if source == "drawn" or (source == "auto" and os.environ.get("COURSE_DATA") == "drawn"):
        digits, origin = _drawn(), "drawn by this course's own program"
    else:
        digits, origin = _mnist_or_drawn(must_be_mnist=source == "mnist")
    print(f"{digits}, {origin}.")
    return digits


def normalize(images: Tensor) -> Tensor:
    """Turn grey levels into what the networks take: of digits the mean is then 0, the spread 1.

    Shape: (N, H, W) uint8 -> (N, 1, H, W) float32; with channels (N, C, H, W) -> (N, C, H, W).
    Raises ValueError for anything else.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8 or images.ndim not in (3, 4):
        raise ValueError(
            "images must be a uint8 tensor of shape (N, height, width) or (N, channels, height,"
            f" width), got {type(images).__name__} of {images.dtype} and shape"
            f" {tuple(images.shape)}"
        )
    normal = (images / 255 - MEAN) / STD
    return normal.unsqueeze(1) if images.ndim == 3 else normal


def _mnist_or_drawn(*, must_be_mnist: bool) -> tuple[Digits, str]:
    try:
        tensors, origin = _find_mnist(retry=must_be_mnist)
        return Digits(*tensors, source="mnist"), origin
    except DataError as error:
        if must_be_mnist:
            raise DataError(
                f"MNIST cannot be had: {error}. Set COURSE_DATA to a folder that holds MNIST/raw,"
                " or take the digits that this course draws: data.load('drawn')"
            ) from error
        return _drawn(), (
            f"drawn by this course's own program because MNIST cannot be had: {error}."
            " To try again now: data.load('mnist')"
        )


def _find_mnist(*, retry: bool) -> tuple[tuple[Tensor, ...], str]:
    """Look in COURSE_DATA, in each cache, on the network; raise the last reason for failing."""
    named = os.environ.get("COURSE_DATA")
    if named and named != "drawn":
        return mnist.read(named), "from the folder in COURSE_DATA"
    for folder in cache.places():
        if (folder / "MNIST").exists():
            try:
                return mnist.read(folder), f"from {folder}"
            except DataError as error:
                print(f"Not used: {error}; it will be fetched again.")
    return _fetch_mnist(retry=retry), "downloaded and checked"


def _fetch_mnist(*, retry: bool) -> tuple[Tensor, ...]:
    """Download, unless that failed within the hour: nine notebooks shall not wait nine times."""
    try:
        folder = cache.writable_place()
    except OSError as error:
        raise DataError(f"no folder can be written to ({error.strerror})") from error
    memory = folder / "download-failed.txt"
    if not retry and (reason := _failed_lately(memory)):
        raise DataError(reason)
    try:
        print(f"Fetching MNIST (12 MB, {mnist.FETCH_SECONDS} s at most) ...", flush=True)
        mnist.fetch(folder)
    except DataError as error:
        with contextlib.suppress(OSError):  # a full disk: then the next lesson tries again
            memory.write_text(str(error), encoding="utf-8")
        raise
    memory.unlink(missing_ok=True)
    return mnist.read(folder)


def _failed_lately(memory: Path) -> str | None:
    with contextlib.suppress(OSError):  # there is none, or another process has just removed it
        if time.time() - memory.stat().st_mtime < RETRY_SECONDS:
            return memory.read_text(encoding="utf-8").strip()
    return None


def _drawn() -> Digits:
    """Take the drawn digits from a cache, else draw them (about three seconds) and keep them."""
    digits = _read_drawn()
    if digits:
        return digits
    try:
        folder = cache.writable_place()
        with FileLock(folder / "drawn.lock"):  # of several lessons at once, one draws
            return _read_drawn(explain=True) or _draw_and_keep(folder)
    except OSError:
        return _draw()  # nowhere to keep them: the next lesson draws them again


def _draw_and_keep(folder: Path) -> Digits:
    for left_over in folder.glob(f".{DRAWN_NAME}-*"):  # of a process that was killed
        left_over.unlink()
    digits = _draw()
    with contextlib.suppress(OSError):  # a full disk
        _write_drawn(digits, folder)
    return digits


def _draw() -> Digits:
    train, test = handwriting.digits()
    factors = {"train": train.factors, "test": test.factors}
    return Digits(train.images, train.labels, test.images, test.labels, "drawn", factors)


def _write_drawn(digits: Digits, folder: Path) -> None:
    """Keep drawn digits in a file whose name says what its SHA-256 must be."""
    tensors = {name: getattr(digits, name) for name in TENSORS}
    for split, factors in digits.factors.items():
        tensors |= {f"{split} {name}": values.contiguous() for name, values in factors.items()}
    content = safetensors.torch.save(tensors)
    digest = hashlib.sha256(content).hexdigest()
    cache.write_whole(folder / f"{DRAWN_NAME}-{digest}.safetensors", content)


def _read_drawn(*, explain: bool = False) -> Digits | None:
    """Find drawn digits of this version in a cache; a damaged file counts as none."""
    for path in (path for place in cache.places() for path in place.glob(f"{DRAWN_NAME}-*")):
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if path.stem.endswith(hashlib.sha256(content).hexdigest()):
                return _unpack_drawn(safetensors.torch.load(content))
            if explain:
                print(f"Not used: {path} is damaged ({len(content):,} bytes); drawing anew.")
    return None


def _unpack_drawn(tensors: dict[str, Tensor]) -> Digits:
    factors = {"train": {}, "test": {}}
    for key in tensors.keys() - set(TENSORS):
        split, name = key.split(" ")
        factors[split][name] = tensors[key]
    return Digits(*(tensors[name] for name in TENSORS), source="drawn", factors=factors)
