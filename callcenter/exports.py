"""Files of personal data leave only after a second person approved them (E-12).

An approval is for one list with its filters, or one case file, for who asked, and lasts a day. What left under it is
kept with its hash. Must never decide what somebody may read: permissions, reach and masks hold all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets.errors import Words

LASTS = timedelta(hours=24)
"""How long an approval is good (default)."""
BESIDE = frozenset({"purpose", "approval", "values", "cursor", "limit"})
"""Parameters that say nothing of what is exported."""

REQUEST = """
SELECT r.id, r.what, r.purpose, r.organisation_id, o.path, r.asked_by, r.asked_at, r.state, r.answered_by,
    r.answered_at, r.remark, r.until, (SELECT count(*)::integer FROM export_file f WHERE f.request_id = r.id) AS files
FROM export_request r JOIN organisation o ON o.id = r.organisation_id"""
ONE = REQUEST + " WHERE r.id = $1"
HELD = ONE + " FOR UPDATE OF r"
PAGE = (
    REQUEST
    + """
WHERE (starts_with(o.path, $1) OR r.asked_by = $2) AND ($3::text IS NULL OR r.state = $3)
    AND ($4::timestamptz IS NULL OR (r.asked_at, r.id) < ($4, $5::uuid))
ORDER BY r.asked_at DESC, r.id DESC LIMIT $6"""
)
ASK = """
INSERT INTO export_request (id, what, purpose, organisation_id, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)"""
ANSWER = """
UPDATE export_request SET state = $2, answered_by = $3, answered_at = $4, remark = $5, until = $6 WHERE id = $1"""
FILES = "SELECT id, given_at, media_type, bytes, sha256 FROM export_file WHERE request_id = $1 ORDER BY given_at, id"
GIVE = """
INSERT INTO export_file (id, request_id, given_at, media_type, bytes, sha256) VALUES ($1, $2, $3, $4, $5, $6)"""


class ExportState(StrEnum):
    """How a request stands."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


class ExportAction(StrEnum):
    """What a second person does with it."""

    APPROVE = "approve"
    REFUSE = "refuse"


EXPORT_STATE_WORDS: Mapping[ExportState, Words] = {
    ExportState.ASKED: Words("待批准", "asked"),
    ExportState.APPROVED: Words("已批准", "approved"),
    ExportState.REFUSED: Words("不同意", "refused"),
}


class NotApprovedError(ForbiddenError):
    """Personal data does not leave as a file without a second person's approval (E-12)."""

    code = "export_not_approved"


@dataclass(frozen=True, slots=True)
class Approval:
    """Under which request a file leaves; `stamp` is what is printed on it."""

    request_id: UUID
    stamp: str


def named(path: str, query: Iterable[tuple[str, str]]) -> str:
    """What is exported, the same however its filters are ordered."""
    filters = sorted((name, value) for name, value in query if name not in BESIDE)
    return f"{path}?{urlencode(filters)}" if filters else path


def of_url(url: str) -> str:
    """The same from an address as somebody wrote it. Raises InvalidError for one that is none of ours."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        raise InvalidError(Words("请填写本系统的列表地址,如/tickets?nature=complaint", "name a list, like /tickets?…"))
    return named(parts.path, parse_qsl(parts.query, keep_blank_values=True))


def answered(row: Mapping[str, Any], action: ExportAction, by: By, remark: str) -> ExportState:
    """The state after a second person's answer. Raises ConflictError, ForbiddenError, InvalidError."""
    if row["state"] != ExportState.ASKED:
        raise ConflictError(Words("该申请已答复", "it was answered before"))
    if row["asked_by"] == by.actor:
        raise ForbiddenError(Words("须由申请人以外的人员批准", "a second person approves, not who asked"))
    if action is ExportAction.REFUSE and not remark.strip():
        raise InvalidError(Words("不同意须说明理由", "refusing needs the reason"))
    return ExportState.APPROVED if action is ExportAction.APPROVE else ExportState.REFUSED


async def ask(db: Database, key: UUID, url: str, purpose: str, by: By, at: datetime) -> None:
    """Ask that a list, or a case file, may leave as a file. The same key twice is once. Raises InvalidError."""
    what = of_url(url)
    async with db.transaction() as conn:
        if await conn.fetchrow(ONE, key) is not None:
            return
        await conn.execute(ASK, key, what, purpose, by.organisation_id, by.actor, at)
        await _audited(conn, by, at, "export.asked", key, {"what": what, "purpose": purpose})


async def answer(db: Database, request_id: UUID, action: ExportAction, remark: str, by: By, at: datetime) -> None:
    """Approve it for a day, or refuse it. Raises NotFoundError, ConflictError, ForbiddenError, InvalidError."""
    async with db.transaction() as conn:
        row = await conn.fetchrow(HELD, request_id)
        if row is None or not row["path"].startswith(by.path or ""):
            raise NotFoundError("export request", request_id)
        state = answered(dict(row), action, by, remark)
        until = at + LASTS if state is ExportState.APPROVED else None
        await conn.execute(ANSWER, request_id, state, by.actor, at, remark, until)
        await _audited(conn, by, at, f"export.{state.value}", request_id, {"what": row["what"], "remark": remark})


async def approved(db: Database, request_id: UUID | None, what: str, actor: str, at: datetime) -> Approval:
    """The approval under which this very thing may leave for this very person now. Raises NotApprovedError."""
    row = None
    if request_id is not None:
        async with db.connection() as conn:
            row = await conn.fetchrow(ONE, request_id)
    fits = (
        row is not None
        and row["state"] == ExportState.APPROVED
        and row["asked_by"] == actor
        and row["what"] == what
        and at < row["until"]
    )
    if row is None or not fits:
        words = Words(
            "导出个人信息须经第二人批准:先提交导出申请,再在 ?approval= 中注明",
            "personal data leaves as a file only with a second person's approval: ask for it and name it in ?approval=",
        )
        raise NotApprovedError(words)
    stamp = f"{row['asked_by']} {row['purpose']} {row['id']}"
    return Approval(row["id"], stamp)


async def given(
    db: Database, approval: Approval, media_type: str, size: int | None, sha256: str | None, at: datetime
) -> None:
    """Keep what left under an approval, before its first byte."""
    async with db.connection() as conn:
        await conn.execute(GIVE, uuid7(at), approval.request_id, at, media_type, size, sha256)


async def show(conn: Connection, request_id: UUID, by: By) -> Mapping[str, Any]:
    """A request with the files given under it. Raises NotFoundError."""
    row = await conn.fetchrow(ONE, request_id)
    if row is None or not (row["path"].startswith(by.path or "") or row["asked_by"] == by.actor):
        raise NotFoundError("export request", request_id)
    files = [dict(each) for each in await conn.fetch(FILES, request_id)]
    return {**dict(row), "given": files}


async def page(
    conn: Connection, by: By, state: ExportState | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Requests of the actor's organisations and his own, the latest first."""
    rows = await conn.fetch(PAGE, by.path or "", by.actor, state, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def _audited(
    conn: Connection, by: By, at: datetime, action: str, request_id: UUID, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="export_request",
        object_id=str(request_id),
        at=at,
        details=dict(details),
        address=by.address,
    )
