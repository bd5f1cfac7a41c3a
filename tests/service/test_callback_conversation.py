"""Answers, outcomes and tasks of callbacks on a real PostgreSQL."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import campaigns, conversation, course, dialling, overflow, scripts, store
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.campaigns import Refusal
from callcenter.callbacks.conversation import Conclusion, Kind, Said
from callcenter.callbacks.errors import (
    AnswerRefusedError,
    CampaignNotFoundError,
    NoConversationError,
    OutcomeRefusedError,
    RespondentNotConfirmedError,
    TaskNotFoundError,
)
from callcenter.callbacks.questions import IDENTITY, SEVEN, Answer
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.task import Purpose, Result, Source, State
from callcenter.clock import ManualClock
from callcenter.db.pool import Database
from callcenter.opening import By
from callcenter.outbox import Message
from tests.conftest import NOON
from tests.service.callbacks import a_task, an_agent, the_attempts, the_task
from tests.service.customers import a_customer, a_policy, settle

pytestmark = pytest.mark.service

SUPERVISOR = By("user:x", path="hq/", permissions=frozenset({Permission.CALL_SUPERVISE}))
YES = [Said(code, Answer.YES) for code in SEVEN]


async def a_conversation(database: Database, clock: ManualClock) -> Task:
    """A task whose customer has just answered."""
    task, agent = await a_task(database), await an_agent(database)
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    clock.advance(timedelta(seconds=5))
    async with database.transaction() as conn:
        await course.answered(conn, attempt.id, clock.now())
    return await the_task(database, task.id)


async def hang_up(database: Database, clock: ManualClock, task: Task) -> None:
    [attempt] = await the_attempts(database, task.id)
    async with database.transaction() as conn:
        await course.ended(conn, attempt.id, clock.now(), cause="normal", answered_at=attempt.answered_at)


async def answer(database: Database, clock: ManualClock, task: Task, *said: Said) -> dict[str, Given]:
    return await conversation.answer(database, task.id, said, by=SUPERVISOR, at=clock.now())


async def conclude(
    database: Database, clock: ManualClock, task: Task, kind: Kind, **more: object
) -> tuple[Task, conversation.Verdict | None]:
    conclusion = Conclusion(kind, **more)  # type: ignore[arg-type]
    return await conversation.conclude(database, task.id, conclusion, by=SUPERVISOR, at=clock.now())


async def test_each_answer_is_stored_with_its_own_second_of_the_call(database: Database, clock: ManualClock) -> None:
    """C-6"""
    task = await a_conversation(database, clock)
    for code in SEVEN:
        clock.advance(timedelta(seconds=7))
        answers = await answer(database, clock, task, Said(code, Answer.YES))
    assert [answers[code].second for code in SEVEN] == [Decimal(7 * n) for n in range(1, 8)]
    assert all(given.live for given in answers.values())


async def test_a_corrected_answer_counts_and_the_first_stays_on_record(database: Database, clock: ManualClock) -> None:
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES)
    clock.advance(timedelta(seconds=2))
    answers = await answer(database, clock, task, Said("cover_known", Answer.UNCLEAR, "说不清责任免除"))
    assert answers["cover_known"].answer is Answer.UNCLEAR
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM callback_answer WHERE question = 'cover_known'") == 2
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("DELETE FROM callback_answer")


async def test_nothing_is_asked_before_the_policyholder_is_confirmed(database: Database, clock: ManualClock) -> None:
    """C-5"""
    task = await a_conversation(database, clock)
    with pytest.raises(RespondentNotConfirmedError):
        await answer(database, clock, task, Said("cover_known", Answer.YES))
    await answer(database, clock, task, Said(IDENTITY, Answer.NO, "家属接听"))
    with pytest.raises(RespondentNotConfirmedError):
        await answer(database, clock, task, Said("cover_known", Answer.YES))


async def test_an_answer_needs_a_conversation_and_a_question_of_the_script(
    database: Database, clock: ManualClock
) -> None:
    task, _ = await a_task(database), await an_agent(database)
    with pytest.raises(NoConversationError):
        await answer(database, clock, task, Said(IDENTITY, Answer.YES))


async def test_only_questions_of_the_script_are_answered(database: Database, clock: ManualClock) -> None:
    task = await a_conversation(database, clock)
    for wrong in (Said("sale_recorded", Answer.YES), Said(IDENTITY, Answer.NOT_APPLICABLE)):
        with pytest.raises(AnswerRefusedError):
            await answer(database, clock, task, wrong)


async def test_all_affirmative_is_successful_and_leaves_the_board(database: Database, clock: ManualClock) -> None:
    """C-13"""
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES)
    await hang_up(database, clock, task)
    assert [attempt.outcome for attempt in await the_attempts(database, task.id)] == [Outcome.ANSWERED]
    done, verdict = await conclude(database, clock, task, Kind.COMPLETED)
    assert (done.state, done.result) == (State.DONE, Result.SUCCESSFUL)
    assert done.concluded_at == clock.now()
    assert verdict is not None
    assert verdict.completed


async def test_success_is_not_taken_on_the_agents_word(database: Database, clock: ManualClock) -> None:
    """C-13"""
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES[:-1])
    with pytest.raises(OutcomeRefusedError, match="paying_period_known"):
        await conclude(database, clock, task, Kind.COMPLETED)
    with pytest.raises(OutcomeRefusedError):
        await conclude(database, clock, task, Kind.SERVED)


async def test_a_problem_case_needs_its_finding_before_it_leaves_the_board(
    database: Database, clock: ManualClock
) -> None:
    """C-13, C-16"""
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES[:-1], Said("paying_period_known", Answer.NO))
    with pytest.raises(OutcomeRefusedError, match="finding"):
        await conclude(database, clock, task, Kind.COMPLETED)
    assert (await the_task(database, task.id)).state is State.TALKING


async def test_a_call_that_breaks_off_is_to_be_tried_again_at_the_hour_the_customer_chose(
    database: Database, clock: ManualClock
) -> None:
    """C-13, C-18"""
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES[:3])
    await hang_up(database, clock, task)
    assert [attempt.outcome for attempt in await the_attempts(database, task.id)] == [Outcome.BROKEN_OFF]
    chosen = NOON + timedelta(hours=10)
    waiting, _ = await conclude(database, clock, task, Kind.RETRY, again_at=chosen)
    assert (waiting.state, waiting.not_before, waiting.chosen_at) == (State.WAITING, chosen, chosen)
    with pytest.raises(OutcomeRefusedError):
        await conclude(database, clock, waiting, Kind.RETRY, again_at=NOON)


async def test_answers_typed_just_after_the_call_are_marked_so_and_complete_it(
    database: Database, clock: ManualClock
) -> None:
    task = await a_conversation(database, clock)
    await answer(database, clock, task, *YES[:6])
    await hang_up(database, clock, task)
    clock.advance(timedelta(seconds=20))
    answers = await answer(database, clock, task, YES[6])
    assert (answers["paying_period_known"].live, answers["paying_period_known"].second) == (False, None)
    done, _ = await conclude(database, clock, task, Kind.COMPLETED)
    assert done.result is Result.SUCCESSFUL
    assert [attempt.outcome for attempt in await the_attempts(database, task.id)] == [Outcome.ANSWERED]


async def test_a_letter_counts_only_with_the_signed_receipt_and_after_enough_tries(
    database: Database, clock: ManualClock
) -> None:
    """C-10, C-17: the receipt itself is in test_callback_ways.py."""
    task = await a_task(database)
    with pytest.raises(OutcomeRefusedError, match="by telephone"):
        await conclude(database, clock, task, Kind.BY_LETTER)
    async with database.connection() as conn:
        await conn.execute("UPDATE callback_task SET state = 'otherwise'")
    for refused, why in (
        ({"kind": Kind.BY_LETTER}, "receipt"),
        ({"kind": Kind.NOT_COMPLETED, "note": " "}, "what was tried"),
        ({"kind": Kind.NOT_COMPLETED, "note": "三次无人接听"}, "letter or a visit"),
    ):
        with pytest.raises(OutcomeRefusedError, match=why):
            await conclude(database, clock, task, **refused)  # type: ignore[arg-type]


async def test_the_database_refuses_a_task_that_is_done_without_an_outcome(
    database: Database, clock: ManualClock
) -> None:
    task = await a_task(database)
    async with database.connection() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="no_task_leaves_without_outcome"):
            await conn.execute("UPDATE callback_task SET state = 'done' WHERE id = $1", task.id)


async def test_a_campaign_makes_one_task_a_policy_and_says_why_for_the_others(database: Database) -> None:
    """C-1: out of scope are group and short policies; C-12: only a number held at underwriting is dialled."""
    holder, silent = a_customer("王测试", "16900000001"), a_customer("无号码")
    policies = [
        a_policy(holder, "P1"),
        a_policy(holder, "P2", sales_channel="group"),
        a_policy(holder, "P3", status="pending"),
        a_policy(holder, "P5", sales_channel="bank"),
    ]
    await settle(database, (holder, policies), (silent, [a_policy(silent, "P4")]))
    campaign_id = uuid4()
    for _ in range(2):
        await campaigns.create(
            database,
            id=campaign_id,
            name="新单",
            organisation_id="gd",
            purpose=Purpose.NEW_BUSINESS,
            script_version=None,
            actor="user:x",
            at=NOON,
        )
    numbers = ["P1", "P2", "P3", "P4", "P5", "P9", "P1"]
    arguments = {"path": "hq/", "actor": "user:x", "at": NOON}
    first = await campaigns.add_policies(database, campaign_id, numbers, **arguments)  # type: ignore[arg-type]
    again = await campaigns.add_policies(database, campaign_id, numbers, **arguments)  # type: ignore[arg-type]
    assert {added.policy: added.refusal for added in first} == {
        "P1": None,
        "P2": Refusal.OUT_OF_SCOPE,
        "P3": Refusal.NOT_IN_FORCE,
        "P4": Refusal.NO_NUMBER,
        "P5": None,
        "P9": Refusal.UNKNOWN,
    }
    assert [added.task_id for added in again] == [added.task_id for added in first]
    async with database.connection() as conn:
        tasks = await store.tasks(conn, "hq/gd/", campaign_id=campaign_id)
        ways = [await scripts.way(conn, task, {}) for task in tasks]
        assert sorted(len(way.asked) for way in ways if way) == [7, 9]
        assert await store.tasks(conn, "hq/sd/", campaign_id=campaign_id) == []
    with pytest.raises(CampaignNotFoundError):
        await campaigns.add_policies(database, campaign_id, ["P1"], path="hq/sd/", actor="user:x", at=NOON)
    with pytest.raises(TaskNotFoundError):
        async with database.connection() as conn:
            await store.task(conn, tasks[0].id, "hq/sd/")


@pytest.mark.parametrize("caller", ["110", "120", "95519", "12345", "8001", "anonymous", "", "+", "1.38E+10"])
async def test_nobody_is_rung_back_at_a_number_that_a_caller_only_pretends_to_have(
    database: Database, caller: str
) -> None:
    """A8, C5"""
    payload = {"call_id": str(uuid4()), "caller": caller}
    async with database.transaction() as conn:
        await overflow.hear(conn, Message(uuid4(), overflow.NAME, "message.left", "k", payload, NOON, 0))
        assert await store.tasks(conn, "hq/", source=Source.OVERFLOW) == []


async def a_campaign(database: Database, purpose: Purpose = Purpose.NEW_BUSINESS) -> UUID:
    made = await campaigns.create(
        database,
        id=uuid4(),
        name="回访",
        organisation_id="hq",
        purpose=purpose,
        script_version=None,
        actor="user:x",
        at=NOON,
    )
    return made.id


async def added(database: Database, campaign: UUID, *policies: str) -> list[campaigns.Added]:
    return await campaigns.add_policies(database, campaign, policies, path="hq/", actor="user:x", at=NOON)


async def test_a_policy_is_called_back_for_one_purpose_by_one_campaign_at_a_time(database: Database) -> None:
    """C-20: however many campaigns are handed it, the customer is rung once; for another purpose, or of another
    policy, again."""
    holder = a_customer("王测试", "16900000001")
    await settle(database, (holder, [a_policy(holder, "P1"), a_policy(holder, "P2")]))
    first, second = await a_campaign(database), await a_campaign(database)
    [taken] = await added(database, first, "P1")
    assert taken.task_id is not None
    again, other = await added(database, second, "P1", "P2")
    assert (again.task_id, again.refusal) == (None, Refusal.CALLED_BACK_ALREADY)
    assert (other.refusal, (await added(database, first, "P1"))[0].existed) == (None, True)
    [ring_back] = await added(database, await a_campaign(database, Purpose.RETURN_CALL), "P1")
    assert ring_back.refusal is None
    with pytest.raises(asyncpg.UniqueViolationError, match="callback_task_one_of_policy"):
        async with database.transaction() as conn:
            await conn.execute(
                "UPDATE callback_task SET policy_id = (SELECT policy_id FROM callback_task WHERE id = $1)",
                taken.task_id,
            )
    async with database.connection() as conn:
        await conn.execute(
            "UPDATE callback_task SET state = 'done', result = 'successful', concluded_at = $2 WHERE id = $1",
            taken.task_id,
            NOON,
        )
    [later] = await added(database, second, "P1")
    assert later.refusal is None


async def test_ten_campaigns_at_once_make_one_task_of_a_policy(database: Database) -> None:
    holder = a_customer("王测试", "16900000001")
    await settle(database, (holder, [a_policy(holder, "P1")]))
    made = [await a_campaign(database) for _ in range(10)]
    results = await asyncio.gather(*(added(database, campaign, "P1") for campaign in made))
    assert sorted(one.task_id is not None for [one] in results) == [False] * 9 + [True]


async def test_a_policy_past_its_cooling_off_period_or_of_unknown_length_is_flagged(
    database: Database, clock: ManualClock
) -> None:
    """C-21, C-4: late when the task is made; the period's length unknown, so the shortest is assumed."""
    holder = a_customer("王测试", "16900000001")
    old = a_policy(holder, "P1", received_on=date(2026, 10, 1))
    unknown = a_policy(holder, "P2", cooling_off_days=None)
    last_day = a_policy(holder, "P3", received_on=date(2026, 11, 3))
    await settle(database, (holder, [old, unknown, last_day]))
    made = await added(database, await a_campaign(database), "P1", "P2", "P3")
    assert [(one.late, one.cooling_off_assumed) for one in made] == [(True, False), (False, True), (False, False)]
    tasks = [await the_task(database, one.task_id) for one in made if one.task_id]
    assert [(task.late, task.cooling_off_assumed) for task in tasks] == [(True, False), (False, True), (False, False)]
    assert tasks[2].due_at == datetime(2026, 11, 18, 16, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "late"), [(-1, False), (0, True)])
@pytest.mark.parametrize("told", ["when answered", "when over"])
async def test_a_customer_reached_after_the_cooling_off_period_is_flagged(
    database: Database, clock: ManualClock, minutes: int, late: bool, told: str
) -> None:
    """C-21: the moment of the conversation decides, whichever of its facts is told first."""
    task, agent = await a_task(database), await an_agent(database)
    attempt = await dialling.request(database, agent, task.id, uuid4(), clock.now())
    assert task.due_at is not None
    at = task.due_at + timedelta(minutes=minutes)
    async with database.transaction() as conn:
        if told == "when answered":
            await course.answered(conn, attempt.id, at)
        else:
            await course.ended(conn, attempt.id, at + timedelta(minutes=5), cause="normal", answered_at=at)
    assert (await the_task(database, task.id)).late is late


async def test_a_message_left_becomes_one_task_however_often_it_is_told(database: Database) -> None:
    """INV-9, C-18"""
    caller = a_customer("王测试", "16900000001")
    await settle(database, (caller, []))
    call_id, night = uuid4(), NOON + timedelta(hours=12)
    payload = {"call_id": str(call_id), "caller": "+8616900000001", "queue": "cc-complaint"}
    for _ in range(3):
        async with database.transaction() as conn:
            await overflow.hear(conn, Message(uuid4(), overflow.NAME, "message.left", "k", payload, night, 0))
    async with database.connection() as conn:
        [task] = await store.tasks(conn, "hq/", source=Source.OVERFLOW)
    assert (task.purpose, task.customer_id, task.number) == (Purpose.RETURN_CALL, caller.id, "16900000001")
    assert task.source_call_id == call_id
    assert task.not_before.isoformat() == "2026-11-19T01:00:00+00:00"


async def test_a_lost_call_of_a_number_two_customers_hold_is_rung_back_for_nobody_in_particular(
    database: Database,
) -> None:
    await settle(database, (a_customer("甲", "16900000001"), []), (a_customer("乙", "16900000001"), []))
    payload = {"call_id": str(uuid4()), "direction": "inbound", "caller": "16900000001", "cause": "asterisk_crash"}
    async with database.transaction() as conn:
        await overflow.hear(conn, Message(uuid4(), overflow.NAME, "call.lost", "k", payload, NOON, 0))
        await overflow.hear(
            conn, Message(uuid4(), overflow.NAME, "call.lost", "k", payload | {"caller": None}, NOON, 0)
        )
    async with database.connection() as conn:
        [task] = await store.tasks(conn, "hq/", source=Source.LOST_CALL)
    assert task.customer_id is None


async def test_a_call_back_without_a_script_is_served_when_somebody_spoke(
    database: Database, clock: ManualClock
) -> None:
    await settle(database, (a_customer("王测试", "16900000001"), []))
    agent = await an_agent(database)
    async with database.transaction() as conn:
        task_id: UUID | None = await overflow.ring_back(
            conn, uuid4(), "16900000001", Source.OVERFLOW, "cc-claims", clock.now()
        )
    assert task_id is not None
    attempt = await dialling.request(database, agent, task_id, uuid4(), clock.now())
    task = await the_task(database, task_id)
    with pytest.raises(NoConversationError):
        await conclude(database, clock, task, Kind.SERVED)
    async with database.transaction() as conn:
        await course.answered(conn, attempt.id, clock.now())
    await hang_up(database, clock, task)
    done, verdict = await conclude(database, clock, task, Kind.SERVED, note="已解答")
    assert (done.result, done.note, verdict) == (Result.SERVED, "已解答", None)
