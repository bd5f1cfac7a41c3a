"""Third parties: what they were asked for on a complaint, how they cooperated, whether business goes on (N-3).

Each use case is one transaction. Must never decide a rule.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, NotFoundError
from callcenter.history import tell
from callcenter.idempotency import KeyReusedError
from callcenter.opening import By
from callcenter.reach import held, in_reach
from tickets import store
from tickets import third_parties as rules
from tickets.calendar import shanghai_day
from tickets.errors import StaleTicketError, Words
from tickets.third_parties import Admission, Asked, ThirdPartyKind

PARTY = """
SELECT p.id, p.name, p.kind, p.organisation_id, o.path, p.admission, p.reason, p.changed_at, p.changed_by, p.version
FROM third_party p JOIN organisation o ON o.id = p.organisation_id"""
PARTY_ONE = PARTY + " WHERE p.id = $1"
PARTY_HELD = PARTY_ONE + " FOR UPDATE OF p"
PARTIES = (
    PARTY
    + """
WHERE (starts_with(o.path, $1) OR starts_with($1, o.path)) AND ($2::text IS NULL OR p.admission = $2)
    AND ($3::uuid IS NULL OR p.id > $3) ORDER BY p.id LIMIT $4"""
)
NAMED = "SELECT id FROM third_party WHERE name = $1"
ORGANISATION = "SELECT path FROM organisation WHERE id = $1"
ADD = """
INSERT INTO third_party (id, name, kind, organisation_id, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6)"""
ADMIT = """
UPDATE third_party SET admission = $3, reason = $4, changed_at = $5, changed_by = $6, version = version + 1
WHERE id = $1 AND version = $2"""

REQUEST = """
SELECT r.id, r.ticket_id, t.number AS ticket_number, r.third_party_id, p.name AS third_party, r.request, r.due_day,
    r.asked_at, r.asked_by, r.answer, r.answered_on, r.score, r.remark, r.scored_at, r.scored_by, r.version
FROM third_party_request r JOIN third_party p ON p.id = r.third_party_id JOIN ticket t ON t.id = r.ticket_id"""
REQUEST_ONE = REQUEST + " WHERE r.id = $1"
REQUESTS = (
    REQUEST
    + """
JOIN organisation a ON a.id = t.accepting_organisation_id
LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id
WHERE (starts_with(a.path, $1) OR COALESCE(starts_with(u.path, $1), false))
    AND ($2::uuid IS NULL OR r.third_party_id = $2) AND ($3::uuid IS NULL OR r.ticket_id = $3)
    AND ($4::boolean IS NULL OR (r.score IS NULL) = $4)
    AND ($5::timestamptz IS NULL OR (r.asked_at, r.id) < ($5, $6::uuid))
ORDER BY r.asked_at DESC, r.id DESC LIMIT $7"""
)
ASK = """
INSERT INTO third_party_request (id, ticket_id, third_party_id, request, due_day, asked_at, asked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
SCORE = """
UPDATE third_party_request SET answer = $3, answered_on = $4, score = $5, remark = $6, scored_at = $7, scored_by = $8,
    version = version + 1
WHERE id = $1 AND version = $2"""
OF_PARTIES = """
SELECT third_party_id, due_day, answered_on, score FROM third_party_request
WHERE third_party_id = ANY($1::uuid[]) AND (asked_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN $2 AND $3"""


async def add(
    db: Database, key: UUID, name: str, kind: ThirdPartyKind, organisation: str, by: By, at: datetime
) -> None:
    """Register a third party that an organisation works with. The same key twice is once.

    Raises NotFoundError, ConflictError where the name is taken.
    """
    async with db.transaction() as conn:
        if await conn.fetchrow(PARTY_ONE, key) is not None:
            return
        path = await conn.fetchval(ORGANISATION, organisation)
        if path is None or not path.startswith(by.path or ""):
            raise NotFoundError("organisation", organisation)
        if await conn.fetchval(NAMED, name) is not None:
            raise ConflictError(Words("该机构已登记", "this third party is registered already"))
        await conn.execute(ADD, key, name, kind, organisation, at, by.actor)
        await _audited(conn, by, at, "third_party.added", key, {"name": name, "kind": kind.value})


async def admit(
    db: Database, party_id: UUID, version: int, admission: Admission, reason: str, by: By, at: datetime
) -> None:
    """Warn it, end business with it, or admit it again, for a reason: its scores are before who decides.

    Raises NotFoundError, StaleTicketError, ThirdPartyRefusedError.
    """
    async with db.transaction() as conn:
        found = await conn.fetchrow(PARTY_HELD, party_id)
        if found is None or not found["path"].startswith(by.path or ""):
            raise NotFoundError("third party", party_id)
        if found["version"] != version:
            raise _stale(dict(found))
        rules.check_admission(Admission(found["admission"]), admission, reason)
        await conn.execute(ADMIT, party_id, version, admission, reason, at, by.actor)
        details = {"from": found["admission"], "to": admission.value, "reason": reason}
        await _audited(conn, by, at, "third_party.admission", party_id, details)


async def ask(
    db: Database, key: UUID, ticket_id: UUID, party_id: UUID, request: str, due: date, by: By, at: datetime
) -> None:
    """Ask a third party to cooperate on a complaint until a day. The same key twice is once.

    Raises TicketNotFoundError, NotFoundError, ThirdPartyRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await conn.fetchrow(REQUEST_ONE, key)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        party = await conn.fetchrow(PARTY_ONE, party_id)
        if party is None:
            raise NotFoundError("third party", party_id)
        rules.check_request(Admission(party["admission"]), due, shanghai_day(at))
        await conn.execute(ASK, key, ticket_id, party_id, request, due, at, by.actor)
        details = {"third_party": party["name"], "request": request, "day": str(due)}
        await tell(conn, row, by, at, "third_party_asked", details)


async def score(
    db: Database,
    request_id: UUID,
    version: int,
    answered: tuple[date, str] | None,
    points: int,
    remark: str,
    by: By,
    at: datetime,
) -> None:
    """Score how it cooperated, 1 to 5, with its answer and the day that came, or without one after its last day.

    Raises NotFoundError, StaleTicketError, ThirdPartyRefusedError.
    """
    async with db.transaction() as conn:
        known = await conn.fetchrow(REQUEST_ONE, request_id)
        row = None if known is None else await store.lock(conn, known["ticket_id"])
        if row is None or not await in_reach(conn, by, row):
            raise NotFoundError("third party request", request_id)
        found = await show(conn, request_id, by)
        if found["version"] != version:
            raise _stale(found)
        day, text = answered or (None, None)
        rules.check_score(_asked(found), day, shanghai_day(at))
        await conn.execute(SCORE, request_id, version, text, day, points, remark, at, by.actor)
        details = {"third_party": found["third_party"], "score": points, "answer": text, "remark": remark or None}
        told = {name: value for name, value in details.items() if value is not None}
        await tell(conn, row, by, at, "third_party_scored", told)


async def show(conn: Connection, request_id: UUID, by: By) -> dict[str, Any]:
    """A request. Raises NotFoundError."""
    found = await conn.fetchrow(REQUEST_ONE, request_id)
    ticket = None if found is None else await store.find(conn, found["ticket_id"])
    if found is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("third party request", request_id)
    return dict(found)


async def requests(
    conn: Connection,
    by: By,
    *,
    party_id: UUID | None,
    ticket_id: UUID | None,
    unscored: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Requests on tickets of the actor's organisations, the latest first."""
    rows = await conn.fetch(REQUESTS, by.path or "", party_id, ticket_id, unscored, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def parties(
    conn: Connection,
    by: By,
    admission: Admission | None,
    days: tuple[date, date],
    today: date,
    after: UUID | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Third parties of the actor's line, each with how it cooperated on what it was asked in those days."""
    rows = [dict(row) for row in await conn.fetch(PARTIES, by.path or "", admission, after, limit)]
    return [await _with_cooperation(conn, row, days, today) for row in rows]


async def party(conn: Connection, party_id: UUID, days: tuple[date, date], today: date) -> Mapping[str, Any]:
    """One of them. Raises NotFoundError."""
    found = await conn.fetchrow(PARTY_ONE, party_id)
    if found is None:
        raise NotFoundError("third party", party_id)
    return await _with_cooperation(conn, dict(found), days, today)


async def _with_cooperation(
    conn: Connection, row: dict[str, Any], days: tuple[date, date], today: date
) -> Mapping[str, Any]:
    asked = await conn.fetch(OF_PARTIES, [row["id"]], *days)
    found = rules.cooperation((_asked(dict(each)) for each in asked), today)
    return row | {"asked": found.asked, "answered": found.answered, "late": found.late, "mean": found.mean}


def _asked(row: Mapping[str, Any]) -> Asked:
    return Asked(row["due_day"], row["answered_on"], row["score"])


def _stale(found: Mapping[str, Any]) -> StaleTicketError:
    words = Words("该记录已被他人修改", "somebody else changed it: read it again first")
    return StaleTicketError(words, version=found["version"], changed=[])


async def _audited(
    conn: Connection, by: By, at: datetime, action: str, party_id: UUID, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="third_party",
        object_id=str(party_id),
        at=at,
        details=dict(details),
        address=by.address,
    )
