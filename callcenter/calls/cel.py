"""The switch's event log: rows of JSON into facts. It is the authority on what happened while nobody of ours listened.

Pure; the format is described in docs/telephony.md. A row that is not ours or not understood yields nothing,
never an error.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agi import names
from callcenter.calls import causes, channels, facts
from callcenter.calls.facts import Fact

SEGMENT = re.compile(r".+-(\d{1,4})")
QUEUE_OF_CONTEXT = {names.CONTEXT_DEGRADED: names.QUEUE_FALLBACK, names.CONTEXT_OUT: names.QUEUE_CALLBACK}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_EXTRA = 500
CHECKED_AFTER = timedelta(seconds=names.CAPTURE_CHECKED_AFTER)


class BadRowError(ValueError):
    """A line that is no row of the event log."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `linked` groups the channels that spoke with each other, `account` is the call's name where set."""

    kind: str
    at: datetime
    channel: str
    linked: str
    account: str
    name: str
    number: str
    dialled: str
    extension: str
    context: str
    application: str
    extra: str
    details: dict[str, Any]


def parse(line: str) -> Row:
    """The row in one line. Raises BadRowError."""
    try:
        raw = json.loads(line)
        kind = raw["userdeftype"] if raw["eventenum"] == "USER_DEFINED" else raw["eventenum"]
        details = json.loads(raw["eventextra"]) if raw["eventextra"] else {}
        if not isinstance(details, dict):
            details = {"extra": str(details)}
        return Row(
            kind=str(kind),
            at=_moment(str(raw["eventtime"])),
            channel=str(raw["uniqueid"]),
            linked=str(raw["linkedid"]),
            account=str(raw["accountcode"]),
            name=str(raw["channame"]),
            number=str(raw.get("num", "")),
            dialled=str(raw.get("dnid", "")),
            extension=str(raw.get("exten", "")),
            context=str(raw["context"]),
            application=str(raw["appname"]),
            extra=str(details.get("extra", ""))[:MAX_EXTRA],
            details=details,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRowError(f"{type(error).__name__}: {line[:80]!r}") from None


def _moment(text: str) -> datetime:
    seconds, _, micros = text.partition(".")
    return EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros.ljust(6, "0")[:6] or 0))


def told(row: Row) -> Iterator[Fact]:
    """The facts of a row about a leg that is known, or about the whole call."""
    match row.kind:
        case "ANSWER":
            yield facts.LegAnswered(row.at, row.channel)
        case "BRIDGE_ENTER" if row.details.get("bridge_technology") != "holding_bridge":
            yield facts.Bridged(row.at, row.channel)
        case "BRIDGE_EXIT":
            yield facts.Unbridged(row.at, row.channel)
        case "APP_START" if row.application == "Queue" and row.context != names.CONTEXT_TALK:
            yield facts.Queued(row.at, _queue(row))
        case "BLINDTRANSFER":
            target = f"{row.details.get('extension', '')}@{row.details.get('context', '')}"
            yield facts.Transferred(row.at, row.channel, "blind", target[:MAX_EXTRA])
        case "ATTENDEDTRANSFER":
            target = str(row.details.get("channel2_name") or row.details.get("transfer_target_channel_name") or "")
            yield facts.Transferred(row.at, row.channel, "attended", target[:MAX_EXTRA])
        case "HANGUP":
            yield facts.LegEnded(row.at, row.channel, causes.word(_integer(row.details.get("hangupcause"))))
        case "CHAN_END":
            yield facts.LegEnded(row.at, row.channel, "unknown")
        case "LINKEDID_END":
            yield facts.Ended(row.at, "normal")
        case kind if kind.startswith("CC_"):
            yield from _ours(row)


def arrived(row: Row) -> facts.Arrived:
    """What a customer's first rows say of him: that he is there, then who he is."""
    if row.kind == names.EVENT_ARRIVED:
        caller, _, dialled = row.extra.partition("|")
        return facts.Arrived(row.at, channels.number(caller), channels.number(dialled))
    return facts.Arrived(row.at, channels.number(row.number), channels.number(row.extension))


def _ours(row: Row) -> Iterator[Fact]:
    match row.kind:
        case names.EVENT_ARRIVED:
            pass
        case names.EVENT_REC_START:
            if seq := _seq(row.extra):
                yield facts.RecordingStarted(row.at - CHECKED_AFTER, seq, row.extra)
        case names.EVENT_REC_END:
            base, r_bytes, t_bytes = ([*row.extra.split("|"), "", "", ""])[:3]
            if seq := _seq(base):
                yield facts.RecordingEnded(row.at, seq, base, _size(r_bytes), _size(t_bytes))
        case names.EVENT_REC_FAIL:
            yield facts.RecordingFailed(row.at, row.extra)
        case names.EVENT_REC_NONE:
            yield facts.RecordingMissing(row.at)
        case names.EVENT_DEGRADED:
            words = ("from", "agi", "stasis", "done")
            yield facts.Degraded(row.at, dict(zip(words, row.extra.split("|"), strict=False)))
        case names.EVENT_QUEUED:
            yield facts.Queued(row.at, row.extra.partition("|")[0] or None)
        case _:
            yield facts.Marked(row.at, row.kind.removeprefix("CC_").lower()[:40], row.channel, {"text": row.extra})


def _queue(row: Row) -> str | None:
    if row.extension in names.QUEUES:
        return row.extension
    return QUEUE_OF_CONTEXT.get(row.context)


def _seq(base: str) -> int | None:
    match = SEGMENT.fullmatch(base)
    return int(match[1]) if match and int(match[1]) > 0 else None


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0
