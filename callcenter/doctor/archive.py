"""The archive: the right disk, one file system, room, rights, the signing key. `archive verify` reads its contents."""

import asyncio

import asyncpg

from callcenter.archiving import opening
from callcenter.config import RecordingsConfig
from callcenter.db.away import AWAY
from callcenter.doctor import disk
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from recordings import store
from recordings.archive import Archive
from recordings.checkpoint import Signer
from recordings.errors import RecordingsError
from recordings.log import Log

WRITTEN = ("root", "stage", "log", "quarantine", "derived")
TIMEOUT = 2.0


async def look(here: Installation, notes: Notes) -> None:
    """Judges the folder; where there is none the index says whether there should be one."""
    settings = here.config.recordings
    archive = Archive(settings.archive_root, settings.archive_id, settings.minimum_free * disk.MEGABYTE)
    if await asyncio.to_thread(archive.root.is_dir):
        await asyncio.to_thread(_judge, archive, settings, notes)
    else:
        _absent(archive, await _was_filled(here.config.database.url), notes)
    _key(settings, notes)


def _judge(archive: Archive, settings: RecordingsConfig, notes: Notes) -> None:
    mount = (
        "挂载归档磁盘，或设置 recordings.archive_root、archive_id",
        "mount its disk, or set recordings.archive_root and archive_id",
    )
    try:
        archive.check_readable()
    except RecordingsError as error:
        notes.fail("root", str(error), str(error), mount)
        return
    notes.ok("root", f"{archive.root}，归档 {archive.root_id}", f"{archive.root}, archive {archive.root_id}")
    folders = [archive.base / name for name in WRITTEN]
    closed = [str(folder) for folder in folders if not disk.may_write(folder)]
    if closed and disk.given_read_only(archive.root):
        notes.ok("writable", "此处只读挂载，由 worker 写入", "mounted read-only here: the worker writes it")
    else:
        notes.expect(
            "writable",
            not closed,
            f"{'本用户不可写：' + ', '.join(closed) if closed else '可写'}",
            f"{'this user may not write to ' + ', '.join(closed) if closed else 'this user may write'}",
            ("以 worker 的用户运行 doctor；核对属主", "run doctor as the worker's user; check who owns them"),
        )
    if archive.stage.is_dir():
        same = archive.root.stat().st_dev == archive.stage.stat().st_dev
        notes.expect(
            "one-file-system",
            same,
            f"stage 与 root {'在' if same else '不在'}同一个文件系统",
            f"stage and root are {'' if same else 'not '}on one file system",
            ("封存靠改名：两者必须在同一个文件系统", "sealing is a rename: both must be on one file system"),
        )
    disk.judge_space("space", archive.root, archive.minimum_free, notes)
    _log(archive, settings, notes)


def _absent(archive: Archive, filled: bool | None, notes: Notes) -> None:
    above = disk.nearest(archive.base)
    if filled:
        notes.fail(
            "root",
            f"没有 {archive.root}，而索引里有录音：磁盘没有挂载？",
            f"no {archive.root}, although the index has recordings: is its disk mounted?",
            ("挂载归档磁盘；绝不要新建", "mount its disk; never make a new one"),
        )
    elif not disk.may_write(above):
        notes.fail(
            "root",
            f"没有 {archive.root}，也不能在 {above} 中建立",
            f"no {archive.root}, and none can be made in {above}",
            ("建立目录并交给 worker 的用户", "make the folder and give it to the worker's user"),
        )
    else:
        notes.ok("root", f"{archive.root} 将在第一次封存时建立", f"{archive.root} will be made with the first sealing")
        disk.judge_space("space", above, archive.minimum_free, notes)


def _log(archive: Archive, settings: RecordingsConfig, notes: Notes) -> None:
    """The newest signed tree head must be of this log and of our key."""
    try:
        log = Log(archive.log, opening.origin(settings))
        head, note = log.head, log.checkpoint_note()
        if note is None or not settings.signing_key:
            notes.ok("log", f"日志 {head.size} 条", f"{head.size} leaves in the log")
            return
        signed = log.signed_head((Signer.parse(settings.signing_key).verifier(),))
    except ValueError:
        return
    except (RecordingsError, OSError) as error:
        notes.fail(
            "log",
            f"日志：{error}",
            f"the log: {error}",
            ("不要改动任何东西；执行 callcenter archive verify", "change nothing; run callcenter archive verify"),
        )
    else:
        size = signed.size if signed is not None else 0
        notes.ok("log", f"日志 {head.size} 条，已签名 {size} 条", f"{head.size} leaves in the log, {size} signed")


def _key(settings: RecordingsConfig, notes: Notes) -> None:
    if not settings.signing_key:
        notes.warn(
            "signing-key",
            "没有签名密钥：日志不签检查点，外人不能证明它没有被整个重写",
            "no signing key: no checkpoint is signed, nobody outside can prove that the log was not written anew",
            ("见 docs/operations.md“签名密钥”", "see docs/operations.md, The signing key"),
        )
        return
    try:
        signer = Signer.parse(settings.signing_key)
    except ValueError as error:
        notes.fail("signing-key", str(error), str(error), ("设置 recordings.signing_key", "set recordings.signing_key"))
    else:
        notes.ok("signing-key", f"签名密钥 {signer.name}", f"signing key {signer.name}")


async def _was_filled(url: str) -> bool | None:
    """Whether anything was ever sealed; None when the index cannot be asked."""
    try:
        conn = await asyncpg.connect(url, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return await store.has_any(conn)
        finally:
            conn.terminate()
    except (*AWAY, asyncpg.PostgresError):
        return None
