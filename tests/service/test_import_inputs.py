"""What lists may hold that they should not (C1 … C22 of the bad inputs), through the interface and the worker."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from callcenter.callbacks import dialling
from callcenter.callbacks.dialer import Dialer
from callcenter.clock import ManualClock
from tests.service.callbacks import RecordedSwitch, an_agent
from tests.service.customers import a_customer, a_policy, settle
from tests.service.lists import Desk, a_desk, a_row, as_csv, as_xlsx, rows
from tests.service.site import Site

pytestmark = pytest.mark.service


@pytest.fixture
async def desk(site: Site) -> Desk:
    return await a_desk(site)


async def refused(desk: Desk, content: bytes, name: str = "名单.csv") -> tuple[int, str, str]:
    reply = await desk.hand_in(content, name)
    return reply.status, reply.code, reply.json.get("detail", "")


async def count(desk: Desk, table: str) -> int:
    async with desk.database.connection() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))


async def test_an_empty_file_and_a_header_alone_are_refused(desk: Desk) -> None:
    """C1"""
    assert (await refused(desk, b""))[:2] == (422, "import_file_refused")
    status, code, detail = await refused(desk, as_csv([]))
    assert (status, code) == (422, "import_file_refused")
    assert "只有表头" in detail
    assert await count(desk, "list_import") == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
async def test_names_arrive_as_they_were_written(desk: Desk, encoding: str) -> None:
    """C1"""
    done = await desk.through(as_csv([a_row(1, 投保人姓名="欧阳𠮷娜")], encoding))
    assert done["good"] == 1
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT name FROM customer") == "欧阳𠮷娜"


async def test_an_encoding_that_is_not_sure_is_asked_for(desk: Desk) -> None:
    """C1"""
    shown = await desk.preview("甲,乙,丙,丁\nP1,王测试,16900000001,安心\n".encode("gb18030"))
    assert (shown["state"], shown["encoding"], shown["columns"]) == ("unsure", None, [])
    assert "gb18030" in shown["encodings"]
    wrong = await desk.map(shown, columns=None, encoding="utf-8-sig")
    assert (wrong.status, wrong.code) == (422, "import_file_refused")
    chosen = await desk.map(shown, columns=None, encoding="gb18030")
    assert (chosen.json["state"], chosen.json["columns"][0]["header"]) == ("mapping", "甲")
    stale = await desk.map(shown, columns=None, encoding="gb18030")
    assert (stale.status, stale.code) == (409, "stale_version")


async def test_a_quotation_mark_without_its_pair_stops_the_import_and_names_the_row(desk: Desk) -> None:
    """C2: also far behind the rows that are shown; nothing of the rows before it stays."""
    content = as_csv(rows(200)) + b'P999,"a\r\n' + as_csv(rows(30, 300))
    done = await desk.through(content)
    assert (done["state"], done["fault_code"]) == ("failed", "import_table_broken")
    assert done["fault"].startswith("第202行")
    assert (await desk.tasks(), await count(desk, "policy"), await count(desk, "list_import_row")) == ([], 0, 0)


async def test_rows_that_are_cut_or_too_long_are_told_one_by_one(desk: Desk) -> None:
    """C2: a full-width comma between values makes one value of two."""
    text = "保单号,投保人姓名,手机号,产品名称,签收日期,交费方式\nP1，王测试，16900000001，安心\n"
    text += "P2,王,16900000002,安心,2026-11-15,趸交\nP3,王,16900000003,安,心,2026-11-15,趸交\n"
    done = await desk.through(text.encode())
    assert (done["good"], await desk.faults(done)) == (
        1,
        [(2, "columns_differ", "1/6"), (4, "columns_differ", "7/6")],
    )


async def test_columns_are_those_that_were_confirmed_whatever_their_header(desk: Desk) -> None:
    """C3"""
    content = (
        "联系电话,手机号,姓名,保单号,险种,签收日期,缴费方式\n110,16900000001,王测试,P1,安心,2026-11-15,趸缴\n".encode()
    )
    shown = await desk.preview(content)
    assert [each["field"] for each in shown["columns"]] == [
        *(None, None, "holder_name", "policy_number", "product_name", "received_on", "payment")
    ]
    held = {2: "phone", 3: "holder_name", 4: "policy_number", 5: "product_name", 6: "received_on", 7: "payment"}
    twice = [{"column": at, "field": "phone"} for at in (1, 2)]
    assert (await desk.map(shown, columns=twice)).code == "import_mapping_refused"
    columns = [{"column": at, "field": each} for at, each in held.items()]
    mapped = (await desk.map(shown, columns=columns)).json
    await desk.start(mapped)
    await desk.carry()
    [task] = await desk.tasks()
    assert task["number"] == "16900000001"


async def test_numbers_are_one_whatever_way_written_and_damaged_or_blocked_ones_are_told(
    desk: Desk, site: Site
) -> None:
    """C4, C5"""
    async with desk.database.transaction() as conn:
        await conn.execute("UPDATE app_user SET extension = '8001' WHERE id = $1", desk.client.user.id)  # type: ignore[union-attr]
    numbers = [
        "'+86 169-0000-0001",
        "１６９０００００００２",
        "1.69E+10",
        "16900000004.0",
        "110",
        "12345",
        "95519",
        "8001",
    ]
    done = await desk.through(as_csv([a_row(n + 1, 手机号=each) for n, each in enumerate(numbers)]))
    assert {task["number"] for task in await desk.tasks()} == {"16900000001", "16900000002"}
    assert [wrong for _, wrong, _ in await desk.faults(done)] == [
        *("damaged_by_a_spreadsheet", "damaged_by_a_spreadsheet", "emergency_number", "service_number"),
        *("own_number", "own_number"),
    ]


async def test_a_policy_makes_one_task_however_often_and_in_whatever_encoding_it_comes(desk: Desk) -> None:
    """C6"""
    first = await desk.through(as_csv([a_row(1), a_row(2), a_row(1, 保单号="ｐ０００００００１ ")]))
    assert (first["good"], first["duplicates"], first["tasks_made"]) == (2, 1, 2)
    assert await desk.faults(first) == [(4, "duplicate_in_file", "P00000001")]
    second = await desk.through(as_csv([a_row(1), a_row(2), a_row(3)], "gb18030"))
    assert (second["good"], second["existed"], second["tasks_made"]) == (1, 2, 1)
    assert second["sha256"] != first["sha256"]
    other = await a_desk(desk.site)
    third = await other.through(as_csv([a_row(1), a_row(4)]))
    assert (third["dropped"], third["tasks_made"]) == (1, 1)
    assert [wrong for _, wrong, _ in await other.faults(third)] == ["open_in_another_campaign"]
    assert await count(desk, "callback_task") == 4


async def test_a_task_made_by_hand_while_the_list_is_read_is_not_made_twice(desk: Desk) -> None:
    """C6, C14"""
    holder = a_customer("王测试1", "16900000001", id_number="44010619800101001X")
    await settle(desk.database, (holder, [a_policy(holder, "P00000001")]))
    shown = await desk.preview(as_csv(rows(2)))
    await desk.start((await desk.map(shown)).json)
    run = await desk.importer._claim(None)
    desk.importer._current = run
    assert run is not None
    assert not await run.go_on()
    made = await desk.client.post("/callback-tasks", {"campaign_id": desk.campaign, "policies": ["P00000001"]})
    assert made.status == 201
    await desk.carry()
    done = await desk.show(shown["id"])
    assert (done["state"], done["tasks_made"], done["existed"]) == ("done", 1, 1)
    assert len(await desk.tasks()) == 2


async def test_withdrawn_consent_drops_the_row_and_refused_sales_calls_do_not(desk: Desk) -> None:
    """C7, C-19"""
    listed = [
        a_row(1, 是否同意联系="是", 拒绝营销至="2027-06-30"),
        a_row(2, 是否同意联系="撤回", 拒绝营销至=""),
        a_row(3, 是否同意联系="", 拒绝营销至=""),
    ]
    done = await desk.through(as_csv(listed))
    assert (done["good"], done["dropped"], done["bad"]) == (2, 1, 0)
    assert [wrong for _, wrong, _ in await desk.faults(done)] == ["consent_withdrawn"]
    async with desk.database.connection() as conn:
        told = await conn.fetch("SELECT sales_calls_refused_until::text FROM customer ORDER BY name")
    assert [row[0] for row in told] == ["2027-06-30", None]


async def test_more_rows_than_a_list_may_have_and_a_row_without_end_stop_it(desk: Desk) -> None:
    """C9"""
    shown = await desk.preview(as_csv(rows(120)))
    await desk.start((await desk.map(shown)).json)
    await desk.carry(desk.another_worker(rows=100))
    assert (await desk.show(shown["id"]))["fault_code"] == "import_table_broken"
    endless = as_csv(rows(40)) + b"P" * (200 << 10)
    done = await desk.through(endless)
    assert (done["state"], "第42行" in done["fault"]) == ("failed", True)
    status, code, _ = await refused(desk, b",".join(b"c%d" % n for n in range(10_000)) + b"\n1\n")
    assert (status, code) == (422, "import_table_broken")


async def test_control_characters_are_told_and_rare_ones_kept(desk: Desk) -> None:
    """C10"""
    names = ["王\0明", "王\u202e明", "🦊王", "𠮷野"]
    done = await desk.through(as_csv([a_row(n + 1, 投保人姓名=each) for n, each in enumerate(names)]))
    assert [(row, wrong) for row, wrong, _ in await desk.faults(done)] == [
        (2, "control_character"),
        (3, "control_character"),
    ]
    async with desk.database.connection() as conn:
        assert {row[0] for row in await conn.fetch("SELECT name FROM customer")} == {"🦊王", "𠮷野"}


async def test_days_of_an_unknown_form_are_refused_until_the_form_is_given(desk: Desk) -> None:
    """C11"""
    days = ["02/03/2026", "2026/2/30", "46000"]
    content = as_csv([a_row(n + 1, 签收日期=each) for n, each in enumerate(days)] + [a_row(9)])
    tried = await desk.through(content, dry_run=True)
    assert [wrong for _, wrong, _ in await desk.faults(tried)] == [
        "day_form_unknown",
        "no_such_day",
        "day_form_unknown",
    ]
    columns = [
        {"column": each["column"], "field": each["field"]}
        | ({"date_form": "day_first"} if each["field"] == "received_on" else {})
        for each in tried["columns"]
    ]
    mapped = await desk.map(tried, columns=columns)
    assert mapped.json["state"] == "ready", mapped.body
    await desk.start(mapped.json)
    await desk.carry()
    done = await desk.show(tried["id"])
    assert (done["good"], done["bad"]) == (1, 3)
    async with desk.database.connection() as conn:
        assert await conn.fetchval("SELECT received_on::text FROM policy") == "2026-03-02"


async def test_an_upload_that_breaks_off_leaves_nothing(desk: Desk) -> None:
    """C12"""
    content = as_csv(rows(500))

    async def half() -> Any:
        yield content[: len(content) // 2]
        await asyncio.sleep(0.2)
        raise ConnectionResetError

    with suppress(aiohttp.ClientError, ConnectionResetError):
        await desk.client("POST", f"/campaigns/{desk.campaign}/import", data=half())
    await asyncio.sleep(0.3)
    assert await count(desk, "list_import") == 0
    folder = desk.importer._vault.folder
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_archives_and_workbooks_with_macros_are_refused(desk: Desk) -> None:
    """C15"""
    book = as_xlsx([["保单号"], ["P1"]])
    assert (await refused(desk, book, "名单.csv"))[:2] == (422, "import_file_refused")
    assert (await refused(desk, book[:-30], "名单.xlsx"))[:2] == (422, "import_file_refused")
    assert (await refused(desk, b"PK\x03\x04" + b"\0" * 100, "名单.zip"))[:2] == (422, "import_file_refused")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "..\\..\\名单.csv", "名" * 300 + ".csv", "a\u202evsc.csv", ""]
)
async def test_the_name_of_a_file_is_made_harmless(desk: Desk, name: str) -> None:
    """C16"""
    shown = await desk.preview(as_csv(rows(1)), name)
    kept = shown["file_name"]
    assert kept.endswith(".csv")
    assert len(kept.encode()) <= 255
    assert not set(kept) & set("/\\\u202e")


async def test_identity_numbers_nobody_declared_are_warned_of_and_masked(desk: Desk) -> None:
    """C17"""
    shown = await desk.preview("保单号,编码\nP1,44010619800101513X\n".encode())
    assert "身份证号码" in shown["warnings"][0]
    assert shown["sample"] == [["P1", "440*************3X"]]


async def test_a_plan_outside_calling_hours_or_on_a_holiday_is_refused(desk: Desk) -> None:
    """C18, C-18"""
    plans = ["2026-11-19 08:00", "2026-11-21 10:00", "2026-11-19T10:00:00+09:00", "2026-11-19 10:00"]
    done = await desk.through(as_csv([a_row(n + 1, 计划回访时间=each) for n, each in enumerate(plans)]))
    told = [wrong for _, wrong, _ in await desk.faults(done)]
    assert told == ["outside_calling_hours", "on_a_holiday", "other_zone"]
    [task] = await desk.tasks()
    assert task["not_before"].startswith("2026-11-19T02:00:00")


async def test_the_hour_the_customer_chose_is_kept_whatever_it_is(desk: Desk) -> None:
    """C18, C-18"""
    await desk.through(as_csv([a_row(1, 预约时间="2026-11-21 22:30")]))
    [task] = await desk.tasks()
    assert task["chosen_at"].startswith("2026-11-21T14:30:00")


async def test_priorities_out_of_range_are_refused_and_blank_ones_are_the_default(desk: Desk) -> None:
    """C19"""
    done = await desk.through(as_csv([a_row(n + 1, 优先级=each) for n, each in enumerate(["-1", "1e9", "", "5"])]))
    assert [wrong for _, wrong, _ in await desk.faults(done)] == ["out_of_range", "out_of_range"]
    assert done["tasks_made"] == 2
    async with desk.database.connection() as conn:
        kept = await conn.fetch("SELECT priority FROM callback_task ORDER BY priority")
    assert [row[0] for row in kept] == [0, 5]


async def test_what_the_script_tells_and_the_row_leaves_out_is_told_before_anybody_is_dialled(desk: Desk) -> None:
    """C20: a premium only where there are instalments."""
    listed = [
        a_row(1, 保费=""),
        a_row(2, 保费="", 交费年限="", 交费方式="趸交"),
        a_row(3, 签收日期="", 交费年限=""),
        a_row(4),
    ]
    done = await desk.through(as_csv(listed))
    assert [(row, wrong) for row, wrong, _ in await desk.faults(done)] == [
        (2, "script_variable_missing"),
        (4, "script_variable_missing"),
        (4, "script_variable_missing"),
    ]
    faults = (await desk.client.get(f"/imports/{done['id']}/errors")).json["items"]
    assert [each["field"] for each in faults] == ["premium", "paying_years", "received_on"]
    assert done["tasks_made"] == 2


HOSTILE = (
    "'; DROP TABLE callback_task; --",
    "$(touch /tmp/x)`id`",
    "${SHELL(id)}$[1+1]",
    'a"b\\c|d&e^f,g',
    "王\r\nAction: Originate",
    '=HYPERLINK("http://x","y")',
)


async def test_nothing_a_list_says_reaches_the_switch_but_digits(desk: Desk, clock: ManualClock) -> None:
    """C21: what a customer is called stays in our rows, but for the apostrophe a spreadsheet puts in front."""
    listed = [a_row(n + 1, 投保人姓名=each, 产品名称=each) for n, each in enumerate(HOSTILE)]
    done = await desk.through(as_csv(listed))
    assert (done["good"], done["bad"]) == (len(HOSTILE), 0)
    switch = RecordedSwitch()
    for n, task in enumerate(await desk.tasks()):
        agent = await an_agent(desk.database, f"80{n:02d}")
        await dialling.request(desk.database, agent, task["id"], task["id"], clock.now())
    dialer = Dialer(desk.database, switch, clock)
    for _ in HOSTILE:
        await dialer.step()
        clock.advance(timedelta(seconds=1))
    assert len(switch.rings) == len(HOSTILE)
    assert all(ring.number.isdigit() for ring in switch.rings)
    told = [word for ring in switch.rings for word in (ring.channel, ring.agent_endpoint, ring.trunk)]
    assert not [word for word in told if set(word) & set("$`'\"|;\n()王=")]
    async with desk.database.connection() as conn:
        kept = {row[0] for row in await conn.fetch("SELECT name FROM customer")}
    assert kept == {" ".join(each.removeprefix("'").split()) for each in HOSTILE}


async def test_a_list_without_one_good_row_fails_and_the_old_one_stays(desk: Desk) -> None:
    """C22"""
    await desk.through(as_csv(rows(3)))
    before = await desk.tasks()
    failed = await desk.through(as_csv([a_row(9, 手机号="1.3E+10"), a_row(8, 手机号="")]))
    assert (failed["state"], failed["fault_code"], failed["bad"]) == ("failed", "import_nothing_valid", 2)
    assert "原有名单未变" in failed["fault"]
    assert await desk.tasks() == before


async def test_a_number_that_is_not_the_one_held_at_underwriting_is_not_rung(desk: Desk) -> None:
    """C-12"""
    holder = a_customer("王测试1", "16900000077", id_number="44010619800101001X")
    await settle(desk.database, (holder, [a_policy(holder, "P00000001")]))
    done = await desk.through(as_csv([a_row(1), a_row(2)]))
    assert await desk.faults(done) == [(2, "phone_not_held_at_underwriting", "169****0001")]
    renamed = await desk.through(as_csv([a_row(1, 投保人姓名="李测试", 手机号="16900000077"), a_row(3)]))
    assert await desk.faults(renamed) == [(2, "holder_differs", "李**")]
