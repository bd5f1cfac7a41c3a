"""What came of one dialling (拨打), told from what the switch saw. Must never take silence for an answer.

The causes are words for Q.850 codes (callcenter/calls/causes.py), to which the switch maps SIP answers: 486 and 600 →
busy, 603 and 403 → rejected, 480 and 408 → no_answer, 404 → no_such_number.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from tickets.errors import Words

PREFIX = "cb-"
RINGING_SECONDS = 45
"""How long a customer's telephone rings before a dialling counts as not answered."""
GRACE = timedelta(seconds=5)


class Outcome(StrEnum):
    """How a dialling ended."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    FAILED = "failed"
    BROKEN_OFF = "broken_off"
    LOST = "lost"

    @property
    def reached(self) -> bool:
        """Whether somebody took the call."""
        return self in (Outcome.ANSWERED, Outcome.BROKEN_OFF)

    @property
    def is_try(self) -> bool:
        """Whether it counts among the tries of C-17: what never rang the customer does not."""
        return self is not Outcome.LOST


WORDS: Mapping[Outcome, Words] = {
    Outcome.ANSWERED: Words("接通", "answered"),
    Outcome.BUSY: Words("占线", "busy"),
    Outcome.NO_ANSWER: Words("无人接听", "no answer"),
    Outcome.REFUSED: Words("拒接", "declined"),
    Outcome.FAILED: Words("无法接通", "could not be connected"),
    Outcome.BROKEN_OFF: Words("接通后中断", "broken off"),
    Outcome.LOST: Words("未知（系统中断）", "unknown: the system was interrupted"),
}

_UNANSWERED: Mapping[str, Outcome] = {
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "rejected": Outcome.REFUSED,
}
_NO_TELLING = frozenset({"unknown", "normal", "time_out", "answered_elsewhere"})


def of_unanswered(cause: str | None, waited: timedelta) -> Outcome:
    """What a dialling nobody took came to, from the call's end cause.

    A cause that tells nothing is "no answer" when the telephone had its time to ring, else a failure.
    """
    if cause is not None and cause in _UNANSWERED:
        return _UNANSWERED[cause]
    rang_out = waited >= timedelta(seconds=RINGING_SECONDS) - GRACE
    return Outcome.NO_ANSWER if rang_out and (cause is None or cause in _NO_TELLING) else Outcome.FAILED


def of_answered(*, complete: bool) -> Outcome:
    """What a conversation came to: broken off when it ended before everything had been asked and answered."""
    return Outcome.ANSWERED if complete else Outcome.BROKEN_OFF


def channel_of(attempt: object) -> str:
    """The channel id we choose for an attempt before anything is dialled."""
    return f"{PREFIX}{attempt}"
