"""DrawPad in a real browser: drawn on with mouse, finger and keyboard, from disk and in Jupyter."""

import base64
import json

import pytest
import torch
from torch import nn

from course_utils import data
from course_utils.models import course_cnn
from course_utils.widgets.draw_pad import DrawPad
from course_utils.widgets.page import page_state
from tests.browser.lab_kit import printed_when, run_cell, serious_problems, stop_clock

pytestmark = pytest.mark.browser
SEVEN = [[[0.25, 0.25], [0.75, 0.25], [0.5, 0.75]]]
PICTURE = torch.zeros(28, 28, dtype=torch.uint8)
PICTURE[10:18, 9:11] = 250


def network(weight: torch.Tensor) -> nn.Sequential:
    """One layer with this weight of (10, 28, 28): what it answers can be foreseen."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    with torch.no_grad():
        model[1].weight.copy_(weight.flatten(1))
        model[1].bias.copy_(weight.sum((1, 2)) * data.MEAN / data.STD)  # paper counts for nothing
    return model


def sides() -> nn.Sequential:
    """Says three where most ink is in the left half, seven where it is in the right one."""
    weight = torch.zeros(10, 28, 28)
    weight[3, :, :14] = weight[7, :, 14:] = 1
    return network(weight)


def ink() -> nn.Sequential:
    """Says three, wherever the ink is."""
    weight = torch.zeros(10, 28, 28)
    weight[3] = 1
    return network(weight)


TWO_FRAMES = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"


class Pad:
    """The pad on a page, and what is done with it."""

    def __init__(self, page):
        self.page = page
        self.root = page.locator(".cbh-pad")
        self.paper, self.grid = (self.root.get_by_role("application").nth(i) for i in (0, 1))

    def settle(self, act) -> None:
        """Do something, and wait until the pad has painted since."""
        before = self.root.get_attribute("data-painted")
        act()
        self.page.wait_for_function(
            "before => document.querySelector('.cbh-pad').dataset.painted !== before", arg=before
        )
        self.page.evaluate(TWO_FRAMES)  # that may have been for the pointer's way to the button

    def drag(self, stage, *points: tuple[float, float]) -> None:
        """Press the mouse at the first point, from 0 to 1 over the stage; let go at the last."""
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.settle(self.page.mouse.down) if stage == self.paper else self.page.mouse.down()
        for place in places[1:]:
            self.settle(lambda place=place: self.page.mouse.move(*place))
        self.page.mouse.up()

    def draw(self, strokes=SEVEN) -> None:
        for stroke in strokes:
            self.drag(self.paper, *stroke)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.settle(lambda key=key: self.page.keyboard.press(key))

    def click(self, name: str) -> None:
        self.settle(self.root.get_by_role("button", name=name).click)

    def seen(self) -> torch.Tensor:
        """The digit on the grid, (28, 28): dark is ink."""
        return 255 - self.canvas(".cbh-pad-part:nth-child(2) canvas")[..., 0]

    def canvas(self, selector: str) -> torch.Tensor:
        """The colours of a canvas, (H, W, 3)."""
        script = """selector => { const c = document.querySelector(selector);
          const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
          return [c.height, c.width, Array.from(data)]; }"""
        height, width, pixels = self.page.evaluate(script, selector)
        return torch.tensor(pixels).reshape(height, width, 4)[..., :3]

    def text(self, part: str) -> str:
        return self.root.locator(f".cbh-pad-{part}").first.inner_text()

    def shares(self, name: str) -> list[str]:
        """The ten bars of a network, as "7 97 %"."""
        bars = self.root.get_by_role("group", name=name, exact=True).get_by_role("listitem")
        return [" ".join(bar.split()) for bar in bars.all_inner_texts()]


@pytest.fixture
def open_pad(open_page):
    """Open the page of a pad: open_pad({"CNN": cnn}, image=seven, width=320)."""

    def open_it(models=None, *, colour_scheme="light", width=1280, **options):
        pad = DrawPad(models, **options)
        return Pad(open_page(pad, colour_scheme=colour_scheme, width=width))

    return open_it


def is_near(seen: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two drawings are the same, but for a mouse that stops at whole dots of the screen."""
    return (seen - expected.int()).abs().float().mean() < 2


def test_the_page_asks_for_nothing_but_itself_and_a_pad_needs_no_network(open_pad):
    pad = open_pad()
    assert [url for url in pad.page.asked_for if not url.startswith(("file:", "data:"))] == []
    pad.draw()
    assert is_near(pad.seen(), DrawPad(strokes=SEVEN).digit)
    assert not pad.root.get_by_role("group", name="Answers").is_visible()


def test_the_page_answers_what_the_real_networks_answer(open_pad):
    torch.manual_seed(0)
    networks = {"CNN": course_cnn(), "sides": sides(), "MLP": network(torch.randn(10, 28, 28) / 10)}
    expected = DrawPad(networks, strokes=SEVEN)
    pad = open_pad(networks, strokes=SEVEN)
    assert torch.equal(pad.seen(), expected.digit.int())
    for name, shares in expected.probabilities.items():
        for digit, (share, text) in enumerate(zip(shares, pad.shares(name), strict=True)):
            percent = f"{share:.0%}".replace("%", " %") if share < 0.995 else "> 99 %"
            assert text == f"{digit} {percent}" if share >= 0.005 else str(digit)


def test_moving_the_digit_makes_two_networks_disagree(open_pad):
    pad = open_pad({"all": ink(), "sides": sides()}, image=PICTURE)
    assert pad.text("verdict") == "Both say three."
    pad.drag(pad.grid, (0.4, 0.5), (0.4 + 6 / 28, 0.5 - 2 / 28))
    assert pad.text("shift") == "shift (6, −2): 6 right, 2 up"
    assert pad.text("verdict") == "They disagree: all says three, sides says seven."
    assert torch.equal(pad.seen(), PICTURE.roll((-2, 6), (0, 1)).int())
    pad.click("Move back")
    assert pad.text("verdict") == "Both say three."
    assert torch.equal(pad.seen(), PICTURE.int())


def test_the_arrow_keys_move_the_digit_and_it_cannot_get_lost(open_pad):
    pad = open_pad({"sides": sides()}, image=PICTURE)
    pad.grid.focus()
    pad.press("ArrowRight", "ArrowDown", "Shift+ArrowRight", "ArrowLeft")
    assert pad.text("shift") == "shift (4, 1): 4 right, 1 down"
    pad.press(*["Shift+ArrowRight"] * 6)
    assert pad.text("shift").startswith("shift (27, 1)")
    assert pad.text("verdict") == "Nothing is left on the grid: move it back."
    assert pad.text("says") == ""
    pad.click("Move back")
    assert pad.text("says").startswith("three")


def test_a_digit_is_drawn_by_keyboard_alone(open_pad):
    pad = open_pad({"sides": sides()})
    pad.paper.focus()
    pad.press("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp", "Space", *["Shift+ArrowRight"] * 3)
    pad.press("Space", "ArrowDown", "ArrowDown", "Space", "Escape")
    y = 0.5 - 1 / 28
    drawn = [[[0.5 - 8 / 28, y], [0.5 + 4 / 28, y]], [[0.5 + 4 / 28, y + 2 / 28]]]
    assert is_near(pad.seen(), DrawPad(strokes=drawn).digit)
    pad.press("Backspace")
    assert is_near(pad.seen(), DrawPad(strokes=drawn[:1]).digit)
    pad.press("Control+z")
    assert pad.seen().sum() == 0


def test_undo_takes_strokes_back_and_even_clearing(open_pad):
    pad = open_pad(image=PICTURE)
    undo, clear = (pad.root.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    assert undo.is_disabled()
    pad.draw([[(0.8, 0.1), (0.8, 0.9)], [(0.1, 0.9), (0.2, 0.9)]])
    drawn = pad.seen()
    pad.click("Clear")
    assert pad.seen().sum() == 0
    assert clear.is_disabled()
    assert pad.root.get_by_label("as MNIST").is_checked()
    pad.click("Undo")
    assert torch.equal(pad.seen(), drawn)
    pad.click("Undo")
    pad.click("Undo")
    assert torch.equal(pad.seen(), PICTURE.int())
    assert undo.is_disabled()


def test_the_switch_shows_the_drawing_as_drawn_or_as_mnist(open_pad):
    small = [[[x / 3, y / 3] for x, y in stroke] for stroke in SEVEN]
    pad = open_pad(strokes=small)
    for way in (False, True):
        pad.settle(pad.root.get_by_label("as MNIST" if way else "as drawn").check)
        assert torch.equal(pad.seen(), DrawPad(strokes=small, as_mnist=way).digit.int())


@pytest.mark.fault("an empty pad, and a dot", "no answer, and one")
def test_an_empty_pad_gives_no_answer_and_a_dot_gives_one(open_pad):
    pad = open_pad({"sides": sides()})
    assert pad.text("verdict") == "Draw a digit."
    assert pad.shares("sides") == [str(digit) for digit in range(10)]
    pad.draw([[(0.5, 0.5)]])
    assert pad.text("verdict").startswith("It says ")
    assert pad.seen().sum() > 255


def test_a_finger_draws_and_the_page_does_not_scroll_below_it(open_pad):
    pad = open_pad()
    assert pad.paper.evaluate("stage => getComputedStyle(stage).touchAction") == "none"
    box = pad.paper.bounding_box()
    session = pad.page.context.new_cdp_session(pad.page)
    for kind, stroke in (("touchStart", SEVEN[0][:1]), ("touchMove", SEVEN[0][1:])):
        for x, y in stroke:
            place = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            event = {"type": kind, "touchPoints": [place]}
            pad.settle(lambda event=event: session.send("Input.dispatchTouchEvent", event))
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert is_near(pad.seen(), DrawPad(strokes=SEVEN).digit)


@pytest.mark.fault("the pointer leaves the pad while it draws", "the stroke goes on")
def test_a_stroke_goes_on_where_the_pointer_leaves_the_pad(open_pad):
    pad = open_pad()
    pad.settle(pad.root.get_by_label("as drawn").check)
    pad.draw([[(0.5, 0.5), (0.5, -0.2), (0.9, -0.2), (0.9, 0.5)]])
    edge = [[[0.5, 0.5], [0.5, 0], [0.9, 0], [0.9, 0.5]]]
    assert is_near(pad.seen(), DrawPad(strokes=edge, as_mnist=False).digit)


def test_each_layer_of_the_first_network_is_painted_as_pytorch_computes_it(open_pad):
    torch.manual_seed(0)
    cnn = course_cnn().eval()
    expected = DrawPad(strokes=SEVEN).digit
    pad = open_pad({"CNN": cnn, "sides": sides()}, strokes=SEVEN)
    assert not pad.root.locator(".cbh-pad-maps").is_visible()
    pad.settle(pad.root.get_by_label("show what each layer gives").check)
    captions = pad.root.locator("figcaption").all_inner_texts()
    assert [captions[0], captions[3], captions[-1]] == [
        "0 Conv2d 16 × 28 × 28", "3 ReLU 16 × 14 × 14", "13 Linear 10",
    ]  # fmt: skip
    with torch.no_grad():
        maps = cnn[:4](data.normalize(expected[None]))[0]
    rows = maps.reshape(4, 4, 14, 14).transpose(1, 2).reshape(56, 56)  # four maps in a row
    painted = pad.canvas(".cbh-pad-layer:nth-of-type(4) canvas")
    green = torch.tensor([21.0, 110, 64])
    colours = 255 + (green - 255) * (rows / rows.max())[..., None]
    assert (painted - colours).abs().max() <= 1.5
    pad.click("Clear")  # empty maps would push the pad out of sight
    assert not pad.root.locator(".cbh-pad-maps").is_visible()
    pad.draw(SEVEN)
    assert pad.root.locator(".cbh-pad-maps").is_visible()


def test_a_screen_reader_hears_the_answer_when_the_pen_rests(open_pad):
    pad = open_pad({"sides": sides()})
    stop_clock(pad.page)
    pad.paper.click()
    pad.page.clock.run_for(100)
    spoken = pad.root.get_by_role("status")
    assert spoken.inner_text() == ""
    pad.page.clock.run_for(1000)
    assert spoken.inner_text().startswith("It says ")


@pytest.mark.fault("a network too large for a saved page", "it is left out, and that is said")
def test_a_large_network_is_not_in_the_page_and_that_is_said(open_pad):
    large = nn.Sequential(nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 10))
    pad = open_pad({"sides": sides(), "large": large}, strokes=SEVEN)
    text = pad.root.get_by_role("group", name="large").inner_text()
    assert "159,010 weights are too many" in text
    assert pad.text("verdict").startswith("It says ")


@pytest.mark.parametrize("width", [320, 800, 1366, 1920])
def test_nothing_is_wider_than_the_page(open_pad, width):
    names = {"a network with a long name": ink(), "sides": sides(), "CNN": course_cnn()}
    pad = open_pad(names, strokes=SEVEN, shift=[-27, -27], show_maps=True, width=width)
    assert pad.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_pad, colour_scheme):
    pad = open_pad({"CNN": course_cnn(), "sides": sides()}, strokes=SEVEN, show_maps=True,
                   colour_scheme=colour_scheme)  # fmt: skip
    assert serious_problems(pad.page) == []
    pad.click("Clear")
    assert serious_problems(pad.page) == []


CELLS = [
    """import json, time
from torch import nn
from course_utils.widgets import DrawPad
heard = []
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
pad = DrawPad({"MLP": model})
pad.observe(lambda change: heard.append(1000 * time.time()), "pixels")
pad""",
    """shares = [round(100 * share) for share in pad.probabilities["MLP"]]
print("state", json.dumps([pad.strokes, pad.digit.tolist(), shares, pad.shift, heard]))""",
    "model[1].weight.data *= 0; model[1].bias.data[4] += 9; pad.refresh()",
    "pad.strokes, pad.shift, pad.as_mnist = [[[0.2, 0.2], [0.2, 0.8]]], [2, 0], False",
]


@pytest.fixture
def notebook(first_cell_run):
    """A pad with a network in a notebook."""
    first_cell_run.wait_for_selector(".cbh-pad[data-ready]")
    return Pad(first_cell_run)


def state_when(page, holds) -> list:
    """What Python knows, as soon as this holds for it."""
    said = printed_when(page, 1, lambda text: holds(json.loads(text.removeprefix("state "))))
    return json.loads(said.removeprefix("state "))


def test_python_sees_what_the_page_sees_and_the_page_what_python_sets(notebook):
    pad = notebook
    pad.draw()
    pad.grid.focus()
    pad.press("ArrowRight")
    strokes, pixels, shares, *_ = state_when(pad.page, lambda state: state[3] == [1, 0])
    assert [len(stroke) for stroke in strokes] == [3]
    assert torch.equal(torch.tensor(pixels), pad.seen())
    shown = [f"{digit} {share} %" if share else str(digit) for digit, share in enumerate(shares)]
    assert pad.shares("MLP") == shown

    run_cell(pad.page, 2)
    pad.root.locator(".cbh-pad-verdict", has_text="It says four.").wait_for()
    run_cell(pad.page, 3)
    pad.root.get_by_text("shift (2, 0)").wait_for()
    _, pixels, *_ = state_when(pad.page, lambda state: state[3] == [2, 0])
    assert torch.equal(torch.tensor(pixels), pad.seen())


def test_jupyter_leaves_the_keys_alone(notebook):
    pad = notebook
    pad.paper.focus()
    pad.press("Space", "ArrowRight", "ArrowRight", "Space", "Backspace")
    for key in ("a", "b", "d", "d", "x", "z"):
        pad.page.keyboard.press(key)
    assert pad.page.locator(".jp-Cell").count() == len(CELLS)
    assert pad.page.evaluate("document.activeElement.getAttribute('role')") == "application"


def test_python_hears_of_a_stroke_at_most_ten_times_a_second_and_of_its_end(notebook):
    pad = notebook
    box = pad.paper.bounding_box()
    pad.page.mouse.move(box["x"] + 20, box["y"] + 20)
    pad.page.mouse.down()
    pad.page.mouse.move(box["x"] + 200, box["y"] + 150, steps=150)
    pad.page.mouse.up()
    end = [round(far / box["width"], 2) for far in (200, 150)]
    holds = lambda state: state[0] and [round(at, 2) for at in state[0][-1][-1]] == end  # noqa: E731
    heard = state_when(pad.page, holds)[4]
    assert len(heard) <= 10 * (heard[-1] - heard[0]) / 1000 + 2


CLOSE = """async ([module, state]) => {
  const { default: widget } = await import(module);
  const [listening, saved] = [new Set(), []];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on: (names) => listening.add(names),
    off: (names) => listening.delete(names),
    save_changes: () => saved.push(state.shift),
  };
  const close = widget.render({ model, el: document.body });
  const grid = document.querySelectorAll("[role=application]")[1];
  const press = () => grid.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  press();
  press();
  close();
  press();
  return [[...listening], saved];
}"""


def test_a_closed_view_hears_nothing_more_and_python_has_heard_of_all(page):
    pad = DrawPad(image=PICTURE)
    module = "data:text/javascript;base64," + base64.b64encode(pad._esm.encode()).decode()
    listening, saved = page.evaluate(CLOSE, [module, page_state(pad)])
    assert (listening, saved) == ([], [[1, 0], [2, 0]])
