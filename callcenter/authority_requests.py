"""Authority for one settlement, asked for and given from afar: temporary authorisation and fast approval (N-11).

Who gives it has the authority himself, and is another person. Each use case is one transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from callcenter.accounts import authority
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.idempotency import KeyReusedError
from callcenter.opening import By
from callcenter.reach import held, in_reach
from tickets import authority as rules
from tickets import store
from tickets.authority import RequestAction, RequestState
from tickets.errors import AuthorityRefusedError, Words
from tickets.lifecycle import Status

REQUEST = """
r.id, r.ticket_id, t.number AS ticket_number, r.amount, r.reason, r.asked_by, r.asked_by_user, r.asked_at, r.state,
r.until, r.remark, r.answered_by, r.answered_at"""
FIND = f"SELECT {REQUEST} FROM authority_request r JOIN ticket t ON t.id = r.ticket_id WHERE r.id = $1"  # noqa: S608
ASK = """
INSERT INTO authority_request (id, ticket_id, amount, reason, asked_by, asked_by_user, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
ANSWER = """
UPDATE authority_request SET state = $2, until = $3, remark = $4, answered_by = $5, answered_at = $6
WHERE id = $1 AND state = 'asked'"""
PAGE = f"""
SELECT {REQUEST} FROM authority_request r JOIN ticket t ON t.id = r.ticket_id
JOIN organisation o ON o.id = t.accepting_organisation_id
WHERE starts_with(o.path, $1) AND ($2::text IS NULL OR r.state = $2) AND ($3::uuid IS NULL OR r.ticket_id = $3)
    AND ($4::timestamptz IS NULL OR (r.asked_at, r.id) > ($4, $5::uuid))
ORDER BY r.asked_at, r.id LIMIT $6"""  # noqa: S608


async def ask(db: Database, key: UUID, ticket_id: UUID, amount: Decimal, reason: str, by: By, at: datetime) -> None:
    """Ask for authority to settle this ticket with an amount above one's own. The same key twice is once.

    Raises TicketNotFoundError, AuthorityRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await conn.fetchrow(FIND, key)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        own = await authority.of_user(conn, by.user_id, ticket_id, at)
        rules.check_request(amount, own, is_open=row["status"] == Status.RECORDED)
        if by.user_id is None:
            words = Words("由经办人员本人申请", "the person who settles asks")
            raise AuthorityRefusedError(words, rules=("N-11",))
        await conn.execute(ASK, key, ticket_id, amount, reason, by.actor, by.user_id, at)
        await tell(conn, row, by, at, "authority_asked", {"amount": f"{amount:.2f}", "reason": reason})


async def answer(
    db: Database, request_id: UUID, action: RequestAction, until: datetime | None, remark: str, by: By, at: datetime
) -> None:
    """Grant it until a moment, or refuse it. Raises NotFoundError, AuthorityRefusedError."""
    async with db.transaction() as conn:
        found = await conn.fetchrow(FIND, request_id)
        row = None if found is None else await store.lock(conn, found["ticket_id"])
        if found is None or row is None or not await in_reach(conn, by, row):
            raise NotFoundError("authority request", request_id)
        found = await conn.fetchrow(FIND, request_id)
        assert found is not None
        own = await authority.of_user(conn, by.user_id)
        asked = rules.Asked(found["amount"], found["asked_by"], RequestState(found["state"]))
        state = rules.answered(asked, action, by.actor, own, until, at, remark)
        await conn.execute(
            ANSWER, request_id, state, until if state is RequestState.GRANTED else None, remark, by.actor, at
        )
        details = {
            "amount": f"{found['amount']:.2f}",
            "asked_by": found["asked_by"],
            "until": until.isoformat() if until and state is RequestState.GRANTED else None,
            "remark": remark or None,
        }
        told = {name: value for name, value in details.items() if value is not None}
        await tell(conn, row, by, at, f"authority_{state.value}", told)


async def show(conn: Connection, request_id: UUID, by: By) -> dict[str, Any]:
    """One of them. Raises NotFoundError."""
    found = await conn.fetchrow(FIND, request_id)
    ticket = None if found is None else await store.find(conn, found["ticket_id"])
    if found is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("authority request", request_id)
    return dict(found)


async def page(
    conn: Connection,
    by: By,
    *,
    state: RequestState | None,
    ticket_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Those about tickets of the actor's organisations, the oldest first."""
    rows = await conn.fetch(PAGE, by.path or "", state, ticket_id, *(after or (None, None)), limit)
    return [dict(row) for row in rows]
