"""What each figure counts, on the worked example of domain.md d.4 and its variations."""

from dataclasses import replace
from datetime import date

import pytest

from tests.worked_example import (
    ORDERS,
    PERIOD,
    T01,
    T04,
    T05,
    T08,
    T10,
    closed,
    october,
    september,
)
from tickets.categories import Category
from tickets.intake import Channel, ComplainantType, ForwarderLevel, Nature, Relation, Source
from tickets.lifecycle import Ending, Validity
from tickets.measures import Addressee, Order, Period, Point, members, total, weighed
from tickets.statistics import Figure

pytestmark = pytest.mark.unit
EXAMPLE = weighed(ORDERS)
_F, _C = Figure, Category


def behind(figure: Figure, orders: list[Order] = EXAMPLE, period: Period = PERIOD) -> set[str]:
    return {order.ticket for order, _ in members(figure, orders, period)}


def changed(**new: Order) -> list[Order]:
    """The example with these orders instead, or beside the others."""
    return weighed({**{order.ticket: order for order in ORDERS}, **new}.values())


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (_F.OCCURRENCES, 11),
        (_F.PIECES, 8),
        (_F.MATTERS, 7),
        (_F.VALID_PIECES, 6),
        (_F.INVALID_PIECES, 1),
        (_F.PENDING_PIECES, 1),
        (_F.MENTIONS, 10),
        (_F.ACKNOWLEDGED, 9),
        (_F.CLOSED, 9),
        (_F.DUE, 10),
        (_F.IN_TIME, 8),
        (_F.HANDLED, 9),
        (_F.HANDLING_DAYS, 44),
        (_F.REPEATS, 2),
        (_F.REPEAT_MATTERS, 1),
        (_F.VALID_MATTERS, 5),
        (_F.ESCALATED_MATTERS, 1),
        (_F.PROGRESS_DUE, 4),
        (_F.PROGRESS_MET, 3),
        (_F.FORWARDED, 1),
        (_F.FORWARDED_PIECES, 1),
        (_F.FORWARDED_DUE, 1),
        (_F.FORWARDED_IN_TIME, 1),
        (_F.OVERDUE, 1),
        (_F.CALLBACK_FINDINGS, 1),
        (_F.FINDINGS_IN_TIME, 1),
        (_F.OPEN_FINDINGS, 0),
    ],
)
def test_the_figures_of_the_worked_example(figure: Figure, expected: int) -> None:
    """M-1 … M-10, M-15, M-19: M-1, M-2, M-3, M-4, M-5, M-6, M-7, M-8, M-9, M-10, M-15, M-19, D-9, D-10, R-2.5"""
    assert total(figure, EXAMPLE, PERIOD) == expected


@pytest.mark.parametrize(
    ("figure", "tickets"),
    [
        (_F.PIECES, {"T01", "T02", "T04", "T05", "T06", "T08", "T09", "T10"}),
        (_F.REPEATS, {"T03", "T11"}),
        (_F.OVERDUE, {"T10"}),
        (_F.CALLBACK_FINDINGS, {"T07"}),
        (_F.ESCALATED_MATTERS, {"T05"}),
        (_F.VALID_MATTERS, {"T01", "T02", "T03", "T04", "T05", "T06", "T09", "T11"}),
        (_F.HANDLING_DAYS, {"T01", "T02", "T03", "T04", "T05", "T06", "T08", "T09", "T11"}),
    ],
)
def test_each_figure_has_its_list(figure: Figure, tickets: set[str]) -> None:
    """T-4: and the order solved on the spot is in the mean although it adds no day."""
    assert behind(figure) == tickets


def test_who_is_not_in_a_rate_is_known_by_name() -> None:
    """R-4.7, F-61, T-4: late, and phoned but not written down; late, and overdue; merged has no clock."""
    assert behind(_F.OCCURRENCES) - behind(_F.ACKNOWLEDGED) == {"T08", "T09"}
    assert behind(_F.DUE) - behind(_F.IN_TIME) == {"T04", "T10"}
    assert behind(_F.OCCURRENCES) - behind(_F.DUE) == {"T12"}


@pytest.mark.parametrize(
    ("month", "pieces", "occurrences", "valid"),
    [((date(2025, 9, 1), date(2025, 9, 30)), 7, 8, 5), ((date(2025, 10, 1), date(2025, 10, 31)), 1, 3, 1)],
)
def test_a_piece_belongs_to_the_month_of_receipt(
    month: tuple[date, date], pieces: int, occurrences: int, valid: int
) -> None:
    """D-11, F-56"""
    period = Period(*month, PERIOD.today)
    counted = [total(f, EXAMPLE, period) for f in (_F.PIECES, _F.OCCURRENCES, _F.VALID_PIECES)]
    assert counted == [pieces, occurrences, valid]


@pytest.mark.parametrize(
    ("channel", "pieces", "occurrences"),
    [
        (Channel.PHONE_INBOUND, 2, 5),
        (Channel.PHONE_OUTBOUND, 0, 0),
        (Channel.LETTER, 2, 2),
        (Channel.VISIT, 1, 1),
        (Channel.NETWORK, 1, 1),
        (Channel.SMS, 1, 1),
        (Channel.FAX, 1, 1),
    ],
)
def test_channels_add_up_to_the_whole(channel: Channel, pieces: int, occurrences: int) -> None:
    """D-7, R-2.1"""
    of_channel = [order for order in EXAMPLE if order.channel is channel]
    assert total(_F.PIECES, of_channel, PERIOD) == pieces
    assert total(_F.OCCURRENCES, of_channel, PERIOD) == occurrences


def test_by_main_cause_categories_add_up_to_pieces_and_by_all_causes_they_exceed_them() -> None:
    """D-10, R-3.24"""
    main: dict[int, int] = {}
    valid: dict[int, int] = {}
    every: dict[int, int] = {}
    for order, pieces in members(_F.PIECES, EXAMPLE, PERIOD):
        for table, causes in ((main, order.mentioned[:1]), (every, order.mentioned)):
            for cause in causes:
                table[cause.number] = table.get(cause.number, 0) + pieces
        if order.validity is Validity.VALID:
            first = order.mentioned[0].number
            valid[first] = valid.get(first, 0) + pieces
    assert main == {1: 2, 3: 2, 6: 1, 9: 1, 10: 1, 11: 1}
    assert valid == {1: 2, 3: 2, 6: 1, 10: 1}
    assert every == {1: 2, 3: 2, 4: 1, 6: 1, 9: 1, 10: 2, 11: 1}


def test_an_invalid_matter_gone_to_the_regulator_is_a_repeat() -> None:
    """D-3, D-2, F-59: V-1 of d.4."""
    again = Order(
        "T13", october(14), "T08", relation=Relation.REPEAT, source=Source.REGULATOR, validity=Validity.INVALID
    )
    orders = changed(T13=again)
    assert (total(_F.PIECES, orders, PERIOD), total(_F.OCCURRENCES, orders, PERIOD)) == (8, 12)
    assert behind(_F.FORWARDED, orders) == {"T05", "T13"}, "it does not vanish from what was forwarded (F-59)"
    assert behind(_F.FORWARDED_PIECES, orders) == {"T05"}


def test_before_the_deadline_and_open_an_escalation_is_merged() -> None:
    """D-4, F-14, F-60: V-2 of d.4; it is closed with the order it was merged into."""
    merged = replace(
        T05, received=september(12), relation=Relation.MERGED, due=None, told=None, informed=None, closed=None,
        points=(), merged_into="T04",
    )  # fmt: skip
    orders = changed(T05=merged)
    counted = [total(f, orders, PERIOD) for f in (_F.PIECES, _F.OCCURRENCES, _F.ESCALATED_MATTERS, _F.CLOSED, _F.DUE)]
    assert counted == [7, 11, 0, 9, 9]
    assert "T05" in behind(_F.CLOSED, orders)


def test_a_second_escalation_adds_no_third_piece() -> None:
    """F-2, D-1"""
    second = replace(T05, ticket="T13", received=october(29), due=october(31), told=None, informed=None, closed=None)
    orders = changed(T13=second)
    assert (total(_F.PIECES, orders, PERIOD), total(_F.OCCURRENCES, orders, PERIOD)) == (8, 12)


def test_without_clear_intention_the_callback_complaint_is_no_complaint() -> None:
    """R-2.3, R-2.5, F-13, T-1"""
    finding = replace(
        EXAMPLE[5], ticket="T06", nature=Nature.CALLBACK_FINDING, relation=None, channel=Channel.PHONE_OUTBOUND
    )
    orders = changed(T06=finding)
    assert (total(_F.PIECES, orders, PERIOD), total(_F.OCCURRENCES, orders, PERIOD)) == (7, 10)
    assert behind(_F.CALLBACK_FINDINGS, orders) == {"T06", "T07"}


def test_an_overturned_validity_moves_the_piece_and_the_matter() -> None:
    """D-9, D-13, F-58, R-3.25: the invalid one turns valid."""
    orders = changed(T08=replace(T08, validity=Validity.VALID))
    counted = [total(f, orders, PERIOD) for f in (_F.VALID_PIECES, _F.INVALID_PIECES, _F.VALID_MATTERS)]
    assert counted == [7, 0, 6]


def test_a_root_that_turns_invalid_makes_its_escalation_a_repeat() -> None:
    """D-13, F-50"""
    orders = changed(
        T04=replace(T04, validity=Validity.INVALID),
        T05=replace(T05, validity=Validity.INVALID, relation=Relation.REPEAT),
    )
    assert [total(f, orders, PERIOD) for f in (_F.PIECES, _F.VALID_PIECES, _F.ESCALATED_MATTERS, _F.REPEATS)] == [
        7,
        4,
        0,
        3,
    ]


def test_without_its_extension_the_order_was_overdue_earlier_and_is_judged_in_the_same_period() -> None:
    """L-14, L-15, M-6: 10-15 instead of 10-21."""
    orders = changed(T10=replace(T10, due=october(15)))
    until = Period(PERIOD.first, october(17), october(18))
    assert behind(_F.OVERDUE, orders, until) == {"T10"}
    assert behind(_F.OVERDUE, EXAMPLE, until) == set()


def test_a_withdrawn_order_is_counted_closed_and_measured_no_further() -> None:
    """F-54, CL-6: in the on-time rate only if its deadline had passed before."""
    before = replace(T10, closed=october(20), ended_as=Ending.WITHDRAWN)
    orders = changed(T10=before)
    assert "T10" in behind(_F.OCCURRENCES, orders) & behind(_F.PIECES, orders) & behind(_F.CLOSED, orders)
    assert "T12" in behind(_F.CLOSED, orders)
    assert "T10" not in behind(_F.DUE, orders) | behind(_F.HANDLED, orders) | behind(_F.OVERDUE, orders)
    after = changed(T10=replace(before, closed=october(22)))
    assert "T10" in behind(_F.DUE, after) - behind(_F.IN_TIME, after)


def test_on_the_last_day_a_deadline_is_in_the_on_time_rate_and_not_yet_in_the_backlog() -> None:
    """F-61: informed and not closed is open."""
    told = replace(T01, due=october(31), told=october(30), informed=october(30), closed=None)
    period = Period(PERIOD.first, PERIOD.last, date(2025, 11, 5))
    assert "T01" in behind(_F.DUE, changed(T01=told), period)
    assert "T01" not in behind(_F.OVERDUE, changed(T01=told), period)
    assert "T01" in behind(_F.OVERDUE, changed(T01=replace(told, due=october(30))), period)


def test_what_may_still_be_met_is_not_judged() -> None:
    """M-6, M-10: a deadline of today counts when it was met, and from tomorrow on when it was not."""
    open_order = Order("T13", october(24), "T13", due=october(31), points=(Point(Addressee.CUSTOMER, october(31)),))
    on_the_day, after = PERIOD, Period(PERIOD.first, PERIOD.last, date(2025, 11, 1))
    for figure in (_F.DUE, _F.PROGRESS_DUE):
        assert "T13" not in behind(figure, [open_order], on_the_day)
        assert "T13" in behind(figure, [open_order], after)
    assert "T13" in behind(_F.DUE, [closed(open_order, october(31))], on_the_day)


def test_the_coordinators_points_have_a_figure_of_their_own() -> None:
    """F-11, F-57, R-3.46"""
    late = Point(Addressee.CUSTOMER_SERVICE, october(16), october(17))
    orders = changed(T10=replace(T10, points=(*T10.points, late)))
    counted = [
        total(f, orders, PERIOD) for f in (_F.PROGRESS_DUE, _F.PROGRESS_MET, _F.COORDINATOR_DUE, _F.COORDINATOR_MET)
    ]
    assert counted == [4, 3, 1, 0]


def test_reminders_and_returns_are_counted_over_what_was_dispatched() -> None:
    """M-18, F-21"""
    orders = changed(
        T01=replace(T01, dispatched=False, reminders=9),
        T02=replace(EXAMPLE[1], dispatched=True, reminders=3, returns=2),
        T04=replace(T04, dispatched=True, returns=1),
    )
    figures = (_F.DISPATCHED, _F.REMINDERS, _F.RETURNS, _F.RETURNED_TWICE)
    assert [total(f, orders, PERIOD) for f in figures] == [2, 3, 3, 1]


def test_satisfaction_is_of_those_who_answered() -> None:
    """M-17, R-3.10"""
    orders = changed(T01=replace(T01, satisfied=True), T04=replace(T04, satisfied=False))
    assert [total(f, orders, PERIOD) for f in (_F.SATISFIED, _F.SAMPLED)] == [1, 2]


def test_skip_level_counts_pieces_that_went_to_the_national_regulator() -> None:
    """M-16"""
    orders = changed(T05=replace(T05, forwarder_level=ForwarderLevel.HEADQUARTERS))
    assert behind(_F.SKIP_LEVEL_PIECES, orders) == {"T05"}


@pytest.mark.parametrize("who", [ComplainantType.AGENT, ComplainantType.PUBLIC])
def test_an_agents_grievance_is_in_no_complaint_figure(who: ComplainantType) -> None:
    """F-37, F-55"""
    orders = changed(T01=replace(T01, complainant=who))
    assert behind(_F.NOT_CUSTOMERS, orders) == {"T01"}
    for figure in set(Figure) - {_F.NOT_CUSTOMERS}:
        assert "T01" not in behind(figure, orders), figure
