"""Callbacks over a real Asterisk: what the customer's telephone does is what the record says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from asyncpg import Record

from agi.ari.commands import Ari
from agi.ari.rest import Rest
from callcenter import outbox
from callcenter.callbacks import conversation, dialling, findings
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.conversation import Said
from callcenter.callbacks.dialer import LEASE, Dialer, Ring, Step
from callcenter.callbacks.dialling import Asker
from callcenter.callbacks.findings import Problem
from callcenter.callbacks.questions import SEVEN, Answer
from callcenter.callbacks.store import Attempt, Task
from callcenter.callbacks.switch import AriSwitch
from callcenter.callbacks.task import State
from callcenter.clock import ManualClock, SystemClock
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.phone import Manner, Phone
from callcenter.opening import By
from callcenter.telephony import Telephony
from callcenter.worker import HANDLERS
from tests.asterisk.office import at_work, rows, settings, until
from tests.service.callbacks import a_task, an_agent, the_attempts, the_task
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Particulars

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def environ(asterisk: AsteriskAddress, database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return settings(asterisk, database_url, redis_url, tmp_path)


@asynccontextmanager
async def office(environ: dict[str, str], database: Database) -> AsyncIterator[Telephony]:
    """The telephony process, and the worker that hears its facts."""
    async with at_work(environ, database) as telephony, asyncio.TaskGroup() as tasks:
        delivery = tasks.create_task(outbox.run(database, HANDLERS, SystemClock(), idle=0.05))
        yield telephony
        delivery.cancel()


async def dialled(database: Database, number: str = "16900000001") -> tuple[Task, Asker, Attempt]:
    """A task of a customer who asked to be rung now, dialled by agent 8001."""
    task, agent = await a_task(database, number=number, chosen_at=now()), await an_agent(database)
    return task, agent, await dialling.request(database, agent, task.id, uuid4(), now())


async def outcome(database: Database, task: Task, within: float = 30.0) -> Outcome:
    async def known() -> Outcome | None:
        return (await the_attempts(database, task.id))[-1].outcome

    found: Outcome = await until(known, within)
    return found


async def in_state(database: Database, task: Task, state: State) -> None:
    async def reached() -> bool:
        return (await the_task(database, task.id)).state is state

    await until(reached)


async def over(database: Database, call_id: UUID) -> Record:
    """The call, once it and its recording have an end."""
    statement = """
        SELECT * FROM call c WHERE id = $1 AND ended_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM segment s WHERE s.call_id = c.id AND s.state IN ('expected', 'recording'))"""
    [call] = await until(lambda: rows(database, statement, call_id))
    return call


async def talking(database: Database, call_id: UUID) -> None:
    """Until the customer and the agent hear each other."""
    await until(lambda: rows(database, "SELECT 1 FROM call WHERE id = $1 AND state = 'talking'", call_id))


async def test_a_finding_and_a_complaint_are_recorded_while_the_customer_is_on_the_line(
    environ: dict[str, str], database: Database, phone: Plug, carrier: Plug
) -> None:
    """T-1, T-2, T-3, C-6, C-16, R-2.2, R-2.3"""
    customers = await carrier(Manner(ring=0.3))
    desk = await phone("8001", Manner(ring=0.2))
    async with office(environ, database) as telephony:
        task, agent, attempt = await dialled(database)
        await talking(database, attempt.id)
        await in_state(database, task, State.TALKING)
        assert [call.dialled for call in customers.calls] == ["16900000001"]
        by = By(agent.audit_name, agent.user_id, "hq", "hq/")
        for code in SEVEN:
            said = Said(code, Answer.YES)
            answers = await conversation.answer(database, task.id, [said], by=by, at=now())
        problems = (
            Problem(
                Heard(Subject.CONTACT_DATA, Intention.NO, Respondent.POLICYHOLDER), Particulars(description="地址有误")
            ),
            Problem(
                Heard(Subject.MIS_SELLING, Intention.YES, Respondent.POLICYHOLDER),
                Particulars(description="承诺保本", demand="退保"),
            ),
        )
        for problem in problems:
            opened = await findings.record(database, telephony.complaints, task.id, problem, key=uuid4(), by=by)
            assert opened.opened_live
        await desk.calls[0].hang_up()
        await customers.calls[0].hang_up()
        assert await outcome(database, task) is Outcome.ANSWERED
        call = await over(database, attempt.id)
    assert (call["customer_id"], call["did"], call["user_id"]) == (task.customer_id, attempt.number, agent.user_id)
    seconds = [answers[code].second for code in SEVEN]
    assert all(second is not None and second > 0 for second in seconds)
    tickets = await rows(
        database,
        """SELECT t.nature, t.channel, t.source, t.pieces, t.received_at, t.callback_task_id, l.call_id, l.opened_live
        FROM ticket t JOIN ticket_call l ON l.ticket_id = t.id ORDER BY t.received_at""",
    )
    assert [(row["nature"], row["channel"], row["source"], row["pieces"]) for row in tickets] == [
        ("callback_finding", "phone_outbound", "callback", 0),
        ("complaint", "phone_inbound", "callback", 1),
    ]
    assert {row["call_id"] for row in tickets} == {attempt.id}
    assert all(call["answered_at"] < row["received_at"] < call["ended_at"] for row in tickets)
    assert (await the_task(database, task.id)).state is State.CONCLUDING
    (segment,) = await rows(database, "SELECT * FROM segment WHERE call_id = $1", attempt.id)
    assert segment["state"] == "finished"


@pytest.mark.parametrize(
    ("answer", "expected", "then"),
    [
        (486, Outcome.BUSY, State.WAITING),
        (480, Outcome.NO_ANSWER, State.WAITING),
        (603, Outcome.REFUSED, State.WAITING),
        (404, Outcome.WRONG_NUMBER, State.OTHERWISE),
    ],
)
async def test_who_cannot_be_reached_is_recorded_with_the_true_reason(
    environ: dict[str, str], database: Database, carrier: Plug, answer: int, expected: Outcome, then: State
) -> None:
    """C-13, C-17: not reached is not completed, and why is known; without a number left another way is taken."""
    customers = await carrier(Manner(refuse=answer))
    async with office(environ, database):
        task, _, _ = await dialled(database)
        assert await outcome(database, task) is expected
    assert len(customers.calls) == 1
    left = await the_task(database, task.id)
    assert left.state is then
    assert then is State.OTHERWISE or left.not_before > now()


async def test_a_telephone_that_rings_in_vain_is_no_answer(
    environ: dict[str, str], database: Database, carrier: Plug
) -> None:
    environ = environ | {"CALLCENTER_CALLING_RING": "3"}
    await carrier(Manner(answer=False))
    async with office(environ, database):
        task, _, attempt = await dialled(database)
        assert await outcome(database, task) is Outcome.NO_ANSWER
        call = await over(database, attempt.id)
    assert call["answered_at"] is None


async def test_a_customer_who_hangs_up_in_the_middle_has_broken_it_off(
    environ: dict[str, str], database: Database, phone: Plug, carrier: Plug
) -> None:
    """C-13: broken off is not completed, and the task stays on the board."""
    customers = await carrier(Manner(ring=0.1))
    await phone("8001", Manner(ring=0.1))
    async with office(environ, database):
        task, agent, attempt = await dialled(database)
        await talking(database, attempt.id)
        said = [Said(code, Answer.YES) for code in SEVEN[:3]]
        await conversation.answer(database, task.id, said, by=By(agent.audit_name, agent.user_id, path="hq/"), at=now())
        await customers.calls[0].hang_up()
        assert await outcome(database, task) is Outcome.BROKEN_OFF
    assert (await the_task(database, task.id)).state is State.CONCLUDING


async def test_a_crash_after_the_command_left_does_not_ring_the_customer_twice(
    asterisk: AsteriskAddress, database: Database, carrier: Plug
) -> None:
    customers = await carrier(Manner(answer=False))
    _, _, attempt = await dialled(database)
    clock = ManualClock(now())

    async def crash(name: str) -> None:
        if name == "dialled":
            raise RuntimeError(name)

    async with Rest(asterisk.ari_url, asterisk.ari_user, asterisk.ari_password) as rest:
        switch = AriSwitch(Ari(rest), lambda: True, lambda _name: False)
        with pytest.raises(RuntimeError):
            await Dialer(database, switch, clock, crash).step()
        await customers.next_call()
        clock.advance(LEASE + timedelta(seconds=1))
        assert await Dialer(database, switch, clock).step() is Step.FOUND
        await switch.dial(Ring(f"cb-{attempt.id}", attempt.number, attempt.agent_endpoint, "trunk-main", 30))
        assert len(customers.calls) == 1
        await switch.ari.hangup(f"cb-{attempt.id}")
        await until(lambda: customers.calls[0].ended.is_set())
