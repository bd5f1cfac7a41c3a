"""What a correction may change alone, with a reason, or only by the complaint post."""

from dataclasses import replace

import pytest

from tickets import corrections
from tickets.errors import ComplaintPostOnlyError, DowngradeRefusedError, NotAdmissibleError
from tickets.intake import ComplainantType, Nature, Particulars, Severity

pytestmark = pytest.mark.unit

GENERAL = Particulars(complainant_type=ComplainantType.CUSTOMER, severity=Severity.GENERAL)
MAJOR = replace(GENERAL, severity=Severity.MAJOR)
OUTSIDER = replace(GENERAL, complainant_type=ComplainantType.PUBLIC)


def check(
    before: Particulars,
    after: Particulars,
    reason: str = "核实后更正",
    *,
    nature: Nature = Nature.COMPLAINT,
    by_post: bool = False,
    confirmed: bool = False,
) -> None:
    corrections.check(nature, before, after, reason, by_post=by_post, severity_confirmed=confirmed)


def test_whoever_takes_the_complaint_may_propose_a_graver_severity_with_a_reason() -> None:
    """F-18"""
    check(GENERAL, MAJOR)
    with pytest.raises(NotAdmissibleError) as refused:
        check(GENERAL, MAJOR, "  ")
    assert [(problem.field, problem.rules) for problem in refused.value.problems] == [("severity", ("F-18",))]


@pytest.mark.parametrize(
    ("before", "after", "confirmed", "rules"),
    [(MAJOR, GENERAL, False, ("F-18", "F-47")), (GENERAL, MAJOR, True, ("F-18",))],
)
def test_a_lower_or_a_confirmed_severity_is_the_complaint_posts(
    before: Particulars, after: Particulars, confirmed: bool, rules: tuple[str, ...]
) -> None:
    """F-18, F-47"""
    with pytest.raises(ComplaintPostOnlyError) as refused:
        check(before, after, confirmed=confirmed)
    assert refused.value.rules == rules
    if before is GENERAL:
        check(before, after, by_post=True, confirmed=confirmed)
        return
    with pytest.raises(DowngradeRefusedError) as alone:
        check(before, after, by_post=True, confirmed=confirmed)
    assert alone.value.rules == ("F-47", "F-18")


@pytest.mark.parametrize(("before", "after"), [(GENERAL, OUTSIDER), (OUTSIDER, GENERAL)])
def test_nobody_alone_moves_a_complaint_out_of_the_figures_or_into_them(
    before: Particulars, after: Particulars
) -> None:
    """F-37, R-1.1"""
    with pytest.raises(ComplaintPostOnlyError):
        check(before, after)
    with pytest.raises(NotAdmissibleError):
        check(before, after, "", by_post=True)
    check(before, after, by_post=True)


def test_who_complains_is_corrected_freely_where_no_figure_moves() -> None:
    """F-37"""
    check(GENERAL, replace(GENERAL, complainant_type=ComplainantType.REPRESENTATIVE), "")
    check(GENERAL, OUTSIDER, "", nature=Nature.CALLBACK_FINDING)
    check(GENERAL, replace(GENERAL, demand="退保"), "")
