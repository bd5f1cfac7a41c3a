"""What can happen to a call, in our words. Both accounts of the switch, ARI and CEL,
are told in these; must never do I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Role(StrEnum):
    """Whose channel a leg is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    CONSULT = "consult"
    SUPERVISOR = "supervisor"


class Source(StrEnum):
    """Who told us."""

    ARI = "ari"
    CEL = "cel"
    AMI = "ami"
    AGI = "agi"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A customer's call reached us; `caller` is None when withheld or unusable."""

    at: datetime
    caller: str | None
    did: str | None
    caller_name: str | None = None


@dataclass(frozen=True, slots=True)
class LegStarted:
    """A channel of the call came to be."""

    at: datetime
    channel: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class LegRinging:
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """`cause` is the word for the Q.850 code, see `callcenter.calls.causes`."""

    at: datetime
    channel: str
    cause: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The customer waits; `queue` is None when the switch did not say for which."""

    at: datetime
    queue: str | None


@dataclass(frozen=True, slots=True)
class Bridged:
    """A channel began to exchange audio with others."""

    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Unbridged:
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Held:
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Unheld:
    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Transferred:
    """`manner` is blind or attended; `target` the extension or endpoint it went to."""

    at: datetime
    channel: str
    manner: str
    target: str


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """Capture of one segment began; `base` is its path without `-r.sln` and `-t.sln`."""

    at: datetime
    seq: int
    base: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The files of a segment were closed; sizes in bytes where the switch could tell them."""

    at: datetime
    seq: int
    base: str
    r_bytes: int | None
    t_bytes: int | None


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """A volume took no audio; the dialplan goes on to the other."""

    at: datetime
    base: str


@dataclass(frozen=True, slots=True)
class RecordingMissing:
    """Neither volume took audio: the call goes on without a recording."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Degraded:
    """The fallback of the dialplan served the call; `details` say what it came from."""

    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marked:
    """Something else worth keeping, such as the recording notice having been played."""

    at: datetime
    kind: str
    channel: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The whole call is over, told as such: the last channel is gone, or the switch died."""

    at: datetime
    cause: str


Fact: TypeAlias = (
    Arrived
    | LegStarted
    | LegRinging
    | LegAnswered
    | LegEnded
    | Queued
    | Bridged
    | Unbridged
    | Held
    | Unheld
    | Transferred
    | RecordingStarted
    | RecordingEnded
    | RecordingFailed
    | RecordingMissing
    | Degraded
    | Marked
    | Ended
)
