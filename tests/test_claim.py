"""Claims: true ones, false ones, and what the learner sees of them."""

import math

import numpy as np
import pytest
import torch

from course_utils.lesson import claim, guess
from course_utils.lesson.claim import Claim, ClaimError, readable


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    monkeypatch.delenv("COURSE_STRICT", raising=False)


TRUE = [
    (3, {"above": 2}),
    (3, {"below": 4}),
    (3, {"between": (3, 4)}),
    (4, {"between": (3, 4)}),
    (torch.tensor(3), {"equals": 3}),
    (np.float64(0.5), {"equals": 0.5}),
    (torch.zeros(2, 3).shape, {"equals": (2, 3)}),
    ((torch.tensor(1), [2, 3]), {"equals": (1, (2, 3))}),
    (torch.eye(2), {"equals": torch.eye(2)}),
    (False, {"equals": False}),
]
FALSE = [
    (2, {"above": 2}),
    (4, {"below": 4}),
    (math.nan, {"above": 0}),
    (math.nan, {"below": 0}),
    (math.nan, {"equals": math.nan}),
    (5, {"between": (3, 4)}),
    (2, {"between": (3, 4)}),
    ((1, 2), {"equals": (1, 3)}),
    (torch.eye(2), {"equals": torch.ones(2, 2)}),
    (True, {"equals": False}),
]


@pytest.mark.parametrize(("value", "bound"), TRUE)
def test_a_true_claim_says_so(value, bound, capsys):
    claim("it is so", value, **bound)
    assert capsys.readouterr().out.startswith("True: it is so (measured ")


@pytest.mark.parametrize(("value", "bound"), FALSE)
def test_a_false_claim_says_so_and_goes_on(value, bound, capsys):
    claim("it is so", value, **bound)
    assert capsys.readouterr().out.startswith("Not true with these settings: it is so (measured ")


@pytest.mark.parametrize(("value", "bound"), FALSE)
def test_a_false_claim_stops_a_strict_run(value, bound, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(ClaimError, match="it is so"):
        claim("it is so", value, **bound)


@pytest.mark.parametrize("bounds", [{}, {"above": 1, "below": 2}])
def test_a_claim_without_just_one_bound_is_refused(bounds):
    with pytest.raises(TypeError, match="one of above, below, equals, between"):
        claim("it is so", 1, **bounds)


def test_value_bound_and_sentence_are_all_shown(capsys):
    claim("the corner counts once", (torch.tensor(1), 9), equals=(1, 9))
    assert capsys.readouterr().out == (
        "True: the corner counts once (measured (1, 9); claimed exactly (1, 9))\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(99.123456, "99.12"), (1342177280, "1,342,177,280"), (0.5, "0.5"), (1e-9, "1e-09"),
     ((1, 2.0), "(1, 2)"), (True, "True"), ("seven", "seven")],
)  # fmt: skip
def test_values_read_like_numbers_in_a_sentence(value, text):
    assert readable(value) == text


def test_the_last_guess_stands_beside_the_result_and_only_once(capsys):
    asked = guess("How many?", [4, 9])
    asked.chosen = 1
    claim("nine", 9, equals=9)
    claim("nine again", 9, equals=9)
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("your guess: 9)")
    assert "your guess" not in second
    assert asked.outcome == "Measured: 9."


def test_the_answer_is_given_in_the_words_of_the_guess_but_only_if_the_claim_holds():
    asked = guess("Does it move?", ["yes", "no"])
    claim("it moves", 0, equals=0, answer="yes")
    assert asked.outcome == "It is: yes."
    asked = guess("Does it move?", ["yes", "no"])
    claim("it moves", 7, equals=0, answer="yes")
    assert asked.outcome == "Measured: 7."


def test_who_runs_everything_at_once_passes_over_the_guess(capsys):
    asked = guess("How many?", [4, 9])
    claim("nine", 9, equals=9)
    assert "your guess" not in capsys.readouterr().out
    assert asked.outcome == "Measured: 9."


def test_text_never_becomes_html():
    card = Claim("<img src=x>", "<b>", "equals", "<i>", guessed="<u>")._repr_html_()
    assert not any(tag in card for tag in ("<img", "<b>&lt;b&gt;</b><b>", "<i>", "<u>"))
    assert "&lt;img src=x&gt;" in card
