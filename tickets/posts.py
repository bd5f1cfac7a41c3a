"""Posts of the complaint regime: who must be named where, whom a post takes, and when a change is reported.

The leading group of each company level (R-3.1), one coordinator of each department (R-3.42, F-44), legal counsel
(R-4.25). A change of handler or coordinator at a counter is told to the upper customer service (R-3.35, L-33).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from tickets import deadlines
from tickets.calendar import Calendar, shanghai_day
from tickets.categories import Department
from tickets.deadlines import Rulebook
from tickets.errors import Problem, Words
from tickets.lifecycle import Level


class Post(StrEnum):
    """What somebody is named for."""

    EXECUTIVE = "executive"
    MEMBER = "member"
    COORDINATOR = "coordinator"
    COUNSEL = "counsel"

    @property
    def has_department(self) -> bool:
        """Whether there is one of it for each department."""
        return self in (Post.MEMBER, Post.COORDINATOR)


class Part(StrEnum):
    """Holder of the post, or who stands in for him between two days (F-44)."""

    HOLDER = "holder"
    DELEGATE = "delegate"


class Duty(StrEnum):
    """Whose change at a counter is reported (R-3.35)."""

    HANDLER = "handler"
    COORDINATOR = "coordinator"


class Turn(StrEnum):
    """Which way somebody changed."""

    JOINED = "joined"
    LEFT = "left"


class ReportState(StrEnum):
    """How the report of a change stands."""

    DUE = "due"
    LATE = "late"
    REPORTED = "reported"
    REPORTED_LATE = "reported_late"


COMPANIES: Final = (Level.HQ, Level.PROVINCE, Level.CITY)
COUNTERS: Final = (Level.COUNTER_A, Level.COUNTER_B)
ACCEPTING: Final = (Level.HQ, Level.PROVINCE, Level.COUNTER_A, Level.COUNTER_B)
"""The levels whose customer service accepts complaints whatever has come so far (R-3.13, R-3.18, R-3.29)."""

HEADS: Final = (Department.CUSTOMER_SERVICE, Department.SALES, Department.BUSINESS_MANAGEMENT, Department.IT)
"""Departments whose heads sit in every leading group (R-3.1); others may."""

PLACES: Final[Mapping[Post, tuple[Level, ...]]] = {
    Post.EXECUTIVE: COMPANIES,
    Post.MEMBER: COMPANIES,
    Post.COORDINATOR: (*COMPANIES, *COUNTERS),
    Post.COUNSEL: (*COMPANIES, *COUNTERS),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be named, as far as a post asks: `above` says that they work in an organisation above the post's."""

    active: bool
    here: bool
    above: bool
    roles: frozenset[str]
    department: Department | None


def wanted() -> Iterator[tuple[Level, Post, Department | None]]:
    """Every post that may not be vacant: by level, post and department (R-3.1, R-3.42, R-4.25)."""
    for level in COMPANIES:
        yield level, Post.EXECUTIVE, None
        yield from ((level, Post.MEMBER, department) for department in HEADS)
        yield from ((level, Post.COORDINATOR, department) for department in Department)
    yield Level.HQ, Post.COUNSEL, None


def problems(post: Post, department: Department | None, level: Level, person: Person) -> Iterator[Problem]:
    """Why the post cannot be there, or cannot be given to the person."""
    if post.has_department != (department is not None):
        words = Words("该岗位与部门不符", "this post goes with a department, or without one")
        yield Problem("department", words, RULES[post])
    if level not in PLACES[post]:
        yield Problem("kind", Words("该级机构没有此岗位", "there is no such post at this level"), RULES[post])
    if not person.active or not (person.here or (post is Post.COUNSEL and person.above)):
        words = Words("须为本机构在岗人员", "somebody active in the same organisation is named")
        yield Problem("user_id", words, RULES[post])
    if department is not None and person.department != department:
        words = Words("被任命人不属于该部门", "the person does not belong to the department")
        yield Problem("user_id", words, RULES[post])
    if post in ROLES and not person.roles & ROLES[post]:
        words = Words("被任命人没有相应的岗位角色", "the person has not the role for it")
        yield Problem("user_id", words, RULES[post])


ROLES: Final[Mapping[Post, frozenset[str]]] = {
    Post.COORDINATOR: frozenset({"coordinator", "department_head"}),
    Post.COUNSEL: frozenset({"legal"}),
}
"""Without one of these roles the person could not do what the post is for."""

RULES: Final[Mapping[Post, tuple[str, ...]]] = {
    Post.EXECUTIVE: ("R-3.1",),
    Post.MEMBER: ("R-3.1",),
    Post.COORDINATOR: ("R-3.42",),
    Post.COUNSEL: ("R-4.25",),
}


def report_due(effective: date, calendar: Calendar) -> date:
    """The last day on which a change that takes effect on the day is reported in time (L-33, F-33)."""
    return deadlines.post_change(effective, Rulebook(calendar)).due


def first_in_time(today: date, calendar: Calendar) -> date:
    """The earliest day of effect whose report is not late today: whatever took effect before it is."""
    day = today
    while report_due(day - timedelta(days=1), calendar) >= today:
        day -= timedelta(days=1)
    return day


def report_state(effective: date, reported_at: datetime | None, today: date, calendar: Calendar) -> ReportState:
    """How the report stands on the day `today`."""
    due = report_due(effective, calendar)
    if reported_at is not None:
        return ReportState.REPORTED if shanghai_day(reported_at) <= due else ReportState.REPORTED_LATE
    return ReportState.DUE if today <= due else ReportState.LATE
