"""The trace of an act on a ticket: its history, the audit and the outbox, in the act's own transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter import audit, outbox
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets import store


async def tell(
    conn: Connection, row: Mapping[str, Any], by: By, at: datetime, kind: str, details: Mapping[str, Any]
) -> None:
    """History, audit and outbox of one act, in its transaction; the last two without personal data."""
    await store.note(conn, uuid7(at), row["id"], at, by.actor, kind, details)
    fields = sorted(details["changed"]) if "changed" in details else None
    await audit.record(
        conn,
        actor=by.actor,
        action=f"ticket.{kind}",
        object_kind="ticket",
        object_id=str(row["id"]),
        at=at,
        details={"number": row["number"], "version": details.get("version"), "fields": fields},
        address=by.address,
    )
    payload = {
        "ticket_id": str(row["id"]),
        "number": row["number"],
        "act": kind,
        "status": row["status"],
        "organisation": row["accepting_organisation_id"],
        "underwriting": row["underwriting_organisation_id"],
    }
    await outbox.append(conn, "ticket.changed", str(row["id"]), payload, at)
