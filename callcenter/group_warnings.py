"""Warnings of complaints that may become group ones: people together, and orders that pile up (N-14, S20, R-2.20)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from callcenter.db.pool import Connection
from callcenter.opening import By
from tickets.groups import CLUSTER, CLUSTER_DAYS

TOGETHER = """
SELECT t.id, t.number, t.category, t.severity, t.status, t.group_size, t.designated_major, t.received_at,
    t.accepting_organisation_id
FROM ticket t JOIN organisation o ON o.id = t.accepting_organisation_id
WHERE (t.group_size >= 5 OR t.designated_major) AND t.closed_at IS NULL AND starts_with(o.path, $1)
ORDER BY t.received_at DESC, t.id DESC LIMIT 200"""
PILED = """
SELECT COALESCE(t.underwriting_organisation_id, t.accepting_organisation_id) AS organisation_id, t.category,
    COALESCE(t.sub_code, t.other_cause) AS sub_code, count(*)::integer AS orders, min(t.received_at) AS first_at,
    max(t.received_at) AS last_at
FROM ticket t
JOIN organisation o ON o.id = COALESCE(t.underwriting_organisation_id, t.accepting_organisation_id)
WHERE t.received_at > $2 AND t.received_at <= $3 AND t.nature = 'complaint' AND t.relation IS DISTINCT FROM 'merged'
    AND t.category IS NOT NULL AND starts_with(o.path, $1)
GROUP BY 1, 2, 3 HAVING count(*) >= $4
ORDER BY orders DESC, organisation_id, t.category LIMIT 200"""


async def together(conn: Connection, by: By) -> list[Mapping[str, Any]]:
    """Open orders of five people or more, or designated as major, the latest first."""
    return [dict(row) for row in await conn.fetch(TOGETHER, by.path or "")]


async def piled(conn: Connection, by: By, at: datetime) -> list[Mapping[str, Any]]:
    """Organisations with many orders of one category and sub-code within the last days."""
    since = at - timedelta(days=CLUSTER_DAYS)
    return [dict(row) for row in await conn.fetch(PILED, by.path or "", since, at, CLUSTER)]
