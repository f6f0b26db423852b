"""The table of faults: it names every test that is marked, and is made of what really passed."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tools import faults

PROJECT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| (.+) \| (.+) \| \[(\w+)\]\(\.\./(\S+)\) \| (\d+) \|$", re.MULTILINE)


def marked() -> list[tuple[str, str, str, str]]:
    """Every marked test: what is done wrong, what is to happen, its name, its file."""
    found = []
    for file in sorted((PROJECT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for mark in getattr(node, "decorator_list", []):
                if ast.unparse(mark).startswith("pytest.mark.fault("):
                    words = [word.value for word in mark.args]
                    found.append((*words, node.name, file.relative_to(PROJECT).as_posix()))
    return found


def test_the_table_has_a_row_for_every_marked_test_and_no_other():
    rows = ROW.findall(faults.TABLE.read_text(encoding="utf-8"))
    missing = Counter(marked()) - Counter(row[:4] for row in rows)
    left_over = Counter(row[:4] for row in rows) - Counter(marked())
    assert (missing, left_over) == ({}, {}), "python -m tools.faults writes the table anew"
    assert all(int(row[4]) > 0 for row in rows)


@pytest.mark.parametrize(("name", "area"), [
    ("tests/test_ops_pooling.py::test_a", "Operations by hand"),
    ("tests/test_checkpoint.py::test_a", "Training"),
    ("tests/test_check_answers.py::test_a", "Claims and checkers"),
    ("tests/browser/test_quiz.py::test_a", "Widgets and pages"),
    ("tests/test_mnist.py::test_a", "Data, files and machines"),
    ("tests/test_notebooks.py::test_a", "Notebooks"),
])  # fmt: skip
def test_a_test_belongs_to_the_area_of_its_file(name, area):
    assert faults.area_of(name) == area


def test_a_table_counts_what_passed_and_not_what_was_skipped():
    seen = faults.Faults()
    seen.rows["tests/test_ops.py::test_stride"] = ("a stride of 0", "a ValueError")
    seen.cases["tests/test_ops.py::test_stride"].update(passed=3, skipped=1)
    assert ROW.findall(faults.table(seen)) == [
        ("a stride of 0", "a ValueError", "test_stride", "tests/test_ops.py", "3")
    ]
