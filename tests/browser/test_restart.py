"""Widgets in a real JupyterLab when the kernel is restarted, or the notebook is opened again."""

import pytest

from tests.browser.lab_kit import printed_when, run, run_cell

pytestmark = pytest.mark.browser
CELLS = [
    "from course_utils.widgets import ConvStepper\nstepper = ConvStepper()\nstepper",
    "print(globals().get('stepper') and stepper.step)",
]
STEPPER = ".cbh-stepper[data-ready]"
SESSION = "jupyterapp.shell.currentWidget.sessionContext"


@pytest.fixture
def page_of_stepper(open_notebook, write_notebook):
    """A notebook that shows a stepper at its second window."""
    page = open_notebook(write_notebook("restart", CELLS))
    run_cell(page, 0)
    step_forward(page, to="2 of 9")
    assert printed_when(page, 1, lambda text: text == "1")
    return page


def step_forward(page, to: str) -> None:
    page.locator(f"{STEPPER} [data-action='step 1']").click()
    page.locator(STEPPER).get_by_text(to, exact=True).wait_for()


@pytest.mark.fault(
    "the kernel is restarted under an open widget",
    "the page goes on computing, and the cell, run again, brings Python back",
)
def test_a_widget_outlives_its_kernel(page_of_stepper):
    page = page_of_stepper
    page.evaluate(f"() => {SESSION}.session.kernel.restart()")
    step_forward(page, to="3 of 9")
    assert printed_when(page, 1, lambda text: text == "None")
    run_cell(page, 0)
    page.locator(STEPPER).get_by_text("1 of 9", exact=True).wait_for()
    step_forward(page, to="2 of 9")
    assert printed_when(page, 1, lambda text: text == "1")


@pytest.mark.fault(
    "the notebook is saved, closed and opened again, with its kernel and without",
    "the widget is as it was left; without the kernel, its cell brings it back when it is run",
)
def test_a_widget_is_there_again_when_the_notebook_is_opened_again(page_of_stepper, opened):
    page = page_of_stepper
    run(page, "docmanager:save")
    page.reload()
    page.locator(STEPPER).get_by_text("2 of 9", exact=True).wait_for()
    step_forward(page, to="3 of 9")
    page.evaluate(f"() => {SESSION}.ready")
    assert printed_when(page, 1, lambda text: text == "2")

    notebook = page.url
    page.goto("about:blank")  # or JupyterLab's debugger complains that its kernel is gone
    for lab, name in opened:
        lab.end_kernels({name})
    page.goto(notebook)
    page.get_by_text("widget: model not found").wait_for()  # so says JupyterLab
    page.evaluate(f"() => {SESSION}.ready")
    run_cell(page, 0)
    step_forward(page, to="2 of 9")
    assert printed_when(page, 1, lambda text: text == "1")
