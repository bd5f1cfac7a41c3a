"""The company's calendar through the interface: corrections, the yearly notice, open deadlines counted again."""

from datetime import UTC, date, datetime

import pytest

from callcenter import outbox, workdays
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import RULES_KEPT
from callcenter.db.pool import Database
from callcenter.worker import HANDLERS
from tests.service.site import Site
from tickets.calendar import Calendar, Override

pytestmark = pytest.mark.service

OTHER = {"channel": "fax", "demand": "请答复", "description": "传真投诉", "complainant_name": "王小明"}
CHRISTMAS = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
DAY_OFF = {"is_workday": False, "note": "司庆", "source": "总公司通知1号"}


async def delivered(database: Database, clock: ManualClock) -> None:
    """Every process has read the new calendar, and the worker has done its part."""
    assert outbox.DELAYS[workdays.TOPIC] > RULES_KEPT
    clock.advance(outbox.DELAYS[workdays.TOPIC])
    while await outbox.deliver_one(database, HANDLERS, clock.now()):
        pass


async def decision(site: Site, ticket: str) -> dict[str, object]:
    handler = await site.client(Role.HANDLER, where="hq")
    reply = await handler.get(f"/tickets/{ticket}/explain")
    assert reply.status == 200, reply.body
    (clock,) = [each for each in reply.json["clocks"] if each["kind"] == "decide_inform"]
    found: dict[str, object] = clock
    return found


async def opened(site: Site) -> str:
    handler = await site.client(Role.HANDLER, where="hq")
    reply = await handler.post("/tickets", OTHER)
    assert reply.status == 201, reply.body
    ticket: str = reply.json["id"]
    return ticket


async def test_a_day_off_moves_open_deadlines_and_each_says_so(
    site: Site, database: Database, clock: ManualClock
) -> None:
    """T-7, CL-3: NOON is Wednesday 2026-11-18; five working days later is the 25th, with a day off the 26th."""
    ticket = await opened(site)
    assert (await decision(site, ticket))["due_day"] == "2026-11-25"
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin("PUT", "/calendar/days/2026-11-20", json=DAY_OFF)
    assert reply.status == 200, reply.body
    assert {"day": "2026-11-20", "kind": "holiday", "source": "总公司通知1号"}.items() <= reply.json["days"][-1].items()
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert after["due_day"] == "2026-11-26"
    internal = after["limits"][0]  # type: ignore[index]
    assert [day["number"] for day in internal["days"]] == [0, 1, None, None, None, 2, 3, 4, 5]
    handler = await site.client(Role.HANDLER, where="hq")
    events = (await handler.get(f"/tickets/{ticket}")).json["events"]
    moved = [event["details"] for event in events if event["kind"] == "deadline_recounted"]
    assert {"clock": "decide_inform", "from": "2026-11-25", "to": "2026-11-26"}.items() <= moved[-1].items()


async def test_a_deadline_that_was_met_stays_and_its_days_are_not_told_wrongly(
    site: Site, database: Database, clock: ManualClock
) -> None:
    ticket = await opened(site)
    async with database.connection() as conn:
        await conn.execute("UPDATE ticket_clock SET met_at = $1 WHERE kind = 'decide_inform'", clock.now())
    admin = await site.client(Role.ADMIN, where="hq")
    await admin("PUT", "/calendar/days/2026-11-20", json=DAY_OFF)
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert after["due_day"] == "2026-11-25"
    assert after["limits"][0]["days"] == []  # type: ignore[index]


async def test_a_year_not_published_is_provisional_until_its_notice_is_loaded(
    site: Site, database: Database, clock: ManualClock
) -> None:
    """T-7"""
    clock.set(CHRISTMAS)
    ticket = await opened(site)
    before = await decision(site, ticket)
    assert before["provisional"] is True
    assert await workdays.warn(database, clock) == [2027]
    supervisor = await site.client(Role.SUPERVISOR, where="hq")
    told = (await supervisor.get("/incidents?kind=calendar_not_covered")).json["items"]
    assert [incident["details"] for incident in told] == [{"year": 2027}]
    notice = {
        "source": "国办发明电〔2026〕9号",
        "days": [
            {"day": "2027-01-01", "is_workday": False, "note": "元旦"},
            {"day": "2027-01-04", "is_workday": False, "note": "元旦"},
            {"day": "2027-01-09", "is_workday": True, "note": "调休上班"},
        ],
    }
    admin = await site.client(Role.ADMIN, where="hq")
    assert (await admin.get("/calendar/2027")).json["covered"] is False
    reply = await admin("PUT", "/calendar/years/2027", json=notice)
    assert (reply.status, reply.json["covered"]) == (200, True)
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert (after["provisional"], before["due_day"], after["due_day"]) == (False, "2027-01-05", "2027-01-06")
    assert await workdays.warn(database, clock) == []


async def test_a_notice_holds_days_of_its_own_year_only(site: Site) -> None:
    """H13"""
    admin = await site.client(Role.ADMIN, where="hq")
    notice = {"source": "x", "days": [{"day": "2028-01-01", "is_workday": False, "note": "元旦"}]}
    reply = await admin("PUT", "/calendar/years/2027", json=notice)
    assert (reply.status, reply.code) == (422, "invalid")
    assert "2028-01-01" in reply.json["detail"]


def test_the_next_year_is_asked_for_from_november_on() -> None:
    assert workdays.uncovered(Calendar(), date(2026, 10, 31)) == []
    assert workdays.uncovered(Calendar(), date(2026, 11, 1)) == [2027]
    assert workdays.uncovered(Calendar.of([], [2027]), date(2026, 11, 1)) == []


def test_two_sets_of_corrections_have_two_versions() -> None:
    one = Calendar.of([Override(date(2026, 11, 20), False, "a", "b")])
    other = Calendar.of([Override(date(2026, 11, 20), True, "a", "b")])
    assert len({one.version, other.version, Calendar.of([]).version}) == 3
    assert Calendar.of([]).version == Calendar().version
