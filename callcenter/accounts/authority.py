"""What may be settled on the spot, by organisation and role, in yuan (R-2.18, R-3.29). Must never guess a limit.

The nearest organisation at or above one's own that gives any of one's roles a limit decides, with the highest of them.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from callcenter import audit
from callcenter.accounts import organisations
from callcenter.accounts.doer import Doer
from callcenter.accounts.permissions import Role
from callcenter.db.pool import Connection, Database

PAGE = """
SELECT l.organisation_id, o.path, l.role, l.amount, l.basis, l.set_at, l.version
FROM authority_limit l JOIN organisation o ON o.id = l.organisation_id
WHERE o.path LIKE $1 || '%' AND ($2::text IS NULL OR (o.path, l.role) > ($2, $3::text))
ORDER BY o.path, l.role LIMIT $4"""
SELECT_ONE = """
SELECT l.organisation_id, o.path, l.role, l.amount, l.basis, l.set_at, l.version
FROM authority_limit l JOIN organisation o ON o.id = l.organisation_id
WHERE l.organisation_id = $1 AND l.role = $2"""
SAVE = """
INSERT INTO authority_limit (organisation_id, role, amount, basis, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (organisation_id, role) DO UPDATE SET amount = EXCLUDED.amount, basis = EXCLUDED.basis,
    set_by = EXCLUDED.set_by, set_at = EXCLUDED.set_at, version = authority_limit.version + 1"""
OF_USER = """
SELECT max(l.amount) FROM app_user u
    JOIN organisation own ON own.id = u.organisation_id
    JOIN organisation o ON starts_with(own.path, o.path)
    JOIN authority_limit l ON l.organisation_id = o.id AND l.role = ANY(u.roles)
WHERE u.id = $1 GROUP BY o.path ORDER BY length(o.path) DESC LIMIT 1"""

GIVEN = """
SELECT max(amount) FROM authority_request
WHERE ticket_id = $1 AND asked_by_user = $2 AND state = 'granted' AND until > $3"""


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to and including `amount` yuan; `basis` is the document that gives the authority."""

    organisation_id: str
    path: str
    role: str
    amount: Decimal
    basis: str
    set_at: datetime
    version: int


async def give(
    db: Database, doer: Doer, organisation_id: str, role: Role, amount: Decimal, basis: str, at: datetime
) -> Limit:
    """Sets the limit of a role in an organisation and below. Raises NotFoundError."""
    async with db.transaction() as conn:
        await organisations.find(conn, doer, organisation_id)
        before = await _one(conn, organisation_id, role)
        await conn.execute(SAVE, organisation_id, role, amount, basis, doer.name, at)
        await audit.record(
            conn,
            actor=doer.name,
            action="authority.given",
            object_kind="organisation",
            object_id=organisation_id,
            at=at,
            details={"role": role, "amount": [None if before is None else str(before.amount), str(amount)],
                "basis": basis},
            address=doer.address,
        )  # fmt: skip
        after = await _one(conn, organisation_id, role)
    assert after is not None
    return after


async def page(conn: Connection, below: str, after: tuple[str, str] | None, limit: int) -> list[Limit]:
    """The limits given in the subtree, by organisation and role."""
    return [Limit(**dict(row)) for row in await conn.fetch(PAGE, below, *(after or (None, None)), limit)]


async def of_user(
    conn: Connection, user_id: UUID | None, ticket_id: UUID | None = None, at: datetime | None = None
) -> Decimal | None:
    """What the person may settle, on the ticket at the moment where they are given; None without an authority.

    Authority given for that one ticket counts while it lasts (N-11).
    """
    standing: Decimal | None = await conn.fetchval(OF_USER, user_id)
    given: Decimal | None = None
    if ticket_id is not None and at is not None:
        given = await conn.fetchval(GIVEN, ticket_id, user_id, at)
    return max((each for each in (standing, given) if each is not None), default=None)


async def _one(conn: Connection, organisation_id: str, role: str) -> Limit | None:
    row = await conn.fetchrow(SELECT_ONE, organisation_id, role)
    return None if row is None else Limit(**dict(row))
