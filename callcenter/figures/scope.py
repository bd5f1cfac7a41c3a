"""What figures are asked over, as conditions and keys in SQL; tickets/grouping.py says what the groups mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from tickets.calendar import Calendar
from tickets.categories import CATEGORIES
from tickets.grouping import Dimension, Grouping
from tickets.measures import Period
from tickets.periods import Days

_DISPUTES = " ".join(f"WHEN '{code}' THEN '{entry.dispute}'" for code, entry in CATEGORIES.items())

KEYS: Mapping[Grouping, str] = {
    Grouping.DAY: "to_char(t.received_day, 'YYYY-MM-DD')",
    Grouping.MONTH: "to_char(t.received_day, 'YYYY-MM')",
    Grouping.QUARTER: """to_char(t.received_day, 'YYYY-"Q"Q')""",
    Grouping.HALF_YEAR: "to_char(t.received_day, 'YYYY-') || "
    "CASE WHEN extract(month FROM t.received_day) < 7 THEN 'H1' ELSE 'H2' END",
    Grouping.YEAR: "to_char(t.received_day, 'YYYY')",
    Grouping.CHANNEL: "t.channel",
    Grouping.SOURCE: "t.source",
    Grouping.CATEGORY: "COALESCE(t.category, 'undetermined')",
    Grouping.CAUSE: "COALESCE(part.code, 'undetermined')",
    Grouping.DISPUTE: f"COALESCE(CASE t.category {_DISPUTES} END, 'undetermined')",
    Grouping.SEVERITY: "t.severity",
    Grouping.VALIDITY: "t.validity",
    Grouping.RELATION: "t.relation",
    Grouping.STATUS: "t.status",
    Grouping.SUBJECT: "COALESCE(t.subject, 'no_callback')",
    Grouping.COMPLAINANT: "t.complainant_type",
    Grouping.DEPARTMENT: "COALESCE(part.code, 'no_department')",
    Grouping.PRODUCT: "COALESCE(t.product, 'no_policy')",
    Grouping.PRODUCT_KIND: "COALESCE(t.product_kind, 'no_policy')",
    Grouping.SALES_CHANNEL: "COALESCE(t.sales_channel, 'no_policy')",
    Grouping.OPENED_BY: "COALESCE(made.opened_by_user::text, 'nobody')",
    Grouping.SALESPERSON: "COALESCE(sold.salesperson, 'no_policy')",
}

BRANCH = """
COALESCE((SELECT COALESCE(NULLIF(split_part(substr(b.path, length($3) + 1), '/', 1), ''), b.id) FROM organisation b
WHERE b.id = {column}), 'unknown')"""
"""The organisation right below the one asked for in which a ticket lies; what lies in that one itself is its own."""

PARTS: Mapping[Grouping, str] = {
    Grouping.CAUSE: "LEFT JOIN LATERAL unnest(t.mentioned) AS part (code) ON true",
    Grouping.DEPARTMENT: "LEFT JOIN LATERAL unnest(t.departments) AS part (code) ON true",
    Grouping.OPENED_BY: "JOIN ticket made ON made.id = t.ticket_id",
    Grouping.SALESPERSON: "JOIN ticket made ON made.id = t.ticket_id LEFT JOIN policy sold ON sold.id = made.policy_id",
}
"""What a grouping's key is read from beside the row. By cause and department one ticket may stand in several groups:
they add up to more than the whole (view B of D-10)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Days of receipt in Asia/Shanghai, both included (D-11, D-14), and the subtree of organisations.

    `today` is the day the figures are judged on; `calendar` says which days are worked (M-7); `report`: as they stood
    when it was made.
    """

    first_day: date
    last_day: date
    path: str
    today: date
    dimension: Dimension = Dimension.ACCEPTING
    calendar: Calendar = field(default_factory=Calendar)
    report: UUID | None = None

    @property
    def days(self) -> Days:
        """The period."""
        return Days(self.first_day, self.last_day)

    @property
    def organisation(self) -> str:
        """The organisation asked for, with all below it."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def period(self) -> Period:
        """The same for the pure definition."""
        return Period(self.first_day, self.last_day, self.today, self.calendar)

    @property
    def organisation_column(self) -> str:
        return f"t.{self.dimension.value}_organisation_id"

    def key(self, grouping: Grouping) -> str:
        """The group a ticket is in; without a known policy nobody underwrote it, and it must not vanish."""
        if grouping is Grouping.ORGANISATION:
            return f"COALESCE({self.organisation_column}, 'unknown')"
        if grouping is Grouping.BRANCH:
            return BRANCH.format(column=self.organisation_column)
        return KEYS[grouping]

    @property
    def rows(self) -> str:
        """Where the tickets' facts are read: as they are, or as a report kept them."""
        return "ticket_fact" if self.report is None else "report_fact"

    @property
    def condition(self) -> str:
        """What every figure's query filters by: $1 first day, $2 last day, $3 path, $4 today."""
        asked = "t.received_day BETWEEN $1 AND $2 AND $3::text IS NOT NULL AND $4::date IS NOT NULL"
        if self.report is not None:
            asked = f"t.report_id = '{self.report}'::uuid AND {asked}"
        if self.path.count("/") == 1:
            return asked
        below = "(SELECT id FROM organisation WHERE path LIKE $3 || '%')"
        return f"{asked} AND {self.organisation_column} IN {below}"
