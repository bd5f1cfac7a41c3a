"""The SQL of customers and policies. Must never begin a transaction."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from callcenter.customers.customer import Customer, CustomerId, Phone, Policy, PolicyId
from callcenter.customers.errors import UnknownCustomerError
from callcenter.db.pool import Connection

CUSTOMER = """
SELECT id, name, id_number, birth_date, gender, sales_calls_refused_until, core_number FROM customer WHERE id = $1"""
CUSTOMERS_BY_ID = """
SELECT id, name, id_number, birth_date, gender, sales_calls_refused_until, core_number FROM customer
WHERE id = ANY($1::uuid[])"""
PHONES_OF = """
SELECT customer_id, number, kind, at_underwriting FROM customer_phone WHERE customer_id = ANY($1::uuid[])
ORDER BY customer_id, number"""
PHONES = "SELECT number, kind, at_underwriting FROM customer_phone WHERE customer_id = $1 ORDER BY number"

IN_REACH = """
SELECT $2::text[] = ARRAY[''] OR NOT EXISTS (SELECT FROM policy WHERE customer_id = $1)
    OR EXISTS (SELECT FROM policy p JOIN organisation o ON o.id = p.organisation_id
        WHERE p.customer_id = $1 AND o.path LIKE ANY (SELECT path || '%' FROM unnest($2::text[]) AS path))"""

POLICY_COLUMNS = (
    "id, number, customer_id, organisation_id, product_name, product_kind, sales_channel, salesperson, insured_name, "
    "long_term, guaranteed_renewal, premium, payment, paying_years, issued_on, received_on, cooling_off_days, status, "
    "group_business, sale_recorded, premium_due_on, lapsed_on, surrendered_on, claim_settled_on, paid_out_on, "
    "salesperson_left_on"
)
POLICIES_OF = f"SELECT {POLICY_COLUMNS} FROM policy WHERE customer_id = $1 ORDER BY number"  # noqa: S608
POLICIES_BY_ID = f"SELECT {POLICY_COLUMNS} FROM policy WHERE id = ANY($1::uuid[])"  # noqa: S608
POLICIES_BY_NUMBER = f"""
SELECT {POLICY_COLUMNS} FROM policy WHERE number = ANY($1::text[])
    AND organisation_id IN (SELECT id FROM organisation WHERE path LIKE $2 || '%')"""  # noqa: S608

ADD_CUSTOMER = """
INSERT INTO customer (id, name, id_number, birth_date, gender, sales_calls_refused_until, created_at, core_number)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
ADD_PHONE = "INSERT INTO customer_phone (number, customer_id, kind, at_underwriting) VALUES ($1, $2, $3, $4)"
ADD_POLICY = f"""
INSERT INTO policy ({POLICY_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26)"""  # noqa: S608


async def customer(conn: Connection, customer_id: UUID, within: tuple[str, ...] = ("",)) -> Customer:
    """One customer. `within` as in search. Raises UnknownCustomerError when there is none in reach."""
    row = await conn.fetchrow(CUSTOMER, customer_id)
    if row is None or not await conn.fetchval(IN_REACH, customer_id, list(within)):
        raise UnknownCustomerError(customer_id)
    phones = tuple(
        Phone(phone["number"], phone["kind"], phone["at_underwriting"])
        for phone in await conn.fetch(PHONES, customer_id)
    )
    return Customer(**dict(row), phones=phones)


async def customers_by_id(conn: Connection, ids: Iterable[UUID]) -> dict[CustomerId, Customer]:
    """The customers of these ids, wherever their policies are."""
    wanted = list(ids)
    phones: dict[UUID, list[Phone]] = {}
    for row in await conn.fetch(PHONES_OF, wanted):
        phones.setdefault(row["customer_id"], []).append(Phone(row["number"], row["kind"], row["at_underwriting"]))
    rows = await conn.fetch(CUSTOMERS_BY_ID, wanted)
    return {CustomerId(row["id"]): Customer(**dict(row), phones=tuple(phones.get(row["id"], ()))) for row in rows}


async def policies_of(conn: Connection, customer_id: UUID) -> list[Policy]:
    return [Policy(**dict(row)) for row in await conn.fetch(POLICIES_OF, customer_id)]


async def policies_by_id(conn: Connection, ids: Iterable[UUID]) -> dict[PolicyId, Policy]:
    rows = await conn.fetch(POLICIES_BY_ID, list(ids))
    return {PolicyId(row["id"]): Policy(**dict(row)) for row in rows}


async def policies_by_number(conn: Connection, numbers: Iterable[str], path: str) -> dict[str, Policy]:
    """Policies underwritten by the organisation at `path` or below; others are as if they did not exist."""
    rows = await conn.fetch(POLICIES_BY_NUMBER, list(numbers), path)
    return {row["number"]: Policy(**dict(row)) for row in rows}


async def add_customer(conn: Connection, customer: Customer, at: datetime) -> None:
    await conn.execute(
        ADD_CUSTOMER,
        customer.id,
        customer.name,
        customer.id_number,
        customer.birth_date,
        customer.gender,
        customer.sales_calls_refused_until,
        at,
        customer.core_number,
    )
    for phone in customer.phones:
        await conn.execute(ADD_PHONE, phone.number, customer.id, phone.kind, phone.at_underwriting)


async def add_policy(conn: Connection, policy: Policy) -> None:
    await conn.execute(
        ADD_POLICY,
        policy.id,
        policy.number,
        policy.customer_id,
        policy.organisation_id,
        policy.product_name,
        policy.product_kind,
        policy.sales_channel,
        policy.salesperson,
        policy.insured_name,
        policy.long_term,
        policy.guaranteed_renewal,
        policy.premium,
        policy.payment,
        policy.paying_years,
        policy.issued_on,
        policy.received_on,
        policy.cooling_off_days,
        policy.status,
        policy.group_business,
        policy.sale_recorded,
        policy.premium_due_on,
        policy.lapsed_on,
        policy.surrendered_on,
        policy.claim_settled_on,
        policy.paid_out_on,
        policy.salesperson_left_on,
    )
