"""What a measurement hands back, and how it gets into docs/benchmarks.md."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEADER = """# Benchmarks

Written by `make bench`; every table is of one run on one machine, the peers measured in turn with ours.
Ratios travel between machines, absolute figures do not.
"""


@dataclass(frozen=True)
class Report:
    """`title` heads the section, `text` is Markdown, `figures` the same for programs."""

    title: str
    text: str
    figures: dict[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, its columns lined up for the terminal as well."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def machine() -> dict[str, str]:
    """Where it was measured."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": f"{os.cpu_count()} × {model[1] if model else platform.processor()}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_page(page: Path, name: str, report: Report) -> None:
    """Put the section into the page, in place of the one of an earlier run."""
    where = machine()
    body = (
        f"<!-- {name} -->\n## {report.title}\n\n{where['at']}, {where['cpu']}, Python {where['python']}, "
        f"load average {where['load_before']}.\n\n{report.text}\n<!-- /{name} -->\n"
    )
    text = page.read_text() if page.exists() else HEADER
    section = re.compile(rf"<!-- {name} -->\n.*<!-- /{name} -->\n", re.DOTALL)
    text = section.sub(lambda _: body, text) if section.search(text) else f"{text}\n{body}"
    page.write_text(text)
