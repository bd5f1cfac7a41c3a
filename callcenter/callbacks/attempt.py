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
ABANDONED_AFTER = timedelta(seconds=15)
"""Who answered and met nobody of ours within so long was let wait by us (abandoned): listening for a machine and the
notice take up to 12 s of it."""


class Mode(StrEnum):
    """Who chose the moment: an agent who looked at the task first (预览), or the dialler for a free agent (渐进)."""

    PREVIEW = "preview"
    PROGRESSIVE = "progressive"


class NumberAfter(StrEnum):
    """Which of the customer's numbers is dialled after a dialling: the same, the next in order, or never this again."""

    SAME = "same"
    NEXT = "next"
    STRIKE = "strike"


MODE_WORDS: Mapping[Mode, Words] = {
    Mode.PREVIEW: Words("预览外拨", "preview"),
    Mode.PROGRESSIVE: Words("渐进外拨", "progressive"),
}
NUMBER_WORDS: Mapping[NumberAfter, Words] = {
    NumberAfter.SAME: Words("同一号码", "the same number"),
    NumberAfter.NEXT: Words("下一号码", "the next number"),
    NumberAfter.STRIKE: Words("停用此号码", "never this number again"),
}


class Outcome(StrEnum):
    """How a dialling ended."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    FAILED = "failed"
    BROKEN_OFF = "broken_off"
    LOST = "lost"
    WRONG_NUMBER = "wrong_number"
    POWER_OFF = "power_off"
    NOT_POLICYHOLDER = "not_policyholder"
    CALL_AGAIN = "call_again"
    MACHINE = "machine"
    ABANDONED = "abandoned"
    NOT_DIALLED = "not_dialled"

    @property
    def reached(self) -> bool:
        """Whether somebody of ours spoke with whoever took the call."""
        return self in SPOKEN

    @property
    def is_try(self) -> bool:
        """Whether it counts among the tries of C-17: what never rang the customer does not, nor what we spoiled."""
        return self not in NO_TRY


SPOKEN = frozenset({Outcome.ANSWERED, Outcome.BROKEN_OFF, Outcome.NOT_POLICYHOLDER, Outcome.CALL_AGAIN})
NO_TRY = frozenset({Outcome.LOST, Outcome.NOT_DIALLED, Outcome.ABANDONED})
HEARD = frozenset(
    {
        Outcome.NO_ANSWER,
        Outcome.REFUSED,
        Outcome.BROKEN_OFF,
        Outcome.WRONG_NUMBER,
        Outcome.POWER_OFF,
        Outcome.NOT_POLICYHOLDER,
        Outcome.CALL_AGAIN,
        Outcome.MACHINE,
    }
)
"""What an agent may say an answered dialling came to: he heard it, the switch only knows that somebody answered."""


WORDS: Mapping[Outcome, Words] = {
    Outcome.ANSWERED: Words("接通", "answered"),
    Outcome.BUSY: Words("占线", "busy"),
    Outcome.NO_ANSWER: Words("无人接听", "no answer"),
    Outcome.REFUSED: Words("拒接", "declined"),
    Outcome.FAILED: Words("无法接通", "could not be connected"),
    Outcome.BROKEN_OFF: Words("接通后中断", "broken off"),
    Outcome.LOST: Words("未知（系统中断）", "unknown: the system was interrupted"),
    Outcome.WRONG_NUMBER: Words("错号", "wrong number"),
    Outcome.POWER_OFF: Words("关机", "switched off"),
    Outcome.NOT_POLICYHOLDER: Words("非投保人本人", "not the policyholder"),
    Outcome.CALL_AGAIN: Words("约定再拨", "asked to be rung again"),
    Outcome.MACHINE: Words("语音应答", "answered by a machine"),
    Outcome.ABANDONED: Words("接通无坐席", "answered, and nobody of ours was there"),
    Outcome.NOT_DIALLED: Words("未拨出", "not dialled"),
}

_UNANSWERED: Mapping[str, Outcome] = {
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "rejected": Outcome.REFUSED,
    "unreachable": Outcome.POWER_OFF,
    "no_such_number": Outcome.WRONG_NUMBER,
    "number_changed": Outcome.WRONG_NUMBER,
}
_NO_TELLING = frozenset({"unknown", "normal", "time_out", "answered_elsewhere"})


def of_unanswered(cause: str | None, waited: timedelta, ring: int = RINGING_SECONDS) -> Outcome:
    """What a dialling nobody took came to, from the call's end cause.

    A cause that tells nothing is "no answer" when the telephone had its time, `ring` seconds, else a failure.
    """
    if cause is not None and cause in _UNANSWERED:
        return _UNANSWERED[cause]
    rang_out = waited >= timedelta(seconds=ring) - GRACE
    return Outcome.NO_ANSWER if rang_out and (cause is None or cause in _NO_TELLING) else Outcome.FAILED


def of_answered(*, complete: bool) -> Outcome:
    """What a conversation came to: broken off when it ended before everything had been asked and answered."""
    return Outcome.ANSWERED if complete else Outcome.BROKEN_OFF


def of_unserved(waited: timedelta, *, is_machine: bool) -> Outcome:
    """What a call came to that somebody took and nobody of ours spoke on, from how long it lasted."""
    if is_machine:
        return Outcome.MACHINE
    return Outcome.ABANDONED if waited > ABANDONED_AFTER else Outcome.BROKEN_OFF


def channel_of(attempt: object) -> str:
    """The channel id we choose for an attempt before anything is dialled."""
    return f"{PREFIX}{attempt}"
