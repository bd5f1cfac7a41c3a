"""Routes of samples of callbacks, their re-calls and the impostors found. Must never choose nor judge."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import recheck, rechecks
from callcenter.callbacks.recheck import RecheckResult
from callcenter.callbacks.rechecks import Judgement, Wish
from callcenter.callbacks.task import State
from callcenter.errors import InvalidError
from callcenter.web import details
from callcenter.web.acting import by
from callcenter.web.api import Context, Day, Model, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import COMPLAINTS
from callcenter.web.tickets import organisation_path
from tickets.errors import Words
from tickets.findings import Intention

routes = Routes("callback-samples", "Callbacks looked at again 回访抽样复核")

Seed = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]


class DrawBody(Model):
    """Which successful callbacks; the same seed over the same ones draws the same sample. `after_days`: how long after
    the first callback the policyholder is rung again."""

    first_day: Annotated[Day, Field(description="回访完成起始日")]
    last_day: Annotated[Day, Field(description="回访完成截止日")]
    organisation: Annotated[str | None, Field(max_length=100, description="By default your own 机构")] = None
    agent_id: Annotated[UUID | None, Field(description="仅抽查该坐席的回访")] = None
    wanted: Annotated[int, Field(ge=1, le=5000)]
    seed: Seed
    after_days: Annotated[int, Field(ge=0, le=3660, description="多少天后再访,默认半年")] = recheck.HALF_A_YEAR


class SampleView(Model):
    """A sample and what came of it; `population`: what it was drawn from, `population_sha256`: which."""

    id: Annotated[UUID, Field(title="抽样标识")]
    organisation_id: Annotated[str, Field(title="机构")]
    first_day: Annotated[date, Field(title="回访起始日")]
    last_day: Annotated[date, Field(title="回访截止日")]
    agent_id: Annotated[UUID | None, Field(title="坐席")]
    seed: Annotated[str, Field(title="随机种子")]
    wanted: Annotated[int, Field(title="抽样件数")]
    after_days: Annotated[int, Field(title="再访间隔(天)")]
    population: Annotated[int, Field(title="总体件数")]
    population_sha256: Annotated[str, Field(title="总体摘要")]
    drawn: Annotated[int, Field(title="已抽件数")]
    genuine: Annotated[int, Field(title="本人接听")]
    impostor: Annotated[int, Field(title="他人代接")]
    unclear: Annotated[int, Field(title="无法判断")]
    not_reached: Annotated[int, Field(title="未能联系")]
    open: Annotated[int, Field(title="待复核")]
    drawn_at: Annotated[datetime, Field(title="抽样时间")]
    drawn_by: Annotated[str, Field(title="抽样人")]


class AgentView(Model):
    """What came of the callbacks of one agent."""

    agent_id: UUID
    agent_name: str | None
    drawn: int
    genuine: int
    impostor: int
    unclear: int
    not_reached: int
    open: int


class ReportView(Model):
    """A sample with what came of it by the agent of the first callback (C-24)."""

    sample: SampleView
    agents: list[AgentView]


class ItemView(Personal):
    """A callback that was drawn, its recording, its re-call, and what it came to; without a result it is open."""

    place: Annotated[int, Field(title="序号")]
    task_id: Annotated[UUID, Field(title="原回访任务")]
    call_id: Annotated[UUID, Field(title="原回访通话")]
    recording_id: Annotated[UUID | None, Field(title="原回访录音")]
    agent_id: Annotated[UUID, Field(title="原回访坐席")]
    agent_name: Annotated[str | None, Field(title="坐席姓名")]
    organisation_id: Annotated[str, Field(title="机构")]
    policy_id: Annotated[UUID | None, Field(title="保单标识")]
    completed_at: Annotated[datetime | None, Field(title="原回访完成时间")]
    recheck_id: Annotated[UUID | None, Field(title="再访任务")]
    recheck_state: Annotated[State | None, Field(title="再访状态")]
    not_before: Annotated[datetime | None, Field(title="最早再访")]
    result: Annotated[RecheckResult | None, Field(title="复核结果")]
    note: Annotated[str | None, Field(title="依据")]
    ticket_id: Annotated[UUID | None, Field(title="问题件标识")]
    ticket_number: Annotated[str | None, Field(title="服务单号")]
    finding_number: Annotated[str | None, Field(title="问题件编号")]
    judged_at: Annotated[datetime | None, Field(title="复核时间")]
    judged_by_name: Annotated[str | None, Field(title="复核人")]


class JudgeBody(Model):
    """What it came to. Of an impostor, `intention`: whether the policyholder clearly complains now (F-13)."""

    result: RecheckResult
    note: Annotated[Said, Field(description="依据")]
    intention: Annotated[Intention, Field(description="客户是否有明确投诉意向 (F-13)")] = Intention.NO


@routes.post("/callback-samples", Permission.CALLBACK_SAMPLE, creates=True)
async def draw_sample(ctx: Context, body: DrawBody) -> SampleView:
    """Draw successful callbacks and have their policyholders rung again 抽取回访样本

    Each gets a re-call so many days after the first, by another agent than whoever talked on it.
    """
    if body.first_day > body.last_day:
        raise InvalidError(Words("起始日不得晚于截止日", "the first day is no later than the last"))
    organisation = body.organisation or ctx.actor.organisation_id
    path = await organisation_path(ctx, organisation)
    days = (body.first_day, body.last_day)
    wish = Wish(*days, organisation, path, body.wanted, body.seed, body.after_days, body.agent_id)
    return _sample(await rechecks.draw(ctx.db, ctx.key, wish, by=by(ctx), at=ctx.clock.now()))


@routes.get("/callback-samples", (Permission.CALLBACK_SAMPLE, Permission.STATISTICS_READ))
async def list_samples(ctx: Context, query: PageQuery) -> Page[SampleView]:
    """Samples, the latest first 回访样本"""
    async with ctx.db.connection() as conn:
        rows = await rechecks.page(conn, by(ctx), ctx.after(query, tuple[datetime, UUID]), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["drawn_at"], row["id"]))
    return Page(items=[_sample(row) for row in page.items], next=page.next)


def report_table(view: ReportView) -> list[list[Any]]:
    """The report as rows: the sample, then its agents."""
    heads = [spec.title or name for name, spec in SampleView.model_fields.items()]
    agents = [[agent.agent_name, *list(agent.model_dump().values())[2:]] for agent in view.agents]
    columns = ["原回访坐席", "已抽件数", "本人接听", "他人代接", "无法判断", "未能联系", "待复核"]
    return [heads, list(view.sample.model_dump().values()), [], columns, *agents]


@routes.get(
    "/callback-samples/{sample_id}", (Permission.CALLBACK_SAMPLE, Permission.STATISTICS_READ), table=report_table
)
async def show_sample(ctx: Context, sample_id: UUID) -> ReportView:
    """What came of a sample, by agent 回访样本报告"""
    async with ctx.db.connection() as conn:
        sample = await rechecks.found(conn, sample_id, by(ctx))
        agents = await rechecks.by_agent(conn, sample_id)
        known = await rechecks.people(conn, agents)
    ctx.seen += [("user", str(row["agent_id"])) for row in agents]
    return ReportView(sample=_sample(sample), agents=[_agent(row, known) for row in agents])


@routes.get("/callback-samples/{sample_id}/items", (Permission.CALLBACK_SAMPLE, Permission.CALLBACK_WORK), reads="user")
async def list_items(ctx: Context, sample_id: UUID, query: PageQuery) -> Page[ItemView]:
    """The callbacks of a sample 样本中的回访"""
    async with ctx.db.connection() as conn:
        await rechecks.found(conn, sample_id, by(ctx))
        rows = await rechecks.items(conn, sample_id, ctx.after(query, int) or 0, query.limit + 1)
        page = ctx.page(rows, query, key=lambda row: row["place"])
        known = await rechecks.people(conn, list(page.items))
    ctx.seen += [("user", str(row["agent_id"])) for row in page.items]
    return Page(items=[_item(row, known, is_masked(ctx)) for row in page.items], next=page.next)


@routes.post(
    "/callback-samples/{sample_id}/items/{place}/result",
    (Permission.CALLBACK_SAMPLE, Permission.CALLBACK_WORK),
    creates=True,
    reads="callback_task",
)
async def judge_item(ctx: Context, sample_id: UUID, place: int, body: JudgeBody) -> ItemView:
    """Say whether the policyholder took the callback 登记复核结果

    An impostor raises a grave finding on the first callback, or a complaint where the policyholder clearly complains.
    """
    said = Judgement(body.result, body.note, body.intention)
    rules = ctx.resource(COMPLAINTS).rules
    row = await rechecks.judge(ctx.db, ctx.key, sample_id, place, said, rules, by=by(ctx), at=ctx.clock.now())
    async with ctx.db.connection() as conn:
        known = await rechecks.people(conn, [row])
    ctx.seen.append(("callback_task", str(row["task_id"])))
    return _item(row, known, is_masked(ctx))


def _sample(row: Mapping[str, Any]) -> SampleView:
    return SampleView(**{name: row[name] for name in SampleView.model_fields if name != "open"}, open=_open(row))


def _open(row: Mapping[str, Any]) -> int:
    return int(row["drawn"] - sum(row[result] for result in RecheckResult))


def _agent(row: Mapping[str, Any], known: Mapping[str, str]) -> AgentView:
    own = {name: row[name] for name in AgentView.model_fields if name in row}
    return AgentView(**own, agent_name=known.get(f"user:{row['agent_id']}"), open=_open(row))


def _item(row: Mapping[str, Any], known: Mapping[str, str], masked: bool) -> ItemView:
    own = {name: row[name] for name in ItemView.model_fields if name in row}
    return ItemView(
        **own | {"note": details.text(row["note"], masked)},
        call_id=row["attempt_id"],
        agent_name=known.get(f"user:{row['agent_id']}"),
        judged_by_name=known.get(row["judged_by"] or ""),
    )
