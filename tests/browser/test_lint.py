"""The linter of the site's pages finds what it is made for, and nothing in a good page."""

import pytest

from website import lint

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><head><title>A page</title></head>
<body data-theme="light"><main><article>{}</article></main></body></html>"""
GOOD = """<h1>A page</h1><h2 id="part">A part</h2><p>Text with <a href="other.html">a link</a>,
<a href="#part">another</a> and <a href="https://elsewhere.example/">a third</a>.</p>
<img src="data:," alt="a seven">"""
FAULTS = {
    "a picture without alt text": ('<img src="data:,">', "must have alternative text"),
    "a heading that skips a level": ("<h4>deep</h4>", "Heading levels should only increase by one"),
    "an empty heading": ("<h2></h2>", "Headings should not be empty"),
    "letters too pale": ('<p style="color:#999;background:#fff">pale</p>', "color contrast"),
    "a link without words": ('<a href="other.html"></a>', "Links must have discernible text"),
    "a knob without a name": ("<button></button>", "Buttons must have discernible text"),
    "a link to no file": ('<a href="lost.html">lost</a>', "lost.html leads nowhere"),
    "a link to no heading": ('<a href="other.html#lost">lost</a>', "leads to no such heading"),
    "a link to no heading of its own": ('<a href="#lost">lost</a>', "leads to no such heading"),
}


@pytest.fixture
def complaints(tmp_path, page):
    """Lint a site of two pages: complaints("<h1>A page</h1>")."""

    def lint_pages(body: str) -> list[str]:
        (tmp_path / "other.html").write_text(PAGE.format("<h1>Another</h1>"), encoding="utf-8")
        (tmp_path / "page.html").write_text(PAGE.format(body), encoding="utf-8")
        return lint.lint(tmp_path, page)

    return lint_pages


def test_a_good_page_passes(complaints):
    assert complaints(GOOD) == []


@pytest.mark.parametrize("pale", range(3))
def test_a_word_of_code_is_looked_at_unless_the_same_kind_was(complaints, pale):
    words = ["color:#333", "color:#00c", "color:#060"]
    words[pale] = "color:#999"
    spans = [f'<span style="{style};background:#fff">word</span> ' for style in words]
    found = complaints(f"{GOOD}<pre>{''.join(2 * spans)}</pre>")
    [in_light, in_dark] = found  # of the two words alike one is named
    assert "light: Elements must meet minimum color contrast" in in_light
    assert "dark: Elements must meet minimum color contrast" in in_dark


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(complaints, name):
    fault, message = FAULTS[name]
    found = complaints(GOOD + fault)
    assert found
    assert all(line.startswith("page.html") and message in line for line in found)
