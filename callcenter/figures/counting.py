"""Counts figures over the tickets received in a period by an organisation and those below it, in one reading.

Never over the whole store: the period leads every index used. What each figure counts stands once, in COUNTED; the
lists behind the figures (callcenter/figures/listing.py) ask with the same conditions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from callcenter.db.pool import Connection
from callcenter.figures.scope import PARTS, Scope
from tickets.grouping import Grouping
from tickets.measures import MATTERS
from tickets.metrics import METRICS, Base, Value, worked_out
from tickets.statistics import Exclusion, Figure


@dataclass(frozen=True, slots=True)
class Counting:
    """Which tickets `t` a figure counts, and what each adds, in SQL."""

    condition: str
    amount: str = "1"


_COUNTS = "t.occurrences > 0"
_DUE = (
    f"{_COUNTS} AND t.due_day <= $2 AND (t.told_at IS NOT NULL OR t.due_day < $4)"
    " AND NOT (t.ended_as IS NOT DISTINCT FROM 'withdrawn' AND t.closed_at < t.due_at)"
)
_HANDLED = (
    f"{_COUNTS} AND t.closed_at IS NOT NULL AND t.ended_as IS DISTINCT FROM 'withdrawn'"
    " AND t.due_day IS NOT NULL AND t.informed_day IS NOT NULL"
)
_WORKDAYS = "greatest(0, ($5::integer[])[t.informed_day - $1 + 1] - ($5::integer[])[t.received_day - $1 + 1])"
_FINDING = "t.nature = 'callback_finding'"
_FINDING_DUE = f"{_FINDING} AND t.due_day <= $2 AND (t.told_at IS NOT NULL OR t.due_day < $4)"
_ACCEPTED = "EXISTS (SELECT FROM ticket a WHERE a.id = t.ticket_id AND a.answer_accepted)"
_JUDGED_AGAIN = (
    "EXISTS (SELECT FROM reclassification r WHERE r.ticket_id = t.ticket_id AND r.state = 'effected'"
    " AND r.manner <> 'new_order')"
)
_OPENED_FROM = "EXISTS (SELECT FROM reclassification r WHERE r.complaint_id = t.ticket_id)"
_FORWARDED = f"{_COUNTS} AND t.source = 'regulator'"
_REPEAT = f"{_COUNTS} AND t.relation = 'repeat'"
_VALID = f"{_COUNTS} AND t.validity = 'valid'"


def _points(owed_to: str, met: str = "") -> str:
    """How many progress points of a ticket are judged (F-57), or of them those met in time."""
    return f"""cardinality(array(SELECT 1 FROM unnest(t.{owed_to}_due, t.{owed_to}_met) AS p (due, met)
        WHERE p.due <= $2 AND (p.met IS NOT NULL OR p.due < $4) {met}))"""  # noqa: S608


def _judged(owed_to: str, met: str = "") -> Counting:
    points = _points(owed_to, met)
    return Counting(f"{_COUNTS} AND cardinality(t.{owed_to}_due) > 0 AND {points} > 0", points)


COUNTED: Mapping[Figure, Counting] = {
    Figure.OCCURRENCES: Counting(_COUNTS),
    Figure.PIECES: Counting("t.pieces > 0", "t.pieces"),
    Figure.MATTERS: Counting(_COUNTS),
    Figure.VALID_PIECES: Counting("t.pieces > 0 AND t.validity = 'valid'", "t.pieces"),
    Figure.INVALID_PIECES: Counting("t.pieces > 0 AND t.validity = 'invalid'", "t.pieces"),
    Figure.PENDING_PIECES: Counting("t.pieces > 0 AND t.validity = 'pending'", "t.pieces"),
    Figure.MENTIONS: Counting("t.pieces > 0", "t.pieces * greatest(1, cardinality(t.mentioned))"),
    Figure.ACKNOWLEDGED: Counting(f"{_COUNTS} AND t.acknowledged"),
    Figure.CLOSED: Counting(f"{_COUNTS} AND t.closed"),
    Figure.DUE: Counting(_DUE),
    Figure.IN_TIME: Counting(f"{_DUE} AND t.told_at < t.due_at"),
    Figure.HANDLED: Counting(_HANDLED),
    Figure.HANDLING_DAYS: Counting(_HANDLED, _WORKDAYS),
    Figure.REPEATS: Counting(_REPEAT),
    Figure.REPEAT_MATTERS: Counting(_REPEAT),
    Figure.VALID_MATTERS: Counting(_VALID),
    Figure.ESCALATED_MATTERS: Counting(f"{_VALID} AND t.relation = 'escalation'"),
    Figure.PROGRESS_DUE: _judged("customer"),
    Figure.PROGRESS_MET: _judged("customer", "AND p.met <= p.due"),
    Figure.COORDINATOR_DUE: _judged("service"),
    Figure.COORDINATOR_MET: _judged("service", "AND p.met <= p.due"),
    Figure.FORWARDED: Counting(_FORWARDED),
    Figure.FORWARDED_PIECES: Counting("t.pieces > 0 AND t.source = 'regulator'", "t.pieces"),
    Figure.FORWARDED_DUE: Counting(f"{_DUE} AND t.source = 'regulator'"),
    Figure.FORWARDED_IN_TIME: Counting(f"{_DUE} AND t.source = 'regulator' AND t.told_at < t.due_at"),
    Figure.SAMPLED: Counting(f"{_COUNTS} AND t.satisfied IS NOT NULL"),
    Figure.SATISFIED: Counting(f"{_COUNTS} AND t.satisfied"),
    Figure.REMINDERS: Counting(f"{_COUNTS} AND t.dispatched AND t.reminders > 0", "t.reminders"),
    Figure.RETURNS: Counting(f"{_COUNTS} AND t.dispatched AND t.returns > 0", "t.returns"),
    Figure.RETURNED_TWICE: Counting(f"{_COUNTS} AND t.dispatched AND t.returns > 1"),
    Figure.DISPATCHED: Counting(f"{_COUNTS} AND t.dispatched"),
    Figure.OVERDUE: Counting(f"{_COUNTS} AND t.closed_at IS NULL AND t.due_day < least($2, $4)"),
    Figure.ESCALATIONS: Counting(f"{_COUNTS} AND t.relation = 'escalation'"),
    Figure.MAJOR: Counting(f"{_COUNTS} AND t.severity = 'major'"),
    Figure.MEDIA: Counting(f"{_COUNTS} AND t.source = 'media'"),
    Figure.CALLBACK_FINDINGS: Counting(_FINDING),
    Figure.NON_COMPLAINTS: Counting("t.nature = 'non_complaint'"),
    Figure.NOT_CUSTOMERS: Counting("t.nature = 'complaint' AND t.occurrences = 0"),
    Figure.OPEN_FINDINGS: Counting(f"{_FINDING} AND t.closed_at IS NULL"),
    Figure.INFORMED_FINDINGS: Counting(f"{_FINDING} AND t.informed_day IS NOT NULL"),
    Figure.FINDINGS_IN_TIME: Counting(f"{_FINDING} AND t.told_at < t.due_at"),
    Figure.OVERDUE_FINDINGS: Counting(f"{_FINDING} AND t.told_at IS NULL AND t.due_day < $4"),
    Figure.FINDINGS_DUE: Counting(_FINDING_DUE),
    Figure.FINDINGS_KEPT: Counting(f"{_FINDING_DUE} AND t.told_at < t.due_at"),
    Figure.FINDINGS_TURNED_GOOD: Counting(f"{_FINDING} AND t.ended_as = 'closed' AND {_ACCEPTED}"),
    Figure.FINDINGS_TURNED: Counting(f"{_FINDING} AND t.ended_as = 'turned'"),
    Figure.FINDINGS_ONCE_COMPLAINTS: Counting(f"{_FINDING} AND {_JUDGED_AGAIN}"),
    Figure.COMPLAINTS_ONCE_FINDINGS: Counting(
        f"t.nature = 'complaint' AND t.source = 'callback' AND ({_JUDGED_AGAIN} OR {_OPENED_FROM})"
    ),
    Figure.COMPLAINTS_FROM_CALLBACKS: Counting("t.nature = 'complaint' AND t.source = 'callback'"),
}
"""$1 first day, $2 last day, $3 path, $4 today, $5 working days up to each day from $1 on."""

EXCLUDED: Mapping[Exclusion, Figure] = {
    Exclusion.CALLBACK_FINDING: Figure.CALLBACK_FINDINGS,
    Exclusion.NON_COMPLAINT: Figure.NON_COMPLAINTS,
    Exclusion.NOT_A_CUSTOMER: Figure.NOT_CUSTOMERS,
}
_OF_FINDINGS = frozenset(figure for figure in Figure if "finding" in figure or figure.endswith("callbacks"))
OF_COMPLAINTS = tuple(figure for figure in COUNTED if figure not in _OF_FINDINGS and figure not in EXCLUDED.values())
MEASURED = tuple(
    metric
    for metric, definition in METRICS.items()
    if definition.numerator in COUNTED
    and (not isinstance(definition.denominator, Figure) or definition.denominator in COUNTED)
)
"""The metrics whose figures are counted."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of one group of tickets; `key` is None for the whole."""

    key: str | None
    figures: Mapping[Figure, int]

    def metrics(self, bases: Mapping[Base, Decimal] | None = None) -> list[Value]:
        """Every metric from these figures; densities only where there is what to divide by."""
        given = bases or {}
        return [
            worked_out(metric, self.figures.__getitem__, given)
            for metric in MEASURED
            if not isinstance(METRICS[metric].denominator, Base) or METRICS[metric].denominator in given
        ]


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """The whole, its groups, and how many tickets are in none of it, by reason."""

    total: Counted
    groups: Sequence[Counted]
    excluded: Mapping[Exclusion, int]


COUNT = """
SELECT NULL AS key, {sums} FROM {rows} t
WHERE {condition} AND cardinality($5::integer[]) >= 0"""
COUNT_GROUPS = """
SELECT {key} AS key, {sums} FROM {rows} t {parts}
WHERE {condition} AND cardinality($5::integer[]) >= 0 GROUP BY 1 ORDER BY 1"""


async def complaints(conn: Connection, scope: Scope, grouping: Grouping | None = None) -> ComplaintFigures:
    """The complaint figures of a period and organisation, and what was left out (D-1 … D-14)."""
    whole = await counted(conn, scope, (*OF_COMPLAINTS, *EXCLUDED.values()))
    groups = await split(conn, scope, OF_COMPLAINTS, grouping) if grouping else []
    return ComplaintFigures(
        total=whole,
        groups=[group for group in groups if group.figures[Figure.OCCURRENCES]],
        excluded={exclusion: whole.figures[figure] for exclusion, figure in EXCLUDED.items()},
    )


async def counted(conn: Connection, scope: Scope, figures: Iterable[Figure]) -> Counted:
    """These figures of the whole."""
    asked = tuple(figures)
    row = await conn.fetchrow(
        COUNT.format(sums=_sums(asked), rows=scope.rows, condition=scope.condition), *arguments(scope)
    )
    assert row is not None
    return _of(row, asked)


async def split(conn: Connection, scope: Scope, figures: Iterable[Figure], grouping: Grouping) -> list[Counted]:
    """These figures of every group, by key; a ticket of several causes or departments stands in each of them."""
    asked = tuple(figures)
    query = COUNT_GROUPS.format(
        key=scope.key(grouping),
        sums=_sums(asked, grouping),
        rows=scope.rows,
        parts=PARTS.get(grouping, ""),
        condition=scope.condition,
    )
    return [_of(row, asked) for row in await conn.fetch(query, *arguments(scope))]


def arguments(scope: Scope) -> tuple[Any, ...]:
    """The parameters of every condition, $1 to $5."""
    return scope.first_day, scope.last_day, scope.path, scope.today, workdays_up_to(scope)


LONGEST_HANDLING = timedelta(days=366)
"""How long after the period and today opinions may be dated for M-7, on a clock that was set back."""


def workdays_up_to(scope: Scope) -> list[int]:
    """How many working days lie after the first day up to each day from it on: the difference of two is M-7's."""
    until, done, told = max(scope.last_day, scope.today) + LONGEST_HANDLING, 0, [0]
    day = scope.first_day
    while day < until:
        day += timedelta(days=1)
        done += scope.calendar.is_workday(day)
        told.append(done)
    return told


def counting_of(figure: Figure, grouping: Grouping | None) -> Counting:
    """What the figure counts, of one group when it is split: of one cause each piece is mentioned once (D-10)."""
    if figure is Figure.MENTIONS and grouping is Grouping.CAUSE:
        return COUNTED[Figure.PIECES]
    return COUNTED[figure]


def _sums(figures: Iterable[Figure], grouping: Grouping | None = None) -> str:
    return ", ".join(f"{_sum(figure, grouping)}::integer AS {figure}" for figure in figures)


def _sum(figure: Figure, grouping: Grouping | None) -> str:
    counting = counting_of(figure, grouping)
    if figure in MATTERS:
        return f"count(DISTINCT t.matter_id) FILTER (WHERE {counting.condition})"
    if counting.amount == "1":
        return f"count(*) FILTER (WHERE {counting.condition})"
    return f"COALESCE(sum({counting.amount}) FILTER (WHERE {counting.condition}), 0)"


def _of(row: Any, figures: Iterable[Figure]) -> Counted:
    return Counted(row["key"], {figure: row[figure.value] for figure in figures})
