"""A progress bar."""

import sys
from collections.abc import Iterable

from tqdm import tqdm


def progress_bar(steps: Iterable, *, total: int | None = None, hidden: bool = False) -> tqdm:
    """Go through `steps` and show how far it is; the bar goes away at the end.

    On standard output: notebooks print standard error on a red ground, and nothing is wrong here.
    """
    return tqdm(steps, total=total, disable=hidden, file=sys.stdout, leave=False)
