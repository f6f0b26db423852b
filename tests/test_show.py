"""Pictures: they are drawn, described in words, small, and refuse what they cannot show."""

import io

import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

from course_utils import show
from course_utils.show.grids import PURPLE, SIGNED
from course_utils.show.picture import BLUE, GREEN, ORANGE
from course_utils.show.training import running_mean
from course_utils.train import History


def history(steps: int) -> History:
    return History(100, loss=[2.3 / (1 + step) for step in range(steps)],
                   accuracy=[step / 100 for step in range(steps)])  # fmt: skip


SOME_DIGITS = torch.randint(0, 256, (12, 28, 28), dtype=torch.uint8)
PICTURES = {
    "digits": lambda: show.digits(SOME_DIGITS, range(12)),
    "digits without captions": lambda: show.digits(SOME_DIGITS),
    "curves": lambda: show.curves(history(60)),
    "curves of nothing": lambda: show.curves(history(0)),
    "probabilities": lambda: show.probabilities(SOME_DIGITS[:2], torch.full((2, 10), 0.1)),
    "confusion": lambda: show.confusion(torch.ones(10, 10, dtype=torch.int64)),
    "confusion without errors": lambda: show.confusion(torch.eye(10, dtype=torch.int64)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_drawn_small_and_described(name):
    picture = PICTURES[name]()
    data, metadata = picture._repr_mimebundle_()
    image = Image.open(io.BytesIO(data["image/png"]))
    assert len(set(image.convert("L").get_flattened_data())) > 2, "the picture is empty"
    assert len(data["image/png"]) < 100_000
    assert data["text/plain"] == metadata["image/png"]["alt"] == picture.alt
    assert len(picture.alt) > 20


def test_the_words_say_what_the_picture_shows():
    counts = torch.eye(10, dtype=torch.int64) * 9
    counts[4, 9] = 10
    assert show.confusion(counts).alt == "Confusion matrix: 90 of 100 read correctly."
    assert "12 images of digits: 0, 1, 2" in show.digits(SOME_DIGITS, range(12)).alt
    assert "from 2.30 to" in show.curves(history(60)).alt


@pytest.mark.parametrize("captions", [["one"], range(13)])
def test_a_wrong_number_of_captions_is_refused(captions):
    with pytest.raises(ValueError, match=f"got 12 images, {len(captions)} captions"):
        show.digits(SOME_DIGITS, captions)


def test_the_running_mean_looks_back_only():
    assert running_mean([0, 2, 4, 6], 2) == [0, 1, 3, 5]


def test_live_curves_are_drawn_at_the_start_and_the_end_and_seldom_between(monkeypatch):
    drawn = []
    monkeypatch.setattr("course_utils.show.training.display", lambda *_, **__: Handle(drawn))
    live = show.LiveCurves()
    for steps in range(1, 101):
        live(history(steps))
    assert drawn[-1].alt.startswith("Curves of 100 ")
    assert len(drawn) < 10


class Handle:
    def __init__(self, drawn: list):
        self.update = drawn.append


def test_a_table_writes_a_tensor_as_the_number_that_it_holds():
    said = str(show.table(["mean", "counts"], [[torch.tensor(0.5), torch.tensor([1, 2])]]))
    assert said.splitlines()[1].split(maxsplit=1) == ["0.5", "[1, 2]"]


def test_a_table_is_text_and_html_with_the_same_cells():
    made = show.table(["layer", "numbers"], [["a<b", 17018], ["c", 0.123456]])
    assert repr(made).splitlines() == ["layer  numbers", "a<b    17,018", "c      0.1235"]
    assert "a&lt;b" in made._repr_html_()


def test_a_row_that_does_not_fit_the_header_is_refused():
    with pytest.raises(ValueError, match="2 entries"):
        show.table(["a", "b"], [["only one"]])


IMAGE, KERNEL = torch.rand(5, 5), torch.tensor([[1.0, 0.0], [0.0, -1.0]])


@pytest.mark.parametrize("draw", [show.grids, show.maps])
def test_grids_and_maps_are_framed_in_the_colours_of_their_roles(draw):
    picture = draw(IMAGE, KERNEL, IMAGE, titles=["i", "k", "o"], roles=["in", "kernel", "out"])
    frames = [to_hex(axis.spines["left"].get_edgecolor()) for axis in picture.figure.axes]
    assert frames == [BLUE, ORANGE, GREEN]


@pytest.mark.parametrize(
    ("same_scale", "limits"), [(False, [(0, 1), (2, 2)]), (True, [(0, 2)] * 2)]
)
def test_maps_share_a_scale_when_asked(same_scale, limits):
    ramp = torch.linspace(0, 1, 4).view(2, 2)
    picture = show.maps(ramp, torch.full((3, 3), 2.0), titles=["a", "b"], same_scale=same_scale)
    assert [axis.images[0].get_clim() for axis in picture.figure.axes] == limits


def test_zero_is_white_on_every_signed_scale():
    for scale in SIGNED.values():
        assert to_hex(scale(0.5)) in ("#ffffff", "#fefefe")
        assert to_hex(scale(0.0)) == PURPLE


def test_the_words_of_a_grid_are_its_numbers():
    assert show.grids(KERNEL, titles=["kernel"], roles=["kernel"]).alt == "kernel: 1 0 / 0 -1"


@pytest.mark.parametrize(
    "numbers", [[1.986, -0.00135, 1.99], [-1.99, 12345.6, 1e-9], [-100, 255, 9]]
)
def test_no_number_of_a_grid_runs_over_its_neighbour(numbers):
    picture = show.grids(torch.tensor([numbers]), titles=["found"], roles=["kernel"])
    (axis,) = picture.figure.axes
    picture.png()  # drawn, so that letters have a width
    places = [text.get_window_extent() for text in axis.texts]
    assert len(places) == 3
    assert all(left.x1 < right.x0 for left, right in zip(places, places[1:], strict=False))


@pytest.mark.parametrize(
    ("titles", "roles", "words"),
    [(["a"], ["in", "out"], "1 grids, 1 titles and 2 roles"), (["a"], ["edge"], "got 'edge'")],
)
def test_a_grid_without_title_or_with_an_unknown_role_is_refused(titles, roles, words):
    with pytest.raises(ValueError, match=words):
        show.grids(KERNEL, titles=titles, roles=roles)
