"""The workflows of GitHub Actions: what they may do, and that all they name exists."""

import re
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent
FILES = sorted((PROJECT / ".github" / "workflows").iterdir())
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in FILES}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {f"{name}: {job}": content for name, workflow in WORKFLOWS.items()
        for job, content in workflow["jobs"].items()}  # fmt: skip
STEPS = [step for job in JOBS.values() for step in job["steps"]]
RUNS = [step["run"] for step in STEPS if "run" in step]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


def lower_bounds(sign: str, name: str) -> dict[str, str]:
    text = (PROJECT / name).read_text(encoding="utf-8")
    return dict(re.findall(rf"^([\w-]+){sign}([\d.]+)", text, re.M))


def test_every_action_is_pinned_to_one_commit_and_says_its_version():
    lines = [line.strip(" -") for text in TEXTS.values() for line in text.splitlines()
             if "uses:" in line]  # fmt: skip
    pins = {re.fullmatch(r"uses: (actions/[\w-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)[1]: line
            for line in lines}  # fmt: skip
    assert set(lines) == set(pins.values()), "an action has two pins"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_the_repository_and_no_more(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert WORKFLOWS[name]["concurrency"]["group"]


@pytest.mark.parametrize("name", JOBS)
def test_only_the_job_that_publishes_may_write_and_only_pages(name):
    wanted = {"pages": "write", "id-token": "write"} if name == "site.yml: deploy" else None
    assert JOBS[name].get("permissions") == wanted
    assert JOBS[name]["timeout-minutes"] <= 90


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_secret_and_nothing_that_a_stranger_wrote_is_used(name):
    found = re.findall(r"secrets\b|pull_request_target|github\.(?:event\b|head_ref)", TEXTS[name])
    assert found == []


def test_no_token_is_left_in_the_clone():
    clones = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert clones
    assert all(step["with"]["persist-credentials"] is False for step in clones)


@pytest.mark.parametrize("run", RUNS)
def test_a_step_runs_what_exists_and_nothing_is_pasted_into_it(run):
    assert "${{" not in run
    for target in re.findall(r"\bmake ([\w-]+)", run):
        assert re.search(rf"^{target}:", MAKEFILE, re.M), f"make {target}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_that_is_named_exists(name):
    for file in re.findall(r"[\w./-]+\.(?:py|txt|lock)\b", TEXTS[name]):
        assert (PROJECT / file).is_file(), file


def test_the_oldest_versions_are_the_lower_bounds_of_the_requirements():
    pins = lower_bounds("==", "requirements-oldest.txt")
    assert pins == lower_bounds(">=", "requirements.txt")


def test_the_oldest_versions_run_on_the_oldest_python():
    rows = WORKFLOWS["tests.yml"]["jobs"]["range"]["strategy"]["matrix"]["include"]
    [oldest] = [row["python"] for row in rows if row["versions"] == "requirements-oldest.txt"]
    assert f'requires-python = ">={oldest}"' in (PROJECT / "pyproject.toml").read_text("utf-8")
