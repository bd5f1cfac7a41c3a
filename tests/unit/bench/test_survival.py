"""How broken clients are played, shown on our own server."""

import asyncio
import socket
import time

import pytest

from agi.server import Limits, Route, listen
from agi.session import Session
from bench.fastagi.survival import SILENT, leave, silent, unwanted

pytestmark = pytest.mark.unit


async def ask(session: Session) -> None:
    await session.set_variable("CC_DONE", "1")


async def test_clients_that_leave_are_counted_and_those_who_fall_silent_are_shed() -> None:
    """A2, INV-8: in the environment after its deadline, at a command after the script's."""
    async with listen({"greet": Route(ask, 0.3)}, limits=Limits(header=0.3)) as server:
        for n in range(4):
            await asyncio.to_thread(leave, server.port, n)
        with silent(server.port) as lines:
            held = await asyncio.to_thread(unwanted, lines, time.monotonic() + 5)
        assert held == 0
        assert len(lines) == 2 * SILENT
        assert (server.counts["slow"], server.counts["late"]) == (SILENT, SILENT)
        assert server.counts["empty"] + server.counts["left"] == 4


def test_a_server_that_sheds_nobody_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * SILENT) as held, silent(held.getsockname()[1]) as lines:
        assert unwanted(lines[:5], time.monotonic() + 0.2) == 5
