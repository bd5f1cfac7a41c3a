"""What each way a complaint comes needs beyond the order itself (R-4.3 … R-4.6, R-1.1, N-6, F-41).

What the company holds already — policy, customer data — is never asked for (N-5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tickets import acknowledgement, intake
from tickets.acknowledgement import Worth
from tickets.errors import Problem, Words
from tickets.intake import (
    FORWARDED,
    MOST_REPRESENTATIVES,
    Channel,
    ComplainantType,
    Nature,
    NetworkKind,
    Particulars,
    Source,
)
from tickets.papers import Paper


@dataclass(frozen=True, slots=True)
class Way:
    """How a ticket came."""

    nature: Nature
    channel: Channel
    source: Source
    kind: NetworkKind | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What hangs on the ticket: its papers, withdrawn ones not, and what its acknowledgements are worth."""

    papers: frozenset[Paper] = frozenset()
    acknowledgement: Worth | None = None


NOTHING = Kept()


def owed(way: Way, p: Particulars, kept: Kept = NOTHING) -> tuple[Problem, ...]:
    """What the ticket still owes before it may be closed: the order itself, then what its way needs."""
    order = intake.owed(p, intake.contact_of(way.channel, way.source, way.kind))
    return order if way.nature is not Nature.COMPLAINT else (*order, *_way(way, p, kept))


def _way(way: Way, p: Particulars, kept: Kept) -> Iterator[Problem]:
    if way.channel is Channel.VISIT and not p.form_signed and Paper.VISIT_FORM not in kept.papers:
        yield Problem("visit_form", Words("来访受理表未签字", "the visit form is not signed"), ("R-4.3",))
    if way.source in FORWARDED:
        yield from _forwarding(way.source, p)
    if way.source is Source.MEDIA and not (p.media_outlet or "").strip():
        yield Problem("media_outlet", Words("未注明媒体名称", "which medium is not stated"), ("F-41",))
    if way.channel is Channel.VISIT and p.group_size > MOST_REPRESENTATIVES and not p.representatives:
        words = Words("未登记共同投诉的代表", "who speaks for the group is not stated")
        yield Problem("representatives", words, ("N-4",))
    yield from _right(p, kept)
    if acknowledgement.in_writing(way.channel, way.kind):
        yield from _acknowledged(kept.acknowledgement)


def _forwarding(source: Source, p: Particulars) -> Iterator[Problem]:
    """Who passed it on, when, and under which number; a coordinator of the house gives none (R-3.47)."""
    if not (p.forwarder or "").strip():
        yield Problem("forwarder", Words("缺少转办单位", "who forwarded the case is missing"), ("R-4.6",))
    if p.forwarded_day is None:
        yield Problem("forwarded_day", Words("缺少转办日期", "the day of forwarding is missing"), ("R-4.6",))
    if source is Source.COORDINATOR:
        return
    if not (p.forwarding_number or "").strip():
        yield Problem("forwarding_number", Words("缺少转办编号", "the forwarder's number is missing"), ("R-4.6",))
    if source is Source.REGULATOR and p.forwarder_level is None:
        words = Words("缺少监管部门层级", "the level of the regulator is missing")
        yield Problem("forwarder_level", words, ("R-4.6", "M-16"))


def _right(p: Particulars, kept: Kept) -> Iterator[Problem]:
    """By what right somebody complains for another, and who he is (R-1.1, N-6)."""
    represents = p.complainant_type is ComplainantType.REPRESENTATIVE
    if represents and Paper.AUTHORISATION not in kept.papers:
        words = Words("缺少授权委托书", "the authorisation is not held")
        yield Problem("authorisation_paper", words, ("R-1.1", "N-6"))
    if p.heir and Paper.KINSHIP not in kept.papers:
        words = Words("缺少亲属关系证明", "the proof of kinship is not held")
        yield Problem("kinship_paper", words, ("N-6",))
    if (represents or p.heir) and p.identity_manner is None and Paper.IDENTITY not in kept.papers:
        words = Words("未核实受托人或继承人身份", "who represents or inherits is not verified")
        yield Problem("identity", words, ("N-6", "N-10"))


def _acknowledged(state: Worth | None) -> Iterator[Problem]:
    if state is None:
        words = Words("来函、电子邮件未确认", "the letter or e-mail is not acknowledged")
        yield Problem("acknowledgement", words, ("R-4.4", "R-4.7"))
    elif state is Worth.INCOMPLETE:
        words = Words("电话确认缺少录音", "the acknowledgement by telephone has no recording")
        yield Problem("acknowledgement", words, ("R-4.5", "E-3"))
