"""Real MNIST: read its four files, and fetch them where they are not at hand.

No file is believed unseen. Each is compared, whole, with the SHA-256 of the original before a
single number of it is used, whether it was downloaded, cached or given by the learner.
"""

import hashlib
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
CONNECT_SECONDS = 3
FETCH_SECONDS = 60


class DataError(RuntimeError):
    """The digits that were asked for cannot be had. The message says why and what to do."""


def read(folder: str | Path) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Read training images, training labels, test images and test labels.

    The files lie in `folder`/MNIST/raw, as torchvision leaves them, or in `folder` itself.

    Shape: images (N, 28, 28) uint8, labels (N,) int64; N is 60,000, then 10,000.
    Raises DataError where a file is missing or differs from the original in a single bit.
    """
    folder = Path(folder).expanduser()
    raw = folder / "MNIST" / "raw"
    contents = [_read_verified((raw if raw.is_dir() else folder) / name) for name in SHA256]
    return tuple(_parse(content) for content in contents)


def _read_verified(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror})") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest == SHA256[path.name]:
        return content
    known = {value: name for name, value in SHA256.items()}
    what = f"holds {known[digest]}" if digest in known else f"is damaged ({len(content):,} bytes)"
    raise DataError(f"{path} {what}")


def _parse(content: bytes) -> Tensor:
    """Take an IDX file apart: 2 zero bytes, the type, the number of axes, their sizes, the data."""
    axes = content[3]
    sizes = [int.from_bytes(content[at : at + 4], "big") for at in range(4, 4 + 4 * axes, 4)]
    numbers = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * axes)
    return numbers.view(sizes) if axes == 3 else numbers.long()


def fetch(folder: Path) -> None:
    """Download MNIST into `folder`/MNIST/raw: all four files in one step, or none.

    Several processes may call this at once: one downloads, the others wait for it. The address in
    COURSE_MIRROR, where there is one, takes the place of the public ones: a folder on a web server
    of the classroom, say, with the four original .gz files. Takes 60 s at most.

    Raises DataError with the reason where it does not work; what was in `folder` stays.
    """
    try:
        with FileLock(folder / "mnist.lock", timeout=FETCH_SECONDS + 10):
            if not _is_whole(folder):
                _fetch_alone(folder)
    except Timeout:
        raise DataError("another process is still downloading MNIST") from None
    except OSError as error:
        raise DataError(f"the download cannot be stored: {error}") from error


def _is_whole(folder: Path) -> bool:
    try:
        return bool(read(folder))
    except DataError:
        return False


def _fetch_alone(folder: Path) -> None:
    for left_over in folder.glob(".mnist-*"):  # of a process that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix=".mnist-"))
    try:
        _download(draft)
        read(draft)
        if (folder / "MNIST").exists():  # damaged, else there would be no download
            (folder / "MNIST").rename(draft / "damaged")
        (draft / "MNIST").rename(folder / "MNIST")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _download(folder: Path) -> None:
    """Let torchvision download, in a process of its own: it knows no time limit, this one does."""
    # by path, since a notebook may find this package where a new process does not; -P, because
    # modules of this folder must not hide others of the same name
    command = [sys.executable, "-P", __file__, str(folder), str(CONNECT_SECONDS)]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        raise DataError(f"the download took longer than {FETCH_SECONDS} s") from None
    if child.returncode:
        reason = child.stderr.strip().splitlines() or ["no reason was given"]
        raise DataError(f"the download failed: {reason[-1]}")


def _download_with_torchvision(folder: str, connect_seconds: str) -> None:
    """Try one mirror after the other; archives that arrived whole are not fetched twice."""
    from torchvision.datasets import MNIST  # here, because reading MNIST does without it

    socket.setdefaulttimeout(float(connect_seconds))
    named = os.environ.get("COURSE_MIRROR")
    reasons = []
    for mirror in [named.rstrip("/") + "/"] if named else MNIST.mirrors:
        MNIST.mirrors = [mirror]
        try:
            _expect_answer(mirror + MNIST.resources[0][0], float(connect_seconds))
            MNIST(folder, download=True)
            break
        except Exception as error:  # torchvision itself gives up where a mirror falls silent
            reasons.append(f"{mirror} ({_last_words(error)})")
    else:
        sys.exit("; ".join(reasons))
    for archive in Path(folder).rglob("*.gz"):
        archive.unlink()


def _expect_answer(address: str, seconds: float) -> None:
    """Raise an error for a mirror that does not answer in time.

    In a thread, because no time limit of a socket holds for the look-up of a name.
    """
    answers = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(address, answers), daemon=True).start()
    try:
        error = answers.get(timeout=seconds)
    except queue.Empty:
        error = TimeoutError("timed out")
    if error:
        raise error


def _ask(address: str, answers: queue.SimpleQueue) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD")).close()
        answers.put(None)
    except urllib.error.HTTPError as error:
        error.close()
        answers.put(error)
    except Exception as error:
        answers.put(error)


def _last_words(error: Exception) -> str:
    if isinstance(getattr(error, "reason", None), socket.gaierror):
        return "its name is not known: is there a network?"
    lines = str(error).strip("<>. \n").splitlines() or [type(error).__name__]
    return lines[-1].removeprefix("urlopen error ")


if __name__ == "__main__":
    _download_with_torchvision(*sys.argv[1:])
