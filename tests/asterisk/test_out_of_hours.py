"""Who rings when nobody answers leaves a message and is rung back, whether our processes are there or not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from callcenter import outbox
from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.worker import HANDLERS
from tests.asterisk.fakes import Cel, extras
from tests.asterisk.office import at_work, rows, settings, until
from tests.asterisk.test_ivr import dialplan_global
from tests.service.customers import organisations
from tickets.calendar import SHANGHAI

pytestmark = pytest.mark.asterisk

TASKS = "SELECT number, source, purpose, wish, source_call_id FROM callback_task"


def closed_now() -> dict[str, str]:
    """Hours that are over: one minute of the day, six hours from now."""
    later = datetime.now(SHANGHAI) + timedelta(hours=6)
    span = f"{later:%H}00-{later:%H}01"
    return {"CALLCENTER_HOURS_WORKDAY": span, "CALLCENTER_HOURS_RESTDAY": span}


@pytest.fixture
async def environ(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    async with database.transaction() as conn:
        await organisations(conn)
    return settings(asterisk, database_url, redis_url, tmp_path)


@asynccontextmanager
async def office(environ: dict[str, str], database: Database) -> AsyncIterator[None]:
    """The telephony process, and the worker that hears its facts."""
    async with at_work(environ, database), asyncio.TaskGroup() as tasks:
        delivery = tasks.create_task(outbox.run(database, HANDLERS, SystemClock(), idle=0.05))
        yield
        delivery.cancel()


async def test_the_settings_hours_close_the_hotline_and_one_task_rings_the_caller_back(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, cel: Cel
) -> None:
    async with office({**environ, **closed_now()}, database):
        await ring(asterisk, caller="13800138501", stay=12.0)
        told = await cel.until("LINKEDID_END")
        assert [fields[0] for fields in extras(told, "CC_MESSAGE")] == ["CLOSED"]
        assert extras(told, "CC_DEGRADED") == []
        (task,) = await until(lambda: rows(database, f"{TASKS} WHERE number = '13800138501'"))
        await asyncio.sleep(1.0)
    assert (task["source"], task["purpose"]) == ("overflow", "return_call")
    assert len(await rows(database, f"{TASKS} WHERE number = '13800138501'")) == 1


async def test_a_message_left_while_all_of_ours_was_down_is_a_task_when_we_are_back(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, cel: Cel
) -> None:
    """INV-7, INV-11: the event log alone tells of it."""
    with dialplan_global(asterisk, "CC_OPEN_HOURS", "*,*,31,feb", "*,*,*,*"):
        await ring(asterisk, caller="13800138502", stay=8.0)
        await cel.until("LINKEDID_END")
    async with office(environ, database):
        (task,) = await until(lambda: rows(database, f"{TASKS} WHERE number = '13800138502'"))
    (call,) = await rows(database, "SELECT id, degraded FROM call WHERE caller = '13800138502'")
    assert (task["source_call_id"], call["degraded"]) == (call["id"], True)


async def test_a_message_of_somebody_who_withheld_his_number_is_shown_to_a_person(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, cel: Cel
) -> None:
    """A8"""
    statement = "SELECT call_id FROM incident WHERE kind = 'message_without_number' AND at > $1"
    begun = datetime.now(SHANGHAI) - timedelta(seconds=1)
    async with office({**environ, **closed_now()}, database):
        await ring(asterisk, caller="anonymous", stay=10.0)
        await cel.until("LINKEDID_END")
        (incident,) = await until(lambda: rows(database, statement, begun))
    assert incident["call_id"] is not None
