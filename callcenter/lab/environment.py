"""Everything the system needs, started in one folder on one machine. For trying out, demonstrations and tests only."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import aiohttp
import psutil

from callcenter.archiving import keys, opening
from callcenter.archiving.keys import KeyFiles
from callcenter.config import Config, RecordingsConfig
from callcenter.db.migrate import migrate
from callcenter.lab.asterisk import RTP_WIDTH, Asterisk, AsteriskAddress
from callcenter.lab.ports import free_tcp, is_free
from callcenter.lab.postgres import Postgres
from callcenter.lab.provider import provide
from callcenter.lab.redis import Redis
from callcenter.lab.refusal import NotStartedError
from callcenter.lab.room import MEGABYTE, refuse_without_room
from callcenter.lab.root import AsteriskTree
from callcenter.lab.settings_file import write_settings
from callcenter.lab.site import AgentPhone, write_phones
from callcenter.lab.speech import make_prompts
from callcenter.supervisor import Child, UnusableError, program, supervise

Progress = Callable[[str], None]

CHECKOUT = Path(__file__).resolve().parents[2]
ROLES = ("telephony", "serve", "work")
READY_WITHIN = 40.0
PROCESSES_LOG = "processes.log"
ROOM = 1536 * MEGABYTE
"""Free bytes a run needs: the archive stops at its `minimum_free`, PostgreSQL and the captures take the rest."""
SETTINGS = "callcenter.toml"
"""In the folder: settings with which `callcenter --config` speaks to what runs there."""
PHONES = "phones"
"""In the folder: the agents' telephones and their passwords."""
LEFTOVERS_WITHIN = 5.0

T = TypeVar("T")


@dataclass
class Environment:
    """What runs, and where. `settings` are the CALLCENTER_… variables of our processes.

    `address` is where the switch is; `asterisk` is None when it runs elsewhere and is none of ours to stop.
    """

    folder: Path
    settings: dict[str, str]
    base_url: str
    address: AsteriskAddress
    asterisk: Asterisk | None
    postgres: Postgres
    redis: Redis
    log_key: KeyFiles
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment of our processes."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
        return {**inherited, **self.settings}


def shared_folder() -> Path:
    """Where what is made once on this machine stays: prompts and, unless set otherwise, Asterisk's root folder."""
    return CHECKOUT / "var"


def prepare(progress: Progress) -> tuple[AsteriskTree, Path]:
    """Asterisk and its prompts, made if they are missing. Raises NotStartedError."""
    tree = provide(progress)
    return tree, make_prompts(shared_folder() / "sounds", progress)


@contextlib.asynccontextmanager
async def started(
    folder: Path,
    progress: Progress,
    *,
    phones: tuple[AgentPhone, ...] = (),
    fallback: tuple[str, ...] = (),
    web_port: int = 0,
    mode: str = "normal",
    roles: tuple[str, ...] = ROLES,
    dialplan: dict[str, str] | None = None,
    rtp_ports: int = RTP_WIDTH,
    elsewhere: AsteriskAddress | None = None,
    more: dict[str, str] | None = None,
) -> AsyncIterator[Environment]:
    """Starts all parts under `folder` and stops them at the end, however it ends; what they wrote stays.

    `web_port` 0 takes a free one; `dialplan` overrides globals of the dialplan (docs/telephony.md); a leg needs two of
    the `rtp_ports`; `more` are further settings of our
    processes; `elsewhere` is an Asterisk that runs already, for which none is started here.
    Raises NotStartedError.
    """
    refuse(folder, elsewhere is None)
    async with contextlib.AsyncExitStack() as parts:
        folder = parts.enter_context(taken(folder))
        if web_port and not is_free(web_port):
            raise NotStartedError(
                f"port {web_port} is used by another program: stop it, or choose another (--port, or make run PORT=…)"
            )
        if elsewhere is None:
            tree, sounds = await asyncio.to_thread(prepare, progress)
        progress("PostgreSQL: starting")
        postgres = await begun(lambda: Postgres.start(folder / "postgres"), Postgres.stop)
        parts.callback(postgres.stop)
        progress("Redis: starting")
        redis = await begun(lambda: Redis.start(folder / "redis"), Redis.stop)
        parts.callback(redis.stop)
        asterisk = None
        if elsewhere is None:
            progress("Asterisk: starting")

            def switch() -> Asterisk:
                if (folder / "asterisk/instance.json").exists():
                    instance = Asterisk.reopen(folder / "asterisk")
                else:
                    instance = Asterisk.create(
                        folder / "asterisk",
                        tree,
                        sounds=sounds,
                        phones=phones,
                        fallback=fallback,
                        settings=dialplan,
                        rtp_ports=rtp_ports,
                    )
                if instance.pid is None and not is_free(instance.address.agi_port):
                    instance.move_ports()
                instance.start()
                return instance

            asterisk = await begun(switch, Asterisk.stop)
            parts.callback(asterisk.stop)
        address = asterisk.address if asterisk is not None else elsewhere
        assert address is not None
        progress("database: bringing the schema up to date")
        await migrate(postgres.url())
        environment = _compose(folder, postgres, redis, address, asterisk, web_port or free_tcp(), mode, more or {})
        progress(f"our processes: starting {', '.join(roles)}")
        await parts.enter_async_context(running(environment, roles))
        yield environment


def refuse(folder: Path, own_switch: bool) -> None:
    """Everything that can be known before anything is made. Raises NotStartedError."""
    if own_switch and os.geteuid() != 0:
        raise NotStartedError(
            "Asterisk is started in a root folder of its own, which needs root: run with sudo, "
            "or name one that runs elsewhere (ASTERISK=file, docs/telephony.md)."
        )
    if " " in str(folder.resolve()):
        raise NotStartedError(f"{folder}: neither Asterisk nor PostgreSQL takes a path with a space: choose another.")
    refuse_without_room(folder, ROOM)


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[Path]:
    """The folder, made if it is not there, for this process alone; what a killed one left running there is ended.

    Raises NotStartedError when another process has it, or it cannot be made.
    """
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise NotStartedError(f"{folder} could not be made: {error.strerror}: choose another with --folder") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotStartedError(
                f"{folder} is in use by another one of us: stop it, or choose another --folder"
            ) from error
        end_leftovers(folder)
        try:
            yield folder
        finally:
            if fresh and all(entry.name == ".lock" for entry in folder.iterdir()):
                (folder / ".lock").unlink()
                folder.rmdir()


def end_leftovers(folder: Path) -> None:
    """Ends our processes and the Redis which somebody who was killed left running over this folder."""
    spool, socket = str(folder / "ticket-spool"), str(folder / "redis/redis.sock")
    left = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("CALLCENTER_SPOOL_FOLDER") == spool or socket in " ".join(process.cmdline())
        except psutil.Error:
            continue
        if ours and process.pid != os.getpid():
            process.terminate()
            left.append(process)
    for process in psutil.wait_procs(left, LEFTOVERS_WITHIN)[1]:
        process.kill()


async def begun(start: Callable[[], T], stop: Callable[[T], None]) -> T:
    """Starts a part in a thread. Cancelled meanwhile, it waits for the part to be up and stops it: none is orphaned."""
    starting = asyncio.get_running_loop().run_in_executor(None, start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(NotStartedError):
            stop(await starting)
        raise


@contextlib.asynccontextmanager
async def running(environment: Environment, roles: tuple[str, ...] = ROLES) -> AsyncIterator[None]:
    """Keeps our processes up under the supervisor, and returns when all say that they are ready."""
    log = (environment.folder / PROCESSES_LOG).open("ab")
    for role in roles:
        environment.children[role] = Child(role, program(role), environment.environ, output=log)
    stopping = asyncio.Event()
    try:
        with log:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(supervise(list(environment.children.values()), stopping))
                try:
                    await ready(environment)
                    yield
                finally:
                    stopping.set()
    except* UnusableError:
        words = (environment.folder / PROCESSES_LOG).read_text(errors="replace").splitlines()
        raise NotStartedError(words[-1] if words else "a process of ours could not start") from None


async def ready(environment: Environment, within: float = READY_WITHIN) -> None:
    """Returns when `/readyz` answers that every part is there. Raises NotStartedError with its last answer."""
    last = "no answer"
    try:
        async with asyncio.timeout(within), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{environment.base_url}/readyz") as answer:
                        last = await answer.text()
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)
    except TimeoutError:
        log = environment.folder / PROCESSES_LOG
        raise NotStartedError(f"not ready after {within:.0f} s ({last}); the processes' words are in {log}") from None


def _compose(
    folder: Path,
    postgres: Postgres,
    redis: Redis,
    address: AsteriskAddress,
    asterisk: Asterisk | None,
    web_port: int,
    mode: str,
    more: dict[str, str],
) -> Environment:
    archive = folder / "archive"
    spool = folder / "ticket-spool"
    attachments = folder / "attachments"
    for made in (archive, spool, attachments):
        made.mkdir(exist_ok=True)
    write_phones(folder / PHONES, address.phones)
    log_key = keys.kept(folder / "log-key", opening.origin(RecordingsConfig()))
    settings = {
        "CALLCENTER_MODE": mode,
        "CALLCENTER_DATABASE_URL": postgres.url(),
        "CALLCENTER_REDIS_URL": redis.url(),
        "CALLCENTER_FASTAGI_HOST": address.here,
        "CALLCENTER_FASTAGI_PORT": str(address.agi_port),
        "CALLCENTER_ARI_URL": address.ari_url,
        "CALLCENTER_ARI_USER": address.ari_user,
        "CALLCENTER_ARI_PASSWORD": address.ari_password,
        "CALLCENTER_AMI_HOST": address.console.host,
        "CALLCENTER_AMI_PORT": str(address.console.port),
        "CALLCENTER_AMI_USER": address.console.user,
        "CALLCENTER_AMI_PASSWORD": address.console.password,
        "CALLCENTER_AGENTS_PHONES": str(folder / PHONES),
        "CALLCENTER_WEB_HOST": "127.0.0.1",
        "CALLCENTER_WEB_PORT": str(web_port),
        "CALLCENTER_RECORDINGS_VOLUMES": ":".join(str(volume) for volume in address.volumes),
        "CALLCENTER_RECORDINGS_ARCHIVE_ROOT": str(archive),
        "CALLCENTER_RECORDINGS_CEL_FILE": str(address.cel),
        "CALLCENTER_RECORDINGS_SIGNING_KEY_FILE": str(log_key.private),
        "CALLCENTER_ATTACHMENTS_FOLDER": str(attachments),
        "CALLCENTER_SPOOL_FOLDER": str(spool),
        **more,
    }
    write_settings(folder / SETTINGS, Config.load(environ=settings))
    return Environment(folder, settings, f"http://127.0.0.1:{web_port}", address, asterisk, postgres, redis, log_key)
