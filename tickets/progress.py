"""The rhythm in which progress on a complex case is told: to the customer, and by the coordinator (F-10, F-11, F-57).

A point is met by a feedback no later than its day; the next one counts from the last feedback. After a missed point
the next counts from the day that was missed, unless a late feedback comes first: then from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from tickets.errors import MoveRefusedError
from tickets.intake import Severity
from tickets.lifecycle import Action, Guard, Level, Standing, Step, refused


def by_itself(severity: Severity) -> bool:
    """Whether a complaint of the severity is complex without anybody saying so (F-10)."""
    return severity is not Severity.GENERAL


def complex_since(severity: Severity, since: datetime | None, reason: str | None, at: datetime) -> datetime | None:
    """Since when a complaint is complex that has this severity from the moment `at` on (F-10).

    One that was marked with a reason stays so when its severity falls.
    """
    if by_itself(severity):
        return since or at
    return since if reason else None


Due = Callable[[date], date]
"""The day a point falls on, counted from a day (L-18, L-19, L-20)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One progress point: `start` is the day it counts from. It runs while it is neither met nor missed."""

    start: date
    due: date
    met: bool = False
    missed: bool = False


def first(received: date, since: date, told: date | None, due: Due) -> Point:
    """The first point of a case that is complex `since` a day: from the receipt, or from the last feedback before.

    Points that would have fallen before the case was complex were not due.
    """
    start = received if told is None else max(received, told)
    while due(start) < since:
        start = due(start)
    return Point(start, due(start))


def rolled(points: tuple[Point, ...], today: date, due: Due) -> tuple[Point, ...]:
    """The points as they stand on a day: each whose day is over is missed, and the next counts from it."""
    while points and not points[-1].met and points[-1].due < today:
        missed = points[-1].due
        points = (*points[:-1], replace(points[-1], missed=True), Point(missed, due(missed)))
    return points


def told(points: tuple[Point, ...], day: date, due: Due) -> tuple[Point, ...]:
    """The points after a feedback on a day.

    Told again before a point that is met already, or late after one that was missed, it only moves the next one. One
    after which the next point would be the very same, such as on the day it counts from, meets nothing.
    """
    points = rolled(points, day, due)
    if not points:
        return points
    running, before = points[-1], points[-2] if len(points) > 1 else None
    moved = Point(day, due(day))
    if before is not None and before.met and day <= before.due:
        return (*points[:-1], moved if moved.due > running.due else running)
    if before is not None and before.missed and running.start == before.due:
        return (*points[:-1], moved)
    if moved.due <= running.due:
        return points
    return (*points[:-1], replace(running, met=True), moved)


def ended(points: tuple[Point, ...], day: date, due: Due) -> tuple[Point, ...]:
    """The points that were due when the opinion was given or the order ended: none from that day on (F-57)."""
    return tuple(point for point in rolled(points, day, due) if point.due < day)


def history(
    received: date, since: date, feedbacks: Iterable[date], until: date, due: Due, end: date | None = None
) -> tuple[Point, ...]:
    """Every point of a case up to and including the day `until`, from the days progress was told (M-10)."""
    days = sorted(day for day in feedbacks if day <= until and (end is None or day < end))
    earlier = [day for day in days if day < since]
    points: tuple[Point, ...] = (first(received, since, max(earlier, default=None), due),)
    for day in days[len(earlier) :]:
        points = told(points, day, due)
    points = rolled(points, until, due)
    if end is not None:
        points = ended(points, end, due)
    return tuple(point for point in points if point.due <= until)


def _is_written(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.note.strip():
        return None
    zh, en = "未写入服务单的内容视为没有发生", "what is not written in the order did not happen"
    return refused(standing, step, zh, en, "R-4.7")


def _manner_is_stated(standing: Standing, step: Step) -> MoveRefusedError | None:
    if step.manner.strip():
        return None
    zh, en = "须记录以何种方式告知客户", "how the customer was told must be recorded"
    return refused(standing, step, zh, en, "R-4.8", "CL-8")


def _may_be_complex(standing: Standing, step: Step) -> MoveRefusedError | None:
    if not standing.is_complaint:
        zh, en = "只有投诉件才标为复杂案件", "only a complaint is marked as complex"
        return refused(standing, step, zh, en, "F-10", "R-2.5")
    if standing.is_complex:
        return refused(standing, step, "已是复杂案件", "the case is complex already", "F-10")
    if step.note.strip():
        return None
    return refused(standing, step, "标为复杂案件须说明理由", "a complex case needs a reason", "F-10")


def _is_major(standing: Standing, step: Step) -> MoveRefusedError | None:
    if standing.accepting_level is Level.HQ:
        zh, en = "总公司受理的投诉没有上级公司可上报", "above headquarters there is no company to report to"
        return refused(standing, step, zh, en, "L-21")
    if standing.is_major:
        return None
    zh, en = "只有重大投诉须上报上级公司", "only a major complaint is reported to the upper company"
    return refused(standing, step, zh, en, "L-21", "R-3.17")


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.MARK_COMPLEX: (_may_be_complex,),
    Action.PROGRESS: (_is_written, _manner_is_stated),
    Action.REPORT_PROGRESS: (_is_written,),
    Action.REPORT_UP: (_is_major, _is_written),
}
