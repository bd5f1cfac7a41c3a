"""A document that was issued and sent is the proof that the customer was told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import proofs
from tickets.errors import MoveRefusedError
from tickets.guards import move
from tickets.letters import Means
from tickets.lifecycle import Action, Notice, Status

pytestmark = pytest.mark.unit

ISSUED = datetime(2026, 11, 18, 4, tzinfo=UTC)
SENT, NOW = ISSUED + timedelta(hours=1), ISSUED + timedelta(hours=2)
LETTER = Notice("acknowledgement", "GD-GZ-QR-2026-000001", ISSUED)


@pytest.mark.parametrize(
    ("kind", "notice", "means", "proof", "sent_at", "fits"),
    [
        ("acknowledgement", LETTER, Means.POSTED, "EMS1234", SENT, True),
        ("decision", LETTER, Means.HANDED_OVER, "签收单", NOW, True),
        ("email_reply", LETTER, Means.EMAILED, "message-id", SENT, True),
        ("email_reply", LETTER, Means.POSTED, "EMS1234", SENT, False),
        ("acknowledgement", LETTER, Means.DIALLED, "EMS1234", SENT, False),
        ("acknowledgement", LETTER, Means.POSTED, " ", SENT, False),
        ("acknowledgement", LETTER, Means.POSTED, "EMS1234", ISSUED - timedelta(seconds=1), False),
        ("acknowledgement", LETTER, Means.POSTED, "EMS1234", NOW + timedelta(seconds=1), False),
        ("acknowledgement", replace(LETTER, void=True), Means.POSTED, "EMS1234", SENT, False),
        ("acknowledgement", replace(LETTER, sent_at=SENT), Means.POSTED, "EMS1234", SENT, False),
        ("slip", LETTER, Means.POSTED, "EMS1234", SENT, False),
    ],
)
def test_a_letter_to_the_customer_is_sent_once_after_it_was_issued_and_with_proof(
    kind: str, notice: Notice, means: Means, proof: str, sent_at: datetime, fits: bool
) -> None:
    """CL-8, R-4.4"""
    if fits:
        proofs.check_sending(kind, notice, means, proof, sent_at, NOW)
        return
    with pytest.raises(MoveRefusedError):
        proofs.check_sending(kind, notice, means, proof, sent_at, NOW)


def test_an_acknowledgement_rests_on_a_letter_that_went_out_and_on_its_manner() -> None:
    """R-4.4, R-4.7, CL-8"""
    step = a_step(Action.ACKNOWLEDGE, manner="letter", document="d-1")
    sent = replace(LETTER, sent_at=SENT, means="posted")
    assert move(replace(TICKET, notice=sent), step) is Status.RECORDED
    assert refusal(replace(TICKET, notice=None), step) == ("R-4.4", "CL-8")
    assert refusal(replace(TICKET, notice=replace(sent, kind="decision")), step) == ("R-4.4", "CL-8")
    for unsent in (LETTER, replace(sent, void=True)):
        assert refusal(replace(TICKET, notice=unsent), step) == ("R-4.4", "CL-8", "R-4.7")
    assert refusal(replace(TICKET, notice=sent), replace(step, manner="email")) == ("R-4.4", "CL-8")


def test_an_answer_rests_on_the_decision_notice_or_the_opinion_letter_that_went_out() -> None:
    """R-4.27, N-9, CL-8"""
    handled = replace(TICKET, status=Status.HANDLED)
    step = a_step(Action.INFORM, document="d-1")
    for kind in ("decision", "opinion_letter"):
        sent = Notice(kind, "GD-GZ-JD-2026-000001", ISSUED, SENT, "posted")
        assert move(replace(handled, notice=sent), step) is Status.INFORMED
        assert refusal(replace(handled, notice=replace(sent, sent_at=None)), step)[-1] == "R-4.7"
    assert refusal(replace(handled, notice=LETTER), step) == ("R-4.27", "CL-8", "N-9")
