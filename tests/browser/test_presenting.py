"""A lesson in front of a class: JupyterLab's presentation mode, large enough for the last row.

The browser's zoom is tried as what it is to a page: fewer and larger pixels. 1280 x 720 at 150 %
are 853 x 480 of them, 1920 x 1080 at 200 % are 960 x 540.
"""

import pytest

from tests.browser.conftest import PROJECT, wait_for_kernel
from tests.browser.lab_kit import run

pytestmark = pytest.mark.browser
ZOOMED = {"1280 x 720 at 150 %": (853, 480), "1920 x 1080 at 200 %": (960, 540)}
each_size = pytest.mark.parametrize("size", ZOOMED.values(), ids=ZOOMED)
AS_TEACHING_SAYS = (
    "application:toggle-mode", "application:toggle-presentation-mode", "statusbar:toggle",
    "application:toggle-header", "application:toggle-left-area", "application:toggle-side-tabbar",
)  # fmt: skip
ROOTS = ".cbh-guess, .cbh-stepper, .cbh-explorer, .cbh-quiz"
WORDS = ".jp-RenderedMarkdown p, .jp-RenderedMarkdown li, .cm-line, .cbh-quiz p, .cbh-guess label"
# What is to be read has a height; what is hidden, or for screen readers alone, has none.
SMALLEST = """(selector) => Math.min(...[...document.querySelectorAll(selector)]
  .filter((element) => element.getBoundingClientRect().height > 2
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .map((element) => parseFloat(getComputedStyle(element).fontSize)))"""
TOO_WIDE = """(selector) => [...document.querySelectorAll(selector)]
  .filter((element) => element.clientWidth && element.scrollWidth > element.clientWidth + 1)
  .map((element) => `${element.className}: ${element.scrollWidth} of ${element.clientWidth}`)"""
# Jupyter paints what is near the window: walk through the lesson, and gather its figures.
FIGURES = """async () => {
  const list = document.querySelector(".jp-WindowedPanel-outer"), seen = new Map();
  const painted = () => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(done)));
  const gather = () => {
    for (const image of document.querySelectorAll(".jp-OutputArea-output img")) {
      const room = image.closest(".jp-OutputArea").clientWidth;
      if (image.clientWidth >= 200) seen.set(image.src, [image.clientWidth, room]);
    }
  };
  const below = () => list.scrollHeight - list.clientHeight - list.scrollTop;
  list.scrollTop = 0;
  await painted();
  gather();
  for (let steps = 0; steps < 1000 && below() > 1; steps++) {
    list.scrollTop += list.clientHeight;
    await painted();
    gather();
  }
  return [...seen.values()];
}"""


@pytest.fixture(scope="module")
def present(lab, browser):
    """Open a lesson as TEACHING.md says: present("02_convolution_by_hand.ipynb")."""
    pages, names = [], set()

    def open_it(name: str):
        page = browser.new_page(viewport={"width": 853, "height": 480})
        pages.append(page)
        names.add(name)
        page.set_default_timeout(30_000)
        address = f"{lab.address}/lab/workspaces/presenting/tree/{name}?token={lab.token}&reset"
        wait_for_kernel(page, address)
        for command in AS_TEACHING_SAYS:
            run(page, command)
        return page

    yield open_it
    for page in pages:
        page.close()
    lab.end_kernels(names)


@pytest.fixture(scope="module")
def lesson(present):
    """Lesson 02, presented, after a run from top to bottom."""
    page = present("02_convolution_by_hand.ipynb")
    run(page, "notebook:run-all-cells", seconds=200)
    for root in ROOTS.split(", "):
        page.locator(f"{root}[data-ready]").first.wait_for()
    return page


@pytest.fixture
def stepper(lesson):
    """The stepper, begun anew and brought into view."""
    stepper = lesson.locator(".cbh-stepper[data-ready]")
    stepper.scroll_into_view_if_needed()
    stepper.get_by_role("button", name="Start again").click()
    return stepper


def test_the_page_for_teachers_names_these_sizes():
    text = (PROJECT / "TEACHING.md").read_text(encoding="utf-8")
    for picture, zoom in (name.split(" at ") for name in ZOOMED):
        assert f"{zoom} for {picture}" in text


def test_presentation_mode_alone_makes_text_a_fifth_larger_and_not_large(lesson):
    lesson.set_viewport_size({"width": 1280, "height": 720})
    presented = lesson.evaluate(SMALLEST, ".cm-line")
    run(lesson, "application:toggle-presentation-mode")
    plain = lesson.evaluate(SMALLEST, ".cm-line")
    run(lesson, "application:toggle-presentation-mode")
    assert (plain, presented) == (13, 16)
    assert 35 * presented < 720


@each_size
def test_zoomed_the_last_row_reads_text_and_code(lesson, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    assert 35 * lesson.evaluate(SMALLEST, WORDS) >= size[1]


@each_size
def test_zoomed_the_smallest_number_of_a_widget_is_one_in_45_of_the_picture(lesson, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    for root in ROOTS.split(", "):
        assert 45 * lesson.evaluate(SMALLEST, f"{root} *") >= size[1], root


@each_size
def test_zoomed_nothing_runs_out_of_the_picture(lesson, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    everything = f".jp-Notebook, .jp-RenderedMarkdown, .jp-OutputArea-output, .cm-scroller, {ROOTS}"
    assert lesson.evaluate(TOO_WIDE, everything) == []


@each_size
def test_zoomed_the_stepper_answers_to_keys_and_mouse(lesson, stepper, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    count = stepper.locator(".cbh-stepper-count")
    stepper.get_by_role("button", name="Forward").click()
    count.filter(has_text="2 of 4").wait_for()
    lesson.keyboard.press("ArrowRight")
    count.filter(has_text="3 of 4").wait_for()


@each_size
def test_zoomed_a_whole_grid_and_its_controls_fit_the_picture_together(lesson, stepper, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    tops = [stepper.locator(part).first.bounding_box() for part in
            (".cbh-stepper-controls", ".cbh-stepper-stage")]  # fmt: skip
    room = lesson.locator(".jp-WindowedPanel-outer").bounding_box()["height"]
    assert tops[1]["y"] + tops[1]["height"] - tops[0]["y"] <= room


@each_size
def test_zoomed_the_kernel_explorer_answers_to_keys_and_mouse(lesson, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    explorer = lesson.locator(".cbh-explorer[data-ready]").first
    box_blur = explorer.get_by_role("button", name="box blur")
    box_blur.scroll_into_view_if_needed()
    box_blur.click()
    explorer.locator("[aria-pressed=true]", has_text="box blur").wait_for()
    explorer.get_by_role("button", name="Sobel x").focus()
    lesson.keyboard.press("Enter")
    explorer.locator("[aria-pressed=true]", has_text="Sobel x").wait_for()


def test_zoomed_out_again_the_explorer_has_image_kernel_and_output_side_by_side(lesson):
    lesson.set_viewport_size({"width": 1280, "height": 720})  # also 1920 x 1080 at 150 %
    panels = lesson.locator(".cbh-explorer[data-ready] .cbh-panels > .cbh-panel").all()
    tops = [panel.bounding_box()["y"] for panel in panels]
    assert len(tops) == 3
    assert max(tops) - min(tops) < 2


@each_size
def test_zoomed_a_quiz_answers_to_keys_and_mouse(lesson, size):
    lesson.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    question = lesson.locator(".cbh-quiz[data-ready]").get_by_role("group").first
    choice = question.get_by_role("button").first
    choice.scroll_into_view_if_needed()
    choice.click()
    question.locator(".cbh-quiz-feedback:not(:empty)").wait_for()
    lesson.get_by_role("button", name="Start again").last.click()
    question.locator(".cbh-quiz-feedback:empty").first.wait_for(state="attached")
    choice.focus()
    lesson.keyboard.press("Enter")
    question.locator(".cbh-quiz-feedback:not(:empty)").wait_for()


@pytest.mark.parametrize("name", ["06_mnist_cnn.ipynb", "07_inside_the_network.ipynb"])
def test_zoomed_no_figure_is_cut_off(present, name):
    page = present(name)
    for _ in range(100):  # Jupyter adds a lesson's cells little by little
        figures = page.evaluate(FIGURES)
        if len(figures) >= 4:
            break
    assert len(figures) >= 4
    assert [wide for wide, room in figures if wide > room] == []
