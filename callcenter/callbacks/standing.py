"""How far a campaign has come, in figures. Must never count what is not a task of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from callcenter.callbacks.task import Result, State
from callcenter.db.pool import Connection

SOON = timedelta(days=2)
COUNTED = """
SELECT state, result, count(*) AS tasks, count(*) FILTER (WHERE late) AS late,
    count(*) FILTER (WHERE tried_at IS NOT NULL) AS tried,
    count(*) FILTER (WHERE state <> 'done' AND due_at <= $2) AS overdue,
    count(*) FILTER (WHERE state <> 'done' AND due_at > $2 AND due_at <= $3) AS due_soon
FROM callback_task WHERE campaign_id = $1 GROUP BY state, result"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Tasks of a campaign by where they stand and what came of them.

    `tried`: were tried at least once, in any way (C-17). `overdue`: without an outcome after their time. `due_soon`:
    within two days.
    """

    tasks: int
    tried: int
    states: dict[State, int]
    results: dict[Result, int]
    late: int
    overdue: int
    due_soon: int


async def progress(conn: Connection, campaign_id: UUID, at: datetime) -> Progress:
    rows = await conn.fetch(COUNTED, campaign_id, at, at + SOON)
    states, results = dict.fromkeys(State, 0), dict.fromkeys(Result, 0)
    for row in rows:
        states[State(row["state"])] += row["tasks"]
        if row["result"] is not None:
            results[Result(row["result"])] += row["tasks"]
    return Progress(
        tasks=sum(states.values()),
        tried=sum(row["tried"] for row in rows),
        states=states,
        results=results,
        late=sum(row["late"] for row in rows),
        overdue=sum(row["overdue"] for row in rows),
        due_soon=sum(row["due_soon"] for row in rows),
    )
