"""What rows of a list become: customers, policies, tasks, judged against what stands in the database already.

Must never let a list change the number a known customer is rung at, or whose policy it is (C-12).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from callcenter.callbacks import campaigns
from callcenter.callbacks.campaigns import Ground, Refusal
from callcenter.callbacks.store import ADDED, Task
from callcenter.callbacks.task import Source
from callcenter.customers.customer import Customer, CustomerId, Phone, Policy, PolicyId
from callcenter.customers.store import POLICY_COLUMNS
from callcenter.db.pool import Connection
from callcenter.ids import derived, uuid7
from callcenter.importing import values
from callcenter.importing.fields import OF_NEW_POLICY, Field, Kind
from callcenter.importing.lines import Complaint, Line, Reader
from callcenter.importing.store import Import, Staged
from callcenter.importing.values import Wrong
from callcenter.importing.variables import Scripts

POLICIES: Final = f"""
SELECT {", ".join(f"p.{name.strip()}" for name in POLICY_COLUMNS.split(","))}, o.path
FROM policy p JOIN organisation o ON o.id = p.organisation_id WHERE p.number = ANY($1::text[])"""  # noqa: S608
CUSTOMERS = """
SELECT id, name, id_number, birth_date, gender, sales_calls_refused_until, core_number FROM customer
WHERE id IN (
    SELECT unnest($1::uuid[])
    UNION SELECT id FROM customer WHERE id_number = ANY($2::text[])
    UNION SELECT customer_id FROM customer_phone WHERE number = ANY($3::text[])
    UNION SELECT id FROM customer WHERE core_number = ANY($4::text[]))"""
PHONES = "SELECT customer_id, number, kind, at_underwriting FROM customer_phone WHERE customer_id = ANY($1::uuid[])"
TASKS = """
SELECT policy_id, bool_or(campaign_id = $2) AS here, bool_or(state <> 'done' AND purpose = $3) AS open
FROM callback_task WHERE policy_id = ANY($1::uuid[]) GROUP BY policy_id"""
ORGANISATIONS = "SELECT id, name, path FROM organisation WHERE path LIKE $1 || '%'"

REFUSALS: Final = {
    Refusal.UNKNOWN: Wrong.UNKNOWN_POLICY,
    Refusal.NOT_IN_FORCE: Wrong.NOT_IN_FORCE,
    Refusal.OUT_OF_SCOPE: Wrong.OUT_OF_SCOPE,
    Refusal.OUT_OF_CAMPAIGN: Wrong.OUT_OF_CAMPAIGN,
    Refusal.NO_NUMBER: Wrong.NO_NUMBER,
    Refusal.CALLED_BACK_ALREADY: Wrong.CALLED_BACK_ALREADY,
}
_POLICY: Final = tuple(Policy.__dataclass_fields__)
_PHONE: Final = tuple(Phone.__dataclass_fields__)
_CUSTOMER: Final = tuple(name for name in Customer.__dataclass_fields__ if name != "phones")
OF_POLICY: Final = {
    Field.PRODUCT_NAME: "product_name",
    Field.PRODUCT_KIND: "product_kind",
    Field.SALES_CHANNEL: "sales_channel",
    Field.SALESPERSON: "salesperson",
    Field.INSURED_NAME: "insured_name",
    Field.LONG_TERM: "long_term",
    Field.GUARANTEED_RENEWAL: "guaranteed_renewal",
    Field.PREMIUM: "premium",
    Field.PAYMENT: "payment",
    Field.PAYING_YEARS: "paying_years",
    Field.ISSUED_ON: "issued_on",
    Field.RECEIVED_ON: "received_on",
    Field.COOLING_OFF_DAYS: "cooling_off_days",
    Field.STATUS: "status",
    Field.GROUP_BUSINESS: "group_business",
    Field.SALE_RECORDED: "sale_recorded",
    Field.PREMIUM_DUE_ON: "premium_due_on",
    Field.LAPSED_ON: "lapsed_on",
    Field.SURRENDERED_ON: "surrendered_on",
    Field.CLAIM_SETTLED_ON: "claim_settled_on",
    Field.PAID_OUT_ON: "paid_out_on",
    Field.SALESPERSON_LEFT_ON: "salesperson_left_on",
}
"""What a list may say of a policy → where it is kept."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What all rows of an import have in common."""

    of: Import
    ground: Ground | None
    scripts: Scripts
    organisations: Mapping[str, tuple[str, str]]
    at: datetime
    reader: Reader


@dataclass(slots=True)
class Batch:
    """What became of some rows: staged, told as faulty, or with a task in the campaign before."""

    staged: list[Staged] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    existed: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of the rows of a batch."""

    policies: Mapping[str, tuple[Policy, str]]
    by_id: Mapping[UUID, Customer]
    by_id_number: Mapping[str, Customer]
    by_core_number: Mapping[str, Customer]
    by_number: Mapping[str, Sequence[Customer]]
    tasks: Mapping[UUID, Mapping[str, Any]]


async def organisations(conn: Connection, path: str) -> dict[str, tuple[str, str]]:
    """How lists may name the organisations of a subtree → id and path; names that two have are none."""
    rows = await conn.fetch(ORGANISATIONS, path)
    counts = Counter(row["name"] for row in rows)
    named = {row["name"]: (row["id"], row["path"]) for row in rows if counts[row["name"]] == 1}
    return {**named, **{row["id"]: (row["id"], row["path"]) for row in rows}}


async def become(conn: Connection, whole: Whole, lines: Iterable[Line]) -> Batch:
    """What the rows become; reads only."""
    lines = list(lines)
    known = await _known(conn, whole, lines)
    batch = Batch()
    for line in lines:
        made = _become(whole, known, line)
        if isinstance(made, Staged):
            batch.staged.append(made)
        elif made is None:
            batch.existed += 1
        else:
            batch.complaints += made
    return batch


async def _known(conn: Connection, whole: Whole, lines: Sequence[Line]) -> _Known:
    rows = await conn.fetch(POLICIES, [line.get(Field.POLICY_NUMBER) for line in lines])
    policies = {}
    for row in rows:
        fields = dict(row)
        path = fields.pop("path")
        policies[row["number"]] = (Policy(**fields), path)
    held = [
        line
        for line in lines
        if line.get(Field.POLICY_NUMBER) not in policies and line.get(Field.HOLDER_NAME) is not None
    ]
    people = await conn.fetch(
        CUSTOMERS,
        [policy.customer_id for policy, _ in policies.values()],
        [line.get(Field.ID_NUMBER) for line in held if line.get(Field.ID_NUMBER)],
        [line.get(Field.PHONE) for line in held if not line.get(Field.ID_NUMBER) and line.get(Field.PHONE)],
        [line.get(Field.CORE_NUMBER) for line in held if line.get(Field.CORE_NUMBER)],
    )
    phones: dict[UUID, list[Phone]] = {row["id"]: [] for row in people}
    for row in await conn.fetch(PHONES, list(phones)):
        phones[row["customer_id"]].append(Phone(row["number"], row["kind"], row["at_underwriting"]))
    customers = [Customer(**dict(row), phones=tuple(sorted(phones[row["id"]], key=_first))) for row in people]
    by_number: dict[str, list[Customer]] = {}
    for each in customers:
        for phone in each.phones:
            by_number.setdefault(phone.number, []).append(each)
    tasks: dict[UUID, Mapping[str, Any]] = {}
    if whole.ground is not None:
        ids = [policy.id for policy, _ in policies.values()]
        campaign = whole.ground.campaign
        found = await conn.fetch(TASKS, ids, campaign.id, campaign.purpose)
        tasks = {row["policy_id"]: dict(row) for row in found}
    return _Known(
        policies,
        {each.id: each for each in customers},
        {each.id_number: each for each in customers if each.id_number},
        {each.core_number: each for each in customers if each.core_number},
        by_number,
        tasks,
    )


def _first(phone: Phone) -> tuple[bool, str]:
    return (phone.kind != "mobile", phone.number)


def _become(whole: Whole, known: _Known, line: Line) -> Staged | list[Complaint] | None:
    """The row staged, what is wrong with it, or None when its policy has a task in the campaign already."""
    number = line.get(Field.POLICY_NUMBER)
    record: dict[str, Any] = {}
    if number in known.policies:
        policy, path = known.policies[number]
        holder = known.by_id[policy.customer_id]
        wrong = _differing(whole, line, holder, path)
        if wrong:
            return wrong
        changes = _changes(whole, line, policy)
        if changes:
            policy = replace(policy, **changes)
            record["change"] = {"id": policy.id, **changes}
    else:
        made = _new(whole, known, line)
        if isinstance(made, list):
            return made
        policy, holder, path, is_new = made
        record["policy"] = _row(policy, _POLICY)
        record["phones"] = [{"customer_id": holder.id, **_row(phone, _PHONE)} for phone in holder.phones]
        if is_new:
            record["customer"] = {**_row(holder, _CUSTOMER), "created_at": whole.at}
    refused = line.get(Field.SALES_CALLS_REFUSED_UNTIL)
    if refused is not None and "customer" not in record:
        record["refusal"] = {"id": holder.id, "until": refused}
    if whole.ground is None:
        return Staged(line.row, number, record)
    before = known.tasks.get(policy.id)
    if before is not None and before["here"]:
        return None
    if before is not None and before["open"]:
        return [whole.reader.about(line, Wrong.CALLED_BACK_ALREADY, Field.POLICY_NUMBER)]
    dialled = _dialled_first(line, holder)
    task = campaigns.draw(whole.ground, policy, dialled, path, Source.IMPORT, whole.at, line.get(Field.CHOSEN_AT))
    if isinstance(task, Refusal):
        return [whole.reader.about(line, REFUSALS[task], Field.POLICY_NUMBER)]
    if lacking := whole.scripts.lacking(task, policy):
        return [whole.reader.about(line, Wrong.VARIABLE_MISSING, field) for field in lacking]
    record["task"] = _columns(_as_wished(task, line))
    return Staged(line.row, number, record)


def _differing(whole: Whole, line: Line, holder: Customer, path: str) -> list[Complaint]:
    """Where a row contradicts what is known of its policy."""
    if not path.startswith(whole.of.reach):
        return [whole.reader.about(line, Wrong.HELD_ELSEWHERE, Field.POLICY_NUMBER)]
    found = []
    for held, there in ((Field.HOLDER_NAME, holder.name), (Field.ID_NUMBER, holder.id_number)):
        said = line.get(held)
        if said is not None and there is not None and said != there:
            found.append(whole.reader.about(line, Wrong.HOLDER_DIFFERS, held))
    registered = {phone.number for phone in holder.phones if phone.at_underwriting}
    for held in (Field.PHONE, Field.SECOND_PHONE):
        said = line.get(held)
        if said is not None and said not in registered:
            found.append(whole.reader.about(line, Wrong.PHONE_DIFFERS, held))
    return found


def _changes(whole: Whole, line: Line, policy: Policy) -> dict[str, Any]:
    """A list of policies tells what they are now; a list of tasks fills in what was not known."""
    changes = {}
    for held, name in OF_POLICY.items():
        said, there = line.get(held), getattr(policy, name)
        if said is not None and said != there and (whole.of.kind is Kind.POLICIES or there is None):
            changes[name] = said
    return changes


def _new(whole: Whole, known: _Known, line: Line) -> tuple[Policy, Customer, str, bool] | list[Complaint]:
    """A policy that is not known yet, its holder with the row's numbers, its path, and whether the holder is new."""
    if line.get(Field.HOLDER_NAME) is None and line.get(Field.PRODUCT_NAME) is None:
        return [whole.reader.about(line, Wrong.UNKNOWN_POLICY, Field.POLICY_NUMBER)]
    found = [whole.reader.about(line, Wrong.MISSING, held) for held in OF_NEW_POLICY if line.get(held) is None]
    given = line.get(Field.ORGANISATION)
    organisation = (whole.of.organisation_id, whole.of.path) if given is None else whole.organisations.get(given)
    if organisation is None:
        found.append(whole.reader.about(line, Wrong.UNKNOWN_ORGANISATION, Field.ORGANISATION))
    holder, is_new = _holder(whole, known, line)
    if holder is None:
        found.append(whole.reader.about(line, Wrong.HOLDER_DIFFERS, Field.HOLDER_NAME))
    if found or holder is None or organisation is None:
        return found
    policy = Policy(
        id=PolicyId(uuid7(whole.at)),
        number=line.get(Field.POLICY_NUMBER),
        customer_id=holder.id,
        organisation_id=organisation[0],
        product_name=line.get(Field.PRODUCT_NAME),
        product_kind=line.get(Field.PRODUCT_KIND) or "life",
        sales_channel=line.get(Field.SALES_CHANNEL) or "agent",
        salesperson=line.get(Field.SALESPERSON),
        insured_name=line.get(Field.INSURED_NAME),
        long_term=_or_else(line.get(Field.LONG_TERM), True),
        guaranteed_renewal=_or_else(line.get(Field.GUARANTEED_RENEWAL), False),
        premium=line.get(Field.PREMIUM),
        payment=line.get(Field.PAYMENT) or "yearly",
        paying_years=line.get(Field.PAYING_YEARS),
        issued_on=line.get(Field.ISSUED_ON),
        received_on=line.get(Field.RECEIVED_ON),
        cooling_off_days=line.get(Field.COOLING_OFF_DAYS),
        status=line.get(Field.STATUS) or "in_force",
        group_business=_or_else(line.get(Field.GROUP_BUSINESS), False),
        sale_recorded=line.get(Field.SALE_RECORDED),
        premium_due_on=line.get(Field.PREMIUM_DUE_ON),
        lapsed_on=line.get(Field.LAPSED_ON),
        surrendered_on=line.get(Field.SURRENDERED_ON),
        claim_settled_on=line.get(Field.CLAIM_SETTLED_ON),
        paid_out_on=line.get(Field.PAID_OUT_ON),
        salesperson_left_on=line.get(Field.SALESPERSON_LEFT_ON),
    )
    return policy, holder, organisation[1], is_new


def _or_else(said: bool | None, otherwise: bool) -> bool:
    return otherwise if said is None else said


def _holder(whole: Whole, known: _Known, line: Line) -> tuple[Customer | None, bool]:
    """Who holds a new policy: by the identity number, else by name and number both; None when they contradict."""
    id_number, name = line.get(Field.ID_NUMBER), line.get(Field.HOLDER_NAME)
    phones = tuple(
        Phone(number, "mobile" if number.startswith("1") else "home", True)
        for number in dict.fromkeys((line.get(Field.PHONE), line.get(Field.SECOND_PHONE)))
        if number is not None
    )
    core_number = line.get(Field.CORE_NUMBER)
    there = known.by_core_number.get(core_number) if core_number else None
    if there is None and id_number is not None:
        there = known.by_id_number.get(id_number)
    if there is not None:
        contradicts = there.name != name or (id_number is not None and there.id_number not in (None, id_number))
        return (None, False) if contradicts else (_with(there, phones), False)
    if id_number is None and phones:
        there_ = [each for each in known.by_number.get(phones[0].number, ()) if each.name == name]
        if len(there_) == 1:
            return _with(there_[0], phones), False
    key = f"{whole.of.id} {name} {core_number or id_number or (phones[0].number if phones else line.row)}"
    born = line.get(Field.BIRTH_DATE)
    if born is None and id_number is not None and len(id_number) == 18 and id_number[:17].isdigit():
        born = values.born(id_number)
    return (
        Customer(
            id=CustomerId(derived(whole.of.requested_at, key)),
            name=name,
            id_number=id_number,
            birth_date=born,
            gender=line.get(Field.GENDER),
            sales_calls_refused_until=line.get(Field.SALES_CALLS_REFUSED_UNTIL),
            phones=phones,
            core_number=core_number,
        ),
        True,
    )


def _with(there: Customer, phones: tuple[Phone, ...]) -> Customer:
    """The customer with the numbers registered with the new policy, these first."""
    ours = {phone.number for phone in phones}
    return replace(there, phones=(*phones, *(phone for phone in there.phones if phone.number not in ours)))


def _dialled_first(line: Line, holder: Customer) -> Customer:
    """The customer with the row's number before the others."""
    first = line.get(Field.PHONE)
    return replace(holder, phones=tuple(sorted(holder.phones, key=lambda phone: phone.number != first)))


def _as_wished(task: Task, line: Line) -> Task:
    planned = line.get(Field.PLANNED_AT)
    if planned is not None and task.chosen_at is None:
        task = replace(task, not_before=planned)
    priority = line.get(Field.PRIORITY)
    return task if priority is None else replace(task, priority=priority)


def _columns(task: Task) -> dict[str, Any]:
    """The task as its row."""
    return {**_row(task, ADDED), "conditions": sorted(task.conditions)}


def _row(of: object, names: Iterable[str]) -> dict[str, Any]:
    """What is known of it, by column."""
    return {name: value for name in names if (value := getattr(of, name)) is not None}
