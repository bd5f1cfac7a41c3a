"""A call whose From header is any bytes, which neither SIPp nor our lab's phone would send."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcenter.lab import sip
from callcenter.lab.asterisk import AsteriskAddress


@asynccontextmanager
async def invited(
    asterisk: AsteriskAddress, caller: bytes, *, dialled: bytes = b"95519", within: float = 4.0
) -> AsyncIterator[int]:
    """Rings, and hangs up at the end. Gives the final answer's status, 0 when there was none."""
    loop = asyncio.get_running_loop()
    host, port = asterisk.here, asterisk.sip_port
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((host, 0))
        line.setblocking(False)
        await loop.sock_connect(line, (asterisk.host, port))
        mine = line.getsockname()[1]
        name = f"{secrets.token_hex(8)}@{host}".encode()
        tagged = caller + b";tag=" + secrets.token_hex(4).encode()
        target = b"sip:" + dialled + f"@{asterisk.host}:{port}".encode()

        def message(method: bytes, number: int, uri: bytes, to: bytes, body: bytes = b"") -> bytes:
            lines = [
                method + b" " + uri + b" SIP/2.0",
                f"Via: SIP/2.0/UDP {host}:{mine};branch={sip.branch()};rport".encode(),
                b"From: " + tagged,
                b"To: " + to,
                b"Call-ID: " + name,
                b"CSeq: %d " % number + method,
                f"Contact: <sip:{host}:{mine}>".encode(),
                b"Max-Forwards: 70",
                b"Content-Type: application/sdp",
                b"Content-Length: %d" % len(body),
            ]
            return b"\r\n".join([*lines, b"", body])

        offer = sip.describe(host, mine, "8").encode()
        await loop.sock_sendall(line, message(b"INVITE", 1, target, b"<" + target + b">", offer))
        answer = await _final(loop, line, within)
        to = answer.header("To").encode() if answer is not None else b""
        if answer is None or answer.code != 200:
            yield 0 if answer is None else answer.code
            return
        contact = sip.address_of(answer.header("Contact")).encode()
        await loop.sock_sendall(line, message(b"ACK", 1, contact, to))
        try:
            yield 200
        finally:
            await loop.sock_sendall(line, message(b"BYE", 2, contact, to))
            await _final(loop, line, 1.0)


async def _final(loop: asyncio.AbstractEventLoop, line: socket.socket, within: float) -> sip.Message | None:
    try:
        async with asyncio.timeout(within):
            while True:
                answer = sip.parse(await loop.sock_recv(line, 65_535))
                if answer.code >= 200:
                    return answer
    except TimeoutError:
        return None
