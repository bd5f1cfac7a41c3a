"""Lists through the interface and the worker: preview, mapping, one switch, faults, resumption."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest

from callcenter.accounts.permissions import Role
from callcenter.importing import forgetting
from tests.service.lists import Desk, a_desk, a_row, as_csv, as_xlsx, rows
from tests.service.site import Site

pytestmark = pytest.mark.service


@pytest.fixture
async def desk(site: Site) -> Desk:
    return await a_desk(site)


async def test_a_list_becomes_customers_policies_and_tasks_in_one_switch(desk: Desk) -> None:
    """C14: until then nothing of it can be seen."""
    shown = await desk.preview(as_csv(rows(120)))
    assert (shown["state"], shown["encoding"], shown["delimiter"]) == ("mapping", "utf-8-sig", ",")
    assert [each["field"] for each in shown["columns"]] == [
        *("policy_number", "holder_name", "id_number", "phone", "product_name", "received_on", "cooling_off_days"),
        *("premium", "payment", "paying_years"),
    ]
    mapped = (await desk.map(shown)).json
    await desk.start(mapped)
    assert await desk.importer._claim(None) is not None
    running = await desk.show(shown["id"])
    assert running["state"] == "running"
    assert await desk.tasks() == []
    desk.clock.advance(timedelta(minutes=2))
    await desk.carry()
    done = await desk.show(shown["id"])
    assert done["state"] == "done", done
    counted = ("rows_read", "good", "bad", "tasks_made", "policies_made", "customers_made")
    assert [done[name] for name in counted] == [120, 120, 0, 120, 120, 120]
    tasks = await desk.tasks()
    assert len(tasks) == 120
    assert {task["number"][:3] for task in tasks} == {"169"}


async def test_errors_name_row_column_value_and_what_to_do_in_csv_and_xlsx(desk: Desk) -> None:
    """C8: what stood there leaves masked, and starts no formula."""
    bad = [
        a_row(1),
        a_row(2, 手机号="1.38E+10"),
        a_row(3, 签收日期="2026/2/30"),
        a_row(4, 产品名称=""),
        a_row(5, 犹豫期天数="=1+1"),
    ]
    done = await desk.through(as_csv(bad))
    assert (done["state"], done["good"], done["bad"]) == ("done", 1, 4)
    reply = await desk.client.get(f"/imports/{done['id']}/errors")
    first = reply.json["items"][0]
    assert (first["row"], first["column"], first["header"], first["field"]) == (3, 4, "手机号", "phone")
    assert "从源系统重新导出" in first["message"]
    english = await desk.client.get(f"/imports/{done['id']}/errors", headers={"Accept-Language": "en"})
    assert "export it anew" in english.json["items"][0]["message"]
    file = await desk.client.get(f"/imports/{done['id']}/errors", headers={"Accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(file.body.decode("utf-8-sig"))))
    assert [line["行号"] for line in lines] == ["3", "4", "5", "6"]
    assert lines[0]["结果"] == "有误"
    assert lines[3]["原值(已遮盖)"] == "'=1+1"
    accept = {"Accept": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    sheet = openpyxl.load_workbook(
        io.BytesIO((await desk.client.get(f"/imports/{done['id']}/errors", headers=accept)).body)
    ).active
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [3, 4, 5, 6]


async def test_the_same_bytes_are_the_same_import(desk: Desk) -> None:
    """C12"""
    content = as_csv(rows(3))
    first = await desk.through(content)
    again = await desk.preview(content)
    assert (again["id"], again["existed_before"], again["state"]) == (first["id"], True, "done")
    assert len(await desk.tasks()) == 3


async def test_who_dies_at_a_row_is_followed_by_one_who_goes_on_behind_it(desk: Desk) -> None:
    """C13: no task is lost or made twice."""
    shown = await desk.preview(as_csv([*rows(260), a_row(7), a_row(300, 手机号="110")]))
    await desk.start((await desk.map(shown)).json)
    dying = await desk.importer._claim(None)
    assert dying is not None
    for _ in range(3):
        assert not await dying.go_on()
    dying.close()
    half = await desk.show(shown["id"])
    assert (half["state"], half["rows_read"]) == ("running", 150)
    assert not await desk.another_worker().step()
    desk.clock.advance(timedelta(minutes=2))
    await desk.carry(desk.another_worker(batch=37))
    done = await desk.show(shown["id"])
    counted = ("state", "rows_read", "good", "bad", "duplicates", "tasks_made")
    assert [done[name] for name in counted] == ["done", 262, 260, 1, 1, 260]
    assert len({task["policy_id"] for task in await desk.tasks()}) == 200
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM list_import_row") == 0
        assert await conn.fetchval("SELECT count(*) FROM callback_task") == 260


async def test_an_import_can_be_stopped_until_its_switch_and_nothing_of_it_stays(desk: Desk) -> None:
    shown = await desk.preview(as_csv(rows(260)))
    await desk.start((await desk.map(shown)).json)
    run = await desk.importer._claim(None)
    assert run is not None
    desk.importer._current = run
    await run.go_on()
    stopped = await desk.client.post(f"/imports/{shown['id']}/cancel")
    assert (stopped.status, stopped.json["state"]) == (200, "cancelled")
    await desk.carry()
    assert (await desk.show(shown["id"]))["state"] == "cancelled"
    assert await desk.tasks() == []
    again = await desk.client.post(f"/imports/{shown['id']}/cancel")
    assert (again.status, again.code) == (409, "import_wrong_state")
    assert (await desk.preview(as_csv(rows(260))))["id"] != shown["id"]


async def test_an_xlsx_with_days_numbers_and_a_title_is_read(desk: Desk) -> None:
    content = as_xlsx(
        [
            ["2026年11月新单名单"],
            ["Policy No", "Name", "Mobile", "Product", "Received", "Payment"],
            ["X1", "王一", 16900000001, "安心终身寿险", date(2026, 11, 15), "趸交"],
            ["X2", "王二", "169 0000 0002", "安心终身寿险", "2026-11-16", "趸交"],
            ["X3", "王三", "16900000003", "安心终身寿险", 46000, "趸交"],
        ]
    )
    done = await desk.through(content, "list.xlsx")
    assert (done["format"], done["header_row"], done["good"], done["bad"]) == ("xlsx", 2, 2, 1)
    assert await desk.faults(done) == [(5, "day_form_unknown", "46000")]
    async with desk.database.connection() as conn:
        days = await conn.fetch("SELECT number, received_on::text FROM policy ORDER BY number")
    assert [tuple(row) for row in days] == [("X1", "2026-11-15"), ("X2", "2026-11-16")]


async def test_how_a_header_was_read_is_proposed_for_the_next_file(desk: Desk) -> None:
    def a_list(n: int) -> bytes:
        return f"编号甲,称呼,号码,险\nP{n},王测试,1690000000{n},安心终身寿险\n".encode()

    shown = await desk.preview(a_list(1))
    assert [each["field"] for each in shown["missing"]] == ["policy_number"]
    assert shown["missing"][0]["name"] == "保单号"
    refused = await desk.client.post(f"/imports/{shown['id']}/start", {"version": shown["version"]})
    assert (refused.status, refused.code) == (409, "import_wrong_state")
    held = ("policy_number", "holder_name", "phone", "product_name")
    columns = [{"column": at + 1, "field": each} for at, each in enumerate(held)]
    assert (await desk.map(shown, columns=columns)).json["state"] == "ready"
    second = await desk.preview(a_list(2))
    assert [each["field"] for each in second["columns"]] == list(held)


async def test_a_trial_says_everything_and_changes_nothing(desk: Desk) -> None:
    tried = await desk.through(as_csv([*rows(3), a_row(4, 手机号="")]), dry_run=True)
    assert (tried["state"], tried["good"], tried["bad"], tried["tasks_made"]) == ("checked", 3, 1, 0)
    assert await desk.tasks() == []
    await desk.start(tried)
    await desk.carry()
    done = await desk.show(tried["id"])
    assert (done["state"], done["tasks_made"]) == ("done", 3)
    assert len(await desk.faults(done)) == 1


async def test_a_list_that_must_be_whole_is_refused_for_one_row(desk: Desk) -> None:
    failed = await desk.through(as_csv([*rows(3), a_row(4, 手机号="12")]), only_whole=True)
    assert (failed["state"], failed["fault_code"]) == ("failed", "import_not_whole")
    assert await desk.tasks() == []


async def test_policies_alone_are_added_and_changed_and_nobody_is_rung(desk: Desk) -> None:
    path = "/policies/import"
    first = await desk.through(as_csv([a_row(1, 保单状态="待生效"), a_row(2)]), path=path)
    assert (first["kind"], first["policies_made"], first["tasks_made"]) == ("policies", 2, 0)
    second = await desk.through(as_csv([a_row(1, 保单状态="有效")]), path=path)
    assert (second["policies_made"], second["policies_changed"]) == (0, 1)
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT status FROM policy WHERE number = 'P00000001'") == "in_force"
        assert await conn.fetchval("SELECT count(*) FROM callback_task") == 0


async def test_one_who_is_elsewhere_sees_no_list_and_uses_no_policy(desk: Desk, site: Site) -> None:
    """H2"""
    shown = await desk.preview(as_csv(rows(2)))
    stranger = await site.client(Role.SUPERVISOR, where="sc-cd")
    for reply in (
        await stranger.get(f"/imports/{shown['id']}"),
        await stranger.get(f"/imports/{shown['id']}/errors"),
        await stranger.post(f"/imports/{shown['id']}/cancel"),
        await stranger.post(f"/campaigns/{desk.campaign}/import", None, data=as_csv(rows(2))),
    ):
        assert reply.status == 404
    assert (await stranger.get("/imports")).json["items"] == []
    await desk.start((await desk.map(shown)).json)
    await desk.carry()
    theirs: Any = await stranger.post("/campaigns", {"name": "成都"})
    desk.client, desk.campaign = stranger, theirs.json["id"]
    done = await desk.through(as_csv([a_row(1, 投保人姓名="王测试1"), a_row(9)]))
    assert [wrong for _, wrong, _ in await desk.faults(done)] == ["policy_held_elsewhere"]


async def test_nothing_of_a_person_stands_in_the_preview(desk: Desk, site: Site) -> None:
    """T-6: nor anywhere else but in the file and what comes of it."""
    shown = await desk.preview(as_csv(rows(2)))
    assert shown["sample"][0][1:4] == ["王***", "440*************1X", "169****0001"]
    async with desk.database.connection() as conn:
        stored = await conn.fetchval("SELECT list_import::text FROM list_import")
    assert "16900000001" not in stored
    assert "王测试1" not in stored


async def test_the_list_of_imports_is_filtered_and_the_key_is_the_imports_id(desk: Desk) -> None:
    key = str(uuid4())
    content = as_csv(rows(1))
    reply = await desk.client(
        "POST", f"/campaigns/{desk.campaign}/import", data=content, headers={"Idempotency-Key": key}
    )
    assert (reply.status, reply.json["id"]) == (201, key)
    listed = await desk.client.get(f"/imports?campaign_id={desk.campaign}&state=mapping")
    assert [each["id"] for each in listed.json["items"]] == [key]
    assert (await desk.client.get("/imports?kind=policies")).json["items"] == []


async def test_the_file_of_an_import_that_ended_is_removed_after_a_while(desk: Desk) -> None:
    content = as_csv(rows(1))
    done = await desk.through(content)
    open_ = await desk.preview(as_csv(rows(2)))
    vault = desk.importer._vault
    assert await forgetting.remove_old(desk.database, vault, desk.clock, timedelta(days=30)) == 0
    desk.clock.advance(timedelta(days=31))
    assert await forgetting.remove_old(desk.database, vault, desk.clock, timedelta(days=30)) == 1
    assert (vault.has(done["sha256"]), vault.has(open_["sha256"])) == (False, True)
    assert await forgetting.remove_old(desk.database, vault, desk.clock, timedelta(days=30)) == 0
