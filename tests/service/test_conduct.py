"""What follows from complaints: people held to account, third parties, the published guide, leading groups."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle
from tests.service.orders import opened
from tests.service.site import HOME, Site
from tests.service.walk import of_department, walk
from tickets.categories import Department
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

BY_SALES = {"validity": "valid", "causes": ["solicitation"], "liability": "sales"}


async def a_valid_case(site: Site, **found: Any) -> Any:
    ticket = await opened(await site.client(Role.HANDLER), category="solicitation")
    return await walk(site, ticket["id"], Status.CLOSED, determined={**BY_SALES, **found})


async def test_staff_are_held_to_account_by_two_people_and_pay_and_promotion_can_see_it(site: Site) -> None:
    """B-10, F-48, T-6: only after somebody was found at fault; the act stands in the ticket's history."""
    supervisor = await site.client(Role.SUPERVISOR)
    head = await of_department(site, "sales", HOME, Role.DEPARTMENT_HEAD)
    assert head.user is not None
    open_ = await opened(await site.client(Role.HANDLER), category="solicitation")
    body = {"person": "钱某(业务员)", "breach": "代签名", "measure": "deduction", "basis": "销售人员管理办法第八条"}
    early = await supervisor.post(f"/tickets/{open_['id']}/accountabilities", body)
    assert (early.status, early.code, early.json["rules"]) == (409, "accountability_refused", ["B-10", "F-1"])
    case = await a_valid_case(site)
    path = f"/tickets/{case['id']}/accountabilities"
    salesperson = await supervisor.post(path, body)
    assert (salesperson.status, salesperson.json["weighs"]) == (201, True), salesperson.body
    concerned = await supervisor.post(path, {**body, "person": "", "user_id": str(head.user.id), "measure": "training"})
    assert (concerned.json["person"], concerned.json["organisation_id"]) == (head.user.name, HOME)
    decision = {"version": 1, "remark": "情况属实"}
    decide = f"/accountabilities/{salesperson.json['id']}/actions/decide"
    assert (await supervisor.post(decide, decision)).code == "accountability_refused"
    assert (await head.post(f"/accountabilities/{concerned.json['id']}/actions/drop", decision)).status == 409
    decided = await head.post(decide, decision)
    assert (decided.json["state"], decided.json["decided_by"]) == ("decided", f"user:{head.user.id}")
    assert (await head.post(decide, decision)).code == "stale_version"
    done = await supervisor.post(f"/accountabilities/{salesperson.json['id']}/actions/carry_out", {"version": 2})
    assert done.json["state"] == "carried_out"
    auditor = await site.client(Role.AUDITOR, where="hq")
    weighing = (await auditor.get("/accountabilities?weighs=true")).json["items"]
    assert [each["person"] for each in weighing] == ["钱某(业务员)"]
    assert (await (await site.client(Role.HANDLER)).get("/accountabilities")).status == 403
    elsewhere = await site.client(Role.SUPERVISOR, where="sc")
    assert (await elsewhere.get("/accountabilities")).json["items"] == []
    told = [event["kind"] for event in (await auditor.get(f"/tickets/{case['id']}")).json["events"]]
    assert told[-4:] == ["accountability_proposed"] * 2 + ["accountability_decided", "accountability_carried_out"]


async def test_a_third_party_cooperates_is_scored_and_leaves_by_its_scores(site: Site) -> None:
    """N-3"""
    admin, handler = await site.client(Role.ADMIN, where="hq"), await site.client(Role.HANDLER)
    bank = await admin.post("/third-parties", {"name": "某银行广州分行", "kind": "bank", "organisation_id": HOME})
    assert (bank.status, bank.json["mean"]) == (201, None), bank.body
    again = {"name": "某银行广州分行", "kind": "bank", "organisation_id": HOME}
    assert (await admin.post("/third-parties", again)).code == "conflict"
    ticket = await opened(handler)
    path = f"/tickets/{ticket['id']}/third-party-requests"
    asked = {"third_party_id": bank.json["id"], "request": "提供双录资料", "due_day": "2026-11-20"}
    first, second = await handler.post(path, asked), await handler.post(path, asked)
    assert first.status == second.status == 201
    answer = {"version": 1, "answer": "已提供", "answered_on": "2026-11-18", "score": 4}
    scored = await handler.post(f"/third-party-requests/{first.json['id']}/score", answer)
    assert (scored.status, scored.json["score"]) == (200, 4), scored.body
    silent = {"version": 1, "score": 1, "remark": "逾期未答复"}
    early = await handler.post(f"/third-party-requests/{second.json['id']}/score", silent)
    assert (early.status, early.json["rules"]) == (409, ["N-3"])
    site.clock.advance(timedelta(days=3))
    site.people.clear()
    admin, handler = await site.client(Role.ADMIN, where="hq"), await site.client(Role.HANDLER)
    assert (await handler.post(f"/third-party-requests/{second.json['id']}/score", silent)).status == 200
    [found] = (await handler.get("/third-parties")).json["items"]
    assert (found["asked"], found["answered"], found["late"], found["mean"]) == (2, 1, 1, "2.50")
    ended = {"version": 1, "admission": "ended", "reason": "拒不配合投诉处理"}
    assert (await admin.post(f"/third-parties/{bank.json['id']}/admission", ended)).json["admission"] == "ended"
    refused = await handler.post(path, {**asked, "due_day": "2026-11-30"})
    assert (refused.status, refused.json["rules"]) == (409, ["N-3"])
    kinds = [event["kind"] for event in (await handler.get(f"/tickets/{ticket['id']}")).json["events"]]
    assert kinds == ["opened", "third_party_asked", "third_party_asked", "third_party_scored", "third_party_scored"]


GUIDE = {
    "from_day": "2026-11-18",
    "telephone": "95519",
    "email": "service@example.com",
    "address": "广州市某路1号",
    "website": "https://www.example.com/complaint",
    "procedure": "登记受理、调查核实、告知处理决定、结案归档",
    "remedies": "可申请核查、调解、仲裁或诉讼",
    "reason": "首次公布",
}


async def test_anybody_reads_how_to_complain_and_each_company_says_where_it_shows_it(site: Site) -> None:
    """N-2: without log-in, with the limits that are in force, and a list of who has not shown it yet."""
    assert (await site.nobody.get("/complaint-guide")).status == 404
    admin = await site.client(Role.ADMIN, where="hq")
    past = await admin.post("/complaint-guide/versions", {**GUIDE, "from_day": "2026-11-17"})
    assert past.status == 422
    first = await admin.post("/complaint-guide/versions", GUIDE)
    assert first.status == 201, first.body
    later = {**GUIDE, "from_day": "2026-12-01", "telephone": "95519转3", "reason": "热线调整"}
    assert (await admin.post("/complaint-guide/versions", later)).status == 201
    shown = (await site.nobody.get("/complaint-guide")).json
    assert (shown["telephone"], len(shown["channels"]), len(shown["stages"])) == ("95519", 7, 5)
    limits = {each["limit"]: each["zh"] for each in shown["limits"]}
    assert (limits["L-14"], limits["L-15"], limits["L-29"]) == ("15个自然日", "30个自然日", "30个自然日")
    handler = await site.client(Role.HANDLER, where="gd-gz-a")
    path = f"/complaint-guide/versions/{first.json['id']}/postings"
    body = {"place": "premises", "posted_on": "2026-11-18", "note": "大厅公示栏"}
    assert (await handler.post(path, {**body, "place": "website"})).status == 422
    assert (await handler.post(path, {**body, "posted_on": "2026-11-19"})).status == 422
    assert (await handler.post(path, body)).status == 201
    assert (await handler.post(path, body)).code == "conflict"
    reader = await site.client(Role.AUDITOR, where="gd")
    missing = (await reader.get(f"{path}?missing=true")).json["items"]
    assert [(each["organisation_id"], each["place"]) for each in missing] == [("gd", "premises"), (HOME, "premises")]
    whole = (await admin.get(path)).json["items"]
    assert {each["place"] for each in whole if each["organisation_id"] == "hq"} == {"website", "app", "contract"}
    assert (await admin.get(f"/complaint-guide/versions/{uuid4()}/postings")).status == 404
    site.clock.advance(timedelta(days=14))
    assert (await site.nobody.get("/complaint-guide")).json["telephone"] == "95519转3"


async def test_a_leading_group_meets_with_minutes_and_who_does_not_is_on_the_list(site: Site) -> None:
    """R-3.1, R-3.2, R-3.42, B-6"""
    admin, secretary = await site.client(Role.ADMIN, where="hq"), await site.client(Role.SECRETARY)
    executive = await site.client(Role.SUPERVISOR)
    coordinator = await of_department(site, "sales", HOME)
    stranger = await site.client(Role.AGENT)
    people = [each.user.id for each in (executive, coordinator, stranger) if each.user is not None]
    for post, who, more in (("executive", people[0], {}), ("coordinator", people[1], {"department": Department.SALES})):
        body = {"organisation_id": HOME, "kind": post, "user_id": str(who), "since": "2026-01-01", **more}
        assert (await admin.post("/posts/tenures", body)).status == 201
    planned = {"subject": "四季度投诉分析会", "topics": "退保投诉上升", "planned_at": NOON.isoformat()}
    called = await secretary.post("/leading-group/meetings", planned)
    assert (called.status, called.json["title"]) == (201, "领导小组2026年第1次会议"), called.body
    missing = (await secretary.get("/leading-group/not-met")).json["items"]
    assert [each["organisation_id"] for each in missing] == [HOME]
    held = {
        "version": 1,
        "chair_id": str(people[0]),
        "present": [str(each) for each in people],
        "minutes": "议定三项措施",
    }
    path = f"/leading-group/meetings/{called.json['id']}/actions/hold"
    assert (await secretary.post(path, held)).json["rules"] == ["R-3.1", "R-3.42"]
    held["present"] = held["present"][:2]
    upper = await site.client(Role.SECRETARY, where="gd")
    assert (await upper.post(path, held)).status == 403
    reply = await secretary.post(path, held)
    assert (reply.status, reply.json["state"], reply.json["minutes"]) == (200, "held", "议定三项措施"), reply.body
    assert (await secretary.post(path, held)).code == "stale_version"
    assert (await secretary.get("/leading-group/not-met")).json["items"] == []
    second = await secretary.post("/leading-group/meetings", planned)
    assert second.json["title"] == "领导小组2026年第2次会议"
    cancelled = f"/leading-group/meetings/{second.json['id']}/actions/cancel"
    assert (await secretary.post(cancelled, {"version": 1})).json["state"] == "cancelled"
    seen = (await upper.get("/leading-group/meetings?state=held")).json["items"]
    assert [each["id"] for each in seen] == [called.json["id"]]
    counter = await site.client(Role.SECRETARY, where="gd-gz-a")
    assert (await counter.post("/leading-group/meetings", planned)).json["rules"] == ["R-3.1"]


async def test_a_file_says_until_when_it_is_kept_at_least(site: Site) -> None:
    """F-34, E-6, E-7: ten years from closing; while the contract lives there is no such day."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    path = f"/tickets/{ticket['id']}/case-file/contents"
    assert (await handler.get(path)).json["kept_until"] is None
    await walk(site, ticket["id"], Status.CLOSED)
    assert (await handler.get(path)).json["kept_until"] == "2036-11-18"
    customer = a_customer()
    policy = a_policy(customer, "P2026000001")
    await settle(site.database, (customer, [policy]))
    of_policy = await opened(handler, policy_number=policy.number)
    assert (await handler.get(f"/tickets/{of_policy['id']}")).json["policy_id"] is not None
    await walk(site, of_policy["id"], Status.CLOSED)
    assert (await handler.get(f"/tickets/{of_policy['id']}/case-file/contents")).json["kept_until"] is None
