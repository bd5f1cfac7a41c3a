"""Fills the demonstration's database with years of calls, tickets and what came of them: made up, the same for the same
seed.

For lists, searches and figures at their real size. Day by day, each in one transaction; a day that has tickets is left
alone, so a fill that was broken off is taken up again. Must never touch a database that holds real accounts.
"""

from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from callcenter.clock import SystemClock
from callcenter.db.migrate import migrate
from callcenter.db.pool import Connection, Database
from callcenter.demo import aftermath, bulk, data, people, policies, years
from callcenter.demo.bulk import Tell
from callcenter.demo.data import IS_DEMO, NotEmptyError
from callcenter.documents import shipped
from callcenter.documents.kinds import Kind as Document
from tickets import deadlines, store
from tickets.calendar import SHANGHAI, shanghai_day
from tickets.deadlines import Contact, Gravity, Rulebook
from tickets.findings import DATA_ERRORS, Heard, Intention, Respondent, Subject, classify

TICKETS, CALLS, DAYS = 1_000_000, 10_000_000, 3 * 365
SCRIPT = "2010-4.1"
"""The questionnaire every store has from the start."""
CUSTOMERS_AT_ONCE = 20_000
TOLD_EVERY = 30
"""Days between two words of progress."""
SCRIPT = "2010-4.1"
"""The questionnaire that came with the program."""
TAKES = range(1, 10)
"""In how many times 17 hours the customer is answered."""

TABLES = (
    *("call", "call_leg", "segment", "recording_object", "recording_version", "recording_segment", "campaign"),
    *("callback_task", "callback_attempt", "callback_answer", "customer", "customer_phone", "policy", "ticket_key"),
    *("matter", "ticket", "ticket_fact", "ticket_clock", "ticket_event", "ticket_cause", "ticket_found"),
    *("ticket_call", "slip", "reminder", "neglect", "notification", "outbox_delivery", "queue_look"),
    *("opinion_letter", "opinion_letter_text", "legal_review", "review_request", "reinvestigation"),
    *("supervision_mark", "downgrade", "ticket_extension", "feedback", "formality", "signature", "committee_meeting"),
    *("committee_item", "committee_seat", "committee_ruling", "committee_follow_up", "committee_referral"),
    *("acknowledgement", "attachment_content", "attachment", "document", "audit", "access_log", "incident"),
    *("agent_state_log", "denominator", "report", "satisfaction_sample", "closing_sample", "closing_sample_item"),
    "post_change",
)
"""What is written, the largest first."""
ASKED_MEANWHILE = ("reminder",)
"""The facts of a ticket count its reminders by their index."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How much, over how many days before today; `seed` makes another company's years of the same size."""

    tickets: int = TICKETS
    calls: int = CALLS
    days: int = DAYS
    seed: int = policies.SEED


@dataclass(frozen=True, slots=True)
class Filled:
    """What there is now."""

    tickets: int
    calls: int
    customers: int


HEARD = {
    gravity: Heard(subject, Intention.NO, Respondent.POLICYHOLDER)
    for gravity, subject in (("data_finding", min(DATA_ERRORS)), ("grave_finding", min(set(Subject) - DATA_ERRORS)))
}

CATEGORIES = (
    *("solicitation", "solicitation", "sales_service", "claims", "claims", "maintenance", "maintenance"),
    *("counter", "underwriting", "call_centre", "product", "payment", "sms", "other"),
)
DEMANDS = (
    "要求全额退保并退还已交保费",
    "要求说明分红计算方法",
    "要求尽快赔付住院医疗费用",
    "要求更正保单联系电话",
    "要求业务员当面道歉",
    "要求停止发送营销短信",
    "要求补发丢失的保险合同",
    "要求解释拒赔理由并重新审核",
    "要求退还误扣的续期保费",
    "要求办理保单转移并说明时限",
)
STORIES = (
    "客户来电反映，业务员销售时承诺保本保息，与合同条款不符",
    "客户称投保单并非本人签名，家人亦不知情",
    "客户表示理赔材料已提交一个月，至今无人联系",
    "客户反映柜面排队两小时，工作人员态度生硬",
    "客户称从未收到续期缴费通知，保单已失效",
    "客户反映银行重复划扣保费，多次致电未解决",
    "客户认为分红与宣传差距过大，要求书面说明",
    "客户反映客服热线长时间无法转接人工",
    "客户称电话号码泄露，频繁接到推销电话",
    "客户对核保加费结论有异议，要求重新体检",
)
SEQUELS = (
    "，客户情绪激动，要求三日内答复",
    "，客户表示将向监管部门反映",
    "，客户愿意配合提供缴费凭证",
    "，客户为老年人，建议上门核实",
    "，已向客户解释条款，客户不接受",
    "，客户要求书面答复并邮寄至家庭住址",
    "，客户可在工作日下午接听电话",
)


DEPARTMENTS = ("sales", "sales", "business_management", "business_management", "customer_service", "finance")


async def fill_at(url: str, wanted: Fill, tell: Tell) -> Filled:
    """The same for the database at `url`, which is brought to this program's schema and, when empty, given the
    demonstration's company first. Raises NotEmptyError, CannotStartError, MigrationError."""
    await migrate(url)
    database = await Database.connect(url, size=bulk.HANDS + 1, application="callcenter demo")
    try:
        at = SystemClock().now()
        await data.load(database, at)
        return await fill(database, at, wanted, tell)
    finally:
        await database.close()


async def fill(db: Database, at: datetime, wanted: Fill, tell: Tell) -> Filled:
    """Brings the database to the wanted size; `tell` hears of the progress. Raises NotEmptyError."""
    async with db.connection() as conn:
        if not await conn.fetchval(IS_DEMO, people.AGENT):
            raise NotEmptyError("the database is not a demonstration's: it is not filled")
        work = await _work(conn, at, wanted)
        unfinished = await bulk.pending(conn)
    if work.todo or unfinished:
        async with AsyncExitStack() as stack:
            hands = await bulk.hire(db, stack, years.SESSION.format(seed=int(wanted.seed)))
            await _fill(hands, work, tell)
    async with db.connection() as conn:
        return Filled(**dict(await conn.fetchrow(years.COUNTS, timeout=bulk.LONG) or {}))


async def is_filled(db: Database, at: datetime, wanted: Fill) -> bool:
    """Whether there is nothing left to do."""
    async with db.connection() as conn:
        return not (await _work(conn, at, wanted)).todo and not await bulk.pending(conn)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be written, and what all of it shares. `born`: the first midnight, when all the customers became so,
    also for a fill that is taken up on a later day."""

    at: datetime
    born: datetime
    wanted: Fill
    customers: int
    made: int
    days: Mapping[int, date]
    book: Rulebook

    @property
    def period(self) -> tuple[date, date]:
        """The first day, and the one after the last."""
        return shanghai_day(self.born), shanghai_day(self.born) + timedelta(days=self.wanted.days)

    @property
    def todo(self) -> bool:
        return bool(self.days) or self.made < self.customers


async def _work(conn: Connection, at: datetime, wanted: Fill) -> Work:
    midnight = datetime.combine(shanghai_day(at) - timedelta(days=wanted.days), time(), SHANGHAI).astimezone(UTC)
    born: datetime = await conn.fetchval(years.BORN) or midnight
    made: int = await conn.fetchval(years.MADE_CUSTOMERS)
    there = {row["day"] for row in await conn.fetch(years.DAYS)}
    numbered = enumerate(days(shanghai_day(born) + timedelta(days=wanted.days), wanted.days))
    return Work(
        at=at,
        born=born,
        wanted=wanted,
        customers=max(2000, wanted.tickets // 3),
        made=made,
        days={number: day for number, day in numbered if day not in there},
        book=Rulebook(await store.calendar(conn)),
    )


async def _fill(hands: list[Connection], work: Work, tell: Tell) -> None:
    first = hands[0]
    months = work.wanted.days // 28 + 2
    await first.execute(years.FIRST_DAY, work.born.date().replace(day=1), months, timeout=bulk.LONG)
    await bulk.begin(first, [table for table in TABLES if table not in ASKED_MEANWHILE])
    for kind in (Document.ACKNOWLEDGEMENT, Document.DECISION):
        text = shipped.source(kind)
        await first.execute(aftermath.TEMPLATE, kind.value, text, shipped.sha256(text), work.born)
    await first.execute(aftermath.MEMBERS, work.born.date(), work.born)
    await bulk.share(hands, range(work.made, work.customers, CUSTOMERS_AT_ONCE), _Customers(work, tell).write)
    for conn in hands:
        for table, rows in years.DRAWN.items():
            await conn.execute(years.MAKE.format(table=table, rows=rows))
    await bulk.share(hands, work.days.items(), _Days(work, tell).write)
    await first.execute(years.MATTERS, timeout=bulk.LONG)
    await bulk.restore(hands, tell)
    async with first.transaction():
        await first.execute(aftermath.MONTHS, *work.period)
        drawn = aftermath.OF_A_MONTH.format(now=work.at.isoformat())
        await first.execute(drawn, timeout=bulk.LONG)
    await bulk.settle(hands, TABLES, tell)


class _Customers:
    """Writes customers, so many at once."""

    def __init__(self, work: Work, tell: Tell) -> None:
        self._work = work
        self._tell = tell

    async def write(self, conn: Connection, first: int) -> None:
        last = min(first + CUSTOMERS_AT_ONCE, self._work.customers)
        products = [[name, kind] for name, kind, *_ in policies.PRODUCTS]
        names = (policies.SURNAMES, policies.GIVEN)
        await conn.execute(
            years.CUSTOMERS, first, last, self._work.born, *names, products, len(products), self._work.wanted.days
        )
        self._tell(f"customers: {last} of {self._work.customers}")


class _Days:
    """Writes days, each in one transaction."""

    def __init__(self, work: Work, tell: Tell) -> None:
        self._work = work
        self._tell = tell
        self._written = work.wanted.days - len(work.days)
        self._shared = {
            "now": work.at.isoformat(),
            "born": work.born.isoformat(),
            "customers": work.customers,
            "version": work.book.version,
            "script": SCRIPT,
            "surnames": policies.SURNAMES,
            "given": policies.GIVEN,
            "categories": list(CATEGORIES),
            "departments": list(DEPARTMENTS),
            "demands": list(DEMANDS),
            "stories": list(STORIES),
            "sequels": list(SEQUELS),
            "heard": {gravity: each.as_json() for gravity, each in HEARD.items()},
            "verdicts": {gravity: classify(each).as_json() for gravity, each in HEARD.items()},
        }

    async def write(self, conn: Connection, numbered: tuple[int, date]) -> None:
        number, day = numbered
        wanted = self._work.wanted
        opening = datetime.combine(day, time(8), SHANGHAI)
        first_call, last_call = _share(wanted.calls, wanted.days, number)
        first, last = _share(wanted.tickets, wanted.days, number)
        today = self._shared | {
            "number": number,
            "day": day.isoformat(),
            "opening": opening.isoformat(),
            "first_call": first_call,
            "last_call": last_call,
            "first": first,
            "last": last,
        }
        async with conn.transaction():
            await conn.execute(years.EMPTY)
            await conn.execute(years.TODAY, today)
            await conn.execute(years.PEOPLE)
            await conn.execute(years.DUE, _due(opening, self._work.book))
            for table, rows in years.DRAWN.items():
                await conn.execute(years.DRAW.format(table=table, rows=rows), timeout=bulk.LONG)
            for statements in (
                years.CALLS,
                years.RECORDINGS.format(recorded=years.RECORDED),
                years.CALLBACKS,
                years.WORK,
                *aftermath.OF_A_DAY,
                years.FACTS,
            ):
                await conn.execute(statements, timeout=bulk.LONG)
        self._written += 1
        if self._written % TOLD_EVERY == 0 or self._written == wanted.days:
            self._tell(f"days: {self._written} of {wanted.days}")


def days(end: date, count: int) -> Iterator[date]:
    """The `count` days before `end`, oldest first."""
    return (end - timedelta(days=count - n) for n in range(count))


def _share(total: int, parts: int, number: int) -> tuple[int, int]:
    """From where to where, of `total` things, part `number` goes."""
    return total * number // parts, total * (number + 1) // parts


def _due(received_at: datetime, book: Rulebook) -> list[dict[str, Any]]:
    """The clocks of that day's tickets, for every way in and every gravity, and those that started later."""
    opened = [
        (contact.value, gravity.value, deadline)
        for contact in Contact
        for gravity in Gravity
        for deadline in deadlines.first_deadlines(received_at, contact, gravity, book)
        + deadlines.complaint_deadlines(received_at, gravity, book)
    ]
    sent = received_at + timedelta(hours=4)
    later = [
        ("", "slip", deadlines.accept(sent, book)),
        ("", "letter", deadlines.legal_review(sent, book)),
        ("", "review", deadlines.review(received_at + timedelta(days=10), book)),
    ]
    for takes in TAKES:
        told = received_at + timedelta(hours=17 * takes)
        later.append((str(takes), "told", deadlines.close(told, book)))
        later.append((str(takes), "ended", deadlines.archive(told + timedelta(hours=20), book)))
    return [
        {"contact": contact, "gravity": gravity, **store.clock_row(deadline, None)}
        for contact, gravity, deadline in opened + later
    ]
