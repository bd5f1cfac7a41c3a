"""Routes of recordings: what there is, and the proof that it is unchanged. Must never give out a sound or a path."""

import asyncio
import base64
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.archiving import catalogue, opening
from callcenter.archiving.catalogue import Entry, RecordingState, SegmentEntry, Wanted
from callcenter.archiving.errors import ArchiveAwayError, NotSealedError, RecordingLostError
from callcenter.errors import NotFoundError
from callcenter.web.acting import eyes
from callcenter.web.api import Context, Model, Moment, Page, PageQuery, Personal, Routes
from callcenter.web.retention import RetentionView, retention
from recordings.completeness import Completeness
from recordings.errors import RecordingsError
from recordings.log import Proof
from tickets.errors import Words

routes = Routes("recordings", "Recordings 录音档案")


class RecordingQuery(PageQuery):
    """Filters; what is left out does not narrow."""

    state: RecordingState | None = Field(
        None, description="expected 待录, sealing 归档中, sealed 已归档, lost 缺失, orphan 未关联"
    )
    incomplete: bool = Field(False, description="Only recordings that are not whole 仅看不完整的")
    ticket_id: UUID | None = Field(None, description="Recordings of one ticket 服务单的录音")
    since: Moment | None = Field(None, description="Calls from this moment on 起")
    until: Moment | None = Field(None, description="Calls before this moment 止")
    archive_no: str | None = Field(None, max_length=100, description="The whole archive number 档号")
    agent_id: UUID | None = Field(None, description="Calls this person spoke on 坐席")


class SegmentView(Personal):
    """One continuous capture 录音段."""

    number: int
    state: RecordingState
    started_at: datetime | None
    duration_ms: int | None = Field(description="Sealed length 时长(毫秒)")
    expected_ms: int | None = Field(description="Length by the switch's times 应有时长(毫秒)")
    completeness: Completeness | None
    notes: list[str]
    lost_reason: str | None
    wav_sha256: str | None = Field(description="Of the WAV that `flac -d` returns")
    flac_sha256: str | None


class TicketLink(Personal):
    """A ticket the recording hangs on 服务单."""

    id: UUID
    number: str
    nature: str


class AgentLink(Personal):
    """Somebody of ours who spoke on the call 坐席."""

    id: UUID
    name: str


class RecordingView(Personal):
    """One recording 录音档案; its id is the call's, or an orphan's own."""

    id: UUID
    call_id: UUID | None
    state: RecordingState
    archive_no: str | None = Field(title="档号")
    object_id: str | None = Field(description="OCFL object id")
    version: int | None
    sealed_at: datetime | None
    inventory_sha512: str | None
    leaf_index: int | None
    capture: str | None = Field(description="Name of the capture, of a recording that belongs to no call 采集名")
    segments: list[SegmentView]
    tickets: list[TicketLink]
    agents: list[AgentLink]
    retention: RetentionView | None = Field(description="Of a policy's callback (C-25) 保管类别")


class RecordingLine(Personal):
    """A recording in one line of a file; lengths are those of all its segments together."""

    id: UUID = Field(title="录音标识")
    archive_no: str | None = Field(title="档号")
    state: RecordingState = Field(title="状态")
    call_id: UUID | None = Field(title="通话标识")
    started_at: datetime | None = Field(title="录音开始")
    seconds: float | None = Field(title="时长（秒）")
    expected_seconds: float | None = Field(title="应有时长（秒）")
    segments: int = Field(title="段数")
    completeness: list[Completeness] = Field(title="完整性")
    agents: list[str] = Field(title="坐席")
    tickets: list[str] = Field(title="服务单号")
    sealed_at: datetime | None = Field(title="归档时间")
    version: int | None = Field(title="版本")
    object_id: str | None = Field(title="档案对象")
    inventory_sha512: str | None = Field(title="清单SHA-512")
    capture: str | None = Field(title="采集名")


def line(recording: RecordingView) -> RecordingLine:
    """The recording with its segments summed up."""
    parts = recording.segments
    return RecordingLine(
        **{name: getattr(recording, name) for name in RecordingLine.model_fields if name in _AS_THEY_ARE},
        started_at=min((part.started_at for part in parts if part.started_at is not None), default=None),
        seconds=_seconds([part.duration_ms for part in parts]),
        expected_seconds=_seconds([part.expected_ms for part in parts]),
        segments=len(parts),
        completeness=sorted({part.completeness for part in parts if part.completeness is not None}),
        agents=[agent.name for agent in recording.agents],
        tickets=[ticket.number for ticket in recording.tickets],
    )


_AS_THEY_ARE = {
    *("id", "archive_no", "state", "call_id", "sealed_at", "version", "object_id", "inventory_sha512", "capture")
}


def _seconds(milliseconds: list[int | None]) -> float | None:
    known = [each for each in milliseconds if each is not None]
    return sum(known) / 1000 if known else None


class LeafProof(Model):
    """Why one version is in the archive's log: RFC 6962 audit path, verifiable without us."""

    version: int
    leaf_index: int
    leaf: str = Field(description="The leaf's bytes, canonical JSON in UTF-8")
    tree_size: int
    root: str = Field(description="Base64 of the tree head over `tree_size` leaves")
    path: list[str] = Field(description="Base64 of the sibling hashes, from the leaf up")


class ProofView(Personal):
    """The proof of a recording's newest version, and the last signed checkpoint."""

    id: UUID
    object_id: str
    inventory_sha512: str
    inclusion: LeafProof
    checkpoint: str | None = Field(
        description="Signed note (C2SP) over exactly this tree; null while no key is installed, or for the moment until"
        " the leaf is signed"
    )


@routes.get("/recordings", Permission.RECORDING_READ, reads="recording", line=line)
async def list_recordings(ctx: Context, query: RecordingQuery) -> Page[RecordingView]:
    """Recordings, newest first 录音列表

    Also those that are only expected, being sealed or lost, so that nothing is missing without a trace. As a file: one
    line each.
    """
    wanted = Wanted(**query.model_dump(exclude={"limit", "cursor"}))
    async with ctx.db.connection() as conn:
        rows = await catalogue.page(conn, eyes(ctx), wanted, ctx.after(query, UUID), query.limit + 1)
    return ctx.page([view(row) for row in rows], query, key=lambda row: row.id)


@routes.get("/recordings/{recording_id}", Permission.RECORDING_READ, reads="recording")
async def show_recording(ctx: Context, recording_id: UUID) -> RecordingView:
    """One recording 录音详情"""
    return view(await known(ctx, recording_id))


@routes.get("/recordings/{recording_id}/proof", Permission.RECORDING_READ, reads="recording")
async def prove_recording(ctx: Context, recording_id: UUID) -> ProofView:
    """The log leaf and its inclusion proof 存证证明"""
    entry = await known(ctx, recording_id)
    refuse_unsealed(entry)
    assert entry.leaf_index is not None
    assert entry.version is not None
    try:
        proof, note = await asyncio.to_thread(_proof, ctx, entry.leaf_index)
    except (RecordingsError, IndexError) as error:
        raise ArchiveAwayError(Words("无法读取档案日志", "the archive's log cannot be read")) from error
    return ProofView(
        id=entry.id,
        object_id=entry.object_id or "",
        inventory_sha512=entry.inventory_sha512 or "",
        inclusion=LeafProof(
            version=entry.version,
            leaf_index=proof.index,
            leaf=proof.leaf.decode(),
            tree_size=proof.size,
            root=_base64(proof.root),
            path=[_base64(node) for node in proof.path],
        ),
        checkpoint=note,
    )


async def known(ctx: Context, recording_id: UUID) -> Entry:
    """The recording, if it may be known of from the actor's organisation. Raises NotFoundError (H2)."""
    async with ctx.db.connection() as conn:
        entry = await catalogue.find(conn, eyes(ctx), recording_id)
    if entry is None:
        raise NotFoundError("recording", recording_id)
    return entry


def refuse_unsealed(entry: Entry) -> None:
    """Raises NotSealedError or RecordingLostError when there is nothing sealed yet (H6)."""
    if entry.version is None:
        if entry.state is RecordingState.LOST:
            raise RecordingLostError(Words("录音缺失，原因见事件记录", "this recording is lost; see its incident"))
        raise NotSealedError(Words("录音尚未归档", "this recording is not sealed yet"))


def view(entry: Entry) -> RecordingView:
    return RecordingView(
        id=entry.id,
        call_id=entry.call_id,
        state=entry.state,
        archive_no=entry.archive_no,
        object_id=entry.object_id,
        version=entry.version,
        sealed_at=entry.sealed_at,
        inventory_sha512=entry.inventory_sha512,
        leaf_index=entry.leaf_index,
        capture=None if entry.orphan_base is None else PurePosixPath(entry.orphan_base).name.partition("#")[0],
        segments=[_segment(segment) for segment in entry.segments],
        tickets=[TicketLink(**ticket) for ticket in entry.tickets],
        agents=[AgentLink(**agent) for agent in entry.agents],
        retention=_retention(entry),
    )


def _retention(entry: Entry) -> RetentionView | None:
    about = entry.callback
    return None if about is None else retention(about.task_id, long_term=about.long_term)


def _segment(segment: SegmentEntry) -> SegmentView:
    is_flac = segment.file is not None and segment.file.endswith(".flac")
    return SegmentView(
        number=segment.number,
        state=segment.state,
        started_at=segment.started_at,
        duration_ms=segment.duration_ms,
        expected_ms=segment.expected_ms,
        completeness=None if segment.completeness is None else Completeness(segment.completeness),
        notes=list(segment.notes),
        lost_reason=segment.lost_reason,
        wav_sha256=segment.wav_sha256,
        flac_sha256=segment.master_sha256 if is_flac else None,
    )


def _proof(ctx: Context, leaf_index: int) -> tuple[Proof, str | None]:
    log = opening.existing(ctx.config.recordings).log
    found = log.checkpoint_over(leaf_index)
    if found is None:
        return log.prove(leaf_index), None
    signed, note = found
    return log.prove(leaf_index, signed.size), note.decode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
