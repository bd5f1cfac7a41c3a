"""Slips, reminders, notices, minutes and letters on paper: what each says, who issues it, who reads it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from tests.service.committee import Committee, a_ruling
from tests.service.letters import cleared, drafted
from tests.service.orders import FULL, acted, opened
from tests.service.site import Client, Reply, Site
from tests.service.test_documents import issue, issued, pdf, text_of
from tests.service.walk import answer_slips, done, walk
from tickets.categories import Department
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

PHONED = {"channel": "visit"}


async def dispatched(site: Site, **changes: Any) -> Any:
    """A complaint whose departments have their slips."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, **PHONED | changes)
    return await done(handler, ticket["id"], "dispatch", note="初步意见：材料齐全，应予核付，电话13912345678")


async def refused(client: Client, ticket: Any, rule: str, **asked: Any) -> Reply:
    reply = await issue(client, ticket, **asked)
    assert (reply.status, reply.code) == (409, "document_refused"), reply.body
    assert rule in reply.json["rules"]
    return reply


async def test_a_slip_says_who_is_asked_what_until_when_and_who_works_on_it_reads_it(site: Site) -> None:
    """R-4.18, R-4.10, R-4.22, N-10"""
    ticket = await dispatched(site)
    slip = ticket["slips"][0]
    handler = await site.client(Role.HANDLER)
    made = await issued(handler, ticket, kind="slip", about=slip["id"])
    assert (made["number"], made["about"]) == ("GD-GZ-HB-2026-000001", slip["id"])
    coordinator = await site.client(Role.COORDINATOR, department=Department(slip["department"]))
    text = text_of(await pdf(coordinator, made))
    for words in ("投诉会办单", slip["number"], "主办", ticket["number"], "初步意见：材料齐全", "王**", "139****5678"):
        assert words in text
    assert FULL["complainant_name"] not in text
    await answer_slips(site, ticket["id"], handler)
    again = await issued(handler, ticket, kind="slip", about=slip["id"])
    assert "已调查,情况属实" in text_of(await pdf(coordinator, again))


async def test_a_document_is_of_its_own_ticket_and_names_what_it_is_of(site: Site) -> None:
    """R-4.18"""
    ticket, other = await dispatched(site), await dispatched(site)
    handler = await site.client(Role.HANDLER)
    await refused(handler, ticket, "R-4.18", kind="slip")
    await refused(handler, ticket, "R-4.4", about=str(uuid4()))
    for kind in ("slip", "reminder", "extension", "minutes", "opinion_letter"):
        client = await site.client(Role.SECRETARY) if kind == "minutes" else handler
        reply = await issue(client, ticket, kind=kind, about=str(uuid4()))
        assert reply.status == 404, (kind, reply.body)
    assert (await issue(handler, ticket, kind="slip", about=other["slips"][0]["id"])).status == 404
    made = await issued(handler, ticket, kind="slip", about=ticket["slips"][0]["id"])
    for each in ticket["slips"][1:2]:
        wrong = await issue(handler, ticket, kind="slip", about=each["id"], replaces=made["id"], reason="另一会办单")
        assert wrong.code == "document_refused"


async def test_only_the_complaint_post_and_the_secretary_issue_their_papers(site: Site) -> None:
    """R-4.18, R-3.6"""
    ticket = await dispatched(site)
    secretary, handler = await site.client(Role.SECRETARY), await site.client(Role.HANDLER)
    assert (await issue(secretary, ticket, kind="slip", about=ticket["slips"][0]["id"])).status == 403
    assert (await issue(handler, ticket, kind="minutes", about=str(uuid4()))).status == 403
    agent = await site.client(Role.AGENT)
    assert (await issue(agent, ticket, kind="slip", about=ticket["slips"][0]["id"])).status == 403


async def test_a_reminder_counts_the_days_and_names_the_slip(site: Site) -> None:
    """R-4.21, L-27"""
    ticket = await dispatched(site)
    handler, slip = await site.client(Role.HANDLER), ticket["slips"][0]
    sent = await handler.post(f"/slips/{slip['id']}/reminders", {"text": "请尽快反馈"})
    assert sent.status == 201, sent.body
    made = await issued(handler, ticket, kind="reminder", about=sent.json["id"])
    text = text_of(await pdf(await site.client(Role.COORDINATOR), made))
    for words in ("投诉催办单", slip["number"], "第1次催办", "人工催办"):
        assert words in text


async def test_an_extension_notice_says_why_and_until_when(site: Site) -> None:
    """L-15, L-16, F-52, R-4.8"""
    ticket = await dispatched(site)
    handler = await site.client(Role.HANDLER)
    body = {"version": ticket["version"], "limit": "L-15", "reason": "须向医院调取病历"}
    assert (await handler.post(f"/tickets/{ticket['id']}/extensions", body)).status == 201
    shown = (await handler.get(f"/tickets/{ticket['id']}/explain")).json
    (extension,) = shown["extensions"]
    made = await issued(handler, ticket, kind="extension", about=extension["id"])
    text = text_of(await pdf(handler, made))
    assert "须向医院调取病历" in text
    assert "自收到投诉之日起30日" in text
    assert (await pdf(await site.client(Role.COORDINATOR), made)).status == 403
    again = (await handler.get(f"/tickets/{ticket['id']}")).json
    body = {"version": again["version"], "limit": "L-16", "reason": "鉴定未完成"}
    assert (await handler.post(f"/tickets/{ticket['id']}/extensions", body)).status == 201
    shown = (await handler.get(f"/tickets/{ticket['id']}/explain")).json
    second = next(each for each in shown["extensions"] if each["limit"] == "L-16")
    await refused(handler, ticket, "L-16", kind="extension", about=second["id"])


async def test_minutes_hold_what_was_said_and_ruled_on_this_ticket_alone(site: Site) -> None:
    """R-3.4, R-4.24, N-10"""
    ticket, other = await dispatched(site, severity="difficult"), await dispatched(site, severity="difficult")
    secretary = await site.client(Role.SECRETARY)
    committee = await Committee.of(site)
    meeting = await committee.held(ticket["id"], other["id"])
    meeting = await committee.rule(meeting, ticket["id"], opinion="按条款赔付并致歉")
    meeting = await committee.rule(meeting, other["id"], opinion="另案驳回")
    await refused(secretary, ticket, "R-3.4", kind="minutes", about=meeting["id"])
    await committee.act(meeting, "confirm", committee.chair)
    made = await issued(secretary, ticket, kind="minutes", about=meeting["id"])
    text = text_of(await pdf(await site.client(Role.AUDITOR), made))
    for words in ("会议纪要", "临时会议", "按条款赔付并致歉", "同意赔付", ticket["number"], "会议另审议其他案件"):
        assert words in text
    assert "另案驳回" not in text
    assert "各部门发表意见" not in text
    assert (await pdf(await site.client(Role.AGENT), made)).code == "document_not_yours"
    alone = await a_ruling(site, other["id"])
    made = await issued(secretary, other, kind="minutes", about=alone["id"])
    assert "各部门发表意见，一致同意" in text_of(await pdf(secretary, made))


async def test_a_decision_notice_states_facts_basis_and_remedies(site: Site) -> None:
    """N-9, L-29, R-4.27"""
    ticket = await dispatched(site)
    handler = await site.client(Role.HANDLER)
    said = {"kind": "decision", "facts": "资料于1月20日齐全", "basis": "保险法第二十三条"}
    await refused(handler, ticket, "N-9", **said)
    await walk(site, ticket["id"], Status.HANDLED)
    await refused(handler, ticket, "N-9", kind="decision", facts="资料齐全")
    text = text_of(await pdf(handler, await issued(handler, ticket, **said)))
    for words in (
        "资料于1月20日齐全",
        "保险法第二十三条",
        "同意客户诉求",
        "30日内向广东分公司书面申请核查",
        "调解",
        "仲裁",
        "诉讼",
    ):
        assert words in text
    finding = await issue(await site.client(Role.COORDINATOR), ticket, **said)
    assert finding.status == 403


async def test_where_a_written_answer_is_owed_only_what_counsel_cleared_is_printed(site: Site) -> None:
    """R-4.25, F-22, N-9"""
    ticket = await dispatched(site, channel="letter")
    handler = await site.client(Role.HANDLER)
    await walk(site, ticket["id"], Status.HANDLED)
    said = {"kind": "decision", "facts": "未经审核的事实", "basis": "未经审核的理由"}
    await refused(handler, ticket, "R-4.25", **said)
    letter = await drafted(handler, ticket["id"])
    await refused(handler, ticket, "R-4.25", kind="opinion_letter", about=letter["id"])
    void = await handler.post(f"/letters/{letter['id']}/actions/void", {"version": letter["version"], "why": "重拟"})
    assert void.status == 200, void.body
    letter = await cleared(site, ticket["id"])
    made = await issued(handler, ticket, kind="opinion_letter", about=letter["id"])
    text = text_of(await pdf(handler, made))
    for words in (
        "客户投诉处理意见书",
        "住院费用符合条款约定",
        "保险条款第五条",
        "同意赔付",
        "王小明先生/女士",
        "救济途径",
    ):
        assert words in text
    decision = text_of(await pdf(handler, await issued(handler, ticket, **said)))
    assert "住院费用符合条款约定" in decision
    assert "未经审核" not in decision


async def test_nothing_is_told_of_a_time_that_is_over(site: Site) -> None:
    """B-2, B-3"""
    ticket = await dispatched(site)
    handler = await site.client(Role.HANDLER)
    await refused(handler, ticket, "B-3", kind="case_cover")
    await walk(site, ticket["id"], Status.CLOSED)
    site.clock.advance(timedelta(minutes=5))
    slip = await issued(handler, ticket, kind="slip", about=ticket["slips"][0]["id"])
    assert slip["number"].endswith("000001")
    await refused(handler, ticket, "B-2")
    cover = text_of(await pdf(await site.client(Role.COORDINATOR), await issued(handler, ticket, kind="case_cover")))
    for words in ("投诉案卷", ticket["number"], "王**", "永久", "客户签字的来访受理表", "尚缺必备材料"):
        assert words in cover
    index = text_of(await pdf(handler, await issued(handler, ticket, kind="case_index")))
    for words in ("卷内目录", "投诉会办单", slip["number"], "R-4.3"):
        assert words in index


async def sent(client: Client, made: Any, **body: Any) -> Reply:
    path = f"/tickets/{made['ticket_id']}/documents/{made['id']}/send"
    return await client.post(path, {"means": "posted", "proof": "EMS1234567890", **body})


async def test_a_letter_that_was_issued_and_sent_is_the_proof_of_the_acknowledgement_and_of_the_answer(
    site: Site,
) -> None:
    """R-4.4, R-4.7, R-4.27, CL-8, N-9, R-1.7"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, channel="letter")
    letter = await issued(handler, ticket)
    said = {"note": "已寄来函确认书", "document_id": letter["id"]}
    early = await acted(handler, ticket, "acknowledge", **said)
    assert (early.status, early.json["rules"]) == (409, ["R-4.4", "CL-8", "R-4.7"])
    before = (site.clock.now() - timedelta(minutes=1)).isoformat()
    assert (await sent(handler, letter, sent_at=before)).status == 409
    posted = await sent(handler, letter)
    assert (posted.status, posted.json["sent_means"], posted.json["sent_proof"]) == (200, "posted", "EMS1234567890")
    assert (await sent(handler, letter)).status == 409
    file = (await acted(handler, ticket, "acknowledge", **said)).json
    [given] = file["acknowledgements"]
    assert (given["means"], given["document_id"], given["state"]) == ("letter", letter["id"], "complete")
    assert "acknowledgement" not in {each["field"] for each in file["owed"]}

    spoken = await opened(handler)
    await done(handler, spoken["id"], "dispatch")
    await answer_slips(site, spoken["id"], handler)
    await done(handler, spoken["id"], "handle", note="不予赔付", basis="条款第五条；《保险法》第二十三条")
    notice = await issued(handler, spoken, kind="decision", facts="住院记录属实，但不在保障期间")
    assert "条款第五条" in text_of(await pdf(handler, notice))
    answer = {"accepted": False, "explanation": "已解释条款", "review_route_told": True, "document_id": notice["id"]}
    wrong = await acted(handler, spoken, "inform", **{**answer, "document_id": letter["id"]})
    assert (wrong.status, wrong.json["rules"]) == (409, ["R-4.27", "CL-8", "N-9"])
    went = site.clock.now()
    assert (await sent(handler, notice, means="handed_over", proof="客户签收")).status == 200
    site.clock.advance(timedelta(minutes=5))
    file = (await acted(handler, spoken, "inform", **answer)).json
    assert (file["told_document_id"], file["told_means"]) == (notice["id"], "handed_over")
    assert (file["told_proof"], file["informed_at"]) == (notice["number"], went.isoformat().replace("+00:00", "Z"))
    void = await issued(handler, ticket)
    path = f"/tickets/{ticket['id']}/documents/{void['id']}/void"
    assert (await handler.post(path, {"reason": "写错"})).status == 200
    assert (await sent(handler, void)).status == 409
    assert "document_sent" in {event["kind"] for event in file["events"]}
