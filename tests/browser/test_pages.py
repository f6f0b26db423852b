"""Saved pages: opened from disk with every request blocked, each control answers."""

import ast

import pytest
import torch
from PIL import Image
from torch.nn.functional import conv2d

from course_utils import models
from course_utils.lesson import guess, quiz
from course_utils.widgets.batch_norm_explorer import BatchNormExplorer
from course_utils.widgets.conv_stepper import ConvStepper
from course_utils.widgets.feature_maps import FeatureMaps
from course_utils.widgets.kernel_explorer import KernelExplorer
from course_utils.widgets.kernels import KERNELS
from course_utils.widgets.scene import house
from tests.browser.lab_kit import serious_problems

pytestmark = pytest.mark.browser
WIDTHS = [320, 800, 1600]


def output(page) -> torch.Tensor:
    """The pixels of the output's canvas, (H, W, 3)."""
    script = """() => { const c = document.querySelector(".cbh-out canvas");
      const pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      return [c.height, c.width, Array.from(pixels)]; }"""
    height, width, pixels = page.evaluate(script)
    return torch.tensor(pixels).reshape(height, width, 4)[..., :3]


def signed_colours(values: torch.Tensor) -> torch.Tensor:
    """White at zero, green above, purple below, as full as the largest answer."""
    share = (255 * values / values.abs().max()).round()[..., None] / 255
    end = torch.where(share < 0, torch.tensor([118.0, 42, 131]), torch.tensor([21.0, 110, 64]))
    return 255 + (end - 255) * share.abs()


def settle(page, act) -> None:
    """Do something, and wait until the widget has painted since."""
    before = page.locator(".cbh-explorer").get_attribute("data-painted")
    act()
    page.wait_for_function(
        "before => document.querySelector('.cbh-explorer').dataset.painted !== before", arg=before
    )


@pytest.mark.fault("a saved page without a network", "it works, and asks for nothing")
def test_the_page_asks_for_nothing_but_itself(open_page):
    page = open_page(KernelExplorer(), guess("How many?", [1, 2]))
    assert [url for url in page.asked_for if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.locator("[data-ready]").count() == 2


def test_the_output_is_what_pytorch_computes(open_page):
    explorer = KernelExplorer(image=house(colour=True), kernel="Sobel x")
    page = open_page(explorer)
    weight = torch.tensor(explorer.kernel).expand(1, 3, 3, 3)
    expected = signed_colours(conv2d(explorer.image, weight, padding=1)[0])
    assert (output(page) - expected).abs().max() <= 1.5


def test_every_named_kernel_changes_the_picture(open_page):
    page = open_page(KernelExplorer(kernel=[[1, 2, 3]] * 3))
    for name in KERNELS:
        settle(page, page.get_by_role("button", name=name, exact=True).click)
        kernel = torch.tensor(KERNELS[name], dtype=torch.float32)
        answer = conv2d(house(), kernel[None, None], padding=len(kernel) // 2)[0]
        assert (output(page) - signed_colours(answer)).abs().max() <= 1.5, name


def test_every_other_control_answers(open_page):
    page = open_page(KernelExplorer(image=house(colour=True), kernel="vertical edges"))
    seen = [output(page)]

    def changed(act):
        settle(page, act)
        now = output(page)
        new = now.shape != seen[-1].shape or not torch.equal(now, seen[-1])
        seen.append(now)
        return new

    assert changed(page.get_by_text("turn by 90").click)
    assert changed(page.get_by_label("make it grey").check)
    assert changed(lambda: page.get_by_label("Padding").select_option("replicate"))
    assert changed(lambda: page.get_by_label("Padding").select_option("none"))
    assert seen[-1].shape[0] == 94
    assert changed(page.get_by_label("absolute").check)
    assert changed(page.get_by_label("ReLU").check)
    assert changed(page.get_by_label("as an image").check)
    assert changed(page.get_by_label("signed").check)
    assert changed(lambda: page.get_by_label("Size").select_option("5"))
    assert seen[-1].shape[0] == 92
    assert changed(page.get_by_text("all zero").click)
    assert (seen[-1] == 255).all()


@pytest.mark.fault("a word typed into a kernel", "marked, and not used")
def test_what_is_typed_is_used_and_what_is_no_number_is_marked_and_not_used(open_page):
    page = open_page(KernelExplorer(kernel="identity"))
    cell = page.get_by_label("Weight in row 1, column 1")
    settle(page, lambda: cell.fill("1/4"))
    code = page.get_by_label("The kernel in Python")
    assert "[0, 0.25, 0]" in code.inner_text()
    for wrong in ("abc", "1/0", "NaN", "1e999", "2000", ""):
        cell.fill(wrong)
        assert cell.get_attribute("aria-invalid") == "true"
        assert page.get_by_text(f"“{wrong}” is not used").count() == 1
        assert "[0, 0.25, 0]" in code.inner_text()
    settle(page, lambda: cell.fill("-2"))
    assert cell.get_attribute("aria-invalid") == "false"
    assert "[0, -2, 0]" in code.inner_text()


def test_the_keyboard_moves_the_window_and_the_sum_is_written_out(open_page):
    image = torch.arange(64.0).reshape(8, 8) / 64
    page = open_page(KernelExplorer(image=image, kernel=[[0, 0, 1]] * 3))
    page.get_by_role("application").focus()
    settle(page, lambda: page.keyboard.press("Home"))
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight"):
        settle(page, lambda key=key: page.keyboard.press(key))
    assert page.get_by_text("Row 0, column 1").count()
    right = [0, image[0, 2], image[1, 2]]  # above the image there are zeros
    assert page.locator(".cbh-answer").inner_text() == f"{float(sum(right)):.3f}"
    assert page.locator(".cbh-product.cbh-outside").count() == 3


def test_the_pointer_moves_the_window_too(open_page):
    page = open_page(KernelExplorer(image=torch.eye(8), kernel=[[2]]))
    box = page.locator(".cbh-in canvas").bounding_box()
    place = 3.5 * box["width"] / 8
    settle(page, lambda: page.mouse.move(box["x"] + place, box["y"] + place))
    assert page.get_by_text("Row 3, column 3").count()
    assert page.locator(".cbh-answer").inner_text() == "2"


def test_a_cell_is_dragged_to_change_its_weight(open_page):
    page = open_page(KernelExplorer(kernel="identity"))
    box = page.get_by_label("Weight in row 0, column 0").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    settle(page, lambda: page.mouse.move(box["x"] + 5 + 40, box["y"] + 5, steps=5))
    page.mouse.up()
    assert "[[0.5, 0, 0]" in page.get_by_label("The kernel in Python").inner_text()


def test_a_goal_is_reached_by_typing(open_page):
    page = open_page(KernelExplorer(goal="vertical edges"))
    assert page.get_by_role("progressbar").get_attribute("value") == "0"
    offered = page.get_by_role("group", name="Kernels to start from").get_by_role("button")
    assert not {"vertical edges", "Sobel x"} & set(offered.all_inner_texts())
    assert "Sobel y" in offered.all_inner_texts()
    settle(page, lambda: page.get_by_label("Weight in row 1, column 0").fill("-1"))
    assert "Reached" in page.locator(".cbh-found").inner_text()
    settle(page, lambda: page.get_by_role("combobox", name="Goal").select_option("less noise"))
    assert "100 % of the noise, 100 % of the brightness" in page.locator(".cbh-found").inner_text()


@pytest.mark.fault("a text file given as a picture", "refused in words, the old picture stays")
def test_a_picture_of_ones_own_is_used_and_a_text_is_refused(open_page, tmp_path):
    Image.new("RGB", (600, 300), (255, 0, 0)).save(tmp_path / "red.png")
    (tmp_path / "notes.png").write_text("no picture")
    page = open_page(KernelExplorer())
    chooser = page.locator("input[type=file]")
    settle(page, lambda: chooser.set_input_files(tmp_path / "red.png"))
    assert page.get_by_text("128 × 256, red, green and blue").count()
    chooser.set_input_files(tmp_path / "notes.png")
    page.get_by_text("notes.png is no picture that the browser can read").wait_for()


PUT_A_PICTURE = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 20, height: 10 });
  canvas.getContext("2d").fillRect(0, 0, 10, 10);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""


@pytest.fixture
def clipboard(page):
    """The browser's own clipboard: what stands in it as text."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return lambda: page.evaluate("navigator.clipboard.readText()")


def kernel_in(text: str) -> torch.Tensor:
    """The kernel that the line of Python makes."""
    rows = text.removeprefix("torch.tensor(").removesuffix(", dtype=torch.float32)")
    return torch.tensor(ast.literal_eval(rows), dtype=torch.float32)


def test_the_kernel_is_copied_as_a_line_of_python(open_page, clipboard):
    page = open_page(KernelExplorer(kernel="Gaussian blur"))
    page.get_by_role("button", name="Copy as torch.tensor").click()
    page.get_by_text("Copied.").wait_for()
    torch.testing.assert_close(kernel_in(clipboard()), torch.tensor(KERNELS["Gaussian blur"]))
    page.get_by_role("button", name="Sobel x").click()  # another kernel, which was not copied
    page.get_by_text("Copied.").wait_for(state="detached")


@pytest.mark.fault("a page that may not use the clipboard", "the line is selected for the keys")
def test_where_a_page_may_not_copy_the_line_is_selected_for_the_keys(page, open_page, clipboard):
    page.add_init_script("navigator.clipboard.writeText = () => Promise.reject(Error('refused'))")
    open_page(KernelExplorer(kernel="Sobel x"))
    page.get_by_role("button", name="Copy as torch.tensor").click()
    page.get_by_text("Selected: press Ctrl+C or Cmd+C.").wait_for()
    page.keyboard.press("ControlOrMeta+c")
    torch.testing.assert_close(kernel_in(clipboard()), torch.tensor(KERNELS["Sobel x"]).float())


def test_a_picture_is_pasted_from_the_clipboard(open_page, clipboard):
    page = open_page(KernelExplorer())
    page.evaluate(PUT_A_PICTURE)
    page.get_by_role("application").focus()
    settle(page, lambda: page.keyboard.press("ControlOrMeta+v"))
    page.get_by_text("10 × 20, red, green and blue").wait_for()
    left, right = output(page)[:, :10], output(page)[:, 10:]
    assert (left == 255).all()  # black: an answer of zero
    assert (right.float() - torch.tensor([21.0, 110, 64])).abs().max() <= 1.5


@pytest.mark.fault(
    "a kernel larger than the image, in the page", "the page says why there is no output"
)
def test_a_kernel_larger_than_the_image_is_explained(open_page):
    page = open_page(KernelExplorer(image=[[0, 1], [1, 0]], kernel="identity", padding_mode="none"))
    assert "the kernel must fit" in page.locator(".cbh-panel-out .cbh-problem").inner_text()


EVERY_WIDGET = {
    "explorer": lambda: KernelExplorer(kernel=torch.ones(7, 7) / 49, goal="less noise"),
    "stepper": lambda: ConvStepper(padding=4, bias=-0.25),
    "stepper with channels": lambda: ConvStepper([[[0.125] * 12] * 12] * 3, [[[1] * 5] * 5] * 3),
    "batch norm": lambda: BatchNormExplorer(batch_size=5, gamma=-0.25),
    "feature maps": lambda: FeatureMaps(
        models.course_cnn(), torch.zeros(24, 28, 28, dtype=torch.uint8), [7] * 24, layer="4"
    ),
    "guess": lambda: guess("How many different numbers are there?", ["a large number of them", 2]),
    "quiz": lambda: quiz(QUESTION),
}
QUESTION = """## How long is `torch.nn.functional.conv_transpose2d(x, weight, bias, stride=2)`?
- [ ] Too long
  `torch.nn.functional.conv_transpose2d(x, weight, bias, stride=2)` is what it is.
- [x] As long as it must be
  Yes.
"""


@pytest.mark.parametrize("name", EVERY_WIDGET)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(open_page, width, name):
    page = open_page(EVERY_WIDGET[name](), width=width)
    for choice in page.locator(".cbh-quiz-choice").all():
        choice.click()  # the feedback must fit, too
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# cells of grids shrink with their number, and some inputs hold no text
CONTROLS = """button, select, label, .cbh-stepper-control input:not([type=radio]),
              .cbh-quiz-feedback, .cbh-question, .cbh-status"""


@pytest.mark.parametrize("name", EVERY_WIDGET)
@pytest.mark.parametrize("width", [320, 1920])
def test_what_is_clicked_or_typed_into_is_written_large_enough(open_page, width, name):
    page = open_page(EVERY_WIDGET[name](), width=width)
    sizes = page.locator(CONTROLS).evaluate_all(
        "all => all.map(one => [one.outerHTML, parseFloat(getComputedStyle(one).fontSize)])"
    )
    assert sizes
    least = 16 if width == 1920 else 14
    assert [html for html, size in sizes if size < least] == []


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_page, colour_scheme):
    widgets = [make() for make in EVERY_WIDGET.values()]
    page = open_page(*widgets, colour_scheme=colour_scheme)
    page.get_by_label("bias").first.fill("abc")
    page.get_by_label("Weight in row 0, column 0").fill("abc")
    page.get_by_role("button", name="Too long").click()
    assert serious_problems(page) == []


@pytest.mark.fault("a page in a browser without scripts", "a still picture is there")
def test_without_scripts_there_is_a_still_picture(browser, tmp_path):
    path = KernelExplorer().to_html(tmp_path / "page.html")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.locator("img").count() == 2
        assert page.locator("img").first.evaluate("image => image.naturalWidth") == 96
