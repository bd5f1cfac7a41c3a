"""When each step of a ticket is due: the arithmetic from limit (tickets/limits.py) to moment.

The internal limit in working days and the statutory one in natural days are both kept; the earlier
rules (CL-3).
A function here takes every moment as an argument and reads no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from tickets.calendar import Calendar, Reckoned, end_of_day, shanghai_day
from tickets.course import Agreement, Course, Extension, Gap, Material
from tickets.limits import LIMITS, Kind, Limit, Unit

__all__ = ["LIMITS", "Contact", "Deadline", "Extension", "Gravity", "Kind", "Limit", "Reckoning", "Rulebook", "Unit"]

NEVER = date.max
"""The day a deadline falls on while its clock stands still and nobody knows until when (CL-4)."""

AGREED = "CL-7"
"""Stands for the limit that was agreed, where the id of a limit stands otherwise."""

AGREED_SOURCE = "LAW S2 art. 21"


class Contact(StrEnum):
    """How the matter came, as far as the duty to acknowledge depends on it (L-2 … L-6, F-62)."""

    PHONE = "phone"
    VISIT = "visit"
    LETTER_OR_EMAIL = "letter_or_email"
    OTHER_WRITING = "other_writing"
    FORWARDED = "forwarded"


class Gravity(StrEnum):
    """What sets the limit for decision and answer: severity, or the kind of finding."""

    GENERAL = "general"
    DIFFICULT = "difficult"
    MAJOR = "major"
    GRAVE_FINDING = "grave_finding"
    DATA_FINDING = "data_finding"

    @property
    def is_finding(self) -> bool:
        """Whether the ticket is a callback finding, on which no statutory complaint limit runs."""
        return self in (Gravity.GRAVE_FINDING, Gravity.DATA_FINDING)


ACKNOWLEDGE_BY: Mapping[Contact, str] = {
    Contact.PHONE: "L-2",
    Contact.VISIT: "L-3",
    Contact.LETTER_OR_EMAIL: "L-4",
    Contact.OTHER_WRITING: "L-5",
    Contact.FORWARDED: "L-6",
}

DECIDE_BY: Mapping[Gravity, str] = {
    Gravity.GENERAL: "L-11",
    Gravity.DIFFICULT: "L-12",
    Gravity.MAJOR: "L-13",
    Gravity.GRAVE_FINDING: "L-31",
    Gravity.DATA_FINDING: "L-32",
}


class Office(Protocol):
    """When people are at work to be reported to."""

    def after(self, at: datetime, hours: int, calendar: Calendar) -> datetime:
        """The moment that many hours of service after `at`."""
        ...


@dataclass(frozen=True)
class Rulebook:
    """Everything a deadline depends on but the ticket: limits, calendar, and the readings left to the company.

    `weekends_move`: a weekend is a rest day in the sense of CL-2. `major_rhythm`: progress of a major case is told by
    L-20 and not by L-18. `office` None: service around the clock (S3 art. 5).
    """

    calendar: Calendar = field(default_factory=Calendar)
    limits: Mapping[str, Limit] = field(default_factory=lambda: LIMITS)
    version: str = "2026-1"
    weekends_move: bool = True
    major_rhythm: bool = False
    office: Office | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One limit counted out: the day it falls on by counting, and after CL-2 moved it off a rest day.

    One in hours has the moments `since` and `until` it runs. `gaps`: the days that did not count (CL-4); while one of
    them has no end the limit falls on NEVER.
    """

    limit: str
    unit: Unit
    amount: int
    start: date
    counted: date
    due: date
    provisional: bool
    since: datetime | None = None
    until: datetime | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def stands_still(self) -> bool:
        """Whether it cannot be said when it ends (CL-4)."""
        return self.due == NEVER


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of a ticket.

    It is kept when the step happens before `due_at`: 24:00 in Shanghai of `due_day` (CL-1), or the moment at which
    its hours are over. `alert_day` is the day to warn on: the earliest day any of the limits falls on before rest days
    move it (CL-2).
    """

    kind: Kind
    cycle: int
    start: date
    due_day: date
    due_at: datetime
    alert_day: date
    provisional: bool
    rules: tuple[str, ...]
    internal: Reckoning
    statutory: Reckoning | None
    version: str


def is_kept(due_at: datetime, done_at: datetime) -> bool:
    """Whether a step done at that moment was in time: before 24:00 of the last day (CL-1, CL-9)."""
    return done_at < due_at


def count(limit: Limit, start: date, book: Rulebook, gaps: tuple[Gap, ...] = ()) -> Reckoning:
    """Count one limit out.

    The start day does not count (CL-1), nor do days on which the clock stood still (CL-4); natural days never end in
    rest (CL-2).
    """
    match limit.unit:
        case Unit.SAME_DAY:
            counted, due, gaps = start, Reckoned(start, provisional=False), ()
        case Unit.WORKDAYS:
            due = _add_workdays(start, limit.amount, book.calendar, gaps)
            counted = due.day
        case Unit.NATURAL_DAYS:
            counted = _later(start, limit.amount, gaps)
            due = _after_rest(counted, book, gaps)
        case Unit.SERVICE_HOURS | Unit.TIMES:
            raise ValueError(f"{limit.id} does not count in days")
    told = tuple(gap for gap in gaps if gap.since < due.day and (gap.until is None or gap.until > start))
    return Reckoning(limit.id, limit.unit, limit.amount, start, counted, due.day, due.provisional, gaps=told)


def recount(reckoning: Reckoning, book: Rulebook) -> Reckoning:
    """The same limit from the same day or moment, counted in this rulebook's calendar."""
    limit = Limit(reckoning.limit, None, reckoning.unit, reckoning.amount, "")
    if reckoning.since is not None:
        return count_hours(limit, reckoning.since, book)
    return count(limit, reckoning.start, book, reckoning.gaps)


def count_hours(limit: Limit, at: datetime, book: Rulebook) -> Reckoning:
    """Count a limit of service hours out; what is not over by the end of the day ends with it (L-21)."""
    day = shanghai_day(at)
    office = book.office
    ends = office.after(at, limit.amount, book.calendar) if office else at + timedelta(hours=limit.amount)
    provisional = office is not None and book.calendar.is_provisional(day)
    return Reckoning(limit.id, limit.unit, limit.amount, day, day, day, provisional, at, min(ends, end_of_day(day)))


def deadline(
    kind: Kind,
    internal: Reckoning,
    statutory: Reckoning | None,
    book: Rulebook,
    cycle: int = 1,
    also: tuple[str, ...] = (),
) -> Deadline:
    """The effective deadline: the earlier of both reckonings, both kept (CL-3, F-29). `also`: further rules applied."""
    ruling, alert, provisional = internal, internal.counted, internal.provisional
    rules: tuple[str, ...] = ("CL-1", "CL-2") if internal.unit is Unit.NATURAL_DAYS else ("CL-1",)
    others: tuple[str, ...] = ()
    if statutory is not None:
        rules, others = ("CL-1", "CL-2", "CL-3"), (statutory.limit,)
        if statutory.due < internal.due:
            ruling, others = statutory, (internal.limit,)
        alert = min(alert, statutory.counted)
        provisional = provisional or (statutory.provisional and statutory.counted < internal.due)
    if internal.gaps or (statutory is not None and statutory.gaps):
        rules += ("CL-4",)
    return Deadline(
        kind=kind,
        cycle=cycle,
        start=ruling.start,
        due_day=ruling.due,
        due_at=ruling.until or end_of_day(ruling.due),
        alert_day=alert,
        provisional=provisional,
        rules=(ruling.limit, *others, *rules, *also),
        internal=internal,
        statutory=statutory,
        version=book.version,
    )


def ceiling(received: date, course: Course, book: Rulebook) -> Reckoning:
    """The statutory ceiling: L-14 from the receipt day, and what became of it since, in the order it happened.

    An extension that counts makes it L-15 or L-16 (F-52), an agreement replaces it (CL-7), new material starts it anew
    (CL-5, F-53) without taking away what was agreed; an extension or agreement that comes after it has passed is
    without effect.
    """
    gaps = course.gaps
    current = count(book.limits["L-14"], received, book, gaps)
    for event in course.events():
        match event:
            case Extension() if extension_counts(event, current):
                current = count(book.limits[event.limit], current.start, book, gaps)
            case Agreement() if is_kept(end_of_day(current.due), event.recorded_at):
                current = agreed(event, current.start, book)
            case Material():
                limit = book.limits["L-14" if current.limit == AGREED else current.limit]
                anew = count(limit, max(current.start, shanghai_day(event.received_at)), book, gaps)
                current = max(current, anew, key=lambda each: each.due) if current.limit == AGREED else anew
    return current


def agreed(agreement: Agreement, start: date, book: Rulebook) -> Reckoning:
    """The agreed limit as a count of natural days that ends on its last day (CL-7, CL-2)."""
    days = max((agreement.until - start).days, 0)
    return count(Limit(AGREED, Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, days, AGREED_SOURCE), start, book)


def extension_counts(extension: Extension, current: Reckoning) -> bool:
    """Whether an extension has effect: with a reason, in time, and in order (L-15, L-16, F-52)."""
    if not extension.reason.strip() or not is_kept(end_of_day(current.due), extension.recorded_at):
        return False
    if extension.limit == "L-15":
        return current.limit == "L-14"
    return (
        extension.limit == "L-16"
        and current.limit == "L-15"
        and bool(extension.approved_by.strip())
        and extension.told_at is not None
        and is_kept(end_of_day(current.due), extension.told_at)
    )


def effects(received: date, course: Course, book: Rulebook) -> Mapping[Extension | Agreement, bool]:
    """Of each extension and agreement whether it had effect when it was recorded (F-52, CL-7)."""
    found: dict[Extension | Agreement, bool] = {}
    for event in course.events():
        if isinstance(event, Material):
            continue
        before = ceiling(received, _before(course, event), book)
        kept = is_kept(end_of_day(before.due), event.recorded_at)
        found[event] = extension_counts(event, before) if isinstance(event, Extension) else kept
    return found


def _before(course: Course, event: Extension | Agreement) -> Course:
    """The course up to the event, which is left out; pauses stay, for one that began later moves nothing before."""
    earlier = list(course.events())
    earlier = earlier[: earlier.index(event)]
    return replace(
        course,
        extensions=tuple(each for each in earlier if isinstance(each, Extension)),
        agreements=tuple(each for each in earlier if isinstance(each, Agreement)),
        materials=tuple(each for each in earlier if isinstance(each, Material)),
    )


def decide_inform(received_at: datetime, gravity: Gravity, book: Rulebook, course: Course | None = None) -> Deadline:
    """When the decision must be made and told (L-11 … L-16; findings L-31, L-32, which know no ceiling).

    `course`: the extensions, agreements, pauses and new material of the ticket (CL-4, CL-5, CL-7).
    """
    received, course = shanghai_day(received_at), course or Course()
    start = course.start(received)
    internal = count(book.limits[DECIDE_BY[gravity]], start, book, course.gaps)
    statutory = None if gravity.is_finding else ceiling(received, course, book)
    return deadline(Kind.DECIDE_INFORM, internal, statutory, book, also=("CL-5",) if start > received else ())


def acknowledge(received_at: datetime, contact: Contact, book: Rulebook) -> Deadline:
    """When receipt must be confirmed with the customer and written down (L-2 … L-6, R-4.7).

    A call or a visit is confirmed in the contact itself (F-62). A visit, and a call whose end is not known, have
    until the end of that day; once the call ended `in_contact` tells.
    """
    return _single(Kind.ACKNOWLEDGE, ACKNOWLEDGE_BY[contact], received_at, book)


def in_contact(kind: str, limit: str, due_at: datetime, call_ended_at: datetime | None) -> datetime:
    """When a step is really due: confirming a matter taken on a call, no later than the call ends (L-2, R-4.2).

    The written mark counts, not the spoken word (R-4.7): one set after the call is late.
    """
    if kind != Kind.ACKNOWLEDGE or limit != ACKNOWLEDGE_BY[Contact.PHONE] or call_ended_at is None:
        return due_at
    return min(due_at, call_ended_at)


def first_deadlines(received_at: datetime, contact: Contact, gravity: Gravity, book: Rulebook) -> tuple[Deadline, ...]:
    """The clocks that start when a ticket is opened (L-1 … L-8, L-11 … L-14, L-31, L-32)."""
    return (
        _single(Kind.REGISTER, "L-1", received_at, book),
        acknowledge(received_at, contact, book),
        _single(Kind.HAND_OVER, "L-7", received_at, book),
        _single(Kind.DISPATCH, "L-8", received_at, book),
        decide_inform(received_at, gravity, book),
    )


def complaint_deadlines(received_at: datetime, gravity: Gravity, book: Rulebook) -> tuple[Deadline, ...]:
    """The further clocks of a complaint (L-17), and of one that is complex by its severity (L-18 … L-21, F-10)."""
    found: tuple[Deadline, ...] = (answer_or_progress(received_at, book),)
    if gravity in (Gravity.DIFFICULT, Gravity.MAJOR):
        received, major = shanghai_day(received_at), gravity is Gravity.MAJOR
        found += (progress_customer(received, book, major=major), progress_cs(received, book))
    return found + ((report_up(received_at, book),) if gravity is Gravity.MAJOR else ())


def on_the_spot(received_at: datetime, book: Rulebook) -> Deadline:
    """The target shown to the agent for a solution on the spot (L-10); figures measure L-11 (F-51)."""
    return _single(Kind.DECIDE_INFORM, "L-10", received_at, book)


def accept(sent_at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    """When a department that was sent a slip has accepted or returned it (L-9)."""
    return _single(Kind.ACCEPT, "L-9", sent_at, book, cycle)


def supervisor_assigns(returns: int, book: Rulebook) -> bool:
    """Whether a ticket was returned so often that the supervisor names its owner (L-9, F-21)."""
    return returns >= book.limits["L-9b"].amount


def answer_or_progress(received_at: datetime, book: Rulebook) -> Deadline:
    """When the customer must have the answer or, where it is not possible yet, be told the progress (L-17, F-30)."""
    return _single(Kind.ANSWER_OR_PROGRESS, "L-17", received_at, book)


def progress_customer(since: date, book: Rulebook, cycle: int = 1, *, major: bool = False) -> Deadline:
    """When the customer of a complex case is next told the progress (L-18, F-57); a major one by L-20 if that is on.

    `since`: the receipt day, the day of the last feedback, or the day of the point that was missed.
    """
    limit = "L-20" if major and book.major_rhythm else "L-18"
    return deadline(Kind.PROGRESS_CUSTOMER, count(book.limits[limit], since, book), None, book, cycle)


def progress_cs(since: date, book: Rulebook, cycle: int = 1) -> Deadline:
    """When the coordinator of a complex case next reports to customer service (L-19, F-11); `since` as above."""
    return deadline(Kind.PROGRESS_CS, count(book.limits["L-19"], since, book), None, book, cycle)


def report_up(classified_at: datetime, book: Rulebook) -> Deadline:
    """When a major case must be reported to the upper company: two service hours, the same day at the latest (L-21)."""
    reckoning = count_hours(book.limits["L-21b"], classified_at, book)
    if reckoning.until == end_of_day(reckoning.start):
        return _single(Kind.REPORT_UP, "L-21", classified_at, book)
    found = deadline(Kind.REPORT_UP, reckoning, None, book)
    return replace(found, rules=("L-21b", "L-21", "CL-1"))


def meet(classified_at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    """When the committee must have met on a difficult or major case (L-22)."""
    return _single(Kind.MEET, "L-22", classified_at, book, cycle)


def legal_review(sent_at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    """When legal counsel must have answered on an opinion letter (L-23)."""
    return _single(Kind.LEGAL_REVIEW, "L-23", sent_at, book, cycle)


def inform(decided_at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    """When a decision must be told to the customer (L-24): the same day, which is the day to warn on; at the latest
    the next working day, which is what counts."""
    found = _single(Kind.INFORM, "L-24b", decided_at, book, cycle)
    return replace(found, alert_day=shanghai_day(decided_at), rules=("L-24b", "L-24", "CL-1"))


def close(informed_at: datetime, book: Rulebook) -> Deadline:
    """When an informed ticket must be closed (L-25)."""
    return _single(Kind.CLOSE, "L-25", informed_at, book)


def archive(closed_at: datetime, book: Rulebook) -> Deadline:
    """When a closed ticket must be archived (L-26)."""
    return _single(Kind.ARCHIVE, "L-26", closed_at, book)


def review_until(decision_received_at: datetime, book: Rulebook) -> Reckoning:
    """How long the customer may ask for a review after receiving the decision (L-29, CL-2)."""
    return count(book.limits["L-29"], shanghai_day(decision_received_at), book)


def may_ask_review(decision_received_at: datetime, asked_at: datetime, book: Rulebook) -> bool:
    """Whether a request for review comes in time (L-29)."""
    return is_kept(end_of_day(review_until(decision_received_at, book).due), asked_at)


def review(asked_at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    """When a review must be decided and told (L-29)."""
    return _single(Kind.REVIEW, "L-29b", asked_at, book, cycle)


def post_change(effective: date, book: Rulebook) -> Reckoning:
    """Until when a change of handler or coordinator is reported (L-33, F-33)."""
    return count(book.limits["L-33"], effective, book)


def quarterly_report(quarter_end: date, book: Rulebook) -> Reckoning:
    """When the quarter's complaint report is due (L-34)."""
    return count(book.limits["L-34"], quarter_end, book)


@dataclass(frozen=True, slots=True)
class DayStep:
    """One day of the arithmetic: which it is, what kind of day, its number where it counted; `paused`: CL-4."""

    day: date
    kind: str
    number: int | None
    paused: bool = False


def arithmetic(reckoning: Reckoning, calendar: Calendar) -> tuple[DayStep, ...]:
    """Every day from the start to the due day, with the number each got while counting; where the clock stands still,
    to the first day it does."""
    steps = [DayStep(reckoning.start, calendar.kind(reckoning.start).value, 0)]
    number, day = 0, reckoning.start
    while day < reckoning.due:
        day += timedelta(days=1)
        kind = calendar.kind(day)
        paused = any(gap.holds(day) for gap in reckoning.gaps)
        counts = not paused and day <= reckoning.counted
        counts = counts and (reckoning.unit is Unit.NATURAL_DAYS or kind.is_workday)
        number += counts
        steps.append(DayStep(day, kind.value, number if counts else None, paused))
        if any(gap.until is None and gap.holds(day) for gap in reckoning.gaps):
            break
    return tuple(steps)


def _single(kind: Kind, limit: str, at: datetime, book: Rulebook, cycle: int = 1) -> Deadline:
    return deadline(kind, count(book.limits[limit], shanghai_day(at), book), None, book, cycle)


def _add_workdays(start: date, days: int, calendar: Calendar, gaps: tuple[Gap, ...]) -> Reckoned:
    if not gaps:
        return calendar.add_workdays(start, days)
    day, provisional, left = start, False, days
    while left > 0 and day < NEVER:
        day += timedelta(days=1)
        if _stands_still(day, gaps):
            return Reckoned(NEVER, provisional)
        provisional = provisional or calendar.is_provisional(day)
        left -= calendar.is_workday(day) and not any(gap.holds(day) for gap in gaps)
    return Reckoned(day, provisional)


def _later(day: date, days: int, gaps: tuple[Gap, ...]) -> date:
    try:
        if not gaps:
            return day + timedelta(days=days)
        left = days
        while left > 0:
            day += timedelta(days=1)
            if _stands_still(day, gaps):
                return NEVER
            left -= not any(gap.holds(day) for gap in gaps)
    except OverflowError:
        return NEVER
    return day


def _after_rest(day: date, book: Rulebook, gaps: tuple[Gap, ...]) -> Reckoned:
    """The day, or the first after it on which people work and the clock runs (CL-2, CL-4)."""
    provisional = False
    while True:
        found = book.calendar.after_rest(day, weekends=book.weekends_move)
        provisional = provisional or found.provisional
        if found.day == NEVER or not any(gap.holds(found.day) for gap in gaps):
            return Reckoned(found.day, provisional)
        if _stands_still(found.day, gaps):
            return Reckoned(NEVER, provisional)
        day = max(gap.until for gap in gaps if gap.until is not None and gap.holds(found.day)) + timedelta(days=1)


def _stands_still(day: date, gaps: tuple[Gap, ...]) -> bool:
    return any(gap.until is None and gap.holds(day) for gap in gaps)
