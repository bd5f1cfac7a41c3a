"""What an outsider finds when it is quiet again: the switch's event log, the database and the archive, each read by
itself and held against the others. Uses none of our code but the archive's own check."""

import asyncio
import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import numpy as np
import ocfl

from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.console import Console
from recordings.archive import Archive
from recordings.log import Log
from recordings.verify import verify_archive
from tests.asterisk.fakes import Row, extras

UNSETTLED = """
SELECT (SELECT count(*) FROM call WHERE ended_at IS NULL) AS open_calls,
    (SELECT count(*) FROM segment WHERE state NOT IN ('sealed', 'lost')) AS open_segments,
    (SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NULL) AS undelivered"""
CALLS = "SELECT id, cc_call, caller, direction, degraded, ended_at, end_cause FROM call"
SEGMENTS = """
SELECT s.id, s.call_id, s.seq, s.base, s.state, s.expected_ms, s.end_reason, s.lost_reason, c.cc_call
FROM segment s JOIN call c ON c.id = s.call_id"""
SEALED = """
SELECT o.call_id, o.path, o.object_id, r.number, r.file, r.duration_ms, r.expected_ms, r.completeness, r.wav_sha256,
    r.sources
FROM recording_object o JOIN recording_segment r ON r.recording_id = o.id"""
INCOMPLETE = """
SELECT c.cc_call, r.completeness,
    (SELECT count(*) FROM incident i WHERE i.call_id = c.id AND i.kind = 'recording_incomplete') AS incidents
FROM recording_segment r JOIN call c ON c.id = r.recording_id WHERE r.completeness <> 'complete'"""
TICKETS = """
SELECT t.id, t.number, t.nature, t.opened_via, t.opened_by_user, l.call_id, c.cc_call
FROM ticket t LEFT JOIN ticket_call l ON l.ticket_id = t.id LEFT JOIN call c ON c.id = l.call_id"""


@dataclass
class Witness:
    """Looks at one system from outside. `database` is its URL, `archive` the folder with the archive's root; `crashed`
    are the calls whose switch died."""

    address: AsteriskAddress
    database: str
    archive: Path
    spool: Path
    opened_objects: set[str] = field(default_factory=set)
    log: list[Row] = field(default_factory=list)
    position: int = 0
    crashed: set[str] = field(default_factory=set)

    def rows(self) -> list[Row]:
        """The whole event log; a row that is no JSON fails here."""
        if self.address.cel.exists():
            with self.address.cel.open("rb") as file:
                file.seek(self.position)
                whole = file.read()
            whole = whole[: whole.rfind(b"\n") + 1]
            self.position += len(whole)
            self.log += [json.loads(line) for line in whole.splitlines()]
        return self.log

    def arrived(self, rows: Iterable[Row] | None = None) -> dict[str, str]:
        """Call → caller's number, of the customers who were let in."""
        found = named(self.rows() if rows is None else rows, "CC_ARRIVED")
        return {row["uniqueid"]: extras([row], "CC_ARRIVED")[0][0] for row in found}

    def chose(self, key: str, rows: Iterable[Row] | None = None) -> set[str]:
        """The calls whose callers pressed the key."""
        found = named(self.rows() if rows is None else rows, "CC_CHOICE")
        return {row["linkedid"] for row in found if extras([row], "CC_CHOICE") == [[key]]}

    def living(self) -> int:
        """Customers on the line now."""
        log = self.rows()
        ended = {row["uniqueid"] for row in named(log, "CHAN_END")} | self.crashed
        return sum(row["uniqueid"] not in ended for row in named(log, "CHAN_START") if row["context"] == "cc-in")

    async def ask(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows of the database, over a connection of its own."""
        connection = await asyncpg.connect(self.database, timeout=5)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    async def quiet(self, within: float = 90.0) -> None:
        """Waits until nothing is under way any more: no call, no capture, no message, no spooled ticket (INV-9)."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while True:
            try:
                [left] = await self.ask(UNSETTLED)
                known = len(await self.ask("SELECT 1 FROM call"))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                state = repr(error)
            else:
                spooled = [path.name for path in self.spool.glob("*.json")]
                state = f"{dict(left)}, {known} calls known, spooled: {spooled}, on the line: {self.living()}"
                if not any(left.values()) and not spooled and not self.living() and known == len(self.arrived()):
                    return
            assert loop.time() < end, f"not quiet after {within:.0f} s: {state}"
            await asyncio.sleep(0.2)

    async def every_call_is_known_once_and_over(self) -> None:
        """INV-12, INV-8"""
        log = self.rows()
        began = Counter(row["uniqueid"] for row in named(log, "CHAN_START") if row["context"] == "cc-in")
        calls = await self.ask(CALLS)
        assert Counter(call["cc_call"] for call in calls) == began
        assert set(began.values()) == {1}
        assert [call["cc_call"] for call in calls if call["ended_at"] is None] == []
        callers = self.arrived(log)
        assert {call["cc_call"]: call["caller"] for call in calls} == callers
        with Console(self.address.console) as console:
            assert "0 active channels" in console.command("core show channels count")

    async def every_recording_is_sealed(self) -> None:
        """INV-1, INV-2, INV-5: by the event log, the files, an OCFL validator and flac. An overloaded machine carries
        sound unevenly (F73): what then differs from the switch's clock is told in an incident."""
        began = [(row["linkedid"], extras([row], "CC_REC_START")[0][0]) for row in named(self.rows(), "CC_REC_START")]
        told = {
            f"{Path(base).name}-{side}.sln": int(size)
            for base, *sizes in extras(self.rows(), "CC_REC_END")
            for side, size in zip("rt", sizes, strict=True)
            if size
        }
        segments = await self.ask(SEGMENTS)
        assert sorted((one["cc_call"], one["base"]) for one in segments) == sorted(began)
        assert [dict(one) for one in segments if one["state"] != "sealed"] == []
        files = [path for volume in self.address.volumes for path in volume.rglob("*.sln")]
        sealed = await self.ask(SEALED)
        sources = {source["name"]: source for one in sealed for source in json.loads(one["sources"])}
        sizes = {path.name: path.stat().st_size for path in files}
        assert sizes == {name: source["size"] for name, source in sources.items()}
        assert told.items() <= sizes.items()
        assert {row["linkedid"] for row in named(self.rows(), "CC_REC_END")} == self.arrived().keys() - self.crashed
        assert len(sealed) == len(segments)
        assert len({one["object_id"] for one in sealed}) == len({one["call_id"] for one in segments})
        objects = [path.parent for path in (self.archive / "root").rglob("0=ocfl_object_1.1")]
        assert sorted(str(path.relative_to(self.archive / "root")) for path in objects) == sorted(
            {one["path"] for one in sealed}
        )
        incomplete = await self.ask(INCOMPLETE)
        assert {one["cc_call"] for one in incomplete if one["completeness"] == "tail_lost"} == self.crashed
        assert [dict(one) for one in incomplete if one["incidents"] != 1] == []
        assert [dict(one) for one in sealed if one["expected_ms"] is None] == []
        captures = {path.name: path for path in files}
        for one in sealed:
            if one["object_id"] not in self.opened_objects:
                await asyncio.to_thread(self._open, one, captures)
                self.opened_objects.add(one["object_id"])
        archive = Archive(self.archive, "")
        report = await asyncio.to_thread(verify_archive, archive, Log(archive.log, ""))
        assert report.findings == ()

    def _open(self, sealed: asyncpg.Record, captures: dict[str, Path]) -> None:
        """The object by another program's eyes, and its audio against the captured bytes."""
        folder = self.archive / "root" / sealed["path"]
        passed, validator = ocfl.Object().validate(objdir=str(folder))
        assert passed, validator.messages
        inventory = json.loads((folder / "inventory.json").read_bytes())
        names = {name: digest for digest, names in inventory["manifest"].items() for name in names}
        [flac] = [folder / name for name in names if name.endswith(sealed["file"])]
        wav = subprocess.run(["flac", "-dcs", str(flac)], capture_output=True, check=True).stdout
        assert hashlib.sha256(wav).hexdigest() == sealed["wav_sha256"]
        heard = np.frombuffer(wav[44:], "<i2").reshape(-1, 2)
        for side, letter in enumerate("rt"):
            [name] = [each["name"] for each in json.loads(sealed["sources"]) if each["name"].endswith(f"-{letter}.sln")]
            captured = np.frombuffer(captures[name].read_bytes(), "<i2")
            assert np.array_equal(heard[: len(captured), side], captured)
            assert not heard[len(captured) :, side].any()

    async def every_ticket_is_there_once(self, acknowledged: set[UUID]) -> None:
        """INV-3, INV-4, F63: what a client was told of, and what a caller chose; nothing twice, nothing besides."""
        tickets = await self.ask(TICKETS)
        assert len(tickets) == len({ticket["id"] for ticket in tickets})
        told = {ticket["id"] for ticket in tickets if ticket["opened_via"] != "ivr"}
        assert told == acknowledged
        menu = Counter(ticket["cc_call"] for ticket in tickets if ticket["opened_via"] == "ivr")
        assert menu == Counter(self.chose("3"))
        days: dict[str, list[int]] = {}
        for ticket in tickets:
            _, day, number = ticket["number"].split("-")
            days.setdefault(day, []).append(int(number))
        assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in days.values())
        assert not list(self.spool.rglob("*.json"))

    async def everything_is_delivered(self) -> None:
        """INV-9"""
        left = await self.ask("SELECT * FROM outbox_delivery WHERE done_at IS NULL OR parked_at IS NOT NULL")
        assert [dict(row) for row in left] == []

    async def every_fallback_is_an_incident(self) -> None:
        """INV-11"""
        wanted = Counter(row["linkedid"] for row in named(self.rows(), "CC_DEGRADED"))
        found = await self.ask(
            "SELECT c.cc_call FROM incident i JOIN call c ON c.id = i.call_id WHERE i.kind = 'degraded'"
        )
        assert Counter(row["cc_call"] for row in found) == wanted
        marked = {call["cc_call"] for call in await self.ask(CALLS) if call["degraded"]}
        assert marked == set(wanted)

    async def nothing_is_lost_or_double(self, acknowledged: set[UUID]) -> None:
        """All of it."""
        await self.every_call_is_known_once_and_over()
        await self.every_recording_is_sealed()
        await self.every_ticket_is_there_once(acknowledged)
        await self.everything_is_delivered()
        await self.every_fallback_is_an_incident()


def named(rows: Iterable[Row], event: str) -> list[Row]:
    """The rows of one event, the switch's or ours."""
    return [row for row in rows if event in (row["userdeftype"], row["eventenum"])]
