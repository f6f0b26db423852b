"""Training and testing: what is learnt, what is kept, and what is refused before it begins."""

import dataclasses
import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from course_utils import data, models, train
from course_utils.train import Recipe

CONSTANT = Recipe(schedule="constant")


def small_cnn(seed: int = 0) -> nn.Sequential:
    """Build a network with batch norm and dropout, which make most trouble, that is quick."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=3, stride=2),  # (N, 4, 13, 13)
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(4 * 13 * 13, 10),
    )


def numbers_of(model: nn.Module) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in model.state_dict().values()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


# ------------------------------------------------------------------------------------ learning


def test_the_course_cnn_learns(stripes):
    digits = stripes(train=2000, test=300)
    torch.manual_seed(0)
    model = models.course_cnn()
    before = train.evaluate(model, digits.test_images, digits.test_labels)
    history = train.fit(model, digits, progress=False)
    assert before < 0.3
    assert train.evaluate(model, digits.test_images, digits.test_labels) > 0.97
    assert history.loss[-1] < 0.5 < 1.5 < history.loss[0]
    assert history.accuracy[-1] > 0.9 > 0.3 > history.accuracy[0]
    assert history.stopped is None
    assert history.seconds > 0
    assert repr(history).startswith("History(16 of 16 steps in")
    assert repr(history).endswith("complete)")


def test_images_in_colour_are_learnt_too(stripes):
    digits = stripes()
    images = {name: getattr(digits, name)[:, None].repeat(1, 3, 1, 1).flip(1)
              for name in ("train_images", "test_images")}  # fmt: skip
    model = models.course_cnn(in_channels=3)
    train.fit(model, dataclasses.replace(digits, **images), recipe=Recipe(epochs=3), progress=False)
    assert train.predict(model, images["test_images"]).shape == (100, 10)
    assert train.evaluate(model, images["test_images"], digits.test_labels) > 0.9


def test_the_same_seed_gives_the_same_weights_to_the_bit(stripes):
    first, second, other = small_cnn(), small_cnn(), small_cnn()
    train.fit(first, stripes(), seed=5, progress=False)
    torch.rand(7)  # whatever happened in between
    train.fit(second, stripes(), seed=5, progress=False)
    train.fit(other, stripes(), seed=6, progress=False)
    assert same(numbers_of(first), numbers_of(second))
    assert not same(numbers_of(first), numbers_of(other))


def test_who_names_no_seed_gets_seed_0(stripes):
    first, second = small_cnn(), small_cnn()
    train.fit(first, stripes(), progress=False)
    train.fit(second, stripes(), seed=0, progress=False)
    assert same(numbers_of(first), numbers_of(second))


OTHER_PROCESS = """
import sys
from tests import conftest, test_train
stripes = conftest.draw_stripes(600, seed=1)
print(test_train.digest_of_a_run(stripes.images, stripes.labels))
"""


def digest_of_a_run(images, labels) -> str:
    model = small_cnn()
    digits = data.Digits(images, labels, images, labels, "drawn")
    train.fit(model, digits, seed=5, device="cpu", progress=False)
    return hashlib.sha256(b"".join(n.numpy().tobytes() for n in numbers_of(model))).hexdigest()


@pytest.mark.fault("the same seed in another process", "the same weights, to the bit")
def test_another_process_gives_the_same_weights_to_the_bit(stripes):
    digits = stripes()
    here = digest_of_a_run(digits.train_images, digits.train_labels)
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    run = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS], cwd=Path(__file__).parent.parent,
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.stdout.strip() == here, run.stderr


def test_it_is_the_loop_that_a_lesson_writes_by_hand(stripes):
    digits, ours, theirs = stripes(), small_cnn(), small_cnn()
    train.fit(ours, digits, recipe=CONSTANT, seed=3, progress=False)
    torch.manual_seed(3)
    theirs.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.01, fused=True)
    for batch in torch.randperm(600).split(128):
        logits = theirs(data.normalize(digits.train_images[batch]))
        loss = nn.functional.cross_entropy(logits, digits.train_labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert same(numbers_of(ours), numbers_of(theirs))


def test_the_global_seed_stays_as_it_was(stripes):
    torch.manual_seed(1)
    model = small_cnn()
    state = torch.get_rng_state()
    train.fit(model, stripes(), progress=False)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("recipe", "steps"), [(Recipe(), 5), (Recipe(epochs=3), 15)])
def test_each_step_is_reported_once(stripes, recipe, steps):
    lengths = []
    history = train.fit(
        small_cnn(),
        stripes(),  # 600 images: 4 batches of 128 and one of 88
        recipe=recipe,
        on_step=lambda history: lengths.append(len(history.loss)),
        progress=False,
    )
    assert lengths == list(range(1, steps + 1))
    assert history.total_steps == len(history.loss) == len(history.accuracy) == steps


def test_every_image_is_used_once_an_epoch_in_a_new_order(stripes):
    digits, seen = stripes(train=60), []

    class Spy(nn.Linear):
        def forward(self, x):
            if self.training:
                seen.extend(x[:, 0, 0, :4].sum(1).tolist())
            return super().forward(x.flatten(1))

    train.fit(Spy(784, 10), digits, recipe=Recipe(epochs=2, batch_size=20), progress=False)
    assert sorted(seen[:60]) == sorted(seen[60:])
    assert seen[:60] != seen[60:]


def test_one_cycle_climbs_and_ends_near_zero(stripes):
    recipe = Recipe(epochs=4, learning_rate=0.02)
    rates = train.fit(small_cnn(), stripes(), recipe=recipe, progress=False).learning_rate
    highest = rates.index(max(rates))
    assert rates[highest] == pytest.approx(0.02)
    assert 0 < highest < len(rates) / 2
    assert rates[0] < 0.02 / 20
    assert rates[-1] < 0.02 / 10_000


def test_a_constant_rate_is_constant_and_weight_decay_counts(stripes):
    plain, decayed = small_cnn(), small_cnn()
    history = train.fit(plain, stripes(), recipe=CONSTANT, progress=False)
    assert set(history.learning_rate) == {0.01}
    recipe = dataclasses.replace(CONSTANT, weight_decay=0.1)
    train.fit(decayed, stripes(), recipe=recipe, progress=False)
    assert decayed[-1].weight.norm() < plain[-1].weight.norm()


@pytest.mark.fault(
    "a last batch of one image, or fewer images than a batch", "training goes on without it"
)
@pytest.mark.parametrize("count", [2, 3, 128, 129, 257])
def test_a_last_batch_of_one_image_does_no_harm(stripes, count):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.BatchNorm1d(10))
    history = train.fit(model, stripes(train=count), progress=False)
    assert history.total_steps == len(history.loss) == max(1, count // 128)
    assert history.stopped is None


@pytest.mark.fault("images of one class alone", "that class is learnt")
def test_one_class_alone_can_be_learnt(stripes):
    digits = dataclasses.replace(stripes(), train_labels=torch.full((600,), 4))
    model = small_cnn()
    train.fit(model, digits, recipe=Recipe(epochs=2), progress=False)
    assert train.evaluate(model, digits.train_images, digits.train_labels) == 1


def test_the_progress_bar_is_not_printed_as_an_error(stripes, capsys):
    train.fit(small_cnn(), stripes())
    printed = capsys.readouterr()
    assert "0/5" in printed.out
    assert printed.err == ""


# ------------------------------------------------------------------------------------ stopping


@pytest.mark.fault(
    "the stop button between two steps", "what was learnt is kept, and training can go on"
)
@pytest.mark.parametrize("at_step", [1, 3, 5])
def test_an_interrupt_keeps_what_was_learnt(stripes, at_step, capsys):
    kept = []

    def press_stop(history):
        if len(history.loss) == at_step:
            kept.extend(numbers_of(model))
            raise KeyboardInterrupt

    model = small_cnn()
    history = train.fit(model, stripes(), on_step=press_stop, progress=False)
    assert same(numbers_of(model), kept)
    assert len(history.loss) == at_step
    assert history.stopped == f"interrupted after {at_step} steps; what was learnt is kept"
    assert capsys.readouterr().out == f"Training stopped: {history.stopped}.\n"
    assert repr(history).endswith("stopped early)")
    assert train.fit(model, stripes(), progress=False).stopped is None


def interrupting(method, at_call: int):
    """Let a method be interrupted when it is called for the n-th time."""
    calls = []

    def interrupted(*arguments, **settings):
        calls.append(1)
        if len(calls) == at_call:
            raise KeyboardInterrupt
        return method(*arguments, **settings)

    return interrupted


@pytest.mark.fault(
    "the stop button in the middle of a step: forwards, backwards, while the weights change",
    "finite weights, a history of whole steps, and training can go on",
)
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (nn.Flatten, "forward"),
        (torch.Tensor, "backward"),
        (torch.optim.Adam, "zero_grad"),
        (torch.optim.Adam, "step"),
        (train.History, "add"),
        (nn.functional, "cross_entropy"),
    ],
    ids=lambda value: str(getattr(value, "__name__", value)),
)
def test_an_interrupt_inside_a_step_leaves_all_usable(stripes, monkeypatch, owner, name):
    model, digits = small_cnn(), stripes()
    with monkeypatch.context() as patch:
        # the first forward pass looks whether images and model match
        at_call = 4 if name == "forward" else 3
        patch.setattr(owner, name, interrupting(getattr(owner, name), at_call))
        history = train.fit(model, digits, progress=False)
    assert history.stopped.startswith(f"interrupted after {len(history.loss)} steps")
    usable(model, digits, history)
    assert train.fit(model, digits, progress=False).stopped is None


def usable(model: nn.Module, digits: data.Digits, history: train.History) -> None:
    """Expect finite numbers, columns of one length, layers in their modes, and an accuracy."""
    assert all(tensor.isfinite().all() for tensor in numbers_of(model))
    assert len(history.loss) == len(history.accuracy) == len(history.learning_rate)
    assert all(layer.training for layer in model.modules())
    assert 0 <= train.evaluate(model, digits.test_images, digits.test_labels) <= 1


class InterruptAtLine:
    """Count the lines of fit.py that run, and be the stop button at one of them."""

    def __init__(self, number: int):
        self.to_go = number

    def __call__(self, frame, event, _):
        if Path(frame.f_code.co_filename).parts[-2:] != ("train", "fit.py"):
            return None
        self.to_go -= event == "line"
        if self.to_go == 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self


@pytest.mark.fault(
    "the stop button at any line of the training loop, also when the numbers have just gone wild",
    "finite weights, a history of whole steps, the global seed as it was",
)
@pytest.mark.parametrize("wild", [None, math.nan, 1e20])
def test_an_interrupt_at_any_line_leaves_all_usable(wild, stripes):
    digits, recipe = stripes(train=24, test=10), Recipe(batch_size=8)
    torch.manual_seed(0)
    state, tracing = torch.get_rng_state(), sys.gettrace()
    for number in range(1, 1000):
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
        torch.set_rng_state(state)
        history = train.History(0)
        sys.settrace(InterruptAtLine(number))
        try:
            history = train.fit(
                model, digits, recipe=recipe, progress=False, device="cpu",
                on_step=spoil(model, wild, at_step=2) if wild else None,
            )  # fmt: skip
        except KeyboardInterrupt:
            pass
        finally:
            interrupted = sys.gettrace() is None
            sys.settrace(tracing)
        assert torch.equal(torch.get_rng_state(), state)
        usable(model, digits, history)
        if wild and history.loss and history.loss[-1] > 1000:  # noticed, so it is undone
            assert model[1].weight.abs().max() < 1
        if not interrupted:
            break
    assert number > 80


@pytest.mark.fault("the stop button during a test", "every layer is back in its mode")
def test_an_interrupt_during_a_test_leaves_the_modes(stripes, monkeypatch):
    model, digits = small_cnn(), stripes()
    monkeypatch.setattr(nn.Flatten, "forward", interrupting(nn.Flatten.forward, 1))
    with pytest.raises(KeyboardInterrupt):
        train.evaluate(model, digits.test_images, digits.test_labels)
    assert all(layer.training for layer in model.modules())
    assert train.fit(model, digits, progress=False).stopped is None


@pytest.mark.fault(
    "a learning rate of a million",
    "training stops within a step, says what to try, and brings the last good weights back",
)
@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_a_learning_rate_of_a_million_stops_within_a_step(stripes, schedule, capsys):
    model = small_cnn()
    before = list(model.parameters())[0].clone(), model[-1].weight.clone()
    recipe = Recipe(learning_rate=1e6, schedule=schedule)
    history = train.fit(model, stripes(), recipe=recipe, progress=False)
    assert len(history.loss) == 2  # the second step notices what the first has done
    assert "try a learning rate a tenth as large" in capsys.readouterr().out
    assert torch.equal(model[0].weight, before[0])
    assert torch.equal(model[-1].weight, before[1])
    assert model[1].running_var.max() < 100  # what the wild step did to batch norm is undone too


@pytest.mark.fault(
    "a learning rate of a million in a run of one step", "the first weights come back"
)
def test_a_run_of_one_wild_step_ends_where_it_began(stripes):
    model = small_cnn()
    before = numbers_of(model)
    recipe = Recipe(learning_rate=1e6, schedule="constant", batch_size=600)
    history = train.fit(model, stripes(), recipe=recipe, progress=False)
    assert "at step 1, and the weights are back" in history.stopped
    assert same([*before[:2], *before[-2:]], [*numbers_of(model)[:2], *numbers_of(model)[-2:]])


@pytest.mark.fault(
    "a network whose weights are not numbers from the start", "training stops and says so"
)
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
def test_weights_that_were_lost_before_are_not_blamed_on_the_learning_rate(stripes, value):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    nn.init.constant_(model[1].weight[:5], value)
    history = train.fit(model, stripes(), progress=False)
    assert "at the first step, before any weight had changed; build the network" in history.stopped
    assert len(history.loss) == 1


def spoil(model: nn.Module, value: float, at_step: int = 3):
    def spoil_it(history):
        if len(history.loss) == at_step:
            with torch.no_grad():
                model[-1].weight[0] = value

    return spoil_it


@pytest.mark.fault(
    "a loss that becomes infinite or nan, in the last step too",
    "training stops, and the last good numbers come back",
)
@pytest.mark.parametrize("value", [math.inf, math.nan, 1e20])
@pytest.mark.parametrize("images", [600, 3 * 128])  # so that the third step is the last, or not
def test_a_lost_loss_brings_the_last_good_numbers_back(stripes, value, images):
    digits, model, kept = stripes(train=images), small_cnn(), small_cnn()
    history = train.fit(model, digits, recipe=CONSTANT, on_step=spoil(model, value), progress=False)

    def stop_at_two(history):
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    train.fit(kept, digits, recipe=CONSTANT, on_step=stop_at_two, progress=False)
    assert history.stopped.startswith("the loss became ")
    assert all(tensor.isfinite().all() for tensor in numbers_of(model))
    assert same([*model.parameters()], [*kept.parameters()])
    assert train.fit(model, digits, progress=False).stopped is None


@pytest.mark.fault(
    "training a network that was left in evaluation mode", "it is trained all the same"
)
def test_a_network_in_evaluation_mode_is_trained_all_the_same(stripes):
    model, left_in_eval = small_cnn(), small_cnn().eval()
    train.fit(model, stripes(), progress=False)
    train.fit(left_in_eval, stripes(), progress=False)
    assert same(numbers_of(model), numbers_of(left_in_eval))
    assert not left_in_eval.training


@pytest.mark.fault(
    "an error in the learner's own on_step, or in a test", "every layer is back in its mode"
)
@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_as_before_whatever_happens(stripes, training):
    def fail(history):
        raise ZeroDivisionError

    model = small_cnn()
    model.train(training)
    model[1].eval()  # a layer that somebody froze
    modes = [layer.training for layer in model.modules()]
    train.fit(model, stripes(), progress=False)
    train.predict(model, stripes().test_images)
    with pytest.raises(ZeroDivisionError):
        train.fit(model, stripes(), on_step=fail, progress=False)
    with pytest.raises(RuntimeError):
        train.predict(model, stripes().test_images[:, :20])
    assert [layer.training for layer in model.modules()] == modes


# ------------------------------------------------------------------------------------ refusing

IMAGES = torch.zeros(6, 28, 28, dtype=torch.uint8)
LABELS = torch.arange(6)


@pytest.mark.fault(
    "no images, one image, images of another shape or dtype, nan for pixels, labels that are lists,"
    " fractions or out of range",
    "an error that names what came and what is wanted, and no weight has changed",
)
@pytest.mark.parametrize(
    ("images", "labels", "named"),
    [
        (
            IMAGES * math.nan,
            LABELS,
            r"images must be a uint8 tensor .*, got Tensor of torch\.float32",
        ),
        (IMAGES.tolist(), LABELS, "images must be a tensor, got list; use torch.tensor"),
        (IMAGES, LABELS.numpy(), "labels must be a tensor, got ndarray; use torch.tensor"),
        (IMAGES[0, 0, 0], LABELS, r"images of shape \(\) and labels of shape \(6,\)"),
        (IMAGES, LABELS > 3, r"labels must be int64, got torch\.bool; use labels\.long"),
        (IMAGES.float(), LABELS, r"images must be a uint8 tensor .*, got Tensor of torch\.float32"),
        (IMAGES[:, None, None], LABELS, r"must be .*\(N, height, width\) or .*, 1, 1, 28, 28\)"),
        (IMAGES[:, None].expand(6, 3, 28, 28), LABELS, r"\(2, 3, 28, 28\): .* have 1 channels"),
        (IMAGES[:, :20], LABELS, r"batch of shape \(2, 1, 20, 28\): .*2x192 and 288x10"),
        (IMAGES[:1], LABELS[:1], r"two images or more .* got images of shape \(1, 28, 28\)"),
        (IMAGES[:0], LABELS[:0], r"two images or more .* got images of shape \(0, 28, 28\)"),
        (IMAGES, LABELS[:5], r"images of shape \(6, 28, 28\) and labels of shape \(5,\)"),
        (IMAGES, LABELS[:, None], r"images of shape \(6, 28, 28\) and labels of shape \(6, 1\)"),
        (IMAGES, LABELS.float(), r"labels must be int64, got torch\.float32; use labels\.long"),
        (IMAGES, LABELS + 5, r"one output for each class, got \(2, 10\) for labels from 5 to 10"),
        (IMAGES, LABELS - 1, r"one output for each class, got \(2, 10\) for labels from -1 to 4"),
    ],
)
def test_what_does_not_match_is_named_before_a_weight_changes(images, labels, named):
    model = models.course_cnn()
    before = numbers_of(model)
    with pytest.raises((ValueError, TypeError), match=named):
        train.fit(model, data.Digits(images, labels, images, labels, "drawn"), progress=False)
    assert same(numbers_of(model), before)


class ReturnsTwo(nn.Linear):
    def forward(self, x):
        return x, x


def frozen(model: nn.Module) -> nn.Module:
    return model.requires_grad_(False)


NO_NETWORKS = [
    (nn.Conv2d(1, 10, 3), r"must give \(N, classes\).* got \(\d+, 10, 26, 26\) for labels from 0"),
    (nn.Sequential(nn.Flatten(), nn.Linear(784, 5)), r"got \(\d+, 5\) for labels from 0 to 9"),
    (nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.Flatten(0)), r"got \(\d+,\) for labels"),
    (ReturnsTwo(1, 1), "the model must return one tensor, got tuple"),
]


@pytest.mark.fault(
    "a network with too few outputs, or with another thing than one row of them for each image",
    "training and testing refuse it, with both sizes",
)
@pytest.mark.parametrize(("model", "named"), NO_NETWORKS)
def test_a_network_without_one_output_a_class_is_refused(stripes, model, named):
    digits = stripes()
    with pytest.raises((ValueError, TypeError), match=named):
        train.fit(model, digits, progress=False)
    with pytest.raises((ValueError, TypeError), match=named):
        train.evaluate(model, digits.test_images, digits.test_labels)


@pytest.mark.fault(
    "a network without weights, a frozen one, its name, the recipe's name, a list for digits",
    "an error that says what is wanted",
)
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"model": nn.Flatten()}, "nothing to train, none of its 0 parameter tensors"),
        ({"model": frozen(small_cnn())}, "none of its 6 parameter tensors has requires_grad"),
        ({"model": "cnn"}, r"model must be a network that is built, .* got 'cnn'"),
        ({"model": nn.Flatten}, r"model must be a network that is built, .* got <class"),
        ({"digits": [1, 2]}, r"digits must be Digits, such as data.load\(\) gives, got \[1, 2\]"),
        ({"recipe": "fast"}, r"recipe must be .* train.RECIPES\['fast'\], got 'fast'"),
        ({"seed": "0"}, "seed must be a whole number, got '0'"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_what_is_no_network_and_no_recipe_is_named(stripes, changed, named):
    given = {"model": small_cnn(), "digits": stripes(), "progress": False} | changed
    with pytest.raises((ValueError, TypeError), match=named):
        train.fit(**given)


def test_a_network_without_weights_can_be_tested(stripes):
    images = stripes().test_images
    assert train.predict(nn.Flatten(), images).shape == (100, 784)


@pytest.mark.fault("predictions for a list, or for nothing", "a TypeError that says what came")
@pytest.mark.parametrize("images", [[[0]], None, "7"])
def test_predictions_are_made_for_tensors_alone(images):
    named = f"images must be a tensor, got {type(images).__name__}; use torch.tensor"
    with pytest.raises(TypeError, match=named):
        train.predict(nn.Flatten(), images)


@pytest.mark.fault(
    "a recipe of 0 epochs, batches of one image, a learning rate of 0, nan or infinity, or text",
    "an error that names it as soon as the recipe is written",
)
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"weight_decay": -0.1}, "weight_decay must be at least 0 and finite, got -0.1"),
        ({"label_smoothing": 1}, "label_smoothing must be from 0 to below 1, got 1"),
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"learning_rate": math.nan}, "learning_rate must be at least 0 and finite, got nan"),
        ({"learning_rate": math.inf}, "learning_rate must be at least 0 and finite, got inf"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number, got '0.1'"),
        ({"distortion": math.nan}, "distortion must be at least 0 and finite, got nan"),
        ({"epochs": 1.5}, "epochs must be a whole number, got 1.5"),
        ({"epochs": "2"}, "epochs must be a whole number, got '2'"),
        ({"batch_size": True}, "batch_size must be a whole number, got True"),
        ({"batch_size": math.nan}, "batch_size must be a whole number, got nan"),
        ({"schedule": "cosine"}, "schedule must be 'constant' or 'one-cycle', got 'cosine'"),
    ],
)
def test_a_recipe_is_checked_when_it_is_written(settings, named):
    with pytest.raises((ValueError, TypeError), match=named):
        Recipe(**settings)


# ------------------------------------------------------------------------------------- testing


class ReadsLabelFromPixel(nn.Module):
    """A network that cannot err: the first pixel is the class that it answers."""

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        pixel = ((x[:, 0, 0, 0] * data.STD + data.MEAN) * 255).round().long()
        return nn.functional.one_hot(pixel, 10).float()


def test_accuracy_counts_where_a_mean_of_batch_means_errs():
    images = torch.zeros(501, 28, 28, dtype=torch.uint8)
    labels = torch.zeros(501, dtype=torch.int64)
    labels[500] = 1  # wrong, and alone in the last batch of 500: a mean of means says one half
    assert train.evaluate(ReadsLabelFromPixel(), images, labels) == 500 / 501


ONE_EACH = r"one label for each image, got images of shape \("


@pytest.mark.fault(
    "a test without images, with too few labels, with labels that no output stands for",
    "an error that names them, and no accuracy",
)
@pytest.mark.parametrize(
    ("images", "labels", "named"),
    [
        (IMAGES[:0], LABELS[:0], ONE_EACH),
        (IMAGES, LABELS[:5], ONE_EACH),
        (IMAGES, LABELS[:, None], ONE_EACH),
        (IMAGES, LABELS + 5, r"got \(6, 10\) for labels from 5 to 10"),
        (IMAGES, LABELS - 1, r"got \(6, 10\) for labels from -1 to 4"),
        (IMAGES, LABELS / 2, r"labels must be int64, got torch\.float32; use labels\.long"),
        (IMAGES, LABELS.tolist(), "labels must be a tensor, got list; use torch.tensor"),
        (IMAGES.tolist(), LABELS, "images must be a tensor, got list; use torch.tensor"),
        (IMAGES.float(), LABELS, r"images must be a uint8 tensor .* got Tensor of torch\.float32"),
    ],
)
def test_evaluate_needs_a_label_for_each_image(images, labels, named):
    with pytest.raises((ValueError, TypeError), match=named):
        train.evaluate(ReadsLabelFromPixel(), images, labels)


def test_a_single_image_can_be_evaluated():
    for label, accuracy in [(0, 1), (3, 0)]:
        right = train.evaluate(ReadsLabelFromPixel(), IMAGES[:1], torch.tensor([label]))
        assert right == accuracy


@pytest.mark.fault("predictions in batches of 0, of 1.5 or of nan", "an error names the number")
@pytest.mark.parametrize("batch_size", [0, -1, 1.5, math.nan, "10"])
def test_a_batch_that_is_none_is_refused(batch_size):
    with pytest.raises((ValueError, TypeError), match=f"batch_size must be .* got {batch_size!r}"):
        train.predict(ReadsLabelFromPixel(), IMAGES, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [1, 7, 100, 1000])
def test_predictions_do_not_depend_on_the_batch(stripes, batch_size):
    model, images = small_cnn().train(), stripes().test_images
    logits = train.predict(model, images, batch_size=batch_size)
    assert logits.shape == (100, 10)
    assert not logits.requires_grad
    torch.testing.assert_close(logits, train.predict(model, images))


def test_predicting_leaves_all_numbers_as_they_are(stripes):
    model = small_cnn().train()
    before = numbers_of(model)
    train.predict(model, stripes().test_images)
    assert same(numbers_of(model), before)


def test_distortions_fall_evenly_to_nothing(stripes, monkeypatch):
    strengths = []
    monkeypatch.setattr(
        sys.modules[train.fit.__module__], "distort",
        lambda images, strength: strengths.append(strength) or images,
    )  # fmt: skip
    recipe = Recipe(epochs=2, batch_size=150, distortion=0.8)
    train.fit(small_cnn(), stripes(train=300), recipe=recipe, progress=False)
    assert strengths == pytest.approx([0.8, 0.6, 0.4, 0.2])


@pytest.mark.fault("a device that this machine lacks", "an error that lists those that it has")
def test_the_best_device_is_taken_and_a_missing_one_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert {str(train.choose_device(wanted)) for wanted in (None, "auto", "cpu")} == {"cpu"}
    assert str(train.choose_device("mps")) == "mps"
    with pytest.raises(ValueError, match="one of cpu, mps on this machine, got 'cuda'"):
        train.choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert str(train.choose_device()) == "cuda"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert str(train.choose_device()) == "cuda"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert str(train.choose_device("cuda:1")) == "cuda:1"
    with pytest.raises(ValueError, match="cpu, cuda, cuda:0, cuda:1, mps .* got 'cuda:2'"):
        train.choose_device("cuda:2")
