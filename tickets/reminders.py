"""Reminder slips (催办单): when a department that is silent is reminded, and who else hears of it (R-4.21, F-36).

The first one near the limit (L-27), one each working day past it, with a copy to the coordinator's superior, and in the
end the list for the published notice (L-28, R-3.9). Must never save or send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from tickets.calendar import Calendar
from tickets.deadlines import Rulebook
from tickets.errors import Words
from tickets.intake import Severity


class Stage(StrEnum):
    """Why a reminder is sent."""

    FIRST = "first"
    OVERDUE = "overdue"
    BY_HAND = "by_hand"


class ListState(StrEnum):
    """How a department on the list for the published notice stands (R-3.9, B-8)."""

    LISTED = "listed"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"
    PUBLISHED = "published"


class ListAction(StrEnum):
    """What customer service does with it."""

    CONFIRM = "confirm"
    DROP = "drop"
    PUBLISH = "publish"


LIST_MOVES: Final[Mapping[tuple[ListState, ListAction], ListState]] = {
    (ListState.LISTED, ListAction.CONFIRM): ListState.CONFIRMED,
    (ListState.LISTED, ListAction.DROP): ListState.DROPPED,
    (ListState.CONFIRMED, ListAction.DROP): ListState.DROPPED,
    (ListState.CONFIRMED, ListAction.PUBLISH): ListState.PUBLISHED,
}

STAGE_WORDS: Final[Mapping[Stage, Words]] = {
    Stage.FIRST: Words("临期催办", "near the limit"),
    Stage.OVERDUE: Words("逾期催办", "past the limit"),
    Stage.BY_HAND: Words("人工催办", "by hand"),
}
LIST_WORDS: Final[Mapping[ListState, Words]] = {
    ListState.LISTED: Words("待核实", "listed"),
    ListState.CONFIRMED: Words("已核实", "confirmed"),
    ListState.DROPPED: Words("已剔除", "dropped"),
    ListState.PUBLISHED: Words("已公示", "published"),
}

NEAR: Final[Mapping[Severity, str]] = {
    Severity.GENERAL: "L-27",
    Severity.DIFFICULT: "L-27b",
    Severity.MAJOR: "L-27b",
}
"""The limit that says how many working days remain when the first reminder is due (L-27)."""
EVERY: Final = "L-28"
"""… every how many working days past the limit the next one is."""
COPY_AFTER: Final = "L-28b"
"""… from how many working days past the limit on the coordinator's superior is told."""
LIST_AFTER: Final = "L-28c"
"""… from how many on the department is on the list for the published notice."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A slip as far as reminding goes. `in_hand`: sent or accepted, not returned, answered or released (F-39);
    `fed_back`: anything was heard of the department since; `due_day`: the order's effective deadline."""

    severity: Severity
    due_day: date
    in_hand: bool
    fed_back: bool = False
    reminded: frozenset[date] = frozenset()
    """The days on which it was reminded by itself."""
    copied: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder that is due today; `remaining` or `overdue` working days are told in it."""

    stage: Stage
    remaining: int
    overdue: int
    copy: bool = False
    listing: bool = False


def due(watched: Watched, today: date, book: Rulebook) -> Due | None:
    """The reminder due on the day; None on a rest day, when one was sent today, or when something was heard.

    `book`: that of the order's receipt day. What a day without the program left undone, copy and listing, is made good
    with the next reminder.
    """
    calendar = book.calendar
    if not watched.in_hand or watched.fed_back or today in watched.reminded or not calendar.is_workday(today):
        return None
    if watched.due_day >= may_be_near(today, calendar, farthest((book,))):
        return None
    overdue = calendar.workdays_between(watched.due_day, today)
    if overdue == 0:
        remaining = calendar.workdays_between(today, watched.due_day)
        if watched.reminded or remaining > book.limits[NEAR[watched.severity]].amount:
            return None
        return Due(Stage.FIRST, remaining, 0)
    since = max((day for day in watched.reminded if day > watched.due_day), default=None)
    if since is not None and calendar.workdays_between(since, today) < book.limits[EVERY].amount:
        return None
    return Due(
        Stage.OVERDUE,
        0,
        overdue,
        copy=overdue >= book.limits[COPY_AFTER].amount and not watched.copied,
        listing=overdue >= book.limits[LIST_AFTER].amount and not watched.listed,
    )


def farthest(books: Iterable[Rulebook]) -> int:
    """The most working days before a limit on which any of the rulebooks reminds (L-27)."""
    return max(book.limits[limit].amount for book in books for limit in set(NEAR.values()))


def may_be_near(today: date, calendar: Calendar, most: int) -> date:
    """Limits before this day may be near or past; of later ones nothing is due today. `most`: see `farthest`."""
    return calendar.add_workdays(today, most + 1).day


def listed(state: ListState, action: ListAction) -> ListState | None:
    """The state after an action on the list; None where it cannot be done."""
    return LIST_MOVES.get((state, action))
