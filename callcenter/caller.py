"""Who the other side of a call is, named by a person. Must never be guessed: one number has several people."""

from datetime import datetime
from uuid import UUID

from callcenter import audit
from callcenter.accounts.permissions import Permission
from callcenter.calls.call import Direction
from callcenter.calls.errors import CustomerFixedError, NotOnCallError
from callcenter.calls.sight import SEEN, TALKED
from callcenter.db.pool import Database
from callcenter.errors import NotFoundError
from callcenter.opening import By
from tickets.errors import Words

SELECT = f"""
SELECT c.direction, $6::uuid IS NULL OR EXISTS (SELECT FROM customer WHERE id = $6) AS is_known,
    {TALKED} AS is_own
FROM call c WHERE c.id = $5 AND {SEEN} FOR UPDATE OF c"""  # noqa: S608
NAME = "UPDATE call SET customer_id = $2, version = version + 1 WHERE id = $1"


async def name(db: Database, call_id: UUID, customer_id: UUID | None, by: By, at: datetime) -> None:
    """Says who the other side is; None takes it back. Also after the call, for what was learned late.

    Raises NotFoundError for the call or the customer, NotOnCallError for who neither talked on the call nor supervises,
    CustomerFixedError on a callback, whose customer its task names.
    """
    async with db.transaction() as conn:
        row = await conn.fetchrow(SELECT, *by.eyes.values, call_id, customer_id)
        if row is None:
            raise NotFoundError("call", call_id)
        if not row["is_own"] and not by.may(Permission.CALL_SUPERVISE):
            raise NotOnCallError(
                Words(
                    "只有通话坐席或班组长可以登记来电客户。",
                    "Only who talked on the call, or a supervisor, names the customer.",
                )
            )
        if row["direction"] == Direction.CALLBACK:
            raise CustomerFixedError(Words("回访的客户由任务确定。", "The customer of a callback is its task's."))
        if not row["is_known"]:
            raise NotFoundError("customer", customer_id)
        await conn.execute(NAME, call_id, customer_id)
        await audit.record(
            conn,
            actor=by.actor,
            action="call.name_customer",
            object_kind="call",
            object_id=str(call_id),
            at=at,
            details={"customer_id": str(customer_id) if customer_id else None},
        )
