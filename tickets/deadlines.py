"""When each step of a ticket is due: limits as versioned data, and the arithmetic from limit to moment.

The internal limit in working days and the statutory one in natural days are both kept; the earlier
rules (CL-3).
A function here takes every moment as an argument and reads no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from tickets.calendar import Calendar, Reckoned, end_of_day, shanghai_day
from tickets.errors import Words


class Kind(StrEnum):
    """What is due."""

    REGISTER = "register"
    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    DISPATCH = "dispatch"
    DECIDE_INFORM = "decide_inform"
    CLOSE = "close"


class Unit(StrEnum):
    """How a limit counts."""

    SAME_DAY = "same_day"
    WORKDAYS = "WD"
    NATURAL_DAYS = "ND"


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


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table of limits (domain b.4) with where it comes from."""

    id: str
    kind: Kind
    unit: Unit
    amount: int
    source: str


def _table(*limits: Limit) -> Mapping[str, Limit]:
    return {limit.id: limit for limit in limits}


LIMITS: Mapping[str, Limit] = _table(
    Limit("L-1", Kind.REGISTER, Unit.SAME_DAY, 0, "SEED R-1.4, R-4.2, R-4.6"),
    Limit("L-2", Kind.ACKNOWLEDGE, Unit.SAME_DAY, 0, "SEED R-4.2"),
    Limit("L-3", Kind.ACKNOWLEDGE, Unit.SAME_DAY, 0, "SEED R-4.3"),
    Limit("L-4", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "SEED R-4.4"),
    Limit("L-5", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "DEFAULT, R-4.6"),
    Limit("L-6", Kind.ACKNOWLEDGE, Unit.WORKDAYS, 1, "SEED R-4.6"),
    Limit("L-7", Kind.HAND_OVER, Unit.SAME_DAY, 0, "SEED R-4.17"),
    Limit("L-8", Kind.DISPATCH, Unit.WORKDAYS, 1, "DEFAULT"),
    Limit("L-10", Kind.DECIDE_INFORM, Unit.SAME_DAY, 0, "SEED R-4.16"),
    Limit("L-11", Kind.DECIDE_INFORM, Unit.WORKDAYS, 5, "DEFAULT"),
    Limit("L-12", Kind.DECIDE_INFORM, Unit.WORKDAYS, 10, "DEFAULT, S3 art. 29"),
    Limit("L-13", Kind.DECIDE_INFORM, Unit.WORKDAYS, 10, "DEFAULT, S3 art. 29"),
    Limit("L-14", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 15, "LAW S2 art. 18"),
    Limit("L-15", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 30, "LAW S2 art. 18"),
    Limit("L-16", Kind.DECIDE_INFORM, Unit.NATURAL_DAYS, 60, "LAW S2 art. 18"),
    Limit("L-25", Kind.CLOSE, Unit.WORKDAYS, 3, "DEFAULT"),
    Limit("L-31", Kind.DECIDE_INFORM, Unit.WORKDAYS, 15, "LAW S3 art. 18"),
    Limit("L-32", Kind.DECIDE_INFORM, Unit.WORKDAYS, 5, "DEFAULT"),
)

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


@dataclass(frozen=True)
class Rulebook:
    """Everything a deadline depends on but the ticket: limits, calendar, and the reading of CL-2."""

    calendar: Calendar = field(default_factory=Calendar)
    limits: Mapping[str, Limit] = field(default_factory=lambda: LIMITS)
    version: str = "2026-1"
    weekends_move: bool = True


@dataclass(frozen=True, slots=True)
class Extension:
    """A recorded extension of the statutory ceiling (L-15, or L-16 when approved above and told).

    It counts only with a reason and if recorded no later than the ceiling it extends (F-52).
    """

    limit: str
    recorded_at: datetime
    reason: str
    approved_by: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One limit counted out: the day it falls on by counting, and after CL-2 moved it off a rest day."""

    limit: str
    unit: Unit
    amount: int
    start: date
    counted: date
    due: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of a ticket.

    It is kept when the step happens before `due_at`, 24:00 in Shanghai of `due_day` (CL-1). `alert_day` is
    the day to warn on: the earliest day any of the limits falls on before rest days move it (CL-2).
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


def count(limit: Limit, start: date, book: Rulebook) -> Reckoning:
    """Count one limit out; the start day does not count (CL-1), natural days never end in rest (CL-2)."""
    match limit.unit:
        case Unit.SAME_DAY:
            counted, due = start, Reckoned(start, provisional=False)
        case Unit.WORKDAYS:
            due = book.calendar.add_workdays(start, limit.amount)
            counted = due.day
        case Unit.NATURAL_DAYS:
            counted = _later(start, limit.amount)
            due = book.calendar.after_rest(counted, weekends=book.weekends_move)
    return Reckoning(limit.id, limit.unit, limit.amount, start, counted, due.day, due.provisional)


def recount(reckoning: Reckoning, book: Rulebook) -> Reckoning:
    """The same limit from the same day, counted in this rulebook's calendar."""
    limit = Limit(reckoning.limit, Kind.DECIDE_INFORM, reckoning.unit, reckoning.amount, "")
    return count(limit, reckoning.start, book)


def deadline(kind: Kind, internal: Reckoning, statutory: Reckoning | None, book: Rulebook, cycle: int = 1) -> Deadline:
    """The effective deadline: the earlier of both reckonings, both kept (CL-3, F-29)."""
    ruling, alert, provisional = internal, internal.counted, internal.provisional
    rules: tuple[str, ...] = ("CL-1",)
    others: tuple[str, ...] = ()
    if statutory is not None:
        rules, others = ("CL-1", "CL-2", "CL-3"), (statutory.limit,)
        if statutory.due < internal.due:
            ruling, others = statutory, (internal.limit,)
        alert = min(alert, statutory.counted)
        provisional = provisional or (statutory.provisional and statutory.counted < internal.due)
    return Deadline(
        kind=kind,
        cycle=cycle,
        start=ruling.start,
        due_day=ruling.due,
        due_at=end_of_day(ruling.due),
        alert_day=alert,
        provisional=provisional,
        rules=(ruling.limit, *others, *rules),
        internal=internal,
        statutory=statutory,
        version=book.version,
    )


def ceiling(received: date, extensions: tuple[Extension, ...], book: Rulebook) -> Reckoning:
    """The statutory ceiling from the receipt day: L-14, or L-15 and L-16 by extensions that count (F-52)."""
    current = count(book.limits["L-14"], received, book)
    for extension in sorted(extensions, key=lambda e: e.recorded_at):
        if extension_counts(extension, current):
            current = count(book.limits[extension.limit], received, book)
    return current


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


def decide_inform(
    received_at: datetime, gravity: Gravity, book: Rulebook, extensions: tuple[Extension, ...] = ()
) -> Deadline:
    """When the decision must be made and told (L-11 … L-16; findings L-31, L-32, which know no ceiling)."""
    received = shanghai_day(received_at)
    internal = count(book.limits[DECIDE_BY[gravity]], received, book)
    statutory = None if gravity.is_finding else ceiling(received, extensions, book)
    return deadline(Kind.DECIDE_INFORM, internal, statutory, book)


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


def on_the_spot(received_at: datetime, book: Rulebook) -> Deadline:
    """The target shown to the agent for a solution on the spot (L-10); figures measure L-11 (F-51)."""
    return _single(Kind.DECIDE_INFORM, "L-10", received_at, book)


def close(informed_at: datetime, book: Rulebook) -> Deadline:
    """When an informed ticket must be closed (L-25)."""
    return _single(Kind.CLOSE, "L-25", informed_at, book)


@dataclass(frozen=True, slots=True)
class DayStep:
    """One day of the arithmetic: which it is, what kind of day, and its number where it counted."""

    day: date
    kind: str
    number: int | None


def arithmetic(reckoning: Reckoning, calendar: Calendar) -> tuple[DayStep, ...]:
    """Every day from the start to the due day, with the number each got while counting."""
    steps = [DayStep(reckoning.start, calendar.kind(reckoning.start).value, 0)]
    number, day = 0, reckoning.start
    while day < reckoning.due:
        day += timedelta(days=1)
        kind = calendar.kind(day)
        counts = day <= reckoning.counted and (reckoning.unit is Unit.NATURAL_DAYS or kind.is_workday)
        number += counts
        steps.append(DayStep(day, kind.value, number if counts else None))
    return tuple(steps)


UNIT_WORDS: Mapping[Unit, Words] = {
    Unit.SAME_DAY: Words("当日", "the same day"),
    Unit.WORKDAYS: Words("个工作日", "working days"),
    Unit.NATURAL_DAYS: Words("个自然日", "natural days"),
}


def _single(kind: Kind, limit: str, at: datetime, book: Rulebook) -> Deadline:
    return deadline(kind, count(book.limits[limit], shanghai_day(at), book), None, book)


def _later(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
