"""Making a difficult or major complaint a lighter case: proposed by one, approved or refused by another (F-47).

Each use case is one transaction over the locked ticket and the version its reader saw.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import casework
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import in_reach, locked
from tickets import downgrades
from tickets import store as tickets
from tickets.downgrades import DowngradeAction, DowngradeState
from tickets.errors import DowngradeRefusedError, KeyReusedError, Words
from tickets.intake import Nature, Severity
from tickets.lifecycle import ENDED

DOWNGRADE = """
d.id, d.ticket_id, d.from_severity, d.to_severity, d.reason, d.state, d.proposed_by, d.proposed_at, d.answered_by,
d.answered_at, d.remark, t.number AS ticket_number, t.status AS ticket_status, t.version AS ticket_version,
t.accepting_organisation_id"""
FIND = f"SELECT {DOWNGRADE} FROM downgrade d JOIN ticket t ON t.id = d.ticket_id WHERE d.id = $1"  # noqa: S608
OPEN_OF = "SELECT id FROM downgrade WHERE ticket_id = $1 AND state = 'proposed'"
PROPOSE = """
INSERT INTO downgrade (id, ticket_id, from_severity, to_severity, reason, proposed_by, proposed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
ANSWER = "UPDATE downgrade SET state = $2, answered_by = $3, answered_at = $4, remark = $5 WHERE id = $1"
PAGE = f"""
SELECT {DOWNGRADE} FROM downgrade d JOIN ticket t ON t.id = d.ticket_id
WHERE (t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.underwriting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%'))
    AND ($2::text IS NULL OR d.state = $2) AND ($3::uuid IS NULL OR d.ticket_id = $3)
    AND ($4::timestamptz IS NULL OR (d.proposed_at, d.id) > ($4, $5::uuid))
ORDER BY d.proposed_at, d.id LIMIT $6"""  # noqa: S608


async def propose(
    db: Database,
    downgrade_id: UUID,
    ticket_id: UUID,
    version: int,
    severity: Severity,
    reason: str,
    by: By,
    at: datetime,
) -> None:
    """Propose a lighter severity; the same id twice is once.

    Raises TicketNotFoundError, StaleTicketError, DowngradeRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        there = await conn.fetchrow(FIND, downgrade_id)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        row = await locked(conn, ticket_id, version, by)
        _check_open(row)
        before = Severity(row["severity"])
        downgrades.check_proposal(before, severity, reason, complaint=row["nature"] == Nature.COMPLAINT)
        if await conn.fetchval(OPEN_OF, ticket_id) is not None:
            raise DowngradeRefusedError(
                Words("该服务单已有待批准的降级申请", "a downgrade of this ticket waits for approval already"),
                rules=("F-47",),
            )
        await conn.execute(PROPOSE, downgrade_id, ticket_id, before.value, severity.value, reason, by.actor, at)
        said = {"from_severity": before.value, "to_severity": severity.value, "reason": reason}
        await tell(conn, row, by, at, "downgrade_proposed", said)


async def answer(
    db: Database,
    downgrade_id: UUID,
    version: int,
    action: DowngradeAction,
    remark: str,
    rules: Rules,
    by: By,
    at: datetime,
) -> None:
    """Approve, refuse or withdraw; approved, the ticket has the lighter severity and the clocks that follow from it.

    Raises NotFoundError, StaleTicketError, DowngradeRefusedError.
    """
    async with db.transaction() as conn:
        found = await show(conn, downgrade_id, by)
        row = await locked(conn, found["ticket_id"], version, by)
        found = await show(conn, downgrade_id, by)
        state = downgrades.after(DowngradeState(found["state"]), action, found["proposed_by"], by.actor, remark)
        said: dict[str, Any] = {"remark": remark} if remark else {}
        if state is DowngradeState.APPROVED:
            _check_open(row)
            downgrades.check_current(Severity(found["from_severity"]), Severity(row["severity"]))
            book = await rules.current(conn, at, row["received_day"])
            severity = Severity(found["to_severity"])
            await casework.regrade(conn, row, severity, book, by, at)
            said |= {
                "version": version + 1,
                "changed": {"severity": [found["from_severity"], found["to_severity"]]},
                "reason": found["reason"],
                "proposed_by": found["proposed_by"],
            }
        await conn.execute(ANSWER, downgrade_id, state.value, by.actor, at, remark)
        await tell(conn, row, by, at, f"downgrade_{state.value}", said)


async def show(conn: Connection, downgrade_id: UUID, by: By) -> dict[str, Any]:
    """The proposal. Raises NotFoundError."""
    row = await conn.fetchrow(FIND, downgrade_id)
    ticket = None if row is None else await tickets.find(conn, row["ticket_id"])
    if row is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("downgrade", downgrade_id)
    return dict(row)


async def page(
    conn: Connection,
    by: By,
    *,
    state: DowngradeState | None,
    ticket_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Proposals on tickets of the actor's organisations, the oldest first."""
    at, id = after or (None, None)
    return [dict(row) for row in await conn.fetch(PAGE, by.path or "", state, ticket_id, at, id, limit)]


def _check_open(row: Mapping[str, Any]) -> None:
    if row["status"] in ENDED:
        raise DowngradeRefusedError(
            Words("已结案的服务单不再降级", "a closed ticket is not downgraded"), rules=("B-2", "F-47")
        )
