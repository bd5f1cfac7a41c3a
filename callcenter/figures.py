"""The figures of complaints and of callback findings, and the tickets behind each (T-1, T-4, D-1 … D-14).

A figure is summed over the tickets received in a period by an organisation and those below it; what is left out is
counted beside it. Never over the whole store: the period leads every index used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from callcenter.db.pool import Connection
from tickets.statistics import Exclusion, Figure

BELOW = "IN (SELECT id FROM organisation WHERE path LIKE $3 || '%')"
"""Part of every figure's condition: the organisations of a subtree."""


class Dimension(StrEnum):
    """Which organisation of a ticket is meant; the dimensions are never mixed (D-12)."""

    ACCEPTING = "accepting"
    UNDERWRITING = "underwriting"


class Grouping(StrEnum):
    """What a figure may be split by."""

    MONTH = "month"
    CHANNEL = "channel"
    SOURCE = "source"
    CATEGORY = "category"
    SEVERITY = "severity"
    VALIDITY = "validity"
    STATUS = "status"
    SUBJECT = "subject"
    ORGANISATION = "organisation"


class Unplaced(StrEnum):
    """Keys of the groups of tickets that do not say where they belong: no category, no subject of a callback, no
    underwriting organisation."""

    CATEGORY = "undetermined"
    SUBJECT = "no_callback"
    ORGANISATION = "unknown"


@dataclass(frozen=True, slots=True)
class Scope:
    """Days of receipt in Asia/Shanghai, both included (D-11, D-14), and the subtree of organisations."""

    first_day: date
    last_day: date
    path: str
    dimension: Dimension = Dimension.ACCEPTING

    @property
    def organisation_column(self) -> str:
        return f"t.{self.dimension.value}_organisation_id"

    @property
    def organisation_key(self) -> str:
        """The group a ticket is in; without a known policy nobody underwrote it, and it must not vanish."""
        return f"COALESCE({self.organisation_column}, 'unknown')"

    @property
    def condition(self) -> str:
        """What every figure's query filters by: $1 first day, $2 last day, $3 path."""
        period = "t.received_day BETWEEN $1 AND $2"
        if self.path.count("/") == 1:
            return f"{period} AND $3::text IS NOT NULL"
        return f"{period} AND {self.organisation_column} {BELOW}"


@dataclass(frozen=True, slots=True)
class Counted:
    """The complaint figures of one group of tickets; `key` is None for the whole."""

    key: str | None
    occurrences: int
    pieces: int
    matters: int
    valid_pieces: int
    invalid_pieces: int
    pending_pieces: int


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """The whole, its groups, and how many tickets are in none of it, by reason."""

    total: Counted
    groups: Sequence[Counted]
    excluded: Mapping[Exclusion, int]


_KEYS: Mapping[Grouping, str] = {
    Grouping.MONTH: "to_char(t.received_day, 'YYYY-MM')",
    Grouping.CHANNEL: "t.channel",
    Grouping.SOURCE: "t.source",
    Grouping.CATEGORY: "COALESCE(t.category, 'undetermined')",
    Grouping.SEVERITY: "t.severity",
    Grouping.VALIDITY: "t.validity",
    Grouping.STATUS: "t.status",
    Grouping.SUBJECT: "COALESCE(t.heard ->> 'subject', 'no_callback')",
}

COMPLAINTS = """
SELECT {key} AS key, grouping({key}) AS is_total,
    COALESCE(sum(t.occurrences), 0)::integer AS occurrences, COALESCE(sum(t.pieces), 0)::integer AS pieces,
    count(DISTINCT t.matter_id) FILTER (WHERE t.occurrences > 0)::integer AS matters,
    COALESCE(sum(t.pieces) FILTER (WHERE t.validity = 'valid'), 0)::integer AS valid_pieces,
    COALESCE(sum(t.pieces) FILTER (WHERE t.validity = 'invalid'), 0)::integer AS invalid_pieces,
    COALESCE(sum(t.pieces) FILTER (WHERE t.validity = 'pending'), 0)::integer AS pending_pieces,
    count(*) FILTER (WHERE t.nature = 'callback_finding')::integer AS callback_finding,
    count(*) FILTER (WHERE t.nature = 'non_complaint')::integer AS non_complaint,
    count(*) FILTER (WHERE t.nature = 'complaint' AND t.occurrences = 0)::integer AS not_a_customer
FROM ticket t WHERE {condition}
GROUP BY GROUPING SETS ((), ({key})) ORDER BY is_total DESC, key"""


async def complaints(conn: Connection, scope: Scope, grouping: Grouping | None = None) -> ComplaintFigures:
    """Pieces and occurrences of a period and organisation, and what was left out (D-1 … D-9)."""
    key = scope.organisation_key if grouping is Grouping.ORGANISATION else _KEYS[grouping or Grouping.MONTH]
    rows = await conn.fetch(
        COMPLAINTS.format(key=key, condition=scope.condition), scope.first_day, scope.last_day, scope.path
    )
    names = ("key", "occurrences", "pieces", "matters", "valid_pieces", "invalid_pieces", "pending_pieces")
    groups = [Counted(**{name: row[name] for name in names}) for row in rows if not row["is_total"]]
    total = next(row for row in rows if row["is_total"])
    return ComplaintFigures(
        total=Counted(**{name: total[name] for name in names}),
        groups=[group for group in groups if group.occurrences] if grouping else [],
        excluded={exclusion: total[exclusion.value] for exclusion in Exclusion},
    )


@dataclass(frozen=True, slots=True)
class FindingFigures:
    """The findings' own report: how many, how far, how many in time; and the complaints callbacks yielded."""

    findings: int
    open: int
    informed: int
    informed_in_time: int
    overdue: int
    complaints_from_callbacks: int
    by_subject: Mapping[str, int]
    by_status: Mapping[str, int]


FINDINGS = """
SELECT t.nature, t.status, t.heard ->> 'subject' AS subject, count(*)::integer AS tickets,
    count(*) FILTER (WHERE k.met_at < k.due_at)::integer AS in_time,
    count(*) FILTER (WHERE k.met_at IS NULL AND k.due_at <= $4)::integer AS overdue
FROM ticket t
LEFT JOIN ticket_clock k ON k.ticket_id = t.id AND k.kind = 'decide_inform' AND k.cycle = 1
    AND k.voided_at IS NULL
WHERE {condition} AND t.source = 'callback'
GROUP BY t.nature, t.status, subject"""


async def callback_findings(conn: Connection, scope: Scope, at: datetime) -> FindingFigures:
    """What callbacks yielded in the period; findings are here and in no complaint figure (R-2.5, D-6, C-14)."""
    rows = await conn.fetch(FINDINGS.format(condition=scope.condition), scope.first_day, scope.last_day, scope.path, at)
    findings = [row for row in rows if row["nature"] == "callback_finding"]
    by_subject: dict[str, int] = {}
    by_status: dict[str, int] = {}
    for row in findings:
        by_subject[row["subject"]] = by_subject.get(row["subject"], 0) + row["tickets"]
        by_status[row["status"]] = by_status.get(row["status"], 0) + row["tickets"]
    total = sum(by_status.values())
    informed = by_status.get("informed", 0) + by_status.get("closed", 0)
    return FindingFigures(
        findings=total,
        open=total - by_status.get("closed", 0),
        informed=informed,
        informed_in_time=sum(row["in_time"] for row in findings),
        overdue=sum(row["overdue"] for row in findings),
        complaints_from_callbacks=sum(row["tickets"] for row in rows if row["nature"] == "complaint"),
        by_subject=dict(sorted(by_subject.items())),
        by_status=by_status,
    )


_FINDING = "t.nature = 'callback_finding'"
_DECISION = (
    "EXISTS (SELECT FROM ticket_clock k WHERE k.ticket_id = t.id AND k.kind = 'decide_inform' AND k.cycle = 1"
    " AND k.voided_at IS NULL"
)
_MEMBERS: Mapping[Figure, str] = {
    Figure.OCCURRENCES: "t.occurrences > 0",
    Figure.PIECES: "t.pieces > 0",
    Figure.MATTERS: "t.occurrences > 0",
    Figure.VALID_PIECES: "t.pieces > 0 AND t.validity = 'valid'",
    Figure.INVALID_PIECES: "t.pieces > 0 AND t.validity = 'invalid'",
    Figure.PENDING_PIECES: "t.pieces > 0 AND t.validity = 'pending'",
    Figure.CALLBACK_FINDINGS: _FINDING,
    Figure.NON_COMPLAINTS: "t.nature = 'non_complaint'",
    Figure.NOT_CUSTOMERS: "t.nature = 'complaint' AND t.occurrences = 0",
    Figure.OPEN_FINDINGS: f"{_FINDING} AND t.status <> 'closed'",
    Figure.INFORMED_FINDINGS: f"{_FINDING} AND t.status IN ('informed', 'closed')",
    Figure.FINDINGS_IN_TIME: f"{_FINDING} AND {_DECISION} AND k.met_at < k.due_at)",
    Figure.OVERDUE_FINDINGS: f"{_FINDING} AND {_DECISION} AND k.met_at IS NULL AND k.due_at <= $8)",
    Figure.COMPLAINTS_FROM_CALLBACKS: "t.nature = 'complaint' AND t.source = 'callback'",
}

ITEMS = """
SELECT t.id, t.number, t.matter_id, t.nature, t.relation, t.channel, t.source, t.category, t.severity, t.validity,
    t.status, t.occurrences, t.pieces, t.received_at, t.received_day, t.accepting_organisation_id,
    t.underwriting_organisation_id,
    ARRAY(SELECT l.call_id FROM ticket_call l WHERE l.ticket_id = t.id ORDER BY l.linked_at) AS calls,
    ARRAY(SELECT r.id FROM ticket_call l JOIN recording_object r ON r.call_id = l.call_id
        WHERE l.ticket_id = t.id ORDER BY l.linked_at) AS recordings
FROM ticket t
WHERE {condition} AND {members} AND {group} AND ($5::timestamptz IS NULL OR (t.received_at, t.id) < ($5, $6::uuid))
    AND $8::timestamptz IS NOT NULL
ORDER BY t.received_at DESC, t.id DESC LIMIT $7"""


async def items(
    conn: Connection,
    scope: Scope,
    figure: Figure,
    group: tuple[Grouping, str] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> list[dict[str, Any]]:
    """The tickets a figure counts at the moment `now`, newest first, with their calls and recordings (T-4)."""
    key = "$4::text IS NULL"
    if group is not None:
        column = scope.organisation_key if group[0] is Grouping.ORGANISATION else _KEYS[group[0]]
        key = f"{column} = $4::text"
    query = ITEMS.format(condition=scope.condition, members=_MEMBERS[figure], group=key)
    at, ticket = after or (None, None)
    value = group[1] if group else None
    rows = await conn.fetch(query, scope.first_day, scope.last_day, scope.path, value, at, ticket, limit, now)
    return [dict(row) for row in rows]
