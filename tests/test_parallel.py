"""Two processes, as torchrun starts them: the step of a double batch, one voice, one death."""

import os
import re
import subprocess
import sys
import uuid
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from course_utils import data, train
from course_utils.train import Recipe, parallel
from course_utils.train.__main__ import main

# other systems do not fork, or call the network card of the machine itself otherwise
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux alone")

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def on_two_processes(monkeypatch):
    """Run a function on two processes of torchrun's own launcher; return what each returned."""
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")

    def launch(function) -> list:
        config = LaunchConfig(
            1, 1, 2, run_id=uuid.uuid4().hex, rdzv_backend="c10d", rdzv_endpoint="localhost:0",
            start_method="fork", max_restarts=0, monitor_interval=0.01,
        )  # fmt: skip
        results = elastic_launch(config, on_one_thread)(function)
        return [results[rank] for rank in sorted(results)]

    return launch


def on_one_thread(function):
    torch.set_num_threads(1)  # the threads of the process that was forked did not come along
    return function()


class Doubles(nn.Flatten):
    """Compute in float64 from here on: then a sum in another order makes no visible difference."""

    def forward(self, x):
        return super().forward(x).double()


def plain_network() -> nn.Sequential:
    """Build a network without batch norm, whose every number depends on the whole batch."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Unflatten(1, (1, 1)),
        nn.Flatten(1, 2),
        nn.AvgPool2d(4),
        Doubles(),
        nn.Linear(49, 16, dtype=torch.float64),
        nn.Tanh(),
        nn.Linear(16, 10, dtype=torch.float64),
    )


def fit(model: nn.Module, digits: data.Digits, **settings) -> tuple[list, train.History]:
    """Train, and return all numbers of the model and the history."""
    recipe = Recipe(**{"schedule": "constant", "label_smoothing": 0.1} | settings)
    history = train.fit(model, digits, recipe=recipe, seed=4, device="cpu", progress=False)
    return list(model.state_dict().values()), history


def equal(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(map(torch.equal, first, second))


def close(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(map(partial(torch.allclose, rtol=0, atol=1e-12), first, second))


@pytest.mark.parametrize("images", [512, 603], ids=["even", "the last batch is odd"])
def test_two_processes_make_the_steps_of_one_with_a_double_batch(on_two_processes, stripes, images):
    digits = stripes(train=images)

    def both():
        model = plain_network()
        if parallel.rank() == 1:
            nn.init.zeros_(model[-1].weight)  # it gets the numbers of process 0
        return fit(model, digits, epochs=2, batch_size=64)

    alone, history = fit(plain_network(), digits, epochs=2, batch_size=128)
    first, second = on_two_processes(both)
    assert equal(first[0], second[0])
    assert close(first[0], alone)
    assert first[1].loss == second[1].loss == pytest.approx(history.loss, abs=1e-9)
    assert first[1].accuracy == pytest.approx(history.accuracy)
    assert not close(alone, fit(plain_network(), digits, epochs=2, batch_size=64)[0])


def test_batch_norm_and_dropout_end_equal_on_both(on_two_processes, stripes):
    def both():
        torch.manual_seed(0)
        layers = nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10), nn.Dropout(0.5)
        return fit(nn.Sequential(*layers), stripes(train=258), batch_size=64)

    first, second = on_two_processes(both)
    assert equal(first[0], second[0])
    assert first[1].total_steps == 2  # the one image that is left for each has no spread


@pytest.mark.fault(
    "two processes, and the loss of one becomes nan", "both stop at that step, with the reason"
)
def test_both_stop_where_one_of_them_has_lost_its_loss(on_two_processes, stripes):
    def both():
        model = plain_network()

        def spoil(history):
            if len(history.loss) == 2 and parallel.rank() == 1:
                with torch.no_grad():
                    model[-1].weight[0] = float("nan")

        return train.fit(model, stripes(), recipe=Recipe(), on_step=spoil, progress=False).stopped

    first, second = on_two_processes(both)
    assert "the loss became nan at step 3" in first
    assert first == second


def test_the_command_fetches_first_in_process_0_which_alone_prints_and_saves(
    on_two_processes, stripes, monkeypatch, tmp_path, capfd
):
    def load(source):
        done = tmp_path / "fetched"
        assert done.exists() == (parallel.rank() == 1)
        done.touch()
        print("Digits(drawn)")
        return stripes(train=300, test=50)

    def save(model, path):
        assert parallel.rank() == 0
        Path(path).touch(exist_ok=False)

    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr("course_utils.train.__main__.save", save)
    words = ["--json", "--device", "cpu", "--save", str(tmp_path / "cnn")]
    assert on_two_processes(lambda: main(words)) == [0, 0]
    printed = capfd.readouterr().out
    assert printed.count("Digits(drawn)") == printed.count('"processes": 2') == 1
    assert (tmp_path / "cnn").exists()


def test_each_process_takes_a_gpu_of_its_own_and_where_they_are_too_few_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    launched = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}
    for name, value in (launched | {"LOCAL_WORLD_SIZE": "2"}).items():
        monkeypatch.setenv(name, value)
    assert [str(train.choose_device(wanted)) for wanted in (None, "cuda")] == ["cuda:1", "cuda:1"]
    assert str(train.choose_device("cpu")) == "cpu"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert str(train.choose_device()) == "cpu"
    with pytest.raises(ValueError, match="must be one of cpu, cuda, cuda:0.*got 'cuda:1'"):
        train.choose_device("cuda")


KILLED = """
import os, signal, torch
from torch import nn
from course_utils import data, train

torch.manual_seed(0)
images, labels = torch.randint(0, 256, (600, 8, 8), dtype=torch.uint8), torch.arange(600) % 10
digits = data.Digits(images, labels, images, labels, "drawn")

def die(history):
    if len(history.loss) == 2 and os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)

model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
train.fit(model, digits, device="cpu", on_step=die, progress=False)
"""


@pytest.mark.fault("one of two processes is killed", "the job ends, and names it")
def test_a_killed_process_ends_the_job_and_is_named(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "GLOO_SOCKET_IFNAME": "lo"}
    run = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert re.search(r"rank +: 1 .*\n.*exitcode +: -9", run.stderr), run.stderr
