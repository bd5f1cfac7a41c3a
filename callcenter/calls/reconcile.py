"""What a look at the whole switch repairs in the ledger: calls never heard of, calls that are over, calls that died.

It only adds and flags. A leg is taken for gone only when two looks apart from each other missed it.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from callcenter.calls import facts, switch
from callcenter.calls.call import CRASH, Call
from callcenter.calls.facts import Role, Source
from callcenter.calls.hearing import Hearing
from callcenter.calls.switch import Boot, Snapshot

log = logging.getLogger(__name__)

VANISHED = "vanished"
NEVER_DIALLED = timedelta(minutes=2)
"""So long after it was written a call without any channel will not come any more."""


def judge(
    hearing: Hearing,
    snapshot: Snapshot,
    missing: dict[str, datetime],
    *,
    log_is_there: bool,
    patience: float,
) -> None:
    """Repairs the ledger. `missing` remembers since when legs are missed; call it after the event log was heard."""
    ledger = hearing.ledger
    for call in switch.stranded(ledger.calls.values(), snapshot.boot):
        at = last_sign(call, snapshot.boot, ledger.heard_at)
        log.error("call lost with the switch", extra={"call": call.cc_call})
        ledger.hear(call.id, facts.Ended(at, CRASH), Source.ARI)
    for channel in switch.strangers(snapshot):
        if ledger.of_channel(channel.id) is None:
            adopted = hearing.adopt(channel)
            if adopted is not None:
                log.info("living call adopted", extra={"call": ledger.calls[adopted].cc_call})
    for call in [call for call in ledger.living() if not call.legs and call.started_at < snapshot.at - NEVER_DIALLED]:
        ledger.hear(call.id, facts.Ended(snapshot.at, VANISHED), Source.ARI)
    _end_missing(hearing, snapshot, missing, log_is_there=log_is_there, patience=timedelta(seconds=patience))


def _end_missing(
    hearing: Hearing,
    snapshot: Snapshot,
    missing: dict[str, datetime],
    *,
    log_is_there: bool,
    patience: timedelta,
) -> None:
    ledger = hearing.ledger
    found = {leg.channel: call for call, leg in switch.missing(ledger.calls.values(), snapshot)}
    for channel in missing.keys() - found.keys():
        del missing[channel]
    for channel, call in found.items():
        since = missing.setdefault(channel, snapshot.at)
        if snapshot.at - since < patience:
            continue
        ledger.hear(call.id, facts.LegEnded(since, channel, VANISHED), Source.ARI)
        after = ledger.calls[call.id]
        if log_is_there and after.ended_at is not None and call.legs[channel].role is Role.CUSTOMER:
            ledger.hear(call.id, facts.Ended(since, VANISHED), Source.ARI)


def last_sign(call: Call, boot: Boot, heard_at: datetime | None) -> datetime:
    """When the switch that carried the call was last known to live: what we heard,
    or its capture files' last change."""
    signs = [call.started_at, call.state_at, *(leg.started_at for leg in call.legs.values())]
    if heard_at is not None:
        signs.append(heard_at)
    for segment in call.segments.values():
        signs += [_changed(Path(f"{segment.base}-{side}.sln"), boot.started_at) for side in "rt" if segment.base]
    return max(sign for sign in signs if sign == call.started_at or sign <= boot.started_at)


def _changed(path: Path, zone: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, zone.tzinfo)
    except OSError:
        return datetime.fromtimestamp(0, zone.tzinfo)
