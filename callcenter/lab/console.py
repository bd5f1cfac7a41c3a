"""Asterisk's command line over AMI, for starting, checking and testing. Not for the running system (agi/ami.py)."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


class ConsoleError(Exception):
    """AMI refused, closed or did not answer in time."""


@dataclass(frozen=True)
class ConsoleAddress:
    """Where AMI listens, and who may come in."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


class Console:
    """A blocking AMI connection: one action at a time, events are skipped."""

    def __init__(self, address: ConsoleAddress, timeout: float = 5.0) -> None:
        """Connect and log in.

        Raises:
            OSError: nobody listens there.
            ConsoleError: the log-in was refused.
        """
        self._socket = socket.create_connection((address.host, address.port), timeout)
        self._lines = self._socket.makefile("rb")
        self.booted = False
        self._lines.readline()
        self.action("Login", Username=address.user, Secret=address.password)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._socket.close()

    def action(self, name: str, **fields: str) -> dict[str, list[str]]:
        """Send one action and return its response: header → values.

        Raises:
            ConsoleError: the response was not a success.
        """
        text = "".join(f"{key}: {value}\r\n" for key, value in {"Action": name, **fields}.items())
        self._socket.sendall(f"{text}\r\n".encode())
        while True:
            message = self._message()
            if message.get("Event") == ["FullyBooted"]:
                self.booted = True
            if "Response" in message:
                break
        if message["Response"] == ["Error"]:
            raise ConsoleError(f"{name}: {' '.join(message.get('Message', ['refused']))}")
        return message

    def command(self, line: str) -> str:
        """What Asterisk's command line prints for `line`."""
        return "\n".join(self.action("Command", Command=line).get("Output", []))

    def wait_booted(self) -> None:
        """Return when Asterisk says that all modules are up."""
        while not self.booted:
            self.booted = self._message().get("Event") == ["FullyBooted"]

    def _message(self) -> dict[str, list[str]]:
        message: dict[str, list[str]] = {}
        while True:
            line = self._lines.readline()
            if not line:
                raise ConsoleError("AMI closed the connection")
            text = line.decode(errors="replace").rstrip("\r\n")
            if not text:
                return message
            key, _, value = text.partition(": ")
            message.setdefault(key.rstrip(":"), []).append(value)


def variables(settings: Mapping[str, str]) -> str:
    """AMI's Variable header for several channel variables."""
    return ",".join(f"{name}={value}" for name, value in settings.items())
