"""The course recipe on real MNIST: how its settings were chosen, and how it does on the test set.

Chosen: on 55,000 training images, compared on the other 5,000, eight seeds each.
Tested: ten fresh seeds, all 60,000 training images, one epoch, the last weights, the test set.
Needs COURSE_DATA or a cached MNIST; takes about three minutes.
"""

from dataclasses import replace
from statistics import mean, stdev

import torch

from benchmarks import report
from course_utils import data, models, train

COURSE = train.RECIPES["course"]
CHOSEN_FROM = {
    "the course recipe": COURSE,
    "without label smoothing": replace(COURSE, label_smoothing=0.0),
    "constant learning rate, 0.001": replace(COURSE, schedule="constant", learning_rate=0.001),
}
CHOOSING_SEEDS, TEST_SEEDS = range(200, 208), range(2000, 2010)


def main() -> None:
    digits = data.load("mnist")
    chosen = [
        [name, *describe([accuracy(split(digits), recipe, seed) for seed in CHOOSING_SEEDS])]
        for name, recipe in CHOSEN_FROM.items()
    ]
    tested = [accuracy(digits, COURSE, seed) for seed in TEST_SEEDS]
    average, spread, lowest = describe(tested)
    text = f"""Mean {average} % of the test set, over ten seeds (standard deviation {spread},
lowest {lowest} %). One by one: {", ".join(f"{value:.2f}" for value in tested)}.

How the settings were chosen, without the test set: 5,000 training images, eight seeds.

{report.table(["settings", "mean, %", "standard deviation", "lowest"], chosen)}"""
    report.write("course_recipe", "The course recipe on real MNIST", text)


def split(digits: data.Digits) -> data.Digits:
    """Put 5,000 training images aside, at random, in place of the test images."""
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(12345))
    kept, aside = order[:55_000], order[55_000:]
    images, labels = digits.train_images, digits.train_labels
    return data.Digits(images[kept], labels[kept], images[aside], labels[aside], digits.source)


def accuracy(digits: data.Digits, recipe: train.Recipe, seed: int) -> float:
    """Train once and count, in percent."""
    torch.manual_seed(seed)
    model = models.course_cnn()
    train.fit(model, digits, recipe=recipe, seed=seed, progress=False)
    return 100 * train.evaluate(model, digits.test_images, digits.test_labels)


def describe(values: list[float]) -> list[str]:
    return [f"{mean(values):.3f}", f"{stdev(values):.3f}", f"{min(values):.2f}"]


if __name__ == "__main__":
    main()
