"""The trained network that comes with the course; data/MODEL_CARD.md says how it was made."""

from pathlib import Path

from torch import nn

from course_utils import models, train

COURSE_CNN = Path(__file__).with_name("course_cnn.safetensors")


def shipped() -> nn.Sequential:
    """Build the course CNN with weights that were trained on drawn digits, ready to read digits.

    Shape: (N, 1, 28, 28), as `data.normalize` makes it -> (N, 10) logits. It is in evaluation mode.
    Raises ValueError where the file is missing or damaged.
    """
    return train.restore(models.course_cnn(), COURSE_CNN).eval()
