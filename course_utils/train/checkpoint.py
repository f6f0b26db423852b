"""Keep a network's numbers in a file and bring them back.

The format is safetensors: names, shapes and numbers, and no way to hold code. Files written by
`torch.save` can run code when they are read, so the course never opens one.
"""

import hashlib
import json
import tempfile
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from course_utils.cache import write_whole

MOST_BEYOND = 100 * 2**20  # bytes that a file may have beyond the model's own numbers


def save(model: nn.Module, path: str | Path) -> Path:
    """Write all parameters and buffers of `model`, in one step: the file is whole or is not there.

    Raises OSError where the folder cannot be written; an older file then stays as it was.
    """
    path = check_place(path)
    # copied, because layers may share their numbers, and the format has no way to say so
    numbers = {
        name: tensor.cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in model.state_dict().items()
    }
    write_whole(path, safetensors.torch.save(numbers, {"sha256": _digest(numbers)}))
    return path


def check_place(path: str | Path) -> Path:
    """Make the folder of a file that is to be written; raise OSError where that cannot be."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        return path


def restore(model: nn.Module, path: str | Path) -> nn.Module:
    """Read the numbers of `model` back from a file that `save` wrote, and return the model.

    Raises ValueError where the file is damaged, is of another kind or belongs to another network.
    The model is then as it was.
    """
    wanted = model.state_dict()
    numbers = _read(Path(path), MOST_BEYOND + sum(tensor.nbytes for tensor in wanted.values()))
    problems = [f"{name} is missing" for name in wanted if name not in numbers]
    problems += [f"{name} is not part of the model" for name in numbers if name not in wanted]
    problems += [
        f"{name} is {_kind(numbers[name])} in the file and {_kind(wanted[name])} in the model"
        for name in wanted
        if name in numbers and _kind(numbers[name]) != _kind(wanted[name])
    ]
    if problems:
        raise ValueError(
            f"{path} holds another network: {'; '.join(problems[:3])}."
            " Build the model with the settings that it was saved with"
        )
    model.load_state_dict(numbers)
    return model


def _read(path: Path, most: int) -> dict:
    try:
        size = path.stat().st_size
        if not path.is_file():  # a folder, or a pipe that never ends
            raise ValueError("it is not an ordinary file")
        if size > most:
            raise ValueError(f"it has {size:,} bytes, and the model needs far fewer")
        content = path.read_bytes()
        numbers = safetensors.torch.load(content)
        if _promised_digest(content) not in (None, _digest(numbers)):
            raise ValueError("its numbers are not those that were saved")
        return numbers
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}; save(model, path) writes one") from None
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is damaged or is not a safetensors file: {error}") from error


def _digest(numbers: dict) -> str:
    """Compute the SHA-256 of all numbers, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(numbers):
        digest.update(f"{name} {_kind(numbers[name])} ".encode())
        digest.update(numbers[name].flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _promised_digest(content: bytes) -> str | None:
    """Find the digest that `save` wrote; files of other programs have none.

    A safetensors file begins with the length of its header (8 bytes), then the header as JSON.
    """
    end = 8 + int.from_bytes(content[:8], "little")
    return (json.loads(content[8:end]).get("__metadata__") or {}).get("sha256")


def _kind(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
