"""The scope rules a company published: which is in force on a day, and publishing another (C-1 … C-4, C-22).

Every function works on the caller's connection, within its transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.callbacks import scope
from callcenter.callbacks.errors import ScopeRuleRefusedError
from callcenter.callbacks.scope import SHIPPED, Rule, Start
from callcenter.callbacks.task import Purpose
from callcenter.db.pool import Connection
from tickets.errors import Words

IN_FORCE = """
SELECT rule FROM scope_rule WHERE purpose = $1 AND valid_from <= $2 ORDER BY valid_from DESC, place DESC LIMIT 1"""
PUBLISHED = "SELECT purpose FROM scope_rule WHERE id = $1"
PUBLISH = """
INSERT INTO scope_rule (id, purpose, valid_from, rule, reason, published_at, published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
VERSIONS = """
SELECT id, purpose, valid_from, rule, reason, published_at, published_by FROM scope_rule
WHERE ($1::text IS NULL OR purpose = $1) AND ($2::timestamptz IS NULL OR (published_at, id) < ($2, $3::uuid))
ORDER BY published_at DESC, id DESC LIMIT $4"""


@dataclass(frozen=True, slots=True)
class Version:
    """A rule that was published."""

    id: UUID
    rule: Rule
    valid_from: date
    reason: str
    published_at: datetime
    published_by: str


def check(rule: Rule) -> None:
    """Raises ScopeRuleRefusedError where the rule would call back less than the law asks for."""
    problems = tuple(scope.problems(rule))
    if problems:
        raise ScopeRuleRefusedError(
            Words("；".join(each.words.zh for each in problems), "; ".join(each.words.en for each in problems))
        )


async def in_force(conn: Connection, purpose: Purpose, day: date) -> Rule:
    """The rule of that day; the shipped one before any was published."""
    stored = await conn.fetchval(IN_FORCE, purpose, day)
    return SHIPPED[purpose] if stored is None else _rule(purpose, stored)


async def publish(
    conn: Connection, key: UUID, rule: Rule, valid_from: date, reason: str, *, actor: str, address: str, at: datetime
) -> None:
    """Keeps a checked rule, in force from its day on; a second one for that day takes the first one's place."""
    if await conn.fetchval(PUBLISHED, key) is not None:
        return
    await conn.execute(PUBLISH, key, rule.purpose, valid_from, _stored(rule), reason, at, actor)
    await audit.record(
        conn,
        actor=actor,
        action="scope_rule.published",
        object_kind="scope_rule",
        object_id=str(key),
        at=at,
        details={"purpose": rule.purpose, "valid_from": str(valid_from), "reason": reason},
        address=address,
    )


async def versions(
    conn: Connection, purpose: Purpose | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Version]:
    """What was published, the latest first."""
    rows = await conn.fetch(VERSIONS, purpose, *(after or (None, None)), limit)
    others = ("id", "valid_from", "reason", "published_at", "published_by")
    return [
        Version(rule=_rule(Purpose(row["purpose"]), row["rule"]), **{name: row[name] for name in others})
        for row in rows
    ]


def _rule(purpose: Purpose, stored: Mapping[str, Any]) -> Rule:
    starts = None if stored["starts"] is None else Start(stored["starts"])
    return Rule(**{**stored, "purpose": purpose, "starts": starts, "statuses": frozenset(stored["statuses"])})


def _stored(rule: Rule) -> dict[str, Any]:
    names = ("days", "any_term", "group", "fallback_days", "bank_days", "health_days", "senior_age")
    return {name: getattr(rule, name) for name in names} | {"starts": rule.starts, "statuses": sorted(rule.statuses)}
