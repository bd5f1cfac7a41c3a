"""Telling the customer through the interface: when, by what proof, who else hears, what follows; and downgrades."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.committee import a_ruling
from tests.service.orders import acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, Client, Reply, Site
from tickets.categories import Department

pytestmark = pytest.mark.service

BUSINESS = Department.BUSINESS_MANAGEMENT


async def handled(site: Site, **changes: Any) -> Any:
    """A complaint that its department has handled, after a ruling where it needs one."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, **changes)
    assert (await acted(handler, ticket, "dispatch")).status == 200
    if changes.get("severity", "general") != "general":
        await a_ruling(site, ticket["id"])
    coordinator = await site.client(Role.COORDINATOR, department=BUSINESS)
    reply = await acted(coordinator, ticket, "handle", note="同意赔付")
    assert reply.status == 200, reply.body
    return ticket


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.json.get("rules")) == (409, list(rules)), reply.body


async def heard(site: Site, ticket: Any) -> list[tuple[str, str, str | None]]:
    file = (await (await site.client(Role.HANDLER)).get(f"/tickets/{ticket['id']}/feedback")).json
    return [(each["audience"], each["organisation_id"], each["department"]) for each in file["feedback"]]


async def test_how_and_when_the_customer_was_told_and_whether_they_accept_stand_in_the_file(site: Site) -> None:
    """R-4.27, CL-8, L-25: the moment stated counts, with its proof."""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    site.clock.advance(timedelta(minutes=20))
    earlier = (site.clock.now() - timedelta(minutes=10)).isoformat()
    said = {"manner": "dialled", "accepted": True, "told_at": earlier}
    refused(await acted(handler, ticket, "inform", **said), "CL-8", "R-4.7")
    before = (site.clock.now() - timedelta(days=1)).isoformat()
    refused(await acted(handler, ticket, "inform", **{**said, "told_at": before, "proof": "录音"}), "CL-8", "R-4.27")
    file = (await acted(handler, ticket, "inform", **said, proof="录音 20261118-01")).json
    assert (file["told_means"], file["told_proof"], file["answer_accepted"]) == ("dialled", "录音 20261118-01", True)
    decide = next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")
    assert decide["met_at"] == file["informed_at"]
    assert file["informed_at"].startswith("2026-11-18T04:10")


async def test_who_does_not_accept_is_explained_to_and_told_of_the_review(site: Site) -> None:
    """R-4.30, F-19, B-5"""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    said = {"manner": "电话", "accepted": False, "explanation": "已解释条款", "basis": "条款第五条"}
    refused(await acted(handler, ticket, "inform", **said), "F-19", "L-29")
    file = (await acted(handler, ticket, "inform", **said, review_route_told=True)).json
    assert (file["status"], file["answer_accepted"]) == ("informed", False)
    assert file["events"][-1]["details"]["review_route_told"] is True
    body = {"duty": "补付", "owner_id": str(handler.user.id if handler.user else ""), "due_day": "2026-11-20"}
    refused(await handler.post(f"/tickets/{ticket['id']}/formalities", body), "R-4.29")


async def test_the_department_the_committee_and_the_upper_company_hear_with_the_customer(site: Site) -> None:
    """R-4.28: as facts and as marks to sign for."""
    plain, hard = await handled(site), await handled(site, severity="difficult")
    handler = await site.client(Role.HANDLER)
    for ticket in (plain, hard):
        assert await heard(site, ticket) == []
        assert (await acted(handler, ticket, "inform", manner="电话", accepted=True)).status == 200
    department = ("department", HOME, "business_management")
    assert await heard(site, plain) == [department]
    assert await heard(site, hard) == [("committee", HOME, None), department, ("upper_company", "gd", None)]
    async with site.database.connection() as conn:
        facts = await conn.fetch("SELECT payload FROM outbox_event WHERE topic = 'feedback.given' ORDER BY id")
    assert sorted(fact["payload"]["audience"] for fact in facts) == [
        *("committee", "department", "department", "upper_company")
    ]
    coordinator = await site.client(Role.COORDINATOR, department=BUSINESS)
    mine = (await coordinator.get("/feedback?mine=true&seen=false&audience=department")).json["items"]
    assert {item["ticket_id"] for item in mine} == {plain["id"], hard["id"]}
    path = f"/feedback/{mine[0]['id']}/actions/see"
    refused(await (await site.client(Role.COORDINATOR, department=Department.FINANCE)).post(path), "R-4.28")
    seen = (await coordinator.post(path)).json
    assert seen["seen_by"] == (await coordinator.post(path)).json["seen_by"] is not None
    left = (await coordinator.get("/feedback?mine=true&seen=false&audience=department")).json["items"]
    assert len(left) == 1
    province = await site.client(Role.HANDLER, where="gd")
    [above] = (await province.get("/feedback?mine=true")).json["items"]
    assert (above["audience"], above["ticket_id"]) == ("upper_company", hard["id"])
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.get("/feedback")).json["items"] == []
    assert (await stranger.post(path)).status == 404


async def test_what_follows_an_acceptance_stays_on_the_list_until_it_is_done(site: Site) -> None:
    """R-4.29"""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    coordinator = await site.client(Role.COORDINATOR, department=BUSINESS)
    assert coordinator.user is not None
    body = {"duty": "补付差额", "owner_id": str(coordinator.user.id), "due_day": "2026-11-20"}
    path = f"/tickets/{ticket['id']}/formalities"
    refused(await handler.post(path, body), "R-4.29")
    await acted(handler, ticket, "inform", manner="电话", accepted=True)
    refused(await handler.post(path, {**body, "due_day": "2026-11-17"}), "R-4.29")
    assert (await handler.post(path, {**body, "owner_id": str(ticket["id"])})).status == 404
    item = (await handler.post(path, body)).json
    assert [each["id"] for each in (await coordinator.get("/formalities?mine=true&done=false")).json["items"]] == [
        item["id"]
    ]
    site.clock.advance(timedelta(days=3))
    site.people.clear()
    handler, other = await site.client(Role.HANDLER), await site.client(Role.COORDINATOR)
    assert [each["overdue"] for each in (await handler.get("/formalities?overdue=true")).json["items"]] == [True]
    done = {"version": 1, "result": "已转账"}
    refused(await other.post(f"/formalities/{item['id']}/actions/finish", done), "R-4.29")
    finished = (await handler.post(f"/formalities/{item['id']}/actions/finish", done)).json
    assert (finished["result"], finished["overdue"]) == ("已转账", False)
    again = await handler.post(f"/formalities/{item['id']}/actions/finish", done)
    assert (again.status, again.code) == (409, "stale_version")
    refused(await handler.post(f"/formalities/{item['id']}/actions/finish", {**done, "version": 2}), "R-4.29")
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.post(f"/formalities/{item['id']}/actions/finish", done)).status == 404
    assert (await handler.get("/formalities?done=false")).json["items"] == []


async def proposed(client: Client, ticket: Any, **changes: Any) -> Reply:
    version = (await client.get(f"/tickets/{ticket['id']}")).json["version"]
    body = {"version": version, "severity": "general", "reason": "客户与公司已和解", **changes}
    return await client.post(f"/tickets/{ticket['id']}/downgrades", body)


async def answered(client: Client, downgrade: Any, action: str, **said: Any) -> Reply:
    version = (await client.get(f"/tickets/{downgrade['ticket_id']}")).json["version"]
    return await client.post(f"/downgrades/{downgrade['id']}/actions/{action}", {"version": version, **said})


async def test_a_major_complaint_is_made_a_general_one_by_two_people(site: Site) -> None:
    """F-47, F-18, L-11, L-22: and then it needs no ruling."""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    ticket = await opened(handler, severity="major")
    alone = {"version": 1, "severity": "general", "reason": "客户与公司已和解"}
    refused(await handler("PATCH", f"/tickets/{ticket['id']}", json=alone), "F-47", "F-18")
    refused(await proposed(handler, ticket, severity="major"), "F-47", "F-18")
    downgrade = (await proposed(handler, ticket)).json
    assert (downgrade["from_severity"], downgrade["state"]) == ("major", "proposed")
    refused(await proposed(supervisor, ticket), "F-47")
    refused(await answered(handler, downgrade, "approve"), "F-47")
    refused(await answered(supervisor, downgrade, "refuse"), "F-47", "R-4.7")
    waiting = (await supervisor.get("/downgrades?state=proposed")).json["items"]
    assert [each["id"] for each in waiting] == [downgrade["id"]]
    approved = await answered(supervisor, downgrade, "approve", remark="同意")
    assert (approved.status, approved.json["state"]) == (200, "approved"), approved.body
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert (file["severity"], file["version"], file["due_day"]) == ("general", 2, "2026-11-25")
    assert [clock["voided_why"] for clock in file["clocks"] if clock["kind"] == "meet"] == ["downgraded"]
    assert file["written_due"] == []
    assert (await acted(handler, ticket, "settle", note="当场说明")).status == 200
    refused(await answered(supervisor, downgrade, "refuse", remark="x"), "F-47")


async def test_a_downgrade_is_refused_withdrawn_or_overtaken(site: Site) -> None:
    """F-47, H2"""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    ticket = await opened(handler, severity="difficult")
    first = (await proposed(handler, ticket)).json
    no = await answered(supervisor, first, "refuse", remark="仍需委员会裁定")
    assert no.json["state"] == "refused"
    second = (await proposed(handler, ticket)).json
    refused(await answered(supervisor, second, "withdraw"), "F-47")
    assert (await answered(handler, second, "withdraw")).json["state"] == "withdrawn"
    third = (await proposed(handler, ticket)).json
    graver = {"version": 1, "severity": "major", "reason": "媒体关注"}
    assert (await handler("PATCH", f"/tickets/{ticket['id']}", json=graver)).status == 200
    refused(await answered(supervisor, third, "approve"), "F-47", "F-18")
    stale = await supervisor.post(f"/downgrades/{third['id']}/actions/approve", {"version": 1})
    assert (stale.status, stale.code) == (409, "stale_version")
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.post(f"/downgrades/{third['id']}/actions/approve", {"version": 2})).status == 404
    assert (await stranger.get("/downgrades")).json["items"] == []
    general = await opened(handler)
    refused(await proposed(handler, general), "F-47", "F-18")


async def test_of_two_who_approve_at_once_one_does(site: Site) -> None:
    """F-47"""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    other = await site.client(Role.HANDLER, Role.SUPERVISOR)
    downgrade = (await proposed(handler, await opened(handler, severity="difficult"))).json
    replies = await asyncio.gather(answered(supervisor, downgrade, "approve"), answered(other, downgrade, "approve"))
    assert sorted(reply.status for reply in replies) == [200, 409]


async def test_nobody_downgrades_what_is_closed(site: Site) -> None:
    """B-2, F-47"""
    ticket, handler = await handled(site, severity="difficult"), await fresh(site, Role.HANDLER)
    downgrade = (await proposed(handler, ticket)).json
    await acted(handler, ticket, "inform", manner="电话", accepted=True)
    await acted(handler, ticket, "determine", validity="valid", causes=["claims"], liability="none")
    assert (await acted(handler, ticket, "close")).status == 200
    refused(await answered(await site.client(Role.SUPERVISOR), downgrade, "approve"), "B-2", "F-47")
    refused(await proposed(handler, ticket), "B-2", "F-47")
