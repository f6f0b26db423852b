"""Files that are kept between runs: where, and never half written."""

import errno
import os
import signal
from pathlib import Path

import pytest

from course_utils import cache


def fail_with(code):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    return fail


def test_the_cache_is_where_course_cache_says(monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", "~/digits")
    assert cache.places() == [Path.home() / "digits"]


def test_else_it_is_in_the_project_and_then_in_the_home_folder(monkeypatch):
    monkeypatch.delenv("COURSE_CACHE")
    project, home = cache.places()
    assert (project.parent.parent / "pyproject.toml").exists()
    assert home == Path.home() / ".cache" / "convolution-by-hand"


def test_an_installed_package_leaves_its_own_folder_alone(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_CACHE")
    monkeypatch.setattr(cache, "_PROJECT", tmp_path)
    assert cache.places() == [Path.home() / ".cache" / "convolution-by-hand"]


@pytest.mark.fault("the course's folder cannot be written to", "the home folder is taken")
def test_a_place_that_cannot_be_written_to_is_passed_over(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    bad, good = tmp_path / "file" / "cache", tmp_path / "new" / "cache"
    monkeypatch.setattr(cache, "places", lambda: [bad, good])
    assert cache.writable_place() == good
    assert not list(good.iterdir())


def test_a_read_only_folder_is_noticed_though_it_exists(monkeypatch, own_cache):
    # faked, because nothing is read-only for an administrator
    monkeypatch.setattr(cache.tempfile, "TemporaryFile", fail_with(errno.EROFS))
    with pytest.raises(OSError, match="Read-only"):
        cache.writable_place()


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "numbers"
    for content in (b"old", b"new"):
        cache.write_whole(path, content)
        assert path.read_bytes() == content
    assert [item.name for item in tmp_path.iterdir()] == ["numbers"]


def test_a_written_file_can_be_read_by_whoever_may_read_others(tmp_path):
    cache.write_whole(tmp_path / "ours", b"")
    (tmp_path / "ordinary").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.parametrize(
    ("owner", "name", "fault"),
    [
        (os, "fsync", fail_with(errno.ENOSPC)),
        (Path, "replace", fail_with(errno.EACCES)),
    ],
)
@pytest.mark.fault(
    "a write is refused: full disk, no permission",
    "the old file stays whole, and nothing else is left",
)
def test_a_refused_write_leaves_the_old_file_and_nothing_else(
    monkeypatch, tmp_path, owner, name, fault
):
    path = tmp_path / "numbers"
    path.write_bytes(b"old")
    monkeypatch.setattr(owner, name, fault)
    with pytest.raises(OSError, match=r"space|denied"):
        cache.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["numbers"]


@pytest.mark.fault("killed while it writes a file", "the old file stays whole")
def test_a_process_killed_before_the_last_step_leaves_the_old_file(
    monkeypatch, tmp_path, run_forked
):
    path = tmp_path / "numbers"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert run_forked(lambda: cache.write_whole(path, b"new")) == [-signal.SIGKILL]
    assert path.read_bytes() == b"old"
