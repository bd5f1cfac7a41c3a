"""An agent asks to be connected with a number (点击拨号): his telephone rings first. Never dials twice for a key."""

from datetime import datetime, timedelta
from uuid import UUID

from agi import names
from agi.ari.commands import Ari
from agi.ari.rest import AriError, UnavailableError
from callcenter import audit
from callcenter.calls import store
from callcenter.calls.call import Direction
from callcenter.calls.errors import BadTargetError, NoTelephoneError, SwitchAwayError
from callcenter.calls.parties import Hand
from callcenter.calls.switchboard import NUMBER
from callcenter.clock import Clock
from callcenter.db.pool import Database
from callcenter.errors import ConflictError
from callcenter.ids import CallId, uuid7
from tickets.errors import Words

FRESH = timedelta(seconds=30)
"""So long after it was asked for a call may still be dialled; later the agent has gone on."""
RINGING_SECONDS = 30

CLAIM = """
INSERT INTO click (key, call_id, user_id, endpoint, number, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key) DO NOTHING"""
SELECT_CLICK = "SELECT call_id, user_id, endpoint, number, asked_at, originated_at FROM click WHERE key = $1"
ORIGINATED = "UPDATE click SET originated_at = COALESCE(originated_at, $2) WHERE key = $1"
SELECT_KNOWN = """
SELECT EXISTS (SELECT FROM call_leg WHERE call_id = $1) OR EXISTS (
    SELECT FROM call WHERE id = $1 AND ended_at IS NOT NULL)"""
END = """
UPDATE call SET state = 'ended', state_at = $2, ended_at = $2, end_cause = $3, version = version + 1
WHERE id = $1 AND ended_at IS NULL"""


class ClickKeyError(ConflictError):
    """The key belongs to another request."""

    code = "idempotency_key_reused"


async def connect(
    db: Database,
    clock: Clock,
    ari: Ari,
    hand: Hand,
    number: str,
    key: UUID,
    customer_id: UUID | None = None,
) -> CallId:
    """The call, dialled once for this key whatever happened in between.

    Raises BadTargetError, NoTelephoneError, ClickKeyError, SwitchAwayError.
    """
    if not NUMBER.fullmatch(number):
        raise BadTargetError(Words("不是电话号码。", "Not a telephone number."))
    if hand.endpoint is None:
        raise NoTelephoneError(Words("您没有分机。", "You have no telephone."))
    at = clock.now()
    async with db.transaction() as conn:
        wanted = CallId(uuid7(at))
        if await conn.execute(CLAIM, key, wanted, hand.user_id, hand.endpoint, number, at) == "INSERT 0 1":
            await store.expect(
                conn,
                wanted,
                f"ck-{wanted}",
                Direction.CLICK,
                at,
                did=number,
                customer_id=customer_id,
                user_id=hand.user_id,
            )
            await audit.record(
                conn, actor=hand.audit_name, action="call.click", object_kind="call", object_id=str(wanted), at=at
            )
        click = await conn.fetchrow(SELECT_CLICK, key)
    assert click is not None
    if (click["user_id"], click["number"]) != (hand.user_id, number):
        raise ClickKeyError(Words("该键已用于另一通话", "this key was used for another call"))
    call_id = CallId(click["call_id"])
    if click["originated_at"] is None and not await _was_dialled(db, ari, call_id):
        await _dial(db, ari, call_id, click["endpoint"], number, click["asked_at"], clock)
    async with db.connection() as conn:
        await conn.execute(ORIGINATED, key, clock.now())
    return call_id


async def _was_dialled(db: Database, ari: Ari, call_id: CallId) -> bool:
    """Whether an earlier try got through: its channel is there, or has been heard of."""
    try:
        if await ari.channel(f"ck-{call_id}") is not None:
            return True
    except AriError as error:
        raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached.")) from error
    async with db.connection() as conn:
        return bool(await conn.fetchval(SELECT_KNOWN, call_id))


async def _dial(
    db: Database, ari: Ari, call_id: CallId, endpoint: str, number: str, asked_at: datetime, clock: Clock
) -> None:
    if clock.now() - asked_at > FRESH:
        await _end(db, call_id, clock.now(), "stale")
        return
    try:
        await ari.originate(
            channel=f"ck-{call_id}",
            endpoint=f"PJSIP/{endpoint}",
            context=names.CONTEXT_AGENT,
            extension=number,
            caller_id=number,
            timeout=RINGING_SECONDS,
        )
    except UnavailableError as error:
        if error.status < 500:
            raise SwitchAwayError(Words("话务系统暂不可用。", "The switch cannot be reached.")) from error
        await _end(db, call_id, clock.now(), "unreachable")
        raise NoTelephoneError(Words("话机无法接通。", "Your telephone cannot be reached.")) from error
    except AriError as error:
        await _end(db, call_id, clock.now(), "rejected")
        raise NoTelephoneError(Words("话务系统拒绝。", f"The switch refused: {error.message[:100]}")) from error


async def _end(db: Database, call_id: CallId, at: datetime, cause: str) -> None:
    async with db.connection() as conn:
        await conn.execute(END, call_id, at, cause)
