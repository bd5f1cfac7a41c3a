"""What holds for a finding beside the stages it shares with complaints (R-2.4): nobody in sales solves it, least of all
who sold the policy (C-14, C-11), and a misled customer is told of the right to rescind (C-15).

Must never save.
"""

from __future__ import annotations

from collections.abc import Mapping

from tickets.categories import Department
from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Guard, Standing, Step, refused


def _is_not_led_by_sales(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_finding or Department.SALES not in standing.leads_asked:
        return None
    return refused(
        standing,
        step,
        "回访问题件不得派由销售部门主办",
        "a callback finding is not led by a sales department",
        "C-14",
        "L-31",
    )


def _actor_does_not_sell(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_finding:
        return None
    if not step.in_sales and (not step.actor or step.actor not in standing.sellers):
        return None
    return refused(
        standing,
        step,
        "回访问题件须由销售人员以外的人员办理",
        "a callback finding is handled by somebody outside sales, never by who sold the policy",
        "C-14",
        "C-11",
    )


def _handler_does_not_sell(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_finding:
        return None
    if not standing.handler_in_sales and step.handler not in standing.sellers:
        return None
    return refused(
        standing,
        step,
        "回访问题件不得交由销售人员办理",
        "a callback finding is not given to sales staff, nor to who sold the policy",
        "C-14",
        "C-11",
    )


def _right_to_rescind_is_told(standing: Standing, step: Step) -> MoveRefusedError | None:
    """Long-term health: a misled policyholder is told before the case ends (C-15)."""
    if not standing.rescission_due or standing.rescission_told or step.rescission_told:
        return None
    return refused(
        standing,
        step,
        "长期健康险客户被误导的,须做好解释并明确告知其有权解除合同",
        "long-term health: who was misled is expressly told of the right to rescind",
        "C-15",
    )


_A = Action

GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    _A.DISPATCH: (_actor_does_not_sell, _is_not_led_by_sales),
    _A.SETTLE: (_actor_does_not_sell,),
    _A.HANDLE: (_actor_does_not_sell,),
    _A.INFORM: (_actor_does_not_sell, _right_to_rescind_is_told),
    _A.CLOSE: (_actor_does_not_sell, _right_to_rescind_is_told),
    _A.ASSIGN: (_handler_does_not_sell,),
}


def rescission_due(*, long_term_health: bool, misled: bool) -> bool:
    """Whether the customer must be told of the right to rescind (C-15)."""
    return long_term_health and misled
