"""What befell the handling limit of a ticket since its receipt: extensions, agreements, pauses, new material.

Values and the conditions under which each of them may be recorded (L-15, L-16, CL-4, CL-5, CL-7, F-52); what they do
to a deadline is reckoned in tickets/deadlines.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tickets.calendar import shanghai_day
from tickets.errors import LimitRefusedError, Words


class PauseGround(StrEnum):
    """Why the clock of the decision stands still (CL-4)."""

    APPRAISAL = "appraisal"
    MEDIATION = "mediation"


GROUND_WORDS: Mapping[PauseGround, Words] = {
    PauseGround.APPRAISAL: Words("外部鉴定、检测、评估", "outside appraisal, testing or assessment"),
    PauseGround.MEDIATION: Words("双方申请调解", "mediation both sides applied for"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Days that do not count: those after `since`, up to and including `until`; without it, all that follow (CL-4)."""

    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the day does not count."""
        return self.since < day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension of the statutory ceiling: L-15, or L-16 once it was approved above and the customer told of it.

    `recorded_at`: when it was whole, a second one with its approval and the note that the customer was told. It counts
    only with a reason and if recorded no later than the ceiling it extends (F-52).
    """

    limit: str
    recorded_at: datetime
    reason: str
    approved_by: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A limit agreed with the complainant, which replaces the statutory one (CL-7): `until` is its last day."""

    until: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still: during an appraisal from when the customer was told, during mediation both applied for.

    It counts from the day it is written into the order (R-4.7). The day it begins on is counted, the day it ends on is
    not (CL-1, CL-4).
    """

    ground: PauseGround
    started_at: datetime
    recorded_at: datetime
    told_at: datetime | None = None
    both_applied: bool = False
    ended_at: datetime | None = None

    @property
    def gap(self) -> Gap | None:
        """The days it takes out of the count; None when it takes none."""
        moments = [self.started_at, self.recorded_at]
        if self.ground is PauseGround.APPRAISAL:
            if self.told_at is None:
                return None
            moments.append(self.told_at)
        elif not self.both_applied:
            return None
        since = shanghai_day(max(moments))
        until = shanghai_day(self.ended_at) if self.ended_at else None
        return None if until is not None and until <= since else Gap(since, until)


@dataclass(frozen=True, slots=True)
class Material:
    """Further material on an open complaint; with new facts and reasons the limits start anew (CL-5, F-53)."""

    received_at: datetime
    facts: str
    reasons: str

    @property
    def restarts(self) -> bool:
        """Whether it brings both."""
        return bool(self.facts.strip() and self.reasons.strip())


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that befell one ticket's limit."""

    extensions: tuple[Extension, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    pauses: tuple[Pause, ...] = ()
    materials: tuple[Material, ...] = ()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The days that do not count, oldest first."""
        found = (pause.gap for pause in self.pauses)
        return tuple(sorted((gap for gap in found if gap is not None), key=lambda gap: gap.since))

    def start(self, received: date) -> date:
        """The day both limits run from: the receipt, or that of the latest new material (F-53)."""
        return max([received, *(shanghai_day(each.received_at) for each in self.materials if each.restarts)])

    def events(self) -> Iterator[Extension | Agreement | Material]:
        """What changes the ceiling, in the order it happened."""
        moments: list[tuple[datetime, Extension | Agreement | Material]] = [
            *((each.recorded_at, each) for each in self.extensions),
            *((each.recorded_at, each) for each in self.agreements),
            *((each.received_at, each) for each in self.materials if each.restarts),
        ]
        return (event for _, event in sorted(moments, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """What must be known of a ticket before its limit is changed.

    `ceiling`: id of the statutory limit in force; `accepting_path`: of the organisation that accepted it.
    """

    is_complaint: bool
    merged: bool
    answered: bool
    ceiling: str
    accepting_path: str
    received_at: datetime
    paused: bool = False


def _refuse(zh: str, en: str, *rules: str) -> LimitRefusedError:
    return LimitRefusedError(Words(zh, en), rules=rules)


def check_open(standing: LimitStanding) -> None:
    """Only a complaint with a clock of its own that still runs has a statutory limit to change."""
    if not standing.is_complaint:
        raise _refuse("只有投诉件适用法定处理期限", "only a complaint has a statutory limit", "L-14", "R-2.5")
    if standing.merged:
        raise _refuse("合并件没有自己的期限", "a merged order has no clock of its own", "D-4")
    if standing.answered:
        raise _refuse("已告知客户的服务单期限不再变更", "the customer was answered: the limit has ended", "CL-3")


def check_extension(standing: LimitStanding, limit: str, reason: str) -> None:
    """What may be proposed: with a reason, the second after the first (L-15, L-16, F-52)."""
    check_open(standing)
    if not reason.strip():
        raise _refuse("延期须说明理由", "an extension needs a reason", limit, "F-52")
    if limit == "L-15" and standing.ceiling != "L-14":
        raise _refuse("已延期或已另行约定期限", "extended, or agreed otherwise, already", "L-15", "CL-7")
    if limit == "L-16" and standing.ceiling != "L-15":
        raise _refuse("须先有第一次延期", "a second extension follows a first one that counts", "L-16", "F-52")


def check_approval(
    standing: LimitStanding, proposed_by: str, approver: str, approver_path: str | None, *, root: bool
) -> None:
    """Who may approve: the upper organisation or an executive of headquarters, never who proposed it (L-16).

    `root`: the approver sits at headquarters; `approver_path` None is a part of the system, which approves nothing.
    """
    check_open(standing)
    if approver == proposed_by:
        raise _refuse("提出人不得批准自己的延期", "who proposed an extension does not approve it", "L-16")
    above = approver_path is not None and (
        root or (standing.accepting_path.startswith(approver_path) and standing.accepting_path != approver_path)
    )
    if not above:
        raise _refuse(
            "再次延期须由上级机构或总公司负责人批准",
            "a second extension is approved by the upper organisation or an executive of headquarters",
            "L-16",
        )


def check_waiting(
    approved_at: datetime | None, refused_at: datetime | None, told_at: datetime | None, *, approved: bool
) -> None:
    """A second extension is approved or refused once, and the customer told of it once (L-16)."""
    if refused_at is not None:
        raise _refuse("延期未获批准", "the extension was refused", "L-16")
    if told_at is not None:
        raise _refuse("已告知客户", "the customer was told already", "L-16")
    if not approved and approved_at is not None:
        raise _refuse("延期已获批准", "the extension was approved already", "L-16")


def check_told(approved_at: datetime | None, told_at: datetime, manner: str, at: datetime) -> None:
    """That the customer was told of an approved extension: how, and when (L-16, CL-8)."""
    if approved_at is None:
        raise _refuse("延期尚未批准,不能告知客户", "the extension is not approved yet", "L-16")
    if not manner.strip():
        raise _refuse("须记录以何种方式告知客户", "how the customer was told must be recorded", "L-16", "CL-8")
    if not approved_at <= told_at <= at:
        raise _refuse(
            "告知时间须在批准之后、现在之前", "told after the approval, and not in the future", "L-16", "CL-8"
        )


def check_agreement(standing: LimitStanding, until: date, record: str, at: datetime) -> None:
    """What was agreed must lie ahead and be on record (CL-7)."""
    check_open(standing)
    if not record.strip():
        raise _refuse("须留存与投诉人约定期限的记录", "the agreement must be on record", "CL-7")
    if until < shanghai_day(at):
        raise _refuse("约定的期限不能早于今天", "an agreed limit lies ahead", "CL-7")


def check_pause(standing: LimitStanding, pause: Pause, at: datetime) -> None:
    """What stops the clock: an appraisal the customer was told of, a mediation both applied for (CL-4)."""
    check_open(standing)
    if standing.paused:
        raise _refuse("期限已中止", "the clock stands still already", "CL-4")
    if pause.ground is PauseGround.APPRAISAL and pause.told_at is None:
        raise _refuse("鉴定、检测、评估须已告知客户", "an appraisal stops the clock once the customer was told", "CL-4")
    if pause.ground is PauseGround.MEDIATION and not pause.both_applied:
        raise _refuse("调解须由双方申请", "a mediation stops the clock when both sides applied for it", "CL-4")
    if not standing.received_at <= pause.started_at <= at or (pause.told_at is not None and pause.told_at > at):
        raise _refuse("时间须在受理之后、现在之前", "after the receipt, and not in the future", "CL-4")


def check_end(pause: Pause, ended_at: datetime, at: datetime) -> None:
    """A pause ends once, after it began (CL-4)."""
    if pause.ended_at is not None:
        raise _refuse("中止已结束", "the pause has ended already", "CL-4")
    if not pause.started_at <= ended_at <= at:
        raise _refuse("结束时间须在开始之后、现在之前", "after it began, and not in the future", "CL-4")


def check_material(standing: LimitStanding, material: Material, at: datetime) -> None:
    """Material comes while the complaint is open (CL-5)."""
    check_open(standing)
    if not standing.received_at <= material.received_at <= at:
        raise _refuse("时间须在受理之后、现在之前", "after the receipt, and not in the future", "CL-5")
