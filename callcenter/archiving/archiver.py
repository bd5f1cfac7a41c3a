"""Seals the recordings of ended calls, a few at a time and at low priority. Must never hold up or touch a call.

A sealing that dies is taken up by the next archiver, of which only one works at a time, and ends in the same object.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.archiving import captures, cel_rows, clocks, description, opening, orphans, pseudonyms, sources, store
from callcenter.archiving.captures import VolumeMissingError
from callcenter.archiving.opening import Site
from callcenter.archiving.orphans import Orphan
from callcenter.archiving.sources import Usable
from callcenter.archiving.store import Surroundings
from callcenter.clock import Clock, SystemClock
from callcenter.config import RecordingsConfig
from callcenter.db.pool import Connection, Database
from callcenter.ids import derived
from recordings import store as index
from recordings.completeness import Completeness
from recordings.errors import ArchiveBusyError, ArchiveRefusedError, LogDamagedError, RecordingsError
from recordings.ingest import Ingest, Sealed, SegmentSource
from recordings.staging import Checkpoint, drop_leftovers, no_checkpoint
from tickets.calendar import shanghai_day

log = logging.getLogger(__name__)

AT_ONCE = max(1, min(2, (os.cpu_count() or 1) - 1))
"""Sealings at once: one processor, and the disk's turns that go with it, are left to the calls."""
BATCH = 16
PATIENCE = timedelta(minutes=10)
"""How long after a call's end a capture that is still open is waited for."""
RETRY = timedelta(seconds=10)
ACTOR = "system:archiver"


class Archiver:
    """The archive job of one worker process. `checkpoint` is called between steps, for tests of crashes.

    `clock` is what rules see; whether time can be believed is judged by the machine's own, `wall`.
    """

    def __init__(
        self,
        config: RecordingsConfig,
        db: Database,
        clock: Clock,
        checkpoint: Checkpoint = no_checkpoint,
        wall: Clock | None = None,
    ) -> None:
        self._config = config
        self._db = db
        self._clock = clock
        self._wall = wall or SystemClock()
        self._checkpoint = checkpoint
        self._site: Site | None = None
        self._complaint: str | None = None
        self._turn = asyncio.Lock()
        self._threads = ThreadPoolExecutor(AT_ONCE, "sealing")
        self._scan = orphans.Scan(config.volumes)

    async def seal_due(self) -> int:
        """Seals what is due; returns how many objects. Does nothing while another archiver is at work."""
        async with self._turn:
            return await self._alone(self._seal_all)

    async def seal_orphans(self) -> int:
        """Seals captures without a call, hands stray ones to their calls; returns how many were found."""
        async with self._turn:
            return await self._alone(self._seal_found)

    def close(self) -> None:
        """Waits for what is being sealed."""
        self._threads.shutdown()

    async def _alone(self, work: Callable[[Site], Awaitable[int]]) -> int:
        try:
            site = self._site or await opening.ready(self._config, self._db)
            with site.archive.writing(wait=False, clock=await clocks.read(self._db, self._wall)):
                if self._site is None:
                    drop_leftovers(site.archive)
                    self._site = site
                done = await work(site)
                await self._in_thread(_sign, site)
        except ArchiveBusyError:
            return 0
        except (ArchiveRefusedError, LogDamagedError) as error:
            await self._complain(error)
            return 0
        self._complaint = None
        return done

    async def _complain(self, error: RecordingsError) -> None:
        """Says once that nothing can be sealed, and again when the reason changes; captures wait meanwhile."""
        if self._complaint == error.code:
            return
        at = self._clock.now()
        log.error("nothing can be sealed; the captures wait", extra={"reason": error.code, "detail": str(error)})
        async with self._db.transaction() as conn:
            subject = f"{error.code}|{at.isoformat()}"
            await self._incident(conn, "archive_refused", subject, None, at, {"error": str(error)[:300]})
        self._complaint = error.code

    async def _seal_all(self, site: Site) -> int:
        done = 0
        tried: set[UUID] = set()
        while due := await self._due(tried):
            tried.update(due)
            opened = await self._in_thread(captures.open_inodes)
            limit = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as tasks:
                batch = [tasks.create_task(self._limited(limit, site, call_id, opened)) for call_id in due]
            done += sum(task.result() for task in batch)
        return done

    async def _due(self, tried: set[UUID]) -> list[UUID]:
        at = self._clock.now()
        async with self._db.connection() as conn:
            return await store.due(conn, at, at - PATIENCE, list(tried), BATCH)

    async def _limited(
        self, limit: asyncio.Semaphore, site: Site, call_id: UUID, opened: frozenset[tuple[int, int]]
    ) -> int:
        async with limit:
            return await self._seal_or_postpone(site, call_id, opened)

    async def _seal_or_postpone(self, site: Site, call_id: UUID, opened: frozenset[tuple[int, int]]) -> int:
        try:
            return await self._seal_call(site, call_id, opened)
        except (RecordingsError, VolumeMissingError, OSError) as error:
            at = self._clock.now()
            async with self._db.transaction() as conn:
                attempts = await store.failed(conn, call_id, at + RETRY, f"{type(error).__name__}: {error}")
                if attempts == 3:
                    await self._incident(conn, "sealing_failed", str(call_id), call_id, at, {"error": str(error)[:300]})
            log.exception("sealing failed and is tried again", extra={"call": str(call_id), "attempts": attempts})
            return 0

    async def _seal_call(self, site: Site, call_id: UUID, opened: frozenset[tuple[int, int]]) -> int:
        object_id = description.object_id(call_id)
        async with self._db.transaction() as conn:
            segments = await store.take(conn, call_id)
            about = await store.surroundings(conn, call_id)
        self._checkpoint("taken")
        usable = await self._in_thread(sources.usable, segments, about, site.volumes, opened)
        sealed: Sealed | None = None
        if usable.sources:
            sealed = await self._seal(site, object_id, about, list(usable.sources.values()))
        self._checkpoint("sealed")
        await self._record(call_id, sealed, usable)
        self._checkpoint("recorded")
        return int(sealed is not None)

    async def _seal(self, site: Site, object_id: str, about: Surroundings, wanted: list[SegmentSource]) -> Sealed:
        call = about.call
        number = await self._number(site, object_id, call.started_at)
        end = call.ended_at or self._clock.now()
        cel = await self._in_thread(cel_rows.of_call, site.cel_file, call.cc_call, call.started_at, end)
        async with self._db.connection() as conn:
            hidden = await pseudonyms.of_site(conn, self._config)
        clock = await clocks.read(self._db, self._wall)
        text = description.of_call(about, number, site.fonds, site.fonds_name, hidden, cel, site.environment, clock)
        ingest = Ingest(site.archive, site.log, site.form, self._checkpoint)
        sealed: Sealed = await self._in_thread(ingest.seal, object_id, text, wanted, self._clock.now())
        return sealed

    async def _number(self, site: Site, object_id: str, started_at: datetime) -> str:
        async with self._db.transaction() as conn:
            year = shanghai_day(started_at).year
            return await index.archive_number(conn, object_id, site.fonds, year, self._clock.now())

    async def _record(self, call_id: UUID, sealed: Sealed | None, usable: Usable) -> None:
        """Step 13: index, segments, incidents, outbox and audit, together."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            for segment in usable.missing:
                await store.mark_lost(conn, segment.id, "no_file")
                details = {"seq": segment.seq, "base": segment.base}
                await self._incident(conn, "recording_lost", str(segment.id), call_id, at, details)
            for segment, error in usable.refused:
                await store.mark_lost(conn, segment.id, store.UNUSABLE)
                details = {"seq": segment.seq, "base": segment.base, "error": str(error)[:300]}
                await self._incident(conn, "capture_refused", str(segment.id), call_id, at, details)
            await store.mark_sealed(conn, call_id, list(usable.sources))
            if sealed is not None:
                await self._enter(conn, call_id, sealed, at, call_id=call_id)

    async def _enter(
        self,
        conn: Connection,
        recording_id: UUID,
        sealed: Sealed,
        at: datetime,
        *,
        call_id: UUID | None = None,
        orphan_base: str | None = None,
    ) -> None:
        if not await index.add_sealed(conn, recording_id, sealed, call_id, orphan_base):
            return
        for item in sealed.segments:
            if item.completeness is not Completeness.COMPLETE:
                details = {
                    "seq": item.number,
                    "completeness": item.completeness.value,
                    "expected_ms": item.expected_ms,
                    "duration_ms": item.encoded.duration_ms,
                    "notes": list(item.encoded.notes),
                }
                subject = f"{sealed.object_id}/{item.number}"
                await self._incident(conn, "recording_incomplete", subject, call_id, at, details)
        payload = {
            "recording_id": str(recording_id),
            "call_id": None if call_id is None else str(call_id),
            "archive_no": sealed.archive_no,
            "version": sealed.version,
            "wav_sha256": [item.encoded.wav_sha256 for item in sealed.segments],
        }
        await outbox.append(conn, "recording.sealed", str(recording_id), payload, at)
        await audit.record(
            conn,
            actor=ACTOR,
            action="recording.sealed",
            object_kind="recording",
            object_id=str(recording_id),
            at=at,
            details={"archive_no": sealed.archive_no, "version": sealed.version, "leaf": sealed.leaf_index},
        )
        log.info("recording sealed", extra={"recording": str(recording_id), "archive_no": sealed.archive_no})

    async def _seal_found(self, site: Site) -> int:
        at = self._clock.now()
        opened = await self._in_thread(captures.open_inodes)
        found = await self._in_thread(self._scan.unsettled, at, opened)
        if not found.captures and not found.strange:
            return 0
        async with self._db.transaction() as conn:
            unowned = await orphans.sorted_out(conn, found.captures)
            for path in found.strange:
                await self._incident(conn, "capture_refused", str(path), None, at, {"name": ascii(path.name)})
        for orphan in unowned:
            await self._seal_orphan(site, orphan)
        self._scan.settle(found)
        return len(found.captures) + len(found.strange)

    async def _seal_orphan(self, site: Site, orphan: Orphan) -> None:
        at = self._clock.now()
        source = SegmentSource(1, orphan.sides.customer, orphan.sides.heard)
        try:
            await self._in_thread(sources.probe, orphan.sides.paths())
        except sources.UNUSABLE as error:
            async with self._db.transaction() as conn:
                details = {"base": orphan.base, "error": str(error)[:300]}
                await self._incident(conn, "capture_refused", orphan.base, None, at, details)
            return
        number = await self._number(site, orphan.object_id, orphan.written_at)
        clock = await clocks.read(self._db, self._wall)
        text = description.of_orphan(orphan.base, number, site.fonds, site.fonds_name, site.environment, clock)
        ingest = Ingest(site.archive, site.log, site.form, self._checkpoint)
        sealed = await self._in_thread(ingest.seal, orphan.object_id, text, [source], at)
        recording_id = derived(orphan.written_at, orphan.object_id)
        async with self._db.transaction() as conn:
            kind = "capture_name_reused" if orphan.reused else "capture_orphaned"
            await self._incident(conn, kind, orphan.object_id, None, at, {"base": orphan.base})
            await self._enter(conn, recording_id, sealed, at, orphan_base=orphan.key)

    async def _incident(
        self, conn: Connection, kind: str, subject: str, call_id: UUID | None, at: datetime, details: dict[str, Any]
    ) -> None:
        moment = orphans.EPOCH if call_id is None else datetime.fromtimestamp((call_id.int >> 80) / 1000, at.tzinfo)
        if await store.incident(conn, derived(moment, f"{kind}|{subject}"), kind, call_id, at, details):
            log.error("incident", extra={"kind": kind, "subject": subject, "details": details})

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


def _sign(site: Site) -> None:
    """A checkpoint over every leaf there is, also over those of an archiver that died before it signed."""
    if site.signer is None:
        return
    signed = site.log.signed_head()
    if site.log.head.size > (signed.size if signed is not None else 0):
        site.log.sign(site.signer)
