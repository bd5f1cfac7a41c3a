"""Everything the system needs, started in one folder on one machine. For trying out, demonstrations and tests only."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from callcenter.archiving import keys, opening
from callcenter.archiving.keys import KeyFiles
from callcenter.config import RecordingsConfig
from callcenter.db.migrate import migrate
from callcenter.lab.asterisk import RTP_WIDTH, Asterisk
from callcenter.lab.ports import free_tcp, is_free
from callcenter.lab.postgres import Postgres
from callcenter.lab.redis import Redis
from callcenter.lab.root import AsteriskTree, default_root, ensure_root
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import make_prompts
from callcenter.supervisor import Child, program, supervise

Progress = Callable[[str], None]

CHECKOUT = Path(__file__).resolve().parents[2]
ROLES = ("telephony", "serve", "work")
READY_WITHIN = 40.0


class NotStartedError(Exception):
    """A part did not start; the text says which, why, and what to do."""


@dataclass
class Environment:
    """What runs, and where. `settings` are the CALLCENTER_… variables of our processes."""

    folder: Path
    settings: dict[str, str]
    base_url: str
    asterisk: Asterisk
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
    """Asterisk and its prompts, made if they are missing. Raises NoAsteriskError or NoSpeechError."""
    tree = ensure_root(default_root(), progress)
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
) -> AsyncIterator[Environment]:
    """Starts all parts under `folder` and stops them at the end; what they wrote stays.

    `web_port` 0 takes a free one; `dialplan` overrides globals of the dialplan (docs/telephony.md); a leg needs two of
    the `rtp_ports`.
    Raises NotStartedError.
    """
    if web_port and not is_free(web_port):
        raise NotStartedError(f"port {web_port} is used by another program: stop it, or choose another with --port")
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    tree, sounds = await asyncio.to_thread(prepare, progress)
    async with contextlib.AsyncExitStack() as parts:
        progress("PostgreSQL: starting")
        postgres = await asyncio.to_thread(Postgres.start, folder / "postgres")
        parts.callback(postgres.stop)
        progress("Redis: starting")
        redis = await asyncio.to_thread(Redis.start, folder / "redis")
        parts.callback(redis.stop)
        progress("Asterisk: starting")
        asterisk = (
            Asterisk.reopen(folder / "asterisk")
            if (folder / "asterisk/instance.json").exists()
            else Asterisk.create(
                folder / "asterisk",
                tree,
                sounds=sounds,
                phones=phones,
                fallback=fallback,
                settings=dialplan,
                rtp_ports=rtp_ports,
            )
        )
        await asyncio.to_thread(asterisk.start)
        parts.callback(asterisk.stop)
        progress("database: bringing the schema up to date")
        await migrate(postgres.url())
        environment = _compose(folder, postgres, redis, asterisk, web_port or free_tcp(), mode)
        progress(f"our processes: starting {', '.join(roles)}")
        await parts.enter_async_context(running(environment, roles))
        yield environment


@contextlib.asynccontextmanager
async def running(environment: Environment, roles: tuple[str, ...] = ROLES) -> AsyncIterator[None]:
    """Keeps our processes up under the supervisor, and returns when all say that they are ready."""
    log = (environment.folder / "processes.log").open("ab")
    for role in roles:
        environment.children[role] = Child(role, program(role), environment.environ, output=log)
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervise(list(environment.children.values()), stopping))
        try:
            await ready(environment)
            yield
        finally:
            stopping.set()
    log.close()


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
        log = environment.folder / "processes.log"
        raise NotStartedError(f"not ready after {within:.0f} s ({last}); the processes' words are in {log}") from None


def _compose(
    folder: Path, postgres: Postgres, redis: Redis, asterisk: Asterisk, web_port: int, mode: str
) -> Environment:
    address = asterisk.address
    archive = folder / "archive"
    spool = folder / "ticket-spool"
    for made in (archive, spool):
        made.mkdir(exist_ok=True)
    log_key = keys.kept(folder / "log-key", opening.origin(RecordingsConfig()))
    settings = {
        "CALLCENTER_MODE": mode,
        "CALLCENTER_DATABASE_URL": postgres.url(),
        "CALLCENTER_REDIS_URL": redis.url(),
        "CALLCENTER_FASTAGI_HOST": "127.0.0.1",
        "CALLCENTER_FASTAGI_PORT": str(address.agi_port),
        "CALLCENTER_ARI_URL": address.ari_url,
        "CALLCENTER_ARI_USER": address.ari_user,
        "CALLCENTER_ARI_PASSWORD": address.ari_password,
        "CALLCENTER_AMI_HOST": address.console.host,
        "CALLCENTER_AMI_PORT": str(address.console.port),
        "CALLCENTER_AMI_USER": address.console.user,
        "CALLCENTER_AMI_PASSWORD": address.console.password,
        "CALLCENTER_WEB_HOST": "127.0.0.1",
        "CALLCENTER_WEB_PORT": str(web_port),
        "CALLCENTER_RECORDINGS_VOLUMES": ":".join(str(volume) for volume in address.volumes),
        "CALLCENTER_RECORDINGS_ARCHIVE_ROOT": str(archive),
        "CALLCENTER_RECORDINGS_CEL_FILE": str(address.cel),
        "CALLCENTER_RECORDINGS_SIGNING_KEY_FILE": str(log_key.private),
        "CALLCENTER_SPOOL_FOLDER": str(spool),
    }
    return Environment(folder, settings, f"http://127.0.0.1:{web_port}", asterisk, postgres, redis, log_key)
