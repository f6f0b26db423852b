"""Colab, emulated: an environment with PyTorch and without the course, made beside the running one.

It links to the packages of the running one, but for those that Colab lacks. Its packages carry no
list of their files, so that pip can neither remove nor replace them. What is missing comes from a
local folder, the course from a local archive; nothing comes from a network.
"""

import json
import os
import re
import venv
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path
from types import SimpleNamespace

import nbformat
from nbclient import NotebookClient

import tools.notebooks as notebooks
from tests.test_house import tracked

PROJECT = Path(__file__).resolve().parent.parent
ON_COLAB = {"torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "filelock"}
TO_INSTALL = ["anywidget", "psygnal", "safetensors", "tqdm"]
FAKE_COLAB = """
asked = []
def enable_custom_widget_manager():
    asked.append("once")
class _widgets:
    _installed_url = "https://widgets.example/manager.js"
"""
AFTER = """
import json, resource, google.colab.output
from course_utils import environment
print(json.dumps({
    "asked": google.colab.output.asked,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "fix": environment.packages()[1],
}))
"""


def wanted(name: str) -> list[str]:
    """The packages that a file of requirements asks for."""
    return re.findall(r"^([\w-]+)>=", (PROJECT / name).read_text(encoding="utf-8"), re.M)


def can_build() -> bool:
    """Say whether setuptools is here and new enough to build the course: a test fetches none."""
    try:
        return int(distribution("setuptools").version.split(".")[0]) >= 77
    except PackageNotFoundError:
        return False


@dataclass
class Colab:
    """The environment: where its packages are, where its kernel starts, and what that is told."""

    packages: Path
    start: Path
    variables: dict[str, str]

    def run(self, lesson: str) -> SimpleNamespace:
        """Run the learner's notebook; tell what the set-up cell said, and what was true after."""
        made = notebooks.twins(notebooks.SOURCES / f"{lesson}.py")
        notebook = made[notebooks.NOTEBOOKS / f"{lesson}.ipynb"]
        notebook.cells.append(nbformat.v4.new_code_cell(AFTER))
        where = {"metadata": {"path": str(self.start)}}
        NotebookClient(notebook, timeout=240, kernel_name="colab", resources=where,
                       coalesce_streams=True).execute(env=self.variables)  # fmt: skip
        [said] = [each.outputs for each in notebook.cells if "hide-input" in notebooks.tags(each)]
        after = json.loads(notebook.cells[-1].outputs[0].text)
        return SimpleNamespace(said=said, **after)

    def own(self) -> dict[str, Path]:
        """The packages that were there from the beginning, and where each one lies."""
        return {path.name: path.readlink() for path in self.packages.iterdir() if path.is_symlink()}

    def installed(self) -> set[str]:
        found = distributions(path=[str(self.packages)])
        return {normal(each.name) for each in found if each.read_text("RECORD")}


def make(folder: Path) -> Colab:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder / "python")
    [packages] = (folder / "python").glob("lib/*/site-packages")
    files = ("requirements.txt", "requirements-dev.txt")
    left_out = {*TO_INSTALL, "convolution-by-hand"} | {*wanted(files[0]), *wanted(files[1])}
    for found in distributions():
        if normal(found.name) not in left_out - ON_COLAB:
            link(found, packages)
    for name in (*TO_INSTALL, "setuptools"):
        pack(distribution(name), folder)
    with zipfile.ZipFile(folder / "course.zip", "w") as archive:
        for path in tracked():
            archive.write(path, Path("course-main") / path.relative_to(PROJECT))
    (folder / "start").mkdir()
    write(folder / "google" / "colab" / "output.py", FAKE_COLAB)
    write(folder / "sitecustomize.py", "import google.colab.output")  # as in Colab's kernel
    python = str(folder / "python" / "bin" / "python")
    start = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": start, "display_name": "colab", "language": "python"}
    write(folder / "jupyter" / "kernels" / "colab" / "kernel.json", json.dumps(kernel))
    return Colab(packages, folder / "start", os.environ | {
        "PYTHONPATH": str(folder), "COURSE_ARCHIVE": str(folder / "course.zip"),
        "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder),
        "COURSE_DATA": "drawn", "COURSE_CACHE": str(folder / "cache"), "COURSE_STRICT": "1",
        "OMP_NUM_THREADS": "1",
    })  # fmt: skip


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def link(found: Distribution, packages: Path) -> None:
    """Link to what a package has installed, and copy the notes about it but its list of files."""
    parts = {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}
    for part in parts:
        original, here = Path(found.locate_file(part)), packages / part
        if part.endswith(".dist-info"):
            here.mkdir()
            for note in original.iterdir():
                if note.is_file() and note.name != "RECORD":
                    (here / note.name).write_bytes(note.read_bytes())
        elif not here.exists():
            here.symlink_to(original)


def pack(found: Distribution, folder: Path) -> None:
    """Make a wheel again of a package that is installed."""
    tag = re.search(r"^Tag: (.*)$", found.read_text("WHEEL"), re.M)[1]
    files = [file for file in found.files if ".." not in file.parts and file.suffix != ".pyc"]
    name = f"{normal(found.name).replace('-', '_')}-{found.version}-{tag}.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for file in files:
            if file.name != "RECORD":
                wheel.write(found.locate_file(file), file.as_posix())
        [info] = {file.parts[0] for file in files if file.parts[0].endswith(".dist-info")}
        wheel.writestr(f"{info}/RECORD", "".join(f"{file.as_posix()},,\n" for file in files))
