"""Who is meant by `user:<id>`, `token:<id>` or `system:<part>` in a history. Staff have names, to everybody here."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from callcenter.db.pool import Connection

PARTS: Mapping[str, str] = {
    "nobody": "未登录",
    "system:ivr": "自动语音菜单",
    "system:telephony": "话务系统",
    "system:archiver": "归档程序",
    "system:cli": "命令行",
    "system:shipped": "随程序提供",
    "system:clocks": "时限监控",
    "system:demo": "演示数据",
    "system:reminders": "催办程序",
}
SYSTEM = "系统"

NAMES = """
SELECT 'user:' || id AS actor, name FROM app_user WHERE id = ANY($1::uuid[])
UNION ALL SELECT 'token:' || id, name FROM api_token WHERE id = ANY($2::uuid[])"""


async def of(conn: Connection, actors: Iterable[str | None]) -> dict[str, str]:
    """The name of each actor that has one."""
    wanted = {actor for actor in actors if actor}
    users, tokens = ([_id(actor) for actor in wanted if actor.startswith(kind)] for kind in ("user:", "token:"))
    found = {row["actor"]: str(row["name"]) for row in await conn.fetch(NAMES, _known(users), _known(tokens))}
    return found | {actor: named(actor) for actor in wanted if actor in PARTS or actor.startswith("system:")}


def named(part: str) -> str:
    """A part of the program in words."""
    return PARTS.get(part, SYSTEM)


def _id(actor: str) -> UUID | None:
    try:
        return UUID(actor.partition(":")[2])
    except ValueError:
        return None


def _known(ids: list[UUID | None]) -> list[UUID]:
    return [id for id in ids if id is not None]
