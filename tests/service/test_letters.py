"""Opinion letters through the interface: due or not, drafted, reviewed by counsel, sent, and only then told."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from tests.service.committee import a_ruling
from tests.service.letters import TEXT, a_letter, cleared, counsel, drafted, taken, tried
from tests.service.orders import acted, fresh, opened
from tests.service.site import ELSEWHERE, HOME, Client, Reply, Site
from tickets.categories import Department

pytestmark = pytest.mark.service

TOLD = {"manner": "邮寄", "accepted": True}


async def handled(site: Site, where: str = HOME, **changes: Any) -> Any:
    """A complaint by letter that was settled, so that it only has to be told."""
    handler = await site.client(Role.HANDLER, where=where)
    ticket = await opened(handler, **{"channel": "letter", **changes})
    assert (await acted(handler, ticket, "settle", note="同意赔付")).status == 200
    return ticket


def refused(reply: Reply, *rules: str) -> None:
    assert (reply.status, reply.json.get("rules")) == (409, list(rules)), reply.body


def reviews(file: Any) -> list[tuple[int, bool | None, str | None]]:
    clocks = [clock for clock in file["clocks"] if clock["kind"] == "legal_review"]
    return [(clock["cycle"], clock["in_time"], clock["voided_why"]) for clock in clocks]


async def test_a_complaint_by_letter_is_told_only_after_its_cleared_letter_was_sent(site: Site) -> None:
    """R-4.25, F-22, N-9, CL-8, L-23"""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    assert (await handler.get(f"/tickets/{ticket['id']}")).json["written_due"] == ["in_writing"]
    refused(await acted(handler, ticket, "inform", **TOLD), "R-4.25", "F-22")
    legal = await counsel(site)
    letter = await drafted(handler, ticket["id"])
    assert letter["number"] == f"{ticket['number']}-1"
    assert "广东分公司" in letter["texts"][0]["remedies"]["review"]
    letter = await taken(handler, letter, "submit")
    assert (letter["state"], letter["counsel_id"]) == ("in_review", str(legal.user.id if legal.user else None))
    assert letter["review_due_day"] == "2026-11-20"
    refused(await acted(handler, ticket, "inform", **TOLD), "R-4.25", "F-22")
    letter = await taken(legal, letter, "clear", remarks="无异议")
    refused(await acted(handler, ticket, "inform", **TOLD), "R-4.25", "F-22")
    site.clock.advance(timedelta(minutes=20))
    sent_at = (site.clock.now() - timedelta(minutes=5)).isoformat()
    letter = await taken(handler, letter, "send", means="posted", proof="挂号信 XA1", sent_at=sent_at)
    assert (letter["state"], letter["possible"]) == ("sent", [])
    site.clock.advance(timedelta(minutes=9))
    reply = await acted(handler, ticket, "inform", **TOLD)
    assert reply.status == 200, reply.body
    file = reply.json
    decide = next(clock for clock in file["clocks"] if clock["kind"] == "decide_inform")
    assert file["informed_at"] == decide["met_at"] == letter["sent_at"]
    assert reviews(file) == [(1, True, None)]
    kinds = [event["kind"] for event in file["events"]]
    assert kinds == ["opened", "settle", "letter_draft", "letter_submit", "letter_clear", "letter_send", "inform"]
    assert file["events"][5]["details"]["proof"] == "挂号信 XA1"


async def test_the_limit_is_kept_by_the_posting_however_late_the_answer_is_recorded(site: Site) -> None:
    """CL-8, L-11: and missed by a posting after it."""
    first, second = await handled(site), await handled(site)
    await a_letter(site, first["id"])
    site.clock.advance(timedelta(days=9))
    for ticket, in_time in ((first, True), (second, False)):
        handler = await fresh(site, Role.HANDLER)
        if not in_time:
            await a_letter(site, ticket["id"])
        file = (await acted(handler, ticket, "inform", **TOLD)).json
        assert [clock["in_time"] for clock in file["clocks"] if clock["kind"] == "decide_inform"] == [in_time]


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({"channel": "visit", "written_answer": True}, ["asked"]),
        ({"channel": "phone_inbound", "source": "regulator"}, ["regulator"]),
        ({"channel": "network", "network_kind": "email"}, ["in_writing"]),
        ({"channel": "visit"}, []),
        ({"channel": "phone_inbound", "source": "upper_company"}, []),
    ],
)
async def test_why_a_written_answer_is_due_stands_in_the_file(site: Site, change: dict[str, Any], due: Any) -> None:
    """F-22"""
    ticket, handler = await handled(site, **change), await site.client(Role.HANDLER)
    assert (await handler.get(f"/tickets/{ticket['id']}/letters")).json["written_due"] == due
    reply = await acted(handler, ticket, "inform", manner="电话", accepted=True)
    assert (reply.status, reply.json.get("rules")) == ((409, ["R-4.25", "F-22"]) if due else (200, None))


async def test_a_major_complaint_is_answered_in_writing_after_the_ruling_and_a_customer_may_ask_later(
    site: Site,
) -> None:
    """F-22, R-4.24"""
    handler = await site.client(Role.HANDLER)
    coordinator = await site.client(Role.COORDINATOR, department=Department.BUSINESS_MANAGEMENT)
    ticket = await opened(handler, severity="major")
    await acted(handler, ticket, "dispatch")
    await a_ruling(site, ticket["id"])
    letter = await cleared(site, ticket["id"])
    refused(await tried(handler, letter, "send", means="posted", proof="XA1"), "R-4.27", "R-4.25")
    assert (await acted(coordinator, ticket, "handle", note="按裁定赔付")).status == 200
    refused(await acted(handler, ticket, "inform", **TOLD), "R-4.25", "F-22")
    await taken(handler, letter, "send", means="handed_over", proof="客户签收")
    assert (await acted(handler, ticket, "inform", **TOLD)).status == 200
    other = await handled(site, channel="visit")
    asked = {"version": 2, "written_answer": True}
    assert (await handler("PATCH", f"/tickets/{other['id']}", json=asked)).json["written_due"] == ["asked"]


async def test_counsel_sends_a_letter_back_with_remarks_and_sees_the_new_text_before_it_goes_out(site: Site) -> None:
    """R-4.25, L-23: every text and every round is kept."""
    ticket, handler, legal = await handled(site), await site.client(Role.HANDLER), await counsel(site)
    letter = await taken(handler, await drafted(handler, ticket["id"], basis="条款第三条"), "submit")
    frozen = {"version": letter["version"], **TEXT}
    refused(await handler("PATCH", f"/letters/{letter['id']}", json=frozen), "R-4.25")
    refused(await tried(legal, letter, "send_back"), "R-4.25", "R-4.7")
    site.clock.advance(timedelta(days=5))
    handler, legal = await fresh(site, Role.HANDLER), await counsel(site)
    letter = await taken(legal, letter, "send_back", remarks="条款引用有误")
    refused(await tried(handler, letter, "submit"), "R-4.25")
    remedies = letter["texts"][0]["remedies"]
    body = {"version": letter["version"], **TEXT, "remedies": {**remedies, "suit": ""}}
    letter = (await handler("PATCH", f"/letters/{letter['id']}", json=body)).json
    refused(await tried(handler, letter, "submit"), "N-9", "R-4.25")
    body = {"version": letter["version"], **TEXT, "remedies": remedies}
    letter = (await handler("PATCH", f"/letters/{letter['id']}", json=body)).json
    letter = await taken(handler, letter, "submit")
    letter = await taken(legal, letter, "clear")
    assert [(each["version"], each["basis"]) for each in letter["texts"]] == [
        *((1, "条款第三条"), (2, TEXT["basis"]), (3, TEXT["basis"]))
    ]
    assert [(each["round"], each["text_version"], each["verdict"], each["remarks"]) for each in letter["reviews"]] == [
        *((1, 1, "sent_back", "条款引用有误"), (2, 3, "cleared", ""))
    ]
    assert reviews((await handler.get(f"/tickets/{ticket['id']}")).json) == [(1, False, None), (2, True, None)]
    letter = (await handler("PATCH", f"/letters/{letter['id']}", json={**body, "version": letter["version"]})).json
    assert (letter["state"], letter["cleared_at"]) == ("draft", None)
    refused(await tried(handler, letter, "send", means="posted", proof="XA1"), "R-4.25")


async def test_a_letter_recalled_is_before_nobody_and_a_void_one_makes_way_for_another(site: Site) -> None:
    """R-4.25, L-23"""
    ticket, handler, legal = await handled(site), await site.client(Role.HANDLER), await counsel(site)
    letter = await taken(handler, await drafted(handler, ticket["id"]), "submit")
    refused(await handler.post(f"/tickets/{ticket['id']}/letters", TEXT), "R-4.25")
    letter = await taken(handler, letter, "recall")
    refused(await tried(legal, letter, "clear"), "R-4.25")
    refused(await tried(handler, letter, "void"), "R-4.25", "R-4.7")
    letter = await taken(handler, await taken(handler, letter, "submit"), "recall")
    letter = await taken(handler, letter, "void", why="客户撤回书面要求")
    refused(await tried(handler, letter, "submit"), "R-4.25")
    again = await drafted(handler, ticket["id"])
    assert again["number"] == f"{ticket['number']}-2"
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert reviews(file) == [(1, None, "recalled"), (2, None, "recalled")]


async def test_only_the_counsel_of_the_issuing_organisation_clears(site: Site) -> None:
    """R-4.25: not headquarters' counsel, not another lawyer, not one of another province, and not the handler."""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    legal = await counsel(site, "gd")
    above = await site.client(Role.LEGAL, Role.QA, where="hq")
    named = {"organisation_id": "hq", "kind": "counsel", "since": "2026-11-18"}
    admin = await site.client(Role.ADMIN, where="hq")
    user = str(above.user.id) if above.user else ""
    assert (await admin.post("/posts/tenures", {**named, "user_id": user})).status == 201
    letter = await taken(handler, await drafted(handler, ticket["id"]), "submit")
    for client in (above, await site.client(Role.LEGAL)):
        reply = await tried(client, letter, "clear")
        refused(reply, "R-4.25")
        assert legal.user is not None
        assert reply.json["details"]["counsel"] == str(legal.user.id)
    stranger = await counsel(site, ELSEWHERE)
    assert stranger.user is not None and stranger.user.id == above.user.id if above.user else False
    other = await site.client(Role.LEGAL, where=ELSEWHERE)
    reply = await tried(other, letter, "clear")
    assert (reply.status, reply.code) == (404, "not_found")
    assert (await other.get(f"/letters/{letter['id']}")).status == 404
    assert (await tried(handler, letter, "clear")).status == 403
    assert (await tried(legal, letter, "submit")).status == 403
    assert (await taken(legal, letter, "clear"))["state"] == "cleared"


async def test_without_counsel_nothing_goes_to_review(site: Site) -> None:
    """R-4.25"""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    refused(await tried(handler, await drafted(handler, ticket["id"]), "submit"), "R-4.25")


async def test_counsel_works_through_a_list_by_date_with_what_is_late(site: Site) -> None:
    """L-23, R-4.25"""
    handler, legal = await site.client(Role.HANDLER), await counsel(site)
    made = []
    for _ in range(3):
        site.clock.advance(timedelta(minutes=1))
        ticket = await handled(site)
        made.append(await taken(handler, await drafted(handler, ticket["id"]), "submit"))
    await taken(legal, made[1], "clear")
    far = await handled(site, ELSEWHERE)
    await drafted(await site.client(Role.HANDLER, where=ELSEWHERE), far["id"])

    async def listed(client: Client, query: str = "") -> list[str]:
        found, cursor = [], ""
        while True:
            page = (await client.get(f"/letters?limit=1{query}{cursor}")).json
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    ids = [letter["id"] for letter in made]
    assert await listed(legal) == ids
    assert await listed(legal, "&mine=true") == [ids[0], ids[2]]
    assert await listed(legal, "&state=cleared") == [ids[1]]
    assert await listed(legal, "&overdue=true") == []
    assert await listed(legal, "&organisation=gd-gz") == ids
    assert await listed(await site.client(Role.LEGAL), "&mine=true") == []
    site.clock.advance(timedelta(days=3))
    legal = await counsel(site)
    assert await listed(legal, "&overdue=true&mine=true") == [ids[0], ids[2]]
    items = (await legal.get("/letters?mine=true")).json["items"]
    assert [(item["overdue"], item["review_due_day"]) for item in items] == [(True, "2026-11-20")] * 2


async def test_of_two_people_at_one_letter_one_wins_and_the_other_is_told(site: Site) -> None:
    """B-2, R-4.25: who comes second changed nothing and learns what the first one did."""
    ticket, handler, legal = await handled(site), await site.client(Role.HANDLER), await counsel(site)
    letter = await taken(handler, await drafted(handler, ticket["id"]), "submit")
    replies = await asyncio.gather(tried(legal, letter, "clear"), tried(handler, letter, "recall"))
    assert sorted(reply.status for reply in replies) == [200, 409]
    loser = next(reply for reply in replies if reply.status == 409)
    assert loser.code == "stale_version"
    [change] = loser.json["details"]["changed"]
    assert change["kind"] in ("clear", "recall")
    assert loser.json["details"]["version"] == letter["version"] + 1
    pairs = await asyncio.gather(*(handler.post(f"/tickets/{ticket['id']}/letters", TEXT) for _ in range(2)))
    assert [reply.status for reply in pairs] == [409, 409]


async def test_of_two_letters_drafted_at_once_one_is_written(site: Site) -> None:
    """R-4.25: and a repeated draft is the same letter."""
    ticket, handler = await handled(site), await site.client(Role.HANDLER)
    path, key = f"/tickets/{ticket['id']}/letters", {"Idempotency-Key": str(uuid4())}
    replies = await asyncio.gather(*(handler.post(path, TEXT) for _ in range(2)))
    assert sorted(reply.status for reply in replies) == [201, 409]
    letter = next(reply.json for reply in replies if reply.status == 201)
    await taken(handler, letter, "void", why="重拟")
    first, again = await handler.post(path, TEXT, headers=key), await handler.post(path, TEXT, headers=key)
    assert (first.status, again.status, again.json["id"]) == (201, 201, first.json["id"])


async def test_no_letter_on_what_is_closed_or_no_complaint_or_out_of_reach(site: Site) -> None:
    """B-2, R-4.25, H2"""
    handler = await site.client(Role.HANDLER)
    ticket = await handled(site)
    await a_letter(site, ticket["id"])
    await acted(handler, ticket, "inform", **TOLD)
    await acted(handler, ticket, "determine", validity="valid", causes=["claims"], liability="none")
    await acted(handler, ticket, "acknowledge", note="已寄来函确认书", manner="letter")
    assert (await acted(handler, ticket, "close")).status == 200
    refused(await handler.post(f"/tickets/{ticket['id']}/letters", TEXT), "B-2")
    passed_on = await opened(handler, asks_company_to_act=False)
    refused(await handler.post(f"/tickets/{passed_on['id']}/letters", TEXT), "R-4.25")
    elsewhere = await site.client(Role.HANDLER, where=ELSEWHERE)
    reply = await elsewhere.post(f"/tickets/{ticket['id']}/letters", TEXT)
    assert (reply.status, reply.code) == (404, "not_found")
    assert (await elsewhere.get(f"/tickets/{ticket['id']}/letters")).status == 404


async def test_who_may_not_see_customers_whole_reads_the_letter_without_name_number_and_address(site: Site) -> None:
    """T-6"""
    ticket = await handled(site)
    letter = await drafted(await site.client(Role.HANDLER), ticket["id"], facts="已联系13900000001")
    auditor = await site.client(Role.AUDITOR)
    for path in (f"/letters/{letter['id']}", f"/tickets/{ticket['id']}/letters"):
        body = (await auditor.get(path)).body.decode()
        assert "王**" in body
        assert [secret for secret in ("王小明", "13900000001", "体育东路") if secret in body] == []
    for role in (Role.AGENT, Role.LEGAL):
        assert "体育东路" in (await (await site.client(role)).get(f"/letters/{letter['id']}")).body.decode()


async def test_what_a_letter_said_and_how_counsel_answered_stays(site: Site) -> None:
    """R-4.25, E-20: the database itself refuses to rewrite it."""
    ticket = await handled(site)
    await a_letter(site, ticket["id"])
    async with site.database.connection() as conn:
        for statement in (
            "UPDATE opinion_letter_text SET facts = 'x'",
            "DELETE FROM opinion_letter_text",
            "UPDATE legal_review SET verdict = 'sent_back', remarks = 'x'",
            "DELETE FROM legal_review",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await conn.execute(statement)
