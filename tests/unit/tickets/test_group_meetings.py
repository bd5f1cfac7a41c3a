"""Meetings of leading groups: what counts as one, and when one is missing."""

from datetime import date
from uuid import UUID

import pytest

from tickets import group_meetings
from tickets.errors import GroupMeetingRefusedError
from tickets.group_meetings import GroupMeetingState

pytestmark = pytest.mark.unit

CHAIR, MEMBER, COORDINATOR, STRANGER = (UUID(int=n) for n in range(1, 5))
CALLED = GroupMeetingState.CALLED


@pytest.mark.parametrize(
    ("state", "minutes", "present", "chair", "fits"),
    [
        (CALLED, "研究热点问题", {CHAIR, MEMBER, COORDINATOR}, CHAIR, True),
        (CALLED, "研究热点问题", {MEMBER}, MEMBER, True),
        (CALLED, " ", {CHAIR, MEMBER}, CHAIR, False),
        (CALLED, "研究热点问题", {MEMBER}, CHAIR, False),
        (CALLED, "研究热点问题", {COORDINATOR, MEMBER}, COORDINATOR, False),
        (CALLED, "研究热点问题", {CHAIR, STRANGER}, CHAIR, False),
        (GroupMeetingState.HELD, "研究热点问题", {CHAIR}, CHAIR, False),
        (GroupMeetingState.CANCELLED, "研究热点问题", {CHAIR}, CHAIR, False),
    ],
)
def test_a_member_presides_and_members_and_coordinators_attend(
    state: GroupMeetingState, minutes: str, present: set[UUID], chair: UUID, fits: bool
) -> None:
    """R-3.1, R-3.2, R-3.42"""
    args = (state, minutes, present, chair, {CHAIR, MEMBER}, {COORDINATOR})
    if fits:
        group_meetings.check_held(*args)
        return
    with pytest.raises(GroupMeetingRefusedError):
        group_meetings.check_held(*args)


@pytest.mark.parametrize(
    ("last", "missing"),
    [(None, True), (date(2026, 5, 18), False), (date(2026, 5, 17), True), (date(2026, 11, 18), False)],
)
def test_a_group_that_has_not_met_for_half_a_year_is_told(last: date | None, missing: bool) -> None:
    """R-3.2, B-6"""
    assert group_meetings.overdue(last, date(2026, 11, 18)) is missing
