"""Who rings, as far as the number tells: customers it may be, open tickets, the agent who knows them. Reads only.

Nobody is picked: a number several customers hold stays theirs all.
"""

from dataclasses import dataclass

from callcenter.db.pool import Connection

WHO_RINGS = """
WITH holder AS (SELECT customer_id FROM customer_phone WHERE number = $1 LIMIT 20),
open AS (
    SELECT id, number, opened_by_user, received_at FROM ticket
    WHERE closed_at IS NULL AND customer_id IN (SELECT customer_id FROM holder)
    UNION
    SELECT id, number, opened_by_user, received_at FROM ticket
    WHERE closed_at IS NULL AND complainant_phone = $1
),
who AS (
    SELECT open.received_at, COALESCE(last.user_id, open.opened_by_user) AS user_id
    FROM open LEFT JOIN LATERAL (
        SELECT c.user_id FROM ticket_call l JOIN call c ON c.id = l.call_id
        WHERE l.ticket_id = open.id AND c.user_id IS NOT NULL ORDER BY c.id DESC LIMIT 1
    ) AS last ON true
)
SELECT (SELECT count(*) FROM holder) AS candidates,
    (SELECT count(*) FROM open) AS open_tickets,
    (SELECT number FROM open ORDER BY received_at DESC LIMIT 1) AS latest,
    (SELECT s.endpoint FROM who JOIN agent_state s ON s.user_id = who.user_id
     WHERE s.state = 'ready' AND NOT EXISTS (
        SELECT FROM call c JOIN call_leg g ON g.call_id = c.id
        WHERE c.ended_at IS NULL AND g.user_id = s.user_id AND g.ended_at IS NULL)
     ORDER BY who.received_at DESC LIMIT 1) AS agent_endpoint"""


@dataclass(frozen=True, slots=True)
class Known:
    """`latest` is the number of the newest open ticket. `agent_endpoint` is the telephone of the agent who talked last
    about the newest ticket whose agent is ready and on no call."""

    candidates: int
    open_tickets: int
    latest: str | None
    agent_endpoint: str | None

    @property
    def hint(self) -> str | None:
        """One line for the agent's screen; None about somebody nobody knows."""
        if not self.candidates and not self.open_tickets:
            return None
        latest = f"，最近 {self.latest}" if self.latest else ""
        return f"该号码对应客户 {self.candidates} 位，未结服务单 {self.open_tickets} 张{latest}"


async def known(conn: Connection, number: str, timeout: float | None = None) -> Known:
    """What the number, in the form customers are stored under, tells; `timeout` in seconds."""
    row = await conn.fetchrow(WHO_RINGS, number, timeout=timeout)
    assert row is not None
    return Known(**dict(row))
