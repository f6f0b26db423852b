"""What a learner does on the first evening, in a real JupyterLab in a real browser."""

import json
import re

import nbformat
import pytest

from tests.browser.conftest import PROJECT
from tests.browser.lab_kit import run

pytestmark = pytest.mark.browser
LESSONS = sorted(path.name for path in (PROJECT / "notebooks").glob("*.ipynb"))


def test_without_a_display_the_address_and_the_token_are_printed(lab):
    assert "/lab/tree/" in lab.printed
    assert len(lab.token) > 20


def test_opening_a_lesson_does_not_ask_whether_jupyterlab_should_be_built_anew(lab):
    page = lab.asked("lab").decode()
    config = json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)[1])
    assert not config["buildCheck"]  # it starts Node.js, where there is one, for each page
    assert not config["buildAvailable"]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(lab, open_notebook, name):
    page = open_notebook(name)
    run(page, "notebook:clear-all-cell-outputs")
    run(page, "notebook:run-all-cells", seconds=600)
    # painted, though older JupyterLabs hide what is far from the cell that ran last
    page.wait_for_selector(".cbh-guess[data-ready]", state="attached")
    run(page, "docmanager:save")
    saved = nbformat.read(lab.folder / name, as_version=4)
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]


def test_no_kernel_of_a_lesson_outlives_its_test(lab):
    running = {session["path"] for session in json.loads(lab.asked("api/sessions"))}
    assert not running & set(LESSONS)


@pytest.mark.parametrize("width", [1280, 640])
def test_code_is_wrapped_where_the_page_is_too_narrow_for_it(open_notebook, write_notebook, width):
    page = open_notebook(write_notebook("long", [f"x = [{', '.join(['123'] * 60)}]"]))
    page.set_viewport_size({"width": width, "height": 720})
    code = page.locator(".jp-CodeCell .cm-scroller")
    code.locator(".cm-lineWrapping").wait_for()
    assert code.evaluate("code => code.scrollWidth <= code.clientWidth")


@pytest.fixture
def guess_and_claim(write_notebook):
    """A notebook with a guess and the claim that answers it."""
    return write_notebook("guess", [
        "from course_utils.lesson import claim, guess",
        "guess('How often is the corner used?', [1, 4, 9])",
        "claim('four times', 4, equals=4)",
    ])  # fmt: skip


def test_a_guess_is_clicked_and_stands_beside_the_result(open_notebook, guess_and_claim):
    page = open_notebook(guess_and_claim)
    run(page, "notebook:run-cell-and-select-next")
    run(page, "notebook:run-cell-and-select-next")
    page.wait_for_selector(".cbh-guess[data-ready]")
    status = page.locator(".cbh-status")
    assert status.inner_text() == "Choose before you run on."

    page.get_by_role("radio", name="9").check()
    assert status.inner_text() == "You guessed 9. Now run on."

    # the click made the guess's own cell the active one, so Shift+Enter asks again first
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-Cell.jp-mod-active").filter(has_text="claim('four times'").wait_for()
    page.get_by_text("You guessed 9. Now run on.").wait_for()
    page.keyboard.press("Shift+Enter")
    page.get_by_text("measured 4; claimed exactly 4; your guess: 9").wait_for()
    page.get_by_text("You guessed 9. Measured: 4.").wait_for()
    assert page.get_by_role("radio", name="1").is_disabled()


def test_a_guess_is_made_by_keyboard_and_jupyter_leaves_the_keys_alone(
    open_notebook, guess_and_claim
):
    page = open_notebook(guess_and_claim)
    run(page, "notebook:run-cell-and-select-next")
    run(page, "notebook:run-cell-and-select-next")
    page.wait_for_selector(".cbh-guess[data-ready]")
    page.get_by_role("radio", name="1").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("You guessed 4. Now run on.").wait_for()
    for key in ("a", "b", "d", "d", "y"):  # insert above, below, delete, to code
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == 3
