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
from callcenter.figures.scope import Scope
from callcenter.figures.signs import MENTIONS, REMINDERS, RETURNS, Sign, all_of, none_of
from tickets.grouping import Grouping
from tickets.measures import MATTERS
from tickets.metrics import METRICS, Base, Value, worked_out
from tickets.statistics import Exclusion, Figure


@dataclass(frozen=True, slots=True)
class Counting:
    """Which tickets `t` a figure counts, and what each adds, in SQL."""

    condition: str
    amount: str = "1"


_DUE = (
    f"{all_of(Sign.COUNTS)} AND t.due_day <= $2 AND ({all_of(Sign.TOLD)} OR t.due_day < $4)"
    f" AND NOT ({all_of(Sign.WITHDRAWN, Sign.CLOSED_IN_TIME)})"
)
_FINDING_DUE = f"{all_of(Sign.FINDING)} AND t.due_day <= $2 AND ({all_of(Sign.TOLD)} OR t.due_day < $4)"
_ACCEPTED = "EXISTS (SELECT FROM ticket a WHERE a.id = t.ticket_id AND a.answer_accepted)"
_JUDGED_AGAIN = (
    "EXISTS (SELECT FROM reclassification r WHERE r.ticket_id = t.ticket_id AND r.state = 'effected'"
    " AND r.manner <> 'new_order')"
)
_OPENED_FROM = "EXISTS (SELECT FROM reclassification r WHERE r.complaint_id = t.ticket_id)"
_HANDLED = f"{all_of(Sign.COUNTS, Sign.CLOCKED, Sign.INFORMED)} AND {none_of(Sign.OPEN, Sign.WITHDRAWN)}"
_WORKDAYS = "greatest(0, ($5::integer[])[t.informed_day - $1 + 1] - ($5::integer[])[t.received_day - $1 + 1])"


def _all(*signs: Sign) -> Counting:
    return Counting(all_of(*signs))


def _judged(owed_to: str, met: str = "") -> Counting:
    """The progress points of a ticket that are judged (F-57), or of them those met in time."""
    points = f"""cardinality(array(SELECT 1 FROM unnest(t.{owed_to}_due, t.{owed_to}_met) AS p (due, met)
        WHERE p.due <= $2 AND (p.met IS NOT NULL OR p.due < $4) {met}))"""  # noqa: S608
    return Counting(f"{all_of(Sign.COUNTS, Sign.POINTS)} AND {points} > 0", points)


COUNTED: Mapping[Figure, Counting] = {
    Figure.OCCURRENCES: _all(Sign.COUNTS),
    Figure.PIECES: _all(Sign.WEIGHS),
    Figure.MATTERS: _all(Sign.COUNTS),
    Figure.VALID_PIECES: _all(Sign.WEIGHS, Sign.VALID),
    Figure.INVALID_PIECES: _all(Sign.WEIGHS, Sign.INVALID),
    Figure.PENDING_PIECES: _all(Sign.WEIGHS, Sign.PENDING),
    Figure.MENTIONS: Counting(all_of(Sign.WEIGHS), MENTIONS),
    Figure.ACKNOWLEDGED: _all(Sign.COUNTS, Sign.ACKNOWLEDGED),
    Figure.CLOSED: _all(Sign.COUNTS, Sign.CLOSED),
    Figure.DUE: Counting(_DUE),
    Figure.IN_TIME: Counting(f"{_DUE} AND {all_of(Sign.TOLD_IN_TIME)}"),
    Figure.HANDLED: Counting(_HANDLED),
    Figure.HANDLING_DAYS: Counting(_HANDLED, _WORKDAYS),
    Figure.REPEATS: _all(Sign.COUNTS, Sign.REPEAT),
    Figure.REPEAT_MATTERS: _all(Sign.COUNTS, Sign.REPEAT),
    Figure.VALID_MATTERS: _all(Sign.COUNTS, Sign.VALID),
    Figure.ESCALATED_MATTERS: _all(Sign.COUNTS, Sign.VALID, Sign.ESCALATION),
    Figure.PROGRESS_DUE: _judged("customer"),
    Figure.PROGRESS_MET: _judged("customer", "AND p.met <= p.due"),
    Figure.COORDINATOR_DUE: _judged("service"),
    Figure.COORDINATOR_MET: _judged("service", "AND p.met <= p.due"),
    Figure.FORWARDED: _all(Sign.COUNTS, Sign.REGULATOR),
    Figure.FORWARDED_PIECES: _all(Sign.WEIGHS, Sign.REGULATOR),
    Figure.FORWARDED_DUE: Counting(f"{_DUE} AND {all_of(Sign.REGULATOR)}"),
    Figure.FORWARDED_IN_TIME: Counting(f"{_DUE} AND {all_of(Sign.REGULATOR, Sign.TOLD_IN_TIME)}"),
    Figure.SKIP_LEVEL_PIECES: _all(Sign.WEIGHS, Sign.HEADQUARTERS),
    Figure.SAMPLED: _all(Sign.COUNTS, Sign.ASKED),
    Figure.SATISFIED: _all(Sign.COUNTS, Sign.SATISFIED),
    Figure.REMINDERS: Counting(f"{all_of(Sign.COUNTS, Sign.DISPATCHED)} AND {REMINDERS} > 0", REMINDERS),
    Figure.RETURNS: Counting(f"{all_of(Sign.COUNTS, Sign.DISPATCHED)} AND {RETURNS} > 0", RETURNS),
    Figure.RETURNED_TWICE: Counting(f"{all_of(Sign.COUNTS, Sign.DISPATCHED)} AND {RETURNS} > 1"),
    Figure.DISPATCHED: _all(Sign.COUNTS, Sign.DISPATCHED),
    Figure.OVERDUE: Counting(f"{all_of(Sign.COUNTS, Sign.OPEN)} AND t.due_day < least($2::date, $4::date)"),
    Figure.ESCALATIONS: _all(Sign.COUNTS, Sign.ESCALATION),
    Figure.MAJOR: _all(Sign.COUNTS, Sign.MAJOR),
    Figure.MEDIA: _all(Sign.COUNTS, Sign.MEDIA),
    Figure.CALLBACK_FINDINGS: _all(Sign.FINDING),
    Figure.NON_COMPLAINTS: _all(Sign.NON_COMPLAINT),
    Figure.NOT_CUSTOMERS: Counting(f"{all_of(Sign.COMPLAINT)} AND {none_of(Sign.COUNTS)}"),
    Figure.OPEN_FINDINGS: _all(Sign.FINDING, Sign.OPEN),
    Figure.INFORMED_FINDINGS: _all(Sign.FINDING, Sign.INFORMED),
    Figure.FINDINGS_IN_TIME: _all(Sign.FINDING, Sign.TOLD_IN_TIME),
    Figure.OVERDUE_FINDINGS: Counting(f"{all_of(Sign.FINDING)} AND {none_of(Sign.TOLD)} AND t.due_day < $4"),
    Figure.FINDINGS_DUE: Counting(_FINDING_DUE),
    Figure.FINDINGS_KEPT: Counting(f"{_FINDING_DUE} AND {all_of(Sign.TOLD_IN_TIME)}"),
    Figure.FINDINGS_TURNED_GOOD: Counting(f"{all_of(Sign.FINDING)} AND t.ended_as = 'closed' AND {_ACCEPTED}"),
    Figure.FINDINGS_TURNED: Counting(f"{all_of(Sign.FINDING)} AND t.ended_as = 'turned'"),
    Figure.FINDINGS_ONCE_COMPLAINTS: Counting(f"{all_of(Sign.FINDING)} AND {_JUDGED_AGAIN}"),
    Figure.COMPLAINTS_ONCE_FINDINGS: Counting(
        f"{all_of(Sign.COMPLAINT, Sign.CALLBACK)} AND ({_JUDGED_AGAIN} OR {_OPENED_FROM})"
    ),
    Figure.COMPLAINTS_FROM_CALLBACKS: _all(Sign.COMPLAINT, Sign.CALLBACK),
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
SELECT {named} AS key, {sums} FROM (
    SELECT {raw} AS key, t.sign, count(*) AS n, {workdays} AS workdays,
        CASE WHEN t.due_day < least($2::date, $4::date) THEN '-infinity' ELSE t.due_day END AS due_day
    FROM {rows} t
    WHERE {condition} AND cardinality($5::integer[]) >= 0 GROUP BY 1, 2, 5
) t {apart} GROUP BY 1"""
"""Tickets of one sign and deadline count alike; a deadline that is past on either day is as good as any such."""
COUNT_MATTERS = """
SELECT t.key, count(*) FILTER (WHERE r.matter_id IS NULL)::integer AS matters,
    count(*) FILTER (WHERE t.valid AND ({first_valid}) IS NOT TRUE)::integer AS valid_matters,
    count(*) FILTER (WHERE t.repeated)::integer AS repeat_matters,
    count(*) FILTER (WHERE t.escalated)::integer AS escalated_matters
FROM (
    SELECT {key} AS key, t.matter_id, bool_or({valid}) AS valid, bool_or({repeated}) AS repeated,
        bool_or({escalated}) AS escalated
    FROM {rows} t {parts}
    WHERE {condition} AND t.relation <> 'first' AND t.occurrences > 0 AND cardinality($5::integer[]) >= 0 GROUP BY 1, 2
) t LEFT JOIN (
    SELECT {key} AS key, t.matter_id, t.sign FROM {rows} t {parts}
    WHERE {condition} AND {first}
) r ON r.matter_id = t.matter_id AND r.key IS NOT DISTINCT FROM t.key
GROUP BY 1"""
"""Matters are known by their first orders; here are those of which others are in the group, each once."""
COUNT_ROWS = """
SELECT {key} AS key, {sums} FROM {rows} t {parts}
WHERE {condition} AND ({only}) AND cardinality($5::integer[]) >= 0 GROUP BY 1"""
"""Tickets looked at one by one, for what no sign tells."""
_BEGUN: Mapping[Figure, Counting] = {
    Figure.MATTERS: _all(Sign.COUNTS, Sign.FIRST),
    Figure.VALID_MATTERS: _all(Sign.COUNTS, Sign.FIRST, Sign.VALID),
}
_BY_ROW: Mapping[frozenset[Figure], str] = {
    frozenset(
        {Figure.PROGRESS_DUE, Figure.PROGRESS_MET, Figure.COORDINATOR_DUE, Figure.COORDINATOR_MET}
    ): "cardinality(t.customer_due) > 0 OR cardinality(t.service_due) > 0",
    frozenset({Figure.FINDINGS_TURNED_GOOD, Figure.FINDINGS_TURNED}): "t.nature = 'callback_finding'",
    frozenset({Figure.FINDINGS_ONCE_COMPLAINTS, Figure.COMPLAINTS_ONCE_FINDINGS}): (
        "t.ticket_id IN (SELECT unnest(ARRAY[r.ticket_id, r.complaint_id]) FROM reclassification r)"
    ),
}
"""Figures that are more than signs, and which tickets alone can be in them."""
_ONE_BY_ONE = frozenset[Figure]().union(*_BY_ROW)


async def complaints(conn: Connection, scope: Scope, grouping: Grouping | None = None) -> ComplaintFigures:
    """The complaint figures of a period and organisation, and what was left out (D-1 … D-14)."""
    figures = (*OF_COMPLAINTS, *EXCLUDED.values())
    groups = await split(conn, scope, figures, grouping) if grouping else []
    if grouping is None or scope.group(grouping).parts:
        whole = await counted(conn, scope, figures)
    else:
        whole = await _added_up(conn, scope, figures, groups)
    return ComplaintFigures(
        total=whole,
        groups=[group for group in groups if group.figures[Figure.OCCURRENCES]],
        excluded={exclusion: whole.figures[figure] for exclusion, figure in EXCLUDED.items()},
    )


async def _added_up(conn: Connection, scope: Scope, figures: Iterable[Figure], groups: Sequence[Counted]) -> Counted:
    """The whole of groups in one of which each ticket is; matters may be in several, and are counted anew."""
    matters = await counted(conn, scope, [figure for figure in figures if figure in MATTERS])
    sums = {figure: sum(group.figures[figure] for group in groups) for figure in figures if figure not in MATTERS}
    return Counted(None, {**sums, **matters.figures})


async def counted(conn: Connection, scope: Scope, figures: Iterable[Figure]) -> Counted:
    """These figures of the whole."""
    asked = tuple(figures)
    found = await _read(conn, scope, asked, None)
    return Counted(None, found.get(None, dict.fromkeys(asked, 0)))


async def split(conn: Connection, scope: Scope, figures: Iterable[Figure], grouping: Grouping) -> list[Counted]:
    """These figures of every group, by key; a ticket of several causes or departments stands in each of them."""
    found = await _read(conn, scope, tuple(figures), grouping)
    return [Counted(key, found[key]) for key in sorted(found, key=lambda key: key or "")]


async def _read(
    conn: Connection, scope: Scope, figures: Sequence[Figure], grouping: Grouping | None
) -> dict[str | None, dict[Figure, int]]:
    """The figures by key: by sign, and of matters and progress points what no sign tells."""
    found: dict[str | None, dict[Figure, int]] = {}
    given = arguments(scope)
    for query, of in _queries(scope, figures, grouping):
        for row in await conn.fetch(query, *given):
            group = found.setdefault(row["key"], dict.fromkeys(figures, 0))
            for figure in of:
                group[figure] += row[figure.value]
    return found


def _queries(
    scope: Scope, figures: Sequence[Figure], grouping: Grouping | None
) -> Iterable[tuple[str, Sequence[Figure]]]:
    group = scope.group(grouping)
    told = {
        "rows": scope.rows,
        "condition": scope.condition,
        "parts": scope.parts(grouping),
        "key": scope.key(grouping),
        "raw": group.raw,
        "named": group.named.format("t.key"),
        "apart": group.parts.format("t.key"),
    }
    alike = [figure for figure in figures if figure not in _ONE_BY_ONE and (figure not in MATTERS or figure in _BEGUN)]
    if alike:
        sums = ", ".join(_sum(figure, grouping) for figure in alike)
        workdays = f"sum({_WORKDAYS}) FILTER (WHERE {_HANDLED})" if Figure.HANDLING_DAYS in alike else "0"
        yield COUNT.format(sums=sums, workdays=workdays, **told), alike
    if matters := [figure for figure in figures if figure in MATTERS]:
        signs = {
            "first": all_of(Sign.COUNTS, Sign.FIRST),
            "valid": all_of(Sign.VALID),
            "first_valid": all_of(Sign.VALID).replace("t.", "r."),
            "repeated": all_of(Sign.REPEAT),
            "escalated": all_of(Sign.VALID, Sign.ESCALATION),
        }
        yield COUNT_MATTERS.format(**signs, **told), matters
    for of, only in _BY_ROW.items():
        if mine := [figure for figure in figures if figure in of]:
            yield COUNT_ROWS.format(sums=", ".join(_added(figure) for figure in mine), only=only, **told), mine


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


def _sum(figure: Figure, grouping: Grouping | None) -> str:
    """What the tickets of each sign add, of them all."""
    counting = _BEGUN.get(figure) or counting_of(figure, grouping)
    amount = "t.workdays" if figure is Figure.HANDLING_DAYS else f"t.n * {counting.amount}"
    return f"COALESCE(sum({amount}) FILTER (WHERE {counting.condition}), 0)::integer AS {figure}"


def _added(figure: Figure) -> str:
    counting = COUNTED[figure]
    return f"COALESCE(sum({counting.amount}) FILTER (WHERE {counting.condition}), 0)::integer AS {figure}"
