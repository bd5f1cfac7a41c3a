"""Whose task is next, on a real PostgreSQL: the order of what is due, locks, hand-over, appointments, free agents."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import board, campaigns, conversation, course, dialling, performance, plans, store
from callcenter.callbacks.attempt import ABANDONED_AFTER, Mode, Outcome, channel_of
from callcenter.callbacks.conversation import Conclusion, Kind
from callcenter.callbacks.dialer import NOT_RUNNING, Dialer, Step, give_up
from callcenter.callbacks.dialling import Asker
from callcenter.callbacks.errors import (
    AppointmentRefusedError,
    HandOverRefusedError,
    NotACallingPostError,
    OutcomeRefusedError,
    PlanRefusedError,
    PlanTakenError,
    SalespersonError,
    TaskLockedError,
    UnknownPlanError,
    UnknownTrunkError,
)
from callcenter.callbacks.plan import Plan
from callcenter.callbacks.plans import Manner, Outline
from callcenter.callbacks.progressive import Progressive
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Purpose, State
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.errors import StaleVersionError
from callcenter.opening import By
from callcenter.outbox import Message
from callcenter.trunks import Pace
from tests.conftest import NOON
from tests.service.callbacks import RecordedSwitch, an_agent, the_attempts, the_task
from tests.service.customers import a_customer, a_policy, settle

pytestmark = pytest.mark.service

READY = """
INSERT INTO agent_state (user_id, state, since, endpoint, queues) VALUES ($1, 'ready', $2, $3, '{cc-callback}')"""


@dataclass
class Team:
    """A campaign with a customer for each number, and agents of headquarters."""

    database: Database
    clock: ManualClock
    campaign: UUID
    tasks: list[UUID]
    agents: list[Asker]

    def by(self, agent: int, *permissions: Permission) -> By:
        who = self.agents[agent]
        return By(who.audit_name, who.user_id, path="hq/", permissions=frozenset(permissions))

    async def next(self, agent: int) -> Task | None:
        return await board.take_next(self.database, self.by(agent), self.clock.now())

    async def change(self, statement: str, *arguments: object) -> None:
        async with self.database.connection() as conn:
            await conn.execute(statement, *arguments)

    async def progressive(self, **manner: object) -> None:
        async with self.database.connection() as conn:
            wanted = Manner(await plans.newest(conn), Mode.PROGRESSIVE, **manner)  # type: ignore[arg-type]
        await plans.set_manner(
            self.database,
            self.campaign,
            wanted,
            trunks=frozenset({"trunk-main"}),
            path="hq/",
            actor="user:x",
            at=self.clock.now(),
        )

    async def ready(self, *agents: int) -> None:
        for number in agents:
            who = self.agents[number]
            await self.change(READY, who.user_id, self.clock.now(), who.endpoint)

    def feeder(self, **options: object) -> Progressive:
        return Progressive(self.database, self.clock, lambda: True, **options)  # type: ignore[arg-type]


async def a_team(database: Database, clock: ManualClock, customers: int = 3, agents: int = 2) -> Team:
    pairs = []
    for number in range(customers):
        holder = a_customer(f"客户{number}", f"1690000000{number}")
        pairs.append((holder, [a_policy(holder, f"P{number}")]))
    await settle(database, *pairs)
    people = [await an_agent(database, f"800{number + 1}") for number in range(agents)]
    campaign = await campaigns.create(
        database,
        id=uuid4(),
        name="新单回访",
        organisation_id="hq",
        purpose=Purpose.NEW_BUSINESS,
        script_version=None,
        actor="user:x",
        at=NOON,
    )
    policies = [f"P{number}" for number in range(customers)]
    added = await campaigns.add_policies(database, campaign.id, policies, path="hq/", actor="user:x", at=NOON)
    return Team(database, clock, campaign.id, [one.task_id for one in added if one.task_id], people)


@pytest.fixture
async def team(database: Database, clock: ManualClock) -> Team:
    return await a_team(database, clock)


# ---- the order


async def test_appointments_come_first_then_priority_then_what_is_due_first(team: Team) -> None:
    """C-3, C-18: and what was taken is kept, so that asking again gives the same."""
    first, second, third = team.tasks
    await team.change("UPDATE callback_task SET due_at = due_at - interval '2 days' WHERE id = $1", third)
    await team.change("UPDATE callback_task SET priority = 3 WHERE id = $1", second)
    await team.change("UPDATE callback_task SET chosen_at = $2, not_before = $2 WHERE id = $1", first, NOON)
    order = []
    for _ in range(3):
        task = await team.next(0)
        again = await team.next(0)
        assert task is not None
        assert again == task
        order.append(task.id)
        await team.change("UPDATE callback_task SET not_before = $2 WHERE id = $1", task.id, NOON + timedelta(days=1))
    assert order == [first, second, third]
    assert await team.next(0) is None


async def test_twenty_who_ask_at_once_never_get_the_same_task(database: Database, clock: ManualClock) -> None:
    team = await a_team(database, clock, customers=6, agents=9)
    given = await asyncio.gather(*(team.next(agent % 9) for agent in range(20)))
    by_agent: dict[int, set[UUID]] = {}
    for place, task in enumerate(given):
        if task is not None:
            by_agent.setdefault(place % 9, set()).add(task.id)
    assert by_agent
    assert {len(tasks) for tasks in by_agent.values()} == {1}
    assert len(set().union(*by_agent.values())) == len(by_agent)
    kept = [task.locked_by for task in await on_board(team) if task.locked_by is not None]
    assert len(set(kept)) == len(kept) == len(by_agent)


async def on_board(team: Team) -> Sequence[Task]:
    async with team.database.connection() as conn:
        return await store.tasks(conn, "hq/", on_board=True)


async def test_the_next_task_is_found_by_an_index(team: Team) -> None:
    """However many tasks there are, those before it in the order are looked at, not the table."""
    async with team.database.transaction() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(
            "EXPLAIN " + board.NEXT,
            NOON,
            team.agents[0].user_id,
            "hq/",
            [],
            board.PROMISED,
            True,
            timedelta(hours=1),
            "preview",
            None,
        )
    text = "\n".join(row[0] for row in plan)
    assert "callback_task_next" in text
    assert "Sort" not in text


async def test_nothing_is_given_out_at_night_but_what_was_promised_for_then(team: Team) -> None:
    """C-18"""
    team.clock.set(NOON + timedelta(hours=10))
    assert await team.next(0) is None
    await team.change(
        "UPDATE callback_task SET chosen_at = $2, not_before = $2 WHERE id = $1", team.tasks[1], team.clock.now()
    )
    task = await team.next(0)
    assert task is not None
    assert task.id == team.tasks[1]


# ---- who may not


@pytest.mark.parametrize("sold_as", ["name", "login", "code"])
async def test_the_salesperson_never_gets_the_task(team: Team, sold_as: str) -> None:
    """C-11: neither handed out, nor taken, dialled, handed over, promised or reserved; a colleague does."""
    seller, colleague = team.agents
    await team.change("UPDATE app_user SET name = '李销售员' WHERE id = $1", seller.user_id)
    await team.change("UPDATE app_user SET sells_as = '{S-77}' WHERE id = $1", seller.user_id)
    known = {"name": "李销售员", "login": "u8001", "code": "S-77"}[sold_as]
    await team.change("UPDATE policy SET salesperson = $1", known)
    assert await team.next(0) is None
    task, now = team.tasks[0], team.clock.now()
    for refused in (
        board.take(team.database, task, by=team.by(0), at=now),
        dialling.request(team.database, seller, task, uuid4(), now),
        board.hand_over(team.database, task, seller.user_id, by=team.by(1), at=now),
        board.appoint(team.database, task, now + timedelta(hours=1), seller.user_id, by=team.by(1), at=now),
    ):
        with pytest.raises(SalespersonError):
            await refused
    await team.progressive()
    await team.ready(0)
    assert await team.feeder().step() == []
    await team.ready(1)
    [attempt] = await team.feeder().step()
    assert attempt.user_id == colleague.user_id


async def test_callbacks_are_made_by_headquarters_and_provinces_only(team: Team) -> None:
    """C-11"""
    await team.change("UPDATE app_user SET organisation_id = 'gd-gz' WHERE id = $1", team.agents[0].user_id)
    with pytest.raises(NotACallingPostError):
        await team.next(0)
    with pytest.raises(NotACallingPostError):
        await dialling.request(team.database, team.agents[0], team.tasks[0], uuid4(), team.clock.now())


# ---- locks and hand-over


async def test_a_task_taken_is_nobody_elses_until_the_lock_ends(team: Team) -> None:
    first, other, database, clock = *team.agents, team.database, team.clock
    task = await team.next(0)
    assert task is not None
    with pytest.raises(TaskLockedError):
        await board.take(database, task.id, by=team.by(1), at=clock.now())
    with pytest.raises(TaskLockedError):
        await dialling.request(database, other, task.id, uuid4(), clock.now())
    clock.advance(board.LOCK)
    taken = await board.take(database, task.id, by=team.by(1), at=clock.now())
    assert taken.locked_by == other.user_id
    supervisor = team.by(0, Permission.CALL_SUPERVISE)
    taken = await board.take(database, task.id, by=supervisor, at=clock.now())
    assert taken.locked_by == first.user_id
    freed = await board.release(database, task.id, "客户为熟人", by=team.by(0), at=clock.now())
    assert (freed.locked_by, freed.state) == (None, State.WAITING)


async def test_an_absent_agents_task_and_promise_go_to_a_colleague(team: Team) -> None:
    first, other, database, clock = *team.agents, team.database, team.clock
    moment = clock.now() + timedelta(hours=3)
    task = team.tasks[0]
    mine = await board.appoint(database, task, moment, first.user_id, by=team.by(0), at=clock.now())
    assert (mine.appointment_of, mine.not_before, mine.planned_by) == (first.user_id, moment, "appointment")
    given = await board.hand_over(database, task, other.user_id, by=team.by(0), at=clock.now())
    assert (given.appointment_of, given.locked_by, given.handed_over_by) == (
        other.user_id,
        other.user_id,
        first.audit_name,
    )
    clock.set(moment)
    kept = await team.next(1)
    assert kept is not None
    assert kept.id == task
    with pytest.raises(HandOverRefusedError):
        await board.hand_over(database, task, uuid4(), by=team.by(1), at=clock.now())
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT action FROM audit WHERE object_id = $1", str(task))
    assert {"callback.appoint", "callback.hand_over"} <= {row["action"] for row in rows}


async def test_what_one_promised_in_person_the_team_keeps_when_he_does_not(team: Team) -> None:
    """C-18"""
    clock, moment = team.clock, team.clock.now() + timedelta(hours=1)
    await team.change("UPDATE callback_task SET not_before = $1", NOON + timedelta(days=3))
    await board.appoint(team.database, team.tasks[2], moment, team.agents[0].user_id, by=team.by(0), at=clock.now())
    clock.set(moment)
    assert await team.next(1) is None
    clock.advance(board.PROMISED)
    kept = await team.next(1)
    assert kept is not None
    assert kept.id == team.tasks[2]
    with pytest.raises(AppointmentRefusedError):
        await board.appoint(team.database, team.tasks[1], moment, None, by=team.by(0), at=clock.now())


# ---- progressive


async def test_every_free_agent_gets_one_customer_and_nobody_is_dialled_without_an_agent(team: Team) -> None:
    """Three customers, two agents: two are dialled, each for the agent reserved; the third waits for the next."""
    await team.progressive()
    assert await team.feeder().step() == []
    await team.ready(0, 1)
    feeder = team.feeder()
    attempts = await feeder.step()
    assert {attempt.user_id for attempt in attempts} == {agent.user_id for agent in team.agents}
    assert {attempt.mode for attempt in attempts} == {Mode.PROGRESSIVE}
    assert await feeder.step() == []
    async with team.database.connection() as conn:
        wishes = await conn.fetch("SELECT DISTINCT user_id FROM callback_attempt WHERE ended_at IS NULL")
    assert len(wishes) == 2
    await ends(team, attempts[0].id, answered=False)
    [third] = await feeder.step()
    assert third.user_id == attempts[0].user_id
    assert {attempt.task_id for attempt in [*attempts, third]} == set(team.tasks)


async def ends(team: Team, attempt: UUID, *, answered: bool, agent: str | None = None, lasted: float = 30) -> None:
    """The switch tells how the call went."""
    at = team.clock.now()
    body = {
        "call_id": str(attempt),
        "direction": "callback",
        "started_at": at.isoformat(),
        "answered_at": at.isoformat() if answered else None,
        "ended_at": (at + timedelta(seconds=lasted)).isoformat(),
        "cause": "normal" if answered else "busy",
        "agent": agent,
    }
    async with team.database.transaction() as conn:
        await course.hear(conn, Message(uuid4(), course.NAME, "call.ended", str(attempt), body, at, 0))


@pytest.mark.parametrize("why", ["pause", "owes an outcome", "telephone", "other queue", "trunk is full"])
async def test_who_is_not_free_is_given_nobody(team: Team, why: str) -> None:
    await team.progressive()
    await team.ready(0)
    feeder = team.feeder()
    if why == "pause":
        await team.change("UPDATE agent_state SET state = 'wrap_up', until = $1", NOON)
    elif why == "other queue":
        await team.change("UPDATE agent_state SET queues = '{cc-general}'")
    elif why == "trunk is full":
        feeder = team.feeder(pace=Pace.of(("trunk-main=5/1",)))
        await dialling.request(team.database, team.agents[1], team.tasks[2], uuid4(), team.clock.now())
    elif why == "owes an outcome":
        [attempt] = await feeder.step()
        await ends(team, attempt.id, answered=True, agent="desk-8001")
        assert (await the_task(team.database, attempt.task_id)).state is State.CONCLUDING
    else:

        async def no(_endpoint: str) -> bool:
            return False

        feeder = team.feeder(is_free=no)
    assert await feeder.step() == []


async def test_a_customer_let_wait_for_nobody_is_counted_as_abandoned_and_rung_again_soon(team: Team) -> None:
    """The rate is shown; the agent who was not there gets no other customer until he says that he is ready."""
    await team.progressive()
    await team.ready(0)
    [attempt] = await team.feeder().step()
    await ends(team, attempt.id, answered=True, lasted=ABANDONED_AFTER.total_seconds() + 1)
    [known] = await the_attempts(team.database, attempt.task_id)
    waiting = await the_task(team.database, attempt.task_id)
    assert known.outcome is Outcome.ABANDONED
    assert (waiting.state, waiting.not_before - team.clock.now()) == (State.WAITING, timedelta(minutes=10))
    async with team.database.connection() as conn:
        told = await performance.of_campaign(conn, team.campaign)
        state = await conn.fetchval("SELECT state || ' ' || reason FROM agent_state")
    assert (told.answered, told.abandoned, str(told.abandoned_rate)) == (1, 1, "100.00")
    assert state == "paused no_answer"
    assert await team.feeder().step() == []


@pytest.mark.parametrize("told_first", ["machine", "end"])
async def test_a_machine_is_no_person_whichever_is_told_first(team: Team, told_first: str) -> None:
    await team.progressive(detects_machines=True)
    await team.ready(0)
    [attempt] = await team.feeder().step()
    switch = RecordedSwitch()
    assert await Dialer(team.database, switch, team.clock).step() is Step.DIALLED
    assert switch.rings[0].detects_machines
    body = {"call_id": str(attempt.id), "direction": "callback"}
    told = Message(uuid4(), course.NAME, "call.machine", str(attempt.id), body, team.clock.now(), 0)
    for step in ("machine", "end") if told_first == "machine" else ("end", "machine"):
        if step == "end":
            await ends(team, attempt.id, answered=True, lasted=4)
        else:
            async with team.database.transaction() as conn:
                await course.hear(conn, told)
    [known] = await the_attempts(team.database, attempt.task_id)
    waiting = await the_task(team.database, attempt.task_id)
    assert (known.outcome, known.is_machine) == (Outcome.MACHINE, True)
    assert (waiting.state, waiting.planned_by) == (State.WAITING, "2026-1:machine")
    async with team.database.connection() as conn:
        assert (await performance.of_campaign(conn, team.campaign)).abandoned_rate is None


# ---- pace


async def test_a_trunk_is_never_dialled_faster_nor_fuller_than_its_pace(team: Team) -> None:
    """Two a second and two at once: the second call waits half a second, the third until one has ended."""
    switch, agents = RecordedSwitch(), [*team.agents, await an_agent(team.database, "8003")]
    attempts = [
        await dialling.request(team.database, agent, task, uuid4(), team.clock.now())
        for agent, task in zip(agents, team.tasks, strict=True)
    ]
    dialer = Dialer(team.database, switch, team.clock, pace=Pace.of(("trunk-main=2/2",)))
    assert [await dialer.step(), await dialer.step()] == [Step.DIALLED, Step.NOTHING]
    team.clock.advance(timedelta(milliseconds=500))
    assert await dialer.step() is Step.DIALLED
    team.clock.advance(timedelta(seconds=5))
    assert await dialer.step() is Step.NOTHING
    restarted = Dialer(team.database, switch, team.clock, pace=Pace.of(("trunk-main=2/2",)))
    assert await restarted.step() is Step.NOTHING
    await ends(team, UUID(switch.dialled[0].removeprefix("cb-")), answered=False)
    assert await restarted.step() is Step.DIALLED
    assert [ring.trunk for ring in switch.rings] == ["trunk-main"] * 3
    assert sorted(switch.dialled) == sorted(channel_of(attempt.id) for attempt in attempts)


async def test_a_pause_acts_at_once_and_calls_in_the_air_go_on(team: Team) -> None:
    switch = RecordedSwitch()
    dialer = Dialer(team.database, switch, team.clock)
    flying = await dialling.request(team.database, team.agents[0], team.tasks[0], uuid4(), team.clock.now())
    assert await dialer.step() is Step.DIALLED
    waiting = await dialling.request(team.database, team.agents[1], team.tasks[1], uuid4(), team.clock.now())
    await team.change("UPDATE campaign SET state = 'paused'")
    assert await dialer.halt() == 1
    [halted] = await the_attempts(team.database, waiting.task_id)
    assert (halted.outcome, halted.cause) == (Outcome.NOT_DIALLED, NOT_RUNNING)
    assert (await the_task(team.database, waiting.task_id)).state is State.WAITING
    [still] = await the_attempts(team.database, flying.task_id)
    assert still.ended_at is None
    async with team.database.connection() as conn:
        assert (await performance.of_campaign(conn, team.campaign)).in_the_air == 1
    assert await team.next(1) is None
    assert await dialer.step() is Step.NOTHING


async def test_the_numbers_are_those_held_in_the_core_system_now(team: Team) -> None:
    """C-12: a number changed by policy service is dialled in place of the old one, nothing else ever is."""
    task = team.tasks[0]
    await team.change("UPDATE customer_phone SET number = '16911111111' WHERE number = '16900000000'")
    await team.change("UPDATE callback_task SET priority = 1 WHERE id = $1", task)
    taken = await team.next(0)
    assert taken is not None
    assert (taken.id, taken.number) == (task, "16911111111")
    attempt = await dialling.request(team.database, team.agents[0], task, uuid4(), team.clock.now())
    assert attempt.number == "16911111111"


async def spoken(team: Team, task: UUID, agent: int = 0) -> UUID:
    """The customer was dialled by preview, somebody spoke with the agent, and the outcome is owed."""
    who = team.agents[agent]
    attempt = await dialling.request(team.database, who, task, uuid4(), team.clock.now())
    await ends(team, attempt.id, answered=True, agent=who.endpoint)
    return attempt.id


async def conclude(team: Team, task: UUID, agent: int = 0, **more: object) -> Task:
    conclusion = Conclusion(Kind.RETRY, **more)  # type: ignore[arg-type]
    done, _ = await conversation.conclude(team.database, task, conclusion, by=team.by(agent), at=team.clock.now())
    return done


async def test_an_agent_is_shown_the_callback_he_is_on_until_its_outcome_is_given(team: Team) -> None:
    """Also who took it in place of the agent it was reserved for."""
    assert await board.current(team.database, team.by(0)) is None
    attempt = await spoken(team, team.tasks[0])
    shown = await board.current(team.database, team.by(0))
    assert shown is not None
    assert (shown.id, shown.state) == (team.tasks[0], State.CONCLUDING)
    assert await board.current(team.database, team.by(1)) is None
    leg = "INSERT INTO call_leg (id, call_id, channel_id, role, user_id, started_at, answered_at) VALUES "
    await team.change(leg + "($1, $2, 'c', 'agent', $3, $4, $4)", uuid4(), attempt, team.agents[1].user_id, NOON)
    assert (await board.current(team.database, team.by(1))) == shown
    await conclude(team, team.tasks[0])
    assert await board.current(team.database, team.by(0)) is None


async def test_a_number_found_wrong_is_struck_and_without_any_left_another_way_takes_over(team: Team) -> None:
    """C-12, C-10: the stranger is never rung again, though C-17 is not satisfied."""
    task = team.tasks[0]
    await team.change(
        "INSERT INTO customer_phone (number, customer_id) "
        "SELECT '16922222222', customer_id FROM callback_task WHERE id = $1",
        task,
    )
    await spoken(team, task)
    waiting = await conclude(team, task, came_to=Outcome.WRONG_NUMBER)
    assert (waiting.state, waiting.number, waiting.planned_by) == (State.WAITING, "16922222222", "2026-1:wrong_number")
    [first] = await the_attempts(team.database, task)
    assert first.outcome is Outcome.WRONG_NUMBER
    team.clock.set(waiting.not_before)
    attempt = await dialling.request(team.database, team.agents[0], task, uuid4(), team.clock.now())
    body = {"call_id": str(attempt.id), "direction": "callback", "answered_at": None, "cause": "no_such_number"}
    body["ended_at"] = team.clock.now().isoformat()
    async with team.database.transaction() as conn:
        await course.hear(conn, Message(uuid4(), course.NAME, "call.ended", "k", body, team.clock.now(), 0))
    left = await the_task(team.database, task)
    assert (left.state, left.planned_by) == (State.OTHERWISE, "no_number_left")


async def test_who_asked_to_be_rung_again_is_rung_by_the_same_agent_or_by_the_team(team: Team) -> None:
    """C-18"""
    moment = team.clock.now() + timedelta(hours=5)
    for task, personal in ((team.tasks[0], True), (team.tasks[1], False)):
        attempt = await spoken(team, task)
        again = await conclude(team, task, again_at=moment, personal=personal)
        assert (again.chosen_at, again.planned_by) == (moment, "appointment")
        assert again.appointment_of == (team.agents[0].user_id if personal else None)
        [known] = await the_attempts(team.database, task)
        assert (known.id, known.outcome) == (attempt, Outcome.CALL_AGAIN)


async def test_what_only_the_switch_can_know_an_agent_does_not_say(team: Team) -> None:
    await spoken(team, team.tasks[0])
    for outcome in (Outcome.BUSY, Outcome.ABANDONED, Outcome.LOST):
        with pytest.raises(OutcomeRefusedError):
            await conclude(team, team.tasks[0], came_to=outcome)


async def test_a_dialling_thought_lost_that_was_a_conversation_is_concluded_after_all(team: Team) -> None:
    task, database = team.tasks[0], team.database
    attempt = await dialling.request(database, team.agents[0], task, uuid4(), team.clock.now())
    async with database.transaction() as conn:
        await give_up(conn, attempt.id, Outcome.LOST, "vanished", team.clock.now())
    assert (await the_task(database, task)).state is State.WAITING
    await ends(team, attempt.id, answered=True, agent="desk-8001")
    assert (await the_task(database, task)).state is State.CONCLUDING


async def test_a_plan_is_never_changed_and_a_campaign_keeps_the_one_it_was_given(team: Team) -> None:
    """C-17"""
    outline = Outline("patient-1", "耐心计划", Plan("patient-1", tries=4, days=3))
    async with team.database.connection() as conn:
        before = await plans.newest(conn)
    await plans.set_manner(
        team.database, team.campaign, Manner(before), trunks=frozenset(), path="hq/", actor="user:x", at=NOON
    )
    await plans.add(team.database, outline, actor="user:x", at=NOON)
    with pytest.raises(PlanTakenError):
        await plans.add(team.database, outline, actor="user:x", at=NOON)
    impossible = Outline("hasty-1", "x", Plan("hasty-1", tries=9, days=2, most_a_day=3))
    with pytest.raises(PlanRefusedError):
        await plans.add(team.database, impossible, actor="user:x", at=NOON)
    async with team.database.connection() as conn:
        assert await plans.newest(conn) == "patient-1"
        assert (await plans.of_task(conn, await the_task(team.database, team.tasks[0]))).version == before
        assert (await plans.one(conn, "patient-1")).after(Outcome.BUSY).wait == timedelta(minutes=30)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("UPDATE attempt_plan SET tries = 1")


async def test_how_a_campaign_is_dialled_wants_the_version_that_was_read_and_a_trunk_that_is_there(team: Team) -> None:
    await team.progressive()
    for manner, error in (
        (Manner("2026-1"), StaleVersionError),
        (Manner("2026-1", trunk="trunk-x", version=1), UnknownTrunkError),
        (Manner("no-such", version=1), UnknownPlanError),
    ):
        with pytest.raises(error):
            await plans.set_manner(
                team.database, team.campaign, manner, trunks=frozenset(), path="hq/", actor="user:x", at=NOON
            )


async def test_by_night_only_who_asked_for_it_is_dialled_progressively(team: Team) -> None:
    """C-18"""
    await team.progressive()
    await team.ready(0)
    team.clock.set(NOON + timedelta(hours=10))
    feeder = team.feeder()
    assert await feeder.step() == []
    await team.change(
        "UPDATE callback_task SET chosen_at = $2, not_before = $2 WHERE id = $1", team.tasks[1], team.clock.now()
    )
    [attempt] = await feeder.step()
    assert attempt.task_id == team.tasks[1]
    await team.change("UPDATE campaign SET state = 'paused'")
    assert await feeder.step() == []


async def test_who_may_not_ring_again_is_neither_handed_the_task_nor_reserved_for_it(team: Team) -> None:
    """C-24"""
    await team.change("UPDATE callback_task SET barred = ARRAY[$1::uuid]", team.agents[0].user_id)
    assert await team.next(0) is None
    await team.progressive()
    await team.ready(0)
    assert await team.feeder().step() == []
    await team.ready(1)
    assert [attempt.user_id for attempt in await team.feeder().step()] == [team.agents[1].user_id]
