"""The page that shows a digit in every layer, sheets of small squares, and how they are saved."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import cache, handwriting, inside, models, show
from course_utils.show.picture import BLUE

DIGIT = handwriting.draw(1, seed=3, style="mild").images[0]


def network():
    torch.manual_seed(0)
    return models.course_cnn()


def page(model=None, **words):
    model = model or network()
    return show.journey(DIGIT, inside.activations(model, DIGIT[None]), **words)


def test_a_page_has_the_image_each_layer_and_the_answer_and_fits_on_a4():
    picture = page()
    axes = picture.figure.axes
    assert len(axes) == 1 + 13 + 1
    assert np.array_equal(axes[0].images[0].get_array(), DIGIT)
    assert axes[0].spines["left"].get_edgecolor() == pytest.approx(rgba(BLUE))
    assert sum(bar.get_height() for bar in axes[-1].patches) == pytest.approx(1)
    width, height = picture.figure.get_size_inches()
    assert width <= 8.27
    assert height <= 11.7
    assert len(picture.png()) < 150_000


def rgba(colour: str) -> tuple:
    from matplotlib.colors import to_rgba

    return to_rgba(colour)


def test_nothing_on_the_page_overlaps():
    for model in (network(), models.mlp(784, 30, 10)):
        boxes = [axis.get_position() for axis in page(model).figure.axes]
        for upper, lower in zip(boxes, boxes[1:], strict=False):
            assert lower.y1 < upper.y0
        assert boxes[-1].y0 > 0
        assert boxes[0].y1 < 1


def test_every_map_is_there_on_a_scale_of_its_layer_with_white_at_zero():
    model = network()
    given = dict(inside.activations(model, DIGIT[None]))["8 Conv2d"][0]
    drawn = page(model).figure.axes[9].images[0]
    assert drawn.get_clim() == pytest.approx((-float(given.abs().max()), float(given.abs().max())))
    sheet = drawn.get_array().filled(np.nan)
    assert sheet[1, 1] == given[0, 0, 0]
    assert sheet[1, 31] == given[1, 0, 0]  # 7 x 7, enlarged four times, and a gap on either side
    assert sheet[31, 1] == given[16, 0, 0]
    assert np.isnan(sheet[0]).all()


def test_the_words_tell_the_way_and_the_answer():
    logits = inside.activations(network(), DIGIT[None])[-1][1][0]
    share, answer = logits.softmax(0).max(0)
    picture = page(title="My 7")
    assert picture.alt.startswith("My 7. 0 Conv2d: 16 maps, 28 x 28; 1 MaxPool2d: 16 maps, 14")
    assert picture.alt.endswith(f"the answer is {answer} with {100 * share:.0f} %.")
    assert "12 Flatten: 288 numbers" in picture.alt


def test_several_images_and_what_is_no_answer_are_refused():
    with pytest.raises(ValueError, match="journey draws one image"):
        show.journey(DIGIT, inside.activations(network(), DIGIT.repeat(2, 1, 1)))
    with pytest.raises(ValueError, match=r"\(1, 10\) logits, got \(1, 288\)"):
        show.journey(DIGIT, inside.activations(network()[:13], DIGIT[None]))


def test_sheets_of_kernels_share_their_scale():
    one, other = torch.full((3, 2, 2), 0.5), torch.full((3, 2, 2), -2.0)
    picture = show.tiles(one, other, titles=["one", "other"])
    for axis in picture.figure.axes:
        assert axis.images[0].get_clim() == (-2, 2)
    assert picture.alt == "2 sheets of small squares: one, other"


def test_it_is_saved_beside_the_notebook_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    show.save(page(), "my_7.png")
    assert capsys.readouterr().out == f"Saved as {tmp_path / 'my_7.png'}\n"
    with Image.open(tmp_path / "my_7.png") as image:
        assert image.width == pytest.approx(8.27 * 300, abs=2)
    show.save(page())
    assert (tmp_path / "my_seven.pdf").read_bytes().startswith(b"%PDF")


def test_where_nothing_can_be_written_another_folder_is_taken_or_it_says_so(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "cache").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cache, "writable_place", lambda: tmp_path / "cache")
    (tmp_path / "my_7.pdf").mkdir()  # in the way, even for root, whom no permission stops
    show.save(page(), "my_7.pdf")
    assert capsys.readouterr().out == f"Saved as {tmp_path / 'cache' / 'my_7.pdf'}\n"

    def nowhere():
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(cache, "writable_place", nowhere)
    show.save(page(), "my_7.pdf")
    assert capsys.readouterr().out.startswith("Not saved: no folder can be written to (Permission")


@pytest.mark.parametrize("name", ["my_7", "my_7.docx"])
def test_another_ending_is_refused(name):
    with pytest.raises(ValueError, match=r"must end in .pdf, .png, .svg, got 'my_7"):
        show.save(page(), name)
