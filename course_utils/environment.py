"""Is everything there that the course needs? One row for each thing: what, what is here, the fix.

Each check imports what it needs when it is made: this file works where PyTorch itself is broken.
"""

import html
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

OLDEST_PYTHON = "3.11"
OLDEST = {"torch": "2.6", "torchvision": "0.21", "numpy": "1.26", "matplotlib": "3.8",
          "safetensors": "0.4.3", "filelock": "3.13", "tqdm": "4.66", "ipywidgets": "8.1.5",
          "anywidget": "0.9.13", "jupyterlab_widgets": "3"}  # fmt: skip
# Colab's page is made for the ipywidgets that it brings along, and has no use for a manager; a
# newer one would have to be loaded by restarting the kernel, and gains nothing there.
OLDEST_ON_COLAB = {"ipywidgets": "7.7.1", "jupyterlab_widgets": ""}
MEMORY = 1e9  # bytes that a lesson may need
TRY_TORCHVISION = [sys.executable, "-c", "import torchvision"]
GROUP = Path("/sys/fs/cgroup")  # where Linux says how much of the machine a container gets


class Report(list):
    """Rows (what, what is here, the fix or "" where all is well), as a table in a notebook."""

    def __repr__(self):
        return "\n".join(f"{what}: {here}{fix and f'. Fix: {fix}'}" for what, here, fix in self)

    def _repr_html_(self):
        cell = '<td style="text-align:left">{}</td>'.format
        lines = [(what, here, f"✗ {fix}" if fix else "✓ fine") for what, here, fix in self]
        rows = ("".join(cell(html.escape(text)) for text in line) for line in lines)
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def report() -> Report:
    """Look at everything. What cannot be looked at gets a row as well: this never raises."""
    return Report(map(look, [python, packages, torchvision, digits, threads, memory]))


def look(check) -> tuple[str, str, str]:
    try:
        return (check.__name__, *check())
    except Exception as error:
        here = f"cannot be seen: {type(error).__name__}: {str(error)[:100]}"
        return check.__name__, here, "mend the rows above, restart the kernel, run this again"


def python():
    here = platform.python_version()
    fix = "install a newer Python and name it: make lab PYTHON=python3.12"
    return here, "" if numbers(here) >= numbers(OLDEST_PYTHON) else fix


def packages():
    """Compare versions; jupyterlab_widgets is the manager that draws widgets on the page."""
    oldest = OLDEST | (OLDEST_ON_COLAB if "google.colab" in sys.modules else {})
    here = {name: version(name) for name in oldest}
    if wrong := [name for name in oldest if numbers(here[name]) < numbers(oldest[name])]:
        wanted = " ".join(f'"{name}>={oldest[name]}"' for name in wrong)
        fix = f"run %pip install {wanted} in a cell, restart the kernel, reload the page"
        return ", ".join(f"{name} {here[name] or 'is missing'}" for name in wrong), fix
    return f"PyTorch {here['torch']} and {len(oldest) - 1} others", ""


def torchvision():
    """Import it, in a process of its own: compiled parts of two builds do not find each other."""
    pair = f"torch {version('torch')} and torchvision {version('torchvision')}"
    made = subprocess.run(TRY_TORCHVISION, capture_output=True, text=True, timeout=60)
    if made.returncode == 0:
        return f"{pair} fit together", ""
    reason = made.stderr.strip().rpartition("\n")[2]
    fix = "run %pip install --force-reinstall torch torchvision in a cell, restart the kernel"
    return f"{pair} are of two builds: {reason[:100]}", fix


def digits():
    from course_utils import data

    found = data.load()
    drawn = '; every lesson works with them. With a network, data.load("mnist") fetches real ones'
    return repr(found) + (drawn if found.source == "drawn" else ""), ""


def threads():
    import torch

    used, cores = torch.get_num_threads(), os.cpu_count()
    if share := re.match(r"(\d+) (\d+)", of_group("cpu.max")):  # microseconds, of so many
        cores = max(1, int(share[1]) // int(share[2]))
    fix = f"they are in each other's way: torch.set_num_threads({cores}) in a lesson's first cell"
    return f"{used}, for {cores} processor cores", fix if used > cores else ""


def memory():
    import psutil  # every Jupyter kernel brings it along

    free = psutil.virtual_memory().available
    used = re.search(r"anon (\d+)", of_group("memory.stat"))
    if used and (most := of_group("memory.max").strip()).isdigit():
        free = min(free, int(most) - int(used[1]))
    here = f"{free / 1e9:.1f} GB free; a lesson needs up to {MEMORY / 1e9:.0f} GB"
    fix = "shut down other notebooks (menu Kernel, Shut Down All Kernels), or close programs"
    return here, fix if free < MEMORY else ""


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))  # "2.13.0+cpu" -> (2, 13, 0)


def version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def of_group(name: str) -> str:
    return (GROUP / name).read_text() if (GROUP / name).exists() else ""
