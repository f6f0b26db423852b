"""The faults that are put into the code: only into code, always the same, and counted rightly."""

import pytest

from benchmarks import mutants
from benchmarks.mutants import Mutant

CODE = '''"""A text with 1 < 2 and more."""
import os  # 1 < 2
NUMBERS = [
    (1, 2), (0, 1),
]


def smaller(a, b):
    """Say whether 1 < 2."""
    # 1 < 2
    text = f"{a} < 1 and {b} or not"
    return a < b  # 1 < 2
'''


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Put faults into a text: changed(text, name) gives the lines as they read then."""
    monkeypatch.setattr(mutants, "PROJECT", tmp_path)

    def change(text: str, name: str = "code.py", each: int = 100) -> list[str]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return [mutant.after.strip() for mutant in mutants.mutants_of(name, each)]

    return change


def test_code_is_changed_and_no_comment_no_text_and_no_list_of_examples(changed):
    assert changed(CODE) == ["return a <= b  # 1 < 2"]


@pytest.mark.parametrize(("line", "wrong"), [
    ("x = a + b", "x = a - b"), ("x = a == b", "x = a != b"), ("x = a and b", "x = a or b"),
    ("x = not a", "x = a"), ("x = max(a)", "x = min(a)"), ("x = a[0]", "x = a[1]"),
    ("    raise error", "return error"), ("x = True", "x = False"), ("x = a // b", "x = a * b"),
])  # fmt: skip
def test_a_change_turns_a_line_into_its_neighbour(changed, line, wrong):
    assert wrong in changed(f"def f():\n    {line.strip()}\n")


@pytest.mark.parametrize(("line", "wrong"), [
    ("const x = a && b;", "const x = a || b;"), ("const x = a === b;", "const x = a != b;"),
    ("const x = a < b; // 1 < 2", "const x = a <= b; // 1 < 2"),
])  # fmt: skip
def test_javascript_is_changed_too(changed, line, wrong):
    assert changed(line, "code.mjs") == [wrong]


def test_the_same_places_are_drawn_every_time_and_no_more_than_asked_for(changed):
    text = "def f(a, b):\n" + "    a = a + b\n" * 50
    assert changed(text, each=7) == changed(text, each=7)
    assert len(changed(text, each=7)) == 7


def test_there_are_a_hundred_faults_and_the_files_and_tests_that_they_need():
    found = [mutant for file in mutants.TESTS for mutant in mutants.mutants_of(file, mutants.EACH)]
    assert len(set(found)) >= 100
    for pattern in " ".join(mutants.TESTS.values()).split():
        assert list(mutants.PROJECT.glob(pattern)), pattern


def test_the_report_counts_what_was_noticed_and_names_what_was_not(monkeypatch):
    monkeypatch.setattr(mutants, "TESTS", {"code.py": "tests/test_code.py"})
    seen = {Mutant("code.py", 3, "a < b", "a <= b"): True, Mutant("code.py", 9, "x", "y"): False}
    text = mutants.about(seen)
    assert "| code.py | 2 | 1 | 50 |" in text
    assert "line 9: `x` became `y`. A test is missing." in text
    assert "line 3" not in text
