"""Who may not handle an order: the person it is about, and their direct manager (F-48, N-7); and whom it is given to.

Must never save.
"""

from __future__ import annotations

from collections.abc import Mapping

from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Guard, Standing, Step, refused


def _handler_is_named(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.handler and standing.handler_fits:
        return None
    return refused(
        standing,
        step,
        "须指定在岗且能办理本单的投诉处理人员",
        "name an active complaint handler who may know this order",
        "R-1.8",
        "R-4.33",
    )


def _handler_is_not_concerned(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.handler not in standing.recused:
        return None
    return refused(
        standing,
        step,
        "不得交由被投诉人或其直接上级办理",
        "not to the person complained of, nor to their direct manager",
        "F-48",
        "N-7",
    )


def _actor_is_not_concerned(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not step.actor or step.actor not in standing.recused:
        return None
    return refused(
        standing,
        step,
        "被投诉人及其直接上级须回避",
        "the person complained of, and their direct manager, keep out of it",
        "F-48",
        "N-7",
    )


_A = Action

_HANDLING = (
    _A.DISPATCH,
    _A.SETTLE,
    _A.HANDLE,
    _A.DETERMINE,
    _A.INFORM,
    _A.CLOSE,
    _A.WITHDRAW,
    _A.OVERTURN,
    _A.ARCHIVE,
)

GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    _A.ASSIGN: (_handler_is_not_concerned, _handler_is_named),
    **dict.fromkeys(_HANDLING, (_actor_is_not_concerned,)),
}
