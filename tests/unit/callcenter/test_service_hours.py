"""When the hotline answers: working days, rest days, make-up weekends, and the minute at which a span ends."""

from datetime import date, datetime

import pytest

from callcenter.config import Config, ConfigError
from callcenter.service_hours import BadSpanError, ServiceHours, Span
from tickets.calendar import SHANGHAI, Calendar, Override

pytestmark = pytest.mark.unit

HOURS = ServiceHours.of(("0830-1200", "1300-1730"), ("0900-1600",))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-26 08:29", False),
        ("2026-11-26 08:30", True),
        ("2026-11-26 11:59:59", True),
        ("2026-11-26 12:00", False),
        ("2026-11-26 17:29", True),
        ("2026-11-26 17:30", False),
        ("2026-11-28 08:45", False),  # Saturday
        ("2026-11-28 15:59", True),
        ("2026-10-01 08:45", False),  # National Day
        ("2026-10-10 08:45", True),  # a Saturday that is worked
    ],
)
def test_the_kind_of_day_decides_the_span(moment: str, is_open: bool) -> None:
    assert HOURS is not None
    assert HOURS.is_open(at(moment), Calendar()) is is_open


def test_the_companys_own_day_off_is_a_rest_day() -> None:
    assert HOURS is not None
    day_off = Calendar.of([Override(date(2026, 11, 26), False, "司庆", "通知")])
    assert not HOURS.is_open(at("2026-11-26 08:45"), day_off)


def test_a_kind_of_day_without_spans_is_closed_and_no_spans_at_all_leave_it_to_the_dialplan() -> None:
    only_work = ServiceHours.of(("0000-2400",), ())
    assert only_work is not None
    assert only_work.is_open(at("2026-11-26 23:59"), Calendar())
    assert not only_work.is_open(at("2026-11-28 12:00"), Calendar())
    assert ServiceHours.of((), ()) is None


@pytest.mark.parametrize("text", ["", "8-17", "0830-0830", "1730-0830", "0830-2401", "2500-2600", "08:30-17:30"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadSpanError):
        Span.parse(text)


def test_spans_are_settings() -> None:
    config = Config.load(None, {"CALLCENTER_HOURS_WORKDAY": "0830-1200:1300-1730"})
    assert config.hours.workday == ("0830-1200", "1300-1730")
    with pytest.raises(ConfigError, match=r"hours\.restday.*span like 0830-1730"):
        Config.load(None, {"CALLCENTER_HOURS_RESTDAY": "9-17"})


@pytest.mark.parametrize(
    ("moment", "hours", "then"),
    [
        ("2026-11-26 09:00", 2, "2026-11-26 11:00"),
        ("2026-11-26 10:00", 2, "2026-11-26 12:00"),
        ("2026-11-26 11:30", 2, "2026-11-26 14:30"),
        ("2026-11-26 07:00", 2, "2026-11-26 10:30"),
        ("2026-11-26 16:30", 2, "2026-11-27 09:30"),
        ("2026-11-27 17:30", 1, "2026-11-28 10:00"),
        ("2026-11-26 09:00:30", 0, "2026-11-26 09:00:30"),
    ],
)
def test_hours_of_service_run_while_somebody_answers(moment: str, hours: int, then: str) -> None:
    """L-21"""
    assert HOURS is not None
    assert HOURS.after(at(moment), hours, Calendar()) == at(then)


def test_where_nobody_answers_for_a_year_the_year_is_the_answer() -> None:
    closed = ServiceHours((), ())
    assert closed.after(at("2026-11-26 09:00"), 2, Calendar()) == at("2027-11-27 00:00")
