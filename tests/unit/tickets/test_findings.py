"""A finding never counts, a clear complaint on a callback always does (T-1, T-2, R-2.2 … R-2.5)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.deadlines import Gravity
from tickets.findings import DATA_ERRORS, SALES_CONDUCT, Heard, Intention, Respondent, Subject, classify
from tickets.intake import Channel, ComplainantType, Nature, Relation, Source
from tickets.statistics import Exclusion, weigh

pytestmark = pytest.mark.unit
HEARD = st.builds(Heard, st.sampled_from(Subject), st.sampled_from(Intention), st.sampled_from(Respondent))


@pytest.mark.parametrize("subject", sorted(SALES_CONDUCT))
def test_a_clear_complaint_about_sales_conduct_is_inbound_and_counts(subject: Subject) -> None:
    """T-2, R-2.2, D-7"""
    verdict = classify(Heard(subject, Intention.YES, Respondent.POLICYHOLDER))
    assert verdict.nature is Nature.COMPLAINT
    assert verdict.channel is Channel.PHONE_INBOUND
    assert verdict.source is Source.CALLBACK
    assert verdict.counts
    assert [r.rule for r in verdict.reasons] == ["R-2.2", "D-7"]


def test_a_clear_complaint_about_something_else_counts_as_well() -> None:
    """F-12, R-1.2, C-16"""
    verdict = classify(Heard(Subject.CLAIM, Intention.YES, Respondent.POLICYHOLDER))
    assert verdict.nature is Nature.COMPLAINT
    assert verdict.reasons[0].rule == "F-12"


@pytest.mark.parametrize("intention", [Intention.NO, Intention.UNCLEAR])
def test_without_clear_intention_mis_selling_is_a_finding(intention: Intention) -> None:
    """R-2.3, R-2.5, F-13, C-14, C-16"""
    verdict = classify(Heard(Subject.MIS_SELLING, intention, Respondent.POLICYHOLDER))
    assert verdict.nature is Nature.CALLBACK_FINDING
    assert verdict.channel is Channel.PHONE_OUTBOUND
    assert verdict.gravity is Gravity.GRAVE_FINDING
    assert not verdict.counts


def test_unclear_intention_is_no_intention() -> None:
    """F-13"""
    assert classify(Heard(Subject.MIS_SELLING, Intention.UNCLEAR, Respondent.POLICYHOLDER)).reasons[0].rule == "F-13"


def test_somebody_else_on_the_line_cannot_be_the_complainant() -> None:
    """R-1.1, C-5: the finding remains and is followed up."""
    verdict = classify(Heard(Subject.FORGED_SIGNATURE, Intention.YES, Respondent.SOMEONE_ELSE))
    assert verdict.nature is Nature.CALLBACK_FINDING
    assert verdict.reasons[0].rule == "R-1.1"


@pytest.mark.parametrize("subject", sorted(DATA_ERRORS))
def test_wrong_data_is_a_finding_with_the_short_limit(subject: Subject) -> None:
    """R-2.3, L-32"""
    assert classify(Heard(subject, Intention.NO, Respondent.POLICYHOLDER)).gravity is Gravity.DATA_FINDING


def test_a_finding_goes_through_the_stages_under_limits() -> None:
    """R-2.4, L-31"""
    rules = [r.rule for r in classify(Heard(Subject.MIS_SELLING, Intention.NO, Respondent.POLICYHOLDER)).reasons]
    assert rules == ["R-2.3", "R-2.3", "R-2.4", "R-2.5", "L-31"]


@given(HEARD)
def test_finding_and_counting_exclude_each_other(heard: Heard) -> None:
    """T-1, T-2, D-6: whatever was heard."""
    verdict = classify(heard)
    relation = Relation.FIRST if verdict.nature is Nature.COMPLAINT else None
    weight = weigh(verdict.nature, relation, ComplainantType.CUSTOMER)
    assert verdict.counts == (weight.pieces == 1)
    assert (verdict.channel is Channel.PHONE_INBOUND) == verdict.counts
    assert verdict.source is Source.CALLBACK
    assert (verdict.gravity is None) == verdict.counts
    assert (weight.exclusion is Exclusion.CALLBACK_FINDING) != verdict.counts


@given(HEARD)
def test_inputs_and_verdict_survive_storage(heard: Heard) -> None:
    """T-2: decided again from what was stored, the verdict is the same."""
    stored = json.loads(json.dumps({"heard": heard.as_json(), "verdict": classify(heard).as_json()}))
    again = Heard.of_json(stored["heard"])
    assert again == heard
    assert classify(again).as_json() == stored["verdict"]


def test_only_an_explicit_clear_intention_of_a_customer_makes_a_complaint() -> None:
    """T-2, F-13: the whole table, recounted independently."""
    complaints = {
        (s, i, r)
        for s in Subject
        for i in Intention
        for r in Respondent
        if classify(Heard(s, i, r)).nature is Nature.COMPLAINT
    }
    assert complaints == {
        (s, Intention.YES, r)
        for s in Subject
        for r in (Respondent.POLICYHOLDER, Respondent.INSURED, Respondent.AUTHORISED)
    }
