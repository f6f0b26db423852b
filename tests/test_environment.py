"""The environment table: each fault is faked, and its fix is named."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from course_utils import data, environment

OF = {check.__name__: check for check in (
    environment.python, environment.packages, environment.torchvision, environment.digits,
    environment.threads, environment.memory,
)}  # fmt: skip


@pytest.fixture
def machine(monkeypatch, tmp_path, stripes):
    """A machine where all is well, with small digits, and a place for what Linux says."""
    monkeypatch.setattr(environment, "GROUP", tmp_path)
    monkeypatch.setattr(data, "load", lambda: stripes(50, 20))
    monkeypatch.setattr(environment, "TRY_TORCHVISION", [sys.executable, "-c", ""])
    with_memory(monkeypatch, 4e9)
    with_cores(monkeypatch, 4, threads=4)
    return monkeypatch


def with_memory(patch, free: float) -> None:
    patch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))


def with_cores(patch, cores: int, *, threads: int) -> None:
    patch.setattr(environment.os, "cpu_count", lambda: cores)
    patch.setattr(torch, "get_num_threads", lambda: threads)


def with_version(patch, name: str, version: str) -> None:
    before = environment.version
    patch.setattr(environment, "version", lambda asked: version if asked == name else before(asked))


def test_where_all_is_well_nothing_is_to_be_mended(machine):
    report = environment.report()
    assert [what for what, _, _ in report] == list(OF)
    assert [fix for _, _, fix in report] == [""] * 6
    assert report._repr_html_().count("✓") == 6
    assert "Fix" not in repr(report)


def two_builds(patch, tmp_path):
    script = "raise RuntimeError('operator torchvision::nms does not exist')"
    patch.setattr(environment, "TRY_TORCHVISION", [sys.executable, "-c", script])


def a_small_container(patch, tmp_path):
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.stat").write_text("anon 700000000\nfile 12\n")


FAULTS = {
    "an old Python": ("python", lambda patch, _: patch.setattr(
        environment.platform, "python_version", lambda: "3.10.4"),
        "3.10.4", "make lab PYTHON=python3.12"),
    "an old PyTorch": ("packages", lambda patch, _: with_version(patch, "torch", "2.5.1+cpu"),
        "torch 2.5.1+cpu", '%pip install "torch>=2.6"'),
    "no widget manager": ("packages",
        lambda patch, _: with_version(patch, "jupyterlab_widgets", ""),
        "jupyterlab_widgets is missing", '"jupyterlab_widgets>=3" in a cell, restart the kernel'),
    "an old anywidget": ("packages", lambda patch, _: with_version(patch, "anywidget", "0.9.2"),
        "anywidget 0.9.2", '"anywidget>=0.9.13"'),
    "two builds": ("torchvision", two_builds,
        "operator torchvision::nms does not exist", "--force-reinstall torch torchvision"),
    "too many threads": ("threads", lambda patch, _: with_cores(patch, 2, threads=16),
        "16, for 2 processor cores", "torch.set_num_threads(2)"),
    "a share of the cores": ("threads",
        lambda _, path: (path / "cpu.max").write_text("200000 100000"),
        "4, for 2 processor cores", "torch.set_num_threads(2)"),
    "too little memory": ("memory", lambda patch, _: with_memory(patch, 0.4e9),
        "0.4 GB free", "Shut Down All Kernels"),
    "a small container": ("memory", a_small_container, "0.3 GB free", "Shut Down All Kernels"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.fault(
    "old packages, two builds of PyTorch, too many threads, too little memory",
    "the table in lesson 00 names the fix in one line",
)
def test_each_fault_is_seen_and_its_fix_is_named(machine, tmp_path, fault):
    name, make, here, fix = FAULTS[fault]
    make(machine, tmp_path)
    report = environment.report()
    [row] = [row for row in report if row[2]]
    assert row[0] == name
    assert here in row[1]
    assert fix in row[2]
    assert "✗" in report._repr_html_()
    assert f"Fix: {row[2]}" in repr(report)


def test_on_colab_its_own_older_ipywidgets_is_no_fault_and_elsewhere_it_is(machine):
    with_version(machine, "ipywidgets", "7.7.1")
    with_version(machine, "jupyterlab_widgets", "")
    assert "ipywidgets>=8" in environment.packages()[1]
    machine.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert environment.packages()[1] == ""
    with_version(machine, "ipywidgets", "7.6.5")
    assert '"ipywidgets>=7.7.1"' in environment.packages()[1]


def test_drawn_digits_are_no_fault_and_how_to_get_real_ones_is_said(machine):
    here, fix = environment.digits()
    assert 'data.load("mnist")' in here
    assert fix == ""


def test_no_limit_in_a_container_counts_as_none(machine, tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.stat").write_text("anon 700000000\n")
    assert environment.threads() == ("4, for 4 processor cores", "")
    assert environment.memory()[0].startswith("4.0 GB free")


def test_what_cannot_be_looked_at_is_a_row_as_well(machine):
    def broken():
        raise data.DataError("<no> folder")

    machine.setattr(data, "load", broken)
    report = environment.report()
    [row] = [row for row in report if row[2]]
    assert row[:2] == ("digits", "cannot be seen: DataError: <no> folder")
    assert "<no>" not in report._repr_html_()


def test_it_can_be_imported_where_no_package_is():
    """As with a broken PyTorch: it must not fail before it has said what is wrong."""
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'torchvision', 'psutil']));"
        "from course_utils import environment as e; e.TRY_TORCHVISION[-1] = '';"
        "print([what for what, _, fix in e.report() if 'mend the rows above' in fix])"
    )
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert made.stdout == "['digits', 'threads', 'memory']\n"


def test_the_oldest_versions_are_those_of_the_requirements():
    text = (Path(__file__).parent.parent / "requirements.txt").read_text()
    wanted = dict(re.findall(r"^([\w-]+)>=([\d.]+)", text, re.MULTILINE))
    ours = {name: oldest for name, oldest in environment.OLDEST.items() if name in wanted}
    assert ours == {name: wanted[name] for name in ours}
    assert set(wanted) - set(ours) == {"jupyterlab", "notebook"}  # the page may be another one
