"""The digits that a lesson gets: from where, in what shape, and in which words."""

import errno
import io
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import cache, data, mnist

REMEDY = r"Set COURSE_DATA to a folder that holds MNIST/raw, or take .*data\.load\('drawn'\)"


@pytest.fixture(autouse=True)
def _small_digits(tiny_mnist, quick_drawing):
    """In this file real MNIST is small, and drawing is quick."""


@pytest.fixture(autouse=True)
def downloads(monkeypatch):
    """Let every download fail, and list them."""
    attempts = []

    def download(folder):
        attempts.append(folder)
        raise mnist.DataError("the mirror is down")

    monkeypatch.setattr(mnist, "_download", download)
    return attempts


@pytest.fixture
def good_downloads(downloads, tiny_mnist, monkeypatch):
    monkeypatch.setattr(mnist, "_download", tiny_mnist.write)


# --------------------------------------------------------------------------- where they come from


def test_real_digits_come_from_the_folder_in_course_data(tiny_mnist, tmp_path, monkeypatch, capsys):
    tiny_mnist.write(tmp_path)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    for source in ("auto", "mnist"):
        digits = data.load(source)
        assert (digits.source, digits.factors) == ("mnist", None)
        said = "Digits(mnist: 30 for training, 20 for testing), from the folder in COURSE_DATA.\n"
        assert capsys.readouterr().out == said


@pytest.mark.parametrize("course_data", ["", "drawn", None])
def test_real_digits_come_from_the_cache(
    tiny_mnist, own_cache, monkeypatch, capsys, downloads, course_data
):
    tiny_mnist.write(own_cache)
    if course_data is not None:
        monkeypatch.setenv("COURSE_DATA", course_data)
    assert data.load("mnist").source == "mnist"
    assert capsys.readouterr().out.endswith(f"from {own_cache}.\n")
    assert data.load("auto").source == ("drawn" if course_data == "drawn" else "mnist")
    assert data.load("drawn").source == "drawn"
    assert downloads == []


def test_real_digits_are_downloaded_once(good_downloads, downloads, capsys):
    assert data.load("auto").source == "mnist"
    assert capsys.readouterr().out.splitlines() == [
        "Fetching MNIST (12 MB, 60 s at most) ...",
        "Digits(mnist: 30 for training, 20 for testing), downloaded and checked.",
    ]
    data.load("auto")
    assert "Fetching" not in capsys.readouterr().out


def test_that_it_is_fetched_is_to_be_read_before_it_begins(monkeypatch):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown))
    seen = []
    monkeypatch.setattr(mnist, "_download", lambda folder: seen.append(shown.getvalue()))
    data.load("auto")
    assert seen[0].startswith(b"Fetching MNIST")


def test_another_source_is_refused():
    with pytest.raises(ValueError, match="'auto', 'mnist' or 'drawn', got 'MNIST'"):
        data.load("MNIST")


@pytest.mark.parametrize("what", ["nothing", "a file", "an empty folder", "damaged files"])
@pytest.mark.fault(
    "COURSE_DATA names nothing, a file, an empty folder, or damaged files",
    "it is named with the remedy, the lesson takes drawn digits",
)
def test_a_wrong_folder_in_course_data_is_named_with_the_remedy(
    monkeypatch, capsys, downloads, tmp_path, tiny_mnist, what
):
    folder = named = tmp_path / "given"
    if what == "a file":
        folder.write_text("no folder")
    elif what != "nothing":
        folder.mkdir()
    if what == "damaged files":
        named = tiny_mnist.write(folder)
        (named / "train-images-idx3-ubyte").write_bytes(b"damaged")
    monkeypatch.setenv("COURSE_DATA", str(folder))
    with pytest.raises(data.DataError, match=f"{named}/.* (cannot be read|is damaged) .*{REMEDY}"):
        data.load("mnist")
    assert data.load("auto").source == "drawn"
    assert f"{named / 'train-images-idx3-ubyte'} " in capsys.readouterr().out
    assert downloads == []  # who names a folder means that one


@pytest.mark.parametrize("name", mnist.SHA256)
@pytest.mark.fault(
    "a file of MNIST in the cache is cut or has one bit wrong",
    "said in one line; drawn digits until it can be fetched again",
)
def test_a_damaged_file_in_the_cache_is_said_in_one_line_and_kept(
    tiny_mnist, own_cache, capsys, damage, name
):
    raw = tiny_mnist.write(own_cache)
    damage(raw / name)
    before = {path: path.read_bytes() for path in raw.iterdir()}
    digits = data.load("auto")
    fetching, *lines = sorted(capsys.readouterr().out.splitlines(), key=lambda x: x[0] != "F")
    assert fetching.startswith("Fetching")
    assert sorted(lines) == [
        "Digits(drawn: 600 for training, 100 for testing), drawn by this course's own program"
        " because MNIST cannot be had: the mirror is down. To try again now: data.load('mnist').",
        f"Not used: {raw / name} is damaged ({len(before[raw / name]):,} bytes);"
        " it will be fetched again.",
    ]
    assert digits.source == "drawn"
    with pytest.raises(data.DataError, match=REMEDY):
        data.load("mnist")
    assert {path: path.read_bytes() for path in raw.iterdir()} == before


@pytest.mark.fault("a damaged file of MNIST in the cache, with a network", "it is fetched again")
def test_a_damaged_file_in_the_cache_is_replaced(tiny_mnist, own_cache, good_downloads):
    (tiny_mnist.write(own_cache) / "t10k-labels-idx1-ubyte").write_bytes(b"damaged")
    assert data.load("auto").source == "mnist"
    assert len(mnist.read(own_cache)) == 4


@pytest.mark.fault("the classroom's copy of MNIST is damaged", "the learner's own is used")
def test_the_second_cache_is_looked_into_when_the_first_is_damaged(
    tiny_mnist, tmp_path, monkeypatch, downloads
):
    folders = [tmp_path / "classroom", tmp_path / "home"]
    raw, _ = [tiny_mnist.write(folder) for folder in folders]
    (raw / "train-images-idx3-ubyte").write_bytes(b"damaged")
    monkeypatch.setattr(cache, "places", lambda: folders)
    assert data.load("auto").source == "mnist"
    assert downloads == []


# ------------------------------------------------------------------------------ when nothing works


@pytest.mark.fault("no network, nine notebooks", "one waits, the others do not")
def test_a_failed_download_is_remembered_for_an_hour(own_cache, downloads, capsys):
    for _ in range(3):
        assert data.load("auto").source == "drawn"
        last = capsys.readouterr().out.splitlines()[-1]
        assert "the mirror is down. To try again now: data.load('mnist')" in last
    assert len(downloads) == 1
    an_hour_ago = time.time() - data.RETRY_SECONDS - 1
    os.utime(own_cache / "download-failed.txt", (an_hour_ago, an_hour_ago))
    data.load("auto")
    assert len(downloads) == 2


def test_who_asks_for_mnist_retries_at_once(downloads):
    data.load("auto")
    for attempts in (2, 3):
        with pytest.raises(data.DataError, match=f"^MNIST cannot be had: the mirror is.*{REMEDY}"):
            data.load("mnist")
        assert len(downloads) == attempts


def test_a_success_is_remembered_instead(own_cache, tiny_mnist, monkeypatch):
    data.load("auto")
    monkeypatch.setattr(mnist, "_download", tiny_mnist.write)
    assert data.load("mnist").source == "mnist"
    assert not (own_cache / "download-failed.txt").exists()


@pytest.mark.fault("no folder can be written to", "the digits are drawn each time")
def test_without_any_folder_to_write_to_digits_are_still_drawn(
    tmp_path, monkeypatch, capsys, downloads, quick_drawing
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "file" / "cache"))  # no folder can be here
    assert data.load("auto").source == "drawn"
    assert "no folder can be written to (Not a directory)" in capsys.readouterr().out
    with pytest.raises(data.DataError, match=f"no folder can be written to .*{REMEDY}"):
        data.load("mnist")
    assert (downloads, quick_drawing) == ([], ["drawn"])


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("owner", "name"),
    [(os, "fsync"), (mnist.tempfile, "mkdtemp"), (Path, "write_text"), (data.FileLock, "acquire")],
    ids=["drawn digits", "download", "memory of the failure", "lock"],
)
@pytest.mark.fault(
    "the disk is full, at each step of keeping the digits",
    "they are drawn, and no half a file stays",
)
def test_on_a_full_disk_digits_are_still_drawn(own_cache, monkeypatch, quick_drawing, owner, name):
    monkeypatch.setattr(owner, name, full_disk)
    for times in (1, 2):
        assert data.load("auto").source == "drawn"
        assert len(quick_drawing) <= times
    kept = {path.name for path in own_cache.iterdir() if path.stat().st_size}
    assert all(name == "download-failed.txt" or name.startswith("drawn-v") for name in kept)


# --------------------------------------------------------------------------------- drawn digits


def test_drawn_digits_are_drawn_once_and_keep_their_factors(quick_drawing, capsys):
    first, second = data.load("drawn"), data.load("drawn")
    assert quick_drawing == ["drawn"]
    for name in data.TENSORS:
        assert torch.equal(getattr(first, name), getattr(second, name))
    assert first.train_images.shape == (600, 28, 28)
    for split, count in {"train": 600, "test": 100}.items():
        assert torch.equal(first.factors[split]["slant"], second.factors[split]["slant"])
        assert len(second.factors[split]["slant"]) == count
    said = "Digits(drawn: 600 for training, 100 for testing), drawn by this course's own program."
    assert capsys.readouterr().out.splitlines() == [said, said]


@pytest.mark.fault(
    "the kept drawn digits are cut or have one bit wrong", "said in one line, and drawn anew"
)
def test_damaged_drawn_digits_are_drawn_anew(own_cache, quick_drawing, capsys, damage):
    good = data.load("drawn")
    (path,) = own_cache.glob("drawn-*.safetensors")
    damage(path)
    size = path.stat().st_size
    capsys.readouterr()
    assert torch.equal(data.load("drawn").train_images, good.train_images)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Not used: {path} is damaged ({size:,} bytes); drawing anew."
    assert len(said) == 2
    data.load("drawn")
    assert len(quick_drawing) == 2


def test_digits_of_an_older_version_are_not_used(quick_drawing, monkeypatch):
    data.load("drawn")
    monkeypatch.setattr(data, "DRAWN_NAME", "drawn-v999")
    data.load("drawn")
    assert len(quick_drawing) == 2


@pytest.mark.fault("four lessons start at once without digits", "one draws, the others wait for it")
def test_of_several_lessons_at_once_one_draws(tmp_path, monkeypatch, run_forked):
    draw = data._draw

    def draw_and_count():
        (tmp_path / str(os.getpid())).touch()
        return draw()

    monkeypatch.setattr(data, "_draw", draw_and_count)
    assert run_forked(*[lambda: data.load("drawn")] * 4) == [0, 0, 0, 0]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.fault("killed while it keeps the digits", "the next lesson draws them and tidies up")
def test_what_a_killed_process_left_is_tidied_up(own_cache, run_forked, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert run_forked(lambda: data.load("drawn")) == [-signal.SIGKILL]
    assert list(own_cache.glob(".drawn-*"))
    assert data.load("drawn").source == "drawn"
    assert not list(own_cache.glob(".drawn-*"))


# ---------------------------------------------------------------------------------- normalisation


def test_normalize_gives_grey_levels_mean_0_and_spread_1():
    images = torch.tensor([0, 33, 255], dtype=torch.uint8).view(3, 1, 1).expand(3, 28, 28)
    normal = data.normalize(images)
    assert (normal.shape, normal.dtype) == ((3, 1, 28, 28), torch.float32)
    expected = torch.tensor([-0.1307 / 0.3081, (33 / 255 - 0.1307) / 0.3081, 0.8693 / 0.3081])
    torch.testing.assert_close(normal[:, 0, 5, 5], expected)


def test_normalize_keeps_the_channels_of_colour_images():
    colours = torch.randint(0, 256, (4, 3, 32, 20), dtype=torch.uint8)
    normal = data.normalize(colours)
    assert (normal.shape, normal.dtype) == ((4, 3, 32, 20), torch.float32)
    for channel in range(3):
        torch.testing.assert_close(normal[:, channel], data.normalize(colours[:, channel])[:, 0])


@pytest.mark.parametrize(
    ("images", "named"),
    [
        (torch.zeros(5, 28, 28), r"got Tensor of torch\.float32 and shape \(5, 28, 28\)"),
        (torch.zeros(28, 28, dtype=torch.uint8), r"got .* of torch\.uint8 and shape \(28, 28\)"),
        (torch.zeros(1, 1, 1, 8, 8, dtype=torch.uint8), r"got .* and shape \(1, 1, 1, 8, 8\)"),
        (np.zeros((5, 32, 32, 3), np.uint8), r"got ndarray of uint8 and shape \(5, 32, 32, 3\)"),
    ],
)
def test_normalize_names_what_it_needs_and_what_it_got(images, named):
    needs = r"a uint8 tensor of shape \(N, height, width\) or \(N, channels, height, width\), "
    with pytest.raises(ValueError, match=needs + named):
        data.normalize(images)
