"""What may be taken, and what a short entry still owes (R-1.1 … R-1.3, R-2.1, R-4.2, F-9)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import intake
from tickets.categories import Category
from tickets.deadlines import Contact
from tickets.errors import NotAdmissibleError
from tickets.intake import (
    Channel,
    ComplainantType,
    Nature,
    NetworkKind,
    Particulars,
    Severity,
    Source,
)

pytestmark = pytest.mark.unit

FULL = Particulars(
    complainant_type=ComplainantType.CUSTOMER,
    complainant_name="王小明",
    category=Category.CLAIMS,
    demand="请尽快赔付",
    description="住院费用三十天仍未赔付",
    restated_and_confirmed=True,
)


def refused(**changes: object) -> set[str]:
    with pytest.raises(NotAdmissibleError) as refusal:
        intake.check(Channel.PHONE_INBOUND, Source.DIRECT, None, replace(FULL, **changes))
    return {p.field for p in refusal.value.problems}


def test_a_short_entry_is_enough_at_once() -> None:
    """F-9, R-1.4: nothing but the fact that somebody complains."""
    intake.check(Channel.PHONE_INBOUND, Source.DIRECT, None, Particulars())


def test_a_short_entry_owes_its_particulars() -> None:
    """F-9, R-4.2, R-4.7, R-1.1, R-2.17"""
    owed = {p.field for p in intake.owed(Particulars(), Contact.PHONE)}
    assert owed == {"demand", "description", "category", "complainant_type", "restated_and_confirmed"}


def test_a_full_entry_owes_nothing() -> None:
    """F-9"""
    assert intake.owed(FULL, Contact.PHONE) == ()


def test_only_the_telephone_owes_restatement() -> None:
    """R-4.2 speaks of the phone; R-4.3 of the signed form."""
    unconfirmed = replace(FULL, restated_and_confirmed=False)
    assert intake.owed(unconfirmed, Contact.VISIT) == ()
    assert [p.rules for p in intake.owed(unconfirmed, Contact.PHONE)] == [("R-4.2", "R-4.7")]


def test_a_representative_needs_an_authorisation() -> None:
    """R-1.1, N-6"""
    assert refused(complainant_type=ComplainantType.REPRESENTATIVE) == {"authorisation"}
    held = replace(FULL, complainant_type=ComplainantType.REPRESENTATIVE, authorisation="授权委托书 2026-11-18")
    intake.check(Channel.PHONE_INBOUND, Source.DIRECT, None, held)


def test_an_anonymous_complaint_is_taken() -> None:
    """F-35"""
    anonymous = Particulars(anonymous=True, category=Category.COUNTER, demand="改进", description="柜面态度差")
    intake.check(Channel.LETTER, Source.DIRECT, None, anonymous)
    assert intake.owed(anonymous, Contact.LETTER_OR_EMAIL) == ()


def test_an_anonymous_complaint_cannot_have_a_name() -> None:
    """F-35"""
    assert refused(anonymous=True) == {"anonymous"}


def test_every_problem_is_reported_at_once() -> None:
    """R-1.1, F-35"""
    assert refused(complainant_type=ComplainantType.REPRESENTATIVE, anonymous=True, demand="x\0") == {
        "authorisation",
        "anonymous",
        "demand",
    }


def test_a_grievance_that_asks_for_nothing_is_no_complaint() -> None:
    """R-1.2, R-1.3, F-24"""
    assert intake.nature_of(FULL) is Nature.COMPLAINT
    assert intake.nature_of(replace(FULL, asks_company_to_act=False)) is Nature.NON_COMPLAINT


def test_the_channels_are_the_seven_of_the_measures() -> None:
    """R-2.1: SMS, telephone in both directions, network, letter, visit, fax."""
    assert {c.value for c in Channel} == {
        "sms",
        "phone_inbound",
        "phone_outbound",
        "network",
        "letter",
        "visit",
        "fax",
    }


def test_email_is_a_kind_of_network_and_of_nothing_else() -> None:
    """F-5"""
    intake.check(Channel.NETWORK, Source.DIRECT, NetworkKind.EMAIL, FULL)
    with pytest.raises(NotAdmissibleError):
        intake.check(Channel.FAX, Source.DIRECT, NetworkKind.EMAIL, FULL)


def test_a_complaint_from_a_callback_cannot_be_outbound() -> None:
    """R-2.2, D-7"""
    with pytest.raises(NotAdmissibleError) as refusal:
        intake.check(Channel.PHONE_OUTBOUND, Source.CALLBACK, None, FULL)
    assert refusal.value.rules == ("R-2.2", "D-7")


@pytest.mark.parametrize(
    ("channel", "source", "kind", "contact"),
    [
        (Channel.PHONE_INBOUND, Source.DIRECT, None, Contact.PHONE),
        (Channel.PHONE_INBOUND, Source.REGULATOR, None, Contact.FORWARDED),
        (Channel.LETTER, Source.UPPER_COMPANY, None, Contact.FORWARDED),
        (Channel.VISIT, Source.COORDINATOR, None, Contact.FORWARDED),
        (Channel.VISIT, Source.DIRECT, None, Contact.VISIT),
        (Channel.LETTER, Source.DIRECT, None, Contact.LETTER_OR_EMAIL),
        (Channel.NETWORK, Source.DIRECT, NetworkKind.EMAIL, Contact.LETTER_OR_EMAIL),
        (Channel.NETWORK, Source.DIRECT, NetworkKind.WECHAT, Contact.OTHER_WRITING),
        (Channel.SMS, Source.DIRECT, None, Contact.OTHER_WRITING),
        (Channel.FAX, Source.DIRECT, None, Contact.OTHER_WRITING),
    ],
)
def test_how_it_came_decides_the_acknowledgement(
    channel: Channel, source: Source, kind: NetworkKind | None, contact: Contact
) -> None:
    """L-2, L-3, L-4, L-5, L-6, F-4, F-5"""
    assert intake.contact_of(channel, source, kind) is contact


def test_the_media_propose_major() -> None:
    """F-41, R-2.20"""
    assert intake.severity_proposed(Source.MEDIA, Severity.GENERAL) is Severity.MAJOR
    assert intake.severity_proposed(Source.DIRECT, Severity.DIFFICULT) is Severity.DIFFICULT


def test_the_public_number_reads_day_and_sequence() -> None:
    """R-4.2: the number the customer is told."""
    assert intake.public_number(date(2026, 11, 18), 42) == "95519-20261118-000042"
    for sequence in (0, 1_000_000):
        with pytest.raises(ValueError, match="no public number"):
            intake.public_number(date(2026, 11, 18), sequence)


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\udfff"])
def test_what_no_database_keeps_is_refused(text: str) -> None:
    """H11: NUL and lone surrogates."""
    assert refused(description=text) == {"description"}


def test_a_text_too_long_is_refused() -> None:
    """H11: 1 MB."""
    assert refused(demand="诉" * 1_000_000) == {"demand"}


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=200))
def test_any_other_text_is_taken_as_it_is(text: str) -> None:
    """H11, H12: RTL overrides, zero-width, CJK extension B, markup and formulas are only text."""
    intake.check(Channel.PHONE_INBOUND, Source.DIRECT, None, replace(FULL, description=text))


@pytest.mark.parametrize(
    ("names", "size", "problems"),
    [
        ((), 8, 0),
        (("王", "李", "张", "刘", "陈"), 8, 0),
        (("王", "李", "张", "刘", "陈", "杨"), 8, 1),
        (("王", "李"), 1, 1),
        (("王", " "), 8, 1),
        (tuple("王李张刘陈杨"), 2, 2),
    ],
)
def test_five_at_most_speak_for_those_who_complain_together(names: tuple[str, ...], size: int, problems: int) -> None:
    """N-4"""
    p = Particulars(representatives=names, group_size=size)
    if not problems:
        intake.check(Channel.VISIT, Source.DIRECT, None, p)
        return
    with pytest.raises(NotAdmissibleError) as refused:
        intake.check(Channel.VISIT, Source.DIRECT, None, p)
    assert len(refused.value.problems) == problems
    assert "N-4" in refused.value.rules
