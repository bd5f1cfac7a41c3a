"""The SQL of campaigns, tasks, attempts and answers. Must never begin a transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from callcenter.callbacks.attempt import Mode, Outcome
from callcenter.callbacks.campaign import Standing
from callcenter.callbacks.errors import CampaignNotFoundError, TaskNotFoundError
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Condition
from callcenter.callbacks.task import AttemptId, CampaignId, Purpose, Result, Source, State, TaskId
from callcenter.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Campaign:
    """A batch of callbacks (回访批次) of the policies of an organisation and of all below it.

    `products`, `channels`, `regions` narrow it, each only where it names any; `automatic`: policies in scope get their
    tasks without being handed in; `extension_days`: see C-21.
    """

    id: CampaignId
    name: str
    organisation_id: str
    purpose: Purpose
    script_version: str | None
    created_by: str
    created_at: datetime
    simplified_version: str | None = None
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    automatic: bool = True
    extension_days: int | None = None
    state: Standing = Standing.RUNNING
    version: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    """One customer to be rung about one matter (回访任务)."""

    id: TaskId
    campaign_id: CampaignId | None
    purpose: Purpose
    source: Source
    source_call_id: UUID | None
    organisation_id: str
    customer_id: UUID | None
    policy_id: UUID | None
    number: str
    script_version: str | None
    wish: str | None
    state: State
    not_before: datetime
    chosen_at: datetime | None
    due_at: datetime | None
    result: Result | None
    note: str | None
    concluded_by: str | None
    concluded_at: datetime | None
    created_at: datetime
    cooling_off_assumed: bool = False
    late: bool = False
    version: int = 1
    numbers: tuple[str, ...] = ()
    priority: int = 0
    begin_by: datetime | None = None
    planned_by: str | None = None
    appointment_of: UUID | None = None
    locked_by: UUID | None = None
    locked_until: datetime | None = None
    handed_over_by: str | None = None
    barred: tuple[UUID, ...] = ()
    """Who may not dial it (C-24)."""
    conditions: frozenset[Condition] = frozenset()
    """What held of the policy when the task was made."""

    @property
    def held(self) -> frozenset[Condition]:
        """What holds of this customer now: which steps of the script are for them."""
        return self.conditions | {Condition.LATE} if self.late else self.conditions


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dialling (拨打); its id is the id of its call."""

    id: AttemptId
    task_id: TaskId
    user_id: UUID
    number: str
    agent_endpoint: str
    requested_at: datetime
    claims: int
    originated_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    cause: str | None
    mode: Mode = Mode.PREVIEW
    trunk: str | None = None
    is_machine: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as it was given: when, and how many seconds into the conversation, where the recording begins; or on
    the receipt of a letter or visit, `way_id`, or on the page of `link_id`."""

    question: str
    answer: Answer
    note: str | None
    at: datetime
    second: Decimal | None
    live: bool
    attempt_id: AttemptId | None
    script_version: str
    way_id: UUID | None = None
    link_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that came of a task, in short."""

    id: UUID
    number: str
    nature: str
    channel: str
    source: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation a record on a task belongs to; `ended_at` is None while it is live.

    `agents`: who dialled it and whoever talked on it.
    """

    attempt: AttemptId
    agents: frozenset[UUID]
    answered_at: datetime
    ended_at: datetime | None


TASK_COLUMNS = (
    "t.id, t.campaign_id, t.purpose, t.source, t.source_call_id, t.organisation_id, t.customer_id, t.policy_id, "
    "t.number, t.script_version, t.wish, t.state, t.not_before, t.chosen_at, t.due_at, t.result, t.note, "
    "t.concluded_by, t.concluded_at, t.created_at, t.cooling_off_assumed, t.late, t.version, t.numbers, t.priority, "
    "t.begin_by, t.planned_by, t.appointment_of, t.locked_by, t.locked_until, t.handed_over_by, t.conditions, t.barred"
)
ADDED = (
    "id",
    "campaign_id",
    "purpose",
    "source",
    "source_call_id",
    "organisation_id",
    "customer_id",
    "policy_id",
    "number",
    "script_version",
    "conditions",
    "wish",
    "state",
    "not_before",
    "chosen_at",
    "due_at",
    "created_at",
    "cooling_off_assumed",
    "late",
    "numbers",
    "priority",
    "begin_by",
    "barred",
)
"""What a new task is written with."""
ATTEMPT_COLUMNS = (
    "id, task_id, user_id, number, agent_endpoint, requested_at, claims, originated_at, answered_at, ended_at, "
    "outcome, cause, mode, trunk, is_machine"
)
REACH = "JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $2 || '%'"

CAMPAIGN_COLUMNS = (
    "t.id, t.name, t.organisation_id, t.purpose, t.script_version, t.created_by, t.created_at, t.simplified_version, "
    "t.products, t.channels, t.regions, t.automatic, t.extension_days, t.state, t.version"
)
ADD_CAMPAIGN = """
INSERT INTO campaign (id, name, organisation_id, purpose, script_version, created_by, created_at, simplified_version,
    products, channels, regions, automatic, extension_days, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (id) DO NOTHING"""
CAMPAIGN = f"""
SELECT {CAMPAIGN_COLUMNS}
FROM campaign t JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $2 || '%'
WHERE t.id = $1"""  # noqa: S608
LOCK_CAMPAIGN = f"{CAMPAIGN} FOR UPDATE OF t"
CAMPAIGNS = f"""
SELECT {CAMPAIGN_COLUMNS}
FROM campaign t JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $1 || '%'
WHERE ($2::uuid IS NULL OR t.id < $2) AND ($4::text IS NULL OR t.state = $4)
    AND ($5::text IS NULL OR t.purpose = $5) AND ($6::text IS NULL OR t.organisation_id = $6)
ORDER BY t.id DESC LIMIT $3"""  # noqa: S608
SAVE_CAMPAIGN = """
UPDATE campaign SET name = $2, script_version = $3, simplified_version = $4, products = $5, channels = $6, regions = $7,
    automatic = $8, extension_days = $9, state = $10, version = version + 1
WHERE id = $1"""

ADD_TASKS = f"""
INSERT INTO callback_task ({", ".join(ADDED)})
SELECT {", ".join(ADDED)} FROM jsonb_populate_recordset(NULL::callback_task, $1) ORDER BY policy_id, purpose
ON CONFLICT DO NOTHING
RETURNING id"""  # noqa: S608
TASKS_OF_POLICIES = f"""
SELECT {TASK_COLUMNS} FROM callback_task t WHERE campaign_id = $1 AND policy_id = ANY($2::uuid[])
    AND NOT voided"""  # noqa: S608
TASK = f"SELECT {TASK_COLUMNS} FROM callback_task t {REACH} WHERE t.id = $1"  # noqa: S608
LOCK_TASK = f"SELECT {TASK_COLUMNS} FROM callback_task t {REACH} WHERE t.id = $1 FOR UPDATE OF t"  # noqa: S608
TASKS = f"""
SELECT {TASK_COLUMNS} FROM callback_task t JOIN organisation o ON o.id = t.organisation_id AND o.path LIKE $1 || '%'
WHERE ($2::text IS NULL OR t.state = $2) AND ($3::uuid IS NULL OR t.campaign_id = $3)
    AND ($4::text IS NULL OR t.source = $4) AND ($5::uuid IS NULL OR t.customer_id = $5)
    AND ($6::timestamptz IS NULL OR t.not_before <= $6)
    AND ($7::boolean IS NULL OR (t.state <> 'done') = $7) AND ($8::uuid IS NULL OR t.id > $8)
ORDER BY t.id LIMIT $9"""  # noqa: S608
SAVE_TASK = """
UPDATE callback_task SET state = $2, not_before = $3, chosen_at = $4, result = $5, note = $6, concluded_by = $7,
    concluded_at = $8, late = late OR $9, number = $10, planned_by = $11, appointment_of = $12, locked_by = $13,
    locked_until = $14, handed_over_by = $15, version = version + 1
WHERE id = $1"""

SET_PRIORITY = "UPDATE callback_task SET priority = $2, version = version + 1 WHERE id = $1"
ADD_ATTEMPT = """
INSERT INTO callback_attempt (id, task_id, request_key, user_id, number, agent_endpoint, requested_at, mode, trunk)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
ATTEMPT = f"SELECT {ATTEMPT_COLUMNS} FROM callback_attempt WHERE id = $1"  # noqa: S608
ATTEMPT_OF_KEY = f"SELECT {ATTEMPT_COLUMNS} FROM callback_attempt WHERE request_key = $1"  # noqa: S608
LOCK_ATTEMPT = f"SELECT {ATTEMPT_COLUMNS} FROM callback_attempt WHERE id = $1 FOR UPDATE"  # noqa: S608
ATTEMPTS = f"SELECT {ATTEMPT_COLUMNS} FROM callback_attempt WHERE task_id = $1 ORDER BY id"  # noqa: S608
NAME_CUSTOMER = "UPDATE call SET customer_id = COALESCE(customer_id, $2), did = COALESCE(did, $3) WHERE id = $1"
ANSWERED = "UPDATE callback_attempt SET answered_at = COALESCE(answered_at, $2) WHERE id = $1"
ENDED = """
UPDATE callback_attempt SET ended_at = COALESCE(ended_at, $2), outcome = $3, cause = $4,
    answered_at = COALESCE(answered_at, $5), originated_at = COALESCE(originated_at, requested_at)
WHERE id = $1"""
IS_MACHINE = "UPDATE callback_attempt SET is_machine = true WHERE id = $1"
TALK = """
SELECT a.id, COALESCE(a.answered_at, c.answered_at) AS answered_at, COALESCE(a.ended_at, c.ended_at) AS ended_at,
    ARRAY(SELECT a.user_id UNION SELECT c.user_id UNION SELECT g.user_id FROM call_leg g
        WHERE g.call_id = a.id AND g.answered_at IS NOT NULL) AS agents
FROM callback_attempt a LEFT JOIN call c ON c.id = a.id
WHERE a.task_id = $1 AND COALESCE(a.answered_at, c.answered_at) IS NOT NULL
ORDER BY a.id DESC LIMIT 1"""

ADD_ANSWER = """
INSERT INTO callback_answer (id, task_id, attempt_id, script_version, question, answer, note, actor, at, second, live,
    way_id, link_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""
ANSWERS = """
SELECT DISTINCT ON (question) question, answer, note, at, second, live, attempt_id, script_version, way_id,
    link_id
FROM callback_answer WHERE task_id = $1 AND ($2::uuid IS NULL OR way_id = $2) ORDER BY question, id DESC"""

TICKETS = """
SELECT id, number, nature, channel, source, received_at FROM ticket
WHERE callback_task_id = $1 OR id = (SELECT ticket_id FROM callback_sample_item WHERE recheck_id = $1)
ORDER BY received_at, id"""
"""What a recheck found is a ticket of the callback that was checked (C-24)."""


async def add_campaign(conn: Connection, campaign: Campaign) -> bool:
    """False when a campaign with this id is there already."""
    done = await conn.execute(
        ADD_CAMPAIGN,
        campaign.id,
        campaign.name,
        campaign.organisation_id,
        campaign.purpose,
        campaign.script_version,
        campaign.created_by,
        campaign.created_at,
        campaign.simplified_version,
        list(campaign.products),
        list(campaign.channels),
        list(campaign.regions),
        campaign.automatic,
        campaign.extension_days,
        campaign.state,
    )
    return done == "INSERT 0 1"


async def campaign(conn: Connection, campaign_id: UUID, path: str, *, lock: bool = False) -> Campaign:
    """One campaign under the organisation at `path`, locked if it is to be changed. Raises CampaignNotFoundError."""
    row = await conn.fetchrow(LOCK_CAMPAIGN if lock else CAMPAIGN, campaign_id, path)
    if row is None:
        raise CampaignNotFoundError(campaign_id)
    return campaign_of(dict(row))


async def campaigns(
    conn: Connection,
    path: str,
    before: UUID | None,
    limit: int,
    *,
    state: Standing | None = None,
    purpose: Purpose | None = None,
    organisation_id: str | None = None,
) -> list[Campaign]:
    """A page of campaigns, newest first."""
    rows = await conn.fetch(CAMPAIGNS, path, before, limit, state, purpose, organisation_id)
    return [campaign_of(dict(row)) for row in rows]


async def save_campaign(conn: Connection, campaign: Campaign) -> None:
    """Writes what can change; the row was locked when it was read."""
    await conn.execute(
        SAVE_CAMPAIGN,
        campaign.id,
        campaign.name,
        campaign.script_version,
        campaign.simplified_version,
        list(campaign.products),
        list(campaign.channels),
        list(campaign.regions),
        campaign.automatic,
        campaign.extension_days,
        campaign.state,
    )


async def add_tasks(conn: Connection, tasks: Sequence[Task]) -> set[TaskId]:
    """Writes new tasks and tells which were: not one whose policy has one in the campaign, or an open one of this
    purpose in another, or whose call has one, already."""
    rows = [{name: getattr(task, name) for name in ADDED} for task in tasks]
    stored = [{**row, "conditions": sorted(row["conditions"])} for row in rows]
    return {TaskId(row["id"]) for row in await conn.fetch(ADD_TASKS, stored)}


async def tasks_of_policies(conn: Connection, campaign_id: UUID, policies: Iterable[UUID]) -> dict[UUID, Task]:
    """The campaign's tasks of these policies, by policy."""
    rows = await conn.fetch(TASKS_OF_POLICIES, campaign_id, list(policies))
    return {row["policy_id"]: _task(dict(row)) for row in rows}


async def task(conn: Connection, task_id: UUID, path: str, *, lock: bool = False) -> Task:
    """One task under the organisation at `path`, locked if it is to be changed. Raises TaskNotFoundError."""
    row = await conn.fetchrow(LOCK_TASK if lock else TASK, task_id, path)
    if row is None:
        raise TaskNotFoundError(task_id)
    return _task(dict(row))


async def tasks(
    conn: Connection,
    path: str,
    *,
    state: State | None = None,
    campaign_id: UUID | None = None,
    source: Source | None = None,
    customer_id: UUID | None = None,
    ready_at: datetime | None = None,
    on_board: bool | None = None,
    after: UUID | None = None,
    limit: int = 51,
) -> list[Task]:
    """A page of tasks, oldest first; `ready_at` leaves out those to be tried later."""
    rows = await conn.fetch(TASKS, path, state, campaign_id, source, customer_id, ready_at, on_board, after, limit)
    return [_task(dict(row)) for row in rows]


async def save_task(conn: Connection, task: Task) -> None:
    """Writes what can change; the row was locked when it was read."""
    await conn.execute(
        SAVE_TASK,
        task.id,
        task.state,
        task.not_before,
        task.chosen_at,
        task.result,
        task.note,
        task.concluded_by,
        task.concluded_at,
        task.late,
        task.number,
        task.planned_by,
        task.appointment_of if task.chosen_at is not None else None,
        task.locked_by,
        task.locked_until,
        task.handed_over_by,
    )


async def set_priority(conn: Connection, task_id: UUID, priority: int) -> None:
    await conn.execute(SET_PRIORITY, task_id, priority)


async def add_attempt(conn: Connection, attempt: Attempt, request_key: UUID) -> None:
    await conn.execute(
        ADD_ATTEMPT,
        attempt.id,
        attempt.task_id,
        request_key,
        attempt.user_id,
        attempt.number,
        attempt.agent_endpoint,
        attempt.requested_at,
        attempt.mode,
        attempt.trunk,
    )


async def attempt(conn: Connection, attempt_id: UUID) -> Attempt | None:
    row = await conn.fetchrow(ATTEMPT, attempt_id)
    return None if row is None else attempt_of(dict(row))


async def lock_attempt(conn: Connection, attempt_id: UUID) -> tuple[Attempt, Task] | None:
    """The attempt and its task, locked in the order everybody locks them: the task first."""
    unlocked = await attempt(conn, attempt_id)
    if unlocked is None:
        return None
    found = await task(conn, unlocked.task_id, "", lock=True)
    return attempt_of(dict(await conn.fetchrow(LOCK_ATTEMPT, attempt_id) or {})), found


async def attempt_of_key(conn: Connection, request_key: UUID) -> Attempt | None:
    row = await conn.fetchrow(ATTEMPT_OF_KEY, request_key)
    return None if row is None else attempt_of(dict(row))


async def attempts(conn: Connection, task_id: UUID) -> list[Attempt]:
    return [attempt_of(dict(row)) for row in await conn.fetch(ATTEMPTS, task_id)]


async def answered(conn: Connection, attempt_id: UUID, at: datetime) -> None:
    await conn.execute(ANSWERED, attempt_id, at)


async def name_customer(conn: Connection, attempt: Attempt, customer_id: UUID | None) -> None:
    """Whom the call of an attempt is with, and at which number, is known before it is made."""
    await conn.execute(NAME_CUSTOMER, attempt.id, customer_id, attempt.number)


async def ended(
    conn: Connection, attempt_id: UUID, at: datetime, outcome: Outcome, cause: str | None, answered_at: datetime | None
) -> None:
    await conn.execute(ENDED, attempt_id, at, outcome, cause, answered_at)


async def talk(conn: Connection, task_id: UUID) -> Talk | None:
    """The latest conversation on a task, also when it is only just known to the switch's account of the call."""
    row = await conn.fetchrow(TALK, task_id)
    if row is None:
        return None
    return Talk(AttemptId(row["id"]), frozenset(row["agents"]) - {None}, row["answered_at"], row["ended_at"])


async def is_machine(conn: Connection, attempt_id: UUID) -> None:
    """Who answered was a machine."""
    await conn.execute(IS_MACHINE, attempt_id)


async def add_answer(conn: Connection, row_id: UUID, task_id: UUID, given: Given, actor: str) -> None:
    await conn.execute(
        ADD_ANSWER,
        row_id,
        task_id,
        given.attempt_id,
        given.script_version,
        given.question,
        given.answer,
        given.note,
        actor,
        given.at,
        given.second,
        given.live,
        given.way_id,
        given.link_id,
    )


async def answers(conn: Connection, task_id: UUID, way_id: UUID | None = None) -> dict[str, Given]:
    """The latest answer to each question; of one receipt only, if it is named."""
    rows = await conn.fetch(ANSWERS, task_id, way_id)
    return {row["question"]: Given(**{**dict(row), "answer": Answer(row["answer"])}) for row in rows}


async def tickets(conn: Connection, task_id: UUID) -> list[Ticket]:
    """The findings and complaints that came of a task."""
    return [Ticket(**dict(row)) for row in await conn.fetch(TICKETS, task_id)]


def campaign_of(fields: dict[str, Any]) -> Campaign:
    """A campaign from a row of CAMPAIGN_COLUMNS."""
    lists = {name: tuple(fields[name]) for name in ("products", "channels", "regions")}
    codes = {"purpose": Purpose(fields["purpose"]), "state": Standing(fields["state"])}
    return Campaign(**{**fields, **lists, **codes})


def _task(fields: dict[str, Any]) -> Task:
    fields["purpose"] = Purpose(str(fields["purpose"]))
    fields["source"] = Source(str(fields["source"]))
    fields["state"] = State(str(fields["state"]))
    fields["result"] = None if fields["result"] is None else Result(str(fields["result"]))
    fields["numbers"] = tuple(fields["numbers"])
    fields["barred"] = tuple(fields["barred"])
    fields["conditions"] = frozenset(Condition(name) for name in fields["conditions"])
    return Task(**fields)


def attempt_of(fields: dict[str, object]) -> Attempt:
    """The attempt of a row."""
    fields["outcome"] = None if fields["outcome"] is None else Outcome(str(fields["outcome"]))
    fields["mode"] = Mode(str(fields["mode"]))
    return Attempt(**fields)  # type: ignore[arg-type]
