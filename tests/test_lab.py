"""`make lab`: which lesson opens, and what a learner does not have to see."""

import pytest

from tools import lab


@pytest.fixture
def folder(tmp_path):
    for name in ("02_convolution.ipynb", "06_mnist.ipynb"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("lesson", "opened"),
    [("", "02_convolution"), ("06", "06_mnist"), ("6", "06_mnist"), ("2", "02_convolution")],
)
def test_a_lesson_is_found_by_its_number(folder, lesson, opened):
    assert f"--LabApp.default_url=/lab/tree/{opened}.ipynb" in lab.arguments(lesson, folder)


def test_a_lesson_that_is_not_there_is_named_with_those_that_are(folder):
    with pytest.raises(SystemExit, match="no lesson '9'.*02_convolution, 06_mnist"):
        lab.arguments("9", folder)
