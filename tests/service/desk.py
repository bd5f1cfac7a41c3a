"""Calls, people and openings for tests of tickets on a real PostgreSQL."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from callcenter.accounts.permissions import PERMISSIONS, Role
from callcenter.calls.call import Direction
from callcenter.calls.store import expect
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Connection, Database
from callcenter.ids import CallId, call_id, uuid7
from callcenter.opening import By, OnCall, Opening, Via
from callcenter.spool import TicketSpool
from tests.conftest import NOON
from tests.service.customers import organisations
from tickets.categories import Category
from tickets.intake import ComplainantType, Particulars

AGENT = frozenset[str](PERMISSIONS[Role.AGENT])
CITY = "gd-gz"
PATHS = {
    "hq": "hq/",
    "gd": "hq/gd/",
    "gd-gz": "hq/gd/gd-gz/",
    "gd-gz-a": "hq/gd/gd-gz/gd-gz-a/",
    "gd-gz-b": "hq/gd/gd-gz/gd-gz-b/",
    "sd": "hq/sd/",
    "sd-jn": "hq/sd/sd-jn/",
}

FULL = Particulars(
    complainant_type=ComplainantType.CUSTOMER,
    complainant_name="王小明",
    complainant_phone="13900000001",
    category=Category.CLAIMS,
    demand="请尽快赔付",
    description="住院费用三十天仍未赔付",
    restated_and_confirmed=True,
)


async def people(conn: Connection) -> None:
    """The organisations of the customers' tests and a B counter."""
    await organisations(conn)
    await conn.execute(
        "INSERT INTO organisation (id, kind, parent_id, name, path) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        "gd-gz-b",
        "counter_b",
        "gd-gz",
        "广州B柜面",
        PATHS["gd-gz-b"],
    )


async def a_user(conn: Connection, organisation: str = CITY, login: str = "agent1") -> By:
    """A person at work in an organisation."""
    user = uuid7(NOON)
    await conn.execute(
        """INSERT INTO app_user (id, login, name, password_hash, organisation_id, roles, created_at)
        VALUES ($1, $2, $2, 'x', $3, $4, $5)""",
        user,
        login,
        organisation,
        ["agent"],
        NOON,
    )
    return By(f"user:{user}", user, organisation, PATHS[organisation], permissions=AGENT)


def somebody(organisation: str = CITY) -> By:
    """An agent nobody has a row of."""
    user = uuid7(NOON)
    return By(f"user:{user}", user, organisation, PATHS[organisation], permissions=AGENT)


async def a_call(
    conn: Connection,
    serial: int = 1,
    started: datetime = NOON - timedelta(seconds=42),
    user: UUID | None = None,
    direction: Direction = Direction.INBOUND,
) -> CallId:
    """A live call, inbound unless said otherwise."""
    cc_call = f"hl1-{int(started.timestamp())}.{serial}"
    made = call_id(cc_call)
    await expect(conn, made, cc_call, direction, started, caller="13900000001", did="95519", user_id=user)
    return made


async def a_callback(database: Database) -> tuple[CallId, By]:
    """A live call of direction callback, and the agent who talks on it."""
    async with database.transaction() as conn:
        agent = await a_user(conn, login="callback1")
        return await a_call(conn, 9, user=agent.user_id, direction=Direction.CALLBACK), agent


async def hang_up(conn: Connection, call: UUID, at: datetime) -> None:
    """The call ended."""
    await conn.execute("UPDATE call SET state = 'ended', ended_at = $2 WHERE id = $1", call, at)


def an_opening(call: UUID | None = None, **changes: Any) -> Opening:
    """An agent's full complaint, on a call when one is given."""
    opening = Opening(
        key=uuid7(NOON),
        via=Via.AGENT,
        accepting_organisation=CITY,
        particulars=FULL,
        call=OnCall(call) if call else None,
    )
    return replace(opening, **changes)


@pytest.fixture
async def complaints(database: Database, clock: ManualClock, tmp_path: Path) -> Complaints:
    async with database.transaction() as conn:
        await people(conn)
    return Complaints(database, clock, TicketSpool(tmp_path / "spool"))
