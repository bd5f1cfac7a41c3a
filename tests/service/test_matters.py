"""Matters through the interface: a person says what is the same incident, the rules say what that makes of it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from tests.service.desk import a_call
from tests.service.orders import FULL, acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, Client, Site
from tests.service.walk import walk
from tickets.calendar import SHANGHAI
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

DETERMINED = {"validity": "valid", "causes": ["claims"], "liability": "company"}
INVALID = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音及保单资料"}


async def on(site: Site, day: str, hour: int = 10, role: Role = Role.HANDLER, where: str = HOME) -> Client:
    """Somebody at work on that day."""
    site.clock.set(datetime.fromisoformat(f"{day}T{hour:02}:00:00").replace(tzinfo=SHANGHAI))
    return await fresh(site, role, where)


async def seen(client: Client, ticket: Any) -> Any:
    return (await client.get(f"/tickets/{ticket['id']}")).json


async def related(client: Client, ticket: Any, same_as: Any, reason: str = "同一事项", **more: Any) -> Any:
    version = (await seen(client, ticket))["version"]
    named = same_as and same_as["number"]
    body = {"version": version, "same_matter_as": named, "reason": reason, **more}
    return await client.post(f"/tickets/{ticket['id']}/relation", body)


def told(file: Any) -> tuple[Any, ...]:
    return file["relation"], file["occurrences"], file["pieces"], file["validity"]


def clocks_of(file: Any, kind: str) -> list[str]:
    return [clock["due_day"] for clock in file["clocks"] if clock["kind"] == kind and clock["voided_at"] is None]


async def test_an_agent_opens_a_repeat_in_one_step(site: Site) -> None:
    """R-4.12, R-4.13, D-2, F-43"""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    await walk(site, first["id"], Status.CLOSED, handler=handler)
    handler = await on(site, "2026-11-09")
    repeat = await opened(handler, same_matter_as=first["number"])
    assert repeat["relation"] == "repeat"
    file = await seen(handler, repeat)
    assert told(file) == ("repeat", 1, 0, "valid")
    assert [each["number"] for each in file["matter"]] == [first["number"]]
    assert next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")["voided_at"] is None


async def test_the_same_again_while_open_is_merged_and_closed_with_the_order_it_was_merged_into(site: Site) -> None:
    """D-4, F-14, F-60"""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-04")
    merged = await opened(handler, same_matter_as=first["id"])
    file = await seen(handler, merged)
    assert told(file) == ("merged", 1, 0, "pending")
    assert file["merged_into_id"] == first["id"]
    kinds = {clock["kind"]: clock["voided_why"] for clock in file["clocks"]}
    assert (kinds["decide_inform"], kinds["dispatch"], kinds["acknowledge"]) == ("merged", "merged", None)
    await walk(site, first["id"], Status.CLOSED, handler=handler)
    file = await seen(handler, merged)
    assert (file["status"], file["validity"], file["closed_at"] is not None) == ("closed", "valid", True)
    assert "recounted" in {event["kind"] for event in file["events"]}


async def test_after_the_limit_a_complaint_to_the_regulator_is_an_escalation_until_the_root_turns_invalid(
    site: Site,
) -> None:
    """D-3, D-13, F-40, F-42, F-50, R-4.14, R-4.15"""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-10")
    escalation = await opened(handler, same_matter_as=first["number"], source="regulator")
    file = await seen(handler, escalation)
    assert told(file) == ("escalation", 1, 1, "pending")
    assert (file["severity"], file["external"]) == ("difficult", True)
    decide = next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")
    assert "L-12" in decide["rules"]
    reply = await acted(handler, first, "determine", **INVALID)
    assert reply.status == 200, reply.body
    file = await seen(handler, escalation)
    assert told(file) == ("repeat", 1, 0, "invalid")
    decide = next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")
    assert (file["merged_into_id"], decide["voided_at"]) == (None, None)
    await acted(handler, first, "determine", **DETERMINED)
    assert told(await seen(handler, escalation)) == ("escalation", 1, 1, "valid")


async def test_an_escalation_is_difficult_by_itself_and_the_committee_has_to_meet_on_it(site: Site) -> None:
    """F-42, L-22, R-4.24: also of what was related later; a repeat needs no meeting."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-10")
    at_once = await opened(handler, same_matter_as=first["number"], source="regulator")
    handler = await on(site, "2026-11-26")
    later = await opened(handler, source="media", severity="general", media_outlet="日报")
    alone = await opened(handler, source="regulator")
    assert clocks_of(await seen(handler, alone), "meet") == []
    handler = await on(site, "2026-11-27")
    assert (await related(handler, alone, first)).json["relation"] == "escalation"
    assert clocks_of(await seen(handler, at_once), "meet") == ["2026-11-13"]
    assert clocks_of(await seen(handler, alone), "meet") == ["2026-12-02"]
    assert clocks_of(await seen(handler, later), "meet") == ["2026-12-01"]
    waiting = (await (await fresh(site, Role.SECRETARY)).get("/committee/waiting")).json["items"]
    assert {each["number"] for each in waiting} >= {at_once["number"], alone["number"]}


async def test_what_is_opened_about_an_open_order_may_bring_the_facts_and_reasons_that_renew_its_limit(
    site: Site,
) -> None:
    """CL-5, F-53, D-4: facts alone renew nothing; of a closed order nothing is renewed, and what was said is kept."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-04")
    await opened(handler, same_matter_as=first["number"], new_facts="新的住院记录")
    assert clocks_of(await seen(handler, first), "decide_inform") == ["2026-11-09"]
    renewed = {"new_facts": "新的住院记录", "new_reasons": "原核定遗漏该次住院"}
    merged = await opened(handler, same_matter_as=first["number"], **renewed)
    assert merged["relation"] == "merged"
    file = await seen(handler, first)
    assert clocks_of(file, "decide_inform") == ["2026-11-11"]
    told = [event["details"] for event in file["events"] if event["kind"] == "material_received"]
    assert [each["restarts"] for each in told] == [False, True]
    refused = await handler.post("/tickets", {**FULL, "channel": "sms", **renewed})
    assert (refused.status, refused.json["rules"]) == (422, ["CL-5", "D-4"])
    await walk(site, first["id"], Status.CLOSED, handler=handler)
    repeat = await opened(handler, same_matter_as=first["number"], **renewed)
    assert repeat["relation"] == "repeat"
    related_ = [event["details"] for event in (await seen(handler, repeat))["events"] if event["kind"] == "related"]
    assert (related_[0]["facts"], related_[0]["reasons"]) == tuple(renewed.values())


async def test_the_cap_of_a_matters_pieces_is_a_limit_with_versions(site: Site) -> None:
    """D-1, F-2, b.4: a matter is counted by the rules of the day its first order was received."""
    handler = await on(site, "2026-11-02")
    old = await opened(handler)
    admin = await fresh(site, Role.ADMIN, "hq")
    three = {"rule": "D-1", "unit": "times", "amount": 3, "from_day": "2026-11-03", "reason": "从严", "source": "6号"}
    assert (await admin.post("/limits/changes", three)).status == 201
    handler = await on(site, "2026-11-03")
    new = await opened(handler)
    weighed = {}
    for day in ("2026-11-20", "2026-12-21"):
        handler = await on(site, day)
        for root in (old, new):
            escalation = await opened(handler, same_matter_as=root["number"], source="regulator")
            assert escalation["relation"] == "escalation"
            weighed[root["number"], day] = told(await seen(handler, escalation))[2]
    assert weighed == {
        (old["number"], "2026-11-20"): 1,
        (new["number"], "2026-11-20"): 1,
        (old["number"], "2026-12-21"): 0,
        (new["number"], "2026-12-21"): 1,
    }


async def test_a_person_relates_an_order_later_and_the_complaint_post_undoes_it(site: Site) -> None:
    """R-4.12, D-1, D-4: figures follow both ways, with reason and history."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-03")
    second = await opened(handler)
    assert told(await seen(handler, second)) == ("first", 1, 1, "pending")
    agent = await site.client(Role.AGENT)
    reply = await related(agent, second, first)
    assert reply.status == 200, reply.body
    assert told(reply.json) == ("merged", 1, 0, "pending")
    refused = await related(agent, second, None)
    assert (refused.status, refused.code) == (403, "ticket_complaint_post_only")
    reply = await related(handler, second, None, "另一事项")
    assert told(reply.json) == ("first", 1, 1, "pending")
    assert reply.json["matter"] == []
    assert all(clock["voided_at"] is None for clock in reply.json["clocks"])
    acts = [event["details"] for event in reply.json["events"] if event["kind"] == "related"]
    assert [act["reason"] for act in acts] == ["同一事项", "另一事项"]
    period = "/statistics/complaints?first_day=2026-11-01&last_day=2026-11-30"
    figures = (await handler.get(period)).json
    assert (figures["figures"]["pieces"], figures["figures"]["matters"]) == (2, 2)


async def test_a_root_that_is_detached_leaves_its_followers_together(site: Site) -> None:
    """D-1, R-4.12: the next complaint becomes first, with clocks of its own."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    second = await opened(await on(site, "2026-11-03"), same_matter_as=first["number"])
    handler = await on(site, "2026-11-04")
    third = await opened(handler, same_matter_as=second["number"])
    reply = await related(handler, first, None, "先前另有其事")
    assert told(reply.json) == ("first", 1, 1, "pending")
    assert reply.json["matter"] == []
    second, third = await seen(handler, second), await seen(handler, third)
    assert (told(second), told(third)) == (("first", 1, 1, "pending"), ("merged", 1, 0, "pending"))
    assert third["merged_into_id"] == second["id"]
    assert all(clock["voided_at"] is None for clock in second["clocks"])
    reply = await related(handler, second, first)
    assert sorted(other["number"] for other in reply.json["matter"]) == sorted([first["number"], third["number"]])
    assert (await seen(handler, third))["merged_into_id"] == first["id"]


async def test_an_agents_grievance_is_a_first_order_of_no_weight_and_leaves_the_matter_to_the_next(site: Site) -> None:
    """F-37, F-55, F-63"""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-03")
    merged = await opened(handler, same_matter_as=first["number"])
    version = (await seen(handler, first))["version"]
    body = {"version": version, "complainant_type": "agent", "reason": "核实为销售人员"}
    reply = await handler("PATCH", f"/tickets/{first['id']}", json=body)
    assert reply.status == 200, reply.body
    assert told(reply.json) == ("first", 0, 0, "pending")
    assert told(await seen(handler, merged)) == ("first", 1, 1, "pending")
    body = {"version": reply.json["version"], "complainant_type": "customer", "reason": "核实为客户"}
    reply = await handler("PATCH", f"/tickets/{first['id']}", json=body)
    assert told(reply.json) == ("first", 1, 1, "pending")
    assert told(await seen(handler, merged)) == ("merged", 1, 0, "pending")


async def test_a_complaint_about_what_was_no_complaint_is_a_first_order(site: Site) -> None:
    """F-63, R-1.3: both stand in one matter, and only the complaint counts."""
    handler = await on(site, "2026-11-02")
    passed_on = await opened(handler, asks_company_to_act=False)
    complaint = await opened(handler, same_matter_as=passed_on["number"])
    file = await seen(handler, complaint)
    assert told(file) == ("first", 1, 1, "pending")
    assert [(each["number"], each["relation"]) for each in file["matter"]] == [(passed_on["number"], None)]
    reply = await related(handler, complaint, None, "另一事项")
    assert reply.json["matter"] == []
    assert (await seen(handler, passed_on))["matter_id"] is None


async def test_nobody_relates_to_what_he_may_not_know_nor_to_itself_nor_without_reason(site: Site) -> None:
    """H2, R-4.12"""
    handler = await site.client(Role.HANDLER)
    mine = await opened(handler)
    elsewhere = await opened(await site.client(Role.HANDLER, where=ELSEWHERE))
    assert (await related(handler, mine, elsewhere)).status == 404
    assert (
        await handler.post("/tickets", {**FULL, "channel": "fax", "same_matter_as": elsewhere["number"]})
    ).status == 404
    assert (await related(handler, mine, mine)).code == "ticket_not_admissible"
    assert (await related(handler, mine, None, " ")).code == "ticket_not_admissible"
    assert (await related(handler, mine, {"number": str(uuid4())})).status == 404


async def test_two_relate_orders_of_one_matter_at_once_and_the_second_is_told_what_changed(site: Site) -> None:
    """R-4.12: the matter's row is locked; one wins."""
    handler = await on(site, "2026-11-02")
    root, one, two = [await opened(handler) for _ in range(3)]
    async with site.database.connection() as conn:
        version = await conn.fetchval("SELECT version FROM matter WHERE root_ticket_id = $1::uuid", root["id"])
    replies = await asyncio.gather(*(related(handler, each, root, matter_version=version) for each in (one, two)))
    assert sorted(reply.status for reply in replies) == [200, 409]
    lost = next(reply for reply in replies if reply.status == 409)
    won = next(reply for reply in replies if reply.status == 200)
    assert lost.code == "stale_version"
    assert [(each["kind"], each["order"]) for each in lost.json["details"]["changed"]] == [
        ("related", won.json["number"])
    ]


async def test_many_who_relate_at_once_leave_one_whole_matter(site: Site) -> None:
    """D-1, D-4: no deadlock, one root, nothing lost."""
    handler = await on(site, "2026-11-02")
    tickets = []
    for _ in range(6):
        tickets.append(await opened(handler))
        site.clock.advance(timedelta(minutes=1))
    pairs = list(zip(tickets[1:], tickets, strict=False))
    replies = await asyncio.gather(*(related(handler, later, earlier) for later, earlier in pairs))
    for (later, earlier), reply in zip(pairs, replies, strict=True):
        if reply.status != 200:
            assert reply.code == "stale_version", reply.body
            assert (await related(handler, later, earlier, "再次归并")).status == 200
    files = [await seen(handler, ticket) for ticket in tickets]
    assert {len(file["matter"]) for file in files} == {5}
    assert [file["relation"] for file in files] == ["first", *["merged"] * 5]
    assert [file["pieces"] for file in files] == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "impossible",
    [
        "UPDATE ticket SET relation = 'first', pieces = 1, merged_into_id = NULL WHERE id = $1",
        "UPDATE ticket SET pieces = 1 WHERE id = $1",
        "UPDATE ticket SET occurrences = 0 WHERE id = $1",
        "UPDATE ticket SET merged_into_id = NULL WHERE id = $1",
        "UPDATE ticket SET merged_into_id = id WHERE id = $1",
        "UPDATE ticket SET complainant_type = 'agent', occurrences = 0 WHERE id = $1",
        "UPDATE ticket SET relation = 'escalation', merged_into_id = NULL, external = true WHERE id = $1",
        "UPDATE ticket SET relation = 'escalation', merged_into_id = NULL, severity = 'major' WHERE id = $1",
        "UPDATE matter SET root_ticket_id = $1 WHERE id = (SELECT matter_id FROM ticket WHERE id = $1)",
        "UPDATE ticket SET relation = 'repeat', pieces = 0"
        " WHERE id = (SELECT merged_into_id FROM ticket WHERE id = $1)",
        "UPDATE matter SET pieces = 3 WHERE id = (SELECT matter_id FROM ticket WHERE id = $1)",
    ],
)
async def test_an_impossible_matter_is_impossible_in_the_database(site: Site, impossible: str) -> None:
    """D-1, D-4, F-15, F-42, F-63: whoever writes it."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    merged = await opened(handler, same_matter_as=first["number"])
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with site.database.transaction() as conn:
            await conn.execute(impossible, merged["id"])


async def test_an_escalation_found_valid_before_its_root_determines_the_matter_which_nobody_contradicts_below(
    site: Site,
) -> None:
    """D-13, F-40, R-3.22, R-3.25: the matter is one; who finds otherwise overturns the first order."""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    handler = await on(site, "2026-11-10")
    escalation = await opened(handler, same_matter_as=first["number"], source="regulator")
    province = await site.client(Role.HANDLER, where="gd")
    assert (await acted(province, escalation, "determine", **DETERMINED)).status == 200
    assert told(await seen(handler, first)) == ("first", 1, 1, "valid")
    assert (await acted(handler, first, "determine", **DETERMINED)).status == 200
    refused = await acted(province, escalation, "determine", **INVALID)
    assert (refused.status, refused.json["rules"]) == (409, ["D-13", "R-3.25"])


async def test_a_merged_order_refuses_what_its_parent_does_for_it(site: Site) -> None:
    """D-4, F-60"""
    handler = await on(site, "2026-11-02")
    first = await opened(handler)
    merged = await opened(handler, same_matter_as=first["number"])
    for action in ("dispatch", "settle", "determine"):
        refused = await acted(handler, merged, action, note="办理", **(DETERMINED if action == "determine" else {}))
        assert (refused.status, refused.json["rules"]) == (409, ["D-4", "F-60"])


def decision(file: Any) -> Any:
    return next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")


async def test_a_merged_order_with_new_facts_and_reasons_restarts_the_limit_of_the_order_it_is_merged_into(
    site: Site,
) -> None:
    """CL-5, F-53, D-4: from the day the merged order was received, told in both histories."""
    handler = await on(site, "2026-11-02")
    first, anew = await opened(handler), await opened(await on(site, "2026-11-05"))
    handler = await on(site, "2026-11-06")
    before = await seen(handler, first)
    reply = await related(handler, anew, first, new_facts="新的住院病历", new_reasons="条款第八条适用")
    assert reply.status == 200, reply.body
    assert (reply.json["relation"], reply.json["merged_into_id"]) == ("merged", first["id"])
    after = await seen(handler, first)
    assert decision(before)["due_day"] < decision(after)["due_day"]
    assert decision(after)["start_day"] == "2026-11-05"
    assert after["version"] == before["version"] + 1
    told = {event["kind"]: event["details"] for event in after["events"]}
    assert told["limit_restarted"]["from_ticket"] == anew["id"]
    assert (told["material_received"]["order"], told["material_received"]["restarts"]) == (anew["number"], True)


async def test_facts_without_reasons_restart_nothing_and_only_a_merged_order_brings_any(site: Site) -> None:
    """CL-5: nothing is changed by what is refused."""
    handler = await on(site, "2026-11-02")
    first, anew = await opened(handler), await opened(await on(site, "2026-11-05"))
    handler = await on(site, "2026-11-06")
    refused = await related(handler, anew, None, new_facts="新的住院病历", new_reasons="条款第八条适用")
    assert (refused.status, refused.code) == (422, "ticket_not_admissible")
    before = await seen(handler, first)
    assert (await related(handler, anew, first, new_facts="新的住院病历")).json["relation"] == "merged"
    after = await seen(handler, first)
    assert decision(after)["due_day"] == decision(before)["due_day"]
    assert "limit_restarted" not in {event["kind"] for event in after["events"]}


async def test_a_pure_enquiry_about_progress_is_a_contact_with_its_call_and_counts_nowhere(site: Site) -> None:
    """D-5, R-4.23, B-2"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    ticket = await opened(agent)
    async with site.database.transaction() as conn:
        call = await a_call(conn, 7, user=agent.user.id)
    before = await seen(agent, ticket)
    path = f"/tickets/{ticket['id']}/enquiries"
    reply = await agent.post(path, {"note": "客户查询进度,已告知调查中", "call_id": str(call)})
    assert reply.status == 201, reply.body
    assert [each["call_id"] for each in reply.json["calls"]] == [str(call)]
    last = reply.json["events"][-1]
    assert (last["kind"], last["details"]["note"]) == ("enquiry", "客户查询进度,已告知调查中")
    assert (reply.json["occurrences"], reply.json["clocks"]) == (1, before["clocks"])
    assert len((await agent.get("/tickets")).json["items"]) == 1
    assert (await agent.post(path, {"note": " "})).status == 400
    handler = await site.client(Role.HANDLER)
    await walk(site, ticket["id"], Status.CLOSED, handler=handler)
    refused = await handler.post(path, {"note": "再次查询"})
    assert (refused.status, refused.json["rules"]) == (409, ["B-2"])
