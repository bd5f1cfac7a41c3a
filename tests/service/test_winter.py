"""A second example of the kind of domain d.4, lived through over HTTP; its figures were worked out by hand.

Received in November and December 2025, judged on 31 December. No holiday lies in these months; of 2026 the first three
days are one, and Sunday the 4th is worked. Difficult: 10 working days or 15 days; general: 5.

| order | received | where | channel | source    | relation          | due   | told, working days | points       |
| W01   | Mo 11-03 | gd-gz | phone   | direct    | first             | 11-10 | 11-06 (3)          |              |
| W02   | Tu 11-04 | sc-cd | visit   | direct    | first             | 11-11 | 11-14 (8), late    |              |
| W03   | Mo 11-17 | sc    | letter  | regulator | escalation of W02 | 12-01 | 11-28 (9)          | 11-26 met    |
| W04   | We 11-05 | gd-gz | network | direct    | first             | 11-12 | 11-12 (5)          | voided 11-07 |
| W05   | Th 11-06 | gd-gz | SMS     | direct    | first             | 11-13 | withdrawn 11-10    |              |
| W06   | Fr 11-07 | sc-cd | letter  | direct    | first             | 11-14 | withdrawn 11-18    |              |
| W07   | Mo 12-08 | sc    | letter  | regulator | escalation of W02 | 12-22 | 12-19 (9)          | 12-17 missed |
| W08   | We 12-10 | gd-gz | phone   | an agent's grievance, in no complaint figure (F-37)                    |
| W09   | Th 12-11 | gd-gz | phone   | no complaint (R-1.3)                                                   |
| W10   | Fr 12-12 | gd-gz | call    | a callback finding (R-2.5)                                             |
| W11   | Mo 12-29 | gd-gz | phone   | direct    | first             | 01-06 | open               |              |
| W12   | Tu 12-02 | gd-gz | phone   | direct    | repeat of W01     | 12-09 | 12-04 (2)          |              |

Six people came about W02. W03 was forwarded by the regulator's headquarters, W07 by its branch. W04 was difficult until
it was found general on 11-07, and its progress points with that (F-10). W01 was closed as invalid; the province
overturned it on 12-05, so its matter is valid, and W12 with it. W07 is the second escalation of its matter, which has
two pieces already (F-2); it was acknowledged on 12-10, a day late.

Occurrences 9. Pieces W01 1, W02 1, W03 1, W04 1, W05 1, W06 1, W11 1 = 7. Matters W01, W02, W04, W05, W06, W11 = 6.
Valid pieces W01, W02, W03, W04 = 4; pending W05, W06, W11 = 3. Acknowledged all but W07 8/9, closed all but W11 8/9.
Due W01, W02, W03, W04, W06, W07, W12 = 7 (W05 was withdrawn before, W11 is due later), in time but W02 and W06 5/7.
Mean (3+8+9+5+9+2)/6 = 36/6 (withdrawn ones are not measured). Repeat matters 1/6, repeats 1/9. Escalated 1 of the valid
matters W01, W02, W04. Points 1/2. Forwarded pieces 1 (W07 has none) of 7, both in time. Skip-level 1 (W03) of 4 valid.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.testmode import SettableClock
from callcenter.web import server
from tests.service.autumn import Autumn, december, winter
from tests.service.site import Client, Site, settings

pytestmark = pytest.mark.service

DAYS = "first_day=2025-11-01&last_day=2025-12-31"
PREMIUM = {"base": "premium", "first_day": "2025-11-01", "last_day": "2025-12-31"}
NUMBERS: dict[str, set[str]] = {
    "occurrences": {"W01", "W02", "W03", "W04", "W05", "W06", "W07", "W11", "W12"},
    "pieces": {"W01", "W02", "W03", "W04", "W05", "W06", "W11"},
    "valid_pieces": {"W01", "W02", "W03", "W04"},
    "invalid_pieces": set(),
    "pending_pieces": {"W05", "W06", "W11"},
    "acknowledged": {"W01", "W02", "W03", "W04", "W05", "W06", "W11", "W12"},
    "closed": {"W01", "W02", "W03", "W04", "W05", "W06", "W07", "W12"},
    "due": {"W01", "W02", "W03", "W04", "W06", "W07", "W12"},
    "in_time": {"W01", "W03", "W04", "W07", "W12"},
    "handled": {"W01", "W02", "W03", "W04", "W07", "W12"},
    "repeats": {"W12"},
    "escalations": {"W03", "W07"},
    "progress_due": {"W03", "W07"},
    "progress_met": {"W03"},
    "forwarded": {"W03", "W07"},
    "forwarded_pieces": {"W03"},
    "forwarded_in_time": {"W03", "W07"},
    "skip_level_pieces": {"W03"},
    "overdue": set(),
    "not_customers": {"W08"},
    "non_complaints": {"W09"},
    "callback_findings": {"W10"},
}
METRICS = {
    "occurrences": (9, None, 9),
    "pieces": (7, None, 7),
    "valid_pieces": (4, None, 4),
    "acknowledgement_rate": (8, 9, 88.89),
    "closing_rate": (8, 9, 88.89),
    "on_time_rate": (5, 7, 71.43),
    "mean_handling_workdays": (36, 6, 6.0),
    "repeat_matter_rate": (1, 6, 16.67),
    "repeat_occurrence_rate": (1, 9, 11.11),
    "escalation_rate": (1, 3, 33.33),
    "progress_compliance": (1, 2, 50.0),
    "forwarded_share": (1, 7, 14.29),
    "forwarded_on_time_rate": (2, 2, 100.0),
    "skip_level_rate": (1, 4, 25.0),
    "overdue_backlog": (0, None, 0),
    "per_100m_premium": (7, 350_000_000, 2.0),
    "valid_per_100m_premium": (4, 350_000_000, 1.1429),
    "forwarded_per_100m_premium": (1, 350_000_000, 0.2857),
}


@pytest.fixture
async def company(database: Database, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Autumn]:
    """A company in test mode whose clock can be set."""
    seen = SettableClock(clock)
    app = server.build(settings(tmp_path), database=database, clock=seen, wall=seen)
    async with Site.running(app, database, seen) as site:  # type: ignore[arg-type]
        yield Autumn(site, seen)


@pytest.mark.timeout(600)
async def test_a_winter_of_two_provinces_has_the_figures_worked_out_by_hand(company: Autumn) -> None:
    """M-1 … M-11, M-15, M-16, M-19, D-1, D-2, D-3, D-9, D-11, D-12, D-13, F-2, F-10, F-37, F-47, F-54, F-57, R-3.25,
    CL-6, N-14, T-4: an escalation's second piece, an overturned closing, withdrawals, a downgrade, a group."""
    winter(company)
    await company.live(december(31))
    head = await company.site.client(Role.SUPERVISOR, where="hq")
    names = {ticket["id"]: name for name, ticket in company.opened.items()}
    told = {}
    for figure in NUMBERS:
        items = (await head.get(f"/statistics/{figure}/items?{DAYS}&limit=200")).json["items"]
        told[figure] = {names[item["id"]] for item in items}
    assert told == NUMBERS
    amounts = [{"organisation_id": where, "amount": n} for where, n in PREMIUMS.items()]
    made = await head.post("/denominators", {"source": "财务月报", "items": [{**PREMIUM, **each} for each in amounts]})
    assert made.status == 201, made.body
    report = (await head.get(f"/statistics/complaints?{DAYS}&group=branch")).json
    metrics = report["figures"]["metrics"]
    assert {name: tuple(metrics[name].values()) for name in METRICS} == METRICS
    assert {each["kind"]: each["tickets"] for each in report["excluded"]} == {
        "callback_finding": 1,
        "non_complaint": 1,
        "not_a_customer": 1,
    }
    branches = {each["key"]: each for each in report["groups"]}
    assert {key: each["pieces"] for key, each in branches.items()} == {"gd": 4, "sc": 3}
    assert {key: each["metrics"]["per_100m_premium"]["value"] for key, each in branches.items()} == {"gd": 2, "sc": 3}
    await _split(head)


PREMIUMS = {"hq": 350_000_000, "gd": 200_000_000, "sc": 100_000_000}


async def _split(head: Client) -> None:
    """By month, category in both views, channel, and against the month before."""

    async def pieces(query: str) -> dict[Any, Any]:
        report = (await head.get(f"/statistics/complaints?{query}")).json
        return {each["key"]: each["pieces"] for each in report["groups"]}

    assert await pieces(f"{DAYS}&group=month") == {"2025-11": 6, "2025-12": 1}
    by_cause = {"claims": 1, "counter": 2, "payment": 1, "sms": 1, "solicitation": 1, "call_centre": 1}
    assert await pieces(f"{DAYS}&group=category") == by_cause
    assert await pieces(f"{DAYS}&group=cause") == {**by_cause, "underwriting": 1}
    channels = {"phone_inbound": 2, "visit": 1, "letter": 2, "network": 1, "sms": 1}
    assert await pieces(f"{DAYS}&group=channel") == channels
    assert await pieces(f"{DAYS}&group=regulator") == {"headquarters": 1, "province": 0, "not_forwarded": 6}
    later = (await head.get("/statistics/complaints?first_day=2025-12-01&last_day=2025-12-31&compare=previous")).json
    assert (later["figures"]["occurrences"], later["comparison"]["figures"]["occurrences"]) == (3, 6)
    assert later["comparison"]["changes"]["occurrences"] == -50.0
