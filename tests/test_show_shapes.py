"""The picture of the shapes: it follows a network without changing it."""

import io

import torch
from PIL import Image
from torch import nn

from course_utils import models, show

IMAGE = torch.zeros(2, 1, 28, 28)


def written(picture) -> list[str]:
    texts = [text.get_text() for axis in picture.figure.axes for text in axis.texts]
    return [text for text in texts if text]  # an arrow is a text without words


def test_it_is_drawn_small_with_the_shapes_in_words():
    picture = show.trail(models.course_cnn(), IMAGE)
    data, _ = picture._repr_mimebundle_()
    assert len(Image.open(io.BytesIO(data["image/png"])).getcolors()) > 10
    assert len(data["image/png"]) < 100_000
    assert picture.alt.startswith("Shapes from layer to layer. Image: 1 x 28 x 28; 3x3, 16 kernels")
    assert picture.alt.endswith("Flatten: 288; Linear: 10")


def test_only_convolutions_and_what_changes_the_shape_are_drawn():
    model = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    words = written(show.trail(model, IMAGE))
    assert words == ["1 x 28 x 28", "1 x 28 x 28", "1 x 14 x 14", "3x3, 1 kernels\npadding 1",
                     "MaxPool2d\n2x2"]  # fmt: skip


def test_the_settings_that_are_not_as_usual_are_named():
    model = nn.Sequential(nn.Conv2d(1, 4, (5, 3), stride=2, padding=2, dilation=3))
    assert "5x3, 4 kernels\nstride 2, padding 2, dilation 3" in written(show.trail(model, IMAGE))


def test_the_network_stays_as_it_was():
    model = models.course_cnn()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    show.trail(model, torch.randn(2, 1, 28, 28))
    assert model.training
    assert all(value.equal(before[name]) for name, value in model.state_dict().items())
