"""A caller who pressed 3 has one complaint on his call, whoever was dead when he pressed it."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from agi.ports import Caller
from callcenter import outbox
from callcenter.calls import facts, store
from callcenter.calls.call import Announce, Direction, advance, begin
from callcenter.choice import NAME, Choice
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.ids import CallId, call_id, moment_of
from callcenter.opening import BY_MENU, from_menu
from tests.conftest import NOON
from tests.service.desk import a_call, an_opening, complaints, hang_up, somebody

__all__ = ["complaints"]
pytestmark = pytest.mark.service

BEGAN = NOON - timedelta(seconds=42)
CC_CALL = f"hl1-{int(BEGAN.timestamp())}.1"
CHOSEN = NOON - timedelta(seconds=30)
DUE = outbox.DELAYS["complaint.chosen"]
TICKETS = """
SELECT t.id, t.number, t.received_at, t.stored_at, t.opened_via, t.complainant_phone, l.call_id, l.opened_live,
    l.seconds_into_call::float8 AS seconds_into_call
FROM ticket t JOIN ticket_call l ON l.ticket_id = t.id ORDER BY t.number"""


async def chosen(database: Database) -> CallId:
    """The switch's log tells that the caller pressed 3."""
    call = begin(call_id(CC_CALL), CC_CALL, Direction.INBOUND, BEGAN)
    call, _ = advance(call, facts.Arrived(BEGAN, "13900000001", "95519"))
    _, told = advance(call, facts.Marked(CHOSEN, "choice", CC_CALL, {"text": "3"}))
    [announced] = [each for each in told if isinstance(each, Announce)]
    async with database.transaction() as conn:
        await a_call(conn, started=BEGAN)
        await store.announce(conn, call.id, announced)
        await store.announce(conn, call.id, announced)
    return call.id


async def heard(database: Database, complaints: Complaints, clock: ManualClock) -> int:
    """Delivers what is due; returns how many messages."""
    handler = {NAME: Choice(complaints, clock, clock).hear}
    done = 0
    while await outbox.deliver_one(database, handler, clock.now()):
        done += 1
    return done


async def tickets(database: Database) -> list[asyncpg.Record]:
    async with database.connection() as conn:
        return list(await conn.fetch(TICKETS))


async def incidents(database: Database, call: UUID) -> list[str]:
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT kind, details FROM incident WHERE call_id = $1", call)
    return [f"{row['kind']} {row['details'].get('ticket', '')}" for row in rows]


async def test_a_choice_that_nothing_took_becomes_a_ticket_received_when_it_was_made(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """INV-3, T-3: its clocks run from the choice; it was not safe before the call ended, and says so."""
    call = await chosen(database)
    async with database.transaction() as conn:
        await hang_up(conn, call, NOON - timedelta(seconds=5))
    assert await heard(database, complaints, clock) == 1
    [ticket] = await tickets(database)
    assert (ticket["call_id"], ticket["opened_via"], ticket["complainant_phone"]) == (call, "ivr", "13900000001")
    assert (ticket["received_at"], ticket["stored_at"]) == (CHOSEN, NOON)
    assert (ticket["opened_live"], ticket["seconds_into_call"]) == (False, 12.0)
    assert await incidents(database, call) == [f"complaint_opened_late {ticket['number']}"]
    assert await heard(database, complaints, clock) == 0


async def test_while_the_caller_is_still_there_the_late_ticket_is_a_live_one(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """T-3"""
    await chosen(database)
    await heard(database, complaints, clock)
    assert [ticket["opened_live"] for ticket in await tickets(database)] == [True]


async def test_the_script_has_its_time_before_anybody_looks(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    await chosen(database)
    clock.set(CHOSEN + DUE - timedelta(milliseconds=1))
    assert await heard(database, complaints, clock) == 0
    clock.set(CHOSEN + DUE)
    assert await heard(database, complaints, clock) == 1


async def test_a_choice_that_was_taken_makes_no_second_ticket(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """INV-3"""
    call = await chosen(database)
    desk = FrontDesk(database, clock, complaints)
    caller = Caller(CC_CALL, "PJSIP/trunk-main-00000001", "13900000001", "", "95519", "zh")
    number = await desk.open_complaint(caller)
    assert await heard(database, complaints, clock) == 1
    assert [ticket["number"] for ticket in await tickets(database)] == [number]
    assert await incidents(database, call) == []


async def test_the_script_that_comes_after_all_gets_the_same_ticket(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """INV-3: also out of the spool, whose replay must not be refused."""
    await chosen(database)
    await heard(database, complaints, clock)
    [ticket] = await tickets(database)
    caller = Caller(CC_CALL, "PJSIP/trunk-main-00000001", "13900000001", "", "95519", "zh")
    assert await FrontDesk(database, clock, complaints).open_complaint(caller) == ticket["number"]
    assert len(await tickets(database)) == 1


async def test_an_agents_complaint_on_the_call_is_the_one_the_caller_chose(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    call = await chosen(database)
    opened = await complaints.open(an_opening(call), somebody())
    await heard(database, complaints, clock)
    assert [ticket["number"] for ticket in await tickets(database)] == [opened.number]


def test_the_same_choice_is_the_same_request_whoever_tells_of_it() -> None:
    """H8"""
    opening = from_menu(call_id(CC_CALL), CC_CALL, "13900000001")
    assert opening == from_menu(call_id(CC_CALL), CC_CALL, "13900000001")
    assert opening.call is not None
    assert opening.call.started_at == moment_of(call_id(CC_CALL))
    assert BY_MENU.path is None
