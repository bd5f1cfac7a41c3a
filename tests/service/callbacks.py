"""A campaign, a task and an agent for tests of callbacks, and a switch that remembers what it was told to dial."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from callcenter.callbacks import campaigns, store
from callcenter.callbacks.dialer import NotDiallableError, Ring
from callcenter.callbacks.dialling import Asker
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Purpose
from callcenter.db.pool import Database
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle

ADD_USER = """
INSERT INTO app_user (id, login, name, password_hash, organisation_id, roles, extension, phone, created_at)
VALUES ($1, $2, '回访员', 'x', 'hq', '{callback_agent}', $3, 'desk', $4)"""
ADD_CALL = """
INSERT INTO call (id, cc_call, direction, state, state_at, caller, started_at, answered_at, ended_at)
VALUES ($1, $2, 'callback', CASE WHEN $5::timestamptz IS NULL THEN 'talking' ELSE 'ended' END, $3, NULL, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET ended_at = EXCLUDED.ended_at, state = EXCLUDED.state"""
RANG = timedelta(seconds=6)
"""How long the customer's telephone rang."""


@dataclass
class RecordedSwitch:
    """Channels live as long as the test lets them; `fails` is raised once, before or after the dialling took place."""

    hearing: bool = True
    channels: set[str] = field(default_factory=set)
    dialled: list[str] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    fails: Exception | None = None
    fails_after: bool = False

    def hears(self) -> bool:
        return self.hearing

    async def has_channel(self, channel: str) -> bool:
        return channel in self.channels

    async def dial(self, ring: Ring) -> None:
        channel = ring.channel
        failure, self.fails = self.fails, None
        if failure is not None and not self.fails_after:
            raise failure
        if channel not in self.channels:
            self.channels.add(channel)
            self.dialled.append(channel)
            self.rings.append(ring)
        if failure is not None:
            raise failure


REFUSED = NotDiallableError("400 no such endpoint")


async def an_agent(database: Database, extension: str = "8001") -> Asker:
    user_id = uuid4()
    async with database.connection() as conn:
        await conn.execute(ADD_USER, user_id, f"u{extension}", extension, NOON)
    return Asker(user_id, "hq/", f"desk-{extension}", f"user:{user_id}")


async def a_task(
    database: Database, *, number: str = "16900000001", policy: str = "P1", chosen_at: datetime | None = None
) -> Task:
    holder = a_customer("王测试", number)
    await settle(database, (holder, [a_policy(holder, policy)]))
    campaign = await campaigns.create(
        database,
        id=uuid4(),
        name="新单回访",
        organisation_id="hq",
        purpose=Purpose.NEW_BUSINESS,
        script_version=None,
        actor="user:x",
        at=NOON,
    )
    [added] = await campaigns.add_policies(
        database, campaign.id, [policy], path="hq/", actor="user:x", at=NOON, chosen_at=chosen_at
    )
    assert added.task_id is not None
    return await the_task(database, added.task_id)


async def the_task(database: Database, task_id: UUID) -> Task:
    async with database.connection() as conn:
        return await store.task(conn, task_id, "")


async def the_attempts(database: Database, task_id: UUID) -> list[store.Attempt]:
    async with database.connection() as conn:
        return await store.attempts(conn, task_id)


async def a_call(database: Database, attempt_id: UUID, answered_at: datetime, ended_at: datetime | None = None) -> None:
    """The controller's row of the call."""
    async with database.connection() as conn:
        await conn.execute(ADD_CALL, attempt_id, f"cb-{attempt_id}", answered_at - RANG, answered_at, ended_at)
