"""The marks that cut a lesson into slides, and that nbconvert cuts it there.

Only the cut is tested: to be shown, such slides fetch reveal.js from the network.
"""

import html
import re
from functools import cache

import nbformat
import pytest
from nbconvert import SlidesExporter

from tools.notebooks import SOURCES, twins

LESSONS = {path.name[:2]: path for path in sorted(SOURCES.glob("*.py"))}
CELLS = 15  # on one slide, at most
each_lesson = pytest.mark.parametrize("lesson", LESSONS)


@cache
def learners_notebook(lesson: str) -> nbformat.NotebookNode:
    """The lesson as learners get it, without outputs."""
    return next(iter(twins(LESSONS[lesson]).values()))


def begins_slide(cell: nbformat.NotebookNode) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "slide"


def slides(lesson: str) -> list[list[nbformat.NotebookNode]]:
    """The cells of each slide; what stands before the first mark is no slide."""
    found = []
    for cell in learners_notebook(lesson).cells:
        if begins_slide(cell):
            found.append([])
        if found:
            found[-1].append(cell)
    return found


@each_lesson
def test_a_slide_begins_at_the_title(lesson):
    assert slides(lesson)[0][0].source.startswith("# ")


@each_lesson
def test_a_slide_begins_at_every_section(lesson):
    cells = learners_notebook(lesson).cells
    sections = [line for cell in cells if cell.cell_type == "markdown"
                for line in re.findall(r"^## .*$", cell.source, re.M)]  # fmt: skip
    begun = {cell.source.splitlines()[0] for cell in cells if begins_slide(cell)}
    assert [section for section in sections if section not in begun] == []


@each_lesson
def test_no_slide_is_endless(lesson):
    assert [slide[0].source[:60] for slide in slides(lesson) if len(slide) > CELLS] == []


def test_nbconvert_cuts_a_lesson_at_its_marks():
    page, _ = SlidesExporter().from_notebook_node(learners_notebook("02"))
    # a slide is a <section> that holds the <section> of the slides below it
    parts = re.split(r"<section[^>]*><section[^>]*>", page)[1:]
    shown = [re.search(r"<h[1-6][^>]*>(.*?)<a class", part, re.S)[1] for part in parts]
    marked = [slide[0].source.splitlines()[0].strip("# ") for slide in slides("02")]
    assert list(map(html.unescape, shown)) == marked
