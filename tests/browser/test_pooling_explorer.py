"""PoolingExplorer in a real browser: as a page from disk, and in Jupyter."""

import pytest
from playwright.sync_api import expect

from course_utils.widgets import PoolingExplorer
from tests.browser.lab_kit import printed_when, run_cell, serious_problems

pytestmark = pytest.mark.browser

IMAGE = [[1, 4, 0, 2], [0, 2, 3, 3], [5, 0, 0, 0], [0, 6, 0, 8]]  # maxima: [[4, 3], [6, 8]]


@pytest.fixture
def open_explorer(open_page):
    """Save an explorer as a page and open it from disk with every request blocked."""

    def open_it(colour_scheme="light", width=1280, **options):
        explorer = PoolingExplorer(**({"image": IMAGE} | options))
        return open_page(explorer, colour_scheme=colour_scheme, width=width)

    return open_it


def output(page, name="output") -> list[str]:
    return page.locator(f"table[aria-label='{name}'] td[data-at]").all_inner_texts()


def says(page, words: str) -> None:
    """Wait until the words stand somewhere in the widget, where they can be seen."""
    page.locator(".cbh-stepper-body > :not(.cbh-stepper-live)").filter(has_text=words).wait_for()


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def backs(page) -> list[str]:
    return page.locator(".cbh-pooling-back").all_inner_texts()


def test_the_output_the_arithmetic_and_the_line_for_pytorch_follow_every_control(open_explorer):
    page = open_explorer()
    assert output(page) == ["4", "3", "6", "8"]
    says(page, "max(1, 4, 0, 2) = 4")
    press(page, "average")
    says(page, "(1 + 4 + 0 + 2) / 4 = 1.75")
    assert output(page) == ["1.75", "2", "2.75", "2"]
    press(page, "kernel size, more")
    says(page, "Dropped: 1 row and 1 column")
    assert page.locator("td[data-mark=dropped]").count() == 7
    page.get_by_label("ceil mode").check()
    says(page, "nn.AvgPool2d(kernel_size=3, stride=2, padding=0, ceil_mode=True)")
    says(page, "ceil((4 + 2·0 − 3) / 2) + 1 = ceil(0.5) + 1 = 2")
    assert page.locator("td[data-mark=beyond]").count() == 9
    press(page, "padding, more")
    says(page, "Padding: a zero, which counts.")
    press(page, "stride, more")
    press(page, "max")
    says(page, "nn.MaxPool2d(kernel_size=3, stride=3, padding=1, ceil_mode=True)")
    assert page.locator("td[data-mark=padding]").first.inner_text() == "−∞"


def test_a_control_stops_where_no_window_would_fit(open_explorer):
    page = open_explorer(kernel_size=4)
    more = page.get_by_role("button", name="kernel size, more")
    assert more.get_attribute("aria-disabled") == "true"
    more.click(force=True)
    says(page, "nn.MaxPool2d(kernel_size=4,")


def test_the_window_and_its_winner_are_marked_where_one_points(open_explorer):
    page = open_explorer()
    page.locator("td[data-at='output 3']").hover()
    says(page, "Output row 1, column 1 from image rows 2 to 3, columns 2 to 3")
    read = page.locator("td.cbh-stepper-read").evaluate_all("c => c.map(td => td.dataset.at)")
    assert read == ["image 2 2", "image 2 3", "image 3 2", "image 3 3"]
    winner = page.locator("td.cbh-pooling-winner")
    assert winner.get_attribute("data-at") == "image 3 3"
    page.mouse.move(1, 1)
    says(page, "Output row 0, column 0")


KEYS = [("ArrowRight", 1), ("ArrowDown", 3), ("ArrowRight", 3), ("ArrowLeft", 2), ("ArrowUp", 0),
        ("ArrowUp", 0), ("End", 3), ("Home", 0)]  # fmt: skip


def test_the_output_is_walked_with_the_arrow_keys_and_what_is_there_is_spoken(open_explorer):
    page = open_explorer()
    page.locator("td[data-at='output 0']").focus()
    for key, index in KEYS:
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.at") == f"output {index}"
        spoken = f"Output row {index // 2}, column {index % 2} from"
        page.get_by_role("status").filter(has_text=spoken).wait_for(state="attached")


def test_numbers_are_typed_into_the_image_where_it_stands(open_explorer):
    page = open_explorer(shift=(1, 0))
    cell = page.get_by_label("image, row 0, column 1")
    cell.click()
    page.keyboard.type("9")
    page.keyboard.press("ArrowLeft")
    page.locator("td[data-at='output 0']", has_text="9").wait_for()
    assert page.evaluate("document.activeElement.ariaLabel") == "image, row 0, column 0"
    page.keyboard.type("7")  # a zero that came in
    page.keyboard.press("Enter")
    press(page, "reset the shift")
    expect(page.get_by_label("image, row 0, column 0")).to_have_value("9")  # once it is painted


@pytest.mark.parametrize("nonsense", ["x", "", "1e9", "1000"])
@pytest.mark.fault(
    "a word typed where a number belongs", "said beside the grid, the old number stays"
)
def test_what_is_no_number_is_refused_and_that_is_seen_beside_the_grid(open_explorer, nonsense):
    page = open_explorer()
    cell = page.get_by_label("image, row 0, column 1")
    cell.fill(nonsense)
    page.keyboard.press("Enter")
    words = page.get_by_text(f"“{nonsense}” is not a number from −999 to 999. It stays 4.")
    words.wait_for()
    beside = page.locator("table[aria-label=image]").bounding_box()
    assert 0 <= words.bounding_box()["y"] - beside["y"] - beside["height"] < 40
    assert (cell.input_value(), cell.get_attribute("aria-invalid")) == ("4", "true")
    cell.fill("5")
    page.keyboard.press("Enter")
    page.locator("td[data-at='output 0']", has_text="5").wait_for()
    assert words.count() == 0


def test_escape_takes_back_what_was_typed_and_the_rest_repaints_around_it(open_explorer):
    page = open_explorer()
    cell = page.get_by_label("image, row 0, column 1")
    cell.fill("77")
    page.locator("td[data-at='output 3']").hover()
    says(page, "Output row 1, column 1")
    assert cell.input_value() == "77"
    page.keyboard.press("Escape")
    assert cell.input_value() == "4"


def test_the_gradient_goes_to_the_winners_or_in_equal_shares(open_explorer):
    page = open_explorer()
    page.get_by_label("gradient route").check()
    says(page, "Its gradient of 1 goes to row 0, column 1, the winner")
    says(page, "4 of 16 pixels get a gradient, 4 in all.")
    assert [at for at, back in enumerate(backs(page)) if back == "1"] == [1, 6, 13, 15]
    press(page, "average")
    says(page, "1 / 4 = 0.25 for each of the 4")
    assert set(backs(page)) == {"0.25"}
    press(page, "stride, less")
    says(page, "9 in all")
    assert backs(page)[:2] == ["0.25", "0.5"]


def test_a_shift_shows_the_output_before_and_counts_what_changed(open_explorer):
    page = open_explorer()
    before = page.locator("table[aria-label='output before the shift']")
    assert before.is_hidden()
    press(page, "shift the image right")
    says(page, "Shifted 1 right: 11 of 16 input numbers (69 %) and 4 of 4 output numbers (100 %)")
    says(page, "would have to move 1/2 place right")
    assert output(page, "output before the shift") == ["4", "3", "6", "8"]
    assert output(page) == ["1", "4", "5", "6"]
    press(page, "shift the image right")
    says(page, "move the old output 1 place right, lay it on the new one, and they agree in 2 of 2")
    press(page, "reset the shift")
    says(page, "Shift test: move the image by a pixel")
    assert before.is_hidden()


def test_shift_and_an_arrow_key_shift_the_image_and_the_focus_stays(open_explorer):
    page = open_explorer()
    page.locator("td[data-at='output 0']").focus()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(f"Shift+{key}")
    says(page, "Shifted 2 left and 1 up")
    assert page.evaluate("document.activeElement.dataset.at") == "output 0"


def test_an_image_is_not_shifted_further_than_its_own_size(open_explorer):
    page = open_explorer(shift=(4, 0))
    right = page.get_by_role("button", name="shift the image right")
    assert right.get_attribute("aria-disabled") == "true"
    says(page, "nothing of it is left")


LARGE = {"image": [[-0.123] * 12] * 12, "mode": "average", "kernel_size": 2, "stride": 1,
         "padding": 1, "ceil_mode": True, "shift": (1, 0), "show_gradient": True}  # fmt: skip


@pytest.mark.parametrize("options", [{}, LARGE])
@pytest.mark.parametrize("width", [320, 800, 1920])
def test_the_page_is_never_wider_than_the_window(open_explorer, width, options):
    page = open_explorer(width=width, **options)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_the_window_is_scrolled_into_sight(open_explorer):
    page = open_explorer(width=320, **LARGE)
    page.locator("td[data-at='output 0']").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    says(page, "Output row 0, column 12")
    right = page.locator(".cbh-stepper-scroll").first.evaluate("e => e.scrollLeft + e.clientWidth")
    last = page.locator("td[data-at='image 0 12']").evaluate("e => e.offsetLeft + e.offsetWidth")
    assert right >= last


# wide numbers, so that the grids scroll on a narrow screen
SCROLLING = LARGE | {"image": [[-10.25] * 6] * 6}


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "options"), [(1280, {}), (320, SCROLLING)])
def test_axe_finds_nothing_serious(open_explorer, colour_scheme, width, options):
    page = open_explorer(colour_scheme, width, **options)
    cell = page.get_by_label("image, row 0, column 2").first
    cell.fill("x")
    cell.press("Enter")
    page.get_by_text("is not a number").wait_for()
    assert serious_problems(page) == []


def test_who_asks_for_less_motion_sees_the_frame_jump(page, open_explorer):
    page.emulate_media(reduced_motion="reduce")
    open_explorer()
    frames = page.locator(".cbh-stepper-frame")
    durations = frames.evaluate_all("f => f.map(e => getComputedStyle(e).transitionDuration)")
    assert set(durations) == {"0s"}


def test_python_hears_at_most_ten_times_a_second_and_a_closed_view_leaves_nothing(open_alone):
    page = open_alone(PoolingExplorer())
    for direction in ["1 0", "-1 0"] * 25 + ["0 1"]:
        page.evaluate(f"document.querySelector('[data-action=\"shift {direction}\"]').click()")
        page.clock.run_for(10)
    assert page.evaluate("[state.shift, heard.size]") == [[0, 1], 1]
    before_the_last = page.evaluate("saved")
    assert 4 <= before_the_last <= 7
    page.evaluate("stop()")
    press(page, "shift the image down")
    page.clock.run_for(1000)
    assert page.evaluate("[state.shift, heard.size]") == [[0, 1], 0]
    assert page.evaluate("saved") == before_the_last + 1


CELLS = [
    "from course_utils.widgets import PoolingExplorer\n"
    f"explorer = PoolingExplorer({IMAGE})\nexplorer",
    "print(explorer.mode, explorer.shift, explorer.image[0][0])",
    "explorer.kernel_size = 3\nexplorer.stride = 1",
]


def test_in_jupyter_python_hears_of_changes_and_repaints_and_the_keys_stay_here(
    write_notebook, open_anywhere
):
    page = open_anywhere(write_notebook("pooling", CELLS))
    run_cell(page, 0)
    page.wait_for_selector(".cbh-pooling[data-ready]")
    press(page, "average")
    page.get_by_label("image, row 0, column 0").fill("9")
    page.keyboard.press("Enter")
    page.locator("td[data-at='output 0']", has_text="3.75").wait_for()
    page.locator("td[data-at='output 0']").focus()
    for key in ("Shift+ArrowRight", "a", "b", "d", "d", "y"):  # Jupyter's own keys for its cells
        page.keyboard.press(key)
    says(page, "Shifted 1 right")
    assert page.locator(".jp-Notebook .jp-Cell").count() == 3
    printed_when(page, 1, lambda text: text.startswith("average (1, 0) 9"))
    run_cell(page, 2)
    says(page, "nn.AvgPool2d(kernel_size=3, stride=1, padding=0, ceil_mode=False)")
