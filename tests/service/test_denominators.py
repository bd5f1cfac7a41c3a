"""Premium, policies and person-times through the interface: imported once, corrected with a reason, never mixed."""

import io
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from callcenter.accounts.permissions import Role
from tests.service.random_orders import store
from tests.service.site import Client, Reply, Site
from tests.worked_example import ORDERS
from tickets.measures import Order, weighed

pytestmark = pytest.mark.service

HQ = {"organisation_id": "hq", "first_day": "2025-09-01", "last_day": "2025-10-31"}
EXAMPLE = [
    {**HQ, "base": "premium", "amount": 400_000_000},
    {**HQ, "base": "policies", "amount": 500_000},
    {**HQ, "base": "person_times", "amount": 800_000},
]
PERIOD = "first_day=2025-09-01&last_day=2025-10-31"


async def head(site: Site) -> Client:
    return await site.client(Role.SUPERVISOR, where="hq")


async def imported(client: Client, *items: dict[str, Any], **options: Any) -> Reply:
    return await client.post("/denominators", {"source": "2025年三季度财务月报", "items": list(items)}, **options)


async def the_example(site: Site, *others: Order) -> None:
    orders = [replace(order, accepting="hq/gd/gd-gz/") for order in weighed((*ORDERS, *others))]
    async with site.database.transaction() as conn:
        await store(conn, orders)


async def test_the_worked_example_per_premium_policies_and_person_times(site: Site) -> None:
    """M-11, M-12, M-13, F-65: company total, valid only and regulator-forwarded, each with its basis."""
    client = await head(site)
    await the_example(site)
    before = (await client.get(f"/statistics/complaints?{PERIOD}")).json
    assert not any("per_1" in name for name in before["figures"]["metrics"])
    assert [each["amount"] for each in before["denominators"]] == [None, None, None]
    made = await imported(client, *EXAMPLE)
    assert made.status == 201, made.body
    report = (await client.get(f"/statistics/complaints?{PERIOD}")).json
    values = {name: metric["value"] for name, metric in report["figures"]["metrics"].items() if "per_1" in name}
    assert values == {
        "per_100m_premium": 2.0,
        "per_10k_policies": 0.16,
        "per_10k_person_times": 0.1,
        "valid_per_100m_premium": 1.5,
        "valid_per_10k_policies": 0.12,
        "valid_per_10k_person_times": 0.075,
        "forwarded_per_100m_premium": 0.25,
        "forwarded_per_10k_policies": 0.02,
        "forwarded_per_10k_person_times": 0.0125,
    }
    bases = {d["metric"]: (d["basis"], d["numerator"]) for d in report["definitions"] if d["metric"] in values}
    for name, (basis, numerator) in bases.items():
        forwarded = name.startswith("forwarded")
        assert basis == ("regulator_forwarded" if forwarded else "company_total")
        assert (numerator == "forwarded_pieces") == forwarded
    assert [each["amount"] for each in report["denominators"]] == [400_000_000, 500_000, 800_000]
    assert {one["source"] for each in report["denominators"] for one in each["imports"]} == {"2025年三季度财务月报"}


async def test_the_yearly_change_is_told_for_each_basis(site: Site) -> None:
    """M-14: company total and regulator-forwarded for themselves."""
    client = await head(site)
    await the_example(site, Order("T00", date(2024, 9, 2), matter="T00"))
    await imported(client, *EXAMPLE)
    assert (await client.get(f"/statistics/complaints?{PERIOD}")).json["yearly_changes"] == []
    last = {**HQ, "first_day": "2024-09-01", "last_day": "2024-10-31"}
    assert (await imported(client, {**last, "base": "premium", "amount": 200_000_000})).status == 201
    report = (await client.get(f"/statistics/complaints?{PERIOD}")).json
    changes = {each["metric"]: each for each in report["yearly_changes"]}
    assert {name: each["basis"] for name, each in changes.items()} == {
        "per_100m_premium": "company_total",
        "valid_per_100m_premium": "company_total",
        "forwarded_per_100m_premium": "regulator_forwarded",
    }
    total = changes["per_100m_premium"]
    assert (total["value"], total["last_year"], total["change"]) == (2.0, 0.5, 300.0)
    assert changes["forwarded_per_100m_premium"]["change"] is None, "there was none to compare with"


async def test_each_month_and_branch_is_divided_by_its_own(site: Site) -> None:
    """M-11: two months add up to the period; a branch without an import has no density."""
    client = await head(site)
    await the_example(site)
    months = [("2025-09-01", "2025-09-30", 350), ("2025-10-01", "2025-10-31", 50)]
    hq = [{**HQ, "base": "premium", "first_day": a, "last_day": b, "amount": n * 1_000_000} for a, b, n in months]
    assert (await imported(client, *hq, {**EXAMPLE[0], "organisation_id": "gd", "amount": 800_000_000})).status == 201

    async def of(group: str) -> dict[str, Any]:
        report = (await client.get(f"/statistics/complaints?{PERIOD}&group={group}")).json
        assert report["figures"]["metrics"]["per_100m_premium"]["value"] == 2.0
        return {g["key"]: g["metrics"].get("per_100m_premium", {}).get("value") for g in report["groups"]}

    assert await of("month") == {"2025-09": 2.0, "2025-10": 2.0}
    assert await of("branch") == {"gd": 1.0}
    assert await of("organisation") == {"gd-gz": None}
    assert (await of("channel"))["letter"] == 0.5
    partly = (await client.get("/statistics/complaints?first_day=2025-09-02&last_day=2025-10-31")).json
    assert "per_100m_premium" not in partly["figures"]["metrics"]


async def test_days_that_have_an_amount_are_refused_and_nothing_is_taken(site: Site) -> None:
    """M-11, N-15: doubled, overlapping, unknown or not over yet."""
    client = await head(site)
    assert (await imported(client, EXAMPLE[0])).status == 201
    again = await imported(client, EXAMPLE[1], {**EXAMPLE[0], "first_day": "2025-10-31"})
    assert (again.status, again.code) == (409, "denominator_overlaps")
    assert again.json["details"]["base"] == "premium"
    assert "M-11" in again.json["rules"]
    wrong = await imported(
        client, EXAMPLE[1], {**EXAMPLE[1], "organisation_id": "nowhere"}, {**EXAMPLE[2], "last_day": "2026-12-31"}
    )
    assert (wrong.status, wrong.code) == (422, "denominators_refused")
    assert {each["pointer"] for each in wrong.json["errors"]} == {
        "#/body/items/1/organisation_id",
        "#/body/items/2/last_day",
    }
    assert len((await client.get("/denominators")).json["items"]) == 1


async def test_a_correction_is_another_version_with_its_reason(site: Site) -> None:
    """M-11, N-15: what was said before stays to be read; two at once, and one is told."""
    client = await head(site)
    [first] = (await imported(client, EXAMPLE[0])).json["items"]
    path = f"/denominators/{first['id']}/actions"
    body = {"reason": "财务重述", "amount": 800_000_000}
    second = await client.post(f"{path}/correct", body)
    assert (second.status, second.json["version"], second.json["series"]) == (200, 2, first["series"]), second.body
    stale = await client.post(f"{path}/correct", body)
    assert (stale.status, stale.code) == (409, "stale_version")
    same = await client.post(f"/denominators/{second.json['id']}/actions/correct", body)
    assert (same.status, same.code) == (409, "conflict")
    [now] = (await client.get("/denominators?organisation_id=hq&base=premium")).json["items"]
    assert (now["amount"], now["reason"]) == ("800000000.00", "财务重述")
    both = (await client.get(f"/denominators?series={first['series']}")).json["items"]
    assert {each["version"] for each in both} == {1, 2}
    gone = await client.post(f"/denominators/{second.json['id']}/actions/withdraw", {"reason": "机构填错"})
    assert (gone.status, gone.json["withdrawn_why"]) == (200, "机构填错")
    assert (await client.get("/denominators")).json["items"] == []
    assert (await imported(client, EXAMPLE[0])).status == 201
    async with site.database.connection() as conn:
        acts = await conn.fetch("SELECT action FROM audit WHERE object_kind = 'denominator' ORDER BY action")
    assert [row["action"] for row in acts] == [
        "denominator.corrected", "denominator.imported", "denominator.imported", "denominator.withdrawn",
    ]  # fmt: skip


async def test_the_same_import_sent_again_happens_once(site: Site) -> None:
    """M-11: also when its first answer was lost."""
    client = await head(site)
    key = {"Idempotency-Key": "0193b3c0-0000-7000-8000-000000000001"}
    first = await imported(client, *EXAMPLE, headers=key)
    async with site.database.transaction() as conn:
        await conn.execute("DELETE FROM idempotency")
    again = await imported(client, *EXAMPLE, headers=key)
    assert (first.status, again.status, again.json) == (201, 201, first.json)


async def test_nobody_imports_for_another_province(site: Site) -> None:
    """D-12: nor sees what others imported."""
    await imported(await head(site), EXAMPLE[0])
    elsewhere = await site.client(Role.SUPERVISOR, where="sc")
    assert (await imported(elsewhere, EXAMPLE[1])).status == 422
    assert (await elsewhere.get("/denominators")).json["items"] == []
    [first] = (await (await head(site)).get("/denominators")).json["items"]
    refused = await elsewhere.post(f"/denominators/{first['id']}/actions/withdraw", {"reason": "不是我们的"})
    assert refused.status == 404
    agent = await site.client(Role.AGENT)
    assert (await imported(agent, EXAMPLE[0])).status == 403


def sheet(*rows: tuple[Any, ...]) -> bytes:
    """An XLSX as finance sends one."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in (("机构", "指标", "起始日", "截止日", "数额", "数据来源"), *rows):
        page.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


async def uploaded(client: Client, content: bytes, source: str = "2025年三季度财务月报") -> Reply:
    headers = {"Content-Type": "application/octet-stream"}
    path = f"/denominators/files?source={quote(source)}"
    return await client("POST", path, data=io.BytesIO(content), headers=headers)


SEPTEMBER = (date(2025, 9, 1), date(2025, 9, 30))
OCTOBER = (date(2025, 10, 1), date(2025, 10, 31))


@pytest.mark.parametrize("form", ["xlsx", "csv", "gb18030"])
async def test_a_file_of_finance_is_imported_with_its_source_and_its_hash(site: Site, form: str) -> None:
    """M-11, M-12, N-15: as a workbook or as text, in either encoding."""
    client = await head(site)
    text = (
        "机构,指标,起始日,截止日,数额,数据来源\n"
        'hq,保费(元),2025-09-01,2025-09-30,"150,000,000",\n'
        "hq,保费(元),2025/10/01,2025/10/31,250000000,财务快报\n"
    )
    content = {
        "xlsx": sheet(("hq", "保费(元)", *SEPTEMBER, 150_000_000, None), ("hq", "保费", *OCTOBER, 2.5e8, "财务快报")),
        "csv": text.encode("utf-8-sig"),
        "gb18030": text.encode("gb18030"),
    }[form]
    reply = await uploaded(client, content)
    assert reply.status == 201, reply.body
    told = [(each["first_day"], float(each["amount"]), each["source"]) for each in reply.json["items"]]
    assert told == [("2025-09-01", 1.5e8, "2025年三季度财务月报"), ("2025-10-01", 2.5e8, "财务快报")]
    assert {each["file_sha256"] for each in reply.json["items"]} == {sha256(content).hexdigest()}
    [premium] = [
        each
        for each in (await client.get(f"/statistics/complaints?{PERIOD}")).json["denominators"]
        if each["base"] == "premium"
    ]
    assert premium["amount"] == 400_000_000
    assert [one["source"] for one in premium["imports"]] == ["2025年三季度财务月报", "财务快报"]


async def test_a_file_with_rows_that_do_not_fit_is_refused_whole_with_every_row_named(site: Site) -> None:
    """N-15, M-11: nothing of it is taken."""
    client = await head(site)
    await imported(client, {**EXAMPLE[0], "last_day": "2025-09-30"})
    unreadable = await uploaded(client, sheet(("hq", "利润", *SEPTEMBER, 1, ""), ("hq", "保费", "昨天", "今天", 1, "")))
    assert (unreadable.status, unreadable.code) == (422, "denominators_refused")
    assert [each["pointer"] for each in unreadable.json["errors"]] == ["#/body/rows/2/base", "#/body/rows/3/first_day"]
    unfit = await uploaded(
        client,
        sheet(
            ("hq", "保单数", *SEPTEMBER, 500_000, ""),
            ("hq", "保单数", date(2025, 9, 30), date(2025, 10, 31), 500_000, ""),
            (),
            ("bj", "保单数", *OCTOBER, -3, ""),
        ),
    )
    assert {each["pointer"] for each in unfit.json["errors"]} == {
        "#/body/rows/3/first_day",
        "#/body/rows/5/amount",
        "#/body/rows/5/organisation_id",
    }
    assert "第2行" in str(unfit.json["errors"])
    twice = await uploaded(client, sheet(("hq", "保单数", *SEPTEMBER, 5, ""), ("hq", "保费", *SEPTEMBER, 5, "")))
    assert (twice.status, twice.code) == (409, "denominator_overlaps")
    assert [each["pointer"] for each in twice.json["errors"]] == ["#/body/rows/3/first_day"]
    assert (await uploaded(client, b"\xff\xfe\x00")).code == "table_unreadable"
    listed = (await client.get("/denominators?base=policies")).json["items"]
    assert listed == []


async def test_who_may_not_import_may_not_upload(site: Site) -> None:
    """N-15, T-6"""
    reply = await uploaded(await site.client(Role.AGENT), sheet(("hq", "保费", *SEPTEMBER, 5, "")))
    assert reply.status == 403
