"""Written answers: when one is due, what a letter states, that counsel clears the very text, and how it is sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tickets.test_lifecycle import READY, TICKET, a_step, refusal
from tickets import letters
from tickets.errors import LetterRefusedError
from tickets.guards import move
from tickets.intake import Channel, Nature, Relation, Severity, Source
from tickets.letters import (
    ENDED,
    LETTER_MOVES,
    MEANS_WORDS,
    Content,
    Letter,
    LetterAction,
    LetterState,
    Matter,
    Means,
    Remedy,
    Sending,
    written_due,
)
from tickets.lifecycle import Action, Status

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
CALL = Matter(Nature.COMPLAINT, Channel.PHONE_INBOUND, Source.DIRECT, Severity.GENERAL, Relation.FIRST)
CONTENT = Content("查明", "依据", "同意赔付", letters.default_remedies("广东分公司"), "王小明", "广州市")
LETTER = Letter(LetterState.DRAFT, CONTENT)
CLEARED = replace(LETTER, state=LetterState.CLEARED, reviewed=1, cleared_at=NOON)
HANDLED = replace(TICKET, status=Status.HANDLED)


@pytest.mark.parametrize(
    ("change", "grounds"),
    [
        ({}, []),
        ({"channel": Channel.VISIT}, []),
        ({"channel": Channel.PHONE_OUTBOUND}, []),
        ({"channel": Channel.LETTER}, ["in_writing"]),
        ({"channel": Channel.FAX}, ["in_writing"]),
        ({"channel": Channel.NETWORK}, ["in_writing"]),
        ({"channel": Channel.SMS}, ["in_writing"]),
        ({"asked": True}, ["asked"]),
        ({"source": Source.REGULATOR}, ["regulator"]),
        ({"source": Source.UPPER_COMPANY}, []),
        ({"severity": Severity.MAJOR}, ["major"]),
        ({"severity": Severity.DIFFICULT}, []),
        (
            {"channel": Channel.LETTER, "asked": True, "source": Source.REGULATOR, "severity": Severity.MAJOR},
            ["in_writing", "asked", "regulator", "major"],
        ),
        ({"channel": Channel.LETTER, "relation": Relation.MERGED}, []),
        ({"channel": Channel.LETTER, "relation": Relation.REPEAT}, ["in_writing"]),
        ({"channel": Channel.LETTER, "anonymous": True}, []),
        ({"channel": Channel.LETTER, "nature": Nature.NON_COMPLAINT, "relation": None}, []),
        ({"severity": Severity.MAJOR, "nature": Nature.CALLBACK_FINDING, "relation": None}, []),
    ],
)
def test_when_a_written_answer_is_due(change: dict[str, object], grounds: list[str]) -> None:
    """F-22, F-35, D-4"""
    assert [ground.value for ground in written_due(replace(CALL, **change))] == grounds


def test_nobody_is_told_before_the_cleared_letter_was_sent_where_a_written_answer_is_due() -> None:
    """R-4.25, F-22"""
    due = replace(HANDLED, written_due=("in_writing", "major"))
    step = a_step(Action.INFORM)
    assert refusal(due, step) == ("R-4.25", "F-22")
    assert move(replace(due, letter_sent_at=NOON), step) is Status.INFORMED
    assert move(HANDLED, step) is Status.INFORMED


def test_nor_closed_where_it_became_due_after_they_were_told() -> None:
    """R-4.25, F-22"""
    due = replace(READY, written_due=("major",))
    assert refusal(due, a_step(Action.CLOSE)) == ("R-4.25", "F-22")
    assert move(replace(due, letter_sent_at=NOON), a_step(Action.CLOSE)) is Status.CLOSED


@pytest.mark.parametrize("manner", [*Means, *(words.zh for words in MEANS_WORDS.values())])
def test_the_manner_of_telling_is_one_of_the_measures_by_code_or_name(manner: str) -> None:
    """CL-8"""
    assert move(HANDLED, a_step(Action.INFORM, manner=f" {manner} ")) is Status.INFORMED


@pytest.mark.parametrize("manner", ["传真", "托人带话", "phone"])
def test_any_other_manner_of_telling_is_none(manner: str) -> None:
    """CL-8"""
    assert refusal(HANDLED, a_step(Action.INFORM, manner=manner)) == ("CL-8",)


def refused(letter: Letter, action: LetterAction) -> tuple[str, ...]:
    with pytest.raises(LetterRefusedError) as error:
        letters.after(letter, action)
    return error.value.rules


@given(st.lists(st.sampled_from(LetterAction), max_size=12))
def test_no_letter_is_sent_that_counsel_has_not_cleared(actions: list[LetterAction]) -> None:
    """R-4.25"""
    state, seen = LetterState.DRAFT, [LetterState.DRAFT]
    for action in actions:
        try:
            state = letters.after(replace(LETTER, state=state), action)
        except LetterRefusedError:
            assert (state, action) not in LETTER_MOVES
            continue
        seen.append(state)
    if LetterState.SENT in seen:
        assert seen[-2:] == [LetterState.CLEARED, LetterState.SENT]
    assert all(each not in ENDED for each in seen[:-1])


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize("action", LetterAction)
def test_what_was_sent_or_is_void_stays_so(state: LetterState, action: LetterAction) -> None:
    """R-4.25"""
    assert refused(replace(LETTER, state=state), action) == ("R-4.25",)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"facts": " "}, ["facts"]),
        ({"basis": ""}, ["basis"]),
        ({"decision": "", "addressee": ""}, ["decision", "addressee"]),
        *(({"remedies": {**CONTENT.remedies, remedy: " "}}, [f"remedies.{remedy.value}"]) for remedy in Remedy),
        ({"remedies": {}}, [f"remedies.{remedy.value}" for remedy in Remedy]),
    ],
)
def test_a_letter_goes_to_counsel_whole(change: dict[str, object], missing: list[str]) -> None:
    """N-9, R-4.25: facts, basis and reasons, decision, and every remedy."""
    with pytest.raises(LetterRefusedError) as error:
        letters.check_submit(replace(LETTER, content=replace(CONTENT, **change)))
    assert error.value.rules == ("N-9", "R-4.25")
    assert error.value.details["missing"] == missing


def test_what_counsel_sent_back_is_submitted_again_with_another_text_only() -> None:
    """R-4.25"""
    letters.check_submit(LETTER)
    letters.check_submit(replace(LETTER, text_version=2, reviewed=1))
    with pytest.raises(LetterRefusedError):
        letters.check_submit(replace(LETTER, text_version=2, reviewed=2))


@pytest.mark.parametrize(
    ("state", "writable"),
    [
        (LetterState.DRAFT, True),
        (LetterState.SENT_BACK, True),
        (LetterState.CLEARED, True),
        (LetterState.IN_REVIEW, False),
        (LetterState.SENT, False),
        (LetterState.VOID, False),
    ],
)
def test_where_the_text_may_be_written_anew(state: LetterState, writable: bool) -> None:
    """R-4.25: nobody changes under counsel's eyes, nor after."""
    if writable:
        letters.check_writable(replace(LETTER, state=state))
    else:
        with pytest.raises(LetterRefusedError):
            letters.check_writable(replace(LETTER, state=state))


def test_the_default_remedies_name_who_reviews_and_until_when() -> None:
    """N-9, L-29"""
    remedies = letters.default_remedies("广东分公司")
    assert set(remedies) == set(Remedy)
    assert "30日内向广东分公司" in remedies[Remedy.REVIEW]


MINUTE = timedelta(minutes=1)
POSTED = Sending(Means.POSTED, NOON, "挂号信 XA123")


@pytest.mark.parametrize(
    ("sending", "rules"),
    [
        (POSTED, None),
        (replace(POSTED, at=NOON + MINUTE), None),
        (replace(POSTED, at=NOON + 2 * MINUTE), ("R-4.25", "CL-8")),
        (replace(POSTED, at=NOON - MINUTE), ("R-4.25", "CL-8")),
        (replace(POSTED, proof=" "), ("CL-8",)),
        (replace(POSTED, means=Means.DIALLED), ("F-22", "CL-8")),
        (replace(POSTED, means=Means.HANDED_OVER), None),
        (replace(POSTED, means=Means.EMAILED), None),
        (replace(POSTED, means=Means.TEXTED), None),
    ],
)
def test_a_letter_is_sent_after_clearance_not_in_the_future_in_writing_and_with_proof(
    sending: Sending, rules: tuple[str, ...] | None
) -> None:
    """R-4.25, CL-8, F-22"""
    if rules is None:
        letters.check_send(CLEARED, Status.HANDLED, NOON - MINUTE, sending, NOON + MINUTE)
        return
    with pytest.raises(LetterRefusedError) as error:
        letters.check_send(CLEARED, Status.HANDLED, NOON - MINUTE, sending, NOON + MINUTE)
    assert error.value.rules == rules


@pytest.mark.parametrize("status", Status)
def test_a_letter_is_sent_only_after_the_decision(status: Status) -> None:
    """R-4.27, R-4.25: and a cleared letter does not anticipate it."""
    if status in (Status.HANDLED, Status.INFORMED):
        letters.check_send(CLEARED, status, NOON, POSTED, NOON)
        with pytest.raises(LetterRefusedError):
            letters.check_send(CLEARED, status, NOON + MINUTE, POSTED, NOON + MINUTE)
        return
    with pytest.raises(LetterRefusedError) as error:
        letters.check_send(CLEARED, status, NOON, POSTED, NOON)
    assert error.value.rules == ("R-4.27", "R-4.25")


def test_sending_says_how_and_sending_back_says_why() -> None:
    """CL-8, R-4.25, R-4.7"""
    with pytest.raises(LetterRefusedError) as error:
        letters.sending(None, NOON, "挂号信")
    assert error.value.rules == ("CL-8",)
    assert letters.sending(Means.POSTED, NOON, "挂号信 XA123") == POSTED
    with pytest.raises(LetterRefusedError):
        letters.check_remarks(" ")
    letters.check_remarks("条款引用有误")
