"""What each way a complaint comes needs beyond the order (R-4.3 … R-4.6, R-1.1, N-5, N-6, F-41)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tickets.test_intake import FULL, refused
from tickets import channels, intake
from tickets.acknowledgement import Worth
from tickets.channels import Kept, Way
from tickets.errors import NotAdmissibleError
from tickets.intake import (
    Channel,
    ComplainantType,
    ForwarderLevel,
    IdentityManner,
    Nature,
    NetworkKind,
    Particulars,
    Source,
)
from tickets.papers import Paper

pytestmark = pytest.mark.unit

FORWARDED = replace(FULL, forwarder="上级公司", forwarding_number="转〔2026〕1号", forwarded_day=date(2026, 11, 17))
REPRESENTED = replace(FULL, complainant_type=ComplainantType.REPRESENTATIVE, authorisation="委托书")
ACKNOWLEDGED = Kept(acknowledgement=Worth.COMPLETE)


def owed(
    channel: Channel,
    p: Particulars = FULL,
    source: Source = Source.DIRECT,
    kind: NetworkKind | None = None,
    kept: Kept = channels.NOTHING,
    nature: Nature = Nature.COMPLAINT,
) -> dict[str, tuple[str, ...]]:
    return {each.field: each.rules for each in channels.owed(Way(nature, channel, source, kind), p, kept)}


@pytest.mark.parametrize(
    ("channel", "kind", "owes"),
    [
        (Channel.PHONE_INBOUND, None, {}),
        (Channel.PHONE_OUTBOUND, None, {}),
        (Channel.SMS, None, {}),
        (Channel.FAX, None, {}),
        (Channel.NETWORK, None, {}),
        (Channel.NETWORK, NetworkKind.WEB, {}),
        (Channel.NETWORK, NetworkKind.APP, {}),
        (Channel.NETWORK, NetworkKind.WECHAT, {}),
        (Channel.NETWORK, NetworkKind.EMAIL, {"acknowledgement": ("R-4.4", "R-4.7")}),
        (Channel.LETTER, None, {"acknowledgement": ("R-4.4", "R-4.7")}),
        (Channel.VISIT, None, {"visit_form": ("R-4.3",)}),
    ],
)
def test_each_channel_owes_its_own(
    channel: Channel, kind: NetworkKind | None, owes: dict[str, tuple[str, ...]]
) -> None:
    """R-2.1, R-4.2, R-4.3, R-4.4"""
    assert owed(channel, kind=kind) == owes


def test_a_visit_owes_its_form_until_it_is_signed_or_held() -> None:
    """R-4.3"""
    assert owed(Channel.VISIT, replace(FULL, form_signed=True)) == {}
    assert owed(Channel.VISIT, kept=Kept(frozenset({Paper.VISIT_FORM}))) == {}


@pytest.mark.parametrize(
    ("state", "owes"),
    [
        (None, {"acknowledgement": ("R-4.4", "R-4.7")}),
        (Worth.INCOMPLETE, {"acknowledgement": ("R-4.5", "E-3")}),
        (Worth.AWAITS_RECORDING, {}),
        (Worth.COMPLETE, {}),
        (Worth.NOT_POSSIBLE, {}),
    ],
)
def test_a_letter_owes_an_acknowledgement_that_counts(state: Worth | None, owes: dict[str, tuple[str, ...]]) -> None:
    """R-4.4, R-4.5, E-3, F-35"""
    assert owed(Channel.LETTER, kept=Kept(acknowledgement=state)) == owes


@pytest.mark.parametrize(
    ("source", "owes"),
    [
        (Source.REGULATOR, {"forwarder", "forwarded_day", "forwarding_number", "forwarder_level"}),
        (Source.UPPER_COMPANY, {"forwarder", "forwarded_day", "forwarding_number"}),
        (Source.COORDINATOR, {"forwarder", "forwarded_day"}),
        (Source.MEDIA, {"media_outlet"}),
        (Source.DIRECT, set()),
    ],
)
def test_a_forwarded_case_owes_who_when_and_under_which_number(source: Source, owes: set[str]) -> None:
    """R-4.6, R-3.47, F-41; the regulator's level for M-16."""
    assert set(owed(Channel.FAX, source=source)) == owes
    given = replace(FORWARDED, forwarder_level=ForwarderLevel.HEADQUARTERS, media_outlet="南方日报")
    assert owed(Channel.FAX, given, source) == {}


def test_who_complains_for_another_shows_the_right_and_who_he_is() -> None:
    """R-1.1, N-6, N-10"""
    assert owed(Channel.SMS, REPRESENTED) == {"authorisation_paper": ("R-1.1", "N-6"), "identity": ("N-6", "N-10")}
    held = Kept(frozenset({Paper.AUTHORISATION, Paper.IDENTITY}))
    assert owed(Channel.SMS, REPRESENTED, kept=held) == {}
    seen = replace(REPRESENTED, identity_manner=IdentityManner.DOCUMENT)
    assert set(owed(Channel.SMS, seen)) == {"authorisation_paper"}
    heir = replace(FULL, heir=True)
    assert owed(Channel.SMS, heir) == {"kinship_paper": ("N-6",), "identity": ("N-6", "N-10")}
    assert owed(Channel.SMS, heir, kept=Kept(frozenset({Paper.KINSHIP, Paper.IDENTITY}))) == {}


@pytest.mark.parametrize("nature", [Nature.NON_COMPLAINT, Nature.CALLBACK_FINDING])
def test_what_is_no_complaint_owes_only_the_order(nature: Nature) -> None:
    """R-1.3, R-2.3"""
    assert owed(Channel.VISIT, replace(REPRESENTED, heir=True), Source.MEDIA, nature=nature) == {}


@given(
    channel=st.sampled_from(Channel),
    source=st.sampled_from(Source),
    kind=st.sampled_from([None, *NetworkKind]),
    who=st.sampled_from(ComplainantType),
    heir=st.booleans(),
    papers=st.frozensets(st.sampled_from(Paper)),
    state=st.sampled_from([None, *Worth]),
)
def test_what_the_company_holds_is_never_asked_for(
    channel: Channel,
    source: Source,
    kind: NetworkKind | None,
    who: ComplainantType,
    heir: bool,
    papers: frozenset[Paper],
    state: Worth | None,
) -> None:
    """N-5: policy and customer data are the company's own; a customer is not asked for papers."""
    p = replace(FULL, complainant_type=who, authorisation="委托书", heir=heir)
    fields = set(owed(channel, p, source, kind, Kept(papers, state)))
    assert not fields & {"policy_number", "customer_id", "complainant_name", "complainant_phone"}
    if who is not ComplainantType.REPRESENTATIVE and not heir:
        assert not fields & {"authorisation_paper", "kinship_paper", "identity"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"forwarder": "监管局"}, "forwarder"),
        ({"forwarder_level": ForwarderLevel.CITY}, "forwarder_level"),
        ({"forwarding_number": "1"}, "forwarding_number"),
        ({"forwarded_day": date(2026, 1, 1)}, "forwarded_day"),
        ({"media_outlet": "日报"}, "media_outlet"),
        ({"media_link": "https://example.org/1"}, "media_link"),
        ({"form_signed": True}, "form_signed"),
    ],
)
def test_what_belongs_to_another_way_is_refused(changes: dict[str, object], field: str) -> None:
    """R-4.3, R-4.6, F-41"""
    assert refused(**changes) == {field}


@pytest.mark.parametrize(
    ("field", "most"), [("forwarder", 200), ("forwarding_number", 100), ("media_outlet", 200), ("media_link", 2_000)]
)
def test_texts_of_a_way_have_their_lengths(field: str, most: int) -> None:
    """H11"""
    source = Source.MEDIA if field.startswith("media") else Source.REGULATOR
    intake.check(Channel.FAX, source, None, replace(FULL, **{field: "x" * most}))  # type: ignore[arg-type]
    with pytest.raises(NotAdmissibleError) as refusal:
        intake.check(Channel.FAX, source, None, replace(FULL, **{field: "x" * (most + 1)}))  # type: ignore[arg-type]
    assert [each.field for each in refusal.value.problems] == [field]


def test_an_anonymous_complainant_inherits_nothing() -> None:
    """F-35, N-6"""
    anonymous = replace(FULL, complainant_name=None, anonymous=True, heir=True)
    with pytest.raises(NotAdmissibleError):
        intake.check(Channel.LETTER, Source.DIRECT, None, anonymous)


@pytest.mark.parametrize(
    ("channel", "size", "names", "owed"),
    [
        (Channel.VISIT, 6, (), True),
        (Channel.VISIT, 6, ("王小明",), False),
        (Channel.VISIT, 5, (), False),
        (Channel.LETTER, 6, (), False),
    ],
)
def test_more_than_five_who_come_together_say_who_speaks_for_them(
    channel: Channel, size: int, names: tuple[str, ...], owed: bool
) -> None:
    """N-4"""
    p = Particulars(group_size=size, representatives=names)
    way = Way(Nature.COMPLAINT, channel, Source.DIRECT, None)
    assert ("representatives" in {problem.field for problem in channels.owed(way, p)}) is owed
