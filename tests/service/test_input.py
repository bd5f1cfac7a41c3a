"""What the interface makes of bad input: refused in bounded time and memory, or stored exactly (archive H5 to H24)."""

import asyncio
import contextlib
import csv
import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from callcenter.accounts.permissions import Role
from callcenter.web import body
from callcenter.web.api import BODY_BYTES
from tests.service.site import Client, Reply, Site

pytestmark = pytest.mark.service

JSON = {"Content-Type": "application/json"}


async def admin_of(site: Site) -> Client:
    return await site.client(Role.ADMIN, where="hq")


async def send(client: Client, data: bytes, **headers: str) -> Reply:
    return await client("PATCH", "/organisations/gd", data=io.BytesIO(data), headers=JSON | headers)


def unit(name: str = "湖南") -> dict[str, Any]:
    return {"id": f"u{uuid4().hex[:8]}", "kind": "province", "parent_id": "hq", "name": name}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PURGE"])
async def test_methods_are_answered_as_http_says(site: Site, method: str) -> None:
    """H4"""
    admin = await admin_of(site)
    reply = await admin(method, "/organisations/gd")
    assert reply.status == {"GET": 200, "HEAD": 200, "OPTIONS": 204}.get(method, 405)
    if method == "HEAD":
        assert reply.body == b""
    if reply.status in {204, 405}:
        assert "PATCH" in reply.headers["Allow"]


async def test_head_is_in_the_access_log_too(site: Site) -> None:
    """H4"""
    admin = await admin_of(site)
    assert admin.user is not None
    assert (await admin("HEAD", f"/users/{admin.user.id}")).status == 200
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM access_log WHERE verdict = 'allow'") == 1


@pytest.mark.parametrize(
    "text",
    ["..%2f..%2fetc", "%2e%2e", "%00", "1", "%E2%80%A4%E2%80%A4", "0" * 5000, "%ff", "a%20OR%201=1"],
)
async def test_an_id_that_is_none_is_refused(site: Site, text: str) -> None:
    """H5, H12"""
    from yarl import URL

    admin = await admin_of(site)
    url = URL(f"{site.origin}/api/v1/users/{text}", encoded=True)
    async with site.session.get(url, headers=admin.headers) as response:
        assert response.status == 400, await response.text()


@pytest.mark.parametrize("key", [None, "", "not-a-uuid", "x" * 10_000, "019a8f6e-3c1b-7d10-8123-01381234567", "0" * 32])
async def test_a_create_without_a_good_key_is_refused(site: Site, key: str | None) -> None:
    """H7"""
    admin = await admin_of(site)
    headers = dict(admin.headers) | ({} if key is None else {"Idempotency-Key": key})
    async with site.session.post(f"{site.origin}/api/v1/organisations", json=unit(), headers=headers) as response:
        assert response.status == 400
        if key is None or len(key) < 5000:
            assert (await response.json())["code"] == "idempotency_key"


async def test_the_same_key_and_body_give_the_same_answer_and_another_body_422(site: Site) -> None:
    """H8, H9"""
    admin = await admin_of(site)
    key = {"Idempotency-Key": str(uuid4())}
    body_ = unit()
    first = await admin.post("/organisations", body_, headers=key)
    again = await admin.post("/organisations", dict(reversed(body_.items())), headers=key)
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await admin.post("/organisations", body_ | {"name": "别的"}, headers=key)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    elsewhere = await admin.post("/users", {}, headers=key)
    assert elsewhere.status == 400
    another = await site.client(Role.ADMIN, where="gd")
    assert (await another.post("/organisations", body_, headers=key)).code == "not_ours_to_give"


async def test_fifty_requests_with_one_key_make_one_thing(site: Site) -> None:
    """H9"""
    admin = await admin_of(site)
    key = {"Idempotency-Key": str(uuid4())}
    body_ = unit()
    replies = await asyncio.gather(*(admin.post("/organisations", body_, headers=key) for _ in range(50)))
    made = [reply for reply in replies if reply.status == 201]
    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"idempotency_running"}
    assert len({json.dumps(reply.json) for reply in made}) == 1
    async with site.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'organisation.added'") == 1


async def test_a_refused_create_may_be_tried_again_under_its_key(site: Site) -> None:
    admin = await admin_of(site)
    key = {"Idempotency-Key": str(uuid4())}
    city = {"id": "hn-cs", "kind": "city", "parent_id": "hn", "name": "长沙"}
    assert (await admin.post("/organisations", city, headers=key)).status == 422
    await admin.post("/organisations", {"id": "hn", "kind": "province", "parent_id": "hq", "name": "湖南"})
    assert (await admin.post("/organisations", city, headers=key)).status == 201


BODIES: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"{", 400),
    "empty": (b"", 400),
    "NaN": (b'{"name": NaN}', 400),
    "infinite": (b'{"name": 1e999}', 400),
    "huge number": (b'{"name": ' + b"9" * 5000 + b"}", 400),
    "repeated names": (b'{"name": "a", "name": "b"}', 400),
    "deep": (b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}", 400),
    "very deep": (b"[" * 100_000, 400),
    "BOM": (b'\xef\xbb\xbf{"name": "a"}', 400),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), 400),
    "GBK": ('{"name": "湖南"}'.encode("gbk"), 400),
    "NUL": (b'{"name": "a\\u0000b"}', 400),
    "lone surrogate": (b'{"name": "a\\ud800b"}', 400),
    "unknown field": (b'{"name": "a", "path": "hq/"}', 400),
    "wrong type": (b'{"name": 5}', 400),
    "a list": (b"[]", 400),
    "too long a text": (json.dumps({"name": "长" * 1000}).encode(), 400),
    "too large": (b" " * (BODY_BYTES + 1), 413),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body_is_refused(site: Site, name: str) -> None:
    """H10, H11"""
    data, status = BODIES[name]
    reply = await send(await admin_of(site), data)
    assert reply.status == status, reply.body
    assert reply.headers["Content-Type"].startswith("application/problem+json")


async def test_another_charset_type_or_encoding_is_refused(site: Site) -> None:
    """H10"""
    admin = await admin_of(site)
    good = b'{"name": "a"}'
    for headers in (
        {"Content-Type": "application/json; charset=gbk"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Encoding": "gzip"},
    ):
        assert (await send(admin, good, **headers)).status == 415
    bomb = gzip.compress(b" " * 50_000_000)
    assert (await send(admin, bomb, **{"Content-Encoding": "gzip"})).status == 415


async def test_a_body_that_never_ends_is_cut_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """H10: slow, and chunked without end"""
    monkeypatch.setattr(body, "SECONDS", 0.2)
    admin = await admin_of(site)

    async def slowly() -> Any:
        yield b'{"name": '
        await asyncio.sleep(60)

    async def for_ever() -> Any:
        while True:
            yield b" " * 65_536

    path = "/organisations/gd"
    assert (await admin("PATCH", path, data=slowly(), headers=JSON)).status == 408
    with contextlib.suppress(ConnectionResetError, OSError):
        assert (await admin("PATCH", path, data=for_ever(), headers=JSON)).status == 413


@pytest.mark.parametrize(
    "name",
    [
        "𠮷野家 👨‍👩‍👧",
        "\u202egnp.exe",
        "零\u200b宽",
        "'; DROP TABLE organisation; --",
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "%s%n{0}",
        "a\r\nSet-Cookie: x=1",
    ],
)
async def test_strange_text_is_stored_exactly_and_stays_text(site: Site, name: str) -> None:
    """H11, H12"""
    admin = await admin_of(site)
    assert (await admin("PATCH", "/organisations/gd", json={"name": name})).json["name"] == name
    shown = await admin.get("/organisations/gd")
    assert shown.json["name"] == name
    assert shown.headers["Content-Type"].startswith("application/json")
    assert "Set-Cookie" not in shown.headers


@pytest.mark.parametrize(
    "moment",
    [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "2026-11-18T12:00:00",
        "2026-06-30T23:59:60Z",
        "yesterday",
        "5",
    ],
)
async def test_an_impossible_moment_is_refused(site: Site, moment: str) -> None:
    """H13"""
    auditor = await site.client(Role.AUDITOR, where="hq")
    assert (await auditor.get("/audit", params={"since": moment})).status == 400


async def test_a_moment_in_any_zone_is_understood(site: Site) -> None:
    """H13: a gap of summer time, and our own zone"""
    auditor = await site.client(Role.AUDITOR, where="hq")
    for moment in ("2026-03-29T02:30:00+01:00", "2026-11-18T12:00:00+08:00", "1986-05-04T02:30:00+08:00"):
        assert (await auditor.get("/audit", params={"since": moment})).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=0",
        "limit=1000000000",
        "limit=x",
        "cursor=forged",
        "cursor=%00",
        "limit=1&limit=2",
        "colour=red",
    ],
)
async def test_a_bad_page_is_refused(site: Site, query: str) -> None:
    """H17"""
    assert (await (await admin_of(site)).get(f"/organisations?{query}")).status == 400


async def test_pages_lead_through_the_whole_list_and_a_cursor_fits_only_its_own(site: Site) -> None:
    """H17"""
    admin = await admin_of(site)
    seen: list[str] = []
    path = "/organisations?limit=2"
    while True:
        page = (await admin.get(path)).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/organisations?limit=2&cursor={page['next']}"
    assert seen == ["hq", "gd", "gd-gz", "gd-gz-a", "sc", "sc-cd"]
    cursor = (await admin.get("/organisations?limit=2")).json["next"]
    assert (await admin.get(f"/users?cursor={cursor}")).code == "bad_cursor"
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    assert (await admin.get(f"/organisations?cursor={changed}")).code == "bad_cursor"


async def test_a_pattern_in_a_filter_is_plain_text(site: Site) -> None:
    """H18"""
    auditor = await site.client(Role.AUDITOR, where="hq")
    for text in ("%", "_%_%_%", "(a+)+$", "\\"):
        reply = await auditor.get("/audit", params={"object_kind": text})
        assert (reply.status, reply.json["items"]) == (200, [])


async def test_the_clients_clock_and_headers_decide_nothing(site: Site) -> None:
    """H21"""
    admin = await admin_of(site)
    reply = await admin.get("/me", headers={"Date": "Mon, 01 Jan 2001 00:00:00 GMT"})
    assert reply.json["now"].startswith("2026-11-18T04:00:00")


async def test_nobody_can_upload_a_recording(site: Site) -> None:
    """H22"""
    admin = await admin_of(site)
    for path in ("/recordings", f"/recordings/{uuid4()}/audio"):
        assert (await admin("PUT", path, data=b"RIFF")).status in {404, 405}
        assert (await admin.post(path)).status in {404, 405}


async def test_metrics_are_not_there_for_who_comes_through_a_proxy(site: Site) -> None:
    """H24"""
    reply = await site.nobody.get(f"{site.origin}/metrics", headers={"X-Forwarded-For": "203.0.113.5"})
    assert reply.status == 404
    for path in ("/debug", "/api/v1/debug", "/metrics/", "/.git/config", "/api/../healthz"):
        assert (await site.nobody.get(f"{site.origin}{path}")).status in {200 if path.endswith("healthz") else 404}


async def test_a_list_leaves_as_csv_only_with_a_purpose_and_the_right(site: Site) -> None:
    """H16, T-6"""
    csv_ = {"Accept": "text/csv"}
    auditor = await site.client(Role.AUDITOR, where="hq")
    assert (await auditor.get("/users", headers=csv_)).code == "purpose_missing"
    assert (await (await admin_of(site)).get("/users?purpose=test", headers=csv_)).status == 403
    reply = await auditor.get("/users?purpose=季度核对", headers=csv_)
    assert reply.status == 200
    async with site.database.connection() as conn:
        rows = await conn.fetch("SELECT object_kind, purpose FROM access_log WHERE verdict = 'allow'")
    assert {(row["object_kind"], row["purpose"]) for row in rows} == {("user", "季度核对")}


async def test_csv_is_whole_readable_by_excel_and_starts_no_formula(site: Site) -> None:
    """C8, H12"""
    admin = await admin_of(site)
    await admin("PATCH", "/organisations/gd", json={"name": "=HYPERLINK(1)"})
    await admin("PATCH", "/organisations/sc", json={"name": "-2+3\n"})
    reply = await admin.get("/organisations?limit=1", headers={"Accept": "text/csv;q=0.9, application/json;q=0.1"})
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply.headers["Content-Disposition"]
    assert reply.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["机构代码", "类别", "上级机构", "名称", "路径"]
    names = {row[0]: row[3] for row in rows[1:]}
    assert len(names) == 6
    assert names["gd"] == "'=HYPERLINK(1)"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def test_a_file_is_named_by_the_day_in_shanghai(site: Site) -> None:
    """T-7: half past midnight there is yesterday in UTC."""
    site.clock.set(datetime(2026, 11, 18, 16, 30, tzinfo=UTC))
    file = await (await site.client(Role.HANDLER)).get("/tickets?purpose=核对", headers={"Accept": "text/csv"})
    assert file.headers["Content-Disposition"] == 'attachment; filename="tickets-20261119.csv"'


async def test_xlsx_holds_text_as_text(site: Site) -> None:
    """C8, H12"""
    admin = await admin_of(site)
    await admin("PATCH", "/organisations/gd", json={"name": "=1+1"})
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    reply = await admin.get("/organisations", headers={"Accept": media})
    sheet = load_workbook(io.BytesIO(reply.body)).active
    assert sheet is not None
    cells = {row[0].value: row[3] for row in sheet.iter_rows()}
    assert (cells["gd"].value, cells["gd"].data_type) == ("'=1+1", "s")


async def test_a_report_leaves_as_a_table_with_what_it_left_out(site: Site) -> None:
    secretary = await site.client(Role.SECRETARY, where="hq")
    for report, first in (("complaints", "投诉次数"), ("callback-findings", "数量")):
        reply = await secretary.get(f"/statistics/{report}", headers={"Accept": "text/csv"})
        assert reply.status == 200, reply.body
        rows = list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"), newline="")))
        assert rows[0][1] == first
        assert ["统计口径"] in rows
    complaints = await secretary.get("/statistics/complaints", headers={"Accept": "text/csv"})
    assert "不计入投诉的服务单" in complaints.body.decode()


async def test_what_cannot_be_given_is_not_acceptable(site: Site) -> None:
    admin = await admin_of(site)
    assert (await admin.get("/me", headers={"Accept": "text/csv"})).status == 406
    assert (await admin.get("/organisations", headers={"Accept": "image/png"})).status == 406
    assert (await admin.get("/organisations", headers={"Accept": "*/*"})).status == 200
