"""What Asterisk says of itself over AMI, read in one short visit. Asks only; the passwords it shows are not kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agi.ami import Account, ActionRefusedError, Ami, visited
from callcenter.clock import Clock
from callcenter.config import Config
from callcenter.doctor import console
from callcenter.lab.speech import PROMPTS

TIMEOUT = 3.0
TRUNK = "trunk-main"
FILES = ("asterisk.conf", "http.conf", "ari.conf", "cel_custom.conf", "queues.conf", "modules.conf")
SECRETS = frozenset({"password", "secret"})

Tables = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Switch:
    """One running Asterisk. `prompts`: ours that it has in Chinese; `files`: its configuration as it is on its disk.

    `at` is what its clock showed at `asked` of ours, which lies in the middle of a round trip.
    """

    version: str
    settings: Mapping[str, str]
    uptime: int | None
    calls: int
    cel: tuple[str, ...]
    cdr: Mapping[str, str]
    http: tuple[str, ...]
    ari: Mapping[str, str]
    ari_users: Mapping[str, bool]
    ami: Mapping[str, str]
    rights: Mapping[str, str]
    modules: frozenset[str]
    variables: Mapping[str, str]
    contexts: frozenset[str]
    queues: Mapping[str, tuple[str, ...]]
    music: Mapping[str, int]
    prompts: frozenset[str]
    trunk: Mapping[str, str]
    files: Mapping[str, Tables]
    at: float
    asked: datetime
    refused: frozenset[str] = field(default_factory=frozenset)


async def read(config: Config, clock: Clock) -> Switch:
    """Everything we want to know. Raises AmiDeniedError, AmiUnavailableError."""
    settings = config.ami
    account = Account(settings.host, settings.port, settings.user, settings.password)
    async with visited(account, TIMEOUT) as ami:
        visit = _Visit(ami)
        before = clock.now()
        pong = await ami.action("Ping")
        asked = before + (clock.now() - before) / 2
        core = console.settings(await visit.command("core show settings"))
        return Switch(
            version=core.get("Version", ""),
            settings=core,
            uptime=console.uptime(await visit.command("core show uptime seconds")),
            calls=console.processed(await visit.command("core show channels count")),
            cel=await visit.command("cel show status"),
            cdr=console.settings(await visit.command("cdr show status")),
            http=await visit.command("http show status"),
            ari=console.settings(await visit.command("ari show status")),
            ari_users=console.read_only(await visit.command("ari show users")),
            ami=console.settings(await visit.command("manager show settings")),
            rights=console.settings(await visit.command(f"manager show user {settings.user}")),
            modules=console.modules(await visit.command("module show")),
            variables=console.variables(await visit.command("dialplan show globals")),
            contexts=console.contexts(await visit.command("dialplan show")),
            queues=console.queues(await visit.command("queue show")),
            music=console.music(await visit.command("moh show files")),
            prompts=frozenset([name for name in PROMPTS if "zh" in await visit.languages(f"cc/{name}")]),
            trunk=console.parameters(await visit.command(f"pjsip show endpoint {TRUNK}")),
            files={name: await visit.file(name) for name in FILES},
            at=float(pong.get("Timestamp") or "nan"),
            asked=asked,
            refused=frozenset(visit.refused),
        )


class _Visit:
    """Asks one thing after the other and remembers what our user may not ask."""

    def __init__(self, ami: Ami) -> None:
        self._ami = ami
        self.refused: set[str] = set()

    async def command(self, line: str) -> tuple[str, ...]:
        try:
            return (await self._ami.action("Command", Command=line)).all("Output")
        except ActionRefusedError as error:
            if "ermission" in error.reason:
                self.refused.add("Command")
            return ()

    async def languages(self, sound: str) -> frozenset[str]:
        return console.languages(await self.command(f"core show sound {sound}"))

    async def file(self, name: str) -> dict[str, dict[str, str]]:
        """A configuration file without its secrets; empty when it is not there or may not be read."""
        try:
            answer = await self._ami.action("GetConfig", Filename=name)
        except ActionRefusedError as error:
            if "ermission" in error.reason:
                self.refused.add("GetConfig")
            return {}
        found = console.configuration(answer.headers)
        return {
            category: {name: value for name, value in table.items() if name not in SECRETS}
            for category, table in found.items()
        }
