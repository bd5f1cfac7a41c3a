"""Every figure of random histories of thousands of matters: by definition, and by a naive reader of the event log."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache

import pytest

from tests.matter_figures import (
    BEGINNING,
    Line,
    counted,
    day_of,
    last_day_of,
    read,
    shifted,
    split,
    tally,
    worked,
)
from tests.matter_walk import Event, random_steps, walk
from tests.unit.tickets.test_matter_walks import orders_of
from tickets import matters, progress
from tickets.calendar import Calendar
from tickets.categories import Category
from tickets.grouping import Grouping, groups
from tickets.intake import ForwarderLevel, Relation
from tickets.lifecycle import Ending, Validity
from tickets.measures import Addressee, Order, Period, Point, total
from tickets.statistics import Figure

pytestmark = pytest.mark.unit

CALENDAR = Calendar()
SPREAD = 250
"""Days over which the matters begin."""
PERIODS = (
    (BEGINNING, BEGINNING + timedelta(days=400), date(2026, 6, 1)),
    (date(2025, 5, 1), date(2025, 5, 31), date(2025, 5, 20)),
    (date(2025, 6, 1), date(2025, 8, 31), date(2025, 8, 31)),
    (date(2025, 9, 15), date(2025, 10, 20), date(2025, 10, 21)),
)


def as_the_figures_see_them(log: Sequence[Event]) -> list[Order]:
    """A matter's log as rows: relations and weights by `tickets.matters`, progress points by `tickets.progress`."""
    given = {order.number: order for order in orders_of(log)}
    places = matters.recount(list(given.values()))
    follows = {each: place.number for place in places for each in matters.merged_into(places, place.number)}
    return [_row(log, given[place.number], place, follows.get(place.number)) for place in places]


def _row(log: Sequence[Event], given: matters.Order, place: matters.Place, follows: str | None) -> Order:
    mine = [each for each in log if each["order"] == place.number]
    received = next(each for each in mine if each["what"] == "received")

    def of(what: str) -> list[Event]:
        return [each for each in mine if each["what"] == what]

    start = day_of(received["at"])
    informed = min((day_of(each["at"]) for each in of("informed")), default=None)
    closed = min((day_of(each["at"]) for each in (*of("closed"), *of("withdrawn"))), default=None)
    answers = [each["answer"] == "satisfied" for each in of("asked") if each["answer"] != "not_reached"]
    level = next((ForwarderLevel(each["level"]) for each in of("forwarded")), None)
    return Order(
        place.number,
        start,
        received["matter"],
        nature=given.nature,
        relation=place.relation,
        complainant=given.complainant,
        occurrences=place.occurrences,
        pieces=place.pieces,
        validity=Validity(place.validity),
        channel=given.channel,
        source=given.source,
        mentioned=tuple(Category(name) for name in of("categories")[0]["named"]),
        acknowledged=any(e["written"] and day_of(e["at"]) <= start + timedelta(days=1) for e in of("acknowledged")),
        due=last_day_of([each["due"] for each in mine if "due" in each][-1]) if place.has_clock else None,
        told=informed,
        informed=informed,
        closed=closed,
        ended_as=None if closed is None else Ending.WITHDRAWN if of("withdrawn") else Ending.CLOSED,
        merged_into=follows if place.relation is Relation.MERGED else None,
        points=tuple(_points(mine, start, informed, closed)) if of("complex") else (),
        dispatched=bool(of("dispatched")),
        returns=len(of("returned")),
        reminders=len(of("reminded")),
        satisfied=answers[0] if answers else None,
        forwarder_level=level,
    )


def _points(mine: Sequence[Event], start: date, informed: date | None, closed: date | None) -> Iterable[Point]:
    told = [day_of(each["at"]) for each in mine if each["what"] == "progress"]
    until = start + timedelta(days=150)
    end = min((day for day in (informed, closed) if day is not None), default=None)
    for point in progress.history(start, start, told, until, _seventh, end):
        yield Point(Addressee.CUSTOMER, point.due, point.due if point.met else None)


@cache
def _seventh(day: date) -> date:
    return CALENDAR.add_workdays(day, 7).day


def histories(seed: int, count: int) -> list[list[Event]]:
    """So many matters, spread over most of a year."""
    found = []
    for number in range(count):
        log = walk(random_steps(seed * 10_000 + number, 18))
        named = [{**each, "matter": f"{seed}-{number}", "order": f"{seed}-{number}-{each['order']}"} for each in log]
        found.append(worked(shifted(named, number * 7 % SPREAD), seed * 10_000 + number))
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(4))
def test_every_figure_of_thousands_of_matters_is_recounted_from_their_event_logs(seed: int) -> None:
    """M-1 … M-10, M-15 … M-19, D-1 … D-14, F-37, F-54, F-56, F-57, F-60, F-61: three thousand matters in all."""
    logs = histories(seed, 750)
    orders = [order for log in logs for order in as_the_figures_see_them(log)]
    lines = [line for log in logs for line in read(log)]
    seen = set()
    for first, last, today in PERIODS:
        naive = tally(lines, first, last, today)
        period = Period(first, last, today, CALENDAR)
        assert {name: total(Figure(name), orders, period) for name in naive} == naive, (first, last)
        seen |= {name for name, number in naive.items() if number}
    assert seen == set(naive)


SPLITS: dict[Grouping, Callable[[Line], Iterable[str]]] = {
    Grouping.MONTH: lambda line: [f"{line['received']:%Y-%m}"],
    Grouping.CHANNEL: lambda line: [line["channel"]],
    Grouping.SOURCE: lambda line: [line["source"]],
    Grouping.CATEGORY: lambda line: [line["categories"][0]],
    Grouping.CAUSE: lambda line: line["categories"],
}


@pytest.mark.parametrize("grouping", list(SPLITS))
def test_every_group_is_recounted_from_the_event_logs(grouping: Grouping) -> None:
    """D-7, D-10, D-11, D-14: by month, channel, source, main cause, all causes."""
    logs = histories(77, 200)
    orders = [order for log in logs for order in as_the_figures_see_them(log)]
    first, last, today = PERIODS[0]
    period = Period(first, last, today, CALENDAR)
    lines = [line for log in logs for line in read(log) if first <= line["received"] <= last]
    closed = {order.ticket for order in orders if order.closed is not None}
    for key, mine in split(lines, SPLITS[grouping]).items():
        within = [order for order in orders if key in groups(order, grouping)]
        followed = [o for o in orders if o.ticket in {w.merged_into for w in within} and o.ticket in closed]
        ours = [o for o in within if o not in followed] + [o for o in within if o in followed]
        naive = counted(mine, last, today)
        if grouping is Grouping.CAUSE:
            naive.pop("mentions")  # of one cause each piece is mentioned once
        naive.pop("closed")  # what a merged order follows may be in another group
        assert {name: total(Figure(name), ours, period) for name in naive} == naive, key
