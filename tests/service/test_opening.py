"""Tickets are opened on a real PostgreSQL: once, numbered, linked, with clocks, whole or not at all."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from agi.ports import Caller
from callcenter import complaints as use_case
from callcenter.archiving import store as archive
from callcenter.calls import view
from callcenter.clock import ManualClock
from callcenter.complaints import Complaints
from callcenter.db.pool import Database
from callcenter.frontdesk import FrontDesk
from callcenter.ids import uuid7
from callcenter.opening import By, OnCall, Opening, Via, menu_key
from tests.conftest import NOON
from tests.service.customers import a_customer, a_policy, settle
from tests.service.desk import FULL, a_call, a_callback, a_user, an_opening, complaints, hang_up, somebody
from tickets import store as tickets
from tickets.errors import CallNotFoundError, CallTooOldError, KeyReusedError, NotAdmissibleError
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Channel, ComplainantType, Nature, Particulars, Source
from tickets.store import Arrival

__all__ = ["complaints"]
pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not look like a database that is away; test_opening_without_database.py has that."""
    monkeypatch.setattr(use_case, "PATIENCE", 20.0)


async def one(database: Database, query: str, *values: object) -> asyncpg.Record:
    async with database.connection() as conn:
        row = await conn.fetchrow(query, *values)
    assert row is not None
    return row


async def count(database: Database, table: str) -> int:
    return int((await one(database, f"SELECT count(*) AS n FROM {table}"))["n"])


async def test_a_ticket_on_a_live_call_knows_how_far_into_the_call_it_was_opened(
    database: Database, complaints: Complaints
) -> None:
    """T-3, R-1.4"""
    async with database.transaction() as conn:
        agent = await a_user(conn)
        call = await a_call(conn, user=agent.user_id)
    opened = await complaints.open(an_opening(call), agent)
    assert opened.number == "95519-20261118-000001"
    assert opened.opened_live is True
    assert opened.seconds_into_call == 42.0
    assert not opened.repeated


async def test_one_statement_writes_ticket_link_clocks_history_outbox_and_audit(
    database: Database, complaints: Complaints
) -> None:
    """T-3, L-1, L-2, L-7, L-8, L-11, L-17"""
    async with database.transaction() as conn:
        call = await a_call(conn)
    opening = an_opening(call)
    await complaints.open(opening, somebody())
    ticket = await one(database, "SELECT * FROM ticket WHERE id = $1", opening.key)
    assert (ticket["occurrences"], ticket["pieces"], ticket["relation"]) == (1, 1, "first")
    assert ticket["matter_id"] == opening.key
    for table, rows in [
        ("ticket_call", 1),
        ("ticket_clock", 6),
        ("ticket_event", 1),
        ("matter", 1),
        ("outbox_event", 1),
        ("audit", 1),
    ]:
        assert await count(database, table) == rows, table
    clocks = await one(
        database, "SELECT array_agg(kind ORDER BY kind) AS met FROM ticket_clock WHERE met_at IS NOT NULL"
    )
    assert clocks["met"] == ["acknowledge", "register"]


async def test_numbers_of_a_day_have_no_gaps_and_days_are_shanghais(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """D-14: half past midnight in Shanghai is a new day, though not in UTC."""
    numbers = [(await complaints.open(an_opening(), somebody())).number for _ in range(3)]
    clock.set(datetime(2026, 11, 18, 16, 30, tzinfo=UTC))
    numbers.append((await complaints.open(an_opening(), somebody())).number)
    assert numbers == [
        "95519-20261118-000001",
        "95519-20261118-000002",
        "95519-20261118-000003",
        "95519-20261119-000001",
    ]


async def test_fifty_equal_keys_at_once_give_one_ticket_and_burn_no_number(
    database: Database, complaints: Complaints
) -> None:
    """H9"""
    async with database.transaction() as conn:
        call = await a_call(conn)
    opening, by = an_opening(call), somebody()
    opened = await asyncio.gather(*(complaints.open(opening, by) for _ in range(50)))
    assert {o.number for o in opened} == {"95519-20261118-000001"}
    assert sum(not o.repeated for o in opened) == 1
    assert {(o.opened_live, o.seconds_into_call) for o in opened} == {(True, 42.0)}
    assert (await complaints.open(an_opening(), by)).number == "95519-20261118-000002"
    assert await count(database, "ticket_event") == 2


async def test_many_tickets_at_once_get_consecutive_numbers(complaints: Complaints) -> None:
    """H9"""
    by = somebody()
    opened = await asyncio.gather(*(complaints.open(an_opening(), by) for _ in range(30)))
    assert sorted(o.number or "" for o in opened) == [f"95519-20261118-{n:06d}" for n in range(1, 31)]


async def test_the_same_key_for_something_else_is_refused(complaints: Complaints) -> None:
    """H8"""
    opening, by = an_opening(), somebody()
    await complaints.open(opening, by)
    for other, who in [
        (replace(opening, particulars=replace(FULL, demand="退保")), by),
        (opening, somebody()),
    ]:
        with pytest.raises(KeyReusedError):
            await complaints.open(other, who)


async def test_a_ticket_of_a_call_whose_end_is_told_late_is_live_nowhere(
    database: Database, complaints: Complaints
) -> None:
    """T-3: not in the file, not with the call, not in what is sealed for ever, not for who asks again."""
    async with database.transaction() as conn:
        agent = await a_user(conn)
        call = await a_call(conn, user=agent.user_id)
    opening = an_opening(call)
    assert (await complaints.open(opening, agent)).opened_live is True
    async with database.transaction() as conn:
        await hang_up(conn, call, NOON - timedelta(seconds=1))
        [of_file] = await tickets.calls(conn, opening.key)
        row = await view.find(conn, agent.eyes, call)
        assert row is not None
        [of_call] = (await view.whole(conn, row, None)).tickets
        [sealed] = (await archive.surroundings(conn, call)).tickets
    assert [told["opened_live"] for told in (of_file, of_call, sealed)] == [False] * 3
    assert (await complaints.open(opening, agent)).opened_live is False


async def test_after_the_call_a_ticket_is_taken_the_same_day_and_marked_not_live(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """T-3"""
    async with database.transaction() as conn:
        agent = await a_user(conn)
        call = await a_call(conn, user=agent.user_id)
        await hang_up(conn, call, NOON - timedelta(seconds=1))
    opening = an_opening(call)
    opened = await complaints.open(opening, agent)
    assert opened.opened_live is False
    clock.advance(timedelta(days=1))
    with pytest.raises(CallTooOldError):
        await complaints.open(an_opening(call), agent)
    again = await complaints.open(opening, agent)
    assert (again.number, again.repeated) == (opened.number, True)


async def test_a_call_nobody_knows_is_refused(complaints: Complaints) -> None:
    """H14"""
    with pytest.raises(CallNotFoundError):
        await complaints.open(an_opening(uuid7(NOON)), somebody())


async def test_another_organisations_call_looks_as_if_it_did_not_exist(
    database: Database, complaints: Complaints
) -> None:
    """H14"""
    async with database.transaction() as conn:
        stranger = await a_user(conn, "sd-jn", "stranger")
        call = await a_call(conn, user=stranger.user_id)
    with pytest.raises(CallNotFoundError):
        await complaints.open(an_opening(call), somebody("gd-gz"))
    assert (await complaints.open(an_opening(call), somebody("hq"))).opened_live


async def test_the_menu_opens_one_short_ticket_per_call(database: Database, complaints: Complaints) -> None:
    """F-9, design.md §4.4: before an agent answers, and however often the script runs."""
    async with database.transaction() as conn:
        call = await a_call(conn)
    opening = Opening(
        key=menu_key(call, "hl1-1.1"),
        via=Via.IVR,
        accepting_organisation="hq",
        particulars=Particulars(complainant_phone="13900000001"),
        call=OnCall(call),
    )
    first, second = [await complaints.open(opening, By("system:menu")) for _ in range(2)]
    assert (first.number, second.repeated) == (second.number, True)
    ticket = await one(database, "SELECT * FROM ticket")
    assert (ticket["opened_via"], ticket["complete_at"], ticket["pieces"]) == ("ivr", None, 1)


async def test_the_menu_opens_a_ticket_before_the_calls_row_is_there(complaints: Complaints) -> None:
    """T-3: a call whose row is late is still linked, live, with its seconds."""
    opening = replace(an_opening(via=Via.IVR), call=OnCall(uuid7(NOON), NOON - timedelta(seconds=7)))
    opened = await complaints.open(opening, By("system:menu"))
    assert (opened.opened_live, opened.seconds_into_call) == (True, 7.0)


async def test_seconds_count_from_the_customers_answer_also_when_it_is_told_late(
    database: Database, complaints: Complaints
) -> None:
    """T-3: the recording begins there; on a call we dialled and nobody took yet there is no second to tell."""
    async with database.transaction() as conn:
        by = await a_user(conn)
        inbound, click = [await a_call(conn, serial=n, user=by.user_id) for n in (1, 2)]
        await conn.execute("UPDATE call SET direction = 'click' WHERE id = $1", click)
        await conn.execute("UPDATE call SET answered_at = $2 WHERE id = $1", inbound, NOON - timedelta(seconds=40))
    talking, ringing = an_opening(inbound), an_opening(click)
    assert (await complaints.open(talking, by)).seconds_into_call == 40.0
    assert (await complaints.open(ringing, by)).seconds_into_call is None
    async with database.transaction() as conn:
        await conn.execute("UPDATE call SET answered_at = $2 WHERE id = $1", click, NOON + timedelta(seconds=3))
        await conn.execute("UPDATE call SET answered_at = $2 WHERE id = $1", inbound, NOON - timedelta(seconds=41))
    assert (await complaints.open(ringing, by)).seconds_into_call is None
    assert (await one(database, tickets.CALLS, talking.key))["seconds_into_call"] == 41.0


HEARD = Heard(Subject.MIS_SELLING, Intention.YES, Respondent.POLICYHOLDER)


async def test_the_menus_ticket_writes_the_row_of_a_call_nobody_has_written_yet(
    database: Database, complaints: Complaints
) -> None:
    """T-3, design.md §7: the file shows both moments even while whoever owns the calls is away."""
    began = NOON - timedelta(seconds=7)
    call = uuid7(began)
    arrived = Arrival("hl1-1795000000.1", "inbound", "13900000001", "95519")
    opened = await complaints.open(
        replace(an_opening(via=Via.IVR), call=OnCall(call, began, arrived)), By("system:menu")
    )
    assert (opened.opened_live, opened.seconds_into_call) == (True, 7.0)
    row = await one(database, "SELECT * FROM call WHERE id = $1", call)
    assert (row["cc_call"], row["direction"], row["caller"], row["did"]) == (
        "hl1-1795000000.1",
        "inbound",
        "13900000001",
        "95519",
    )
    assert (row["state"], row["started_at"], row["ended_at"]) == ("ivr", began, None)


async def test_the_menus_ticket_leaves_a_call_as_its_owner_wrote_it(database: Database, complaints: Complaints) -> None:
    """T-3"""
    async with database.transaction() as conn:
        call = await a_call(conn)
    before = await one(database, "SELECT * FROM call WHERE id = $1", call)
    arrived = Arrival(before["cc_call"], "inbound", "13900000009", "10086")
    await complaints.open(replace(an_opening(via=Via.IVR), call=OnCall(call, NOON, arrived)), By("system:menu"))
    assert tuple(await one(database, "SELECT * FROM call WHERE id = $1", call)) == tuple(before)


@pytest.mark.parametrize(("number", "dialled"), [(None, ""), ("13900000001", "unknown"), ("13900000001", "9" * 80)])
async def test_the_menu_opens_a_ticket_for_whoever_calls(
    database: Database, clock: ManualClock, complaints: Complaints, number: str | None, dialled: str
) -> None:
    """T-3: also for a caller who withholds his number."""
    desk = FrontDesk(database, clock, complaints)
    name = f"hl1-{int(NOON.timestamp()) - 7}.1"
    caller = Caller(name, "PJSIP/trunk-main-00000001", number, "", dialled, "zh")
    assert await desk.open_complaint(caller) == "95519-20261118-000001"
    row = await one(database, "SELECT cc_call, caller, did FROM call")
    assert (row["cc_call"], row["caller"]) == (name, number)


async def test_what_is_known_of_the_call_is_no_part_of_what_is_asked_for(complaints: Complaints) -> None:
    """H8: whoever tells of the choice later, without knowing the call so well, tells of the same ticket."""
    by, call = By("system:menu"), OnCall(uuid7(NOON), NOON)
    knowing = replace(call, arrived=Arrival("hl1-1795000000.1", "inbound", "13900000001", "95519"))
    opening = replace(an_opening(via=Via.IVR), call=knowing)
    first = await complaints.open(opening, by)
    assert (await complaints.open(replace(opening, call=call), by)).number == first.number


async def test_a_clear_complaint_on_a_callback_is_inbound_counted_and_keeps_its_verdict(
    database: Database, complaints: Complaints
) -> None:
    """T-2, R-2.2, D-7"""
    call, agent = await a_callback(database)
    opened = await complaints.open(an_opening(call, heard=HEARD), agent)
    assert opened.nature is Nature.COMPLAINT
    ticket = await one(database, "SELECT * FROM ticket")
    assert (ticket["channel"], ticket["source"], ticket["pieces"]) == ("phone_inbound", "callback", 1)
    assert ticket["heard"] == {"subject": "mis_selling", "intention": "yes", "respondent": "policyholder"}
    assert ticket["verdict"]["counts"] is True


async def test_a_finding_is_outbound_uncounted_and_has_its_own_limits(
    database: Database, complaints: Complaints
) -> None:
    """T-1, R-2.3, R-2.4, R-2.5, L-31, D-6"""
    heard = replace(HEARD, intention=Intention.NO, respondent=Respondent.AUTHORISED)
    call, agent = await a_callback(database)
    opened = await complaints.open(an_opening(call, heard=heard), agent)
    assert opened.nature is Nature.CALLBACK_FINDING
    ticket = await one(database, "SELECT * FROM ticket")
    assert (ticket["channel"], ticket["pieces"], ticket["occurrences"]) == ("phone_outbound", 0, 0)
    assert (ticket["relation"], ticket["matter_id"], ticket["validity"]) == (None, None, None)
    clock = await one(database, "SELECT * FROM ticket_clock WHERE kind = 'decide_inform'")
    assert (clock["due_day"], clock["statutory"], clock["rules"][0]) == (date(2026, 12, 9), None, "L-31")


@pytest.mark.parametrize(
    "change",
    [
        "SET pieces = 1",
        "SET occurrences = 1",
        "SET channel = 'phone_inbound'",
        "SET relation = 'first', matter_id = id, validity = 'pending'",
        "SET heard = NULL",
        "SET verdict = jsonb_set(verdict, '{nature}', '\"complaint\"')",
    ],
)
async def test_the_schema_refuses_to_count_a_finding(database: Database, complaints: Complaints, change: str) -> None:
    """T-1: whoever writes it, by whatever way."""
    heard = replace(HEARD, intention=Intention.NO)
    call, agent = await a_callback(database)
    await complaints.open(an_opening(call, heard=heard), agent)
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as conn:
            await conn.execute(f"UPDATE ticket {change}")


@pytest.mark.parametrize(
    "opening",
    [an_opening(via=Via.CALLBACK_AGENT), an_opening(source=Source.CALLBACK)],
    ids=["by the callback agent", "by its source"],
)
async def test_a_callback_must_say_what_was_heard(complaints: Complaints, opening: Opening) -> None:
    """F-13"""
    with pytest.raises(NotAdmissibleError) as refused:
        await complaints.open(opening, somebody())
    assert refused.value.rules[0] == "F-13"


async def test_a_policy_number_gives_the_underwriting_organisation_but_picks_no_customer(
    database: Database, complaints: Complaints
) -> None:
    """R-1.10: candidates are shown, never picked silently."""
    customer = a_customer("王小明", "13900000001")
    await settle(database, (customer, [a_policy(customer, "P2026000001", "sd-jn")]))
    await complaints.open(an_opening(policy_number="P2026000001"), somebody())
    ticket = await one(database, "SELECT * FROM ticket")
    assert (ticket["underwriting_organisation_id"], ticket["customer_id"]) == ("sd-jn", None)
    await complaints.open(an_opening(customer_id=customer.id, policy_number="P-unknown"), somebody())
    second = await one(database, "SELECT * FROM ticket ORDER BY number DESC LIMIT 1")
    assert (second["customer_id"], second["policy_id"], second["policy_number"]) == (customer.id, None, "P-unknown")


async def test_what_is_no_complaint_has_no_matter_and_no_statutory_clock(
    database: Database, complaints: Complaints
) -> None:
    """R-1.3, D-8, F-24"""
    await complaints.open(an_opening(particulars=replace(FULL, asks_company_to_act=False)), somebody())
    ticket = await one(database, "SELECT * FROM ticket")
    assert (ticket["nature"], ticket["pieces"], ticket["matter_id"]) == ("non_complaint", 0, None)
    assert await count(database, "ticket_clock") == 4


@pytest.mark.parametrize("who", [ComplainantType.AGENT, ComplainantType.PUBLIC])
async def test_a_grievance_of_no_customer_is_taken_weighs_nothing_and_is_not_said_to_count(
    database: Database, complaints: Complaints, who: ComplainantType
) -> None:
    """F-37, F-38"""
    opened = await complaints.open(an_opening(particulars=replace(FULL, complainant_type=who)), somebody())
    assert not opened.counts
    assert (await complaints.open(an_opening(), somebody())).counts
    ticket = await one(database, "SELECT nature, pieces, occurrences FROM ticket WHERE id = $1", opened.key)
    assert tuple(ticket) == ("complaint", 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "𠮷野家'; DROP TABLE ticket;--",
        "<script>alert(1)</script>",
        "=1+1",
        "\u202egnp.exe",
        "a\u200bb",
        "行1\r\nX-H: 1",
        "\x01\x7f",
    ],
)
async def test_any_text_is_kept_exactly(database: Database, complaints: Complaints, text: str) -> None:
    """H11, H12"""
    await complaints.open(an_opening(particulars=replace(FULL, description=text)), somebody())
    assert (await one(database, "SELECT description FROM ticket"))["description"] == text


@pytest.mark.parametrize("text", ["\0", "\ud800"])
async def test_text_no_database_keeps_is_refused_before_it(complaints: Complaints, text: str) -> None:
    """H11"""
    with pytest.raises(NotAdmissibleError):
        await complaints.open(an_opening(particulars=replace(FULL, description=text)), somebody())


async def test_the_announcement_carries_no_personal_data(database: Database, complaints: Complaints) -> None:
    """T-6"""
    await complaints.open(an_opening(channel=Channel.LETTER), somebody())
    payload = (await one(database, "SELECT payload FROM outbox_event WHERE topic = 'ticket.opened'"))["payload"]
    assert payload["number"] == "95519-20261118-000001"
    assert "王小明" not in json.dumps(payload, ensure_ascii=False)
    assert "13900000001" not in json.dumps(payload)


async def test_a_corrected_calendar_moves_the_next_tickets_deadlines(
    database: Database, complaints: Complaints, clock: ManualClock
) -> None:
    """T-7: the override table wins, read again within a minute."""
    await complaints.open(an_opening(), somebody())
    async with database.transaction() as conn:
        await conn.execute("INSERT INTO calendar_day VALUES ('2026-11-19', false, '台风停工', '公司通知')")
    clock.advance(timedelta(seconds=61))
    await complaints.open(an_opening(), somebody())
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT due_day FROM ticket_clock WHERE kind = 'decide_inform' ORDER BY due_day")
    assert [row["due_day"] for row in rows] == [date(2026, 11, 25), date(2026, 11, 26)]


def test_a_menu_key_is_the_same_for_whoever_computes_it() -> None:
    """archive.md §3.9"""
    call = uuid7(NOON)
    assert menu_key(call, "hl1-1.1") == menu_key(UUID(str(call)), "hl1-1.1")
    assert menu_key(call, "hl1-1.1") != menu_key(call, "hl1-1.2")


async def test_a_ticket_whose_commit_took_longer_than_the_call_is_not_called_live(
    database: Database, clock: ManualClock, complaints: Complaints
) -> None:
    """T-3: somebody held the day's counter while the caller hung up."""
    async with database.transaction() as conn:
        agent = await a_user(conn)
        call = await a_call(conn, user=agent.user_id)
    await complaints.open(an_opening(), agent)
    async with database.transaction() as conn:
        await conn.execute("SELECT FROM ticket_counter FOR UPDATE")
        opening = asyncio.create_task(complaints.open(an_opening(call), agent))
        await asyncio.sleep(0.1)
        clock.advance(timedelta(milliseconds=300))
    async with database.transaction() as conn:
        await hang_up(conn, call, NOON + timedelta(milliseconds=200))
    await opening
    ticket = await one(database, "SELECT id FROM ticket ORDER BY number DESC LIMIT 1")
    async with database.connection() as conn:
        [told] = await tickets.calls(conn, ticket["id"])
    assert (told["opened_live"], told["linked_at"]) == (False, NOON + timedelta(milliseconds=300))
