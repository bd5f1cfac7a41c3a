"""Telling the customer the decision, and who else hears of it at the same time (R-4.27 … R-4.30, CL-8, F-19).

The moment the customer was told counts, not the moment it was written down; an earlier one needs its proof. Who does
not accept is explained to, and told where a review can be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets.errors import FeedbackRefusedError, MoveRefusedError, Words
from tickets.lifecycle import Action, Guard, Standing, Step, refused


class Audience(StrEnum):
    """Who is fed back to beside the customer (R-4.28)."""

    DEPARTMENT = "department"
    COMMITTEE = "committee"
    UPPER_COMPANY = "upper_company"


AUDIENCE_WORDS: Mapping[Audience, Words] = {
    Audience.DEPARTMENT: Words("协调部门", "the coordinating department"),
    Audience.COMMITTEE: Words("委员会", "the committee"),
    Audience.UPPER_COMPANY: Words("上级公司", "the upper company"),
}


def check_formality(accepted: bool | None) -> None:
    """Formalities follow what the customer accepted (R-4.29). Raises FeedbackRefusedError."""
    if not accepted:
        raise FeedbackRefusedError(
            Words("客户接受处理意见后才办理后续手续", "formalities follow once the customer has accepted"),
            rules=("R-4.29",),
        )


def check_unfinished(done: bool) -> None:
    """Raises FeedbackRefusedError for a formality that was completed already."""
    if done:
        raise FeedbackRefusedError(Words("该手续已办结", "this formality was completed already"), rules=("R-4.29",))


def _moment_is_possible(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.told_at is None or step.at is None:
        return None
    if standing.handled_at is not None and standing.handled_at <= step.told_at <= step.at:
        return None
    return refused(
        standing,
        step,
        "告知时间须在处理决定之后、当前时间之前",
        "the customer is told after the decision, and not in the future",
        "CL-8",
        "R-4.27",
    )


def _earlier_moment_is_proved(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.told_at is None or step.at is None or step.told_at == step.at or step.proof.strip():
        return None
    return refused(
        standing,
        step,
        "补记较早的告知时间须留存证明",
        "an earlier moment of telling needs the proof",
        "CL-8",
        "R-4.7",
    )


def _review_route_is_told(standing: Standing, step: Step) -> MoveRefusedError | None:
    told = step.review_route_told or standing.letter_sent_at is not None
    if step.accepted is not False or not standing.is_complaint or told:
        return None
    return refused(
        standing,
        step,
        "客户不接受的,须告知可向上级机构申请核查",
        "who does not accept is told that the organisation above can be asked for a review",
        "F-19",
        "L-29",
    )


def _basis_is_told(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Who does not accept must be able to read in which terms and which law the decision rests (R-1.7, N-9)."""
    written = standing.has_basis or step.basis.strip() or standing.letter_sent_at is not None
    if step.accepted is not False or not standing.is_complaint or written:
        return None
    return refused(
        standing,
        step,
        "客户不接受的,须写明处理所依据的条款和法规",
        "who does not accept is told the policy terms and the law the decision rests on",
        "R-1.7",
        "N-9",
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.INFORM: (_moment_is_possible, _earlier_moment_is_proved, _review_route_is_told, _basis_is_told)
}
