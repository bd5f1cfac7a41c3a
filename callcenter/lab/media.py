"""The audio of one call of a phone in the lab: a UDP socket that speaks G.711 and keeps (as A-law) what it hears."""

import asyncio
from collections.abc import Iterator
from typing import Self

from callcenter.lab.g711 import ULAW_TO_ALAW
from callcenter.lab.rtp import ALAW, FRAME_SECONDS, SILENCE, ULAW, Step, Stream, frames

HEADER = 12


class Media(asyncio.DatagramProtocol):
    """Sends the steps it is told to, silence when there are none, and remembers the A-law it receives."""

    def __init__(self) -> None:
        """Use `open`."""
        self.heard = bytearray()
        self.received = 0
        self.port = 0
        self.codec = ALAW
        self.number: int | None = None
        self.target: tuple[str, int] | None = None
        self.muted = False
        self._transport: asyncio.DatagramTransport | None = None
        self._steps: asyncio.Queue[tuple[Step, ...]] = asyncio.Queue()

    @classmethod
    async def open(cls, host: str) -> Self:
        """Bind a free port."""
        transport, media = await asyncio.get_running_loop().create_datagram_endpoint(cls, (host, 0))
        media._transport = transport
        media.port = transport.get_extra_info("sockname")[1]
        return media

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        """Keep the audio of one packet."""
        self.received += 1
        kind = data[1] & 0x7F
        if kind in (ALAW, ULAW):
            self.heard += data[HEADER:].translate(ULAW_TO_ALAW) if kind == ULAW else data[HEADER:]

    def say(self, *steps: Step) -> None:
        """Say (and press) these after what is being said now."""
        self._steps.put_nowait(steps)

    async def run(self) -> None:
        """Send without end until cancelled: a phone sends silence, too."""
        loop = asyncio.get_running_loop()
        stream = Stream(self.codec, self.number)
        current: Iterator[tuple[bytes, int]] = iter(())
        due = loop.time()
        while True:
            frame = next(current, None)
            if frame is None and not self._steps.empty():
                current = frames(self._steps.get_nowait())
                continue
            for packet in stream.encode(*(frame or (SILENCE, 0))):
                if self._transport and self.target and not self.muted:
                    self._transport.sendto(packet, self.target)
            due += FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))

    def close(self) -> None:
        """Give the port back."""
        if self._transport:
            self._transport.close()
