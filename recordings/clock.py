"""Can this machine's time be believed: read beside other clocks before anything is sealed (protocol step 0).

What cannot be read is said to be unknown, never taken for good.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recordings.errors import ClockUnsoundError

Json = Mapping[str, Any]

TOLERANCE = timedelta(seconds=60)
"""Further from another clock, or behind what the log was last written at, this machine's time is not believed."""
UNKNOWN = "unknown"

UNSYNCHRONISED = 0x0040
NANOSECONDS = 0x2000


@dataclass(frozen=True, slots=True)
class Discipline:
    """What the kernel says of its own clock: whether something keeps it to the time, and how exactly (microseconds)."""

    synchronised: bool
    offset_us: int
    maximum_error_us: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks at one moment `at` of this machine's; offsets in milliseconds, positive when the other is ahead."""

    at: datetime
    database_ms: int | None = None
    switch_ms: int | None = None
    switch_read_at: datetime | None = None
    kernel: Discipline | None = None

    def check(self, last_written: datetime | None = None) -> None:
        """Raises ClockUnsoundError when the time contradicts the database's, or what the log was written at."""
        if self.database_ms is not None and abs(timedelta(milliseconds=self.database_ms)) > TOLERANCE:
            raise ClockUnsoundError(f"this machine's clock and the database's are {self.database_ms} ms apart")
        if last_written is not None and self.at < last_written - TOLERANCE:
            raise ClockUnsoundError(f"it is {self.at.isoformat()}, but the log was written {last_written.isoformat()}")

    def as_json(self) -> Json:
        """For record.json."""
        kernel = self.kernel
        return {
            "read_at": _moment(self.at),
            "database_offset_ms": UNKNOWN if self.database_ms is None else self.database_ms,
            "switch_offset_ms": UNKNOWN if self.switch_ms is None else self.switch_ms,
            "switch_read_at": None if self.switch_read_at is None else _moment(self.switch_read_at),
            "ntp": {
                "state": UNKNOWN if kernel is None else "synchronised" if kernel.synchronised else "unsynchronised",
                "offset_us": UNKNOWN if kernel is None else kernel.offset_us,
                "maximum_error_us": UNKNOWN if kernel is None else kernel.maximum_error_us,
                "stratum": UNKNOWN,
            },
        }


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maximum_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("fraction", ctypes.c_long),
        ("rest", ctypes.c_long * 32),
    )


def discipline() -> Discipline | None:
    """The kernel's own account (`adjtimex`, reading only); None where it is not to be had."""
    try:
        adjtimex = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True).adjtimex
    except (AttributeError, OSError):
        return None
    timex = _Timex()
    if adjtimex(ctypes.byref(timex)) < 0:
        return None
    offset = timex.offset // 1000 if timex.status & NANOSECONDS else timex.offset
    return Discipline(not timex.status & UNSYNCHRONISED, offset, timex.maximum_error)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
