"""Mean and spread of each channel: where they are drawn, described, and refused."""

import pytest
import torch
from matplotlib.colors import to_hex

from course_utils import show
from course_utils.show.picture import BLUE, GREEN

X = torch.tensor([[[1.0, 3.0], [10.0, 10.0]], [[5.0, 7.0], [10.0, 14.0]]])  # (2, 2, 2)
WORDS = {"titles": ["before", "after"], "roles": ["in", "out"]}


def test_each_channel_is_a_point_at_its_mean_with_its_spread_to_either_side():
    picture = show.spreads(X, X - 4, **WORDS)
    bars = [axis.containers[0] for axis in picture.figure.axes]
    assert list(bars[0].lines[0].get_ydata()) == [4, 11]
    assert list(bars[1].lines[0].get_ydata()) == [0, 7]
    low, high = bars[0].lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((4 - 5**0.5, 4 + 5**0.5))
    assert [to_hex(bar.lines[0].get_color()) for bar in bars] == [BLUE, GREEN]
    assert picture.figure.axes[0].get_ylim() == picture.figure.axes[1].get_ylim()


def test_the_words_give_the_range_of_means_and_spreads():
    picture = show.spreads(X, X - 4, **WORDS)
    assert picture.alt == (
        "Mean and spread of 2 channels. before: means from 4.00 to 11.00, spreads from 1.73 to"
        " 2.24; after: means from 0.00 to 7.00, spreads from 1.73 to 2.24."
    )
    assert len(picture.png()) < 100_000


@pytest.mark.parametrize("words", [{"titles": ["a"]}, {"roles": ["in"]}, {"roles": ["in", "up"]}])
def test_a_missing_title_and_an_unknown_role_are_refused(words):
    with pytest.raises(ValueError, match=r"for each, got 2 tensors"):
        show.spreads(X, X, **(WORDS | words))
