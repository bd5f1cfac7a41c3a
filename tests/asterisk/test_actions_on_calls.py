"""What people do with living calls, by the switchboard on a real Asterisk: the capture and the record stay whole."""

import asyncio
import audioop
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from agi.actions import Actions
from agi.ami import connected
from agi.ari.commands import Ari
from callcenter.calls import click
from callcenter.calls.errors import (
    AlreadyMutedError,
    BadTargetError,
    HoldAtPhoneError,
    InConferenceError,
    NoConsultationError,
    NoTelephoneError,
    NotOnCallError,
    TargetBusyError,
)
from callcenter.calls.parties import Hand
from callcenter.calls.switchboard import Ear, Switchboard
from callcenter.clock import SystemClock
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import ring
from callcenter.lab.phone import Call, Manner, Phone
from callcenter.lab.rtp import Press, Say, Wait
from callcenter.telephony import account_of, rest_of
from tests.asterisk.levels import tone
from tests.asterisk.office import at_work, ended, joined, of_call, on_duty, rows, settings, until
from tests.service.customers import organisations

pytestmark = pytest.mark.asterisk

Plug = Callable[..., Awaitable[Phone]]
CALLERS = (f"1380013{number}" for number in count(8100))
CLAIMS = (Wait(4.5), Press("1"))
SUPERVISOR = 1300.0
HEARD, SILENT = 300.0, 30.0


@dataclass
class Talk:
    """Agent 8001 talks with a customer; the switchboard is at hand."""

    board: Switchboard
    ari: Ari
    hand: Hand
    phone: Call
    call_id: UUID
    database: Database

    async def kinds(self) -> list[str]:
        return [row["kind"] for row in await of_call(self.database, "call_event", self.call_id)]

    async def legs(self) -> set[tuple[str, str]]:
        """Role and endpoint of whoever has answered."""
        found = await of_call(self.database, "call_leg", self.call_id)
        return {(leg["role"], leg["endpoint"]) for leg in found if leg["answered_at"]}

    async def heard(self, kind: str) -> None:
        async def told() -> bool:
            return kind in await self.kinds()

        await until(told)

    async def recorded_so_far(self) -> bytes:
        """What the customer heard, as the capture has it."""
        (segment,) = await of_call(self.database, "segment", self.call_id)
        return await asyncio.to_thread(Path(f"{segment['base']}-t.sln").read_bytes)

    async def answered(self, role: str, endpoint: str) -> None:
        async def there() -> bool:
            return (role, endpoint) in await self.legs()

        await until(there)


Talking = Callable[[], AbstractAsyncContextManager[Talk]]


@pytest.fixture
async def environ(
    asterisk: AsteriskAddress, database: Database, database_url: str, redis_url: str, tmp_path: Path
) -> dict[str, str]:
    async with database.transaction() as conn:
        await organisations(conn)
    return settings(asterisk, database_url, redis_url, tmp_path)


@asynccontextmanager
async def switchboard(environ: dict[str, str], database: Database) -> AsyncIterator[tuple[Switchboard, Ari]]:
    config = Config.load(environ=environ)
    async with rest_of(config) as rest, connected(account_of(config)) as ami:
        await ami.up.wait()
        ari = Ari(rest)
        yield Switchboard(database, SystemClock(), ari, Actions(ami)), ari


@pytest.fixture
def talking(asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug) -> Talking:
    @asynccontextmanager
    async def talk() -> AsyncIterator[Talk]:
        desk = await phone("8001")
        number = next(CALLERS)
        user = await on_duty(database, "8001", "cc-claims")
        async with (
            at_work(environ, database),
            switchboard(environ, database) as (board, ari),
            asyncio.TaskGroup() as tasks,
        ):
            await joined(asterisk, "cc-claims", "8001")
            caller = tasks.create_task(ring(asterisk, caller=number, steps=CLAIMS, stay=40.0))
            call = await desk.next_call()

            async def live() -> list[asyncpg.Record]:
                return await rows(database, "SELECT id FROM call WHERE caller = $1 AND state = 'talking'", number)

            (row,) = await until(live)
            hand = Hand(user, "hq/gd/gd-gz/", f"user:{user}", "desk-8001")
            yield Talk(board, ari, hand, call, row["id"], database)
            customer = await rows(
                database, "SELECT channel_id FROM call_leg WHERE call_id = $1 AND role = 'customer'", row["id"]
            )
            await ari.hangup(customer[0]["channel_id"])
            await caller
            await one_whole_segment(database, number)

    return talk


async def one_whole_segment(database: Database, number: str) -> None:
    """The capture went on through everything: one segment, as long as the switch says it must be."""
    (call,) = await ended(database, number)
    (segment,) = await of_call(database, "segment", call["id"])
    assert (segment["state"], segment["end_reason"]) == ("finished", "handler")
    assert segment["r_bytes"] == segment["t_bytes"]
    assert abs(segment["r_bytes"] / 16 - segment["expected_ms"]) <= 250 + segment["expected_ms"] / 100


async def test_a_blind_transfer_to_a_colleague(talking: Talking, phone: Plug) -> None:
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.transfer(talk.call_id, "8002", talk.hand)
        await other.next_call()
        await talk.answered("agent", "desk-8002")
        await talk.heard("transferred")
        assert {"transfer_asked", "transfer"} <= set(await talk.kinds())
        (call,) = await rows(talk.database, "SELECT state FROM call WHERE id = $1", talk.call_id)
        assert call["state"] == "talking"


async def test_where_nobody_could_take_it_a_call_does_not_go(talking: Talking, phone: Plug) -> None:
    """The customer talks on; whom to bring in otherwise is said."""
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await on_duty(talk.database, "8007", "cc-policy")
        await other.dial("8001")
        for act in (talk.board.transfer, talk.board.consult):
            for to in ("13800138099", "8999", "8007", "95519", "cc-fallback", "cc-nowhere"):
                with pytest.raises(BadTargetError, match="conference"):
                    await act(talk.call_id, to, talk.hand)
            with pytest.raises(TargetBusyError):
                await act(talk.call_id, "8002", talk.hand)
        with pytest.raises(NoConsultationError):
            await talk.board.complete_transfer(talk.call_id, talk.hand)
        assert not talk.phone.ended.is_set()
        assert not {"transfer_asked", "consult_asked"} & set(await talk.kinds())


async def test_a_consultation_completed_is_a_transfer(talking: Talking, phone: Plug) -> None:
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.consult(talk.call_id, "8002", talk.hand)
        consulted = await other.next_call()
        await consulted.answered.wait()
        await talk.answered("consult", "desk-8002")
        await talk.board.complete_transfer(talk.call_id, talk.hand)
        await talk.phone.ended.wait()
        await asyncio.sleep(0.5)
        assert not consulted.ended.is_set()


async def test_a_consultation_cancelled_returns_to_the_customer_and_another_may_begin_at_once(
    talking: Talking, phone: Plug
) -> None:
    """A queue is consulted like a colleague."""
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.consult(talk.call_id, "8002", talk.hand)
        consulted = await other.next_call()
        await consulted.answered.wait()
        await talk.answered("consult", "desk-8002")
        await talk.board.cancel_transfer(talk.call_id, talk.hand)
        with pytest.raises(NoConsultationError):
            await talk.board.cancel_transfer(talk.call_id, talk.hand)
        await talk.board.consult(talk.call_id, "cc-policy", talk.hand)
        await consulted.ended.wait()
        assert not talk.phone.ended.is_set()


async def test_a_conference_of_three_which_ends_with_its_customer(talking: Talking, phone: Plug) -> None:
    """INV-8: nobody stays behind in it, also not who was just coming in."""
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.conference(talk.call_id, "8002", talk.hand)
        invited = await other.next_call()
        await talk.answered("consult", "desk-8002")
        assert not talk.phone.ended.is_set()
        with pytest.raises(InConferenceError):
            await talk.board.consult(talk.call_id, "cc-claims", talk.hand)
    for call in (talk.phone, invited):
        async with asyncio.timeout(20):
            await call.ended.wait()


async def test_who_is_rung_for_a_conference_is_rung_no_more_when_its_customer_has_left(
    talking: Talking, phone: Plug
) -> None:
    """INV-8"""
    other = await phone("8002", Manner(ring=60))
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.conference(talk.call_id, "8002", talk.hand)
        invited = await other.next_call()
    for call in (talk.phone, invited):
        async with asyncio.timeout(5):
            await call.ended.wait()
    assert not invited.answered.is_set()


async def test_out_of_a_conference_the_customer_is_transferred_and_the_others_are_let_go(
    talking: Talking, phone: Plug, carrier: Plug
) -> None:
    customers_mobile = await carrier(Manner())
    other = await phone("8002")
    async with talking() as talk:
        await on_duty(talk.database, "8002", "cc-policy")
        await talk.board.conference(talk.call_id, "13800138077", talk.hand)
        invited = await customers_mobile.next_call()
        await talk.answered("consult", "trunk-main")
        await talk.board.transfer(talk.call_id, "8002", talk.hand)
        taken = await other.next_call()
        for call in (talk.phone, invited):
            async with asyncio.timeout(20):
                await call.ended.wait()
        await taken.answered.wait()
        await asyncio.sleep(0.5)
        assert not taken.ended.is_set()


async def test_muting_is_kept_as_an_interval_and_ends_with_the_call_at_the_latest(talking: Talking) -> None:
    async with talking() as talk:
        await talk.board.mute_recording(talk.call_id, "card_number", talk.hand)
        with pytest.raises(AlreadyMutedError):
            await talk.board.mute_recording(talk.call_id, "card_number", talk.hand)
        await asyncio.sleep(1.0)
        await talk.board.unmute_recording(talk.call_id, talk.hand)
        await talk.board.mute_recording(talk.call_id, "identity_number", talk.hand)
    first, second = await of_call(talk.database, "mute_interval", talk.call_id)
    assert 1.0 <= (first["ended_at"] - first["started_at"]).total_seconds() < 3.0
    (call,) = await rows(talk.database, "SELECT ended_at FROM call WHERE id = $1", talk.call_id)
    assert second["ended_at"] == call["ended_at"]


@pytest.mark.parametrize("ear", Ear)
async def test_a_supervisor_takes_part_as_a_leg_of_the_call(talking: Talking, phone: Plug, ear: Ear) -> None:
    desk = await phone("8009")
    async with talking() as talk:
        supervisor = await on_duty(talk.database, "8009", role="supervisor")
        hand = Hand(supervisor, "hq/", f"user:{supervisor}", "desk-8009", supervises=True)
        rung_when_logged: list[bool] = []

        async def logged() -> None:
            rung_when_logged.append(desk.calls != [])

        await talk.board.take_part(talk.call_id, ear, hand, logged)
        listening = await desk.next_call()
        await listening.answered.wait()
        await talk.answered("supervisor", "desk-8009")
        await asyncio.sleep(0.5)
        assert not listening.ended.is_set()
        assert rung_when_logged == [False]
        await listening.hang_up()
        assert not talk.phone.ended.is_set()


async def unlogged() -> None:
    """Nobody asks here for the access log's row."""


async def test_who_barges_in_is_heard_by_all_and_in_the_recording(
    talking: Talking, phone: Plug, hum: Callable[[float], Say]
) -> None:
    """The supervisor listens first and is not rung again to be heard."""
    desk = await phone("8009", Manner(steps=(hum(SUPERVISOR),)))
    async with talking() as talk:
        supervisor = await on_duty(talk.database, "8009", role="supervisor")
        hand = Hand(supervisor, "hq/", f"user:{supervisor}", "desk-8009", supervises=True)
        await talk.board.take_part(talk.call_id, Ear.LISTEN, hand, unlogged)
        listening = await desk.next_call()
        await talk.answered("supervisor", "desk-8009")
        before = await talk.recorded_so_far()
        await talk.board.take_part(talk.call_id, Ear.BARGE, hand, unlogged)
        await asyncio.sleep(3)
        at_agent = audioop.alaw2lin(bytes(talk.phone.media.heard), 2)
        recorded = await talk.recorded_so_far()
        await talk.board.hang_up(talk.call_id, hand)
        await listening.ended.wait()
        assert not talk.phone.ended.is_set()
    assert len(desk.calls) == 1
    assert tone(before, SUPERVISOR) < SILENT
    assert tone(recorded[-24_000:], SUPERVISOR) > HEARD
    assert tone(at_agent[-24_000:], SUPERVISOR) > HEARD


async def test_a_desk_phone_holds_and_takes_back_when_it_is_asked_to(talking: Talking) -> None:
    async with talking() as talk:
        for _ in range(2):
            await talk.board.hold(talk.call_id, talk.hand, held=True)
        await talk.board.hold(talk.call_id, talk.hand, held=False)
        assert [kind for kind in await talk.kinds() if "held" in kind] == ["held", "unheld"]


async def test_holding_is_the_telephones_own_act_and_what_it_does_counts(talking: Talking) -> None:
    async with talking() as talk:
        talk.phone.phone.obeys = False
        with pytest.raises(HoldAtPhoneError):
            await talk.board.hold(talk.call_id, talk.hand, held=True)
        await talk.phone.hold()
        await talk.board.hold(talk.call_id, talk.hand, held=True)
        await talk.phone.resume()
        await talk.board.hold(talk.call_id, talk.hand, held=False)


async def test_hanging_up_lets_the_agents_telephone_go_and_nobody_else_may(talking: Talking) -> None:
    """H2"""
    async with talking() as talk:
        stranger = Hand(uuid4(), "hq/gd/gd-gz/", "user:stranger", "desk-8007")
        with pytest.raises(NotOnCallError):
            await talk.board.hang_up(talk.call_id, stranger)
        await talk.board.hang_up(talk.call_id, talk.hand)
        await talk.phone.ended.wait()
        await talk.heard("hangup_asked")


async def test_click_to_call_rings_the_agent_first_and_never_dials_twice(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database, phone: Plug, carrier: Plug
) -> None:
    """H7"""
    desk = await phone("8001")
    customer = await carrier(Manner(ring=0.2, stay=1.5))
    user = await on_duty(database, "8001", "cc-claims")
    hand = Hand(user, "hq/gd/gd-gz/", f"user:{user}", "desk-8001")
    async with at_work(environ, database), switchboard(environ, database) as (_, ari):
        key = uuid4()
        asked = [await click.connect(database, SystemClock(), ari, hand, "13800138011", key) for _ in range(3)]
        await desk.next_call()
        await customer.next_call()
        assert len(set(asked)) == 1

        async def over() -> list[asyncpg.Record]:
            return await rows(database, "SELECT * FROM call WHERE id = $1 AND ended_at IS NOT NULL", asked[0])

        (call,) = await until(over)
        again = await click.connect(database, SystemClock(), ari, hand, "13800138011", key)
        assert again == asked[0]
        assert len(desk.calls) == len(customer.calls) == 1

        async def captured() -> bool:
            return "finished" in [each["state"] for each in await of_call(database, "segment", call["id"])]

        await until(captured)
    assert (call["direction"], call["did"], call["user_id"]) == ("click", "13800138011", user)
    legs = await of_call(database, "call_leg", call["id"])
    assert {(leg["role"], leg["endpoint"]) for leg in legs} == {("agent", "desk-8001"), ("customer", "trunk-main")}


async def test_click_to_call_with_a_telephone_that_is_not_there_ends_the_call(
    asterisk: AsteriskAddress, environ: dict[str, str], database: Database
) -> None:
    user = await on_duty(database, "8006", "cc-claims")
    hand = Hand(user, "hq/gd/gd-gz/", f"user:{user}", "desk-8006")
    async with switchboard(environ, database) as (_, ari):
        with pytest.raises(NoTelephoneError):
            await click.connect(database, SystemClock(), ari, hand, "13800138011", uuid4())
    (call,) = await rows(database, "SELECT state, end_cause FROM call WHERE user_id = $1", user)
    assert (call["state"], call["end_cause"]) == ("ended", "unreachable")
