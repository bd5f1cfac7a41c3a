"""Committees through the interface: who sits, what waits, meetings, rulings that bind, follow-ups until done."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from tests.conftest import NOON
from tests.service.committee import Committee, a_ruling, seat
from tests.service.letters import a_letter
from tests.service.orders import acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, NO_ID, Reply, Site
from tickets.categories import Department

pytestmark = pytest.mark.service


async def difficult(site: Site, where: str = HOME, **changes: Any) -> Any:
    handler = await site.client(Role.HANDLER, where=where)
    return await opened(handler, **{"severity": "difficult", **changes})


async def dispatched(site: Site, where: str = HOME, **changes: Any) -> Any:
    ticket = await difficult(site, where, **changes)
    reply = await acted(await site.client(Role.HANDLER, where=where), ticket, "dispatch")
    assert reply.status == 200, reply.body
    return ticket


async def handled(site: Site, ticket: Any, where: str = HOME) -> Reply:
    coordinator = await site.client(Role.COORDINATOR, where=where, department=Department.BUSINESS_MANAGEMENT)
    return await acted(coordinator, ticket, "handle", note="已核实")


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.json.get("rules")) == (409, list(rules)), reply.body


def clocks(file: Any, kind: str) -> list[tuple[int, bool | None]]:
    return [(clock["cycle"], clock["in_time"]) for clock in file["clocks"] if clock["kind"] == kind]


async def test_a_difficult_complaint_is_handled_only_after_the_ruling_of_a_meeting(site: Site) -> None:
    """R-4.24, F-47, R-3.3, L-22"""
    ticket = await dispatched(site)
    refused(await handled(site, ticket), "R-4.24", "F-47")
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    assert meeting["title"] == "广州中心支公司2026年第1次临时会议"
    refused(await handled(site, ticket), "R-4.24", "F-47")
    held = await board.act(await board.hear(meeting), "hold", present=board.people, minutes="各部门发表意见")
    ruled = await board.rule(held, ticket["id"], validity="valid", causes=["claims"])
    refused(await handled(site, ticket), "R-4.24", "F-47")
    confirmed = await board.act(ruled, "confirm", board.chair)
    assert confirmed["items"][0]["ruling"]["in_force_since"] is not None
    file = (await handled(site, ticket)).json
    assert file["status"] == "handled"
    assert clocks(file, "meet") == [(1, True)]
    told = [event["kind"] for event in file["events"]]
    assert told[-4:] == ["meeting_called", "meeting_held", "ruled", "handle"]
    before = (await (await site.client(Role.HANDLER)).get(f"/tickets/{ticket['id']}/committee")).json
    assert (before["ruling_needed"], before["ruling"]) == (True, meeting["title"])
    assert before["meetings"][0]["ruling"]["causes"] == ["claims"]


async def test_a_ticket_that_became_difficult_after_it_was_handled_is_not_told_or_closed_without_a_ruling(
    site: Site,
) -> None:
    """R-4.24, F-47, B-1"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    assert (await acted(handler, ticket, "settle", note="当场说明")).status == 200
    assert (await acted(handler, ticket, "inform", manner="电话", accepted=True)).status == 200
    valid = {"validity": "valid", "causes": ["claims"], "liability": "none"}
    assert (await acted(handler, ticket, "determine", **valid)).status == 200
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    raised = {"version": file["version"], "severity": "major", "reason": "媒体关注"}
    assert (await handler("PATCH", f"/tickets/{ticket['id']}", json=raised)).status == 200
    refused(await acted(handler, ticket, "close"), "R-4.24", "F-47")
    await a_ruling(site, ticket["id"])
    refused(await acted(handler, ticket, "close"), "R-4.25", "F-22")
    await a_letter(site, ticket["id"])
    assert (await acted(handler, ticket, "close")).status == 200


async def test_a_ruling_stands_for_the_signature_of_a_department_that_refuses(site: Site) -> None:
    """R-3.5, R-3.26, F-21"""
    ticket, handler = await dispatched(site), await site.client(Role.HANDLER)
    valid = {"validity": "valid", "causes": ["claims", "payment"], "liability": "company"}
    assert (await acted(handler, ticket, "determine", **valid)).status == 200
    await a_ruling(site, ticket["id"], signs_for=["business_management"])
    assert (await handled(site, ticket)).status == 200
    assert (await acted(handler, ticket, "inform", manner="电话", accepted=True)).status == 200
    reply = await acted(handler, ticket, "close")
    refused(reply, "R-3.26", "F-20", "B-1")
    assert reply.json["details"]["departments"] == ["finance"]
    await a_ruling(site, ticket["id"], signs_for=["business_management", "finance"])
    assert (await acted(handler, ticket, "close")).status == 200


async def test_nobody_determines_or_closes_against_the_ruling(site: Site) -> None:
    """R-3.5"""
    ticket, handler = await dispatched(site), await site.client(Role.HANDLER)
    assert (await acted(handler, ticket, "determine", validity="valid", causes=["claims"])).status == 200
    await a_ruling(site, ticket["id"], validity="invalid")
    refused(await handled(site, ticket), "R-3.5", "R-3.3")
    refused(await acted(handler, ticket, "determine", validity="valid", causes=["payment"]), "R-3.5", "R-3.3")
    anew = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音"}
    assert (await acted(handler, ticket, "determine", **anew)).status == 200
    assert (await handled(site, ticket)).status == 200


async def test_a_later_ruling_counts_and_a_lower_committee_does_not_rule_after_an_upper_one(site: Site) -> None:
    """R-3.3, R-4.24: reported up for support."""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    await board.ruled(ticket["id"], validity="invalid")
    waiting = await board.called(ticket["id"])
    above = await Committee.of(site, "gd")
    await above.ruled(ticket["id"], validity="valid")
    file = (await (await site.client(Role.HANDLER)).get(f"/tickets/{ticket['id']}/committee")).json
    assert file["ruling"] == "广东分公司2026年第1次临时会议"
    refused(await board.secretary.post("/meetings", board.agenda(ticket["id"])), "R-3.3")
    held = await board.act(await board.hear(waiting), "hold", present=board.people, minutes="纪要")
    ruled = await board.rule(held, ticket["id"], validity="invalid")
    late = await board.chair.post(f"/meetings/{ruled['id']}/actions/confirm", {"version": ruled["version"]})
    refused(late, "R-3.3")


async def test_every_department_concerned_is_heard_an_absent_one_in_writing(site: Site) -> None:
    """R-3.4, R-3.41"""
    ticket = await dispatched(site, category="payment")
    board = await Committee.of(site, HOME, Department.FINANCE, Department.IT)
    meeting = await board.called(ticket["id"])
    assert meeting["items"][0]["concerned"] == ["finance", "business_management", "it"]
    finance, it = board.heads[Department.FINANCE], board.heads[Department.IT]
    opinion = {"ticket_id": ticket["id"], "opinion": "系统故障所致"}
    assert (await it.post(f"/meetings/{meeting['id']}/opinions", opinion)).status == 201
    present = [person for person in board.people if finance.user and person != str(finance.user.id)]
    held = await board.act(meeting, "hold", present=present, minutes="财务未到会")
    refused(await finance.post(f"/meetings/{meeting['id']}/opinions", opinion), "R-3.4")
    unheard = await board.secretary(
        "PUT", f"/meetings/{held['id']}/rulings/{ticket['id']}", json={"version": held["version"], "opinion": "同意"}
    )
    refused(unheard, "R-3.4")
    assert unheard.json["details"]["departments"] == ["finance", "business_management"]
    for department in ("finance", "business_management"):
        written = {**opinion, "department": department}
        assert (await board.secretary.post(f"/meetings/{meeting['id']}/opinions", written)).status == 201
    ruled = await board.rule(held, ticket["id"])
    assert ruled["items"][0]["unheard"] == []
    assert [(each["department"], each["user_id"] is None) for each in ruled["opinions"]] == [
        *(("it", False), ("finance", True), ("business_management", True))
    ]


async def test_who_is_no_member_gives_no_opinion_and_is_not_invited(site: Site) -> None:
    """R-3.4, R-3.6"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    stranger = await site.client(Role.DEPARTMENT_HEAD)
    assert stranger.user is not None
    opinion = {"ticket_id": ticket["id"], "opinion": "我也说几句"}
    refused(await stranger.post(f"/meetings/{meeting['id']}/opinions", opinion), "R-3.4", "R-3.6")
    for_another = {**opinion, "member_id": board.people[1]}
    assert (await stranger.post(f"/meetings/{meeting['id']}/opinions", for_another)).status == 403
    said = await board.secretary.post(f"/meetings/{meeting['id']}/opinions", for_another)
    assert said.json["opinions"][0]["user_id"] == board.people[1]
    agenda = board.agenda(ticket["id"], members=[*board.people, str(stranger.user.id)])
    refused(await board.secretary.post("/meetings", agenda), "R-3.6")
    # to a joint meeting colleagues come as well
    assert (await board.secretary.post("/meetings", {**agenda, "kind": "joint"})).status == 201


async def test_a_seat_ends_on_its_day_and_is_not_held_twice(site: Site) -> None:
    """R-3.6, F-17"""
    board = await Committee.of(site)
    head = board.heads[Department.BUSINESS_MANAGEMENT]
    listed = (await board.secretary.get("/committee/members")).json["items"]
    mine = next(each for each in listed if head.user and each["user_id"] == str(head.user.id))
    assert (mine["department"], mine["chair"], mine["last_day"]) == ("business_management", False, None)
    twice = {"user_id": mine["user_id"], "first_day": "2026-12-01"}
    refused(await board.secretary.post("/committee/members", twice), "R-3.6")
    ends = {"version": 1, "department": "business_management", "last_day": "2026-11-30"}
    ended = await board.secretary("PATCH", f"/committee/members/{mine['id']}", json=ends)
    assert (ended.status, ended.json["last_day"], ended.json["version"]) == (200, "2026-11-30", 2)
    stale = await board.secretary("PATCH", f"/committee/members/{mine['id']}", json=ends)
    assert (stale.status, stale.code, stale.json["details"]["version"]) == (409, "stale_version", 2)
    assert (await board.secretary.post("/committee/members", twice)).status == 201
    backwards = {**ends, "version": 2, "last_day": "2026-11-01"}
    refused(await board.secretary("PATCH", f"/committee/members/{mine['id']}", json=backwards), "R-3.6")
    later = await board.secretary.get("/committee/members?day=2026-11-30")
    assert mine["id"] in [each["id"] for each in later.json["items"]]
    assert mine["id"] not in [
        each["id"] for each in (await board.secretary.get("/committee/members?day=2026-12-01")).json["items"]
    ]


async def test_who_does_not_work_there_is_no_member_and_another_provinces_secretary_knows_of_nothing(
    site: Site,
) -> None:
    """R-3.6, H2"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    stranger = await site.client(Role.SECRETARY, where=ELSEWHERE)
    assert stranger.user is not None
    elsewhere = {"user_id": str(stranger.user.id), "first_day": "2026-11-18"}
    assert (await board.secretary.post("/committee/members", elsewhere)).status == 404
    assert (await stranger.get(f"/meetings/{meeting['id']}")).status == 404
    body = {"version": meeting["version"], "minutes": "x", "present": [], "why": "x"}
    for action in ("call", "hold", "confirm", "cancel"):
        assert (await stranger.post(f"/meetings/{meeting['id']}/actions/{action}", body)).status == 404
    assert (
        await stranger.post("/meetings", Committee(site, stranger, stranger, {}).agenda(ticket["id"]))
    ).status == 409
    own = {"subject": "例会", "planned_at": NOON.isoformat(), "tickets": [ticket["id"]]}
    assert (await stranger.post("/meetings", own)).status == 404
    for path in ("/meetings", "/committee/members", "/committee/waiting", "/follow-ups"):
        assert (await stranger.get(path)).json["items"] == []
    ruling = {"version": meeting["version"], "opinion": "x"}
    assert (await stranger("PUT", f"/meetings/{meeting['id']}/rulings/{ticket['id']}", json=ruling)).status == 404


async def test_the_office_of_a_committee_above_reads_but_does_not_act(site: Site) -> None:
    """R-3.6"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    province = await site.client(Role.SECRETARY, where="gd")
    assert (await province.get(f"/meetings/{meeting['id']}")).json["state"] == "called"
    body = {"version": meeting["version"], "why": "x"}
    refused(await province.post(f"/meetings/{meeting['id']}/actions/cancel", body), "R-3.6")
    member = (await province.get("/committee/members")).json["items"][0]
    change = {"version": member["version"], "last_day": "2026-12-31"}
    refused(await province("PATCH", f"/committee/members/{member['id']}", json=change), "R-3.6")


async def test_only_the_chair_confirms_and_only_the_office_calls(site: Site) -> None:
    """R-3.3, R-3.4, R-3.6, R-3.1"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    draft = await board.drafted(ticket["id"])
    ruled = await board.rule(await board.held(ticket["id"]), ticket["id"])
    for client in (board.secretary, *board.heads.values()):
        reply = await client.post(f"/meetings/{ruled['id']}/actions/confirm", {"version": ruled["version"]})
        refused(reply, "R-3.3", "R-3.4")
    # sitting in it is enough to be told, not to run it
    called = await board.chair.post(f"/meetings/{draft['id']}/actions/call", {"version": draft["version"]})
    assert (called.status, called.code) == (403, "forbidden")
    no_chair = {**board.agenda(ticket["id"]), "chair_id": board.people[1]}
    refused(await board.secretary.post("/meetings", no_chair), "R-3.6", "R-3.1")


async def test_a_confirmed_ruling_is_changed_by_nobody(site: Site) -> None:
    """R-3.3"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.ruled(ticket["id"])
    body = {"version": meeting["version"], "opinion": "改判"}
    refused(await board.secretary("PUT", f"/meetings/{meeting['id']}/rulings/{ticket['id']}", json=body), "R-3.4")
    put_off = {"version": meeting["version"], "adjourned_why": "材料不足"}
    refused(await board.secretary("PUT", f"/meetings/{meeting['id']}/rulings/{ticket['id']}", json=put_off), "R-3.4")
    async with site.database.connection() as conn:
        for statement in ("UPDATE committee_ruling SET opinion = 'x'", "DELETE FROM committee_ruling"):
            with pytest.raises(Exception, match="only grows"):
                await conn.execute(statement)


async def test_two_people_at_once_one_wins_and_the_other_is_told(site: Site) -> None:
    """R-3.4"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    colleague = await site.client(Role.SECRETARY, Role.COORDINATOR)
    meeting = await board.drafted(ticket["id"])
    body = {"version": meeting["version"]}
    path = f"/meetings/{meeting['id']}/actions/call"
    replies = await asyncio.gather(*(client.post(path, body) for client in (board.secretary, colleague)))
    assert sorted(reply.status for reply in replies) == [200, 409]
    [late] = [reply for reply in replies if reply.status == 409]
    assert (late.code, late.json["details"]["changed"][0]["kind"]) == ("stale_version", "call")
    assert late.json["details"]["changed"][0]["actor_name"] == "测试员"


async def test_a_ticket_put_off_waits_for_another_meeting(site: Site) -> None:
    """R-3.4, L-22: the meeting was held, though it ruled nothing."""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    held = await board.held(ticket["id"])
    both = {"version": held["version"], "opinion": "同意", "adjourned_why": "材料不足"}
    path = f"/meetings/{held['id']}/rulings/{ticket['id']}"
    assert (await board.secretary("PUT", path, json=both)).code == "invalid"
    off = await board.secretary("PUT", path, json={"version": held["version"], "adjourned_why": "材料不足"})
    assert (off.status, off.json["items"][0]["adjourned_why"]) == (200, "材料不足")
    await board.act(off.json, "confirm", board.chair)
    refused(await handled(site, ticket), "R-4.24", "F-47")
    [waiting] = (await board.secretary.get("/committee/waiting")).json["items"]
    assert (waiting["id"], waiting["meeting_id"]) == (ticket["id"], None)


async def test_the_office_sees_what_waits_and_what_is_late(site: Site) -> None:
    """L-22, R-3.17"""
    first = await difficult(site)
    site.clock.advance(timedelta(minutes=1))
    second = await difficult(site, severity="major")
    await opened(await site.client(Role.HANDLER))
    secretary = await site.client(Role.SECRETARY)
    items = (await secretary.get("/committee/waiting")).json["items"]
    assert [(each["id"], each["overdue"], each["grounds"]) for each in items] == [
        *((first["id"], False, []), (second["id"], False, []))
    ]
    assert items[0]["meet_by"] == "2026-11-23"
    page = (await secretary.get("/committee/waiting?limit=1")).json
    rest = (await secretary.get(f"/committee/waiting?limit=1&cursor={page['next']}")).json
    assert [page["items"][0]["id"], rest["items"][0]["id"], rest["next"]] == [first["id"], second["id"], None]
    board = await Committee.of(site)
    await board.drafted(first["id"])
    assert [each["id"] for each in (await secretary.get("/committee/waiting?planned=false")).json["items"]] == [
        second["id"]
    ]
    site.clock.advance(timedelta(days=6))
    late = await (await fresh(site, Role.SECRETARY)).get("/committee/waiting?overdue=true")
    assert [each["id"] for each in late.json["items"]] == [first["id"], second["id"]]


async def test_the_clock_of_the_meeting_follows_the_classification(site: Site) -> None:
    """L-22, F-18"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    path = f"/tickets/{ticket['id']}"
    assert clocks((await handler.get(path)).json, "meet") == []
    for severity, expected in (("difficult", [(1, None)]), ("major", [(1, None)])):
        version = (await handler.get(path)).json["version"]
        body = {"version": version, "severity": severity, "reason": "协调未果"}
        assert clocks((await handler("PATCH", path, json=body)).json, "meet") == expected


async def test_a_dispute_between_departments_stops_determining_and_closing_until_the_ruling(site: Site) -> None:
    """R-3.5, F-21, R-3.21"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    coordinator = await site.client(Role.COORDINATOR)
    key = {"Idempotency-Key": str(uuid4())}
    body = {"ground": "cause", "reason": "理赔与财务各执一词"}
    referred = await coordinator.post(f"/tickets/{ticket['id']}/referrals", body, headers=key)
    assert (referred.status, referred.json["referrals"][0]["ground"]) == (201, "cause")
    refused(await coordinator.post(f"/tickets/{ticket['id']}/referrals", body), "R-3.5")
    severity = {"ground": "severity", "reason": "疑难"}
    refused(await coordinator.post(f"/tickets/{ticket['id']}/referrals", severity), "R-2.18", "R-3.21")
    sideways = {**body, "organisation": ELSEWHERE}
    refused(await coordinator.post(f"/tickets/{ticket['id']}/referrals", sideways), "R-3.3", "R-2.19")
    refused(await acted(handler, ticket, "determine", validity="valid", causes=["claims"]), "R-3.5", "F-21")
    [waiting] = (await (await site.client(Role.SECRETARY)).get("/committee/waiting")).json["items"]
    assert (waiting["id"], waiting["grounds"]) == (ticket["id"], ["cause"])
    await a_ruling(site, ticket["id"], validity="valid", causes=["payment"], signs_for=["finance"])
    assert (await (await site.client(Role.SECRETARY)).get("/committee/waiting")).json["items"] == []
    refused(await acted(handler, ticket, "determine", validity="valid", causes=["claims"]), "R-3.5", "R-3.3")
    assert (await acted(handler, ticket, "determine", validity="valid", causes=["payment"])).status == 200
    before = (await handler.get(f"/tickets/{ticket['id']}/committee")).json
    assert before["referrals"][0]["settled_at"] is not None
    assert before["meetings"][0]["ruling"]["signs_for"] == ["finance"]


async def test_departments_that_agree_after_all_take_the_dispute_back(site: Site) -> None:
    """R-3.5"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    path = f"/tickets/{ticket['id']}/referrals"
    [referral] = (await handler.post(path, {"ground": "validity", "reason": "意见不一"})).json["referrals"]
    back = f"{path}/{referral['id']}/actions/withdraw"
    assert (await (await site.client(Role.COORDINATOR)).post(back, {"why": "已一致"})).status == 403
    assert (await handler.post(back, {"why": "已一致"})).status == 200
    refused(await handler.post(back, {"why": "已一致"}), "R-3.5")
    assert (await handler.post(f"{path}/{NO_ID}/actions/withdraw", {"why": "x"})).status == 404
    assert (await acted(handler, ticket, "determine", validity="valid", causes=["claims"])).status == 200


async def test_what_is_to_be_carried_out_is_followed_until_it_is_done(site: Site) -> None:
    """R-3.4"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.ruled(ticket["id"])
    head = board.heads[Department.BUSINESS_MANAGEMENT]
    duty = {"duty": "三日内完成赔付", "owner_id": board.people[1], "due_day": "2026-11-20", "ticket_id": ticket["id"]}
    path = f"/meetings/{meeting['id']}/follow-ups"
    refused(await board.secretary.post(path, {**duty, "due_day": "2026-11-17"}), "R-3.4")
    refused(await board.secretary.post(path, {**duty, "ticket_id": str(NO_ID)}), "R-3.4")
    assert (await board.secretary.post(path, {**duty, "owner_id": str(NO_ID)})).status == 404
    added = (await board.secretary.post(path, duty)).json
    assert (added["meeting"], added["overdue"]) == (meeting["title"], False)
    assert [each["id"] for each in (await head.get("/follow-ups?mine=true&done=false")).json["items"]] == [added["id"]]
    site.clock.advance(timedelta(days=3))
    async with site.database.transaction() as conn:
        await conn.execute(
            "UPDATE session SET expires_at = $1, last_seen_at = $2",
            site.clock.now() + timedelta(days=9),
            site.clock.now(),
        )
    secretary = board.secretary
    assert [each["overdue"] for each in (await secretary.get("/follow-ups?overdue=true")).json["items"]] == [True]
    done = f"/follow-ups/{added['id']}/actions/finish"
    stranger = await site.client(Role.COORDINATOR)
    refused(await stranger.post(done, {"version": 1, "result": "办了"}), "R-3.4")
    finished = await head.post(done, {"version": 1, "result": "已赔付"})
    assert (finished.status, finished.json["result"], finished.json["version"]) == (200, "已赔付", 2)
    assert (await head.post(done, {"version": 1, "result": "又办"})).code == "stale_version"
    refused(await head.post(done, {"version": 2, "result": "又办"}), "R-3.4")
    assert (await secretary.get("/follow-ups?overdue=true")).json["items"] == []
    file = (await head.get(f"/tickets/{ticket['id']}")).json
    assert file["events"][-1]["kind"] == "carried_out"


async def test_a_meeting_is_numbered_in_its_organisation_kind_and_year(site: Site) -> None:
    """R-3.2: the numbers are never given twice."""
    board = await Committee.of(site)
    ticket = await difficult(site)
    drafts = await asyncio.gather(*(board.drafted(ticket["id"]) for _ in range(3)))
    assert sorted(each["title"] for each in drafts) == [f"广州中心支公司2026年第{n}次临时会议" for n in (1, 2, 3)]
    periodic = await board.drafted(kind="periodic")
    assert periodic["title"] == "广州中心支公司2026年第1次例会"
    listed = (await board.secretary.get("/meetings?kind=ad_hoc&state=draft&limit=2")).json
    assert (len(listed["items"]), listed["next"] is None) == (2, False)
    rest = (await board.secretary.get(f"/meetings?kind=ad_hoc&state=draft&limit=2&cursor={listed['next']}")).json
    assert len(rest["items"]) == 1
    assert len((await board.secretary.get(f"/meetings?ticket_id={ticket['id']}")).json["items"]) == 3
    assert len((await board.chair.get("/meetings?mine=true")).json["items"]) == 4
    handler = await site.client(Role.HANDLER)
    assert (await handler.get("/meetings?mine=true")).json["items"] == []


async def test_a_draft_is_written_anew_and_a_called_meeting_is_not(site: Site) -> None:
    """R-3.4"""
    first, second = await difficult(site), await difficult(site)
    board = await Committee.of(site)
    draft = await board.drafted(first["id"])
    body = {**board.agenda(second["id"], first["id"]), "version": draft["version"], "subject": "两件"}
    redrafted = (await board.secretary("PATCH", f"/meetings/{draft['id']}", json=body)).json
    assert [item["ticket_id"] for item in redrafted["items"]] == [second["id"], first["id"]]
    called = await board.act(redrafted, "call")
    late = await board.secretary("PATCH", f"/meetings/{draft['id']}", json={**body, "version": called["version"]})
    refused(late, "R-3.4")
    refused(
        await board.secretary.post(f"/meetings/{draft['id']}/actions/cancel", {"version": called["version"]}),
        "R-3.4",
        "R-4.7",
    )
    cancelled = await board.act(called, "cancel", why="主持人出差")
    assert (cancelled["state"], cancelled["possible"]) == ("cancelled", [])
    assert (await board.secretary.get("/committee/waiting?planned=true")).json["items"] == []


async def test_a_meeting_cannot_be_held_before_it_was_called_or_in_the_future(site: Site) -> None:
    """R-3.4, L-22"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    path = f"/meetings/{meeting['id']}/actions/hold"
    said = {"version": meeting["version"], "present": board.people, "minutes": "纪要"}
    for wrong in (NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)):
        refused(await board.secretary.post(path, {**said, "held_at": wrong.isoformat()}), "R-3.4", "L-22")
    refused(await board.secretary.post(path, {**said, "present": [str(NO_ID)]}), "R-3.4")
    site.clock.advance(timedelta(minutes=50))
    held = await board.secretary.post(path, {**said, "held_at": (NOON + timedelta(minutes=40)).isoformat()})
    assert held.json["held_at"].startswith("2026-11-18T04:40")


async def test_the_same_key_makes_one_meeting_one_seat_and_one_opinion(site: Site) -> None:
    """H7, H9"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    key = {"Idempotency-Key": str(uuid4())}
    agenda = board.agenda(ticket["id"])
    one, two = [await board.secretary.post("/meetings", agenda, headers=key) for _ in range(2)]
    assert (one.json["id"], two.headers.get("Idempotent-Replayed")) == (two.json["id"], "true")
    meeting = await board.act(one.json, "call")
    said = {"ticket_id": ticket["id"], "opinion": "同意"}
    again = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):
        spoken = await board.chair.post(f"/meetings/{meeting['id']}/opinions", said, headers=again)
    assert len(spoken.json["opinions"]) == 1
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM committee_meeting") == 1


async def test_what_was_said_in_a_meeting_is_masked_and_its_readers_are_logged(site: Site) -> None:
    """T-6"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    meeting = await board.called(ticket["id"])
    said = {"ticket_id": ticket["id"], "opinion": "请回电13712345678"}
    assert (await board.chair.post(f"/meetings/{meeting['id']}/opinions", said)).status == 201
    auditor = await site.client(Role.AUDITOR)
    shown = await auditor.get(f"/meetings/{meeting['id']}?purpose=检查")
    assert "13712345678" not in shown.body.decode()
    assert "13712345678" in (await board.chair.get(f"/meetings/{meeting['id']}")).body.decode()
    assert auditor.user is not None
    async with site.database.connection() as conn:
        logged = await conn.fetch(
            "SELECT object_kind, object_id FROM access_log WHERE actor = $1 AND verdict = 'allow'",
            f"user:{auditor.user.id}",
        )
    assert {tuple(row) for row in logged} == {("meeting", meeting["id"]), ("ticket", ticket["id"])}


async def test_lists_leave_in_words(site: Site) -> None:
    """T-4"""
    ticket = await dispatched(site)
    board = await Committee.of(site)
    await board.called(ticket["id"])
    for path, words in (
        ("/meetings", ("临时会议", "已召集")),
        ("/committee/waiting", ("疑难投诉", "已召集")),
        ("/committee/members", ("业务管理部门",)),
    ):
        file = await board.secretary.get(f"{path}?purpose=月报", headers={"Accept": "text/csv"})
        assert file.status == 200, file.body
        assert all(word in file.body.decode("utf-8-sig") for word in words)


async def test_nobody_meets_on_a_closed_ticket(site: Site) -> None:
    """B-2"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    for action, said in (
        ("settle", {"note": "当场说明"}),
        ("inform", {"manner": "电话", "accepted": True}),
        ("determine", {"validity": "valid", "causes": ["claims"], "liability": "none"}),
        ("close", {}),
    ):
        assert (await acted(handler, ticket, action, **said)).status == 200
    board = await Committee.of(site)
    refused(await board.secretary.post("/meetings", board.agenda(ticket["id"])), "B-2")
    body = {"ground": "cause", "reason": "各执一词"}
    refused(await handler.post(f"/tickets/{ticket['id']}/referrals", body), "B-2")


async def test_a_member_sits_for_his_own_department_unless_told(site: Site) -> None:
    """R-3.6"""
    secretary = await site.client(Role.SECRETARY)
    head = await site.client(Role.DEPARTMENT_HEAD, department=Department.FINANCE)
    assert (await seat(site, secretary, head))["department"] == "finance"
