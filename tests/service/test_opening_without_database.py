"""PostgreSQL is killed, frozen, and comes back: no ticket is lost, none is double (archive.md §3.9)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from agi.ports import Caller
from callcenter.accounts.permissions import Role
from callcenter.clock import ManualClock
from callcenter.complaints import PATIENCE, Complaints
from callcenter.config import Config, SpoolConfig
from callcenter.db.migrate import migrate
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.ids import call_id, uuid7
from callcenter.lab.postgres import Postgres
from callcenter.spool import TicketSpool
from callcenter.web.keys import COMPLAINTS
from callcenter.web.server import build
from tests.conftest import NOON
from tests.service.desk import FULL, a_call, a_callback, a_user, an_opening, hang_up, people, somebody
from tests.service.site import Site
from tickets.errors import KeyReusedError, NotAdmissibleError
from tickets.findings import Heard, Intention, Respondent, Subject

pytestmark = pytest.mark.service


@pytest.fixture
def server(service_folder: Path, tmp_path: Path) -> Postgres:
    """A PostgreSQL of this test's own, to be ill-treated."""
    return Postgres.start(service_folder / f"pg-{tmp_path.name}")


@pytest.fixture
async def own(server: Postgres) -> AsyncIterator[Database]:
    await migrate(server.url())
    database = await Database.connect(server.url(), size=4)
    async with database.transaction() as conn:
        await people(conn)
    yield database
    database.terminate()
    server.stop()


async def count(database: Database, table: str) -> int:
    async with database.connection() as conn:
        return int(await conn.fetchval(f"SELECT count(*) FROM {table}"))


async def test_the_menus_ticket_is_the_companys_roots_whatever_its_id(
    server: Postgres, clock: ManualClock, tmp_path: Path
) -> None:
    """design.md §4.4: also when the database was away from the start and the ticket came out of the spool."""
    await migrate(server.url())
    database = await Database.connect(server.url(), size=4)
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO organisation (id, kind, name, path) VALUES ('zongbu', 'hq', '总部', 'zongbu/')")
    complaints = Complaints(database, clock, TicketSpool(tmp_path / "spool"))
    server.kill()
    caller = Caller("hl1-1795000000.5", "PJSIP/trunk-1", "13900000001", "", "95519", "zh")
    assert await FrontDesk(database, clock, complaints).open_complaint(caller) == ""
    Postgres.start(server.folder)
    async with asyncio.timeout(20):
        while not await complaints.replay():
            await asyncio.sleep(0.05)
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT accepting_organisation_id, spooled FROM ticket")
    assert [tuple(row) for row in rows] == [("zongbu", True)]
    number = await FrontDesk(database, clock, complaints).open_complaint(caller)
    assert number.startswith("95519-")
    database.terminate()
    server.stop()


async def test_a_ticket_taken_while_the_database_is_dead_is_there_when_it_is_back(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """INV-3, INV-4, T-3: killed with -9; the spooled ticket keeps its moment, its call and its liveness."""
    desk = Complaints(own, clock, TicketSpool(tmp_path / "spool"))
    async with own.transaction() as conn:
        call = await a_call(conn)
    first = await desk.open(an_opening(call), somebody())
    server.kill()
    opening, by = an_opening(call), somebody()
    spooled = [await desk.open(opening, by) for _ in range(2)]
    assert [s.spooled for s in spooled] == [True, True]
    with pytest.raises(KeyReusedError):
        await desk.open(replace(opening, particulars=replace(FULL, demand="退保")), by)
    with pytest.raises(NotAdmissibleError):
        await desk.open(an_opening(particulars=replace(FULL, anonymous=True)), by)

    Postgres.start(server.folder)
    async with asyncio.timeout(20):
        while not await desk.replay():
            await asyncio.sleep(0.05)
    async with own.transaction() as conn:
        await hang_up(conn, call, clock.now())
    async with own.connection() as conn:
        rows = await conn.fetch(
            "SELECT t.number, t.spooled, l.opened_live, l.seconds_into_call FROM ticket t JOIN ticket_call l"
            " ON l.ticket_id = t.id ORDER BY t.number"
        )
    assert [(r["number"], r["spooled"], r["opened_live"], float(r["seconds_into_call"])) for r in rows] == [
        (first.number, False, True, 42.0),
        ("95519-20261118-000002", True, True, 42.0),
    ]
    assert (await desk.open(opening, by)).repeated


async def test_an_agent_goes_on_opening_tickets_by_api_while_the_database_is_dead(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """INV-3, INV-4, archive.md §3.9: 202 with the key as provisional number; repeated later it has its number."""
    config = Config(mode="test", spool=SpoolConfig(tmp_path / "spool"))
    app = build(config, database=own, clock=clock, wall=clock)
    async with Site.running(app, own, clock) as site:
        agent, stranger = await site.client(Role.AGENT), await site.client(Role.AGENT, Role.QA)
        async with own.transaction() as conn:
            call = await a_call(conn)
        await agent.get("/me")
        server.kill()
        headers = {"Idempotency-Key": str(uuid7(clock.now()))}
        replies = [await agent.post(f"/calls/{call}/tickets", {"demand": "理赔"}, headers=headers) for _ in range(2)]
        assert [(r.status, r.json["number"], r.json["stored"]) for r in replies] == [(202, None, False)] * 2
        other = await agent.post(f"/calls/{call}/tickets", {"demand": "退保"}, headers=headers)
        assert (other.status, other.code) == (422, "idempotency_key_reused")
        assert (await stranger.post(f"/calls/{call}/tickets", {"demand": "理赔"})).status == 503
        assert (await agent.get("/tickets")).status == 503

        Postgres.start(server.folder)
        async with asyncio.timeout(20):
            while not await app[COMPLAINTS].replay():
                await asyncio.sleep(0.05)
        again = await agent.post(f"/calls/{call}/tickets", {"demand": "理赔"}, headers=headers)
        assert (again.status, again.json["number"]) == (201, "95519-20261118-000001")
        file = (await agent.get(f"/tickets/{again.json['id']}")).json
        assert (file["spooled"], file["calls"][0]["opened_live"]) == (True, True)


async def test_a_database_killed_in_the_middle_of_it_all_loses_and_doubles_nothing(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """INV-3, INV-4: fifty tickets under way when the server dies; each is there once, with all that belongs to it."""
    desk = Complaints(own, clock, TicketSpool(tmp_path / "spool"))
    openings = [an_opening() for _ in range(50)]
    by = somebody()

    async def pull_the_plug() -> None:
        await asyncio.sleep(0.02)
        await asyncio.to_thread(server.kill)

    opened, _ = await asyncio.gather(asyncio.gather(*(desk.open(o, by) for o in openings)), pull_the_plug())
    assert any(o.spooled for o in opened)
    Postgres.start(server.folder)
    async with asyncio.timeout(30):
        while TicketSpool(tmp_path / "spool").waiting():
            await desk.replay()
            await asyncio.sleep(0.05)
    async with own.connection() as conn:
        numbers = [row["number"] for row in await conn.fetch("SELECT number FROM ticket ORDER BY number")]
    assert numbers == [f"95519-20261118-{n:06d}" for n in range(1, 51)]
    assert {o.number for o in opened if o.number} <= set(numbers)
    for table, rows in {"ticket_event": 50, "ticket_clock": 300, "outbox_event": 50, "matter": 50}.items():
        assert await count(own, table) == rows, table


async def revived(server: Postgres, spool: TicketSpool, desk: Complaints) -> None:
    """The server is back, and nothing waits any more."""
    Postgres.start(server.folder)
    async with asyncio.timeout(20):
        while spool.waiting():
            await desk.replay()
            await asyncio.sleep(0.05)


async def test_what_came_out_of_the_spool_is_judged_by_its_call_like_any_other(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """T-1, T-2, F-13: nobody could ask which call it is; what cannot stand is set aside, and a person told."""
    spool = TicketSpool(tmp_path / "spool")
    desk = Complaints(own, clock, spool)
    callback, agent = await a_callback(own)
    async with own.transaction() as conn:
        inbound = await a_call(conn, user=agent.user_id)
    server.kill()
    finding = Heard(Subject.MIS_SELLING, Intention.NO, Respondent.POLICYHOLDER)
    good = an_opening(callback, heard=finding)
    unheard, misheard = an_opening(callback), an_opening(inbound, heard=finding)
    assert all([(await desk.open(each, agent)).spooled for each in (good, unheard, misheard)])
    await revived(server, spool, desk)
    async with own.connection() as conn:
        tickets = await conn.fetch("SELECT id, nature, source, opened_via, pieces FROM ticket")
        told = await conn.fetch("SELECT kind, details FROM incident ORDER BY id")
    assert [tuple(row) for row in tickets] == [(good.key, "callback_finding", "callback", "callback_agent", 0)]
    assert {path.stem for path in (tmp_path / "spool/set-aside").iterdir()} == {str(unheard.key), str(misheard.key)}
    assert [(row["kind"], row["details"]["reason"]) for row in told] == [
        ("ticket_set_aside", "ticket_not_admissible")
    ] * 2
    assert (await desk.open(good, agent)).number == "95519-20261118-000001"


async def test_nobody_gets_hold_of_anothers_call_while_the_database_cannot_be_asked(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """H14, T-6: nor of an earlier day's; set aside, and a person told. By a ticket its call's recording is heard."""
    spool = TicketSpool(tmp_path / "spool")
    desk = Complaints(own, clock, spool)
    async with own.transaction() as conn:
        agent, stranger = await a_user(conn), await a_user(conn, "sd-jn", "agent2")
        mine, far = await a_call(conn, 1, user=agent.user_id), await a_call(conn, 2, user=stranger.user_id)
        old = await a_call(conn, 3, NOON - timedelta(days=1), user=agent.user_id)
        await hang_up(conn, old, NOON - timedelta(days=1))
    server.kill()
    good, foreign, late = (an_opening(call) for call in (mine, far, old))
    unheard_of = an_opening(call_id("hl1-1795000000.77"))
    assert all([(await desk.open(each, agent)).spooled for each in (good, foreign, late, unheard_of)])
    await revived(server, spool, desk)
    async with own.connection() as conn:
        linked = await conn.fetch("SELECT ticket_id FROM ticket_call ORDER BY ticket_id")
        reasons = await conn.fetch("SELECT details ->> 'reason' AS reason FROM incident ORDER BY 1")
        assert not await conn.fetchval("SELECT cc_recording_seen_from($1, $2)", far, agent.path)
    assert {row["ticket_id"] for row in linked} == {good.key, unheard_of.key}
    assert [row["reason"] for row in reasons] == ["call_not_found", "call_not_today"]


async def test_a_database_that_hangs_does_not_hang_the_desk(
    server: Postgres, own: Database, clock: ManualClock, tmp_path: Path
) -> None:
    """archive.md §3.9: more than 800 ms is away; what the frozen server does later is found by key."""
    desk = Complaints(own, clock, TicketSpool(tmp_path / "spool"))
    await desk.open(an_opening(), somebody())
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    loop = asyncio.get_running_loop()
    for process in family:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        begun = loop.time()
        opened = await desk.open(an_opening(), somebody())
        assert opened.spooled
        assert loop.time() - begun < PATIENCE + 1.5
    finally:
        for process in family:
            os.kill(process.pid, signal.SIGCONT)
    async with asyncio.timeout(20):
        while not await desk.replay():
            await asyncio.sleep(0.05)
    assert await count(own, "ticket") == 2
    assert await count(own, "ticket_event") == 2
