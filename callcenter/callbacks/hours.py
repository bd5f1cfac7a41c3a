"""When a customer may be rung (C-18). Must never let another zone than Shanghai's decide the hour."""

from datetime import datetime, time, timedelta

from tickets.calendar import SHANGHAI

EARLIEST = time(9)
LATEST = time(21)
APPOINTMENT = timedelta(hours=1)
"""How long after the moment a customer chose the choice still holds."""


def may_ring(at: datetime, chosen_at: datetime | None = None) -> bool:
    """Whether a customer may be rung: between 9 and 21 o'clock, or at the moment the customer asked for."""
    if chosen_at is not None and chosen_at <= at < chosen_at + APPOINTMENT:
        return True
    return EARLIEST <= at.astimezone(SHANGHAI).time() < LATEST


def next_moment(at: datetime) -> datetime:
    """The first moment from `at` on at which anybody may be rung."""
    if may_ring(at):
        return at
    local = at.astimezone(SHANGHAI)
    day = local.date() if local.time() < EARLIEST else local.date() + timedelta(days=1)
    return datetime.combine(day, EARLIEST, SHANGHAI)
