"""Withdrawn, passed on, archived, overturned: the conditions of each, and what they refuse."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.tickets.test_lifecycle import READY, TICKET, a_step, refusal
from tickets.calendar import SHANGHAI
from tickets.categories import Category, Department
from tickets.endings import overturns
from tickets.errors import IllegalMoveError, Words
from tickets.guards import move
from tickets.lifecycle import Action, Cause, InvalidGround, Level, Ruling, Status, Step, Validity

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 18, 12, tzinfo=SHANGHAI)
OPEN = (Status.RECORDED, Status.DISPATCHED, Status.HANDLED, Status.INFORMED)
NO_COMPLAINT = replace(TICKET, is_complaint=False)
CLOSED = replace(READY, status=Status.CLOSED, validity=Validity.VALID, causes=(Category.CLAIMS,))


def overturned(**more: object) -> Step:
    """The province says that a lower closing was wrong."""
    said: dict[str, object] = {
        "organisation": "gd",
        "level": Level.PROVINCE,
        "path": "hq/gd/",
        "validity": Validity.INVALID,
        "causes": (),
        "ground": InvalidGround.FACTS_DISPROVED,
        "evidence": "录音",
    }
    return a_step(Action.OVERTURN, **{**said, **more})


@pytest.mark.parametrize("status", OPEN)
def test_a_complaint_is_withdrawn_from_wherever_it_stands_and_needs_nothing_else(status: Status) -> None:
    """CL-6, F-54: neither validity, nor signatures, nor a ruling."""
    ticket = replace(TICKET, status=status, ruling_needed=True, unsigned=(Department.IT,), unanswered=("H01",))
    assert move(ticket, a_step(Action.WITHDRAW)) is Status.CLOSED


@pytest.mark.parametrize("status", [Status.CLOSED, Status.ARCHIVED])
def test_what_has_ended_is_not_withdrawn(status: Status) -> None:
    """CL-6, B-2"""
    with pytest.raises(IllegalMoveError) as refused:
        move(replace(TICKET, status=status), a_step(Action.WITHDRAW))
    assert refused.value.rules == ("B-2",)


def test_findings_and_what_is_no_complaint_are_not_withdrawn() -> None:
    """CL-6, R-2.4"""
    for ticket in (NO_COMPLAINT, replace(TICKET, is_complaint=False, is_finding=True)):
        assert refusal(ticket, a_step(Action.WITHDRAW)) == ("CL-6", "R-2.4")


@pytest.mark.parametrize("missing", ["note", "manner"])
def test_a_withdrawal_is_written_down(missing: str) -> None:
    """R-4.7, CL-6"""
    assert refusal(TICKET, a_step(Action.WITHDRAW, **{missing: " "})) == ("R-4.7", "CL-6")


@pytest.mark.parametrize(
    ("came", "kept"), [(-1, False), (0, True), (30, True), (60, True), (61, False)], ids=lambda each: str(each)
)
def test_a_withdrawal_comes_between_the_complaint_and_now(came: int, kept: bool) -> None:
    """CL-6"""
    ticket = replace(TICKET, received_at=AT)
    step = a_step(Action.WITHDRAW, received_at=AT + timedelta(minutes=came), at=AT + timedelta(hours=1))
    if kept:
        assert move(ticket, step) is Status.CLOSED
    else:
        assert refusal(ticket, step) == ("CL-6",)


def test_what_is_no_complaint_is_passed_on_with_its_destination_and_answered() -> None:
    """R-1.3, F-24"""
    assert refusal(NO_COMPLAINT, a_step(Action.PASS_ON, destination=" ")) == ("R-1.3", "F-24")
    assert move(NO_COMPLAINT, a_step(Action.PASS_ON)) is Status.DISPATCHED
    passed = replace(NO_COMPLAINT, status=Status.DISPATCHED)
    assert refusal(passed, a_step(Action.ANSWER, note="")) == ("F-24", "R-4.7")
    assert refusal(passed, a_step(Action.ANSWER, manner="")) == ("F-24", "R-4.7")
    assert refusal(replace(passed, unanswered=("H01",)), a_step(Action.ANSWER)) == ("R-4.22", "R-4.11")
    assert move(passed, a_step(Action.ANSWER)) is Status.CLOSED


def test_complaints_and_findings_do_not_leave_by_being_passed_on() -> None:
    """R-1.3, F-24"""
    for ticket in (TICKET, replace(TICKET, is_complaint=False, is_finding=True)):
        assert refusal(ticket, a_step(Action.PASS_ON)) == ("R-1.3", "F-24")
        assert refusal(replace(ticket, status=Status.DISPATCHED), a_step(Action.ANSWER)) == ("R-1.3", "F-24")


def test_only_a_whole_file_is_archived() -> None:
    """B-3, E-20, E-21"""
    assert move(CLOSED, a_step(Action.ARCHIVE)) is Status.ARCHIVED
    lacking = replace(CLOSED, lacking=(Words("来访受理表", "visit form"),))
    assert refusal(lacking, a_step(Action.ARCHIVE)) == ("E-21", "E-20")
    with pytest.raises(IllegalMoveError):
        move(replace(READY, status=Status.INFORMED), a_step(Action.ARCHIVE))


@pytest.mark.parametrize("status", [Status.CLOSED, Status.ARCHIVED])
def test_the_company_above_overturns_a_lower_closing(status: Status) -> None:
    """R-3.25, B-4"""
    ticket = replace(CLOSED, status=status)
    assert move(ticket, overturned()) is status
    assert move(ticket, overturned(organisation="hq", level=Level.HQ, path="hq/")) is status


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("hq/sc/", Level.PROVINCE),
        ("hq/gd/gd-gz/", Level.CITY),
        ("hq/gd/gd-gz/gd-gz-a/", Level.COUNTER_A),
        ("hq/gd/", Level.CITY),
    ],
)
def test_nobody_else_overturns(path: str, level: Level) -> None:
    """R-3.25, B-4"""
    assert refusal(CLOSED, overturned(path=path, level=level)) == ("R-3.25", "B-4")


def test_what_the_province_closed_itself_it_does_not_overturn() -> None:
    """R-3.25"""
    assert refusal(replace(CLOSED, accepting_path="hq/gd/"), overturned()) == ("R-3.25", "B-4")


def test_overturning_is_a_whole_determination_with_its_reason_and_changes_something() -> None:
    """R-3.25, R-3.23, R-3.26, F-23"""
    assert refusal(CLOSED, overturned(note="")) == ("R-3.25", "B-4")
    assert refusal(CLOSED, overturned(ground=None)) == ("R-3.23", "R-3.24", "F-23")
    same = (Cause(Category.CLAIMS, (Department.FINANCE,)),)
    assert refusal(CLOSED, overturned(validity=Validity.VALID, causes=same)) == ("R-3.25",)
    other = (Cause(Category.PAYMENT, (Department.FINANCE,)),)
    assert move(CLOSED, overturned(validity=Validity.VALID, causes=other)) is Status.CLOSED
    nobody = (Cause(Category.PAYMENT),)
    assert refusal(CLOSED, overturned(validity=Validity.VALID, causes=nobody)) == ("R-3.26", "R-3.24")


def test_the_order_of_causes_is_not_what_is_overturned() -> None:
    """R-3.25, R-3.24"""
    ticket = replace(CLOSED, causes=(Category.CLAIMS, Category.PAYMENT))
    same = (Cause(Category.PAYMENT), Cause(Category.CLAIMS))
    assert not overturns(ticket, overturned(validity=Validity.VALID, causes=same))
    assert overturns(ticket, overturned(validity=Validity.VALID, causes=same[:1]))


def test_a_ruling_binds_the_company_above_until_its_own_committee_rules() -> None:
    """R-3.5, R-3.3"""
    ruled = replace(CLOSED, ruling=Ruling("广州中心支公司2026年第1次临时会议", validity=Validity.VALID))
    assert refusal(ruled, overturned()) == ("R-3.5", "R-3.3")


@pytest.mark.parametrize("status", [Status.RECORDED, Status.DISPATCHED, Status.HANDLED])
def test_a_complaint_of_somebody_without_right_may_be_declined_with_notice_and_with_that_only(status: Status) -> None:
    """N-8, N-6, R-4.7"""
    without = replace(TICKET, status=status, entitled=False)
    assert move(without, a_step(Action.DECLINE)) is Status.CLOSED
    for missing in ("note", "manner", "evidence"):
        assert refusal(without, a_step(Action.DECLINE, **{missing: " "})) == ("N-8", "R-4.7")


def test_nobody_declines_the_customers_own_complaint_or_without_the_power_to_close() -> None:
    """N-8, R-4.31, F-7, D-13"""
    assert refusal(TICKET, a_step(Action.DECLINE)) == ("N-8", "N-6")
    without = replace(TICKET, entitled=False)
    assert refusal(without, a_step(Action.DECLINE, organisation="gd-sz")) == ("R-4.31",)
    assert refusal(without, a_step(Action.DECLINE, level=Level.COUNTER_B)) == ("R-3.33", "F-7")
    assert refusal(replace(without, is_complaint=False), a_step(Action.DECLINE))[0] == "R-3.23"
    linked = replace(without, inherited=Validity.VALID)
    assert refusal(linked, a_step(Action.DECLINE, validity=Validity.INVALID)) == ("D-13", "R-3.25")
