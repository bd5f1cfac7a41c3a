"""What a call makes of what is asked for on it, decided without a database (T-1, T-2)."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.calls.call import Direction
from callcenter.opening import BY_MENU, By, Known, Opening, Via, decide, new_ticket, with_call
from tickets.calendar import SHANGHAI, shanghai_day
from tickets.deadlines import Rulebook
from tickets.errors import NotAdmissibleError
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Channel, ComplainantType, Nature, Particulars, Severity, Source
from tickets.limits import Kind

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


@pytest.mark.parametrize(
    ("accepting", "by", "reported"),
    [
        (None, BY_MENU, False),
        ("hq", By("user:1", uuid4(), "hq", "hq/"), False),
        ("gd", By("user:2", uuid4(), "gd", "hq/gd/"), True),
        ("gd-gz", By("user:3", uuid4(), "gd-gz", "hq/gd/gd-gz/"), True),
    ],
)
def test_a_major_complaint_accepted_at_headquarters_has_nobody_above_to_be_reported_to(
    accepting: str | None, by: By, reported: bool
) -> None:
    """L-21, R-3.17"""
    major = replace(ASKED, accepting_organisation=accepting, particulars=Particulars(severity=Severity.MAJOR))
    at = datetime(2026, 11, 18, 10, tzinfo=SHANGHAI)
    kinds = {deadline.kind for deadline, _ in new_ticket(major, by, Rulebook(), at, at).clocks}
    assert (Kind.REPORT_UP in kinds) is reported
    assert {Kind.MEET, Kind.DECIDE_INFORM} <= kinds


def test_new_facts_belong_to_an_earlier_order() -> None:
    """CL-5, D-4"""
    with pytest.raises(NotAdmissibleError) as refused:
        decide(replace(ASKED, new_facts="新的住院记录"))
    assert refused.value.rules == ("CL-5", "D-4")
    assert decide(replace(ASKED, new_facts="新的住院记录", same_matter_as="95519-20261102-000001")).counts


AT_ONCE = (Kind.REGISTER, Kind.ACKNOWLEDGE, Kind.HAND_OVER, Kind.DISPATCH)


@given(
    st.integers(0, 1000 * 24 * 60 * 60),
    st.sampled_from([each for each in Channel if each is not Channel.PHONE_OUTBOUND]),
    st.sampled_from(Severity),
)
def test_accepting_and_handling_start_at_once_whatever_the_channel_the_hour_and_the_severity(
    second: int, channel: Channel, severity: Severity
) -> None:
    """R-1.6, L-1 … L-8: every step of accepting runs from the receipt, and is due by the next working day."""
    at = datetime(2024, 1, 1, tzinfo=SHANGHAI) + timedelta(seconds=second)
    book = Rulebook()
    particulars = Particulars(severity=severity, form_signed=channel is Channel.VISIT)
    asked = replace(ASKED, channel=channel, particulars=particulars)
    clocks = {deadline.kind: deadline for deadline, _ in new_ticket(asked, BY_MENU, book, at, at).clocks}
    assert set(AT_ONCE) < set(clocks)
    assert {clocks[kind].internal.start for kind in clocks} == {shanghai_day(at)}
    next_workday = book.calendar.add_workdays(shanghai_day(at), 1).day
    assert all(shanghai_day(at) <= clocks[kind].due_day <= next_workday for kind in AT_ONCE)
