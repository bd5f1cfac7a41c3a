"""What a case file must hold by severity and channel, and when it may be archived."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.dossier import (
    DEMANDS,
    NEVER_EXPLAINED,
    Case,
    Item,
    Need,
    check_explanation,
    contents,
    missing,
)
from tickets.errors import MoveRefusedError
from tickets.intake import Channel, Relation, Severity
from tickets.papers import Paper

pytestmark = pytest.mark.unit

WHOLE = Case(
    is_complaint=True,
    is_finding=False,
    channel=Channel.VISIT,
    severity=Severity.GENERAL,
    relation=Relation.FIRST,
    closed=True,
    acknowledged=True,
    papers=frozenset({Paper.VISIT_FORM}),
    determined=True,
    told=True,
    signatures=1,
)
"""A general complaint at the counter, settled on the spot, with everything it needs."""


def lacks(case: Case, *explained: Item) -> set[Item]:
    return {entry.demand.item for entry in missing(contents(case, explained))}


def test_every_item_of_the_list_has_its_words_rules_and_ground_once() -> None:
    """E-20"""
    assert [demand.item for demand in DEMANDS] == list(Item)
    assert all(demand.rules and demand.words.zh and demand.words.en for demand in DEMANDS)


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({}, set()),
        ({"closed": False}, {Item.CLOSING}),
        ({"papers": frozenset()}, {Item.VISIT_FORM}),
        ({"channel": Channel.LETTER}, {Item.ORIGINAL}),
        ({"channel": Channel.LETTER, "papers": frozenset({Paper.LETTER})}, set()),
        ({"channel": Channel.FAX, "papers": frozenset({Paper.LETTER})}, {Item.ORIGINAL}),
        ({"channel": Channel.NETWORK, "papers": frozenset()}, set()),
        ({"channel": Channel.PHONE_INBOUND}, {Item.RECORDING}),
        ({"channel": Channel.PHONE_INBOUND, "calls": 1, "recordings": 1}, set()),
        ({"channel": Channel.PHONE_INBOUND, "calls": 2, "recordings": 1, "unsealed": 1}, {Item.RECORDING}),
        ({"calls": 1}, {Item.RECORDING}),
        ({"acknowledged": False}, {Item.ACKNOWLEDGEMENT}),
        ({"represented": True}, {Item.AUTHORISATION, Item.IDENTITY}),
        ({"represented": True, "papers": frozenset({Paper.VISIT_FORM, Paper.KINSHIP, Paper.IDENTITY})}, set()),
        ({"slips": 2, "unanswered": 1}, {Item.SLIPS}),
        ({"slips": 2}, set()),
        ({"severity": Severity.DIFFICULT}, {Item.RULING, Item.INVESTIGATION}),
        ({"severity": Severity.MAJOR, "ruled": True, "investigated": 1}, set()),
        ({"written_due": True}, {Item.OPINION_LETTER}),
        ({"written_due": True, "letters_sent": 1}, set()),
        ({"determined": False}, {Item.DETERMINATION}),
        ({"told": False}, {Item.REPLY}),
        ({"unsigned": 1}, {Item.SIGNATURES}),
        ({"relation": Relation.REPEAT}, {Item.LINKS}),
        ({"relation": Relation.ESCALATION, "links": 1}, set()),
        ({"withdrawn": True, "acknowledged": False, "determined": False, "told": False}, set()),
        (
            {"relation": Relation.MERGED, "links": 1, "acknowledged": False, "determined": False, "told": False},
            set(),
        ),
        ({"is_complaint": False, "determined": False, "acknowledged": False, "severity": Severity.MAJOR}, set()),
    ],
)
def test_what_is_mandatory_follows_from_severity_and_channel(changes: dict[str, Any], lacking: set[Item]) -> None:
    """E-21, B-3, R-4.3, R-4.5, R-4.12, R-4.24, R-4.25, R-3.16, R-3.30, R-3.32, N-6, E-1, E-3, E-22, CL-6"""
    assert lacks(replace(WHOLE, **changes)) == lacking


def test_what_can_no_longer_be_had_is_explained_and_what_can_is_brought() -> None:
    """E-21, R-4.7"""
    late = replace(WHOLE, acknowledged=False, papers=frozenset())
    entries = contents(late)
    check_explanation(entries, Item.ACKNOWLEDGEMENT)
    for item in (Item.VISIT_FORM, Item.SATISFACTION, Item.REPLY):
        with pytest.raises(MoveRefusedError):
            check_explanation(entries, item)
    with pytest.raises(MoveRefusedError):
        check_explanation(entries, Item.ACKNOWLEDGEMENT, explained=True)
    assert lacks(late, Item.ACKNOWLEDGEMENT, Item.VISIT_FORM) == {Item.VISIT_FORM}


CASES = st.builds(
    Case,
    **{field.name: st.integers(0, 2) for field in fields(Case) if field.type == "int"},
    is_complaint=st.booleans(),
    is_finding=st.booleans(),
    channel=st.sampled_from(Channel),
    severity=st.sampled_from(Severity),
    relation=st.sampled_from([None, *Relation]),
    represented=st.booleans(),
    withdrawn=st.booleans(),
    closed=st.booleans(),
    acknowledged=st.booleans(),
    papers=st.frozensets(st.sampled_from(Paper)),
    determined=st.booleans(),
    told=st.booleans(),
    written_due=st.booleans(),
    ruled=st.booleans(),
)


@given(CASES, st.sets(st.sampled_from(Item)))
def test_only_mandatory_items_are_ever_missing_and_more_papers_never_make_a_file_less_whole(
    case: Case, explained: set[Item]
) -> None:
    """E-21"""
    entries = contents(case, explained)
    assert all(entry.need is Need.MANDATORY and not entry.held for entry in missing(entries))
    assert not {entry.demand.item for entry in entries if entry.explained} & NEVER_EXPLAINED
    assert {each.demand.item for each in missing(entries)} <= lacks(case)
    assert lacks(replace(case, papers=frozenset(Paper))) <= lacks(case)
