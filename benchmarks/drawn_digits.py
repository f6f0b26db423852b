"""How good are the drawn digits? Networks that have seen drawn or real digits read the others.

Needs COURSE_DATA or a cached MNIST; without it only the rows about drawn digits are measured.
The styles and templates were chosen by reading real training images, never the test set.
"""

import statistics
import time

import torch
from torch import nn

from benchmarks import report
from course_utils import data, handwriting, models, strokes, train

SEEDS = (0, 1, 2)


def main() -> None:
    drawing, test_drawing = handwriting.digits()
    wide = handwriting.draw(10_000, seed=3, style="wide")
    mild = test_drawing.images, test_drawing.labels
    wide = wide.images, wide.labels
    drawn = data.Digits(drawing.images, drawing.labels, *mild, source="drawn")
    cnns = [fitted(models.course_cnn, drawn, seed) for seed in SEEDS]
    linear = [fitted(logistic_regression, drawn, seed) for seed in SEEDS]
    rows = [
        row("course CNN, drawn digits, reads the drawn test split", cnns, mild, "98.5 or more"),
        row("course CNN, drawn digits, reads other wide ones", cnns, wide),
        row("logistic regression, drawn digits, reads the test split", linear, mild, "95 or less"),
    ]
    try:
        rows += rows_about_mnist(cnns, mild, wide)
        missing = ""
    except data.DataError as error:
        missing = f"The rows about real digits are missing. {error}.\n\n"
    seen = len(test_drawing.factors["template"].unique())
    text = (
        f"One epoch over 60,000 digits; accuracy in % over seeds {', '.join(map(str, SEEDS))}.\n\n"
        + report.table(["network, trained on", "mean", "spread", "wanted"], rows)
        + f"\n\n{missing}The test split shows {seen} of {len(strokes.load_templates())} templates."
        + f" On one thread 10,000 digits take {seconds_to_draw(10_000):.1f} s."
    )
    report.write("drawn_digits", "The drawn digits", text)


def rows_about_mnist(cnns, mild, wide) -> list[list[str]]:
    """Let networks that know drawn digits read real ones, and the other way round."""
    real = data.load("mnist")
    test = real.test_images, real.test_labels
    on_real = [fitted(models.course_cnn, real, seed) for seed in SEEDS]
    return [
        row("course CNN, drawn digits, reads MNIST's test set", cnns, test, "97.5 or more"),
        row("course CNN, MNIST, reads the drawn test split", on_real, mild, "95 to 99.5"),
        row("course CNN, MNIST, reads wide drawn digits", on_real, wide),
        row("course CNN, MNIST, reads MNIST's test set", on_real, test),
    ]


def logistic_regression() -> nn.Sequential:
    """Build the simplest reader there is: one weight for each pixel and class."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))


def fitted(make, digits: data.Digits, seed: int) -> nn.Module:
    """Train a new network by the course's recipe."""
    torch.manual_seed(seed)
    model = make()
    train.fit(model, digits, seed=seed, progress=False)
    return model


def row(title, trained, test, wanted="") -> list[str]:
    """Let each trained network read the test digits; spread is highest minus lowest accuracy."""
    scores = [100 * train.evaluate(model, *test) for model in trained]
    mean, spread = statistics.mean(scores), max(scores) - min(scores)
    return [title, f"{mean:.2f}", f"{spread:.2f}", wanted]


def seconds_to_draw(count: int) -> float:
    """Time the drawing on a single thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    started = time.perf_counter()
    handwriting.draw(count)
    torch.set_num_threads(threads)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
