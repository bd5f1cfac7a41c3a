"""Cases reported up: what may be done with them, and what waits for the opinion of the company above."""

import itertools
from dataclasses import replace

import pytest

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import consultations
from tickets.consultations import ConsultationAction, ConsultationState
from tickets.errors import ConsultationRefusedError
from tickets.guards import move
from tickets.lifecycle import Action, Level, Standing, Status

pytestmark = pytest.mark.unit

CITY, PROVINCE, OTHER = "hq/gd/gd-gz/", "hq/gd/", "hq/sc/"
S, A = ConsultationState, ConsultationAction


@pytest.mark.parametrize(
    ("own", "above", "level", "asked", "fits"),
    [
        (CITY, PROVINCE, Level.PROVINCE, "请核定", True),
        (CITY, "hq/", Level.HQ, "请核定", True),
        (PROVINCE, "hq/", Level.HQ, "请核定", True),
        (PROVINCE, PROVINCE, Level.PROVINCE, "请核定", False),
        (CITY, OTHER, Level.PROVINCE, "请核定", False),
        ("hq/gd/gd-gz/gd-gz-a/", CITY, Level.CITY, "请核定", False),
        (CITY, PROVINCE, Level.PROVINCE, "  ", False),
    ],
)
def test_a_case_is_reported_to_the_province_or_headquarters_above_and_says_what_is_asked(
    own: str, above: str, level: Level, asked: str, fits: bool
) -> None:
    """R-3.28, R-3.31"""
    if fits:
        consultations.check_asking(own, above, level, asked)
        return
    with pytest.raises(ConsultationRefusedError):
        consultations.check_asking(own, above, level, asked)


def test_it_is_answered_or_taken_over_and_the_opinion_acted_on_and_nothing_else() -> None:
    """R-3.15, R-3.19, R-3.31"""
    possible = {}
    for state, action in itertools.product(S, A):
        try:
            possible[state, action] = consultations.after(state, action, "按条款赔付")
        except ConsultationRefusedError:
            continue
    assert possible == {
        (S.ASKED, A.ANSWER): S.ANSWERED,
        (S.ASKED, A.TAKE_OVER): S.TAKEN_OVER,
        (S.ASKED, A.WITHDRAW): S.WITHDRAWN,
        (S.ANSWERED, A.TAKE_OVER): S.TAKEN_OVER,
        (S.ANSWERED, A.FOLLOW): S.FOLLOWED,
    }
    for state, action in possible:
        if action is A.WITHDRAW:
            continue
        with pytest.raises(ConsultationRefusedError):
            consultations.after(state, action, " ")


DISPATCHED = replace(TICKET, status=Status.DISPATCHED)


@pytest.mark.parametrize("action", [Action.SETTLE, Action.HANDLE])
def test_nobody_below_decides_what_was_asked_above_before_it_answers(action: Action) -> None:
    """R-3.31, R-3.15"""
    asked = replace(TICKET if action is Action.SETTLE else DISPATCHED, asked_above=PROVINCE)
    assert refusal(asked, a_step(action, path=CITY)) == ("R-3.31", "R-3.15", "R-3.19")
    for above in (PROVINCE, "hq/"):
        assert move(asked, a_step(action, path=above)) is Status.HANDLED
    assert move(replace(asked, asked_above=None), a_step(action, path=CITY)) is Status.HANDLED


@pytest.mark.parametrize("action", [Action.SETTLE, Action.HANDLE])
def test_of_centralised_business_nobody_below_decides_without_having_heard_from_above(action: Action) -> None:
    """R-3.31, R-3.19"""
    centralised = replace(TICKET if action is Action.SETTLE else DISPATCHED, centralised_above=PROVINCE)
    assert refusal(centralised, a_step(action, path=CITY)) == ("R-3.31", "R-3.19")
    assert move(centralised, a_step(action, path=PROVINCE)) is Status.HANDLED
    heard = replace(centralised, heard_from_above=True)
    assert move(heard, a_step(action, path=CITY)) is Status.HANDLED


@pytest.mark.parametrize(("action", "before"), [(Action.DISPATCH, TICKET), (Action.HANDLE, DISPATCHED)])
def test_what_the_company_above_took_over_it_handles_itself(action: Action, before: Standing) -> None:
    """R-3.19"""
    taken = replace(before, taken_over_path=PROVINCE, taken_over_by="gd")
    assert refusal(taken, a_step(action, path=CITY)) == ("R-3.19",)
    assert refusal(taken, a_step(action, path=OTHER)) == ("R-3.19",)
    move(taken, a_step(action, path=PROVINCE))


def test_the_province_determines_and_closes_what_was_reported_up_to_it_and_headquarters_what_it_handles() -> None:
    """R-3.22, F-16"""
    informed = replace(TICKET, status=Status.INFORMED)
    province = {"organisation": "gd", "level": Level.PROVINCE}
    assert refusal(informed, a_step(Action.DETERMINE, **province)) == ("R-4.31",)
    move(replace(informed, reported_to=("gd",)), a_step(Action.DETERMINE, **province))
    headquarters = {"organisation": "hq", "level": Level.HQ}
    assert refusal(replace(informed, reported_to=("hq",)), a_step(Action.DETERMINE, **headquarters)) == ("R-4.31",)
    move(replace(informed, taken_over_by="hq"), a_step(Action.DETERMINE, **headquarters))
