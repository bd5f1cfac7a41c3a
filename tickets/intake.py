"""What may be taken as a ticket, and what it must say: who, how it came, what is asked (R-1.1 … R-2.1).

A short entry is enough at once; the full particulars are owed by the end of the day (F-9). Every problem is
reported in one answer, never the first alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tickets.categories import Category
from tickets.deadlines import Contact, Gravity
from tickets.errors import NotAdmissibleError, Problem, Words


class Nature(StrEnum):
    """What a ticket is: only the first is ever counted."""

    COMPLAINT = "complaint"
    CALLBACK_FINDING = "callback_finding"
    NON_COMPLAINT = "non_complaint"


class Channel(StrEnum):
    """Exactly the channels of the measures; telephone is one with two directions (R-2.1)."""

    SMS = "sms"
    PHONE_INBOUND = "phone_inbound"
    PHONE_OUTBOUND = "phone_outbound"
    NETWORK = "network"
    LETTER = "letter"
    VISIT = "visit"
    FAX = "fax"


class NetworkKind(StrEnum):
    """What the channel network means in the case at hand (F-5)."""

    EMAIL = "email"
    WEB = "web"
    APP = "app"
    WECHAT = "wechat"


class Source(StrEnum):
    """Through whom it came, apart from the channel (F-4)."""

    DIRECT = "direct"
    UPPER_COMPANY = "upper_company"
    REGULATOR = "regulator"
    MEDIA = "media"
    COORDINATOR = "coordinator"
    CALLBACK = "callback"


class ForwarderLevel(StrEnum):
    """On which level an authority or upper company forwarded a case; M-16 counts the regulator's headquarters."""

    HEADQUARTERS = "headquarters"
    PROVINCE = "province"
    CITY = "city"


class IdentityManner(StrEnum):
    """How somebody made sure who complains (N-10)."""

    DOCUMENT = "document"
    QUESTIONS = "questions"
    NUMBER_ON_FILE = "number_on_file"
    ONLINE = "online"


class Relation(StrEnum):
    """How a complaint stands to the others of its matter (domain d.1)."""

    FIRST = "first"
    REPEAT = "repeat"
    ESCALATION = "escalation"
    MERGED = "merged"


class Severity(StrEnum):
    """The three classes (R-2.18 … R-2.20)."""

    GENERAL = "general"
    DIFFICULT = "difficult"
    MAJOR = "major"


class ComplainantType(StrEnum):
    """Who complains (R-1.1); sales agents and the public are taken but not counted (F-37, F-38)."""

    APPLICANT = "applicant"
    CUSTOMER = "customer"
    REPRESENTATIVE = "representative"
    AGENT = "agent"
    PUBLIC = "public"
    UNKNOWN = "unknown"

    @property
    def is_consumer(self) -> bool:
        """Whether the complaint is a customer's in the sense of R-1.1, known or still to be found out."""
        return self not in (ComplainantType.AGENT, ComplainantType.PUBLIC)


FORWARDED = frozenset({Source.UPPER_COMPANY, Source.REGULATOR, Source.COORDINATOR})
"""Whose cases are passed on to us, and are acknowledged by R-4.6."""

MAX_TEXT = 20_000
MAX_NAME = 200
MAX_NUMBER = 100
MAX_LINK = 2_000
MOST_REPRESENTATIVES = 5
SEQUENCE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is known of a ticket when it is opened or changed; None is "not known yet" (F-9)."""

    complainant_type: ComplainantType = ComplainantType.UNKNOWN
    complainant_name: str | None = None
    complainant_phone: str | None = None
    authorisation: str | None = None
    anonymous: bool = False
    written_answer: bool = False
    """The customer asks for a written answer (F-22)."""
    category: Category | None = None
    severity: Severity = Severity.GENERAL
    demand: str | None = None
    description: str | None = None
    restated_and_confirmed: bool = False
    asks_company_to_act: bool = True

    heir: bool = False
    """The complainant speaks as an heir and proves the kinship (N-6)."""
    form_signed: bool = False
    """The customer signed the visit form (来访受理表, R-4.3)."""
    identity_manner: IdentityManner | None = None
    forwarder: str | None = None
    """Who forwarded the case: upper company, regulator or its 12378 hotline, a department's coordinator (R-4.6)."""
    forwarder_level: ForwarderLevel | None = None
    forwarding_number: str | None = None
    forwarded_day: date | None = None
    media_outlet: str | None = None
    media_link: str | None = None
    group_size: int = 1
    """How many complain together (N-14)."""
    representatives: tuple[str, ...] = ()
    """Who speaks for them (N-4)."""


def check(channel: Channel, source: Source, network_kind: NetworkKind | None, p: Particulars) -> None:
    """Refuse what can never be a complaint ticket as stated; raises NotAdmissibleError with every problem."""
    problems = (
        *_origin(channel, source, network_kind),
        *_person(p),
        *_group(p),
        *_misplaced(channel, source, p),
        *_texts(p),
    )
    if problems:
        raise NotAdmissibleError(problems)


def nature_of(p: Particulars) -> Nature:
    """A complaint asks the company to act (R-1.2); other grievances are passed on (R-1.3, F-24)."""
    return Nature.COMPLAINT if p.asks_company_to_act else Nature.NON_COMPLAINT


def owed(p: Particulars, contact: Contact) -> tuple[Problem, ...]:
    """What the short entry still owes by the end of the day (F-9, R-4.2, R-4.3, R-1.1)."""
    return tuple(_owed(p, contact))


def severity_proposed(source: Source, severity: Severity) -> Severity:
    """The severity to propose: what came through the media is proposed as major (F-41, F-18)."""
    return Severity.MAJOR if source is Source.MEDIA else severity


def contact_of(channel: Channel, source: Source, network_kind: NetworkKind | None) -> Contact:
    """Which acknowledgement duty applies: forwarded cases first, then the channel (L-2 … L-6)."""
    if source in FORWARDED:
        return Contact.FORWARDED
    match channel:
        case Channel.PHONE_INBOUND | Channel.PHONE_OUTBOUND:
            return Contact.PHONE
        case Channel.VISIT:
            return Contact.VISIT
        case Channel.LETTER:
            return Contact.LETTER_OR_EMAIL
        case Channel.NETWORK if network_kind is NetworkKind.EMAIL:
            return Contact.LETTER_OR_EMAIL
        case _:
            return Contact.OTHER_WRITING


GRAVITY: Mapping[Severity, Gravity] = {
    Severity.GENERAL: Gravity.GENERAL,
    Severity.DIFFICULT: Gravity.DIFFICULT,
    Severity.MAJOR: Gravity.MAJOR,
}


def public_number(day: date, sequence: int) -> str:
    """The number people say: 95519-YYYYMMDD-NNNNNN, by the day of receipt in Shanghai."""
    if not 0 < sequence < 10**SEQUENCE_DIGITS:
        raise ValueError(f"no public number for sequence {sequence}")
    return f"95519-{day:%Y%m%d}-{sequence:0{SEQUENCE_DIGITS}d}"


def _origin(channel: Channel, source: Source, kind: NetworkKind | None) -> list[Problem]:
    problems = []
    if kind is not None and channel is not Channel.NETWORK:
        words = Words("只有网络渠道才有子类", "only the channel network has a kind")
        problems.append(Problem("network_kind", words, ("F-5",)))
    if source is Source.CALLBACK and channel is not Channel.PHONE_INBOUND:
        words = Words("回访中受理的投诉记为电话呼入", "a complaint taken on a callback is channel phone inbound")
        problems.append(Problem("channel", words, ("R-2.2", "D-7")))
    return problems


def _person(p: Particulars) -> list[Problem]:
    problems = []
    representative = p.complainant_type is ComplainantType.REPRESENTATIVE
    if representative and not (p.authorisation or "").strip():
        words = Words("受托人投诉须留存委托证明", "a representative's authorisation must be held")
        problems.append(Problem("authorisation", words, ("R-1.1", "N-6")))
    if p.anonymous and (p.complainant_name or representative or p.heir):
        words = Words("匿名投诉不应有姓名或受托关系", "an anonymous complaint has no name and no representative")
        problems.append(Problem("anonymous", words, ("F-35",)))
    return problems


def _group(p: Particulars) -> list[Problem]:
    """Those who complain together in person name five at most who speak for them (N-4)."""
    problems = []
    if len(p.representatives) > MOST_REPRESENTATIVES:
        words = Words(
            f"共同投诉的代表不超过{MOST_REPRESENTATIVES}人",
            f"at most {MOST_REPRESENTATIVES} speak for those who complain together",
        )
        problems.append(Problem("representatives", words, ("N-4",)))
    if len(p.representatives) > p.group_size:
        words = Words("代表人数多于一同投诉人数", "more speak for the group than there are in it")
        problems.append(Problem("representatives", words, ("N-4", "N-14")))
    if any(not name.strip() for name in p.representatives):
        words = Words("代表须有姓名", "a representative has a name")
        problems.append(Problem("representatives", words, ("N-4",)))
    return problems


def _misplaced(channel: Channel, source: Source, p: Particulars) -> list[Problem]:
    """What is said of a forwarding, of a medium or of a form where there is none."""
    problems = []
    forwarding = {
        "forwarder": p.forwarder,
        "forwarder_level": p.forwarder_level,
        "forwarding_number": p.forwarding_number,
        "forwarded_day": p.forwarded_day,
    }
    if source not in FORWARDED:
        words = Words("不是转办件，没有转办信息", "nobody forwarded this case")
        problems += [Problem(field, words, ("R-4.6",)) for field, value in forwarding.items() if value is not None]
    if source is not Source.MEDIA:
        words = Words("不是媒体来源", "the source is no medium")
        media = {"media_outlet": p.media_outlet, "media_link": p.media_link}
        problems += [Problem(field, words, ("F-41",)) for field, value in media.items() if value is not None]
    if p.form_signed and channel is not Channel.VISIT:
        words = Words("只有来访才签署来访受理表", "only a visit has a visit form")
        problems.append(Problem("form_signed", words, ("R-4.3",)))
    return problems


def _texts(p: Particulars) -> list[Problem]:
    limits = {
        "complainant_name": MAX_NAME,
        "complainant_phone": 40,
        "authorisation": MAX_TEXT,
        "demand": MAX_TEXT,
        "description": MAX_TEXT,
        "forwarder": MAX_NAME,
        "forwarding_number": MAX_NUMBER,
        "media_outlet": MAX_NAME,
        "media_link": MAX_LINK,
    }
    problems = []
    for name in p.representatives:
        if len(name) > MAX_NAME or unstorable(name):
            words = Words(f"超过{MAX_NAME}个字符或无法保存", f"longer than {MAX_NAME} characters, or cannot be stored")
            problems.append(Problem("representatives", words))
    for field, most in limits.items():
        text: str | None = getattr(p, field)
        if text is None:
            continue
        if len(text) > most:
            words = Words(f"超过{most}个字符", f"longer than {most} characters")
            problems.append(Problem(field, words))
        if unstorable(text):
            words = Words("含有无法保存的字符", "holds a character that cannot be stored")
            problems.append(Problem(field, words))
    return problems


def unstorable(text: str) -> bool:
    """Whether a text holds NUL or half of a surrogate pair, which no UTF-8 database keeps."""
    return any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _owed(p: Particulars, contact: Contact) -> list[Problem]:
    problems = []
    if not (p.demand or "").strip():
        problems.append(Problem("demand", Words("缺少客户诉求", "the demand is missing"), ("R-1.2", "F-9")))
    if not (p.description or "").strip():
        words = Words("缺少详细描述", "the detailed description is missing")
        problems.append(Problem("description", words, ("R-4.2", "R-4.3", "F-9")))
    if p.category is None:
        problems.append(Problem("category", Words("缺少投诉类别", "the category is missing"), ("R-2.17",)))
    if p.complainant_type is ComplainantType.UNKNOWN and not p.anonymous:
        words = Words("未注明投诉人身份", "who complains is not stated")
        problems.append(Problem("complainant_type", words, ("R-1.1",)))
    if contact is Contact.PHONE and not p.restated_and_confirmed:
        words = Words("未向客户复述确认", "the matter was not repeated back and confirmed")
        problems.append(Problem("restated_and_confirmed", words, ("R-4.2", "R-4.7")))
    return problems
