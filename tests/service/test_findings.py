"""Findings to their end: owners, who may handle them, limits, reminders, the right to rescind, over HTTP."""

from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.config import HoursConfig
from callcenter.reminders import Reminders
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Reply, Site, person, session_of
from tests.service.test_reclassifications import COMPLAINT, FINDING, HQ, heard, judge, later, shown
from tests.service.walk import acted, answer_slips, done, of_department, walk
from tickets.categories import Department
from tickets.lifecycle import Status

pytestmark = pytest.mark.service


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "ticket_move_refused", list(rules)), reply.body


async def somebody(site: Site, role: Role, where: str = HQ, **others: Any) -> Client:
    async with site.database.transaction() as conn:
        user = await person(conn, site.clock, (role,), where, **others)
        token = await session_of(conn, site.clock, user)
    client = await site.with_token(token)
    client.user = user
    return client


async def policy_of(site: Site, **more: Any) -> str:
    holder = a_customer("王测试", "16900000001")
    await settle(site.database, (holder, [a_policy(holder, "P1", **more)]))
    return "P1"


@pytest.mark.parametrize(
    ("subject", "main", "limit", "due"),
    [
        ("mis_selling", "sales_inspection", "L-31", "2026-12-09"),
        ("risk_sentence_copied", "sales_inspection", "L-31", "2026-12-09"),
        ("contact_data", "business_management", "L-32", "2026-11-25"),
        ("payment", "finance", "L-31", "2026-12-09"),
    ],
)
async def test_a_finding_goes_to_the_owner_of_its_kind_and_has_its_limit(
    site: Site, subject: str, main: str, limit: str, due: str
) -> None:
    """C-14, C-26, L-31, L-32, R-2.4"""
    agent = await site.client(Role.CALLBACK_AGENT, where=HQ)
    asked = f"subject={subject}&intention=unclear&respondent=policyholder"
    before = (await agent.get(f"/callback-classification?{asked}")).json
    named = ("nature", "counts", "owner", "due_day")
    assert [before[name] for name in named] == ["callback_finding", False, main, due]
    assert before["told"].startswith("回访问题件(不计入投诉):投诉意向不明确")
    case = await heard(site, {**FINDING, "subject": subject})
    file = await done(await site.client(Role.HANDLER, where=HQ), case.id, "dispatch")
    assert (file["slips"][0]["department"], file["slips"][0]["part"], file["department"]) == (main, "main", main)
    assert (file["due_day"], file["clocks"][-1]["kind"] != "", file["due_day"]) == (due, True, due)
    assert next(each for each in file["clocks"] if each["kind"] == "decide_inform")["rules"][0] == limit


async def test_owners_are_data_and_never_sales(site: Site) -> None:
    """C-14, C-26"""
    admin = await site.client(Role.ADMIN, where=HQ)
    shipped = (await admin.get("/finding-owners")).json["entries"]
    assert {entry["zh"] for entry in shipped if entry["grave"]} == {
        *("销售误导", "提供不真实信息", "代签名", "代抄录风险提示语句", "代接受回访", "篡改客户信息")
    }
    entries = [{name: each[name] for name in ("kind", "main", "joint", "copies", "supervise")} for each in shipped]
    wrong = [{**each, "main": "sales", "copies": []} for each in entries]
    body = {"valid_from": "2026-11-18", "reason": "分工调整", "entries": wrong}
    reply = await admin.post("/finding-owners/versions", body)
    assert (reply.status, reply.code) == (422, "ticket_not_admissible"), reply.body
    mine = [{**each, "main": "compliance"} if each["kind"] == "mis_selling" else each for each in entries]
    assert (await admin.post("/finding-owners/versions", {**body, "entries": mine})).status == 201
    case = await heard(site, FINDING)
    file = await done(await site.client(Role.HANDLER, where=HQ), case.id, "dispatch")
    assert file["slips"][0]["department"] == "compliance"
    assert len((await admin.get("/finding-owners/versions")).json["items"]) == 1


async def test_nobody_in_sales_leads_or_handles_a_finding(site: Site) -> None:
    """C-14, C-11"""
    case = await heard(site, FINDING)
    handler = await site.client(Role.HANDLER, where=HQ)
    refused(await acted(handler, case.id, "dispatch", department="sales"), "C-14", "L-31")
    seller = await somebody(site, Role.HANDLER, department=Department.SALES)
    assert seller.user is not None
    refused(await acted(handler, case.id, "assign", handler_id=str(seller.user.id)), "C-14", "C-11")
    refused(await acted(seller, case.id, "dispatch"), "C-14", "C-11")
    await done(handler, case.id, "dispatch")
    await answer_slips(site, case.id, handler)
    refused(await acted(seller, case.id, "handle", note="已解决"), "C-14", "C-11")
    file = await walk(site, case.id, Status.CLOSED, where=HQ)
    assert (file["status"], file["nature"], file["pieces"]) == ("closed", "callback_finding", 0)


async def test_who_sold_the_policy_does_not_handle_its_finding(site: Site) -> None:
    """C-11, C-14: by the salesperson the policy names."""
    policy = await policy_of(site, salesperson="s8001")
    case = await heard(site, FINDING, policy_number=policy)
    seller = await somebody(site, Role.HANDLER, login="s8001")
    other = await somebody(site, Role.HANDLER, login="h8002")
    assert seller.user is not None
    assert other.user is not None
    handler = await site.client(Role.HANDLER, where=HQ)
    refused(await acted(handler, case.id, "assign", handler_id=str(seller.user.id)), "C-14", "C-11")
    refused(await acted(seller, case.id, "dispatch"), "C-14", "C-11")
    file = await done(handler, case.id, "assign", handler_id=str(other.user.id))
    assert file["handler_id"] == str(other.user.id)


@pytest.mark.parametrize(
    ("kind", "policy", "asked"),
    [
        ("mis_selling", {"product_kind": "health"}, True),
        ("mis_selling", {"product_kind": "life"}, False),
        ("contact_data", {"product_kind": "health"}, False),
        ("mis_selling", {"product_kind": "health", "long_term": False}, False),
    ],
)
async def test_a_misled_customer_of_long_term_health_is_told_of_the_right_to_rescind(
    site: Site, kind: str, policy: dict[str, Any], asked: bool
) -> None:
    """C-15"""
    case = await heard(site, {**FINDING, "subject": kind}, policy_number=await policy_of(site, **policy))
    handler = await site.client(Role.HANDLER, where=HQ)
    await walk(site, case.id, Status.HANDLED, where=HQ)
    told = {"manner": "电话", "accepted": True}
    if not asked:
        assert (await done(handler, case.id, "inform", **told))["rescission_told_at"] is None
        return
    refused(await acted(handler, case.id, "inform", **told), "C-15")
    file = await done(handler, case.id, "inform", **told, rescission_told=True)
    assert file["rescission_told_at"] is not None
    assert file["events"][-1]["details"]["rescission_told"] is True
    assert (await walk(site, case.id, Status.CLOSED, where=HQ))["status"] == "closed"


async def test_a_complaint_told_before_it_became_a_finding_is_told_of_the_right_by_a_note(site: Site) -> None:
    """C-15, F-13"""
    case = await heard(
        site,
        {**FINDING, "subject": "service"},
        policy_number=await policy_of(site, product_kind="health"),
    )
    await walk(site, case.id, Status.INFORMED, where=HQ)
    assert (await judge(site, case, COMPLAINT)).status == 201
    post = await site.client(Role.HANDLER, where=HQ)
    found = {"validity": "valid", "causes": ["solicitation"], "liability": "sales"}
    await done(post, case.id, "determine", **found)
    for department in (await shown(site, case))["unsigned"]:
        await done(await of_department(site, department, HQ, Role.DEPARTMENT_HEAD), case.id, "sign")
    refused(await acted(post, case.id, "close"), "C-15")
    await done(post, case.id, "note", note="已告知客户有权解除合同", rescission_told=True)
    assert (await done(post, case.id, "close"))["status"] == "closed"


async def test_a_silent_department_is_reminded_of_a_finding_as_of_a_complaint(site: Site) -> None:
    """R-2.4, R-4.21, L-27, L-28, L-32: first near the limit, each working day past it, a copy to the superior."""
    case = await heard(site, {**FINDING, "subject": "contact_data"})
    boss = await somebody(site, Role.DEPARTMENT_HEAD, department=Department.BUSINESS_MANAGEMENT)
    assert boss.user is not None
    await somebody(site, Role.COORDINATOR, department=Department.BUSINESS_MANAGEMENT, manager_id=boss.user.id)
    await done(await site.client(Role.HANDLER, where=HQ), case.id, "dispatch")
    sweeper = Reminders(site.database, site.clock, HoursConfig())
    sent = []
    for _ in range(12):
        await sweeper.sweep()
        sent.append(len((await shown(site, case))["reminders"]))
        later(site, 1)
    # 11-18 dispatched, due 11-25: first on 11-24, then each working day from 11-26 on
    assert sent == [0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 3]
    async with site.database.connection() as conn:
        stages = await conn.fetch("SELECT stage, copied FROM reminder ORDER BY sent_at")
    assert [tuple(row) for row in stages] == [("first", False), ("overdue", False), ("overdue", True)]


async def test_a_data_finding_past_its_limit_is_in_the_overdue_list_and_in_no_complaint_figure(site: Site) -> None:
    """L-32, R-2.5, T-1"""
    case = await heard(site, {**FINDING, "subject": "policy_data"})
    later(site, 8)
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    listed = await reader.get("/tickets?overdue=true&nature=callback_finding")
    assert [row["id"] for row in listed.json["items"]] == [case.id]
    figures = (await reader.get("/statistics/complaints?first_day=2026-11-01&last_day=2026-11-30")).json["figures"]
    backlog = {name: value["numerator"] for name, value in figures["metrics"].items() if value["numerator"]}
    assert (figures["occurrences"], backlog) == (0, {})


async def test_the_queue_of_findings_is_by_what_is_due_next_and_loses_none_between_pages(site: Site) -> None:
    """R-2.4, L-31, L-32, C-26, T-6"""
    grave = await heard(site, FINDING)
    data = await heard(site, {**FINDING, "subject": "contact_data"})
    await heard(site, COMPLAINT)
    told = await heard(site, {**FINDING, "subject": "payment"})
    await walk(site, told.id, Status.INFORMED, where=HQ)
    ended = await heard(site, {**FINDING, "subject": "claim"})
    await walk(site, ended.id, Status.CLOSED, where=HQ)
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    order, cursor = [], ""
    while cursor is not None:
        page = (await reader.get(f"/callback-findings?limit=1{cursor and '&cursor='}{cursor}")).json
        order += [row["id"] for row in page["items"]]
        cursor = page["next"]
    assert order == [data.id, grave.id, told.id]
    assert [row["id"] for row in (await reader.get("/callback-findings?kind=mis_selling")).json["items"]] == [grave.id]
    assert (await (await site.client(Role.HANDLER, where="sc")).get("/callback-findings")).json["items"] == []
    later(site, 8)
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    overdue = (await reader.get("/callback-findings?overdue=true&unassigned=true")).json["items"]
    assert [(row["id"], row["overdue"], row["due_day"]) for row in overdue] == [(data.id, True, "2026-11-25")]


async def test_the_report_of_findings_is_by_kind_agent_salesperson_product_and_each_number_opens(site: Site) -> None:
    """C-14, C-13, R-2.5, T-4: on-time handling, turned good, open, overdue, turned; never in complaint figures."""
    policy = await policy_of(site, salesperson="业务员007", product_name="鑫享年金")
    good = await heard(site, FINDING, policy_number=policy)
    await heard(site, {**FINDING, "subject": "contact_data"}, policy_number=policy)
    turned = await heard(site, FINDING)
    await heard(site, COMPLAINT)
    await walk(site, good.id, Status.CLOSED, where=HQ)
    handler = await site.client(Role.HANDLER, where=HQ)
    file = await shown(site, turned)
    word = {"version": file["version"], "subject": "mis_selling", "description": "来电投诉"}
    assert (await handler.post(f"/tickets/{turned.id}/later-word", word)).status == 201
    later(site, 8)
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    period = "first_day=2026-11-01&last_day=2026-12-31"
    report = (await reader.get(f"/statistics/callback-findings?{period}&group=salesperson")).json
    named = ("findings", "open", "overdue", "due", "due_in_time", "on_time_rate", "turned_good")
    assert [report[name] for name in named] == [3, 1, 1, 2, 1, 50.0, 1]
    assert (report["turned_into_complaints"], report["complaints_from_callbacks"]) == (1, 2)
    assert (report["complaints_once_findings"], report["counted_as_complaints"]) == (1, 0)
    groups = {group["key"]: (group["findings"], group["on_time_rate"]) for group in report["groups"]}
    assert groups == {"业务员007": (2, 50.0), "no_policy": (1, None)}
    for group, figure in (("salesperson", "业务员007"), ("product", "鑫享年金")):
        listed = await reader.get(f"/statistics/callback_findings/items?{period}&group={group}&value={figure}")
        assert len(listed.json["items"]) == 2
    by_agent = (await reader.get(f"/statistics/callback-findings?{period}&group=opened_by")).json["groups"]
    assert [(group["name"], group["findings"]) for group in by_agent] == [("测试员", 3)]
    for figure, number in (
        *(("findings_due", 2), ("findings_kept", 1), ("findings_turned_good", 1), ("findings_turned", 1)),
        *(("overdue_findings", 1), ("complaints_once_findings", 1), ("findings_once_complaints", 0)),
    ):
        listed = await reader.get(f"/statistics/{figure}/items?{period}")
        assert len(listed.json["items"]) == number, figure
    table = await reader.get(f"/statistics/callback-findings?{period}&group=subject", headers={"Accept": "text/csv"})
    lines = table.body.decode("utf-8-sig").splitlines()
    assert "及时率(%),50.0" in [line.rstrip(",") for line in lines]
    assert any(line.startswith("销售误导,") for line in lines)


async def test_a_finding_that_ended_in_a_complaint_is_archived_without_an_answer_of_its_own(site: Site) -> None:
    """E-20, E-21, L-26, F-63: the answer is the complaint's; recordings it must have like any other."""
    case = await heard(site, FINDING)
    handler = await site.client(Role.HANDLER, where=HQ)
    word = {"version": (await shown(site, case))["version"], "subject": "mis_selling", "description": "来电投诉"}
    assert (await handler.post(f"/tickets/{case.id}/later-word", word)).status == 201
    file = (await handler.get(f"/tickets/{case.id}/case-file/contents")).json
    assert file["missing"] == ["recording"]
    assert {each["item"]: each["need"] for each in file["items"]}["reply"] == "not_applicable"
    absent = {"item": "recording", "reason": "录音盘故障,见事件记录"}
    assert (await handler.post(f"/tickets/{case.id}/case-file/absences", absent)).status == 201
    file = await done(handler, case.id, "archive")
    assert (file["status"], file["ended_as"]) == ("archived", "turned")
    listed = await (await site.client(Role.QA, where=HQ)).get(f"/reclassifications?ticket_id={case.id}")
    assert [(row["ticket_id"], row["state"]) for row in listed.json["items"]] == [(case.id, "effected")]
