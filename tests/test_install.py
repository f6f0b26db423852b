"""The installer: what it decides, before anything is downloaded."""

import pytest

import tools.install as install


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A Linux machine without a card, an empty folder, and a pip that notes what it is asked."""
    asked = []
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "make_venv", lambda: (tmp_path / ".venv").mkdir(exist_ok=True))
    monkeypatch.setattr(install, "try_pip", lambda *words: asked.append(words) or True)
    monkeypatch.setattr(install, "wants_cpu_wheels", lambda: True)
    monkeypatch.setattr(install, "is_reachable", lambda address: True)
    return asked


def test_size_and_time_are_said_before_anything_is_fetched(machine, capsys, monkeypatch):
    monkeypatch.setattr(install, "make_venv", lambda: pytest.exit("made before it was said")
                        if "GB to download" not in capsys.readouterr().out
                        else install.VENV.mkdir())  # fmt: skip
    install.main(dev=False)


def test_without_a_card_the_cpu_wheels_come_first_and_are_the_pinned_ones(machine):
    install.main(dev=False)
    assert install.CPU_WHEELS in machine[0]
    assert [word.split("==")[0] for word in machine[0][-2:]] == ["torch", "torchvision"]


def test_cpu_wheels_that_cannot_be_reached_are_not_waited_for(machine, monkeypatch):
    monkeypatch.setattr(install, "is_reachable", lambda address: False)
    install.main(dev=False)
    assert not [words for words in machine if install.CPU_WHEELS in words]
    assert len(machine) == 2


def test_a_second_call_installs_nothing(machine):
    install.main(dev=False)
    machine.clear()
    install.main(dev=False)
    assert machine == []


def test_a_learner_is_content_with_what_the_tests_installed_but_not_the_other_way(machine):
    install.main(dev=True)
    machine.clear()
    install.main(dev=False)
    assert machine == []
    install.stamp(dev=True).unlink()
    install.stamp(dev=False).write_text(install.fingerprint())
    install.main(dev=True)
    assert machine[1][2:4] == ("-r", "requirements-dev.txt")


def test_other_pins_lead_to_a_new_installation(machine, monkeypatch):
    install.main(dev=False)
    machine.clear()
    monkeypatch.setattr(install, "fingerprint", lambda: "other pins")
    install.main(dev=False)
    assert machine


def test_pins_that_do_not_fit_give_way_to_the_ranges(machine, monkeypatch, capsys):
    monkeypatch.setattr(
        install, "try_pip", lambda *words: machine.append(words) or "-c" not in words
    )
    install.main(dev=False)
    assert ("-r", "requirements.txt") in machine
    assert "newest that requirements.txt allows" in capsys.readouterr().out


def test_an_installation_that_fails_says_how_to_go_on_and_is_not_taken_for_done(
    machine, monkeypatch
):
    monkeypatch.setattr(install, "try_pip", lambda *words: False)
    with pytest.raises(SystemExit, match="the same command goes on from here"):
        install.main(dev=False)
    assert not install.is_installed(dev=False)


def test_an_old_python_is_refused_with_the_remedy(machine, monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"3\.11 or newer.*make lab PYTHON=python3\.12"):
        install.main(dev=False)
    assert machine == []


def test_a_full_disk_is_noticed_before_the_download(machine, monkeypatch):
    usage = type("Usage", (), {"free": 1e9})
    monkeypatch.setattr(install.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit, match=r"3 GB of disk are needed and 1\.0 GB are free"):
        install.main(dev=False)
    assert machine == []
