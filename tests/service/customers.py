"""Customers, policies and an organisation for tests on a real PostgreSQL."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from callcenter.customers import store
from callcenter.customers.customer import Customer, CustomerId, Phone, Policy, PolicyId
from callcenter.db.pool import Connection, Database
from callcenter.ids import uuid7
from tests.conftest import NOON

ORGANISATIONS = (
    ("hq", "hq", None, "总公司", "hq/"),
    ("gd", "province", "hq", "广东省公司", "hq/gd/"),
    ("gd-gz", "city", "gd", "广州市公司", "hq/gd/gd-gz/"),
    ("gd-gz-a", "counter_a", "gd-gz", "广州A柜面", "hq/gd/gd-gz/gd-gz-a/"),
    ("sd", "province", "hq", "山东省公司", "hq/sd/"),
    ("sd-jn", "city", "sd", "济南市公司", "hq/sd/sd-jn/"),
)


async def organisations(conn: Connection) -> None:
    await conn.executemany(
        "INSERT INTO organisation (id, kind, parent_id, name, path) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        ORGANISATIONS,
    )


def a_customer(name: str = "王测试", *numbers: str, id_number: str | None = None) -> Customer:
    return Customer(
        CustomerId(uuid7(NOON)),
        name,
        id_number,
        date(1980, 1, 1),
        "female",
        None,
        tuple(Phone(number, "mobile", True) for number in numbers),
    )


def a_policy(holder: Customer, number: str, organisation: str = "gd-gz", **changes: object) -> Policy:
    policy = Policy(
        id=PolicyId(uuid7(NOON)),
        number=number,
        customer_id=holder.id,
        organisation_id=organisation,
        product_name="安心终身寿险",
        product_kind="life",
        sales_channel="agent",
        salesperson="李销售",
        insured_name=holder.name,
        long_term=True,
        guaranteed_renewal=False,
        premium=Decimal("6000.00"),
        payment="yearly",
        paying_years=20,
        issued_on=date(2026, 11, 10),
        received_on=date(2026, 11, 15),
        cooling_off_days=15,
        status="in_force",
    )
    return replace(policy, **changes)  # type: ignore[arg-type]


async def settle(database: Database, *pairs: tuple[Customer, list[Policy]]) -> list[UUID]:
    """Stores organisations, customers and their policies."""
    async with database.transaction() as conn:
        await organisations(conn)
        for customer, policies in pairs:
            await store.add_customer(conn, customer, NOON)
            for policy in policies:
                await store.add_policy(conn, policy)
    return [customer.id for customer, _ in pairs]
