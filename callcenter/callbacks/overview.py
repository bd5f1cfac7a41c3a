"""The team leader's live board: what is open, in the air and done today, of one campaign or of all (C-3, C-17, C-20).

Counts only, from indexes; what is asked again within RENEWED is not counted again, however many look. Must never be the
place where anything is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter.agents.agent import State as AgentState
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.task import Result
from callcenter.db.pool import Connection, Database
from callcenter.ids import first_of
from tickets.calendar import end_of_day, shanghai_day

NEAR = timedelta(days=3)
"""How long before the cooling-off period ends a task stands out."""
RENEWED = timedelta(seconds=2)
KEPT = 256
"""Boards remembered at once."""

_REACH = "JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $1 || '%'"
OPEN = f"""
SELECT count(*) AS open,
    count(*) FILTER (WHERE t.state = 'waiting') AS waiting,
    count(*) FILTER (WHERE t.state = 'waiting' AND t.not_before <= $3) AS ready,
    count(*) FILTER (WHERE t.state = 'concluding') AS concluding,
    count(*) FILTER (WHERE t.state = 'otherwise') AS otherwise,
    count(*) FILTER (WHERE t.due_at > $3 AND t.due_at <= $4) AS due_today,
    count(*) FILTER (WHERE t.due_at > $3 AND t.due_at <= $5) AS near_end,
    count(*) FILTER (WHERE t.due_at <= $3) AS overdue
FROM callback_task t {_REACH}
WHERE t.state <> 'done' AND ($2::uuid IS NULL OR t.campaign_id = $2)"""  # noqa: S608
AIR = f"""
SELECT count(*) FILTER (WHERE a.answered_at IS NULL) AS dialling,
    count(*) FILTER (WHERE a.answered_at IS NOT NULL) AS talking
FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id {_REACH}
WHERE a.ended_at IS NULL AND ($2::uuid IS NULL OR t.campaign_id = $2)"""  # noqa: S608
TRIED = f"""
SELECT a.outcome, count(*) AS attempts
FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id {_REACH}
WHERE a.id >= $3 AND a.outcome IS NOT NULL AND ($2::uuid IS NULL OR t.campaign_id = $2) GROUP BY a.outcome"""  # noqa: S608
DONE = f"""
SELECT t.result, count(*) AS tasks FROM callback_task t {_REACH}
WHERE t.state = 'done' AND t.concluded_at >= $3 AND ($2::uuid IS NULL OR t.campaign_id = $2) GROUP BY t.result"""  # noqa: S608
AGENTS = """
SELECT COALESCE(s.state, 'offline') AS state, count(*) AS agents
FROM app_user u JOIN organisation o ON o.id = u.organisation_id AND o.path LIKE $1 || '%'
    LEFT JOIN agent_state s ON s.user_id = u.id
WHERE u.active AND 'callback_agent' = ANY (u.roles) GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Board:
    """How it stands at `at`.

    `waiting`: to be dialled, of these `ready` now; `due_today`, `near_end`, `overdue`: open tasks by the end of their
    cooling-off period; `dialling`, `talking`: diallings in the air; `attempts`, `results`, `abandoned`: of today.
    """

    at: datetime
    open: int
    waiting: int
    ready: int
    concluding: int
    otherwise: int
    due_today: int
    near_end: int
    overdue: int
    dialling: int
    talking: int
    agents: Mapping[AgentState, int]
    attempts: Mapping[Outcome, int]
    results: Mapping[Result, int]

    @property
    def attempts_today(self) -> int:
        return sum(self.attempts.values())

    @property
    def abandoned(self) -> int:
        """Customers who answered and got nobody."""
        return self.attempts[Outcome.ABANDONED]

    @property
    def answered(self) -> int:
        """Diallings that somebody took, those abandoned included."""
        return sum(count for outcome, count in self.attempts.items() if outcome.reached or outcome is Outcome.ABANDONED)


class Boards:
    """Boards by who may see what and which campaign, each counted at most every RENEWED."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[tuple[str, UUID | None], Board] = {}

    async def show(self, path: str, campaign_id: UUID | None, at: datetime) -> Board:
        """How it stands, at most RENEWED old, for the organisations at and below `path`."""
        key = (path, campaign_id)
        known = self._known.get(key)
        if known is not None and timedelta(0) <= at - known.at < RENEWED:
            return known
        async with self._db.connection() as conn:
            board = await counted(conn, path, campaign_id, at)
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[key] = board
        return board


async def counted(conn: Connection, path: str, campaign_id: UUID | None, at: datetime) -> Board:
    """Counts it anew."""
    today = shanghai_day(at)
    tonight = end_of_day(today)
    morning = end_of_day(today - timedelta(days=1))
    whose = (path, campaign_id)
    opened = await conn.fetchrow(OPEN, *whose, at, tonight, at + NEAR)
    air = await conn.fetchrow(AIR, *whose)
    assert opened is not None
    assert air is not None
    return Board(
        at=at,
        **dict(opened),
        **dict(air),
        agents=_counts(AgentState, await conn.fetch(AGENTS, path)),
        attempts=_counts(Outcome, await conn.fetch(TRIED, *whose, first_of(morning))),
        results=_counts(Result, await conn.fetch(DONE, *whose, morning)),
    )


def _counts(kind: Any, rows: Any) -> dict[Any, int]:
    """Every code with its count, also those that did not happen."""
    return {**dict.fromkeys(kind, 0), **{kind(row[0]): row[1] for row in rows if row[0] is not None}}
