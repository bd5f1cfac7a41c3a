"""Pieces, occurrences and what is left out (D-1 … D-9, F-37), on the worked example of domain.md d.4."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.categories import Category
from tickets.errors import UnknownFigureError
from tickets.intake import Channel, ComplainantType, Nature, Relation, Source
from tickets.lifecycle import Validity
from tickets.statistics import APPLIED, RULES, Exclusion, Figure, Row, figures, rules_printed, weigh

pytestmark = pytest.mark.unit
_C, _R, _V = Channel, Relation, Validity


def a_row(ticket: str, received: date, channel: Channel = _C.PHONE_INBOUND, **more: object) -> Row:
    defaults: dict[str, object] = {
        "matter": ticket,
        "nature": Nature.COMPLAINT,
        "relation": _R.FIRST,
        "complainant": ComplainantType.CUSTOMER,
        "source": Source.DIRECT,
        "category": Category.CLAIMS,
        "validity": _V.VALID,
    }
    return Row(ticket, channel=channel, received=received, **{**defaults, **more})


EXAMPLE = (
    a_row("T01", date(2025, 9, 3)),
    a_row("T02", date(2025, 9, 5), _C.LETTER),
    a_row("T03", date(2025, 9, 29), matter="T02", relation=_R.REPEAT),
    a_row("T04", date(2025, 9, 8), _C.VISIT),
    a_row("T05", date(2025, 10, 9), _C.LETTER, matter="T04", relation=_R.ESCALATION, source=Source.REGULATOR),
    a_row("T06", date(2025, 9, 10), source=Source.CALLBACK),
    a_row(
        "T07",
        date(2025, 9, 11),
        _C.PHONE_OUTBOUND,
        matter=None,
        nature=Nature.CALLBACK_FINDING,
        relation=None,
        source=Source.CALLBACK,
        validity=_V.PENDING,
    ),
    a_row("T08", date(2025, 9, 15), _C.NETWORK, validity=_V.INVALID),
    a_row("T09", date(2025, 9, 28), _C.SMS),
    a_row("T10", date(2025, 9, 30), _C.FAX, validity=_V.PENDING),
    a_row("T11", date(2025, 10, 20), matter="T02", relation=_R.REPEAT),
    a_row("T12", date(2025, 10, 10), matter="T10", relation=_R.MERGED, validity=_V.PENDING),
)


def test_the_worked_example_counts_eight_pieces_and_eleven_occurrences() -> None:
    """D-1, D-2, D-3, D-4, D-6, D-9, M-1, M-2, M-3"""
    result = figures(EXAMPLE)
    assert (result.pieces, result.occurrences, result.matters) == (8, 11, 7)
    assert (result.valid_pieces, result.invalid_pieces, result.pending_pieces) == (6, 1, 1)
    assert result.excluded == {
        Exclusion.CALLBACK_FINDING: 1,
        Exclusion.NON_COMPLAINT: 0,
        Exclusion.NOT_A_CUSTOMER: 0,
    }


@pytest.mark.parametrize(("month", "pieces", "occurrences"), [(9, 7, 8), (10, 1, 3)])
def test_a_piece_belongs_to_the_month_of_receipt(month: int, pieces: int, occurrences: int) -> None:
    """D-11, D-14: an escalation's piece belongs to the month of the escalation."""
    whole = {row.ticket: row for row in EXAMPLE}
    before = figures([row for row in whole.values() if row.received.month < month])
    upto = figures([row for row in whole.values() if row.received.month <= month])
    assert (upto.pieces - before.pieces, upto.occurrences - before.occurrences) == (pieces, occurrences)


@pytest.mark.parametrize(
    ("channel", "pieces", "occurrences"),
    [(_C.PHONE_INBOUND, 2, 5), (_C.PHONE_OUTBOUND, 0, 0), (_C.LETTER, 2, 2), (_C.VISIT, 1, 1), (_C.SMS, 1, 1)],
)
def test_the_channels_of_the_worked_example(channel: Channel, pieces: int, occurrences: int) -> None:
    """D-7, R-2.1: the callback complaint counts as phone inbound, the finding nowhere."""
    result = figures([row for row in EXAMPLE if row.channel is channel])
    assert (result.pieces, result.occurrences) == (pieces, occurrences)


def test_without_clear_intention_the_callback_complaint_would_be_no_piece() -> None:
    """D-6, T-1: T06 as a finding."""
    finding = {"nature": Nature.CALLBACK_FINDING, "relation": None, "channel": _C.PHONE_OUTBOUND, "matter": None}
    result = figures([replace(r, **finding) if r.ticket == "T06" else r for r in EXAMPLE])
    assert (result.pieces, result.occurrences) == (7, 10)
    assert result.excluded is not None
    assert result.excluded[Exclusion.CALLBACK_FINDING] == 2


def test_a_merged_escalation_is_no_piece() -> None:
    """D-4: V-2 of d.4."""
    result = figures([replace(r, relation=_R.MERGED) if r.ticket == "T05" else r for r in EXAMPLE])
    assert (result.pieces, result.occurrences) == (7, 11)


def test_a_repeat_of_an_invalid_matter_is_an_occurrence_only() -> None:
    """D-2, D-3: V-1 of d.4."""
    more = a_row("T13", date(2025, 10, 14), matter="T08", relation=_R.REPEAT, validity=_V.INVALID)
    result = figures((*EXAMPLE, more))
    assert (result.pieces, result.occurrences) == (8, 12)


def test_a_second_escalation_adds_no_piece() -> None:
    """D-1, F-2: a matter is capped at two."""
    more = a_row("T13", date(2025, 10, 30), _C.LETTER, matter="T04", relation=_R.ESCALATION)
    assert figures((*EXAMPLE, more)).pieces == 8
    assert figures((*EXAMPLE, more), cap=3).pieces == 9


@pytest.mark.parametrize(
    ("relation", "occurrences", "pieces", "rule"),
    [
        (_R.FIRST, 1, 1, "R-4.12"),
        (_R.REPEAT, 1, 0, "R-4.13"),
        (_R.ESCALATION, 1, 1, "R-4.15"),
        (_R.MERGED, 1, 0, "D-4"),
    ],
)
def test_a_repeat_is_one_piece_with_its_first_and_an_escalation_makes_two(
    relation: Relation, occurrences: int, pieces: int, rule: str
) -> None:
    """R-4.12, R-4.13, R-4.15, D-1, D-4: a matter of a first and a repeat is 1 piece, of a first and an escalation 2."""
    weight = weigh(Nature.COMPLAINT, relation, ComplainantType.CUSTOMER, 0 if relation is _R.FIRST else 1)
    assert (weight.occurrences, weight.pieces) == (occurrences, pieces)
    assert rule in weight.rules
    first = a_row("X1", date(2025, 9, 1), matter="X")
    if relation is not _R.FIRST:
        assert figures([first, a_row("X2", date(2025, 9, 20), matter="X", relation=relation)]).pieces == 1 + pieces


@pytest.mark.parametrize("who", [ComplainantType.AGENT, ComplainantType.PUBLIC])
def test_grievances_of_agents_and_the_public_are_shown_apart(who: ComplainantType) -> None:
    """F-37, F-38, F-55"""
    weight = weigh(Nature.COMPLAINT, _R.FIRST, who)
    assert (weight.occurrences, weight.pieces, weight.exclusion) == (0, 0, Exclusion.NOT_A_CUSTOMER)


def test_what_is_no_complaint_weighs_nothing() -> None:
    """D-8, R-1.3"""
    weight = weigh(Nature.NON_COMPLAINT, None, ComplainantType.CUSTOMER)
    assert (weight.pieces, weight.exclusion) == (0, Exclusion.NON_COMPLAINT)


def test_a_complaint_without_a_relation_is_a_mistake_of_the_program() -> None:
    """D-1"""
    with pytest.raises(ValueError, match="relation"):
        weigh(Nature.COMPLAINT, None, ComplainantType.CUSTOMER)


ROWS = st.lists(
    st.builds(
        a_row,
        st.uuids().map(str),
        st.dates(date(2025, 1, 1), date(2026, 11, 30)),
        matter=st.sampled_from(["M1", "M2", "M3"]),
        nature=st.sampled_from(Nature),
        relation=st.sampled_from(Relation),
        complainant=st.sampled_from(ComplainantType),
        validity=st.sampled_from(Validity),
    ),
    max_size=40,
)


@given(ROWS)
def test_findings_never_change_a_figure(rows: list[Row]) -> None:
    """T-1, D-6: with them or without, every complaint figure is the same."""
    without = [row for row in rows if row.nature is not Nature.CALLBACK_FINDING]
    first, second = figures(rows), figures(without)
    assert replace(first, excluded=None) == replace(second, excluded=None)
    assert first.excluded is not None
    assert first.excluded[Exclusion.CALLBACK_FINDING] == len(rows) - len(without)


@given(ROWS)
def test_every_ticket_is_counted_or_left_out_never_both(rows: list[Row]) -> None:
    """T-4, D-9: occurrences and exclusions add up to the tickets; validity splits the pieces."""
    result = figures(rows)
    assert result.excluded is not None
    assert result.occurrences + sum(result.excluded.values()) == len(rows)
    assert result.pieces == result.valid_pieces + result.invalid_pieces + result.pending_pieces


def test_a_figure_that_does_not_exist_names_those_that_do() -> None:
    """T-4"""
    assert Figure.named("pieces") is Figure.PIECES
    with pytest.raises(UnknownFigureError, match="valid_pieces"):
        Figure.named("profit")


def test_a_pure_enquiry_has_no_row_at_all() -> None:
    """D-5: it is a contact on the order, not an order."""
    assert figures([]) == replace(figures(EXAMPLE[:0]), excluded=figures([]).excluded)
    assert "D-5" in RULES


def test_every_rule_applied_can_be_printed() -> None:
    """T-4"""
    assert [r["rule"] for r in rules_printed(APPLIED)] == list(APPLIED)
    assert {rule for e in Exclusion for rule in e.rules} - set(RULES) == {"R-1.3"}
    assert all(e.words.zh for e in Exclusion)
