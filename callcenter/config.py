"""Settings from one TOML file and the environment, parsed once. Must never guess: every problem is listed by path.

A setting is `key` under `[section]` in the file and `CALLCENTER_SECTION_KEY` in the environment, which wins.
A secret may also come from the file named by `CALLCENTER_SECTION_KEY_FILE`. Lists in the environment are
separated by colons.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config

from agi import names
from callcenter.addresses import is_safe
from callcenter.calling_hours import CallingHours
from callcenter.service_hours import BadSpanError, Span
from callcenter.trunks import STANDARD as STANDARD_TRUNKS
from callcenter.trunks import BadTrunkError, Pace, Trunk
from recordings.checkpoint import Signer
from recordings.witness import WitnessKey

PREFIX = "CALLCENTER_"
NOT_SETTINGS = frozenset({"CALLCENTER_CONFIG", "CALLCENTER_ASTERISK_ROOT"})
"""Variables with our prefix that other parts read: where the file is, and the lab's Asterisk folder."""

ZONE = "Asia/Shanghai"
"""Days are decided here; it follows from the rules and is not a setting."""

SECRET = {"secret": True}
SHORTEST_KEY = 32
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigError(Exception):
    """The settings cannot be used; `problems` has one `section.key: what is wrong` each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _url(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError as error:
            raise ValueError("not a URL") from error
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(f"not a URL with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    return AfterValidator(check)


def _public_url(text: str) -> str:
    if text and (urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname):
        raise ValueError("not a URL with http:// or https://")
    if text and urlsplit(text).path not in {"", "/"}:
        raise ValueError("must not have a path")
    return text.rstrip("/")


def _socket_url(text: str) -> str:
    if text and (urlsplit(text).scheme not in {"ws", "wss"} or not urlsplit(text).hostname):
        raise ValueError("not a URL with ws:// or wss://")
    return text


def _span(text: str) -> str:
    Span.parse(text)
    return text


def _trunk(text: str) -> str:
    Trunk.parse(text)
    return text


def _queue_seconds(text: str) -> str:
    queue, _, seconds = text.partition("=")
    if queue not in names.QUEUES:
        raise ValueError(f"not a queue and its seconds; queues: {', '.join(names.QUEUES)}")
    if not (seconds.isascii() and seconds.isdigit() and int(seconds) <= 1800):
        raise ValueError("not a queue and 0 to 1800 seconds, such as cc-complaint=60")
    return text


def _number_queue(text: str) -> str:
    number, _, queue = text.partition("=")
    if not re.fullmatch(r"\+?[0-9]{3,20}", number) or queue not in names.QUEUES:
        raise ValueError(f"not a number and a queue, such as 95519001=cc-claims; queues: {', '.join(names.QUEUES)}")
    return text


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("not an absolute path")
    return path


def _absolute_or_none(text: str) -> str:
    if text and not Path(text).is_absolute():
        raise ValueError("not an absolute path")
    return text


def _note_key(text: str) -> str:
    if text:
        Signer.parse(text)
    return text


def _witness(text: str) -> str:
    url, _, key = text.partition(" ")
    if not url.startswith(("http://", "https://")):
        raise ValueError("a witness is written as <url> <key>")
    WitnessKey.parse(key)
    return text


def _hard_to_guess(text: str) -> str:
    if text and len(text) < SHORTEST_KEY:
        raise ValueError(f"a key has at least {SHORTEST_KEY} characters")
    return text


Port = Annotated[int, Field(ge=0, le=65535)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Folder = Annotated[Path, AfterValidator(_absolute)]
Spans = tuple[Annotated[str, AfterValidator(_span)], ...]
_strict = with_config(ConfigDict(extra="forbid"))


@_strict
@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """PostgreSQL. `size`: the most connections one process opens."""

    url: Annotated[str, _url("postgresql", "postgres")] = field(
        default="postgresql://callcenter@localhost/callcenter", metadata=SECRET
    )
    size: Annotated[int, Field(ge=2, le=200)] = 10


@_strict
@dataclass(frozen=True, slots=True)
class RedisConfig:
    """Redis: presence, fan-out, rate limits. Losing it loses nothing that matters."""

    url: Annotated[str, _url("redis", "rediss", "unix")] = field(default="redis://localhost:6379/0", metadata=SECRET)


@_strict
@dataclass(frozen=True, slots=True)
class FastAgiConfig:
    """The FastAGI listener, which the dialplan asks (CC_AGI)."""

    host: Word = "127.0.0.1"
    port: Port = 4573


@_strict
@dataclass(frozen=True, slots=True)
class AriConfig:
    """Asterisk's REST interface and event stream; `app` is our Stasis application."""

    url: Annotated[str, _url("http", "https")] = "http://127.0.0.1:8088/ari"
    user: Word = "callcenter"
    password: str = field(default="", metadata=SECRET)
    app: Word = "cc"


@_strict
@dataclass(frozen=True, slots=True)
class AmiConfig:
    """Asterisk's manager interface."""

    host: Word = "127.0.0.1"
    port: Port = 5038
    user: Word = "callcenter"
    password: str = field(default="", metadata=SECRET)


@_strict
@dataclass(frozen=True, slots=True)
class AgentsConfig:
    """`wrap_up`: seconds an agent has after a call to finish writing (话后处理), 0 for none; `queue_wrap_up`: other
    times for calls of single queues, each as `cc-complaint=60`; `phones`: the file with an extension and its
    telephones' SIP password on each line; `telephone_url`: where agents' browsers open their SIP WebSocket, empty for
    what follows from the page's own address (docs/telephony.md)."""

    wrap_up: Annotated[int, Field(ge=0, le=1800)] = 15
    queue_wrap_up: tuple[Annotated[str, AfterValidator(_queue_seconds)], ...] = ()
    phones: Folder = Path("/etc/callcenter/phones")
    telephone_url: Annotated[str, AfterValidator(_socket_url)] = ""

    def seconds_of_queues(self) -> Iterator[tuple[str, int]]:
        """The queues with a time of their own."""
        for each in self.queue_wrap_up:
            queue, _, seconds = each.partition("=")
            yield queue, int(seconds)


@_strict
@dataclass(frozen=True, slots=True)
class CallingConfig:
    """Callbacks (回访). `workday`, `restday`: when customers are rung, spans such as `0900-1200` within 0900-2100;
    `ring`: seconds a customer's telephone rings; `trunks`: endpoints of carriers, each with the calls begun in a second
    and the most at once, as `trunk-main=5/60`; the first is for campaigns that name none."""

    workday: Spans = ("0900-2100",)
    restday: Spans = ("0900-2100",)
    ring: Annotated[int, Field(ge=2, le=120)] = 45
    trunks: tuple[Annotated[str, AfterValidator(_trunk)], ...] = STANDARD_TRUNKS

    def hours(self) -> CallingHours:
        """When customers are rung. Raises BadSpanError."""
        return CallingHours.of(self.workday, self.restday)

    def pace(self) -> Pace:
        """How fast each trunk is dialled. Raises BadTrunkError."""
        return Pace.of(self.trunks)


@_strict
@dataclass(frozen=True, slots=True)
class LinesConfig:
    """Our numbers beside the hotline's own, as the carrier sends them. `english`: their callers are greeted in English;
    `direct`: their callers go to a queue without the menu, each as `95519001=cc-claims`."""

    english: tuple[Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")], ...] = ()
    direct: tuple[Annotated[str, AfterValidator(_number_queue)], ...] = ()

    def queues(self) -> Iterator[tuple[str, str]]:
        """The direct numbers and their queues."""
        for each in self.direct:
            number, _, queue = each.partition("=")
            yield number, queue


@_strict
@dataclass(frozen=True, slots=True)
class WebConfig:
    """The HTTP server. `public_url`: where browsers reach it; empty means by the host they name."""

    host: Word = "127.0.0.1"
    port: Port = 8080
    public_url: Annotated[str, AfterValidator(_public_url)] = ""


@_strict
@dataclass(frozen=True, slots=True)
class RecordingsConfig:
    """`volumes`: the two folders Asterisk captures to; `archive_root`: the archive's folder; `cel_file`: its CEL.

    `archive_id` is written into the archive, which is refused when it carries another; `fonds` (全宗号) and
    `fonds_name` begin every archive number; `minimum_free`: megabytes below which nothing is sealed; `signing_key`:
    the log's private note key, without which no checkpoint is signed; `number_key`: by which customers' numbers are
    hashed for the archive (docs/personal-data.md), empty for the one made with the database; `witnesses`: who co-signs
    the log's heads, each as `<url> <key>` (docs/archive.md).
    """

    volumes: Annotated[tuple[Folder, ...], Field(min_length=2, max_length=2)] = (
        Path("/var/spool/callcenter/capture-a"),
        Path("/var/spool/callcenter/capture-b"),
    )
    archive_root: Folder = Path("/var/lib/callcenter/archive")
    cel_file: Folder = Path("/var/log/asterisk/cel-custom/cel.jsonl")
    archive_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] = "hotline95519"
    fonds: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,20}$")] = "95519"
    fonds_name: Word = "95519 客户服务中心"
    master: Literal["flac", "wav"] = "flac"
    minimum_free: Annotated[int, Field(ge=0)] = 1024
    signing_key: Annotated[str, AfterValidator(_note_key)] = field(default="", metadata=SECRET)
    number_key: Annotated[str, AfterValidator(_hard_to_guess)] = field(default="", metadata=SECRET)
    witnesses: tuple[Annotated[str, AfterValidator(_witness)], ...] = ()


@_strict
@dataclass(frozen=True, slots=True)
class AttachmentsConfig:
    """The files of tickets. `folder`: where they lie, the same for all processes; `max_megabytes`: of one file;
    `per_ticket`: how many files a ticket may have; `minimum_free`: megabytes below which none is taken."""

    folder: Folder = Path("/var/lib/callcenter/attachments")
    max_megabytes: Annotated[int, Field(ge=1, le=2048)] = 20
    per_ticket: Annotated[int, Field(ge=1, le=10_000)] = 200
    minimum_free: Annotated[int, Field(ge=0)] = 1024


@_strict
@dataclass(frozen=True, slots=True)
class ExportsConfig:
    """Files of personal data. `second_person`: they leave only after somebody else approved them (E-12)."""

    second_person: bool = True


@_strict
@dataclass(frozen=True, slots=True)
class ImportsConfig:
    """Lists of policies and callback tasks; they lie in `lists` under `attachments.folder`. `max_megabytes`: of one
    file; `most_rows` and `most_columns`: of one list; `keep_days`: after which the file of an import that ended is
    removed; `countries`: prefixes of other countries whose numbers are rung."""

    max_megabytes: Annotated[int, Field(ge=1, le=4096)] = 512
    most_rows: Annotated[int, Field(ge=1, le=20_000_000)] = 5_000_000
    most_columns: Annotated[int, Field(ge=1, le=2000)] = 200
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    countries: tuple[Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}$")], ...] = ("852", "853", "886")


@_strict
@dataclass(frozen=True, slots=True)
class DocumentsConfig:
    """What the documents of tickets (文书) say of us. `company`: the company's whole name on every letter; `hotline`:
    the number customers are told; `font_folders`: further fonts for rare characters, used where the folder exists
    (docs/documents.md)."""

    company: Word = "95519人寿保险股份有限公司"
    hotline: Word = "95519"
    font_folders: tuple[Folder, ...] = (Path("/usr/share/fonts/truetype/hanazono"),)


@_strict
@dataclass(frozen=True, slots=True)
class SpoolConfig:
    """The folder where tickets wait, synced to disk, while PostgreSQL is away."""

    folder: Folder = Path("/var/spool/callcenter/tickets")


@_strict
@dataclass(frozen=True, slots=True)
class HoursConfig:
    """When people answer, in Asia/Shanghai: spans such as `0830-1730`, for working days and for rest days.

    Make-up weekends are working days. With neither set, the dialplan's `CC_OPEN_HOURS` counts.
    """

    workday: Spans = ()
    restday: Spans = ()


@_strict
@dataclass(frozen=True, slots=True)
class MailConfig:
    """The server that takes our mail; without `host` none is sent. `tls`: starttls, tls from the first byte, or none;
    `ca_file`: whom to trust instead of the machine's own list; `timeout`: seconds one answer may take."""

    host: Annotated[str, Field(max_length=200)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Field(max_length=200)] = ""
    password: str = field(default="", metadata=SECRET)
    sender: Annotated[str, Field(pattern=r"^([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190})?$")] = ""
    sender_name: Word = "95519 投诉管理"
    ca_file: Annotated[str, AfterValidator(_absolute_or_none)] = ""
    timeout: Annotated[float, Field(gt=0, le=60)] = 20.0


@_strict
@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where notifications are posted for organisations without a webhook of their own; without `url` nowhere."""

    url: Annotated[str, Field(max_length=500)] = ""
    secret: Annotated[str, AfterValidator(_hard_to_guess)] = field(default="", metadata=SECRET)
    ca_file: Annotated[str, AfterValidator(_absolute_or_none)] = ""
    timeout: Annotated[float, Field(gt=0, le=60)] = 10.0


@_strict
@dataclass(frozen=True, slots=True)
class LogConfig:
    """`level` of our loggers; `format`: json, one object a line, or text for people at a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


@_strict
@dataclass(frozen=True, slots=True)
class Config:
    """Everything that differs from one installation to the next."""

    mode: Literal["normal", "test"] = "normal"
    database: DatabaseConfig = field(default_factory=DatabaseConfig)
    redis: RedisConfig = field(default_factory=RedisConfig)
    fastagi: FastAgiConfig = field(default_factory=FastAgiConfig)
    ari: AriConfig = field(default_factory=AriConfig)
    ami: AmiConfig = field(default_factory=AmiConfig)
    agents: AgentsConfig = field(default_factory=AgentsConfig)
    calling: CallingConfig = field(default_factory=CallingConfig)
    lines: LinesConfig = field(default_factory=LinesConfig)
    web: WebConfig = field(default_factory=WebConfig)
    recordings: RecordingsConfig = field(default_factory=RecordingsConfig)
    attachments: AttachmentsConfig = field(default_factory=AttachmentsConfig)
    imports: ImportsConfig = field(default_factory=ImportsConfig)
    exports: ExportsConfig = field(default_factory=ExportsConfig)
    documents: DocumentsConfig = field(default_factory=DocumentsConfig)
    spool: SpoolConfig = field(default_factory=SpoolConfig)
    hours: HoursConfig = field(default_factory=HoursConfig)
    mail: MailConfig = field(default_factory=MailConfig)
    webhook: WebhookConfig = field(default_factory=WebhookConfig)
    log: LogConfig = field(default_factory=LogConfig)

    @classmethod
    def load(cls, path: Path | None = None, environ: Mapping[str, str] | None = None) -> Self:
        """Reads the file at `path`, when given, and lays `environ` over it. Raises ConfigError with every problem."""
        problems: list[str] = []
        settings = _file(path, problems)
        _overlay(settings, environ or {}, problems)
        try:
            config = TypeAdapter(cls).validate_python(settings)
        except ValidationError as invalid:
            problems += [_sentence(error["loc"], error["type"], error["msg"]) for error in invalid.errors()]
            raise ConfigError(problems) from None
        problems += _contradictions(config)
        if problems:
            raise ConfigError(problems)
        return config

    def masked(self) -> Iterator[str]:
        """The effective settings as `section.key = value`, secrets hidden; for `check-config`."""
        for part in fields(self):
            section = getattr(self, part.name)
            if not is_dataclass(section):
                yield f"{part.name} = {section}"
                continue
            for leaf in fields(section):
                yield f"{part.name}.{leaf.name} = {_shown(getattr(section, leaf.name), 'secret' in leaf.metadata)}"


def _file(path: Path | None, problems: list[str]) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path}: not TOML: {error}")
    return {}


@dataclass(frozen=True, slots=True)
class _Setting:
    section: str | None
    key: str
    secret: bool
    many: bool


def _known() -> dict[str, _Setting]:
    known: dict[str, _Setting] = {}
    for part in fields(Config):
        if not isinstance(part.default_factory, type):
            known[f"{PREFIX}{part.name.upper()}"] = _Setting(None, part.name, False, False)
            continue
        for leaf in fields(part.default_factory):
            known[f"{PREFIX}{part.name}_{leaf.name}".upper()] = _Setting(
                part.name, leaf.name, "secret" in leaf.metadata, isinstance(leaf.default, tuple)
            )
    return known


def _overlay(settings: dict[str, Any], environ: Mapping[str, str], problems: list[str]) -> None:
    known = _known()
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        setting, value = known.get(name), text
        if setting is None and name.endswith("_FILE"):
            plain = name.removesuffix("_FILE")
            setting = known[plain] if plain in known and known[plain].secret else None
            if setting is not None and plain in environ:
                problems.append(f"{name}: given together with {plain}: choose one")
                continue
            if setting is not None:
                try:
                    value = Path(text).read_text(encoding="utf-8").rstrip("\r\n")
                except (OSError, ValueError) as error:
                    problems.append(f"{name}: cannot read {text}: {getattr(error, 'strerror', None) or 'not UTF-8'}")
                    continue
        if setting is None:
            problems.append(f"{name}: unknown setting")
            continue
        target = settings if setting.section is None else settings.setdefault(setting.section, {})
        if isinstance(target, dict):
            target[setting.key] = value.split(":") if setting.many else value


def _sentence(where: tuple[int | str, ...], kind: str, message: str) -> str:
    path = ".".join(str(part) for part in where)
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        return f"{path}: unknown setting"
    return f"{path}: {message.removeprefix('Value error, ')}"


def _contradictions(config: Config) -> Iterator[str]:
    public = urlsplit(config.web.public_url)
    if config.mode == "test" and config.web.public_url and public.hostname not in LOCAL_HOSTS:
        yield "mode: test is refused beside a web.public_url that is not this machine: its clock can be set by anyone"
    if config.mail.host and not config.mail.sender:
        yield "mail.sender: mail.host needs the address mails come from"
    if config.mail.password and config.mail.tls == "none" and config.mail.host not in LOCAL_HOSTS:
        yield "mail.tls: a password is not sent unencrypted to another machine"
    if config.webhook.url and not is_safe(config.webhook.url):
        yield "webhook.url: neither https nor this machine, or with a name and password in it"
    if config.webhook.url and not config.webhook.secret:
        yield "webhook.secret: webhook.url needs what signs"
    yield from _not_callable(config.calling)
    first, second = config.recordings.volumes
    if first == second:
        yield "recordings.volumes: the two folders must differ, best on two disks"


def _not_callable(calling: CallingConfig) -> Iterator[str]:
    try:
        calling.hours()
    except BadSpanError as error:
        yield f"calling.workday, calling.restday: {error}"
    try:
        calling.pace()
    except BadTrunkError as error:
        yield f"calling.trunks: {error}"


def _shown(value: Any, secret: bool) -> str:
    if isinstance(value, tuple):
        return ":".join(str(part) for part in value)
    if not secret:
        return str(value)
    text = str(value)
    if "://" not in text:
        return "********" if text else "(empty)"
    parts = urlsplit(text)
    if parts.password is None:
        return text
    return text.replace(f":{parts.password}@", ":********@", 1)
