"""How tasks of callbacks look from outside. Must never show personal data whole to who may not see it so."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.callbacks import scripts, verdict
from callcenter.callbacks.attempt import Mode, Outcome
from callcenter.callbacks.errands import Errand
from callcenter.callbacks.prompt import Prompt
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.script import Kind, Step, Way
from callcenter.callbacks.store import Attempt, Given, Task, Ticket
from callcenter.callbacks.task import Purpose, Result, Source, State
from callcenter.customers import masking
from callcenter.customers.customer import Customer, Policy
from callcenter.web import details
from callcenter.web.api import Model, Personal
from callcenter.web.customers import PolicyView
from callcenter.web.retention import RetentionView
from tickets import callbacks


class TaskView(Personal):
    id: Annotated[UUID, Field(title="任务标识")]
    campaign_id: Annotated[UUID | None, Field(title="批次标识")]
    purpose: Annotated[Purpose, Field(title="用途")]
    source: Annotated[Source, Field(title="来源")]
    state: Annotated[State, Field(title="状态")]
    organisation_id: Annotated[str, Field(title="机构")]
    customer_id: Annotated[UUID | None, Field(title="客户标识")]
    policy_id: Annotated[UUID | None, Field(title="保单标识")]
    number: Annotated[str, Field(title="号码")]
    wish: Annotated[str | None, Field(title="来电意向")]
    not_before: Annotated[datetime, Field(title="最早拨打")]
    chosen_at: Annotated[datetime | None, Field(title="客户约定")]
    due_at: Annotated[datetime | None, Field(title="犹豫期截止")]
    cooling_off_assumed: Annotated[bool, Field(title="犹豫期为推定", description="Its length is not known (C-4)")]
    late: Annotated[bool, Field(title="犹豫期外", description="Made or reached after `due_at` (C-21)")]
    result: Annotated[Result | None, Field(title="结果")]
    note: Annotated[str | None, Field(title="备注")]
    created_at: Annotated[datetime, Field(title="创建时间")]
    concluded_at: Annotated[datetime | None, Field(title="完成时间")]
    version: Annotated[int, Field(title="版本")]
    numbers: Annotated[list[str], Field(title="备选号码", description="In the order in which they are tried (C-12)")]
    priority: Annotated[int, Field(title="优先级")]
    begin_by: Annotated[
        datetime | None, Field(title="最迟首拨", description="Leaves room for the tries of C-17 before `due_at`")
    ]
    planned_by: Annotated[
        str | None, Field(title="排期依据", description="`<plan>:<outcome>`, appointment, no_number_left, enough_tried")
    ]
    appointment_of: Annotated[UUID | None, Field(title="约定坐席", description="Null: the team's appointment")]
    locked_by: Annotated[UUID | None, Field(title="领取坐席")]
    locked_until: Annotated[datetime | None, Field(title="领取截止")]
    handed_over_by: Annotated[str | None, Field(title="转交人")]


class AttemptView(Model):
    """A dialling; `call_id` is the id of its call. `outcome` is null while it lasts."""

    id: UUID
    call_id: UUID
    requested_at: datetime
    originated_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    cause: str | None
    mode: Mode
    trunk: str | None
    is_machine: bool


class AnswerView(Personal):
    """`second` counts from the answer of the call; null when it was given after the call."""

    question: str
    answer: Answer
    note: str | None
    at: datetime
    second: Decimal | None
    live: bool


class SpokenView(Model):
    """A step as it is read out."""

    code: str
    kind: Kind
    zh: str
    en: str
    rule: str | None


class ScriptOnTask(Model):
    """`steps`: what is said and asked, in order, as the answers stand; `next`: the question that comes next, null when
    every one has its answer."""

    version: str
    steps: list[SpokenView]
    next: str | None


class QuestionView(Model):
    code: str
    zh: str
    en: str
    rule: str | None
    may_not_apply: bool
    answer: AnswerView | None


class VerdictView(Model):
    """What the answers come to at this moment (C-13)."""

    result: Result
    completed: bool
    missing: list[str]
    objected: list[str]


class WayView(Personal):
    """A letter sent or a visit made; `sha256`, `size`: of the scan of the receipt that came back signed."""

    id: Annotated[UUID, Field(title="标识")]
    way: Annotated[callbacks.Way, Field(title="方式")]
    at: Annotated[datetime, Field(title="寄出或上门时间")]
    person: Annotated[str | None, Field(title="经办人")]
    address: Annotated[str | None, Field(title="地址")]
    note: Annotated[str | None, Field(title="备注")]
    recorded_by: Annotated[str, Field(title="登记人")]
    recorded_at: Annotated[datetime, Field(title="登记时间")]
    failed_at: Annotated[datetime | None, Field(title="未果时间")]
    failed_reason: Annotated[str | None, Field(title="未果原因")]
    returned_at: Annotated[datetime | None, Field(title="回执收到时间")]
    signed_on: Annotated[date | None, Field(title="签署日期")]
    sha256: Annotated[str | None, Field(title="扫描件 SHA-256")]
    media_type: Annotated[str | None, Field(title="扫描件类型")]
    name: Annotated[str | None, Field(title="扫描件名称")]
    size: Annotated[int | None, Field(title="扫描件字节数")]
    received_by: Annotated[str | None, Field(title="收件人")]


class TicketView(Personal):
    id: UUID
    number: str
    nature: str
    channel: str
    source: str
    received_at: datetime


class HolderView(Personal):
    id: UUID
    name: str
    birth_date: Annotated[date | None, Field(description="To be told by the customer in full (C-12)")]
    sales_calls_refused_until: Annotated[date | None, Field(description="Shown, does not suppress the callback (C-19)")]


class TaskFile(Personal):
    """A task with everything on it."""

    task: TaskView
    customer: HolderView | None
    policy: PolicyView | None
    script: ScriptOnTask | None
    questions: list[QuestionView]
    verdict: VerdictView | None
    attempts: list[AttemptView]
    ways: list[WayView]
    tickets: list[TicketView]
    retention: RetentionView | None


def task_view(task: Task, masked: bool) -> TaskView:
    fields = {name: getattr(task, name) for name in TaskView.model_fields}
    view = TaskView(**{**fields, "numbers": list(task.numbers)})
    if not masked:
        return view
    numbers = [masking.phone(number) for number in view.numbers]
    hidden = {"number": masking.phone(view.number), "numbers": numbers, "note": details.text(view.note, masked)}
    return view.model_copy(update={**hidden, "wish": details.text(view.wish, masked)})


def attempt_view(attempt: Attempt) -> AttemptView:
    fields = {name: getattr(attempt, name) for name in AttemptView.model_fields if name != "call_id"}
    return AttemptView(call_id=attempt.id, **fields)


def answer_view(given: Given, masked: bool) -> AnswerView:
    view = AnswerView(**{name: getattr(given, name) for name in AnswerView.model_fields})
    return view.model_copy(update={"note": details.text(view.note, masked)})


def script_view(read: Prompt) -> ScriptOnTask:
    spoken = [
        SpokenView(code=step.code, kind=step.kind, zh=step.words.zh, en=step.words.en, rule=step.rule)
        for step in read.steps
    ]
    return ScriptOnTask(version=read.version, steps=spoken, next=read.next)


def question_view(question: Step, given: Given | None, masked: bool) -> QuestionView:
    return QuestionView(
        code=question.code,
        zh=question.words.zh,
        en=question.words.en,
        rule=question.rule,
        may_not_apply=question.may_not_apply,
        answer=None if given is None else answer_view(given, masked),
    )


def way_view(errand: Errand, masked: bool) -> WayView:
    view = WayView(**{name: getattr(errand, name) for name in WayView.model_fields})
    hidden = ("address", "note", "failed_reason", "name")
    return view.model_copy(update={name: details.text(getattr(view, name), masked) for name in hidden})


def ticket_view(ticket: Ticket) -> TicketView:
    return TicketView(**{name: getattr(ticket, name) for name in TicketView.model_fields})


def holder_view(holder: Customer, masked: bool) -> HolderView:
    return HolderView(
        id=holder.id,
        name=masking.name(holder.name) if masked else holder.name,
        birth_date=None if masked else holder.birth_date,
        sales_calls_refused_until=holder.sales_calls_refused_until,
    )


def policy_view(policy: Policy, masked: bool) -> PolicyView:
    view = PolicyView(**{name: getattr(policy, name) for name in PolicyView.model_fields})
    if masked and view.insured_name is not None:
        return view.model_copy(update={"insured_name": masking.name(view.insured_name)})
    return view


def judged_view(way: Way | None, answers: dict[str, Given]) -> VerdictView | None:
    if way is None:
        return None
    return verdict_view(verdict.judge(way.judged, scripts.said(answers)))


def verdict_view(judged: verdict.Verdict | None) -> VerdictView | None:
    if judged is None:
        return None
    return VerdictView(
        result=judged.result,
        completed=judged.completed,
        missing=list(judged.missing),
        objected=list(judged.objected),
    )
