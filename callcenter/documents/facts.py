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


FACTS: Final[Mapping[Kind, type]] = {
    Kind.ACKNOWLEDGEMENT: Acknowledgement,
    Kind.EMAIL_REPLY: Acknowledgement,
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
