"""Files of personal data leave after a second person's approval, and what left is on record (E-12)."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.config import ExportsConfig
from callcenter.db.pool import Database
from callcenter.web import server
from tests.service.orders import opened
from tests.service.site import HOME, Client, Site, settings

pytestmark = pytest.mark.service

LIST = "/tickets?nature=complaint&channel=visit&purpose=月度核对"
CSV = {"Accept": "text/csv"}
XLSX = {"Accept": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@pytest.fixture
async def site(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Site]:
    """The application as it is set up when nobody changes this setting."""
    app = server.build(settings(tmp_path, exports=ExportsConfig()), database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as running:
        yield running


async def asked(client: Client, url: str, purpose: str = "月度核对") -> Any:
    reply = await client.post("/export-requests", {"url": url, "purpose": purpose})
    assert reply.status == 201, reply.body
    return reply.json


async def test_a_list_of_people_leaves_when_a_second_person_has_approved_that_very_list(site: Site) -> None:
    """E-12, T-6, H16: with its hash on record, its stamp on paper, for a day, for who asked and nobody else."""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    ticket = await opened(handler)
    refused = await handler.get(LIST, headers=CSV)
    assert (refused.status, refused.code) == (403, "export_not_approved")
    assert (await handler.get("/tickets?nature=complaint&channel=visit")).status == 200
    request = await asked(handler, "/tickets?channel=visit&nature=complaint")
    path, under = f"/export-requests/{request['id']}/actions", f"{LIST}&approval={request['id']}"
    assert (await handler.get(under, headers=CSV)).code == "export_not_approved"
    assert (await handler.post(f"{path}/approve", {})).status == 403
    own = await asked(supervisor, "/tickets?nature=complaint")
    assert (await supervisor.post(f"/export-requests/{own['id']}/actions/approve", {})).status == 403
    approved = await supervisor.post(f"{path}/approve", {})
    assert (approved.status, approved.json["state"]) == (200, "approved"), approved.body
    assert (await supervisor.post(f"{path}/approve", {})).code == "conflict"
    file = await handler.get(under, headers=CSV)
    assert file.status == 200, file.body
    rows = list(csv.DictReader(io.StringIO(file.body.decode("utf-8-sig"))))
    assert [row["服务单号"] for row in rows] == [ticket["number"]]
    book = await handler.get(under, headers=XLSX)
    with zipfile.ZipFile(io.BytesIO(book.body)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert f"月度核对 {request['id']}" in sheet.split("<oddFooter>")[1]
    kept = (await handler.get(f"/export-requests/{request['id']}")).json
    assert [each["sha256"] for each in kept["given"]] == [sha256(each.body).hexdigest() for each in (file, book)]
    assert [each["bytes"] for each in kept["given"]] == [len(file.body), len(book.body)]
    for other in (f"/tickets?nature=complaint&purpose=月度核对&approval={request['id']}", f"{LIST}&approval={uuid4()}"):
        assert (await handler.get(other, headers=CSV)).code == "export_not_approved"
    assert (await supervisor.get(under, headers=CSV)).code == "export_not_approved"
    assert (await handler.get(f"{LIST}&approval=abc", headers=CSV)).code == "export_not_approved"
    site.clock.advance(timedelta(hours=24))
    site.people = {}
    async with site.database.transaction() as conn:
        await conn.execute(
            "UPDATE session SET expires_at = $1, last_seen_at = $2",
            *(site.clock.now() + timedelta(hours=1), site.clock.now()),
        )
    assert (await handler.get(under, headers=CSV)).code == "export_not_approved"


async def test_a_refusal_says_why_and_another_organisations_requests_are_not_seen(site: Site) -> None:
    """E-12, H2"""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR)
    request = await asked(handler, "/customers?name=王")
    path = f"/export-requests/{request['id']}/actions/refuse"
    assert (await supervisor.post(path, {})).status == 422
    refused = await supervisor.post(path, {"remark": "范围过大"})
    assert (refused.json["state"], refused.json["remark"]) == ("refused", "范围过大")
    elsewhere = await site.client(Role.SUPERVISOR, where="sc")
    assert (await elsewhere.post(path, {"remark": "范围过大"})).status == 404
    assert (await elsewhere.get("/export-requests")).json["items"] == []
    assert len((await supervisor.get("/export-requests?state=refused")).json["items"]) == 1
    away = await handler.post("/export-requests", {"url": "https://example.com/tickets", "purpose": "月度核对"})
    assert away.status == 422


async def test_a_case_file_leaves_under_an_approval_too_and_figures_need_none(site: Site) -> None:
    """E-12, E-20"""
    handler, supervisor = await site.client(Role.HANDLER), await site.client(Role.SUPERVISOR, where="gd")
    ticket = await opened(handler)
    path = f"/tickets/{ticket['id']}/case-file"
    assert (await handler.get(f"{path}?purpose=调阅")).code == "export_not_approved"
    request = await asked(handler, path, "调阅")
    assert (await supervisor.post(f"/export-requests/{request['id']}/actions/approve", {})).status == 200
    file = await handler.get(f"{path}?purpose=调阅&approval={request['id']}")
    assert (file.status, file.body[:2]) == (200, b"PK")
    kept = (await handler.get(f"/export-requests/{request['id']}")).json
    assert [(each["media_type"], each["sha256"]) for each in kept["given"]] == [("application/zip", None)]
    days = "first_day=2026-11-18&last_day=2026-11-18"
    assert (await handler.get(f"/statistics/complaints?{days}", headers=CSV)).status == 200
    assert HOME == "gd-gz"
