"""Fills the facts of documents from the ticket's file. Reads only; codes become Chinese words here.

What internal papers (slips, reminders, minutes, the case file) show of the complainant is masked as on screens of those
who may not see him whole: whoever works on the case reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from callcenter import dispatch, dossier, standing
from callcenter.accounts import names
from callcenter.attachments.store import Attachment
from callcenter.committee import store as meetings
from callcenter.customers import masking
from callcenter.db.pool import Connection
from callcenter.documents import facts as shown
from callcenter.documents.errors import DocumentRefusedError
from callcenter.documents.facts import Acknowledgement, Complainant, Imprint, Limit, Office, Order
from callcenter.documents.kinds import FORMS, Kind
from callcenter.dossier import Dossier
from callcenter.errors import NotFoundError
from callcenter.letters import store as letters
from tickets import deadlines
from tickets import store as tickets
from tickets.calendar import shanghai_day
from tickets.categories import Category, Department
from tickets.committee import MeetingKind, MeetingState, title
from tickets.deadlines import Kind as Clock
from tickets.deadlines import Rulebook
from tickets.dossier import Item
from tickets.errors import Words
from tickets.intake import Channel, ComplainantType, NetworkKind, Severity, Source
from tickets.letters import LetterState, Remedy, default_remedies, written_due
from tickets.lifecycle import Liability, Status, Validity
from tickets.papers import Origin, Paper
from tickets.reminders import Stage
from tickets.slips import PART_WORDS, STATE_WORDS, Part, SlipState
from tickets.terms import TERMS

ORGANISATION = "SELECT name FROM organisation WHERE id = $1"
ABOVE = """
SELECT p.name FROM organisation o JOIN organisation p ON p.id = o.parent_id WHERE o.id = $1"""
"""Who reviews a branch's result; nobody is above headquarters (L-29)."""
REMINDER = """
SELECT r.*, (SELECT count(*) FROM reminder e WHERE e.slip_id = r.slip_id
    AND (e.sent_at, e.id) <= (r.sent_at, r.id)) AS turn
FROM reminder r WHERE r.id = $1 AND r.ticket_id = $2"""
EXTENSION = "SELECT * FROM ticket_extension WHERE id = $1 AND ticket_id = $2"
DECIDED = """
SELECT at, details FROM ticket_event WHERE ticket_id = $1 AND kind IN ('handle', 'settle') ORDER BY at DESC, place DESC
LIMIT 1"""
CLOSED_BY = "SELECT actor FROM ticket_event WHERE ticket_id = $1 AND kind = 'close' ORDER BY at DESC LIMIT 1"

SAFE = (LetterState.CLEARED, LetterState.SENT)
"""A letter counsel cleared: only such a text is printed (R-4.25)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the issuer says beside the file: of a decision its facts and its basis and reasons (N-9)."""

    about: UUID | None = None
    facts: str | None = None
    basis: str | None = None


async def gather(
    conn: Connection,
    kind: Kind,
    row: Mapping[str, Any],
    imprint: Imprint,
    office: Office,
    told: Told,
    book: Rulebook,
) -> Any:
    """The facts of a document of the kind on the ticket. Raises NotFoundError, DocumentRefusedError."""
    match kind:
        case Kind.ACKNOWLEDGEMENT | Kind.EMAIL_REPLY:
            order, answer = await _order(conn, row), await _limit(conn, row, Clock.DECIDE_INFORM)
            return Acknowledgement(imprint, office, order, _complainant(row), answer)
        case Kind.SLIP:
            return await _slip(conn, row, imprint, office, told)
        case Kind.REMINDER:
            return await _reminder(conn, row, imprint, office, told)
        case Kind.EXTENSION:
            return await _extension(conn, row, imprint, office, told, book)
        case Kind.MINUTES:
            return await _minutes(conn, row, imprint, office, told)
        case Kind.OPINION_LETTER:
            return await _letter(conn, row, imprint, office, told)
        case Kind.DECISION:
            return await _decision(conn, row, imprint, office, told)
        case Kind.CASE_COVER | Kind.CASE_INDEX:
            return await case_file(conn, await dossier.read(conn, row), imprint, office)


async def name_of(conn: Connection, organisation_id: str) -> str:
    """What an organisation is called."""
    return str(await conn.fetchval(ORGANISATION, organisation_id) or organisation_id)


async def _order(conn: Connection, row: Mapping[str, Any], *, masked: bool = False) -> Order:
    channel = _word(Channel(row["channel"]))
    if row["network_kind"]:
        channel += f"（{_word(NetworkKind(row['network_kind']))}）"
    return Order(
        number=row["number"],
        received_at=row["received_at"],
        channel=channel,
        source=_word(Source(row["source"])),
        category=_word(Category(row["category"])) if row["category"] else None,
        severity=_word(Severity(row["severity"])),
        demand=_text(row["demand"], masked),
        description=_text(row["description"], masked),
        policy_number=row["policy_number"],
        accepting=await name_of(conn, row["accepting_organisation_id"]),
    )


def _text(text: str | None, masked: bool) -> str | None:
    return masking.numbers(text) if text and masked else text or None


def _complainant(row: Mapping[str, Any], *, masked: bool = False) -> Complainant:
    name = None if row["anonymous"] else row["complainant_name"]
    phone = row["complainant_phone"]
    if masked:
        name, phone = masking.name(name) if name else None, masking.phone(phone)
    return Complainant(name, phone, _word(ComplainantType(row["complainant_type"])))


async def _limit(conn: Connection, row: Mapping[str, Any], kind: Clock) -> Limit | None:
    """The clock's last cycle, while it runs or was met; None when the ticket has none."""
    found = [clock for clock in await tickets.clocks(conn, row["id"]) if clock["kind"] == kind]
    if not found:
        return None
    last = max(found, key=lambda clock: int(clock["cycle"]))
    return Limit(_word(kind), last["due_day"], last["provisional"])


async def _slip_of(conn: Connection, row: Mapping[str, Any], slip_id: UUID | None) -> tuple[shown.Slip, list[Any]]:
    stored = await dispatch.slips(conn, row["id"])
    found = next((each for each in stored if each["id"] == slip_id), None)
    if found is None:
        raise NotFoundError("slip", slip_id)
    people = await names.of(conn, [found["sent_by"], found["accepted_by"], found["answered_by"]])
    slip = shown.Slip(
        number=found["number"],
        part=PART_WORDS[Part(found["part"])].zh,
        department=_word(Department(found["department"])),
        organisation=await name_of(conn, found["organisation_id"]),
        category=_word(Category(found["category"])) if found["category"] else None,
        request=_text(found["request"], masked=True),
        sent_at=found["sent_at"],
        sent_by=people.get(found["sent_by"]),
        accept_by=found["accept_due_day"],
        fixed=found["fixed"],
        state=STATE_WORDS[SlipState(found["state"])].zh,
        accepted_at=found["accepted_at"],
        accepted_by=people.get(found["accepted_by"] or ""),
        returned_at=found["returned_at"],
        return_reason=_text(found["return_reason"], masked=True),
        answered_at=found["answered_at"],
        answered_by=people.get(found["answered_by"] or ""),
        answer=_text(found["answer"], masked=True),
    )
    return slip, [each for each in stored if each is not found]


async def _slip(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told
) -> shown.JointHandling:
    slip, others = await _slip_of(conn, row, told.about)
    return shown.JointHandling(
        document=imprint,
        office=office,
        order=await _order(conn, row, masked=True),
        complainant=_complainant(row, masked=True),
        slip=slip,
        answer=await _limit(conn, row, Clock.DECIDE_INFORM),
        others=tuple(
            shown.Beside(
                each["number"],
                PART_WORDS[Part(each["part"])].zh,
                _word(Department(each["department"])),
                STATE_WORDS[SlipState(each["state"])].zh,
            )
            for each in others
        ),
    )


async def _reminder(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told
) -> shown.Reminding:
    found = await conn.fetchrow(REMINDER, told.about, row["id"])
    if found is None:
        raise NotFoundError("reminder", told.about)
    slip, _ = await _slip_of(conn, row, found["slip_id"])
    people = await names.of(conn, [found["sent_by"]])
    return shown.Reminding(
        document=imprint,
        office=office,
        order=await _order(conn, row, masked=True),
        slip=slip,
        reminder=shown.Urging(
            number=found["number"],
            stage=_word(Stage(found["stage"])),
            sent_at=found["sent_at"],
            sent_by=people.get(found["sent_by"], names.SYSTEM),
            due_day=found["due_day"],
            remaining=found["remaining"],
            overdue=found["overdue"],
            message=masking.numbers(found["message"]),
            copied=found["copied"],
            turn=found["turn"],
        ),
    )


async def _extension(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told, book: Rulebook
) -> shown.Extension:
    found = await conn.fetchrow(EXTENSION, told.about, row["id"])
    if found is None:
        raise NotFoundError("extension", told.about)
    second = found["rule"] == "L-16"
    if second and found["approved_at"] is None:
        raise _refused(Kind.EXTENSION, "再次延期尚未获批准", "the second extension is not approved", "L-16")
    received, course = shanghai_day(row["received_at"]), tickets.course_of(await tickets.course_rows(conn, row["id"]))
    taken = [known for known, counts in deadlines.effects(received, course, book).items() if counts]
    if not second and not any(getattr(each, "limit", "") == "L-15" for each in taken):
        raise _refused(Kind.EXTENSION, "延期登记过迟,没有效力", "the extension came too late to count", "F-52")
    limit = book.limits[found["rule"]]
    counted = deadlines.count(limit, deadlines.ceiling(received, course, book).start, book, course.gaps)
    people = await names.of(conn, [found["approved_by"]])
    return shown.Extension(
        document=imprint,
        office=office,
        order=await _order(conn, row),
        complainant=_complainant(row),
        extension=shown.Extended(
            second=second,
            reason=found["reason"],
            recorded_at=found["proposed_at"],
            approved_at=found["approved_at"],
            approved_by=people.get(found["approved_by"] or ""),
            until=counted.due,
            days=limit.amount,
        ),
    )


async def _minutes(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told
) -> shown.Minutes:
    sheet = None if told.about is None else await meetings.find(conn, told.about, "", None)
    item = next((each for each in sheet.items if each["ticket_id"] == row["id"]), None) if sheet else None
    if sheet is None or item is None:
        raise NotFoundError("meeting", told.about)
    meeting = sheet.row
    if meeting["state"] != MeetingState.CONFIRMED:
        raise _refused(Kind.MINUTES, "会议纪要尚未经主持人确认", "the chair has not confirmed the minutes", "R-3.4")
    alone = len(sheet.items) == 1
    chair = next((each["name"] for each in sheet.seats if each["user_id"] == meeting["chair_id"]), None)
    mine = [each for each in sheet.follow_ups if each["ticket_id"] == row["id"]]
    ruling = None
    if item["opinion"] is not None:
        ruling = shown.Ruling(
            opinion=masking.numbers(item["opinion"]),
            validity=_word(Validity(item["validity"])) if item["validity"] else None,
            causes=tuple(_word(Category(each)) for each in item["causes"]),
            closing=item["closing"],
            signs_for=tuple(_word(Department(each)) for each in item["signs_for"]),
        )
    return shown.Minutes(
        document=imprint,
        office=office,
        order=await _order(conn, row, masked=True),
        meeting=shown.Meeting(
            title=meeting["organisation"]
            + "客户服务疑难问题协调委员会"
            + title(MeetingKind(meeting["kind"]), meeting["year"], meeting["number"]),
            subject=masking.numbers(meeting["subject"]),
            place=meeting["place"] or None,
            held_at=meeting["held_at"],
            chair=chair,
            confirmed_at=meeting["confirmed_at"],
            present=tuple(_member(each) for each in sheet.seats if each["attended"]),
            absent=tuple(_member(each) for each in sheet.seats if not each["attended"]),
            minutes=masking.numbers(meeting["minutes"]) if alone else None,
            alone=alone,
        ),
        opinions=tuple(
            shown.Opinion(
                each["name"] or (_word(Department(each["department"])) + "（书面）"), masking.numbers(each["opinion"])
            )
            for each in sheet.opinions
            if each["ticket_id"] == row["id"]
        ),
        ruling=ruling,
        adjourned=_text(item["adjourned_why"], masked=True),
        duties=tuple(
            shown.Duty(
                masking.numbers(each["duty"]),
                each["owner_name"],
                each["due_day"],
                each["done_at"],
                _text(each["result"], masked=True),
            )
            for each in mine
        ),
    )


def _member(seat: Mapping[str, Any]) -> shown.Member:
    return shown.Member(seat["name"], _word(Department(seat["department"])) if seat["department"] else None)


async def _letter(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told
) -> shown.OpinionLetter:
    folder = None if told.about is None else await letters.find(conn, told.about)
    if folder is None or folder.row["ticket_id"] != row["id"]:
        raise NotFoundError("letter", told.about)
    letter = folder.row
    if letter["state"] not in SAFE:
        raise _refused(
            Kind.OPINION_LETTER,
            "处理意见书未经法律顾问审核通过",
            "legal counsel has not cleared the letter",
            "R-4.25",
        )
    people = await names.of(conn, [letter["cleared_by"]])
    return shown.OpinionLetter(
        document=imprint,
        office=office,
        order=await _order(conn, row),
        complainant=_complainant(row),
        to=shown.Address(letter["addressee"], letter["address"] or None),
        answer=await _answer(conn, row, letter),
        clearance=shown.Clearance(
            people.get(letter["cleared_by"], names.SYSTEM), letter["cleared_at"], letter["text_version"]
        ),
    )


async def _decision(
    conn: Connection, row: Mapping[str, Any], imprint: Imprint, office: Office, told: Told
) -> shown.Decision:
    cleared = [folder.row for folder in await letters.of_ticket(conn, row["id"]) if folder.row["state"] in SAFE]
    if cleared:
        answer = await _answer(conn, row, cleared[-1])
    elif written_due(standing.letter_matter(row)):
        raise _refused(
            Kind.DECISION,
            "应书面答复的投诉,须先有法律顾问审核通过的处理意见书",
            "a written answer is owed: legal counsel clears an opinion letter first",
            "R-4.25",
            "F-22",
        )
    else:
        answer = await _spoken(conn, row, told)
    return shown.Decision(imprint, office, await _order(conn, row), _complainant(row), answer)


async def _answer(conn: Connection, row: Mapping[str, Any], letter: Mapping[str, Any]) -> shown.Answer:
    decided = await conn.fetchrow(DECIDED, row["id"])
    remedies = {Remedy(each): text for each, text in letter["remedies"].items()}
    return shown.Answer(
        facts=letter["facts"],
        basis=letter["basis"],
        decision=letter["decision"],
        decided_at=decided["at"] if decided else None,
        remedies=tuple(remedies[each] for each in Remedy if remedies.get(each)),
        validity=_validity(row),
    )


async def _spoken(conn: Connection, row: Mapping[str, Any], told: Told) -> shown.Answer:
    """What was decided without a letter, with the facts the issuer states; the basis is his or the decision's own."""
    basis = told.basis or row["basis"]
    decided = await conn.fetchrow(DECIDED, row["id"])
    note = decided["details"].get("note", "") if decided else ""
    if decided is None or not note:
        raise _refused(Kind.DECISION, "尚未作出处理决定", "nothing has been decided yet", "N-9")
    if not told.facts or not basis:
        raise _refused(
            Kind.DECISION,
            "决定告知书须写明核实的事实、依据和理由",
            "a decision notice states the facts verified, the basis and the reasons",
            "N-9",
        )
    above = await conn.fetchval(ABOVE, row["accepting_organisation_id"])
    remedies = default_remedies(above or "")
    return shown.Answer(
        facts=told.facts,
        basis=basis,
        decision=note,
        decided_at=decided["at"],
        remedies=tuple(remedies[each].replace(",", "，") for each in Remedy if above or each is not Remedy.REVIEW),
        validity=_validity(row),
    )


def _validity(row: Mapping[str, Any]) -> str | None:
    return _word(Validity(row["validity"])) if row["validity"] in (Validity.VALID, Validity.INVALID) else None


async def case_file(conn: Connection, found: Dossier, imprint: Imprint, office: Office) -> shown.CaseFile:
    """The cover's and the index's facts."""
    row = found.row
    closed_by = await conn.fetchval(CLOSED_BY, row["id"])
    people = await names.of(conn, [closed_by])
    underwriting = row["underwriting_organisation_id"]
    papers = tuple(papers_of(found))
    return shown.CaseFile(
        document=imprint,
        office=office,
        order=await _order(conn, row, masked=True),
        complainant=_complainant(row, masked=True),
        course=shown.Course(
            status=_word(Status(row["status"])),
            closed_at=row["closed_at"],
            validity=_validity(row),
            liability=_word(Liability(row["liability"])) if row["liability"] else None,
            causes=tuple(_word(Category(each)) for each in row["causes"]),
            responsible=tuple(_word(Department(each)) for each in row["responsible"]),
            underwriting=await name_of(conn, underwriting) if underwriting else None,
            handler=people.get(closed_by or ""),
        ),
        papers=papers,
        owed=tuple(
            shown.Owed(entry.demand.words.zh, entry.demand.rules, _text(found.reason(entry.demand.item), masked=True))
            for entry in found.entries
            if entry.missing or entry.explained
        ),
        count=len(papers),
        complete=not found.missing,
    )


OF_KIND: Mapping[Kind, Item] = {
    Kind.ACKNOWLEDGEMENT: Item.ACKNOWLEDGEMENT,
    Kind.EMAIL_REPLY: Item.ACKNOWLEDGEMENT,
    Kind.SLIP: Item.SLIPS,
    Kind.REMINDER: Item.REMINDERS,
    Kind.EXTENSION: Item.EXTENSION,
    Kind.MINUTES: Item.RULING,
    Kind.OPINION_LETTER: Item.OPINION_LETTER,
    Kind.DECISION: Item.REPLY,
}
OF_PAPER: Mapping[Paper, Item] = {
    Paper.VISIT_FORM: Item.VISIT_FORM,
    Paper.LETTER: Item.ORIGINAL,
    Paper.FAX: Item.ORIGINAL,
    Paper.EMAIL: Item.ORIGINAL,
    Paper.AUTHORISATION: Item.AUTHORISATION,
    Paper.KINSHIP: Item.AUTHORISATION,
    Paper.IDENTITY: Item.IDENTITY,
    Paper.EVIDENCE: Item.INVESTIGATION,
    Paper.CUSTOMER_REPLY: Item.REPLY,
}
WHOLE_LOG = "服务单及办理记录"


def papers_of(found: Dossier) -> list[shown.Paper]:
    """Everything in a case file: the order, its files and documents by age, its recordings."""
    row = found.row
    papers = [
        shown.Paper(
            1, WHOLE_LOG, _item(Item.ORDER), row["number"], shanghai_day(row["received_at"]), "本系统记录", None, None
        )
    ]
    for file in found.files:
        papers.append(_paper(len(papers) + 1, file, found))
    for each in found.recordings:
        sealed = each["state"] == "sealed"
        reference = f"{each['archive_no'] or each['call_id']} 第{each['number']}段"
        day = shanghai_day(each["started_at"]) if each["started_at"] else None
        remark = f"{each['duration_ms'] / 1000:.0f}秒" if sealed and each["duration_ms"] else "未封存"
        papers.append(
            shown.Paper(
                len(papers) + 1,
                "通话录音",
                _item(Item.RECORDING),
                reference,
                day,
                "录音档案",
                grouped(each["master_sha256"]) if sealed else None,
                remark if sealed else "缺失" if each["state"] == "lost" else "未封存",
            )
        )
    return papers


def _paper(place: int, file: Attachment, found: Dossier) -> shown.Paper:
    printed = found.printed.get(file.id)
    day = shanghai_day(file.added_at)
    if printed is not None:
        kind = Kind(printed["kind"])
        item = _item(OF_KIND[kind]) if kind in OF_KIND else "案卷"
        return shown.Paper(
            place, FORMS[kind].words.zh, item, printed["number"], day, "本系统出具", grouped(file.sha256), None
        )
    item = _item(OF_PAPER[file.kind]) if file.kind in OF_PAPER else "其他材料"
    origin = "外来" if file.origin is Origin.RECEIVED else "本系统生成"
    return shown.Paper(place, _word(file.kind), item, None, day, origin, grouped(file.sha256), None)


def grouped(sha256: str | None) -> str | None:
    """A hash in four groups, so that it breaks in a table and can be compared by eye."""
    return None if sha256 is None else " ".join(sha256[start : start + 16] for start in range(0, 64, 16))


def _item(item: Item) -> str:
    return TERMS[Item][item].zh


def _refused(kind: Kind, zh: str, en: str, *rules: str) -> DocumentRefusedError:
    return DocumentRefusedError(Words(zh, en), rules=rules or FORMS[kind].rules)


def _word(code: StrEnum) -> str:
    return TERMS[type(code)][code].zh
