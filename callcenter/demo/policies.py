"""The demonstration's customers and policies: plausible, the same for the same seed, and impossible.

Must never hit a living person: mobile numbers begin with 169, which no carrier has, the subscriber part of fixed lines
with 0, which no exchange gives out, and every ID number has a wrong check digit.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from callcenter.customers.customer import Customer, CustomerId, Phone, Policy, PolicyId
from callcenter.db.pool import Connection
from callcenter.demo.people import CITIES
from callcenter.ids import derived
from tickets.calendar import shanghai_day

COUNT = 2000
SEED = 95519

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
COMPOUND_SURNAMES = ("欧阳", "上官", "司徒", "诸葛")
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂梅玲鹏宇浩然欣怡子涵雨泽思远嘉琪晨曦文博雅婷建国志华春兰"
REGIONS = {
    "gd-gz": ("440106", "020"),
    "gd-sz": ("440305", "0755"),
    "sc-cd": ("510104", "028"),
    "sc-my": ("510703", "0816"),
    "sd-jn": ("370102", "0531"),
    "sd-qd": ("370202", "0532"),
}
PRODUCTS = (
    ("安心终身寿险", "life", 100, 20),
    ("鑫享年金保险（分红型）", "participating", 60, 10),
    ("康健重大疾病保险", "health", 100, 20),
    ("金账户两全保险（万能型）", "universal", 50, 10),
    ("福满年年养老年金保险", "annuity", 60, 15),
    ("智选终身寿险（投资连结型）", "unit_linked", 20, 5),
)
CHANNELS = ("agent",) * 6 + ("bank",) * 2 + ("telesales", "internet")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"


@dataclass(frozen=True, slots=True)
class Book:
    """Everything made at once."""

    customers: tuple[Customer, ...]
    policies: tuple[Policy, ...]


def make(at: datetime, *, count: int = COUNT, seed: int = SEED) -> Book:
    """`count` customers and as many policies; a few customers have two and a few none, a few share a telephone."""
    chance = random.Random(seed)  # noqa: S311 - made-up people, no secret
    today = shanghai_day(at)
    customers: list[Customer] = []
    policies: list[Policy] = []
    for number in range(count):
        city = chance.choice(list(CITIES))
        shared = customers[-1].phones[0] if number % 40 == 39 else None
        customers.append(_customer(chance, at, number, city, today, shared))
        holder = customers[-2] if number % 25 == 24 else customers[-1]
        policies.append(_policy(chance, at, number, city, today, holder))
    return Book(tuple(customers), tuple(policies))


def wrong_check_digit(body: str) -> str:
    """A character that is not the check digit of the 17 digits `body` (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return CHECK[(total + 1) % 11]


async def load(conn: Connection, book: Book, at: datetime) -> None:
    """Copies the book into the database."""
    await conn.copy_records_to_table(
        "customer",
        columns=("id", "name", "id_number", "birth_date", "gender", "created_at"),
        records=[(one.id, one.name, one.id_number, one.birth_date, one.gender, at) for one in book.customers],
    )
    await conn.copy_records_to_table(
        "customer_phone",
        columns=("number", "customer_id", "kind", "at_underwriting"),
        records=[
            (phone.number, one.id, phone.kind, phone.at_underwriting) for one in book.customers for phone in one.phones
        ],
    )
    names = tuple(Policy.__dataclass_fields__)
    await conn.copy_records_to_table(
        "policy", columns=names, records=[tuple(getattr(one, name) for name in names) for one in book.policies]
    )


def _customer(
    chance: random.Random, at: datetime, number: int, city: str, today: date, shared: Phone | None
) -> Customer:
    region, area = REGIONS[city]
    born = today - timedelta(days=chance.randrange(22 * 365, 78 * 365))
    gender = chance.choice(("female", "male"))
    order = chance.randrange(100, 999) // 2 * 2 + (gender == "male")
    body = f"{region}{born:%Y%m%d}{order:03d}"
    phones = [shared or Phone(f"169{number:04d}{chance.randrange(10_000):04d}", "mobile", True)]
    if number % 5 == 0:
        digits = 8 if area in ("020", "028", "0755", "0532", "0531") else 7
        phones.append(Phone(f"{area}0{chance.randrange(10 ** (digits - 1)):0{digits - 1}d}", "home", True))
    surname = chance.choice(COMPOUND_SURNAMES) if chance.random() < 0.01 else chance.choice(SURNAMES)
    return Customer(
        id=CustomerId(derived(at, f"demo customer {number}")),
        name=surname + "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2)))),
        id_number=body + wrong_check_digit(body),
        birth_date=born,
        gender=gender,
        sales_calls_refused_until=None,
        phones=tuple(phones),
    )


def _policy(chance: random.Random, at: datetime, number: int, city: str, today: date, holder: Customer) -> Policy:
    product, kind, base, years = chance.choice(PRODUCTS)
    new = number % 4 == 0
    issued = today - timedelta(days=chance.randrange(2, 9) if new else chance.randrange(60, 3000))
    single = chance.random() < 0.15
    return Policy(
        id=PolicyId(derived(at, f"demo policy {number}")),
        number=f"{issued:%Y}{REGIONS[city][0]}{number:08d}",
        customer_id=holder.id,
        organisation_id=city,
        product_name=product,
        product_kind=kind,
        sales_channel=chance.choice(CHANNELS),
        salesperson=f"业务员{chance.randrange(1, 400):03d}",
        insured_name=holder.name,
        long_term=True,
        guaranteed_renewal=False,
        premium=Decimal(base * chance.randrange(10, 200)),
        payment="single" if single else chance.choice(("yearly", "yearly", "monthly")),
        paying_years=None if single else years,
        issued_on=issued,
        received_on=issued + timedelta(days=1),
        cooling_off_days=chance.choice((15, 15, 20)),
        status="in_force",
    )
