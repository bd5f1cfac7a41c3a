"""The folder where tickets wait while PostgreSQL is away: writable, with room, and empty when all is well."""

import asyncio
from pathlib import Path

from callcenter.doctor import disk
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

LEAST_FREE = 64 * disk.MEGABYTE


async def look(here: Installation, notes: Notes) -> None:
    """Judges the folder, or the place where it would be made."""
    await asyncio.to_thread(_judge, here.config.spool.folder, notes)


def _judge(folder: Path, notes: Notes) -> None:
    above = disk.nearest(folder)
    writable = disk.may_write(above)
    notes.expect(
        "folder",
        writable,
        f"{folder} {'可写' if above == folder else '将在需要时建立'}" if writable else f"{above} 不可写",
        f"{folder} {'is writable' if above == folder else 'will be made when it is needed'}"
        if writable
        else f"{above} is not writable",
        (
            "交给 telephony、serve、work 的用户，或设置 spool.folder：否则数据库停止时开不了服务单",
            "give it to the user of our processes, or set spool.folder: or no ticket can be taken without the database",
        ),
    )
    disk.judge_space("space", above, LEAST_FREE, notes)
    waiting = sum(1 for _ in folder.glob("[!.]*.json"))
    aside = sum(1 for _ in (folder / "set-aside").glob("*"))
    if waiting:
        notes.warn(
            "waiting",
            f"{waiting} 张服务单等待写入数据库",
            f"{waiting} tickets wait for the database",
            (
                "它们会自动写入；若数据库已恢复，查看 worker 的日志",
                "they go in by themselves; if the database is back, look into the worker's log",
            ),
        )
    if aside:
        notes.fail(
            "set-aside",
            f"{aside} 张服务单不能写入，已移至 {folder}/set-aside",
            f"{aside} tickets could not be stored: {folder}/set-aside",
            (
                "按事件 ticket_set_aside 的原因逐个补录服务单；若原因已消除，把文件移回上一级目录",
                "enter each by hand as its incident ticket_set_aside says; once the reason has gone, move it up again",
            ),
        )
