"""The audit with other packages: what pytest wrote down is counted, and nothing left out passes."""

import pytest

from benchmarks import versions

RECORD = """<testsuites><testsuite>
<testcase classname="notebooks.00.ipynb" name="Cell 0"/>
<testcase classname="notebooks.00.ipynb" name="Cell 1"><system-out>a line</system-out></testcase>
<testcase classname="notebooks.00.ipynb" name="Cell 2"><failure message="no"/></testcase>
<testcase classname="tests.test_a" name="test_b"><error message="no"/></testcase>
<testcase classname="tests.test_a" name="test_c"><skipped message="left out: browser"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "record.xml"
    path.write_text(RECORD, encoding="utf-8")
    return path


def test_what_failed_and_what_was_left_out_did_not_pass(record):
    assert versions.outcomes(record) == [
        ("notebooks.00.ipynb", True), ("notebooks.00.ipynb", True), ("notebooks.00.ipynb", False),
        ("tests.test_a", False), ("tests.test_a", False),
    ]  # fmt: skip


def test_each_file_has_a_row_and_each_set_of_packages_a_column(record):
    table = versions.about_tests({"oldest": versions.outcomes(record), "newest": []})
    assert table.splitlines()[2:] == [
        "| notebooks.00.ipynb | 2 of 3 | 0 of 0 |", "| tests.test_a | 0 of 2 | 0 of 0 |",
    ]  # fmt: skip


def test_a_set_that_fails_ends_with_an_error(monkeypatch, capsys):
    monkeypatch.setattr(versions, "installed", lambda name: name)
    monkeypatch.setattr(versions, "about_versions", lambda pythons: "")
    monkeypatch.setattr(
        versions.sys, "argv", ["versions", "--only", "oldest", "tests/test_a.py", "-k", "b"]
    )
    monkeypatch.setattr(versions, "run", lambda python, words: [(" ".join(words), True)])
    versions.main()
    assert "| tests/test_a.py -k b | 1 of 1 |" in capsys.readouterr().out
    monkeypatch.setattr(versions, "run", lambda python, words: [(words[0], False)])
    with pytest.raises(SystemExit, match="Not everything passed"):
        versions.main()
