"""What was heard on a callback judged again: a finding is a complaint, a complaint a finding (F-13, R-2.2).

Two ways lead here. The customer says later, clearly, that they complain: that is a contact of its own, so a complaint
of its own is opened (R-1.4, D-11), and the finding ends in it. Or quality assurance hears the recording again and finds
that the callback agent misjudged it: then the ticket itself changes, from the receipt on. What would take a complaint
out of the figures nobody does alone. Must never save.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tickets.errors import ReclassificationRefusedError, Words
from tickets.findings import Heard, Verdict, classify
from tickets.intake import ComplainantType, Nature, Source
from tickets.lifecycle import ENDED, Ending, Level, Status


class ReclassificationGround(StrEnum):
    """What it rests on."""

    LATER_WORD = "later_word"
    QUALITY = "quality"


class ReclassificationState(StrEnum):
    """How far it is."""

    PROPOSED = "proposed"
    EFFECTED = "effected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ReclassificationAction(StrEnum):
    """The second person confirms or refuses, who proposed withdraws."""

    CONFIRM = "confirm"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Manner(StrEnum):
    """How it takes effect: on the ticket itself, on one that ended as the other, or by a complaint of its own."""

    IN_PLACE = "in_place"
    RESTORED = "restored"
    NEW_ORDER = "new_order"


GROUND_WORDS: Mapping[ReclassificationGround, Words] = {
    ReclassificationGround.LATER_WORD: Words("客户其后明确投诉", "the customer complained later"),
    ReclassificationGround.QUALITY: Words("质检重听录音", "quality assurance heard the recording again"),
}
STATE_WORDS: Mapping[ReclassificationState, Words] = {
    ReclassificationState.PROPOSED: Words("待确认", "waits for confirmation"),
    ReclassificationState.EFFECTED: Words("已生效", "in effect"),
    ReclassificationState.REFUSED: Words("不同意", "refused"),
    ReclassificationState.WITHDRAWN: Words("已撤回", "withdrawn"),
}
ACTION_WORDS: Mapping[ReclassificationAction, Words] = {
    ReclassificationAction.CONFIRM: Words("确认", "confirm"),
    ReclassificationAction.REFUSE: Words("不同意", "refuse"),
    ReclassificationAction.WITHDRAW: Words("撤回", "withdraw"),
}
MANNER_WORDS: Mapping[Manner, Words] = {
    Manner.IN_PLACE: Words("原单改判", "on the ticket itself"),
    Manner.RESTORED: Words("恢复原判", "as it was before"),
    Manner.NEW_ORDER: Words("另立投诉服务单", "by a complaint of its own"),
}
_AFTER: Mapping[ReclassificationAction, ReclassificationState] = {
    ReclassificationAction.CONFIRM: ReclassificationState.EFFECTED,
    ReclassificationAction.REFUSE: ReclassificationState.REFUSED,
    ReclassificationAction.WITHDRAW: ReclassificationState.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Classified:
    """The ticket as far as judging it again goes.

    `opened_by`: who judged it first; `authorised`: a representative's authorisation is on it; `ended_as_complaint`: it
    is a finding now and was a complaint when it ended.
    """

    nature: Nature
    source: Source
    status: Status
    opened_by: str
    ended_as: Ending | None = None
    complainant: ComplainantType = ComplainantType.UNKNOWN
    authorised: bool = False
    ended_as_complaint: bool = False
    followed: bool = False
    """A complaint of its own was opened from it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The place in the recording: seconds from the customer's answer, and how long the conversation was if it is over.

    `hangs_on_ticket`: the call is one of the ticket's.
    """

    second: Decimal
    hangs_on_ticket: bool
    lasted: Decimal | None = None


def later_word(now: Classified, heard: Heard, reason: str) -> Verdict:
    """The customer complains later of what was a finding; the verdict on the complaint to be opened.

    Raises ReclassificationRefusedError: no finding, one that ended (its matter's next complaint is opened by itself,
    B-2, F-63), no clear word, or nobody who may complain.
    """
    _said(reason)
    if now.nature is not Nature.CALLBACK_FINDING:
        raise _refused("只有回访问题件可因客户其后投诉转为投诉", "only a finding turns into a complaint so", "F-63")
    if now.status in ENDED:
        raise _refused(
            "问题件已结案,请就同一事件另行受理投诉(注明 same_matter_as)",
            "the finding has ended: open a complaint of the same matter (same_matter_as)",
            "B-2",
            "F-63",
        )
    verdict = classify(heard)
    if not verdict.counts:
        raise _refused(
            "须有客户本人或受托人的明确投诉意向",
            "it takes a clear word of the customer, or of somebody they authorised",
            *dict.fromkeys(reason.rule for reason in verdict.reasons[:1]),
        )
    return verdict


def judged_again(now: Classified, heard: Heard, reason: str, evidence: Evidence | None, actor: str) -> Verdict:
    """What quality assurance found in the recording; the verdict, of the other nature than the ticket's.

    Raises ReclassificationRefusedError.
    """
    _said(reason)
    if now.source is not Source.CALLBACK:
        raise _refused("只有回访中开立的服务单可改判", "only what was opened on a callback is judged again", "F-13")
    if actor == now.opened_by:
        raise _refused("不得改判本人的判定", "nobody judges again what they judged themselves", "F-13")
    if evidence is None or not evidence.hangs_on_ticket:
        raise _refused("须指明本单录音中的位置(秒)", "name the second in a recording of this ticket", "F-13")
    if evidence.lasted is not None and evidence.second > evidence.lasted:
        raise _refused("所指位置超出录音长度", "the recording is not that long", "F-13")
    if now.ended_as in (Ending.WITHDRAWN, Ending.TURNED):
        raise _refused(
            "已撤诉或已转为投诉的服务单不再改判", "what was withdrawn or turned into a complaint stays", "CL-6", "B-2"
        )
    if now.followed:
        raise _refused("本单已另立投诉服务单", "a complaint of its own was opened from it already", "B-2", "T-2")
    verdict = classify(heard)
    if verdict.nature is now.nature:
        raise _refused("判定与原判定相同", "that is what it was judged already", "F-13")
    if verdict.counts and not now.complainant.is_consumer:
        raise _refused("销售人员和公众不能作为投诉客户", "a sales agent or the public is no customer", "T-2", "F-37")
    return verdict


def manner(now: Classified, ground: ReclassificationGround, to: Nature) -> Manner:
    """How it takes effect: what has ended is not opened again (B-2), except to restore what it ended as."""
    if ground is ReclassificationGround.LATER_WORD:
        return Manner.NEW_ORDER
    if to is Nature.COMPLAINT and now.status in ENDED:
        return Manner.RESTORED if now.ended_as_complaint else Manner.NEW_ORDER
    return Manner.IN_PLACE


def needs_second(to: Nature) -> bool:
    """Whether it takes a second person: what leaves the complaint figures does (F-13, R-2.5)."""
    return to is Nature.CALLBACK_FINDING


def after(
    state: ReclassificationState, action: ReclassificationAction, proposer: str, actor: str, remark: str
) -> ReclassificationState:
    """The state after the answer: another person's, or the proposer's own withdrawal."""
    if state is not ReclassificationState.PROPOSED:
        raise _refused("该改判已处理", "it was answered already", "F-13")
    if (proposer == actor) is not (action is ReclassificationAction.WITHDRAW):
        raise _refused(
            "改判须由提出人以外的人员确认,由提出人撤回",
            "a second person confirms or refuses; who proposed withdraws",
            "F-13",
        )
    if action is ReclassificationAction.REFUSE and not remark.strip():
        raise _refused("不同意须说明理由", "refusing needs the reason", "F-13", "R-4.7")
    return _AFTER[action]


def check_confirmer(now: Classified, level: Level, path: str, accepting_path: str) -> None:
    """What has ended as a complaint leaves the figures only by the word of the province or headquarters (R-3.25)."""
    if now.status not in ENDED:
        return
    if level in (Level.PROVINCE, Level.HQ) and accepting_path.startswith(path):
        return
    raise _refused(
        "已结案的投诉改判为问题件,须由上级省公司或总公司确认",
        "an ended complaint is made a finding by the province or headquarters only",
        "R-3.25",
        "B-4",
    )


def complainant_of(heard: Heard, now: Classified) -> ComplainantType:
    """Who complains, when a finding becomes a complaint; raises where an authorisation is missing (R-1.1)."""
    if not heard.is_authorised:
        stated = now.complainant not in (ComplainantType.UNKNOWN, ComplainantType.REPRESENTATIVE)
        return now.complainant if stated else ComplainantType.CUSTOMER
    if not now.authorised:
        raise _refused("受托人投诉须有授权", "a representative's complaint needs the authorisation", "R-1.1")
    return ComplainantType.REPRESENTATIVE


def _said(reason: str) -> None:
    if not reason.strip():
        raise _refused("须说明理由", "the reason must be said", "F-13", "R-4.7")


def _refused(zh: str, en: str, *rules: str) -> ReclassificationRefusedError:
    return ReclassificationRefusedError(Words(zh, en), rules=rules)
