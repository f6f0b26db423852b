"""The course's recipes on real MNIST: how their settings were chosen, and how they do at the end.

    python -m benchmarks.recipes [--only NAME ...]

Chosen: on 55,000 training images, compared on the other 5,000, always the same seeds.
Tested: with fresh seeds, on all 60,000 training images; the last weights read the test images.
Each recipe has a report of its own. Needs COURSE_DATA or a cached MNIST, and half an hour; nothing
here depends on how fast the machine is. What the recipes cost in time is in the race.
"""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from statistics import mean, stdev

import torch
from torch import nn

from benchmarks import report
from course_utils import data, models, train

COURSE, FAST, BEST = (train.RECIPES[name] for name in ("course", "fast", "best"))
SHIFTS = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]  # rows and columns


@dataclass(frozen=True)
class Way:
    """A network and a recipe for it."""

    network: Callable[[], nn.Module]
    recipe: train.Recipe

    def trained(self, digits: data.Digits, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        model = self.network()
        train.fit(model, digits, recipe=self.recipe, seed=seed, progress=False)
        return model


def wide(*widths: int) -> Callable[[], nn.Module]:
    return partial(models.fast_cnn, widths)


# the first of each is the recipe as it is; every other one changes one thing (the schedule and its
# learning rate count as one)
TRIED = {
    "course": {
        "as it is": Way(models.course_cnn, COURSE),
        "without label smoothing": Way(models.course_cnn, replace(COURSE, label_smoothing=0.0)),
        "constant learning rate, 0.001": Way(
            models.course_cnn, replace(COURSE, schedule="constant", learning_rate=0.001)
        ),
    },
    "fast": {
        "as it is": Way(models.fast_cnn, FAST),
        "learning rate up to 0.02": Way(models.fast_cnn, replace(FAST, learning_rate=0.02)),
        "learning rate up to 0.04": Way(models.fast_cnn, replace(FAST, learning_rate=0.04)),
        "without label smoothing": Way(models.fast_cnn, replace(FAST, label_smoothing=0.0)),
        "256 images a step": Way(models.fast_cnn, replace(FAST, batch_size=256)),
        "8, 16 and 64 channels": Way(wide(8, 16, 64), FAST),
        "16, 32 and 64 channels": Way(wide(16, 32, 64), FAST),
    },
    "best": {
        "as it is": Way(models.best_cnn, BEST),
        "without distortion": Way(models.best_cnn, replace(BEST, distortion=0.0)),
        "half of the channels": Way(wide(16, 32, 64), BEST),
        "four epochs": Way(models.best_cnn, replace(BEST, epochs=4)),
    },
}
CHOOSING_SEEDS = {"course": range(200, 208), "fast": range(200, 208), "best": range(200, 202)}
TEST_SEEDS = {"course": range(3000, 3010), "fast": range(3000, 3010), "best": range(3000, 3005)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Choose and test the course's recipes.")
    parser.add_argument("--only", nargs="+", choices=TRIED, default=list(TRIED))
    names, digits = parser.parse_args().only, data.load("mnist")
    for name in names:
        title = f"The recipe {name!r} on real MNIST"
        command = f"recipes --only {name}"
        report.write(f"recipe_{name}", title, text(name, digits), command=command)


def text(name: str, digits: data.Digits) -> str:
    """Choose and test one recipe."""
    chosen = [
        [change, *describe(choose(way, digits, CHOOSING_SEEDS[name]))]
        for change, way in TRIED[name].items()
    ]
    plain, shifted = tested(TRIED[name]["as it is"], digits, TEST_SEEDS[name])
    average, spread, lowest = describe(plain)
    return f"""Mean {average} % of the test set, over {len(plain)} fresh seeds (standard deviation
{spread}, lowest {lowest} %). One by one: {", ".join(f"{value:.2f}" for value in plain)}.
Apart from that: asked five times for each image, as it is and shifted by one pixel to each side,
and with the mean of the five answers, the same networks read {describe(shifted)[0]} %.

What changes do, without the test set: 5,000 training images put aside, and
{len(CHOOSING_SEEDS[name])} seeds, the same for each row. Where a row is better by less than its
spread, or costs time, the recipe stayed as it is.

{report.table(["settings", "mean, %", "standard deviation", "lowest"], chosen)}"""


def choose(way: Way, digits: data.Digits, seeds: Iterable[int]) -> list[float]:
    """Train on 55,000 images, and count on the other 5,000, in percent."""
    aside = split(digits)
    return [
        100 * train.evaluate(way.trained(aside, seed), aside.test_images, aside.test_labels)
        for seed in seeds
    ]


def split(digits: data.Digits) -> data.Digits:
    """Put 5,000 training images aside, at random, in place of the test images."""
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(12345))
    kept, aside = order[:55_000], order[55_000:]
    images, labels = digits.train_images, digits.train_labels
    return data.Digits(images[kept], labels[kept], images[aside], labels[aside], digits.source)


def tested(way: Way, digits: data.Digits, seeds: Iterable[int]) -> tuple[list[float], list[float]]:
    """Train on all, and count on the test images, in percent: asked once, and asked five times."""
    plain, shifted = [], []
    for seed in seeds:
        model = way.trained(digits, seed)
        plain.append(100 * train.evaluate(model, digits.test_images, digits.test_labels))
        answers = [
            train.predict(model, digits.test_images.roll(shift, dims=(1, 2))).softmax(dim=1)
            for shift in SHIFTS
        ]
        read = torch.stack(answers).mean(dim=0).argmax(dim=1) == digits.test_labels
        shifted.append(100 * read.float().mean().item())
        print(way.recipe, seed, plain[-1], shifted[-1], flush=True)
    return plain, shifted


def describe(values: list[float]) -> list[str]:
    return [f"{mean(values):.3f}", f"{stdev(values):.3f}", f"{min(values):.2f}"]


if __name__ == "__main__":
    main()
