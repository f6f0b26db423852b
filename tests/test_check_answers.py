"""The checkers: right answers pass, wrong ones are named, and no mutant slips through."""

import contextlib
import warnings

import pytest
import torch

import tests.check_kit as kit
from course_utils.lesson import exercise
from course_utils.lesson.check import find_exercises

EXERCISES = {found.name: found for found in find_exercises()}
RIGHT, WRONG = kit.answers("right"), kit.answers("wrong")
OTHER_INPUTS, IS_RIGHT = kit.tables("OTHER_INPUTS"), kit.tables("IS_RIGHT")
assert not set(RIGHT) & set(WRONG)


def examine(name: str, function=None):
    """The verdict on an answer; NAME__way is an answer to NAME."""
    return EXERCISES[name.split("__")[0]].examine(function or (RIGHT | WRONG)[name])


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_however_it_is_written(name):
    verdict = examine(name)
    assert verdict.status == "correct", verdict


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_told_what_it_did(name):
    verdict = examine(name)
    assert verdict.status == "wrong"
    assert WRONG[name].diagnosis in verdict.message


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_is_tested_with_enough_answers(name):
    assert sum(answer.startswith(f"{name}__") for answer in RIGHT) >= 2
    assert sum(answer.startswith(f"{name}__") for answer in WRONG) >= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_each_diagnosis_is_given_by_some_answer(name):
    given = {examine(answer).message for answer in WRONG if answer.startswith(f"{name}__")}
    assert not set(EXERCISES[name].mistakes) - given


@pytest.mark.parametrize("name", EXERCISES)
def test_the_first_inputs_are_the_smallest(name):
    sizes = [sum(map(size, inputs)) for inputs in EXERCISES[name].inputs]
    assert sizes[0] == min(sizes)
    assert sizes[:4] == sorted(sizes[:4])


def size(value) -> int:
    if isinstance(value, tuple):
        return sum(map(size, value))
    if isinstance(value, torch.nn.Module):
        return sum(map(size, value.parameters()))
    return value.numel() if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("name", RIGHT)
def test_every_mutant_that_answers_differently_is_rejected(name, monkeypatch):
    monkeypatch.setattr(exercise, "SECONDS", 1.0)
    killed = 0
    for text, mutant in kit.mutants(RIGHT[name]):
        with warnings.catch_warnings(action="ignore"):  # mutants are careless
            if differs(name, RIGHT[name], mutant):
                assert examine(name, mutant).status != "correct", text
                killed += 1
    assert killed >= 3


def differs(name: str, right, mutant) -> bool:
    """Compare two functions on inputs of our own, other ones than those of the check.

    Where many answers are right, IS_RIGHT says without the checker whether this is one.
    """
    exercise_name = name.split("__")[0]
    if exercise_name in IS_RIGHT:
        return not IS_RIGHT[exercise_name](mutant)
    for inputs in OTHER_INPUTS[exercise_name]:
        with contextlib.suppress(Exception):
            expected, result = right(*inputs), mutant(*inputs)
            if same(result, expected):
                continue
        return True
    return False


def same(result, expected) -> bool:
    if isinstance(result, tuple) and isinstance(expected, tuple):
        return len(result) == len(expected) and all(map(same, result, expected))
    if torch.is_tensor(result) and torch.is_tensor(expected):
        return result.shape == expected.shape and torch.allclose(result, expected, equal_nan=True)
    return type(result) is type(expected) and result == expected
