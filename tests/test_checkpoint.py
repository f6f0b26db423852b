"""A network's numbers in a file: back to the bit, or refused with the reason."""

import os
import pickle

import pytest
import safetensors.torch
import torch
from torch import nn

from course_utils import models, train


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


def test_a_failed_write_leaves_the_older_file(trained, tmp_path, monkeypatch):
    path = train.save(trained, tmp_path / "cnn.safetensors")
    content = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        train.save(models.course_cnn(), path)
    assert path.read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 1


def refuses(path, named) -> None:
    """Expect a clear refusal that leaves the model as it was."""
    model = models.course_cnn()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(ValueError, match=named):
        train.restore(model, path)
    assert same(model.state_dict(), before)


def test_a_damaged_file_is_refused(trained, tmp_path, damage):
    path = train.save(trained, tmp_path / "cnn.safetensors")
    damage(path)
    refuses(path, r"cnn\.safetensors is damaged or is not a safetensors file: ")


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
    path = tmp_path / "file"
    path.write_bytes(content)
    refuses(path, "file is damaged or is not a safetensors file: ")
    assert capsys.readouterr().out == ""


def test_a_file_of_torch_save_is_refused_and_not_executed(tmp_path, capsys):
    torch.save({"0.weight": Bomb()}, tmp_path / "cnn.pt")
    refuses(tmp_path / "cnn.pt", r"cnn\.pt is damaged or is not a safetensors file: ")
    assert capsys.readouterr().out == ""


def test_a_missing_file_is_named_with_the_remedy(tmp_path):
    refuses(
        tmp_path / "no.safetensors", r"no file .*no\.safetensors; save\(model, path\) writes one"
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
