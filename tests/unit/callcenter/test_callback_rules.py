"""The pure rules of callbacks: hours, tries, questions, verdicts, outcomes and the tables of states."""

import re
from datetime import date, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks import attempt, campaign, hours, plan, task
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.campaign import Standing, Turn
from callcenter.callbacks.errors import IllegalCampaignMoveError, IllegalTaskMoveError
from callcenter.callbacks.plan import band_of, is_enough, next_try
from callcenter.callbacks.questions import IDENTITY, SEVEN, Answer
from callcenter.callbacks.task import MOVES, Action, Result, State
from callcenter.callbacks.verdict import judge
from tests.shipped_script import SCRIPT
from tickets.calendar import SHANGHAI, Calendar

pytestmark = pytest.mark.unit

WEDNESDAY = date(2026, 11, 18)
CALENDAR = Calendar()
moments = st.integers(0, 350 * 24 * 60).map(lambda n: datetime(2026, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=n))
ASKED = tuple(step for step in SCRIPT.steps if step.code in SEVEN)
YES: dict[str, Answer] = dict.fromkeys(SEVEN, Answer.YES)
answers = st.dictionaries(st.sampled_from([str(code) for code in SEVEN]), st.sampled_from(list(Answer)))


def at(hour: int, minute: int = 0, day: date = WEDNESDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


# ---- calling hours


@pytest.mark.parametrize(("hour", "minute", "allowed"), [(8, 59, False), (9, 0, True), (20, 59, True), (21, 0, False)])
def test_nobody_is_rung_between_nine_in_the_evening_and_nine_in_the_morning(
    hour: int, minute: int, allowed: bool
) -> None:
    """C-18"""
    assert hours.may_ring(at(hour, minute)) is allowed


def test_the_moment_a_customer_chose_overrides_the_hours_but_not_for_ever() -> None:
    """C-18"""
    chosen = at(22, 30)
    assert hours.may_ring(chosen, chosen)
    assert hours.may_ring(chosen + timedelta(minutes=59), chosen)
    assert not hours.may_ring(chosen + timedelta(hours=1), chosen)
    assert not hours.may_ring(chosen - timedelta(minutes=1), chosen)


def test_the_hours_are_those_of_shanghai() -> None:
    """C-18, T-7"""
    assert not hours.may_ring(datetime.fromisoformat("2026-11-18T14:00:00+00:00"))
    assert hours.may_ring(datetime.fromisoformat("2026-11-18T01:00:00+00:00"))


@given(moments)
def test_the_next_moment_to_ring_is_allowed_and_the_first(moment: datetime) -> None:
    """C-18"""
    later = hours.next_moment(moment)
    assert later >= moment
    assert hours.may_ring(later)
    assert later - moment <= timedelta(hours=12)


# ---- the plan of tries


@given(moments)
def test_following_the_plan_satisfies_it_in_three_tries(first: datetime) -> None:
    """C-17: three tries, two days, different bands, one outside office hours; C-18 holds for each."""
    tries: list[datetime] = []
    moment: datetime | None = first
    while (moment := next_try(tries, tries[-1] if tries else first, CALENDAR)) is not None:
        tries.append(moment)
        assert len(tries) <= 3
    assert is_enough(tries, CALENDAR)
    assert tries == sorted(tries)
    assert all(hours.may_ring(one) for one in tries)
    assert all(later - earlier >= timedelta(hours=2) for earlier, later in pairwise(tries))


@given(st.lists(moments.filter(hours.may_ring), min_size=1, max_size=6).map(sorted))
def test_whatever_was_tried_the_plan_ends(tries: list[datetime]) -> None:
    """C-17"""
    for _ in range(4):
        moment = next_try(tries, tries[-1], CALENDAR)
        if moment is None:
            break
        assert moment > tries[-1]
        assert band_of(moment) != band_of(tries[-1])
        tries = [*tries, moment]
    assert is_enough(tries, CALENDAR)


def test_three_tries_in_one_morning_are_not_enough() -> None:
    """C-17"""
    tries = [at(9), at(10), at(11)]
    assert not is_enough(tries, CALENDAR)
    again = next_try(tries, at(11), CALENDAR)
    assert again == at(18, day=date(2026, 11, 19))


def test_a_weekend_is_outside_office_hours_and_a_make_up_saturday_is_not() -> None:
    """C-17"""
    saturday, made_up = date(2026, 11, 21), date(2026, 10, 10)
    assert plan.outside_office_hours(at(10, day=saturday), CALENDAR)
    assert not plan.outside_office_hours(at(10, day=made_up), CALENDAR)


# ---- questions and verdict


def test_all_affirmative_is_successful() -> None:
    """C-13"""
    verdict = judge(ASKED, YES)
    assert (verdict.result, verdict.completed) == (Result.SUCCESSFUL, True)


def test_a_single_premium_has_no_paying_period_to_know() -> None:
    """C-6(7), C-13"""
    said = YES | {"paying_period_known": Answer.NOT_APPLICABLE}
    assert judge(ASKED, said).result is Result.SUCCESSFUL
    said["cover_known"] = Answer.NOT_APPLICABLE
    assert judge(ASKED, said).result is Result.PROBLEM


@pytest.mark.parametrize("answer", [Answer.NO, Answer.UNCLEAR])
def test_one_negative_or_unclear_answer_makes_a_problem_case(answer: Answer) -> None:
    """C-13"""
    said = YES | {"surrender_loss_known": answer}
    verdict = judge(ASKED, said)
    assert (verdict.result, verdict.objected) == (Result.PROBLEM, ("surrender_loss_known",))


def test_one_question_without_an_answer_is_not_completed() -> None:
    """C-13"""
    said = dict.fromkeys(SEVEN[:-1], Answer.YES)
    verdict = judge(ASKED, said)
    assert (verdict.result, verdict.missing) == (Result.NOT_COMPLETED, ("paying_period_known",))


def test_a_callback_taken_by_somebody_else_is_not_completed() -> None:
    """C-5, C-13"""
    said = YES | {IDENTITY: Answer.NO}
    assert judge(ASKED, said).result is Result.NOT_COMPLETED


@given(answers)
def test_a_verdict_is_successful_exactly_when_nothing_is_missing_or_objected(said: dict[str, Answer]) -> None:
    """C-13"""
    verdict = judge(ASKED, said)
    assert (verdict.result is Result.SUCCESSFUL) == (not verdict.missing and not verdict.objected)
    assert set(verdict.missing) == set(SEVEN) - set(said)


# ---- outcomes of a dialling


@pytest.mark.parametrize(
    ("cause", "waited", "outcome"),
    [
        ("busy", 3, Outcome.BUSY),
        ("no_answer", 30, Outcome.NO_ANSWER),
        ("rejected", 5, Outcome.REFUSED),
        ("no_such_number", 1, Outcome.WRONG_NUMBER),
        ("number_changed", 1, Outcome.WRONG_NUMBER),
        ("unreachable", 1, Outcome.POWER_OFF),
        ("network_failure", 1, Outcome.FAILED),
        ("cause_99", 50, Outcome.FAILED),
        ("normal", 45, Outcome.NO_ANSWER),
        ("normal", 2, Outcome.FAILED),
        (None, 45, Outcome.NO_ANSWER),
        (None, 1, Outcome.FAILED),
    ],
)
def test_what_nobody_answered_keeps_its_reason(cause: str | None, waited: int, outcome: Outcome) -> None:
    assert attempt.of_unanswered(cause, timedelta(seconds=waited)) is outcome


def test_a_conversation_that_ends_before_all_is_asked_is_broken_off() -> None:
    """C-13: not reached, refused or broken off is not completed."""
    assert attempt.of_answered(complete=False) is Outcome.BROKEN_OFF
    assert attempt.of_answered(complete=True) is Outcome.ANSWERED
    assert not Outcome.LOST.is_try


# ---- the table of states


def test_a_task_is_done_only_by_an_outcome() -> None:
    """Nothing leaves the board without an outcome."""
    to_done = {action for (_, action), state in MOVES.items() if state is State.DONE}
    assert to_done == {Action.CONCLUDE, Action.WITHDRAW}
    assert not any(state is State.DONE for state, _ in MOVES)


def test_every_state_can_be_reached_and_all_but_done_can_be_left() -> None:
    assert {state for state, _ in MOVES} == set(State) - {State.DONE}
    assert set(MOVES.values()) == set(State)


@pytest.mark.parametrize(
    ("state", "action"), [pair for pair in product(State, Action) if pair not in MOVES], ids=lambda each: str(each)
)
def test_a_refused_move_names_both_sides_in_one_language_at_a_time(state: State, action: Action) -> None:
    with pytest.raises(IllegalTaskMoveError) as refused:
        task.move(state, action)
    chinese, english = refused.value.words.zh, refused.value.words.en
    assert not re.search("[A-Za-z]", chinese)
    assert english.isascii()
    assert task.WORDS[state].en in english
    assert task.ACTION_WORDS[action].en in english


# ---- the table of campaigns


def test_a_campaign_that_is_over_begins_no_more() -> None:
    assert not any(state.is_over for state, _ in campaign.MOVES)
    assert {state for state, _ in campaign.MOVES} == {state for state in Standing if not state.is_over}
    assert set(campaign.MOVES.values()) == set(Standing)


@pytest.mark.parametrize(
    ("state", "turn"),
    [pair for pair in product(Standing, Turn) if pair not in campaign.MOVES],
    ids=lambda each: str(each),
)
def test_a_campaign_is_refused_what_its_state_does_not_allow(state: Standing, turn: Turn) -> None:
    with pytest.raises(IllegalCampaignMoveError) as refused:
        campaign.move(state, turn)
    assert campaign.WORDS[state].zh in refused.value.words.zh
    assert campaign.TURN_WORDS[turn].en in refused.value.words.en
