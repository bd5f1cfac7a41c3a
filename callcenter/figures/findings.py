"""The callback findings' own report; none of them is in a complaint figure (R-2.5, D-6, C-14, T-1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcenter.db.pool import Connection
from callcenter.figures.counting import Counted, counted, split
from callcenter.figures.scope import Scope
from tickets.grouping import Grouping
from tickets.statistics import Figure


@dataclass(frozen=True, slots=True)
class FindingFigures:
    """The findings' own report: how many, how far, how many in time; and the complaints callbacks yielded."""

    findings: int
    open: int
    informed: int
    informed_in_time: int
    overdue: int
    complaints_from_callbacks: int
    due: int
    kept: int
    turned_good: int
    turned: int
    once_complaints: int
    complaints_once_findings: int
    by_subject: Mapping[str, int]
    by_status: Mapping[str, int]
    groups: Sequence[Counted] = ()


_FIGURES = (
    Figure.CALLBACK_FINDINGS,
    Figure.OPEN_FINDINGS,
    Figure.INFORMED_FINDINGS,
    Figure.FINDINGS_IN_TIME,
    Figure.OVERDUE_FINDINGS,
    Figure.FINDINGS_DUE,
    Figure.FINDINGS_KEPT,
    Figure.FINDINGS_TURNED_GOOD,
    Figure.FINDINGS_TURNED,
    Figure.FINDINGS_ONCE_COMPLAINTS,
    Figure.COMPLAINTS_ONCE_FINDINGS,
    Figure.COMPLAINTS_FROM_CALLBACKS,
)


async def callback_findings(conn: Connection, scope: Scope, grouping: Grouping | None = None) -> FindingFigures:
    """What callbacks yielded in the period; findings are here and in no complaint figure (R-2.5, D-6, C-14)."""
    groups = await split(conn, scope, _FIGURES, grouping) if grouping else []
    whole = (await counted(conn, scope, _FIGURES)).figures
    return FindingFigures(
        findings=whole[Figure.CALLBACK_FINDINGS],
        open=whole[Figure.OPEN_FINDINGS],
        informed=whole[Figure.INFORMED_FINDINGS],
        informed_in_time=whole[Figure.FINDINGS_IN_TIME],
        overdue=whole[Figure.OVERDUE_FINDINGS],
        complaints_from_callbacks=whole[Figure.COMPLAINTS_FROM_CALLBACKS],
        due=whole[Figure.FINDINGS_DUE],
        kept=whole[Figure.FINDINGS_KEPT],
        turned_good=whole[Figure.FINDINGS_TURNED_GOOD],
        turned=whole[Figure.FINDINGS_TURNED],
        once_complaints=whole[Figure.FINDINGS_ONCE_COMPLAINTS],
        complaints_once_findings=whole[Figure.COMPLAINTS_ONCE_FINDINGS],
        by_subject=await _by(conn, scope, Grouping.SUBJECT),
        by_status=await _by(conn, scope, Grouping.STATUS),
        groups=[group for group in groups if group.figures[Figure.CALLBACK_FINDINGS]],
    )


async def _by(conn: Connection, scope: Scope, grouping: Grouping) -> dict[str, int]:
    groups = await split(conn, scope, (Figure.CALLBACK_FINDINGS,), grouping)
    return {str(group.key): n for group in groups if (n := group.figures[Figure.CALLBACK_FINDINGS])}
