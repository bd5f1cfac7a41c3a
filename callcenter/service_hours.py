"""When people answer the hotline: spans of the day for working days and for rest days, in Asia/Shanghai.

Pure. Make-up weekends are working days, holidays are rest days (tickets/calendar.py decides which is which).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from tickets.calendar import SHANGHAI, Calendar

_SPAN = re.compile(r"([01]\d|2[0-4])([0-5]\d)-([01]\d|2[0-4])([0-5]\d)")
DAY = 24 * 60


class BadSpanError(ValueError):
    """The text is no span of a day."""


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes after midnight, the last one not included; `until` 1440 is 24:00."""

    since: int
    until: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`0830-1730` or `0000-2400`. Raises BadSpanError."""
        found = _SPAN.fullmatch(text)
        if found is None:
            raise BadSpanError(f"{text!r} is not a span like 0830-1730")
        hours = [int(part) for part in found.groups()]
        since, until = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if not since < until <= DAY:
            raise BadSpanError(f"{text!r} does not end after it begins, on the same day")
        return cls(since, until)


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """The spans of both kinds of day; none for a kind means closed on such days."""

    workday: tuple[Span, ...]
    restday: tuple[Span, ...]

    @classmethod
    def of(cls, workday: Sequence[str], restday: Sequence[str]) -> Self | None:
        """From the settings; None when neither is set, so that the dialplan's own hours count."""
        if not workday and not restday:
            return None
        return cls(tuple(map(Span.parse, workday)), tuple(map(Span.parse, restday)))

    def is_open(self, at: datetime, calendar: Calendar) -> bool:
        """Whether somebody answers at the moment."""
        local = at.astimezone(SHANGHAI)
        spans = self.workday if calendar.is_workday(local.date()) else self.restday
        minute = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta(minutes=1)
        return any(span.since <= minute < span.until for span in spans)

    def after(self, at: datetime, hours: int, calendar: Calendar) -> datetime:
        """The moment that many hours of service after `at`; where nobody answers for a year, the end of it."""
        local, left = at.astimezone(SHANGHAI), hours * 60.0
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (local - midnight) / timedelta(minutes=1)
        for day in range(366):
            start = midnight + timedelta(days=day)
            spans = self.workday if calendar.is_workday(start.date()) else self.restday
            for span in sorted(spans, key=lambda span: span.since):
                since = max(float(span.since), passed if day == 0 else 0.0)
                if span.until - since >= left:
                    return start + timedelta(minutes=since + left)
                left -= max(0.0, span.until - since)
        return midnight + timedelta(days=366)
