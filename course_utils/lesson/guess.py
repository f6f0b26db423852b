"""A question that the reader answers before the experiment does."""

import html

import traitlets

from course_utils.widgets.base import CourseWidget

_waiting: "Guess | None" = None


class Guess(CourseWidget):
    """The question with its choices as buttons.

    `chosen` is the index of the reader's choice, -1 before there is one. `outcome` is a sentence
    with what the experiment said; a choice made before is then final.
    """

    script = "guess.mjs"
    fixed = ("question", "choices", "outcome")
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)
    outcome = traitlets.Unicode().tag(sync=True)

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal):
        if not -1 <= proposal["value"] < len(self.choices):
            raise traitlets.TraitError(
                f"chosen must be -1 (none yet) to {len(self.choices) - 1}, got {proposal['value']}"
            )
        return proposal["value"]

    def still(self) -> str:
        choices = " &nbsp; ".join(f"○ {html.escape(choice)}" for choice in self.choices)
        return f"<p><b>Your guess:</b> {html.escape(self.question)}<br>{choices}</p>"

    def __repr__(self):
        return f"Your guess: {self.question} {' / '.join(self.choices)}"


def guess(question: str, choices: list) -> Guess:
    """Ask the reader to commit before the next cell runs; the next claim shows what they said.

    Nothing waits for the answer: a reader who runs all cells at once passes over it. Asked again
    before there is a result, it keeps the choice: whoever clicks a choice and presses Shift+Enter
    runs this very cell again.

    Raises ValueError for fewer than two choices.
    """
    global _waiting
    if len(choices) < 2:
        raise ValueError(f"guess needs two choices or more, got {len(choices)}")
    asked = Guess(question=question, choices=[str(choice) for choice in choices])
    if _waiting and (_waiting.question, _waiting.choices) == (asked.question, asked.choices):
        asked.chosen = _waiting.chosen
    _waiting = asked
    return asked


def answer_waiting_guess(outcome: str) -> str | None:
    """Tell the last guess what came out, and return what the reader had said, if anything."""
    global _waiting
    answered, _waiting = _waiting, None
    if answered is None:
        return None
    answered.outcome = outcome
    return answered.choices[answered.chosen] if answered.chosen >= 0 else None
