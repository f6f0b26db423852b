"""`make test`: the browser that it takes, and what it says where there is none."""

import pytest

import tools.browser as browser


@pytest.fixture
def bare_machine(monkeypatch):
    """A machine where no browser is found, and that notes what it is told to run."""
    ran = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.setattr(browser, "playwrights_own", lambda: None)
    monkeypatch.setattr(browser, "run", lambda *command: ran.append(command))
    return ran


def test_the_browser_that_is_named_is_taken(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "python3")
    assert browser.find().endswith("python3")


def test_a_named_browser_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    with pytest.raises(SystemExit, match="CHROMIUM names no-such-browser"):
        browser.find()


def test_without_a_browser_playwright_installs_one_and_else_the_remedy_is_said(bare_machine):
    with pytest.raises(SystemExit, match=r"CHROMIUM=/path/to/it.*make test BROWSER=0"):
        browser.find_or_install()
    assert bare_machine[-1][-3:] == ("playwright", "install", "chromium")


def test_root_installs_by_apt_first(bare_machine, monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name == "apt-get" else None)
    with pytest.raises(SystemExit):
        browser.find_or_install()
    assert bare_machine[0] == ("apt-get", "update", "-qq")
    installed = [command[-1] for command in bare_machine[1:]]
    assert installed == ["chromium-headless-shell", "chromium", "chromium"]


@pytest.mark.parametrize(("there", "tried"), [
    ("chromium-headless-shell", ["chromium-headless-shell"]),
    ("chromium", ["chromium-headless-shell", "chromium"]),
])  # fmt: skip
def test_apt_installs_the_quickest_browser_that_there_is(bare_machine, monkeypatch, there, tried):
    def which(name):
        installed = any(command[-1] == name for command in bare_machine)
        return name if name == "apt-get" or (name == there and installed) else None

    monkeypatch.setattr(browser.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(browser.shutil, "which", which)
    assert browser.find_or_install() == there
    assert [command[-1] for command in bare_machine[1:]] == tried


def test_who_is_not_root_is_not_asked_for_apt(bare_machine, monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name == "apt-get" else None)
    with pytest.raises(SystemExit):
        browser.find_or_install()
    assert not [command for command in bare_machine if command[0] == "apt-get"]
