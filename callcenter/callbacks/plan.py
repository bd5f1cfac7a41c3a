"""When to try again and when enough was tried (C-17). Must never plan a try outside calling hours (C-18).

No national number exists: the default is at least three tries, on two different days, in different bands of the day,
one of them outside office hours, before a letter or a visit takes over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from callcenter.callbacks import hours
from tickets.calendar import SHANGHAI, Calendar

MOST_DAYS_AHEAD = 40
OFFICE_ENDS = time(18)


class Band(StrEnum):
    """A part of the day in which a customer may be rung."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


STARTS = {Band.MORNING: time(9), Band.AFTERNOON: time(13), Band.EVENING: OFFICE_ENDS}


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how differently a customer is tried."""

    tries: int = 3
    days: int = 2
    bands: int = 2
    outside_office: int = 1
    pause: timedelta = timedelta(hours=2)


DEFAULT = Policy()


def band_of(at: datetime) -> Band:
    """The band a moment lies in; before the morning it is the morning's."""
    local = at.astimezone(SHANGHAI).time()
    if local >= STARTS[Band.EVENING]:
        return Band.EVENING
    return Band.AFTERNOON if local >= STARTS[Band.AFTERNOON] else Band.MORNING


def outside_office_hours(at: datetime, calendar: Calendar) -> bool:
    """Whether most people are not at work: evenings, and every hour of a day off."""
    local = at.astimezone(SHANGHAI)
    return not calendar.is_workday(local.date()) or not hours.EARLIEST <= local.time() < OFFICE_ENDS


def is_enough(tries: Sequence[datetime], calendar: Calendar, policy: Policy = DEFAULT) -> bool:
    """Whether the tries made satisfy C-17, so that the letter or the visit may take over."""
    return (
        len(tries) >= policy.tries
        and len({at.astimezone(SHANGHAI).date() for at in tries}) >= policy.days
        and len({band_of(at) for at in tries}) >= policy.bands
        and sum(outside_office_hours(at, calendar) for at in tries) >= policy.outside_office
    )


def next_try(tries: Sequence[datetime], at: datetime, calendar: Calendar, policy: Policy = DEFAULT) -> datetime | None:
    """The next moment to try, or None when enough was tried.

    While tries remain, each slot is in another band than the last; the last of them makes up what is still missing.
    """
    if is_enough(tries, calendar, policy):
        return None
    if not tries:
        return hours.next_moment(at)
    earliest = max(at, tries[-1] + policy.pause)
    left = policy.tries - len(tries)
    for slot in _slots(earliest):
        if left <= 1 and not is_enough([*tries, slot], calendar, policy):
            continue
        if band_of(slot) != band_of(tries[-1]):
            return slot
    raise AssertionError("every week has slots of every kind")


def _slots(earliest: datetime) -> Iterator[datetime]:
    first = earliest.astimezone(SHANGHAI).date()
    if hours.may_ring(earliest):
        yield earliest
    for n in range(MOST_DAYS_AHEAD):
        for start in STARTS.values():
            slot = datetime.combine(first + timedelta(days=n), start, SHANGHAI)
            if slot > earliest:
                yield slot
