"""A port that another program has is told at once; one that another of us serves is waited for."""

import asyncio
import socket

import pytest

from agi.server import Route, listen
from callcenter import listening
from callcenter.errors import CannotStartError
from callcenter.lab.ports import free_tcp
from callcenter.listening import is_ours, refuse_fastagi

pytestmark = pytest.mark.unit

REMEDY = "set fastagi.host and fastagi.port, and CC_AGI of the dialplan"


async def test_a_free_port_is_taken_by_nobody_when_it_was_tried() -> None:
    port = free_tcp()
    await refuse_fastagi("127.0.0.1", port)
    socket.create_server(("127.0.0.1", port)).close()


async def test_a_port_that_another_of_us_serves_is_no_refusal() -> None:
    """A second telephony process waits for its turn."""

    async def script(_session: object) -> None: ...

    async with listen({"greet": Route(script, 1.0)}, "127.0.0.1", 0) as server:
        await refuse_fastagi("127.0.0.1", server.port)
        assert server.counts["served"] == 0


@pytest.mark.parametrize("words", [b"HTTP/1.0 400 Bad Request\r\n\r\n", b""])
async def test_another_programs_port_is_refused_with_the_settings_to_change(
    monkeypatch: pytest.MonkeyPatch, words: bytes
) -> None:
    """One that answers in its own manner, one that says nothing and waits."""
    monkeypatch.setattr(listening, "PATIENCE", 0.2)
    done = asyncio.Event()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()
        await writer.wait_closed()
        done.set()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(CannotStartError) as refused:
        await refuse_fastagi("127.0.0.1", port)
    assert str(refused.value) == f"127.0.0.1:{port} cannot be listened on: Address already in use: {REMEDY}"
    await done.wait()
    server.close()


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(CannotStartError, match=rf"^{host}:4573 cannot be listened on: .+: {REMEDY}$"):
        await refuse_fastagi(host, 4573)


async def test_nobody_there_is_not_one_of_us() -> None:
    assert not await is_ours("127.0.0.1", free_tcp())
