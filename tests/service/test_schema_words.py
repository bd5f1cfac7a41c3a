"""Every list of words in the schema is that of a type in the program: one cannot grow without the other."""

import re
from enum import StrEnum
from typing import Any, Literal, get_args

import pytest

from callcenter.accounts.permissions import Role as Post
from callcenter.accounts.sessions import Kind as SessionKind
from callcenter.accounts.store import OrganisationKind, Phone
from callcenter.agents.agent import State as AgentState
from callcenter.callbacks.attempt import Mode, NumberAfter, Outcome
from callcenter.callbacks.campaign import Standing, Turn
from callcenter.callbacks.links import PageKind
from callcenter.callbacks.questions import Answer
from callcenter.callbacks.recheck import RecheckResult
from callcenter.callbacks.script import Condition
from callcenter.callbacks.script import State as ScriptState
from callcenter.callbacks.task import Purpose, Result
from callcenter.callbacks.task import Source as TaskSource
from callcenter.callbacks.task import State as TaskState
from callcenter.calls.call import Direction, SegmentState
from callcenter.calls.call import State as CallState
from callcenter.calls.facts import Role, Source
from callcenter.config import Config
from callcenter.db.pool import Database
from callcenter.documents.kinds import Kind as Document
from callcenter.exports import ExportState
from callcenter.importing.fields import Kind
from callcenter.importing.lines import Fate
from callcenter.importing.store import State as ImportState
from callcenter.importing.table import Format
from callcenter.notifications.notification import Kind as NotificationKind
from callcenter.web.complaint_guide import Place
from recordings.completeness import Completeness
from tests.service.test_ticket_schema import WORDS as OF_TICKETS
from tickets import posts, reminders
from tickets.accountability import AccountState, Measure
from tickets.authority import RequestState
from tickets.callbacks import Way
from tickets.categories import Category, Department
from tickets.consultations import ConsultationGround, ConsultationState
from tickets.course import PauseGround
from tickets.dossier import Item
from tickets.group_meetings import GroupMeetingState
from tickets.grouping import Dimension
from tickets.lifecycle import Validity
from tickets.metrics import Base
from tickets.reports import ReportKind, ReportState
from tickets.sampling import Answer as Satisfaction
from tickets.third_parties import Admission, ThirdPartyKind

pytestmark = pytest.mark.service

TYPES: dict[str, Any] = {
    **{f"{table}.{column}": words for (table, column), words in OF_TICKETS.items()},
    "agent_state.state": AgentState,
    "app_user.department": Department,
    "app_user.phone": Phone,
    "app_user.roles": Post,
    "authority_limit.role": Post,
    "call.direction": Direction,
    "call.state": CallState,
    "call_event.source": Source,
    "call_leg.role": Role,
    "callback_answer.answer": Answer,
    "attempt_plan_rule.number": NumberAfter,
    "attempt_plan_rule.outcome": Outcome,
    "callback_attempt.mode": Mode,
    "callback_attempt.outcome": Outcome,
    "callback_sample_item.result": RecheckResult,
    "callback_task.purpose": Purpose,
    "callback_task.result": Result,
    "callback_task.source": TaskSource,
    "callback_task.state": TaskState,
    "callback_task.conditions": Condition,
    "campaign.channels": Literal["agent", "bank", "telesales", "internet", "broker", "group"],
    "callback_page.kind": PageKind,
    "callback_task.way": Way,
    "callback_way.way": Literal["letter", "visit"],
    "campaign.purpose": Purpose,
    "campaign_dialling.mode": Mode,
    "campaign.state": Standing,
    "campaign_change.action": Turn,
    "campaign_change.state": Standing,
    "case_file_absence.item": Item,
    "closing_sample.validity": Literal["valid", "invalid"],
    "closing_sample_item.validity": Literal["valid", "invalid"],
    "closing_sample_item.result": Literal["agreed", "overturned"],
    "committee_ruling.validity": Literal["valid", "invalid"],
    "denominator.base": Base,
    "document.kind": Document,
    "document_counter.kind": Document,
    "document_template.kind": Document,
    "accountability.measure": Measure,
    "accountability.state": AccountState,
    "authority_request.state": RequestState,
    "centralised_business.category": Category,
    "complaint_guide_posting.place": Place,
    "consultation.ground": ConsultationGround,
    "consultation.state": ConsultationState,
    "group_meeting.state": GroupMeetingState,
    "third_party.admission": Admission,
    "third_party.kind": ThirdPartyKind,
    "document_sending.means": Literal["handed_over", "posted", "emailed"],
    "export_request.state": ExportState,
    "downgrade.from_severity": Literal["difficult", "major"],
    "downgrade.to_severity": Literal["general", "difficult"],
    "list_import.format": Format,
    "list_import.kind": Kind,
    "list_import.state": ImportState,
    "list_import_fault.fate": Fate,
    "list_import_layout.kind": Kind,
    "matter.validity": Validity,
    "installation.mode": Config.__annotations__["mode"],
    "neglect.state": reminders.ListState,
    "notification.kind": NotificationKind,
    "organisation.kind": OrganisationKind,
    "post.department": Department,
    "post.kind": posts.Post,
    "post_change.department": Department,
    "post_change.duty": posts.Duty,
    "post_change.turn": posts.Turn,
    "recording_segment.completeness": Completeness,
    "reclassification.from_nature": Literal["complaint", "callback_finding"],
    "reclassification.to_nature": Literal["complaint", "callback_finding"],
    "report.dimension": Dimension,
    "report.kind": ReportKind,
    "report.state": ReportState,
    "satisfaction_sample.result": Satisfaction,
    "scope_rule.purpose": Purpose,
    "script.purpose": Purpose,
    "script.state": ScriptState,
    "segment.state": SegmentState,
    "ticket_pause.ground": PauseGround,
    "reminder.stage": reminders.Stage,
    "session.kind": SessionKind,
    "tenure.part": posts.Part,
    "ticket_found.validity": Validity,
}
ONLY_IN_THE_SCHEMA = {
    "access_log.verdict": "written from a truth value, callcenter/audit.py",
    "customer.gender": "data of the core system; nothing decides by it",
    "customer_phone.kind": "data of the core system; nothing decides by it",
    "policy.payment": "data of the core system; nothing decides by it",
    "policy.product_kind": "data of the core system; one word of it decides, callcenter/callbacks/scope.py",
    "policy.sales_channel": "data of the core system; two words of it decide, callcenter/callbacks/scope.py",
    "policy.status": "data of the core system; scope rules choose among them, callcenter/callbacks/scope.py",
    "segment.end_reason": "told, never decided by",
}

LISTS = """
SELECT c.conrelid::regclass::text AS of_table, pg_get_constraintdef(c.oid) AS definition
FROM pg_constraint c JOIN pg_class k ON k.oid = c.conrelid
WHERE c.contype = 'c' AND NOT k.relispartition"""
ONE_LIST = re.compile(r"CHECK \(\((\w+) (?:= ANY \(|<@ )ARRAY\[((?:'[a-z_]+'::text(?:, )?)+)\]\)*")


def words_of(kind: Any) -> set[str]:
    return {str(word) for word in kind} if isinstance(kind, type) and issubclass(kind, StrEnum) else set(get_args(kind))


async def test_every_list_of_words_in_the_schema_has_its_type(database: Database) -> None:
    async with database.connection() as conn:
        rows = await conn.fetch(LISTS)
    lists = {
        f"{row['of_table']}.{match[1]}": set(re.findall(r"'([a-z_]+)'", match[2]))
        for row in rows
        if (match := ONE_LIST.fullmatch(row["definition"]))
    }
    assert len(lists) > 30
    assert set(lists) == set(TYPES) | set(ONLY_IN_THE_SCHEMA)
    differing = {name: (words_of(TYPES[name]), lists[name]) for name in TYPES if words_of(TYPES[name]) != lists[name]}
    assert differing == {}
