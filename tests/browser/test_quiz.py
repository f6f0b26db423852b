"""Quizzes and verdicts as a learner meets them: in JupyterLab, and in a saved page."""

import pytest

from course_utils.lesson import quiz
from tests.browser.lab_kit import run

pytestmark = pytest.mark.browser

TEXT = """## Is `1 < 2`?
- [ ] No, <b>never</b>
  Count again.
- [x] Yes
  Two is one more.
- [ ] Both
  It cannot be both.

## Is 2 < 1?
- [x] No
  One comes first.
- [ ] Yes
  It is the other way round.
"""


def try_by_mouse(page):
    """Pick a wrong choice and then the right one, and read what they say."""
    page.wait_for_selector(".cbh-quiz[data-ready]")
    page.get_by_text("Pick what you think; every choice answers.").wait_for()
    first, second = page.get_by_role("group").all()
    first.get_by_role("button", name="No, <b>never</b>").click()
    first.get_by_text("No. Count again.").wait_for()
    page.get_by_text("0 of 2 answered, 0 at the first try.").wait_for()
    first.get_by_role("button", name="Yes").click()
    first.get_by_text("Right. Two is one more.").wait_for()
    second.get_by_role("button", name="No").click()
    page.get_by_text("2 of 2 answered, 1 at the first try.").wait_for()
    assert first.locator("code").inner_text() == "1 < 2"
    page.get_by_role("button", name="Start again").click()
    page.get_by_text("Pick what you think; every choice answers.").wait_for()
    assert page.locator(".cbh-quiz-feedback:not(:empty)").count() == 0


def try_by_keyboard(page):
    """Walk with arrows, pick with Enter and with the space bar, go on with Tab."""
    page.get_by_role("button", name="No, <b>never</b>").focus()
    for key in ("ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("No. It cannot be both.").wait_for()
    for key in ("ArrowUp", "Space"):
        page.keyboard.press(key)
    page.get_by_text("Right. Two is one more.").wait_for()
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("Right. One comes first.").wait_for()
    page.get_by_text("2 of 2 answered, 1 at the first try.").wait_for()


@pytest.fixture
def notebook(write_notebook):
    """A notebook with a quiz and a check."""
    return write_notebook("quiz", [
        f"from course_utils.lesson import check, quiz\nquiz({TEXT!r})",
        "check.convolve(lambda image, kernel: image)",
    ])  # fmt: skip


def test_a_quiz_works_in_jupyterlab_by_mouse_and_by_keyboard(open_notebook, notebook):
    page = open_notebook(notebook)
    run(page, "notebook:run-cell-and-select-next")
    try_by_mouse(page)
    try_by_keyboard(page)
    for key in ("a", "b", "d", "d", "y"):  # insert above, below, delete, to code
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == 2


def test_a_quiz_that_is_run_again_keeps_what_was_picked(open_notebook, notebook):
    page = open_notebook(notebook)
    run(page, "notebook:run-cell-and-select-next")
    page.get_by_role("button", name="No, <b>never</b>").click()
    page.get_by_text("No. Count again.").wait_for()
    page.evaluate("() => document.querySelector('.cbh-quiz').classList.add('the-first')")
    run(page, "notebook:run-cell-and-select-next")  # the click has made this cell the active one
    page.wait_for_selector(".cbh-quiz[data-ready]:not(.the-first)")
    page.get_by_text("0 of 2 answered, 0 at the first try.").wait_for()
    page.get_by_text("No. Count again.").wait_for()


def test_a_verdict_is_shown_once_though_the_check_is_the_last_line(open_notebook, notebook):
    page = open_notebook(notebook)
    run(page, "notebook:run-cell-and-select-next")
    run(page, "notebook:run-cell-and-select-next")
    page.get_by_text("Not yet:").first.wait_for()
    assert page.get_by_text("Not yet:").count() == 1
    assert page.get_by_text("what came out, shape (1, 2)").count() == 1


def test_a_saved_quiz_works_without_python_and_without_a_network(page, tmp_path):
    page.context.set_offline(True)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(quiz(TEXT).to_html(tmp_path / "quiz.html").as_uri())
    try_by_mouse(page)
    try_by_keyboard(page)
    assert [url for url in asked if not url.startswith("file:")] == []


def test_without_javascript_the_answers_are_folded_and_can_be_opened(browser, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(quiz(TEXT).to_html(tmp_path / "quiz.html").as_uri())
    answer = page.get_by_text("Two is one more.")
    assert not answer.is_visible()
    page.get_by_text("Answer", exact=True).first.click()
    assert answer.is_visible()
    context.close()
