"""The rows of calls on a real PostgreSQL: written again, late and by two owners they tell the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from callcenter.calls import facts, store
from callcenter.calls.call import Announce, Call, Direction, Incident, Released, advance, begin
from callcenter.calls.facts import Fact, Role
from callcenter.calls.store import Note
from callcenter.db.pool import Database
from callcenter.ids import call_id
from tests.conftest import NOON

pytestmark = pytest.mark.service

CC_CALL = f"hl1-{int(NOON.timestamp())}.1"
AGENT = f"hl1-{int(NOON.timestamp())}.2"
TOLD: tuple[Fact, ...] = (
    facts.LegStarted(NOON, CC_CALL, "PJSIP/trunk-main-00000001", Role.CUSTOMER),
    facts.Arrived(NOON, "13800000001", "95519"),
    facts.LegAnswered(NOON + timedelta(seconds=1), CC_CALL),
    facts.RecordingStarted(NOON + timedelta(seconds=1), 1, f"/rec1/20261118/{CC_CALL}-1"),
    facts.LegEnded(NOON + timedelta(seconds=9), CC_CALL, "normal"),
    facts.RecordingEnded(NOON + timedelta(seconds=9), 1, f"/rec1/20261118/{CC_CALL}-1", 128000, 128000),
)


def told(*news: Fact) -> Call:
    call = begin(call_id(CC_CALL), CC_CALL, Direction.INBOUND, NOON)
    for fact in news:
        call, _ = advance(call, fact)
    return call


async def saved(database: Database, *changes: tuple[Call | None, Call]) -> Call:
    async with database.transaction() as conn:
        await store.save(conn, changes)
        (call,) = await store.load(conn, [changes[0][1].id])
    return call


async def test_a_call_is_read_back_as_it_was_written(database: Database) -> None:
    call = told(*TOLD)
    assert await saved(database, (None, call)) == call


TALKED: tuple[Fact, ...] = (
    *TOLD[:4],
    facts.LegStarted(NOON + timedelta(seconds=2), AGENT, "PJSIP/desk-8001-00000002", Role.AGENT),
    facts.LegAnswered(NOON + timedelta(seconds=3), AGENT),
    facts.Bridged(NOON + timedelta(seconds=3), AGENT),
)


@pytest.mark.parametrize("held", [(), (facts.Unbridged(NOON + timedelta(seconds=5), AGENT),)])
async def test_an_owner_who_takes_a_call_over_knows_who_has_talked_on_it(
    database: Database, held: tuple[Fact, ...]
) -> None:
    before = told(*TALKED, *held)
    taken = await saved(database, (None, before))
    assert taken == before
    _, effects = advance(taken, facts.LegEnded(NOON + timedelta(seconds=9), AGENT, "normal"))
    assert effects == (Released("desk-8001", NOON + timedelta(seconds=9)),)


async def test_an_older_account_does_not_take_back_that_somebody_talked(database: Database) -> None:
    await saved(database, (None, told(*TALKED)))
    read = await saved(database, (None, told(*TALKED[:6])))
    assert read.legs[AGENT].bridged_at == NOON + timedelta(seconds=3)
    assert read.legs[AGENT].bridged


async def test_only_what_changed_is_written_again(database: Database) -> None:
    before, after = told(*TOLD[:4]), told(*TOLD)
    await saved(database, (None, before))
    assert await saved(database, (before, after)) == after


async def test_an_older_account_takes_nothing_back(database: Database) -> None:
    """F15"""
    after = told(*TOLD)
    await saved(database, (None, after))
    read = await saved(database, (None, replace(told(*TOLD[:4]), segments={})))
    assert (read.state, read.ended_at) == (after.state, after.ended_at)
    assert read.legs[CC_CALL].ended_at == after.legs[CC_CALL].ended_at


LESS = {
    "that it is expected": TOLD[:3],
    "that it has begun": TOLD[:4],
    "that it never began": (*TOLD[:3], facts.Ended(NOON + timedelta(seconds=9), "vanished")),
}


@pytest.mark.parametrize("known", LESS.values(), ids=LESS)
async def test_a_finished_capture_stays_finished_whoever_knows_less_of_it(
    database: Database, known: tuple[Fact, ...]
) -> None:
    """INV-1: a call forgotten and begun anew must not keep its recording from the archive."""
    after = told(*TOLD)
    await saved(database, (None, after))
    read = await saved(database, (None, told(*known)))
    assert read.segments[1] == after.segments[1]


async def test_a_capture_taken_for_lost_may_still_be_told_of(database: Database) -> None:
    """INV-1"""
    await saved(database, (None, told(*TOLD[:3], facts.Ended(NOON + timedelta(seconds=9), "vanished"))))
    after = told(*TOLD)
    assert (await saved(database, (None, after))).segments[1] == after.segments[1]


async def test_who_knows_less_of_a_capture_takes_nothing_back(database: Database) -> None:
    """F15: as a process does that hears of a call before it has read what was known of it."""
    await saved(database, (None, told(*TOLD[:4])))
    fresh, _ = advance(told(*TOLD[:1]), facts.Arrived(NOON, "13800000001", "95519"))
    segment = (await saved(database, (None, fresh))).segments[1]
    assert segment == told(*TOLD[:4]).segments[1]


async def test_the_archive_keeps_a_segment_it_has_taken(database: Database) -> None:
    call = told(*TOLD)
    await saved(database, (None, call))
    async with database.transaction() as conn:
        await conn.execute("UPDATE segment SET state = 'sealed'")
    assert (await saved(database, (None, call))).segments[1].state == "sealed"


async def test_live_calls_and_unsettled_segments_are_found_after_a_restart(database: Database) -> None:
    async with database.transaction() as conn:
        await store.save(conn, [(None, told(*TOLD[:4]))])
        assert [call.cc_call for call in await store.live(conn)] == [CC_CALL]
        await store.save(conn, [(None, told(*TOLD[:5]))])
        assert [call.cc_call for call in await store.live(conn)] == [CC_CALL]
        await store.save(conn, [(None, told(*TOLD))])
        assert await store.live(conn) == []


async def test_a_call_we_dial_is_written_once_before_it_is_dialled(database: Database) -> None:
    cc_call = "ck-019a9d5e-0000-7000-8000-000000000001"
    async with database.transaction() as conn:
        assert await store.expect(conn, call_id(cc_call), cc_call, Direction.CLICK, NOON, did="13800000001")
        assert not await store.expect(conn, call_id(cc_call), cc_call, Direction.CLICK, NOON)


async def test_history_incidents_and_facts_told_twice_are_kept_once(database: Database) -> None:
    """B4, INV-11"""
    id = call_id(CC_CALL)
    for _ in range(2):
        async with database.transaction() as conn:
            await store.note(conn, [Note(id, NOON, "ari", "arrived", CC_CALL, {"caller": "13800000001"})])
            await store.raise_incidents(conn, [(id, Incident("degraded", NOON, {"from": "agi"}))])
            await store.announce(conn, id, Announce("call.ended", NOON, {"call_id": str(id)}))
    async with database.connection() as conn:
        for table in ("call_event", "incident", "outbox_event"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 1


async def test_the_place_in_a_log_file_is_kept_whatever_its_name(database: Database) -> None:
    """F35"""
    async with database.transaction() as conn:
        await store.save_offset(conn, "7:ab", "/var/log/cel.csv", 100, NOON)
        await store.save_offset(conn, "7:ab", "/var/log/cel.csv.1", 250, NOON)
        assert await store.offsets(conn) == {"7:ab": 250}
