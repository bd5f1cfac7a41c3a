"""The pure rules of callbacks: hours, tries, questions, verdicts, outcomes and the tables of states."""

import re
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from callcenter.callbacks import attempt, campaign, task
from callcenter.callbacks.attempt import NumberAfter, Outcome
from callcenter.callbacks.campaign import Standing, Turn
from callcenter.callbacks.errors import IllegalCampaignMoveError, IllegalTaskMoveError
from callcenter.callbacks.plan import Dialled, Plan, Rule, begin_by, is_enough, is_possible, next_number, next_try
from callcenter.callbacks.questions import IDENTITY, SEVEN, Answer
from callcenter.callbacks.task import MOVES, Action, Result, State
from callcenter.callbacks.verdict import judge
from callcenter.calling_hours import STANDARD, CallingHours, band_of, outside_office_hours
from callcenter.service_hours import BadSpanError
from tests.shipped_script import SCRIPT
from tickets.calendar import SHANGHAI, Calendar, end_of_day

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
    assert STANDARD.may_ring(at(hour, minute), CALENDAR) is allowed


def test_the_moment_a_customer_chose_overrides_the_hours_but_not_for_ever() -> None:
    """C-18"""
    chosen = at(22, 30)
    assert STANDARD.may_ring(chosen, CALENDAR, chosen)
    assert STANDARD.may_ring(chosen + timedelta(minutes=59), CALENDAR, chosen)
    assert not STANDARD.may_ring(chosen + timedelta(hours=1), CALENDAR, chosen)
    assert not STANDARD.may_ring(chosen - timedelta(minutes=1), CALENDAR, chosen)


def test_the_hours_are_those_of_shanghai() -> None:
    """C-18, T-7"""
    assert not STANDARD.may_ring(datetime.fromisoformat("2026-11-18T14:00:00+00:00"), CALENDAR)
    assert STANDARD.may_ring(datetime.fromisoformat("2026-11-18T01:00:00+00:00"), CALENDAR)


LUNCH = CallingHours.of(("1400-2030", "0900-1200"), ())
SATURDAYS = CallingHours.of(("0930-1200",), ("1000-1200", "1500-1730"))
HOURS = (STANDARD, LUNCH, SATURDAYS)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (at(11, 59), True),
        (at(12), False),
        (at(14), True),
        (at(20, 30), False),
        (at(10, day=date(2026, 11, 21)), False),
        (at(10, day=date(2026, 10, 10)), True),
        (at(10, day=date(2026, 10, 1)), False),
    ],
    ids=["before lunch", "at lunch", "after lunch", "evening", "Saturday", "make-up Saturday", "National Day"],
)
def test_several_spans_a_day_go_by_the_working_day_calendar(moment: datetime, allowed: bool) -> None:
    """C-18: lunch is left out; on a make-up Saturday people are rung as on any working day, on a holiday nobody."""
    assert LUNCH.may_ring(moment, CALENDAR) is allowed


@pytest.mark.parametrize(
    ("workday", "restday"),
    [
        ((), ()),
        (("0800-1700",), ()),
        (("0900-2200",), ()),
        (("0900-1800",), ()),
        (("1800-2100",), ()),
        (("9-21",), ()),
    ],
    ids=["none", "too early", "too late", "office hours only", "one band only", "no span"],
)
def test_hours_in_which_no_plan_could_be_kept_are_refused(workday: tuple[str, ...], restday: tuple[str, ...]) -> None:
    """C-17, C-18"""
    with pytest.raises(BadSpanError):
        CallingHours.of(workday, restday)


@given(moments, st.sampled_from(HOURS))
def test_the_next_moment_to_ring_is_allowed_and_the_first(moment: datetime, hours: CallingHours) -> None:
    """C-18"""
    later = hours.next_moment(moment, CALENDAR)
    assert later >= moment
    assert hours.may_ring(later, CALENDAR)
    if later > moment:
        assert not any(hours.may_ring(moment + n * (later - moment) / 9, CALENDAR) for n in range(9))


# ---- the plan of tries

MISSED = [one for one in Outcome if not one.reached]
TRIES = [one for one in MISSED if one.is_try]
PLANS = (
    Plan(),
    Plan(
        "seeded",
        rules={
            Outcome.BUSY: Rule(timedelta(minutes=30), other_band=False, number=NumberAfter.SAME),
            Outcome.NO_ANSWER: Rule(timedelta(hours=2), other_band=True, number=NumberAfter.NEXT),
            Outcome.WRONG_NUMBER: Rule(timedelta(minutes=10), other_band=False, number=NumberAfter.STRIKE),
            Outcome.LOST: Rule(timedelta(minutes=10), other_band=False, number=NumberAfter.SAME),
            Outcome.NOT_DIALLED: Rule(timedelta(0), other_band=False, number=NumberAfter.SAME),
        },
    ),
    Plan("patient", tries=6, days=4, bands=3, outside_office=2, most_a_day=2),
)


def missed(*moments: datetime, outcome: Outcome = Outcome.NO_ANSWER) -> list[Dialled]:
    return [Dialled(moment, outcome, "1") for moment in moments]


@given(moments)
def test_following_the_plan_satisfies_it_in_three_tries(first: datetime) -> None:
    """C-17: three tries, two days, different bands, one outside office hours; C-18 holds for each."""
    tries: list[Dialled] = []
    while (moment := next_try(tries, tries[-1].at if tries else first, CALENDAR)) is not None:
        tries += missed(moment)
        assert len(tries) <= 3
    assert is_enough(tries, CALENDAR)
    assert all(STANDARD.may_ring(one.at, CALENDAR) for one in tries)
    assert all(later.at - earlier.at >= timedelta(hours=2) for earlier, later in pairwise(tries))
    assert all(band_of(later.at) is not band_of(earlier.at) for earlier, later in pairwise(tries))


@given(
    moments,
    st.lists(st.sampled_from(MISSED), max_size=20),
    st.sampled_from(PLANS),
    st.sampled_from(HOURS),
    st.none() | st.integers(0, 20 * 24),
)
def test_no_course_of_events_leads_outside_the_hours_or_to_a_letter_before_enough_was_tried(
    first: datetime, outcomes: list[Outcome], rules: Plan, hours: CallingHours, due: int | None
) -> None:
    """C-17, C-18, C-3: whatever the diallings come to, each is within the hours, after its wait, never more a day than
    the plan says; it ends only when enough was tried, and with tries alone it does end."""
    assume(is_possible(hours, rules))
    due_at = None if due is None else first + timedelta(hours=due)
    past: list[Dialled] = []
    for outcome in [*outcomes, *[Outcome.NO_ANSWER] * 40]:
        moment = next_try(past, past[-1].at if past else first, CALENDAR, rules, hours, due_at)
        if moment is None:
            break
        assert hours.may_ring(moment, CALENDAR)
        if past:
            assert moment >= past[-1].at + rules.after(past[-1].outcome).wait
        past.append(Dialled(moment, outcome, "1"))
        rung = Counter(one.at.astimezone(SHANGHAI).date() for one in past if one.outcome is not Outcome.NOT_DIALLED)
        assert max(rung.values(), default=0) <= rules.most_a_day
    assert is_enough(past, CALENDAR, rules)
    tries = [one for one in past if one.outcome.is_try]
    assert not is_enough(tries[:-1], CALENDAR, rules)


def test_what_never_rang_the_customer_or_was_spoiled_by_us_is_no_try() -> None:
    """C-17"""
    past = [
        *missed(at(9), outcome=Outcome.LOST),
        *missed(at(13), outcome=Outcome.NOT_DIALLED),
        *missed(at(18, day=date(2026, 11, 19)), outcome=Outcome.ABANDONED),
    ]
    assert not is_enough(past, CALENDAR)
    assert {one for one in Outcome if not one.is_try} == {Outcome.LOST, Outcome.NOT_DIALLED, Outcome.ABANDONED}


def test_three_tries_in_one_morning_are_not_enough() -> None:
    """C-17"""
    tries = missed(at(9), at(10), at(11))
    assert not is_enough(tries, CALENDAR)
    assert next_try(tries, at(11), CALENDAR) == at(18, day=date(2026, 11, 19))


def test_who_was_busy_is_tried_again_soon_and_who_did_not_answer_in_another_band() -> None:
    """C-17"""
    seeded = PLANS[1]
    assert next_try(missed(at(10), outcome=Outcome.BUSY), at(10), CALENDAR, seeded) == at(10, 30)
    assert next_try(missed(at(10)), at(10), CALENDAR, seeded) == at(13)
    assert next_try(missed(at(11, 30)), at(11, 30), CALENDAR, seeded) == at(13, 30)


def test_a_try_that_would_come_after_the_cooling_off_period_is_made_before_its_end() -> None:
    """C-3: the evening of the next day is too late, so this afternoon counts although the bands are the same."""
    tries, due_at = missed(at(13), at(15)), at(0, day=date(2026, 11, 19))
    assert next_try(tries, at(15), CALENDAR) == at(18, day=date(2026, 11, 19))
    assert next_try(tries, at(15), CALENDAR, due_at=due_at) == at(17)
    assert next_try(tries, at(22), CALENDAR, due_at=due_at) == at(18, day=date(2026, 11, 19))


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (date(2026, 11, 19), date(2026, 11, 18)),
        (date(2026, 11, 23), date(2026, 11, 20)),
        (date(2026, 10, 9), date(2026, 10, 8)),
    ],
)
def test_the_first_try_is_due_on_a_working_day_that_leaves_room_for_the_second(due: date, expected: date) -> None:
    """C-3, C-17: `due` is the last day; a Monday's room begins on the Friday before."""
    assert begin_by(end_of_day(due), CALENDAR) == at(9, day=expected)


def test_numbers_are_tried_in_their_order_and_a_wrong_one_never_again() -> None:
    """C-12"""
    numbers, seeded = ("1", "2", "3"), PLANS[1]
    past: list[Dialled] = []
    assert next_number(numbers, past, seeded) == "1"
    for outcome, expected in [
        (Outcome.BUSY, "1"),
        (Outcome.NO_ANSWER, "2"),
        (Outcome.WRONG_NUMBER, "3"),
        (Outcome.NO_ANSWER, "1"),
        (Outcome.WRONG_NUMBER, "3"),
        (Outcome.BUSY, "3"),
    ]:
        number = next_number(numbers, past, seeded)
        assert number is not None
        past.append(Dialled(at(10), outcome, number))
        assert next_number(numbers, past, seeded) == expected
    past.append(Dialled(at(10), Outcome.WRONG_NUMBER, "3"))
    assert next_number(numbers, past, seeded) is None


@given(
    st.lists(st.sampled_from(["1", "2", "3", "9"]), max_size=4, unique=True),
    st.lists(st.sampled_from(TRIES), max_size=9),
)
def test_a_struck_number_is_never_dialled_again(numbers: list[str], outcomes: list[Outcome]) -> None:
    """C-12"""
    past: list[Dialled] = []
    for outcome in outcomes:
        number = next_number(numbers, past, PLANS[1])
        if number is None:
            break
        assert number in numbers
        assert not any(one.number == number and one.outcome is Outcome.WRONG_NUMBER for one in past)
        past.append(Dialled(at(10), outcome, number))
    struck = {one.number for one in past if one.outcome is Outcome.WRONG_NUMBER}
    assert (next_number(numbers, past, PLANS[1]) is None) == (set(numbers) <= struck)


def test_a_weekend_is_outside_office_hours_and_a_make_up_saturday_is_not() -> None:
    """C-17"""
    saturday, made_up = date(2026, 11, 21), date(2026, 10, 10)
    assert outside_office_hours(at(10, day=saturday), CALENDAR)
    assert not outside_office_hours(at(10, day=made_up), CALENDAR)


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
    assert to_done == {Action.CONCLUDE, Action.WITHDRAW, Action.HAND_IN}
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
