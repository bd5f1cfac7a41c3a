"""Limits and their arithmetic (domain.md b.4, CL-1 … CL-3), on the dates of domain.md d.4 and (g)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import deadlines
from tickets.calendar import SHANGHAI, Calendar
from tickets.course import Course, Extension
from tickets.deadlines import Contact, Gravity, Rulebook
from tickets.limits import LIMITS, Kind, Unit

pytestmark = pytest.mark.unit
BOOK = Rulebook()
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2026, 10, 1), timezones=st.just(UTC))  # noqa: DTZ001


def on(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


EVE = on(2025, 9, 30)
SOURCES = {"SEED", "LAW", "LOCAL", "DEFAULT"}


@pytest.mark.parametrize(
    ("order", "received", "gravity", "due"),
    [
        ("T01", on(2025, 9, 3), Gravity.GENERAL, date(2025, 9, 10)),
        ("T02", on(2025, 9, 5), Gravity.DIFFICULT, date(2025, 9, 19)),
        ("T03", on(2025, 9, 29), Gravity.GENERAL, date(2025, 10, 13)),
        ("T04", on(2025, 9, 8), Gravity.GENERAL, date(2025, 9, 15)),
        ("T05", on(2025, 10, 9), Gravity.DIFFICULT, date(2025, 10, 22)),
        ("T06", on(2025, 9, 10), Gravity.GENERAL, date(2025, 9, 17)),
        ("T07", on(2025, 9, 11), Gravity.DATA_FINDING, date(2025, 9, 18)),
        ("T08", on(2025, 9, 15), Gravity.GENERAL, date(2025, 9, 22)),
        ("T09", on(2025, 9, 28), Gravity.GENERAL, date(2025, 10, 11)),
        ("T10", on(2025, 9, 30), Gravity.MAJOR, date(2025, 10, 15)),
        ("T11", on(2025, 10, 20), Gravity.GENERAL, date(2025, 10, 27)),
    ],
)
def test_the_worked_example_gets_its_deadlines(order: str, received: datetime, gravity: Gravity, due: date) -> None:
    """L-11, L-12, L-13, L-14, L-32, CL-3, F-29: d.4, T10 before its extension."""
    assert deadlines.decide_inform(received, gravity, BOOK).due_day == due, order


def test_the_earlier_of_both_limits_wins_and_both_are_kept() -> None:
    """CL-3: 10 WD from 2025-09-30 is 10-21, 15 ND is 10-15."""
    deadline = deadlines.decide_inform(on(2025, 9, 30), Gravity.MAJOR, BOOK)
    assert deadline.statutory is not None
    assert (deadline.internal.due, deadline.statutory.due) == (date(2025, 10, 21), date(2025, 10, 15))
    assert deadline.rules == ("L-14", "L-13", "CL-1", "CL-2", "CL-3")
    assert deadline.due_at == datetime(2025, 10, 16, tzinfo=SHANGHAI)


def test_a_natural_day_limit_moves_off_a_rest_day_but_warns_on_it() -> None:
    """CL-2: 15 ND from 2025-09-05 is Saturday 09-20, moved to Monday 09-22; the warning stays on the 20th."""
    late_book = Rulebook(limits={**LIMITS, "L-12": LIMITS["L-16"]})
    deadline = deadlines.decide_inform(on(2025, 9, 5), Gravity.DIFFICULT, late_book)
    assert (deadline.due_day, deadline.alert_day) == (date(2025, 9, 22), date(2025, 9, 20))


def test_an_extension_recorded_in_time_lifts_the_ceiling() -> None:
    """L-15: T10's extension of 10-13 moves the ceiling to 10-30, so 10 WD rule: 10-21."""
    extension = Extension("L-15", on(2025, 10, 13), "案情复杂")
    deadline = deadlines.decide_inform(on(2025, 9, 30), Gravity.MAJOR, BOOK, Course((extension,)))
    assert deadline.due_day == date(2025, 10, 21)
    assert deadline.statutory is not None
    assert deadline.statutory.due == date(2025, 10, 30)


@pytest.mark.parametrize(
    "extension",
    [
        Extension("L-15", on(2025, 10, 16), "案情复杂"),
        Extension("L-15", on(2025, 10, 13), "  "),
        Extension("L-16", on(2025, 10, 13), "案情特别复杂", "总公司", on(2025, 10, 13)),
    ],
    ids=["late", "without reason", "second before first"],
)
def test_an_extension_late_unreasoned_or_out_of_order_has_no_effect(extension: Extension) -> None:
    """F-52, L-15, L-16"""
    deadline = deadlines.decide_inform(on(2025, 9, 30), Gravity.MAJOR, BOOK, Course((extension,)))
    assert deadline.due_day == date(2025, 10, 15)


def test_a_second_extension_needs_approval_and_notice() -> None:
    """L-16: 60 ND only when approved above and told to the customer."""
    first = Extension("L-15", on(2025, 10, 13), "案情复杂")
    told = Extension("L-16", on(2025, 10, 20), "鉴定中", "省公司总经理", on(2025, 10, 21))
    untold = Extension("L-16", on(2025, 10, 20), "鉴定中", "省公司总经理")
    received = date(2025, 9, 30)
    assert deadlines.ceiling(received, Course((first, told)), BOOK).due == date(2025, 12, 1)
    assert deadlines.ceiling(received, Course((first, untold)), BOOK).due == date(2025, 10, 30)


def test_fifteen_natural_days_end_where_they_fall() -> None:
    """L-14: 2025-09-30 + 15 ND = 2025-10-15 (domain.md g)."""
    assert deadlines.ceiling(date(2025, 9, 30), Course(), BOOK).due == date(2025, 10, 15)


def test_the_end_of_time_is_no_crash() -> None:
    """T-7"""
    assert deadlines.ceiling(date.max, Course(), BOOK).due == date.max


def test_a_finding_knows_no_statutory_ceiling() -> None:
    """L-31, C-14: 15 WD from discovery."""
    deadline = deadlines.decide_inform(on(2025, 9, 11), Gravity.GRAVE_FINDING, BOOK)
    assert deadline.statutory is None
    assert deadline.due_day == date(2025, 10, 9)


@pytest.mark.parametrize(
    ("contact", "received", "due", "rule"),
    [
        (Contact.PHONE, on(2025, 9, 3), date(2025, 9, 3), "L-2"),
        (Contact.VISIT, on(2025, 9, 8), date(2025, 9, 8), "L-3"),
        (Contact.LETTER_OR_EMAIL, on(2025, 9, 5), date(2025, 9, 8), "L-4"),
        (Contact.OTHER_WRITING, on(2025, 9, 15), date(2025, 9, 16), "L-5"),
        (Contact.FORWARDED, on(2025, 10, 9), date(2025, 10, 10), "L-6"),
    ],
)
def test_acknowledgement_is_due_by_how_the_matter_came(
    contact: Contact, received: datetime, due: date, rule: str
) -> None:
    """L-2, L-3, L-4, L-5, L-6, F-62: the acknowledgement column of d.4."""
    deadline = deadlines.acknowledge(received, contact, BOOK)
    assert deadline.due_day == due
    assert deadline.rules[0] == rule


def test_an_opened_ticket_starts_its_first_clocks() -> None:
    """L-1, L-7, L-8, R-4.17: registered and handed over the same day, dispatched within 1 WD."""
    rows = {d.kind: d.due_day for d in deadlines.first_deadlines(on(2025, 9, 30), Contact.PHONE, Gravity.GENERAL, BOOK)}
    assert rows == {
        Kind.REGISTER: date(2025, 9, 30),
        Kind.ACKNOWLEDGE: date(2025, 9, 30),
        Kind.HAND_OVER: date(2025, 9, 30),
        Kind.DISPATCH: date(2025, 10, 9),
        Kind.DECIDE_INFORM: date(2025, 10, 14),
    }


def test_on_the_spot_is_a_target_beside_the_limit() -> None:
    """L-10, F-51"""
    assert deadlines.on_the_spot(on(2025, 9, 3), BOOK).due_day == date(2025, 9, 3)


def test_an_informed_ticket_is_closed_within_three_working_days() -> None:
    """L-25"""
    assert deadlines.close(on(2025, 9, 30), BOOK).due_day == date(2025, 10, 11)


def test_the_last_second_of_the_last_day_is_in_time_and_midnight_is_not() -> None:
    """CL-1, CL-9"""
    deadline = deadlines.decide_inform(on(2025, 9, 3), Gravity.GENERAL, BOOK)
    midnight = datetime(2025, 9, 11, tzinfo=SHANGHAI)
    assert deadlines.is_kept(deadline.due_at, midnight - timedelta(seconds=1))
    assert not deadlines.is_kept(deadline.due_at, midnight)


def test_the_hour_of_receipt_does_not_matter() -> None:
    """F-6: receipt day is day 0 whatever the hour."""
    early, late = (deadlines.decide_inform(on(2025, 9, 3, h), Gravity.GENERAL, BOOK) for h in (0, 23))
    assert early == late


def test_a_deadline_into_an_unpublished_year_is_provisional() -> None:
    """T-7"""
    assert deadlines.decide_inform(on(2026, 12, 30), Gravity.GENERAL, BOOK).provisional
    assert not deadlines.decide_inform(on(2026, 12, 18), Gravity.GENERAL, BOOK).provisional


def test_the_arithmetic_numbers_every_day_that_counted() -> None:
    """CL-1: 2025-09-28 + 5 WD = 2025-10-11, with the make-up days numbered and the holiday not."""
    reckoning = deadlines.count(LIMITS["L-11"], date(2025, 9, 28), BOOK)
    steps = deadlines.arithmetic(reckoning, BOOK.calendar)
    assert [(s.day.day, s.number) for s in steps if s.number] == [(29, 1), (30, 2), (9, 3), (10, 4), (11, 5)]
    assert steps[-1].kind == "make_up"


def test_the_arithmetic_of_natural_days_shows_the_move() -> None:
    """CL-2"""
    steps = deadlines.arithmetic(deadlines.count(LIMITS["L-14"], date(2025, 9, 5), BOOK), Calendar())
    assert [s.number for s in steps[-3:]] == [15, None, None]


@given(MOMENTS, st.sampled_from(list(Gravity)))
def test_a_deadline_never_precedes_receipt_nor_falls_on_rest(at: datetime, gravity: Gravity) -> None:
    """CL-1, CL-2, CL-3"""
    deadline = deadlines.decide_inform(at, gravity, BOOK)
    assert deadline.due_at > at
    assert BOOK.calendar.is_workday(deadline.due_day)
    assert deadline.alert_day <= deadline.due_day
    assert deadline.due_day <= deadline.internal.due


@given(MOMENTS)
def test_extensions_only_ever_lengthen(at: datetime) -> None:
    """L-14, L-15, L-16"""
    day = at.astimezone(SHANGHAI).date()
    ends = [deadlines.count(LIMITS[limit], day, BOOK).due for limit in ("L-14", "L-15", "L-16")]
    assert ends == sorted(ends)


def test_every_limit_of_the_table_is_there_and_says_where_it_comes_from() -> None:
    """L-13, L-20, L-27, L-28, R-3.9, R-3.17, R-3.46, R-4.8, R-4.21, F-30, D-1, and L-30 for information."""
    assert {f"L-{n}" for n in range(1, 35)} <= set(LIMITS)
    assert all(id == limit.id and limit.source.split()[0].strip(",") in SOURCES for id, limit in LIMITS.items())
    assert {limit.unit for limit in LIMITS.values()} == set(Unit)
    assert {limit.kind for limit in LIMITS.values()} == {*Kind, None}
    by_days = {id: (limit.amount, limit.unit) for id, limit in LIMITS.items() if limit.unit is not Unit.SAME_DAY}
    assert by_days == {
        **dict.fromkeys(("L-4", "L-5", "L-6", "L-8", "L-9", "L-24b", "L-27", "L-28"), (1, Unit.WORKDAYS)),
        **dict.fromkeys(("L-23", "L-27b", "L-28b"), (2, Unit.WORKDAYS)),
        **dict.fromkeys(("L-20", "L-22", "L-25"), (3, Unit.WORKDAYS)),
        **dict.fromkeys(("L-11", "L-26", "L-28c", "L-32"), (5, Unit.WORKDAYS)),
        **dict.fromkeys(("L-18", "L-19", "L-30", "L-33"), (7, Unit.WORKDAYS)),
        **dict.fromkeys(("L-12", "L-13", "L-17"), (10, Unit.WORKDAYS)),
        "L-31": (15, Unit.WORKDAYS),
        "L-34": (10, Unit.NATURAL_DAYS),
        "L-14": (15, Unit.NATURAL_DAYS),
        **dict.fromkeys(("L-15", "L-29", "L-29b"), (30, Unit.NATURAL_DAYS)),
        "L-16": (60, Unit.NATURAL_DAYS),
        **dict.fromkeys(("L-9b", "D-1"), (2, Unit.TIMES)),
        "L-21b": (2, Unit.SERVICE_HOURS),
    }


@pytest.mark.parametrize(
    ("clock", "kind", "due", "rule"),
    [
        (deadlines.accept(EVE, BOOK), Kind.ACCEPT, date(2025, 10, 9), "L-9"),
        (deadlines.answer_or_progress(EVE, BOOK), Kind.ANSWER_OR_PROGRESS, date(2025, 10, 21), "L-17"),
        (deadlines.progress_customer(EVE.date(), BOOK), Kind.PROGRESS_CUSTOMER, date(2025, 10, 16), "L-18"),
        (deadlines.progress_cs(EVE.date(), BOOK), Kind.PROGRESS_CS, date(2025, 10, 16), "L-19"),
        (deadlines.meet(EVE, BOOK), Kind.MEET, date(2025, 10, 11), "L-22"),
        (deadlines.legal_review(EVE, BOOK), Kind.LEGAL_REVIEW, date(2025, 10, 10), "L-23"),
        (deadlines.inform(EVE, BOOK), Kind.INFORM, date(2025, 10, 9), "L-24b"),
        (deadlines.close(EVE, BOOK), Kind.CLOSE, date(2025, 10, 11), "L-25"),
        (deadlines.archive(EVE, BOOK), Kind.ARCHIVE, date(2025, 10, 14), "L-26"),
        (deadlines.review(on(2025, 9, 5), BOOK), Kind.REVIEW, date(2025, 10, 9), "L-29b"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, deadlines.Deadline) else "",
)
def test_each_step_has_its_clock(clock: deadlines.Deadline, kind: Kind, due: date, rule: str) -> None:
    """F-11, F-57, L-9, L-17, L-18, L-19, L-22, L-23, L-24, L-25, L-26, L-29: from the eve of the holiday."""
    assert (clock.kind, clock.due_day, clock.rules[0]) == (kind, due, rule)
    assert clock.due_at == datetime.combine(due + timedelta(days=1), datetime.min.time(), SHANGHAI)


def test_a_decision_is_told_the_same_day_and_is_late_after_the_next() -> None:
    """L-24, R-4.27: warned of on the day itself."""
    clock = deadlines.inform(EVE, BOOK)
    assert (clock.alert_day, clock.due_day) == (date(2025, 9, 30), date(2025, 10, 9))


def test_progress_of_a_major_case_is_told_more_often_where_that_is_switched_on() -> None:
    """L-20: off, as L-18; on, 3 WD, for major cases alone."""
    strict = replace(BOOK, major_rhythm=True)
    told = [
        deadlines.progress_customer(date(2025, 9, 1), book, 2, major=major)
        for book, major in ((BOOK, True), (strict, True), (strict, False))
    ]
    assert [(clock.rules[0], clock.due_day.day, clock.cycle) for clock in told] == [
        ("L-18", 10, 2),
        ("L-20", 4, 2),
        ("L-18", 10, 2),
    ]


class TwoHoursLunch:
    """An office that answers two hours later than asked."""

    def after(self, at: datetime, hours: int, calendar: Calendar) -> datetime:
        return at + timedelta(hours=hours + 2)


@pytest.mark.parametrize(
    ("book", "hour", "due", "rule"),
    [
        (BOOK, 10, on(2025, 9, 30, 12), "L-21b"),
        (BOOK, 23, on(2025, 10, 1, 0), "L-21"),
        (replace(BOOK, office=TwoHoursLunch()), 10, on(2025, 9, 30, 14), "L-21b"),
        (replace(BOOK, office=TwoHoursLunch()), 21, on(2025, 10, 1, 0), "L-21"),
    ],
)
def test_a_major_case_is_reported_up_within_hours_and_the_same_day(
    book: Rulebook, hour: int, due: datetime, rule: str
) -> None:
    """L-21: two hours of service; what they do not cover ends with the day."""
    clock = deadlines.report_up(on(2025, 9, 30, hour), book)
    assert (clock.due_at, clock.due_day, clock.rules[0]) == (due, date(2025, 9, 30), rule)
    assert deadlines.recount(clock.internal, book) == clock.internal


@pytest.mark.parametrize(("returns", "assigns"), [(0, False), (1, False), (2, True), (3, True)])
def test_the_supervisor_names_the_owner_after_two_returns(returns: int, assigns: bool) -> None:
    """L-9, F-21"""
    assert deadlines.supervisor_assigns(returns, BOOK) is assigns


def test_a_review_is_asked_for_within_thirty_days() -> None:
    """L-29, CL-9, CL-2: the decision received on 2025-09-05; the 30th day falls into the holiday."""
    assert deadlines.review_until(on(2025, 9, 5), BOOK).due == date(2025, 10, 9)
    assert deadlines.may_ask_review(on(2025, 9, 5), on(2025, 10, 9, 23), BOOK)
    assert not deadlines.may_ask_review(on(2025, 9, 5), on(2025, 10, 10, 0), BOOK)


def test_a_change_of_post_is_reported_within_seven_working_days_of_it() -> None:
    """L-33, F-33, R-3.35"""
    assert deadlines.post_change(date(2025, 9, 30), BOOK).due == date(2025, 10, 16)


def test_the_quarters_report_is_due_ten_days_after_it() -> None:
    """L-34: for the third quarter of 2025 on 10-10; for the last quarter of 2025, 01-10 is a Saturday (CL-2)."""
    assert deadlines.quarterly_report(date(2025, 9, 30), BOOK).due == date(2025, 10, 10)
    assert deadlines.quarterly_report(date(2025, 12, 31), BOOK).due == date(2026, 1, 12)


@pytest.mark.parametrize("limit", ["L-9b", "L-21b"])
def test_what_does_not_count_in_days_is_not_counted_in_them(limit: str) -> None:
    """L-9, L-21"""
    with pytest.raises(ValueError, match=limit):
        deadlines.count(LIMITS[limit], date(2025, 9, 30), BOOK)


@pytest.mark.parametrize(
    ("kind", "limit", "hung_up", "due"),
    [
        ("acknowledge", "L-2", on(2025, 9, 3, 11), on(2025, 9, 3, 11)),
        ("acknowledge", "L-2", None, on(2025, 9, 3, 23)),
        ("acknowledge", "L-2", on(2025, 9, 4), on(2025, 9, 3, 23)),
        ("acknowledge", "L-3", on(2025, 9, 3, 11), on(2025, 9, 3, 23)),
        ("acknowledge", "L-4", on(2025, 9, 3, 11), on(2025, 9, 3, 23)),
        ("register", "L-1", on(2025, 9, 3, 11), on(2025, 9, 3, 23)),
    ],
)
def test_only_what_is_confirmed_in_a_call_is_due_when_it_ends(
    kind: str, limit: str, hung_up: datetime | None, due: datetime
) -> None:
    """L-2, F-62; the full particulars have until the end of the day (F-9)"""
    assert deadlines.in_contact(kind, limit, on(2025, 9, 3, 23), hung_up) == due
