"""What a sampled callback came to when it was looked at again (C-24). Must never do I/O."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from callcenter.calling_hours import STANDARD, CallingHours
from tickets.calendar import Calendar
from tickets.errors import Words

HALF_A_YEAR = 183
"""Days after which a sampled policyholder is rung again, unless another number is asked for (C-24)."""
VERSION = "recheck-1"
"""The shipped script; a later published one of the purpose takes its place."""


class RecheckResult(StrEnum):
    """Whether the policyholder took the first callback in person."""

    GENUINE = "genuine"
    IMPOSTOR = "impostor"
    UNCLEAR = "unclear"
    NOT_REACHED = "not_reached"


WORDS: Mapping[RecheckResult, Words] = {
    RecheckResult.GENUINE: Words("本人接听", "the policyholder in person"),
    RecheckResult.IMPOSTOR: Words("他人代接", "an impostor"),
    RecheckResult.UNCLEAR: Words("无法判断", "not clear"),
    RecheckResult.NOT_REACHED: Words("未能联系", "not reached"),
}


def due_from(
    completed_at: datetime, after_days: int, at: datetime, calendar: Calendar, hours: CallingHours = STANDARD
) -> datetime:
    """When the policyholder may be rung again: so many days after the first callback, and not before now (C-18)."""
    return hours.next_moment(max(completed_at + timedelta(days=after_days), at), calendar)
