"""Muting the recording when the switch does not answer: what is not known is said, and can be made sure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from agi.actions import Actions
from agi.ami import Account, Ami, connected
from agi.ari.commands import Ari
from agi.ari.rest import Rest
from callcenter.calls import facts
from callcenter.calls.call import Direction
from callcenter.calls.errors import AlreadyMutedError, SwitchAwayError, SwitchRefusedError, SwitchUnansweredError
from callcenter.calls.facts import Role, Source
from callcenter.calls.ledger import Ledger
from callcenter.calls.parties import Hand
from callcenter.calls.switchboard import Switchboard
from callcenter.clock import SystemClock
from callcenter.db.pool import Database
from tests.asterisk.office import on_duty, rows
from tests.fakes.ami import Manager, managed
from tests.service.customers import organisations

pytestmark = pytest.mark.service

NOW = SystemClock().now()
CUSTOMER, AGENT = f"hl1-{int(NOW.timestamp())}.1", f"hl1-{int(NOW.timestamp())}.2"
DONE = "Response: Success\r\n@Message: done\r\n"
REFUSED = "Response: Error\r\n@Message: no\r\n"


@dataclass
class Desk:
    """Agent 8001 talks with a customer; the manager answers as `says`."""

    board: Switchboard
    manager: Manager
    hand: Hand
    call_id: UUID

    def says(self, answer: str | None) -> None:
        self.manager.answer = lambda _: answer

    async def mute(self) -> None:
        await self.board.mute_recording(self.call_id, "card_number", self.hand)


@asynccontextmanager
async def at_desk(database: Database) -> AsyncIterator[Desk]:
    async with database.transaction() as conn:
        await organisations(conn)
    user = await on_duty(database, "8001", "cc-claims")
    ledger = Ledger()
    call = ledger.begin(CUSTOMER, Direction.INBOUND, NOW)
    for fact in (
        facts.LegStarted(NOW, CUSTOMER, "PJSIP/trunk-main-00000000", Role.CUSTOMER),
        facts.LegAnswered(NOW, CUSTOMER),
        facts.LegStarted(NOW, AGENT, "PJSIP/desk-8001-00000001", Role.AGENT),
        facts.LegAnswered(NOW, AGENT),
        facts.Bridged(NOW, AGENT),
    ):
        ledger.hear(call.id, fact, Source.ARI)

    async def nothing(*_: object) -> None:
        return None

    async with database.transaction() as conn:
        await ledger.pending().write(conn, NOW, nothing)
    async with (
        managed(lambda _: DONE) as manager,
        connected(Account("127.0.0.1", manager.port, "cc", "x"), timeout=0.2) as ami,
        Rest("http://127.0.0.1:9/ari", "cc", "x") as rest,
    ):
        await ami.up.wait()
        board = Switchboard(database, SystemClock(), Ari(rest), Actions(ami))
        yield Desk(board, manager, Hand(user, "hq/gd/gd-gz/", f"user:{user}", "desk-8001"), call.id)


async def intervals(database: Database) -> list[asyncpg.Record]:
    return await rows(database, "SELECT ended_at IS NULL AS is_open, in_doubt FROM mute_interval ORDER BY id")


async def test_an_answer_that_is_lost_leaves_the_interval_open_and_in_doubt(database: Database) -> None:
    async with at_desk(database) as desk:
        desk.says(None)
        with pytest.raises(SwitchUnansweredError):
            await desk.mute()
        assert [tuple(row) for row in await intervals(database)] == [(True, True)]


async def test_asked_again_a_doubtful_mute_is_made_sure(database: Database) -> None:
    async with at_desk(database) as desk:
        desk.says(None)
        with pytest.raises(SwitchUnansweredError):
            await desk.mute()
        desk.says(DONE)
        await desk.mute()
        assert [tuple(row) for row in await intervals(database)] == [(True, False)]
        with pytest.raises(AlreadyMutedError):
            await desk.mute()
        await desk.board.unmute_recording(desk.call_id, desk.hand)
        assert [tuple(row) for row in await intervals(database)] == [(False, False)]


async def test_an_unmuting_without_an_answer_leaves_the_interval_open(database: Database) -> None:
    async with at_desk(database) as desk:
        await desk.mute()
        desk.says(None)
        with pytest.raises(SwitchUnansweredError):
            await desk.board.unmute_recording(desk.call_id, desk.hand)
        assert [tuple(row) for row in await intervals(database)] == [(True, False)]


async def test_a_mute_that_was_refused_or_never_sent_is_over_at_once(database: Database) -> None:
    async with at_desk(database) as desk:
        desk.says(REFUSED)
        with pytest.raises(SwitchRefusedError):
            await desk.mute()
        desk.board = Switchboard(
            database, SystemClock(), desk.board._ari, Actions(Ami(Account("127.0.0.1", 9, "", "")))
        )
        with pytest.raises(SwitchAwayError):
            await desk.mute()
        assert [row["is_open"] for row in await intervals(database)] == [False, False]
