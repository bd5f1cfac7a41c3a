"""Scripts: which steps are for a customer, which comes next, and what keeps one from being published."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks import script, script_rules, wording
from callcenter.callbacks.questions import IDENTITY, RECORDED_SALE, SEVEN, Answer
from callcenter.callbacks.script import END, RIGHT_TO_RESCIND, Condition, Kind, Script, Step
from callcenter.callbacks.task import Purpose
from callcenter.callbacks.verdict import judge
from tests.service.customers import a_customer, a_policy
from tests.shipped_script import SCRIPT
from tickets.errors import Words

pytestmark = pytest.mark.unit

ALL = frozenset({Condition.SALE_RECORDED, Condition.INSTALMENT, Condition.LONG_TERM_HEALTH})
INSTALMENT = frozenset({Condition.INSTALMENT})


def codes(held: frozenset[Condition], **answers: Answer) -> list[str]:
    return [step.code for step in SCRIPT.way(held, answers).steps]


def flaws(*steps: Step, purpose: Purpose = Purpose.RENEWAL) -> str:
    return " ".join(each.words.en for each in script_rules.flaws(Script("v", "v", purpose, steps)))


def omissions(changed: Script) -> str:
    assert list(script_rules.flaws(changed)) == []
    return " ".join(f"{each.words.en} {each.rules}" for each in script_rules.omissions(changed))


def said(code: str, text: str = "请听", **more: Any) -> Step:
    return Step(code, Kind.STATEMENT, Words(text, text), **more)


def asked(code: str, text: str = "好吗", **more: Any) -> Step:
    return Step(code, Kind.QUESTION, Words(text, text), **more)


def changed(code: str, **more: Any) -> Script:
    return replace(SCRIPT, steps=tuple(replace(s, **more) if s.code == code else s for s in SCRIPT.steps))


def without(code: str) -> Script:
    return replace(SCRIPT, steps=tuple(step for step in SCRIPT.steps if step.code != code))


# ---- the way through


def test_seven_confirmations_are_asked_and_each_has_its_own_place() -> None:
    """C-6: identity, signatures, booklet, cover, surrender, cooling-off, paying period."""
    way = SCRIPT.way(INSTALMENT, {})
    assert [step.code for step in way.asked] == list(SEVEN)
    assert [step.rule for step in way.asked] == [f"C-6({n})" for n in range(1, 8)]


def test_two_more_are_asked_where_the_sale_had_to_be_recorded() -> None:
    """C-7"""
    way = SCRIPT.way(INSTALMENT | {Condition.SALE_RECORDED}, {})
    assert [step.code for step in way.asked] == [*SEVEN, *RECORDED_SALE]


def test_a_single_premium_has_no_paying_period_to_ask_for() -> None:
    """C-6(7): for instalment premiums."""
    assert [step.code for step in SCRIPT.way(frozenset(), {}).asked] == list(SEVEN[:-1])


def test_the_recording_is_announced_first_and_then_who_speaks_is_asked() -> None:
    """E-13, C-5"""
    assert codes(ALL)[:2] == ["announcement", IDENTITY]
    assert SCRIPT.way(ALL, {}).next is SCRIPT.steps[1]


@pytest.mark.parametrize("answer", [Answer.NO, Answer.UNCLEAR])
def test_who_is_not_the_policyholder_hears_nothing_of_the_policy(answer: Answer) -> None:
    """C-5, C-12"""
    assert codes(ALL, identity=answer) == ["announcement", IDENTITY, "not_the_policyholder"]


def test_who_objects_about_health_insurance_is_told_of_the_right_to_rescind() -> None:
    """C-15"""
    assert RIGHT_TO_RESCIND not in codes(ALL, identity=Answer.YES)
    assert RIGHT_TO_RESCIND in codes(ALL, identity=Answer.YES, cover_known=Answer.NO)
    assert RIGHT_TO_RESCIND not in codes(INSTALMENT, identity=Answer.YES, cover_known=Answer.NO)


def test_a_late_callback_extends_the_refund_only_where_the_campaign_says_so() -> None:
    """C-21: off by default."""
    late = frozenset({Condition.LATE})
    assert "refund_extended" not in codes(late)
    assert "refund_extended" in codes(late | {Condition.REFUND_EXTENDED})
    assert "refund_extended" not in codes(frozenset({Condition.REFUND_EXTENDED}))


def test_the_next_question_is_the_first_without_an_answer() -> None:
    given_so_far: dict[str, Answer] = {}
    for code in SEVEN:
        following = SCRIPT.way(INSTALMENT, given_so_far).next
        assert following is not None
        assert following.code == code
        given_so_far[code] = Answer.YES
    assert SCRIPT.way(INSTALMENT, given_so_far).next is None


def test_an_answer_leads_where_its_branch_says() -> None:
    steps = (
        asked("moved", branches={Answer.NO: "thanks"}),
        asked("new_address"),
        said("noted", next=END),
        said("thanks"),
    )
    renewal = Script("v", "v", Purpose.RENEWAL, steps)
    assert [step.code for step in renewal.way(frozenset(), {"moved": Answer.NO}).steps] == ["moved", "thanks"]
    assert [s.code for s in renewal.way(frozenset(), {"moved": Answer.YES}).steps] == ["moved", "new_address", "noted"]


def test_what_is_not_mandatory_decides_nothing() -> None:
    """C-13"""
    steps = (*SCRIPT.steps[:10], asked("e_statement", mandatory=False), *SCRIPT.steps[10:])
    way = replace(SCRIPT, steps=steps).way(INSTALMENT, dict.fromkeys(SEVEN, Answer.YES))
    assert "e_statement" in {step.code for step in way.asked}
    assert judge(way.judged, dict.fromkeys(SEVEN, Answer.YES)).completed


# ---- what keeps one from being published


def test_the_shipped_script_keeps_every_rule() -> None:
    """C-5, C-6, C-7, C-12, C-15, E-13"""
    assert list(script_rules.flaws(SCRIPT)) == []
    assert list(script_rules.omissions(SCRIPT)) == []
    assert script.parse(script.stored(SCRIPT.steps)) == SCRIPT.steps


@pytest.mark.parametrize("code", [*SEVEN[1:], *RECORDED_SALE, RIGHT_TO_RESCIND])
def test_without_one_mandatory_step_new_business_has_no_script(code: str) -> None:
    """C-6, C-7, C-15"""
    assert code in omissions(without(code))


@pytest.mark.parametrize("code", [*SEVEN[1:], *RECORDED_SALE])
def test_a_mandatory_question_always_counts(code: str) -> None:
    """C-6, C-7, C-13"""
    assert "counts" in omissions(changed(code, mandatory=False))


@pytest.mark.parametrize("code", SEVEN[1:6])
def test_a_mandatory_question_depends_on_nothing(code: str) -> None:
    """C-6: all but the seventh are for everybody."""
    assert "depend" in omissions(changed(code, when=frozenset({Condition.INSTALMENT})))
    assert "always applies" in omissions(changed(code, may_not_apply=True))


@pytest.mark.parametrize("code", [*SEVEN[2:], *RECORDED_SALE, RIGHT_TO_RESCIND])
def test_no_branch_leads_past_a_mandatory_step(code: str) -> None:
    """C-6, C-7, C-15"""
    place = [step.code for step in SCRIPT.steps].index(code)
    previous, following = SCRIPT.steps[place - 1], SCRIPT.steps[place + 1]
    past = {**previous.branches, Answer.YES: following.code}
    assert f"past {code}" in omissions(changed(previous.code, branches=past))


def test_the_right_to_rescind_is_told_after_everything_somebody_may_object_to() -> None:
    """C-15"""
    steps = [step for step in SCRIPT.steps if step.code != RIGHT_TO_RESCIND]
    rescind = next(step for step in SCRIPT.steps if step.code == RIGHT_TO_RESCIND)
    assert "too early" in omissions(replace(SCRIPT, steps=(*steps[:3], rescind, *steps[3:])))


def test_nothing_of_the_policy_is_told_before_the_policyholder_is_confirmed() -> None:
    """C-5, C-12, E-13: the order of the texts."""
    told = Words("您的{{product}}", "your {{product}}")
    assert "too early" in omissions(changed("announcement", words=told))
    assert "too early" in omissions(changed(IDENTITY, words=told))
    assert "nothing of it" in omissions(changed("not_the_policyholder", words=told))
    assert "another way out" in omissions(changed(IDENTITY, branches={Answer.NO: "not_the_policyholder"}))
    late = (SCRIPT.steps[0], SCRIPT.steps[2], SCRIPT.steps[1], *SCRIPT.steps[3:])
    assert "C-5" in omissions(replace(SCRIPT, steps=late))


def test_a_callback_begins_with_its_announcement() -> None:
    """E-13"""
    assert "E-13" in omissions(without("announcement"))
    assert "E-13" in omissions(changed("announcement", when=frozenset({Condition.LATE})))


def test_the_policyholder_is_asked_for_whatever_the_purpose() -> None:
    """C-5"""
    renewal = Script("v", "v", Purpose.RENEWAL, (SCRIPT.steps[0], asked("will_pay")))
    assert "policyholder" in omissions(renewal)


def test_the_simplified_script_asks_who_speaks_and_about_the_recording() -> None:
    """C-23, C-7"""
    kept = {"announcement", IDENTITY, *RECORDED_SALE, "goodbye", "not_the_policyholder"}
    steps = tuple(step for step in SCRIPT.steps if step.code in kept)
    assert "missing" in omissions(replace(SCRIPT, steps=steps))
    assert omissions(replace(SCRIPT, steps=steps, simplified=True)) == ""
    fewer = tuple(step for step in steps if step.code != RECORDED_SALE[1])
    assert RECORDED_SALE[1] in omissions(replace(SCRIPT, steps=fewer, simplified=True))


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((), "at least one step"),
        ((asked("a"), asked("a")), "there twice"),
        ((asked(END),), "not a code"),
        ((asked("A b"),), "not a code"),
        ((asked("a", next="a"),), "a later step"),
        ((asked("a"), asked("b", branches={Answer.NO: "a"})), "a later step"),
        ((asked("a", next="nowhere"),), "a later step"),
        ((asked("a", next=END), asked("b")), "no way leads to b"),
        ((said("a", branches={Answer.NO: "b"}), asked("b")), "only a question"),
        ((asked("a", branches={Answer.NOT_APPLICABLE: "b"}), asked("b")), "always applies"),
        ((asked("a", "您的{{wife}}"),), "no such value: wife"),
        ((asked("a", "您的{{product"),), "no such value"),
    ],
)
def test_a_script_that_cannot_be_walked_through_is_not_even_kept(steps: tuple[Step, ...], told: str) -> None:
    assert told in flaws(*steps)


# ---- properties


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Any script without flaws: forward ways only, as an author may draw them."""
    size = draw(st.integers(1, 8))
    steps = []
    for place in range(size):
        targets = st.sampled_from([*(f"s{later}" for later in range(place + 1, size)), END])
        asks = draw(st.booleans())
        steps.append(
            Step(
                f"s{place}",
                Kind.QUESTION if asks else Kind.STATEMENT,
                Words("问", "ask"),
                mandatory=draw(st.booleans()),
                when=draw(st.frozensets(st.sampled_from(list(Condition)), max_size=1)),
                next=draw(st.none() | targets),
                branches=draw(st.dictionaries(st.sampled_from([Answer.NO, Answer.UNCLEAR]), targets)) if asks else {},
            )
        )
    return Script("v", "v", Purpose.RENEWAL, tuple(steps))


CONDITIONS = st.frozensets(st.sampled_from(list(Condition)))
ANSWERS = st.sampled_from(list(Answer))


@given(scripts(), CONDITIONS, st.data())
def test_every_way_comes_to_an_end_and_passes_no_step_twice(
    drawn: Script, held: frozenset[Condition], data: st.DataObject
) -> None:
    """No loop and no dead end, whatever is answered."""
    answers: dict[str, Answer] = {}
    for _ in range(len(drawn.steps) + 1):
        way = drawn.way(held, answers)
        places = [drawn.steps.index(step) for step in way.steps]
        assert places == sorted(set(places))
        if way.next is None:
            break
        assert way.next.code not in answers
        answers[way.next.code] = data.draw(ANSWERS)
    assert way.next is None
    assert {step.code for step in way.asked} <= set(answers)


@given(scripts(), st.data())
def test_what_is_kept_has_no_step_that_nobody_comes_to(drawn: Script, data: st.DataObject) -> None:
    """A draft without flaws: for each step there is a customer whose answers lead to it."""
    if list(script_rules.flaws(drawn)):
        return
    wanted = data.draw(st.sampled_from(drawn.steps))
    reached = {0}
    for place in range(len(drawn.steps)):
        if place in reached:
            reached |= script_rules._targets(drawn.steps, place)
    assert drawn.steps.index(wanted) in reached


@given(st.frozensets(st.sampled_from([Condition.SALE_RECORDED, Condition.INSTALMENT, Condition.LATE])), st.data())
def test_whoever_is_the_policyholder_is_asked_everything_mandatory(
    held: frozenset[Condition], data: st.DataObject
) -> None:
    """C-6, C-7, C-13: whatever is answered to the rest."""
    answers = {str(code): data.draw(ANSWERS) for code in [*SEVEN[1:6], *RECORDED_SALE]} | {str(IDENTITY): Answer.YES}
    way = {step.code for step in SCRIPT.way(held, answers).asked}
    assert way >= set(SEVEN[:6])
    assert (SEVEN[6] in way) == (Condition.INSTALMENT in held)
    assert (set(RECORDED_SALE) <= way) == (Condition.SALE_RECORDED in held)


# ---- the texts


def test_the_values_of_the_policy_are_filled_in_in_both_languages() -> None:
    holder = a_customer("王测试", "16900000001")
    policy = a_policy(holder, "P1", received_on=date(2026, 11, 15), premium=Decimal("6000.5"))
    values = wording.values_of(
        policy, holder, cooling_off_ends_on=date(2026, 11, 30), cooling_off_days=15, extension_days=None
    )
    texts = {step.code: wording.fill(step.words, values) for step in SCRIPT.steps}
    assert "您购买了“安心终身寿险”" in texts["signed_personally"].zh
    assert "6000.50元，按年交费，交费期间20年" in texts["paying_period_known"].zh
    assert "于2026年11月15日签收，犹豫期至2026年11月30日止" in texts["cooling_off_known"].zh
    assert "6000.50 yuan, paid yearly for 20 years" in texts["paying_period_known"].en


def test_a_value_that_is_not_known_is_not_made_up() -> None:
    policy = replace(a_policy(a_customer(), "P1"), received_on=None)
    values = wording.values_of(policy, None, cooling_off_ends_on=None, cooling_off_days=None, extension_days=None)
    known = next(step for step in SCRIPT.steps if step.code == "cooling_off_known")
    assert wording.fill(known.words, values).zh.startswith("您的保单于（以保单记载为准）签收")


def test_every_value_has_its_text() -> None:
    holder = a_customer("王测试")
    facts = {"premium_due_on": date(2026, 11, 1)}
    values = wording.values_of(
        a_policy(holder, "P1", **facts),
        holder,
        cooling_off_ends_on=date(2026, 11, 30),
        cooling_off_days=15,
        extension_days=10,
    )
    assert set(values) == set(wording.Value)
