"""Electronic callbacks (电子化回访): a link for one use, who opens it, the answers handed in (C-5, C-9, C-12, C-13).

The policyholder alone answers: nobody who works here has a way to. Nothing of the policy is told before the full date
of birth and the end of the identity number were right. Must never say why a link does not open.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from callcenter import audit
from callcenter.callbacks import completion, links, scripts, store, task, verdict, wording
from callcenter.callbacks.errors import LinkRefusedError
from callcenter.callbacks.links import Link, LinkState, PageKind, Shown
from callcenter.callbacks.questions import IDENTITY, Answer
from callcenter.callbacks.script import Kind, Script, Step
from callcenter.callbacks.store import Given, Task
from callcenter.callbacks.task import Action, Purpose, Result, State
from callcenter.callbacks.ways import known_of
from callcenter.complaints import Complaints
from callcenter.customers import store as customers
from callcenter.customers.customer import Customer
from callcenter.db.pool import Connection, Database
from callcenter.ids import derived, uuid7
from callcenter.opening import By, Opening, Via
from tickets.calendar import shanghai_day
from tickets.callbacks import Way
from tickets.errors import Words
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Particulars

BY_PAGE = By("system:electronic_callback")
"""The policyholder's own page."""
OPEN_STATES = frozenset({State.WAITING, State.CONCLUDING, State.OTHERWISE})
"""While a call is being made or talked on, nothing is handed in."""
LONGEST = timedelta(days=15)
TAIL = 4
"""Characters of the identity number that are asked for."""
SESSION = timedelta(minutes=30)
SUBJECTS: Mapping[str, Subject] = {
    "signed_personally": Subject.FORGED_SIGNATURE,
    "read_and_understood": Subject.MIS_SELLING,
    "cover_known": Subject.MIS_SELLING,
    "surrender_loss_known": Subject.MIS_SELLING,
    "recorded_statements_true": Subject.MIS_SELLING,
}
"""What a clear no to a question is about; whatever else is objected to is an unclear answer."""

TRIED = "UPDATE callback_task SET tried_at = least(tried_at, $2) WHERE id = $1"


class Refusal(StrEnum):
    """Why nothing is shown, or taken."""

    DEAD = "dead"
    BUSY = "busy"
    WRONG = "wrong"
    SESSION = "session"
    INCOMPLETE = "incomplete"


class NotNowError(Exception):
    """The page does not open, or what was sent is not taken; the visitor is told as little as may be."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from who opens the page."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What is shown to who was recognised: statements and questions with this policy's values filled in."""

    link: Link
    script: Script
    task: Task
    steps: tuple[Step, ...]
    csrf: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What the policyholder handed in. `complains`: they clearly want to complain."""

    answers: Mapping[str, Answer]
    remark: str | None
    complains: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it: the result, and the statements that are shown at the end (C-15)."""

    link: Link
    result: Result
    statements: tuple[Step, ...]
    number: str | None


async def issue(
    db: Database, task_id: UUID, key: UUID, valid_for: timedelta, *, by: By, at: datetime
) -> tuple[Link, str]:
    """A new link for the customer who chose this way; earlier ones of the task are dead from now on.

    Raises TaskNotFoundError, LinkRefusedError: no questionnaire, done or on a call, or the core system does not hold
    what the identity is checked by (C-12).
    """
    token = links.new_token()
    async with db.transaction() as conn:
        found = await store.task(conn, task_id, by.path or "", lock=True)
        await _refuse_unfit(conn, found)
        await links.revoke(conn, task_id, "已另发链接", by=by.actor, at=at)
        expires_at = at + min(valid_for, LONGEST)
        try:
            async with conn.transaction():
                await links.add(conn, key, task_id, token, by=by.actor, at=at, expires_at=expires_at)
        except asyncpg.UniqueViolationError:
            raise LinkRefusedError(Words("该键已用于另一链接。", "this key was used for another link")) from None
        await _record(conn, task_id, "callback.link_issued", by.actor, at, {"link": str(key)})
        return await links.find(conn, task_id, key), token


async def revoke(db: Database, task_id: UUID, link_id: UUID, reason: str, *, by: By, at: datetime) -> Link:
    """Makes a link dead. Raises LinkNotFoundError, LinkRefusedError when it was used or revoked before."""
    async with db.transaction() as conn:
        await store.task(conn, task_id, by.path or "", lock=True)
        await links.find(conn, task_id, link_id)
        if not await links.revoke(conn, task_id, reason, by=by.actor, at=at, link_id=link_id):
            raise LinkRefusedError(Words("链接已使用或已撤销。", "the link was used or revoked before"))
        await _record(conn, task_id, "callback.link_revoked", by.actor, at, {"link": str(link_id)})
        return await links.find(conn, task_id, link_id)


async def open_page(db: Database, token: str, *, at: datetime) -> Link:
    """The link somebody opens. Raises NotNowError, whatever is wrong with it."""
    async with db.transaction() as conn:
        link = await _living(conn, token, at)
        await links.opened(conn, link.id, at)
        return link


async def identify(db: Database, token: str, birth: date | None, tail: str, *, at: datetime) -> str:
    """The secret of the page's session, once both are right (C-12). Raises NotNowError.

    A wrong answer is counted before anything is said; MOST_WRONG of them kill the link.
    """
    async with db.transaction() as conn:
        link = await _living(conn, token, at, lock=True)
        found = await store.task(conn, link.task_id, "", lock=True)
        holder = await _holder(conn, found)
        right = _is_holder(holder, birth, tail)
        session = secrets.token_urlsafe(links.TOKEN_BYTES)
        if right:
            await links.verified(conn, link.id, session, at)
            await conn.execute(TRIED, found.id, at)
        else:
            await links.wrong(conn, link.id)
        action = "callback.page_identified" if right else "callback.page_refused"
        await _record(conn, found.id, action, BY_PAGE.actor, at, {"link": str(link.id)})
    if not right:
        raise NotNowError(Refusal.WRONG)
    return session


async def questionnaire(db: Database, token: str, session: str, *, at: datetime) -> Questionnaire:
    """What is asked, for the session that was recognised. Raises NotNowError."""
    async with db.connection() as conn:
        link = await _living(conn, token, at)
        _refuse_session(link, session, at)
        found = await store.task(conn, link.task_id, "")
        return await _questionnaire(conn, link, found, session)


async def hand_in(
    db: Database, complaints: Complaints, token: str, session: str, csrf: str, sent: Sent, *, at: datetime
) -> Taken:
    """Stores the answers, gives the task its result by the verdict of the telephone, and opens a ticket for what was
    objected to: all in one transaction, after which the link is used up. Raises NotNowError."""
    async with db.transaction() as conn:
        link = await _living(conn, token, at, lock=True)
        _refuse_session(link, session, at)
        if not hmac.compare_digest(csrf.encode(), csrf_of(session).encode()):
            raise NotNowError(Refusal.SESSION)
        found = await store.task(conn, link.task_id, "", lock=True)
        if found.state is State.DONE:
            raise NotNowError(Refusal.DEAD)
        if found.state not in OPEN_STATES:
            raise NotNowError(Refusal.BUSY)
        asked = await _questionnaire(conn, link, found, session)
        answers = {**sent.answers, IDENTITY.value: Answer.YES}
        way = asked.script.way(found.held, answers)
        judged = verdict.judge(way.judged, answers)
        wanted = {step.code for step in way.asked}
        if not judged.completed or not _fit(way.asked, answers):
            raise NotNowError(Refusal.INCOMPLETE)
        given = {code: answer for code, answer in answers.items() if code in wanted}
        await _keep(conn, found, link, given, sent.remark, at)
        number = None
        if judged.result is Result.PROBLEM or sent.complains:
            number = await _open(conn, complaints, found, link, way.asked, given, sent, at)
        await completion.completed(conn, found.id, Way.ELECTRONIC, at)
        state = task.move(found.state, Action.HAND_IN)
        done = replace(found, state=state, result=judged.result, concluded_by=BY_PAGE.actor, concluded_at=at)
        await store.save_task(conn, done)
        await links.handed_in(conn, link.id, at)
        await _record(conn, found.id, "callback.page_handed_in", BY_PAGE.actor, at, {"result": judged.result.value})
        closing = await _filled(conn, found, [step for step in way.steps if step.kind is Kind.STATEMENT])
        return Taken(link, judged.result, closing, number)


async def keep_page(db: Database, link: Link, kind: PageKind, html: str, visitor: Visitor, *, at: datetime) -> None:
    """Keeps a page as it was shown, before it is sent."""
    digest = hashlib.sha256(html.encode()).hexdigest()
    async with db.connection() as conn:
        page = Shown(uuid7(at), link.id, kind, at, html, digest, visitor.address[:100], visitor.user_agent[:300])
        await links.show(conn, page)


def csrf_of(session: str) -> str:
    """What a form of the session carries: nobody else can compute it."""
    return hmac.new(session.encode(), b"callback page form", hashlib.sha256).hexdigest()


async def _living(conn: Connection, token: str, at: datetime, *, lock: bool = False) -> Link:
    link = await links.of_token(conn, token, lock=lock)
    if link is None or link.state(at) is not LinkState.OPEN:
        raise NotNowError(Refusal.DEAD)
    return link


def _refuse_session(link: Link, session: str, at: datetime) -> None:
    known = link.session_sha256 or ""
    recent = link.verified_at is not None and at - link.verified_at < SESSION
    if not recent or not hmac.compare_digest(known.encode(), links.digest(session).encode()):
        raise NotNowError(Refusal.SESSION)


def _is_holder(holder: Customer, birth: date | None, tail: str) -> bool:
    """Compared whole, so that the time tells nothing of which was wrong."""
    known = f"{holder.birth_date}|{(holder.id_number or '')[-TAIL:].upper()}"
    return hmac.compare_digest(known.encode(), f"{birth}|{tail.strip().upper()}".encode())


async def _refuse_unfit(conn: Connection, found: Task) -> None:
    if found.purpose is Purpose.RETURN_CALL or found.script_version is None:
        raise LinkRefusedError(Words("无问卷的任务不能电子化回访。", "a task without a script has no page"))
    if found.state not in OPEN_STATES:
        raise LinkRefusedError(Words("任务正在通话或已完成。", "the task is on a call, or done"))
    holder = await _holder(conn, found)
    if holder.birth_date is None or len(holder.id_number or "") < TAIL:
        raise LinkRefusedError(
            Words(
                "核心系统中没有投保人出生日期或证件号码，无法核验身份（C-12）。",
                "without date of birth and identity number nobody can be recognised",
            )
        )


async def _holder(conn: Connection, found: Task) -> Customer:
    if found.customer_id is None:
        raise LinkRefusedError(Words("任务没有投保人。", "the task has no policyholder"))
    return await customers.customer(conn, found.customer_id)


async def _questionnaire(conn: Connection, link: Link, found: Task, session: str) -> Questionnaire:
    script = await scripts.of_task(conn, found)
    if script is None:
        raise NotNowError(Refusal.DEAD)
    way = script.way(found.held, {IDENTITY.value: Answer.YES})
    shown = [step for step in way.steps if step.asks and step.code != IDENTITY]
    return Questionnaire(link, script, found, await _filled(conn, found, shown), csrf_of(session))


async def _filled(conn: Connection, found: Task, steps: Sequence[Step]) -> tuple[Step, ...]:
    policies = await customers.policies_by_id(conn, [found.policy_id] if found.policy_id else [])
    policy = next(iter(policies.values()), None)
    ends_on = None if found.due_at is None else shanghai_day(found.due_at - timedelta(seconds=1))
    values = wording.values_of(
        policy,
        await _holder(conn, found),
        cooling_off_ends_on=ends_on,
        cooling_off_days=None if policy is None else policy.cooling_off_days,
        extension_days=None,
    )
    return tuple(replace(step, words=wording.fill(step.words, values)) for step in steps)


def _fit(asked: Sequence[Step], answers: Mapping[str, Answer]) -> bool:
    """Whether every question has an answer it may have."""
    return all(
        step.code in answers and (step.may_not_apply or answers[step.code] is not Answer.NOT_APPLICABLE)
        for step in asked
    )


async def _keep(
    conn: Connection, found: Task, link: Link, given: Mapping[str, Answer], remark: str | None, at: datetime
) -> None:
    version = found.script_version or ""
    for number, (code, answer) in enumerate(given.items()):
        note = remark if answer in (Answer.NO, Answer.UNCLEAR) else None
        row = Given(code, answer, note, at, None, False, None, version, link_id=link.id)
        await store.add_answer(conn, uuid7(at + timedelta(milliseconds=number)), found.id, row, BY_PAGE.actor)


async def _open(
    conn: Connection,
    complaints: Complaints,
    found: Task,
    link: Link,
    asked: Sequence[Step],
    given: Mapping[str, Answer],
    sent: Sent,
    at: datetime,
) -> str:
    objected = [step for step in asked if step.objected_by(given.get(step.code))]
    denied = [step.code for step in objected if given[step.code] is Answer.NO]
    subject = next((SUBJECTS[code] for code in denied if code in SUBJECTS), Subject.UNCLEAR_ANSWER)
    if not objected:
        subject = Subject.OTHER
    told = "；".join(f"{step.code}：{ANSWER_WORDS[given[step.code]]}" for step in objected)
    description = "电子化回访页面提交。" + (f"否定或不明确的回答：{told}。" if told else "") + (sent.remark or "")
    opening = Opening(
        key=derived(at, f"{link.id}|electronic callback"),
        via=Via.CALLBACK_AGENT,
        accepting_organisation=found.organisation_id,
        particulars=Particulars(description=description, demand=sent.remark),
        heard=Heard(subject, Intention.YES if sent.complains else Intention.NO, Respondent.POLICYHOLDER),
    )
    return await complaints.open_from_page(conn, opening, await known_of(conn, found), BY_PAGE, at)


ANSWER_WORDS = {Answer.YES: "是", Answer.NO: "否", Answer.UNCLEAR: "不清楚", Answer.NOT_APPLICABLE: "不适用"}


async def _record(
    conn: Connection, task_id: UUID, action: str, actor: str, at: datetime, details: Mapping[str, str]
) -> None:
    await audit.record(
        conn,
        actor=actor,
        action=action,
        object_kind="callback_task",
        object_id=str(task_id),
        at=at,
        details=dict(details),
    )
