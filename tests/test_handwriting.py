"""The drawn digits: the same for a seed, like MNIST, and true about what they are made of."""

import json
from dataclasses import replace

import pytest
import torch

from course_utils import handwriting, ink, strokes
from course_utils.handwriting import STYLES, draw
from course_utils.strokes import load_templates, spline

STRAIGHT_ONE = "one, straight"
STILL = handwriting.Style(wobble=0, loose_ends=0, exaggerate=0, bend=0, turn=0, ragged=0)


def mass_centres(images):
    """The centre of mass of each image, as x and y."""
    pixel = torch.arange(images.shape[-1])
    images = images.long()
    moments = [(images.sum(1) * pixel).sum(1), (images.sum(2) * pixel).sum(1)]
    return torch.stack(moments, 1) / images.sum((1, 2))[:, None]


def longer_sides(images):
    """The longer side of the box around the ink of each image, in pixels."""
    inked = images > 0
    return torch.maximum(side(inked.any(1)), side(inked.any(2)))


def side(occupied):
    pixel = torch.arange(occupied.shape[1])
    last = torch.where(occupied, pixel, -1).amax(1)
    first = torch.where(occupied, pixel, 99).amin(1)
    return last - first + 1


def same(a, b):
    return torch.equal(a.images, b.images) and all(
        torch.equal(a.factors[name], b.factors[name]) for name in a.factors
    )


# ----------------------------------------------------------------------------------- the same again


def test_a_seed_always_draws_the_same_digits():
    assert same(draw(600, seed=4), draw(600, seed=4))


def test_another_seed_draws_other_digits():
    assert not torch.equal(draw(20, seed=4).images, draw(20, seed=5).images)


def test_the_number_of_threads_changes_nothing():
    before = torch.get_num_threads()
    try:
        drawings = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            drawings.append(draw(1000, seed=4))
    finally:
        torch.set_num_threads(before)
    assert same(drawings[0], drawings[1])
    assert same(drawings[0], drawings[2])


@pytest.mark.parametrize("count", [1, 499, 500, 501])
def test_fewer_digits_are_the_first_of_more(count):
    fewer, more = draw(count, seed=4, strokes=True), draw(1000, seed=4, strokes=True)
    assert torch.equal(fewer.images, more.images[:count])
    assert torch.equal(fewer.strokes, more.strokes[:count])
    assert torch.equal(fewer.factors["slant"], more.factors["slant"][:count])


def test_blocks_differ_from_each_other():
    images = draw(1000, seed=4).images
    assert not torch.equal(images[:500], images[500:])


# ----------------------------------------------------------------------------------- shapes, labels


def test_a_drawing_has_images_labels_and_factors():
    drawing = draw(30, strokes=True)
    assert (drawing.images.shape, drawing.images.dtype) == ((30, 28, 28), torch.uint8)
    assert (drawing.labels.shape, drawing.labels.dtype) == ((30,), torch.int64)
    assert all(values.shape == (30,) for values in drawing.factors.values())
    assert drawing.strokes.shape == (30, strokes.SAMPLES, 2)
    assert (drawing.pen_up.shape, drawing.pen_up.dtype) == ((30, strokes.SAMPLES), torch.bool)


def test_strokes_are_kept_only_when_asked_for():
    assert draw(3).strokes is None
    assert draw(3).pen_up is None


def test_each_class_is_drawn_equally_often():
    assert draw(1000).labels.bincount().tolist() == [100] * 10


def test_labels_are_those_of_the_templates():
    drawing = draw(500)
    digit = torch.tensor([template.digit for template in load_templates()])
    assert torch.equal(drawing.labels, digit[drawing.factors["template"]])


def test_the_largest_random_number_still_finds_a_template(monkeypatch):
    almost_one = 1 - 2**-24  # the next float32 is 1, which a random number never reaches
    largest = lambda rng, *shape: torch.full((handwriting.BLOCK, *shape), almost_one)  # noqa: E731
    monkeypatch.setattr(handwriting, "_uniform", largest)
    drawing = draw(500)
    digit = torch.tensor([template.digit for template in load_templates()])
    assert torch.equal(drawing.labels, digit[drawing.factors["template"]])


def test_every_template_is_in_the_test_split():
    drawn = draw(10_000, seed=2, style="mild").factors["template"].bincount()
    assert len(drawn) == len(load_templates())
    assert drawn.min() >= 1


def test_the_data_set_is_wide_to_train_on_and_mild_to_test_on(monkeypatch):
    calls = []
    monkeypatch.setattr(handwriting, "draw", lambda count, **how: calls.append((count, how)))
    handwriting.digits()
    (train, train_how), (test, test_how) = calls
    assert (train, train_how["style"]) == (60_000, "wide")
    assert (test, test_how["style"]) == (10_000, "mild")
    assert train_how["seed"] != test_how["seed"]


# --------------------------------------------------------------------------------- as MNIST does it


@pytest.mark.parametrize("style", STYLES)
def test_digits_fill_a_box_of_20_pixels(style):
    sides = longer_sides(draw(500, style=style).images)
    assert sides.max() <= 20
    assert (sides == 20).float().mean() > 0.9


@pytest.mark.parametrize("style", STYLES)
def test_the_centre_of_mass_lies_at_index_14(style):
    off = mass_centres(draw(500, style=style).images) - 14
    assert off.abs().max() <= 0.5


def test_paper_is_0_and_ink_reaches_255():
    images = draw(500).images
    assert (images[:, 0, 0] == 0).all()
    assert (images.amax((1, 2)) == 255).float().mean() > 0.95


# ------------------------------------------------------------------------------- factors are true


def test_the_slant_asked_for_is_the_slant_drawn():
    upright = draw(100, slant=0, strokes=True).strokes
    slanted = draw(100, slant=0.4, strokes=True).strokes
    for before, after in zip(upright, slanted, strict=True):
        # x' = scale * (x - 0.4 * y) + constant, with y downwards
        given = torch.cat([before, torch.ones(len(before), 1)], 1)
        x, y, _ = torch.linalg.lstsq(given, after[:, :1]).solution.flatten()
        assert -y / x == pytest.approx(0.4, abs=0.01)


def test_a_wider_pen_leaves_more_ink_on_every_digit():
    ink_of = [draw(100, pen_width=width).images.sum((1, 2)) for width in (1.5, 2.5, 4)]
    assert (ink_of[0] < ink_of[1]).all()
    assert (ink_of[1] < ink_of[2]).all()


@pytest.mark.parametrize("width", [1.5, 2.5, 4, 6])
def test_a_straight_line_is_as_wide_as_its_pen(width):
    how = {"templates": [STRAIGHT_ONE], "style": STILL, "slant": 0}
    image = draw(1, **how, pen_width=width).images[0] / 255
    middle = image[12:16].sum(1)
    assert middle.mean() == pytest.approx(width, abs=0.35)


def test_pressure_makes_a_line_wider_here_and_thinner_there():
    how = {"templates": [STRAIGHT_ONE], "style": STILL, "slant": 0, "pen_width": 4}
    even = draw(50, **how, pressure=0).images[:, 8:20].sum(2) / 255  # widths, row by row
    pressed = draw(50, **how, pressure=0.4).images[:, 8:20].sum(2) / 255
    assert (even - 4).abs().max() < 0.1
    assert pressed.max() == pytest.approx(4 * 1.4, abs=0.4)
    assert pressed.min() == pytest.approx(4 * 0.6, abs=0.4)


def test_ragged_ink_has_uneven_edges():
    how = {"templates": [STRAIGHT_ONE], "slant": 0, "pen_width": 4, "pressure": 0}
    ragged = draw(50, **how, style=replace(STILL, ragged=0.5)).images[:, 8:20].sum(2) / 255
    smooth = draw(50, **how, style=STILL).images[:, 8:20].sum(2) / 255
    assert ragged.std(1).mean() > 10 * smooth.std(1).mean()


def test_a_shift_moves_the_picture_by_whole_pixels():
    centred, shifted = draw(200).images, draw(200, shift_x=3, shift_y=-2).images
    assert torch.equal(shifted[:, :24, 5:], centred[:, 2:26, 2:-3])


def test_the_shift_reported_is_where_the_centre_of_mass_lies():
    drawing = draw(200, shift_x=1)
    reported = torch.stack([drawing.factors["shift_x"], drawing.factors["shift_y"]], 1)
    whole = drawing.images[:, :, -1].sum(1) == 0  # nothing was cut off at the right edge
    assert whole.sum() > 150
    measured = mass_centres(drawing.images) - 14
    assert torch.allclose(measured[whole], reported[whole], atol=1e-4)
    assert (reported[:, 0] - 1).abs().max() <= 0.5


def test_a_smaller_size_fills_a_smaller_box():
    assert longer_sides(draw(100, size=12).images).max() <= 14  # 12, and a soft edge on each side


@pytest.mark.parametrize(
    ("factor", "value"),
    [("slant", 0.5), ("turn", 1), ("stretch", 2), ("pen_width", 3), ("pressure", 0.3), ("size", 9)],
)
def test_fixing_a_factor_leaves_the_others_as_they_were(factor, value):
    free, fixed = draw(50).factors, draw(50, **{factor: value}).factors
    assert torch.equal(fixed[factor], torch.full((50,), float(value)))
    for name in free.keys() - {factor, "shift_x", "shift_y"}:
        assert torch.equal(free[name], fixed[name])


def test_the_path_of_the_pen_lies_under_the_ink():
    drawing = draw(200, strokes=True)
    x, y = drawing.strokes.round().long().clamp(0, 27).unbind(2)
    inked = drawing.images[torch.arange(200)[:, None], y, x] > 0
    assert inked.float().mean() > 0.98


def test_mild_digits_stray_less_than_wide_ones():
    spread = {style: draw(1000, style=style).factors["slant"].std() for style in STYLES}
    assert spread["mild"] < spread["wide"]


# ---------------------------------------------------------------------------------------- templates


def test_every_class_has_several_templates():
    digit = torch.tensor([template.digit for template in load_templates()])
    assert digit.bincount(minlength=10).min() >= 3


def test_only_the_templates_asked_for_are_drawn():
    names = [template.name for template in load_templates()]
    drawing = draw(100, templates=[names[3], names[-1]])
    assert sorted(drawing.factors["template"].unique().tolist()) == [0, 1]
    assert set(drawing.labels.tolist()) == {load_templates()[3].digit, load_templates()[-1].digit}


def test_a_heavier_template_is_drawn_more_often(tmp_path):
    path = write(tmp_path, [template(name="a", weight=1), template(name="b", weight=4)])
    counts = draw(2000, templates=load_templates(path)).factors["template"].bincount()
    assert counts[1] / counts[0] == pytest.approx(4, rel=0.2)


def test_the_curve_passes_through_every_point():
    for entry in load_templates():
        path = spline(entry)[0] @ entry.keyframes[0]
        nearest = (path[:, None] - entry.keyframes[0]).norm(dim=2).amin(0)
        assert nearest.max() < 0.05, entry.name


def test_between_two_corners_the_curve_is_straight(tmp_path):
    path = write(tmp_path, [template(keyframes=["0,0 0,100* 100,100* 100,0"])])
    (square,) = load_templates(path)
    x, y = (spline(square)[0] @ square.keyframes[0]).unbind(1)
    on_an_edge = (x.abs() < 1e-6) | ((y - 1).abs() < 1e-6) | ((x - 1).abs() < 1e-6)
    assert on_an_edge.all()


def test_the_pen_is_up_between_strokes(tmp_path):
    path = write(tmp_path, [template(keyframes=["0,0 0,100 | 100,0 100,100"])])
    drawing = draw(1, templates=load_templates(path), strokes=True)
    assert drawing.pen_up.sum() == 1
    image = drawing.images[0]
    assert image[:, 14].sum() == 0  # nothing joins the two lines


def test_lifting_the_pen_leaves_no_blots():
    down, left = torch.linspace(2, 17, 48), torch.full((48,), 4.0)
    path = torch.stack([torch.cat([left, 19 - left]), torch.cat([down, down])], 1)[None]
    lifted = torch.arange(96)[None] == 48
    box = ink.ink(path, lifted, torch.full((1, 96), 1.25))
    # without the lift, the way from the lower left to the upper right would weigh on both
    assert torch.allclose(box, box.flip(1), atol=1e-3)


def test_no_ink_far_from_a_path():
    path = torch.stack([torch.full((96,), 9.5), torch.linspace(1, 18, 96)], 1)[None]
    box = ink.ink(path, torch.zeros(1, 96, dtype=torch.bool), torch.full((1, 96), 1.25))
    assert box[0, :, :7].sum() == 0
    assert (box[0, 3:17, 9:11] == 1).all()


# ------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("count", "how", "message"),
    [
        (0, {}, "count must be at least 1, got 0"),
        (-3, {}, "count must be at least 1, got -3"),
        (1, {"style": "wild"}, "style must be 'wide' or 'mild', got 'wild'"),
        (1, {"templates": ["heptagon"]}, "unknown template 'heptagon'"),
        (1, {"templates": []}, "templates must name at least one template"),
        (1, {"slnt": 0.3}, "factor must be one of slant, .*, got 'slnt'"),
        (1, {"slant": float("nan")}, "slant must be -2 to 2, got nan"),
        (1, {"pen_width": 0}, r"pen_width must be 0\.5 to 10, got 0"),
        (1, {"size": 25}, "size must be 4 to 20, got 25"),
        (1, {"stretch": -1}, r"stretch must be 0\.2 to 5, got -1"),
    ],
)
def test_a_wrong_request_is_refused(count, how, message):
    with pytest.raises(ValueError, match=message):
        draw(count, **how)


def template(**changes):
    """An entry of strokes.json that is right, apart from the changes; None leaves a key out."""
    entry = {
        "name": "l",
        "digit": 1,
        "weight": 1,
        "keyframes": ["0,0 0,100", "5,0 0,100"],
    } | changes
    return {key: value for key, value in entry.items() if value is not None}


def write(folder, entries):
    path = folder / "strokes.json"
    path.write_text(json.dumps({"templates": entries}))
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "template None must say its name"),
        ({"keyframes": None}, "template 'l' must say its keyframes"),
        ({"keyframes": []}, "must have at least one keyframe"),
        ({"digit": 10}, "digit must be 0 to 9, got 10"),
        ({"digit": "1"}, "digit must be 0 to 9, got '1'"),
        ({"weight": 0}, "weight must be above 0, got 0"),
        ({"weight": "much"}, "weight must be above 0, got 'much'"),
        ({"slant": [0.1]}, "slant must be"),
        ({"wieght": 2}, "says 'wieght', which nothing reads"),
        ({"keyframes": ["0,0"]}, "a stroke must have two points"),
        ({"keyframes": ["0,0 0,100 |"]}, "a stroke must have two points"),
        ({"keyframes": ["0,0 0;100"]}, "a point must be x,y, got '0;100'"),
        ({"keyframes": ["0,0 0,1,2"]}, "a point must be x,y, got '0,1,2'"),
        ({"keyframes": ["0,0 0,100", "0,0 5,50 0,100"]}, "the same strokes, points and corners"),
        ({"keyframes": ["0,0 5,50 0,100", "0,0 5,50* 0,100"]}, "the same strokes, points and"),
    ],
)
def test_a_malformed_template_is_refused(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        load_templates(write(tmp_path, [template(**changes)]))


def test_two_templates_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="two templates are called 'l'"):
        load_templates(write(tmp_path, [template(), template()]))


def test_a_template_that_is_no_entry_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a template must be .*, got 'two'"):
        load_templates(write(tmp_path, ["two"]))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"templates": []}'])
def test_a_file_without_templates_is_refused(tmp_path, text):
    path = tmp_path / "strokes.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"strokes\.json must"):
        load_templates(path)
