"""What departments do with their slips: accept, return, write entries, ask others, answer; and the lists they work by.

Each use case is one transaction over the locked ticket and the version of the slip its reader saw. A coordinator or a
head acts for his department in his organisation and for nobody else's (R-3.42). Must never decide a rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import dispatch
from callcenter.accounts.permissions import Permission
from callcenter.casework import save
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.corrections import MANAGER_OF
from callcenter.db.pool import Connection, Database
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import in_reach
from callcenter.standing import recused
from tickets import slips as rules
from tickets import store
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.deadlines import Kind
from tickets.errors import (
    IllegalMoveError,
    MoveRefusedError,
    SlipNotFoundError,
    SlipNotYoursError,
    StaleTicketError,
    Words,
)
from tickets.lifecycle import ENDED, Status
from tickets.slips import Line, Part, SlipAction, SlipState, Wanted

MOST_SLIPS = 50
"""A ticket has at most so many slips."""

SAVE = """
UPDATE slip SET version = version + 1, state = $3,
    accepted_at = CASE WHEN $3 = 'accepted' THEN COALESCE(accepted_at, $4) ELSE accepted_at END,
    accepted_by = CASE WHEN $3 = 'accepted' THEN COALESCE(accepted_by, $5) ELSE accepted_by END,
    returned_at = CASE WHEN $3 = 'returned' THEN $4::timestamptz END,
    return_reason = CASE WHEN $3 = 'returned' THEN $6::text END,
    answered_at = CASE WHEN $3 = 'answered' AND $7 THEN $4 ELSE answered_at END,
    answered_by = CASE WHEN $3 = 'answered' AND $7 THEN $5 ELSE answered_by END,
    answer = CASE WHEN $3 = 'answered' AND $7 THEN $6 ELSE answer END,
    released_at = CASE WHEN $3 = 'released' THEN $4::timestamptz END,
    release_reason = CASE WHEN $3 = 'released' THEN $6::text END,
    reported_at = CASE WHEN $8 AND report_day IS NOT NULL THEN COALESCE(reported_at, $4) ELSE reported_at END
WHERE id = $1 AND version = $2"""
WANT_REPORT = """
UPDATE slip SET version = version + 1, report_day = $3, report_set_at = $4, report_set_by = $5, reported_at = NULL
WHERE id = $1 AND version = $2"""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said with an action on a slip: the entry, the reason, the answer, or what is asked of whom."""

    text: str = ""
    department: Department | None = None


class Slips:
    """The use cases of slips."""

    def __init__(self, db: Database, clock: Clock, rules: Rules) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules

    async def act(
        self, ticket_id: UUID, slip_id: UUID, version: int, action: SlipAction, said: Said, by: By
    ) -> SlipState:
        """Do one action on a slip; returns its state.

        Raises SlipNotFoundError, SlipNotYoursError, StaleTicketError, IllegalMoveError when the ticket is closed,
        MoveRefusedError; then nothing is changed.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            ticket = await store.lock(conn, ticket_id)
            if ticket is None or not await in_reach(conn, by, ticket):
                raise not_found(slip_id)
            stored = await dispatch.slips(conn, ticket_id)
            row = next((each for each in stored if each["id"] == slip_id), None)
            if row is None:
                raise not_found(slip_id)
            await _refuse_others(conn, row, action, by, at)
            if row["version"] != version:
                raise _stale(row)
            if ticket["status"] in DECIDED and action is not SlipAction.ACCEPT:
                raise _over(ticket, action)
            slip = dispatch.slip_of(row)
            state = rules.after(slip, action)
            _refuse_silence(row, action, said)
            details: dict[str, Any] = {"slip": row["number"], "department": row["department"], "text": said.text}
            if action is SlipAction.ASK:
                book = await self._rules.current(conn, at, ticket["received_day"])
                details |= await _ask(conn, ticket, row, stored, said, book, at, by)
            if action in (SlipAction.ANSWER, SlipAction.CASE):
                await _refuse_concerned(conn, ticket, row, action, by)
            writes, reports = action is SlipAction.ANSWER, action in rules.REPORTS
            done = await conn.execute(SAVE, slip_id, version, state.value, at, by.actor, said.text, writes, reports)
            assert done == "UPDATE 1"
            if action in (SlipAction.ACCEPT, SlipAction.RETURN):
                await store.meet(conn, ticket_id, (Kind.ACCEPT,), at, cycle=slip.place)
            if action in (SlipAction.RELEASE, SlipAction.CASE):
                why = "released" if action is SlipAction.RELEASE else "case"
                await store.void_clocks(conn, ticket_id, (Kind.ACCEPT,), why, at, cycle=slip.place)
            if action is SlipAction.CASE:
                book = await self._rules.current(conn, at)
                details |= await _pass_case(conn, ticket, row, stored, said, book, at, by)
            told = {name: value for name, value in details.items() if value not in ("", None)}
            await tell(conn, ticket, by, at, f"slip_{action.value}", told)
        return state

    async def want_report(self, ticket_id: UUID, slip_id: UUID, version: int, day: date, by: By) -> None:
        """Customer service says until which day it wants to hear how far the department is; the latest counts (R-3.45).

        Raises SlipNotFoundError, StaleTicketError, MoveRefusedError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            ticket = await store.lock(conn, ticket_id)
            if ticket is None or not await in_reach(conn, by, ticket):
                raise not_found(slip_id)
            stored = await dispatch.slips(conn, ticket_id)
            row = next((each for each in stored if each["id"] == slip_id), None)
            if row is None:
                raise not_found(slip_id)
            if row["version"] != version:
                raise _stale(row)
            rules.check_report_day(dispatch.slip_of(row), day, shanghai_day(at))
            await conn.execute(WANT_REPORT, slip_id, version, day, at, by.actor)
            details = {"slip": row["number"], "department": row["department"], "day": str(day)}
            await tell(conn, ticket, by, at, "slip_report_wanted", details)


async def _ask(
    conn: Connection,
    ticket: Mapping[str, Any],
    row: Mapping[str, Any],
    stored: Sequence[Mapping[str, Any]],
    said: Said,
    book: Any,
    at: datetime,
    by: By,
) -> dict[str, Any]:
    """A joint slip for the department that the leading one asks for help (R-4.19)."""
    working = {each["department"] for each in stored if each["part"] in ("main", "joint") and each["state"] in OPEN}
    if said.department is None or said.department.value in working:
        raise _refused(
            row,
            SlipAction.ASK,
            Words("须指明尚未参与的部门", "name a department that does not work on it yet"),
            "R-4.19",
        )
    if len(stored) >= MOST_SLIPS:
        raise _refused(
            row,
            SlipAction.ASK,
            Words(f"一张服务单最多{MOST_SLIPS}张会办单", f"a ticket has at most {MOST_SLIPS} slips"),
            "R-4.19",
        )
    category = Category(row["category"]) if row["category"] else None
    wanted = Wanted(Part.JOINT, said.department, Line(row["line"], category), leads=False)
    sent = await dispatch.send(
        conn,
        ticket,
        (wanted,),
        len(stored) + 1,
        row["organisation_id"],
        book,
        request=said.text,
        fixed=False,
        asked_by=row["id"],
        at=at,
        actor=by.actor,
    )
    return {"asked": said.department.value, "slips": sent}


async def _pass_case(
    conn: Connection,
    ticket: Mapping[str, Any],
    row: Mapping[str, Any],
    stored: Sequence[Mapping[str, Any]],
    said: Said,
    book: Any,
    at: datetime,
    by: By,
) -> dict[str, Any]:
    """What amounts to a case goes from sales to sales inspection, which leads from then on (R-3.39, F-26)."""
    category = Category(row["category"]) if row["category"] else None
    part = Part.MAIN if row["line"] == 1 else Part.JOINT
    wanted = Wanted(part, Department.SALES_INSPECTION, Line(row["line"], category), leads=True)
    sent = await dispatch.send(
        conn,
        ticket,
        (wanted,),
        len(stored) + 1,
        row["organisation_id"],
        book,
        request=said.text,
        fixed=True,
        asked_by=row["id"],
        at=at,
        actor=by.actor,
    )
    after = {**ticket, "case_at": ticket["case_at"] or at}
    if part is Part.MAIN:
        after["department"] = Department.SALES_INSPECTION.value
    await save(conn, after)
    return {"slips": sent, "version": ticket["version"] + 1}


async def _refuse_concerned(
    conn: Connection, ticket: Mapping[str, Any], row: Mapping[str, Any], action: SlipAction, by: By
) -> None:
    """Who the order is about, or is their manager, does not answer on it (F-48, N-7)."""
    if ticket["about_user_id"] is None or by.user_id is None:
        return
    manager = await conn.fetchval(MANAGER_OF, ticket["about_user_id"])
    if str(by.user_id) in recused(ticket, manager):
        words = Words("被投诉人及其直接上级须回避", "the person complained of, and their manager, keep out of it")
        raise _refused(row, action, words, "F-48", "N-7")


OPEN = ("sent", "accepted")
DECIDED = ENDED | {Status.HANDLED, Status.INFORMED}


def not_found(slip_id: object) -> SlipNotFoundError:
    """The refusal that does not tell whether the slip exists."""
    return SlipNotFoundError(Words("没有这张会办单", "no such slip"), slip=str(slip_id))


async def _refuse_others(conn: Connection, row: Mapping[str, Any], action: SlipAction, by: By, at: datetime) -> None:
    """Customer service releases a slip; everything else is its department's (R-3.42, R-4.18)."""
    if action is SlipAction.RELEASE:
        if by.may(Permission.TICKET_MANAGE):
            return
        words = Words("会办单由投诉岗解除", "the complaint post releases a slip")
        raise SlipNotYoursError(words, rules=("R-4.18",), slip=row["number"])
    department, organisation = Department(row["department"]), row["organisation_id"]
    if by.may(Permission.SLIP_WORK):
        if await dispatch.speaks(conn, by, department, organisation, shanghai_day(at)):
            return
        if by.department is department and by.organisation_id == organisation:
            words = Words("会办单由当日任职或代理的协调员处理", "the coordinator who acts today acts on the slip")
            raise SlipNotYoursError(words, rules=("R-3.42", "F-44"), slip=row["number"])
    raise SlipNotYoursError(
        Words(
            "会办单由所派部门的协调员或负责人处理", "the coordinator or head of the department asked acts on its slip"
        ),
        rules=("R-3.42", "R-3.38"),
        slip=row["number"],
        department=row["department"],
        organisation=row["organisation_id"],
    )


def _refuse_silence(row: Mapping[str, Any], action: SlipAction, said: Said) -> None:
    if action is SlipAction.ACCEPT or said.text.strip():
        return
    if action is SlipAction.RETURN:
        raise _refused(row, action, Words("退回会办单须说明理由", "returning a slip needs a reason"), "R-4.20")
    raise _refused(
        row,
        action,
        Words("未写入服务单的内容视为没有发生", "what is not written in the order did not happen"),
        "R-4.7",
        "R-4.23",
    )


def _refused(row: Mapping[str, Any], action: SlipAction, words: Words, *named: str) -> MoveRefusedError:
    return MoveRefusedError(words, rules=named, status=row["state"], action=action.value, slip=row["number"])


def _over(ticket: Mapping[str, Any], action: SlipAction) -> IllegalMoveError:
    words = Words("服务单已作出处理决定,会办单不再变动", "the ticket is decided: its slips do not change any more")
    return IllegalMoveError(words, rules=("R-4.22", "B-2"), status=ticket["status"], action=action.value)


def _stale(row: Mapping[str, Any]) -> StaleTicketError:
    return StaleTicketError(
        Words("会办单已被他人处理,请先查看最新内容", "somebody else changed the slip: read it again first"),
        version=row["version"],
        state=row["state"],
        changed=[],
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list of slips is asked for; None does not narrow. `overdue_at`: not accepted and due by then (L-9)."""

    department: str | None = None
    organisation: str | None = None
    organisation_path: str | None = None
    state: Sequence[str] = ()
    part: str | None = None
    ticket_id: UUID | None = None
    overdue_at: datetime | None = None
    unreported_on: date | None = None
    """Customer service wanted to hear of it before this day, and did not (R-3.45)."""


LISTED = """
SELECT s.id, s.number, s.ticket_id, s.part, s.state, s.department, s.organisation_id, s.line, s.category, s.leads,
    s.fixed, s.request, s.sent_at, s.accepted_at, s.returned_at, s.return_reason, s.answered_at, s.answer,
    s.released_at, s.version, s.report_day, s.reported_at, t.number AS ticket_number, t.status AS ticket_status,
    t.severity, a.due_day AS accept_due_day, a.due_at AS accept_due_at, a.met_at AS accept_met_at,
    d.due_day AS due_day, d.due_at, d.met_at
FROM slip s JOIN ticket t ON t.id = s.ticket_id JOIN organisation o ON o.id = s.organisation_id
LEFT JOIN ticket_clock a ON a.ticket_id = s.ticket_id AND a.kind = 'accept' AND a.cycle = s.place
LEFT JOIN LATERAL (SELECT * FROM ticket_clock c WHERE c.ticket_id = s.ticket_id AND c.kind = 'decide_inform'
    ORDER BY c.cycle DESC LIMIT 1) d ON true
WHERE {conditions}
ORDER BY s.sent_at DESC, s.id DESC LIMIT {limit}"""
_PLAIN: Mapping[str, str] = {
    "department": "s.department = {}",
    "organisation": "s.organisation_id = {}",
    "organisation_path": "o.path LIKE {} || '%'",
    "part": "s.part = {}",
    "ticket_id": "s.ticket_id = {}",
    "overdue_at": "s.state = 'sent' AND a.met_at IS NULL AND a.due_at <= {}",
    "unreported_on": "s.report_day < {} AND s.reported_at IS NULL AND s.state IN ('sent', 'accepted')",
}


async def page(
    conn: Connection, wish: Wish, by: By, after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Slips sent to the actor's organisations, newest first, up to `limit`, going on after a position."""
    conditions, values = ["true"], list[Any]()

    def given(condition: str, value: Any) -> None:
        values.append(value)
        conditions.append(condition.format(f"${len(values)}"))

    if by.path is not None and by.path.count("/") > 1:
        given("o.path LIKE {} || '%'", by.path)
    for name, condition in _PLAIN.items():
        if (value := getattr(wish, name)) is not None:
            given(condition, value)
    if wish.state:
        given("s.state = ANY({}::text[])", list(wish.state))
    if after is not None:
        values.extend(after)
        conditions.append(f"(s.sent_at, s.id) < (${len(values) - 1}, ${len(values)})")
    query = LISTED.format(conditions=" AND ".join(conditions), limit=int(limit))
    return [dict(row) for row in await conn.fetch(query, *values)]
