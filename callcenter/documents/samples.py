"""Invented data for previews and for the trial at saving. Names no real person."""

from datetime import date, datetime
from typing import Any

from callcenter.documents import facts
from callcenter.documents.facts import Acknowledgement, Complainant, Imprint, Limit, Office, Order
from callcenter.documents.kinds import FORMS, Kind, number
from tickets.calendar import SHANGHAI
from tickets.letters import default_remedies

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


MASKED = Complainant(name="陈**", phone="139****0001", kind="投保人或被保险人")
SLIP = facts.Slip(
    number="95519-20260302-000018-H01",
    part="主办",
    department="业务管理部门",
    organisation="广州中心支公司",
    category="理赔类",
    request="客户反映住院理赔超过三十日未付。初步意见：材料齐全，应按条款核付；请查明迟延环节和责任。",
    sent_at=datetime(2026, 3, 3, 9, 30, tzinfo=SHANGHAI),
    sent_by="林晓",
    accept_by=date(2026, 3, 4),
    fixed=True,
    state="已反馈",
    accepted_at=datetime(2026, 3, 3, 14, 5, tzinfo=SHANGHAI),
    accepted_by="周敏",
    returned_at=datetime(2026, 3, 3, 15, 0, tzinfo=SHANGHAI),
    return_reason="本案资料由理赔集中作业中心保管。",
    answered_at=datetime(2026, 3, 5, 16, 40, tzinfo=SHANGHAI),
    answered_by="周敏",
    answer="经查，理赔资料于1月21日扫描上传，因影像系统任务积压未分配核赔人，至3月3日方进入核赔。\n"
    "应付保险金8,640.50元，已于3月5日核定，建议按合同约定支付并就迟延向客户致歉。",
)
ANSWER = facts.Answer(
    facts="1. 您于2026年1月20日提交住院医疗保险金理赔申请，材料齐全。\n"
    "2. 因我公司影像系统任务积压，申请未及时分配核赔人员。",
    basis="1. 《中华人民共和国保险法》第二十三条：保险人收到请求后应当及时作出核定，"
    "情形复杂的应当在三十日内作出核定。\n"
    "2. 保险条款第五条：住院医疗费用属于保险责任。",
    decision="1. 支付住院医疗保险金8,640.50元，于2026年3月9日前划入您的保单约定账户。\n"
    "2. 就理赔迟延向您致歉，并督促责任部门整改。",
    decided_at=datetime(2026, 3, 5, 17, 0, tzinfo=SHANGHAI),
    remedies=tuple(default_remedies("广东分公司").values()),
    validity="有效投诉",
)


def sample(kind: Kind) -> Any:
    """Facts of the kind with everything filled in."""
    match kind:
        case Kind.ACKNOWLEDGEMENT | Kind.EMAIL_REPLY:
            return Acknowledgement(imprint(kind), OFFICE, ORDER, COMPLAINANT, ANSWER_BY)
        case Kind.SLIP:
            others = (facts.Beside("95519-20260302-000018-H02", "协办", "信息技术部门", "已接收"),)
            return facts.JointHandling(imprint(kind), OFFICE, ORDER, MASKED, SLIP, ANSWER_BY, others)
        case Kind.REMINDER:
            return facts.Reminding(imprint(kind), OFFICE, ORDER, SLIP, REMINDER)
        case Kind.EXTENSION:
            return facts.Extension(imprint(kind), OFFICE, ORDER, COMPLAINANT, EXTENDED)
        case Kind.MINUTES:
            return facts.Minutes(
                document=imprint(kind),
                office=OFFICE,
                order=ORDER,
                meeting=MEETING,
                opinions=(
                    facts.Opinion("周敏", "资料齐全，属于保险责任，同意赔付。"),
                    facts.Opinion("信息技术部门（书面）", "任务积压系影像系统分配规则缺陷，已修复。"),
                ),
                ruling=RULING,
                adjourned="待信息技术部门补充系统日志后再议。",
                duties=(
                    facts.Duty(
                        "支付保险金并致歉",
                        "周敏",
                        date(2026, 3, 9),
                        datetime(2026, 3, 9, 11, tzinfo=SHANGHAI),
                        "已办结",
                    ),
                ),
            )
        case Kind.OPINION_LETTER:
            to = facts.Address("陈𠮷祥", "广州市天河区体育东路1号")
            clearance = facts.Clearance("何律", datetime(2026, 3, 6, 10, 15, tzinfo=SHANGHAI), 2)
            return facts.OpinionLetter(imprint(kind), OFFICE, ORDER, COMPLAINANT, to, ANSWER, clearance)
        case Kind.DECISION:
            return facts.Decision(imprint(kind), OFFICE, ORDER, COMPLAINANT, ANSWER)
        case Kind.CASE_COVER | Kind.CASE_INDEX:
            return facts.CaseFile(
                document=imprint(kind),
                office=OFFICE,
                order=ORDER,
                complainant=MASKED,
                course=COURSE,
                papers=PAPERS,
                owed=(facts.Owed("受理确认", ("R-4.4", "R-4.7"), "客户电话多次无人接听，信函退回。"),),
                count=len(PAPERS),
                complete=True,
            )


ANSWER_BY = Limit("办理并答复客户", date(2026, 3, 9), provisional=False)
REMINDER = facts.Urging(
    number="95519-20260302-000018-H01-C02",
    stage="逾期催办",
    sent_at=datetime(2026, 3, 10, 9, 0, tzinfo=SHANGHAI),
    sent_by="系统",
    due_day=date(2026, 3, 9),
    remaining=0,
    overdue=1,
    message="本件已逾期1个工作日，贵部门尚未反馈。请立即办理并反馈客服部门。",
    copied=True,
    turn=2,
)
EXTENDED = facts.Extended(
    second=True,
    reason="须向医院调取全部病历并委托鉴定，预计四周。",
    recorded_at=datetime(2026, 3, 30, 9, 0, tzinfo=SHANGHAI),
    approved_at=datetime(2026, 3, 31, 10, 0, tzinfo=SHANGHAI),
    approved_by="黎总",
    until=date(2026, 5, 6),
    days=60,
)
RULING = facts.Ruling(
    opinion="一、按条款赔付8,640.50元。\n二、本案迟延系系统原因，由信息技术部门负责整改。",
    validity="有效投诉",
    causes=("理赔类",),
    closing=True,
    signs_for=("信息技术部门",),
)
MEETING = facts.Meeting(
    title="广州中心支公司客户服务疑难问题协调委员会2026年第3次临时会议",
    subject="疑难投诉审议",
    place="十二楼会议室",
    held_at=datetime(2026, 3, 5, 14, 0, tzinfo=SHANGHAI),
    chair="黎总",
    confirmed_at=datetime(2026, 3, 5, 17, 30, tzinfo=SHANGHAI),
    present=(facts.Member("黎总", None), facts.Member("周敏", "业务管理部门"), facts.Member("林晓", "客户服务部门")),
    absent=(facts.Member("吴刚", "信息技术部门"),),
    minutes="会议听取各部门意见，核对理赔时间节点，一致同意赔付。",
    alone=True,
)
COURSE = facts.Course(
    status="已结案",
    closed_at=datetime(2026, 3, 10, 11, 0, tzinfo=SHANGHAI),
    validity="有效投诉",
    liability="公司责任",
    causes=("理赔类",),
    responsible=("业务管理部门", "信息技术部门"),
    underwriting="广州中心支公司",
    handler="林晓",
)
HASH = "9f86d081884c7d65 9a2feaa0c55ad015 a3bf4f1b2b0b822c d15d6c15b0f00a08"
PAPERS = (
    facts.Paper(
        1,
        "服务单及办理记录",
        "服务单及全部办理记录",
        ORDER.number,
        date(2026, 3, 2),
        "本系统记录",
        None,
        None,
    ),
    facts.Paper(2, "来函", "来函、传真或邮件原件", None, date(2026, 3, 2), "外来", HASH, None),
    facts.Paper(3, "来函确认书", "受理确认", "GD-GZ-QR-2026-000018", date(2026, 3, 3), "本系统出具", HASH, None),
    facts.Paper(4, "通话录音", "通话录音", "95519-2026-0000121 第1段", date(2026, 3, 3), "录音档案", HASH, "183秒"),
)
