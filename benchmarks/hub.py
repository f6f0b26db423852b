"""How a class fares on one JupyterHub: learners log in and run a lesson, all at the same time.

    sudo COURSE_DATA=/srv/data .venv/bin/python -m benchmarks.hub 02x1 02x10 --free 02x10

02x10: lesson 02, ten learners. In the runs after `--free` PyTorch takes as many threads as it
likes, in the others one. The hub listens to this machine alone, and ends with each run. It is not
in the requirements: pip install jupyterhub, npm install -g configurable-http-proxy. The learners
learner01 to learner10 must exist (useradd -m), and be able to read COURSE_DATA.
"""

import argparse
import contextlib
import json
import os
import secrets
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from statistics import mean, median

import nbformat
import psutil
import requests
import websocket

from benchmarks import report

NOTEBOOKS = report.FOLDER.parent.parent / "notebooks"
HUB = "http://127.0.0.1:8000"
CONFIG = """
c.JupyterHub.bind_url = {hub!r}
c.JupyterHub.authenticator_class = "dummy"  # all names, one password, known to this program
c.DummyAuthenticator.password = {token!r}
c.Authenticator.allowed_users = {names!r}
c.Spawner.cmd = [{server!r}]
c.Spawner.environment = {environment!r}
c.JupyterHub.services = [dict(name="trial", api_token={token!r})]
c.JupyterHub.load_roles = [dict(name="trial", services=["trial"],
                               scopes=["read:users", "access:servers"])]
"""
HEADER = ["lesson x learners", "threads", "first output, s", "slowest", "lesson, s", "slowest",
          "cells run, %", "errors", "claims not true", "MB", "RSS", "CPU, s",
          "GB used"]  # fmt: skip
NOTE = """

First output: from the login to the first thing that the lesson shows; the start of the learner's
server, PyTorch's import and the digits are in it. Lesson: all its cells, folded ones too. Both are
the median learner's, then the slowest's; `inf` is longer than {limit} s, when a run is stopped. MB:
what server and kernel of a learner hold when it is most, on average over the learners; memory that
processes share counts in parts (PSS). RSS counts it in full. CPU: a learner's seconds of a core. GB
used: by how much the machine's available memory fell. Load of the machine before: {load:.1f}."""


class Learner(threading.Thread):
    """Logs in, waits for the server, uploads the lesson, and runs it cell by cell."""

    def __init__(self, name: str, lesson: Path, token: str):
        super().__init__(name=name, daemon=True)
        self.token = token
        self.server, self.key = f"{HUB}/user/{name}", {"Authorization": f"token {token}"}
        self.file = {"type": "notebook", "content": nbformat.read(lesson, as_version=4)}
        self.code = [c.source for c in self.file["content"].cells if c.cell_type == "code"]
        self.first = self.seconds = float("inf")
        self.cells = self.errors = self.untrue = 0
        self.used = (0, 0, 0)

    def run(self) -> None:
        came = time.monotonic()
        session = requests.Session()
        session.get(f"{HUB}/hub/login")
        form = {"username": self.name, "password": self.token, "_xsrf": session.cookies["_xsrf"]}
        session.post(f"{HUB}/hub/login", data=form).raise_for_status()  # this starts the server
        while not self.ask("get", f"{HUB}/hub/api/users/{self.name}").get("server"):
            time.sleep(0.5)
        self.ask("put", f"{self.server}/api/contents/lesson.ipynb", self.file)
        kernel = self.ask("post", f"{self.server}/api/kernels", {})["id"]
        address = f"{self.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        self.socket = websocket.create_connection(address, header=self.key, timeout=3600)
        began = time.monotonic()
        for source in self.code:
            for kind, content in self.execute(source):
                if kind in ("stream", "display_data", "execute_result"):
                    self.first = min(self.first, time.monotonic() - came)
                self.errors += kind == "error"
                self.untrue += content.count("Not true with these settings:</b>")
            self.cells += 1
        self.seconds = time.monotonic() - began

    def ask(self, how: str, address: str, content: dict | None = None) -> dict:
        answer = requests.request(how, address, headers=self.key, json=content, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def execute(self, source: str):
        """Have a cell executed; give the kind and content of what comes, until it is done."""
        asked = {"msg_id": secrets.token_hex(8), "msg_type": "execute_request", "version": "5.3",
                 "session": self.name, "username": self.name}  # fmt: skip
        self.socket.send(json.dumps({"header": asked, "parent_header": {}, "metadata": {},
                                     "channel": "shell", "content": {"code": source}}))  # fmt: skip
        while True:
            text = self.socket.recv()
            answer = {} if isinstance(text, bytes) else json.loads(text)  # bytes: a widget's
            if answer.get("parent_header", {}).get("msg_id") == asked["msg_id"]:
                if answer["content"].get("execution_state") == "idle":
                    return
                yield answer["msg_type"], json.dumps(answer["content"], ensure_ascii=False)

    def look(self) -> None:
        """Keep the most that this learner's processes have held (PSS, RSS), and their CPU time."""
        held = [(0, 0, 0)]
        for process in psutil.process_iter(["username"]):
            if process.info["username"] == self.name:
                with contextlib.suppress(psutil.NoSuchProcess):
                    size, times = process.memory_full_info(), process.cpu_times()
                    held.append((size.pss / 1e6, size.rss / 1e6, times.user + times.system))
        now = map(sum, zip(*held, strict=True))
        self.used = tuple(map(max, zip(self.used, now, strict=True)))


def one_run(run: str, threads: int | None, options: argparse.Namespace) -> list:
    """Start a hub, let all learners run the lesson at once, end the hub; give the table's row."""
    number, count = run.split("x")
    [lesson] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    token, folder = secrets.token_hex(16), tempfile.mkdtemp()
    learners = [Learner(f"learner{n + 1:02}", lesson, token) for n in range(int(count))]
    environment = {"COURSE_DATA": os.environ.get("COURSE_DATA", "drawn")}
    environment |= {"OMP_NUM_THREADS": str(threads)} if threads else {}
    config = CONFIG.format(hub=HUB, names={learner.name for learner in learners}, token=token,
                           server=options.server, environment=environment)  # fmt: skip
    Path(folder, "config.py").write_text(config)
    free = least = psutil.virtual_memory().available
    with subprocess.Popen([options.hub, "-f", "config.py"], cwd=folder) as hub:
        try:
            time.sleep(20)  # by then it answers
            ends = time.monotonic() + options.limit
            for learner in learners:
                learner.start()
            while any(learner.is_alive() for learner in learners) and time.monotonic() < ends:
                learners[-1].join(timeout=len(learners))  # looking takes time as well
                for learner in learners:
                    learner.look()
                least = min(least, psutil.virtual_memory().available)
        finally:
            hub.terminate()  # and it ends its learners' servers
    return [run, threads or "free", *figures(learners), f"{(free - least) / 1e9:.1f}"]


def figures(learners: list[Learner]) -> list:
    times = [[learner.first for learner in learners], [learner.seconds for learner in learners]]
    cells = sum(learner.cells for learner in learners) / sum(len(x.code) for x in learners)
    return [
        *(f"{of(each):.0f}" for each in times for of in (median, max)),
        f"{100 * cells:.0f}",
        sum(learner.errors for learner in learners),
        sum(x.untrue for x in learners),
        *(f"{mean(held):.0f}" for held in zip(*(x.used for x in learners), strict=True)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Run lessons on a JupyterHub, all at once.")
    parser.add_argument("runs", nargs="*", metavar="LESSONxLEARNERS")
    parser.add_argument("--free", nargs="*", default=[], help="runs without a cap on threads")
    parser.add_argument("--limit", type=int, default=600, help="seconds until a run is stopped")
    parser.add_argument("--hub", default="jupyterhub", help="the hub's command")
    parser.add_argument("--server", default="jupyterhub-singleuser", help="the learners' command")
    options, load = parser.parse_args(), os.getloadavg()[0]
    rows = []
    for run, threads in [*((x, 1) for x in options.runs), *((x, None) for x in options.free)]:
        rows.append(one_run(run, threads, options))
        text = report.table(HEADER, rows) + NOTE.format(limit=options.limit, load=load)
        report.write("hub", "A class on one JupyterHub", text)


if __name__ == "__main__":
    main()
