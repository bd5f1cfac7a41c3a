"""What speaks for two tickets being about one incident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.likeness import WEIGHTS, Ground, grounds, likeness, rank

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("own", "other", "shared", "alike"), [(10, 10, 10, 1.0), (10, 30, 10, 0.5), (10, 10, 0, 0.0), (4, 40, 4, 0.0)]
)
def test_words_are_alike_by_the_pairs_they_share_and_short_ones_say_nothing(
    own: int, other: int, shared: int, alike: float
) -> None:
    """R-4.12"""
    assert likeness(own, other, shared) == alike


@given(st.sets(st.sampled_from(Ground)), st.floats(0, 1))
def test_a_ticket_is_proposed_for_what_both_share_the_weightiest_first_and_words_only_where_alike(
    common: set[Ground], alike: float
) -> None:
    """R-4.12"""
    found = grounds(common, alike)
    assert set(found) - {Ground.TEXT} == common - {Ground.TEXT}
    assert (Ground.TEXT in found) == (alike >= 0.3)
    assert [WEIGHTS[each] for each in found] == sorted((WEIGHTS[each] for each in found), reverse=True)


@given(st.sets(st.sampled_from(Ground)), st.sampled_from(Ground), st.floats(0, 1))
def test_one_more_thing_in_common_never_ranks_lower(common: set[Ground], more: Ground, alike: float) -> None:
    """R-4.12"""
    assert rank(grounds(common | {more}, alike), alike) >= rank(grounds(common, alike), alike)
