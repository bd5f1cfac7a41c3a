"""Random legal histories of matters as an event log, and a naive recount of that log.

The recount is written from domain.md alone and must never import `tickets.matters` or `tickets.statistics`: it is the
judge of both. One event is one plain dictionary; `at` is an hour since the beginning, and of events of one hour the log
has the order; `due` is the hour at which the last day in time is over.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Event = dict[str, Any]
Step = tuple[int, int, int, int]
"""Hours that pass, what to try, with which order, and how."""

SOURCES = ("direct", "direct", "direct", "regulator", "regulator", "media", "upper_company", "coordinator", "callback")
CHANNELS = ("phone_inbound", "letter", "visit", "fax", "sms", "network")
LEVELS = ("hq", "province", "city", "counter_a", "counter_b")
PEOPLE = ("customer", "unknown", "applicant", "representative", "customer", "agent", "public")
NATURES = ("complaint",) * 9 + ("callback_finding", "non_complaint")
WORKDAYS = (5 * 24, 10 * 24, 15 * 24)


def walk(steps: Iterable[Step], matters: int = 1) -> list[Event]:
    """The log of these steps; what is not legal when its turn comes is left out."""
    log: list[Event] = []
    hour, serial = 0, 0
    for gap, what, which, how in steps:
        hour += gap
        matter = f"M{which % matters}"
        mine = [event for event in log if event["matter"] == matter]
        orders = [event["order"] for event in mine if event["what"] == "received"]
        if what % 10 < 4 or not orders:
            serial += 1
            log.append(_received(hour, matter, f"{matter}-{serial:04d}", how))
            continue
        order = orders[how % len(orders)]
        made = _TRIES[what % 10](mine, order, how)
        if made is not None:
            log.append({"at": hour, "matter": matter, "order": order, **made})
    return log


def random_steps(seed: int, count: int) -> list[Step]:
    """So many steps, the same for the same seed."""
    dice = random.Random(seed)
    gaps, most = (0, 1, 7, 30, 90), 10_000
    return [(dice.choice(gaps), dice.randrange(most), dice.randrange(most), dice.randrange(most)) for _ in range(count)]


def _received(hour: int, matter: str, order: str, how: int) -> Event:
    nature = NATURES[how % len(NATURES)]
    finding = nature == "callback_finding"
    return {
        "at": hour,
        "matter": matter,
        "order": order,
        "what": "received",
        "nature": nature,
        "source": "callback" if finding else SOURCES[how // 11 % len(SOURCES)],
        "channel": "phone_outbound" if finding else CHANNELS[how // 101 % len(CHANNELS)],
        "level": LEVELS[how // 607 % len(LEVELS)],
        "who": PEOPLE[how // 7 % len(PEOPLE)],
        "due": (hour // 24 + 1) * 24 + WORKDAYS[how // 3 % len(WORKDAYS)],
    }


def _ended(mine: Sequence[Event], order: str) -> bool:
    return any(event["order"] == order and event["what"] in ("closed", "withdrawn") for event in mine)


def _told(mine: Sequence[Event], order: str) -> dict[str, Any]:
    return next(each for each in recount(mine) if each["order"] == order)


def _close(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    told = _told(mine, order)
    counts = told["relation"] is not None
    if _ended(mine, order) or told["relation"] == "merged" or (counts and told["validity"] == "pending"):
        return None
    return {"what": "closed"}


def _withdraw(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    return None if _ended(mine, order) else {"what": "withdrawn"}


def _determine(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    """Found valid or invalid on the root before it is closed."""
    root = next((each["order"] for each in recount(mine) if each["relation"] == "first"), None)
    if root is None or _ended(mine, root) or _told(mine, root)["closed"]:
        return None
    return {"what": "determined", "order": root, "validity": ("valid", "valid", "invalid")[how % 3]}


def _overturn(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    """The province finds otherwise of a closed root (R-3.25)."""
    root = next((each["order"] for each in recount(mine) if each["relation"] == "first"), None)
    found = [each["validity"] for each in mine if each["what"] == "determined" and each["order"] == root]
    if root is None or not found or not _ended(mine, root):
        return None
    return {"what": "determined", "order": root, "validity": "valid" if found[-1] == "invalid" else "invalid"}


def _extend(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    """Granted before the limit it extends is over (F-52), or another severity, which is found when it is (F-18)."""
    dues = [event["due"] for event in mine if event["order"] == order and "due" in event]
    if _ended(mine, order):
        return None
    if how % 3 == 0:
        return {"what": "regraded", "due": dues[0] + 5 * 24}
    if mine[-1]["at"] >= dues[-1]:
        return None
    return {"what": "extended", "due": dues[-1] + 10 * 24}


def _who(mine: Sequence[Event], order: str, how: int) -> dict[str, Any] | None:
    return None if _ended(mine, order) else {"what": "who", "who": PEOPLE[how // 13 % len(PEOPLE)]}


_TRIES: dict[int, Callable[[Sequence[Event], str, int], dict[str, Any] | None]] = {
    4: _close,
    5: _close,
    6: _determine,
    7: _extend,
    8: _overturn,
    9: lambda mine, order, how: (_withdraw if how % 2 else _who)(mine, order, how),
}


def recount(log: Sequence[Event]) -> list[dict[str, Any]]:
    """What each order of one matter's log is and weighs, by reading the log again and again."""
    out: list[dict[str, Any]] = []
    root: Event | None = None
    clocked: Event | None = None
    pieces = 0
    for place, event in enumerate(log):
        if event["what"] != "received":
            continue
        before = log[:place]
        who = _who_last(log, event["order"])
        line = {"order": event["order"], "relation": None, "pieces": 0, "occurrences": 0, "at": event["at"]}
        line["validity"] = _last(log, event["order"])
        line["clock"], line["closed"] = True, _ended(log, event["order"])
        out.append(line)
        if event["nature"] != "complaint":
            continue
        if who in ("agent", "public"):
            line["relation"] = "grievance"
            continue
        line["occurrences"] = 1
        if root is None or clocked is None:
            root, clocked, line["relation"] = event, event, "first"
            line["pieces"], pieces = 1, 1
            continue
        line["validity"] = "root"
        is_open = not _ended(before, clocked["order"])
        due = [each["due"] for each in before if each["order"] == clocked["order"] and "due" in each][-1]
        upwards = _upwards(event, root) and event["at"] >= due
        if upwards and _matters(log, log, root) != "invalid":
            line["relation"] = "escalation"
            line["pieces"] = 1 if pieces < 2 else 0
            pieces += line["pieces"]
        elif (upwards and _matters(log, before, root) != "invalid") or not is_open:
            line["relation"] = "repeat"
        else:
            line["relation"], line["clock"] = "merged", False
            line["closed"] = line["closed"] or _ended(log, clocked["order"])
        if line["clock"]:
            clocked = event
    for line in out:
        if line["occurrences"] and root is not None:
            line["validity"] = _matters(log, log, root)
    return out


def _matters(log: Sequence[Event], known: Sequence[Event], root: Event) -> str:
    """What is known of the matter's validity: of its root, while nothing is, of any complaint of it (D-13)."""
    found = _last(known, root["order"])
    if found != "pending":
        return found
    asides = {
        each["order"]
        for each in log
        if each["what"] == "received"
        and (each["nature"] != "complaint" or _who_last(log, each["order"]) in ("agent", "public"))
    }
    others = [each["validity"] for each in known if each["what"] == "determined" and each["order"] not in asides]
    return str(others[-1]) if others else "pending"


def _who_last(log: Sequence[Event], order: str) -> str:
    return str([each["who"] for each in log if each["order"] == order and "who" in each][-1])


def _last(log: Sequence[Event], order: str) -> str:
    found = [each["validity"] for each in log if each["what"] == "determined" and each["order"] == order]
    return str(found[-1]) if found else "pending"


def _upwards(event: Event, root: Event) -> bool:
    if event["source"] in ("regulator", "media"):
        return True
    rank = {"hq": 3, "province": 2, "city": 1, "counter_a": 1, "counter_b": 1}
    handles = 2 if root["source"] in ("regulator", "media", "upper_company") else rank[root["level"]]
    if event["source"] == "upper_company":
        return handles < 3 and (rank[event["level"]] >= handles or rank[event["level"]] + 1 > handles)
    return event["channel"] in ("letter", "visit", "fax") and rank[event["level"]] > handles
