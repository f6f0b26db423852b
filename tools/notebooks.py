"""Write the notebooks from their sources, and bring a lesson back.

    python tools/notebooks.py build [LESSON]   write and run the lessons (all, or 06)
    python tools/notebooks.py refresh [LESSON] write them around the outputs that they have
    python tools/notebooks.py reset LESSON     bring one back; the learner's copy is put aside

A lesson is edited in notebooks/source alone. There a code cell tagged "exercise" is what the
learner finds, and the one tagged "solution" after it takes its place in the solution notebook.
Markdown cells tagged "hint" (to the exercise above them) and "quiz" are in neither: together with
the solutions they go to course_utils/lesson/exercises.json, where `check` and `quiz` find them.
After the title each notebook gets cells tagged "setup": tools/setup_cell.py, and the way to Colab.
"""

import argparse
import ast
import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))  # run as a file, it finds its neighbours too
from tools import repository  # noqa: E402

SETUP = Path(__file__).with_name("setup_cell.py")
NOTEBOOKS = PROJECT / "notebooks"
SOURCES = NOTEBOOKS / "source"
SOLUTIONS = NOTEBOOKS / "solutions"
MINE = NOTEBOOKS / "mine"
KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_SECONDS = 120
DRAWN = os.environ | {  # how lessons are run that others will see: with no drawing of the author's
    "COURSE_DATA": "drawn", "COURSE_STRICT": "1", "COURSE_CACHE": str(PROJECT / "build" / "cache"),
}  # fmt: skip


def twins(source: Path) -> dict[Path, nbformat.NotebookNode]:
    """Make the learner's notebook and, where there are exercises, the solved one."""
    lesson = read_source(source)
    left_out = {NOTEBOOKS / f"{source.stem}.ipynb": {"solution"}}
    if any("solution" in tags(cell) for cell in lesson.cells):
        left_out[SOLUTIONS / f"{source.stem}.ipynb"] = {"exercise"}
    return {path: assemble(lesson, path, without=parts) for path, parts in left_out.items()}


def read_source(path: Path) -> nbformat.NotebookNode:
    try:
        import jupytext  # here, because bringing a lesson back from git does without it
    except ImportError:
        sys.exit("This needs the authors' packages: python3 tools/install.py --dev")
    return jupytext.read(path)


def assemble(
    lesson: nbformat.NotebookNode, path: Path, *, without: set[str]
) -> nbformat.NotebookNode:
    kept = [cell for cell in lesson.cells if not (without & set(tags(cell)) or is_collected(cell))]
    cells = [copy.deepcopy(cell) for cell in kept]
    cells[1:1] = set_up(path.relative_to(NOTEBOOKS).with_suffix("").as_posix())
    seen = set()
    for cell in cells:
        cell.id = name_cell(cell, seen)
        cell.metadata = present(tags(cell))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)
    notebook.metadata["built_from"] = fingerprint(notebook)
    return notebook


def set_up(name: str) -> list[nbformat.NotebookNode]:
    """Make the cells that are no part of the lesson: where it opens, and what it needs there."""
    code = SETUP.read_text(encoding="utf-8").rstrip()
    cells = [nbformat.v4.new_code_cell(code)]
    if owner := repository.named():
        address = f'"COURSE_ARCHIVE", "{repository.archive(owner)}"'
        cells[0].source = code.replace('"COURSE_ARCHIVE", ""', address)
        ways = f"Open this lesson in {repository.links(owner, name)}"
        cells.insert(0, nbformat.v4.new_markdown_cell(ways))
    for cell in cells:
        cell.metadata["tags"] = ["setup"] + ["hide-input"] * (cell.cell_type == "code")
    return cells


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_collected(cell: nbformat.NotebookNode) -> bool:
    """Say whether a cell is in neither notebook, because `check` or `quiz` show it."""
    return cell.cell_type == "markdown" and not {"hint", "quiz"}.isdisjoint(tags(cell))


def collect() -> dict:
    """Gather the hints, solutions and quizzes of all lessons.

    Raises ValueError for a hint or a solution that belongs to no exercise.
    """
    gathered = {"exercises": {}, "quizzes": {}}
    for source in sorted(SOURCES.glob("*.py")):
        exercise = None
        for cell in read_source(source).cells:
            if "exercise" in tags(cell):
                exercise = {"lesson": source.stem[:2], "hints": [], "solution": ""}
                if name := checked_name(cell.source):
                    gathered["exercises"][name] = exercise
            elif is_collected(cell) and "quiz" in tags(cell):
                gathered["quizzes"].setdefault(source.stem[:2], []).append(cell.source)
            elif {"hint", "solution"} & set(tags(cell)):
                if exercise is None:
                    raise ValueError(
                        f"{source.name}: no exercise stands above this cell:\n{cell.source}"
                    )
                if "hint" in tags(cell):
                    exercise["hints"].append(cell.source)
                else:
                    exercise["solution"] = without_check(cell.source)
    return gathered


def checked_name(code: str) -> str | None:
    """Find NAME in the `check.NAME(...)` that ends an exercise."""
    match ast.parse(code).body:
        case [*_, ast.Expr(ast.Call(ast.Attribute(ast.Name("check"), name)))]:
            return name
    return None


def without_check(code: str) -> str:
    """Take the check away: a solution that is shown is a function to read."""
    lines = code.splitlines()
    return "\n".join(
        lines[: ast.parse(code).body[-1].lineno - 1] if checked_name(code) else lines
    ).rstrip()


def write_collection() -> None:
    path = PROJECT / "course_utils" / "lesson" / "exercises.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(collect()), encoding="utf-8")


def as_json(collection: dict) -> str:
    return json.dumps(collection, indent=1, ensure_ascii=False) + "\n"


def name_cell(cell: nbformat.NotebookNode, seen: set) -> str:
    """Name a cell by its content, so that building twice gives the same file."""
    number = 0
    while (name := hashlib.sha256(f"{cell.source}{number}".encode()).hexdigest()[:8]) in seen:
        number += 1
    seen.add(name)
    return name


def present(tags: list[str]) -> dict:
    """Turn our tags into what front ends understand: slides, sections that start folded."""
    metadata = {"tags": tags} if tags else {}
    if {"slide", "further"} & set(tags):
        metadata["slideshow"] = {"slide_type": "slide"}
    if "further" in tags:
        metadata["jp-MarkdownHeadingCollapsed"] = True
    if "setup" in tags:
        metadata["slideshow"] = {"slide_type": "skip"}
    if "hide-input" in tags:
        metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}  # the latter: Colab
    return metadata


def build(lesson: str) -> None:
    """Write all notebooks that fit `lesson`; the learner's are run, on the drawn digits."""
    write_collection()
    for source in find_sources(lesson):
        for path, notebook in twins(source).items():
            put_aside_edits(path)
            if path.parent == NOTEBOOKS:
                run(notebook)
            path.parent.mkdir(exist_ok=True)
            nbformat.write(notebook, path)
            print(f"{path.relative_to(PROJECT)}: {path.stat().st_size // 1024} KB")


def refresh(lesson: str) -> None:
    """Write all notebooks that fit `lesson` without running them: only their text may have changed.

    Code cells keep their outputs. Where one is new nothing is written.
    """
    made = {path: each for source in find_sources(lesson) for path, each in twins(source).items()}
    for path, notebook in made.items():
        if not keep_outputs(notebook, nbformat.read(path, as_version=4)):
            sys.exit(f"{path.name} must run, its source is newer: make notebooks")
    write_collection()
    for path, notebook in made.items():
        put_aside_edits(path)
        nbformat.write(notebook, path)


def keep_outputs(notebook: nbformat.NotebookNode, before: nbformat.NotebookNode) -> bool:
    """Take over what stands below the cells, unless a cell of the lesson is new."""
    known = {cell.id: cell for cell in before.cells if cell.cell_type == "code"}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        if cell.id in known:
            cell.outputs = known[cell.id].outputs
            cell.execution_count = known[cell.id].execution_count
    return all(cell.id in known or "setup" in tags(cell) for cell in code)


def run(notebook: nbformat.NotebookNode) -> None:
    client(notebook, CELL_SECONDS).execute(env=DRAWN)
    notebook.metadata = KERNEL | {"built_from": fingerprint(notebook)}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(still, cell.outputs) if output]
        if "hide-input" in tags(cell):
            cell.execution_count = None  # a new address makes a new cell of it, which did not run


def client(notebook: nbformat.NotebookNode, seconds: int):
    """Make what runs a notebook in its folder; a cell may take so many seconds."""
    from nbclient import NotebookClient  # here, as learners have no need of it

    where = {"metadata": {"path": str(NOTEBOOKS)}}
    return NotebookClient(notebook, timeout=seconds, resources=where, coalesce_streams=True)


def still(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Keep of an output what a page without a kernel can show."""
    if output.output_type == "stream":
        # of a progress bar, which writes over itself, nothing is left but blanks
        return output if output.name == "stdout" and output.text.strip() else None
    output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return output


def reset(lesson: str) -> None:
    """Bring the learner's notebook back as the course has it."""
    if not lesson:
        sys.exit("Which lesson? For instance: make reset LESSON=06")
    for source in find_sources(lesson):
        path = NOTEBOOKS / f"{source.stem}.ipynb"
        put_aside_edits(path)
        if not restore_from_git(path):
            nbformat.write(twins(source)[path], path)
        print(f"{path.relative_to(PROJECT)} is as new, without the outputs of your run.")


def restore_from_git(path: Path) -> bool:
    """Take the committed notebook with its pictures; a course unpacked from a zip has no git."""
    if not shutil.which("git"):
        return False
    command = ["git", "checkout", "--quiet", "HEAD", "--", str(path)]
    return subprocess.run(command, cwd=PROJECT, stderr=subprocess.DEVNULL).returncode == 0


def put_aside_edits(path: Path) -> None:
    """Keep a copy of a notebook in notebooks/mine, if its cells were edited after it was built."""
    if not path.exists() or not is_edited(path):
        return
    MINE.mkdir(exist_ok=True)
    copied = MINE / f"{path.stem}_{time.strftime('%Y-%m-%d_%H%M%S')}.ipynb"
    shutil.copy2(path, copied)
    print(f"Your version is kept as {copied.relative_to(PROJECT)}.")


def is_edited(path: Path) -> bool:
    """Compare the cells with the fingerprint that they had when the notebook was built."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):  # not readable as a notebook: keep it in any case
        return True
    return notebook.metadata.get("built_from") != fingerprint(notebook)


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    return hashlib.sha256(repr(contents(notebook)).encode()).hexdigest()


def fingerprint_with_package(notebook: nbformat.NotebookNode) -> str:
    """Change whenever what a lesson shows may change: with the lesson, and with the package."""
    digest = hashlib.sha256(fingerprint(notebook).encode())
    for file in sorted((PROJECT / "course_utils").rglob("*.*")):
        if file.suffix in (".py", ".mjs", ".css", ".json", ".safetensors"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def contents(notebook: nbformat.NotebookNode) -> list[tuple]:
    return [(cell.cell_type, cell.source, tags(cell)) for cell in notebook.cells]


def find_sources(lesson: str) -> list[Path]:
    number = f"{lesson:0>2}" if lesson.isdigit() else lesson  # 6 is lesson 06
    found = sorted(SOURCES.glob(f"{number}*.py"))
    if not found:
        names = ", ".join(path.stem for path in sorted(SOURCES.glob("*.py")))
        sys.exit(f"There is no lesson {lesson!r}. These are there: {names}.")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the notebooks, or bring a lesson back.")
    parser.add_argument("action", choices=["build", "refresh", "reset"])
    parser.add_argument("lesson", nargs="?", default="")
    options = parser.parse_args()
    {"build": build, "refresh": refresh, "reset": reset}[options.action](options.lesson)


if __name__ == "__main__":
    main()
