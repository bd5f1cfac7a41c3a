"""The clocks of a ticket in the database: several cycles of a kind, steps done late, clocks that end without either."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from tests.conftest import NOON
from tests.service.desk import an_opening, complaints, somebody
from tickets import deadlines, store
from tickets.deadlines import Rulebook
from tickets.limits import Kind
from tickets.store import TicketId

__all__ = ["complaints"]
pytestmark = pytest.mark.service
BOOK = Rulebook()
TODAY = NOON.date()


async def opened(complaints: Complaints) -> TicketId:
    return TicketId((await complaints.open(an_opening(), somebody())).key)


async def clocks(database: Database, ticket: UUID, kind: Kind) -> list[dict[str, Any]]:
    async with database.connection() as conn:
        return [clock for clock in await store.clocks(conn, ticket) if clock["kind"] == kind]


async def test_several_cycles_of_one_kind_run_side_by_side(database: Database, complaints: Complaints) -> None:
    """F-11, L-9, L-18: one statement starts them; the next one is numbered by what is there."""
    ticket = await opened(complaints)
    points = [deadlines.progress_customer(TODAY + timedelta(days=10 * n), BOOK, n + 1) for n in range(2)]
    async with database.transaction() as conn:
        assert sorted(await store.start_clocks(conn, ticket, points)) == [1, 2]
        assert await store.start_clock(conn, ticket, deadlines.accept(NOON, BOOK), anew=True) == 1
        assert await store.start_clock(conn, ticket, deadlines.accept(NOON, BOOK), anew=True) == 2
        await store.meet(conn, ticket, (Kind.ACCEPT,), NOON, cycle=1)
    first, second = sorted(await clocks(database, ticket, Kind.ACCEPT), key=lambda clock: clock["cycle"])
    assert (first["met_at"], second["met_at"]) == (NOON, None)
    assert [clock["cycle"] for clock in await clocks(database, ticket, Kind.PROGRESS_CUSTOMER)] == [1, 2]


async def test_a_voided_clock_neither_ends_late_nor_comes_back(database: Database, complaints: Complaints) -> None:
    """CL-6: what was met before stays met."""
    ticket = await opened(complaints)
    async with database.transaction() as conn:
        await store.meet(conn, ticket, (Kind.DISPATCH,), NOON)
        await store.void_clocks(conn, ticket, None, "withdrawn", NOON)
        await store.meet(conn, ticket, (Kind.DECIDE_INFORM,), NOON)
        moved = deadlines.decide_inform(NOON, deadlines.Gravity.MAJOR, BOOK)
        assert await store.start_clock(conn, ticket, moved) is None
    (decision,) = await clocks(database, ticket, Kind.DECIDE_INFORM)
    assert (decision["voided_at"], decision["voided_why"], decision["met_at"]) == (NOON, "withdrawn", None)
    (dispatched,) = await clocks(database, ticket, Kind.DISPATCH)
    assert (dispatched["voided_at"], dispatched["met_at"]) == (None, NOON)


async def test_only_the_named_kinds_or_the_named_cycle_are_voided(database: Database, complaints: Complaints) -> None:
    """L-9: a returned slip ends its own cycle."""
    ticket = await opened(complaints)
    async with database.transaction() as conn:
        for _ in range(2):
            await store.start_clock(conn, ticket, deadlines.accept(NOON, BOOK), anew=True)
        await store.void_clocks(conn, ticket, (Kind.ACCEPT,), "returned", NOON, cycle=1)
    ends = {clock["cycle"]: clock["voided_why"] for clock in await clocks(database, ticket, Kind.ACCEPT)}
    assert ends == {1: "returned", 2: None}
    (decision,) = await clocks(database, ticket, Kind.DECIDE_INFORM)
    assert decision["voided_at"] is None


async def test_a_step_done_late_says_since_when(database: Database, complaints: Complaints) -> None:
    """CL-1, L-25: at midnight it is late; a deadline moved beyond the breach is no breach any more."""
    ticket = await opened(complaints)
    closing = deadlines.close(NOON, BOOK)
    async with database.transaction() as conn:
        await store.start_clock(conn, ticket, closing)
        await store.meet(conn, ticket, (Kind.CLOSE,), closing.due_at)
        await conn.execute("UPDATE ticket_clock SET breached_at = due_at WHERE kind = 'decide_inform'")
        await store.start_clock(conn, ticket, deadlines.decide_inform(NOON, deadlines.Gravity.MAJOR, BOOK))
    (closed,) = await clocks(database, ticket, Kind.CLOSE)
    assert closed["breached_at"] == closing.due_at
    (decision,) = await clocks(database, ticket, Kind.DECIDE_INFORM)
    assert (decision["breached_at"], decision["due_day"]) == (None, date(2026, 12, 2))


@pytest.mark.parametrize(
    "change", ["voided_at = now()", "voided_why = 'x'", "met_at = now(), voided_at = now(), voided_why = 'x'"]
)
async def test_a_clock_has_one_end(database: Database, complaints: Complaints, change: str) -> None:
    """CL-6"""
    ticket = await opened(complaints)
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as conn:
            await conn.execute(f"UPDATE ticket_clock SET {change} WHERE ticket_id = $1", ticket)


async def test_a_limit_in_hours_keeps_its_moments(database: Database, complaints: Complaints) -> None:
    """L-21"""
    ticket = await opened(complaints)
    deadline = deadlines.report_up(NOON, BOOK)
    async with database.transaction() as conn:
        await store.start_clock(conn, ticket, deadline)
    (clock,) = await clocks(database, ticket, Kind.REPORT_UP)
    assert clock["due_at"] == deadline.due_at == NOON + timedelta(hours=2)
    assert store.reckoning_of(clock["internal"]) == deadline.internal
