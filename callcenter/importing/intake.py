"""What people do with lists: hand one in, say how it is read, start it, stop it. The rows themselves are the worker's.

Must never take the same bytes twice for one campaign, nor show a value of the file unmasked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from callcenter import audit
from callcenter.accounts import organisations
from callcenter.accounts.doer import Doer
from callcenter.attachments import contents
from callcenter.attachments.contents import Form as Named
from callcenter.attachments.vault import Staged, Vault
from callcenter.callbacks import store as callbacks
from callcenter.callbacks.errors import CampaignOverError
from callcenter.config import Config
from callcenter.db.pool import Connection, Database
from callcenter.errors import StaleVersionError
from callcenter.idempotency import KeyReusedError
from callcenter.importing import blocked, encoding, mapping, store, table
from callcenter.importing.delimited import DELIMITERS
from callcenter.importing.errors import FileRefusedError, MappingRefusedError, WrongStateError
from callcenter.importing.fields import DateForm, Field, Kind
from callcenter.importing.limits import Limits
from callcenter.importing.mapping import Header, Layout
from callcenter.importing.store import Counts, Import, State
from callcenter.importing.table import Form, Format
from tickets.errors import Words

NAMES: Final = {Format.CSV: Named("text/csv", (".csv", ".txt", ".tsv")), Format.XLSX: contents.XLSX}
OPEN: Final = frozenset({State.UNSURE, State.MAPPING, State.READY, State.CHECKED})
"""States in which it can still be said how a file is read."""
STOPPABLE: Final = OPEN | {State.WAITING, State.RUNNING}


def vault(config: Config) -> Vault:
    """Where lists lie until they are read, apart from the files of tickets: nobody is given one."""
    files = config.attachments
    return Vault(files.folder / "lists", files.minimum_free << 20)


def limits(config: Config) -> Limits:
    """How large lists may be."""
    return Limits(rows=config.imports.most_rows, columns=config.imports.most_columns)


def numbers(config: Config) -> blocked.Rules:
    """Which numbers no list may hold, but for the extensions of those who work here."""
    own = [*config.lines.english, *(number for number, _ in config.lines.queues())]
    return blocked.Rules.of(own, config.imports.countries)


@dataclass(frozen=True, slots=True)
class Said:
    """How a person says a file is read; what is None stays as it was found."""

    columns: Sequence[tuple[int, Field]] | None = None
    date_forms: Mapping[Field, DateForm] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """The beginning of a file, read one way."""

    form: Form
    header: Header | None
    rows: list[list[str]]


class Intake:
    """The use cases of lists."""

    def __init__(self, db: Database, config: Config) -> None:
        self._db = db
        self._vault = vault(config)
        self._limits = limits(config)

    @property
    def vault(self) -> Vault:
        """Where uploads are staged."""
        return self._vault

    async def receive(
        self,
        doer: Doer,
        key: UUID,
        staged: Staged,
        name: str,
        at: datetime,
        *,
        campaign_id: UUID | None = None,
        organisation_id: str | None = None,
    ) -> tuple[Import, bool]:
        """Takes a list in and shows how it would be read; the same bytes again are the import that is there.

        Without a campaign it is a list of policies of `organisation_id`. The second value: whether it was there.
        Raises CampaignNotFoundError, CampaignOverError, NotFoundError, FileRefusedError, BrokenTableError,
        StoreFullError, StoreAwayError.
        """
        kind = Kind.POLICIES if campaign_id is None else Kind.TASKS
        async with self._db.connection() as conn:
            if campaign_id is not None:
                organisation_id = await _of_campaign(conn, campaign_id, doer.path)
            assert organisation_id is not None
            organisation = await organisations.find(conn, doer, organisation_id)
            there = await store.same(conn, staged.sha256, campaign_id, organisation_id)
            if there is not None:
                return there, True
        seen = await asyncio.to_thread(self._look, staged.path, staged.size, name, Said())
        async with self._db.connection() as conn:
            layout = await _layout(conn, organisation.path, kind, seen.header)
        content = await asyncio.to_thread(self._vault.keep, staged)
        new = Import(
            id=key,
            kind=kind,
            campaign_id=campaign_id,
            organisation_id=organisation_id,
            path=organisation.path,
            reach=doer.path,
            state=State.UNSURE if seen.header is None else State.MAPPING,
            file_name=contents.clean_name(name or "名单", NAMES[seen.form.format]),
            sha256=content.sha256,
            size=content.size,
            form=seen.form,
            header=seen.header,
            layout=layout,
            sample=_sample(seen, layout),
            warnings=_warnings(seen, layout),
            dry_run=False,
            only_whole=False,
            last_row=0,
            share=0,
            counts=Counts(),
            fault=None,
            claim=None,
            beat_at=None,
            claimed_at=None,
            claimed_share=0,
            requested_by=doer.name,
            requested_at=at,
            started_at=None,
            finished_at=None,
            version=1,
        )
        async with self._db.transaction() as conn:
            if not await store.add(conn, new):
                there = await store.same(conn, new.sha256, campaign_id, organisation_id)
                if there is None:
                    raise KeyReusedError(Words("该键已用于另一次导入", "this key was used for another import"))
                return there, True
            details = {"kind": kind, "sha256": new.sha256, "size": new.size, "format": seen.form.format}
            await _record(conn, doer, "import.uploaded", new.id, at, details)
            return await store.one(conn, new.id, doer.path), False

    async def say(self, doer: Doer, import_id: UUID, version: int, said: Said, at: datetime) -> Import:
        """How the file is read, confirmed: what is said is kept for the organisation's next file of this header.

        Raises NotFoundError, StaleVersionError, WrongStateError, MappingRefusedError, FileRefusedError,
        BrokenTableError.
        """
        if said.encoding is not None and said.encoding not in encoding.ENCODINGS:
            raise _refused(f"编码须为{'、'.join(encoding.ENCODINGS)}之一", f"one of {', '.join(encoding.ENCODINGS)}")
        if said.delimiter is not None and said.delimiter not in DELIMITERS:
            raise _refused("不支持的分隔符", "this delimiter is not known")
        async with self._db.connection() as conn:
            there = _open(await store.one(conn, import_id, doer.path), version)
        form = there.form
        as_it_was = Said(
            encoding=said.encoding or form.encoding,
            delimiter=said.delimiter or (None if said.encoding else form.delimiter),
            header_row=said.header_row,
        )
        path = self._vault.path_of(there.sha256)
        seen = await asyncio.to_thread(self._look, path, there.size, there.file_name, as_it_was)
        async with self._db.transaction() as conn:
            there = _open(await store.one(conn, import_id, doer.path, lock=True), version)
            layout = await _layout(conn, there.path, there.kind, seen.header)
            if said.columns is not None and seen.header is not None:
                forms = layout.date_forms if said.date_forms is None else said.date_forms
                layout = Layout.of(said.columns, forms, len(seen.header.names), there.kind)
            state = State.UNSURE if seen.header is None else State.MAPPING
            if seen.header is not None and said.columns is not None and not layout.missing():
                state = State.READY
            changed = replace(
                there,
                state=state,
                form=seen.form,
                header=seen.header,
                layout=layout,
                sample=_sample(seen, layout),
                warnings=_warnings(seen, layout),
            )
            await store.read_so(conn, changed)
            if state is State.READY:
                await store.keep_layout(conn, changed, doer.name, at)
            await _record(conn, doer, "import.mapped", import_id, at, {"state": state})
            return await store.one(conn, import_id, doer.path)

    async def start(
        self, doer: Doer, import_id: UUID, version: int, at: datetime, *, dry_run: bool, only_whole: bool
    ) -> Import:
        """Hands the import to the worker; the same again changes nothing.

        Raises NotFoundError, StaleVersionError, WrongStateError, CampaignOverError.
        """
        async with self._db.transaction() as conn:
            there = await store.one(conn, import_id, doer.path, lock=True)
            if there.version != version:
                raise _stale()
            if there.state not in (State.READY, State.CHECKED):
                raise WrongStateError(
                    Words(
                        f"状态为“{store.STATE_WORDS[there.state].zh}”，须先确认列对应才能开始",
                        f"it is {store.STATE_WORDS[there.state].en}: confirm the columns first",
                    )
                )
            if there.campaign_id is not None:
                await _of_campaign(conn, there.campaign_id, doer.path)
            await conn.execute(store.REMOVE_FAULTS, import_id)
            await conn.execute(store.START, import_id, dry_run, only_whole, doer.name, at)
            await _record(conn, doer, "import.started", import_id, at, {"dry_run": dry_run, "only_whole": only_whole})
            return await store.one(conn, import_id, doer.path)

    async def cancel(self, doer: Doer, import_id: UUID, at: datetime) -> Import:
        """Stops an import before its switch; nothing of it stays. Raises NotFoundError, WrongStateError."""
        async with self._db.connection() as conn:
            _stoppable(await store.one(conn, import_id, doer.path))
        async with self._db.transaction() as conn:
            _stoppable(await store.one(conn, import_id, doer.path, lock=True))
            await conn.execute(store.CANCEL, import_id, at)
            await conn.execute(store.REMOVE_STAGED, import_id)
            await _record(conn, doer, "import.cancelled", import_id, at, {})
            return await store.one(conn, import_id, doer.path)

    def _look(self, path: Path, size: int, name: str, said: Said) -> _Seen:
        with path.open("rb") as file:
            return _beginning(file, size, name, said, self._limits)


def _beginning(file: BinaryIO, size: int, name: str, said: Said, limits: Limits) -> _Seen:
    form = table.recognise(file, size, name, limits, chosen_encoding=said.encoding, chosen_delimiter=said.delimiter)
    if not form.is_sure:
        return _Seen(form, None, [])
    with closing(table.rows(file, form, limits)) as rows:
        first = list(islice(rows, mapping.LOOKED_AT))
    if said.header_row is not None:
        place = next((at for at, (row, _) in enumerate(first) if row == said.header_row), None)
        if place is None:
            raise _refused(f"第{said.header_row}行不能作表头", f"row {said.header_row} cannot be the header")
        header: Header | None = mapping.as_header(*first[place])
    else:
        header = mapping.header(first)
    if header is None:
        raise FileRefusedError(Words("文件没有内容", "the file is empty"))
    data = [cells for row, cells in first if row > header.row]
    if not data:
        raise FileRefusedError(Words("文件只有表头，没有数据行", "the file has a header and no rows"))
    return _Seen(form, header, data)


async def _of_campaign(conn: Connection, campaign_id: UUID, path: str) -> str:
    """The organisation of a campaign that still takes tasks. Raises CampaignNotFoundError, CampaignOverError."""
    campaign = await callbacks.campaign(conn, campaign_id, path)
    if campaign.state.is_over:
        raise CampaignOverError(Words("批次已结束，不能再加任务", "the campaign is over: add nothing to it"))
    return campaign.organisation_id


async def _layout(conn: Connection, path: str, kind: Kind, header: Header | None) -> Layout:
    """How files of this header were read last, else what the header says."""
    if header is None:
        return Layout({})
    return await store.layout(conn, path, kind, header.fingerprint) or mapping.guess(header, kind)


def _sample(seen: _Seen, layout: Layout) -> list[list[str]]:
    return [mapping.shown(cells, layout) for cells in seen.rows[: mapping.SHOWN]]


def _warnings(seen: _Seen, layout: Layout) -> list[Words]:
    return [] if seen.header is None else mapping.warnings(seen.header, layout, seen.rows)


def _open(there: Import, version: int) -> Import:
    if there.version != version:
        raise _stale()
    if there.state not in OPEN:
        raise WrongStateError(
            Words(
                f"状态为“{store.STATE_WORDS[there.state].zh}”，不能再改列对应",
                f"it is {store.STATE_WORDS[there.state].en}: how it is read cannot change any more",
            )
        )
    return there


def _stoppable(there: Import) -> None:
    if there.state not in STOPPABLE:
        raise WrongStateError(
            Words(
                f"状态为“{store.STATE_WORDS[there.state].zh}”，不能取消",
                f"it is {store.STATE_WORDS[there.state].en}: it cannot be stopped",
            )
        )


def _stale() -> StaleVersionError:
    return StaleVersionError(Words("该导入已被他人修改", "this import was changed in the meantime"))


def _refused(zh: str, en: str) -> MappingRefusedError:
    return MappingRefusedError(Words(zh, en))


async def _record(
    conn: Connection, doer: Doer, action: str, import_id: UUID, at: datetime, details: Mapping[str, object]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="import",
        object_id=str(import_id),
        at=at,
        details=details,
        address=doer.address,
    )
