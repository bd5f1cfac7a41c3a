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
