"""Train and test a network. `python -m course_utils.train --help` shows the command line."""

from course_utils.train.augment import distort
from course_utils.train.checkpoint import restore, save
from course_utils.train.evaluate import choose_device, evaluate, predict
from course_utils.train.fit import History, fit
from course_utils.train.progress import progress_bar
from course_utils.train.recipe import RECIPES, Recipe

__all__ = [
    "RECIPES",
    "History",
    "Recipe",
    "choose_device",
    "distort",
    "evaluate",
    "fit",
    "predict",
    "progress_bar",
    "restore",
    "save",
]
