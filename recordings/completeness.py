"""Whether a segment holds all that it should, judged against the switch's own times.

Pure. A short but valid file is never accepted silently: whatever is not complete carries a name for why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TOLERANCE_MS = 250
TOLERANCE_PERCENT = 1
CRASH_TAIL_MS = 2_100
SALVAGE_NOTES = frozenset({"header_says_empty", "header_says_more", "header_says_less"})


class Completeness(StrEnum):
    """The verdicts of archive rules §3.3; everything but COMPLETE is also an incident."""

    COMPLETE = "complete"
    TAIL_LOST = "tail_lost"
    HOLE_SUSPECTED = "hole_suspected"
    PARTIAL_CRASH = "partial_crash"
    SALVAGED = "salvaged"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found in the files. ``gap_ms``: how much the shorter side lacks against the longer."""

    duration_ms: int
    gap_ms: int
    notes: tuple[str, ...]


def judge(measured: Measured, expected_ms: int | None, crashed: bool) -> Completeness:
    """The verdict on one segment.

    ``expected_ms`` is the time between the switch's start and end of the capture, None when it is unknown
    (an orphan); ``crashed`` says that the switch died while it was capturing: its last buffers went with it, and
    ``expected_ms`` only counts to its last sign of life.
    """
    if SALVAGE_NOTES & set(measured.notes) or (expected_ms is None and not crashed):
        return Completeness.SALVAGED
    if expected_ms is None:
        return Completeness.PARTIAL_CRASH
    tolerance = TOLERANCE_MS + expected_ms * TOLERANCE_PERCENT // 100
    lacking = expected_ms - (measured.duration_ms - measured.gap_ms)
    if crashed:
        if "sparse" in measured.notes or lacking > max(CRASH_TAIL_MS, tolerance):
            return Completeness.PARTIAL_CRASH
        return Completeness.TAIL_LOST
    if "sparse" in measured.notes or abs(expected_ms - measured.duration_ms) > tolerance or lacking > tolerance:
        return Completeness.HOLE_SUSPECTED
    return Completeness.COMPLETE
