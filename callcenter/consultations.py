"""Cases reported up to the province or headquarters, their opinions, and business centralised there (R-3.15 … R-3.31).

Each use case is one transaction over the locked ticket. Must never decide a rule.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from callcenter import audit, dispatch
from callcenter.casework import save
from callcenter.db.pool import Connection, Database
from callcenter.errors import ConflictError, ForbiddenError, NotFoundError
from callcenter.history import tell
from callcenter.idempotency import KeyReusedError
from callcenter.opening import By
from callcenter.reach import in_reach, locked
from tickets import consultations as rules
from tickets import store
from tickets.categories import Category
from tickets.consultations import ConsultationAction, ConsultationGround, ConsultationState
from tickets.deadlines import Kind
from tickets.errors import ConsultationRefusedError, StaleTicketError, Words
from tickets.lifecycle import ENDED, Level

TAKEN_OVER = "上级公司直接处理"

CONSULTATION = """
c.id, c.ticket_id, t.number AS ticket_number, t.status AS ticket_status, t.severity, c.ground, c.from_organisation_id,
c.to_organisation_id, o.path AS to_path, c.request, c.asked_at, c.asked_by, c.state, c.opinion, c.answered_at,
c.answered_by, c.followed, c.followed_at, c.followed_by, c.version"""
FIND = f"""
SELECT {CONSULTATION} FROM consultation c JOIN ticket t ON t.id = c.ticket_id
JOIN organisation o ON o.id = c.to_organisation_id WHERE c.id = $1"""  # noqa: S608
ABOVE = """
SELECT o.id, o.kind, o.path FROM organisation own JOIN organisation o
    ON starts_with(own.path, o.path) AND o.path <> own.path AND o.kind IN ('province', 'hq')
WHERE own.id = $1 AND ($2::text IS NULL OR o.id = $2) ORDER BY length(o.path) DESC LIMIT 1"""
ASKED = "SELECT 1 FROM consultation WHERE ticket_id = $1 AND to_organisation_id = $2 AND state = 'asked'"
ASK = """
INSERT INTO consultation (id, ticket_id, ground, from_organisation_id, to_organisation_id, request, asked_at, asked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
SAVE = """
UPDATE consultation SET version = version + 1, state = $3,
    opinion = CASE WHEN $4 THEN $5::text ELSE opinion END,
    answered_at = CASE WHEN $4 THEN $6::timestamptz ELSE answered_at END,
    answered_by = CASE WHEN $4 THEN $7::text ELSE answered_by END,
    followed = CASE WHEN $3 = 'followed' THEN $5::text END,
    followed_at = CASE WHEN $3 = 'followed' THEN $6::timestamptz END,
    followed_by = CASE WHEN $3 = 'followed' THEN $7::text END
WHERE id = $1 AND version = $2"""
PAGE = f"""
SELECT {CONSULTATION} FROM consultation c JOIN ticket t ON t.id = c.ticket_id
JOIN organisation o ON o.id = c.to_organisation_id JOIN organisation f ON f.id = c.from_organisation_id
WHERE (starts_with(o.path, $1) OR starts_with(f.path, $1)) AND ($2::text IS NULL OR c.state = $2)
    AND ($3::uuid IS NULL OR c.ticket_id = $3) AND ($4::text IS NULL OR c.to_organisation_id = $4)
    AND ($5::timestamptz IS NULL OR (c.asked_at, c.id) > ($5, $6::uuid))
ORDER BY c.asked_at, c.id LIMIT $7"""  # noqa: S608

ORGANISATION = "SELECT kind, path FROM organisation WHERE id = $1"
BUSINESS = """
SELECT z.id, z.organisation_id, o.path, z.category, z.from_day, z.until_day, z.basis, z.recorded_at, z.recorded_by
FROM centralised_business z JOIN organisation o ON o.id = z.organisation_id"""
BUSINESS_ONE = BUSINESS + " WHERE z.id = $1"
BUSINESS_PAGE = (
    BUSINESS
    + """
WHERE ($1::date IS NULL OR (z.from_day <= $1 AND (z.until_day IS NULL OR z.until_day >= $1)))
    AND ($2::text IS NULL OR z.organisation_id = $2) AND ($3::uuid IS NULL OR z.id > $3) ORDER BY z.id LIMIT $4"""
)
RUNS = """
SELECT 1 FROM centralised_business WHERE organisation_id = $1 AND category = $2
    AND (until_day IS NULL OR until_day >= $3)"""
CENTRALISE = """
INSERT INTO centralised_business (id, organisation_id, category, from_day, basis, recorded_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""
END = "UPDATE centralised_business SET until_day = $2 WHERE id = $1 AND until_day IS NULL"


async def ask(
    db: Database,
    key: UUID,
    ticket_id: UUID,
    version: int,
    ground: ConsultationGround,
    request: str,
    to: str | None,
    by: By,
    at: datetime,
) -> None:
    """Report a case up; by default to the next province or headquarters above. A major case is thereby reported (L-21).

    The same key twice is once. Raises TicketNotFoundError, StaleTicketError, ConsultationRefusedError, KeyReusedError.
    """
    async with db.transaction() as conn:
        there = await conn.fetchrow(FIND, key)
        if there is not None:
            if there["ticket_id"] != ticket_id:
                raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
            return
        row = await locked(conn, ticket_id, version, by)
        if row["status"] in ENDED:
            words = Words("已结案的服务单不再请示", "a closed ticket is not reported up")
            raise ConsultationRefusedError(words, rules=("B-2",))
        above = await conn.fetchrow(ABOVE, by.organisation_id, to)
        if above is None:
            words = Words("只向上级省公司或总公司请示", "a case is reported to the province or headquarters above")
            raise ConsultationRefusedError(words, rules=("R-3.31", "R-3.28"))
        rules.check_asking(by.path or "", above["path"], Level(above["kind"]), request)
        if await conn.fetchval(ASKED, ticket_id, above["id"]):
            words = Words("已向该公司请示,待其答复", "this company was asked and has not answered yet")
            raise ConsultationRefusedError(words, rules=("R-3.31",))
        await conn.execute(ASK, key, ticket_id, ground, by.organisation_id, above["id"], request, at, by.actor)
        await store.meet(conn, ticket_id, (Kind.REPORT_UP,), at)
        said = {"ground": ground.value, "request": request, "organisation": above["id"]}
        await tell(conn, row, by, at, "reported_up", said)


async def act(
    db: Database, consultation_id: UUID, version: int, action: ConsultationAction, said: str, by: By, at: datetime
) -> None:
    """Answer, take over, act on the opinion, or take the question back.

    The company that was asked answers; who asked does the rest. Raises NotFoundError, StaleTicketError,
    ConsultationRefusedError, ForbiddenError.
    """
    async with db.transaction() as conn:
        found = await conn.fetchrow(FIND, consultation_id)
        row = None if found is None else await store.lock(conn, found["ticket_id"])
        if row is None or not await in_reach(conn, by, row):
            raise NotFoundError("consultation", consultation_id)
        found = await conn.fetchrow(FIND, consultation_id)
        assert found is not None
        theirs = found["to_organisation_id"] if action.is_aboves else found["from_organisation_id"]
        if by.organisation_id != theirs:
            raise ForbiddenError(
                Words(
                    "由被请示的上级公司答复,由请示机构办理",
                    "the company that was asked answers, who asked acts on it",
                )
            )
        if found["version"] != version:
            words = Words("请示已被他人处理", "somebody else changed it: read it again first")
            raise StaleTicketError(words, version=found["version"], state=found["state"], changed=[])
        state = rules.after(ConsultationState(found["state"]), action, said)
        if action.is_aboves and row["status"] in ENDED:
            words = Words("已结案的服务单不再处理", "a closed ticket is not handled any more")
            raise ConsultationRefusedError(words, rules=("B-2",))
        await conn.execute(SAVE, consultation_id, version, state, action.is_aboves, said, at, by.actor)
        details: dict[str, Any] = {"organisation": by.organisation_id, "text": said or None}
        if action is ConsultationAction.TAKE_OVER:
            details |= await _take_over(conn, row, found["to_organisation_id"], at)
        told = {name: value for name, value in details.items() if value is not None}
        await tell(conn, row, by, at, f"reported_up_{action.value}", told)


async def _take_over(conn: Connection, row: dict[str, Any], organisation: str, at: datetime) -> dict[str, Any]:
    """The company above handles it with its own departments; what lies with those below is taken back (R-3.19)."""
    slips = await dispatch.slips(conn, row["id"])
    left = [each for each in slips if each["state"] in ("sent", "accepted")]
    await dispatch.release(conn, row["id"], [each["place"] for each in left], TAKEN_OVER, "taken_over", at)
    await save(conn, {**row, "taken_over_by": organisation})
    return {"version": row["version"] + 1, "released": [each["number"] for each in left] or None}


async def show(conn: Connection, consultation_id: UUID, by: By) -> dict[str, Any]:
    """One of them. Raises NotFoundError."""
    found = await conn.fetchrow(FIND, consultation_id)
    ticket = None if found is None else await store.find(conn, found["ticket_id"])
    if found is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("consultation", consultation_id)
    return dict(found)


async def page(
    conn: Connection,
    by: By,
    *,
    state: ConsultationState | None,
    ticket_id: UUID | None,
    to: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Those the actor's organisations asked or were asked, the oldest first."""
    rows = await conn.fetch(PAGE, by.path or "", state, ticket_id, to, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def centralise(
    db: Database, key: UUID, organisation: str, category: Category, from_day: date, basis: str, by: By, at: datetime
) -> None:
    """A province, or headquarters, does the business of a category itself from a day on. The same key twice is once.

    Raises NotFoundError, ConflictError where it does so already, ConsultationRefusedError for a company that does not
    lie above others.
    """
    async with db.transaction() as conn:
        if await conn.fetchrow(BUSINESS_ONE, key) is not None:
            return
        found = await conn.fetchrow(ORGANISATION, organisation)
        if found is None or not found["path"].startswith(by.path or ""):
            raise NotFoundError("organisation", organisation)
        if Level(found["kind"]) not in (Level.PROVINCE, Level.HQ):
            words = Words("业务只集中到省公司或总公司", "business is centralised in a province or at headquarters")
            raise ConsultationRefusedError(words, rules=("R-3.19", "R-3.31"))
        if await conn.fetchval(RUNS, organisation, category, from_day):
            raise ConflictError(Words("该类业务已集中到该公司", "this company does this business already"))
        await conn.execute(CENTRALISE, key, organisation, category, from_day, basis, at, by.actor)
        await _audited(conn, by, at, "business.centralised", organisation, category, from_day, basis)


async def decentralise(db: Database, business_id: UUID, until_day: date, by: By, at: datetime) -> None:
    """It does so until that day. Raises NotFoundError, ConflictError for an end that is set or before the beginning."""
    async with db.transaction() as conn:
        found = await conn.fetchrow(BUSINESS_ONE + " FOR UPDATE OF z", business_id)
        if found is None or not found["path"].startswith(by.path or ""):
            raise NotFoundError("centralised business", business_id)
        if found["until_day"] is not None or until_day < found["from_day"]:
            words = Words("截止日已定,或早于起始日", "its end is set, or would lie before its beginning")
            raise ConflictError(words)
        await conn.execute(END, business_id, until_day)
        category = Category(found["category"])
        await _audited(conn, by, at, "business.decentralised", found["organisation_id"], category, until_day, "")


async def business(
    conn: Connection, day: date | None, organisation: str | None, after: UUID | None, limit: int
) -> list[Mapping[str, Any]]:
    """What is centralised, on a day where one is given."""
    return [dict(row) for row in await conn.fetch(BUSINESS_PAGE, day, organisation, after, limit)]


async def one_business(conn: Connection, business_id: UUID) -> Mapping[str, Any]:
    """One of them. Raises NotFoundError."""
    found = await conn.fetchrow(BUSINESS_ONE, business_id)
    if found is None:
        raise NotFoundError("centralised business", business_id)
    return dict(found)


async def _audited(
    conn: Connection, by: By, at: datetime, action: str, organisation: str, category: Category, day: date, basis: str
) -> None:
    await audit.record(
        conn,
        actor=by.actor,
        action=action,
        object_kind="organisation",
        object_id=organisation,
        at=at,
        details={"category": category.value, "day": str(day), "basis": basis or None},
        address=by.address,
    )
