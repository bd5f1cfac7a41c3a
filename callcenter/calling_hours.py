"""When a customer may be rung, and the bands of the day for tries (C-17, C-18).

Must never let another zone than Shanghai's decide the hour.

Pure. Rest days and make-up working days come from the working-day calendar, several spans a day from the settings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Self

from callcenter.service_hours import BadSpanError, Span
from tickets.calendar import SHANGHAI, Calendar

EARLIEST = time(9)
LATEST = time(21)
OFFICE_ENDS = time(18)
APPOINTMENT = timedelta(hours=1)
"""How long after the moment a customer chose the choice still holds."""
MOST_DAYS_AHEAD = 400
_MINUTE = timedelta(minutes=1)


class Band(StrEnum):
    """A part of the day in which a customer may be rung."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


STARTS = {Band.MORNING: time(9), Band.AFTERNOON: time(13), Band.EVENING: OFFICE_ENDS}


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Spans in which customers are rung, on working days and on rest days; none for a kind: nobody is rung then."""

    workday: tuple[Span, ...]
    restday: tuple[Span, ...]

    @classmethod
    def of(cls, workday: Sequence[str], restday: Sequence[str]) -> Self:
        """From the settings.

        Raises BadSpanError for a span before 9 or after 21 o'clock (C-18), and for hours with a single band or without
        any moment outside office hours (C-17).
        """
        hours = cls(_spans(workday), _spans(restday))
        if not hours.workday and not hours.restday:
            raise BadSpanError("with no span at all nobody could ever be rung")
        for span in hours.workday + hours.restday:
            if span.since < EARLIEST.hour * 60 or span.until > LATEST.hour * 60:
                raise BadSpanError("nobody is rung before 0900 or after 2100 (C-18)")
        if len(hours.bands()) <= 1 or not hours.leaves_the_office():
            raise BadSpanError("one band of the day only, or no moment outside office hours (C-17)")
        return hours

    def bands(self) -> frozenset[Band]:
        """The bands in which anybody is rung."""
        return frozenset(band for band in Band for span in self.workday + self.restday if _meets(span, band))

    def leaves_the_office(self) -> bool:
        """Whether there is a moment outside office hours."""
        return bool(self.restday) or any(span.until > OFFICE_ENDS.hour * 60 for span in self.workday)

    def may_ring(self, at: datetime, calendar: Calendar, chosen_at: datetime | None = None) -> bool:
        """Whether a customer may be rung: within the spans, or at the moment the customer asked for."""
        if chosen_at is not None and chosen_at <= at < chosen_at + APPOINTMENT:
            return True
        day = at.astimezone(SHANGHAI).date()
        return any(since <= at < until for since, until in self.openings(day, calendar))

    def next_moment(self, at: datetime, calendar: Calendar) -> datetime:
        """The first moment from `at` on at which anybody may be rung."""
        first = at.astimezone(SHANGHAI).date()
        for n in range(MOST_DAYS_AHEAD):
            for since, until in self.openings(first + timedelta(days=n), calendar):
                if at < until:
                    return max(at, since)
        raise AssertionError("a year has days of both kinds")

    def openings(self, day: date, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
        """From when until when customers are rung that day, in order; the end is not included."""
        midnight = datetime.combine(day, time(0), SHANGHAI)
        for span in self.workday if calendar.is_workday(day) else self.restday:
            yield midnight + span.since * _MINUTE, midnight + span.until * _MINUTE


def _spans(texts: Sequence[str]) -> tuple[Span, ...]:
    return tuple(sorted((Span.parse(text) for text in texts), key=lambda span: span.since))


def band_of(at: datetime) -> Band:
    """The band a moment lies in; before the morning it is the morning's."""
    local = at.astimezone(SHANGHAI).time()
    if local >= STARTS[Band.EVENING]:
        return Band.EVENING
    return Band.AFTERNOON if local >= STARTS[Band.AFTERNOON] else Band.MORNING


def outside_office_hours(at: datetime, calendar: Calendar) -> bool:
    """Whether most people are not at work: evenings, and every hour of a day off."""
    local = at.astimezone(SHANGHAI)
    return not calendar.is_workday(local.date()) or not EARLIEST <= local.time() < OFFICE_ENDS


def _meets(span: Span, band: Band) -> bool:
    start = STARTS[band].hour * 60
    end = min([one.hour * 60 for one in STARTS.values() if one > STARTS[band]], default=24 * 60)
    return span.since < end and span.until > start


STANDARD = CallingHours.of(("0900-2100",), ("0900-2100",))
