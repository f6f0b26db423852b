"""How far every claim is from its bound, when the dice fall differently.

    python -m benchmarks.claims [--seeds N | --kept] [--data drawn|mnist] [LESSON ...]

Every lesson is run solved, N times, each time with other seeds: those of PyTorch's generators, and
those that its loops go through. A claim that measures the same each time is not one of chance, and
is only counted. The others are to be three standard deviations or more from their bound. Runs are
kept in build/claims until the lesson or the package changes: broken off, it goes on where it was,
and --kept reports on the runs that there are. With lessons named (06, for instance) only these are
run; on the page the others stay as they were. All with 20 seeds take two hours on two cores.
"""

import argparse
import contextlib
import datetime
import io
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from math import copysign, inf, log
from pathlib import Path
from statistics import mean, stdev

from nbformat import NotebookNode

from benchmarks import report
from course_utils.lesson.claim import BOUNDS, plain, readable
from tools import notebooks

KEPT = notebooks.PROJECT / "build" / "claims"
SEEDS = 20
STEP = 1_000  # from run to run: loops over seeds do not meet those of the next run
WANTED = 3.0  # standard deviations
INTRO = f"""Each lesson was run several times with other seeds, on {{data}} digits. "margin" is the
distance of the mean from the bound, in standard deviations over the runs (for "so many times" and
"a factor of" both in logarithms: half and twice are equally far from one); bold where it is below
{WANTED:g}, with the number of runs in which the claim failed. Seconds depend on what else runs. A
lesson is measured again when it has changed, and says when that was; the last line of the page
speaks of the lessons that were measured last."""
SECTION = re.compile(r"^## (\S+)\n.*?(?=^## |^Measured on |\Z)", re.M | re.S)
RATIO = re.compile(r"\b(times|factor|multiple)\b")


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the lessons with other seeds.")
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--kept", action="store_true", help="run nothing")
    parser.add_argument("--data", choices=["drawn", "mnist"], default="drawn")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)  # a run of one lesson
    options = parser.parse_args()
    sources = [path for name in options.lessons or [""] for path in notebooks.find_sources(name)]
    if options.one is not None:
        print(json.dumps(measured(sources[0], options.one)))
        return
    if options.data == "drawn":
        os.environ["COURSE_DATA"] = "drawn"
    lessons = [(source, folder_of(source, options.data)) for source in sources]
    if not options.kept:
        run_all(lessons, options.seeds)
    found = {source.stem: about(source, read(folder), day_of(folder)) for source, folder in lessons}
    name = f"claims_{options.data}"
    intro = INTRO.format(data=options.data)
    report.write(name, "Claims and chance", f"{intro}\n\n{joined(earlier(name), found)}",
                 command=f"claims --data {options.data}")  # fmt: skip


def earlier(name: str) -> dict[str, str]:
    """What the page says of each lesson."""
    page = report.FOLDER / f"{name}.md"
    text = page.read_text() if page.exists() else ""
    return {match[1]: match[0].strip() for match in SECTION.finditer(text)}


def joined(before: dict[str, str], found: dict[str, str | None]) -> str:
    """Put each lesson that was measured in the place of what was said of it before."""
    known = before | {lesson: text for lesson, text in found.items() if text}
    return "\n\n".join(known[lesson] for lesson in sorted(known))


def folder_of(source: Path, data: str) -> Path:
    """Name the folder of a lesson's runs; another one once the lesson or the package changes."""
    return KEPT / data / f"{source.stem}.{notebooks.fingerprint_with_package(solved(source))}"


def solved(source: Path) -> NotebookNode:
    return list(notebooks.twins(source).values())[-1]


def run_all(lessons: list[tuple[Path, Path]], seeds: int) -> None:
    """Run each lesson with each seed, unless that was done before; one run on each core."""
    tasks = [(source, folder / f"{run}.json", run) for run in range(seeds)
             for source, folder in lessons]  # fmt: skip
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda task: keep(*task), tasks))


def keep(source: Path, file: Path, run: int) -> None:
    if not file.exists():
        claims = in_a_process(source, run)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(claims))


def read(folder: Path) -> list[list]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def day_of(folder: Path) -> str:
    """Say on which day the last of the runs was made, since --kept may report later."""
    made = max((file.stat().st_mtime for file in folder.glob("*.json")), default=0)
    return datetime.date.fromtimestamp(made).isoformat()


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
    cells = solved(source).cells
    os.chdir(notebooks.NOTEBOOKS)
    shell = InteractiveShell.instance()
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
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


def about(source: Path, runs: list[list], day: str) -> str | None:
    """Lay out the claims of a lesson that measure something else with other seeds.

    None where the lesson was not run at least twice.
    """
    if len(runs) < 2:
        return None
    claims = list(zip(*runs, strict=True))  # of each claim what every run noted
    of_chance = [each for each in claims if any(value != each[0][3] for *_, value in each)]
    rows = sorted((row(each) for each in of_chance), key=lambda found: found[0])
    header = ["claim", "bound", "mean", "spread", "margin"]
    table = report.table(header, [cells for _, cells in rows])
    same = f"{len(claims) - len(rows)} claims measured the same each time"
    when = f"{len(runs)} runs, {day}"
    return f"## {source.stem}\n\n{when}; {same}.\n\n{table}"


def row(runs: list) -> tuple[float, list[str]]:
    """The margin of a claim, and what the table says of it.

    The bound may differ from run to run, too (better than the other network): then it is the
    distance between the two that is measured.
    """
    sentence, relation, bound, _ = runs[0]
    values, bounds = [run[3] for run in runs], [run[2] for run in runs]
    failed = sum(not BOUNDS[relation](value, bound) for _, _, bound, value in runs)
    ends = " and ".join(map(readable, bound)) if relation == "between" else readable(bound)
    if relation == "equals" or not all(isinstance(value, int | float) for value in values):
        said = f"**{failed} failed**" if failed else "always"
        return -failed or inf, [sentence, f"{relation} {ends}", "", "", said]
    scale = log if is_ratio(sentence, relation, values, bounds) else float
    margin = min(in_spreads(apart) for apart in distances(relation, values, bounds, scale))
    said = f"{margin:.1f}" if margin >= WANTED else f"**{margin:.1f}**, {failed} failed"
    if any(other != bound for other in bounds):
        ends = "another measured value"
    cells = [sentence, f"{relation} {ends}", readable(mean(values)), f"{stdev(values):.2g}", said]
    return margin, [cell.replace("|", r"\|") for cell in cells]


def is_ratio(sentence: str, relation: str, values: list, bounds: list) -> bool:
    """Say whether twice and half are as far apart as one and the other way round: in logarithms."""
    ends = [end for bound in bounds for end in (bound if relation == "between" else [bound])]
    return bool(RATIO.search(sentence)) and min(*values, *ends) > 0


def in_spreads(apart: list[float]) -> float:
    spread = stdev(apart)
    return mean(apart) / spread if spread else copysign(inf, mean(apart))


def distances(relation: str, values: list[float], bounds: list, scale) -> list[list[float]]:
    """How far each value is on the right side of its bound; for `between`, of either end."""
    if relation == "between":
        lows, highs = zip(*bounds, strict=True)
        return distances("above", values, lows, scale) + distances("below", values, highs, scale)
    sign = 1 if relation == "above" else -1
    pairs = zip(values, bounds, strict=True)
    return [[sign * (scale(value) - scale(bound)) for value, bound in pairs]]


if __name__ == "__main__":
    main()
