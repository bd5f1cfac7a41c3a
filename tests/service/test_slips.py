"""Slips and signatures through the interface: sent, accepted, returned, answered; signed, refused, closed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import opened
from tests.service.site import ELSEWHERE, HOME, Client, Reply, Site
from tests.service.walk import acted, answer_slips, done, of_department, sign_all, slip_acted, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service


async def dispatched(site: Site, **changes: Any) -> Any:
    """A complaint whose slips are out."""
    ticket = await opened(await site.client(Role.AGENT), **changes)
    return await done(await site.client(Role.HANDLER), ticket["id"], "dispatch")


async def read(site: Site, ticket: Any) -> Any:
    return (await (await site.client(Role.HANDLER)).get(f"/tickets/{ticket['id']}")).json


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "ticket_move_refused", list(rules))


async def sent_back(site: Site, ticket: Any, department: str) -> Any:
    """The ticket after the department returned its newest slip."""
    slip = (await read(site, ticket))["slips"][-1]
    coordinator = await of_department(site, department, HOME)
    reply = await slip_acted(coordinator, ticket["id"], slip, "return", text="不属本部门职责")
    assert reply.status == 200, reply.body
    return reply.json


async def test_dispatching_sends_a_slip_to_every_department_with_a_day_to_accept_it(site: Site) -> None:
    """R-4.10, R-3.41, L-9, R-3.44"""
    file = await dispatched(site, category="payment")
    assert [(slip["number"][-3:], slip["part"], slip["department"]) for slip in file["slips"]] == [
        ("H01", "main", "finance"),
        ("H02", "joint", "business_management"),
        ("H03", "joint", "it"),
    ]
    assert {slip["accept_due_day"] for slip in file["slips"]} == {"2026-11-19"}
    assert file["department"] == "finance"
    clocks = [clock for clock in file["clocks"] if clock["kind"] == "accept"]
    assert [clock["cycle"] for clock in clocks] == [1, 2, 3]
    assert {clock["rules"][0] for clock in clocks} == {"L-9"}


async def test_a_department_accepts_writes_and_answers_and_the_ticket_is_handled(site: Site) -> None:
    """R-4.22, R-4.23, L-9"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, "business_management", HOME)
    for action, said in (
        ("accept", {}),
        ("note", {"text": "已联系客户核对材料"}),
        ("answer", {"text": "材料齐全,同意赔付"}),
    ):
        file = await read(site, ticket)
        reply = await slip_acted(coordinator, ticket["id"], file["slips"][0], action, **said)
        assert reply.status == 200, reply.body
    file = reply.json
    [slip] = file["slips"]
    assert (slip["state"], slip["answer"], slip["accept_in_time"]) == ("answered", "材料齐全,同意赔付", True)
    assert [event["kind"] for event in file["events"][-3:]] == ["slip_accept", "slip_note", "slip_answer"]
    assert (await done(coordinator, ticket["id"], "handle", note="同意赔付"))["status"] == "handled"


async def test_what_the_main_department_decides_is_the_answer_on_its_slip(site: Site) -> None:
    """R-4.22"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, "business_management", HOME)
    file = await done(coordinator, ticket["id"], "handle", note="同意赔付")
    assert (file["slips"][0]["state"], file["slips"][0]["answer"]) == ("answered", "同意赔付")
    assert next(clock for clock in file["clocks"] if clock["kind"] == "accept")["met_at"] is not None


async def test_nothing_is_handled_before_every_department_answered_or_was_released(site: Site) -> None:
    """R-4.22, R-4.11, R-4.18"""
    ticket = await dispatched(site, category="payment")
    finance, handler = await of_department(site, "finance", HOME), await site.client(Role.HANDLER)
    refused(await acted(finance, ticket["id"], "handle", note="已退款"), "R-4.22", "R-4.11")
    joint = (await read(site, ticket))["slips"][1:]
    for slip in joint:
        assert (await slip_acted(handler, ticket["id"], slip, "release")).status == 409
        assert (await slip_acted(handler, ticket["id"], slip, "release", text="无须协办")).status == 200
    file = await done(finance, ticket["id"], "handle", note="已退款")
    assert [slip["state"] for slip in file["slips"]] == ["answered", "released", "released"]
    assert [clock["voided_why"] for clock in file["clocks"] if clock["kind"] == "accept" and clock["voided_at"]] == [
        "released",
        "released",
    ]


async def test_a_slip_is_returned_twice_and_then_the_supervisor_alone_says_whose_it_is(site: Site) -> None:
    """R-4.20, F-21, L-9, F-39"""
    ticket = await dispatched(site)
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    await sent_back(site, ticket, "business_management")
    file = await done(handler, ticket["id"], "dispatch", department="finance")
    assert [slip["state"] for slip in file["slips"]] == ["returned", "sent"]
    await sent_back(site, ticket, "finance")
    refused(await acted(handler, ticket["id"], "dispatch", department="it"), "F-21", "R-4.20")
    file = await done(supervisor, ticket["id"], "dispatch", department="business_management")
    slip = file["slips"][-1]
    assert (slip["department"], slip["fixed"], file["department"]) == (
        "business_management",
        True,
        "business_management",
    )
    coordinator = await of_department(site, "business_management", HOME)
    refused(await slip_acted(coordinator, ticket["id"], slip, "return", text="仍不属本部门"), "F-21", "R-3.5")
    decide = next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")
    assert (decide["met_at"], decide["due_day"]) == (None, "2026-11-25")


async def test_a_ticket_whose_slip_was_given_back_is_not_handled(site: Site) -> None:
    """R-4.20, R-4.22"""
    ticket = await dispatched(site)
    await sent_back(site, ticket, "business_management")
    refused(await acted(await site.client(Role.HANDLER), ticket["id"], "handle", note="x"), "R-4.22", "R-4.11")


async def test_the_main_department_asks_others_for_help_itself(site: Site) -> None:
    """R-4.19"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, "business_management", HOME)
    [slip] = (await read(site, ticket))["slips"]
    assert (await slip_acted(coordinator, ticket["id"], slip, "accept")).status == 200
    [slip] = (await read(site, ticket))["slips"]
    again = await slip_acted(coordinator, ticket["id"], slip, "ask", text="请核对", department="business_management")
    refused(again, "R-4.19")
    reply = await slip_acted(coordinator, ticket["id"], slip, "ask", text="请核对划款记录", department="finance")
    asked = reply.json["slips"][-1]
    assert (asked["part"], asked["department"], asked["request"]) == ("joint", "finance", "请核对划款记录")
    finance = await of_department(site, "finance", HOME)
    refused(await slip_acted(finance, ticket["id"], asked, "ask", text="x", department="it"), "R-4.20")
    assert (await slip_acted(finance, ticket["id"], asked, "return", text="无此记录")).status == 200
    assert (await done(coordinator, ticket["id"], "handle", note="同意赔付"))["status"] == "handled"


@pytest.mark.parametrize(
    ("department", "where"),
    [("finance", HOME), (None, HOME), ("business_management", "gd"), ("business_management", "hq")],
)
async def test_nobody_acts_on_another_departments_slip(site: Site, department: str | None, where: str) -> None:
    """R-3.42, R-3.38: the wrong department and the wrong organisation; nothing is changed."""
    ticket = await dispatched(site)
    someone = (
        await of_department(site, department, where) if department else await site.client(Role.COORDINATOR, where=where)
    )
    for action in ("accept", "return", "answer"):
        reply = await slip_acted(someone, ticket["id"], ticket["slips"][0], action, text="x")
        assert (reply.status, reply.code, reply.json["rules"]) == (403, "slip_not_yours", ["R-3.42", "R-3.38"])
    assert (await read(site, ticket))["slips"] == ticket["slips"]


async def test_a_slip_of_elsewhere_is_not_found_and_its_order_neither(site: Site) -> None:
    """T-6"""
    ticket = await dispatched(site)
    someone = await of_department(site, "business_management", ELSEWHERE)
    reply = await slip_acted(someone, ticket["id"], ticket["slips"][0], "accept")
    assert (reply.status, reply.code) == (404, "not_found")
    assert (await someone.get("/slips")).json["items"] == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEGAL, Role.INTEGRATOR, Role.QA])
async def test_who_works_in_no_department_may_not_touch_slips(site: Site, role: Role) -> None:
    """R-3.42, T-6"""
    ticket = await dispatched(site)
    reply = await slip_acted(await site.client(role), ticket["id"], ticket["slips"][0], "accept")
    assert (reply.status, reply.code) == (403, "forbidden")


async def test_two_people_on_one_slip_one_wins_and_the_other_is_told(site: Site) -> None:
    ticket = await dispatched(site)
    coordinator = await of_department(site, "business_management", HOME)
    head = await of_department(site, "business_management", HOME, Role.DEPARTMENT_HEAD)
    replies = await asyncio.gather(
        slip_acted(coordinator, ticket["id"], ticket["slips"][0], "accept"),
        slip_acted(head, ticket["id"], ticket["slips"][0], "return", text="不属本部门职责"),
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    loser = next(reply for reply in replies if reply.status == 409)
    assert (loser.code, loser.json["details"]["version"]) == ("stale_version", 2)


@pytest.mark.parametrize("action", ["return", "note", "answer", "ask"])
async def test_what_is_said_of_a_slip_is_written_down(site: Site, action: str) -> None:
    """R-4.7, R-4.20, R-4.23"""
    ticket = await dispatched(site)
    coordinator = await of_department(site, "business_management", HOME)
    assert (await slip_acted(coordinator, ticket["id"], ticket["slips"][0], "accept")).status == 200
    [slip] = (await read(site, ticket))["slips"]
    reply = await slip_acted(coordinator, ticket["id"], slip, action, department="it")
    refused(reply, *(["R-4.20"] if action == "return" else ["R-4.7", "R-4.23"]))
    assert (await read(site, ticket))["slips"] == [slip]


async def test_slips_rest_once_the_ticket_is_decided(site: Site) -> None:
    """R-4.22, B-2"""
    agent = await site.client(Role.AGENT)
    ticket = await walk(site, (await opened(agent))["id"], Status.HANDLED)
    coordinator = await of_department(site, "business_management", HOME)
    reply = await slip_acted(coordinator, ticket["id"], ticket["slips"][0], "answer", text="改为拒赔")
    assert (reply.status, reply.json["rules"]) == (409, ["R-4.22", "B-2"])


async def test_a_coordinator_works_by_the_list_of_his_departments_slips(site: Site) -> None:
    """R-3.43, L-9"""
    first = await dispatched(site)
    site.clock.advance(timedelta(minutes=1))
    second = await dispatched(site, category="payment")
    coordinator = await of_department(site, "business_management", HOME)

    async def listed(**query: str) -> list[str]:
        reply = await coordinator.get("/slips", params=query)
        assert reply.status == 200, reply.body
        return [item["number"] for item in reply.json["items"]]

    [one], [_, two, _] = ([slip["number"] for slip in each["slips"]] for each in (first, second))
    assert await listed(mine="true") == [two, one]
    assert await listed(mine="true", part="main") == [one]
    assert await listed(department="finance") == [second["slips"][0]["number"]]
    assert await listed(ticket_id=first["id"]) == [one]
    assert await listed(organisation="gd-gz-a") == []
    await sent_back(site, first, "business_management")
    assert await listed(mine="true", state="returned") == [one]
    assert await listed(mine="true", state="sent,accepted") == [two]
    assert await listed(mine="true", overdue="true") == []
    page = (await coordinator.get("/slips", params={"limit": "1"})).json
    assert (await coordinator.get("/slips", params={"limit": "1", "cursor": page["next"]})).json["items"][0]["number"]
    site.clock.advance(timedelta(days=2))
    site.people.clear()
    coordinator = await of_department(site, "business_management", HOME)
    assert await listed(mine="true", overdue="true") == [two]


async def test_a_listed_slip_tells_its_orders_deadline_and_hides_numbers_from_who_may_not_see_them(site: Site) -> None:
    """T-6, R-4.22"""
    ticket = await opened(await site.client(Role.AGENT))
    await done(await site.client(Role.HANDLER), ticket["id"], "dispatch", note="请回电13900000001")
    coordinator = await of_department(site, "business_management", HOME)
    [item] = (await coordinator.get("/slips")).json["items"]
    assert (item["ticket_number"], item["due_day"], item["in_time"]) == (ticket["number"], "2026-11-25", None)
    assert "13900000001" not in item["request"]
    [item] = (await (await site.client(Role.HANDLER)).get("/slips")).json["items"]
    assert item["request"] == "请回电13900000001"


async def informed(site: Site, determined: dict[str, Any], **changes: Any) -> Any:
    """A complaint told to its customer, validity and causes determined, nothing signed."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await walk(site, (await opened(agent, **changes))["id"], Status.INFORMED)
    return await done(handler, ticket["id"], "determine", **determined)


BOTH = {
    "validity": "valid",
    "causes": [
        {"category": "claims", "departments": ["business_management"]},
        {"category": "payment", "departments": ["finance"], "system": True},
    ],
    "liability": "company",
}


async def head_of(site: Site, department: str, where: str = HOME) -> Client:
    return await of_department(site, department, where, Role.DEPARTMENT_HEAD)


async def test_each_responsible_head_signs_and_it_for_the_system_before_anything_closes(site: Site) -> None:
    """R-3.24, R-3.26, F-20, B-1"""
    ticket = await informed(site, BOTH)
    assert ticket["unsigned"] == ["business_management", "finance", "it"]
    assert ticket["causes"] == ["claims", "payment"]
    handler = await site.client(Role.HANDLER)
    for department in ticket["unsigned"]:
        refused(await acted(handler, ticket["id"], "close"), "R-3.26", "F-20", "B-1")
        await done(await head_of(site, department), ticket["id"], "sign", note="同意")
    file = await done(handler, ticket["id"], "close")
    assert [(each["department"], each["signed"], each["remark"]) for each in file["signatures"]] == [
        ("business_management", True, "同意"),
        ("finance", True, "同意"),
        ("it", True, "同意"),
    ]
    assert all(each["signer_name"] for each in file["signatures"])


async def test_where_a_system_is_the_only_cause_its_head_alone_signs(site: Site) -> None:
    """F-20"""
    ticket = await informed(site, {"validity": "valid", "causes": [{"category": "sms", "system": True}]})
    assert ticket["unsigned"] == ["it"]
    await done(await head_of(site, "it", "gd"), ticket["id"], "sign")
    assert (await done(await site.client(Role.HANDLER), ticket["id"], "close"))["status"] == "closed"


async def test_a_head_who_refuses_says_why_and_another_determination_asks_anew(site: Site) -> None:
    """R-3.26, R-3.5"""
    ticket = await informed(site, {"validity": "valid", "causes": ["claims"]})
    head, handler = await head_of(site, "business_management"), await site.client(Role.HANDLER)
    refused(await acted(head, ticket["id"], "sign", agrees=False), "R-3.26")
    file = await done(head, ticket["id"], "sign", agrees=False, note="责任在财务")
    assert file["unsigned"] == ["business_management"]
    refused(await acted(handler, ticket["id"], "close"), "R-3.26", "F-20", "B-1")
    other = {"validity": "valid", "causes": [{"category": "claims", "departments": ["finance"]}]}
    file = await done(handler, ticket["id"], "determine", **other)
    assert (file["unsigned"], file["signatures"]) == (["finance"], [])
    await sign_all(site, ticket["id"], handler, HOME)
    assert (await done(handler, ticket["id"], "close"))["status"] == "closed"


async def test_the_head_of_another_department_or_organisation_does_not_sign(site: Site) -> None:
    """R-3.26, F-20"""
    ticket = await informed(site, {"validity": "valid", "causes": ["claims"]})
    refused(await acted(await head_of(site, "finance"), ticket["id"], "sign"), "R-3.26", "F-20")
    for where in ("gd-gz-a", ELSEWHERE):
        elsewhere = await head_of(site, "business_management", where)
        reply = await elsewhere.post(f"/tickets/{ticket['id']}/actions/sign", {"version": ticket["version"]})
        assert (reply.status, reply.code) == (404, "not_found")
    assert (await read(site, ticket))["signatures"] == []


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HANDLER, Role.SUPERVISOR, Role.LEGAL])
async def test_only_a_head_signs(site: Site, role: Role) -> None:
    """R-3.26, T-6"""
    ticket = await informed(site, {"validity": "valid", "causes": ["claims"]})
    someone = (
        await of_department(site, "business_management", HOME) if role is Role.COORDINATOR else await site.client(role)
    )
    reply = await acted(someone, ticket["id"], "sign")
    assert (reply.status, reply.code) == (403, "forbidden")


async def test_what_nobody_is_at_fault_for_needs_no_signature(site: Site) -> None:
    """F-1, R-3.26"""
    ticket = await informed(site, {"validity": "valid", "causes": ["claims"], "liability": "none"})
    assert ticket["unsigned"] == []
    assert (await done(await site.client(Role.HANDLER), ticket["id"], "close"))["status"] == "closed"


async def test_the_whole_way_by_everybody_whose_turn_it_is(site: Site) -> None:
    """R-4.1, R-4.10, R-3.26"""
    agent = await site.client(Role.AGENT)
    file = await walk(site, (await opened(agent, category="payment"))["id"], Status.CLOSED)
    assert (file["status"], [slip["state"] for slip in file["slips"]]) == ("closed", ["answered"] * 3)
    await answer_slips(site, file["id"], agent)
