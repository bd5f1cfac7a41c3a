"""What the codes of calls, callbacks, recordings and people are called; those of tickets are in `tickets/terms.py`.

`term` knows every enumeration that leaves in a file. The tables below it are for codes that are plain text in a model.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from agi import names
from callcenter.accounts import organisations
from callcenter.accounts.permissions import Role
from callcenter.agents import agent
from callcenter.archiving.catalogue import RecordingState
from callcenter.callbacks import attempt, campaign, campaigns, coverage, links, recheck, scope, script, task
from callcenter.calls.call import CRASH, Direction
from callcenter.calls.call import State as CallState
from callcenter.customers import register
from callcenter.customers.customer import Criterion
from callcenter.documents import kinds as documents
from callcenter.exports import EXPORT_STATE_WORDS, ExportState
from callcenter.importing import fields, lines, table, values
from callcenter.importing import store as imports
from callcenter.notifications import notification
from callcenter.opening import Via
from recordings.completeness import Completeness
from tickets import callbacks
from tickets.errors import Words
from tickets.grouping import Dimension, Grouping, Unplaced
from tickets.metrics import Base, Basis
from tickets.periods import Comparison
from tickets.reports import PLANS, ReportKind, ReportState, Standing
from tickets.sampling import Answer as Satisfaction
from tickets.terms import TERMS as OF_TICKETS
from tickets.terms import Terms

TERMS: Final[Mapping[type[StrEnum], Terms]] = {
    ExportState: EXPORT_STATE_WORDS,
    **OF_TICKETS,
    Via: {
        Via.IVR: Words("语音菜单", "menu"),
        Via.AGENT: Words("坐席", "agent"),
        Via.CALLBACK_AGENT: Words("回访坐席", "callback agent"),
        Via.DESK: Words("柜面及后台", "desk"),
        Via.INTEGRATOR: Words("对接系统", "integrator"),
    },
    Direction: {
        Direction.INBOUND: Words("呼入", "inbound"),
        Direction.CALLBACK: Words("回访", "callback"),
        Direction.CLICK: Words("点击外呼", "click to call"),
    },
    CallState: {
        CallState.RINGING: Words("振铃", "ringing"),
        CallState.IVR: Words("语音菜单", "in the menu"),
        CallState.QUEUED: Words("排队", "queued"),
        CallState.TALKING: Words("通话中", "talking"),
        CallState.ENDED: Words("已结束", "ended"),
    },
    agent.State: agent.WORDS,
    Role: {
        Role.AGENT: Words("95519坐席", "agent"),
        Role.CALLBACK_AGENT: Words("回访坐席", "callback agent"),
        Role.HANDLER: Words("投诉岗", "complaint handler"),
        Role.COORDINATOR: Words("部门协调员", "department coordinator"),
        Role.DEPARTMENT_HEAD: Words("部门负责人", "department head"),
        Role.LEGAL: Words("法务", "legal counsel"),
        Role.SECRETARY: Words("委员会秘书", "committee secretary"),
        Role.SUPERVISOR: Words("班组长", "supervisor"),
        Role.QA: Words("质检", "QA reviewer"),
        Role.AUDITOR: Words("审计", "auditor"),
        Role.ADMIN: Words("管理员", "administrator"),
        Role.INTEGRATOR: Words("对接系统", "integrator"),
    },
    task.Purpose: {
        task.Purpose.NEW_BUSINESS: Words("新单回访", "new business"),
        task.Purpose.RETURN_CALL: Words("回电", "return call"),
        task.Purpose.RENEWAL: Words("宽限期续期回访", "renewal in the period of grace"),
        task.Purpose.LAPSED: Words("失效保单回访", "lapsed policy"),
        task.Purpose.SURRENDER: Words("退保回访", "surrender"),
        task.Purpose.CLAIM: Words("理赔回访", "claim"),
        task.Purpose.PAYMENT: Words("给付回访", "payment"),
        task.Purpose.DEPARTED_AGENT: Words("离职人员保单告知", "policy of a departed agent"),
        task.Purpose.RECHECK: Words("回访真实性复核", "recheck of a callback"),
    },
    recheck.RecheckResult: recheck.WORDS,
    task.Source: {
        task.Source.SAMPLE: Words("回访抽样", "sample"),
        task.Source.IMPORT: Words("导入", "import"),
        task.Source.SCOPE: Words("范围内自动生成", "in scope"),
        task.Source.OVERFLOW: Words("来电留言", "message left"),
        task.Source.LOST_CALL: Words("来电放弃", "caller gave up"),
    },
    task.State: task.WORDS,
    task.Result: {
        task.Result.SUCCESSFUL: Words("成功", "successful"),
        task.Result.PROBLEM: Words("有问题", "problem"),
        task.Result.NOT_COMPLETED: Words("未完成", "not completed"),
        task.Result.SERVED: Words("已处理", "served"),
        task.Result.WITHDRAWN: Words("已撤销", "withdrawn"),
    },
    attempt.Outcome: attempt.WORDS,
    attempt.Mode: attempt.MODE_WORDS,
    attempt.NumberAfter: attempt.NUMBER_WORDS,
    campaign.Standing: campaign.WORDS,
    campaign.Turn: campaign.TURN_WORDS,
    campaigns.Refusal: campaigns.REFUSAL_WORDS,
    coverage.Why: coverage.WHY_WORDS,
    register.Refusal: register.REFUSAL_WORDS,
    script.Kind: script.KIND_WORDS,
    script.State: script.STATE_WORDS,
    script.Condition: script.CONDITION_WORDS,
    scope.Start: scope.START_WORDS,
    callbacks.Way: callbacks.WAY_WORDS,
    links.LinkState: links.STATE_WORDS,
    links.PageKind: links.PAGE_WORDS,
    callbacks.CallbackFigure: callbacks.FIGURE_WORDS,
    callbacks.Grouping: callbacks.GROUPING_WORDS,
    RecordingState: {
        RecordingState.EXPECTED: Words("待录", "expected"),
        RecordingState.SEALING: Words("归档中", "being sealed"),
        RecordingState.SEALED: Words("已归档", "sealed"),
        RecordingState.LOST: Words("缺失", "lost"),
        RecordingState.ORPHAN: Words("未关联", "of no known call"),
    },
    Completeness: {
        Completeness.COMPLETE: Words("完整", "complete"),
        Completeness.TAIL_LOST: Words("缺尾部", "tail lost"),
        Completeness.HOLE_SUSPECTED: Words("疑有中断", "hole suspected"),
        Completeness.PARTIAL_CRASH: Words("因故障不全", "cut off by a crash"),
        Completeness.SALVAGED: Words("抢救恢复", "salvaged"),
    },
    Criterion: {
        Criterion.NUMBER: Words("电话号码", "number"),
        Criterion.POLICY: Words("保单号", "policy"),
        Criterion.ID_NUMBER: Words("证件号码", "identity number"),
        Criterion.NAME: Words("姓名", "name"),
        Criterion.NAME_BEGINNING: Words("姓名开头", "beginning of the name"),
    },
    notification.Kind: notification.KIND_WORDS,
    notification.Way: notification.WAY_WORDS,
    documents.Kind: documents.WORDS,
    notification.Arrival: notification.ARRIVAL_WORDS,
    Dimension: {
        Dimension.ACCEPTING: Words("受理机构", "accepting organisation"),
        Dimension.UNDERWRITING: Words("承保机构", "underwriting organisation"),
        Dimension.RESPONSIBLE: Words("责任机构", "responsible organisation"),
    },
    Grouping: {
        Grouping.DAY: Words("日", "day"),
        Grouping.MONTH: Words("月份", "month"),
        Grouping.QUARTER: Words("季度", "quarter"),
        Grouping.HALF_YEAR: Words("半年", "half-year"),
        Grouping.YEAR: Words("年度", "year"),
        Grouping.CHANNEL: Words("投诉方式", "channel"),
        Grouping.SOURCE: Words("来源", "source"),
        Grouping.REGULATOR: Words("监管转办层级", "level of the regulator"),
        Grouping.CATEGORY: Words("类别(主要原因)", "category by main cause"),
        Grouping.CAUSE: Words("类别(全部原因)", "category by all causes"),
        Grouping.DISPUTE: Words("纠纷类型", "dispute type"),
        Grouping.SEVERITY: Words("级别", "severity"),
        Grouping.VALIDITY: Words("有效性", "validity"),
        Grouping.RELATION: Words("关系", "relation"),
        Grouping.STATUS: Words("状态", "status"),
        Grouping.SUBJECT: Words("问题类型", "subject"),
        Grouping.COMPLAINANT: Words("投诉人身份", "who complains"),
        Grouping.DEPARTMENT: Words("责任部门", "responsible department"),
        Grouping.PRODUCT: Words("产品", "product"),
        Grouping.PRODUCT_KIND: Words("产品类型", "kind of product"),
        Grouping.SALES_CHANNEL: Words("销售渠道", "sales channel"),
        Grouping.OPENED_BY: Words("登记人", "who opened it"),
        Grouping.SALESPERSON: Words("销售人员", "salesperson"),
        Grouping.ORGANISATION: Words("机构", "organisation"),
        Grouping.BRANCH: Words("下级机构(汇总)", "branch, with what is below"),
    },
    Comparison: {
        Comparison.PREVIOUS: Words("上期", "the period before"),
        Comparison.LAST_YEAR: Words("上年同期", "a year earlier"),
    },
    Base: {
        Base.PREMIUM: Words("保费(元)", "premium in yuan"),
        Base.POLICIES: Words("保单件数", "policies"),
        Base.PERSON_TIMES: Words("承保人次", "insured person-times"),
    },
    Basis: {
        Basis.COMPANY_TOTAL: Words("公司全部", "company total"),
        Basis.REGULATOR_FORWARDED: Words("监管转办", "regulator-forwarded"),
    },
    imports.State: imports.STATE_WORDS,
    fields.Field: fields.WORDS,
    fields.Kind: fields.KIND_WORDS,
    fields.DateForm: fields.DATE_FORM_WORDS,
    table.Format: table.FORMAT_WORDS,
    lines.Fate: lines.FATE_WORDS,
    values.Wrong: values.WORDS,
    ReportKind: {kind: plan.words for kind, plan in PLANS.items()},
    Satisfaction: {
        Satisfaction.SATISFIED: Words("满意", "satisfied"),
        Satisfaction.NEUTRAL: Words("一般", "neutral"),
        Satisfaction.DISSATISFIED: Words("不满意", "dissatisfied"),
        Satisfaction.NOT_REACHED: Words("未联系上", "not reached"),
    },
    ReportState: {
        ReportState.WAITING: Words("待编制", "waiting"),
        ReportState.RUNNING: Words("编制中", "being made"),
        ReportState.DONE: Words("已完成", "done"),
        ReportState.FAILED: Words("编制失败", "failed"),
    },
    Standing: {
        Standing.SUBMITTED: Words("已报送", "submitted"),
        Standing.SUBMITTED_LATE: Words("逾期报送", "submitted late"),
        Standing.DUE: Words("待报送", "due"),
        Standing.LATE: Words("逾期未报", "late"),
    },
    Unplaced: {
        Unplaced.CATEGORY: Words("类别未定", "category not determined"),
        Unplaced.SUBJECT: Words("非回访所得", "not from a callback"),
        Unplaced.ORGANISATION: Words("机构不明", "organisation not known"),
        Unplaced.POLICY: Words("保单不明", "policy not known"),
        Unplaced.DEPARTMENT: Words("部门未定", "department not determined"),
        Unplaced.PERSON: Words("无登记人", "opened by no person"),
        Unplaced.REGULATOR: Words("非监管转办", "not from a regulator"),
        Unplaced.LEVEL: Words("监管层级不明", "level of the regulator not known"),
    },
}


def term(code: StrEnum) -> Words:
    """What a member of an enumeration is called. Raises KeyError for an enumeration that has no names."""
    return TERMS[type(code)][code]


ORGANISATION_KINDS: Final[Terms] = organisations.KIND_WORDS

QUEUES: Final[Terms] = {
    names.QUEUE_GENERAL: Words("综合服务", "general"),
    names.QUEUE_CLAIMS: Words("理赔", "claims"),
    names.QUEUE_POLICY: Words("保单服务", "policy service"),
    names.QUEUE_COMPLAINT: Words("投诉", "complaints"),
    names.QUEUE_CALLBACK: Words("回访", "callbacks"),
    names.QUEUE_FALLBACK: Words("备用", "fallback"),
}

SALES_CHANNELS: Final[Terms] = {
    "agent": Words("个人代理", "agent"),
    "bank": Words("银行", "bank"),
    "telesales": Words("电话销售", "telesales"),
    "internet": Words("互联网", "internet"),
    "broker": Words("经纪", "broker"),
    "group": Words("团体", "group"),
}

END_CAUSES: Final[Terms] = {
    "unknown": Words("不明", "unknown"),
    "no_such_number": Words("空号", "no such number"),
    "normal": Words("正常挂机", "normal"),
    "busy": Words("占线", "busy"),
    "no_answer": Words("无人接听", "no answer"),
    "unreachable": Words("无法接通", "unreachable"),
    "rejected": Words("拒接", "rejected"),
    "number_changed": Words("已改号", "number changed"),
    "answered_elsewhere": Words("他处接听", "answered elsewhere"),
    "no_circuit": Words("线路全忙", "no circuit"),
    "network_failure": Words("网络故障", "network failure"),
    "congestion": Words("设备拥塞", "congestion"),
    "time_out": Words("超时", "timed out"),
    CRASH: Words("话务系统故障", "the switch crashed"),
}

INCIDENTS: Final[Terms] = {
    "degraded": Words("降级服务", "served by the fallback"),
    "nobody_there": Words("队列无人", "nobody in the queue"),
    "recording_failed": Words("录音无法写入", "capture not opened"),
    "recording_missing": Words("没有录音", "no capture"),
    "recording_lost": Words("录音丢失", "capture lost"),
    "recording_incomplete": Words("录音不完整", "recording incomplete"),
    "capture_refused": Words("文件不是录音", "not a recording"),
    "capture_orphaned": Words("录音无对应通话", "recording of no known call"),
    "capture_name_reused": Words("录音文件重名", "two recordings under one name"),
    "sealing_failed": Words("归档失败", "sealing failed"),
    "archive_refused": Words("档案库拒绝写入", "archive refused"),
    "witness_contradicts": Words("见证方拒绝联署", "a witness refuses the log's head"),
    "witness_failing": Words("见证方应答异常", "a witness fails"),
    "recording_damaged": Words("录音受损", "recording damaged"),
    "message_without_number": Words("留言无号码", "message without a number"),
    "call_lost_without_number": Words("放弃来电无号码", "lost call without a number"),
    "complaint_opened_late": Words("投诉补登记", "complaint opened late"),
    "calendar_not_covered": Words("工作日历未公布", "calendar not covered"),
    "switch_not_understood": Words("话务系统消息无法识别", "switch not understood"),
    "switch_clock_off": Words("话务系统时钟偏差", "switch clock off"),
    "event_log_missing": Words("话务事件日志缺失", "event log missing"),
    "event_log_truncated": Words("话务事件日志被截断", "event log truncated"),
    "application_replaced": Words("话务控制被其他程序占用", "application replaced"),
    "ownership_lost": Words("话务控制权丢失", "ownership lost"),
    "attachment_damaged": Words("附件缺失或受损", "attachment missing or damaged"),
    "attachment_orphaned": Words("附件无对应服务单", "file of no known ticket"),
    "ticket_set_aside": Words("暂存服务单被搁置", "ticket set aside"),
}

TELEPHONES: Final[Terms] = {"web": Words("网页话机", "browser"), "desk": Words("桌面话机", "desk telephone")}
ACTIVITIES: Final[Terms] = {
    "idle": Words("空闲", "idle"),
    "ringing": Words("振铃", "ringing"),
    "talking": Words("通话中", "talking"),
}
LINES: Final[Terms] = {
    "free": Words("空闲", "free"),
    "busy": Words("占用", "busy"),
    "away": Words("未注册", "not registered"),
}
VERDICTS: Final[Terms] = {"allow": Words("允许", "allowed"), "deny": Words("拒绝", "refused")}
