"""In which language somebody is answered."""

import pytest

from callcenter.web.language import Language, asked
from tickets.errors import Words

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("fr-FR, de;q=0.5", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-Hant-TW,en;q=0.5", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("en;q=0.5, zh;q=0.9", "zh-CN"),
        ("fr, en;q=0.2", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("en;q=abc", "zh-CN"),
        ("en;q=9, zh;q=0.1", "zh-CN"),
        ("en;q=nan, zh;q=0.1", "zh-CN"),
        ("den", "zh-CN"),
    ],
)
def test_the_weightier_language_is_spoken_and_chinese_to_whoever_asks_for_neither(header: str, language: str) -> None:
    assert asked(header) == language


def test_a_language_takes_its_own_words() -> None:
    words = Words("没有找到", "not found")
    assert (Language.CHINESE.of(words), Language.ENGLISH.of(words)) == ("没有找到", "not found")
