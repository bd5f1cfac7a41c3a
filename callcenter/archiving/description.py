"""What the archive object says about its call. Pure: rows in, the description out; a customer's number never whole."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callcenter.archiving.cel_rows import CallRows
from callcenter.archiving.pseudonyms import Pseudonyms
from callcenter.archiving.store import Segment, Surroundings, system_of
from callcenter.customers import masking
from recordings.clock import UNKNOWN, Reading
from recordings.record import Description, moment

TITLES = {"inbound": "95519 客户来电录音", "callback": "95519 回访录音", "click": "95519 呼出录音"}


def of_call(
    about: Surroundings,
    archive_no: str,
    fonds: str,
    fonds_name: str,
    pseudonyms: Pseudonyms,
    cel: CallRows,
    environment: dict[str, Any],
    clock: Reading,
) -> Description:
    """The description of a call's recording: the customer's number masked and hashed, `did` only where it is ours."""
    call = about.call
    incoming = call.direction == "inbound"
    number = call.caller if incoming else call.did
    boot = about.boot
    return Description(
        archive_no=archive_no,
        fonds=fonds,
        fonds_name=fonds_name,
        title=TITLES[call.direction],
        call={
            "call_uid": str(call.id),
            "uniqueid": call.cc_call,
            "linkedid": cel.linkedid,
            "asterisk_id": boot.asterisk_id if boot else None,
            "systemname": boot.system if boot else system_of(call.cc_call),
            "boot_id": f"{boot.system}/{moment(boot.started_at)}" if boot else None,
            "direction": call.direction,
            "did": call.did if incoming else None,
            "caller_masked": masking.phone(number),
            "caller_hash": pseudonyms.of(number),
            "queue": call.queue,
            "agents": [
                {"id": row["login"], "from": moment(row["started_at"]), "to": moment(row["ended_at"])}
                for row in about.agents
            ],
            "start": moment(call.started_at),
            "answer": moment(call.answered_at),
            "end": moment(call.ended_at),
            "zone": "Asia/Shanghai",
            "hangup_cause": call.end_cause,
            "degraded": call.degraded,
            "transfers": [
                {"at": moment(row["at"]), **masking.details(row["details"])}
                for row in about.events
                if row["kind"] == "transferred"
            ],
        },
        tickets=about.tickets,
        consent=_notice(about.events),
        environment={
            **environment,
            "asterisk": (boot.version if boot else None) or UNKNOWN,
            "asterisk_options": (boot.options if boot else None) or UNKNOWN,
        },
        cel=cel.lines,
        clock=clock,
    )


def of_orphan(
    base: str, archive_no: str, fonds: str, fonds_name: str, environment: dict[str, Any], clock: Reading
) -> Description:
    """The description of a capture that belongs to no call we know: nor is the switch known that made it."""
    return Description(
        archive_no=archive_no,
        fonds=fonds,
        fonds_name=fonds_name,
        title="未关联通话的录音",
        call={"call_uid": None, "base": base},
        environment={**environment, "asterisk": UNKNOWN, "asterisk_options": UNKNOWN},
        clock=clock,
    )


def muted_in(segment: Segment, muted: Sequence[tuple[datetime, datetime | None]]) -> tuple[tuple[int, int], ...]:
    """The masked intervals of a call in milliseconds from the segment's start, cut to the segment."""
    if segment.started_at is None:
        return ()
    end = segment.ended_at or segment.started_at + timedelta(milliseconds=segment.expected_ms or 0)
    found = []
    for start, stop in muted:
        first, last = max(start, segment.started_at), min(stop or end, end)
        if first < last:
            found.append((_after(segment.started_at, first), _after(segment.started_at, last)))
    return tuple(found)


def object_id(call_id: UUID) -> str:
    """The archive's name of a call's object."""
    return f"urn:cc-rec:{call_id}"


def _after(start: datetime, at: datetime) -> int:
    return round((at - start) / timedelta(milliseconds=1))


def _notice(events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    for row in events:
        if row["kind"] == "notice":
            language, _, status = str(row["details"].get("text", "")).partition("|")
            return {"notice": "recording", "language": language, "status": status, "at": moment(row["at"])}
    return None
