"""What may be asked of tickets: the models of bodies, and how they become values of the rules. Must never decide."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from callcenter.matters import Said
from callcenter.opening import By, Opening, Via
from callcenter.web.api import Day, Model, Moment
from tickets import slips
from tickets.categories import Category, Department, OtherCause
from tickets.findings import Heard, Intention, Respondent, Subject
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    NetworkKind,
    Particulars,
    Severity,
    Source,
)
from tickets.lifecycle import Action, Cause, InvalidGround, Level, Liability, Step, Validity
from tickets.routing import SUB_CODE

Text = Annotated[str, StringConstraints(max_length=20_000)]
Stated = Annotated[str, StringConstraints(max_length=20_000, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(max_length=200)]
Proof = Annotated[str, StringConstraints(max_length=2000)]
SubCode = Annotated[str, StringConstraints(pattern=f"^{SUB_CODE}$")]
Short = Annotated[str, StringConstraints(max_length=40)]
Number = Annotated[str, StringConstraints(max_length=100)]
Link = Annotated[str, StringConstraints(max_length=2_000)]


class HeardBody(Model):
    """What the callback agent heard; all three are asked (T-2, F-13)."""

    subject: Annotated[Subject, Field(description="What the customer speaks of 问题类型")]
    intention: Annotated[Intention, Field(description="Clear intention to complain? 是否有明确投诉意向")]
    respondent: Annotated[Respondent, Field(description="Who speaks 接听人")]

    def value(self) -> Heard:
        """As the rules take it."""
        return Heard(self.subject, self.intention, self.respondent)


class LineBody(Model):
    """A further grievance of the same order, as detailed as the main one (F-3, R-4.9)."""

    category: Category
    sub_code: Annotated[SubCode | None, Field(description="类别细分,见 /routing (F-8)")] = None


def numbered(further: list[LineBody]) -> tuple[slips.Line, ...]:
    """The further grievances with their numbers; number 1 is the main one."""
    return tuple(slips.Line(number, each.category, each.sub_code) for number, each in enumerate(further, 2))


class ParticularsBody(Model):
    """What is known when the ticket is opened; a short entry is enough at once (F-9)."""

    complainant_type: Annotated[ComplainantType, Field(description="投诉人身份 (R-1.1)")] = ComplainantType.UNKNOWN
    complainant_name: Annotated[Line | None, Field(description="投诉人姓名")] = None
    complainant_phone: Annotated[Short | None, Field(description="联系电话")] = None
    authorisation: Annotated[Text | None, Field(description="委托证明 (R-1.1)")] = None
    anonymous: Annotated[bool, Field(description="匿名 (F-35)")] = False
    written_answer: Annotated[bool, Field(description="客户要求书面答复 (F-22)")] = False
    category: Annotated[Category | None, Field(description="投诉类别 (R-2.6…R-2.16)")] = None
    other_cause: Annotated[OtherCause | None, Field(description="其他类细分 (F-8)")] = None
    sub_code: Annotated[SubCode | None, Field(description="类别细分,见 /routing (F-8)")] = None
    further: Annotated[
        list[LineBody], Field(default_factory=list, max_length=10, description="其他投诉事项 (F-3, R-4.9)")
    ]
    group_size: Annotated[int, Field(ge=1, le=100_000, description="一同投诉人数 (N-14)")] = 1
    designated_major: Annotated[bool, Field(description="监管认定的重大投诉 (N-14)")] = False
    severity: Annotated[Severity, Field(description="投诉级别 (R-2.18…R-2.20)")] = Severity.GENERAL
    demand: Annotated[Text | None, Field(description="客户诉求")] = None
    description: Annotated[Text | None, Field(description="详细描述")] = None
    restated_and_confirmed: Annotated[bool, Field(description="已向客户复述确认 (R-4.2)")] = False
    asks_company_to_act: Annotated[bool, Field(description="要求公司处理;否则转职能部门 (R-1.2, R-1.3)")] = True
    customer_id: Annotated[UUID | None, Field(description="客户,由人选定")] = None
    policy_number: Annotated[Short | None, Field(description="保单号")] = None
    heir: Annotated[bool, Field(description="Complains as an heir 以继承人身份投诉 (N-6)")] = False
    form_signed: Annotated[bool, Field(description="来访受理表已签字 (R-4.3)")] = False
    identity_manner: Annotated[IdentityManner | None, Field(description="身份核实方式 (N-10)")] = None
    forwarder: Annotated[Line | None, Field(description="转办单位 (R-4.6)")] = None
    forwarder_level: Annotated[ForwarderLevel | None, Field(description="转办单位层级 (M-16)")] = None
    forwarding_number: Annotated[Number | None, Field(description="转办编号 (R-4.6)")] = None
    forwarded_day: Annotated[Day | None, Field(description="转办日期 (R-4.6)")] = None
    media_outlet: Annotated[Line | None, Field(description="媒体名称 (F-41)")] = None
    media_link: Annotated[Link | None, Field(description="报道链接 (F-41)")] = None
    representatives: Annotated[
        list[Line], Field(default_factory=list, max_length=20, description="共同投诉的代表,不超过5人 (N-4)")
    ]

    def particulars(self) -> Particulars:
        """As the rules take them."""
        return Particulars(
            complainant_type=self.complainant_type,
            complainant_name=self.complainant_name,
            complainant_phone=self.complainant_phone,
            authorisation=self.authorisation,
            anonymous=self.anonymous,
            written_answer=self.written_answer,
            category=self.category,
            severity=self.severity,
            demand=self.demand,
            description=self.description,
            restated_and_confirmed=self.restated_and_confirmed,
            asks_company_to_act=self.asks_company_to_act,
            heir=self.heir,
            form_signed=self.form_signed,
            identity_manner=self.identity_manner,
            forwarder=self.forwarder,
            forwarder_level=self.forwarder_level,
            forwarding_number=self.forwarding_number,
            forwarded_day=self.forwarded_day,
            media_outlet=self.media_outlet,
            media_link=self.media_link,
            group_size=self.group_size,
            representatives=tuple(self.representatives),
        )


SameMatter = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=40)] | None,
    Field(description="Number or id of an earlier ticket about the same incident 同一投诉事件的先前服务单 (R-4.12)"),
]


class OpenOnCallBody(ParticularsBody):
    """A ticket on a call; on a callback with what was heard."""

    heard: HeardBody | None = None
    another_matter: Annotated[
        bool, Field(description="A second complaint on this call, about something else 同一通话中的另一件投诉")
    ] = False
    same_matter_as: SameMatter = None
    new_facts: Annotated[
        Stated, Field(description="New facts that restart the limit of the order merged into 新的事实 (CL-5)")
    ] = ""
    new_reasons: Annotated[Stated, Field(description="… and new reasons; both are needed 新的理由 (CL-5)")] = ""


class RelateBody(Model):
    """Which incident an order is about: that of the ticket named, or with null one of its own.

    `version`: of the order; `matter_version`: of the other one's matter, where it was read.
    """

    version: Annotated[int, Field(ge=1)]
    same_matter_as: SameMatter
    reason: Annotated[Line, Field(min_length=1, description="判断理由")]
    matter_version: Annotated[int | None, Field(ge=1)] = None
    new_facts: Annotated[
        Stated, Field(description="New facts that restart the limit of the order merged into 新的事实 (CL-5)")
    ] = ""
    new_reasons: Annotated[Stated, Field(description="… and new reasons; both are needed 新的理由 (CL-5)")] = ""

    def value(self) -> Said:
        """As the use case takes it."""
        return Said(self.same_matter_as, self.reason, self.matter_version, self.new_facts, self.new_reasons)


class OpenBody(ParticularsBody):
    """A ticket that came by another channel."""

    same_matter_as: SameMatter = None
    new_facts: Annotated[
        Stated, Field(description="New facts that restart the limit of the order merged into 新的事实 (CL-5)")
    ] = ""
    new_reasons: Annotated[Stated, Field(description="… and new reasons; both are needed 新的理由 (CL-5)")] = ""

    channel: Annotated[Channel, Field(description="投诉方式 (R-2.1)")]
    source: Annotated[Source, Field(description="来源 (F-4)")] = Source.DIRECT
    network_kind: Annotated[NetworkKind | None, Field(description="网络渠道细分 (F-5)")] = None


class CorrectBody(Model):
    """New particulars; what is left out stays. `version` is the one that was read."""

    version: Annotated[int, Field(ge=1)]
    complainant_type: ComplainantType | None = None
    complainant_name: Line | None = None
    complainant_phone: Short | None = None
    authorisation: Text | None = None
    anonymous: bool | None = None
    written_answer: bool | None = None
    category: Category | None = None
    other_cause: OtherCause | None = None
    sub_code: SubCode | None = None
    further: Annotated[list[LineBody] | None, Field(max_length=10, description="其他投诉事项,整体替换 (F-3)")] = None
    about_user_id: Annotated[UUID | None, Field(description="被投诉人员 (F-48)")] = None
    group_size: Annotated[int | None, Field(ge=1, le=100_000, description="一同投诉人数 (N-14)")] = None
    designated_major: Annotated[bool | None, Field(description="监管认定的重大投诉 (N-14)")] = None
    severity: Severity | None = None
    demand: Text | None = None
    description: Text | None = None
    restated_and_confirmed: bool | None = None
    customer_id: UUID | None = None
    policy_number: Short | None = None
    heir: bool | None = None
    form_signed: bool | None = None
    identity_manner: IdentityManner | None = None
    forwarder: Line | None = None
    forwarder_level: ForwarderLevel | None = None
    forwarding_number: Number | None = None
    forwarded_day: Day | None = None
    media_outlet: Line | None = None
    media_link: Link | None = None
    representatives: Annotated[list[Line] | None, Field(max_length=20, description="共同投诉的代表 (N-4)")] = None
    reason: Annotated[
        Line,
        Field(description="Reason for another severity or complainant type 调整级别、投诉人身份的理由 (F-18, F-37)"),
    ] = ""

    def values(self) -> dict[str, Any]:
        """The columns named; a flag or an enumeration that is always set cannot be emptied."""
        never_empty = {"complainant_type", "anonymous", "written_answer", "severity", "heir"}
        never_empty |= {"group_size", "designated_major", "representatives"}
        named = self.model_fields_set - {"version", "reason", "restated_and_confirmed", "form_signed", "further"}
        return {
            name: getattr(self, name)
            for name in sorted(named)
            if not (name in never_empty and getattr(self, name) is None)
        }


class CauseBody(Model):
    """A cause found, with the departments responsible for it; without any, the one its category belongs to."""

    category: Category
    departments: Annotated[list[Department], Field(default_factory=list, max_length=7, description="责任部门 (R-3.26)")]
    system: Annotated[bool, Field(description="It lies in a system 系统原因 (F-20)")] = False

    def value(self) -> Cause:
        """As the rules take it."""
        return Cause(self.category, tuple(dict.fromkeys(self.departments)), self.system)


class ActBody(Model):
    """What is said with an action; which fields an action needs, its refusal tells with the rule."""

    version: Annotated[int, Field(ge=1)]
    note: Annotated[Text, Field(description="处理情况、意见 (R-4.7, R-4.23)")] = ""
    department: Annotated[Department | None, Field(description="主办部门 (R-4.10)")] = None
    by_sales_staff: Annotated[bool, Field(description="由销售人员处理 (C-14)")] = False
    validity: Annotated[Validity | None, Field(description="是否有效 (R-3.23)")] = None
    liability: Annotated[Liability | None, Field(description="责任归属 (F-1)")] = None
    causes: Annotated[
        list[CauseBody | Category],
        Field(default_factory=list, max_length=11, description="原因及责任部门,主要原因在前 (R-3.24, R-3.26)"),
    ]
    ground: Annotated[InvalidGround | None, Field(description="无效理由 (F-23)")] = None
    evidence: Annotated[Text, Field(description="依据 (F-23)")] = ""
    manner: Annotated[
        Line,
        Field(description="告知方式 (CL-8); of an acknowledgement one of its means, by code or name 确认方式 (R-4.4)"),
    ] = ""
    accepted: Annotated[bool | None, Field(description="客户是否接受 (R-4.29, R-4.30)")] = None
    explanation: Annotated[Text, Field(description="解释安抚情况 (R-4.30)")] = ""
    told_at: Annotated[Moment | None, Field(description="When told, if not just now 告知时间 (CL-8)")] = None
    proof: Annotated[Proof, Field(description="告知证明 (CL-8)")] = ""
    review_route_told: Annotated[bool, Field(description="已告知可申请核查 (F-19)")] = False
    line: Annotated[
        int, Field(ge=1, le=11, description="Which grievance `department` is named for 派发的事项序号 (F-3)")
    ] = 1
    amount: Annotated[
        Decimal | None,
        Field(ge=0, le=10_000_000_000, max_digits=12, decimal_places=2, description="当场解决金额,元 (R-2.18, R-3.29)"),
    ] = None
    agrees: Annotated[bool, Field(description="The head signs; false: refuses, with a note 签字或拒签 (R-3.26)")] = True
    destination: Annotated[Line, Field(description="转往的部门或机构 (R-1.3, F-24)")] = ""
    rescission_told: Annotated[
        bool, Field(description="The customer was told of the right to rescind 已告知有权解除合同 (C-15)")
    ] = False
    opinion: Annotated[Text, Field(description="初步处理意见 (R-3.18, R-3.30)")] = ""
    basis: Annotated[
        Text, Field(description="Policy terms and law the decision rests on 处理依据的条款和法规 (R-1.7)")
    ] = ""
    handler_id: Annotated[UUID | None, Field(description="处理人 (F-48)")] = None
    received_at: Annotated[Moment | None, Field(description="When the withdrawal came 收到撤诉的时间 (CL-6)")] = None
    document_id: Annotated[
        UUID | None, Field(description="A document issued and sent, which proves it 已寄送的文书 (R-4.4, CL-8)")
    ] = None
    call_id: Annotated[
        UUID | None, Field(description="The call an acknowledgement by telephone was given on 电话确认的通话 (R-4.5)")
    ] = None

    def step(self, action: Action) -> Step:
        """As the lifecycle takes it; where the actor sits is filled in by the use case."""
        said = self.model_dump(exclude={"version", "causes", "handler_id", "document_id"})
        said["handler"] = str(self.handler_id or "")
        said["document"] = str(self.document_id or "")
        causes = tuple(each.value() if isinstance(each, CauseBody) else Cause(each) for each in self.causes)
        return Step(action, organisation="", level=Level.HQ, causes=causes, **said)


class EnquiryBody(Model):
    """What the customer asked about the progress and was told; `call_id`: the call it was asked on."""

    note: Annotated[Stated, Field(min_length=1, description="查询及答复情况 (R-4.23)")]
    call_id: UUID | None = None


class LinkBody(Model):
    """A further call of the ticket."""

    call_id: UUID


def asked(key: UUID, via: Via, body: ParticularsBody, by: By, **more: Any) -> Opening:
    """A body as the opening it asks for, accepted where the actor sits."""
    return Opening(
        key=key,
        via=via,
        accepting_organisation=by.organisation_id,
        particulars=body.particulars(),
        other_cause=body.other_cause,
        sub_code=body.sub_code,
        further=numbered(body.further),
        group_size=body.group_size,
        designated_major=body.designated_major,
        customer_id=body.customer_id,
        policy_number=body.policy_number,
        **more,
    )
