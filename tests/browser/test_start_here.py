"""Lesson 00 in a real browser: widgets show a sign of life, a drawn 7 is read and kept."""

import pytest

from tests.browser.lab_kit import printed, printed_when, run_cell

pytestmark = pytest.mark.browser


def test_widgets_are_alive_where_page_and_python_hear_each_other(open_anywhere, write_notebook):
    page = open_anywhere(write_notebook("pulse", [
        "from course_utils.widgets import Pulse\nPulse()",
    ]))  # fmt: skip
    run_cell(page, 0)
    page.get_by_text("Widgets are alive: the page has called, and Python has answered.").wait_for()


@pytest.mark.fault("a widget whose Python does not answer", "it says so, and what to do")
def test_a_page_without_python_says_that_nobody_answers(open_page):
    from course_utils.widgets import Pulse

    page = open_page(Pulse())
    assert "Python has not answered yet" in page.locator(".cbh-pulse").inner_text()


def test_a_seven_drawn_with_the_mouse_is_read_and_kept(open_notebook, write_notebook, tmp_path):
    page = open_notebook(write_notebook("seven", [
        f"import os\nos.environ['COURSE_CACHE'] = {str(tmp_path)!r}\n"
        "from course_utils import mine, weights\nfrom course_utils.widgets import DrawPad\n"
        "pad = DrawPad({'CNN': weights.shipped()}, show_maps=True)\npad",
        "if pad.digit.any():\n    pad.keep()\nprint((mine.seven() == pad.digit).all().item())",
    ]))  # fmt: skip
    run_cell(page, 0)
    page.wait_for_selector(".cbh-pad[data-ready]")
    assert printed(page, 1).strip() == "False"
    assert not list(tmp_path.iterdir())
    paper = page.get_by_role("application").first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    for at, (x, y) in enumerate([(0.25, 0.2), (0.7, 0.2), (0.45, 0.85)]):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=10)
        if at == 0:
            page.mouse.down()
    page.mouse.up()
    page.get_by_text("It says seven.").first.wait_for()
    assert printed_when(page, 1, lambda text: text == "True")
    assert [path.name for path in tmp_path.iterdir()] == ["my_seven.json"]
