"""What cells say, and how they are refused; columns and rows (C3 … C5, C10, C11, C17 … C19 of the bad inputs)."""

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.importing import blocked, fields, mapping, values
from callcenter.importing.errors import MappingRefusedError
from callcenter.importing.fields import DateForm, Field, Kind
from callcenter.importing.lines import Line, Reader
from callcenter.importing.mapping import Header, Layout
from callcenter.importing.values import FaultError, Reading
from tests.conftest import NOON
from tickets.calendar import Calendar

pytestmark = pytest.mark.unit

RULES = blocked.Rules.of(["02087654321", "8001"])


def by(forms: dict[Field, DateForm] | None = None) -> Reading:
    return Reading(NOON, Calendar(), RULES, forms or {})


def read(field: Field, text: str, form: DateForm | None = None) -> Any:
    return values.read(field, text, by({field: form} if form else None))


def wrong(field: Field, text: str, form: DateForm | None = None) -> str:
    with pytest.raises(FaultError) as fault:
        read(field, text, form)
    return str(fault.value.wrong)


@pytest.mark.parametrize(
    "text",
    [
        *("16900000001", "'16900000001", "169 0000 0001", "169-0000-0001", "+86 169 0000 0001", "008616900000001"),
        *("１６９０００００００１", " 16900000001 ", "8616900000001", "+8616900000001"),
    ],
)
def test_a_number_is_one_whatever_way_it_is_written(text: str) -> None:
    """C4"""
    assert read(Field.PHONE, text) == "16900000001"


def test_a_fixed_line_keeps_its_area_code() -> None:
    """C4"""
    assert read(Field.PHONE, "(010) 6275-1234") == "01062751234"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.38E+10", "damaged_by_a_spreadsheet"),
        ("1.69000E+10", "damaged_by_a_spreadsheet"),
        ("13800138000.0", "damaged_by_a_spreadsheet"),
        ("1380013800O", "not_a_phone_number"),
        ("l3800138000", "not_a_phone_number"),
        ("13800138000/13900139000", "not_a_phone_number"),
        ("138****8000", "not_a_phone_number"),
        ("#N/A", "not_a_phone_number"),
    ],
)
def test_a_damaged_number_is_refused_and_not_guessed(text: str, reason: str) -> None:
    """C4"""
    assert wrong(Field.PHONE, text) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((each, "emergency_number") for each in ("110", "119", "120", "122", "112")),
        *((each, "service_number") for each in ("12345", "10086", "95588", "4008895519", "114", "100")),
        *((each, "service_number") for each in ("01096123456", "01012345678")),
        *((each, "premium_rate_number") for each in ("01016812345", "+8529001234567", "+19005551234")),
        *((each, "own_number") for each in ("95519", "020-87654321", "8001", "+86 20 8765 4321")),
        *((each, "number_abroad") for each in ("+14155552671", "0044 20 7946 0958")),
    ],
)
def test_numbers_that_are_nobodys_are_never_rung(text: str, reason: str) -> None:
    """C5"""
    assert wrong(Field.PHONE, text) == reason


def test_countries_that_are_rung_are_a_setting() -> None:
    """C5"""
    assert read(Field.PHONE, "+852 5123 4567") == "+85251234567"
    assert blocked.why("+14155552671", blocked.Rules.of([], ["1"])) is None


@given(st.text(max_size=30))
def test_no_text_makes_a_reader_fail_otherwise_than_by_refusing(text: str) -> None:
    """C10"""
    for field in fields.Field:
        if field is Field.IGNORED:
            continue
        for form in (None, *DateForm) if field in fields.DATES else (None,):
            with suppress(FaultError):
                value = read(field, text, form)
                assert field not in (Field.PHONE, Field.SECOND_PHONE) or value is None or value.lstrip("+").isdigit()


@pytest.mark.parametrize("text", ["王\0明", "王\x07", "王\u202e明", "王\u200b", "\x1b[31m王"])
def test_control_characters_are_refused(text: str) -> None:
    """C10"""
    assert wrong(Field.HOLDER_NAME, text) == "control_character"


@pytest.mark.parametrize("text", ["欧阳𠮷", "🦊", "Müller·王", "עברית"])
def test_rare_characters_are_kept(text: str) -> None:
    """C10"""
    assert read(Field.HOLDER_NAME, text) == text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        *((each, date(2026, 3, 2)) for each in ("2026-03-02", "2026/3/2", "2026年3月2日", "20260302", "2026.3.2")),
        ("2026-03-02 00:00:00", date(2026, 3, 2)),
        ("２０２６－０３－０２", date(2026, 3, 2)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_a_day_with_its_year_first_is_understood(text: str, day: date) -> None:
    """C11"""
    assert read(Field.RECEIVED_ON, text) == day


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("2026/2/30", None, "no_such_day"),
        ("2025-02-29", None, "no_such_day"),
        ("02-03-04", None, "day_form_unknown"),
        ("02/03/2026", None, "day_form_unknown"),
        ("46000", None, "day_form_unknown"),
        ("46000.5", DateForm.SERIAL, "day_form_unknown"),
        ("2026-03-02T00:00:00Z", None, "day_form_unknown"),
        ("31/04/2026", DateForm.DAY_FIRST, "no_such_day"),
        ("02-03-04", DateForm.DAY_FIRST, "day_form_unknown"),
        ("0001-01-01", None, "out_of_range"),
        ("9999-12-31", None, "out_of_range"),
        ("昨天", None, "day_form_unknown"),
    ],
)
def test_a_day_that_can_be_read_two_ways_is_refused(text: str, form: DateForm | None, reason: str) -> None:
    """C11"""
    assert wrong(Field.RECEIVED_ON, text, form) == reason


def test_a_form_that_was_given_is_gone_by() -> None:
    """C11"""
    assert read(Field.RECEIVED_ON, "02/03/2026", DateForm.DAY_FIRST) == date(2026, 3, 2)
    assert read(Field.RECEIVED_ON, "02/03/2026", DateForm.MONTH_FIRST) == date(2026, 2, 3)
    assert read(Field.RECEIVED_ON, "46000", DateForm.SERIAL) == date(2025, 12, 9)


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        (Field.PLANNED_AT, "2026-11-19 08:59", "outside_calling_hours"),
        (Field.PLANNED_AT, "2026-11-19 21:00", "outside_calling_hours"),
        (Field.PLANNED_AT, "2026-11-19 02:00:00Z", "other_zone"),
        (Field.PLANNED_AT, "2026-11-19T10:00:00-05:00", "other_zone"),
        (Field.PLANNED_AT, "2026-11-21 10:00", "on_a_holiday"),
        (Field.PLANNED_AT, "2027-01-01 10:00", "on_a_holiday"),
        (Field.PLANNED_AT, "2026-11-18 11:59", "past"),
        (Field.PLANNED_AT, "2029-01-01 10:00", "out_of_range"),
        (Field.PLANNED_AT, "2026-11-19 25:00", "no_such_day"),
        (Field.PLANNED_AT, "2026-11-19", "day_form_unknown"),
        (Field.CHOSEN_AT, "2026-11-17 10:00", "past"),
        (Field.CHOSEN_AT, "2026-11-20 10:00+09:00", "other_zone"),
    ],
)
def test_nobody_is_planned_to_be_rung_at_night_on_a_holiday_or_by_anothers_clock(
    field: Field, text: str, reason: str
) -> None:
    """C18, C-18"""
    assert wrong(field, text) == reason


def test_the_customers_own_hour_is_taken_whatever_it_is() -> None:
    """C18, C-18"""
    assert read(Field.CHOSEN_AT, "2026-11-21 22:30") == datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
    assert read(Field.PLANNED_AT, "2026-11-19 10:00+08:00") == datetime(2026, 11, 19, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("-1", "out_of_range"), ("1e9", "out_of_range"), ("1000000000", "out_of_range"), ("高", "not_a_number")],
)
def test_a_priority_beyond_its_range_is_refused(text: str, reason: str) -> None:
    """C19"""
    assert wrong(Field.PRIORITY, text) == reason


def test_a_blank_priority_is_none_and_the_default_holds() -> None:
    """C19"""
    assert read(Field.PRIORITY, " ") is None
    assert (read(Field.PRIORITY, "0"), read(Field.PRIORITY, "9")) == (0, 9)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("4.40106E+17", "damaged_by_a_spreadsheet"),
        ("440106198001015000", "damaged_by_a_spreadsheet"),
        ("440106198013015131", "not_an_id_number"),
        ("44010619800101513Y", "not_an_id_number"),
        ("44", "not_an_id_number"),
    ],
)
def test_a_damaged_identity_number_is_refused(text: str, reason: str) -> None:
    """C4, C17"""
    assert wrong(Field.ID_NUMBER, text) == reason


def test_words_amounts_and_truths_are_those_of_the_core_system() -> None:
    assert read(Field.SALES_CHANNEL, "银保") == "bank"
    assert read(Field.STATUS, "有效") == "in_force"
    assert read(Field.PREMIUM, "¥6,000.5元") == Decimal("6000.50")
    assert (read(Field.CONSENT, "否"), read(Field.LONG_TERM, "Y")) == (False, True)
    assert wrong(Field.SALES_CHANNEL, "快递") == "unknown_word"
    assert (wrong(Field.PREMIUM, "-5"), wrong(Field.PREMIUM, "NaN")) == ("out_of_range", "out_of_range")
    assert (read(Field.POLICY_NUMBER, "'ｐ２０２６ 0001"), wrong(Field.POLICY_NUMBER, "2.02644E+17")) == (
        "P20260001",
        "damaged_by_a_spreadsheet",
    )


# Columns


def header(*names: str) -> Header:
    return Header(1, names)


def test_headers_in_two_languages_and_any_order_are_known() -> None:
    """C3"""
    chinese = mapping.guess(header("手机号码", "投保人 姓名", "*保单号（必填）"), Kind.TASKS)
    english = mapping.guess(header("Mobile Number", "holder_name", "Policy No."), Kind.TASKS)
    assert chinese.columns == english.columns == {0: Field.PHONE, 1: Field.HOLDER_NAME, 2: Field.POLICY_NUMBER}


def test_a_header_that_comes_twice_or_not_at_all_is_left_to_a_person() -> None:
    """C3"""
    found = header("保单号", "手机号", "联系电话", "备注", "备注")
    guessed = mapping.guess(found, Kind.TASKS)
    assert guessed.columns == {0: Field.POLICY_NUMBER}
    assert [words.zh[:8] for words in mapping.warnings(found, guessed, [])] == ["“备注”出现2次"]
    assert mapping.guess(header("手机号"), Kind.TASKS).missing() == (Field.POLICY_NUMBER,)


@pytest.mark.parametrize(
    "pairs",
    [
        [(5, Field.PHONE)],
        [(-1, Field.PHONE)],
        [(0, Field.PHONE), (1, Field.PHONE)],
        [(0, Field.PHONE), (0, Field.HOLDER_NAME)],
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(pairs: list[tuple[int, Field]]) -> None:
    """C3"""
    with pytest.raises(MappingRefusedError):
        Layout.of(pairs, {}, 2, Kind.TASKS)


def test_a_list_of_policies_has_no_priority_and_a_name_no_form_of_days() -> None:
    with pytest.raises(MappingRefusedError, match="priority"):
        Layout.of([(0, Field.PRIORITY)], {}, 2, Kind.POLICIES)
    with pytest.raises(MappingRefusedError, match="no day"):
        Layout.of([(0, Field.PHONE)], {Field.PHONE: DateForm.SERIAL}, 2, Kind.TASKS)


def test_identity_numbers_nobody_declared_are_told_and_masked() -> None:
    """C17"""
    found = header("保单号", "编号")
    guessed = mapping.guess(found, Kind.TASKS)
    row = ["P1", "44010619800101513X"]
    [told] = mapping.warnings(found, guessed, [row])
    assert "身份证号码" in told.zh
    assert mapping.shown(row, guessed) == ["P1", "440*************3X"]
    assert mapping.shown(["P1", "王小明"], guessed) == ["P1", "王**"]
    assert mapping.shown(["P1", "电话16900000001"], guessed) == ["P1", "电话169****0001"]
    declared = Layout({0: Field.POLICY_NUMBER, 1: Field.ID_NUMBER})
    assert mapping.warnings(found, declared, [row]) == []


def test_a_row_tells_everything_that_is_wrong_with_it_at_once() -> None:
    reader = Reader(
        header("保单号", "手机号", "证件号码", "出生日期"),
        Layout({0: Field.POLICY_NUMBER, 1: Field.PHONE, 2: Field.ID_NUMBER, 3: Field.BIRTH_DATE}),
        by(),
    )
    told = reader.read(7, ["", "110", "44010619800101513X", "1981-01-01"])
    assert isinstance(told, list)
    assert [(each.row, str(each.wrong), each.column) for each in told] == [
        (7, "emergency_number", 2),
        (7, "missing", 1),
        (7, "id_number_differs", 4),
    ]
    many = reader.read(8, ["P1", "16900000001", "", "", "x"])
    assert isinstance(many, list)
    assert [str(each.wrong) for each in many] == ["columns_differ"]
    assert isinstance(reader.read(9, ["P1", "16900000001", "", "", " "]), Line)


def test_no_header_names_two_fields_and_every_reason_has_words() -> None:
    plain = [fields.plain(each) for names in fields.HEADERS.values() for each in names]
    assert len(plain) == len(set(plain))
    assert set(values.WORDS) == set(values.Wrong)
    assert set(fields.HEADERS) == set(Field) - {Field.IGNORED}
