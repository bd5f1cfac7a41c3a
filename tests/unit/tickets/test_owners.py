"""Who handles which kind of finding: every kind has an owner, never led by sales (C-14, C-26)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import owners, routing
from tickets.categories import Category, Department, Route
from tickets.findings import GRAVE, SALES_CONDUCT, Subject
from tickets.slips import Line

pytestmark = pytest.mark.unit

ROUTING = routing.table(routing.SHIPPED)


def test_every_kind_has_a_shipped_owner_outside_sales() -> None:
    """C-26, C-14"""
    assert list(owners.problems(owners.SHIPPED)) == []
    table = owners.owners(owners.SHIPPED)
    assert set(table) == set(Subject)
    assert GRAVE < SALES_CONDUCT
    assert {table[kind].route.main for kind in SALES_CONDUCT} == {Department.SALES_INSPECTION}


def test_the_grave_kinds_are_those_of_the_catalogue() -> None:
    """C-26"""
    assert {kind.value for kind in GRAVE} == {
        *("mis_selling", "untrue_information", "forged_signature", "risk_sentence_copied"),
        *("callback_taken_by_another", "data_altered"),
    }


@given(st.sampled_from(Subject), st.sampled_from(Category), st.integers(1, 11))
def test_no_line_of_a_finding_is_led_by_sales(kind: Subject, category: Category, number: int) -> None:
    """C-14"""
    table = owners.owners(owners.SHIPPED)
    found = owners.route(table, kind, ROUTING, Line(number, category))
    assert found is not None
    assert found.main is not Department.SALES
    named = [found.main, *found.joint, *found.copies, *found.supervise]
    assert len(named) == len(set(named))


def test_a_line_without_a_category_goes_nowhere_by_itself() -> None:
    """F-8"""
    assert owners.route(owners.owners(owners.SHIPPED), Subject.CLAIM, ROUTING, Line(2, None)) is None


def test_a_table_with_sales_in_the_lead_a_kind_twice_or_missing_is_refused() -> None:
    """C-14, C-26"""
    first, *rest = owners.SHIPPED
    led = [replace(first, route=Route(Department.SALES)), *rest]
    twice = [*owners.SHIPPED, first]
    missing = rest
    doubled = [replace(first, route=Route(Department.IT, joint=(Department.IT,))), *rest]
    found = [[problem.rules[0] for problem in owners.problems(table)] for table in (led, twice, missing, doubled)]
    assert found == [["C-14"], ["C-26"], ["C-26"], ["R-2.4"]]
