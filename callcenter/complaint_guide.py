"""The ways to complain as the company publishes them, by versions, and where each company shows them (N-2).

What the law and the rulebook say of limits is read from the rulebook, never typed. Must never change a version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, InvalidError, NotFoundError
from callcenter.opening import By
from tickets.calendar import shanghai_day
from tickets.errors import Words

GUIDE = """
id, from_day, telephone, email, address, website, procedure, remedies, reason, published_at, published_by"""
ONE = f"SELECT {GUIDE} FROM complaint_guide WHERE id = $1"  # noqa: S608
ON_DAY = f"""
SELECT {GUIDE} FROM complaint_guide WHERE from_day <= $1 ORDER BY from_day DESC, published_at DESC LIMIT 1"""  # noqa: S608
PAGE = f"""
SELECT {GUIDE} FROM complaint_guide
WHERE $1::timestamptz IS NULL OR (published_at, id) < ($1, $2::uuid)
ORDER BY published_at DESC, id DESC LIMIT $3"""  # noqa: S608
PUBLISH = """
INSERT INTO complaint_guide (id, from_day, telephone, email, address, website, procedure, remedies, reason,
    published_at, published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
LEVEL = "SELECT kind FROM organisation WHERE id = $1"
POSTING_ONE = "SELECT 1 FROM complaint_guide_posting WHERE id = $1"
POST = """
INSERT INTO complaint_guide_posting (id, guide_id, organisation_id, place, posted_on, note, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (guide_id, organisation_id, place) DO NOTHING"""
POSTED = """
SELECT o.id AS organisation_id, o.path, o.name, w.place, p.posted_on, p.note, p.recorded_at, p.recorded_by
FROM organisation o
JOIN unnest($3::text[], $4::text[]) AS w (kind, place) ON w.kind = o.kind
LEFT JOIN complaint_guide_posting p ON p.guide_id = $2 AND p.organisation_id = o.id AND p.place = w.place
WHERE starts_with(o.path, $1) AND ($5::boolean IS NULL OR (p.id IS NULL) = $5)
    AND ($6::text IS NULL OR (o.path, w.place) > ($6, $7::text))
ORDER BY o.path, w.place LIMIT $8"""

PLACES: Mapping[str, tuple[str, ...]] = {
    "hq": ("website", "app", "contract"),
    "province": ("premises",),
    "city": ("premises",),
    "counter_a": ("premises",),
    "counter_b": ("premises",),
}
"""Where each kind of organisation shows the guide: site, app and contracts are the whole company's."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What is published from a day on: by which ways to complain, how it goes, what remedies there are."""

    from_day: date
    telephone: str
    email: str
    address: str
    website: str
    procedure: str
    remedies: str
    reason: str


async def publish(db: Database, key: UUID, guide: Guide, by: By, at: datetime) -> None:
    """Publish another version from today or a later day on. The same key twice is once. Raises InvalidError."""
    if guide.from_day < shanghai_day(at):
        raise InvalidError(Words("公布日期不能早于当日", "it is not published for the past"))
    async with db.transaction() as conn:
        if await conn.fetchrow(ONE, key) is not None:
            return
        texts = (guide.telephone, guide.email, guide.address, guide.website, guide.procedure, guide.remedies)
        await conn.execute(PUBLISH, key, guide.from_day, *texts, guide.reason, at, by.actor)
        details = {"from_day": str(guide.from_day), "reason": guide.reason}
        await _audited(conn, by, at, "complaint_guide.published", key, details)


async def in_force(conn: Connection, day: date) -> Mapping[str, Any] | None:
    """The version that counts on a day; None before the first."""
    found = await conn.fetchrow(ON_DAY, day)
    return dict(found) if found else None


async def show(conn: Connection, guide_id: UUID) -> Mapping[str, Any]:
    """One version. Raises NotFoundError."""
    found = await conn.fetchrow(ONE, guide_id)
    if found is None:
        raise NotFoundError("complaint guide", guide_id)
    return dict(found)


async def versions(conn: Connection, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """Every version, the latest first."""
    return [dict(row) for row in await conn.fetch(PAGE, *(after or (None, None)), limit)]


async def show_at(
    db: Database, key: UUID, guide_id: UUID, place: str, posted_on: date, note: str, by: By, at: datetime
) -> None:
    """The actor's organisation shows a version at a place since a day. The same key twice is once.

    Raises NotFoundError, InvalidError for a place that is not its own, ConflictError where it was said before.
    """
    async with db.transaction() as conn:
        await show(conn, guide_id)
        if await conn.fetchval(POSTING_ONE, key) is not None:
            return
        kind = await conn.fetchval(LEVEL, by.organisation_id)
        if place not in PLACES.get(kind or "", ()):
            raise InvalidError(Words("该机构不在此处公布", "this organisation does not show it there"))
        if posted_on > shanghai_day(at):
            raise InvalidError(Words("公布日期不能晚于当日", "it is not shown in the future"))
        values = (guide_id, by.organisation_id, place, posted_on, note, at, by.actor)
        if await conn.execute(POST, key, *values) != "INSERT 0 1":
            raise ConflictError(Words("已登记过", "it was said before"))
        details = {"guide": str(guide_id), "place": place, "day": str(posted_on)}
        await _audited(conn, by, at, "complaint_guide.shown", guide_id, details)


async def postings(
    conn: Connection, below: str, guide_id: UUID, missing: bool | None, after: tuple[str, str] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Where each organisation of the subtree shows a version, or still has to."""
    pairs = [(kind, place) for kind, places in PLACES.items() for place in places]
    kinds, places = [kind for kind, _ in pairs], [place for _, place in pairs]
    rows = await conn.fetch(POSTED, below, guide_id, kinds, places, missing, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def _audited(
    conn: Connection, by: By, at: datetime, action: str, guide_id: UUID, details: Mapping[str, Any]
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="complaint_guide",
        object_id=str(guide_id),
        at=at,
        details=dict(details),
        address=by.address,
    )
