"""The case file through the interface: what it lacks, explaining it, and the whole of it as a ZIP."""

import hashlib
import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from callcenter import bundle
from callcenter.accounts.permissions import Role
from callcenter.bundle import Part
from callcenter.web.keys import VAULT
from tests.service.orders import FULL, opened
from tests.service.site import ELSEWHERE, Client, Reply, Site
from tests.service.test_attachments import attach
from tests.service.test_documents import issued
from tests.service.test_recordings_api import Hall, hall
from tests.service.walk import acted, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

WHY = {"purpose": "监管检查"}
__all__ = ["hall"]


async def contents(client: Client, ticket: Any) -> Any:
    reply = await client.get(f"/tickets/{ticket['id']}/case-file/contents")
    assert reply.status == 200, reply.body
    return reply.json


async def export(client: Client, ticket: Any, **query: str) -> Reply:
    return await client.get(f"/tickets/{ticket['id']}/case-file", params=query or WHY)


async def closed(site: Site) -> Any:
    """A complaint at the counter, closed, with a slip on paper and a proof of identity; its visit form is missing."""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, channel="visit", description="请回电13912345678")
    assert (await attach(handler, ticket, kind="evidence")).status == 201
    assert (await attach(handler, ticket, kind="identity", name="王小明身份证.pdf")).status == 201
    await walk(site, ticket["id"], Status.CLOSED)
    await issued(handler, ticket, kind="case_cover")
    return ticket


async def test_a_case_file_says_what_it_lacks_by_channel_and_with_which_rules(site: Site) -> None:
    """E-20, E-21, R-4.3"""
    handler = await site.client(Role.HANDLER)
    ticket = await closed(site)
    shown = await contents(handler, ticket)
    items = {each["item"]: each for each in shown["items"]}
    assert "visit_form" in shown["missing"]
    assert items["visit_form"]["rules"] == ["R-4.3"]
    assert items["visit_form"]["ground"] == "seed"
    assert items["recording"]["need"] == "optional"
    assert items["closing"]["held"]
    assert (shown["complete"], shown["files"]) == (False, 3)
    assert (await attach(handler, ticket, kind="visit_form")).status == 201
    assert "visit_form" not in (await contents(handler, ticket))["missing"]


async def test_a_case_that_lacks_something_is_not_archived(site: Site) -> None:
    """E-21, R-4.3"""
    handler = await site.client(Role.HANDLER)
    ticket = await closed(site)
    refused = await acted(handler, ticket["id"], "archive")
    assert (refused.status, refused.code) == (409, "ticket_move_refused"), refused.body
    assert "E-21" in refused.json["rules"]
    assert "客户签字的来访受理表" in refused.json["detail"]
    assert (await attach(handler, ticket, kind="visit_form")).status == 201
    assert (await contents(handler, ticket))["missing"] == []
    assert (await acted(handler, ticket["id"], "archive")).json["status"] == "archived"


async def test_what_cannot_be_had_any_more_is_explained_once_and_stays(site: Site) -> None:
    """E-21, R-4.7"""
    handler, agent = await site.client(Role.HANDLER), await site.client(Role.AGENT)
    ticket = await opened(handler, channel="network", network_kind="web")
    path = f"/tickets/{ticket['id']}/case-file/absences"
    said = {"item": "acknowledgement", "reason": "电话13912345678多次无人接听"}
    assert (await agent.post(path, said)).status == 403
    made = await handler.post(path, said)
    assert made.status == 201, made.body
    entry = next(each for each in made.json["items"] if each["item"] == "acknowledgement")
    assert (entry["explained"], entry["missing"], entry["explained_by_name"]) == (said["reason"], False, "测试员")
    again = await handler.post(path, {**said, "reason": "另一说明"})
    assert (again.status, again.code, again.json["rules"]) == (409, "ticket_move_refused", ["E-21"])
    assert (await handler.post(path, {"item": "closing", "reason": "x"})).status == 409
    hidden = await contents(await site.client(Role.COORDINATOR), ticket)
    assert "13912345678" not in json.dumps(hidden)
    events = (await handler.get(f"/tickets/{ticket['id']}")).json["events"]
    assert [each["kind"] for each in events].count("absence_explained") == 1


async def test_an_exported_case_file_is_whole_and_its_sums_are_right(site: Site, tmp_path: Path) -> None:
    """E-20, E-22, B-3"""
    handler = await site.client(Role.HANDLER)
    ticket = await closed(site)
    reply = await export(handler, ticket)
    assert reply.status == 200, reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        archive.extractall(tmp_path)
    assert names[:3] == ["index.pdf", "index.json", "order.json"]
    assert names[-1] == "SHA256SUMS"
    assert len([name for name in names if name.startswith("attachments/")]) == 2
    assert len([name for name in names if name.startswith("documents/")]) == 1
    if (sha256sum := shutil.which("sha256sum")) is not None:
        done = subprocess.run([sha256sum, "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)  # noqa: ASYNC221
        assert done.returncode == 0, done.stdout + done.stderr
    index = json.loads((tmp_path / "index.json").read_text())
    assert index["ticket"] == ticket["number"]
    assert index["purpose"] == "监管检查"
    for each in index["files"]:
        assert hashlib.sha256((tmp_path / each["path"]).read_bytes()).hexdigest() == each["sha256"]
    order = json.loads((tmp_path / "order.json").read_text())
    assert order["complainant_name"] == FULL["complainant_name"]
    assert {"opened", "close", "document_issued"} <= {each["kind"] for each in order["events"]}
    text = "".join("".join(page.extract_text() for page in PdfReader(tmp_path / "index.pdf").pages).split())
    assert "卷内目录" in text
    assert "监管检查" in text
    assert "投诉案卷封面" in text


async def test_who_may_not_see_customers_whole_gets_the_order_masked_and_no_letters(site: Site) -> None:
    """N-10, E-16"""
    ticket = await closed(site)
    secretary = await site.client(Role.SECRETARY)
    reply = await export(secretary, ticket)
    assert reply.status == 200, reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist() if name.endswith("json"))
        index = json.loads(archive.read("index.json"))
        assert "王小明" not in "".join(archive.namelist())
    for hidden in ("王小明", "13912345678"):
        assert hidden not in everything.decode()
    withheld = [each["kind"] for each in index["files"] if each["withheld"] == "customer.unmask"]
    assert sorted(withheld) == ["document", "identity"]


async def test_a_case_file_is_handed_out_with_a_purpose_to_who_may_and_logged_before(site: Site) -> None:
    """T-6, E-11, E-12, H2"""
    ticket = await closed(site)
    handler = await site.client(Role.HANDLER)
    path = f"/tickets/{ticket['id']}/case-file"
    assert (await handler.get(path)).code == "purpose_missing"
    assert (await export(await site.client(Role.AGENT), ticket)).status == 403
    assert (await export(await site.client(Role.HANDLER, where=ELSEWHERE), ticket)).status == 404
    assert (await export(handler, ticket)).status == 200
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT object_kind, count(*) AS n FROM access_log WHERE reason = 'case_file' AND verdict = 'allow'"
            " AND purpose = '监管检查' GROUP BY object_kind"
        )
    assert {row["object_kind"]: row["n"] for row in rows} == {"case_file": 1, "attachment": 3}


async def test_copies_of_recordings_are_for_provinces_and_headquarters(site: Site) -> None:
    """E-10"""
    ticket = await closed(site)
    refused = await export(await site.client(Role.HANDLER), ticket, recordings="true", **WHY)
    assert refused.status == 403
    province = await site.client(Role.HANDLER, where="gd")
    assert (await export(province, ticket, recordings="true", **WHY)).status == 200


async def test_a_damaged_file_keeps_the_case_file_from_being_handed_out(site: Site) -> None:
    """E-22"""
    ticket = await closed(site)
    handler = await site.client(Role.HANDLER)
    file = (await handler.get(f"/tickets/{ticket['id']}/attachments")).json["items"][0]
    path = site.app[VAULT].path_of(file["sha256"])
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    reply = await export(handler, ticket)
    assert (reply.status, reply.code) == (409, "attachment_damaged")


def test_a_large_case_file_is_made_in_memory_that_does_not_grow() -> None:
    """E-20"""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    block = bytes(1 << 20)

    def part(number: int) -> Part:
        return Part(f"attachments/{number:03d}.bin", 40 << 20, at, lambda: _blocks(block))

    tracemalloc.start()
    size = sum(len(piece) for piece in bundle.stream([part(number) for number in range(5)], at))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 200 << 20
    assert peak < 8 << 20


def _blocks(block: bytes) -> Iterator[bytes]:
    for _ in range(40):
        yield block


async def test_a_sealed_recording_goes_along_as_its_master_for_who_may_hear_it(hall: Hall) -> None:
    """E-1, E-10, T-6"""
    call = await hall.sealed()
    handler = await hall.site.client(Role.HANDLER)
    ticket = await opened(handler, channel="visit")
    async with hall.site.database.transaction() as conn:
        await conn.execute("INSERT INTO ticket_call VALUES ($1, $2, false, NULL, now())", UUID(ticket["id"]), call.id)
    shown = await contents(handler, ticket)
    assert (shown["recordings"], shown["unsealed"]) == (1, 0)
    assert next(each["held"] for each in shown["items"] if each["item"] == "recording")
    by_reference = await export(handler, ticket)
    with zipfile.ZipFile(io.BytesIO(by_reference.body)) as archive:
        (named,) = json.loads(archive.read("index.json"))["recordings"]
        assert named["path"] is None
        assert named["archive_no"]
    province = await hall.site.client(Role.HANDLER, where="gd")
    reply = await export(province, ticket, recordings="true", **WHY)
    assert reply.status == 200, reply.body
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        (given,) = json.loads(archive.read("index.json"))["recordings"]
        content = archive.read(given["path"])
        sums = archive.read("SHA256SUMS").decode()
    assert given["path"].endswith(".flac")
    assert content == call.file().read_bytes()
    assert f"{given['master_sha256']}  {given['path']}" in sums
    async with hall.site.database.connection() as conn:
        logged = "SELECT count(*) FROM access_log WHERE object_kind = 'recording' AND reason = 'case_file'"
        assert await conn.fetchval(logged) == 1
