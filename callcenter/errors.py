"""Refusals that every part of the application shares. Must never carry personal data in its words."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from tickets.errors import Words

UNUSABLE: Final = 2
"""Exit status: the settings, the machine or the database must be changed first; the text says how."""


class ApplicationError(Exception):
    """A request was understood and cannot be done; `code` is stable, `words` are for people, in both languages."""

    code: ClassVar[str] = "refused"

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class UnfitValueError(ValueError):
    """A value that fits its type, but cannot be: raised by what validates a field of a request."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


class CannotStartError(Exception):
    """A process cannot start; the text says why, and what to do."""


Kind = Literal[
    "accountability",
    "agent",
    "attachment",
    "authority request",
    "call",
    "callback link",
    "callback task",
    "callback sample",
    "campaign",
    "centralised business",
    "clock",
    "closing sample",
    "customer",
    "committee member",
    "complaint guide",
    "consultation",
    "downgrade",
    "feedback",
    "formality",
    "follow-up",
    "export request",
    "extension",
    "denominator",
    "document",
    "document template",
    "import",
    "incident",
    "letter",
    "letter or visit",
    "limit",
    "matter",
    "meeting",
    "neglect",
    "notification",
    "organisation",
    "pause",
    "post",
    "post change",
    "recording",
    "report",
    "reclassification",
    "re-investigation",
    "sample",
    "scope rule",
    "script",
    "referral",
    "review request",
    "reminder",
    "slip",
    "third party",
    "third party request",
    "ticket",
    "token",
    "user",
]
"""What can be asked for in vain; the access log writes it so."""

KINDS: Final[Mapping[Kind, str]] = {
    "accountability": "问责事项",
    "agent": "坐席",
    "attachment": "附件",
    "authority request": "临时授权申请",
    "call": "通话",
    "callback link": "电子化回访链接",
    "callback task": "回访任务",
    "callback sample": "回访抽样",
    "campaign": "回访批次",
    "centralised business": "集中办理业务",
    "clock": "测试时钟",
    "closing sample": "结案样本",
    "customer": "客户",
    "committee member": "委员",
    "complaint guide": "投诉指南",
    "consultation": "请示",
    "downgrade": "降级申请",
    "feedback": "反馈",
    "formality": "后续手续",
    "follow-up": "督办事项",
    "export request": "导出申请",
    "extension": "延期",
    "denominator": "统计分母",
    "document": "文书",
    "document template": "文书模板",
    "import": "名单导入",
    "incident": "事件记录",
    "letter": "意见书",
    "letter or visit": "信函或上门回访",
    "limit": "时限",
    "matter": "投诉事件",
    "meeting": "会议",
    "neglect": "公示名单条目",
    "notification": "通知",
    "organisation": "机构",
    "pause": "期限中止",
    "post": "任职",
    "post change": "岗位变动",
    "recording": "录音档案",
    "report": "统计报告",
    "reclassification": "改判",
    "re-investigation": "重新调查事项",
    "sample": "满意度样本",
    "scope rule": "回访范围规则",
    "script": "话术",
    "referral": "提请事项",
    "review request": "核查申请",
    "reminder": "催办单",
    "slip": "会办单",
    "third party": "第三方机构",
    "third party request": "第三方配合记录",
    "ticket": "服务单",
    "token": "接口令牌",
    "user": "用户",
}


class NotFoundError(ApplicationError):
    """There is no such object, or none that the actor may know of: the two must look alike (H2)."""

    code = "not_found"

    def __init__(self, kind: Kind, object_id: object) -> None:
        super().__init__(Words(f"没有找到{KINDS[kind]}：{object_id}", f"no {kind} {object_id}"))
        self.kind = kind
        self.object_id = str(object_id)


class ForbiddenError(ApplicationError):
    """The actor may know of the object, but may not do this."""

    code = "forbidden"


class ConflictError(ApplicationError):
    """The object's present state does not allow this."""

    code = "conflict"


class StaleVersionError(ConflictError):
    """Somebody changed the object since the actor read it: read again, then decide."""

    code = "stale_version"


class AwayError(ApplicationError):
    """A part that this needs (Asterisk, a queue, a disk) is away: nothing was done, try again later."""

    code = "unavailable"


class InvalidError(ApplicationError):
    """The request is well formed, but what it says cannot be."""

    code = "invalid"
