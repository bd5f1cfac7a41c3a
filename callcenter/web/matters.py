"""Routes of matters: which tickets may be about one incident. Must never decide a rule."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from callcenter import candidates, matterfile
from callcenter.accounts.permissions import Permission
from callcenter.candidates import Proposed
from callcenter.customers import masking
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought
from callcenter.web.api import Context, Day, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from callcenter.web.ticket_views import ReasonView
from callcenter.web.tickets import organisation_path
from tickets.categories import Category
from tickets.intake import Channel, Nature, Relation, Source
from tickets.lifecycle import Status, Validity
from tickets.likeness import Ground
from tickets.matters import Place

routes = Routes("matters", "Matters 投诉事件")


class ProposedView(Personal):
    """A ticket that may be about the same incident, and why; `likeness` of the words, 0 … 1.

    `matter_version` is for the relation, so that it is not decided on another state of the matter.
    """

    id: Annotated[UUID, Field(title="服务单标识")]
    number: Annotated[str, Field(title="服务单号")]
    grounds: Annotated[list[Ground], Field(title="推荐理由")]
    likeness: Annotated[float, Field(title="文字相近度")]
    rank: Annotated[int, Field(title="推荐度")]
    nature: Annotated[Nature, Field(title="性质")]
    channel: Annotated[Channel, Field(title="投诉方式")]
    source: Annotated[Source, Field(title="来源")]
    relation: Annotated[Relation | None, Field(title="关系")]
    status: Annotated[Status, Field(title="状态")]
    validity: Annotated[Validity | None, Field(title="有效性")]
    category: Annotated[Category | None, Field(title="类别")]
    received_at: Annotated[datetime, Field(title="受理时间")]
    closed_at: Annotated[datetime | None, Field(title="结案时间")]
    accepting_organisation_id: Annotated[str, Field(title="受理机构")]
    complainant_name: Annotated[str | None, Field(title="投诉人")]
    policy_number: Annotated[str | None, Field(title="保单号")]
    demand: Annotated[str | None, Field(title="客户诉求")]
    matter_id: Annotated[UUID | None, Field(title="投诉事件标识")]
    matter_version: Annotated[int | None, Field(title="投诉事件版本")]


class MatterQuery(PageQuery):
    """Filters; what is left out does not narrow. The days are those of the first receipt, in Asia/Shanghai."""

    repeated: Annotated[bool | None, Field(description="With or without a repeat 有无重复投诉 (R-4.12)")] = None
    escalated: Annotated[bool | None, Field(description="With or without an escalation 有无投诉升级 (R-4.14)")] = None
    organisation: Annotated[
        str | None, Field(max_length=100, description="Of one of its orders, or below 受理、承保机构")
    ] = None
    first_day: Day | None = None
    last_day: Day | None = None


class MatterView(Personal):
    """A matter and what it counts for."""

    id: Annotated[UUID, Field(title="投诉事件标识")]
    root_ticket_id: Annotated[UUID, Field(title="首单标识")]
    number: Annotated[str, Field(title="首单号")]
    opened_at: Annotated[datetime, Field(title="首次受理时间")]
    latest_at: Annotated[datetime, Field(title="最近受理时间")]
    validity: Annotated[Validity, Field(title="有效性")]
    occurrences: Annotated[int, Field(title="投诉次数")]
    pieces: Annotated[int, Field(title="投诉件数")]
    repeats: Annotated[int, Field(title="重复次数")]
    escalations: Annotated[int, Field(title="升级次数")]
    version: Annotated[int, Field(title="版本")]


class OrderView(Personal):
    """An order of a matter: what it is, what it weighs, and why; `earlier` is the order that decided it (F-49)."""

    id: UUID
    number: str
    nature: Nature
    channel: Channel
    source: Source
    accepting_organisation_id: str
    status: Status
    received_at: datetime
    closed_at: datetime | None
    relation: Relation | None
    external: bool
    earlier: str | None
    occurrences: int
    pieces: int
    exclusion: str | None
    reasons: list[ReasonView]


class WholeMatterView(MatterView):
    """A matter with its orders, in order of receipt."""

    orders: list[OrderView]


@routes.get("/matters", Permission.TICKET_READ, reads="matter")
async def list_matters(ctx: Context, query: MatterQuery) -> Page[MatterView]:
    """Matters, newest first 投诉事件列表"""
    path = await organisation_path(ctx, query.organisation) if query.organisation else None
    after = ctx.after(query, tuple[datetime, UUID])
    wanted = matterfile.Wanted(query.repeated, query.escalated, path, query.first_day, query.last_day)
    async with ctx.db.connection() as conn:
        rows = await matterfile.page(conn, wanted, _by(ctx), after, query.limit + 1)
    page = ctx.page(rows, query, key=lambda row: (row["opened_at"], row["id"]))
    return Page(items=[MatterView(**row) for row in page.items], next=page.next)


@routes.get("/matters/{matter_id}", Permission.TICKET_READ, reads="matter")
async def show_matter(ctx: Context, matter_id: UUID) -> WholeMatterView:
    """A matter, its orders, and why each counts 投诉事件及计件依据"""
    async with ctx.db.connection() as conn:
        row, orders = await matterfile.whole(conn, matter_id, _by(ctx), ctx.clock.now())
    return WholeMatterView(**row, orders=[_order(*order) for order in orders])


def _order(row: Mapping[str, Any], place: Place) -> OrderView:
    names = ("id", "nature", "channel", "source", "accepting_organisation_id", "status", "received_at", "closed_at")
    return OrderView(
        **{name: row[name] for name in names},
        number=place.number,
        relation=place.relation,
        external=place.external,
        earlier=place.earlier,
        occurrences=place.occurrences,
        pieces=place.pieces,
        exclusion=place.exclusion.value if place.exclusion else None,
        reasons=[ReasonView(rule=each.rule, zh=each.words.zh, en=each.words.en) for each in place.reasons],
    )


@routes.get("/tickets/{ticket_id}/matter-candidates", Permission.TICKET_READ, reads="ticket")
async def list_matter_candidates(ctx: Context, ticket_id: UUID, query: PageQuery) -> Page[ProposedView]:
    """Tickets that may be about the same incident 可能的同一投诉事件

    By customer, policy, telephone, number of a linked call and likeness of the words, with why each is proposed; what
    most speaks for comes first. That they are one incident a person says (`POST /tickets/{id}/relation`).
    """
    after = ctx.after(query, tuple[int, datetime, UUID])
    async with ctx.db.connection() as conn:
        with sought():
            found = await candidates.of_ticket(conn, ticket_id, _by(ctx), after, query.limit + 1)
    page = ctx.page(found, query, key=lambda each: each.position)
    masked = is_masked(ctx)
    return Page(items=[_proposed(each, masked) for each in page.items], next=page.next)


def _proposed(proposed: Proposed, masked: bool) -> ProposedView:
    row = {name: proposed.row[name] for name in ProposedView.model_fields if name in proposed.row}
    if masked and row["complainant_name"]:
        row["complainant_name"] = masking.name(row["complainant_name"])
    row["demand"] = details.text(row["demand"], masked)
    row["grounds"] = list(proposed.grounds)
    return ProposedView(**row, likeness=proposed.likeness, rank=proposed.rank)
