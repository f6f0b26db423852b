"""The published recipes: their sizes, that they learn, and that their faults are still in them."""

import itertools
from dataclasses import fields, replace

import pytest
import torch
from torch.nn import functional as F

from course_utils import data, entrants, models, recipes, train
from course_utils.recipes import RECIPES

# counted by hand from the published layers: (inputs x kernel area + 1) x outputs, and so on
SIZES = {
    "course": 17_018,
    "fast": 25 * 16 + 16 * 9 * 16 + 16 * 9 * 64 + 2 * (16 + 16 + 64) + 576 * 10 + 10,
    "best": 25 * 32 + 32 * 9 * 64 + 64 * 9 * 128 + 2 * (32 + 64 + 128) + 1152 * 10 + 10,
    "quick": 25 * 24 + 24 + 24 * 9 * 32 + 32 + 800 * 256 + 256 + 256 * 10 + 10,
    "dropout": 25 * 10 + 10 + 10 * 25 * 20 + 20 + 320 * 50 + 50 + 50 * 10 + 10,
    "slim": 9 * 8 + 8 + 8 * 9 * 16 + 16 + 7 * 7 * 16 * 10 + 10,
    "wide": 9 * 32 + 32 + 32 * 9 * 64 + 64 + 7 * 7 * 64 * 128 + 128 + 128 * 10 + 10,
}
# epochs and batch size, as published
RUNS = {
    "course": (1, 128),
    "fast": (1, 128),
    "best": (10, 128),
    "quick": (1, 256),
    "dropout": (5, 100),
    "slim": (10, 64),
    "wide": (4, 64),
}


def network_of(name: str, seed: int = 0) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    return RECIPES[name].network()


@pytest.mark.parametrize("name", RECIPES)
def test_the_network_is_as_large_as_the_published_one(name):
    model = network_of(name)
    assert models.count_parameters(model) == SIZES[name]
    assert model(torch.rand(3, 1, 28, 28)).shape == (3, 10)


@pytest.mark.parametrize("name", RECIPES)
def test_epochs_and_batches_are_as_published_and_someone_is_credited(name):
    recipe = RECIPES[name]
    assert (recipe.epochs, recipe.batch_size) == RUNS[name]
    assert recipe.title
    assert recipe.author


@pytest.mark.parametrize("name", RECIPES)
def test_a_short_training_makes_the_loss_fall_and_says_how_far_it_is(name, stripes):
    model, digits, done = network_of(name), stripes(train=1000), []
    recipe = replace(RECIPES[name], epochs=1 if name in ("course", "fast", "quick") else 2)
    losses = recipe.train(model, digits, on_step=done.append)
    # a softmax inside keeps the loss above 1.46: there half of the way counts less
    assert sum(losses[-3:]) / 3 < losses[0] - (0.02 if name == "dropout" else 0.1)
    assert done == [step / len(losses) for step in range(len(losses) + 1)]
    assert model.training


@pytest.mark.parametrize("name", ["slim", "dropout"])  # these shuffle
def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_seed_alone(name, stripes):
    recipe, digits, ends = replace(RECIPES[name], epochs=1), stripes(train=300), []
    for seed in (4, 4, 5):
        model = network_of(name)
        before = torch.get_rng_state()
        recipe.train(model, digits, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
        ends.append(torch.cat([values.flatten() for values in model.parameters()]))
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


def test_a_one_cycle_ends_with_steps_of_almost_nothing(stripes):
    seen, model, digits = [], network_of("quick"), stripes(train=2560)

    def look(done):
        seen.append(torch.cat([values.detach().flatten() for values in model.parameters()]))

    RECIPES["quick"].train(model, digits, on_step=look)
    moved = [(after - before).abs().mean() for before, after in zip(seen, seen[1:], strict=False)]
    assert moved[-1] < 0.01 * max(moved)


@pytest.mark.parametrize("name", ["course", "fast", "best"])
def test_our_recipes_are_those_of_train_fit(name, stripes):
    ours, fitted, digits = network_of(name), network_of(name), stripes(train=300)
    losses = RECIPES[name].train(ours, digits, seed=3)
    recipe = train.RECIPES[name]
    again = train.fit(fitted, digits, recipe=recipe, seed=3, device="cpu", progress=False)
    assert losses == again.loss


def test_fed_one_by_one_and_from_memory_the_images_are_the_same(stripes):
    digits = stripes(train=70)
    for scale in (entrants.plain, data.normalize):
        for feed in (entrants.one_by_one, entrants.from_loader, entrants.FromMemory):
            batches = feed(digits, scale, 32)
            parts = list(batches)
            assert [len(labels) for _, labels in parts] == [32, 32, 6]
            assert len(batches) == 3
            images, labels = (torch.cat(half) for half in zip(*parts, strict=True))
            assert not torch.equal(labels, digits.train_labels)  # shuffled
            sums = [group.sum(dim=(1, 2, 3)).sort().values
                    for group in (images, scale(digits.train_images))]  # fmt: skip
            torch.testing.assert_close(*sums)
            assert labels.bincount().tolist() == [7] * 10


def test_in_order_the_images_come_as_they_lie_in_the_file(stripes):
    digits = stripes(train=70)
    images, labels = (torch.cat(half) for half in
                      zip(*entrants.InOrder(digits, data.normalize, 32), strict=True))  # fmt: skip
    assert torch.equal(labels, digits.train_labels)
    assert torch.equal(images, data.normalize(digits.train_images))
    assert RECIPES["quick"].feed is entrants.InOrder


def test_only_one_of_them_takes_the_softmax_twice():
    for name in RECIPES:
        answer = network_of(name).eval()(torch.rand(2, 1, 28, 28))
        shares = torch.allclose(answer.sum(dim=1), torch.ones(2)) and answer.min() >= 0
        assert shares == (name == "dropout")
        assert not shares or RECIPES[name].loss is F.cross_entropy


def test_the_softmax_too_many_costs(stripes):
    digits, read = stripes(train=2000, test=300), []
    for network in (recipes.with_dropout, lambda: recipes.with_dropout()[:-1]):
        recipe = replace(RECIPES["dropout"], feed=entrants.FromMemory, epochs=1, network=network)
        torch.manual_seed(0)
        model = recipe.network()
        recipe.train(model, digits)
        read.append(recipe.evaluate(model, digits.test_images, digits.test_labels))
    assert read[0] < read[1] - 0.1


def test_evaluate_scales_as_in_training_and_drops_nothing(stripes):
    digits, model = stripes(train=10, test=700), network_of("dropout")
    share = RECIPES["dropout"].evaluate(model, digits.test_images, digits.test_labels)
    logits = model.eval()(digits.test_images[:, None] / 255)
    assert share == (logits.argmax(dim=1) == digits.test_labels).sum().item() / 700
    assert not model.training


def test_each_rung_of_the_climb_changes_one_thing_and_the_last_is_the_fast_recipe(stripes):
    rungs, digits = list(recipes.climb().values()), stripes(train=300)
    settings = [field.name for field in fields(rungs[0])]
    for below, above in itertools.pairwise(rungs[:-1]):
        changed = [name for name in settings if getattr(below, name) != getattr(above, name)]
        assert changed in (["feed"], ["layout"], ["network"], ["learning_rate"],
                           ["learning_rate", "one_cycle"])  # fmt: skip
    assert rungs[-1] == RECIPES["fast"]
    for rung in rungs:
        torch.manual_seed(0)
        losses = rung.train(rung.network(), digits)
        assert sum(losses[-2:]) / 2 < losses[0]


def test_the_usual_order_has_the_layers_of_the_course_cnn():
    kinds = [[str(layer) for layer in net] for net in (recipes.usual(), models.course_cnn())]
    assert sorted(kinds[0]) == sorted(kinds[1])
    assert kinds[0] != kinds[1]


def test_a_layout_reaches_the_network(stripes):
    model = network_of("course")
    rung = replace(recipes.climb()["channels last"], network=lambda: model)
    rung.train(model, stripes(train=100))
    assert model[4].weight.is_contiguous(memory_format=torch.channels_last)


def test_the_recorded_race_is_there_with_its_circumstances():
    record = recipes.recorded_race()
    assert "benchmarks.race" in record["circumstances"]
    ran = {run["name"] for run in record["runs"]}
    for header, rows in (record["entrants"], record["results"]):
        assert {row[0] for row in rows} == ran >= {"course", "quick"}
        assert all(len(row) == len(header) for row in rows)
