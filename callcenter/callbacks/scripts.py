"""Scripts as they are kept: drafts that are worked on, versions that were published and never change again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcenter import audit
from callcenter.callbacks import script_rules
from callcenter.callbacks.errors import ScriptNotFoundError, ScriptPublishedError, ScriptRefusedError
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Script, State, Way, parse, stored
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.task import Purpose
from callcenter.db.pool import Connection, Database
from callcenter.errors import StaleVersionError
from callcenter.idempotency import KeyReusedError
from tickets.errors import Problem, Words

COLUMNS = (
    "version, name, purpose, simplified, steps, state, revision, created_by, created_at, changed_by, changed_at, "
    "published_by, published_at"
)
SCRIPT = f"SELECT {COLUMNS} FROM script WHERE version = $1"  # noqa: S608
LOCK = f"{SCRIPT} FOR UPDATE"
LATEST = """
SELECT version FROM script WHERE purpose = $1 AND simplified = $2 AND state = 'published'
ORDER BY published_at DESC, version DESC LIMIT 1"""
SCRIPTS = f"""
SELECT {COLUMNS} FROM script
WHERE ($1::text IS NULL OR purpose = $1) AND ($2::text IS NULL OR state = $2)
    AND ($3::timestamptz IS NULL OR (created_at, version) < ($3, $4))
ORDER BY created_at DESC, version DESC LIMIT $5"""  # noqa: S608
ADD = """
INSERT INTO script (version, name, purpose, simplified, steps, created_by, created_at, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7)
ON CONFLICT (version) DO NOTHING"""
SAVE = """
UPDATE script SET name = $2, purpose = $3, simplified = $4, steps = $5, changed_by = $6, changed_at = $7,
    revision = revision + 1
WHERE version = $1"""
PUBLISH = """
UPDATE script SET state = 'published', published_by = $2, published_at = $3, changed_by = $2, changed_at = $3,
    revision = revision + 1
WHERE version = $1"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A script and what became of it; `revision` counts its changes."""

    script: Script
    state: State
    revision: int
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    published_by: str | None
    published_at: datetime | None


async def kept(conn: Connection, version: str, *, lock: bool = False) -> Kept:
    """Raises ScriptNotFoundError."""
    row = await conn.fetchrow(LOCK if lock else SCRIPT, version)
    if row is None:
        raise ScriptNotFoundError(version)
    return _kept(dict(row))


async def latest(conn: Connection, purpose: Purpose, *, simplified: bool = False) -> str | None:
    """The version published last for the purpose."""
    version: str | None = await conn.fetchval(LATEST, purpose, simplified)
    return version


async def page(
    conn: Connection, purpose: Purpose | None, state: State | None, after: tuple[datetime, str] | None, limit: int
) -> list[Kept]:
    """A page of scripts, the newest first."""
    return [_kept(dict(row)) for row in await conn.fetch(SCRIPTS, purpose, state, *(after or (None, None)), limit)]


async def create(db: Database, script: Script, *, actor: str, at: datetime) -> Kept:
    """Keeps a new draft. Raises ScriptRefusedError, and KeyReusedError when the version is another script's."""
    _refuse(tuple(script_rules.flaws(script)))
    async with db.transaction() as conn:
        values = (script.version, script.name, script.purpose, script.simplified, stored(script.steps), actor, at)
        if await conn.execute(ADD, *values) == "INSERT 0 0":
            there = await kept(conn, script.version)
            if there.script != script or there.state is not State.DRAFT:
                raise KeyReusedError(Words("该版本号已用于另一话术", "this version is another script's"))
            return there
        await _record(conn, "script.create", script.version, actor, at)
        return await kept(conn, script.version)


async def edit(db: Database, script: Script, revision: int, *, actor: str, at: datetime) -> Kept:
    """Writes a draft anew. Raises ScriptNotFoundError, ScriptPublishedError, StaleVersionError, ScriptRefusedError."""
    _refuse(tuple(script_rules.flaws(script)))
    async with db.transaction() as conn:
        await _draft(conn, script.version, revision)
        values = (script.version, script.name, script.purpose, script.simplified, stored(script.steps), actor, at)
        await conn.execute(SAVE, *values)
        await _record(conn, "script.edit", script.version, actor, at)
        return await kept(conn, script.version)


async def publish(db: Database, version: str, revision: int, *, actor: str, at: datetime) -> Kept:
    """Publishes a draft, which never changes again; published already it stays so.

    Raises ScriptNotFoundError, StaleVersionError, and ScriptRefusedError where a rule is not kept (C-5 … C-7, E-13).
    """
    async with db.transaction() as conn:
        there = await kept(conn, version, lock=True)
        if there.state is State.PUBLISHED:
            return there
        _same(there, revision)
        _refuse((*script_rules.flaws(there.script), *script_rules.omissions(there.script)))
        await conn.execute(PUBLISH, version, actor, at)
        await _record(conn, "script.publish", version, actor, at)
        return await kept(conn, version)


async def of_task(conn: Connection, task: Task) -> Script | None:
    """The script a task was made with; None where it has none."""
    return None if task.script_version is None else (await kept(conn, task.script_version)).script


async def way(conn: Connection, task: Task, answers: Mapping[str, Given]) -> Way | None:
    """The task's way through its script, as far as the answers tell; None where it has no script."""
    script = await of_task(conn, task)
    return None if script is None else way_of(script, task, answers)


def way_of(script: Script, task: Task, answers: Mapping[str, Given]) -> Way:
    return script.way(task.held, said(answers))


def said(answers: Mapping[str, Given]) -> Mapping[str, Answer]:
    """What was answered last to each question."""
    return {code: given.answer for code, given in answers.items()}


async def _draft(conn: Connection, version: str, revision: int) -> None:
    there = await kept(conn, version, lock=True)
    if there.state is State.PUBLISHED:
        raise ScriptPublishedError(Words("话术已发布，不能修改，请新建版本。", "Published: write another version."))
    _same(there, revision)


def _same(there: Kept, revision: int) -> None:
    if there.revision != revision:
        raise StaleVersionError(Words("话术已被他人修改，请重新读取。", "Somebody changed the script: read it again."))


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise ScriptRefusedError(
            Words("；".join(each.words.zh for each in problems), "; ".join(each.words.en for each in problems))
        )


async def _record(conn: Connection, action: str, version: str, actor: str, at: datetime) -> None:
    await audit.record(conn, actor=actor, action=action, object_kind="script", object_id=version, at=at)


def _kept(row: Mapping[str, Any]) -> Kept:
    script = Script(row["version"], row["name"], Purpose(row["purpose"]), parse(row["steps"]), row["simplified"])
    others = ("revision", "created_by", "created_at", "changed_by", "changed_at", "published_by", "published_at")
    return Kept(script, State(row["state"]), **{name: row[name] for name in others})
