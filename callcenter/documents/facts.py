"""What each kind of document can show: explicit and frozen, filled from the ticket's file, reachable from templates.

Codes come as Chinese words. The meaning of each field stands with its type: the list of fields an administrator reads
is made from here. None is "not known"; a template asks `{% if … %}` or shows that nothing is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, get_type_hints

from callcenter.documents.kinds import Kind
from callcenter.documents.language import type_of


@dataclass(frozen=True, slots=True)
class Imprint:
    """The document itself."""

    number: Annotated[str, "文书编号"]
    title: Annotated[str, "文书名称"]
    issued_at: Annotated[datetime, "出具时间"]
    issuer: Annotated[str, "出具人姓名"]
    note: Annotated[str | None, "出具人补充说明，可多行"]
    replaces: Annotated[str | None, "本文书所更正的原文书编号"]
    replaces_reason: Annotated[str | None, "更正原因"]


@dataclass(frozen=True, slots=True)
class Office:
    """Who issues it."""

    company: Annotated[str, "公司全称（设置 documents.company）"]
    name: Annotated[str, "出具机构名称"]
    hotline: Annotated[str, "客户服务电话"]


@dataclass(frozen=True, slots=True)
class Order:
    """The ticket."""

    number: Annotated[str, "服务单号"]
    received_at: Annotated[datetime, "收到时间"]
    channel: Annotated[str, "投诉方式"]
    source: Annotated[str, "来源"]
    category: Annotated[str | None, "投诉类别"]
    severity: Annotated[str, "投诉级别"]
    demand: Annotated[str | None, "客户诉求，可多行"]
    description: Annotated[str | None, "详细描述，可多行"]
    policy_number: Annotated[str | None, "保单号"]
    accepting: Annotated[str, "受理机构名称"]


@dataclass(frozen=True, slots=True)
class Complainant:
    """The person it is written to, or about."""

    name: Annotated[str | None, "投诉人姓名；匿名或未知为空"]
    phone: Annotated[str | None, "联系电话"]
    kind: Annotated[str, "投诉人身份"]


@dataclass(frozen=True, slots=True)
class Limit:
    """One deadline of the ticket."""

    name: Annotated[str, "事项"]
    due_day: Annotated[date, "到期日"]
    provisional: Annotated[bool, "是否因工作日历未公布而为暂定"]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A letter or e-mail is acknowledged (R-4.4)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人"]
    answer: Annotated[Limit | None, "答复时限"]


@dataclass(frozen=True, slots=True)
class Slip:
    """A joint-handling slip (R-4.18)."""

    number: Annotated[str, "会办单号"]
    part: Annotated[str, "承办方式：主办、协办、抄送、督办"]
    department: Annotated[str, "承办部门"]
    organisation: Annotated[str, "承办机构名称"]
    category: Annotated[str | None, "所涉投诉类别"]
    request: Annotated[str | None, "客服部门初步处理意见及会办要求，可多行"]
    sent_at: Annotated[datetime, "发出时间"]
    sent_by: Annotated[str | None, "发出人姓名"]
    accept_by: Annotated[date | None, "接收或退回期限"]
    fixed: Annotated[bool, "主办部门是否由客服主管确定（不得退回）"]
    state: Annotated[str, "办理状态"]
    accepted_at: Annotated[datetime | None, "接收时间"]
    accepted_by: Annotated[str | None, "接收人姓名"]
    returned_at: Annotated[datetime | None, "退回时间"]
    return_reason: Annotated[str | None, "退回理由，可多行"]
    answered_at: Annotated[datetime | None, "反馈时间"]
    answered_by: Annotated[str | None, "反馈人姓名"]
    answer: Annotated[str | None, "调查情况及处理意见，可多行"]


@dataclass(frozen=True, slots=True)
class Beside:
    """Another slip of the same ticket."""

    number: Annotated[str, "会办单号"]
    part: Annotated[str, "承办方式"]
    department: Annotated[str, "承办部门"]
    state: Annotated[str, "办理状态"]


@dataclass(frozen=True, slots=True)
class JointHandling:
    """What a department is asked (R-4.18). It shows the complainant masked: who works on it may not see him whole."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人（姓名、电话已遮盖）"]
    slip: Annotated[Slip, "会办单"]
    answer: Annotated[Limit | None, "投诉办理期限"]
    others: Annotated[tuple[Beside, ...], "本服务单的其他会办单"]


@dataclass(frozen=True, slots=True)
class Urging:
    """A reminder (R-4.21)."""

    number: Annotated[str, "催办单号"]
    stage: Annotated[str, "催办类型"]
    sent_at: Annotated[datetime, "催办时间"]
    sent_by: Annotated[str, "催办人姓名；系统自动催办为“系统”"]
    due_day: Annotated[date, "投诉办理期限"]
    remaining: Annotated[int, "剩余工作日数"]
    overdue: Annotated[int, "已逾期工作日数"]
    message: Annotated[str, "催办内容，可多行"]
    copied: Annotated[bool, "是否已抄送上级"]
    turn: Annotated[int, "对该会办单的第几次催办"]


@dataclass(frozen=True, slots=True)
class Reminding:
    """A silent department is reminded (R-4.21, L-27, L-28)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    slip: Annotated[Slip, "被催办的会办单"]
    reminder: Annotated[Urging, "催办"]


@dataclass(frozen=True, slots=True)
class Extended:
    """An extension of the statutory ceiling (L-15, L-16)."""

    second: Annotated[bool, "是否再次延期（须经上级批准）"]
    reason: Annotated[str, "延期原因，可多行"]
    recorded_at: Annotated[datetime, "登记时间"]
    approved_at: Annotated[datetime | None, "批准时间"]
    approved_by: Annotated[str | None, "批准人姓名"]
    until: Annotated[date, "延长后的最后一日"]
    days: Annotated[int, "自收到之日起的自然日数"]


@dataclass(frozen=True, slots=True)
class Extension:
    """The customer is told that it takes longer, and why (S2 art. 18)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人"]
    extension: Annotated[Extended, "延期"]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody invited to a meeting."""

    name: Annotated[str, "姓名"]
    department: Annotated[str | None, "所代表部门"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was said on the ticket."""

    by: Annotated[str, "发言人或书面意见部门"]
    text: Annotated[str, "意见，可多行"]


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be carried out."""

    duty: Annotated[str, "落实事项"]
    owner: Annotated[str, "责任人"]
    due_day: Annotated[date, "完成期限"]
    done_at: Annotated[datetime | None, "完成时间"]
    result: Annotated[str | None, "完成情况，可多行"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the committee ruled on the ticket (R-3.3, R-3.5)."""

    opinion: Annotated[str, "裁定意见，可多行"]
    validity: Annotated[str | None, "有效性裁定"]
    causes: Annotated[tuple[str, ...], "原因归类"]
    closing: Annotated[bool | None, "是否同意结案"]
    signs_for: Annotated[tuple[str, ...], "以裁定代替签字的部门"]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A committee's meeting."""

    title: Annotated[str, "会议名称"]
    subject: Annotated[str, "会议议题"]
    place: Annotated[str | None, "地点"]
    held_at: Annotated[datetime, "召开时间"]
    chair: Annotated[str | None, "主持人"]
    confirmed_at: Annotated[datetime, "主持人确认纪要时间"]
    present: Annotated[tuple[Member, ...], "出席人员"]
    absent: Annotated[tuple[Member, ...], "缺席人员"]
    minutes: Annotated[str | None, "会议记录，可多行；会议另有他案时为空"]
    alone: Annotated[bool, "会议是否只审议本案"]


@dataclass(frozen=True, slots=True)
class Minutes:
    """The minutes of a meeting as far as they are of this ticket: others' cases do not go into its file (N-10)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    meeting: Annotated[Meeting, "会议"]
    opinions: Annotated[tuple[Opinion, ...], "各方意见"]
    ruling: Annotated[Ruling | None, "裁定"]
    adjourned: Annotated[str | None, "延期审议的理由，可多行"]
    duties: Annotated[tuple[Duty, ...], "后续落实事项"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the customer is answered (N-9)."""

    facts: Annotated[str, "核实的事实，可多行"]
    basis: Annotated[str, "依据和理由，可多行"]
    decision: Annotated[str, "处理意见或决定，可多行"]
    decided_at: Annotated[datetime | None, "作出决定时间"]
    remedies: Annotated[tuple[str, ...], "救济途径，每项一句"]
    validity: Annotated[str | None, "有效性认定；未认定为空"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision is told to the customer: facts, basis and reasons, remedies (N-9)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人"]
    answer: Annotated[Answer, "答复"]


@dataclass(frozen=True, slots=True)
class Address:
    """Whom an opinion letter goes to."""

    addressee: Annotated[str, "收件人"]
    address: Annotated[str | None, "收件地址"]


@dataclass(frozen=True, slots=True)
class Clearance:
    """That legal counsel cleared the very text (R-4.25)."""

    counsel: Annotated[str, "法律顾问姓名"]
    cleared_at: Annotated[datetime, "审核通过时间"]
    text: Annotated[int, "审核通过的文本版本"]


@dataclass(frozen=True, slots=True)
class OpinionLetter:
    """The written answer that legal counsel cleared (R-4.25, N-9)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人"]
    to: Annotated[Address, "收件人"]
    answer: Annotated[Answer, "答复"]
    clearance: Annotated[Clearance, "法务审核"]


@dataclass(frozen=True, slots=True)
class Course:
    """How a ticket went, for the cover of its file."""

    status: Annotated[str, "状态"]
    closed_at: Annotated[datetime | None, "结案时间"]
    validity: Annotated[str | None, "有效性"]
    liability: Annotated[str | None, "责任认定"]
    causes: Annotated[tuple[str, ...], "原因归类"]
    responsible: Annotated[tuple[str, ...], "责任部门"]
    underwriting: Annotated[str | None, "承保机构名称"]
    handler: Annotated[str | None, "结案人姓名"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One thing in a case file."""

    place: Annotated[int, "序号"]
    title: Annotated[str, "材料名称"]
    item: Annotated[str, "归档项目"]
    reference: Annotated[str | None, "文号、档号或文件名"]
    day: Annotated[date | None, "日期"]
    origin: Annotated[str, "来源"]
    sha256: Annotated[str | None, "SHA-256，十六位一组"]
    remark: Annotated[str | None, "备注"]


@dataclass(frozen=True, slots=True)
class Owed:
    """One item a case file of this severity and channel must have and has not (E-21)."""

    item: Annotated[str, "归档项目"]
    rules: Annotated[tuple[str, ...], "依据"]
    explained: Annotated[str | None, "缺件说明；无说明为空"]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file (案卷) as it stands (E-20, E-21)."""

    document: Annotated[Imprint, "文书"]
    office: Annotated[Office, "出具机构"]
    order: Annotated[Order, "服务单"]
    complainant: Annotated[Complainant, "投诉人（姓名、电话已遮盖）"]
    course: Annotated[Course, "办理经过"]
    papers: Annotated[tuple[Paper, ...], "卷内材料"]
    owed: Annotated[tuple[Owed, ...], "缺少的必备材料"]
    count: Annotated[int, "卷内材料件数"]
    complete: Annotated[bool, "必备材料是否齐全"]


FACTS: Final[Mapping[Kind, type]] = {
    Kind.ACKNOWLEDGEMENT: Acknowledgement,
    Kind.EMAIL_REPLY: Acknowledgement,
    Kind.SLIP: JointHandling,
    Kind.REMINDER: Reminding,
    Kind.EXTENSION: Extension,
    Kind.MINUTES: Minutes,
    Kind.OPINION_LETTER: OpinionLetter,
    Kind.DECISION: Decision,
    Kind.CASE_COVER: CaseFile,
    Kind.CASE_INDEX: CaseFile,
}


def scant(facts: Any) -> Any:
    """The same facts with everything missing that may be missing: what a template must be able to bear."""
    hints = get_type_hints(type(facts))
    values = {}
    for each in fields(facts):
        held, value = type_of(hints[each.name]), getattr(facts, each.name)
        if held.optional:
            value = None
        elif held.kind is tuple:
            value = ()
        elif is_dataclass(value):
            value = scant(value)
        values[each.name] = value
    return type(facts)(**values)
