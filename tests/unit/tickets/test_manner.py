"""What gravity, harm and social effect ask of the course of a case."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.intake import Nature, Severity, Source
from tickets.manner import MANNER_RULES, MANNER_WORDS, HandlingManner, manners

pytestmark = pytest.mark.unit

M = HandlingManner
DEPARTMENT, COMMITTEE = M.BY_DEPARTMENT, M.BY_COMMITTEE


@pytest.mark.parametrize(
    ("severity", "more", "expected"),
    [
        (Severity.GENERAL, {}, (M.ON_THE_SPOT, DEPARTMENT)),
        (Severity.GENERAL, {"written": True}, (M.ON_THE_SPOT, DEPARTMENT, M.IN_WRITING)),
        (Severity.GENERAL, {"group_size": 5}, (M.ON_THE_SPOT, DEPARTMENT, M.AS_GROUP)),
        (Severity.DIFFICULT, {}, (DEPARTMENT, COMMITTEE)),
        (Severity.MAJOR, {}, (DEPARTMENT, COMMITTEE, M.REPORTED_UP)),
        (Severity.MAJOR, {"at_headquarters": True}, (DEPARTMENT, COMMITTEE)),
        (Severity.MAJOR, {"source": Source.MEDIA}, (DEPARTMENT, COMMITTEE, M.REPORTED_UP, M.WITH_MEDIA)),
        (Severity.MAJOR, {"designated": True}, (DEPARTMENT, COMMITTEE, M.REPORTED_UP, M.AS_GROUP)),
    ],
)
def test_the_manner_follows_gravity_harm_and_social_effect(
    severity: Severity, more: dict[str, Any], expected: tuple[HandlingManner, ...]
) -> None:
    """R-4.26"""
    source = more.pop("source", Source.DIRECT)
    assert manners(Nature.COMPLAINT, severity, source, **more) == expected


@given(
    st.sampled_from(Nature),
    st.sampled_from(Severity),
    st.sampled_from(Source),
    st.integers(1, 30),
    st.booleans(),
    st.booleans(),
)
def test_a_graver_case_is_never_handled_more_lightly(
    nature: Nature, severity: Severity, source: Source, size: int, designated: bool, written: bool
) -> None:
    """R-4.26: and what is never settled on the spot is what the committee rules on (R-4.24)."""
    said: dict[str, Any] = {"group_size": size, "designated": designated, "written": written}
    found = set(manners(nature, severity, source, **said))
    graver = set(manners(nature, Severity.MAJOR, source, **said))
    assert found - {M.ON_THE_SPOT} <= graver
    assert nature is Nature.NON_COMPLAINT or (M.ON_THE_SPOT in found) != (COMMITTEE in found)
    assert found == {M.PASSED_ON} or nature is not Nature.NON_COMPLAINT


def test_each_manner_has_its_words_and_the_rules_it_rests_on() -> None:
    assert set(MANNER_WORDS) == set(MANNER_RULES) == set(HandlingManner)
    assert all(MANNER_RULES.values())
