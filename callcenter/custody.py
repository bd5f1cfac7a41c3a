"""The files of a ticket: taken, kept, withdrawn, read. Nothing is ever deleted.

A file's bytes are safe in the vault before its row is committed; a row whose file is missing can only mean damage, a
file without a row only a request that was refused or died at the last step.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import casework, history, reach, standing
from callcenter.accounts.permissions import Permission
from callcenter.attachments import contents, store
from callcenter.attachments.errors import NotYoursToReadError, TooManyError, WithdrawnError
from callcenter.attachments.store import Attachment
from callcenter.attachments.vault import Content, Staged, Vault
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets import store as tickets
from tickets.deadlines import Contact, Kind
from tickets.errors import IllegalMoveError, KeyReusedError, Words
from tickets.lifecycle import ENDED, Status
from tickets.papers import Origin, Paper


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it is handed in: what it is said to be, and its bytes, staged."""

    kind: Paper
    name: str
    note: str | None
    staged: Staged


class Custody:
    """The use cases of files. `most`: how many a ticket may have."""

    def __init__(self, db: Database, clock: Clock, vault: Vault, most: int) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._most = most

    async def receive(self, ticket_id: UUID, key: UUID, handed: Handed, by: By) -> Attachment:
        """Take a file in; the same one again under its key is the one that is there.

        Raises TicketNotFoundError, IllegalMoveError when archived (B-3), TypeRefusedError,
        EmptyError, TooManyError, KeyReusedError, StoreFullError,
        StoreAwayError; then the ticket is as it was.
        """
        async with self._db.connection() as conn:
            row = await reach.seen(conn, ticket_id, by)
            if (known := await store.find(conn, key)) is not None:
                return _same(known, ticket_id, handed, by)
            _refuse_archived(row)
            await self._refuse_more(conn, ticket_id)
        form = await asyncio.to_thread(_examine, handed.staged)
        content = await asyncio.to_thread(self._vault.keep, handed.staged)
        at = self._clock.now()
        new = Attachment(
            id=key,
            ticket_id=ticket_id,
            kind=handed.kind,
            origin=Origin.RECEIVED,
            name=contents.clean_name(handed.name, form),
            media_type=form.media_type,
            sha256=content.sha256,
            size=content.size,
            note=handed.note,
            added_at=at,
            added_by=by.actor,
        )
        async with self._db.transaction() as conn:
            row = await reach.held(conn, ticket_id, by)
            if (known := await store.find(conn, key)) is not None:
                return _same(known, ticket_id, handed, by)
            _refuse_archived(row)
            await self._refuse_more(conn, ticket_id)
            if not await store.add(conn, new):
                raise _reused()
            await history.tell(conn, row, by, at, "attached", _told(new))
            await _follow(conn, row, new.kind, at)
        return new

    async def _refuse_more(self, conn: Connection, ticket_id: UUID) -> None:
        if await store.count(conn, ticket_id) >= self._most:
            raise TooManyError(Words(f"一张服务单最多{self._most}个附件", f"a ticket has at most {self._most} files"))

    async def withdraw(self, ticket_id: UUID, attachment_id: UUID, reason: str, by: By) -> Attachment:
        """Mark a wrong file as withdrawn; its bytes stay. By who added it, or by the complaint post.

        Raises TicketNotFoundError, NotFoundError, ForbiddenError, WithdrawnError, IllegalMoveError when closed (B-2).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await reach.held(conn, ticket_id, by)
            found = await _of_ticket(conn, ticket_id, attachment_id)
            mine = found.added_by == by.actor and found.origin is Origin.RECEIVED
            if not mine and not by.may(Permission.TICKET_MANAGE):
                raise ForbiddenError(
                    Words(
                        "只有上传人或投诉岗可以撤回附件", "only who added a file, or the complaint post, withdraws it"
                    )
                )
            if is_letter(found):
                raise ForbiddenError(
                    Words("文书不撤回，须作废", "a document is not withdrawn: it is voided, under its number")
                )
            if row["status"] in ENDED:
                raise casework.closed("withdraw_attachment")
            if not await store.withdraw(conn, attachment_id, at, by.actor, reason):
                raise WithdrawnError(Words("附件已撤回", "the file was withdrawn before"))
            await history.tell(conn, row, by, at, "attachment_withdrawn", {**_told(found), "reason": reason})
            await casework.look_again(conn, row)
            return await _of_ticket(conn, ticket_id, attachment_id)

    async def opened(self, ticket_id: UUID, attachment_id: UUID, by: By) -> Attachment:
        """The file, for somebody who is going to read it; its content was just read back whole.

        Raises TicketNotFoundError, NotFoundError, NotYoursToReadError, WithdrawnError, DamagedError, StoreAwayError.
        """
        async with self._db.connection() as conn:
            await reach.seen(conn, ticket_id, by)
            found = await _of_ticket(conn, ticket_id, attachment_id)
        if found.withdrawn_at is not None and not by.may(Permission.AUDIT_READ):
            raise WithdrawnError(Words("附件已撤回，仅审计可查看", "the file was withdrawn: only auditors read it"))
        if (found.kind.is_sensitive or is_letter(found)) and not by.may(Permission.CUSTOMER_UNMASK):
            raise NotYoursToReadError(
                Words(
                    "身份和亲属关系证明、文书仅限可查看客户完整信息的人员",
                    "who somebody is, and our letters to him, only those see who see customers whole",
                )
            )
        await asyncio.to_thread(self._vault.verify, found.sha256, found.size)
        return found


async def keep(
    conn: Connection,
    row: Mapping[str, Any],
    content: Content,
    *,
    kind: Paper,
    name: str,
    media_type: str,
    by: By,
    at: datetime,
    origin: Origin = Origin.GENERATED,
    note: str | None = None,
    key: UUID | None = None,
) -> Attachment:
    """Hang what this system made on a ticket, in the caller's transaction; `row`: the ticket's, locked.

    `content` is what `Vault.put` gave, in a thread and before its row is committed, so that the bytes are safe first.
    `key`: the id the file gets; raises KeyReusedError when another file has it.
    """
    new = Attachment(
        id=key or uuid7(at),
        ticket_id=row["id"],
        kind=kind,
        origin=origin,
        name=name,
        media_type=media_type,
        sha256=content.sha256,
        size=content.size,
        note=note,
        added_at=at,
        added_by=by.actor,
    )
    if not await store.add(conn, new):
        raise _reused()
    await history.tell(conn, row, by, at, "attached", _told(new))
    return new


def is_letter(attachment: Attachment) -> bool:
    """Whether it is a document this system printed: it may show the complainant whole."""
    return attachment.kind is Paper.DOCUMENT and attachment.origin is Origin.GENERATED


def _refuse_archived(row: Mapping[str, Any]) -> None:
    """What came after closing belongs to the file; an archived file is whole and takes nothing more (B-3, E-20)."""
    if row["status"] == Status.ARCHIVED:
        words = Words("已归档的服务单不再收件", "an archived ticket takes no further file")
        raise IllegalMoveError(words, rules=("B-3",), status=row["status"], action="attach")


async def _follow(conn: Connection, row: Mapping[str, Any], kind: Paper, at: datetime) -> None:
    """A signed visit form is the acknowledgement of a visit (R-4.3, L-3); what the ticket owes follows its papers."""
    if kind is Paper.VISIT_FORM and standing.contact(row) is Contact.VISIT:
        await tickets.meet(conn, row["id"], (Kind.ACKNOWLEDGE,), at)
    await casework.look_again(conn, row)


async def _of_ticket(conn: Connection, ticket_id: UUID, attachment_id: UUID) -> Attachment:
    found = await store.find(conn, attachment_id)
    if found is None or found.ticket_id != ticket_id:
        raise NotFoundError("attachment", attachment_id)
    return found


def _examine(staged: Staged) -> contents.Form:
    with staged.path.open("rb") as file:
        return contents.examine(file, staged.size)


def _same(known: Attachment, ticket_id: UUID, handed: Handed, by: By) -> Attachment:
    """What the key stands for, when it was this request's; H8."""
    asked = (ticket_id, handed.kind, handed.staged.sha256, handed.note, by.actor)
    if asked != (known.ticket_id, known.kind, known.sha256, known.note, known.added_by):
        raise _reused()
    return known


def _reused() -> KeyReusedError:
    return KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))


def _told(attachment: Attachment) -> dict[str, Any]:
    """What the history keeps; never the name, in which somebody's may stand."""
    return {
        "attachment_id": str(attachment.id),
        "paper": attachment.kind.value,
        "origin": attachment.origin.value,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
    }
