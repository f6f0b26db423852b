"""docs/glossary.md: every word that the lessons introduce, in order, in short, without circles."""

import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOKS = PROJECT / "notebooks"
SOURCES = {
    path.stem: path.read_text(encoding="utf-8") for path in (NOTEBOOKS / "source").glob("*.py")
}
_, *BLOCKS = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8").strip().split("\n\n")
ENTRY = re.compile(
    r"\*\*([^*]+)\*\*(?: \((.+)\))?\\\n(.+) \[Lesson (\d\d)\]\(\.\./notebooks/(\S+)\.ipynb\)"
)
# Bold for weight, for a list or for the running of a lesson: no words to look up.
EMPHASES = {
    "a higher cycle", "added", "digits", "equal", "images from memory", "limits", "next",
    "padding is added", "record", "shift+enter", "stop here", "the fast network", "why", "you need",
}  # fmt: skip


class Entry(NamedTuple):
    """One word or several of a kind, what others call it, what it means, and where it is taught."""

    head: str
    others: str
    text: str
    number: str
    lesson: str

    @property
    def terms(self) -> list[str]:
        return re.split(r", (?=\w\w)", self.head)  # but "N, C, H, W" is one


FOUND = [(block, ENTRY.fullmatch(block)) for block in BLOCKS[1:]]
ENTRIES = [Entry(*(part or "" for part in found.groups())) for _, found in FOUND if found]
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.head for entry in ENTRIES])


def stem(term: str) -> str:
    """A term without its ending: "normalise" and "normalised" have one stem."""
    return term[: max(3, len(term) - 3)].lower()


def introduced(source: str) -> set[str]:
    """What a lesson's text sets in bold, one to three words without a stop or a colon."""
    text = "\n".join(line for line in source.splitlines() if line.startswith("# "))
    bold = re.findall(r"(?<!\*)\*\*([^\W\d][^*\n.:]*)\*\*(?!\*)", text)
    return {term.lower() for term in bold if len(term.split()) <= 3} - EMPHASES


def mentioned(entry: Entry) -> set[str]:
    """The heads of the other entries whose terms a definition uses, the longest terms first."""
    heads = {term.lower(): other.head for other in ENTRIES for term in other.terms}
    longest_first = "|".join(map(re.escape, sorted(heads, key=len, reverse=True)))
    used = re.findall(rf"(?<![\w-])({longest_first})(?:e?s)?(?![\w-])", entry.text.lower())
    return {heads[term] for term in used} - {entry.head}


def test_every_entry_has_the_same_form():
    assert [block for block, found in FOUND if not found] == []
    assert len(ENTRIES) >= 60


def test_the_entries_stand_in_alphabetical_order():
    heads = [re.sub(r"[^\w ]", " ", entry.head.lower()).split() for entry in ENTRIES]
    assert heads == sorted(heads)


def test_no_term_stands_twice():
    terms = [term.lower() for entry in ENTRIES for term in entry.terms]
    assert sorted(terms) == sorted(set(terms))


@each_entry
def test_the_lesson_that_it_names_has_the_term(entry):
    assert entry.lesson.startswith(entry.number)
    assert (NOTEBOOKS / f"{entry.lesson}.ipynb").exists()
    text = SOURCES[entry.lesson].lower()
    assert [word for term in entry.terms for word in term.split() if stem(word) not in text] == []


@each_entry
def test_a_definition_is_short_and_in_the_tone_of_the_house(entry):
    assert len(entry.text.split()) <= 60
    for word in ("simply", "just ", "obviously", "magic", "of course", "!"):
        assert word not in entry.text


def test_no_definition_goes_in_a_circle():
    list(TopologicalSorter({entry.head: mentioned(entry) for entry in ENTRIES}).static_order())


@pytest.mark.parametrize("lesson", SOURCES)
def test_every_word_that_a_lesson_introduces_has_an_entry(lesson):
    names = " / ".join(f"{entry.head}, {entry.others}" for entry in ENTRIES).lower()
    missing = {term for term in introduced(SOURCES[lesson])
               if not re.search(rf"(?<!\w){re.escape(stem(term))}", names)}  # fmt: skip
    assert missing == set()


def test_what_a_lesson_introduces_is_found_in_its_bold_words():
    text = "# A **small grid** is a **kernel**; **Next:** **a whole sentence in bold**\nx **y** z"
    assert introduced(text) == {"small grid", "kernel"}
