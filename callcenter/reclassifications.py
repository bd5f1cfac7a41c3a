"""What was heard on a callback judged again: findings that are complaints, complaints that are findings (F-13).

Each use case is one transaction over the locked ticket and the version its reader saw: nature, matter, weights, clocks
and trace change together, and the figures follow by the ticket's own triggers. Must never count by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from callcenter import acknowledging, dispatch, matters, progress
from callcenter.accounts import names
from callcenter.clock import Clock
from callcenter.complaints import Rules
from callcenter.db.pool import Connection, Database
from callcenter.errors import NotFoundError
from callcenter.history import tell
from callcenter.ids import uuid7
from callcenter.opening import By, OnCall, Opening, Via, new_ticket
from callcenter.reach import in_reach, locked
from tickets import deadlines, intake, reclassification, store
from tickets import progress as rhythm
from tickets.categories import Category
from tickets.deadlines import Gravity, Kind, Rulebook
from tickets.errors import CallNotFoundError, KeyReusedError, ReclassificationRefusedError, Words
from tickets.findings import Heard, Verdict
from tickets.intake import ComplainantType, Nature, Particulars, Relation, Severity, Source
from tickets.lifecycle import ENDED, Ending, Level, Status, Validity
from tickets.reclassification import (
    Classified,
    Evidence,
    Manner,
    ReclassificationAction,
    ReclassificationGround,
    ReclassificationState,
)
from tickets.store import TicketId

RECLASSIFIED = "reclassified"
"""Why a clock of what the ticket was before ended."""
TURNED = "转为投诉，由投诉服务单继续办理"

OF_COMPLAINTS = (
    Kind.DECIDE_INFORM,
    Kind.ANSWER_OR_PROGRESS,
    Kind.PROGRESS_CUSTOMER,
    Kind.PROGRESS_CS,
    Kind.REPORT_UP,
    Kind.MEET,
    Kind.LEGAL_REVIEW,
)
"""The clocks that a finding has otherwise, or not at all (L-31, L-32)."""

COLUMNS = """
r.id, r.ticket_id, r.ground, r.manner, r.from_nature, r.to_nature, r.heard, r.verdict, r.reason, r.call_id, r.second,
r.state, r.proposed_by, r.proposed_at, r.answered_by, r.answered_at, r.remark, r.effected_at, r.ended, r.was,
r.complaint_id, c.number AS complaint_number, t.number AS ticket_number, t.finding_number, t.status AS ticket_status,
t.version AS ticket_version, t.accepting_organisation_id"""
FROM_ = "FROM reclassification r JOIN ticket t ON t.id = r.ticket_id LEFT JOIN ticket c ON c.id = r.complaint_id"
FIND = f"SELECT {COLUMNS} {FROM_} WHERE r.id = $1"
PAGE = f"""
SELECT {COLUMNS} {FROM_}
WHERE (t.accepting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%')
        OR t.underwriting_organisation_id IN (SELECT id FROM organisation WHERE path LIKE $1 || '%'))
    AND ($2::text IS NULL OR r.state = $2) AND ($3::text IS NULL OR r.to_nature = $3)
    AND ($4::uuid IS NULL OR r.ticket_id = $4 OR r.complaint_id = $4)
    AND ($5::timestamptz IS NULL OR (r.proposed_at, r.id) < ($5, $6::uuid))
ORDER BY r.proposed_at DESC, r.id DESC LIMIT $7"""  # noqa: S608
OPEN_OF = "SELECT 1 FROM reclassification WHERE ticket_id = $1 AND state = 'proposed'"
LAST = """
SELECT to_nature, ended, was FROM reclassification
WHERE ticket_id = $1 AND state = 'effected' AND manner <> 'new_order' ORDER BY effected_at DESC, place DESC LIMIT 1"""
LAST_WAS = """
SELECT was FROM reclassification
WHERE ticket_id = $1 AND state = 'effected' AND ended AND to_nature = 'callback_finding'
ORDER BY effected_at DESC, place DESC LIMIT 1"""
SAVE = """
INSERT INTO reclassification (id, ticket_id, ground, manner, from_nature, to_nature, heard, verdict, reason, call_id,
    second, state, proposed_by, proposed_at, effected_at, ended, was, complaint_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"""
ANSWER = """
UPDATE reclassification SET state = $2, answered_by = $3, answered_at = $4, remark = $5, effected_at = $6, ended = $7,
    was = $8, manner = $9
WHERE id = $1"""
SECONDS = """
SELECT extract(epoch FROM c.ended_at - COALESCE(c.answered_at, c.started_at))::numeric FROM ticket_call l
LEFT JOIN call c ON c.id = l.call_id WHERE l.ticket_id = $1 AND l.call_id = $2"""
HANGS = "SELECT EXISTS (SELECT FROM ticket_call WHERE ticket_id = $1 AND call_id = $2)"
LEVEL_OF = "SELECT kind FROM organisation WHERE id = $1"

TURN = """
UPDATE ticket SET nature = $2, channel = $3, gravity = $4, relation = $5, matter_id = $6, merged_into_id = NULL,
    external = false, validity = $7, occurrences = $8, pieces = $9, heard = $10, verdict = $11, complainant_type = $12,
    complex_at = $13, complex_reason = CASE WHEN $13::timestamptz IS NULL THEN NULL ELSE complex_reason END,
    category = COALESCE(category, $14), version = version + 1
WHERE id = $1"""
END_FINDING = """
UPDATE ticket SET status = 'closed', closed_at = $2, ended_as = 'turned', version = version + 1 WHERE id = $1"""
OPEN_SLIPS = "SELECT place FROM slip WHERE ticket_id = $1 AND state IN ('sent', 'accepted') ORDER BY place"
OTHERS = "SELECT id, nature FROM ticket WHERE matter_id = $1 AND id <> $2 ORDER BY received_at, id FOR UPDATE"
LEAVE = "UPDATE ticket SET matter_id = NULL WHERE matter_id = $1"
FOLLOWED = """
SELECT EXISTS (SELECT FROM reclassification WHERE ticket_id = $1 AND state = 'effected' AND manner = 'new_order')"""
WAS = (
    *("nature", "channel", "gravity", "relation", "validity", "occurrences", "pieces", "heard", "verdict"),
    *("complainant_type", "status"),
)
"""What of a ticket is kept as it was."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What quality assurance hears in the recording: `call_id` and `second` say where."""

    heard: Heard
    reason: str
    call_id: UUID
    second: Decimal


@dataclass(frozen=True, slots=True)
class Word:
    """What the customer says later, and on which call if on one; `reason`: in their words."""

    heard: Heard
    reason: str
    demand: str | None = None
    call_id: UUID | None = None
    restated_and_confirmed: bool = False


class Reclassifications:
    """The use cases."""

    def __init__(self, db: Database, clock: Clock, rules: Rules) -> None:
        self._db = db
        self._clock = clock
        self._rules = rules

    async def later_word(self, key: UUID, ticket_id: UUID, version: int, word: Word, by: By) -> Mapping[str, Any]:
        """Open the complaint of an open finding's customer, and end the finding in it; the same key twice is once.

        Raises TicketNotFoundError, StaleTicketError, ReclassificationRefusedError, KeyReusedError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if (there := await _known(conn, key, ticket_id)) is not None:
                return there
            row = await locked(conn, ticket_id, version, by)
            now = await _classified(conn, row)
            verdict = reclassification.later_word(now, word.heard, word.reason)
            if word.call_id is not None:
                await _known_call(conn, word.call_id, by)
            await _no_other_is_open(conn, ticket_id)
            ground = ReclassificationGround.LATER_WORD
            complaint = await self._own_order(conn, row, word.heard, now, word, by, at)
            evidence = (word.call_id, None)
            await _keep(conn, key, row, ground, Manner.NEW_ORDER, verdict, word, evidence, by, at, complaint)
            await self._end(conn, row, complaint, word.reason, by, at)
            return await found(conn, key, by)

    async def judge(self, key: UUID, ticket_id: UUID, version: int, judged: Judged, by: By) -> Mapping[str, Any]:
        """Quality assurance judges what was heard again. Into the figures at once, out of them when a second person has
        confirmed it; the same key twice is once.

        Raises TicketNotFoundError, StaleTicketError, ReclassificationRefusedError, KeyReusedError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            if (there := await _known(conn, key, ticket_id)) is not None:
                return there
            row = await locked(conn, ticket_id, version, by)
            now = await _classified(conn, row)
            evidence = await _evidence(conn, row, judged)
            verdict = reclassification.judged_again(now, judged.heard, judged.reason, evidence, by.actor)
            await _no_other_is_open(conn, ticket_id)
            ground, to = ReclassificationGround.QUALITY, verdict.nature
            manner = reclassification.manner(now, ground, to)
            where = (judged.call_id, judged.second)
            if reclassification.needs_second(to):
                await _keep(conn, key, row, ground, manner, verdict, judged, where, by, at, None, proposed=True)
                told = {"to": to.value, "reason": judged.reason, "second": float(judged.second)}
                await tell(conn, row, by, at, "reclassification_proposed", told)
                return await found(conn, key, by)
            if manner is Manner.NEW_ORDER:
                complaint = await self._own_order(conn, row, judged.heard, now, None, by, at)
                await _keep(conn, key, row, ground, manner, verdict, judged, where, by, at, complaint)
                told = {"complaint": complaint["number"], "reason": judged.reason, "second": float(judged.second)}
                await tell(conn, row, by, at, "complaint_followed", told)
            else:
                reclassification.complainant_of(judged.heard, now)
                await _keep(conn, key, row, ground, manner, verdict, judged, where, by, at, None)
                await self._turn(conn, row, verdict, judged.heard, now, manner, judged.reason, by, at)
            return await found(conn, key, by)

    async def answer(
        self, key: UUID, version: int, action: ReclassificationAction, remark: str, by: By
    ) -> Mapping[str, Any]:
        """Confirm, refuse or withdraw what was proposed; confirmed, the complaint is a finding from then on.

        Raises NotFoundError, StaleTicketError, ReclassificationRefusedError.
        """
        at = self._clock.now()
        async with self._db.transaction() as conn:
            proposed = await found(conn, key, by)
            row = await locked(conn, proposed["ticket_id"], version, by)
            proposed = await found(conn, key, by)
            state = ReclassificationState(proposed["state"])
            state = reclassification.after(state, action, proposed["proposed_by"], by.actor, remark)
            now = await _classified(conn, row)
            to, effected = Nature(proposed["to_nature"]), state is ReclassificationState.EFFECTED
            manner = reclassification.manner(now, ReclassificationGround(proposed["ground"]), to)
            if effected:
                level = Level(await conn.fetchval(LEVEL_OF, by.organisation_id) or Level.HQ)
                reclassification.check_confirmer(now, level, by.path or "", row["accepting_path"])
                heard = Heard.of_json(proposed["heard"])
                evidence = Evidence(proposed["second"], hangs_on_ticket=True)
                verdict = reclassification.judged_again(
                    now, heard, proposed["reason"], evidence, proposed["proposed_by"]
                )
            was, ended = _was(row), row["status"] in ENDED
            stored = (effected and at) or None, effected and ended, was if effected else None, manner.value
            await conn.execute(ANSWER, key, state.value, by.actor, at, remark, *stored)
            if effected:
                await self._turn(conn, row, verdict, heard, now, manner, proposed["reason"], by, at)
            else:
                said = {"to": to.value, "remark": remark} if remark else {"to": to.value}
                await tell(conn, row, by, at, f"reclassification_{state.value}", said)
            return await found(conn, key, by)

    async def _turn(
        self,
        conn: Connection,
        row: Mapping[str, Any],
        verdict: Verdict,
        heard: Heard,
        now: Classified,
        manner: Manner,
        reason: str,
        by: By,
        at: datetime,
    ) -> None:
        """Change the ticket itself: nature, weight and matter, then its clocks, then the trace."""
        book = await self._rules.current(conn, at, row["received_day"])
        if verdict.counts:
            await _become_complaint(conn, row, verdict, heard, now, manner, at)
        else:
            await _become_finding(conn, row, verdict, heard)
        after = await store.find(conn, row["id"])
        assert after is not None
        await _clocks(conn, row, after, book, at)
        if after["matter_id"] is not None:
            await matters.recount(conn, after["matter_id"], at, by, because=row["number"], silent=row["id"])
        after = await store.find(conn, row["id"])
        assert after is not None
        changed = {name: [row[name], after[name]] for name in ("nature", "channel", "gravity", "relation", "pieces")}
        details = {
            "version": after["version"],
            "changed": {name: pair for name, pair in changed.items() if pair[0] != pair[1]},
            "reason": reason,
            "manner": manner.value,
            "rules": [each.rule for each in verdict.reasons],
        }
        await tell(conn, after, by, at, RECLASSIFIED, details)

    async def _own_order(
        self,
        conn: Connection,
        row: Mapping[str, Any],
        heard: Heard,
        now: Classified,
        word: Word | None,
        by: By,
        at: datetime,
    ) -> Mapping[str, Any]:
        """Open the complaint as an order of its own, received now, in the finding's matter (D-11, F-63)."""
        book = await self._rules.current(conn, at)
        opening = Opening(
            key=uuid7(at),
            via=Via.DESK,
            accepting_organisation=row["accepting_organisation_id"],
            particulars=Particulars(
                complainant_type=reclassification.complainant_of(heard, now),
                complainant_name=row["complainant_name"],
                complainant_phone=row["complainant_phone"],
                authorisation=row["authorisation"],
                category=Category(row["category"]) if row["category"] else None,
                severity=Severity(row["severity"]),
                demand=(word.demand if word else None) or row["demand"],
                description=word.reason if word else row["description"],
                restated_and_confirmed=word is not None and word.restated_and_confirmed,
            ),
            source=Source.CALLBACK,
            customer_id=row["customer_id"],
            policy_number=row["policy_number"],
            call=OnCall(word.call_id) if word and word.call_id else None,
            heard=heard,
            callback_task_id=row["callback_task_id"],
            callback_attempt_id=row["callback_attempt_id"],
        )
        await store.open_ticket(conn, new_ticket(opening, by, book, at, at))
        await matters.opened_with(conn, opening.key, row["id"], by, at)
        for call in await store.calls(conn, row["id"]):
            await store.link(conn, opening.key, call["call_id"], at, acknowledging.MOST_CALLS)
        opened = await store.find(conn, TicketId(opening.key))
        assert opened is not None
        return opened

    async def _end(
        self, conn: Connection, row: Mapping[str, Any], complaint: Mapping[str, Any], reason: str, by: By, at: datetime
    ) -> None:
        """The finding ends in the complaint: nothing of it is due any more but its archive (L-26)."""
        book = await self._rules.current(conn, at, row["received_day"])
        await conn.execute(END_FINDING, row["id"], at)
        left = [each["place"] for each in await conn.fetch(OPEN_SLIPS, row["id"])]
        await dispatch.release(conn, row["id"], left, TURNED, Ending.TURNED, at)
        await store.void_clocks(conn, row["id"], None, Ending.TURNED, at)
        await store.start_clock(conn, row["id"], deadlines.archive(at, book))
        after = await store.find(conn, row["id"])
        assert after is not None
        told = {"version": after["version"], "complaint": complaint["number"], "reason": reason, "to": after["status"]}
        await tell(conn, after, by, at, Ending.TURNED.value, told)


async def found(conn: Connection, key: UUID, by: By) -> Mapping[str, Any]:
    """One of them. Raises NotFoundError."""
    row = await conn.fetchrow(FIND, key)
    ticket = None if row is None else await store.find(conn, row["ticket_id"])
    if row is None or ticket is None or not await in_reach(conn, by, ticket):
        raise NotFoundError("reclassification", key)
    return dict(row)


async def page(
    conn: Connection,
    by: By,
    *,
    state: ReclassificationState | None,
    to: Nature | None,
    ticket_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Those of the actor's organisations, newest first."""
    rows = await conn.fetch(PAGE, by.path or "", state, to, ticket_id, *(after or (None, None)), limit)
    return [dict(row) for row in rows]


async def people(conn: Connection, rows: list[Mapping[str, Any]]) -> Mapping[str, str]:
    """The names of who proposed and answered."""
    return await names.of(conn, [each for row in rows for each in (row["proposed_by"], row["answered_by"])])


async def _known(conn: Connection, key: UUID, ticket_id: UUID) -> Mapping[str, Any] | None:
    row = await conn.fetchrow(FIND, key)
    if row is None:
        return None
    if row["ticket_id"] != ticket_id:
        raise KeyReusedError(Words("该键已用于另一请求", "this key was used for something else"))
    return dict(row)


async def _no_other_is_open(conn: Connection, ticket_id: UUID) -> None:
    if await conn.fetchval(OPEN_OF, ticket_id) is not None:
        raise ReclassificationRefusedError(
            Words("该服务单已有待确认的改判", "something of this ticket waits for confirmation already"),
            rules=("F-13",),
        )


async def _classified(conn: Connection, row: Mapping[str, Any]) -> Classified:
    last = await conn.fetchrow(LAST, row["id"])
    return Classified(
        nature=Nature(row["nature"]),
        source=Source(row["source"]),
        status=Status(row["status"]),
        opened_by=row["opened_by"],
        ended_as=Ending(row["ended_as"]) if row["ended_as"] else None,
        complainant=ComplainantType(row["complainant_type"]),
        authorised=bool(row["authorisation"]),
        followed=await conn.fetchval(FOLLOWED, row["id"]),
        ended_as_complaint=last is not None and last["ended"] and last["to_nature"] == Nature.CALLBACK_FINDING,
    )


async def _evidence(conn: Connection, row: Mapping[str, Any], judged: Judged) -> Evidence:
    hangs = bool(await conn.fetchval(HANGS, row["id"], judged.call_id))
    lasted = await conn.fetchval(SECONDS, row["id"], judged.call_id) if hangs else None
    return Evidence(judged.second, hangs, lasted)


async def _known_call(conn: Connection, call_id: UUID, by: By) -> None:
    if await conn.fetchval(acknowledging.CALL_IN_REACH, *by.eyes.values, call_id) is None:
        raise CallNotFoundError(Words("没有这个通话", "no such call"), call=str(call_id))


def _was(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in WAS}


async def _keep(
    conn: Connection,
    key: UUID,
    row: Mapping[str, Any],
    ground: ReclassificationGround,
    manner: Manner,
    verdict: Verdict,
    said: Judged | Word,
    where: tuple[UUID | None, Decimal | None],
    by: By,
    at: datetime,
    complaint: Mapping[str, Any] | None,
    *,
    proposed: bool = False,
) -> None:
    await conn.execute(
        SAVE,
        key,
        row["id"],
        ground.value,
        manner.value,
        row["nature"],
        verdict.nature.value,
        said.heard.as_json(),
        verdict.as_json(),
        said.reason,
        *where,
        (ReclassificationState.PROPOSED if proposed else ReclassificationState.EFFECTED).value,
        by.actor,
        at,
        None if proposed else at,
        not proposed and row["status"] in ENDED,
        None if proposed else _was(row),
        complaint["id"] if complaint else None,
    )


async def _become_complaint(
    conn: Connection,
    row: Mapping[str, Any],
    verdict: Verdict,
    heard: Heard,
    now: Classified,
    manner: Manner,
    at: datetime,
) -> None:
    """A repeat of its matter until that is recounted, or the first order of a new one (F-63)."""
    severity = Severity(row["severity"])
    matter = row["matter_id"]
    relation, pieces = Relation.REPEAT, 0
    if matter is None:
        matter = row["id"] if await conn.fetchval(matters.KNOWN_MATTER, row["id"]) is None else uuid7(at)
        await conn.execute(matters.NEW_MATTER, matter, row["id"], row["received_at"])
        relation, pieces = Relation.FIRST, 1
    validity = Validity.PENDING.value
    if manner is Manner.RESTORED:
        last = await conn.fetchrow(LAST_WAS, row["id"])
        assert last is not None
        validity = last["was"]["validity"]
    await conn.execute(
        TURN,
        row["id"],
        verdict.nature.value,
        verdict.channel.value,
        intake.GRAVITY[severity].value,
        relation.value,
        matter,
        validity,
        1,
        pieces,
        heard.as_json(),
        verdict.as_json(),
        reclassification.complainant_of(heard, now).value,
        rhythm.complex_since(severity, row["complex_at"], row["complex_reason"], at),
        verdict.category.value,
    )


async def _become_finding(conn: Connection, row: Mapping[str, Any], verdict: Verdict, heard: Heard) -> None:
    """Out of the figures; it stays beside its matter's complaints, and a matter without any is none (F-63)."""
    assert verdict.gravity is not None
    matter = row["matter_id"]
    others = await conn.fetch(OTHERS, matter, row["id"])
    await conn.execute(
        TURN,
        row["id"],
        verdict.nature.value,
        verdict.channel.value,
        verdict.gravity.value,
        None,
        matter,
        None,
        0,
        0,
        heard.as_json(),
        verdict.as_json(),
        row["complainant_type"],
        None,
        verdict.category.value,
    )
    if all(each["nature"] != Nature.COMPLAINT for each in others):
        await conn.execute(LEAVE, matter)
        await conn.execute(matters.DISSOLVE, matter)


async def _clocks(
    conn: Connection, before: Mapping[str, Any], after: Mapping[str, Any], book: Rulebook, at: datetime
) -> None:
    """The clocks of what it was end where they stand; those of what it is start from the receipt, with what is done
    already (F-18, L-11 … L-22, L-31, L-32)."""
    ticket_id = before["id"]
    if before["relation"] == Relation.MERGED:
        await store.revive_clocks(conn, ticket_id, matters.MERGED)
    await store.void_clocks(conn, ticket_id, OF_COMPLAINTS, RECLASSIFIED, at)
    befell = await store.course(conn, ticket_id)
    gravity = Gravity(after["gravity"])
    decide = deadlines.decide_inform(before["received_at"], gravity, book, befell)
    started = [decide]
    if after["nature"] == Nature.COMPLAINT:
        started += [
            each
            for each in deadlines.complaint_deadlines(before["received_at"], gravity, book)
            if each.kind not in (*progress.TIMERS, Kind.REPORT_UP)
        ]
    cycles = await store.start_clocks(conn, ticket_id, started, anew=True)
    if after["informed_at"] is not None:
        for deadline, cycle in zip(started, cycles, strict=True):
            await store.meet(conn, ticket_id, (deadline.kind,), after["informed_at"], cycle=cycle)
    if after["nature"] == Nature.COMPLAINT and after["status"] not in ENDED:
        neither = {**after, "complex_at": None, "severity": Severity.GENERAL.value}
        await progress.classified(conn, neither, after, book, at)
        if intake.GRAVITY[Severity(after["severity"])] is not Gravity.GENERAL:
            await store.start_clock(conn, ticket_id, deadlines.meet(at, book), anew=True)
