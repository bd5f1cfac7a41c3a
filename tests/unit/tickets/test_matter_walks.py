"""Random legal histories of matters, recounted by `tickets.matters` and by a naive reader of the event log."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matter_walk import Event, Step, random_steps, recount, walk
from tickets import matters
from tickets.calendar import SHANGHAI
from tickets.categories import Category
from tickets.intake import Channel, ComplainantType, Nature, Relation, Source
from tickets.lifecycle import Level, Validity
from tickets.matters import Determined, Due, Order
from tickets.statistics import Row, figures

pytestmark = pytest.mark.unit

BEGINNING = datetime(2025, 9, 1, tzinfo=SHANGHAI)
STEPS = st.lists(
    st.tuples(st.sampled_from((0, 1, 24, 120)), st.integers(0, 9), st.integers(0, 2), st.integers(0, 9_999)),
    min_size=1,
    max_size=40,
)


def when(hour: int) -> datetime:
    return BEGINNING + timedelta(hours=hour)


def orders_of(log: Sequence[Event]) -> list[Order]:
    """A matter's log as the facts that the rules take."""
    orders = []
    for event in log:
        if event["what"] != "received":
            continue
        mine = [(each, (when(each["at"]), place)) for place, each in enumerate(log) if each["order"] == event["order"]]
        ended = [at for each, at in mine if each["what"] in ("closed", "withdrawn")]
        orders.append(
            Order(
                event["order"],
                mine[0][1],
                Level(event["level"]),
                Nature(event["nature"]),
                ComplainantType([each["who"] for each, _ in mine if "who" in each][-1]),
                Channel(event["channel"]),
                Source(event["source"]),
                min(ended) if ended else None,
                tuple(Due(at, when(each["due"])) for each, at in mine if "due" in each),
                tuple(Determined(at, Validity(each["validity"])) for each, at in mine if each["what"] == "determined"),
            )
        )
    return orders


def check(log: Sequence[Event]) -> None:
    """Both counts of one matter agree, order for order."""
    orders = orders_of(log)
    places = matters.recount(orders)
    naive = recount(log)
    ended = {order.number for order in orders if order.ended is not None}
    for number in tuple(ended):
        ended.update(matters.merged_into(places, number))
    found = [
        (p.number, _named(p, orders), p.pieces, p.occurrences, p.validity.value, p.has_clock, p.number in ended)
        for p in places
    ]
    keys = ("order", "relation", "pieces", "occurrences", "validity", "clock", "closed")
    assert found == [tuple(line[key] for key in keys) for line in naive]


def _named(place: matters.Place, orders: Sequence[Order]) -> str | None:
    order = next(order for order in orders if order.number == place.number)
    return "grievance" if place.relation and not order.counts else place.relation and place.relation.value


def by_matter(log: Sequence[Event]) -> list[list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in log:
        found.setdefault(event["matter"], []).append(event)
    return list(found.values())


@settings(max_examples=600, deadline=None)
@given(STEPS)
def test_a_history_recounts_like_its_event_log(steps: list[Step]) -> None:
    """D-1 … D-14, F-2, F-14, F-15, F-40, F-46, F-49, F-50, F-60, F-63, F-64: three matters side by side."""
    for log in by_matter(walk(steps, matters=3)):
        check(log)


@pytest.mark.parametrize("seed", range(8))
def test_thousands_of_matters_recount_like_their_event_logs(seed: int) -> None:
    """D-1 … D-14: longer lives, four thousand matters in all."""
    relations = dict.fromkeys(("first", "repeat", "escalation", "merged", "grievance", None), 0)
    for number in range(500):
        log = walk(random_steps(seed * 1_000 + number, 26))
        check(log)
        for line in recount(log):
            relations[line["relation"]] += 1
    assert min(relations.values()) > 100, relations


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_what_a_matter_weighs_is_what_the_figures_say(steps: list[Step]) -> None:
    """D-1, D-9, F-2, F-55: one first order, at most two pieces, and the figures' own definition says the same."""
    log = walk(steps)
    orders, places = orders_of(log), matters.recount(orders_of(log))
    facts = {order.number: order for order in orders}
    rows = [
        Row(
            f"{n:04d}",
            "M",
            facts[p.number].nature,
            p.relation,
            facts[p.number].complainant,
            facts[p.number].channel,
            facts[p.number].source,
            Category.CLAIMS,
            p.validity,
            facts[p.number].received[0].date(),
        )
        for n, p in enumerate(places)
    ]
    result = figures(rows)
    assert (result.pieces, result.occurrences) == (sum(p.pieces for p in places), sum(p.occurrences for p in places))
    counting = [p for p in places if p.occurrences]
    assert sum(p.relation is Relation.FIRST for p in counting) == bool(counting)
    assert bool(counting) <= result.pieces <= 2
    if counting:
        assert matters.root_of(orders).number == counting[0].number
        assert {p.validity for p in counting} == {counting[0].validity}


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(0, 40))
def test_what_comes_later_never_changes_an_order_but_by_validity_and_who_complains(
    steps: list[Step], count: int
) -> None:
    """D-2, D-3, D-4: closing, extending, withdrawing or a further order afterwards leaves the earlier ones alone."""
    log = walk(steps)
    known = matters.recount(orders_of(log[:count]))
    later = [event for event in log[count:] if event["what"] not in ("determined", "who")]
    after = {place.number: place for place in matters.recount(orders_of([*log[:count], *later]))}
    assert [after[place.number] for place in known] == list(known)
