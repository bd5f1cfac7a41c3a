"""From an ended call to its sealed recording, whatever dies in between (INV-1, INV-2, INV-5, F37, R10 to R18)."""

import asyncio
import csv
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callcenter import __version__
from callcenter.__main__ import main
from callcenter.archiving import commands, keys, pseudonyms
from callcenter.archiving.archiver import Archiver
from callcenter.calls.store import Note, beat, note, save_boot, save_switch_offset
from callcenter.calls.switch import Boot
from callcenter.clock import SystemClock
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Database
from callcenter.ids import CallId
from recordings import handover, store
from recordings.checkpoint import Signer, parse
from recordings.ingest import read_record
from recordings.staging import Checkpoint, no_checkpoint
from recordings.verify import verify_archive
from tests.conftest import NOON
from tests.fakes.captures import a_pair, tone
from tests.service.recorded import Recorded

pytestmark = pytest.mark.service

STEPS = [
    "taken",
    "checked",
    "opened",
    "encoded",
    "compared",
    "described",
    "inventoried",
    "staged",
    "parents made",
    "renamed",
    "committed",
    "logged",
    "sealed",
    "recorded",
]


class CrashError(BaseException):
    """The process dies here."""


def crash_at(name: str) -> Checkpoint:
    def checkpoint(reached: str) -> None:
        if reached == name:
            raise CrashError(name)

    return checkpoint


def is_sound(hotline: Recorded) -> bool:
    return verify_archive(hotline.site.archive, hotline.site.log, decode=True).is_sound


async def test_an_ended_call_is_sealed_numbered_logged_and_told(hotline: Recorded) -> None:
    """INV-1, INV-2"""
    call = await hotline.call()
    assert await hotline.seal() == 1
    assert await call.state() == "sealed"
    async with hotline.db.connection() as conn:
        row = await store.find(conn, call.id)
        segments = await store.segments(conn, call.id)
    assert row is not None
    assert (row.archive_no, row.version, row.leaf_index) == ("95519-LY·2026-Y-000001", 1, 0)
    record = read_record(hotline.site.archive, call.object_id)
    assert segments[0].wav_sha256 == record["segments"][0]["wav_sha256"]
    assert record["archive_no"] == row.archive_no
    assert await hotline.column("SELECT topic FROM outbox_event") == ["recording.sealed"]
    assert await hotline.column("SELECT action FROM audit") == ["recording.sealed"]
    assert await hotline.column("SELECT kind FROM incident") == []
    assert is_sound(hotline)


async def test_numbers_have_no_gaps_however_sealings_fail(hotline: Recorded) -> None:
    """Four-property testing looks for missing numbers (archive.md §2.2)."""
    calls = [await hotline.call(200) for _ in range(5)]
    a_pair(hotline.volumes[0], 200, calls[2].name)
    calls[2].pairs[1].customer.write_bytes(b"ID3 not audio at all")
    await hotline.seal()
    await hotline.call(200)
    await hotline.seal()
    numbers = await hotline.column("SELECT number FROM archive_number ORDER BY number")
    assert numbers == [1, 2, 3, 4, 5]
    assert await hotline.column("SELECT archive_no FROM recording_object ORDER BY 1") == [
        f"95519-LY·2026-Y-{number:06d}" for number in range(1, 6)
    ]
    async with hotline.db.connection() as conn:
        assert await store.missing_numbers(conn) == {}


async def test_an_archiver_that_dies_at_any_step_is_followed_by_one_that_ends_in_the_same_object(
    hotline: Recorded,
) -> None:
    """F37, INV-5"""
    for number, step in enumerate(STEPS, start=1):
        call = await hotline.call(400)
        with pytest.raises(BaseExceptionGroup):
            await hotline.seal(crash_at(step))
        await hotline.seal()
        assert await call.state() == "sealed", step
        assert await hotline.value("SELECT count(*) FROM recording_version") == number, step
        assert await hotline.value("SELECT count(*) FROM outbox_event") == number, step
        assert hotline.site.log.head.size == number, step
    numbers = await hotline.column("SELECT number FROM archive_number ORDER BY 1")
    assert numbers == list(range(1, len(STEPS) + 1))
    assert is_sound(hotline)


KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from callcenter.archiving.archiver import Archiver
from callcenter.clock import SystemClock
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Database

async def main():
    folder = Path(sys.argv[2])
    config = RecordingsConfig(volumes=(folder / "rec1", folder / "rec2"), archive_root=folder / "archive",
        cel_file=folder / "cel.jsonl", minimum_free=1)
    db = await Database.connect(sys.argv[1], size=4)
    steps = [0]
    def checkpoint(name):
        steps[0] += 1
        if steps[0] == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
    await Archiver(config, db, SystemClock(), checkpoint).seal_due()

asyncio.run(main())
"""


async def test_kill_9_of_the_archiver_again_and_again_loses_and_doubles_nothing(
    hotline: Recorded, database_url: str
) -> None:
    """F37, INV-1, INV-5: a real process, killed at a later step each time, until it gets through."""
    calls = [await hotline.call(300 + number) for number in range(6)]
    root = Path(__file__).parents[2]
    killed = 0
    for step in (3, 9, 14, 20, 31, 1_000):
        arguments = [sys.executable, "-c", KILLED, database_url, str(hotline.folder), str(step)]
        process = await asyncio.create_subprocess_exec(*arguments, cwd=root)
        killed += await process.wait() == -signal.SIGKILL
    assert killed >= 4
    assert [await call.state() for call in calls] == ["sealed"] * 6
    assert await hotline.value("SELECT count(*) FROM recording_object") == 6
    assert hotline.site.log.head.size == 6
    assert await hotline.column("SELECT number FROM archive_number ORDER BY 1") == [1, 2, 3, 4, 5, 6]
    assert is_sound(hotline)


async def test_two_archivers_at_once_seal_each_call_once(hotline: Recorded) -> None:
    """F48"""
    for _ in range(6):
        await hotline.call(200)
    done = await asyncio.gather(hotline.seal(), hotline.seal(), hotline.seal())
    assert sum(done) + await hotline.seal() == 6
    assert await hotline.value("SELECT count(*) FROM recording_version") == 6
    assert hotline.site.log.head.size == 6


async def test_a_call_that_goes_on_is_not_sealed(hotline: Recorded) -> None:
    call = await hotline.call()
    async with hotline.db.transaction() as conn:
        await conn.execute("UPDATE call SET state = 'talking', ended_at = NULL WHERE id = $1", call.id)
    assert await hotline.seal() == 0
    assert await call.state() == "finished"


async def test_an_open_capture_is_waited_for_and_a_late_one_becomes_a_version(hotline: Recorded) -> None:
    call = await hotline.call()
    await call.segment(500, 2, state="recording")
    assert await hotline.seal() == 0
    hotline.clock.advance(timedelta(minutes=11))
    assert await hotline.seal() == 1
    async with hotline.db.transaction() as conn:
        await conn.execute("UPDATE segment SET state = 'finished' WHERE call_id = $1 AND seq = 2", call.id)
    assert await hotline.seal() == 1
    async with hotline.db.connection() as conn:
        row = await store.find(conn, call.id)
        segments = await store.segments(conn, call.id)
    assert row is not None
    assert (row.version, row.leaf_index) == (2, 1)
    assert [(segment.number, segment.version) for segment in segments] == [(1, 1), (2, 2)]
    assert is_sound(hotline)


async def test_a_call_without_its_file_is_lost_with_an_incident(hotline: Recorded) -> None:
    """R18, INV-1"""
    call = await hotline.call(captured=False)
    assert await hotline.seal() == 0
    assert await call.state() == "lost"
    assert await hotline.column("SELECT kind FROM incident WHERE call_id = $1", call.id) == ["recording_lost"]
    await hotline.seal()
    assert await hotline.value("SELECT count(*) FROM incident") == 1


async def test_nothing_is_called_lost_while_a_capture_volume_is_away(hotline: Recorded) -> None:
    """F30, F36"""
    call = await hotline.call(captured=False)
    (hotline.volumes[1] / ".ok").unlink()
    await hotline.seal()
    assert await call.state() == "sealing"
    assert "not mounted" in str(await hotline.value("SELECT last_error FROM sealing_attempt"))
    (hotline.volumes[1] / ".ok").touch()
    hotline.clock.advance(timedelta(minutes=5))
    await hotline.seal()
    assert await call.state() == "lost"


async def test_a_capture_still_open_elsewhere_is_sealed_later(hotline: Recorded) -> None:
    """R16, F33"""
    call = await hotline.call()
    program = "import sys; file = open(sys.argv[1], 'ab'); print('open', flush=True); sys.stdin.read()"
    arguments = [sys.executable, "-c", program, str(call.pairs[1].customer)]
    writer = await asyncio.create_subprocess_exec(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    await writer.stdout.readline()
    await hotline.seal()
    assert await call.state() == "sealing"
    assert writer.stdin is not None
    writer.stdin.close()
    await writer.wait()
    hotline.clock.advance(timedelta(minutes=5))
    assert await hotline.seal() == 1


@pytest.mark.parametrize("harm", ["foreign", "link", "fifo"])
async def test_what_is_no_recording_is_refused_and_the_rest_of_the_call_is_sealed(hotline: Recorded, harm: str) -> None:
    """R5, R11"""
    call = await hotline.call()
    second = await call.segment(500, 2)
    assert second is not None
    if harm == "foreign":
        second.heard.write_bytes(b"<html>not audio</html>")
    else:
        second.heard.rename(hotline.folder / "kept")
        if harm == "link":
            second.heard.symlink_to(hotline.folder / "kept")
        else:
            os.mkfifo(second.heard)
    assert await hotline.seal() == 1
    assert (await call.state(1), await call.state(2)) == ("sealed", "lost")
    assert await hotline.column("SELECT kind FROM incident") == ["capture_refused"]
    assert is_sound(hotline)


async def test_a_short_capture_is_sealed_with_its_verdict_and_an_incident(hotline: Recorded) -> None:
    """F27"""
    await hotline.call(2_000, expected_ms=9_000)
    await hotline.seal()
    assert await hotline.column("SELECT completeness FROM recording_segment") == ["hole_suspected"]
    assert await hotline.column("SELECT kind FROM incident") == ["recording_incomplete"]


async def test_a_capture_cut_by_a_crash_of_the_switch_lost_its_tail(hotline: Recorded) -> None:
    """F21"""
    await hotline.call(2_000, expected_ms=3_900, end_reason="asterisk_crash")
    await hotline.seal()
    assert await hotline.column("SELECT completeness FROM recording_segment") == ["tail_lost"]


@pytest.mark.parametrize("moment", [0, 4_102_444_800], ids=["1970", "2100"])
async def test_odd_file_times_are_flagged_and_the_switch_is_believed(hotline: Recorded, moment: int) -> None:
    """R14"""
    call = await hotline.call()
    os.utime(call.pairs[1].customer, (moment, moment))
    hotline.clock.advance(timedelta(seconds=1))
    await hotline.seal()
    notes = await hotline.value("SELECT notes FROM recording_segment")
    assert isinstance(notes, list)
    assert "mtime_odd" in notes
    record = read_record(hotline.site.archive, call.object_id)
    assert record["segments"][0]["started_at"].startswith(call.started.isoformat()[:19])


async def test_overlapping_segments_are_both_kept_and_flagged(hotline: Recorded) -> None:
    """R19"""
    call = await hotline.call()
    await call.segment(1_000, 2)
    await hotline.seal()
    assert read_record(hotline.site.archive, call.object_id)["overlaps"] == [[1, 2]]


async def test_an_unreadable_capture_is_kept_and_reported(hotline: Recorded) -> None:
    """R13"""
    call = await hotline.call()
    path = call.pairs[1].customer
    path.unlink()
    path.mkdir()
    await hotline.seal()
    assert await call.state() == "lost"
    assert path.is_dir()
    assert await hotline.column("SELECT kind FROM incident") == ["capture_refused"]


async def test_a_capture_without_a_call_gets_an_object_of_its_own_once(hotline: Recorded) -> None:
    """R18"""
    a_pair(hotline.volumes[1], 700, "hl9-1795339143.77")
    assert await hotline.look() == 1
    assert await hotline.column("SELECT orphan_base LIKE '20261122/hl9-1795339143.77-1#%' FROM recording_object") == [
        True
    ]
    assert await hotline.column("SELECT kind FROM incident ORDER BY kind") == [
        "capture_orphaned",
        "recording_incomplete",
    ]
    await hotline.look()
    assert await hotline.value("SELECT count(*) FROM recording_object") == 1
    assert is_sound(hotline)


async def test_a_capture_its_call_does_not_know_of_joins_the_call(hotline: Recorded) -> None:
    call = await hotline.call()
    await hotline.seal()
    a_pair(hotline.volumes[1], 700, call.name, number=2)
    await hotline.look()
    await hotline.seal()
    record = read_record(hotline.site.archive, call.object_id)
    assert [segment["number"] for segment in record["segments"]] == [1, 2]
    assert await hotline.value("SELECT count(*) FROM recording_object WHERE call_id IS NULL") == 0


async def test_a_lost_capture_that_turns_up_is_sealed_after_all(hotline: Recorded) -> None:
    call = await hotline.call(captured=False)
    await hotline.seal()
    assert await call.state() == "lost"
    a_pair(hotline.volumes[0], 1_000, call.name)
    await hotline.look()
    await hotline.seal()
    assert await call.state() == "sealed"


async def test_a_name_used_again_gives_an_object_of_its_own_and_an_incident(hotline: Recorded) -> None:
    """R10"""
    call = await hotline.call()
    await hotline.seal()
    first = call.file().read_bytes()
    a_pair(hotline.volumes[0], 1_700, call.name, seed=9)
    await hotline.look()
    assert "capture_name_reused" in await hotline.column("SELECT kind FROM incident")
    assert await hotline.value("SELECT count(*) FROM recording_object") == 2
    assert call.file().read_bytes() == first
    assert is_sound(hotline)


async def test_sealed_captures_in_the_spool_are_not_taken_for_orphans(hotline: Recorded) -> None:
    await hotline.call()
    await hotline.seal()
    await hotline.look()
    assert await hotline.value("SELECT count(*) FROM recording_object") == 1
    assert await hotline.column("SELECT kind FROM incident") == []


@pytest.mark.parametrize("name", ["..-1-r.sln", "a b-1-r.sln", "录音-1-r.sln", "x\n-1-r.sln", "plain.txt", "l-1-r.sln"])
async def test_strange_names_in_the_spool_end_in_an_incident_or_an_orphan_never_unnoticed(
    hotline: Recorded, name: str
) -> None:
    """R11, R12"""
    day = hotline.volumes[0] / "20261122"
    day.mkdir()
    path = day / name
    if name.startswith("l-"):
        path.symlink_to(hotline.folder / "nowhere")
    else:
        path.write_bytes(tone(200, 440).tobytes())
    await hotline.look()
    assert len(await hotline.column("SELECT kind FROM incident")) >= 1
    assert path.is_symlink() or path.exists()


async def test_a_spool_of_a_hundred_thousand_files_is_looked_through_quickly(hotline: Recorded) -> None:
    """R17: within ten seconds of work, and in no time when nothing changed."""
    day = hotline.volumes[0] / "20261122"
    day.mkdir()
    for number in range(50_000):
        for side in "rt":
            os.close(os.open(day / f"hl1-1795339143.{number}-1-{side}.sln", os.O_CREAT | os.O_WRONLY))
    archiver = hotline.archiver()
    begun = time.process_time()
    found = archiver._scan.unsettled(hotline.clock.now() + timedelta(days=400), frozenset())
    assert time.process_time() - begun < 10
    assert len(found.captures) == 50_000
    archiver._scan.settle(found)
    assert archiver._scan.unsettled(hotline.clock.now() + timedelta(days=400), frozenset()).captures == []
    archiver.close()


async def test_the_switchs_rows_of_the_call_are_in_the_object_with_numbers_masked(hotline: Recorded) -> None:
    call = await hotline.call()
    other = await hotline.call()
    rows = []
    for at, name, kind in (
        (call.started.timestamp(), call.name, "USER_DEFINED"),
        (call.started.timestamp() + 0.1, other.name, "USER_DEFINED"),
        (call.ended.timestamp(), call.name, "LINKEDID_END"),
    ):
        row = {"eventenum": kind, "eventtime": f"{at:.6f}", "uniqueid": name, "linkedid": name}
        if kind == "USER_DEFINED":
            row |= {"userdeftype": "CC_ARRIVED", "eventextra": json.dumps({"extra": "13800138000|95519"})}
        rows.append(json.dumps(row))
    filler = [json.dumps({"eventenum": "X", "eventtime": "1700000000.0", "linkedid": "y"})] * 3_000
    hotline.config.cel_file.write_text("\n".join([*filler, *rows, '{"torn']))
    await hotline.seal()
    text = hotline.site.archive.file(call.object_id, "meta/cel.csv").read_text()
    found = list(csv.DictReader(text.splitlines()))
    assert [row["eventenum"] for row in found] == ["USER_DEFINED", "LINKEDID_END"]
    assert [row["eventextra"] for row in found] == ['{"extra": "138****8000|95519"}', ""]
    record = read_record(hotline.site.archive, call.object_id)
    assert "13800138000" not in json.dumps(record)
    assert record["call"]["caller_masked"] == "138****8000"


DIGITS = re.compile(r"\d+")


def runs_of(number: str, length: int = 6) -> set[str]:
    """Every part of the number that is longer than what its mask shows."""
    return {number[at : at + length] for at in range(len(number) - length + 1)}


@pytest.mark.parametrize("direction", ["inbound", "callback", "click"])
async def test_no_part_of_a_customers_number_is_in_the_object_whoever_rang_whom(
    hotline: Recorded, direction: str
) -> None:
    """archive.md §2.4: what is sealed cannot be corrected, so a number is only there masked and hashed."""
    number, other = "16712345698", "15987650123"
    incoming = direction == "inbound"
    call = await hotline.call(
        direction=direction, caller=number if incoming else None, did="95519" if incoming else number
    )
    blind = {"extension": other, "context": "cc-transfer", "transferee_channel_uniqueid": call.name}
    rows = [
        {"eventenum": "USER_DEFINED", "userdeftype": "CC_ARRIVED", "eventextra": {"extra": f"{number}|95519"}},
        {"eventenum": "BRIDGE_ENTER", "channame": f"Local/{number}@cc-transfer-0000000a;1", "eventextra": {}},
        {"eventenum": "BLINDTRANSFER", "channame": "PJSIP/trunk-main-00000012", "eventextra": blind},
        {"eventenum": "CHAN_START", "peer": f"PJSIP/{other}@trunk-main-00000013", "eventextra": {"dial": number}},
    ]
    with hotline.config.cel_file.open("w") as log:
        for row in rows:
            names = {"eventtime": f"{call.started.timestamp():.6f}", "uniqueid": call.name, "linkedid": call.name}
            log.write(json.dumps({**names, **row, "eventextra": json.dumps(row["eventextra"])}) + "\n")
    async with hotline.db.transaction() as conn:
        moved = {"manner": "blind", "target": f"{other}@cc-transfer"}
        await note(conn, [Note(CallId(call.id), call.started, "cel", "transferred", None, moved)])
    await hotline.seal()
    folder = hotline.site.archive.path_of(call.object_id)
    texts = {path: path.read_text() for path in folder.rglob("*") if path.is_file() and path.suffix != ".flac"}
    assert {"record.json", "cel.csv", "premis.jsonl", "dat63.xml"} <= {path.name for path in texts}
    for path, text in texts.items():
        for run in DIGITS.findall(text):
            assert not runs_of(number) & runs_of(run), (path, run)
            assert not runs_of(other) & runs_of(run), (path, run)
    record = read_record(hotline.site.archive, call.object_id)["call"]
    assert (record["caller_masked"], record["did"]) == ("167****5698", "95519" if incoming else None)
    assert record["transfers"][0]["target"] == "159****0123@cc-transfer"
    cel = list(csv.DictReader((folder / "v1/content/meta/cel.csv").read_text().splitlines()))
    assert [row["channame"] for row in cel[1:3]] == [
        "Local/167****5698@cc-transfer-0000000a;1",
        "PJSIP/trunk-main-00000012",
    ]
    assert {row["uniqueid"] for row in cel} == {call.name}


async def hash_of(hotline: Recorded, config: RecordingsConfig, **call: Any) -> str:
    made = await hotline.call(**call)
    archiver = Archiver(config, hotline.db, hotline.clock)
    await archiver.seal_due()
    archiver.close()
    return str(read_record(hotline.site.archive, made.object_id)["call"]["caller_hash"])


async def test_the_same_customer_has_the_same_hash_which_only_the_key_can_tell(hotline: Recorded) -> None:
    """archive.md §2.4: eleven digits are quickly tried through; without the key that leads nowhere."""
    rang = await hash_of(hotline, hotline.config, caller="13800138000")
    rung = await hash_of(hotline, hotline.config, direction="callback", caller=None, did="+8613800138000")
    stranger = await hash_of(hotline, hotline.config, caller="13800138001")
    assert rang == rung != stranger
    kind, key_id, digest = rang.split(":")
    async with hotline.db.connection() as conn:
        made = await pseudonyms.of_site(conn, hotline.config)
    assert (kind, key_id) == ("hmac-sha256", made.key_id)
    assert hmac.new(made.key, b"13800138000", "sha256").hexdigest() == digest
    plain = hashlib.sha256(b"13800138000").hexdigest()
    root_id = hotline.site.archive.root_id.encode()
    assert digest not in {plain, hmac.new(root_id, b"13800138000", "sha256").hexdigest()}
    own = replace(hotline.config, number_key="a key of the company's own, kept elsewhere")
    assert (await hash_of(hotline, own, caller="13800138000")).split(":")[1] != key_id


def head_of_checkout() -> str:
    checkout = str(Path(__file__).parents[2])
    return subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()


BOOTS = [
    Boot("hl1", NOON - timedelta(days=3), "02:42:ac:11:00:02", "20.1.0", ""),
    Boot("hl1", NOON - timedelta(days=1), "02:42:ac:11:00:02", "22.10.1", "OPTIONAL_API"),
    Boot("hl1", NOON + timedelta(days=1), "02:42:ac:11:00:02", "22.11.0", ""),
]


@pytest.mark.parametrize("direction", ["inbound", "callback"])
async def test_the_record_says_which_switch_and_program_it_came_from_and_how_the_clocks_stood(
    hotline: Recorded, direction: str
) -> None:
    """archive.md §2.4"""
    async with hotline.db.transaction() as conn:
        for boot in BOOTS:
            await save_boot(conn, boot, NOON)
        await beat(conn, NOON, "test", hears=True)
        assert await save_switch_offset(conn, -37, SystemClock().now())
    call = await hotline.call(direction=direction)
    channel = {"eventenum": "CHAN_START", "eventtime": f"{call.started.timestamp():.6f}", "uniqueid": call.name}
    hotline.config.cel_file.write_text(json.dumps({**channel, "linkedid": "hl1-1795000000.7"}) + "\n")
    await hotline.seal()
    record = read_record(hotline.site.archive, call.object_id)
    assert {name: record["call"][name] for name in ("linkedid", "asterisk_id", "systemname", "boot_id")} == {
        "linkedid": "hl1-1795000000.7",
        "asterisk_id": "02:42:ac:11:00:02",
        "systemname": "hl1",
        "boot_id": f"hl1/{(NOON - timedelta(days=1)).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
    }
    assert (record["env"]["asterisk"], record["env"]["asterisk_options"]) == ("22.10.1", "OPTIONAL_API")
    assert record["env"]["program"] == f"hotline95519 {__version__}"
    assert record["env"]["commit"].removesuffix("+") == (head_of_checkout() or "unknown")
    clock = record["clock"]
    assert abs(clock["database_offset_ms"]) < 1_000
    assert clock["switch_offset_ms"] == -37
    assert clock["ntp"]["state"] in {"synchronised", "unsynchronised", "unknown"}


async def test_of_a_switch_nobody_saw_the_record_claims_nothing(hotline: Recorded) -> None:
    """archive.md §2.4: what is not known is said to be unknown."""
    call = await hotline.call(direction="callback")
    await hotline.seal()
    record = read_record(hotline.site.archive, call.object_id)
    assert [record["call"][name] for name in ("linkedid", "asterisk_id", "systemname", "boot_id")] == [None] * 4
    assert (record["env"]["asterisk"], record["clock"]["switch_offset_ms"]) == ("unknown", "unknown")


async def test_nothing_is_sealed_while_the_clocks_contradict_each_other(hotline: Recorded, database_url: str) -> None:
    """archive.md §2.5 step 0, on a PostgreSQL whose clock is an hour ahead."""
    call = await hotline.call()
    async with hotline.db.transaction() as conn:
        await conn.execute("CREATE SCHEMA wrong")
        await conn.execute(
            "CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
            " $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$"
        )
        name = await conn.fetchval("SELECT current_database()")
        await conn.execute(f"ALTER DATABASE {name} SET search_path = wrong, pg_catalog, public")
    right, hotline.db = hotline.db, await Database.connect(database_url, size=4)
    assert await hotline.seal() == 0
    assert await call.state() == "finished"
    assert await hotline.column("SELECT kind FROM incident") == ["archive_refused"]
    await hotline.db.close()
    hotline.db = right
    assert await hotline.seal() == 1


async def test_masked_intervals_are_told_in_the_segments_own_time(hotline: Recorded) -> None:
    call = await hotline.call(5_000)
    async with hotline.db.transaction() as conn:
        await conn.execute(
            "INSERT INTO mute_interval (id, call_id, channel_id, reason, started_at, ended_at)"
            " VALUES (gen_random_uuid(), $1, 'x', 'card', $2, $3)",
            call.id,
            call.started + timedelta(seconds=1),
            call.started + timedelta(seconds=2.5),
        )
    await hotline.seal()
    assert read_record(hotline.site.archive, call.object_id)["segments"][0]["muted_ms"] == [[1_000, 2_500]]


TABLES = ("archive_number", "recording_object", "recording_version", "recording_segment", "archive_counter")
CHANGES = (
    "UPDATE archive_number SET number = number + 1",
    "UPDATE recording_object SET archive_no = 'x'",
    "UPDATE recording_version SET leaf_index = 7",
    "UPDATE recording_segment SET completeness = 'complete'",
)


async def test_nothing_sealed_can_be_removed_from_or_changed_in_the_index(hotline: Recorded) -> None:
    """No deletion (archive.md §2.10)"""
    await hotline.call()
    await hotline.seal()
    removals = [f"{verb} {table}" for table in TABLES for verb in ("DELETE FROM", "TRUNCATE")]
    async with hotline.db.connection() as conn:
        for statement in (*removals, *CHANGES):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
                await conn.execute(statement)


async def test_an_archive_whose_disk_is_not_mounted_is_not_made_anew(hotline: Recorded) -> None:
    """F30"""
    await hotline.call()
    await hotline.seal()
    hotline.config.archive_root.rename(hotline.folder / "elsewhere")
    waiting = await hotline.call()
    assert await hotline.seal() == 0
    assert not hotline.config.archive_root.exists()
    assert await waiting.state() == "finished"
    assert await hotline.column("SELECT kind FROM incident") == ["archive_refused"]
    (hotline.folder / "elsewhere").rename(hotline.config.archive_root)
    assert await hotline.seal() == 1


async def test_with_a_key_every_leaf_comes_under_a_signed_checkpoint(hotline: Recorded) -> None:
    """INV-10: calls, orphans, and what an archiver left that died before it signed."""
    signer = Signer.generate("hotline95519/log")
    signing = replace(hotline.config, signing_key=signer.private_text())

    async def signed(job: str, checkpoint: Checkpoint = no_checkpoint) -> int:
        archiver = Archiver(signing, hotline.db, hotline.clock, checkpoint)
        try:
            await getattr(archiver, job)()
        finally:
            archiver.close()
        head = parse((hotline.config.archive_root / "log/checkpoint").read_bytes(), [signer.verifier()])
        assert head.root == hotline.site.log.root_at(head.size)
        return head.size

    await hotline.call()
    assert await signed("seal_due") == 1
    a_pair(hotline.volumes[1], 700, "hl9-1795339143.77")
    hotline.clock.set(SystemClock().now() + timedelta(minutes=11))
    assert await signed("seal_orphans") == 2
    await hotline.call()
    with pytest.raises(BaseExceptionGroup):
        await signed("seal_due", crash_at("recorded"))
    assert hotline.site.log.head.size == 3
    assert await signed("seal_due") == 3
    before = (hotline.config.archive_root / "log/checkpoint").stat().st_mtime_ns
    assert await signed("seal_due") == 3
    assert (hotline.config.archive_root / "log/checkpoint").stat().st_mtime_ns == before


async def test_verification_checks_the_signature_with_the_public_key_alone(
    hotline: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """README's promise to a stranger: the archive's disk and the public key are enough."""
    made = keys.kept(tmp_path / "keys", "hotline95519/log")
    assert (made.private.stat().st_mode & 0o777, keys.kept(tmp_path / "keys", "another").public_text()) == (
        0o600,
        made.public_text(),
    )
    other = keys.kept(tmp_path / "other", "hotline95519/log")
    await hotline.call()
    signing = replace(hotline.config, signing_key=made.private.read_text())
    archiver = Archiver(signing, hotline.db, hotline.clock)
    await archiver.seal_due()
    archiver.close()
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCENTER_RECORDINGS_ARCHIVE_ROOT", str(hotline.config.archive_root))
    assert main(["archive", "verify"]) == 0
    assert "signature was not checked" in capsys.readouterr().out
    assert main(["archive", "verify", "--key", str(made.public)]) == 0
    assert "checkpoint over 1 of 1 log leaves, signed by hotline95519/log" in capsys.readouterr().out
    assert main(["archive", "verify", "--key", str(other.public)]) == 1
    assert "no known key signed this checkpoint" in capsys.readouterr().out
    assert main(["archive", "verify", "--key", str(made.private)]) == 2
    assert main(["archive", "new-key", str(hotline.config.archive_root / "log")]) == 2
    assert main(["archive", "new-key", str(tmp_path / "keys")]) == 0
    assert made.public_text() in capsys.readouterr().out


async def test_a_recording_is_handed_over_by_its_archive_number(
    hotline: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """archive.md 2.12: from the command line, with a recipient, a reason and a second person; the log says so."""
    made = keys.kept(tmp_path / "keys", "hotline95519/log")
    await hotline.call()
    archiver = Archiver(replace(hotline.config, signing_key=made.private.read_text()), hotline.db, hotline.clock)
    await archiver.seal_due()
    archiver.close()
    number = json.loads(hotline.site.log.entry(0))["archive_no"]
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCENTER_RECORDINGS_ARCHIVE_ROOT", str(hotline.config.archive_root))
    asked = [
        "archive",
        "export",
        "--to",
        str(tmp_path),
        "--recipient",
        "监管局",
        "--reason",
        "核查",
        "--approved-by",
        "段负责",
    ]
    assert main([*asked, number]) == 2
    assert "signing key" in capsys.readouterr().err
    monkeypatch.setenv("CALLCENTER_RECORDINGS_SIGNING_KEY_FILE", str(made.private))
    assert main([*asked, "no such number"]) == 1
    assert "no recording has the archive number" in capsys.readouterr().err
    assert main([*asked, number]) == 0
    said = capsys.readouterr().out
    assert made.public_text() in said
    with tarfile.open(tmp_path / f"{number}.bag.tar") as tar:
        tar.extractall(tmp_path / "theirs", filter="data")
    assert handover.main([str(tmp_path / "theirs" / number), "--key", str(made.public)]) == 0
    assert json.loads(hotline.site.log.entry(1))["recipient"] == "监管局"


async def test_verification_prints_what_it_found(hotline: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    call = await hotline.call()
    assert commands.verify(hotline.config, decode=False) == 2
    await hotline.seal()
    assert commands.verify(hotline.config, decode=True) == 0
    call.file().chmod(0o640)
    content = bytearray(call.file().read_bytes())
    content[200] ^= 1
    call.file().write_bytes(content)
    assert commands.verify(hotline.config, decode=False) == 1
    assert f"file-changed: {call.object_id}" in capsys.readouterr().out


async def test_nobody_waits_for_sealing(hotline: Recorded) -> None:
    """Sealing runs in threads of low priority; the loop goes on meanwhile."""
    await hotline.call(120_000)
    archiver = hotline.archiver()
    sealing = asyncio.ensure_future(archiver.seal_due())
    longest = 0.0
    loop = asyncio.get_running_loop()
    while not sealing.done():
        begun = loop.time()
        await asyncio.sleep(0.005)
        longest = max(longest, loop.time() - begun)
    archiver.close()
    assert sealing.result() == 1
    assert longest < 0.25
