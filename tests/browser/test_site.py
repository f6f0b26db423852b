"""The web site, opened from disk with the network off: read, moved, searched, presented."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.lab_kit import serious_problems
from website.lint import READY, lint

pytestmark = pytest.mark.browser
PROJECT = Path(__file__).resolve().parents[2]
LIVE = ["02_convolution_by_hand", "04_pooling"]  # quick ones, with most widgets
PHONE, PROJECTOR = {"width": 390, "height": 844}, {"width": 1920, "height": 1080}


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """Build the site as `make site` does, with two lessons run and the others as committed."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "website", "--to", str(folder), *(name[:2] for name in LIVE)]
    made = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture
def visit(page, site):
    """Open a page of the site with the network off: visit("index.html", PHONE, "dark")."""
    page.asked_for = []
    page.on("request", lambda request: page.asked_for.append(request.url))
    page.context.set_offline(True)

    def visit(name, size=PROJECTOR, colour_scheme="light"):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colour_scheme)
        page.goto((site / name).as_uri())
        page.wait_for_function(READY)
        return page

    yield visit
    assert [url for url in page.asked_for if not url.startswith(("file:", "data:", "blob:"))] == []


lesson_page = "notebooks/{}.html".format


@pytest.mark.parametrize(
    ("size", "colour_scheme"), [(PHONE, "dark"), (PROJECTOR, "light")], ids=["phone", "projector"]
)
@pytest.mark.parametrize("name", ["index.html", *map(lesson_page, LIVE)])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_page(
    visit, name, size, colour_scheme
):
    page = visit(name, size, colour_scheme)
    assert serious_problems(page, "article") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("name", LIVE)
def test_every_quiz_answers_every_choice(visit, name):
    page = visit(lesson_page(name), PHONE)
    choices = page.locator(".cbh-quiz-choice")
    assert choices.count() >= 8
    for choice in choices.all():
        choice.click()
    assert page.locator(".cbh-quiz-feedback:empty").count() == 0
    questions = page.locator(".cbh-quiz-group").count()
    assert f"{questions} of {questions} answered" in page.locator(".cbh-quiz-foot").inner_text()


@pytest.mark.parametrize("name", LIVE)
def test_a_guess_hides_what_came_out_until_it_is_made(visit, name):
    page = visit(lesson_page(name))
    page.locator("details.further").evaluate_all("all => all.forEach((fold) => (fold.open = true))")
    guesses = page.locator(".cbh-guess")
    assert guesses.count() >= 4
    assert page.locator(".veil").count() == guesses.count()
    for guess in guesses.all():
        assert guess.locator(".cbh-status").inner_text() == "Choose before you read on."
        guess.locator("input").first.check()
        assert "You guessed" in guess.locator(".cbh-status").inner_text()
        assert "run on" not in guess.locator(".cbh-status").inner_text()
    assert page.locator(".veil").count() == 0
    assert page.locator(".cell[hidden]").count() == 0


def test_who_does_not_want_to_guess_is_shown_what_came_out(visit):
    page = visit(lesson_page("02_convolution_by_hand"))
    claim = page.get_by_text("the bright, flat piece beats the pattern itself").last
    assert not claim.is_visible()
    page.locator(".veil").first.click()
    assert claim.is_visible()


def test_paper_is_white_and_holds_everything(visit):
    page = visit(lesson_page("04_pooling"), PROJECTOR, "dark")
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.body.dataset.jpThemeLight") == "true"
    assert page.locator(".veil, details.further:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"


def test_the_stepper_computes_in_the_page(visit):
    page = visit(lesson_page("02_convolution_by_hand"), PHONE)
    page.get_by_label("image, row 0, column 0", exact=True).fill("9")
    page.keyboard.press("Enter")
    page.get_by_text("sum of the products: 5").first.wait_for()  # -3 + (9 - 1) x 1


def test_the_explorer_computes_in_the_page(visit):
    page = visit(lesson_page("02_convolution_by_hand"))
    before = page.locator(".cbh-explorer").get_attribute("data-painted")
    page.get_by_role("button", name="Sobel x", exact=True).click()
    page.wait_for_function(
        "old => document.querySelector('.cbh-explorer').dataset.painted !== old", arg=before
    )
    assert "[[-1, 0, 1]" in page.get_by_label("The kernel in Python").inner_text()


def test_the_network_reads_what_is_drawn_on_the_first_page(visit):
    page = visit("index.html")
    box = page.locator(".cbh-pad canvas").first.bounding_box()
    at = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in at]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()
    page.get_by_text("It says seven.").first.wait_for()


def test_the_search_finds_a_word_without_a_network(visit):
    page = visit("index.html")
    page.get_by_role("textbox", name="Search").fill("dilation")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    assert "3. Padding and stride" in page.locator("#search-results").inner_text()


def test_widgets_follow_the_theme_that_the_reader_chooses(visit):
    page = visit(lesson_page("04_pooling"))
    ground = "getComputedStyle(document.querySelector('.cbh-quiz')).color"
    colours = set()
    for _ in range(3):  # automatic, light, dark, in whichever order
        page.locator(".theme-toggle-content button").click()
        chosen = page.evaluate("document.body.dataset.theme")
        page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === String(light)", arg=chosen != "dark"
        )
        colours.add((chosen == "dark", page.evaluate(ground)))
    assert len(colours) == 2


def test_further_sections_are_folded_and_a_link_into_one_opens_it(visit):
    page = visit(lesson_page("02_convolution_by_hand"))
    folds = page.locator("details.further")
    assert folds.count() >= 3
    assert page.locator("details.further[open]").count() == 0
    page.locator(".toc-drawer").get_by_text("Further: a whole layer, by hand").click()
    page.locator("details.further[open]").wait_for()
    assert page.locator("details.further[open]").count() == 1


TITLES = """() => [...document.querySelectorAll("article :is(h1, h2, h3)")]
  .map((title) => [title.firstChild.textContent, title.offsetParent !== null])"""
SIZE = "parseFloat(getComputedStyle(document.querySelector('article p')).fontSize)"


def titles(page) -> list[str]:
    return [title for title, _ in page.evaluate(TITLES)]


def visible_titles(page) -> list[str]:
    return [title for title, is_visible in page.evaluate(TITLES) if is_visible]


def test_a_page_is_presented_one_section_at_a_time_by_keys(visit):
    page = visit(lesson_page("04_pooling"))
    plain = page.evaluate(SIZE)
    page.get_by_role("button", name="Present").click()
    shown = []
    for _ in titles(page):
        assert len(visible_titles(page)) == 1
        shown += visible_titles(page)
        page.keyboard.press("ArrowRight")
    assert shown == titles(page)  # the folded ones, too
    assert page.evaluate(SIZE) >= 2 * plain
    page.keyboard.press("Home")
    assert visible_titles(page) == ["4. Pooling"]
    page.keyboard.press("Escape")
    assert visible_titles(page) == titles(page)


def test_a_remote_control_scrolls_a_long_section_before_it_turns_the_page(visit):
    page = visit(lesson_page("02_convolution_by_hand"), {"width": 1280, "height": 720})
    page.get_by_role("button", name="Present").click()
    page.keyboard.press("PageDown")
    assert visible_titles(page) == ["2. Convolution by hand"]
    assert page.evaluate("scrollY") > 100
    for _ in range(12):
        page.keyboard.press("PageDown")
    assert visible_titles(page) != ["2. Convolution by hand"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_keys_belong_to_a_widget_while_it_has_the_focus(visit):
    page = visit(lesson_page("02_convolution_by_hand"))
    page.get_by_role("button", name="Present").click()
    while not page.locator(".cbh-stepper").is_visible():
        page.keyboard.press("ArrowRight")
    title = visible_titles(page)
    page.get_by_label("image, row 0, column 0", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert visible_titles(page) == title
    for _ in range(12):  # what a remote control sends turns the page all the same
        page.keyboard.press("PageDown")
    assert visible_titles(page) != title


def test_the_linter_has_no_complaint_about_any_page(site, page):
    assert lint(site, page) == []
