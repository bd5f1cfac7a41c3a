"""What an order may not do by itself because it is linked to others of its matter (D-4, D-13, F-60)."""

from __future__ import annotations

from collections.abc import Mapping

from tickets.errors import MoveRefusedError
from tickets.lifecycle import Action, Guard, Standing, Step, refused


def _is_not_merged(standing: Standing, step: Step) -> MoveRefusedError | None:
    """A merged order is handled, answered and closed with the one it was merged into."""
    if not standing.merged:
        return None
    return refused(
        standing,
        step,
        "已并入原单的服务单随原单办理和结案",
        "a merged order is handled and closed with the one it was merged into",
        "D-4",
        "F-60",
    )


def _agrees_with_its_matter(standing: Standing, step: Step) -> MoveRefusedError | None:
    """What was found of the first order is the matter's; another finding is made there, by overturning it."""
    if standing.inherited is None or step.validity in (None, standing.inherited):
        return None
    return refused(
        standing,
        step,
        "关联件沿用本事件首单的认定,如有不同须在首单上改判",
        "a linked order has the validity found of the first one: to find otherwise, overturn it there",
        "D-13",
        "R-3.25",
        validity=standing.inherited.value,
    )


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.HAND_OVER: (_is_not_merged,),
    Action.DISPATCH: (_is_not_merged,),
    Action.SETTLE: (_is_not_merged,),
    Action.HANDLE: (_is_not_merged,),
    Action.DETERMINE: (_is_not_merged, _agrees_with_its_matter),
    Action.INFORM: (_is_not_merged,),
    Action.CLOSE: (_is_not_merged,),
    Action.WITHDRAW: (_is_not_merged,),
    Action.DECLINE: (_is_not_merged, _agrees_with_its_matter),
    Action.OVERTURN: (_is_not_merged, _agrees_with_its_matter),
}
