"""Colab: the set-up cell, and lessons run where PyTorch is and the course is not.

COLAB=all runs all lessons there, not two alone.
"""

import os
import re
import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest

import tools.notebooks as notebooks
from tests import colab_kit

LESSONS = [source.stem for source in notebooks.find_sources("")]
RUN = LESSONS if os.environ.get("COLAB") == "all" else [LESSONS[0], LESSONS[2]]


@pytest.fixture
def colab(tmp_path, monkeypatch):
    if os.name == "nt" or not colab_kit.can_build():
        pytest.skip("needs links to packages, and setuptools 77 or newer, which builds the course")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return colab_kit.make(tmp_path)


@pytest.mark.fault(
    "a notebook alone, without the course, in 2 GB and with one thread, as on Colab",
    "it installs what is missing, and runs",
)
def test_a_notebook_alone_installs_what_it_lacks_and_runs_and_the_next_one_installs_nothing(colab):
    own = colab.own()
    assert colab.installed() == set()
    fetched = ["anywidget", "safetensors", "tqdm", colab.variables["COURSE_ARCHIVE"]]
    expected_words = "".join(f"Installing {each} ...\n" for each in fetched)
    for lesson in RUN:
        after = colab.run(lesson)
        assert colab.installed() == {*colab_kit.TO_INSTALL, "convolution-by-hand"}
        assert colab.own() == own, "a package of Colab's own was touched"
        assert "".join(each.text for each in after.said) == expected_words
        expected_words = ""
        assert after.asked == ["once"], "Colab shows widgets once it was asked for its manager"
        assert after.fix == "", "what Colab has is enough"
        assert after.megabytes < 2000, "Binder ends a kernel above 2 GB"
        assert list(colab.start.iterdir()) == [], "a lesson left something lying about"
        colab.variables |= {"PIP_FIND_LINKS": str(colab.start), "COURSE_ARCHIVE": "nowhere"}


def missing(monkeypatch, *names: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name in names else name)


@pytest.fixture
def commands(monkeypatch):
    """What the set-up cell has run; nothing is, in truth."""
    ran = []
    monkeypatch.setattr(
        subprocess, "run", lambda words, **_: ran.append(words[1:]) or SimpleNamespace(returncode=0)
    )
    return ran


def test_where_all_is_there_the_cell_says_nothing_runs_nothing_and_imports_no_package():
    code = (
        "import runpy, sys, subprocess; del subprocess.run;"
        f"runpy.run_path({str(notebooks.SETUP)!r});"
        "print({'torch', 'numpy', 'course_utils'} & {*sys.modules})"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (made.stdout, made.stderr) == ("set()\n", "")


def test_only_what_is_missing_is_installed_and_the_course_last_and_alone(monkeypatch, commands):
    monkeypatch.setenv("COURSE_ARCHIVE", "course.zip")
    missing(monkeypatch, "course_utils", "anywidget")
    runpy.run_path(str(notebooks.SETUP))
    pip = ["-m", "pip", "install", "-qq"]
    assert commands == [[*pip, "anywidget"], [*pip, "--no-deps", "course.zip"]]


@pytest.mark.fault(
    "a notebook alone, and nowhere to take the course from",
    "nothing is installed, the remedy is said",
)
def test_without_an_archive_nothing_is_installed_and_the_remedy_is_said(monkeypatch, commands):
    monkeypatch.delenv("COURSE_ARCHIVE", raising=False)
    missing(monkeypatch, "course_utils", "anywidget")
    with pytest.raises(RuntimeError, match="not installed here: .*`make lab`.*COURSE_ARCHIVE"):
        runpy.run_path(str(notebooks.SETUP))
    assert commands == []


@pytest.mark.fault("pip fails in the set-up cell", "the cell fails and says the remedy")
def test_where_pip_fails_the_cell_fails_and_the_remedy_is_said(monkeypatch):
    missing(monkeypatch, "tqdm")
    failed = SimpleNamespace(returncode=1, stderr="no matching distribution")
    monkeypatch.setattr(subprocess, "run", lambda words, **_: failed)
    words = "could not install tqdm.*run this cell again: no matching distribution"
    with pytest.raises(RuntimeError, match=words):
        runpy.run_path(str(notebooks.SETUP))


def test_what_the_cell_looks_for_is_what_a_lesson_needs():
    [looked_for] = re.findall(r'^needed = "(.*)"$', notebooks.SETUP.read_text(), re.M)
    page = {"jupyterlab", "notebook"}  # on Colab and Binder the page is theirs
    needed = {*colab_kit.wanted("requirements.txt")} - page
    assert {*looked_for.split()} == needed | {"course_utils"}


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_cell_stands_after_the_title_and_is_folded_in_both_front_ends(lesson):
    for made in notebooks.twins(notebooks.SOURCES / f"{lesson}.py").values():
        [at] = [at for at, cell in enumerate(made.cells) if "hide-input" in notebooks.tags(cell)]
        assert made.cells[0].source.startswith("# ")
        assert all("setup" in notebooks.tags(cell) for cell in made.cells[1 : at + 1])
        assert made.cells[at].metadata["jupyter"] == {"source_hidden": True}
        assert made.cells[at].metadata["cellView"] == "form"
        assert made.cells[at].source.startswith("# @title Set up")
