"""Several grievances in one order, the routing as data, opinions, recusal and cases, through the interface."""

from datetime import date
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.figures import facts
from tests.service.orders import opened
from tests.service.site import HOME, Client, Reply, Site, person, session_of
from tests.service.walk import acted, answer_slips, done, of_department, slip_acted, walk
from tickets.categories import Department
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

TODAY = date(2026, 11, 18)


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "ticket_move_refused", list(rules)), reply.body


async def corrected(client: Client, ticket: Any, **changes: Any) -> Reply:
    shown = (await client.get(f"/tickets/{ticket['id']}")).json
    return await client("PATCH", f"/tickets/{ticket['id']}", json={"version": shown["version"], **changes})


async def somebody(site: Site, role: Role, **others: Any) -> Client:
    """A new person with an id of their own."""
    async with site.database.transaction() as conn:
        user = await person(conn, site.clock, (role,), HOME, **others)
        token = await session_of(conn, site.clock, user)
    client = await site.with_token(token)
    client.user = user
    return client


async def test_one_order_of_several_grievances_goes_to_each_department_and_is_one_piece(site: Site) -> None:
    """F-3, R-4.9, R-4.10, D-10"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    further = [{"category": "payment"}, {"category": "other", "sub_code": "privacy"}]
    ticket = await opened(agent, category="solicitation", further=further)
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert [(each["line"], each["category"], each["sub_code"]) for each in file["further"]] == [
        (2, "payment", None),
        (3, "other", "privacy"),
    ]
    assert (file["occurrences"], file["pieces"]) == (1, 1)
    async with facts.settled(site.database) as conn:
        mentioned = await conn.fetchval("SELECT mentioned FROM ticket_fact WHERE ticket_id = $1", ticket["id"])
    assert mentioned == ["other", "payment", "solicitation"]
    file = await done(handler, ticket["id"], "dispatch")
    assert [(slip["line"], slip["part"], slip["department"]) for slip in file["slips"]] == [
        (1, "main", "sales"),
        (1, "supervise", "sales_inspection"),
        (2, "joint", "finance"),
        (2, "joint", "business_management"),
        (2, "joint", "it"),
        (3, "joint", "customer_service"),
        (3, "joint", "compliance"),
    ]
    refused(await acted(handler, ticket["id"], "handle", note="x"), "R-4.22", "R-4.11")
    await answer_slips(site, ticket["id"], handler)
    assert (await done(handler, ticket["id"], "handle", note="汇总各部门意见"))["status"] == "handled"


async def test_a_grievance_told_later_is_added_and_sent_and_what_was_sent_stays(site: Site) -> None:
    """F-3, R-4.9, R-4.10"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent, further=[{"category": "payment"}])
    await done(handler, ticket["id"], "dispatch")
    wrong = await corrected(handler, ticket, further=[{"category": "sms"}])
    assert (wrong.status, wrong.json["rules"]) == (422, ["F-3", "R-4.10"])
    added = await corrected(handler, ticket, further=[{"category": "payment"}, {"category": "counter"}])
    assert added.status == 200, added.body
    assert [each["category"] for each in added.json["further"]] == ["payment", "counter"]
    assert added.json["events"][-1]["details"]["changed"]["further"][1][-1]["category"] == "counter"
    before = len(added.json["slips"])
    file = await done(handler, ticket["id"], "dispatch")
    assert [(slip["line"], slip["department"]) for slip in file["slips"][before:]] == [(3, "business_management")]


async def test_a_sub_code_is_one_of_its_categorys(site: Site) -> None:
    """F-8"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, category="maintenance", sub_code="surrender")
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["sub_code"] == "surrender"
    for wrong in ({"sub_code": "surrender"}, {"further": [{"category": "claims", "sub_code": "surrender"}]}):
        body = {"channel": "letter", "category": "claims", **wrong}
        reply = await agent.post("/tickets", body)
        assert (reply.status, reply.json["rules"]) == (422, ["F-8"])
        assert (await corrected(agent, ticket, category="claims", **wrong)).status == 422


async def test_an_administrator_publishes_who_investigates_what_from_a_day_on(site: Site) -> None:
    """F-8: versioned by day, audited; a dispatch takes the table of its day."""
    admin, handler, agent = [await site.client(role) for role in (Role.ADMIN, Role.HANDLER, Role.AGENT)]
    entries = (await admin.get("/routing")).json["entries"]
    own = [{**each, "zh": None, "en": None} if each["sub_code"] is None else each for each in entries]
    for each in own:
        if each["category"] == "claims":
            each |= {"main": "finance", "copies": ["compliance"]}
    body = {"valid_from": "2026-11-19", "reason": "理赔移交财务部", "entries": own}
    published = await admin.post("/routing/versions", body)
    assert published.status == 201, published.body
    assert len(published.json["entries"]) == len(entries)
    first = await done(handler, (await opened(agent))["id"], "dispatch")
    assert [slip["department"] for slip in first["slips"]] == ["business_management"]
    again = await admin.post("/routing/versions", {**body, "valid_from": "2026-11-18"})
    assert again.status == 201
    second = await done(handler, (await opened(agent))["id"], "dispatch")
    assert [(slip["part"], slip["department"]) for slip in second["slips"]] == [
        ("main", "finance"),
        ("copy", "compliance"),
    ]
    versions = (await admin.get("/routing/versions")).json["items"]
    assert sorted(each["valid_from"] for each in versions) == ["2026-11-18", "2026-11-19"]
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'routing.published'") == 2


async def test_a_table_that_is_not_whole_or_too_late_is_not_published_nor_by_others(site: Site) -> None:
    """F-8, R-2.17"""
    admin = await site.client(Role.ADMIN)
    entries = (await admin.get("/routing")).json["entries"]
    own = [{**each, "zh": None, "en": None} if each["sub_code"] is None else each for each in entries]
    body = {"valid_from": "2026-11-18", "reason": "调整", "entries": own}
    past = await admin.post("/routing/versions", {**body, "valid_from": "2026-11-17"})
    assert past.status == 422
    partial = [each for each in own if each["category"] != "sms"]
    reply = await admin.post("/routing/versions", {**body, "entries": partial})
    assert (reply.status, reply.json["rules"]) == (422, ["F-8", "R-2.17"])
    assert (await (await site.client(Role.SUPERVISOR)).post("/routing/versions", body)).status == 403
    assert (await admin.get("/routing/versions")).json["items"] == []


async def test_a_counter_and_the_province_give_their_opinion_before_they_ask(site: Site) -> None:
    """R-3.18, R-3.30: before the dispatch or with it; the department reads it on its slip."""
    agent = await site.client(Role.AGENT, where="gd-gz-a")
    handler = await site.client(Role.HANDLER, where="gd-gz-a")
    ticket = await opened(agent)
    refused(await acted(handler, ticket["id"], "dispatch"), "R-3.18", "R-3.30")
    refused(await acted(handler, ticket["id"], "opine"), "R-3.18", "R-3.30")
    await done(handler, ticket["id"], "opine", opinion="建议核实理赔材料是否齐全")
    file = await done(handler, ticket["id"], "dispatch")
    assert (file["opinion"], file["slips"][0]["request"]) == ("建议核实理赔材料是否齐全",) * 2
    other = await opened(agent)
    file = await done(handler, other["id"], "dispatch", opinion="建议先行赔付")
    assert file["opinion_at"] is not None


async def test_an_order_about_somebody_goes_neither_to_them_nor_to_their_manager(site: Site) -> None:
    """F-48, N-7"""
    manager = await somebody(site, Role.HANDLER)
    assert manager.user is not None
    concerned = await somebody(site, Role.HANDLER, manager_id=manager.user.id)
    colleague = await somebody(site, Role.HANDLER)
    agent = await site.client(Role.AGENT)
    assert concerned.user is not None
    assert colleague.user is not None
    ticket = await opened(agent, category="call_centre")
    path = ticket["id"]
    file = await done(colleague, path, "assign", handler_id=str(concerned.user.id))
    assert file["handler_id"] == str(concerned.user.id)
    named = await corrected(colleague, ticket, about_user_id=str(concerned.user.id))
    assert (named.status, named.json["handler_id"], named.json["about_user_name"]) == (200, None, "测试员")
    for client in (concerned, manager):
        assert client.user is not None
        refused(await acted(colleague, path, "assign", handler_id=str(client.user.id)), "F-48", "N-7")
        refused(await acted(client, path, "dispatch"), "F-48", "N-7")
        refused(await acted(client, path, "settle", note="x"), "F-48", "N-7")
        cleared = await corrected(client, ticket, about_user_id=None)
        assert (cleared.status, cleared.json["rules"]) == (422, ["F-48", "N-7"])
    for stranger in (await site.client(Role.QA), await site.client(Role.HANDLER, where="sc-cd")):
        assert stranger.user is not None
        refused(await acted(colleague, path, "assign", handler_id=str(stranger.user.id)), "R-1.8", "R-4.33")
    file = await done(colleague, path, "assign", handler_id=str(colleague.user.id))
    listed = await colleague.get("/tickets", params={"handler_id": str(colleague.user.id)})
    assert [each["id"] for each in listed.json["items"]] == [path]
    await done(colleague, path, "dispatch")
    own = await somebody(site, Role.COORDINATOR, department=Department.CUSTOMER_SERVICE)
    assert own.user is not None
    assert (await corrected(colleague, ticket, about_user_id=str(own.user.id))).status == 200
    [slip] = (await colleague.get(f"/tickets/{path}")).json["slips"]
    assert (await slip_acted(own, path, slip, "accept")).status == 200
    refused(await slip_acted(own, path, {**slip, "version": 2}, "answer", text="无过错"), "F-48", "N-7")


async def test_sales_passes_what_is_a_case_to_sales_inspection(site: Site) -> None:
    """R-3.39, F-26"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(await site.client(Role.AGENT), category="solicitation")
    file = await done(handler, ticket["id"], "dispatch")
    main, supervised = file["slips"]
    inspection = await of_department(site, "sales_inspection", HOME)
    refused(await slip_acted(inspection, ticket["id"], supervised, "case", text="构成案件"), "R-3.39", "F-26")
    sales = await of_department(site, "sales", HOME)
    refused(await slip_acted(sales, ticket["id"], main, "case"), "R-4.7", "R-4.23")
    reply = await slip_acted(sales, ticket["id"], main, "case", text="涉嫌侵占保费,构成案件")
    assert reply.status == 200, reply.body
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert [(slip["part"], slip["department"], slip["state"], slip["leads"]) for slip in file["slips"]] == [
        ("main", "sales", "released", True),
        ("supervise", "sales_inspection", "sent", False),
        ("main", "sales_inspection", "sent", True),
    ]
    assert (file["department"], file["case_at"] is not None) == ("sales_inspection", True)
    assert (await done(inspection, ticket["id"], "handle", note="已立案调查"))["status"] == "handled"


async def test_a_counters_order_of_two_grievances_is_answered_and_told(site: Site) -> None:
    """R-4.1, F-3"""
    agent = await site.client(Role.AGENT, where="gd-gz-a")
    ticket = await opened(agent, further=[{"category": "counter"}])
    file = await walk(site, ticket["id"], Status.INFORMED, where="gd-gz-a")
    assert {slip["state"] for slip in file["slips"]} == {"answered"}
