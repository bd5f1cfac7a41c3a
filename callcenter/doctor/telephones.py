"""What agents' browsers are told so that they become telephones: there, and nobody else's to read. Never a password."""

import asyncio
import stat
from pathlib import Path

from callcenter.agents.registration import passwords
from callcenter.config import AgentsConfig
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason


async def look(here: Installation, notes: Notes) -> None:
    """Judges the file of `agents.phones`."""
    await asyncio.to_thread(_judge, here.config.agents.phones, notes)


def _judge(file: Path, notes: Notes) -> None:
    if file == AgentsConfig().phones and not file.exists():
        notes.ok("passwords", f"没有 {file}：不使用网页话机", f"no {file}: no browser is a telephone")
        return
    try:
        known = len(passwords(file.read_text(encoding="utf-8")))
        others = bool(file.stat().st_mode & stat.S_IRWXO)
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "not UTF-8"
        notes.fail(
            "passwords",
            f"{file} 不能读：{why}",
            f"{file} cannot be read: {why}",
            (
                "交给 serve 的用户读，或设置 agents.phones：否则网页话机不能注册",
                "let the user of serve read it, or set agents.phones: or no browser can register",
            ),
        )
        return
    zh, en = f"{file}：{known} 个分机", f"{file}: {known} extensions"
    if known:
        notes.ok("passwords", zh, en)
    else:
        remedy = ("每行写一个分机和它的 SIP 密码", "write an extension and its SIP password on each line")
        notes.warn("passwords", zh, en, remedy)
    notes.expect(
        "secrecy",
        not others,
        f"{file} 其他用户{'可' if others else '不可'}读",
        f"{file} is {'open' if others else 'closed'} to other users",
        (f"chmod o-rwx {file}", f"chmod o-rwx {file}"),
    )
