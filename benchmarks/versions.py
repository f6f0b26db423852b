"""Do the lessons run with the oldest and with the newest packages that requirements.txt allows?

    python -m benchmarks.versions [--only oldest|newest] [TEST ...]

Each set of packages gets an environment of its own in build/versions (3 to 8 GB; delete the folder
when you are done). With it every notebook is run, the learner's and the solved one, and then every
lesson once more in its JupyterLab in a browser; on the digits that COURSE_DATA names. Other tests,
named as for pytest (tests/test_ops.py -k conv2d), take their place, and nothing is written then.
"""

import argparse
import os
import subprocess
import sys
import venv
import xml.etree.ElementTree as ET
from pathlib import Path

from benchmarks import report
from tools import install

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "build" / "versions"
SETS = {"oldest": "requirements-oldest.txt", "newest": "requirements.txt"}
LESSONS = ["notebooks", "tests/browser/test_lab.py"]
SHOWN = ["torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "anywidget", "safetensors",
         "jupyterlab", "notebook"]  # fmt: skip
NOT_PASSED = {"failure", "error", "skipped"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the lessons with other packages.")
    parser.add_argument("--only", choices=SETS)
    parser.add_argument("tests", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    words = options.tests or LESSONS
    pythons = {name: installed(name) for name in SETS if options.only in (None, name)}
    found = {name: run(python, words) for name, python in pythons.items()}
    text = "\n\n".join([about_versions(pythons), about_tests(found)])
    if words == LESSONS and not options.only:
        report.write("versions", "The oldest and the newest packages", text)
    else:
        print(text)
    if not all(passed for tests in found.values() for _, passed in tests):
        sys.exit("Not everything passed.")


def installed(name: str) -> Path:
    """Make the environment, or bring it up to date; return its Python."""
    python = FOLDER / name / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(FOLDER / name, with_pip=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    newest = ["--upgrade", "--upgrade-strategy", "eager"]
    if install.wants_cpu_wheels() and install.is_reachable(f"{install.CPU_WHEELS}/torch/"):
        newest += ["--extra-index-url", install.CPU_WHEELS]
    wanted = ["-c", SETS[name], "-r", "requirements-dev.txt", "-r", "requirements.txt"]
    for words in ([*newest, *wanted], ["--no-deps", "--editable", "."]):
        subprocess.run([*pip, *words], cwd=PROJECT, check=True)
    return python


def run(python: Path, words: list[str]) -> list[tuple[str, bool]]:
    """Run tests with that Python: of each its file, and whether it passed."""
    record = python.parent.parent / "record.xml"
    record.unlink(missing_ok=True)
    command = [python, "tools/test.py", *words, f"--junitxml={record}"]
    subprocess.run(command, cwd=PROJECT)
    return outcomes(record)


def outcomes(record: Path) -> list[tuple[str, bool]]:
    """Read what pytest wrote down; a test that was left out did not pass."""
    return [
        (case.get("classname"), {part.tag for part in case}.isdisjoint(NOT_PASSED))
        for case in ET.parse(record).iter("testcase")
    ]


def about_versions(pythons: dict[str, Path]) -> str:
    ask = f"from importlib.metadata import version; print(*map(version, {SHOWN}))"
    answers = [subprocess.check_output([python, "-c", ask], text=True).split()
               for python in pythons.values()]  # fmt: skip
    return report.table(["package", *pythons], list(zip(SHOWN, *answers, strict=True)))


def about_tests(found: dict[str, list[tuple[str, bool]]]) -> str:
    files = sorted({file for tests in found.values() for file, _ in tests})
    rows = [[file, *(tally(tests, file) for tests in found.values())] for file in files]
    return report.table(["passed", *found], rows)


def tally(tests: list[tuple[str, bool]], file: str) -> str:
    own = [passed for name, passed in tests if name == file]
    return f"{sum(own)} of {len(own)}"


if __name__ == "__main__":
    main()
