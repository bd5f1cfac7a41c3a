"""A difficult or major complaint becomes a lighter case by two people only."""

import pytest

from tickets import downgrades
from tickets.downgrades import DowngradeAction, DowngradeState
from tickets.errors import DowngradeRefusedError
from tickets.intake import Severity

pytestmark = pytest.mark.unit

ONE, OTHER = "user:1", "user:2"


@pytest.mark.parametrize("before", Severity)
@pytest.mark.parametrize("now", Severity)
def test_only_what_is_difficult_or_major_is_downgraded_and_only_to_what_is_lighter(
    before: Severity, now: Severity
) -> None:
    """F-47, F-18"""
    order = list(Severity)
    if order.index(now) < order.index(before):
        downgrades.check_proposal(before, now, "客户与公司已和解", complaint=True)
        for reason, complaint in ((" ", True), ("客户与公司已和解", False)):
            with pytest.raises(DowngradeRefusedError):
                downgrades.check_proposal(before, now, reason, complaint=complaint)
        return
    with pytest.raises(DowngradeRefusedError) as error:
        downgrades.check_proposal(before, now, "客户与公司已和解", complaint=True)
    assert error.value.rules == ("F-47", "F-18")


@pytest.mark.parametrize(
    ("action", "actor", "remark", "state"),
    [
        (DowngradeAction.APPROVE, OTHER, "", DowngradeState.APPROVED),
        (DowngradeAction.REFUSE, OTHER, "仍有群体隐患", DowngradeState.REFUSED),
        (DowngradeAction.REFUSE, OTHER, " ", None),
        (DowngradeAction.WITHDRAW, ONE, "", DowngradeState.WITHDRAWN),
        (DowngradeAction.APPROVE, ONE, "", None),
        (DowngradeAction.REFUSE, ONE, "x", None),
        (DowngradeAction.WITHDRAW, OTHER, "", None),
    ],
)
def test_a_second_person_answers_and_who_proposed_only_withdraws(
    action: DowngradeAction, actor: str, remark: str, state: DowngradeState | None
) -> None:
    """F-47"""
    if state is not None:
        assert downgrades.after(DowngradeState.PROPOSED, action, ONE, actor, remark) is state
        return
    with pytest.raises(DowngradeRefusedError) as error:
        downgrades.after(DowngradeState.PROPOSED, action, ONE, actor, remark)
    assert "F-47" in error.value.rules


@pytest.mark.parametrize("state", [state for state in DowngradeState if state is not DowngradeState.PROPOSED])
@pytest.mark.parametrize("action", DowngradeAction)
def test_what_was_answered_stays_answered(state: DowngradeState, action: DowngradeAction) -> None:
    """F-47"""
    for actor in (ONE, OTHER):
        with pytest.raises(DowngradeRefusedError):
            downgrades.after(state, action, ONE, actor, "x")


def test_a_proposal_is_about_the_severity_the_ticket_still_has() -> None:
    """F-47, F-18"""
    downgrades.check_current(Severity.MAJOR, Severity.MAJOR)
    with pytest.raises(DowngradeRefusedError):
        downgrades.check_current(Severity.MAJOR, Severity.DIFFICULT)
