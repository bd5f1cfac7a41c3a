"""When to try again, at which number, and when enough was tried (C-17). Must never plan a try outside calling hours.

No national number exists: the default is at least three tries, on two different days, in different bands of the day,
one of them outside office hours, before a letter or a visit takes over. What follows which outcome is data with
versions (`attempt_plan`); here are the rules that read it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from callcenter.callbacks.attempt import NumberAfter, Outcome
from callcenter.calling_hours import STANDARD, STARTS, CallingHours, band_of, outside_office_hours
from tickets.calendar import SHANGHAI, Calendar

MOST_DAYS_AHEAD = 60
APPOINTED = "appointment"
NO_NUMBER = "no_number_left"
ENOUGH = "enough_tried"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one outcome: how long to wait, whether in another band of the day, and which number then."""

    wait: timedelta
    other_band: bool
    number: NumberAfter


USUAL = Rule(timedelta(hours=2), other_band=True, number=NumberAfter.SAME)


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of how often and how differently a customer is tried; never more than `most_a_day` times a day."""

    version: str = "2026-1"
    tries: int = 3
    days: int = 2
    bands: int = 2
    outside_office: int = 1
    most_a_day: int = 3
    rules: Mapping[Outcome, Rule] = field(default_factory=dict)

    def after(self, outcome: Outcome) -> Rule:
        """What follows the outcome."""
        return self.rules.get(outcome, USUAL)


DEFAULT = Plan()


@dataclass(frozen=True, slots=True)
class Dialled:
    """One dialling of the past: when, at which number, and what it came to."""

    at: datetime
    outcome: Outcome
    number: str = ""


def tries(history: Sequence[Dialled]) -> list[datetime]:
    """The moments that count as tries."""
    return [one.at for one in history if one.outcome.is_try]


def is_enough(history: Sequence[Dialled], calendar: Calendar, plan: Plan = DEFAULT) -> bool:
    """Whether the tries made satisfy C-17, so that the letter or the visit may take over."""
    return _satisfies(tries(history), calendar, plan)


def _satisfies(moments: Sequence[datetime], calendar: Calendar, plan: Plan) -> bool:
    return len(moments) >= plan.tries and not any(_missing(moments, calendar, plan))


def _missing(moments: Sequence[datetime], calendar: Calendar, plan: Plan) -> tuple[int, int, int]:
    """Days, bands and moments outside office hours that the tries still lack."""
    return (
        max(0, plan.days - len({_day(at) for at in moments})),
        max(0, plan.bands - len({band_of(at) for at in moments})),
        max(0, plan.outside_office - sum(outside_office_hours(at, calendar) for at in moments)),
    )


def next_try(
    history: Sequence[Dialled],
    at: datetime,
    calendar: Calendar,
    plan: Plan = DEFAULT,
    hours: CallingHours = STANDARD,
    due_at: datetime | None = None,
) -> datetime | None:
    """The next moment to try, or None when enough was tried.

    After the wait of the last outcome's rule, in another band where it says so, and so that the tries left make up
    what is still missing. What would come after `due_at` is tried before it instead, in any band, if there is still a
    moment (C-3).
    """
    if is_enough(history, calendar, plan):
        return None
    if not history:
        return hours.next_moment(at, calendar)
    earliest = max(at, history[-1].at + plan.after(history[-1].outcome).wait)
    slots = [slot for slot in _slots(earliest, calendar, hours) if not _is_full(slot, history, plan)]
    suiting = (slot for fits in (_completes, _helps, _any) for slot in slots if fits(slot, history, calendar, plan))
    planned = next(suiting)
    if due_at is None or planned < due_at or slots[0] >= due_at:
        return planned
    return slots[0]


def _completes(slot: datetime, history: Sequence[Dialled], calendar: Calendar, plan: Plan) -> bool:
    """In another band where the rule says so, and with enough tries left for all that is missing then."""
    made = [*tries(history), slot]
    is_other = not plan.after(history[-1].outcome).other_band or band_of(slot) is not band_of(history[-1].at)
    return is_other and max(_missing(made, calendar, plan)) <= max(0, plan.tries - len(made))


def _helps(slot: datetime, history: Sequence[Dialled], calendar: Calendar, plan: Plan) -> bool:
    """Brings something that is missing."""
    made = tries(history)
    return sum(_missing([*made, slot], calendar, plan)) < sum(_missing(made, calendar, plan))


def _any(_slot: datetime, _history: Sequence[Dialled], _calendar: Calendar, _plan: Plan) -> bool:
    return True


def _is_full(slot: datetime, history: Sequence[Dialled], plan: Plan) -> bool:
    rung = sum(one.outcome is not Outcome.NOT_DIALLED and _day(one.at) == _day(slot) for one in history)
    return rung >= plan.most_a_day


def _slots(earliest: datetime, calendar: Calendar, hours: CallingHours) -> Iterator[datetime]:
    """Now, if anybody may be rung now, then the beginning of every band of every span of the days to come."""
    if hours.may_ring(earliest, calendar):
        yield earliest
    first = _day(earliest)
    for n in range(MOST_DAYS_AHEAD):
        day = first + timedelta(days=n)
        for since, until in hours.openings(day, calendar):
            starts = {since} | {datetime.combine(day, start, SHANGHAI) for start in STARTS.values()}
            yield from sorted(start for start in starts if since <= start < until and start > earliest)


def next_number(numbers: Sequence[str], history: Sequence[Dialled], plan: Plan = DEFAULT) -> str | None:
    """Which of the numbers, in their order, is dialled next; None when each was struck out (C-12)."""
    struck = {one.number for one in history if plan.after(one.outcome).number is NumberAfter.STRIKE}
    left = [number for number in numbers if number not in struck]
    if not left:
        return None
    last = history[-1] if history else None
    if last is None or last.number not in numbers:
        return left[0]
    if plan.after(last.outcome).number is NumberAfter.SAME and last.number in left:
        return last.number
    place = numbers.index(last.number)
    return next(number for number in (*numbers[place + 1 :], *numbers[: place + 1]) if number in left)


def begin_by(
    due_at: datetime, calendar: Calendar, plan: Plan = DEFAULT, hours: CallingHours = STANDARD
) -> datetime | None:
    """The latest morning on which to begin so that the days of the plan fit in before `due_at`; a working day.

    None where no such day lies within the two months before.
    """
    day = _day(due_at - timedelta(microseconds=1))
    open_days = 0
    for _ in range(MOST_DAYS_AHEAD):
        first = next(iter(hours.openings(day, calendar)), None)
        open_days += first is not None
        if first is not None and open_days >= plan.days and calendar.is_workday(day):
            return first[0]
        day -= timedelta(days=1)
    return None


def is_possible(hours: CallingHours, plan: Plan = DEFAULT) -> bool:
    """Whether the hours leave the bands and the moments outside office hours that the plan asks for."""
    return len(hours.bands()) >= plan.bands and (hours.leaves_the_office() or not plan.outside_office)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
