"""What one cell says, by what its column holds. Must never repair a damaged value: it is refused, with what to do.

A value comes back in the form it is stored in, or a `FaultError` is raised; nothing here looks at other cells.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from callcenter.calling_hours import STANDARD, CallingHours
from callcenter.customers import phone
from callcenter.customers.errors import NotANumberError
from callcenter.importing import blocked
from callcenter.importing.blocked import Blocked
from callcenter.importing.fields import DateForm, Field
from tickets.calendar import SHANGHAI, Calendar
from tickets.errors import Words


class Wrong(StrEnum):
    """What can be wrong with a row; each says what to do."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    COLUMNS_DIFFER = "columns_differ"
    DAMAGED = "damaged_by_a_spreadsheet"
    NOT_A_PHONE = "not_a_phone_number"
    EMERGENCY = "emergency_number"
    SERVICE = "service_number"
    PREMIUM_RATE = "premium_rate_number"
    OWN = "own_number"
    ABROAD = "number_abroad"
    NOT_AN_ID = "not_an_id_number"
    ID_DIFFERS = "id_number_differs"
    NOT_A_POLICY_NUMBER = "not_a_policy_number"
    NO_SUCH_DAY = "no_such_day"
    DAY_FORM_UNKNOWN = "day_form_unknown"
    OTHER_ZONE = "other_zone"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_NUMBER = "not_a_number"
    UNKNOWN_WORD = "unknown_word"
    OUTSIDE_HOURS = "outside_calling_hours"
    HOLIDAY = "on_a_holiday"
    PAST = "past"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DUPLICATE = "duplicate_in_file"
    UNKNOWN_ORGANISATION = "unknown_organisation"
    HELD_ELSEWHERE = "policy_held_elsewhere"
    HOLDER_DIFFERS = "holder_differs"
    PHONE_DIFFERS = "phone_not_held_at_underwriting"
    UNKNOWN_POLICY = "unknown_policy"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    OUT_OF_CAMPAIGN = "not_of_this_campaign"
    NO_NUMBER = "no_number_held_at_underwriting"
    CALLED_BACK_ALREADY = "open_in_another_campaign"
    VARIABLE_MISSING = "script_variable_missing"


WORDS: Final[Mapping[Wrong, Words]] = {
    Wrong.MISSING: Words("没有值。请补全", "no value: fill it in"),
    Wrong.TOO_LONG: Words("过长。请缩短", "too long: shorten it"),
    Wrong.CONTROL_CHARACTER: Words(
        "含有不可见的控制字符。请重新输入", "holds an invisible control character: type it anew"
    ),
    Wrong.COLUMNS_DIFFER: Words(
        "值的个数与表头不同。请检查分隔符、引号和换行",
        "more or fewer values than the header: look at delimiters, quotation marks, line breaks",
    ),
    Wrong.DAMAGED: Words(
        "已被电子表格改坏，不能还原。请从源系统重新导出，并把该列设为文本",
        "damaged by a spreadsheet beyond repair: export it anew, with the column set to text",
    ),
    Wrong.NOT_A_PHONE: Words("不是电话号码。请核对", "not a telephone number: check it"),
    Wrong.EMERGENCY: Words("是紧急号码，不得外呼。请删除或更正", "an emergency number, never rung: correct it"),
    Wrong.SERVICE: Words("是服务号码或短号码，不是客户号码。请更正", "a service or short number: correct it"),
    Wrong.PREMIUM_RATE: Words("是声讯收费号码，不得外呼。请更正", "a premium-rate number, never rung: correct it"),
    Wrong.OWN: Words("是本公司号码。请更正", "a number of our own: correct it"),
    Wrong.ABROAD: Words("是境外号码，不在允许之列。请更正或请管理员开放", "a number of a country that is not rung"),
    Wrong.NOT_AN_ID: Words("证件号码有误（位数、字符或日期）。请核对", "not a valid identity number: check it"),
    Wrong.ID_DIFFERS: Words("与证件号码中的日期不同。请核对", "differs from the day in the identity number: check it"),
    Wrong.NOT_A_POLICY_NUMBER: Words("不是保单号。请核对", "not a policy number: check it"),
    Wrong.NO_SUCH_DAY: Words("没有这一天。请更正", "there is no such day: correct it"),
    Wrong.DAY_FORM_UNKNOWN: Words(
        "日期写法不明。请写成2026-11-18，或在对应关系中指定该列的日期格式",
        "the day can be read in several ways: write 2026-11-18, or say the column's form in the mapping",
    ),
    Wrong.OTHER_ZONE: Words("不是北京时间。请换算成北京时间", "of another zone: give the time in Shanghai"),
    Wrong.OUT_OF_RANGE: Words("超出允许范围。请更正", "out of range: correct it"),
    Wrong.NOT_A_NUMBER: Words("不是数字。请更正", "not a number: correct it"),
    Wrong.UNKNOWN_WORD: Words("不认识的取值。请使用说明中的词", "not one of the known words"),
    Wrong.OUTSIDE_HOURS: Words("不在允许拨打的时间内。请改期", "outside calling hours: move it"),
    Wrong.HOLIDAY: Words("是休息日。请改为工作日，客户自己预约的填客户预约时间", "not a working day: move it"),
    Wrong.PAST: Words("已经过去。请改期", "it has passed: move it"),
    Wrong.CONSENT_WITHDRAWN: Words("客户已撤回同意，不安排回访", "consent was withdrawn: no callback"),
    Wrong.DUPLICATE: Words(
        "保单号在前面的行已出现，只取第一次", "the policy stands in an earlier row, which was taken"
    ),
    Wrong.UNKNOWN_ORGANISATION: Words("没有这个机构，或不在您的管辖内。请更正", "no such organisation in your reach"),
    Wrong.HELD_ELSEWHERE: Words("不能使用这个保单号。请核对", "this policy number cannot be used: check it"),
    Wrong.HOLDER_DIFFERS: Words("与核心系统中的投保人不同。请核对", "not the policyholder we know: check it"),
    Wrong.PHONE_DIFFERS: Words(
        "不是承保时登记的号码。请先办理保全变更",
        "not held at underwriting: change it by a policy-service request first",
    ),
    Wrong.UNKNOWN_POLICY: Words(
        "没有这张保单，行内资料也不足以新建", "no such policy, nor enough in the row to add it"
    ),
    Wrong.NOT_IN_FORCE: Words("保单未生效或已终止，不安排回访", "the policy is not in force: no callback"),
    Wrong.OUT_OF_SCOPE: Words("不属于回访范围", "not in the scope of callbacks"),
    Wrong.OUT_OF_CAMPAIGN: Words("不属于本批次的产品、渠道或地区", "not of the campaign's products, channels, regions"),
    Wrong.NO_NUMBER: Words("没有承保时登记的号码。请改用信函或上门", "no number held at underwriting"),
    Wrong.CALLED_BACK_ALREADY: Words("另一批次正在回访，不重复安排", "being called back by another campaign"),
    Wrong.VARIABLE_MISSING: Words("话术要用到的资料缺失。请补全", "the script needs it and it is missing: fill it in"),
}
"""What is wrong, and what to do."""

OF_BLOCKED: Final = {
    Blocked.EMERGENCY: Wrong.EMERGENCY,
    Blocked.SERVICE: Wrong.SERVICE,
    Blocked.PREMIUM_RATE: Wrong.PREMIUM_RATE,
    Blocked.OWN: Wrong.OWN,
    Blocked.ABROAD: Wrong.ABROAD,
}


class FaultError(Exception):
    """A value that is not taken, and why."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong)
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Reading:
    """What values are judged by: the moment, the calendar, the numbers never rung, how days are written, when customers
    are rung."""

    at: datetime
    calendar: Calendar
    numbers: blocked.Rules
    date_forms: Mapping[Field, DateForm]
    hours: CallingHours = STANDARD


LONGEST: Final = 200
EARLIEST_DAY: Final = date(1900, 1, 1)
MOST_AHEAD: Final = timedelta(days=366)
HIGHEST_PRIORITY: Final = 9
SERIAL_EPOCH: Final = date(1899, 12, 30)

UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_POLICY = re.compile(r"[0-9A-Z][0-9A-Z/_-]{1,39}")
_ROUNDED = re.compile(r"[+-]?\d+(?:\.\d+)?[eE]\+?\d+|\d+\.0+")
_ID_18 = re.compile(r"\d{17}[\dX]")
_ID_15 = re.compile(r"\d{15}")
_OTHER_ID = re.compile(r"[0-9A-Z()]{5,20}")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_THREE = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})")
_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.\d+)?)?")
_ZONE = re.compile(r"(?i)(Z|UTC|GMT|[+-]\d{2}:?\d{2})$")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"


def read(field: Field, text: str, by: Reading) -> Any:
    """The value of a cell, None for an empty one. Raises FaultError."""
    text = text.strip()
    if not text:
        return None
    if UNSEEN.search(text):
        raise FaultError(Wrong.CONTROL_CHARACTER)
    if len(text) > LONGEST:
        raise FaultError(Wrong.TOO_LONG)
    return _READERS[field](field, text, by)


def _text(_field: Field, text: str, _by: Reading) -> str:
    return " ".join(unicodedata.normalize("NFC", text.removeprefix("'")).split())


def _policy_number(_field: Field, text: str, _by: Reading) -> str:
    plain = unicodedata.normalize("NFKC", text).removeprefix("'").replace(" ", "").upper()
    if _ROUNDED.fullmatch(plain):
        raise FaultError(Wrong.DAMAGED)
    if not _POLICY.fullmatch(plain):
        raise FaultError(Wrong.NOT_A_POLICY_NUMBER)
    return plain


def _phone(_field: Field, text: str, by: Reading) -> str:
    try:
        number = phone.parse(text)
    except NotANumberError as error:
        raise FaultError(Wrong.DAMAGED if error.reason == "damaged_by_a_spreadsheet" else Wrong.NOT_A_PHONE) from None
    reason = blocked.why(number, by.numbers)
    if reason is not None:
        raise FaultError(OF_BLOCKED[reason])
    return number


def _id_number(_field: Field, text: str, _by: Reading) -> str:
    """A resident's number with its day; others (passport, officer's, pass) by their characters alone."""
    plain = unicodedata.normalize("NFKC", text).removeprefix("'").replace(" ", "").upper()
    if _ROUNDED.fullmatch(plain):
        raise FaultError(Wrong.DAMAGED)
    if len(plain) == 18 and plain[:17].isdigit():
        if not _ID_18.fullmatch(plain) or born(plain) is None:
            raise FaultError(Wrong.NOT_AN_ID)
        if plain[15:] == "000" and not _fits_check(plain):  # a spreadsheet keeps fifteen digits
            raise FaultError(Wrong.DAMAGED)
        return plain
    if not _ID_15.fullmatch(plain) and not _OTHER_ID.fullmatch(plain):
        raise FaultError(Wrong.NOT_AN_ID)
    return plain


def born(id_number: str) -> date | None:
    """The day of birth a resident's number holds."""
    try:
        return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        return None


def _fits_check(plain: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(plain, _WEIGHTS, strict=False))
    return _CHECK[total % 11] == plain[17]


def _day(field: Field, text: str, by: Reading) -> date:
    plain = unicodedata.normalize("NFKC", text).removeprefix("'").strip()
    return _day_of(_date_part(plain, by.date_forms.get(field)), by.date_forms.get(field))


def _date_part(plain: str, form: DateForm | None) -> str:
    """Without a midnight behind it, as databases write days."""
    return plain if form is DateForm.SERIAL else re.sub(r"[ T]0?0:00(?::00(?:\.0+)?)?$", "", plain)


@lru_cache(maxsize=8192)
def _day_of(plain: str, form: DateForm | None) -> date:
    if form is DateForm.SERIAL:
        if not re.fullmatch(r"\d{1,6}(?:\.0+)?", plain):
            raise FaultError(Wrong.DAY_FORM_UNKNOWN)
        return _within(SERIAL_EPOCH + timedelta(days=int(float(plain))))
    if form in (DateForm.DAY_FIRST, DateForm.MONTH_FIRST):
        found = _THREE.fullmatch(plain)
        if found is None or len(found[3]) != 4 or len(found[1]) > 2:
            raise FaultError(Wrong.DAY_FORM_UNKNOWN)
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if form is DateForm.DAY_FIRST else (second, first)
        return _date(int(found[3]), month, day)
    found = _DAY.fullmatch(plain)
    if found is None:
        raise FaultError(Wrong.DAY_FORM_UNKNOWN)
    parts = found.groups()[:3] if found[1] else found.groups()[3:]
    return _date(*(int(part) for part in parts))


def _date(year: int, month: int, day: int) -> date:
    try:
        return _within(date(year, month, day))
    except ValueError:
        raise FaultError(Wrong.NO_SUCH_DAY) from None


def _within(day: date) -> date:
    if not day >= EARLIEST_DAY or day.year > 2200:
        raise FaultError(Wrong.OUT_OF_RANGE)
    return day


def _moment(field: Field, text: str, by: Reading) -> datetime:
    """A moment in Shanghai, whatever the machine's zone."""
    plain = unicodedata.normalize("NFKC", text).removeprefix("'").strip()
    zone = _ZONE.search(plain)
    if zone is not None:
        if zone[1].replace(":", "") != "+0800":
            raise FaultError(Wrong.OTHER_ZONE)
        plain = plain[: zone.start()].strip()
    form = by.date_forms.get(field)
    if form is DateForm.SERIAL:
        raise FaultError(Wrong.DAY_FORM_UNKNOWN)
    day_part, _, clock_part = plain.replace("T", " ").rpartition(" ")
    found = _CLOCK.fullmatch(clock_part)
    if found is None or not day_part:
        raise FaultError(Wrong.DAY_FORM_UNKNOWN)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise FaultError(Wrong.NO_SUCH_DAY)
    day = _day_of(day_part, form)
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)


def _chosen(field: Field, text: str, by: Reading) -> datetime:
    """When the customer asked to be rung: at any hour (C-18), but still to come."""
    moment = _moment(field, text, by)
    if moment <= by.at:
        raise FaultError(Wrong.PAST)
    if moment > by.at + MOST_AHEAD:
        raise FaultError(Wrong.OUT_OF_RANGE)
    return moment


def _planned(field: Field, text: str, by: Reading) -> datetime:
    """When the company would ring: a working day, within calling hours (C-18)."""
    moment = _chosen(field, text, by)
    if not by.hours.may_ring(moment, by.calendar):
        raise FaultError(Wrong.OUTSIDE_HOURS)
    if not by.calendar.is_workday(moment.astimezone(SHANGHAI).date()):
        raise FaultError(Wrong.HOLIDAY)
    return moment


def _amount(_field: Field, text: str, _by: Reading) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).removeprefix("¥").removesuffix("元").replace(",", "").strip()
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise FaultError(Wrong.NOT_A_NUMBER) from None
    if not amount.is_finite() or not Decimal("0.01") <= amount < Decimal(10) ** 12:
        raise FaultError(Wrong.OUT_OF_RANGE)
    return amount.quantize(Decimal("0.01"))


def _whole(lowest: int, highest: int) -> Callable[[Field, str, Reading], int]:
    def parse(_field: Field, text: str, _by: Reading) -> int:
        plain = unicodedata.normalize("NFKC", text).strip()
        plain = re.sub(r"\.0+$", "", plain.removesuffix("年").removesuffix("天"))
        if not re.fullmatch(r"[+-]?\d{1,12}", plain):
            raise FaultError(
                Wrong.OUT_OF_RANGE if re.fullmatch(r"[+-]?[\d.]+[eE][+-]?\d+", plain) else Wrong.NOT_A_NUMBER
            )
        if not lowest <= int(plain) <= highest:
            raise FaultError(Wrong.OUT_OF_RANGE)
        return int(plain)

    return parse


def _word(words: Mapping[str, tuple[str, ...]]) -> Callable[[Field, str, Reading], str]:
    known = {each.casefold(): code for code, all in words.items() for each in (code, *all)}

    def parse(_field: Field, text: str, _by: Reading) -> str:
        try:
            return known[unicodedata.normalize("NFKC", text).strip().casefold()]
        except KeyError:
            raise FaultError(Wrong.UNKNOWN_WORD) from None

    return parse


_TRUTH = _word(
    {"yes": ("是", "y", "true", "1", "有", "同意"), "no": ("否", "n", "false", "0", "无", "不同意", "撤回", "已撤回")}
)


def _truth(field: Field, text: str, by: Reading) -> bool:
    return _TRUTH(field, text, by) == "yes"


CODES: Final[Mapping[Field, Mapping[str, tuple[str, ...]]]] = {
    Field.GENDER: {"female": ("女", "女性", "f"), "male": ("男", "男性", "m")},
    Field.PRODUCT_KIND: {
        "life": ("寿险", "普通寿险", "传统险", "普通型"),
        "annuity": ("年金", "年金险", "年金保险"),
        "health": ("健康险", "健康保险", "重疾险"),
        "participating": ("分红险", "分红型", "分红"),
        "universal": ("万能险", "万能型", "万能"),
        "unit_linked": ("投连险", "投资连结型", "投资连结", "投连"),
    },
    Field.SALES_CHANNEL: {
        "agent": ("个险", "代理人", "个人代理", "营销员"),
        "bank": ("银保", "银行", "银行代理", "银邮"),
        "telesales": ("电销", "电话销售"),
        "internet": ("互联网", "网销", "网络"),
        "broker": ("经纪", "经代", "经纪代理"),
        "group": ("团险", "团体"),
    },
    Field.PAYMENT: {
        "single": ("趸交", "趸缴", "一次性"),
        "yearly": ("年交", "年缴"),
        "half_yearly": ("半年交", "半年缴"),
        "quarterly": ("季交", "季缴"),
        "monthly": ("月交", "月缴"),
    },
    Field.STATUS: {
        "pending": ("待生效", "未生效", "承保中"),
        "in_force": ("有效", "生效", "正常", "已承保"),
        "lapsed": ("失效", "中止", "效力中止"),
        "surrendered": ("退保", "已退保"),
        "terminated": ("终止", "已终止", "满期"),
    },
}
"""The codes of the schema, and what lists write for them."""

_READERS: Final[Mapping[Field, Callable[[Field, str, Reading], Any]]] = {
    Field.POLICY_NUMBER: _policy_number,
    Field.HOLDER_NAME: _text,
    Field.PHONE: _phone,
    Field.SECOND_PHONE: _phone,
    Field.ID_NUMBER: _id_number,
    Field.BIRTH_DATE: _day,
    Field.ORGANISATION: _text,
    Field.PRODUCT_NAME: _text,
    Field.SALESPERSON: _text,
    Field.INSURED_NAME: _text,
    Field.LONG_TERM: _truth,
    Field.GUARANTEED_RENEWAL: _truth,
    Field.PREMIUM: _amount,
    Field.PAYING_YEARS: _whole(1, 106),
    Field.ISSUED_ON: _day,
    Field.RECEIVED_ON: _day,
    Field.COOLING_OFF_DAYS: _whole(1, 365),
    Field.GROUP_BUSINESS: _truth,
    Field.SALE_RECORDED: _truth,
    Field.PREMIUM_DUE_ON: _day,
    Field.LAPSED_ON: _day,
    Field.SURRENDERED_ON: _day,
    Field.CLAIM_SETTLED_ON: _day,
    Field.PAID_OUT_ON: _day,
    Field.SALESPERSON_LEFT_ON: _day,
    Field.CORE_NUMBER: _policy_number,
    Field.SALES_CALLS_REFUSED_UNTIL: _day,
    Field.CONSENT: _truth,
    Field.CHOSEN_AT: _chosen,
    Field.PLANNED_AT: _planned,
    Field.PRIORITY: _whole(0, HIGHEST_PRIORITY),
    **{field: _word(words) for field, words in CODES.items()},
}
