"""The principles of the measures in an order's file: who does what, in whose favour, and where it is kept."""

import csv
import io
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import acted, opened
from tests.service.site import HOME, Client, Site
from tests.service.walk import answer_slips, done, of_department, sign_all, slip_acted, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

VALID = {"validity": "valid", "causes": ["claims"]}


async def file_of(client: Client, ticket: Any) -> Any:
    return (await client.get(f"/tickets/{ticket['id']}")).json


async def test_whatever_passes_between_people_and_departments_stands_in_the_order_with_who_and_when(site: Site) -> None:
    """R-1.5, R-4.7: the history alone tells every step of the order's life, and each change of it has an entry."""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, category="payment")
    await done(agent, ticket["id"], "hand_over")
    file = await walk(site, ticket["id"], Status.CLOSED)
    events = file["events"]
    kinds = [event["kind"] for event in events]
    assert kinds.index("opened") < kinds.index("hand_over") < kinds.index("dispatch") < kinds.index("handle")
    assert kinds.index("handle") < kinds.index("inform") < kinds.index("determine") < kinds.index("close")
    versions = [event["details"]["version"] for event in events if "version" in event["details"]]
    assert versions == list(range(1, file["version"] + 1))
    status = "recorded"
    for event in events:
        if event["details"].get("to"):
            assert event["details"]["from"] == status
            status = event["details"]["to"]
    assert status == file["status"] == "closed"
    for slip in file["slips"]:
        told = [event for event in events if event["details"].get("slip") == slip["number"]]
        assert [event["kind"] for event in told] == ["slip_accept", "slip_answer"]
        assert len({event["actor"] for event in told}) == 1
    signed = {event["details"]["department"] for event in events if event["kind"] == "sign"}
    assert signed == set(file["responsible"])
    async with site.database.connection() as conn:
        told = await conn.fetchval("SELECT count(*) FROM ticket_event WHERE ticket_id = $1", ticket["id"])
        kept = await conn.fetchval("SELECT count(*) FROM audit WHERE object_id = $1", ticket["id"])
    assert (told, kept) == (len(events), len(events))


async def test_every_department_involved_answers_before_the_order_is_handled_and_signs_for_what_concerns_it(
    site: Site,
) -> None:
    """R-1.9, R-4.19, R-3.26: finance leads, business management and IT investigate with it."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(await site.client(Role.AGENT), category="payment")
    file = await done(handler, ticket["id"], "dispatch")
    assert {slip["department"] for slip in file["slips"]} == {"finance", "business_management", "it"}
    joint = {slip["number"] for slip in file["slips"] if not slip["leads"]}
    finance = await of_department(site, "finance", HOME)
    early = await acted(finance, ticket, "handle", note="同意退费")
    assert (early.status, set(early.json["details"]["slips"])) == (409, joint)
    await answer_slips(site, ticket["id"], handler)
    assert (await acted(finance, ticket, "handle", note="同意退费")).status == 200
    await done(handler, ticket["id"], "inform", manner="电话", accepted=True)
    causes = [{"category": "payment", "departments": ["finance"]}, {"category": "payment", "system": True}]
    file = await done(handler, ticket["id"], "determine", validity="valid", causes=causes, liability="company")
    assert set(file["responsible"]) == {"finance", "it"}
    unsigned = await acted(handler, ticket, "close")
    assert (unsigned.status, unsigned.json["rules"]) == (409, ["R-3.26", "F-20", "B-1"])
    await sign_all(site, ticket["id"], handler, HOME)
    assert (await acted(handler, ticket, "close")).status == 200


async def test_neither_the_companys_interest_nor_the_customers_is_left_out(site: Site) -> None:
    """R-1.11, R-1.7: no amount beyond authority (R-3.29), no answer against the customer without reasons and remedy."""
    agent = await site.client(Role.AGENT)
    admin = await site.client(Role.ADMIN, where="hq")
    given = {"amount": "500.00", "basis": "授权书1号"}
    assert (await admin("PUT", f"/authority-limits/{HOME}/agent", json=given)).status == 200
    ticket = await opened(agent)
    beyond = await acted(agent, ticket, "settle", note="同意补偿", amount="500.01")
    assert (beyond.status, beyond.json["rules"]) == (409, ["R-2.18", "R-3.29"])
    assert (await acted(agent, ticket, "settle", note="同意补偿", amount="500.00")).status == 200
    handler = await site.client(Role.HANDLER)
    dissent = {"manner": "电话", "accepted": False, "explanation": "按条款第五条"}
    refused = await acted(handler, ticket, "inform", **dissent)
    assert (refused.status, "F-19" in refused.json["rules"]) == (409, True)
    unfounded = await acted(handler, ticket, "inform", **dissent, review_route_told=True)
    assert (unfounded.status, unfounded.json["rules"]) == (409, ["R-1.7", "N-9"])
    told = {**dissent, "review_route_told": True, "basis": "条款第五条；《保险法》第二十三条"}
    file = (await acted(handler, ticket, "inform", **told)).json
    assert (file["status"], file["demand"], file["answer_accepted"]) == ("informed", "请尽快赔付", False)
    assert file["basis"] == "条款第五条；《保险法》第二十三条"
    said = file["events"][-1]["details"]
    assert (said["explanation"], said["review_route_told"]) == ("按条款第五条", True)


async def test_customer_service_accepts_and_answers_and_the_departments_handle(site: Site) -> None:
    """R-3.7, R-4.11: a department neither tells the customer nor closes, customer service does not answer its slips."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    file = await done(handler, ticket["id"], "dispatch")
    department = await of_department(site, "business_management", HOME)
    assert (await department.post("/tickets", {"channel": "visit"})).code == "forbidden"
    [slip] = file["slips"]
    assert (await slip_acted(handler, ticket["id"], slip, "accept")).status == 403
    assert (await slip_acted(department, ticket["id"], slip, "accept")).status == 200
    assert (await acted(department, ticket, "handle", note="同意赔付")).status == 200
    for action in ("acknowledge", "inform", "determine", "close"):
        reply = await acted(department, ticket, action, note="已告知", manner="电话", accepted=True)
        assert reply.status == (403 if action != "acknowledge" else 200), (action, reply.body)
    assert (await acted(handler, ticket, "inform", manner="电话", accepted=True)).status == 200


async def test_a_counter_handles_or_coordinates_what_the_upper_company_passes_down_and_the_province_closes_it(
    site: Site,
) -> None:
    """R-3.27, R-3.29, R-3.30, R-4.32, F-16"""
    counter = await site.client(Role.HANDLER, where="gd-gz-a")
    passed = {
        "source": "upper_company",
        "forwarder": "广东分公司客户服务管理中心",
        "forwarder_level": "province",
        "forwarding_number": "转办〔2026〕7号",
        "forwarded_day": "2026-11-18",
    }
    itself, coordinated = await opened(counter, **passed), await opened(counter, **passed)
    assert (await acted(counter, itself, "settle", note="当场更正")).json["status"] == "handled"
    bare = await acted(counter, coordinated, "dispatch")
    assert (bare.status, bare.json["rules"]) == (409, ["R-3.18", "R-3.30"])
    file = await done(counter, coordinated["id"], "dispatch", opinion="建议按条款赔付")
    assert [(slip["department"], slip["organisation_id"]) for slip in file["slips"]] == [("business_management", HOME)]
    await done(counter, itself["id"], "acknowledge", note="已电话确认受理", manner="phone")
    await done(counter, itself["id"], "inform", manner="电话", accepted=True)
    refused = await acted(counter, itself, "determine", **VALID)
    assert (refused.status, refused.json["rules"]) == (409, ["R-4.32", "F-16"])
    province = await site.client(Role.HANDLER, where="gd")
    await done(province, itself["id"], "determine", **VALID)
    await sign_all(site, itself["id"], province, HOME)
    assert (await done(province, itself["id"], "close"))["status"] == "closed"


async def test_valid_and_at_fault_are_two_fields_and_only_the_first_is_counted(site: Site) -> None:
    """B-11, F-1, D-9"""
    handler = await site.client(Role.HANDLER)
    for liability in ("none", "company", "shared"):
        ticket = await opened(handler)
        file = await walk(site, ticket["id"], Status.CLOSED, determined={**VALID, "liability": liability})
        assert (file["validity"], file["liability"]) == ("valid", liability)
        assert bool(file["responsible"]) == (liability != "none")
    invalid = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音", "liability": "none"}
    await walk(site, (await opened(handler))["id"], Status.CLOSED, determined=invalid)
    counted = await handler.get("/statistics/complaints?first_day=2026-11-18&last_day=2026-11-18")
    figures = counted.json["figures"]
    assert (figures["pieces"], figures["valid_pieces"], figures["invalid_pieces"]) == (4, 3, 1)


async def test_the_register_holds_every_complaint_with_what_became_of_it_and_the_archived_ones_too(site: Site) -> None:
    """N-13, B-3, E-21: numbered without a gap, given whole as a file, never thinned out."""
    handler = await site.client(Role.HANDLER)
    closed, withdrawn, still_open = [await opened(handler, channel="sms") for _ in range(3)]
    await walk(site, closed["id"], Status.CLOSED)
    await done(handler, withdrawn["id"], "withdraw", note="客户表示撤诉", manner="电话")
    lacking = (await handler.get(f"/tickets/{closed['id']}/case-file/contents")).json
    for item in lacking["missing"]:
        absent = {"item": item, "reason": "原件已由客户取回"}
        await handler.post(f"/tickets/{closed['id']}/case-file/absences", absent)
    archived = await acted(handler, closed, "archive")
    assert archived.status == 200, archived.body
    reply = await handler.get("/tickets?nature=complaint&purpose=登记台账", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig"))))
    register = {row["服务单号"]: (row["状态"], bool(row["结案时间"])) for row in rows}
    assert register == {
        closed["number"]: ("已归档", True),
        withdrawn["number"]: ("已结案", True),
        still_open["number"]: ("已记录", False),
    }
    assert [int(number[-6:]) for number in sorted(register)] == [1, 2, 3]
