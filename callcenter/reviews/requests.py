"""The customer's request for review, and what the organisation above makes of it (L-29, N-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.ids import derived
from callcenter.opening import By
from callcenter.reach import held, in_reach
from callcenter.reviews import store
from callcenter.reviews.trail import overtaken, record
from tickets import deadlines, reviews
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.deadlines import Kind
from tickets.errors import KeyReusedError, ReviewRefusedError, Words
from tickets.intake import Nature, Source
from tickets.letters import Means
from tickets.lifecycle import Status
from tickets.reviews import NOT_HANDLING, Asking, Outcome, ReviewAction, ReviewState, SupervisionGround

DECIDED_AT = """
SELECT id, path, parent_id FROM organisation
WHERE starts_with($1, path) AND ($2 IS FALSE OR kind IN ('province', 'hq')) ORDER BY length(path) DESC LIMIT 1"""
"""Who decides: the accepting organisation, the province what was forwarded (R-4.31, R-4.32)."""
PATH_OF = "SELECT path FROM organisation WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Without an organisation the next one above the decision reviews; without a moment of receipt
    the decision was received when it was told."""

    reason: str
    asked_at: datetime
    received_at: datetime | None = None
    in_writing: bool = True
    organisation: str | None = None
    late_reason: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a review comes to; `due_day`: until when a case that is returned must be reported on."""

    outcome: Outcome | None
    opinion: str
    due_day: date | None = None


async def ask(
    db: Database, review_id: UUID, ticket_id: UUID, wanted: Request, rules: Rules, by: By, at: datetime
) -> None:
    """Take the request; the clock L-29 starts with it. The same id twice is once.

    Raises TicketNotFoundError, ReviewRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await store.review(conn, review_id)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        if row["nature"] != Nature.COMPLAINT:
            raise ReviewRefusedError(
                Words("只有投诉件的处理决定可以核查", "only the decision on a complaint is reviewed"), rules=("L-29",)
            )
        decided = await _decided_at(conn, row)
        where = wanted.organisation or decided["parent_id"]
        path = await conn.fetchval(PATH_OF, where)
        book = await rules.current(conn, at, row["received_day"])
        received_at = wanted.received_at or row["informed_at"] or wanted.asked_at
        late = reviews.check_request(
            Asking(
                status=Status(row["status"]),
                decided_path=decided["path"],
                reviewing_path=path or decided["path"],
                informed_at=row["informed_at"],
                received_at=received_at,
                asked_at=wanted.asked_at,
                in_writing=wanted.in_writing,
                late_reason=wanted.late_reason,
            ),
            book,
            at,
        )
        if await store.asked_of(conn, ticket_id, where) is not None:
            raise ReviewRefusedError(
                Words("该机构已受理过对此决定的核查", "this organisation was asked to review the decision already"),
                rules=("L-29",),
                organisation=where,
            )
        cycle = await tickets.start_clock(conn, ticket_id, deadlines.review(wanted.asked_at, book), anew=True)
        assert cycle is not None
        until = deadlines.review_until(received_at, book).due
        await store.insert_review(
            conn,
            review_id,
            ticket_id,
            where,
            wanted.reason,
            received_at,
            wanted.asked_at,
            until,
            wanted.late_reason if late else None,
            cycle,
            by.actor,
            at,
        )
        said = {"reviewed_by": where, "reason": wanted.reason, "asked_at": wanted.asked_at.isoformat()}
        if late:
            said["late_reason"] = wanted.late_reason
        await tell(conn, row, by, at, "review_asked", said)
        await record(conn, "review_request", review_id, ticket_id, "asked", by, at, organisation=where)


async def take(db: Database, review_id: UUID, version: int, by: By, at: datetime) -> None:
    """Somebody of the reviewing organisation who did not handle the case takes it on (N-7)."""
    async with db.transaction() as conn:
        row, ticket = await _locked(conn, review_id, version, by)
        state = reviews.after(ReviewState(row["state"]), ReviewAction.TAKE)
        await _check_reviewer(conn, row, by)
        after = {**row, "state": state.value, "assignee_id": by.user_id}
        await _save(conn, after, ticket, "taken", {}, by, at)


async def decide(db: Database, review_id: UUID, version: int, decided: Decided, by: By, at: datetime) -> None:
    """Uphold or change the decision, or return the case for re-investigation; closed stays closed (B-2)."""
    async with db.transaction() as conn:
        row, ticket = await _locked(conn, review_id, version, by)
        state = reviews.after(ReviewState(row["state"]), ReviewAction.DECIDE)
        await _check_reviewer(conn, row, by)
        outcome = reviews.check_decision(decided.outcome, decided.opinion)
        after = {
            **row,
            "state": state.value,
            "assignee_id": by.user_id,
            "outcome": outcome.value,
            "opinion": decided.opinion,
            "decided_at": at,
            "decided_by": by.actor,
        }
        said = {"outcome": outcome.value, "opinion": decided.opinion}
        await _save(conn, after, ticket, "decided", said, by, at)
        if outcome is Outcome.RETURNED:
            await _return(conn, row, ticket, decided, by, at)


async def _return(
    conn: Connection, row: Mapping[str, Any], ticket: Mapping[str, Any], decided: Decided, by: By, at: datetime
) -> None:
    if decided.due_day is None or decided.due_day < shanghai_day(at):
        raise ReviewRefusedError(
            Words("退回重新调查须有不早于当日的期限", "a returned case has a last day, not in the past"),
            rules=("R-3.20",),
        )
    if await store.open_case(conn, row["ticket_id"]) is not None:
        raise ReviewRefusedError(
            Words("该案件正在重新调查", "the case is being investigated again already"), rules=("R-3.20",)
        )
    below = await _decided_at(conn, ticket)
    reviews.check_return(row["path"], below["path"], decided.opinion)
    case = {
        "ticket_id": row["ticket_id"],
        "review_id": row["id"],
        "ground": SupervisionGround.REVIEW.value,
        "organisation_id": row["organisation_id"],
        "returned_to": below["id"],
        "department": None,
        "guidance": decided.opinion,
        "due_day": decided.due_day,
    }
    case_id = derived(at, f"{row['id']}|returned")
    await store.insert_case(conn, case_id, case, by.actor, at)
    await record(conn, "reinvestigation", case_id, row["ticket_id"], "returned", by, at, organisation=below["id"])


async def told(
    db: Database,
    review_id: UUID,
    version: int,
    means: Means | None,
    told_at: datetime,
    proof: str,
    by: By,
    at: datetime,
) -> None:
    """Record that the customer was told the outcome: the clock L-29 is met by that moment (CL-8)."""
    async with db.transaction() as conn:
        row, ticket = await _locked(conn, review_id, version, by)
        state = reviews.after(ReviewState(row["state"]), ReviewAction.TELL)
        await _check_reviewer(conn, row, by)
        used = reviews.check_told(row["decided_at"], means, told_at, proof, at)
        await tickets.meet(conn, ticket["id"], (Kind.REVIEW,), told_at, cycle=row["clock_cycle"])
        after = {
            **row,
            "state": state.value,
            "told_at": told_at,
            "told_by": by.actor,
            "means": used.value,
            "proof": proof,
        }
        said = {"manner": used.value, "told_at": told_at.isoformat(), "proof": proof}
        await _save(conn, after, ticket, "told", said, by, at)


async def withdraw(db: Database, review_id: UUID, version: int, why: str, by: By, at: datetime) -> None:
    """The customer no longer wants the review; its clock ends without being kept or missed."""
    async with db.transaction() as conn:
        row, ticket = await _locked(conn, review_id, version, by)
        state = reviews.after(ReviewState(row["state"]), ReviewAction.WITHDRAW)
        if not why.strip():
            raise ReviewRefusedError(
                Words("撤回核查申请须说明情况", "withdrawing a review needs the reason"), rules=("L-29", "R-4.7")
            )
        await tickets.void_clocks(conn, ticket["id"], (Kind.REVIEW,), "withdrawn", at, cycle=row["clock_cycle"])
        await _save(
            conn, {**row, "state": state.value, "withdrawn_why": why}, ticket, "withdrawn", {"reason": why}, by, at
        )


async def show(conn: Connection, review_id: UUID, by: By) -> dict[str, Any]:
    """The review. Raises NotFoundError."""
    row = await store.review(conn, review_id)
    ticket = None if row is None else await tickets.find(conn, row["ticket_id"])
    if row is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("review request", review_id)
    return row


async def _locked(conn: Connection, review_id: UUID, version: int, by: By) -> tuple[dict[str, Any], Mapping[str, Any]]:
    found = await store.review(conn, review_id)
    ticket = None if found is None else await tickets.lock(conn, found["ticket_id"])
    row = await show(conn, review_id, by)
    assert ticket is not None
    if row["version"] != version:
        raise await overtaken(conn, row)
    return row, ticket


async def _check_reviewer(conn: Connection, row: Mapping[str, Any], by: By) -> None:
    handled = await store.handled_by(conn, row["ticket_id"], NOT_HANDLING)
    reviews.check_reviewer(row["organisation_id"], by.organisation_id, by.actor, handled)


async def _decided_at(conn: Connection, ticket: Mapping[str, Any]) -> Mapping[str, Any]:
    forwarded = ticket["source"] in (Source.REGULATOR, Source.UPPER_COMPANY)
    row = await conn.fetchrow(DECIDED_AT, ticket["accepting_path"], forwarded)
    assert row is not None
    return dict(row)


async def _save(
    conn: Connection,
    row: Mapping[str, Any],
    ticket: Mapping[str, Any],
    how: str,
    said: Mapping[str, Any],
    by: By,
    at: datetime,
) -> None:
    await store.save_review(conn, {**row, "changed_by": by.actor, "changed_at": at, "changed_how": how})
    await tell(conn, ticket, by, at, f"review_{how}", {"review_id": str(row["id"]), **said})
    await record(conn, "review_request", row["id"], ticket["id"], how, by, at, organisation=row["organisation_id"])
