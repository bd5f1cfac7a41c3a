"""What people do with living calls. The switch does it in ways that keep the customer's channel, and so the capture,
whole.

ARI commands nothing on a channel in the talking phase but hang-up, so transfers, conferences and muting go by AMI. What
was asked is written in the call's history and in the audit; what came of it is heard from the switch like everything
else. A call never goes where nobody could take it: the customer would be lost.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from agi import names
from agi.actions import Actions
from agi.ari.commands import Ari
from callcenter import audit
from callcenter.agents import store as agents
from callcenter.agents.telephones import Line, Telephones
from callcenter.calls import parties, store, view
from callcenter.calls.call import Call
from callcenter.calls.channels import INVITED, SUPERVISOR
from callcenter.calls.errors import (
    AlreadyMutedError,
    BadTargetError,
    CallIsOverError,
    HoldAtPhoneError,
    InConferenceError,
    NobodyTalksError,
    NoConsultationError,
    NoTelephoneError,
    NotOnCallError,
    SwitchAwayError,
    SwitchRefusedError,
    SwitchUnansweredError,
    TargetBusyError,
)
from callcenter.calls.parties import Hand, Talk
from callcenter.calls.refusals import asked_of_switch
from callcenter.calls.sight import ALL
from callcenter.calls.store import Note
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.ids import CallId, uuid7
from tickets.errors import Words

log = logging.getLogger(__name__)

EXTENSION = re.compile(r"8[0-9]{3}")
NUMBER = re.compile(r"\+?[0-9]{3,20}")
DESK = "desk-"
TARGET_QUEUES = frozenset(names.QUEUES) - {names.QUEUE_FALLBACK}
HOLD_WITHIN = 2.0
"""Seconds the agent's telephone has to hold after it was asked to."""
HOLD_LOOKS = 20
CONSULT_WITHIN = 3.0
"""Seconds a consultation has to begin, or to end, after the switch took the request: it dials digit by digit."""
CONSULT_LOOKS = 60

BEGIN_MUTE = """
INSERT INTO mute_interval (id, call_id, channel_id, user_id, reason, started_at) VALUES ($1, $2, $3, $4, $5, $6)"""
END_MUTE = """
UPDATE mute_interval SET ended_at = GREATEST($2, started_at) WHERE call_id = $1 AND ended_at IS NULL"""
DOUBT_MUTE = "UPDATE mute_interval SET in_doubt = $2 WHERE call_id = $1 AND ended_at IS NULL AND in_doubt <> $2"
SELECT_HELD = """
SELECT kind = 'held' FROM call_event WHERE call_id = $1 AND channel_id = $2 AND kind IN ('held', 'unheld')
ORDER BY at DESC LIMIT 1"""


class Ear(StrEnum):
    """How a supervisor takes part: heard by nobody, by the agent, by all."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class Switchboard:
    """The actions on one switch."""

    def __init__(self, db: Database, clock: Clock, ari: Ari, actions: Actions) -> None:
        self._db = db
        self._clock = clock
        self._ari = ari
        self._actions = actions
        self._telephones = Telephones(ari)

    async def transfer(self, call_id: UUID, to: str, hand: Hand) -> None:
        """The customer goes to a colleague or a queue, at once; not answered, back to the queue.

        Raises BadTargetError and TargetBusyError before anything is done.
        """
        talk = await self._talk(call_id, hand)
        await self._check_within(to)
        await self._asked(talk.call, hand, "transfer_asked", {"to": to})
        async with asked_of_switch():
            if await self._confers(talk):
                await self._leave_conference(talk, to)
            else:
                await self._actions.blind_transfer(talk.agent.name, names.CONTEXT_TRANSFER, to)

    async def consult(self, call_id: UUID, to: str, hand: Hand) -> None:
        """The customer hears music while the agent talks with a colleague, or with whoever serves a queue.

        Raises BadTargetError, TargetBusyError and InConferenceError before anything is done.
        """
        talk = await self._talk(call_id, hand)
        await self._check_within(to)
        async with asked_of_switch():
            if await self._confers(talk):
                raise InConferenceError(
                    Words("会议中不能咨询，请邀请对方入会。", "In a conference: invite whom you want to ask.")
                )
        await self._asked(talk.call, hand, "consult_asked", {"to": to})
        async with asked_of_switch():
            await self._actions.consult_transfer(
                talk.agent.name, names.CONTEXT_TRANSFER, names.QUEUE_NUMBER.get(to, to)
            )
            if not await self._consults(talk, begun=True):
                raise SwitchRefusedError(Words("咨询未开始，请重试。", "The consultation did not begin: try again."))

    async def complete_transfer(self, call_id: UUID, hand: Hand) -> None:
        """The agent leaves the consultation, and the customer talks with the one who was consulted.

        Raises NoConsultationError when there is nobody he could talk with.
        """
        talk = await self._talk(call_id, hand)
        if not parties.consulted(talk.call):
            raise NoConsultationError(Words("没有进行中的咨询。", "Nobody is being consulted."))
        await self._asked(talk.call, hand, "transfer_completed", {})
        async with asked_of_switch():
            await self._ari.hangup(talk.agent.channel)

    async def cancel_transfer(self, call_id: UUID, hand: Hand) -> None:
        """The agent returns from the consultation to the customer, and is with him when this returns.

        Raises NoConsultationError when he is with him already.
        """
        talk = await self._talk(call_id, hand)
        async with asked_of_switch():
            if not await self._apart(talk):
                raise NoConsultationError(Words("没有进行中的咨询。", "Nobody is being consulted."))
        await self._asked(talk.call, hand, "transfer_cancelled", {})
        async with asked_of_switch():
            await self._actions.cancel_transfer(talk.agent.name)
            if not await self._consults(talk, begun=False):
                raise SwitchRefusedError(Words("咨询未结束，请重试。", "The consultation did not end: try again."))

    async def conference(self, call_id: UUID, invited: str, hand: Hand) -> None:
        """Customer, agent and a third party in one room. Asked again, it invites one more."""
        talk = await self._talk(call_id, hand)
        endpoint = await self._endpoint(target(invited, queues=False))
        await self._asked(talk.call, hand, "conference_asked", {"with": invited})
        async with asked_of_switch():
            room = await self._gather(talk)
            await self._ring(
                talk, f"{INVITED}{uuid7(self._clock.now())}", endpoint, names.CONTEXT_CONFERENCE_AGENT, room
            )

    async def take_part(self, call_id: UUID, ear: Ear, hand: Hand, logged: Callable[[], Awaitable[None]]) -> None:
        """The supervisor's telephone rings, and he hears the call; asked again, he takes part in the other way.

        Barging in makes the call a conference: so all of it is in the customer's recording. `logged` is awaited before
        anything can be heard; when it fails nothing is.
        """
        if hand.endpoint is None:
            raise NoTelephoneError(Words("您没有分机。", "You have no telephone."))
        talk = await self._talk(call_id, hand)
        await self._asked(talk.call, hand, str(ear), {})
        await logged()
        async with asked_of_switch():
            context, place = names.CONTEXT_SUPERVISE, str(ear)
            if ear is Ear.BARGE:
                context, place = names.CONTEXT_CONFERENCE_AGENT, await self._gather(talk)
            mine = parties.listening(talk.call, hand)
            if mine is not None and mine.answered_at is not None:
                await self._actions.redirect(mine.name, context, place)
                return
            channel = f"{SUPERVISOR}{uuid7(self._clock.now())}"
            variables = {names.VAR_TARGET: talk.agent.name}
            await self._ring(talk, channel, f"PJSIP/{hand.endpoint}", context, place, variables)

    async def hang_up(self, call_id: UUID, hand: Hand) -> None:
        """The agent's telephone is let go; the customer goes on to the survey, or is let go as well.

        A supervisor who takes part leaves; one who does not ends the call.
        """
        call = await self._call(call_id, hand)
        leg = (
            parties.own(call, hand)
            or parties.listening(call, hand)
            or (parties.customer(call) if hand.supervises else None)
        )
        if leg is None:
            raise NotOnCallError(Words("您的分机不在此通话中。", "Your telephone is not on this call."))
        await self._asked(call, hand, "hangup_asked", {"channel": leg.channel})
        async with asked_of_switch():
            await self._ari.hangup(leg.channel)

    async def mute_recording(self, call_id: UUID, reason: str, hand: Hand) -> None:
        """Both sides are silence in the recording from here on; the interval is written before it begins.

        When the switch does not answer, the interval stays open and in doubt; asked again, it is made sure.
        """
        talk = await self._talk(call_id, hand)
        at = self._clock.now()
        try:
            async with self._db.transaction() as conn:
                await conn.execute(BEGIN_MUTE, uuid7(at), talk.call.id, talk.customer.channel, hand.user_id, reason, at)
                await self._note(conn, talk.call, hand, "recording_muted", {"reason": reason}, at)
        except asyncpg.UniqueViolationError:
            if not await self._doubt_mute(talk.call, in_doubt=False):
                raise AlreadyMutedError(Words("录音已静音。", "The recording is muted already.")) from None
        try:
            async with asked_of_switch():
                await self._actions.mute_recording(talk.customer.name, muted=True)
        except SwitchUnansweredError:
            await self._doubt_mute(talk.call, in_doubt=True)
            raise
        except (SwitchRefusedError, SwitchAwayError):
            await self._end_mute(talk.call, hand, "recording_mute_failed")
            raise

    async def unmute_recording(self, call_id: UUID, hand: Hand) -> None:
        """Both sides are heard in the recording again; the interval ends after they are."""
        talk = await self._talk(call_id, hand)
        async with asked_of_switch():
            await self._actions.mute_recording(talk.customer.name, muted=False)
        if not await self._end_mute(talk.call, hand, "recording_unmuted"):
            raise AlreadyMutedError(Words("录音未静音。", "The recording is not muted."))

    async def hold(self, call_id: UUID, hand: Hand, *, held: bool) -> None:
        """The customer is held, or taken back, and the switch says so.

        Holding is the telephone's own act. A desk phone is asked to (NOTIFY `hold` and `talk`); a browser's console
        does it itself, and this confirms it. Raises HoldAtPhoneError when the telephone does not follow.
        """
        talk = await self._talk(call_id, hand)
        if await self._held(talk) is held:
            return
        await self._asked(talk.call, hand, "hold_asked" if held else "unhold_asked", {})
        if talk.agent.endpoint.startswith(DESK):
            async with asked_of_switch():
                await self._actions.notify(talk.agent.name, "hold" if held else "talk")
        for _ in range(HOLD_LOOKS):
            if await self._held(talk) is held:
                return
            await asyncio.sleep(HOLD_WITHIN / HOLD_LOOKS)
        raise HoldAtPhoneError(Words("请在话机上操作。", "The telephone did not follow: use its own key."))

    # Finding

    async def _call(self, call_id: UUID, hand: Hand) -> Call:
        async with self._db.connection() as conn:
            found = await view.find(conn, ALL, call_id)
            if found is None:
                raise NotFoundError("call", call_id)
            (call,) = await store.load(conn, [call_id])
        mine = parties.own(call, hand) is not None or found.user_id == hand.user_id
        if not mine and not (found.path or "").startswith(hand.path):
            raise NotFoundError("call", call_id)
        if call.ended_at is not None:
            raise CallIsOverError(Words("通话已结束。", "The call has ended."))
        return call

    async def _talk(self, call_id: UUID, hand: Hand) -> Talk:
        call = await self._call(call_id, hand)
        own = parties.own(call, hand)
        if own is None and not hand.supervises:
            raise NotOnCallError(Words("您的分机不在此通话中。", "Your telephone is not on this call."))
        customer, agent = parties.customer(call), own or parties.talking(call)
        if customer is None or customer.answered_at is None or agent is None or agent.answered_at is None:
            raise NobodyTalksError(Words("当前无人与客户通话。", "Nobody talks with the customer now."))
        return Talk(call, customer, agent)

    async def _check_within(self, to: str) -> None:
        """A queue, or a colleague whose telephone can be rung. Raises BadTargetError, TargetBusyError."""
        if to in TARGET_QUEUES:
            return
        if not EXTENSION.fullmatch(to):
            raise BadTargetError(
                Words(
                    "只能转给分机或队列，外线请用三方会议。",
                    "Only an extension or a queue; others are brought in by a conference (action `conference`).",
                )
            )
        await self._free_telephone(to)

    async def _free_telephone(self, number: str) -> str:
        """Where an extension can be rung: where its agent is logged in, else its other telephone."""
        async with self._db.connection() as conn:
            usual = await agents.endpoint_of(conn, number)
        if usual is None:
            raise BadTargetError(
                Words("没有这个分机，外线请用三方会议。", "There is no such extension; invite others to a conference.")
            )
        async with asked_of_switch():
            lines = await self._telephones.of(number)
        if Line.BUSY in lines.values():
            raise TargetBusyError(Words("对方正在通话。", "This telephone is in use."))
        free = [endpoint for endpoint, line in lines.items() if line is Line.FREE]
        if not free:
            raise BadTargetError(
                Words(
                    "该分机话机未注册，外线请用三方会议。",
                    "This telephone is not registered; somebody outside is brought in by a conference.",
                )
            )
        return usual if usual in free else free[0]

    async def _endpoint(self, invited: str) -> str:
        if not EXTENSION.fullmatch(invited):
            return f"PJSIP/{invited}@trunk-main"
        return f"PJSIP/{await self._free_telephone(invited)}"

    async def _confers(self, talk: Talk) -> bool:
        channel = await self._ari.channel(talk.customer.channel)
        if channel is None:
            raise CallIsOverError(Words("通话已结束。", "The call has ended."))
        return channel.context == names.CONTEXT_CONFERENCE

    async def _held(self, talk: Talk) -> bool:
        async with self._db.connection() as conn:
            return bool(await conn.fetchval(SELECT_HELD, talk.call.id, talk.agent.channel))

    async def _apart(self, talk: Talk) -> bool:
        """Whether the agent is elsewhere than with the customer, who hears music: a consultation is under way."""
        own, customers = [await self._actions.bridge(leg.name) for leg in (talk.agent, talk.customer)]
        return own is not None and own != customers

    async def _consults(self, talk: Talk, *, begun: bool) -> bool:
        """Whether a consultation has begun, or ended, before the time for it is over."""
        for _ in range(CONSULT_LOOKS):
            if await self._apart(talk) is begun:
                return True
            await asyncio.sleep(CONSULT_WITHIN / CONSULT_LOOKS)
        return False

    # Doing

    async def _gather(self, talk: Talk) -> str:
        """Customer and agent in a conference, if they are not in one; returns its room."""
        room = talk.call.id.hex
        if not await self._confers(talk):
            await self._actions.redirect(
                talk.customer.name,
                names.CONTEXT_CONFERENCE,
                room,
                extra=(talk.agent.name, names.CONTEXT_CONFERENCE_AGENT, room),
            )
        return room

    async def _leave_conference(self, talk: Talk, to: str) -> None:
        """The customer goes on to `to`, everybody else is let go: Asterisk transfers nobody out of a conference."""
        await self._actions.redirect(talk.customer.name, names.CONTEXT_TRANSFER, to)
        for leg in talk.call.legs.values():
            if leg.ended_at is None and leg is not talk.customer:
                await self._ari.hangup(leg.channel)

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

    async def _doubt_mute(self, call: Call, *, in_doubt: bool) -> bool:
        """Whether the open interval was otherwise."""
        async with self._db.connection() as conn:
            done: str = await conn.execute(DOUBT_MUTE, call.id, in_doubt)
        return done != "UPDATE 0"

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
    """An extension, a queue or a telephone number, well formed. Raises BadTargetError."""
    if NUMBER.fullmatch(text) or (queues and text in TARGET_QUEUES):
        return text
    raise BadTargetError(Words("分机、队列或电话号码。", "An extension, a queue or a telephone number."))
