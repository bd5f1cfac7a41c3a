"""What a column of a list can hold, what it is called in headers, and what a row must have. Values only.

Must never guess a column from what stands in its rows: a header names it, or a person does.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from tickets.errors import Words


class Field(StrEnum):
    """What a column holds."""

    POLICY_NUMBER = "policy_number"
    HOLDER_NAME = "holder_name"
    PHONE = "phone"
    SECOND_PHONE = "second_phone"
    ID_NUMBER = "id_number"
    BIRTH_DATE = "birth_date"
    GENDER = "gender"
    ORGANISATION = "organisation"
    PRODUCT_NAME = "product_name"
    PRODUCT_KIND = "product_kind"
    SALES_CHANNEL = "sales_channel"
    SALESPERSON = "salesperson"
    INSURED_NAME = "insured_name"
    LONG_TERM = "long_term"
    GUARANTEED_RENEWAL = "guaranteed_renewal"
    PREMIUM = "premium"
    PAYMENT = "payment"
    PAYING_YEARS = "paying_years"
    ISSUED_ON = "issued_on"
    RECEIVED_ON = "received_on"
    COOLING_OFF_DAYS = "cooling_off_days"
    STATUS = "status"
    GROUP_BUSINESS = "group_business"
    SALE_RECORDED = "sale_recorded"
    PREMIUM_DUE_ON = "premium_due_on"
    LAPSED_ON = "lapsed_on"
    SURRENDERED_ON = "surrendered_on"
    CLAIM_SETTLED_ON = "claim_settled_on"
    PAID_OUT_ON = "paid_out_on"
    SALESPERSON_LEFT_ON = "salesperson_left_on"
    CORE_NUMBER = "core_number"
    SALES_CALLS_REFUSED_UNTIL = "sales_calls_refused_until"
    CONSENT = "consent"
    CHOSEN_AT = "chosen_at"
    PLANNED_AT = "planned_at"
    PRIORITY = "priority"
    IGNORED = "ignored"


class DateForm(StrEnum):
    """How the days of a column are written. Only the year first is understood without being told (C11)."""

    YEAR_FIRST = "year_first"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"
    SERIAL = "serial"


class Kind(StrEnum):
    """What a list is for."""

    TASKS = "tasks"
    POLICIES = "policies"


WORDS: Final[Mapping[Field, Words]] = {
    Field.POLICY_NUMBER: Words("保单号", "policy number"),
    Field.HOLDER_NAME: Words("投保人姓名", "policyholder's name"),
    Field.PHONE: Words("联系电话", "telephone"),
    Field.SECOND_PHONE: Words("备用电话", "second telephone"),
    Field.ID_NUMBER: Words("证件号码", "identity number"),
    Field.BIRTH_DATE: Words("出生日期", "date of birth"),
    Field.GENDER: Words("性别", "gender"),
    Field.ORGANISATION: Words("承保机构", "underwriting organisation"),
    Field.PRODUCT_NAME: Words("产品名称", "product"),
    Field.PRODUCT_KIND: Words("产品类型", "kind of product"),
    Field.SALES_CHANNEL: Words("销售渠道", "sales channel"),
    Field.SALESPERSON: Words("销售人员", "salesperson"),
    Field.INSURED_NAME: Words("被保险人", "insured"),
    Field.LONG_TERM: Words("是否一年期以上", "over one year"),
    Field.GUARANTEED_RENEWAL: Words("是否保证续保", "guaranteed renewal"),
    Field.PREMIUM: Words("保费", "premium"),
    Field.PAYMENT: Words("交费方式", "payment"),
    Field.PAYING_YEARS: Words("交费年限", "years of payment"),
    Field.ISSUED_ON: Words("承保日期", "day of issue"),
    Field.RECEIVED_ON: Words("签收日期", "day of signed receipt"),
    Field.COOLING_OFF_DAYS: Words("犹豫期天数", "cooling-off days"),
    Field.STATUS: Words("保单状态", "policy status"),
    Field.GROUP_BUSINESS: Words("是否团体业务", "group business"),
    Field.SALE_RECORDED: Words("是否已双录", "sale recorded"),
    Field.PREMIUM_DUE_ON: Words("续期应交日", "renewal premium due on"),
    Field.LAPSED_ON: Words("失效日期", "lapsed on"),
    Field.SURRENDERED_ON: Words("退保日期", "surrendered on"),
    Field.CLAIM_SETTLED_ON: Words("理赔结案日期", "claim settled on"),
    Field.PAID_OUT_ON: Words("给付日期", "paid out on"),
    Field.SALESPERSON_LEFT_ON: Words("销售人员离职日期", "salesperson left on"),
    Field.CORE_NUMBER: Words("客户号", "customer's number in the core system"),
    Field.SALES_CALLS_REFUSED_UNTIL: Words("拒绝营销电话至", "sales calls refused until"),
    Field.CONSENT: Words("是否同意联系", "consent"),
    Field.CHOSEN_AT: Words("客户预约时间", "moment the customer chose"),
    Field.PLANNED_AT: Words("计划回访时间", "planned moment"),
    Field.PRIORITY: Words("优先级", "priority"),
    Field.IGNORED: Words("不导入", "not taken"),
}
DATE_FORM_WORDS: Final[Mapping[DateForm, Words]] = {
    DateForm.YEAR_FIRST: Words("年月日", "year first"),
    DateForm.DAY_FIRST: Words("日月年", "day first"),
    DateForm.MONTH_FIRST: Words("月日年", "month first"),
    DateForm.SERIAL: Words("电子表格序数", "spreadsheet's serial number"),
}
KIND_WORDS: Final[Mapping[Kind, Words]] = {
    Kind.TASKS: Words("回访名单", "callback tasks"),
    Kind.POLICIES: Words("保单", "policies"),
}

DATES: Final = frozenset(
    {Field.BIRTH_DATE, Field.ISSUED_ON, Field.RECEIVED_ON, Field.SALES_CALLS_REFUSED_UNTIL, Field.CHOSEN_AT}
    | {Field.PLANNED_AT, Field.PREMIUM_DUE_ON, Field.LAPSED_ON, Field.SURRENDERED_ON, Field.CLAIM_SETTLED_ON}
    | {Field.PAID_OUT_ON, Field.SALESPERSON_LEFT_ON}
)
OF_TASKS: Final = frozenset({Field.CONSENT, Field.CHOSEN_AT, Field.PLANNED_AT, Field.PRIORITY})
"""What only a task has: in a list of policies there is no place for it."""
OF_NEW_POLICY: Final = (Field.HOLDER_NAME, Field.PHONE, Field.PRODUCT_NAME)
"""What a row must have when its policy is not known yet."""

HEADERS: Final[Mapping[Field, tuple[str, ...]]] = {
    Field.POLICY_NUMBER: ("保单号", "保单号码", "保险单号", "保单编号", "保单", "policy", "policyno", "policynumber"),
    Field.HOLDER_NAME: (
        *("投保人", "投保人姓名", "客户姓名", "姓名", "客户名称", "客户", "投保人名称"),
        *("name", "customer", "customername", "holder", "holdername", "policyholder", "policyholdername"),
    ),
    Field.PHONE: (
        *("手机", "手机号", "手机号码", "联系电话", "电话", "电话号码", "联系手机", "投保人手机", "投保人电话"),
        *("投保人手机号", "投保人联系电话", "移动电话", "客户电话", "客户手机号"),
        *("phone", "mobile", "phonenumber", "mobilenumber", "telephone", "tel", "cell"),
    ),
    Field.SECOND_PHONE: (
        *("备用电话", "其他电话", "固定电话", "座机", "联系电话2", "电话2", "家庭电话", "备用联系电话"),
        *("phone2", "secondphone", "otherphone", "landline"),
    ),
    Field.ID_NUMBER: (
        *("证件号", "证件号码", "身份证", "身份证号", "身份证号码", "投保人证件号", "投保人证件号码", "投保人身份证号"),
        *("idnumber", "idno", "idcard", "identitynumber"),
    ),
    Field.BIRTH_DATE: (
        "出生日期",
        "生日",
        "投保人生日",
        "投保人出生日期",
        "birthdate",
        "birthday",
        "dateofbirth",
        "dob",
    ),
    Field.GENDER: ("性别", "投保人性别", "gender", "sex"),
    Field.ORGANISATION: (
        *("承保机构", "机构", "机构代码", "机构号", "管理机构", "分公司", "承保公司", "出单机构"),
        *("organisation", "organization", "organisationid", "organizationid", "org", "orgid", "branch"),
    ),
    Field.PRODUCT_NAME: ("产品", "产品名称", "险种", "险种名称", "主险名称", "product", "productname"),
    Field.PRODUCT_KIND: ("产品类型", "险种类型", "险种类别", "产品类别", "productkind", "producttype", "kind"),
    Field.SALES_CHANNEL: ("渠道", "销售渠道", "展业渠道", "saleschannel", "channel"),
    Field.SALESPERSON: (
        "销售人员",
        "业务员",
        "业务员姓名",
        "代理人",
        "销售人员姓名",
        "salesperson",
        "agent",
        "agentname",
    ),
    Field.INSURED_NAME: ("被保险人", "被保人", "被保险人姓名", "被保人姓名", "insured", "insuredname"),
    Field.LONG_TERM: ("是否一年期以上", "是否长期险", "长期险", "长险", "longterm"),
    Field.GUARANTEED_RENEWAL: ("是否保证续保", "保证续保", "guaranteedrenewal"),
    Field.PREMIUM: ("保费", "保险费", "期交保费", "首期保费", "保费金额", "premium"),
    Field.PAYMENT: ("交费方式", "缴费方式", "交费频率", "缴费频率", "payment", "paymentmode", "frequency"),
    Field.PAYING_YEARS: ("交费年限", "缴费年限", "交费年期", "缴费年期", "交费期间", "缴费期间", "payingyears"),
    Field.ISSUED_ON: ("承保日期", "出单日期", "签发日期", "生效日期", "issuedon", "issuedate", "issued"),
    Field.RECEIVED_ON: (
        "签收日期",
        "回执日期",
        "保单签收日期",
        "回执签收日期",
        "receivedon",
        "receiptdate",
        "received",
    ),
    Field.COOLING_OFF_DAYS: ("犹豫期", "犹豫期天数", "犹豫期(天)", "coolingoffdays", "coolingoff"),
    Field.STATUS: ("保单状态", "状态", "status", "policystatus"),
    Field.GROUP_BUSINESS: ("是否团体业务", "团体业务", "是否团险", "groupbusiness"),
    Field.SALE_RECORDED: ("是否已双录", "是否双录", "双录", "双录标识", "salerecorded"),
    Field.PREMIUM_DUE_ON: ("续期应交日", "应交日", "应交日期", "应缴日", "应缴日期", "premiumdueon", "duedate"),
    Field.LAPSED_ON: ("失效日期", "失效日", "lapsedon"),
    Field.SURRENDERED_ON: ("退保日期", "退保日", "surrenderedon"),
    Field.CLAIM_SETTLED_ON: ("理赔结案日期", "结案日期", "claimsettledon"),
    Field.PAID_OUT_ON: ("给付日期", "给付日", "paidouton"),
    Field.SALESPERSON_LEFT_ON: ("销售人员离职日期", "业务员离职日期", "离职日期", "salespersonlefton"),
    Field.CORE_NUMBER: ("客户号", "客户编号", "核心客户号", "corenumber", "customernumber"),
    Field.SALES_CALLS_REFUSED_UNTIL: (
        *("拒绝营销电话至", "拒绝营销至", "免打扰至", "禁拨至", "拒访至"),
        *("salescallsrefuseduntil", "donotcalluntil", "dncuntil"),
    ),
    Field.CONSENT: ("是否同意联系", "同意联系", "授权", "是否授权", "联系授权", "consent", "consented"),
    Field.CHOSEN_AT: ("客户预约时间", "预约时间", "预约回访时间", "chosenat", "appointment"),
    Field.PLANNED_AT: ("计划回访时间", "计划时间", "回访时间", "计划拨打时间", "plannedat", "schedule", "scheduledat"),
    Field.PRIORITY: ("优先级", "优先级别", "priority"),
}
"""As `plain` writes them; no two fields share one."""

_NOISE = re.compile(r"[\s_\-*:：.。]+|[(（](?:必填|选填|元|required|optional)[)）]")


def plain(header: str) -> str:
    """A header without what differs between hands: width, case, spaces, stars."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", header).casefold().strip("\ufeff"))


_KNOWN: Final[Mapping[str, Field]] = {plain(each): field for field, all in HEADERS.items() for each in all}


def named(header: str) -> Field | None:
    """The field a header names."""
    return _KNOWN.get(plain(header))
