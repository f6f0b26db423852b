"""Exercises, hints, solutions and quizzes, from the lessons' sources to the installed package."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

import tools.notebooks as notebooks
from course_utils.lesson import check, quiz
from course_utils.lesson.check import find_exercises, written
from course_utils.lesson.quiz import find, read
from tests.check_kit import load

EXERCISES = {exercise.name: exercise for exercise in find_exercises()}
SOLVED = written()["exercises"]
QUIZZES = written()["quizzes"]
LESSON = """# %% tags=["exercise"]
def convolve(image, kernel):
    ...
check.convolve(convolve)

# %% [markdown] tags=["hint"]
# First.

# %% [markdown] tags=["hint"]
# Second.

# %% tags=["solution"]
def convolve(image, kernel):
    return 1

check.convolve(convolve)

# %% [markdown] tags=["quiz"]
# ## Yes?
# - [x] Yes
#   It is.
# - [ ] No
#   It is not.
"""


def test_the_collection_in_the_package_is_what_the_sources_give():
    path = notebooks.PROJECT / "course_utils/lesson/exercises.json"
    assert path.read_text(encoding="utf-8") == notebooks.as_json(notebooks.collect()), (
        "edit notebooks/source, then: make notebooks LESSON=02"
    )


def cells_tagged(tag: str) -> list[tuple[str, str]]:
    return [
        (source.stem, cell.source)
        for source in sorted(notebooks.SOURCES.glob("*.py"))
        for cell in notebooks.read_source(source).cells
        if tag in notebooks.tags(cell) and cell.cell_type == "code"
    ]


@pytest.mark.parametrize(("lesson", "code"), cells_tagged("exercise") + cells_tagged("solution"))
def test_an_exercise_and_its_solution_end_with_their_check(lesson, code):
    name = notebooks.checked_name(code)
    assert name in dir(check)
    assert f"def {name}(" in code


@pytest.mark.parametrize(("lesson", "code"), cells_tagged("exercise"))
def test_the_untouched_exercise_is_not_attempted(lesson, code, tmp_path):
    name = notebooks.checked_name(code)
    learner = define(name, notebooks.without_check(code), tmp_path)
    assert EXERCISES[name].examine(learner).status == "not attempted"


@pytest.mark.parametrize("name", SOLVED)
def test_the_solution_is_correct_and_there_are_hints(name, tmp_path):
    learner = define(name, SOLVED[name]["solution"], tmp_path)
    verdict = EXERCISES[name].examine(learner)
    assert str(verdict).startswith("Correct: ")
    assert "remark" not in verdict.message
    assert len(SOLVED[name]["hints"]) >= 2


def define(name: str, code: str, folder):
    path = folder / f"{name}.py"
    path.write_text(
        f"import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n{code}\n"
    )
    return load(path)[name]


def test_every_checker_of_a_written_lesson_belongs_to_an_exercise_of_it():
    for name, exercise in EXERCISES.items():
        lesson = exercise.answer.__module__[-2:]
        if list(notebooks.SOURCES.glob(f"{lesson}_*.py")):
            assert SOLVED[name]["lesson"] == lesson


@pytest.mark.parametrize("lesson", QUIZZES)
def test_a_lessons_quiz_has_four_to_six_questions_and_is_asked_in_it(lesson):
    assert 4 <= len(read(find(lesson))) <= 6
    assert quiz(lesson).questions == read(find(lesson))
    [source] = notebooks.SOURCES.glob(f"{lesson}_*.py")
    assert source.read_text(encoding="utf-8").count(f'quiz("{lesson}")') == 1


QUESTIONS = [question["choices"] for lesson in QUIZZES for question in read(find(lesson))]


@pytest.mark.parametrize(
    "gives_away",
    [
        lambda choices: max(choices, key=lambda choice: len(choice["text"]))["right"],
        lambda choices: min(choices, key=lambda choice: len(choice["text"]))["right"],
        lambda choices: choices[0]["right"],
        lambda choices: choices[-1]["right"],
    ],
    ids=["the longest", "the shortest", "the first", "the last"],
)
def test_nobody_passes_a_quiz_by_picking(gives_away):
    """Picking blindly is right as often as a die; a spread above that would be a habit of ours."""
    by_chance = sum(1 / len(choices) for choices in QUESTIONS)
    spread = sum((1 - 1 / len(choices)) / len(choices) for choices in QUESTIONS) ** 0.5
    assert sum(map(gives_away, QUESTIONS)) <= by_chance + spread


def shown_to_learners() -> list[str]:
    hints = [hint for exercise in SOLVED.values() for hint in exercise["hints"]]
    named = [name for exercise in EXERCISES.values() for name in exercise.mistakes]
    return hints + named + [text for texts in QUIZZES.values() for text in texts]


@pytest.mark.parametrize("text", shown_to_learners(), ids=lambda text: text[:40])
def test_hints_diagnoses_and_quizzes_keep_the_tone_of_the_house(text):
    assert not re.search(r"\b(simply|just|obviously|of course)\b|!(?!=)", text)


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A folder with one lesson in it, as the tool sees the project."""
    monkeypatch.setattr(notebooks, "SOURCES", tmp_path)
    source = tmp_path / "02_lesson.py"
    source.write_text(LESSON)
    return source


def test_hints_solution_and_quiz_go_to_the_package_and_not_to_the_notebooks(lesson):
    assert notebooks.collect() == {
        "exercises": {
            "convolve": {
                "lesson": "02",
                "hints": ["First.", "Second."],
                "solution": "def convolve(image, kernel):\n    return 1",
            }
        },
        "quizzes": {"02": ["## Yes?\n- [x] Yes\n  It is.\n- [ ] No\n  It is not."]},
    }
    learners, solved = (
        [cell.source for cell in made.cells if "setup" not in notebooks.tags(cell)]
        for made in notebooks.twins(lesson).values()
    )
    assert [source.count("...") for source in learners] == [1]
    assert [source.count("return 1") for source in solved] == [1]


def test_a_hint_without_an_exercise_is_refused(lesson):
    lesson.write_text(LESSON[LESSON.index("# %% [markdown]") :])
    with pytest.raises(
        ValueError, match="02_lesson.py: no exercise stands above this cell:\nFirst."
    ):
        notebooks.collect()


KERNEL_CELLS = {
    "from course_utils.lesson import check, exercise\nexercise.SECONDS = 0.3": [],
    "check.convolve(lambda image, kernel: ...)": ["Not attempted"],
    "def convolve(image, kernel):\n    while True:\n        pass\ncheck.convolve(convolve)": [
        "line 2, `while True:`"
    ],
    "verdict = check.convolve(lambda image, kernel: image)": ["Not yet"],
    "verdict": ["Not yet"],
    "check.count_parameters.hint()": ["Hint 1"],
    "check.count_parameters.solution()": ["def count_parameters"],
}


def test_in_a_notebook_each_check_is_shown_once_and_an_endless_loop_does_not_stop_it(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(notebooks.PROJECT))
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in KERNEL_CELLS]
    NotebookClient(notebook, timeout=60).execute()
    for cell, expected in zip(notebook.cells, KERNEL_CELLS.values(), strict=True):
        shown = ["".join(map(str, output.data.values())) for output in cell.outputs]
        assert len(shown) == len(expected)
        assert all(part in text for part, text in zip(expected, shown, strict=True))
