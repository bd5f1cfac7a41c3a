"""The switch's event log (CEL) as a file: there, readable, in our form, and written since Asterisk started."""

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path

from callcenter.calls import cel
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation

TAIL = 64 * 1024
SLACK = timedelta(seconds=2)


async def look(here: Installation, notes: Notes) -> None:
    """Reads the last rows; a log that is not there is wrong only once there were calls."""
    switch = await here.switch_or_none()
    started, calls = None, 0
    if switch is not None and switch.uptime is not None:
        started, calls = here.clock.now() - timedelta(seconds=switch.uptime), switch.calls
    await asyncio.to_thread(_judge, here.config.recordings.cel_file, started, calls, notes)


def _judge(file: Path, started: datetime | None, calls: int, notes: Notes) -> None:
    try:
        rows, written = _rows(file)
    except FileNotFoundError:
        _missing(file, calls, notes)
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        notes.fail(
            "file",
            f"{file} 不能读：{reason}",
            f"{file} cannot be read: {reason}",
            ("让 telephony 与 worker 的用户可以读它", "let the user of telephony and worker read it"),
        )
        return
    stale = calls > 0 and started is not None and written < (started - SLACK).timestamp()
    notes.expect(
        "file",
        not stale,
        f"{file} {'在 Asterisk 启动之后没有写过，而已有通话' if stale else '可读'}",
        f"{file} {'was not written since Asterisk started, although there were calls' if stale else 'is there'}",
        ("设置 recordings.cel_file，核对 cel_custom.conf", "set recordings.cel_file, check cel_custom.conf"),
    )
    for row in rows[-20:]:
        try:
            cel.parse(row)
        except cel.BadRowError:
            notes.fail(
                "rows",
                "最后的行不是约定的格式",
                "its last rows are not in our form",
                ("照抄 docker/asterisk/etc/cel_custom.conf", "as in docker/asterisk/etc/cel_custom.conf"),
            )
            return
    if rows:
        notes.ok("rows", "最后的行格式正确", "its last rows are in our form")


def _missing(file: Path, calls: int, notes: Notes) -> None:
    todo = ("设置 recordings.cel_file，核对 cel_custom.conf", "set recordings.cel_file, check cel_custom.conf")
    if calls:
        notes.fail("file", f"没有 {file}，而已有 {calls} 通电话", f"no {file}, although there were {calls} calls", todo)
    elif file.parent.is_dir():
        notes.ok("file", f"{file} 将在第一通电话时出现", f"{file} will be there with the first call")
    else:
        notes.fail("file", f"没有目录 {file.parent}", f"no folder {file.parent}", todo)


def _rows(file: Path) -> tuple[list[str], float]:
    """Whole rows at the end of the file, and when it was last written. Raises OSError; ValueError for no plain file."""
    if file.exists() and not file.is_file():
        raise ValueError("not a plain file")
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - TAIL))
        block = opened.read(TAIL)
        written = os.fstat(opened.fileno()).st_mtime
    lines = block.split(b"\n")[:-1]
    if size > TAIL:
        lines = lines[1:]
    return [line.decode("utf-8", "replace") for line in lines], written
