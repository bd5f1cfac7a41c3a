"""The worked example lived through over HTTP gives the figures of the definition, each with its tickets (T-4)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.autumn import Autumn, first_orders, following_orders
from tests.service.site import Client, Site, settings
from tests.worked_example import BASES, EXPECTED, LAST_DAY, ORDERS, PERIOD, october
from tickets.categories import Category
from tickets.measures import members, total, weighed
from tickets.statistics import Figure

pytestmark = pytest.mark.service

DAYS = "first_day=2025-09-01&last_day=2025-10-31"
FIRST = ("T01", "T02", "T04", "T06", "T07", "T08", "T09", "T10")
LOOKED_AT = (
    *(Figure.OCCURRENCES, Figure.PIECES, Figure.MATTERS, Figure.VALID_PIECES, Figure.INVALID_PIECES),
    *(Figure.PENDING_PIECES, Figure.MENTIONS, Figure.ACKNOWLEDGED, Figure.CLOSED, Figure.DUE, Figure.IN_TIME),
    *(Figure.HANDLED, Figure.HANDLING_DAYS, Figure.REPEATS, Figure.VALID_MATTERS, Figure.OVERDUE),
    *(Figure.PROGRESS_DUE, Figure.PROGRESS_MET),
    *(Figure.CALLBACK_FINDINGS, Figure.FINDINGS_IN_TIME, Figure.COMPLAINTS_FROM_CALLBACKS),
)


@pytest.fixture
async def autumn(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Autumn]:
    """A company in test mode whose clock can be set."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        yield Autumn(site, seen)


@pytest.mark.timeout(300)
async def test_the_first_orders_of_the_worked_example_lived_through(autumn: Autumn) -> None:
    """M-1, M-2, M-3, M-4, M-5, M-6, M-7, M-9, M-19, D-2, D-7, L-11, L-12, L-13, L-15, R-4.7, T-4"""
    first_orders(autumn)
    await autumn.live(LAST_DAY)
    expected = [order for order in weighed(ORDERS) if order.ticket in FIRST]
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
        Category.PAYMENT: 1, Category.SMS: 2, Category.OTHER: 1,
    }  # fmt: skip
    assert {each["kind"]: each["tickets"] for each in report["excluded"]}["callback_finding"] == 1


@pytest.mark.timeout(400)
async def test_the_whole_worked_example_lived_through(autumn: Autumn) -> None:
    """M-1 … M-13, M-15, M-19, D-1, D-2, D-3, D-4, D-11, R-4.12, R-4.13, R-4.14, R-4.15, F-49, F-60, T-4: all twelve."""
    first_orders(autumn)
    following_orders(autumn)
    await autumn.live(LAST_DAY)
    expected = weighed(ORDERS)
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
    values = {name: Decimal(str(metric["value"])) for name, metric in metrics.items() if metric["value"] is not None}
    assert {metric: values.get(metric) for metric in EXPECTED} == {m: Decimal(v) for m, v in EXPECTED.items()}
    await _told_by_month_channel_and_category(autumn, head)


async def _told_by_month_channel_and_category(autumn: Autumn, head: Client) -> None:
    """The further lines of the table of expected results."""

    async def split(group: str, figure: str = "pieces") -> dict[str, int]:
        report = (await head.get(f"/statistics/complaints?{DAYS}&group={group}")).json
        return {each["key"]: each[figure] for each in report["groups"]}

    assert await split("month") == {"2025-09": 7, "2025-10": 1}
    assert await split("month", "occurrences") == {"2025-09": 8, "2025-10": 3}
    assert await split("month", "valid_pieces") == {"2025-09": 5, "2025-10": 1}
    once = {"letter": 2, "visit": 1, "network": 1, "sms": 1, "fax": 1}
    assert await split("channel") == {"phone_inbound": 2, **once}
    assert await split("channel", "occurrences") == {"phone_inbound": 5, **once}
    main = {"solicitation": 2, "counter": 2, "claims": 1, "payment": 1, "sms": 1, "other": 1}
    assert await split("category") == main
    valid = {"solicitation": 2, "counter": 2, "claims": 1, "payment": 0, "sms": 1, "other": 0}
    assert await split("category", "valid_pieces") == valid
    assert await split("cause") == {**main, "underwriting": 1, "sms": 2}
    assert await split("validity") == {"valid": 6, "invalid": 1, "pending": 1}
    for matter, pieces, occurrences in (("T02", 1, 3), ("T04", 2, 2)):
        ticket = next(item for item in await _all(head, "occurrences") if item["id"] == autumn.id_of(matter))
        mine = [item for item in await _all(head, "occurrences") if item["matter_id"] == ticket["matter_id"]]
        assert (sum(item["pieces"] for item in mine), len(mine)) == (pieces, occurrences)


async def _all(head: Client, figure: str) -> list[Any]:
    items: list[Any] = (await head.get(f"/statistics/{figure}/items?{DAYS}&limit=200")).json["items"]
    return items


@pytest.mark.timeout(400)
async def test_whose_complaint_was_invalid_and_who_goes_to_the_regulator_repeats(autumn: Autumn) -> None:
    """V-1, D-2, D-3, D-13: the customer of T08, on 14 October."""
    first_orders(autumn)
    following_orders(autumn)
    autumn.order("T13", october(14), "letter", "payment", source="regulator", follows="T08", where="gd")
    await autumn.live(LAST_DAY)
    head = await autumn.site.client(Role.SUPERVISOR, where="hq")
    figures = (await head.get(f"/statistics/complaints?{DAYS}")).json["figures"]
    assert (figures["pieces"], figures["occurrences"], figures["matters"]) == (8, 12, 7)
    assert {item["id"] for item in await _all(head, "repeats")} == {
        autumn.id_of(name) for name in ("T03", "T11", "T13")
    }
    assert {item["id"] for item in await _all(head, "escalations")} == {autumn.id_of("T05")}


@pytest.mark.timeout(400)
async def test_who_goes_to_the_regulator_before_the_limit_is_merged(autumn: Autumn) -> None:
    """V-2, D-3, D-4, F-60: T05 on 12 September, T04 being open."""
    first_orders(autumn)
    following_orders(autumn, before_the_limit=True)
    await autumn.live(LAST_DAY)
    head = await autumn.site.client(Role.SUPERVISOR, where="hq")
    report = (await head.get(f"/statistics/complaints?{DAYS}")).json["figures"]
    assert (report["pieces"], report["occurrences"]) == (7, 11)
    assert (report["metrics"]["escalation_rate"]["numerator"], await _all(head, "escalations")) == (0, [])
    merged = next(item for item in await _all(head, "forwarded") if item["id"] == autumn.id_of("T05"))
    assert (merged["relation"], merged["pieces"], merged["due_day"]) == ("merged", 0, None)
    assert autumn.id_of("T05") in {item["id"] for item in await _all(head, "closed")}


EXAMPLE_DAYS = {"organisation_id": "hq", "first_day": "2025-09-01", "last_day": "2025-10-31"}
OF_SEVERAL = (Figure.REPEAT_MATTERS, Figure.ESCALATED_MATTERS, Figure.FORWARDED_PIECES, Figure.FORWARDED_IN_TIME)
