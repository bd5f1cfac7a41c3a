"""Matters in lists and one by one, with why each order counts; explain tells the same story."""

from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import acted, opened
from tests.service.site import ELSEWHERE, HOME, Site
from tests.service.test_matters import on, seen
from tests.service.walk import walk
from tickets.lifecycle import Status

pytestmark = pytest.mark.service


async def a_long_story(site: Site) -> tuple[Any, Any, Any]:
    """A first order, a second one merged into it, and a third that escalates."""
    first = await opened(await on(site, "2026-11-02"))
    merged = await opened(await on(site, "2026-11-04"), same_matter_as=first["number"])
    escalation = await opened(await on(site, "2026-11-10"), same_matter_as=first["number"], source="regulator")
    return first, merged, escalation


async def test_a_matter_shows_its_orders_with_what_each_counts_and_why(site: Site) -> None:
    """D-1, D-3, D-4, F-46, F-49, R-4.12"""
    first, merged, escalation = await a_long_story(site)
    handler = await site.client(Role.HANDLER)
    matter_id = (await seen(handler, first))["matter_id"]
    matter = (await handler.get(f"/matters/{matter_id}")).json
    assert (matter["number"], matter["occurrences"], matter["pieces"]) == (first["number"], 3, 2)
    assert (matter["repeats"], matter["escalations"], matter["validity"]) == (0, 1, "pending")
    told = [(each["number"], each["relation"], each["pieces"], each["earlier"]) for each in matter["orders"]]
    assert told == [
        (first["number"], "first", 1, None),
        (merged["number"], "merged", 0, first["number"]),
        (escalation["number"], "escalation", 1, first["number"]),
    ]
    rules = [{reason["rule"] for reason in each["reasons"]} for each in matter["orders"]]
    assert rules[0] == {"R-4.12"}
    assert {"D-4", "F-14", "F-60"} <= rules[1]
    assert {"D-3", "F-46", "F-49"} <= rules[2]


async def test_explain_tells_the_weight_by_the_story_of_the_matter(site: Site) -> None:
    """D-1, D-3, F-46"""
    first, _, escalation = await a_long_story(site)
    handler = await site.client(Role.HANDLER)
    explained = (await handler.get(f"/tickets/{escalation['id']}/explain")).json
    said = {reason["rule"]: reason["zh"] for reason in explained["reasons"]}
    assert first["number"] in said["F-46"]
    assert {"D-1", "D-3", "F-40", "F-49"} <= set(said)
    assert (explained["occurrences"], explained["pieces"]) == (1, 1)


async def test_matters_are_filtered_and_paged_and_only_those_in_reach_are_shown(site: Site) -> None:
    """H2, R-4.12, R-4.14"""
    handler = await on(site, "2026-10-12")
    closed = await opened(handler)
    await walk(site, closed["id"], Status.CLOSED, handler=handler)
    handler = await on(site, "2026-10-19")
    await opened(handler, same_matter_as=closed["number"])
    first, _, _ = await a_long_story(site)
    elsewhere = await opened(await site.client(Role.HANDLER, where=ELSEWHERE))
    handler = await site.client(Role.HANDLER)

    async def numbers(query: str, who: Any = handler) -> list[str]:
        reply = await who.get(f"/matters?{query}")
        assert reply.status == 200, reply.body
        return [each["number"] for each in reply.json["items"]]

    assert await numbers("") == [first["number"], closed["number"]]
    assert await numbers("repeated=true") == [closed["number"]]
    assert await numbers("escalated=true") == [first["number"]]
    assert await numbers("repeated=false&escalated=false") == []
    assert await numbers("first_day=2026-10-12&last_day=2026-10-12") == [closed["number"]]
    upper = await site.client(Role.HANDLER, where="hq")
    assert await numbers(f"organisation={ELSEWHERE}", upper) == [elsewhere["number"]]
    assert set(await numbers("", upper)) == {first["number"], closed["number"], elsewhere["number"]}
    assert (await handler.get(f"/matters?organisation={ELSEWHERE}")).status == 404
    page = (await upper.get(f"/matters?limit=1&organisation={HOME}")).json
    assert [each["number"] for each in page["items"]] == [first["number"]]
    assert await numbers(f"limit=1&organisation={HOME}&cursor={page['next']}", upper) == [closed["number"]]
    matter_id = (await seen(handler, first))["matter_id"]
    stranger = await site.client(Role.HANDLER, where=ELSEWHERE)
    assert (await stranger.get(f"/matters/{matter_id}")).status == 404


async def test_what_was_merged_into_a_withdrawn_order_ends_with_it(site: Site) -> None:
    """F-60, CL-6"""
    first = await opened(await on(site, "2026-11-02"))
    handler = await on(site, "2026-11-03")
    merged = await opened(handler, same_matter_as=first["number"])
    reply = await acted(handler, first, "withdraw", note="客户表示撤回", manner="书面")
    assert reply.status == 200, reply.body
    file = await seen(handler, merged)
    assert (file["status"], file["ended_as"], file["validity"]) == ("closed", "withdrawn", "pending")
