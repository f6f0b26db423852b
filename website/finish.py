"""The last step: what is further is folded, and each page gets the strictest content policy.

A page may load its own files and nothing else; scripts and styles that stand in it are the theme's,
known by their hashes: in its text there may be none. Nothing may be sent anywhere.
"""

import hashlib
from pathlib import Path

from bs4 import BeautifulSoup

from course_utils.widgets.page import source_hash

MEGABYTES = 3  # that a page may weigh, with its pictures, without what all pages share


def finish(site: Path) -> None:
    """Finish every page of a site. Raises ValueError for one that is too heavy or asks outside."""
    rules: dict[str, str] = {}
    for file in sorted(site.rglob("*.html")):
        page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        check_requests(page, file)
        check_scripts(page, file)
        fold_further(page)
        for link in page.select("a.image-reference"):
            link.unwrap()  # a click on a picture would leave the page
        move_styles(page, rules)
        page.head.insert(1, page.new_tag("meta", attrs=policy(page)))
        file.write_text(str(page), encoding="utf-8")
        check_weight(page, file)
    sheet = "\n".join(f".{name} {{ {style} }}" for style, name in sorted(rules.items()))
    (site / "_static" / "inline.css").write_text(sheet + "\n", encoding="utf-8")


def fold_further(page: BeautifulSoup) -> None:
    """Fold what begins with Further, as the notebooks do; its heading stays to be seen."""
    for heading in page.select("article section > h2"):
        if not heading.get_text().startswith("Further:"):
            continue
        fold = page.new_tag("details", attrs={"class": "further"})
        summary = page.new_tag("summary")
        summary.string = "Open this section"
        rest = list(heading.next_siblings)
        heading.insert_after(fold)
        fold.extend([summary, *rest])


def move_styles(page: BeautifulSoup, rules: dict[str, str]) -> None:
    """Turn each style that stands at an element into a class of a sheet, which a policy allows."""
    for element in page.find_all(style=True):
        style = element["style"]
        del element["style"]
        name = rules.setdefault(style, f"inline-{hashlib.sha256(style.encode()).hexdigest()[:8]}")
        element["class"] = [*element.get("class", []), name]


def policy(page: BeautifulSoup) -> dict[str, str]:
    scripts = [script for script in page.find_all("script", src=False) if is_run(script)]
    return {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; img-src 'self' data: blob:; font-src 'self';"
        f" script-src 'self'{hashes(scripts)}; style-src 'self'{hashes(page.find_all('style'))};"
        " base-uri 'none'; form-action 'self'",
    }


def is_run(script) -> bool:
    """Say whether a script is one, and not the state of a widget."""
    return script.get("type", "text/javascript") in ("text/javascript", "module")


def hashes(elements: list) -> str:
    return "".join(sorted({f" '{source_hash(each.string)}'" for each in elements if each.string}))


def check_requests(page: BeautifulSoup, file: Path) -> None:
    """Raise ValueError where a page would load something from elsewhere when it is opened."""
    loaded = [
        element.get("src") or element.get("href")
        for element in page.find_all(["script", "img", "link", "iframe", "source", "video"])
        if element.get("rel") != ["canonical"]
    ]
    outside = [address for address in loaded if address and address.startswith(("http", "//"))]
    if outside:
        raise ValueError(f"{file.name} loads {outside[0]}; a page must work without a network")


def check_scripts(page: BeautifulSoup, file: Path) -> None:
    """Raise ValueError for a script in the text of a page, where only a mistake could put one."""
    if scripts := [script for script in page.select("article script") if is_run(script)]:
        raise ValueError(f"{file.name} has a script in its text: {str(scripts[0])[:80]}")


def check_weight(page: BeautifulSoup, file: Path) -> None:
    pictures = {image["src"] for image in page.find_all("img", src=True)}
    files = [file, *(file.parent / name for name in pictures if not name.startswith("data:"))]
    weight = sum(each.stat().st_size for each in files) / 1e6
    if weight > MEGABYTES:
        raise ValueError(f"{file.name} weighs {weight:.1f} MB, and {MEGABYTES} are allowed")
