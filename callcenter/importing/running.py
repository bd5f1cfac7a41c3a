"""Carries imports through: rows read and staged batch by batch, then one switch. In the worker, or a command line.

Whoever claims an import goes on behind the last row that was committed, so that a death at any row loses and doubles
nothing. Must never make a task, a policy or a customer before the switch, nor leave half of one behind.
"""

import asyncio
import functools
import json
import logging
import time
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID, uuid4

from callcenter import audit
from callcenter.attachments.vault import Vault
from callcenter.callbacks import campaigns, scripts
from callcenter.callbacks import store as callbacks
from callcenter.callbacks.campaigns import Ground
from callcenter.callbacks.store import ADDED
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.customers.store import POLICY_COLUMNS
from callcenter.db.pool import Connection, Database
from callcenter.importing import becoming, blocked, intake, store, table
from callcenter.importing.becoming import Whole
from callcenter.importing.errors import BrokenTableError, FileRefusedError
from callcenter.importing.fields import Field
from callcenter.importing.limits import Limits
from callcenter.importing.lines import Complaint, Fate, Line, Reader, fate
from callcenter.importing.store import Import, State
from callcenter.importing.values import Reading, Wrong
from callcenter.importing.variables import Scripts
from tickets import store as tickets
from tickets.errors import Words

log = logging.getLogger(__name__)

BATCH: Final = 2000
SLICE: Final = 5.0
"""Seconds of work in one step: between two the worker may stop."""
MOST_FAULTS: Final = 100_000
"""Of one import that are listed; further ones are only counted."""
SWITCHING: Final = 3600.0

_POLICY = ", ".join(f"p.{name.strip()}" for name in POLICY_COLUMNS.split(","))
ADD_CUSTOMERS = """
WITH added AS (
    INSERT INTO customer (id, name, id_number, birth_date, gender, sales_calls_refused_until, created_at,
        core_number)
    SELECT c.id, c.name, c.id_number, c.birth_date, c.gender, c.sales_calls_refused_until, c.created_at, c.core_number
    FROM list_import_row r, jsonb_populate_record(NULL::customer, r.record -> 'customer') c
    WHERE r.import_id = $1 AND r.record ? 'customer'
    ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*) FROM added"""
ADD_PHONES = """
INSERT INTO customer_phone (number, customer_id, kind, at_underwriting)
SELECT DISTINCT ON (p.number, p.customer_id) p.number, p.customer_id, p.kind, p.at_underwriting
FROM list_import_row r, jsonb_populate_recordset(NULL::customer_phone, r.record -> 'phones') p
WHERE r.import_id = $1 AND r.record ? 'phones'
ON CONFLICT (number, customer_id) DO UPDATE SET at_underwriting = true WHERE NOT customer_phone.at_underwriting"""
ADD_POLICIES: Final = f"""
WITH added AS (
    INSERT INTO policy ({POLICY_COLUMNS})
    SELECT {_POLICY}
    FROM list_import_row r, jsonb_populate_record(NULL::policy, r.record -> 'policy') p
    WHERE r.import_id = $1 AND r.record ? 'policy'
    ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*) FROM added"""  # noqa: S608
CHANGE_POLICIES: Final = """
WITH changed AS (
    UPDATE policy SET
        product_name = coalesce(p.product_name, policy.product_name),
        product_kind = coalesce(p.product_kind, policy.product_kind),
        sales_channel = coalesce(p.sales_channel, policy.sales_channel),
        salesperson = coalesce(p.salesperson, policy.salesperson),
        insured_name = coalesce(p.insured_name, policy.insured_name),
        long_term = coalesce(p.long_term, policy.long_term),
        guaranteed_renewal = coalesce(p.guaranteed_renewal, policy.guaranteed_renewal),
        premium = coalesce(p.premium, policy.premium),
        payment = coalesce(p.payment, policy.payment),
        paying_years = coalesce(p.paying_years, policy.paying_years),
        issued_on = coalesce(p.issued_on, policy.issued_on),
        received_on = coalesce(p.received_on, policy.received_on),
        cooling_off_days = coalesce(p.cooling_off_days, policy.cooling_off_days),
        status = coalesce(p.status, policy.status),
        group_business = coalesce(p.group_business, policy.group_business),
        sale_recorded = coalesce(p.sale_recorded, policy.sale_recorded),
        premium_due_on = coalesce(p.premium_due_on, policy.premium_due_on),
        lapsed_on = coalesce(p.lapsed_on, policy.lapsed_on),
        surrendered_on = coalesce(p.surrendered_on, policy.surrendered_on),
        claim_settled_on = coalesce(p.claim_settled_on, policy.claim_settled_on),
        paid_out_on = coalesce(p.paid_out_on, policy.paid_out_on),
        salesperson_left_on = coalesce(p.salesperson_left_on, policy.salesperson_left_on)
    FROM list_import_row r, jsonb_populate_record(NULL::policy, r.record -> 'change') p
    WHERE r.import_id = $1 AND r.record ? 'change' AND policy.id = p.id
    RETURNING 1)
SELECT count(*) FROM changed"""
REFUSE_SALES_CALLS = """
UPDATE customer SET sales_calls_refused_until = greatest(customer.sales_calls_refused_until, r.until)
FROM (
    SELECT (record -> 'refusal' ->> 'id')::uuid AS id, max((record -> 'refusal' ->> 'until')::date) AS until
    FROM list_import_row WHERE import_id = $1 AND record ? 'refusal' GROUP BY 1
) r
WHERE customer.id = r.id"""
ADD_TASKS: Final = f"""
WITH added AS (
    INSERT INTO callback_task ({", ".join(ADDED)})
    SELECT {", ".join(f"t.{name}" for name in ADDED)}
    FROM list_import_row r, jsonb_populate_record(NULL::callback_task, r.record -> 'task') t
    WHERE r.import_id = $1 AND r.record ? 'task' AND EXISTS (SELECT FROM policy WHERE id = t.policy_id)
    ORDER BY r.row
    ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*) FROM added"""  # noqa: S608
EXTENSIONS = "SELECT DISTINCT extension FROM app_user WHERE extension IS NOT NULL"


async def _of_campaign(conn: Connection, of: Import, at: datetime) -> tuple[Ground | None, Scripts]:
    """By what the tasks of a list are made, and what their scripts want."""
    if of.campaign_id is None:
        return None, Scripts({})
    campaign = await callbacks.campaign(conn, of.campaign_id, "")
    versions = [each for each in (campaign.script_version, campaign.simplified_version) if each is not None]
    told = {version: (await scripts.kept(conn, version)).script for version in versions}
    [ground] = await campaigns.grounds(conn, [campaign], at)
    return ground, Scripts(told)


class LostClaimError(Exception):
    """The import was cancelled, or another worker took it over: nothing more is written."""


class Importer:
    """Carries one import at a time. `wall` tells how long a silent worker was silent; `clock` decides days."""

    def __init__(
        self, db: Database, config: Config, clock: Clock, wall: Clock, limits: Limits | None = None, batch: int = BATCH
    ) -> None:
        self._db = db
        self._clock = clock
        self._wall = wall
        self._vault = intake.vault(config)
        self._limits = limits or intake.limits(config)
        self._numbers = intake.numbers(config)
        self._hours = config.calling.hours()
        self._batch = batch
        self._current: _Run | None = None

    async def step(self, import_id: UUID | None = None) -> bool:
        """Works for some seconds on the import at hand, or claims one (`import_id`: only this); whether it did."""
        try:
            if self._current is None:
                self._current = await self._claim(import_id)
            if self._current is None:
                return False
            end = time.monotonic() + SLICE
            while not await self._current.go_on():
                if time.monotonic() > end:
                    return True
        except LostClaimError:
            pass
        except (BrokenTableError, FileRefusedError) as error:
            await self._fail(error.code, error.words)
        except (MemoryError, asyncio.CancelledError):
            raise
        except OSError:
            log.exception("the file of an import cannot be read")
            await self._fail("import_file_unavailable", Words("文件无法读取", "the file cannot be read"))
        except BaseException:
            self._let_go()
            raise
        self._let_go()
        return True

    def close(self) -> None:
        """Lets go of the import at hand; whoever claims it next goes on."""
        self._let_go()

    def _let_go(self) -> None:
        if self._current is not None:
            self._current.close()
            self._current = None

    async def _claim(self, import_id: UUID | None) -> "_Run | None":
        now, claim = self._wall.now(), uuid4()
        async with self._db.transaction() as conn:
            found = await conn.fetchval(store.CLAIM, claim, now, now - store.SILENT, import_id)
            if found is None:
                return None
            of = await store.one(conn, found, "")
            calendar = await tickets.calendar(conn)
            extensions = [row["extension"] for row in await conn.fetch(EXTENSIONS)]
            ground, told = await _of_campaign(conn, of, of.started_at or self._clock.now())
            organisations = await becoming.organisations(conn, of.reach)
        assert of.header is not None
        numbers = blocked.Rules(self._numbers.own | frozenset(extensions), self._numbers.countries)
        at = of.started_at or self._clock.now()
        reader = Reader(of.header, of.layout, Reading(at, calendar, numbers, of.layout.date_forms, self._hours))
        whole = Whole(of, ground, told, organisations, at, reader)
        return _Run(self._db, self._wall, self._clock, whole, claim, self._vault, self._limits, self._batch)

    async def _fail(self, code: str, words: Words) -> None:
        assert self._current is not None
        await self._current.end(State.FAILED, fault={"code": code, "zh": words.zh, "en": words.en})


class _Run:
    """One import in the hands of one worker."""

    def __init__(
        self,
        db: Database,
        wall: Clock,
        clock: Clock,
        whole: Whole,
        claim: UUID,
        vault: Vault,
        limits: Limits,
        batch: int,
    ) -> None:
        self._db = db
        self._wall = wall
        self._clock = clock
        self._whole = whole
        self._claim = claim
        self._limits = limits
        self._batch = batch
        self._path: Path = vault.path_of(whole.of.sha256)
        self._file: BinaryIO | None = None
        self._rows: table.Rows | None = None
        self._behind = 0
        counts = whole.of.counts
        self._faults = counts.refused + counts.dropped + counts.duplicates
        self._refused = counts.refused
        self._read = counts.rows_read

    async def go_on(self) -> bool:
        """One batch, or the switch; whether the import has ended. Raises LostClaimError and what the file refuses."""
        if self._whole.of.state is State.SWITCHING:
            await self._switch()
            return True
        if self._file is None:
            await asyncio.to_thread(self._open)
        read = await asyncio.to_thread(self._next)
        if read is None:
            await self._to_the_switch()
            return True
        await self._keep(*read)
        return False

    def close(self) -> None:
        """Closes the file."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> None:
        of = self._whole.of
        assert of.header is not None
        self._file = self._path.open("rb")
        self._rows = table.rows(self._file, of.form, self._limits)
        self._behind = max(of.header.row, of.last_row)

    def _next(self) -> tuple[list[Line], list[Complaint], int, int, float] | None:
        """The next rows: what they say, what is wrong with them, how many, the last one's number, the share read."""
        assert self._rows is not None
        assert self._file is not None
        rows = list(islice((each for each in self._rows if each[0] > self._behind), self._batch))
        if not rows:
            return None
        if self._read + len(rows) > self._limits.rows:
            raise BrokenTableError(
                rows[-1][0], Words(f"超过{self._limits.rows}行", f"more than {self._limits.rows} rows")
            )
        lines, complaints = [], []
        for row, cells in rows:
            read = self._whole.reader.read(row, cells)
            if isinstance(read, Line):
                lines.append(read)
            else:
                complaints += read
        share = min(self._file.tell() / max(self._whole.of.size, 1), 1.0)
        return lines, complaints, len(rows), rows[-1][0], share

    async def _keep(self, lines: list[Line], complaints: list[Complaint], read: int, last: int, share: float) -> None:
        of = self._whole.of
        async with self._db.transaction() as conn:
            batch = await becoming.become(conn, self._whole, lines)
            encoded = functools.partial(json.dumps, ensure_ascii=False, default=str)
            taken = await store.stage(conn, of.id, batch.staged, encoded)
            complaints = complaints + batch.complaints
            by_row = {line.row: line for line in lines}
            complaints += [
                self._whole.reader.about(by_row[each.row], Wrong.DUPLICATE, Field.POLICY_NUMBER)
                for each in batch.staged
                if each.row not in taken
            ]
            fates = _fates(complaints)
            refused, dropped, doubled = (sum(each is f for each in fates.values()) for f in Fate)
            beaten = await conn.fetchval(
                store.BEAT,
                *(of.id, self._claim, last, share, read, len(taken)),
                *(refused, dropped, doubled, batch.existed, self._wall.now()),
            )
            if beaten is None:
                raise LostClaimError
            room = MOST_FAULTS - self._faults
            if complaints and room > 0:
                await store.add_faults(conn, of.id, sorted(complaints, key=lambda each: each.row)[:room])
        self._faults += len(complaints)
        self._refused += refused
        self._read += read

    async def _to_the_switch(self) -> None:
        """Everything was read: what can be taken is known."""
        of = self._whole.of
        if of.only_whole and self._refused:
            await self.end(
                State.FAILED,
                fault=_fault("import_not_whole", f"有{self._refused}行有误，按要求整批不导入", "rows are refused"),
            )
            return
        async with self._db.connection() as conn:
            now = await store.one(conn, of.id, "")
            campaign = None if of.campaign_id is None else await callbacks.campaign(conn, of.campaign_id, "")
        if campaign is not None and campaign.state.is_over:
            await self.end(
                State.FAILED, fault=_fault("campaign_over", "批次已结束，不能再加任务", "the campaign is over")
            )
            return
        if not now.counts.good and not now.counts.existed:
            await self.end(
                State.FAILED,
                fault=_fault(
                    "import_nothing_valid", "没有可导入的行，原有名单未变", "no row can be taken: nothing changed"
                ),
            )
            return
        if of.dry_run:
            await self.end(State.CHECKED)
            return
        async with self._db.connection() as conn:
            if await conn.fetchval(store.SWITCH, of.id, self._claim, self._wall.now()) is None:
                raise LostClaimError
        await self._switch()

    async def _switch(self) -> None:
        """All staged rows become what they are, at once or not at all; nobody takes over what is locked."""
        of = self._whole.of
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(store.HELD, of.id, self._claim) is None:
                raise LostClaimError
            customers = await _run(conn, ADD_CUSTOMERS, of.id)
            await conn.execute(ADD_PHONES, of.id, timeout=SWITCHING)
            policies = await _run(conn, ADD_POLICIES, of.id)
            changed = await _run(conn, CHANGE_POLICIES, of.id)
            await conn.execute(REFUSE_SALES_CALLS, of.id, timeout=SWITCHING)
            tasks = 0 if self._whole.ground is None else await _run(conn, ADD_TASKS, of.id)
            await conn.execute(store.REMOVE_STAGED, of.id, timeout=SWITCHING)
            good = (await store.one(conn, of.id, "")).counts.good
            existed = 0 if self._whole.ground is None else good - tasks
            made = (tasks, policies, changed, customers, existed)
            await conn.fetchval(store.FINISH, of.id, self._claim, State.DONE, at, None, *made)
            await self._record(conn, at, "import.done", {"tasks": tasks, "policies": policies})

    async def end(self, state: State, fault: dict[str, str] | None = None) -> None:
        """The import ends without having changed anything."""
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if await conn.fetchval(store.HELD, self._whole.of.id, self._claim) is None:
                return
            await conn.execute(store.REMOVE_STAGED, self._whole.of.id, timeout=SWITCHING)
            await conn.fetchval(store.FINISH, self._whole.of.id, self._claim, state, at, fault, *(0, 0, 0, 0, 0))
            await self._record(conn, at, f"import.{state}", {} if fault is None else {"code": fault["code"]})

    async def _record(self, conn: Connection, at: datetime, action: str, details: dict[str, Any]) -> None:
        await audit.record(
            conn,
            actor="system:importer",
            action=action,
            object_kind="import",
            object_id=str(self._whole.of.id),
            at=at,
            details=details,
        )


def _fates(complaints: list[Complaint]) -> dict[int, Fate]:
    """One fate a row: whoever is refused for one thing is refused."""
    fates: dict[int, Fate] = {}
    for each in complaints:
        if fates.get(each.row) is not Fate.REFUSED:
            fates[each.row] = fate(each.wrong)
    return fates


def _fault(code: str, zh: str, en: str) -> dict[str, str]:
    return {"code": code, "zh": zh, "en": en}


async def _run(conn: Connection, statement: str, import_id: UUID) -> int:
    count: int = await conn.fetchval(statement, import_id, timeout=SWITCHING)
    return count
