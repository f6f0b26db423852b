"""Lessons where the world is not kind: nothing can be written, nothing reached, the kernel dies.

Each test runs the learner's notebook of lesson 02 in a kernel of its own. LESSONS=all takes all
lessons, for the audit: `LESSONS=all python -m pytest tests/test_lessons_anywhere.py`.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.util import run_sync

import tools.notebooks as notebooks

EVERY = [source.stem for source in notebooks.find_sources("")]
LESSONS = EVERY if os.environ.get("LESSONS") == "all" else [EVERY[2]]
THAT_SAVE = ("06", "08")  # their subject is a file of their own, a network or pictures
NO_NETWORK = """
import socket
def unreachable(*_):
    raise OSError(101, "Network is unreachable")
def unknown(*_, **__):
    raise socket.gaierror(-3, "Temporary failure in name resolution")
connect, socket.getaddrinfo = socket.socket.connect, unknown
def connect_here(self, address):
    return connect(self, address) if "127.0.0.1" in address[:1] else unreachable()
socket.socket.connect = connect_here
"""
# to the superuser all is writable, unless the right to pass over permissions is taken away
AS_LEARNER = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
NO_ROOM = ["sh", "-c", 'ulimit -f 16; exec "$0" "$@"']  # a file gets 8 KB, then writing fails


class Machine:
    """A copy of the course, a home folder, and a kernel that starts there without a network."""

    def __init__(self, folder: Path, monkeypatch):
        self.course, self.home, self.folder = folder / "course", folder / "home", folder
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(notebooks.PROJECT / "course_utils", self.course / "course_utils",
                        ignore=ignore)  # fmt: skip
        shutil.copy(notebooks.PROJECT / "pyproject.toml", self.course)
        (self.course / "notebooks").mkdir()
        self.home.mkdir()
        (folder / "sitecustomize.py").write_text(NO_NETWORK)
        monkeypatch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("COURSE_", "XDG_", "IPYTHON", "MPL"))}  # fmt: skip
        self.variables = kept | {
            "HOME": str(self.home), "PYTHONPATH": f"{folder}{os.pathsep}{self.course}",
            "COURSE_STRICT": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def client(self, notebook, before: list[str]) -> NotebookClient:
        """Make what runs a notebook, in a kernel that starts with these words before its own."""
        argv = [*before, sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel = {"argv": argv, "display_name": "learner", "language": "python"}
        path = self.folder / "jupyter" / "kernels" / "learner" / "kernel.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(kernel))
        where = {"metadata": {"path": str(self.course / "notebooks")}}
        return NotebookClient(notebook, timeout=240, kernel_name="learner", resources=where)

    def run(self, lesson: str, before: list[str]) -> list[str]:
        """Run the learner's notebook; return what was printed."""
        notebook = learners(lesson)
        self.client(notebook, before).execute(env=self.variables)
        return printed(notebook)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


def learners(lesson: str) -> nbformat.NotebookNode:
    return notebooks.twins(notebooks.SOURCES / f"{lesson}.py")[
        notebooks.NOTEBOOKS / f"{lesson}.ipynb"
    ]


def printed(notebook) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.text for output in outputs if output.output_type == "stream"]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    if os.name == "nt" or (os.geteuid() == 0 and not shutil.which("setpriv")):
        pytest.skip("needs folders that cannot be written to")
    machine = Machine(tmp_path, monkeypatch)
    yield machine
    for folder in [machine.course, machine.home]:
        folder.chmod(0o755)


def as_learner() -> list[str]:
    return AS_LEARNER if os.geteuid() == 0 else []


def make_read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.mark.fault(
    "a course folder that cannot be written to, an empty home folder, and no network",
    "the lesson runs, its digits are kept in the home folder, nothing else is left lying about",
)
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_a_shared_folder_without_a_network(machine, lesson):
    make_read_only(machine.course)
    before = machine.files()
    said = machine.run(lesson, as_learner())
    assert any("own program because MNIST cannot be had" in text for text in said)
    new = {name for name in machine.files() - before if not name.startswith("jupyter")}
    kept = {name for name in new if "convolution-by-hand/" in name}
    assert any("drawn-v" in name for name in kept)
    assert {Path(name).parts[:2] for name in new} <= {
        ("home", ".cache"), ("home", ".config"), ("home", ".ipython")
    }  # fmt: skip


@pytest.mark.fault(
    "a full disk: nothing can be written, neither the digits nor the notebook's history",
    "the lesson runs, and draws its digits anew",
)
@pytest.mark.parametrize("lesson", [each for each in LESSONS if each[:2] not in THAT_SAVE])
def test_a_lesson_runs_where_nothing_can_be_written(machine, lesson):
    machine.variables["COURSE_DATA"] = "drawn"
    said = machine.run(lesson, NO_ROOM)
    assert any("drawn by this course's own program" in text for text in said)
    assert not [name for name in machine.files() if "drawn-v" in name]


@pytest.mark.fault(
    "the kernel is restarted in the middle, and then all cells are run twice",
    "every cell runs, every claim holds",
)
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_after_a_restart_and_twice_in_one_kernel(machine, lesson):
    notebook = learners(lesson)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    cache = str(notebooks.PROJECT / "data" / "cache")  # where the lessons' own tests keep digits
    machine.variables |= {"COURSE_DATA": "drawn", "COURSE_CACHE": cache}
    client = machine.client(notebook, [])
    with client.setup_kernel(env=machine.variables):
        for cell in code[: len(code) // 3]:
            client.execute_cell(cell, notebook.cells.index(cell))
        run_sync(client.km.restart_kernel)(now=True)
        client.kc.stop_channels()  # once they missed an answer of the new kernel
        client.start_new_kernel_client()
        for cell in code * 2:
            client.execute_cell(cell, notebook.cells.index(cell))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
