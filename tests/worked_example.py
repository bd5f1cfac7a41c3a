"""The worked example of the measures (domain d.4): twelve orders of autumn 2025, and what they amount to.

Weights are not given here: they follow from the relations by D-1.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tickets.categories import Category
from tickets.findings import Subject
from tickets.intake import Channel, Nature, Relation, Severity, Source
from tickets.lifecycle import Ending, Status, Validity
from tickets.measures import Addressee, Order, Period, Point
from tickets.metrics import Base, Metric

_C, _R, _V = Category, Relation, Validity
FIRST_DAY, LAST_DAY = date(2025, 9, 1), date(2025, 10, 31)
BASES = {
    Base.PREMIUM: Decimal(400_000_000),
    Base.POLICIES: Decimal(500_000),
    Base.PERSON_TIMES: Decimal(800_000),
}


def september(day: int) -> date:
    return date(2025, 9, day)


def october(day: int) -> date:
    return date(2025, 10, day)


PERIOD = Period(FIRST_DAY, LAST_DAY, LAST_DAY)


def closed(order: Order, day: date) -> Order:
    """Informed and closed the same day."""
    return replace(order, told=day, informed=day, closed=day, ended_as=Ending.CLOSED, status=Status.CLOSED)


def _point(due: date, met: date | None = None) -> Point:
    return Point(Addressee.CUSTOMER, due, met)


T01 = closed(
    Order(
        "T01",
        september(3),
        "T01",
        mentioned=(_C.CLAIMS,),
        validity=_V.VALID,
        acknowledged=True,
        due=september(10),
    ),
    september(3),
)
T02 = closed(
    Order(
        "T02",
        september(5),
        "T02",
        channel=Channel.LETTER,
        mentioned=(_C.SOLICITATION, _C.UNDERWRITING),
        severity=Severity.DIFFICULT,
        validity=_V.VALID,
        acknowledged=True,
        due=september(19),
        points=(_point(september(16), september(16)),),
    ),
    september(18),
)
T03 = closed(
    Order(
        "T03",
        september(29),
        "T02",
        relation=_R.REPEAT,
        mentioned=(_C.SOLICITATION,),
        validity=_V.VALID,
        acknowledged=True,
        due=october(13),
    ),
    october(9),
)
T04 = closed(
    Order(
        "T04",
        september(8),
        "T04",
        channel=Channel.VISIT,
        mentioned=(_C.COUNTER,),
        validity=_V.VALID,
        acknowledged=True,
        due=september(15),
    ),
    september(16),
)
T05 = closed(
    Order(
        "T05",
        october(9),
        "T04",
        relation=_R.ESCALATION,
        channel=Channel.LETTER,
        source=Source.REGULATOR,
        mentioned=(_C.COUNTER,),
        severity=Severity.DIFFICULT,
        validity=_V.VALID,
        acknowledged=True,
        due=october(22),
        points=(_point(october(17), october(17)),),
    ),
    october(22),
)
T06 = closed(
    Order(
        "T06",
        september(10),
        "T06",
        source=Source.CALLBACK,
        subject=Subject.FORGED_SIGNATURE,
        mentioned=(_C.SOLICITATION,),
        validity=_V.VALID,
        acknowledged=True,
        due=september(17),
    ),
    september(17),
)
T07 = closed(
    Order(
        "T07",
        september(11),
        nature=Nature.CALLBACK_FINDING,
        relation=None,
        channel=Channel.PHONE_OUTBOUND,
        source=Source.CALLBACK,
        subject=Subject.CONTACT_DATA,
        due=september(18),
    ),
    september(17),
)
T08 = closed(
    Order(
        "T08",
        september(15),
        "T08",
        channel=Channel.NETWORK,
        mentioned=(_C.PAYMENT,),
        validity=_V.INVALID,
        due=september(22),
    ),
    september(18),
)
T09 = closed(
    Order(
        "T09",
        september(28),
        "T09",
        channel=Channel.SMS,
        mentioned=(_C.SMS,),
        validity=_V.VALID,
        due=october(11),
    ),
    october(11),
)
T10 = Order(
    "T10",
    september(30),
    "T10",
    channel=Channel.FAX,
    mentioned=(_C.OTHER, _C.SMS),
    severity=Severity.MAJOR,
    acknowledged=True,
    due=october(21),
    points=(_point(october(16), october(16)), _point(october(27))),
)
T11 = closed(
    Order(
        "T11",
        october(20),
        "T02",
        relation=_R.REPEAT,
        mentioned=(_C.SOLICITATION,),
        validity=_V.VALID,
        acknowledged=True,
        due=october(27),
    ),
    october(24),
)
T12 = Order(
    "T12",
    october(10),
    "T10",
    relation=_R.MERGED,
    mentioned=(_C.OTHER,),
    acknowledged=True,
    merged_into="T10",
)

ORDERS = (T01, T02, T03, T04, T05, T06, T07, T08, T09, T10, T11, T12)

EXPECTED: dict[Metric, str] = {
    Metric.OCCURRENCES: "11",
    Metric.PIECES: "8",
    Metric.VALID_PIECES: "6",
    Metric.ACKNOWLEDGEMENT: "81.82",
    Metric.CLOSING: "81.82",
    Metric.ON_TIME: "80.00",
    Metric.HANDLING: "4.89",
    Metric.REPEAT_MATTERS: "14.29",
    Metric.REPEAT_OCCURRENCES: "18.18",
    Metric.ESCALATION: "20.00",
    Metric.PROGRESS: "75.00",
    Metric.PER_PREMIUM: "2.0000",
    Metric.PER_POLICIES: "0.1600",
    Metric.PER_PERSON_TIMES: "0.1000",
    Metric.VALID_PER_PREMIUM: "1.5000",
    Metric.VALID_PER_POLICIES: "0.1200",
    Metric.VALID_PER_PERSON_TIMES: "0.0750",
    Metric.FORWARDED_PER_PREMIUM: "0.2500",
    Metric.FORWARDED_PER_POLICIES: "0.0200",
    Metric.FORWARDED_PER_PERSON_TIMES: "0.0125",
    Metric.FORWARDED_SHARE: "12.50",
    Metric.FORWARDED_ON_TIME: "100.00",
    Metric.OVERDUE: "1",
}
