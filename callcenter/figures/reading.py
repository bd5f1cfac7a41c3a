"""Complaint figures with what they are divided by: of the whole, of every group, and against a year ago (M-11 … M-14).

The insurer's own total and what the regulator forwarded are two bases of complaints over the same divisor; each has
metrics of its own, and nothing here adds the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from callcenter.db.pool import Connection
from callcenter.figures import bases, counting
from callcenter.figures.bases import Divisor, Given, divided_by, divisors
from callcenter.figures.counting import ComplaintFigures, Counted
from callcenter.figures.scope import Scope
from tickets.grouping import Grouping
from tickets.metrics import Base, Metric, Value, change
from tickets.periods import Comparison, Span, keys, named

YEARLY = (Metric.PER_PREMIUM, Metric.VALID_PER_PREMIUM, Metric.FORWARDED_PER_PREMIUM)
"""The metrics whose yearly change is M-14, each on its own basis."""
BY_TIME: Mapping[Grouping, Span] = {
    Grouping.MONTH: Span.MONTH,
    Grouping.QUARTER: Span.QUARTER,
    Grouping.HALF_YEAR: Span.HALF_YEAR,
    Grouping.YEAR: Span.YEAR,
}
"""Groupings that are a trend: a month without a complaint is in it, too."""
WITHOUT = frozenset({Grouping.DAY, Grouping.ORGANISATION})
"""Groupings without densities: nobody imports amounts of a day, or of an organisation without those below it."""


@dataclass(frozen=True, slots=True)
class Yearly:
    """A density now and a year ago, and by how many per cent it changed (M-14)."""

    metric: Metric
    now: Value
    before: Value
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report says: figures, divisors, metrics."""

    figures: ComplaintFigures
    divisors: Sequence[Divisor]
    of_groups: Mapping[str | None, Mapping[Base, Decimal]] = field(default_factory=dict)
    yearly: Sequence[Yearly] = ()

    @property
    def metrics(self) -> list[Value]:
        """Every metric of the whole."""
        return self.figures.total.metrics(divided_by(self.divisors))

    def of_group(self, group: Counted) -> list[Value]:
        """Every metric of a group."""
        return group.metrics(self.of_groups.get(group.key, {}))


async def read(conn: Connection, scope: Scope, grouping: Grouping | None = None, *, yearly: bool = True) -> Reading:
    """The figures of a scope, split when asked, with every density for which there is something to divide by."""
    figures = await counting.complaints(conn, scope, grouping)
    if grouping is not None and grouping in BY_TIME:
        figures = replace(figures, groups=_without_gaps(figures.groups, keys(BY_TIME[grouping], scope.days)))
    given = await bases.given(conn, [scope.organisation], scope.days)
    whole = divisors(given, scope.days)
    of_groups: dict[str | None, Mapping[Base, Decimal]] = {}
    if grouping is not None and grouping not in WITHOUT:
        of_groups = await _of_groups(conn, scope, grouping, [group.key or "" for group in figures.groups], given, whole)
    changes = await _yearly(conn, scope, figures.total, whole) if yearly else []
    return Reading(figures, whole, of_groups, changes)


def _without_gaps(groups: Sequence[Counted], keys: Sequence[str]) -> list[Counted]:
    """The groups of a trend in order, those without a complaint among them."""
    there = {group.key: group for group in groups}
    nothing = dict.fromkeys((*counting.OF_COMPLAINTS, *counting.EXCLUDED.values()), 0)
    return [there.get(key) or Counted(key, nothing) for key in keys]


async def _of_groups(
    conn: Connection,
    scope: Scope,
    grouping: Grouping,
    keys: Sequence[str],
    given: Sequence[Given],
    whole: Sequence[Divisor],
) -> dict[str | None, Mapping[Base, Decimal]]:
    if grouping in BY_TIME:
        return {key: divided_by(divisors(given, named(key).within(scope.days))) for key in keys}
    if grouping is Grouping.BRANCH:
        below = [key for key in keys if key != scope.organisation]
        found = await bases.given(conn, below, scope.days)
        return {
            key: divided_by(divisors([each for each in found if each.amount.organisation == key], scope.days))
            for key in below
        }
    return dict.fromkeys(keys, divided_by(whole))


async def _yearly(conn: Connection, scope: Scope, now: Counted, whole: Sequence[Divisor]) -> list[Yearly]:
    premium = divided_by(whole).get(Base.PREMIUM)
    if premium is None:
        return []
    days = scope.days.compared(Comparison.LAST_YEAR)
    before = divided_by(divisors(await bases.given(conn, [scope.organisation], days), days)).get(Base.PREMIUM)
    if before is None:
        return []
    earlier = await counting.complaints(conn, replace(scope, first_day=days.first, last_day=days.last))
    mine = {value.metric: value for value in now.metrics({Base.PREMIUM: premium})}
    theirs = {value.metric: value for value in earlier.total.metrics({Base.PREMIUM: before})}
    return [Yearly(metric, mine[metric], theirs[metric], change(mine[metric], theirs[metric])) for metric in YEARLY]
