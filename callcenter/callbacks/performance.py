"""What a campaign's dialling came to: how many were let wait for nobody, and how long agents waited. Only reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from callcenter.callbacks import running
from callcenter.callbacks.attempt import Outcome
from callcenter.db.pool import Connection

OUTCOMES = """
SELECT a.outcome, count(*) AS diallings FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id
WHERE t.campaign_id = $1 AND a.outcome IS NOT NULL GROUP BY 1"""
IDLE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM n.started_at - c.ended_at))
FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id JOIN call n ON n.id = a.id
CROSS JOIN LATERAL (SELECT p.id FROM callback_attempt p WHERE p.user_id = a.user_id AND p.id < a.id
    ORDER BY p.id DESC LIMIT 1) AS b
JOIN call c ON c.id = b.id
WHERE t.campaign_id = $1 AND a.mode = 'progressive' AND a.originated_at IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Performance:
    """`answered`: people who took the call, machines left out; `abandoned`: those of them nobody of ours spoke with;
    `abandoned_rate` in percent of `answered`; `idle_seconds`: median from an agent's call to his next (progressive)."""

    in_the_air: int
    diallings: Mapping[Outcome, int]
    answered: int
    abandoned: int
    abandoned_rate: Decimal | None
    idle_seconds: float | None


async def of_campaign(conn: Connection, campaign_id: UUID) -> Performance:
    """Of all its diallings up to now."""
    rows = await conn.fetch(OUTCOMES, campaign_id)
    diallings = {Outcome(row["outcome"]): row["diallings"] for row in rows}
    abandoned = diallings.get(Outcome.ABANDONED, 0)
    answered = abandoned + sum(count for outcome, count in diallings.items() if outcome.reached)
    idle: float | None = await conn.fetchval(IDLE, campaign_id)
    return Performance(
        in_the_air=await running.in_the_air(conn, campaign_id),
        diallings=diallings,
        answered=answered,
        abandoned=abandoned,
        abandoned_rate=rate(abandoned, answered),
        idle_seconds=None if idle is None else float(idle),
    )


def rate(part: int, whole: int) -> Decimal | None:
    """Percent, half up to two decimals (F-65); None of nothing."""
    if not whole:
        return None
    return (Decimal(100 * part) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
