"""Questions with an answer to every choice: not only whether it is right, but why."""

import re

import traitlets

from course_utils.lesson.check import written
from course_utils.lesson.verdict import with_code
from course_utils.widgets.base import CourseWidget

FORM = """A quiz is written like this:

## The question?
- [ ] One choice
  Why it is wrong.
- [x] Another choice
  Why it is right."""

_asked: dict[str, "Quiz"] = {}


class Quiz(CourseWidget):
    """Questions with buttons for the choices; each tells what it is worth when it is picked.

    `tried` has for each question the choices that were picked, in their order.
    """

    script = "quiz.mjs"
    fixed = ("questions",)
    questions = traitlets.List(traitlets.Dict()).tag(sync=True)
    tried = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)

    @traitlets.validate("tried")
    def _check_tried(self, proposal):
        tried, counts = proposal["value"], [len(each["choices"]) for each in self.questions]
        fits = len(tried) == len(counts) and all(
            set(picked) <= set(range(count)) for picked, count in zip(tried, counts, strict=True)
        )
        if not fits:
            raise traitlets.TraitError(
                f"tried must be a list of choices for each of {len(counts)} questions, got {tried}"
            )
        return tried

    def still(self) -> str:
        return (
            f"<div><p><b>Quiz</b></p><ol>{''.join(map(still_question, self.questions))}</ol></div>"
        )

    def __repr__(self):
        lines = []
        for number, question in enumerate(self.questions, 1):
            lines.append(f"{number}. {question['text']}")
            lines += [f"   ( ) {choice['text']}" for choice in question["choices"]]
        return "\n".join(lines)


def quiz(lesson: str) -> Quiz:
    """Ask the questions of a lesson, as in quiz("02"), or those of a text in the form of a quiz.

    Asked again (who clicks and presses Shift+Enter runs this very cell again), it keeps what was
    picked. Raises ValueError for a lesson without a quiz, and for a text that is not a quiz.
    """
    text = lesson if "\n" in lesson else find(lesson)
    questions = read(text)
    tried = _asked[text].tried if text in _asked else [[] for _ in questions]
    _asked[text] = Quiz(questions=questions, tried=tried)
    return _asked[text]


def find(lesson: str) -> str:
    quizzes = written()["quizzes"]
    if lesson not in quizzes:
        raise ValueError(
            f"there is no quiz {lesson!r}; there are {', '.join(quizzes) or 'none yet'}"
        )
    return "\n\n".join(quizzes[lesson])


def read(text: str) -> list[dict]:
    """Read questions from Markdown. Raises ValueError, with the form, for what is not a quiz."""
    questions = []
    for line in filter(str.strip, text.splitlines()):
        choices = questions[-1]["choices"] if questions else None
        if line.startswith("## "):
            questions.append({"text": line[3:].strip(), "choices": []})
        elif questions and (match := re.match(r"- \[([ x])\] (.+)", line)):
            choices.append({"text": match[2].strip(), "right": match[1] == "x", "feedback": ""})
        elif choices and line.startswith("  "):
            choices[-1]["feedback"] = f"{choices[-1]['feedback']} {line.strip()}".strip()
        else:
            raise ValueError(f"a quiz has no line like {line!r}. {FORM}")
    if not questions:
        raise ValueError(f"a quiz needs a question. {FORM}")
    for question in questions:
        check_question(question)
    return questions


def check_question(question: dict) -> None:
    texts = [choice["text"] for choice in question["choices"]]
    right = sum(choice["right"] for choice in question["choices"])
    silent = [choice["text"] for choice in question["choices"] if not choice["feedback"]]
    problem = None
    if len(texts) < 2:
        problem = f"needs two choices or more, got {len(texts)}"
    elif len(set(texts)) < len(texts):
        problem = f"has the same choice twice: {texts}; change one"
    elif right != 1:
        problem = f"needs one right choice, got {right}; mark one with [x] and the others with [ ]"
    elif silent:
        problem = f"needs feedback, two spaces in, below each choice; none below {silent}"
    if problem:
        raise ValueError(f"the question {question['text']!r} {problem}. {FORM}")


def still_question(question: dict) -> str:
    choices = "".join(f"<li>{with_code(choice['text'])}</li>" for choice in question["choices"])
    answers = "".join(
        f"<li>{'✓' if choice['right'] else '✗'} <b>{with_code(choice['text'])}</b>: "
        f"{with_code(choice['feedback'])}</li>"
        for choice in question["choices"]
    )
    return (
        f"<li>{with_code(question['text'])}<ul>{choices}</ul>"
        f"<details><summary>Answer</summary><ul>{answers}</ul></details></li>"
    )
