"""A process that takes over living calls knows all that was known of them, whatever it hears first."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agi.ari.commands import Ari
from agi.ari.events import Event, parse
from agi.ari.rest import Rest
from agi.ari.stream import Gap
from agi.ports import Caller, Welcome
from callcenter.calls import cel, store
from callcenter.calls.controller import Controller, Pace
from callcenter.calls.hearing import Hearing
from callcenter.calls.ledger import Ledger
from callcenter.calls.tail import Tail
from callcenter.clock import ManualClock
from callcenter.db.pool import Connection, Database
from callcenter.ids import CallId

pytestmark = pytest.mark.service

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts/calls"


class Told:
    """A stream that begins with a gap and then tells these events at once."""

    is_connected = True

    def __init__(self, *events: Event) -> None:
        self._items: list[Event | Gap] = [Gap("connected"), *events]

    async def __aiter__(self) -> AsyncIterator[Event | Gap]:
        for item in self._items:
            yield item
        await asyncio.Event().wait()


class Nobody:
    async def welcome(self, caller: Caller) -> Welcome:
        return Welcome()


async def keep(_conn: Connection, _endpoint: str, _call: CallId, _at: object) -> None:
    return None


async def test_a_capture_that_began_before_the_take_over_has_its_whole_length(
    database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """INV-1, F16: the first process wrote the beginning and was killed; events come before the switch can be asked."""
    log = tmp_path / "cel.jsonl"
    rows = (TRANSCRIPTS / "fallback.cel.jsonl").read_text().splitlines(keepends=True)
    began = next(index for index, row in enumerate(rows) if "CC_REC_START" in row) + 1
    log.write_text("".join(rows[:began]))
    tail = Tail(log, {})
    portion = tail.read()
    assert portion is not None
    first = Hearing(Ledger())
    for line in portion.lines:
        first.row(cel.parse(line))
    async with database.transaction() as conn:
        await store.save(conn, first.ledger.pending().changes)
        await store.save_offset(conn, portion.file, str(log), portion.position, clock.now())

    with log.open("a") as file:
        file.writelines(rows[began:])
    events = (TRANSCRIPTS / "fallback.ari.jsonl").read_text().splitlines()
    stream = Told(*(event for line in events[len(events) // 3 :] if (event := parse(line)) is not None))
    async with database.connection() as conn:
        positions = await store.offsets(conn)
    async with Rest("http://127.0.0.1:9/ari", "cc", "-") as rest:
        controller = Controller(database, Ari(rest), clock, Nobody(), keep, pace=Pace(log=0.05))
        running = asyncio.create_task(controller.run(stream, Tail(log, positions)))
        async with asyncio.timeout(10), database.connection() as conn:
            while not await conn.fetchval("SELECT 1 FROM segment WHERE state = 'finished'"):
                await asyncio.sleep(0.05)
            [segment] = await conn.fetch("SELECT * FROM segment")
        running.cancel()
        await asyncio.wait({running})
    whole = Hearing(Ledger())
    for row in rows:
        whole.row(cel.parse(row))
    [call] = whole.ledger.calls.values()
    assert segment["started_at"] == call.segments[1].started_at
    assert segment["expected_ms"] == call.segments[1].expected_ms
