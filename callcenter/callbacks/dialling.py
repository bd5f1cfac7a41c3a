"""An agent asks for a task to be dialled (preview): the attempt is written, the dialer acts after the commit.

Must never dial: what is dialled was committed before, under an id that is also the channel's and the call's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.callbacks import hours, store, task
from callcenter.callbacks.errors import AlreadyDiallingError, NotDialableError, OutsideCallingHoursError
from callcenter.callbacks.store import Attempt, Task
from callcenter.callbacks.task import Action, AttemptId
from callcenter.db.pool import Connection, Database
from callcenter.idempotency import KeyReusedError
from callcenter.ids import uuid7
from tickets.errors import Words

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


async def request(db: Database, asker: Asker, task_id: UUID, key: UUID, at: datetime) -> Attempt:
    """Commits an attempt to be dialled at once; the same key gives the same attempt, whatever happened in between.

    Raises TaskNotFoundError, IllegalTaskMoveError, OutsideCallingHoursError (C-18), NotDialableError (C-12),
    AlreadyDiallingError, and KeyReusedError when the key is another's or another task's.
    """
    if asker.endpoint is None:
        raise NotDialableError(
            Words("您没有分机，无法接通客户。", "You have no telephone the customer could be connected to.")
        )
    try:
        async with db.transaction() as conn:
            if (known := await store.attempt_of_key(conn, key)) is not None:
                return _own(known, asker, task_id)
            found = await store.task(conn, task_id, asker.path, lock=True)
            dialling = replace(found, state=task.move(found.state, Action.DIAL))
            await _check(conn, found, at)
            _check_other(found, asker)
            endpoint = await conn.fetchval(AT_PHONE, asker.user_id) or asker.endpoint
            attempt = Attempt(
                AttemptId(uuid7(at)),
                found.id,
                asker.user_id,
                found.number,
                endpoint,
                at,
                0,
                None,
                None,
                None,
                None,
                None,
            )
            await store.add_attempt(conn, attempt, key)
            await store.save_task(conn, dialling)
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


def _check_other(found: Task, asker: Asker) -> None:
    if asker.user_id in found.barred:
        raise NotDialableError(
            Words("复核须由原回访坐席以外的人员拨打（C-24）。", "A recheck is dialled by another agent than the first.")
        )


async def _check(conn: Connection, found: Task, at: datetime) -> None:
    if not hours.may_ring(at, found.chosen_at):
        raise OutsideCallingHoursError(
            Words(
                "21点至次日9点不得回访，客户约定除外（C-18）。",
                "Nobody is rung between 21 and 9 o'clock unless they asked for it.",
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
