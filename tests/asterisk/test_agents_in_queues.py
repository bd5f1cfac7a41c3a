"""Agents log in, pause and log out, and a real app_queue follows, also after Asterisk was restarted."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from callcenter.accounts import people
from callcenter.accounts.doer import COMMAND_LINE
from callcenter.agents import shift
from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.rtp import Press, Wait
from tests.asterisk.office import at_work, ended, joined, members_of, of_call, on_duty, rows, settings, shown, until
from tests.service.customers import organisations

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
CLAIMS = (Wait(4.5), Press("1"))


@pytest.fixture
async def environ(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    async with database.transaction() as conn:
        await organisations(conn)
    return settings(asterisk, database_url, redis_url, tmp_path)


async def test_the_queue_follows_an_agent_through_the_day(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database
) -> None:
    clock = SystemClock()
    async with at_work(environ, database):
        agent = await on_duty(database, "8003", "cc-claims", "cc-policy")
        await joined(asterisk, "cc-claims", "8003")
        await joined(asterisk, "cc-policy", "8003")
        await shift.pause(database, agent, "meal", "system:test", "", clock.now())
        await joined(asterisk, "cc-claims", "8003", paused=True)
        await shift.ready(database, agent, "system:test", "", clock.now())
        await joined(asterisk, "cc-claims", "8003")
        await shift.log_out(database, agent, "system:test", "", clock.now())
        await until(lambda: "PJSIP/desk-8003" not in members_of(asterisk, "cc-claims"))
    log = await rows(database, "SELECT state, ended_at IS NULL AS is_open FROM agent_state_log ORDER BY id")
    assert [row["state"] for row in log] == ["ready", "paused", "ready", "offline"]
    assert [row["is_open"] for row in log] == [False, False, False, True]


async def test_after_a_call_the_agent_has_time_for_writing_and_the_next_caller_waits(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug
) -> None:
    await phone("8003", Manner(ring=0.1, stay=0.5))
    async with at_work(environ, database):
        await on_duty(database, "8003", "cc-claims")
        await joined(asterisk, "cc-claims", "8003")
        await ring(asterisk, caller="13800138003", steps=CLAIMS, stay=12.0)
        await joined(asterisk, "cc-claims", "8003", paused=True)
        (row,) = await rows(database, "SELECT * FROM agent_state")
        assert row["state"] == "wrap_up"
        (call,) = await rows(database, "SELECT id FROM call WHERE caller = '13800138003'")
        assert row["call_id"] == call["id"]


async def test_who_does_not_answer_is_paused_everywhere_until_he_says_that_he_is_there(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug
) -> None:
    desk: Phone

    def manner(call: Call) -> Manner:
        return Manner(answer=False) if len(desk.calls) == 1 else Manner(stay=0.5)

    desk = await phone("8003", manner)
    async with at_work(environ, database), asyncio.TaskGroup() as tasks:
        agent = await on_duty(database, "8003", "cc-claims", "cc-policy")
        await joined(asterisk, "cc-claims", "8003")
        tasks.create_task(ring(asterisk, caller="13800138005", steps=CLAIMS, stay=16.0))
        await desk.next_call()
        await joined(asterisk, "cc-claims", "8003", paused=True)
        await joined(asterisk, "cc-policy", "8003", paused=True)

        async def noticed() -> bool:
            (row,) = await rows(database, "SELECT state, reason FROM agent_state")
            return (row["state"], row["reason"]) == ("paused", "no_answer")

        await until(noticed)
        assert "paused:no_answer" in shown(asterisk, "cc-claims")
        await shift.ready(database, agent, "system:test", "", SystemClock().now())
        await ended(database, "13800138005")
    assert len(desk.calls) == 2
    assert desk.calls[1].answered.is_set()


async def test_a_caller_whose_queue_has_no_telephone_that_is_registered_is_no_secret(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database
) -> None:
    """He is asked for a message, and the call shows why."""
    async with at_work(environ, database):
        await on_duty(database, "8007", "cc-claims")
        await joined(asterisk, "cc-claims", "8007")
        await ring(asterisk, caller="13800138006", steps=CLAIMS, stay=9.0)
        (call,) = await ended(database, "13800138006")
    (incident,) = await of_call(database, "incident", call["id"])
    assert (incident["kind"], incident["details"]) == (
        "nobody_there",
        {"reason": "JOINEMPTY", "queue": "cc-claims"},
    )


async def test_an_agent_who_leaves_us_in_mid_call_ends_neither_the_call_nor_the_process(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug
) -> None:
    desk = await phone("8003", Manner(ring=0.1))
    async with at_work(environ, database), asyncio.TaskGroup() as tasks:
        leaves = await on_duty(database, "8003", "cc-claims")
        waits = await on_duty(database, "8004", "cc-claims")
        await joined(asterisk, "cc-claims", "8003")
        tasks.create_task(ring(asterisk, caller="13800138004", steps=CLAIMS, stay=12.0))
        call = await desk.next_call()
        await call.answered.wait()
        await people.change(database, COMMAND_LINE, leaves, 1, {"active": False}, SystemClock().now())
        await until(lambda: "PJSIP/desk-8003" not in members_of(asterisk, "cc-claims"))
        assert not call.ended.is_set()
        await ended(database, "13800138004")
        async with database.transaction() as conn:
            await shift.release(conn, "desk-8004", uuid4(), SystemClock().now())
            await conn.execute("UPDATE agent_state SET until = now() WHERE user_id = $1", waits)
            await conn.execute("UPDATE app_user SET active = false WHERE id = $1", waits)

        async def ready_again() -> bool:
            (row,) = await rows(database, "SELECT state FROM agent_state WHERE user_id = $1", waits)
            return bool(row["state"] == "ready")

        await until(ready_again)


async def test_members_come_back_after_asterisk_was_restarted(
    new_asterisk: Callable[..., Asterisk], database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """The wish is in PostgreSQL: who logged in, or out, while the switch was away is where he belongs afterwards."""
    instance = new_asterisk()
    instance.start()
    async with database.transaction() as conn:
        await organisations(conn)
    async with at_work(settings(instance.address, database_url, redis_url, tmp_path), database):
        stays = await on_duty(database, "8001", "cc-claims")
        leaves = await on_duty(database, "8002", "cc-claims")
        await joined(instance.address, "cc-claims", "8001")
        await joined(instance.address, "cc-claims", "8002")
        instance.kill()
        now = SystemClock().now()
        await shift.log_out(database, leaves, "system:test", "", now)
        await shift.pause(database, stays, "meal", "system:test", "", now)
        await on_duty(database, "8003", "cc-claims")
        instance.start()
        await joined(instance.address, "cc-claims", "8003")
        await until(
            lambda: members_of(instance.address, "cc-claims") == {"PJSIP/desk-8001": True, "PJSIP/desk-8003": False}
        )
    instance.stop()
