"""One load on one server, by the compiled generator."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 25.0
"""Seconds a load may take before the server counts as dead."""


@dataclass(frozen=True)
class Load:
    """`early` and `slow` are percent of the sessions; every session gets `commands` commands of `script`."""

    clients: int
    sessions: int
    early: int = 0
    slow: int = 0
    commands: int = 5
    script: str = "greet"
    epoch: int = 1795337121
    first: int = 0


class StoppedError(Exception):
    """The server does not answer any more."""


def run(program: list[str | Path], port: int, load: Load, patience: float = PATIENCE) -> dict[str, float]:
    """What the generator counted: rate, percentiles in milliseconds, and errors of every kind together.

    Raises StoppedError.
    """
    numbers = (port, load.clients, load.sessions, load.commands, load.early, load.slow)
    words = [*map(str, program), *map(str, numbers), load.script, str(load.epoch), str(load.first)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=patience, check=True)
    except subprocess.TimeoutExpired:
        raise StoppedError from None
    found: dict[str, float] = json.loads(done.stdout)
    found["errors"] = found["refused"] + found["cut"] + found["wrong"] + found["slow_bad"]
    return found
