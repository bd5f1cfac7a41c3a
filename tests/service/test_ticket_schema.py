"""The schema of tickets says what the rules say: the same words, the same refusals."""

import random
import re
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

import asyncpg
import pytest

from callcenter.accounts.permissions import Permission
from callcenter.casework import Casework
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.opening import By, Via
from callcenter.slips import Said, Slips
from tests.service.desk import a_callback, an_opening, complaints, somebody
from tickets.acknowledgement import Manner, Worth
from tickets.categories import Category, Department, OtherCause
from tickets.committee import MeetingKind, MeetingState, ReferralGround
from tickets.deadlines import Gravity, Kind
from tickets.downgrades import DowngradeState
from tickets.errors import TicketError
from tickets.feedback import Audience
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    Nature,
    NetworkKind,
    Relation,
    Severity,
    Source,
)
from tickets.letters import LetterState, Means
from tickets.letters import Verdict as LegalVerdict
from tickets.lifecycle import Action, Cause, Ending, InvalidGround, Level, Liability, Status, Step, Validity
from tickets.papers import Origin, Paper
from tickets.reclassification import Manner as ReclassificationManner
from tickets.reclassification import ReclassificationGround, ReclassificationState
from tickets.reviews import InvestigationState, Outcome, ReviewState, SupervisionGround
from tickets.slips import Part, SlipAction, SlipState

__all__ = ["complaints"]
pytestmark = pytest.mark.service

WORDS: dict[tuple[str, str], type[StrEnum]] = {
    ("ticket", "nature"): Nature,
    ("ticket", "channel"): Channel,
    ("ticket", "network_kind"): NetworkKind,
    ("ticket", "source"): Source,
    ("ticket", "relation"): Relation,
    ("ticket", "category"): Category,
    ("ticket", "other_cause"): OtherCause,
    ("ticket", "severity"): Severity,
    ("ticket", "gravity"): Gravity,
    ("ticket", "status"): Status,
    ("ticket", "ended_as"): Ending,
    ("ticket", "validity"): Validity,
    ("ticket", "liability"): Liability,
    ("ticket", "invalid_ground"): InvalidGround,
    ("ticket", "complainant_type"): ComplainantType,
    ("ticket", "department"): Department,
    ("ticket", "responsible"): Department,
    ("ticket", "opened_via"): Via,
    ("ticket", "forwarder_level"): ForwarderLevel,
    ("ticket", "identity_manner"): IdentityManner,
    ("acknowledgement", "means"): Manner,
    ("acknowledgement", "state"): Worth,
    ("ticket_clock", "kind"): Kind,
    ("committee_meeting", "kind"): MeetingKind,
    ("committee_meeting", "state"): MeetingState,
    ("committee_member", "department"): Department,
    ("committee_opinion", "department"): Department,
    ("committee_referral", "ground"): ReferralGround,
    ("committee_seat", "department"): Department,
    ("reclassification", "ground"): ReclassificationGround,
    ("reclassification", "manner"): ReclassificationManner,
    ("reclassification", "state"): ReclassificationState,
    ("slip", "part"): Part,
    ("slip", "state"): SlipState,
    ("slip", "department"): Department,
    ("slip", "category"): Category,
    ("ticket_cause", "category"): Category,
    ("ticket_line", "category"): Category,
    ("ticket_cause", "departments"): Department,
    ("signature", "department"): Department,
    ("attachment", "kind"): Paper,
    ("attachment", "origin"): Origin,
    ("opinion_letter", "state"): LetterState,
    ("opinion_letter", "means"): Means,
    ("legal_review", "verdict"): LegalVerdict,
    ("ticket", "told_means"): Means,
    ("feedback", "audience"): Audience,
    ("feedback", "department"): Department,
    ("downgrade", "state"): DowngradeState,
    ("review_request", "state"): ReviewState,
    ("review_request", "outcome"): Outcome,
    ("review_request", "means"): Means,
    ("reinvestigation", "ground"): SupervisionGround,
    ("reinvestigation", "department"): Department,
    ("reinvestigation", "state"): InvestigationState,
}


@pytest.mark.parametrize(("table", "column"), list(WORDS))
async def test_the_columns_words_are_the_enumerations(database: Database, table: str, column: str) -> None:
    """R-2.1, R-2.17: the lists are closed in the same way on both sides."""
    async with database.connection() as conn:
        check = await conn.fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND conname = $2",
            table,
            f"{table}_{column}_check",
        )
    assert set(re.findall(r"'([a-z_]+)'::text", check)) == {word.value for word in WORDS[table, column]}


@pytest.mark.parametrize(
    "change",
    [
        "SET pieces = 2",
        "SET relation = 'repeat'",
        "SET complainant_type = 'public'",
        "SET status = 'closed'",
        "SET status = 'closed', handled_at = now(), informed_at = now(), closed_at = now()",
        "SET handled_at = now()",
        "SET ended_as = 'withdrawn'",
        "SET status = 'archived', closed_at = now(), ended_as = 'withdrawn'",
        "SET status = 'closed', closed_at = now(), ended_as = 'answered', validity = 'valid'",
        "SET status = 'closed', closed_at = now(), ended_as = 'closed', validity = 'valid'",
        "SET destination = '人力资源部'",
        "SET source = 'callback'",
        "SET gravity = 'data_finding'",
        "SET network_kind = 'email'",
        "SET complainant_type = 'representative', authorisation = NULL",
        "SET number = '95519-1'",
        "SET validity = NULL",
        "SET forwarder = '保险监管局'",
        "SET media_link = 'https://example.org'",
        "SET form_signed_at = now()",
        "SET identity_manner = 'document'",
    ],
)
async def test_impossible_rows_are_refused(database: Database, complaints: Complaints, change: str) -> None:
    """D-1, F-37, R-1.1, R-2.2, R-3.23, F-5"""
    await complaints.open(an_opening(), somebody())
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as conn:
            await conn.execute(f"UPDATE ticket {change}")


ENDINGS = (Action.WITHDRAW, Action.CLOSE)
"""Tried now and then only, or nothing else would come about."""
EVERYTHING = frozenset[str](Permission)


def anybody(chance: random.Random, me: By) -> By:
    """Somebody of the office with every right, in a department or none."""
    return replace(me, permissions=EVERYTHING, department=chance.choice([None, *Department]))


def any_step(chance: random.Random) -> Step:
    validity = chance.choice([None, Validity.VALID, Validity.INVALID])
    return Step(
        chance.choice(list(Action) if chance.random() < 0.1 else [each for each in Action if each not in ENDINGS]),
        "",
        Level.CITY,
        note=chance.choice(["", "已核实"]),
        department=chance.choice([None, None, *Department]),
        validity=validity,
        liability=chance.choice([None, *Liability]),
        causes=chance.choice([(), (Cause(Category.CLAIMS),), (Cause(Category.SMS, system=True),)]),
        ground=chance.choice([None, InvalidGround.DUPLICATE]) if validity is Validity.INVALID else None,
        evidence=chance.choice(["", "录音"]),
        manner=chance.choice(["", "电话"]),
        accepted=chance.choice([None, True, False]),
        explanation=chance.choice(["", "已解释"]),
        agrees=chance.choice([True, True, False]),
        destination=chance.choice(["", "人力资源部"]),
        opinion=chance.choice(["", "建议核实"]),
    )


@pytest.mark.parametrize("seed", range(6))
async def test_no_walk_through_the_actions_meets_a_refusal_of_the_schema(
    database: Database, clock: ManualClock, complaints: Complaints, seed: int
) -> None:
    """R-4.1, R-4.20, F-21: whatever people try with the ticket and its slips, the rules refuse before the schema has
    to; the history tells every step, and nothing is handled unanswered."""
    chance = random.Random(seed)
    work, slips = Casework(database, clock), Slips(database, clock, complaints.rules)
    by, call = somebody(), None
    heard = Heard(Subject.MIS_SELLING, Intention.NO, Respondent.POLICYHOLDER) if seed % 2 else None
    if heard is not None:
        call, by = await a_callback(database)
    opening = an_opening(call, heard=heard)
    await complaints.open(opening, by)
    version, acts = 1, 0
    for _ in range(400):
        clock.advance(timedelta(hours=chance.randint(0, 3)))
        who = anybody(chance, by)
        async with database.connection() as conn:
            out = await conn.fetch("SELECT id, version, department FROM slip")
        try:
            if out and chance.random() < 0.6:
                slip = chance.choice(out)
                said = Said(chance.choice(["", "已调查"]), chance.choice([None, *Department]))
                theirs = replace(who, department=Department(slip["department"]))
                action = chance.choice(list(SlipAction))
                await slips.act(opening.key, slip["id"], slip["version"], action, said, theirs)
                acts += 1
                version += action is SlipAction.CASE
            else:
                await work.act(opening.key, version, any_step(chance), who)
                version, acts = version + 1, acts + 1
        except TicketError:
            continue
    async with database.connection() as conn:
        told = await conn.fetchval("SELECT count(*) FROM ticket_event WHERE kind <> 'clock_breached'")
        row = await conn.fetchrow("SELECT version, status, validity, determination FROM ticket")
        open_ = await conn.fetchval(
            "SELECT count(*) FROM slip WHERE state IN ('sent', 'accepted') AND part IN ('main', 'joint')"
        )
    assert row is not None
    assert (row["version"], told) == (version, 1 + acts)
    assert acts > 5
    assert row["status"] in ("recorded", "dispatched") or open_ == 0


@pytest.mark.parametrize("statement", ["DELETE FROM ticket_event", "UPDATE ticket_event SET kind = 'x'"])
async def test_the_history_only_grows(database: Database, complaints: Complaints, statement: str) -> None:
    await complaints.open(an_opening(), somebody())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as conn:
            await conn.execute(statement)
