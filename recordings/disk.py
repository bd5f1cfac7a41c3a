"""Durable file operations: write once, sync files and directories, publish by rename.

Never overwrites, never follows a symbolic link, and never calls fsync a second time on data whose
first fsync failed: Linux drops the dirty pages and the second call would lie.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recordings.errors import AlreadyThereError, ArchiveFullError, VolumeSuspectError

CHUNK = 1 << 20
FILE_MODE = 0o440
WORK_DIRECTORY_MODE = 0o750
SEALED_DIRECTORY_MODE = 0o550


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals of a write or sync into the archive's errors."""
    try:
        yield
    except FileExistsError as error:
        raise AlreadyThereError(str(path)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ArchiveFullError(f"{path}: {error.strerror}") from error
        raise VolumeSuspectError(f"{path}: {error.strerror}") from error


def create(path: Path, mode: int = FILE_MODE) -> int:
    """Open a new file for writing and reading; the caller syncs and closes the descriptor."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with write_errors(path):
        descriptor = os.open(path, flags, mode)
        os.fchmod(descriptor, mode)
        return descriptor


def write_all(descriptor: int, content: bytes | memoryview, path: Path) -> None:
    """Write every byte, however many calls that takes."""
    rest = memoryview(content)
    with write_errors(path):
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def write_once(path: Path, content: bytes, mode: int = FILE_MODE) -> None:
    """Create ``path`` with exactly these bytes and sync them. An existing file is an error."""
    descriptor = create(path, mode)
    try:
        write_all(descriptor, content, path)
        with write_errors(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """fsync a file that another program wrote (Asterisk never syncs its recordings)."""
    _sync(path, os.O_RDONLY | os.O_NOFOLLOW)


def sync_directory(path: Path) -> None:
    """fsync a directory, which makes the names in it durable."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    with write_errors(path):
        descriptor = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_directories(path: Path) -> None:
    """Create missing parents and sync each directory that received a new name."""
    missing = []
    parent = path
    while not parent.is_dir():
        missing.append(parent)
        parent = parent.parent
    for directory in reversed(missing):
        with write_errors(directory):
            directory.mkdir(mode=WORK_DIRECTORY_MODE, exist_ok=True)
        sync_directory(directory.parent)


def publish(staged: Path, final: Path) -> None:
    """Rename a finished directory to its place and sync both parents.

    A directory rename cannot replace a non-empty directory, so nothing is ever overwritten.
    """
    try:
        staged.rename(final)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise AlreadyThereError(str(final)) from error
        raise VolumeSuspectError(f"{final}: {error.strerror}") from error


def replace(staged: Path, final: Path) -> None:
    """Put a synced file in the place of an older one in a single step, then sync the directory."""
    with write_errors(final):
        staged.replace(final)
    sync_directory(final.parent)


def rewrite(staged: Path, final: Path, content: bytes, mode: int = 0o640) -> None:
    """Write a small file anew and put it in the place of the older one, synced before and after."""
    with write_errors(staged):
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        try:
            write_all(descriptor, content, staged)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    replace(staged, final)


def discard_stage(stage: Path, entry: Path) -> None:
    """Remove what an interrupted sealing left in the stage; refuses anything outside it (R21)."""
    if entry.parent != stage or entry.is_symlink():
        raise VolumeSuspectError(f"{entry} is not a stage entry")
    for directory, _, _ in os.walk(entry):
        Path(directory).chmod(WORK_DIRECTORY_MODE)
    shutil.rmtree(entry)


def discard_derived(derived: Path, unfinished: Path) -> None:
    """Remove a derived copy that was not finished; refuses anything that is not such a copy."""
    if not unfinished.is_relative_to(derived) or not unfinished.name.startswith("."):
        raise VolumeSuspectError(f"{unfinished} is not an unfinished copy")
    unfinished.unlink(missing_ok=True)


def free_bytes(path: Path) -> int:
    """Bytes an unprivileged writer may still use on the file system of ``path``."""
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize


def drop_cache(path: Path) -> None:
    """Ask the kernel to forget cached pages of a synced file, so that the next read comes from disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def digests(path: Path, algorithms: Iterable[str]) -> dict[str, str]:
    """Hex digests of a file, one pass, in flat memory."""
    hashes = {name: hashlib.new(name) for name in algorithms}
    with path.open("rb", buffering=0) as file:
        buffer = memoryview(bytearray(CHUNK))
        while count := file.readinto(buffer):
            for running in hashes.values():
                running.update(buffer[:count])
    return {name: running.hexdigest() for name, running in hashes.items()}
