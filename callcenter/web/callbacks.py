"""Routes of callback tasks: the board, dialling, answers, findings, outcomes. Must never decide anything."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import board, conversation, dialling, errands, findings, prompt, scripts, store, wrapup
from callcenter.callbacks.attempt import Outcome
from callcenter.callbacks.conversation import Conclusion, Kind, Said
from callcenter.callbacks.dialling import Asker
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.task import Source, State
from callcenter.calling_hours import CallingHours
from callcenter.complaints import Opened
from callcenter.customers import store as customers
from callcenter.errors import ForbiddenError
from callcenter.web import callback_views as views
from callcenter.web.acting import by
from callcenter.web.api import Context, Model, Moment, Name, Page, PageQuery, Personal, Routes, Text
from callcenter.web.callback_views import AnswerView, AttemptView, TaskFile, TaskView, VerdictView
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS, CONFIG
from callcenter.web.retention import retention
from tickets.categories import Category, OtherCause
from tickets.errors import Words
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import ComplainantType, Nature, Particulars, Severity

routes = Routes("callbacks", "Callbacks 回访")

Note = Annotated[str, Field(min_length=1, max_length=2000)]


class TaskQuery(PageQuery):
    state: State | None = None
    campaign_id: UUID | None = None
    source: Source | None = None
    customer_id: UUID | None = None
    ready: Annotated[bool, Field(description="Only those whose moment to be rung has come 仅限到时")] = False
    on_board: Annotated[bool | None, Field(description="true: without an outcome yet 未完成")] = None


class AnswerBody(Model):
    question: Annotated[str, Field(min_length=1, max_length=60)]
    answer: Answer
    note: Note | None = None


class AnswersBody(Model):
    """One answer, or several at once; each keeps the moment it was handed in."""

    answers: Annotated[list[AnswerBody], Field(min_length=1, max_length=20)]


class AnswersView(Model):
    answers: list[AnswerView]
    verdict: VerdictView | None


class FindingBody(Model):
    """What is spoken of, whether they clearly want to complain, who speaks: the agent must answer all three (F-13)."""

    subject: Subject
    intention: Intention
    respondent: Respondent
    description: Text
    demand: Text | None = None
    category: Category | None = None
    other_cause: OtherCause | None = None
    severity: Severity = Severity.GENERAL
    complainant_type: ComplainantType = ComplainantType.UNKNOWN
    complainant_name: Name | None = None
    complainant_phone: Annotated[str | None, Field(max_length=40)] = None
    authorisation: Text | None = None
    restated_and_confirmed: Annotated[bool, Field(description="Repeated back and confirmed (R-4.2)")] = False
    another_matter: Annotated[
        bool, Field(description="A second complaint on this call, about something else 同一通话中的另一件投诉")
    ] = False


class ReasonView(Model):
    rule: str
    zh: str
    en: str


class FindingView(Model):
    """The ticket; `number` is null while it waits for the database. `counts`: complaint figures take it in (R-2.5)."""

    id: UUID
    number: str | None
    nature: Nature
    channel: str
    source: str
    category: str
    counts: bool
    reasons: list[ReasonView]
    received_at: datetime
    opened_live: bool | None
    seconds_into_call: float | None


class OutcomeBody(Model):
    """`again_at`: when the customer asked to be rung again, `personal`: by the same agent; without it the next try is
    planned (C-17). `came_to`: what the agent heard the call come to, e.g. `wrong_number` or `not_policyholder`."""

    kind: Kind
    note: Note | None = None
    again_at: Moment | None = None
    came_to: Annotated[Outcome | None, Field(description="With kind `retry` 通话结果（改期再拨时）")] = None
    personal: Annotated[bool, Field(description="The appointment is the agent's own 本人约定")] = False


class OutcomeView(Model):
    task: TaskView
    verdict: VerdictView | None


class WrapUpBody(Model):
    """What came of the conversation. The verdict of the answers is judged from all that is stored (C-13)."""

    answers: Annotated[list[AnswerBody], Field(default_factory=list, max_length=20)]
    findings: Annotated[list[FindingBody], Field(default_factory=list, max_length=5)]
    outcome: OutcomeBody | None = None


class WrapUpView(Personal):
    """The task after it, its answers and what they come to, and the tickets that were opened, in the order given."""

    task: TaskView
    answers: list[AnswerView]
    verdict: VerdictView | None
    tickets: list[FindingView]


class NextView(Model):
    """`task` null: nothing is due that this agent may ring."""

    task: TaskView | None


class ReleaseBody(Model):
    reason: Note


class HandOverBody(Model):
    """`user_id`: the colleague who is to ring the customer."""

    user_id: UUID


class AppointmentBody(Model):
    """The moment the customer asked for. `user_id`: who promised it in person; null: the team (C-18)."""

    at: Moment
    user_id: UUID | None = None


class PriorityBody(Model):
    priority: Annotated[int, Field(ge=-9, le=9, description="Higher first; 0 is usual")]


@routes.get("/callback-tasks", Permission.CALLBACK_READ, reads="callback_task")
async def list_tasks(ctx: Context, query: TaskQuery) -> Page[TaskView]:
    """The board of tasks, oldest first 回访任务列表"""
    async with ctx.db.connection() as conn:
        rows = await store.tasks(
            conn,
            ctx.actor.path,
            state=query.state,
            campaign_id=query.campaign_id,
            source=query.source,
            customer_id=query.customer_id,
            ready_at=ctx.clock.now() if query.ready else None,
            on_board=query.on_board,
            after=ctx.after(query, UUID),
            limit=query.limit + 1,
        )
    page = ctx.page(rows, query, key=lambda row: row.id)
    return Page(items=[views.task_view(row, is_masked(ctx)) for row in page.items], next=page.next)


@routes.get("/callback-tasks/current", Permission.CALLBACK_WORK, reads="callback_task")
async def current_task(ctx: Context) -> NextView:
    """The task one is on: being dialled for one, spoken about, or with an outcome owed 当前任务

    In progressive dialling this is how an agent learns whose callback it is before the customer is there.
    """
    task = await board.current(ctx.db, by(ctx))
    return NextView(task=None if task is None else views.task_view(task, is_masked(ctx)))


@routes.get("/callback-tasks/{task_id}", Permission.CALLBACK_READ, reads="callback_task")
async def show_task(ctx: Context, task_id: UUID) -> TaskFile:
    """A task with its script, answers, diallings and tickets 回访任务详情

    The script is the version the task was made with, step by step as it is for this customer, the policy's values
    filled in; `next` is the question that comes next.
    """
    async with ctx.db.connection() as conn:
        task = await store.task(conn, task_id, ctx.actor.path)
        answers = await store.answers(conn, task_id)
        attempts = await store.attempts(conn, task_id)
        letters = await errands.of_task(conn, task_id)
        tickets = await store.tickets(conn, task_id)
        holder = await customers.customer(conn, task.customer_id) if task.customer_id else None
        policies = await customers.policies_by_id(conn, [task.policy_id] if task.policy_id else [])
        policy, masked = next(iter(policies.values()), None), is_masked(ctx)
        read = await prompt.prompt(conn, task, answers, policy, holder, masked=masked, at=ctx.clock.now())
        way = await scripts.way(conn, task, answers)
    if holder is not None:
        ctx.seen.append(("customer", str(holder.id)))
    return TaskFile(
        task=views.task_view(task, masked),
        customer=views.holder_view(holder, masked) if holder else None,
        policy=None if policy is None else views.policy_view(policy, masked),
        script=None if read is None else views.script_view(read),
        questions=[
            views.question_view(step, answers.get(step.code), masked)
            for step in (() if read is None else read.steps)
            if step.asks
        ],
        verdict=views.judged_view(way, answers),
        attempts=[views.attempt_view(attempt) for attempt in attempts],
        ways=[views.way_view(letter, masked) for letter in letters],
        tickets=[views.ticket_view(ticket) for ticket in tickets],
        retention=next((retention(task.id, long_term=policy.long_term) for policy in policies.values()), None),
    )


@routes.post("/callback-tasks/{task_id}/dial", Permission.CALLBACK_WORK, creates=True, status=202)
async def dial(ctx: Context, task_id: UUID) -> AttemptView:
    """Dial the task: the customer first, then the own telephone 拨打

    The dialling is stored and begun by the telephony process at once. The same Idempotency-Key never dials twice.
    """
    return views.attempt_view(
        await dialling.request(ctx.db, _asker(ctx), task_id, ctx.key, ctx.clock.now(), hours=_hours(ctx))
    )


@routes.put("/callback-tasks/{task_id}/answers", Permission.CALLBACK_WORK, reads="callback_task")
async def answer(ctx: Context, task_id: UUID, body: AnswersBody) -> AnswersView:
    """Store what the customer answered 登记回答

    Each answer keeps its moment and the second of the call; an answer given again is kept beside the earlier one.
    """
    said = [Said(one.question, one.answer, one.note) for one in body.answers]
    answers = await conversation.answer(ctx.db, task_id, said, by=by(ctx), at=ctx.clock.now())
    async with ctx.db.connection() as conn:
        way = await scripts.way(conn, await store.task(conn, task_id, ctx.actor.path), answers)
    return AnswersView(
        answers=[views.answer_view(given, is_masked(ctx)) for given in answers.values()],
        verdict=views.judged_view(way, answers),
    )


@routes.post("/callback-tasks/{task_id}/findings", Permission.CALLBACK_WORK, creates=True)
async def record_finding(ctx: Context, task_id: UUID, body: FindingBody) -> FindingView:
    """Record what the callback brought to light 登记问题件或投诉

    With a clear intention to complain it becomes a complaint: channel inbound, source callback, counted. Otherwise
    it is a finding: same stages and limits, never counted (R-2.2 … R-2.5).
    """
    _may_open(ctx)
    problem = problem_of(body)
    opened = await findings.record(ctx.db, ctx.resource(COMPLAINTS), task_id, problem, key=ctx.key, by=by(ctx))
    return finding_view(opened, body)


@routes.post("/callback-tasks/{task_id}/wrap-up", Permission.CALLBACK_WORK, creates=True, reads="callback_task")
async def wrap_up(ctx: Context, task_id: UUID, body: WrapUpBody) -> WrapUpView:
    """Hand in answers, findings or complaints, and the outcome at once 一次登记回答、问题件或投诉及结果

    All or nothing, in one transaction; a complaint taken in the same breath is opened with it (R-1.4, C-16).
    """
    if body.findings:
        _may_open(ctx)
    conclusion = None if body.outcome is None else _conclusion(body.outcome)
    wanted = wrapup.WrapUp(
        tuple(Said(one.question, one.answer, one.note) for one in body.answers),
        tuple(problem_of(each) for each in body.findings),
        conclusion,
    )
    at, complaints = ctx.clock.now(), ctx.resource(COMPLAINTS)
    done = await wrapup.hand_in(ctx.db, complaints, task_id, wanted, key=ctx.key, by=by(ctx), at=at, hours=_hours(ctx))
    async with ctx.db.connection() as conn:
        way = await scripts.way(conn, done.task, done.answers)
    return WrapUpView(
        task=views.task_view(done.task, is_masked(ctx)),
        answers=[views.answer_view(given, is_masked(ctx)) for given in done.answers.values()],
        verdict=views.judged_view(way, done.answers),
        tickets=[finding_view(opened, each) for opened, each in zip(done.opened, body.findings, strict=True)],
    )


def _may_open(ctx: Context) -> None:
    if not ctx.actor.may(Permission.TICKET_OPEN):
        raise ForbiddenError(Words("需要权限 ticket.open", "ticket.open is needed"))


def problem_of(body: FindingBody) -> findings.Problem:
    """What the customer said, as the use case takes it."""
    return findings.Problem(
        heard=Heard(body.subject, body.intention, body.respondent),
        particulars=Particulars(
            complainant_type=body.complainant_type,
            complainant_name=body.complainant_name,
            complainant_phone=body.complainant_phone,
            authorisation=body.authorisation,
            category=body.category,
            severity=body.severity,
            demand=body.demand,
            description=body.description,
            restated_and_confirmed=body.restated_and_confirmed,
        ),
        other_cause=body.other_cause,
        another_matter=body.another_matter,
    )


def finding_view(opened: Opened, body: FindingBody) -> FindingView:
    """The ticket that was opened."""
    assert opened.verdict is not None
    return FindingView(
        id=opened.key,
        number=opened.number,
        nature=opened.nature,
        channel=opened.verdict.channel,
        source=opened.verdict.source,
        category=body.category or opened.verdict.category,
        counts=opened.counts,
        reasons=[ReasonView(rule=r.rule, zh=r.words.zh, en=r.words.en) for r in opened.verdict.reasons],
        received_at=opened.received_at,
        opened_live=opened.opened_live,
        seconds_into_call=opened.seconds_into_call,
    )


@routes.post("/callback-tasks/{task_id}/outcome", Permission.CALLBACK_WORK, reads="callback_task")
async def conclude(ctx: Context, task_id: UUID, body: OutcomeBody) -> OutcomeView:
    """Give the task its outcome 登记结果

    What the answers come to is judged from what is stored (C-13), never taken from the request.
    """
    task, judged = await conversation.conclude(
        ctx.db, task_id, _conclusion(body), by=by(ctx), at=ctx.clock.now(), hours=_hours(ctx)
    )
    return OutcomeView(task=views.task_view(task, is_masked(ctx)), verdict=views.verdict_view(judged))


def _conclusion(body: OutcomeBody) -> Conclusion:
    return Conclusion(body.kind, body.note, body.again_at, came_to=body.came_to, personal=body.personal)


@routes.post("/callback-tasks/next", Permission.CALLBACK_WORK, reads="callback_task")
async def next_task(ctx: Context) -> NextView:
    """The task to ring next, kept for this agent for ten minutes 领取下一任务

    Appointments first, then by priority and by what is due first. Who has one already is given the same.
    """
    task = await board.take_next(ctx.db, by(ctx), ctx.clock.now(), hours=_hours(ctx))
    return NextView(task=None if task is None else views.task_view(task, is_masked(ctx)))


@routes.post("/callback-tasks/{task_id}/take", Permission.CALLBACK_WORK, reads="callback_task")
async def take(ctx: Context, task_id: UUID) -> TaskView:
    """Keep a task for oneself for ten minutes; who supervises takes it over 领取任务"""
    task = await board.take(ctx.db, task_id, by=by(ctx), at=ctx.clock.now())
    return views.task_view(task, is_masked(ctx))


@routes.post("/callback-tasks/{task_id}/release", Permission.CALLBACK_WORK, reads="callback_task")
async def release(ctx: Context, task_id: UUID, body: ReleaseBody) -> TaskView:
    """Give a task back to the team, with the reason 退回任务"""
    task = await board.release(ctx.db, task_id, body.reason, by=by(ctx), at=ctx.clock.now())
    return views.task_view(task, is_masked(ctx))


@routes.post("/callback-tasks/{task_id}/hand-over", Permission.CALLBACK_WORK, reads="callback_task")
async def hand_over(ctx: Context, task_id: UUID, body: HandOverBody) -> TaskView:
    """Give a task to a colleague, with what was promised in person 转交任务"""
    task = await board.hand_over(ctx.db, task_id, body.user_id, by=by(ctx), at=ctx.clock.now())
    return views.task_view(task, is_masked(ctx))


@routes.put("/callback-tasks/{task_id}/appointment", Permission.CALLBACK_WORK, reads="callback_task")
async def appoint(ctx: Context, task_id: UUID, body: AppointmentBody) -> TaskView:
    """The customer asked to be rung at a moment 预约回访"""
    task = await board.appoint(ctx.db, task_id, body.at, body.user_id, by=by(ctx), at=ctx.clock.now())
    return views.task_view(task, is_masked(ctx))


@routes.put("/callback-tasks/{task_id}/priority", Permission.CAMPAIGN_MANAGE, reads="callback_task")
async def prefer(ctx: Context, task_id: UUID, body: PriorityBody) -> TaskView:
    """Ring a customer before others, or after them 调整优先级"""
    task = await board.prefer(ctx.db, task_id, body.priority, by=by(ctx), at=ctx.clock.now())
    return views.task_view(task, is_masked(ctx))


def _hours(ctx: Context) -> CallingHours:
    return ctx.resource(CONFIG).calling.hours()


def _asker(ctx: Context) -> Asker:
    extension = ctx.actor.extension
    endpoint = None if extension is None or ctx.actor.kind != "user" else f"{ctx.actor.phone}-{extension}"
    return Asker(ctx.actor.id, ctx.actor.path, endpoint, ctx.actor.audit_name)
