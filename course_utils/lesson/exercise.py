"""An exercise: the learner's function beside the right answer, on many inputs.

    @exercise(inputs=tensors([(3,), (2,)], [(6,), (3,)]), mistakes={diagnosis: wrong_answer})
    def name_of_the_exercise(signal, kernel):
        return the_right_answer

Whatever the learner's function does (raise, hang, return a string), a verdict comes out.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from course_utils.lesson import faults
from course_utils.lesson.attempt import Attempt, attempt_all, same
from course_utils.lesson.grids import Grid
from course_utils.lesson.verdict import Verdict

SECONDS = 5.0  # for all inputs together; the solutions take a few hundredths
NOT_ATTEMPTED = (
    "nothing comes out yet. Put your code in the place of the three dots, and end with `return`. "
    "`check.{name}.hint()` helps you to start."
)
LONGEST_PRINT = 500
OF_THE_KERNEL = ("kernel", "weight", "bias")  # shown in the kernel's colour


@dataclass(frozen=True)
class Exercise:
    """Compares a learner's function with `answer` on each of `inputs`, the smallest first.

    `mistakes` maps a diagnosis to the wrong answer that it describes. `judge`, where many answers
    are right, takes the result and returns what is wrong with it, or None.
    """

    answer: Callable
    inputs: list[tuple]
    mistakes: dict[str, Callable]
    judge: Callable | None = None

    @property
    def name(self) -> str:
        return self.answer.__name__

    @property
    def parameters(self) -> list[str]:
        return list(inspect.signature(self.answer).parameters)

    def examine(self, learner) -> Verdict:
        """Say what `learner` does: not attempted, correct, or wrong with the reason."""
        not_attempted = Verdict("not attempted", NOT_ATTEMPTED.format(name=self.name))
        if learner is ...:
            return not_attempted
        if fault := faults.of_function(self.name, self.parameters, learner):
            return Verdict("wrong", fault)
        attempts = attempt_all(learner, self.inputs, SECONDS)
        if faults.is_untouched(learner, attempts[0]):
            return not_attempted
        for made in attempts:
            expected = self.answer(*made.inputs)
            fault = faults.of_attempt(made, expected, self.parameters, learner)
            if fault or (fault := self.difference(made, expected, attempts)):
                return Verdict("wrong", fault, self.grids(made, expected), printed(made))
        return Verdict("correct", self.praise() + faults.remark(made, expected))

    def difference(self, made: Attempt, expected, attempts: list[Attempt]) -> str | None:
        """Say how the result differs from what was expected, or None."""
        if self.judge:
            return of_shape(made.result, expected) or self.judge(made.result)
        if same(made.result, expected):
            return None
        if named := self.recognise(attempts):
            return named
        if isinstance(expected, tuple):
            return of_first_difference(made.result, expected)
        if not isinstance(expected, torch.Tensor):
            return "the number that came out is not the expected one."
        return of_shape(made.result, expected) or of_numbers(made.result, expected)

    def recognise(self, attempts: list[Attempt]) -> str | None:
        """Find the known mistake that gives just what the learner's function gives."""
        for diagnosis, wrong_answer in self.mistakes.items():
            agreed = [agrees(wrong_answer, made) for made in attempts if not made.error]
            if True in agreed and False not in agreed:
                return diagnosis
        return None

    def grids(self, made: Attempt, expected) -> tuple[Grid, ...]:
        """Show what went in, what came out and what was expected, side by side."""
        given = tuple(
            Grid(name, "kernel" if name in OF_THE_KERNEL else "in", value)
            for name, value in zip(self.parameters, made.inputs, strict=True)
        )
        if made.error or not isinstance(made.result, type(expected)):
            return given
        if self.judge:  # what was expected is but one of many right answers
            return (*given, Grid("what came out", "out", made.result))
        pairs = [("", made.result, expected)]
        if isinstance(expected, tuple):
            pairs = [(f" ({at})", *pair) for at, pair in
                     enumerate(zip(made.result, expected, strict=False), start=1)]  # fmt: skip
        return given + tuple(
            grid
            for at, result, wanted in pairs
            for grid in (Grid(f"what came out{at}", "out", result, other=wanted),
                         Grid(f"expected{at}", "out", wanted))
        )  # fmt: skip

    def praise(self) -> str:
        count = len(self.inputs)
        return f"right for all {count} inputs that were tried." if count > 1 else "that is one."


def exercise(*, inputs: list[tuple] = ((),), mistakes=None, judge=None) -> Callable:
    """Make an exercise of the right answer; its name and parameters are the learner's."""
    return lambda answer: Exercise(answer, list(inputs), mistakes or {}, judge)


def tensors(*all_shapes: list[tuple[int, ...]], seed: int = 0) -> list[tuple]:
    """Make random float64 inputs of these shapes; small ones of whole numbers, easy to follow."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for shapes in all_shapes:
        small = sum(math.prod(shape) for shape in shapes) <= 40
        made.append(tuple(numbers(shape, small, generator) for shape in shapes))
    return made


def numbers(shape: tuple[int, ...], whole: bool, generator: torch.Generator) -> torch.Tensor:
    drawn = torch.randn(shape, dtype=torch.float64, generator=generator)
    return (
        drawn.sign() * (1 + 3 * drawn.abs()).floor() if whole else drawn
    )  # no zero: it hides errors


def of_shape(result: torch.Tensor, expected: torch.Tensor) -> str | None:
    if result.shape == expected.shape:
        return None
    wanted = tuple(expected.shape) or "one number, which has the shape ()"
    return f"the output has shape {tuple(result.shape)}; expected: {wanted}."


def of_numbers(result: torch.Tensor, expected: torch.Tensor) -> str:
    count = (~torch.isclose(result.double(), expected.double(), 1e-5, 1e-5)).sum().item()
    return f"the shape is right; {count} of {expected.numel()} numbers are not."


def of_first_difference(results: tuple, expected: tuple) -> str | None:
    """Say of several tensors which one is the first that is wrong, and in what."""
    for at, (result, wanted) in enumerate(zip(results, expected, strict=True), start=1):
        if not same(result, wanted):
            fault = of_shape(result, wanted) or of_numbers(result, wanted)
            return f"tensor {at} of the {len(expected)} that came out: {fault}"
    return None


def agrees(wrong_answer: Callable, made: Attempt) -> bool | None:
    """Compare with a known wrong answer; None where that makes no sense of the inputs."""
    try:
        return same(made.result, wrong_answer(*made.inputs))
    except RuntimeError:  # as PyTorch for a transposed kernel that is larger than the image
        return None


def printed(made: Attempt) -> str:
    text = made.printed.strip()
    return f"It printed:\n{text[:LONGEST_PRINT]}" if text else ""
