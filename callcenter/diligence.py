"""Whether coordinators look every day at what lies in their queues, and the digest that tells them (R-3.43, R-3.44).

Must never count a look that nobody took: it is written when the coordinator opens his department's list.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import reminders
from callcenter.clock import Clock
from callcenter.config import HoursConfig
from callcenter.db.pool import Connection, Database
from callcenter.notifications import store as notifications
from callcenter.notifications.notification import Kind, Message
from tickets import store
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.deadlines import NEVER
from tickets.terms import TERMS

TOLD = 30
"""Orders a digest names; of more it says how many."""

LOOK = """
INSERT INTO queue_look (user_id, day, first_at, last_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (user_id, day) DO UPDATE SET last_at = EXCLUDED.last_at, times = queue_look.times + 1"""

QUEUES = """
SELECT s.organisation_id, s.department, s.number, s.part, s.state, k.due_day
FROM slip s JOIN ticket t ON t.id = s.ticket_id
    LEFT JOIN LATERAL (
        SELECT k.due_day FROM ticket_clock k
        WHERE k.ticket_id = s.ticket_id AND k.kind = 'decide_inform' AND k.met_at IS NULL AND k.voided_at IS NULL
        ORDER BY k.cycle DESC LIMIT 1) k ON true
WHERE s.state IN ('sent', 'accepted') AND t.status = 'dispatched'
ORDER BY s.organisation_id, s.department, k.due_day NULLS LAST, s.number"""

PAGE = """
SELECT o.id AS organisation_id, o.path, p.department, a.user_id, u.name AS user_name, l.first_at, l.last_at,
    COALESCE(l.times, 0) AS times,
    (SELECT count(*) FROM slip s JOIN ticket t ON t.id = s.ticket_id
        WHERE s.organisation_id = o.id AND s.department = p.department AND s.state IN ('sent', 'accepted')
            AND t.status = 'dispatched') AS in_hand
FROM post p JOIN organisation o ON o.id = p.organisation_id
    JOIN LATERAL (
        SELECT t.user_id FROM tenure t WHERE t.post = p.number AND daterange(t.since, t.until) @> $2::date
        ORDER BY t.part = 'delegate' DESC LIMIT 1) a ON true
    JOIN app_user u ON u.id = a.user_id LEFT JOIN queue_look l ON l.user_id = a.user_id AND l.day = $2
WHERE p.kind = 'coordinator' AND o.path LIKE $1 || '%' AND ($3::boolean IS NULL OR (l.user_id IS NOT NULL) = $3)
    AND ($4::text IS NULL OR (o.path, p.department) > ($4, $5::text))
ORDER BY o.path, p.department LIMIT $6"""


@dataclass(frozen=True, slots=True)
class Look:
    """A coordinator on one day: when he opened his queue, and what lies in it now."""

    organisation_id: str
    path: str
    department: str
    user_id: UUID
    user_name: str
    first_at: datetime | None
    last_at: datetime | None
    times: int
    in_hand: int


class Digests:
    """The job of the worker: each acting coordinator is told once a working day what lies in his queue."""

    def __init__(self, db: Database, clock: Clock, hours: HoursConfig) -> None:
        self._db = db
        self._clock = clock
        self._reminders = reminders.Reminders(db, clock, hours)

    async def send(self) -> int:
        """Returns how many were told now; outside working time nobody is."""
        at, sent = self._clock.now(), 0
        async with self._db.connection() as conn:
            if not self._reminders.is_working_time(at, await store.calendar(conn)):
                return 0
            queues: dict[tuple[str, str], list[Any]] = defaultdict(list)
            for row in await conn.fetch(QUEUES):
                queues[row["organisation_id"], row["department"]].append(row)
        for (organisation_id, department), rows in queues.items():
            async with self._db.transaction() as conn:
                facts = {"organisation_id": organisation_id, "department": department}
                those = await reminders.coordinators(conn, facts, shanghai_day(at))
                message = _digest(organisation_id, Department(department), rows, shanghai_day(at))
                sent += await notifications.tell(conn, those, message, at)
        return sent


async def looked(db: Database, user_id: UUID, at: datetime) -> None:
    """The coordinator opened his department's list."""
    async with db.transaction() as conn:
        await conn.execute(LOOK, user_id, shanghai_day(at), at)


async def page(
    conn: Connection, below: str, on: date, did: bool | None, after: tuple[str, str] | None, limit: int
) -> list[Look]:
    """Acting coordinators of the subtree that day, and whether they looked."""
    return [Look(**dict(row)) for row in await conn.fetch(PAGE, below, on, did, *(after or (None, None)), limit)]


def _digest(organisation_id: str, department: Department, rows: list[Any], today: date) -> Message:
    waiting = [row for row in rows if row["part"] in ("main", "joint")]
    unseen = sum(row["state"] == "sent" for row in waiting)
    late = sum(row["due_day"] is not None and row["due_day"] < today for row in waiting)
    lines = [
        f"{TERMS[Department][department].zh}在办会办单{len(waiting)}件：待接收{unseen}件，逾期{late}件；"
        f"抄送、督办{len(rows) - len(waiting)}件。",
        *(f"{row['number']} 期限{row['due_day']}" for row in waiting[:TOLD] if row["due_day"] not in (None, NEVER)),
    ]
    if len(waiting) > TOLD:
        lines.append(f"……共{len(waiting)}件")
    return Message(
        Kind.DIGEST, f"{today} {organisation_id} {department}", f"每日待办：{len(waiting)}件", "\n".join(lines)
    )
