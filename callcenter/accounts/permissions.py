"""Who may do what: one table of role → permissions. Must never look at data; where is decided by organisation path.

A permission comes with the first route that asks for it: one that nothing asks for would say nothing.
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is here for (岗位)."""

    AGENT = "agent"  # 95519 坐席
    CALLBACK_AGENT = "callback_agent"  # 回访坐席
    HANDLER = "handler"  # 投诉岗
    COORDINATOR = "coordinator"  # 部门协调人
    DEPARTMENT_HEAD = "department_head"  # 部门负责人
    LEGAL = "legal"  # 法务
    SECRETARY = "secretary"  # 消保委秘书
    SUPERVISOR = "supervisor"  # 班组长
    QA = "qa"  # 质检
    AUDITOR = "auditor"  # 审计
    ADMIN = "admin"  # 管理员
    INTEGRATOR = "integrator"  # 对接系统


class Permission(StrEnum):
    """One thing a route asks for. `own` actions concern only the caller's own phone, session or call."""

    TICKET_READ = "ticket.read"
    TICKET_OPEN = "ticket.open"
    TICKET_EDIT = "ticket.edit"
    TICKET_WORK = "ticket.work"
    TICKET_MANAGE = "ticket.manage"
    LETTER_CLEAR = "letter.clear"
    COMMITTEE_READ = "committee.read"
    COMMITTEE_SIT = "committee.sit"
    COMMITTEE_MANAGE = "committee.manage"
    TICKET_SIGN = "ticket.sign"
    SLIP_WORK = "slip.work"
    SLIP_FIX = "slip.fix"
    EXTENSION_APPROVE = "extension.approve"
    CLOSING_REVIEW = "closing.review"
    PROGRESS_REPORT = "progress.report"
    ATTACHMENT_READ = "attachment.read"
    DOCUMENT_ISSUE = "document.issue"
    CASE_EXPORT = "case_file.export"
    TEMPLATE_MANAGE = "template.manage"
    CUSTOMER_READ = "customer.read"
    CUSTOMER_UNMASK = "customer.unmask"
    CALL_READ = "call.read"
    CALL_HANDLE = "call.handle"
    CALL_SUPERVISE = "call.supervise"
    AGENT_SELF = "agent.self"
    AGENT_READ = "agent.read"
    AGENT_MANAGE = "agent.manage"
    CALLBACK_READ = "callback.read"
    CALLBACK_WORK = "callback.work"
    CALLBACK_RECLASSIFY = "callback.reclassify"
    CALLBACK_CONFIRM = "callback.confirm"
    CALLBACK_SAMPLE = "callback.sample"
    CAMPAIGN_MANAGE = "campaign.manage"
    POLICY_PUSH = "policy.push"
    SCRIPT_READ = "script.read"
    SCRIPT_MANAGE = "script.manage"
    RECORDING_READ = "recording.read"
    RECORDING_LISTEN = "recording.listen"
    RECORDING_LISTEN_CASE = "recording.listen_case"
    RECORDING_LISTEN_OWN = "recording.listen_own"
    STATISTICS_READ = "statistics.read"
    DENOMINATOR_MANAGE = "denominator.manage"
    REPORT_MAKE = "report.make"
    SATISFACTION_DRAW = "satisfaction.draw"
    DATA_EXPORT = "data.export"
    EXPORT_APPROVE = "export.approve"
    ACCOUNTABILITY_READ = "accountability.read"
    ACCOUNTABILITY_MANAGE = "accountability.manage"
    ACCOUNT_READ = "account.read"
    ACCOUNT_MANAGE = "account.manage"
    ORGANISATION_READ = "organisation.read"
    ORGANISATION_MANAGE = "organisation.manage"
    POST_READ = "post.read"
    POST_MANAGE = "post.manage"
    POST_REPORT = "post.report"
    AUTHORITY_MANAGE = "authority.manage"
    NOTIFICATION_MANAGE = "notification.manage"
    WEBHOOK_MANAGE = "webhook.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 - a name
    AUDIT_READ = "audit.read"
    INCIDENT_READ = "incident.read"
    INCIDENT_MANAGE = "incident.manage"
    CALENDAR_MANAGE = "calendar.manage"
    LIMIT_MANAGE = "limit.manage"
    ROUTING_MANAGE = "routing.manage"
    CLOCK_SET = "clock.set"


P = Permission

_TALKING = {P.CALL_READ, P.CALL_HANDLE, P.AGENT_SELF, P.CUSTOMER_READ, P.TICKET_READ, P.TICKET_OPEN}
_TALKING |= {P.CUSTOMER_UNMASK, P.TICKET_EDIT, P.RECORDING_READ, P.RECORDING_LISTEN_OWN, P.ORGANISATION_READ}
_TALKING |= {P.ATTACHMENT_READ}
_SECOND_LINE = {P.TICKET_READ, P.TICKET_EDIT, P.TICKET_WORK, P.CUSTOMER_READ, P.CALL_READ, P.RECORDING_READ}
_SECOND_LINE |= {P.ATTACHMENT_READ}
_SECOND_LINE |= {P.RECORDING_LISTEN_CASE, P.CALLBACK_READ, P.ORGANISATION_READ, P.POST_READ}
_SECOND_LINE |= {P.COMMITTEE_READ, P.COMMITTEE_SIT}
_OVERSIGHT = {P.TICKET_READ, P.CALL_READ, P.CALLBACK_READ, P.CUSTOMER_READ, P.RECORDING_READ, P.RECORDING_LISTEN}
_OVERSIGHT |= {P.SCRIPT_READ, P.ATTACHMENT_READ, P.STATISTICS_READ, P.DATA_EXPORT, P.AGENT_READ, P.ORGANISATION_READ}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(_TALKING),
    Role.CALLBACK_AGENT: frozenset(_TALKING | {P.CALLBACK_READ, P.CALLBACK_WORK, P.SCRIPT_READ}),
    Role.HANDLER: frozenset(
        _SECOND_LINE
        | {
            P.TICKET_OPEN,
            P.TICKET_MANAGE,
            P.POST_REPORT,
            P.DOCUMENT_ISSUE,
            P.CASE_EXPORT,
            P.CALL_HANDLE,
            P.AGENT_SELF,
            P.RECORDING_LISTEN_OWN,
            P.CUSTOMER_UNMASK,
            P.STATISTICS_READ,
            P.REPORT_MAKE,
            P.DATA_EXPORT,
        }
    ),
    Role.COORDINATOR: frozenset(_SECOND_LINE | {P.SLIP_WORK, P.STATISTICS_READ, P.DATA_EXPORT, P.PROGRESS_REPORT}),
    Role.DEPARTMENT_HEAD: frozenset(
        _SECOND_LINE
        | {P.SLIP_WORK, P.TICKET_SIGN, P.STATISTICS_READ, P.DATA_EXPORT}
        | {P.EXTENSION_APPROVE, P.EXPORT_APPROVE, P.PROGRESS_REPORT, P.ACCOUNTABILITY_READ, P.ACCOUNTABILITY_MANAGE}
    ),
    Role.LEGAL: frozenset(_SECOND_LINE | {P.CUSTOMER_UNMASK, P.LETTER_CLEAR}),
    Role.SECRETARY: frozenset(
        _OVERSIGHT - {P.RECORDING_LISTEN}
        | {P.RECORDING_LISTEN_CASE, P.TICKET_WORK, P.POST_READ}
        | {P.COMMITTEE_READ, P.COMMITTEE_SIT, P.COMMITTEE_MANAGE, P.DOCUMENT_ISSUE, P.CASE_EXPORT}
    ),
    Role.SUPERVISOR: frozenset(
        _TALKING
        | _OVERSIGHT
        | {P.CALL_SUPERVISE, P.AGENT_MANAGE, P.CALLBACK_WORK, P.CAMPAIGN_MANAGE, P.TICKET_WORK, P.ACCOUNT_READ}
        | {P.TICKET_MANAGE, P.SLIP_FIX, P.INCIDENT_READ, P.INCIDENT_MANAGE, P.POST_READ, P.POST_MANAGE, P.POST_REPORT}
        | {P.DENOMINATOR_MANAGE, P.REPORT_MAKE, P.SATISFACTION_DRAW}
        | {P.COMMITTEE_READ, P.COMMITTEE_SIT}
        | {P.EXTENSION_APPROVE}
        | {P.CLOSING_REVIEW, P.CALLBACK_CONFIRM, P.CALLBACK_SAMPLE}
        | {P.SCRIPT_MANAGE}
        | {P.EXPORT_APPROVE, P.ACCOUNTABILITY_READ, P.ACCOUNTABILITY_MANAGE}
        | {P.NOTIFICATION_MANAGE}
        | {P.DOCUMENT_ISSUE, P.CASE_EXPORT}
    ),
    Role.QA: frozenset(_OVERSIGHT - {P.DATA_EXPORT} | {P.CALLBACK_RECLASSIFY, P.CALLBACK_CONFIRM, P.CALLBACK_SAMPLE}),
    Role.AUDITOR: frozenset(
        _OVERSIGHT
        | {P.AUDIT_READ, P.ACCOUNT_READ, P.INCIDENT_READ, P.POST_READ, P.COMMITTEE_READ}
        | {P.CASE_EXPORT, P.ACCOUNTABILITY_READ}
    ),
    Role.ADMIN: frozenset(
        {P.ACCOUNT_READ, P.ACCOUNT_MANAGE, P.ORGANISATION_READ, P.ORGANISATION_MANAGE, P.TOKEN_MANAGE, P.AUDIT_READ}
        | {P.AGENT_READ, P.AGENT_MANAGE, P.CAMPAIGN_MANAGE, P.POLICY_PUSH, P.CALLBACK_READ, P.CLOCK_SET}
        | {P.SCRIPT_READ, P.SCRIPT_MANAGE}
        | {P.INCIDENT_READ, P.INCIDENT_MANAGE, P.CALENDAR_MANAGE, P.ROUTING_MANAGE}
        | {P.POST_READ, P.POST_MANAGE, P.AUTHORITY_MANAGE, P.NOTIFICATION_MANAGE, P.WEBHOOK_MANAGE}
        | {P.TEMPLATE_MANAGE, P.LIMIT_MANAGE}
    ),
    Role.INTEGRATOR: frozenset(
        {P.TICKET_READ, P.TICKET_OPEN, P.TICKET_EDIT, P.CUSTOMER_READ, P.CALL_READ}
        | {P.CALLBACK_READ, P.CAMPAIGN_MANAGE, P.POLICY_PUSH, P.RECORDING_READ, P.STATISTICS_READ, P.DATA_EXPORT}
        | {P.ORGANISATION_READ, P.DENOMINATOR_MANAGE, P.REPORT_MAKE}
    ),
}


def of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Everything the roles allow together."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
