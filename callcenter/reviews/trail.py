"""What every act on a review or a re-investigation leaves behind, and what who comes second is told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.accounts import names
from callcenter.db.pool import Connection
from callcenter.opening import By
from tickets.errors import OvertakenError, Words


async def record(
    conn: Connection, kind: str, object_id: UUID, ticket_id: UUID, act: str, by: By, at: datetime, *, organisation: str
) -> None:
    """Audit and outbox of one act; `organisation`: whose turn it is, or was."""
    await audit.record(
        conn,
        actor=by.actor,
        action=f"{kind}.{act}",
        object_kind=kind,
        object_id=str(object_id),
        at=at,
        details={"ticket": str(ticket_id), "organisation": organisation},
        address=by.address,
    )
    payload = {"id": str(object_id), "ticket_id": str(ticket_id), "act": act, "organisation": organisation}
    await outbox.append(conn, f"{kind}.changed", str(object_id), payload, at)


async def overtaken(conn: Connection, row: Mapping[str, Any]) -> OvertakenError:
    """Somebody else was first: what he did, and who he is."""
    known = await names.of(conn, [row["changed_by"]])
    return OvertakenError(
        Words("内容已被他人修改,请先查看最新内容", "somebody else changed this: read it again first"),
        version=row["version"],
        changed=[
            {
                "at": row["changed_at"].isoformat(),
                "actor": row["changed_by"],
                "actor_name": known.get(row["changed_by"]),
                "kind": row["changed_how"],
            }
        ],
    )
