"""Random orders, and their rows in PostgreSQL as the program would have written them; one seed, one set of orders."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from callcenter.db.pool import Connection
from tests.service.site import PATHS
from tickets.calendar import SHANGHAI, end_of_day
from tickets.categories import Category, Department
from tickets.findings import Subject
from tickets.intake import Channel, ComplainantType, ForwarderLevel, Nature, Relation, Severity, Source
from tickets.lifecycle import Ending, Status, Validity
from tickets.measures import Addressee, Order, Point, weighed

NAMESPACE = UUID("6f1d8f0e-95e8-4d0c-9d5c-955190000000")
FIRST, LAST = date(2025, 8, 1), date(2025, 12, 31)
WHERE = ("gd-gz", "gd-gz-a", "sc-cd", "gd", "hq")
POLICIES = (
    None,
    ("鑫享年金", "annuity", "bank", "gd-gz", "业务员001"),
    ("康宁健康", "health", "agent", "sc-cd", "业务员002"),
)


def random_orders(random: Random, number: int) -> list[Order]:
    """Orders of a handful of matters, each state reachable: a matter begins with its first order, a customer's where it
    has one; what follows repeats, escalates, or is merged into the order before it."""
    given = sorted((_order(random, f"T{n:03}") for n in range(number)), key=lambda o: (o.received, o.ticket))
    begun: set[str | None] = set()
    stood: dict[str | None, Order] = {}
    followed = []
    for order in given:
        if order.nature is Nature.COMPLAINT:
            if not order.complainant.is_consumer:
                order = replace(order, matter=order.ticket, relation=Relation.FIRST)
            elif order.matter not in begun:
                begun.add(order.matter)
                order = replace(order, relation=Relation.FIRST)
            elif order.relation is Relation.FIRST:
                order = replace(order, relation=Relation.REPEAT)
            if order.relation is Relation.ESCALATION and order.severity is Severity.GENERAL:
                order = replace(order, severity=Severity.DIFFICULT)
            if order.relation is Relation.MERGED:
                order = replace(order, due=None, merged_into=stood[order.matter].ticket)
            else:
                stood[order.matter] = order
        followed.append(order)
    return weighed(followed)


def _order(random: Random, ticket: str) -> Order:
    received = _day(random, FIRST, LAST)
    nature = random.choices(list(Nature), (8, 2, 1))[0]
    complaint = nature is Nature.COMPLAINT
    finding = nature is Nature.CALLBACK_FINDING
    source = Source.CALLBACK if finding else random.choice(list(Source))
    told = received + timedelta(days=random.randrange(25)) if random.random() < 0.7 else None
    closed = told if told and random.random() < 0.7 else None
    validity = random.choice(list(Validity))
    if closed and validity is Validity.PENDING:
        validity = Validity.VALID
    causes = tuple(random.sample(list(Category), random.randrange(4)))
    policy = random.choice(POLICIES)
    turned = finding and bool(closed) and random.random() < 0.3
    departments = tuple(random.sample(list(Department), random.randrange(3)))
    accepting = PATHS[random.choice(WHERE)]
    status = Status.CLOSED if closed else Status.INFORMED if told else random.choice(list(Status)[:2])
    return Order(
        ticket,
        received,
        f"M{random.randrange(8)}" if complaint else None,
        nature=nature,
        relation=random.choice(list(Relation)) if complaint else None,
        complainant=random.choice([w for w in ComplainantType if w is not ComplainantType.REPRESENTATIVE]),
        validity=validity if complaint else Validity.PENDING,
        channel=Channel.PHONE_OUTBOUND
        if finding
        else Channel.PHONE_INBOUND
        if source is Source.CALLBACK
        else random.choice(list(Channel)),
        source=source,
        mentioned=causes,
        departments=departments,
        responsible=tuple(random.choice((accepting, *map(PATHS.__getitem__, WHERE))) for _ in departments),
        forwarder_level=random.choice((None, *ForwarderLevel)) if source is Source.REGULATOR else None,
        acknowledged=random.random() < 0.6,
        due=received + timedelta(days=random.randrange(20)),
        told=told,
        informed=told,
        closed=closed,
        ended_as=Ending.TURNED if turned else Ending.CLOSED if closed else None,
        points=tuple(_points(random, received)),
        dispatched=random.random() < 0.6,
        returns=(returns := random.choice((0, 0, 1, 2, 3))),
        reminders=random.randrange(3) if returns else 0,
        satisfied=random.choice((None, True, False)),
        severity=random.choice(list(Severity)),
        status=status,
        subject=random.choice(list(Subject)) if source is Source.CALLBACK else None,
        accepting=accepting,
        underwriting=PATHS[policy[3]] if policy else "",
        product=policy[0] if policy else None,
        product_kind=policy[1] if policy else None,
        sales_channel=policy[2] if policy else None,
        opened_by=random.choice((None, str(NAMESPACE))),
        salesperson=policy[4] if policy else None,
        accepted=random.choice((None, True, False)),
        judged_again=source is Source.CALLBACK and nature is not Nature.NON_COMPLAINT and random.random() < 0.4,
    )


def _points(random: Random, received: date) -> Iterable[Point]:
    for owed_to in Addressee:
        due = received
        for _ in range(random.choice((0, 0, 1, 3))):
            due += timedelta(days=9)
            yield Point(owed_to, due, due + timedelta(days=random.randrange(-3, 3)) if random.random() < 0.6 else None)


def _day(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randrange((last - first).days + 1))


def ticket_id(order: Order | str) -> UUID:
    return uuid5(NAMESPACE, order if isinstance(order, str) else order.ticket)


POLICY = """
INSERT INTO policy (id, number, customer_id, organisation_id, product_name, product_kind, sales_channel, salesperson,
    status)
VALUES ($1, $2, $3, $4, $2, $5, $6, $7, 'in_force')"""
JUDGED = """
INSERT INTO reclassification (id, ticket_id, ground, manner, from_nature, to_nature, heard, verdict, reason, call_id,
    second, state, proposed_by, proposed_at, answered_by, answered_at, effected_at, was)
SELECT gen_random_uuid(), $1, 'quality', 'in_place', n.was, n.now, '{}', '{}', '重听', gen_random_uuid(), 1, 'effected',
    'user:a', $3, 'user:b', $3, $3, '{}'
FROM (SELECT $2::text AS now, CASE $2 WHEN 'complaint' THEN 'callback_finding' ELSE 'complaint' END AS was) AS n"""
MATTER = "INSERT INTO matter (id, root_ticket_id, opened_at, latest_at) VALUES ($1, $2, $3, $3)"
KEY = "INSERT INTO ticket_key (id, fingerprint, claimed_at) VALUES ($1, 'x', $2)"
TICKET = """
INSERT INTO ticket ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::ticket, $1)"""
CLOCK = """
INSERT INTO ticket_clock (ticket_id, kind, cycle, start_day, due_day, due_at, alert_day, provisional, rules, internal,
    version, met_at) VALUES ($1, $2, $3, $4, $5, $6, $5, false, '{}', $7, 'x', $8)"""
SLIP = """
INSERT INTO slip (id, ticket_id, place, line, number, part, department, organisation_id, leads, sent_at, sent_by)
VALUES (gen_random_uuid(), $1, $2, $2, gen_random_uuid()::text, 'joint', $4, $5, true, $3, 'system:test')"""
FOLLOWED = "SELECT cc_refresh_facts($1)"
RETURNED = """
UPDATE slip SET state = 'returned', returned_at = sent_at, return_reason = '非本部门职责'
WHERE ticket_id = $1 AND state = 'sent'"""
REMINDER = """
INSERT INTO reminder (id, number, slip_id, ticket_id, day, stage, due_day, remaining, overdue, message, sent_by,
    sent_at)
SELECT gen_random_uuid(), gen_random_uuid()::text, s.id, $1, $2, 'by_hand', $2, 0, 0, '请尽快反馈', 'system:test', now()
FROM slip s WHERE s.ticket_id = $1 AND s.place = 1"""
DRAW = """
INSERT INTO satisfaction_draw (id, organisation_id, first_day, last_day, seed, wanted, population, population_sha256,
    drawn_by, drawn_at) VALUES ($1, 'hq', $2, $2, 'x', 100, 100, 'x', 'system:test', $3)"""
SAMPLE = "INSERT INTO satisfaction_sample (ticket_id, draw_id, place) VALUES ($1, $2, $3)"
ANSWER = "UPDATE satisfaction_sample SET result = $2, asked_by = 'system:test', asked_at = $3 WHERE ticket_id = $1"
KINDS = {Addressee.CUSTOMER: "progress_customer", Addressee.CUSTOMER_SERVICE: "progress_cs"}


async def store(conn: Connection, orders: Sequence[Order]) -> None:
    """Writes the orders; their figures' rows follow by themselves."""
    await conn.execute("INSERT INTO customer (id, name, created_at) VALUES ($1, '某', now())", NAMESPACE)
    for policy in POLICIES:
        if policy is not None:
            product, kind, channel, where, sold_by = policy
            await conn.execute(POLICY, uuid5(NAMESPACE, product), product, NAMESPACE, where, kind, channel, sold_by)
    for matter, root in _roots(orders).items():
        await conn.execute(MATTER, uuid5(NAMESPACE, matter), ticket_id(root), _moment(root.received))
    for number, order in enumerate(orders, start=1):
        await conn.execute(KEY, ticket_id(order), _moment(order.received))
        row = _row(order, number)
        await conn.execute(TICKET.format(columns=", ".join(row)), row)
        for kind, cycle, due, met in _clocks(order):
            told = (order.received, due, end_of_day(due), {"limit": "L-4"}, _moment(met) if met else None)
            await conn.execute(CLOCK, ticket_id(order), kind, cycle, *told)
        for place in range(1, order.returns + 1):
            await conn.execute(SLIP, ticket_id(order), place, _moment(order.received), "sales", "gd-gz")
            await conn.execute(RETURNED, ticket_id(order))
        if order.judged_again:
            await conn.execute(JUDGED, ticket_id(order), order.nature, _moment(order.received))
        for place, (department, path) in enumerate(
            zip(order.departments, order.responsible, strict=True), order.returns
        ):
            if path != order.accepting:
                told = (_moment(order.received), department, path.rstrip("/").rpartition("/")[2])
                await conn.execute(SLIP, ticket_id(order), place + 1, *told)
                await conn.execute(FOLLOWED, [ticket_id(order)])
        for day in range(order.reminders):
            await conn.execute(REMINDER, ticket_id(order), order.received + timedelta(days=day))
    await _asked(conn, [order for order in orders if order.satisfied is not None])


async def _asked(conn: Connection, orders: Sequence[Order]) -> None:
    if not orders:
        return
    await conn.execute(DRAW, NAMESPACE, FIRST, _moment(LAST))
    for place, order in enumerate(orders, start=1):
        result = "satisfied" if order.satisfied else "neutral"
        await conn.execute(SAMPLE, ticket_id(order), NAMESPACE, place)
        await conn.execute(ANSWER, ticket_id(order), result, _moment(order.received))


def _roots(orders: Iterable[Order]) -> dict[str, Order]:
    roots: dict[str, Order] = {}
    for order in orders:
        if order.matter is not None:
            roots.setdefault(order.matter, order)
    return roots


def _clocks(order: Order) -> Iterable[tuple[str, int, date, date | None]]:
    due = order.received + timedelta(days=1)
    yield "acknowledge", 1, due, due if order.acknowledged else due + timedelta(days=2)
    if order.due is not None:
        yield "decide_inform", 1, order.due, order.told
    for cycle, point in enumerate(order.points, start=1):
        yield KINDS[point.owed_to], cycle, point.due, point.met


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(10), SHANGHAI)


def _said(order: Order) -> dict[str, str]:
    """What was heard on the callback that the order came of (F-13)."""
    clear = order.nature is Nature.COMPLAINT
    return {"intention": "yes" if clear else "unclear", "respondent": "policyholder"}


def _row(order: Order, number: int) -> dict[str, Any]:
    finding = order.nature is Nature.CALLBACK_FINDING
    moments = {
        "received_at": order.received,
        "stored_at": order.received,
        "dispatched_at": order.received if order.dispatched else None,
        "handled_at": order.informed,
        "informed_at": order.informed,
        "closed_at": order.closed,
    }
    heard = order.source is Source.CALLBACK
    return {
        **{name: _moment(day).isoformat() if day else None for name, day in moments.items()},
        "id": str(ticket_id(order)),
        "number": f"95519-{order.received:%Y%m%d}-{number:06}",
        "nature": order.nature,
        "channel": order.channel,
        "source": order.source,
        "relation": order.relation,
        "merged_into_id": str(ticket_id(order.merged_into)) if order.merged_into else None,
        "external": order.relation is Relation.ESCALATION,
        "matter_id": str(uuid5(NAMESPACE, order.matter)) if order.matter else None,
        "category": order.mentioned[0] if order.mentioned else None,
        "causes": list(order.mentioned),
        "severity": order.severity,
        "gravity": "data_finding" if finding else order.severity,
        "status": order.status,
        "validity": order.validity if order.nature is Nature.COMPLAINT else None,
        "liability": "undetermined",
        "occurrences": order.occurrences,
        "pieces": order.pieces,
        "complainant_type": order.complainant,
        "anonymous": False,
        "opened_via": "desk",
        "opened_by": "system:test",
        "opened_by_user": order.opened_by,
        "answer_accepted": order.accepted,
        "ended_as": order.ended_as if order.ended_as is Ending.TURNED else None,
        "policy_id": str(uuid5(NAMESPACE, order.product)) if order.product else None,
        "accepting_organisation_id": order.accepting.rstrip("/").rpartition("/")[2],
        "underwriting_organisation_id": order.underwriting.rstrip("/").rpartition("/")[2] or None,
        "department": order.departments[0] if order.departments else None,
        "heard": {"subject": order.subject, **_said(order)} if heard else None,
        "responsible": list(order.departments) if len(order.departments) > 1 else [],
        "forwarder_level": order.forwarder_level,
        "verdict": {"nature": order.nature} if heard else None,
        "received_day": order.received.isoformat(),
        "spooled": False,
        "rulebook": "x",
        "version": 1,
    }
