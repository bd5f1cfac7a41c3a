"""Agents through the interface: a telephone nobody can ring, a page loaded again, whom one may transfer to."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from agi.ari.commands import Ari
from agi.ari.rest import Rest
from callcenter.accounts.permissions import Role
from callcenter.agents import shift
from callcenter.clock import ManualClock
from callcenter.customers import store
from callcenter.db.pool import Database
from callcenter.web import server
from callcenter.web.keys import SWITCH
from tests.conftest import NOON
from tests.fakes.asterisk import Switch, switched_on
from tests.service.customers import a_customer
from tests.service.desk import a_call
from tests.service.site import ELSEWHERE, HOME, Client, Site, person, session_of, settings

pytestmark = pytest.mark.service


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    async with switched_on() as switch:
        yield switch


@pytest.fixture
async def site(database: Database, clock: ManualClock, switch: Switch, tmp_path: Path) -> AsyncIterator[Site]:
    """The whole application beside a switch."""
    app = server.build(settings(tmp_path), database=database, clock=clock, wall=clock)
    async with Rest(switch.url, "cc", "x") as rest:
        app[SWITCH] = Ari(rest)
        async with Site.running(app, database, clock) as running:
            yield running


async def agent(site: Site, extension: str = "8001", role: Role = Role.AGENT, where: str = HOME) -> Client:
    async with site.database.transaction() as conn:
        made = await person(conn, site.clock, (role,), where, extension=extension, name="王小明")
        token = await session_of(conn, site.clock, made)
    client = await site.with_token(token)
    client.user = made
    return client


async def test_a_log_in_at_a_telephone_that_is_not_registered_is_warned_of(site: Site, switch: Switch) -> None:
    client, supervisor = await agent(site), await site.client(Role.SUPERVISOR)
    shown = (await client.post("/agents/me/actions/log-in", {})).json
    assert (shown["state"], shown["telephone_registered"]) == ("ready", False)
    assert "desk-8001" in shown["warning"]
    (seen,) = (await supervisor.get("/agents?at_work=true")).json["items"]
    assert seen["warning"] == shown["warning"]
    switch.registered = {"desk-8001"}
    (seen,) = (await supervisor.get("/agents?at_work=true")).json["items"]
    assert (seen["telephone_registered"], seen["warning"]) == (True, None)


async def test_a_switch_that_does_not_say_warns_of_nothing(site: Site, switch: Switch) -> None:
    switch.refuse_with = 500
    shown = (await (await agent(site)).post("/agents/me/actions/log-in", {})).json
    assert (shown["state"], shown["telephone_registered"], shown["warning"]) == ("ready", None, None)


async def test_a_page_loaded_again_logs_in_again_and_ends_no_pause(site: Site) -> None:
    client = await agent(site)
    await client.post("/agents/me/actions/log-in", {})
    paused = (await client.post("/agents/me/actions/pause", {"reason": "meal"})).json
    again = (await client.post("/agents/me/actions/log-in", {"phone": "web"})).json
    assert (again["state"], again["reason"], again["since"]) == ("paused", "meal", paused["since"])
    assert again["endpoint"] == "web-8001"


async def test_who_did_not_answer_is_seen_and_told_why(site: Site, switch: Switch) -> None:
    switch.registered = {"desk-8001"}
    client, supervisor = await agent(site), await site.client(Role.SUPERVISOR)
    await client.post("/agents/me/actions/log-in", {})
    assert await shift.missed(site.database, "desk-8001", site.clock.now())
    (seen,) = (await supervisor.get("/agents?at_work=true")).json["items"]
    assert (seen["state"], seen["reason"]) == ("paused", "no_answer")
    assert "未接" in (await client.get("/agents/me")).json["warning"]
    assert "no_answer" not in {each["code"] for each in (await client.get("/pause-reasons")).json["items"]}
    assert (await client.post("/agents/me/actions/pause", {"reason": "no_answer"})).code == "unknown_pause_reason"


async def test_an_agent_sees_whom_to_transfer_to_and_no_more_of_them(site: Site, switch: Switch) -> None:
    """T-6"""
    client = await agent(site)
    handler = await agent(site, "8003", Role.HANDLER, ELSEWHERE)
    await agent(site, "8004")
    await handler.post("/agents/me/actions/log-in", {})
    switch.registered = {"desk-8001", "web-8003"}
    items = (await client.get("/colleagues")).json["items"]
    assert {(each["extension"], each["state"], each["telephone"]) for each in items} == {
        ("8001", "offline", "free"),
        ("8003", "ready", "free"),
        ("8004", "offline", "away"),
    }
    assert {each["name"] for each in items} == {"王**"}
    assert set(items[0]) == {"extension", "name", "organisation_id", "state", "queues", "telephone"}
    at_work = (await client.get("/colleagues?at_work=true&limit=1")).json["items"]
    assert [each["extension"] for each in at_work] == ["8003"]
    assert (await client.get("/agents")).status == 403


async def test_who_is_deactivated_is_logged_out_and_found_no_more(site: Site) -> None:
    client, admin = await agent(site), await site.client(Role.ADMIN, where="hq")
    await client.post("/agents/me/actions/log-in", {})
    assert client.user is not None
    gone = await admin("PATCH", f"/users/{client.user.id}", json={"version": 1, "active": False})
    assert gone.status == 200, gone.body
    assert (await client.get("/agents/me")).status == 401
    assert (await admin.get("/agents?at_work=true")).json["items"] == []
    reply = await (await site.client(Role.SUPERVISOR)).post(f"/agents/{uuid4()}/actions/ready")
    assert reply.status == 404


async def test_the_hint_about_a_caller_is_for_who_is_rung_or_talks(site: Site) -> None:
    client, stranger = await agent(site), await agent(site, "8002")
    assert client.user is not None
    async with site.database.transaction() as conn:
        call = await a_call(conn, started=NOON)
        await store.add_customer(conn, a_customer("王近", "13900000001"), NOON)
        await conn.execute(
            """INSERT INTO call_leg (id, call_id, channel_id, role, endpoint, user_id, started_at)
            VALUES (gen_random_uuid(), $1, 'c', 'agent', 'desk-8001', $2, $3)""",
            call,
            client.user.id,
            NOON,
        )
    assert (await client.get(f"/calls/{call}")).json["hint"] == "该号码对应客户 1 位，未结服务单 0 张"
    assert (await stranger.get(f"/calls/{call}")).json["hint"] is None
