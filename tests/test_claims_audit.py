"""The audit of claims: seeds are really others, and a margin is that to the nearest bound."""

import os

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


def noted(relation: str, bounds: list, values: list) -> list:
    """What as many runs note of one claim."""
    return [("so it is", relation, *both) for both in zip(bounds, values, strict=True)]


MARGINS = [
    ("above", 1, [3, 4, 5], 3.0, "3.0"),
    ("above", 3.5, [3, 4, 5], 0.5, "**0.5**, 1 failed"),
    ("below", 10, [3, 4, 5], 6.0, "6.0"),
    ("between", (0, 9), [3, 4, 5], 4.0, "4.0"),
    ("between", (0, 6), [3, 4, 5], 2.0, "**2.0**, 0 failed"),
]


@pytest.mark.parametrize(("relation", "bound", "values", "margin", "said"), MARGINS)
def test_the_margin_is_that_to_the_nearest_bound(relation, bound, values, margin, said):
    found, cells = claims.row(noted(relation, [bound] * 3, values))
    assert found == pytest.approx(margin)
    assert cells[-1] == said


def test_where_the_bound_is_measured_too_the_distance_between_the_two_counts():
    found, cells = claims.row(noted("above", [1, 2, 3], [12, 12, 12]))
    assert found == pytest.approx(10)
    assert cells[1] == "above another measured value"
    assert claims.row(noted("above", [1, 2, 3], [2, 3, 4]))[0] == float("inf")
    assert claims.row(noted("above", [1, 2, 3], [0, 1, 2]))[0] == float("-inf")


@pytest.mark.parametrize(
    ("sentence", "margin"),
    [("so many times as fast", 2.0), ("by a factor of", 2.0), ("seconds, sometimes", 1.2002)],
)
def test_ratios_are_compared_in_logarithms(sentence, margin):
    found, _ = claims.row([(sentence, "above", 1, value) for value in (2, 4, 8)])
    assert found == pytest.approx(margin, rel=1e-3)


def test_what_is_no_number_is_said_to_hold_always_or_to_fail_so_often():
    assert claims.row(noted("equals", [True] * 3, [True, False, False]))[1][-1] == "**2 failed**"
    assert claims.row(noted("equals", [[1], [2], [3]], [[1], [2], [3]]))[1][-1] == "always"


@pytest.mark.parametrize("value", [1, True, [1, 2]])
def test_a_claim_whose_value_never_changes_is_not_one_of_chance(tmp_path, value):
    runs = [[("the same", "equals", value, value)]] * 2
    text = claims.about(tmp_path / "00.py", runs, "2026-11-22")
    assert "2 runs, 2026-11-22; 1 claims measured the same each time." in text
    assert "the same |" not in text


def test_a_lesson_that_was_not_run_stays_on_the_page_as_it_was(tmp_path, monkeypatch):
    assert claims.read(tmp_path) == []
    assert claims.about(tmp_path / "00.py", [], "") is None
    monkeypatch.setattr(claims.report, "FOLDER", tmp_path)
    assert claims.earlier("claims_drawn") == {}
    again = "## 01_b\n\nnew"
    for found in (
        {"00_a": "## 00_a\n\n| old |", "01_b": "## 01_b\n\nold"},
        {"01_b": again, "00_a": None},
    ):
        text = claims.joined(claims.earlier("claims_drawn"), found)
        claims.report.write("claims_drawn", "Claims", f"Of margins.\n\n{text}")
    assert claims.earlier("claims_drawn") == {"00_a": "## 00_a\n\n| old |", "01_b": again}


@pytest.mark.parametrize("value", [2, False, [1, 3]])
def test_a_claim_that_changes_is_in_the_table_whatever_it_measures(tmp_path, value):
    runs = [[("another", "equals", 1, 1)], [("another", "equals", 1, value)]]
    assert "| another |" in claims.about(tmp_path / "00.py", runs, "")


def test_a_run_is_kept_and_not_run_again(tmp_path, monkeypatch):
    [source] = notebooks.find_sources("00")
    ran = []
    monkeypatch.setattr(claims, "in_a_process", lambda source, run: ran.append(run) or [run])
    claims.run_all([(source, tmp_path / "a")], 2)
    claims.run_all([(source, tmp_path / "a"), (source, tmp_path / "b")], 3)
    assert sorted(ran) == [0, 0, 1, 1, 2, 2]
    assert claims.read(tmp_path / "a") == claims.read(tmp_path / "b") == [[0], [1], [2]]
    os.utime(tmp_path / "a" / "1.json", (0, 4_000_018_000))  # noon in London
    assert claims.day_of(tmp_path / "a") == "2096-10-02"


def test_a_lesson_is_run_solved_and_all_its_claims_are_noted(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "drawn")
    [source] = notebooks.find_sources("00")
    noted = claims.in_a_process(source, run=1)
    assert [relation for _, relation, _, _ in noted] == ["between", "above", "equals"]
    assert noted[-1][2:] == [17_018, 17_018]
