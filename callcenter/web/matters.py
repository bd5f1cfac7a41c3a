"""Routes of matters: which tickets may be about one incident. Must never decide a rule."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter import candidates
from callcenter.accounts.permissions import Permission
from callcenter.candidates import Proposed
from callcenter.customers import masking
from callcenter.web import details
from callcenter.web.acting import by as _by
from callcenter.web.acting import sought
from callcenter.web.api import Context, Page, PageQuery, Personal, Routes
from callcenter.web.customers import is_masked
from tickets.categories import Category
from tickets.intake import Channel, Nature, Relation, Source
from tickets.lifecycle import Status, Validity
from tickets.likeness import Ground

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
