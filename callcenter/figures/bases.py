"""What was imported to divide by, for the days and the organisation asked for (M-11 … M-14). Must never guess."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from asyncpg import Record

from callcenter.db.pool import Connection
from tickets.denominators import Amount, covering
from tickets.metrics import Base
from tickets.periods import Days


@dataclass(frozen=True, slots=True)
class Given:
    """One amount as it was imported; another version of it is another row."""

    id: UUID
    version: int
    amount: Amount


@dataclass(frozen=True, slots=True)
class Divisor:
    """What a base comes to over a period, and from which imports; `amount` is None where they do not make it up."""

    base: Base
    amount: Decimal | None
    given: Sequence[Given]


COVERING = """
SELECT d.id, d.version, d.organisation_id, d.base, d.first_day, d.last_day, d.amount, d.source
FROM denominator d
WHERE d.organisation_id = ANY($1) AND d.first_day <= $3 AND d.last_day >= $2 AND d.superseded_at IS NULL
ORDER BY d.first_day"""


async def given(conn: Connection, organisations: Sequence[str], days: Days) -> list[Given]:
    """What was imported for these organisations, each with what is below it, and any of these days."""
    rows = await conn.fetch(COVERING, organisations, days.first, days.last)
    return [_given(row) for row in rows]


def divisors(given: Iterable[Given], days: Days) -> list[Divisor]:
    """What imports of one organisation come to, base by base."""
    all_given = list(given)
    found = []
    for base in Base:
        mine = {g.amount: g for g in all_given if g.amount.base is base}
        tiles = covering(mine, days)
        amount = None if tiles is None else sum((tile.amount for tile in tiles), Decimal(0))
        found.append(Divisor(base, amount, [mine[tile] for tile in tiles or ()]))
    return found


def divided_by(divisors: Iterable[Divisor]) -> Mapping[Base, Decimal]:
    """The bases that are known."""
    return {each.base: each.amount for each in divisors if each.amount is not None}


def _given(row: Record) -> Given:
    stated = (row["first_day"], row["last_day"], row["amount"], row["source"])
    return Given(row["id"], row["version"], Amount(row["organisation_id"], Base(row["base"]), *stated))
