"""Agents on a real PostgreSQL: who leaves is logged out, a fault of one disturbs nobody, a state outlives a refresh."""

from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.accounts import people
from callcenter.accounts.doer import COMMAND_LINE
from callcenter.agents import shift
from callcenter.agents.agent import UnknownPauseReasonError, WrapUp
from callcenter.calls import facts
from callcenter.calls.call import Direction, State
from callcenter.calls.facts import Role, Source
from callcenter.calls.ledger import Ledger
from callcenter.calls.store import expect
from callcenter.clock import SystemClock
from callcenter.db.pool import Connection, Database
from callcenter.ids import CallId, call_id
from tests.asterisk.office import on_duty, rows
from tests.service.customers import organisations

pytestmark = pytest.mark.service

NOW = SystemClock().now()
SOON = NOW + timedelta(minutes=1)


@pytest.fixture
async def agent(database: Database) -> UUID:
    """8001, logged in and ready."""
    async with database.transaction() as conn:
        await organisations(conn)
    return await on_duty(database, "8001", "cc-claims")


async def state(database: Database, user_id: UUID) -> asyncpg.Record:
    (row,) = await rows(database, "SELECT * FROM agent_state WHERE user_id = $1", user_id)
    return row


async def released(database: Database, endpoint: str = "desk-8001") -> None:
    async with database.transaction() as conn:
        await shift.release(conn, endpoint, uuid4(), SystemClock().now())


async def forsake(database: Database, user_id: UUID) -> None:
    """Not active any more, by a way that knows nothing of queues."""
    async with database.connection() as conn:
        await conn.execute("UPDATE app_user SET active = false WHERE id = $1", user_id)


@pytest.mark.parametrize("change", [{"active": False}, {"extension": "8044"}, {"extension": None}])
async def test_who_leaves_or_changes_his_extension_is_logged_out_with_it(
    database: Database, agent: UUID, change: dict[str, object]
) -> None:
    await people.change(database, COMMAND_LINE, agent, 1, change, SOON)
    row = await state(database, agent)
    assert (row["state"], row["endpoint"]) == ("offline", None)
    (last,) = await rows(database, "SELECT state, actor FROM agent_state_log WHERE ended_at IS NULL")
    assert (last["state"], last["actor"]) == ("offline", "system:cli")


async def test_another_name_leaves_an_agent_where_he_is(database: Database, agent: UUID) -> None:
    await people.change(database, COMMAND_LINE, agent, 1, {"name": "新名"}, SOON)
    assert (await state(database, agent))["state"] == "ready"


async def test_a_telephone_that_did_not_answer_pauses_its_agent_with_a_reason_of_its_own(
    database: Database, agent: UUID
) -> None:
    assert await shift.missed(database, "desk-8001", SystemClock().now())
    row = await state(database, agent)
    assert (row["state"], row["reason"]) == ("paused", "no_answer")
    (last,) = await rows(database, "SELECT reason, actor FROM agent_state_log WHERE ended_at IS NULL")
    assert (last["reason"], last["actor"]) == ("no_answer", "system:telephony")


async def test_nobody_chooses_that_reason(database: Database, agent: UUID) -> None:
    with pytest.raises(UnknownPauseReasonError):
        await shift.pause(database, agent, "no_answer", "system:test", "", NOW)


async def test_a_telephone_in_use_that_refuses_a_second_caller_pauses_nobody(database: Database, agent: UUID) -> None:
    name, phone = f"hl1-{int(NOW.timestamp())}.3", f"hl1-{int(NOW.timestamp())}.4"
    ledger = Ledger()
    call = ledger.begin(name, Direction.INBOUND, NOW)
    ledger.hear(call.id, facts.LegStarted(NOW, phone, "PJSIP/desk-8001-00000001", Role.AGENT), Source.ARI)
    ledger.hear(call.id, facts.LegAnswered(NOW, phone), Source.ARI)
    async with database.transaction() as conn:
        await ledger.pending().write(conn, NOW, shift.release)
    assert not await shift.missed(database, "desk-8001", SystemClock().now())
    assert (await state(database, agent))["state"] == "ready"


async def test_the_time_for_writing_is_that_of_the_calls_queue(database: Database, agent: UUID) -> None:
    call = call_id(name := f"hl1-{int(NOW.timestamp())}.2")
    wrap_up = WrapUp(timedelta(seconds=5), {"cc-complaint": timedelta(seconds=90)})
    async with database.transaction() as conn:
        await expect(conn, call, name, Direction.INBOUND, NOW)
        await conn.execute("UPDATE call SET queue = 'cc-complaint'")
        at = SystemClock().now()
        await shift.release(conn, "desk-8001", call, at, wrap_up)
    assert (await state(database, agent))["until"] == at + timedelta(seconds=90)


async def test_a_call_lets_go_of_somebody_who_is_not_active_any_more(database: Database, agent: UUID) -> None:
    await forsake(database, agent)
    await released(database)
    assert (await state(database, agent))["state"] == "wrap_up"


async def test_wrap_up_ends_for_all_though_one_is_not_active_any_more(database: Database, agent: UUID) -> None:
    other = await on_duty(database, "8002", "cc-claims")
    await released(database)
    await released(database, "desk-8002")
    await forsake(database, agent)
    assert await shift.end_wrap_ups(database, SystemClock().now() + timedelta(hours=1)) == 2
    assert (await state(database, other))["state"] == "ready"


async def test_wrap_up_ends_for_the_others_when_the_rows_of_one_are_refused(database: Database, agent: UUID) -> None:
    other = await on_duty(database, "8002", "cc-claims")
    await released(database)
    await released(database, "desk-8002")
    async with database.connection() as conn:
        refuse = "CHECK (user_id <> '{}' OR state <> 'ready') NOT VALID"
        await conn.execute(f"ALTER TABLE agent_state ADD CONSTRAINT faulty {refuse.format(agent)}")
    assert await shift.end_wrap_ups(database, SystemClock().now() + timedelta(hours=1)) == 1
    assert (await state(database, other))["state"] == "ready"
    assert (await state(database, agent))["state"] == "wrap_up"


async def test_a_call_is_written_though_its_agent_cannot_be_released(database: Database) -> None:
    name = f"hl1-{int(NOW.timestamp())}.1"
    ledger = Ledger()
    call = ledger.begin(name, Direction.INBOUND, NOW)
    for fact in (
        facts.LegStarted(NOW, name, "PJSIP/trunk-main-00000000", Role.CUSTOMER),
        facts.LegStarted(NOW, f"{name}1", "PJSIP/desk-8001-00000001", Role.AGENT),
        facts.Bridged(NOW, f"{name}1"),
        facts.LegEnded(SOON, f"{name}1", "normal"),
    ):
        ledger.hear(call.id, fact, Source.ARI)

    async def fail(conn: Connection, endpoint: str, call_id: CallId, at: object) -> None:
        await conn.execute("SELECT 1 / 0")

    async with database.transaction() as conn:
        await ledger.pending().write(conn, NOW, fail)
    (row,) = await rows(database, "SELECT state FROM call")
    assert row["state"] == State.TALKING
