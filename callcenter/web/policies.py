"""Routes that take policies from the core system, and list those that still lack their callback."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from callcenter import terms
from callcenter.accounts.permissions import Permission
from callcenter.callbacks import coverage, policies
from callcenter.callbacks.coverage import Gap, Why
from callcenter.callbacks.policies import Settled
from callcenter.callbacks.task import Purpose
from callcenter.customers import phone
from callcenter.customers.customer import Phone
from callcenter.customers.errors import NotANumberError
from callcenter.customers.register import Holder, Pushed, Refusal
from callcenter.db.pool import Connection
from callcenter.errors import UnfitValueError
from callcenter.web.api import Coded, Context, Day, Model, Moment, Name, Page, PageQuery, Routes
from tickets.calendar import shanghai_day

routes = Routes("policies", "Policies 保单")

BATCH_BYTES = 4 << 20
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]


def _number(text: str) -> str:
    try:
        return phone.parse(text)
    except NotANumberError as error:
        raise UnfitValueError(error.words) from None


Number = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_number)]


class PhoneBody(Model):
    """`at_underwriting`: held in the core system at underwriting, the only numbers a callback dials (C-12)."""

    number: Annotated[Number, Field(description="In any spelling")]
    kind: Literal["mobile", "home", "work", "other"] = "mobile"
    at_underwriting: bool = True


class HolderBody(Model):
    """The policyholder 投保人. `core_number`: their number in the core system, by which they are known again.

    What is not sent stays as it was; `phones`, when sent, are all there are.
    """

    name: Name
    core_number: Code | None = None
    id_number: Code | None = None
    birth_date: Day | None = None
    gender: Literal["female", "male"] | None = None
    sales_calls_refused_until: Day | None = None
    phones: Annotated[list[PhoneBody] | None, Field(max_length=20)] = None


class PolicyBody(Model):
    """A policy as the core system has it, whole: what is not sent, the policy does not have any more.

    `long_term`: over one year (C-1); `group_business`: not personal; `guaranteed_renewal`: C-2; `received_on`: the day
    the policyholder signed for it, from which the cooling-off period runs (C-3); `cooling_off_days`: null where not
    known (C-4); `sale_recorded`: the sale was recorded and its content confirmed (C-7, C-23); the days from
    `premium_due_on` on say what else happened to it (C-22). `core_changed_at`: what is older than what is there is not
    taken.
    """

    number: Annotated[Code, Field(max_length=40)]
    holder: HolderBody
    organisation_id: Code
    product_name: Name
    product_kind: Literal["life", "annuity", "health", "participating", "universal", "unit_linked"] = "life"
    sales_channel: Literal["agent", "bank", "telesales", "internet", "broker", "group"] = "agent"
    salesperson: Name | None = None
    insured_name: Name | None = None
    long_term: bool = True
    guaranteed_renewal: bool = False
    group_business: bool = False
    premium: Annotated[Decimal | None, Field(gt=0, max_digits=14, decimal_places=2)] = None
    payment: Literal["single", "yearly", "half_yearly", "quarterly", "monthly"] = "yearly"
    paying_years: Annotated[int | None, Field(ge=1, le=120)] = None
    issued_on: Day | None = None
    received_on: Day | None = None
    cooling_off_days: Annotated[int | None, Field(ge=1, le=365)] = None
    status: Literal["pending", "in_force", "lapsed", "surrendered", "terminated"]
    sale_recorded: bool | None = None
    premium_due_on: Day | None = None
    lapsed_on: Day | None = None
    surrendered_on: Day | None = None
    claim_settled_on: Day | None = None
    paid_out_on: Day | None = None
    salesperson_left_on: Day | None = None
    core_changed_at: Moment | None = None

    def value(self) -> Pushed:
        fields = {name: getattr(self, name) for name in PolicyBody.model_fields if name != "holder"}
        told = {name: getattr(self.holder, name) for name in HolderBody.model_fields if name != "phones"}
        phones = self.holder.phones
        kept = None if phones is None else tuple(Phone(p.number, p.kind, p.at_underwriting) for p in phones)
        return Pushed(holder=Holder(phones=kept, **told), **fields)


class BatchBody(Model):
    """Of a number that is there twice the last one counts."""

    policies: Annotated[list[PolicyBody], Field(min_length=1, max_length=1000)]


class SettledView(Model):
    """`task_id`: the callback task this push made, if any; `refusal`: why the policy was not taken."""

    number: str
    policy_id: UUID | None
    refusal: Refusal | None
    is_new: bool
    task_id: UUID | None


class BatchView(Model):
    items: list[SettledView]


class GapQuery(PageQuery):
    """`since`: policies whose days to call back in began then or later; two months ago, unless told."""

    purpose: Purpose = Purpose.NEW_BUSINESS
    since: Day | None = None


class GapView(Model):
    policy_id: Annotated[UUID, Field(title="保单标识")]
    number: Annotated[str, Field(title="保单号")]
    organisation_id: Annotated[str, Field(title="机构")]
    product_name: Annotated[str, Field(title="产品")]
    sales_channel: Annotated[str, Field(title="销售渠道"), Coded(terms.SALES_CHANNELS)]
    why: Annotated[Why, Field(title="原因")]
    campaign_id: Annotated[UUID | None, Field(title="批次标识")]
    received_on: Annotated[date | None, Field(title="签收日")]
    due_at: Annotated[datetime | None, Field(title="回访截止")]
    cooling_off_assumed: Annotated[bool, Field(title="犹豫期为推定")]
    late: Annotated[bool, Field(title="已逾期")]


@routes.post("/policies", Permission.POLICY_PUSH, creates=True, status=200)
async def push_policy(ctx: Context, body: PolicyBody) -> SettledView:
    """Push a policy, new or changed 推送保单

    Known by its number: the same again changes nothing. A policy in scope of a running campaign that makes its tasks by
    itself gets one in the same transaction; open tasks follow their policy.
    """
    [settled] = await _push(ctx, [body])
    return settled


@routes.post("/policies/batch", Permission.POLICY_PUSH, creates=True, status=200, body_bytes=BATCH_BYTES)
async def push_policies(ctx: Context, body: BatchBody) -> BatchView:
    """Push up to 1000 policies 批量推送保单

    What becomes of each stands in the answer; a refused one does not keep the others out.
    """
    return BatchView(items=await _push(ctx, body.policies))


@routes.get("/callback-gaps", Permission.CALLBACK_READ)
async def list_gaps(ctx: Context, query: GapQuery) -> Page[GapView]:
    """Policies in scope without a callback task, and why 应访未建任务的保单

    Empty when every policy in scope has its task (C-20).
    """
    at = ctx.clock.now()
    async with ctx.db.connection() as conn:
        rows = await _gaps(ctx, conn, query, at)
    page = ctx.page(rows, query, key=lambda row: row.policy.id)
    return Page(items=[_gap(row) for row in page.items], next=page.next)


async def _gaps(ctx: Context, conn: Connection, query: GapQuery, at: datetime) -> list[Gap]:
    return await coverage.gaps(
        conn,
        query.purpose,
        path=ctx.actor.path,
        since=query.since or shanghai_day(at) - timedelta(days=60),
        after=ctx.after(query, UUID),
        limit=query.limit + 1,
        at=at,
    )


async def _push(ctx: Context, bodies: list[PolicyBody]) -> list[SettledView]:
    settled = await policies.push(
        ctx.db,
        [body.value() for body in bodies],
        path=ctx.actor.path,
        actor=ctx.actor.audit_name,
        at=ctx.clock.now(),
    )
    return [_settled(one) for one in settled]


def _settled(one: Settled) -> SettledView:
    return SettledView(**{name: getattr(one, name) for name in SettledView.model_fields})


def _gap(gap: Gap) -> GapView:
    of_policy = ("number", "organisation_id", "product_name", "sales_channel", "received_on")
    told = ("why", "campaign_id", "due_at", "cooling_off_assumed", "late")
    return GapView(
        policy_id=gap.policy.id,
        **{name: getattr(gap.policy, name) for name in of_policy},
        **{name: getattr(gap, name) for name in told},
    )
