"""What goes wrong, what the course then does, and the test that tries it: docs/reliability.md.

    python -m tools.faults    run every test marked `fault`, print the table, and write it

A test is marked with what is done wrong and what is to happen:

    @pytest.mark.fault("a stride of 0", "ValueError that names it")

Nothing is written where a test fails.
"""

import os
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tools import browser

PROJECT = Path(__file__).resolve().parent.parent
TABLE = PROJECT / "docs" / "reliability.md"
AREAS = {
    r"test_ops": "Operations by hand",
    r"test_(train|augment|checkpoint|command_line|parallel|weights)": "Training",
    r"browser/|test_(widgets|draw_pad|network|\w*explorer|conv_stepper|feature_maps|messages|hostile)":
        "Widgets and pages",
    r"test_(check|claim|quiz|guess)": "Claims and checkers",
    r"test_(data|mnist|cache|handwriting|mine|environment|install)": "Data, files and machines",
    r"": "Notebooks",
}  # fmt: skip
TEXT = """# What can go wrong

Each row is a fault that somebody tried on purpose: what is done wrong, what the course does then, the test that does it at every change, and how many cases of it passed. `python -m tools.faults` runs them all and makes this page.

{rows}

{total}
"""  # noqa: E501


class Faults:
    """A plugin of pytest that picks the marked tests and notes how each of them went."""

    def __init__(self):
        self.rows: dict[str, tuple[str, str]] = {}  # name of a test -> fault, what is expected
        self.cases = defaultdict(Counter)  # name of a test -> how many passed and failed

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if item.get_closest_marker("fault")]
        for item in items:
            self.rows[name_of(item.nodeid)] = item.get_closest_marker("fault").args

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            self.cases[name_of(report.nodeid)][report.outcome] += 1


def name_of(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def area_of(name: str) -> str:
    return next(area for pattern, area in AREAS.items() if re.search(pattern, name))


def table(faults: Faults) -> str:
    """Lay out the rows, area by area."""
    parts = []
    for area in dict.fromkeys(AREAS.values()):
        names = [name for name in faults.rows if area_of(name) == area]
        lines = [f"## {area}", "", "| fault | what happens | test | cases |", "|---|---|---|---:|"]
        lines += [row(name, *faults.rows[name], faults.cases[name]) for name in names]
        parts += ["\n".join(lines)] if names else []
    passed = sum(cases["passed"] for cases in faults.cases.values())
    total = f"{len(faults.rows)} faults, {passed} cases, all as expected."
    return TEXT.format(rows="\n\n".join(parts), total=total)


def row(name: str, fault: str, expected: str, cases: Counter) -> str:
    file, _, test = name.rpartition("::")
    return f"| {fault} | {expected} | [{test}](../{file}) | {cases['passed']} |"


def main(words: list[str]) -> int:
    faults = Faults()
    os.environ["CHROMIUM"] = browser.find_or_install()
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:nbval", *words, "tests"]
    code = pytest.main(options, plugins=[faults])
    if code == 0:
        TABLE.write_text(table(faults), encoding="utf-8")
        print(table(faults))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
