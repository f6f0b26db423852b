"""Everything at a glance: what each lesson and each widget costs, and how well the page computes.

    python -m benchmarks.table [--latency] [LESSON ...]

Every lesson is run from top to bottom in a kernel of its own, as learners get it and solved, on
the digits that COURSE_DATA names. Lessons are found in notebooks/source, widgets in the package,
and comparisons with PyTorch in tests/*_cases.py: the functions `compared` there. --latency adds how
soon the kernel explorer has painted, which needs a browser and two minutes. With lessons named
(06, for instance) only these are measured, and nothing is written.
"""

import argparse
import ast
import importlib
import json
import pkgutil
import re
import time
from pathlib import Path

import nbformat
import torch
from nbclient.exceptions import CellControlSignal, DeadKernelError

from benchmarks import report
from course_utils import data, lesson, widgets
from course_utils.widgets import page
from course_utils.widgets.base import CourseWidget
from tools import notebooks

TESTS = notebooks.PROJECT / "tests"
LIMITS = {"seconds": 60, "seconds, solved": 60, "peak MB": 900, "code cells": 25, "words": 2500,
          "KB": 1000}  # fmt: skip
SECONDS_AT_MOST = 600  # for a cell: what is too slow shall be measured as well
# the highest the kernel's own memory ever was; ru_maxrss would count its parent's, too
PEAK = """from pathlib import Path
print(int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024)"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure every lesson and every widget.")
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--latency", action="store_true", help="measure the kernel explorer, too")
    options = parser.parse_args()
    sources = [path for name in options.lessons or [""] for path in notebooks.find_sources(name)]
    text = "\n\n".join([about_lessons(sources), about_widgets(), about_parity()])
    if options.latency:
        from benchmarks import kernel_explorer  # needs Playwright and a browser

        text += f"\n\n## From the pointer to the picture\n\n{kernel_explorer.measure()}"
    if options.lessons:
        print(text)
    else:
        report.write("table", "Lessons and widgets at a glance", text)


# ---------------------------------------------------------------- lessons


def about_lessons(sources: list[Path]) -> str:
    rows = [{"lesson": source.stem} | counts(source) | costs(source) for source in sources]
    limits = "; ".join(f"{name} {limit:,}" for name, limit in LIMITS.items())
    _, alone = run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import torch")]))
    return f"""## Lessons

Run on the {data.load().source} digits. Code cells and words are those of the core
path, without folded sections. Bold: above what the house allows ({limits};
06, which trains on everything, may take 120 seconds). Of each peak {alone:,} MB are
`import torch` alone, PyTorch {torch.__version__}.

{report.table([*rows[0]], [[bold(*item) for item in row.items()] for row in rows])}"""


def bold(name: str, value) -> str:
    over = name in LIMITS and not isinstance(value, str) and value > LIMITS[name]
    return f"**{value}**" if over else str(value)


def costs(source: Path) -> dict:
    """Seconds and peak memory of the learner's notebook and of the solved one."""
    made = list(notebooks.twins(source).values())
    (seconds, peak), (solved, solved_peak) = run(made[0]), run(made[1]) if made[1:] else ("–", 0)
    return {"seconds": seconds, "seconds, solved": solved, "peak MB": max(peak, solved_peak)}


def run(notebook: nbformat.NotebookNode) -> tuple[float | str, int]:
    """Run all cells in a fresh kernel: (seconds without its start, peak memory in MB)."""
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    client = notebooks.client(notebook, SECONDS_AT_MOST)
    with client.setup_kernel():
        started = time.perf_counter()
        try:
            for at, cell in enumerate(notebook.cells):
                client.execute_cell(cell, at)
        except (CellControlSignal, DeadKernelError) as error:
            return f"fails: {getattr(error, 'ename', type(error).__name__)}", 0
        seconds = time.perf_counter() - started
    return round(seconds, 1), int(notebook.cells[-1].outputs[0].text)


def counts(source: Path) -> dict:
    """What a lesson has: cells and words of its core path, and claims, exercises, questions."""
    learners = notebooks.NOTEBOOKS / f"{source.stem}.ipynb"
    written = notebooks.read_source(source).cells
    made = notebooks.twins(source)[learners].cells
    made = [cell for cell in made if "setup" not in notebooks.tags(cell)]
    core = core_path(made)
    code = [cell for cell in made if cell.cell_type == "code"]
    text = "\n".join(cell.source for cell in core if cell.cell_type == "markdown")
    quizzes = "\n".join(cell.source for cell in written if "quiz" in notebooks.tags(cell))
    return {
        "code cells": sum(cell.cell_type == "code" for cell in core),
        "words": len(re.findall(r"\w[\w'’.-]*", text)),
        "claims": sum(calls(cell.source, "claim") for cell in code),
        "exercises": sum("exercise" in notebooks.tags(cell) for cell in made),
        "questions": len(re.findall("^## ", quizzes, re.MULTILINE)),
    } | committed(learners)


def core_path(cells: list) -> list:
    """All cells but those that start folded: a further section, to the next heading as high."""
    kept, folded = [], 0
    for cell in cells:
        if (level := heading_level(cell)) <= (folded or 6):
            folded = level if "further" in notebooks.tags(cell) else 0
        kept += [] if folded else [cell]
    return kept


def heading_level(cell: nbformat.NotebookNode) -> int:
    """The highest heading in a cell, 1 to 6; 7 where there is none."""
    text = re.sub("```.*?```", "", cell.source, flags=re.DOTALL)
    found = re.findall("^(#+) ", text, re.MULTILINE) if cell.cell_type == "markdown" else []
    return min(map(len, found), default=7)


def calls(code: str, name: str) -> int:
    nodes = ast.walk(ast.parse(code))
    return sum(isinstance(node, ast.Call) and getattr(node.func, "id", "") == name
               for node in nodes)  # fmt: skip


def committed(path: Path) -> dict:
    """Figures and size of the notebook as it lies in the course."""
    if not path.exists():
        return {"figures": "–", "KB": "–"}
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    figures = [output for output in outputs if re.search(r"image/(png|svg)", json.dumps(output))]
    return {"figures": len(figures), "KB": path.stat().st_size // 1024}


# ---------------------------------------------------------------- widgets


def about_widgets() -> str:
    header = ["KB", "script", "style", "default state", "saved page"]
    rows = [[kind.__name__, *sizes(kind)] for kind in kinds()]
    return f"## Widgets\n\n{report.table(header, rows)}"


def kinds() -> list[type[CourseWidget]]:
    """All classes of widgets with a script of their own."""
    for package in (widgets, lesson):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found, waiting = [], [CourseWidget]
    for kind in waiting:
        waiting += kind.__subclasses__()
        found += [kind] if "script" in vars(kind) else []
    return sorted(found, key=lambda kind: kind.__name__)


def sizes(kind: type[CourseWidget]) -> list[str]:
    """KB of its script, its style, its state when nothing is given, and its page then."""
    parts = [kind._esm, kind._css]
    try:
        widget = kind()
    except TypeError:  # there is no such widget without arguments
        return [*map(kilobytes, parts), "–", "–"]
    state = json.dumps(page.page_state(widget))
    return [kilobytes(part) for part in (*parts, state, page.html(widget, title="A widget"))]


def kilobytes(text: str) -> str:
    return f"{len(text.encode()) / 1024:.1f}"


# ---------------------------------------------------------------- parity


def about_parity() -> str:
    cases = [importlib.import_module(f"tests.{path.stem}") for path in TESTS.glob("*_cases.py")]
    groups = {name: pairs for module in cases for name, pairs in module.compared().items()}
    rows = [
        [name, len(pairs), f"{max(map(relative, pairs)):.1e}"] for name, pairs in groups.items()
    ]
    rows.append(["all", sum(row[1] for row in rows), max((row[2] for row in rows), key=float)])
    header = ["the page against PyTorch", "cases", "largest relative difference"]
    return f"## Arithmetic of the page\n\n{report.table(header, rows)}"


def relative(pair: tuple) -> float:
    """The largest difference of a case, over the largest number that PyTorch gives."""
    expected, got = pair
    scale = float(expected.abs().max())
    return float((got - expected).abs().max()) / scale if scale else float(got.abs().max())


if __name__ == "__main__":
    main()
