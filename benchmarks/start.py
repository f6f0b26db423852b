"""How long a learner waits: for the imports, for the digits, for a lesson's first picture.

    python -m benchmarks.start [--rounds N]

Every figure is the median over fresh processes, in which things are warm: the files lie in the
machine's memory since the first round, which does not count.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import report
from tools import notebooks

SETUP = """
from course_utils import data, mine, models, show, train
from course_utils.lesson import check, claim, guess, quiz
"""
STEPS = {
    "import torch": "import torch",
    "import course_utils": "import course_utils",
    "what the first cell of a lesson imports beside these": SETUP,
    "the digits, from the folder or the cache": "digits = data.load()",
}
TIMED = """
import time
started = time.perf_counter()
{step}
print("took", time.perf_counter() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long a learner waits.")
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    steps = [step_seconds() for _ in range(rounds + 1)][1:]
    rows = [[name, f"{median(each):.2f}"] for name, each in zip(STEPS, zip(*steps, strict=True),
                                                                 strict=True)]  # fmt: skip
    for source in notebooks.find_sources(""):
        firsts = [first_picture(source) for _ in range(3)][1:]
        rows.append([f"{source.stem}: first picture after Run All Cells", f"{median(firsts):.1f}"])
    report.write("start", "What a learner waits for", report.table(["step", "seconds"], rows))


def step_seconds() -> list[float]:
    """Run the steps in a process of their own."""
    code = "".join(TIMED.format(step=step) for step in STEPS.values())
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=notebooks.PROJECT)  # fmt: skip
    lines = made.stdout.splitlines()
    return [float(line.removeprefix("took ")) for line in lines if line.startswith("took ")]


def first_picture(source: Path) -> float:
    """Run a lesson until something is shown that is not text; the kernel stands already."""
    lesson = notebooks.twins(source)[notebooks.NOTEBOOKS / f"{source.stem}.ipynb"]
    client = notebooks.client(lesson, notebooks.CELL_SECONDS)
    with client.setup_kernel():
        started = time.perf_counter()
        for at, cell in enumerate(lesson.cells):
            client.execute_cell(cell, at)
            if any(
                set(output.get("data", {})) - {"text/plain"} for output in cell.get("outputs", [])
            ):
                return time.perf_counter() - started
    raise ValueError(f"{source.name} shows nothing but text")


if __name__ == "__main__":
    main()
