"""What the code and the documents promise of themselves, held to what is there."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from agi import names
from callcenter.lab import speech
from callcenter.web import openapi, routes
from callcenter.web.errors import ANSWERS, INTERNAL
from callcenter.web.tickets import NEEDS
from tests.unit.callcenter.test_errors import coded
from tickets.lifecycle import ENDED, MOVES, Action, Status

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("agi", "callcenter", "recordings", "tickets")
STATEMENT = re.compile(
    r"\s*(SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+.*\bAS)\b", re.DOTALL
)

PURE = {
    "agi.ari.events": "unit/agi/test_events.py",
    "agi.ari.shapes": "unit/agi/test_events.py",
    "agi.numbers": "unit/agi/test_numbers.py",
    "agi.protocol": "unit/agi/test_protocol.py",
    "callcenter.addresses": "unit/callcenter/test_notification.py",
    "callcenter.agents.agent": "unit/callcenter/agents/test_agent.py",
    "callcenter.attachments.contents": "unit/callcenter/attachments/test_contents.py",
    "callcenter.callbacks.campaign": "unit/callcenter/test_callback_rules.py",
    "callcenter.calling_hours": "unit/callcenter/test_callback_rules.py",
    "callcenter.trunks": "unit/callcenter/test_trunks.py",
    "callcenter.callbacks.plan": "unit/callcenter/test_callback_rules.py",
    "callcenter.callbacks.questions": "unit/callcenter/test_callback_rules.py",
    "callcenter.callbacks.recheck": "unit/callcenter/test_recheck.py",
    "callcenter.callbacks.scope": "unit/callcenter/test_scope.py",
    "callcenter.callbacks.script": "unit/callcenter/test_script.py",
    "callcenter.callbacks.script_rules": "unit/callcenter/test_script.py",
    "callcenter.callbacks.task": "unit/callcenter/test_callback_rules.py",
    "callcenter.callbacks.verdict": "unit/callcenter/test_callback_rules.py",
    "callcenter.callbacks.wording": "unit/callcenter/test_script.py",
    "callcenter.calls.call": "unit/callcenter/calls/test_call.py",
    "callcenter.calls.cel": "unit/callcenter/calls/test_cel.py",
    "callcenter.calls.channels": "unit/callcenter/calls/test_channels.py",
    "callcenter.customers.masking": "unit/callcenter/test_masking.py",
    "callcenter.customers.phone": "unit/callcenter/test_phone.py",
    "callcenter.notifications.notification": "unit/callcenter/test_notification.py",
    "callcenter.importing.blocked": "unit/callcenter/importing/test_values.py",
    "callcenter.importing.fields": "unit/callcenter/importing/test_values.py",
    "callcenter.importing.mapping": "unit/callcenter/importing/test_values.py",
    "callcenter.importing.values": "unit/callcenter/importing/test_values.py",
    "callcenter.service_hours": "unit/callcenter/test_service_hours.py",
    "callcenter.doctor.console": "unit/callcenter/doctor/test_console.py",
    "callcenter.ids": "unit/callcenter/test_ids.py",
    "callcenter.terms": "unit/callcenter/test_terms.py",
    "callcenter.web.cells": "unit/callcenter/test_spreadsheet.py",
    "callcenter.web.language": "unit/callcenter/test_language.py",
    "callcenter.web.spreadsheet": "unit/callcenter/test_spreadsheet.py",
    "callcenter.web.validation": "unit/callcenter/test_validation.py",
    "recordings.completeness": "unit/recordings/test_completeness.py",
    "recordings.merkle": "unit/recordings/test_log.py",
    "tickets.accountability": "unit/tickets/test_accountability.py",
    "tickets.acknowledgement": "unit/tickets/test_acknowledgement.py",
    "tickets.authority": "unit/tickets/test_authority.py",
    "tickets.calendar": "unit/tickets/test_calendar.py",
    "tickets.callbacks": "unit/tickets/test_callbacks.py",
    "tickets.categories": "unit/tickets/test_categories.py",
    "tickets.channels": "unit/tickets/test_channels.py",
    "tickets.committee": "unit/tickets/test_committee.py",
    "tickets.consultations": "unit/tickets/test_consultations.py",
    "tickets.downgrades": "unit/tickets/test_downgrades.py",
    "tickets.feedback": "unit/tickets/test_feedback.py",
    "tickets.letters": "unit/tickets/test_letters.py",
    "tickets.likeness": "unit/tickets/test_likeness.py",
    "tickets.reviews": "unit/tickets/test_reviews.py",
    "tickets.corrections": "unit/tickets/test_corrections.py",
    "tickets.course": "unit/tickets/test_course.py",
    "tickets.denominators": "unit/tickets/test_denominators.py",
    "tickets.deadlines": "unit/tickets/test_deadlines.py",
    "tickets.dossier": "unit/tickets/test_dossier.py",
    "tickets.findings": "unit/tickets/test_findings.py",
    "tickets.endings": "unit/tickets/test_endings.py",
    "tickets.proofs": "unit/tickets/test_proofs.py",
    "tickets.recusal": "unit/tickets/test_recusal.py",
    "tickets.followup": "unit/tickets/test_followup.py",
    "tickets.owners": "unit/tickets/test_owners.py",
    "tickets.routing": "unit/tickets/test_routing.py",
    "tickets.group_meetings": "unit/tickets/test_group_meetings.py",
    "tickets.groups": "unit/tickets/test_groups.py",
    "tickets.guards": "unit/tickets/test_lifecycle.py",
    "tickets.intake": "unit/tickets/test_intake.py",
    "tickets.lifecycle": "unit/tickets/test_lifecycle.py",
    "tickets.limits": "unit/tickets/test_deadlines.py",
    "tickets.grouping": "unit/tickets/test_grouping.py",
    "tickets.measures": "unit/tickets/test_measures.py",
    "tickets.manner": "unit/tickets/test_manner.py",
    "tickets.metrics": "unit/tickets/test_metrics.py",
    "tickets.notice": "unit/tickets/test_notice.py",
    "tickets.periods": "unit/tickets/test_periods.py",
    "tickets.reclassification": "unit/tickets/test_reclassification.py",
    "tickets.reports": "unit/tickets/test_reports.py",
    "tickets.progress": "unit/tickets/test_progress.py",
    "tickets.posts": "unit/tickets/test_posts.py",
    "tickets.linked": "unit/tickets/test_linked.py",
    "tickets.signatures": "unit/tickets/test_signatures.py",
    "tickets.slips": "unit/tickets/test_slips.py",
    "tickets.matters": "unit/tickets/test_matters.py",
    "tickets.papers": "unit/tickets/test_papers.py",
    "tickets.reminders": "unit/tickets/test_reminders.py",
    "tickets.retention": "unit/tickets/test_retention.py",
    "tickets.sampling": "unit/tickets/test_sampling.py",
    "tickets.stages": "unit/tickets/test_stages.py",
    "tickets.statistics": "unit/tickets/test_statistics.py",
    "tickets.third_parties": "unit/tickets/test_third_parties.py",
    "tickets.versions": "unit/tickets/test_versions.py",
    "tickets.terms": "unit/tickets/test_terms.py",
}
"""Where each module that only decides has its own tests."""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def dialplan() -> str:
    etc = ROOT / "docker/asterisk/etc"
    files = [etc / "extensions.conf", *sorted((etc / "dialplan").glob("*.conf"))]
    return "\n".join(re.sub(r"(?m);.*$", "", file.read_text(encoding="utf-8")) for file in files)


@pytest.mark.parametrize("module", PURE)
def test_a_module_that_only_decides_has_its_own_tests(module: str) -> None:
    importlib.import_module(module)
    text = (ROOT / "tests" / PURE[module]).read_text(encoding="utf-8")
    package, _, name = module.rpartition(".")
    assert re.search(rf"from {module} import|from {package} import [^\n]*\b{name}\b", text)


def test_no_rule_of_the_complaint_measures_is_left_without() -> None:
    rules = {path.stem for path in (ROOT / "tickets").glob("*.py")} - {"__init__", "errors", "store"}
    assert {f"tickets.{name}" for name in rules} <= set(PURE)


def test_sql_stands_in_upper_case_constants() -> None:
    """There `test_queries.py` finds and prepares it."""
    loose: list[str] = []
    for path, tree in modules():
        constants: set[int] = set()
        for statement in tree.body:
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            if all(isinstance(target, ast.Name) and target.id.isupper() for target in targets):
                constants |= {id(node) for node in ast.walk(statement)}
        loose += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in constants
            and STATEMENT.match(node.value)
        ]  # fmt: skip
    assert loose == []


PIECES = (
    *("一", "a", "_", "1", "-", "/", "*", " ", "\n", ".", ",", "%", "{", "[", '"', "\\", "\r\n"),
    *("ab/", " /", "/a", "8-", "a/b-", "1.", "+1", "(0", "1 ", "a@", "ab.", "0a-", "A ", "x=", "PJSIP/a-"),
)
LONG = 8_000


def patterns() -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """Every pattern strangers' texts may reach, and whether its module looks for it anywhere in a text."""
    for path, _ in modules():
        if path.stem == "__main__" or path.is_relative_to("callcenter/doctor"):
            continue
        module = importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
        text = (ROOT / path).read_text(encoding="utf-8")
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                searched = re.search(rf"\b{name}\.(sub|subn|search|split|findall|finditer)\(", text)
                yield f"{module.__name__}.{name}", value, searched is not None


def test_no_pattern_takes_longer_for_a_text_than_it_is_long() -> None:
    """A11: what grows with the square of a text would stop everybody's calls for one."""
    slow = []
    for name, pattern, is_searched in patterns():
        for piece in PIECES:
            for text in (piece * (LONG // len(piece)), "PJSIP/" + piece * (LONG // len(piece)) + "!"):
                subject = text if isinstance(pattern.pattern, str) else text.encode()
                began = process_time()
                pattern.fullmatch(subject)
                if is_searched:
                    pattern.sub(subject[:0], subject)
                if process_time() - began > 0.05:
                    slow.append((name, piece))
    assert slow == []


def test_every_prompt_the_scripts_and_the_dialplan_play_is_made() -> None:
    played = {value for key, value in vars(names).items() if key.startswith("PROMPT_")}
    made = {f"cc/{name}" for name in (*speech.PROMPTS, speech.ENGLISH_OFFER[0])} | set(speech.TONES)
    assert played | set(re.findall(r"\bcc/[a-z-]+", dialplan())) <= made
    assert all(all(texts) for texts in speech.PROMPTS.values())


@pytest.mark.parametrize("prefix", ["VAR_", "EVENT_", "CONTEXT_"])
def test_every_name_shared_with_the_dialplan_is_explained(prefix: str) -> None:
    explained = (ROOT / "docs/telephony.md").read_text(encoding="utf-8")
    shared = {value for key, value in vars(names).items() if key.startswith(prefix)}
    assert {name for name in shared if f"`{name}" not in explained} == set()


def test_the_page_of_telephony_names_nothing_that_is_not_there() -> None:
    explained = set(re.findall(r"`(CC_[A-Z0-9_]+)", (ROOT / "docs/telephony.md").read_text(encoding="utf-8")))
    assert {name for name in explained if name not in dialplan()} == set()


def rows(page: str) -> list[list[str]]:
    """The cells of every row of every table of a page."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line.startswith("| ")]


def test_the_page_of_tickets_tells_the_moves_and_who_may() -> None:
    """R-4.1"""
    told = {row[0].strip("`"): row for row in rows("docs/tickets.md") if row[0].strip("`") in set(Action)}
    assert set(told) == set(Action)
    open_ = set(Status) - ENDED
    for action, (_, moves, _, permission) in told.items():
        assert permission == NEEDS[Action(action)], action
        before = {status for status, does in MOVES if does == action}
        after = {to for (_, does), to in MOVES.items() if does == action}
        start, _, end = moves.partition(" → ")
        if end:
            assert {start_.strip() for start_ in start.split(",")} == before, action
            assert {end} == after, action
        else:
            assert before <= open_ or action in (Action.SIGN, Action.OVERTURN), action
            assert all(MOVES[status, Action(action)] is status for status in before), action


def test_the_page_of_the_interface_tells_codes_as_they_are_answered() -> None:
    """Each with its status; and none of the general ones is missing."""
    answered = {(row.code, row.status) for row in (*ANSWERS.values(), INTERNAL)}
    for kind in coded():
        nearest = next(ANSWERS[base] for base in kind.__mro__ if base in ANSWERS)
        answered.add((vars(kind)["code"], nearest.status))
    answered |= {("method_not_allowed", 405)}
    told = {
        (code, int(status))
        for row in rows("docs/api.md")
        for status in re.findall(r"\b\d{3}\b", row[0])
        for code in re.findall(r"`([a-z_]+)`", row[1])
    }
    codes = {code for code, _ in told}
    assert {code for code in codes if not any((code, status) in answered for status in range(400, 600))} == set()
    for code in codes:
        assert {status for each, status in told if each == code} & {s for each, s in answered if each == code}, code
    general = {row.code for row in ANSWERS.values()} - {"ticket_refused", "refused"}
    assert {code for code in general if code not in codes} == set()


def test_the_interface_has_no_route_that_is_to_come_whole() -> None:
    """Who adds one takes it off the page of the decision."""
    page = (ROOT / "docs/decisions/007-routes-come-whole.md").read_text(encoding="utf-8")
    to_come = set(re.findall(r"^\| `(GET|POST) (/[^`]+)`", page, re.MULTILINE))
    assert to_come
    there = {
        (method.upper(), re.sub(r"\{\w+\}", "{id}", path.removeprefix(openapi.PREFIX)))
        for path, methods in openapi.document(routes.MODULES)["paths"].items()
        for method in methods
    }
    assert ("POST", "/campaigns") in there
    assert to_come & there == set()


NOT_WRITTEN_YET = {"docs/operations.md", "docs/benchmarks.md"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))])  # fmt: skip
def test_links_lead_somewhere(page: str) -> None:
    text = re.sub(r"(?ms)^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"))
    targets = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    found = {((ROOT / page).parent / target).resolve().relative_to(ROOT) for target in targets if target}
    assert {str(path) for path in found if not (ROOT / path).exists()} <= NOT_WRITTEN_YET
