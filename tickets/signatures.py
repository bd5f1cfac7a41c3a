"""Causes with the departments responsible for them, and the signatures of their heads (R-3.26, R-3.34, F-20).

Before closing the head of every responsible department signs; where the cause is a system, the head of IT signs too,
and alone where nothing else is the cause. Must never save.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tickets.categories import Department
from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Cause, Guard, Liability, Standing, Step, Validity, refused


@dataclass(frozen=True, slots=True)
class Signature:
    """What a department's head said of the determination: signed, or refused with a reason in `remark`."""

    department: Department
    signed: bool


def required(causes: Sequence[Cause]) -> tuple[Department, ...]:
    """Whose heads sign: every responsible department's, and IT's for a system cause, alone if nothing else is one."""
    if causes and all(cause.system for cause in causes):
        return (Department.IT,)
    named = [department for cause in causes for department in cause.departments]
    return tuple(dict.fromkeys([*named, *([Department.IT] if any(cause.system for cause in causes) else [])]))


def missing(
    causes: Sequence[Cause], signatures: Iterable[Signature], ruled: Collection[Department] = ()
) -> tuple[Department, ...]:
    """The departments whose head has not signed; of several answers of one head the last counts.

    `ruled`: those whose signature the committee's ruling replaces (R-3.5, F-21).
    """
    said = {signature.department: signature.signed for signature in signatures}
    return tuple(each for each in required(causes) if not said.get(each) and each not in ruled)


def _responsible_are_named(standing: Standing, step: Step) -> MoveRefusedError | None:
    nobody = step.liability is Liability.NONE
    if step.validity is not Validity.VALID or nobody or all(cause.departments or cause.system for cause in step.causes):
        return None
    return refused(
        standing,
        step,
        "每项原因须认定责任部门",
        "each cause names the departments responsible for it",
        "R-3.26",
        "R-3.24",
    )


def _is_the_heads(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.validity is not Validity.VALID:
        return refused(
            standing,
            step,
            "尚未认定有效和责任部门,无须签字",
            "no department has been found responsible yet: there is nothing to sign",
            "R-3.26",
        )
    if step.own_department in standing.responsible and standing.handled_at_path.startswith(step.path):
        return None
    named = "、".join(department.value for department in standing.responsible)
    return refused(
        standing,
        step,
        "由责任部门(系统原因的由信息技术部门)负责人签字",
        "the head of a responsible department signs, of IT where the cause is a system",
        "R-3.26",
        "F-20",
        departments=named,
    )


def _is_not_signed_yet(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.own_department in standing.unsigned:
        return None
    return refused(standing, step, "本部门已签字确认", "this department has signed already", "R-3.26")


def _refusal_has_its_reason(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.agrees or step.note.strip():
        return None
    return refused(standing, step, "拒绝签字须说明理由", "refusing to sign needs a reason", "R-3.26")


def _is_signed(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_complaint or standing.validity is not Validity.VALID:
        return None
    if not standing.unsigned:
        return None
    return refused(
        standing,
        step,
        "责任部门负责人尚未签字确认:" + "、".join(department.value for department in standing.unsigned),
        "not signed by the heads of: " + ", ".join(department.value for department in standing.unsigned),
        "R-3.26",
        "F-20",
        "B-1",
        departments=[department.value for department in standing.unsigned],
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.DETERMINE: (_responsible_are_named,),
    Action.OVERTURN: (_responsible_are_named,),
    Action.SIGN: (_is_the_heads, _is_not_signed_yet, _refusal_has_its_reason),
    Action.CLOSE: (_is_signed,),
}
