"""What the learner keeps: it comes back in the next lesson, and nothing damaged does."""

import pytest
import torch

from course_utils import mine

SEVEN = torch.zeros(28, 28, dtype=torch.uint8)
SEVEN[4, 6:20] = SEVEN[5:24, 19] = 200


def test_a_learner_who_kept_nothing_gets_what_the_course_ships_with():
    assert mine.seven().dtype == torch.uint8
    assert mine.seven().max() > 200
    assert mine.kernel().tolist() == mine.EDGES
    assert torch.equal(mine.seven(), mine.seven())


def test_what_was_kept_comes_back():
    mine.keep_seven(SEVEN)
    mine.keep_kernel(torch.eye(3, dtype=torch.float64))
    assert torch.equal(mine.seven(), SEVEN)
    assert torch.equal(mine.kernel(), torch.eye(3))


def test_the_last_one_kept_is_the_one_that_comes_back():
    mine.keep_seven(SEVEN)
    mine.keep_seven(SEVEN.T)
    assert torch.equal(mine.seven(), SEVEN.T)


def test_forgetting_brings_the_shipped_ones_back():
    mine.keep_seven(SEVEN)
    mine.keep_kernel(torch.eye(3))
    mine.forget()
    assert not torch.equal(mine.seven(), SEVEN)
    assert mine.kernel().tolist() == mine.EDGES


@pytest.mark.parametrize("damaged", ["", "[", "[[1, 2], [3]]", '"seven"', "[[300]]", "{}", "null"])
@pytest.mark.fault(
    "the file with the learner's own 7 or kernel is damaged",
    "the one that the course ships with is used",
)
def test_a_damaged_file_counts_as_none(own_cache, damaged):
    for name in ("my_seven.json", "my_kernel.json"):
        (own_cache / name).write_text(damaged)
    assert mine.seven().shape == (28, 28)
    assert mine.kernel().shape == (3, 3)


@pytest.mark.parametrize(
    "image",
    [SEVEN[:5], SEVEN / 255, torch.zeros_like(SEVEN), SEVEN.int() * 2, SEVEN.int() - 1],
    ids=["too small", "fractions", "empty", "too dark", "negative"],
)
@pytest.mark.fault(
    "something that is no digit is kept as one's 7", "refused with a remedy, the old one stays"
)
def test_what_is_no_digit_is_refused_and_the_old_one_stays(image):
    mine.keep_seven(SEVEN)
    with pytest.raises(ValueError, match="a digit must have"):
        mine.keep_seven(image)
    assert torch.equal(mine.seven(), SEVEN)


@pytest.mark.parametrize("kernel", [torch.eye(2), torch.full((3, 3), torch.nan)])
@pytest.mark.fault("something that is no kernel is kept as one's own", "refused, the old one stays")
def test_what_is_no_kernel_is_refused_and_the_old_one_stays(kernel):
    mine.keep_kernel(torch.eye(3))
    with pytest.raises(ValueError, match="a kernel must have"):
        mine.keep_kernel(kernel)
    assert torch.equal(mine.kernel(), torch.eye(3))
