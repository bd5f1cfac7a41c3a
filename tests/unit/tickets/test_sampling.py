"""Whom to ask is chance's choice, and anybody's to draw again (M-17)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.sampling import drawn, fingerprint

pytestmark = pytest.mark.unit

TICKETS = st.sets(st.uuids(), max_size=60)


@given(TICKETS, st.text(min_size=1, max_size=20), st.integers(1, 40), st.randoms(use_true_random=False))
def test_the_same_seed_and_tickets_give_the_same_sample(
    tickets: set[UUID], seed: str, wanted: int, random: object
) -> None:
    """M-17, R-3.10: in whatever order they are told; and a larger sample begins like a smaller one."""
    told = sorted(tickets)
    random.shuffle(told)  # type: ignore[attr-defined]
    sample = drawn(told, seed, wanted)
    assert sample == drawn(tickets, seed, wanted)
    assert len(sample) == len(set(sample)) == min(wanted, len(tickets))
    assert drawn(tickets, seed, wanted + 5)[:wanted] == sample
    assert fingerprint(told) == fingerprint(tickets)


def test_every_ticket_is_as_likely_as_any_other() -> None:
    """M-17: over many seeds each is drawn about as often."""
    tickets = [UUID(int=number) for number in range(20)]
    counts = dict.fromkeys(tickets, 0)
    for seed in range(2000):
        for ticket in drawn(tickets, str(seed), 5):
            counts[ticket] += 1
    assert all(400 < count < 600 for count in counts.values())
    assert fingerprint(tickets) != fingerprint(tickets[:-1])
