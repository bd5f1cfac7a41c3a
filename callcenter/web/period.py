"""The days a report is asked over, and the organisation: alike for complaints and for callbacks."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from callcenter.errors import InvalidError
from callcenter.web.api import Context
from callcenter.web.tickets import organisation_path
from tickets import store
from tickets.calendar import Calendar, shanghai_day
from tickets.errors import Words

LONGEST = timedelta(days=3660)


class Asked(Protocol):
    """What a query says of its period; what it leaves out is this month until today, and the asker's organisation."""

    first_day: date | None
    last_day: date | None
    organisation: str | None


@dataclass(frozen=True, slots=True)
class Period:
    """The days, both included, of an organisation and those at `path`; `today` judges what is late."""

    first_day: date
    last_day: date
    organisation: str
    path: str
    today: date
    calendar: Calendar


async def asked_period(ctx: Context, asked: Asked) -> Period:
    """Raises InvalidError, and NotFoundError for an organisation out of reach."""
    today = shanghai_day(ctx.clock.now())
    last = asked.last_day or today
    first = asked.first_day or last.replace(day=1)
    if first > last:
        raise InvalidError(Words("起始日晚于截止日", "the first day comes after the last"))
    if last - first > LONGEST:
        raise InvalidError(Words(f"期间最长{LONGEST.days}天", f"a period has at most {LONGEST.days} days"))
    organisation = asked.organisation or ctx.actor.organisation_id
    path = await organisation_path(ctx, organisation)
    async with ctx.db.connection() as conn:
        calendar = await store.calendar(conn)
    return Period(first, last, organisation, path, today, calendar)
