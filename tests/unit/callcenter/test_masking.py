"""What those may see who may not see personal data whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.customers import masking

pytestmark = pytest.mark.unit


def test_a_name_keeps_only_its_first_character() -> None:
    assert [masking.name(name) for name in ("王伟", "欧阳娜娜", "𠮷")] == ["王*", "欧***", "𠮷*"]


def test_numbers_keep_their_ends() -> None:
    assert masking.phone("16912345678") == "169****5678"
    assert masking.id_number("440106199001011238") == "440*************38"
    assert masking.phone(None) is None
    assert masking.id_number(None) is None


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_at_least_three_characters_or_all_are_hidden(text: str) -> None:
    for masked in (masking.phone(text), masking.id_number(text)):
        assert masked is not None
        assert len(masked) == len(text)
        assert masked.count("*") >= min(3, len(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13800138000@cc-transfer", "138****8000@cc-transfer"),
        ("+8613800138000,0571-87654321", "+86*******8000,0571-******21"),
        ("PJSIP/trunk-main-00000012", "PJSIP/trunk-main-00000012"),
        ("Local/13800138000@cc-00000001;2", "Local/138****8000@cc-00000001;2"),
        ("hl1-1795346834.0 and 1795346834.12", "hl1-1795346834.0 and 1795346834.12"),
        ("cb-01934c7e-0000-7000-8000-123456789012", "cb-01934c7e-0000-7000-8000-123456789012"),
        ("95519-20261118-000001 on 8001", "95519-20261118-000001 on 8001"),
        ("/rec1/20261122/hl1-1795346834.0-1", "/rec1/20261122/hl1-1795346834.0-1"),
        ("13800138000x1795346834", "138****8000x179***6834"),
    ],
)
def test_numbers_in_a_text_are_masked_and_our_own_ids_stay(text: str, shown: str) -> None:
    assert masking.numbers(text) == shown


@given(st.text(alphabet="0123456789 客户电话+-", max_size=60))
def test_a_masked_number_is_known_when_it_is_written_back(text: str) -> None:
    assert masking.is_hidden_in(masking.numbers(text)) == (masking.numbers(text) != text)


def test_numbers_are_masked_however_deep_they_lie() -> None:
    told = {"to": "13800138000", "more": [{"a": "+8613800138000", "n": 5}], "none": None}
    assert masking.details(told) == {"to": "138****8000", "more": [{"a": "+86*******8000", "n": 5}], "none": None}
