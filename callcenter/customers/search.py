"""Finding customers by number, policy, ID number or name. Must never choose among those it finds.

Every criterion given adds candidates; who matches more of them comes first, and each says which it matched.
"""

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from callcenter.customers import phone
from callcenter.customers.customer import Candidate, Criterion, CustomerId
from callcenter.customers.errors import NoCriterionError
from callcenter.db.pool import Connection
from tickets.errors import Words

CANDIDATES = """
WITH hit (customer_id, criterion) AS (
    SELECT customer_id, 'number' FROM customer_phone WHERE number = $1
    UNION SELECT customer_id, 'policy' FROM policy WHERE number = $2
    UNION SELECT id, 'id_number' FROM customer WHERE id_number = $3
    UNION (SELECT id, 'name' FROM customer WHERE name = $4 ORDER BY id LIMIT $9)
    UNION (SELECT id, 'name_beginning' FROM customer WHERE name LIKE $5 AND name <> $4 ORDER BY name, id LIMIT $9)
), ranked AS (
    SELECT customer_id AS id, array_agg(criterion ORDER BY criterion) AS matched,
        sum(CASE criterion WHEN 'name_beginning' THEN 1 WHEN 'name' THEN 2 ELSE 3 END)::integer AS weight
    FROM hit GROUP BY customer_id
)
SELECT r.id, r.matched, r.weight, c.name, c.id_number, c.birth_date,
    ARRAY(SELECT number FROM customer_phone p WHERE p.customer_id = r.id ORDER BY number) AS phones,
    ARRAY(SELECT number FROM policy p WHERE p.customer_id = r.id ORDER BY number) AS policies
FROM ranked r JOIN customer c ON c.id = r.id
WHERE (r.weight, r.id) < ($6, $7::uuid)
    AND ($8::text[] = ARRAY[''] OR NOT EXISTS (SELECT FROM policy p WHERE p.customer_id = r.id)
        OR EXISTS (SELECT FROM policy p JOIN organisation o ON o.id = p.organisation_id
            WHERE p.customer_id = r.id AND o.path LIKE ANY (SELECT path || '%' FROM unnest($8::text[]) AS path)))
ORDER BY r.weight DESC, r.id DESC
LIMIT $10"""

HOLDERS = "SELECT DISTINCT customer_id FROM customer_phone WHERE number = $1 ORDER BY customer_id LIMIT 20"

MOST = 2000
"""So many people of one name are considered; more would be no help to anybody."""

LAST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to search by, in the forms the store keeps. At least one is given."""

    number: str | None = None
    policy: str | None = None
    id_number: str | None = None
    name: str | None = None

    @classmethod
    def parse(
        cls,
        *,
        number: str | None = None,
        policy: str | None = None,
        id_number: str | None = None,
        name: str | None = None,
    ) -> "Criteria":
        """From what somebody typed. Raises NotANumberError for a number that is none, NoCriterionError for nothing."""
        criteria = cls(
            number=phone.parse(number) if number else None,
            policy=_plain(policy),
            id_number=(_plain(id_number) or "").upper() or None,
            name=" ".join(unicodedata.normalize("NFC", name).split()) or None if name else None,
        )
        if criteria == cls():
            raise NoCriterionError(
                Words("请提供电话号码、保单号、证件号码或姓名", "give a number, a policy, an ID number or a name")
            )
        return criteria


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of candidates ended."""

    weight: int
    id: UUID


START = Position(1 << 30, LAST)


async def search(
    conn: Connection, criteria: Criteria, *, within: tuple[str, ...] = ("",), after: Position = START, limit: int = 50
) -> list[tuple[Candidate, Position]]:
    """A page of candidates, best first.

    `within` holds paths of organisations: only customers with a policy under one of them are shown, and those without
    any policy; the empty path is the whole company.
    """
    rows = await conn.fetch(
        CANDIDATES,
        criteria.number,
        criteria.policy,
        criteria.id_number,
        criteria.name,
        _beginning(criteria.name),
        after.weight,
        after.id,
        list(within),
        MOST,
        limit,
    )
    return [
        (
            Candidate(
                CustomerId(row["id"]),
                row["name"],
                row["id_number"],
                row["birth_date"],
                tuple(row["phones"]),
                tuple(row["policies"]),
                tuple(Criterion(criterion) for criterion in row["matched"]),
            ),
            Position(row["weight"], row["id"]),
        )
        for row in rows
    ]


async def holders(conn: Connection, number: str | None) -> tuple[CustomerId, ...]:
    """All customers who hold a number in its one form; more than one is for a person to decide."""
    if number is None:
        return ()
    return tuple(CustomerId(row["customer_id"]) for row in await conn.fetch(HOLDERS, number))


def _plain(text: str | None) -> str | None:
    return "".join(unicodedata.normalize("NFKC", text).split()) or None if text else None


def _beginning(name: str | None) -> str | None:
    if name is None:
        return None
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
