"""The folder of tickets' files: writable, with room, and those stored last still there."""

import asyncio
from collections.abc import Sequence

import asyncpg

from callcenter.attachments import store
from callcenter.attachments.vault import Content, Vault
from callcenter.db.away import AWAY
from callcenter.doctor import disk
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

TIMEOUT = 2.0
SAMPLE = 100


async def look(here: Installation, notes: Notes) -> None:
    """Judges the folder, and a sample of what the database says lies in it."""
    files = here.config.attachments
    vault = Vault(files.folder)
    await asyncio.to_thread(_judge, vault, files.minimum_free * disk.MEGABYTE, notes)
    sample = await _sample(here.config.database.url)
    if sample is not None:
        await asyncio.to_thread(_compare, vault, sample, notes)


def _judge(vault: Vault, least: int, notes: Notes) -> None:
    above = disk.nearest(vault.folder)
    writable = disk.may_write(above)
    is_there = above == vault.folder
    notes.expect(
        "folder",
        writable,
        f"{vault.folder} {'可写' if is_there else '将在需要时建立'}" if writable else f"{above} 不可写",
        f"{vault.folder} {'is writable' if is_there else 'will be made when it is needed'}"
        if writable
        else f"{above} is not writable",
        (
            "交给 serve、work 的用户，或设置 attachments.folder",
            "give it to the user of serve and work, or set attachments.folder",
        ),
    )
    disk.judge_space("space", above, least, notes)


def _compare(vault: Vault, sample: Sequence[Content], notes: Notes) -> None:
    missing = [content.sha256 for content in sample if not vault.has(content.sha256)]
    notes.expect(
        "files",
        not missing,
        f"抽查 {len(sample)} 个附件，缺失 {len(missing)} 个" + (f"，如 {missing[0]}" if missing else ""),
        f"{len(missing)} of {len(sample)} files looked for are missing" + (f", as {missing[0]}" if missing else ""),
        (
            "挂载附件所在磁盘，或从备份恢复；受损附件见事件 attachment_damaged",
            "mount the disk of the files, or restore them from the backup; damaged ones are incidents",
        ),
    )


async def _sample(url: str) -> list[Content] | None:
    """Contents stored last; None when the database cannot be asked."""
    try:
        conn = await asyncpg.connect(url, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return await store.newest(conn, SAMPLE)
        finally:
            conn.terminate()
    except (*AWAY, asyncpg.PostgresError):
        return None
