"""Tickets through the interface: opened on calls and otherwise, corrected, carried through, explained, found."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from agi.ports import Caller
from callcenter.accounts import store as accounts
from callcenter.accounts.permissions import Role
from callcenter.accounts.store import Organisation
from callcenter.calls.call import Direction
from callcenter.frontdesk import OPEN_TICKET_PRIORITY, FrontDesk
from callcenter.web.dispatch import SPOOLED_LEASE
from callcenter.web.keys import COMPLAINTS
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle
from tests.service.desk import hang_up
from tests.service.orders import FULL, HEARD, a_live_call, acknowledged, acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, PATHS, Client, Site
from tests.service.walk import of_department

pytestmark = pytest.mark.service


async def test_an_agent_opens_a_complaint_on_a_live_call_and_the_file_shows_both_moments(site: Site) -> None:
    """T-3, R-1.4, R-4.2"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id)
    reply = await agent.post(f"/calls/{call}/tickets", FULL)
    assert reply.status == 201, reply.body
    assert reply.json["number"] == "95519-20261118-000001"
    assert (reply.json["opened_live"], reply.json["seconds_into_call"]) == (True, 42.0)
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON + timedelta(seconds=30))
    file = (await agent.get(f"/tickets/{reply.json['id']}")).json
    assert file["calls"][0]["opened_live"] is True
    assert file["calls"][0]["linked_at"] < file["calls"][0]["call_ended_at"]
    assert {clock["kind"]: clock["in_time"] for clock in file["clocks"]} == {
        "register": True,
        "acknowledge": True,
        "hand_over": None,
        "dispatch": None,
        "decide_inform": None,
        "answer_or_progress": None,
    }


async def test_a_ticket_opened_after_the_end_is_taken_the_same_day_and_never_called_live(site: Site) -> None:
    """T-3"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id)
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON - timedelta(seconds=5))
    assert (await agent.post(f"/calls/{call}/tickets", FULL)).json["opened_live"] is False
    site.clock.advance(timedelta(days=1))
    agent = await site.client(Role.AGENT, Role.QA, where="hq")
    reply = await agent.post(f"/calls/{call}/tickets", FULL)
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "call_not_today", ["R-1.4", "L-1"])


@pytest.mark.parametrize(("after_hanging_up", "in_time"), [(-1, True), (0, False), (1, False)])
async def test_a_matter_is_repeated_back_during_the_call_and_a_later_mark_is_late(
    site: Site, after_hanging_up: int, in_time: bool
) -> None:
    """L-2, R-4.2, F-62: the written mark counts (R-4.7), also when the same day is not over."""
    agent = await site.client(Role.AGENT)
    call = await a_live_call(site)
    ticket = (await agent.post(f"/calls/{call}/tickets", {**FULL, "restated_and_confirmed": False})).json
    assert (await acknowledged(agent, ticket))["in_time"] is None
    hung_up = NOON + timedelta(minutes=3)
    site.clock.set(hung_up + timedelta(seconds=after_hanging_up))
    async with site.database.transaction() as conn:
        await hang_up(conn, call, hung_up)
    marked = await agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "restated_and_confirmed": True})
    assert marked.status == 200, marked.body
    clock = await acknowledged(agent, ticket)
    assert (clock["in_time"], datetime.fromisoformat(clock["due_at"])) == (in_time, hung_up)
    explained = (await agent.get(f"/tickets/{ticket['id']}/explain")).json
    assert [each["in_time"] for each in explained["clocks"] if each["kind"] == "acknowledge"] == [in_time]


async def test_what_was_never_repeated_back_is_late_from_the_hang_up_on_and_so_is_a_ticket_opened_then(
    site: Site,
) -> None:
    """L-2: a letter's ticket with a call hung on it keeps its working day (L-4)."""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id)
    during = (await agent.post(f"/calls/{call}/tickets", {})).json
    letter = await opened(agent, form_signed=False)
    assert (await agent.post(f"/tickets/{letter['id']}/calls", {"call_id": str(call)})).status == 200
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON)
    site.clock.advance(timedelta(seconds=1))
    after = (await agent.post(f"/calls/{call}/tickets", {**FULL, "another_matter": True})).json
    assert [(await acknowledged(agent, each))["in_time"] for each in (during, after, letter)] == [False, False, None]


async def test_a_callback_complaint_counts_and_a_finding_does_not(site: Site) -> None:
    """T-1, T-2"""
    agent = await site.client(Role.CALLBACK_AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=Direction.CALLBACK)
    complaint = (await agent.post(f"/calls/{call}/tickets", {**FULL, "heard": HEARD})).json
    finding = (await agent.post(f"/calls/{call}/tickets", {**FULL, "heard": {**HEARD, "intention": "no"}})).json
    assert (complaint["nature"], complaint["counts"]) == ("complaint", True)
    assert (finding["nature"], finding["counts"]) == ("callback_finding", False)
    assert [r["rule"] for r in complaint["verdict"]["reasons"]] == ["R-2.2", "D-7"]


async def test_a_callback_without_what_was_heard_is_refused(site: Site) -> None:
    """F-13: on a call of direction callback the classification cannot be passed by."""
    agent = await site.client(Role.CALLBACK_AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=Direction.CALLBACK)
    reply = await agent.post(f"/calls/{call}/tickets", FULL)
    assert (reply.status, reply.code, reply.json["rules"][0]) == (422, "ticket_not_admissible", "F-13")


@pytest.mark.parametrize("direction", [Direction.INBOUND, Direction.CLICK])
async def test_what_is_said_on_any_other_call_cannot_be_made_a_finding(site: Site, direction: Direction) -> None:
    """T-1, R-2.3: or a complaint would be left out of the figures by calling it one."""
    agent = await site.client(Role.CALLBACK_AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=direction)
    for intention in ("no", "yes"):
        said = {**FULL, "heard": {**HEARD, "intention": intention}}
        reply = await agent.post(f"/calls/{call}/tickets", said)
        assert (reply.status, reply.code, reply.json["rules"]) == (422, "ticket_not_admissible", ["T-1", "R-2.3"])
    assert (await agent.get("/tickets")).json["items"] == []


async def test_one_call_has_one_complaint_unless_another_matter_is_meant(site: Site) -> None:
    """R-4.12, T-4: the menu's ticket and the agent's own would count one complaint twice."""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id)
    key = {"Idempotency-Key": str(uuid4())}
    first = await agent.post(f"/calls/{call}/tickets", FULL, headers=key)
    second = await agent.post(f"/calls/{call}/tickets", FULL)
    assert (second.status, second.code) == (409, "call_has_complaint")
    assert second.json["details"]["number"] == first.json["number"]
    again = await agent.post(f"/calls/{call}/tickets", FULL, headers=key)
    assert (again.status, again.json["number"]) == (201, first.json["number"])
    question = await agent.post(f"/calls/{call}/tickets", {**FULL, "asks_company_to_act": False})
    other = await agent.post(f"/calls/{call}/tickets", {**FULL, "another_matter": True})
    assert (question.status, other.status) == (201, 201)
    assert [each.json["nature"] for each in (question, other)] == ["non_complaint", "complaint"]


async def test_no_ticket_off_a_callback_says_it_came_from_one(site: Site) -> None:
    """T-2, R-2.2"""
    handler = await site.client(Role.HANDLER)
    reply = await handler.post("/tickets", {**FULL, "channel": "phone_inbound", "source": "callback"})
    assert (reply.status, reply.code) == (422, "ticket_not_admissible")


async def test_a_complaint_on_a_call_the_agent_made_came_by_telephone_outbound(site: Site) -> None:
    """R-2.1: telephone is one channel with two directions."""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=Direction.CLICK)
    made = (await agent.post(f"/calls/{call}/tickets", FULL)).json
    assert (made["nature"], made["counts"]) == ("complaint", True)
    assert (await agent.get(f"/tickets/{made['id']}")).json["channel"] == "phone_outbound"


async def test_a_customer_nobody_knows_is_not_silently_left_out(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    reply = await agent.post("/tickets", {**FULL, "channel": "letter", "customer_id": str(uuid4())})
    assert (reply.status, reply.code) == (422, "ticket_not_admissible")
    assert (await agent.get("/tickets")).json["items"] == []


@pytest.mark.parametrize("call", ["4f3a0cde-6b7c-4d0e-9a51-2c8f0f6d1b11", "019a94c2-3a40-7000-8000-000000000001"])
async def test_an_unknown_call_is_not_found(site: Site, call: str) -> None:
    """H14"""
    agent = await site.client(Role.AGENT)
    assert (await agent.post(f"/calls/{call}/tickets", FULL)).status == 404


async def test_another_organisations_call_and_ticket_are_not_found(site: Site) -> None:
    """H14, H2: as if they did not exist; the attempt is in the access log."""
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    assert stranger.user is not None
    call = await a_live_call(site, stranger.user.id)
    assert (await agent.post(f"/calls/{call}/tickets", FULL)).status == 404
    ticket = (await stranger.post(f"/calls/{call}/tickets", FULL)).json
    for path in (f"/tickets/{ticket['id']}", f"/tickets/{ticket['id']}/explain"):
        assert (await agent.get(path)).status == 404
    change = await agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "demand": "x"})
    assert change.status == 404
    assert (await agent.get("/tickets")).json["items"] == []
    async with site.database.connection() as conn:
        denied = await conn.fetchval(
            "SELECT count(*) FROM access_log WHERE verdict = 'deny' AND object_id = $1", str(ticket["id"])
        )
    assert denied == 3


async def test_whose_call_the_menus_ticket_hangs_on_may_complete_it(site: Site) -> None:
    """design.md §4.4: the caller opened it at headquarters' account; the agent who answers goes on with it."""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id)
    head = await site.client(Role.AGENT, where="hq")
    ticket = (await head.post(f"/calls/{call}/tickets", {})).json
    todo = (await agent.get("/tickets?todo=true")).json["items"]
    assert [t["id"] for t in todo] == [ticket["id"]]
    reply = await agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, **FULL})
    assert reply.status == 200, reply.body
    assert (reply.json["complete"], reply.json["owed"]) == (True, [])
    assert {c["kind"] for c in reply.json["clocks"] if c["in_time"]} == {"register", "acknowledge"}


async def test_a_ticket_is_a_todo_until_it_is_handed_on(site: Site) -> None:
    """design.md §4.4: it survives hang-up and log-out as a to-do."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent)
    assert [t["id"] for t in (await agent.get("/tickets?todo=true")).json["items"]] == [ticket["id"]]
    assert (await handler.get("/tickets?todo=true")).json["items"] == []
    assert (await acted(handler, ticket, "dispatch")).status == 200
    assert (await agent.get("/tickets?todo=true")).json["items"] == []


async def test_fifty_equal_requests_at_once_make_one_ticket(site: Site) -> None:
    """H9, INV-3"""
    agent = await site.client(Role.AGENT)
    call = await a_live_call(site)
    headers = {"Idempotency-Key": str(uuid4())}
    replies = await asyncio.gather(*(agent.post(f"/calls/{call}/tickets", FULL, headers=headers) for _ in range(50)))
    assert {r.status for r in replies} <= {201, 409}
    assert {r.json["number"] for r in replies if r.status == 201} == {"95519-20261118-000001"}
    again = await agent.post(f"/calls/{call}/tickets", FULL, headers=headers)
    assert (again.status, again.json["number"]) == (201, "95519-20261118-000001")
    other = await agent.post(f"/calls/{call}/tickets", {**FULL, "demand": "退保"}, headers=headers)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM ticket") == 1


async def test_a_repeat_does_not_wait_long_for_a_process_that_died_before_it_could_answer(site: Site) -> None:
    """F63, INV-3"""
    agent = await site.client(Role.AGENT)
    call = await a_live_call(site)
    headers = {"Idempotency-Key": str(uuid4())}
    await agent.post(f"/calls/{call}/tickets", FULL, headers=headers)
    async with site.database.connection() as conn:
        await conn.execute("UPDATE idempotency SET status = NULL, answer = NULL")
    again = await agent.post(f"/calls/{call}/tickets", FULL, headers=headers)
    assert (again.status, again.code) == (409, "idempotency_running")
    site.clock.advance(SPOOLED_LEASE + timedelta(milliseconds=1))
    again = await agent.post(f"/calls/{call}/tickets", FULL, headers=headers)
    assert (again.status, again.json["number"], again.json["repeated"]) == (201, "95519-20261118-000001", True)


@pytest.mark.parametrize(
    "text",
    ["𠮷野家", "'; DROP TABLE ticket; --", "<script>alert(1)</script>", "=HYPERLINK(1)", "\u202eabc", "a\u200bb"],
)
async def test_awkward_text_is_only_text(site: Site, text: str) -> None:
    """H11, H12"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, description=text)
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["description"] == text


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_text_that_cannot_be_stored_is_a_bad_request(site: Site, text: str) -> None:
    """H11"""
    agent = await site.client(Role.AGENT)
    reply = await agent.post("/tickets", {**FULL, "channel": "letter", "description": text})
    assert reply.status in (400, 422)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("first_day=0000-01-01", 400),
        ("first_day=9999-12-31", 400),
        ("first_day=2026-02-30", 400),
        ("first_day=2026-11-18T10:00:00", 400),
        ("first_day=2200-12-31&last_day=1900-01-01", 200),
        ("status=lost", 400),
        ("text=赔", 400),
        ("limit=-1", 400),
        ("limit=1000000000", 400),
        ("cursor=forged", 400),
        ("number=%25%25%25%25", 200),
        ("text=%25_%5C", 200),
    ],
)
async def test_awkward_filters_are_refused_or_inert(site: Site, query: str, status: int) -> None:
    """H13, H17, H18"""
    agent = await site.client(Role.AGENT)
    await opened(agent)
    reply = await agent.get(f"/tickets?{query}")
    assert reply.status == status, reply.body
    if status == 200:
        assert reply.json["items"] == []


async def test_two_people_on_one_ticket_one_wins_and_the_other_is_told_what_changed(site: Site) -> None:
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent)
    replies = await asyncio.gather(
        agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "demand": "退还保费"}),
        handler("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "description": "已核对保单"}),
    )
    assert sorted(r.status for r in replies) == [200, 409]
    loser = next(r for r in replies if r.status == 409)
    assert loser.code == "stale_version"
    [change] = loser.json["details"]["changed"]
    assert change["kind"] == "corrected"
    assert change["fields"] in (["demand"], ["description"])
    assert loser.json["details"]["version"] == 2


async def test_a_complaint_goes_all_the_way_and_every_step_is_in_its_history(site: Site) -> None:
    """R-4.1, R-4.4, R-4.18, R-4.22, R-4.27, R-4.31"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    coordinator = await of_department(site, "business_management", HOME)
    head = await of_department(site, "business_management", HOME, Role.DEPARTMENT_HEAD)
    ticket = await opened(agent)
    steps: list[tuple[Client, str, dict[str, Any]]] = [
        (agent, "acknowledge", {"note": "已寄来函确认书", "manner": "信函"}),
        (agent, "hand_over", {}),
        (handler, "dispatch", {}),
        (coordinator, "note", {"note": "已调取赔案"}),
        (coordinator, "handle", {"note": "同意赔付"}),
        (handler, "inform", {"manner": "电话", "accepted": True}),
        (handler, "determine", {"validity": "valid", "causes": ["claims"], "liability": "company"}),
        (head, "sign", {"note": "无异议"}),
        (handler, "close", {}),
    ]
    for client, action, said in steps:
        reply = await acted(client, ticket, action, **said)
        assert reply.status == 200, (action, reply.body)
    file = reply.json
    assert (file["status"], file["department"], file["validity"]) == ("closed", "business_management", "valid")
    assert [event["kind"] for event in file["events"]] == ["opened", *(action for _, action, _ in steps)]
    assert all(clock["in_time"] for clock in file["clocks"] if clock["kind"] != "archive")
    assert file["possible"] == ["archive", "overturn", "sign"]


@pytest.mark.parametrize("role", [Role.AGENT, Role.COORDINATOR, Role.INTEGRATOR])
@pytest.mark.parametrize("action", ["close", "determine", "dispatch"])
async def test_the_wrong_role_is_refused_and_nothing_changes(site: Site, role: Role, action: str) -> None:
    """R-4.33, T-6"""
    ticket = await opened(await site.client(Role.AGENT))
    reply = await acted(await site.client(role), ticket, action)
    assert (reply.status, reply.code) == (403, "forbidden")
    assert (await (await site.client(role)).get(f"/tickets/{ticket['id']}")).json["version"] == 1


async def test_a_refusal_names_rule_status_and_action_in_the_readers_language(site: Site) -> None:
    """R-4.1, R-3.23"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    reply = await acted(handler, ticket, "close")
    assert (reply.status, reply.code, reply.json["detail"]) == (409, "ticket_illegal_move", "已记录的服务单不能结案")
    assert reply.json["details"]["status"] == "recorded"
    assert reply.json["details"]["action"] == "close"
    reply = await handler.post(
        f"/tickets/{ticket['id']}/actions/note", {"version": 1}, headers={"Accept-Language": "en"}
    )
    assert (reply.code, reply.json["rules"]) == ("ticket_move_refused", ["R-4.7"])
    assert reply.json["detail"] == "what is not written in the order did not happen"


async def test_another_organisation_may_not_close_what_this_one_accepted(site: Site) -> None:
    """R-4.31, R-4.32: the province looks on, unless the regulator forwarded the case."""
    city, province = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where="gd")
    for source, refused, rule in (("direct", province, "R-4.31"), ("regulator", city, "R-4.32")):
        ticket = await opened(city, source=source)
        reply = await acted(refused, ticket, "determine", validity="valid", causes=["claims"])
        assert (reply.status, reply.json["rules"][0]) == (409, rule)


async def test_what_a_b_counter_accepts_the_a_counter_beside_it_closes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-3.33, F-7: the A counter of the area finds it and has the power; one elsewhere does not find it."""
    async with site.database.transaction() as conn:
        for id, kind, parent in (("gd-gz-b", "counter_b", "gd-gz"), ("sc-cd-a", "counter_a", "sc-cd")):
            path = f"{PATHS[parent]}{id}/"
            await accounts.add_organisation(conn, Organisation(id, kind, parent, id, path))  # type: ignore[arg-type]
            monkeypatch.setitem(PATHS, id, path)
    b, a = await site.client(Role.HANDLER, where="gd-gz-b"), await site.client(Role.HANDLER, where="gd-gz-a")
    elsewhere = await site.client(Role.HANDLER, where="sc-cd-a")
    ticket = await opened(b, restated_and_confirmed=True)
    path = f"/tickets/{ticket['id']}"
    assert [each["id"] for each in (await a.get("/tickets")).json["items"]] == [ticket["id"]]
    assert (await elsewhere.get("/tickets")).json["items"] == []
    assert (await elsewhere.get(path)).status == 404
    valid = {"validity": "valid", "causes": ["claims"]}
    refused = await acted(b, ticket, "determine", **valid)
    assert (refused.status, refused.json["rules"]) == (409, ["R-3.33", "F-7"])
    for client, action, said in [
        (b, "acknowledge", {"note": "已寄来函确认书", "manner": "letter"}),
        (b, "settle", {"note": "当场解决"}),
        (b, "inform", {"manner": "电话", "accepted": True}),
        (a, "determine", valid),
        (await of_department(site, "business_management", HOME, Role.DEPARTMENT_HEAD), "sign", {}),
        (a, "close", {}),
    ]:
        reply = await acted(client, ticket, action, **said)
        assert reply.status == 200, (action, reply.body)
    own = await opened(a)
    assert (await b.get(f"/tickets/{own['id']}")).status == 404


async def test_another_severity_needs_a_reason_and_moves_the_deadline_from_receipt(site: Site) -> None:
    """F-18, L-12, CL-3"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    site.clock.advance(timedelta(days=1))
    handler = await fresh(site, Role.HANDLER)
    path = f"/tickets/{ticket['id']}"
    reply = await handler("PATCH", path, json={"version": 1, "severity": "difficult"})
    assert (reply.status, reply.json["rules"]) == (422, ["F-18"])
    reply = await handler("PATCH", path, json={"version": 1, "severity": "difficult", "reason": "需上级批复"})
    assert reply.json["due_day"] == "2026-12-02"
    decide = next(c for c in reply.json["clocks"] if c["kind"] == "decide_inform")
    assert (decide["internal_due"], decide["statutory_due"]) == ("2026-12-02", "2026-12-03")


@pytest.mark.parametrize("who", ["agent", "public"])
async def test_a_grievance_of_no_customer_leaves_the_figures_by_the_complaint_posts_word_and_reason(
    site: Site, who: str
) -> None:
    """F-37, R-1.1: and comes back the same way; nobody else takes a complaint out of the figures."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent)
    path, change = f"/tickets/{ticket['id']}", {"version": 1, "complainant_type": who}
    reply = await agent("PATCH", path, json={**change, "reason": "客户自称"})
    assert (reply.status, reply.code) == (403, "ticket_complaint_post_only")
    assert (reply.json["rules"], reply.json["detail"]) == (
        ["F-37", "R-1.1"],
        "改变投诉人身份会影响计件,须由投诉岗更正",
    )
    reply = await handler("PATCH", path, json={**change, "reason": " "})
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (422, "#/body/complainant_type")
    assert (await agent.get(path)).json["pieces"] == 1
    reply = await handler("PATCH", path, json={**change, "reason": "工号核实为本公司业务员"})
    assert (reply.json["occurrences"], reply.json["pieces"]) == (0, 0)
    assert reply.json["events"][-1]["details"]["reason"] == "工号核实为本公司业务员"
    back = {"version": 2, "complainant_type": "customer", "reason": "保单核实"}
    assert (await agent("PATCH", path, json=back)).status == 403
    assert (await handler("PATCH", path, json=back)).json["pieces"] == 1


async def test_what_moves_no_figure_anybody_who_may_edit_completes(site: Site) -> None:
    """R-1.1: from unknown to customer; on what is passed on, and on a finding, nothing counts anyway (R-1.3, D-8)."""
    agent = await site.client(Role.AGENT)
    unknown = await opened(agent, complainant_type="unknown")
    passed_on = await opened(agent, asks_company_to_act=False)
    for ticket, who in ((unknown, "applicant"), (passed_on, "public")):
        reply = await agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "complainant_type": who})
        assert reply.status == 200, reply.body


@pytest.mark.parametrize(
    ("severity", "another", "status", "rules"),
    [
        ("general", "difficult", 200, None),
        ("general", "major", 200, None),
        ("difficult", "major", 200, None),
        ("major", "general", 403, ["F-18", "F-47"]),
        ("major", "difficult", 403, ["F-18", "F-47"]),
        ("difficult", "general", 403, ["F-18", "F-47"]),
    ],
)
async def test_the_receiver_proposes_a_severity_and_alone_makes_it_only_graver(
    site: Site, severity: str, another: str, status: int, rules: list[str] | None
) -> None:
    """F-18, F-47"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    path = f"/tickets/{(await opened(agent, severity=severity))['id']}"
    change = {"version": 1, "severity": another, "reason": "客户补充情况"}
    reply = await agent("PATCH", path, json=change)
    assert (reply.status, reply.json.get("rules")) == (status, rules)
    if status == 403:
        alone = await handler("PATCH", path, json=change)
        assert (alone.status, alone.json["rules"]) == (409, ["F-47", "F-18"])
        return
    assert (reply.json["severity"], reply.json["events"][-1]["details"]["reason"]) == (another, "客户补充情况")


@pytest.mark.parametrize("how", ["by naming it", "by dispatching", "by determining"])
async def test_what_the_complaint_post_confirmed_the_receiver_does_not_change(site: Site, how: str) -> None:
    """F-18"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent)
    path = f"/tickets/{ticket['id']}"
    assert (await agent.get(path)).json["severity_confirmed_at"] is None
    if how == "by naming it":
        reply = await handler("PATCH", path, json={"version": 1, "severity": "general"})
    elif how == "by dispatching":
        reply = await acted(handler, ticket, "dispatch")
    else:
        reply = await acted(handler, ticket, "determine", validity="valid", causes=["claims"])
    assert handler.user is not None
    assert (reply.status, reply.json["severity_confirmed_by"]) == (200, f"user:{handler.user.id}"), reply.body
    change = {"version": 2, "severity": "major", "reason": "媒体关注"}
    assert (await agent("PATCH", path, json=change)).json["rules"] == ["F-18"]
    assert (await handler("PATCH", path, json=change)).json["severity"] == "major"


@pytest.mark.parametrize(
    ("who", "counts"), [("customer", True), ("unknown", True), ("agent", False), ("public", False)]
)
async def test_the_answer_says_counted_only_of_what_is(site: Site, who: str, counts: bool) -> None:
    """F-37: the answer, the explanation and the figure agree."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, complainant_type=who)
    assert ticket["counts"] is counts
    assert (await handler.get(f"/tickets/{ticket['id']}/explain")).json["counts"] is counts
    figures = await handler.get("/statistics/complaints?first_day=2026-11-18&last_day=2026-11-18")
    assert figures.json["figures"]["occurrences"] == int(counts)


async def test_a_closed_ticket_is_not_changed(site: Site) -> None:
    """B-2: nor does a further call hang on it; one that hangs on it already may be asked for again."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, restated_and_confirmed=False)
    path, earlier, later = f"/tickets/{ticket['id']}/calls", await a_live_call(site), await a_live_call(site, serial=2)
    assert (await handler.post(path, {"call_id": str(earlier)})).status == 200
    for action, said in [
        ("acknowledge", {"note": "已寄来函确认书", "manner": "letter"}),
        ("settle", {"note": "当场解决"}),
        ("inform", {"manner": "电话", "accepted": True}),
        ("determine", {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音"}),
        ("close", {}),
    ]:
        assert (await acted(handler, ticket, action, **said)).status == 200
    reply = await handler("PATCH", f"/tickets/{ticket['id']}", json={"version": 6, "demand": "x"})
    assert (reply.status, reply.json["rules"]) == (409, ["B-2"])
    refused = await handler.post(path, {"call_id": str(later)})
    assert (refused.status, refused.json["rules"], refused.json["details"]["action"]) == (409, ["B-2"], "link_call")
    again = await handler.post(path, {"call_id": str(earlier)})
    assert (again.status, [call["call_id"] for call in again.json["calls"]]) == (200, [str(earlier)])


async def test_the_explanation_shows_why_and_every_day_of_the_arithmetic(site: Site) -> None:
    """CL-1, CL-3, D-1, T-4"""
    site.clock.set(datetime(2025, 9, 30, 2, tzinfo=UTC))
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, severity="major")
    explained = (await handler.get(f"/tickets/{ticket['id']}/explain")).json
    assert (explained["counts"], explained["pieces"]) == (True, 1)
    decide = next(c for c in explained["clocks"] if c["kind"] == "decide_inform")
    assert (decide["due_day"], decide["rules"][0]) == ("2025-10-15", "L-14")
    internal, statutory = decide["limits"]
    assert (internal["limit"], internal["due"]) == ("L-13", "2025-10-21")
    assert [d["number"] for d in statutory["days"]] == list(range(16))
    eighth = next(d for d in internal["days"] if d["day"] == "2025-10-08")
    assert (eighth["kind"], eighth["number"]) == ("holiday", None)


async def test_a_finding_explains_why_it_does_not_count(site: Site) -> None:
    """T-1, R-2.5"""
    agent = await site.client(Role.CALLBACK_AGENT)
    assert agent.user is not None
    call = await a_live_call(site, agent.user.id, direction=Direction.CALLBACK)
    finding = (await agent.post(f"/calls/{call}/tickets", {**FULL, "heard": {**HEARD, "intention": "unclear"}})).json
    explained = (await agent.get(f"/tickets/{finding['id']}/explain")).json
    assert (explained["counts"], explained["exclusion"]) == (False, "callback_finding")
    assert {"F-13", "R-2.3", "R-2.5", "L-31", "D-6"} <= {r["rule"] for r in explained["reasons"]}
    assert explained["heard"] == {**HEARD, "intention": "unclear"}


async def test_a_list_is_paged_without_loss_and_filtered(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    made = [(await opened(agent, demand=f"诉求{n}", category="claims" if n % 2 else "sms"))["id"] for n in range(7)]
    seen: list[str] = []
    path = "/tickets?limit=3"
    while True:
        reply = await agent.get(path)
        assert reply.status == 200, reply.body
        page = reply.json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/tickets?limit=3&cursor={page['next']}"
    assert sorted(seen) == sorted(made)
    assert len(seen) == len(set(seen))
    assert len((await agent.get("/tickets?category=sms")).json["items"]) == 4
    assert len((await agent.get("/tickets?status=recorded,closed")).json["items"]) == 7
    assert (await agent.get("/tickets?status=closed")).json["items"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=三十天", 1),
        ("text=天三", 0),
        ("text=赔付", 1),
        ("text=小明", 1),
        ("number=95519-20261118-0000", 1),
        ("number=95519-20261119", 0),
        ("phone=13900000001", 1),
        ("phone=%2B86 139-0000-0001", 1),
        ("first_day=2026-11-18&last_day=2026-11-18", 1),
        ("last_day=2026-11-17", 0),
        ("organisation=gd-gz-a", 0),
        ("organisation=gd-gz", 1),
        ("overdue=true", 0),
    ],
)
async def test_tickets_are_found_by_words_number_telephone_and_day(site: Site, query: str, found: int) -> None:
    agent = await site.client(Role.AGENT)
    await opened(agent)
    reply = await agent.get(f"/tickets?{query}")
    assert reply.status == 200, reply.body
    assert len(reply.json["items"]) == found


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("169 0000 1234", "16900001234"),
        ("+86 (020) 8765-4321", "02087654321"),
        ("１６９００００１２３４", "16900001234"),
        ("87654321 转 805", "87654321 转 805"),
        ("1.69E+10", "1.69E+10"),
    ],
)
async def test_a_telephone_is_kept_in_its_one_form_and_found_in_any(site: Site, typed: str, kept: str) -> None:
    """What has no such form stays as it was typed, and is found as it was typed."""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, complainant_phone=typed)
    blank = await opened(agent, complainant_phone=None)
    path = f"/tickets/{blank['id']}"
    assert (await agent("PATCH", path, json={"version": 1, "complainant_phone": typed})).status == 200
    for id in (ticket["id"], blank["id"]):
        assert (await agent.get(f"/tickets/{id}")).json["complainant_phone"] == kept
    for spelling in (typed, kept):
        assert len((await agent.get("/tickets", params={"phone": spelling})).json["items"]) == 2


async def test_who_rings_about_a_ticket_is_known_however_the_number_was_typed(site: Site) -> None:
    """F-9: the greeting finds the open ticket by the caller's number."""
    agent = await site.client(Role.AGENT)
    await opened(agent, complainant_phone="169-0000-1234")
    desk = FrontDesk(site.database, site.clock, site.app[COMPLAINTS])
    caller = Caller("hl1-1795000000.1", "PJSIP/trunk-main-1", "+8616900001234", "", "95519", "zh")
    assert (await desk.welcome(caller)).priority == OPEN_TICKET_PRIORITY


async def test_a_ticket_past_its_deadline_is_in_the_overdue_list(site: Site) -> None:
    """L-11"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    site.clock.set(datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC))
    handler = await fresh(site, Role.HANDLER)
    assert (await handler.get("/tickets?overdue=true")).json["items"] == []
    site.clock.advance(timedelta(seconds=1))
    late = (await handler.get("/tickets?overdue=true")).json["items"]
    assert [(t["id"], t["due_day"], t["in_time"]) for t in late] == [(ticket["id"], "2026-11-25", False)]


async def test_a_list_comes_as_csv_with_inert_formulas(site: Site) -> None:
    """H12"""
    handler = await site.client(Role.HANDLER)
    await opened(handler, complainant_name="=1+1")
    reply = await handler.get("/tickets?purpose=月报", headers={"Accept": "text/csv"})
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
    assert rows[0]["服务单号"] == "95519-20261118-000001"
    assert not rows[0]["投诉人"].startswith("=")


async def test_candidates_are_shown_with_what_they_match_and_none_is_picked(site: Site) -> None:
    """Issue 2.6: found by number, policy or name; a person decides."""
    wang, twin = a_customer("王小明", "13900000001"), a_customer("王小明", "13900000001")
    await settle(site.database, (wang, [a_policy(wang, "P2026000001")]), (twin, []))
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, policy_number="P2026000001")
    items = (await agent.get(f"/tickets/{ticket['id']}/candidates")).json["items"]
    assert [(i["id"], i["matched"]) for i in items] == [
        (str(wang.id), ["name", "number", "policy"]),
        (str(twin.id), ["name", "number"]),
    ]
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["customer_id"] is None
    path = f"/tickets/{ticket['id']}"
    chosen = await agent("PATCH", path, json={"version": 1, "customer_id": str(wang.id)})
    assert chosen.json["customer_id"] == str(wang.id)
    unknown = await agent("PATCH", path, json={"version": 2, "customer_id": str(uuid4())})
    assert (unknown.status, unknown.code) == (422, "ticket_not_admissible")


async def test_a_ticket_that_tells_nothing_has_no_candidates(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    ticket = (await agent.post("/tickets", {"channel": "letter", "anonymous": True})).json
    assert (await agent.get(f"/tickets/{ticket['id']}/candidates")).json["items"] == []


async def test_further_calls_hang_on_a_ticket_once_and_not_without_end(site: Site) -> None:
    """H14"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    call = await a_live_call(site)
    for _ in range(2):
        reply = await agent.post(f"/tickets/{ticket['id']}/calls", {"call_id": str(call)})
        assert [c["call_id"] for c in reply.json["calls"]] == [str(call)]
        assert [event["kind"] for event in reply.json["events"]] == ["opened", "call_linked"]
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'ticket.call_linked'") == 1
    async with site.database.transaction() as conn:
        await conn.executemany(
            "INSERT INTO ticket_call VALUES ($1, $2, false, NULL, $3)",
            [(UUID(ticket["id"]), uuid4(), NOON) for _ in range(199)],
        )
    more = await a_live_call(site, serial=2)
    reply = await agent.post(f"/tickets/{ticket['id']}/calls", {"call_id": str(more)})
    assert (reply.status, reply.code) == (409, "ticket_too_many_calls")
    assert (await agent.post(f"/tickets/{ticket['id']}/calls", {"call_id": str(uuid4())})).status == 404


async def test_reading_a_ticket_is_in_the_access_log(site: Site) -> None:
    """T-6"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    await agent.get(f"/tickets/{ticket['id']}")
    async with site.database.connection() as conn:
        row = await conn.fetchrow("SELECT actor, verdict FROM access_log WHERE object_id = $1", ticket["id"])
    assert row is not None
    assert agent.user is not None
    assert (row["actor"], row["verdict"]) == (f"user:{agent.user.id}", "allow")


def test_home_is_a_city() -> None:
    """The tests above rest on it: a city closes what it accepts (R-4.31)."""
    assert HOME == "gd-gz"
