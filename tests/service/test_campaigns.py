"""Campaigns on a real PostgreSQL, through the HTTP interface: their states, their scope, their progress."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Role
from callcenter.callbacks import control
from callcenter.callbacks.campaign import Standing
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from tests.service.customers import a_customer, a_policy, settle
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service


@dataclass
class Desk:
    """A supervisor at headquarters, and policies to call back."""

    site: Site
    database: Database
    clock: ManualClock
    supervisor: Client

    async def create(self, **fields: Any) -> Any:
        reply = await self.supervisor.post("/campaigns", {"name": "新单回访", **fields})
        assert reply.status == 201, reply.body
        return reply.json

    async def act(self, campaign: Any, action: str, reason: str | None = None) -> Reply:
        body = {"version": campaign["version"], "reason": reason}
        return await self.supervisor.post(f"/campaigns/{campaign['id']}/actions/{action}", body)

    async def add(self, campaign: Any, *policies: str) -> dict[str, Any]:
        body = {"campaign_id": campaign["id"], "policies": list(policies)}
        reply = await self.supervisor.post("/callback-tasks", body)
        assert reply.status == 201, reply.body
        return {one["policy"]: one["refusal"] or "made" for one in reply.json["items"]}

    async def file(self, campaign: Any) -> Any:
        reply = await self.supervisor.get(f"/campaigns/{campaign['id']}")
        assert reply.status == 200, reply.body
        return reply.json


@pytest.fixture
async def desk(site: Site, database: Database, clock: ManualClock) -> Desk:
    holder = a_customer("王测试", "16900000001")
    policies = [
        a_policy(holder, "P1"),
        a_policy(holder, "P2", product_name="福满两全保险", sales_channel="bank"),
        a_policy(holder, "P3", "sc-cd"),
    ]
    await settle(database, (holder, policies))
    return Desk(site, database, clock, await site.client(Role.SUPERVISOR, where="hq"))


async def test_a_draft_is_started_paused_resumed_and_stopped_and_each_step_says_who_and_why(desk: Desk) -> None:
    campaign = await desk.create(draft=True)
    assert (campaign["state"], campaign["version"]) == ("draft", 1)
    for action, reason, state in (
        ("start", None, "running"),
        ("pause", "线路检修", "paused"),
        ("resume", None, "running"),
        ("stop", "改用新话术", "stopped"),
    ):
        reply = await desk.act(campaign, action, reason)
        assert (reply.status, reply.json["state"]) == (200, state), reply.body
        campaign = reply.json
    history = (await desk.file(campaign))["changes"]
    assert [line["action"] for line in history] == ["create", "start", "pause", "resume", "stop"]
    assert [line["reason"] for line in history] == [None, None, "线路检修", None, "改用新话术"]
    assert {line["changed_by"] for line in history} == {f"user:{desk.supervisor.user.id}"}  # type: ignore[union-attr]
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM outbox_event WHERE topic = 'campaign.changed'") == 5
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("UPDATE campaign_change SET reason = 'x'")


async def test_a_pause_and_a_stop_want_a_reason_and_the_version_that_was_read(desk: Desk) -> None:
    campaign = await desk.create()
    for action in ("pause", "stop"):
        refused = await desk.act(campaign, action, "  ")
        assert (refused.status, refused.code) == (422, "campaign_refused")
    paused = await desk.act(campaign, "pause", "午休")
    late = await desk.act(campaign, "stop", "改期")
    assert (paused.status, late.status, late.code) == (200, 409, "stale_version")
    again = await desk.act(paused.json, "pause", "午休")
    assert (again.status, again.code) == (409, "campaign_illegal_move")


async def test_what_waits_in_a_stopped_campaign_is_withdrawn_with_the_reason(desk: Desk) -> None:
    """Nothing leaves the board without an outcome."""
    campaign = await desk.create()
    await desk.add(campaign, "P1", "P2")
    stopped = (await desk.act(campaign, "stop", "名单有误")).json
    file = await desk.file(stopped)
    assert (file["progress"]["tasks"], file["progress"]["results"]["withdrawn"]) == (2, 2)
    board = await desk.supervisor.get(f"/callback-tasks?campaign_id={campaign['id']}")
    assert {task["note"] for task in board.json["items"]} == {"名单有误"}
    more = await desk.supervisor.post("/callback-tasks", {"campaign_id": campaign["id"], "policies": ["P3"]})
    assert (more.status, more.code) == (409, "campaign_over")


async def test_what_waits_again_after_a_stop_is_withdrawn_by_the_worker(desk: Desk) -> None:
    """Nothing leaves the board without an outcome: a talk that went on ends, and its task is not dialled again."""
    campaign = await desk.create()
    await desk.add(campaign, "P1")
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE callback_task SET state = 'concluding'")
    await desk.act(campaign, "stop", "名单有误")
    assert await control.withdraw_stopped(desk.database, desk.clock.now()) == 0
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE callback_task SET state = 'waiting'")
    assert await control.withdraw_stopped(desk.database, desk.clock.now()) == 1
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT result FROM callback_task") == "withdrawn"


async def test_a_campaign_is_finished_only_when_every_task_has_its_outcome(desk: Desk) -> None:
    campaign = await desk.create()
    await desk.add(campaign, "P1")
    early = await desk.act(campaign, "finish")
    assert (early.status, early.code) == (422, "campaign_refused")
    async with desk.database.connection() as conn:
        await conn.execute(
            "UPDATE callback_task SET state = 'done', result = 'successful', concluded_at = $1", desk.clock.now()
        )
    assert (await desk.act(campaign, "finish")).json["state"] == "finished"


async def test_products_channels_and_regions_narrow_a_campaign(desk: Desk) -> None:
    """C-22"""
    by_product = await desk.create(products=["福满两全保险"])
    assert await desk.add(by_product, "P1", "P2") == {"P1": "not_of_this_campaign", "P2": "made"}
    by_channel = await desk.create(channels=["bank"])
    assert await desk.add(by_channel, "P1") == {"P1": "not_of_this_campaign"}
    by_region = await desk.create(regions=["sc"])
    assert await desk.add(by_region, "P1", "P3") == {"P1": "not_of_this_campaign", "P3": "made"}
    outside = await desk.supervisor.post("/campaigns", {"name": "x", "organisation_id": "gd", "regions": ["sc"]})
    assert (outside.status, outside.code) == (422, "campaign_refused")


async def test_a_campaign_settled_anew_keeps_its_history_and_its_tasks(desk: Desk) -> None:
    campaign = await desk.create()
    await desk.add(campaign, "P1")
    body = {
        "name": "银行渠道新单",
        "script_version": "2010-4.1",
        "channels": ["bank"],
        "version": 1,
        "reason": "缩小范围",
    }
    edited = await desk.supervisor("PUT", f"/campaigns/{campaign['id']}", json=body)
    assert (edited.status, edited.json["channels"], edited.json["version"]) == (200, ["bank"], 2), edited.body
    file = await desk.file(campaign)
    assert (file["progress"]["tasks"], file["changes"][-1]["reason"]) == (1, "缩小范围")
    unknown = await desk.supervisor(
        "PUT", f"/campaigns/{campaign['id']}", json={**body, "version": 2, "script_version": "1999"}
    )
    assert (unknown.status, unknown.code) == (422, "callback_unknown_script")


async def test_campaigns_are_listed_by_state_and_purpose_within_reach(desk: Desk) -> None:
    new, draft = await desk.create(), await desk.create(draft=True)
    renewal = await desk.create(purpose="renewal", organisation_id="gd")
    assert renewal["script_version"] is None
    listed = {}
    for filters in ("", "?state=draft", "?purpose=renewal", "?organisation_id=gd", "?limit=1"):
        listed[filters] = [one["id"] for one in (await desk.supervisor.get(f"/campaigns{filters}")).json["items"]]
    assert set(listed[""]) == {new["id"], draft["id"], renewal["id"]}
    assert listed["?state=draft"] == [draft["id"]]
    assert listed["?purpose=renewal"] == listed["?organisation_id=gd"] == [renewal["id"]]
    assert len(listed["?limit=1"]) == 1
    elsewhere = await desk.site.client(Role.SUPERVISOR, where="sc-cd")
    assert (await elsewhere.get("/campaigns")).json["items"] == []
    assert (await elsewhere.get(f"/campaigns/{new['id']}")).status == 404
    assert (await elsewhere.post(f"/campaigns/{uuid4()}/actions/start", {"version": 1})).status == 404


async def test_every_state_of_a_campaign_is_known_to_the_database(desk: Desk) -> None:
    campaign = await desk.create()
    async with desk.database.connection() as conn:
        for state in Standing:
            await conn.execute("UPDATE campaign SET state = $2 WHERE id = $1::text::uuid", campaign["id"], state)
