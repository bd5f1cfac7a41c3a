"""The table of moves and its guards (R-4.1 … R-4.33 as far as this stage goes)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import lifecycle
from tickets.categories import Category, Department
from tickets.deadlines import Kind
from tickets.errors import IllegalMoveError, MoveRefusedError, Problem, Words
from tickets.guards import move
from tickets.lifecycle import (
    ENDED,
    MEETS,
    MOVES,
    Action,
    Cause,
    InvalidGround,
    Level,
    Ruling,
    Standing,
    Status,
    Step,
    Validity,
)

pytestmark = pytest.mark.unit

TICKET = Standing(
    status=Status.RECORDED,
    is_finding=False,
    grave_finding=False,
    is_complaint=True,
    ruling_needed=False,
    validity=Validity.PENDING,
    causes=(),
    category=Category.CLAIMS,
    forwarded=False,
    accepting_organisation="gd-gz",
    accepting_level=Level.CITY,
    owed=(),
    accepting_path="hq/gd/gd-gz/",
    handler_fits=True,
)


FOUND = Cause(Category.CLAIMS, (Department.BUSINESS_MANAGEMENT,))


def a_step(action: Action, **more: object) -> Step:
    """A step that nothing refuses, unless the test makes it so."""
    defaults: dict[str, object] = {
        "organisation": "gd-gz",
        "level": Level.CITY,
        "note": "已核实",
        "validity": Validity.VALID,
        "causes": (FOUND,),
        "manner": "电话",
        "accepted": True,
        "destination": "人力资源部",
        "review_route_told": True,
        "opinion": "建议业务管理部门核实",
        "handler": "u-1",
        "basis": "条款第五条",
        "evidence": "投诉人非投保人,未提供授权",
    }
    return Step(action, **{**defaults, **more})


def refusal(standing: Standing, step: Step) -> tuple[str, ...]:
    with pytest.raises(MoveRefusedError) as refused:
        move(standing, step)
    assert refused.value.details["status"] == standing.status
    assert refused.value.details["action"] == step.action
    return refused.value.rules


def test_a_complaint_goes_from_recorded_to_closed() -> None:
    """R-4.1"""
    ticket = TICKET
    for action in (Action.HAND_OVER, Action.DISPATCH, Action.HANDLE, Action.INFORM):
        ticket = replace(ticket, status=move(ticket, a_step(action)))
    ticket = replace(ticket, validity=Validity.VALID)
    assert move(ticket, a_step(Action.CLOSE)) is Status.CLOSED


def test_a_general_complaint_is_settled_on_the_spot() -> None:
    """R-4.16"""
    assert move(TICKET, a_step(Action.SETTLE)) is Status.HANDLED


def test_a_difficult_or_major_one_is_not_settled_on_the_spot() -> None:
    """R-2.18"""
    assert refusal(replace(TICKET, ruling_needed=True), a_step(Action.SETTLE)) == ("R-2.18",)


def test_receipt_is_confirmed_in_writing_with_its_manner() -> None:
    """R-4.4, R-4.6, R-4.7"""
    assert refusal(TICKET, a_step(Action.ACKNOWLEDGE, manner="")) == ("R-4.4", "R-4.6")
    assert refusal(TICKET, a_step(Action.ACKNOWLEDGE, note="")) == ("R-4.7",)
    assert move(TICKET, a_step(Action.ACKNOWLEDGE)) is Status.RECORDED
    assert Action.ACKNOWLEDGE not in MEETS, "its clock follows what the acknowledgement is worth"


@pytest.mark.parametrize("action", [Action.SETTLE, Action.HANDLE, Action.NOTE])
def test_what_is_not_written_did_not_happen(action: Action) -> None:
    """R-4.7, R-4.23"""
    status = Status.DISPATCHED if action is Action.HANDLE else Status.RECORDED
    assert refusal(replace(TICKET, status=status), a_step(action, note=" ")) == ("R-4.7",)


def test_dispatch_needs_a_category_or_a_department() -> None:
    """R-4.10, R-4.18"""
    unknown = replace(TICKET, category=None)
    assert refusal(unknown, a_step(Action.DISPATCH)) == ("R-4.10",)
    assert move(unknown, a_step(Action.DISPATCH, department=Department.FINANCE)) is Status.DISPATCHED


def test_a_difficult_or_major_decision_needs_the_committee() -> None:
    """R-4.24, F-47"""
    ticket = replace(TICKET, status=Status.DISPATCHED, ruling_needed=True)
    assert refusal(ticket, a_step(Action.HANDLE)) == ("R-4.24", "F-47")
    ruled = replace(ticket, ruling=Ruling("广东分公司2026年第3次临时会议"))
    assert move(ruled, a_step(Action.HANDLE)) is Status.HANDLED


def test_a_grave_finding_is_not_solved_by_sales_staff() -> None:
    """C-14, L-31"""
    finding = replace(TICKET, status=Status.DISPATCHED, is_complaint=False, is_finding=True, grave_finding=True)
    assert refusal(finding, a_step(Action.HANDLE, by_sales_staff=True)) == ("C-14", "L-31")
    assert move(finding, a_step(Action.HANDLE)) is Status.HANDLED


def test_dissent_is_explained_before_it_counts_as_informed() -> None:
    """R-4.30, F-19, B-5"""
    handled = replace(TICKET, status=Status.HANDLED)
    assert refusal(handled, a_step(Action.INFORM, accepted=False)) == ("R-4.30", "F-19")
    assert move(handled, a_step(Action.INFORM, accepted=False, explanation="已解释条款")) is Status.INFORMED


def test_a_customer_who_accepts_needs_no_explanation() -> None:
    """R-4.29"""
    handled = replace(TICKET, status=Status.HANDLED)
    assert move(handled, a_step(Action.INFORM, accepted=True, explanation="")) is Status.INFORMED


def test_informing_says_how_and_whether_it_was_accepted() -> None:
    """R-4.27, CL-8"""
    handled = replace(TICKET, status=Status.HANDLED)
    assert refusal(handled, a_step(Action.INFORM, manner="")) == ("R-4.27", "CL-8")
    assert refusal(handled, a_step(Action.INFORM, accepted=None)) == ("R-4.27", "CL-8")


def test_validity_and_cause_come_before_closing() -> None:
    """R-3.23, B-1"""
    informed = replace(TICKET, status=Status.INFORMED)
    assert refusal(informed, a_step(Action.CLOSE)) == ("R-3.23",)


def test_a_finding_closes_without_validity() -> None:
    """R-2.4, R-2.5"""
    finding = replace(TICKET, status=Status.INFORMED, is_complaint=False, is_finding=True)
    assert move(finding, a_step(Action.CLOSE)) is Status.CLOSED
    assert refusal(finding, a_step(Action.DETERMINE)) == ("R-3.23", "R-2.5")


def test_an_incomplete_order_does_not_close_and_says_what_is_missing() -> None:
    """F-9, R-4.7"""
    problem = Problem("restated_and_confirmed", Words("未复述", "not restated"), ("R-4.2", "R-4.7"))
    ticket = replace(TICKET, status=Status.INFORMED, validity=Validity.VALID, owed=(problem,))
    assert refusal(ticket, a_step(Action.CLOSE)) == ("F-9", "R-4.2", "R-4.7")


def test_a_valid_complaint_may_have_several_causes_but_not_none() -> None:
    """R-3.24"""
    assert refusal(TICKET, a_step(Action.DETERMINE, causes=())) == ("R-3.23", "R-3.24", "F-23")
    causes = (FOUND, Cause(Category.PAYMENT, (Department.FINANCE,)))
    assert move(TICKET, a_step(Action.DETERMINE, causes=causes)) is Status.RECORDED


def test_an_invalid_complaint_needs_its_ground_and_evidence() -> None:
    """F-23"""
    invalid = a_step(Action.DETERMINE, validity=Validity.INVALID)
    assert "F-23" in refusal(TICKET, invalid)
    assert "F-23" in refusal(TICKET, replace(invalid, ground=InvalidGround.FACTS_DISPROVED, evidence=""))
    whole = replace(invalid, ground=InvalidGround.FACTS_DISPROVED, evidence="录音")
    assert move(TICKET, whole) is Status.RECORDED


READY = replace(TICKET, status=Status.INFORMED, validity=Validity.VALID)


def test_whoever_accepts_closes() -> None:
    """R-4.31"""
    assert refusal(READY, a_step(Action.CLOSE, organisation="gd-sz")) == ("R-4.31",)


@pytest.mark.parametrize("action", [Action.CLOSE, Action.DETERMINE])
def test_a_b_counter_neither_determines_nor_closes(action: Action) -> None:
    """R-3.33, F-7: even what it accepted itself."""
    ticket = replace(READY, accepting_organisation="gd-gz-b", accepting_level=Level.COUNTER_B)
    assert refusal(ticket, a_step(action, organisation="gd-gz-b", level=Level.COUNTER_B)) == ("R-3.33", "F-7")
    assert move(ticket, a_step(action, organisation="gd-gz-a", level=Level.COUNTER_A))
    assert move(ticket, a_step(action, organisation="gd", level=Level.PROVINCE))


def test_what_the_regulator_forwarded_is_closed_by_the_province() -> None:
    """R-4.32, F-16"""
    ticket = replace(READY, forwarded=True)
    assert refusal(ticket, a_step(Action.CLOSE)) == ("R-4.32", "F-16")
    assert move(ticket, a_step(Action.CLOSE, organisation="gd", level=Level.PROVINCE)) is Status.CLOSED


@pytest.mark.parametrize("action", list(Action))
def test_a_closed_ticket_is_never_reopened(action: Action) -> None:
    """B-2"""
    after = {MOVES.get((status, action), Status.CLOSED) for status in ENDED}
    assert after <= ENDED
    if (Status.ARCHIVED, action) not in MOVES:
        with pytest.raises(IllegalMoveError) as refused:
            move(replace(READY, status=Status.ARCHIVED), a_step(action))
        assert refused.value.rules == ("B-2",)
        possible = ["overturn", "sign"]
        assert refused.value.details == {"status": "archived", "action": action.value, "possible": possible}


def test_a_refusal_names_both_sides_in_both_languages() -> None:
    """R-4.1"""
    with pytest.raises(IllegalMoveError) as refused:
        move(TICKET, a_step(Action.CLOSE))
    assert refused.value.words.zh == "已记录的服务单不能结案"
    assert refused.value.words.en == "a ticket that is recorded refuses: close"
    assert "dispatch" in refused.value.details["possible"]


def test_actions_meet_the_clocks_of_their_step() -> None:
    """L-7, L-8, L-11, L-17, L-21, L-25"""
    assert MEETS[Action.DISPATCH] == (Kind.HAND_OVER, Kind.DISPATCH)
    assert MEETS[Action.INFORM] == (Kind.DECIDE_INFORM, Kind.INFORM, Kind.ANSWER_OR_PROGRESS)
    assert MEETS[Action.PROGRESS] == (Kind.ANSWER_OR_PROGRESS,)
    assert MEETS[Action.REPORT_UP] == (Kind.REPORT_UP,)
    assert MEETS[Action.CLOSE] == (Kind.CLOSE,)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("action", list(Action))
def test_every_action_from_every_status_moves_by_the_table_or_is_refused(status: Status, action: Action) -> None:
    """R-4.1, B-2"""
    ticket = replace(READY, status=status, responsible=(Department.IT,), unsigned=(Department.IT,), is_major=True)
    if action is Action.CLOSE:
        ticket = replace(ticket, unsigned=())
    if action in (Action.PASS_ON, Action.ANSWER):
        ticket = replace(ticket, is_complaint=False)
    if action is Action.DECLINE:
        ticket = replace(ticket, entitled=False)
    step = a_step(action, own_department=Department.IT)
    if action is Action.OVERTURN:
        step = replace(step, validity=Validity.INVALID, ground=InvalidGround.FACTS_DISPROVED, evidence="录音")
        step = replace(step, organisation="gd", level=Level.PROVINCE, path="hq/gd/")
    if (status, action) in MOVES:
        assert move(ticket, step) is MOVES[status, action]
        return
    with pytest.raises(IllegalMoveError) as refused:
        move(ticket, step)
    assert refused.value.details["possible"] == [each.value for each in lifecycle.possible(status)]


@given(st.lists(st.sampled_from(Action), max_size=30))
def test_no_walk_over_the_table_leaves_it_or_skips_a_stage(actions: list[Action]) -> None:
    """R-4.1: a closed ticket was handled and informed before."""
    it = (Department.IT,)
    ticket = replace(TICKET, validity=Validity.VALID, responsible=it, unsigned=it, is_major=True)
    seen = [Status.RECORDED]
    for action in actions:
        try:
            unsigned = () if action is Action.CLOSE else it
            step = a_step(action, own_department=Department.IT)
            ticket = replace(ticket, status=move(replace(ticket, unsigned=unsigned), step))
        except IllegalMoveError:
            assert (ticket.status, action) not in MOVES
            continue
        except MoveRefusedError:
            assert action in (Action.PASS_ON, Action.ANSWER, Action.OVERTURN, Action.DECLINE)
            continue
        seen.append(ticket.status)
        if action is Action.WITHDRAW:
            return
    if seen[-1] in ENDED:
        assert {Status.HANDLED, Status.INFORMED} <= set(seen)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words(status: Status) -> None:
    """R-4.1"""
    assert lifecycle.STATUS_WORDS[status].zh
    assert all(lifecycle.ACTION_WORDS[action].zh for action in lifecycle.possible(status))


@pytest.mark.parametrize(
    ("standing", "step", "rules"),
    [
        (TICKET, a_step(Action.PROGRESS, note=" "), ("R-4.7",)),
        (TICKET, a_step(Action.PROGRESS, manner=""), ("R-4.8", "CL-8")),
        (TICKET, a_step(Action.REPORT_PROGRESS, note=""), ("R-4.7",)),
        (TICKET, a_step(Action.REPORT_UP), ("L-21", "R-3.17")),
        (replace(TICKET, is_major=True), a_step(Action.REPORT_UP, note=""), ("R-4.7",)),
        (TICKET, a_step(Action.MARK_COMPLEX, note=""), ("F-10",)),
        (replace(TICKET, is_complex=True), a_step(Action.MARK_COMPLEX), ("F-10",)),
        (replace(TICKET, is_complaint=False), a_step(Action.MARK_COMPLEX), ("F-10", "R-2.5")),
    ],
)
def test_progress_is_written_down_and_a_complex_case_has_its_reason(
    standing: Standing, step: Step, rules: tuple[str, ...]
) -> None:
    """R-3.46, R-4.7, R-4.8, F-10, L-18, L-19, L-21, CL-8"""
    assert refusal(standing, step) == rules


@pytest.mark.parametrize("action", [Action.PROGRESS, Action.REPORT_PROGRESS, Action.REPORT_UP, Action.MARK_COMPLEX])
def test_progress_moves_nothing_and_ends_with_the_opinion(action: Action) -> None:
    """F-57: until the customer is informed."""
    for status in (Status.RECORDED, Status.DISPATCHED, Status.HANDLED):
        assert move(replace(TICKET, status=status, is_major=True), a_step(action)) is status
    with pytest.raises(IllegalMoveError):
        move(replace(TICKET, status=Status.INFORMED, is_major=True), a_step(action))
