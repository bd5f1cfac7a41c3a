"""Committees: what a meeting needs before each step, who is heard, and what a ruling binds."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tickets.test_lifecycle import READY, TICKET, a_step, refusal
from tickets import committee
from tickets.categories import Category, Department, OtherCause
from tickets.committee import (
    DISPUTES,
    MEETING_MOVES,
    Item,
    Meeting,
    MeetingAction,
    MeetingKind,
    MeetingState,
    ReferralGround,
    Seat,
)
from tickets.deadlines import Gravity
from tickets.errors import MeetingRefusedError
from tickets.guards import move
from tickets.lifecycle import Action, Cause, InvalidGround, Ruling, Status, Validity

pytestmark = pytest.mark.unit

CHAIR = Seat("chair", None, True)
CLAIMS = Seat("claims", Department.BUSINESS_MANAGEMENT, True)
ITEM = Item("t1", (Department.BUSINESS_MANAGEMENT,), frozenset({Department.BUSINESS_MANAGEMENT}), ruled=True)
MEETING = Meeting(MeetingKind.AD_HOC, MeetingState.HELD, "chair", (CHAIR, CLAIMS), (ITEM,), "纪要")
RULING = Ruling("广东分公司2026年第3次临时会议")
OF_CLAIMS = Cause(Category.CLAIMS, (Department.BUSINESS_MANAGEMENT,))
OF_PAYMENT = Cause(Category.PAYMENT, (Department.FINANCE,))


def refused(meeting: Meeting, action: MeetingAction) -> tuple[str, ...]:
    with pytest.raises(MeetingRefusedError) as error:
        committee.after(meeting, action)
    return error.value.rules


def test_a_meeting_goes_from_draft_to_confirmed() -> None:
    """R-3.4"""
    meeting = replace(MEETING, state=MeetingState.DRAFT)
    for action in (MeetingAction.CALL, MeetingAction.HOLD, MeetingAction.CONFIRM):
        meeting = replace(meeting, state=committee.after(meeting, action))
    assert meeting.state is MeetingState.CONFIRMED


@given(st.lists(st.sampled_from(MeetingAction), max_size=12))
def test_no_walk_confirms_what_was_not_called_and_held(actions: list[MeetingAction]) -> None:
    """R-3.4"""
    meeting, seen = replace(MEETING, state=MeetingState.DRAFT), [MeetingState.DRAFT]
    for action in actions:
        try:
            meeting = replace(meeting, state=committee.after(meeting, action))
        except MeetingRefusedError:
            assert (meeting.state, action) not in MEETING_MOVES
            continue
        seen.append(meeting.state)
    if seen[-1] is MeetingState.CONFIRMED:
        assert seen == [MeetingState.DRAFT, MeetingState.CALLED, MeetingState.HELD, MeetingState.CONFIRMED]


def test_an_ad_hoc_or_joint_meeting_has_a_ticket_and_a_chair_who_is_invited() -> None:
    """R-4.24, R-3.21, R-3.6"""
    draft = replace(MEETING, state=MeetingState.DRAFT)
    for kind in (MeetingKind.AD_HOC, MeetingKind.JOINT):
        assert refused(replace(draft, kind=kind, items=()), MeetingAction.CALL) == ("R-4.24", "R-3.21")
    periodic = replace(draft, kind=MeetingKind.PERIODIC, items=())
    assert committee.after(periodic, MeetingAction.CALL) is MeetingState.CALLED
    for chair in (None, "somebody"):
        assert refused(replace(draft, chair=chair), MeetingAction.CALL) == ("R-3.4", "R-3.6")


def test_a_meeting_without_its_chair_or_without_minutes_was_not_held() -> None:
    """R-3.4, R-4.7"""
    called = replace(MEETING, state=MeetingState.CALLED)
    assert refused(replace(called, seats=(replace(CHAIR, attended=False), CLAIMS)), MeetingAction.HOLD) == ("R-3.4",)
    assert refused(replace(called, minutes=" "), MeetingAction.HOLD) == ("R-3.4", "R-4.7")


def test_nothing_is_ruled_or_confirmed_before_every_department_concerned_was_heard() -> None:
    """R-3.4"""
    unheard = replace(ITEM, concerned=(Department.FINANCE, Department.IT), heard=frozenset({Department.FINANCE}))
    meeting = replace(MEETING, items=(unheard,))
    with pytest.raises(MeetingRefusedError) as error:
        committee.check_ruling(meeting, "t1", RULING, "同意")
    assert (error.value.rules, error.value.details["departments"]) == (("R-3.4",), ["it"])
    assert refused(meeting, MeetingAction.CONFIRM) == ("R-3.4",)
    assert committee.after(replace(meeting, items=(replace(unheard, adjourned=True),)), MeetingAction.CONFIRM)


def test_the_chair_confirms_only_when_every_ticket_was_ruled_on_or_put_off() -> None:
    """R-3.3"""
    open_item = replace(ITEM, ruled=False)
    assert refused(replace(MEETING, items=(ITEM, open_item)), MeetingAction.CONFIRM) == ("R-3.3", "R-3.4")
    put_off = replace(open_item, adjourned=True)
    assert committee.after(replace(MEETING, items=(ITEM, put_off)), MeetingAction.CONFIRM) is MeetingState.CONFIRMED


def test_a_joint_meeting_hears_but_rules_nothing() -> None:
    """R-3.21"""
    joint = replace(MEETING, kind=MeetingKind.JOINT, items=(replace(ITEM, ruled=False),))
    with pytest.raises(MeetingRefusedError) as error:
        committee.check_ruling(joint, "t1", RULING, "同意")
    assert error.value.rules == ("R-3.21", "R-3.3")
    assert committee.after(joint, MeetingAction.CONFIRM) is MeetingState.CONFIRMED


@pytest.mark.parametrize(
    ("meeting", "ticket", "ruling", "opinion"),
    [
        (replace(MEETING, state=MeetingState.CALLED), "t1", RULING, "同意"),
        (replace(MEETING, state=MeetingState.CONFIRMED), "t1", RULING, "同意"),
        (MEETING, "t2", RULING, "同意"),
        (MEETING, "t1", RULING, " "),
        (MEETING, "t1", replace(RULING, validity=Validity.PENDING), "同意"),
        (MEETING, "t1", replace(RULING, validity=Validity.INVALID, causes=(Category.CLAIMS,)), "同意"),
    ],
)
def test_what_is_no_ruling_is_refused(meeting: Meeting, ticket: str, ruling: Ruling, opinion: str) -> None:
    """R-3.4, R-3.5"""
    with pytest.raises(MeetingRefusedError):
        committee.check_ruling(meeting, ticket, ruling, opinion)


def test_only_who_was_invited_and_came_is_heard_himself() -> None:
    """R-3.4: an absent department is heard in writing."""
    meeting = replace(MEETING, seats=(CHAIR, replace(CLAIMS, attended=False)))
    committee.check_opinion(meeting, "t1", "chair")
    committee.check_opinion(meeting, "t1", None)
    for member in ("somebody", "claims"):
        with pytest.raises(MeetingRefusedError):
            committee.check_opinion(meeting, "t1", member)
    committee.check_opinion(
        replace(MEETING, state=MeetingState.CALLED, seats=(replace(CHAIR, attended=None),)), "t1", "chair"
    )
    for state in (MeetingState.DRAFT, MeetingState.CONFIRMED, MeetingState.CANCELLED):
        with pytest.raises(MeetingRefusedError):
            committee.check_opinion(replace(meeting, state=state), "t1", "chair")


def test_the_departments_concerned_are_the_main_one_and_those_that_investigate_with_it() -> None:
    """R-3.41, R-4.19"""
    d = Department
    assert committee.concerned(Category.PAYMENT, None, None) == (d.FINANCE, d.BUSINESS_MANAGEMENT, d.IT)
    assert committee.concerned(Category.CLAIMS, None, d.SALES) == (d.SALES,)
    assert committee.concerned(Category.OTHER, OtherCause.PRIVACY, None) == (d.CUSTOMER_SERVICE, d.COMPLIANCE)
    assert committee.concerned(None, None, None) == ()


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((date(2026, 1, 1), None), (date(2027, 1, 1), None), True),
        ((date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 1, 31), None), True),
        ((date(2026, 1, 1), date(2026, 1, 30)), (date(2026, 1, 31), None), False),
        ((date(2026, 2, 1), None), (date(2026, 1, 1), date(2026, 1, 31)), False),
    ],
)
def test_memberships_overlap_on_a_shared_day(
    one: tuple[date, date | None], other: tuple[date, date | None], shared: bool
) -> None:
    """R-3.6"""
    assert committee.overlaps(one, other) is shared
    assert committee.overlaps(other, one) is shared


def test_difficult_and_major_complaints_go_before_a_committee() -> None:
    """R-2.19, R-2.20, L-22"""
    assert [gravity for gravity in Gravity if committee.meets(gravity)] == [Gravity.DIFFICULT, Gravity.MAJOR]


NEEDED = replace(TICKET, ruling_needed=True)


@pytest.mark.parametrize(
    ("status", "action"),
    [(Status.DISPATCHED, Action.HANDLE), (Status.HANDLED, Action.INFORM), (Status.INFORMED, Action.CLOSE)],
)
def test_a_difficult_ticket_without_a_ruling_is_neither_handled_nor_told_nor_closed(
    status: Status, action: Action
) -> None:
    """R-4.24, F-47, B-1: also where it became difficult only after it was handled."""
    ticket = replace(NEEDED, status=status, validity=Validity.VALID, causes=(Category.CLAIMS,))
    assert refusal(ticket, a_step(action)) == ("R-4.24", "F-47")
    assert move(replace(ticket, ruling=RULING), a_step(action))


def test_a_determination_must_not_contradict_the_ruling() -> None:
    """R-3.5"""
    ruled = replace(NEEDED, ruling=replace(RULING, validity=Validity.VALID, causes=(Category.CLAIMS, Category.PAYMENT)))
    invalid = a_step(
        Action.DETERMINE,
        validity=Validity.INVALID,
        causes=(),
        ground=InvalidGround.FACTS_DISPROVED,
        evidence="录音",
    )
    assert refusal(ruled, invalid) == ("R-3.5", "R-3.3")
    assert refusal(ruled, a_step(Action.DETERMINE, causes=(OF_CLAIMS,))) == ("R-3.5", "R-3.3")
    assert move(ruled, a_step(Action.DETERMINE, causes=(OF_PAYMENT, OF_CLAIMS)))
    only_causes = replace(NEEDED, ruling=replace(RULING, causes=(Category.CLAIMS,)))
    assert move(only_causes, invalid)


@pytest.mark.parametrize(("status", "action"), [(Status.DISPATCHED, Action.HANDLE), (Status.INFORMED, Action.CLOSE)])
def test_what_was_determined_before_the_ruling_must_be_determined_anew(status: Status, action: Action) -> None:
    """R-3.5, R-3.3"""
    ticket = replace(
        NEEDED,
        status=status,
        validity=Validity.VALID,
        causes=(Category.CLAIMS,),
        ruling=replace(RULING, validity=Validity.INVALID),
    )
    assert refusal(ticket, a_step(action)) == ("R-3.5", "R-3.3")
    assert move(replace(ticket, ruling=replace(RULING, validity=Validity.VALID)), a_step(action))


def test_an_open_dispute_waits_for_the_committee() -> None:
    """R-3.5, F-21"""
    disputed = replace(READY, causes=(Category.CLAIMS,), disputed=("cause",))
    for action in (Action.DETERMINE, Action.CLOSE):
        assert refusal(disputed, a_step(action)) == ("R-3.5", "F-21")
    assert {ReferralGround.SEVERITY, ReferralGround.SUPPORT} == set(ReferralGround) - DISPUTES


def test_the_committee_may_rule_that_a_case_stays_open() -> None:
    """R-3.5"""
    ticket = replace(READY, causes=(Category.CLAIMS,), ruling=replace(RULING, closing=False))
    assert refusal(ticket, a_step(Action.CLOSE)) == ("R-3.5",)
    for closing in (True, None):
        assert move(replace(ticket, ruling=replace(RULING, closing=closing)), a_step(Action.CLOSE)) is Status.CLOSED
