"""Real MNIST, read and fetched: whatever goes wrong, one clear reason, and no file is lost."""

import contextlib
import errno
import gzip
import hashlib
import io
import multiprocessing
import os
import signal
import socket
import subprocess
import threading
import time
import traceback
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from course_utils import data, mnist

NAMES = list(mnist.SHA256)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"mnist.lock"}


# ------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("layout", ["MNIST/raw", "."])
def test_mnist_is_read_in_torchvisions_layout_and_without(tiny_mnist, tmp_path, layout):
    raw = tiny_mnist.write(tmp_path)
    folder = tmp_path if layout == "MNIST/raw" else raw
    train_images, train_labels, test_images, test_labels = mnist.read(folder)
    assert train_images.shape == (30, 28, 28)
    assert test_images.shape == (20, 28, 28)
    assert train_images.dtype == test_images.dtype == torch.uint8
    assert train_labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3
    assert test_labels.dtype == torch.int64
    assert train_images[3, 10].min() >= 190 > train_images[3, 12].max()  # the stripe of class 3


def test_a_folder_may_start_with_the_home_folder(tiny_mnist, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    tiny_mnist.write(tmp_path / "digits")
    assert len(mnist.read("~/digits")) == 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.fault("a file of MNIST is cut or has one bit wrong", "refused by name and size")
def test_a_damaged_file_is_refused_by_name_and_size(tiny_mnist, tmp_path, damage, name):
    path = tiny_mnist.write(tmp_path) / name
    damage(path)
    size = path.stat().st_size
    with pytest.raises(mnist.DataError, match=rf"{name} is damaged \({size:,} bytes\)"):
        mnist.read(tmp_path)


@pytest.mark.fault("two files of MNIST are swapped", "told which holds which")
def test_swapped_files_are_told_apart(tiny_mnist, tmp_path):
    raw = tiny_mnist.write(tmp_path)
    (raw / NAMES[0]).write_bytes(tiny_mnist.files[NAMES[2]])
    with pytest.raises(mnist.DataError, match=f"{NAMES[0]} holds {NAMES[2]}"):
        mnist.read(tmp_path)


@pytest.mark.fault("a file of MNIST is missing", "it is named")
def test_a_missing_file_is_named(tiny_mnist, tmp_path):
    (tiny_mnist.write(tmp_path) / NAMES[3]).unlink()
    with pytest.raises(mnist.DataError, match=rf"{NAMES[3]} cannot be read \(No such file"):
        mnist.read(tmp_path)


@pytest.mark.needs_mnist
def test_the_real_files_are_read_as_torchvision_reads_them(real_mnist):
    from torchvision.datasets import MNIST

    train_images, train_labels, test_images, test_labels = mnist.read(real_mnist)
    train, test = MNIST(real_mnist), MNIST(real_mnist, train=False)
    assert torch.equal(train_images, train.data)
    assert torch.equal(train_labels, train.targets)
    assert torch.equal(test_images, test.data)
    assert torch.equal(test_labels, test.targets)
    normal = data.normalize(train_images)
    assert normal.mean().abs() < 1e-3
    assert (normal.std() - 1).abs() < 1e-3


# ------------------------------------------------------------------------------------ fetching


class Mirror:
    """A web server on this machine that serves small archives, or fails in a given way."""

    def __init__(self, files: dict[str, bytes]):
        self.archives = {f"{name}.gz": gzip.compress(data, mtime=0) for name, data in files.items()}
        self.resources = [
            (name, hashlib.md5(data).hexdigest()) for name, data in self.archives.items()
        ]
        self.status = 200
        self.silent_after_headers = False
        self.downloads = 0  # how often someone asked whether the mirror is there, then began
        self.silent = socket.create_server(("127.0.0.1", 0))  # connects, and nobody ever reads
        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.silent_address = f"http://127.0.0.1:{self.silent.getsockname()[1]}/"
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.silent.close()

    def _handler(mirror):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                mirror.downloads += 1
                self.send_headers()

            def send_headers(self):
                self.send_response(mirror.status)
                self.send_header("Content-Length", str(len(mirror.archives[self.path[1:]])))
                self.end_headers()

            def do_GET(self):
                self.send_headers()
                if mirror.silent_after_headers:
                    mirror.closing.wait()
                with contextlib.suppress(OSError):  # the other side has given up
                    self.wfile.write(mirror.archives[self.path[1:]])

            def log_message(self, *_):
                pass

        return Handler


@pytest.fixture
def mirror(tiny_mnist, monkeypatch):
    """Serve the small files, and let the child process run inside this one: milliseconds."""
    from torchvision.datasets import MNIST

    mirror = Mirror(tiny_mnist.files)
    monkeypatch.setattr(MNIST, "resources", mirror.resources)
    monkeypatch.setattr(MNIST, "mirrors", MNIST.mirrors)  # put back afterwards
    monkeypatch.setenv("COURSE_MIRROR", mirror.address)
    here = SimpleNamespace(run=run_here, TimeoutExpired=subprocess.TimeoutExpired)
    monkeypatch.setattr(mnist, "subprocess", here)
    time_limit = socket.getdefaulttimeout()
    yield mirror
    socket.setdefaulttimeout(time_limit)
    mirror.close()


def run_here(command, **_):
    """Do what the child process does, with what it would print on standard error."""
    words = ""
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            mnist._download_with_torchvision(*command[-2:])
        except SystemExit as error:
            words = str(error)
        except Exception:
            words = traceback.format_exc()
    return subprocess.CompletedProcess(command, returncode=bool(words), stderr=words)


def test_mnist_is_fetched_checked_and_tidied(mirror, tiny_mnist, tmp_path):
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30
    raw = tmp_path / "MNIST" / "raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == tiny_mnist.files
    assert names_in(tmp_path) == {"MNIST"}


def test_what_is_there_is_not_fetched_again(mirror, tiny_mnist, tmp_path):
    tiny_mnist.write(tmp_path)
    mnist.fetch(tmp_path)
    assert mirror.downloads == 0


def test_a_damaged_file_is_replaced(mirror, tiny_mnist, tmp_path):
    (tiny_mnist.write(tmp_path) / NAMES[0]).write_bytes(b"damaged")
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30
    assert names_in(tmp_path) == {"MNIST"}


def refuse(mirror, _):
    mirror.close()


def say_403(mirror, _):
    mirror.status = 403


def say_503(mirror, _):
    mirror.status = 503


def never_answer(mirror, monkeypatch):
    monkeypatch.setattr(mnist, "CONNECT_SECONDS", 0.1)
    monkeypatch.setenv("COURSE_MIRROR", mirror.silent_address)


def fall_silent(mirror, monkeypatch):
    monkeypatch.setattr(mnist, "CONNECT_SECONDS", 0.5)  # long enough for the headers to arrive
    mirror.silent_after_headers = True


def send_html(mirror, _):
    mirror.archives = dict.fromkeys(mirror.archives, b"<html>Please log in</html>")


def send_other_data(mirror, _):
    mirror.archives = dict.fromkeys(mirror.archives, gzip.compress(b"other data"))


def send_other_data_with_its_own_md5(mirror, monkeypatch):
    """An attack on MD5, or a new release of torchvision: our own check is the last."""
    from torchvision.datasets import MNIST

    name = NAMES[0]
    content = gzip.compress(b"\0\0\x08\x03" + bytes([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]))
    mirror.archives[f"{name}.gz"] = content
    resources = [(f"{name}.gz", hashlib.md5(content).hexdigest()), *mirror.resources[1:]]
    monkeypatch.setattr(MNIST, "resources", resources)


def have_no_room_for_the_archive(_, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", write)


def have_no_room_for_a_folder(_, monkeypatch):
    def make(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(mnist.tempfile, "mkdtemp", make)


def be_busy_elsewhere(_, monkeypatch):
    def acquire(*_, **__):
        raise mnist.Timeout("mnist.lock")

    monkeypatch.setattr(mnist.FileLock, "acquire", acquire)


def crash(_, monkeypatch):
    def run(command, **_):
        return subprocess.CompletedProcess(command, returncode=-signal.SIGSEGV, stderr="")

    monkeypatch.setattr(mnist.subprocess, "run", run)


FAULTS = {
    refuse: r"http://127.0.0.1:\d+/ \(\[Errno \d+\] Connection refused\)$",
    say_403: r"HTTP Error 403: Forbidden\)$",
    say_503: r"HTTP Error 503: Service Unavailable\)$",
    never_answer: r"timed out\)$",
    fall_silent: r"timed out\)$",
    send_html: r"File not found or corrupted\)$",
    send_other_data: r"File not found or corrupted\)$",
    send_other_data_with_its_own_md5: r"train-images-idx3-ubyte is damaged \(17 bytes\)$",
    have_no_room_for_the_archive: r"No space left on device\)$",
    have_no_room_for_a_folder: r"^the download cannot be stored: .*No space left on device$",
    be_busy_elsewhere: r"^another process is still downloading MNIST$",
    crash: r"^the download failed: no reason was given$",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.fault(
    "a download fails: refused, silent, HTML instead of data, full disk, a crash",
    "one line of reason; all files stay as they were",
)
def test_a_failed_download_has_one_line_of_reason_and_leaves_all_files(
    mirror, tiny_mnist, tmp_path, monkeypatch, fault
):
    raw = tiny_mnist.write(tmp_path)
    (raw / NAMES[1]).write_bytes(b"damaged")
    before = {path: path.read_bytes() for path in raw.iterdir()}
    fault(mirror, monkeypatch)
    with pytest.raises(mnist.DataError, match=FAULTS[fault]) as caught:
        mnist.fetch(tmp_path)
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in raw.iterdir()} == before
    assert names_in(tmp_path) == {"MNIST"}


@pytest.mark.fault("a mirror accepts and then is silent", "the next one is asked")
def test_after_a_silent_mirror_comes_the_next_one(mirror, tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.delenv("COURSE_MIRROR")
    monkeypatch.setattr(mnist, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(MNIST, "mirrors", [mirror.silent_address, mirror.address])
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30


@pytest.mark.fault("the look-up of a name never ends", "given up after three seconds")
def test_an_endless_look_up_of_a_name_is_not_waited_for(mirror, monkeypatch):
    never = threading.Event()
    monkeypatch.setattr(mnist.urllib.request, "urlopen", lambda request: never.wait())
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        mnist._expect_answer(mirror.address, seconds=0.05)
    assert time.monotonic() - started < 5
    never.set()


@pytest.mark.fault("four lessons fetch MNIST at once", "one downloads, the others wait for it")
def test_four_processes_at_once_make_one_download(mirror, tmp_path, run_forked):
    together = multiprocessing.get_context("fork").Barrier(4)

    def fetch():
        together.wait()
        mnist.fetch(tmp_path)
        assert len(mnist.read(tmp_path)[0]) == 30

    assert run_forked(*[fetch] * 4) == [0, 0, 0, 0]
    assert mirror.downloads == 1


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.fault("killed in the middle of the download", "the next one works and tidies up")
def test_after_a_process_was_killed_the_next_one_works_and_tidies_up(
    mirror, tiny_mnist, tmp_path, run_forked, monkeypatch, damaged
):
    if damaged:
        (tiny_mnist.write(tmp_path) / NAMES[0]).write_bytes(b"damaged")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert run_forked(lambda: mnist.fetch(tmp_path)) == [-signal.SIGKILL]
    assert list(tmp_path.glob(".mnist-*"))
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30
    assert names_in(tmp_path) == {"MNIST"}


def test_who_waits_for_another_process_waits_longer_than_a_download_may_take(tmp_path, monkeypatch):
    waited = []

    def lock(path, timeout):
        waited.append(timeout)
        raise mnist.Timeout(path)

    monkeypatch.setattr(mnist, "FileLock", lock)
    with pytest.raises(mnist.DataError, match="another process is still downloading"):
        mnist.fetch(tmp_path)
    assert mnist.FETCH_SECONDS < waited[0] < 2 * mnist.FETCH_SECONDS


def test_what_cannot_be_tidied_up_does_not_spoil_a_download(tiny_mnist, tmp_path, monkeypatch):
    def fails(path, ignore_errors):
        if not ignore_errors:
            raise PermissionError(path)

    monkeypatch.setattr(mnist, "_download", tiny_mnist.write)
    monkeypatch.setattr(mnist.shutil, "rmtree", fails)
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30


# ---------------------------------------------------------------- the child process, a real one


@pytest.mark.fault("a download that would take for ever", "ended after a minute")
def test_a_download_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "FETCH_SECONDS", 0.1)
    with pytest.raises(mnist.DataError, match=r"^the download took longer than 0\.1 s$"):
        mnist.fetch(tmp_path)


def test_the_child_process_says_why_it_failed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # as in a notebook, whose folder does not hold the package
    with pytest.raises(mnist.DataError, match=r"^the download failed: http://127.0.0.1:9/ \(.*\)$"):
        mnist.fetch(tmp_path)


def test_the_child_process_downloads(mirror, tmp_path, monkeypatch):
    words = f"from torchvision.datasets import MNIST\nMNIST.resources = {mirror.resources!r}\n"
    (tmp_path / "sitecustomize.py").write_text(words)  # Python runs it before anything else
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(mnist, "subprocess", subprocess)
    mnist.fetch(tmp_path)
    assert len(mnist.read(tmp_path)[0]) == 30


def test_a_machine_without_a_network_is_told_so_in_words():
    unknown = urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))
    assert mnist._last_words(unknown) == "its name is not known: is there a network?"
