"""The climb of lesson 06: from the usual network and loop to the fast recipe, change by change.

    python -m benchmarks.climb [--rounds N] [--images N]

In each round every rung trains once on all 60,000 images, with the seed of the round, and its last
weights read the test images, by which nothing is chosen. Then the fast recipe once more: other
batch sizes, and one thread for two. Needs COURSE_DATA or a cached MNIST, and a quiet machine for
ten minutes. --images trains on the first few and writes nothing.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import mean, median, stdev

import torch

from benchmarks import report
from benchmarks.race import first
from course_utils import data, recipes
from course_utils.entrants import Entrant, Ours

THREADS = torch.get_num_threads()


def other_batches() -> dict[str, Entrant]:
    """The fast recipe with other batch sizes."""
    fast = Ours.named("fast")
    sizes = {size: replace(fast.recipe, batch_size=size) for size in (32, 64, 128, 256, 512)}
    return {f"{size} images a step": replace(fast, recipe=one) for size, one in sizes.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the climb of lesson 06.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, help="train on so many, and write nothing")
    options = parser.parse_args()
    some = first(data.load("mnist"), options.images)
    rungs = measure(recipes.climb(), some, options.rounds)
    batches = measure(other_batches(), some, options.rounds)
    counts = {"1 thread": 1, f"{THREADS} threads": THREADS}
    threads = measure(dict.fromkeys(counts, Ours.named("fast")), some, options.rounds,
                      before=lambda name: torch.set_num_threads(counts[name]))  # fmt: skip
    text = f"""Each rung keeps the changes of all rungs above it. One epoch, {options.rounds} seeds,
all alternating; the last weights read the test images. "Times as fast" compares with the first
row within each round, and is the median; so is "seconds".

{report.table(*climbed(rungs))}

The fast recipe with other batch sizes; its own is 128. The learning rate is the same for all.

{report.table(*climbed(batches))}

And on fewer threads.

{report.table(*climbed(threads))}"""
    if options.images:
        print(text)
    else:
        report.write("climb", "The climb of lesson 06, on real MNIST", text)


def measure(
    rungs: dict[str, Entrant], digits: data.Digits, rounds: int,
    before: Callable[[str], None] = lambda name: None,
) -> dict[str, list[tuple[float, float]]]:  # fmt: skip
    """Train each rung in each round: seconds of training, and percent of the test images."""
    runs = {name: [] for name in rungs}
    for name, entrant in rungs.items():  # what only the first run of a process pays for
        before(name)
        run(entrant, first(digits, 1000), seed=0)
    for seed in range(rounds):
        for name, entrant in rungs.items():
            before(name)
            runs[name].append(run(entrant, digits, seed))
            print(name, seed, *runs[name][-1], flush=True)
    return runs


def run(entrant: Entrant, digits: data.Digits, seed: int) -> tuple[float, float]:
    torch.manual_seed(seed)
    model = entrant.network()
    started = time.perf_counter()
    entrant.train(model, digits, seed=seed)
    seconds = time.perf_counter() - started
    read = entrant.evaluate(model, digits.test_images, digits.test_labels)
    return seconds, 100 * read


def climbed(runs: dict[str, list[tuple[float, float]]]) -> tuple[list[str], list[list[str]]]:
    """Sum up: the header of a table, and a row for each rung."""
    header = ["training", "seconds", "times as fast", "%, mean", "spread"]
    first = next(iter(runs.values()))
    rows = []
    for name, own in runs.items():
        faster = median(start / now for (start, _), (now, _) in zip(first, own, strict=True))
        read = [percent for _, percent in own]
        spread = f"{stdev(read):.2f}" if len(read) > 1 else "–"
        seconds = median(seconds for seconds, _ in own)
        rows.append([name, f"{seconds:.1f}", f"{faster:.1f}", f"{mean(read):.2f}", spread])
    return header, rows


if __name__ == "__main__":
    main()
