"""The worked example lived through over HTTP gives the figures of the definition, each with its tickets (T-4)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.autumn import Autumn, first_orders, following_orders
from tests.service.site import Site, settings
from tests.worked_example import BASES, EXPECTED, LAST_DAY, ORDERS, PERIOD
from tickets.categories import Category
from tickets.measures import Order, members, total, weighed
from tickets.metrics import Metric
from tickets.statistics import Figure

pytestmark = pytest.mark.service

DAYS = "first_day=2025-09-01&last_day=2025-10-31"
FIRST = ("T01", "T02", "T04", "T06", "T07", "T08", "T09", "T10")
LOOKED_AT = (
    *(Figure.OCCURRENCES, Figure.PIECES, Figure.MATTERS, Figure.VALID_PIECES, Figure.INVALID_PIECES),
    *(Figure.PENDING_PIECES, Figure.MENTIONS, Figure.ACKNOWLEDGED, Figure.CLOSED, Figure.DUE, Figure.IN_TIME),
    *(Figure.HANDLED, Figure.HANDLING_DAYS, Figure.REPEATS, Figure.VALID_MATTERS, Figure.OVERDUE),
    *(Figure.CALLBACK_FINDINGS, Figure.FINDINGS_IN_TIME, Figure.COMPLAINTS_FROM_CALLBACKS),
)


@pytest.fixture
async def autumn(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Autumn]:
    """A company in test mode whose clock can be set."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        yield Autumn(site, seen)


def as_lived(order: Order) -> Order:
    """What the interface can tell of an order today: its progress is not reported yet, its category is one."""
    mentioned = order.mentioned[:1] if order.ticket == "T10" else order.mentioned
    return replace(order, points=(), mentioned=mentioned)


@pytest.mark.timeout(300)
async def test_the_first_orders_of_the_worked_example_lived_through(autumn: Autumn) -> None:
    """M-1, M-2, M-3, M-4, M-5, M-6, M-7, M-9, M-19, D-2, D-7, L-11, L-12, L-13, L-15, R-4.7, T-4"""
    first_orders(autumn)
    await autumn.live(LAST_DAY)
    expected = [as_lived(order) for order in weighed(ORDERS) if order.ticket in FIRST]
    head = await autumn.site.client(Role.SUPERVISOR, where="hq")
    names = {autumn.id_of(name): name for name in FIRST}
    told = {}
    for figure in LOOKED_AT:
        items = (await head.get(f"/statistics/{figure}/items?{DAYS}&limit=200")).json["items"]
        told[figure] = {names[item["id"]]: item["amount"] for item in items}
    assert told == {f: {o.ticket: n for o, n in members(f, expected, PERIOD)} for f in LOOKED_AT}
    report = (await head.get(f"/statistics/complaints?{DAYS}&group=cause")).json
    figures, metrics = report["figures"], report["figures"]["metrics"]
    assert figures["pieces"] == total(Figure.PIECES, expected, PERIOD) == 7
    assert (figures["occurrences"], figures["matters"], figures["valid_pieces"]) == (7, 7, 5)
    assert (metrics["acknowledgement_rate"]["numerator"], metrics["acknowledgement_rate"]["denominator"]) == (5, 7)
    assert (metrics["on_time_rate"]["numerator"], metrics["on_time_rate"]["denominator"]) == (5, 7)
    assert metrics["mean_handling_workdays"] == {"numerator": 28, "denominator": 6, "value": 4.67}
    assert metrics["overdue_backlog"]["value"] == 1
    assert {g["key"]: g["pieces"] for g in report["groups"]} == {
        Category.SOLICITATION: 2, Category.UNDERWRITING: 1, Category.COUNTER: 1, Category.CLAIMS: 1,
        Category.PAYMENT: 1, Category.SMS: 1, Category.OTHER: 1,
    }  # fmt: skip
    assert {each["kind"]: each["tickets"] for each in report["excluded"]}["callback_finding"] == 1


@pytest.mark.timeout(400)
async def test_the_whole_worked_example_lived_through(autumn: Autumn) -> None:
    """M-1 … M-9, M-15, M-19, D-1, D-2, D-3, D-4, D-11, R-4.12, R-4.13, R-4.14, R-4.15, F-49, F-60, T-4: all twelve."""
    first_orders(autumn)
    following_orders(autumn)
    await autumn.live(LAST_DAY)
    expected = [as_lived(order) for order in weighed(ORDERS)]
    head = await autumn.site.client(Role.SUPERVISOR, where="hq")
    names = {autumn.id_of(order.ticket): order.ticket for order in ORDERS}
    told = {}
    for figure in (*LOOKED_AT, *OF_SEVERAL):
        items = (await head.get(f"/statistics/{figure}/items?{DAYS}&limit=200")).json["items"]
        told[figure] = {names[item["id"]]: item["amount"] for item in items}
    assert told == {f: {o.ticket: n for o, n in members(f, expected, PERIOD)} for f in (*LOOKED_AT, *OF_SEVERAL)}
    imports = [{**EXAMPLE_DAYS, "base": base.value, "amount": int(amount)} for base, amount in BASES.items()]
    made = await head.post("/denominators", {"source": "2025年财务月报", "items": imports})
    assert made.status == 201, made.body
    metrics = (await head.get(f"/statistics/complaints?{DAYS}")).json["figures"]["metrics"]
    not_yet = {Metric.PROGRESS, Metric.COORDINATOR_PROGRESS}
    values = {name: Decimal(str(metric["value"])) for name, metric in metrics.items() if metric["value"] is not None}
    shown = {metric: Decimal(value) for metric, value in EXPECTED.items() if metric not in not_yet}
    assert {metric: values[metric] for metric in shown if metric in values} == shown


EXAMPLE_DAYS = {"organisation_id": "hq", "first_day": "2025-09-01", "last_day": "2025-10-31"}
OF_SEVERAL = (Figure.REPEAT_MATTERS, Figure.ESCALATED_MATTERS, Figure.FORWARDED_PIECES, Figure.FORWARDED_IN_TIME)
