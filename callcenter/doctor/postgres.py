"""PostgreSQL: reachable, new enough, safe, and with the schema of this program."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg

from callcenter.config import Config
from callcenter.db import migrate
from callcenter.db.away import AWAY
from callcenter.db.pool import Connection
from callcenter.doctor.finding import Notes
from callcenter.doctor.installation import Installation
from callcenter.doctor.reason import reason

TIMEOUT = 3.0
OLDEST = 150000
PROCESSES = 3
SPARE = 10
"""Connections beyond the pools: locks, commands, a person with psql."""

ABOUT = """
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes, current_setting('max_connections')::int AS connections,
    current_setting('data_checksums') AS checksums, pg_encoding_to_char(encoding) AS encoding,
    pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only,
    clock_timestamp() AS at
FROM pg_database WHERE datname = current_database()"""
MODE = "SELECT mode FROM installation"
LATEST_PARTITION = """
SELECT parent.relname AS parent, max(substring(child.relname FROM '_([0-9]{6})$')) AS month
FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent JOIN pg_class child ON child.oid = inhrelid
WHERE parent.relkind = 'p' GROUP BY 1 ORDER BY 1"""


async def look(here: Installation, notes: Notes) -> None:
    """Connects once; nothing is written, not even the mode's stamp."""
    url = here.config.database.url
    try:
        conn = await asyncpg.connect(url, timeout=TIMEOUT, command_timeout=TIMEOUT)
    except asyncpg.InvalidCatalogNameError as error:
        notes.fail("reachable", *_refusal(error), (f"createdb {database(url)}",) * 2)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        notes.fail("reachable", *_refusal(error), _account())
    except (*AWAY, asyncpg.PostgresError) as error:
        notes.fail("reachable", *_refusal(error), ("启动它，或设置 database.url", "start it, or set database.url"))
    else:
        try:
            await _examine(conn, here.config, notes)
        finally:
            conn.terminate()


async def _examine(conn: Connection, config: Config, notes: Notes) -> None:
    about = await conn.fetchrow(ABOUT)
    assert about is not None
    if about["number"] >= OLDEST:
        notes.ok("reachable", f"PostgreSQL {about['version']}", f"PostgreSQL {about['version']}")
    else:
        notes.fail(
            "version",
            f"PostgreSQL {about['version']} 太旧",
            f"PostgreSQL {about['version']} is too old",
            (f"升级到 {OLDEST // 10000} 或更新", f"upgrade to {OLDEST // 10000} or newer"),
        )
    _safety(about, config, notes)
    await _schema(conn, config, about["at"], notes)


def _safety(about: asyncpg.Record, config: Config, notes: Notes) -> None:
    unsafe = [name for name in ("fsync", "full_page_writes") if about[name] != "on"]
    unsafe += ["synchronous_commit"] if about["synchronous_commit"] == "off" else []
    notes.expect(
        "durability",
        not unsafe,
        f"断电{'会丢失已确认的数据：' + ', '.join(unsafe) + ' = off' if unsafe else '不丢数据'}",
        f"a power cut loses {'what was acknowledged: ' + ', '.join(unsafe) + ' = off' if unsafe else 'nothing'}",
        (f"postgresql.conf 中设为 on：{', '.join(unsafe)}", f"set to on in postgresql.conf: {', '.join(unsafe)}"),
    )
    if about["encoding"] != "UTF8":
        notes.fail(
            "encoding",
            f"数据库编码 {about['encoding']}",
            f"the database's encoding is {about['encoding']}",
            ("用 --encoding=UTF8 重建数据库", "make the database with --encoding=UTF8"),
        )
    if about["read_only"]:
        notes.fail(
            "read-only",
            "数据库只读（备库，或 default_transaction_read_only）",
            "the database is read only (a standby, or default_transaction_read_only)",
            ("使 database.url 指向主库", "let database.url name the primary"),
        )
    needed, allowed = PROCESSES * config.database.size + SPARE, about["connections"]
    if allowed < needed:
        notes.warn(
            "connections",
            f"max_connections = {allowed}，本系统最多用 {needed}",
            f"max_connections = {allowed}, we may use {needed}",
            ("调高 max_connections，或调低 database.size", "raise max_connections, or lower database.size"),
        )
    if about["checksums"] != "on":
        notes.warn(
            "checksums",
            "数据页没有校验和",
            "data pages have no checksums",
            ("停库后执行 pg_checksums --enable", "run pg_checksums --enable while it is stopped"),
        )


async def _schema(conn: Connection, config: Config, at: datetime, notes: Notes) -> None:
    files = migrate.read()
    try:
        todo = await migrate.pending(conn, files)
    except migrate.MigrationError as error:
        notes.fail(
            "migrations",
            f"表结构与程序不符：{error}",
            f"the schema does not fit: {error}",
            ("使用与数据库相符的程序版本", "run the program that fits the database"),
        )
        return
    except asyncpg.InsufficientPrivilegeError as error:
        notes.fail("migrations", *_refusal(error), _account())
        return
    if todo:
        names = ", ".join(migration.name for migration in todo)
        notes.fail(
            "migrations",
            f"缺少 {len(todo)} 个迁移：{names}",
            f"{len(todo)} migrations are pending: {names}",
            ("执行 callcenter migrate", "run callcenter migrate"),
        )
        return
    notes.ok("migrations", f"{len(files)} 个迁移均已执行", f"all {len(files)} migrations are applied")
    mode = await conn.fetchval(MODE)
    notes.expect(
        "mode",
        mode in (None, config.mode),
        f"数据库的模式 {mode or '未定'}，设置的模式 {config.mode}",
        f"the database is in {mode or 'no'} mode yet, the settings say {config.mode}"
        if mode is None
        else f"the database is in {mode} mode, the settings say {config.mode}",
        ("两种模式各用自己的数据库", "each mode needs a database of its own"),
    )
    following = _month(at + timedelta(days=31 - at.day + 1))
    late = [row["parent"] for row in await conn.fetch(LATEST_PARTITION) if (row["month"] or "") < following]
    if late:
        notes.warn(
            "partitions",
            f"缺少下月（{following}）的分区：{', '.join(late)}",
            f"no partition for next month ({following}): {', '.join(late)}",
            ("worker 每天建立分区：查看它的日志", "the worker makes them every day: look into its log"),
        )


def database(url: str) -> str:
    """The name of the database in a connection string."""
    return urlsplit(url).path.lstrip("/") or "callcenter"


def _month(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m")


def _refusal(error: Exception) -> tuple[str, str]:
    return f"不能使用：{reason(error)}", f"cannot be used: {reason(error)}"


def _account() -> tuple[str, str]:
    return "核对 database.url 的用户和口令", "check the user and the password in database.url"
