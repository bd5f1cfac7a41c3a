"""Personal data through the interface: masked where it must be, never read without a trace, no paths, staff by name."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from callcenter import audit
from callcenter.accounts.permissions import PERMISSIONS, Permission, Role
from callcenter.calls import store as calls
from callcenter.calls.call import Incident
from callcenter.calls.store import Note
from callcenter.ids import CallId
from callcenter.web.api import Model, Page, Personal, Route, Routes, models_in
from callcenter.web.routes import all_routes
from tests.conftest import NOON
from tests.service.desk import a_call
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service

NAME, PHONE, OTHER = "王小明", "13900000001", "13712345678"
WORDS = f"请回电{OTHER}，或 137-1234-5678"
FULL = {
    "channel": "letter",
    "complainant_type": "customer",
    "complainant_name": NAME,
    "complainant_phone": PHONE,
    "category": "claims",
    "demand": WORDS,
    "description": WORDS,
}
HIDDEN_FROM = [role for role in Role if Permission.TICKET_READ in PERMISSIONS[role]]
HIDDEN_FROM = [role for role in HIDDEN_FROM if Permission.CUSTOMER_UNMASK not in PERMISSIONS[role]]
ENGLISH = {"Accept-Language": "en"}


async def a_ticket(site: Site, **changes: Any) -> str:
    """A ticket whose name and number were corrected once."""
    agent = await site.client(Role.AGENT)
    opened = await agent.post("/tickets", {**FULL, **changes})
    assert opened.status == 201, opened.body
    path = f"/tickets/{opened.json['id']}"
    changed = {"complainant_name": "王大明", "complainant_phone": "13900000002", "demand": f"改为{OTHER}"}
    assert (await agent("PATCH", path, json={"version": 1, **changed})).status == 200
    note = {"version": 2, "note": f"已联系{OTHER}"}
    assert (await agent.post(f"{path}/actions/note", note)).status == 200
    return str(opened.json["id"])


async def reader(site: Site, role: Role) -> Client:
    """Somebody with the role; the integrator's is a token, as integrators have it."""
    if role is not Role.INTEGRATOR:
        return await site.client(role)
    admin = await site.client(Role.ADMIN, where="hq")
    scopes = sorted(PERMISSIONS[Role.INTEGRATOR])
    end = (site.clock.now() + timedelta(days=1)).isoformat()
    issued = await admin.post(
        "/api-tokens", {"name": "核心系统", "scopes": scopes, "organisation_id": "gd-gz", "expires_at": end}
    )
    return await site.with_token(issued.json["token"])


def cells(reply: Reply) -> str:
    book = load_workbook(io.BytesIO(reply.body))
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECRETS = (NAME, "王大明", PHONE, "13900000002", OTHER, "137-1234-5678")


@pytest.mark.parametrize("role", HIDDEN_FROM)
async def test_a_role_without_unmask_sees_nobody_whole_on_tickets_in_history_and_in_files(
    site: Site, role: Role
) -> None:
    """T-6"""
    ticket = await a_ticket(site)
    client = await reader(site, role)
    texts = [(await client.get(path)).body.decode() for path in ("/tickets", f"/tickets/{ticket}")]
    if Permission.DATA_EXPORT in PERMISSIONS[role]:
        for accept in ("text/csv", XLSX):
            file = await client.get("/tickets?purpose=核对", headers={"Accept": accept})
            assert file.status == 200
            texts.append(file.body.decode() if accept == "text/csv" else cells(file))
    for text in texts:
        assert "139****0002" in text
        assert [secret for secret in SECRETS if secret in text] == []
    file = (await client.get(f"/tickets/{ticket}")).json
    assert (file["complainant_name"], file["complainant_phone"]) == ("王**", "139****0002")
    [corrected] = [event for event in file["events"] if event["kind"] == "corrected"]
    assert corrected["details"]["changed"]["complainant_phone"] == ["139****0001", "139****0002"]


async def test_who_may_see_customers_whole_sees_complainants_whole(site: Site) -> None:
    ticket = await a_ticket(site)
    file = (await (await site.client(Role.HANDLER)).get(f"/tickets/{ticket}")).json
    assert (file["complainant_name"], file["description"]) == ("王大明", WORDS)
    assert file["events"][1]["details"]["changed"]["complainant_name"] == [NAME, "王大明"]


async def access(site: Site, client: Client) -> list[tuple[str, str, str]]:
    assert client.user is not None
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT object_kind, object_id, reason FROM access_log WHERE actor = $1 AND verdict = 'allow' ORDER BY id",
            f"user:{client.user.id}",
        )
    return [tuple(row) for row in rows]


async def test_whoever_is_shown_a_ticket_by_changing_it_is_in_the_access_log(site: Site) -> None:
    """T-6: also when nothing changes."""
    ticket = await a_ticket(site)
    handler = await site.client(Role.HANDLER)
    call = await _call(site)
    path = f"/tickets/{ticket}"
    shown = [
        await handler("PATCH", path, json={"version": 3}),
        await handler.post(f"{path}/actions/note", {"version": 3, "note": "已核对"}),
        await handler.post(f"{path}/calls", {"call_id": str(call)}),
    ]
    assert [reply.status for reply in shown] == [200] * 3
    assert sorted(await access(site, handler)) == [
        ("ticket", ticket, "tickets.act_on_ticket"),
        ("ticket", ticket, "tickets.correct_ticket"),
        ("ticket", ticket, "tickets.link_call"),
    ]
    site.clock.advance(timedelta(milliseconds=1))
    purpose = await handler("PATCH", f"{path}?purpose=补录", json={"version": 4})
    assert purpose.status == 200, purpose.body
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT purpose FROM access_log ORDER BY id DESC LIMIT 1") == "补录"


async def test_a_refused_change_names_the_ticket_in_the_access_log(site: Site) -> None:
    """T-6, H2: the object, not the word at the end of the path."""
    ticket = await a_ticket(site)
    qa = await site.client(Role.QA)
    assert (await qa.post(f"/tickets/{ticket}/actions/close", {"version": 1})).status == 403
    async with site.database.connection() as conn:
        row = await conn.fetchrow("SELECT object_kind, object_id FROM access_log WHERE verdict = 'deny'")
    assert row is not None
    assert tuple(row) == ("ticket", ticket)


async def test_who_adds_or_changes_a_person_is_in_the_access_log_also_on_a_repeat(site: Site) -> None:
    """T-6"""
    admin = await site.client(Role.ADMIN, where="hq")
    key = {"Idempotency-Key": str(uuid4())}
    body = {"login": "li.lei", "name": "李雷", "password": "Correct-Horse-7", "organisation_id": "gd", "roles": ["qa"]}
    added = await admin.post("/users", body, headers=key)
    again = await admin.post("/users", body, headers=key)
    await admin("PATCH", f"/users/{added.json['id']}", json={"version": 1, "name": "李蕾"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [row[:2] for row in await access(site, admin)] == [("user", added.json["id"])] * 3


TELLING = {
    "complainant_name", "complainant_phone", "caller", "caller_name", "dialled", "id_number", "birth_date", "phones",
    "demand", "description", "authorisation", "insured_name", "salesperson", "note", "details", "heard", "candidates",
    "wish", "login", "events", "customer", "recordings", "policies", "leaf",
}  # fmt: skip
"""Fields that say something of a customer, a call or a person."""
OWN = {"session.show_me"}
"""Says it of the asker alone."""
NOBODYS = {"calendar"}
"""Tags whose notes are about days."""


def fields_of(route: Route) -> set[str]:
    return {name for kind in models_in(route.answer) for name in kind.model_fields}


def test_every_route_whose_answer_holds_personal_data_says_what_it_reads() -> None:
    """T-6: by the fields of the answer, whatever the method and whatever its model is called."""
    silent = [
        route.name
        for route in all_routes()
        if route.reads is None and not route.raw and route.name not in OWN and route.tag not in NOBODYS
        if fields_of(route) & TELLING
    ]
    assert silent == []


def test_a_route_that_shows_personal_data_and_does_not_say_so_cannot_be_declared() -> None:
    """T-6: at any depth of the answer, also of a change."""

    class Inner(Personal):
        name: str

    class Outer(Model):
        items: dict[str, list[Inner | None]]

    routes = Routes("test", "Test")
    for answer in (Inner, Outer, Page[Inner]):

        async def change(ctx: Any) -> Any: ...

        change.__annotations__["return"] = answer
        with pytest.raises(TypeError, match="personal data"):
            routes.post("/x", Permission.TICKET_EDIT)(change)
        routes.post("/x", Permission.TICKET_EDIT, reads="x")(change)


# Paths


async def _call(site: Site, **others: Any) -> CallId:
    async with site.database.transaction() as conn:
        return await a_call(conn, **others)


async def test_no_path_and_no_number_is_told_with_an_incident_and_who_looks_is_logged(site: Site) -> None:
    """archive.md §2.11, T-6"""
    call = await _call(site)
    told = {"base": "/srv/rec1/20261118/hl1-1.1-1", "caller": OTHER, "text": f"{OTHER} at /srv/rec1/20261118/x"}
    async with site.database.transaction() as conn:
        await calls.raise_incidents(conn, [(call, Incident("recording_lost", NOON, told))])
    auditor = await site.client(Role.AUDITOR, where="hq")
    shown = await auditor.get("/incidents")
    [incident] = shown.json["items"]
    assert incident["details"] == {"base": "hl1-1.1-1", "text": "137****5678 at …/x"}
    assert await access(site, auditor) == [("incident", incident["id"], "incidents.list_incidents")]


async def test_no_path_of_the_server_is_told_with_a_call(site: Site) -> None:
    """archive.md §2.11: file paths never leave the service."""
    call = await _call(site)
    base = "/var/lib/asterisk/rec1/20261118/hl1-1795000000.1-1"
    async with site.database.transaction() as conn:
        notes = [
            ("recording_started", {"base": base, "seq": 1}),
            ("recording_ended", {"base": base, "r_bytes": 5, "t_bytes": 5}),
            ("notice", {"text": f"{base}|zh"}),
            ("held", {"by": "user:x", "more": [{"path": base}, f"at {base}.sln"]}),
        ]
        await calls.note(conn, [Note(call, NOON, "cel", kind, None, told) for kind, told in notes])
        error = f"ArchiveFullError: {base}-r.sln: no room; see '/srv/archive/root/x'"
        await calls.raise_incidents(conn, [(call, Incident("capture_refused", NOON, {"base": base, "error": error}))])
    whole = await (await site.client(Role.AGENT)).get(f"/calls/{call}")
    text = whole.body.decode()
    assert [place for place in ("/var", "/srv", "rec1", "20261118") if place in text] == []
    [incident] = whole.json["incidents"]
    assert incident["details"] == {
        "base": "hl1-1795000000.1-1",
        "error": "ArchiveFullError: …/hl1-1795000000.1-1-r.sln: no room; see '…/x'",
    }
    ended = next(event for event in whole.json["events"] if event["kind"] == "recording_ended")
    assert ended["details"] == {"base": "hl1-1795000000.1-1", "r_bytes": 5, "t_bytes": 5}


# Names


async def test_the_history_says_by_name_who_did_what(site: Site) -> None:
    """Readers without account.read cannot look an id up, and need not."""
    ticket = await a_ticket(site)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE app_user SET name = '周坐席' WHERE 'agent' = ANY(roles)")
    qa = await site.client(Role.QA)
    file = (await qa.get(f"/tickets/{ticket}")).json
    assert file["opened_by_name"] == "周坐席"
    assert {event["actor_name"] for event in file["events"]} == {"周坐席"}
    assert all(re.fullmatch("user:[0-9a-f-]{36}", event["actor"]) for event in file["events"])
    handler = await site.client(Role.HANDLER)
    stale = await handler("PATCH", f"/tickets/{ticket}", json={"version": 1, "demand": "x"})
    assert [change["actor_name"] for change in stale.json["details"]["changed"]] == ["周坐席"] * 2
    trail = await (await site.client(Role.AUDITOR, where="hq")).get("/audit?object_kind=ticket")
    assert {entry["actor_name"] for entry in trail.json["items"]} == {"周坐席"}


async def test_tokens_and_parts_of_the_system_have_names_too(site: Site) -> None:
    system = await reader(site, Role.INTEGRATOR)
    opened = await system.post("/tickets", FULL)
    assert opened.status == 201, opened.body
    assert (await system.get(f"/tickets/{opened.json['id']}")).json["opened_by_name"] == "核心系统"
    async with site.database.transaction() as conn:
        for actor in ("system:archiver", "system:something-new", "nobody", "user:not-an-id"):
            await audit.record(conn, actor=actor, action="x", object_kind="t", object_id="1", at=NOON)
    trail = await (await site.client(Role.AUDITOR, where="hq")).get("/audit?object_kind=t")
    assert {entry["actor"]: entry["actor_name"] for entry in trail.json["items"]} == {
        "system:archiver": "归档程序",
        "system:something-new": "系统",
        "nobody": "未登录",
        "user:not-an-id": None,
    }


# The trail itself


async def test_the_access_log_is_found_by_person_object_purpose_ticket_and_time(site: Site) -> None:
    """E-11: who, when, why, for which order, which bytes, with what."""
    ticket, recording, hearer = uuid4(), uuid4(), uuid4()
    for number, purpose in enumerate(("月度抽检", "客户投诉核实", None)):
        async with site.database.transaction() as conn:
            await audit.access(
                conn,
                actor=f"user:{hearer}",
                allowed=True,
                reason="playback",
                object_kind="recording",
                object_id=str(recording),
                at=NOON - timedelta(hours=number),
                purpose=purpose,
                ticket_id=ticket if number == 1 else None,
                first_byte=number,
                last_byte=number + 9,
                user_agent=f"player/{number}",
            )
    auditor = await site.client(Role.AUDITOR, where="hq")

    async def found(query: str) -> list[Any]:
        reply = await auditor.get(f"/access-log?object_kind=recording&{query}")
        assert reply.status == 200, reply.body
        return [entry["first_byte"] for entry in reply.json["items"]]

    for query, numbers in (
        (f"user_id={hearer}", [0, 1, 2]),
        (f"user_id={uuid4()}", []),
        (f"user_id={hearer}&actor=user:x", []),
        (f"object_id={recording}", [0, 1, 2]),
        ("stated_purpose=投诉", [1]),
        ("stated_purpose=%25", []),
        (f"ticket_id={ticket}", [1]),
        ("since=2026-11-18T03:30:00Z", [0]),
        ("until=2026-11-18T03:00:00Z", [2]),
    ):
        assert await found(query) == numbers, query
    [entry] = (await auditor.get(f"/access-log?ticket_id={ticket}")).json["items"]
    assert (entry["ticket_id"], entry["last_byte"], entry["user_agent"]) == (str(ticket), 10, "player/1")
    file = await auditor.get(f"/access-log?ticket_id={ticket}&purpose=核对", headers={"Accept": "text/csv"})
    assert file.status == 200, file.body
    [line] = csv.DictReader(io.StringIO(file.body.decode("utf-8-sig")))
    assert (line["关联服务单"], line["起始字节"], line["客户端"]) == (str(ticket), "1", "player/1")


async def test_a_number_in_a_purpose_is_shown_to_nobody_who_may_not_see_it(site: Site) -> None:
    """T-6: in the list and in the file of it."""
    ticket = await a_ticket(site)
    handler = await site.client(Role.HANDLER)
    assert (await handler.get(f"/tickets/{ticket}?purpose=核实{OTHER}的投诉")).status == 200
    auditor = await site.client(Role.AUDITOR, where="hq")
    [entry] = (await auditor.get("/access-log?stated_purpose=核实")).json["items"]
    assert entry["purpose"] == "核实137****5678的投诉"
    file = await auditor.get("/access-log?stated_purpose=核实&purpose=核对", headers={"Accept": "text/csv"})
    assert OTHER not in file.body.decode()


async def test_the_audit_is_found_by_action_and_shows_no_number_to_who_may_not_see_it(site: Site) -> None:
    async with site.database.transaction() as conn:
        for action in ("call.transfer_asked", "call.hangup_asked"):
            told = {"to": OTHER, "base": "/srv/rec1/x", "text": f"to {OTHER}"}
            await audit.record(
                conn, actor="system:cli", action=action, object_kind="call", object_id="1", at=NOON, details=told
            )
    auditor = await site.client(Role.AUDITOR, where="hq")
    reply = await auditor.get("/audit?action=call.transfer_asked")
    [entry] = reply.json["items"]
    assert entry["details"] == {"base": "x", "text": "to 137****5678"}


def test_the_pages_of_personal_data_name_what_there_is() -> None:
    page = (Path(__file__).parents[2] / "docs/personal-data.md").read_text()
    for permission in (Permission.CUSTOMER_UNMASK, Permission.DATA_EXPORT, Permission.AUDIT_READ):
        assert str(permission) in page
