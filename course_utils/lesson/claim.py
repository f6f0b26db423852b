"""A sentence with a number in it, checked against the number that was just measured."""

import html
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
from IPython import get_ipython
from IPython.display import display

from course_utils.lesson.guess import answer_waiting_guess

BOUNDS = {
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
    "equals": lambda value, bound: value == bound,
    "between": lambda value, bound: bound[0] <= value <= bound[1],
}


class ClaimError(AssertionError):
    """A claim does not hold, and COURSE_STRICT=1 says that it must."""


@dataclass(frozen=True)
class Claim:
    """A checked claim: `str()` gives it as text, a notebook shows it as a card."""

    sentence: str
    value: object
    relation: str
    bound: object
    guessed: str | None = None

    @property
    def holds(self) -> bool:
        return bool(BOUNDS[self.relation](self.value, self.bound))

    @property
    def verdict(self) -> str:
        return "True" if self.holds else "Not true with these settings"

    @property
    def figures(self) -> str:
        between = self.relation == "between"
        bound = " and ".join(map(readable, self.bound)) if between else readable(self.bound)
        parts = [
            f"measured {readable(self.value)}",
            f"claimed {self.relation.replace('equals', 'exactly')} {bound}",
        ]
        if self.guessed is not None:
            parts.append(f"your guess: {self.guessed}")
        return "; ".join(parts)

    def __str__(self):
        return f"{self.verdict}: {self.sentence} ({self.figures})"

    def _repr_html_(self):
        # all styles inline: each front end then shows the same card, and none of them needs our CSS
        colour, mark = ("#1a8a5a", "✓") if self.holds else ("#c75b12", "✗")
        letters = f"color-mix(in srgb, {colour} 70%, currentColor)"  # to read on light and dark
        return (
            f'<div style="border-left:4px solid {colour};padding:.35em .9em;margin:.3em 0">'
            f'<b style="color:{letters}">{mark} {self.verdict}:</b> {html.escape(self.sentence)}'
            f'<br><span style="opacity:.75">{html.escape(self.figures)}</span></div>'
        )


def claim(
    sentence: str, value, *, above=None, below=None, equals=None, between=None, answer=None
) -> None:
    """Show `sentence` with the measured `value` and the bound that it must keep to.

    Give one bound: `above` or `below` (not reached), `between` (a pair, both ends included), or
    `equals` (numbers, tuples, tensors; to the last digit). The reader's last guess is shown, too;
    `answer` says which of its choices is the right one, where the value alone would be a riddle.

    Where the claim does not hold, the card says so and the lesson goes on; with COURSE_STRICT=1
    (every notebook test) it raises ClaimError. Raises TypeError unless there is just one bound.
    """
    given = {"above": above, "below": below, "equals": equals, "between": between}
    given = {name: bound for name, bound in given.items() if bound is not None}
    if len(given) != 1:
        raise TypeError(f"claim needs one of above, below, equals, between; got {list(given)}")
    [(relation, bound)] = given.items()
    value = plain(value)
    checked = Claim(sentence, value, relation, plain(bound))
    outcome = f"It is: {answer}." if answer and checked.holds else f"Measured: {readable(value)}."
    checked = replace(checked, guessed=answer_waiting_guess(outcome))
    if get_ipython():
        display(checked)
    else:
        print(checked)
    if not checked.holds and os.environ.get("COURSE_STRICT") == "1":
        raise ClaimError(str(checked))


def plain(value):
    """Turn tensors and arrays, also within tuples and lists, into Python numbers and tuples."""
    if isinstance(value, torch.Size):
        return tuple(value)
    if hasattr(value, "tolist"):  # a tensor, a NumPy array, a NumPy number
        value = value.tolist()
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value


def readable(value) -> str:
    """Write a value as a sentence would: four figures, no trailing zeros, thousands apart."""
    if isinstance(value, bool) or not isinstance(value, int | float | tuple):
        return str(value)
    if isinstance(value, Iterable):
        return "(" + ", ".join(map(readable, value)) + ")"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
