"""Build the site in build/site: python -m website [LESSON ...]

The lessons (all of them, or 02 04) are run, and their widgets live on in the page. Of the others
the committed notebook is shown, with still pictures: enough for a look at the rest.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from course_utils import weights
from course_utils.lesson import guess, quiz  # noqa: F401  their classes are widgets, too
from course_utils.widgets import DrawPad, page
from course_utils.widgets.base import CourseWidget
from tools import notebooks, repository
from website import lessons
from website.finish import finish

PROJECT = Path(__file__).resolve().parent.parent
HERE = PROJECT / "website"
BUILD = PROJECT / "build"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)\)")  # to a file, in Markdown
TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "TEACHING.md", "LICENSE", "docs", "data"]


def main(numbers: list[str], site: Path) -> None:
    pages = site.with_name("pages")
    shutil.rmtree(pages, ignore_errors=True)
    prepare(pages, numbers)
    shutil.rmtree(site, ignore_errors=True)
    command = ["sphinx", "--fail-on-warning", "--quiet", "-b", "html"]
    command += ["-d", str(site.with_name("doctrees"))]
    if subprocess.run([sys.executable, "-m", *command, str(pages), str(site)]).returncode:
        sys.exit("The site was not built, see above.")
    finish(site)
    print(f"The site is in {site}; open index.html there.")


def prepare(pages: Path, numbers: list[str]) -> None:
    """Lay out the sources of all pages as the project does, so that links between them hold."""
    shutil.copytree(HERE, pages, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copy(HERE / "conf.py", pages)
    for name in TEXTS:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, pages / name, ignore=shutil.ignore_patterns("cache"))
        else:
            shutil.copy(PROJECT / name, pages)
    (pages / "static" / "course_widgets.js").write_text(script(), encoding="utf-8")
    (pages / "static" / "course_widgets.css").write_text(sheet(), encoding="utf-8")
    (pages / "static" / "inline.css").touch()  # filled when the pages are finished
    put_pad(pages / "index.md")
    live = {source for number in numbers or [""] for source in notebooks.find_sources(number)}
    for source in sorted(notebooks.SOURCES.glob("*.py")):
        write_lesson(source, pages / "notebooks", live=source in live)
    for text in pages.rglob("*.md"):
        text.write_text(with_reachable_links(text, pages), encoding="utf-8")


def write_lesson(source: Path, folder: Path, *, live: bool) -> None:
    committed = notebooks.NOTEBOOKS / f"{source.stem}.ipynb"
    folder.mkdir(exist_ok=True)
    (folder / "download").mkdir(exist_ok=True)
    shutil.copy(committed, folder / "download")
    shown = lessons.run(source, BUILD / "run") if live else nbformat.read(committed, 4)
    made = lessons.page(shown, ways(source.stem))
    nbformat.write(made, folder / committed.name)


def with_reachable_links(text: Path, pages: Path) -> str:
    """Lead a link to a file that is no part of the site to the repository, or take it away."""
    owner = repository.named()

    def lead(link: re.Match) -> str:
        words, target = link.groups()
        file = (text.parent / target).resolve()
        if file.is_file():
            return link[0]
        inside = file.relative_to(pages.resolve())
        return f"[{words}]({repository.address(owner, inside)})" if owner else words

    return LINK.sub(lead, text.read_text(encoding="utf-8"))


def ways(name: str) -> str:
    """Lead from a page to its notebook."""
    links = [f"{{download}}`the notebook <download/{name}.ipynb>`"]
    if owner := repository.named():
        links += [repository.links(owner, name)]
    links += [f"`make lab LESSON={name[:2]}`"]
    return f":::{{container}} ways\n[Take it with you](../README.md): {' · '.join(links)}\n:::"


def script() -> str:
    """One script with all widgets, for all pages: no module, as browsers load none from disk."""
    modules = {kind.__name__: kind._esm for kind in kinds(CourseWidget)}
    return f"(() => {{\n{page.page_script(modules)}\n}})();\n"


def sheet() -> str:
    return "\n".join(dict.fromkeys(kind._css for kind in kinds(CourseWidget)))


def kinds(base: type) -> list[type]:
    """Find every class of widgets that has a script."""
    below = [each for kind in base.__subclasses__() for each in kinds(kind)]
    return [base] * ("script" in vars(base)) + below


def put_pad(index: Path) -> None:
    """Put a pad that reads what is drawn on the first page."""
    pad = page.place(DrawPad({"CNN": weights.shipped()}))
    text = index.read_text(encoding="utf-8")
    index.write_text(text.replace("<!-- the pad -->", pad), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the course as a web site.")
    parser.add_argument("lessons", nargs="*", help="run these alone, as in 02 04 (default: all)")
    parser.add_argument("--to", type=Path, default=BUILD / "site", help="default: build/site")
    options = parser.parse_args()
    main(options.lessons, options.to)
