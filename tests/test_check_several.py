"""Exercises whose answer is several tensors: each is compared, shown and remarked upon."""

import torch

from course_utils.lesson import check
from course_utils.lesson.attempt import copied, same


def halves(running_mean, running_var, x, momentum):
    return running_mean, running_var + 1


def test_each_of_several_tensors_is_shown_beside_what_was_expected(capsys):
    verdict = check.update_running(halves)
    assert [grid.label for grid in verdict.grids[4:]] == [
        "what came out (1)",
        "expected (1)",
        "what came out (2)",
        "expected (2)",
    ]
    assert "expected (2), shape (1,)" in capsys.readouterr().out


def test_another_precision_is_remarked_upon_and_not_wrong():
    def single(running_mean, running_var, x, momentum):
        given = running_mean.float(), running_var.float(), x.float()
        mean, variance = given[2].mean((0, 2, 3)), given[2].var((0, 2, 3))
        return (
            (1 - momentum) * given[0] + momentum * mean,
            (1 - momentum) * given[1] + momentum * variance,
        )

    verdict = check.update_running(single)
    assert verdict.status == "correct"
    assert "One remark, no fault: float64 went in" in verdict.message


def test_several_tensors_agree_only_if_all_do_and_none_is_left_over():
    one, other = torch.ones(2), torch.zeros(2)
    assert same((one, other), (one.clone(), other.clone()))
    assert not same((one, other), (one, one))
    assert not same((one, other), (one, other, other))
    assert not same((one,), one)
    assert same((2, 3), (2, 3))
    assert not same((2, 3), (2, 4))


def test_what_came_out_is_kept_as_it_was():
    tensor = torch.ones(2)
    kept = copied((tensor, 3))
    tensor += 1
    assert torch.equal(kept[0], torch.ones(2))
    assert kept[1] == 3
