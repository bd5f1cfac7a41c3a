"""Routes of sound: a recording's audio and waveform. Never sends a byte before its access row is committed (T-6)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from callcenter import audit
from callcenter.archiving import listening, opening, store
from callcenter.archiving.catalogue import Entry
from callcenter.archiving.errors import (
    AccessLogError,
    ArchiveAwayError,
    DamagedError,
    FormatError,
    NotSealedError,
    RangeError,
    RecordingLostError,
    TicketNotOfRecordingError,
)
from callcenter.archiving.listening import Listener
from callcenter.errors import NotFoundError
from callcenter.ids import uuid7
from callcenter.opening import By
from callcenter.web.api import Context, Model, Routes
from callcenter.web.dispatch import PurposeMissingError
from callcenter.web.recordings import known, refuse_unsealed
from recordings import ingest, peaks
from recordings.errors import EncoderMissingError, ObjectDamagedError, RangeNotSatisfiableError, RecordingsError
from recordings.playback import ByteRange, Form, Listening, parse_range
from recordings.record import SealedSegment
from tickets.errors import Words

log = logging.getLogger(__name__)

routes = Routes("playback", "Listening 录音播放")

DAT = "application/octet-stream"


class SegmentQuery(Model):
    """Which part of a recording."""

    segment: int = Field(1, ge=1, le=9_999, description="Number of the capture 录音段")
    ticket_id: UUID | None = Field(None, description="The ticket it is heard for 关联服务单")


class AudioQuery(SegmentQuery):
    """Which part, and in which format."""

    format: Form = Field(Form.WAV, description="wav, flac, opus")


@routes.get(
    "/recordings/{recording_id}/audio",
    listening.RIGHTS,
    reads="recording",
    produces=("audio/wav", "audio/flac", "audio/ogg"),
)
async def hear_recording(ctx: Context, recording_id: UUID, query: AudioQuery) -> web.StreamResponse:
    """A recording's sound, whole or by byte range 播放录音

    Needs a purpose or a ticket it hangs on, and one of the rights of listening: `recording.listen` hears what one's
    organisations know of, `recording.listen_case` what hangs on a ticket one may see, `recording.listen_own` the calls
    one has spoken on.

    Left is the customer, right is what the customer heard. A whole WAV or FLAC is compared with its sealed digest on
    the way; when it differs the answer is cut off.
    """
    async with refusals_logged(ctx, recording_id, query.ticket_id):
        entry = await known(ctx, recording_id)
        await _admitted(ctx, entry, query.ticket_id)
        heard = await _listening(ctx, entry, query)
        headers = {"ETag": heard.etag, "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
        wanted = _range(ctx.request, heard)
        if ctx.request.headers.get("If-None-Match") == heard.etag:
            await logged(ctx, recording_id, query.ticket_id, None)
            return web.Response(status=304, headers=headers)
        stream = heard.chunks(wanted)
        first = b"" if ctx.request.method == "HEAD" else await _first_chunk(ctx, stream, entry)
        await logged(ctx, recording_id, query.ticket_id, wanted or ByteRange(0, heard.size - 1))
    response = web.StreamResponse(status=200 if wanted is None else 206, headers=headers)
    response.content_type = heard.media_type.partition(";")[0]
    response.content_length = heard.size if wanted is None else wanted.length
    if wanted is not None:
        response.headers["Content-Range"] = f"bytes {wanted.first}-{wanted.last}/{heard.size}"
    response.headers["Content-Disposition"] = f'inline; filename="{recording_id}-{query.segment}.{query.format}"'
    await response.prepare(ctx.request)
    if ctx.request.method != "HEAD":
        await _send(ctx, response, first, stream, entry)
    await response.write_eof()
    return response


async def copy_of(ctx: Context, recording_id: UUID, number: int, ticket_id: UUID) -> Listening:
    """One segment of a recording as its master stands in the archive, for somebody who may hear it for the ticket.

    Raises what `hear_recording` does; refusals are logged here.
    """
    async with refusals_logged(ctx, recording_id, ticket_id):
        entry = await known(ctx, recording_id)
        await _admitted(ctx, entry, ticket_id)
        segment, _ = await _sealed_segment(ctx, entry, number)
        form = Form(segment.form.value)
        return await _listening(ctx, entry, AudioQuery(segment=number, ticket_id=ticket_id, format=form))


class PeaksQuery(SegmentQuery):
    """Which part, and in which form."""

    format: str = Field("json", pattern="^(json|dat)$", description="json or dat (audiowaveform version 2)")


@routes.get(
    "/recordings/{recording_id}/peaks",
    listening.RIGHTS,
    reads="recording",
    produces=("application/json", DAT),
)
async def draw_recording(ctx: Context, recording_id: UUID, query: PeaksQuery) -> web.StreamResponse:
    """A recording's waveform 波形

    Fifty pixels a second, both sides, as peaks.js reads it. Needs the same right as the sound.
    """
    async with refusals_logged(ctx, recording_id, query.ticket_id):
        entry = await known(ctx, recording_id)
        await _admitted(ctx, entry, query.ticket_id)
        segment, site = await _sealed_segment(ctx, entry, query.segment)
        assert entry.object_id is not None
        try:
            master = site.archive.file(entry.object_id, segment.file)
            found = await asyncio.to_thread(peaks.measure, master)
        except ObjectDamagedError as error:
            raise await _damaged(ctx, entry, error) from error
        await logged(ctx, recording_id, query.ticket_id, None)
    if query.format == "dat":
        return web.Response(body=found.dat(), content_type=DAT)
    return web.json_response(found.json())


async def _admitted(ctx: Context, entry: Entry, ticket_id: UUID | None) -> None:
    """A reason and a right, both judged for every range. Raises PurposeMissingError, NotYoursToHearError and others."""
    if ctx.purpose is None and ticket_id is None:
        raise PurposeMissingError(
            Words(
                "请在 ?purpose= 中说明收听用途，或在 ?ticket_id= 中指明服务单",
                "say what it is heard for in ?purpose=, or for which ticket in ?ticket_id=",
            )
        )
    actor = ctx.actor
    by = By(actor.audit_name, actor.id if actor.kind == "user" else None, actor.organisation_id, actor.path)
    async with ctx.db.connection() as conn:
        await listening.admit(conn, Listener(actor, by), entry.call_id, ticket_id)


LOGGED_HERE = (
    RangeError,
    DamagedError,
    FormatError,
    ArchiveAwayError,
    NotSealedError,
    RecordingLostError,
    TicketNotOfRecordingError,
)


@asynccontextmanager
async def refusals_logged(ctx: Context, recording_id: UUID, ticket_id: UUID | None) -> AsyncIterator[None]:
    """Writes a DENY row for every refusal inside; the dispatcher writes those of unknown or forbidden objects."""
    try:
        yield
    except LOGGED_HERE as error:
        await logged(ctx, recording_id, ticket_id, None, refused=error.code)
        raise
    except NotFoundError as error:
        if error.kind == "ticket":
            await logged(ctx, recording_id, ticket_id, None, refused="ticket_not_found")
        raise


async def logged(
    ctx: Context, recording_id: UUID, ticket_id: UUID | None, sent: ByteRange | None, refused: str | None = None
) -> None:
    """Commits the access row. Raises AccessLogError."""
    kind = "playback" if sent is not None else "recording"
    try:
        async with ctx.db.transaction() as conn:
            await audit.access(
                conn,
                actor=ctx.actor.audit_name,
                allowed=refused is None,
                reason=refused or ("head" if ctx.request.method == "HEAD" else kind),
                object_kind="recording",
                object_id=str(recording_id),
                at=ctx.clock.now(),
                purpose=ctx.purpose,
                ticket_id=ticket_id,
                first_byte=None if sent is None else sent.first,
                last_byte=None if sent is None else sent.last,
                address=ctx.address,
                user_agent=ctx.request.headers.get("User-Agent", ""),
                token_id=ctx.actor.id if ctx.actor.kind == "token" else None,
            )
    except Exception as error:
        log.exception("access not logged, nothing is played", extra={"recording": str(recording_id)})
        raise AccessLogError(Words("无法写入访问日志", "the access log cannot be written")) from error


async def _listening(ctx: Context, entry: Entry, query: AudioQuery) -> Listening:
    segment, site = await _sealed_segment(ctx, entry, query.segment)
    assert entry.object_id is not None
    try:
        return await asyncio.to_thread(Listening, site.archive, entry.object_id, segment, query.format)
    except EncoderMissingError as error:
        raise FormatError(Words("本站点不能提供该格式", str(error))) from error
    except ObjectDamagedError as error:
        raise await _damaged(ctx, entry, error) from error


async def _sealed_segment(ctx: Context, entry: Entry, number: int) -> tuple[SealedSegment, opening.Site]:
    refuse_unsealed(entry)
    assert entry.object_id is not None
    try:
        site = await asyncio.to_thread(opening.existing, ctx.config.recordings)
        document = await asyncio.to_thread(ingest.read_record, site.archive, entry.object_id)
        found = [item for item in ingest.segments_of(document) if item.number == number]
    except ObjectDamagedError as error:
        raise await _damaged(ctx, entry, error) from error
    except RecordingsError as error:
        raise ArchiveAwayError(Words("无法读取档案", "the archive cannot be read")) from error
    if not found:
        raise RecordingLostError(Words(f"第{number}段录音未归档", f"segment {number} is not sealed"))
    return found[0], site


def _range(request: web.Request, heard: Listening) -> ByteRange | None:
    text = request.headers.get("Range")
    if request.headers.get("If-Range", heard.etag) != heard.etag:
        text = None
    try:
        return parse_range(text, heard.size)
    except RangeNotSatisfiableError as error:
        raise RangeError(heard.size) from error


async def _first_chunk(ctx: Context, stream: Iterator[bytes], entry: Entry) -> bytes:
    """Read before the answer begins, so that damage found at once is told instead of cutting the answer off."""
    try:
        return await asyncio.to_thread(next, stream, b"")
    except ObjectDamagedError as error:
        raise await _damaged(ctx, entry, error) from error


async def _send(
    ctx: Context, response: web.StreamResponse, first: bytes, stream: Iterator[bytes], entry: Entry
) -> None:
    chunk = first
    try:
        while chunk:
            await response.write(chunk)
            chunk = await asyncio.to_thread(next, stream, b"")
    except ObjectDamagedError as error:
        await _damaged(ctx, entry, error)
        if ctx.request.transport is not None:
            ctx.request.transport.abort()


async def _damaged(ctx: Context, entry: Entry, error: Exception) -> DamagedError:
    log.error("a sealed recording is damaged", extra={"recording": str(entry.id), "reason": str(error)})
    at = ctx.clock.now()
    details: dict[str, Any] = {"object_id": entry.object_id, "error": str(error)[:300]}
    async with ctx.db.transaction() as conn:
        await store.incident(conn, uuid7(at), "recording_damaged", entry.call_id, at, details)
    return DamagedError(
        Words(
            "磁盘上的录音与归档时不一致，正在核查",
            "the recording on disk is not what was sealed; it is being looked into",
        )
    )
