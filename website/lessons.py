"""A lesson as a page: what was run is shown, what the reader can move lives on in the browser."""

import ast
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.lesson.check import written
from tools import notebooks

WIDGET = "application/vnd.jupyter.widget-view+json"
KEYS = re.compile(r"^(Run each cell with|A grey box with code is a \*\*cell).*$", re.MULTILINE)
READ = (
    "All cells of this page have been run, on digits that the course draws itself. What has knobs,"
    " buttons or numbers in boxes is alive: it computes in your browser, and nothing leaves it."
    " Where the text asks you to run, to keep or to change something, take the notebook."
)
# What the kernel says at the end: for each of our widgets its place on a page. It comes as one
# message; printed text comes in pieces, and to join megabytes of them takes minutes.
PLACES = """
from IPython.display import display
from ipywidgets.widgets.widget import _instances
from course_utils.widgets import page
from course_utils.widgets.base import CourseWidget
ours = {name: each for name, each in _instances.items() if isinstance(each, CourseWidget)}
places = {name: page.place(each) for name, each in ours.items()}
display({"application/json": places}, raw=True)
"""


def run(source: Path, kept: Path) -> NotebookNode:
    """Run the learner's notebook with its widgets' places in it; one that ran as it is, is kept."""
    notebook = notebooks.twins(source)[notebooks.NOTEBOOKS / f"{source.stem}.ipynb"]
    file = kept / f"{source.stem}.{notebooks.fingerprint_with_package(notebook)}.ipynb"
    if file.exists():
        return nbformat.read(file, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PLACES))
    notebooks.client(notebook, notebooks.CELL_SECONDS).execute(env=notebooks.DRAWN)
    places = notebook.cells.pop().outputs[0].data["application/json"]
    for output in outputs(notebook):
        place_widget(output, places)
    kept.mkdir(parents=True, exist_ok=True)
    for older in kept.glob(f"{source.stem}.*"):
        older.unlink()
    nbformat.write(notebook, file)
    return notebook


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def place_widget(output: NotebookNode, places: dict[str, str]) -> None:
    view = output.get("data", {}).pop(WIDGET, None)
    if view and view["model_id"] in places:
        output.data = {"text/html": places[view["model_id"]]}


def page(notebook: NotebookNode, ways: str) -> NotebookNode:
    """Make the page: `ways` leads from it to the notebook, below the title."""
    cells = []
    for cell in notebook.cells:
        tags = notebooks.tags(cell)
        if {"setup", "kernel"} & set(tags):
            continue  # what is of use with a kernel alone
        if cell.cell_type == "markdown":
            cell.source = KEYS.sub("", cell.source)
        cells.append(cell)
        if cell.cell_type == "code":
            dress(cell)
        if "exercise" in tags:
            cells.append(nbformat.v4.new_markdown_cell(folds(notebooks.checked_name(cell.source))))
    cells.insert(1, nbformat.v4.new_markdown_cell(f"{READ}\n\n{ways}"))
    return nbformat.v4.new_notebook(cells=cells, metadata=notebooks.KERNEL)


def dress(cell: NotebookNode) -> None:
    """Hide the code where its answer says all, and tell Sphinx what a picture shows."""
    if "exercise" in notebooks.tags(cell):
        cell.outputs = []  # that nothing was attempted
    if only_asks(cell.source):
        cell.metadata["tags"] = [*notebooks.tags(cell), "remove-input"]
    kept = [notebooks.still(output) for output in cell.outputs]
    cell.outputs = [output for output in kept if output]
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            about = output.metadata["image/png"]
            cell.metadata["mystnb"] = {
                "image": {"alt": about["alt"], "width": f"{about['width']}px", "loading": "lazy"}
            }


def only_asks(code: str) -> bool:
    """Say whether a cell is nothing but a guess or a quiz."""
    match ast.parse(code).body:
        case [ast.Expr(ast.Call(ast.Name("guess" | "quiz")))]:
            return True
    return False


def folds(name: str) -> str:
    """Offer the hints and the solution of an exercise, folded."""
    exercise = written()["exercises"][name]
    texts = {f"Hint {number}": hint for number, hint in enumerate(exercise["hints"], 1)}
    texts["A solution"] = f"```python\n{exercise['solution']}\n```"
    return "\n\n".join(
        f'<details class="fold"><summary>{title}</summary>\n\n{text}\n\n</details>'
        for title, text in texts.items()
    )
