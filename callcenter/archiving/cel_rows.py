"""The switch's own rows about one call, for the archive object. Must never give out a customer's number whole.

Reads only: the live event log and what it was rotated to. Rows are in the order of time, so a call's rows are found by
halving the file, not by reading it.
"""

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from agi import names
from callcenter.customers import masking

FIELDS = (
    "eventenum",
    "userdeftype",
    "eventtime",
    "uniqueid",
    "linkedid",
    "accountcode",
    "channame",
    "peer",
    "peeraccount",
    "context",
    "appname",
    "eventextra",
)
NAMES = frozenset({"eventtime", "uniqueid", "linkedid", "accountcode", "peeraccount"})
"""Fields that hold moments and names the switch or we chose, never a number."""
OURS = frozenset({names.EVENT_REC_START, names.EVENT_REC_END, names.EVENT_REC_FAIL, names.EVENT_REC_NONE})
"""Marks of ours about captures: paths and sizes."""
MARGIN = 30.0
"""Seconds around the call in which its rows may lie."""
MOST_ROWS = 5_000
PACKED = {".gz", ".xz", ".zst", ".bz2"}
STEP = 1 << 16
LOOK = 64
"""Rows after which one is read for its time, so that the end of the call's time is seen."""


@dataclass(frozen=True, slots=True)
class CallRows:
    """The rows of a call as CSV lines under a header line, and what the switch calls all that was linked with it."""

    lines: tuple[str, ...] = ()
    linkedid: str | None = None


def of_call(cel_file: Path, cc_call: str, start: datetime, end: datetime) -> CallRows:
    """The rows of a call; nothing when the log is not here or says nothing."""
    between = (start.timestamp() - MARGIN, end.timestamp() + MARGIN)
    rows = [row for row in _rows(cel_file, cc_call.encode(), *between) if _is_of(row, cc_call)]
    if not rows:
        return CallRows()
    lines = [_line(FIELDS), *(_line([_shown(row, name) for name in FIELDS]) for row in rows[:MOST_ROWS])]
    return CallRows(tuple(lines), _linked(rows, cc_call))


def _linked(rows: list[dict[str, Any]], cc_call: str) -> str | None:
    """Of the channel the call is named after, or else of those that belong to it."""
    for name in ("uniqueid", "accountcode", "linkedid"):
        for row in rows:
            if row.get(name) == cc_call and row.get("linkedid"):
                return str(row["linkedid"])
    return None


def _rows(cel_file: Path, name: bytes, first: float, last: float) -> Iterator[dict[str, Any]]:
    beside = cel_file.parent.glob(f"{cel_file.name}.*") if cel_file.parent.is_dir() else ()
    paths = [path for path in beside if path.suffix not in PACKED]
    for path in [*sorted(paths, key=lambda path: path.stat().st_mtime), cel_file]:
        try:
            with path.open("rb") as file:
                yield from _between(file, name, first, last)
        except FileNotFoundError:
            continue


def _between(file: BinaryIO, name: bytes, first: float, last: float) -> Iterator[dict[str, Any]]:
    """The rows of that time in which the name stands, and a few others: those of other calls are seldom looked into."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > STEP:
        middle = (low + high) // 2
        at = _time_after(file, middle, high)
        if at is None or at >= first:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline()
    for number, raw in enumerate(file):
        row = _parsed(raw) if name in raw or not number % LOOK else None
        if row is None:
            continue
        at = _seconds(row)
        if at > last:
            return
        if at >= first:
            yield row


def _time_after(file: BinaryIO, position: int, end: int) -> float | None:
    file.seek(position)
    file.readline()
    while file.tell() < end:
        row = _parsed(file.readline())
        if row is not None:
            return _seconds(row)
    return None


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(raw)
        return row if isinstance(row, dict) and float(row["eventtime"]) >= 0 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _seconds(row: dict[str, Any]) -> float:
    return float(row["eventtime"])


def _is_of(row: dict[str, Any], cc_call: str) -> bool:
    return cc_call in (row.get("linkedid"), row.get("accountcode"), row.get("uniqueid"))


def _shown(row: dict[str, Any], name: str) -> str:
    text = str(row.get(name, ""))
    is_ours = name in NAMES or (name == "eventextra" and row.get("userdeftype") in OURS)
    return text if is_ours else masking.numbers(text)


def _line(fields: Any) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue().replace("\r", " ").replace("\n", " ")
