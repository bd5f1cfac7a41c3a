"""Reminder slips (催办单): when a department that is silent is reminded, and who else hears of it (R-4.21, F-36).

The first one near the limit (L-27), one each working day past it, with a copy to the coordinator's superior, and in the
end the list for the published notice (L-28, R-3.9). Must never save or send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from tickets.calendar import Calendar
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

NEAR: Final[Mapping[Severity, int]] = {Severity.GENERAL: 1, Severity.DIFFICULT: 2, Severity.MAJOR: 2}
"""Working days that remain when the first reminder is due (L-27)."""
FARTHEST: Final = max(NEAR.values())
COPY_AFTER: Final = 2
"""Working days past the limit from which the coordinator's superior is told (L-28)."""
LIST_AFTER: Final = 5
"""Working days past the limit from which the department is on the list for the published notice (L-28)."""


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


def due(watched: Watched, today: date, calendar: Calendar) -> Due | None:
    """The reminder due on the day; None on a rest day, when one was sent today, or when something was heard.

    What a day without the program left undone, copy and listing, is made good with the next reminder.
    """
    if not watched.in_hand or watched.fed_back or today in watched.reminded or not calendar.is_workday(today):
        return None
    if watched.due_day >= may_be_near(today, calendar):
        return None
    overdue = calendar.workdays_between(watched.due_day, today)
    if overdue == 0:
        remaining = calendar.workdays_between(today, watched.due_day)
        if watched.reminded or remaining > NEAR[watched.severity]:
            return None
        return Due(Stage.FIRST, remaining, 0)
    return Due(
        Stage.OVERDUE,
        0,
        overdue,
        copy=overdue >= COPY_AFTER and not watched.copied,
        listing=overdue >= LIST_AFTER and not watched.listed,
    )


def may_be_near(today: date, calendar: Calendar) -> date:
    """Limits before this day may be near or past; of later ones nothing is due today."""
    return calendar.add_workdays(today, FARTHEST + 1).day


def listed(state: ListState, action: ListAction) -> ListState | None:
    """The state after an action on the list; None where it cannot be done."""
    return LIST_MOVES.get((state, action))
