"""The groups an order is in."""

from dataclasses import replace
from datetime import date

import pytest

from tests.worked_example import ORDERS, PERIOD, T01, T02
from tickets.categories import Category, Department, DisputeType
from tickets.grouping import MANY, Dimension, Grouping, Unplaced, groups
from tickets.intake import ForwarderLevel, Source
from tickets.measures import members, weighed
from tickets.statistics import Figure

pytestmark = pytest.mark.unit
_G = Grouping


@pytest.mark.parametrize("grouping", sorted(set(Grouping) - MANY))
def test_groups_add_up_to_the_whole(grouping: Grouping) -> None:
    """D-10, T-4"""
    for order, _ in members(Figure.PIECES, weighed(ORDERS), PERIOD):
        assert len(groups(order, grouping)) == 1


@pytest.mark.parametrize(
    ("grouping", "key"),
    [
        (_G.DAY, "2025-09-05"),
        (_G.MONTH, "2025-09"),
        (_G.QUARTER, "2025-Q3"),
        (_G.HALF_YEAR, "2025-H2"),
        (_G.YEAR, "2025"),
        (_G.CATEGORY, Category.SOLICITATION),
        (_G.DISPUTE, DisputeType.SALES),
        (_G.PRODUCT, Unplaced.POLICY),
        (_G.SUBJECT, Unplaced.SUBJECT),
        (_G.ORGANISATION, Unplaced.ORGANISATION),
    ],
)
def test_an_order_is_in_the_group_of_its_day_and_main_cause(grouping: Grouping, key: str) -> None:
    """D-11, D-14"""
    assert groups(T02, grouping) == [key]


def test_a_mention_is_in_the_group_of_each_cause_and_department() -> None:
    """D-10, R-3.24"""
    assert groups(T02, _G.CAUSE) == ["solicitation", "underwriting"]
    assert groups(replace(T02, mentioned=()), _G.CAUSE) == ["undetermined"]
    several = replace(T02, departments=(Department.FINANCE, Department.IT))
    assert groups(several, _G.DEPARTMENT) == ["finance", "it"]
    assert groups(T02, _G.DEPARTMENT) == ["no_department"]


def test_the_organisations_that_accepted_and_that_underwrote_are_kept_apart() -> None:
    """D-12, R-1.10"""
    order = replace(T01, accepting="hq/gd/gd-gz/", underwriting="hq/sc/sc-cd/", received=date(2025, 9, 3))
    assert groups(order, _G.ORGANISATION) == ["gd-gz"]
    assert groups(order, _G.ORGANISATION, Dimension.UNDERWRITING) == ["sc-cd"]
    assert groups(order, _G.BRANCH, below="hq/") == ["gd"]
    assert groups(order, _G.BRANCH, below="hq/gd/") == ["gd-gz"]
    assert groups(order, _G.BRANCH, below="hq/gd/gd-gz/") == ["gd-gz"]


def test_responsible_organisations_are_those_of_the_departments_and_may_be_several() -> None:
    """D-12, R-3.26: each with its own departments, and within a branch only those of it."""
    of_two = replace(
        T01,
        accepting="hq/gd/gd-gz/",
        departments=(Department.SALES, Department.IT),
        responsible=("hq/gd/gd-gz/", "hq/"),
    )
    responsible = Dimension.RESPONSIBLE
    assert groups(of_two, _G.ORGANISATION, responsible) == ["gd-gz", "hq"]
    assert groups(of_two, _G.BRANCH, responsible, "hq/") == ["gd", "hq"]
    assert groups(of_two, _G.ORGANISATION, responsible, "hq/gd/") == ["gd-gz"]
    assert groups(of_two, _G.DEPARTMENT, responsible, "hq/gd/") == ["sales"]
    assert groups(of_two, _G.DEPARTMENT, below="hq/gd/") == ["sales", "it"]
    assert groups(T01, _G.ORGANISATION, responsible) == ["unknown"]


@pytest.mark.parametrize(
    ("source", "level", "key"),
    [
        (Source.REGULATOR, ForwarderLevel.HEADQUARTERS, "headquarters"),
        (Source.REGULATOR, None, "level_unknown"),
        (Source.UPPER_COMPANY, ForwarderLevel.HEADQUARTERS, "not_forwarded"),
        (Source.DIRECT, None, "not_forwarded"),
    ],
)
def test_only_the_regulators_level_counts(source: Source, level: ForwarderLevel | None, key: str) -> None:
    """M-16"""
    order = replace(T01, source=source, forwarder_level=level)
    assert groups(order, _G.REGULATOR) == [key]
    assert order.skipped_level == (key == "headquarters")
