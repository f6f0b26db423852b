"""The race: its clock stands while it looks, and its sums are right. Nothing large is trained."""

import json
from dataclasses import replace

import pytest

from benchmarks import race, report
from course_utils import recipes


def clock_over(accuracies: list[float], ticks: list[float]) -> race.Clock:
    """A clock that looks at these accuracies, and sees these times of the day."""
    left, times = iter(accuracies), iter(ticks)
    return race.Clock(lambda: next(left), lambda: next(times))


def test_seconds_count_between_steps_and_not_while_looking(monkeypatch):
    monkeypatch.setattr(race, "LOOKS", 2)
    # ready at 10; steps end at 11, 13, 104 and 105; the look after the second takes until 103
    clock = clock_over([50, 99], [10, 11, 11, 13, 103, 104, 104, 105, 999])
    for done in (0.0, 0.25, 0.5, 0.75, 1.0):
        clock(done)
    assert clock.seen == [(3.0, 50), (5.0, 99)]
    assert clock.seconds == 5.0


@pytest.mark.parametrize("steps", [20, 21, 39, 235, 469, 9380])
def test_there_are_as_many_looks_as_promised_the_last_at_the_end(steps):
    clock = race.Clock(lambda: 0.0, lambda: 0.0)
    for step in range(steps + 1):
        clock(step / steps)
    assert len(clock.seen) == race.LOOKS


def test_a_level_is_reached_at_the_first_look_that_shows_it():
    clock = race.Clock(lambda: 0.0)
    clock.seen = [(1.0, 97.9), (2.0, 98.0), (3.0, 97.5), (4.0, 99.1)]
    assert [clock.reached(level) for level in (98, 99, 99.5)] == [2.0, 4.0, None]


def one_run(name: str, seed: int, accuracy: float, seconds: float, **reached) -> dict:
    return {"name": name, "seed": seed, "accuracy": accuracy, "seconds": seconds,
            "98": None, "99": None, "99.5": None} | reached  # fmt: skip


RUNS = [
    one_run("fast", 0, 99.0, 4.0, **{"98": 1.0}), one_run("slim", 0, 98.0, 80.0),
    one_run("fast", 1, 99.2, 5.0, **{"98": 3.0}), one_run("slim", 1, 98.6, 150.0),
    one_run("fast", 2, 99.1, 6.0, **{"98": 2.0, "99": 5.0}),
]  # fmt: skip


def test_the_sums_of_a_race_are_those_that_one_computes_by_hand():
    header, rows = race.results(RUNS)
    fast, slim = (dict(zip(header, row, strict=True)) for row in rows)
    assert fast["%, mean"] == "99.10"
    assert fast["spread"] == "0.10"
    assert fast["seconds, median"] == "5.0"
    assert fast["fastest to slowest"] == "4.0 to 6.0"
    assert [fast[f"s to {level} %"] for level in race.LEVELS] == ["2.0", "5.0 (1 of 3)", "–"]
    assert slim["runs"] == "2"
    assert slim["times as long as fast"] == "25.0"  # 80 / 4 and 150 / 5, each in its own round
    assert fast["times as long as fast"] == "1.0"


def test_one_run_has_no_spread_and_without_ours_there_is_nothing_to_compare():
    header, [row] = race.results(RUNS[1:2])
    slim = dict(zip(header, row, strict=True))
    assert slim["spread"] == slim["times as long as fast"] == "–"


def test_a_run_ends_with_its_last_look(stripes, monkeypatch):
    monkeypatch.setattr(race, "LOOKS", 3)
    run = race.run("course", stripes(train=2000), seed=0)
    assert run["seconds"] > 0
    assert run["98"] is None or run["98"] <= run["seconds"]
    assert 50 < run["accuracy"] <= 100


def test_a_run_that_looks_ends_with_the_weights_of_one_that_does_not(stripes, monkeypatch):
    digits, ends = stripes(), []
    for looks in (1, 5):
        monkeypatch.setattr(race, "LOOKS", looks)
        ends.append(race.run("quick", digits, seed=1)["accuracy"])
    assert ends[0] == ends[1]


def race_over(stripes, monkeypatch, tmp_path, *arguments: str) -> None:
    monkeypatch.setattr(
        race.data, "load", lambda source: replace(stripes(train=300), source=source)
    )
    monkeypatch.setattr(recipes, "RECORD", tmp_path / "race.json")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["race", "--rounds", "1", "--only", "fast", "quick", *arguments]
    )
    race.main()


def test_the_record_has_what_the_lesson_shows_and_the_report_too(stripes, monkeypatch, tmp_path):
    race_over(stripes, monkeypatch, tmp_path)
    record = recipes.recorded_race()
    assert [run["name"] for run in record["runs"]] == ["fast", "quick"]
    assert record["results"] == json.loads(json.dumps(race.results(record["runs"])))
    written = (tmp_path / "race.md").read_text()
    assert report.table(*record["results"]) in written
    assert "Tuomas Oikarinen" in written


@pytest.mark.parametrize("words", [["--images", "200"], ["--data", "drawn"]])
def test_with_few_images_or_drawn_ones_nothing_is_written(
    words, stripes, monkeypatch, tmp_path, capsys
):
    race_over(stripes, monkeypatch, tmp_path, *words)
    assert "| quick | 1 |" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_what_is_not_raced_again_can_be_kept(stripes, monkeypatch, tmp_path):
    race_over(stripes, monkeypatch, tmp_path)
    before = recipes.recorded_race()
    assert before["kept"] == []
    monkeypatch.setattr("sys.argv", ["race", "--rounds", "1", "--only", "fast", "--keep"])
    race.main()
    after = recipes.recorded_race()
    assert [run["name"] for run in after["runs"]] == ["fast", "quick"]
    assert after["runs"][0] != before["runs"][0]  # other seconds
    assert after["runs"][1] == before["runs"][1]
    report_now = (tmp_path / "race.md").read_text()
    assert "Kept from an earlier race on the same machine: quick." in report_now


def test_three_entrants_differ_from_a_published_one_in_one_thing():
    for name, changed in {
        "dropout, no softmax": "network",
        "slim, from memory": "feed",
        "quick, channels last": "layout",
    }.items():
        ours, theirs = race.ENTRANTS[name], recipes.RECIPES[name.split(",")[0]]
        assert [key for key in vars(ours) if vars(ours)[key] != vars(theirs)[key]] == [changed]
