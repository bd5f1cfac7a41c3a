"""What else happens to the orders of random histories, and a naive recount of every figure from the event log alone.

The recount is written from domain.md and must never import `tickets.measures`, `tickets.metrics` or `tickets.progress`:
it is their judge. A day is one in Shanghai, hour 0 that of BEGINNING.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import chinese_calendar

from tests.matter_walk import Event, recount

BEGINNING = date(2025, 3, 3)
CATEGORIES = ("claims", "payment", "counter", "sms", "solicitation")
LEVELS = ("headquarters", "province", "city")
WORK = frozenset(
    {"acknowledged", "categories", "forwarded", "dispatched", "returned", "reminded", "informed", "complex", "progress"}
    | {"asked"}
)
"""What `worked` adds, none of which makes an order another."""

Line = dict[str, Any]
"""One order as the log tells it."""


def day_of(hour: int) -> date:
    return BEGINNING + timedelta(days=hour // 24)


def last_day_of(due: int) -> date:
    """The last day in time before a limit is over."""
    return BEGINNING + timedelta(days=due // 24 - 1)


def shifted(log: Iterable[Event], days: int) -> list[Event]:
    """The same history so many days later."""
    return [
        {**each, "at": each["at"] + days * 24, **({"due": each["due"] + days * 24} if "due" in each else {})}
        for each in log
    ]


def worked(log: Sequence[Event], seed: int) -> list[Event]:
    """The log with the work on its orders: acknowledged, sent to departments, progress told, informed, asked."""
    dice = random.Random(seed)
    more: list[Event] = []
    for event in log:
        if event["what"] != "received":
            continue
        mine = [each for each in log if each["order"] == event["order"]]
        ends = [each["at"] for each in mine if each["what"] in ("closed", "withdrawn")]
        closed = any(each["what"] == "closed" for each in mine)
        until = min(ends, default=event["at"] + 60 * 24)

        def add(what: str, at: int, event: Event = event, **said: Any) -> None:
            more.append({"at": at, "matter": event["matter"], "order": event["order"], "what": what, **said})

        if dice.random() < 0.7:
            add("acknowledged", event["at"] + dice.randrange(72), written=dice.random() < 0.8)
        add("categories", event["at"], named=dice.sample(CATEGORIES, dice.randrange(1, 4)))
        if event["source"] == "regulator":
            add("forwarded", event["at"], level=dice.choice(LEVELS))
        if dice.random() < 0.6:
            add("dispatched", event["at"])
            for _ in range(dice.choice((0, 0, 1, 2, 3))):
                add("returned", event["at"])
            for _ in range(dice.choice((0, 0, 1, 4))):
                add("reminded", event["at"])
        if closed or (not ends and dice.random() < 0.4):
            add("informed", dice.randrange(event["at"], until + 1))
        if dice.random() < 0.3:
            add("complex", event["at"])
            for _ in range(dice.randrange(6)):
                at = dice.randrange(event["at"], event["at"] + 50 * 24)
                if _works(day_of(at)):
                    add("progress", at)
        if closed and dice.random() < 0.4:
            add("asked", until, answer=dice.choice(("satisfied", "neutral", "not_reached")))
    return sorted([*log, *more], key=lambda each: each["at"])


def tally(lines: Iterable[Line], first: date, last: date, today: date) -> dict[str, int]:
    """Every figure over the orders received from `first` to `last`, judged on the day `today`."""
    return counted([line for line in lines if first <= line["received"] <= last], last, today)


def read(log: Sequence[Event]) -> list[Line]:
    """Every order of a matter's log with what was done with it, by day."""
    found = []
    for line in recount([each for each in log if each["what"] not in WORK]):
        mine = [each for each in log if each["order"] == line["order"]]
        received = next(each for each in mine if each["what"] == "received")
        happened: Counter[str] = Counter(each["what"] for each in mine)

        def days(what: str, mine: Sequence[Event] = mine) -> list[date]:
            return [day_of(each["at"]) for each in mine if each["what"] == what]

        informed = min(days("informed"), default=None)
        ended = min([*days("closed"), *days("withdrawn")], default=None)
        written = [
            day for day, each in zip(days("acknowledged"), _of(mine, "acknowledged"), strict=True) if each["written"]
        ]
        dues = [last_day_of(each["due"]) for each in mine if "due" in each]
        complaint = received["nature"] == "complaint"
        start, stop = day_of(received["at"]), min((day for day in (informed, ended) if day), default=None)
        found.append(
            {
                **line,
                "matter": received["matter"],
                "nature": received["nature"],
                "source": received["source"],
                "channel": received["channel"],
                "received": start,
                "counts": complaint and line["occurrences"] == 1,
                "acknowledged": any(day <= start + timedelta(days=1) for day in written),
                "due": dues[-1] if line["clock"] else None,
                "informed": informed,
                "ended": ended,
                "withdrawn": happened["withdrawn"] > 0,
                "dispatched": happened["dispatched"] > 0,
                "returns": happened["returned"],
                "reminders": happened["reminded"],
                "answers": [each["answer"] for each in _of(mine, "asked") if each["answer"] != "not_reached"],
                "categories": next(each["named"] for each in _of(mine, "categories")),
                "headquarters": any(each["level"] == "headquarters" for each in _of(mine, "forwarded")),
                "points": _points(start, days("progress"), stop) if happened["complex"] else [],
            }
        )
    return found


def _of(mine: Sequence[Event], what: str) -> list[Event]:
    return [each for each in mine if each["what"] == what]


def _points(received: date, told: Sequence[date], stop: date | None) -> list[tuple[date, bool]]:
    """F-57: every seventh working day; from a feedback, from a missed day, or from the late feedback after it."""
    found: list[tuple[date, bool]] = []
    start, was_missed = received, False
    while (due := _seventh(start)) <= received + timedelta(days=150):
        heard = sorted(day for day in told if start < day <= due and (stop is None or day < stop))
        if stop is not None and due >= stop:
            break
        if was_missed and heard:
            start, was_missed = heard[0], False
            continue
        found.append((due, bool(heard)))
        start, was_missed = (heard[-1], False) if heard else (due, True)
    return found


@cache
def _works(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


@cache
def _seventh(start: date) -> date:
    day, left = start, 7
    while left:
        day += timedelta(days=1)
        left -= _works(day)
    return day


def counted(lines: Sequence[Line], last: date, today: date) -> dict[str, int]:
    """The figures of these orders, each by itself."""
    mine = [line for line in lines if line["counts"]]

    def judged(day: date | None, met: date | None) -> bool:
        return day is not None and day <= last and (met is not None or day < today)

    def due(line: Line) -> bool:
        spared = line["withdrawn"] and line["ended"] <= line["due"] if line["due"] else False
        return judged(line["due"], line["informed"]) and not spared

    def kept(line: Line) -> bool:
        return due(line) and line["informed"] is not None and line["informed"] <= line["due"]

    def handled(line: Line) -> bool:
        closed = line["ended"] is not None and not line["withdrawn"]
        return closed and line["due"] is not None and line["informed"] is not None

    def workdays(line: Line) -> int:
        after = (line["informed"] - line["received"]).days
        return sum(_works(line["received"] + timedelta(days=n)) for n in range(1, after + 1))

    def points(line: Line, only_met: bool) -> int:
        return sum(met or not only_met for day, met in line["points"] if judged(day, day if met else None))

    def many(test: Callable[[Line], Any]) -> int:
        return sum(1 for line in mine if test(line))

    def pieces(test: Callable[[Line], Any]) -> int:
        return sum(line["pieces"] for line in mine if test(line))

    def matters(test: Callable[[Line], Any]) -> int:
        return len({line["matter"] for line in mine if test(line)})

    def amount(of: Callable[[Line], int], test: Callable[[Line], Any]) -> int:
        return sum(of(line) for line in mine if test(line))

    regulator: Callable[[Line], bool] = lambda line: line["source"] == "regulator"  # noqa: E731
    return {
        "occurrences": len(mine),
        "pieces": pieces(lambda line: True),
        "matters": matters(lambda line: True),
        "valid_pieces": pieces(lambda line: line["validity"] == "valid"),
        "invalid_pieces": pieces(lambda line: line["validity"] == "invalid"),
        "pending_pieces": pieces(lambda line: line["validity"] == "pending"),
        "mentions": amount(lambda line: line["pieces"] * len(line["categories"]), lambda line: True),
        "acknowledged": many(lambda line: line["acknowledged"]),
        "closed": many(lambda line: line["closed"]),
        "due": many(due),
        "in_time": many(kept),
        "handled": many(handled),
        "handling_days": amount(workdays, handled),
        "repeats": many(lambda line: line["relation"] == "repeat"),
        "repeat_matters": matters(lambda line: line["relation"] == "repeat"),
        "valid_matters": matters(lambda line: line["validity"] == "valid"),
        "escalated_matters": matters(lambda line: line["validity"] == "valid" and line["relation"] == "escalation"),
        "escalations": many(lambda line: line["relation"] == "escalation"),
        "progress_due": amount(lambda line: points(line, only_met=False), lambda line: True),
        "progress_met": amount(lambda line: points(line, only_met=True), lambda line: True),
        "forwarded": many(regulator),
        "forwarded_pieces": pieces(regulator),
        "forwarded_due": many(lambda line: regulator(line) and due(line)),
        "forwarded_in_time": many(lambda line: regulator(line) and kept(line)),
        "skip_level_pieces": pieces(lambda line: line["headquarters"]),
        "sampled": many(lambda line: line["answers"]),
        "satisfied": many(lambda line: line["answers"] == ["satisfied"]),
        "dispatched": many(lambda line: line["dispatched"]),
        "reminders": amount(lambda line: line["reminders"], lambda line: line["dispatched"]),
        "returns": amount(lambda line: line["returns"], lambda line: line["dispatched"]),
        "returned_twice": many(lambda line: line["returns"] >= 2),
        "overdue": many(
            lambda line: line["ended"] is None and line["due"] is not None and line["due"] < min(last, today)
        ),
        "media": many(lambda line: line["source"] == "media"),
        "callback_findings": sum(line["nature"] == "callback_finding" for line in lines),
        "non_complaints": sum(line["nature"] == "non_complaint" for line in lines),
        "not_customers": sum(line["relation"] == "grievance" for line in lines),
    }


def split(lines: Iterable[Line], keys: Callable[[Line], Iterable[str]]) -> Mapping[str, list[Line]]:
    """The orders of each group, an order in each of its own."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        for key in keys(line):
            found.setdefault(key, []).append(line)
    return found
