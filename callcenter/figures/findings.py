"""The callback findings' own report; none of them is in a complaint figure (R-2.5, D-6, C-14, T-1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from callcenter.db.pool import Connection
from callcenter.figures.counting import counted, split
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
    by_subject: Mapping[str, int]
    by_status: Mapping[str, int]


_FIGURES = (
    Figure.CALLBACK_FINDINGS,
    Figure.OPEN_FINDINGS,
    Figure.INFORMED_FINDINGS,
    Figure.FINDINGS_IN_TIME,
    Figure.OVERDUE_FINDINGS,
    Figure.COMPLAINTS_FROM_CALLBACKS,
)


async def callback_findings(conn: Connection, scope: Scope) -> FindingFigures:
    """What callbacks yielded in the period; findings are here and in no complaint figure (R-2.5, D-6, C-14)."""
    whole = (await counted(conn, scope, _FIGURES)).figures
    return FindingFigures(
        findings=whole[Figure.CALLBACK_FINDINGS],
        open=whole[Figure.OPEN_FINDINGS],
        informed=whole[Figure.INFORMED_FINDINGS],
        informed_in_time=whole[Figure.FINDINGS_IN_TIME],
        overdue=whole[Figure.OVERDUE_FINDINGS],
        complaints_from_callbacks=whole[Figure.COMPLAINTS_FROM_CALLBACKS],
        by_subject=await _by(conn, scope, Grouping.SUBJECT),
        by_status=await _by(conn, scope, Grouping.STATUS),
    )


async def _by(conn: Connection, scope: Scope, grouping: Grouping) -> dict[str, int]:
    groups = await split(conn, scope, (Figure.CALLBACK_FINDINGS,), grouping)
    return {str(group.key): n for group in groups if (n := group.figures[Figure.CALLBACK_FINDINGS])}
