"""The house: who may import whom, how long a file may be, and what must not be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
# top to bottom: a module may import from the lines below its own, and from its own package
LAYERS = [
    ["lesson", "recipes", "environment"],
    ["widgets", "show", "inside", "weights", "entrants"],
    ["train"],
    ["data", "mine"],
    ["mnist", "handwriting"],
    ["ink", "strokes"],
    ["ops", "models", "cache"],
    ["inputs"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted((PROJECT / "course_utils").rglob("*.py"))
LONGEST = {".py": 250, ".mjs": 500}


def tracked() -> list[Path]:
    """All files that git knows of, or, without git, those that are there."""
    listing = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True)
    if listing.returncode == 0:
        return [PROJECT / name for name in listing.stdout.splitlines() if (PROJECT / name).exists()]
    return [path for path in PROJECT.rglob("*") if path.is_file() and ".venv" not in path.parts]


TEXT = [path for path in tracked() if path.suffix not in (".png", ".ipynb", ".safetensors")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_arrows_between_modules_point_down(path):
    part = path.relative_to(PROJECT / "course_utils").parts[0].removesuffix(".py")
    for name in imported(path) - {part}:
        assert part == "__init__" or LEVEL[part] < LEVEL[name], f"{part} must not import {name}"


def imported(path: Path) -> set[str]:
    """The parts of our own package that a file imports, and tools, tests or benchmarks."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    ours = {name.split(".")[1] for name in names if name.startswith("course_utils.")}
    return ours | {name.split(".")[0] for name in names if re.match("tools|tests|benchmarks", name)}


@pytest.mark.parametrize("path", TEXT, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_file_of_code_is_too_long(path):
    limit = LONGEST.get(path.suffix)
    if limit and path.is_relative_to(PROJECT / "course_utils"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


# what the course is about, and therefore not plumbing
SUBSTANCE = {"ops.py", "models.py", "inside.py", "handwriting.py", "strokes.py", "ink.py"}


def test_the_plumbing_does_not_outgrow_the_lessons():
    plumbing = [p for p in MODULES if p.parent.name != "checks" and p.name not in SUBSTANCE]
    lessons = (PROJECT / "notebooks" / "source").glob("*.py")
    assert lines_in(plumbing) <= lines_in(lessons)


def lines_in(paths) -> int:
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return len([line for line in text.splitlines() if line.strip()])


FORBIDDEN = {
    "pickle": r"\bimport pickle|(?<!safetensors\.)torch\.load\(|weights_only=False",
    "eval": r"(?<![\w.])(eval|exec)\(",
    "HTML from data": r"\.innerHTML|insertAdjacentHTML|document\.write",
    "a machine's own path": r"/(home|Users)/\w+/",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_forbidden_is_in_the_code(what):
    code = [path for path in TEXT if path.suffix in (".py", ".mjs") and path != Path(__file__)]
    found = [path.name for path in code if re.search(FORBIDDEN[what], path.read_text())]
    allowed = {"test_checkpoint.py"}  # writes a pickle, to see it refused
    assert set(found) <= allowed, f"{what}: {found}"


def test_the_lock_pins_every_requirement_and_names_no_host():
    lock = (PROJECT / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([\w-]+)==[\w.]+$", lock, re.M))
    assert "://" not in lock
    for name in ("requirements.txt", "requirements-dev.txt"):
        wanted = re.findall(r"^([\w-]+)>=", (PROJECT / name).read_text(), re.M)
        assert set(wanted) <= pinned


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_its_reason(name):
    for line in (PROJECT / name).read_text().splitlines():
        assert line.startswith("#") or re.match(r"[\w-]+>=\S+ +# \w+", line), line
