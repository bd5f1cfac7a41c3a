"""Working days in Asia/Shanghai: the published calendar, the company's corrections, a fallback beyond both.

It must never raise for a day it does not know: the answer is then provisional and says so (T-7).
Corrections come in as a value; nothing is read from a clock or a file here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar
import holidays
import holidays.countries  # all of them, a fifth of a second: at the start, not at the first day beyond the notices

SHANGHAI = ZoneInfo("Asia/Shanghai")
FARTHEST = 3660
"""Days ahead to which working days are counted."""
_ONE = timedelta(days=1)
_SATURDAY = 5


class DayKind(StrEnum):
    """Why a day counts as a working day or does not."""

    WORKDAY = "workday"
    MAKE_UP = "make_up"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"

    @property
    def is_workday(self) -> bool:
        """Whether work is done that day."""
        return self in (DayKind.WORKDAY, DayKind.MAKE_UP)


@dataclass(frozen=True, slots=True)
class Override:
    """One day the company's table decides, with where the decision was published."""

    day: date
    is_workday: bool
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A day that was counted to; `provisional` when a day on the way belongs to a year not yet published."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """The calendar in force: overrides win, then the published days, then statutory days by rule.

    `published` names years whose yearly notice was loaded into the overrides: they are not provisional,
    although the package does not know them.
    """

    overrides: Mapping[date, Override] = field(default_factory=dict)
    published: frozenset[int] = frozenset()
    version: str = "chinesecalendar"

    @classmethod
    def of(cls, overrides: Iterable[Override], published: Iterable[int] = (), version: str = "") -> Calendar:
        """A calendar with these corrections."""
        table = {o.day: o for o in overrides}
        return cls(table, frozenset(published), version or _version(table, frozenset(published)))

    def covers(self, year: int) -> bool:
        """Whether the State Council's notice for the year is known; if not, warn and mark deadlines."""
        return year in self.published or _published(year)

    def kind(self, day: date) -> DayKind:
        """What the day is; never raises."""
        override = self.overrides.get(day)
        if override is None:
            return _kind(day)
        weekend = day.weekday() >= _SATURDAY
        if override.is_workday:
            return DayKind.MAKE_UP if weekend else DayKind.WORKDAY
        return DayKind.HOLIDAY

    def is_workday(self, day: date) -> bool:
        """Whether the day is a working day, make-up weekends included."""
        return self.kind(day).is_workday

    def is_provisional(self, day: date) -> bool:
        """Whether the answer for this day may still change when the yearly notice is published."""
        return day not in self.overrides and not self.covers(day.year)

    def add_workdays(self, start: date, days: int) -> Reckoned:
        """The day `days` working days after `start`; the start day is not counted (CL-1)."""
        day, provisional, left = start, False, days
        while left > 0 and day < date.max:
            day += _ONE
            provisional = provisional or self.is_provisional(day)
            left -= self.is_workday(day)
        return Reckoned(day, provisional)

    def after_rest(self, day: date, *, weekends: bool = True) -> Reckoned:
        """The day itself, or the first day after the rest period it falls in (CL-2).

        With `weekends` off only the named holidays of the yearly notice count as rest.
        """
        provisional = self.is_provisional(day)
        while self._rests(day, weekends=weekends) and day < date.max:
            day += _ONE
            provisional = provisional or self.is_provisional(day)
        return Reckoned(day, provisional)

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; 0 when `end` is not later, and of a day
        that never comes (CL-4) no more than those of FARTHEST."""
        days = min((end - start).days, FARTHEST)
        return sum(self.is_workday(start + timedelta(days=n)) for n in range(1, days + 1))

    def _rests(self, day: date, *, weekends: bool) -> bool:
        kind = self.kind(day)
        return kind is DayKind.HOLIDAY or (weekends and kind is DayKind.WEEKEND)


def shanghai_day(at: datetime) -> date:
    """The calendar day in Shanghai on which a moment falls (D-14)."""
    if at.tzinfo is None:
        raise ValueError("a moment without a zone belongs to no day")
    return at.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """24:00 of the day in Shanghai, that is 00:00 of the next (CL-1). What happens before it is in time."""
    if day == date.max:
        return datetime.max.replace(tzinfo=SHANGHAI)
    return datetime.combine(day + _ONE, datetime.min.time(), SHANGHAI)


def _version(overrides: Mapping[date, Override], published: frozenset[int]) -> str:
    """The package's name and what tells one set of corrections from another."""
    if not overrides and not published:
        return "chinesecalendar"
    told = [*sorted((o.day.isoformat(), o.is_workday) for o in overrides.values()), *sorted(published)]
    return f"chinesecalendar+{hashlib.sha256(repr(told).encode()).hexdigest()[:8]}"


@lru_cache(maxsize=256)
def _published(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 6, 15))
    except (NotImplementedError, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def _kind(day: date) -> DayKind:
    weekend = day.weekday() >= _SATURDAY
    try:
        rest, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        if day in statutory(day.year):
            return DayKind.HOLIDAY
        return DayKind.WEEKEND if weekend else DayKind.WORKDAY
    if rest:
        return DayKind.HOLIDAY if name else DayKind.WEEKEND
    return DayKind.MAKE_UP if weekend else DayKind.WORKDAY


@lru_cache(maxsize=64)
def statutory(year: int) -> frozenset[date]:
    """Statutory rest days by rule, without the shifted days nobody knows yet."""
    known = holidays.country_holidays("CN", years=year, expand=False)
    return frozenset(known)
