"""FeatureMaps in a real browser: chosen by mouse and by keyboard, from disk and in Jupyter."""

import base64
import json
import re

import pytest
import torch

from course_utils import data, handwriting, models
from course_utils.widgets.feature_maps import FeatureMaps
from course_utils.widgets.page import page_state
from tests.browser.lab_kit import printed_when, run_cell, serious_problems, stop_clock

pytestmark = pytest.mark.browser
DIGITS = handwriting.draw(4, seed=4, style="mild")


def network() -> torch.nn.Sequential:
    torch.manual_seed(1)
    model = models.course_cnn()
    for layer in (model[2], model[6], model[10]):
        layer.running_mean.uniform_(-1, 1)
        layer.running_var.uniform_(0.5, 2)
    return model.eval()


@torch.no_grad()
def given(model: torch.nn.Sequential, layer: int, image: int = 0) -> torch.Tensor:
    """What a layer gives for one of the digits."""
    return model[: layer + 1](data.normalize(DIGITS.images[[image]]))[0]


class Maps:
    """The widget on a page, and what is done with it."""

    def __init__(self, page):
        self.page, self.root = page, page.locator(".cbh-features")
        self.stage = self.root.get_by_role("application")
        self.layer, self.map = (self.root.locator("select").nth(place) for place in (0, 1))

    def settle(self, act) -> None:
        """Do something, and wait until the widget has painted since."""
        before = self.root.get_attribute("data-painted")
        act()
        self.page.wait_for_function(
            "before => document.querySelector('.cbh-features').dataset.painted !== before",
            arg=before,
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.settle(lambda key=key: self.page.keyboard.press(key))

    def point(self, part, x: float, y: float) -> None:
        """Click at a place of a part, from 0 to 1 over both sides."""
        box = part.bounding_box()
        self.settle(lambda: part.click(position={"x": x * box["width"], "y": y * box["height"]}))

    def mosaic(self, layer: str):
        captions = self.root.locator("figure", has=self.page.get_by_text(re.compile(f"^{layer} ")))
        return captions.locator(".cbh-pad-mosaic")

    def title(self) -> str:
        return self.root.locator(".cbh-features-sums > .cbh-pad-title").inner_text()

    def sums(self) -> str:
        return self.root.locator(".cbh-features-sums").inner_text()

    def sees(self) -> str:
        return self.root.locator(".cbh-features-field").inner_text()

    def canvas(self, part) -> torch.Tensor:
        """The colours of a canvas, (H, W, 3)."""
        script = """canvas => { const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          return [height, width, Array.from(data)]; }"""
        height, width, pixels = part.locator("canvas").evaluate(script)
        return torch.tensor(pixels).reshape(height, width, 4)[..., :3]


@pytest.fixture
def open_maps(open_page):
    """Open the page of a widget: open_maps(model, layer="4", width=320)."""

    def open_it(model=None, *, colour_scheme="light", width=1280, **options):
        widget = FeatureMaps(model or network(), DIGITS.images, DIGITS.labels, **options)
        return Maps(open_page(widget, colour_scheme=colour_scheme, width=width))

    return open_it


def shown(value: float) -> str:
    """A number as the page writes it."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return ("0" if text == "-0" else text).replace("-", "−")


def signed_colours(values: torch.Tensor, most: float) -> torch.Tensor:
    end = torch.where(values[..., None] < 0, torch.tensor([118.0, 42, 131]),
                      torch.tensor([21.0, 110, 64]))  # fmt: skip
    return 255 + (end - 255) * (values.abs() / most)[..., None]


def test_the_page_asks_for_nothing_but_itself_and_answers_as_the_network_does(open_maps):
    model = network()
    maps = open_maps(model, image=2)
    assert [url for url in maps.page.asked_for if not url.startswith(("file:", "data:"))] == []
    answer = given(model, 13, image=2).argmax().item()
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert maps.root.locator(".cbh-pad-verdict").inner_text() == f"It says {words[answer]}."
    names = maps.root.get_by_role("radio").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert names == [f"image {n}, labelled {d}" for n, d in enumerate(DIGITS.labels.tolist())]


def test_every_layer_can_be_chosen_by_name_and_each_number_is_pytorchs(open_maps):
    model = network()
    maps = open_maps(model)
    places = [place for place in range(14) if place != 12]  # there the maps are only flattened
    assert maps.layer.locator("option").all_inner_texts()[-1] == "13 Linear"
    for place in places[1:] + [0]:
        maps.settle(lambda place=place: maps.layer.select_option(str(place)))
        where = [
            int(number) for number in re.findall(r"(?:map|row|column|unit) (\d+)", maps.title())
        ]
        value = given(model, place)[tuple(where)].item()
        written = float(maps.title().rpartition(": ")[2].replace("−", "-"))
        assert written == pytest.approx(value, abs=0.00051), place
        assert maps.sums().count(shown(written)) >= 2  # in the title, and where the sum ends


def test_a_map_is_painted_in_the_colours_of_its_layer(open_maps):
    model = network()
    maps = open_maps(model, layer="2", unit=[5, 3, 4])
    layer = given(model, 2)
    expected = signed_colours(layer[5], layer.abs().max())
    assert (maps.canvas(maps.stage) - expected).abs().max() <= 1.5


def test_a_click_on_a_map_looks_into_it_and_a_frame_shows_what_it_sees(open_maps):
    maps = open_maps()
    maps.point(
        maps.mosaic("4"), (5 + 7.5 / 14) / 8, (1 + 6.5 / 14) / 4
    )  # the 14th map, in the middle
    assert maps.title().startswith("4 Conv2d, map 13, row 6, column 7: ")
    assert maps.sees() == "It sees rows 9 to 16, columns 11 to 18 of the image: 8 × 8 pixels."
    frame = maps.root.locator(".cbh-features-of-field").bounding_box()
    image = maps.root.locator(".cbh-features-in .cbh-pad-stage").bounding_box()
    assert (frame["x"] - image["x"]) / image["width"] == pytest.approx(11 / 28, abs=0.01)
    assert (frame["y"] - image["y"]) / image["height"] == pytest.approx(9 / 28, abs=0.01)
    assert frame["width"] / image["width"] == pytest.approx(8 / 28, abs=0.01)
    assert (maps.layer.input_value(), maps.map.input_value()) == ("4", "13")


def test_a_click_on_the_stage_chooses_the_unit_and_dragging_goes_on(open_maps):
    maps = open_maps(layer="7", unit=[3, 0, 0])
    maps.point(maps.stage, 2.5 / 7, 4.5 / 7)
    assert maps.title().startswith("7 ReLU, map 3, row 4, column 2: ")
    box = maps.stage.bounding_box()
    maps.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    maps.settle(maps.page.mouse.down)
    maps.settle(lambda: maps.page.mouse.move(box["x"] + 5 * box["width"], box["y"] + 1))
    maps.page.mouse.up()
    assert maps.title().startswith("7 ReLU, map 3, row 0, column 6: ")


def test_all_is_chosen_by_keyboard_alone(open_maps):
    model = network()
    maps = open_maps(model, layer="3", unit=[2, 5, 5])
    maps.stage.focus()
    maps.press("ArrowRight", "ArrowDown", "ArrowDown", "PageDown", "ArrowLeft", "ArrowLeft")
    assert maps.title().startswith("3 ReLU, map 3, row 7, column 4: ")
    maps.root.get_by_role("radio").first.focus()
    maps.press("ArrowRight")
    assert maps.title().endswith(f": {shown(given(model, 3, image=1)[3, 7, 4].item())}")
    maps.map.focus()
    maps.settle(lambda: maps.map.select_option("15"))
    assert maps.title().startswith("3 ReLU, map 15, row 7, column 4: ")


def test_a_convolution_lists_its_products_and_a_linear_layer_its_largest_contributions(open_maps):
    model = network()
    maps = open_maps(model, layer="0", unit=[3, 0, 0])
    cells = maps.root.locator(".cbh-features-sums td[data-at]")
    assert cells.count() == 9
    assert maps.root.locator(".cbh-features-sums td[data-mark=padding]").count() == 5
    weight = shown(model[0].weight[3, 0, 2, 2].item())
    assert f"×{weight}" in cells.nth(8).inner_text()
    headings = maps.root.locator(".cbh-features-sums th").all_inner_texts()
    assert headings == ["−1", "0", "1", "−1", "0", "1"]
    maps.settle(lambda: maps.layer.select_option("13"))
    assert maps.root.locator(".cbh-features-list li").count() == 8
    assert re.search(r"the other 280: .* \+ bias: .* = ", maps.sums())


def test_a_screen_reader_hears_the_number_when_the_keys_rest(open_maps):
    maps = open_maps(layer="7", unit=[3, 2, 2])
    maps.stage.focus()
    stop_clock(maps.page)
    maps.page.keyboard.press("ArrowRight")
    maps.page.clock.run_for(100)
    spoken = maps.root.get_by_role("status")
    assert spoken.inner_text() == ""
    maps.page.clock.run_for(1000)
    assert spoken.inner_text().startswith("7 ReLU, map 3, row 2, column 3: ")
    assert "It sees rows " in spoken.inner_text()
    summary = maps.mosaic("7").locator("canvas").get_attribute("aria-label")
    assert summary.startswith("What layer 7, ReLU, gives: 32 by 7 by 7 numbers from 0 to ")


def test_the_weights_of_a_large_network_are_not_in_the_page_and_that_is_said(open_maps):
    maps = open_maps(models.mlp(784, 200, 10))
    assert "159,010 weights are too many for a saved page" in maps.root.inner_text()
    assert not maps.stage.is_visible()
    maps.root.get_by_role("radio").first.focus()
    maps.press("ArrowRight")
    assert maps.root.get_by_role("radio").nth(1).is_checked()


@pytest.mark.parametrize("layer", ["0", "8", "10", "11", "13"])
@pytest.mark.parametrize("width", [320, 800, 1366, 1920])
def test_nothing_is_wider_than_the_page(open_maps, width, layer):
    maps = open_maps(layer=layer, width=width)
    assert maps.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_maps, colour_scheme):
    maps = open_maps(layer="8", colour_scheme=colour_scheme)
    for layer in ("8", "9", "10", "13"):
        maps.layer.select_option(layer)
        maps.root.get_by_text(re.compile(f"^{layer} .*: ")).first.wait_for()
        assert serious_problems(maps.page) == []


CELLS = [
    """import json, torch
from course_utils import handwriting, models
from course_utils.widgets import FeatureMaps
torch.manual_seed(0)
cnn, heard = models.course_cnn(), []
maps = FeatureMaps(cnn, handwriting.draw(4, seed=4, style="mild").images)
maps.observe(lambda change: heard.append(change.new), "unit")
maps""",
    """print("state", json.dumps([maps.image, maps.layer, maps.unit, maps.value, len(heard)]))""",
    "cnn[13].weight.data *= 0; cnn[13].bias.data[4] += 9; maps.refresh()",
    "maps.layer, maps.unit, maps.image = 7, [3, 2, 1], 2",
    "maps.model = models.mlp(784, 20, 10)",
]


@pytest.fixture
def notebook(first_cell_run):
    """The widget with a network in a notebook."""
    first_cell_run.wait_for_selector(".cbh-features[data-ready]")
    return Maps(first_cell_run)


def state_when(page, holds) -> list:
    """What Python knows, as soon as this holds for it."""
    said = printed_when(page, 1, lambda text: holds(json.loads(text.removeprefix("state "))))
    return json.loads(said.removeprefix("state "))


def test_python_hears_what_is_chosen_and_the_page_what_python_sets(notebook):
    maps = notebook
    maps.settle(lambda: maps.layer.select_option("4"))
    maps.stage.focus()
    maps.press("ArrowDown", "PageDown", "PageDown")
    *_, value, _ = state_when(maps.page, lambda state: state[1:3] == ["4", [2, 8, 7]])
    assert maps.title() == f"4 Conv2d, map 2, row 8, column 7: {shown(value)}"

    run_cell(maps.page, 2)
    maps.root.locator(".cbh-pad-verdict", has_text="It says four.").wait_for()
    run_cell(maps.page, 3)
    maps.root.get_by_text("7 ReLU, map 3, row 2, column 1: ").first.wait_for()
    assert maps.root.get_by_role("radio").nth(2).is_checked()
    run_cell(maps.page, 4)
    maps.root.get_by_text("1 Linear, unit 0: ").first.wait_for()
    assert maps.root.locator("figure").count() == 3


def test_jupyter_leaves_the_keys_alone(notebook):
    maps = notebook
    maps.stage.focus()
    maps.press("ArrowDown", "ArrowRight")
    for key in ("a", "b", "d", "d", "x", "z"):
        maps.page.keyboard.press(key)
    assert maps.page.locator(".jp-Cell").count() == len(CELLS)
    assert maps.page.evaluate("document.activeElement.getAttribute('role')") == "application"


CLOSE = """async ([module, state]) => {
  const { default: widget } = await import(module);
  const [listening, saved] = [new Set(), []];
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    on: (names) => listening.add(names),
    off: (names) => listening.delete(names),
    save_changes: () => saved.push(state.unit[2]),
  };
  const close = widget.render({ model, el: document.body });
  const stage = document.querySelector("[role=application]");
  const press = () => stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  for (let turn = 0; turn < 5; turn++) press();
  close();
  press();
  return [[...listening], saved];
}"""


def test_python_is_told_slowly_and_of_the_end_and_a_closed_view_hears_nothing_more(page):
    widget = FeatureMaps(network(), DIGITS.images)
    module = "data:text/javascript;base64," + base64.b64encode(widget._esm.encode()).decode()
    listening, saved = page.evaluate(CLOSE, [module, page_state(widget)])
    assert (listening, saved) == ([], [15, 19])
