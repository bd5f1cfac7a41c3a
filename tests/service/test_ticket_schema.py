"""The schema of tickets says what the rules say: the same words, the same refusals."""

import random
import re
from datetime import timedelta
from enum import StrEnum

import asyncpg
import pytest

from callcenter.casework import Casework
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.opening import Via
from tests.service.desk import a_callback, an_opening, complaints, somebody
from tickets.categories import Category, Department, OtherCause
from tickets.committee import MeetingKind, MeetingState, ReferralGround
from tickets.deadlines import Gravity, Kind
from tickets.errors import TicketError
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Channel, ComplainantType, Nature, NetworkKind, Relation, Severity, Source
from tickets.lifecycle import Action, InvalidGround, Level, Liability, Status, Step, Validity
from tickets.papers import Origin, Paper

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
    ("ticket", "validity"): Validity,
    ("ticket", "liability"): Liability,
    ("ticket", "invalid_ground"): InvalidGround,
    ("ticket", "complainant_type"): ComplainantType,
    ("ticket", "department"): Department,
    ("ticket", "opened_via"): Via,
    ("ticket_clock", "kind"): Kind,
    ("committee_meeting", "kind"): MeetingKind,
    ("committee_meeting", "state"): MeetingState,
    ("committee_member", "department"): Department,
    ("committee_opinion", "department"): Department,
    ("committee_referral", "ground"): ReferralGround,
    ("committee_seat", "department"): Department,
    ("attachment", "kind"): Paper,
    ("attachment", "origin"): Origin,
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
        "SET source = 'callback'",
        "SET gravity = 'data_finding'",
        "SET network_kind = 'email'",
        "SET complainant_type = 'representative', authorisation = NULL",
        "SET number = '95519-1'",
        "SET validity = NULL",
    ],
)
async def test_impossible_rows_are_refused(database: Database, complaints: Complaints, change: str) -> None:
    """D-1, F-37, R-1.1, R-2.2, R-3.23, F-5"""
    await complaints.open(an_opening(), somebody())
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as conn:
            await conn.execute(f"UPDATE ticket {change}")


@pytest.mark.parametrize("seed", range(4))
async def test_no_walk_through_the_actions_meets_a_refusal_of_the_schema(
    database: Database, clock: ManualClock, complaints: Complaints, seed: int
) -> None:
    """R-4.1: whatever people try, the rules refuse before the schema has to; the history tells every step."""
    chance = random.Random(seed)
    work, by, call = Casework(database, clock), somebody(), None
    heard = Heard(Subject.MIS_SELLING, Intention.NO, Respondent.POLICYHOLDER) if seed % 2 else None
    if heard is not None:
        call, by = await a_callback(database)
    opening = an_opening(call, heard=heard)
    await complaints.open(opening, by)
    version = 1
    for _ in range(250):
        clock.advance(timedelta(hours=chance.randint(0, 30)))
        step = Step(
            chance.choice(list(Action)),
            "",
            Level.CITY,
            note=chance.choice(["", "已核实"]),
            validity=chance.choice([None, Validity.VALID, Validity.INVALID]),
            causes=chance.choice([(), (Category.CLAIMS,)]),
            ground=chance.choice([None, InvalidGround.DUPLICATE]),
            evidence=chance.choice(["", "录音"]),
            manner=chance.choice(["", "电话"]),
            accepted=chance.choice([None, True, False]),
            explanation=chance.choice(["", "已解释"]),
        )
        try:
            await work.act(opening.key, version, step, by)
        except TicketError:
            continue
        version += 1
    async with database.connection() as conn:
        told = await conn.fetchval("SELECT count(*) FROM ticket_event")
        row = await conn.fetchrow("SELECT version, status FROM ticket")
    assert row is not None
    assert (row["version"], told) == (version, version)
    assert row["status"] == "closed"


@pytest.mark.parametrize("statement", ["DELETE FROM ticket_event", "UPDATE ticket_event SET kind = 'x'"])
async def test_the_history_only_grows(database: Database, complaints: Complaints, statement: str) -> None:
    await complaints.open(an_opening(), somebody())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction() as conn:
            await conn.execute(statement)
