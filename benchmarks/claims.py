"""How far every claim is from its bound, when the dice fall differently.

    python -m benchmarks.claims [--seeds N] [--data drawn|mnist] [LESSON ...]

Every lesson is run solved, N times, each time with other seeds: those of PyTorch's generators, and
those that its loops go through. A claim whose value never changes is not one of chance, and is only
counted. The others are to be three standard deviations or more from their bound. With lessons named
(06, for instance) only these are run, and nothing is written. All lessons with 20 seeds take two
hours on two cores.
"""

import argparse
import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, stdev

from benchmarks import report
from course_utils.lesson.claim import BOUNDS, plain, readable
from tools import notebooks

SEEDS = 20
STEP = 1_000  # from run to run: loops over seeds do not meet those of the next run
WANTED = 3.0  # standard deviations


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the lessons with other seeds.")
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--data", choices=["drawn", "mnist"], default="drawn")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # a run of one lesson
    options = parser.parse_args()
    sources = [path for name in options.lessons or [""] for path in notebooks.find_sources(name)]
    if options.one is not None:
        print(json.dumps(measured(sources[0], options.one)))
        return
    if options.data == "drawn":
        os.environ["COURSE_DATA"] = "drawn"
    text = "\n\n".join(about(source, options.seeds) for source in sources)
    intro = f"""Each lesson was run {options.seeds} times with other seeds, on {options.data}
digits. "margin" is the distance of the mean from the bound, in standard deviations over the
runs; bold where it is below {WANTED:g}, with the number of runs in which the claim failed."""
    if options.lessons:
        print(text)
    else:
        report.write(f"claims_{options.data}", "Claims and chance", f"{intro}\n\n{text}",
                     command=f"claims --data {options.data}")  # fmt: skip


def about(source: Path, seeds: int) -> str:
    """Run a lesson with each seed, two at a time, and lay out its claims of chance."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        runs = list(pool.map(lambda run: in_a_process(source, run), range(seeds)))
    values = defaultdict(list)
    for run in runs:
        for sentence, relation, bound, value in run:
            values[sentence, relation, json.dumps(bound)].append(value)
    of_chance = {claim: each for claim, each in values.items() if is_of_chance(each)}
    rows = sorted((row(*claim, each) for claim, each in of_chance.items()), key=lambda r: r[0])
    header = ["claim", "bound", "mean", "spread", "margin"]
    table = report.table(header, [cells for _, cells in rows])
    same = f"{len(values) - len(rows)} claims gave the same value each time."
    return f"## {source.stem}\n\n{same}\n\n{table}"


def in_a_process(source: Path, run: int) -> list:
    command = [sys.executable, "-m", "benchmarks.claims", source.stem[:2], "--one", str(run)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    made = subprocess.run(command, cwd=notebooks.PROJECT, env=environment, capture_output=True,
                          text=True)  # fmt: skip
    if made.returncode:
        sys.exit(f"{source.name} cannot be run with seed {run}:\n{made.stderr[-2000:]}")
    return json.loads(made.stdout.splitlines()[-1])


def measured(source: Path, run: int) -> list:
    """Run a solved lesson with other seeds: (sentence, relation, bound, value) of each claim."""
    from IPython.core.interactiveshell import InteractiveShell

    from course_utils import lesson

    noted = []

    def note(sentence, value, *, answer=None, **bounds):
        [(relation, bound)] = ((name, bound) for name, bound in bounds.items() if bound is not None)
        noted.append((sentence, relation, plain(bound), plain(value)))

    lesson.claim = note
    solved = list(notebooks.twins(source).values())[-1]
    os.chdir(notebooks.NOTEBOOKS)
    shell = InteractiveShell.instance()
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in solved.cells:
            if cell.cell_type == "code":
                shell.run_cell(shifted(cell.source, STEP * run)).raise_error()
    return noted


def shifted(code: str, by: int) -> str:
    """Add to every seed in the code: manual_seed(0), seed=0, for seed in range(3)."""
    if not by:
        return code
    for before in (r"manual_seed\(", r"\bseed="):
        code = re.sub(rf"({before})(\d+)", lambda m: f"{m[1]}{int(m[2]) + by}", code)
    loop = r"(for (?:\w+, )?seed\b[^\n]*?\brange\()(\d+)\)"
    return re.sub(loop, lambda m: f"{m[1]}{by}, {by + int(m[2])})", code)


def is_of_chance(values: list) -> bool:
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
    return numbers and len(set(values)) > 1


def row(sentence: str, relation: str, bound: str, values: list[float]) -> tuple[float, list[str]]:
    """The margin of a claim, and what the table says of it."""
    bound, middle, spread = json.loads(bound), mean(values), stdev(values)
    distances = {"above": lambda: middle - bound, "below": lambda: bound - middle,
                 "between": lambda: min(middle - bound[0], bound[1] - middle),
                 "equals": lambda: -abs(middle - bound)}  # fmt: skip
    margin = distances[relation]() / spread
    failed = sum(not BOUNDS[relation](value, bound) for value in values)
    said = f"{margin:.1f}" if margin >= WANTED else f"**{margin:.1f}**, {failed} failed"
    ends = " and ".join(map(readable, bound)) if relation == "between" else readable(bound)
    cells = [sentence, f"{relation} {ends}", readable(middle), f"{spread:.2g}", said]
    return margin, [cell.replace("|", r"\|") for cell in cells]


if __name__ == "__main__":
    main()
