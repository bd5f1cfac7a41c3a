"""Documents of tickets through the interface: issued, numbered, read, corrected, voided; who may, and what is kept."""

import asyncio
import io
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pypdf import PdfReader

from callcenter.accounts.permissions import Role
from callcenter.documents import press
from callcenter.web.keys import VAULT
from tests.service.orders import FULL
from tests.service.orders import opened as opened_by
from tests.service.site import ELSEWHERE, HOME, Client, Reply, Site
from tests.service.walk import walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

WHY = {"purpose": "寄送客户"}


async def opened(client: Client, **changes: Any) -> Any:
    """A complaint that came by letter, unless said otherwise."""
    return await opened_by(client, **{"channel": "letter", **changes})


async def issued(client: Client, ticket: Any, **changes: Any) -> Any:
    reply = await issue(client, ticket, **changes)
    assert reply.status == 201, reply.body
    return reply.json


async def issue(client: Client, ticket: Any, **changes: Any) -> Reply:
    key = changes.pop("key", str(uuid4()))
    body = {"kind": "acknowledgement", **changes}
    return await client.post(f"/tickets/{ticket['id']}/documents", body, headers={"Idempotency-Key": key})


async def pdf(client: Client, document: Any, **query: str) -> Reply:
    path = f"/tickets/{document['ticket_id']}/documents/{document['id']}/pdf"
    return await client.get(path, params=query or WHY)


def text_of(reply: Reply) -> str:
    assert reply.status == 200, reply.body
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(reply.body)).pages).split())


async def test_a_letter_is_acknowledged_on_paper_with_what_the_ticket_says(site: Site) -> None:
    """R-4.4"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, policy_number="P123456", complainant_name="陈𠮷祥")
    made = await issued(handler, ticket, note="请备齐原件。")
    assert (made["number"], made["kind"], made["organisation_id"]) == ("GD-GZ-QR-2026-000001", "acknowledgement", HOME)
    reply = await pdf(handler, made)
    text = text_of(reply)
    for words in (
        "来函确认书",
        made["number"],
        ticket["number"],
        "陈𠮷祥先生/女士",
        "P123456",
        FULL["demand"],
        "请备齐原件",
    ):
        assert words in text
    assert "并于2026年11月25日前将处理意见告知您" in text
    assert reply.headers["ETag"] == f'"{made["sha256"]}"'
    assert len(reply.body) == made["size"]
    assert made["substituted"] == []
    assert made["issued_by_name"] == "测试员"


async def test_it_stands_in_the_history_of_its_ticket(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    made = await issued(handler, ticket)
    shown = (await handler.get(f"/tickets/{ticket['id']}")).json
    event = next(event for event in shown["events"] if event["kind"] == "document_issued")
    assert event["details"]["document"] == made["number"]
    assert event["details"]["sha256"] == made["sha256"]
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'ticket.document_issued'") == 1


async def test_numbers_run_by_organisation_kind_and_year_without_gaps(site: Site) -> None:
    handler, other = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where=ELSEWHERE)
    ticket, theirs = await opened(handler), await opened(other)
    made = await asyncio.gather(*(issued(handler, ticket) for _ in range(6)), issued(other, theirs))
    numbers = sorted(each["number"] for each in made)
    assert numbers == [f"GD-GZ-QR-2026-{serial:06d}" for serial in range(1, 7)] + ["SC-CD-QR-2026-000001"]
    mail = await opened(handler, channel="network", network_kind="email")
    assert (await issued(handler, mail, kind="email_reply"))["number"] == "GD-GZ-YJ-2026-000001"
    site.clock.set(datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    site.people.clear()
    assert (await issued(await site.client(Role.HANDLER), ticket))["number"] == "GD-GZ-QR-2027-000001"


async def test_a_document_that_fails_takes_no_number(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    with monkeypatch.context() as broken:
        broken.setattr(press, "STANDARD", "no such standard")
        assert (await issue(handler, ticket)).status >= 400
    shut = site.app[VAULT].folder / "content"
    shut.parent.mkdir(exist_ok=True)
    shut.write_text("a file where the folder should be")
    assert (await issue(handler, ticket)).status == 503
    shut.unlink()
    assert (await issued(handler, ticket))["number"].endswith("000001")
    shown = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert [event["kind"] for event in shown["events"]].count("document_issued") == 1


async def test_the_same_request_again_issues_nothing_anew(site: Site) -> None:
    """H8"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    key = str(uuid4())
    first = await issued(handler, ticket, key=key)
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    assert await issued(handler, ticket, key=key) == first
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    other = await issue(handler, ticket, key=key, note="另一请求")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (await issued(handler, ticket))["number"].endswith("000002")


async def test_a_correction_is_a_new_document_that_names_the_old_one(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    old = await issued(handler, ticket)
    before = (await pdf(handler, old)).body
    shown = (await handler.get(f"/tickets/{ticket['id']}")).json
    changed = {"version": shown["version"], "complainant_name": "王大明"}
    assert (await handler("PATCH", f"/tickets/{ticket['id']}", json=changed)).status == 200
    new = await issued(handler, ticket, replaces=old["id"], reason="姓名有误")
    text = text_of(await pdf(handler, new))
    assert f"更正并取代我公司编号{old['number']}的确认书。更正原因：姓名有误" in text
    assert "王大明" in text
    listed = (await handler.get(f"/tickets/{ticket['id']}/documents")).json["items"]
    assert [(each["replaces"], each["replaced_by"]) for each in listed] == [
        (None, new["number"]),
        (old["number"], None),
    ]
    assert (await pdf(handler, old)).body == before
    again = await issue(handler, ticket, replaces=old["id"], reason="再次更正")
    assert (again.status, again.code) == (409, "document_void")


async def test_a_correction_says_why_and_corrects_its_own_kind_of_its_own_ticket(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    ticket, other = await opened(handler), await opened(handler, channel="network", network_kind="email")
    old, mail = await issued(handler, ticket), await issued(handler, other, kind="email_reply")
    assert (await issue(handler, ticket, replaces=old["id"])).status == 400
    assert (await issue(handler, ticket, reason="无原文书")).status == 400
    assert (await issue(handler, ticket, replaces=mail["id"], reason="他单")).status == 404
    wrong = await issue(handler, other, replaces=mail["id"], reason="换种类")
    assert (wrong.status, wrong.code) == (409, "document_refused")


async def test_a_void_document_keeps_its_number_and_its_bytes(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    made = await issued(handler, ticket)
    path = f"/tickets/{ticket['id']}/documents/{made['id']}/void"
    secretary = await site.client(Role.SECRETARY)
    assert (await secretary.post(path, {"reason": "不是我出具的"})).status == 403
    voided = await handler.post(path, {"reason": "误出具"})
    assert (voided.status, voided.json["void_reason"]) == (200, "误出具")
    assert (await handler.post(path, {"reason": "再次"})).code == "document_void"
    assert (await pdf(handler, made)).status == 200
    (file,) = (await handler.get(f"/tickets/{ticket['id']}/attachments")).json["items"]
    assert file["withdrawn_reason"] == "误出具"
    assert (await issued(handler, ticket))["number"].endswith("000002")


async def test_nobody_changes_or_removes_a_document_in_the_database(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    made = await issued(handler, await opened(handler))
    for statement in (
        "UPDATE document SET sha256 = repeat('0', 64)",
        "UPDATE document SET issued_by = 'user:x'",
        "DELETE FROM document",
        "TRUNCATE document CASCADE",
        "UPDATE document_template SET source = 'x'",
        "DELETE FROM document_template",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with site.database.transaction() as conn:
                await conn.execute(statement)
    assert (await pdf(handler, made)).status == 200


async def test_a_document_is_read_with_a_purpose_that_is_logged_before_it_leaves(site: Site) -> None:
    """T-6"""
    handler = await site.client(Role.HANDLER)
    made = await issued(handler, await opened(handler))
    silent = await handler.get(f"/tickets/{made['ticket_id']}/documents/{made['id']}/pdf")
    assert (silent.status, silent.code) == (400, "purpose_missing")
    await pdf(handler, made, purpose="寄送客户")
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT verdict, purpose, last_byte FROM access_log WHERE object_kind = 'document' AND reason = 'document'"
        )
    assert [tuple(row) for row in rows] == [("allow", "寄送客户", made["size"] - 1)]


async def test_letters_are_read_whole_only_by_who_sees_customers_whole(site: Site) -> None:
    """N-10"""
    handler, coordinator = await site.client(Role.HANDLER), await site.client(Role.COORDINATOR)
    made = await issued(handler, await opened(handler))
    listed = await coordinator.get(f"/tickets/{made['ticket_id']}/documents")
    assert listed.status == 200
    assert FULL["complainant_name"] not in listed.body.decode()
    refused = await pdf(coordinator, made)
    assert (refused.status, refused.code) == (403, "document_not_yours")
    async with site.database.connection() as conn:
        denied = "SELECT count(*) FROM access_log WHERE verdict = 'deny' AND object_kind = 'document'"
        assert await conn.fetchval(denied) == 1


async def test_a_document_is_a_generated_file_of_its_ticket_and_lies_in_their_store(site: Site) -> None:
    """N-10"""
    handler, coordinator = await site.client(Role.HANDLER), await site.client(Role.COORDINATOR)
    made = await issued(handler, await opened(handler))
    of_ticket = f"/tickets/{made['ticket_id']}/attachments"
    (file,) = (await handler.get(of_ticket)).json["items"]
    assert (file["id"], file["kind"], file["origin"], file["sha256"]) == (
        made["id"],
        "document",
        "generated",
        made["sha256"],
    )
    assert file["name"] == f"{made['number']}.pdf"
    content = await handler.get(f"{of_ticket}/{made['id']}/content", params=WHY)
    assert content.body == (await pdf(handler, made)).body
    refused = await coordinator.get(f"{of_ticket}/{made['id']}/content", params=WHY)
    assert (refused.status, refused.code) == (403, "attachment_not_yours")
    withdrawn = await handler.post(f"{of_ticket}/{made['id']}/withdrawal", {"reason": "应作废"})
    assert withdrawn.status == 403


async def test_other_organisations_do_not_know_it(site: Site) -> None:
    """H2"""
    handler, other = await site.client(Role.HANDLER), await site.client(Role.HANDLER, where=ELSEWHERE)
    ticket = await opened(handler)
    made = await issued(handler, ticket)
    assert (await pdf(other, made)).status == 404
    assert (await other.get(f"/tickets/{ticket['id']}/documents")).status == 404
    assert (await issue(other, ticket)).status == 404
    theirs = await opened(other)
    crossed = {**made, "ticket_id": theirs["id"]}
    assert (await pdf(other, crossed)).status == 404


async def test_a_damaged_document_is_not_given_out(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    made = await issued(handler, await opened(handler))
    path = site.app[VAULT].path_of(made["sha256"])
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    reply = await pdf(handler, made)
    assert (reply.status, reply.code) == (409, "document_damaged")
    path.unlink()
    assert (await pdf(handler, made)).status == 409


async def test_the_rules_of_who_is_written_to_are_named(site: Site) -> None:
    """R-4.4, B-2"""
    handler = await site.client(Role.HANDLER)
    letter = await opened(handler)
    refused = await issue(handler, letter, kind="email_reply")
    assert (refused.status, refused.code, refused.json["rules"]) == (409, "document_refused", ["R-4.4"])
    await walk(site, letter["id"], Status.CLOSED)
    closed = await issue(handler, letter)
    assert (closed.json["code"], closed.json["rules"]) == ("document_refused", ["B-2"])


async def test_a_customer_s_twenty_thousand_characters_are_all_in_the_letter(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    words = "".join(chr(0x4E00 + number) for number in range(19_900))
    ticket = await opened(handler, description=words)
    made = await issued(handler, ticket)
    assert set(words) <= set(text_of(await pdf(handler, made)))


async def test_a_character_without_a_glyph_is_told(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    made = await issued(handler, await opened(handler, complainant_name="张\U00010f00"))
    assert made["substituted"] == ["\U00010f00"]
    assert "张〔U+10F00〕" in text_of(await pdf(handler, made))
