"""Letters and visits of callbacks, and the receipt the policyholder signed (C-10, E-14).

A receipt's bytes are safe in the vault before its row is committed. Must never take a claim for a signature: without
the scan there are no answers, and without the answers no outcome.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.attachments import contents
from callcenter.attachments.vault import Staged, Vault
from callcenter.callbacks import conversation, errands, outcome, scripts, store, task
from callcenter.callbacks.conversation import HELD, Said
from callcenter.callbacks.errands import Errand
from callcenter.callbacks.errors import (
    NoReceiptError,
    WayRefusedError,
)
from callcenter.callbacks.findings import Problem
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.task import Action, Purpose, State
from callcenter.callbacks.verdict import Verdict
from callcenter.calls.call import Direction
from callcenter.complaints import Complaints, Opened
from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError
from callcenter.ids import uuid7
from callcenter.opening import By, Known, Opening, Via
from tickets.calendar import shanghai_day
from tickets.callbacks import Way
from tickets.errors import Words

SALESPERSON = "SELECT salesperson FROM policy WHERE id = $1"
POLICY = "SELECT number FROM policy WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Begun:
    """What is said of a letter or visit. `asked`: the customer wants it so, or refuses to be recorded (E-14)."""

    way: Way
    at: datetime
    person: str | None = None
    address: str | None = None
    note: str | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed receipt as handed in; `returned_at`: when it came back."""

    signed_on: date
    returned_at: datetime
    name: str
    staged: Staged


async def begin(db: Database, task_id: UUID, key: UUID, begun: Begun, *, by: By, at: datetime) -> Errand:
    """Records a letter sent or a visit made; the same key gives the same one.

    Raises TaskNotFoundError, WayRefusedError: before enough was tried by telephone (C-17) unless the customer asked for
    it (E-14), while another of its kind is open, or by the salesperson (C-11).
    """
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        if (known := await errands.known(conn, task_id, key)) is not None:
            return known
        _refuse_moment(begun.at, found.created_at, at)
        await _refuse_salesperson(conn, found, begun)
        changed = await _otherwise(conn, found, begun, by)
        new = Errand(key, task_id, begun.way, begun.at, begun.person, begun.address, begun.note, by.actor, at)
        try:
            await errands.add(conn, new)
        except asyncpg.UniqueViolationError:
            raise WayRefusedError(
                Words("上一次同类回访尚未登记结果。", "the last one of this kind has no end yet")
            ) from None
        if changed != found:
            await store.save_task(conn, changed)
        await _record(conn, found, "callback.way", by, at, {"way": new.way, "asked": begun.asked})
    return new


async def fail(db: Database, task_id: UUID, way_id: UUID, reason: str, *, by: By, at: datetime) -> Errand:
    """Says why a letter or visit came to nothing. Raises WayNotFoundError, WayRefusedError when it has ended."""
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        errand = await errands.find(conn, task_id, way_id)
        _refuse_ended(found, errand)
        await errands.fail(conn, way_id, reason, by.actor, at)
        await _record(conn, found, "callback.way_failed", by, at, {"way": errand.way})
        return await errands.find(conn, task_id, way_id)


async def receive(
    db: Database, vault: Vault, task_id: UUID, way_id: UUID, receipt: Receipt, *, by: By, at: datetime
) -> Errand:
    """Takes in the scan of the receipt the policyholder signed; the same scan again is the one that is there.

    Raises WayNotFoundError, WayRefusedError, TypeRefusedError, EmptyError, StoreFullError, StoreAwayError.
    """
    async with db.connection() as conn:
        await store.task(conn, task_id, by.path or "")
        errand = await errands.find(conn, task_id, way_id)
    if errand.sha256 == receipt.staged.sha256:
        return errand
    form = await asyncio.to_thread(_examine, receipt.staged)
    content = await asyncio.to_thread(vault.keep, receipt.staged)
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        errand = await errands.find(conn, task_id, way_id)
        if errand.sha256 == content.sha256:
            return errand
        _refuse_ended(found, errand)
        _refuse_moment(receipt.returned_at, errand.at, at)
        if not shanghai_day(errand.at) <= receipt.signed_on <= shanghai_day(receipt.returned_at):
            raise WayRefusedError(
                Words("签收日期须在寄出（上门）与收回之间。", "it is signed between going out and coming back")
            )
        await errands.returned(
            conn,
            way_id,
            returned_at=receipt.returned_at,
            signed_on=receipt.signed_on,
            sha256=content.sha256,
            size=content.size,
            media_type=form.media_type,
            name=contents.clean_name(receipt.name, form),
            by=by.actor,
            at=at,
        )
        await _record(conn, found, "callback.receipt", by, at, {"way": errand.way, "sha256": content.sha256})
        return await errands.find(conn, task_id, way_id)


async def answer(
    db: Database, task_id: UUID, way_id: UUID, said: Sequence[Said], *, by: By, at: datetime
) -> tuple[dict[str, Given], Verdict | None]:
    """Stores what the policyholder wrote on the receipt. Raises NoReceiptError before its scan is there, and what
    `conversation.refuse` raises."""
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        errand = await _returned(conn, found, way_id)
        known = await store.answers(conn, found.id, way_id)
        await conversation.refuse(conn, found, said, scripts.said(known))
        for number, one in enumerate(said):
            version = found.script_version or ""
            given = Given(one.question, one.answer, one.note, at, None, False, None, version, errand.id)
            await store.add_answer(conn, uuid7(at + timedelta(milliseconds=number)), found.id, given, by.actor)
        answers = await store.answers(conn, found.id, way_id)
        return answers, await outcome.judged(conn, found, answers)


async def find_problem(
    db: Database,
    complaints: Complaints,
    task_id: UUID,
    way_id: UUID,
    problem: Problem,
    *,
    key: UUID,
    by: By,
    at: datetime,
) -> Opened:
    """Opens the ticket for what the receipt brought to light; the same key gives the same ticket.

    Raises WayNotFoundError, NoReceiptError, and what opening raises.
    """
    async with db.connection() as conn:
        found = await store.task(conn, task_id, by.path or "")
        await _returned(conn, found, way_id)
        known = await known_of(conn, found)
    opening = Opening(
        key=key,
        via=Via.CALLBACK_AGENT,
        accepting_organisation=by.organisation_id or found.organisation_id,
        particulars=problem.particulars,
        other_cause=problem.other_cause,
        heard=problem.heard,
        another_matter=problem.another_matter,
    )
    return await complaints.open_off_call(opening, known, by, at)


async def known_of(conn: Connection, found: Task) -> Known:
    """What a ticket opened on the task's matter knows of it, without a call."""
    number = None if found.policy_id is None else await conn.fetchval(POLICY, found.policy_id)
    return Known(Direction.CALLBACK, found.customer_id, number, found.id)


async def _returned(conn: Connection, found: Task, way_id: UUID) -> Errand:
    errand = await errands.find(conn, found.id, way_id)
    if errand.returned_at is None:
        raise NoReceiptError(
            Words("签收回执的扫描件尚未登记。", "the scan of the signed receipt has not been taken in")
        )
    if found.state is State.DONE:
        raise NoReceiptError(
            Words("任务已完成，回答不再更改。", "The task is done: its answers are not changed any more.")
        )
    return errand


async def _otherwise(conn: Connection, found: Task, begun: Begun, by: By) -> Task:
    if found.purpose is Purpose.RETURN_CALL or found.script_version is None:
        raise WayRefusedError(Words("无问卷的任务只能回电。", "a task without a script is rung back"))
    if found.state is State.OTHERWISE:
        return found
    if not begun.asked or found.state not in (State.WAITING, State.CONCLUDING):
        raise WayRefusedError(
            Words(
                "电话尝试未达要求，且客户未要求信函或上门（C-17、E-14）。",
                "not enough was tried by telephone, nor did the customer ask for it",
            )
        )
    if not (begun.note or "").strip():
        raise WayRefusedError(Words("须写明客户的要求。", "say what the customer asked for"))
    if found.state in HELD:
        await conversation.talk_of(conn, found, by)
    return replace(found, state=task.move(found.state, Action.EXHAUST), chosen_at=None)


async def _refuse_salesperson(conn: Connection, found: Task, begun: Begun) -> None:
    if begun.person is None:
        return
    salesperson = await conn.fetchval(SALESPERSON, found.policy_id)
    if salesperson is not None and salesperson.strip() == begun.person.strip():
        raise WayRefusedError(
            Words("销售人员不得回访自己的客户（C-11）。", "the salesperson never performs the callback")
        )


def _refuse_ended(found: Task, errand: Errand) -> None:
    if found.state is State.DONE or not errand.is_open:
        raise WayRefusedError(Words("该次回访已有结果。", "it has come to its end already"))


def _refuse_moment(moment: datetime, earliest: datetime, latest: datetime) -> None:
    if not earliest <= moment <= latest:
        raise InvalidError(
            Words("时间须在前一步骤之后、当前时间之前", "it comes after what it follows, not in the future")
        )


async def _record(conn: Connection, found: Task, action: str, by: By, at: datetime, details: dict[str, Any]) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="callback_task",
        object_id=str(found.id),
        at=at,
        details=details,
    )


def _examine(staged: Staged) -> contents.Form:
    with staged.path.open("rb") as file:
        return contents.examine(file, staged.size)
