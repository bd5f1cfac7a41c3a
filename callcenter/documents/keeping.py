"""Where the bytes of documents lie: under their SHA-256, written once, never changed. Everything here blocks."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callcenter.documents.errors import DocumentDamagedError
from callcenter.errors import AwayError
from recordings import disk
from recordings.errors import RecordingsError
from tickets.errors import Words


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are safe on disk."""

    sha256: str
    size: int


class Vault:
    """A folder of contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> Content:
        """Keeps the bytes; after this returns they survive a loss of power. Raises AwayError."""
        sha256 = hashlib.sha256(content).hexdigest()
        final = self.path_of(sha256)
        staged = self._folder / "stage" / secrets.token_hex(16)
        try:
            disk.make_directories(staged.parent)
            disk.make_directories(final.parent)
            disk.write_once(staged, content)
            with disk.write_errors(final):
                staged.replace(final)
            disk.sync_directory(final.parent)
        except RecordingsError as error:
            raise AwayError(Words("文书存储不可用", "documents cannot be stored")) from error
        return Content(sha256, len(content))

    def path_of(self, sha256: str) -> Path:
        """Where a content lies, or would."""
        return self._folder / "content" / sha256[:2] / sha256[2:4] / sha256

    def verify(self, sha256: str, size: int) -> None:
        """Reads the content back. Raises DocumentDamagedError when it is missing or another."""
        try:
            path = self.path_of(sha256)
            if path.stat().st_size == size and disk.digests(path, ("sha256",))["sha256"] == sha256:
                return
        except FileNotFoundError:
            pass
        raise DocumentDamagedError(Words("文书文件缺失或已受损", "the document's file is missing or damaged"))

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The content, piece by piece; verify it first."""
        with self.path_of(sha256).open("rb", buffering=0) as file:
            while chunk := file.read(disk.CHUNK):
                yield chunk
