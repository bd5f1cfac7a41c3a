"""Legal review of an opinion letter: counsel's part (R-4.25, L-23)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.accounts import posts
from callcenter.db.pool import Connection, Database
from callcenter.letters import store
from callcenter.letters.drafting import locked, save
from callcenter.letters.store import Folder
from callcenter.opening import By
from tickets import letters
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.deadlines import Kind
from tickets.errors import LetterRefusedError, Words
from tickets.letters import LetterAction, Verdict


async def clear(db: Database, letter_id: UUID, version: int, remarks: str, by: By, at: datetime) -> None:
    """Counsel has no objection to this very text. Raises NotFoundError, OvertakenError, LetterRefusedError."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.CLEAR)
        await _end(conn, folder, ticket, Verdict.CLEARED, remarks, by, at)
        after = {**folder.row, "state": state.value, "cleared_at": at, "cleared_by": by.actor}
        said = {"remarks": remarks} if remarks else {}
        await save(conn, after, ticket, "clear", {"text": folder.row["text_version"], **said}, by, at)


async def send_back(db: Database, letter_id: UUID, version: int, remarks: str, by: By, at: datetime) -> None:
    """Counsel wants another text, and says why. Raises as `clear` does."""
    async with db.transaction() as conn:
        folder, ticket = await locked(conn, letter_id, version, by)
        state = letters.after(folder.value(), LetterAction.SEND_BACK)
        letters.check_remarks(remarks)
        await _end(conn, folder, ticket, Verdict.SENT_BACK, remarks, by, at)
        said = {"text": folder.row["text_version"], "remarks": remarks}
        await save(conn, {**folder.row, "state": state.value}, ticket, "send_back", said, by, at)


async def _end(
    conn: Connection, folder: Folder, ticket: Mapping[str, Any], verdict: Verdict, remarks: str, by: By, at: datetime
) -> None:
    """End the round, by whoever is the organisation's counsel today, and meet its clock."""
    counsel = await posts.counsel(conn, folder.row["organisation_id"], shanghai_day(at))
    if counsel is None or by.user_id != counsel.user_id:
        raise LetterRefusedError(
            Words(
                "意见书由出具机构的法律顾问审核",
                "a letter is reviewed by the legal counsel of the organisation that issues it",
            ),
            rules=("R-4.25",),
            counsel=str(counsel.user_id) if counsel else None,
        )
    assert folder.round is not None
    await store.end_round(conn, folder.row["id"], verdict, remarks, by.actor, at)
    await tickets.meet(conn, ticket["id"], (Kind.LEGAL_REVIEW,), at, cycle=folder.round["clock_cycle"])
