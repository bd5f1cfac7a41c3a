"""Dialling a callback on a real PostgreSQL: no double dial, whatever crashes in between, and true outcomes."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from callcenter.callbacks import course, dialling, store
from callcenter.callbacks.attempt import Outcome, channel_of
from callcenter.callbacks.dialer import LEASE, STALE, VANISHED, Dialer, Step
from callcenter.callbacks.errors import (
    AlreadyDiallingError,
    IllegalTaskMoveError,
    NotDialableError,
    OutsideCallingHoursError,
)
from callcenter.callbacks.task import State
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.outbox import Message
from tests.conftest import NOON
from tests.service.callbacks import REFUSED, RecordedSwitch, a_call, a_task, an_agent, the_attempts, the_task

pytestmark = pytest.mark.service


class CrashError(Exception):
    """The process dies here."""


def told(topic: str, attempt: UUID, **payload: object) -> Message:
    body = {"call_id": str(attempt), "direction": "callback", **payload}
    return Message(uuid4(), course.NAME, topic, str(attempt), body, NOON, 0)


async def hear(database: Database, message: Message) -> None:
    async with database.transaction() as conn:
        await course.hear(conn, message)


async def test_a_task_is_dialled_once_under_the_id_of_its_attempt(database: Database, clock: ManualClock) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    assert (await the_task(database, task.id)).state is State.DIALLING
    dialer = Dialer(database, switch, clock)
    assert [await dialer.step() for _ in range(3)] == [Step.DIALLED, Step.NOTHING, Step.NOTHING]
    assert switch.dialled == [channel_of(attempt.id)]


async def test_the_same_request_sent_twenty_times_is_one_attempt(database: Database, clock: ManualClock) -> None:
    """H9"""
    task, agent, key = await a_task(database), await an_agent(database), uuid4()
    answers = await asyncio.gather(
        *(dialling.request(database, agent, task.id, key, clock.now()) for _ in range(20)), return_exceptions=True
    )
    attempts = {answer.id for answer in answers if isinstance(answer, store.Attempt)}
    assert len(attempts) == 1
    assert len(await the_attempts(database, task.id)) == 1


async def test_two_agents_cannot_dial_one_task_and_one_agent_not_two_tasks(
    database: Database, clock: ManualClock
) -> None:
    first, second = await a_task(database), await a_task(database, number="16900000002", policy="P2")
    one, other = await an_agent(database), await an_agent(database, "8002")
    await dialling.request(database, one, first.id, uuid4(), clock.now())
    with pytest.raises(IllegalTaskMoveError):
        await dialling.request(database, other, first.id, uuid4(), clock.now())
    with pytest.raises(AlreadyDiallingError):
        await dialling.request(database, one, second.id, uuid4(), clock.now())
    assert (await the_task(database, second.id)).state is State.WAITING


@pytest.mark.parametrize("checkpoint", ["leased", "dialled"])
async def test_a_crash_at_any_step_never_dials_twice(database: Database, clock: ManualClock, checkpoint: str) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())

    async def crash(name: str) -> None:
        if name == checkpoint:
            raise CrashError(name)

    with pytest.raises(CrashError):
        await Dialer(database, switch, clock, crash).step()
    again = Dialer(database, switch, clock)
    assert await again.step() is Step.NOTHING
    clock.advance(LEASE + timedelta(seconds=1))
    assert await again.step() is (Step.FOUND if checkpoint == "dialled" else Step.DIALLED)
    assert switch.dialled == [channel_of(attempt.id)]


async def test_a_dialling_that_has_come_and_gone_meanwhile_is_not_dialled_again(
    database: Database, clock: ManualClock
) -> None:
    """The channel is gone, but the call's own row tells that it was there."""
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())

    async def crash(name: str) -> None:
        if name == "dialled":
            raise CrashError(name)

    with pytest.raises(CrashError):
        await Dialer(database, switch, clock, crash).step()
    switch.channels.clear()
    await a_call(database, attempt.id, clock.now(), clock.now())
    clock.advance(LEASE + timedelta(seconds=1))
    assert await Dialer(database, switch, clock).step() is Step.FOUND
    assert len(switch.dialled) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_an_answer_lost_on_the_way_is_looked_up_not_repeated(
    database: Database, clock: ManualClock, after: bool
) -> None:
    task, agent = await a_task(database), await an_agent(database)
    switch = RecordedSwitch(fails=ConnectionResetError("lost"), fails_after=after)
    await dialling.request(database, agent, task.id, uuid4(), clock.now())
    dialer = Dialer(database, switch, clock)
    assert await dialer.step() is Step.IN_DOUBT
    clock.advance(LEASE + timedelta(seconds=1))
    assert await dialer.step() is (Step.FOUND if after else Step.DIALLED)
    assert len(switch.dialled) == 1


async def test_nothing_is_dialled_while_the_switch_is_not_heard(database: Database, clock: ManualClock) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch(hearing=False)
    await dialling.request(database, agent, task.id, uuid4(), clock.now())
    dialer = Dialer(database, switch, clock)
    assert await dialer.step() is Step.DEAF
    assert switch.dialled == []
    switch.hearing = True
    assert await dialer.step() is Step.DIALLED


async def test_a_request_that_waited_too_long_is_given_up_and_the_task_waits_again(
    database: Database, clock: ManualClock
) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    await dialling.request(database, agent, task.id, uuid4(), clock.now())
    clock.advance(STALE + timedelta(seconds=1))
    assert await Dialer(database, switch, clock).step() is Step.GIVEN_UP
    assert switch.dialled == []
    assert (await the_task(database, task.id)).state is State.WAITING
    assert [attempt.outcome for attempt in await the_attempts(database, task.id)] == [Outcome.NOT_DIALLED]


async def test_what_the_switch_refuses_for_good_has_failed(database: Database, clock: ManualClock) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch(fails=REFUSED)
    await dialling.request(database, agent, task.id, uuid4(), clock.now())
    assert await Dialer(database, switch, clock).step() is Step.GIVEN_UP
    [attempt] = await the_attempts(database, task.id)
    assert attempt.outcome is Outcome.FAILED
    assert (await the_task(database, task.id)).state is State.WAITING


async def test_a_dialling_nobody_hears_of_is_lost_and_corrected_when_its_end_is_told_late(
    database: Database, clock: ManualClock
) -> None:
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    dialer = Dialer(database, switch, clock)
    await dialer.step()
    switch.channels.clear()
    clock.advance(VANISHED + timedelta(seconds=1))
    assert await dialer.sweep() == 1
    assert (await the_task(database, task.id)).state is State.WAITING
    ended = (NOON + timedelta(seconds=4)).isoformat()
    await hear(database, told("call.ended", attempt.id, answered_at=None, ended_at=ended, cause="busy"))
    [corrected] = await the_attempts(database, task.id)
    assert corrected.outcome is Outcome.BUSY


@pytest.mark.parametrize(
    ("cause", "outcome", "minutes"),
    [
        ("busy", Outcome.BUSY, 30),
        ("no_answer", Outcome.NO_ANSWER, 120),
        ("rejected", Outcome.REFUSED, 240),
        ("unreachable", Outcome.POWER_OFF, 240),
    ],
)
async def test_who_was_not_reached_waits_as_the_plan_says_for_this_outcome(
    database: Database, clock: ManualClock, cause: str, outcome: Outcome, minutes: int
) -> None:
    """C-17: who was busy is tried soon, who refused or had switched off later and in another band."""
    task, agent = await a_task(database), await an_agent(database)
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    ended = told("call.ended", attempt.id, answered_at=None, ended_at=NOON.isoformat(), cause=cause)
    for _ in range(2):
        await hear(database, ended)
    [known] = await the_attempts(database, task.id)
    waiting = await the_task(database, task.id)
    assert known.outcome is outcome
    assert waiting.state is State.WAITING
    assert waiting.not_before == NOON + timedelta(minutes=minutes)
    assert waiting.planned_by == f"2026-1:{outcome}"


async def test_three_tries_in_vain_lead_to_letter_or_visit_not_off_the_board(
    database: Database, clock: ManualClock
) -> None:
    """C-10, C-17"""
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    dialer = Dialer(database, switch, clock)
    for _ in range(3):
        attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
        assert await dialer.step() is Step.DIALLED
        ended = told("call.ended", attempt.id, answered_at=None, ended_at=clock.now().isoformat(), cause="no_answer")
        await hear(database, ended)
        clock.set((await the_task(database, task.id)).not_before)
    exhausted = await the_task(database, task.id)
    assert exhausted.state is State.OTHERWISE
    assert exhausted.result is None


@pytest.mark.parametrize(("is_workday", "state"), [(True, State.WAITING), (False, State.OTHERWISE)])
async def test_tries_are_judged_by_the_companys_own_calendar(
    database: Database, clock: ManualClock, is_workday: bool, state: State
) -> None:
    """C-17, T-7: three tries in office hours are enough only where one of the days was made a day off."""
    async with database.connection() as conn:
        await conn.execute(
            "INSERT INTO calendar_day VALUES ($1, $2, '公司休息日', 'test')", clock.now().date(), is_workday
        )
    task, agent, switch = await a_task(database), await an_agent(database), RecordedSwitch()
    dialer = Dialer(database, switch, clock)
    for hours in (0, 3, 22):
        clock.set(NOON + timedelta(hours=hours))
        attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
        assert await dialer.step() is Step.DIALLED
        await hear(
            database,
            told("call.ended", attempt.id, answered_at=None, ended_at=clock.now().isoformat(), cause="no_answer"),
        )
    assert (await the_task(database, task.id)).state is state


async def test_answer_and_end_may_be_told_in_any_order_and_twice(database: Database, clock: ManualClock) -> None:
    """INV-9"""
    task, agent = await a_task(database), await an_agent(database)
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    answered = told("call.answered", attempt.id, answered_at=NOON.isoformat(), ended_at=None)
    ended_at = (NOON + timedelta(seconds=30)).isoformat()
    ended = told("call.ended", attempt.id, answered_at=NOON.isoformat(), ended_at=ended_at, cause="normal")
    for message in (ended, answered, ended, answered):
        await hear(database, message)
    [known] = await the_attempts(database, task.id)
    assert (known.outcome, known.answered_at) == (Outcome.BROKEN_OFF, NOON)
    assert (await the_task(database, task.id)).state is State.CONCLUDING


@pytest.mark.parametrize(("hour", "refused"), [(20, False), (21, True), (8, True), (9, False)])
async def test_calling_hours_are_checked_when_dialling_is_asked_for(
    database: Database, clock: ManualClock, hour: int, refused: bool
) -> None:
    """C-18"""
    task, agent = await a_task(database), await an_agent(database)
    moment = datetime.fromisoformat(f"2026-11-19T{hour:02}:00:00+08:00")
    if refused:
        with pytest.raises(OutsideCallingHoursError):
            await dialling.request(database, agent, task.id, uuid4(), moment)
    else:
        await dialling.request(database, agent, task.id, uuid4(), moment)


async def test_the_moment_a_customer_chose_allows_an_hour_that_is_none(database: Database, clock: ManualClock) -> None:
    """C-18"""
    late = datetime.fromisoformat("2026-11-19T22:30:00+08:00")
    task, agent = await a_task(database, chosen_at=late), await an_agent(database)
    with pytest.raises(OutsideCallingHoursError):
        await dialling.request(database, agent, task.id, uuid4(), late - timedelta(hours=4))
    await dialling.request(database, agent, task.id, uuid4(), late)
    clock.set(late)
    assert await Dialer(database, RecordedSwitch(), clock).step() is Step.DIALLED


async def test_only_a_number_held_at_underwriting_is_dialled(database: Database, clock: ManualClock) -> None:
    """C-12"""
    task, agent = await a_task(database), await an_agent(database)
    async with database.connection() as conn:
        await conn.execute("UPDATE customer_phone SET at_underwriting = false")
    with pytest.raises(NotDialableError):
        await dialling.request(database, agent, task.id, uuid4(), clock.now())
