"""Write a measurement down: what, when, on which machine, by which command."""

import datetime
import os
import platform
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "audit"


def write(name: str, title: str, text: str, *, command: str = "") -> None:
    """Print the report and keep it as docs/audit/`name`.md; `command` where that is another."""
    report = f"# {title}\n\n{text.strip()}\n\n{circumstances(command or name)}\n"
    print(report)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.md").write_text(report)


def table(header: list[str], rows: list[list]) -> str:
    """Lay out rows as a Markdown table; the first column is text, the others are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def circumstances(command: str) -> str:
    today, threads = datetime.date.today().isoformat(), torch.get_num_threads()
    return (
        f"Measured on {today} with `python -m benchmarks.{command}`: {processor()},"
        f" {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, PyTorch"
        f" {torch.__version__} on {threads} {'thread' if threads == 1 else 'threads'}."
    )


def processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
