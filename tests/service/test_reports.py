"""Reports through the interface: made by a worker, kept with all they were counted from, compared with today."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from callcenter.accounts.permissions import Role
from callcenter.db.pool import Connection
from callcenter.figures import counting
from callcenter.reports import making, store
from tests.service.random_orders import store as keep
from tests.service.random_orders import ticket_id
from tests.service.site import Client, Site
from tests.service.test_denominators import imported
from tests.worked_example import ORDERS
from tickets.calendar import Calendar
from tickets.measures import weighed

pytestmark = pytest.mark.service

OVERTURN = """
UPDATE ticket SET validity = 'valid', invalid_ground = NULL, causes = '{payment}'
WHERE id = $1"""
DISPROVED = """
UPDATE ticket SET validity = 'invalid', invalid_ground = 'facts_disproved', causes = '{}' WHERE validity = 'valid'"""
PREMIUM = {"organisation_id": "hq", "base": "premium", "first_day": "2025-09-01", "last_day": "2025-09-30"}


async def the_example(site: Site) -> Client:
    """The worked example, and the 12th of November 2025."""
    site.clock.set(datetime(2025, 11, 12, 4, tzinfo=UTC))
    orders = [replace(order, accepting="hq/gd/gd-gz/") for order in weighed(ORDERS)]
    async with site.database.transaction() as conn:
        await keep(conn, orders)
    return await site.client(Role.SUPERVISOR, where="hq")


async def made(site: Site, client: Client, kind: str = "monthly", day: str = "2025-09-10", **others: Any) -> Any:
    """A report asked for, and made by the worker's job."""
    asked = await client.post("/reports", {"kind": kind, "day": day, **others})
    assert asked.status == 201, asked.body
    assert asked.json["state"] == "waiting"
    assert await making.make_due(site.database, site.clock)
    done = (await client.get(f"/reports/{asked.json['id']}")).json
    assert done["state"] == "done", done
    return done


async def test_a_month_says_what_it_counted_left_out_and_by_which_rules(site: Site) -> None:
    """M-1, M-2, M-6, R-2.5, N-15, T-1, T-4: the worked example's September."""
    client = await the_example(site)
    await imported(client, {**PREMIUM, "amount": 350_000_000})
    report = await made(site, client)
    content = report["content"]
    assert (content["figures"]["pieces"], content["figures"]["occurrences"], content["figures"]["valid_pieces"]) == (
        7,
        8,
        5,
    )
    assert content["metrics"]["per_100m_premium"]["value"] == 2.0
    assert content["metrics"]["on_time_rate"] == {"numerator": 4, "denominator": 5, "value": 80}
    assert {each["kind"]: each["tickets"] for each in content["excluded"]}["callback_finding"] == 1
    assert {"R-2.5", "M-11", "T-1"} <= {rule["rule"] for rule in content["rules"]}
    assert content["denominators"][0]["imports"][0]["source"] == "2025年三季度财务月报"
    assert content["versions"]["limits"]
    assert report["step"] == report["steps"] > 10
    assert report["sha256"] == store.sealed(content)
    channels = {
        g["key"]: g["figures"]["pieces"] for s in content["splits"] if s["grouping"] == "channel" for g in s["groups"]
    }
    assert sum(channels.values()) == 7
    listed = await client.get(f"/reports/{report['id']}/items?figure=pieces&limit=200")
    assert sum(item["amount"] for item in listed.json["items"]) == 7


async def test_what_a_report_said_can_be_counted_again_for_ever(site: Site) -> None:
    """N-15, T-4: whatever became of the tickets since, from the facts it kept."""
    client = await the_example(site)
    report = await made(site, client, kind="yearly", day="2024-01-01")
    report = await made(site, client)
    async with site.database.transaction() as conn:
        await conn.execute(DISPROVED)
    async with site.database.connection() as conn:
        kept = await store.one(conn, report["id"])
        scope = making.as_reported(making.scope_of(kept, site.clock.now().date(), Calendar()), kept)
        again = await counting.complaints(conn, scope)
        assert {figure.value: n for figure, n in again.total.figures.items()} == report["content"]["figures"]
    assert (await client.get(f"/reports/{report['id']}")).json["content"] == report["content"]
    items = (await client.get(f"/reports/{report['id']}/items?figure=valid_pieces")).json["items"]
    assert len(items) == 5
    now = await client.get("/statistics/complaints?first_day=2025-09-01&last_day=2025-09-30")
    assert now.json["figures"]["valid_pieces"] == 0


async def test_the_facts_a_report_keeps_are_those_of_the_figures(site: Site) -> None:
    """T-4: a fact added to one table and not to the other would shift all after it."""
    async with site.database.connection() as conn:
        columns = {name: await _columns(conn, name) for name in ("ticket_fact", "report_fact")}
    assert columns["report_fact"] == [("report_id", "uuid"), *columns["ticket_fact"]]


async def _columns(conn: Connection, table: str) -> list[tuple[str, str]]:
    query = """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
    return [(row[0], row[1]) for row in await conn.fetch(query, table)]


async def test_a_later_change_shows_as_a_difference_with_its_tickets(site: Site) -> None:
    """N-15, R-3.25, D-9, D-13, T-4: which figure, from, to, because of which ticket and which of its facts."""
    client = await the_example(site)
    [first] = (await imported(client, {**PREMIUM, "amount": 350_000_000})).json["items"]
    report = await made(site, client)
    path = f"/reports/{report['id']}/differences"
    same = (await client.get(path)).json
    assert (same["figures"], same["metrics"], same["denominators"], same["changed_tickets"]) == ([], [], [], 0)
    overturned = ticket_id(next(order for order in ORDERS if order.ticket == "T08"))
    async with site.database.transaction() as conn:
        await conn.execute(OVERTURN, overturned)
    site.clock.advance(timedelta(days=3))
    client = await fresh(site)
    corrected = {"reason": "财务重述", "amount": 700_000_000}
    assert (await client.post(f"/denominators/{first['id']}/actions/correct", corrected)).status == 200
    found = (await client.get(path)).json
    assert found["changed_tickets"] == 1
    changed = {each["figure"]: (each["before"], each["now"]) for each in found["figures"]}
    assert (changed["valid_pieces"], changed["invalid_pieces"], changed["valid_matters"]) == ((5, 6), (1, 0), (5, 6))
    assert "pieces" not in changed
    [cause] = next(each for each in found["figures"] if each["figure"] == "valid_pieces")["tickets"]
    assert (cause["ticket_id"], cause["before"], cause["now"]) == (str(overturned), 0, 1)
    assert cause["facts"]["validity"] == ["invalid", "valid"]
    metrics = {each["metric"]: (each["before"], each["now"]) for each in found["metrics"]}
    assert metrics["per_100m_premium"] == (2.0, 1.0)
    [divisor] = found["denominators"]
    assert (divisor["before"], divisor["now"]) == ("350000000.00", "700000000.00")
    assert [one["version"] for one in (*divisor["imports_before"], *divisor["imports_now"])] == [1, 2]
    assert (await client.get(f"/reports/{report['id']}")).json["content"] == report["content"], "a report stays"


async def fresh(site: Site) -> Client:
    """The same post, logged in today."""
    site.people.clear()
    return await site.client(Role.SUPERVISOR, where="hq")


async def test_a_report_is_a_workbook_with_charts_in_chinese(site: Site) -> None:
    """N-15, T-1: numbers are numbers; the rules and what was left out are printed in it."""
    client = await the_example(site)
    report = await made(site, client, kind="quarterly")
    reply = await client.get(f"/reports/{report['id']}/file?format=xlsx")
    assert reply.status == 200, reply.body
    book = openpyxl.load_workbook(io.BytesIO(reply.body))
    assert book.sheetnames[0] == "概况"
    assert book.worksheets[0]["A1"].value == "总公司 2025年第三季度 投诉统计季报"
    assert any(sheet._charts for sheet in book.worksheets)
    by_channel = {row[0]: row[2] for row in book["按投诉方式"].iter_rows(min_row=2, values_only=True)}
    assert by_channel == {"电话呼入": 2, "信函": 1, "来访": 1, "网络": 1, "短信": 1, "传真": 1}
    basis = [row[0] for row in book["未计入与统计口径"].iter_rows(values_only=True)]
    assert {"回访问题件", "R-2.5", "L-34", "M-6"} <= set(basis)


async def test_a_report_is_printed_in_chinese_with_charts_and_its_rules(site: Site) -> None:
    """N-15, N-12, T-1: PDF/A whose fonts are in it, the same bytes each time; every rule and what was left out."""
    client = await the_example(site)
    await imported(client, {**PREMIUM, "amount": 350_000_000})
    report = await made(site, client, kind="quarterly")
    path = f"/reports/{report['id']}/file?format=pdf"
    reply = await client.get(path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pdf"), reply.body
    assert (await client.get(path)).body == reply.body
    book = PdfReader(io.BytesIO(reply.body))
    text = "".join("".join(page.extract_text() for page in book.pages).split())
    assert text.startswith("总公司")
    for told in (
        "2025年第三季度",
        "投诉统计季报",
        "投诉件数:按投诉方式",
        "投诉件数:按月份",
        "电话呼入",
        "亿元保费投诉量",
    ):
        assert told in text, told
    for told in ("回访问题件", "不计入投诉的服务单"):
        assert told in text, told
    for rule in report["content"]["rules"]:
        assert rule["rule"] + rule["zh"][:4] in text, rule
    fonts = {name for page in book.pages for name in page["/Resources"]["/Font"]}  # type: ignore[index]
    assert fonts
    for kind, day in (("monthly", "2025-09-10"), ("yearly", "2024-01-01")):
        other = await made(site, client, kind=kind, day=day)
        assert (await client.get(f"/reports/{other['id']}/file?format=pdf")).body.startswith(b"%PDF")


async def test_a_report_is_comma_separated_for_other_programs(site: Site) -> None:
    """N-15"""
    client = await the_example(site)
    report = await made(site, client)
    reply = await client.get(f"/reports/{report['id']}/file?format=csv")
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"))))
    assert ["投诉件数", "7"] in [row[:2] for row in rows]
    assert "R-2.5" in {row[0] for row in rows if row}


async def test_quarters_are_due_within_ten_days_and_late_after(site: Site) -> None:
    """L-34: of headquarters and every province; submission decides, not the making."""
    client = await the_example(site)
    duties = {
        each["organisation_id"]: each for each in (await client.get("/reports/duties?day=2025-09-30")).json["items"]
    }
    assert set(duties) == {"hq", "gd", "sc"}
    assert {(each["due_day"], each["standing"]) for each in duties.values()} == {("2025-10-10", "late")}
    report = await made(site, client, kind="quarterly", organisation_id="gd")
    path = f"/reports/{report['id']}/actions/submit"
    handed = await client.post(path, {"version": report["version"], "to": "广东监管局"})
    assert (handed.status, handed.json["submitted_to"]) == (200, "广东监管局"), handed.body
    assert (await client.post(path, {"version": handed.json["version"], "to": "广东监管局"})).status == 409
    [gd] = (await client.get("/reports/duties?day=2025-09-30&standing=submitted_late")).json["items"]
    assert (gd["organisation_id"], gd["report_id"]) == ("gd", report["id"])
    next_quarter = (await client.get("/reports/duties?day=2025-12-01")).json["items"]
    assert {(each["due_day"], each["standing"]) for each in next_quarter} == {("2026-01-12", "due")}


async def test_a_changed_limit_of_the_quarterly_report_counts_from_the_quarter_on_that_ends_after_it(
    site: Site,
) -> None:
    """L-34"""
    await the_example(site)
    site.clock.set(datetime(2025, 11, 3, 4, tzinfo=UTC))
    site.people.clear()
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"rule": "L-34", "unit": "ND", "amount": 20, "from_day": "2025-12-01", "reason": "监管要求", "source": "5号"}
    assert (await admin.post("/limits/changes", body)).status == 201
    reader = await site.client(Role.SUPERVISOR, where="hq")
    for day, due in (("2025-09-30", "2025-10-10"), ("2025-12-31", "2026-01-20")):
        duties = (await reader.get(f"/reports/duties?day={day}")).json["items"]
        assert {each["due_day"] for each in duties} == {due}


async def test_a_bulletin_names_the_cases_without_the_people(site: Site) -> None:
    """B-7, B-8, T-6: escalated, major and overdue, by their numbers."""
    client = await the_example(site)
    content = (await made(site, client, kind="bulletin", day="2025-10-10", span="month"))["content"]
    [case] = content["cases"]["escalations"]
    assert (case["relation"], case["source"], case["category"]) == ("escalation", "regulator", "counter")
    assert "complainant" not in str(content["cases"])


@pytest.mark.parametrize(
    ("kind", "span"),
    [("information", "quarter"), ("meeting", None), ("assessment", "quarter"), ("indicators", None), ("yearly", None)],
)
async def test_what_supervision_asks_for_comes_from_the_same_figures(site: Site, kind: str, span: str | None) -> None:
    """R-3.8, R-3.11, R-3.12, R-3.17, R-3.28, B-6, B-9, B-12, N-12: made and readable as a workbook."""
    client = await the_example(site)
    site.clock.set(datetime(2026, 1, 5, 4, tzinfo=UTC))
    client = await fresh(site)
    report = await made(site, client, kind, **({"span": span} if span else {}))
    period = f"first_day={report['first_day']}&last_day={report['last_day']}"
    now = (await client.get(f"/statistics/complaints?{period}")).json["figures"]
    assert report["content"]["figures"]["pieces"] == now["pieces"]
    for name, metric in report["content"]["metrics"].items():
        assert metric == now["metrics"][name]
    reply = await client.get(f"/reports/{report['id']}/file")
    assert len(openpyxl.load_workbook(io.BytesIO(reply.body)).worksheets) == len(report["content"]["splits"]) + 2


async def test_a_report_that_fails_says_so_and_one_left_behind_is_taken_over(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N-15: no report stays half made."""
    client = await the_example(site)
    asked = (await client.post("/reports", {"kind": "monthly", "day": "2025-09-01"})).json

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(making, "_make", broken)
        await making.make_due(site.database, site.clock)
    failed = (await client.get(f"/reports/{asked['id']}")).json
    assert (failed["state"], failed["content"]) == ("failed", None)
    assert (await client.get(f"/reports/{asked['id']}/differences")).status == 409
    other = (await client.post("/reports", {"kind": "monthly", "day": "2025-09-01"})).json
    async with site.database.transaction() as conn:
        assert await conn.fetchval(store.CLAIM, site.clock.now(), site.clock.now() - store.SILENT) is not None
    assert not await making.make_due(site.database, site.clock), "its worker lives"
    site.clock.advance(timedelta(minutes=6))
    assert await making.make_due(site.database, site.clock)
    assert (await client.get(f"/reports/{other['id']}")).json["state"] == "done"


async def test_reports_are_of_ones_own_organisations_and_of_periods_that_are_over(site: Site) -> None:
    """N-15, D-12"""
    client = await the_example(site)
    running = await client.post("/reports", {"kind": "monthly", "day": "2025-11-01"})
    assert (running.status, running.code) == (422, "report_period_not_over")
    report = await made(site, client)
    elsewhere = await site.client(Role.SUPERVISOR, where="sc")
    assert (await elsewhere.get(f"/reports/{report['id']}")).status == 404
    assert (await elsewhere.get("/reports")).json["items"] == []
    theirs = {"kind": "monthly", "day": "2025-09-01", "organisation_id": "gd"}
    assert (await elsewhere.post("/reports", theirs)).status == 404
    mine = await made(site, elsewhere, organisation_id="sc")
    assert mine["content"]["figures"]["pieces"] == 0
