"""What broken clients do to a server: those who leave before the environment ends, and those who fall silent.

Between the two the server gets an ordinary load, so that a server that lives but no longer serves is seen.
"""

import contextlib
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.fastagi.generator import Load, StoppedError, run
from bench.fastagi.servers import Server

LEAVERS = 200
SILENT = 100
"""Of each kind: in the middle of the environment, and after it, at the first command."""
PATIENCE = 6.0
"""Seconds a server has to rid itself of the silent; our scripts' own deadline is 4 s."""
REST = 1.0
PLAIN = Load(32, 1000)
HALF = b"agi_network: yes\nagi_network_script: greet\nagi_uniqueid: hl1-1795337121.%d\n"


@dataclass(frozen=True)
class Survival:
    """How a server came through. Rates are sessions/s of ordinary clients, None when it served none any more."""

    after_leavers: float | None
    idle_cpu: float
    with_silent: float | None
    errors: int
    still_held: int
    left_open: int


def survive(program: list[str | Path], server: Server) -> Survival:
    """Leavers, then a look at the server at rest, then silent clients and a load beside them."""
    before = server.descriptors()
    for n in range(LEAVERS):
        leave(server.port, n)
    time.sleep(0.3)
    idle = at_rest(server)
    after, errors = _served(program, server)
    with silent(server.port) as held:
        began = time.monotonic()
        beside, more = _served(program, server)
        still = unwanted(held, began + PATIENCE)
    time.sleep(0.3)
    return Survival(after, idle, beside, errors + more, still, max(0, server.descriptors() - before))


def leave(port: int, n: int) -> None:
    """Connect, say half an environment, and be gone; every second one with RST."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2.0) as line:
        line.sendall(HALF % n)
        if n % 2:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def silent(port: int) -> Iterator[list[socket.socket]]:
    """Clients that stop in the middle of the environment, and others that answer no command."""
    lines: list[socket.socket] = []
    try:
        for n in range(2 * SILENT):
            with contextlib.suppress(OSError):
                line = socket.create_connection(("127.0.0.1", port), 2.0)
                lines.append(line)
                line.sendall(HALF % (500_000 + n) + (b"\n" if n % 2 else b""))
        yield lines
    finally:
        for line in lines:
            line.close()


def unwanted(lines: list[socket.socket], until: float) -> int:
    """How many of the lines the server had not closed at the moment `until` (time.monotonic)."""
    left = set(lines)
    while left and (rest := until - time.monotonic()) > 0:
        ready, _, _ = select.select(list(left), [], [], rest)
        for line in ready:
            if _is_closed(line):
                left.discard(line)
    return len(left)


def at_rest(server: Server) -> float:
    """The share of a core the server uses while nobody asks it for anything."""
    before = server.cpu()
    time.sleep(REST)
    return (server.cpu() - before) / REST


def _is_closed(line: socket.socket) -> bool:
    try:
        return not line.recv(4096)
    except OSError:
        return True


def _served(program: list[str | Path], server: Server) -> tuple[float | None, int]:
    try:
        found = run(program, server.port, PLAIN, patience=8.0)
    except StoppedError:
        return None, 0
    return (found["rate"] if found["sessions"] else None), int(found["errors"])
