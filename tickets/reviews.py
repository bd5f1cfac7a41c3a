"""Reviews (核查) of a branch's decision by the organisation above, and cases returned for re-investigation.

A customer who disagrees asks in writing within thirty days of receiving the decision, and is told the outcome within
thirty days of asking (L-29), by people of the organisation above who did not handle the case (N-7). The ticket itself
stays as it is: closed is closed (B-2). Quality review of recordings (质检) is something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tickets.deadlines import Rulebook, may_ask_review, review_until
from tickets.errors import ReviewRefusedError, Words
from tickets.letters import Means
from tickets.lifecycle import ENDED, Status


class ReviewState(StrEnum):
    """Where a review stands."""

    ASKED = "asked"
    DECIDED = "decided"
    TOLD = "told"
    WITHDRAWN = "withdrawn"


class ReviewAction(StrEnum):
    """What the organisation above does with a review; withdrawing is the customer's."""

    TAKE = "take"
    DECIDE = "decide"
    TELL = "tell"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    """What a review comes to."""

    UPHELD = "upheld"
    CHANGED = "changed"
    RETURNED = "returned"


class SupervisionGround(StrEnum):
    """Why the company above supervises or audits a case again (R-3.14, R-3.20); `review`: by a review's outcome."""

    REPEAT = "repeat"
    ESCALATION = "escalation"
    FINDINGS_DIFFER = "findings_differ"
    REVIEW = "review"


class InvestigationState(StrEnum):
    """Where a case returned for re-investigation stands."""

    RETURNED = "returned"
    REPORTED = "reported"
    CONCLUDED = "concluded"


class InvestigationAction(StrEnum):
    """What the original organisation (report) and the one above (conclude, return again) do with it."""

    REPORT = "report"
    CONCLUDE = "conclude"
    RETURN_AGAIN = "return_again"


REVIEW_STATE_WORDS: Mapping[ReviewState, Words] = {
    ReviewState.ASKED: Words("核查中", "under review"),
    ReviewState.DECIDED: Words("已有核查结论", "decided"),
    ReviewState.TOLD: Words("已告知", "told"),
    ReviewState.WITHDRAWN: Words("已撤回", "withdrawn"),
}
REVIEW_ACTION_WORDS: Mapping[ReviewAction, Words] = {
    ReviewAction.TAKE: Words("承办", "take"),
    ReviewAction.DECIDE: Words("作出结论", "decide"),
    ReviewAction.TELL: Words("告知客户", "tell"),
    ReviewAction.WITHDRAW: Words("撤回", "withdraw"),
}
OUTCOME_WORDS: Mapping[Outcome, Words] = {
    Outcome.UPHELD: Words("维持原处理", "upheld"),
    Outcome.CHANGED: Words("变更处理", "changed"),
    Outcome.RETURNED: Words("退回重新调查", "returned for re-investigation"),
}
SUPERVISION_GROUND_WORDS: Mapping[SupervisionGround, Words] = {
    SupervisionGround.REPEAT: Words("重复投诉", "repeat complaint"),
    SupervisionGround.ESCALATION: Words("投诉升级", "escalation"),
    SupervisionGround.FINDINGS_DIFFER: Words("调查结果与投诉差异较大", "findings differ widely from the complaint"),
    SupervisionGround.REVIEW: Words("核查退回", "returned by a review"),
}
INVESTIGATION_STATE_WORDS: Mapping[InvestigationState, Words] = {
    InvestigationState.RETURNED: Words("重新调查中", "being investigated again"),
    InvestigationState.REPORTED: Words("已报结果", "reported"),
    InvestigationState.CONCLUDED: Words("已办结", "concluded"),
}
INVESTIGATION_ACTION_WORDS: Mapping[InvestigationAction, Words] = {
    InvestigationAction.REPORT: Words("上报结果", "report"),
    InvestigationAction.CONCLUDE: Words("办结", "conclude"),
    InvestigationAction.RETURN_AGAIN: Words("再次退回", "return again"),
}

_S, _A = ReviewState, ReviewAction

REVIEW_MOVES: Mapping[tuple[ReviewState, ReviewAction], ReviewState] = {
    (_S.ASKED, _A.TAKE): _S.ASKED,
    (_S.ASKED, _A.DECIDE): _S.DECIDED,
    (_S.DECIDED, _A.TELL): _S.TOLD,
    (_S.ASKED, _A.WITHDRAW): _S.WITHDRAWN,
}
INVESTIGATION_MOVES: Mapping[tuple[InvestigationState, InvestigationAction], InvestigationState] = {
    (InvestigationState.RETURNED, InvestigationAction.REPORT): InvestigationState.REPORTED,
    (InvestigationState.REPORTED, InvestigationAction.CONCLUDE): InvestigationState.CONCLUDED,
    (InvestigationState.REPORTED, InvestigationAction.RETURN_AGAIN): InvestigationState.RETURNED,
}
NOT_HANDLING = frozenset({"opened", "call_linked"})
"""Acts in a ticket's history that do not make somebody one who handled it (N-7); nor do those on reviews."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A request for review as it came; the organisations by their paths."""

    status: Status
    decided_path: str
    reviewing_path: str
    informed_at: datetime | None
    received_at: datetime
    asked_at: datetime
    in_writing: bool
    late_reason: str = ""


def check_request(asking: Asking, book: Rulebook, now: datetime) -> bool:
    """Whether the request came late; raises ReviewRefusedError where it is not taken (L-29).

    A late one is taken only with a reason.
    """
    if asking.informed_at is None or asking.status not in {Status.INFORMED, *ENDED}:
        raise ReviewRefusedError(
            Words("处理决定尚未告知,不能申请核查", "the decision was not told yet: there is nothing to review"),
            rules=("L-29",),
            status=asking.status.value,
        )
    if not asking.in_writing:
        raise ReviewRefusedError(Words("核查须书面申请", "a review is asked for in writing"), rules=("L-29",))
    above = asking.decided_path.startswith(asking.reviewing_path) and asking.decided_path != asking.reviewing_path
    if not above:
        raise ReviewRefusedError(
            Words(
                "核查由作出处理决定的机构的上级机构办理;总公司的决定没有上级",
                "a branch's decision is reviewed by an organisation above it; headquarters has none above",
            ),
            rules=("L-29",),
        )
    if not asking.informed_at <= asking.received_at <= asking.asked_at <= now:
        raise ReviewRefusedError(
            Words(
                "收到决定的时间须在告知之后、申请之前,申请时间不能晚于当前时间",
                "the decision was received after it was told and before the request, which is not in the future",
            ),
            rules=("L-29", "CL-8"),
        )
    late = not may_ask_review(asking.received_at, asking.asked_at, book)
    if late and not asking.late_reason.strip():
        until = review_until(asking.received_at, book).due
        raise ReviewRefusedError(
            Words(
                f"核查申请须在收到处理决定之日起30日内({until.isoformat()}前)提出;逾期受理须说明理由",
                f"a review is asked for within 30 days of receiving the decision, until {until.isoformat()}; "
                "a late request is taken only with a reason",
            ),
            rules=("L-29", "CL-2"),
            until=until.isoformat(),
        )
    return late


def after(state: ReviewState, action: ReviewAction) -> ReviewState:
    """The state after the action. Raises ReviewRefusedError."""
    found = REVIEW_MOVES.get((state, action))
    if found is None:
        was, act = REVIEW_STATE_WORDS[state], REVIEW_ACTION_WORDS[action]
        raise ReviewRefusedError(
            Words(f"核查{was.zh},不能{act.zh}", f"a review that is {was.en} refuses: {act.en}"),
            rules=("L-29",),
            state=state.value,
            action=action.value,
        )
    return found


def check_reviewer(organisation: str, own: str | None, actor: str, handled_by: frozenset[str]) -> None:
    """Only people of the reviewing organisation who did not handle the case review it (N-7, L-29)."""
    if own != organisation:
        raise ReviewRefusedError(
            Words("核查由受理核查的上级机构人员办理", "a review is for people of the organisation that was asked"),
            rules=("L-29", "N-7"),
            organisation=organisation,
        )
    if actor in handled_by:
        raise ReviewRefusedError(
            Words("经办过该投诉的人员须回避核查", "who handled the complaint does not review it"), rules=("N-7", "L-29")
        )


def check_decision(outcome: Outcome | None, opinion: str) -> Outcome:
    """A review is decided with an outcome and its reasons. Raises ReviewRefusedError."""
    if outcome is None or not opinion.strip():
        raise ReviewRefusedError(
            Words("核查须有结论和理由", "a review needs its outcome and the reasons"), rules=("L-29", "R-4.7")
        )
    return outcome


def check_told(decided_at: datetime, means: Means | None, told_at: datetime, proof: str, now: datetime) -> Means:
    """How the customer was told the outcome: after the decision, not in the future, with proof (CL-8)."""
    if means is None or not proof.strip():
        raise ReviewRefusedError(
            Words("须记录告知核查结论的方式和证明", "how the outcome was told, and the proof, must be recorded"),
            rules=("L-29", "CL-8"),
        )
    if not decided_at <= told_at <= now:
        raise ReviewRefusedError(
            Words("告知时间须在结论之后、当前时间之前", "the outcome is told after it was decided, not in the future"),
            rules=("L-29", "CL-8"),
        )
    return means


def check_return(upper: str, lower: str, guidance: str) -> None:
    """A case goes back to an organisation below, with a guiding opinion on the doubts (R-3.20); paths."""
    if not lower.startswith(upper) or lower == upper:
        raise ReviewRefusedError(
            Words("案件退回下级机构重新调查", "a case is returned to an organisation below"), rules=("R-3.20",)
        )
    if not guidance.strip():
        raise ReviewRefusedError(
            Words("退回重新调查须就疑点提出指导意见", "a case is returned with a guiding opinion on the doubts"),
            rules=("R-3.20",),
        )


def after_investigation(state: InvestigationState, action: InvestigationAction, said: str) -> InvestigationState:
    """The state after the action, which is always said in words. Raises ReviewRefusedError."""
    found = INVESTIGATION_MOVES.get((state, action))
    if found is None:
        was, act = INVESTIGATION_STATE_WORDS[state], INVESTIGATION_ACTION_WORDS[action]
        raise ReviewRefusedError(
            Words(f"{was.zh}的案件不能{act.zh}", f"a case that is {was.en} refuses: {act.en}"),
            rules=("R-3.20",),
            state=state.value,
            action=action.value,
        )
    if not said.strip():
        raise ReviewRefusedError(
            Words("须写明调查结果或意见", "the result or the opinion must be written down"), rules=("R-3.20", "R-4.7")
        )
    return found
