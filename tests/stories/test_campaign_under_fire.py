"""A campaign of two hundred customers is dialled progressively, and what dials it is killed ten times at random.

Customers are SIPp's: they answer, are busy, do not answer, refuse, hang up in the middle, or a machine answers. At the
end the switch's event log, the database, the archive and what the customers saw are held against each other.
"""

import asyncio
import logging
import os
import random
import shutil
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from callcenter.accounts import passwords
from callcenter.clock import SystemClock
from callcenter.customers import store as customers
from callcenter.customers.customer import Customer, CustomerId, Phone, Policy, PolicyId
from callcenter.db.pool import Database
from callcenter.demo import people
from callcenter.demo.client import Person, StoryError, logged_in
from callcenter.ids import uuid7
from callcenter.lab.customers import Customers, Habit, habit_of, there
from callcenter.lab.environment import Environment, ready, started
from callcenter.lab.phone import Manner
from callcenter.lab.phone import Phone as Telephone
from callcenter.lab.rtp import Say, Wait
from callcenter.lab.site import AgentPhone
from callcenter.lab.speech import speak_alaw
from tests.asterisk.fakes import Row
from tests.stories.witness import Witness, named
from tickets.calendar import SHANGHAI, Calendar

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1500)]

COUNTS = {
    Habit.ANSWERS: 70,
    Habit.BUSY: 30,
    Habit.DOES_NOT_ANSWER: 25,
    Habit.REFUSES: 25,
    Habit.HANGS_UP: 20,
    Habit.MACHINE: 30,
}
TRUE = {
    Habit.ANSWERS: {"answered"},
    Habit.BUSY: {"busy"},
    Habit.DOES_NOT_ANSWER: {"no_answer"},
    Habit.REFUSES: {"refused"},
    Habit.HANGS_UP: {"broken_off"},
    Habit.MACHINE: {"machine"},
}
OURS = {"not_dialled"}
"""What is our own doing and rings nobody."""
MACHINE = "您好，您拨打的电话暂时无法接听，请在提示音后留言，我们会尽快与您联系，谢谢您的来电。"
AGENTS = 14
KILLS = 10
SEED = 95519
FIRST_EXTENSION = 8200

ADD_AGENT = """
INSERT INTO app_user (id, login, name, password_hash, organisation_id, roles, extension, phone, created_at)
VALUES ($1, $2, $3, $4, 'hq', '{callback_agent}', $5, 'desk', now())"""
ATTEMPTS = """
SELECT a.id, a.task_id, a.user_id, a.number, a.requested_at, a.originated_at, a.answered_at, a.ended_at, a.outcome,
    a.cause, a.claims, t.state, t.result, c.id AS call_id, c.cc_call
FROM callback_attempt a JOIN callback_task t ON t.id = a.task_id LEFT JOIN call c ON c.id = a.id ORDER BY a.id"""
TASKS = "SELECT id, number, state, result, not_before, planned_by FROM callback_task ORDER BY id"
UNDER_WAY = """
SELECT (SELECT count(*) FROM callback_task WHERE state IN ('dialling', 'talking', 'concluding')
        OR (state = 'waiting' AND not_before <= $1)) AS tasks,
    (SELECT count(*) FROM callback_attempt WHERE ended_at IS NULL) AS attempts,
    (SELECT count(*) FROM call WHERE ended_at IS NULL) AS calls,
    (SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NULL) AS messages,
    (SELECT min(not_before) FROM callback_task WHERE state = 'waiting') AS next"""
OVER = "SELECT count(*) FROM callback_attempt WHERE ended_at IS NOT NULL"
UNSEALED = "SELECT count(*) FROM segment WHERE state NOT IN ('sealed', 'lost')"
RECORDED = """
SELECT s.call_id, s.state, o.object_id FROM segment s LEFT JOIN recording_object o ON o.call_id = s.call_id"""


@dataclass
class Story:
    """The campaign at work."""

    environment: Environment
    witness: Witness
    customers: Customers
    agents: tuple[Person, ...]
    desks: dict[str, Telephone]
    supervisor: Person
    admin: Person
    campaign: str
    day: date
    users: dict[str, UUID]
    habits: dict[str, Habit] = field(default_factory=dict)
    concluded: list[tuple[UUID, float]] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    killed: Counter[str] = field(default_factory=Counter)

    async def set_clock(self, at: datetime) -> None:
        await self.admin.put("/test/clock", {"at": at.isoformat()})
        await asyncio.sleep(1.2)  # the other processes follow within a second

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self.supervisor.get("/me"))["now"])

    async def ask(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.witness.ask(statement, *arguments)


def a_number(habit: Habit, place: int) -> str:
    return f"139{habit}{place:07d}"


async def load(database: Database, at: datetime, day: date) -> list[str]:
    """Two hundred holders and their policies, signed for the day before; returns the policies' numbers."""
    numbers = [a_number(habit, place) for habit, count in COUNTS.items() for place in range(count)]
    random.Random(SEED).shuffle(numbers)
    async with database.transaction() as conn:
        for number in numbers:
            holder = Customer(
                CustomerId(uuid7(at)),
                "王测试",
                None,
                date(1980, 1, 1),
                "female",
                None,
                (Phone(number, "mobile", True),),
            )
            await customers.add_customer(conn, holder, at)
            policy = Policy(
                id=PolicyId(uuid7(at)),
                number=f"P{number}",
                customer_id=holder.id,
                organisation_id="gd-gz",
                product_name="安心终身寿险",
                product_kind="life",
                sales_channel="agent",
                salesperson="李销售",
                insured_name="王测试",
                long_term=True,
                guaranteed_renewal=False,
                premium=Decimal("6000.00"),
                payment="yearly",
                paying_years=20,
                issued_on=day - timedelta(days=3),
                received_on=day - timedelta(days=1),
                cooling_off_days=20,
                status="in_force",
            )
            await customers.add_policy(conn, policy)
    return [f"P{number}" for number in numbers]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cc-campaign-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(folder: Path) -> AsyncIterator[Story]:
    """Everything started, fourteen callback agents at their telephones, the campaign loaded and not yet begun."""
    extensions = [str(FIRST_EXTENSION + place) for place in range(AGENTS)]
    phones = tuple(AgentPhone(extension, f"phone-{extension}") for extension in extensions)
    settings = {
        "CALLCENTER_CALLING_RING": "4",
        "CALLCENTER_CALLING_TRUNKS": "trunk-main=20/30",
        "CALLCENTER_AGENTS_WRAP_UP": "0",
    }
    wall = SystemClock().now()
    day = Calendar().add_workdays(wall.astimezone(SHANGHAI).date(), 1).day
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(
            started(folder, print, phones=phones, mode="test", dialplan={"CC_SURVEY_WANTED": "0"}, more=settings)
        )
        database = await Database.connect(environment.postgres.url(), size=2)
        async with database.transaction() as conn:
            await people.load(conn, wall)
            hashed = await passwords.hashed(people.PASSWORD)
            for place, extension in enumerate(extensions):
                await conn.execute(ADD_AGENT, uuid4(), f"rung{place:02d}", f"回访员{place}", hashed, extension)
        policies = await load(database, wall, day)
        await database.close()
        logins = ("supervisor01", "admin01", *(f"rung{place:02d}" for place in range(AGENTS)))
        supervisor, admin, *agents = await stack.enter_async_context(
            logged_in(environment.base_url, people.PASSWORD, *logins)
        )
        hello = Say(await asyncio.to_thread(speak_alaw, "您好，请讲。", folder))
        machine = Say(
            await asyncio.to_thread(
                speak_alaw,
                "您好，您拨打的电话暂时无法接听，请在提示音后留言，我们会尽快与您联系，谢谢您的来电。",
                folder,
            )
        )
        address = environment.address
        desks = {}
        for extension in extensions:
            desks[extension] = await stack.enter_async_context(
                Telephone(
                    (address.host, address.sip_port),
                    name=f"desk-{extension}",
                    password=f"phone-{extension}",
                    manner=Manner(ring=0.2, steps=(hello,)),
                    host=address.here,
                )
            )
        for agent in agents:
            await agent.post("/agents/me/actions/log-in", {"phone": "desk"})
        rung = await stack.enter_async_context(there(address, person=(Wait(0.2), hello), machine=(machine,)))
        campaign = (await supervisor.post("/campaigns", {"name": "全量回访"}))["id"]
        manner = {"version": 0, "mode": "progressive", "detects_machines": True}
        await supervisor.put(f"/campaigns/{campaign}/dialling", manner)
        spool = Path(environment.settings["CALLCENTER_SPOOL_FOLDER"])
        archive = Path(environment.settings["CALLCENTER_RECORDINGS_ARCHIVE_ROOT"])
        witness = Witness(address, environment.postgres.url(), archive, spool)
        users = {agent.login: UUID((await agent.get("/me"))["id"]) for agent in agents}
        made = Story(environment, witness, rung, tuple(agents), desks, supervisor, admin, campaign, day, users)
        await made.set_clock(datetime(day.year, day.month, day.day, 8, 0, tzinfo=SHANGHAI))
        added = await supervisor.post("/callback-tasks", {"campaign_id": campaign, "policies": policies})
        assert [one for one in added["items"] if one["refusal"]] == []
        made.habits = {one["task_id"]: habit_of(one["policy"].removeprefix("P")) for one in added["items"]}
        yield made


async def work(story: Story, agent: Person, extension: str) -> None:
    """One agent: asks the questions of whoever is connected, hangs up, and gives the outcome; asks again if refused."""
    desk = story.desks[extension]
    while not story.done.is_set():
        with suppress(StoryError, aiohttp.ClientError, TimeoutError):
            await one_callback(story, agent, desk)
        await asyncio.sleep(0.5)


async def one_callback(story: Story, agent: Person, desk: Telephone) -> None:
    task = (await agent.get("/callback-tasks/current"))["task"]
    if task is None or task["state"] == "dialling":
        return
    habit = story.habits[task["id"]]
    on_the_line = [call for call in desk.calls if call.answered.is_set() and not call.ended.is_set()]
    if task["state"] == "talking" and on_the_line:
        asked = (await agent.get(f"/callback-tasks/{task['id']}"))["questions"]
        yes = [{"question": one["code"], "answer": "yes"} for one in asked]
        said = yes[:3] if habit is Habit.HANGS_UP else yes
        await agent.put(f"/callback-tasks/{task['id']}/answers", {"answers": said})
        if habit is not Habit.HANGS_UP:
            await on_the_line[0].hang_up()
    if task["state"] == "concluding":
        file = await agent.get(f"/callback-tasks/{task['id']}")
        completed = file["verdict"]["completed"]
        body = {"kind": "completed"} if completed else {"kind": "retry"}
        await agent.post(f"/callback-tasks/{task['id']}/outcome", body)
        story.concluded.append((story.users[agent.login], time.time()))


async def kill_at_random(story: Story) -> None:
    """Ten times, the telephony process or the worker, at seeded points of the campaign and a while into what goes on
    there; each is started again by its supervisor."""
    chance = random.Random(SEED)
    for over in sorted(chance.sample(range(2, sum(COUNTS.values())), KILLS)):
        while (await story.ask(OVER))[0][0] < over:
            await asyncio.sleep(0.1)
        await asyncio.sleep(chance.uniform(0, 0.5))
        role = chance.choice(("telephony", "telephony", "work"))
        pid = story.environment.children[role].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        story.killed[role] += 1
        await ready(story.environment)


async def dialled_to_the_end(story: Story) -> None:
    """Sets the clock on whenever nothing more is due, until no task waits any more."""
    quiet = 0
    while True:
        await asyncio.sleep(0.5)
        now = await story.now()
        [left] = await story.ask(UNDER_WAY, now)
        if left["tasks"] or left["attempts"] or left["calls"] or left["messages"]:
            quiet = 0
            continue
        quiet += 1
        if quiet < 2:
            continue
        if left["next"] is None:
            return
        await story.set_clock(left["next"] + timedelta(seconds=1))
        quiet = 0


async def test_two_hundred_customers_are_called_back_whatever_dies(story: Story) -> None:
    """C-13, C-17, C-18, INV-1, INV-12: true outcomes, nobody twice, nobody at the wrong hour, everything recorded."""
    began = time.monotonic()
    async with asyncio.timeout(1200), asyncio.TaskGroup() as tasks:
        for place, agent in enumerate(story.agents):
            tasks.create_task(work(story, agent, str(FIRST_EXTENSION + place)))
        await story.set_clock(datetime(story.day.year, story.day.month, story.day.day, 10, 0, tzinfo=SHANGHAI))
        killer = tasks.create_task(kill_at_random(story))
        await dialled_to_the_end(story)
        await killer
        await dialled_to_the_end(story)
        while (await story.ask(UNSEALED))[0][0]:
            await asyncio.sleep(0.5)
        story.done.set()
    attempts = await story.ask(ATTEMPTS)
    tasks_left = await story.ask(TASKS)
    manner = await story.supervisor.get(f"/campaigns/{story.campaign}/dialling")
    log.info("%d attempts in %.0f s, killed %s: %s", len(attempts), time.monotonic() - began, story.killed, manner)
    log.info("seconds from an outcome to the next customer's telephone: %s", between(story, attempts))
    assert sum(story.killed.values()) == KILLS
    every_task_has_a_true_outcome(attempts, tasks_left)
    nobody_is_dialled_twice(story, attempts)
    nobody_is_rung_at_the_wrong_hour(attempts)
    enough_was_tried_before_another_way(attempts, tasks_left)
    await every_recording_is_sealed_and_linked(story, attempts)
    assert manner["abandoned"] <= 2
    assert manner["in_the_air"] == 0


def between(story: Story, attempts: list[asyncpg.Record]) -> str:
    """Median and the slowest, of what followed within a minute; both moments by this machine's clock."""
    log = named(story.witness.rows(), "CHAN_START")
    begun = {
        row["uniqueid"].removeprefix("cb-"): float(row["eventtime"]) for row in log if row["uniqueid"][:3] == "cb-"
    }
    waits = []
    by_user: dict[UUID, list[float]] = {}
    for attempt in attempts:
        if str(attempt["id"]) in begun:
            by_user.setdefault(attempt["user_id"], []).append(begun[str(attempt["id"])])
    moments = sorted(moment for told in by_user.values() for moment in told)
    for _, at in story.concluded:
        later = [moment for moment in moments if at < moment < at + 60]
        if later:
            waits.append(later[0] - at)
    if not waits:
        return "none"
    return f"median {statistics.median(waits):.2f}, 95 % {sorted(waits)[int(0.95 * len(waits))]:.2f}, of {len(waits)}"


def every_task_has_a_true_outcome(attempts: list[asyncpg.Record], tasks: list[asyncpg.Record]) -> None:
    assert len(tasks) == sum(COUNTS.values())
    assert Counter(task["state"] for task in tasks) == {
        "done": COUNTS[Habit.ANSWERS],
        "otherwise": sum(COUNTS.values()) - COUNTS[Habit.ANSWERS],
    }
    assert {task["result"] for task in tasks if task["state"] == "done"} == {"successful"}
    untrue = [
        (attempt["number"], attempt["outcome"], attempt["cause"], attempt["id"])
        for attempt in attempts
        if attempt["outcome"] not in TRUE[habit_of(attempt["number"])] | OURS
    ]
    assert untrue == []


def nobody_is_dialled_twice(story: Story, attempts: list[asyncpg.Record]) -> None:
    """By the switch's log, by what the customers saw, and by the rows: one channel an attempt, and no two diallings of
    one customer or one agent at once."""
    rows: list[Row] = named(story.witness.rows(), "CHAN_START")
    channels = Counter(row["uniqueid"] for row in rows if row["uniqueid"].startswith("cb-"))
    assert set(channels.values()) == {1}
    dialled = {f"cb-{attempt['id']}" for attempt in attempts if attempt["outcome"] not in OURS}
    assert set(channels) == dialled
    assert story.customers.rung() == len(dialled)
    for whose in ("number", "user_id"):
        by: dict[object, list[asyncpg.Record]] = {}
        for attempt in attempts:
            by.setdefault(attempt[whose], []).append(attempt)
        for one in by.values():
            for earlier, later in pairwise(sorted(one, key=lambda attempt: attempt["id"])):
                assert earlier["ended_at"] is not None
                assert earlier["requested_at"] <= later["requested_at"]


def nobody_is_rung_at_the_wrong_hour(attempts: list[asyncpg.Record]) -> None:
    dialled = [attempt for attempt in attempts if attempt["outcome"] not in OURS]
    hours = {attempt["originated_at"].astimezone(SHANGHAI).hour for attempt in dialled}
    assert hours <= set(range(9, 21))


def enough_was_tried_before_another_way(attempts: list[asyncpg.Record], tasks: list[asyncpg.Record]) -> None:
    calendar = Calendar()
    for task in tasks:
        if task["state"] == "otherwise":
            local = [
                attempt["originated_at"].astimezone(SHANGHAI)
                for attempt in attempts
                if attempt["task_id"] == task["id"] and attempt["outcome"] not in OURS
            ]
            bands = {"morning" if at.hour < 13 else "afternoon" if at.hour < 18 else "evening" for at in local}
            assert len(local) >= 3
            assert len({at.date() for at in local}) >= 2
            assert len(bands) >= 2
            assert any(at.hour >= 18 or not calendar.is_workday(at.date()) for at in local)
            assert task["planned_by"] == "enough_tried"


async def every_recording_is_sealed_and_linked(story: Story, attempts: list[asyncpg.Record]) -> None:
    recorded = await story.ask(RECORDED)
    assert [dict(one) for one in recorded if one["state"] == "sealed" and one["object_id"] is None] == []
    sealed = {one["call_id"] for one in recorded if one["state"] == "sealed"}
    answered = {attempt["id"] for attempt in attempts if attempt["outcome"] in ("answered", "broken_off", "machine")}
    assert answered <= sealed
