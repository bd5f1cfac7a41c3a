"""Whose task is next: the fair order by what is due, locks that end by themselves, hand-over, appointments.

Must never give one task to two agents, nor a task to who may not ring its customer (C-11).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from callcenter import audit
from callcenter.accounts.permissions import Permission
from callcenter.callbacks import history, plan, post, store
from callcenter.callbacks.attempt import Mode
from callcenter.callbacks.errors import AppointmentRefusedError, HandOverRefusedError, TaskLockedError
from callcenter.callbacks.post import Caller
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Action, move
from callcenter.calling_hours import APPOINTMENT, STANDARD, CallingHours
from callcenter.db.pool import Connection, Database
from callcenter.opening import By
from tickets.errors import Words
from tickets.store import calendar

LOCK = timedelta(minutes=10)
"""How long a task is kept for the agent who took it and does nothing."""
PROMISED = timedelta(minutes=15)
"""So long after the moment promised by one of us in person the team keeps the promise."""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('callback.next|' || $1, 0))"
PATH = "SELECT path FROM organisation WHERE id = $1"
MINE = """
SELECT t.id FROM callback_task t WHERE t.locked_by = $2 AND t.locked_until > $1 AND t.state = 'waiting'
    AND t.not_before <= $1 ORDER BY t.locked_until LIMIT 1"""
CURRENT = """
SELECT t.id FROM callback_task t
CROSS JOIN LATERAL (SELECT id, user_id FROM callback_attempt WHERE task_id = t.id ORDER BY id DESC LIMIT 1) AS a
WHERE t.state IN ('dialling', 'talking', 'concluding') AND (a.user_id = $1 OR EXISTS (
    SELECT FROM call_leg g WHERE g.call_id = a.id AND g.user_id = $1 AND g.answered_at IS NOT NULL))
ORDER BY a.id DESC LIMIT 1"""
NEXT = """
SELECT t.id FROM callback_task t
JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $3 || '%'
LEFT JOIN campaign c ON c.id = t.campaign_id
LEFT JOIN campaign_dialling d ON d.campaign_id = t.campaign_id
LEFT JOIN policy p ON p.id = t.policy_id
WHERE t.state = 'waiting' AND t.not_before <= $1
    AND (t.locked_until IS NULL OR t.locked_until <= $1 OR t.locked_by = $2)
    AND (t.appointment_of IS NULL OR t.appointment_of = $2 OR t.chosen_at <= $1 - $5::interval)
    AND ($6 OR t.chosen_at > $1 - $7::interval)
    AND COALESCE(c.state, 'running') = 'running' AND COALESCE(d.mode, 'preview') = $8
    AND NOT (t.barred @> ARRAY[$2::uuid])
    AND (p.salesperson IS NULL OR p.salesperson <> ALL ($4::text[]))
    AND ($9::text[] IS NULL OR COALESCE(d.trunk, '') <> ALL ($9))
    AND NOT EXISTS (SELECT FROM callback_attempt a WHERE a.ended_at IS NULL AND a.number = t.number)
    AND (t.policy_id IS NULL OR EXISTS (SELECT FROM customer_phone n
        WHERE n.customer_id = t.customer_id AND n.at_underwriting))
ORDER BY (t.chosen_at IS NULL), t.priority DESC, t.due_at, t.id
LIMIT 1 FOR UPDATE OF t SKIP LOCKED"""


async def take_next(db: Database, by: By, at: datetime, *, hours: CallingHours = STANDARD) -> Task | None:
    """The task this agent should ring next, kept for him for LOCK; asked again he gets the same. None: nothing is due.

    Raises NotACallingPostError.
    """
    async with db.transaction() as conn:
        who = await _caller(conn, by)
        await conn.execute(ONE_AT_A_TIME, str(who.user_id))
        kept: UUID | None = await conn.fetchval(MINE, at, who.user_id)
        found = kept or await due(conn, who, Mode.PREVIEW, at, hours)
        if found is None:
            return None
        task = await store.task(conn, found, who.path, lock=True)
        if not kept:
            task = await history.renumbered(conn, task)
            task = replace(task, locked_by=who.user_id, locked_until=at + LOCK, handed_over_by=None)
            await store.save_task(conn, task)
            await _tell(conn, by, "callback.take", task, at)
        return await store.task(conn, task.id, who.path)


async def current(db: Database, by: By) -> Task | None:
    """The task this agent is on: being dialled for him, spoken about, or with an outcome owed by him."""
    async with db.connection() as conn:
        found: UUID | None = await conn.fetchval(CURRENT, by.user_id)
        return None if found is None else await store.task(conn, found, by.path or "")


async def due(
    conn: Connection,
    who: Caller,
    mode: Mode,
    at: datetime,
    hours: CallingHours,
    full_trunks: frozenset[str] | None = None,
) -> UUID | None:
    """The first task in the order of what is due that this person may ring now, its row locked until the end of the
    transaction. `full_trunks`: whose campaigns wait, '' for the first of the settings."""
    is_open = hours.may_ring(at, await calendar(conn))
    full = None if full_trunks is None else sorted(full_trunks)
    task_id: UUID | None = await conn.fetchval(
        NEXT, at, who.user_id, who.path, list(who.sold_as), PROMISED, is_open, APPOINTMENT, mode, full
    )
    return task_id


async def take(db: Database, task_id: UUID, *, by: By, at: datetime) -> Task:
    """Kept for this agent for LOCK. Who supervises takes it over from an absent colleague.

    Raises TaskNotFoundError, IllegalTaskMoveError, TaskLockedError, NotACallingPostError, SalespersonError.
    """
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        move(found.state, Action.DIAL)
        who = await _caller(conn, by)
        await post.refuse(conn, who, found)
        _refuse_locked(found, by, at)
        before = found.locked_by if found.locked_by != who.user_id else None
        taken = replace(found, locked_by=who.user_id, locked_until=at + LOCK, handed_over_by=None)
        await store.save_task(conn, taken)
        details = {"from": str(before)} if before else {}
        await _tell(conn, by, "callback.take", taken, at, **details)
        return await store.task(conn, task_id, by.path or "")


async def release(db: Database, task_id: UUID, reason: str, *, by: By, at: datetime) -> Task:
    """Given back to the team with the reason; it stays on the board. Raises TaskNotFoundError, TaskLockedError."""
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        _refuse_locked(found, by, at)
        freed = replace(found, locked_by=None, locked_until=None, handed_over_by=None, appointment_of=None)
        await store.save_task(conn, freed)
        await _tell(conn, by, "callback.release", freed, at, reason=reason)
        return await store.task(conn, task_id, by.path or "")


async def hand_over(db: Database, task_id: UUID, user_id: UUID, *, by: By, at: datetime) -> Task:
    """Given to a colleague, with what was promised in person. Until the end of a day, for he may be away.

    Raises TaskNotFoundError, IllegalTaskMoveError, TaskLockedError, HandOverRefusedError, SalespersonError.
    """
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        move(found.state, Action.DIAL)
        _refuse_locked(found, by, at)
        who = await post.caller(conn, user_id)
        if who is None or not who.rings or not await _reaches(conn, who, found):
            raise HandOverRefusedError(
                Words("接收人不能办理该回访任务。", "Whom it is given to may not work on this task.")
            )
        await post.refuse(conn, who, found)
        until = max(at, found.not_before) + timedelta(days=1)
        given = replace(
            found,
            locked_by=user_id,
            locked_until=until,
            handed_over_by=by.actor,
            appointment_of=None if found.appointment_of is None else user_id,
        )
        await store.save_task(conn, given)
        await _tell(conn, by, "callback.hand_over", given, at, to=str(user_id))
        return await store.task(conn, task_id, by.path or "")


async def appoint(db: Database, task_id: UUID, moment: datetime, of: UUID | None, *, by: By, at: datetime) -> Task:
    """The customer asked to be rung at a moment: by `of` in person, or by whoever is there (C-18).

    Raises TaskNotFoundError, IllegalTaskMoveError, TaskLockedError, AppointmentRefusedError, SalespersonError.
    """
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        move(found.state, Action.DIAL)
        _refuse_locked(found, by, at)
        if moment < at:
            raise AppointmentRefusedError(Words("约定时间已过。", "The moment agreed on has passed."))
        if of is not None:
            who = await post.caller(conn, of)
            if who is None or not who.rings or not await _reaches(conn, who, found):
                raise AppointmentRefusedError(
                    Words("约定的坐席不能办理该任务。", "Whom it is promised for may not work on this task.")
                )
            await post.refuse(conn, who, found)
        promised = replace(
            found,
            not_before=moment,
            chosen_at=moment,
            appointment_of=of,
            planned_by=plan.APPOINTED,
            locked_by=None,
            locked_until=None,
            handed_over_by=None,
        )
        await store.save_task(conn, promised)
        await _tell(conn, by, "callback.appoint", promised, at, of=None if of is None else str(of))
        return await store.task(conn, task_id, by.path or "")


async def prefer(db: Database, task_id: UUID, priority: int, *, by: By, at: datetime) -> Task:
    """Before or after others that are due (-9 to 9). Raises TaskNotFoundError."""
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        await store.set_priority(conn, found.id, priority)
        await _tell(conn, by, "callback.priority", found, at, priority=priority)
        return await store.task(conn, task_id, by.path or "")


async def _caller(conn: Connection, by: By) -> Caller:
    who = None if by.user_id is None else await post.caller(conn, by.user_id)
    return post.calling(who)


async def _reaches(conn: Connection, who: Caller, found: Task) -> bool:
    path: str = await conn.fetchval(PATH, found.organisation_id)
    return path.startswith(who.path)


def _refuse_locked(found: Task, by: By, at: datetime) -> None:
    is_kept = found.locked_until is not None and at < found.locked_until and found.locked_by != by.user_id
    if is_kept and not by.may(Permission.CALL_SUPERVISE):
        raise TaskLockedError(Words("该任务正由其他坐席办理。", "Another agent has this task."))


async def _tell(conn: Connection, by: By, action: str, task: Task, at: datetime, **details: object) -> None:
    await audit.record(
        conn, actor=by.actor, action=action, object_kind="callback_task", object_id=str(task.id), at=at, details=details
    )
