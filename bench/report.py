"""What a measurement hands back: tables for people, figures for programs, and how each target came out."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

TARGETS = ("target", "found", "met")
MET = {True: "yes", False: "**no**", None: "not measured"}


@dataclass(frozen=True)
class Target:
    """One thing asked for, and what was found; `met` is None where it could not be measured."""

    wanted: str
    found: str
    met: bool | None

    @property
    def row(self) -> list[str]:
        return [self.wanted, self.found, MET[self.met]]


@dataclass(frozen=True)
class Report:
    """`title` heads the section, `text` is Markdown, `figures` the same for programs."""

    title: str
    text: str
    figures: dict[str, Any]
    targets: Sequence[Target] = field(default=())

    @property
    def verdicts(self) -> str:
        return table(TARGETS, [target.row for target in self.targets]) if self.targets else ""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, its columns lined up for the terminal as well."""
    cells = [[str(cell).replace("|", "/") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Least, median and greatest, as `1,200 / 1,300 / 1,350`; a dash when there are none."""
    if not values:
        return "–"
    return " / ".join(f"{each:,.{digits}f}" for each in (min(values), statistics.median(values), max(values)))


def paired(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours for one of theirs, turn by turn: the machine's own drift is in both, and falls out."""
    return [a / b for a, b in zip(ours, theirs, strict=False) if b]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; of few values the next higher one. Raises ValueError on
    none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
