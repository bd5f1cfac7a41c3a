"""Tickets that may be about one incident, through the interface: each with why, nothing out of reach."""

from datetime import timedelta
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.opening import By
from callcenter.reach import KNOWN, in_reach
from tests.service.desk import a_call
from tests.service.orders import opened
from tests.service.site import ELSEWHERE, PATHS, Client, Site
from tickets import store

pytestmark = pytest.mark.service

NOTHING_IN_COMMON = {
    "complainant_phone": "13611112222",
    "demand": "要求更正保单上的地址",
    "description": "通知书寄往旧住址多年无人更改",
}


async def proposed(client: Client, ticket: Any, **query: Any) -> list[Any]:
    reply = await client.get(f"/tickets/{ticket['id']}/matter-candidates", params=query)
    assert reply.status == 200, reply.body
    return list(reply.json["items"])


async def test_candidates_are_ranked_by_what_they_share_each_with_why_and_a_person_decides(site: Site) -> None:
    """R-4.12, D-2: nothing is related by itself; what is related is proposed no more."""
    handler = await site.client(Role.HANDLER)
    words = {"demand": "要求退还保费及利息", "description": "销售人员承诺五年返本到期却不兑现"}
    both = await opened(handler, policy_number="P-1", **words)
    telephone = await opened(handler, **{**NOTHING_IN_COMMON, "complainant_phone": "139 0000 0001"})
    text = await opened(handler, **{**NOTHING_IN_COMMON, **words})
    await opened(handler, **NOTHING_IN_COMMON)
    site.clock.advance(timedelta(minutes=1))
    ticket = await opened(handler, policy_number="P-1", **words)
    found = await proposed(handler, ticket)
    assert [(each["number"], each["grounds"]) for each in found] == [
        (both["number"], ["policy", "telephone", "text"]),
        (text["number"], ["text"]),
        (telephone["number"], ["telephone"]),
    ]
    assert [(each["rank"], each["likeness"]) for each in found] == [(160, 1.0), (100, 1.0), (24, 0.0444)]
    assert (await handler.get(f"/tickets/{ticket['id']}")).json["relation"] == "first"
    body = {"version": 1, "same_matter_as": both["number"], "reason": "同一事项"}
    body["matter_version"] = found[0]["matter_version"]
    related = await handler.post(f"/tickets/{ticket['id']}/relation", body)
    assert (related.status, related.json["relation"]) == (200, "merged")
    assert [each["number"] for each in await proposed(handler, ticket)] == [text["number"], telephone["number"]]


async def test_the_number_of_a_linked_call_leads_to_tickets_and_calls_of_that_number(site: Site) -> None:
    """R-4.12, R-2.1"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    async with site.database.transaction() as conn:
        calls = [await a_call(conn, serial, user=agent.user.id) for serial in (1, 2)]
    first, second = [(await agent.post(f"/calls/{call}/tickets", NOTHING_IN_COMMON)).json for call in calls]
    written = await opened(agent, description="另有其事另有其事", demand="请回电告知")
    found = {each["number"]: each["grounds"] for each in await proposed(agent, second)}
    assert found[first["number"]] == ["telephone", "call", "text"]
    assert found[written["number"]] == ["telephone"]


async def test_candidates_come_in_pages_and_none_twice(site: Site) -> None:
    """R-4.12"""
    handler = await site.client(Role.HANDLER)
    tickets = []
    for _ in range(5):
        tickets.append(await opened(handler))
        site.clock.advance(timedelta(seconds=1))
    path, seen = f"/tickets/{tickets[0]['id']}/matter-candidates?limit=2", []
    reply = await handler.get(path)
    while True:
        seen += [each["number"] for each in reply.json["items"]]
        if reply.json["next"] is None:
            break
        reply = await handler.get(f"{path}&cursor={reply.json['next']}")
    assert seen == [each["number"] for each in reversed(tickets[1:])]


async def test_only_what_the_person_may_know_is_proposed_and_names_are_masked(site: Site) -> None:
    """H2, T-6"""
    handler = await site.client(Role.HANDLER)
    ticket, other = await opened(handler), await opened(handler)
    elsewhere = await opened(await site.client(Role.HANDLER, where=ELSEWHERE))
    assert [each["number"] for each in await proposed(handler, ticket)] == [other["number"]]
    upper = await proposed(await site.client(Role.HANDLER, where="hq"), ticket)
    assert {each["number"] for each in upper} == {other["number"], elsewhere["number"]}
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.get(f"/tickets/{ticket['id']}/matter-candidates")).status == 404
    [shown] = await proposed(await site.client(Role.COORDINATOR), ticket)
    assert shown["complainant_name"] == "王**"


async def test_the_condition_of_lists_and_the_one_of_a_single_ticket_say_the_same(site: Site) -> None:
    """H2"""
    made = []
    for where in PATHS:
        client = await site.client(Role.AGENT, where=where)
        made.append((client, await opened(client)))
    sql = f"""SELECT EXISTS (SELECT FROM ticket t JOIN organisation a ON a.id = t.accepting_organisation_id
        LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id WHERE t.id = $3 AND {KNOWN})"""
    async with site.database.connection() as conn:
        for client, _ in made:
            assert client.user is not None
            by = By("user:x", client.user.id, client.user.organisation_id, client.user.path)
            for _, ticket in made:
                row = await store.find(conn, store.TicketId(ticket["id"]))
                assert row is not None
                assert await conn.fetchval(sql, by.path, by.user_id, row["id"]) == await in_reach(conn, by, row)
