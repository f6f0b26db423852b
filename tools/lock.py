"""Pin every installed package in requirements.lock, for CI, Binder and `make`.

CUDA's libraries are left out: torch itself names their exact versions, and machines without an
NVIDIA card have none.
"""

import re
from importlib.metadata import distributions
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
LEFT_OUT = re.compile(r"nvidia-|cuda-|triton|pip$|setuptools$|wheel$|convolution-by-hand$")
HEADER = (
    "# Exact versions that the course is tested with. Written by `make lock`, used with pip -c.\n"
)


def pins() -> list[str]:
    """One `name==version` for each package, without the mark of a local build (`+cpu`)."""
    versions = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version.split("+")[0]
        for found in distributions()
    }
    return [f"{name}=={version}" for name, version in sorted(versions.items())
            if not LEFT_OUT.match(name)]  # fmt: skip


if __name__ == "__main__":
    LOCK.write_text(HEADER + "".join(f"{pin}\n" for pin in pins()))
    print(f"{LOCK.name}: {len(pins())} packages")
