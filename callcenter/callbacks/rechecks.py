"""Samples of successful callbacks, their re-calls by other agents, and the impostors found (C-24, C-26).

A sample is drawn by a seed: the same callbacks and seed give the same sample (tickets/sampling.py says how). An
impostor raises a grave finding on the first callback, by the one function that classifies. Must never judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit
from callcenter.accounts import names
from callcenter.callbacks import recheck, scripts, store
from callcenter.callbacks.errors import SampleRefusedError
from callcenter.callbacks.recheck import RecheckResult
from callcenter.callbacks.store import Task
from callcenter.callbacks.task import Purpose, Source, State, TaskId
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.ids import uuid7
from callcenter.opening import By, Opening, Via, new_ticket
from tickets import intake
from tickets import store as tickets
from tickets.errors import Words
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Particulars

KNOWN = "SELECT 1 FROM callback_sample WHERE id = $1"
KNOWN_AGENT = """
SELECT 1 FROM app_user u JOIN organisation o ON o.id = u.organisation_id
WHERE u.id = $1 AND starts_with(o.path, $2)"""
OF = """
FROM callback_task t JOIN organisation o ON o.id = t.organisation_id
JOIN LATERAL (SELECT a.id, a.user_id FROM callback_attempt a WHERE a.task_id = t.id AND a.answered_at IS NOT NULL
    ORDER BY a.id DESC LIMIT 1) a ON true
WHERE t.purpose = 'new_business' AND t.result = 'successful' AND t.way = 'phone'
    AND t.completed_at >= ($1::date)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND t.completed_at < ($2::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND starts_with(o.path, $3) AND ($4::uuid IS NULL OR a.user_id = $4)
    AND NOT EXISTS (SELECT FROM callback_sample_item i WHERE i.task_id = t.id)"""
POPULATION = f"""
SELECT count(*)::integer AS size,
    encode(sha256(convert_to(
        COALESCE(string_agg(t.id::text, E'\\n' ORDER BY t.id::text), ''), 'UTF8')), 'hex') AS sha256
{OF}"""
DRAWN = f"""
SELECT t.id AS task_id, a.id AS attempt_id, a.user_id AS agent_id, t.completed_at
{OF}
ORDER BY sha256(convert_to($5 || E'\\n' || t.id::text, 'UTF8')), t.id LIMIT $6"""
SAVE = """
INSERT INTO callback_sample (id, organisation_id, first_day, last_day, agent_id, seed, wanted, after_days, population,
    population_sha256, drawn_by, drawn_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"""
ADD = """
INSERT INTO callback_sample_item (sample_id, place, task_id, attempt_id, agent_id, recheck_id)
SELECT $1, r.place, r.task_id, r.attempt_id, r.agent_id, r.recheck_id
FROM jsonb_populate_recordset(NULL::callback_sample_item, $2) AS r"""
TALKED = "SELECT DISTINCT user_id FROM callback_attempt WHERE task_id = $1"

CAME_TO = """
CASE WHEN i.result IS NOT NULL THEN i.result WHEN k.result = 'successful' THEN 'genuine'
    WHEN k.result = 'problem' THEN 'unclear' WHEN k.state = 'done' THEN 'not_reached' END"""
"""What an item came to: as somebody said, else as its re-call tells; null while it is open."""
COUNTS = ", ".join(f"count(*) FILTER (WHERE ({CAME_TO}) = '{result}')::integer AS {result}" for result in RecheckResult)
ITEMS_OF = "FROM callback_sample_item i LEFT JOIN callback_task k ON k.id = i.recheck_id"
SAMPLES = f"""
SELECT s.*, c.* FROM callback_sample s JOIN organisation o ON o.id = s.organisation_id
CROSS JOIN LATERAL (SELECT count(*)::integer AS drawn, {COUNTS} {ITEMS_OF} WHERE i.sample_id = s.id) AS c
WHERE starts_with(o.path, $1) AND ($2::uuid IS NULL OR s.id = $2)
    AND ($3::timestamptz IS NULL OR (s.drawn_at, s.id) < ($3, $4::uuid))
ORDER BY s.drawn_at DESC, s.id DESC LIMIT $5"""  # noqa: S608
BY_AGENT = f"""
SELECT i.agent_id, count(*)::integer AS drawn, {COUNTS} {ITEMS_OF}
WHERE i.sample_id = $1 GROUP BY i.agent_id ORDER BY i.agent_id"""
ITEMS = f"""
SELECT i.sample_id, i.place, i.task_id, i.attempt_id, i.agent_id, i.recheck_id, i.note, i.ticket_id, i.judged_by,
    i.judged_at, {CAME_TO} AS result, t.organisation_id, t.policy_id, t.customer_id, t.completed_at,
    k.state AS recheck_state, k.not_before, k.barred, x.number AS ticket_number, x.finding_number,
    r.id AS recording_id
{ITEMS_OF} JOIN callback_task t ON t.id = i.task_id LEFT JOIN ticket x ON x.id = i.ticket_id
LEFT JOIN recording_object r ON r.call_id = i.attempt_id
WHERE i.sample_id = $1 AND i.place > $2 AND ($3::integer IS NULL OR i.place = $3) ORDER BY i.place LIMIT $4"""
LOCK = "SELECT result FROM callback_sample_item WHERE sample_id = $1 AND place = $2 FOR UPDATE"
JUDGE = """
UPDATE callback_sample_item SET result = $3, note = $4, ticket_id = $5, judged_by = $6, judged_at = $7
WHERE sample_id = $1 AND place = $2"""
POLICY_NUMBER = "SELECT number FROM policy WHERE id = $1"
LAST_TALK = "SELECT id FROM callback_attempt WHERE task_id = $1 AND answered_at IS NOT NULL ORDER BY id DESC LIMIT 1"
MOST_CALLS = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What to draw from: callbacks completed on these days, below an organisation, of one agent or of all."""

    first_day: date
    last_day: date
    organisation_id: str
    path: str
    wanted: int
    seed: str
    after_days: int = recheck.HALF_A_YEAR
    agent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody found; `intention`: of an impostor, whether the policyholder clearly complains (F-13)."""

    result: RecheckResult
    note: str
    intention: Intention = Intention.NO


async def draw(db: Database, key: UUID, wish: Wish, *, by: By, at: datetime) -> Mapping[str, Any]:
    """Draws a sample and makes a re-call of each callback in it; the same key twice is once. Raises NotFoundError."""
    async with db.transaction() as conn:
        if await conn.fetchval(KNOWN, key) is None:
            await _draw(conn, key, wish, by, at)
        return await found(conn, key, by)


async def _draw(conn: Connection, key: UUID, wish: Wish, by: By, at: datetime) -> None:
    if wish.agent_id is not None and await conn.fetchval(KNOWN_AGENT, wish.agent_id, by.path or "") is None:
        raise NotFoundError("agent", wish.agent_id)
    asked = (wish.first_day, wish.last_day, wish.path, wish.agent_id)
    population = await conn.fetchrow(POPULATION, *asked)
    assert population is not None
    drawn = await conn.fetch(DRAWN, *asked, wish.seed, wish.wanted)
    days = (wish.first_day, wish.last_day, wish.agent_id, wish.seed, wish.wanted, wish.after_days)
    await conn.execute(SAVE, key, wish.organisation_id, *days, population["size"], population["sha256"], by.actor, at)
    version = await scripts.latest(conn, Purpose.RECHECK) or recheck.VERSION
    workdays = await tickets.calendar(conn)
    rows = []
    for place, each in enumerate(drawn, 1):
        first = await store.task(conn, each["task_id"], by.path or "")
        barred = [row["user_id"] for row in await conn.fetch(TALKED, first.id)]
        not_before = recheck.due_from(each["completed_at"], wish.after_days, at, workdays)
        again = _again(first, version, tuple(barred), not_before, at)
        added = await store.add_tasks(conn, [again])
        drawn_one = {name: str(each[name]) for name in ("task_id", "attempt_id", "agent_id")}
        rows.append({**drawn_one, "place": place, "recheck_id": str(again.id) if again.id in added else None})
    await conn.execute(ADD, key, rows)
    await audit.record(
        conn,
        actor=by.actor,
        action="callback_sample.drawn",
        object_kind="callback_sample",
        object_id=str(key),
        at=at,
        details={"days": [str(wish.first_day), str(wish.last_day)], "seed": wish.seed, "drawn": len(rows)},
        address=by.address,
    )


def _again(first: Task, version: str, barred: tuple[UUID, ...], not_before: datetime, at: datetime) -> Task:
    return Task(
        id=TaskId(uuid7(at)),
        campaign_id=None,
        purpose=Purpose.RECHECK,
        source=Source.SAMPLE,
        source_call_id=None,
        organisation_id=first.organisation_id,
        customer_id=first.customer_id,
        policy_id=first.policy_id,
        number=first.numbers[0] if first.numbers else first.number,
        script_version=version,
        wish=None,
        state=State.WAITING,
        not_before=not_before,
        chosen_at=None,
        due_at=None,
        result=None,
        note=None,
        concluded_by=None,
        concluded_at=None,
        created_at=at,
        numbers=first.numbers,
        conditions=first.conditions,
        barred=barred,
    )


async def judge(
    db: Database, key: UUID, sample_id: UUID, place: int, said: Judgement, rules: Rules, *, by: By, at: datetime
) -> Mapping[str, Any]:
    """Says what a sampled callback came to; an impostor raises a finding on it, under the key.

    Raises NotFoundError, SampleRefusedError for who talked on the first callback, for what was said before, or nothing
    said.
    """
    async with db.transaction() as conn:
        await found(conn, sample_id, by)
        await conn.fetchval(LOCK, sample_id, place)
        rows = await items(conn, sample_id, 0, 1, place=place)
        if not rows:
            raise NotFoundError("callback sample", f"{sample_id}/{place}")
        row = rows[0]
        if row["judged_at"] is not None:
            if row["ticket_id"] == key:
                return row
            raise SampleRefusedError(Words("该抽样已有结论（C-24）。", "This one was judged before."))
        first = [each["user_id"] for each in await conn.fetch(TALKED, row["task_id"])]
        if by.user_id in first:
            raise SampleRefusedError(
                Words("原回访坐席不得复核本人的回访（C-24）。", "Nobody rechecks their own callback.")
            )
        if not said.note.strip():
            raise SampleRefusedError(Words("须写明依据（C-24）。", "Say what it rests on."))
        ticket = await _finding(conn, key, row, said, rules, by, at) if said.result is RecheckResult.IMPOSTOR else None
        await conn.execute(JUDGE, sample_id, place, said.result.value, said.note, ticket, by.actor, at)
        await audit.record(
            conn,
            actor=by.actor,
            action="callback_sample.judged",
            object_kind="callback_sample",
            object_id=str(sample_id),
            at=at,
            details={"place": place, "result": said.result.value, "ticket": str(ticket) if ticket else None},
            address=by.address,
        )
        return (await items(conn, sample_id, 0, 1, place=place))[0]


async def _finding(
    conn: Connection, key: UUID, row: Mapping[str, Any], said: Judgement, rules: Rules, by: By, at: datetime
) -> UUID:
    """A ticket on the first callback: what the policyholder now says of it decides what it is (T-1, T-2)."""
    respondent = Respondent.POLICYHOLDER
    opening = Opening(
        key=key,
        via=Via.DESK,
        accepting_organisation=row["organisation_id"],
        particulars=Particulars(description=said.note),
        source=intake.Source.CALLBACK,
        customer_id=row["customer_id"],
        policy_number=await conn.fetchval(POLICY_NUMBER, row["policy_id"]),
        heard=Heard(Subject.CALLBACK_TAKEN_BY_ANOTHER, said.intention, respondent),
        callback_task_id=row["task_id"],
        callback_attempt_id=row["attempt_id"],
    )
    book = await rules.current(conn, at)
    await tickets.open_ticket(conn, new_ticket(opening, by, book, at, at))
    again = await conn.fetchval(LAST_TALK, row["recheck_id"])
    for call in filter(None, (row["attempt_id"], again)):
        await tickets.link(conn, key, call, at, MOST_CALLS)
    return key


async def found(conn: Connection, sample_id: UUID, by: By) -> Mapping[str, Any]:
    """A sample of the actor's organisations with what came of it. Raises NotFoundError."""
    rows = await conn.fetch(SAMPLES, by.path or "", sample_id, None, None, 1)
    if not rows:
        raise NotFoundError("callback sample", sample_id)
    return dict(rows[0])


async def page(conn: Connection, by: By, after: tuple[datetime, UUID] | None, limit: int) -> list[Mapping[str, Any]]:
    """Samples, the latest first."""
    return [dict(row) for row in await conn.fetch(SAMPLES, by.path or "", None, *(after or (None, None)), limit)]


async def by_agent(conn: Connection, sample_id: UUID) -> list[Mapping[str, Any]]:
    """What came of a sample, by the agent of the first callback."""
    return [dict(row) for row in await conn.fetch(BY_AGENT, sample_id)]


async def items(
    conn: Connection, sample_id: UUID, after: int, limit: int, *, place: int | None = None
) -> list[Mapping[str, Any]]:
    """What was drawn, in the order it was drawn."""
    return [dict(row) for row in await conn.fetch(ITEMS, sample_id, after, place, limit)]


async def people(conn: Connection, rows: list[Mapping[str, Any]]) -> Mapping[str, str]:
    """The names of the agents and of who judged."""
    return await names.of(conn, [each for row in rows for each in (f"user:{row['agent_id']}", row.get("judged_by"))])
