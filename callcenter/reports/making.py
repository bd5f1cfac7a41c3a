"""Makes reports: asked for by people, counted by the worker in steps that show, kept with all they were counted from.

The facts of the tickets are copied in one reading; everything else is counted over the copy, so that no number of a
report can contradict another. Must never count by itself: callcenter/figures does.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from callcenter import audit, build
from callcenter.accounts import organisations
from callcenter.accounts.doer import Doer
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, NotFoundError, StaleVersionError
from callcenter.figures import counting, facts, listing, reading
from callcenter.figures.bases import Divisor
from callcenter.figures.counting import EXCLUDED, Counted
from callcenter.figures.reading import Reading
from callcenter.figures.scope import Scope
from callcenter.reports import store
from callcenter.reports.store import Report
from tickets import store as tickets
from tickets.calendar import Calendar, shanghai_day
from tickets.deadlines import Rulebook
from tickets.errors import Words
from tickets.grouping import Dimension
from tickets.metrics import Value, change
from tickets.periods import Comparison, Days, Span
from tickets.reports import PLANS, Plan, ReportKind, ReportState, period, rules_of
from tickets.statistics import rules_printed

log = logging.getLogger(__name__)

CASES = 500
"""Tickets a report lists one by one, of each figure; all of them open from the report itself."""

COPY = """
INSERT INTO report_fact SELECT '{report}'::uuid, t.* FROM ticket_fact t
WHERE {condition} AND cardinality($5::integer[]) >= 0"""
REPEATABLE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
NAMES = "SELECT id, name FROM organisation WHERE path LIKE $1 || '%'"

Beat = Callable[[], Awaitable[None]]


async def request(
    db: Database,
    doer: Doer,
    report_id: UUID,
    kind: ReportKind,
    organisation_id: str,
    dimension: Dimension,
    span: Span | None,
    day: date,
    at: datetime,
) -> Report:
    """Asks for a report of the period in which the day lies; the worker makes it. Raises NotFoundError, TicketError."""
    days = period(kind, span, day, shanghai_day(at))
    async with db.transaction() as conn:
        await organisations.find(conn, doer, organisation_id)
        there = await conn.execute(
            store.INSERT, report_id, kind, organisation_id, dimension, days.first, days.last, doer.name, at
        )
        if there.endswith(" 1"):
            details = {"kind": kind, "organisation": organisation_id, "first_day": str(days.first)}
            await _record(conn, doer, "report.requested", report_id, at, details)
        return await store.one(conn, report_id)


async def show(conn: Connection, doer: Doer, report_id: UUID) -> Report:
    """A report of the doer's organisations. Raises NotFoundError."""
    report = await store.one(conn, report_id)
    if not report.path.startswith(doer.path):
        raise NotFoundError("report", report_id)
    return report


async def submit(db: Database, doer: Doer, report_id: UUID, version: int, to: str, at: datetime) -> Report:
    """It was handed to the regulator or another addressee: on which day, decides about L-34.

    Raises NotFoundError, StaleVersionError, ConflictError when it is not done or was submitted.
    """
    async with db.transaction() as conn:
        await conn.fetchval(store.LOCK, report_id)
        report = await show(conn, doer, report_id)
        if report.version != version:
            raise StaleVersionError(Words("该报告已被他人修改", "this report was changed in the meantime"))
        if report.state is not ReportState.DONE or report.submitted_at is not None:
            raise ConflictError(Words("报告尚未完成或已报送", "the report is not done yet, or was submitted already"))
        await conn.execute(store.SUBMIT, report_id, at, doer.name, to)
        await _record(conn, doer, "report.submitted", report_id, at, {"to": to, "sha256": report.sha256})
        return await store.one(conn, report_id)


async def make_due(db: Database, clock: Clock) -> bool:
    """Makes one report that waits; whether there was one. What goes wrong is told with the report."""
    at = clock.now()
    async with db.transaction() as conn:
        report_id = await conn.fetchval(store.CLAIM, at, at - store.SILENT)
    if report_id is None:
        return False
    try:
        await _make(db, clock, report_id)
    except Exception as error:
        log.exception("a report could not be made", extra={"report": str(report_id)})
        async with db.transaction() as conn:
            await conn.execute(store.FAIL, report_id, type(error).__name__, clock.now())
    return True


async def _make(db: Database, clock: Clock, report_id: UUID) -> None:
    at = clock.now()
    async with db.connection() as conn:
        report, calendar = await store.one(conn, report_id), await tickets.calendar(conn)
    plan = PLANS[report.kind]
    scope = scope_of(report, shanghai_day(at), calendar)
    progress = _Progress(db, clock, report_id, len(plan.splits) + len(plan.cases) + 3)
    await facts.settle(db)
    async with db.transaction() as conn:
        await conn.execute(REPEATABLE)
        await conn.execute(store.FORGET_FACTS, report_id)
        for each in _periods(scope):
            copy = COPY.format(report=report_id, condition=each.condition)
            await conn.execute(copy, *counting.arguments(each), timeout=600)
    await progress.beat()
    scope = as_reported(scope, report)
    async with db.connection() as conn:
        content = await _counted(conn, report, plan, scope, progress.beat)
    async with db.transaction() as conn:
        await conn.execute(store.FINISH, report_id, content, store.sealed(content), clock.now())


def scope_of(report: Report, judged_on: date, calendar: Calendar) -> Scope:
    """What a report is over, as the tickets are now."""
    return Scope(report.first_day, report.last_day, report.path, judged_on, report.dimension, calendar)


def as_reported(scope: Scope, report: Report) -> Scope:
    """The same over the facts the report kept."""
    return replace(scope, report=report.id)


def _periods(scope: Scope) -> list[Scope]:
    """The period and the ones it is compared with, each day once."""
    found = [scope.days]
    for comparison in Comparison:
        days = scope.days.compared(comparison)
        if all(days.last < each.first or each.last < days.first for each in found):
            found.append(days)
    return [replace(scope, first_day=days.first, last_day=days.last) for days in found]


@dataclass(slots=True)
class _Progress:
    db: Database
    clock: Clock
    report_id: UUID
    steps: int
    done: int = 0

    async def beat(self) -> None:
        """One step more is done; everybody may see it."""
        self.done += 1
        async with self.db.connection() as conn:
            await conn.execute(store.BEAT, self.report_id, self.done, self.steps, self.clock.now())


async def _counted(conn: Connection, report: Report, plan: Plan, scope: Scope, beat: Beat) -> dict[str, Any]:
    whole = await reading.read(conn, scope)
    await beat()
    comparisons = {}
    for comparison in Comparison:
        days = scope.days.compared(comparison)
        earlier = await reading.read(conn, replace(scope, first_day=days.first, last_day=days.last), yearly=False)
        comparisons[comparison.value] = _comparison(plan, days, earlier, whole)
    await beat()
    names = {row["id"]: row["name"] for row in await conn.fetch(NAMES, report.path)}
    splits = []
    for grouping in plan.splits:
        read = await reading.read(conn, scope, grouping, yearly=False)
        splits.append(
            {"grouping": grouping.value, "groups": [_group(plan, read, g, names) for g in read.figures.groups]}
        )
        await beat()
    cases = {}
    for figure in plan.cases:
        rows = await listing.items(conn, scope, figure, None, None, CASES)
        cases[figure.value] = [_case(row) for row in rows]
        await beat()
    metrics = [value for value in whole.metrics if value.metric in plan.metrics]
    shown = tuple(value.metric for value in metrics)
    return {
        "kind": report.kind.value,
        "organisation": {"id": report.organisation_id, "name": report.organisation_name},
        "dimension": report.dimension.value,
        "first_day": str(report.first_day),
        "last_day": str(report.last_day),
        "judged_on": str(scope.today),
        "figures": _figures(whole.figures.total),
        "metrics": _metrics(metrics),
        "yearly_changes": [
            {"metric": each.metric.value, "now": _number(each.now.value), "last_year": _number(each.before.value),
                "change": _number(each.change)}
            for each in whole.yearly
        ],
        "comparisons": comparisons,
        "splits": splits,
        "cases": cases,
        "excluded": [
            {"kind": exclusion.value, "figure": EXCLUDED[exclusion].value, "tickets": number,
                "rules": list(exclusion.rules)}
            for exclusion, number in whole.figures.excluded.items()
        ],
        "denominators": [_divisor(each) for each in whole.divisors],
        "rules": rules_printed(rules_of(report.kind, shown)),
        "versions": {
            "limits": Rulebook(scope.calendar).version,
            "calendar": scope.calendar.version,
            "program": build.commit(),
        },
    }  # fmt: skip


def _figures(counted: Counted) -> dict[str, int]:
    return {figure.value: number for figure, number in counted.figures.items()}


def _metrics(values: Iterable[Value]) -> dict[str, dict[str, float | None]]:
    return {
        value.metric.value: {
            "numerator": _number(value.numerator),
            "denominator": _number(value.denominator),
            "value": _number(value.value),
        }
        for value in values
    }


def _comparison(plan: Plan, days: Days, earlier: Reading, now: Reading) -> dict[str, Any]:
    before = {value.metric: value for value in earlier.metrics if value.metric in plan.metrics}
    changes = {v.metric.value: _number(change(v, before[v.metric])) for v in now.metrics if v.metric in before}
    return {
        "first_day": str(days.first),
        "last_day": str(days.last),
        "figures": _figures(earlier.figures.total),
        "metrics": _metrics(before.values()),
        "changes": changes,
    }


def _group(plan: Plan, read: Reading, group: Counted, names: Mapping[str, str]) -> dict[str, Any]:
    metrics: Sequence[Value] = [value for value in read.of_group(group) if value.metric in plan.metrics]
    return {
        "key": group.key,
        "name": names.get(group.key or ""),
        "figures": _figures(group),
        "metrics": _metrics(metrics),
    }


def _case(row: Mapping[str, Any]) -> dict[str, Any]:
    """A case in a report: by its number, without anything of the person."""
    return {
        "number": row["number"],
        "received_day": str(row["received_day"]),
        "organisation": row["accepting_organisation_id"],
        "category": row["category"],
        "severity": row["severity"],
        "relation": row["relation"],
        "source": row["source"],
        "due_day": None if row["due_day"] is None else str(row["due_day"]),
        "informed_day": None if row["informed_day"] is None else str(row["informed_day"]),
        "status": row["status"],
    }


def _divisor(divisor: Divisor) -> dict[str, Any]:
    return {
        "base": divisor.base.value,
        "amount": None if divisor.amount is None else str(divisor.amount),
        "imports": [
            {
                "id": str(each.id),
                "version": each.version,
                "first_day": str(each.amount.first_day),
                "last_day": str(each.amount.last_day),
                "amount": str(each.amount.amount),
                "source": each.amount.source,
            }
            for each in divisor.given
        ],
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


async def _record(
    conn: Connection, doer: Doer, action: str, report_id: UUID, at: datetime, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="report",
        object_id=str(report_id),
        at=at,
        details=details,
        address=doer.address,
    )
