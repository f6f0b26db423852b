"""docs/objectives.md: each objective is trained or tested, and nothing is asked for nothing."""

import copy

import jupytext
import pytest

from tools import objectives

SOURCE = """# %% [markdown]
# # 1. Sums
#
# **You will be able to**
# - add,
# - say when `a + b` is `b + a`.
#
# **You need** fingers.

# %%
guess("One and one?", ["1", "2"])

# %% [markdown]
# ### Your turn: two numbers (3 minutes, easy)

# %% tags=["exercise"]
def add(a, b):
    ...

check.add(add)

# %% tags=["solution"]
def add(a, b):
    return a + b

check.add(add)

# %% [markdown]
# Text
#
# ### Your turn: many (5 minutes, hard)

# %% tags=["exercise"]
def add_all(numbers):
    ...

check.add_all(add_all)

# %% [markdown] tags=["quiz"]
# ## When may a | b change places?
# - [x] Always
#   Yes.
"""
CHOSEN = {"01": {
    "add": {"exercises": ["add", "add_all"], "guesses": ["One and"]},
    "say when `a + b` is `b + a`": {"questions": ["When may"]},
}}  # fmt: skip


@pytest.fixture(scope="module")
def course() -> tuple[dict, dict]:
    return objectives.read_all()


@pytest.fixture
def lesson() -> dict:
    return objectives.read_lesson(jupytext.reads(SOURCE, fmt="py:percent").cells)


def test_the_page_is_what_the_tool_would_write(course):
    page = objectives.PAGE.read_text(encoding="utf-8")
    assert page == objectives.write_page(*course), "write it: python -m tools.objectives"


def test_every_objective_is_served_and_everything_serves_one(course):
    assert objectives.find_gaps(*course) == []


def test_every_lesson_has_objectives_and_every_exercise_its_minutes(course):
    for lesson in course[0].values():
        assert lesson["objectives"]
        assert all(" minutes, " in exercise for exercise in lesson["exercises"])


def test_an_entry_that_is_removed_is_missed_wherever_it_stands(course):
    lessons, chosen = course
    for number, objective in [(each, key) for each in chosen for key in chosen[each]]:
        fewer = copy.deepcopy(chosen)
        del fewer[number][objective]
        missed = f"{number}: no exercise and no question serves: {objective}"
        assert missed in objectives.find_gaps(lessons, fewer)


def test_a_lesson_is_read_with_its_minutes_and_without_its_solutions(lesson):
    assert lesson["objectives"] == ["add", "say when `a + b` is `b + a`"]
    assert lesson["exercises"] == [
        "`add`: two numbers (3 minutes, easy)", "`add_all`: many (5 minutes, hard)",
    ]  # fmt: skip
    assert lesson["questions"] == ["When may a | b change places?"]
    assert lesson["guesses"] == ["One and one?"]


def test_an_objective_is_a_row_with_all_that_serves_it(lesson):
    *_, first, second = objectives.write_page({"01": lesson}, CHOSEN).splitlines()
    assert first == (
        "| add | `add`: two numbers (3 minutes, easy)<br>`add_all`: many (5 minutes, hard)"
        " |  | One and one? |"
    )
    assert second == "| say when `a + b` is `b + a` |  | When may a \\| b change places? |  |"


def test_what_is_complete_has_no_gaps(lesson):
    assert objectives.find_gaps({"01": lesson}, CHOSEN) == []


WRONG = {
    "an exercise is removed": (
        {"add": {"exercises": ["add"]}},
        ["01: serves no objective: `add_all`: many (5 minutes, hard)"],
    ),
    "a question is removed": (
        {"say when `a + b` is `b + a`": {"exercises": ["add"]}},
        ["01: serves no objective: When may a | b change places?"],
    ),
    "a guess alone is not enough": (
        {"say when `a + b` is `b + a`": {"guesses": ["One"]}, "add": {
            "exercises": ["add", "add_all"], "questions": ["When"]}},
        ["01: no exercise and no question serves: say when `a + b` is `b + a`"],
    ),
    "a name is unknown": (
        {"add": {"exercises": ["add", "add_all", "ad"]}},
        ["01: 0 exercises begin with: ad"],
    ),
    "a question is unknown": (
        {"say when `a + b` is `b + a`": {"questions": ["When may", "Why"]}},
        ["01: 0 questions begin with: Why"],
    ),
    "a kind is unknown": (
        {"add": {"exercises": ["add", "add_all"], "claims": ["One"]}},
        ["01: 0 claims begin with: One"],
    ),
    "an objective is unknown": (
        {"divide": {"exercises": ["add"]}},
        ["01: the lesson has no such objective: divide"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "gaps"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(change, gaps, lesson):
    assert objectives.find_gaps({"01": lesson}, {"01": CHOSEN["01"] | change}) == gaps


def test_two_that_begin_alike_are_not_told_apart(lesson):
    lesson["questions"].append("When may it not?")
    gaps = objectives.find_gaps({"01": lesson}, CHOSEN)
    assert gaps == ["01: 2 questions begin with: When may"]


def test_a_lesson_that_is_not_there_is_named(lesson):
    gaps = objectives.find_gaps({"01": lesson}, CHOSEN | {"09": {}})
    assert gaps == ["09: there is no such lesson"]


@pytest.fixture
def small_course(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(objectives, "PAGE", tmp_path / "objectives.md")
    monkeypatch.setattr(objectives, "read_all", lambda: ({"01": lesson}, CHOSEN))


def run(*arguments: str) -> str | None:
    """What the tool says at its end: nothing, and the exit status is 0; else it is 1."""
    with pytest.raises(SystemExit) as end:
        objectives.main(list(arguments))
    return end.value.code


def test_what_was_written_passes_the_check_and_what_was_edited_does_not(small_course):
    assert "out of date" in run("--check")
    assert not objectives.PAGE.exists()
    assert run() is None
    assert run("--check") is None
    objectives.PAGE.write_text("edited")
    assert "out of date" in run("--check")


def test_the_check_names_gaps(small_course, monkeypatch):
    run()
    monkeypatch.setattr(objectives, "find_gaps", lambda *_: ["01: one gap", "01: another"])
    assert run("--check") == "01: one gap\n01: another"
