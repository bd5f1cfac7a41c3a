"""The papers of a ticket."""

import pytest

from tickets.papers import Paper

pytestmark = pytest.mark.unit


def test_proofs_of_who_somebody_is_are_sensitive_and_nothing_else() -> None:
    """N-10, E-16"""
    assert {paper for paper in Paper if paper.is_sensitive} == {Paper.IDENTITY, Paper.KINSHIP}
