"""The rows of the product's one statement as most programs would write them: a statement a table, one transaction.

The baseline of the measurement; it decides nothing and must leave exactly the same rows.
"""

from enum import Enum
from typing import Any

from callcenter.db.pool import Connection
from tickets.store import NewTicket, OpenedRow, clock_row

CLAIM = (
    "INSERT INTO ticket_key (id, fingerprint, claimed_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING RETURNING id"
)
ROOT = "SELECT id FROM organisation WHERE parent_id IS NULL"
COUNT = """
INSERT INTO ticket_counter AS c (day, last) VALUES ($1, 1)
ON CONFLICT (day) DO UPDATE SET last = c.last + 1 RETURNING last"""
MATTER = """
INSERT INTO matter (id, root_ticket_id, opened_at, latest_at, occurrences, pieces) VALUES ($1, $2, $3, $3, $4, $5)"""
CALL = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, started_at)
VALUES ($1, $2, $3, 'ivr', $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING"""
SEEN = "SELECT started_at, ended_at FROM call WHERE id = $1"
LINK = """
INSERT INTO ticket_call (ticket_id, call_id, opened_live, seconds_into_call, linked_at)
VALUES ($1, $2, $3, extract(epoch FROM $4::interval), $5)"""
CLOCK = """
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    statutory, version, met_at)
SELECT $1, r.kind, r.cycle, r.start_day, r.due_day, r.due_at, r.alert_day, r.provisional, r.rules, r.internal,
    NULLIF(r.statutory, 'null'::jsonb), r.version, r.met_at
FROM jsonb_populate_record(NULL::ticket_clock, $2) AS r"""
TOLD = "INSERT INTO ticket_event (id, ticket_id, at, actor, kind, details) VALUES ($1, $2, $3, $4, 'opened', $5)"
ANNOUNCED = "INSERT INTO outbox_event (id, topic, key, payload, at) VALUES ($1, 'ticket.opened', $2, $3, $4)"
OWED = "INSERT INTO outbox_delivery (event_id, consumer, next_at) VALUES ($1, $2, $3)"
AUDIT = """
INSERT INTO audit (id, at, actor, action, object_kind, object_id, details, address)
VALUES ($1, $2, $3, 'ticket.open', 'ticket', $4, $5, $6)"""


async def open_ticket(conn: Connection, new: NewTicket) -> OpenedRow:
    """Like `tickets.store.open_ticket` for a ticket from the menu. Raises LookupError for a known key."""
    columns = {name: value.value if isinstance(value, Enum) else value for name, value in new.columns.items()}
    received_at, number = columns["received_at"], ""
    async with conn.transaction():
        if await conn.fetchval(CLAIM, new.key, new.fingerprint, new.stored_at) is None:
            raise LookupError(f"{new.key} is known")
        last = await conn.fetchval(COUNT, new.received_day)
        number = f"95519-{new.received_day:%Y%m%d}-{last:06d}"
        if columns["accepting_organisation_id"] is None:
            columns["accepting_organisation_id"] = await conn.fetchval(ROOT)
        if columns["relation"] == "first":
            weight = (columns["occurrences"], columns["pieces"])
            await conn.execute(MATTER, columns["matter_id"], new.key, received_at, *weight)
        extra = {"id": new.key, "number": number, "received_day": new.received_day, "stored_at": new.stored_at}
        await conn.execute(*_insert("ticket", {**columns, **extra}))
        live, seconds = await _linked(conn, new, received_at)
        await conn.executemany(CLOCK, [(new.key, clock_row(deadline, met)) for deadline, met in new.clocks])
        await conn.execute(TOLD, new.event_id, new.key, received_at, new.actor, dict(new.event))
        payload = {**new.payload, "number": number, "organisation": columns["accepting_organisation_id"]}
        await conn.execute(ANNOUNCED, new.outbox_id, str(new.key), {**payload, "underwriting": None}, new.stored_at)
        for consumer in new.consumers:
            await conn.execute(OWED, new.outbox_id, consumer, new.stored_at)
        details = {"number": number}
        await conn.execute(AUDIT, new.audit_id, new.stored_at, new.actor, str(new.key), details, new.address)
    return OpenedRow(number, received_at, live, seconds, None)


async def _linked(conn: Connection, new: NewTicket, received_at: Any) -> tuple[bool | None, float | None]:
    if new.call_id is None:
        return None, None
    began = new.call_started_at or received_at
    if (known := new.arrival) is not None:
        values = (new.call_id, known.cc_call, known.direction, received_at, known.caller, known.did, began)
        await conn.execute(CALL, *values)
    row = await conn.fetchrow(SEEN, new.call_id)
    live = row is None or row["ended_at"] is None or row["ended_at"] > received_at
    into = received_at - (row["started_at"] if row is not None else began)
    await conn.execute(LINK, new.key, new.call_id, live, into, received_at)
    return live, into.total_seconds()


def _insert(table: str, columns: dict[str, Any]) -> tuple[Any, ...]:
    names = ", ".join(columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    return (f"INSERT INTO {table} ({names}) VALUES ({places})", *columns.values())
