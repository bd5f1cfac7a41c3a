"""Policies and their holders as the core system has them now, in batches. Must never pick one of several holders.

A policy is known by its number; a holder by the number the core system gives them, else by being the policy's holder
already under the same name or identity number, else by identity number and name together when exactly one customer has
both. Everybody else is new. What is
pushed is the whole of the policy: what it does not say, the policy does not have any more. Of a holder it says what is
known: a name or number that is not sent stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from callcenter.customers.customer import Phone, PolicyId
from callcenter.db.pool import Connection
from callcenter.ids import uuid7
from tickets.errors import Words

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(9551939)"
"""Two batches with the same new customer would make two of them, and two in other orders would wait for each other."""
REACHED = "SELECT id FROM organisation WHERE id = ANY($1::text[]) AND path LIKE $2 || '%'"
THERE = """
SELECT p.id, p.number, p.customer_id, p.core_changed_at, c.core_number, c.id_number, c.name,
    o.path LIKE $2 || '%' AS reached
FROM policy p JOIN customer c ON c.id = p.customer_id JOIN organisation o ON o.id = p.organisation_id
WHERE p.number = ANY($1::text[]) ORDER BY p.number FOR UPDATE OF p"""
BY_CORE_NUMBER = "SELECT core_number, id FROM customer WHERE core_number = ANY($1::text[])"
BY_ID_NUMBER = """
SELECT id_number, name, (array_agg(id))[1] AS id, bool_and(core_number IS NULL) AS unnumbered FROM customer
WHERE id_number = ANY($1::text[]) GROUP BY id_number, name HAVING count(*) = 1"""
SAVE_CUSTOMERS = """
INSERT INTO customer AS c (id, name, id_number, birth_date, gender, sales_calls_refused_until, core_number, created_at)
SELECT id, name, id_number, birth_date, gender, sales_calls_refused_until, core_number, $2
FROM jsonb_populate_recordset(NULL::customer, $1)
ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, id_number = COALESCE(EXCLUDED.id_number, c.id_number),
    birth_date = COALESCE(EXCLUDED.birth_date, c.birth_date), gender = COALESCE(EXCLUDED.gender, c.gender),
    sales_calls_refused_until = COALESCE(EXCLUDED.sales_calls_refused_until, c.sales_calls_refused_until),
    core_number = COALESCE(EXCLUDED.core_number, c.core_number)
WHERE (EXCLUDED.name, COALESCE(EXCLUDED.id_number, c.id_number), COALESCE(EXCLUDED.birth_date, c.birth_date),
        COALESCE(EXCLUDED.gender, c.gender), COALESCE(EXCLUDED.core_number, c.core_number),
        COALESCE(EXCLUDED.sales_calls_refused_until, c.sales_calls_refused_until))
    IS DISTINCT FROM (c.name, c.id_number, c.birth_date, c.gender, c.core_number, c.sales_calls_refused_until)"""
SAVE_PHONES = """
INSERT INTO customer_phone AS p (number, customer_id, kind, at_underwriting)
SELECT number, customer_id, kind, at_underwriting FROM jsonb_populate_recordset(NULL::customer_phone, $1)
ON CONFLICT (number, customer_id) DO UPDATE SET kind = EXCLUDED.kind, at_underwriting = EXCLUDED.at_underwriting
WHERE (EXCLUDED.kind, EXCLUDED.at_underwriting) IS DISTINCT FROM (p.kind, p.at_underwriting)"""
DROP_PHONES = """
UPDATE customer_phone p SET at_underwriting = false FROM jsonb_to_recordset($1) AS r(customer_id uuid, numbers text[])
WHERE p.customer_id = r.customer_id AND p.at_underwriting AND NOT p.number = ANY(r.numbers)"""
SAVE_POLICIES = """
INSERT INTO policy (id, number, customer_id, organisation_id, product_name, product_kind, sales_channel, salesperson,
    insured_name, long_term, guaranteed_renewal, premium, payment, paying_years, issued_on, received_on,
    cooling_off_days, status, group_business, sale_recorded, premium_due_on, lapsed_on, surrendered_on,
    claim_settled_on, paid_out_on, salesperson_left_on, core_changed_at, pushed_at)
SELECT id, number, customer_id, organisation_id, product_name, product_kind, sales_channel, salesperson,
    insured_name, long_term, guaranteed_renewal, premium, payment, paying_years, issued_on, received_on,
    cooling_off_days, status, group_business, sale_recorded, premium_due_on, lapsed_on, surrendered_on,
    claim_settled_on, paid_out_on, salesperson_left_on, core_changed_at, $2
FROM jsonb_populate_recordset(NULL::policy, $1)
ON CONFLICT (number) DO UPDATE SET customer_id = EXCLUDED.customer_id, organisation_id = EXCLUDED.organisation_id,
    product_name = EXCLUDED.product_name, product_kind = EXCLUDED.product_kind,
    sales_channel = EXCLUDED.sales_channel, salesperson = EXCLUDED.salesperson, insured_name = EXCLUDED.insured_name,
    long_term = EXCLUDED.long_term, guaranteed_renewal = EXCLUDED.guaranteed_renewal, premium = EXCLUDED.premium,
    payment = EXCLUDED.payment, paying_years = EXCLUDED.paying_years, issued_on = EXCLUDED.issued_on,
    received_on = EXCLUDED.received_on, cooling_off_days = EXCLUDED.cooling_off_days, status = EXCLUDED.status,
    group_business = EXCLUDED.group_business, sale_recorded = EXCLUDED.sale_recorded,
    premium_due_on = EXCLUDED.premium_due_on, lapsed_on = EXCLUDED.lapsed_on,
    surrendered_on = EXCLUDED.surrendered_on, claim_settled_on = EXCLUDED.claim_settled_on,
    paid_out_on = EXCLUDED.paid_out_on, salesperson_left_on = EXCLUDED.salesperson_left_on,
    core_changed_at = EXCLUDED.core_changed_at, pushed_at = EXCLUDED.pushed_at"""


class Refusal(StrEnum):
    """Why a policy is not taken."""

    UNKNOWN_ORGANISATION = "unknown_organisation"
    OUTDATED = "outdated"


REFUSAL_WORDS: Mapping[Refusal, Words] = {
    Refusal.UNKNOWN_ORGANISATION: Words("没有这个机构", "no such organisation"),
    Refusal.OUTDATED: Words("核心系统已有更新的数据", "the core system has sent something newer"),
}


@dataclass(frozen=True, slots=True)
class Holder:
    """A policyholder as the core system has them; `phones`: all numbers there are, or None when they are not told."""

    name: str
    core_number: str | None = None
    id_number: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    sales_calls_refused_until: date | None = None
    phones: tuple[Phone, ...] | None = None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A policy as the core system has it; amounts in yuan. `core_changed_at`: when it changed it last, if it tells."""

    number: str
    holder: Holder
    organisation_id: str
    product_name: str
    status: str
    product_kind: str = "life"
    sales_channel: str = "agent"
    salesperson: str | None = None
    insured_name: str | None = None
    long_term: bool = True
    guaranteed_renewal: bool = False
    group_business: bool = False
    premium: Decimal | None = None
    payment: str = "yearly"
    paying_years: int | None = None
    issued_on: date | None = None
    received_on: date | None = None
    cooling_off_days: int | None = None
    sale_recorded: bool | None = None
    premium_due_on: date | None = None
    lapsed_on: date | None = None
    surrendered_on: date | None = None
    claim_settled_on: date | None = None
    paid_out_on: date | None = None
    salesperson_left_on: date | None = None
    core_changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one policy."""

    number: str
    policy_id: PolicyId | None
    refusal: Refusal | None = None
    is_new: bool = False


async def register(conn: Connection, pushed: Sequence[Pushed], *, path: str, at: datetime) -> dict[str, Registered]:
    """Writes a batch; of a number that is there twice the last one counts. Tells what became of each, by number.

    Only policies of organisations under `path` are taken, and none is taken away from another organisation's.
    """
    await conn.execute(ONE_AT_A_TIME)
    latest = {one.number: one for one in pushed}
    organisations = {one.organisation_id for one in latest.values()}
    reached = {row["id"] for row in await conn.fetch(REACHED, list(organisations), path)}
    there = {row["number"]: row for row in await conn.fetch(THERE, list(latest), path)}
    known = await _Known.of(conn, [one.holder for one in latest.values()])
    told: dict[str, Registered] = {}
    taken: list[tuple[Pushed, UUID, UUID]] = []
    for one in latest.values():
        row = there.get(one.number)
        if one.organisation_id not in reached or (row is not None and not row["reached"]):
            told[one.number] = Registered(one.number, None, Refusal.UNKNOWN_ORGANISATION)
        elif row is not None and _is_older(one.core_changed_at, row["core_changed_at"]):
            told[one.number] = Registered(one.number, PolicyId(row["id"]), Refusal.OUTDATED)
        else:
            holder = known.find(one.holder, None if row is None else dict(row), at)
            policy_id = uuid7(at) if row is None else row["id"]
            told[one.number] = Registered(one.number, PolicyId(policy_id), is_new=row is None)
            taken.append((one, policy_id, holder))
    await _write(conn, taken, at)
    return told


def _is_older(sent: datetime | None, kept: datetime | None) -> bool:
    return sent is not None and kept is not None and sent < kept


async def _write(conn: Connection, taken: Sequence[tuple[Pushed, UUID, UUID]], at: datetime) -> None:
    holders = {holder_id: one.holder for one, _, holder_id in taken}
    people = [{**_plain(holder), "id": holder_id} for holder_id, holder in holders.items()]
    await conn.execute(SAVE_CUSTOMERS, people, at)
    told = {holder_id: holder.phones for holder_id, holder in holders.items() if holder.phones is not None}
    phones = [
        {"customer_id": holder_id, **asdict(phone)}
        for holder_id, numbers in told.items()
        for phone in {phone.number: phone for phone in numbers}.values()
    ]
    await conn.execute(SAVE_PHONES, phones)
    kept = [{"customer_id": key, "numbers": [phone.number for phone in numbers]} for key, numbers in told.items()]
    await conn.execute(DROP_PHONES, kept)
    policies = [{**_plain(one), "id": policy_id, "customer_id": holder_id} for one, policy_id, holder_id in taken]
    await conn.execute(SAVE_POLICIES, policies, at)


def _plain(value: Holder | Pushed) -> dict[str, Any]:
    fields = asdict(value)
    fields.pop("holder", None)
    fields.pop("phones", None)
    return fields


@dataclass(slots=True)
class _Known:
    """The customers a batch's holders may be, those it has made itself included."""

    by_core_number: dict[str, UUID]
    by_id_number: dict[tuple[str, str], UUID]

    @classmethod
    async def of(cls, conn: Connection, holders: Iterable[Holder]) -> "_Known":
        wanted = list(holders)
        numbers = [holder.core_number for holder in wanted if holder.core_number]
        identities = [holder.id_number for holder in wanted if holder.id_number]
        by_core = {row["core_number"]: row["id"] for row in await conn.fetch(BY_CORE_NUMBER, numbers)}
        rows = await conn.fetch(BY_ID_NUMBER, identities)
        return cls(by_core, {(row["id_number"], row["name"]): row["id"] for row in rows if row["unnumbered"]})

    def find(self, holder: Holder, policy: Mapping[str, Any] | None, at: datetime) -> UUID:
        """Who it is, or somebody new."""
        found = self._known(holder, policy) or uuid7(at)
        if holder.core_number is not None:
            self.by_core_number[holder.core_number] = found
        elif holder.id_number is not None:
            self.by_id_number[holder.id_number, holder.name] = found
        return found

    def _known(self, holder: Holder, policy: Mapping[str, Any] | None) -> UUID | None:
        if holder.core_number is not None and holder.core_number in self.by_core_number:
            return self.by_core_number[holder.core_number]
        if policy is not None and _is_same(holder, policy):
            return UUID(str(policy["customer_id"]))
        if holder.id_number is not None:
            return self.by_id_number.get((holder.id_number, holder.name))
        return None


def _is_same(holder: Holder, policy: Mapping[str, Any]) -> bool:
    """Whether the policy's holder may be this one: not of two numbers in the core system, and of one name or one
    identity number."""
    if None not in (holder.core_number, policy["core_number"]) and holder.core_number != policy["core_number"]:
        return False
    if None not in (holder.id_number, policy["id_number"]):
        return bool(holder.id_number == policy["id_number"])
    return bool(holder.name == policy["name"])
