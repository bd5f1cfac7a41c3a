"""Who may know of a ticket, and holding one for an act. Must never be decided anywhere else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from callcenter.accounts import names
from callcenter.calls.sight import TALKED
from callcenter.db.pool import Connection
from callcenter.opening import By
from tickets import store
from tickets.errors import StaleTicketError, TicketNotFoundError, Words

B_COUNTER_OF = """
SELECT EXISTS (SELECT FROM organisation a JOIN organisation b ON b.parent_id = a.parent_id AND b.kind = 'counter_b'
    WHERE a.path = $1 AND a.kind = 'counter_a' AND b.path = $2)"""
ON_OWN_CALL = f"""
SELECT 1 FROM ticket_call l JOIN call c ON c.id = l.call_id WHERE l.ticket_id = $1 AND {TALKED} LIMIT 1"""  # noqa: S608
HAS_SLIP = """
SELECT EXISTS (SELECT FROM slip s JOIN organisation o ON o.id = s.organisation_id
    WHERE s.ticket_id = $1 AND starts_with(o.path, $2))"""

KNOWN = f"""($1::text IS NULL OR starts_with(a.path, $1) OR COALESCE(starts_with(u.path, $1), false)
    OR EXISTS (SELECT FROM organisation own JOIN organisation b ON b.parent_id = own.parent_id AND b.kind = 'counter_b'
        WHERE own.path = $1 AND own.kind = 'counter_a' AND b.path = a.path)
    OR ($2::uuid IS NOT NULL AND (t.opened_by_user = $2
        OR EXISTS (SELECT FROM ticket_call l JOIN call c ON c.id = l.call_id WHERE l.ticket_id = t.id AND {TALKED})
        OR EXISTS (SELECT FROM slip s JOIN organisation o ON o.id = s.organisation_id
            WHERE s.ticket_id = t.id AND starts_with(o.path, $1)))))"""  # noqa: S608
"""The same as `in_reach` for lists: the ticket `t`, accepted by the organisation `a`, underwritten by `u` (outer
joined); $1 and $2 are the actor's path and id."""


async def in_reach(conn: Connection, by: By, row: Mapping[str, Any]) -> bool:
    """Whether the actor may know the ticket.

    It lies in his organisations, a B counter beside his A counter accepted it (F-7), he opened it, it hangs on his
    call, or a department of his organisations has a slip of it.
    """
    if by.path is None or lies_below(by.path, row):
        return True
    if await conn.fetchval(B_COUNTER_OF, by.path, row["accepting_path"]):
        return True
    if by.user_id is None:
        return False
    if row["opened_by_user"] == by.user_id or await conn.fetchval(ON_OWN_CALL, row["id"], by.user_id) is not None:
        return True
    return bool(await conn.fetchval(HAS_SLIP, row["id"], by.path))


def lies_below(path: str, row: Mapping[str, Any]) -> bool:
    """Whether the accepting or the underwriting organisation is the path's or below (D-12)."""
    return any(each is not None and each.startswith(path) for each in (row["accepting_path"], row["underwriting_path"]))


def not_found(ticket_id: object) -> TicketNotFoundError:
    """The refusal that does not tell whether the ticket exists."""
    return TicketNotFoundError(Words("没有这张服务单", "no such ticket"), ticket=str(ticket_id))


async def seen(conn: Connection, ticket_id: UUID, by: By) -> dict[str, Any]:
    """The ticket's row. Raises TicketNotFoundError for one that is not there or not to be known of."""
    row = await store.find(conn, ticket_id)
    if row is None or not await in_reach(conn, by, row):
        raise not_found(ticket_id)
    return row


async def held(conn: Connection, ticket_id: UUID, by: By) -> dict[str, Any]:
    """The ticket's row, held for the transaction. Raises TicketNotFoundError."""
    row = await store.lock(conn, ticket_id)
    if row is None or not await in_reach(conn, by, row):
        raise not_found(ticket_id)
    return row


async def locked(conn: Connection, ticket_id: UUID, version: int, by: By) -> dict[str, Any]:
    """The ticket's row, held for the transaction, at the version its reader saw.

    Raises TicketNotFoundError, or StaleTicketError with what was done to it since.
    """
    row = await held(conn, ticket_id, by)
    if row["version"] != version:
        since = await store.changed_since(conn, ticket_id, version)
        known = await names.of(conn, [event["actor"] for event in since])
        raise StaleTicketError(
            Words("服务单已被他人修改,请先查看最新内容", "somebody else changed the ticket: read it again first"),
            version=row["version"],
            changed=[
                {
                    "at": event["at"].isoformat(),
                    "actor": event["actor"],
                    "actor_name": known.get(event["actor"]),
                    "kind": event["kind"],
                    "fields": sorted(event["details"].get("changed", {})),
                }
                for event in since
            ],
        )
    return row
