"""A sign of life: whether this page can show widgets, and whether they reach Python."""

import traitlets

from course_utils.widgets.base import CourseWidget

NO_SIGN = (
    "<p>Widgets: no sign of life. If this stays after you have run the cell, the page cannot show"
    " them: run <code>%pip install ipywidgets anywidget</code> in a cell, restart the kernel and"
    " reload the page.</p>"
)


class Pulse(CourseWidget):
    """Says on the page that widgets are alive: the page has called, and Python has answered."""

    script = "pulse.mjs"
    fixed = ("answered",)
    called = traitlets.Int(0).tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)

    @traitlets.observe("called")
    def _answer(self, change) -> None:
        self.answered = change.new

    def still(self) -> str:
        return NO_SIGN

    def __repr__(self):
        return "Pulse()"
