"""Which policies are called back for what, by when, and what more is asked (C-1 … C-4, C-7, C-22).

The rules are data, one for each purpose; another version of one may be published, valid from a day on. Must never guess
a longer period, nor let a published rule leave out what the law asks for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from callcenter.callbacks.script import Condition
from callcenter.callbacks.task import Purpose
from callcenter.customers.customer import Policy
from tickets.calendar import end_of_day
from tickets.errors import Problem, Words

STATUSES = frozenset({"pending", "in_force", "lapsed", "surrendered", "terminated"})
LEFT_DAYS = 30


class Start(StrEnum):
    """The day of a policy from which the days to call back in are counted."""

    RECEIVED = "received_on"
    PREMIUM_DUE = "premium_due_on"
    LAPSED = "lapsed_on"
    SURRENDERED = "surrendered_on"
    CLAIM_SETTLED = "claim_settled_on"
    PAID_OUT = "paid_out_on"
    SALESPERSON_LEFT = "salesperson_left_on"


START_WORDS: Mapping[Start, Words] = {
    Start.RECEIVED: Words("保单签收日", "signed receipt of the policy"),
    Start.PREMIUM_DUE: Words("续期保费应交日", "the day the renewal premium was due"),
    Start.LAPSED: Words("保单失效日", "the day the policy lapsed"),
    Start.SURRENDERED: Words("退保日", "the day of surrender"),
    Start.CLAIM_SETTLED: Words("理赔结案日", "the day the claim was settled"),
    Start.PAID_OUT: Words("给付日", "the day of payment"),
    Start.SALESPERSON_LEFT: Words("销售人员离职日", "the day the salesperson left"),
}


class Reason(StrEnum):
    """Why a policy is not called back for a purpose."""

    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which policies are called back for a purpose, and within how many natural days from which of their days.

    `days`: None where the cooling-off period decides. `starts`: None where there is no limit. `any_term`: also policies
    of up to one year. The rest is for the cooling-off period and for recorded sales (C-4, C-7).
    """

    purpose: Purpose
    starts: Start | None
    days: int | None
    statuses: frozenset[str]
    any_term: bool = True
    group: bool = False
    fallback_days: int = 10
    bank_days: int = 15
    health_days: int = 15
    senior_age: int = 60


IN_FORCE = frozenset({"in_force"})
SHIPPED: Mapping[Purpose, Rule] = {
    Purpose.NEW_BUSINESS: Rule(Purpose.NEW_BUSINESS, Start.RECEIVED, None, IN_FORCE, any_term=False),
    Purpose.RETURN_CALL: Rule(Purpose.RETURN_CALL, None, None, STATUSES, group=True),
    Purpose.RENEWAL: Rule(Purpose.RENEWAL, Start.PREMIUM_DUE, 60, IN_FORCE),
    Purpose.LAPSED: Rule(Purpose.LAPSED, Start.LAPSED, 30, frozenset({"lapsed"})),
    Purpose.SURRENDER: Rule(Purpose.SURRENDER, Start.SURRENDERED, 15, frozenset({"surrendered"})),
    Purpose.CLAIM: Rule(Purpose.CLAIM, Start.CLAIM_SETTLED, 30, STATUSES),
    Purpose.PAYMENT: Rule(Purpose.PAYMENT, Start.PAID_OUT, 30, STATUSES),
    Purpose.RECHECK: Rule(Purpose.RECHECK, None, None, STATUSES),
    Purpose.DEPARTED_AGENT: Rule(Purpose.DEPARTED_AGENT, Start.SALESPERSON_LEFT, LEFT_DAYS, IN_FORCE),
}
"""What holds until another version is published. The 60 days of grace are the Insurance Law's (art. 36), the 30 after a
salesperson left C-22's; the other lengths are defaults of ours."""
NEW_BUSINESS = SHIPPED[Purpose.NEW_BUSINESS]


@dataclass(frozen=True, slots=True)
class CoolingOff:
    """The cooling-off period (犹豫期): its last day, and whether that day rests on an assumption."""

    last_day: date
    assumed: bool


@dataclass(frozen=True, slots=True)
class Window:
    """The time to call back in: until when, and whether that rests on an assumed cooling-off period (C-4)."""

    due_at: datetime | None
    assumed: bool


def refusal(policy: Policy, rule: Rule) -> Reason | None:
    """Why the policy is not called back by this rule; None when it is. New business: only personal policies, over one
    year or health with guaranteed renewal."""
    if policy.status not in rule.statuses:
        return Reason.NOT_IN_FORCE
    if not rule.group and (policy.group_business or policy.sales_channel == "group"):
        return Reason.OUT_OF_SCOPE
    if not rule.any_term and not (policy.long_term or is_long_term_health(policy)):
        return Reason.OUT_OF_SCOPE
    if rule.starts not in (None, Start.RECEIVED) and _started(policy, rule) is None:
        return Reason.OUT_OF_SCOPE
    return None


def is_long_term_health(policy: Policy) -> bool:
    """Long-term health insurance: over one year, or renewed by guarantee (C-2)."""
    return policy.product_kind == "health" and (policy.long_term or policy.guaranteed_renewal)


def window(policy: Policy, rule: Rule = NEW_BUSINESS) -> Window:
    """Until when the customer is to be called back; without end while the day it starts with is not known."""
    if rule.days is None:
        period = cooling_off(policy, rule) if rule.starts is Start.RECEIVED else None
        return Window(None, False) if period is None else Window(end_of_day(period.last_day), period.assumed)
    started = _started(policy, rule)
    return Window(None if started is None else end_of_day(started + timedelta(days=rule.days)), False)


def cooling_off_days(policy: Policy, rule: Rule = NEW_BUSINESS) -> int:
    """The length of the cooling-off period in natural days.

    A length below the legal floor is raised to it; an unknown length is taken as the shortest there is (C-4).
    """
    floor = rule.health_days if is_long_term_health(policy) else 0
    if policy.sales_channel == "bank" and policy.long_term:
        floor = max(floor, rule.bank_days)
    return max(rule.fallback_days if policy.cooling_off_days is None else policy.cooling_off_days, floor)


def cooling_off(policy: Policy, rule: Rule = NEW_BUSINESS) -> CoolingOff | None:
    """When the cooling-off period ends; None while the policy has not been signed for.

    The day of receipt is not counted. A length that is not known is flagged (C-4).
    """
    if policy.received_on is None:
        return None
    last_day = policy.received_on + timedelta(days=cooling_off_days(policy, rule))
    return CoolingOff(last_day, assumed=policy.cooling_off_days is None)


def is_late(at: datetime, due_at: datetime | None) -> bool:
    """Whether a callback of that moment comes after the cooling-off period, which ended at `due_at` (C-21)."""
    return due_at is not None and at >= due_at


def sale_was_to_be_recorded(policy: Policy, birth_date: date | None, rule: Rule = NEW_BUSINESS) -> bool:
    """Whether the sale had to be recorded, so that two more questions are asked (C-7)."""
    if policy.sales_channel == "bank" and policy.long_term:
        return True
    if policy.product_kind == "unit_linked":
        return True
    if birth_date is None or policy.issued_on is None or not policy.long_term:
        return False
    return _age(birth_date, policy.issued_on) >= rule.senior_age


def conditions(
    policy: Policy, birth_date: date | None, *, extends: bool, rule: Rule = NEW_BUSINESS
) -> frozenset[Condition]:
    """What holds of the policy for its script; `extends`: a late callback extends the full refund (C-21)."""
    held = {
        Condition.SALE_RECORDED: bool(policy.sale_recorded) or sale_was_to_be_recorded(policy, birth_date, rule),
        Condition.INSTALMENT: policy.payment != "single",
        Condition.LONG_TERM_HEALTH: is_long_term_health(policy),
        Condition.REFUND_EXTENDED: extends,
    }
    return frozenset(condition for condition, holds in held.items() if holds)


def problems(rule: Rule) -> Iterator[Problem]:
    """What keeps a rule from being published: it may ask for more than the law, never for less."""
    shipped = SHIPPED[rule.purpose]
    if rule.starts is not shipped.starts:
        yield Problem("starts", Words("起算日由用途决定", "the purpose decides what the days start with"), ("C-22",))
    if (rule.days is None) != (shipped.days is None):
        words = Words("期限天数由用途决定是否填写", "whether there is a number of days the purpose decides")
        yield Problem("days", words, ("C-3", "C-22"))
    if not rule.statuses or not rule.statuses <= STATUSES:
        yield Problem("statuses", Words("保单状态不可用", "no such status of a policy"), ("C-22",))
    if rule.purpose is Purpose.NEW_BUSINESS and not rule.statuses >= IN_FORCE:
        words = Words("有效保单必须回访", "policies in force must be called back")
        yield Problem("statuses", words, ("C-1", "C-2"))
    if rule.purpose is Purpose.DEPARTED_AGENT and rule.days is not None and rule.days > LEFT_DAYS:
        words = Words("离职后须在30日内告知", "the customer is told within 30 days of the leaving")
        yield Problem("days", words, ("C-22",))
    if rule.health_days < NEW_BUSINESS.health_days or rule.bank_days < NEW_BUSINESS.bank_days:
        words = Words("长期健康险及银行渠道犹豫期不得少于15日", "health and bank business have 15 days at least")
        yield Problem("health_days", words, ("C-4",))
    if rule.fallback_days > NEW_BUSINESS.fallback_days:
        words = Words("犹豫期不明时不得按超过10日推定", "an unknown period is never taken for longer than 10 days")
        yield Problem("fallback_days", words, ("C-4",))
    if rule.senior_age > NEW_BUSINESS.senior_age:
        words = Words("60岁及以上的销售必须双录", "sales to people of 60 and over are recorded")
        yield Problem("senior_age", words, ("C-7",))


def _started(policy: Policy, rule: Rule) -> date | None:
    day: date | None = None if rule.starts is None else getattr(policy, rule.starts.value)
    return day


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
