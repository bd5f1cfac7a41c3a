"""Reviews through the interface: asked for above, by whom, until when; supervision and cases that go back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, Client, Reply, Site

pytestmark = pytest.mark.service

ASK = {"reason": "对赔付金额有异议"}


async def informed(site: Site, where: str = HOME, *, close: bool = True, **changes: Any) -> Any:
    """A complaint whose decision the customer was told, and that was closed."""
    handler = await site.client(Role.HANDLER, where=where)
    ticket = await opened(handler, **changes)
    steps: list[tuple[str, dict[str, Any]]] = [
        ("settle", {"note": "同意赔付"}),
        ("inform", {"manner": "电话", "accepted": True}),
        ("determine", {"validity": "valid", "causes": ["claims"], "liability": "none"}),
        *([("close", dict[str, Any]())] if close else []),
    ]
    for action, said in steps:
        reply = await acted(handler, ticket, action, **said)
        assert reply.status == 200, reply.body
    return ticket


async def asked(client: Client, ticket: Any, **changes: Any) -> Any:
    reply = await client.post(f"/tickets/{ticket['id']}/review-requests", {**ASK, **changes})
    assert reply.status == 201, reply.body
    return reply.json


async def tried(client: Client, review: Any, action: str, **said: Any) -> Reply:
    path = f"/review-requests/{review['id']}/actions/{action}"
    return await client.post(path, {"version": review["version"], **said})


async def done(client: Client, review: Any, action: str, **said: Any) -> Any:
    reply = await tried(client, review, action, **said)
    assert reply.status == 200, reply.body
    return reply.json


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.json.get("rules")) == (409, list(rules)), reply.body


def clocks(file: Any) -> list[tuple[str, bool | None, str | None]]:
    kept = [clock for clock in file["clocks"] if clock["kind"] == "review"]
    return [(clock["due_day"], clock["in_time"], clock["voided_why"]) for clock in kept]


async def test_the_province_reviews_a_citys_decision_and_tells_within_thirty_days(site: Site) -> None:
    """L-29, N-7, CL-8, B-2: the ticket stays closed, and its version as it was."""
    ticket, handler = await informed(site), await site.client(Role.HANDLER)
    version = (await handler.get(f"/tickets/{ticket['id']}")).json["version"]
    review = await asked(handler, ticket)
    assert (review["organisation_id"], review["state"], review["late"]) == ("gd", "asked", False)
    assert (review["until_day"], review["due_day"]) == ("2026-12-18", "2026-12-18")
    refused(await tried(handler, review, "take"), "L-29", "N-7")
    reviewer = await site.client(Role.HANDLER, where="gd")
    assert reviewer.user is not None
    review = await done(reviewer, review, "take")
    assert review["assignee_id"] == str(reviewer.user.id)
    refused(await tried(reviewer, review, "tell", means="posted", proof="XA1"), "L-29")
    refused(await tried(reviewer, review, "decide", outcome="changed"), "L-29", "R-4.7")
    review = await done(reviewer, review, "decide", outcome="changed", opinion="按条款补付差额")
    refused(await tried(reviewer, review, "tell", means="posted"), "L-29", "CL-8")
    review = await done(reviewer, review, "tell", means="posted", proof="挂号信 XA2")
    assert (review["state"], review["outcome"], review["possible"]) == ("told", "changed", [])
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert (file["status"], file["version"]) == ("closed", version)
    assert clocks(file) == [("2026-12-18", True, None)]
    kinds = [event["kind"] for event in file["events"]]
    assert kinds[-4:] == ["review_asked", "review_taken", "review_decided", "review_told"]
    refused(await handler.post(f"/tickets/{ticket['id']}/review-requests", ASK), "L-29")
    above = await asked(handler, ticket, organisation="hq")
    assert above["organisation_id"] == "hq"


async def test_a_late_request_is_refused_with_the_rule_or_taken_with_a_reason(site: Site) -> None:
    """L-29, CL-2: the review itself has its thirty days all the same."""
    ticket = await informed(site)
    site.clock.advance(timedelta(days=31))
    handler = await fresh(site, Role.HANDLER)
    reply = await handler.post(f"/tickets/{ticket['id']}/review-requests", ASK)
    refused(reply, "L-29", "CL-2")
    assert reply.json["details"]["until"] == "2026-12-18"
    assert clocks((await handler.get(f"/tickets/{ticket['id']}")).json) == []
    received = (site.clock.now() - timedelta(days=29)).isoformat()
    in_time = await asked(handler, ticket, received_at=received)
    assert (in_time["late"], in_time["until_day"]) == (False, "2026-12-21")
    late = await asked(handler, ticket, organisation="hq", late_reason="客户住院，不能按期申请")
    assert (late["late"], late["until_day"], late["due_day"]) == (True, "2026-12-18", "2027-01-18")
    rows = (await handler.get("/review-requests?late=true")).json["items"]
    assert [row["id"] for row in rows] == [late["id"]]


async def test_a_review_not_told_in_time_is_overdue_and_one_withdrawn_is_not(site: Site) -> None:
    """L-29"""
    first, second = await informed(site), await informed(site)
    handler = await site.client(Role.HANDLER)
    one, other = await asked(handler, first), await asked(handler, second)
    refused(await tried(handler, other, "withdraw"), "L-29", "R-4.7")
    await done(handler, other, "withdraw", why="客户接受解释")
    site.clock.advance(timedelta(days=40))
    reviewer = await fresh(site, Role.HANDLER, "gd")
    overdue = (await reviewer.get("/review-requests?overdue=true")).json["items"]
    assert [(row["id"], row["overdue"]) for row in overdue] == [(one["id"], True)]
    one = await done(reviewer, one, "decide", outcome="upheld", opinion="原处理正确")
    await done(reviewer, one, "tell", means="emailed", proof="邮件已送达")
    assert [clocks((await reviewer.get(f"/tickets/{each['id']}")).json) for each in (first, second)] == [
        [("2026-12-18", False, None)],
        [("2026-12-18", None, "withdrawn")],
    ]


async def test_who_handled_the_case_does_not_review_it_and_headquarters_decision_has_nobody_above(site: Site) -> None:
    """N-7, L-29, R-4.32: what was forwarded the province decided, and headquarters reviews it."""
    ticket = await informed(site)
    province = await site.client(Role.HANDLER, where="gd")
    assert (await acted(province, await informed(site, close=False), "note", note="指导意见")).status == 200
    review = await asked(province, ticket)
    assert (await tried(province, review, "take")).status == 200
    touched = await informed(site, close=False)
    assert (await acted(province, touched, "note", note="已协助核实")).status == 200
    review = await asked(province, touched)
    refused(await tried(province, review, "decide", outcome="upheld", opinion="x"), "N-7", "L-29")
    other = await site.client(Role.HANDLER, Role.COORDINATOR, where="gd")
    await done(other, review, "decide", outcome="upheld", opinion="原处理正确")
    top = await informed(site, "hq")
    refused(
        await (await site.client(Role.HANDLER, where="hq")).post(f"/tickets/{top['id']}/review-requests", ASK), "L-29"
    )


async def test_a_review_may_return_the_case_and_the_city_reports_what_it_found(site: Site) -> None:
    """L-29, R-3.20, B-2"""
    ticket, handler = await informed(site), await site.client(Role.HANDLER)
    reviewer, review = await site.client(Role.HANDLER, where="gd"), await asked(handler, ticket)
    said = {"outcome": "returned", "opinion": "请核实住院清单"}
    refused(await tried(reviewer, review, "decide", **said), "R-3.20")
    await done(reviewer, review, "decide", **said, due_day="2026-11-28")
    [case] = (await handler.get("/reinvestigations?mine=true")).json["items"]
    assert (case["returned_to"], case["ground"], case["guidance"]) == (HOME, "review", "请核实住院清单")
    path = f"/reinvestigations/{case['id']}/actions"
    refused(await reviewer.post(f"{path}/report", {"version": 1, "said": "x"}), "R-3.20")
    refused(await handler.post(f"{path}/report", {"version": 1}), "R-3.20", "R-4.7")
    assert (await handler.post(f"{path}/report", {"version": 1, "said": "清单有误"})).status == 200
    again = {"version": 2, "said": "仍须补充病历", "due_day": "2026-12-05"}
    case = (await reviewer.post(f"{path}/return_again", again)).json
    assert (case["state"], case["due_day"], case["guidance"]) == ("returned", "2026-12-05", "仍须补充病历")
    site.clock.advance(timedelta(days=20))
    handler, reviewer = await fresh(site, Role.HANDLER), await site.client(Role.HANDLER, where="gd")
    assert [row["overdue"] for row in (await handler.get("/reinvestigations?overdue=true")).json["items"]] == [True]
    await handler.post(f"{path}/report", {"version": 3, "said": "病历已补"})
    refused(await handler.post(f"{path}/conclude", {"version": 4, "said": "同意"}), "R-3.20")
    case = (await reviewer.post(f"{path}/conclude", {"version": 4, "said": "应补付差额"})).json
    assert (case["state"], case["possible"]) == ("concluded", [])
    assert (await handler.get(f"/tickets/{ticket['id']}")).json["status"] == "closed"


async def test_the_province_supervises_what_differs_and_returns_it_with_a_guiding_opinion(site: Site) -> None:
    """R-3.14, R-3.20"""
    ticket, plain = await informed(site), await informed(site)
    city, province = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where="gd")
    back = {"ground": "findings_differ", "guidance": "请核实签名笔迹", "due_day": "2026-11-30"}
    path = f"/tickets/{ticket['id']}"
    refused(await province.post(f"{path}/reinvestigations", back), "R-3.14", "R-3.20")
    refused(await city.post(f"{path}/supervision", {"reason": "差异较大"}), "R-3.14", "R-3.20")
    marked = await province.post(f"{path}/supervision", {"reason": "客户称代签名，调查称本人签名"})
    assert (marked.status, marked.json["grounds"]) == (200, ["findings_differ"])
    refused(await province.post(f"{path}/supervision", {"reason": "差异较大"}), "R-3.14")
    refused(await city.post(f"{path}/reinvestigations", back), "R-3.14", "R-3.20")
    refused(await province.post(f"{path}/reinvestigations", {**back, "ground": "repeat"}), "R-3.14", "R-3.20")
    refused(await province.post(f"{path}/reinvestigations", {**back, "due_day": "2026-11-01"}), "R-3.20")
    refused(await province.post(f"{path}/reinvestigations", {**back, "returned_to": ELSEWHERE}), "R-3.20")
    case = await province.post(f"{path}/reinvestigations", back)
    assert (case.status, case.json["returned_to"]) == (201, HOME)
    refused(await province.post(f"{path}/reinvestigations", back), "R-3.20")
    items = (await province.get("/supervision?ground=findings_differ")).json["items"]
    assert [(item["id"], item["reinvestigation_state"]) for item in items] == [(ticket["id"], "returned")]
    assert (await province.get("/supervision?returned=false")).json["items"] == []
    assert plain["id"] not in [item["id"] for item in (await province.get("/supervision")).json["items"]]
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.get("/supervision")).json["items"] == []
    assert (await stranger.get(f"{path}/reviews")).status == 404


async def test_repeats_and_escalations_are_supervised_without_a_mark(site: Site) -> None:
    """R-3.14"""
    root, *tickets = [await informed(site) for _ in range(3)]
    update = """UPDATE ticket SET relation = $2, pieces = $3, severity = 'difficult', gravity = 'difficult',
        external = ($2 = 'escalation'),
        matter_id = (SELECT matter_id FROM ticket WHERE id = $4) WHERE id = $1"""
    async with site.database.transaction() as conn:
        for ticket, relation, pieces in zip(tickets, ("repeat", "escalation"), (0, 1), strict=True):
            await conn.execute(update, ticket["id"], relation, pieces, root["id"])
            await conn.execute("DELETE FROM matter WHERE root_ticket_id = $1", ticket["id"])
    province = await site.client(Role.HANDLER, where="gd")
    first = (await province.get("/supervision?limit=1")).json
    second = (await province.get(f"/supervision?limit=1&cursor={first['next']}")).json
    found = [item["relation"] for item in first["items"] + second["items"]]
    assert (sorted(found), second["next"]) == (["escalation", "repeat"], None)
    [repeat] = (await province.get("/supervision?ground=repeat")).json["items"]
    assert repeat["id"] == tickets[0]["id"]
    back = {"ground": "repeat", "guidance": "请重新核实", "due_day": "2026-11-30"}
    assert (await province.post(f"/tickets/{repeat['id']}/reinvestigations", back)).status == 201


async def test_of_two_reviewers_one_decides_and_the_other_is_told(site: Site) -> None:
    """L-29"""
    ticket = await informed(site)
    one = await site.client(Role.HANDLER, where="gd")
    other = await site.client(Role.HANDLER, Role.COORDINATOR, where="gd")
    review = await asked(one, ticket)
    replies = await asyncio.gather(
        tried(one, review, "decide", outcome="upheld", opinion="维持"),
        tried(other, review, "decide", outcome="changed", opinion="变更"),
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    loser = next(reply for reply in replies if reply.status == 409)
    assert (loser.code, loser.json["details"]["changed"][0]["kind"]) == ("stale_version", "decided")
    pair = await asyncio.gather(
        *(one.post(f"/tickets/{ticket['id']}/review-requests", {**ASK, "organisation": "hq"}) for _ in range(2))
    )
    assert sorted(reply.status for reply in pair) == [201, 409]


async def test_a_request_that_is_none_is_refused(site: Site) -> None:
    """L-29, H2: not told yet, by word of mouth, to nobody above, on no complaint, out of reach."""
    handler = await site.client(Role.HANDLER)
    open_ticket = await opened(handler)
    path = f"/tickets/{open_ticket['id']}/review-requests"
    refused(await handler.post(path, ASK), "L-29")
    ticket = await informed(site)
    path = f"/tickets/{ticket['id']}/review-requests"
    for body in ({"in_writing": False}, {"organisation": HOME}, {"organisation": "sc"}, {"organisation": "nowhere"}):
        refused(await handler.post(path, {**ASK, **body}), "L-29")
    passed_on = await opened(handler, asks_company_to_act=False)
    refused(await handler.post(f"/tickets/{passed_on['id']}/review-requests", ASK), "L-29")
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    reply = await stranger.post(path, ASK)
    assert (reply.status, reply.code) == (404, "not_found")
    review = await asked(handler, ticket)
    assert (await stranger.get(f"/review-requests/{review['id']}")).status == 404
    assert (await tried(stranger, review, "take")).status == 404
    auditor = await site.client(Role.AUDITOR)
    assert (await auditor.get(f"/review-requests/{review['id']}")).status == 200
