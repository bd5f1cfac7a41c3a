"""Where the bytes of attachments lie: once for each content, under its SHA-256, for ever.

A file is staged with its hash counted on the way, synced, read back from disk, and linked to its name, which never
takes another's place. There is no way to remove or change one. Everything here blocks: call it in a thread.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callcenter.attachments.errors import DamagedError, StoreAwayError, StoreFullError
from recordings import disk
from recordings.errors import ArchiveFullError, RecordingsError
from tickets.errors import Words

CHUNK = disk.CHUNK
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are safe in the vault."""

    sha256: str
    size: int


class Staged:
    """A file on its way in. Whoever begins one also calls `discard`, whatever became of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._descriptor = disk.create(path)

    @property
    def sha256(self) -> str:
        """Of what was written so far."""
        return self._hash.hexdigest()

    def write(self, content: bytes) -> None:
        """Adds bytes. Raises StoreFullError, StoreAwayError."""
        with _refusals():
            disk.write_all(self._descriptor, content, self.path)
        self._hash.update(content)
        self.size += len(content)

    def discard(self) -> None:
        """Removes the staged name; what was published keeps its own."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self.path.unlink(missing_ok=True)

    def sync(self) -> None:
        """Makes what was written durable. Raises StoreFullError, StoreAwayError: then it must be sent again."""
        with _refusals(), disk.write_errors(self.path):
            os.fsync(self._descriptor)


class Vault:
    """A folder of contents; safe for several processes at once."""

    def __init__(self, folder: Path, minimum_free: int = 0) -> None:
        self.folder = folder
        self._stage = folder / "stage"
        self._minimum_free = minimum_free

    def begin(self) -> Staged:
        """A new file to write to. Raises StoreFullError below `minimum_free` bytes, StoreAwayError."""
        with _refusals():
            disk.make_directories(self._stage)
            with disk.write_errors(self._stage):
                free = disk.free_bytes(self._stage)
            if free < self._minimum_free:
                raise _full()
            return Staged(self._stage / secrets.token_hex(16))

    def keep(self, staged: Staged) -> Content:
        """The staged file safe under its hash, or the one that has been there. Raises StoreFullError, StoreAwayError.

        After this returns it survives a loss of power.
        """
        staged.sync()
        final = self.path_of(staged.sha256)
        with _refusals():
            disk.drop_cache(staged.path)
            if disk.digests(staged.path, ("sha256",))["sha256"] != staged.sha256:
                raise _away("写入后读回的内容不一致", "what was read back is not what was written")
            disk.make_directories(final.parent)
            with disk.write_errors(final):
                try:
                    os.link(staged.path, final)
                except FileExistsError:
                    self._refuse_if_damaged(staged.sha256)
            disk.sync_directory(final.parent)
        return Content(staged.sha256, staged.size)

    def put(self, content: bytes) -> Content:
        """Bytes that are in memory already, kept like a staged file."""
        staged = self.begin()
        try:
            staged.write(content)
            return self.keep(staged)
        finally:
            staged.discard()

    def path_of(self, sha256: str) -> Path:
        """Where a content lies, or would."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256")
        return self.folder / "content" / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Whether there is a plain file of this name."""
        path = self.path_of(sha256)
        return path.is_file() and not path.is_symlink()

    def verify(self, sha256: str, size: int) -> None:
        """Reads the content from disk. Raises DamagedError when it is missing or another, StoreAwayError."""
        path = self.path_of(sha256)
        try:
            found = path.stat(follow_symlinks=False).st_size
            if found != size or disk.digests(path, ("sha256",))["sha256"] != sha256:
                raise _damaged()
        except FileNotFoundError:
            raise _damaged() from None
        except OSError as error:
            raise _away("附件无法读取", "the file cannot be read") from error

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The content, piece by piece; verify it first. Raises StoreAwayError."""
        try:
            with self.path_of(sha256).open("rb", buffering=0) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as error:
            raise _away("附件无法读取", "the file cannot be read") from error

    def walk(self) -> Iterator[tuple[str, float]]:
        """Hash and time (seconds since 1970) of everything that lies here under a hash."""
        for path in (self.folder / "content").glob("??/??/*"):
            if _SHA256.fullmatch(path.name):
                try:
                    yield path.name, path.stat(follow_symlinks=False).st_mtime
                except FileNotFoundError:
                    continue

    def _refuse_if_damaged(self, sha256: str) -> None:
        """Nobody is told that a content is safe because a broken one of its name is there."""
        if disk.digests(self.path_of(sha256), ("sha256",))["sha256"] != sha256:
            raise _damaged()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ArchiveFullError as error:
        raise _full() from error
    except (RecordingsError, OSError) as error:
        raise _away("附件存储不可用", "the store of attachments refuses") from error


def _full() -> StoreFullError:
    return StoreFullError(Words("附件存储空间不足", "there is no room for another file"))


def _away(zh: str, en: str) -> StoreAwayError:
    return StoreAwayError(Words(zh, en))


def _damaged() -> DamagedError:
    return DamagedError(
        Words("磁盘上的附件缺失或与存入时不一致，正在核查", "the file on disk is missing or not what was stored")
    )
