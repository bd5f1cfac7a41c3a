"""How a ticket ends otherwise than by closing, what follows closing, and who may still correct it then.

Withdrawal (CL-6), grievances that are no complaint passed on and answered (R-1.3, F-24), archiving a whole file (B-3,
E-21), a lower closing overturned by the company above (R-3.25, B-4). Must never save or send.
"""

from __future__ import annotations

from collections.abc import Mapping

from tickets.categories import Category
from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Guard, Level, Standing, Step, Validity, refused


def overturns(standing: Standing, step: Step) -> bool:
    """Whether validity or causes would differ from what stands."""
    found: tuple[Category, ...] = tuple(cause.category for cause in step.causes)
    if step.validity is not standing.validity:
        return True
    return step.validity is Validity.VALID and set(found) != set(standing.causes)


def _a_complaint_is_withdrawn(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.is_complaint:
        return None
    return refused(standing, step, "只有投诉件可以撤诉", "only a complaint is withdrawn", "CL-6", "R-2.4")


def _withdrawal_is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip() and step.manner.strip():
        return None
    return refused(
        standing,
        step,
        "须记录客户以何种方式撤诉及其表示",
        "how the customer withdrew, and what they said, must be recorded",
        "R-4.7",
        "CL-6",
    )


def _withdrawal_came_meanwhile(standing: Standing, step: Step) -> MoveRefusedError | None:
    came, at, since = step.received_at, step.at, standing.received_at
    if came is None or at is None or since is None or since <= came <= at:
        return None
    return refused(
        standing,
        step,
        "撤诉时间须在受理之后、当前时间之前",
        "a withdrawal comes after the complaint and not in the future",
        "CL-6",
    )


def _is_no_complaint(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_complaint and not standing.is_finding:
        return None
    return refused(
        standing,
        step,
        "只有非投诉件转职能部门办理并答复",
        "only what is no complaint is passed on and answered so",
        "R-1.3",
        "F-24",
    )


def _destination_is_named(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.destination.strip():
        return None
    return refused(
        standing,
        step,
        "须写明转往的部门或机构",
        "say which department or organisation it is passed to",
        "R-1.3",
        "F-24",
    )


def _answer_is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip() and step.manner.strip():
        return None
    return refused(
        standing,
        step,
        "须记录答复内容和答复方式",
        "the answer and how it was given must be recorded",
        "F-24",
        "R-4.7",
    )


def _nobody_had_the_right(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Only what neither the customer nor anybody with the right to act for him complained of is declined (N-8)."""
    if not standing.entitled:
        return None
    return refused(
        standing,
        step,
        "只有非本人、无代理或委托手续的投诉可以不予办理",
        "only a complaint made by somebody without the right to make it is declined",
        "N-8",
        "N-6",
    )


def _declined_with_notice(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip() and step.evidence.strip() and step.manner.strip():
        return None
    return refused(
        standing,
        step,
        "不予办理须写明依据,并告知投诉提出人、记录告知内容和方式",
        "declining needs its evidence, and the notice given: what was said, and how",
        "N-8",
        "R-4.7",
    )


def _file_is_whole(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.lacking:
        return None
    return refused(
        standing,
        step,
        "案卷不全,不能归档:" + "、".join(words.zh for words in standing.lacking),
        "the file is not whole and cannot be archived: " + "; ".join(words.en for words in standing.lacking),
        "E-21",
        "E-20",
        lacking=[words.en for words in standing.lacking],
    )


def _lies_above(standing: Standing, step: Step) -> MoveRefusedError | None:
    """The province, or headquarters, corrects what a company below it closed (R-3.25)."""
    above = standing.accepting_path.startswith(step.path) and standing.accepting_path != step.path
    if step.level in (Level.PROVINCE, Level.HQ) and above:
        return None
    return refused(
        standing,
        step,
        "下级机构结案件由上级省公司(或总公司)改判",
        "the province, or headquarters, corrects what a company below it closed",
        "R-3.25",
        "B-4",
        accepting_organisation=standing.accepting_organisation,
    )


def _reason_is_given(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip():
        return None
    return refused(standing, step, "改判须说明理由", "overturning needs its reason", "R-3.25", "B-4")


def _something_is_overturned(standing: Standing, step: Step) -> MoveRefusedError | None:
    if overturns(standing, step):
        return None
    return refused(
        standing,
        step,
        "有效性和原因与原认定相同",
        "validity and causes are what was found already",
        "R-3.25",
    )


_A = Action

GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    _A.WITHDRAW: (_a_complaint_is_withdrawn, _withdrawal_is_written, _withdrawal_came_meanwhile),
    _A.PASS_ON: (_is_no_complaint, _destination_is_named),
    _A.ANSWER: (_is_no_complaint, _answer_is_written),
    _A.DECLINE: (_nobody_had_the_right, _declined_with_notice),
    _A.ARCHIVE: (_file_is_whole,),
    _A.OVERTURN: (_lies_above, _reason_is_given, _something_is_overturned),
}
