"""How orders of a matter stand to each other and what they weigh: tables, and the worked example of domain.md d.4."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from tickets import matters
from tickets.calendar import SHANGHAI, end_of_day
from tickets.course import Course, Extension
from tickets.deadlines import Gravity, Rulebook, decide_inform
from tickets.intake import Channel, ComplainantType, Nature, Relation, Severity, Source
from tickets.lifecycle import Level, Validity
from tickets.matters import Determined, Due, Moment, Order, Place, Target, merged_into, recount, root_of
from tickets.statistics import Exclusion

pytestmark = pytest.mark.unit
_C, _R, _S, _V = Channel, Relation, Source, Validity
BOOK = Rulebook()


def on(day: str, hour: int = 10, place: int = 0) -> Moment:
    return datetime.combine(date.fromisoformat(day), time(hour), SHANGHAI), place


def an_order(number: str, received: str, **facts: Any) -> Order:
    """An order of a city; `due`, `closed` and `validity` are shorthand: the limit's last day, the day it ended, and
    what was found of it an hour before that, or the day after receipt."""
    due, closed, validity = facts.pop("due", None), facts.pop("closed", None), facts.pop("validity", None)
    found_on = facts.pop("found", None)
    at = on(received)
    dues = (Due(at, end_of_day(date.fromisoformat(due))),) if due else ()
    found = ()
    if validity is not None:
        when = on(found_on) if found_on else on(closed, 9) if closed and closed != received else (at[0], at[1] + 1)
        found = (Determined(when, validity),)
    ended = on(closed, 17) if closed else None
    return Order(number, at, facts.pop("accepting", Level.CITY), ended=ended, dues=dues, found=found, **facts)


def by_number(*orders: Order, cap: int = 2) -> dict[str, Place]:
    return {place.number: place for place in recount(orders, cap)}


CLOSED = an_order("A1", "2025-09-08", due="2025-09-15", closed="2025-09-16", validity=_V.VALID)
OPEN = replace(CLOSED, ended=None, found=())


@pytest.mark.parametrize(
    ("root", "received", "source", "relation", "external", "rule"),
    [
        (CLOSED, "2025-09-17", _S.DIRECT, _R.REPEAT, False, "D-2"),
        (CLOSED, "2025-09-17", _S.COORDINATOR, _R.REPEAT, False, "R-4.12"),
        (CLOSED, "2025-09-17", _S.REGULATOR, _R.ESCALATION, True, "D-3"),
        (CLOSED, "2025-09-17", _S.MEDIA, _R.ESCALATION, True, "D-3"),
        (CLOSED, "2025-09-17", _S.UPPER_COMPANY, _R.ESCALATION, True, "F-45"),
        (OPEN, "2025-09-15", _S.DIRECT, _R.MERGED, False, "D-4"),
        (OPEN, "2025-09-17", _S.DIRECT, _R.MERGED, False, "F-14"),
        (OPEN, "2025-09-15", _S.REGULATOR, _R.MERGED, True, "F-46"),
        (OPEN, "2025-09-16", _S.REGULATOR, _R.ESCALATION, True, "F-40"),
        (OPEN, "2025-09-16", _S.MEDIA, _R.ESCALATION, True, "F-40"),
        (replace(CLOSED, ended=on("2025-09-10")), "2025-09-12", _S.REGULATOR, _R.REPEAT, True, "F-15"),
        (replace(CLOSED, found=(Determined(on("2025-09-09"), _V.INVALID),)), "2025-09-17", _S.MEDIA, _R.REPEAT, True,
         "F-15"),
        (replace(OPEN, found=(Determined(on("2025-09-09"), _V.INVALID),)), "2025-09-17", _S.MEDIA, _R.MERGED, True,
         "F-50"),
    ],
)  # fmt: skip
def test_what_a_new_order_is(
    root: Order, received: str, source: Source, relation: Relation, external: bool, rule: str
) -> None:
    """D-2, D-3, D-4, F-14, F-15, F-40, F-45, F-46, R-4.12, R-4.14"""
    place = by_number(root, an_order("A2", received, source=source))["A2"]
    assert (place.relation, place.external) == (relation, external)
    assert rule in place.rules
    assert place.has_clock is (relation is not _R.MERGED)
    assert (place.occurrences, place.pieces) == (1, 1 if relation is _R.ESCALATION else 0)
    assert place.earlier == "A1"


@pytest.mark.parametrize(("received", "hour", "late"), [("2025-09-15", 23, False), ("2025-09-16", 0, True)])
def test_the_last_day_of_the_limit_is_within_it(received: str, hour: int, late: bool) -> None:
    """D-3, D-14, CL-1: later than the effective deadline is after 24:00 of its day, in Shanghai."""
    new = replace(an_order("A2", received, source=_S.REGULATOR), received=on(received, hour))
    assert (by_number(OPEN, new)["A2"].relation is _R.ESCALATION) is late


@pytest.mark.parametrize(
    ("root", "new", "expected"),
    [
        ({"accepting": Level.COUNTER_A}, {"accepting": Level.COUNTER_A}, Target.UPPER_COMPANY),
        ({"accepting": Level.COUNTER_B}, {"accepting": Level.CITY}, Target.UPPER_COMPANY),
        ({"accepting": Level.CITY}, {"accepting": Level.PROVINCE}, Target.UPPER_COMPANY),
        ({"accepting": Level.CITY}, {"accepting": Level.HQ}, Target.UPPER_COMPANY),
        ({"accepting": Level.PROVINCE}, {"accepting": Level.CITY}, None),
        ({"accepting": Level.PROVINCE}, {"accepting": Level.PROVINCE}, Target.UPPER_COMPANY),
        ({"accepting": Level.HQ}, {"accepting": Level.HQ}, None),
        ({"accepting": Level.CITY, "source": _S.REGULATOR}, {"accepting": Level.CITY}, None),
        ({"accepting": Level.CITY, "source": _S.MEDIA}, {"accepting": Level.PROVINCE}, Target.UPPER_COMPANY),
        ({"accepting": Level.HQ, "source": _S.REGULATOR}, {"accepting": Level.HQ}, Target.UPPER_COMPANY),
    ],
)
def test_the_upper_company_is_above_whoever_handles_the_root(
    root: dict[str, Any], new: dict[str, Any], expected: Target | None
) -> None:
    """F-45, F-64: any higher company; a root from outside is the province's."""
    first = an_order("A1", "2025-09-08", **root)
    assert matters.target(an_order("A2", "2025-09-20", source=_S.UPPER_COMPANY, **new), first) is expected


@pytest.mark.parametrize(
    ("accepting", "channel", "expected"),
    [
        (Level.PROVINCE, _C.LETTER, Target.UPPER_COMPANY),
        (Level.HQ, _C.VISIT, Target.UPPER_COMPANY),
        (Level.CITY, _C.FAX, None),
        (Level.HQ, _C.PHONE_INBOUND, None),
        (Level.HQ, _C.SMS, None),
    ],
)
def test_a_letter_to_a_higher_company_is_one_to_the_upper_company_and_a_call_to_the_hotline_is_not(
    accepting: Level, channel: Channel, expected: Target | None
) -> None:
    """F-45, F-64, R-4.14: whoever rings 95519 chooses no level."""
    first = an_order("A1", "2025-09-08", accepting=Level.COUNTER_A)
    assert matters.target(an_order("A2", "2025-09-20", accepting=accepting, channel=channel), first) is expected


def test_the_latest_earlier_order_with_a_clock_decides_not_the_root() -> None:
    """F-49: closed root, open repeat: what comes now is merged into the repeat."""
    repeat = an_order("A2", "2025-09-22", due="2025-09-29")
    places = by_number(CLOSED, repeat, an_order("A3", "2025-09-24"))
    assert (places["A3"].relation, places["A3"].earlier) == (_R.MERGED, "A2")


def test_a_merged_order_never_decides_for_the_next() -> None:
    """F-49, D-4: it has no clock of its own."""
    merged = an_order("A2", "2025-09-10", due="2025-09-11", closed="2025-09-11")
    places = by_number(OPEN, merged, an_order("A3", "2025-09-12", source=_S.REGULATOR))
    assert (places["A3"].relation, places["A3"].earlier) == (_R.MERGED, "A1")


def test_the_limit_of_the_latest_order_decides_though_the_roots_is_long_past() -> None:
    """D-3, F-46, F-49"""
    repeat = an_order("A2", "2025-09-22", due="2025-09-29")
    within, after = (an_order("A3", day, source=_S.REGULATOR) for day in ("2025-09-29", "2025-09-30"))
    assert by_number(CLOSED, repeat, within)["A3"].relation is _R.MERGED
    assert by_number(CLOSED, repeat, after)["A3"].relation is _R.ESCALATION


@pytest.mark.parametrize(("granted", "relation"), [("2025-09-12", _R.MERGED), ("2025-09-17", _R.ESCALATION)])
def test_an_extension_granted_before_receipt_keeps_the_order_in_time_and_one_granted_after_does_not(
    granted: str, relation: Relation
) -> None:
    """F-46: the effective deadline including granted extensions, as it stood when the new order was received."""
    first = replace(OPEN, dues=(*OPEN.dues, Due(on(granted), end_of_day(date(2025, 9, 30)))))
    assert by_number(first, an_order("A2", "2025-09-16", source=_S.REGULATOR))["A2"].relation is relation


def test_a_repeat_and_an_escalation_have_clocks_of_their_own_and_the_parents_stays() -> None:
    """F-43, R-4.15, R-4.12"""
    escalation = an_order("A2", "2025-09-16", due="2025-09-30", source=_S.REGULATOR)
    places = by_number(OPEN, escalation)
    assert places["A2"].has_clock
    assert places["A1"].has_clock
    assert by_number(CLOSED, an_order("A2", "2025-09-20"))["A2"].has_clock


def test_a_closed_order_stays_open_at_the_receipt_of_one_that_came_before() -> None:
    """D-4, D-2: what was open when the new one was received counts, not what is now."""
    came_while_open = an_order("A2", "2025-09-12")
    assert by_number(OPEN, came_while_open)["A2"].relation is _R.MERGED
    assert by_number(CLOSED, came_while_open)["A2"].relation is _R.MERGED


@pytest.mark.parametrize(("place", "relation"), [(6, _R.MERGED), (4, _R.REPEAT)])
def test_within_one_moment_the_history_says_what_came_first(place: int, relation: Relation) -> None:
    """D-2, D-4"""
    closed = replace(OPEN, ended=on("2025-09-12", place=place))
    new = replace(an_order("A2", "2025-09-12"), received=on("2025-09-12", place=5))
    assert by_number(closed, new)["A2"].relation is relation


def test_a_withdrawn_order_is_no_longer_open() -> None:
    """CL-6, D-2: the customer who comes again after withdrawing repeats."""
    withdrawn = replace(OPEN, ended=on("2025-09-10"))
    assert by_number(withdrawn, an_order("A2", "2025-09-11"))["A2"].relation is _R.REPEAT


ESCALATED = an_order("A2", "2025-09-17", due="2025-09-30", source=_S.REGULATOR)


def test_an_escalation_whose_root_turns_invalid_is_a_repeat_with_its_own_clock_until_that_is_overturned() -> None:
    """D-13, F-40, F-50: not merged, although the earlier order was open."""
    found = Determined(on("2025-09-20"), _V.INVALID)
    invalid = replace(OPEN, found=(found,))
    place = by_number(invalid, ESCALATED)["A2"]
    assert (place.relation, place.has_clock, place.pieces, place.validity) == (_R.REPEAT, True, 0, _V.INVALID)
    assert "D-13" in place.rules
    overturned = replace(OPEN, found=(found, Determined(on("2025-09-25"), _V.VALID)))
    again = by_number(overturned, ESCALATED)["A2"]
    assert (again.relation, again.pieces, again.validity) == (_R.ESCALATION, 1, _V.VALID)


def test_what_came_to_an_invalid_matter_is_an_escalation_once_the_finding_is_overturned() -> None:
    """D-3, D-13, F-50, R-3.25: V-1, and the province finds the complaint valid after all."""
    invalid = replace(CLOSED, found=(Determined(on("2025-09-16", 9), _V.INVALID),))
    assert by_number(invalid, ESCALATED)["A2"].relation is _R.REPEAT
    overturned = replace(invalid, found=(*invalid.found, Determined(on("2025-10-20"), _V.VALID)))
    assert by_number(overturned, ESCALATED)["A2"].relation is _R.ESCALATION


def test_a_linked_order_inherits_the_matters_validity() -> None:
    """D-13: the root's, whatever was found of the linked one; while nothing was found of the root, what was of that."""
    said = replace(an_order("A2", "2025-09-20"), found=(Determined(on("2025-09-21"), _V.INVALID),))
    assert by_number(CLOSED, said)["A2"].validity is _V.VALID
    assert by_number(OPEN, an_order("A2", "2025-09-20"))["A2"].validity is _V.PENDING
    both = by_number(OPEN, said)
    assert (both["A1"].validity, both["A2"].validity) == (_V.INVALID, _V.INVALID)


@pytest.mark.parametrize(("cap", "pieces"), [(1, 1), (2, 2), (3, 3)])
def test_a_matter_escalated_again_and_again_has_as_many_pieces_as_the_cap_allows(cap: int, pieces: int) -> None:
    """D-1, F-2: two unless the company says otherwise; every order stays an occurrence."""
    orders = [CLOSED] + [
        an_order(f"A{n}", f"2025-10-{10 * n - 9:02}", due=f"2025-10-{10 * n - 6:02}", source=_S.REGULATOR)
        for n in (1, 2, 3)
    ]
    orders = [replace(order, number=f"E{place}") for place, order in enumerate(orders)]
    places = by_number(*orders, cap=cap)
    assert [places[f"E{n}"].relation for n in (1, 2, 3)] == [_R.ESCALATION] * 3
    assert sum(place.pieces for place in places.values()) == pieces
    assert sum(place.occurrences for place in places.values()) == 4
    assert ("F-2" in places["E3"].rules) is (cap < 4)


BESIDE = (
    an_order("B1", "2025-09-01", nature=Nature.CALLBACK_FINDING, source=_S.CALLBACK, due="2025-09-08"),
    an_order("B2", "2025-09-01", nature=Nature.NON_COMPLAINT),
    an_order("B3", "2025-09-01", complainant=ComplainantType.AGENT, due="2025-09-08"),
    an_order("B4", "2025-09-01", complainant=ComplainantType.PUBLIC, due="2025-09-08"),
)


@pytest.mark.parametrize("beside", BESIDE, ids=lambda order: str(order.number))
def test_a_complaint_on_the_matter_of_what_is_none_is_a_first_order(beside: Order) -> None:
    """F-63, R-4.12, R-2.5, F-37"""
    complaint = an_order("A1", "2025-09-20", source=_S.REGULATOR)
    places = by_number(beside, complaint)
    assert (places["A1"].relation, places["A1"].pieces, places["A1"].external) == (_R.FIRST, 1, False)
    assert "F-63" in places["A1"].rules
    assert (places[beside.number].occurrences, places[beside.number].pieces) == (0, 0)
    assert places[beside.number].relation is (_R.FIRST if beside.nature is Nature.COMPLAINT else None)
    assert root_of((beside, complaint)).number == "A1"


@pytest.mark.parametrize("beside", BESIDE, ids=lambda order: str(order.number))
def test_what_is_none_of_a_customers_complaints_neither_follows_nor_decides(beside: Order) -> None:
    """F-63, D-6, D-8, F-55"""
    between = replace(beside, received=on("2025-09-10"))
    places = by_number(OPEN, between, an_order("A2", "2025-09-12"))
    assert places["A2"].earlier == "A1"
    assert places[beside.number].exclusion in Exclusion
    assert root_of((between, OPEN)).number == "A1"


def test_a_root_that_turns_out_to_be_an_agents_grievance_makes_the_next_complaint_first() -> None:
    """F-37, F-63, D-1: the piece does not vanish, and the new first order has a clock of its own."""
    follower = an_order("A2", "2025-09-12")
    assert by_number(OPEN, follower)["A2"].relation is _R.MERGED
    places = by_number(replace(OPEN, complainant=ComplainantType.AGENT), follower)
    assert (places["A1"].pieces, places["A2"].pieces) == (0, 1)
    assert (places["A2"].relation, places["A2"].has_clock) == (_R.FIRST, True)


def test_an_escalation_is_at_least_difficult_and_major_stays() -> None:
    """F-42"""
    assert matters.severity_at_least(_R.ESCALATION, Severity.GENERAL) is Severity.DIFFICULT
    assert matters.severity_at_least(_R.ESCALATION, Severity.MAJOR) is Severity.MAJOR
    assert matters.severity_at_least(_R.REPEAT, Severity.GENERAL) is Severity.GENERAL


def test_merged_orders_end_with_the_one_they_were_merged_into() -> None:
    """F-60, D-4"""
    places = recount((OPEN, an_order("A2", "2025-09-10"), an_order("A3", "2025-09-11")))
    assert merged_into(places, "A1") == ("A2", "A3")
    assert merged_into(places, "A2") == ()


# The worked example of d.4.


def received(number: str, day: str, gravity: Gravity = Gravity.GENERAL, **facts: Any) -> Order:
    """An order of the example: its limit is reckoned, its `due` checked against the example's."""
    due, extension = facts.pop("due", None), facts.pop("extended", None)
    order = an_order(number, day, **facts)
    extensions = (Extension("L-15", on(extension)[0], "情况复杂"),) if extension else ()
    reckoned = decide_inform(order.received[0], gravity, BOOK, Course(extensions=extensions))
    assert due is None or reckoned.due_day == date.fromisoformat(due)
    dues = [Due(order.received, decide_inform(order.received[0], gravity, BOOK).due_at)]
    if extension:
        dues.append(Due(on(extension), reckoned.due_at))
    return replace(order, dues=tuple(dues))


_DIFFICULT, _MAJOR = Gravity.DIFFICULT, Gravity.MAJOR
T01 = received("T01", "2025-09-03", due="2025-09-10", closed="2025-09-03", validity=_V.VALID)
T02 = received(
    "T02", "2025-09-05", _DIFFICULT, due="2025-09-19", channel=_C.LETTER, closed="2025-09-18", validity=_V.VALID
)
T03 = received("T03", "2025-09-29", due="2025-10-13", closed="2025-10-09")
T11 = received("T11", "2025-10-20", due="2025-10-27", closed="2025-10-24")
T04 = received("T04", "2025-09-08", due="2025-09-15", channel=_C.VISIT, closed="2025-09-16", validity=_V.VALID)
T05 = received(
    "T05", "2025-10-09", _DIFFICULT, due="2025-10-22", channel=_C.LETTER, source=_S.REGULATOR, closed="2025-10-22"
)
T06 = received("T06", "2025-09-10", due="2025-09-17", source=_S.CALLBACK, closed="2025-09-17", validity=_V.VALID)
T07 = received(
    "T07", "2025-09-11", Gravity.DATA_FINDING, due="2025-09-18", source=_S.CALLBACK, channel=_C.PHONE_OUTBOUND,
    nature=Nature.CALLBACK_FINDING, closed="2025-09-17",
)  # fmt: skip
T08 = received("T08", "2025-09-15", due="2025-09-22", channel=_C.NETWORK, closed="2025-09-18", validity=_V.INVALID)
T09 = received("T09", "2025-09-28", due="2025-10-11", channel=_C.SMS, closed="2025-10-11", validity=_V.VALID)
T10 = received("T10", "2025-09-30", _MAJOR, due="2025-10-21", channel=_C.FAX, extended="2025-10-13")
T12 = received("T12", "2025-10-10")

EXAMPLE: tuple[tuple[Order, ...], ...] = (
    (T01,), (T02, T03, T11), (T04, T05), (T06,), (T07,), (T08,), (T09,), (T10, T12)
)  # fmt: skip


def counted(story: Iterable[Iterable[Order]], cap: int = 2) -> dict[str, Any]:
    """The figures of the example: occurrences, pieces, matters, by validity, and by month."""
    received_on = {order.number: order.received[0] for orders in story for order in orders}
    recounted = [recount(orders, cap) for orders in story]
    places = [place for each in recounted for place in each]
    return {
        "occurrences": sum(place.occurrences for place in places),
        "pieces": sum(place.pieces for place in places),
        "matters": sum(any(place.occurrences for place in each) for each in recounted),
        "valid": sum(place.pieces for place in places if place.validity is _V.VALID),
        "invalid": sum(place.pieces for place in places if place.validity is _V.INVALID),
        "pending": sum(place.pieces for place in places if place.validity is _V.PENDING),
        "repeats": sorted(place.number for place in places if place.relation is _R.REPEAT),
        "merged": sorted(place.number for place in places if place.relation is _R.MERGED),
        "escalated": sorted(place.number for place in places if place.relation is _R.ESCALATION),
        "september": sum(place.pieces for place in places if received_on[place.number].month == 9),
        "october": sum(place.pieces for place in places if received_on[place.number].month == 10),
        "external": sorted(place.number for place in places if place.external),
    }


def changed(*orders: Order, matter: str = "") -> tuple[tuple[Order, ...], ...]:
    """The example with these orders in place of those of the same number, or added to the matter of that root."""
    new = {order.number: order for order in orders}
    known = {order.number for story in EXAMPLE for order in story}
    return tuple(
        (
            *(new.get(order.number, order) for order in story),
            *(order for order in orders if order.number not in known and story[0].number == matter),
        )
        for story in EXAMPLE
    )


def test_the_worked_example() -> None:
    """D-1 … D-14, M-1, M-2, M-3 of d.4: relations follow from the facts, nobody wrote them down."""
    assert counted(EXAMPLE) == {
        "occurrences": 11,
        "pieces": 8,
        "matters": 7,
        "valid": 6,
        "invalid": 1,
        "pending": 1,
        "repeats": ["T03", "T11"],
        "merged": ["T12"],
        "escalated": ["T05"],
        "september": 7,
        "october": 1,
        "external": ["T05"],
    }
    assert sum(place.pieces for place in recount((T02, T03, T11))) == 1
    assert sum(place.pieces for place in recount((T04, T05))) == 2


T13 = received("T13", "2025-10-14", _DIFFICULT, channel=_C.LETTER, source=_S.REGULATOR)
OVERTURNED = replace(T08, found=(*T08.found, Determined(on("2025-10-30"), _V.VALID)))
T04_INVALID = replace(T04, found=(*T04.found, Determined(on("2025-10-30"), _V.INVALID)))
WITHOUT_EXTENSION = replace(T10, dues=(Due(T10.received, end_of_day(date(2025, 10, 15))),))


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(
            changed(T13, matter="T08"),
            {"pieces": 8, "occurrences": 12, "repeats": ["T03", "T11", "T13"], "external": ["T05", "T13"]},
            id="V-1: the customer of an invalid complaint goes to the regulator",
        ),
        pytest.param(
            changed(replace(T05, received=on("2025-09-12"))),
            {"pieces": 7, "occurrences": 11, "escalated": [], "merged": ["T05", "T12"], "september": 7, "october": 0},
            id="V-2: the escalation arrives before the limit, while open",
        ),
        pytest.param(
            changed(replace(T05, received=on("2025-09-16", 9))),
            {"pieces": 8, "escalated": ["T05"], "september": 8, "october": 0},
            id="after the limit, still open: it belongs to September",
        ),
        pytest.param(
            changed(replace(T13, received=on("2025-10-28")), matter="T02"),
            {"pieces": 9, "occurrences": 12, "escalated": ["T05", "T13"], "repeats": ["T03", "T11"], "october": 2},
            id="a late escalation after closing",
        ),
        pytest.param(
            changed(replace(T13, received=on("2025-10-27")), matter="T04"),
            {"pieces": 8, "occurrences": 12, "escalated": ["T05", "T13"]},
            id="a second escalation",
        ),
        pytest.param(
            changed(replace(T13, received=on("2025-10-21")), matter="T04"),
            {"pieces": 8, "occurrences": 12, "escalated": ["T05"], "merged": ["T12", "T13"]},
            id="a second time to the regulator within the escalation's own limit",
        ),
        pytest.param(
            changed(replace(T06, nature=Nature.CALLBACK_FINDING)),
            {"pieces": 7, "occurrences": 10, "matters": 6, "valid": 5},
            id="no clear intention to complain",
        ),
        pytest.param(
            changed(OVERTURNED), {"pieces": 8, "valid": 7, "invalid": 0}, id="the province overturns an invalid finding"
        ),
        pytest.param(
            changed(OVERTURNED, replace(T13, received=on("2025-10-14")), matter="T08"),
            {"pieces": 9, "valid": 8, "invalid": 0, "escalated": ["T05", "T13"]},
            id="V-1 and overturned: an escalation after all",
        ),
        pytest.param(
            changed(T04_INVALID),
            {"pieces": 7, "valid": 4, "invalid": 2, "escalated": [], "repeats": ["T03", "T05", "T11"]},
            id="the escalated complaint turns out invalid",
        ),
        pytest.param(
            changed(WITHOUT_EXTENSION, replace(T12, received=on("2025-10-16"), source=_S.REGULATOR)),
            {"pieces": 9, "escalated": ["T05", "T12"], "merged": [], "pending": 2},
            id="a missing extension: what goes to the regulator on 10-16 escalates",
        ),
        pytest.param(
            changed(replace(T12, received=on("2025-10-16"), source=_S.REGULATOR)),
            {"pieces": 8, "escalated": ["T05"], "merged": ["T12"]},
            id="with the extension it is merged",
        ),
        pytest.param(
            changed(replace(T01, complainant=ComplainantType.AGENT)),
            {"pieces": 7, "occurrences": 10, "matters": 6, "valid": 5},
            id="an agent's grievance",
        ),
        pytest.param(
            changed(replace(T02, complainant=ComplainantType.AGENT)),
            {"pieces": 8, "occurrences": 10, "matters": 7, "repeats": ["T11"], "pending": 2, "october": 1},
            id="the root of a repeated matter was an agent's grievance: the first repeat becomes first",
        ),
    ],
)  # fmt: skip
def test_one_change_to_the_worked_example(story: tuple[tuple[Order, ...], ...], expected: dict[str, Any]) -> None:
    """D-1 … D-14, F-37, F-46, F-50, F-63, V-1 and V-2 of d.4 and what follows in the same way."""
    assert {name: value for name, value in counted(story).items() if name in expected} == expected


def test_the_limits_of_the_example_are_those_it_prints() -> None:
    """L-11, L-12, L-13, L-15, CL-2, CL-3: `received` checked each; without its extension T10 is due on 10-15."""
    assert decide_inform(T10.received[0], _MAJOR, BOOK).due_day == date(2025, 10, 15)
    assert T10.due(on("2025-10-12")) == end_of_day(date(2025, 10, 15))
    assert T10.due(on("2025-10-14")) == end_of_day(date(2025, 10, 21))
    assert T12.received[0] - T10.received[0] > timedelta(days=9)
