"""The climb and the choice of recipes: what they change and write. Nothing large is trained."""

from dataclasses import fields, replace

import pytest
import torch

from benchmarks import climb, recipes, report
from course_utils import models, train
from course_utils.recipes import climb as rungs


def test_the_sums_of_a_climb_are_those_that_one_computes_by_hand():
    runs = {"slow": [(10.0, 98.0), (12.0, 98.2)], "quick": [(5.0, 99.0), (4.0, 99.0)]}
    header, [slow, quick] = climb.climbed(runs)
    assert slow == ["slow", "11.0", "1.0", "98.10", "0.14"]
    assert quick == ["quick", "4.5", "2.5", "99.00", "0.00"]  # 10 / 5 and 12 / 4, the median
    assert len(header) == len(slow)
    assert climb.climbed({"once": [(1.0, 98.0)]})[1] == [["once", "1.0", "1.0", "98.00", "–"]]


def test_the_climb_writes_every_rung_and_other_batches_and_threads(stripes, monkeypatch, tmp_path):
    monkeypatch.setattr(climb.data, "load", lambda source: stripes(train=150))
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["climb", "--rounds", "1"])
    threads = torch.get_num_threads()
    climb.main()
    torch.set_num_threads(threads)
    written = (tmp_path / "climb.md").read_text()
    assert all(f"\n| {name} |" in written for name in [*rungs(), *climb.other_batches()])


def test_with_few_images_the_climb_writes_nothing(stripes, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(climb.data, "load", lambda source: stripes(train=150))
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["climb", "--rounds", "1", "--images", "64"])
    climb.main()
    assert "| channels last |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", recipes.TRIED)
def test_what_was_tried_changes_one_thing_of_the_recipe_as_it_is(name):
    as_it_is, *others = recipes.TRIED[name].values()
    assert as_it_is.recipe == train.RECIPES[name]
    assert as_it_is.network is models.OF_RECIPE[name]
    for other in others:
        changed = [
            field.name
            for field in fields(train.Recipe)
            if getattr(other.recipe, field.name) != getattr(as_it_is.recipe, field.name)
        ]
        assert len(changed) + (other.network is not as_it_is.network) == 1 or changed == [
            "learning_rate", "schedule"]  # fmt: skip


def test_no_image_is_trained_on_and_compared_on(stripes):
    digits = replace(stripes(train=10), train_images=torch.arange(60_000),
                     train_labels=torch.arange(60_000) % 10)  # fmt: skip
    aside = recipes.split(digits)
    assert len(aside.train_images) == 55_000
    both = torch.cat([aside.train_images, aside.test_images])
    assert torch.equal(both.sort().values, torch.arange(60_000))
    assert torch.equal(aside.test_labels, aside.test_images % 10)


def test_a_recipe_is_counted_as_it_is_and_shifted(stripes):
    digits, small = stripes(train=300, test=100), train.Recipe(epochs=2)
    plain, shifted = recipes.tested(recipes.Way(models.fast_cnn, small), digits, [0, 1])
    assert len(plain) == len(shifted) == 2
    assert all(0 <= share <= 100 for share in plain + shifted)
    torch.manual_seed(0)
    model = models.fast_cnn()
    train.fit(model, digits, recipe=small, seed=0, progress=False)
    assert plain[0] == 100 * train.evaluate(model, digits.test_images, digits.test_labels)
