"""Putting a ticket before a committee: for its severity, for support, or over a dispute (R-3.5, R-3.21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter.committee import store
from callcenter.committee.members import key_reused
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import held, seen
from callcenter.standing import committee_facts, standing
from tickets.committee import ReferralGround
from tickets.errors import MeetingRefusedError, Words
from tickets.lifecycle import ENDED, Ruling

PATH_OF = "SELECT path FROM organisation WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Before:
    """What committees have to do with a ticket."""

    ticket_id: UUID
    ruling: Ruling | None
    needed: bool
    referrals: Sequence[Mapping[str, Any]]
    meetings: Sequence[Mapping[str, Any]]


async def refer(
    db: Database,
    referral_id: UUID,
    ticket_id: UUID,
    ground: ReferralGround,
    reason: str,
    by: By,
    at: datetime,
    *,
    organisation: str | None = None,
) -> None:
    """Ask the committee of the accepting organisation, or of one above it. The same id twice is once.

    Raises TicketNotFoundError, MeetingRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        known = {each["id"]: each for each in await store.referrals(conn, ticket_id)}
        if referral_id in known:
            if known[referral_id]["ground"] != ground:
                raise key_reused()
            return
        if row["status"] in ENDED:
            raise MeetingRefusedError(
                Words("已结案的服务单不再提交会议", "a closed ticket is not put before a meeting"), rules=("B-2",)
            )
        where = organisation or row["accepting_organisation_id"]
        path = await conn.fetchval(PATH_OF, where)
        if path is None or not row["accepting_path"].startswith(path):
            raise MeetingRefusedError(
                Words(
                    "只能提请受理机构或其上级机构的委员会",
                    "the committee of the accepting organisation or of one above it is asked",
                ),
                rules=("R-3.3", "R-2.19"),
            )
        if ground is ReferralGround.SEVERITY and not standing(row).ruling_needed:
            raise MeetingRefusedError(
                Words("一般投诉无须因级别提请委员会", "a general complaint is not put before it for its severity"),
                rules=("R-2.18", "R-3.21"),
            )
        if not await store.refer(conn, referral_id, ticket_id, where, ground, reason, at, by.actor):
            raise MeetingRefusedError(
                Words("已就同一事由提请过委员会", "the committee was asked for this reason already"),
                rules=("R-3.5",),
                ground=ground.value,
            )
        details = {"ground": ground.value, "reason": reason, "committee": where}
        await tell(conn, row, by, at, "referred", details)


async def withdraw(db: Database, ticket_id: UUID, referral_id: UUID, why: str, by: By, at: datetime) -> None:
    """The departments agree after all: the committee need not decide. Raises NotFoundError, MeetingRefusedError."""
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        known = {each["id"]: each for each in await store.referrals(conn, ticket_id)}
        if referral_id not in known:
            raise NotFoundError("referral", referral_id)
        if not await store.withdraw(conn, referral_id, at, by.actor, why):
            raise MeetingRefusedError(
                Words("该提请事项已裁定或已撤回", "the committee has ruled on it, or it was taken back"),
                rules=("R-3.5",),
            )
        details = {"ground": known[referral_id]["ground"], "reason": why}
        await tell(conn, row, by, at, "referral_withdrawn", details)


async def before(conn: Connection, ticket_id: UUID, by: By) -> Before:
    """Referrals, meetings and the ruling in force of a ticket. Raises TicketNotFoundError."""
    row = await seen(conn, ticket_id, by)
    facts = await committee_facts(conn, ticket_id)
    return Before(
        ticket_id=ticket_id,
        ruling=facts["ruling"],
        needed=standing(row).ruling_needed,
        referrals=await store.referrals(conn, ticket_id),
        meetings=await store.meetings_on(conn, ticket_id),
    )
