"""Who signs for a cause, and what a missing signature holds up (R-3.24, R-3.26, F-20, B-1)."""

from dataclasses import replace

import pytest

from tests.unit.tickets.test_lifecycle import READY, TICKET, a_step, refusal
from tickets.categories import Category, Department
from tickets.guards import move
from tickets.lifecycle import Action, Cause, Liability, Status, Validity
from tickets.signatures import Signature, missing, required

pytestmark = pytest.mark.unit

D = Department
SALES = Cause(Category.SOLICITATION, (D.SALES,))
SYSTEM = Cause(Category.PAYMENT, (D.FINANCE,), system=True)


@pytest.mark.parametrize(
    ("causes", "heads"),
    [
        ([], ()),
        ([SALES], (D.SALES,)),
        ([SALES, Cause(Category.CLAIMS, (D.BUSINESS_MANAGEMENT, D.SALES))], (D.SALES, D.BUSINESS_MANAGEMENT)),
        ([SYSTEM], (D.IT,)),
        ([SYSTEM, replace(SYSTEM, category=Category.SMS)], (D.IT,)),
        ([SALES, SYSTEM], (D.SALES, D.FINANCE, D.IT)),
        ([Cause(Category.PAYMENT, (D.IT,)), SYSTEM], (D.IT, D.FINANCE)),
    ],
)
def test_every_responsible_head_signs_and_its_head_where_a_system_is_the_cause(
    causes: list[Cause], heads: tuple[Department, ...]
) -> None:
    """R-3.26, F-20: alone where a system is the only cause."""
    assert required(causes) == heads


def test_what_a_head_said_last_counts() -> None:
    """R-3.26"""
    assert missing([SALES], []) == (D.SALES,)
    assert missing([SALES], [Signature(D.SALES, signed=False)]) == (D.SALES,)
    assert missing([SALES], [Signature(D.SALES, signed=False), Signature(D.SALES, signed=True)]) == ()
    assert missing([SALES], [Signature(D.FINANCE, signed=True)]) == (D.SALES,)


def test_nothing_closes_while_a_head_has_not_signed() -> None:
    """R-3.26, R-3.34, F-20, B-1"""
    unsigned = replace(READY, responsible=(D.SALES, D.IT), unsigned=(D.IT,))
    assert refusal(unsigned, a_step(Action.CLOSE)) == ("R-3.26", "F-20", "B-1")
    assert move(replace(unsigned, unsigned=()), a_step(Action.CLOSE)) is Status.CLOSED


def test_a_ruling_replaces_the_signatures_it_names() -> None:
    """R-3.5, F-21"""
    causes = (Cause(Category.CLAIMS, (D.BUSINESS_MANAGEMENT, D.SALES)),)
    assert missing(causes, (), (D.SALES,)) == (D.BUSINESS_MANAGEMENT,)


def test_an_invalid_complaint_and_a_finding_need_no_signature() -> None:
    """R-3.26, R-2.5"""
    assert move(replace(READY, validity=Validity.INVALID, unsigned=(D.IT,)), a_step(Action.CLOSE)) is Status.CLOSED
    finding = replace(READY, is_complaint=False, is_finding=True, unsigned=(D.IT,))
    assert move(finding, a_step(Action.CLOSE)) is Status.CLOSED


def test_each_cause_names_its_departments_unless_nobody_is_at_fault() -> None:
    """R-3.24, R-3.26, F-1"""
    bare = a_step(Action.DETERMINE, causes=(SALES, Cause(Category.CLAIMS)))
    assert refusal(TICKET, bare) == ("R-3.26", "R-3.24")
    assert move(TICKET, replace(bare, liability=Liability.NONE)) is Status.RECORDED
    assert move(TICKET, replace(bare, causes=(SALES, Cause(Category.SMS, system=True)))) is Status.RECORDED


TO_SIGN = replace(READY, responsible=(D.SALES, D.IT), unsigned=(D.SALES, D.IT), handled_at_path="hq/gd/gd-gz/")


@pytest.mark.parametrize(
    ("department", "path", "rules"),
    [
        (D.SALES, "hq/gd/gd-gz/", None),
        (D.IT, "hq/gd/", None),
        (D.FINANCE, "hq/gd/gd-gz/", ("R-3.26", "F-20")),
        (None, "hq/gd/gd-gz/", ("R-3.26", "F-20")),
        (D.SALES, "hq/gd/gd-sz/", ("R-3.26", "F-20")),
        (D.SALES, "hq/gd/gd-gz/gd-gz-a/", ("R-3.26", "F-20")),
    ],
)
def test_the_head_of_the_department_found_responsible_signs_there_or_above(
    department: Department | None, path: str, rules: tuple[str, ...] | None
) -> None:
    """R-3.26, F-20: where it was handled, or in a company above."""
    step = a_step(Action.SIGN, own_department=department, path=path)
    if rules is None:
        assert move(TO_SIGN, step) is Status.INFORMED
    else:
        assert refusal(TO_SIGN, step) == rules


def test_a_head_signs_once_and_a_refusal_has_its_reason() -> None:
    """R-3.26"""
    step = a_step(Action.SIGN, own_department=D.SALES, path="hq/")
    assert refusal(replace(TO_SIGN, unsigned=(D.IT,)), step) == ("R-3.26",)
    assert refusal(TO_SIGN, replace(step, agrees=False, note="")) == ("R-3.26",)
    assert move(TO_SIGN, replace(step, agrees=False, note="不属本部门责任")) is Status.INFORMED


@pytest.mark.parametrize("validity", [Validity.PENDING, Validity.INVALID])
def test_there_is_nothing_to_sign_before_a_department_is_found_responsible(validity: Validity) -> None:
    """R-3.26"""
    step = a_step(Action.SIGN, own_department=D.SALES, path="hq/")
    assert refusal(replace(TO_SIGN, validity=validity), step) == ("R-3.26",)
