"""Figures counted by PostgreSQL are those of the definition, on random orders and on the worked example."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from callcenter.accounts.permissions import Role
from callcenter.db.pool import Connection, Database
from callcenter.figures import counting, facts, listing
from callcenter.figures.counting import COUNTED, MEASURED
from callcenter.figures.listing import Group
from callcenter.figures.scope import Scope
from tests.conftest import NOON
from tests.service.desk import a_call, hang_up
from tests.service.orders import FULL
from tests.service.random_orders import random_orders, store, ticket_id
from tests.service.site import PATHS, Client, Site, populate
from tests.worked_example import BASES, EXPECTED, FIRST_DAY, LAST_DAY, ORDERS
from tickets.grouping import MANY, Dimension, Grouping, groups
from tickets.measures import MATTERS, Order, members, total, weighed
from tickets.statistics import Figure

pytestmark = pytest.mark.service

PERIODS = (
    (date(2025, 8, 1), date(2025, 12, 31), date(2026, 2, 1)),
    (date(2025, 9, 1), date(2025, 9, 30), date(2025, 9, 20)),
    (date(2025, 9, 15), date(2025, 11, 14), date(2025, 11, 14)),
)
FIGURES = tuple(COUNTED)
OWING = "SELECT count(*) FROM ticket_fact_owed"
AMOUNTS = """
SELECT count(*) FROM (
    SELECT to_jsonb(n) FROM ticket_fact_now n EXCEPT SELECT to_jsonb(f) - 'sign' FROM ticket_fact f) AS missing"""


def seen(orders: list[Order], scope: Scope) -> list[Order]:
    """The orders of the organisations asked for, with those that merged ones follow."""
    if scope.path == "hq/":
        return orders
    if scope.dimension is Dimension.RESPONSIBLE:
        return [order for order in orders if any(path.startswith(scope.path) for path in order.responsible)]
    side = "accepting" if scope.dimension is Dimension.ACCEPTING else "underwriting"
    return [order for order in orders if getattr(order, side).startswith(scope.path)]


@pytest.fixture
async def conn(database: Database, clock: object) -> Connection:  # type: ignore[misc]
    """A connection to a company of two provinces."""
    async with database.connection() as connection:
        await populate(connection, clock)  # type: ignore[arg-type]
        yield connection


@pytest.mark.parametrize("seed", range(4))
async def test_every_figure_is_the_one_of_the_definition(conn: Connection, seed: int) -> None:
    """M-1 … M-19, T-4, T-1, D-12: of the whole and of groups, each grouping in turn, in every dimension."""
    random = Random(seed)
    orders = random_orders(random, 90)
    async with conn.transaction():
        await store(conn, orders)
    await conn.execute(facts.OWED)
    for first, last, today in PERIODS:
        for dimension in Dimension:
            path = random.choice(["hq/", *PATHS.values()])
            scope = Scope(first, last, path, today, dimension)
            await _agrees(conn, scope, orders, {*MANY, *random.sample(list(Grouping), 8)})


async def _agrees(conn: Connection, scope: Scope, orders: list[Order], groupings: Iterable[Grouping]) -> None:
    mine = seen(orders, scope)
    found = await counting.counted(conn, scope, FIGURES)
    assert found.figures == {f: _total(f, orders, mine, scope) for f in FIGURES}
    for grouping in sorted(groupings):
        split = {each.key: each.figures for each in await counting.split(conn, scope, FIGURES, grouping)}
        named = {order.ticket: groups(order, grouping, scope.dimension, scope.path) for order in mine}
        keys = {
            key for order in mine if scope.first_day <= order.received <= scope.last_day for key in named[order.ticket]
        }
        assert {key or "" for key in split} == keys
        for key, figures in split.items():
            within = [order for order in mine if (key or "") in named[order.ticket]]
            for figure, number in figures.items():
                one_cause = grouping is Grouping.CAUSE and figure is Figure.MENTIONS
                expected = _total(Figure.PIECES if one_cause else figure, orders, within, scope)
                assert number == expected, (grouping, key, figure)


def _total(figure: Figure, orders: list[Order], mine: list[Order], scope: Scope) -> int:
    """The figure over some of the orders; what a merged one follows may be another's."""
    names = {order.ticket for order in mine}
    found = [(o, n) for o, n in members(figure, orders, scope.period) if o.ticket in names]
    return len({o.affair for o, _ in found}) if figure in MATTERS else sum(n for _, n in found)


async def test_every_figure_opens_into_its_orders_page_by_page(conn: Connection) -> None:
    """T-4: and what each adds is what the figure says."""
    orders = random_orders(Random(99), 80)
    async with conn.transaction():
        await store(conn, orders)
    await conn.execute(facts.OWED)
    first, last, today = PERIODS[0]
    scope = Scope(first, last, "hq/", today)
    for figure in FIGURES:
        expected = {ticket_id(order): amount for order, amount in members(figure, orders, scope.period)}
        listed: dict[object, int] = {}
        after = None
        while page := await listing.items(conn, scope, figure, None, after, 7):
            listed |= {row["id"]: row["amount"] for row in page}
            after = (page[-1]["received_at"], page[-1]["id"])
        assert listed == expected, figure
    for grouping in (Grouping.CAUSE, Grouping.DEPARTMENT, Grouping.BRANCH):
        for each in await counting.split(conn, scope, (Figure.MENTIONS,), grouping):
            rows = await listing.items(conn, scope, Figure.MENTIONS, Group(grouping, str(each.key)), None, 200)
            assert sum(row["amount"] for row in rows) == each.figures[Figure.MENTIONS]


async def test_the_worked_example_in_the_database(conn: Connection) -> None:
    """M-1, M-2, M-3, M-4, M-5, M-6, M-7, M-8, M-9, M-10, M-11, M-12, M-13, M-15, M-19, F-57: to the last place."""
    orders = [replace(order, accepting="hq/gd/gd-gz/") for order in weighed(ORDERS)]
    async with conn.transaction():
        await store(conn, orders)
    await conn.execute(facts.OWED)
    counted = await counting.complaints(conn, Scope(FIRST_DAY, LAST_DAY, "hq/", LAST_DAY), Grouping.CAUSE)
    values = {value.metric: str(value.value) for value in counted.total.metrics(BASES)}
    assert {metric: values[metric] for metric in MEASURED if metric in EXPECTED} == {
        metric: EXPECTED[metric] for metric in MEASURED if metric in EXPECTED
    }
    mentions = {group.key: group.figures[Figure.PIECES] for group in counted.groups}
    assert mentions == {
        "solicitation": 2, "counter": 2, "underwriting": 1, "claims": 1, "payment": 1, "sms": 2, "other": 1,
    }  # fmt: skip
    assert counted.excluded == {"callback_finding": 1, "non_complaint": 0, "not_a_customer": 0}


async def test_the_rows_figures_are_read_from_follow_every_change(conn: Connection) -> None:
    """T-4: a row that was not followed would be a figure nobody can explain."""
    orders = random_orders(Random(7), 40)
    async with conn.transaction():
        await store(conn, orders)
    await conn.execute(facts.OWED)
    for change in (
        "UPDATE ticket SET pieces = 0 WHERE relation = 'escalation'",
        "UPDATE ticket SET category = 'claims', department = 'finance'",
        "UPDATE ticket_clock SET met_at = due_at WHERE met_at IS NULL",
        "UPDATE ticket SET status = 'closed', validity = CASE WHEN validity IS NULL THEN NULL ELSE 'valid' END,"
        " handled_at = received_at, informed_at = received_at, closed_at = received_at",
    ):
        await conn.execute(change)
        assert await conn.fetchval(AMOUNTS) == 0, change


@pytest.mark.parametrize("first", ["the change", "the making"])
async def test_a_change_while_the_row_of_an_opening_is_made_is_never_lost(
    conn: Connection, database: Database, first: str
) -> None:
    """T-4: whichever comes first, the other waits for it and sees it."""
    async with conn.transaction():
        await store(conn, random_orders(Random(3), 5))
    assert await conn.fetchval(OWING) == 5
    change = "UPDATE ticket SET category = 'claims', department = 'finance'"
    async with database.connection() as other:
        holding = other.transaction()
        await holding.start()
        if first == "the change":
            await other.execute(change)
            waiting = asyncio.create_task(conn.execute(facts.OWED))
        else:
            await other.execute("DELETE FROM ticket_fact_owed")
            await other.execute("SELECT cc_copy_facts(ARRAY(SELECT id FROM ticket))")
            waiting = asyncio.create_task(conn.execute(change))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        await holding.commit()
        await waiting
    assert (await conn.fetchval(OWING), await conn.fetchval(AMOUNTS)) == (0, 0)


def test_the_definition_says_of_every_figure_what_it_counts() -> None:
    """T-4"""
    first, last, today = PERIODS[0]
    for figure in Figure:
        assert total(figure, [], Scope(first, last, "hq/", today).period) == 0


@pytest.mark.parametrize(("after_hanging_up", "in_time"), [(-60, 1), (60, 0)])
async def test_a_mark_set_after_the_hang_up_is_late_although_the_end_was_told_later(
    site: Site, after_hanging_up: int, in_time: int
) -> None:
    """M-4, L-2, R-4.7: what was not written during the call counts as not confirmed in it."""
    agent, handler = await site.client(Role.AGENT), await site.client(Role.HANDLER)
    assert agent.user is not None
    async with site.database.transaction() as conn:
        call = await a_call(conn, user=agent.user.id)
    ticket = (await agent.post(f"/calls/{call}/tickets", {**FULL, "restated_and_confirmed": False})).json
    assert await _acknowledged(handler) == 0
    hung_up = NOON + timedelta(minutes=3)
    site.clock.set(hung_up + timedelta(seconds=after_hanging_up))
    await agent("PATCH", f"/tickets/{ticket['id']}", json={"version": 1, "restated_and_confirmed": True})
    await facts.settle(site.database)
    assert await _acknowledged(handler) == 1, "nobody knows yet that the call is over"
    async with site.database.transaction() as conn:
        await hang_up(conn, call, hung_up)
    await facts.settle(site.database)
    assert await _acknowledged(handler) == in_time


async def _acknowledged(handler: Client) -> int:
    items = (await handler.get("/statistics/acknowledged/items")).json["items"]
    metrics = (await handler.get("/statistics/complaints")).json["figures"]["metrics"]
    assert metrics["acknowledgement_rate"]["numerator"] == len(items)
    return len(items)
