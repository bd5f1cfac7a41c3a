"""No figure without its list: each number that the interface tells, of the whole or a group, is that of its list."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from callcenter.accounts.permissions import Role
from tests.service.random_orders import random_orders, store
from tests.service.site import Client, Site
from tickets.grouping import Dimension, Grouping
from tickets.measures import MATTERS
from tickets.metrics import Metric

pytestmark = pytest.mark.service

DAYS = "first_day=2025-09-01&last_day=2025-11-30"
LOOKED_INTO = 6
"""Figures of each grouping that are opened, each in the next of its groups, in turns."""


async def a_company(site: Site) -> Client:
    """Ninety orders of two provinces, and who may see them all, in January."""
    site.clock.set(datetime(2026, 1, 20, 4, tzinfo=UTC))
    async with site.database.transaction() as conn:
        await store(conn, random_orders(Random(11), 90))
    return await site.client(Role.SUPERVISOR, where="hq")


def told(report: Any, figures: Any) -> dict[str, float]:
    """Every figure behind the metrics of a group, by name."""
    found = {}
    for each in report["definitions"]:
        value = figures["metrics"].get(each["metric"])
        if value is None:
            continue
        found[each["numerator"]] = value["numerator"]
        if each["denominator"] is not None:
            found[each["denominator"]] = value["denominator"]
    return found | {name: figures[name] for name in ("matters", "mentions", "invalid_pieces", "pending_pieces")}


async def listed(client: Client, figure: str, query: str) -> int:
    """What the tickets of a figure's list add up to."""
    found, cursor = [], ""
    while True:
        page = (await client.get(f"/statistics/{figure}/items?{query}&limit=40{cursor}")).json
        found += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={quote(page['next'])}"
    if figure in MATTERS:
        return len({item["matter_id"] for item in found})
    return sum(item["amount"] for item in found)


async def test_every_figure_of_the_whole_is_its_list(site: Site) -> None:
    """T-4, M-1 … M-19: numerators and denominators alike, and what was left out."""
    client = await a_company(site)
    report = (await client.get(f"/statistics/complaints?{DAYS}")).json
    figures = told(report, report["figures"])
    assert len(figures) > 30
    for figure, number in figures.items():
        assert await listed(client, figure, DAYS) == number, figure
    for each in report["excluded"]:
        assert await listed(client, each["figure"], DAYS) == each["tickets"], each["kind"]
    shown = {each["metric"] for each in report["definitions"]}
    assert shown == {metric for metric in Metric if "_100m_" not in metric and "_10k_" not in metric}


@pytest.mark.parametrize("dimension", list(Dimension))
async def test_every_figure_of_every_group_is_its_list(site: Site, dimension: Dimension) -> None:
    """T-4, D-10, D-12: by period, organisation, category in both views, channel, severity, source, department, product,
    validity and all else, in each dimension of organisation."""
    client = await a_company(site)
    scope = f"{DAYS}&dimension={dimension}&organisation=gd"
    opened: dict[str, None] = {}
    turn: Iterator[str] | None = None
    for grouping in Grouping:
        report = (await client.get(f"/statistics/complaints?{scope}&group={grouping}")).json
        assert report["groups"], grouping
        turn = turn or cycle(told(report, report["figures"]))
        for n in range(LOOKED_INTO):
            group, figure = report["groups"][n % len(report["groups"])], next(turn)
            query = f"{scope}&group={grouping}&value={quote(group['key'])}"
            number = told(report, group)[figure]
            assert await listed(client, figure, query) == number, (grouping, group["key"], figure)
            opened[figure] = None
    assert len(opened) > 30
