"""What holds for every test, the notebooks included: what is left out is counted and said."""

import os

import pytest

from course_utils import cache, mnist

# A claim that does not hold fails a test; for a learner it only says so.
os.environ["COURSE_STRICT"] = "1"

LEFT_OUT = {
    "needs_mnist": "that need real MNIST (COURSE_DATA names a folder with MNIST/raw)",
    "browser": "that need a browser (BROWSER=0)",
}


def pytest_collection_modifyitems(items):
    missing = [name for name, is_there in (("needs_mnist", has_mnist), ("browser", has_browser))
               if not is_there()]  # fmt: skip
    for item in items:
        for name in missing:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=f"left out: {name}"))


def has_mnist() -> bool:
    folders = [os.environ.get("COURSE_DATA", ""), *cache.places()]
    return any(_holds_mnist(folder) for folder in folders)


def _holds_mnist(folder) -> bool:
    try:
        return bool(mnist.read(folder))
    except mnist.DataError:
        return False


def has_browser() -> bool:
    return os.environ.get("BROWSER") != "0"


def pytest_unconfigure(config):
    """End with one line that says what passed and what was left out."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    counts = {name: len(reporter.stats.get(name, [])) for name in ("passed", "failed", "error")}
    reasons = [report.longrepr[2] for report in reporter.stats.get("skipped", [])]
    line = f"{counts['passed']} passed, {counts['failed'] + counts['error']} failed"
    for name, words in LEFT_OUT.items():
        count = sum(reason.endswith(f"left out: {name}") for reason in reasons)
        line += f"; left out: {count} {words}" if count else ""
    print(line)
