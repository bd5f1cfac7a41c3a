"""Writing an opinion letter and sending it off: the complaint post's part (R-4.25, N-9, CL-8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import audit, outbox
from callcenter.accounts import names, posts
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.letters import store
from callcenter.letters.store import Folder
from callcenter.opening import By
from callcenter.reach import in_reach, not_found
from tickets import deadlines, letters, lifecycle
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.deadlines import Kind
from tickets.errors import KeyReusedError, LetterRefusedError, OvertakenError, Words
from tickets.letters import Content, LetterAction, LetterState, Means, Verdict
from tickets.lifecycle import ENDED, Action, Status

RECEIVED = "SELECT received_day FROM ticket WHERE id = $1"
ABOVE = """
SELECT COALESCE(p.name, o.name) FROM organisation o LEFT JOIN organisation p ON p.id = o.parent_id WHERE o.id = $1"""


async def draft(db: Database, letter_id: UUID, ticket_id: UUID, content: Content, by: By, at: datetime) -> None:
    """Draft a letter, issued by the actor's organisation; the same id twice is once.

    What is left out of addressee and remedies comes from the ticket and the law. Raises TicketNotFoundError,
    LetterRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        ticket = await tickets.lock(conn, ticket_id)
        if ticket is None or not await in_reach(conn, by, ticket):
            raise not_found(ticket_id)
        there = await store.ticket_of(conn, letter_id)
        if there is not None:
            if there != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        if by.organisation_id is None:
            raise LetterRefusedError(
                Words("意见书由机构人员拟写", "a letter is written by somebody of an organisation"), rules=("R-4.25",)
            )
        if ticket["status"] in ENDED:
            raise LetterRefusedError(
                Words("已结案的服务单不再拟写意见书", "no letter is written on a closed ticket"), rules=("B-2",)
            )
        if ticket["nature"] != "complaint":
            raise LetterRefusedError(
                Words("只有投诉件有客户投诉处理意见书", "an opinion letter answers a complaint"), rules=("R-4.25",)
            )
        if (other := await store.open_of(conn, ticket_id)) is not None:
            raise LetterRefusedError(
                Words("该服务单已有未送达的意见书", "the ticket has a letter already that was not sent"),
                rules=("R-4.25",),
                letter=str(other),
            )
        above = await conn.fetchval(ABOVE, by.organisation_id)
        whole = Content(
            content.facts,
            content.basis,
            content.decision,
            {**letters.default_remedies(above), **content.remedies},
            content.addressee or ticket["complainant_name"] or "",
            content.address,
        )
        await store.insert(conn, letter_id, ticket_id, by.organisation_id, by.actor, at)
        await store.write(conn, letter_id, 1, whole, by.actor, at)
        folder = await store.find(conn, letter_id)
        assert folder is not None
        await _told(conn, folder, ticket, "draft", {}, by, at)


async def redraft(db: Database, letter_id: UUID, version: int, content: Content, by: By, at: datetime) -> None:
    """Write the text anew; what counsel has cleared is a draft again. Raises as `act` does."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        letters.check_writable(folder.value())
        text = folder.row["text_version"] + 1
        await store.write(conn, letter_id, text, content, by.actor, at)
        after = {
            **folder.row,
            "state": LetterState.DRAFT.value,
            "text_version": text,
            "cleared_at": None,
            "cleared_by": None,
        }
        await save(conn, after, ticket, "redraft", {"text": text}, by, at)


async def submit(db: Database, letter_id: UUID, version: int, rules: Rules, by: By, at: datetime) -> None:
    """Send the letter to the legal counsel of its organisation; the clock L-23 starts (R-4.25)."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.SUBMIT)
        letters.check_submit(folder.value())
        row = folder.row
        counsel = await posts.counsel(conn, row["organisation_id"], shanghai_day(at))
        if counsel is None:
            raise LetterRefusedError(
                Words(
                    "本机构及上级机构均未任命法律顾问,无法送审",
                    "no legal counsel is named for this organisation or one above it",
                ),
                rules=("R-4.25",),
                organisation=row["organisation_id"],
            )
        book = await rules.current(conn, at, await conn.fetchval(RECEIVED, row["ticket_id"]))
        cycle = await tickets.start_clock(conn, row["ticket_id"], deadlines.legal_review(at, book), anew=True)
        assert cycle is not None
        await store.submit(
            conn, letter_id, row["text_version"], counsel.user_id, counsel.organisation_id, cycle, by.actor, at
        )
        said = {"counsel": str(counsel.user_id), "text": row["text_version"]}
        await save(conn, {**row, "state": state.value}, ticket, "submit", said, by, at)


async def recall(db: Database, letter_id: UUID, version: int, by: By, at: datetime) -> None:
    """Take the letter back from counsel; the clock L-23 ends without being kept or missed."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.RECALL)
        assert folder.round is not None
        await tickets.void_clocks(
            conn, ticket["id"], (Kind.LEGAL_REVIEW,), "recalled", at, cycle=folder.round["clock_cycle"]
        )
        await store.end_round(conn, letter_id, Verdict.RECALLED, "", by.actor, at)
        await save(conn, {**folder.row, "state": state.value}, ticket, "recall", {}, by, at)


async def send(
    db: Database,
    letter_id: UUID,
    version: int,
    means: Means | None,
    sent_at: datetime,
    proof: str,
    by: By,
    at: datetime,
) -> None:
    """Record that the cleared letter was handed over, posted or sent: at that moment the customer was told (CL-8)."""
    sending = letters.sending(means, sent_at, proof)
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.SEND)
        letters.check_send(folder.value(), Status(ticket["status"]), ticket["handled_at"], sending, at)
        await tickets.meet(conn, ticket["id"], lifecycle.MEETS[Action.INFORM], sending.at)
        said = {"manner": sending.means.value, "sent_at": sending.at.isoformat(), "proof": sending.proof}
        after = {**folder.row, "state": state.value, **store.sent(sending, by.actor, at)}
        await save(conn, after, ticket, "send", said, by, at)


async def void(db: Database, letter_id: UUID, version: int, why: str, by: By, at: datetime) -> None:
    """The letter is not needed: it will not be sent."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.VOID)
        if not why.strip():
            raise LetterRefusedError(
                Words("作废意见书须说明理由", "making a letter void needs the reason"), rules=("R-4.25", "R-4.7")
            )
        await save(conn, {**folder.row, "state": state.value, "void_why": why}, ticket, "void", {"reason": why}, by, at)


async def show(conn: Connection, letter_id: UUID, by: By) -> Folder:
    """The letter whole. Raises NotFoundError."""
    folder = await store.find(conn, letter_id)
    ticket = None if folder is None else await tickets.find(conn, folder.row["ticket_id"])
    if folder is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("letter", letter_id)
    return folder


async def locked(conn: Connection, letter_id: UUID, version: int, by: By) -> tuple[Folder, Mapping[str, Any]]:
    """The letter and its ticket, held until the transaction ends. Raises NotFoundError, OvertakenError."""
    ticket_id = await store.ticket_of(conn, letter_id)
    ticket = None if ticket_id is None else await tickets.lock(conn, ticket_id)
    if ticket is None:
        raise NotFoundError("letter", letter_id)
    folder = await show(conn, letter_id, by)
    row = folder.row
    if row["version"] != version:
        known = await names.of(conn, [row["changed_by"]])
        raise OvertakenError(
            Words("意见书已被他人修改,请先查看最新内容", "somebody else changed the letter: read it again first"),
            version=row["version"],
            changed=[
                {
                    "at": row["changed_at"].isoformat(),
                    "actor": row["changed_by"],
                    "actor_name": known.get(row["changed_by"]),
                    "kind": row["changed_how"],
                }
            ],
        )
    return folder, ticket


async def save(
    conn: Connection,
    row: Mapping[str, Any],
    ticket: Mapping[str, Any],
    how: str,
    said: Mapping[str, Any],
    by: By,
    at: datetime,
) -> None:
    """Write the letter's row, and tell of it."""
    await store.save(conn, {**row, "changed_by": by.actor, "changed_at": at, "changed_how": how})
    folder = await store.find(conn, row["id"])
    assert folder is not None
    await _told(conn, folder, ticket, how, said, by, at)


async def _told(
    conn: Connection,
    folder: Folder,
    ticket: Mapping[str, Any],
    how: str,
    said: Mapping[str, Any],
    by: By,
    at: datetime,
) -> None:
    """The ticket's history, and audit and outbox of the letter."""
    row = folder.row
    details = {"letter": number(row), "letter_id": str(row["id"]), **said}
    await tell(conn, ticket, by, at, f"letter_{how}", details)
    await audit.record(
        conn,
        actor=by.actor,
        action=f"letter.{how}",
        object_kind="letter",
        object_id=str(row["id"]),
        at=at,
        details={"ticket": str(row["ticket_id"]), "number": number(row), "state": row["state"]},
        address=by.address,
    )
    payload = {
        "letter_id": str(row["id"]),
        "ticket_id": str(row["ticket_id"]),
        "act": how,
        "state": row["state"],
        "organisation": row["organisation_id"],
        "counsel": str(folder.round["counsel_id"]) if folder.round else None,
    }
    await outbox.append(conn, "letter.changed", str(row["id"]), payload, at)


def number(row: Mapping[str, Any]) -> str:
    """What a letter is called: its ticket's number and its place among that ticket's letters."""
    return f"{row['ticket_number']}-{row['place']}"
