"""What is said of a request that does not fit its model."""

import re
from datetime import date
from typing import Annotated, Any, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic_core import core_schema

from callcenter.web.api import Day, Model, Moment
from callcenter.web.routes import all_routes
from callcenter.web.validation import CHINESE, not_modelled, words
from tickets.intake import Nature

pytestmark = pytest.mark.unit

OF_PYTHON = {
    *("no_such_attribute", "needs_python_object", "frozen_field", "frozen_instance", "get_attribute_error"),
    *("dataclass_exact_type", "default_factory_not_called", "missing_sentinel_error", "ellipsis_error"),
    *("is_instance_of", "is_subclass_of", "callable_type", "arguments_type", "missing_argument"),
    *("unexpected_keyword_argument", "missing_keyword_only_argument", "unexpected_positional_argument"),
    *("missing_positional_only_argument", "multiple_argument_values"),
}
"""What pydantic says of Python's objects and arguments, which neither JSON nor the text of a query can be."""
OF_FUNCTIONS = {"function-before", "function-after", "function-plain", "function-wrap"}


class Sent(Model):
    nature: Nature
    count: Annotated[int, Field(ge=1, le=5)] = 1
    name: Annotated[str, Field(max_length=3)] = ""
    key: UUID | None = None
    day: Day | None = None
    at: Moment | None = None


def said(**sent: Any) -> dict[str, tuple[str, str, str]]:
    with pytest.raises(ValidationError) as refused:
        Sent.model_validate_json(TypeAdapter(dict[str, Any]).dump_json(sent), strict=True)
    places = not_modelled("body", refused.value).places
    return {place.pointer: (place.code, place.words.zh, place.words.en) for place in places}


def test_each_kind_of_misfit_is_told_in_chinese_and_english() -> None:
    assert said(count=9, name="abcd", key="x", more=1) == {
        "#/body/nature": ("missing", "必填", "Field required"),
        "#/body/count": ("less_than_equal", "应不大于5", "Input should be less than or equal to 5"),
        "#/body/name": ("string_too_long", "最多3个字符", "String should have at most 3 characters"),
        "#/body/key": ("uuid_parsing", "应为UUID", said(key="x", nature="complaint")["#/body/key"][2]),
        "#/body/more": ("extra_forbidden", "没有这个字段", "Extra inputs are not permitted"),
    }
    assert said(nature="praise")["#/body/nature"][1:] == (
        "应为'complaint'、'callback_finding'或'non_complaint'",
        "Input should be 'complaint', 'callback_finding' or 'non_complaint'",
    )


def test_a_rule_of_our_own_brings_its_own_words() -> None:
    """H13"""
    told = said(nature="complaint", day="0001-01-01", at="3000-01-01T00:00:00Z")
    assert told["#/body/day"] == ("value_error", "年份须在1900至2200之间", "the year must lie between 1900 and 2200")
    assert told["#/body/at"][1:] == ("年份须在1971至2200之间", "the year must lie between 1971 and 2200")
    assert said(nature="complaint", day="soon")["#/body/day"][1] == "应为日期，如2026-03-02"


def test_nothing_that_was_sent_is_repeated() -> None:
    """H18"""
    told = said(nature="secret", name="secret-long", key="secret", day="secret", at="secret", count="secret")
    assert len(told) == 6
    assert "secret" not in str(told)


def test_every_type_of_error_that_a_request_can_meet_is_translated() -> None:
    types = set(get_args(core_schema.ErrorType))
    assert len(types) > 100
    assert types - OF_PYTHON - set(CHINESE) == set()
    assert set(CHINESE) & OF_PYTHON == set()
    assert all(re.search("[\u4e00-\u9fff]", template) for template in CHINESE.values())


def test_an_unknown_type_of_error_is_told_in_english() -> None:
    told = words({"type": "quite_new", "loc": (), "msg": "Input is odd", "input": None})
    assert (told.zh, told.en) == ("Input is odd", "Input is odd")


def functions(schema: Any) -> set[Any]:
    """The functions of ours that validate within a schema of pydantic's."""
    if isinstance(schema, list | tuple):
        return {found for item in schema for found in functions(item)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["function"]["function"]} if schema.get("type") in OF_FUNCTIONS else set()
    return own | {found for key, item in schema.items() if key != "metadata" for found in functions(item)}


def test_whatever_validates_a_request_refuses_in_words() -> None:
    """What one of them raises otherwise is told in English only, so each is looked at here."""
    models: list[type[BaseModel]] = [
        model for route in all_routes() for model in (route.body, route.query) if model is not None
    ]
    assert len(models) > 30
    ours = {each for model in models for each in functions(model.__pydantic_core_schema__)}
    names = {each.__name__ for each in ours if getattr(each, "__module__", "").startswith(("callcenter", "tickets"))}
    assert names == {"_number", "_moment", "_day", "_plausible", "_plausible_day", "_safe", "_says_why"}
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(date(1, 1, 1))
