"""How receipt is confirmed, and what that is worth (R-4.4 … R-4.7, E-3, F-35)."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tickets.test_lifecycle import TICKET, a_step, refusal
from tickets import acknowledgement
from tickets.acknowledgement import MANNER_WORDS, Capture, Manner, Worth
from tickets.guards import move
from tickets.intake import Channel, NetworkKind
from tickets.lifecycle import Action, Standing, Status

pytestmark = pytest.mark.unit

LETTER = replace(TICKET, came_in_writing=True)
CALL = UUID(int=7)


@pytest.mark.parametrize(
    ("means", "written", "capture", "worth"),
    [
        (Manner.LETTER, True, None, Worth.COMPLETE),
        (Manner.EMAIL, True, None, Worth.COMPLETE),
        (Manner.PHONE, True, Capture.SEALED, Worth.COMPLETE),
        (Manner.PHONE, True, Capture.EXPECTED, Worth.AWAITS_RECORDING),
        (Manner.PHONE, True, Capture.LOST, Worth.INCOMPLETE),
        (Manner.PHONE, True, None, Worth.INCOMPLETE),
        (Manner.PHONE, False, None, Worth.COMPLETE),
        (Manner.SMS, False, None, Worth.COMPLETE),
        (Manner.NOT_POSSIBLE, True, None, Worth.NOT_POSSIBLE),
    ],
)
def test_a_letter_acknowledged_by_telephone_is_worth_its_recording(
    means: Manner, written: bool, capture: Capture | None, worth: Worth
) -> None:
    """R-4.5, E-3: that of other channels stands in the order (R-4.6, R-4.7)."""
    assert acknowledgement.state(means, written=written, capture=capture) is worth


@given(st.sampled_from(Manner), st.booleans(), st.sampled_from([None, *Capture]))
def test_only_the_telephone_and_only_of_writing_is_ever_incomplete(
    means: Manner, written: bool, capture: Capture | None
) -> None:
    """R-4.5"""
    worth = acknowledgement.state(means, written=written, capture=capture)
    if worth in (Worth.INCOMPLETE, Worth.AWAITS_RECORDING):
        assert (means, written) == (Manner.PHONE, True)
        assert capture is not Capture.SEALED
    assert worth.counts == (worth in (Worth.COMPLETE, Worth.AWAITS_RECORDING))


@given(st.frozensets(st.sampled_from(Worth)))
def test_one_that_counts_is_enough(states: frozenset[Worth]) -> None:
    """R-4.4: a letter sent after a call without recording heals it."""
    best = acknowledgement.best(states)
    assert (best is None) == (not states)
    if best is not None:
        assert best in states
        assert best.counts == any(each.counts for each in states)


@pytest.mark.parametrize(
    ("channel", "kind", "written"),
    [
        (Channel.LETTER, None, True),
        (Channel.NETWORK, NetworkKind.EMAIL, True),
        (Channel.NETWORK, NetworkKind.WEB, False),
        (Channel.NETWORK, None, False),
        (Channel.FAX, None, False),
        (Channel.VISIT, None, False),
        (Channel.SMS, None, False),
    ],
)
def test_letters_and_emails_are_acknowledged_by_r_4_4(
    channel: Channel, kind: NetworkKind | None, written: bool
) -> None:
    """R-4.4, F-5"""
    assert acknowledgement.in_writing(channel, kind) is written


@pytest.mark.parametrize("means", list(Manner))
def test_the_means_is_known_by_its_code_and_by_its_name(means: Manner) -> None:
    """R-4.4"""
    for name in (means.value, MANNER_WORDS[means].zh, MANNER_WORDS[means].en.upper(), f" {means.value} "):
        assert acknowledgement.means_of(name) is means
    assert acknowledgement.means_of("托人带话") is None


@pytest.mark.parametrize(
    ("standing", "said", "rules"),
    [
        (TICKET, {"manner": "托人带话"}, ("R-4.4", "R-4.6")),
        (LETTER, {"manner": "sms"}, ("R-4.4",)),
        (LETTER, {"manner": "当面"}, ("R-4.4",)),
        (TICKET, {"manner": "not_possible"}, ("F-35", "R-4.6")),
        (LETTER, {"manner": "letter", "call_id": CALL}, ("R-4.5",)),
        (LETTER, {"manner": "letter", "note": " "}, ("R-4.7",)),
    ],
)
def test_another_acknowledgement_is_refused(
    standing: Standing, said: dict[str, object], rules: tuple[str, ...]
) -> None:
    """R-4.4 … R-4.7, F-35"""
    assert refusal(standing, a_step(Action.ACKNOWLEDGE, **said)) == rules


@pytest.mark.parametrize("manner", ["letter", "电子邮件", "电话"])
@pytest.mark.parametrize("status", [Status.RECORDED, Status.DISPATCHED, Status.HANDLED, Status.INFORMED])
def test_a_letter_is_acknowledged_in_the_three_ways_until_it_is_closed(manner: str, status: Status) -> None:
    """R-4.4"""
    ticket = replace(LETTER, status=status)
    assert move(ticket, a_step(Action.ACKNOWLEDGE, manner=manner)) is status


def test_who_left_neither_name_nor_telephone_cannot_be_told() -> None:
    """F-35"""
    nobody = replace(LETTER, reachable=False)
    assert move(nobody, a_step(Action.ACKNOWLEDGE, manner="无法确认")) is Status.RECORDED
