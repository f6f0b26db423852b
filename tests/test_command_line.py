"""python -m course_utils.train: what it prints, writes and returns."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_utils import data, models, train
from course_utils.train.__main__ import main

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def loaded(monkeypatch, stripes):
    """Let the digits be stripes, and list the sources that were asked for; "mnist" is not there."""
    sources = []

    def load(source):
        sources.append(source)
        if source == "mnist":
            raise data.DataError("MNIST cannot be had: no network. Set COURSE_DATA to a folder")
        print("Digits(drawn)")
        return stripes(train=300, test=50)

    monkeypatch.setattr(data, "load", load)
    return sources


def last_line(capsys) -> str:
    return capsys.readouterr().out.splitlines()[-1]


def test_the_last_line_is_json(capsys):
    assert main(["--data", "drawn", "--json", "--seed", "3"]) == 0
    report = json.loads(last_line(capsys))
    assert 5 < report.pop("accuracy") <= 100
    assert report.pop("seconds") > 0
    assert report.pop("device") in ("cpu", "cuda")
    assert report == {
        "recipe": "course",
        "epochs": 1,
        "seed": 3,
        "processes": 1,
        "data": "drawn",
        "test_data": "drawn",
        "parameters": 17_018,
        "stopped": None,
    }


def test_without_json_the_last_line_is_a_sentence(capsys):
    assert main([]) == 0
    assert "% of the drawn test images read correctly, after" in last_line(capsys)


@pytest.mark.fault("an accuracy below the target, or a target of nan", "exit code 1")
@pytest.mark.parametrize(("target", "code"), [("5", 0), ("100.01", 1), ("nan", 1)])
def test_a_target_decides_the_exit_code(target, code, capsys):
    assert main(["--target", target]) == code
    assert capsys.readouterr().err == (f"missed: below the target of {target} %\n" if code else "")


@pytest.mark.parametrize("correct", range(9_800, 10_000, 7))
def test_a_target_that_is_just_reached_is_reached(monkeypatch, correct):
    monkeypatch.setattr("course_utils.train.__main__.evaluate", lambda *_: correct / 10_000)
    monkeypatch.setattr("course_utils.train.__main__.fit", lambda *_, **__: train.History(1))
    assert main(["--target", f"{correct / 100:.2f}"]) == 0


@pytest.mark.fault("a command whose training stops early", "exit code 1, and the reason")
def test_a_run_that_stopped_early_is_no_success(monkeypatch, capsys):
    reckless = train.Recipe(learning_rate=1e6)
    monkeypatch.setitem(train.RECIPES, "plain", reckless)
    assert main(["--recipe", "plain", "--json"]) == 1
    printed = capsys.readouterr()
    stopped = json.loads(printed.out.splitlines()[-1])["stopped"]
    assert "learning rate a tenth" in stopped
    assert printed.err == f"missed: {stopped}\n"


@pytest.mark.fault(
    "Ctrl-C while the command trains", "what was learnt is saved, and the exit code is 1"
)
def test_an_interrupted_run_saves_what_was_learnt_and_is_no_success(monkeypatch, tmp_path, capsys):
    path, add = tmp_path / "cnn.safetensors", train.History.add

    def press_stop(history, *numbers):
        add(history, *numbers)
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(train.History, "add", press_stop)
    assert main(["--save", str(path)]) == 1
    assert "missed: interrupted after 2 steps" in capsys.readouterr().err
    train.restore(models.course_cnn(), path)


@pytest.mark.fault(
    "a place where nothing can be saved, named on the command line",
    "exit code 2 and one line, before the training and not after it",
)
@pytest.mark.parametrize("place", ["", ".", "/dev/null/cnn", "x" * 300])
def test_a_place_to_save_in_is_tried_before_training(monkeypatch, place, capsys):
    monkeypatch.setattr("course_utils.train.__main__.fit", lambda *_, **__: pytest.fail("trained"))
    assert main(["--save", place]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.fault(
    "a command with 0 epochs, a device that is not there, or MNIST without a network",
    "exit code 2, and one line that says what to do",
)
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--data", "mnist"], "error: MNIST cannot be had: no network. Set COURSE_DATA to"),
        (["--test-data", "mnist"], "error: MNIST cannot be had"),
        (["--epochs", "0"], "error: epochs must be at least 1, got 0"),
        (["--device", "abacus"], "error: device must be one of cpu.*got 'abacus'"),
        (["--seed", "-1"], "error: seed must be at least 0, got -1"),
        (["--save", "/dev/null/cnn.safetensors"], "error: .*/dev/null"),
    ],
)
def test_what_cannot_be_done_is_said_and_returns_2(words, named, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(named, error)


@pytest.mark.fault("a wrong word on the command line", "exit code 2, with the right ones")
@pytest.mark.parametrize("words", [["--recipe", "better"], ["--data", "cats"], ["--seed", "x"]])
def test_a_wrong_word_returns_2_with_the_right_ones(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_the_network_is_saved(tmp_path, capsys):
    path = tmp_path / "cnn.safetensors"
    assert main(["--save", str(path), "--json"]) == 0
    model, digits = train.restore(models.course_cnn(), path), data.load("drawn")
    accuracy = 100 * train.evaluate(model, digits.test_images, digits.test_labels)
    report = json.loads(capsys.readouterr().out.splitlines()[-2])
    assert report["accuracy"] == pytest.approx(accuracy)


@pytest.mark.parametrize("name", ["fast", "best"])
def test_each_recipe_trains_the_network_that_it_is_made_for(name, tmp_path, capsys):
    path = tmp_path / "cnn.safetensors"
    words = ["--recipe", name, "--epochs", "1", "--save", str(path), "--json"]
    assert main(words) == 0
    report = json.loads(last_line(capsys))
    train.restore(models.OF_RECIPE[name](), path)  # would refuse another one
    assert report["recipe"] == name
    assert report["parameters"] == models.count_parameters(models.OF_RECIPE[name]())


def test_other_digits_can_be_tested_on(loaded, capsys, monkeypatch, stripes):
    kinds = {"drawn": stripes(), "auto": stripes(train=20, test=40)}
    monkeypatch.setattr(data, "load", lambda source: loaded.append(source) or kinds[source])
    seen = []
    monkeypatch.setattr(
        "course_utils.train.__main__.evaluate", lambda _, images, __: seen.append(images) or 0.5
    )
    assert main(["--data", "drawn", "--test-data", "auto", "--json"]) == 0
    assert loaded == ["drawn", "auto"]
    assert len(seen[0]) == 40
    assert json.loads(last_line(capsys))["accuracy"] == 50


def test_the_seed_decides_the_first_weights_and_the_order_of_images(tmp_path):
    path = tmp_path / "cnn.safetensors"
    main(["--seed", "7", "--save", str(path)])
    torch.manual_seed(7)
    model = models.course_cnn()
    train.fit(model, data.load("drawn"), seed=7, progress=False)
    saved = train.restore(models.course_cnn(), path).state_dict()
    assert all(
        torch.equal(saved[name], tensor.cpu()) for name, tensor in model.state_dict().items()
    )


@pytest.mark.needs_mnist
def test_the_course_recipe_reads_98_8_percent_of_mnist(real_mnist):
    words = [sys.executable, "-m", "course_utils.train"]
    words += ["--data", "mnist", "--target", "98.8", "--json"]
    environment = os.environ | {"COURSE_DATA": str(real_mnist)}
    run = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True)
    report = json.loads(run.stdout.splitlines()[-1])
    assert run.returncode == 0, f"{report['accuracy']} % {run.stderr}"
    assert (report["data"], report["test_data"]) == ("mnist", "mnist")
    assert report["accuracy"] >= 98.8
