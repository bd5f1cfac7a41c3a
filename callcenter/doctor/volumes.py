"""The two capture volumes, as this machine sees them, and whether Asterisk can write there."""

import asyncio
from pathlib import Path

from callcenter.archiving.captures import MARK
from callcenter.doctor import disk
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

LEAST_FREE = disk.LEAST_FREE


async def look(here: Installation, notes: Notes) -> None:
    """Judges each volume, then both together."""
    recordings = here.config.recordings
    await asyncio.to_thread(_judge, recordings.volumes, recordings.cel_file, notes)


def _judge(volumes: tuple[Path, ...], cel_file: Path, notes: Notes) -> None:
    writer = _asterisk(cel_file)
    devices, marked = [], 0
    for number, volume in enumerate(volumes, 1):
        try:
            status = volume.stat()
            entries = {entry.name: entry.is_dir() for entry in volume.iterdir()}
        except OSError as error:
            notes.fail(
                f"volume-{number}",
                f"{volume}：{error.strerror}",
                f"{volume}: {error.strerror}",
                ("建立或挂载它，设置 recordings.volumes", "make or mount it, or set recordings.volumes"),
            )
            continue
        devices.append(status.st_dev)
        marked += MARK in entries
        _mark(number, volume, entries, notes)
        if writer is not None:
            _writable(number, volume, writer, notes)
        try:
            disk.judge_space(f"volume-{number}-space", volume, LEAST_FREE, notes)
        except OSError as error:
            notes.fail(f"volume-{number}-space", str(error), str(error), ("检查磁盘", "check the disk"))
    if len(devices) == len(volumes) and len(set(devices)) < len(devices):
        notes.warn(
            "two-disks",
            "两个卷在同一个文件系统上",
            "both volumes are on one file system",
            ("放到两个磁盘上，一个坏了还有另一个", "put them on two disks, so that one can fail"),
        )


def _mark(number: int, volume: Path, entries: dict[str, bool], notes: Notes) -> None:
    if MARK in entries:
        notes.ok(f"volume-{number}", f"{volume}，有 {MARK}", f"{volume}, with {MARK}")
    elif any(entries.values()):
        notes.warn(
            f"volume-{number}",
            f"{volume} 没有 {MARK}：已被停用，新通话用另一个卷",
            f"{volume} has no {MARK}: it was taken out of use, new calls go to the other one",
            (f"磁盘恢复后 touch {volume}/{MARK}", f"when its disk is well again: touch {volume}/{MARK}"),
        )
    else:
        notes.fail(
            f"volume-{number}",
            f"{volume} 是空的，也没有 {MARK}：磁盘没有挂载？",
            f"{volume} is empty and has no {MARK}: is its disk mounted?",
            (f"挂载它；新的卷 touch {volume}/{MARK}", f"mount it; for a new volume: touch {volume}/{MARK}"),
        )


def _writable(number: int, volume: Path, writer: tuple[int, int], notes: Notes) -> None:
    uid, gid = writer
    allowed = disk.may_write_as(volume, uid, gid)
    notes.expect(
        f"volume-{number}-writer",
        allowed,
        f"Asterisk（uid {uid}）{'可写' if allowed else '不可写'} {volume}",
        f"Asterisk (uid {uid}) {'may' if allowed else 'may not'} write to {volume}",
        (f"chown {uid}:{gid} {volume}；chmod 2770 {volume}", f"chown {uid}:{gid} {volume}; chmod 2770 {volume}"),
    )


def _asterisk(cel_file: Path) -> tuple[int, int] | None:
    """User and group of Asterisk: who owns what it writes; None when that cannot be seen from here."""
    for path in (cel_file, cel_file.parent):
        try:
            status = path.stat()
        except OSError:
            continue
        return status.st_uid, status.st_gid
    return None
