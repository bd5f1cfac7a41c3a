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


@dataclass(frozen=True, slots=True)
class Key:
    """The groups of a ticket `t`: what is read from it, what that is called, and, where it names several, the join that
    takes it apart. Many raw keys may have one name; `{}` stands for the raw key.
    """

    raw: str
    named: str = "{}"
    parts: str = ""


_DAY = "t.received_day"
_EACH = "LEFT JOIN LATERAL unnest({}) AS part (code) ON true"
KEYS: Mapping[Grouping, Key] = {
    Grouping.DAY: Key(_DAY, "to_char({}, 'YYYY-MM-DD')"),
    Grouping.MONTH: Key(_DAY, "to_char({}, 'YYYY-MM')"),
    Grouping.QUARTER: Key(_DAY, """to_char({}, 'YYYY-"Q"Q')"""),
    Grouping.HALF_YEAR: Key(_DAY, """to_char({0}, 'YYYY-"H"') || (extract(quarter FROM {0})::integer + 1) / 2"""),
    Grouping.YEAR: Key(_DAY, "to_char({}, 'YYYY')"),
    Grouping.CHANNEL: Key("t.channel"),
    Grouping.SOURCE: Key("t.source"),
    Grouping.REGULATOR: Key(
        "CASE WHEN t.source = 'regulator' THEN COALESCE(t.forwarder_level, 'level_unknown') ELSE 'not_forwarded' END"
    ),
    Grouping.CATEGORY: Key("COALESCE(t.category, 'undetermined')"),
    Grouping.CAUSE: Key("t.mentioned", "COALESCE(part.code, 'undetermined')", _EACH),
    Grouping.DISPUTE: Key("t.category", f"COALESCE(CASE {{}} {_DISPUTES} END, 'undetermined')"),
    Grouping.SEVERITY: Key("t.severity"),
    Grouping.VALIDITY: Key("t.validity"),
    Grouping.RELATION: Key("t.relation"),
    Grouping.STATUS: Key("t.status"),
    Grouping.SUBJECT: Key("COALESCE(t.subject, 'no_callback')"),
    Grouping.COMPLAINANT: Key("t.complainant_type"),
    Grouping.DEPARTMENT: Key("t.departments", "COALESCE(part.code, 'no_department')", _EACH),
    Grouping.PRODUCT: Key("COALESCE(t.product, 'no_policy')"),
    Grouping.PRODUCT_KIND: Key("COALESCE(t.product_kind, 'no_policy')"),
    Grouping.SALES_CHANNEL: Key("COALESCE(t.sales_channel, 'no_policy')"),
    Grouping.OPENED_BY: Key(
        "COALESCE((SELECT m.opened_by_user::text FROM ticket m WHERE m.id = t.ticket_id), 'nobody')"
    ),
    Grouping.SALESPERSON: Key(
        "COALESCE((SELECT p.salesperson FROM ticket m JOIN policy p ON p.id = m.policy_id WHERE m.id = t.ticket_id),"
        " 'no_policy')"
    ),
}
_WHOLE = Key("NULL::text")
BELOW = "(SELECT id FROM organisation WHERE path LIKE $3 || '%')"
_CHILD = "COALESCE(NULLIF(split_part(substr(b.path, length($3) + 1), '/', 1), ''), b.id)"
BRANCH = f"COALESCE((SELECT {_CHILD} FROM organisation b WHERE b.id = {{}}), 'unknown')"  # noqa: S608
"""The organisation right below the one asked for in which a ticket lies; what lies in that one itself is its own."""
_OF_RESPONSIBLE = """LEFT JOIN LATERAL (SELECT DISTINCT {} AS code FROM unnest({{}}) AS u (id)
    JOIN organisation b ON b.id = u.id WHERE b.path LIKE $3 || '%') AS part ON true"""
RESPONSIBLE: Mapping[Grouping, Key] = {
    Grouping.ORGANISATION: Key(
        "t.responsible_organisation_ids", "COALESCE(part.code, 'unknown')", _OF_RESPONSIBLE.format("b.id")
    ),
    Grouping.BRANCH: Key(
        "t.responsible_organisation_ids", "COALESCE(part.code, 'unknown')", _OF_RESPONSIBLE.format(_CHILD)
    ),
    Grouping.DEPARTMENT: Key(
        "t.departments || t.responsible_organisation_ids",
        "COALESCE(part.code, 'no_department')",
        f"""LEFT JOIN LATERAL (SELECT u.code FROM unnest(({{0}})[:cardinality({{0}}) / 2],
            ({{0}})[cardinality({{0}}) / 2 + 1:]) AS u (code, id) WHERE u.id IN {BELOW}) AS part ON true""",  # noqa: S608
    ),
}
"""Of the responsible organisations a ticket may have several, each with its departments (D-12)."""


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

    def group(self, grouping: Grouping | None) -> Key:
        """The groups of a ticket; without a known policy nobody underwrote it, and it must not vanish."""
        if grouping is None:
            return _WHOLE
        if self.dimension is Dimension.RESPONSIBLE and grouping in RESPONSIBLE:
            return RESPONSIBLE[grouping]
        if grouping is Grouping.BRANCH:
            return Key(self.organisation_column, BRANCH)
        if grouping is Grouping.ORGANISATION:
            return Key(f"COALESCE({self.organisation_column}, 'unknown')")
        return KEYS[grouping]

    def key(self, grouping: Grouping | None) -> str:
        """The name of a group of a row `t` that is joined to its parts."""
        key = self.group(grouping)
        return key.named.format(key.raw)

    def parts(self, grouping: Grouping | None) -> str:
        """The join that puts a row `t` into several groups, if any."""
        key = self.group(grouping)
        return key.parts.format(key.raw)

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
        if self.dimension is Dimension.RESPONSIBLE:
            return f"{asked} AND t.responsible_organisation_ids && ARRAY{BELOW}"
        return f"{asked} AND {self.organisation_column} IN {BELOW}"
