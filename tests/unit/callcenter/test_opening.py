"""What a call makes of what is asked for on it, decided without a database (T-1, T-2)."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.call import Direction
from callcenter.opening import Known, Opening, Via, decide, with_call
from tickets.errors import NotAdmissibleError
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Channel, ComplainantType, Nature, Particulars, Source

pytestmark = pytest.mark.unit

HEARD = st.builds(Heard, st.sampled_from(Subject), st.sampled_from(Intention), st.sampled_from(Respondent))
OTHER_CALLS = [None, Known(Direction.INBOUND), Known(Direction.CLICK)]
ASKED = Opening(uuid4(), Via.AGENT)
CALLBACK = Known(Direction.CALLBACK, uuid4(), "P1", uuid4(), uuid4())


def rules_of(opening: Opening, known: Known | None) -> tuple[str, ...]:
    with pytest.raises(NotAdmissibleError) as refused:
        with_call(opening, known)
    return refused.value.rules


@pytest.mark.parametrize("known", OTHER_CALLS, ids=["no call", "inbound", "click"])
@given(heard=HEARD)
def test_nothing_off_a_callback_becomes_a_finding(known: Known | None, heard: Heard) -> None:
    """T-1, R-2.3: whatever is said to have been heard."""
    assert rules_of(replace(ASKED, heard=heard), known) == ("T-1", "R-2.3")
    if known is not None:
        decided = decide(with_call(ASKED, known))
        assert (decided.nature, decided.counts) == (Nature.COMPLAINT, True)


@pytest.mark.parametrize("known", OTHER_CALLS, ids=["no call", "inbound", "click"])
@pytest.mark.parametrize("claim", [{"source": Source.CALLBACK}, {"via": Via.CALLBACK_AGENT}])
def test_nothing_off_a_callback_claims_to_come_from_one(known: Known | None, claim: dict[str, object]) -> None:
    """T-2, R-2.2"""
    assert rules_of(replace(ASKED, **claim), known) == ("T-2", "R-2.2")  # type: ignore[arg-type]


@given(heard=HEARD, channel=st.sampled_from(Channel), source=st.sampled_from(Source))
def test_on_a_callback_the_classification_alone_decides(heard: Heard, channel: Channel, source: Source) -> None:
    """T-2, R-2.2, R-2.3: whatever channel and source are claimed."""
    authorised = Particulars(complainant_type=ComplainantType.UNKNOWN, authorisation="委托书")
    opening = replace(ASKED, heard=heard, channel=channel, source=source, particulars=authorised)
    decided = decide(with_call(opening, CALLBACK))
    clear = heard.intention is Intention.YES and heard.respondent.may_complain
    assert (decided.nature is Nature.COMPLAINT, decided.counts) == (clear, clear)
    assert (decided.channel, decided.source) == (
        Channel.PHONE_INBOUND if clear else Channel.PHONE_OUTBOUND,
        Source.CALLBACK,
    )


def test_on_a_callback_somebody_must_have_listened() -> None:
    """F-13"""
    assert rules_of(ASKED, CALLBACK)[0] == "F-13"


def test_a_callbacks_ticket_is_its_tasks_and_another_customer_or_policy_stays_as_named() -> None:
    heard = Heard(Subject.SERVICE, Intention.NO, Respondent.POLICYHOLDER)
    found = with_call(replace(ASKED, heard=heard), CALLBACK)
    assert (found.customer_id, found.policy_number) == (CALLBACK.customer_id, "P1")
    assert (found.callback_task_id, found.callback_attempt_id) == (
        CALLBACK.callback_task_id,
        CALLBACK.callback_attempt_id,
    )
    other = with_call(replace(ASKED, heard=heard, customer_id=(him := uuid4()), policy_number="P2"), CALLBACK)
    assert (other.customer_id, other.policy_number) == (him, "P2")


def test_the_customer_named_on_a_call_is_the_tickets_unless_another_is_named() -> None:
    """R-1.1"""
    holder, other = uuid4(), uuid4()
    known = Known(Direction.INBOUND, holder)
    assert with_call(ASKED, known).customer_id == holder
    assert with_call(replace(ASKED, customer_id=other), known).customer_id == other


def test_telephone_is_one_channel_with_two_directions() -> None:
    """R-2.1"""
    assert with_call(ASKED, Known(Direction.INBOUND)).channel is Channel.PHONE_INBOUND
    assert with_call(ASKED, Known(Direction.CLICK)).channel is Channel.PHONE_OUTBOUND
