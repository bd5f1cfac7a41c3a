"""Holding people to account for what a complaint brought to light: proposed, decided by another, carried out (B-10).

Each use case is one transaction over the locked ticket. Must never decide a rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError, NotFoundError
from callcenter.history import tell
from callcenter.idempotency import KeyReusedError
from callcenter.opening import By
from callcenter.reach import held, in_reach
from tickets import accountability as rules
from tickets import store
from tickets.accountability import Account, AccountAction, AccountState, Measure
from tickets.errors import StaleTicketError, Words
from tickets.lifecycle import Liability, Validity

ACCOUNT = """
a.id, a.ticket_id, t.number AS ticket_number, t.category, a.organisation_id, o.path, a.user_id, a.person, a.breach,
a.measure, a.basis, a.state, a.proposed_at, a.proposed_by, a.decided_at, a.decided_by, a.remark, a.done_at, a.done_by,
a.version"""
FROM = """
FROM accountability a JOIN ticket t ON t.id = a.ticket_id JOIN organisation o ON o.id = a.organisation_id"""
FIND = f"SELECT {ACCOUNT} {FROM} WHERE a.id = $1"
PERSON = """
SELECT u.name, u.organisation_id FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.id = $1 AND starts_with(o.path, $2)"""
ORGANISATION = "SELECT 1 FROM organisation WHERE id = $1 AND starts_with(path, $2)"
PROPOSE = """
INSERT INTO accountability (id, ticket_id, organisation_id, user_id, person, breach, measure, basis, proposed_at,
    proposed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
SAVE = """
UPDATE accountability SET version = version + 1, state = $3,
    decided_at = CASE WHEN $3 IN ('decided', 'dropped') THEN $4::timestamptz ELSE decided_at END,
    decided_by = CASE WHEN $3 IN ('decided', 'dropped') THEN $5::text ELSE decided_by END,
    remark = CASE WHEN $3 IN ('decided', 'dropped') THEN $6::text ELSE remark END,
    done_at = CASE WHEN $3 = 'carried_out' THEN $4::timestamptz END,
    done_by = CASE WHEN $3 = 'carried_out' THEN $5::text END
WHERE id = $1 AND version = $2"""
PAGE = f"""
SELECT {ACCOUNT} {FROM}
WHERE starts_with(o.path, $1) AND ($2::text IS NULL OR a.state = $2) AND ($3::uuid IS NULL OR a.ticket_id = $3)
    AND ($4::uuid IS NULL OR a.user_id = $4) AND ($5::boolean IS NULL OR (a.measure = ANY($6::text[])) = $5)
    AND ($7::date IS NULL OR (a.proposed_at AT TIME ZONE 'Asia/Shanghai')::date >= $7)
    AND ($8::date IS NULL OR (a.proposed_at AT TIME ZONE 'Asia/Shanghai')::date <= $8)
    AND ($9::timestamptz IS NULL OR (a.proposed_at, a.id) < ($9, $10::uuid))
ORDER BY a.proposed_at DESC, a.id DESC LIMIT $11"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who is held to account for what: one of our users, or by name a salesperson of one of our organisations."""

    breach: str
    measure: Measure
    basis: str
    user_id: UUID | None = None
    person: str = ""
    organisation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list is asked for; None does not narrow. `weighs`: in pay or promotion."""

    state: AccountState | None = None
    ticket_id: UUID | None = None
    user_id: UUID | None = None
    weighs: bool | None = None
    first_day: date | None = None
    last_day: date | None = None


async def propose(db: Database, key: UUID, ticket_id: UUID, wanted: Proposal, by: By, at: datetime) -> None:
    """Propose it on a complaint that was found valid, somebody being at fault. The same key twice is once.

    Raises TicketNotFoundError, AccountabilityRefusedError, InvalidError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await conn.fetchrow(FIND, key)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        liability = Liability(row["liability"]) if row["liability"] else None
        rules.check_proposal(Validity(row["validity"] or Validity.PENDING), liability, wanted.breach, wanted.basis)
        person, organisation = await _person(conn, wanted, by)
        values = (organisation, wanted.user_id, person, wanted.breach, wanted.measure, wanted.basis, at, by.actor)
        await conn.execute(PROPOSE, key, ticket_id, *values)
        details = {"accountability": str(key), "measure": wanted.measure.value}
        await tell(conn, row, by, at, "accountability_proposed", details)


async def act(
    db: Database, account_id: UUID, version: int, action: AccountAction, remark: str, by: By, at: datetime
) -> None:
    """Decide, drop, or say that it was carried out.

    Raises NotFoundError, StaleTicketError, AccountabilityRefusedError.
    """
    async with db.transaction() as conn:
        known = await conn.fetchrow(FIND, account_id)
        row = None if known is None else await store.lock(conn, known["ticket_id"])
        if row is None or not await in_reach(conn, by, row):
            raise NotFoundError("accountability", account_id)
        found = await show(conn, account_id, by)
        if found["version"] != version:
            words = Words("该事项已被他人处理", "somebody else changed it: read it again first")
            raise StaleTicketError(words, version=found["version"], state=found["state"], changed=[])
        about = f"user:{found['user_id']}" if found["user_id"] else None
        account = Account(AccountState(found["state"]), found["proposed_by"], about)
        state = rules.after(account, action, by.actor, remark)
        await conn.execute(SAVE, account_id, version, state, at, by.actor, remark)
        details = {"accountability": str(account_id), "measure": found["measure"]}
        await tell(conn, row, by, at, f"accountability_{state.value}", details)


async def show(conn: Connection, account_id: UUID, by: By) -> dict[str, Any]:
    """One of them, in the actor's organisations. Raises NotFoundError."""
    found = await conn.fetchrow(FIND, account_id)
    if found is None or not found["path"].startswith(by.path or ""):
        raise NotFoundError("accountability", account_id)
    return dict(found)


async def page(
    conn: Connection, wish: Wish, by: By, after: tuple[datetime, UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Those of the actor's organisations, the latest first."""
    rows = await conn.fetch(
        PAGE,
        by.path or "",
        wish.state,
        wish.ticket_id,
        wish.user_id,
        wish.weighs,
        sorted(rules.WEIGHS),
        wish.first_day,
        wish.last_day,
        *(after or (None, None)),
        limit,
    )
    return [dict(row) for row in rows]


async def _person(conn: Connection, wanted: Proposal, by: By) -> tuple[str, str]:
    """Name and organisation of who is held to account."""
    if wanted.user_id is not None:
        found = await conn.fetchrow(PERSON, wanted.user_id, by.path or "")
        if found is None:
            raise InvalidError(Words("没有这个人员", "no such person"))
        return found["name"], found["organisation_id"]
    organisation = wanted.organisation_id or by.organisation_id or ""
    if not wanted.person.strip() or await conn.fetchval(ORGANISATION, organisation, by.path or "") is None:
        raise InvalidError(Words("须注明人员姓名及所属机构", "say the person's name and organisation"))
    return wanted.person.strip(), organisation
