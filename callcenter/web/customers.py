"""Routes that find and show customers. Must never show personal data whole to who may not see it so."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.accounts.permissions import Permission
from callcenter.customers import history, masking, search, store
from callcenter.customers.customer import Candidate, Criterion, Customer, Phone, Policy
from callcenter.customers.history import PastCall, PastTicket
from callcenter.customers.search import START, Criteria, Position
from callcenter.web.acting import eyes
from callcenter.web.api import Context, Page, PageQuery, Personal, Routes

routes = Routes("customers", "Customers 客户")

Short = Annotated[str, Field(min_length=1, max_length=64)]


class CustomerQuery(PageQuery):
    """At least one criterion; every one given adds candidates."""

    number: Annotated[Short | None, Field(description="Telephone number in any spelling 电话号码")] = None
    policy: Annotated[Short | None, Field(description="Policy number 保单号")] = None
    id_number: Annotated[Short | None, Field(description="ID number 证件号码")] = None
    name: Annotated[Short | None, Field(description="Name, or its beginning 姓名")] = None


class CandidateView(Personal):
    """A candidate, and which criteria lead to this customer."""

    id: Annotated[UUID, Field(title="客户标识")]
    name: Annotated[str, Field(title="姓名")]
    id_number: Annotated[str | None, Field(title="证件号码")]
    birth_date: Annotated[date | None, Field(title="出生日期")]
    phones: Annotated[list[str], Field(title="电话")]
    policies: Annotated[list[str], Field(title="保单")]
    matched: Annotated[list[Criterion], Field(title="匹配条件")]
    masked: Annotated[bool, Field(title="是否脱敏")]


class PhoneView(Personal):
    number: str
    kind: str
    at_underwriting: bool


class PolicyView(Personal):
    """Premium in yuan; `received_on` starts the cooling-off period."""

    id: UUID
    number: str
    organisation_id: str
    product_name: str
    product_kind: str
    sales_channel: str
    salesperson: str | None
    insured_name: str | None
    long_term: bool
    premium: Decimal | None
    payment: str
    paying_years: int | None
    issued_on: date | None
    received_on: date | None
    cooling_off_days: int | None
    status: str


class TicketBrief(Personal):
    id: UUID
    number: str
    nature: str
    channel: str
    source: str
    category: str | None
    severity: str
    status: str
    received_at: datetime
    closed_at: datetime | None


class CallBrief(Personal):
    """`identified` is false when the call only came from one of the customer's numbers."""

    id: UUID
    direction: str
    state: str
    caller: str | None
    queue: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    identified: bool


class CustomerView(Personal):
    """The customer with policies, open and earlier tickets and the latest calls."""

    id: UUID
    name: str
    id_number: str | None
    birth_date: date | None
    gender: str | None
    sales_calls_refused_until: date | None
    phones: list[PhoneView]
    policies: list[PolicyView]
    open_tickets: list[TicketBrief]
    earlier_tickets: list[TicketBrief]
    calls: list[CallBrief]
    masked: bool


@routes.get("/customers", Permission.CUSTOMER_READ, reads="customer")
async def find_customers(ctx: Context, query: CustomerQuery) -> Page[CandidateView]:
    """Candidates for a number, policy, ID number or name 查找客户

    Best match first, each with the criteria it matched. One candidate is a candidate like several: who it is, the
    reader decides.
    """
    criteria = Criteria.parse(number=query.number, policy=query.policy, id_number=query.id_number, name=query.name)
    after = ctx.after(query, tuple[int, UUID])
    position = START if after is None else Position(*after)
    async with ctx.db.connection() as conn:
        found = await search.search(conn, criteria, within=reach(ctx), after=position, limit=query.limit + 1)
    page = ctx.page(found, query, key=lambda pair: (pair[1].weight, pair[1].id))
    masked = is_masked(ctx)
    return Page(items=[candidate_view(candidate, masked) for candidate, _ in page.items], next=page.next)


@routes.get("/customers/{customer_id}", Permission.CUSTOMER_READ, reads="customer")
async def show_customer(ctx: Context, customer_id: UUID) -> CustomerView:
    """A customer with policies, tickets and calls 客户详情"""
    async with ctx.db.connection() as conn:
        customer = await store.customer(conn, customer_id, reach(ctx))
        policies = await store.policies_of(conn, customer_id)
        tickets: list[PastTicket] = []
        calls: list[PastCall] = []
        if ctx.actor.may(Permission.TICKET_READ):
            tickets = await history.tickets(conn, customer_id, ctx.actor.path)
        if ctx.actor.may(Permission.CALL_READ):
            numbers = [phone.number for phone in customer.phones]
            calls = await history.calls(conn, customer_id, numbers, eyes(ctx))
    return _customer(customer, policies, tickets, calls, is_masked(ctx))


def reach(ctx: Context) -> tuple[str, ...]:
    """The paths whose customers the actor may see; headquarters sees the whole company."""
    return ("",) if ctx.actor.path.count("/") <= 1 else (ctx.actor.path,)


def is_masked(ctx: Context) -> bool:
    """Whether personal data is shown masked to the actor."""
    return not ctx.actor.may(Permission.CUSTOMER_UNMASK)


def candidate_view(candidate: Candidate, masked: bool) -> CandidateView:
    """A candidate as the reader may see it."""
    return CandidateView(
        id=candidate.id,
        name=_name(candidate.name, masked),
        id_number=masking.id_number(candidate.id_number) if masked else candidate.id_number,
        birth_date=None if masked else candidate.birth_date,
        phones=[_number(number, masked) for number in candidate.phones],
        policies=list(candidate.policies),
        matched=list(candidate.matched),
        masked=masked,
    )


def _customer(
    customer: Customer, policies: list[Policy], tickets: list[PastTicket], calls: list[PastCall], masked: bool
) -> CustomerView:
    briefs = [TicketBrief.model_validate(ticket, from_attributes=True) for ticket in tickets]
    return CustomerView(
        id=customer.id,
        name=_name(customer.name, masked),
        id_number=masking.id_number(customer.id_number) if masked else customer.id_number,
        birth_date=None if masked else customer.birth_date,
        gender=customer.gender,
        sales_calls_refused_until=customer.sales_calls_refused_until,
        phones=[_phone(phone, masked) for phone in customer.phones],
        policies=[_policy(policy, masked) for policy in policies],
        open_tickets=[brief for brief in briefs if brief.status != "closed"],
        earlier_tickets=[brief for brief in briefs if brief.status == "closed"],
        calls=[_call(call, masked) for call in calls],
        masked=masked,
    )


def _name(text: str, masked: bool) -> str:
    return masking.name(text) if masked else text


def _number(number: str, masked: bool) -> str:
    return (masking.phone(number) or "") if masked else number


def _phone(phone: Phone, masked: bool) -> PhoneView:
    return PhoneView(number=_number(phone.number, masked), kind=phone.kind, at_underwriting=phone.at_underwriting)


def _policy(policy: Policy, masked: bool) -> PolicyView:
    view = PolicyView(
        **{name: getattr(policy, name) for name in PolicyView.model_fields},
    )
    if masked and view.insured_name is not None:
        return view.model_copy(update={"insured_name": masking.name(view.insured_name)})
    return view


def _call(call: PastCall, masked: bool) -> CallBrief:
    view = CallBrief.model_validate(call, from_attributes=True)
    return view.model_copy(update={"caller": masking.phone(view.caller)}) if masked else view
