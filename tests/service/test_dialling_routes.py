"""Plans of tries, the manner of a campaign and the board over HTTP: rights, versions, masks, and what is told."""

from typing import Any
from uuid import uuid4

import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Site

pytestmark = pytest.mark.service


@pytest.fixture
async def supervisor(site: Site) -> Client:
    return await site.client(Role.SUPERVISOR, where="hq")


async def an_agent(site: Site, database: Database, extension: str) -> Client:
    agent = await site.client(Role.CALLBACK_AGENT, Role.AGENT, where="hq")
    assert agent.user is not None
    async with database.connection() as conn:
        await conn.execute("UPDATE app_user SET extension = $2 WHERE id = $1", agent.user.id, extension)
    return agent


async def a_campaign(supervisor: Client, database: Database) -> Any:
    holder = a_customer("王测试", "16900000001", "16900000002")
    await settle(database, (holder, [a_policy(holder, "P1", salesperson="S-77")]))
    campaign = (await supervisor.post("/campaigns", {"name": "新单回访"})).json
    added = await supervisor.post("/callback-tasks", {"campaign_id": campaign["id"], "policies": ["P1"]})
    assert added.json["items"][0]["refusal"] is None
    return campaign


async def test_a_plan_is_added_under_a_version_of_its_own_and_followed(
    site: Site, database: Database, supervisor: Client
) -> None:
    """C-17"""
    campaign = await a_campaign(supervisor, database)
    rule = {"outcome": "busy", "wait_minutes": 45, "other_band": True, "number": "next"}
    body = {"version": "winter-1", "name": "冬季计划", "tries": 4, "rules": [rule]}
    made = await supervisor.post("/callback-plans", body)
    assert made.status == 201, made.body
    assert next(one for one in made.json["rules"] if one["outcome"] == "busy") == rule
    assert len(made.json["rules"]) == 14
    again = await supervisor.post("/callback-plans", body)
    assert (again.status, again.code) == (409, "callback_plan_exists")
    impossible = await supervisor.post("/callback-plans", {**body, "version": "w-2", "days": 5, "tries": 4})
    assert (impossible.status, impossible.code) == (422, "callback_plan_refused")
    listed = await supervisor.get("/callback-plans")
    assert [one["version"] for one in listed.json["items"]] == ["winter-1", "2026-1"]
    path = f"/campaigns/{campaign['id']}/dialling"
    shown = (await supervisor.get(path)).json
    assert (shown["mode"], shown["version"], shown["plan_version"], shown["abandoned_rate"]) == (
        "preview", 0, "winter-1", None,
    )  # fmt: skip
    manner = {"version": 0, "mode": "progressive", "detects_machines": True, "plan_version": "2026-1"}
    assert (await supervisor("PUT", path, json=manner)).json["version"] == 1
    stale = await supervisor("PUT", path, json=manner)
    assert (stale.status, stale.code) == (409, "stale_version")
    wrong = await supervisor("PUT", path, json={**manner, "version": 1, "trunk": "trunk-x"})
    assert (wrong.status, wrong.code) == (422, "callback_unknown_trunk")
    agent = await an_agent(site, database, "8001")
    assert (await agent("PUT", path, json={**manner, "version": 1})).status == 403
    assert (await agent.post("/callback-plans", body)).status == 403


async def test_the_next_task_is_handed_out_kept_and_handed_over(
    site: Site, database: Database, supervisor: Client, clock: ManualClock
) -> None:
    """C-11, C-12, C-19"""
    await a_campaign(supervisor, database)
    first, second = await an_agent(site, database, "8001"), await an_agent(site, database, "8002")
    assert first.user is not None
    assert second.user is not None
    task = (await first.post("/callback-tasks/next")).json["task"]
    assert (task["locked_by"], task["numbers"]) == (str(first.user.id), ["16900000001", "16900000002"])
    assert (await first.post("/callback-tasks/next")).json["task"]["id"] == task["id"]
    assert (await second.post("/callback-tasks/next")).json["task"] is None
    assert (await first.get("/callback-tasks/current")).json["task"] is None
    held = await second.post(f"/callback-tasks/{task['id']}/take")
    assert (held.status, held.code) == (409, "callback_locked")
    given = await first.post(f"/callback-tasks/{task['id']}/hand-over", {"user_id": str(second.user.id)})
    assert given.json["locked_by"] == str(second.user.id)
    assert (await second.post("/callback-tasks/next")).json["task"]["id"] == task["id"]
    nobody = await second.post(f"/callback-tasks/{task['id']}/hand-over", {"user_id": str(uuid4())})
    assert (nobody.status, nobody.code) == (422, "callback_hand_over_refused")
    freed = await second.post(f"/callback-tasks/{task['id']}/release", {"reason": "客户是亲戚"})
    assert freed.json["locked_by"] is None
    promised = {"at": "2026-11-18T15:00:00+08:00", "user_id": str(first.user.id)}
    appointed = await second("PUT", f"/callback-tasks/{task['id']}/appointment", json=promised)
    assert (appointed.json["appointment_of"], appointed.json["planned_by"]) == (str(first.user.id), "appointment")
    preferred = await supervisor("PUT", f"/callback-tasks/{task['id']}/priority", json={"priority": 5})
    assert preferred.json["priority"] == 5


async def test_whose_sales_a_person_made_is_told_with_the_person_and_keeps_him_from_ringing(
    site: Site, database: Database, supervisor: Client
) -> None:
    """C-11"""
    await a_campaign(supervisor, database)
    agent, admin = await an_agent(site, database, "8001"), await site.client(Role.ADMIN, where="hq")
    assert agent.user is not None
    path = f"/users/{agent.user.id}"
    version = (await admin.get(path)).json["version"]
    changed = await admin("PATCH", path, json={"version": version, "sells_as": ["S-77"]})
    assert (changed.status, changed.json["sells_as"]) == (200, ["S-77"]), changed.body
    assert (await agent.post("/callback-tasks/next")).json["task"] is None
    [task] = (await supervisor.get("/callback-tasks")).json["items"]
    refused = await agent.post(f"/callback-tasks/{task['id']}/dial")
    assert (refused.status, refused.code) == (403, "callback_salesperson")
