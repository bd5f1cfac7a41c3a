"""What leaves in a file is told in Chinese: every heading, every code."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from callcenter import terms
from callcenter.calls import causes
from callcenter.web import cells
from callcenter.web.api import Coded
from callcenter.web.routes import all_routes
from tests.unit.test_operations import table

pytestmark = pytest.mark.unit

CHINESE = re.compile("[\u4e00-\u9fff]")
LINES = sorted({route.lined for route in all_routes() if route.lined is not None}, key=lambda kind: kind.__name__)
TECHNICAL = {
    "AgentView.reason": "a site's own codes; GET /pause-reasons names them",
    "IntervalView.reason": "a site's own codes; GET /pause-reasons names them",
    "Change.action": "the audit trail is evidence and keeps what was written",
    "Change.object_kind": "the audit trail is evidence and keeps what was written",
    "Read.object_kind": "the access log is evidence and keeps what was written",
    "Read.reason": "the access log is evidence and keeps what was written",
    "TokenView.scopes": "the names integrators ask for, docs/permissions.md",
    "AuthorityRequestView.reason": "in the words of who asked",
    "ThirdPartyView.reason": "in the words of who decided",
    "DenominatorView.reason": "in the words of who corrected it",
    "DowngradeView.reason": "in the words of who proposed it",
    "ReviewView.reason": "in the words of the customer",
    "RuleVersionView.reason": "in the words of who published it",
    "SwitchView.reason": "in the words of who switched it",
    "TemplateView.reason": "in the words of who wrote it",
    "VersionView.reason": "in the words of who published it",
}
"""Fields whose codes are told as they are, and why."""
CODES = {"state", "kind", "status", "direction", "phone", "verdict", "queue", "queues", "end_cause", "activity"}
CODES |= {name.partition(".")[2] for name in TECHNICAL}
"""Names under which a text field holds codes."""


def kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        if get_origin(annotation) is not Literal:
            yield from kinds(inner)


@pytest.mark.parametrize("model", LINES, ids=lambda model: model.__name__)
def test_every_heading_is_chinese_and_every_code_has_words(model: type[BaseModel]) -> None:
    assert [column.name for column in cells.columns(model) if not CHINESE.search(column.head)] == []
    for name, spec in model.model_fields.items():
        coded = next((each.terms for each in spec.metadata if isinstance(each, Coded)), None)
        for kind in kinds(spec.annotation):
            if isinstance(kind, type) and issubclass(kind, StrEnum):
                assert set(terms.TERMS[kind]) == set(kind), name
            elif get_origin(kind) is Literal:
                assert coded is not None, name
                assert set(coded) == set(get_args(kind)), name
            elif kind is str and name in CODES and f"{model.__name__}.{name}" not in TECHNICAL:
                assert coded is not None, name


def test_there_are_lists_to_look_at_and_no_reason_is_out_of_date() -> None:
    assert len(LINES) > 12
    fields = {f"{model.__name__}.{name}" for model in LINES for name in model.model_fields}
    assert set(TECHNICAL) <= fields


@pytest.mark.parametrize("kind", terms.TERMS, ids=lambda kind: kind.__name__)
def test_no_two_codes_of_a_kind_have_the_same_name(kind: type[StrEnum]) -> None:
    named = terms.TERMS[kind]
    assert len({words.zh for words in named.values()}) == len(named) == len(kind)
    assert terms.term(next(iter(kind))) is named[next(iter(kind))]


def test_every_cause_and_every_incident_has_words() -> None:
    assert set(causes.WORDS.values()) <= set(terms.END_CAUSES)
    assert set(terms.INCIDENTS) == {row[0].strip("`") for row in table("### Incidents")}
