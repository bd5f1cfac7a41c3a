"""Versions of the rulebook: what was changed of its limits and readings, from which day, by what source (L-20, CL-2).

A change takes effect on a later day than it is made, and a ticket is reckoned by the rulebook of its receipt day: so
none that is received ever comes under another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from tickets.deadlines import Rulebook
from tickets.errors import LimitRefusedError, Words
from tickets.limits import LIMITS, Limit, Unit

LONGEST = 400


class Switch(StrEnum):
    """A reading left to the company: on or off."""

    MAJOR_RHYTHM = "L-20"
    WEEKENDS_MOVE = "CL-2"


SWITCH_WORDS: Mapping[Switch, Words] = {
    Switch.MAJOR_RHYTHM: Words("重大投诉按更密的节奏反馈进展", "progress of major cases is told more often"),
    Switch.WEEKENDS_MOVE: Words(
        "期限末日为周末的顺延(关闭则仅法定节假日顺延)",
        "a last day on a weekend moves (off: only one on a named holiday does)",
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A limit with another amount or unit, or a switch turned, from a day on. Either `unit` and `amount`, or `on`."""

    rule: str
    from_day: date
    changed_at: datetime
    reason: str
    source: str
    unit: Unit | None = None
    amount: int | None = None
    on: bool | None = None


def in_force(day: date, changes: Iterable[Change], shipped: Rulebook) -> Rulebook:
    """The rulebook for tickets received on a day: as shipped, with the latest change of each limit and switch."""
    latest: dict[tuple[str, bool], Change] = {}
    for change in sorted(changes, key=lambda each: (each.from_day, each.changed_at)):
        if change.from_day <= day:
            latest[change.rule, change.on is None] = change
    if not latest:
        return shipped
    limits = dict(shipped.limits)
    turned: dict[Switch, bool] = {}
    for change in latest.values():
        if change.on is not None:
            turned[Switch(change.rule)] = change.on
        elif change.unit is not None and change.amount is not None:
            known = limits[change.rule]
            limits[change.rule] = Limit(known.id, known.kind, change.unit, change.amount, change.source)
    return replace(
        shipped,
        limits=limits,
        version=f"{shipped.version}+{max(change.from_day for change in latest.values())}",
        weekends_move=turned.get(Switch.WEEKENDS_MOVE, shipped.weekends_move),
        major_rhythm=turned.get(Switch.MAJOR_RHYTHM, shipped.major_rhythm),
    )


_DAYS = frozenset({Unit.SAME_DAY, Unit.WORKDAYS, Unit.NATURAL_DAYS})


def check_limit(change: Change, before: Rulebook, today: date) -> None:
    """Refuse a change of a limit that cannot be; `before`: the rulebook on the day it would take effect.

    Hours and times stay what they are, a limit of the same day has no amount, and of the three ceilings none may be
    shorter than the one before (L-14, L-15, L-16).
    """
    known, unit, amount = LIMITS[change.rule], change.unit, change.amount
    assert unit is not None
    assert amount is not None
    _check_day(change, today)
    if unit is not known.unit and not {unit, known.unit} <= _DAYS:
        raise _refuse("该时限不能改用此单位", "this limit does not count in that unit", change.rule)
    if change.rule.startswith(("L-27", "L-28")) and unit is not Unit.WORKDAYS:
        raise _refuse("催办按工作日计算", "reminders are counted in working days", change.rule, "R-4.21")
    if (amount == 0) != (unit is Unit.SAME_DAY) or not 0 <= amount <= LONGEST:
        raise _refuse(
            f"当日时限的数值为0,其他为1至{LONGEST}", f"0 for the same day, 1 to {LONGEST} otherwise", change.rule
        )
    ceilings = [before.limits[each] for each in ("L-14", "L-15", "L-16")]
    if change.rule in {each.id for each in ceilings}:
        if unit is not Unit.NATURAL_DAYS:
            raise _refuse("法定期限按自然日计算", "the ceilings are counted in natural days", change.rule, "CL-9")
        amounts = [amount if each.id == change.rule else each.amount for each in ceilings]
        if amounts != sorted(amounts):
            raise _refuse("延期后的期限不能更短", "an extension does not shorten", "L-14", "L-15", "L-16")


def check_switch(change: Change, today: date) -> None:
    """Refuse a switch that is turned for the past or without saying why."""
    _check_day(change, today)


def _check_day(change: Change, today: date) -> None:
    if change.from_day <= today:
        raise _refuse(
            "变更自次日起方可生效,已受理的服务单不受影响",
            "a change takes effect tomorrow at the earliest: what is received keeps its rules",
            change.rule,
        )
    if not change.reason.strip() or not change.source.strip():
        raise _refuse("须说明变更的理由和依据", "a change needs its reason and its source", change.rule)


def _refuse(zh: str, en: str, *rules: str) -> LimitRefusedError:
    return LimitRefusedError(Words(zh, en), rules=rules)
