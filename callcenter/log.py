"""Log lines: a constant phrase and fields, as JSON. Must never show a whole telephone, identity or card number.

log = logging.getLogger(__name__)
with bound(call=call_id, ticket=ticket.number):
    log.info("ticket opened", extra={"answer_due": due})
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from types import MappingProxyType
from typing import Any, TextIO

import asyncpg

from callcenter.config import LogConfig

OURS = ("agi", "callcenter", "recordings", "tickets")

_fields: ContextVar[Mapping[str, str]] = ContextVar("log fields", default=MappingProxyType({}))

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_ALONE, _OVER = r"(?<![A-Za-z_\d])", r"(?![A-Za-z_\d])"
"""No part of a longer word; Chinese stands right beside numbers."""
_UUID = r"(?P<uuid>(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F]))"
_OURS_NUMBER = r"(?P<ticket>(?<!\d)95519-\d{8}-\d{6}(?!\d))"
_UNIQUE_ID = r"(?P<unique>(?<![\w.])\w+-1\d{9}\.\d+(?!\d))"
_IDENTITY = rf"(?P<identity>{_ALONE}\d{{17}}[\dXx]{_OVER})"
_CARD = rf"(?P<card>{_ALONE}\d{{4}}(?:[ -]?\d{{4}}){{2,3}}[ -]?\d{{1,4}}{_OVER})"
_MOBILE = rf"(?P<mobile>{_ALONE}(?<!\d\.)(?:(?:\+|00)?86[ -]?)?[1１]\d{{2}}[ -]?\d{{4}}[ -]?\d{{4}}{_OVER})"
_LANDLINE = (
    rf"(?P<landline>{_ALONE}(?<!\d\.)(?:(?:\+|00)86[ -]?[1-9]\d{{1,2}}|\(?[0０]\d{{2,3}}\)?)[ -]?\d{{7,8}}{_OVER})"
)
_PERSONAL = re.compile("|".join((_UUID, _OURS_NUMBER, _UNIQUE_ID, _IDENTITY, _MOBILE, _LANDLINE, _CARD)))
_KEPT = frozenset({"uuid", "ticket", "unique"})


def masked(text: str) -> str:
    """The text with the middle of every telephone, identity and card number replaced; our own ids stay."""
    return _PERSONAL.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    text = match[0]
    if match.lastgroup in _KEPT:
        return text
    head = 3 if match.lastgroup in {"mobile", "identity"} and text[0].isdigit() and int(text[0]) else 0
    tail = 2 if match.lastgroup == "identity" else 4
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:]


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Adds fields (call, ticket, agent …) to every line written inside the block, also in tasks started there."""
    token = _fields.set({**_fields.get(), **{name: str(value) for name, value in fields.items()}})
    try:
        yield
    finally:
        _fields.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            **_extras(record),
        }
        if text := _exception(self, record):
            line["exception"] = text
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)


class TextLines(logging.Formatter):
    """The same for people: one line, then the exception."""

    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in _extras(record).items())
        message = json.dumps(masked(record.getMessage()), ensure_ascii=False)[1:-1]
        line = f"{_time(record)} {record.levelname.lower():7} {message} {fields}".rstrip()
        text = _exception(self, record)
        return f"{line}\n{text}" if text else line


def configure(settings: LogConfig, stream: TextIO | None = None) -> None:
    """Sends every logger's lines to `stream` (stderr); ours from the set level, others from warning."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if settings.format == "json" else TextLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.level.upper())


@contextmanager
def in_background() -> Iterator[None]:
    """While the block runs a thread of its own writes the lines: neither a busy disk nor a full pipe holds up an event
    loop. What is not yet written is at the end; a process that is killed loses it."""
    root = logging.getLogger()
    direct = root.handlers[:]
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    queued = QueueHandler(lines)
    queued.setFormatter(direct[0].formatter)
    listener = QueueListener(lines, *direct)
    for handler in direct:
        handler.setFormatter(logging.Formatter("%(message)s"))
    root.handlers[:] = [queued]
    listener.start()
    try:
        yield
    finally:
        root.handlers[:] = direct
        listener.stop()
        for handler in direct:
            handler.setFormatter(queued.formatter)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    extras = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    return {name: _clean(value) for name, value in {**_fields.get(), **extras}.items()}


def _clean(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {masked(str(name)): _clean(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    return masked(str(value).encode("utf-8", "replace").decode())


def _exception(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        _forget_values(record.exc_info[1])
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(record.stack_info)
    return masked("\n".join(parts))


def _forget_values(error: BaseException | None) -> None:
    """PostgreSQL's DETAIL quotes the row it refused: names and stories are in it, which no mask would find."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, asyncpg.PostgresError):
            one.detail = None
        todo += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
