"""Quizzes: how they are written and read. What is seen is tested in tests/js and tests/browser."""

import pytest

from course_utils.lesson import quiz
from course_utils.lesson.quiz import _asked

TEXT = """## Is `1 < 2`?
- [ ] No
  Count again,
  slowly.
- [x] Yes
  Two is <one> more.

## Is it raining?
- [x] Here it is
  Look out of the window.
- [ ] Nowhere
  That would be a first.
"""


@pytest.fixture(autouse=True)
def nothing_asked():
    _asked.clear()


def test_a_quiz_is_read_from_markdown():
    first, second = quiz(TEXT).questions
    assert first == {
        "text": "Is `1 < 2`?",
        "choices": [
            {"text": "No", "right": False, "feedback": "Count again, slowly."},
            {"text": "Yes", "right": True, "feedback": "Two is <one> more."},
        ],
    }
    assert second["text"] == "Is it raining?"


WRONG = [
    (TEXT.replace("[x] Yes", "[ ] Yes"), "'Is `1 < 2`\\?' needs one right choice, got 0; mark one"),
    (TEXT.replace("[ ] No\n", "[x] No\n"), "needs one right choice, got 2"),
    (TEXT.replace("  Two is <one> more.\n", ""), r"needs feedback.* none below \['Yes'\]"),
    (TEXT.replace("[x] Yes", "[x] No"), "has the same choice twice"),
    ("## Alone?\n- [x] Yes\n  It is.", "needs two choices or more, got 1"),
    ("## Empty?\n", "needs two choices or more, got 0"),
    ("\n", "a quiz needs a question"),
    ("- [x] Yes\n  Without a question.", "a quiz has no line like '- \\[x\\] Yes'"),
    ("## Yes?\n  Feedback on nothing", "a quiz has no line like '  Feedback on nothing'"),
    (TEXT + "Some remark", "a quiz has no line like 'Some remark'"),
    (TEXT.replace("[x] Yes", "[X] Yes"), "a quiz has no line like"),
    ("99", "there is no quiz '99'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
@pytest.mark.fault(
    "a quiz with two right answers, none, or no feedback", "refused with the form that a quiz has"
)
def test_what_is_not_a_quiz_is_refused_with_the_remedy(text, message):
    with pytest.raises(ValueError, match=message) as refused:
        quiz(text)
    assert text == "99" or "A quiz is written like this:" in str(refused.value)


def test_asked_again_it_keeps_what_was_picked():
    quiz(TEXT).tried = [[0, 1], []]
    assert quiz(TEXT).tried == [[0, 1], []]
    assert quiz(TEXT + "\n").tried == [[], []]


def test_a_page_without_javascript_shows_the_questions_and_folds_the_answers():
    data, _ = quiz(TEXT)._repr_mimebundle_()
    shown = data["text/html"]
    assert "Is <code>1 &lt; 2</code>?" in shown
    assert shown.count("<details>") == 2
    assert "Two is &lt;one&gt; more." in shown[shown.index("<details>") :]
    assert "Two is" not in shown[: shown.index("<details>")]
    assert data["text/plain"].startswith("1. Is `1 < 2`?\n   ( ) No\n   ( ) Yes\n2. ")
