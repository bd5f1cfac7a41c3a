"""The templates of documents: which counts when, saving a new version, trying one with invented data."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callcenter import audit
from callcenter.clock import Clock
from callcenter.config import DocumentsConfig
from callcenter.db.pool import Connection, Database
from callcenter.documents import language, samples, shipped, store
from callcenter.documents.errors import Fault, TemplateFaultyError
from callcenter.documents.facts import FACTS, scant
from callcenter.documents.kinds import Kind
from callcenter.documents.press import Printed
from callcenter.documents.printing import print_from
from callcenter.documents.store import Template
from callcenter.errors import InvalidError, NotFoundError
from callcenter.ids import uuid7
from callcenter.opening import By
from tickets.errors import KeyReusedError, Words

SHIPPED_REASON = "随程序提供的模板"
WATERMARK = "样张 不作凭证"


@dataclass(frozen=True, slots=True)
class Draft:
    """A template as somebody wants it. `active_from` None: from now on."""

    kind: Kind
    source: str
    reason: str
    active_from: datetime | None = None


async def in_force(conn: Connection, kind: Kind, at: datetime) -> Template:
    """The version that counts at the moment: an administrator's, else the shipped one, written down when used."""
    if (found := await store.in_force(conn, kind, at)) is not None:
        return found
    source = shipped.source(kind)
    digest = shipped.sha256(source)
    if (known := await store.shipped(conn, kind, digest)) is not None:
        return known
    await store.lock_templates(conn, kind)
    if (known := await store.shipped(conn, kind, digest)) is not None:
        return known
    new = Template(uuid7(at), kind, 0, source, digest, SHIPPED_REASON, at, at, store.SHIPPED_BY)
    return await store.add_template(conn, new)


def tried(kind: Kind, source: str) -> None:
    """Raises TemplateFaultyError unless the template can be used: language, fields, both samples. Blocks."""
    language.check(source, FACTS[kind])
    full = samples.sample(kind)
    language.render(source, full)
    try:
        language.render(source, scant(full))
    except TemplateFaultyError as error:
        words = Words(
            "该字段可能为空，须用 {% if … %} 判断后再显示",
            "the field may be missing: ask with {% if … %} before showing it",
        )
        raise TemplateFaultyError([Fault(fault.line, words) for fault in error.faults]) from error


class Templates:
    """What an administrator does with templates."""

    def __init__(self, db: Database, clock: Clock, config: DocumentsConfig) -> None:
        self._db = db
        self._clock = clock
        self._config = config

    async def save(self, key: UUID, draft: Draft, by: By) -> Template:
        """A new version of the kind's template. Raises TemplateFaultyError, InvalidError, KeyReusedError."""
        at = self._clock.now()
        if draft.active_from is not None and draft.active_from < at:
            raise InvalidError(Words("生效时间不得早于现在", "a template cannot count from a moment that is past"))
        await asyncio.to_thread(tried, draft.kind, draft.source)
        digest = shipped.sha256(draft.source)
        async with self._db.transaction() as conn:
            await store.lock_templates(conn, draft.kind)
            if (known := await store.find_template(conn, key)) is not None:
                if (known.kind, known.sha256, known.created_by) != (draft.kind, digest, by.actor):
                    raise KeyReusedError(Words("该键已用于另一请求", "this key was used for another request"))
                return known
            new = Template(
                key, draft.kind, 0, draft.source, digest, draft.reason, draft.active_from or at, at, by.actor
            )
            made = await store.add_template(conn, new)
            await audit.record(
                conn,
                actor=by.actor,
                action="document_template.save",
                object_kind="document template",
                object_id=str(made.id),
                at=at,
                details={"kind": made.kind.value, "version": made.version, "sha256": digest},
                address=by.address,
            )
            return made

    async def preview(self, kind: Kind, source: str, *, is_scant: bool) -> Printed:
        """The template with invented data, marked as worth nothing; `is_scant`: with everything missing that may be.

        Raises TemplateFaultyError, DocumentTooLongError.
        """
        return await asyncio.to_thread(self._previewed, kind, source, is_scant)

    def _previewed(self, kind: Kind, source: str, is_scant: bool) -> Printed:
        tried(kind, source)
        full = samples.sample(kind)
        return print_from(source, scant(full) if is_scant else full, self._config, WATERMARK)

    async def find(self, template_id: UUID) -> Template:
        """One version. Raises NotFoundError."""
        async with self._db.connection() as conn:
            found = await store.find_template(conn, template_id)
        if found is None:
            raise NotFoundError("document template", template_id)
        return found

    async def current(self, kind: Kind) -> Template | None:
        """The version an administrator saved that counts now; None: the shipped one does."""
        async with self._db.connection() as conn:
            return await store.in_force(conn, kind, self._clock.now())

    async def listed(self, kind: Kind | None, after: tuple[datetime, UUID] | None, limit: int) -> list[Template]:
        """Versions, newest first."""
        async with self._db.connection() as conn:
            return await store.templates(conn, kind, after, limit)
