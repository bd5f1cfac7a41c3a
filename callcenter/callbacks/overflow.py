"""Callers who could not be served are rung back: a message left, or a call the switch lost. One task a call, never two.

Consumes `message.left` and `call.lost` of the outbox.
"""

from datetime import datetime
from uuid import UUID

from callcenter.callbacks import store
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Purpose, Source, State, TaskId
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.calls.call import Incident
from callcenter.calls.store import raise_incidents
from callcenter.customers import phone, search
from callcenter.db.pool import Connection
from callcenter.ids import CallId, uuid7
from callcenter.outbox import Message
from tickets.store import calendar

NAME = "callbacks.overflow"

ROOT = "SELECT id FROM organisation WHERE parent_id IS NULL"
SHORTEST = 7
"""Digits of a number that may be rung back: a caller can send any number as his, the emergency services' too."""
SOURCES = {"message.left": Source.OVERFLOW, "call.lost": Source.LOST_CALL}
NO_NUMBER = {"message.left": "message_without_number", "call.lost": "call_lost_without_number"}
"""Who withheld his number, or told one nobody has, cannot be rung: a person has to listen to the recording."""


async def hear(conn: Connection, message: Message, hours: CallingHours = STANDARD) -> None:
    """The outbox's consumer."""
    payload = message.payload
    if payload.get("direction", "inbound") != "inbound":
        return
    call_id = CallId(UUID(payload["call_id"]))
    number = phone.normalise(payload.get("caller") or payload.get("number"))
    if number is None or len(number) < SHORTEST:
        await raise_incidents(conn, [(call_id, Incident(NO_NUMBER[message.topic], message.at, {}))])
        return
    wish = payload.get("wish") or payload.get("queue")
    await ring_back(conn, call_id, number, SOURCES[message.topic], wish, message.at, hours)


async def ring_back(
    conn: Connection,
    call_id: UUID,
    number: str,
    source: Source,
    wish: str | None,
    at: datetime,
    hours: CallingHours = STANDARD,
) -> TaskId | None:
    """Makes the task; None when the call has one already. A number several customers hold is nobody's in particular.

    The caller asked to be rung, so the task is ready as soon as anybody may be rung (C-18).
    """
    holders = await search.holders(conn, number)
    task = Task(
        id=TaskId(uuid7(at)),
        campaign_id=None,
        purpose=Purpose.RETURN_CALL,
        source=source,
        source_call_id=call_id,
        organisation_id=await conn.fetchval(ROOT),
        customer_id=holders[0] if len(holders) == 1 else None,
        policy_id=None,
        number=number,
        script_version=None,
        wish=wish,
        state=State.WAITING,
        not_before=hours.next_moment(at, await calendar(conn)),
        chosen_at=None,
        due_at=None,
        result=None,
        note=None,
        concluded_by=None,
        concluded_at=None,
        created_at=at,
        numbers=(number,),
    )
    return task.id if await store.add_tasks(conn, [task]) else None
