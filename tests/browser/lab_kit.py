"""What browser tests do: run commands and cells, stop the clock, ask axe about widgets."""

from playwright.sync_api import Page

from website.lint import AXE

RUN = """([command, seconds]) => Promise.race([
  window.jupyterapp.commands.execute(command),
  new Promise((_, reject) => setTimeout(() => reject(Error(`${command} hangs`)), 1000 * seconds)),
])"""
ACTIVATE = """number => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
}"""


def run(page: Page, command: str, seconds: int = 60):
    """Run one of Jupyter's own commands and wait until it is done."""
    return page.evaluate(RUN, [command, seconds])


def run_cell(page: Page, number: int) -> None:
    """Run a cell, counted from 0, wherever the focus is, and wait for it."""
    run(page, "notebook:enter-command-mode")
    page.evaluate(ACTIVATE, number)
    run(page, "notebook:run-cell")


def printed(page: Page, number: int) -> str:
    """Run a cell and return what stands below it."""
    run_cell(page, number)
    return page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-OutputArea").inner_text()


def printed_when(page: Page, number: int, holds) -> str:
    """What a cell prints, as soon as this holds: what was clicked is on its way to Python."""
    for _ in range(30):
        if holds(text := printed(page, number).strip()):
            return text
    raise AssertionError(f"Python never heard of it, it knows {text[:500]}")


def stop_clock(page: Page) -> None:
    """Let time pass on the page by page.clock.run_for(milliseconds) alone.

    After clock.install alone it flows on, too, and a slow machine takes more steps than a test
    counts.
    """
    page.clock.install()
    page.clock.pause_at("2030-01-01")


def serious_problems(page: Page, *roots: str) -> list:
    """What axe finds serious or critical in the parts of the page that the selectors name."""
    page.evaluate(AXE)
    # JupyterLab's body has no height, and axe takes what lies in such a one for hidden
    page.evaluate("document.body.style.minHeight = '100vh'")
    where = {"include": [[root] for root in roots]} if roots else {}
    # it would fetch style sheets once more, which a page on disk may not do
    script = "where => axe.run(where.include ? where : document, { preload: false })"
    found = page.evaluate(script, where)["violations"]
    return [
        (problem["id"], [node["html"] for node in problem["nodes"]])
        for problem in found
        if problem["impact"] in ("serious", "critical")
    ]
