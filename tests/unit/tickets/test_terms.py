"""What the codes of tickets are called."""

import re

import pytest

from tickets import terms
from tickets.categories import CATEGORIES, Category
from tickets.lifecycle import STATUS_WORDS, Status

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("kind", terms.TERMS, ids=lambda kind: kind.__name__)
def test_every_code_of_a_ticket_has_a_chinese_and_an_english_name_of_its_own(kind: type) -> None:
    named = terms.TERMS[kind]
    assert set(named) == set(kind)  # type: ignore[call-overload]
    assert all(re.search("[\u4e00-\u9fff]", words.zh) for words in named.values())
    assert len({words.zh for words in named.values()}) == len(named)
    assert len({words.en for words in named.values()}) == len(named)


def test_names_that_stood_elsewhere_are_the_same() -> None:
    """R-2.6, R-4.1"""
    assert terms.TERMS[Category][Category.CLAIMS] is CATEGORIES[Category.CLAIMS].words
    assert terms.TERMS[Status] is STATUS_WORDS
