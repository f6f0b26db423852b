"""The README: its commands are those that exist, its files are there, its figures were measured."""

import re
from pathlib import Path

import pytest

from course_utils import recipes

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"^([^\n#|]+?)(?: +#.*)?$", "\n".join(re.findall(r"```\n(.*?)```", README, re.S)), re.M
)
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [c for c in COMMANDS if "make " in c])
def test_every_make_command_is_in_the_makefile(command):
    target = command.split("make ")[1].split()[0]
    assert re.search(rf"^{target}:", MAKEFILE, re.M)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "python" in c])
def test_every_plain_command_names_a_file_or_module_that_exists(command):
    [name] = re.findall(r"python3? (?:-m )?(\S+)", command)
    path = PROJECT / (name if "/" in name else name.replace(".", "/"))
    assert path.is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize(
    ("target", "plain"),
    [("lab", ["tools/install.py", "tools/lab.py"]),
     ("test", ["tools/install.py --dev", "tools/test.py"])],
)  # fmt: skip
def test_the_plain_commands_are_what_make_calls(target, plain):
    needs, recipe = re.search(rf"^{target}: (\S+).*\n\t(.*)", MAKEFILE, re.M).groups()
    installing = re.search(rf"^{needs}:.*\n\t(.*)", MAKEFILE, re.M)[1]
    assert installing == f"@$(PYTHON) {plain[0]}"
    assert recipe.split(" ")[:2] == ["@$(IN_VENV)", plain[1]]
    blocks = re.findall(r"```\n(.*?)```", README, re.S)
    assert f"python3 {plain[0]}\n.venv/bin/python {plain[1]}\n" in blocks


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_link_leads_to_a_file(link):
    assert (PROJECT / link).exists()


def test_the_first_screen_has_the_picture_and_both_commands():
    first_screen = "\n".join(README.splitlines()[:25])
    for part in ("docs/readme.png", "make lab", "make test", "you will have"):
        assert part in first_screen


def test_the_headline_is_the_race_that_was_run():
    header, rows = recipes.recorded_race()["results"]
    race = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    fast, quick = race["fast"], race["quick"]
    [(seconds, read, ratio, other)] = re.findall(
        r"in (\S+) s and reads (\S+) %.*? (\S+) times as fast as the fastest public .*? (\S+) %",
        README,
    )
    assert (seconds, read) == (fast["seconds, median"], fast["%, mean"])
    assert (ratio, other) == (quick["times as long as fast"], quick["%, mean"])
    [(read, seconds)] = re.findall(r"best recipe reads (\S+) % after (\S+) s", README)
    assert (read, seconds) == (race["best"]["%, mean"], race["best"]["seconds, median"])


def test_the_accuracy_is_the_one_that_was_measured():
    said = re.search(r"(\d\d\.\d\d) % on average over ten seeds", README)[1]
    report = (PROJECT / "docs" / "audit" / "recipe_course.md").read_text()
    measured = re.search(r"Mean (\S+) %", report)[1]
    assert said == f"{float(measured):.2f}"


def test_the_figures_of_the_drawn_digits_are_those_that_were_measured():
    said = re.findall(r"(\d\d\.\d) %", (PROJECT / "data" / "README.md").read_text())
    report = (PROJECT / "docs" / "audit" / "drawn_digits.md").read_text()
    measured = [float(mean) for mean in re.findall(r"\| (\d\d\.\d\d) \|", report)]
    assert len(said) == len(measured) == 7
    for figure in said:
        assert min(abs(float(figure) - mean) for mean in measured) <= 0.051
