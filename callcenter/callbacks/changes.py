"""What was done to a campaign, by whom and why. Must never be written but with the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.callbacks.campaign import Standing, Turn
from callcenter.callbacks.store import Campaign
from callcenter.db.pool import Connection
from callcenter.ids import uuid7

ADD = """
INSERT INTO campaign_change (id, campaign_id, action, state, reason, changed_by, changed_at, version, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
OF_CAMPAIGN = """
SELECT action, state, reason, changed_by, changed_at, version, details FROM campaign_change
WHERE campaign_id = $1 ORDER BY version"""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing done to a campaign; `state` is the one it was in afterwards."""

    action: Turn
    state: Standing
    reason: str | None
    changed_by: str
    changed_at: datetime
    version: int
    details: Mapping[str, Any]


async def record(
    conn: Connection,
    campaign: Campaign,
    turn: Turn,
    reason: str | None,
    *,
    actor: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Writes the line of the campaign's history, the audit row and the event; `campaign` is as it is afterwards."""
    told = dict(details or {})
    values = (uuid7(at), campaign.id, turn, campaign.state, reason, actor, at, campaign.version, told)
    await conn.execute(ADD, *values)
    await audit.record(
        conn,
        actor=actor,
        action=f"campaign.{turn}",
        object_kind="campaign",
        object_id=str(campaign.id),
        at=at,
        details={"state": campaign.state, "version": campaign.version, "reason": reason, **told},
    )
    payload = {"campaign_id": str(campaign.id), "state": campaign.state, "version": campaign.version}
    await outbox.append(conn, "campaign.changed", str(campaign.id), payload, at)


async def of(conn: Connection, campaign_id: UUID) -> list[Change]:
    """The campaign's history, oldest first."""
    rows = await conn.fetch(OF_CAMPAIGN, campaign_id)
    codes = [{**row, "action": Turn(row["action"]), "state": Standing(row["state"])} for row in map(dict, rows)]
    return [Change(**row) for row in codes]
