"""Complaints of several people, and orders that pile up, through the interface."""

import pytest

from callcenter.accounts.permissions import Role
from tests.service.orders import opened
from tests.service.site import Site
from tests.service.test_routing import corrected

pytestmark = pytest.mark.service


async def test_five_people_are_a_warning_and_twenty_make_it_major(site: Site) -> None:
    """N-14, R-2.20, F-18"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    few, some = [await opened(agent, group_size=size, category="counter") for size in (4, 5)]
    many = await opened(agent, group_size=20, category="sms")
    named = await opened(agent, designated_major=True, category="payment")
    shown = [(await agent.get(f"/tickets/{each['id']}")).json["severity"] for each in (few, some, many, named)]
    assert shown == ["general", "general", "major", "major"]
    listed = (await handler.get("/group-warnings")).json["together"]
    assert {each["number"] for each in listed} == {each["number"] for each in (some, many, named)}
    silent = await corrected(agent, few, group_size=20)
    assert (silent.status, silent.json["rules"]) == (422, ["F-18"])
    grown = await corrected(agent, few, group_size=20, reason="又有十六人到场")
    assert (grown.status, grown.json["severity"]) == (200, "major")
    kept = await corrected(handler, few, severity="general", reason="情况平稳")
    assert (kept.status, kept.json["severity"]) == (200, "major")
    elsewhere = await site.client(Role.HANDLER, where="sc-cd")
    assert (await elsewhere.get("/group-warnings")).json == {"together": [], "piled": []}


async def test_orders_of_one_kind_that_pile_up_are_a_warning(site: Site) -> None:
    """R-2.20, N-14"""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    for count in range(5):
        assert (await handler.get("/group-warnings")).json["piled"] == [], count
        await opened(agent, category="maintenance", sub_code="surrender")
    await opened(agent, category="claims")
    [piled] = (await handler.get("/group-warnings")).json["piled"]
    assert (piled["organisation_id"], piled["category"], piled["sub_code"], piled["orders"]) == (
        "gd-gz",
        "maintenance",
        "surrender",
        5,
    )
