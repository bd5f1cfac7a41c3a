"""The table of limits (domain b.4): what each step may take, in which unit, and who says so. Data, no arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tickets.errors import Words


class Kind(StrEnum):
    """What is due. Each is a clock of a ticket, which may run in several cycles."""

    REGISTER = "register"
    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    DECIDE_INFORM = "decide_inform"
    REPORT_UP = "report_up"
    MEET = "meet"
    LEGAL_REVIEW = "legal_review"
    INFORM = "inform"
    CLOSE = "close"
    ARCHIVE = "archive"
    PROGRESS_CUSTOMER = "progress_customer"
    PROGRESS_CS = "progress_cs"
    ANSWER_OR_PROGRESS = "answer_or_progress"
    REVIEW = "review"


KIND_WORDS: Mapping[Kind, Words] = {
    Kind.REGISTER: Words("登记", "register"),
    Kind.ACKNOWLEDGE: Words("受理确认", "acknowledge"),
    Kind.HAND_OVER: Words("转二线", "hand over"),
    Kind.DISPATCH: Words("派发", "dispatch"),
    Kind.ACCEPT: Words("部门接收或退回", "department accepts or returns"),
    Kind.DECIDE_INFORM: Words("决定并告知", "decide and inform"),
    Kind.REPORT_UP: Words("重大投诉上报", "report to the upper company"),
    Kind.MEET: Words("委员会临时会议", "committee meets"),
    Kind.LEGAL_REVIEW: Words("法律顾问审核", "legal review"),
    Kind.INFORM: Words("告知处理意见", "inform of the decision"),
    Kind.CLOSE: Words("结案", "close"),
    Kind.ARCHIVE: Words("归档", "archive"),
    Kind.PROGRESS_CUSTOMER: Words("向客户反馈进展", "progress to the customer"),
    Kind.PROGRESS_CS: Words("协调员反馈进展", "coordinator's progress report"),
    Kind.ANSWER_OR_PROGRESS: Words("答复或反馈进展", "answer, or tell the progress"),
    Kind.REVIEW: Words("核查", "review"),
}


class Unit(StrEnum):
    """How a limit counts."""

    SAME_DAY = "same_day"
    SERVICE_HOURS = "SH"
    WORKDAYS = "WD"
    NATURAL_DAYS = "ND"
    TIMES = "times"


UNIT_WORDS: Mapping[Unit, Words] = {
    Unit.SAME_DAY: Words("当日", "the same day"),
    Unit.SERVICE_HOURS: Words("个服务小时", "service hours"),
    Unit.WORKDAYS: Words("个工作日", "working days"),
    Unit.NATURAL_DAYS: Words("个自然日", "natural days"),
    Unit.TIMES: Words("次", "times"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table with where it comes from; `kind` is None where no clock of a ticket runs by it.

    A row of the domain that states two numbers is two limits: the second has a letter behind its id.
    """

    id: str
    kind: Kind | None
    unit: Unit
    amount: int
    source: str


def _table(*limits: Limit) -> Mapping[str, Limit]:
    return {limit.id: limit for limit in limits}


LIMITS: Mapping[str, Limit] = _table(
    Limit("L-1", Kind.REGISTER, Unit.SAME_DAY, 0, "SEED R-1.4, R-4.2, R-4.6"),
    Limit("L-2", Kind.ACKNOWLEDGE, Unit.SAME_DAY, 0, "SEED R-4.2"),
    Limit("L-3", Kind.ACKNOWLEDGE, Unit.SAME_DAY, 0, "SEED R-4.3"),
    Limit("L-4", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "SEED R-4.4"),
    Limit("L-5", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "DEFAULT, R-4.6"),
    Limit("L-6", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "SEED R-4.6"),
    Limit("L-7", Kind.HAND_OVER, Unit.SAME_DAY, 0, "SEED R-4.17"),
    Limit("L-8", Kind.DISPATCH, Unit.WORKDAYS, 1, "DEFAULT"),
    Limit("L-9", Kind.ACCEPT, Unit.WORKDAYS, 1, "DEFAULT"),
    Limit("L-9b", None, Unit.TIMES, 2, "DEFAULT, F-21"),
    Limit("L-10", Kind.DECIDE_INFORM, Unit.SAME_DAY, 0, "SEED R-4.16"),
    Limit("L-11", Kind.DECIDE_INFORM, Unit.WORKDAYS, 5, "DEFAULT"),
    Limit("L-12", Kind.DECIDE_INFORM, Unit.WORKDAYS, 10, "DEFAULT, S3 art. 29"),
    Limit("L-13", Kind.DECIDE_INFORM, Unit.WORKDAYS, 10, "DEFAULT, S3 art. 29"),
    Limit("L-14", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 15, "LAW S2 art. 18"),
    Limit("L-15", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 30, "LAW S2 art. 18"),
    Limit("L-16", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 60, "LAW S2 art. 18"),
    Limit("L-17", Kind.ANSWER_OR_PROGRESS, Unit.WORKDAYS, 10, "LAW S3 art. 29"),
    Limit("L-18", Kind.PROGRESS_CUSTOMER, Unit.WORKDAYS, 7, "SEED R-4.8"),
    Limit("L-19", Kind.PROGRESS_CS, Unit.WORKDAYS, 7, "SEED R-3.46"),
    Limit("L-20", Kind.PROGRESS_CUSTOMER, Unit.WORKDAYS, 3, "DEFAULT, off unless switched on"),
    Limit("L-21", Kind.REPORT_UP, Unit.SAME_DAY, 0, "DEFAULT, R-3.17"),
    Limit("L-21b", Kind.REPORT_UP, Unit.SERVICE_HOURS, 2, "DEFAULT, R-3.17"),
    Limit("L-22", Kind.MEET, Unit.WORKDAYS, 3, "DEFAULT"),
    Limit("L-23", Kind.LEGAL_REVIEW, Unit.WORKDAYS, 2, "DEFAULT"),
    Limit("L-24", Kind.INFORM, Unit.SAME_DAY, 0, "SEED R-4.27"),
    Limit("L-24b", Kind.INFORM, Unit.WORKDAYS, 1, "DEFAULT"),
    Limit("L-25", Kind.CLOSE, Unit.WORKDAYS, 3, "DEFAULT"),
    Limit("L-26", Kind.ARCHIVE, Unit.WORKDAYS, 5, "DEFAULT"),
    Limit("L-27", None, Unit.WORKDAYS, 1, "DEFAULT, R-4.21"),
    Limit("L-27b", None, Unit.WORKDAYS, 2, "DEFAULT, R-4.21"),
    Limit("L-28", None, Unit.WORKDAYS, 1, "DEFAULT, R-4.21"),
    Limit("L-28b", None, Unit.WORKDAYS, 2, "DEFAULT, R-4.21"),
    Limit("L-28c", None, Unit.WORKDAYS, 5, "DEFAULT, R-3.9"),
    Limit("L-29", None, Unit.NATURAL_DAYS, 30, "LAW S2 art. 20"),
    Limit("L-29b", Kind.REVIEW, Unit.NATURAL_DAYS, 30, "LAW S2 art. 20"),
    Limit("L-30", None, Unit.WORKDAYS, 7, "LAW S2 art. 33, for information"),
    Limit("L-31", Kind.DECIDE_INFORM, Unit.WORKDAYS, 15, "LAW S3 art. 18"),
    Limit("L-32", Kind.DECIDE_INFORM, Unit.WORKDAYS, 5, "DEFAULT"),
    Limit("L-33", None, Unit.WORKDAYS, 7, "SEED R-3.35"),
    Limit("L-34", None, Unit.NATURAL_DAYS, 10, "LOCAL S20, S2 art. 36"),
    Limit("D-1", None, Unit.TIMES, 2, "DEFAULT, F-2"),
)
"""L-9b: returns after which the supervisor names the owner. L-21b: beside the same day. L-24b: at the latest.
L-27, L-27b: first reminder, general and otherwise. L-28, b, c: every so many working days overdue, the superior,
the published notice. L-29: the customer asks, L-29b: the review is decided and told. D-1: the most pieces of a
matter (escalation_cap)."""
