"""Where files lie: once for each content, synced before anybody is told, never changed, never removed."""

import errno
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.attachments import vault as vaults
from callcenter.attachments.errors import DamagedError, StoreAwayError, StoreFullError
from callcenter.attachments.vault import Vault
from recordings import disk

pytestmark = pytest.mark.unit

CONTENT = b"letter"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "attachments")


def stages(vault: Vault) -> list[Path]:
    return list((vault.folder / "stage").iterdir())


def test_a_content_lies_under_its_hash_and_nobody_may_write_it(vault: Vault) -> None:
    content = vault.put(CONTENT)
    assert (content.sha256, content.size) == (SHA256, len(CONTENT))
    path = vault.path_of(SHA256)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (CONTENT, 0o440)
    assert b"".join(vault.chunks(SHA256)) == CONTENT
    assert stages(vault) == []


def test_the_same_bytes_twice_are_one_file(vault: Vault) -> None:
    vault.put(CONTENT)
    before = vault.path_of(SHA256).stat()
    vault.put(CONTENT)
    assert vault.path_of(SHA256).stat() == before
    assert [sha256 for sha256, _ in vault.walk()] == [SHA256]


def test_everything_is_synced_before_it_is_told(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-4: the file before its name, its folder after it."""
    steps: list[str] = []
    sync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append(str(Path(f"/proc/self/fd/{fd}").readlink())), sync(fd)))
    monkeypatch.setattr(os, "link", lambda a, b: (steps.append("link"), link(a, b)))
    vault.put(CONTENT)
    assert "/stage/" in steps[steps.index("link") - 1] or any(
        "/stage/" in step for step in steps[: steps.index("link")]
    )
    assert steps[-1] == str(vault.path_of(SHA256).parent)


@pytest.mark.parametrize("name", ["../x", "a" * 63, "A" * 64, "", "/etc/passwd"])
def test_no_name_but_a_hash_leads_anywhere(vault: Vault, name: str) -> None:
    """H5"""
    with pytest.raises(ValueError, match="SHA-256"):
        vault.path_of(name)


def test_what_changed_or_is_gone_is_damaged(vault: Vault) -> None:
    vault.put(CONTENT)
    path = vault.path_of(SHA256)
    vault.verify(SHA256, len(CONTENT))
    path.chmod(0o640)
    path.write_bytes(b"lettex")
    with pytest.raises(DamagedError):
        vault.verify(SHA256, len(CONTENT))
    with pytest.raises(DamagedError):
        vault.put(CONTENT)
    path.unlink()
    with pytest.raises(DamagedError):
        vault.verify(SHA256, len(CONTENT))
    assert not vault.has(SHA256)


def test_a_link_in_a_contents_place_is_never_followed_for_one(vault: Vault, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(CONTENT)
    vault.put(b"first")
    vault.path_of(SHA256).parent.mkdir(parents=True)
    vault.path_of(SHA256).symlink_to(other)
    assert not vault.has(SHA256)
    with pytest.raises(DamagedError):
        vault.verify(SHA256, len(CONTENT))


def test_what_the_disk_gives_back_otherwise_is_never_called_safe(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "digests", lambda *_: {"sha256": "0" * 64})
    with pytest.raises(StoreAwayError):
        vault.put(CONTENT)
    monkeypatch.undo()
    assert not vault.has(SHA256)
    assert stages(vault) == []


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, StoreFullError), (errno.EDQUOT, StoreFullError), (errno.EIO, StoreAwayError)],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_a_refusal_of_the_disk_leaves_nothing_behind(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, call: str, number: int, error: type[Exception]
) -> None:
    vault.put(b"first")

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(error):
        vault.put(CONTENT)
    monkeypatch.undo()
    assert not vault.has(SHA256)
    assert stages(vault) == []
    vault.put(CONTENT)


def test_little_room_is_told_before_a_byte_is_written(tmp_path: Path) -> None:
    with pytest.raises(StoreFullError):
        Vault(tmp_path / "attachments", minimum_free=1 << 60).begin()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root to mount a small file system")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no small file system: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_a_refusal_and_what_was_stored_stays(small_disk: Path) -> None:
    vault = Vault(small_disk / "attachments")
    first = vault.put(CONTENT)
    with pytest.raises(StoreFullError):
        vault.put(os.urandom(2 << 20))
    assert stages(vault) == []
    vault.verify(first.sha256, first.size)
    assert vault.put(b"small again").size == 11


def test_there_is_nothing_that_removes_a_content() -> None:
    """E-20, B-3: no verb for it."""
    public = {name for name in vars(Vault) if not name.startswith("_")}
    assert public == {"begin", "keep", "put", "path_of", "has", "verify", "chunks", "walk"}
    assert vaults.Staged.discard is not None
