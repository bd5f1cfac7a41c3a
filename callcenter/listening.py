"""Addresses our processes listen on, tried before anything begins. Must never take a port that another of us serves."""

import asyncio
import errno
import os
import socket

from callcenter.errors import CannotStartError

QUESTION = b"agi_network: yes\nagi_network_script: doctor\nagi_request: agi://doctor/doctor\nagi_uniqueid: doctor\n\n"
"""A script that there is not: our FastAGI closes at once and says nothing; it counts one unknown script."""
PATIENCE = 2.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - what a setting may say
"""Where to knock when a setting says that it listens on every address."""


def reachable(host: str) -> str:
    """The address at which what listens on `host` is found from this machine."""
    return ANYWHERE.get(host, host)


def refusal(host: str, port: int, error: OSError, settings: str) -> CannotStartError:
    """Why nothing can listen there, and which settings to change."""
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return CannotStartError(f"{host}:{port} cannot be listened on: {reason}: set {settings}")


async def refuse_fastagi(host: str, port: int) -> None:
    """Raises CannotStartError when FastAGI can never listen there; a port that another of us serves becomes free."""
    try:
        await asyncio.to_thread(_bind, host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await is_ours(reachable(host), port):
            return
        raise refusal(host, port, error, "fastagi.host and fastagi.port, and CC_AGI of the dialplan") from error


async def is_ours(host: str, port: int) -> bool:
    """Whether a FastAGI of ours answers there. Another program says something, or nothing within two seconds."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(QUESTION)
                return not await reader.read(64)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _bind(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tried.bind(address)
