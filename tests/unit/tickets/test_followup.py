"""Nobody in sales handles a finding, and who was misled is told of the right to rescind (C-11, C-14, C-15)."""

from dataclasses import replace

import pytest

from tickets import followup
from tickets.categories import Department
from tickets.lifecycle import Action, Level, Standing, Status, Step, Validity

pytestmark = pytest.mark.unit

FINDING = Standing(
    status=Status.DISPATCHED,
    is_finding=True,
    grave_finding=True,
    is_complaint=False,
    ruling_needed=False,
    validity=Validity.PENDING,
    causes=(),
    category=None,
    forwarded=False,
    accepting_organisation="hq",
    accepting_level=Level.HQ,
    owed=(),
)
COMPLAINT = replace(FINDING, is_finding=False, is_complaint=True)
STEP = Step(Action.HANDLE, organisation="hq", level=Level.HQ, actor="a")


def rules(standing: Standing, step: Step) -> list[str]:
    found = [guard(standing, step) for guard in followup.GUARDS.get(step.action, ())]
    return [refusal.rules[0] for refusal in found if refusal is not None]


@pytest.mark.parametrize("action", [Action.DISPATCH, Action.SETTLE, Action.HANDLE, Action.INFORM, Action.CLOSE])
@pytest.mark.parametrize(
    ("standing", "step"),
    [(FINDING, replace(STEP, in_sales=True)), (replace(FINDING, sellers=("a", "b")), STEP)],
)
def test_neither_sales_nor_the_salesperson_handles_a_finding(action: Action, standing: Standing, step: Step) -> None:
    """C-14, C-11, L-31"""
    assert rules(standing, replace(step, action=action)) == ["C-14"]
    assert rules(replace(standing, is_finding=False, is_complaint=True), replace(step, action=action)) == []
    assert rules(standing, replace(STEP, action=action, actor="c")) == []


def test_a_finding_is_neither_led_by_sales_nor_given_to_who_sells() -> None:
    """C-14, C-11"""
    dispatch = replace(STEP, action=Action.DISPATCH)
    assert rules(replace(FINDING, leads_asked=(Department.IT, Department.SALES)), dispatch) == ["C-14"]
    assert rules(replace(COMPLAINT, leads_asked=(Department.SALES,)), dispatch) == []
    assign = replace(STEP, action=Action.ASSIGN, handler="b")
    assert rules(replace(FINDING, handler_in_sales=True), assign) == ["C-14"]
    assert rules(replace(FINDING, sellers=("b",)), assign) == ["C-14"]
    assert rules(replace(FINDING, sellers=("a",)), assign) == []


@pytest.mark.parametrize("action", [Action.INFORM, Action.CLOSE])
@pytest.mark.parametrize("standing", [FINDING, COMPLAINT])
def test_the_right_to_rescind_is_told_before_the_case_ends(action: Action, standing: Standing) -> None:
    """C-15: finding or complaint"""
    due, step = replace(standing, rescission_due=True), replace(STEP, action=action)
    assert rules(due, step) == ["C-15"]
    assert rules(due, replace(step, rescission_told=True)) == []
    assert rules(replace(due, rescission_told=True), step) == []
    assert rules(standing, step) == []


@pytest.mark.parametrize(("health", "misled", "due"), [(True, True, True), (True, False, False), (False, True, False)])
def test_it_is_due_to_the_misled_of_long_term_health(health: bool, misled: bool, due: bool) -> None:
    """C-15"""
    assert followup.rescission_due(long_term_health=health, misled=misled) is due
