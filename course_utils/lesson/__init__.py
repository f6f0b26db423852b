"""What talks to the learner: claims that prove themselves, guesses made before the run."""

from course_utils.lesson.claim import claim
from course_utils.lesson.guess import guess

__all__ = ["claim", "guess"]
