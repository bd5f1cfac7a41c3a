"""What an agent's browser is given to become his telephone: his own, that one endpoint's, never the password."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.accounts.permissions import PERMISSIONS, Permission, Role
from callcenter.clock import ManualClock
from callcenter.config import AgentsConfig, Config, WebConfig
from callcenter.db.pool import Database
from callcenter.web import server
from tests.service.site import Client, Site, person, session_of

pytestmark = pytest.mark.service

SECRET = "yT7-long-and-secret"
HA1 = hashlib.md5(f"web-8001:hotline95519:{SECRET}".encode()).hexdigest()


@pytest.fixture
def phones(tmp_path: Path) -> Path:
    file = tmp_path / "phones"
    file.write_text(f"8000 other\n8001 {SECRET}\n\n8002\n")
    return file


@pytest.fixture
async def site(database: Database, clock: ManualClock, phones: Path) -> AsyncIterator[Site]:
    config = Config(mode="test", agents=AgentsConfig(phones=phones))
    app = server.build(config, database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as running:
        yield running


async def somebody(site: Site, role: Role, extension: str | None) -> Client:
    async with site.database.transaction() as conn:
        made = await person(conn, site.clock, (role,), "hq", extension=extension)
        token = await session_of(conn, site.clock, made)
    client = await site.with_token(token)
    client.user = made
    return client


async def test_an_agent_gets_what_his_own_browser_registers_with(site: Site) -> None:
    reply = await (await somebody(site, Role.AGENT, "8001")).get("/agents/me/telephone")
    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.json == {
        "endpoint": "web-8001",
        "uri": "sip:web-8001@127.0.0.1",
        "websocket": "ws://127.0.0.1:8088/ws",
        "realm": "hotline95519",
        "ha1": HA1,
    }


@pytest.mark.parametrize("role", Role)
async def test_only_who_answers_calls_gets_one(site: Site, role: Role) -> None:
    reply = await (await somebody(site, role, "8001")).get("/agents/me/telephone")
    assert reply.status == (200 if Permission.AGENT_SELF in PERMISSIONS[role] else 403)
    assert HA1.encode() not in reply.body or reply.status == 200


async def test_nobody_gets_anothers(site: Site) -> None:
    client = await somebody(site, Role.SUPERVISOR, "8000")
    assert (await client.get("/agents/me/telephone")).json["endpoint"] == "web-8000"
    for path in ("/agents/me/telephone?extension=8001", "/agents/8001/telephone"):
        assert (await client.get(path)).status in {400, 404}


@pytest.mark.parametrize(("extension", "code"), [(None, "no_phone"), ("8002", "no_telephone_secret")])
async def test_who_has_no_telephone_is_told(site: Site, extension: str | None, code: str) -> None:
    reply = await (await somebody(site, Role.AGENT, extension)).get("/agents/me/telephone")
    assert (reply.status, reply.code) == (409, code)


async def test_a_file_that_cannot_be_read_is_one_sentence_for_the_agent_and_one_for_the_log(
    site: Site, phones: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client, away = await somebody(site, Role.AGENT, "8001"), phones.with_suffix(".away")
    await asyncio.to_thread(phones.rename, away)
    assert (await client.get("/agents/me/telephone")).code == "no_telephone_secret"
    assert "the telephones' passwords cannot be read" in caplog.messages
    await asyncio.to_thread(away.rename, phones)
    assert (await client.get("/agents/me/telephone")).status == 200


async def test_that_it_was_given_is_in_the_audit_and_the_secret_nowhere(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await somebody(site, Role.AGENT, "8001")
    await client.get("/agents/me/telephone")
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT * FROM audit WHERE action = 'agent.telephone'")
    assert client.user is not None
    assert [(row["actor"], row["object_id"]) for row in rows] == [(f"user:{client.user.id}", str(client.user.id))]
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records) + str(rows)
    assert SECRET not in written
    assert HA1 not in written


@pytest.mark.parametrize(
    ("agents", "public", "websocket", "host"),
    [
        ({}, "https://hotline.example", "wss://hotline.example/ws", "hotline.example"),
        ({"telephone_url": "wss://sip.example:7443/ws"}, "", "wss://sip.example:7443/ws", "sip.example"),
        ({}, "", "ws://127.0.0.1:8088/ws", "127.0.0.1"),
    ],
)
async def test_a_page_may_speak_to_the_address_it_is_told_and_to_no_other_than_that_and_ourselves(
    database: Database,
    clock: ManualClock,
    phones: Path,
    agents: dict[str, str],
    public: str,
    websocket: str,
    host: str,
) -> None:
    config = Config(agents=AgentsConfig(phones=phones, **agents), web=WebConfig(public_url=public))
    app = server.build(config, database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as site:
        client = await somebody(site, Role.AGENT, "8001")
        told = (await client.get("/agents/me/telephone")).json
        page = await client.get(f"{site.origin}/api/docs")
    assert (told["websocket"], told["uri"]) == (websocket, f"sip:web-8001@{host}")
    assert f"; connect-src 'self' {websocket};" in page.headers["Content-Security-Policy"]
