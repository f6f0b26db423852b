"""The command line: train a network, test it, print one line of JSON.

python -m course_utils.train --data mnist --target 98.8
torchrun --standalone --nproc-per-node=2 -m course_utils.train
"""

import argparse
import json
import sys
from dataclasses import replace

import torch

from course_utils import data, models
from course_utils.train import RECIPES, choose_device, evaluate, fit, parallel, save
from course_utils.train.checkpoint import check_place


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 is success, 1 an accuracy below the target or a run that stopped."""
    with parallel.quiet_but_for_the_first():
        return _main(_parser().parse_args(arguments))


def _main(options: argparse.Namespace) -> int:
    try:
        report, reached = _run(options)
    except data.DataError as error:
        print(f"error: {error}, or here: --data drawn", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report) if options.json else _sentence(report))
    if not reached:
        reason = report["stopped"] or f"below the target of {options.target} %"
        print(f"missed: {reason}", file=sys.stderr)
    return 0 if reached else 1


def _run(options: argparse.Namespace) -> tuple[dict, bool]:
    recipe = RECIPES[options.recipe]
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    device = choose_device(options.device)
    if options.save is not None:
        check_place(options.save)  # now, and not after minutes of training
    parallel.join(device)
    with parallel.after_the_first():
        training = data.load(options.data)
        testing = data.load(options.test_data) if options.test_data else training
    torch.manual_seed(options.seed)
    model = models.OF_RECIPE[options.recipe]()
    history = fit(model, training, recipe=recipe, seed=options.seed, device=device,
                  progress=not options.json)  # fmt: skip
    accuracy = round(100 * evaluate(model, testing.test_images, testing.test_labels), 2)
    if options.save is not None and parallel.rank() == 0:
        save(model, options.save)
    report = {
        "accuracy": accuracy,
        "seconds": round(history.seconds, 2),
        "recipe": options.recipe,
        "epochs": recipe.epochs,
        "seed": options.seed,
        "device": str(device),
        "processes": parallel.count(),
        "data": training.source,
        "test_data": testing.source,
        "parameters": models.count_parameters(model),
        "stopped": history.stopped,
    }
    return report, not history.stopped and accuracy >= (options.target or 0)


def _sentence(report: dict) -> str:
    return (
        f"{report['accuracy']:.2f} % of the {report['test_data']} test images read correctly,"
        f" after {report['seconds']:.1f} s of training on {report['data']} images."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.train",
        description="Train a CNN of the course and count the test images that it reads correctly.",
    )
    sources = ("auto", "mnist", "drawn")
    parser.add_argument("--data", choices=sources, default="auto", help="digits to train on")
    parser.add_argument("--test-data", choices=sources, help="digits to test on (else the same)")
    parser.add_argument("--recipe", choices=RECIPES, default="course", help="and its network")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", type=float, metavar="PERCENT", help="below it, exit with 1")
    parser.add_argument("--device", help="cpu, cuda or mps (by default the best one here)")
    parser.add_argument("--save", metavar="PATH", help="write the weights to this file")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
