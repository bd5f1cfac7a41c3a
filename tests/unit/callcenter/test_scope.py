"""Who is called back for what, and by when: the scope rules by table and by property."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks import scope
from callcenter.callbacks.scope import NEW_BUSINESS, SHIPPED, Reason, Rule, Start
from callcenter.callbacks.script import Condition
from callcenter.callbacks.task import Purpose
from callcenter.customers.customer import Policy
from tests.service.customers import a_customer, a_policy
from tickets.calendar import end_of_day

pytestmark = pytest.mark.unit


def test_group_and_short_policies_are_not_called_back_but_renewable_health_is() -> None:
    """C-1, C-2"""
    policy = a_policy(a_customer(), "P1")
    assert scope.refusal(policy, NEW_BUSINESS) is None
    assert scope.refusal(replace(policy, sales_channel="group"), NEW_BUSINESS) is Reason.OUT_OF_SCOPE
    assert scope.refusal(replace(policy, long_term=False), NEW_BUSINESS) is Reason.OUT_OF_SCOPE
    assert (
        scope.refusal(replace(policy, long_term=False, product_kind="health", guaranteed_renewal=True), NEW_BUSINESS)
        is None
    )


def test_the_cooling_off_period_starts_with_the_signed_receipt() -> None:
    """C-3, C-4"""
    policy = replace(a_policy(a_customer(), "P1"), received_on=date(2026, 11, 1), cooling_off_days=15)
    assert scope.cooling_off(policy) == scope.CoolingOff(date(2026, 11, 16), assumed=False)
    assert scope.cooling_off(replace(policy, received_on=None)) is None


def test_an_unknown_period_is_the_shortest_and_flagged_and_the_floors_hold() -> None:
    """C-4"""
    policy = replace(a_policy(a_customer(), "P1"), received_on=date(2026, 11, 1), cooling_off_days=None)
    assert scope.cooling_off(policy) == scope.CoolingOff(date(2026, 11, 11), assumed=True)
    bank = replace(policy, sales_channel="bank", cooling_off_days=10)
    assert scope.cooling_off(bank) == scope.CoolingOff(date(2026, 11, 16), assumed=False)
    health = replace(policy, product_kind="health", cooling_off_days=10)
    assert scope.cooling_off(health) == scope.CoolingOff(date(2026, 11, 16), assumed=False)


def test_sales_at_banks_unit_linked_and_to_seniors_had_to_be_recorded() -> None:
    """C-7"""
    policy = replace(a_policy(a_customer(), "P1"), issued_on=date(2026, 11, 10))
    assert not scope.sale_was_to_be_recorded(policy, date(1980, 1, 1))
    assert scope.sale_was_to_be_recorded(replace(policy, sales_channel="bank"), None)
    assert scope.sale_was_to_be_recorded(replace(policy, product_kind="unit_linked"), None)
    assert scope.sale_was_to_be_recorded(policy, date(1966, 11, 10))
    assert not scope.sale_was_to_be_recorded(policy, date(1966, 11, 11))


EVENTS = [
    (Purpose.RENEWAL, {"premium_due_on": date(2026, 11, 1)}, date(2026, 12, 31)),
    (Purpose.LAPSED, {"lapsed_on": date(2026, 11, 1), "status": "lapsed"}, date(2026, 12, 1)),
    (Purpose.SURRENDER, {"surrendered_on": date(2026, 11, 1), "status": "surrendered"}, date(2026, 11, 16)),
    (Purpose.CLAIM, {"claim_settled_on": date(2026, 11, 1), "status": "terminated"}, date(2026, 12, 1)),
    (Purpose.PAYMENT, {"paid_out_on": date(2026, 11, 1)}, date(2026, 12, 1)),
    (Purpose.DEPARTED_AGENT, {"salesperson_left_on": date(2026, 11, 1)}, date(2026, 12, 1)),
]


@pytest.mark.parametrize(("purpose", "facts", "last_day"), EVENTS, ids=lambda each: str(each)[:20])
def test_each_other_purpose_counts_its_days_from_what_happened_to_the_policy(
    purpose: Purpose, facts: dict[str, Any], last_day: date
) -> None:
    """C-22: the holder of a departed agent's policy is told within 30 days of the leaving."""
    rule = SHIPPED[purpose]
    policy = a_policy(a_customer(), "P1", long_term=False)
    assert scope.refusal(policy, rule) is not None
    happened = replace(policy, **facts)
    assert scope.refusal(happened, rule) is None
    assert scope.window(happened, rule).due_at == end_of_day(last_day)


def test_every_purpose_has_a_shipped_rule_that_could_be_published() -> None:
    """C-22"""
    assert set(SHIPPED) == set(Purpose)
    assert [list(scope.problems(rule)) for rule in SHIPPED.values()] == [[]] * len(SHIPPED)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"health_days": 14}, "C-4"),
        ({"bank_days": 10}, "C-4"),
        ({"fallback_days": 11}, "C-4"),
        ({"senior_age": 61}, "C-7"),
        ({"statuses": frozenset({"lapsed"})}, "C-1"),
        ({"starts": Start.LAPSED}, "C-22"),
        ({"days": 20}, "C-3"),
    ],
)
def test_a_rule_that_leaves_out_what_the_law_asks_for_is_not_published(change: dict[str, Any], rule: str) -> None:
    """C-1, C-3, C-4, C-7"""
    problems = list(scope.problems(replace(NEW_BUSINESS, **change)))
    assert rule in {named for problem in problems for named in problem.rules}


def test_thirty_days_after_a_salesperson_left_can_only_be_shortened() -> None:
    """C-22"""
    departed = SHIPPED[Purpose.DEPARTED_AGENT]
    assert list(scope.problems(replace(departed, days=20))) == []
    assert list(scope.problems(replace(departed, days=31))) != []


POLICIES = st.builds(
    lambda **changes: a_policy(a_customer(), "P1", **changes),
    product_kind=st.sampled_from(["life", "annuity", "health", "participating", "universal", "unit_linked"]),
    sales_channel=st.sampled_from(["agent", "bank", "telesales", "internet", "broker", "group"]),
    long_term=st.booleans(),
    guaranteed_renewal=st.booleans(),
    group_business=st.booleans(),
    payment=st.sampled_from(["single", "yearly", "monthly"]),
    cooling_off_days=st.none() | st.integers(1, 60),
    received_on=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    status=st.sampled_from(sorted(scope.STATUSES)),
)
RULES = st.builds(
    Rule,
    purpose=st.just(Purpose.NEW_BUSINESS),
    starts=st.just(Start.RECEIVED),
    days=st.none(),
    statuses=st.frozensets(st.sampled_from(sorted(scope.STATUSES))).map(lambda some: some | {"in_force"}),
    any_term=st.booleans(),
    group=st.booleans(),
    fallback_days=st.integers(1, 10),
    bank_days=st.integers(15, 30),
    health_days=st.integers(15, 30),
    senior_age=st.integers(50, 60),
)


@given(POLICIES, RULES)
def test_no_rule_that_can_be_published_leaves_out_what_the_law_puts_in(policy: Policy, rule: Rule) -> None:
    """C-1, C-2: a published rule may only call back more."""
    assert list(scope.problems(rule)) == []
    if scope.refusal(policy, NEW_BUSINESS) is None:
        assert scope.refusal(policy, rule) is None


@given(POLICIES)
def test_in_scope_is_personal_and_long_or_renewed_by_guarantee(policy: Policy) -> None:
    """C-1, C-2"""
    personal = not policy.group_business and policy.sales_channel != "group"
    long = policy.long_term or (policy.product_kind == "health" and policy.guaranteed_renewal)
    in_force = replace(policy, status="in_force")
    assert (scope.refusal(in_force, NEW_BUSINESS) is None) == (personal and long)


@given(POLICIES)
def test_a_cooling_off_period_is_never_under_its_floor_nor_longer_than_known(policy: Policy) -> None:
    """C-4"""
    days = scope.cooling_off_days(policy)
    floor = 15 if scope.is_long_term_health(policy) or (policy.sales_channel == "bank" and policy.long_term) else 0
    known = 10 if policy.cooling_off_days is None else policy.cooling_off_days
    assert days == max(known, floor)
    period = scope.cooling_off(policy)
    assert (period is None) == (policy.received_on is None)
    if period is not None and policy.received_on is not None:
        assert period.last_day == policy.received_on + timedelta(days=days)
        assert period.assumed == (policy.cooling_off_days is None)


def test_what_holds_of_a_policy_decides_which_steps_are_for_its_holder() -> None:
    """C-6, C-7, C-15, C-21"""
    plain = a_policy(a_customer(), "P1")
    assert scope.conditions(plain, None, extends=False) == {Condition.INSTALMENT}
    assert scope.conditions(replace(plain, payment="single"), None, extends=False) == frozenset()
    assert Condition.SALE_RECORDED in scope.conditions(replace(plain, sale_recorded=True), None, extends=False)
    assert Condition.LONG_TERM_HEALTH in scope.conditions(replace(plain, product_kind="health"), None, extends=False)
    assert Condition.REFUND_EXTENDED in scope.conditions(plain, None, extends=True)


def test_a_policy_of_a_group_is_out_of_scope_whoever_sold_it() -> None:
    """C-1"""
    assert scope.refusal(a_policy(a_customer(), "P1", group_business=True), NEW_BUSINESS) is Reason.OUT_OF_SCOPE
