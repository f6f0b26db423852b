"""core.mjs against PyTorch: hundreds of random cases, all answered by one run of Node.js."""

import math

import pytest
import torch
from torch import Tensor

from course_utils import handwriting
from tests.core_cases import MAKERS, Case, answered, tensor
from tests.node_kit import ask_node


@pytest.fixture(scope="module")
def cases() -> dict[str, list[tuple[Case, dict]]]:
    return answered()


@pytest.mark.parametrize("name", MAKERS)
def test_the_script_computes_what_pytorch_computes(cases, name):
    for case, answer in cases[name]:
        assert answer["shape"] == list(case.expected.shape), case
        error = (tensor(answer) - case.expected.double()).abs().max()
        assert error <= 1e-5 * case.expected.abs().max(), case


def test_there_are_at_least_300_cases_and_they_differ(cases):
    inputs = [case.args[0] for group in cases.values() for case, _ in group]
    assert len({tuple(x.flatten().tolist()) for x in inputs}) >= 300


def test_drawings_look_as_those_that_python_draws():
    drawing = handwriting.draw(40, seed=3, strokes=True, pressure=0, pen_width=2.5, size=20)
    strokes = [split(path, up) for path, up in zip(drawing.strokes, drawing.pen_up, strict=True)]
    answers = ask_node(
        "parity.mjs", [{"call": "normalizeDrawing", "args": [each]} for each in strokes]
    )
    for answer, image in zip(answers, drawing.images, strict=True):
        got = torch.tensor(answer["values"]).reshape(28, 28)
        assert overlap(got, image / 255) > 0.9


def split(path: Tensor, pen_up: Tensor) -> list:
    """Cut a path where the pen is lifted: a list of strokes, each a list of points."""
    starts = [0, *(pen_up[1:].nonzero().flatten() + 1).tolist(), len(path)]
    return [path[start:end].tolist() for start, end in zip(starts, starts[1:], strict=False)]


def overlap(first: Tensor, second: Tensor) -> float:
    """The cosine between two images, at the best of nine shifts: rounding may move one."""
    shifts = [second.roll((down, across), (0, 1)) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    return max(float((first * other).sum() / math.sqrt((first**2).sum() * (other**2).sum()))
               for other in shifts)  # fmt: skip
