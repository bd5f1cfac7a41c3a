"""Judging again what was heard on a callback: who may, on what, with which effect (F-13, R-2.2, R-2.3, B-2)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import reclassification
from tickets.errors import ReclassificationRefusedError
from tickets.findings import Heard, Intention, Respondent, Subject, classify
from tickets.intake import ComplainantType, Nature, Source
from tickets.lifecycle import ENDED, Ending, Level, Status
from tickets.reclassification import (
    Classified,
    Evidence,
    Manner,
    ReclassificationAction,
    ReclassificationGround,
    ReclassificationState,
)

pytestmark = pytest.mark.unit

FINDING = Classified(
    Nature.CALLBACK_FINDING, Source.CALLBACK, Status.RECORDED, "user:agent", complainant=ComplainantType.CUSTOMER
)
COMPLAINT = replace(FINDING, nature=Nature.COMPLAINT)
CLEAR = Heard(Subject.MIS_SELLING, Intention.YES, Respondent.POLICYHOLDER)
UNCLEAR = replace(CLEAR, intention=Intention.UNCLEAR)
SECOND = Evidence(Decimal("41.5"), hangs_on_ticket=True, lasted=Decimal(60))
HEARD = st.builds(Heard, st.sampled_from(Subject), st.sampled_from(Intention), st.sampled_from(Respondent))


@given(HEARD, st.sampled_from((FINDING, COMPLAINT)))
def test_the_verdict_is_that_of_the_one_function_and_always_another_nature(heard: Heard, now: Classified) -> None:
    """T-1, T-2, F-13"""
    try:
        verdict = reclassification.judged_again(now, heard, "重听", SECOND, "user:qa")
    except ReclassificationRefusedError:
        assert classify(heard).nature is now.nature
    else:
        assert verdict == classify(heard)
        assert verdict.nature is not now.nature
        assert reclassification.needs_second(verdict.nature) is (verdict.nature is Nature.CALLBACK_FINDING)


@pytest.mark.parametrize(
    ("now", "evidence", "actor", "reason", "rule"),
    [
        (replace(FINDING, source=Source.DIRECT), SECOND, "user:qa", "重听", "F-13"),
        (FINDING, None, "user:qa", "重听", "F-13"),
        (FINDING, replace(SECOND, hangs_on_ticket=False), "user:qa", "重听", "F-13"),
        (FINDING, replace(SECOND, second=Decimal(61)), "user:qa", "重听", "F-13"),
        (FINDING, SECOND, "user:agent", "重听", "F-13"),
        (FINDING, SECOND, "user:qa", "  ", "F-13"),
        (replace(FINDING, complainant=ComplainantType.AGENT), SECOND, "user:qa", "重听", "T-2"),
        (replace(FINDING, ended_as=Ending.TURNED), SECOND, "user:qa", "重听", "CL-6"),
        (replace(FINDING, followed=True), SECOND, "user:qa", "重听", "B-2"),
    ],
)
def test_what_quality_assurance_may_not(
    now: Classified, evidence: Evidence | None, actor: str, reason: str, rule: str
) -> None:
    """F-13, T-2, CL-6, B-2"""
    with pytest.raises(ReclassificationRefusedError) as refused:
        reclassification.judged_again(now, CLEAR, reason, evidence, actor)
    assert refused.value.rules[0] == rule


def test_a_withdrawn_complaint_stays_one() -> None:
    """CL-6"""
    with pytest.raises(ReclassificationRefusedError):
        reclassification.judged_again(replace(COMPLAINT, ended_as=Ending.WITHDRAWN), UNCLEAR, "重听", SECOND, "user:qa")


def test_a_later_word_must_be_clear_and_the_customers_and_of_an_open_finding() -> None:
    """F-63, B-2, F-13, R-1.1"""
    assert reclassification.later_word(FINDING, CLEAR, "来电投诉").counts
    for now, heard, rule in (
        (COMPLAINT, CLEAR, "F-63"),
        (replace(FINDING, status=Status.CLOSED), CLEAR, "B-2"),
        (FINDING, UNCLEAR, "F-13"),
        (FINDING, replace(CLEAR, respondent=Respondent.SOMEONE_ELSE), "R-1.1"),
    ):
        with pytest.raises(ReclassificationRefusedError) as refused:
            reclassification.later_word(now, heard, "来电投诉")
        assert refused.value.rules[0] == rule


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("ground", ReclassificationGround)
def test_what_has_ended_is_not_opened_again_but_restored(status: Status, ground: ReclassificationGround) -> None:
    """B-2, D-11"""
    now = replace(FINDING, status=status)
    manner = reclassification.manner(now, ground, Nature.COMPLAINT)
    if ground is ReclassificationGround.LATER_WORD:
        assert manner is Manner.NEW_ORDER
        return
    assert manner is (Manner.NEW_ORDER if status in ENDED else Manner.IN_PLACE)
    back = reclassification.manner(replace(now, ended_as_complaint=True), ground, Nature.COMPLAINT)
    assert back is (Manner.RESTORED if status in ENDED else Manner.IN_PLACE)
    assert (
        reclassification.manner(replace(COMPLAINT, status=status), ground, Nature.CALLBACK_FINDING) is Manner.IN_PLACE
    )


@pytest.mark.parametrize("action", ReclassificationAction)
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("state", ReclassificationState)
def test_a_second_person_confirms_and_only_once(
    state: ReclassificationState, own: bool, action: ReclassificationAction
) -> None:
    """F-13"""
    actor = "user:qa" if own else "user:second"
    may = state is ReclassificationState.PROPOSED and own is (action is ReclassificationAction.WITHDRAW)
    if may:
        assert reclassification.after(state, action, "user:qa", actor, "理由") is not ReclassificationState.PROPOSED
        return
    with pytest.raises(ReclassificationRefusedError):
        reclassification.after(state, action, "user:qa", actor, "理由")


def test_refusing_needs_a_reason() -> None:
    """R-4.7"""
    with pytest.raises(ReclassificationRefusedError):
        reclassification.after(
            ReclassificationState.PROPOSED, ReclassificationAction.REFUSE, "user:qa", "user:second", " "
        )


@pytest.mark.parametrize(
    ("level", "path", "may"),
    [
        (Level.HQ, "hq/", True),
        (Level.PROVINCE, "hq/gd/", True),
        (Level.PROVINCE, "hq/sc/", False),
        (Level.CITY, "hq/gd/gz/", False),
    ],
)
def test_an_ended_complaint_is_let_go_by_the_province_or_headquarters(level: Level, path: str, may: bool) -> None:
    """R-3.25"""
    reclassification.check_confirmer(COMPLAINT, level, path, "hq/gd/gz/")
    closed = replace(COMPLAINT, status=Status.CLOSED)
    if may:
        reclassification.check_confirmer(closed, level, path, "hq/gd/gz/")
        return
    with pytest.raises(ReclassificationRefusedError):
        reclassification.check_confirmer(closed, level, path, "hq/gd/gz/")


def test_who_complains_is_the_customer_or_whom_they_authorised() -> None:
    """R-1.1"""
    authorised = replace(CLEAR, respondent=Respondent.AUTHORISED)
    assert reclassification.complainant_of(CLEAR, FINDING) is ComplainantType.CUSTOMER
    with_paper = replace(FINDING, authorised=True)
    assert reclassification.complainant_of(authorised, with_paper) is ComplainantType.REPRESENTATIVE
    with pytest.raises(ReclassificationRefusedError):
        reclassification.complainant_of(authorised, FINDING)
