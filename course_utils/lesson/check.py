"""`check.NAME(your_function)`: what an exercise says to an answer, with hints and solution."""

import importlib
import json
import os
import pkgutil
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from IPython import get_ipython
from IPython.display import Markdown, display

from course_utils.lesson import checks
from course_utils.lesson.exercise import Exercise
from course_utils.lesson.verdict import Verdict


class NotSolvedError(AssertionError):
    """An exercise is not solved, and COURSE_SOLVED=1 says that it must be."""


class Check:
    """One exercise as the learner sees it: call it with your function, or ask for a hint."""

    def __init__(self, exercise: Exercise):
        self._exercise = exercise
        self._hints_shown = 0

    def __call__(self, your_function) -> Verdict:
        """Try your function on many inputs, and show and return the verdict.

        A wrong answer never raises; with COURSE_SOLVED=1 (the test of the solutions) anything but
        a correct one raises NotSolvedError.
        """
        verdict = self._exercise.examine(your_function)
        verdict.show()
        if os.environ.get("COURSE_SOLVED") == "1" and verdict.status != "correct":
            raise NotSolvedError(f"check.{self._exercise.name}: {verdict}")
        return verdict

    def hint(self, number: int | None = None) -> None:
        """Show the next hint, or again number 1, 2 ...; from a nudge to nearly the answer.

        Raises ValueError for a number that no hint has.
        """
        hints = self._texts()["hints"]
        if number is None:
            number = min(self._hints_shown + 1, len(hints))
        if number not in range(1, len(hints) + 1):
            raise ValueError(f"the hints go from 1 to {len(hints)}, got {number!r}")
        self._hints_shown, at = max(self._hints_shown, number), number - 1
        more = (
            "" if at + 1 < len(hints) else f"The solution: `check.{self._exercise.name}.solution()`"
        )
        gap = "\n\n" if hints[at].startswith("```") else " "  # code begins on a line of its own
        say(f"**Hint {at + 1} of {len(hints)}.**{gap}{hints[at]}\n\n{more}".rstrip())

    def solution(self) -> None:
        """Show one way to do it. Yours may look different and be as good."""
        say(f"**One solution:**\n\n```python\n{self._texts()['solution']}\n```")

    def _texts(self) -> dict:
        return written()["exercises"][self._exercise.name]

    def __repr__(self):
        name = f"check.{self._exercise.name}"
        return f"{name}(your_function), {name}.hint(), {name}.solution()"


class Checks:
    """All exercises of the course by name; `dir(check)` lists them."""

    def __init__(self, exercises: list[Exercise]):
        self.__dict__ |= {exercise.name: Check(exercise) for exercise in exercises}

    def __dir__(self):
        return sorted(self.__dict__)

    def __getattr__(self, name: str):
        near = get_close_matches(name, dir(self), n=1)
        meant = f"did you mean check.{near[0]}? " if near else ""
        raise AttributeError(f"there is no exercise {name!r}; {meant}These are there: {dir(self)}")

    def __repr__(self):
        return f"check.NAME(your_function), with NAME one of {dir(self)}"


def find_exercises() -> list[Exercise]:
    """Collect the exercises of all modules in `checks`, one for each lesson."""
    names = [module.name for module in pkgutil.iter_modules(checks.__path__)]
    modules = [importlib.import_module(f"{checks.__name__}.{name}") for name in names]
    values = [value for module in modules for value in vars(module).values()]
    return [value for value in values if isinstance(value, Exercise)]


@cache
def written() -> dict:
    """Hints, solutions and quizzes, as tools/notebooks.py has collected them from the lessons."""
    text = Path(__file__).with_name("exercises.json").read_text(encoding="utf-8")
    return json.loads(text)


def say(markdown: str) -> None:
    if get_ipython():
        display(Markdown(markdown))
    else:
        print(markdown)


check = Checks(find_exercises())
