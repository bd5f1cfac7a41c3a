"""Ended calls with captures in two spool volumes, as the telephony process leaves them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from callcenter.archiving import description, opening
from callcenter.archiving.archiver import Archiver
from callcenter.archiving.opening import Site
from callcenter.clock import ManualClock, SystemClock
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Database
from callcenter.ids import call_id, derived, uuid7
from recordings.staging import Checkpoint, no_checkpoint
from tests.fakes.captures import Pair, a_pair

CALL = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, did, user_id, started_at, answered_at, ended_at,
    end_cause)
VALUES ($1, $2, $3, 'ended', $5, $7, $8, $6, $4, $4, $5, 'normal')"""
SEGMENT = """
INSERT INTO segment (id, call_id, seq, base, state, started_at, ended_at, expected_ms, end_reason, lost_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
SWITCH_VOLUME = "/rec1"


@dataclass
class Recorded:
    """A database, two capture volumes and an archive; calls are added to them."""

    db: Database
    clock: ManualClock
    folder: Path
    calls: int = 0

    def __post_init__(self) -> None:
        for volume in self.volumes:
            volume.mkdir(parents=True)
            (volume / ".ok").touch()

    @property
    def volumes(self) -> tuple[Path, Path]:
        return self.folder / "rec1", self.folder / "rec2"

    @property
    def config(self) -> RecordingsConfig:
        return RecordingsConfig(
            volumes=self.volumes,
            archive_root=self.folder / "archive",
            cel_file=self.folder / "cel.jsonl",
            minimum_free=1,
        )

    @property
    def site(self) -> Site:
        return opening.existing(self.config)

    def archiver(self, checkpoint: Checkpoint = no_checkpoint) -> Archiver:
        return Archiver(self.config, self.db, self.clock, checkpoint)

    async def seal(self, checkpoint: Checkpoint = no_checkpoint) -> int:
        archiver = self.archiver(checkpoint)
        try:
            return await archiver.seal_due()
        finally:
            archiver.close()

    async def look(self) -> int:
        """Ten minutes later the spool is looked through."""
        self.clock.set(max(self.clock.now(), SystemClock().now()) + timedelta(minutes=11))
        archiver = self.archiver()
        try:
            return await archiver.seal_orphans()
        finally:
            archiver.close()

    async def call(
        self,
        milliseconds: int = 1_000,
        *,
        state: str = "finished",
        expected_ms: int | None = None,
        captured: bool = True,
        end_reason: str = "handler",
        user_id: UUID | None = None,
        direction: str = "inbound",
        caller: str | None = "13800138000",
        did: str | None = "95519",
    ) -> "RecordedCall":
        """A call that ended now, with one capture: inbound unless said otherwise."""
        self.calls += 1
        ended = self.clock.now()
        started = ended - timedelta(milliseconds=milliseconds)
        prefix = {"callback": "cb", "click": "ck"}.get(direction)
        name = f"{prefix}-{uuid7(started)}" if prefix else f"hl1-{int(started.timestamp())}.{self.calls}"
        id = call_id(name)
        async with self.db.transaction() as conn:
            await conn.execute(CALL, id, name, direction, started, ended, user_id, caller, did)
        made = RecordedCall(self, id, name, started, ended)
        await made.segment(milliseconds, 1, state, expected_ms, captured, end_reason)
        return made

    async def value(self, statement: str, *arguments: object) -> object:
        async with self.db.connection() as conn:
            return await conn.fetchval(statement, *arguments)

    async def column(self, statement: str, *arguments: object) -> list[object]:
        async with self.db.connection() as conn:
            return [row[0] for row in await conn.fetch(statement, *arguments)]


@dataclass
class RecordedCall:
    """One call and its captures."""

    hotline: Recorded
    id: UUID
    name: str
    started: datetime
    ended: datetime
    pairs: dict[int, Pair] = field(default_factory=dict)

    @property
    def object_id(self) -> str:
        return description.object_id(self.id)

    def file(self, number: int = 1) -> Path:
        return self.hotline.site.archive.file(self.object_id, f"rec/{number:04d}.flac")

    async def segment(
        self,
        milliseconds: int,
        number: int,
        state: str = "finished",
        expected_ms: int | None = None,
        captured: bool = True,
        end_reason: str = "handler",
    ) -> Pair | None:
        pair = a_pair(self.hotline.volumes[0], milliseconds, self.name, number, seed=number) if captured else None
        if pair is not None:
            self.pairs[number] = pair
        async with self.hotline.db.transaction() as conn:
            await conn.execute(
                SEGMENT,
                derived(self.started, f"segment|{self.id}|{number}"),
                self.id,
                number,
                f"{SWITCH_VOLUME}/20261122/{self.name}-{number}",
                state,
                self.started,
                self.ended,
                milliseconds if expected_ms is None else expected_ms,
                end_reason,
                "test" if state == "lost" else None,
            )
        return pair

    async def state(self, number: int = 1) -> object:
        return await self.hotline.value("SELECT state FROM segment WHERE call_id = $1 AND seq = $2", self.id, number)
