"""Issuing a document on a ticket, voiding one, reading one. An issue is one transaction: number, bytes, row, history.

The bytes are safe in the vault before the row is committed, as a generated file of the ticket under the document's id;
when anything fails the number goes back, so there are no gaps. An issued document never changes: who made a mistake
issues a new one that names it, or voids it with a reason.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import custody, history, reach
from callcenter.accounts.permissions import Permission
from callcenter.attachments import store as attachments
from callcenter.attachments.errors import DamagedError
from callcenter.attachments.vault import Content, Vault
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.config import DocumentsConfig
from callcenter.db.pool import Connection, Database
from callcenter.documents import gathering, language, press, store
from callcenter.documents.errors import (
    DocumentDamagedError,
    DocumentRefusedError,
    DocumentVoidError,
    NotYoursToReadError,
)
from callcenter.documents.facts import Imprint, Office
from callcenter.documents.gathering import Told
from callcenter.documents.kinds import FORMS, Kind, number
from callcenter.documents.press import Printed
from callcenter.documents.printing import print_from
from callcenter.documents.store import Document, Making, Template
from callcenter.documents.templates import in_force
from callcenter.errors import ForbiddenError, NotFoundError
from callcenter.opening import By
from tickets import proofs
from tickets.calendar import shanghai_day
from tickets.errors import KeyReusedError, Words
from tickets.intake import Channel, Nature
from tickets.letters import Means
from tickets.lifecycle import ENDED, Notice
from tickets.papers import Paper

AT_ONCE = 2
"""Documents one process prints at the same time; the others wait without a connection of the database."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. A correction names the document it replaces, and why."""

    kind: Kind
    note: str | None = None
    replaces: UUID | None = None
    reason: str | None = None
    told: Told = field(default_factory=Told)

    @property
    def digest(self) -> str:
        """What tells a repeat from another request under the same key (H8)."""
        of = self.told
        told = [self.kind, self.note, str(self.replaces), self.reason, str(of.about), of.facts, of.basis]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


class Issuing:
    """The use cases of documents."""

    def __init__(self, db: Database, clock: Clock, rules: Rules, vault: Vault, config: DocumentsConfig) -> None:
        self._db = db
        self._rules = rules
        self._clock = clock
        self._vault = vault
        self._config = config
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def issue(self, ticket_id: UUID, key: UUID, asked: Asked, by: By, issuer: str) -> Document:
        """Make, number and keep a document; under a known key, the one that is there. `issuer`: the person's name.

        Raises TicketNotFoundError, NotFoundError, DocumentRefusedError, DocumentVoidError, TemplateFaultyError,
        DocumentTooLongError, NotPrintedError, KeyReusedError; then no number was taken.
        """
        async with self._turns, self._db.transaction() as conn:
            row = await reach.held(conn, ticket_id, by)
            if (known := await store.asked(conn, key)) is not None:
                if known != (ticket_id, by.actor, asked.digest):
                    raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
                return await _of_ticket(conn, ticket_id, key)
            at = self._clock.now()
            _refuse_others(asked.kind, by)
            _refuse(asked, row)
            replaced = await _replaced(conn, ticket_id, asked)
            template = await in_force(conn, asked.kind, at)
            organisation = by.organisation_id or row["accepting_organisation_id"]
            year = shanghai_day(at).year
            serial = await store.next_serial(conn, organisation, asked.kind, year)
            imprint = Imprint(
                number=number(organisation, asked.kind, year, serial),
                title=FORMS[asked.kind].words.zh,
                issued_at=at,
                issuer=issuer,
                note=asked.note,
                replaces=replaced.number if replaced else None,
                replaces_reason=asked.reason,
            )
            office = Office(self._config.company, await gathering.name_of(conn, organisation), self._config.hotline)
            book = await self._rules.current(conn, at)
            facts = await gathering.gather(conn, asked.kind, row, imprint, office, asked.told, book)
            printed, content = await asyncio.to_thread(self._made, template, facts)
            new = Document(
                id=key,
                number=imprint.number,
                kind=asked.kind,
                ticket_id=ticket_id,
                organisation_id=organisation,
                template_id=template.id,
                sha256=content.sha256,
                size=content.size,
                substituted=printed.substituted,
                issued_at=at,
                issued_by=by.actor,
                replaces=asked.replaces,
                about=asked.told.about,
            )
            making = Making(year, serial, language.as_json(facts), press.engine(), asked.digest)
            await custody.keep(
                conn,
                row,
                content,
                kind=Paper.DOCUMENT,
                name=f"{new.number}.pdf",
                media_type="application/pdf",
                by=by,
                at=at,
                key=key,
            )
            await store.add(conn, new, making)
            await history.tell(conn, row, by, at, "document_issued", _told(new, asked, replaced))
            return await _of_ticket(conn, ticket_id, key)

    def _made(self, template: Template, facts: Any) -> tuple[Printed, Content]:
        printed = print_from(template.source, facts, self._config)
        return printed, self._vault.put(printed.pdf)

    async def send(
        self, ticket_id: UUID, document_id: UUID, means: Means, proof: str, sent_at: datetime | None, by: By
    ) -> Document:
        """Note that a letter went to the customer: by what, when, with which proof (CL-8). By who may issue it.

        Raises TicketNotFoundError, NotFoundError, ForbiddenError, MoveRefusedError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await reach.held(conn, ticket_id, by)
            found = await _of_ticket(conn, ticket_id, document_id)
            _refuse_others(found.kind, by)
            notice = Notice(
                found.kind.value, found.number, found.issued_at, found.sent_at, void=found.voided_at is not None
            )
            proofs.check_sending(found.kind.value, notice, means, proof, sent_at or at, at)
            await store.send(conn, document_id, means, sent_at or at, proof, at, by.actor)
            details = {"document": found.number, "document_id": str(document_id), "means": means.value, "proof": proof}
            await history.tell(conn, row, by, at, "document_sent", details)
            return await _of_ticket(conn, ticket_id, document_id)

    async def void(self, ticket_id: UUID, document_id: UUID, reason: str, by: By) -> Document:
        """Mark a document as void; it stays, with its number. By who issued it, or by the complaint post.

        Raises TicketNotFoundError, NotFoundError, ForbiddenError, DocumentVoidError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await reach.held(conn, ticket_id, by)
            found = await _of_ticket(conn, ticket_id, document_id)
            if found.issued_by != by.actor and not by.may(Permission.TICKET_MANAGE):
                raise ForbiddenError(
                    Words(
                        "只有出具人或投诉岗可以作废文书", "only who issued a document, or the complaint post, voids it"
                    )
                )
            if not await store.void(conn, document_id, at, by.actor, reason):
                raise DocumentVoidError(Words("文书已作废", "the document is void already"))
            await attachments.withdraw(conn, document_id, at, by.actor, reason)
            details = {"document": found.number, "document_id": str(found.id), "reason": reason}
            await history.tell(conn, row, by, at, "document_voided", details)
            return await _of_ticket(conn, ticket_id, document_id)

    async def opened(self, ticket_id: UUID, document_id: UUID, by: By) -> Document:
        """The document, for somebody who is going to read it; its bytes were just read back.

        Raises TicketNotFoundError, NotFoundError, NotYoursToReadError, DocumentDamagedError.
        """
        async with self._db.connection() as conn:
            await reach.seen(conn, ticket_id, by)
            found = await _of_ticket(conn, ticket_id, document_id)
        refuse_reading(found.kind, by)
        try:
            await asyncio.to_thread(self._vault.verify, found.sha256, found.size)
        except DamagedError as error:
            raise DocumentDamagedError(
                Words("文书文件缺失或已受损", "the document's file is missing or damaged")
            ) from error
        return found

    async def listed(self, ticket_id: UUID, after: int, limit: int, by: By) -> list[Document]:
        """The ticket's documents, oldest first. Raises TicketNotFoundError."""
        async with self._db.connection() as conn:
            await reach.seen(conn, ticket_id, by)
            return await store.of_ticket(conn, ticket_id, after, limit)


def refuse_reading(kind: Kind, by: By) -> None:
    """Raises NotYoursToReadError when the actor may know of such a document, but not read it (N-10)."""
    needed = FORMS[kind].reads
    if needed is None or by.may(needed):
        return
    if needed is Permission.CUSTOMER_UNMASK:
        raise NotYoursToReadError(
            Words(
                "该文书载有客户完整信息，仅限可查看完整信息的人员",
                "the document shows the customer whole: only those who see customers whole read it",
            )
        )
    raise NotYoursToReadError(
        Words("该文书仅限可查看委员会事务的人员", "only those who may know of the committee's work read it")
    )


async def _of_ticket(conn: Connection, ticket_id: UUID, document_id: UUID) -> Document:
    found = await store.find(conn, document_id)
    if found is None or found.ticket_id != ticket_id:
        raise NotFoundError("document", document_id)
    return found


async def _replaced(conn: Connection, ticket_id: UUID, asked: Asked) -> Document | None:
    """The document a correction names. Raises NotFoundError, DocumentVoidError, DocumentRefusedError."""
    if asked.replaces is None:
        return None
    found = await _of_ticket(conn, ticket_id, asked.replaces)
    if found.kind is not asked.kind:
        raise DocumentRefusedError(
            Words("更正文书须与原文书种类相同", "a correction is of the same kind as what it corrects")
        )
    if found.about != asked.told.about:
        raise DocumentRefusedError(
            Words("更正文书须针对原文书所指的同一事项", "a correction is about what it corrects was about")
        )
    if found.replaced_by_number is not None:
        raise DocumentVoidError(
            Words(
                f"该文书已由{found.replaced_by_number}更正，请更正后者",
                f"it was corrected by {found.replaced_by_number}: correct that one",
            )
        )
    return found


def _refuse_others(kind: Kind, by: By) -> None:
    """Raises ForbiddenError when such a document is somebody else's to issue."""
    needed = FORMS[kind].issues
    if needed is None or by.may(needed):
        return
    zh, en = ("委员会秘书", "the committee's secretary") if kind is Kind.MINUTES else ("投诉岗", "the complaint post")
    words = FORMS[kind].words
    raise ForbiddenError(Words(f"{words.zh}由{zh}出具", f"{en} issues: {words.en}"))


OPEN_ONLY = frozenset({Kind.ACKNOWLEDGEMENT, Kind.EMAIL_REPLY, Kind.EXTENSION})
"""What says something of the time before closing: not issued after it."""
OF_COMPLAINTS = frozenset({Kind.ACKNOWLEDGEMENT, Kind.EMAIL_REPLY, Kind.DECISION, Kind.OPINION_LETTER})
"""What answers a customer who complained: not issued on what a callback found."""


def _refuse(asked: Asked, row: Mapping[str, Any]) -> None:
    """Raises DocumentRefusedError when the ticket is not such that this is issued on it."""
    kind, rules = asked.kind, FORMS[asked.kind].rules
    about = FORMS[kind].about
    if (asked.told.about is None) != (about is None):
        zh = f"须指明所出具的{about.zh}" if about else "该文书不针对单个事项"
        en = f"name {about.en}: the document is of one" if about else "the document is of the ticket alone"
        raise DocumentRefusedError(Words(zh, en), rules=rules)
    if row["nature"] == Nature.CALLBACK_FINDING and kind in OF_COMPLAINTS:
        raise DocumentRefusedError(
            Words("回访问题件不出具此文书", "a callback finding is not answered so"), rules=rules
        )
    if kind is Kind.EMAIL_REPLY and row["channel"] != Channel.NETWORK:
        raise DocumentRefusedError(
            Words("只有网络渠道的投诉以电子邮件回复", "only what came by network is answered by e-mail"), rules=rules
        )
    if kind in OPEN_ONLY and row["status"] in ENDED:
        raise DocumentRefusedError(
            Words("已结案的服务单不再出具此文书", "this is not issued on a closed ticket"), rules=("B-2",)
        )
    if kind in (Kind.CASE_COVER, Kind.CASE_INDEX) and row["status"] not in ENDED:
        raise DocumentRefusedError(
            Words("尚未结案，不制作案卷", "the case is not closed: its file is not made up yet"), rules=rules
        )


def _told(new: Document, asked: Asked, replaced: Document | None) -> dict[str, Any]:
    """What the history keeps."""
    said = {
        "document": new.number,
        "document_id": str(new.id),
        "kind": new.kind.value,
        "sha256": new.sha256,
        "replaces": replaced.number if replaced else None,
        "reason": asked.reason,
    }
    return {name: value for name, value in said.items() if value is not None}
