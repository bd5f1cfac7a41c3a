"""What a callback brings to light becomes a ticket while the call is live: a finding, or a complaint that counts.

Must never decide which: the pure classification of the complaint domain does, from what the agent states (T-1, T-2).
"""

from dataclasses import dataclass, field
from uuid import UUID

from callcenter.callbacks import store
from callcenter.callbacks.conversation import talk_of
from callcenter.complaints import Complaints, Opened
from callcenter.db.pool import Connection, Database
from callcenter.opening import By, OnCall, Opening, Via
from tickets.categories import OtherCause
from tickets.findings import Heard
from tickets.intake import Particulars


@dataclass(frozen=True, slots=True)
class Problem:
    """What the customer said, as the callback agent states it. `heard` is mandatory (F-13)."""

    heard: Heard
    particulars: Particulars = field(default_factory=Particulars)
    other_cause: OtherCause | None = None
    another_matter: bool = False


async def record(db: Database, complaints: Complaints, task_id: UUID, problem: Problem, *, key: UUID, by: By) -> Opened:
    """Opens the ticket on the task's conversation; the same key gives the same ticket.

    Raises TaskNotFoundError, NoConversationError, NotYourCallError, and what `Complaints.open` raises.
    """
    async with db.connection() as conn:
        opening = await asked(conn, task_id, problem, key=key, by=by)
    return await complaints.open(opening, by)


async def asked(conn: Connection, task_id: UUID, problem: Problem, *, key: UUID, by: By) -> Opening:
    """The ticket as it is asked for, on the task's conversation. Raises as `record` does."""
    task = await store.task(conn, task_id, by.path or "")
    talk = await talk_of(conn, task, by)
    return Opening(
        key=key,
        via=Via.CALLBACK_AGENT,
        accepting_organisation=by.organisation_id or task.organisation_id,
        particulars=problem.particulars,
        other_cause=problem.other_cause,
        call=OnCall(talk.attempt, talk.answered_at),
        heard=problem.heard,
        another_matter=problem.another_matter,
    )
