"""ConvStepper in a real browser: as a page from disk, and in JupyterLab."""

import json

import pytest

from course_utils.widgets.conv_stepper import ConvStepper
from tests.browser.lab_kit import printed_when, run_cell, stop_clock

pytestmark = pytest.mark.browser

IMAGE = [[1, 2, 0, 3], [0, 1, 4, 1], [2, 2, 0, 0], [1, 0, 1, 5]]
KERNEL = [[1, -1], [2, 0]]  # gives [[-1, 4, 5], [3, 1, 3], [2, 2, 2]]


@pytest.fixture
def open_stepper(open_page):
    """Open the page of a stepper: open_stepper(bias=3, width=320)."""

    def open_it(width=1280, **options):
        return open_page(ConvStepper(**({"image": IMAGE, "kernel": KERNEL} | options)), width=width)

    return open_it


def output(page) -> list[str]:
    return page.locator("table[aria-label=output] td[data-at]").all_inner_texts()


def shows(page, *, step: str) -> None:
    """Wait until the stepper has painted a step, as in "2 of 9"."""
    page.locator(".cbh-stepper-count", has_text=step).wait_for()


def focus_output(page) -> None:
    page.locator("table[aria-label=output] td[tabindex='0']").focus()


def test_the_output_fills_as_one_steps_forward_and_back(open_stepper):
    page = open_stepper()
    assert output(page) == ["−1"] + [""] * 8
    page.get_by_role("button", name="Forward").click()
    shows(page, step="2 of 9")
    assert output(page) == ["−1", "4"] + [""] * 7
    page.get_by_role("button", name="Back").click()
    shows(page, step="1 of 9")
    assert output(page) == ["−1"] + [""] * 8


def test_the_slider_goes_to_any_step_and_the_last_one_shows_all(open_stepper):
    page = open_stepper(bias=10)
    page.get_by_role("slider", name="step").fill("8")
    shows(page, step="9 of 9")
    assert output(page) == ["9", "14", "15", "13", "11", "13", "12", "12", "12"]


def test_every_product_and_the_sum_so_far_are_written_out(open_stepper):
    page = open_stepper(bias=3)
    terms = page.locator(".cbh-stepper-term").all_inner_texts()
    assert [term.split("\n") for term in terms] == [
        ["1 × 1 = 1", "sum 1"], ["2 × (−1) = −2", "sum −1"],
        ["0 × 2 = 0", "sum −1"], ["1 × 0 = 0", "sum −1"],
    ]  # fmt: skip
    total = page.locator(".cbh-stepper-total").inner_text()
    assert total == "sum of the products: −1 + bias: 3 = 2"


def test_the_sums_of_the_channels_are_added_up(open_stepper):
    page = open_stepper(image=[IMAGE] * 3, kernel=[KERNEL] * 3)
    total = page.locator(".cbh-stepper-total").inner_text()
    assert total == "channel 0: −1 + channel 1: (−1) + channel 2: (−1) = −3"


KEYS = [
    ("ArrowRight", "2 of 9"), ("ArrowDown", "5 of 9"), ("ArrowLeft", "4 of 9"),
    ("ArrowUp", "1 of 9"), ("End", "9 of 9"), ("ArrowRight", "9 of 9"), ("Home", "1 of 9"),
]  # fmt: skip


def test_the_output_is_walked_with_the_arrow_keys_and_the_focus_follows(open_stepper):
    page = open_stepper()
    focus_output(page)
    for key, step in KEYS:
        page.keyboard.press(key)
        shows(page, step=step)
        index = int(step[0]) - 1
        assert page.evaluate("document.activeElement.dataset.at") == f"output {index}"


@pytest.mark.fault("keys pressed faster than the screen repaints", "all are counted")
def test_keys_pressed_faster_than_the_screen_repaints_are_all_counted(open_stepper):
    page = open_stepper()
    focus_output(page)
    page.evaluate("""() => { for (let i = 0; i < 5; i++) document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true})) }""")
    shows(page, step="6 of 9")


def test_space_plays_to_the_end_and_pauses(open_stepper):
    page = open_stepper()
    stop_clock(page)
    focus_output(page)
    page.keyboard.press("Space")
    page.clock.run_for(1000)
    shows(page, step="2 of 9")
    assert page.get_by_role("button", name="Pause").is_visible()
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    shows(page, step="2 of 9")
    page.keyboard.press("Space")
    page.clock.run_for(20_000)
    shows(page, step="9 of 9")
    assert page.get_by_role("button", name="Play").is_visible()


def test_who_asks_for_less_motion_gets_single_steps(page, open_stepper):
    page.emulate_media(reduced_motion="reduce")
    open_stepper()
    stop_clock(page)
    assert page.get_by_role("button", name="Play").count() == 0
    focus_output(page)
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    shows(page, step="2 of 9")
    frame = page.locator(".cbh-stepper-frame")
    assert frame.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"


def test_pointing_at_an_output_shows_its_window_and_leaving_brings_the_step_back(open_stepper):
    page = open_stepper()
    where = page.locator(".cbh-stepper-where")
    page.locator("td[data-at='output 5']").hover()
    where.filter(has_text="Output row 1, column 2").wait_for()
    assert where.inner_text().endswith("rows 1, 2; columns 2, 3")
    read = page.locator("td.cbh-stepper-read").evaluate_all("c => c.map(td => td.dataset.at)")
    assert read == ["image 0 1 2", "image 0 1 3", "image 0 2 2", "image 0 2 3"]
    page.mouse.move(1, 1)
    where.filter(has_text="Output row 0, column 0").wait_for()
    shows(page, step="1 of 9")


def test_pointing_at_a_product_marks_its_pixel_and_its_weight(open_stepper):
    page = open_stepper()
    page.locator("[data-at='term 0 1 0']").hover()
    page.locator("div.cbh-stepper-lit").wait_for()
    marked = page.locator("td.cbh-stepper-lit").evaluate_all("c => c.map(td => td.dataset.at)")
    assert marked == ["image 0 1 0", "kernel 0 1 0"]


def test_numbers_are_typed_into_image_and_kernel(open_stepper):
    page = open_stepper()
    cell = page.get_by_label("image, row 0, column 0")
    cell.click()
    page.keyboard.type("5")
    page.keyboard.press("ArrowRight")
    page.locator("td[data-at='output 0']", has_text="3").wait_for()
    assert page.evaluate("document.activeElement.ariaLabel") == "image, row 0, column 1"
    page.get_by_label("kernel, row 0, column 0").fill("-1")
    page.keyboard.press("Enter")
    page.locator("td[data-at='output 0']", has_text="−7").wait_for()


@pytest.mark.parametrize("nonsense", ["x", "", "1e9", "1000"])
@pytest.mark.parametrize("grid", ["image", "kernel"])
@pytest.mark.fault(
    "a word typed where a number belongs", "said below the grid, the old number stays"
)
def test_what_is_no_number_is_refused_and_said_below_its_grid(open_stepper, grid, nonsense):
    page = open_stepper()
    cell = page.get_by_label(f"{grid}, row 0, column 1")
    before = cell.input_value()
    cell.fill(nonsense)
    page.keyboard.press("Enter")
    words = page.get_by_role("alert")
    assert words.inner_text().startswith(f"“{nonsense}” is not a number from −999 to 999.")
    assert cell.input_value() == before
    assert cell.get_attribute("aria-invalid") == "true"
    text, table = words.bounding_box(), page.locator(f"table[aria-label={grid}]").bounding_box()
    assert 0 <= text["y"] - (table["y"] + table["height"]) < 24
    assert abs(text["x"] - table["x"]) < 24


def test_the_words_about_a_refused_entry_go_away_with_the_next_good_one(open_stepper):
    page = open_stepper()
    cell, words = page.get_by_label("image, row 0, column 1"), page.get_by_role("alert")
    for good in ("2", "5"):  # the old number, which changes nothing, and another one
        cell.fill("abc")
        page.keyboard.press("Tab")
        assert "abc" in words.inner_text()
        cell.fill(good)
        page.keyboard.press("Tab")
        words.wait_for(state="hidden")
        assert page.locator("[aria-invalid]").count() == 0
    page.get_by_label("bias").fill("abc")
    page.keyboard.press("Enter")
    assert "It stays none." in words.inner_text()
    page.keyboard.press("Escape")
    words.wait_for(state="hidden")


def test_start_again_brings_back_all_that_python_gave(open_stepper):
    page = open_stepper(bias=1, padding=1)
    seen = page.locator(".cbh-stepper-body").inner_text()
    for control in ("kernel size", "stride", "padding"):
        page.get_by_role("button", name=f"{control}, more").click()
    page.get_by_role("button", name="dilation, more").click()
    page.get_by_label("bias").fill("7")
    page.get_by_label("image, row 0, column 1").fill("9")
    page.get_by_label("kernel, row 0, column 1").fill("9")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Forward").click()
    shows(page, step="2 of")
    page.get_by_role("button", name="Start again").click()
    shows(page, step="1 of 25")
    assert page.locator(".cbh-stepper-body").inner_text() == seen
    assert page.get_by_label("bias").input_value() == "1"
    values = page.locator("table input").evaluate_all("all => all.map(input => input.value)")
    given = [str(number).replace("-", "−") for row in IMAGE + KERNEL for number in row]
    assert values == given


def test_escape_takes_back_what_was_typed(open_stepper):
    page = open_stepper()
    cell = page.get_by_label("image, row 0, column 1")
    cell.focus()
    page.keyboard.type("77")
    page.keyboard.press("Escape")
    assert cell.input_value() == "2"


def test_a_bias_is_typed_and_taken_away(open_stepper):
    page = open_stepper()
    field = page.get_by_label("bias")
    field.fill("7")
    page.keyboard.press("Enter")
    page.locator("td[data-at='output 0']", has_text="6").wait_for()
    assert "bias=False" not in page.locator("code").inner_text()
    field.fill("")
    page.keyboard.press("Enter")
    page.locator("code", has_text="bias=False").wait_for()


def test_a_stride_that_does_not_divide_marks_the_pixels_that_it_drops(open_stepper):
    page = open_stepper(image=[[1] * 7] * 7)
    page.get_by_role("button", name="stride, more").click()
    page.get_by_text("Dropped: the last row and the last column.").wait_for()
    assert page.locator("td[data-mark=dropped]").count() == 13
    formula = page.locator(".cbh-stepper-formula").inner_text()
    assert "floor((7 + 2·0 − 1·(2 − 1) − 1) / 2) + 1 = floor(2.5) + 1 = 3" in formula
    assert "nn.Conv2d(in_channels=1, out_channels=1, kernel_size=2, stride=2," in formula


def test_padding_and_dilation_show_in_the_grid(open_stepper):
    page = open_stepper()
    page.get_by_role("button", name="padding, more").click()
    page.get_by_role("button", name="dilation, more").click()
    page.get_by_text("rows −1, 1; columns −1, 1").wait_for()
    assert page.locator("td[data-mark~=padding]").count() == 20
    assert page.locator("td.cbh-stepper-read").count() == 4


def test_a_control_stops_where_no_window_would_be_left(open_stepper):
    page = open_stepper(image=[[1, 2], [3, 4]])
    more = page.get_by_role("button", name="kernel size, more")
    assert more.get_attribute("aria-disabled") == "true"
    more.click(force=True)
    assert page.get_by_role("group", name="kernel size").inner_text().split() == [
        "kernel", "size", "−", "2", "+"]  # fmt: skip


def test_the_step_is_said_in_words(open_stepper):
    page = open_stepper()
    page.get_by_role("button", name="Forward").click()
    words = "Step 2 of 9. Output row 0, column 1. sum of the products: 4."
    page.get_by_role("status").filter(has_text=words).wait_for()


@pytest.mark.parametrize("options", [{}, {"image": [[0.123] * 12] * 12, "padding": 4}])
@pytest.mark.parametrize("width", [320, 800, 1600])
def test_the_page_is_never_wider_than_the_window(open_stepper, width, options):
    page = open_stepper(width=width, **options)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_the_window_is_scrolled_into_sight(open_stepper):
    page = open_stepper(width=320, image=[[-0.125] * 12] * 12)
    focus_output(page)
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    shows(page, step="11 of 121")
    right = page.locator(".cbh-stepper-scroll").first.evaluate("e => e.scrollLeft + e.clientWidth")
    last = page.locator("td[data-at='image 0 0 11']").evaluate("e => e.offsetLeft + e.offsetWidth")
    assert right >= last


@pytest.fixture
def bare(open_alone):
    return open_alone(ConvStepper(IMAGE, KERNEL))


@pytest.mark.fault("a view closed while it plays", "nothing goes on")
def test_a_view_that_is_closed_while_it_plays_leaves_nothing_behind(bare):
    bare.get_by_role("button", name="Play").click()
    bare.clock.run_for(1000)
    assert bare.evaluate("state.step") == 1
    bare.evaluate("stop()")
    bare.get_by_role("button", name="Forward").click()
    bare.clock.run_for(5000)
    assert bare.evaluate("[state.step, heard.size]") == [1, 0]


def test_python_hears_at_most_ten_times_a_second_and_always_the_last_step(bare):
    for _ in range(50):
        bare.evaluate("document.querySelector('[data-action=\"step 1\"]').click()")
        bare.evaluate("document.querySelector('[data-action=\"step -1\"]').click()")
        bare.clock.run_for(10)
    bare.evaluate("document.querySelector('[data-action=\"step 1\"]').click()")
    bare.clock.run_for(250)
    assert 4 <= bare.evaluate("saved") <= 8
    assert bare.evaluate("state.step") == 1


CELLS = [
    "import time\nfrom course_utils.widgets.conv_stepper import ConvStepper\n"
    f"stepper, heard = ConvStepper({IMAGE}, {KERNEL}), []\n"
    "stepper.observe(lambda change: heard.append(1000 * time.time()), 'step')\nstepper",
    "print('step', stepper.step, 'first pixel', stepper.image[0][0][0], 'heard', heard)",
    "stepper.kernel = [[1, 0], [0, 1]]\nstepper.step = 8",
]


@pytest.fixture
def notebook(first_cell_run):
    """A notebook that shows a stepper, asks it for its state, and then sets it."""
    first_cell_run.wait_for_selector(".cbh-stepper[data-ready]")
    return first_cell_run


def test_in_jupyter_the_steps_reach_python_and_python_repaints(notebook):
    page = notebook
    page.get_by_role("button", name="Forward").click()
    page.get_by_label("image, row 0, column 0").fill("9")
    page.keyboard.press("Enter")
    page.locator("td[data-at='output 0']", has_text="7").wait_for()
    printed_when(page, 1, lambda text: "step 1 first pixel 9" in text)
    run_cell(page, 2)
    shows(page, step="9 of 9")
    assert output(page) == ["10", "6", "1", "2", "1", "4", "2", "3", "5"]


def test_python_hears_within_250_milliseconds(notebook):
    page, delays = notebook, []
    for step in range(1, 6):
        sent = page.evaluate("Date.now()")
        page.get_by_role("button", name="Forward").click()
        said = printed_when(page, 1, lambda text, begins=f"step {step} ": text.startswith(begins))
        delays.append(json.loads(said.partition("heard ")[2])[-1] - sent)
    assert 0 < min(delays) <= 250  # the quickest: what else the machine does only adds


def test_start_again_brings_back_what_python_set_last(notebook):
    page = notebook
    run_cell(page, 2)
    page.get_by_label("image, row 0, column 0").fill("9")
    page.get_by_role("button", name="Back").click()
    printed_when(page, 1, lambda text: "step 7 first pixel 9" in text)
    page.get_by_role("button", name="Start again").click()
    printed_when(page, 1, lambda text: "step 8 first pixel 1" in text)


def test_jupyter_leaves_the_keys_to_the_stepper(notebook):
    page = notebook
    focus_output(page)
    page.keyboard.press("ArrowRight")
    shows(page, step="2 of 9")
    for key in ("a", "b", "d", "d", "y"):  # insert above, below, delete, to code
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == 3
    page.keyboard.press("End")
    shows(page, step="9 of 9")
