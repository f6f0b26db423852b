"""The kernel explorer in JupyterLab and in Notebook 7: page and Python stay together."""

import base64
import json

import pytest

from course_utils.widgets import KernelExplorer
from course_utils.widgets.page import page_state
from tests.browser.lab_kit import printed_when, run_cell

pytestmark = pytest.mark.browser

CELLS = [
    """import json, time
from course_utils.widgets import KernelExplorer
heard = []
explorer = KernelExplorer(kernel="identity", goal="vertical edges")
explorer.observe(lambda change: heard.append(1000 * time.time()), "kernel")
explorer""",
    "print('state', json.dumps([explorer.kernel, explorer.goal_reached, heard, explorer.view]))",
    "explorer.kernel, explorer.goal = 'Sobel y', ''",
]


def state(text: str) -> list:
    return json.loads(text.removeprefix("state "))


class Notebook:
    """The notebook of these tests, open in JupyterLab or in Notebook 7."""

    def __init__(self, page):
        self.page = page

    def wait_for_state(self, holds) -> list:
        """What Python knows once this holds: kernel, goal_reached, when it heard in ms, view."""
        return state(printed_when(self.page, 1, lambda text: holds(state(text))))

    def cell(self, row: int, column: int):
        return self.page.get_by_label(f"Weight in row {row}, column {column}")


@pytest.fixture
def notebook(first_cell_run):
    """The notebook of these tests with the widget painted."""
    first_cell_run.wait_for_selector(".cbh-explorer[data-ready]")
    return Notebook(first_cell_run)


def test_what_the_learner_does_reaches_python_and_back(notebook):
    page = notebook.page
    notebook.cell(1, 0).fill("-1")
    page.locator(".cbh-reached").wait_for()
    page.get_by_label("absolute").check()
    kernel, reached, *_ = notebook.wait_for_state(lambda state: state[3] == "abs")
    assert (kernel[1], reached) == ([-1, 1, 0], True)

    run_cell(page, 2)
    page.get_by_role("button", name="Sobel y", pressed=True).wait_for()
    assert notebook.cell(0, 1).input_value() == "−2"


def test_jupyter_leaves_the_keys_alone(notebook):
    page = notebook.page
    page.get_by_label("signed").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_label("absolute").is_checked()
    page.get_by_role("application").focus()
    place = page.locator(".cbh-panel-sum .cbh-note").first
    assert place.inner_text() == "Row 48, column 48"
    for key in ("a", "b", "d", "d", "x", "ArrowDown"):  # insert cells, delete, cut, next cell
        page.keyboard.press(key)
    page.get_by_text("Row 49, column 48", exact=True).wait_for()
    assert page.locator(".jp-Cell").count() == len(CELLS)
    notebook.cell(0, 0).fill("")
    page.keyboard.type("1.5")
    page.keyboard.press("ArrowUp")
    notebook.wait_for_state(lambda state: state[0][0] == [1.6, 0, 0])


def test_python_hears_within_250_milliseconds(notebook):
    page, delays = notebook.page, []
    for weight in range(1, 6):
        sent = page.evaluate("Date.now()")
        notebook.cell(0, 0).fill(str(weight))
        said = notebook.wait_for_state(lambda state, weight=weight: state[0][0][0] == weight)
        delays.append(said[2][-1] - sent)
    assert 0 < min(delays) <= 250  # the quickest: what else the machine does only adds


def test_python_hears_of_a_drag_at_most_ten_times_a_second_and_of_its_end(notebook):
    notebook.cell(0, 0).scroll_into_view_if_needed()
    box = notebook.cell(0, 0).bounding_box()
    mouse = notebook.page.mouse
    mouse.move(box["x"] + 4, box["y"] + 4)
    mouse.down()
    mouse.move(box["x"] + 4 + 800, box["y"] + 4, steps=100)
    mouse.up()
    heard = notebook.wait_for_state(lambda state: state[0][0] == [10, 0, 0])[2]
    assert len(heard) <= 10 * (heard[-1] - heard[0]) / 1000 + 2


CLOSE = """async ([module, state]) => {
  const { default: widget } = await import(module);
  const listening = new Set();
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on: (names) => listening.add(names),
    off: (names) => listening.delete(names),
    save_changes() {},
  };
  const close = widget.render({ model, el: document.body });
  const buttons = [...document.querySelectorAll("button")];
  close();
  buttons.find((button) => button.textContent === "Sobel x").click();
  return [[...listening], state.kernel];
}"""


def test_a_closed_view_hears_nothing_more(page):
    explorer = KernelExplorer(kernel="identity")
    module = "data:text/javascript;base64," + base64.b64encode(explorer._esm.encode()).decode()
    listening, kernel = page.evaluate(CLOSE, [module, page_state(explorer)])
    assert (listening, kernel) == ([], explorer.kernel)
