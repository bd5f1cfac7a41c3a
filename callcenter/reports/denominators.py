"""Imports of what complaints are divided by, and their corrections (M-11 … M-14, N-15). Must never change a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

import asyncpg

from callcenter import audit
from callcenter.accounts.doer import Doer
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, NotFoundError, StaleVersionError
from callcenter.ids import uuid7
from callcenter.reports.errors import ImportRefusedError, OverlapError
from tickets.calendar import shanghai_day
from tickets.denominators import RULES, Amount, Entry, problems
from tickets.errors import Problem, Words
from tickets.metrics import Base

_COLUMNS = """d.id, d.series, d.version, d.organisation_id, o.path, d.base, d.first_day, d.last_day, d.amount, d.source,
    d.imported_by, d.imported_at, d.file_sha256, d.reason, d.superseded_at, d.superseded_by, d.withdrawn_why"""
SELECT_ONE = f"""
SELECT {_COLUMNS} FROM denominator d JOIN organisation o ON o.id = d.organisation_id WHERE d.id = $1"""  # noqa: S608
SELECT_MANY = f"""
SELECT {_COLUMNS} FROM denominator d JOIN organisation o ON o.id = d.organisation_id
WHERE d.id = ANY($1)"""  # noqa: S608
LOCK = "SELECT 1 FROM denominator WHERE id = $1 FOR UPDATE"
PAGE = f"""
SELECT {_COLUMNS} FROM denominator d JOIN organisation o ON o.id = d.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR d.organisation_id = $2) AND ($3::text IS NULL OR d.base = $3)
    AND ($4::date IS NULL OR d.last_day >= $4) AND ($5::date IS NULL OR d.first_day <= $5)
    AND ($6 OR d.superseded_at IS NULL) AND ($7::uuid IS NULL OR d.series = $7)
    AND ($8::date IS NULL OR (d.first_day, d.id) < ($8, $9::uuid))
ORDER BY d.first_day DESC, d.id DESC LIMIT $10"""  # noqa: S608
PATHS = "SELECT id, path FROM organisation WHERE id = ANY($1)"
INSERT = """
INSERT INTO denominator (id, series, version, organisation_id, base, first_day, last_day, amount, source, imported_by,
    imported_at, file_sha256, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
SUPERSEDE = "UPDATE denominator SET superseded_at = $2, superseded_by = $3, withdrawn_why = $4 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Denominator:
    """One version of an amount; `reason` says why it replaced the version before."""

    id: UUID
    series: UUID
    version: int
    organisation_id: str
    path: str
    base: Base
    first_day: date
    last_day: date
    amount: Decimal
    source: str
    imported_by: str
    imported_at: datetime
    file_sha256: str | None
    reason: str | None
    superseded_at: datetime | None
    superseded_by: str | None
    withdrawn_why: str | None

    @property
    def stated(self) -> Amount:
        """What it says."""
        return Amount(self.organisation_id, self.base, self.first_day, self.last_day, self.amount, self.source)


async def take(
    db: Database, doer: Doer, key: UUID, amounts: Mapping[Entry, Amount], at: datetime, *, sha256: str | None = None
) -> list[Denominator]:
    """Imports all of them or none; handed in again under its key it finds what is there. `sha256`: of their file.

    Raises ImportRefusedError with every place that does not fit, OverlapError with what is there for the same days.
    """
    wrong = problems([*amounts.values()], shanghai_day(at), [*amounts])
    overlaps: list[Problem] = []
    first: OverlapError | None = None
    async with db.transaction() as conn:
        ids = [uuid5(key, str(number)) for number in range(len(amounts))]
        if there := await _many(conn, ids):
            return there
        named = [amount.organisation for amount in amounts.values()]
        paths = {row["id"]: row["path"] for row in await conn.fetch(PATHS, named)}
        for entry, amount in amounts.items():
            if not paths.get(amount.organisation, "?").startswith(doer.path):
                words = Words("您的机构范围内没有该机构", "there is no such organisation among yours")
                wrong.append(Problem(f"{entry.place}/organisation_id", words))
        if wrong:
            raise ImportRefusedError(tuple(wrong))
        for denominator_id, (entry, amount) in zip(ids, amounts.items(), strict=True):
            try:
                await _insert(conn, denominator_id, denominator_id, 1, amount, doer, at, sha256, None)
            except OverlapError as overlap:
                overlaps.append(Problem(f"{entry.place}/first_day", overlap.words, RULES))
                first = first or overlap
        if first is not None:
            first.problems = tuple(overlaps)
            raise first
        rows = await _many(conn, ids)
        for row in rows:
            await _record(conn, doer, "denominator.imported", row, at, {"sha256": sha256})
    return rows


async def correct(
    db: Database, doer: Doer, denominator_id: UUID, change: Amount, reason: str, at: datetime
) -> Denominator:
    """Another version takes the place of this one, which stays readable.

    Raises NotFoundError, StaleVersionError when another has taken its place, ImportRefusedError, OverlapError.
    """
    async with db.transaction() as conn:
        before = await _current(conn, doer, denominator_id)
        if wrong := problems([change], shanghai_day(at)):
            raise ImportRefusedError(tuple(replace(each, field=each.field.rpartition("/")[2]) for each in wrong))
        if change == before.stated:
            raise ConflictError(Words("与现有版本相同", "this is what the present version says"))
        await conn.execute(SUPERSEDE, before.id, at, doer.name, None)
        new = uuid7(at)
        await _insert(conn, new, before.series, before.version + 1, change, doer, at, None, reason)
        after = await _one(conn, new)
        details = {"replaces": str(before.id), "amount": [str(before.amount), str(after.amount)], "reason": reason}
        await _record(conn, doer, "denominator.corrected", after, at, details)
    return after


async def withdraw(db: Database, doer: Doer, denominator_id: UUID, reason: str, at: datetime) -> Denominator:
    """It was not to be imported at all. Raises NotFoundError, StaleVersionError."""
    async with db.transaction() as conn:
        before = await _current(conn, doer, denominator_id)
        await conn.execute(SUPERSEDE, before.id, at, doer.name, reason)
        after = await _one(conn, before.id)
        await _record(conn, doer, "denominator.withdrawn", after, at, {"reason": reason})
    return after


async def page(
    conn: Connection,
    below: str,
    after: tuple[date, UUID] | None,
    limit: int,
    *,
    organisation_id: str | None = None,
    base: Base | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    all_versions: bool = False,
    series: UUID | None = None,
) -> list[Denominator]:
    """What was imported in the subtree for days in the range, latest days first; past versions only when asked for."""
    rows = await conn.fetch(
        PAGE, below, organisation_id, base, first_day, last_day, all_versions, series, *(after or (None, None)), limit
    )
    return [_of(row) for row in rows]


async def show(conn: Connection, doer: Doer, denominator_id: UUID) -> Denominator:
    """One version. Raises NotFoundError."""
    there = await _one(conn, denominator_id)
    if not there.path.startswith(doer.path):
        raise NotFoundError("denominator", denominator_id)
    return there


async def _insert(
    conn: Connection,
    denominator_id: UUID,
    series: UUID,
    version: int,
    amount: Amount,
    doer: Doer,
    at: datetime,
    sha256: str | None,
    reason: str | None,
) -> None:
    try:
        async with conn.transaction():
            await conn.execute(
                INSERT,
                denominator_id,
                series,
                version,
                amount.organisation,
                amount.base,
                amount.first_day,
                amount.last_day,
                amount.amount,
                amount.source.strip(),
                doer.name,
                at,
                sha256,
                reason,
            )
    except asyncpg.ExclusionViolationError:
        period = f"{amount.first_day}~{amount.last_day}"
        words = Words(
            f"{amount.organisation}已有与{period}重叠的同口径数据，请更正原数据",
            f"{amount.organisation} has an amount of this base for days of {period}: correct that one",
        )
        raise OverlapError(
            words,
            rules=RULES,
            organisation=amount.organisation,
            base=amount.base.value,
            first_day=str(amount.first_day),
            last_day=str(amount.last_day),
        ) from None


async def _current(conn: Connection, doer: Doer, denominator_id: UUID) -> Denominator:
    await conn.fetchval(LOCK, denominator_id)
    there = await show(conn, doer, denominator_id)
    if there.superseded_at is not None:
        raise StaleVersionError(Words("该数据已被更正或撤销", "this amount was corrected or withdrawn in the meantime"))
    return there


async def _many(conn: Connection, ids: Sequence[UUID]) -> list[Denominator]:
    """Those that are there, in the order asked for."""
    found = {row["id"]: _of(row) for row in await conn.fetch(SELECT_MANY, ids)}
    return [found[each] for each in ids if each in found]


async def _one(conn: Connection, denominator_id: UUID) -> Denominator:
    row = await conn.fetchrow(SELECT_ONE, denominator_id)
    if row is None:
        raise NotFoundError("denominator", denominator_id)
    return _of(row)


def _of(row: asyncpg.Record) -> Denominator:
    return Denominator(**{**dict(row), "base": Base(row["base"])})


async def _record(
    conn: Connection, doer: Doer, action: str, row: Denominator, at: datetime, more: Mapping[str, object]
) -> None:
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="denominator",
        object_id=str(row.id),
        at=at,
        details={
            "organisation": row.organisation_id,
            "base": row.base.value,
            "first_day": str(row.first_day),
            "last_day": str(row.last_day),
            "version": row.version,
            "source": row.source,
            **more,
        },
        address=doer.address,
    )
