"""What a report would say now, against what it said: which figure, from, to, because of which tickets (N-15, T-4).

Judged on the report's own day. Must never change the report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from callcenter.figures import counting, reading
from callcenter.figures.bases import Divisor
from callcenter.figures.counting import COUNTED, OF_COMPLAINTS
from callcenter.figures.scope import Scope
from callcenter.reports.making import scope_of
from callcenter.reports.store import Report
from tickets import store as tickets
from tickets.statistics import Figure

MOST = 2000
"""Changed tickets that are looked at; more are told as a number."""
HOUSEKEEPING = frozenset({"on_living_call", "report_id", "sign"})
"""What no figure counts, or only says of the other facts."""

COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = 'ticket_fact'::regclass AND attnum > 0 AND NOT attisdropped
ORDER BY attnum"""
CHANGED = """
SELECT COALESCE(a.ticket_id, b.ticket_id) AS ticket_id, k.number, to_jsonb(a) AS before, to_jsonb(b) AS after,
    count(*) OVER () AS of
FROM (SELECT t.* FROM report_fact t WHERE {then}) a
FULL JOIN (SELECT t.* FROM ticket_fact t WHERE {now}) b ON b.ticket_id = a.ticket_id
JOIN ticket k ON k.id = COALESCE(a.ticket_id, b.ticket_id)
WHERE ({before}) IS DISTINCT FROM ({after}) AND cardinality($5::integer[]) >= 0
ORDER BY k.number LIMIT {most}"""
AMOUNTS = """
SELECT t.ticket_id, {amounts} FROM {rows} t
WHERE {condition} AND cardinality($5::integer[]) >= 0 AND t.ticket_id = ANY($6::uuid[])"""


@dataclass(frozen=True, slots=True)
class ChangedTicket:
    """A ticket whose facts are not those the report saw; `facts`: name → (then, now)."""

    id: UUID
    number: str
    facts: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Cause:
    """A ticket that adds something else to a figure than it did."""

    ticket: ChangedTicket
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A figure that would be another, and the tickets it comes from."""

    figure: Figure
    before: int
    now: int
    causes: Sequence[Cause]


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric that would be another."""

    metric: str
    before: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class DivisorDifference:
    """An amount that would be divided by another, with the imports' ids and versions."""

    base: str
    before: str | None
    now: str | None
    imports_before: Sequence[Mapping[str, Any]]
    imports_now: Sequence[tuple[UUID, int, str]]


@dataclass(frozen=True, slots=True)
class Differences:
    """Everything that would be otherwise; nothing where the report would say the same."""

    figures: Sequence[FigureDifference]
    metrics: Sequence[MetricDifference]
    divisors: Sequence[DivisorDifference]
    changed: int
    """Tickets whose facts changed."""


async def differences(conn: Connection, report: Report, content: Mapping[str, Any]) -> Differences:
    """The report counted again today, against what it says."""
    calendar = await tickets.calendar(conn)
    scope = scope_of(report, date.fromisoformat(content["judged_on"]), calendar)
    read = await reading.read(conn, scope, yearly=False)
    said = {Figure(name): number for name, number in content["figures"].items() if name in set(OF_COMPLAINTS)}
    now = read.figures.total.figures
    changed, of = await _changed(conn, scope, report.id)
    amounts = await _amounts(conn, replace(scope, report=report.id), changed), await _amounts(conn, scope, changed)
    figures = [
        FigureDifference(figure, number, now[figure], _causes(figure, changed, *amounts))
        for figure, number in said.items()
    ]
    mine = {value.metric.value: None if value.value is None else float(value.value) for value in read.metrics}
    metrics = [
        MetricDifference(name, metric["value"], mine.get(name))
        for name, metric in content["metrics"].items()
        if metric["value"] != mine.get(name)
    ]
    return Differences(
        figures=[each for each in figures if each.before != each.now or each.causes],
        metrics=metrics,
        divisors=_divisors(content["denominators"], read.divisors),
        changed=of,
    )


async def _changed(conn: Connection, scope: Scope, report_id: UUID) -> tuple[list[ChangedTicket], int]:
    names = [row["attname"] for row in await conn.fetch(COLUMNS) if row["attname"] not in HOUSEKEEPING]
    query = CHANGED.format(
        then=replace(scope, report=report_id).condition,
        now=scope.condition,
        before=", ".join(f"a.{name}" for name in names),
        after=", ".join(f"b.{name}" for name in names),
        most=MOST,
    )
    rows = await conn.fetch(query, *counting.arguments(scope))
    found = []
    for row in rows:
        before, after = row["before"] or {}, row["after"] or {}
        facts = {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}
        found.append(ChangedTicket(row["ticket_id"], row["number"], facts))
    return found, rows[0]["of"] if rows else 0


async def _amounts(
    conn: Connection, scope: Scope, changed: Sequence[ChangedTicket]
) -> Mapping[UUID, Mapping[str, int]]:
    if not changed:
        return {}
    amounts = ", ".join(
        f"(CASE WHEN {COUNTED[figure].condition} THEN {COUNTED[figure].amount} ELSE 0 END)::integer AS {figure}"
        for figure in OF_COMPLAINTS
    )
    query = AMOUNTS.format(amounts=amounts, rows=scope.rows, condition=scope.condition)
    rows = await conn.fetch(query, *counting.arguments(scope), [each.id for each in changed])
    return {row["ticket_id"]: dict(row) for row in rows}


def _causes(
    figure: Figure,
    changed: Sequence[ChangedTicket],
    before: Mapping[UUID, Mapping[str, int]],
    now: Mapping[UUID, Mapping[str, int]],
) -> list[Cause]:
    found = []
    for ticket in changed:
        then, today = before.get(ticket.id, {}).get(figure, 0), now.get(ticket.id, {}).get(figure, 0)
        if then != today:
            found.append(Cause(ticket, then, today))
    return found


def _divisors(said: Sequence[Mapping[str, Any]], now: Sequence[Divisor]) -> list[DivisorDifference]:
    today = {each.base.value: each for each in now}
    found = []
    for each in said:
        divisor = today[each["base"]]
        amount = None if divisor.amount is None else str(divisor.amount)
        imports = [(one.id, one.version, one.amount.source) for one in divisor.given]
        if [(str(i), version) for i, version, _ in imports] != [(i["id"], i["version"]) for i in each["imports"]]:
            found.append(DivisorDifference(each["base"], each["amount"], amount, each["imports"], imports))
    return found
