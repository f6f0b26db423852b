"""The table of lessons and widgets: it finds all of them, and counts as a reader would."""

import nbformat
import pytest

from benchmarks import table
from course_utils.widgets import KernelExplorer, page

CELLS = [
    ("# Lesson", []), ("### Deeper", []), ("## Further: one", ["further"]), ("text", []),
    ("### Below it", []), ("back\n\n## Two", []), ("```python\n# no heading\n```", []),
    ("### Further: small", ["further"]), ("#### Below it", []), ("### Three", []),
    ("## Further: last", ["further"]), ("## Further: another", ["further"]), ("more", []),
]  # fmt: skip


def test_the_core_path_is_what_stands_outside_of_folded_sections():
    cells = [nbformat.v4.new_markdown_cell(text, metadata={"tags": tags}) for text, tags in CELLS]
    kept = ["# Lesson", "### Deeper", "back\n\n## Two", "```python\n# no heading\n```", "### Three"]
    assert [cell.source for cell in table.core_path(cells)] == kept


def test_every_script_that_shows_something_is_in_the_table_of_widgets():
    folder = table.notebooks.PROJECT / "course_utils"
    shown = [path.name for path in folder.rglob("*.mjs") if "export default" in path.read_text()]
    assert sorted(kind.script for kind in table.kinds()) == sorted(shown)


def test_the_size_of_a_saved_page_is_that_of_its_file(tmp_path):
    explorer = KernelExplorer()
    file = explorer.to_html(tmp_path / "page.html", title="A widget")
    assert table.sizes(KernelExplorer)[-1] == f"{file.stat().st_size / 1024:.1f}"
    assert len(page.html(explorer, title="A widget")) > 100_000


def test_every_module_of_cases_compares_the_page_with_pytorch():
    text = table.about_parity()
    assert "| conv2d | 200 |" in text
    for path in table.TESTS.glob("*_cases.py"):
        assert "def compared()" in path.read_text(), f"{path.name} is not in the table"


BOLD = [("seconds", 61, "**61**"), ("words", 9, "9"), ("seconds", "fails: X", "fails: X")]


@pytest.mark.parametrize(("name", "value", "shown"), BOLD)
def test_what_is_above_a_limit_is_bold(name, value, shown):
    assert table.bold(name, value) == shown


RUNS = [("x = bytearray(300_000_000)", 300), ("1 / 0", "fails: ZeroDivisionError"),
        ("import os; os._exit(1)", "fails: DeadKernelError")]  # fmt: skip


@pytest.mark.parametrize(("code", "outcome"), RUNS)
def test_a_notebook_is_run_for_its_memory_and_one_that_fails_does_not_end_the_table(code, outcome):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    seconds, peak = table.run(notebook)
    if isinstance(outcome, str):
        assert seconds == outcome
    else:
        assert outcome - 20 < peak < outcome + 200
        assert 0 <= seconds < 30
