"""What a caller is greeted with: who he may be, whom he knows, and how urgent he is, on a real PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from agi.ports import Caller, Welcome
from callcenter import recognition
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.lines import lines
from callcenter.opening import By, Via
from callcenter.spool import TicketSpool
from tests.asterisk.office import on_duty
from tests.conftest import NOON
from tests.service.customers import a_customer, settle
from tests.service.desk import FULL, a_call, an_opening, hang_up, people

pytestmark = pytest.mark.service

NUMBER = "13900000001"
CALLER = Caller("hl1-1795339143.5", "PJSIP/trunk-main-00000001", NUMBER, "", "95519", "zh")


@dataclass
class Office:
    """Agents, callers and tickets of one test."""

    database: Database
    complaints: Complaints
    desk: FrontDesk
    serial: int = 0

    async def ticket(self, user: UUID | None, *, via: Via = Via.IVR, talks: bool = False) -> str:
        """Opened on a call that `user` took; `talks`: he still does."""
        self.serial += 1
        async with self.database.transaction() as conn:
            call = await a_call(conn, self.serial, NOON - timedelta(hours=2 - self.serial / 10), user)
        particulars = replace(FULL, complainant_phone=NUMBER)
        by = By(f"user:{user}", user, "gd-gz", "hq/gd/gd-gz/") if via is Via.AGENT else By("system:ivr")
        opened = await self.complaints.open(an_opening(call, via=via, particulars=particulars), by)
        assert opened.number is not None
        if not talks:
            async with self.database.transaction() as conn:
                await hang_up(conn, call, NOON)
        return opened.number

    async def welcome(self, **changes: object) -> Welcome:
        return await self.desk.welcome(replace(CALLER, **changes))  # type: ignore[arg-type]


@pytest.fixture
async def office(database: Database, clock: ManualClock, tmp_path: Path) -> Office:
    async with database.transaction() as conn:
        await people(conn)
    complaints = Complaints(database, clock, TicketSpool(tmp_path))
    ours = lines(["95519001"], [("95519002", "cc-claims")])
    return Office(database, complaints, FrontDesk(database, clock, complaints, lines=ours))


async def test_somebody_unknown_is_asked_by_the_menu_and_waits_his_turn(office: Office) -> None:
    assert await office.welcome() == Welcome(queue="")
    assert await office.welcome(number=None) == Welcome(queue="")


async def test_who_rings_about_an_open_ticket_comes_first_and_to_the_agent_who_knows_it(office: Office) -> None:
    agent = await on_duty(office.database, "8001", "cc-claims")
    await office.ticket(agent, via=Via.AGENT)
    welcome = await office.welcome()
    assert (welcome.priority, welcome.sticky, welcome.queue) == (5, "PJSIP/desk-8001", "")


async def test_the_menus_ticket_is_known_to_who_took_its_call(office: Office) -> None:
    agent = await on_duty(office.database, "8001", "cc-claims")
    await office.ticket(agent, via=Via.IVR)
    assert (await office.welcome()).sticky == "PJSIP/desk-8001"


async def test_the_last_agent_counts_not_the_one_who_opened(office: Office) -> None:
    first = await on_duty(office.database, "8001", "cc-claims")
    last = await on_duty(office.database, "8002", "cc-claims")
    number = await office.ticket(first, via=Via.AGENT)
    async with office.database.transaction() as conn:
        later = await a_call(conn, 77, NOON - timedelta(minutes=5), last)
        await hang_up(conn, later, NOON)
        await conn.execute(
            "INSERT INTO ticket_call SELECT id, $2, false, NULL, $3 FROM ticket WHERE number = $1", number, later, NOON
        )
    assert (await office.welcome()).sticky == "PJSIP/desk-8002"


async def test_an_agent_who_talks_or_is_paused_is_not_offered(office: Office) -> None:
    talks = await on_duty(office.database, "8001", "cc-claims")
    await office.ticket(talks)
    async with office.database.transaction() as conn:
        call = await a_call(conn, 78, NOON - timedelta(minutes=1), talks)
        await conn.execute(
            """INSERT INTO call_leg (id, call_id, channel_id, role, endpoint, user_id, started_at)
            VALUES (gen_random_uuid(), $1, 'c', 'agent', 'desk-8001', $2, $3)""",
            call,
            talks,
            NOON,
        )
    assert (await office.welcome()).sticky == ""
    async with office.database.transaction() as conn:
        await conn.execute("UPDATE call_leg SET ended_at = $1", NOON)
    assert (await office.welcome()).sticky == "PJSIP/desk-8001"
    async with office.database.transaction() as conn:
        await conn.execute("UPDATE agent_state SET state = 'paused', reason = 'meal'")
    assert (await office.welcome()).sticky == ""


async def test_a_closed_ticket_is_no_reason(office: Office) -> None:
    agent = await on_duty(office.database, "8001", "cc-claims")
    await office.ticket(agent)
    async with office.database.transaction() as conn:
        await conn.execute("ALTER TABLE ticket DISABLE TRIGGER ALL")
        await conn.execute(
            """UPDATE ticket SET status = 'closed', validity = 'valid', handled_at = $1, informed_at = $1,
            closed_at = $1""",
            NOON,
        )
    assert await office.welcome() == Welcome(queue="")


async def test_the_hint_tells_how_many_it_may_be_and_what_is_open(office: Office) -> None:
    await settle(office.database, (a_customer("王近", NUMBER), []), (a_customer("王远", NUMBER), []))
    number = await office.ticket(None)
    async with office.database.connection() as conn:
        assert (await recognition.known(conn, NUMBER)).hint == f"该号码对应客户 2 位，未结服务单 1 张，最近 {number}"
        assert (await recognition.known(conn, "13900000009")).hint is None


async def test_the_number_dialled_says_the_language_or_the_queue(office: Office) -> None:
    english = await office.welcome(dialled="95519001")
    direct = await office.welcome(dialled="95519002")
    assert (english.language, english.menu, english.queue) == ("en", True, "")
    assert (direct.language, direct.menu, direct.queue) == ("", False, "cc-claims")


async def test_without_the_database_the_number_dialled_still_counts(office: Office) -> None:
    await office.database.close()
    assert (await office.welcome(dialled="95519002")).queue == "cc-claims"
    plain = await office.welcome()
    assert (plain.queue, plain.menu) == ("cc-general", True)
