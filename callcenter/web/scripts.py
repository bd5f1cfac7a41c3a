"""Routes of scripts, scope rules and the simplified callback: what callbacks are made by. Must never decide a rule."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter.accounts.permissions import Permission
from callcenter.callbacks import scope, scope_rules, scripts, switches, wording
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.scope import Rule, Start
from callcenter.callbacks.script import Condition, Kind, Script, State, Step
from callcenter.callbacks.scripts import Kept
from callcenter.callbacks.task import Purpose
from callcenter.errors import InvalidError
from callcenter.web.api import Context, Day, Model, Name, Page, PageQuery, Routes
from tickets.calendar import shanghai_day
from tickets.errors import Words

routes = Routes("scripts", "Callback scripts and scope 回访话术与范围")

Version = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$")]
Code = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,39}$")]
Spoken = Annotated[str, Field(min_length=1, max_length=2000)]


class StepBody(Model):
    """One thing said or asked. {{product}} and the like are filled in from the policy.

    `next`, and `branches` by answer, name a later step or `end`; without `next` the following step comes. `when`: all
    of it must hold for the step to be for a customer. `mandatory`: the answer decides the result (C-13). Codes such as
    `cover_known` are what must be confirmed (C-6, C-7), `right_to_rescind` what is told (C-15).
    """

    code: Code
    kind: Kind
    zh: Spoken
    en: Spoken
    rule: Annotated[str | None, Field(max_length=20)] = None
    mandatory: bool = True
    may_not_apply: bool = False
    when: Annotated[list[Condition], Field(default_factory=list, max_length=6)]
    next: Code | None = None
    branches: Annotated[dict[Answer, Code], Field(default_factory=dict)]

    def value(self) -> Step:
        return Step(
            self.code,
            self.kind,
            Words(self.zh, self.en),
            self.rule,
            self.mandatory,
            self.may_not_apply,
            frozenset(self.when),
            self.next,
            dict(self.branches),
        )

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(
            code=step.code,
            kind=step.kind,
            zh=step.words.zh,
            en=step.words.en,
            rule=step.rule,
            mandatory=step.mandatory,
            may_not_apply=step.may_not_apply,
            when=sorted(step.when),
            next=step.next,
            branches=dict(step.branches),
        )


class ScriptBody(Model):
    """A draft. `simplified`: for sales that were recorded and confirmed (C-23)."""

    name: Name
    purpose: Purpose = Purpose.NEW_BUSINESS
    simplified: bool = False
    steps: Annotated[list[StepBody], Field(min_length=1, max_length=60)]

    def script(self, version: str) -> Script:
        steps = tuple(step.value() for step in self.steps)
        return Script(version, self.name, self.purpose, steps, self.simplified)


class NewScriptBody(ScriptBody):
    """`version` is what it is called from then on."""

    version: Version


class EditScriptBody(ScriptBody):
    """The whole draft anew; `revision`: the one that was read."""

    revision: int


class PublishBody(Model):
    """`revision`: the one that was read."""

    revision: int


class ScriptBrief(Model):
    version: Annotated[str, Field(title="版本")]
    name: Annotated[str, Field(title="名称")]
    purpose: Annotated[Purpose, Field(title="用途")]
    simplified: Annotated[bool, Field(title="简化回访")]
    state: Annotated[State, Field(title="状态")]
    revision: Annotated[int, Field(title="修订次数")]
    created_by: Annotated[str, Field(title="创建人")]
    created_at: Annotated[datetime, Field(title="创建时间")]
    published_by: Annotated[str | None, Field(title="发布人")]
    published_at: Annotated[datetime | None, Field(title="发布时间")]


class ScriptView(Model):
    """`values`: what a text may have filled in; `neutral`: what it may before the policyholder is confirmed (C-5)."""

    script: ScriptBrief
    steps: list[StepBody]
    values: list[str]
    neutral: list[str]


class ScriptQuery(PageQuery):
    purpose: Purpose | None = None
    state: State | None = None


class RuleBody(Model):
    """Which policies are called back for a purpose, and within how many days; see docs/callbacks.md.

    `days`: natural days after the day the purpose counts from; none for new business, whose cooling-off period decides
    (C-3). `fallback_days`: how long a period of unknown length is taken to be (C-4).
    """

    purpose: Purpose
    days: Annotated[int | None, Field(ge=1, le=365)] = None
    statuses: Annotated[list[Annotated[str, Field(max_length=20)]], Field(min_length=1, max_length=5)]
    any_term: bool
    group: bool = False
    fallback_days: Annotated[int, Field(ge=1, le=60)] = 10
    bank_days: Annotated[int, Field(ge=1, le=60)] = 15
    health_days: Annotated[int, Field(ge=1, le=60)] = 15
    senior_age: Annotated[int, Field(ge=1, le=120)] = 60

    def value(self) -> Rule:
        starts = scope.SHIPPED[self.purpose].starts
        fields = {name: getattr(self, name) for name in RuleBody.model_fields if name != "statuses"}
        return Rule(starts=starts, statuses=frozenset(self.statuses), **fields)


class RuleView(Model):
    purpose: Purpose
    starts: Start | None
    days: int | None
    statuses: list[str]
    any_term: bool
    group: bool
    fallback_days: int
    bank_days: int
    health_days: int
    senior_age: int


class RulesView(Model):
    """The rules in force on a day, one for each purpose."""

    day: date
    rules: list[RuleView]


class RuleVersionView(Model):
    id: Annotated[UUID, Field(title="版本标识")]
    purpose: Annotated[Purpose, Field(title="用途")]
    valid_from: Annotated[date, Field(title="生效日")]
    reason: Annotated[str, Field(title="修订理由")]
    published_at: Annotated[datetime, Field(title="发布时间")]
    published_by: Annotated[str, Field(title="发布人")]
    days: Annotated[int | None, Field(title="期限天数")]


class PublishRuleBody(Model):
    """In force from `valid_from` on, today or later."""

    valid_from: Day
    reason: Name
    rule: RuleBody


class RulesQuery(Model):
    """Which day; today, unless told."""

    day: Day | None = None


class RuleVersionQuery(PageQuery):
    purpose: Purpose | None = None


class SwitchBody(Model):
    """Whether the product may be called back in the simplified way, and why (C-23)."""

    product_name: Name
    simplified: bool
    reason: Name


class SwitchView(Model):
    product_name: Annotated[str, Field(title="产品")]
    simplified: Annotated[bool, Field(title="允许简化回访")]
    reason: Annotated[str, Field(title="理由")]
    changed_by: Annotated[str, Field(title="操作人")]
    changed_at: Annotated[datetime, Field(title="操作时间")]


@routes.get("/scripts", Permission.SCRIPT_READ)
async def list_scripts(ctx: Context, query: ScriptQuery) -> Page[ScriptBrief]:
    """Scripts, drafts and published, the newest first 回访话术列表"""
    async with ctx.db.connection() as conn:
        after = ctx.after(query, tuple[datetime, str])
        rows = await scripts.page(conn, query.purpose, query.state, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row.created_at, row.script.version))
    return Page(items=[_brief(row) for row in page.items], next=page.next)


@routes.get("/scripts/{version}", Permission.SCRIPT_READ)
async def show_script(ctx: Context, version: str) -> ScriptView:
    """A script with its steps 回访话术详情"""
    async with ctx.db.connection() as conn:
        return _script(await scripts.kept(conn, version))


@routes.post("/scripts", Permission.SCRIPT_MANAGE, creates=True)
async def create_script(ctx: Context, body: NewScriptBody) -> ScriptView:
    """Write a draft 新建话术草稿

    It must be possible to walk through: every way leads on, to a later step or to the end, and some way to each step.
    """
    kept = await scripts.create(ctx.db, body.script(body.version), actor=ctx.actor.audit_name, at=ctx.clock.now())
    return _script(kept)


@routes.put("/scripts/{version}", Permission.SCRIPT_MANAGE)
async def edit_script(ctx: Context, version: str, body: EditScriptBody) -> ScriptView:
    """Write a draft anew 修改话术草稿"""
    kept = await scripts.edit(
        ctx.db, body.script(version), body.revision, actor=ctx.actor.audit_name, at=ctx.clock.now()
    )
    return _script(kept)


@routes.post("/scripts/{version}/actions/publish", Permission.SCRIPT_MANAGE)
async def publish_script(ctx: Context, version: str, body: PublishBody) -> ScriptView:
    """Publish a draft: from then on it never changes 发布话术

    Refused where something that must be confirmed is missing or can be passed by (C-6, C-7, C-15), where the recording
    is not announced first (E-13), or something of the policy is told before the policyholder is confirmed (C-5).
    """
    kept = await scripts.publish(ctx.db, version, body.revision, actor=ctx.actor.audit_name, at=ctx.clock.now())
    return _script(kept)


@routes.get("/scope-rules", Permission.SCRIPT_READ)
async def show_rules(ctx: Context, query: RulesQuery) -> RulesView:
    """Who is called back for what, on a day 回访范围规则"""
    return await _rules(ctx, query.day or shanghai_day(ctx.clock.now()))


@routes.get("/scope-rules/versions", Permission.SCRIPT_READ)
async def list_rule_versions(ctx: Context, query: RuleVersionQuery) -> Page[RuleVersionView]:
    """What was published, the latest first 范围规则版本"""
    async with ctx.db.connection() as conn:
        after = ctx.after(query, tuple[datetime, UUID])
        rows = await scope_rules.versions(conn, query.purpose, after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row.published_at, row.id))
    told = ("id", "valid_from", "reason", "published_at", "published_by")
    return Page(
        items=[
            RuleVersionView(purpose=row.rule.purpose, days=row.rule.days, **{name: getattr(row, name) for name in told})
            for row in page.items
        ],
        next=page.next,
    )


@routes.post("/scope-rules/versions", Permission.SCRIPT_MANAGE, creates=True)
async def publish_rule(ctx: Context, body: PublishRuleBody) -> RulesView:
    """Publish another rule for a purpose, from today or a later day on 发布范围规则

    It may call back more than the law asks for, never less (C-1 … C-4, C-7). It holds for tasks made from then on.
    """
    at = ctx.clock.now()
    if body.valid_from < shanghai_day(at):
        raise InvalidError(Words("生效日不得早于今日", "a rule is published for today or later"))
    rule = body.rule.value()
    scope_rules.check(rule)
    async with ctx.db.transaction() as conn:
        await scope_rules.publish(
            conn,
            ctx.key,
            rule,
            body.valid_from,
            body.reason,
            actor=ctx.actor.audit_name,
            address=ctx.address,
            at=at,
        )
    return await _rules(ctx, body.valid_from)


@routes.get("/simplified-products", Permission.SCRIPT_READ)
async def list_switches(ctx: Context, query: PageQuery) -> Page[SwitchView]:
    """Products that were ever switched, by name 简化回访产品开关

    A product that is not in the list is not called back in the simplified way.
    """
    async with ctx.db.connection() as conn:
        rows = await switches.page(conn, ctx.after(query, str), query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: row["product_name"])
    return Page(items=[SwitchView(**row) for row in page.items], next=page.next)


@routes.put("/simplified-products", Permission.SCRIPT_MANAGE)
async def switch_product(ctx: Context, body: SwitchBody) -> SwitchView:
    """Switch the simplified callback of a product on or off 设置产品简化回访

    On, it takes effect where the campaign has a simplified script and the sale was recorded and confirmed (C-23).
    """
    at, actor = ctx.clock.now(), ctx.actor.audit_name
    async with ctx.db.transaction() as conn:
        await switches.turn(conn, body.product_name, on=body.simplified, reason=body.reason, actor=actor, at=at)
    return SwitchView(**body.model_dump(), changed_by=actor, changed_at=at)


async def _rules(ctx: Context, day: date) -> RulesView:
    async with ctx.db.connection() as conn:
        rules = [await scope_rules.in_force(conn, purpose, day) for purpose in Purpose]
    return RulesView(day=day, rules=[_rule(rule) for rule in rules])


def _rule(rule: Rule) -> RuleView:
    fields = {name: getattr(rule, name) for name in RuleView.model_fields}
    return RuleView(**{**fields, "statuses": sorted(rule.statuses)})


def _brief(kept: Kept) -> ScriptBrief:
    of_script = {name: getattr(kept.script, name) for name in ("version", "name", "purpose", "simplified")}
    others = ("state", "revision", "created_by", "created_at", "published_by", "published_at")
    return ScriptBrief(**of_script, **{name: getattr(kept, name) for name in others})


def _script(kept: Kept) -> ScriptView:
    return ScriptView(
        script=_brief(kept),
        steps=[StepBody.of(step) for step in kept.script.steps],
        values=[value.value for value in wording.Value],
        neutral=sorted(wording.NEUTRAL),
    )
