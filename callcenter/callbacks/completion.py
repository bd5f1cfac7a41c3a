"""When and how a policyholder was called back (C-10). Must never be told of a callback that is not completed."""

from datetime import datetime
from uuid import UUID

from callcenter.db.pool import Connection
from tickets.callbacks import Way

COMPLETE = """
UPDATE callback_task SET completed_at = $2, way = $3, late = late OR COALESCE($2 >= due_at, false) WHERE id = $1"""


async def completed(conn: Connection, task_id: UUID, way: Way, at: datetime) -> None:
    """The task was completed so, at that moment: the conversation, the page handed in, the receipt that came
    back. Flagged when that was after the cooling-off period (C-21)."""
    await conn.execute(COMPLETE, task_id, at, way)
