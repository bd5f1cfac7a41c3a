"""Changing the rulebook: a limit's amount or unit, a reading left to the company, from a day on (L-20, CL-2).

Nothing that is received changes: a ticket keeps the rulebook of its receipt day.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from tickets import store, versions
from tickets.calendar import shanghai_day
from tickets.deadlines import Rulebook
from tickets.limits import LIMITS
from tickets.versions import Change, Switch

ONE_AT_A_TIME = "LOCK TABLE limit_change IN SHARE ROW EXCLUSIVE MODE"
KNOWN = "SELECT 1 FROM limit_change WHERE id = $1"
SAVE = """
INSERT INTO limit_change (id, rule, from_day, unit, amount, switched_on, reason, source, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
PAGE = """
SELECT id, rule, from_day, unit, amount, switched_on, reason, source, changed_at, changed_by FROM limit_change
WHERE $1::timestamptz IS NULL OR (changed_at, id) < ($1, $2::uuid)
ORDER BY changed_at DESC, id DESC LIMIT $3"""


async def change(db: Database, rules: Rules, key: UUID, wanted: Change, actor: str, address: str | None) -> None:
    """Keep a change, to take effect on its day; the same key twice is once.

    Raises NotFoundError for a limit there is none of, LimitRefusedError.
    """
    at = wanted.changed_at
    turns = wanted.on is not None
    if wanted.rule not in (set(Switch) if turns else LIMITS):
        raise NotFoundError("limit", wanted.rule)
    async with db.transaction() as conn:
        await conn.execute(ONE_AT_A_TIME)
        if await conn.fetchval(KNOWN, key):
            return
        before = versions.in_force(wanted.from_day, await store.limit_changes(conn), Rulebook())
        if turns:
            versions.check_switch(wanted, shanghai_day(at))
        else:
            versions.check_limit(wanted, before, shanghai_day(at))
        unit = wanted.unit.value if wanted.unit else None
        values = (wanted.rule, wanted.from_day, unit, wanted.amount, wanted.on, wanted.reason, wanted.source)
        await conn.execute(SAVE, key, *values, at, actor)
        known = before.limits.get(wanted.rule)
        await audit.record(
            conn,
            actor=actor,
            action="limit.changed",
            object_kind="limit",
            object_id=wanted.rule,
            at=at,
            details={
                "from_day": str(wanted.from_day),
                "before": {"unit": known.unit.value, "amount": known.amount} if known and not turns else None,
                "unit": unit,
                "amount": wanted.amount,
                "on": wanted.on,
                "reason": wanted.reason,
                "source": wanted.source,
            },
            address=address,
        )
    rules.forget()


async def changes(conn: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """What was changed, the latest first."""
    since, last = after or (None, None)
    return [dict(row) for row in await conn.fetch(PAGE, since, last, limit)]


async def on_day(conn: Connection, rules: Rules, day: date, at: datetime) -> Rulebook:
    """The rulebook for tickets received on that day, as it stands now."""
    return await rules.current(conn, at, day)
