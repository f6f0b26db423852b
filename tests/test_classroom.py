"""The page for a server: its figures are those that were measured, its sums and its names hold."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PAGE = (PROJECT / "docs" / "classroom.md").read_text(encoding="utf-8")
REPORT = (PROJECT / "docs" / "audit" / "hub.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


HEADER, _, *RUNS = rows(REPORT)
[LIMIT] = re.findall(r"`inf` is longer than (\d+) s", REPORT)
MEASURED = {(row[0], row[1]): row for row in RUNS}


def measured(run: str, column: str, threads: str = "1") -> str:
    return MEASURED[run, threads][HEADER.index(column)]


def said(about: str) -> list[str]:
    [row] = [row for row in rows(PAGE) if row[0].startswith(about)]
    return row[1:]


@pytest.mark.parametrize(
    ("about", "learners", "column", "unit"),
    [("a learner alone: server and kernel", 1, "MB", "MB"), ("each of ten", 10, "MB", "MB"),
     ("a learner alone: the whole lesson", 1, "lesson, s", "s"),
     ("ten who run it", 10, "lesson, s", "s")],
)  # fmt: skip
def test_the_figures_of_the_page_are_those_of_the_report(about, learners, column, unit):
    figures = [measured(f"{lesson}x{learners}", column) for lesson in ("02", "06")]
    assert said(about) == [f"{figure} {unit}".replace("inf", f"over {LIMIT}") for figure in figures]


def test_no_cell_of_any_learner_failed():
    assert {row[HEADER.index("errors")] for row in RUNS} == {"0"}


def test_the_seconds_of_a_core_are_those_of_the_report():
    seconds = re.findall(r"lesson (\d\d) takes (\d+) s of a core, lesson (\d\d) (\d+) s", PAGE)[0]
    assert seconds == ("06", measured("06x1", "CPU, s"), "02", measured("02x1", "CPU, s"))


def test_what_threads_cost_is_what_was_measured():
    [shares] = re.findall(r"had run (\d+) % of the cells .*? without the cap (\d+) %", PAGE)
    assert shares == tuple(measured("06x10", "cells run, %", cap) for cap in ("1", "free"))


def test_as_many_fit_as_the_sum_says():
    sizes = [row for row in rows(PAGE) if re.fullmatch(r"\d+ GB", row[0])]
    assert [row[0] for row in sizes] == ["8 GB", "16 GB", "32 GB"]
    for machine, left, learners in sizes:
        total = int(machine.removesuffix(" GB"))
        assert (left, learners) == (f"{total} − 1 = {total - 1} GB", str(total - 1))


def test_a_learner_counts_more_than_was_measured():
    most = max(int(measured(run, "MB")) for run in ("02x1", "06x1", "02x10", "06x10"))
    assert 1.2 * most < 1000


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", PAGE))
def test_every_link_leads_to_a_file(link):
    assert (PROJECT / "docs" / link).exists()


@pytest.mark.parametrize(
    "name", ["binder/requirements.txt", "binder/postBuild", "binder/start", "tools/notebooks.py"]
)
def test_what_a_command_names_is_there(name):
    assert f"{name}" in PAGE
    assert (PROJECT / name).is_file()


@pytest.mark.parametrize("name", re.findall(r"\bCOURSE_[A-Z]+\b", PAGE))
def test_the_course_reads_what_the_page_sets(name):
    sources = (PROJECT / "course_utils").glob("*.py")
    assert any(f'environ.get("{name}")' in path.read_text(encoding="utf-8") for path in sources)


def test_every_step_says_where_it_comes_from():
    steps = re.findall(r"^\d\. .*?(?=^\d\. |^## |\Z)", PAGE, re.M | re.S)
    assert len(steps) >= 7
    for step in steps:
        assert re.search(r"\*\*\[(tried|TLJH|Z2JH|repo2docker|nbgitpuller)\]", step), step


def test_it_is_a_page():
    assert len(PAGE.splitlines()) <= 150
