"""One linter for all pages of the site: python -m website.lint [SITE]

Axe, in light and in dark, finds pictures without alt text, headings that skip a level, links and
knobs without a name, letters too pale to read. What it cannot see: links that lead nowhere.
"""

import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import axe_playwright_python
from bs4 import BeautifulSoup
from playwright.sync_api import Page, sync_playwright

from tools import browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
READY = """() => [...document.querySelectorAll("[data-widget]")]
  .every((place) => place.querySelector("[data-ready]"))"""
# Most of a lesson's page are words of code, coloured by their kind: one of each kind is looked at,
# the others lose their mark, and a page takes a third of the time.
ONE_OF_EACH_KIND = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll("article pre span")) {
    const kind = word.parentElement.cloneNode().outerHTML + word.cloneNode().outerHTML;
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
}"""
# it may not fetch style sheets again, from disk; the theme's own parts are not ours to mend
RUN = """([theme, options]) => {
  document.body.dataset.theme = theme;
  return axe.run("article", { preload: false, ...options });
}"""
OPTIONS = {  # in the dark nothing is new but the colours
    "light": {"rules": {"region": {"enabled": False}}},
    "dark": {"runOnly": ["color-contrast"]},
}


def lint(site: Path, page: Page) -> list[str]:
    """Return what is wrong with the site, a line each: the page, the fault, the place."""
    files = sorted(site.rglob("*.html"))
    return [complaint for file in files
            for complaint in [*find_lost_links(file), *find_barriers(file, page)]]  # fmt: skip


def find_lost_links(file: Path) -> list[str]:
    """Find links from a page to a file or to a heading that is not there."""
    lost = []
    for link in parse(file).find_all("a", href=True):
        address, anchor = urldefrag(unquote(link["href"]))
        if urlparse(address).scheme:
            continue  # elsewhere: nobody is asked
        target = (file.parent / address).resolve() if address else file
        if target.is_dir() or not target.exists():
            lost.append(f"{file.name}: the link to {address} leads nowhere")
        elif anchor and target.suffix == ".html" and not parse(target).find(id=anchor):
            lost.append(f"{file.name}: the link to {address}#{anchor} leads to no such heading")
    return lost


@cache  # many links lead to the same page
def parse(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def find_barriers(file: Path, page: Page) -> list[str]:
    """Find what shuts people out, in light and in dark, with folded parts open."""
    page.goto(file.as_uri())
    page.wait_for_function(READY)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    page.evaluate("document.querySelectorAll('.veil').forEach((waive) => waive.click())")
    page.evaluate(ONE_OF_EACH_KIND)
    page.evaluate(AXE)
    found = []
    for theme, options in OPTIONS.items():
        for problem in page.evaluate(RUN, [theme, options])["violations"]:
            for node in problem["nodes"]:
                found.append(f"{file.name}, {theme}: {problem['help']}: {node['html'][:200]}")
    return found


def main(site: Path) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find_or_install(), args=["--no-sandbox"]
        )
        complaints = lint(site, chromium.new_page())
    print("\n".join(complaints))
    sys.exit(f"{len(complaints)} complaints." if complaints else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "build/site").resolve())
