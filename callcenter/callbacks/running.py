"""Whether a task's campaign is dialled now. Must never let a paused or stopped campaign ring anybody.

Read at the request and again by the dialer at the moment of dialling, so that a pause acts at once: what is in the air
goes on, nothing new leaves.
"""

from uuid import UUID

from callcenter.callbacks.errors import CampaignNotRunningError
from callcenter.callbacks.store import Task
from callcenter.db.pool import Connection
from tickets.errors import Words

RUNNING = "running"
STATE = "SELECT state FROM campaign WHERE id = $1"
IN_THE_AIR = """
SELECT count(*) FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id
WHERE t.campaign_id = $1 AND a.ended_at IS NULL AND a.originated_at IS NOT NULL"""


async def state(conn: Connection, campaign_id: UUID | None) -> str:
    """The state of a campaign; a task without one is always dialled."""
    found: str | None = None if campaign_id is None else await conn.fetchval(STATE, campaign_id)
    return found or RUNNING


async def refuse(conn: Connection, found: Task) -> None:
    """Raises CampaignNotRunningError."""
    if await state(conn, found.campaign_id) != RUNNING:
        raise CampaignNotRunningError(
            Words("该批次未在进行，不拨打。", "The campaign is not running: nobody of it is rung.")
        )


async def in_the_air(conn: Connection, campaign_id: UUID) -> int:
    """How many calls of the campaign are ringing or talking: a pause or a stop lets them go on."""
    return int(await conn.fetchval(IN_THE_AIR, campaign_id))
