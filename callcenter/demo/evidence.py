"""What the demonstration has to show for itself, to be checked from outside. Must never say more than was seen."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

SIDES = ("customer", "heard")


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A call that took place; `customer` is the number that rang or was rung, moments are as the API gave them."""

    id: str
    direction: str
    customer: str | None
    started_at: str
    answered_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A ticket opened while its call was live: `opened_at` lies before `call_ended_at` (T-3)."""

    id: str
    number: str
    nature: str
    channel: str
    source: str
    opened_via: str
    counted: bool
    call_id: str
    opened_at: str
    call_ended_at: str
    seconds_into_call: float
    seconds_before_end: float
    recording_id: str


@dataclass(frozen=True, slots=True)
class CaptureSeen:
    """What the switch wrote of one side: `customer` spoke it, or `heard` it. Headerless 16-bit little-endian mono."""

    segment: int
    side: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordingSeen:
    """A sealed recording: where its object lies below the archive root, and what its bytes must hash to.

    `proof` is the archive log's: leaf, audit path and, where a key is installed, the signed checkpoint over that tree.
    `captures` are the files it was made of, to be compared with it; none where they are not to be seen from here.
    """

    id: str
    call_id: str
    object_id: str
    archive_no: str
    path: str
    sealed_at: str
    inventory_sha512: str
    segments: list[dict[str, Any]]
    proof: dict[str, Any]
    captures: tuple[CaptureSeen, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every segment is sealed without a gap, and its bytes have their hashes."""
        sealed = [one["completeness"] == "complete" and one["wav_sha256"] for one in self.segments]
        return bool(sealed and all(sealed) and self.inventory_sha512)

    @property
    def has_captures(self) -> bool:
        """Whether the captures of both sides of every segment are there to be compared with it."""
        found = sorted((capture.segment, capture.side) for capture in self.captures)
        return found == sorted((one["number"], side) for one in self.segments for side in SIDES)


@dataclass(frozen=True, slots=True)
class Figures:
    """The complaint figures of the day before and after the calls, and what was left out and why."""

    before: dict[str, int]
    after: dict[str, int]
    excluded_before: dict[str, int]
    excluded_after: dict[str, int]
    exclusions: list[dict[str, Any]]
    counted_tickets: list[str]

    @property
    def gained(self) -> dict[str, int]:
        """What the demonstration's calls added to each figure."""
        return {name: self.after[name] - self.before.get(name, 0) for name in self.after}

    @property
    def left_out(self) -> int:
        """How many findings the demonstration's calls added beside the figures."""
        name = "callback_finding"
        return self.excluded_after.get(name, 0) - self.excluded_before.get(name, 0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it. `folder` holds what was made, `archive_root` the recordings' objects.

    `public_key` is the one whose signature stands under every checkpoint, `checkpoint_file` the newest of them on disk.
    """

    folder: str
    archive_root: str
    public_key: str
    public_key_file: str
    checkpoint_file: str
    began_at: str
    calls: tuple[CallSeen, ...]
    tickets: tuple[TicketSeen, ...]
    recordings: tuple[RecordingSeen, ...]
    figures: Figures
    answers: list[dict[str, Any]]
    seconds: dict[str, float]

    def missing(self) -> list[str]:
        """The parts of the promise that this evidence does not bear out; empty when all of it happened."""
        return [text for holds, text in self._promises() if not holds]

    def as_json(self) -> dict[str, Any]:
        """Plain values; `missing` is empty when every part happened."""
        figures = {**asdict(self.figures), "gained": self.figures.gained, "findings_left_out": self.figures.left_out}
        return {**asdict(self), "figures": figures, "missing": self.missing(), "complete": not self.missing()}

    def _promises(self) -> list[tuple[bool, str]]:
        complaints = [ticket for ticket in self.tickets if ticket.nature == "complaint"]
        findings = [ticket for ticket in self.tickets if ticket.nature == "callback_finding"]
        sealed = {recording.call_id for recording in self.recordings}
        shapes = {(ticket.channel, ticket.source) for ticket in complaints}
        counted = set(self.figures.counted_tickets)
        return [
            ({call.direction for call in self.calls} == {"inbound", "callback"}, "an inbound call and a callback"),
            (all(call.customer for call in self.calls), "the number of every customer"),
            (shapes == {("phone_inbound", "direct"), ("phone_inbound", "callback")}, "a complaint from each call"),
            (
                [(ticket.channel, ticket.counted) for ticket in findings] == [("phone_outbound", False)],
                "one finding, outbound and not counted",
            ),
            (
                all(_before(one.opened_at, one.call_ended_at) for one in self.tickets),
                "every ticket before its call ended",
            ),
            (sealed == {call.id for call in self.calls}, "a sealed recording of every call"),
            (all(recording.is_whole for recording in self.recordings), "every recording whole, with its hashes"),
            (
                not self.archive_root or all(recording.has_captures for recording in self.recordings),
                "both captures of every recording",
            ),
            (
                not self.public_key or all(recording.proof.get("checkpoint") for recording in self.recordings),
                "a signed checkpoint over every recording",
            ),
            (all(ticket.recording_id for ticket in self.tickets), "a recording on every ticket"),
            (self.figures.gained.get("pieces") == len(complaints) == 2, "two complaints in the figures"),
            (self.figures.left_out == len(findings) == 1, "the finding left out, and said so"),
            ({ticket.number for ticket in complaints} <= counted, "both complaints in the list behind the figure"),
            (not {ticket.number for ticket in findings} & counted, "the finding not in the list behind the figure"),
            (len(self.answers) >= 7, "an answer to each of the seven questions"),
        ]


def _before(earlier: str, later: str) -> bool:
    return datetime.fromisoformat(earlier) < datetime.fromisoformat(later)
