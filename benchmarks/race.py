"""The race: published recipes against the recipes of the course, on real MNIST.

    python -m benchmarks.race [--rounds N] [--only NAME ...] [--keep] [--images N] [--data drawn]

In each round every recipe trains once, one after the other, with the seed of the round; the slow
ones take part in the first few rounds only. The last weights count, and nothing is chosen by the
test set. The accuracy on the way is looked at while the clock stands. After each round all is
saved: in docs/audit/race.md, and for lesson 06 in course_utils/race.json. Needs COURSE_DATA or a
cached MNIST, and a quiet machine for half an hour. Where there is no MNIST, or little time, --data
drawn and --images (train on the first few) race, too; then nothing is written. --keep takes the
recipes that --only does not name from the record.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import mean, median, stdev

import torch

from benchmarks import report
from course_utils import data, models, recipes
from course_utils.cache import write_whole
from course_utils.entrants import FromMemory, InOrder
from course_utils.recipes import RECIPES

LOOKS = 20  # at equal shares of the run
LEVELS = ("98", "99", "99.5")  # percent of the test images
ROUNDS = {"fast": 10, "course": 10, "quick": 10, "quick, channels last": 10, "best": 5}
SLOW_ROUNDS = 2  # of all others
OURS = "fast"  # what the others are compared with

# three of them once more with one thing changed, to see what that one thing costs
ENTRANTS = RECIPES | {
    "dropout, no softmax": replace(RECIPES["dropout"], network=lambda: recipes.with_dropout()[:-1]),
    "slim, from memory": replace(RECIPES["slim"], feed=FromMemory),
    "quick, channels last": replace(RECIPES["quick"], layout=torch.channels_last),
}


FED = {FromMemory: "from memory", InOrder: "from memory, in order"}


class Clock:
    """Count the seconds of training alone, and look at the accuracy while the clock stands.

    Called with the share of the run that is done: 0 starts it. `seen` has the seconds and the
    accuracy in percent of each look.
    """

    def __init__(self, look: Callable[[], float], now: Callable[[], float] = time.perf_counter):
        self._look, self._now = look, now
        self.seconds, self.seen = 0.0, []

    def __call__(self, done: float) -> None:
        if done > 0:
            self.seconds += self._now() - self._since
        if done >= (len(self.seen) + 1) / LOOKS:
            self.seen.append((self.seconds, self._look()))
        self._since = self._now()

    def reached(self, level: float) -> float | None:
        """Find the seconds of training at the first look with so many percent; None: at none."""
        return next((seconds for seconds, accuracy in self.seen if accuracy >= level), None)


def main() -> None:
    parser = argparse.ArgumentParser(description="Race the published recipes against ours.")
    parser.add_argument("--rounds", type=int, default=10, help="at most so many rounds")
    parser.add_argument("--only", nargs="+", choices=ENTRANTS, default=list(ENTRANTS))
    parser.add_argument("--images", type=int, help="train on so many, and write nothing")
    parser.add_argument("--data", choices=("mnist", "drawn"), default="mnist")
    parser.add_argument("--keep", action="store_true", help="keep the recorded runs of all others")
    options = parser.parse_args()
    digits = data.load(options.data)
    for_the_record = options.images is None and digits.source == "mnist"
    digits = first(digits, options.images)
    few = replace(digits, **{name: getattr(digits, name)[:500] for name in data.TENSORS})
    for name in options.only:  # what only the first run of a process pays for, nobody shall pay
        run(name, few, seed=0)
    runs, kept = [], []
    if options.keep:
        recorded = recipes.recorded_race()["runs"]
        kept = [run for run in recorded if run["name"] not in options.only]
    for at in range(options.rounds):
        for name in options.only:
            if at < ROUNDS.get(name, SLOW_ROUNDS):
                runs.append(run(name, digits, seed=at))
                print(runs[-1], flush=True)
        if for_the_record:
            save(runs, kept)
    if not for_the_record:
        print(report.table(*results(runs)))


def first(digits: data.Digits, count: int | None) -> data.Digits:
    """Train on the first images alone; None stands for all."""
    return replace(digits, train_images=digits.train_images[:count],
                   train_labels=digits.train_labels[:count])  # fmt: skip


def run(name: str, digits: data.Digits, seed: int) -> dict:
    """Train once: the accuracy at the end, in percent, and the seconds to it and on the way."""
    recipe = ENTRANTS[name]
    torch.manual_seed(seed)
    model = recipe.network()

    def look() -> float:
        return round(100 * recipe.evaluate(model, digits.test_images, digits.test_labels), 2)

    clock = Clock(look)
    recipe.train(model, digits, seed=seed, on_step=clock)
    seconds, accuracy = clock.seen[-1]
    reached = {level: clock.reached(float(level)) for level in LEVELS}
    return {"name": name, "seed": seed, "accuracy": accuracy, "seconds": seconds} | reached


def results(runs: list[dict]) -> tuple[list[str], list[list[str]]]:
    """Sum up the runs of each recipe: the header of a table, and its rows."""
    header = ["recipe", "runs", "%, mean", "spread", "seconds, median", "fastest to slowest",
              f"times as long as {OURS}", *(f"s to {level} %" for level in LEVELS)]  # fmt: skip
    ours = {run["seed"]: run["seconds"] for run in runs if run["name"] == OURS}
    rows = []
    for name in dict.fromkeys(run["name"] for run in runs):
        own = [run for run in runs if run["name"] == name]
        accuracies, seconds = ([run[key] for run in own] for key in ("accuracy", "seconds"))
        ratios = [run["seconds"] / ours[run["seed"]] for run in own if run["seed"] in ours]
        rows.append([
            name, str(len(own)), f"{mean(accuracies):.2f}",
            f"{stdev(accuracies):.2f}" if len(own) > 1 else "–",
            f"{median(seconds):.1f}", f"{min(seconds):.1f} to {max(seconds):.1f}",
            f"{median(ratios):.1f}" if ratios else "–",
            *(on_the_way([run[level] for run in own]) for level in LEVELS),
        ])  # fmt: skip
    return header, rows


def on_the_way(seconds: list[float | None]) -> str:
    """Write the median of the runs that got there, and how many those were, unless all."""
    there = [value for value in seconds if value is not None]
    if not there:
        return "–"
    share = "" if len(there) == len(seconds) else f" ({len(there)} of {len(seconds)})"
    return f"{median(there):.1f}{share}"


def entrants(names: list[str]) -> tuple[list[str], list[list[str]]]:
    """Say what each recipe is: the header of a table, and its rows."""
    header = ["recipe", "title", "author", "numbers to learn", "epochs", "batch", "images come",
              "learning rate"]  # fmt: skip
    rows = []
    for name in names:
        one = ENTRANTS[name]
        fed = FED.get(one.feed, "one by one")
        rate = f"one cycle, up to {one.learning_rate}" if one.one_cycle else str(one.learning_rate)
        numbers = f"{models.count_parameters(one.network()):,}"
        rows.append([name, one.title, one.author, numbers, str(one.epochs),
                     str(one.batch_size), fed, rate])  # fmt: skip
    return header, rows


def save(runs: list[dict], kept: list[dict]) -> None:
    """Write the report, and the record that lesson 06 shows, in the order of the entrants."""
    command = shlex.join(["race", *sys.argv[1:]])
    runs = sorted(runs + kept, key=lambda run: list(ENTRANTS).index(run["name"]))
    names = list(dict.fromkeys(run["name"] for run in runs))
    record = {
        "circumstances": report.circumstances(command),
        "kept": list(dict.fromkeys(run["name"] for run in kept)),
        "entrants": entrants(names),
        "results": results(runs),
        "runs": runs,
    }
    write_whole(recipes.RECORD, (json.dumps(record, indent=1) + "\n").encode())
    report.write("race", "The race on real MNIST", text(record), command=command)


def text(record: dict) -> str:
    return f"""Each recipe as it was published, faults included, in our own code (`recipes.py`).
In each round every recipe trains once with the seed of the round; the slow ones take part in the
first few rounds. The last weights count. Seconds are those of training alone, without
the start of the process: each recipe trains on a few images first. The test images are read while
the clock stands, at {LOOKS} equal shares of the run; "s to 99 %" is the first such look with 99 %
or more, which a later one may lose again. "Times as long as {OURS}" is
the median of the ratios within the same rounds.

{report.table(*record["results"])}

{report.table(*record["entrants"])}

A name with a comma is a recipe with one thing changed: "no softmax" leaves out the one that stands
before cross-entropy, "from memory" feeds the images from a tensor, "channels last" lays the numbers
out in memory as our recipes do. "quick" was made for a graphics card.{kept_from_before(record)}"""


def kept_from_before(record: dict) -> str:
    if not record["kept"]:
        return ""
    return f"\n\nKept from an earlier race on the same machine: {', '.join(record['kept'])}."


if __name__ == "__main__":
    main()
