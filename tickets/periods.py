"""Periods of reports: months, quarters, half-years and years, and what each is compared with (L-34, M-14)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tickets.errors import Words

_ONE = timedelta(days=1)


class Span(StrEnum):
    """How long a reported period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Its length in months."""
        return _MONTHS[self]


_MONTHS: Mapping[Span, int] = {Span.MONTH: 1, Span.QUARTER: 3, Span.HALF_YEAR: 6, Span.YEAR: 12}


class Comparison(StrEnum):
    """Which earlier period a figure is held against."""

    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


@dataclass(frozen=True, slots=True)
class Days:
    """A period, both days included."""

    first: date
    last: date

    def compared(self, comparison: Comparison) -> Days:
        """The period before of the same length, whole months to whole months; or the same days a year earlier."""
        if comparison is Comparison.LAST_YEAR:
            return Days(_months_later(self.first, -12), _month_end(self.last, -12))
        whole = self.first.day == 1 and self.last == _last_of_month(self.last)
        if not whole:
            length = self.last - self.first
            return Days(self.first - length - _ONE, self.first - _ONE)
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return Days(_months_later(self.first, -months), self.first - _ONE)

    def within(self, other: Days) -> Days:
        """What of it lies in the other."""
        return Days(max(self.first, other.first), min(self.last, other.last))

    @property
    def words(self) -> Words:
        """The period's name where it is a month, quarter, half-year or year; else its days."""
        span = spanned(self)
        year, month = self.first.year, self.first.month
        match span:
            case Span.MONTH:
                return Words(f"{year}年{month}月", f"{year}-{month:02}")
            case Span.QUARTER:
                quarter = (month + 2) // 3
                return Words(f"{year}年第{'一二三四'[quarter - 1]}季度", f"{year} Q{quarter}")
            case Span.HALF_YEAR:
                half = 1 if month == 1 else 2
                return Words(f"{year}年{'上下'[half - 1]}半年", f"{year} H{half}")
            case Span.YEAR:
                return Words(f"{year}年", f"{year}")
            case None:
                return Words(f"{self.first}至{self.last}", f"{self.first} to {self.last}")


def named(key: str) -> Days:
    """The days of a group by month, quarter, half-year or year: `2025-09`, `2025-Q3`, `2025-H2`, `2025`."""
    year, _, part = key.partition("-")
    if not part:
        return spanning(Span.YEAR, date(int(year), 1, 1))
    span = {"Q": Span.QUARTER, "H": Span.HALF_YEAR}.get(part[0], Span.MONTH)
    number = int(part.lstrip("QH"))
    return spanning(span, date(int(year), (number - 1) * span.months + 1, 1))


def keyed(span: Span, day: date) -> str:
    """The key of the month, quarter, half-year or year of a day, as `named` reads it."""
    match span:
        case Span.MONTH:
            return f"{day:%Y-%m}"
        case Span.QUARTER:
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case Span.HALF_YEAR:
            return f"{day.year}-H{1 if day.month < 7 else 2}"
        case Span.YEAR:
            return f"{day.year}"


def keys(span: Span, days: Days) -> list[str]:
    """The keys of all months, quarters, half-years or years that lie in these days, whole or in part, in order."""
    found, first = [], days.first
    while first <= days.last:
        found.append(keyed(span, first))
        first = spanning(span, first).last + _ONE
    return found


def spanning(span: Span, day: date) -> Days:
    """The month, quarter, half-year or year in which the day lies."""
    first = date(day.year, (day.month - 1) // span.months * span.months + 1, 1)
    return Days(first, _last_of_month(_months_later(first, span.months - 1)))


def spanned(days: Days) -> Span | None:
    """Which span the days are exactly, if any."""
    return next((span for span in Span if spanning(span, days.first) == days), None)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _month_end(day: date, months: int) -> date:
    """The day some months later, the last of a month staying the last."""
    moved = _months_later(day, months)
    return _last_of_month(moved) if day == _last_of_month(day) else moved
