"""Loads the demonstration's company into an empty database, once. Must never touch a database that holds people."""

from dataclasses import dataclass
from datetime import datetime

from callcenter.db.pool import Database
from callcenter.demo import people, policies, posts

EMPTY = "SELECT NOT EXISTS (SELECT FROM organisation) AND NOT EXISTS (SELECT FROM app_user)"
IS_DEMO = "SELECT EXISTS (SELECT FROM app_user WHERE login = $1)"


class NotEmptyError(Exception):
    """The database holds people who are not the demonstration's."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What there is now; `fresh` when it was made just now."""

    fresh: bool
    organisations: int
    people: int
    customers: int
    policies: int


COUNTS = """
SELECT (SELECT count(*) FROM organisation) AS organisations, (SELECT count(*) FROM app_user) AS people,
    (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM policy) AS policies"""


async def load(db: Database, at: datetime) -> Loaded:
    """Makes the company in one transaction; a demonstration's database is left as it is. Raises NotEmptyError."""
    async with db.transaction() as conn:
        fresh = bool(await conn.fetchval(EMPTY))
        if fresh:
            await people.load(conn, at)
            await posts.load(conn, at)
            await policies.load(conn, policies.make(at), at)
        elif not await conn.fetchval(IS_DEMO, people.AGENT):
            raise NotEmptyError("the database holds real accounts: the demonstration is not loaded into it")
        counts = await conn.fetchrow(COUNTS)
    assert counts is not None
    return Loaded(fresh, **dict(counts))
