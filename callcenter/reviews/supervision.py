"""Supervision from above: findings that differ marked, cases audited again and returned (R-3.14, R-3.20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter.casework import LEVEL_OF
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.opening import By
from callcenter.reach import held, in_reach
from callcenter.reviews import store
from callcenter.reviews.trail import overtaken, record
from tickets import reviews
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.categories import Department
from tickets.errors import KeyReusedError, ReviewRefusedError, Words
from tickets.reviews import InvestigationAction, InvestigationState, SupervisionGround

SUPERVISING = ("hq", "province")
PATH_OF = "SELECT path FROM organisation WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Return:
    """What goes back: why, to whom, with which guiding opinion, until when."""

    ground: SupervisionGround
    guidance: str
    due_day: date
    returned_to: str | None = None
    department: Department | None = None


async def mark(db: Database, ticket_id: UUID, reason: str, by: By, at: datetime) -> None:
    """Somebody of headquarters or the province marks that findings differ widely from the complaint (R-3.14)."""
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        where = await _supervisor(conn, by)
        if not await store.mark(conn, ticket_id, where, reason, by.actor, at):
            raise ReviewRefusedError(
                Words("该服务单已列入督办", "the ticket is marked for supervision already"), rules=("R-3.14",)
            )
        await tell(conn, row, by, at, "supervision_marked", {"reason": reason, "organisation": where})


async def send_back(db: Database, case_id: UUID, ticket_id: UUID, wanted: Return, by: By, at: datetime) -> None:
    """Audit the case again and return it with a guiding opinion (R-3.20). The same id twice is once.

    Raises TicketNotFoundError, ReviewRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        row = await held(conn, ticket_id, by)
        there = await store.case(conn, case_id)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        where = await _supervisor(conn, by)
        if wanted.ground.value not in await grounds(conn, ticket_id):
            raise ReviewRefusedError(
                Words(
                    "只有重复、升级或已标记差异较大的案件由上级重新审核",
                    "only repeats, escalations and cases marked as differing are audited again from above",
                ),
                rules=("R-3.14", "R-3.20"),
                ground=wanted.ground.value,
            )
        if await store.open_case(conn, ticket_id) is not None:
            raise ReviewRefusedError(
                Words("该案件正在重新调查", "the case is being investigated again already"), rules=("R-3.20",)
            )
        if wanted.due_day < shanghai_day(at):
            raise ReviewRefusedError(
                Words("退回重新调查的期限不能早于当日", "a returned case is not due in the past"), rules=("R-3.20",)
            )
        below = wanted.returned_to or row["accepting_organisation_id"]
        path = await conn.fetchval(PATH_OF, below)
        reviews.check_return(by.path or "", path or "", wanted.guidance)
        case = {
            "ticket_id": ticket_id,
            "review_id": None,
            "ground": wanted.ground.value,
            "organisation_id": where,
            "returned_to": below,
            "department": wanted.department.value if wanted.department else None,
            "guidance": wanted.guidance,
            "due_day": wanted.due_day,
        }
        await store.insert_case(conn, case_id, case, by.actor, at)
        said = {"ground": wanted.ground.value, "guidance": wanted.guidance, "returned_to": below}
        await tell(conn, row, by, at, "reinvestigation_returned", said)
        await record(conn, "reinvestigation", case_id, ticket_id, "returned", by, at, organisation=below)


async def act(
    db: Database,
    case_id: UUID,
    version: int,
    action: InvestigationAction,
    said: str,
    due_day: date | None,
    by: By,
    at: datetime,
) -> None:
    """Report what was found (the organisation it was returned to), conclude, or return it again (the one above)."""
    async with db.transaction() as conn:
        found = await store.case(conn, case_id)
        ticket = None if found is None else await tickets.lock(conn, found["ticket_id"])
        row = await show(conn, case_id, by)
        assert ticket is not None
        if row["version"] != version:
            raise await overtaken(conn, row)
        reports = action is InvestigationAction.REPORT
        if by.organisation_id != row["returned_to" if reports else "organisation_id"]:
            raise ReviewRefusedError(
                Words(
                    "由被退回机构上报结果,由退回机构办结", "who it was returned to reports, who returned it concludes"
                ),
                rules=("R-3.20",),
                organisation=row["returned_to" if reports else "organisation_id"],
            )
        state = reviews.after_investigation(InvestigationState(row["state"]), action, said)
        after = {**row, "state": state.value, **_said(action, said, due_day, row, by, at)}
        await store.save_case(conn, {**after, "changed_by": by.actor, "changed_at": at, "changed_how": action.value})
        told = {"reinvestigation_id": str(case_id), "said": said}
        await tell(conn, ticket, by, at, f"reinvestigation_{action.value}", told)
        turn = row["organisation_id" if reports else "returned_to"]
        await record(conn, "reinvestigation", case_id, row["ticket_id"], action.value, by, at, organisation=turn)


async def grounds(conn: Connection, ticket_id: UUID) -> frozenset[str]:
    """Why the company above supervises the case, if it does (R-3.14)."""
    marked = await store.mark_of(conn, ticket_id)
    found = await store.relations(conn, ticket_id)
    return found | {SupervisionGround.FINDINGS_DIFFER.value} if marked else found


async def show(conn: Connection, case_id: UUID, by: By) -> dict[str, Any]:
    """The re-investigation. Raises NotFoundError."""
    row = await store.case(conn, case_id)
    ticket = None if row is None else await tickets.find(conn, row["ticket_id"])
    if row is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("re-investigation", case_id)
    return row


def _said(
    action: InvestigationAction, said: str, due_day: date | None, row: Mapping[str, Any], by: By, at: datetime
) -> dict[str, Any]:
    match action:
        case InvestigationAction.REPORT:
            return {"result": said, "reported_by": by.actor, "reported_at": at}
        case InvestigationAction.CONCLUDE:
            return {"conclusion": said, "concluded_by": by.actor, "concluded_at": at}
        case InvestigationAction.RETURN_AGAIN:
            return {"guidance": said, "due_day": due_day or row["due_day"]}


async def _supervisor(conn: Connection, by: By) -> str:
    level = await conn.fetchval(LEVEL_OF, by.organisation_id)
    if by.organisation_id is None or level not in SUPERVISING:
        raise ReviewRefusedError(
            Words("由总公司或省公司客户服务部门督办", "headquarters' or the province's customer service supervises"),
            rules=("R-3.14", "R-3.20"),
        )
    return by.organisation_id
