"""Progress on complex cases through the interface: two timers, what they owe, what they missed, marked once (F-57)."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from callcenter import breaches, progress
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import Rules
from callcenter.db.pool import Database
from tests.service.site import Client, Site
from tests.service.test_handling_limit import opened, post
from tickets import store
from tickets.calendar import SHANGHAI

pytestmark = pytest.mark.service


def on(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
def worker(database: Database, clock: ManualClock) -> Any:
    """The worker's job."""

    async def marked() -> int:
        return await breaches.mark(database, Rules(), clock)

    return marked


async def file(client: Client, ticket: str) -> Any:
    reply = await client.get(f"/tickets/{ticket}")
    assert reply.status == 200, reply.body
    return reply.json


async def acted(client: Client, ticket: str, action: str, **said: Any) -> Any:
    version = (await file(client, ticket))["version"]
    body = {"version": version, "note": "正在调查", **said}
    reply = await client.post(f"/tickets/{ticket}/actions/{action}", body)
    assert reply.status == 200, reply.body
    return reply.json


async def told(site: Site, ticket: str, at: datetime) -> Any:
    return await acted(await post(site, at), ticket, "progress", manner="电话")


async def answered(site: Site, ticket: str, at: datetime) -> None:
    """The opinion is given, as far as the timers go."""
    async with site.database.transaction() as conn:
        row = await store.lock(conn, UUID(ticket))
        assert row is not None
        await progress.end(conn, row, progress.TIMERS, "opinion_given", await Rules().current(conn, at), at)


def points(ticket: Any, kind: str = "progress_customer") -> list[tuple[str, bool | None]]:
    """Day and whether it was met, of the points that were due: neither voided nor still to come."""
    found = [clock for clock in ticket["clocks"] if clock["kind"] == kind and clock["voided_at"] is None]
    return [(each["due_day"], each["in_time"]) for each in sorted(found, key=lambda clock: clock["cycle"])]


def told_of(ticket: Any) -> list[tuple[str, str]]:
    told = [event["details"] for event in ticket["events"] if event["kind"] == "clock_breached"]
    return [(each["clock"], each["due"]) for each in told]


async def test_the_worked_examples_major_case_meets_one_point_and_misses_the_next(site: Site, worker: Any) -> None:
    """d.4, T10: 10-16 met, 10-27 missed; L-18, M-10, F-57"""
    ticket = await opened(site, on(9, 30))
    assert points(await file(await post(site, on(9, 30)), ticket)) == [("2025-10-16", None)]
    assert points(await told(site, ticket, on(10, 16))) == [("2025-10-16", True), ("2025-10-27", None)]
    site.clock.set(on(10, 31))
    assert await worker() == 1
    after = await file(await post(site, on(10, 31)), ticket)
    assert points(after) == [("2025-10-16", True), ("2025-10-27", False), ("2025-11-05", None)]
    assert ("progress_customer", "2025-10-27") in told_of(after)


async def test_the_worked_examples_letter_is_told_once_and_has_no_point_after_its_opinion(
    site: Site, worker: Any
) -> None:
    """d.4, T02: 09-16 met, answered on 09-18; F-57: the next point is none, and nothing is missed later."""
    ticket = await opened(site, on(9, 5), channel="letter", severity="difficult", category="solicitation")
    await told(site, ticket, on(9, 16))
    await answered(site, ticket, on(9, 18))
    site.clock.set(on(10, 31))
    await worker()
    after = await file(await post(site, on(10, 31)), ticket)
    assert points(after) == [("2025-09-16", True)]
    assert points(after, "progress_cs") == [("2025-09-16", False)]
    assert [clock["voided_why"] for clock in after["clocks"] if clock["cycle"] == 2] == ["opinion_given"] * 2


async def test_a_late_feedback_moves_the_next_point_and_meets_none(site: Site) -> None:
    """F-57: missed on 10-16, told on 10-20, so the next is seven working days after that."""
    ticket = await opened(site, on(9, 30))
    assert points(await told(site, ticket, on(10, 20))) == [("2025-10-16", False), ("2025-10-29", None)]
    after = await told(site, ticket, on(10, 29))
    assert points(after) == [("2025-10-16", False), ("2025-10-29", True), ("2025-11-07", None)]
    assert [day for kind, day in told_of(after) if kind == "progress_customer"] == ["2025-10-16"]


async def test_told_twice_before_a_point_it_is_one_point(site: Site) -> None:
    """F-57: the next counts from the last feedback."""
    ticket = await opened(site, on(9, 30))
    await told(site, ticket, on(10, 14))
    assert points(await told(site, ticket, on(10, 15))) == [("2025-10-16", True), ("2025-10-24", None)]


async def test_a_point_met_ahead_of_time_is_none_when_the_opinion_comes_before_its_day(site: Site) -> None:
    """F-57"""
    ticket = await opened(site, on(9, 30), severity="difficult")
    await told(site, ticket, on(10, 13))
    await answered(site, ticket, on(10, 14))
    after = await file(await post(site, on(10, 31)), ticket)
    assert points(after) == []
    assert [event["kind"] for event in after["events"]][-1] == "progress"


async def test_the_coordinator_has_a_timer_of_his_own(site: Site) -> None:
    """F-11, L-19, R-3.46: his report meets his, and not the customer's."""
    ticket = await opened(site, on(9, 30))
    coordinator = await post(site, on(10, 15), Role.COORDINATOR)
    after = await acted(coordinator, ticket, "report_progress")
    assert points(after, "progress_cs") == [("2025-10-16", True), ("2025-10-24", None)]
    assert points(after) == [("2025-10-16", None)]
    handler = await post(site, on(10, 15))
    refused = await handler.post(
        f"/tickets/{ticket}/actions/report_progress", {"version": after["version"], "note": "调查中"}
    )
    assert (refused.status, refused.code) == (403, "forbidden")
    other = await post(site, on(10, 15), where="sc-cd")
    hidden = await other.post(
        f"/tickets/{ticket}/actions/progress", {"version": after["version"], "note": "调查中", "manner": "电话"}
    )
    assert hidden.status == 404


async def test_a_general_complaint_is_marked_complex_with_a_reason(site: Site) -> None:
    """F-10, F-57: points that would have been before were not due."""
    ticket = await opened(site, on(9, 30), severity="general")
    before = await file(await post(site, on(10, 20)), ticket)
    assert (before["complex_at"], points(before)) == (None, [])
    handler = await post(site, on(10, 20))
    refused = await handler.post(f"/tickets/{ticket}/actions/mark_complex", {"version": before["version"]})
    assert (refused.status, refused.json["rules"]) == (409, ["F-10"])
    after = await acted(handler, ticket, "mark_complex", note="涉及三个部门")
    assert (after["complex_reason"], points(after)) == ("涉及三个部门", [("2025-10-27", None)])
    assert points(after, "progress_cs") == [("2025-10-27", None)]


async def severity(client: Client, ticket: str, to: str) -> Any:
    version = (await file(client, ticket))["version"]
    reply = await client("PATCH", f"/tickets/{ticket}", json={"version": version, "severity": to, "reason": "情况变化"})
    assert reply.status == 200, reply.body
    return reply.json


async def lightened(site: Site, ticket: str, to: str, at: datetime) -> Any:
    """A downgrade, which two people make (F-47)."""
    handler, supervisor = await post(site, at), await post(site, at, Role.SUPERVISOR)
    version = (await file(handler, ticket))["version"]
    body = {"version": version, "severity": to, "reason": "情况变化"}
    proposed = await handler.post(f"/tickets/{ticket}/downgrades", body)
    assert proposed.status == 201, proposed.body
    said = {"version": (await file(handler, ticket))["version"], "remark": "同意"}
    approved = await supervisor.post(f"/downgrades/{proposed.json['id']}/actions/approve", said)
    assert approved.status == 200, approved.body
    return await file(handler, ticket)


async def test_another_severity_starts_and_ends_what_hangs_on_it(site: Site) -> None:
    """F-10, F-18, L-18, L-19, L-21: graver starts the timers and the report upwards, less grave ends them."""
    ticket = await opened(site, on(9, 30), severity="general")
    handler = await post(site, on(10, 9))
    major = await severity(handler, ticket, "major")
    assert points(major) == [("2025-10-16", None)]
    assert points(major, "report_up") == [("2025-10-09", None)]
    assert datetime.fromisoformat(major["complex_at"]) == on(10, 9)
    general = await lightened(site, ticket, "general", on(10, 9))
    assert (general["complex_at"], points(general), points(general, "report_up")) == (None, [], [])
    again = await severity(handler, ticket, "major")
    assert points(again) == [("2025-10-16", None)]
    assert points(again, "report_up") == [("2025-10-09", None)]


async def test_a_case_marked_complex_stays_so_when_its_severity_falls(site: Site) -> None:
    """F-10"""
    ticket = await opened(site, on(9, 30), severity="general")
    handler = await post(site, on(10, 9))
    await acted(handler, ticket, "mark_complex", note="涉及三个部门")
    await severity(handler, ticket, "difficult")
    after = await lightened(site, ticket, "general", on(10, 9))
    assert after["complex_at"] is not None
    assert points(after) == [("2025-10-16", None)]


async def test_a_major_case_is_reported_to_the_upper_company_within_two_hours(site: Site) -> None:
    """L-21, R-3.17"""
    ticket = await opened(site, on(9, 30))
    handler = await post(site, on(9, 30, 11))
    after = await acted(handler, ticket, "report_up", note="已报省公司")
    (clock,) = [clock for clock in after["clocks"] if clock["kind"] == "report_up"]
    assert (clock["in_time"], datetime.fromisoformat(clock["due_at"])) == (True, on(9, 30, 12))
    difficult = await opened(site, on(9, 30), severity="difficult")
    handler = await post(site, on(9, 30, 11))
    refused = await handler.post(f"/tickets/{difficult}/actions/report_up", {"version": 1, "note": "已报"})
    assert (refused.status, refused.json["rules"]) == (409, ["L-21", "R-3.17"])


async def test_ten_working_days_bring_an_answer_or_the_progress(site: Site, worker: Any) -> None:
    """L-17, F-30: on every complaint, met by telling the progress."""
    ticket = await opened(site, on(9, 30), severity="general")
    late = await opened(site, on(9, 30), severity="general")
    await told(site, ticket, on(10, 21))
    site.clock.set(on(10, 22))
    await worker()
    handler = await post(site, on(10, 22))
    assert points(await file(handler, ticket), "answer_or_progress") == [("2025-10-21", True)]
    assert points(await file(handler, late), "answer_or_progress") == [("2025-10-21", False)]


async def test_a_breach_is_told_once_however_often_and_by_however_many_it_is_looked_for(
    site: Site, worker: Any
) -> None:
    """F-57, CL-1: two processes at once, then again; each missed point after the other when nobody looked for long."""
    tickets = [await opened(site, on(9, 30)) for _ in range(3)]
    site.clock.set(on(11, 6))
    await asyncio.gather(*(worker() for _ in range(4)))
    assert await worker() == 0
    for ticket in tickets:
        after = await file(await post(site, on(11, 6)), ticket)
        assert points(after) == [
            ("2025-10-16", False),
            ("2025-10-27", False),
            ("2025-11-05", False),
            ("2025-11-14", None),
        ]
        found = told_of(after)
        assert len(found) == len(set(found))
        assert [each for each in found if each[0] == "progress_customer"] == [
            ("progress_customer", day) for day in ("2025-10-16", "2025-10-27", "2025-11-05")
        ]
        assert ("decide_inform", "2025-10-15") in found
        decision = next(clock for clock in after["clocks"] if clock["kind"] == "decide_inform")
        assert datetime.fromisoformat(decision["breached_at"]) == on(10, 16, 0)


async def test_a_finding_and_a_grievance_passed_on_have_no_timers(site: Site) -> None:
    """R-2.5, R-1.3, L-17"""
    ticket = await opened(site, on(9, 30), asks_company_to_act=False)
    kinds = {clock["kind"] for clock in (await file(await post(site, on(9, 30)), ticket))["clocks"]}
    assert not kinds & {"progress_customer", "progress_cs", "answer_or_progress", "report_up", "decide_inform"}


async def test_the_timers_end_with_the_opinion_the_coordinators_with_the_departments(site: Site) -> None:
    """F-57, R-3.46, R-4.27: settled on 10-20, told to the customer on 10-22; what was missed before stays missed."""
    ticket = await opened(site, on(9, 30), severity="general", channel="visit")
    await acted(await post(site, on(9, 30)), ticket, "mark_complex", note="涉及三个部门")
    settled = await acted(await post(site, on(10, 20)), ticket, "settle")
    assert points(settled, "progress_cs") == [("2025-10-16", False)]
    assert points(settled) == [("2025-10-16", False)]
    informed = await acted(await post(site, on(10, 22)), ticket, "inform", manner="电话", accepted=True)
    assert points(informed) == [("2025-10-16", False)]
    assert points(informed, "answer_or_progress") == [("2025-10-21", False)]
