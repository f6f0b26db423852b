"""What talks to the learner: claims that prove themselves, guesses, exercises and quizzes."""

from course_utils.lesson.check import check
from course_utils.lesson.claim import claim
from course_utils.lesson.guess import guess
from course_utils.lesson.quiz import quiz

__all__ = ["check", "claim", "guess", "quiz"]
