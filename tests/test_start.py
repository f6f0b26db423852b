"""What a learner waits for: each step is timed by itself, and a picture is more than text."""

import nbformat
import pytest

from benchmarks import start
from tools import notebooks


def test_each_step_is_timed_by_itself_in_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(start, "STEPS", {"nothing": "pass", "work": "sum(range(2_000_000))"})
    nothing, work = start.step_seconds()
    assert 0 < nothing < work


@pytest.mark.parametrize(
    ("cells", "outcome"),
    [(["print(1)", "'text'"], "shows nothing but text"), (["1", "show.Picture"], None)],
)
def test_a_lesson_is_run_until_something_is_shown_that_is_not_text(cells, outcome, monkeypatch):
    shown = [code.replace("show.Picture", SHOWN) for code in cells] + ["1 / 0"] * (not outcome)
    made = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, shown)])
    source = notebooks.find_sources("02")[0]
    monkeypatch.setattr(
        notebooks, "twins", lambda _: {notebooks.NOTEBOOKS / f"{source.stem}.ipynb": made}
    )
    if outcome:
        with pytest.raises(ValueError, match=outcome):
            start.first_picture(source)
    else:  # the cell after the picture, which would fail, is not run
        assert 0 < start.first_picture(source) < 30


SHOWN = "from IPython.display import HTML; HTML('<b>a picture</b>')"
