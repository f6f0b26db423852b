"""Curves with their spread: drawn, named at their ends, described, and refused where they lack."""

import numpy as np
import pytest
import torch

from course_utils import show
from course_utils.show.lines import LABEL_HEIGHT, spread

X = [0, 2, 4]
SEEDS = [[99.0, 90.0, 60.0], [97.0, 88.0, 66.0]]
LABELS = {"xlabel": "shift, pixels", "ylabel": "read correctly, %"}


def test_several_runs_become_their_mean_in_a_band_from_lowest_to_highest():
    [axis] = show.lines(X, {"MLP": SEEDS}, **LABELS).figure.axes
    assert axis.lines[0].get_ydata() == pytest.approx([98, 89, 63])
    corners = axis.collections[0].get_paths()[0].vertices
    at_the_end = corners[corners[:, 0] == 4, 1]
    assert (at_the_end.min(), at_the_end.max()) == (60, 66)


def test_a_single_run_is_drawn_as_it_is_also_as_a_tensor():
    [axis] = show.lines(torch.tensor(X), {"a": torch.tensor([1.0, 2, 3])}, **LABELS).figure.axes
    assert list(axis.lines[0].get_ydata()) == [1, 2, 3]
    assert list(axis.lines[0].get_xdata()) == X


def test_every_curve_has_its_name_at_its_end_in_its_own_colour():
    picture = show.lines(X, {"MLP": SEEDS, "CNN": [99, 98, 97]}, **LABELS)
    [axis] = picture.figure.axes
    assert [text.get_text() for text in axis.texts] == ["MLP", "CNN"]
    assert [text.xy for text in axis.texts] == [(4, 63), (4, 97)]
    for text, line in zip(axis.texts, axis.lines, strict=True):
        assert text.get_color() == line.get_color()
    assert len({line.get_marker() for line in axis.lines}) == 2
    assert len(picture.png()) < 100_000


@pytest.mark.parametrize("yscale", ["linear", "log"])
def test_names_do_not_lie_on_each_other_where_curves_end_together(yscale):
    ends = {name: [50, 50, 90 + at / 10] for at, name in enumerate("ABCDE")}
    picture = show.lines(X, ends | {"A": [1, 1, 1]}, yscale=yscale, **LABELS)
    picture.png()
    [axis] = picture.figure.axes
    boxes = [text.get_window_extent() for text in axis.texts]
    for at, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[at + 1 :])


@pytest.mark.parametrize(
    ("ends", "expected"),
    [((0.06, 3), ["0.1", "0.2", "0.5", "1", "2"]), ((1e-6, 1e6), ["1"])],
)
def test_a_logarithmic_height_has_plain_numbers_however_far_it_goes(ends, expected):
    picture = show.lines([1, 2], {"A": list(ends)}, yscale="log", **LABELS)
    picture.png()
    [axis] = picture.figure.axes
    named = [text.get_text() for text in axis.get_yticklabels()]
    assert set(expected) <= set(named)
    assert len(list(filter(None, named))) >= 4  # which decades they are is Matplotlib's choice
    assert not any("$" in name for name in named)


def test_names_that_have_room_stay_where_they_are():
    assert spread([1.0, 0.5, 2.0], LABEL_HEIGHT) == pytest.approx([1.0, 0.5, 2.0])


def test_names_that_touch_move_apart_about_their_middle_and_keep_their_order():
    assert spread([1.0, 1.0], 0.2) == pytest.approx([0.9, 1.1])
    placed = spread([1.1, 1.0, 0.9, 3.0], 0.5)
    assert placed == pytest.approx([1.5, 1.0, 0.5, 3.0])
    crowded = spread([0.0, 0.3, 0.35, 0.4], 0.5)
    assert np.diff(crowded) == pytest.approx([0.5, 0.5, 0.5])
    assert np.mean(crowded) == pytest.approx(np.mean([0.0, 0.3, 0.35, 0.4]))


def test_the_words_say_where_each_curve_begins_and_ends():
    assert show.lines(X, {"MLP": SEEDS}, **LABELS).alt == (
        "read correctly, % against shift, pixels. MLP: 98 at 0, 63 at 4."
    )


@pytest.mark.parametrize(
    ("curves", "words"),
    [
        ({"MLP": [1, 2]}, "'MLP' must have 3 numbers"),
        ({"MLP": [SEEDS]}, r"got shape \(1, 2, 3\)"),
        ({}, "1 to 5 curves, got 0"),
        (dict.fromkeys("ABCDEF", X), "got 6"),
    ],
)
def test_curves_that_do_not_fit_are_refused(curves, words):
    with pytest.raises(ValueError, match=words):
        show.lines(X, curves, **LABELS)


def test_few_x_are_the_ticks_and_are_written_without_the_rounding_of_float32():
    [axis] = show.lines([0.003, 0.1], {"a": [1, 2]}, xscale="log", **LABELS).figure.axes
    assert [label.get_text() for label in axis.get_xticklabels()] == ["0.003", "0.1"]


def test_of_many_points_only_some_are_marked():
    [axis] = show.lines(range(100), {"a": list(range(100))}, **LABELS).figure.axes
    assert axis.lines[0].get_markevery() == 10
