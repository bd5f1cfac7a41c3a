"""The rows of letters and visits of callbacks (C-10). Never begins a transaction, never decides."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from callcenter.attachments.store import ADD_CONTENT
from callcenter.callbacks.errors import WayNotFoundError
from callcenter.db.pool import Connection
from tickets.callbacks import Way

COLUMNS = """
w.id, w.task_id, w.way, w.at, w.person, w.address, w.note, w.recorded_by, w.recorded_at, w.failed_at, w.failed_by,
w.failed_reason, w.returned_at, w.signed_on, w.sha256, w.media_type, w.name, c.size, w.received_by, w.received_at
FROM callback_way w LEFT JOIN attachment_content c ON c.sha256 = w.sha256"""
FIND = f"SELECT {COLUMNS} WHERE w.id = $1 AND w.task_id = $2"
OF_TASK = f"SELECT {COLUMNS} WHERE w.task_id = $1 ORDER BY w.at, w.id"
PAGE = f"""
SELECT {COLUMNS} WHERE w.task_id = $1 AND ($2::timestamptz IS NULL OR (w.at, w.id) > ($2, $3::uuid))
ORDER BY w.at, w.id LIMIT $4"""
ADD = """
INSERT INTO callback_way (id, task_id, way, at, person, address, note, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
FAIL = "UPDATE callback_way SET failed_at = $2, failed_by = $3, failed_reason = $4 WHERE id = $1"
RETURN = """
UPDATE callback_way SET returned_at = $2, signed_on = $3, sha256 = $4, media_type = $5, name = $6, received_by = $7,
    received_at = $8
WHERE id = $1"""
TRIED = "UPDATE callback_task SET tried_at = least(tried_at, $2) WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Errand:
    """A letter that was sent, or a visit that was made; its end is a failure, or the receipt that came back signed."""

    id: UUID
    task_id: UUID
    way: Way
    at: datetime
    person: str | None
    address: str | None
    note: str | None
    recorded_by: str
    recorded_at: datetime
    failed_at: datetime | None = None
    failed_by: str | None = None
    failed_reason: str | None = None
    returned_at: datetime | None = None
    signed_on: date | None = None
    sha256: str | None = None
    media_type: str | None = None
    name: str | None = None
    size: int | None = None
    received_by: str | None = None
    received_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not come to an end."""
        return self.failed_at is None and self.returned_at is None


async def of_task(conn: Connection, task_id: UUID) -> list[Errand]:
    """The letters and visits of a task, in the order they were made."""
    return [_errand(row) for row in await conn.fetch(OF_TASK, task_id)]


async def page(conn: Connection, task_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[Errand]:
    """A page of them, going on after a position."""
    at, last = after or (None, None)
    return [_errand(row) for row in await conn.fetch(PAGE, task_id, at, last, limit)]


async def find(conn: Connection, task_id: UUID, way_id: UUID) -> Errand:
    """One of a task's. Raises WayNotFoundError."""
    row = await conn.fetchrow(FIND, way_id, task_id)
    if row is None:
        raise WayNotFoundError(way_id)
    return _errand(row)


async def known(conn: Connection, task_id: UUID, way_id: UUID) -> Errand | None:
    """The one an earlier request recorded under this id."""
    row = await conn.fetchrow(FIND, way_id, task_id)
    return None if row is None else _errand(row)


async def add(conn: Connection, new: Errand) -> None:
    """Writes a new one, and that its task was tried. Raises UniqueViolationError while one of its kind is open."""
    values = (new.id, new.task_id, new.way, new.at, new.person, new.address, new.note, new.recorded_by, new.recorded_at)
    async with conn.transaction():
        await conn.execute(ADD, *values)
    await conn.execute(TRIED, new.task_id, new.at)


async def fail(conn: Connection, way_id: UUID, reason: str, by: str, at: datetime) -> None:
    await conn.execute(FAIL, way_id, at, by, reason)


async def returned(
    conn: Connection,
    way_id: UUID,
    *,
    returned_at: datetime,
    signed_on: date,
    sha256: str,
    size: int,
    media_type: str,
    name: str,
    by: str,
    at: datetime,
) -> None:
    """Writes the receipt whose content is safe already."""
    await conn.execute(ADD_CONTENT, sha256, size, at)
    await conn.execute(RETURN, way_id, returned_at, signed_on, sha256, media_type, name, by, at)


def _errand(row: asyncpg.Record) -> Errand:
    return Errand(**{**dict(row), "way": Way(row["way"])})
