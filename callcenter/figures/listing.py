"""The tickets a figure counts, newest first, paged, with their calls and recordings (T-4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.figures.counting import COUNTED, arguments, counting_of
from callcenter.figures.scope import Scope
from tickets.errors import UnknownFigureError, Words
from tickets.grouping import Grouping
from tickets.statistics import Figure


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a figure that was split."""

    grouping: Grouping
    key: str


ITEMS = """
SELECT t.ticket_id AS id, k.number, t.matter_id, t.nature, t.relation, t.channel, t.source, t.category, t.severity,
    t.validity, t.status, t.occurrences, t.pieces, t.received_at, t.received_day, t.accepting_organisation_id,
    t.underwriting_organisation_id, t.due_day, t.informed_day, t.amount,
    ARRAY(SELECT l.call_id FROM ticket_call l WHERE l.ticket_id = t.ticket_id ORDER BY l.linked_at) AS calls,
    ARRAY(SELECT r.id FROM ticket_call l JOIN recording_object r ON r.call_id = l.call_id
        WHERE l.ticket_id = t.ticket_id ORDER BY l.linked_at) AS recordings
FROM (
    SELECT t.*, ({amount})::integer AS amount FROM {rows} t {parts}
    WHERE {condition} AND ({members}) AND {group} AND cardinality($5::integer[]) >= 0
        AND ($7::timestamptz IS NULL OR (t.received_at, t.ticket_id) < ($7, $8::uuid))
    ORDER BY t.received_at DESC, t.ticket_id DESC LIMIT $9
) t JOIN ticket k ON k.id = t.ticket_id
ORDER BY t.received_at DESC, t.ticket_id DESC"""


async def items(
    conn: Connection,
    scope: Scope,
    figure: Figure,
    group: Group | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """The tickets a figure counts, and what each adds to it. Raises UnknownFigureError for one that is not counted."""
    if figure not in COUNTED:
        raise UnknownFigureError(Words("本指标尚无数据来源", "nothing is counted for this figure yet"))
    counting = counting_of(figure, group.grouping if group else None)
    key = f"{scope.key(group.grouping)} = $6::text" if group else "$6::text IS NULL"
    query = ITEMS.format(
        amount=counting.amount,
        rows=scope.rows,
        parts=scope.parts(group.grouping) if group else "",
        condition=scope.condition,
        members=counting.condition,
        group=key,
    )
    at, ticket = after or (None, None)
    rows = await conn.fetch(query, *arguments(scope), group.key if group else None, at, ticket, limit)
    return [dict(row) for row in rows]
