"""What befalls a handling limit: extensions, agreements, pauses, new material (L-15, L-16, CL-4, CL-5, CL-7, F-52,
F-53), on the dates of domain.md d.4 and (g)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import course, deadlines
from tickets.calendar import SHANGHAI
from tickets.course import Agreement, Course, Extension, Gap, LimitStanding, Material, Pause, PauseGround
from tickets.deadlines import LIMITS, Gravity, Rulebook
from tickets.errors import LimitRefusedError

pytestmark = pytest.mark.unit
BOOK = Rulebook()


def on(month: int, day: int, hour: int = 10, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


RECEIVED = on(9, 30)
"""T10: 10 working days end on 10-21, 15 natural days on 10-15."""
FIRST = Extension("L-15", on(10, 13), "案情复杂")
SECOND = Extension("L-16", on(10, 29), "等待鉴定", "user:above", on(10, 29))


def due(befell: Course | None = None) -> date:
    return deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, befell).due_day


def ceiling(befell: Course) -> tuple[str, date]:
    found = deadlines.ceiling(RECEIVED.date(), befell, BOOK)
    return found.limit, found.due


@pytest.mark.parametrize(
    ("extensions", "limit", "ends", "counted"),
    [
        ((), "L-14", date(2025, 10, 15), []),
        ((FIRST,), "L-15", date(2025, 10, 30), [True]),
        ((Extension("L-15", on(10, 15, 23), "案情复杂"),), "L-15", date(2025, 10, 30), [True]),
        ((Extension("L-15", on(10, 16, 0), "案情复杂"),), "L-14", date(2025, 10, 15), [False]),
        ((Extension("L-15", on(10, 13), " \n"),), "L-14", date(2025, 10, 15), [False]),
        ((FIRST, Extension("L-15", on(10, 20), "又一次")), "L-15", date(2025, 10, 30), [True, False]),
        ((SECOND,), "L-14", date(2025, 10, 15), [False]),
        ((FIRST, SECOND), "L-16", date(2025, 12, 1), [True, True]),
        ((FIRST, Extension("L-16", on(10, 31), "鉴定", "up", on(10, 30))), "L-15", date(2025, 10, 30), [True, False]),
        ((FIRST, Extension("L-16", on(10, 29), "鉴定", "up", on(10, 31))), "L-15", date(2025, 10, 30), [True, False]),
        ((FIRST, Extension("L-16", on(10, 29), "鉴定", "", on(10, 29))), "L-15", date(2025, 10, 30), [True, False]),
        ((FIRST, Extension("L-16", on(10, 29), "", "above", on(10, 29))), "L-15", date(2025, 10, 30), [True, False]),
    ],
    ids=[
        "none", "T10", "at the last hour", "at midnight", "without reason", "twice", "second without first",
        "both", "second written late", "told late", "not approved", "second without reason",
    ],
)  # fmt: skip
def test_an_extension_counts_with_a_reason_and_in_time(
    extensions: tuple[Extension, ...], limit: str, ends: date, counted: list[bool]
) -> None:
    """F-52, L-14, L-15, L-16: recorded no later than the ceiling it extends, the second approved and told as well."""
    befell = Course(extensions=extensions)
    assert ceiling(befell) == (limit, ends)
    effects = deadlines.effects(RECEIVED.date(), befell, BOOK)
    assert [effects[each] for each in extensions] == counted


def test_the_worked_example_with_its_extension_and_without() -> None:
    """d.4, T10, CL-3, F-29: with the extension of 10-13 the working days rule, 10-21; without it the ceiling, 10-15."""
    assert due() == date(2025, 10, 15)
    with_it = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, Course((FIRST,)))
    assert with_it.due_day == date(2025, 10, 21)
    assert with_it.statutory is not None
    assert with_it.statutory.due == date(2025, 10, 30)
    assert with_it.rules[:2] == ("L-13", "L-15")


@pytest.mark.parametrize(
    ("agreements", "extensions", "limit", "ends"),
    [
        ((Agreement(date(2025, 11, 14), on(10, 14)),), (), "CL-7", date(2025, 11, 14)),
        ((Agreement(date(2025, 10, 10), on(10, 9)),), (), "CL-7", date(2025, 10, 10)),
        ((Agreement(date(2025, 11, 14), on(10, 16)),), (), "L-14", date(2025, 10, 15)),
        ((Agreement(date(2025, 11, 14), on(10, 28)),), (FIRST,), "CL-7", date(2025, 11, 14)),
        ((Agreement(date(2025, 11, 14), on(10, 10)),), (FIRST,), "CL-7", date(2025, 11, 14)),
        ((Agreement(date(2025, 11, 15), on(10, 14)),), (), "CL-7", date(2025, 11, 17)),
    ],
    ids=["later", "earlier", "too late to agree", "after an extension", "before an extension", "on a Saturday"],
)
def test_an_agreed_limit_replaces_the_statutory_one(
    agreements: tuple[Agreement, ...], extensions: tuple[Extension, ...], limit: str, ends: date
) -> None:
    """CL-7, CL-2: made before the limit it replaces has passed; an extension moves it no more."""
    assert ceiling(Course(extensions=extensions, agreements=agreements)) == (limit, ends)


def test_an_agreed_limit_does_not_lift_the_companys_own() -> None:
    """CL-7, CL-3: only the statutory limit is replaced."""
    befell = Course(agreements=(Agreement(date(2025, 11, 14), on(10, 14)),))
    assert due(befell) == date(2025, 10, 21)
    sooner = Course(agreements=(Agreement(date(2025, 10, 10), on(10, 9)),))
    found = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, sooner)
    assert (found.due_day, found.rules[0]) == (date(2025, 10, 10), "CL-7")


def appraisal(begun: datetime, ended: datetime | None = None, **others: Any) -> Pause:
    told: dict[str, Any] = {"recorded_at": begun, "told_at": begun, **others}
    return Pause(PauseGround.APPRAISAL, begun, ended_at=ended, **told)


@pytest.mark.parametrize(
    ("pause", "gap"),
    [
        (appraisal(on(10, 9), on(10, 13)), Gap(date(2025, 10, 9), date(2025, 10, 13))),
        (appraisal(on(10, 9)), Gap(date(2025, 10, 9))),
        (appraisal(on(10, 9), on(10, 9, 18)), None),
        (appraisal(on(10, 9), on(10, 13), told_at=None), None),
        (appraisal(on(10, 9), on(10, 13), told_at=on(10, 11)), Gap(date(2025, 10, 11), date(2025, 10, 13))),
        (appraisal(on(10, 9), on(10, 13), told_at=on(10, 14)), None),
        (appraisal(on(10, 9), on(10, 13), recorded_at=on(10, 10)), Gap(date(2025, 10, 10), date(2025, 10, 13))),
        (Pause(PauseGround.MEDIATION, on(10, 9), on(10, 9), both_applied=True), Gap(date(2025, 10, 9))),
        (Pause(PauseGround.MEDIATION, on(10, 9), on(10, 9)), None),
    ],
    ids=[
        "appraisal", "still open", "within a day", "customer not told", "told later", "told after it ended",
        "written down later", "mediation", "one side alone applied",
    ],
)  # fmt: skip
def test_a_pause_takes_out_the_days_after_it_began_up_to_its_end(pause: Pause, gap: Gap | None) -> None:
    """CL-4, CL-1, R-4.7: from when the customer was told and it stood in the order."""
    assert pause.gap == gap


@pytest.mark.parametrize(
    ("pauses", "internal", "statutory"),
    [
        ((), date(2025, 10, 21), date(2025, 10, 15)),
        ((appraisal(on(10, 9), on(10, 13)),), date(2025, 10, 24), date(2025, 10, 20)),
        ((appraisal(on(10, 9), on(10, 11)), appraisal(on(10, 13), on(10, 14))), date(2025, 10, 24), date(2025, 10, 20)),
        ((appraisal(on(10, 22), on(10, 30)),), date(2025, 10, 21), date(2025, 10, 15)),
        ((appraisal(on(10, 15), on(10, 17)),), date(2025, 10, 23), date(2025, 10, 15)),
    ],
    ids=["none", "one", "two", "after the end", "from the last natural day on"],
)
def test_both_limits_stand_still_together(pauses: tuple[Pause, ...], internal: date, statutory: date) -> None:
    """CL-4: four days out (10-10 … 10-13) are three working days, for 10-11 is one and 10-12 is a Sunday."""
    found = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, Course(pauses=pauses))
    assert found.statutory is not None
    assert (found.internal.due, found.statutory.due) == (internal, statutory)
    assert ("CL-4" in found.rules) == (bool(pauses) and internal != date(2025, 10, 21))
    assert deadlines.recount(found.internal, BOOK) == found.internal
    assert deadlines.recount(found.statutory, BOOK) == found.statutory


def test_while_a_clock_stands_still_it_is_never_due() -> None:
    """CL-4: and an extension recorded meanwhile is in time."""
    still = Course(pauses=(appraisal(on(10, 9)),))
    found = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, still)
    assert found.due_day == found.alert_day == deadlines.NEVER
    assert deadlines.is_kept(found.due_at, on(12, 31, year=2199))
    steps = deadlines.arithmetic(found.internal, BOOK.calendar)
    assert (steps[-1].day, steps[-1].paused, steps[-1].number) == (date(2025, 10, 10), True, None)
    late = Extension("L-15", on(11, 20), "鉴定尚未完成")
    ended = Course((late,), pauses=(appraisal(on(10, 9), on(11, 24)),))
    assert deadlines.effects(RECEIVED.date(), ended, BOOK)[late] is True


def test_the_arithmetic_shows_the_days_that_did_not_count() -> None:
    """CL-4, F-29"""
    befell = Course(pauses=(appraisal(on(10, 9), on(10, 13)),))
    found = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, befell)
    steps = deadlines.arithmetic(found.internal, BOOK.calendar)
    assert [step.day.day for step in steps if step.paused] == [10, 11, 12, 13]
    assert [(step.day.day, step.number) for step in steps if step.number][-1] == (24, 10)


FACTS = ("保单原件已找到", "签字非本人所写")


@pytest.mark.parametrize(
    ("material", "internal", "statutory"),
    [
        (Material(on(10, 10), *FACTS), date(2025, 10, 23), date(2025, 10, 27)),
        (Material(on(10, 10), FACTS[0], " "), date(2025, 10, 21), date(2025, 10, 15)),
        (Material(on(10, 10), "", FACTS[1]), date(2025, 10, 21), date(2025, 10, 15)),
        (Material(on(10, 22), *FACTS), date(2025, 11, 5), date(2025, 11, 6)),
    ],
    ids=["facts and reasons", "facts alone", "reasons alone", "after the deadline had passed"],
)
def test_new_facts_and_reasons_restart_both_limits(material: Material, internal: date, statutory: date) -> None:
    """F-53, CL-5: from the receipt day of the material; 15 ND from 10-10 is Saturday 10-25, moved to Monday."""
    found = deadlines.decide_inform(RECEIVED, Gravity.MAJOR, BOOK, Course(materials=(material,)))
    assert found.statutory is not None
    assert (found.internal.due, found.statutory.due) == (internal, statutory)
    assert found.cycle == 1
    assert ("CL-5" in found.rules) == material.restarts


def test_what_runs_from_the_receipt_runs_on_from_it() -> None:
    """F-53, F-57: progress points know of no new material."""
    assert deadlines.progress_customer(RECEIVED.date(), BOOK).due_day == date(2025, 10, 16)


def test_an_extension_stays_when_new_material_restarts_the_ceiling() -> None:
    """CL-5, L-15: 30 ND from 10-14 instead of 09-30; and an extension recorded later is judged by the new ceiling."""
    material = Material(on(10, 14), *FACTS)
    assert ceiling(Course((FIRST,), materials=(material,))) == ("L-15", date(2025, 11, 13))
    after = Extension("L-15", on(10, 28), "案情复杂")
    assert ceiling(Course((after,), materials=(material,))) == ("L-15", date(2025, 11, 13))
    assert ceiling(Course((after,))) == ("L-14", date(2025, 10, 15))


def test_new_material_takes_nothing_away_that_was_agreed() -> None:
    """CL-5, CL-7"""
    agreed = Agreement(date(2025, 11, 14), on(10, 9))
    assert ceiling(Course(agreements=(agreed,), materials=(Material(on(10, 14), *FACTS),)))[1] == date(2025, 11, 14)
    assert ceiling(Course(agreements=(agreed,), materials=(Material(on(11, 10), *FACTS),))) == (
        "L-14",
        date(2025, 11, 25),
    )


STANDING = LimitStanding(
    is_complaint=True,
    merged=False,
    answered=False,
    ceiling="L-14",
    accepting_path="hq/gd/gd-gz/",
    received_at=RECEIVED,
)


def but(**changes: Any) -> LimitStanding:
    values = {name: getattr(STANDING, name) for name in LimitStanding.__slots__}
    return LimitStanding(**values | changes)


@pytest.mark.parametrize(
    ("standing", "rule"),
    [(but(is_complaint=False), "L-14"), (but(merged=True), "D-4"), (but(answered=True), "CL-3")],
)
def test_only_a_running_limit_of_a_complaint_changes(standing: LimitStanding, rule: str) -> None:
    """CL-3, D-4, R-2.5"""
    mediation = Pause(PauseGround.MEDIATION, on(10, 9), on(10, 9), both_applied=True)
    for refused in (
        lambda: course.check_extension(standing, "L-15", "复杂"),
        lambda: course.check_agreement(standing, date(2025, 11, 1), "电话记录", on(10, 9)),
        lambda: course.check_pause(standing, mediation, on(10, 9)),
        lambda: course.check_material(standing, Material(on(10, 9), *FACTS), on(10, 9)),
    ):
        with pytest.raises(LimitRefusedError) as refusal:
            refused()
        assert rule in refusal.value.rules


@pytest.mark.parametrize(
    ("approver", "path", "root", "refused"),
    [
        ("user:2", "hq/gd/", False, False),
        ("user:2", "hq/", True, False),
        ("user:2", "hq/gd/gd-gz/", False, True),
        ("user:2", "hq/sc/", False, True),
        ("user:1", "hq/gd/", False, True),
        ("user:2", None, False, True),
    ],
    ids=["province", "headquarters", "its own organisation", "another province", "who proposed it", "the system"],
)
def test_a_second_extension_is_approved_above(approver: str, path: str | None, root: bool, refused: bool) -> None:
    """L-16"""
    if not refused:
        course.check_approval(STANDING, "user:1", approver, path, root=root)
        return
    with pytest.raises(LimitRefusedError) as refusal:
        course.check_approval(STANDING, "user:1", approver, path, root=root)
    assert refusal.value.rules == ("L-16",)


MOMENTS = st.datetimes(datetime(2012, 1, 1), datetime(2025, 6, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
DAYS = st.integers(0, 60)
GRAVITIES = st.sampled_from([Gravity.GENERAL, Gravity.DIFFICULT, Gravity.MAJOR])
STOPS = st.lists(st.tuples(DAYS, st.integers(0, 40)), max_size=4)


def stops(at: datetime, spans: list[tuple[int, int]]) -> tuple[Pause, ...]:
    return tuple(appraisal(at + timedelta(days=n), at + timedelta(days=n + long)) for n, long in spans)


@given(MOMENTS, GRAVITIES, STOPS, DAYS, st.integers(0, 40))
def test_a_pause_never_shortens_and_a_longer_one_never_less(
    at: datetime, gravity: Gravity, spans: list[tuple[int, int]], begin: int, long: int
) -> None:
    """CL-4, CL-2: nor does a limit in natural days end in rest or while the clock stood still."""
    without = deadlines.decide_inform(at, gravity, BOOK, Course(pauses=stops(at, spans)))
    with_one = Course(pauses=stops(at, [*spans, (begin, long)]))
    paused = deadlines.decide_inform(at, gravity, BOOK, with_one)
    longer = deadlines.decide_inform(at, gravity, BOOK, Course(pauses=stops(at, [*spans, (begin, long + 1)])))
    assert without.due_day <= paused.due_day <= longer.due_day
    assert paused.alert_day <= paused.due_day
    assert BOOK.calendar.is_workday(paused.due_day)
    assert not any(gap.holds(paused.due_day) for gap in with_one.gaps)
    assert paused.due_at > at


@given(MOMENTS, GRAVITIES, STOPS, st.integers(0, 90))
def test_new_material_never_shortens_what_it_finds_running(
    at: datetime, gravity: Gravity, spans: list[tuple[int, int]], after: int
) -> None:
    """CL-5, F-53"""
    pauses = stops(at, spans)
    before = deadlines.decide_inform(at, gravity, BOOK, Course(pauses=pauses))
    brought = Material(at + timedelta(days=after), *FACTS)
    anew = deadlines.decide_inform(at, gravity, BOOK, Course(pauses=pauses, materials=(brought,)))
    assert anew.due_day >= before.due_day
    assert anew.due_at > brought.received_at


@given(MOMENTS, GRAVITIES, st.integers(0, 70), st.booleans())
def test_an_extension_never_shortens_and_never_lifts_the_companys_own_limit(
    at: datetime, gravity: Gravity, after: int, second: bool
) -> None:
    """L-15, L-16, F-52, CL-3"""
    said = at + timedelta(days=after)
    extensions = (
        Extension("L-15", said, "复杂"),
        *([Extension("L-16", said, "复杂", "above", said)] if second else []),
    )
    before = deadlines.decide_inform(at, gravity, BOOK)
    extended = deadlines.decide_inform(at, gravity, BOOK, Course(extensions))
    assert before.due_day <= extended.due_day <= before.internal.due
    in_time = deadlines.is_kept(deadlines.end_of_day(deadlines.count(LIMITS["L-14"], at.date(), BOOK).due), said)
    assert in_time or extended == before


@given(MOMENTS, STOPS)
def test_every_day_of_the_arithmetic_is_told_once(at: datetime, spans: list[tuple[int, int]]) -> None:
    """F-29, CL-1, CL-4"""
    found = deadlines.decide_inform(at, Gravity.DIFFICULT, BOOK, Course(pauses=stops(at, spans)))
    assert found.statutory is not None
    for reckoning in (found.internal, found.statutory):
        steps = deadlines.arithmetic(reckoning, BOOK.calendar)
        assert [step.day for step in steps] == [
            reckoning.start + timedelta(days=n) for n in range((reckoning.due - reckoning.start).days + 1)
        ]
        assert [step.number for step in steps if step.number is not None] == list(range(reckoning.amount + 1))
        assert not any(step.paused and step.number for step in steps)
