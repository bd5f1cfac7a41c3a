"""Clients who mean harm: bytes no library sends, connections held open, keys and objects that are another's."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts import passwords
from callcenter.accounts.permissions import Role
from callcenter.accounts.sessions import TRIES_FROM_ONE_ADDRESS
from callcenter.web import connections
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import ELSEWHERE, HOME, PASSWORD, PATHS, Client, Site, person, session_of

pytestmark = pytest.mark.service


async def exchange(site: Site, request: bytes, within: float = 5.0) -> bytes:
    """What the server says to these very bytes until it closes."""
    host, port = site.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        async with asyncio.timeout(within):
            return await reader.read()
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def bearer(client: Client) -> bytes:
    return b"Authorization: " + client.headers["Authorization"].encode() + b"\r\n"


async def log_of(site: Site, verdict: str) -> list[tuple[str, str, str]]:
    async with site.database.connection() as conn:
        rows = await conn.fetch(
            "SELECT actor, reason, object_id FROM access_log WHERE verdict = $1 ORDER BY id", verdict
        )
    return [tuple(row) for row in rows]


HEAD = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize("agent", [b"\xff\xfe", b"a\xc3", b"\xed\xa0\x80", "浏览器".encode("gbk"), b"x" * 4000])
@pytest.mark.parametrize("path", [b"/api/v1/users", b"/api/v1/users/%00", b"/api/v1/users/%ff%fe"])
async def test_no_bytes_in_a_request_keep_its_refusal_out_of_the_access_log(
    site: Site, agent: bytes, path: bytes
) -> None:
    """H1, H5, H12, T-6"""
    answer = await exchange(site, b"GET " + path + HEAD + b"User-Agent: " + agent + b"\r\n\r\n")
    assert status(answer) == 401
    assert [row[0] for row in await log_of(site, "deny")] == ["nobody"]


async def test_a_reader_with_a_strange_browser_is_served_and_logged(site: Site) -> None:
    """H12, T-6"""
    auditor = await site.client(Role.AUDITOR, where="hq")
    assert auditor.user is not None
    path = f"/api/v1/users/{auditor.user.id}".encode()
    answer = await exchange(site, b"GET " + path + HEAD + bearer(auditor) + b"User-Agent: \xff\xfe\r\n\r\n")
    assert status(answer) == 200
    assert [row[2] for row in await log_of(site, "allow")] == [str(auditor.user.id)]


async def somebody(site: Site) -> str:
    async with site.database.transaction() as conn:
        hashed = await passwords.hashed(PASSWORD)
        return (await person(conn, site.clock, (Role.AGENT,), HOME, password_hash=hashed)).login


async def test_a_strange_browser_logs_in(site: Site) -> None:
    """H12"""
    body = f'{{"user": "{await somebody(site)}", "password": "{PASSWORD}"}}'.encode()
    head = b"Content-Type: application/json\r\nUser-Agent: \xff\xfe\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert status(await exchange(site, b"POST /api/v1/session" + HEAD + head + body)) == 201


async def test_who_connects_and_never_finishes_asking_is_let_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """H10: not a byte, half a head, and a byte now and then."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    assert await exchange(site, b"") == b""
    assert await exchange(site, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
    host, port = site.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(5):
            while True:
                writer.write(b"z")
                await writer.drain()
                await asyncio.sleep(0.05)
    assert reader.at_eof() or reader.exception() is not None
    writer.close()


async def test_who_has_asked_may_wait_before_asking_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """H10: keep-alive goes on."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    host, port = site.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for _ in range(2):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"}")
        await asyncio.sleep(connections.LOOK_EVERY * 1.5)
    writer.close()


async def test_a_request_under_way_is_not_cut_for_having_begun_long_ago(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H10"""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    admin = await site.client(Role.ADMIN, where="hq")

    async def slowly() -> Any:
        yield b'{"name": '
        await asyncio.sleep(connections.LOOK_EVERY * 1.5)
        yield b'"x"}'

    headers = {"Content-Type": "application/json"}
    assert (await admin("PATCH", "/organisations/gd", data=slowly(), headers=headers)).status == 200


async def test_anothers_key_gives_nobody_anothers_campaign(site: Site) -> None:
    """H8, T-6"""
    key = {"Idempotency-Key": str(uuid4())}
    mine, other = [await site.client(Role.SUPERVISOR, where=where) for where in (HOME, ELSEWHERE)]
    first = await mine.post("/campaigns", {"name": "广州新单"}, headers=key)
    assert first.status == 201
    stolen = await other.post("/campaigns", {"name": "广州新单"}, headers=key)
    assert (stolen.status, stolen.code) == (422, "idempotency_key_reused")
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    again = await mine.post("/campaigns", {"name": "广州新单"}, headers=key)
    assert (again.status, again.json) == (201, first.json)
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'campaign.create'") == 1


async def test_anothers_key_gives_nobody_anothers_person(site: Site) -> None:
    """H8, T-6"""
    key = {"Idempotency-Key": str(uuid4())}
    mine, other = [await site.client(Role.ADMIN, where=where) for where in (HOME, ELSEWHERE)]
    body = {"login": "li.lei", "name": "李雷", "password": PASSWORD, "organisation_id": HOME, "roles": ["agent"]}
    first = await mine.post("/users", body, headers=key)
    assert first.status == 201
    stolen = await other.post("/users", {**body, "organisation_id": ELSEWHERE}, headers=key)
    assert (stolen.status, stolen.code) == (422, "idempotency_key_reused")
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    assert (await mine.post("/users", body, headers=key)).json == first.json


async def test_anothers_key_gives_nobody_anothers_dialling(site: Site) -> None:
    """H8, T-6"""
    holder = a_customer("王测试", "16900000001")
    await settle(site.database, (holder, [a_policy(holder, "P1"), a_policy(holder, "P2")]))
    supervisor = await site.client(Role.SUPERVISOR, where="hq")
    campaign = (await supervisor.post("/campaigns", {"name": "新单"})).json["id"]
    added = await supervisor.post("/callback-tasks", {"campaign_id": campaign, "policies": ["P1", "P2"]})
    first, second = (item["task_id"] for item in added.json["items"])
    mine, other = [await site.client(Role.CALLBACK_AGENT, Role.AGENT, where="hq") for _ in range(2)]
    async with site.database.transaction() as conn:
        for extension, client in (("8001", mine), ("8002", other)):
            assert client.user is not None
            await conn.execute("UPDATE app_user SET extension = $2 WHERE id = $1", client.user.id, extension)
    key = {"Idempotency-Key": str(uuid4())}
    dialled = await mine.post(f"/callback-tasks/{first}/dial", headers=key)
    assert dialled.status == 202
    for client, task in ((other, first), (other, second)):
        stolen = await client.post(f"/callback-tasks/{task}/dial", headers=key)
        assert (stolen.status, stolen.code) == (422, "idempotency_key_reused")
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    assert (await mine.post(f"/callback-tasks/{first}/dial", headers=key)).json["id"] == dialled.json["id"]
    elsewhere = await mine.post(f"/callback-tasks/{second}/dial", headers={"Idempotency-Key": key["Idempotency-Key"]})
    assert (elsewhere.status, elsewhere.code) == (422, "idempotency_key_reused")


async def test_anothers_key_gives_nobody_anothers_ticket(site: Site) -> None:
    """H8, T-6"""
    key = {"Idempotency-Key": str(uuid4())}
    mine, other = [await site.client(Role.AGENT, Role.HANDLER) for _ in range(2)]
    body = {"channel": "letter", "demand": "赔付", "complainant_name": "王小明"}
    assert (await mine.post("/tickets", body, headers=key)).status == 201
    stolen = await other.post("/tickets", body, headers=key)
    assert (stolen.status, stolen.code) == (422, "idempotency_key_reused")


async def test_a_campaign_cannot_draw_in_the_policies_of_another_province(site: Site) -> None:
    """T-6, H2: or anybody could read any policyholder's name, birth date and number by making a task of the policy."""
    near, far = a_customer("王近", "16900000001"), a_customer("王远", "16900000002")
    await settle(site.database, (near, [a_policy(near, "P1")]), (far, [a_policy(far, "P2", ELSEWHERE)]))
    supervisor = await site.client(Role.SUPERVISOR, where="gd")
    campaign = (await supervisor.post("/campaigns", {"name": "新单"})).json["id"]
    policies = ["P1", "P2", "P404"]
    added = await supervisor.post("/callback-tasks", {"campaign_id": campaign, "policies": policies})
    assert [item["refusal"] for item in added.json["items"]] == [None, "unknown_policy", "unknown_policy"]
    head = await site.client(Role.SUPERVISOR, where="hq")
    added = await head.post("/callback-tasks", {"campaign_id": campaign, "policies": ["P2"]})
    assert added.json["items"][0]["refusal"] == "not_of_this_campaign"
    campaign = (await head.post("/campaigns", {"name": "全国新单"})).json["id"]
    added = await head.post("/callback-tasks", {"campaign_id": campaign, "policies": ["P2"]})
    assert added.json["items"][0]["refusal"] is None


async def test_an_empty_correction_does_not_show_a_file_unseen(site: Site) -> None:
    """T-6: what changes nothing is in no audit, yet the whole file was shown."""
    handler = await site.client(Role.HANDLER)
    made = await handler.post("/tickets", {"channel": "letter", "complainant_name": "王小明"})
    shown = await handler("PATCH", f"/tickets/{made.json['id']}", json={"version": 1})
    assert (shown.status, shown.json["complainant_name"], shown.json["version"]) == (200, "王小明", 1)
    assert [row[1:] for row in await log_of(site, "allow")] == [("tickets.correct_ticket", made.json["id"])]
    acted = await handler.post(f"/tickets/{made.json['id']}/actions/note", {"version": 1, "note": "已核实"})
    assert acted.status == 200
    assert ("tickets.act_on_ticket", made.json["id"]) in [row[1:] for row in await log_of(site, "allow")]


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.AUDITOR, Role.QA, Role.INTEGRATOR])
async def test_who_may_not_see_personal_data_sees_the_complainant_masked(site: Site, role: Role) -> None:
    """T-6: in the list, in the file and in its history."""
    agent = await site.client(Role.AGENT)
    made = await agent.post(
        "/tickets", {"channel": "letter", "complainant_name": "王小明", "complainant_phone": "13900000001"}
    )
    path = f"/tickets/{made.json['id']}"
    assert (await agent("PATCH", path, json={"version": 1, "complainant_phone": "13900000002"})).status == 200
    reader = await site.client(role)
    for reply in (await reader.get("/tickets"), await reader.get(path)):
        assert "王小明" not in reply.body.decode()
        assert "1390000000" not in reply.body.decode()
        assert "139****0002" in reply.body.decode()
    assert (await agent.get(path)).json["complainant_name"] == "王小明"


async def test_what_was_shown_masked_cannot_be_written_back(site: Site) -> None:
    agent, coordinator = await site.client(Role.AGENT), await site.client(Role.COORDINATOR)
    made = await agent.post("/tickets", {"channel": "letter", "complainant_phone": "13900000001"})
    path = f"/tickets/{made.json['id']}"
    refused = await coordinator("PATCH", path, json={"version": 1, "complainant_phone": "139****0001"})
    assert (refused.status, refused.code) == (422, "invalid")
    told = await agent("PATCH", path, json={"version": 1, "description": "另一号码13900000002，证件44010619900101123X"})
    assert told.status == 200
    shown = (await coordinator.get(path)).json["description"]
    assert shown == "另一号码139****0002，证件440*************3X"
    refused = await coordinator("PATCH", path, json={"version": 2, "description": f"{shown}，急"})
    assert (refused.status, refused.code) == (422, "invalid")
    kept = await coordinator("PATCH", path, json={"version": 2, "demand": "赔付 ***"})
    assert kept.status == 200
    assert (await agent.get(path)).json["complainant_phone"] == "13900000001"


async def test_a_stolen_session_cannot_guess_the_password(site: Site) -> None:
    """H1"""
    login = await somebody(site)
    token = (await site.nobody.post("/session", {"user": login, "password": PASSWORD})).json["token"]
    thief = await site.with_token(token)

    async def guess(old: str) -> int:
        return (await thief("PUT", "/me/password", json={"old": old, "new": "Another-Horse-8"})).status

    assert [await guess(f"Guess-{n}") for n in range(TRIES_FROM_ONE_ADDRESS)] == [401] * TRIES_FROM_ONE_ADDRESS
    assert await guess(PASSWORD) == 429
    site.clock.advance(timedelta(minutes=16))
    assert await guess(PASSWORD) == 204


async def test_a_token_has_no_password_to_change(site: Site) -> None:
    admin = await site.client(Role.ADMIN, where="hq")
    victim = await somebody(site)
    body = {"name": victim, "scopes": ["organisation.read"], "organisation_id": "gd"}
    issued = await admin.post("/api-tokens", {**body, "expires_at": "2027-01-01T00:00:00Z"})
    system = await site.with_token(issued.json["token"])
    for _ in range(TRIES_FROM_ONE_ADDRESS + 1):
        reply = await system("PUT", "/me/password", json={"old": "x", "new": "Another-Horse-8"})
        assert reply.status == 403
    assert (await site.nobody.post("/session", {"user": victim, "password": PASSWORD})).status == 201


async def test_an_export_beyond_its_bound_is_refused_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """H16: no file of a million rows, and none that ends in the middle."""
    from callcenter.web import tables

    monkeypatch.setattr(tables, "ROWS", 4)
    monkeypatch.setattr(tables, "PAGE", 2)
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin.get("/organisations", headers={"Accept": "text/csv"})
    assert (reply.status, reply.code) == (422, "export_too_large")


async def test_headquarters_sees_the_whole_trail_whatever_it_is_called(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site.database.transaction() as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute("UPDATE organisation SET id = 'zgs', path = 'zgs/' WHERE id = 'hq'")
        await conn.execute("SET session_replication_role = DEFAULT")
        await conn.execute("INSERT INTO audit VALUES (gen_random_uuid(), now(), 'system:x', 'x', 'x', 'x')")
        monkeypatch.setitem(PATHS, "zgs", "zgs/")
        auditor = await person(conn, site.clock, (Role.AUDITOR,), "zgs")
        token = await session_of(conn, site.clock, auditor)
    trail = await (await site.with_token(token)).get("/audit")
    assert [row["actor"] for row in trail.json["items"]] == ["system:x"]
