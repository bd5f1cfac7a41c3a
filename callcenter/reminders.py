"""Reminds departments that are silent: by itself in working time, and by hand (R-4.21, L-27, L-28).

Each reminder is one transaction over the locked ticket, with its entry in the history and what people are told; a
second sweep, in this process or in another, finds it there. Must never decide by itself who is to be reminded.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.accounts import posts
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.config import HoursConfig
from callcenter.customers import masking
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, NotFoundError
from callcenter.history import tell
from callcenter.idempotency import KeyReusedError
from callcenter.ids import uuid7
from callcenter.notifications import store as notifications
from callcenter.notifications.notification import Kind, Message
from callcenter.notifications.store import Receipt
from callcenter.opening import By
from callcenter.reach import in_reach
from callcenter.service_hours import ServiceHours
from tickets import reminders, store
from tickets.calendar import Calendar, shanghai_day
from tickets.categories import Department
from tickets.deadlines import NEVER, Rulebook
from tickets.errors import IllegalMoveError, Words
from tickets.intake import Severity
from tickets.posts import Post
from tickets.reminders import Due, Stage, Watched
from tickets.terms import TERMS

log = logging.getLogger(__name__)

BY_ITSELF = By("system:reminders")
OFFICE = ("0830-1730",)
"""Working time where the settings say none: nobody is reminded at night or on a rest day."""
BATCH = 200

NEAR = """
SELECT s.id FROM slip s JOIN ticket t ON t.id = s.ticket_id
    JOIN LATERAL (
        SELECT k.due_day FROM ticket_clock k
        WHERE k.ticket_id = s.ticket_id AND k.kind = 'decide_inform' AND k.met_at IS NULL AND k.voided_at IS NULL
        ORDER BY k.cycle DESC LIMIT 1) k ON true
WHERE s.leads AND s.state IN ('sent', 'accepted') AND t.status = 'dispatched' AND k.due_day < $1
    AND NOT EXISTS (SELECT FROM reminder r WHERE r.slip_id = s.id AND r.day = $2 AND NOT r.by_hand)
    AND ($3::uuid IS NULL OR s.id > $3)
ORDER BY s.id LIMIT $4"""

FACTS = """
SELECT s.id, s.number, s.ticket_id, s.part, s.state, s.department, s.organisation_id, t.number AS ticket_number,
    t.status AS ticket_status, t.severity, t.received_day, k.due_day,
    EXISTS (
        SELECT FROM ticket_event e WHERE e.ticket_id = s.ticket_id AND e.at >= s.sent_at
            AND ((e.kind IN ('slip_note', 'slip_ask', 'slip_answer') AND e.details ->> 'slip' = s.number)
                OR (e.kind NOT LIKE 'slip%' AND EXISTS (
                    SELECT FROM app_user u WHERE e.actor = 'user:' || u.id AND u.department = s.department
                        AND u.organisation_id = s.organisation_id)))) AS fed_back,
    ARRAY(SELECT r.day FROM reminder r WHERE r.slip_id = s.id AND NOT r.by_hand) AS reminded,
    EXISTS (SELECT FROM reminder r WHERE r.slip_id = s.id AND r.copied) AS copied,
    EXISTS (SELECT FROM neglect n WHERE n.slip_id = s.id) AS listed,
    (SELECT count(*) FROM reminder r WHERE r.slip_id = s.id) AS sent
FROM slip s JOIN ticket t ON t.id = s.ticket_id
    LEFT JOIN LATERAL (
        SELECT k.due_day FROM ticket_clock k
        WHERE k.ticket_id = s.ticket_id AND k.kind = 'decide_inform' AND k.met_at IS NULL AND k.voided_at IS NULL
        ORDER BY k.cycle DESC LIMIT 1) k ON true
WHERE s.id = ANY($1::uuid[])
ORDER BY s.id"""

INSERT = """
INSERT INTO reminder (id, number, slip_id, ticket_id, day, stage, due_day, remaining, overdue, message, copied,
    sent_by, sent_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING"""
LIST = """
INSERT INTO neglect (id, slip_id, ticket_id, overdue, listed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"""

OF_DEPARTMENT = """
SELECT id FROM app_user
WHERE active AND organisation_id = $1 AND department = $2 AND roles && ARRAY['coordinator', 'department_head']
ORDER BY id"""
SUPERIOR = "SELECT m.id FROM app_user u JOIN app_user m ON m.id = u.manager_id WHERE u.id = $1 AND m.active"
CUSTOMER_SERVICE = """
SELECT id FROM app_user
WHERE active AND organisation_id = $1 AND roles && ARRAY['handler', 'supervisor'] ORDER BY id"""

SLIP_OF = "SELECT slip_id FROM reminder WHERE id = $1"
PAGE = """
SELECT r.id, r.number, r.slip_id, s.number AS slip_number, r.ticket_id, t.number AS ticket_number, s.department,
    s.organisation_id, r.day, r.stage, r.due_day, r.remaining, r.overdue, r.message, r.copied, r.sent_by, r.sent_at
FROM reminder r JOIN slip s ON s.id = r.slip_id JOIN ticket t ON t.id = r.ticket_id
    JOIN organisation so ON so.id = s.organisation_id JOIN organisation ao ON ao.id = t.accepting_organisation_id
WHERE (so.path LIKE $1 || '%' OR ao.path LIKE $1 || '%')
    AND ($2::uuid IS NULL OR r.ticket_id = $2) AND ($3::text IS NULL OR s.department = $3)
    AND ($4::text IS NULL OR s.organisation_id = $4) AND ($5::text IS NULL OR r.stage = $5)
    AND ($6::uuid IS NULL OR r.id = $6)
    AND ($7::timestamptz IS NULL OR (r.sent_at, r.id) < ($7, $8::uuid))
ORDER BY r.sent_at DESC, r.id DESC LIMIT $9"""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder slip."""

    id: UUID
    number: str
    slip_id: UUID
    slip_number: str
    ticket_id: UUID
    ticket_number: str
    department: str
    organisation_id: str
    day: date
    stage: str
    due_day: date
    remaining: int
    overdue: int
    message: str
    copied: bool
    sent_by: str
    sent_at: datetime


class Reminders:
    """The sweep of the worker, and the reminder by hand."""

    def __init__(self, db: Database, clock: Clock, hours: HoursConfig, rules: Rules | None = None) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules or Rules.of(hours)
        workday = hours.workday or OFFICE
        self._hours = ServiceHours.of(workday, ()) or ServiceHours((), ())

    async def sweep(self) -> int:
        """Sends every reminder that is due now; returns how many. Outside working time none is."""
        at, sent, after = self._clock.now(), 0, None
        async with self._db.connection() as conn:
            calendar = await store.calendar(conn)
        if not self.is_working_time(at, calendar):
            return 0
        today = shanghai_day(at)
        async with self._db.connection() as conn:
            most = reminders.farthest(await self._rules.every(conn, at))
        bound = reminders.may_be_near(today, calendar, most)
        while True:
            async with self._db.connection() as conn:
                rows = await conn.fetch(NEAR, bound, today, after, BATCH)
                silent = await _facts(conn, [row["id"] for row in rows])
                books = {
                    each["received_day"]: await self._rules.current(conn, at, each["received_day"]) for each in silent
                }
            for facts in silent:
                book = books[facts["received_day"]]
                if _due(facts, today, book) is not None:
                    sent += await self._remind(facts, book, at)
            if len(rows) < BATCH:
                return sent
            after = rows[-1]["id"]

    async def _remind(self, facts: Mapping[str, Any], book: Rulebook, at: datetime) -> bool:
        """What one slip has wrong keeps no other from being reminded."""
        try:
            async with self._db.transaction() as conn:
                return await _by_itself(conn, facts["ticket_id"], facts["id"], book, at)
        except Exception:
            log.exception("a reminder could not be sent and is tried again", extra={"slip": facts["number"]})
            return False

    def is_working_time(self, at: datetime, calendar: Calendar) -> bool:
        """Whether people are at work at the moment."""
        return calendar.is_workday(shanghai_day(at)) and self._hours.is_open(at, calendar)


async def by_hand(db: Database, key: UUID, slip_id: UUID, text: str, by: By, at: datetime) -> None:
    """The handler reminds a department that has the slip in hand, once a day; the same key again does nothing.

    Raises NotFoundError, IllegalMoveError, ConflictError, KeyReusedError.
    """
    async with db.transaction() as conn:
        found = await _facts(conn, [slip_id])
        ticket = await store.lock(conn, found[0]["ticket_id"]) if found else None
        if ticket is None or not await in_reach(conn, by, ticket):
            raise NotFoundError("slip", slip_id)
        if (reminded := await conn.fetchval(SLIP_OF, key)) is not None:
            if reminded != slip_id:
                raise KeyReusedError(Words("该键已用于另一催办", "this key was used for another reminder"))
            return
        [facts] = await _facts(conn, [slip_id])
        if facts["state"] not in ("sent", "accepted") or facts["part"] not in ("main", "joint"):
            words = Words("该会办单不在办理中，无须催办", "the department has not got this slip in hand")
            raise IllegalMoveError(words, rules=("R-4.21", "F-39"), slip=facts["number"], state=facts["state"])
        if facts["due_day"] in (None, NEVER):
            words = Words("该服务单没有在计的处理期限", "the order has no limit that runs")
            raise IllegalMoveError(words, rules=("R-4.21",), slip=facts["number"])
        calendar, today = await store.calendar(conn), shanghai_day(at)
        due = Due(
            Stage.BY_HAND,
            calendar.workdays_between(today, facts["due_day"]),
            calendar.workdays_between(facts["due_day"], today),
        )
        if not await _send(conn, key, ticket, facts, due, text, by, at):
            raise ConflictError(Words("今日已人工催办过", "it was reminded by hand today"))


async def page(
    conn: Connection,
    below: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    ticket_id: UUID | None = None,
    department: Department | None = None,
    organisation_id: str | None = None,
    stage: Stage | None = None,
    only: UUID | None = None,
) -> list[Reminder]:
    """Reminders to departments, or about tickets, of the subtree; newest first."""
    rows = await conn.fetch(
        PAGE, below, ticket_id, department, organisation_id, stage, only, *(after or (None, None)), limit
    )
    return [Reminder(**dict(row)) for row in rows]


async def receipts(conn: Connection, rows: Sequence[Reminder]) -> list[Receipt]:
    """Whom these reminders reached, and how."""
    numbers = [row.number for row in rows]
    return await notifications.receipts(conn, numbers, (Kind.REMINDER, Kind.REMINDER_COPY)) if numbers else []


async def coordinators(conn: Connection, facts: Mapping[str, Any], on: date) -> list[UUID]:
    """Who acts for the slip's department that day; where the post is vacant, whoever could."""
    department = Department(facts["department"])
    found = await posts.acting(conn, facts["organisation_id"], Post.COORDINATOR, department, on)
    if found is not None:
        return [found]
    return [row["id"] for row in await conn.fetch(OF_DEPARTMENT, facts["organisation_id"], department)]


async def superiors(conn: Connection, facts: Mapping[str, Any], those: list[UUID], on: date) -> list[UUID]:
    """The superiors of those; without one the department's head, else the executive in charge."""
    found = [await conn.fetchval(SUPERIOR, each) for each in those]
    if any(found):
        return [each for each in found if each is not None]
    place = facts["organisation_id"]
    head = await posts.acting(conn, place, Post.MEMBER, Department(facts["department"]), on)
    head = head or await posts.acting(conn, place, Post.EXECUTIVE, None, on)
    return [] if head is None else [head]


async def _by_itself(conn: Connection, ticket_id: UUID, slip_id: UUID, book: Rulebook, at: datetime) -> bool:
    ticket = await store.lock(conn, ticket_id)
    [facts] = await _facts(conn, [slip_id])
    due = _due(facts, shanghai_day(at), book)
    if ticket is None or due is None:
        return False
    return await _send(conn, uuid7(at), ticket, facts, due, "", BY_ITSELF, at)


def _due(facts: Mapping[str, Any], today: date, book: Rulebook) -> Due | None:
    """`book`: of the order's receipt day, as for all its limits."""
    if facts["due_day"] is None:
        return None
    watched = Watched(
        severity=Severity(facts["severity"]),
        due_day=facts["due_day"],
        in_hand=facts["state"] in ("sent", "accepted") and facts["ticket_status"] == "dispatched",
        fed_back=facts["fed_back"],
        reminded=frozenset(facts["reminded"]),
        copied=facts["copied"],
        listed=facts["listed"],
    )
    return reminders.due(watched, today, book)


async def _facts(conn: Connection, slip_ids: list[UUID]) -> list[dict[str, Any]]:
    return [dict(row) for row in await conn.fetch(FACTS, slip_ids)]


async def _send(
    conn: Connection,
    reminder_id: UUID,
    ticket: Mapping[str, Any],
    facts: Mapping[str, Any],
    due: Due,
    text: str,
    by: By,
    at: datetime,
) -> bool:
    today, number = shanghai_day(at), f"{facts['number']}-C{facts['sent'] + 1:02d}"
    message = _message(facts, due, text)
    those = await coordinators(conn, facts, today)
    above = await superiors(conn, facts, those, today) if due.copy else []
    done = await conn.execute(
        INSERT,
        reminder_id,
        number,
        facts["id"],
        facts["ticket_id"],
        today,
        due.stage,
        facts["due_day"],
        due.remaining,
        due.overdue,
        message,
        due.copy,
        by.actor,
        at,
    )
    if done != "INSERT 0 1":
        return False
    title = f"{TERMS[Stage][due.stage].zh}：{facts['ticket_number']}"
    outside = _message(facts, due, masking.numbers(text))
    told = Message(Kind.REMINDER, number, title, outside, facts["ticket_id"])
    await notifications.tell(conn, those, told, at)
    if above:
        copy = Message(Kind.REMINDER_COPY, number, f"抄送：{title}", outside, facts["ticket_id"])
        await notifications.tell(conn, above, copy, at)
    if due.listing:
        await _list(conn, ticket, facts, due, at)
    details = {
        "reminder": number,
        "slip": facts["number"],
        "department": facts["department"],
        "stage": due.stage.value,
        "remaining": due.remaining if not due.overdue else None,
        "overdue": due.overdue or None,
        "recipients": [str(each) for each in those],
        "copied_to": [str(each) for each in above] or None,
        "listed": due.listing or None,
        "text": text or None,
    }
    await tell(conn, ticket, by, at, "reminded", {key: value for key, value in details.items() if value is not None})
    return True


async def _list(conn: Connection, ticket: Mapping[str, Any], facts: Mapping[str, Any], due: Due, at: datetime) -> None:
    neglect = uuid7(at)
    await conn.execute(LIST, neglect, facts["id"], facts["ticket_id"], due.overdue, at)
    own = [row["id"] for row in await conn.fetch(CUSTOMER_SERVICE, ticket["accepting_organisation_id"])]
    department = TERMS[Department][facts["department"]].zh
    title = f"列入公示名单：{facts['ticket_number']}{department}"
    text = f"会办单{facts['number']}逾期{due.overdue}个工作日无任何反馈，已列入公示名单，请核实。"
    await notifications.tell(conn, own, Message(Kind.NEGLECT, str(facts["id"]), title, text, facts["ticket_id"]), at)


def _message(facts: Mapping[str, Any], due: Due, text: str) -> str:
    department = TERMS[Department][facts["department"]].zh
    left = f"已逾期{due.overdue}个工作日" if due.overdue else f"剩余{due.remaining}个工作日"
    lines = [
        f"{department}：服务单{facts['ticket_number']}（会办单{facts['number']}）处理期限为{facts['due_day']}，{left}。",
        "请尽快调查处理，并将进展登记入服务单。" if facts["fed_back"] else "至今未收到任何反馈，请尽快处理并登记进展。",
    ]
    return "\n".join([*lines, *([text] if text else [])])
