"""Guesses: what Python keeps of them. What is seen is tested in tests/browser."""

import pytest
import traitlets

from course_utils.lesson import claim, guess


def test_a_guess_starts_without_an_answer():
    asked = guess("How many?", [0, 1])
    assert (asked.choices, asked.chosen, asked.outcome) == (["0", "1"], -1, "")


@pytest.mark.parametrize("wrong", [2, -2])
@pytest.mark.fault("a choice that is not there", "refused, the old one stays")
def test_a_choice_that_is_not_there_is_refused_and_the_old_one_stays(wrong):
    asked = guess("How many?", [0, 1])
    asked.chosen = 1
    with pytest.raises(traitlets.TraitError, match=f"to 1, got {wrong}"):
        asked.chosen = wrong
    assert asked.chosen == 1


def test_the_same_question_asked_again_keeps_the_choice_until_there_is_a_result():
    guess("How many?", [0, 1]).chosen = 1
    assert guess("How many?", [0, 1]).chosen == 1
    assert guess("How much?", [0, 1]).chosen == -1
    guess("How many?", [0, 1]).chosen = 1
    claim("one", 1, equals=1)
    assert guess("How many?", [0, 1]).chosen == -1


def test_one_choice_is_no_question():
    with pytest.raises(ValueError, match="two choices or more, got 1"):
        guess("How many?", [0])


def test_a_page_without_javascript_still_shows_question_and_choices():
    asked = guess("Is 1 < 2?", ["<yes>", "no"])
    data, _ = asked._repr_mimebundle_()
    assert data["text/plain"] == "Your guess: Is 1 < 2? <yes> / no"
    assert "Is 1 &lt; 2?" in data["text/html"]
    assert "&lt;yes&gt;" in data["text/html"]
