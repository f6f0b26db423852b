"""What holds for the unit tests: no network, no cache or data but their own, and small digits."""

import contextlib
import hashlib
import multiprocessing
import os
import socket
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from course_utils import cache, handwriting, mnist
from course_utils.data import Digits

# before the environment is cleaned for each test
REAL_FOLDERS = [os.environ.get("COURSE_DATA", ""), *cache.places()]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let tests reach this machine alone; an address elsewhere is an error at once."""
    connect = socket.socket.connect

    def connect_here(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    # what starts a process of its own gets past the block: point it at a port where nobody listens
    monkeypatch.setenv("COURSE_MIRROR", "http://127.0.0.1:9/")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """Give each test an empty cache, and take COURSE_DATA away."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COURSE_CACHE", str(folder))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return folder


@pytest.fixture
def real_mnist(monkeypatch):
    """Point COURSE_DATA at the folder with real MNIST; for tests marked needs_mnist."""
    for folder in REAL_FOLDERS:
        with contextlib.suppress(mnist.DataError):
            mnist.read(folder)
            monkeypatch.setenv("COURSE_DATA", str(folder))
            return folder
    pytest.fail("real MNIST is nowhere; mark this test needs_mnist")


@dataclass
class TinyMnist:
    """Four small files that stand in for MNIST's: name -> content."""

    files: dict[str, bytes]

    def write(self, folder: Path) -> Path:
        """Write all four in torchvision's layout and return the folder that they are in."""
        raw = folder / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for name, content in self.files.items():
            (raw / name).write_bytes(content)
        return raw


@pytest.fixture
def tiny_mnist(monkeypatch):
    """Make the course take four small files for MNIST: every fault in milliseconds."""
    files = {}
    for split, count in {"train": 30, "t10k": 20}.items():
        digits = draw_stripes(count, seed=count)
        sizes = struct.pack(">III", count, 28, 28)
        pixels, labels = digits.images.numpy().tobytes(), bytes(digits.labels.tolist())
        files[f"{split}-images-idx3-ubyte"] = b"\0\0\x08\x03" + sizes + pixels
        files[f"{split}-labels-idx1-ubyte"] = b"\0\0\x08\x01" + sizes[:4] + labels
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(mnist, "SHA256", digests)
    return TinyMnist(files)


@pytest.fixture(params=[0, 4, 15, 0.5, -1, "one bit"], ids="cut to {}".format)
def damage(request):
    """Damage a file in each of six ways: cut to so many bytes, to a half, by one; or a bit."""

    def do(path: Path) -> None:
        content = bytearray(path.read_bytes())
        if request.param == "one bit":
            content[len(content) // 2] ^= 1
        elif request.param == 0.5:
            del content[len(content) // 2 :]
        else:
            del content[request.param :]
        path.write_bytes(content)

    return do


@pytest.fixture
def quick_drawing(monkeypatch):
    """Replace the drawing of 70,000 digits; the list returned grows by one with each call."""
    calls = []

    def digits():
        calls.append("drawn")
        return draw_stripes(600, seed=1), draw_stripes(100, seed=2)

    monkeypatch.setattr(handwriting, "digits", digits)
    return calls


@pytest.fixture
def stripes():
    """Make `Digits` of stripes: stripes(train=300, test=50)."""

    def make(train: int = 600, test: int = 100) -> Digits:
        first, second = draw_stripes(train, seed=1), draw_stripes(test, seed=2)
        return Digits(first.images, first.labels, second.images, second.labels, source="drawn")

    return make


def draw_stripes(count: int, *, seed: int) -> SimpleNamespace:
    """Draw ten classes that any network can learn: stripe k is at height 4 + 2k, in light noise."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 60, (count, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % 10
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label] += 190
    slant = torch.rand(count, generator=generator)
    return SimpleNamespace(images=images, labels=labels, factors={"slant": slant})


@pytest.fixture
def run_forked():
    """Run functions at once, each in a process of its own that has all that the test prepared."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system cannot fork")

    def run(*functions) -> list[int]:
        processes = [multiprocessing.get_context("fork").Process(target=f) for f in functions]
        with warnings.catch_warnings():
            # the threads that fork warns about belong to the test's own web server, and are idle
            warnings.simplefilter("ignore", DeprecationWarning)
            for process in processes:
                process.start()
        for process in processes:
            process.join(timeout=20)
        return [process.exitcode for process in processes]

    return run
