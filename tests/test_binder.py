"""Binder: what repo2docker takes from binder/ names what exists, and the cap on threads holds."""

import os
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
BINDER = PROJECT / "binder"
SCRIPTS = ["start", "postBuild"]
on_linux = pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")


@on_linux
@pytest.mark.parametrize(("before", "threads"), [({}, "1"), ({"OMP_NUM_THREADS": "2"}, "2")])
def test_what_starts_on_binder_has_one_thread_unless_its_owner_grants_more(before, threads):
    command = ["sh", "-c", 'echo "$OMP_NUM_THREADS $1"; exit 3', "sh", "two words"]
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    made = subprocess.run(
        [BINDER / "start", *command], env=kept | before, capture_output=True, text=True
    )
    assert (made.returncode, made.stdout) == (3, f"{threads} two words\n")


@on_linux
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_run(name):
    assert os.access(BINDER / name, os.X_OK)
    assert subprocess.run(["bash", "-n", BINDER / name]).returncode == 0


def test_a_failure_while_it_is_built_stops_the_build():
    assert "\nset -e\n" in (BINDER / "postBuild").read_text()


def test_its_python_is_one_that_the_course_runs_on():
    [version] = re.findall(r"^python-(3\.\d+)$", (BINDER / "runtime.txt").read_text(), re.M)
    settings = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    [oldest] = re.findall(r'^requires-python = ">=(3\.\d+)"$', settings, re.M)
    assert int(version[2:]) >= int(oldest[2:])


def test_it_installs_what_the_course_needs_pinned_and_pytorch_for_the_cpu():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines
    assert {"-c ../requirements.lock", "-r ../requirements.txt"} <= {*lines}
