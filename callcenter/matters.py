"""Matters (投诉事件): a person says which orders are about one incident, the rules say what each then is and weighs.

`recount` is the one place that writes relation, merged order, external mark and weights, and what follows from them:
the validity a linked order inherits, an escalation's severity, the clocks a merged order has not (D-1 … D-14). The
matter's row is locked before any of its tickets, so that two who work on one matter come one after the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callcenter import progress, timekeeping
from callcenter.accounts import names
from callcenter.accounts.permissions import Permission
from callcenter.clock import Clock
from callcenter.db.pool import Connection, Database
from callcenter.history import tell
from callcenter.ids import uuid7
from callcenter.opening import By
from callcenter.reach import in_reach, locked, not_found
from tickets import intake, matters, store
from tickets.calendar import shanghai_day
from tickets.course import Material
from tickets.deadlines import Kind
from tickets.errors import ComplaintPostOnlyError, NotAdmissibleError, Problem, StaleTicketError, Words
from tickets.intake import Channel, ComplainantType, Nature, Relation, Severity, Source
from tickets.lifecycle import ENDED, Level, Status, Validity
from tickets.matters import Determined, Due, Moment, Order, Place
from tickets.progress import complex_since

BY_RULES = By("system:rules")
"""Who changes an order because another one of its matter changed."""

MERGED = "merged"
"""Why the clocks of a merged order ended (D-4)."""

KEPT_WHEN_MERGED = frozenset({Kind.REGISTER, Kind.ACKNOWLEDGE})
"""A merged order is entered and confirmed with the customer like any other (L-1 … L-6); the rest is its parent's."""

LATER = 1 << 62
"""The place of what is being done: after everything in the history."""

HOLD = "SELECT id, validity, version FROM matter WHERE id = $1 FOR UPDATE"
HOLD_BOTH = "SELECT id, validity, version FROM matter WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
MATTER_OF = "SELECT matter_id FROM ticket WHERE id = $1"
RELATION_OF = "SELECT relation FROM ticket WHERE id = $1"
ORDERS = """
SELECT t.id, t.number, t.nature, t.channel, t.source, t.relation, t.merged_into_id, t.external, t.validity, t.severity,
    t.gravity, t.status, t.occurrences, t.pieces, t.complainant_type, t.received_at, t.dispatched_at, t.handled_at,
    t.informed_at, t.closed_at, t.ended_as, t.version, t.accepting_organisation_id, t.underwriting_organisation_id,
    a.kind AS accepting_level,
    COALESCE((SELECT min(e.place) FROM ticket_event e WHERE e.ticket_id = t.id), 0) AS received_place,
    (SELECT min(e.place) FROM ticket_event e
        WHERE e.ticket_id = t.id AND e.at = t.closed_at AND e.details ->> 'to' = 'closed') AS closed_place,
    (SELECT k.due_at FROM ticket_clock k
        WHERE k.ticket_id = t.id AND k.kind = 'decide_inform' ORDER BY k.cycle DESC LIMIT 1) AS due_at,
    ARRAY(SELECT (l.due_at, l.place, (SELECT e.at FROM ticket_event e WHERE e.ticket_id = t.id AND e.place > l.place
        ORDER BY e.place LIMIT 1)) FROM ticket_limit l WHERE l.ticket_id = t.id ORDER BY l.place) AS limits,
    ARRAY(SELECT (f.at, f.place, f.validity) FROM ticket_found f WHERE f.ticket_id = t.id ORDER BY f.place) AS found
FROM ticket t JOIN organisation a ON a.id = t.accepting_organisation_id
WHERE t.matter_id = $1 ORDER BY t.received_at, received_place"""
ORDERS_HELD = ORDERS + " FOR UPDATE OF t"
OF_ROOT = """
SELECT f.validity FROM matter m JOIN ticket_found f ON f.ticket_id = m.root_ticket_id
WHERE m.id = $1 AND m.root_ticket_id <> $2 ORDER BY f.place DESC LIMIT 1"""
FOUND = "INSERT INTO ticket_found (ticket_id, at, validity) VALUES ($1, $2, $3)"
PLACE = """
UPDATE ticket SET relation = $2, merged_into_id = $3, external = $4, validity = $5, occurrences = $6, pieces = $7,
    severity = $8, gravity = $9, status = $10, dispatched_at = $11, handled_at = $12, informed_at = $13,
    closed_at = $14, ended_as = $15, version = version + 1
WHERE id = $1"""
COMPLEX = "UPDATE ticket SET complex_at = $2 WHERE id = $1"
SUMMARISE = """
UPDATE matter SET root_ticket_id = $2, opened_at = $3, latest_at = $4, validity = $5, occurrences = $6, pieces = $7,
    repeats = $8, escalations = $9, version = version + 1
WHERE id = $1"""
SET_ROOT = "UPDATE matter SET root_ticket_id = $2 WHERE id = $1"
NEW_MATTER = "INSERT INTO matter (id, root_ticket_id, opened_at, latest_at) VALUES ($1, $2, $3, $3)"
KNOWN_MATTER = "SELECT 1 FROM matter WHERE id = $1"
DISSOLVE = "DELETE FROM matter WHERE id = $1"
MOVE = """
UPDATE ticket t SET matter_id = $2, merged_into_id = NULL, external = false,
    relation = CASE WHEN t.nature <> 'complaint' THEN NULL WHEN t.occurrences = 0 THEN 'first' ELSE 'repeat' END,
    pieces = 0,
    validity = CASE WHEN t.nature <> 'complaint' OR t.closed_at IS NOT NULL THEN t.validity ELSE COALESCE((
        SELECT f.validity FROM ticket_found f WHERE f.ticket_id = t.id ORDER BY f.place DESC LIMIT 1), 'pending') END
WHERE t.id = ANY($1::uuid[])"""
SAID = "UPDATE ticket SET related_at = $2, related_by = $3, version = version + 1 WHERE id = $1"
CHANGED_SINCE = """
SELECT e.at, e.actor, e.kind, t.number FROM ticket t JOIN ticket_event e ON e.ticket_id = t.id
WHERE t.matter_id = $1 AND (e.details ->> 'matter_version')::integer > $2 ORDER BY e.at, e.place"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of an order: about the same incident as another one, or, with None, a matter of its own.

    `same_as`: id or number. `matter_version`: of the other's matter, as it was read; None is not compared. `facts`,
    `reasons`: the new ones that a merged order brings to the order it is merged into (CL-5); `opening`: said with the
    order itself, which is taken whatever it turns out to be.
    """

    same_as: str | None
    reason: str
    matter_version: int | None = None
    facts: str = ""
    reasons: str = ""
    opening: bool = False


class Matters:
    """The use cases of matters."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def relate(self, ticket_id: UUID, version: int, said: Said, by: By) -> Place | None:
        """Write what a person says of an order; figures follow. Returns what the order is now; None for a finding or
        non-complaint that belongs to no matter.

        Raises TicketNotFoundError, StaleTicketError, ComplaintPostOnlyError for a decision taken before or a closed
        order, NotAdmissibleError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            other_id = None if said.same_as is None else await named(conn, said.same_as, by)
            await _hold_matters(conn, ticket_id, other_id)
            row = await locked(conn, ticket_id, version, by)
            _check(row, said, by)
            return await relate(conn, row, other_id, said, by, at)


async def named(conn: Connection, same_as: str, by: By) -> UUID:
    """The id of the order somebody names by it or by number.

    Raises TicketNotFoundError for one there is not, or he may not know.
    """
    found = await store.by_number(conn, same_as.strip()) or _id(same_as)
    row = await store.find(conn, found) if found is not None else None
    if row is None or not await in_reach(conn, by, row):
        raise not_found(same_as)
    return UUID(str(row["id"]))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


async def opened_with(
    conn: Connection, ticket_id: UUID, other_id: UUID, by: By, at: datetime, *, facts: str = "", reasons: str = ""
) -> Relation | None:
    """Relate a ticket to the one it was opened about, in the transaction that opened it; says what it then is.

    `facts`, `reasons`: new ones, which restart the limits of the order it is merged into (CL-5). Where it has a clock
    of its own they stay in its history and move nothing.
    """
    await _hold_matters(conn, ticket_id, other_id)
    row = await store.find(conn, ticket_id)
    assert row is not None
    said = Said(str(other_id), "", facts=facts, reasons=reasons, opening=True)
    place = await relate(conn, row, other_id, said, by, at)
    return place.relation if place else None


async def inherited(conn: Connection, row: Mapping[str, Any]) -> Validity | None:
    """What was found of the first order of the matter, if this is not it (D-13)."""
    found = await conn.fetchval(OF_ROOT, row["matter_id"], row["id"])
    return Validity(found) if found else None


async def relation_of(conn: Connection, ticket_id: UUID) -> Relation | None:
    """What an order is."""
    relation = await conn.fetchval(RELATION_OF, ticket_id)
    return Relation(relation) if relation else None


async def relate(
    conn: Connection, row: Mapping[str, Any], other_id: UUID | None, said: Said, by: By, at: datetime
) -> Place | None:
    """The same in the caller's transaction, which holds both matters; `other_id`: None for a matter of its own."""
    before = row["matter_id"]
    if other_id is None:
        await _detach(conn, row)
        other = None
    else:
        other = await store.find(conn, other_id)
        assert other is not None
        await _compare(conn, other["matter_id"], said.matter_version)
        await _join(conn, row, other)
    await conn.execute(SAID, row["id"], at, by.actor)
    now = await conn.fetchval(MATTER_OF, row["id"])
    counted: dict[UUID, Recounted] = {}
    for matter_id in dict.fromkeys((before, now, other and other["matter_id"])):
        if matter_id is not None and await conn.fetchval(KNOWN_MATTER, matter_id) is not None:
            counted[matter_id] = await recount(conn, matter_id, at, by, because=row["number"], silent=row["id"])
    mine = counted.get(now)
    place = mine.places.get(row["id"]) if mine else None
    after = await store.find(conn, row["id"])
    assert after is not None
    details = {
        "version": after["version"],
        "matter_version": mine.version if mine else None,
        "same_as": other["number"] if other else None,
        "reason": said.reason or None,
        "matter": [_text(before), _text(now)],
        "changed": _changed(row, after),
        "rules": list(place.rules) if place else None,
        "to": after["status"] if after["status"] != row["status"] else None,
    }
    if said.opening and after["merged_into_id"] is None:
        details |= {"facts": said.facts or None, "reasons": said.reasons or None}
    elif said.facts or said.reasons:
        await _bring(conn, after, said, by, at)
    await tell(conn, after, by, at, "related", {name: value for name, value in details.items() if value is not None})
    if other is not None:
        await tell(conn, other, by, at, "related_to", {"order": row["number"]})
    return place


async def _bring(conn: Connection, row: Mapping[str, Any], said: Said, by: By, at: datetime) -> None:
    """Give what a merged order brings to the order it is merged into; its limits start anew from the receipt (CL-5)."""
    if row["merged_into_id"] is None:
        words = Words(
            "仅并入原单的服务单可带来新的事实和理由", "only a merged order brings new facts and reasons to another one"
        )
        raise NotAdmissibleError((Problem("new_facts", words, ("CL-5", "D-4")),))
    parent = await store.find(conn, row["merged_into_id"])
    assert parent is not None
    book = await timekeeping.rulebook(conn, parent["received_day"])
    material = Material(row["received_at"], said.facts, said.reasons)
    await timekeeping.renew(conn, parent, material, book, by.actor, at, from_ticket=row["id"])
    await store.save(conn, parent)
    details = {"version": parent["version"] + 1, "order": row["number"], "restarts": material.restarts}
    await tell(conn, parent, by, at, "material_received", {**details, "facts": said.facts, "reasons": said.reasons})


@dataclass(frozen=True, slots=True)
class Recounted:
    """What a recount found, by ticket, and the matter's version after it."""

    places: Mapping[UUID, Place]
    version: int


async def recount(
    conn: Connection,
    matter_id: UUID,
    at: datetime,
    by: By = BY_RULES,
    *,
    because: str | None = None,
    silent: UUID | None = None,
    determined: UUID | None = None,
) -> Recounted:
    """Count a matter anew after one of its facts changed, and write what became of each order.

    `because`: the number of the order that changed; `silent`: one whose history its caller writes; `determined`: one
    whose validity was found in this act, be it as it was inherited. Must run in the
    transaction that changed the fact, after the ticket's row was written.
    """
    matter = await conn.fetchrow(HOLD, matter_id)
    assert matter is not None
    rows = [dict(row) for row in await conn.fetch(ORDERS_HELD, matter_id)]
    for row in rows:
        if row["id"] == determined or _is_news(row, matter["validity"]):
            await conn.execute(FOUND, row["id"], at, row["validity"])
            row["found"] = [*row["found"], (at, LATER, row["validity"])]
    orders = [order_of(row, at) for row in rows]
    by_number = {row["number"]: row for row in rows}
    places = matters.recount(orders, await _cap(conn, orders))
    version = matter["version"] + 1
    for place in sorted(places, key=lambda each: each.relation is Relation.FIRST):
        row = by_number[place.number]
        after = _placed(row, place, by_number)
        if changed := _changed(row, after):
            await _write(conn, row, after, at)
            if row["id"] != silent:
                details = {
                    "version": row["version"] + 1,
                    "matter_version": version,
                    "because": because,
                    "changed": changed,
                    "rules": list(place.rules),
                    "to": after["status"] if after["status"] != row["status"] else None,
                }
                told = {name: value for name, value in details.items() if value is not None}
                await tell(conn, after, by, at, "recounted", told)
    await _summarise(conn, matter_id, orders, places, by_number)
    return Recounted({by_number[place.number]["id"]: place for place in places}, version)


async def places(conn: Connection, matter_id: UUID, at: datetime) -> list[tuple[dict[str, Any], Place]]:
    """The orders of a matter in order of receipt, each with what it is and why; `at`: now. Changes nothing."""
    rows = {row["number"]: dict(row) for row in await conn.fetch(ORDERS, matter_id)}
    orders = [order_of(row, at) for row in rows.values()]
    return [(rows[place.number], place) for place in matters.recount(orders, await _cap(conn, orders))]


async def _cap(conn: Connection, orders: Sequence[Order]) -> int:
    """What the matter's pieces are capped at, by the rules of the day its first order was received (D-1, F-2)."""
    first = shanghai_day(min(order.received for order in orders)[0])
    return await timekeeping.escalation_cap(conn, first)


def order_of(row: Mapping[str, Any], at: datetime) -> Order:
    """A ticket's row as its matter's rules take it; `at`: now."""
    received: Moment = (row["received_at"], row["received_place"])
    closed = row["closed_at"]
    return Order(
        number=row["number"],
        received=received,
        accepting=Level(row["accepting_level"]),
        nature=Nature(row["nature"]),
        complainant=ComplainantType(row["complainant_type"]),
        channel=Channel(row["channel"]),
        source=Source(row["source"]),
        ended=None if closed is None else (closed, LATER if row["closed_place"] is None else row["closed_place"]),
        dues=tuple(_dues(row, received, at)),
        found=tuple(Determined((at, place), Validity(validity)) for at, place, validity in row["found"]),
    )


def until_recounted(complainant: ComplainantType) -> dict[str, Any]:
    """What an order is written as when it comes to count or ceases to, until its matter is recounted (F-37, F-63)."""
    relation = Relation.REPEAT if complainant.is_consumer else Relation.FIRST
    counts = int(complainant.is_consumer)
    return {
        "relation": relation.value,
        "merged_into_id": None,
        "external": False,
        "occurrences": counts,
        "pieces": 0,
    }


def _dues(row: Mapping[str, Any], received: Moment, at: datetime) -> Iterator[Due]:
    """The limits as they followed each other; one that was moved stood until the act that moved it, maybe this one."""
    since = received
    for due, place, until in row["limits"]:
        yield Due(since, due)
        since = (until or at, place)
    if row["due_at"] is not None:
        yield Due(since, row["due_at"])


def _is_news(row: Mapping[str, Any], known_validity: str) -> bool:
    """Whether the order's validity was just written by somebody, and is not what it inherited."""
    validity = row["validity"]
    last = row["found"][-1][2] if row["found"] else None
    return validity not in (None, Validity.PENDING, known_validity, last)


def _placed(row: Mapping[str, Any], place: Place, by_number: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The row as it must be now."""
    complaint = row["nature"] == Nature.COMPLAINT
    merged = place.relation is Relation.MERGED
    severity = matters.severity_at_least(place.relation, Severity(row["severity"]))
    after = {
        **row,
        "relation": place.relation.value if place.relation else None,
        "merged_into_id": by_number[place.earlier]["id"] if merged and place.earlier else None,
        "external": place.external,
        "validity": place.validity.value if complaint else None,
        "occurrences": place.occurrences,
        "pieces": place.pieces,
        "severity": severity.value,
        "gravity": intake.GRAVITY[severity].value if severity != row["severity"] else row["gravity"],
    }
    parent = by_number[place.earlier] if merged and place.earlier else None
    if parent is not None and parent["status"] in ENDED and row["status"] not in ENDED:
        stamps = ("dispatched_at", "handled_at", "informed_at", "closed_at")
        after |= {"status": Status.CLOSED.value, "ended_as": parent["ended_as"]}
        after |= {name: row[name] or _not_before(parent[name], row["received_at"]) for name in stamps}
    return after


def _not_before(at: datetime | None, received_at: datetime) -> datetime | None:
    return at and max(at, received_at)


CHANGING = ("relation", "merged_into_id", "external", "validity", "occurrences", "pieces", "severity", "status")


def _changed(row: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [_text(row[name]), _text(after[name])] for name in CHANGING if row[name] != after[name]}


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


async def _write(conn: Connection, row: Mapping[str, Any], after: Mapping[str, Any], at: datetime) -> None:
    names_ = ("id", *CHANGING[:6], "severity", "gravity", "status", "dispatched_at", "handled_at", "informed_at")
    await conn.execute(PLACE, *(after[name] for name in names_), after["closed_at"], after["ended_as"])
    ticket_id = row["id"]
    if after["relation"] == Relation.MERGED and row["relation"] != Relation.MERGED:
        await store.void_clocks(conn, ticket_id, frozenset(Kind) - KEPT_WHEN_MERGED, MERGED, at)
    if row["relation"] != after["relation"] != Relation.MERGED:
        await store.revive_clocks(conn, ticket_id, MERGED)
        if after["informed_at"] is not None:
            told = (Kind.HAND_OVER, Kind.DISPATCH, Kind.DECIDE_INFORM)
            await store.meet(conn, ticket_id, told, after["informed_at"])
    if after["gravity"] != row["gravity"]:
        await _graver(conn, row, at)


async def _graver(conn: Connection, row: Mapping[str, Any], at: datetime) -> None:
    """What hangs on the severity an escalation has at least: the limit, and that the case is complex (F-42, F-10)."""
    after = await store.find(conn, row["id"])
    assert after is not None
    book = await timekeeping.rulebook(conn, after["received_day"])
    await timekeeping.reckon(conn, after, book)
    since = complex_since(Severity(after["severity"]), after["complex_at"], after["complex_reason"], at)
    await conn.execute(COMPLEX, row["id"], since)
    await progress.classified(conn, {**after, "severity": row["severity"]}, {**after, "complex_at": since}, book, at)


async def _summarise(
    conn: Connection,
    matter_id: UUID,
    orders: Sequence[Order],
    places: Sequence[Place],
    by_number: Mapping[str, Mapping[str, Any]],
) -> None:
    root = matters.root_of(orders)
    counting = [place for place in places if place.occurrences]
    of_root = next(place for place in places if place.number == root.number)
    await conn.execute(
        SUMMARISE,
        matter_id,
        by_number[root.number]["id"],
        root.received[0],
        max(order.received[0] for order in orders),
        of_root.validity.value,
        len(counting),
        sum(place.pieces for place in counting),
        sum(place.relation is Relation.REPEAT for place in counting),
        sum(place.relation is Relation.ESCALATION for place in counting),
    )


async def _hold_matters(conn: Connection, *ticket_ids: UUID | None) -> None:
    """Lock the tickets' matters in the one order everybody does; what moved meanwhile is locked again."""
    while True:
        wanted = {await conn.fetchval(MATTER_OF, ticket) for ticket in ticket_ids if ticket is not None} - {None}
        await conn.fetch(HOLD_BOTH, list(wanted))
        if wanted == {await conn.fetchval(MATTER_OF, ticket) for ticket in ticket_ids if ticket is not None} - {None}:
            return


def _check(row: Mapping[str, Any], said: Said, by: By) -> None:
    if not said.reason.strip():
        words = Words("须说明判断为同一事件或另一事件的理由", "why it is the same matter, or another, must be said")
        raise NotAdmissibleError((Problem("reason", words, ("R-4.12",)),))
    if (row["related_at"] is not None or row["status"] in ENDED) and not by.may(Permission.TICKET_MANAGE):
        raise ComplaintPostOnlyError(
            Words(
                "归并关系已确定或已结案,改变会影响计件,须由投诉岗更正",
                "what it belongs to was decided before, or it is closed: for the complaint post to change",
            ),
            rules=("R-4.12", "D-1"),
            field="same_as",
        )


async def _compare(conn: Connection, matter_id: UUID | None, version: int | None) -> None:
    """Refuse what was decided on another state of the matter than there is."""
    if matter_id is None or version is None:
        return
    matter = await conn.fetchrow(HOLD, matter_id)
    assert matter is not None
    if matter["version"] == version:
        return
    since = await conn.fetch(CHANGED_SINCE, matter_id, version)
    people = await names.of(conn, [event["actor"] for event in since])
    raise StaleTicketError(
        Words("该投诉事件已被他人修改,请先查看最新内容", "somebody else changed the matter: read it again first"),
        version=matter["version"],
        changed=[
            {
                "at": event["at"].isoformat(),
                "actor": event["actor"],
                "actor_name": people.get(event["actor"]),
                "kind": event["kind"],
                "order": event["number"],
            }
            for event in since
        ],
    )


async def _join(conn: Connection, row: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Put an order into another's matter; a root takes along the orders that were said to be about its incident."""
    if row["id"] == other["id"]:
        words = Words("不能与自身归并", "an order is no other than itself")
        raise NotAdmissibleError((Problem("same_as", words, ("R-4.12",)),))
    mine, theirs = row["matter_id"], other["matter_id"]
    if mine is None and theirs is None:
        words = Words("两张都不是投诉件,不构成投诉事件", "neither is a complaint: there is no matter")
        raise NotAdmissibleError((Problem("same_as", words, ("F-63",)),))
    if mine == theirs:
        return
    if theirs is None:
        await conn.execute(MOVE, [other["id"]], mine)
        return
    members = await conn.fetch(ORDERS_HELD, mine) if mine is not None else []
    followers = [each["id"] for each in members if each["id"] != row["id"]]
    if mine is None:
        await conn.execute(MOVE, [row["id"]], theirs)
    elif not followers or await _is_root(conn, mine, row["id"]):
        await conn.execute(MOVE, [row["id"], *followers], theirs)
        await conn.execute(DISSOLVE, mine)
    else:
        await conn.execute(MOVE, [row["id"]], theirs)


IS_ROOT = "SELECT root_ticket_id = $2 FROM matter WHERE id = $1"


async def _is_root(conn: Connection, matter_id: UUID, ticket_id: UUID) -> bool:
    return bool(await conn.fetchval(IS_ROOT, matter_id, ticket_id))


async def _detach(conn: Connection, row: Mapping[str, Any]) -> None:
    """Take an order out of its matter into one of its own; the others stay together."""
    mine = row["matter_id"]
    if mine is None:
        return
    others = [each for each in await conn.fetch(ORDERS_HELD, mine) if each["id"] != row["id"]]
    if not others:
        return
    if row["nature"] != Nature.COMPLAINT:
        await conn.execute(MOVE, [row["id"]], None)
        return
    if all(each["nature"] != Nature.COMPLAINT for each in others):
        await conn.execute(MOVE, [each["id"] for each in others], None)
        return
    remaining = next(each["id"] for each in others if each["nature"] == Nature.COMPLAINT)
    await conn.execute(SET_ROOT, mine, remaining)
    own = row["id"] if await conn.fetchval(KNOWN_MATTER, row["id"]) is None else uuid7(row["received_at"])
    await conn.execute(NEW_MATTER, own, row["id"], row["received_at"])
    await conn.execute(MOVE, [row["id"]], own)
