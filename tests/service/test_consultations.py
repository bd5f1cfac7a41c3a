"""Cases reported up, business done above, authority from afar, reports by a day: through the interface."""

from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.conftest import NOON
from tests.service.orders import acted, opened
from tests.service.site import HOME, Client, Site
from tests.service.walk import answer_slips, done, of_department, sign_all, slip_acted
from tickets.lifecycle import Status

pytestmark = pytest.mark.service


async def file_of(client: Client, ticket: Any) -> Any:
    return (await client.get(f"/tickets/{ticket['id']}")).json


async def asked(client: Client, ticket: Any, ground: str = "help", **more: Any) -> Any:
    version = (await file_of(client, ticket))["version"]
    body = {"version": version, "ground": ground, "request": "请核定处理意见", **more}
    return await client.post(f"/tickets/{ticket['id']}/consultations", body)


async def answered(client: Client, consultation: Any, action: str, text: str = "按条款第五条处理") -> Any:
    path = f"/consultations/{consultation['id']}/actions/{action}"
    return await client.post(path, {"version": consultation["version"], "text": text})


async def test_headquarters_guides_what_is_reported_up_and_who_asked_acts_on_it(site: Site) -> None:
    """R-3.15, R-3.31, R-3.44, L-21: until it answers nobody below decides."""
    city = await site.client(Role.HANDLER)
    ticket = await opened(city, severity="major")
    consultation = await asked(city, ticket, "major", organisation="hq")
    assert (consultation.status, consultation.json["to_organisation_id"]) == (201, "hq"), consultation.body
    [reported] = [clock for clock in (await file_of(city, ticket))["clocks"] if clock["kind"] == "report_up"]
    assert reported["in_time"] is True
    assert (await asked(city, ticket, organisation="hq")).code == "consultation_refused"
    await done(city, ticket["id"], "dispatch")
    await answer_slips(site, ticket["id"], city)
    early = await acted(city, ticket, "handle", note="同意赔付")
    assert (early.status, early.json["rules"]) == (409, ["R-3.31", "R-3.15", "R-3.19"])
    headquarters = await site.client(Role.HANDLER, where="hq")
    waiting = (await headquarters.get("/consultations?state=asked&organisation=hq")).json["items"]
    assert [each["ticket_number"] for each in waiting] == [ticket["number"]]
    assert (await answered(city, consultation.json, "answer")).status == 403
    assert (await answered(headquarters, consultation.json, "answer", " ")).code == "consultation_refused"
    opinion = (await answered(headquarters, consultation.json, "answer")).json
    assert (opinion["state"], opinion["opinion"]) == ("answered", "按条款第五条处理")
    assert (await answered(headquarters, consultation.json, "answer")).status == 409
    followed = (await answered(city, opinion, "follow", "已按意见重新核定")).json
    assert (followed["state"], followed["followed"]) == ("followed", "已按意见重新核定")
    kinds = [event["kind"] for event in (await file_of(city, ticket))["events"]]
    assert kinds[-2:] == ["reported_up_answer", "reported_up_follow"]


async def test_of_centralised_business_the_counter_reports_up_and_the_province_handles_it_directly(site: Site) -> None:
    """R-3.19, R-3.31, R-3.22"""
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"organisation_id": "gd", "category": "claims", "from_day": "2026-11-18", "basis": "理赔集中方案"}
    central = await admin.post("/centralised-business", body)
    assert central.status == 201, central.body
    assert (await admin.post("/centralised-business", body)).code == "conflict"
    assert (await admin.post("/centralised-business", {**body, "organisation_id": HOME})).code == "consultation_refused"
    counter = await site.client(Role.HANDLER, where="gd-gz-a")
    ticket, other = await opened(counter), await opened(counter, category="maintenance")
    alone = await acted(counter, ticket, "settle", note="当场解决")
    assert (alone.status, alone.json["rules"]) == (409, ["R-3.31", "R-3.19"])
    assert (await acted(counter, other, "settle", note="当场解决")).status == 200
    consultation = await asked(counter, ticket, "centralised")
    assert consultation.json["to_organisation_id"] == "gd"
    file = await done(counter, ticket["id"], "dispatch", opinion="建议赔付")
    assert {slip["organisation_id"] for slip in file["slips"]} == {HOME}
    province = await site.client(Role.HANDLER, where="gd")
    taken = await answered(province, consultation.json, "take_over", "由省公司直接处理")
    assert (taken.status, taken.json["state"]) == (200, "taken_over")
    file = await file_of(province, ticket)
    assert (file["taken_over_by"], [slip["state"] for slip in file["slips"]]) == ("gd", ["released"])
    below = await acted(counter, ticket, "dispatch", opinion="建议赔付")
    assert (below.status, below.json["rules"]) == (409, ["R-3.19"])
    file = await done(province, ticket["id"], "dispatch", opinion="建议赔付")
    [slip] = [each for each in file["slips"] if each["state"] == "sent"]
    assert slip["organisation_id"] == "gd"
    await answer_slips(site, ticket["id"], province)
    await done(province, ticket["id"], "handle", note="同意赔付")
    await done(province, ticket["id"], "inform", manner="电话", accepted=True)
    await done(province, ticket["id"], "determine", validity="valid", causes=["claims"], liability="company")
    await sign_all(site, ticket["id"], province, "gd")
    assert (await done(province, ticket["id"], "close"))["status"] == Status.CLOSED
    ended = await admin.post(f"/centralised-business/{central.json['id']}/actions/end", {"until_day": "2026-11-30"})
    assert ended.json["until_day"] == "2026-11-30"
    day = (await counter.get("/centralised-business?day=2026-12-01")).json["items"]
    assert day == []


async def test_the_province_may_answer_centralised_business_and_the_counter_then_acts_on_the_opinion(
    site: Site,
) -> None:
    """R-3.31, R-3.19: gives an opinion, then follows."""
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"organisation_id": "gd", "category": "claims", "from_day": "2026-11-01", "basis": "理赔集中方案"}
    assert (await admin.post("/centralised-business", body)).status == 201
    counter = await site.client(Role.HANDLER, where="gd-gz-a")
    ticket = await opened(counter)
    consultation = (await asked(counter, ticket, "centralised")).json
    early = await acted(counter, ticket, "settle", note="当场解决")
    assert early.json["rules"] == ["R-3.31", "R-3.15", "R-3.19"]
    province = await site.client(Role.HANDLER, where="gd")
    opinion = (await answered(province, consultation, "answer")).json
    assert (await acted(counter, ticket, "settle", note="按省公司意见当场解决")).json["status"] == "handled"
    assert (await answered(counter, opinion, "follow", "已按意见办理")).json["state"] == "followed"
    elsewhere = await site.client(Role.HANDLER, where="sc")
    assert (await elsewhere.get("/consultations")).json["items"] == []
    assert (await answered(elsewhere, opinion, "follow")).status == 404


async def test_authority_given_from_afar_settles_one_ticket_while_it_lasts(site: Site) -> None:
    """N-11, R-2.18, R-3.29"""
    admin = await site.client(Role.ADMIN, where="hq")
    for role, amount in (("agent", "500.00"), ("supervisor", "2000.00")):
        given = {"amount": amount, "basis": "授权书1号"}
        assert (await admin("PUT", f"/authority-limits/gd/{role}", json=given)).status == 200
    agent = await site.client(Role.AGENT)
    ticket, other = await opened(agent), await opened(agent)
    path = f"/tickets/{ticket['id']}/authority-requests"
    assert (await agent.post(path, {"amount": "400.00", "reason": "客户急需"})).code == "authority_refused"
    request = await agent.post(path, {"amount": "1500.00", "reason": "客户急需"})
    assert (request.status, request.json["state"]) == (201, "asked"), request.body
    settle = {"note": "同意补偿", "amount": "1500.00"}
    assert (await acted(agent, ticket, "settle", **settle)).json["rules"] == ["R-2.18", "R-3.29"]
    supervisor = await site.client(Role.SUPERVISOR, where="gd")
    answer = f"/authority-requests/{request.json['id']}/actions/grant"
    until = {"until": (NOON + timedelta(days=2)).isoformat()}
    head = await of_department(site, "business_management", "gd", Role.DEPARTMENT_HEAD)
    assert (await head.post(answer, until)).json["rules"] == ["N-11", "R-2.18"]
    assert (await supervisor.post(answer, until)).json["state"] == "granted"
    assert (await acted(agent, other, "settle", **settle)).json["rules"] == ["R-2.18", "R-3.29"]
    assert (await acted(agent, ticket, "settle", **{**settle, "amount": "1500.01"})).status == 409
    assert (await acted(agent, ticket, "settle", **settle)).json["status"] == "handled"
    later = await agent.post(f"/tickets/{other['id']}/authority-requests", {"amount": "600.00", "reason": "客户急需"})
    granted = f"/authority-requests/{later.json['id']}/actions/grant"
    assert (await supervisor.post(granted, {"until": (NOON + timedelta(minutes=30)).isoformat()})).status == 200
    site.clock.advance(timedelta(minutes=31))
    assert (await acted(agent, other, "settle", note="同意补偿", amount="600.00")).status == 409


async def test_a_coordinator_reports_by_the_day_customer_service_sets(site: Site) -> None:
    """R-3.45, R-4.23"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    [slip] = (await done(handler, ticket["id"], "dispatch"))["slips"]
    path = f"/tickets/{ticket['id']}/slips/{slip['id']}/report-day"
    past = await handler.post(path, {"version": slip["version"], "day": "2026-11-17"})
    assert (past.status, past.json["rules"]) == (409, ["R-3.45"])
    coordinator = await of_department(site, "business_management", HOME)
    assert (await coordinator.post(path, {"version": slip["version"], "day": "2026-11-19"})).status == 403
    [slip] = (await handler.post(path, {"version": slip["version"], "day": "2026-11-19"})).json["slips"]
    assert (slip["report_day"], slip["report_in_time"]) == ("2026-11-19", None)
    await slip_acted(coordinator, ticket["id"], slip, "accept")
    assert (await handler.get("/slips?unreported=true")).json["items"] == []
    site.clock.advance(timedelta(days=2))
    site.people.clear()
    handler, coordinator = await site.client(Role.HANDLER), await of_department(site, "business_management", HOME)
    [late] = (await handler.get("/slips?unreported=true")).json["items"]
    assert (late["number"], late["report_in_time"]) == (slip["number"], False)
    body = {"version": late["version"], "day": "2026-11-23"}
    [slip] = (await handler.post(path, body)).json["slips"]
    reply = await slip_acted(coordinator, ticket["id"], slip, "note", text="正在调取病历")
    [slip] = reply.json["slips"]
    assert (slip["report_in_time"], slip["reported_at"] is not None) == (True, True)
    wanted = [event for event in reply.json["events"] if event["kind"] == "slip_report_wanted"]
    assert [event["details"]["day"] for event in wanted] == ["2026-11-19", "2026-11-23"]


async def test_what_somebody_without_right_complained_of_is_declined_with_notice_within_its_limit(site: Site) -> None:
    """N-8, N-6, F-23, M-6: it stays an occurrence and a piece, invalid, and its notice is the answer."""
    handler = await site.client(Role.HANDLER)
    representative = {"complainant_type": "representative", "authorisation": "口称受托"}
    ticket = await opened(handler, **representative)
    own = await opened(handler)
    said = {"note": "已告知须提供授权委托书,本次不予办理", "manner": "电话", "evidence": "未提供委托书,无法核实"}
    refused = await acted(handler, own, "decline", **said)
    assert (refused.status, refused.json["rules"]) == (409, ["N-8", "N-6"])
    silent = await acted(handler, ticket, "decline", **{**said, "manner": ""})
    assert silent.json["rules"] == ["N-8", "R-4.7"]
    assert (await acted(await site.client(Role.AGENT), ticket, "decline", **said)).status == 403
    await done(handler, ticket["id"], "dispatch")
    site.clock.advance(timedelta(days=1))
    site.people.clear()
    handler = await site.client(Role.HANDLER)
    file = await done(handler, ticket["id"], "decline", **said)
    assert (file["status"], file["ended_as"], file["validity"]) == ("closed", "declined", "invalid")
    assert (file["invalid_ground"], file["liability"], file["told_means"]) == ("not_a_customer", "none", "dialled")
    assert [slip["state"] for slip in file["slips"]] == ["released"]
    clocks = {clock["kind"]: (clock["in_time"], clock["voided_why"]) for clock in file["clocks"]}
    assert clocks["decide_inform"] == (True, None)
    assert clocks["archive"] == (None, None)
    assert "declined" in {why for _, why in clocks.values()}
    figures = (await handler.get("/statistics/complaints?first_day=2026-11-18&last_day=2026-11-30")).json["figures"]
    assert (figures["occurrences"], figures["pieces"], figures["invalid_pieces"]) == (2, 2, 1)
    lacking = (await handler.get(f"/tickets/{ticket['id']}/case-file/contents")).json["missing"]
    assert not {"authorisation", "identity", "signatures"} & set(lacking)


async def test_those_who_come_together_name_five_at_most_who_speak_for_them(site: Site) -> None:
    """N-4, N-14, T-6"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, group_size=8)
    file = await file_of(handler, ticket)
    assert "representatives" in {each["field"] for each in file["owed"]}
    six = {"version": file["version"], "representatives": list("王李张刘陈杨")}
    refused = await handler("PATCH", f"/tickets/{ticket['id']}", json=six)
    assert (refused.status, refused.json["rules"]) == (422, ["N-4"])
    five = {**six, "representatives": ["王小明", "李雷", "张三", "刘四", "陈五"]}
    file = (await handler("PATCH", f"/tickets/{ticket['id']}", json=five)).json
    assert (file["representatives"], "representatives" in {each["field"] for each in file["owed"]}) == (
        five["representatives"],
        False,
    )
    coordinator = await of_department(site, "business_management", HOME)
    masked = await file_of(coordinator, ticket)
    assert masked["representatives"][0] == "王**"
    [changed] = [
        e["details"]["changed"] for e in masked["events"] if "representatives" in e["details"].get("changed", {})
    ]
    assert "王小明" not in str(changed)
