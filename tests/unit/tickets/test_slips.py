"""Slips: which are sent, what may be done with each, and what they hold up (R-4.10 … R-4.22, F-21, F-26)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import slips
from tickets.categories import Category, Department, Route, route
from tickets.errors import MoveRefusedError
from tickets.guards import move
from tickets.lifecycle import Action, Status
from tickets.slips import MOVES, Line, Part, Slip, SlipAction, SlipState, Wanted, plan

pytestmark = pytest.mark.unit

CLAIM = Line(1, Category.CLAIMS)
SOLD = Line(2, Category.SOLICITATION)
MAIN = Slip(1, Part.MAIN, SlipState.SENT, Department.BUSINESS_MANAGEMENT, 1, leads=True)


def by_table(line: Line) -> Route | None:
    return route(line.category) if line.category else None


def told(wanted: tuple[Wanted, ...]) -> list[tuple[str, str, int]]:
    return [(each.part.value, each.department.value, each.line.number) for each in wanted]


def test_an_order_goes_to_the_department_of_its_category() -> None:
    """R-4.10, R-4.18"""
    wanted, replaced = plan([CLAIM], [], by_table)
    assert (told(wanted), replaced) == ([("main", "business_management", 1)], ())


def test_payment_goes_to_finance_with_business_management_and_it() -> None:
    """R-3.41"""
    wanted, _ = plan([Line(1, Category.PAYMENT)], [], by_table)
    assert told(wanted) == [("main", "finance", 1), ("joint", "business_management", 1), ("joint", "it", 1)]


def test_sales_inspection_supervises_what_sales_investigates() -> None:
    """R-3.39, F-26"""
    wanted, _ = plan([Line(1, Category.SOLICITATION)], [], by_table)
    assert told(wanted) == [("main", "sales", 1), ("supervise", "sales_inspection", 1)]


def test_several_grievances_are_handled_in_parallel_under_one_main_department() -> None:
    """R-4.9, R-4.10, F-3"""
    wanted, _ = plan([CLAIM, SOLD], [], by_table)
    assert told(wanted) == [
        ("main", "business_management", 1),
        ("joint", "sales", 2),
        ("supervise", "sales_inspection", 2),
    ]
    assert [each.leads for each in wanted] == [True, True, False]


def test_nobody_who_works_on_an_order_gets_a_copy_of_it_and_nobody_two() -> None:
    """R-3.44"""
    copied = Route(Department.FINANCE, copies=(Department.SALES, Department.IT), supervise=(Department.IT,))
    wanted, _ = plan([CLAIM, SOLD], [], lambda line: copied if line is CLAIM else by_table(line))
    assert told(wanted) == [
        ("main", "finance", 1),
        ("copy", "it", 1),
        ("joint", "sales", 2),
        ("supervise", "sales_inspection", 2),
    ]


def test_a_slip_given_back_is_dispatched_anew_and_the_others_stay() -> None:
    """R-4.20"""
    back = replace(MAIN, state=SlipState.RETURNED)
    other = Slip(2, Part.JOINT, SlipState.ACCEPTED, Department.IT, 1, leads=False)
    wanted, replaced = plan([CLAIM], [back, other], by_table, Department.FINANCE)
    assert (told(wanted), replaced) == ([("main", "finance", 1)], ())


def test_naming_another_department_takes_the_slip_from_the_first() -> None:
    """R-4.18"""
    assert plan([CLAIM], [MAIN], by_table, Department.FINANCE)[1] == (1,)
    answered = replace(MAIN, state=SlipState.ANSWERED)
    wanted, replaced = plan([CLAIM], [answered], by_table, Department.FINANCE)
    assert (told(wanted), replaced) == ([("joint", "finance", 1)], ())


def test_what_is_out_is_not_sent_again() -> None:
    """R-4.18"""
    assert plan([CLAIM], [MAIN], by_table) == ((), ())
    assert plan([CLAIM], [MAIN], by_table, Department.BUSINESS_MANAGEMENT) == ((), ())


def test_an_order_without_a_category_goes_where_it_is_sent() -> None:
    """R-4.18"""
    assert told(plan([Line(1, None)], [], by_table, Department.FINANCE)[0]) == [("main", "finance", 1)]
    assert plan([Line(1, None)], [], by_table) == ((), ())


def test_returns_of_the_leading_department_are_counted_by_line() -> None:
    """F-21, M-18"""
    back = replace(MAIN, state=SlipState.RETURNED)
    joint = replace(back, place=3, part=Part.JOINT, leads=False)
    other = replace(back, place=4, part=Part.JOINT, line=2)
    assert slips.returns([back, replace(back, place=2), joint, other], 1) == 2


@pytest.mark.parametrize(
    ("slip", "owed"),
    [
        (MAIN, True),
        (replace(MAIN, state=SlipState.ACCEPTED), True),
        (replace(MAIN, state=SlipState.ANSWERED), False),
        (replace(MAIN, state=SlipState.RELEASED), False),
        (replace(MAIN, state=SlipState.RETURNED), True),
        (replace(MAIN, part=Part.JOINT, leads=False), True),
        (replace(MAIN, part=Part.JOINT, leads=False, state=SlipState.RETURNED), False),
        (replace(MAIN, part=Part.COPY, leads=False), False),
        (replace(MAIN, part=Part.SUPERVISE, leads=False), False),
    ],
)
def test_tasks_are_owed_an_answer_and_copies_are_not(slip: Slip, owed: bool) -> None:
    """R-4.22, R-3.44, R-3.39"""
    assert bool(slips.unanswered([slip])) is owed


def test_what_another_department_took_over_is_no_longer_owed() -> None:
    """R-4.20"""
    back = replace(MAIN, state=SlipState.RETURNED)
    assert slips.unanswered([back, replace(MAIN, place=2, state=SlipState.ANSWERED)]) == ()


@pytest.mark.parametrize("state", list(SlipState))
@pytest.mark.parametrize("action", list(SlipAction))
def test_a_slip_moves_by_its_table_and_in_no_other_way(state: SlipState, action: SlipAction) -> None:
    """R-4.20, R-4.22"""
    slip = replace(MAIN, state=state, department=Department.SALES if action is SlipAction.CASE else MAIN.department)
    if (state, action) in MOVES:
        assert slips.after(slip, action) is MOVES[state, action]
        return
    with pytest.raises(MoveRefusedError) as refused:
        slips.after(slip, action)
    assert (refused.value.rules, refused.value.details["status"]) == (("R-4.20",), state.value)


@pytest.mark.parametrize("part", [Part.COPY, Part.SUPERVISE])
@pytest.mark.parametrize("action", [SlipAction.RETURN, SlipAction.ASK, SlipAction.ANSWER])
def test_who_only_looks_on_neither_returns_nor_answers(part: Part, action: SlipAction) -> None:
    """R-3.44"""
    with pytest.raises(MoveRefusedError) as refused:
        slips.after(replace(MAIN, part=part, leads=False, state=SlipState.ACCEPTED), action)
    assert refused.value.rules == ("R-3.44",)


def test_what_the_supervisor_decided_is_not_given_back() -> None:
    """F-21, R-3.5"""
    with pytest.raises(MoveRefusedError) as refused:
        slips.after(replace(MAIN, fixed=True), SlipAction.RETURN)
    assert refused.value.rules == ("F-21", "R-3.5")


def test_the_leading_department_asks_the_others_itself() -> None:
    """R-4.19"""
    accepted = replace(MAIN, state=SlipState.ACCEPTED)
    assert slips.after(accepted, SlipAction.ASK) is SlipState.ACCEPTED
    with pytest.raises(MoveRefusedError) as refused:
        slips.after(replace(accepted, part=Part.JOINT, leads=False), SlipAction.ASK)
    assert refused.value.rules == ("R-4.19",)


def test_after_too_many_returns_the_supervisor_alone_says_whose_it_is() -> None:
    """F-21, R-4.20"""
    disputed = replace(TICKET, status=Status.DISPATCHED, owner_disputed=True)
    assert refusal(disputed, a_step(Action.DISPATCH, fixes_owner=False)) == ("F-21", "R-4.20")
    assert move(disputed, a_step(Action.DISPATCH, fixes_owner=True)) is Status.DISPATCHED


def test_a_dispatch_that_sends_nothing_is_refused() -> None:
    """R-4.18"""
    assert refusal(replace(TICKET, sends=0), a_step(Action.DISPATCH)) == ("R-4.18",)


def test_an_order_is_handled_when_every_department_has_answered() -> None:
    """R-4.22, R-4.11"""
    waiting = replace(TICKET, status=Status.DISPATCHED, unanswered=("H01", "H02"))
    assert refusal(waiting, a_step(Action.HANDLE)) == ("R-4.22", "R-4.11")
    assert move(replace(waiting, unanswered=()), a_step(Action.HANDLE)) is Status.HANDLED


def test_the_main_department_or_the_complaint_post_states_the_decision() -> None:
    """R-4.22, R-4.11"""
    ticket = replace(TICKET, status=Status.DISPATCHED, main_department=Department.FINANCE)
    it = a_step(Action.HANDLE, for_post=False, own_department=Department.IT)
    assert refusal(ticket, it) == ("R-4.22", "R-4.11")
    assert move(ticket, replace(it, own_department=Department.FINANCE)) is Status.HANDLED
    assert move(ticket, replace(it, for_post=True)) is Status.HANDLED


@given(
    st.lists(st.tuples(st.sampled_from(list(SlipAction)), st.integers(0, 5)), max_size=40),
    st.lists(st.sampled_from([None, *Department]), min_size=1, max_size=6),
)
def test_a_line_never_has_two_leading_departments(
    acts: list[tuple[SlipAction, int]], named: list[Department | None]
) -> None:
    """R-4.10, R-4.20: whatever is returned, released and dispatched anew."""
    out: list[Slip] = []
    lines = [CLAIM, SOLD]
    for number, (action, which) in enumerate(acts):
        wanted, replaced = plan(lines, out, by_table, named[number % len(named)], 1 + number % 2)
        out = [replace(slip, state=SlipState.RELEASED) if slip.place in replaced else slip for slip in out]
        for each in wanted:
            place = len(out) + 1
            out.append(Slip(place, each.part, SlipState.SENT, each.department, each.line.number, each.leads))
        for line in lines:
            leading = [slip for slip in out if slip.line == line.number and slip.leads and not slip.given_up]
            assert len(leading) == 1
        place = which % len(out)
        try:
            out[place] = replace(out[place], state=slips.after(out[place], action))
        except MoveRefusedError:
            continue


def test_customer_service_sets_a_day_to_report_by_for_slips_in_hand_and_not_in_the_past() -> None:
    """R-3.45"""
    today = date(2026, 11, 18)
    in_hand = Slip(1, Part.MAIN, SlipState.ACCEPTED, Department.SALES, 1, leads=True)
    slips.check_report_day(in_hand, today, today)
    copied, answered = replace(in_hand, part=Part.COPY), replace(in_hand, state=SlipState.ANSWERED)
    for slip, day in ((in_hand, date(2026, 11, 17)), (copied, today), (answered, today)):
        with pytest.raises(MoveRefusedError) as refused:
            slips.check_report_day(slip, day, today)
        assert refused.value.rules == ("R-3.45",)
