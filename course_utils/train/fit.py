"""The training loop.

It is the loop that lesson 06 writes out by hand. Added here is what a long run needs: a progress
bar, an interrupt that loses nothing, a stop before the numbers go wild, and the work of several
processes where torchrun has started them (`parallel`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils import data, inputs
from course_utils.train import parallel
from course_utils.train.augment import distort
from course_utils.train.evaluate import choose_device, in_mode, predict
from course_utils.train.match import check_logits, check_pairs, check_settings
from course_utils.train.progress import progress_bar
from course_utils.train.recipe import RECIPES, Recipe

LOST = 1000.0  # guessing among ten classes costs ln 10 = 2.3; from beyond this no run comes back


@dataclass
class History:
    """What happened in a training run, one entry a step.

    `accuracy` is the share of the step's own batch that was read correctly, before the step.
    Of several processes each has the loss and the accuracy of the whole batch.
    `seconds` counts training alone, without the progress bar and `on_step`.
    `stopped` is None after a whole run, else why it ended early.
    """

    total_steps: int
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str | None = None

    def add(self, loss: float, accuracy: float, learning_rate: float):
        self.loss.append(loss)
        self.accuracy.append(accuracy)
        self.learning_rate.append(learning_rate)

    def keep_whole_steps(self):
        """Drop what an interrupt in the middle of `add` has left."""
        columns = self.loss, self.accuracy, self.learning_rate
        for column in columns:
            del column[min(map(len, columns)) :]

    def __repr__(self):
        steps = f"{len(self.loss):,} of {self.total_steps:,} steps in {self.seconds:.1f} s"
        return f"History({steps}, {'stopped early' if self.stopped else 'complete'})"


def fit(
    model: nn.Module,
    digits: data.Digits,
    *,
    recipe: Recipe = RECIPES["course"],
    seed: int = 0,
    device: str | None = None,
    on_step: Callable[[History], None] | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place on the training images of `digits` and return what happened.

    An interrupt (the stop button, Ctrl-C) ends the run and keeps what was learnt. A loss that is
    lost for good ends it too, with the weights from before the step that lost it. The same `seed`
    on the same machine gives the same weights, to the bit; the global seed stays as it was.

    Under torchrun each process takes its share of every batch, and all end with equal networks.

    Raises ValueError or TypeError, before any weight changes, where images, labels and model do not
    match, or one of them is something else.
    """
    check_settings(model, digits, recipe)
    inputs.whole_number(seed, "seed", 0)
    check_pairs(digits.train_images, digits.train_labels, 2,
                "training needs two images or more and a label for each")  # fmt: skip
    device = choose_device(device)
    # channels_last puts the channels of a pixel side by side in memory: much faster on a CPU
    model.to(device, memory_format=torch.channels_last)
    parallel.join(device)
    images, labels = digits.train_images.to(device), digits.train_labels.to(device)
    _check_match(model, images, labels)
    history = History(recipe.epochs * _batches_per_epoch(len(images), recipe.batch_size))
    parallel.copy_first(model.state_dict().values())
    last_good = _Snapshot(model)
    try:
        with in_mode(model, training=True), torch.random.fork_rng():
            torch.manual_seed(seed + parallel.rank())  # each process drops out other numbers
            steps = _steps(model, images, labels, recipe, history, last_good)
            for _ in progress_bar(steps, total=history.total_steps, hidden=not progress):
                if on_step:
                    on_step(history)
    except KeyboardInterrupt:
        history.keep_whole_steps()
        if not last_good.is_finite_now() or (history.loss and not history.loss[-1] < LOST):
            last_good.restore()  # the last step went wild, and nothing has noticed yet
        history.stopped = f"interrupted after {len(history.loss)} steps; what was learnt is kept"
    parallel.copy_first(model.buffers())  # each process had batch norm statistics of its own
    if history.stopped:
        print(f"Training stopped: {history.stopped}.")
    return history


def _steps(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    history: History,
    last_good: "_Snapshot",
) -> Iterator[None]:
    """Train step by step, and write each step into `history`; pause after each for the caller."""
    optimizer = torch.optim.Adam(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    scheduler = _scheduler(optimizer, recipe, history.total_steps)
    for batch in _shuffled_batches(len(images), recipe):
        started = time.perf_counter()
        mine = parallel.share(batch)
        weight = parallel.count() * len(mine) / len(batch)  # 1, but where shares are not equal
        logits = model(_inputs(images[mine], recipe, history))
        loss = weight * F.cross_entropy(
            logits, labels[mine], label_smoothing=recipe.label_smoothing
        )
        accuracy = weight * (logits.argmax(1) == labels[mine]).float().mean()
        measured = torch.stack([loss.detach(), accuracy])
        parallel.average([measured])
        history.add(*measured.tolist(), optimizer.param_groups[0]["lr"])
        if not measured[0] < LOST:  # written so that nan counts as lost
            break
        last_good.take()
        optimizer.zero_grad()
        loss.backward()
        parallel.average(p.grad for p in model.parameters() if p.grad is not None)
        optimizer.step()
        scheduler.step()
        history.seconds += time.perf_counter() - started
        yield
    else:  # no next step would notice what the last one did
        measured = F.cross_entropy(predict(model, images[batch]), labels[batch].cpu())[None]
        parallel.average([measured])
    if not measured[0] < LOST:
        last_good.restore()
        history.stopped = _advice(measured[0].item(), history)


def _inputs(images: Tensor, recipe: Recipe, history: History) -> Tensor:
    """Bring images on the scale of the networks, distorted ever less."""
    inputs = data.normalize(images)
    if recipe.distortion == 0:
        return inputs
    to_go = 1 - len(history.loss) / history.total_steps
    return distort(inputs, recipe.distortion * to_go)


def _scheduler(optimizer, recipe: Recipe, total_steps: int):
    if recipe.schedule == "constant":
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps)


def _advice(loss: float, history: History) -> str:
    if not history.loss[0] < LOST:
        return (
            f"the loss was {loss:.3g} at the first step, before any weight had changed; build the"
            " network anew, its weights are too large or not numbers"
        )
    return (
        f"the loss became {loss:.3g} at step {len(history.loss)}, and the weights are back where"
        " they were before the last change; try a learning rate a tenth as large"
    )


def _shuffled_batches(count: int, recipe: Recipe) -> Iterator[Tensor]:
    """Go through all images once an epoch, each time in a new order."""
    for _ in range(recipe.epochs):
        order = torch.randperm(count)
        parallel.copy_first([order])
        batches = order.split(parallel.count() * recipe.batch_size)
        yield from batches[: _batches_per_epoch(count, recipe.batch_size)]


def _batches_per_epoch(count: int, batch_size: int) -> int:
    """Count the batches of an epoch, where one left-over image for a process makes none.

    One image has no spread, and batch norm over single values cannot work without.
    """
    full, left_over = divmod(count, parallel.count() * batch_size)
    return full + (left_over >= 2 * parallel.count())


class _Snapshot:
    """A copy of all numbers of a model, to go back to."""

    def __init__(self, model: nn.Module):
        self._live = [tensor.detach() for tensor in (*model.parameters(), *model.buffers())]
        self._copy = [tensor.clone() for tensor in self._live]

    def take(self):
        for copy, live in zip(self._copy, self._live, strict=True):
            copy.copy_(live)

    def restore(self):
        for copy, live in zip(self._copy, self._live, strict=True):
            live.copy_(copy)

    def is_finite_now(self) -> bool:
        return all(live.isfinite().all() for live in self._live)


def _check_match(model: nn.Module, images: Tensor, labels: Tensor):
    """Refuse what would fail in the middle of the run, and name both sides."""
    try:
        logits = predict(model, images[:2])
    except RuntimeError as error:
        shape = tuple(data.normalize(images[:2]).shape)
        raise ValueError(f"the model cannot take a batch of shape {shape}: {error}") from error
    check_logits(logits, labels)
