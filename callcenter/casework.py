"""Working on a ticket that exists: correcting its particulars, carrying it through its stages, hanging calls on it.

Each use case is one transaction over a locked row and the version its reader saw; who comes second is told what
the first one changed. Nobody works on a ticket outside his organisations: to him it does not exist.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import (
    acknowledging,
    dispatch,
    matters,
    outbox,
    progress,
    routing,
    sampling,
)
from callcenter.accounts import authority
from callcenter.accounts.permissions import Permission
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.corrections import Changes, confirm_severity, corrected, follow, line
from callcenter.db.pool import Connection, Database
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import held, locked
from callcenter.standing import DETERMINES, Facts, facts, owed, standing
from tickets import (
    deadlines,
    guards,
    intake,
    letters,
    lifecycle,
    proofs,
    signatures,
    store,
)
from tickets import progress as rhythm
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.deadlines import Kind, Rulebook
from tickets.errors import (
    CallNotFoundError,
    IllegalMoveError,
    StaleTicketError,
    Words,
)
from tickets.intake import (
    Nature,
    Severity,
)
from tickets.lifecycle import (
    ENDED,
    Action,
    Cause,
    Ending,
    InvalidGround,
    Level,
    Liability,
    Standing,
    Status,
    Step,
    Validity,
)
from tickets.routing import Table, route
from tickets.slips import Line

LEVEL_OF = "SELECT kind FROM organisation WHERE id = $1"

_STAMP: Mapping[Status, str] = {
    Status.DISPATCHED: "dispatched_at",
    Status.HANDLED: "handled_at",
    Status.INFORMED: "informed_at",
    Status.CLOSED: "closed_at",
    Status.ARCHIVED: "archived_at",
}

ROUTED = frozenset({Action.DISPATCH, Action.DETERMINE, Action.OVERTURN})

CONFIRMS_SEVERITY = frozenset({Action.DISPATCH, Action.DETERMINE, Action.INFORM, Action.CLOSE})
"""What the complaint post does to a ticket whose severity it thereby takes over (F-18)."""

TOUCHES_MATTER = DETERMINES | {Action.CLOSE, Action.WITHDRAW}
"""What the other orders of the matter depend on (D-13, F-60, CL-6)."""

REDISPATCHED = "另行派发"
WITHDRAWN = "客户撤诉"
DECLINED = "不予办理"

Lacking = Callable[[Connection, Mapping[str, Any]], Awaitable[tuple[Words, ...]]]
"""What a ticket's file still lacks before it can be archived (E-20, E-21)."""


class Casework:
    """The use cases of an existing ticket."""

    def __init__(self, db: Database, clock: Clock, rules: Rules | None = None, lacking: Lacking | None = None) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules or Rules()
        self._lacking = lacking

    async def correct(self, ticket_id: UUID, version: int, changes: Changes, by: By) -> int:
        """Write new particulars; returns the new version.

        Raises TicketNotFoundError, StaleTicketError, IllegalMoveError when closed, NotAdmissibleError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await locked(conn, ticket_id, version, by)
            if row["status"] in ENDED:
                raise closed()
            book = await self._rules.current(conn, at, row["received_day"])
            after = await corrected(conn, row, changes, by, at)
            told = {name: [_plain(row[name]), _plain(after[name])] for name in after if after[name] != row[name]}
            told |= await line(conn, row, after, changes, at)
            if not told:
                return version
            await save(conn, after)
            await follow(conn, row, after, book, at)
            if row["matter_id"] is not None:
                await matters.recount(conn, row["matter_id"], at, by, because=row["number"])
            details = {"version": version + 1, "changed": told, "reason": changes.reason or None}
            await tell(conn, after, by, at, "corrected", details)
        return version + 1

    async def act(self, ticket_id: UUID, version: int, step: Step, by: By) -> Status:
        """Do one action of the lifecycle; where `step`'s actor sits and what he is are taken from `by`.

        Raises TicketNotFoundError, StaleTicketError, IllegalMoveError, MoveRefusedError; then nothing is changed.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await locked(conn, ticket_id, version, by)
            level = await conn.fetchval(LEVEL_OF, by.organisation_id) or Level.HQ
            table = await routing.on(conn, shanghai_day(at)) if step.action in ROUTED else {}
            step = await _asked(conn, step, by, Level(level), table, at)
            book = await self._rules.current(conn, at, row["received_day"])
            known = await facts(conn, row, step, book, table)
            step = _by_document(step, known)
            if step.action is Action.ARCHIVE and self._lacking is not None:
                known = replace(known, lacking=await self._lacking(conn, row))
            now = standing(row, known)
            if step.amount is not None:
                now = replace(now, authority=await authority.of_user(conn, by.user_id, ticket_id, at))
            status = guards.move(now, step)
            told_at = _told_at(now, step, at)
            after = _moved(row, step, known, status, told_at)
            if step.basis.strip():
                after["basis"] = step.basis
            if step.action in (Action.OPINE, Action.DISPATCH) and step.opinion.strip():
                after |= {"opinion": step.opinion, "opinion_at": at, "opinion_by": by.actor}
            if step.action in CONFIRMS_SEVERITY and step.for_post:
                confirm_severity(after, by, at)
            await save(conn, after)
            await store.meet(conn, ticket_id, lifecycle.MEETS.get(step.action, ()), told_at)
            await _start(conn, after, step, book, told_at)
            await progress.follow(conn, after, step.action, book, told_at)
            told = await _follow_up(conn, after, step, known, by, book, at)
            if step.action in TOUCHES_MATTER and row["matter_id"] is not None:
                determined = ticket_id if step.action in DETERMINES else None
                because = row["number"]
                await matters.recount(conn, row["matter_id"], at, by, because=because, determined=determined)
            details = {"version": version + 1, "from": row["status"], "to": status.value, **_said(step, after), **told}
            if step.action is Action.OVERTURN:
                details |= {"validity_before": row["validity"], "causes_before": row["causes"]}
            await tell(conn, after, by, at, step.action.value, details)
        return status

    async def hang(self, ticket_id: UUID, call_id: UUID, by: By) -> None:
        """Hang a further call on the ticket; twice is once.

        Raises TicketNotFoundError, CallNotFoundError, TooManyLinksError (H14), IllegalMoveError when closed (B-2).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await held(conn, ticket_id, by)
            await _hang(conn, row, call_id, by, at)

    async def enquire(self, ticket_id: UUID, note: str, call_id: UUID | None, by: By) -> None:
        """Keep a pure enquiry about progress as a contact on the open ticket: never an order, never counted (D-5).

        Raises TicketNotFoundError, CallNotFoundError, TooManyLinksError, IllegalMoveError when it has ended (B-2).
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            row = await held(conn, ticket_id, by)
            if row["status"] in ENDED:
                raise closed("enquire")
            if call_id is not None:
                await _hang(conn, row, call_id, by, at)
            await tell(conn, row, by, at, "enquiry", {"note": note, "call_id": str(call_id) if call_id else None})


async def _hang(conn: Connection, row: Mapping[str, Any], call_id: UUID, by: By, at: datetime) -> None:
    if await conn.fetchval(acknowledging.CALL_IN_REACH, *by.eyes.values, call_id) is None:
        raise CallNotFoundError(Words("没有这个通话", "no such call"), call=str(call_id))
    if await store.is_linked(conn, row["id"], call_id):
        return
    if row["status"] in ENDED:
        raise closed("link_call")
    if not await store.link(conn, row["id"], call_id, at, acknowledging.MOST_CALLS):
        raise acknowledging.too_many_calls()
    await tell(conn, row, by, at, "call_linked", {"call_id": str(call_id)})


async def regrade(
    conn: Connection, row: Mapping[str, Any], severity: Severity, book: Rulebook, by: By, at: datetime
) -> dict[str, Any]:
    """Give the ticket another severity, with the clocks that follow; returns its row. Raises StaleTicketError."""
    after = {**row, "severity": severity.value, "gravity": intake.GRAVITY[severity].value}
    after["complex_at"] = rhythm.complex_since(severity, row["complex_at"], row["complex_reason"], at)
    confirm_severity(after, by, at)
    await save(conn, after)
    await follow(conn, row, after, book, at)
    return after


def _by_document(step: Step, known: "Facts") -> Step:
    """The step with what its document proves: by what, and of an answer when, the customer was told (CL-8)."""
    notice = known.notice
    if notice is None or notice.sent_at is None or notice.means is None:
        return step
    if step.action is Action.ACKNOWLEDGE:
        manner = proofs.ACKNOWLEDGES.get(notice.kind)
        return replace(step, manner=step.manner or (manner.value if manner else ""))
    if step.action is not Action.INFORM:
        return step
    proof = step.proof or notice.number
    return replace(step, manner=step.manner or notice.means, proof=proof, told_at=notice.sent_at)


def _told_at(now: Standing, step: Step, at: datetime) -> datetime:
    """When the step counts as done: telling the customer by the letter's sending or the moment stated (CL-8)."""
    if step.action is not Action.INFORM:
        return at
    return (now.letter_sent_at if now.written_due else None) or step.told_at or at


async def _asked(conn: Connection, step: Step, by: By, level: Level, table: Table, at: datetime) -> Step:
    """The step with where its actor sits and what he is; a cause without a department is its category's.

    A coordinator in whose stead somebody else acts that day speaks for no department (F-44).
    """
    causes = step.causes
    if step.action is Action.DECLINE:
        causes = ()
        ground = InvalidGround.NOT_A_CUSTOMER
        step = replace(step, validity=Validity.INVALID, ground=ground, liability=Liability.NONE)
    speaks = await dispatch.speaks(conn, by, by.department, by.organisation_id, shanghai_day(at))
    if step.action in DETERMINES and step.liability is not Liability.NONE:
        causes = tuple(
            cause if cause.departments or cause.system else replace(cause, departments=_owners(table, cause.category))
            for cause in causes
        )
    return replace(
        step,
        organisation=by.organisation_id or "",
        level=level,
        path=by.path or "",
        own_department=by.department if speaks else None,
        for_post=by.may(Permission.TICKET_MANAGE),
        fixes_owner=by.may(Permission.SLIP_FIX),
        causes=causes,
        at=at,
        actor=str(by.user_id or ""),
        in_sales=by.department is Department.SALES,
    )


def _owners(table: Table, category: Category) -> tuple[Department, ...]:
    found = route(table, Line(1, category))
    return (found.main,) if found else ()


async def _start(conn: Connection, after: Mapping[str, Any], step: Step, book: Rulebook, at: datetime) -> None:
    """The clock of what comes next (L-24, L-25, L-26)."""
    match step.action:
        case Action.HANDLE | Action.SETTLE:
            await store.start_clock(conn, after["id"], deadlines.inform(at, book))
        case Action.INFORM:
            await store.start_clock(conn, after["id"], deadlines.close(at, book))
        case Action.CLOSE | Action.ANSWER:
            await store.start_clock(conn, after["id"], deadlines.archive(at, book))
        case Action.DECLINE:
            await progress.end(conn, after, progress.TIMERS, Ending.DECLINED, book, at)
            await store.void_clocks(conn, after["id"], None, Ending.DECLINED, at)
            await store.start_clock(conn, after["id"], deadlines.archive(at, book))
        case Action.WITHDRAW:
            await progress.end(conn, after, progress.TIMERS, Ending.WITHDRAWN, book, after["closed_at"])
            await store.void_clocks(conn, after["id"], None, Ending.WITHDRAWN, after["closed_at"])
            await store.start_clock(conn, after["id"], deadlines.archive(after["closed_at"], book))


async def _follow_up(
    conn: Connection, after: Mapping[str, Any], step: Step, known: Facts, by: By, book: Rulebook, at: datetime
) -> dict[str, Any]:
    """What an action does beside the ticket's row; returns what the history says of it."""
    match step.action:
        case Action.ACKNOWLEDGE:
            told = await acknowledging.record(conn, after, step, by, at)
            await look_again(conn, after)
            return told
        case Action.DISPATCH:
            await dispatch.release(conn, after["id"], known.replaced, step.note or REDISPATCHED, "replaced", at)
            sent = await dispatch.send(
                conn,
                after,
                known.wanted,
                len(known.sent) + 1,
                known.home[0],
                book,
                request=step.note or step.opinion or after["opinion"] or "",
                fixed=known.disputed,
                asked_by=None,
                at=at,
                actor=by.actor,
            )
            return {"slips": sent, "released": [known.numbers[place] for place in known.replaced] or None}
        case Action.INFORM:
            return {"fed_back": await _feed_back(conn, after, by, at)}
        case Action.HANDLE if known.own is not None:
            await dispatch.answer_own(conn, after["id"], known.own, step.note, by.actor, at)
            await store.meet(conn, after["id"], (Kind.ACCEPT,), at, cycle=known.own)
            return {"slip": known.numbers[known.own]}
        case Action.DETERMINE | Action.OVERTURN:
            if step.action is Action.OVERTURN:
                await conn.execute(sampling.OVERTURNED, after["id"], step.note, at, by.actor)
            await dispatch.keep_causes(conn, after["id"], after["determination"], step.causes)
            return {"responsible": after["responsible"]}
        case Action.WITHDRAW | Action.DECLINE:
            left = [slip.place for slip in known.sent if slip.state.is_open]
            withdrawn = step.action is Action.WITHDRAW
            reason, why = (WITHDRAWN, Ending.WITHDRAWN) if withdrawn else (DECLINED, Ending.DECLINED)
            await dispatch.release(conn, after["id"], left, reason, why, after["closed_at"])
            return {"released": [known.numbers[place] for place in left] or None}
        case Action.SIGN if step.own_department is not None:
            await dispatch.sign(
                conn,
                after,
                step.own_department,
                step.organisation,
                signed=step.agrees,
                remark=step.note,
                actor=by.actor,
                at=at,
            )
            return {"department": step.own_department.value, "signed": step.agrees}
    return {}


FEED_BACK = """
WITH heard AS (
    SELECT 'department' AS audience, organisation_id, department FROM slip
    WHERE ticket_id = $1 AND part IN ('main', 'joint') AND state IN ('sent', 'accepted', 'answered')
    UNION SELECT 'committee', m.organisation_id, NULL
    FROM committee_ruling r JOIN committee_meeting m ON m.id = r.meeting_id
    WHERE r.ticket_id = $1 AND r.confirmed_at IS NOT NULL
    UNION SELECT 'committee', organisation_id, NULL FROM committee_referral
    WHERE ticket_id = $1 AND withdrawn_at IS NULL
    UNION SELECT 'upper_company', o.parent_id, NULL
    FROM ticket t JOIN organisation o ON o.id = t.accepting_organisation_id
    WHERE t.id = $1 AND o.parent_id IS NOT NULL AND t.nature = 'complaint' AND (t.severity <> 'general'
        OR t.source IN ('upper_company', 'regulator') OR t.relation = 'escalation')
)
INSERT INTO feedback (id, ticket_id, audience, organisation_id, department, given_at, given_by)
SELECT gen_random_uuid(), $1, audience, organisation_id, department, $2, $3 FROM heard
ON CONFLICT DO NOTHING RETURNING id, audience, organisation_id, department"""
"""Who hears with the customer: who handled it, the committee it was before, and the company above where the case came
from it, was difficult or major, or had gone to it (R-4.28)."""


async def _feed_back(conn: Connection, row: Mapping[str, Any], by: By, at: datetime) -> list[str] | None:
    """Feed back to whom it concerns, each with a fact of its own."""
    given = await conn.fetch(FEED_BACK, row["id"], at, by.actor)
    for each in given:
        payload = {
            "feedback_id": str(each["id"]),
            "ticket_id": str(row["id"]),
            "number": row["number"],
            "audience": each["audience"],
            "organisation": each["organisation_id"],
            "department": each["department"],
        }
        await outbox.append(conn, "feedback.given", str(each["id"]), payload, at)
    named = [":".join(filter(None, (each["audience"], each["organisation_id"], each["department"]))) for each in given]
    return sorted(named) or None


def _moved(row: Mapping[str, Any], step: Step, known: Facts, status: Status, at: datetime) -> dict[str, Any]:
    after = {**row, "status": status.value}
    stamp = _STAMP.get(status)
    if stamp is not None and after[stamp] is None:
        after[stamp] = at
    if step.action is Action.MARK_COMPLEX:
        after["complex_at"], after["complex_reason"] = at, step.note
    if step.action is Action.DISPATCH:
        main = next((each.department for each in known.wanted if each.leads and each.line.number == 1), None)
        after["department"] = main or row["department"]
    if step.action is Action.INFORM:
        means = letters.means_of(step.manner)
        after["told_means"] = means.value if means else None
        after["told_proof"] = step.proof or None
        after["told_document_id"] = UUID(step.document) if step.document else None
        after["answer_accepted"] = step.accepted
    if status is Status.CLOSED and row["status"] not in ENDED:
        after["ended_as"] = _ending(row, step).value
    if step.action is Action.WITHDRAW:
        after["closed_at"] = step.received_at or at
    if step.rescission_told and after["rescission_told_at"] is None:
        after["rescission_told_at"] = at
    if step.action is Action.DECLINE:
        means = letters.means_of(step.manner)
        after["told_means"] = means.value if means else None
        after["informed_at"] = at
    if step.action is Action.ASSIGN:
        after["handler_id"] = UUID(step.handler)
    if step.action is Action.PASS_ON:
        after["destination"] = step.destination
    if step.action is Action.OVERTURN:
        after["overturned_at"] = at
    if step.action in DETERMINES and step.validity is not None:
        after["validity"] = step.validity.value
        after["causes"] = [cause.category.value for cause in step.causes]
        after["liability"] = step.liability.value if step.liability else row["liability"]
        after["invalid_ground"] = step.ground.value if step.ground else None
        after["determination"] = row["determination"] + 1
        after["responsible"] = [department.value for department in signatures.required(step.causes)]
    return after


def _ending(row: Mapping[str, Any], step: Step) -> Ending:
    if step.action is Action.WITHDRAW:
        return Ending.WITHDRAWN
    if step.action is Action.DECLINE:
        return Ending.DECLINED
    return Ending.ANSWERED if row["nature"] == Nature.NON_COMPLAINT else Ending.CLOSED


def _said(step: Step, after: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of a step: everything that was said with it."""
    said = {
        "note": step.note,
        "manner": step.manner,
        "accepted": step.accepted,
        "explanation": step.explanation,
        "told_at": step.told_at.isoformat() if step.told_at else None,
        "proof": step.proof,
        "review_route_told": step.review_route_told or None,
        "evidence": step.evidence,
        "validity": step.validity,
        "liability": step.liability,
        "causes": [_cause(cause) for cause in step.causes] if step.action in DETERMINES else None,
        "ground": step.ground,
        "by_sales_staff": step.by_sales_staff or None,
        "rescission_told": step.rescission_told or None,
        "department": after["department"] if step.action is Action.DISPATCH else None,
        "amount": None if step.amount is None else f"{step.amount:.2f}",
        "destination": step.destination,
        "opinion": step.opinion,
        "basis": step.basis,
        "document_id": step.document,
        "handler": f"user:{step.handler}" if step.handler else None,
        "received_at": after["closed_at"].isoformat() if step.action is Action.WITHDRAW else None,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _cause(cause: Cause) -> dict[str, Any]:
    departments = [department.value for department in cause.departments]
    return {"category": cause.category.value, "departments": departments, "system": cause.system}


async def save(conn: Connection, after: Mapping[str, Any]) -> None:
    """Write the changed row, with what it owes now; its version grows by one. Raises StaleTicketError."""
    owes = [problem.field for problem in owed(after, await acknowledging.kept(conn, after["id"]))]
    if not await store.save(conn, {**after, "owes": owes}):
        raise StaleTicketError(Words("服务单已被他人修改", "somebody else changed the ticket"))


async def look_again(conn: Connection, row: Mapping[str, Any]) -> None:
    """Note what the ticket owes, after its papers or acknowledgements changed."""
    kept = await acknowledging.kept(conn, row["id"])
    await store.owe(conn, row["id"], [problem.field for problem in owed(row, kept)])


def closed(action: str = "correct") -> IllegalMoveError:
    """The refusal of whatever would change a closed ticket (B-2)."""
    words = Words("已结案的服务单不再修改", "a closed ticket is not changed")
    return IllegalMoveError(words, rules=("B-2",), status="closed", action=action)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value
