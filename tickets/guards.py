"""The conditions on moves of a ticket: who may, with what, after what (R-3.23 … R-4.33). Each refusal names its rule.

The committee's are in tickets/committee.py, those of written answers in tickets/letters.py, of other endings in
tickets/endings.py, of progress and complex cases in tickets/progress.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tickets import (
    acknowledgement,
    authority,
    committee,
    consultations,
    endings,
    feedback,
    followup,
    letters,
    lifecycle,
    linked,
    progress,
    proofs,
    recusal,
    signatures,
    slips,
)
from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Guard, Level, Standing, Status, Step, Validity, refused

_A = Action


def _note_is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip():
        return None
    return refused(
        standing,
        step,
        "未写入服务单的内容视为没有发生",
        "what is not written in the order did not happen",
        "R-4.7",
    )


def _manner_is_stated(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.manner.strip():
        return None
    return refused(
        standing,
        step,
        "须记录以何种方式向客户确认受理",
        "how receipt was confirmed with the customer must be recorded",
        "R-4.4",
        "R-4.6",
    )


def _category_is_known(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.category is not None or step.department is not None:
        return None
    return refused(
        standing,
        step,
        "没有投诉类别,无法确定主办部门",
        "no category says which department investigates",
        "R-4.10",
    )


def _opinion_is_given(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Province and counters write their own opinion before they ask a department (R-3.18, R-3.30)."""
    writes = step.level in (Level.PROVINCE, Level.COUNTER_A, Level.COUNTER_B)
    if not standing.is_complaint or not writes or standing.has_opinion or step.opinion.strip():
        return None
    return refused(
        standing,
        step,
        "转部门调查前须先填写初步处理意见",
        "a preliminary opinion comes before a department is asked",
        "R-3.18",
        "R-3.30",
    )


def _opinion_is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.opinion.strip():
        return None
    return refused(standing, step, "须填写初步处理意见", "write the preliminary opinion", "R-3.18", "R-3.30")


def _spot_is_within_authority(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.ruling_needed:
        return None
    return refused(
        standing,
        step,
        "疑难、重大投诉不能当场解决",
        "a difficult or major complaint is not settled on the spot",
        "R-2.18",
    )


def _not_by_sales_staff(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not (standing.grave_finding and step.by_sales_staff):
        return None
    return refused(
        standing,
        step,
        "回访问题件须由销售人员以外的人员解决",
        "a callback finding is solved by someone other than sales staff",
        "C-14",
        "L-31",
    )


def _has_power(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Whoever accepts closes (R-4.31), the province what was forwarded (R-4.32), a B counter never (F-7).

    The province also what was reported up to it (R-3.22), and a company above what it handles itself (F-16).
    """
    if step.level is Level.COUNTER_B:
        return refused(
            standing,
            step,
            "B柜面无认定和结案权",
            "a B counter may neither determine nor close",
            "R-3.33",
            "F-7",
        )
    if step.organisation in standing.reported_to and step.level is Level.PROVINCE:
        return None
    if step.organisation == standing.taken_over_by:
        return None
    if standing.forwarded:
        if step.level is Level.PROVINCE:
            return None
        return refused(
            standing,
            step,
            "总公司、监管部门转办件由省公司结案",
            "cases forwarded by headquarters or the regulator are closed by the province",
            "R-4.32",
            "F-16",
        )
    if step.organisation == standing.accepting_organisation:
        return None
    if standing.accepting_level is Level.COUNTER_B and step.level in (Level.COUNTER_A, Level.PROVINCE):
        return None
    return refused(
        standing,
        step,
        "哪个机构受理哪个机构结案",
        "the organisation that accepted determines and closes",
        "R-4.31",
        accepting_organisation=standing.accepting_organisation,
    )


def _is_a_complaint(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.is_complaint:
        return None
    return refused(
        standing,
        step,
        "只有投诉件才认定有效性和原因",
        "validity and cause are determined for complaints only",
        "R-3.23",
        "R-2.5",
    )


def _determination_is_whole(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.validity is Validity.VALID and step.causes:
        return None
    if step.validity is Validity.INVALID and step.ground is not None and step.evidence.strip():
        return None
    return refused(
        standing,
        step,
        "有效投诉须认定原因;无效投诉须有理由和依据",
        "a valid complaint needs its causes, an invalid one its ground and evidence",
        "R-3.23",
        "R-3.24",
        "F-23",
    )


def _dissent_is_explained(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not step.manner.strip() or step.accepted is None:
        return refused(
            standing,
            step,
            "须记录告知方式和客户是否接受",
            "how the customer was told, and whether they accept, must be recorded",
            "R-4.27",
            "CL-8",
        )
    if step.accepted or step.explanation.strip():
        return None
    return refused(
        standing,
        step,
        "客户不接受的,须做好解释安抚并记录",
        "when the customer does not accept, the explanation given must be recorded",
        "R-4.30",
        "F-19",
    )


def _is_determined(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_complaint or standing.validity is not Validity.PENDING:
        return None
    return refused(
        standing,
        step,
        "结案前须认定是否有效投诉和原因",
        "validity and cause must be determined before closing",
        "R-3.23",
    )


def _order_is_complete(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.owed:
        return None
    return refused(
        standing,
        step,
        "服务单要素不全:" + "、".join(p.words.zh for p in standing.owed),
        "the order is not complete: " + "; ".join(p.words.en for p in standing.owed),
        "F-9",
        *dict.fromkeys(rule for p in standing.owed for rule in p.rules),
        missing=[p.field for p in standing.owed],
    )


OWN: Mapping[Action, tuple[Guard, ...]] = {
    _A.NOTE: (_note_is_written,),
    _A.ACKNOWLEDGE: (_note_is_written, _manner_is_stated),
    _A.DISPATCH: (_category_is_known, _opinion_is_given),
    _A.OPINE: (_is_a_complaint, _opinion_is_written),
    _A.SETTLE: (_spot_is_within_authority, _not_by_sales_staff, _note_is_written),
    _A.HANDLE: (_not_by_sales_staff, _note_is_written),
    _A.DETERMINE: (_is_a_complaint, _has_power, _determination_is_whole),
    _A.INFORM: (_dissent_is_explained,),
    _A.CLOSE: (_has_power, _is_determined, _order_is_complete),
    _A.OVERTURN: (_is_a_complaint, _determination_is_whole),
    _A.DECLINE: (_is_a_complaint, _has_power),
}

PARTS: Sequence[Mapping[Action, tuple[Guard, ...]]] = (
    linked.GUARDS,
    proofs.GUARDS,
    OWN,
    recusal.GUARDS,
    followup.GUARDS,
    endings.GUARDS,
    acknowledgement.GUARDS,
    authority.GUARDS,
    consultations.GUARDS,
    committee.GUARDS,
    slips.GUARDS,
    signatures.GUARDS,
    letters.GUARDS,
    progress.GUARDS,
    feedback.GUARDS,
)
"""The guards of each part of the regime, asked in this order."""

GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    action: tuple(guard for part in PARTS for guard in part.get(action, ())) for action in Action
}


def move(standing: Standing, step: Step) -> Status:
    """The status after the step; raises IllegalMoveError, or MoveRefusedError by the first guard that refuses."""
    status = lifecycle.after(standing.status, step.action)
    for guard in GUARDS[step.action]:
        refusal = guard(standing, step)
        if refusal is not None:
            raise refusal
    return status
