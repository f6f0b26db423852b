"""The audit of claims: seeds are really others, and a margin is that to the nearest bound."""

import json

import pytest

from benchmarks import claims
from tools import notebooks

CODE = [
    ("torch.manual_seed(0)", "torch.manual_seed(1000)"),
    ("torch.Generator().manual_seed(7)", "torch.Generator().manual_seed(1007)"),
    ("train.fit(cnn, few, seed=3)", "train.fit(cnn, few, seed=1003)"),
    ("fit(cnn, seed=seed)", "fit(cnn, seed=seed)"),
    ("for seed in progress_bar(range(3)):", "for seed in progress_bar(range(1000, 1003)):"),
    ("[run(seed) for seed in range(5)]", "[run(seed) for seed in range(1000, 1005)]"),
    ("for row in range(3):", "for row in range(3):"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), CODE)
def test_every_seed_of_a_lesson_is_moved_and_nothing_else(code, expected):
    assert claims.shifted(code, 1000) == expected
    assert claims.shifted(code, 0) == code


MARGINS = [
    ("above", 1, [3, 4, 5], 3.0, "3.0"),
    ("above", 3.5, [3, 4, 5], 0.5, "**0.5**, 1 failed"),
    ("below", 10, [3, 4, 5], 6.0, "6.0"),
    ("between", (0, 9), [3, 4, 5], 4.0, "4.0"),
    ("between", (0, 6), [3, 4, 5], 2.0, "**2.0**, 0 failed"),
]


@pytest.mark.parametrize(("relation", "bound", "values", "margin", "said"), MARGINS)
def test_the_margin_is_that_to_the_nearest_bound(relation, bound, values, margin, said):
    found, cells = claims.row("so it is", relation, json.dumps(bound), values)
    assert found == pytest.approx(margin)
    assert cells[-1] == said


def test_a_claim_whose_value_never_changes_is_not_one_of_chance():
    assert claims.is_of_chance([1, 2])
    assert not claims.is_of_chance([1, 1])
    assert not claims.is_of_chance([(1, 2), (3, 4)])
    assert not claims.is_of_chance([True, False])


def test_a_lesson_is_run_solved_and_all_its_claims_are_noted(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "drawn")
    [source] = notebooks.find_sources("00")
    noted = claims.in_a_process(source, run=1)
    assert [relation for _, relation, _, _ in noted] == ["between", "above", "equals"]
    assert noted[-1][2:] == [17_018, 17_018]
