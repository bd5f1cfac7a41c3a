"""The five stages of the measures (R-4.1), and the two checkpoints of the first: recorded, and confirmed (F-31, F-32).

A stage is read off a ticket's status and its checkpoints; it is never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets.errors import Words
from tickets.lifecycle import Status


class CaseStage(StrEnum):
    """The stages in their order."""

    RECORD_AND_CONFIRM = "record_and_confirm"
    FOLLOW_UP = "follow_up"
    HANDLING = "handling"
    FEEDBACK = "feedback"
    CLOSING = "closing"


CASE_STAGE_WORDS: Mapping[CaseStage, Words] = {
    CaseStage.RECORD_AND_CONFIRM: Words("记录与确认", "record and confirm"),
    CaseStage.FOLLOW_UP: Words("跟进", "follow-up"),
    CaseStage.HANDLING: Words("处理", "handling"),
    CaseStage.FEEDBACK: Words("反馈", "feedback"),
    CaseStage.CLOSING: Words("结案", "closing"),
}

_LATER: Mapping[Status, CaseStage] = {
    Status.DISPATCHED: CaseStage.HANDLING,
    Status.HANDLED: CaseStage.FEEDBACK,
    Status.INFORMED: CaseStage.CLOSING,
    Status.CLOSED: CaseStage.CLOSING,
    Status.ARCHIVED: CaseStage.CLOSING,
}


def stage(status: Status, *, recorded: bool, confirmed: bool) -> CaseStage:
    """The stage of a ticket. `recorded`: the detailed order is there; `confirmed`: with the customer, in the order.

    Both are one stage, whichever comes first; a case may be dispatched before it is confirmed.
    """
    if status is not Status.RECORDED:
        return _LATER[status]
    return CaseStage.FOLLOW_UP if recorded and confirmed else CaseStage.RECORD_AND_CONFIRM
