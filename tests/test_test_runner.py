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


@pytest.mark.parametrize("there", ["chromium-headless-shell", "chromium", None])
def test_root_installs_by_apt_first_and_the_quickest_that_debian_has(
    bare_machine, monkeypatch, there
):
    def which(name):
        installed = [command[-1] for command in bare_machine]
        return name if name == "apt-get" or (name == there and name in installed) else None

    monkeypatch.setattr(browser.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(browser.shutil, "which", which)
    if there:
        assert browser.find_or_install() == there
    else:
        with pytest.raises(SystemExit):
            browser.find_or_install()
    tried = ["chromium-headless-shell", "chromium"]
    assert bare_machine[0] == ("apt-get", "update", "-qq")
    assert [command[-1] for command in bare_machine if "install" in command] == {
        "chromium-headless-shell": tried[:1], "chromium": tried, None: [*tried, "chromium"],
    }[there]  # fmt: skip


def test_who_is_not_root_is_not_asked_for_apt(bare_machine, monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name == "apt-get" else None)
    with pytest.raises(SystemExit):
        browser.find_or_install()
    assert not [command for command in bare_machine if command[0] == "apt-get"]
