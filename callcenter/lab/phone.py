"""A SIP phone in a few lines, for synthetic agents and for the customers behind the carrier's trunk.

It registers or just listens, treats each incoming call as its owner says, calls out, holds, refers and hangs up.
It is no product: one transport (UDP), A-law, and only what Asterisk sends to a phone.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from callcenter.lab import sip
from callcenter.lab.media import Media
from callcenter.lab.rtp import Press, Say, Step, Wait
from callcenter.lab.sip import Message

RESEND = 0.5
ANSWER_LIMIT = 30.0
REGISTERED_FOR = 120


class PhoneError(Exception):
    """Asterisk refused what the phone asked, or did not answer."""


@dataclass(frozen=True)
class Manner:
    """How an incoming call is treated: refused with `refuse` (486, 480, 603), left ringing, or answered after
    `ring` seconds, then `steps` are said; after `stay` seconds (None: never) the phone hangs up.
    `number` is the first RTP sequence number (None: random)."""

    ring: float = 0.1
    refuse: int = 0
    answer: bool = True
    steps: tuple[Step, ...] = ()
    stay: float | None = None
    number: int | None = None


@dataclass(eq=False)
class Call:
    """One call of a phone."""

    phone: "Phone"
    call_id: str
    dialled: str
    peer: str
    local: str
    remote: str
    target: str
    media: Media
    incoming: bool
    invite: Message | None = None
    sequence: int = 1
    version: int = 1
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, *steps: Step) -> None:
        """Say and press these now."""
        self.media.say(*steps)

    async def hang_up(self) -> None:
        """End the call from this side."""
        if not self.ended.is_set():
            self.phone.finish(self)
            await self.phone.ask(self, "BYE")

    async def hold(self) -> None:
        """Put the other side on hold (re-INVITE, sendonly)."""
        await self._offer("sendonly")

    async def resume(self) -> None:
        """Take the other side back from hold."""
        await self._offer("sendrecv")

    async def refer(self, number: str) -> None:
        """Transfer the other side blindly to `number` (REFER)."""
        host, port = self.phone.server
        answer = await self.phone.ask(self, "REFER", {"Refer-To": f"<sip:{number}@{host}:{port}>"})
        if answer.code >= 300:
            raise PhoneError(f"REFER: {answer.start}")

    async def _offer(self, direction: str) -> None:
        self.version += 1
        body = sip.describe(self.phone.host, self.media.port, str(self.media.codec), direction, self.version)
        answer = await self.phone.ask(self, "INVITE", body=body)
        self.phone.acknowledge(self)
        if answer.code != 200:
            raise PhoneError(f"{direction}: {answer.start}")


class Phone(asyncio.DatagramProtocol):
    """A phone on a port of its own; used as `async with Phone(...) as phone`."""

    def __init__(
        self,
        server: tuple[str, int],
        *,
        name: str = "",
        password: str = "",
        manner: Manner | Callable[[Call], Manner] = Manner(),
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        """With a `name` it registers at `server`; `manner` may decide for each call (by `call.dialled`).

        As many desk phones do, it holds and takes back when it is told so (NOTIFY `hold`, `talk`), while it `obeys`.
        """
        self.server, self.name, self.password, self.host, self.port = server, name, password, host, port
        self.manner = manner
        self.obeys = True
        self.calls: list[Call] = []
        self._arrivals: asyncio.Queue[Call] = asyncio.Queue()
        self._waiting: dict[tuple[str, str], asyncio.Future[Message]] = {}
        self._sent: dict[tuple[str, str], Message] = {}
        self._tasks = asyncio.TaskGroup()
        self._runners: dict[Call, list[asyncio.Task[None]]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (self.host, self.port))
        self.port = self._transport.get_extra_info("sockname")[1]
        await self._tasks.__aenter__()
        if self.name:
            await self.register()
            self._keeper = self._tasks.create_task(self._stay_registered())
        return self

    async def __aexit__(self, *error: object) -> None:
        try:
            for call in self.calls:
                await call.hang_up()
            if self._keeper:
                self._keeper.cancel()
                await self.register(0)
            await self._tasks.__aexit__(None, None, None)
        finally:
            if self._transport:
                self._transport.close()

    async def next_call(self, timeout: float = 30.0) -> Call:
        """The next incoming call, as soon as it rings."""
        async with asyncio.timeout(timeout):
            return await self._arrivals.get()

    async def register(self, seconds: int = REGISTERED_FOR) -> None:
        """Tell Asterisk where this phone is; 0 seconds takes it back.

        Raises:
            PhoneError: wrong name or password.
        """
        host, port = self.server
        uri, me = f"sip:{host}:{port}", f"<sip:{self.name}@{host}>"
        extra = {"Contact": f"<sip:{self.name}@{self.host}:{self.port}>", "Expires": str(seconds)}
        answer = await self._authorized("REGISTER", uri, f"{me};tag={secrets.token_hex(4)}", me, extra)
        if answer.code != 200:
            raise PhoneError(f"{self.name} cannot register: {answer.start}")

    async def dial(self, number: str, *steps: Step, caller: str = "") -> Call:
        """Call `number` (as `caller`, for a phone without a name) and return when it has answered.

        Raises:
            PhoneError: refused.
        """
        host, port = self.server
        media = await Media.open(self.host)
        uri = f"sip:{number}@{host}:{port}"
        me, you = f"<sip:{self.name or caller}@{self.host}>;tag={secrets.token_hex(4)}", f"<{uri}>"
        contact = {"Contact": self._contact(), "Content-Type": "application/sdp"}
        body = sip.describe(self.host, media.port, "8 0")
        answer = await self._authorized("INVITE", uri, me, you, contact, body)
        call = Call(
            self, answer.header("Call-ID"), number, number, me, answer.header("To"),
            sip.address_of(answer.header("Contact") or you), media, incoming=False,
            sequence=int(answer.header("CSeq").split()[0]),
        )  # fmt: skip
        self.acknowledge(call)
        if answer.code != 200:
            media.close()
            raise PhoneError(f"{number}: {answer.start}")
        self.calls.append(call)
        self._connect(call, answer, steps)
        return call

    async def ask(self, call: Call, method: str, extra: dict[str, str] | None = None, body: str = "") -> Message:
        """Send one request within a call and wait for its final answer."""
        call.sequence += 1
        headers = {"Contact": self._contact(), **(extra or {})}
        if body:
            headers["Content-Type"] = "application/sdp"
        request = self._request(
            method, call.target, call.local, call.remote, call.call_id, call.sequence, headers, body
        )
        return await self._exchange(request)

    def acknowledge(self, call: Call) -> None:
        """ACK the last INVITE of ours."""
        self._send(self._request("ACK", call.target, call.local, call.remote, call.call_id, call.sequence, {}, ""))

    def finish(self, call: Call) -> None:
        """Stop the audio of a call and mark it ended."""
        call.ended.set()
        for task in self._runners.pop(call, []):
            if task is not asyncio.current_task():
                task.cancel()
        call.media.close()

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        """One message from Asterisk."""
        message = sip.parse(data)
        if not message.start.strip():
            return
        key = (message.header("Call-ID"), message.header("CSeq"))
        if message.code:
            waiting = self._waiting.get(key)
            if waiting and message.code >= 200 and not waiting.done():
                waiting.set_result(message)
            return
        if message.method != "ACK" and (sent := self._sent.get(key)):
            self._send(sent)
            return
        call = next((one for one in self.calls if one.call_id == key[0]), None)
        match message.method:
            case "INVITE" if call is None:
                self._tasks.create_task(self._arrive(message))
            case "INVITE" if call is not None and call.invite is not None and not call.answered.is_set():
                self._reply(message, 180, sip.tag_of(call.local))
            case "INVITE" if call is not None:
                body = sip.describe(self.host, call.media.port, str(call.media.codec), version=call.version)
                self._reply(message, 200, sip.tag_of(call.local), body)
            case "ACK" if call is not None:
                call.acknowledged.set()
            case "BYE" if call is not None:
                self._reply(message, 200, sip.tag_of(call.local))
                self.finish(call)
            case "NOTIFY" if call is not None and self.obeys:
                self._reply(message, 200, sip.tag_of(call.local))
                self._tasks.create_task(self._obey(call, message.header("Event")))
            case "CANCEL" if call is not None and call.invite is not None:
                self._reply(message, 200, sip.tag_of(call.local))
                if not call.answered.is_set():
                    self._reply(call.invite, 487, sip.tag_of(call.local))
                    self.finish(call)
            case "ACK":
                pass
            case method:
                known = method in ("OPTIONS", "NOTIFY", "INFO", "UPDATE", "MESSAGE")
                self._reply(message, 200 if known else 481, secrets.token_hex(4))

    async def _obey(self, call: Call, event: str) -> None:
        if event == "hold":
            await call.hold()
        elif event == "talk":
            await call.resume()

    async def _arrive(self, invite: Message) -> None:
        tag = secrets.token_hex(4)
        media = await Media.open(self.host)
        call = Call(
            self, invite.header("Call-ID"), invite.user, sip.address_of(invite.header("From")),
            f"{invite.header('To')};tag={tag}", invite.header("From"),
            sip.address_of(invite.header("Contact")), media, incoming=True, invite=invite,
        )  # fmt: skip
        self.calls.append(call)
        manner = self.manner(call) if callable(self.manner) else self.manner
        self._arrivals.put_nowait(call)
        if manner.refuse:
            self._reply(invite, manner.refuse, tag)
            self.finish(call)
            return
        self._reply(invite, 180, tag)
        self._runners[call] = [self._tasks.create_task(self._treat(call, invite, tag, manner))]

    async def _treat(self, call: Call, invite: Message, tag: str, manner: Manner) -> None:
        if not manner.answer:
            await call.ended.wait()
            return
        await asyncio.sleep(manner.ring)
        call.media.number = manner.number
        self._connect(call, invite, manner.steps)
        body = sip.describe(self.host, call.media.port, str(call.media.codec))
        while not call.acknowledged.is_set():
            self._reply(invite, 200, tag, body)
            try:
                await asyncio.wait_for(call.acknowledged.wait(), RESEND)
            except TimeoutError:
                continue
        if manner.stay is not None:
            await asyncio.sleep(manner.stay)
            await call.hang_up()

    def _connect(self, call: Call, offer: Message, steps: tuple[Step, ...]) -> None:
        call.media.target = sip.media_of(offer.body)
        call.media.codec = sip.codec_of(offer.body)
        call.say(*steps)
        call.answered.set()
        self._runners.setdefault(call, []).append(self._tasks.create_task(call.media.run()))

    async def _stay_registered(self) -> None:
        while True:
            await asyncio.sleep(REGISTERED_FOR / 2)
            await self.register()

    async def _authorized(
        self, method: str, uri: str, me: str, you: str, extra: dict[str, str], body: str = ""
    ) -> Message:
        call_id = f"{secrets.token_hex(8)}@{self.host}"
        request = self._request(method, uri, me, you, call_id, 1, extra, body)
        answer = await self._exchange(request)
        challenge = answer.header("WWW-Authenticate")
        if answer.code == 401 and challenge and self.name:
            if method == "INVITE":
                self._send(self._request("ACK", uri, me, answer.header("To"), call_id, 1, {}, ""))
            proof = sip.authorize(challenge, method, uri, self.name, self.password)
            request = self._request(method, uri, me, you, call_id, 2, {**extra, "Authorization": proof}, body)
            answer = await self._exchange(request)
        return answer

    async def _exchange(self, request: Message) -> Message:
        key = (request.header("Call-ID"), request.header("CSeq"))
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                while True:
                    self._send(request)
                    done, _ = await asyncio.wait({future}, timeout=RESEND)
                    if done:
                        return future.result()
        except TimeoutError:
            raise PhoneError(f"no answer to {request.start}") from None
        finally:
            del self._waiting[key]

    def _request(
        self, method: str, uri: str, me: str, you: str, call_id: str, number: int, extra: dict[str, str], body: str
    ) -> Message:
        headers = {
            "Via": f"SIP/2.0/UDP {self.host}:{self.port};branch={sip.branch()};rport",
            "From": me,
            "To": you,
            "Call-ID": call_id,
            "CSeq": f"{number} {method}",
            "Max-Forwards": "70",
            **extra,
        }
        return Message(f"{method} {uri} SIP/2.0", tuple(headers.items()), body)

    def _reply(self, request: Message, code: int, tag: str, body: str = "") -> None:
        answer = sip.respond(request, code, tag, f"sip:{self.name or 'phone'}@{self.host}:{self.port}", body)
        if code >= 200:
            self._sent[(request.header("Call-ID"), request.header("CSeq"))] = answer
        self._send(answer)

    def _contact(self) -> str:
        return f"<sip:{self.name or 'phone'}@{self.host}:{self.port}>"

    def _send(self, message: Message) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(message.encode(), self.server)


__all__ = ["Call", "Manner", "Phone", "PhoneError", "Press", "Say", "Wait"]
