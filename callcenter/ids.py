"""Identifiers that sort by time (RFC 9562 version 7). Must never depend on anything but its arguments and chance."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

CallId = NewType("CallId", UUID)

_OURS = re.compile(r"(?:cb|ck)-(0[0-3][0-9a-f]{6}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
"""Version 7 up to the year 2109: whoever puts another id into a channel's name is not us."""
_UNIQUEID = re.compile(r"(?:[A-Za-z0-9._]+-)?(\d{9,11})\.\d+")


class NotACallIdError(ValueError):
    """The text is neither an Asterisk unique id nor an id of ours."""


def uuid7(at: datetime) -> UUID:
    """A new id whose first 48 bits are the milliseconds of `at`."""
    return _version7(at, secrets.token_bytes(10))


def derived(at: datetime, name: str) -> UUID:
    """The same id for the same moment and name, for whoever computes it."""
    return _version7(at, hashlib.sha256(name.encode()).digest()[:10])


def first_of(at: datetime) -> UUID:
    """The lowest id of the moment: a bound for queries by time."""
    return UUID(int=_milliseconds(at) << 80)


def moment_of(id: UUID) -> datetime:
    """The moment the first 48 bits of a version 7 id tell."""
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)


def call_id(cc_call: str) -> CallId:
    """The id of a call from what the dialplan calls CC_CALL.

    An Asterisk unique id (`system-epoch.serial`) gives an id derived from it, so that a reconciler which has lost
    the database computes the same; a channel id of ours (`cb-…` callback attempt, `ck-…` click to call) carries it.
    Raises NotACallIdError.
    """
    if ours := _OURS.fullmatch(cc_call):
        return CallId(UUID(ours[1]))
    if match := _UNIQUEID.fullmatch(cc_call):
        return CallId(derived(datetime.fromtimestamp(int(match[1]), UTC), cc_call))
    raise NotACallIdError(cc_call)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _version7(at: datetime, tail: bytes) -> UUID:
    bits = _milliseconds(at) << 80 | int.from_bytes(tail, "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(0x3 << 62) | 2 << 62
    return UUID(int=bits)
