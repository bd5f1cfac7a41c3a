"""`callcenter demo`: starts everything on one machine (or takes what runs), tells the story, hands over the evidence.

Must never exit 0 when a part of the promise did not happen.
"""

import asyncio
import contextlib
import json
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter.clock import SystemClock
from callcenter.db.migrate import MigrationError
from callcenter.db.pool import Database
from callcenter.demo import data, people
from callcenter.demo.client import StoryError
from callcenter.demo.story import Setting, tell
from callcenter.errors import CannotStartError
from callcenter.lab import environment
from callcenter.lab.asterisk import AsteriskAddress
from callcenter.lab.callers import NoCallersError
from callcenter.lab.phone import PhoneError
from callcenter.lab.refusal import NotStartedError
from callcenter.lab.room import shortage
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import NoSpeechError
from callcenter.supervisor import stop_on_signals

Say = Callable[[str], None]

FAILURES = (
    StoryError,
    PhoneError,
    NoCallersError,
    NotStartedError,
    NoSpeechError,
    data.NotEmptyError,
    CannotStartError,
    MigrationError,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A running system: its API, its switch, its database (for the demonstration's people and policies).

    `archive_root`: where the archive's objects lie, as seen from here, and `settings`: the file with its settings;
    empty when they cannot be seen. `public_key_file`: of the key that signs the archive's log.
    """

    base_url: str
    address: AsteriskAddress
    database_url: str
    archive_root: str = ""
    public_key_file: Path | None = None
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `folder` None: a fresh one for a demonstration, `var/run` to stay up.

    `place`: a system that runs already; None starts one, with the Asterisk at `address` when there is one.
    """

    folder: Path | None = None
    json_line: bool = False
    stay: bool = False
    quiet: bool = False
    web_port: int = 0
    place: Place | None = None
    address: AsteriskAddress | None = None


async def show(wanted: Wanted) -> int:
    """Runs the demonstration; returns the exit status. Cancelled by SIGTERM and SIGHUP, it stops all it started."""
    say = _say
    _cancel_on_signals()
    folder = wanted.folder or _folder(wanted)
    outcome: dict[str, Any] = {"complete": False, "folder": str(folder)}
    try:
        async with _place(wanted, folder, say) as place:
            await _load(place, say)
            if not wanted.quiet:
                setting = Setting(place.base_url, place.address, folder, place.archive_root, place.public_key_file)
                outcome = (await tell(setting, say)).as_json()
                _conclude(outcome, place.archive_root if wanted.place else str(folder), say)
            if wanted.stay:
                await _stay(place, say)
    except* FAILURES as group:
        told = [_sentence(error) for error in _leaves(group)]
        outcome["error"] = "; ".join([*told, *shortage(folder)] if wanted.place is None else told)
        say(f"演示未完成 / the demonstration did not happen: {outcome['error']}")
    if wanted.json_line:
        say(json.dumps(outcome, ensure_ascii=False))
    return 0 if outcome["complete"] or (wanted.quiet and "error" not in outcome) else 1


@contextlib.asynccontextmanager
async def _place(wanted: Wanted, folder: Path, say: Say) -> AsyncIterator[Place]:
    if wanted.place is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield wanted.place
        return
    async with environment.started(
        folder,
        lambda text: say(f".. {text}"),
        phones=tuple(AgentPhone(extension, secrets.token_urlsafe(12)) for extension in people.extensions()),
        fallback=tuple(f"PJSIP/desk-{extension}" for extension in people.extensions()[:2]),
        web_port=wanted.web_port,
        elsewhere=wanted.address,
    ) as running:
        settings = running.settings
        archive_root = f"{settings['CALLCENTER_RECORDINGS_ARCHIVE_ROOT']}/root"
        database_url, public = settings["CALLCENTER_DATABASE_URL"], running.log_key.public
        file = str(running.folder / environment.SETTINGS)
        yield Place(running.base_url, running.address, database_url, archive_root, public, file)


async def _load(place: Place, say: Say) -> None:
    database = await Database.connect(place.database_url, size=2)
    try:
        loaded = await data.load(database, SystemClock().now())
    finally:
        await database.close()
    made = ("已建立", "made") if loaded.fresh else ("已存在", "there already")
    say(
        f".. 演示数据{made[0]}：{loaded.organisations} 个机构、{loaded.people} 名人员、{loaded.customers} 位客户、"
        f"{loaded.policies} 份保单 / demonstration data {made[1]}"
    )


def _conclude(outcome: dict[str, Any], kept: str, say: Say) -> None:
    say("")
    if outcome["complete"]:
        say("全部完成 / every part happened")
    for missing in outcome["missing"]:
        say(f"缺少 / missing: {missing}")
    if kept:
        say(f"所有产物 / what was made is in {kept}")


async def _stay(place: Place, say: Say) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    say("")
    say(f"服务地址 / address: {place.base_url}  （API 文档 / API documentation: {place.base_url}/api/docs）")
    say(f"演示账号 / demo log-ins, password {people.PASSWORD}:")
    for post in people.POSTS:
        say(f"  {people.login(post.role, 1):<16} {post.role}")
    if place.settings:
        program = f"{Path(sys.executable).parent / 'python'} -m callcenter --config {place.settings}"
        say(f"检查 / look at it: {program} doctor")
    say("Ctrl-C 停止 / stops everything")
    await stopping.wait()


def _cancel_on_signals() -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, task.cancel)


def _folder(wanted: Wanted) -> Path:
    shared = environment.shared_folder()
    return shared / "run" if wanted.stay else shared / f"demo-{SystemClock().now():%Y%m%d-%H%M%S}"


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


def _sentence(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _say(text: str) -> None:
    print(text, flush=True)
