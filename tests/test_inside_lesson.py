"""Lesson 07 builds the looks inside in its cells: they give what course_utils.inside gives."""

import pytest
import torch

import tests.lesson_code as lesson_code
from course_utils import data, handwriting, inside, models, weights
from course_utils.lesson.attempt import attempt_all

DRAWN = handwriting.draw(40, seed=11, style="mild")


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> dict:
    """The names of the lesson's cells that define the three ways."""
    wanted = [
        cell
        for cell in lesson_code.cells("07")
        if {"occlusion", "saliency"} & lesson_code.names(cell, lesson_code.ast.Store)
    ]
    setup = lesson_code.cells("07")[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda: None)
        return lesson_code.run([setup, *wanted], tmp_path_factory.mktemp("cells"))


def networks():
    torch.manual_seed(4)
    fresh = models.course_cnn().eval()
    fresh[2].running_mean.uniform_(-1, 1)
    return {"trained": weights.shipped(), "fresh": fresh}


@pytest.mark.parametrize("which", networks())
@pytest.mark.parametrize("way", ["occlusion", "saliency", "grad_cam"])
def test_a_cell_gives_what_the_package_gives(cells, way, which):
    model = networks()[which]
    for image, label in zip(DRAWN.images[:4], DRAWN.labels.tolist(), strict=False):
        for digit in (label, 3):
            expected = getattr(inside, way)(model, image, digit)
            torch.testing.assert_close(cells[way](model, image, digit), expected)


def test_the_layer_of_the_cell_is_that_of_the_package(cells):
    model, image = weights.shipped(), DRAWN.images[5]
    earlier = cells["grad_cam"](model, image, 3, layer=7)
    torch.testing.assert_close(earlier, inside.grad_cam(model, image, 3, layer=7))
    assert not torch.equal(earlier, cells["grad_cam"](model, image, 3))


def test_the_patch_of_the_cell_is_that_of_the_package(cells):
    model, image = weights.shipped(), DRAWN.images[5]
    small = cells["occlusion"](model, image, 3, patch=5)
    torch.testing.assert_close(small, inside.occlusion(model, image, 3, patch=5))
    assert not torch.equal(small, cells["occlusion"](model, image, 3))


def test_every_function_of_the_lesson_is_short_enough_to_be_read():
    for cell in lesson_code.cells("07"):
        for node in lesson_code.ast.parse(cell).body:
            if isinstance(node, lesson_code.ast.FunctionDef):
                assert node.end_lineno - node.lineno < 12


def test_a_hook_that_a_learner_leaves_is_noticed_and_does_not_outlive_the_attempt():
    def careless(model, x):
        model[0].register_forward_hook(lambda *_: torch.zeros(1))
        return model(x)

    model, x = torch.nn.Sequential(torch.nn.ReLU()), torch.ones(2)
    [made] = attempt_all(careless, [(model, x)], seconds=5)
    assert torch.equal(made.result, torch.zeros(1))
    assert made.changed == (0,)
    assert torch.equal(model(x), x)
