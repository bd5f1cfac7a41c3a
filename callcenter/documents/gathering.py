"""Fills the facts of documents from the ticket's file. Reads only; codes become Chinese words here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from callcenter.db.pool import Connection
from callcenter.documents.facts import Acknowledgement, Complainant, Imprint, Limit, Office, Order
from callcenter.documents.kinds import Kind
from tickets import store as tickets
from tickets.categories import Category
from tickets.deadlines import Kind as Clock
from tickets.intake import Channel, ComplainantType, NetworkKind, Severity, Source
from tickets.terms import TERMS

ORGANISATION = "SELECT name FROM organisation WHERE id = $1"


async def gather(
    conn: Connection, kind: Kind, row: Mapping[str, Any], imprint: Imprint, office: Office
) -> Acknowledgement:
    """The facts of a document of the kind on the ticket."""
    match kind:
        case Kind.ACKNOWLEDGEMENT | Kind.EMAIL_REPLY:
            order, answer = await _order(conn, row), await _limit(conn, row, Clock.DECIDE_INFORM)
            return Acknowledgement(imprint, office, order, _complainant(row), answer)


async def name_of(conn: Connection, organisation_id: str) -> str:
    """What an organisation is called."""
    return str(await conn.fetchval(ORGANISATION, organisation_id) or organisation_id)


async def _order(conn: Connection, row: Mapping[str, Any]) -> Order:
    channel = _word(Channel(row["channel"]))
    if row["network_kind"]:
        channel += f"（{_word(NetworkKind(row['network_kind']))}）"
    return Order(
        number=row["number"],
        received_at=row["received_at"],
        channel=channel,
        source=_word(Source(row["source"])),
        category=_word(Category(row["category"])) if row["category"] else None,
        severity=_word(Severity(row["severity"])),
        demand=row["demand"],
        description=row["description"],
        policy_number=row["policy_number"],
        accepting=await name_of(conn, row["accepting_organisation_id"]),
    )


def _complainant(row: Mapping[str, Any]) -> Complainant:
    name = None if row["anonymous"] else row["complainant_name"]
    return Complainant(name, row["complainant_phone"], _word(ComplainantType(row["complainant_type"])))


async def _limit(conn: Connection, row: Mapping[str, Any], kind: Clock) -> Limit | None:
    """The clock's last cycle, while it runs or was met; None when the ticket has none."""
    found = [clock for clock in await tickets.clocks(conn, row["id"]) if clock["kind"] == kind]
    if not found:
        return None
    last = max(found, key=lambda clock: int(clock["cycle"]))
    return Limit(_word(kind), last["due_day"], last["provisional"])


def _word(code: StrEnum) -> str:
    return TERMS[type(code)][code].zh
