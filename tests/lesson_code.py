"""Run a part of a lesson: the cells that one claim needs, whole or with one thing broken."""

import ast
import runpy
from functools import cache
from pathlib import Path

import tools.notebooks as notebooks


@cache
def cells(lesson: str) -> tuple[str, ...]:
    """The code cells of the solved lesson, in their order."""
    *_, solved = notebooks.twins(notebooks.find_sources(lesson)[0]).values()
    code = [cell for cell in solved.cells if cell.cell_type == "code"]
    return tuple(cell.source for cell in code if "setup" not in notebooks.tags(cell))


def needed_for(lesson: str, sentence: str) -> list[str]:
    """The cell with the claim whose sentence begins so, after the cells that its names come from.

    Raises ValueError where not exactly one cell has such a claim.
    """
    every = cells(lesson)
    having = [at for at, cell in enumerate(every) if claims(cell, sentence)]
    if len(having) != 1:
        raise ValueError(f"{len(having)} cells of lesson {lesson} claim {sentence!r}")
    needed, wanted = having, names(every[having[0]], ast.Load)
    for at in range(having[0] - 1, -1, -1):
        given = names(every[at], ast.Store)
        if wanted & given:
            needed = [at, *needed]
            wanted = (wanted - given) | names(every[at], ast.Load)
    return [every[at] for at in needed]


def claims(cell: str, sentence: str) -> bool:
    calls = (node for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call))
    said = (call.args[0] for call in calls if getattr(call.func, "id", "") == "claim")
    return any(getattr(first, "value", "").startswith(sentence) for first in said)


def names(cell: str, context: type) -> set[str]:
    """The names that a cell reads (ast.Load), or sets and imports (ast.Store)."""
    found = set()
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, context):
            found.add(node.id)
        elif context is ast.Store and isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif context is ast.Store and isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def run(sources: list[str], folder: Path, broken: tuple[str, str] | None = None) -> dict:
    """Run the cells, after one replacement where `broken` is given; return their names.

    Raises ValueError where the text to be broken does not stand there once.
    """
    text = "\n\n".join(sources)
    if broken:
        if text.count(broken[0]) != 1:
            raise ValueError(f"{broken[0]!r} stands {text.count(broken[0])} times in the cells")
        text = text.replace(*broken)
    script = folder / "lesson.py"
    script.write_text(text, encoding="utf-8")
    return runpy.run_path(str(script))
