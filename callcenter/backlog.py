"""What waits and what lives, in numbers for who watches the system. Reads only, each by an index of its own."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database

COUNTS: Mapping[str, str] = {
    "callcenter_calls_live": "SELECT count(*) FROM call WHERE ended_at IS NULL",
    "callcenter_agents_ready": "SELECT count(*) FROM agent_state WHERE state = 'ready'",
    "callcenter_outbox_waiting": "SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NULL",
    "callcenter_outbox_parked": "SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NOT NULL",
    "callcenter_segments_unsealed": "SELECT count(*) FROM segment WHERE state IN ('finished', 'sealing')",
    "callcenter_incidents_unseen": "SELECT count(*) FROM incident WHERE seen_at IS NULL",
    "callcenter_tickets_overdue": "SELECT count(*) FROM ticket_clock WHERE kind = 'decide_inform' "
    "AND met_at IS NULL AND voided_at IS NULL AND due_at <= now()",
}
"""Name of the gauge → how it is counted."""

BEAT = """
INSERT INTO worker_beat (at, process) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET at = EXCLUDED.at, process = EXCLUDED.process"""
SELECT_BEAT = "SELECT at FROM worker_beat"
BEAT_WITHIN = timedelta(seconds=15)
"""A worker gives a sign of life every 5 s."""


class IdleError(Exception):
    """No worker is at work: recordings wait to be sealed, messages to be delivered. Nothing is lost."""


async def count(conn: Connection, name: str) -> float:
    """The present value of one of COUNTS."""
    return float(await conn.fetchval(COUNTS[name]))


async def beat(db: Database, at: datetime, process: str) -> None:
    """A worker's sign of life."""
    async with db.connection(timeout=1.0) as conn:
        await conn.execute(BEAT, at, process)


async def works(db: Database, clock: Clock) -> None:
    """Raises IdleError when no worker has given a sign of life for a while."""
    async with db.connection(timeout=1.0) as conn:
        at: datetime | None = await conn.fetchval(SELECT_BEAT)
    if at is None or clock.now() - at > BEAT_WITHIN:
        raise IdleError
