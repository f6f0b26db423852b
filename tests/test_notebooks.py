"""The notebooks: made from their sources, within the house rules, and safe to reset."""

import ast
import importlib.util
import re
import sys
from pathlib import Path

import nbformat
import pytest

import tools.notebooks as notebooks

SOURCES = sorted(notebooks.SOURCES.glob("*.py"))
TWINS = [(path, made) for source in SOURCES for path, made in notebooks.twins(source).items()]
NAMES = [str(path.relative_to(notebooks.NOTEBOOKS)) for path, _ in TWINS]
LESSON = """# %% [markdown]
# Text

# %% tags=["exercise"]
answer = ...

# %% tags=["solution"]
answer = 42
"""


def lesson_cells(made) -> list:
    """The cells that the source has: all but those that set the notebook up."""
    return [cell for cell in made.cells if "setup" not in notebooks.tags(cell)]


def each_notebook(function):
    return pytest.mark.parametrize(("path", "made"), TWINS, ids=NAMES)(function)


@each_notebook
def test_the_committed_notebook_is_what_its_source_gives(path, made):
    committed = nbformat.read(path, as_version=4)
    assert notebooks.contents(committed) == notebooks.contents(made), (
        f"edit notebooks/source, then: make notebooks LESSON={path.stem[:2]}"
    )


@each_notebook
def test_every_committed_notebook_is_valid_and_small(path, made):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 1_000_000


@each_notebook
def test_no_widget_state_and_no_error_is_committed(path, made):
    text = path.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget" not in text
    assert '"output_type": "error"' not in text


def test_no_notebook_lacks_a_source():
    there = {*notebooks.NOTEBOOKS.glob("*.ipynb"), *notebooks.SOLUTIONS.glob("*.ipynb")}
    assert there == {path for path, _ in TWINS}


@each_notebook
def test_code_is_not_cut_off_on_a_small_screen(path, made):
    """JupyterLab shows 108 columns on a page of 1280 pixels with its file list open."""
    cells = lesson_cells(made)
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    code += [
        shown for cell in cells for shown in re.findall(r"```\w*\n(.*?)```", cell.source, re.S)
    ]
    assert [line for text in code for line in text.splitlines() if len(line) > 100] == []


@each_notebook
def test_cells_are_short(path, made):
    for cell in made.cells:
        if cell.cell_type == "code":
            defines = re.search(r"^\s*(def|class) ", cell.source, re.MULTILINE)
            assert len(cell.source.splitlines()) <= (20 if defines else 12), cell.source


@each_notebook
def test_no_two_code_cells_follow_each_other_without_reason(path, made):
    """A guess and its experiment, an experiment and its claim, belong together; more does not."""
    in_a_row = 0
    for cell in lesson_cells(made):
        in_a_row = in_a_row + 1 if cell.cell_type == "code" else 0
        assert in_a_row <= 3, cell.source


@each_notebook
def test_every_claim_has_a_bound_that_is_not_measured_in_the_same_cell(path, made):
    for cell in made.cells:
        for call in calls(cell, "claim"):
            assert [word.arg for word in call.keywords], f"a claim without a bound: {cell.source}"


@each_notebook
def test_the_answer_of_a_claim_is_one_of_the_choices_of_the_guess_before(path, made):
    choices = []
    for cell in made.cells:
        for call in calls(cell, "guess"):
            choices = [str(choice) for choice in ast.literal_eval(call.args[1])]
        for call in calls(cell, "claim"):
            answers = [word.value.value for word in call.keywords if word.arg == "answer"]
            assert set(answers) <= set(choices), cell.source
            choices = []


def calls(cell, name: str) -> list[ast.Call]:
    if cell.cell_type != "code" or cell.source.startswith("%"):
        return []
    found = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))
    return [call for call in found if getattr(call.func, "id", None) == name]


@each_notebook
def test_the_tone_is_that_of_the_house(path, made):
    text = "\n".join(cell.source for cell in made.cells if cell.cell_type == "markdown")
    for word in ("simply", "just ", "obviously", "magic", "dive in", "of course"):
        assert word not in text.lower(), f"{word!r} in {path.name}"
    assert "!" not in re.sub(r"!\[", "", text), f"an exclamation mark in {path.name}"


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A course of one lesson, in an empty folder without git."""
    for name in ("NOTEBOOKS", "SOURCES", "SOLUTIONS", "MINE"):
        folder = tmp_path / getattr(notebooks, name).relative_to(notebooks.PROJECT)
        monkeypatch.setattr(notebooks, name, folder)
    monkeypatch.setattr(notebooks, "PROJECT", tmp_path)
    notebooks.SOURCES.mkdir(parents=True)
    (notebooks.SOURCES / "01_lesson.py").write_text(LESSON)
    notebooks.build("01")
    return tmp_path


def code_of(path: Path) -> list[str]:
    cells = lesson_cells(nbformat.read(path, as_version=4))
    return [cell.source for cell in cells if cell.cell_type == "code"]


def test_learners_get_the_exercise_and_the_solution_stands_apart(course):
    assert code_of(course / "notebooks/01_lesson.ipynb") == ["answer = ..."]
    assert code_of(course / "notebooks/solutions/01_lesson.ipynb") == ["answer = 42"]


@pytest.mark.fault(
    "a learner has made a mess of a lesson",
    "`make reset` brings it back, the edited one is kept aside",
)
def test_reset_brings_the_lesson_back_and_keeps_the_edited_one(course):
    path = course / "notebooks/01_lesson.ipynb"
    edited = path.read_text().replace("answer = ...", "answer = 41")
    path.write_text(edited)
    notebooks.reset("01")
    assert code_of(path) == ["answer = ..."]
    [kept] = (course / "notebooks/mine").iterdir()
    assert kept.read_text() == edited


@pytest.mark.fault(
    "a notebook is deleted, or its file is broken",
    "`make reset` brings it back, what was there is kept aside",
)
def test_reset_brings_back_a_deleted_and_a_broken_notebook(course):
    path = course / "notebooks/01_lesson.ipynb"
    path.unlink()
    notebooks.reset("01")
    assert code_of(path) == ["answer = ..."]
    path.write_text("not a notebook")
    notebooks.reset("01")
    assert code_of(path) == ["answer = ..."]
    assert [kept.read_text() for kept in (course / "notebooks/mine").iterdir()] == [
        "not a notebook"
    ]


@pytest.mark.fault("notebooks are built over a learner's edits", "the edited ones are kept aside")
def test_building_never_loses_a_learners_edits_and_keeps_no_copy_without_them(course):
    path = course / "notebooks/01_lesson.ipynb"
    notebooks.build("01")
    assert not (course / "notebooks/mine").exists()
    path.write_text(path.read_text().replace("answer = ...", "answer = 41"))
    notebooks.build("01")
    assert len(list((course / "notebooks/mine").iterdir())) == 1


@pytest.mark.parametrize("lesson", ["99", "x"])
def test_a_lesson_that_is_not_there_is_named_with_those_that_are(course, lesson):
    with pytest.raises(SystemExit, match=f"no lesson '{lesson}'.*01_lesson"):
        notebooks.reset(lesson)


def test_reset_without_a_lesson_asks_for_one(course):
    with pytest.raises(SystemExit, match="make reset LESSON=06"):
        notebooks.reset("")


def test_a_learners_environment_is_enough_to_bring_a_lesson_back(course, monkeypatch):
    """Without jupytext and nbclient, which the tests install and `make lab` does not."""
    path = course / "notebooks/01_lesson.ipynb"
    monkeypatch.setitem(sys.modules, "jupytext", None)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    monkeypatch.setattr(notebooks, "restore_from_git", lambda path: True)
    path.write_text(path.read_text().replace("answer = ...", "answer = 41"))
    load_anew()
    notebooks.reset("01")
    assert len(list((course / "notebooks/mine").iterdir())) == 1
    monkeypatch.setattr(notebooks, "restore_from_git", lambda path: False)
    with pytest.raises(SystemExit, match="tools/install.py --dev"):
        notebooks.reset("01")


def load_anew():
    specification = importlib.util.spec_from_file_location("loaded_anew", notebooks.__file__)
    specification.loader.exec_module(importlib.util.module_from_spec(specification))


def core(made) -> list:
    """The cells of a lesson that are not in a folded section."""
    cells, folded = [], False
    for cell in lesson_cells(made):
        if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, re.MULTILINE):
            folded = "further" in cell.metadata.get("tags", [])
        cells += [] if folded else [cell]
    return cells


@each_notebook
def test_the_core_of_a_lesson_fits_into_an_hour_in_class(path, made):
    cells = core(made)
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert sum(cell.cell_type == "code" for cell in cells) <= 25
    assert len(re.findall(r"[\w'-]+", text)) <= 2500


@each_notebook
def test_folded_sections_come_last(path, made):
    folded = ["further" in tags for tags in (cell.metadata.get("tags", []) for cell in made.cells
              if re.search(r"^## ", cell.source, re.MULTILINE))]  # fmt: skip
    assert folded == sorted(folded)
