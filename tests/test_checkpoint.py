"""A network's numbers in a file: back to the bit, or refused with the reason."""

import errno
import json
import os
import pickle
import signal
import tempfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from course_utils import models, train
from course_utils.train import checkpoint


@pytest.fixture
def trained(stripes):
    torch.manual_seed(0)
    model = models.course_cnn()
    train.fit(model, stripes(train=256), progress=False)
    return model


def same(first: dict, second: dict) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_all_numbers_come_back_to_the_bit(trained, tmp_path):
    path = train.save(trained, tmp_path / "new" / "folder" / "cnn.safetensors")
    fresh = models.course_cnn()
    assert not same(fresh.state_dict(), trained.state_dict())
    assert train.restore(fresh, str(path)) is fresh
    assert same(fresh.state_dict(), trained.state_dict())
    assert fresh.state_dict()["2.num_batches_tracked"] == 2  # buffers too
    assert [item.name for item in path.parent.iterdir()] == ["cnn.safetensors"]


@pytest.mark.fault(
    "a full disk or a read-only folder while a network is saved",
    "an OSError, the older file as it was, and no half file beside it",
)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(Path, "open"), (os, "fsync"), (Path, "replace"), (tempfile, "TemporaryFile")],
    ids=["open", "fsync", "replace", "TemporaryFile"],
)
def test_a_failed_write_leaves_the_older_file(tmp_path, monkeypatch, owner, name, code):
    path = train.save(nn.Linear(3, 2), tmp_path / "small.safetensors")
    content = path.read_bytes()

    def fail(*_, **__):  # faked, because nothing is read-only for an administrator
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fail)
        with pytest.raises(OSError, match=os.strerror(code)):
            train.save(nn.Linear(3, 2), path)
    assert path.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.fault("a disk that is full in the middle of the file", "the older file is whole")
def test_a_write_that_stops_half_way_leaves_the_older_file(tmp_path, run_forked):
    resource = pytest.importorskip("resource")  # other systems have no such limit
    model = nn.Linear(100, 100)
    path = train.save(model, tmp_path / "small.safetensors")

    def save_with_too_little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # the file needs 40,400
        with pytest.raises(OSError, match="large"):
            train.save(nn.Linear(100, 100), path)

    assert run_forked(save_with_too_little_room) == [0]
    before = model.weight.clone()
    assert torch.equal(train.restore(model, path).weight, before)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.fault(
    "a process that is killed while it saves",
    "the older file is whole; the hidden draft goes with a save an hour later",
)
@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace")])
def test_a_killed_save_leaves_the_older_file(tmp_path, monkeypatch, run_forked, owner, name):
    model = nn.Linear(3, 2)
    path = train.save(model, tmp_path / "small[1].safetensors")
    before = model.weight.clone()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert run_forked(lambda: train.save(nn.Linear(3, 2), path)) == [-signal.SIGKILL]
    assert torch.equal(train.restore(model, path).weight, before)
    (draft,) = set(tmp_path.iterdir()) - {path}
    train.save(model, path)
    assert draft.exists()  # it could belong to a process that is saving just now
    os.utime(draft, (0, 0))
    train.save(model, path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault("a folder named as the file to save in", "an OSError that says so")
def test_a_folder_is_no_file_to_save_in(tmp_path):
    with pytest.raises(OSError, match=r"is a folder; name a file in it"):
        train.save(nn.Linear(3, 2), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("layers that share their weights", "they are saved and come back")
def test_layers_that_share_their_numbers_are_saved(tmp_path):
    layer, other = nn.Linear(3, 3), nn.Linear(3, 3)
    path = train.save(nn.Sequential(layer, layer), tmp_path / "shared.safetensors")
    train.restore(nn.Sequential(other, other), path)
    assert same(layer.state_dict(), other.state_dict())


def refuses(path, named) -> None:
    """Expect a clear refusal that leaves the model as it was."""
    model = models.course_cnn()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=named):
        train.restore(model, path)
    assert same(model.state_dict(), before)


@pytest.mark.fault(
    "a saved network that was cut short, or in which one bit has turned",
    "a ValueError, and the network is as it was",
)
def test_a_damaged_file_is_refused(trained, tmp_path, damage):
    path = train.save(trained, tmp_path / "cnn.safetensors")
    damage(path)
    refuses(path, r"cnn\.safetensors is damaged or is not a safetensors file: ")


@pytest.mark.fault("a wrong byte anywhere in the file", "no wrong number gets in")
def test_wherever_a_byte_is_wrong_no_wrong_number_gets_in(tmp_path):
    model = nn.Linear(2, 1)
    path = train.save(model, tmp_path / "small.safetensors")
    good = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    content = path.read_bytes()
    refused = 0
    for position in range(len(content)):
        path.write_bytes(
            content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :]
        )
        try:
            train.restore(model, path)
        except ValueError:
            refused += 1
        assert same(model.state_dict(), good)
    assert refused > 0.9 * len(content)  # the rest is white space, and the digest's own name


class Bomb:
    """What torch.load would run."""

    def __reduce__(self):
        return print, ("a file was executed",)


HEADER = {
    "weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
    "bias": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
}
DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000


def weight(**changed) -> dict:
    return HEADER | {"weight": HEADER["weight"] | changed}


def in_file(header: dict | list | bytes | None, length: int | None = None) -> bytes:
    """Lay out a safetensors file by hand: how long the header is, the header, the numbers."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(12)


HOSTILE = {
    "a header of a million million bytes": in_file(HEADER, 10**12),
    "a header of 99 MB in a short file": in_file(HEADER, 99_000_000),
    "numbers of a million million bytes": in_file(weight(data_offsets=[0, 10**12])),
    "a shape of a million million": in_file(weight(shape=[10**12])),
    "a shape that overflows": in_file(weight(shape=[2**62, 8])),
    "a size below 0": in_file(weight(shape=[-1, 2])),
    "numbers of no dtype": in_file(weight(dtype="O")),
    "eight-bit fractions": in_file(weight(dtype="F8_E4M3", shape=[1, 8])),
    "four-bit fractions": in_file(weight(dtype="F4", shape=[1, 16])),
    "complex numbers": in_file(weight(dtype="C64", shape=[1, 1])),
    "two tensors in one place": in_file(
        HEADER | {"bias": HEADER["weight"] | {"data_offsets": [4, 12]}}
    ),
    "numbers left over": in_file({"weight": HEADER["weight"]}),
    "a deep header": in_file(DEEP),
    "no header": in_file(None),
    "a list for a header": in_file([]),
    "a list for the digest": in_file(HEADER | {"__metadata__": []}),
    "a wrong digest": in_file(HEADER | {"__metadata__": {"sha256": ""}}),
}


@pytest.mark.fault(
    "a file made to do harm: a header of 10 to the power of 12 bytes, numbers beyond its end,"
    " a thousand brackets",
    "a ValueError at once, and the network is as it was",
)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(tmp_path, content):
    model, path = nn.Linear(2, 1), tmp_path / "hostile.safetensors"
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"hostile\.safetensors (is damaged|holds another)"):
        train.restore(model, path)
    assert same(model.state_dict(), before)


@pytest.mark.fault("a file that says nothing about its digest", "it is read")
@pytest.mark.parametrize("more", [{}, {"__metadata__": None}, {"__metadata__": {}}])
def test_a_file_without_a_digest_is_read(tmp_path, more):
    path = tmp_path / "file"
    path.write_bytes(in_file(HEADER | more))
    assert not train.restore(nn.Linear(2, 1), path).weight.any()


def test_a_file_may_hold_more_than_the_model_needs_but_not_much_more(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(in_file(HEADER | {"__metadata__": {"a long note": "x" * 2_000_000}}))
    assert not train.restore(nn.Linear(2, 1), path).weight.any()
    just_enough = path.stat().st_size - 3 * 4  # the model's own numbers: three of four bytes
    monkeypatch.setattr(checkpoint, "MOST_BEYOND", just_enough)
    assert not train.restore(nn.Linear(2, 1), path).weight.any()
    monkeypatch.setattr(checkpoint, "MOST_BEYOND", just_enough - 1)
    with pytest.raises(ValueError, match="and the model needs far fewer"):
        train.restore(nn.Linear(2, 1), path)


def test_a_network_larger_than_that_is_read_too(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "MOST_BEYOND", 1_000)
    path = train.save(large := nn.Linear(100, 100), tmp_path / "file")
    fresh = train.restore(nn.Linear(100, 100), path)
    assert same(fresh.state_dict(), large.state_dict())


def giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: it takes no room


@pytest.mark.fault(
    "a file of a million million bytes, a folder, or a pipe that nobody writes to",
    "a ValueError at once, before anything is read",
)
@pytest.mark.parametrize(
    ("make", "named"),
    [
        (giant, "it has 1,000,000,000,000 bytes, and the model needs far fewer"),
        (Path.mkdir, "it is not an ordinary file"),
        (getattr(os, "mkfifo", Path.mkdir), "it is not an ordinary file"),
    ],
    ids=["giant", "folder", "pipe"],
)
def test_what_would_never_end_is_not_read(tmp_path, monkeypatch, make, named):
    make(tmp_path / "it")
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    refuses(tmp_path / "it", f"it is damaged or is not a safetensors file: {named}")


@pytest.mark.fault(
    "a picture, a text or a pickle with code in it, named as a saved network",
    "a ValueError, and the code does not run",
)
@pytest.mark.parametrize(
    "content",
    [
        b"hello " * 100,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        pickle.dumps(Bomb()),
        b"\x02\0\0\0\0\0\0\0[]",
        b"\xff" * 64,
    ],
    ids=["text", "picture", "pickle", "list", "ones"],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, capsys):
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    refuses(path, r"file\.safetensors is damaged or is not a safetensors file: ")
    assert capsys.readouterr().out == ""


@pytest.mark.fault("a file of torch.save with code in it", "a ValueError, and it does not run")
def test_a_file_of_torch_save_is_refused_and_not_executed(tmp_path, capsys):
    torch.save({"0.weight": Bomb()}, tmp_path / "cnn.pt")
    refuses(tmp_path / "cnn.pt", r"cnn\.pt is damaged or is not a safetensors file: ")
    assert capsys.readouterr().out == ""


@pytest.mark.fault("a saved network that is not there", "a ValueError that says how to make one")
def test_a_missing_file_is_named_with_the_remedy(tmp_path):
    refuses(
        tmp_path / "no.safetensors", r"no file .*no\.safetensors; save\(model, path\) writes one"
    )


@pytest.mark.fault(
    "the saved numbers of another network",
    "a ValueError that names the difference, and the network is as it was",
)
@pytest.mark.parametrize(
    ("other", "named"),
    [
        (
            models.course_cnn(classes=4),
            r"13\.weight is \(4, 288\) float32 in the file and \(10, 288\) float32 in the model",
        ),
        (nn.Sequential(*models.course_cnn(), nn.Linear(10, 2)), r"14\.\w+ is not part of the m"),
        (models.course_cnn()[:5], r"6\.weight is missing"),
        (models.course_cnn().double(), r"float64 in the file and .* float32 in the model"),
    ],
    ids=["classes", "kind", "depth", "precision"],
)
def test_the_file_of_another_network_is_named_with_the_difference(tmp_path, other, named):
    path = train.save(other, tmp_path / "other.safetensors")
    refuses(path, rf"other\.safetensors holds another network: .*{named}.* Build the model with")


def test_a_safetensors_file_of_another_program_is_read(trained, tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_model(trained, path)
    assert same(train.restore(models.course_cnn(), path).state_dict(), trained.state_dict())
