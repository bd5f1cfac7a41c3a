"""Routes of what was heard on a callback judged again: later word, quality assurance, confirmation. Must never decide a
rule."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter import reclassifications
from callcenter.accounts.permissions import Permission
from callcenter.reclassifications import Judged, Word
from callcenter.web import details
from callcenter.web.acting import by, sought
from callcenter.web.api import Context, Model, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.keys import RECLASSIFICATIONS
from callcenter.web.ticket_views import ReasonView
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import Nature
from tickets.lifecycle import Status
from tickets.reclassification import Manner, ReclassificationAction, ReclassificationGround, ReclassificationState

routes = Routes("reclassifications", "Judged again 回访判定更改")

Said = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
Version = Annotated[int, Field(ge=1, description="Of the ticket as it was read 服务单版本")]


class JudgeBody(Model):
    """What the recording says, and where: `second` counts from the customer's answer."""

    version: Version
    subject: Annotated[Subject, Field(description="事项 (C-26)")]
    intention: Annotated[Intention, Field(description="是否有明确投诉意向 (F-13)")]
    respondent: Annotated[Respondent, Field(description="通话人 (R-1.1)")]
    reason: Annotated[Said, Field(description="改判理由")]
    call_id: Annotated[UUID, Field(description="录音所在通话")]
    second: Annotated[Decimal, Field(ge=0, le=86_400, max_digits=8, decimal_places=3, description="录音位置,秒")]


class WordBody(Model):
    """What the customer says now; `call_id`: the call it is said on."""

    version: Version
    subject: Subject
    respondent: Annotated[Respondent, Field(description="投诉人 (R-1.1)")] = Respondent.POLICYHOLDER
    description: Annotated[Said, Field(description="客户所述")]
    demand: Annotated[Said | None, Field(description="客户诉求")] = None
    call_id: Annotated[UUID | None, Field(description="投诉所在通话")] = None
    restated_and_confirmed: Annotated[bool, Field(description="已向客户复述并确认 (R-4.2)")] = False


class AnswerBody(Model):
    """Why it is refused or withdrawn; a confirmation may say something, too."""

    version: Version
    remark: Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True)] = ""


class ReclassificationQuery(PageQuery):
    """Filters; `to_nature`: what it makes of the ticket; `ticket_id`: judged again, or opened because of it."""

    state: ReclassificationState | None = None
    to_nature: Nature | None = None
    ticket_id: UUID | None = None


class ReclassificationView(Personal):
    """One judgement changed, or proposed to be."""

    id: Annotated[UUID, Field(title="改判标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    ticket_number: Annotated[str, Field(title="服务单号")]
    finding_number: Annotated[str | None, Field(title="问题件编号")]
    ticket_status: Annotated[Status, Field(title="服务单状态")]
    ticket_version: Annotated[int, Field(title="服务单版本")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    ground: Annotated[ReclassificationGround, Field(title="依据")]
    manner: Annotated[Manner, Field(title="方式")]
    from_nature: Annotated[Nature, Field(title="原性质")]
    to_nature: Annotated[Nature, Field(title="改为")]
    subject: Annotated[Subject, Field(title="事项")]
    intention: Annotated[Intention, Field(title="投诉意向")]
    respondent: Annotated[Respondent, Field(title="通话人")]
    why: Annotated[str, Field(title="理由")]
    call_id: Annotated[UUID | None, Field(title="通话标识")]
    second: Annotated[float | None, Field(title="录音位置(秒)")]
    state: Annotated[ReclassificationState, Field(title="状态")]
    proposed_at: Annotated[datetime, Field(title="提出时间")]
    proposed_by: Annotated[str, Field(title="提出人")]
    proposed_by_name: Annotated[str | None, Field(title="提出人姓名")]
    answered_at: Annotated[datetime | None, Field(title="确认时间")]
    answered_by: Annotated[str | None, Field(title="确认人")]
    answered_by_name: Annotated[str | None, Field(title="确认人姓名")]
    remark: Annotated[str | None, Field(title="确认意见")]
    effected_at: Annotated[datetime | None, Field(title="生效时间")]
    complaint_id: Annotated[UUID | None, Field(title="另立投诉标识")]
    complaint_number: Annotated[str | None, Field(title="另立投诉单号")]
    rules: Annotated[list[str], Field(title="规则")]
    verdict: Annotated[list[ReasonView], Field(title="判定依据")]


@routes.post("/tickets/{ticket_id}/later-word", Permission.TICKET_OPEN, creates=True, reads="reclassification")
async def take_later_word(ctx: Context, ticket_id: UUID, body: WordBody) -> ReclassificationView:
    """The customer of a finding clearly complains now 客户其后明确投诉

    A complaint of its own is opened at this moment, with its own number and clocks, and counts; the finding ends in it.
    """
    heard = Heard(body.subject, Intention.YES, body.respondent)
    word = Word(heard, body.description, body.demand, body.call_id, body.restated_and_confirmed)
    with sought():
        row = await ctx.resource(RECLASSIFICATIONS).later_word(ctx.key, ticket_id, body.version, word, by(ctx))
    return await _shown(ctx, row)


@routes.post(
    "/tickets/{ticket_id}/reclassifications", Permission.CALLBACK_RECLASSIFY, creates=True, reads="reclassification"
)
async def judge_again(ctx: Context, ticket_id: UUID, body: JudgeBody) -> ReclassificationView:
    """Judge again what was heard on the callback 质检改判

    A finding becomes a complaint at once; a complaint becomes a finding when a second person has confirmed it.
    """
    heard = Heard(body.subject, body.intention, body.respondent)
    judged = Judged(heard, body.reason, body.call_id, body.second)
    with sought():
        row = await ctx.resource(RECLASSIFICATIONS).judge(ctx.key, ticket_id, body.version, judged, by(ctx))
    return await _shown(ctx, row)


@routes.get("/reclassifications", Permission.TICKET_READ, reads="reclassification")
async def list_reclassifications(ctx: Context, query: ReclassificationQuery) -> Page[ReclassificationView]:
    """What was judged again, newest first 改判列表"""
    async with ctx.db.connection() as conn:
        rows = await reclassifications.page(
            conn,
            by(ctx),
            state=query.state,
            to=query.to_nature,
            ticket_id=query.ticket_id,
            after=ctx.after(query, tuple[datetime, UUID]),
            limit=query.limit + 1,
        )
        page = ctx.page(rows, query, key=lambda row: (row["proposed_at"], row["id"]))
        known = await reclassifications.people(conn, list(page.items))
    return Page(items=[_view(row, known, is_masked(ctx)) for row in page.items], next=page.next)


@routes.get("/reclassifications/{reclassification_id}", Permission.TICKET_READ, reads="reclassification")
async def show_reclassification(ctx: Context, reclassification_id: UUID) -> ReclassificationView:
    """One of them 改判详情"""
    async with ctx.db.connection() as conn:
        return await _shown(ctx, await reclassifications.found(conn, reclassification_id, by(ctx)))


@routes.post(
    "/reclassifications/{reclassification_id}/actions/{action}",
    (Permission.CALLBACK_RECLASSIFY, Permission.CALLBACK_CONFIRM),
    reads="reclassification",
)
async def answer_reclassification(
    ctx: Context, reclassification_id: UUID, action: ReclassificationAction, body: AnswerBody
) -> ReclassificationView:
    """Confirm, refuse or withdraw: never who proposed it, but the last 确认、不同意、撤回"""
    row = await ctx.resource(RECLASSIFICATIONS).answer(reclassification_id, body.version, action, body.remark, by(ctx))
    return await _shown(ctx, row)


async def _shown(ctx: Context, row: Mapping[str, Any]) -> ReclassificationView:
    async with ctx.db.connection() as conn:
        return _view(row, await reclassifications.people(conn, [row]), is_masked(ctx))


def _view(row: Mapping[str, Any], known: Mapping[str, str], masked: bool) -> ReclassificationView:
    own = {name: row[name] for name in ReclassificationView.model_fields if name in row}
    told = {"why": details.text(row["reason"], masked), "remark": details.text(row["remark"], masked)}
    people = {f"{who}_name": known.get(row[who] or "") for who in ("proposed_by", "answered_by")}
    reasons = [ReasonView(rule=each["rule"], zh=each["zh"], en=each["en"]) for each in row["verdict"]["reasons"]]
    more = {"verdict": reasons, "rules": [each.rule for each in reasons]}
    return ReclassificationView.model_validate(own | told | people | dict(row["heard"]) | more)
