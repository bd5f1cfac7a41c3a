"""Files of tickets through the interface: taken once, known by content, never deleted, read only with a reason."""

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import aiohttp
import pytest

from callcenter import custody, idempotency
from callcenter.accounts.permissions import PERMISSIONS, Permission, Role
from callcenter.attachments.checking import EVERY, SETTLED, Checking
from callcenter.attachments.vault import Vault
from callcenter.clock import ManualClock
from callcenter.config import AttachmentsConfig
from callcenter.db.pool import Database
from callcenter.opening import By
from callcenter.web import server, uploads
from callcenter.web.keys import VAULT
from tests.fakes import files
from tests.service import site as sites
from tests.service.orders import opened
from tests.service.site import ELSEWHERE, Client, Reply, Site
from tests.service.walk import walk
from tickets import store as tickets
from tickets.lifecycle import Status
from tickets.papers import Paper

pytestmark = pytest.mark.service


async def attach(
    client: Client,
    ticket: Any,
    content: bytes = files.PDF,
    kind: str = "letter",
    name: str = "来信.pdf",
    **options: Any,
) -> Reply:
    """The file as the body itself."""
    headers = {"Content-Type": "application/octet-stream", **options.pop("headers", {})}
    path = f"/tickets/{ticket['id']}/attachments?kind={kind}&name={quote(name)}"
    data = io.BytesIO(content) if isinstance(content, bytes) else content
    return await client("POST", path, data=data, headers=headers, **options)


async def form(client: Client, ticket: Any, content: bytes, filename: str, kind: str = "photo", **part: Any) -> Reply:
    """The file as the one part of a form."""
    data = aiohttp.FormData(quote_fields=False)
    data.add_field("file", io.BytesIO(content), filename=filename, **part)
    return await client("POST", f"/tickets/{ticket['id']}/attachments?kind={kind}", data=data)


def content_of(attachment: Any) -> str:
    return f"/tickets/{attachment['ticket_id']}/attachments/{attachment['id']}/content"


def lying(site: Site) -> list[str]:
    """The contents on disk, and nothing half written beside them."""
    vault = site.app[VAULT]
    stage = vault.folder / "stage"
    assert not stage.exists() or list(stage.iterdir()) == []
    return sorted(sha256 for sha256, _ in vault.walk())


async def test_a_file_is_known_by_its_content_and_comes_back_as_it_was(site: Site) -> None:
    """R-4.4, E-20"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    reply = await attach(agent, ticket, name="来信.exe")
    assert reply.status == 201, reply.body
    told = reply.json
    sha256 = hashlib.sha256(files.PDF).hexdigest()
    assert (told["kind"], told["origin"], told["name"]) == ("letter", "received", "来信.exe.pdf")
    assert (told["media_type"], told["size"], told["sha256"]) == ("application/pdf", len(files.PDF), sha256)
    assert lying(site) == [sha256]
    back = await agent.get(f"{content_of(told)}?purpose=核对")
    assert (back.status, back.body) == (200, files.PDF)
    file = (await agent.get(f"/tickets/{ticket['id']}")).json
    assert file["attachments"] == [told]
    assert file["events"][-1]["kind"] == "attached"
    assert file["events"][-1]["details"]["sha256"] == sha256
    assert file["version"] == 1  # whoever works on the particulars is not disturbed
    assert (await agent.get(f"/tickets/{ticket['id']}/attachments")).json == {"items": [told], "next": None}


async def test_a_file_is_given_as_a_download_that_no_browser_shows(site: Site) -> None:
    """H12"""
    agent = await site.client(Role.AGENT)
    told = (await attach(agent, await opened(agent), name='a"b\r\n信.pdf')).json
    back = await agent.get(f"{content_of(told)}?purpose=核对")
    assert back.headers["Content-Type"] == "application/pdf"
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    assert back.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert back.headers["Cache-Control"] == "no-store"
    assert back.headers["Content-Disposition"] == (
        "attachment; filename=\"a_b_.pdf\"; filename*=UTF-8''a_b%E4%BF%A1.pdf"
    )
    head = await agent("HEAD", f"{content_of(told)}?purpose=核对")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(files.PDF)))


async def test_a_form_has_the_files_name_and_the_file_its_type(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    reply = await form(agent, ticket, files.png(), "C:\\照片\\现场.jpg", content_type="application/pdf")
    assert reply.status == 201, reply.body
    assert (reply.json["name"], reply.json["media_type"]) == ("现场.jpg.png", "image/png")
    large = files.PDF[:-6] + b"x" * 3_000_000 + b"\n%%EOF\n"
    reply = await form(agent, ticket, large, "大.pdf")
    assert (reply.status, reply.json["sha256"]) == (201, hashlib.sha256(large).hexdigest())


@pytest.mark.parametrize(
    "content",
    [
        files.EXE,
        files.ELF,
        files.HTML,
        files.SVG,
        files.OLE,
        files.zipped({}),
        files.JPEG + files.zipped({"a": b""}),
    ],
)
async def test_what_is_not_taken_leaves_no_trace_but_the_refusal(site: Site, content: bytes) -> None:
    """H10, H12: whatever it is called and said to be."""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    reply = await attach(agent, ticket, content, name="来信.pdf", headers={"Content-Type": "application/pdf"})
    assert (reply.status, reply.code) == (415, "attachment_type")
    assert re.search("[\u4e00-\u9fff]", reply.json["detail"])
    assert lying(site) == []
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["attachments"] == []


async def test_nothing_is_no_file(site: Site) -> None:
    """H10"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    reply = await attach(agent, ticket, b"")
    assert (reply.status, reply.code) == (422, "attachment_empty")
    reply = await form(agent, ticket, b"", "空.pdf")
    assert (reply.status, reply.code) == (422, "attachment_empty")
    assert lying(site) == []


async def test_names_of_every_kind_are_stored_clean(site: Site) -> None:
    """H5, H11, H12"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    for name, kept in [
        ("../../../etc/passwd", "passwd.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("'; DROP TABLE attachment; --", "'; DROP TABLE attachment; --.pdf"),
        ("𠮷" * 250, "𠮷" * 62 + ".pdf"),
    ]:
        reply = await attach(agent, ticket, name=name)
        assert (reply.status, reply.json["name"]) == (201, kept)
        assert len(kept.encode()) <= 255
    reply = await agent("POST", f"/tickets/{ticket['id']}/attachments?kind=letter&name=%00", data=files.PDF)
    assert reply.status == 400


async def test_an_unknown_kind_and_no_kind_are_bad_requests(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    for query in ("", "?kind=virus", "?kind=letter&path=/etc", "?kind=letter&kind=fax"):
        reply = await agent("POST", f"/tickets/{ticket['id']}/attachments{query}", data=files.PDF)
        assert reply.status == 400, query
    assert lying(site) == []


async def test_there_is_no_way_to_send_a_recording(site: Site) -> None:
    """H22: a sound is evidence, never a recording of ours."""
    agent, ids = await site.client(Role.AGENT), uuid4()
    for path in ("/recordings", f"/recordings/{ids}/audio", f"/calls/{ids}/recording"):
        assert (await agent("POST", path, data=files.wav())).status in (404, 405)
    ticket = await opened(agent)
    reply = await attach(agent, ticket, files.wav(), kind="recording")
    assert (reply.status, reply.code) == (400, "not_valid")
    assert (await attach(agent, ticket, files.wav(), kind="evidence", name="录音")).json["name"] == "录音.wav"
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM recording_object") == 0


async def test_a_file_is_sent_under_a_key_and_its_repeat_is_the_same_file(site: Site) -> None:
    """H7, H8, INV-3"""
    agent = await site.client(Role.AGENT)
    ticket, key = await opened(agent), {"Idempotency-Key": str(uuid4())}
    for bad in ("", "not-a-uuid", "x" * 10_000, str(uuid4())[:-1]):
        reply = await attach(agent, ticket, headers={"Idempotency-Key": bad})
        assert reply.status == 400
    first = await attach(agent, ticket, headers=key)
    again = await attach(agent, ticket, headers=key)
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (201, first.json, "true")
    assert first.json["id"] == key["Idempotency-Key"]
    for other in (
        await attach(agent, ticket, files.PDF + b"\n", headers=key),
        await attach(agent, ticket, kind="fax", headers=key),
        await attach(agent, ticket, name="别的.pdf", headers=key),
        await attach(agent, await opened(agent), headers=key),
    ):
        assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len((await agent.get(f"/tickets/{ticket['id']}/attachments")).json["items"]) == 1


async def test_the_key_is_good_after_a_day_too(site: Site) -> None:
    """H8"""
    agent = await site.client(Role.AGENT)
    ticket, key = await opened(agent), {"Idempotency-Key": str(uuid4())}
    first = await attach(agent, ticket, headers=key)
    await idempotency.purge(site.database, site.clock.now() + timedelta(days=2))
    again = await attach(agent, ticket, headers=key)
    assert (again.status, again.json) == (201, first.json)
    other = await attach(agent, ticket, files.png(), headers=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def test_twenty_equal_uploads_at_once_are_one_file(site: Site) -> None:
    """H9, INV-3"""
    agent = await site.client(Role.AGENT)
    ticket, key = await opened(agent), {"Idempotency-Key": str(uuid4())}
    replies = await asyncio.gather(*(attach(agent, ticket, headers=key) for _ in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"idempotency_running"}
    assert (await attach(agent, ticket, headers=key)).status == 201
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM attachment") == 1
        assert await conn.fetchval("SELECT count(*) FROM ticket_event WHERE kind = 'attached'") == 1


async def test_the_same_bytes_on_two_tickets_lie_once(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    for _ in range(2):
        ticket = await opened(agent)
        for _ in range(2):
            assert (await attach(agent, ticket)).status == 201
    assert len(lying(site)) == 1
    async with site.database.connection() as conn:
        counts = await conn.fetchrow(
            "SELECT (SELECT count(*) FROM attachment) AS files, (SELECT count(*) FROM attachment_content) AS contents"
        )
    assert tuple(counts) == (4, 1)


@pytest.fixture
async def narrow(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Site]:
    """A site that takes files of one megabyte, three a ticket."""
    files_ = AttachmentsConfig(tmp_path / "attachments", max_megabytes=1, per_ticket=3, minimum_free=0)
    config = sites.settings(tmp_path, attachments=files_)
    app = server.build(config, database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as running:
        yield running


async def test_a_file_that_says_it_is_too_large_is_refused_unread(narrow: Site) -> None:
    """H10"""
    agent = await narrow.client(Role.AGENT)
    ticket = await opened(agent)
    host, port = narrow.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /api/v1/tickets/{ticket['id']}/attachments?kind=letter HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {agent.headers['Authorization']}\r\nIdempotency-Key: {uuid4()}\r\n"
        "Content-Length: 99999999999\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        line = await reader.readline()
    assert b" 413 " in line
    writer.close()
    assert lying(narrow) == []


async def test_a_file_that_does_not_say_and_is_too_large_is_refused_at_the_limit(narrow: Site) -> None:
    """H10: chunked, without end"""
    agent = await narrow.client(Role.AGENT)
    ticket = await opened(agent)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    try:
        async with asyncio.timeout(20):
            reply = await attach(agent, ticket, endless())
            assert (reply.status, reply.code) == (413, "body_too_large")
    except aiohttp.ClientError:
        pass  # the answer was there before everything was sent, and the connection closed
    assert sent < 40 << 20
    assert lying(narrow) == []
    exactly = files.PDF[:-6] + b" " * ((1 << 20) - len(files.PDF)) + files.PDF[-6:]
    assert len(exactly) == 1 << 20
    assert (await attach(agent, ticket, exactly)).status == 201
    assert (await attach(agent, ticket, exactly + b"\n")).status == 413


async def test_a_ticket_has_only_so_many_files_however_many_come_at_once(narrow: Site) -> None:
    agent = await narrow.client(Role.AGENT)
    ticket = await opened(agent)
    replies = await asyncio.gather(*(attach(agent, ticket) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [201] * 3 + [409] * 5
    assert {reply.code for reply in replies if reply.status == 409} == {"attachment_too_many"}
    assert (await attach(agent, await opened(agent))).status == 201


BOUNDARY = "cut"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
END = f"\r\n--{BOUNDARY}--\r\n".encode()
WHOLE = HEAD + files.PDF + END
FIELD = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nfax'.encode()
NESTED = f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nx\r\n--y--".encode()
BROKEN = {
    "without its end": HEAD + files.PDF,
    "cut in its head": HEAD[:40],
    "cut in its end": WHOLE[:-4],
    "with nothing": b"",
    "with no part": f"--{BOUNDARY}--\r\n".encode(),
    "with another boundary": WHOLE.replace(BOUNDARY.encode(), b"other"),
    "with two files": HEAD + files.PDF + b"\r\n" + HEAD + files.PDF + END,
    "with a field beside the file": HEAD + files.PDF + FIELD + END,
    "within another": NESTED + END,
    "in base64": HEAD.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"JVBERi0=" + END,
    "with a head without end": f"--{BOUNDARY}\r\n".encode() + b"X: y\r\n" * 3000,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
@pytest.mark.parametrize("how", BROKEN)
async def test_a_broken_form_is_refused_and_leaves_nothing(site: Site, how: str) -> None:
    """H10"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    reply = await attach(agent, ticket, BROKEN[how], headers=headers)
    assert reply.status in (400, 415), reply.body
    assert lying(site) == []
    assert (await attach(agent, ticket, WHOLE, headers=headers)).status == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "multipart/mixed; boundary=x"}, 415),
        ({"Content-Type": "multipart/form-data"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=" + "x" * 100}, 400),
    ],
)
async def test_what_would_have_to_be_unpacked_or_guessed_is_refused(
    site: Site, headers: dict[str, str], status: int
) -> None:
    """H10: no bomb is opened."""
    agent = await site.client(Role.AGENT)
    reply = await attach(agent, await opened(agent), headers=headers)
    assert reply.status == status, reply.body
    assert lying(site) == []


async def test_a_form_without_a_length_is_asked_for_one(site: Site) -> None:
    agent = await site.client(Role.AGENT)

    async def pieces() -> AsyncIterator[bytes]:
        yield WHOLE

    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    reply = await attach(agent, await opened(agent), pieces(), headers=headers)
    assert (reply.status, reply.code) == (411, "length_required")


async def test_a_sender_who_breaks_off_leaves_nothing(site: Site) -> None:
    """H10"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    host, port = site.origin.removeprefix("http://").split(":")
    for content_type in ("application/pdf", f"multipart/form-data; boundary={BOUNDARY}"):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /api/v1/tickets/{ticket['id']}/attachments?kind=letter HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {agent.headers['Authorization']}\r\nIdempotency-Key: {uuid4()}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(WHOLE)}\r\n\r\n".encode()
            + WHOLE[:-20]
        )
        await writer.drain()
        stage = site.app[VAULT].folder / "stage"
        async with asyncio.timeout(5):
            while not stage.exists() or not list(stage.iterdir()):
                await asyncio.sleep(0.01)
        writer.close()
        async with asyncio.timeout(5):
            while list(stage.iterdir()):
                await asyncio.sleep(0.01)
    assert lying(site) == []
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["attachments"] == []


async def test_a_sender_who_says_no_more_is_let_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """H10: slowloris"""
    monkeypatch.setattr(uploads, "STALLED", 0.2)
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)

    async def slow() -> AsyncIterator[bytes]:
        yield files.PDF[:10]
        await asyncio.sleep(5)
        yield files.PDF[10:]

    try:
        reply = await attach(agent, ticket, slow())
        assert (reply.status, reply.code) == (408, "body_too_slow")
    except aiohttp.ClientError:
        pass
    assert lying(site) == []


async def test_a_full_disk_is_told_and_the_ticket_stays_as_it_was(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    full = Vault(site.app[VAULT].folder, minimum_free=1 << 60)
    monkeypatch.setattr(site.app[VAULT], "_minimum_free", full._minimum_free)
    key = {"Idempotency-Key": str(uuid4())}
    reply = await attach(agent, ticket, headers=key)
    assert (reply.status, reply.code) == (503, "attachment_store_full")
    assert reply.headers["Retry-After"]
    assert lying(site) == []
    monkeypatch.undo()
    assert (await attach(agent, ticket, headers=key)).status == 201


async def test_a_ticket_of_elsewhere_has_no_files_for_a_stranger(site: Site) -> None:
    """H2, T-6"""
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.HANDLER, where=ELSEWHERE)
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    assert (await attach(stranger, ticket)).status == 404
    assert (await stranger.get(f"/tickets/{ticket['id']}/attachments")).status == 404
    assert (await stranger.get(f"{content_of(told)}?purpose=核对")).status == 404
    assert (await stranger.post(f"{content_of(told)[:-8]}/withdrawal", {"reason": "x"})).status == 404
    own = await opened(stranger)
    assert (await stranger.get(f"/tickets/{own['id']}/attachments/{told['id']}/content?purpose=核对")).status == 404
    assert (await agent.get(f"/tickets/{ticket['id']}/attachments/..%2f{told['id']}/content")).status in (400, 404)
    async with site.database.connection() as conn:
        denied = await conn.fetchval("SELECT count(*) FROM access_log WHERE verdict = 'deny'")
    assert denied >= 5


async def test_nobody_reads_a_file_without_saying_why(site: Site) -> None:
    """H16, T-6, E-11: purpose, ticket and bytes are in the access log before the first byte."""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    reply = await agent.get(content_of(told))
    assert (reply.status, reply.code) == (400, "purpose_missing")
    assert (await agent.get(f"{content_of(told)}?purpose=核对诉求")).status == 200
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT verdict, reason, purpose, ticket_id, first_byte, last_byte FROM access_log "
            "WHERE object_kind = 'attachment' AND object_id = $1 ORDER BY reason DESC",
            told["id"],
        )
    assert [(row["verdict"], row["reason"]) for row in rows] == [
        ("deny", "attachments.read_file: purpose_missing"),
        ("allow", "attachments.attach_file"),
        ("allow", "attachment"),
    ]
    assert (rows[2]["purpose"], str(rows[2]["ticket_id"])) == ("核对诉求", ticket["id"])
    assert (rows[2]["first_byte"], rows[2]["last_byte"]) == (0, len(files.PDF) - 1)


async def test_no_byte_leaves_when_the_access_log_cannot_be_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INV-6"""
    agent = await site.client(Role.AGENT)
    told = (await attach(agent, await opened(agent))).json
    async with site.database.connection() as conn:
        await conn.execute("ALTER TABLE access_log ADD CONSTRAINT never CHECK (reason <> 'attachment') NOT VALID")
    reply = await agent.get(f"{content_of(told)}?purpose=核对")
    assert (reply.status, reply.code) == (503, "access_log_unavailable")
    assert files.PDF not in reply.body


READERS = {role for role in Role if Permission.ATTACHMENT_READ in PERMISSIONS[role]}


@pytest.mark.parametrize("role", [role for role in Role if Permission.TICKET_READ in PERMISSIONS[role]])
async def test_who_sees_nobody_whole_sees_no_name_of_a_file_and_no_identity(site: Site, role: Role) -> None:
    """T-6, E-16, N-10"""
    agent, reader = await site.client(Role.AGENT), await site.client(role)
    ticket = await opened(agent)
    letter = (await attach(agent, ticket, name="王小明13900000001.pdf")).json
    identity = (await attach(agent, ticket, kind="identity", name="王小明身份证.pdf")).json
    kinship = (await attach(agent, ticket, kind="kinship", name="王小明户口本.pdf")).json
    whole = Permission.CUSTOMER_UNMASK in PERMISSIONS[role]
    for path in (f"/tickets/{ticket['id']}", f"/tickets/{ticket['id']}/attachments"):
        body = (await reader.get(path)).body.decode()
        assert ("王小明身份证" in body) is whole
        assert ("139****0001.pdf" in body) is False
        assert ("身份证明.pdf" in body) is not whole
    may = role in READERS
    statuses = [(await reader.get(f"{content_of(each)}?purpose=调查")).status for each in (letter, identity, kinship)]
    assert statuses == [200 if may else 403, *([200 if may and whole else 403] * 2)]
    if may and not whole:
        reply = await reader.get(f"{content_of(letter)}?purpose=调查")
        assert "王小明" not in reply.headers["Content-Disposition"]
        assert quote("来信.pdf") in reply.headers["Content-Disposition"]
        refused = await reader.get(f"{content_of(identity)}?purpose=调查")
        assert refused.code == "attachment_not_yours"


async def test_a_wrong_file_is_withdrawn_with_a_reason_and_stays(site: Site) -> None:
    """E-20: nothing is deleted."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    auditor = await site.client(Role.AUDITOR)
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    path = f"{content_of(told)[:-8]}/withdrawal"
    for bad in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 2001}):
        assert (await agent.post(path, bad)).status == 400
    reply = await agent.post(path, {"reason": "传错了客户的来信"})
    assert reply.status == 200, reply.body
    assert (reply.json["withdrawn_reason"], reply.json["withdrawn_by"]) == ("传错了客户的来信", told["added_by"])
    again = await handler.post(path, {"reason": "再次"})
    assert (again.status, again.code) == (409, "attachment_withdrawn")
    gone = await handler.get(f"{content_of(told)}?purpose=核对")
    assert (gone.status, gone.code) == (409, "attachment_withdrawn")
    assert (await auditor.get(f"{content_of(told)}?purpose=核查")).body == files.PDF
    file = (await handler.get(f"/tickets/{ticket['id']}")).json
    assert [each["id"] for each in file["attachments"]] == [told["id"]]
    assert file["events"][-1]["kind"] == "attachment_withdrawn"
    assert file["events"][-1]["details"]["reason"] == "传错了客户的来信"


async def test_only_who_added_a_file_or_the_complaint_post_withdraws_it(site: Site) -> None:
    agent, other, handler = (
        await site.client(Role.AGENT),
        await site.client(Role.COORDINATOR),
        await site.client(Role.HANDLER),
    )
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    path = f"{content_of(told)[:-8]}/withdrawal"
    reply = await other.post(path, {"reason": "x"})
    assert (reply.status, reply.code) == (403, "forbidden")
    assert (await handler.post(path, {"reason": "不属于本单"})).status == 200


async def test_no_statement_changes_or_deletes_a_file(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    await attach(agent, await opened(agent))
    for statement in (
        "DELETE FROM attachment",
        "TRUNCATE attachment",
        "TRUNCATE attachment CASCADE",
        "UPDATE attachment SET name = 'x.pdf'",
        "UPDATE attachment SET ticket_id = id",
        "DELETE FROM attachment_content",
    ):
        async with site.database.connection() as conn:
            with pytest.raises(Exception, match=r"never changed|only grows|cannot truncate"):
                await conn.execute(statement)


async def test_a_file_may_come_after_closing_but_none_is_withdrawn_then(site: Site) -> None:
    """B-2, E-20: what the closing rests on stays."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    await walk(site, ticket["id"], Status.CLOSED)
    assert (await attach(handler, ticket, kind="customer_reply")).status == 201
    reply = await handler.post(f"{content_of(told)[:-8]}/withdrawal", {"reason": "x"})
    assert (reply.status, reply.json["rules"]) == (409, ["B-2"])


async def test_an_archived_ticket_takes_no_further_file(site: Site) -> None:
    """B-3, E-20: but the same file again, under its key, is the one that is there."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    await walk(site, ticket["id"], Status.CLOSED)
    key = {"Idempotency-Key": str(uuid4())}
    assert (await attach(handler, ticket, kind="customer_reply", headers=key)).status == 201
    async with site.database.transaction() as conn:
        await conn.execute(
            "UPDATE ticket SET status = 'archived', archived_at = now() WHERE number = $1", ticket["number"]
        )
    reply = await attach(handler, ticket, kind="evidence")
    assert (reply.status, reply.code, reply.json["rules"]) == (409, "ticket_illegal_move", ["B-3"])
    assert (await attach(handler, ticket, kind="customer_reply", headers=key)).status == 201


async def test_files_are_listed_page_by_page(site: Site) -> None:
    """H17"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    added = []
    for number in range(5):
        site.clock.advance(timedelta(seconds=number % 2))
        added.append((await attach(agent, ticket, name=f"{number}.pdf")).json["id"])
    found, path = [], f"/tickets/{ticket['id']}/attachments?limit=2"
    reply = await agent.get(path)
    while True:
        found += [item["id"] for item in reply.json["items"]]
        if reply.json["next"] is None:
            break
        reply = await agent.get(f"{path}&cursor={reply.json['next']}")
    assert sorted(found) == sorted(added)
    assert (await agent.get(f"{path}&cursor=forged")).status == 400


async def test_a_damaged_file_is_not_given_and_somebody_is_told(site: Site) -> None:
    """T-6"""
    agent, supervisor = await site.client(Role.AGENT), await site.client(Role.SUPERVISOR)
    ticket = await opened(agent)
    told = (await attach(agent, ticket)).json
    path = site.app[VAULT].path_of(told["sha256"])
    path.chmod(0o640)
    path.write_bytes(files.PDF[:-1] + b"x")
    for _ in range(2):
        reply = await agent.get(f"{content_of(told)}?purpose=核对")
        assert (reply.status, reply.code) == (409, "attachment_damaged")
    incidents = (await supervisor.get("/incidents?kind=attachment_damaged")).json["items"]
    assert [each["details"] for each in incidents] == [{"sha256": told["sha256"], "tickets": [ticket["number"]]}]
    path.write_bytes(files.PDF)
    assert (await agent.get(f"{content_of(told)}?purpose=核对")).body == files.PDF


async def test_the_worker_reads_back_what_was_not_for_longest_and_tells_what_is_wrong(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    told = [(await attach(agent, ticket, files.PDF + b"\n" * number)).json for number in range(4)]
    checking = Checking(site.database, site.clock, site.app[VAULT])
    site.app[VAULT].path_of(told[0]["sha256"]).unlink()
    assert await checking.read_back() == 0  # each was read back when it was stored
    site.clock.advance(EVERY + timedelta(seconds=1))
    assert await checking.read_back() == 1
    assert await checking.read_back() == 0
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT kind, details FROM incident")
        damaged = await conn.fetch("SELECT sha256 FROM attachment_content WHERE damaged_at IS NOT NULL")
    assert [(row["kind"], row["details"]["sha256"]) for row in rows] == [("attachment_damaged", told[0]["sha256"])]
    assert [row["sha256"] for row in damaged] == [told[0]["sha256"]]


async def test_a_disk_that_cannot_be_read_says_nothing_of_one_file(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    told = (await attach(agent, await opened(agent))).json
    path = site.app[VAULT].path_of(told["sha256"])
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    reply = await agent.get(f"{content_of(told)}?purpose=核对")
    assert reply.status in (409, 503)


async def test_a_file_of_no_ticket_is_told_once_and_left_where_it_is(site: Site) -> None:
    vault = site.app[VAULT]
    content = vault.put(b"left behind")
    checking = Checking(site.database, site.clock, vault)
    since = vault.path_of(content.sha256).stat().st_mtime
    site.clock.set(datetime.fromtimestamp(since, UTC) + SETTLED - timedelta(seconds=1))
    assert await checking.look_for_orphans() == 0
    site.clock.advance(timedelta(seconds=2))
    assert await checking.look_for_orphans() == 1
    assert await checking.look_for_orphans() == 1
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT kind, details FROM incident")
    assert [(row["kind"], row["details"]) for row in rows] == [("attachment_orphaned", {"sha256": content.sha256})]
    assert vault.has(content.sha256)


async def test_the_recording_of_the_reception_area_hangs_on_the_visit(site: Site) -> None:
    """N-1"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent, channel="visit")
    reply = await attach(agent, ticket, files.MP4, kind="reception", name="接待")
    assert (reply.status, reply.json["name"], reply.json["media_type"]) == (201, "接待.mp4", "video/mp4")


async def test_what_this_system_makes_is_kept_the_same_way(site: Site) -> None:
    """E-20"""
    agent = await site.client(Role.AGENT)
    ticket = await opened(agent)
    content = site.app[VAULT].put(files.PDF)
    async with site.database.transaction() as conn:
        row = await tickets.lock(conn, ticket["id"])
        assert row is not None
        made = await custody.keep(
            conn,
            row,
            content,
            kind=Paper.DOCUMENT,
            name="受理回执.pdf",
            media_type="application/pdf",
            by=By("system:documents"),
            at=site.clock.now(),
        )
    shown = (await agent.get(f"/tickets/{ticket['id']}")).json["attachments"]
    assert [(each["id"], each["origin"], each["kind"]) for each in shown] == [(str(made.id), "generated", "document")]
    reply = await agent.post(f"{content_of(shown[0])[:-8]}/withdrawal", {"reason": "x"})
    assert reply.status == 403
    assert (await agent.get(f"{content_of(shown[0])}?purpose=核对")).body == files.PDF
