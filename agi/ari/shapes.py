"""What ARI's JSON is made of: channels, bridges, texts, numbers and times, each checked as it is read.

Pure. A wrong shape is KeyError, TypeError or ValueError, never a value that looks right; texts from outside
are capped.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

Json: TypeAlias = Mapping[str, object]
T = TypeVar("T")

MAX_TEXT = 256
"""Characters kept of a text that came from outside: a caller's name may be ten thousand long."""

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as Asterisk showed it at that moment. Ids may hold any character: they are names, never
    paths."""

    id: str
    name: str
    state: str
    caller_number: str
    caller_name: str
    connected_number: str
    connected_name: str
    context: str
    extension: str
    application: str
    created: datetime
    account: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge and the ids of the channels in it."""

    id: str
    kind: str
    channels: tuple[str, ...]
    name: str = ""
    creator: str = ""


def channel(raw: object) -> Channel:
    """A channel object; an absent id is an error, an absent caller is an empty text."""
    body = mapping(raw)
    caller, connected = mapping(body.get("caller", {})), mapping(body.get("connected", {}))
    dialplan = mapping(body.get("dialplan", {}))
    return Channel(
        id=name(body["id"]),
        name=text(body.get("name", "")),
        state=text(body.get("state", "")),
        caller_number=text(caller.get("number", "")),
        caller_name=text(caller.get("name", "")),
        connected_number=text(connected.get("number", "")),
        connected_name=text(connected.get("name", "")),
        context=text(dialplan.get("context", "")),
        extension=text(dialplan.get("exten", "")),
        application=text(dialplan.get("app_name", "")),
        created=moment(body["creationtime"]),
        account=text(body.get("accountcode", "")),
        variables={key: text(value) for key, value in mapping(body.get("channelvars", {})).items()},
    )


def bridge(raw: object) -> Bridge:
    body = mapping(raw)
    inside = body.get("channels", [])
    if not isinstance(inside, list):
        raise TypeError("channels is no list")
    return Bridge(
        id=name(body["id"]),
        kind=text(body.get("bridge_type", "")),
        channels=tuple(map(name, inside)),
        name=text(body.get("name", "")),
        creator=text(body.get("creator", "")),
    )


def mapping(value: object) -> Json:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def name(value: object) -> str:
    """An identifier: a text that is not empty, kept whole."""
    if not isinstance(value, str) or not value:
        raise TypeError("an id that is no text")
    return value


def text(value: object) -> str:
    """A text to show or compare: control characters out, cut at MAX_TEXT."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return CONTROL.sub("", value[:MAX_TEXT]) if len(value) > MAX_TEXT or CONTROL.search(value) else value


def number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a number")
    return value


def moment(value: object) -> datetime:
    """An ISO 8601 time with its zone as sent; UTC when none was."""
    at = datetime.fromisoformat(name(value))
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def maybe(make: Callable[[object], T], value: object) -> T | None:
    return None if value is None else make(value)
