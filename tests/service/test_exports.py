"""Lists and reports that leave as files: opened the way those do who get them, against what is in the database."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.ids import derived
from callcenter.web import server, tables
from tests.conftest import NOON
from tests.service.desk import a_call, hang_up
from tests.service.orders import opened
from tests.service.recorded import Recorded, RecordedCall
from tests.service.site import ELSEWHERE, Client, Reply, Site, settings
from tests.service.test_statistics_routes import a_month

pytestmark = pytest.mark.service

XLSX = tables.XLSX.media_type
AT = datetime(2026, 11, 18, 12, 0)  # noqa: DTZ001 - NOON as a spreadsheet in Shanghai shows it


def rows_of(reply: Reply) -> list[list[str]]:
    assert reply.status == 200, reply.body
    assert reply.body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(reply.body.decode("utf-8-sig"), newline="")))


def lines_of(reply: Reply) -> list[dict[str, str]]:
    head, *rows = rows_of(reply)
    return [dict(zip(head, row, strict=True)) for row in rows]


def sheet_of(reply: Reply) -> list[dict[str, Any]]:
    """Each line's cells by heading, from the one sheet."""
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"] == XLSX
    [sheet] = load_workbook(io.BytesIO(reply.body)).worksheets
    head, *rows = sheet.iter_rows()
    return [{str(title.value): cell for title, cell in zip(head, row, strict=True)} for row in rows]


async def as_csv(client: Client, path: str) -> Reply:
    joined = "&" if "?" in path else "?"
    return await client.get(f"{path}{joined}purpose=月报", headers={"Accept": "text/csv"})


async def as_xlsx(client: Client, path: str) -> Reply:
    joined = "&" if "?" in path else "?"
    return await client.get(f"{path}{joined}purpose=月报", headers={"Accept": XLSX})


async def test_tickets_leave_in_chinese_words_and_as_codes_to_who_asks(site: Site) -> None:
    """T-4, R-2.1"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler, channel="network", network_kind="wechat", source="regulator", severity="major")
    [line] = lines_of(await as_csv(handler, "/tickets"))
    assert line["服务单号"] == ticket["number"]
    told = ("性质", "投诉方式", "来源", "类别", "级别", "状态", "有效性", "开单方式", "要素齐全")
    assert [line[head] for head in told] == [
        *("投诉", "网络", "监管部门转办", "理赔类", "重大投诉", "已记录", "待认定", "柜面及后台", "是")
    ]
    assert line["受理时间"] == "2026-11-18 12:00:00+08:00"
    [line] = lines_of(await as_csv(handler, "/tickets?values=code"))
    assert [line[head] for head in told] == [
        *("complaint", "network", "regulator", "claims", "major", "recorded", "pending", "desk", "true")
    ]
    [item] = (await handler.get("/tickets?values=words")).json["items"]
    assert (item["channel"], item["status"]) == ("network", "recorded")


async def test_a_spreadsheet_has_dates_in_shanghai_numbers_and_words(site: Site) -> None:
    """T-7"""
    handler = await site.client(Role.HANDLER)
    ticket = await opened(handler)
    [line] = sheet_of(await as_xlsx(handler, "/tickets"))
    assert (line["受理时间"].value, line["受理时间"].is_date) == (AT, True)
    shown = (await handler.get(f"/tickets/{ticket['id']}")).json
    due = date.fromisoformat(shown["due_day"])
    assert line["答复期限"].value == datetime(due.year, due.month, due.day)  # noqa: DTZ001
    assert line["答复期限"].is_date
    assert (line["投诉件数"].value, line["投诉件数"].data_type) == (1, "n")
    assert (line["投诉方式"].value, line["结案时间"].value) == ("来访", None)


async def test_findings_leave_as_the_tickets_they_are(site: Site) -> None:
    """T-1"""
    handler, made = await a_month(site)
    lines = lines_of(await as_csv(handler, "/tickets?nature=callback_finding"))
    assert {line["服务单号"] for line in lines} == {made["finding"]["number"], made["data"]["number"]}
    assert {(line["性质"], line["投诉方式"], line["来源"], line["投诉件数"]) for line in lines} == {
        ("回访问题件", "电话呼出", "回访", "0")
    }


async def test_calls_leave_with_words_for_direction_state_queue_and_cause(site: Site) -> None:
    supervisor = await site.client(Role.SUPERVISOR)
    assert supervisor.user is not None
    async with site.database.transaction() as conn:
        call = await a_call(conn, user=supervisor.user.id)
        await hang_up(conn, call, NOON)
        await conn.execute("UPDATE call SET queue = 'cc-complaint', end_cause = 'no_answer' WHERE id = $1", call)
    [line] = sheet_of(await as_xlsx(supervisor, "/calls"))
    assert [line[head].value for head in ("方向", "状态", "队列", "结束原因", "降级服务", "坐席")] == [
        *("呼入", "已结束", "投诉", "无人接听", "否", "测试员")
    ]
    assert (line["结束"].value, line["结束"].is_date) == (AT, True)
    [line] = sheet_of(await as_xlsx(supervisor, "/calls?values=code"))
    assert [line[head].value for head in ("方向", "状态", "队列", "结束原因", "降级服务")] == [
        *("inbound", "ended", "cc-complaint", "no_answer", False)
    ]


@dataclass
class Archive:
    """A running site and its hotline, of which calls are recorded."""

    site: Site
    hotline: Recorded

    async def spoken(self, client: Client) -> RecordedCall:
        assert client.user is not None
        self.hotline.clock.advance(timedelta(seconds=10))
        return await self.hotline.call(1_500, user_id=client.user.id)


@pytest.fixture
async def archive(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Archive]:
    hotline = Recorded(database, clock, tmp_path)
    app = server.build(settings(hotline.folder, recordings=hotline.config), database=database, clock=clock, wall=clock)
    async with Site.running(app, database, clock) as site:
        yield Archive(site, hotline)


async def test_recordings_leave_one_line_each(archive: Archive) -> None:
    """INV-6: also those that are not sealed yet stand in the list."""
    agent, auditor = await archive.site.client(Role.AGENT), await archive.site.client(Role.AUDITOR, where="hq")
    first = await archive.spoken(agent)
    await first.segment(500, 2)
    await archive.hotline.seal()
    waiting = await archive.spoken(agent)
    lines = sheet_of(await as_xlsx(auditor, "/recordings"))
    assert [line["录音标识"].value for line in lines] == [str(waiting.id), str(first.id)]
    assert [line["状态"].value for line in lines] == ["归档中", "已归档"]
    assert [line["段数"].value for line in lines] == [1, 2]
    assert [line["时长（秒）"].value for line in lines] == [None, 2]
    assert [line["应有时长（秒）"].value for line in lines] == [1.5, 2]
    assert [line["完整性"].value for line in lines] == [None, "完整"]
    assert [line["坐席"].value for line in lines] == ["测试员", "测试员"]
    assert lines[1]["归档时间"].is_date
    listed = (await auditor.get("/recordings")).json["items"]
    assert [line["档号"].value for line in lines] == [each["archive_no"] for each in listed]
    assert listed[1]["archive_no"] is not None


async def test_recordings_are_found_by_archive_number_and_by_who_spoke(archive: Archive) -> None:
    """T-6: nobody finds by a filter what they may not know of."""
    agent, colleague = await archive.site.client(Role.AGENT), await archive.site.client(Role.AGENT, Role.QA)
    auditor = await archive.site.client(Role.AUDITOR, where="hq")
    own, others, handed_on = [await archive.spoken(each) for each in (agent, colleague, colleague)]
    assert agent.user is not None
    assert colleague.user is not None
    await leg(archive, handed_on, agent.user.id)
    await leg(archive, others, agent.user.id, answered=False)
    await leg(archive, others, agent.user.id, role="supervisor")
    await archive.hotline.seal()

    async def found(client: Client, query: str) -> list[UUID]:
        listed = [UUID(each["id"]) for each in (await client.get(f"/recordings?{query}")).json["items"]]
        if client is auditor:
            assert [UUID(line["录音标识"]) for line in lines_of(await as_csv(client, f"/recordings?{query}"))] == listed
        return listed

    assert await found(auditor, f"agent_id={agent.user.id}") == [handed_on.id, own.id]
    assert await found(auditor, f"agent_id={colleague.user.id}") == [handed_on.id, others.id]
    [line, _] = lines_of(await as_csv(auditor, f"/recordings?agent_id={agent.user.id}"))
    assert line["坐席"] == "测试员；测试员"
    number = (await auditor.get(f"/recordings/{own.id}")).json["archive_no"]
    assert await found(auditor, f"archive_no={number}") == [own.id]
    assert await found(auditor, f"archive_no={number}&agent_id={colleague.user.id}") == []
    assert await found(auditor, f"archive_no={number[:-1]}") == []
    stranger = await archive.site.client(Role.QA, where=ELSEWHERE)
    assert await found(stranger, f"archive_no={number}") == []
    assert await found(stranger, f"agent_id={agent.user.id}") == []


async def leg(
    archive: Archive, call: RecordedCall, user: UUID, *, role: str = "consult", answered: bool = True
) -> None:
    """A further channel of the call, of a telephone that was rung."""
    async with archive.hotline.db.transaction() as conn:
        await conn.execute(
            """INSERT INTO call_leg (id, call_id, channel_id, role, user_id, started_at, answered_at, ended_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            derived(call.started, f"leg|{call.id}|{user}|{role}"),
            call.id,
            f"PJSIP/{user}",
            role,
            user,
            call.started,
            call.started if answered else None,
            call.ended,
        )


async def test_the_tickets_behind_a_figure_leave_in_words(site: Site) -> None:
    """T-4"""
    handler, made = await a_month(site)
    lines = sheet_of(await as_xlsx(handler, "/statistics/pieces/items?group=source&value=callback"))
    assert [line["服务单号"].value for line in lines] == [made["callback"]["number"]]
    assert [lines[0][head].value for head in ("性质", "投诉方式", "来源", "类别", "关系")] == [
        *("投诉", "电话呼入", "回访", "理赔类", "首次投诉")
    ]
    assert lines[0]["受理日"].value == datetime(2026, 11, 18)  # noqa: DTZ001
    assert lines[0]["通话标识"].value == str(made["call"])


async def test_a_report_has_its_groups_and_its_footing_in_words(site: Site) -> None:
    """T-1, R-2.5"""
    handler, _ = await a_month(site)
    rows = rows_of(await as_csv(handler, "/statistics/complaints?group=source"))
    assert rows[0][:3] == ["来源", "投诉次数", "投诉件数"]
    assert [row[:3] for row in rows[1:4]] == [["合计", "2", "2"], ["回访", "1", "1"], ["客户直接", "1", "1"]]
    assert ["期间与机构", "2026-11-01 至 2026-11-18", "gd-gz", "受理机构"] in rows
    assert ["回访问题件", "2", "R-2.5、D-6、T-1"] in rows
    coded = rows_of(await as_csv(handler, "/statistics/complaints?group=source&values=code"))
    assert [row[0] for row in coded[:4]] == ["source", "合计", "callback", "direct"]
    rows = rows_of(await as_csv(handler, "/statistics/callback-findings"))
    assert ["销售误导", "1"] in rows
    assert ["联系信息有误", "1"] in rows
    assert ["已记录", "2"] in rows


async def test_a_group_without_a_place_has_a_name_too(site: Site) -> None:
    handler = await site.client(Role.HANDLER)
    await opened(handler, category=None)
    rows = rows_of(await as_csv(handler, "/statistics/complaints?group=category"))
    assert rows[2][0] == "类别未定"
    rows = rows_of(await as_csv(handler, "/statistics/complaints?group=organisation&dimension=underwriting"))
    assert [row[0] for row in rows[:2]] == ["机构", "合计"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
async def test_nothing_a_customer_said_becomes_a_formula(site: Site, start: str) -> None:
    """C8, H12"""
    handler = await site.client(Role.HANDLER)
    await opened(handler, complainant_name=f"{start}HYPERLINK(1)", policy_number=f"{start}1")
    for path in ("/tickets", "/tickets?values=code"):
        [line] = lines_of(await as_csv(handler, path))
        assert not any(cell.startswith(tables.cells.FORMULA_STARTS) for cell in line.values())
        [cells] = sheet_of(await as_xlsx(handler, path))
        assert [cell.coordinate for cell in cells.values() if cell.data_type == "f"] == []
        assert not any(str(cell.value).startswith(("=", "+", "@")) for cell in cells.values())


@pytest.mark.parametrize("query", ["values=both", "values=", "values=words&values=code"])
async def test_only_words_or_codes_can_be_asked_for(site: Site, query: str) -> None:
    """H13"""
    handler = await site.client(Role.HANDLER)
    reply = await handler.get(f"/tickets?{query}")
    assert (reply.status, reply.code, reply.json["detail"]) == (400, "not_valid", "?values= 应为words或code")
    assert (await handler.get(f"/tickets/{UUID(int=1)}?values=code")).code == "not_valid"


async def grown(site: Site, count: int) -> None:
    async with site.database.transaction() as conn:
        await conn.execute(
            """INSERT INTO organisation (id, kind, parent_id, name, path)
            SELECT 'p' || n, 'province', 'hq', repeat('名', 50), 'hq/p' || n || '/' FROM generate_series(1, $1) n
            ON CONFLICT DO NOTHING""",
            count,
        )


async def test_a_long_list_leaves_whole_in_flat_memory_and_logged(site: Site) -> None:
    """T-6: one row in the access log for each object, before the first byte."""
    admin = await site.client(Role.ADMIN, where="hq")
    peaks = []
    for count in (500, 5_000):
        await grown(site, count)
        tracemalloc.start()
        reply = await as_csv(admin, "/organisations")
        peaks.append(tracemalloc.get_traced_memory()[1] - 4 * len(reply.body))
        tracemalloc.stop()
        assert len(rows_of(reply)) == 1 + count + 6
    assert peaks[1] < peaks[0] + 1_000_000
    auditor = await site.client(Role.AUDITOR, where="hq")
    people = lines_of(await as_csv(auditor, "/users"))
    assert {line["岗位"] for line in people} == {"管理员", "审计"}
    async with site.database.connection() as conn:
        logged = await conn.fetch("SELECT object_id FROM access_log WHERE object_kind = 'user' AND purpose = '月报'")
    assert {row["object_id"] for row in logged} == {line["人员标识"] for line in people}


async def test_a_list_that_is_too_long_is_refused_before_a_byte_leaves(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS", 400)
    admin = await site.client(Role.ADMIN, where="hq")
    await grown(site, 390)
    assert len(rows_of(await as_csv(admin, "/organisations"))) == 397
    await grown(site, 600)
    reply = await as_csv(admin, "/organisations")
    assert (reply.status, reply.code, reply.json["detail"]) == (422, "export_too_large", "超过400行，请缩小范围")


async def test_a_file_is_promised_by_its_head_alone(site: Site) -> None:
    """H4"""
    admin = await site.client(Role.ADMIN, where="hq")
    whole = await as_csv(admin, "/organisations")
    head = await admin("HEAD", "/organisations?purpose=月报", headers={"Accept": "text/csv"})
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.body))
    assert whole.headers["Content-Disposition"] == 'attachment; filename="organisations-20261118.csv"'
    assert whole.headers["Vary"] == (await admin.get("/organisations")).headers["Vary"] == "Accept"
