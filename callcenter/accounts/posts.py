"""Who holds which post, and who stands in (R-3.1, R-3.42, F-44). Must never leave two who act on one day.

Nothing is deleted: a time on a post ends. Who acts on a day is the delegate of that day, else the holder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.accounts import post_changes, store
from callcenter.accounts.doer import Doer
from callcenter.accounts.errors import PostTakenError
from callcenter.db.pool import Connection, Database
from callcenter.errors import InvalidError, NotFoundError, StaleVersionError
from callcenter.idempotency import KeyReusedError
from tickets import posts
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.errors import PostRefusedError, Problem, Words
from tickets.lifecycle import Level
from tickets.posts import Part, Person, Post, Turn

MAKE_POST = """
INSERT INTO post (organisation_id, kind, department) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""
LOCK_POST = """
SELECT number FROM post
WHERE organisation_id = $1 AND kind = $2 AND department IS NOT DISTINCT FROM $3::text FOR UPDATE"""

SELECT_TENURE = """
SELECT t.id, p.organisation_id, o.path, o.kind AS level, p.kind, p.department, t.part, t.user_id, u.name AS user_name,
    t.since, t.until, t.remark, t.version, t.post
FROM tenure t JOIN post p ON p.number = t.post JOIN organisation o ON o.id = p.organisation_id
    JOIN app_user u ON u.id = t.user_id
WHERE t.id = $1"""
PAGE_TENURES = """
SELECT t.id, p.organisation_id, o.path, o.kind AS level, p.kind, p.department, t.part, t.user_id, u.name AS user_name,
    t.since, t.until, t.remark, t.version, t.post
FROM tenure t JOIN post p ON p.number = t.post JOIN organisation o ON o.id = p.organisation_id
    JOIN app_user u ON u.id = t.user_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR p.kind = $2) AND ($3::text IS NULL OR p.department = $3)
    AND ($4::uuid IS NULL OR t.user_id = $4) AND ($5::date IS NULL OR daterange(t.since, t.until) @> $5)
    AND ($6::date IS NULL OR (t.since, t.id) < ($6, $7::uuid))
ORDER BY t.since DESC, t.id DESC LIMIT $8"""
INSERT_TENURE = """
INSERT INTO tenure (id, post, part, user_id, since, until, remark, named_by, named_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
SUCCEEDED = """
SELECT id, user_id FROM tenure
WHERE post = $1 AND since < $2 AND (until IS NULL OR until > $2)
    AND (($3 = 'holder' AND part = 'holder') OR ($3 = 'holder' AND part = 'delegate' AND user_id = $4))
ORDER BY id"""
END = """
UPDATE tenure SET until = $2, ended_by = $3, ended_at = $4, version = version + 1 WHERE id = $1"""
HELD_MEANWHILE = """
SELECT 1 FROM tenure
WHERE post = $1 AND part = 'holder' AND user_id = $2 AND daterange(since, until) && daterange($3, $4) LIMIT 1"""
OPEN_OF = """
SELECT t.id FROM tenure t WHERE t.user_id = $1 AND (t.until IS NULL OR t.until > $2) ORDER BY t.id"""

PAGE_POSTS = """
WITH asked AS (
    SELECT o.id AS organisation_id, o.path, w.kind, w.department
    FROM organisation o JOIN unnest($2::text[], $3::text[], $4::text[]) AS w (level, kind, department)
        ON w.level = o.kind
    WHERE o.path LIKE $1 || '%'
    UNION
    SELECT o.id, o.path, p.kind, p.department
    FROM post p JOIN organisation o ON o.id = p.organisation_id WHERE o.path LIKE $1 || '%'
)
SELECT a.organisation_id, a.path, a.kind, a.department, h.user_id AS holder_id, hu.name AS holder_name,
    h.id AS holder_tenure_id, d.user_id AS delegate_id, du.name AS delegate_name, d.until AS delegate_until,
    COALESCE(d.user_id, h.user_id) AS acting_id, COALESCE(du.name, hu.name) AS acting_name
FROM asked a
    LEFT JOIN post p ON p.organisation_id = a.organisation_id AND p.kind = a.kind
        AND p.department IS NOT DISTINCT FROM a.department
    LEFT JOIN tenure h ON h.post = p.number AND h.part = 'holder' AND daterange(h.since, h.until) @> $5::date
    LEFT JOIN app_user hu ON hu.id = h.user_id
    LEFT JOIN tenure d ON d.post = p.number AND d.part = 'delegate' AND daterange(d.since, d.until) @> $5::date
    LEFT JOIN app_user du ON du.id = d.user_id
WHERE ($6::text IS NULL OR a.kind = $6) AND ($7::text IS NULL OR a.department = $7)
    AND ($8::boolean IS NULL OR (h.user_id IS NULL AND d.user_id IS NULL) = $8)
    AND ($9::text IS NULL OR (a.path, a.kind, COALESCE(a.department, '')) > ($9, $10::text, $11::text))
ORDER BY a.path, a.kind, COALESCE(a.department, '') LIMIT $12"""

ACTING = """
SELECT t.user_id FROM tenure t JOIN post p ON p.number = t.post
WHERE p.organisation_id = $1 AND p.kind = $2 AND p.department IS NOT DISTINCT FROM $3::text
    AND daterange(t.since, t.until) @> $4::date
ORDER BY t.part = 'delegate' DESC LIMIT 1"""

COUNSEL = """
SELECT t.user_id, u.name AS user_name, o.id AS organisation_id, o.name AS organisation_name
FROM organisation own JOIN organisation o ON starts_with(own.path, o.path)
    JOIN post p ON p.organisation_id = o.id AND p.kind = 'counsel'
    JOIN tenure t ON t.post = p.number AND daterange(t.since, t.until) @> $2::date
    JOIN app_user u ON u.id = t.user_id
WHERE own.id = $1
ORDER BY length(o.path) DESC, t.part = 'delegate' DESC LIMIT 1"""

WITHOUT_HANDLER = """
SELECT o.id, o.kind, o.parent_id, o.name, o.path FROM organisation o
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR o.path > $2)
    AND (o.kind = ANY($3::text[]) OR EXISTS (SELECT FROM ticket t WHERE t.accepting_organisation_id = o.id))
    AND NOT EXISTS (SELECT FROM app_user u WHERE u.organisation_id = o.id AND u.active AND 'handler' = ANY(u.roles))
ORDER BY o.path LIMIT $4"""


@dataclass(frozen=True, slots=True)
class Naming:
    """Who is to have a post, from the day `since` to the day before `until`."""

    id: UUID
    organisation_id: str
    kind: Post
    department: Department | None
    user_id: UUID
    part: Part
    since: date
    until: date | None
    remark: str


@dataclass(frozen=True, slots=True)
class Tenure:
    """Somebody's time on a post."""

    id: UUID
    organisation_id: str
    path: str
    level: str
    kind: str
    department: str | None
    part: str
    user_id: UUID
    user_name: str
    since: date
    until: date | None
    remark: str
    version: int
    post: int


@dataclass(frozen=True, slots=True)
class Place:
    """A post on one day: who holds it, who stands in, who therefore acts; nobody where it is vacant."""

    organisation_id: str
    path: str
    kind: str
    department: str | None
    holder_id: UUID | None
    holder_name: str | None
    holder_tenure_id: UUID | None
    delegate_id: UUID | None
    delegate_name: str | None
    delegate_until: date | None
    acting_id: UUID | None
    acting_name: str | None


@dataclass(frozen=True, slots=True)
class Counsel:
    """The legal counsel who serves an organisation, and the organisation he is named for."""

    user_id: UUID
    user_name: str
    organisation_id: str
    organisation_name: str


async def name(db: Database, doer: Doer, new: Naming, at: datetime) -> Tenure:
    """Names somebody; the holder before him ends with the day before. The same id again gives what is there.

    Raises NotFoundError for an organisation outside the doer's, PostRefusedError, PostTakenError, KeyReusedError.
    """
    async with db.transaction() as conn:
        organisation = await store.organisation(conn, new.organisation_id)
        if organisation is None or not organisation.path.startswith(doer.path):
            raise NotFoundError("organisation", new.organisation_id)
        if (there := await _tenure(conn, new.id)) is not None:
            if (there.organisation_id, there.kind, there.user_id) != (new.organisation_id, new.kind, new.user_id):
                raise KeyReusedError(Words("该键已用于另一任命", "this key was used for another appointment"))
            return there
        found = list(await _problems(conn, new, organisation))
        if new.part is Part.DELEGATE and new.until is None:
            found.append(Problem("until", Words("代理须有截止日期", "a delegate is named until a day"), ("F-44",)))
        if new.until is not None and new.until <= new.since:
            found.append(Problem("until", Words("截止日须晚于起始日", "the end must be later than the beginning")))
        if found:
            raise PostRefusedError(tuple(found))
        await conn.execute(MAKE_POST, new.organisation_id, new.kind, new.department)
        number = await conn.fetchval(LOCK_POST, new.organisation_id, new.kind, new.department)
        if new.part is Part.DELEGATE and await conn.fetchval(HELD_MEANWHILE, number, new.user_id, new.since, new.until):
            words = Words("本人任职期间不能代理本岗位", "nobody stands in for themselves")
            raise PostRefusedError((Problem("user_id", words, ("F-44",)),))
        for row in await conn.fetch(SUCCEEDED, number, new.since, new.part, new.user_id):
            await _end(conn, row["id"], new.since, doer, at)
        try:
            await conn.execute(
                INSERT_TENURE, new.id, number, new.part, new.user_id, new.since, new.until, new.remark, doer.name, at
            )
        except asyncpg.ExclusionViolationError:
            raise PostTakenError from None
        made = await _known(conn, new.id)
        await _tell_change(conn, made, Turn.JOINED, made.since, doer, at)
        if made.until is not None:
            await _tell_change(conn, made, Turn.LEFT, made.until, doer, at)
        await _record(conn, doer, "post.named", made, at)
    return made


async def end(db: Database, doer: Doer, tenure_id: UUID, version: int, until: date, at: datetime) -> Tenure:
    """Ends somebody's time on a post with the day before `until`; an end that was set can only come sooner.

    Raises NotFoundError, StaleVersionError, InvalidError.
    """
    async with db.transaction() as conn:
        there = await _tenure(conn, tenure_id)
        if there is None or not there.path.startswith(doer.path):
            raise NotFoundError("post", tenure_id)
        await conn.fetchval(LOCK_POST, there.organisation_id, there.kind, there.department)
        there = await _known(conn, tenure_id)
        if there.version != version:
            raise StaleVersionError(Words("该任职已被他人修改", "this appointment was changed in the meantime"))
        if until < there.since or (there.until is not None and until > there.until):
            raise InvalidError(Words("截止日须在任职期间之内", "the end must lie within the time on the post"))
        await _end(conn, tenure_id, until, doer, at)
        return await _known(conn, tenure_id)


async def leave_unfit(conn: Connection, user_id: UUID, doer: Doer, at: datetime) -> None:
    """Ends today whatever the person holds and no longer fits, in the transaction that changed the person."""
    today = shanghai_day(at)
    for row in await conn.fetch(OPEN_OF, user_id, today):
        there = await _known(conn, row["id"])
        organisation = await store.organisation(conn, there.organisation_id)
        asked = Naming(
            there.id,
            there.organisation_id,
            Post(there.kind),
            Department(there.department) if there.department else None,
            user_id,
            Part(there.part),
            there.since,
            there.until,
            there.remark,
        )
        if organisation is not None and list(await _problems(conn, asked, organisation)):
            await _end(conn, there.id, max(there.since, today), doer, at)


async def places(
    conn: Connection,
    below: str,
    on: date,
    after: tuple[str, str, str] | None,
    limit: int,
    *,
    kind: Post | None = None,
    department: Department | None = None,
    vacant: bool | None = None,
) -> list[Place]:
    """The posts of the subtree on the day: those that may not be vacant, and those that were ever given."""
    levels, kinds, departments = zip(*posts.wanted(), strict=True)
    at = after or (None, None, None)
    rows = await conn.fetch(
        PAGE_POSTS, below, list(levels), list(kinds), list(departments), on, kind, department, vacant, *at, limit
    )
    return [Place(**dict(row)) for row in rows]


async def tenures(
    conn: Connection,
    below: str,
    after: tuple[date, UUID] | None,
    limit: int,
    *,
    kind: Post | None = None,
    department: Department | None = None,
    user_id: UUID | None = None,
    on: date | None = None,
) -> list[Tenure]:
    """Who had which post when, the latest first."""
    rows = await conn.fetch(PAGE_TENURES, below, kind, department, user_id, on, *(after or (None, None)), limit)
    return [Tenure(**dict(row)) for row in rows]


async def acting(
    conn: Connection, organisation_id: str, kind: Post, department: Department | None, on: date
) -> UUID | None:
    """Who acts on the post that day; None where it is vacant."""
    found: UUID | None = await conn.fetchval(ACTING, organisation_id, kind, department, on)
    return found


async def counsel(conn: Connection, organisation_id: str, on: date) -> Counsel | None:
    """The organisation's own legal counsel that day, else the nearest one above (R-4.25)."""
    row = await conn.fetchrow(COUNSEL, organisation_id, on)
    return None if row is None else Counsel(**dict(row))


async def without_handler(conn: Connection, below: str, after: str | None, limit: int) -> list[store.Organisation]:
    """Organisations that accept complaints and have nobody for it (R-1.8)."""
    levels = [str(level) for level in posts.ACCEPTING]
    rows = await conn.fetch(WITHOUT_HANDLER, below, after, levels, limit)
    return [store.Organisation(**dict(row)) for row in rows]


async def _problems(conn: Connection, new: Naming, organisation: store.Organisation) -> list[Problem]:
    user = await store.user(conn, new.user_id)
    person = Person(
        active=user is not None and user.active,
        here=user is not None and user.organisation_id == organisation.id,
        above=user is not None and organisation.path.startswith(user.path),
        roles=frozenset(user.roles) if user else frozenset(),
        department=user.department if user else None,
    )
    return list(posts.problems(new.kind, new.department, Level(organisation.kind), person))


async def _tenure(conn: Connection, tenure_id: UUID) -> Tenure | None:
    row = await conn.fetchrow(SELECT_TENURE, tenure_id)
    return None if row is None else Tenure(**dict(row))


async def _known(conn: Connection, tenure_id: UUID) -> Tenure:
    there = await _tenure(conn, tenure_id)
    if there is None:
        raise NotFoundError("post", tenure_id)
    return there


async def _end(conn: Connection, tenure_id: UUID, until: date, doer: Doer, at: datetime) -> None:
    await conn.execute(END, tenure_id, until, doer.name, at)
    ended = await _known(conn, tenure_id)
    await _tell_change(conn, ended, Turn.LEFT, until, doer, at)
    await _record(conn, doer, "post.ended", ended, at)


async def _tell_change(conn: Connection, tenure: Tenure, turn: Turn, day: date, doer: Doer, at: datetime) -> None:
    """A counter's coordinator changes (R-3.35); who only stands in changes nothing."""
    if tenure.kind != Post.COORDINATOR or tenure.part != Part.HOLDER or Level(tenure.level) not in posts.COUNTERS:
        return
    await post_changes.of_coordinator(
        conn, tenure.organisation_id, str(tenure.department), turn, tenure.user_id, tenure.id, day, doer, at
    )


async def _record(conn: Connection, doer: Doer, action: str, tenure: Tenure, at: datetime) -> None:
    details: Mapping[str, Any] = {
        "organisation": tenure.organisation_id,
        "post": tenure.kind,
        "department": tenure.department,
        "part": tenure.part,
        "user_id": str(tenure.user_id),
        "since": str(tenure.since),
        "until": None if tenure.until is None else str(tenure.until),
        "remark": tenure.remark,
    }
    await audit.record(
        conn,
        actor=doer.name,
        action=action,
        object_kind="post",
        object_id=str(tenure.id),
        at=at,
        details=details,
        address=doer.address,
    )
