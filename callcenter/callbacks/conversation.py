"""What is recorded on a callback: answers with their moment in the call, and the outcome. Must never invent either."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from callcenter import audit
from callcenter.accounts.permissions import Permission
from callcenter.callbacks import completion, history, outcome, plan, scripts, store, task
from callcenter.callbacks.attempt import HEARD, Outcome
from callcenter.callbacks.errors import (
    AnswerRefusedError,
    NoConversationError,
    NotYourCallError,
    OutcomeRefusedError,
    RespondentNotConfirmedError,
)
from callcenter.callbacks.questions import IDENTITY, Answer
from callcenter.callbacks.script import Step
from callcenter.callbacks.store import Given, Talk, Task
from callcenter.callbacks.task import Action, Result, State
from callcenter.callbacks.verdict import Verdict
from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets.callbacks import Way
from tickets.errors import Words

HELD = frozenset({State.TALKING, State.CONCLUDING})
"""While a task is so, its outcome is owed by who talked on it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as the agent hands it in."""

    question: str
    answer: Answer
    note: str | None = None


class Kind(StrEnum):
    """What the agent says came of the task."""

    COMPLETED = "completed"
    SERVED = "served"
    RETRY = "retry"
    NOT_COMPLETED = "not_completed"
    BY_LETTER = "by_letter"
    BY_VISIT = "by_visit"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The outcome as handed in. `again_at`: the moment the customer asked for, `personal`: of whoever promised it, not
    of the team; `came_to`: what the agent heard the call come to (HEARD)."""

    kind: Kind
    note: str | None = None
    again_at: datetime | None = None
    came_to: Outcome | None = None
    personal: bool = False


async def answer(db: Database, task_id: UUID, said: Sequence[Said], *, by: By, at: datetime) -> dict[str, Given]:
    """Stores the answers and gives back the latest of each question.

    Raises NoConversationError before anybody answered the call, NotYourCallError, RespondentNotConfirmedError (C-5),
    AnswerRefusedError.
    """
    async with db.transaction() as conn:
        return await answer_on(conn, task_id, said, by=by, at=at)


async def answer_on(conn: Connection, task_id: UUID, said: Sequence[Said], *, by: By, at: datetime) -> dict[str, Given]:
    """The same on the caller's transaction."""
    found = await store.task(conn, task_id, by.path or "", lock=True)
    talk = await _open_talk(conn, found, by)
    known = scripts.said(await store.answers(conn, found.id))
    await refuse(conn, found, said, known)
    second, live = position(talk, at)
    for number, one in enumerate(said):
        given = Given(one.question, one.answer, one.note, at, second, live, talk.attempt, found.script_version or "")
        row_id = uuid7(at + timedelta(milliseconds=number))
        await store.add_answer(conn, row_id, found.id, given, by.actor)
    return await store.answers(conn, found.id)


def position(talk: Talk, at: datetime) -> tuple[Decimal | None, bool]:
    """The second of the call a moment lies in, and whether the call was live then."""
    live = talk.ended_at is None or at <= talk.ended_at
    into = (at - talk.answered_at).total_seconds()
    return (Decimal(f"{max(into, 0):.3f}") if live else None), live


async def conclude(
    db: Database, task_id: UUID, conclusion: Conclusion, *, by: By, at: datetime, hours: CallingHours = STANDARD
) -> tuple[Task, Verdict | None]:
    """Gives the task its outcome; it leaves the board, waits again, or goes to letter and visit.

    Raises OutcomeRefusedError when what is stored does not bear the outcome out, IllegalTaskMoveError, and
    NotYourCallError while the outcome is owed by another agent.
    """
    async with db.transaction() as conn:
        return await conclude_on(conn, task_id, conclusion, by=by, at=at, hours=hours)


async def conclude_on(
    conn: Connection, task_id: UUID, conclusion: Conclusion, *, by: By, at: datetime, hours: CallingHours = STANDARD
) -> tuple[Task, Verdict | None]:
    """The same on the caller's transaction."""
    found = await store.task(conn, task_id, by.path or "", lock=True)
    if found.state in HELD:
        await talk_of(conn, found, by)
    judged = await _judge(conn, found)
    changed = await _concluded(conn, found, conclusion, judged, by, at, hours)
    if changed.state is State.DONE:
        changed = replace(changed, concluded_by=by.actor, concluded_at=at)
    await store.save_task(conn, replace(changed, note=conclusion.note or changed.note))
    await audit.record(
        conn,
        actor=by.actor,
        action="callback.conclude",
        object_kind="callback_task",
        object_id=str(found.id),
        at=at,
        details={"kind": conclusion.kind, "state": changed.state, "result": changed.result},
    )
    return await store.task(conn, task_id, by.path or ""), judged


async def talk_of(conn: Connection, found: Task, by: By) -> Talk:
    """The conversation a record on the task belongs to: the latest. Raises NoConversationError, NotYourCallError."""
    talk = await store.talk(conn, found.id)
    if talk is None:
        raise NoConversationError(
            Words("没有与客户的通话，不能记录。", "There is no conversation this could belong to.")
        )
    if by.user_id not in talk.agents and not by.may(Permission.CALL_SUPERVISE):
        raise NotYourCallError(
            Words(
                "这是其他坐席的回访通话，只能由通话坐席或班组长登记。",
                "This is another agent's callback: only who talked on it, or a supervisor, records what came of it.",
            )
        )
    return talk


async def _open_talk(conn: Connection, found: Task, by: By) -> Talk:
    talk = await talk_of(conn, found, by)
    if found.state is State.DONE:
        raise NoConversationError(
            Words("任务已完成，回答不再更改。", "The task is done: its answers are not changed any more.")
        )
    return talk


async def refuse(conn: Connection, found: Task, said: Sequence[Said], known: Mapping[str, Answer]) -> None:
    """Raises AnswerRefusedError for what is no answer to a question asked, RespondentNotConfirmedError (C-5)."""
    script = await scripts.of_task(conn, found)
    answered = {**known, **{one.question: one.answer for one in said}}
    asked = () if script is None else script.way(found.held, {**answered, IDENTITY: Answer.YES}).asked
    _refuse(asked, said, answered)


def _refuse(asked: Sequence[Step], said: Sequence[Said], answered: Mapping[str, Answer]) -> None:
    questions = {question.code: question for question in asked}
    for one in said:
        question = questions.get(one.question)
        if question is None:
            raise AnswerRefusedError(Words("问卷中没有此问题。", f"Not a question of this task: {one.question[:60]}."))
        if one.answer is Answer.NOT_APPLICABLE and not question.may_not_apply:
            raise AnswerRefusedError(Words("此问题必须回答。", f"This question always applies: {one.question}."))
    first = asked[0].code if asked else None
    if first is not None and answered.get(first) is not Answer.YES and any(one.question != first for one in said):
        raise RespondentNotConfirmedError(
            Words(
                "尚未确认接听人为投保人本人，不得询问或透露保单内容（C-5）。",
                "Nothing may be asked or told before the policyholder is confirmed.",
            )
        )


async def _judge(conn: Connection, found: Task) -> Verdict | None:
    return await outcome.judged(conn, found, await store.answers(conn, found.id))


async def _concluded(
    conn: Connection,
    found: Task,
    conclusion: Conclusion,
    judged: Verdict | None,
    by: By,
    at: datetime,
    hours: CallingHours,
) -> Task:
    match conclusion.kind:
        case Kind.COMPLETED:
            return await _completed(conn, found, judged)
        case Kind.SERVED:
            if found.script_version is not None:
                raise OutcomeRefusedError(
                    Words("有问卷的任务按回答判定（C-13）。", "A task with a script is judged by its answers.")
                )
            await _open_talk(conn, found, by)
            return replace(found, state=task.move(found.state, Action.CONCLUDE), result=Result.SERVED)
        case Kind.RETRY:
            return await _again(conn, found, conclusion, by, at, hours)
        case Kind.BY_LETTER | Kind.BY_VISIT:
            _refuse_before_enough(found)
            way = Way.LETTER if conclusion.kind is Kind.BY_LETTER else Way.VISIT
            return _otherwise(found, await outcome.of_receipt(conn, found, way))
        case Kind.NOT_COMPLETED:
            if not (conclusion.note or "").strip():
                raise OutcomeRefusedError(
                    Words("须写明做过哪些尝试、为何不成（C-10）。", "Say what was tried and why it failed.")
                )
            _refuse_before_enough(found)
            await outcome.refuse_untried(conn, found)
            return _otherwise(found, Result.NOT_COMPLETED)
        case Kind.WITHDRAWN:
            if not (conclusion.note or "").strip():
                raise OutcomeRefusedError(Words("须写明撤销原因。", "Say why the task is withdrawn."))
            return replace(found, state=task.move(found.state, Action.WITHDRAW), result=Result.WITHDRAWN)


def _refuse_before_enough(found: Task) -> None:
    if found.state is not State.OTHERWISE:
        raise OutcomeRefusedError(Words("电话尝试未达要求（C-17）。", "Not enough was tried by telephone yet."))


def _otherwise(found: Task, result: Result) -> Task:
    return replace(found, state=task.move(found.state, Action.CONCLUDE), result=result)


async def _completed(conn: Connection, found: Task, judged: Verdict | None) -> Task:
    if judged is None:
        raise OutcomeRefusedError(
            Words("无问卷的任务请登记为已处理。", "A task without a script is served, not completed.")
        )
    await outcome.refuse(conn, found, judged)
    latest = (await store.attempts(conn, found.id))[-1]
    if latest.outcome is Outcome.BROKEN_OFF and latest.ended_at is not None:
        await store.ended(conn, latest.id, latest.ended_at, Outcome.ANSWERED, latest.cause, latest.answered_at)
    done = replace(found, state=task.move(found.state, Action.CONCLUDE), result=judged.result)
    talk = await store.talk(conn, found.id)
    assert talk is not None
    await completion.completed(conn, found.id, Way.PHONE, talk.answered_at)
    return done


async def _again(
    conn: Connection, found: Task, conclusion: Conclusion, by: By, at: datetime, hours: CallingHours
) -> Task:
    again_at = conclusion.again_at
    if again_at is not None and again_at < at:
        raise OutcomeRefusedError(Words("约定时间已过。", "The moment agreed on has passed."))
    await _heard(conn, found, conclusion)
    if again_at is None:
        return await history.planned(conn, found, at, hours, Action.RETRY)
    return replace(
        found,
        state=task.move(found.state, Action.RETRY),
        not_before=again_at,
        chosen_at=again_at,
        appointment_of=by.user_id if conclusion.personal else None,
        planned_by=plan.APPOINTED,
        locked_by=None,
        locked_until=None,
    )


async def _heard(conn: Connection, found: Task, conclusion: Conclusion) -> None:
    """What the agent heard the last call come to stands in place of all the switch can tell."""
    came_to = conclusion.came_to or (Outcome.CALL_AGAIN if conclusion.again_at is not None else None)
    if came_to is None or found.state is not State.CONCLUDING:
        return
    if came_to not in HEARD:
        raise OutcomeRefusedError(Words("该拨打结果不由坐席登记。", "An agent does not give this outcome of a call."))
    latest = (await store.attempts(conn, found.id))[-1]
    if latest.ended_at is not None and latest.outcome in (Outcome.BROKEN_OFF, Outcome.ANSWERED):
        await store.ended(conn, latest.id, latest.ended_at, came_to, latest.cause, latest.answered_at)
