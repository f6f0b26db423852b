"""The site's own steps: what is folded, what is sealed, what is refused."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools import notebooks
from website import finish, lessons

HEAD = "<html><head><meta charset='utf-8'></head><body>{}</body></html>"


def read(path: str) -> str:
    return (notebooks.PROJECT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "TEACHING.md", "website/index.md"])
def test_how_to_present_is_said_with_the_name_that_the_button_has(page):
    [label] = re.findall(r'button\("(\w+)", \(\) => begin', read("website/static/present.js"))
    assert f"The button *{label}* at the top" in read(page)


@pytest.fixture
def finished(tmp_path):
    """Finish a site of one page: finished("<p>text</p>") gives the page and the sheet of styles."""
    (tmp_path / "_static").mkdir()

    def make(body: str) -> tuple[BeautifulSoup, str]:
        (tmp_path / "page.html").write_text(HEAD.format(body), encoding="utf-8")
        finish.finish(tmp_path)
        page = BeautifulSoup((tmp_path / "page.html").read_text(encoding="utf-8"), "html.parser")
        return page, (tmp_path / "_static" / "inline.css").read_text(encoding="utf-8")

    return make


def content_policy(page: BeautifulSoup) -> dict[str, str]:
    text = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    return dict(rule.split(maxsplit=1) for rule in text.split("; "))


def test_a_page_may_load_its_own_files_and_nothing_else(finished):
    page, _ = finished("<p>text</p>")
    policy = content_policy(page)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert not re.search(r"unsafe|\*|http", str(policy))


def test_a_script_of_the_builder_is_known_by_its_hash_and_the_state_of_a_widget_is_none(finished):
    page, _ = finished("<script>1 + 1</script><script type='application/json'>{}</script>")
    known = "'sha256-cvzllEegH0iLEWnS10JnnP4waol3LWf+8Bi8/pVDH2g='"  # as openssl computes it
    assert content_policy(page)["script-src"] == f"'self' {known}"


def test_a_script_in_the_text_of_a_page_is_refused(finished):
    with pytest.raises(ValueError, match=r"page.html has a script in its text: .*alert"):
        finished("<article><script>alert(1)</script></article>")


def test_a_picture_is_no_link_that_leads_out_of_the_page(finished):
    page, _ = finished("<a class='image-reference' href='a.png'><img alt='a' src='data:,'></a>")
    assert page.a is None
    assert page.img


def test_a_style_at_an_element_becomes_a_class_of_the_sheet(finished):
    page, sheet = finished("<p class='a' style='color:red'>x</p><b style='color:red'>y</b>")
    assert page.find(style=True) is None
    [name] = page.b["class"]
    assert page.p["class"] == ["a", name]
    assert sheet == f".{name} {{ color:red }}\n"


@pytest.mark.parametrize("outside", [
    "<script src='https://elsewhere.example/a.js'></script>",
    "<img src='//elsewhere.example/a.png'>",
    "<link rel='stylesheet' href='http://elsewhere.example/a.css'>",
])  # fmt: skip
def test_a_page_that_would_ask_another_server_is_refused(finished, outside):
    with pytest.raises(ValueError, match=r"page.html loads .*elsewhere.*without a network"):
        finished(outside)


def test_a_link_to_another_server_is_no_request(finished):
    page, _ = finished("<a href='https://elsewhere.example/'>read on</a>")
    assert page.a


def test_a_page_that_is_too_heavy_is_refused(finished):
    with pytest.raises(ValueError, match=r"page.html weighs 3.1 MB, and 3 are allowed"):
        finished("x" * 3_100_000)


def test_pictures_count_as_part_of_the_page(finished, tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(3_200_000))
    with pytest.raises(ValueError, match="weighs 3.2 MB"):
        finished("<img src='large.png'>")


def test_what_is_further_is_folded_and_its_heading_is_not(finished):
    page, _ = finished(
        "<article><section><h1>A</h1><section><h2>Further: more</h2><p>text</p><section><h3>b</h3>"
        "</section></section><section><h2>Core</h2><p>text</p></section></section></article>"
    )
    fold = page.find("details")
    assert fold.find_previous_sibling().get_text() == "Further: more"
    assert fold.summary.get_text() == "Open this section"
    assert [child.name for child in fold.children] == ["summary", "p", "section"]
    assert len(page.find_all("details")) == 1


@pytest.fixture
def lesson() -> nbformat.NotebookNode:
    """The learner's notebook of lesson 02, as it is committed."""
    return nbformat.read(notebooks.NOTEBOOKS / "02_convolution_by_hand.ipynb", as_version=4)


def test_each_exercise_has_its_hints_and_its_solution_below_it_and_no_verdict(lesson):
    page = lessons.page(lesson, "ways")
    exercises = [at for at, cell in enumerate(page.cells) if "exercise" in notebooks.tags(cell)]
    assert len(exercises) >= 3
    for at in exercises:
        assert page.cells[at].outputs == []
        assert page.cells[at + 1].source.count("<details") >= 3
        assert "<summary>A solution</summary>" in page.cells[at + 1].source


def test_a_page_speaks_of_reading_and_not_of_running(lesson):
    texts = [cell.source for cell in lessons.page(lesson, "ways").cells]
    assert texts[1] == f"{lessons.READ}\n\nways"
    assert "Shift+Enter" not in " ".join(texts[:3])


def test_what_is_of_use_with_a_kernel_alone_is_left_out():
    lesson = nbformat.read(notebooks.NOTEBOOKS / "00_start_here.ipynb", as_version=4)
    text = " ".join(cell.source for cell in lessons.page(lesson, "ways").cells)
    assert "environment.report()" in str(lesson)
    assert not re.search(r"environment.report|Pulse|COURSE_ARCHIVE", text)


@pytest.mark.parametrize(("code", "expected"), [
    ("guess('How many?', [1, 2])", True),
    ("quiz('02')", True),
    ("kernel = 1\nguess('How many?', [1, 2])", False),
    ("show.grids(image)", False),
])  # fmt: skip
def test_code_that_only_asks_is_not_shown(code, expected):
    assert lessons.only_asks(code) == expected


def test_every_picture_says_what_it_shows(lesson):
    page = lessons.page(lesson, "ways")
    coded = [cell for cell in page.cells if cell.cell_type == "code"]
    pictures = [
        cell for cell in coded for each in cell.outputs if "image/png" in each.get("data", "")
    ]
    assert pictures
    assert all(cell.metadata["mystnb"]["image"]["alt"] for cell in pictures)


def test_a_widget_gets_its_place_and_what_is_not_ours_stays_as_it_was():
    ours = {lessons.WIDGET: {"model_id": "a"}, "text/plain": "Pad"}
    other = {lessons.WIDGET: {"model_id": "b"}, "text/plain": "interactive"}
    made = [nbformat.v4.new_output("display_data", data) for data in (ours, other)]
    for output in made:
        lessons.place_widget(output, {"a": "<div>the pad</div>"})
    assert [output.data for output in made] == [
        {"text/html": "<div>the pad</div>"}, {"text/plain": "interactive"}]  # fmt: skip
