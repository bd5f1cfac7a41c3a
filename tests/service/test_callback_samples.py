"""Samples of successful callbacks, re-calls by another agent, and impostors found, through the interface (C-24)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import course
from tests.service.callbacks import a_call
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Reply, Site, person, session_of
from tickets.sampling import drawn, fingerprint

pytestmark = pytest.mark.service

HQ = "hq"
DAYS = {"first_day": "2026-11-18", "last_day": "2026-11-18"}
QUESTIONS = (
    *("identity", "signed_personally", "read_and_understood", "cover_known", "surrender_loss_known"),
    *("cooling_off_known", "paying_period_known"),
)


@dataclass
class Callbacks:
    """A campaign with successful callbacks by two agents."""

    site: Site
    agents: list[Client]
    tasks: list[str]


async def an_agent(site: Site, extension: str) -> Client:
    async with site.database.transaction() as conn:
        user = await person(conn, site.clock, (Role.CALLBACK_AGENT,), HQ, extension=extension, name=f"坐席{extension}")
        token = await session_of(conn, site.clock, user)
    client = await site.with_token(token)
    client.user = user
    return client


async def again(site: Site, agent: Client) -> Client:
    """The same agent, logged in anew."""
    assert agent.user is not None
    async with site.database.transaction() as conn:
        token = await session_of(conn, site.clock, agent.user)
    client = await site.with_token(token)
    client.user = agent.user
    return client


async def talk(site: Site, agent: Client, task: str) -> UUID:
    dialled = await agent.post(f"/callback-tasks/{task}/dial")
    assert dialled.status == 202, dialled.body
    attempt = UUID(dialled.json["call_id"])
    await a_call(site.database, attempt, site.clock.now())
    async with site.database.transaction() as conn:
        await course.answered(conn, attempt, site.clock.now())
    return attempt


async def hang_up(site: Site, attempt: UUID) -> None:
    now = site.clock.now()
    await a_call(site.database, attempt, now, now)
    async with site.database.transaction() as conn:
        await course.ended(conn, attempt, now, cause="normal", answered_at=now)


async def wrap_up(site: Site, agent: Client, task: str, **answers: str) -> Reply:
    attempt = await talk(site, agent, task)
    said = [{"question": code, "answer": answer} for code, answer in answers.items()]
    reply = await agent.post(f"/callback-tasks/{task}/wrap-up", {"answers": said, "outcome": {"kind": "completed"}})
    await hang_up(site, attempt)
    return reply


@pytest.fixture
async def callbacks(site: Site) -> Callbacks:
    holder = a_customer("王测试", "16900000001")
    numbers = [f"P{n}" for n in range(6)]
    await settle(site.database, (holder, [a_policy(holder, number) for number in numbers]))
    supervisor = await site.client(Role.SUPERVISOR, where=HQ)
    campaign = (await supervisor.post("/campaigns", {"name": "新单回访"})).json["id"]
    added = await supervisor.post("/callback-tasks", {"campaign_id": campaign, "policies": numbers})
    assert added.status == 201, added.body
    agents = [await an_agent(site, "8001"), await an_agent(site, "8002")]
    tasks = [each["task_id"] for each in added.json["items"]]
    for place, task in enumerate(tasks[:5]):
        reply = await wrap_up(site, agents[place % 2], task, **dict.fromkeys(QUESTIONS, "yes"))
        assert reply.json["task"]["result"] == "successful", reply.body
    return Callbacks(site, agents, tasks[:5])


async def draw(site: Site, by: Client | None = None, **wish: Any) -> Reply:
    reviewer = by or await site.client(Role.QA, where=HQ)
    body = {**DAYS, "wanted": 3, "seed": "2026-11", **wish}
    return await reviewer.post("/callback-samples", body)


async def items(site: Site, sample: str) -> list[Any]:
    reviewer = await site.client(Role.QA, where=HQ)
    reply = await reviewer.get(f"/callback-samples/{sample}/items")
    assert reply.status == 200, reply.body
    return list(reply.json["items"])


async def test_a_sample_is_drawn_by_its_seed_and_anybody_draws_the_same_again(callbacks: Callbacks) -> None:
    """C-24: of the successful callbacks of these days, none twice; its population can be named."""
    site = callbacks.site
    reply = await draw(site)
    assert reply.status == 201, reply.body
    sample = reply.json
    assert (sample["population"], sample["drawn"], sample["open"], sample["after_days"]) == (5, 3, 3, 183)
    ids = [UUID(task) for task in callbacks.tasks]
    assert sample["population_sha256"] == fingerprint(ids)
    assert [UUID(row["task_id"]) for row in await items(site, sample["id"])] == drawn(ids, "2026-11", 3)
    rest = (await draw(site, wanted=100)).json
    assert (rest["population"], rest["drawn"]) == (2, 2)
    assert (await draw(site, first_day="2026-11-19")).status == 422
    assert (await draw(site, first_day="2026-11-17", last_day="2026-11-17")).json["drawn"] == 0


async def test_a_sample_may_be_of_one_agent_or_organisation(callbacks: Callbacks) -> None:
    """C-24"""
    site, first = callbacks.site, callbacks.agents[0]
    assert first.user is not None
    assert (await draw(site, organisation="sc")).json["population"] == 0
    sample = (await draw(site, agent_id=str(first.user.id), wanted=100)).json
    assert (sample["population"], sample["drawn"]) == (3, 3)
    assert {row["agent_name"] for row in await items(site, sample["id"])} == {"坐席8001"}
    assert (await draw(site, await site.client(Role.QA, where="sc"), organisation="hq")).status == 404
    assert (await draw(site, first)).status == 403
    assert (await draw(site, agent_id=str(uuid4()))).status == 404


async def test_the_policyholder_is_rung_again_half_a_year_later_by_another_agent(callbacks: Callbacks) -> None:
    """C-24: whoever talked on the first callback is refused, by the rules and by the schema."""
    site = callbacks.site
    sample = (await draw(site, wanted=1)).json
    [row] = await items(site, sample["id"])
    assert row["not_before"][:10] == "2027-05-20"
    first, other = sorted(callbacks.agents, key=lambda agent: str(agent.user and agent.user.id) != row["agent_id"])
    assert first.user is not None
    site.clock.advance(timedelta(days=183))
    site.people.clear()
    first, other = await again(site, first), await again(site, other)
    for action in ("dial", "take"):
        refused = await first.post(f"/callback-tasks/{row['recheck_id']}/{action}")
        assert (refused.status, refused.code) == (422, "callback_not_dialable"), refused.body
    with pytest.raises(asyncpg.CheckViolationError, match="may not dial"):
        async with site.database.transaction() as conn:
            await conn.execute(
                """INSERT INTO callback_attempt
                    (id, task_id, request_key, user_id, number, agent_endpoint, requested_at)
                VALUES ($1, $2, $1, $3, '16900000001', 'desk-8001', now())""",
                uuid4(),
                UUID(row["recheck_id"]),
                first.user.id,
            )
    reply = await wrap_up(site, other, row["recheck_id"], identity="yes", took_callback="yes", answers_own="yes")
    assert (reply.status, reply.json["task"]["result"]) == (201, "successful"), reply.body
    assert [each["result"] for each in await items(site, sample["id"])] == ["genuine"]


async def test_an_impostor_is_a_grave_finding_of_the_first_callback(callbacks: Callbacks) -> None:
    """C-24, C-26, L-31, T-1: linked to both calls, with the first task; never counted."""
    site = callbacks.site
    sample = (await draw(site, wanted=1, after_days=0)).json
    [row] = await items(site, sample["id"])
    first, other = sorted(callbacks.agents, key=lambda agent: str(agent.user and agent.user.id) != row["agent_id"])
    attempt = await talk(site, other, row["recheck_id"])
    said = [{"question": code, "answer": answer} for code, answer in (("identity", "yes"), ("took_callback", "no"))]
    said.append({"question": "answers_own", "answer": "no"})
    assert (await other("PUT", f"/callback-tasks/{row['recheck_id']}/answers", json={"answers": said})).status == 200
    path = f"/callback-samples/{sample['id']}/items/{row['place']}/result"
    judged = {"result": "impostor", "note": "客户称从未接到回访电话,声音与首次录音不符"}
    refused = await first.post(path, judged)
    assert (refused.status, refused.code) == (409, "callback_sample_refused"), refused.body
    reply = await other.post(path, judged)
    assert (reply.status, reply.json["result"]) == (201, "impostor"), reply.body
    assert reply.json["finding_number"] == "95519-WT-20261118-000001"
    done = await other.post(f"/callback-tasks/{row['recheck_id']}/outcome", {"kind": "completed"})
    assert (done.status, done.json["task"]["result"]) == (200, "problem"), done.body
    await hang_up(site, attempt)
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    file = (await reader.get(f"/tickets/{reply.json['ticket_id']}")).json
    assert (file["nature"], file["heard"]["subject"], file["due_day"]) == (
        *("callback_finding", "callback_taken_by_another"),
        "2026-12-09",
    )
    assert file["callback_task_id"] == row["task_id"]
    assert {call["call_id"] for call in file["calls"]} == {row["call_id"], str(attempt)}
    figures = (await reader.get("/statistics/complaints")).json["figures"]
    findings = (await reader.get("/statistics/callback-findings?group=subject")).json
    assert (figures["occurrences"], findings["by_subject"]) == (0, {"callback_taken_by_another": 1})
    report = (await reader.get(f"/callback-samples/{sample['id']}")).json
    assert (report["sample"]["impostor"], report["sample"]["open"]) == (1, 0)
    assert [(agent["agent_name"], agent["impostor"]) for agent in report["agents"]] == [(row["agent_name"], 1)]
    once = await other.post(path, judged)
    assert (once.status, once.code) == (409, "callback_sample_refused")


async def test_who_clearly_complains_of_an_impostor_has_a_complaint(callbacks: Callbacks) -> None:
    """T-2, F-13, C-24: found by listening, without any re-call."""
    site = callbacks.site
    sample = (await draw(site, wanted=1)).json
    reviewer = await site.client(Role.QA, where=HQ)
    body = {"result": "impostor", "note": "客户来电称他人代接,要求投诉", "intention": "yes"}
    reply = await reviewer.post(f"/callback-samples/{sample['id']}/items/1/result", body)
    assert reply.status == 201, reply.body
    reader = await site.client(Role.SUPERVISOR, where=HQ)
    file = (await reader.get(f"/tickets/{reply.json['ticket_id']}")).json
    assert (file["nature"], file["channel"], file["source"], file["pieces"]) == (
        *("complaint", "phone_inbound", "callback"),
        1,
    )
    assert (await reviewer.post(f"/callback-samples/{sample['id']}/items/9/result", body)).status == 404


async def test_a_report_leaves_as_a_file(callbacks: Callbacks) -> None:
    """C-24, T-4"""
    sample = (await draw(callbacks.site)).json
    reader = await callbacks.site.client(Role.SUPERVISOR, where=HQ)
    for kind in ("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"):
        reply = await reader.get(f"/callback-samples/{sample['id']}", headers={"Accept": kind})
        assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (200, kind), reply.body
