"""Invented data for previews and for the trial at saving. Names no real person."""

from datetime import date, datetime
from typing import Any

from callcenter.documents.facts import Acknowledgement, Complainant, Imprint, Limit, Office, Order
from callcenter.documents.kinds import FORMS, Kind, number
from tickets.calendar import SHANGHAI

AT = datetime(2026, 3, 3, 10, 20, tzinfo=SHANGHAI)
OFFICE = Office(company="某某人寿保险股份有限公司", name="广州中心支公司客户服务部", hotline="95519")
ORDER = Order(
    number="95519-20260302-000018",
    received_at=datetime(2026, 3, 2, 16, 45, tzinfo=SHANGHAI),
    channel="信函",
    source="客户直接",
    category="理赔类",
    severity="一般投诉",
    demand="请尽快支付住院医疗保险金8,640.50元，并说明迟延原因。",
    description="客户于2026年1月20日提交住院理赔申请，材料齐全。\n至来信之日已逾三十日，未收到赔款，也未接到任何通知。"
    "多次致电，答复均为“正在审核”。",
    policy_number="P44010020210000881",
    accepting="广州中心支公司",
)
COMPLAINANT = Complainant(name="陈𠮷祥", phone="13900000001", kind="投保人或被保险人")


def imprint(kind: Kind) -> Imprint:
    """The document's own part."""
    return Imprint(
        number=number("gd-gz", kind, 2026, 18),
        title=FORMS[kind].words.zh,
        issued_at=AT,
        issuer="林晓",
        note="请您备齐住院费用清单原件，以便我公司核对。",
        replaces=number("gd-gz", kind, 2026, 17),
        replaces_reason="原文书所载保单号有误",
    )


def sample(kind: Kind) -> Any:
    """Facts of the kind with everything filled in."""
    match kind:
        case Kind.ACKNOWLEDGEMENT | Kind.EMAIL_REPLY:
            return Acknowledgement(
                document=imprint(kind),
                office=OFFICE,
                order=ORDER,
                complainant=COMPLAINANT,
                answer=Limit("办理并答复客户", date(2026, 3, 9), provisional=False),
            )
