"""The company's calendar through the interface: corrections, the yearly notice, open deadlines counted again."""

import base64
import io
from datetime import UTC, date, datetime
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from callcenter import outbox, workdays
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import RULES_KEPT, Rules
from callcenter.db.pool import Database
from callcenter.web.spreadsheet import Xlsx
from tests.service.site import Site
from tickets import deadlines, store
from tickets.calendar import Calendar, Override
from tickets.deadlines import Rulebook
from tickets.limits import Kind

pytestmark = pytest.mark.service

OTHER = {"channel": "fax", "demand": "请答复", "description": "传真投诉", "complainant_name": "王小明"}
CHRISTMAS = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
DAY_OFF = {"is_workday": False, "note": "司庆", "source": "总公司通知1号"}


async def delivered(database: Database, clock: ManualClock) -> None:
    """Every process has read the new calendar, and the worker has done its part."""
    assert outbox.DELAYS[workdays.TOPIC] > RULES_KEPT
    clock.advance(outbox.DELAYS[workdays.TOPIC])
    handlers = {workdays.NAME: workdays.Recount(Rules()).hear}
    while await outbox.deliver_one(database, handlers, clock.now()):
        pass


async def decision(site: Site, ticket: str) -> dict[str, object]:
    handler = await site.client(Role.HANDLER, where="hq")
    reply = await handler.get(f"/tickets/{ticket}/explain")
    assert reply.status == 200, reply.body
    (clock,) = [each for each in reply.json["clocks"] if each["kind"] == "decide_inform"]
    found: dict[str, object] = clock
    return found


async def opened(site: Site) -> str:
    handler = await site.client(Role.HANDLER, where="hq")
    reply = await handler.post("/tickets", OTHER)
    assert reply.status == 201, reply.body
    ticket: str = reply.json["id"]
    return ticket


async def test_a_day_off_moves_open_deadlines_and_each_says_so(
    site: Site, database: Database, clock: ManualClock
) -> None:
    """T-7, CL-3: NOON is Wednesday 2026-11-18; five working days later is the 25th, with a day off the 26th."""
    ticket = await opened(site)
    assert (await decision(site, ticket))["due_day"] == "2026-11-25"
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin("PUT", "/calendar/days/2026-11-20", json=DAY_OFF)
    assert reply.status == 200, reply.body
    assert {"day": "2026-11-20", "kind": "holiday", "source": "总公司通知1号"}.items() <= reply.json["days"][-1].items()
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert after["due_day"] == "2026-11-26"
    internal = after["limits"][0]  # type: ignore[index]
    assert [day["number"] for day in internal["days"]] == [0, 1, None, None, None, 2, 3, 4, 5]
    handler = await site.client(Role.HANDLER, where="hq")
    events = (await handler.get(f"/tickets/{ticket}")).json["events"]
    moved = [event["details"] for event in events if event["kind"] == "deadline_recounted"]
    assert {"clock": "decide_inform", "from": "2026-11-25", "to": "2026-11-26"}.items() <= moved[-1].items()


async def test_a_deadline_that_was_met_stays_and_its_days_are_not_told_wrongly(
    site: Site, database: Database, clock: ManualClock
) -> None:
    ticket = await opened(site)
    async with database.connection() as conn:
        await conn.execute("UPDATE ticket_clock SET met_at = $1 WHERE kind = 'decide_inform'", clock.now())
    admin = await site.client(Role.ADMIN, where="hq")
    await admin("PUT", "/calendar/days/2026-11-20", json=DAY_OFF)
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert after["due_day"] == "2026-11-25"
    assert after["limits"][0]["days"] == []  # type: ignore[index]


async def test_a_year_not_published_is_provisional_until_its_notice_is_loaded(
    site: Site, database: Database, clock: ManualClock
) -> None:
    """T-7"""
    clock.set(CHRISTMAS)
    ticket = await opened(site)
    before = await decision(site, ticket)
    assert before["provisional"] is True
    assert await workdays.warn(database, clock) == [2027]
    supervisor = await site.client(Role.SUPERVISOR, where="hq")
    told = (await supervisor.get("/incidents?kind=calendar_not_covered")).json["items"]
    assert [incident["details"] for incident in told] == [{"year": 2027}]
    notice = {
        "source": "国办发明电〔2026〕9号",
        "days": [
            {"day": "2027-01-01", "is_workday": False, "note": "元旦"},
            {"day": "2027-01-04", "is_workday": False, "note": "元旦"},
            {"day": "2027-01-09", "is_workday": True, "note": "调休上班"},
        ],
    }
    admin = await site.client(Role.ADMIN, where="hq")
    assert (await admin.get("/calendar/2027")).json["covered"] is False
    reply = await admin("PUT", "/calendar/years/2027", json=notice)
    assert (reply.status, reply.json["covered"]) == (200, True)
    await delivered(database, clock)
    after = await decision(site, ticket)
    assert (after["provisional"], before["due_day"], after["due_day"]) == (False, "2027-01-05", "2027-01-06")
    assert await workdays.warn(database, clock) == []


async def test_a_notice_holds_days_of_its_own_year_only(site: Site) -> None:
    """H13"""
    admin = await site.client(Role.ADMIN, where="hq")
    notice = {"source": "x", "days": [{"day": "2028-01-01", "is_workday": False, "note": "元旦"}]}
    reply = await admin("PUT", "/calendar/years/2027", json=notice)
    assert (reply.status, reply.code) == (422, "invalid")
    assert "2028-01-01" in reply.json["detail"]


def test_the_next_year_is_asked_for_from_november_on() -> None:
    assert workdays.uncovered(Calendar(), date(2026, 10, 31)) == []
    assert workdays.uncovered(Calendar(), date(2026, 11, 1)) == [2027]
    assert workdays.uncovered(Calendar.of([], [2027]), date(2026, 11, 1)) == []


def test_two_sets_of_corrections_have_two_versions() -> None:
    one = Calendar.of([Override(date(2026, 11, 20), False, "a", "b")])
    other = Calendar.of([Override(date(2026, 11, 20), True, "a", "b")])
    assert len({one.version, other.version, Calendar.of([]).version}) == 3
    assert Calendar.of([]).version == Calendar().version


ROWS = [["2027-01-01", "休", "元旦"], ["2027-01-04", "休", "元旦"], ["2027-01-09", "班", ""]]


def as_csv(encoding: str) -> bytes:
    return "\r\n".join(",".join(row) for row in [["日期", "安排", "说明"], *ROWS]).encode(encoding)


def as_xlsx(*, inline: bool) -> bytes:
    file = io.BytesIO()
    if inline:
        with Xlsx(file) as table:
            table.add([["日期", "安排", "说明"], *ROWS])
    else:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in [["日期", "安排", "说明"], *([date.fromisoformat(row[0]), *row[1:]] for row in ROWS)]:
            sheet.append(row)
        book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [as_csv("utf-8-sig"), as_csv("gb18030"), as_xlsx(inline=True), as_xlsx(inline=False)],
    ids=["csv", "csv in GB 18030", "xlsx of ours", "xlsx with days and shared texts"],
)
async def test_a_notice_is_previewed_from_a_file_then_loaded_in_one_act(
    site: Site, database: Database, clock: ManualClock, content: bytes
) -> None:
    """T-7: what is read, what is missing, how many open deadlines would move; nothing is changed by looking."""
    clock.set(CHRISTMAS)
    ticket = await opened(site)
    admin = await site.client(Role.ADMIN, where="hq")
    body = {"file": base64.b64encode(content).decode()}
    reply = await admin.post("/calendar/years/2027/preview", body)
    assert reply.status == 200, reply.body
    days = [(each["day"], each["is_workday"], each["was_workday"]) for each in reply.json["days"]]
    assert days == [("2027-01-01", False, False), ("2027-01-04", False, True), ("2027-01-09", True, False)]
    assert reply.json["moves"] > 0
    assert "2027-10-01" in {each["text"] for each in reply.json["doubts"] if each["blocks"]}
    assert (await admin.get("/calendar/2027")).json["covered"] is False
    assert (await decision(site, ticket))["due_day"] == "2027-01-05"
    read = [{name: each[name] for name in ("day", "is_workday", "note")} for each in reply.json["days"]]
    loaded = await admin("PUT", "/calendar/years/2027", json={"source": "国办发明电〔2026〕9号", "days": read})
    assert (loaded.status, loaded.json["covered"]) == (200, True)
    await delivered(database, clock)
    assert (await decision(site, ticket))["due_day"] == "2027-01-06"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"text": "x", "file": "eA=="}, 422, "invalid"),
        ({"file": "not base64"}, 422, "invalid"),
        ({"file": base64.b64encode(b"PK\x03\x04 no archive").decode()}, 422, "table_unreadable"),
        ({"file": base64.b64encode(b"\xff\xff\xff\x80").decode()}, 422, "table_unreadable"),
    ],
)
async def test_what_is_no_notice_is_refused(site: Site, body: dict[str, str], status: int, code: str) -> None:
    """H11"""
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin.post("/calendar/years/2027/preview", body)
    assert (reply.status, reply.code) == (status, code)


async def test_a_file_that_unpacks_to_too_much_is_refused(site: Site) -> None:
    """H11: a small archive of a large sheet."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * (17 << 20) + b"</worksheet>")
    admin = await site.client(Role.ADMIN, where="hq")
    reply = await admin.post("/calendar/years/2027/preview", {"file": base64.b64encode(file.getvalue()).decode()})
    assert (reply.status, reply.code) == (422, "table_unreadable")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.SUPERVISOR])
async def test_only_the_administrator_loads_a_notice(site: Site, role: Role) -> None:
    """T-6"""
    somebody = await site.client(role, where="hq")
    assert (await somebody.post("/calendar/years/2027/preview", {"text": "x"})).status == 403
    reply = await somebody("PUT", "/calendar/years/2027", json={"source": "x", "days": []})
    assert reply.status == 403


async def test_every_kind_of_clock_is_counted_again_and_keeps_what_it_says(
    site: Site, database: Database, clock: ManualClock
) -> None:
    """T-7, L-24: the rules and the day to warn on stay those of its kind; what is met or past stays as it was."""
    book = Rulebook()
    ticket = UUID(await opened(site))
    at = clock.now()
    day = at.date()
    each = [
        deadlines.accept(at, book),
        deadlines.inform(at, book),
        deadlines.close(at, book),
        deadlines.archive(at, book),
        deadlines.meet(at, book, 2),
        deadlines.legal_review(at, book),
        deadlines.review(at, book),
        deadlines.report_up(at, book),
        deadlines.progress_customer(day, book),
        deadlines.progress_cs(day, book),
    ]
    async with database.transaction() as conn:
        await store.start_clocks(conn, ticket, each)
        await store.meet(conn, ticket, (Kind.CLOSE,), at)
    admin = await site.client(Role.ADMIN, where="hq")
    await admin("PUT", "/calendar/days/2026-11-19", json=DAY_OFF)
    await delivered(database, clock)
    async with database.connection() as conn:
        after = {row["kind"]: row for row in await store.clocks(conn, ticket)}
        calendar = await store.calendar(conn)
    again = Rulebook(calendar)
    expected = {
        Kind.ACCEPT: deadlines.accept(at, again),
        Kind.INFORM: deadlines.inform(at, again),
        Kind.CLOSE: deadlines.close(at, book),
        Kind.ARCHIVE: deadlines.archive(at, again),
        Kind.MEET: deadlines.meet(at, again),
        Kind.LEGAL_REVIEW: deadlines.legal_review(at, again),
        Kind.REVIEW: deadlines.review(at, again),
        Kind.REPORT_UP: deadlines.report_up(at, again),
        Kind.PROGRESS_CUSTOMER: deadlines.progress_customer(day, again),
        Kind.PROGRESS_CS: deadlines.progress_cs(day, again),
        Kind.ANSWER_OR_PROGRESS: deadlines.answer_or_progress(at, again),
        Kind.DECIDE_INFORM: deadlines.decide_inform(at, deadlines.Gravity.GENERAL, again),
    }
    for kind, deadline in expected.items():
        row = after[kind]
        assert (row["due_at"], row["alert_day"], tuple(row["rules"])) == (
            deadline.due_at,
            deadline.alert_day,
            deadline.rules,
        ), kind
    assert expected[Kind.ACCEPT].due_day != deadlines.accept(at, book).due_day


async def test_counting_again_twice_moves_nothing_the_second_time(
    site: Site, database: Database, clock: ManualClock
) -> None:
    await opened(site)
    await workdays.correct(database, [Override(date(2026, 11, 20), False, "司庆", "通知")], "user:admin", clock.now())
    async with database.transaction() as conn:
        assert await workdays.recount(conn, Rules(), clock.now()) > 0
        assert await workdays.recount(conn, Rules(), clock.now()) == 0
