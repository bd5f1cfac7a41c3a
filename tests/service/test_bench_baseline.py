"""The inbound measurement compares like with like: both ways of writing leave the same rows."""

from typing import Any

import pytest

from bench.inbound import WAYS, Counted, counted, ticket_of
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.demo import data
from tests.conftest import NOON

pytestmark = pytest.mark.service

TABLES = (
    "call",
    "ticket_key",
    "matter",
    "ticket",
    "ticket_call",
    "ticket_clock",
    "ticket_event",
    "outbox_event",
    "audit",
)
OWN = {"id", "event_id", "outbox_id", "place", "number"}
NAMES = {way: f"hl1-{int(NOON.timestamp())}.{n}" for n, way in enumerate(WAYS, 1)}


async def test_a_statement_a_table_leaves_the_rows_of_the_one_statement(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    await data.load(database, clock.now())
    opened = {}
    async with database.connection() as conn:
        for way, write in WAYS.items():
            opened[way] = await write(conn, ticket_of(NAMES[way]))
    one, separate = [await rows(database, way) for way in WAYS]
    assert all(one.values())
    assert one == separate
    assert len({each.number for each in opened.values()}) == 2
    assert {(each.opened_live, each.seconds_into_call) for each in opened.values()} == {(True, 9.0)}
    assert await counted(database_url) == Counted(2, {})


async def rows(database: Database, way: str) -> dict[str, list[dict[str, Any]]]:
    """What belongs to the ticket written this way, in every table, without ids and numbers."""
    new = ticket_of(NAMES[way])
    known = {str(new.key): "ticket", str(new.call_id): "call", NAMES[way]: "name", new.fingerprint: "fingerprint"}
    found = {}
    async with database.connection() as conn:
        for table in TABLES:
            texts = [dict(row) for row in await conn.fetch(f"SELECT * FROM {table}")]
            found[table] = sorted(
                (plain(row, known) for row in texts if any(name in str(row) for name in known)), key=repr
            )
    return found


def plain(row: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    return {name: told(value, known) for name, value in row.items() if name not in OWN}


def told(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return plain(value, known)
    return known.get(str(value), value)
