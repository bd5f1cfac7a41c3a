"""Which products may be called back in the simplified way (C-23): none, until somebody switches one on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter import audit
from callcenter.db.pool import Connection

ON = "SELECT product_name FROM product_switch WHERE simplified"
PAGE = """
SELECT product_name, simplified, reason, changed_by, changed_at FROM product_switch
WHERE $1::text IS NULL OR product_name > $1 ORDER BY product_name LIMIT $2"""
SET = """
INSERT INTO product_switch (product_name, simplified, reason, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (product_name) DO UPDATE SET simplified = EXCLUDED.simplified, reason = EXCLUDED.reason,
    changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at"""


async def simplified(conn: Connection) -> frozenset[str]:
    """The names of the products whose switch is on."""
    return frozenset(row["product_name"] for row in await conn.fetch(ON))


async def page(conn: Connection, after: str | None, limit: int) -> list[Mapping[str, Any]]:
    """Every product that was ever switched, by name."""
    return [dict(row) for row in await conn.fetch(PAGE, after, limit)]


async def turn(conn: Connection, product: str, *, on: bool, reason: str, actor: str, at: datetime) -> None:
    """Switches a product on or off; it holds for tasks made from now on."""
    await conn.execute(SET, product, on, reason, actor, at)
    await audit.record(
        conn,
        actor=actor,
        action="product.simplified",
        object_kind="product",
        object_id=product,
        at=at,
        details={"simplified": on, "reason": reason},
    )
