"""Who may know of a call: after transfers, before and without an agent, on calls out; in lists and one by one."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.calls import view
from callcenter.calls.call import leg_id
from callcenter.calls.sight import Eyes
from callcenter.calls.view import LAST, Criteria
from callcenter.db.pool import Database
from callcenter.ids import CallId, call_id
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle
from tests.service.desk import a_call, a_user, hang_up, people
from tests.service.site import ELSEWHERE, HOME, Client, Site

pytestmark = pytest.mark.service

ADD_LEG = """
INSERT INTO call_leg (id, call_id, channel_id, role, user_id, started_at, answered_at)
VALUES ($1, $2, $3, 'agent', $4, $5::timestamptz, CASE WHEN $6 THEN $5::timestamptz END)"""
ADD_ATTEMPT = """
INSERT INTO callback_attempt (id, task_id, request_key, user_id, number, agent_endpoint, requested_at, ended_at,
    outcome)
VALUES ($1, $2, $3, $4, '16900000001', 'desk-8001', $5, $5, 'no_answer')"""
ADD_TASK = """
INSERT INTO callback_task (id, purpose, source, source_call_id, organisation_id, number, state, not_before, created_at)
VALUES ($1, 'return_call', 'overflow', $2, 'hq', '16900000001', 'waiting', $3, $3)"""


async def a_leg(conn: Any, call: UUID, user: UUID, *, answered: bool = True) -> None:
    """The person's telephone rang on the call, or was answered too."""
    channel = f"leg-{uuid4()}"
    await conn.execute(ADD_LEG, leg_id(CallId(call), channel), call, channel, user, NOON, answered)


async def an_attempt(conn: Any, call: UUID, user: UUID) -> None:
    """The call is a callback the person asked for, which nobody took."""
    task = uuid4()
    await conn.execute(ADD_TASK, task, uuid4(), NOON)
    await conn.execute(ADD_ATTEMPT, call, task, uuid4(), user, NOON)
    await conn.execute("UPDATE call SET direction = 'callback' WHERE id = $1", call)


async def a_call_of(site: Site, client: Client | None, serial: int = 1) -> UUID:
    user = client.user.id if client is not None and client.user is not None else None
    async with site.database.transaction() as conn:
        return await a_call(conn, serial, user=user)


async def sees(client: Client, call: UUID) -> bool:
    """Whether the call is in the person's list and can be opened; the two always agree."""
    listed = {item["id"] for item in (await client.get("/calls")).json["items"]}
    status = (await client.get(f"/calls/{call}")).status
    assert status in (200, 404)
    assert (str(call) in listed) == (status == 200)
    return status == 200


async def test_after_a_transfer_to_another_province_the_first_agent_keeps_the_call(site: Site) -> None:
    """R-1.4, H14: they go on with it in both provinces; both take tickets on it, each in their own organisation."""
    first, second = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    assert first.user is not None
    call = await a_call_of(site, second)
    async with site.database.transaction() as conn:
        await a_leg(conn, call, first.user.id)
    colleague = await site.client(Role.SUPERVISOR)
    third = await site.client(Role.AGENT, where="gd-gz-a")
    assert [await sees(each, call) for each in (first, second, colleague, third)] == [True, True, True, False]
    for agent, organisation in ((first, HOME), (second, ELSEWHERE)):
        opened = await agent.post(f"/calls/{call}/tickets", {"demand": "赔付", "another_matter": True})
        assert opened.status == 201, opened.body
        file = (await agent.get(f"/tickets/{opened.json['id']}")).json
        assert file["accepting_organisation_id"] == organisation
    assert (await third.post(f"/calls/{call}/tickets", {"demand": "赔付"})).status == 404


async def test_a_ticket_on_a_call_one_handed_on_stays_in_ones_reach(site: Site) -> None:
    """design.md §4.4: the caller opened it in the menu, at headquarters' account."""
    first, second = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    head = await site.client(Role.AGENT, where="hq")
    assert first.user is not None
    call = await a_call_of(site, second)
    ticket = (await head.post(f"/calls/{call}/tickets", {})).json
    assert (await first.get(f"/tickets/{ticket['id']}")).status == 404
    async with site.database.transaction() as conn:
        await a_leg(conn, call, first.user.id)
    assert (await first.get(f"/tickets/{ticket['id']}")).status == 200


async def test_a_telephone_that_only_rang_makes_the_call_ones_own_and_nobody_elses(site: Site) -> None:
    """T-6"""
    rung, colleague = await site.client(Role.AGENT), await site.client(Role.SUPERVISOR)
    assert rung.user is not None
    call = await a_call_of(site, await site.client(Role.AGENT, where=ELSEWHERE))
    async with site.database.transaction() as conn:
        await a_leg(conn, call, rung.user.id, answered=False)
    assert [await sees(each, call) for each in (rung, colleague)] == [True, False]


async def test_a_caller_nobody_has_taken_is_everybodys_who_may_answer_and_afterwards_the_supervisors(
    site: Site,
) -> None:
    """T-6: live before an agent took it; over without one."""
    call = await a_call_of(site, None)
    people = {role: await site.client(role) for role in (Role.AGENT, Role.SUPERVISOR, Role.AUDITOR, Role.COORDINATOR)}
    head = await site.client(Role.AUDITOR, where="hq")
    expected = {Role.AGENT: True, Role.SUPERVISOR: True, Role.AUDITOR: False, Role.COORDINATOR: False}
    assert {role: await sees(client, call) for role, client in people.items()} == expected
    assert await sees(head, call)
    assert (await people[Role.AGENT].post(f"/calls/{call}/tickets", {})).status == 201
    async with site.database.transaction() as conn:
        await hang_up(conn, call, NOON)
    expected[Role.AGENT] = False
    assert {role: await sees(client, call) for role, client in people.items()} == expected
    assert await sees(head, call)
    assert (await people[Role.AGENT].post(f"/calls/{call}/tickets", {})).status == 404
    assert (await people[Role.SUPERVISOR].post(f"/calls/{call}/tickets", {"another_matter": True})).status == 201


@pytest.mark.parametrize("direction", ["callback", "click"])
async def test_a_call_out_that_nobody_took_belongs_to_whoever_asked_for_it(site: Site, direction: str) -> None:
    """T-6: to their organisation, and to no other's agents and supervisors."""
    asker, near = await site.client(Role.CALLBACK_AGENT), await site.client(Role.SUPERVISOR)
    far = [await site.client(role, where=ELSEWHERE) for role in (Role.AGENT, Role.SUPERVISOR)]
    assert asker.user is not None
    call = await a_call_of(site, asker if direction == "click" else None)
    async with site.database.transaction() as conn:
        if direction == "callback":
            await an_attempt(conn, call, asker.user.id)
        else:
            await conn.execute("UPDATE call SET direction = 'click' WHERE id = $1", call)
    for _ in range(2):
        assert [await sees(each, call) for each in (asker, near, *far)] == [True, True, False, False]
        async with site.database.transaction() as conn:
            await hang_up(conn, call, NOON)


async def test_a_customers_earlier_calls_are_those_the_reader_may_know_of(site: Site) -> None:
    """T-6: found by number and by name alike."""
    customer = a_customer("王近", "13900000001")
    await settle(site.database, (customer, [a_policy(customer, "P1")]))
    agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, where=ELSEWHERE)
    supervisor, head = await site.client(Role.SUPERVISOR), await site.client(Role.AGENT, where="hq")
    own, far, lost = [await a_call_of(site, who, n) for n, who in enumerate((agent, stranger, None))]
    async with site.database.transaction() as conn:
        await hang_up(conn, lost, NOON)
        await conn.execute("UPDATE call SET customer_id = $2 WHERE id = $1", far, customer.id)
    for reader, known in ((agent, {own}), (supervisor, {own, lost}), (head, {own, far, lost})):
        shown = (await reader.get(f"/customers/{customer.id}")).json["calls"]
        assert {UUID(call["id"]) for call in shown} == known


async def test_a_further_call_is_hung_on_a_ticket_only_by_who_may_know_of_it(site: Site) -> None:
    """H14"""
    agent = await site.client(Role.AGENT)
    assert agent.user is not None
    call = await a_call_of(site, await site.client(Role.AGENT, where=ELSEWHERE))
    ticket = (await agent.post("/tickets", {"channel": "letter"})).json
    path, body = f"/tickets/{ticket['id']}/calls", {"call_id": str(call)}
    assert (await agent.post(path, body)).status == 404
    async with site.database.transaction() as conn:
        await a_leg(conn, call, agent.user.id)
    assert (await agent.post(path, body)).status == 200


async def test_whichever_way_a_list_is_found_it_is_what_each_call_by_itself_says(database: Database) -> None:
    """T-6: over calls of every kind, for eyes of every kind, page by page."""
    chance = random.Random(9)
    async with database.transaction() as conn:
        await people(conn)
        places = ("hq", "gd", "gd-gz", "gd-gz-a", "sd", "sd-jn")
        users = [(await a_user(conn, place, f"a{n}-{place}")).user_id for place in places for n in range(2)]
        calls = []
        for n in range(150):
            began = NOON - timedelta(seconds=n * 7)
            call = await a_call(conn, n, started=began, user=chance.choice([None, *users]))
            calls.append(call)
            for user in chance.sample(users, chance.choice([0, 0, 1, 2])):
                await a_leg(conn, call, user, answered=chance.random() < 0.5)
            if chance.random() < 0.2:
                await an_attempt(conn, call, chance.choice(users))
            if chance.random() < 0.7:
                await hang_up(conn, call, began + timedelta(minutes=1))
    paths = ("hq/", "hq/gd/", "hq/gd/gd-gz/gd-gz-a/", "hq/sd/sd-jn/", "hq/nowhere/")
    for path in paths:
        eyes = Eyes(path, chance.choice([*users, None]), chance.random() < 0.5, chance.random() < 0.5)
        async with database.connection() as conn:
            known = {call for call in calls if await view.find(conn, eyes, call) is not None}
            for live in (None, True, False):
                of_kind = [
                    each
                    for each in sorted(known, reverse=True)
                    if live is None
                    or live is (await conn.fetchval("SELECT ended_at IS NULL FROM call WHERE id = $1", each))
                ]
                listed: list[UUID] = []
                after = None
                while page := await view.page(conn, eyes, Criteria(live=live), after, 7):
                    listed += [row.id for row in page]
                    after = page[-1].id
                assert listed == of_kind, (path, live)
            if path != "hq/":
                wanted = (None, None, None, LAST, UUID(int=0), 500)
                own = [row["id"] for row in await conn.fetch(view.OWN_ANY, *eyes.values, *wanted)]
                assert own == sorted(known, reverse=True), path


def test_a_call_and_its_legs_are_of_one_millisecond() -> None:
    """The condition looks for legs there and nowhere else."""
    call = call_id("hl1-1795000000.1")
    assert str(leg_id(call, "hl1-1795000000.2"))[:13] == str(call)[:13]
