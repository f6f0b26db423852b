"""What a check says: a status, a sentence, and the numbers that show it."""

import html
import re
from dataclasses import dataclass, field

from IPython import get_ipython
from IPython.display import display

from course_utils.lesson.grids import Grid

STATUSES = {  # status -> colour, mark, title
    "correct": ("#1a8a5a", "✓", "Correct"),
    "wrong": ("#c75b12", "✗", "Not yet"),
    "not attempted": ("#2f7fc4", "○", "Not attempted"),
}


@dataclass
class Verdict:
    """The outcome of one check: `str()` gives it as text, a notebook shows it as a card."""

    status: str
    message: str
    grids: tuple[Grid, ...] = ()
    details: str = ""
    shown_in: int | None = field(default=None, repr=False, compare=False)

    def __str__(self):
        title = STATUSES[self.status][2]
        return "\n".join([f"{title}: {self.message}", *map(str, self.grids), self.details]).rstrip()

    def card(self) -> str:
        # all styles inline, as in a claim's card
        colour, mark, title = STATUSES[self.status]
        letters = f"color-mix(in srgb, {colour} 70%, currentColor)"
        grids = "".join(grid.to_html() for grid in self.grids)
        more = f'<div style="display:flex;flex-wrap:wrap;margin-top:.4em">{grids}</div>' * bool(
            grids
        )
        if self.details:
            more += (
                '<pre style="white-space:pre-wrap;overflow-wrap:anywhere;margin:.4em 0 0">'
                f"{html.escape(self.details)}</pre>"
            )
        return (
            f'<div style="border-left:4px solid {colour};padding:.35em .9em;margin:.3em 0;'
            f'overflow-x:auto"><b style="color:{letters}">{mark} {title}:</b> '
            f"{with_code(self.message)}{more}</div>"
        )

    def show(self) -> None:
        """Show the card now, wherever in its cell the check stands."""
        shell = get_ipython()
        if shell is None:
            print(self)
            return
        display({"text/html": self.card(), "text/plain": str(self)}, raw=True)
        self.shown_in = shell.execution_count

    def _ipython_display_(self):
        # a check is mostly the last line of its cell, and Jupyter shows what a last line returns:
        # there the card is shown already
        if get_ipython().execution_count != self.shown_in:
            self.show()


def with_code(text: str) -> str:
    """Turn text with `code` in it into HTML."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
