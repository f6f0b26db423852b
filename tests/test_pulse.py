"""The sign of life: Python answers each call of the page, and without one the fix is named."""

from course_utils.widgets import Pulse


def test_python_answers_what_the_page_has_called():
    pulse = Pulse()
    assert pulse.answered == 0
    pulse.set_state({"called": 3})
    assert pulse.answered == 3


def test_where_no_widget_is_shown_the_fix_stands_in_its_place():
    assert "no sign of life" in Pulse().still()
    assert "%pip install ipywidgets anywidget" in Pulse().still()
    assert repr(Pulse()) == "Pulse()"
