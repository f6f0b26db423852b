"""Write docs/objectives.md: what a lesson promises, and what trains or tests it.

    python -m tools.objectives           write the page
    python -m tools.objectives --check   name what is missing or out of date

Lessons name their objectives under "You will be able to". What serves which stands in
docs/objectives.toml: exercises by the name that is checked, questions and guesses by first words.
"""

import argparse
import re
import sys
import tomllib

import nbformat

from tools.notebooks import PROJECT, SOURCES, checked_name, read_source, tags

CHOSEN = PROJECT / "docs" / "objectives.toml"
PAGE = CHOSEN.with_suffix(".md")
KINDS = ("exercises", "questions", "guesses")
INTRODUCTION = """# What serves which objective?

This page lists what each lesson promises under "You will be able to", with the exercises, the quiz questions and the guesses that train or test it. `python -m tools.objectives` makes it from the lessons and `docs/objectives.toml`, and a test looks for gaps."""  # noqa: E501
PROMISES = re.compile(r"\*\*You will be able to\*\*\n((?:- .*\n)+)")
TURN = re.compile(r"^### Your turn: (.* \(\d+ minutes, \w+\))$", re.M)


def read_all() -> tuple[dict, dict]:
    """Read all lessons, and what was chosen for their objectives, both by number."""
    sources = sorted(SOURCES.glob("*.py"))
    lessons = {source.name[:2]: read_lesson(read_source(source).cells) for source in sources}
    return lessons, tomllib.loads(CHOSEN.read_text(encoding="utf-8"))


def read_lesson(cells: list[nbformat.NotebookNode]) -> dict:
    """Gather the title, the objectives, and all that can serve them, as lists of texts."""
    title = re.match(r"# \d+\. (.*)", cells[0].source)[1]
    promises = PROMISES.search(cells[0].source)[1].splitlines()
    lesson, turn = {kind: [] for kind in KINDS} | {"title": title}, ""
    lesson["objectives"] = [line[2:].rstrip(",.") for line in promises]
    for cell in cells:
        if "quiz" in tags(cell):
            lesson["questions"] += re.findall(r"^## (.*)$", cell.source, re.M)
        elif cell.cell_type == "markdown":
            turn = (TURN.findall(cell.source) or [turn])[-1]
        elif "exercise" in tags(cell) and (name := checked_name(cell.source)):
            lesson["exercises"].append(f"`{name}`: {turn}")
        else:
            lesson["guesses"] += re.findall(r'^guess\("([^"]+)"', cell.source, re.M)
    return lesson


def named(lesson: dict, kind: str, words: str) -> list[str]:
    beginning = f"`{words}`:" if kind == "exercises" else words
    return [text for text in lesson[kind] if text.startswith(beginning)] if kind in KINDS else []


def find_gaps(lessons: dict, chosen: dict) -> list[str]:
    """Name what serves nothing, what nothing serves, and what is not in the lesson at all."""
    gaps = [f"{number}: there is no such lesson" for number in chosen.keys() - lessons.keys()]
    for number, lesson in lessons.items():
        entries, used = chosen.get(number, {}), []
        for objective in entries.keys() - set(lesson["objectives"]):
            gaps.append(f"{number}: the lesson has no such objective: {objective}")
        for objective in lesson["objectives"]:
            entry = entries.get(objective, {})
            if not (entry.get("exercises") or entry.get("questions")):
                gaps.append(f"{number}: no exercise and no question serves: {objective}")
            for kind, words in [(each, words) for each in entry for words in entry[each]]:
                used += (found := named(lesson, kind, words))
                if len(found) != 1:
                    gaps.append(f"{number}: {len(found)} {kind} begin with: {words}")
        needed = lesson["exercises"] + lesson["questions"]
        gaps += [f"{number}: serves no objective: {text}" for text in needed if text not in used]
    return sorted(gaps)


def write_page(lessons: dict, chosen: dict) -> str:
    parts = [INTRODUCTION]
    for number, lesson in lessons.items():
        rows = [["objective", *KINDS], ["---"] * (1 + len(KINDS))]
        for objective in lesson["objectives"]:
            entry = chosen.get(number, {}).get(objective, {})
            cells = [[text for words in entry.get(kind, []) for text in named(lesson, kind, words)]
                     for kind in KINDS]  # fmt: skip
            rows.append([objective, *("<br>".join(cell).replace("|", "\\|") for cell in cells)])
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"## {number} {lesson['title']}\n\n{table}")
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write docs/objectives.md, or check it.")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is amiss")
    options = parser.parse_args(arguments)
    lessons, chosen = read_all()
    amiss, text = find_gaps(lessons, chosen), write_page(lessons, chosen)
    if not options.check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        amiss.append(f"{PAGE.name} is out of date; write it: python -m tools.objectives")
    sys.exit("\n".join(amiss) or None)


if __name__ == "__main__":
    main()
