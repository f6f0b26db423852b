"""docs/concepts.md: each concept is taught where the table says."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
TABLE = (PROJECT / "docs" / "concepts.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines()
        if re.match(r"\| .* \| \d\d \|", line)]  # fmt: skip


def sections(lesson: str) -> dict[str, str]:
    """The text and code of a lesson by the heading that they stand under."""
    [source] = (PROJECT / "notebooks" / "source").glob(f"{lesson}_*.py")
    parts = re.split(r"^# ## (.*)$", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("concept", "lesson", "section", "words"), ROWS,
                         ids=[row[0] for row in ROWS])  # fmt: skip
def test_a_concept_is_taught_where_the_table_says(concept, lesson, section, words):
    assert words.lower() in sections(lesson)[section].lower()


def test_every_lesson_teaches_something():
    lessons = {path.name[:2] for path in (PROJECT / "notebooks" / "source").glob("*.py")}
    assert {lesson for _, lesson, *_ in ROWS} >= lessons - {"00"}
