"""What the codes of a ticket are called in Chinese and English: the one table for exports, reports and screens.

A code without a name here cannot leave in a file. Where a module needs the words for its refusals they stand there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from tickets import acknowledgement, slips
from tickets.accountability import (
    ACCOUNT_ACTION_WORDS,
    ACCOUNT_STATE_WORDS,
    MEASURE_WORDS,
    AccountAction,
    AccountState,
    Measure,
)
from tickets.authority import REQUEST_ACTION_WORDS, REQUEST_STATE_WORDS, RequestAction, RequestState
from tickets.categories import CATEGORIES, Category, Department, DisputeType, OtherCause
from tickets.committee import (
    MEETING_ACTION_WORDS,
    MEETING_KIND_WORDS,
    MEETING_STATE_WORDS,
    MeetingAction,
    MeetingKind,
    MeetingState,
    ReferralGround,
)
from tickets.consultations import (
    CONSULTATION_ACTION_WORDS,
    CONSULTATION_GROUND_WORDS,
    CONSULTATION_STATE_WORDS,
    ConsultationAction,
    ConsultationGround,
    ConsultationState,
)
from tickets.course import GROUND_WORDS, PauseGround
from tickets.dossier import GROUND_WORDS as DEMAND_GROUND_WORDS
from tickets.dossier import ITEM_WORDS, NEED_WORDS, Item, Need
from tickets.dossier import Ground as DemandGround
from tickets.downgrades import DOWNGRADE_ACTION_WORDS, DOWNGRADE_STATE_WORDS, DowngradeAction, DowngradeState
from tickets.errors import Words
from tickets.feedback import AUDIENCE_WORDS, Audience
from tickets.findings import Intention, Respondent, Subject
from tickets.group_meetings import (
    GROUP_MEETING_ACTION_WORDS,
    GROUP_MEETING_STATE_WORDS,
    GroupMeetingAction,
    GroupMeetingState,
)
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    Nature,
    NetworkKind,
    Relation,
    Severity,
    Source,
)
from tickets.letters import (
    LETTER_ACTION_WORDS,
    LETTER_STATE_WORDS,
    MEANS_WORDS,
    REMEDY_WORDS,
    VERDICT_WORDS,
    WRITTEN_GROUND_WORDS,
    LetterAction,
    LetterState,
    Means,
    Remedy,
    WrittenGround,
)
from tickets.letters import Verdict as LegalVerdict
from tickets.lifecycle import (
    ACTION_WORDS,
    ENDING_WORDS,
    STATUS_WORDS,
    Action,
    Ending,
    InvalidGround,
    Liability,
    Status,
    Validity,
)
from tickets.likeness import COMMON_WORDS, Ground
from tickets.limits import KIND_WORDS, UNIT_WORDS, Kind, Unit
from tickets.manner import MANNER_WORDS, HandlingManner
from tickets.papers import Origin, Paper
from tickets.posts import Duty, Part, Post, ReportState, Turn
from tickets.reclassification import (
    ACTION_WORDS as RECLASSIFICATION_ACTION_WORDS,
)
from tickets.reclassification import (
    GROUND_WORDS as RECLASSIFICATION_GROUND_WORDS,
)
from tickets.reclassification import (
    MANNER_WORDS as RECLASSIFICATION_MANNER_WORDS,
)
from tickets.reclassification import (
    STATE_WORDS as RECLASSIFICATION_STATE_WORDS,
)
from tickets.reclassification import (
    Manner as ReclassificationManner,
)
from tickets.reclassification import (
    ReclassificationAction,
    ReclassificationGround,
    ReclassificationState,
)
from tickets.reminders import LIST_WORDS, STAGE_WORDS, ListAction, ListState, Stage
from tickets.reviews import (
    INVESTIGATION_ACTION_WORDS,
    INVESTIGATION_STATE_WORDS,
    OUTCOME_WORDS,
    REVIEW_ACTION_WORDS,
    REVIEW_STATE_WORDS,
    SUPERVISION_GROUND_WORDS,
    InvestigationAction,
    InvestigationState,
    Outcome,
    ReviewAction,
    ReviewState,
    SupervisionGround,
)
from tickets.stages import CASE_STAGE_WORDS, CaseStage
from tickets.third_parties import ADMISSION_WORDS, THIRD_PARTY_WORDS, Admission, ThirdPartyKind

Terms = Mapping[Any, Words]
"""Code → its names. A member of an enumeration is its code."""

TERMS: Final[Mapping[type[StrEnum], Terms]] = {
    Nature: {
        Nature.COMPLAINT: Words("投诉", "complaint"),
        Nature.CALLBACK_FINDING: Words("回访问题件", "callback finding"),
        Nature.NON_COMPLAINT: Words("非投诉", "not a complaint"),
    },
    Channel: {
        Channel.SMS: Words("短信", "SMS"),
        Channel.PHONE_INBOUND: Words("电话呼入", "telephone, inbound"),
        Channel.PHONE_OUTBOUND: Words("电话呼出", "telephone, outbound"),
        Channel.NETWORK: Words("网络", "network"),
        Channel.LETTER: Words("信函", "letter"),
        Channel.VISIT: Words("来访", "visit"),
        Channel.FAX: Words("传真", "fax"),
    },
    NetworkKind: {
        NetworkKind.EMAIL: Words("电子邮件", "e-mail"),
        NetworkKind.WEB: Words("网站", "web site"),
        NetworkKind.APP: Words("手机应用", "app"),
        NetworkKind.WECHAT: Words("微信", "WeChat"),
    },
    Source: {
        Source.DIRECT: Words("客户直接", "the customer"),
        Source.UPPER_COMPANY: Words("上级公司转办", "upper company"),
        Source.REGULATOR: Words("监管部门转办", "regulator"),
        Source.MEDIA: Words("媒体", "media"),
        Source.COORDINATOR: Words("协调员", "coordinator"),
        Source.CALLBACK: Words("回访", "callback"),
    },
    ForwarderLevel: {
        ForwarderLevel.HEADQUARTERS: Words("总部级", "headquarters"),
        ForwarderLevel.PROVINCE: Words("省级", "province"),
        ForwarderLevel.CITY: Words("地市级", "city"),
    },
    IdentityManner: {
        IdentityManner.DOCUMENT: Words("核对证件", "document seen"),
        IdentityManner.QUESTIONS: Words("核对信息", "questions answered"),
        IdentityManner.NUMBER_ON_FILE: Words("系统预留号码", "telephone on file"),
        IdentityManner.ONLINE: Words("线上实名", "verified online"),
    },
    acknowledgement.Manner: acknowledgement.MANNER_WORDS,
    acknowledgement.Worth: acknowledgement.WORTH_WORDS,
    Relation: {
        Relation.FIRST: Words("首次投诉", "first"),
        Relation.REPEAT: Words("重复投诉", "repeat"),
        Relation.ESCALATION: Words("投诉升级", "escalation"),
        Relation.MERGED: Words("并入原单", "merged"),
    },
    Ground: COMMON_WORDS,
    Severity: {
        Severity.GENERAL: Words("一般投诉", "general"),
        Severity.DIFFICULT: Words("疑难投诉", "difficult"),
        Severity.MAJOR: Words("重大投诉", "major"),
    },
    ComplainantType: {
        ComplainantType.APPLICANT: Words("投保人", "applicant"),
        ComplainantType.CUSTOMER: Words("被保险人或受益人", "insured or beneficiary"),
        ComplainantType.REPRESENTATIVE: Words("受托人", "representative"),
        ComplainantType.AGENT: Words("销售人员", "sales agent"),
        ComplainantType.PUBLIC: Words("社会公众", "the public"),
        ComplainantType.UNKNOWN: Words("未注明", "not known"),
    },
    Category: {code: entry.words for code, entry in CATEGORIES.items()},
    DisputeType: {
        DisputeType.SALES: Words("销售纠纷", "sales"),
        DisputeType.SALES_SERVICE: Words("销售服务纠纷", "sales service"),
        DisputeType.COUNTER_SERVICE: Words("柜面服务纠纷", "counter service"),
        DisputeType.UNDERWRITING: Words("承保纠纷", "underwriting"),
        DisputeType.MAINTENANCE: Words("保全纠纷", "maintenance"),
        DisputeType.CLAIMS: Words("理赔纠纷", "claims"),
        DisputeType.CALL_CENTRE_SERVICE: Words("电话中心服务纠纷", "call-centre service"),
        DisputeType.PRODUCT: Words("产品纠纷", "product"),
        DisputeType.COLLECTION_PAYMENT: Words("收付费纠纷", "collection and payment"),
        DisputeType.INFORMATION_DISTURBANCE: Words("信息扰民", "information disturbance"),
        DisputeType.OTHER: Words("其他纠纷", "other"),
    },
    OtherCause: {
        OtherCause.PUBLICITY: Words("宣传", "publicity"),
        OtherCause.DIVIDEND: Words("分红", "dividend"),
        OtherCause.PRIVACY: Words("个人信息", "privacy"),
        OtherCause.AGENT_GRIEVANCE: Words("销售人员诉求", "agents' grievance"),
        OtherCause.TELESALES: Words("电话销售", "telesales"),
        OtherCause.INTERMEDIARY: Words("中介机构", "intermediary"),
        OtherCause.ANYTHING_ELSE: Words("其他", "anything else"),
    },
    Department: {
        Department.SALES: Words("销售部门", "sales"),
        Department.SALES_INSPECTION: Words("销售督察部门", "sales inspection"),
        Department.BUSINESS_MANAGEMENT: Words("业务管理部门", "business management"),
        Department.FINANCE: Words("财务部门", "finance"),
        Department.IT: Words("信息技术部门", "information technology"),
        Department.CUSTOMER_SERVICE: Words("客户服务部门", "customer service"),
        Department.COMPLIANCE: Words("合规部门", "compliance"),
    },
    slips.Part: slips.PART_WORDS,
    slips.SlipState: slips.STATE_WORDS,
    slips.SlipAction: slips.ACTION_WORDS,
    Status: STATUS_WORDS,
    CaseStage: CASE_STAGE_WORDS,
    HandlingManner: MANNER_WORDS,
    Action: ACTION_WORDS,
    Ending: ENDING_WORDS,
    Kind: KIND_WORDS,
    Unit: UNIT_WORDS,
    PauseGround: GROUND_WORDS,
    Validity: {
        Validity.PENDING: Words("待认定", "pending"),
        Validity.VALID: Words("有效", "valid"),
        Validity.INVALID: Words("无效", "invalid"),
    },
    Liability: {
        Liability.UNDETERMINED: Words("未认定", "undetermined"),
        Liability.NONE: Words("无责任", "none"),
        Liability.COMPANY: Words("公司责任", "company"),
        Liability.SALES: Words("销售人员责任", "salesperson"),
        Liability.SHARED: Words("共同责任", "shared"),
    },
    InvalidGround: {
        InvalidGround.NOT_A_CUSTOMER: Words("非客户或无授权", "not a customer, or unauthorised"),
        InvalidGround.OUTSIDE_DEFINITION: Words("不属于投诉", "outside the definition"),
        InvalidGround.DUPLICATE: Words("与在办件重复", "duplicate of an open matter"),
        InvalidGround.WITHDRAWN_AS_MISTAKE: Words("客户因误解撤回", "withdrawn as a mistake"),
        InvalidGround.FACTS_DISPROVED: Words("经查不属实", "facts disproved"),
        InvalidGround.UNREACHABLE: Words("无法联系且无法核实", "unreachable and unverifiable"),
    },
    MeetingKind: MEETING_KIND_WORDS,
    MeetingState: MEETING_STATE_WORDS,
    MeetingAction: MEETING_ACTION_WORDS,
    ReferralGround: {
        ReferralGround.SEVERITY: Words("疑难、重大", "difficult or major"),
        ReferralGround.SUPPORT: Words("请求支持", "support asked for"),
        ReferralGround.CLOSING: Words("结案分歧", "closing disputed"),
        ReferralGround.VALIDITY: Words("有效性分歧", "validity disputed"),
        ReferralGround.CAUSE: Words("原因归类分歧", "cause disputed"),
        ReferralGround.SIGNATURE: Words("责任部门拒签", "signature refused"),
        ReferralGround.RETURNED: Words("会办单两次退回", "slip returned twice"),
    },
    LetterState: LETTER_STATE_WORDS,
    LetterAction: LETTER_ACTION_WORDS,
    LegalVerdict: VERDICT_WORDS,
    Remedy: REMEDY_WORDS,
    Means: MEANS_WORDS,
    WrittenGround: WRITTEN_GROUND_WORDS,
    ReviewState: REVIEW_STATE_WORDS,
    ReviewAction: REVIEW_ACTION_WORDS,
    Outcome: OUTCOME_WORDS,
    SupervisionGround: SUPERVISION_GROUND_WORDS,
    InvestigationState: INVESTIGATION_STATE_WORDS,
    InvestigationAction: INVESTIGATION_ACTION_WORDS,
    DowngradeState: DOWNGRADE_STATE_WORDS,
    DowngradeAction: DOWNGRADE_ACTION_WORDS,
    Audience: AUDIENCE_WORDS,
    ConsultationGround: CONSULTATION_GROUND_WORDS,
    ConsultationState: CONSULTATION_STATE_WORDS,
    ConsultationAction: CONSULTATION_ACTION_WORDS,
    Measure: MEASURE_WORDS,
    AccountState: ACCOUNT_STATE_WORDS,
    AccountAction: ACCOUNT_ACTION_WORDS,
    ThirdPartyKind: THIRD_PARTY_WORDS,
    Admission: ADMISSION_WORDS,
    GroupMeetingState: GROUP_MEETING_STATE_WORDS,
    GroupMeetingAction: GROUP_MEETING_ACTION_WORDS,
    RequestState: REQUEST_STATE_WORDS,
    RequestAction: REQUEST_ACTION_WORDS,
    Subject: {
        Subject.FORGED_SIGNATURE: Words("代签名", "forged signature"),
        Subject.MIS_SELLING: Words("销售误导", "mis-selling"),
        Subject.UNTRUE_INFORMATION: Words("提供不真实信息", "untrue information"),
        Subject.RISK_SENTENCE_COPIED: Words("代抄录风险提示语句", "risk sentence copied by another"),
        Subject.PREMIUM_WITHHELD: Words("侵占保费", "premium withheld"),
        Subject.OTHER_SALES_CONDUCT: Words("其他销售行为", "other sales conduct"),
        Subject.CALLBACK_TAKEN_BY_ANOTHER: Words("代接受回访", "callback taken by another"),
        Subject.DATA_ALTERED: Words("篡改客户信息", "customer data altered"),
        Subject.CONTACT_DATA: Words("联系信息有误", "contact data"),
        Subject.POLICY_DATA: Words("保单信息有误", "policy data"),
        Subject.UNCLEAR_ANSWER: Words("回答不明确", "unclear answer"),
        Subject.SERVICE: Words("服务", "service"),
        Subject.CLAIM: Words("理赔", "claim"),
        Subject.PAYMENT: Words("收付费", "payment"),
        Subject.OTHER: Words("其他", "other"),
    },
    Paper: {
        Paper.VISIT_FORM: Words("来访受理表", "visit form"),
        Paper.LETTER: Words("来信", "letter"),
        Paper.FAX: Words("传真件", "fax"),
        Paper.EMAIL: Words("电子邮件", "e-mail"),
        Paper.PHOTO: Words("照片", "photo"),
        Paper.AUTHORISATION: Words("授权委托书", "authorisation"),
        Paper.IDENTITY: Words("身份证明", "identity"),
        Paper.KINSHIP: Words("亲属关系证明", "proof of kinship"),
        Paper.EVIDENCE: Words("证据材料", "evidence"),
        Paper.CUSTOMER_REPLY: Words("客户回复", "customer's reply"),
        Paper.RECEPTION: Words("接待录音录像", "recording of the reception area"),
        Paper.DOCUMENT: Words("系统文书", "document of this system"),
        Paper.OTHER: Words("其他", "other"),
    },
    Origin: {
        Origin.RECEIVED: Words("收到", "received"),
        Origin.GENERATED: Words("系统生成", "made by this system"),
    },
    Intention: {
        Intention.YES: Words("有明确投诉意向", "yes"),
        Intention.NO: Words("没有", "no"),
        Intention.UNCLEAR: Words("不明确", "unclear"),
    },
    Respondent: {
        Respondent.POLICYHOLDER: Words("投保人", "policyholder"),
        Respondent.INSURED: Words("被保险人", "insured"),
        Respondent.AUTHORISED: Words("受托人", "authorised person"),
        Respondent.SOMEONE_ELSE: Words("他人", "someone else"),
    },
    Post: {
        Post.EXECUTIVE: Words("领导小组组长", "executive in charge"),
        Post.MEMBER: Words("领导小组成员", "member of the leading group"),
        Post.COORDINATOR: Words("协调员", "coordinator"),
        Post.COUNSEL: Words("法律顾问", "legal counsel"),
    },
    Part: {
        Part.HOLDER: Words("任职", "holder"),
        Part.DELEGATE: Words("代理", "delegate"),
    },
    Duty: {
        Duty.HANDLER: Words("投诉岗", "complaint handler"),
        Duty.COORDINATOR: Words("协调员", "coordinator"),
    },
    Turn: {
        Turn.JOINED: Words("到岗", "joined"),
        Turn.LEFT: Words("离岗", "left"),
    },
    ReportState: {
        ReportState.DUE: Words("待报备", "to be reported"),
        ReportState.LATE: Words("逾期未报备", "late"),
        ReportState.REPORTED: Words("已报备", "reported"),
        ReportState.REPORTED_LATE: Words("逾期报备", "reported late"),
    },
    ReclassificationAction: RECLASSIFICATION_ACTION_WORDS,
    ReclassificationGround: RECLASSIFICATION_GROUND_WORDS,
    ReclassificationManner: RECLASSIFICATION_MANNER_WORDS,
    ReclassificationState: RECLASSIFICATION_STATE_WORDS,
    Stage: STAGE_WORDS,
    Item: ITEM_WORDS,
    Need: NEED_WORDS,
    DemandGround: DEMAND_GROUND_WORDS,
    ListState: LIST_WORDS,
    ListAction: {
        ListAction.CONFIRM: Words("核实", "confirm"),
        ListAction.DROP: Words("剔除", "drop"),
        ListAction.PUBLISH: Words("公示", "publish"),
    },
}
