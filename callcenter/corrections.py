"""Correcting a ticket's particulars: what is written, and the clocks that follow (F-9, F-18, F-48, F-3).

On the caller's transaction, over the row it locked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcenter import (
    matters,
    progress,
    routing,
    timekeeping,
)
from callcenter.accounts.permissions import Permission
from callcenter.customers import phone
from callcenter.db.pool import Connection
from callcenter.opening import By, is_complete
from callcenter.standing import LINES, contact, lines_of, main_line, particulars, recused
from tickets import (
    corrections,
    deadlines,
    groups,
    intake,
    store,
)
from tickets import progress as rhythm
from tickets.calendar import shanghai_day
from tickets.deadlines import Kind, Rulebook
from tickets.errors import (
    NotAdmissibleError,
    Problem,
    Words,
)
from tickets.intake import (
    Channel,
    ComplainantType,
    Nature,
    NetworkKind,
    Severity,
    Source,
)
from tickets.routing import knows
from tickets.slips import Line

MANAGER_OF = "SELECT manager_id FROM app_user WHERE id = $1"
PERSON = "SELECT id, manager_id FROM app_user WHERE id = $1"
SENT_LINES = "SELECT DISTINCT line FROM slip WHERE ticket_id = $1"
DROP_LINES = "DELETE FROM ticket_line WHERE ticket_id = $1"
ADD_LINES = """
INSERT INTO ticket_line (ticket_id, place, category, sub_code)
SELECT $1, r.place, r.category, r.sub_code FROM jsonb_populate_recordset(NULL::ticket_line, $2) AS r"""
KNOWN_CUSTOMER = "SELECT 1 FROM customer WHERE id = $1"
KNOWN_POLICY = "SELECT id, organisation_id FROM policy WHERE number = $1"

NOW_DONE = {"restated_and_confirmed": "restated_at", "form_signed": "form_signed_at"}
"""Marks that are set once, and the columns that say when."""


@dataclass(frozen=True, slots=True)
class Changes:
    """New particulars by column name; only what is named changes. `reason`: see tickets/corrections.py."""

    values: Mapping[str, Any]
    restated_and_confirmed: bool = False
    form_signed: bool = False
    reason: str = ""
    further: tuple[Line, ...] | None = None


async def corrected(conn: Connection, row: dict[str, Any], changes: Changes, by: By, at: datetime) -> dict[str, Any]:
    after = {**row, **changes.values}
    after["complainant_phone"] = phone.as_kept(after["complainant_phone"])
    for mark, column in NOW_DONE.items():
        if getattr(changes, mark) and row[column] is None:
            after[column] = at
    if after["identity_manner"] != row["identity_manner"]:
        known = after["identity_manner"] is not None
        after["identity_verified_at"], after["identity_verified_by"] = (at, by.actor) if known else (None, None)
    nature = Nature(row["nature"])
    after["severity"] = groups.severity(
        Severity(after["severity"]), after["group_size"], after["designated_major"]
    ).value
    corrections.check(
        nature,
        particulars(row),
        particulars(after),
        changes.reason,
        by_post=by.may(Permission.TICKET_MANAGE),
        severity_confirmed=row["severity_confirmed_at"] is not None,
    )
    if "severity" in changes.values and by.may(Permission.TICKET_MANAGE):
        confirm_severity(after, by, at)
    if after["severity"] != row["severity"] and nature is not Nature.CALLBACK_FINDING:
        after["gravity"] = intake.GRAVITY[Severity(after["severity"])].value
    if nature is Nature.COMPLAINT:
        after["complex_at"] = rhythm.complex_since(
            Severity(after["severity"]), row["complex_at"], row["complex_reason"], at
        )
    await _concern(conn, row, after, by)
    customer = after["customer_id"]
    if customer not in (None, row["customer_id"]) and await conn.fetchval(KNOWN_CUSTOMER, customer) is None:
        raise NotAdmissibleError((Problem("customer_id", Words("没有这个客户", "no such customer")),))
    if after["policy_number"] != row["policy_number"]:
        policy = await conn.fetchrow(KNOWN_POLICY, after["policy_number"])
        after["policy_id"] = policy["id"] if policy else None
        after["underwriting_organisation_id"] = policy["organisation_id"] if policy else None
    told = Channel.PHONE_INBOUND if nature is Nature.CALLBACK_FINDING else Channel(row["channel"])
    kind = NetworkKind(row["network_kind"]) if row["network_kind"] else None
    intake.check(told, Source(row["source"]), kind, particulars(after))
    if after["complete_at"] is None and is_complete(particulars(after), contact(after)):
        after["complete_at"] = at
    before, now = ComplainantType(row["complainant_type"]), ComplainantType(after["complainant_type"])
    if nature is Nature.COMPLAINT and before.is_consumer != now.is_consumer:
        after |= matters.until_recounted(now)
    return after


async def _concern(conn: Connection, row: Mapping[str, Any], after: dict[str, Any], by: By) -> None:
    """Whom the order is about: a person there is; not theirs, nor their manager's, to change; no handler (F-48)."""
    if after["about_user_id"] == row["about_user_id"]:
        return
    if row["about_user_id"] is not None and by.user_id is not None:
        manager = await conn.fetchval(MANAGER_OF, row["about_user_id"])
        if str(by.user_id) in recused(row, manager):
            words = Words("被投诉人及其直接上级须回避", "the person complained of, and their manager, keep out of it")
            raise NotAdmissibleError((Problem("about_user_id", words, ("F-48", "N-7")),))
    if after["about_user_id"] is None:
        return
    found = await conn.fetchrow(PERSON, after["about_user_id"])
    if found is None:
        words = Words("没有这个人员", "no such person")
        raise NotAdmissibleError((Problem("about_user_id", words, ("F-48",)),))
    if after["handler_id"] in (after["about_user_id"], found["manager_id"]):
        after["handler_id"] = None


async def line(
    conn: Connection, row: Mapping[str, Any], after: Mapping[str, Any], changes: Changes, at: datetime
) -> dict[str, Any]:
    """Write the grievances anew (F-3, R-4.9); what was sent to its departments stays what it is (R-4.10).

    A sub-code is one of its category's (F-8). Returns what the history says of it.
    """
    before = lines_of(await conn.fetch(LINES, row["id"]))
    now = before if changes.further is None else changes.further
    main = main_line(after)
    if now == before and main == main_line(row):
        return {}
    table = await routing.on(conn, shanghai_day(at))
    problems = []
    coded = Line(1, main.category, after["sub_code"])
    if not all(knows(table, line.category, line.sub_code) for line in (coded, *now)):
        words = Words("该类别没有这个细分", "the category has no such sub-code")
        problems.append(Problem("sub_code", words, ("F-8",)))
    sent = {each["line"] for each in await conn.fetch(SENT_LINES, row["id"])}
    kept = {line.number: line.category for line in now}
    if any(line.number in sent and kept.get(line.number) is not line.category for line in before):
        words = Words("已派发的投诉事项不再更改", "a grievance that was sent to its departments is not changed")
        problems.append(Problem("further", words, ("F-3", "R-4.10")))
    if problems:
        raise NotAdmissibleError(tuple(problems))
    if now == before:
        return {}
    await conn.execute(DROP_LINES, row["id"])
    rows = [{"place": line.number, "category": line.category, "sub_code": line.sub_code} for line in now]
    await conn.execute(ADD_LINES, row["id"], rows)
    return {"further": [[_told(line) for line in each] for each in (before, now)]}


def _told(line: Line) -> dict[str, Any]:
    return {"category": line.category, "sub_code": line.sub_code}


async def follow(
    conn: Connection, row: Mapping[str, Any], after: Mapping[str, Any], book: Rulebook, at: datetime
) -> None:
    """The clocks that a correction meets or moves (F-9, F-18, R-4.2)."""
    met = []
    if row["complete_at"] is None and after["complete_at"] is not None:
        met.append(Kind.REGISTER)
    confirmed = {deadlines.Contact.PHONE: "restated_at", deadlines.Contact.VISIT: "form_signed_at"}.get(contact(row))
    if confirmed is not None and row[confirmed] is None and after[confirmed] is not None:
        met.append(Kind.ACKNOWLEDGE)
    if met:
        await store.meet(conn, row["id"], met, at)
    if after["gravity"] != row["gravity"]:
        await timekeeping.reckon(conn, after, book)
        await progress.classified(conn, row, after, book, at)


def confirm_severity(after: dict[str, Any], by: By, at: datetime) -> None:
    """The complaint post stands by the severity from now on, as proposed or as it has just set it (F-18)."""
    if after["severity_confirmed_at"] is None:
        after["severity_confirmed_at"], after["severity_confirmed_by"] = at, by.actor
