"""Calls through the interface: lists, the whole of one, what of it who may see."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.calls import store
from callcenter.calls.call import Direction, Incident
from callcenter.calls.store import Note
from callcenter.ids import CallId
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle
from tests.service.desk import a_call, hang_up
from tests.service.site import ELSEWHERE, HOME, Client, Site

pytestmark = pytest.mark.service

CALLER = "13900000001"


async def call_of(site: Site, client: Client | None = None, **others: Any) -> UUID:
    """A live call, taken by somebody or by nobody yet."""
    user = client.user.id if client is not None and client.user is not None else None
    async with site.database.transaction() as conn:
        return await a_call(conn, user=user, **others)


async def note(site: Site, call: UUID, kind: str, **details: Any) -> None:
    async with site.database.transaction() as conn:
        await store.note(conn, [Note(CallId(call), NOON, "cel", kind, None, details)])


async def test_live_and_ended_calls_are_told_apart_and_found_by_number(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    live, over = await call_of(site, agent), await call_of(site, agent, serial=2)
    async with site.database.transaction() as conn:
        await hang_up(conn, over, NOON)
    for query, found in (
        ("state=live", {live}),
        ("state=ended", {over}),
        ("number=%2B86139 0000 0001", {live, over}),
        ("number=13900000002", set()),
        ("number=%25", set()),
        ("since=2026-11-18T12:00:01%2B08:00", set()),
    ):
        items = (await agent.get(f"/calls?{query}")).json["items"]
        assert {UUID(item["id"]) for item in items} == found, query


@pytest.mark.parametrize("query", ["state=lost", "agent_id=x", "limit=0", "cursor=forged", "since=now", "x=1"])
async def test_awkward_filters_of_calls_are_refused(site: Site, query: str) -> None:
    """H13, H17"""
    assert (await (await site.client(Role.AGENT)).get(f"/calls?{query}")).status == 400


async def test_the_agent_says_who_rings_and_the_ticket_is_that_customers(site: Site) -> None:
    """R-1.1: of several people at one number, the one a person chose."""
    agent, other = await site.client(Role.AGENT), await site.client(Role.CALLBACK_AGENT)
    holder = a_customer("王测试", CALLER)
    await settle(site.database, (holder, []))
    call = await call_of(site, agent)
    named = await agent("PATCH", f"/calls/{call}", json={"customer_id": str(holder.id)})
    assert (named.status, named.json["customer_id"]) == (200, str(holder.id))
    ticket = (await agent.post(f"/calls/{call}/tickets", {"demand": "赔付"})).json
    assert (await agent.get(f"/tickets/{ticket['id']}")).json["customer_id"] == str(holder.id)
    unknown = await agent("PATCH", f"/calls/{call}", json={"customer_id": str(uuid4())})
    not_his = await other("PATCH", f"/calls/{call}", json={"customer_id": None})
    assert (unknown.status, not_his.status, not_his.code) == (404, 403, "not_on_call")
    taken_back = await agent("PATCH", f"/calls/{call}", json={"customer_id": None})
    assert taken_back.json["customer_id"] is None
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'call.name_customer'") == 2


async def test_the_customer_of_a_callback_is_its_tasks(site: Site) -> None:
    agent = await site.client(Role.CALLBACK_AGENT)
    call = await call_of(site, agent, direction=Direction.CALLBACK)
    refused = await agent("PATCH", f"/calls/{call}", json={"customer_id": None})
    assert (refused.status, refused.code) == (409, "call_customer_fixed")


async def test_another_provinces_call_is_not_found_and_the_try_is_logged(site: Site) -> None:
    """H2, T-6"""
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    call = await call_of(site, agent)
    for path in (f"/calls/{call}", f"/calls/{uuid4()}"):
        reply = await stranger.get(path)
        assert (reply.status, reply.code) == (404, "not_found")
    assert (await stranger.get("/calls")).json["items"] == []
    assert (await agent.get(f"/calls/{call}")).status == 200
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT verdict, object_id FROM access_log WHERE object_kind = 'call'")
    assert ("deny", str(call)) in {tuple(row) for row in rows}
    assert ("allow", str(call)) in {tuple(row) for row in rows}


async def test_who_it_may_be_is_told_within_reach_and_whole_to_whoever_is_on_the_call(site: Site) -> None:
    """T-6: a caller nobody has taken yet is everybody's, his names are not."""
    near, far = a_customer("王近", CALLER), a_customer("王远", CALLER)
    await settle(site.database, (near, [a_policy(near, "P1")]), (far, [a_policy(far, "P2", ELSEWHERE)]))
    agent, head = await site.client(Role.AGENT), await site.client(Role.AGENT, where="hq")
    waiting, own = await call_of(site), await call_of(site, agent, serial=2)

    async def names(client: Client, call: UUID) -> list[str]:
        return sorted(each["name"] for each in (await client.get(f"/calls/{call}")).json["candidates"])

    assert await names(agent, waiting) == ["王近"]
    assert await names(agent, own) == ["王近", "王远"]
    assert await names(head, waiting) == ["王近", "王远"]
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT object_id FROM access_log WHERE object_kind = 'customer'")
    assert {row["object_id"] for row in rows} == {str(near.id), str(far.id)}


async def test_tickets_on_a_call_are_told_within_reach(site: Site) -> None:
    """T-6, H2"""
    agent, head = await site.client(Role.AGENT), await site.client(Role.AGENT, where="hq")
    call = await call_of(site)
    opened = await head.post(f"/calls/{call}/tickets", {"demand": "赔付"})
    assert opened.status == 201
    assert (await agent.get(f"/calls/{call}")).json["tickets"] == []
    shown = (await head.get(f"/calls/{call}")).json["tickets"]
    assert [ticket["number"] for ticket in shown] == [opened.json["number"]]


async def test_numbers_and_names_are_masked_wherever_the_call_mentions_them(site: Site) -> None:
    """T-6: caller, history and incidents."""
    agent = await site.client(Role.AGENT)
    call = await call_of(site, agent)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE call SET caller_name = '王小明' WHERE id = $1", call)
        incident = Incident("degraded", NOON, {"text": f"from {CALLER}"})
        await store.raise_incidents(conn, [(CallId(call), incident)])
    await note(site, call, "transfer_asked", to="13800138000")
    await note(site, call, "transferred", manner="blind", target="13800138000@cc-transfer")
    qa = await site.client(Role.QA)
    for reply in (await qa.get("/calls"), await qa.get(f"/calls/{call}")):
        text = reply.body.decode()
        assert reply.status == 200
        assert not any(secret in text for secret in (CALLER, "13800138000", "王小明"))
        assert "139****0001" in text
    whole = (await agent.get(f"/calls/{call}")).json
    assert (whole["caller"], whole["caller_name"]) == (CALLER, "王小明")
    assert whole["events"][0]["details"] == {"to": "13800138000"}


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "=HYPERLINK(1)", "\u202egnp.exe", "😀𠮷", '"}\\'])
async def test_what_a_caller_calls_himself_is_only_text(site: Site, name: str) -> None:
    """B8, H12: JSON as it was stored; a table without formulas."""
    supervisor = await site.client(Role.SUPERVISOR)
    call = await call_of(site, supervisor)
    async with site.database.transaction() as conn:
        await conn.execute("UPDATE call SET caller_name = $2 WHERE id = $1", call, name)
    shown = await supervisor.get(f"/calls/{call}")
    assert shown.json["caller_name"] == name
    assert shown.headers["Content-Type"].startswith("application/json")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    table = await supervisor.get("/calls?purpose=核对", headers={"Accept": "text/csv"})
    assert ",=" not in table.body.decode()


async def test_a_customers_calls_are_those_of_ones_own_organisations_and_nobodys(site: Site) -> None:
    """T-6"""
    customer = a_customer("王近", CALLER)
    await settle(site.database, (customer, [a_policy(customer, "P1")]))
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    own, waiting = await call_of(site, agent), await call_of(site, serial=2)
    await call_of(site, stranger, serial=3, started=NOON - timedelta(seconds=5))
    shown = (await agent.get(f"/customers/{customer.id}")).json["calls"]
    assert {UUID(call["id"]) for call in shown} == {own, waiting}
    head = await site.client(Role.AGENT, where="hq")
    assert len((await head.get(f"/customers/{customer.id}")).json["calls"]) == 3


async def test_without_a_switch_nothing_is_done_with_a_call(site: Site) -> None:
    agent = await site.client(Role.AGENT)
    call = await call_of(site, agent)
    for action, body in (("hangup", None), ("transfer", {"manner": "blind", "to": "8002"}), ("hold", None)):
        reply = await agent.post(f"/calls/{call}/actions/{action}", body)
        assert (reply.status, reply.code) == (503, "switch_away")


def test_home_is_not_the_strangers() -> None:
    """The tests above rest on it."""
    assert HOME != ELSEWHERE
