"""BatchNormExplorer in a real browser: as a page from disk, and in Jupyter."""

import json

import pytest
import torch
from torch import nn

from course_utils.widgets import BatchNormExplorer
from tests.browser.lab_kit import printed_when, run_cell, serious_problems, stop_clock

pytestmark = pytest.mark.browser

SINGLE = torch.arange(64.0).reshape(64, 1, 1, 1)
ACTIVATIONS = torch.linspace(-2, 5, 64 * 2 * 4).reshape(64, 2, 2, 2)


@pytest.fixture
def open_explorer(open_page):
    """Save an explorer as a page and open it from disk with every request blocked."""

    def open_it(activations=ACTIVATIONS, colour_scheme="light", width=1280, **options):
        explorer = BatchNormExplorer(activations, **options)
        return open_page(explorer, colour_scheme=colour_scheme, width=width)

    return open_it


def press(page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def says(page, words: str) -> None:
    """Wait until the words stand somewhere in the widget, where they can be seen."""
    page.locator(".cbh-stepper-body > :not(.cbh-stepper-live)").filter(has_text=words).wait_for()


def shows(page, batch: int) -> None:
    page.locator(".cbh-stepper-count").filter(has_text=f"Batch {batch}:").wait_for()


def written(value: float) -> str:
    return f"{value:#.3g}".replace("-", "−")


def row(page, name: str) -> list[str]:
    return page.get_by_role("row", name=name).get_by_role("cell").all_inner_texts()


def test_running_statistics_and_batches_are_those_of_pytorch(open_explorer):
    explorer = BatchNormExplorer(ACTIVATIONS, channel=1, momentum=0.3, batch_size=5)
    page = open_explorer(channel=1, momentum=0.3, batch_size=5)
    layer = nn.BatchNorm2d(2, momentum=0.3)
    for step in range(4):
        shows(page, step + 1)
        explorer.step = step
        values = explorer.batch[:, 1]
        expected = [values.mean(), values.var(correction=0), values.var()]
        assert row(page, "this batch") == [written(float(value)) for value in expected]
        if step:
            kept = layer.running_mean[1], layer.running_var[1]
            assert row(page, "running")[::2] == [written(float(value)) for value in kept]
        layer(explorer.batch)
        press(page, "Next batch")


def test_the_four_steps_hold_the_numbers_of_the_chosen_activation(open_explorer):
    page = open_explorer(SINGLE, batch_size=64, gamma=2, beta=-1)
    page.get_by_role("slider", name="one activation").focus()
    page.keyboard.press("End")
    says(page, "For x = 63.00")
    says(page, "μ = average of the 64 values = 31.50")
    says(page, "σ² = average of (x − μ)² = 341.3")
    says(page, "(63.00 − 31.50) / √(341.3 + 0.00001) = 1.705")
    says(page, "y = γ · x̂ + β = 2 · 1.705 + (−1) = 2.410")
    says(page, "(1 − 0.1) · 1.00 + 0.1 · 347 = 35.6")
    says(page, "nn.BatchNorm2d(1, momentum=0.1).train()")


KEYS = {"Home": 0, "ArrowRight": 1, "PageUp": 8, "ArrowLeft": 6, "ArrowUp": 8, "End": 63}


def test_an_activation_is_chosen_by_keys_and_by_pointing_at_its_bar(open_explorer):
    page = open_explorer(SINGLE, batch_size=64)
    chosen = page.get_by_role("slider", name="one activation")
    chosen.focus()
    for key, value in KEYS.items():
        page.keyboard.press(key)
        page.wait_for_function(
            "value => Math.abs(document.activeElement.ariaValueNow - value) <= 1", arg=value
        )
    box = chosen.bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 40)
    says(page, "For x = 0")
    assert chosen.get_attribute("aria-valuetext") == "0.0 becomes −1.71"


def test_in_eval_mode_the_running_statistics_are_used_and_stay(open_explorer):
    page = open_explorer(running_mean=0.5, running_var=4, training=False)
    says(page, "μ = running mean = 0.500")
    says(page, "σ² = running variance = 4.000")
    says(page, "This batch leaves the running statistics as they are")
    press(page, "Next batch")
    shows(page, 2)
    assert row(page, "running") == ["0.500", "", "4.00"]
    page.get_by_role("radio", name="train").check()
    says(page, "Running statistics, once this batch has passed")
    assert page.locator("td.cbh-norm-used").all_inner_texts() == row(page, "this batch")[:2]


def test_undo_brings_back_what_came_in_for_this_channel_alone(open_explorer):
    page = open_explorer()
    before, after = (page.locator(f".cbh-norm-of-{kind} p") for kind in ("in", "out"))
    assert before.inner_text().removeprefix("before") != after.inner_text().removeprefix("after")
    press(page, "Undo")
    says(page, "After equals before.")
    assert before.inner_text().removeprefix("before") == after.inner_text().removeprefix("after")
    page.get_by_role("radio", name="1").check()
    says(page, "y = γ · x̂ + β = 1 · ")
    press(page, "Start again")
    page.get_by_role("radio", name="0").check()
    says(page, "y = γ · x̂ + β = 1 · ")


def test_every_slider_answers(open_explorer):
    page = open_explorer()
    for name, value, words in [("batch size", 64, "Batch 1: images 1 to 64"),
                               ("momentum", 0.25, "momentum=0.25"),
                               ("gamma", -1.5, "y = γ · x̂ + β = (−1.5) · "),
                               ("beta", 2, " + 2 = ")]:  # fmt: skip
        page.get_by_role("slider", name=name).fill(str(value))
        says(page, words)


@pytest.mark.fault(
    "one value per channel in training mode, in the page", "refused in PyTorch's words"
)
def test_one_value_per_channel_is_refused_in_pytorchs_words(open_explorer):
    page = open_explorer(SINGLE, batch_size=1)
    with pytest.raises(ValueError, match="Expected more than 1 value") as error:
        nn.BatchNorm2d(1)(SINGLE[:1])
    says(page, f"ValueError: {error.value}")
    page.get_by_role("slider", name="one activation").hover()
    press(page, "Next batch")
    shows(page, 2)
    assert row(page, "running") == ["0", "", "1.00"]
    page.get_by_role("button", name="Undo").click(force=True)
    page.get_by_role("radio", name="eval").check()
    says(page, "nn.BatchNorm2d(1, momentum=0.1).eval()")
    assert page.get_by_text("ValueError").count() == 0


def test_play_goes_on_until_pause_and_never_beyond_a_hundred_batches(open_explorer):
    page = open_explorer()
    stop_clock(page)
    press(page, "Play")
    page.clock.run_for(900)
    shows(page, 4)
    press(page, "Pause")
    page.clock.run_for(5000)
    shows(page, 4)
    press(page, "Play")
    page.clock.run_for(60_000)
    shows(page, 104)
    assert page.get_by_role("button", name="Play").is_visible()


def test_who_asks_for_less_motion_gets_single_batches(page, open_explorer):
    page.emulate_media(reduced_motion="reduce")
    open_explorer()
    assert page.get_by_role("button", name="Play").count() == 0
    press(page, "Next batch")
    shows(page, 2)


def test_the_pictures_are_put_into_words(open_explorer):
    page = open_explorer(SINGLE, batch_size=64)
    words = page.get_by_role("img").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert words == [
        "64 activations before batch norm: mean 31.5, spread 18.5, from 0.0 to 63.0",
        "64 activations after batch norm: mean 0.00, spread 1.00, from −1.71 to 1.71",
        "running mean 0 after 0 batches; all images have 31.5",
        "running variance 1.00 after 0 batches; all images have 347",
    ]


@pytest.mark.parametrize("width", [320, 800, 1920])
@pytest.mark.parametrize("size", [1, 1e-6, 1e6])
def test_the_page_is_never_wider_than_the_window(open_explorer, width, size):
    page = open_explorer(size * ACTIVATIONS / 5, width=width)
    press(page, "Next batch")
    shows(page, 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, {"activations": SINGLE, "batch_size": 1}])
def test_axe_finds_nothing_serious(open_explorer, colour_scheme, options):
    assert serious_problems(open_explorer(colour_scheme=colour_scheme, **options)) == []


def test_python_hears_at_most_ten_times_a_second_and_a_closed_view_leaves_nothing(open_alone):
    page = open_alone(BatchNormExplorer(ACTIVATIONS))
    for _ in range(50):
        page.evaluate("document.querySelector('[data-action=next]').click()")
        page.clock.run_for(10)
    page.clock.run_for(250)
    assert 4 <= page.evaluate("saved") <= 8
    assert page.evaluate("[state.step, heard.size]") == [50, 1]
    press(page, "Play")
    page.evaluate("stop()")
    press(page, "Next batch")
    page.clock.run_for(5000)
    assert page.evaluate("[state.step, heard.size]") == [51, 0]


CELLS = [
    "from course_utils.widgets import BatchNormExplorer\n"
    "explorer = BatchNormExplorer(momentum=1)\nexplorer",
    "print(explorer.step, explorer.training, explorer.running_mean)",
    "explorer.gamma = 3\nexplorer.step = 40\nexplorer.batch_size = 2",
]


def test_in_jupyter_python_hears_of_changes_and_repaints_and_the_keys_stay_here(
    write_notebook, open_anywhere
):
    page = open_anywhere(write_notebook("batch_norm", CELLS))
    run_cell(page, 0)
    page.wait_for_selector(".cbh-norm[data-ready]")
    press(page, "Next batch")
    page.get_by_role("radio", name="eval").check()
    for key in ("ArrowLeft", "a", "b", "d", "d", "y", "ArrowRight"):  # Jupyter's keys for cells
        page.keyboard.press(key)
    says(page, "μ = running mean")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 3
    said = printed_when(page, 1, lambda text: text.startswith("1 False "))
    means = BatchNormExplorer(momentum=1).batch.mean((0, 2, 3))
    torch.testing.assert_close(torch.tensor(json.loads(said.removeprefix("1 False "))), means)
    run_cell(page, 2)
    says(page, "Batch 41: images 81 to 82 of 256, shuffled")
    says(page, "y = γ · x̂ + β = 3 · ")
