"""Text from data never becomes HTML: names, captions, questions and what went wrong stay text."""

from collections import OrderedDict
from html.parser import HTMLParser

import pytest
import torch
from torch import nn

from course_utils import environment, show
from course_utils.lesson import guess, quiz
from course_utils.lesson.claim import Claim
from course_utils.lesson.grids import Grid
from course_utils.lesson.verdict import Verdict
from course_utils.widgets import DrawPad, FeatureMaps, page

BAD = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'&amp;`<b>`"
IMAGES = torch.arange(2 * 784).reshape(2, 28, 28).remainder(251).byte()


def named_layers() -> nn.Sequential:
    """A network whose layers bear names that are HTML."""
    names = [f"{at} {BAD}" for at in range(3)]
    layers = nn.Conv2d(1, 2, 3, stride=9), nn.Flatten(), nn.Linear(18, 10)
    return nn.Sequential(OrderedDict(zip(names, layers, strict=True)))


WIDGETS = {
    "the names of networks": lambda: DrawPad({BAD: named_layers()}, image=IMAGES[0]),
    "the names of layers": lambda: FeatureMaps(named_layers(), IMAGES),
    "a guess": lambda: guess(BAD, [BAD, "no"]),
    "a quiz": lambda: quiz(f"## {BAD}\n- [x] {BAD}\n  {BAD}\n- [ ] No\n  {BAD}"),
}
HTML = {
    **{name: lambda make=make: make().still() for name, make in WIDGETS.items()},
    "a claim": lambda: Claim(BAD, BAD, "equals", BAD, guessed=BAD)._repr_html_(),
    "a verdict": lambda: Verdict("wrong", BAD, (Grid(BAD, "in", BAD),), BAD).card(),
    "a grid": lambda: Grid(BAD, "in", torch.eye(2)).to_html(),
    "a table": lambda: show.table([BAD], [[BAD]])._repr_html_(),
    "the table of the environment": lambda: environment.Report([(BAD,) * 3])._repr_html_(),
}


class Tags(HTMLParser):
    """The tags and attributes of an HTML text, scripts and pictures that are data left out."""

    def __init__(self, text: str):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def assert_harmless(text: str) -> None:
    for tag, attributes in Tags(text).found:
        assert tag != "script" or attributes.get("type"), "a script that is not ours"
        assert tag != "img" or attributes["src"].startswith("data:image/png;base64,"), attributes
        assert not [name for name in attributes if name.startswith("on")], attributes


@pytest.mark.fault("HTML as a name, caption, question, choice or message",
                   "it is shown as it is written")  # fmt: skip
@pytest.mark.parametrize("where", HTML)
def test_html_in_a_text_stays_text(where):
    made = HTML[where]()
    assert "onerror=alert" in made, "the text is shown, and nothing is cut out of it"
    assert_harmless(made)


@pytest.mark.fault("HTML in a widget that is saved as a page", "it is shown as it is written")
@pytest.mark.parametrize("where", WIDGETS)
def test_html_in_a_saved_page_stays_text(where):
    made = page.html(WIDGETS[where](), title=BAD)
    before_script, _, _ = made.partition('<script type="module">')
    assert_harmless(before_script)
    assert before_script.count("<script") == 1  # the widget's state, which is JSON
    assert before_script.count("</script>") == 1


@pytest.mark.fault("dollar signs in the caption of a figure", "no formula is made of them")
@pytest.mark.parametrize("title", ["from $3 to $5", r"$\frac{$"])
def test_a_caption_is_no_formula(title):
    picture = show.grids(torch.eye(2), titles=[title], roles=["in"])
    assert picture.png().startswith(b"\x89PNG")
    [axes] = picture.figure.axes
    assert axes.get_title() == title
    assert not axes.title.get_parse_math()


def test_powers_of_ten_along_an_axis_are_still_formulas():
    steps = list(range(1, 200))
    picture = show.lines(steps, {"a": steps}, xlabel="$", ylabel="$", xscale="log")
    picture.png()
    [axes] = picture.figure.axes
    powers = [text for text in axes.get_xticklabels() if "$" in text.get_text()]
    assert powers
    assert all(text.get_parse_math() for text in powers)
