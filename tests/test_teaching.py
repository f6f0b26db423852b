"""TEACHING.md: its plans fill their minutes, and what it names stands in the lessons."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TEXT = (PROJECT / "TEACHING.md").read_text(encoding="utf-8")
SOURCES = {path.name[:2]: path for path in (PROJECT / "notebooks" / "source").glob("*.py")}
PARTS = dict(re.findall(r"^## (\d\d) .*?$(.*?)(?=^## )", TEXT, re.M | re.S))
PACKAGE = "\n".join(path.read_text(encoding="utf-8") for kind in ("py", "mjs")
                    for path in (PROJECT / "course_utils").rglob(f"*.{kind}"))  # fmt: skip
SELECTIONS = {"60 minutes each": [60] * 6, "90 minutes": [90], "420 minutes": [420]}
each_lesson = pytest.mark.parametrize("lesson", PARTS)


def source(lesson: str) -> str:
    return SOURCES[lesson].read_text(encoding="utf-8")


def headings(lesson: str) -> set[str]:
    return set(re.findall(r"^# #+ (.*)$", source(lesson), re.M))


def plan(lesson: str) -> list[tuple[int, int, str]]:
    """The rows of a plan: from this minute, to this one, the heading."""
    rows = re.findall(r"^\| (\d+)–(\d+) \| (.*?) \|", PARTS[lesson], re.M)
    return [(int(first), int(last), heading) for first, last, heading in rows]


def slanted(text: str) -> list[str]:
    return re.findall(r"(?<!\*)\*(?!\*)([^*\n]+)(?<!\*)\*(?!\*)", text)


def plain(text: str) -> str:
    return re.sub(r"[*`]", "", text)


def test_every_lesson_has_its_part():
    assert PARTS.keys() == SOURCES.keys()


@each_lesson
def test_a_plan_fills_fifty_minutes_without_a_gap(lesson):
    starts, ends, _ = zip(*plan(lesson), strict=True)
    assert (0, *ends) == (*starts, 50)


@each_lesson
def test_what_is_left_out_at_thirty_minutes_is_twenty_minutes_of_the_plan(lesson):
    [line] = re.findall(r"^\*\*At 30 minutes\.\*\* .*$", PARTS[lesson], re.M)
    saved = re.findall(r"(?<!\*)\*(?!\*)([^*]+)\* \((\d+)(?: of (\d+))?\)", line)
    assert sum(int(minutes) for _, minutes, _ in saved) == 20
    lengths = {heading: last - first for first, last, heading in plan(lesson)}
    for heading, minutes, of in saved:
        assert lengths[heading] == int(of or minutes), heading


@each_lesson
def test_every_heading_that_it_names_stands_in_the_lesson(lesson):
    named = {heading for *_, heading in plan(lesson)} | set(slanted(PARTS[lesson]))
    assert named - headings(lesson) == set()


@each_lesson
def test_what_it_quotes_is_said_in_the_lesson_or_on_a_widget(lesson):
    said = plain(source(lesson) + PACKAGE)
    for quoted in re.findall(r'"([^"\n]+)"', plain(PARTS[lesson])):
        assert quoted in said


@each_lesson
def test_the_code_that_it_names_stands_in_the_lesson(lesson):
    for name in re.findall(r"`([A-Za-z_]\w*)`", PARTS[lesson]):
        assert name in source(lesson)


@each_lesson
def test_the_seconds_of_a_lesson_are_about_those_that_were_measured(lesson):
    table = (PROJECT / "docs" / "audit" / "table.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {lesson}_.*$", table, re.M)[0].split("|")
    measured = float(row[9].strip(" *"))
    for said in re.findall(r"[Aa]bout (\d+) seconds for all", PARTS[lesson]):
        assert int(said) == pytest.approx(measured, rel=0.3)


@pytest.mark.parametrize("title", SELECTIONS)
def test_a_selection_fills_its_minutes(title):
    [body] = re.findall(rf"^### .*{title}.*?$(.*?)(?=^### )", TEXT, re.M | re.S)
    if title == "60 minutes each":
        found = [int(a) + int(b) for a, b in re.findall(r"\| (\d+) \+ (\d+) \|", body)]
    else:
        found = [sum(map(int, re.findall(r"^\| (\d+) \|", body, re.M)))]
    assert found == SELECTIONS[title]


def test_the_tone_is_that_of_the_house():
    for word in ("simply", "just ", "obviously", "magic", "dive in", "of course"):
        assert word not in TEXT.lower()
    assert "!" not in TEXT
