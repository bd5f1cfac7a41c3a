"""In which manner a case is handled, by gravity, harm and social effect (R-4.26): what its course takes in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tickets import committee, groups
from tickets.errors import Words
from tickets.intake import GRAVITY, Nature, Severity, Source


class HandlingManner(StrEnum):
    """What the course of a case takes in."""

    ON_THE_SPOT = "on_the_spot"
    BY_DEPARTMENT = "by_department"
    BY_COMMITTEE = "by_committee"
    REPORTED_UP = "reported_up"
    IN_WRITING = "in_writing"
    WITH_MEDIA = "with_media"
    AS_GROUP = "as_group"
    PASSED_ON = "passed_on"


MANNER_WORDS: Mapping[HandlingManner, Words] = {
    HandlingManner.ON_THE_SPOT: Words("可当场解决", "may be settled on the spot"),
    HandlingManner.BY_DEPARTMENT: Words("由主办部门调查处理", "the department concerned investigates"),
    HandlingManner.BY_COMMITTEE: Words("须经委员会裁定", "the committee rules"),
    HandlingManner.REPORTED_UP: Words("须上报上级公司", "reported to the upper company"),
    HandlingManner.IN_WRITING: Words("须书面答复", "answered in writing"),
    HandlingManner.WITH_MEDIA: Words("须做好舆情应对", "the media are answered"),
    HandlingManner.AS_GROUP: Words("按群体投诉预警处置", "handled as a group's complaint"),
    HandlingManner.PASSED_ON: Words("转相关职能部门", "passed on to the department concerned"),
}

MANNER_RULES: Mapping[HandlingManner, tuple[str, ...]] = {
    HandlingManner.ON_THE_SPOT: ("R-2.18", "R-4.16"),
    HandlingManner.BY_DEPARTMENT: ("R-4.18", "R-4.22"),
    HandlingManner.BY_COMMITTEE: ("R-2.19", "R-2.20", "R-4.24"),
    HandlingManner.REPORTED_UP: ("R-3.17", "L-21"),
    HandlingManner.IN_WRITING: ("R-4.25", "F-22"),
    HandlingManner.WITH_MEDIA: ("R-2.20", "F-41"),
    HandlingManner.AS_GROUP: ("N-14",),
    HandlingManner.PASSED_ON: ("R-1.3",),
}


def manners(
    nature: Nature,
    severity: Severity,
    source: Source,
    *,
    group_size: int = 1,
    designated: bool = False,
    written: bool = False,
    at_headquarters: bool = False,
) -> tuple[HandlingManner, ...]:
    """What its gravity, harm and social effect ask of the course of a case.

    `designated`: major by the regulator's word; `written`: a written answer is due; `at_headquarters`: it has no upper
    company.
    """
    if nature is Nature.NON_COMPLAINT:
        return (HandlingManner.PASSED_ON,)
    complaint = nature is Nature.COMPLAINT
    ruled = complaint and committee.meets(GRAVITY[severity])
    asked = {
        HandlingManner.ON_THE_SPOT: not ruled,
        HandlingManner.BY_DEPARTMENT: True,
        HandlingManner.BY_COMMITTEE: ruled,
        HandlingManner.REPORTED_UP: complaint and severity is Severity.MAJOR and not at_headquarters,
        HandlingManner.IN_WRITING: complaint and written,
        HandlingManner.WITH_MEDIA: source is Source.MEDIA,
        HandlingManner.AS_GROUP: groups.is_warned(group_size, designated),
    }
    return tuple(manner for manner, wanted in asked.items() if wanted)
