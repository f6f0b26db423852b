"""ConvStepper: its arithmetic against PyTorch, and what Python keeps and refuses."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from torch.nn import functional as F

from course_utils.widgets.conv_stepper import LARGEST, SEVEN, ConvStepper
from tests.conv_stepper_cases import OPTIONS, answered, expected, output, tensors

PROJECT = Path(__file__).parent.parent


def pixels_with_a_gradient(state: dict) -> torch.Tensor:
    """The places of the padded image that reach the output, by PyTorch's own account."""
    image, kernel, _ = tensors(state)
    padded = F.pad(image, [state["padding"]] * 4).requires_grad_()
    options = {"stride": state["stride"], "dilation": state["dilation"]}
    F.conv2d(padded[None], torch.ones_like(kernel)[None], **options).sum().backward()
    return padded.grad[0] > 0


@pytest.fixture(scope="module")
def answers() -> list[tuple[dict, dict]]:
    return answered()


def test_the_script_computes_what_pytorch_computes(answers):
    for state, answer in answers:
        torch.testing.assert_close(output(answer), expected(state))


def test_the_products_of_the_last_window_add_up_to_the_last_output(answers):
    for state, answer in answers:
        channels = answer["last"]["channels"]
        products = [term["product"] for channel in channels for term in channel["terms"]]
        assert len(products) == torch.tensor(state["kernel"]).numel()
        assert sum(products) + (state["bias"] or 0) == pytest.approx(answer["outputs"][-1][-1])
        assert all(c["terms"][-1]["sum"] == pytest.approx(c["sum"]) for c in channels)


def test_a_pixel_is_marked_as_not_read_exactly_where_pytorch_has_no_gradient(answers):
    for state, answer in answers:
        rows, columns = (torch.tensor([place == "read" for place in answer[name]])
                         for name in ("rows", "columns"))  # fmt: skip
        assert torch.equal(rows[:, None] & columns, pixels_with_a_gradient(state))


def test_only_what_comes_after_the_last_pixel_read_counts_as_dropped(answers):
    for _, answer in answers:
        for places in (answer["rows"], answer["columns"]):
            assert re.fullmatch("[rs]*r(d*)", "".join(place[0] for place in places)), (
                "dropped lines must be the last ones"
            )


def test_the_limits_in_python_are_those_of_the_controls():
    script = (PROJECT / "course_utils/widgets/conv_geometry.mjs").read_text(encoding="utf-8")
    for name in OPTIONS:
        trait = ConvStepper.class_traits()[name]
        assert f"{name}: [{trait.least}, {trait.most}]" in script
    assert f"kernel: [1, {ConvStepper.class_traits()['kernel'].largest}]" in script
    assert f"LARGEST = {LARGEST};" in script


def test_the_output_in_python_is_that_of_pytorch():
    stepper = ConvStepper(torch.arange(49.0).reshape(7, 7), [[1, 2], [3, 4]], 5, stride=2)
    image, kernel = torch.arange(49.0).reshape(1, 1, 7, 7), torch.tensor([[[[1.0, 2], [3, 4]]]])
    expected = F.conv2d(image, kernel, torch.tensor([5.0]), stride=2)
    torch.testing.assert_close(stepper.output, expected[0, 0].double())


@pytest.mark.parametrize("make", [np.array, torch.tensor, list, lambda rows: [rows]])
def test_images_may_be_lists_arrays_or_tensors_with_or_without_channels(make):
    assert ConvStepper(make([[1.0, 2], [3, 4]]), [[1]]).image == [[[1, 2], [3, 4]]]


REFUSED = [
    ("image", [[float("nan")] * 5] * 5, "image must hold numbers .* got nan"),
    ("image", [[1e9] * 5] * 5, "from -999 to 999, got 1000000000.0; scale it first"),
    ("image", [1, 2, 3], r"image must be \(height, width\).* got shape \(3,\)"),
    ("image", np.zeros((1, 1, 5, 5)), r"got shape \(1, 1, 5, 5\)"),
    ("image", np.zeros((5, 5, 5)), r"with 1 to 4 channels, got shape \(5, 5, 5\)"),
    ("image", np.zeros((13, 5)), r"1 to 12 high and wide.* got shape \(13, 5\); cut a piece"),
    ("image", np.zeros((0, 5)), r"1 to 12 high"),
    ("image", [[1, 2], [3]], "rows of numbers, all of one length, got "),
    ("image", None, "rows of numbers"),
    ("image", "seven", "rows of numbers"),
    ("image", np.zeros((3, 5, 5)), "same number of channels, got 3 and 1; to change both"),
    ("image", [[1, 2], [3, 4]], "reaches over 3 pixels, and the padded image has 2; take a"),
    ("kernel", np.zeros((6, 6)), r"kernel must be 1 to 5 high and wide"),
    ("kernel", [[float("inf")]], "kernel must hold numbers .* got inf"),
    ("stride", 0, "stride must be a whole number from 1 to 6, got 0"),
    ("stride", 1.5, "got 1.5"),
    ("stride", True, "got True"),
    ("stride", (1, 2), r"got \(1, 2\)"),
    ("padding", -1, "padding must be a whole number from 0 to 4, got -1"),
    ("dilation", 10**9, "dilation must be a whole number from 1 to 4, got 1000000000"),
    ("dilation", 3, "reaches over 7 pixels, and the padded image has 5"),
    ("bias", float("nan"), "bias must hold numbers .* got nan"),
    ("bias", "one", "bias must be one number or None, got 'one'"),
    ("bias", [1, 2], "bias must be one number or None"),
    ("step", 9, "step must be at most 8, because there are 9 windows, got 9"),
    ("step", -1, "step must be a whole number from 0 on, got -1"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
@pytest.mark.fault(
    "a kernel larger than the image, a stride of 0, NaN, too many channels",
    "refused with a remedy, the old one stays",
)
def test_a_value_that_does_not_fit_is_refused_and_the_old_one_stays(name, value, message):
    stepper = ConvStepper()
    before = stepper.get_state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(stepper, name, value)
    assert stepper.get_state() == before


@pytest.mark.parametrize(("name", "value", "message"), [r for r in REFUSED if r[0] != "step"])
def test_a_stepper_cannot_be_made_with_it_either(name, value, message):
    with pytest.raises(traitlets.TraitError, match=message):
        ConvStepper(**{name: value})


def test_image_and_kernel_change_together():
    stepper = ConvStepper()
    with stepper.hold_trait_notifications():
        stepper.image, stepper.kernel = np.ones((2, 4, 4)), np.ones((2, 2, 2))
    assert stepper.output.tolist() == [[8] * 3] * 3


@pytest.mark.fault("a stride that leaves fewer windows than steps taken", "the step stays inside")
def test_a_change_that_leaves_fewer_windows_keeps_the_step_inside():
    stepper = ConvStepper()
    stepper.step = 8
    stepper.stride = 2
    assert stepper.step == 3


def test_what_python_sets_is_kept_for_starting_again_and_what_the_page_sends_is_not():
    stepper = ConvStepper([[1, 2], [3, 4]], [[1]])
    stepper.bias = 5
    stepper.set_state({"image": [[[9, 2], [3, 4]]], "stride": 2, "step": 0})
    assert (stepper.image[0][0][0], stepper.stride) == (9, 2)
    given = stepper.get_state()["_given"]
    assert given == {"image": [[[1, 2], [3, 4]]], "kernel": [[[1]]], "bias": 5, "stride": 1,
                     "padding": 0, "dilation": 1, "step": 0}  # fmt: skip


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"image": "x"}])
def test_a_wrong_value_from_the_page_leaves_python_in_charge(wrong):
    stepper = ConvStepper()
    stepper.set_state(wrong)
    assert (stepper.stride, stepper.image) == (1, [SEVEN])
    stepper.padding = 1
    assert stepper.get_state()["_given"]["padding"] == 1


def test_the_still_shows_all_numbers_and_the_page_allows_no_styles_in_it():
    still = ConvStepper([[1.25, 2], [3, 4]], [[-5]], bias=1).still()
    cells = re.findall(r"<td>([^<]*)</td>", still)
    assert cells == ["1.25", "2", "3", "4", "-5", "-5.25", "-9", "-14", "-19"]
    assert "bias 1: 2x2 outputs" in still
    assert "style=" not in still


def test_the_description_is_the_same_each_time():
    assert repr(ConvStepper(padding=1, bias=2)) == (
        "ConvStepper(image 1x5x5, kernel 3x3, bias=2, stride=1, padding=1, dilation=1, output 5x5)"
    )


def test_the_first_example_can_be_checked_with_a_pencil():
    stepper = ConvStepper()
    numbers = torch.tensor(sum(stepper.image[0] + stepper.kernel[0], []))
    assert not numbers.is_floating_point()
    assert numbers.abs().max() <= 3
    assert stepper.output.abs().max() <= 5
