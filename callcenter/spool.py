"""Tickets taken while PostgreSQL is away: one fsynced file per key, replayed in order of arrival.

A ticket is here before anyone is told it was taken, and leaves only after the database has it. Must never lose a
file it cannot read, or that nothing takes: that one is set aside, and a person told.
"""

import asyncio
import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from callcenter.db.away import is_away
from tickets.errors import TicketError

log = logging.getLogger(__name__)

TRIES = 30
"""How often an entry is tried that fails for a reason nobody foresaw, before it is set aside: a minute."""
PASSING = (asyncpg.TransactionRollbackError, asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.PostgresSystemError)
"""Others were in the way, or the server is in trouble: nothing is wrong with the ticket (SQLSTATE 40, 55, 58)."""


class SpoolConflictError(Exception):
    """The key is in the spool with other content."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One spooled ticket: its key and what was asked, as JSON."""

    key: UUID
    document: Mapping[str, Any]


class TicketSpool:
    """A folder of tickets that wait for the database; safe for several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aside = folder / "set-aside"
        self._failed: Counter[str] = Counter()

    async def put(self, entry: Entry) -> bool:
        """Make the entry durable: file and folder are synced when this returns. False: it was there already.

        Raises SpoolConflictError when the key was spooled with another document, OSError when the disk refuses.
        """
        return await asyncio.to_thread(self._put, entry)

    async def replay(
        self, insert: Callable[[Entry], Awaitable[None]], tell: Callable[[str, str], Awaitable[None]]
    ) -> int:
        """Hand every entry to `insert`, oldest first, and remove what it took; returns how many.

        Stops at the first sign that the database is away. What the rules refuse, what cannot be read and what failed
        TRIES times is set aside, after `tell` took the file's name and the reason: its stable code, never its text.
        """
        done = 0
        for path in await asyncio.to_thread(self._waiting):
            try:
                entry = await asyncio.to_thread(self._read, path)
                if entry is None:
                    continue
                await insert(entry)
            except Exception as error:
                if is_away(error) or isinstance(error, PASSING):
                    return done
                if not await self._is_given_up(path, error):
                    continue
                try:
                    await tell(path.name, _reason(error))
                except Exception as telling:
                    log.warning("nobody could be told of a ticket to set aside", extra={"error": _reason(telling)})
                    return done
                await asyncio.to_thread(self._set_aside, path)
                continue
            await asyncio.to_thread(self._remove, path)
            self._failed.pop(path.name, None)
            done += 1
        return done

    async def _is_given_up(self, path: Path, error: Exception) -> bool:
        self._failed[path.name] += 1
        final = isinstance(error, TicketError | ValueError) or self._failed[path.name] >= TRIES
        if final or self._failed[path.name] == 1:
            log.error(
                "spooled ticket not stored",
                extra={"file": path.name, "reason": _reason(error), "is_set_aside": final},
            )
        return final

    def waiting(self) -> int:
        """How many tickets wait here."""
        return len(self._waiting())

    def set_aside(self) -> int:
        """How many were set aside, for a person to look at."""
        return sum(1 for _ in self._aside.glob("*.json"))

    def _put(self, entry: Entry) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True)
        final = self._folder / f"{entry.key}.json"
        content = json.dumps(entry.document, ensure_ascii=False, sort_keys=True).encode()
        temporary = self._folder / f".{entry.key}.{secrets.token_hex(4)}.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            while not (fresh := self._publish(temporary, final)):
                there = self._fingerprint(final)
                if there == entry.document.get("fingerprint"):
                    break
                if there is not None:
                    raise SpoolConflictError(str(entry.key))
        finally:
            temporary.unlink(missing_ok=True)
        self._sync_folder()
        return fresh

    @staticmethod
    def _publish(temporary: Path, final: Path) -> bool:
        """Give the file its name only if nobody has; a link, unlike a rename, never takes another's place."""
        try:
            os.link(temporary, final)
        except FileExistsError:
            return False
        return True

    @staticmethod
    def _fingerprint(final: Path) -> str | None:
        """What the file there tells of its request; None when the database has taken it this moment."""
        try:
            return str(json.loads(final.read_bytes()).get("fingerprint"))
        except FileNotFoundError:
            return None

    def _waiting(self) -> list[Path]:
        try:
            found = [(path.stat().st_mtime_ns, path.name, path) for path in self._folder.glob("[!.]*.json")]
        except FileNotFoundError:
            return []
        return [path for _, _, path in sorted(found)]

    def _read(self, path: Path) -> Entry | None:
        """None when another process has taken it meanwhile; raises ValueError for what is no entry."""
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(document, dict):
            raise ValueError("not an object")
        return Entry(UUID(path.stem), document)

    def _set_aside(self, path: Path) -> None:
        self._aside.mkdir(exist_ok=True)
        place = self._aside / path.name
        if place.exists():  # another request under that key is there already
            place = self._aside / f"{path.stem}.{secrets.token_hex(4)}.json"
        try:
            path.replace(place)
        except FileNotFoundError:
            return
        self._failed.pop(path.name, None)
        self._sync_folder()

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: Exception) -> str:
    """What a person may read anywhere: texts of errors quote what was asked, and of whom."""
    return error.code if isinstance(error, TicketError) else type(error).__name__
