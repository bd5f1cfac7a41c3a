"""Meetings of a leading group (领导小组) on hot and hard issues (R-3.1, R-3.2, R-3.42). Must never save or send."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from tickets.errors import GroupMeetingRefusedError, Words


class GroupMeetingState(StrEnum):
    """How far it is."""

    CALLED = "called"
    HELD = "held"
    CANCELLED = "cancelled"


class GroupMeetingAction(StrEnum):
    """What becomes of a meeting that was called."""

    HOLD = "hold"
    CANCEL = "cancel"


GROUP_MEETING_STATE_WORDS: Mapping[GroupMeetingState, Words] = {
    GroupMeetingState.CALLED: Words("已通知", "called"),
    GroupMeetingState.HELD: Words("已召开", "held"),
    GroupMeetingState.CANCELLED: Words("已取消", "cancelled"),
}
GROUP_MEETING_ACTION_WORDS: Mapping[GroupMeetingAction, Words] = {
    GroupMeetingAction.HOLD: Words("登记召开", "hold"),
    GroupMeetingAction.CANCEL: Words("取消", "cancel"),
}

MONTHS = 6
"""A leading group meets once in so many months at least (R-3.2 "periodic"; B-6 has the half-year)."""


def title(year: int, number: int) -> str:
    """As people call it."""
    return f"领导小组{year}年第{number}次会议"


def check_held(
    state: GroupMeetingState,
    minutes: str,
    present: Collection[UUID],
    chair: UUID,
    members: Collection[UUID],
    coordinators: Collection[UUID],
) -> None:
    """Refuse minutes of a meeting that was none: a member of that day presides, who came belongs to the group or is a
    coordinator, who attends its meetings (R-3.42). Raises GroupMeetingRefusedError."""
    check_open(state)
    if not minutes.strip():
        raise _refuse("须写会议纪要", "the minutes are missing", "R-3.2", "R-4.7")
    if chair not in members or chair not in present:
        raise _refuse("由到会的领导小组成员主持", "a member of the group who is present presides", "R-3.1", "R-3.2")
    if not set(present) <= set(members) | set(coordinators):
        words = (
            "到会人员须为当日的领导小组成员或协调员",
            "who attends is a member that day, or a coordinator",
        )
        raise _refuse(*words, "R-3.1", "R-3.42")


def check_open(state: GroupMeetingState) -> None:
    """Refuse to change a meeting that was held or cancelled. Raises GroupMeetingRefusedError."""
    if state is not GroupMeetingState.CALLED:
        words = GROUP_MEETING_STATE_WORDS[state]
        raise _refuse(f"会议{words.zh},不再变动", f"the meeting is {words.en} and does not change", "R-3.2")


def overdue(last: date | None, today: date) -> bool:
    """Whether a leading group has let half a year go by without a meeting (R-3.2)."""
    if last is None:
        return True
    months = (today.year - last.year) * 12 + today.month - last.month
    return months > MONTHS or (months == MONTHS and today.day > last.day)


def _refuse(zh: str, en: str, *rules: str) -> GroupMeetingRefusedError:
    return GroupMeetingRefusedError(Words(zh, en), rules=rules)
