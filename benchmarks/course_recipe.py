"""The course recipe on real MNIST: ten seeds, one epoch each, the last weights, the test set.

The settings were chosen on 5,000 of the training images, never on the test set.
Needs COURSE_DATA or a cached MNIST; takes about two minutes.
"""

import statistics

import torch

from benchmarks import report
from course_utils import data, models, train

SEEDS = range(1000, 1010)


def measure(digits: data.Digits, seed: int) -> tuple[float, float]:
    """Train once; return the accuracy on the test set in percent and the seconds of training."""
    torch.manual_seed(seed)
    model = models.course_cnn()
    history = train.fit(model, digits, seed=seed, progress=False)
    return 100 * train.evaluate(model, digits.test_images, digits.test_labels), history.seconds


def main() -> None:
    digits = data.load("mnist")
    measured = [measure(digits, seed) for seed in SEEDS]
    accuracies, seconds = zip(*measured, strict=True)
    rows = [[f"seed {seed}", f"{a:.2f}", f"{s:.1f}"]
            for seed, (a, s) in zip(SEEDS, measured, strict=True)]  # fmt: skip
    summary = (
        f"Mean {statistics.mean(accuracies):.3f} % (standard deviation"
        f" {statistics.stdev(accuracies):.3f}, lowest {min(accuracies):.2f} %, highest"
        f" {max(accuracies):.2f} %), in a median of {statistics.median(seconds):.1f} s."
    )
    text = report.table(["run", "accuracy in %", "seconds of training"], rows)
    report.write("course_recipe", "The course recipe on real MNIST", f"{summary}\n\n{text}")


if __name__ == "__main__":
    main()
