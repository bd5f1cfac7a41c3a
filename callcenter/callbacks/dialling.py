"""An agent asks for a task to be dialled (preview): the attempt is written, the dialer acts after the commit.

Must never dial: what is dialled was committed before, under an id that is also the channel's and the call's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.agents import store as agents
from callcenter.callbacks import history, plans, post, running, store, task
from callcenter.callbacks.attempt import Mode
from callcenter.callbacks.errors import (
    AlreadyDiallingError,
    NotDialableError,
    OutsideCallingHoursError,
    TaskLockedError,
)
from callcenter.callbacks.store import Attempt, Task
from callcenter.callbacks.task import Action, AttemptId
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.db.pool import Connection, Database
from callcenter.idempotency import KeyReusedError
from callcenter.ids import uuid7
from tickets.errors import Words
from tickets.store import calendar

AT_PHONE = "SELECT endpoint FROM agent_state WHERE user_id = $1 AND endpoint IS NOT NULL"
HELD_AT_UNDERWRITING = """
SELECT EXISTS (SELECT FROM customer_phone WHERE customer_id = $1 AND number = $2 AND at_underwriting)"""


@dataclass(frozen=True, slots=True)
class Asker:
    """The agent who asks.

    `endpoint` (`desk-8001`) rings when the customer has answered, unless the agent is logged in at another telephone.
    """

    user_id: UUID
    path: str
    endpoint: str | None
    audit_name: str


async def request(
    db: Database,
    asker: Asker,
    task_id: UUID,
    key: UUID,
    at: datetime,
    *,
    hours: CallingHours = STANDARD,
    mode: Mode = Mode.PREVIEW,
) -> Attempt:
    """Commits an attempt to be dialled at once; the same key gives the same attempt, whatever happened in between.

    Raises TaskNotFoundError, IllegalTaskMoveError, OutsideCallingHoursError (C-18), NotDialableError (C-12),
    NotACallingPostError and SalespersonError (C-11), CampaignNotRunningError, TaskLockedError, AlreadyDiallingError,
    and KeyReusedError when the key is another's or another task's.
    """
    if asker.endpoint is None:
        raise NotDialableError(
            Words("您没有分机，无法接通客户。", "You have no telephone the customer could be connected to.")
        )
    try:
        async with db.transaction() as conn:
            if (known := await store.attempt_of_key(conn, key)) is not None:
                return _own(known, asker, task_id)
            found = await history.renumbered(conn, await store.task(conn, task_id, asker.path, lock=True))
            dialling = replace(
                found, state=task.move(found.state, Action.DIAL), locked_by=None, locked_until=None, handed_over_by=None
            )
            await check(conn, asker, found, at, hours)
            endpoint = await conn.fetchval(AT_PHONE, asker.user_id) or asker.endpoint
            attempt = await begun(conn, found, asker.user_id, endpoint, at, mode)
            await store.add_attempt(conn, attempt, key)
            await store.save_task(conn, dialling)
            await agents.tell(conn, asker.user_id)
            await audit.record(
                conn,
                actor=asker.audit_name,
                action="callback.dial",
                object_kind="callback_task",
                object_id=str(found.id),
                at=at,
                details={"attempt": str(attempt.id)},
            )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "callback_attempt_request_key_key":
            return _own(await _of_key(db, key), asker, task_id)
        raise AlreadyDiallingError(Words("另一通拨打尚未结束。", "Another dialling has not ended yet.")) from None
    return attempt


def _own(known: Attempt, asker: Asker, task_id: UUID) -> Attempt:
    if (known.user_id, known.task_id) != (asker.user_id, task_id):
        raise KeyReusedError(Words("该键已用于另一次拨打", "this key was used for another dialling"))
    return known


async def _of_key(db: Database, key: UUID) -> Attempt:
    async with db.connection() as conn:
        known = await store.attempt_of_key(conn, key)
    assert known is not None
    return known


async def begun(
    conn: Connection, found: Task, user_id: UUID, endpoint: str, at: datetime, mode: Mode = Mode.PREVIEW
) -> Attempt:
    """The attempt as it is to be written: at the task's number, over its campaign's trunk."""
    trunk = None if found.campaign_id is None else (await plans.manner(conn, found.campaign_id)).trunk
    return Attempt(
        id=AttemptId(uuid7(at)),
        task_id=found.id,
        user_id=user_id,
        number=found.number,
        agent_endpoint=endpoint,
        requested_at=at,
        claims=0,
        originated_at=None,
        answered_at=None,
        ended_at=None,
        outcome=None,
        cause=None,
        mode=mode,
        trunk=trunk,
    )


async def check(conn: Connection, asker: Asker, found: Task, at: datetime, hours: CallingHours) -> None:
    """Refuses what may not be dialled now, or not by this agent."""
    await post.refuse(conn, await post.caller(conn, asker.user_id), found)
    await running.refuse(conn, found)
    if found.locked_by not in (None, asker.user_id) and found.locked_until is not None and at < found.locked_until:
        raise TaskLockedError(Words("该任务正由其他坐席办理。", "Another agent has this task."))
    if not hours.may_ring(at, await calendar(conn), found.chosen_at):
        raise OutsideCallingHoursError(
            Words(
                "不在允许的拨打时段内，客户约定除外（C-18）。",
                "Nobody is rung outside the calling hours unless they asked for it.",
            )
        )
    if found.chosen_at is not None and at < found.chosen_at:
        raise OutsideCallingHoursError(
            Words("尚未到客户约定的时间（C-18）。", "The moment the customer chose has not come yet.")
        )
    if found.policy_id is not None and not await conn.fetchval(HELD_AT_UNDERWRITING, found.customer_id, found.number):
        raise NotDialableError(
            Words("只能拨打承保时核心系统登记的号码（C-12）。", "Only a number held at underwriting may be dialled.")
        )
