"""Augmentation: how far an image may be turned, stretched, slanted and shifted."""

import math
import sys

import pytest
import torch

from course_utils import data, train
from course_utils.train import augment
from course_utils.train.augment import distort


def only(monkeypatch, name: str) -> None:
    """Leave one kind of change, and switch the others off."""
    for other in ("MOST_TURN", "MOST_STRETCH", "MOST_SLANT", "MOST_SHIFT"):
        if other != name:
            monkeypatch.setattr(augment, other, 0.0)


def dot(row: int, column: int) -> torch.Tensor:
    """Many equal images of one soft dot: its middle can be measured to a tenth of a pixel."""
    y, x = torch.arange(28.0)[:, None], torch.arange(28.0)
    return torch.exp(-((y - row) ** 2 + (x - column) ** 2) / 4).expand(500, 1, 28, 28)


def middle(images: torch.Tensor) -> torch.Tensor:
    """The rows and columns of the middle of the ink, seen from the middle of the image."""
    at = torch.arange(28.0) - 13.5
    ink = images.sum(dim=(1, 2, 3))
    return torch.stack([(images.sum(dim=(1, 3)) @ at) / ink, (images.sum(dim=(1, 2)) @ at) / ink])


def test_strength_0_changes_nothing():
    images = torch.rand(5, 1, 28, 28)
    torch.testing.assert_close(distort(images, 0.0), images, atol=1e-4, rtol=0)


def test_shape_and_type_stay_and_channels_move_together():
    images = torch.rand(4, 1, 32, 20, dtype=torch.float64).expand(4, 3, 32, 20)
    changed = distort(images)
    assert changed.shape == images.shape
    assert changed.dtype == torch.float64
    assert torch.equal(changed[:, 0], changed[:, 2])
    assert not torch.equal(changed, images)


def test_shifts_reach_two_pixels_to_both_sides_and_no_further(monkeypatch):
    only(monkeypatch, "MOST_SHIFT")
    torch.manual_seed(0)
    moved = middle(distort(dot(13, 14))) - middle(dot(13, 14))
    assert moved.abs().max() <= 2.01
    assert moved.min() < -1.9
    assert moved.max() > 1.9


def test_half_the_strength_moves_half_as_far(monkeypatch):
    only(monkeypatch, "MOST_SHIFT")
    torch.manual_seed(0)
    moved = middle(distort(dot(13, 14), 0.5)) - middle(dot(13, 14))
    assert 0.9 < moved.abs().max() <= 1.01


def test_turns_reach_ten_degrees_to_both_sides(monkeypatch):
    only(monkeypatch, "MOST_TURN")
    torch.manual_seed(0)
    before, after = middle(dot(13, 22)), middle(distort(dot(13, 22)))
    angle = torch.rad2deg(torch.atan2(*after) - torch.atan2(*before))
    assert 9.5 < angle.max() < 10.5
    assert -10.5 < angle.min() < -9.5
    torch.testing.assert_close(after.norm(dim=0), before.norm(dim=0), atol=0.05, rtol=0)


def test_width_and_height_are_stretched_by_ten_percent_each_by_itself(monkeypatch):
    only(monkeypatch, "MOST_STRETCH")
    torch.manual_seed(0)
    factor = middle(distort(dot(20, 21))) / middle(dot(20, 21))
    assert math.exp(0.1) - 0.02 < factor.max() < math.exp(0.1) + 0.01
    assert math.exp(-0.1) - 0.01 < factor.min() < math.exp(-0.1) + 0.02
    assert (factor[0] - factor[1]).abs().max() > 0.1


def test_a_slant_moves_the_top_one_way_and_the_bottom_the_other(monkeypatch):
    only(monkeypatch, "MOST_SLANT")
    torch.manual_seed(0)
    top = middle(distort(dot(5, 13)))[1] - middle(dot(5, 13))[1]
    assert 0.75 < top.abs().max() < 0.9  # a tenth of the eight and a half rows above the middle
    torch.manual_seed(0)
    bottom = middle(distort(dot(22, 13)))[1] - middle(dot(22, 13))[1]
    torch.testing.assert_close(top, -bottom, atol=0.02, rtol=0)


def test_what_comes_in_from_outside_repeats_the_edge():
    images = torch.full((20, 1, 28, 28), -0.42)
    torch.testing.assert_close(distort(images), images)


def test_the_same_seed_gives_the_same_images_and_each_image_its_own_change():
    images, runs = dot(10, 10), []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append(distort(images))
    assert torch.equal(*runs)
    assert not torch.equal(runs[0][0], runs[0][1])


@pytest.mark.parametrize("strength", [-1, float("nan")])
def test_a_strength_below_0_is_refused(strength):
    with pytest.raises(ValueError, match=f"strength must be 0 or more, got {strength}"):
        distort(torch.rand(2, 1, 28, 28), strength)


def test_in_training_the_images_are_distorted_ever_less(stripes, monkeypatch):
    strengths = []

    def watch(images, strength):
        strengths.append(strength)
        return images

    monkeypatch.setattr(sys.modules["course_utils.train.fit"], "distort", watch)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    recipe = train.Recipe(epochs=2, batch_size=50, distortion=0.8)
    train.fit(model, stripes(train=100), recipe=recipe, progress=False)
    assert strengths == pytest.approx([0.8, 0.6, 0.4, 0.2])
    train.fit(model, stripes(train=100), recipe=train.Recipe(), progress=False)
    assert len(strengths) == 4


def test_distorted_images_reach_the_network_on_the_usual_scale(stripes):
    digits, seen = stripes(train=50), []

    class Spy(torch.nn.Linear):
        def forward(self, x):
            seen.append(x)
            return super().forward(x.flatten(1))

    recipe = train.Recipe(batch_size=50, distortion=1.0)
    train.fit(Spy(784, 10), digits, recipe=recipe, progress=False)
    shown, plain = seen[1], data.normalize(digits.train_images)  # the first is the check of shapes
    assert shown.shape == plain.shape
    assert not torch.equal(shown.sum(dim=(1, 2, 3)).sort().values,
                           plain.sum(dim=(1, 2, 3)).sort().values)  # fmt: skip
    assert plain.min() - 0.01 <= shown.min()
    assert shown.max() <= plain.max() + 0.01


def test_a_distortion_below_0_is_refused():
    with pytest.raises(ValueError, match="distortion must be at least 0 and finite, got -0.5"):
        train.Recipe(distortion=-0.5)
