"""Make the course's own environment in .venv, once. Runs on plain Python, without any package.

    python3 tools/install.py          what a learner needs
    python3 tools/install.py --dev    and what the tests need

`make` calls it before everything else; with nothing changed it returns at once.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = "requirements.lock"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"  # PyTorch without CUDA's libraries: a sixth
OLDEST_PYTHON = (3, 11)


def main(dev: bool) -> None:
    check_python()
    if is_installed(dev):
        return
    cpu_only = wants_cpu_wheels() and is_reachable(f"{CPU_WHEELS}/torch/")
    announce(cpu_only)
    make_venv()
    if cpu_only and not try_pip("--no-deps", "--index-url", CPU_WHEELS, *pinned_torch()):
        print("PyTorch's CPU wheels could not be installed; taking the ordinary ones.")
    wanted = ["-r", "requirements-dev.txt"] if dev else []
    wanted += ["-r", "requirements.txt"]
    if not try_pip("-c", LOCK, *wanted):
        print(
            "The pinned versions do not fit here; taking the newest that requirements.txt allows."
        )
        if not try_pip(*wanted):
            stop("the installation failed, see above. What was fetched is kept, so once the cause"
                 " is mended the same command goes on from here")  # fmt: skip
    if not try_pip("--no-deps", "--editable", "."):
        stop("the course's own package could not be installed, see above")
    stamp(dev).write_text(fingerprint())


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        oldest, here = ".".join(map(str, OLDEST_PYTHON)), platform.python_version()
        stop(f"the course needs Python {oldest} or newer, and this is {here}."
             " Name a newer one: make lab PYTHON=python3.12")  # fmt: skip


def is_installed(dev: bool) -> bool:
    """A learner's call is also content with what the tests installed."""
    stamps = [stamp(dev=True)] if dev else [stamp(dev=False), stamp(dev=True)]
    return any(path.exists() and path.read_text() == fingerprint() for path in stamps)


def stamp(dev: bool) -> Path:
    return VENV / ("installed-dev" if dev else "installed")


def fingerprint() -> str:
    """Change whenever another Python or another set of packages is asked for."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for name in ("requirements.txt", "requirements-dev.txt", LOCK, "pyproject.toml"):
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest()


def wants_cpu_wheels() -> bool:
    """On Linux the ordinary wheels bring CUDA along; without an NVIDIA card nothing can use it."""
    has_card = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return sys.platform == "linux" and not has_card


def is_reachable(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=3):
            return True
    except (OSError, urllib.error.URLError):
        return False


def announce(cpu_only: bool) -> None:
    big = sys.platform == "linux" and not cpu_only
    download, disk = ("3.2 GB", 8) if big else ("0.5 GB", 3)
    free = shutil.disk_usage(PROJECT).free / 1e9
    print(f"Setting up the course in {VENV.name}: about {download} to download, {disk} GB on disk,"
          f" 2 to 15 minutes. This happens once.", flush=True)  # fmt: skip
    if big and wants_cpu_wheels():
        print("So much, because PyTorch's smaller wheels for the CPU cannot be reached from here.")
    if free < disk:
        stop(f"{disk} GB of disk are needed and {free:.1f} GB are free. Make room and try again")


def make_venv() -> None:
    try:
        venv.create(
            VENV, with_pip=True, clear=not any(stamp(dev).exists() for dev in (False, True))
        )
    except (subprocess.CalledProcessError, OSError) as error:
        stop(f"Python could not make an environment ({error}). On Debian and Ubuntu this helps:"
             " sudo apt install python3-venv")  # fmt: skip


def try_pip(*arguments: str) -> bool:
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", *arguments]
    return subprocess.run(command, cwd=PROJECT).returncode == 0


def pinned_torch() -> list[str]:
    """The lines of the lock for the two packages that must come from one build."""
    lines = (PROJECT / LOCK).read_text().splitlines()
    return [line for line in lines if line.startswith(("torch==", "torchvision=="))]


def stop(reason: str) -> None:
    sys.exit(f"\nNot installed: {reason}.")


if __name__ == "__main__":
    main(dev="--dev" in sys.argv[1:])
