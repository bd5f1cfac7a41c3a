"""What people do with living calls. The switch does it in ways that keep the customer's channel, and so the capture,
whole.

ARI commands nothing on a channel in the talking phase but hang-up, so transfers,
conferences and muting go by AMI. What was
asked is written in the call's history and in the audit; what came of it is heard from the switch like everything else.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from agi import names
from agi.actions import Actions
from agi.ami import ActionRefusedError, AmiError
from agi.ari.commands import Ari
from agi.ari.rest import AriError, UnavailableError
from callcenter import audit
from callcenter.calls import store, view
from callcenter.calls.call import SERVING, Call, Leg
from callcenter.calls.channels import SUPERVISOR
from callcenter.calls.errors import (
    AlreadyMutedError,
    BadTargetError,
    CallIsOverError,
    HoldAtPhoneError,
    NobodyTalksError,
    NoTelephoneError,
    NotOnCallError,
    SwitchAwayError,
    SwitchRefusedError,
)
from callcenter.calls.facts import Role
from callcenter.calls.store import Note
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.ids import CallId, uuid7

log = logging.getLogger(__name__)

EXTENSION = re.compile(r"8\d{3}")
NUMBER = re.compile(r"\+?\d{3,20}")
TARGET_QUEUES = frozenset(names.QUEUES) - {names.QUEUE_FALLBACK}
HOLD_WITHIN = 2.0
"""Seconds the agent's telephone has to hold after it was asked to."""
HOLD_LOOKS = 20

SELECT_ENDPOINT = """
SELECT COALESCE(s.endpoint, u.phone || '-' || u.extension)
FROM app_user u LEFT JOIN agent_state s ON s.user_id = u.id WHERE u.extension = $1 AND u.active"""
BEGIN_MUTE = """
INSERT INTO mute_interval (id, call_id, channel_id, user_id, reason, started_at) VALUES ($1, $2, $3, $4, $5, $6)"""
END_MUTE = """
UPDATE mute_interval SET ended_at = GREATEST($2, started_at) WHERE call_id = $1 AND ended_at IS NULL"""
SELECT_HELD = """
SELECT kind FROM call_event WHERE call_id = $1 AND kind IN ('held', 'unheld') AND at >= $2 ORDER BY at DESC LIMIT 1"""
ASK_PHONE = "SELECT pg_notify('cc_phones', $1)"


class Ear(StrEnum):
    """How a supervisor takes part: heard by nobody, by the agent, by all."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, and with which telephone; `supervises` allows it on others' calls of the subtree at `path`."""

    user_id: UUID
    path: str
    audit_name: str
    endpoint: str | None
    supervises: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A living call as the one who acts finds it."""

    call: Call
    customer: Leg
    agent: Leg


class Switchboard:
    """The actions on one switch."""

    def __init__(self, db: Database, clock: Clock, ari: Ari, actions: Actions) -> None:
        self._db = db
        self._clock = clock
        self._ari = ari
        self._actions = actions

    async def transfer(self, call_id: UUID, to: str, hand: Hand) -> None:
        """The customer goes to an extension, a queue or a number, at once; not answered, back to the queue."""
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, "transfer_asked", {"to": target(to)})
        async with _switch():
            await self._actions.blind_transfer(talk.agent.name, names.CONTEXT_TRANSFER, to)

    async def consult(self, call_id: UUID, to: str, hand: Hand) -> None:
        """The customer hears music while the agent talks with somebody else."""
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, "consult_asked", {"to": target(to)})
        async with _switch():
            await self._actions.consult_transfer(talk.agent.name, names.CONTEXT_TRANSFER, to)

    async def complete_transfer(self, call_id: UUID, hand: Hand) -> None:
        """The agent leaves the consultation, and the customer talks with the one who was consulted."""
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, "transfer_completed", {})
        async with _switch():
            await self._ari.hangup(talk.agent.channel)

    async def cancel_transfer(self, call_id: UUID, hand: Hand) -> None:
        """The agent returns from the consultation to the customer."""
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, "transfer_cancelled", {})
        async with _switch():
            await self._actions.cancel_transfer(talk.agent.name)

    async def conference(self, call_id: UUID, invited: str, hand: Hand) -> None:
        """Customer, agent and a third party in one room. Asked again, it invites one more."""
        talk = await self._talk(call_id, hand)
        room = talk.call.id.hex
        endpoint = await self._endpoint(target(invited, queues=False))
        await self._asked(talk.call, hand, "conference_asked", {"with": invited})
        async with _switch():
            if await self._context(talk.customer) != names.CONTEXT_CONFERENCE:
                await self._actions.redirect(
                    talk.customer.name,
                    names.CONTEXT_CONFERENCE,
                    room,
                    extra=(talk.agent.name, names.CONTEXT_CONFERENCE_AGENT, room),
                )
            await self._ring(talk, f"cf-{uuid7(self._clock.now())}", endpoint, names.CONTEXT_CONFERENCE_AGENT, room)

    async def take_part(self, call_id: UUID, ear: Ear, hand: Hand) -> None:
        """The supervisor's telephone rings and hears the call; the keys 4, 5 and 6 change how he takes part."""
        if hand.endpoint is None:
            raise NoTelephoneError("您没有分机。 You have no telephone.")
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, str(ear), {})
        async with _switch():
            await self._ring(
                talk,
                f"{SUPERVISOR}{uuid7(self._clock.now())}",
                f"PJSIP/{hand.endpoint}",
                names.CONTEXT_SUPERVISE,
                str(ear),
                {names.VAR_TARGET: talk.agent.name},
            )

    async def hang_up(self, call_id: UUID, hand: Hand) -> None:
        """The agent's telephone is let go; the customer goes on to the survey, or is let go as well."""
        call = await self._call(call_id, hand)
        leg = _own(call, hand) or (_customer(call) if hand.supervises else None)
        if leg is None:
            raise NotOnCallError("您的分机不在此通话中。 Your telephone is not on this call.")
        await self._asked(call, hand, "hangup_asked", {"channel": leg.channel})
        async with _switch():
            await self._ari.hangup(leg.channel)

    async def mute_recording(self, call_id: UUID, reason: str, hand: Hand) -> None:
        """Both sides are silence in the recording from here on; the interval is written before it begins."""
        talk = await self._talk(call_id, hand)
        at = self._clock.now()
        try:
            async with self._db.transaction() as conn:
                await conn.execute(BEGIN_MUTE, uuid7(at), talk.call.id, talk.customer.channel, hand.user_id, reason, at)
                await self._note(conn, talk.call, hand, "recording_muted", {"reason": reason}, at)
        except asyncpg.UniqueViolationError:
            raise AlreadyMutedError("录音已静音。 The recording is muted already.") from None
        try:
            async with _switch():
                await self._actions.mute_recording(talk.customer.name, muted=True)
        except (SwitchRefusedError, SwitchAwayError):
            await self._end_mute(talk.call, hand, "recording_mute_failed")
            raise

    async def unmute_recording(self, call_id: UUID, hand: Hand) -> None:
        """Both sides are heard in the recording again; the interval ends after they are."""
        talk = await self._talk(call_id, hand)
        async with _switch():
            await self._actions.mute_recording(talk.customer.name, muted=False)
        if not await self._end_mute(talk.call, hand, "recording_unmuted"):
            raise AlreadyMutedError("录音未静音。 The recording is not muted.")

    async def hold(self, call_id: UUID, hand: Hand, *, held: bool) -> None:
        """Asks the agent's telephone to hold the customer, or to take him back, and waits until the switch says so."""
        talk = await self._talk(call_id, hand)
        since = self._clock.now()
        async with self._db.connection() as conn:
            await conn.execute(ASK_PHONE, f"{talk.agent.endpoint} {'hold' if held else 'unhold'} {talk.call.id}")
        for _ in range(HOLD_LOOKS):
            if await self._held(talk.call, since) is held:
                return
            await asyncio.sleep(HOLD_WITHIN / HOLD_LOOKS)
        raise HoldAtPhoneError("请在话机上操作。 The telephone did not follow: use its own key.")

    # Finding

    async def _call(self, call_id: UUID, hand: Hand) -> Call:
        async with self._db.connection() as conn:
            found = await view.find(conn, "", call_id)
            if found is None:
                raise NotFoundError("call", call_id)
            (call,) = await store.load(conn, [call_id])
        mine = _own(call, hand) is not None or found.user_id == hand.user_id
        if not mine and not (found.path or "").startswith(hand.path):
            raise NotFoundError("call", call_id)
        if call.ended_at is not None:
            raise CallIsOverError("通话已结束。 The call has ended.")
        return call

    async def _talk(self, call_id: UUID, hand: Hand) -> Talk:
        call = await self._call(call_id, hand)
        own = _own(call, hand)
        if own is None and not hand.supervises:
            raise NotOnCallError("您的分机不在此通话中。 Your telephone is not on this call.")
        customer, agent = _customer(call), own or _talking(call)
        if customer is None or customer.answered_at is None or agent is None or agent.answered_at is None:
            raise NobodyTalksError("当前无人与客户通话。 Nobody talks with the customer now.")
        return Talk(call, customer, agent)

    async def _endpoint(self, invited: str) -> str:
        if not EXTENSION.fullmatch(invited):
            return f"PJSIP/{invited}@trunk-main"
        async with self._db.connection() as conn:
            endpoint = await conn.fetchval(SELECT_ENDPOINT, invited)
        if endpoint is None:
            raise BadTargetError("没有这个分机。 There is no such extension.")
        return f"PJSIP/{endpoint}"

    async def _context(self, leg: Leg) -> str:
        channel = await self._ari.channel(leg.channel)
        if channel is None:
            raise CallIsOverError("通话已结束。 The call has ended.")
        return channel.context

    async def _held(self, call: Call, since: datetime) -> bool | None:
        async with self._db.connection() as conn:
            kind = await conn.fetchval(SELECT_HELD, call.id, since)
        return None if kind is None else kind == "held"

    # Doing

    async def _ring(
        self,
        talk: Talk,
        channel: str,
        endpoint: str,
        context: str,
        extension: str,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Rings somebody as part of this call: the switch links the channel to the customer's."""
        await self._ari.originate(
            channel=channel,
            endpoint=endpoint,
            context=context,
            extension=extension,
            caller_id=talk.call.caller or talk.call.did or "",
            originator=talk.customer.channel,
            variables=variables,
        )

    async def _end_mute(self, call: Call, hand: Hand, kind: str) -> bool:
        at = self._clock.now()
        async with self._db.transaction() as conn:
            done = await conn.execute(END_MUTE, call.id, at)
            if done != "UPDATE 0":
                await self._note(conn, call, hand, kind, {}, at)
        return done != "UPDATE 0"

    async def _asked(self, call: Call, hand: Hand, kind: str, details: Mapping[str, str]) -> None:
        at = self._clock.now()
        async with self._db.transaction() as conn:
            await self._note(conn, call, hand, kind, details, at)

    async def _note(
        self, conn: Connection, call: Call, hand: Hand, kind: str, details: Mapping[str, str], at: datetime
    ) -> None:
        told = {**details, "by": hand.audit_name}
        await store.note(conn, [Note(CallId(call.id), at, "user", kind, None, told)])
        await audit.record(
            conn,
            actor=hand.audit_name,
            action=f"call.{kind}",
            object_kind="call",
            object_id=str(call.id),
            at=at,
            details=dict(details),
        )


def target(text: str, *, queues: bool = True) -> str:
    """An extension, a queue or a number somebody may be transferred to. Raises BadTargetError."""
    if NUMBER.fullmatch(text) or (queues and text in TARGET_QUEUES):
        return text
    raise BadTargetError("分机、队列或电话号码。 An extension, a queue or a telephone number.")


def _customer(call: Call) -> Leg | None:
    return next((leg for leg in call.legs.values() if leg.role is Role.CUSTOMER and leg.ended_at is None), None)


def _own(call: Call, hand: Hand) -> Leg | None:
    legs = [leg for leg in call.legs.values() if leg.ended_at is None and leg.role is not Role.SUPERVISOR]
    return next((leg for leg in legs if leg.endpoint == hand.endpoint), None)


def _talking(call: Call) -> Leg | None:
    """The agent who has talked longest."""
    legs = [leg for leg in call.legs.values() if leg.role in SERVING and leg.answered_at and not leg.ended_at]
    return min(legs, key=lambda leg: leg.answered_at or leg.started_at, default=None)


@contextlib.asynccontextmanager
async def _switch() -> AsyncIterator[None]:
    """Turns what the switch says into our errors."""
    try:
        yield
    except ActionRefusedError as error:
        raise SwitchRefusedError(f"话务系统拒绝。 The switch refused: {error.reason[:100]}") from error
    except AmiError as error:
        raise SwitchAwayError("话务系统暂不可用。 The switch cannot be reached.") from error
    except UnavailableError as error:
        if error.status >= 500:
            raise NoTelephoneError("话机无法接通。 The telephone cannot be reached.") from error
        raise SwitchAwayError("话务系统暂不可用。 The switch cannot be reached.") from error
    except AriError as error:
        raise SwitchRefusedError(f"话务系统拒绝。 The switch refused: {error.message[:100]}") from error
