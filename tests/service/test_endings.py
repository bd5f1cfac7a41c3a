"""Withdrawal, non-complaints passed on, archiving and overturning through the interface, and what the figures make of
them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.figures import facts
from callcenter.web.keys import CASEWORK
from tests.service.orders import fresh, opened
from tests.service.site import HOME, Reply, Site
from tests.service.test_attachments import attach
from tests.service.walk import acted, done, of_department, sign_all, walk
from tickets.errors import Words
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

INVALID = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音显示已逐条说明"}
WITHDRAWAL = {"note": "客户来电撤回投诉", "manner": "电话"}


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "ticket_move_refused", list(rules)), reply.body


def clock_of(file: Any, kind: str) -> Any:
    return [clock for clock in file["clocks"] if clock["kind"] == kind][-1]


async def facts_of(site: Site, ticket: Any) -> Any:
    async with facts.settled(site.database) as conn:
        return dict(await conn.fetchrow("SELECT * FROM ticket_fact WHERE ticket_id = $1", ticket["id"]))


async def test_a_withdrawn_complaint_ends_at_once_and_owes_nothing_more(site: Site) -> None:
    """CL-6, F-54, L-26: its slips are released, its clocks are voided, it still is an occurrence and a piece."""
    ticket = await opened(await site.client(Role.AGENT))
    handler = await site.client(Role.HANDLER)
    await done(handler, ticket["id"], "dispatch")
    file = await done(handler, ticket["id"], "withdraw", **WITHDRAWAL)
    assert (file["status"], file["ended_as"], file["validity"]) == ("closed", "withdrawn", "pending")
    assert (file["occurrences"], file["pieces"]) == (1, 1)
    assert [slip["state"] for slip in file["slips"]] == ["released"]
    due = [clock["kind"] for clock in file["clocks"] if clock["met_at"] is None and clock["voided_at"] is None]
    assert due == ["archive"]
    decide = clock_of(file, "decide_inform")
    assert (decide["voided_why"], decide["breached_at"], decide["in_time"]) == ("withdrawn", None, None)
    assert (await facts_of(site, ticket))["ended_as"] == "withdrawn"
    assert file["events"][-1]["kind"] == "withdraw"
    assert file["events"][-1]["details"]["note"] == WITHDRAWAL["note"]


async def test_what_was_overdue_before_the_withdrawal_stays_missed(site: Site) -> None:
    """CL-6, F-54"""
    ticket = await opened(await site.client(Role.AGENT))
    site.clock.advance(timedelta(days=8))
    file = await done(await fresh(site, Role.HANDLER), ticket["id"], "withdraw", **WITHDRAWAL)
    decide = clock_of(file, "decide_inform")
    assert (decide["voided_why"], decide["in_time"]) == ("withdrawn", False)
    assert decide["breached_at"] == decide["due_at"]
    assert (await facts_of(site, ticket))["due_day"].isoformat() == "2026-11-25"


async def test_a_withdrawal_counts_from_the_moment_it_was_received(site: Site) -> None:
    """CL-6: a letter that came in time and was entered after the deadline."""
    ticket = await opened(await site.client(Role.AGENT))
    site.clock.advance(timedelta(days=2))
    came = site.clock.now()
    site.clock.advance(timedelta(days=6))
    handler = await fresh(site, Role.HANDLER)
    for wrong in (came - timedelta(days=9), site.clock.now() + timedelta(minutes=1)):
        refused(await acted(handler, ticket["id"], "withdraw", **WITHDRAWAL, received_at=wrong.isoformat()), "CL-6")
    file = await done(handler, ticket["id"], "withdraw", **WITHDRAWAL, received_at=came.isoformat())
    assert clock_of(file, "decide_inform")["in_time"] is None
    assert (await facts_of(site, ticket))["closed_at"] == came


async def test_who_did_not_withdraw_is_not_ended(site: Site) -> None:
    """CL-6, R-4.7, F-24: wrong nature, nothing written, wrong role; nothing is changed."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    wish = await opened(agent, asks_company_to_act=False)
    refused(await acted(handler, wish["id"], "withdraw", **WITHDRAWAL), "CL-6", "R-2.4")
    ticket = await opened(agent)
    refused(await acted(handler, ticket["id"], "withdraw", manner="电话"), "R-4.7", "CL-6")
    for role in (Role.AGENT, Role.COORDINATOR, Role.DEPARTMENT_HEAD):
        reply = await acted(await site.client(role), ticket["id"], "withdraw", **WITHDRAWAL)
        assert (reply.status, reply.code) == (403, "forbidden")
    for each in (wish, ticket):
        file = (await handler.get(f"/tickets/{each['id']}")).json
        assert (file["status"], file["version"], file["ended_as"]) == ("recorded", 1, None)


async def test_what_is_no_complaint_is_passed_on_and_answered(site: Site) -> None:
    """R-1.3, F-24"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent, asks_company_to_act=False)
    refused(await acted(handler, ticket["id"], "pass_on"), "R-1.3", "F-24")
    file = await done(handler, ticket["id"], "pass_on", destination="人力资源部", note="咨询招聘事宜")
    assert (file["status"], file["destination"], file["slips"]) == ("dispatched", "人力资源部", [])
    refused(await acted(handler, ticket["id"], "answer", manner="电话"), "F-24", "R-4.7")
    file = await done(handler, ticket["id"], "answer", note="已由人力资源部回复招聘安排", manner="电话")
    assert (file["status"], file["ended_as"]) == ("closed", "answered")
    assert (file["occurrences"], file["pieces"]) == (0, 0)
    assert file["events"][-1]["details"]["note"] == "已由人力资源部回复招聘安排"
    open_ = [clock["kind"] for clock in file["clocks"] if clock["met_at"] is None]
    assert set(open_) <= {"acknowledge", "archive"}


async def test_a_complaint_is_not_passed_on_as_if_it_were_none(site: Site) -> None:
    """R-1.3, F-24"""
    ticket = await opened(await site.client(Role.AGENT))
    handler = await site.client(Role.HANDLER)
    refused(await acted(handler, ticket["id"], "pass_on", destination="人力资源部"), "R-1.3", "F-24")
    await done(handler, ticket["id"], "dispatch")
    refused(await acted(handler, ticket["id"], "answer", note="x", manner="电话"), "R-1.3", "F-24")


async def test_a_decision_is_told_the_next_working_day_at_the_latest(site: Site) -> None:
    """L-24, R-4.27"""
    agent = await site.client(Role.AGENT)
    file = await walk(site, (await opened(agent))["id"], Status.HANDLED)
    inform = clock_of(file, "inform")
    assert (inform["due_day"], inform["alert_day"], inform["met_at"]) == ("2026-11-19", "2026-11-18", None)
    file = await walk(site, file["id"], Status.INFORMED)
    assert clock_of(file, "inform")["in_time"] is True


async def test_a_closed_file_is_archived_within_five_working_days(site: Site) -> None:
    """B-3, L-26, B-2"""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED)
    assert (file["ended_as"], clock_of(file, "archive")["due_day"]) == ("closed", "2026-11-25")
    handler = await site.client(Role.HANDLER)
    assert (await attach(handler, file, kind="visit_form")).status == 201
    file = await done(handler, file["id"], "archive")
    assert (file["status"], clock_of(file, "archive")["in_time"]) == ("archived", True)
    assert file["archived_at"] is not None
    changed = await handler("PATCH", f"/tickets/{file['id']}", json={"version": file["version"], "demand": "x"})
    assert (changed.status, changed.json["rules"]) == (409, ["B-2"])
    again = await acted(handler, file["id"], "archive")
    assert (again.status, again.code, again.json["rules"]) == (409, "ticket_illegal_move", ["B-2"])


async def test_a_file_that_is_not_whole_is_not_archived(site: Site) -> None:
    """E-20, E-21"""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED)

    async def lacks(*_: object) -> tuple[Words, ...]:
        return (Words("客户答复", "customer's reply"),)

    site.app[CASEWORK]._lacking = lacks
    reply = await acted(await site.client(Role.HANDLER), file["id"], "archive")
    refused(reply, "E-21", "E-20")
    assert reply.json["details"]["lacking"] == ["customer's reply"]


async def test_the_province_overturns_a_lower_closing_and_the_figures_follow(site: Site) -> None:
    """R-3.25, B-4, R-3.26: own event, new causes to sign, validity and causes of the figures."""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED, determined=INVALID)
    manager = await site.client(Role.SUPERVISOR, where="gd")
    found = {
        "validity": "valid",
        "causes": [{"category": "payment", "departments": ["finance"]}],
        "liability": "company",
        "note": "抽查录音,客户所述属实",
    }
    file = await done(manager, file["id"], "overturn", **found)
    assert (file["status"], file["validity"], file["causes"]) == ("closed", "valid", ["payment"])
    assert (file["unsigned"], file["invalid_ground"]) == (["finance"], None)
    assert file["overturned_at"] is not None
    event = file["events"][-1]
    assert (event["kind"], event["details"]["validity_before"], event["details"]["validity"]) == (
        "overturn",
        "invalid",
        "valid",
    )
    facts = await facts_of(site, file)
    assert (facts["validity"], facts["category"], facts["departments"]) == ("valid", "payment", ["finance"])
    await sign_all(site, file["id"], manager, HOME)
    assert (await manager.get(f"/tickets/{file['id']}")).json["unsigned"] == []


async def test_nobody_on_the_same_level_overturns_and_elsewhere_it_does_not_exist(site: Site) -> None:
    """R-3.25, B-4, T-6"""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED)
    said = {"version": file["version"], **INVALID, "note": "x"}
    path = f"/tickets/{file['id']}/actions/overturn"
    refused(await (await site.client(Role.SUPERVISOR)).post(path, said), "R-3.25", "B-4")
    for where in ("gd-gz-a", "sc"):
        assert (await (await site.client(Role.SUPERVISOR, where=where)).post(path, said)).status == 404
    after = (await (await site.client(Role.HANDLER)).get(f"/tickets/{file['id']}")).json
    assert (after["validity"], after["version"]) == ("valid", file["version"])


async def test_who_may_not_review_closings_does_not_overturn(site: Site) -> None:
    """R-3.25, R-4.33"""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED)
    for role in (Role.HANDLER, Role.DEPARTMENT_HEAD):
        reply = await acted(await site.client(role, where="gd"), file["id"], "overturn", **INVALID, note="x")
        assert (reply.status, reply.code) == (403, "forbidden")


async def test_closing_and_withdrawing_at_once_one_wins_and_the_other_is_told(site: Site) -> None:
    """CL-6, R-4.33"""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.INFORMED)
    handler = await site.client(Role.HANDLER)
    await done(handler, file["id"], "determine", **INVALID)
    version = (await handler.get(f"/tickets/{file['id']}")).json["version"]
    path = f"/tickets/{file['id']}/actions/"
    replies = await asyncio.gather(
        handler.post(path + "close", {"version": version}),
        handler.post(path + "withdraw", {"version": version, **WITHDRAWAL}),
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    loser = next(reply for reply in replies if reply.status == 409)
    assert (loser.code, loser.json["details"]["version"]) == ("stale_version", version + 1)
    assert len(loser.json["details"]["changed"]) == 1


async def test_a_slip_that_another_replaced_is_released_and_its_day_to_accept_is_void(site: Site) -> None:
    """R-4.18, R-4.20, L-9"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(await site.client(Role.AGENT))
    await done(handler, ticket["id"], "dispatch")
    file = await done(handler, ticket["id"], "dispatch", department="finance")
    assert [slip["state"] for slip in file["slips"]] == ["released", "sent"]
    accept = [clock for clock in file["clocks"] if clock["kind"] == "accept"]
    assert [(clock["cycle"], clock["voided_why"]) for clock in accept] == [(1, "replaced"), (2, None)]


async def test_the_coordinator_who_acts_today_works_on_the_slip_and_nobody_beside_him(site: Site) -> None:
    """R-3.42, F-44: the holder, in his stead the delegate; any coordinator only while nobody was named."""
    ticket = await opened(await site.client(Role.AGENT))
    await done(await site.client(Role.HANDLER), ticket["id"], "dispatch")
    holder = await of_department(site, "business_management", HOME)
    site.people.clear()
    delegate = await of_department(site, "business_management", HOME)
    head = await of_department(site, "business_management", HOME, Role.DEPARTMENT_HEAD)
    supervisor = await site.client(Role.SUPERVISOR)
    assert holder.user is not None
    assert delegate.user is not None
    post = {"organisation_id": HOME, "kind": "coordinator", "department": "business_management"}
    named = await supervisor.post(
        "/posts/tenures", {**post, "user_id": str(holder.user.id), "since": "2026-11-01", "part": "holder"}
    )
    assert named.status == 201, named.body
    file = (await supervisor.get(f"/tickets/{ticket['id']}")).json
    path = f"/tickets/{ticket['id']}/slips/{file['slips'][0]['id']}/actions/"

    async def acts(client: Any, action: str, version: int) -> Reply:
        reply: Reply = await client.post(path + action, {"version": version, "text": "已核实"})
        return reply

    async def is_refused(client: Any) -> None:
        for action in ("accept", "return", "answer"):
            reply = await acts(client, action, 1)
            assert (reply.status, reply.code, reply.json["rules"]) == (403, "slip_not_yours", ["R-3.42", "F-44"])
        reply = await acted(client, ticket["id"], "handle", note="x")
        assert (reply.status, reply.json["rules"]) == (409, ["R-4.22", "R-4.11"])

    await is_refused(delegate)
    stands_in = {"user_id": str(delegate.user.id), "since": "2026-11-10", "until": "2026-11-25", "part": "delegate"}
    named = await supervisor.post("/posts/tenures", {**post, **stands_in})
    assert named.status == 201, named.body
    await is_refused(holder)
    assert (await acts(delegate, "accept", 1)).status == 200
    assert (await acts(head, "note", 2)).status == 200


async def test_a_merged_order_ends_as_the_one_it_was_merged_into_and_not_by_itself(site: Site) -> None:
    """CL-6, D-4, F-54, F-60"""
    handler = await site.client(Role.HANDLER)
    first = await opened(handler)
    site.clock.advance(timedelta(minutes=5))
    merged = await opened(handler, same_matter_as=first["id"])
    refused(await acted(handler, merged["id"], "withdraw", **WITHDRAWAL), "D-4", "F-60")
    await done(handler, first["id"], "withdraw", **WITHDRAWAL)
    file = (await handler.get(f"/tickets/{merged['id']}")).json
    assert (file["relation"], file["status"], file["ended_as"]) == ("merged", "closed", "withdrawn")


async def test_an_escalation_becomes_a_repeat_when_its_closed_root_is_overturned(site: Site) -> None:
    """R-3.25, D-13: the pieces follow."""
    file = await walk(site, (await opened(await site.client(Role.AGENT)))["id"], Status.CLOSED)
    site.clock.advance(timedelta(days=10))
    again = await opened(await fresh(site, Role.HANDLER), same_matter_as=file["id"], source="regulator")
    handler = await site.client(Role.HANDLER)
    shown = (await handler.get(f"/tickets/{again['id']}")).json
    assert (shown["relation"], shown["pieces"]) == ("escalation", 1)
    manager = await site.client(Role.SUPERVISOR, where="gd")
    await done(manager, file["id"], "overturn", **INVALID, note="抽查录音,与事实不符")
    shown = (await handler.get(f"/tickets/{again['id']}")).json
    assert (shown["relation"], shown["pieces"], shown["validity"]) == ("repeat", 0, "invalid")
