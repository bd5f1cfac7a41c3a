"""Campaigns are started, paused, resumed, stopped, finished and changed. Must never do so without saying who and why.

The dialler reads a campaign's state at the moment of dialling: what is paused or stopped here is not dialled any more.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from uuid import UUID

from callcenter.callbacks import campaign as table
from callcenter.callbacks import changes, store
from callcenter.callbacks.campaign import REASONED, Settings, Standing, Turn
from callcenter.callbacks.campaigns import check
from callcenter.callbacks.errors import CampaignRefusedError
from callcenter.callbacks.store import Campaign
from callcenter.db.pool import Connection, Database
from callcenter.errors import StaleVersionError
from tickets.errors import Words

STILL_OPEN = "SELECT EXISTS (SELECT FROM callback_task WHERE campaign_id = $1 AND state <> 'done')"
WITHDRAW = """
UPDATE callback_task SET state = 'done', result = 'withdrawn', voided = true, note = COALESCE(note, $2),
    concluded_by = $3, concluded_at = $4, version = version + 1
WHERE id IN (SELECT id FROM callback_task WHERE campaign_id = $1 AND state = 'waiting' ORDER BY id LIMIT $5
    FOR UPDATE SKIP LOCKED)"""
STOPPED = """
SELECT c.id, h.reason, h.changed_by FROM campaign c JOIN campaign_change h ON h.campaign_id = c.id AND h.action = 'stop'
WHERE c.state = 'stopped' AND EXISTS (SELECT FROM callback_task t WHERE t.campaign_id = c.id AND t.state = 'waiting')
LIMIT 20"""
BATCH = 5000
"""Tasks withdrawn in one transaction."""


async def turn(
    db: Database,
    campaign_id: UUID,
    turn: Turn,
    version: int,
    reason: str | None,
    *,
    path: str,
    actor: str,
    at: datetime,
) -> Campaign:
    """Starts, pauses, resumes, stops or finishes a campaign.

    What waits in a campaign that is stopped is withdrawn with the reason; what is under way is still concluded. Raises
    CampaignNotFoundError, StaleVersionError, IllegalCampaignMoveError, and CampaignRefusedError without a reason, or
    when one is to be finished in which something is still open.
    """

    def turned(found: Campaign) -> Campaign:
        return replace(found, state=table.move(found.state, turn))

    return await _change(db, campaign_id, turn, version, reason, turned, path=path, actor=actor, at=at)


async def edit(
    db: Database,
    campaign_id: UUID,
    version: int,
    reason: str | None,
    *,
    name: str,
    script_version: str | None,
    settings: Settings,
    path: str,
    actor: str,
    at: datetime,
) -> Campaign:
    """Settles a campaign's name, scripts and scope anew; tasks that are there keep what they were made with.

    Raises CampaignNotFoundError, StaleVersionError, IllegalCampaignMoveError, UnknownScriptError, CampaignRefusedError.
    """

    def edited(found: Campaign) -> Campaign:
        state = table.move(found.state, Turn.EDIT)
        return replace(found, name=name, script_version=script_version, state=state, **asdict(settings))

    return await _change(db, campaign_id, Turn.EDIT, version, reason, edited, path=path, actor=actor, at=at)


async def withdraw_stopped(db: Database, at: datetime) -> int:
    """Withdraws what still waits in stopped campaigns, a batch of each at a time; returns how many."""
    async with db.connection() as conn:
        stopped = await conn.fetch(STOPPED)
    total = 0
    for row in stopped:
        async with db.transaction() as conn:
            total += await _withdraw(conn, row["id"], row["reason"], row["changed_by"], at)
    return total


async def _change(
    db: Database,
    campaign_id: UUID,
    turn: Turn,
    version: int,
    reason: str | None,
    changed: Callable[[Campaign], Campaign],
    *,
    path: str,
    actor: str,
    at: datetime,
) -> Campaign:
    if turn in REASONED and not (reason or "").strip():
        raise CampaignRefusedError(
            Words(f"{table.TURN_WORDS[turn].zh}批次须说明理由。", "It takes a reason to do this to a campaign.")
        )
    async with db.transaction() as conn:
        found = await store.campaign(conn, campaign_id, path, lock=True)
        if found.version != version:
            raise StaleVersionError(
                Words("批次已被他人修改，请重新读取。", "Somebody changed the campaign: read it again.")
            )
        after = replace(changed(found), version=found.version + 1)
        if turn in (Turn.EDIT, Turn.START, Turn.RESUME):
            await check(conn, after)
        if after.state is Standing.FINISHED and await conn.fetchval(STILL_OPEN, campaign_id):
            raise CampaignRefusedError(
                Words("批次中还有未完成的任务，不能结束。", "Some of the campaign's tasks have no outcome yet.")
            )
        await store.save_campaign(conn, after)
        withdrawn = 0
        if after.state is Standing.STOPPED:
            withdrawn = await _withdraw(conn, campaign_id, reason, actor, at)
        details = {"withdrawn": withdrawn} if withdrawn else _differences(found, after)
        await changes.record(conn, after, turn, reason, actor=actor, at=at, details=details)
    return after


async def _withdraw(conn: Connection, campaign_id: UUID, reason: str | None, actor: str, at: datetime) -> int:
    done = await conn.execute(WITHDRAW, campaign_id, reason, actor, at, BATCH)
    return int(done.removeprefix("UPDATE "))


def _differences(before: Campaign, after: Campaign) -> dict[str, object]:
    """What was settled anew: before and after."""
    old, new = asdict(before), asdict(after)
    return {name: [old[name], new[name]] for name in old if old[name] != new[name] and name not in {"version", "state"}}
