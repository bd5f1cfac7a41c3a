"""Tickets taken while PostgreSQL is away: one fsynced file per key, replayed in order of arrival.

A ticket is here before anyone is told it was taken, and leaves only after the database has it. Must never lose a
file it cannot read: that one is set aside, and stands in the log.
"""

import asyncio
import json
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from callcenter.db.away import is_away

log = logging.getLogger(__name__)


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
        self._unread = folder / "unreadable"

    async def put(self, entry: Entry) -> bool:
        """Make the entry durable: file and folder are synced when this returns. False: it was there already.

        Raises SpoolConflictError when the key was spooled with another document, OSError when the disk refuses.
        """
        return await asyncio.to_thread(self._put, entry)

    async def replay(self, insert: Callable[[Entry], Awaitable[None]]) -> int:
        """Hand every entry to `insert`, oldest first, and remove what it took; returns how many.

        Stops at the first sign that the database is away. An entry that is refused is set aside.
        """
        done = 0
        for path in await asyncio.to_thread(self._waiting):
            entry = await asyncio.to_thread(self._read, path)
            if entry is None:
                continue
            try:
                await insert(entry)
            except Exception as error:
                if is_away(error):
                    return done
                log.exception("spooled ticket refused", extra={"key": str(entry.key)})
                await asyncio.to_thread(self._set_aside, path)
                continue
            await asyncio.to_thread(self._remove, path)
            done += 1
        return done

    def waiting(self) -> int:
        """How many tickets wait here."""
        return len(self._waiting())

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
            fresh = self._publish(temporary, final)
        finally:
            temporary.unlink(missing_ok=True)
        self._sync_folder()
        if not fresh and self._differs(final, entry.document):
            raise SpoolConflictError(str(entry.key))
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
    def _differs(final: Path, document: Mapping[str, Any]) -> bool:
        try:
            there = json.loads(final.read_bytes())
        except FileNotFoundError:
            return False
        return bool(there.get("fingerprint") != document.get("fingerprint"))

    def _waiting(self) -> list[Path]:
        try:
            found = [(path.stat().st_mtime_ns, path.name, path) for path in self._folder.glob("[!.]*.json")]
        except FileNotFoundError:
            return []
        return [path for _, _, path in sorted(found)]

    def _read(self, path: Path) -> Entry | None:
        try:
            document = json.loads(path.read_bytes())
            if not isinstance(document, dict):
                raise ValueError("not an object")
            return Entry(UUID(path.stem), document)
        except FileNotFoundError:
            return None
        except ValueError:
            log.exception("spooled ticket unreadable", extra={"file": path.name})
            self._set_aside(path)
            return None

    def _set_aside(self, path: Path) -> None:
        self._unread.mkdir(exist_ok=True)
        path.replace(self._unread / path.name)
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
