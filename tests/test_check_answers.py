"""The checkers: right answers pass, wrong ones are named, and no mutant slips through."""

import contextlib
import itertools
import math
import warnings

import pytest
import torch

import tests.check_kit as kit
from course_utils.lesson import exercise
from course_utils.lesson.check import find_exercises

EXERCISES = {found.name: found for found in find_exercises()}
RIGHT, WRONG = kit.answers("right"), kit.answers("wrong")
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
    """Compare two functions on inputs of our own, other ones than those of the check."""
    if name.startswith("vertical_edge_kernel"):
        return not is_vertical_edge_kernel(mutant)
    for inputs in OTHER_INPUTS[name.split("__")[0]]:
        with contextlib.suppress(Exception):
            expected, result = right(*inputs), mutant(*inputs)
            if torch.is_tensor(result) and torch.is_tensor(expected):
                same = result.shape == expected.shape and torch.allclose(
                    result, expected, equal_nan=True
                )
            else:
                same = type(result) is type(expected) and result == expected
            if same:
                continue
        return True
    return False


def is_vertical_edge_kernel(function) -> bool:
    """Without a convolution: at a step of height 1 the answer is the sum of some of the columns."""
    try:
        kernel = function()
        steps = [
            [abs(sums[at:].sum().item()) for at in (1, 2)]
            for sums in (kernel.sum(0), kernel.sum(1))
        ]
        vertical, horizontal = map(max, steps)
        plain = abs(kernel.sum().item()) < 1e-6
        return kernel.shape == (3, 3) and plain and vertical > 0 and vertical >= 5 * horizontal
    except Exception:
        return False


def random(*shapes):
    generator = torch.Generator().manual_seed(math.prod(map(sum, shapes)))
    return [torch.randn(shape, dtype=torch.float64, generator=generator) for shape in shapes]


IMAGES = [
    random((h, w), (kh, kw))
    for h, w, kh, kw in itertools.product((2, 5), (3, 4), (1, 2), (1, 3))
]  # fmt: skip
OTHER_INPUTS = {
    "cross_correlate_1d": [random((n,), (k,)) for n, k in [(1, 1), (4, 2), (5, 5), (11, 3)]],
    "cross_correlate": IMAGES,
    "convolve": IMAGES,
    "convolve_channels": [
        random((c, 4, 5), (o, c, kh, kw), (o,))
        for c, o, kh, kw in itertools.product((1, 2), (1, 3), (1, 2), (1, 3))
    ],
    "count_parameters": list(itertools.product((1, 2, 5), repeat=3)),
}
