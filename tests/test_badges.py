"""The links to Colab and Binder: one name makes them all, and each leads to a file."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

import tools.notebooks as notebooks
from tools import badges, repository

PROJECT = Path(__file__).resolve().parent.parent
FILES = ["README.md", "pyproject.toml"]
PLACE = r"\]\((https://(?:colab\.research\.google|mybinder)[^)]*)\)"


@pytest.fixture
def course(tmp_path):
    """A copy of what is written, with one lesson and no links, in a folder without git."""
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path)
    shutil.copytree(PROJECT / "tools", tmp_path / "tools")
    rows = re.compile(r"^\| 0[1-9] \|.*\n", re.M)
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(rows.sub("", readme), encoding="utf-8")
    for source in notebooks.find_sources("00"):
        for path in (source, *notebooks.twins(source)):
            copy = tmp_path / path.relative_to(PROJECT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    if repository.named(tmp_path):
        link(tmp_path, "")
    return tmp_path


def link(course: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.badges", *words]
    return subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=60)


def texts(course: Path) -> dict[str, str]:
    """Every file that carries links or the name, and what is in it."""
    folders = (course / "notebooks", course / "notebooks" / "solutions")
    paths = [*(course / name for name in FILES), *(p for f in folders for p in f.glob("*.ipynb"))]
    return {str(path.relative_to(course)): path.read_text(encoding="utf-8") for path in paths}


def led_to(text: str) -> list[str]:
    """The notebooks that the links in a text lead to, as paths in the project."""
    return [
        re.search(r"/(notebooks/.*\.ipynb)$", unquote(address))[1]
        for address in re.findall(PLACE, text)
    ]


def astray(course: Path) -> list[str]:
    return [file for text in texts(course).values() for file in led_to(text)
            if not (course / file).exists()]  # fmt: skip


def test_with_a_name_the_readme_and_every_notebook_link_to_files_that_exist(course):
    made = link(course, "ada/cnn.course")
    assert made.returncode == 0, made.stderr
    for name, text in texts(course).items():
        assert "ada/cnn.course" in text, name
        if name != "pyproject.toml":
            assert len(led_to(text)) == 2, name
    assert astray(course) == []
    assert repository.named(course) == "ada/cnn.course"


def test_a_link_to_a_file_that_is_not_there_is_found(course):
    link(course, "ada/cnn")
    (course / "notebooks" / "00_start_here.ipynb").rename(course / "notebooks" / "00_moved.ipynb")
    assert set(astray(course)) == {"notebooks/00_start_here.ipynb"}


def test_the_links_name_the_lesson_that_they_stand_in(course):
    link(course, "ada/cnn")
    for name, text in texts(course).items():
        if name.endswith(".ipynb"):
            assert set(led_to(text)) == {name}


def test_the_set_up_cell_gets_the_address_of_the_course(course):
    link(course, "ada/cnn")
    cells = nbformat.read(course / "notebooks" / "00_start_here.ipynb", as_version=4).cells
    [code] = [cell.source for cell in cells if "hide-input" in notebooks.tags(cell)]
    assert '"COURSE_ARCHIVE", "https://github.com/ada/cnn/archive/refs/heads/main.zip")' in code


def test_outputs_stay_and_the_notebooks_count_as_unedited(course):
    path = course / "notebooks" / "00_start_here.ipynb"
    before = shown(path)
    link(course, "ada/cnn")
    assert shown(path) == before
    assert any(before)
    assert not notebooks.is_edited(path)
    assert not (course / "notebooks" / "mine").exists()


def shown(path: Path) -> list:
    cells = nbformat.read(path, as_version=4).cells
    return [cell.outputs for cell in cells if cell.cell_type == "code"]


def test_the_same_name_twice_changes_nothing_and_no_name_brings_all_back(course):
    bare = texts(course)
    link(course, "ada/cnn")
    linked = texts(course)
    link(course, "ada/cnn")
    assert texts(course) == linked
    link(course, "")
    assert texts(course) == bare
    assert repository.named(course) is None


@pytest.mark.parametrize(
    "wrong", ["ada", "ada/cnn/x", "https://github.com/ada/cnn", "ada/c n", '"; x', "../.."]
)
def test_what_is_no_name_of_a_repository_is_refused_and_nothing_changes(course, wrong):
    before = texts(course)
    made = link(course, wrong)
    assert made.returncode == 1
    assert f"REPO must be owner/name as on GitHub, got {wrong!r}" in made.stderr
    assert "make badges REPO=owner/name" in made.stderr
    assert texts(course) == before


def test_a_lesson_whose_source_is_newer_must_run_first_and_nothing_changes(course):
    source = course / "notebooks" / "source" / "00_start_here.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", encoding="utf-8")
    before = texts(course)
    assert "00_start_here.ipynb must run, its source is newer" in link(course, "ada/cnn").stderr
    assert texts(course) == before


@pytest.mark.parametrize(
    ("address", "name"),
    [("git@github.com:ada/cnn.git", "ada/cnn"), ("https://github.com/ada/cnn", "ada/cnn"),
     ("https://ada:secret@github.com/ada/cnn.js.git", "ada/cnn.js"), ("", None)],
)  # fmt: skip
def test_without_a_name_it_is_that_of_the_remote(monkeypatch, address, name):
    answer = subprocess.CompletedProcess([], 0, stdout=f"{address}\n")
    monkeypatch.setattr(badges.subprocess, "run", lambda *words, **options: answer)
    assert badges.origin() == name


def test_a_remote_elsewhere_is_refused_and_its_address_is_not_shown(monkeypatch):
    answer = subprocess.CompletedProcess([], 0, stdout="https://ada:secret@example.org/ada/cnn\n")
    monkeypatch.setattr(badges.subprocess, "run", lambda *words, **options: answer)
    with pytest.raises(SystemExit, match="not on GitHub.*make badges REPO=owner/name") as refused:
        badges.origin()
    assert "secret" not in str(refused.value)


def test_what_is_committed_agrees_with_pyproject():
    named = repository.named()
    settings, readme = (PROJECT / "pyproject.toml", PROJECT / "README.md")
    assert badges.with_urls(settings.read_text("utf-8"), named) == settings.read_text("utf-8")
    assert badges.with_links(readme.read_text("utf-8"), named) == readme.read_text("utf-8")
    assert astray(PROJECT) == []
    assert (named is None) == (re.search(PLACE, "".join(texts(PROJECT).values())) is None)
