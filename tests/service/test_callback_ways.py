"""Letters and visits of callbacks: only the receipt the policyholder signed ends a task, with its scan and answers."""

from collections.abc import AsyncIterator
from datetime import date, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.site import Client, Reply, Site, settings
from tests.service.spring import FINDING, SCAN, UNCLEAR, YES, Spring

pytestmark = pytest.mark.service
MORNING, EVENING = time(10), time(19)
COMPLAINS = {**FINDING, "subject": "mis_selling", "intention": "yes", "demand": "退保", "restated_and_confirmed": True}


@pytest.fixture
async def spring(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Spring]:
    """A task whose policyholder was rung three times in vain."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        spring = Spring(site, seen)
        await spring.at(date(2025, 9, 3), MORNING)
        await spring.load(2)
        for day, hour in ((3, MORNING), (3, EVENING), (4, MORNING)):
            await spring.at(date(2025, 9, day), hour)
            await spring.miss("S000")
        await spring.at(date(2025, 9, 5), MORNING)
        yield spring


async def act(spring: Spring, path: str, body: Any = None, number: str = "S000", **options: Any) -> Reply:
    agent = await spring.agent()
    return await agent.post(f"/callback-tasks/{spring.tasks[number]}/{path}", body, **options)


def a_visit(spring: Spring, **changes: Any) -> dict[str, Any]:
    return {"way": "visit", "at": spring.clock.now().isoformat(), "person": "陈专员", **changes}


async def test_a_receipt_that_comes_back_in_time_is_judged_like_a_call(spring: Spring) -> None:
    """C-10, C-13"""
    letter = await spring.send_letter("S000")
    await spring.at(date(2025, 9, 10), MORNING)
    task = await spring.return_letter("S000", letter, YES)
    assert (task["state"], task["result"], task["late"]) == ("done", "successful", False)
    file = (await (await spring.agent()).get(f"/callback-tasks/{task['id']}")).json
    [way] = file["ways"]
    assert (way["signed_on"], way["media_type"], way["size"]) == ("2025-09-10", "application/pdf", len(SCAN) + 4)
    assert (file["verdict"]["result"], file["questions"][0]["answer"]["live"]) == ("successful", False)
    counts = (await spring.report())["figures"]["counts"]
    assert (counts["completed_in_window"], counts["successful_in_window"]) == (1, 1)


async def test_a_receipt_that_comes_back_after_the_window_is_flagged_and_only_in_final_success(spring: Spring) -> None:
    """C-10, C-21"""
    letter = await spring.send_letter("S000")
    await spring.at(date(2025, 9, 17), MORNING)
    task = await spring.return_letter("S000", letter, YES)
    assert (task["result"], task["late"]) == ("successful", True)
    counts = (await spring.report())["figures"]["counts"]
    assert (counts["completed_in_window"], counts["successful_later"], counts["finally_successful"]) == (0, 1, 1)


async def test_a_task_shows_how_long_its_proof_is_kept(spring: Spring) -> None:
    """C-25, E-4, E-6: for ever, and by law ten years from the end of a contract of more than a year, five of others."""
    path = f"/callback-tasks/{spring.tasks['S000']}"
    shown = (await (await spring.agent()).get(path)).json["retention"]
    assert (shown["kind"], shown["kept"], shown["years"]) == ("policy_bound", "permanent", 10)
    async with spring.site.database.connection() as conn:
        await conn.execute("UPDATE policy SET long_term = false, product_kind = 'health', guaranteed_renewal = true")
    assert (await (await spring.agent()).get(path)).json["retention"]["years"] == 5


async def test_what_is_objected_to_on_paper_becomes_a_finding_or_a_complaint_first(spring: Spring) -> None:
    """C-10, C-13, C-16, R-2.2, R-2.3, T-1, T-2"""
    letter = await spring.send_letter("S000")
    await spring.at(date(2025, 9, 10), MORNING)
    await act(spring, f"ways/{letter}/receipt?signed_on=2025-09-09", data=SCAN)
    agent, path = await spring.agent(), f"/callback-tasks/{spring.tasks['S000']}"
    said = await agent("PUT", f"{path}/ways/{letter}/answers", json={"answers": UNCLEAR})
    assert said.json["verdict"]["objected"] == ["paying_period_known"]
    refused = await act(spring, "outcome", {"kind": "by_letter"})
    assert (refused.status, refused.code) == (422, "callback_outcome_refused")
    finding = await act(spring, f"ways/{letter}/findings", FINDING)
    complaint = await act(spring, f"ways/{letter}/findings", COMPLAINS)
    told = ("nature", "channel", "source", "counts", "opened_live")
    assert [finding.json[name] for name in told] == ["callback_finding", "phone_outbound", "callback", False, None]
    assert [complaint.json[name] for name in told] == ["complaint", "phone_inbound", "callback", True, None]
    done = await act(spring, "outcome", {"kind": "by_letter"})
    assert (done.status, done.json["task"]["result"]) == (200, "problem")
    tickets = (await agent.get(path)).json["tickets"]
    assert {ticket["number"] for ticket in tickets} == {finding.json["number"], complaint.json["number"]}
    assert (await agent.get(f"/tickets/{finding.json['id']}")).json["policy_number"] == "S000"


async def test_nothing_is_answered_or_concluded_without_the_scan(spring: Spring) -> None:
    """C-10"""
    letter = await spring.send_letter("S000")
    agent, path = await spring.agent(), f"/callback-tasks/{spring.tasks['S000']}/ways/{letter}"
    answered = await agent("PUT", f"{path}/answers", json={"answers": YES})
    found = await agent.post(f"{path}/findings", FINDING)
    read = await agent.get(f"{path}/receipt?purpose=核对")
    assert {(reply.status, reply.code) for reply in (answered, found, read)} == {(409, "callback_no_receipt")}
    assert (await act(spring, "outcome", {"kind": "by_letter"})).code == "callback_outcome_refused"
    taken = await agent.post(f"{path}/receipt?signed_on=2025-09-05", data=b"MZ\x90\x00 a program")
    assert taken.code == "attachment_type"
    early = await agent.post(f"{path}/receipt?signed_on=2025-09-01", data=SCAN)
    assert early.code == "callback_way_refused"


async def test_the_scan_is_what_was_handed_in_and_only_for_who_sees_customers_whole(spring: Spring) -> None:
    """C-10, T-6"""
    letter = await spring.send_letter("S000")
    path = f"/callback-tasks/{spring.tasks['S000']}/ways/{letter}/receipt"
    agent = await spring.agent()
    first = await agent.post(f"{path}?signed_on=2025-09-05", data=SCAN)
    again = await agent.post(f"{path}?signed_on=2025-09-05", data=SCAN)
    assert (first.status, again.json["sha256"]) == (201, first.json["sha256"])
    other = await agent.post(f"{path}?signed_on=2025-09-05", data=SCAN + b"other")
    assert (other.status, other.code) == (422, "callback_way_refused")
    assert (await agent.get(path)).code == "purpose_missing"
    read = await agent.get(f"{path}?purpose=核对签名")
    assert (read.body, read.headers["Content-Type"]) == (SCAN, "application/pdf")
    auditor = await spring.site.client(Role.AUDITOR, where="hq")
    assert (await auditor.get(f"{path}?purpose=核对")).status == 403
    async with spring.site.database.connection() as conn:
        logged = await conn.fetch("SELECT verdict FROM access_log WHERE purpose IS NOT NULL ORDER BY id")
    assert "allow" in {row["verdict"] for row in logged}


async def test_a_task_ends_unreached_only_when_every_way_says_why_it_failed(spring: Spring) -> None:
    """C-10"""
    end = {"kind": "not_completed", "note": "三次无人接听，信函退回，上门无人"}
    assert (await act(spring, "outcome", end)).code == "callback_outcome_refused"
    letter = await spring.send_letter("S000")
    visit = (await act(spring, "ways", a_visit(spring))).json["id"]
    await act(spring, f"ways/{letter}/failure", {"reason": "查无此人退回"})
    assert (await act(spring, "outcome", end)).code == "callback_outcome_refused"
    failed = await act(spring, f"ways/{visit}/failure", {"reason": "两次上门无人"})
    assert (failed.status, failed.json["failed_reason"]) == (200, "两次上门无人")
    assert (await act(spring, f"ways/{visit}/failure", {"reason": "改"})).code == "callback_way_refused"
    done = await act(spring, "outcome", end)
    assert (done.status, done.json["task"]["result"]) == (200, "not_completed")
    counts = (await spring.report())["figures"]["counts"]
    assert (counts["attempted_in_window"], counts["completed_in_window"]) == (1, 0)


async def test_the_salesperson_never_visits_and_the_telephone_comes_first(spring: Spring) -> None:
    """C-11, C-17, E-14: unless the customer asked for paper, say because they refuse to be recorded."""
    own = await act(spring, "ways", a_visit(spring, person="李销售"))
    assert own.code == "callback_way_refused"
    early = await act(spring, "ways", a_visit(spring), number="S001")
    unsaid = await act(spring, "ways", a_visit(spring, asked=True), number="S001")
    assert (early.code, unsaid.code) == ("callback_way_refused", "callback_way_refused")
    asked = a_visit(spring, asked=True, note="客户不同意录音，要求上门")
    key = {"Idempotency-Key": str(uuid4())}
    made = [await act(spring, "ways", asked, number="S001", headers=key) for _ in range(2)]
    assert ([reply.status for reply in made], made[0].json["id"]) == ([201, 201], made[1].json["id"])
    task = (await (await spring.agent()).get(f"/callback-tasks/{spring.tasks['S001']}")).json["task"]
    assert task["state"] == "otherwise"
    second = await act(spring, "ways", a_visit(spring), number="S001")
    assert second.code == "callback_way_refused"
    future = a_visit(spring) | {"at": "2025-12-01T10:00:00+08:00"}
    assert (await act(spring, "ways", future)).status == 422


async def test_letters_are_neither_changed_nor_seen_from_elsewhere(spring: Spring) -> None:
    """C-10, T-6, H2"""
    letter = await spring.send_letter("S000")
    elsewhere: Client = await spring.site.client(Role.CALLBACK_AGENT, where="sc-cd")
    path = f"/callback-tasks/{spring.tasks['S000']}/ways"
    refused = [
        await elsewhere.get(path),
        await elsewhere.post(path, a_visit(spring)),
        await elsewhere.post(f"{path}/{letter}/failure", {"reason": "x"}),
        await elsewhere.post(f"{path}/{letter}/receipt?signed_on=2025-09-05", data=SCAN),
        await elsewhere.get(f"{path}/{letter}/receipt?purpose=核对"),
    ]
    assert [reply.status for reply in refused] == [404] * 5, [reply.body for reply in refused]
    other = f"/callback-tasks/{spring.tasks['S001']}/ways/{letter}/failure"
    assert (await (await spring.agent()).post(other, {"reason": "x"})).code == "callback_way_not_found"
    async with spring.site.database.connection() as conn:
        for statement in ("UPDATE callback_way SET at = now()", "DELETE FROM callback_way"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
