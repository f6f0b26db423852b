"""Refuse what makes no sense, by name and value, before anything is computed or changed."""

import math
from numbers import Integral, Real

import torch
from torch import Tensor

MOST = 2**28  # numbers in one tensor, 1 GB of float32: with more, a process may be killed


def pair(value, name: str, least: int) -> tuple[int, int]:
    """Read one number as (down, across), and refuse what is not a pair of whole numbers."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(numbers) != 2:
        raise ValueError(f"{name} must be one number or a pair (down, across), got {value}")
    return tuple(whole_number(number, name, least) for number in numbers)


def whole_number(value, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def check_number(value, name: str, *, most: float = math.inf) -> None:
    """Refuse what is not a finite number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (0 <= value <= most and math.isfinite(value)):  # written so that nan is refused
        allowed = "at least 0 and finite" if most == math.inf else f"from 0 to {most}"
        raise ValueError(f"{name} must be {allowed}, got {value}")


def check_true_or_false(value, name: str) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")


def check_room(shape: tuple[int, ...]) -> None:
    """Refuse a tensor so large that the machine might end the process."""
    if math.prod(shape) > MOST:
        raise ValueError(
            f"there is no room for numbers of shape {tuple(shape)}, {MOST:,} are the most;"
            " take fewer or smaller images, or less padding"
        )


def check_four_axes(tensor: Tensor, name: str, axes: str) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(tensor).__name__}")
    if tensor.ndim != 4:
        raise ValueError(f"{name} must have four axes {axes}, got shape {tuple(tensor.shape)}")


def check_fractions(x: Tensor) -> None:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        raise TypeError(f"x must be a tensor of fractions, got {getattr(x, 'dtype', type(x))}")


def check_same_dtype(x: Tensor, name: str, other: Tensor) -> None:
    if x.dtype == torch.bool:
        raise TypeError("x must hold numbers, got torch.bool; use x.float()")
    if x.dtype != other.dtype:
        raise ValueError(f"x and {name} must have the same dtype, got {x.dtype}, {other.dtype}")


def check_one_each(numbers: Tensor | None, name: str, count: int, what: str, x: Tensor) -> None:
    """Refuse what is not one number for each channel or kernel, of the dtype of x."""
    if numbers is None:
        return
    if not isinstance(numbers, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(numbers).__name__}")
    if numbers.shape != (count,):
        raise ValueError(
            f"{name} must have one number for each of the {count} {what}, got shape"
            f" {tuple(numbers.shape)}"
        )
    check_same_dtype(x, name, numbers)
