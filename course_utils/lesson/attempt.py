"""Runs a learner's function, which may raise, hang, print or change what it was given."""

import contextlib
import copy
import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from course_utils.lesson.limit import OutOfTime, call_within


@dataclass
class Attempt:
    """What a function did with one set of inputs."""

    inputs: tuple
    result: object = None
    printed: str = ""
    error: BaseException | None = None
    changed: tuple[int, ...] = ()  # which of the inputs


def attempt_all(function: Callable, all_inputs: list[tuple], seconds: float) -> list[Attempt]:
    """Run `function` on each of the inputs, until one raises; `seconds` is the time for all."""
    end = time.monotonic() + seconds
    attempts = []
    for inputs in all_inputs:
        attempts.append(attempt(function, inputs, end - time.monotonic()))
        if attempts[-1].error:
            break
    return attempts


def attempt(function: Callable, inputs: tuple, seconds: float) -> Attempt:
    given = tuple(map(copied, inputs))
    made = Attempt(inputs)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        try:
            made.result = copied(call_within(seconds, function, *given))
        except (Exception, SystemExit, OutOfTime) as error:  # an interrupt by the learner passes
            made.error = error
    made.printed = printed.getvalue()
    made.changed = tuple(
        number
        for number, (now, before) in enumerate(zip(given, inputs, strict=True))
        if is_changed(now, before)
    )
    return made


def is_changed(now, before) -> bool:
    """Say whether a tensor has other numbers than before, or a hook hangs on a network."""
    if isinstance(now, torch.nn.Module):
        return any(layer._forward_hooks for layer in now.modules())
    return isinstance(before, torch.Tensor) and not same(now, before)


def copied(value):
    """Copy a tensor or a network, so that nothing later changes it; leave other values alone."""
    if isinstance(value, tuple):
        return tuple(map(copied, value))
    if isinstance(value, torch.nn.Module):  # hooks that are left on it must not outlive the attempt
        return copy.deepcopy(value)
    return value.detach().cpu().clone() if isinstance(value, torch.Tensor) else value


def same(one, other) -> bool:
    """Say whether two answers agree: shape and numbers for tensors, type and value for others."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.shape == other.shape and torch.allclose(
            one.double(), other.double(), rtol=1e-5, atol=1e-5
        )
    if isinstance(other, float) and isinstance(one, int | float) and not isinstance(one, bool):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-6)
    return type(one) is type(other) and one == other
