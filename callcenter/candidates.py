"""Tickets that may be about the same incident as another one, for a person to decide. Never relates any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.customers import phone
from callcenter.db.pool import Connection
from callcenter.opening import By
from callcenter.reach import KNOWN, seen
from tickets import likeness
from tickets.likeness import Ground

NEWEST = 200
"""Of each thing in common so many tickets are looked at, the newest."""

EXPECTED = 1000
"""Words are looked up by pairs that together stand in about so many tickets, the rarest first."""

PAIRS = 24
"""… and by so many pairs at most."""

_WORDS = "cc_ticket_text(NULL, t.demand, t.description)"
_NUMBER = "CASE c.direction WHEN 'inbound' THEN c.caller ELSE c.did END"

OWN = f"""
SELECT ARRAY(SELECT p FROM unnest(cc_pairs({_WORDS})) AS p WHERE p !~ '[[:space:]]') AS pairs,
    ARRAY(SELECT DISTINCT {_NUMBER} FROM ticket_call l JOIN call c ON c.id = l.call_id
        WHERE l.ticket_id = t.id) AS numbers
FROM ticket t WHERE t.id = $1"""  # noqa: S608

RAREST = """
WITH known AS (
    SELECT k.pair, k.share FROM pg_stats s,
        unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS k (pair, share)
    WHERE s.schemaname = current_schema() AND s.tablename = 'ticket_words' AND k.pair IS NOT NULL
), expected AS (
    SELECT p.pair, COALESCE(k.share, 0) * (SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'ticket'::regclass)
        AS tickets
    FROM unnest($1::text[]) AS p (pair) LEFT JOIN known k USING (pair)
), ordered AS (SELECT pair, sum(tickets) OVER (ORDER BY tickets, pair) AS tickets FROM expected)
SELECT array_agg(pair) FROM (SELECT pair FROM ordered WHERE tickets <= $2 ORDER BY tickets, pair LIMIT $3) AS rarest"""

CANDIDATES = f"""
WITH hit (id, ground) AS (
    (SELECT id, 'customer' FROM ticket WHERE customer_id = $4 ORDER BY received_at DESC LIMIT $10)
    UNION ALL (SELECT id, 'policy' FROM ticket WHERE policy_id = $5 ORDER BY received_at DESC LIMIT $10)
    UNION ALL (SELECT id, 'policy' FROM ticket WHERE policy_number = $6 ORDER BY received_at DESC LIMIT $10)
    UNION ALL (SELECT id, 'telephone' FROM ticket WHERE complainant_phone = ANY($7::text[])
        ORDER BY received_at DESC LIMIT $10)
    UNION ALL (SELECT l.ticket_id, 'call' FROM call c JOIN ticket_call l ON l.call_id = c.id
        WHERE c.direction = 'inbound' AND c.caller = ANY($7::text[]) ORDER BY c.id DESC LIMIT $10)
    UNION ALL (SELECT l.ticket_id, 'call' FROM call c JOIN ticket_call l ON l.call_id = c.id
        WHERE c.direction <> 'inbound' AND c.did = ANY($7::text[]) ORDER BY c.id DESC LIMIT $10)
    UNION ALL (SELECT t.id, 'text' FROM ticket t
        WHERE cc_pairs(cc_ticket_text(t.complainant_name, t.demand, t.description)) && $8::text[]
        ORDER BY t.received_at DESC LIMIT $10)
), found AS (SELECT id, array_agg(DISTINCT ground) AS grounds FROM hit GROUP BY id)
SELECT t.id, t.number, t.nature, t.channel, t.source, t.relation, t.status, t.validity, t.category, t.received_at,
    t.closed_at, t.accepting_organisation_id, t.complainant_name, t.policy_number, t.demand, t.matter_id,
    m.version AS matter_version, f.grounds, w.pairs, w.shared
FROM found f JOIN ticket t ON t.id = f.id LEFT JOIN matter m ON m.id = t.matter_id
    JOIN organisation a ON a.id = t.accepting_organisation_id
    LEFT JOIN organisation u ON u.id = t.underwriting_organisation_id
    CROSS JOIN LATERAL (SELECT count(*) AS pairs, count(*) FILTER (WHERE p = ANY($9::text[])) AS shared
        FROM unnest(cc_pairs({_WORDS})) AS p WHERE p !~ '[[:space:]]') AS w
WHERE t.id <> $3 AND {KNOWN}
    AND (t.matter_id IS NULL OR t.matter_id IS DISTINCT FROM $11) AND (t.nature = 'complaint' OR $12::boolean)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Proposed:
    """A ticket that may be about the same incident, and what speaks for it."""

    row: Mapping[str, Any]
    grounds: tuple[Ground, ...]
    likeness: float
    rank: int

    @property
    def position(self) -> "Position":
        """Where it stands in the list."""
        return self.rank, self.row["received_at"], self.row["id"]


Position = tuple[int, datetime, UUID]


async def of_ticket(conn: Connection, ticket_id: UUID, by: By, after: Position | None, limit: int) -> list[Proposed]:
    """Those the actor may know that are not in its matter yet, what most speaks for first, up to `limit`.

    Raises TicketNotFoundError.
    """
    row = await seen(conn, ticket_id, by)
    own = await conn.fetchrow(OWN, ticket_id)
    assert own is not None
    rarest = None
    if len(own["pairs"]) >= likeness.FEWEST_PAIRS:
        rarest = await conn.fetchval(RAREST, own["pairs"], EXPECTED, PAIRS)
    rows = await conn.fetch(
        CANDIDATES,
        by.path,
        by.user_id,
        ticket_id,
        row["customer_id"],
        row["policy_id"],
        row["policy_number"],
        _numbers(row["complainant_phone"], own["numbers"]),
        rarest or [],
        own["pairs"],
        NEWEST,
        row["matter_id"],
        row["nature"] == "complaint",
    )
    proposed = [_proposed(dict(each), len(own["pairs"])) for each in rows]
    ranked = sorted((each for each in proposed if each.grounds), key=lambda each: each.position, reverse=True)
    return [each for each in ranked if after is None or each.position < after][:limit]


def _numbers(written: str | None, on_calls: Sequence[str | None]) -> list[str]:
    known = [phone.normalise(number) for number in on_calls]
    return sorted({number for number in (written, *known) if number})


def _proposed(row: Mapping[str, Any], own_pairs: int) -> Proposed:
    alike = likeness.likeness(own_pairs, row["pairs"], row["shared"])
    found = likeness.grounds({Ground(ground) for ground in row["grounds"]}, alike)
    return Proposed(row, found, alike, likeness.rank(found, alike))
