"""Samples of lower closings: drawn by a seed, agreed with or overturned."""

from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import opened
from tests.service.site import Client, Reply, Site
from tests.service.walk import done, walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service

INVALID = {"validity": "invalid", "ground": "facts_disproved", "evidence": "录音显示已逐条说明"}
DAYS = {"first_day": "2026-11-18", "last_day": "2026-11-18"}


async def drawn(client: Client, **others: Any) -> Reply:
    return await client.post("/closing-samples", {**DAYS, "size": 2, "seed": "2026-11", **others})


async def numbers(client: Client, sample: Any) -> list[str]:
    reply = await client.get(f"/closing-samples/{sample['id']}/tickets")
    assert reply.status == 200, reply.body
    return [item["number"] for item in reply.json["items"]]


async def closed(site: Site, count: int) -> list[Any]:
    agent = await site.client(Role.AGENT)
    return [await walk(site, (await opened(agent))["id"], Status.CLOSED, determined=INVALID) for _ in range(count)]


async def test_the_same_seed_draws_the_same_closings_and_each_is_agreed_with_or_overturned(site: Site) -> None:
    """R-3.25, B-4, B-9"""
    files = await closed(site, 4)
    manager = await site.client(Role.SUPERVISOR, where="gd")
    first, again = [(await drawn(manager)).json for _ in range(2)]
    assert (first["population"], first["drawn"]) == (4, 2)
    assert await numbers(manager, first) == await numbers(manager, again)
    others = [await numbers(manager, (await drawn(manager, seed=f"s-{n}")).json) for n in range(8)]
    mine = await numbers(manager, first)
    assert any(each != mine for each in others)
    items = (await manager.get(f"/closing-samples/{first['id']}/tickets")).json["items"]
    path = f"/closing-samples/{first['id']}/tickets/"
    agreed = await manager.post(path + f"{items[0]['ticket_id']}/actions/agree", {"remark": "录音与认定相符"})
    assert (agreed.status, agreed.json["agreed"]) == (200, 1)
    twice = await manager.post(path + f"{items[0]['ticket_id']}/actions/agree", {"remark": "x"})
    assert twice.status == 422
    valid = {"validity": "valid", "causes": ["claims"], "liability": "company", "note": "抽查发现属实"}
    await done(manager, items[1]["ticket_id"], "overturn", **valid)
    items = (await manager.get(f"/closing-samples/{first['id']}/tickets")).json["items"]
    assert [(item["validity"], item["result"]) for item in items] == [("invalid", "agreed"), ("invalid", "overturned")]
    [listed] = [each for each in (await manager.get("/closing-samples")).json["items"] if each["id"] == first["id"]]
    assert (listed["agreed"], listed["overturned"]) == (1, 1)
    assert len(files) == 4
    none = (await drawn(manager, validity="valid")).json
    assert none["population"] == 1


async def test_only_the_company_above_samples(site: Site) -> None:
    """R-3.25, T-6"""
    await closed(site, 1)
    low = await drawn(await site.client(Role.SUPERVISOR))
    assert (low.status, low.code) == (403, "forbidden")
    assert (await drawn(await site.client(Role.HANDLER, where="gd"))).status == 403
    manager, elsewhere = [await site.client(Role.SUPERVISOR, where=where) for where in ("gd", "sc")]
    assert (await drawn(elsewhere)).json["population"] == 0
    sample = (await drawn(manager)).json
    assert (await elsewhere.get(f"/closing-samples/{sample['id']}/tickets")).status == 404
    assert (await drawn(manager, first_day="2026-11-19")).status == 422
