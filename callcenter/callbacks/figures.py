"""The callback figures of a period, counted by PostgreSQL, and the policies behind each (C-13, C-20, T-4).

tickets/callbacks.py defines them; the period leads the index used, so that the cost grows with the answer. The lists
ask with the same conditions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from tickets.calendar import Calendar
from tickets.callbacks import SOLVED_WITHIN, CallbackFigure, Grouping

EARLIER = timedelta(days=400)
"""How long before its cooling-off period ends a problem may have been found at the earliest."""
LATER = timedelta(days=366)
"""How long after the period and today a problem may be told solved, on a clock that was set back."""

_COMPLETED = "c.result IN ('successful', 'problem')"
_IN_WINDOW = f"({_COMPLETED} AND c.completed_at < c.ends_at)"
_WORKED = "($5::integer[])[{day} - $6::date + 1]"
_PROBLEM = "c.result = 'problem' AND c.found_day IS NOT NULL"


def _overdue_on(day: str) -> str:
    """Whether the fifteenth working day after the problem was found lies before the day."""
    return f"{_WORKED.format(day=f'({day} - 1)')} - {_WORKED.format(day='c.found_day')} >= {SOLVED_WITHIN}"


_SUCCESSFUL = f"{_IN_WINDOW} AND c.result = 'successful'"
_LATER = "c.result = 'successful' AND c.completed_at >= c.ends_at"
_GOOD = "c.result = 'problem' AND c.solved_day IS NOT NULL AND c.accepted"

COUNTED: Mapping[CallbackFigure, str] = {
    CallbackFigure.IN_SCOPE: "true",
    CallbackFigure.ATTEMPTED: "c.tried_at < c.ends_at",
    CallbackFigure.COMPLETED: _IN_WINDOW,
    CallbackFigure.SUCCESSFUL: _SUCCESSFUL,
    CallbackFigure.PROBLEMS: f"{_IN_WINDOW} AND c.result = 'problem'",
    CallbackFigure.PROBLEMS_DUE: f"{_PROBLEM} AND (c.solved_day IS NOT NULL OR {_overdue_on('$4::date')})",
    CallbackFigure.PROBLEMS_IN_TIME: f"{_PROBLEM} AND c.solved_day IS NOT NULL AND NOT ({_overdue_on('c.solved_day')})",
    CallbackFigure.SUCCESSFUL_LATER: _LATER,
    CallbackFigure.TURNED_GOOD: _GOOD,
    CallbackFigure.FINALLY_SUCCESSFUL: f"({_SUCCESSFUL}) OR ({_LATER}) OR ({_GOOD})",
}

KEYS: Mapping[Grouping, str] = {
    Grouping.MONTH: "to_char(c.last_day, 'YYYY-MM')",
    Grouping.ORGANISATION: "c.organisation_id",
    Grouping.PRODUCT: "c.product_name",
    Grouping.PRODUCT_KIND: "c.product_kind",
    Grouping.SALES_CHANNEL: "c.sales_channel",
    Grouping.SALESPERSON: "COALESCE(c.salesperson, 'none')",
    Grouping.AGENT: "COALESCE(c.agent_id::text, 'none')",
    Grouping.CAMPAIGN: "COALESCE(c.campaign_id::text, 'none')",
    Grouping.WAY: "COALESCE(c.way, 'none')",
}
NAMES: Mapping[Grouping, str] = {
    Grouping.ORGANISATION: "SELECT id AS key, name FROM organisation WHERE id = ANY($1::text[])",
    Grouping.AGENT: "SELECT id::text AS key, name FROM app_user WHERE id::text = ANY($1::text[])",
    Grouping.CAMPAIGN: "SELECT id::text AS key, name FROM campaign WHERE id::text = ANY($1::text[])",
}

CASES = """
SELECT p.id, p.number, p.organisation_id, p.product_name, p.product_kind, p.sales_channel, p.salesperson, p.status,
    p.received_on, p.cooling_off_ends AS last_day, p.cooling_off_days IS NULL AS assumed,
    (p.cooling_off_ends + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS ends_at,
    t.id AS task_id, t.campaign_id, t.agent_id, t.state, t.result, t.completed_at, t.way, t.late,
    t.first_tried AS tried_at,
    (t.completed_at AT TIME ZONE 'Asia/Shanghai')::date AS found_day,
    CASE WHEN s.all_solved THEN (s.solved_at AT TIME ZONE 'Asia/Shanghai')::date END AS solved_day, s.accepted
FROM policy p
LEFT JOIN LATERAL (
    SELECT k.*, min(k.tried_at) OVER () AS first_tried FROM callback_task k
    WHERE k.policy_id = p.id AND k.purpose = 'new_business'
    ORDER BY k.completed_at NULLS LAST, k.id DESC LIMIT 1
) t ON true
LEFT JOIN LATERAL (
    SELECT bool_and(COALESCE(x.informed_at, x.closed_at) IS NOT NULL) AS all_solved,
        max(COALESCE(x.informed_at, x.closed_at)) AS solved_at, bool_and(COALESCE(x.answer_accepted, false)) AS accepted
    FROM ticket x WHERE x.callback_task_id = t.id AND x.nature IN ('callback_finding', 'complaint')
) s ON t.result = 'problem'
WHERE p.called_back AND p.cooling_off_ends BETWEEN $1 AND $2 AND (p.status = 'in_force' OR t.first_tried IS NOT NULL)
    {reach} AND $3::text IS NOT NULL AND $4::date IS NOT NULL AND cardinality($5::integer[]) > 0
    AND $6::date IS NOT NULL"""
REACH = "AND p.organisation_id IN (SELECT id FROM organisation WHERE path LIKE $3 || '%')"
COUNT = "WITH c AS ({cases}) SELECT NULL AS key, {sums} FROM c"
COUNT_GROUPS = "WITH c AS ({cases}) SELECT {key} AS key, {sums} FROM c GROUP BY 1 ORDER BY 1"
LEFT_OUT = """
SELECT count(*) FROM policy p
WHERE p.called_back AND p.cooling_off_ends BETWEEN $1 AND $2 AND p.status <> 'in_force'
    AND p.organisation_id IN (SELECT id FROM organisation WHERE path LIKE $3 || '%')
    AND NOT EXISTS (SELECT FROM callback_task k
        WHERE k.policy_id = p.id AND k.purpose = 'new_business' AND k.tried_at IS NOT NULL)"""
UNSIGNED = """
SELECT count(*) FROM policy p
WHERE p.called_back AND p.cooling_off_ends IS NULL AND p.status = 'in_force'
    AND p.organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')"""
ITEMS = """
WITH c AS ({cases})
SELECT c.id, c.number, c.organisation_id, c.product_name, c.product_kind, c.sales_channel, c.salesperson, c.last_day,
    c.assumed, c.task_id, c.campaign_id, c.agent_id, c.state, c.result, c.tried_at, c.completed_at, c.way,
    COALESCE(c.late, false) AS late, c.solved_day, c.accepted,
    ARRAY(SELECT a.id FROM callback_attempt a WHERE a.task_id = c.task_id ORDER BY a.id) AS calls,
    ARRAY(SELECT r.id FROM callback_attempt a JOIN recording_object r ON r.call_id = a.id
        WHERE a.task_id = c.task_id ORDER BY a.id) AS recordings,
    ARRAY(SELECT x.id FROM ticket x WHERE x.callback_task_id = c.task_id ORDER BY x.received_at, x.id) AS tickets
FROM c WHERE ({members}) AND {group} AND ($8::date IS NULL OR (c.last_day, c.id) > ($8, $9::uuid))
ORDER BY c.last_day, c.id LIMIT $10"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Policies whose cooling-off period ends in these days, both included, of the organisations at and below `path`;
    judged on the day `today`."""

    first_day: date
    last_day: date
    path: str
    today: date
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of one group; `key` is None for the whole, `name` what the key is called where that is not plain."""

    key: str | None
    figures: Mapping[CallbackFigure, int]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is in no figure: `ended` before anything was tried, and `unsigned`, whose period has not begun (C-4)."""

    ended: int
    unsigned: int


async def counted(conn: Connection, scope: Scope) -> Counted:
    """The figures of the whole."""
    row = await conn.fetchrow(COUNT.format(cases=_cases(scope), sums=_SUMS), *_arguments(scope))
    assert row is not None
    return _of(row)


async def split(conn: Connection, scope: Scope, grouping: Grouping) -> list[Counted]:
    """The figures of every group, by key."""
    query = COUNT_GROUPS.format(cases=_cases(scope), key=KEYS[grouping], sums=_SUMS)
    groups = [_of(row) for row in await conn.fetch(query, *_arguments(scope))]
    if grouping not in NAMES:
        return groups
    rows = await conn.fetch(NAMES[grouping], [group.key for group in groups])
    names = {row["key"]: row["name"] for row in rows}
    return [Counted(group.key, group.figures, names.get(group.key)) for group in groups]


async def left_out(conn: Connection, scope: Scope) -> LeftOut:
    """How many policies the figures leave out, and why."""
    ended = await conn.fetchval(LEFT_OUT, scope.first_day, scope.last_day, scope.path)
    return LeftOut(ended, await conn.fetchval(UNSIGNED, scope.path))


async def items(
    conn: Connection,
    scope: Scope,
    figure: CallbackFigure,
    group: tuple[Grouping, str] | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """The policies a figure counts, in the order their periods end, with task, calls, recordings and tickets."""
    key = f"{KEYS[group[0]]} = $7::text" if group else "$7::text IS NULL"
    query = ITEMS.format(cases=_cases(scope), members=COUNTED[figure], group=key)
    day, id = after or (None, None)
    return [dict(row) for row in await conn.fetch(query, *_arguments(scope), group and group[1], day, id, limit)]


def _cases(scope: Scope) -> str:
    return CASES.format(reach="" if scope.path.count("/") == 1 else REACH)


def _arguments(scope: Scope) -> tuple[Any, ...]:
    origin = scope.first_day - EARLIER
    return scope.first_day, scope.last_day, scope.path, scope.today, _worked(scope, origin), origin


def _worked(scope: Scope, origin: date) -> list[int]:
    """How many working days lie after `origin` up to each day from it on."""
    until, done, told, day = max(scope.last_day, scope.today) + LATER, 0, [0], origin
    while day < until:
        day += timedelta(days=1)
        done += scope.calendar.is_workday(day)
        told.append(done)
    return told


_SUMS = ", ".join(
    f"(count(*) FILTER (WHERE {condition}))::integer AS {figure}" for figure, condition in COUNTED.items()
)


def _of(row: Any) -> Counted:
    return Counted(row["key"], {figure: row[figure.value] for figure in CallbackFigure})
